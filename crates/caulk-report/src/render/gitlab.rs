//! The code quality report of GitLab, a subset of what Code Climate wrote.
//!
//! Form: <https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format>.

use serde_json::json;

use crate::{FindingList, Level, ListedFinding};

/// All findings as one array.
pub fn gitlab(list: &FindingList) -> String {
    let issues: Vec<serde_json::Value> = list.findings.iter().map(issue).collect();
    let mut text = serde_json::to_string_pretty(&issues).unwrap_or_default();
    text.push('\n');
    text
}

fn issue(finding: &ListedFinding) -> serde_json::Value {
    let severity = match finding.level {
        Level::High => "critical",
        Level::Medium => "major",
        Level::Low => "minor",
    };
    json!({
        "description": finding.message,
        "check_name": finding.rule,
        "fingerprint": finding.fingerprint,
        "severity": severity,
        "location": {
            "path": finding.place.file,
            "lines": {"begin": finding.place.line, "end": finding.place.end_line},
        },
    })
}
