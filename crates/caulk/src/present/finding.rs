//! Findings of the source analysis as diagnostics and as JSON.

use std::collections::BTreeMap;

use caulk_leaks as leaks;
use caulk_report::json::check as json;
use caulk_report::{Diagnostic, Location, Mark, Severity, Snippet, Step, Tone};

/// Up to this many steps of a path are shown: how it is lost first, and some of the other exits.
const STEPS: usize = 6;

/// The bytes of a file, by its path relative to the folder that was checked.
pub type Sources<'a> = dyn Fn(&str) -> Option<Vec<u8>> + 'a;

/// A finding with its place, its snippet and the way in which it is lost.
pub fn diagnostic(finding: &leaks::Finding, sources: &Sources<'_>) -> Diagnostic {
    let severity = Severity::new(finding.severity.word(), tone(finding.severity));
    let mut diagnostic =
        Diagnostic::new(severity, &finding.message).at(location(&finding.location));
    diagnostic.rule = Some(finding.rule.to_owned());
    if finding.confidence == leaks::Confidence::Likely {
        diagnostic.tags.push("likely".to_owned());
    }
    // One more takes no more room than saying that there is one.
    let shown = match finding.path.len() {
        len if len <= STEPS + 1 => len,
        _ => STEPS,
    };
    let (path, rest) = finding.path.split_at(shown);
    let (snippets, steps) = snippets(&finding.location, remark(finding), path, sources);
    diagnostic.snippets = snippets;
    diagnostic.steps = steps;
    if let Some(why) = low_because(finding) {
        diagnostic.notes.push(format!("low: {why}"));
    }
    if !rest.is_empty() {
        let rest = rest.len();
        diagnostic
            .notes
            .push(format!("and {rest} more exits: caulk explain lists them"));
    }
    diagnostic
}

/// Lets paths begin at the current folder, where they do not: `folder` leads to where they begin.
pub fn put_before(diagnostic: &mut Diagnostic, folder: &str) {
    if folder.is_empty() {
        return;
    }
    let places = diagnostic.location.iter_mut();
    let places = places.chain(diagnostic.steps.iter_mut().map(|step| &mut step.location));
    let files = places.map(|place| &mut place.file);
    for file in files.chain(
        diagnostic
            .snippets
            .iter_mut()
            .map(|snippet| &mut snippet.file),
    ) {
        file.insert_str(0, folder);
    }
}

/// What is said of the place that a finding names: where a resource begins, or where a goroutine stays.
pub fn remark(finding: &leaks::Finding) -> &'static str {
    match (&finding.begun, finding.rule) {
        (_, "unwaited-process") => "started here",
        (Some(_), _) => "stays here",
        (None, rule) => opening(rule),
    }
}

/// What is said of the place where a resource begins.
pub fn opening(rule: &str) -> &'static str {
    match rule {
        "blocked-goroutine" => "started here",
        _ if rule.starts_with("unclosed") => "opened here",
        _ => "made here",
    }
}

/// Why a finding of low severity matters little.
pub fn low_because(finding: &leaks::Finding) -> Option<&str> {
    let is_low = finding.severity == leaks::Severity::Low;
    finding.low_because.as_deref().filter(|_| is_low)
}

/// How a severity looks.
pub fn tone(severity: leaks::Severity) -> Tone {
    match severity {
        leaks::Severity::High => Tone::Alarm,
        leaks::Severity::Medium => Tone::Warning,
        leaks::Severity::Low => Tone::Notice,
    }
}

/// A place as the report wants it.
pub fn location(location: &leaks::Location) -> Location {
    Location::new(&location.file, location.line, location.column)
}

/// The source around an opening and the steps that lose it: one snippet per file, and as steps what
/// cannot be shown because its source is not there.
pub fn snippets(
    opening: &leaks::Location,
    remark: &str,
    path: &[leaks::Step],
    sources: &Sources<'_>,
) -> (Vec<Snippet>, Vec<Step>) {
    let mut by_file: BTreeMap<(bool, &str), Snippet> = BTreeMap::new();
    let mut steps = Vec::new();
    let opened = std::iter::once((opening, remark, Mark::Dash));
    let lost = path
        .iter()
        .map(|step| (&step.location, step.note.as_str(), Mark::Caret));
    for (place, note, mark) in opened.chain(lost) {
        let Some(source) = sources(&place.file) else {
            steps.push(Step {
                location: location(place),
                note: note.to_owned(),
            });
            continue;
        };
        // The file of the opening comes first.
        let key = (place.file != opening.file, place.file.as_str());
        let snippet = by_file
            .remove(&key)
            .unwrap_or_else(|| Snippet::new(&place.file));
        let span = place.span.start as usize..place.span.end as usize;
        by_file.insert(key, snippet.label(&source, span, mark, note));
    }
    (by_file.into_values().collect(), steps)
}

/// A finding as machines read it.
pub fn to_json(finding: &leaks::Finding, fix: Option<json::Fix>) -> json::Finding {
    json::Finding {
        rule: finding.rule.to_owned(),
        severity: match finding.severity {
            leaks::Severity::Low => json::Severity::Low,
            leaks::Severity::Medium => json::Severity::Medium,
            leaks::Severity::High => json::Severity::High,
        },
        low_because: low_because(finding).map(str::to_owned),
        confidence: match finding.confidence {
            leaks::Confidence::Likely => json::Confidence::Likely,
            leaks::Confidence::Certain => json::Confidence::Certain,
        },
        message: finding.message.clone(),
        location: span(&finding.location),
        changed: None,
        resource: Some(resource(&finding.resource)),
        path: finding
            .path
            .iter()
            .map(|step| json::PathStep {
                file: step.location.file.clone(),
                line: step.location.line,
                column: step.location.column,
                note: step.note.clone(),
            })
            .collect(),
        fix,
        fingerprint: finding.fingerprint.clone(),
    }
}

/// A place as machines read it.
pub fn span(location: &leaks::Location) -> json::Span {
    json::Span {
        file: location.file.clone(),
        line: location.line,
        column: location.column,
        end_line: location.end_line,
        end_column: location.end_column,
    }
}

/// A resource as machines read it.
pub fn resource(resource: &leaks::Resource) -> json::Resource {
    json::Resource {
        type_name: resource.type_name.clone(),
        acquired_by: resource.acquired_by.clone(),
        release: resource.release.clone(),
        variable: resource.variable.clone().unwrap_or_default(),
        contract_from: resource.contract_from.word().to_owned(),
    }
}

/// What limited an analysis, as machines read it.
pub fn problem(problem: &leaks::Problem) -> json::Problem {
    json::Problem {
        kind: problem.kind.clone(),
        what: problem.what.clone(),
        place: problem.place.clone(),
    }
}
