//! Whether a fix is proved: the same load, without the growth, and with answers as good as before.

use caulk_evidence::Run;
use caulk_growth::{Growth, Options, Outcome, compare};
use caulk_hunt::Judgement;

use super::runner::Record;
use crate::diagnosis::{Proof, load_figures};

/// A run that is over.
pub struct Finished {
    pub record: Record,
    pub run: Run,
    pub growth: Growth,
}

/// Whether the run with the fix has gone on long enough. What a fix leaves behind is noise around
/// nothing: only more rounds tell it from a second leak.
pub fn told_apart(before: &Growth, after: &Growth, options: &Options) -> Judgement {
    match compare(before, after, options).outcome {
        Outcome::Gone | Outcome::Steady | Outcome::Remains => Judgement::Sure,
        Outcome::Unknown | Outcome::Reduced | Outcome::Worse => Judgement::NeedMore,
    }
}

/// The proof of a fix. `trouble` is why the run with the fix did not come to its end, if it did not.
pub fn proof(
    before: &Finished,
    after: Option<Finished>,
    trouble: Option<String>,
    options: &Options,
) -> Option<Proof> {
    let Some(after) = after else {
        return Some(Proof {
            growth: None,
            case: None,
            run: None,
            proved: false,
            reason: trouble?,
        });
    };
    let reason = trouble.or_else(|| why_unproved(before, &after, options));
    Some(Proof {
        growth: Some(after.growth),
        case: Some(after.record.case.case),
        run: Some(after.run),
        proved: reason.is_none(),
        reason: reason.unwrap_or_default(),
    })
}

/// What speaks against a fix: growth that is left, or answers that are worse than before.
fn why_unproved(before: &Finished, after: &Finished, options: &Options) -> Option<String> {
    let (good, bad) = (
        load_figures(&before.record.case.case),
        load_figures(&after.record.case.case),
    );
    if bad.requests < good.requests {
        return Some(format!(
            "only {} of {} requests came to an end",
            bad.requests, good.requests
        ));
    }
    if fails_more_often((good.failed, good.requests), (bad.failed, bad.requests)) {
        return Some(format!(
            "{} of {} requests failed, {} of {} before",
            bad.failed, bad.requests, good.failed, good.requests
        ));
    }
    if bad.p50_seconds > good.p50_seconds * 3.0 + 0.010 {
        return Some("answers take more than three times as long as before".to_owned());
    }
    let compared = compare(&before.growth, &after.growth, options);
    match compared.outcome {
        Outcome::Gone | Outcome::Steady => None,
        Outcome::Unknown => Some("whether the growth is gone cannot be told".to_owned()),
        Outcome::Reduced => {
            Some("it grows less, but still grows: there is more than one leak".to_owned())
        }
        Outcome::Remains => Some("it grows as before".to_owned()),
        Outcome::Worse => Some("something grows that did not before".to_owned()),
    }
}

/// Whether more of the requests fail than did, given as failed ones and all. The runs may differ in length; one request in
/// a hundred may fail by chance.
fn fails_more_often(before: (u64, u64), after: (u64, u64)) -> bool {
    let longer = after.1 as f64 / before.1.max(1) as f64;
    after.0 as f64 > before.0 as f64 * longer + (after.1 / 100) as f64
}

#[cfg(test)]
mod tests {
    use super::fails_more_often;

    #[test]
    fn a_longer_run_with_the_fix_may_fail_in_proportion() {
        assert!(!fails_more_often((67, 269), (88, 351)));
        assert!(!fails_more_often((0, 200), (2, 200)));
        assert!(fails_more_often((0, 200), (3, 200)));
        assert!(fails_more_often((67, 269), (95, 351)));
        assert!(fails_more_often((0, 0), (1, 10)));
    }
}
