//! What a hunt or a diagnosis found, as a good engineer would tell it.

use std::time::Duration;

use caulk_evidence::{AnchorKind, Reason, StackEvidence, StoreKind};
use caulk_growth::{Axis, Growth, ScalarKind, Verdict};
use caulk_leaks::Outcome;
use caulk_report::json::check as json_check;
use caulk_report::units;
use caulk_report::{Block, Diagnostic, Figure, KeyValue, Paragraph, Report, Severity, Tone};

use super::by;
use super::finding::{self, Sources};
use super::goroutines;
use super::rates::Rates;
use super::table::table;
use super::words;
use crate::diagnosis::{Blamed, Findings, load_figures, mostly_failed};

/// Culprits after this many are counted, not told.
const TOLD: usize = 3;
/// Lines that are shown of what a program said when it died.
const LAST_WORDS: usize = 8;
const NOTHING_TO_COMPARE: &str =
    "there is nothing to compare: the load did not get past its beginning";
const ONLY_WAITS: &str = "only what waits was captured, and it grows as long as a program works: no leak can be seen in it; capture heap and goroutine as well";
const ONE_SNAPSHOT: &str =
    "One snapshot shows what is held, not what grows: a second one after some load would tell.";
const TWO_SNAPSHOTS: &str = "Two snapshots cannot tell a leak from a warm-up: a third one after more load would (caulk capture, caulk hunt).";
/// Where the text report shows that a fix is proved.
const PROVED_BESIDE: &str = "proved by the right-hand column";
/// Where the page does.
const PROVED_BELOW: &str = "proved below";
/// Growing stacks that are shown for each culprit.
const STACKS: usize = 4;

/// The report for people.
pub fn report(findings: &Findings, sources: &Sources<'_>) -> Report {
    let mut report = Report::new();
    for opening in openings(findings) {
        report.push(opening);
    }
    if findings.culprits.is_empty() && findings.growth.rounds > 0 {
        report.push(table(findings));
    }
    for (index, blamed) in findings.culprits.iter().take(TOLD).enumerate() {
        report.push(headline(findings, blamed, sources));
        let figures = table(findings);
        if index == 0 && !figures.rows.is_empty() {
            report.push(figures);
        }
        push_why(&mut report, findings, blamed);
        push_fix(&mut report, findings, blamed, index == 0, PROVED_BESIDE);
    }
    if let Some(table) = by::table(findings) {
        report.push(table);
    }
    report.blocks.extend(goroutines::blocks(findings));
    for paragraph in words::paragraphs(findings) {
        report.push(paragraph);
    }
    push_rest(&mut report, findings);
    report
}

/// What is said before any culprit: that the program died, or the verdict where nobody is to blame.
pub fn openings(findings: &Findings) -> Vec<Diagnostic> {
    let mut openings = Vec::new();
    if let Some(died) = &findings.died {
        let severity = Severity::new("DIED", Tone::Alarm);
        let message = format!("the program ended under the load: {}", died.how);
        let mut diagnostic = Diagnostic::new(severity, message);
        let lines = died.lines.iter().filter(|line| !line.is_empty());
        diagnostic
            .notes
            .extend(lines.take(LAST_WORDS).map(|line| line.trim().to_owned()));
        openings.push(diagnostic);
    }
    if findings.culprits.is_empty() {
        openings.push(nobody(findings));
    }
    openings
}

/// The verdict where nobody is to blame.
pub fn nobody(findings: &Findings) -> Diagnostic {
    let severity = match findings.growth.verdict {
        Some(Verdict::Steady) if findings.died.is_some() => {
            Severity::new("UNTIL THEN", Tone::Notice)
        }
        Some(Verdict::Steady) if findings.verdict().is_none() => {
            Severity::new("UNDECIDED", Tone::Warning)
        }
        verdict => severity(verdict),
    };
    Diagnostic::new(severity, without_culprit(findings))
}

/// What is said of one culprit: its place with the source, why it is that, and the fix.
pub fn told(
    findings: &Findings,
    blamed: &Blamed,
    is_first: bool,
    sources: &Sources<'_>,
) -> Vec<Block> {
    let mut report = Report::new();
    report.push(headline(findings, blamed, sources));
    push_why(&mut report, findings, blamed);
    push_fix(&mut report, findings, blamed, is_first, PROVED_BELOW);
    report.blocks
}

fn severity(verdict: Option<Verdict>) -> Severity {
    match verdict {
        Some(Verdict::Leak) => Severity::new("LEAK", Tone::Alarm),
        Some(Verdict::Growing) => Severity::new("GROWING", Tone::Warning),
        Some(Verdict::Grew) => Severity::new("GREW", Tone::Warning),
        Some(Verdict::Steady) => Severity::new("STEADY", Tone::Good),
        None => Severity::new("NOTHING SEEN", Tone::Notice),
    }
}

/// How this run's growth is put into words.
pub fn rates(findings: &Findings) -> Rates {
    Rates::new(&findings.growth, &findings.case)
}

/// A culprit's place, with what is lost there and the source around it.
pub fn headline(findings: &Findings, blamed: &Blamed, sources: &Sources<'_>) -> Diagnostic {
    let place = &blamed.culprit.anchor.location;
    let mut diagnostic = Diagnostic::new(
        severity(findings.growth.verdict),
        sentence(findings, blamed),
    )
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
    let rates = rates(findings);
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

/// Said in place of a verdict where the program did not do its work.
fn not_watched(findings: &Findings) -> Option<String> {
    let nothing_grew = findings.growth.verdict == Some(Verdict::Steady);
    let failed =
        mostly_failed(&findings.case).filter(|_| nothing_grew && findings.died.is_none())?;
    Some(format!(
        "{failed}: nothing grew, but what they should have done was not watched"
    ))
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
    let rates = rates(findings);
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

// ---- why

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

fn push_why(report: &mut Report, findings: &Findings, blamed: &Blamed) {
    let rates = rates(findings);
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

/// The heap that shares are of.
pub fn heap_word(findings: &Findings) -> &'static str {
    if findings.growth.rounds == 0 {
        "the heap held"
    } else {
        "the new heap"
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

/// A runtime symbol without the folders of its import path: `transport.newHTTP2Client`.
pub fn short_symbol(symbol: &str) -> &str {
    let plain = symbol.split('[').next().unwrap_or(symbol);
    symbol
        .get(plain.rfind('/').map_or(0, |slash| slash + 1)..)
        .unwrap_or(symbol)
}

// ---- the fix

fn push_fix(
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

fn push_rest(report: &mut Report, findings: &Findings) {
    for paragraph in watched(findings) {
        report.push(paragraph);
    }
    for paragraph in left_open(findings) {
        report.push(paragraph);
    }
    let more = findings.culprits.len().saturating_sub(TOLD);
    if more > 0 {
        report.push(Paragraph::from(format!("{more} more in --format json.")));
    }
    let closing = closing(findings);
    if !closing.is_empty() {
        report.push(Block::KeyValues(closing));
    }
}

/// For how long the verdict holds, and what a longer watch would tell.
pub fn watched(findings: &Findings) -> Vec<Paragraph> {
    let mut said = Vec::new();
    if let Some(cooldown) = &findings.growth.cooldown {
        let after = units::duration(seconds(cooldown.seconds.round()));
        let text = match cooldown.still_held {
            Some(held) if held > 0.9 => format!("Still held {after} after the last request."),
            Some(held) => format!(
                "{after} after the last request {} of it was still held.",
                units::percent(held)
            ),
            None => format!("Nothing of it was held {after} after the last request."),
        };
        said.push(Paragraph::from(text));
    } else if matches!(
        findings.growth.verdict,
        Some(Verdict::Leak | Verdict::Growing)
    ) {
        let watched = match findings.growth.per {
            Axis::Snapshot => format!("over {} snapshots", findings.growth.rounds + 1),
            _ => {
                let watched = seconds(findings.growth.watched_seconds.max(0.1));
                format!("for {}", units::duration(watched))
            }
        };
        said.push(Paragraph::from(format!(
            "Watched {watched} under load; what expires later than that would look the same."
        )));
    }
    if findings.growth.verdict == Some(Verdict::Grew) {
        let one = findings.growth.rounds == 0;
        said.push(Paragraph::from(if one {
            ONE_SNAPSHOT
        } else {
            TWO_SNAPSHOTS
        }));
    }
    said
}

/// What is not explained, was not covered, or went wrong.
pub fn left_open(findings: &Findings) -> Vec<Paragraph> {
    let mut said = Vec::new();
    let (share, functions) = &findings.unexplained;
    if *share >= 0.1 && !findings.culprits.is_empty() {
        let functions: Vec<&str> = functions.iter().take(3).map(|f| short_symbol(f)).collect();
        let text = format!(
            "{} of {}, allocated by {}",
            units::percent(*share),
            heap_word(findings),
            functions.join(", ")
        );
        said.push(Paragraph::with_lead("Not explained:", text));
    } else if !functions.is_empty()
        && findings.culprits.is_empty()
        && findings.growth.verdict != Some(Verdict::Steady)
    {
        let functions: Vec<&str> = functions.iter().take(5).map(|f| short_symbol(f)).collect();
        said.push(Paragraph::with_lead("Allocated by:", functions.join(", ")));
    }
    if !findings.not_covered.is_empty() {
        let routes = findings.not_covered.join(", ");
        let were = if findings.not_covered.len() == 1 {
            "was"
        } else {
            "were"
        };
        said.push(Paragraph::with_lead(
            "Not covered:",
            format!("{routes} {were} not loaded"),
        ));
    }
    if let (None, Some(failed)) = (not_watched(findings), mostly_failed(&findings.case)) {
        let text = format!("{failed}: what they should have done was not watched");
        said.push(Paragraph::with_lead("Note:", text));
    }
    for warning in &findings.warnings {
        said.push(Paragraph::with_lead("Note:", warning));
    }
    said
}

/// The command that applies the fix, and where the case is.
pub fn closing(findings: &Findings) -> Vec<KeyValue> {
    let mut closing = Vec::new();
    let fixable = findings.culprits.first().filter(|blamed| {
        blamed
            .fix
            .as_ref()
            .is_some_and(|fix| fix.json.outcome != json_check::FixOutcome::Refused)
    });
    if let (Some(blamed), false) = (fixable, findings.applied) {
        let place = &blamed.culprit.anchor.location;
        let command = format!(
            "caulk fix --only {}{}:{}",
            findings.source_shown, place.file, place.line
        );
        closing.push(KeyValue::new("apply", command));
    }
    if let Some(case) = &findings.case_shown {
        let total: Duration = findings.phases.iter().map(|(_, time)| *time).sum();
        let took = if total.is_zero() {
            String::new()
        } else {
            format!(" ({})", units::duration(total))
        };
        closing.push(KeyValue::new("case", format!("{case}{took}")));
    }
    closing
}

pub(super) fn seconds(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).unwrap_or_default()
}
