//! What a tree does as a rule with what one function gives: where most of it leaves out a release that is only believed
//! in, the belief is what is wrong.

use std::collections::BTreeMap;

use crate::finding::{Analysis, Confidence, Heat, Outcome, SettledBy, Severity};

/// How many that are lost make a practice.
const SEVERAL: usize = 4;

/// Lowers what is likely to be owed and is released, on some path at least, less than half as often as it is not at all.
pub(crate) fn lower_what_is_left_out(analysis: &mut Analysis) {
    let mut practice: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    let mut count = |name: &str, heat: Heat, left_out: bool| {
        if heat != Heat::Test {
            let counts = practice.entry(name.to_owned()).or_default();
            counts.0 += usize::from(left_out);
            counts.1 += usize::from(!left_out);
        }
    };
    for acquisition in &analysis.acquisitions {
        let name = &acquisition.resource.acquired_by;
        match &acquisition.outcome {
            Outcome::Settled(settlement) if settlement.how == SettledBy::Released => {
                count(name, acquisition.heat, false);
            }
            _ => {}
        }
    }
    for finding in &analysis.findings {
        // The sentence tells what is released nowhere from what is released on some paths.
        let left_out = finding.message.contains(" never ");
        count(&finding.resource.acquired_by, finding.heat, left_out);
    }
    for finding in &mut analysis.findings {
        let is_guess = finding.confidence == Confidence::Likely
            && ["unclosed-resource", "unreleased-subscription"].contains(&finding.rule);
        let practised = practice.get(&finding.resource.acquired_by);
        let is_left_out =
            practised.is_some_and(|(lost, released)| *lost >= SEVERAL && released * 2 < *lost);
        if is_guess && is_left_out {
            finding.severity = Severity::Low;
        }
    }
}
