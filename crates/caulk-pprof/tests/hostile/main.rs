//! Profiles that nobody would write, and options that nobody would give: a report or an error, never
//! a panic.
#![allow(missing_docs)]

mod bodies;
#[path = "../../../caulk-profile/tests/hostile/forms.rs"]
#[allow(dead_code)]
mod forms;
#[path = "../../../caulk-profile/tests/hostile/generate.rs"]
mod generate;
#[path = "../../../caulk-profile/tests/hostile/oracle.rs"]
#[allow(dead_code)]
mod oracle;

use proptest::prelude::*;
use prost::Message;

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_profile_makes_a_report_panic(proto in generate::proto(), choice in any::<u64>()) {
        bodies::reports(&proto.encode_to_vec(), choice);
    }

    #[test]
    fn no_legacy_profile_makes_a_report_panic(which in any::<usize>(), choice in any::<u64>()) {
        let texts = forms::READ.iter().map(|(_, text)| text.as_bytes().to_vec());
        let all: Vec<Vec<u8>> = texts.chain(forms::cpus().into_iter().map(|(_, cpu)| cpu)).collect();
        bodies::reports(&all[which % all.len()], choice);
    }
}
