//! Findings as a list for the programs that show them elsewhere.

use std::cell::RefCell;
use std::collections::BTreeMap;

use caulk_leaks as leaks;
use caulk_report::json::check::{Fix, FixOutcome};
use caulk_report::{
    FindingList, Level, ListedFinding, ListedFix, Region, RegionEdit, RuleInfo, Tool, Waypoint,
};

use super::check;
use super::finding::{Sources, remark};

/// Byte offsets of files as lines and columns of characters.
pub struct Places<'a> {
    sources: &'a Sources<'a>,
    /// What stands before each path: the way from where paths shall begin to the folder that was checked.
    prefix: &'a str,
    files: RefCell<BTreeMap<String, Vec<u8>>>,
}

impl<'a> Places<'a> {
    /// `prefix` ends in `/` where it is not empty.
    pub fn new(sources: &'a Sources<'a>, prefix: &'a str) -> Places<'a> {
        Places {
            sources,
            prefix,
            files: RefCell::default(),
        }
    }

    /// A range of bytes of a file.
    fn region(&self, file: &str, start: usize, end: usize) -> Region {
        let mut files = self.files.borrow_mut();
        let bytes = files
            .entry(file.to_owned())
            .or_insert_with(|| (self.sources)(file).unwrap_or_default());
        let ((line, column), (end_line, end_column)) =
            (position(bytes, start), position(bytes, end));
        Region {
            file: format!("{}{file}", self.prefix),
            line,
            column,
            end_line,
            end_column,
        }
    }

    fn of(&self, location: &leaks::Location) -> Region {
        let span = location.span;
        self.region(&location.file, span.start as usize, span.end as usize)
    }
}

/// The 1-based line and column of a byte, the column in characters.
fn position(bytes: &[u8], at: usize) -> (u32, u32) {
    let before = bytes.get(..at).unwrap_or(bytes);
    let start = before
        .iter()
        .rposition(|byte| *byte == b'\n')
        .map_or(0, |at| at + 1);
    let lines = before.iter().filter(|byte| **byte == b'\n').count();
    let line = String::from_utf8_lossy(before.get(start..).unwrap_or_default());
    let number = |count: usize| u32::try_from(count + 1).unwrap_or(u32::MAX);
    (number(lines), number(line.chars().count()))
}

/// A finding with what else is known of it.
pub struct Told<'a> {
    pub finding: &'a leaks::Finding,
    /// Where a reader should look first, if that is not the acquiring call.
    pub first: Option<&'a leaks::Location>,
    pub fix: Option<Fix>,
}

/// All of them, with every rule and what limited the check.
pub fn list(told: &[Told<'_>], problems: &[leaks::Problem], places: &Places<'_>) -> FindingList {
    let mut findings: Vec<ListedFinding> = told.iter().map(|told| listed(told, places)).collect();
    findings.sort_by(|a, b| (&a.place, &a.rule).cmp(&(&b.place, &b.rule)));
    let rules = leaks::rules()
        .into_iter()
        .map(|rule| RuleInfo {
            name: rule.name.to_owned(),
            summary: rule.summary.to_owned(),
            page: rule.markdown(),
        })
        .collect();
    FindingList {
        tool: Tool {
            name: "caulk".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            url: env!("CARGO_PKG_REPOSITORY").to_owned(),
        },
        rules,
        findings,
        remarks: check::remarks(problems),
    }
}

fn listed(told: &Told<'_>, places: &Places<'_>) -> ListedFinding {
    let finding = told.finding;
    let begin = Waypoint {
        place: places.of(&finding.location),
        note: remark(finding).to_owned(),
    };
    let steps = finding.path.iter().map(|step| Waypoint {
        place: places.of(&step.location),
        note: step.note.clone(),
    });
    ListedFinding {
        rule: finding.rule.to_owned(),
        level: match finding.severity {
            leaks::Severity::Low => Level::Low,
            leaks::Severity::Medium => Level::Medium,
            leaks::Severity::High => Level::High,
        },
        confidence: finding.confidence.word().to_owned(),
        message: finding.message.clone(),
        place: places.of(told.first.unwrap_or(&finding.location)),
        path: std::iter::once(begin).chain(steps).collect(),
        fix: told
            .fix
            .as_ref()
            .and_then(|fix| edits(finding, fix, places)),
        fingerprint: finding.fingerprint.clone(),
    }
}

fn edits(finding: &leaks::Finding, fix: &Fix, places: &Places<'_>) -> Option<ListedFix> {
    let mut description = format!("release it with {}", finding.resource.release);
    match fix.outcome {
        FixOutcome::Refused => return None,
        FixOutcome::Fixed => {}
        FixOutcome::FixedReview => description.push_str(&format!("; review: {}", fix.reason)),
    }
    let byte = |offset: u64| usize::try_from(offset).unwrap_or(usize::MAX);
    let edits: Vec<RegionEdit> = fix
        .edits
        .iter()
        .map(|edit| RegionEdit {
            place: places.region(&edit.file, byte(edit.start), byte(edit.end)),
            text: edit.text.clone(),
        })
        .collect();
    (!edits.is_empty()).then_some(ListedFix { description, edits })
}

#[cfg(test)]
mod tests {
    use super::position;

    #[test]
    fn columns_count_characters() {
        let text = "a\n\té漢x\n".as_bytes();
        assert_eq!(position(text, 0), (1, 1));
        assert_eq!(position(text, 2), (2, 1));
        assert_eq!(position(text, 8), (2, 4));
        assert_eq!(position(text, 99), (3, 1));
        assert_eq!(position(b"\xff\xfex", 2), (1, 3));
    }
}
