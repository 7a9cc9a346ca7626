//! Annotations of GitHub: workflow commands on stdout that the runner turns into remarks beside the change.
//!
//! Form: <https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands>.

use super::width::printable;
use crate::{FindingList, Level, ListedFinding, Region};

/// GitHub shows so many annotations of one level for one step, and leaves the others out without a word.
const SHOWN: usize = 10;

/// One command for each finding, the worst first, then what a reader of the log should know.
pub fn github(list: &FindingList) -> String {
    let mut findings: Vec<&ListedFinding> = list.findings.iter().collect();
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.level));
    let mut text: String = findings.iter().map(|finding| command(finding)).collect();
    let over = [Level::High, Level::Medium, Level::Low]
        .into_iter()
        .any(|level| findings.iter().filter(|f| f.level == level).count() > SHOWN);
    if over {
        text.push_str(&format!(
            "GitHub shows {SHOWN} annotations of one level for a step; the log has all {}, and SARIF has no such limit\n",
            findings.len()
        ));
    }
    for remark in &list.remarks {
        // What is not ours must not stand at the start of a line, where it could be read as a command.
        text.push_str(&format!("caulk: {}\n", printable(remark)));
    }
    text
}

fn command(finding: &ListedFinding) -> String {
    let word = match finding.level {
        Level::High => "error",
        Level::Medium => "warning",
        Level::Low => "notice",
    };
    let mut message = finding.message.clone();
    for step in &finding.path {
        let place = if step.place.file == finding.place.file {
            format!("line {}", step.place.line)
        } else {
            format!("{}:{}", step.place.file, step.place.line)
        };
        message.push_str(&format!("\n{place}: {}", step.note));
    }
    format!(
        "::{word} {},title={}::{}\n",
        place(&finding.place),
        property(&finding.rule),
        data(&message)
    )
}

fn place(place: &Region) -> String {
    let mut text = format!(
        "file={},line={},endLine={}",
        property(&place.file),
        place.line,
        place.end_line
    );
    // Columns are only taken where the lines are the same.
    if place.line == place.end_line {
        let last = place.end_column.saturating_sub(1).max(place.column);
        text.push_str(&format!(",col={},endColumn={last}", place.column));
    }
    text
}

/// Text after the second `::`.
fn data(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

/// The value of a property, which also ends at `:` and `,`.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
