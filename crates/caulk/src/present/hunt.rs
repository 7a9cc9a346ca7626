//! What a hunt or a diagnosis found, as a good engineer would tell it.

use std::time::Duration;

use caulk_growth::{Axis, Verdict};
use caulk_report::json::check as json_check;
use caulk_report::units;
use caulk_report::{Block, Diagnostic, KeyValue, Paragraph, Report, Severity, Tone};

use super::culprit::{headline, push_fix, push_why};
use super::finding::Sources;
use super::rates::{heap_word, seconds, short_symbol};
use super::table::table;
use super::verdict::{ONE_SNAPSHOT, TWO_SNAPSHOTS, nobody, not_watched};
use super::{by, goroutines, words};
use crate::diagnosis::{Blamed, Findings, mostly_failed};

/// Culprits after this many are counted, not told.
const TOLD: usize = 3;
/// Lines that are shown of what a program said when it died.
const LAST_WORDS: usize = 8;
/// Where the text report shows that a fix is proved.
const PROVED_BESIDE: &str = "proved by the right-hand column";
/// Where the page does.
const PROVED_BELOW: &str = "proved below";

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
