//! What is told of one culprit: what is lost there, why it is that line, and the fix.

use caulk_evidence::{AnchorKind, Reason, StackEvidence, StoreKind};
use caulk_leaks::Outcome;
use caulk_report::json::check as json_check;
use caulk_report::units;
use caulk_report::{Block, Diagnostic, Figure, Paragraph, Report};

use super::finding::{self, Sources};
use super::rates::{Rates, heap_word, short_symbol};
use super::verdict::severity;
use crate::diagnosis::{Blamed, Findings};

/// Growing stacks that are shown for each culprit.
const STACKS: usize = 4;

/// A culprit's place, with what is lost there and the source around it.
pub fn headline(findings: &Findings, blamed: &Blamed, sources: &Sources<'_>) -> Diagnostic {
    let place = &blamed.culprit.anchor.location;
    let mut diagnostic = Diagnostic::new(severity(&findings.growth), sentence(findings, blamed))
        .at(finding::location(place));
    let path = match &blamed.acquisition {
        Some(acquisition) => match &acquisition.outcome {
            Outcome::Owed(path) => path.as_slice(),
            _ => &[],
        },
        None => blamed
            .finding
            .as_ref()
            .map_or(&[][..], |finding| &finding.path),
    };
    let (snippets, steps) = finding::snippets(place, remark(blamed), path, sources);
    diagnostic.snippets = snippets;
    diagnostic.steps = steps;
    diagnostic
}

/// Whether what is lost is a goroutine of the user's own.
fn is_goroutine(blamed: &Blamed) -> bool {
    let rule = blamed
        .acquisition
        .as_ref()
        .map(|acquisition| acquisition.rule);
    blamed.culprit.anchor.kind == AnchorKind::GoStatement || rule == Some("blocked-goroutine")
}

/// Whether it is known of goroutines alone, and no heap.
fn only_goroutines(blamed: &Blamed) -> bool {
    let weight = &blamed.culprit.weight;
    weight.bytes <= 0.0 && weight.goroutines > 0.0
}

fn remark(blamed: &Blamed) -> &'static str {
    match &blamed.culprit.anchor.kind {
        AnchorKind::Acquisition(_) => finding::opening(
            blamed
                .acquisition
                .as_ref()
                .map_or("", |acquisition| acquisition.rule),
        ),
        AnchorKind::GoStatement => "started here",
        AnchorKind::Store(store) if store.kind == StoreKind::Append => "appended here",
        AnchorKind::Store(_) => "put in here",
        AnchorKind::Expression if only_goroutines(blamed) => "called here",
        AnchorKind::Expression => "allocated here",
    }
}

/// One sentence on one culprit: what is lost, and how often.
pub fn sentence(findings: &Findings, blamed: &Blamed) -> String {
    let culprit = &blamed.culprit;
    let rates = Rates::of(findings);
    let often = match culprit.weight.goroutines {
        // Goroutine profiles alone know no bytes.
        rate if culprit.weight.bytes <= 0.0 && rate > 0.0 && !rates.per_request => {
            rates.goroutines(rate)
        }
        _ => rates.often(culprit.instances, culprit.weight.bytes),
    };
    match &culprit.anchor.kind {
        AnchorKind::GoStatement => {
            let waits = match &culprit.blocked {
                Some(blocked) if !blocked.state.is_empty() => {
                    format!(", stuck in {}", blocked.state)
                }
                _ => String::new(),
            };
            format!("goroutine never ends{waits}: {often}")
        }
        AnchorKind::Store(store) => {
            let what = match store.kind {
                StoreKind::Insert => "only grows",
                StoreKind::Append => "only gets longer",
            };
            format!(
                "{} {what}: {} {}",
                store.holder,
                rates.bytes(culprit.weight.bytes),
                rates.words
            )
        }
        AnchorKind::Acquisition(_) | AnchorKind::Expression => {
            match (&blamed.finding, &blamed.acquisition) {
                (Some(finding), _) => format!("{}: {often}", finding.message),
                (None, Some(acquisition)) => {
                    let resource = &acquisition.resource;
                    let name = resource
                        .type_name
                        .rsplit('/')
                        .next()
                        .unwrap_or(&resource.type_name);
                    format!("{name} is never released by {}: {often}", resource.release)
                }
                (None, None) if only_goroutines(blamed) => {
                    format!("goroutines stay in what is called here: {often}")
                }
                (None, None) => {
                    format!(
                        "what is allocated here stays: {} {}",
                        rates.bytes(culprit.weight.bytes),
                        rates.words
                    )
                }
            }
        }
    }
}

/// What speaks for a culprit's place, each a clause.
pub fn reasons(findings: &Findings, blamed: &Blamed) -> Vec<String> {
    let culprit = &blamed.culprit;
    let mut reasons = Vec::new();
    if culprit.weight.new_goroutines > 0 && findings.new_goroutines > 0 {
        let of_all = count_of(culprit.weight.new_goroutines, findings.new_goroutines);
        let how = if is_goroutine(blamed) {
            "were started by it"
        } else {
            "descend from it"
        };
        let which = if findings.growth.rounds == 0 {
            ""
        } else {
            "new "
        };
        reasons.push(format!("{of_all} {which}goroutines {how}"));
    }
    if culprit.share_of_heap > 0.0 {
        let share = units::percent(culprit.share_of_heap);
        let heap = heap_word(findings);
        reasons.push(match culprit.reason {
            Reason::Ancestry => format!("they root {share} of {heap}"),
            Reason::OnStack => format!("it is on the stacks of {share} of {heap}"),
            Reason::Reach => format!(
                "it calls into the libraries that hold {share} of {heap}, about as often as that grows"
            ),
        });
    }
    if let Some(blocked) = &culprit.blocked
        && let (true, Some(file)) = (is_goroutine(blamed), &blocked.file)
    {
        let line = blocked.frame.line;
        // Counts of equal stacks have no states.
        reasons.push(match blocked.state.as_str() {
            "" => format!("they wait at {file}:{line}"),
            state => format!("they wait at {file}:{line} ({state})"),
        });
    }
    reasons
}

pub fn push_why(report: &mut Report, findings: &Findings, blamed: &Blamed) {
    let rates = Rates::of(findings);
    let culprit = &blamed.culprit;
    let reasons = reasons(findings, blamed);
    if !reasons.is_empty() {
        report.push(Paragraph::with_lead("Why this line:", reasons.join("; ")));
    }
    if !culprit.ties.is_empty() {
        let places: Vec<String> = culprit
            .ties
            .iter()
            .map(|tie| finding::location(&tie.location).to_string())
            .collect();
        report.push(Paragraph::with_lead("As likely:", places.join(", ")));
    }
    let figures: Vec<Figure> = culprit
        .stacks
        .iter()
        .filter(|s| s.bytes > 0.0)
        .take(STACKS)
        .map(|s| figure(&rates, s))
        .collect();
    if !figures.is_empty() {
        report.push(Block::Figures(figures));
    }
}

fn count_of(part: i64, all: i64) -> String {
    let positive = |n: i64| units::count(u64::try_from(n).unwrap_or(0));
    if part >= all {
        format!("all {}", positive(all))
    } else {
        format!("{} of {}", positive(part), positive(all))
    }
}

fn figure(rates: &Rates, stack: &StackEvidence) -> Figure {
    Figure {
        value: format!("{}{}", rates.bytes(stack.bytes), rates.suffix),
        label: short_symbol(&stack.function).to_owned(),
    }
}

pub fn push_fix(
    report: &mut Report,
    findings: &Findings,
    blamed: &Blamed,
    is_first: bool,
    proved: &str,
) {
    if let Some(fix) = &blamed.fix {
        match fix.json.outcome {
            json_check::FixOutcome::Refused => {
                report.push(Paragraph::with_lead("No fix:", &fix.json.reason));
            }
            outcome => {
                let remark = match (&findings.proof, is_first) {
                    (Some(proof), true) if proof.proved => proved.to_owned(),
                    (Some(proof), true) => format!("not proved: {}", proof.reason),
                    _ => "not proved".to_owned(),
                };
                let review = match outcome {
                    json_check::FixOutcome::FixedReview => {
                        format!("; review it: {}", fix.json.reason)
                    }
                    _ => String::new(),
                };
                let written = if findings.applied { ", written" } else { "" };
                report.push(Paragraph::with_lead(
                    "Fix",
                    format!("({remark}{written}{review})"),
                ));
                report.push(fix.patch.clone());
            }
        }
    }
    if let Some(better) = &blamed.better {
        report.push(Paragraph::with_lead("Better, yours to write:", better));
    }
}
