//! SARIF 2.1.0, the exchange format of code scanning.
//!
//! Specification: <https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html>. Field names below are its own.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::json;

use crate::{FindingList, Level, ListedFinding, ListedFix, Region, RuleInfo, Waypoint};

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";
/// What paths are relative to. It has no address of its own: whoever reads the file knows where the source is.
const SOURCE_ROOT: &str = "%SRCROOT%";

/// A list of findings as one run.
pub fn sarif(list: &FindingList) -> String {
    let log = Log {
        schema: SCHEMA,
        version: "2.1.0",
        runs: [run(list)],
    };
    let mut text = serde_json::to_string_pretty(&log).unwrap_or_default();
    text.push('\n');
    text
}

#[derive(Serialize)]
struct Log {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run {
    tool: serde_json::Value,
    original_uri_base_ids: serde_json::Value,
    column_kind: &'static str,
    invocations: [serde_json::Value; 1],
    results: Vec<Found>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Found {
    rule_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule_index: Option<usize>,
    level: &'static str,
    message: Text,
    locations: [Location; 1],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    code_flows: Vec<serde_json::Value>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    fixes: Vec<serde_json::Value>,
    partial_fingerprints: serde_json::Value,
    properties: serde_json::Value,
}

#[derive(Serialize)]
struct Text {
    text: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Location {
    physical_location: serde_json::Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<Text>,
}

fn run(list: &FindingList) -> Run {
    let notifications: Vec<serde_json::Value> = list
        .remarks
        .iter()
        .map(|remark| json!({"level": "note", "message": text(remark)}))
        .collect();
    Run {
        tool: json!({"driver": {
            "name": list.tool.name,
            "version": list.tool.version,
            "semanticVersion": list.tool.version,
            "informationUri": list.tool.url,
            "rules": list.rules.iter().map(rule).collect::<Vec<_>>(),
        }}),
        original_uri_base_ids: json!({SOURCE_ROOT: {
            "description": text("the folder that the paths of this file are relative to"),
        }}),
        column_kind: "unicodeCodePoints",
        invocations: [json!({
            "executionSuccessful": true,
            "toolExecutionNotifications": notifications,
        })],
        results: list
            .findings
            .iter()
            .map(|finding| found(finding, &list.rules))
            .collect(),
    }
}

fn rule(rule: &RuleInfo) -> serde_json::Value {
    json!({
        "id": rule.name,
        "shortDescription": text(&rule.summary),
        "fullDescription": text(&rule.summary),
        "help": {"text": rule.page, "markdown": rule.page},
        "defaultConfiguration": {"level": "warning"},
        "properties": {"tags": ["leak"]},
    })
}

fn found(finding: &ListedFinding, rules: &[RuleInfo]) -> Found {
    Found {
        rule_id: finding.rule.clone(),
        rule_index: rules.iter().position(|rule| rule.name == finding.rule),
        level: level(finding.level),
        message: text(&finding.message),
        locations: [location(&finding.place, None)],
        code_flows: code_flow(&finding.path).into_iter().collect(),
        fixes: finding.fix.iter().map(fix).collect(),
        partial_fingerprints: json!({"caulk/v1": finding.fingerprint}),
        properties: json!({
            "severity": finding.level.word(),
            "confidence": finding.confidence,
        }),
    }
}

fn level(level: Level) -> &'static str {
    match level {
        Level::High => "error",
        Level::Medium => "warning",
        Level::Low => "note",
    }
}

fn code_flow(path: &[Waypoint]) -> Option<serde_json::Value> {
    let steps: Vec<serde_json::Value> = path
        .iter()
        .map(|step| json!({"location": location(&step.place, Some(&step.note))}))
        .collect();
    (!steps.is_empty()).then(|| json!({"threadFlows": [{"locations": steps}]}))
}

fn fix(fix: &ListedFix) -> serde_json::Value {
    let mut files: BTreeMap<&str, Vec<serde_json::Value>> = BTreeMap::new();
    for edit in &fix.edits {
        let replacement = json!({
            "deletedRegion": region(&edit.place),
            "insertedContent": text(&edit.text),
        });
        files.entry(&edit.place.file).or_default().push(replacement);
    }
    let changes: Vec<serde_json::Value> = files
        .into_iter()
        .map(|(file, replacements)| {
            json!({"artifactLocation": artifact(file), "replacements": replacements})
        })
        .collect();
    json!({"description": text(&fix.description), "artifactChanges": changes})
}

fn text(text: &str) -> Text {
    Text {
        text: text.to_owned(),
    }
}

fn location(place: &Region, note: Option<&str>) -> Location {
    Location {
        physical_location: json!({
            "artifactLocation": artifact(&place.file),
            "region": region(place),
        }),
        message: note.map(text),
    }
}

fn artifact(file: &str) -> serde_json::Value {
    json!({"uri": uri(file), "uriBaseId": SOURCE_ROOT})
}

fn region(place: &Region) -> serde_json::Value {
    json!({
        "startLine": place.line,
        "startColumn": place.column,
        "endLine": place.end_line,
        "endColumn": place.end_column,
    })
}

/// A relative path as a URI reference: what is not unreserved is written as its bytes (RFC 3986, section 2).
fn uri(path: &str) -> String {
    let mut uri = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                uri.push(char::from(byte));
            }
            _ => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri
}
