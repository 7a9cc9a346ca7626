//! No bytes make the profile reader or `-top` panic, and what is read is written back the same.
//!
//! `cargo +nightly fuzz run profile`

#![no_main]

use caulk_profile::report::{Options, top};
use caulk_profile::{Limits, StackTable, read, read_as_pprof, write};
use libfuzzer_sys::fuzz_target;

const LIMITS: Limits = Limits {
    inflated_bytes: 1 << 24,
};

fuzz_target!(|bytes: &[u8]| {
    let _ = read_as_pprof(bytes, LIMITS);
    let Ok(profile) = read(bytes, LIMITS) else {
        return;
    };
    let _ = top(&profile, &Options::default(), &mut Vec::new());
    StackTable::new().add(&profile);
    if profile.memory().is_none() {
        let mut file = Vec::new();
        write(&profile, &mut file).expect("a vector takes everything");
        assert_eq!(read(&file, Limits::default()).as_ref(), Ok(&profile));
    }
});
