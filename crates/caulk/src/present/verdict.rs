//! The verdict in words: where nobody is to blame, and what keeps it from being given.

use caulk_growth::{Axis, Growth, ScalarKind, Verdict};
use caulk_report::units;
use caulk_report::{Diagnostic, Severity, Tone};

use super::goroutines;
use super::rates::{Rates, seconds};
use crate::diagnosis::{Findings, load_figures, mostly_failed};

const NOTHING_TO_COMPARE: &str =
    "there is nothing to compare: the load did not get past its beginning";
const ONLY_WAITS: &str = "only what waits was captured, and it grows as long as a program works: no leak can be seen in it; capture heap and goroutine as well";
/// Said of a single snapshot.
pub const ONE_SNAPSHOT: &str =
    "One snapshot shows what is held, not what grows: a second one after some load would tell.";
/// Said of two.
pub const TWO_SNAPSHOTS: &str = "Two snapshots cannot tell a leak from a warm-up: a third one after more load would (caulk capture, caulk hunt).";

/// The verdict where nobody is to blame.
pub fn nobody(findings: &Findings) -> Diagnostic {
    let severity = match findings.growth.verdict {
        Some(Verdict::Steady) if findings.died.is_some() => {
            Severity::new("UNTIL THEN", Tone::Notice)
        }
        Some(Verdict::Steady) if findings.verdict().is_none() => {
            Severity::new("UNDECIDED", Tone::Warning)
        }
        _ => severity(&findings.growth),
    };
    Diagnostic::new(severity, without_culprit(findings))
}

pub fn severity(growth: &Growth) -> Severity {
    match growth.verdict {
        // One moment says nothing of growth.
        Some(Verdict::Grew) if growth.rounds == 0 => match growth.stacks.is_empty() {
            true => Severity::new("UNDECIDED", Tone::Warning),
            false => Severity::new("HELD", Tone::Warning),
        },
        Some(Verdict::Leak) => Severity::new("LEAK", Tone::Alarm),
        Some(Verdict::Growing) => Severity::new("GROWING", Tone::Warning),
        Some(Verdict::Grew) => Severity::new("GREW", Tone::Warning),
        Some(Verdict::Steady) => Severity::new("STEADY", Tone::Good),
        None => Severity::new("NOTHING SEEN", Tone::Notice),
    }
}

/// What keeps a verdict from being given, or what it has to be read with; empty where nothing does.
pub fn reservation(findings: &Findings) -> String {
    if let Some(died) = &findings.died {
        return format!("the program ended under the load: {}", died.how);
    }
    if let Some(failed) = mostly_failed(&findings.case) {
        return format!("{failed}: what they should have done was not watched");
    }
    match findings.growth.verdict {
        Some(Verdict::Grew) if findings.growth.rounds == 0 => ONE_SNAPSHOT.to_owned(),
        Some(Verdict::Grew) => TWO_SNAPSHOTS.to_owned(),
        None => nothing_to_compare(findings).to_owned(),
        Some(Verdict::Leak | Verdict::Growing | Verdict::Steady) => String::new(),
    }
}

/// Said in place of a verdict where the program did not do its work.
pub fn not_watched(findings: &Findings) -> Option<String> {
    let nothing_grew = findings.growth.verdict == Some(Verdict::Steady);
    let failed =
        mostly_failed(&findings.case).filter(|_| nothing_grew && findings.died.is_none())?;
    Some(format!(
        "{failed}: nothing grew, but what they should have done was not watched"
    ))
}

fn nothing_to_compare(findings: &Findings) -> &'static str {
    match &findings.input {
        Some(input) if input.only_waits() => ONLY_WAITS,
        _ => NOTHING_TO_COMPARE,
    }
}

fn without_culprit(findings: &Findings) -> String {
    let growth = &findings.growth;
    if let Some(failed) = not_watched(findings) {
        return failed;
    }
    if let Some(dumps) = goroutines::headline(findings) {
        return dumps;
    }
    let rates = Rates::of(findings);
    let seen = match growth.smallest_visible_bytes {
        Some(bytes) => format!(
            "; a growth of {} {} would have been seen",
            rates.bytes(bytes),
            rates.words
        ),
        None => String::new(),
    };
    match growth.verdict {
        Some(_) if growth.rounds == 0 => {
            // Figures without stacks, as those of one scrape.
            if growth.stacks.is_empty() {
                return "figures of one moment, and no stacks: there is nothing to rank".to_owned();
            }
            let held = units::bytes(growth.heap_bytes.last.value);
            format!("{held} held, and no line of the source accounts for it")
        }
        Some(Verdict::Steady) => {
            let figures = load_figures(&findings.case);
            let watched = units::duration(seconds(growth.watched_seconds));
            if figures.requests > 0 {
                let requests = units::count(figures.requests);
                format!("nothing grows over {requests} requests in {watched}{seen}")
            } else if growth.per == Axis::Snapshot {
                format!("nothing grows over {} snapshots{seen}", growth.rounds + 1)
            } else {
                format!("nothing grows over {watched}{seen}")
            }
        }
        Some(Verdict::Grew | Verdict::Growing | Verdict::Leak) => {
            format!(
                "{}, and no line of the source accounts for it",
                what_grows(growth, &rates)
            )
        }
        None => nothing_to_compare(findings).to_owned(),
    }
}

/// The heap, or where that does not grow, what was counted.
fn what_grows(growth: &Growth, rates: &Rates) -> String {
    let counted = growth
        .scalars
        .iter()
        .filter(|scalar| scalar.finding.verdict > Verdict::Steady)
        .find_map(|scalar| {
            let name = match scalar.kind {
                ScalarKind::Goroutines => "goroutines",
                ScalarKind::Threads => "threads",
                ScalarKind::Descriptors => "open descriptors",
                ScalarKind::Connections => "connections",
                ScalarKind::HeapBytes => {
                    let bytes = rates.bytes(scalar.metric?.rate.value);
                    return Some(format!(
                        "the heap with its garbage grows by {bytes} {}",
                        rates.words
                    ));
                }
                _ => return None,
            };
            let number = rates.number(&scalar.metric?.rate);
            Some(format!("{name} grow by {number} {}", rates.words))
        });
    match counted {
        Some(counted) if growth.heap_bytes.rate.value <= 0.0 => counted,
        _ => {
            let heap = rates.bytes(growth.heap_bytes.rate.value);
            format!("the heap grows by {heap} {}", rates.words)
        }
    }
}
