//! The proof of a fix: the same load on the program as it is and with the fix.

use serde::Serialize;

use crate::growth::{Estimate, Growth, Metric, ScalarGrowth, Verdict};
use crate::options::Options;
use crate::series::{ScalarId, ScalarKind};

/// Growth before and after a fix.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Comparison {
    /// Heap bytes per request.
    pub heap_bytes: MetricComparison,
    /// Heap objects per request.
    pub heap_objects: MetricComparison,
    /// Scalars that both series have, by id and kind, but for groups of goroutines: which of those
    /// there are differs from run to run.
    pub scalars: Vec<ScalarComparison>,
    /// Whether everything that grew has stopped growing, and nothing new grows.
    pub outcome: Outcome,
}

/// One scalar before and after.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ScalarComparison {
    /// The caller's name.
    pub id: ScalarId,
    /// What it counts.
    pub kind: ScalarKind,
    /// The figures.
    pub comparison: MetricComparison,
}

/// One figure before and after.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct MetricComparison {
    /// Growth per request as is.
    pub before: Estimate,
    /// Growth per request with the fix.
    pub after: Estimate,
    /// What became of it.
    pub outcome: Outcome,
}

/// What became of a growth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It did not grow before and does not now.
    Steady,
    /// It is gone: what is left is below the floor or not distinguishable from zero, and
    /// significantly less than before.
    Gone,
    /// Cannot be told: an error is missing or too wide, or too few rounds were run.
    Unknown,
    /// It still grows, less than before.
    Reduced,
    /// It grows as before.
    Remains,
    /// It did not grow before and does now.
    Worse,
}

/// Standard errors that count as a difference (one-sided 0.1 %, normal).
const CLEAR: f64 = 3.09;

/// Compares the program as it is with the program with a fix, under the same load.
///
/// Two rates differ when their difference is more than 3.09 of its standard errors, which add in
/// quadrature.
pub fn compare(before: &Growth, after: &Growth, options: &Options) -> Comparison {
    let figure = |metrics: (&Metric, &Metric), words: (Verdict, Verdict), floor: f64| {
        let (before, after) = (metrics.0.rate, metrics.1.rate);
        MetricComparison {
            before,
            after,
            outcome: outcome(&before, &after, words, floor),
        }
    };
    // Where nothing leaks or grows by its own judgement, a rate is a warm-up's.
    let words = (
        before.verdict.unwrap_or(Verdict::Steady),
        after.verdict.unwrap_or(Verdict::Steady),
    );
    let span = before.span.min(after.span);
    let floor_bytes = options.floor_bytes_over(span);
    let heap_bytes = figure((&before.heap_bytes, &after.heap_bytes), words, floor_bytes);
    // An object is 16 bytes or more, nearly always: the floor in objects follows from that in bytes.
    let heap_objects = figure(
        (&before.heap_objects, &after.heap_objects),
        words,
        floor_bytes / 16.0,
    );
    let scalars: Vec<ScalarComparison> = before
        .scalars
        .iter()
        .filter(|scalar| scalar.kind != ScalarKind::GoroutineGroup)
        .filter_map(|scalar| {
            let same = |other: &&ScalarGrowth| other.id == scalar.id && other.kind == scalar.kind;
            let other = after.scalars.iter().find(same)?;
            let floor = match scalar.kind {
                ScalarKind::ResidentBytes => floor_bytes,
                _ => options.floor_count_over(span),
            };
            Some(ScalarComparison {
                id: scalar.id,
                kind: scalar.kind,
                comparison: figure(
                    (scalar.metric.as_ref()?, other.metric.as_ref()?),
                    (scalar.finding.verdict, other.finding.verdict),
                    floor,
                ),
            })
        })
        .collect();
    let decisive = || {
        scalars
            .iter()
            .filter(|scalar| scalar.kind.decides())
            .map(|scalar| scalar.comparison.outcome)
            .chain([heap_bytes.outcome])
    };
    let mut outcome = decisive().max().unwrap_or(Outcome::Unknown);
    if outcome == Outcome::Steady && before.verdict == Some(Verdict::Leak) {
        // A single stack leaked below what the totals show.
        outcome = match after.verdict {
            Some(Verdict::Steady) => Outcome::Gone,
            Some(Verdict::Leak) => Outcome::Remains,
            _ => Outcome::Unknown,
        };
    }
    if outcome == Outcome::Gone && after.verdict == Some(Verdict::Leak) {
        outcome = Outcome::Reduced;
    }
    Comparison {
        heap_bytes,
        heap_objects,
        scalars,
        outcome,
    }
}

fn outcome(
    before: &Estimate,
    after: &Estimate,
    (word_before, word_after): (Verdict, Verdict),
    floor: f64,
) -> Outcome {
    let (Some(before_error), Some(after_error)) = (before.error, after.error) else {
        return Outcome::Unknown;
    };
    let grows = |rate: &Estimate, error: f64, word: Verdict| {
        word > Verdict::Steady && rate.value > floor && rate.value > CLEAR * error
    };
    let difference = before.value - after.value;
    let differs = difference.abs() > CLEAR * before_error.hypot(after_error);
    let grew = grows(before, before_error, word_before);
    let still_grows = grows(after, after_error, word_after);
    match (grew, still_grows) {
        (false, false) => Outcome::Steady,
        // An error so wide that half of the growth could hide in it proves nothing.
        (true, false) if differs && CLEAR * after_error < 0.5 * before.value => Outcome::Gone,
        (true, false) => Outcome::Unknown,
        (true, true) if differs && difference > 0.0 => Outcome::Reduced,
        (true, true) => Outcome::Remains,
        (false, true) if differs => Outcome::Worse,
        (false, true) => Outcome::Unknown,
    }
}
