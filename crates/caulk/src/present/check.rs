//! The rest of what `check` and `fix` print beside the findings themselves.

use std::collections::BTreeMap;

use caulk_leaks::{Acquisition, Analysis, Finding, Outcome, Problem};
use caulk_report::json::check::{Fix, FixOutcome};
use caulk_report::{Diagnostic, Location, Severity, Tone, units};

use super::finding;
use crate::cli::OutputFormat;

/// Up to this many findings are printed in full, more as one line each.
const FEW: usize = 12;

/// How many missing modules are named.
const NAMED: usize = 5;

/// How findings are printed unless asked otherwise.
pub fn usual_format(findings: usize) -> OutputFormat {
    if findings <= FEW {
        OutputFormat::Full
    } else {
        OutputFormat::Concise
    }
}

/// Adds what a fix would do to a finding.
pub fn add_fix(diagnostic: &mut Diagnostic, fix: Option<Fix>) {
    let Some(fix) = fix else { return };
    match fix.outcome {
        FixOutcome::Fixed => diagnostic.tags.push("fixable".to_owned()),
        FixOutcome::FixedReview => {
            diagnostic.tags.push("fixable, review".to_owned());
            diagnostic.notes.push(format!("review: {}", fix.reason));
        }
        FixOutcome::Refused => diagnostic.notes.push(format!("no fix: {}", fix.reason)),
    }
}

/// An acquisition that could not be decided.
pub fn undecided(acquisition: &Acquisition, why: &str) -> Diagnostic {
    let resource = &acquisition.resource;
    let severity = Severity::new("undecided", Tone::Notice);
    let message = format!(
        "{} acquires {}: {why}",
        resource.acquired_by, resource.type_name
    );
    Diagnostic::new(severity, message).at(finding::location(&acquisition.location))
}

/// The closing lines: findings by rule, what is hidden, coverage, what was missing.
pub fn summary(
    analysis: &Analysis,
    shown: &[&Finding],
    hidden: usize,
    undecided_listed: bool,
) -> Vec<String> {
    let mut lines = Vec::new();
    let coverage = &analysis.coverage;
    let read = format!(
        "{} in {}",
        counted(coverage.functions, "function"),
        counted(coverage.files, "file")
    );
    if shown.is_empty() {
        lines.push(format!("no findings in {read}"));
    } else {
        let mut rules: BTreeMap<&str, usize> = BTreeMap::new();
        for finding in shown {
            *rules.entry(finding.rule).or_default() += 1;
        }
        let mut rules: Vec<(&str, usize)> = rules.into_iter().collect();
        rules.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
        let rules: Vec<String> = rules
            .iter()
            .map(|(rule, n)| format!("{n} {rule}"))
            .collect();
        lines.push(format!(
            "{} in {read}: {}",
            counted(shown.len(), "finding"),
            rules.join(", ")
        ));
    }
    if hidden > 0 {
        lines.push(format!(
            "{} of lower severity not shown (--severity low)",
            counted(hidden, "finding")
        ));
    }
    lines.extend(suppressed(analysis));
    let undecided = coverage.acquisitions.saturating_sub(coverage.decided);
    let rest = match undecided {
        0 => String::new(),
        _ if undecided_listed => String::new(),
        n => format!("; --undecided lists the other {}", units::count(n as u64)),
    };
    if coverage.acquisitions > 0 {
        lines.push(format!(
            "coverage: {} of {} acquisitions decided{rest}",
            units::count(coverage.decided as u64),
            units::count(coverage.acquisitions as u64)
        ));
        lines.extend(in_the_way(analysis, undecided_listed));
    }
    lines.extend(missing(&analysis.problems));
    lines
}

/// What is not shown because an older tree had it.
pub fn older(findings: usize, commit: &str) -> Option<String> {
    (findings > 0).then(|| {
        let findings = counted(findings, "finding");
        format!("{findings} not shown: in {commit} already")
    })
}

/// What a baseline has to do with the findings.
pub fn known(known: usize, gone: usize, pruned: bool, baseline: &str) -> Vec<String> {
    let mut lines = Vec::new();
    if known > 0 {
        let findings = counted(known, "finding");
        lines.push(format!("{findings} not shown: known from {baseline}"));
    }
    if gone > 0 {
        let findings = counted(gone, "finding");
        lines.push(match pruned {
            true => format!("{findings} gone, and taken out of {baseline}"),
            false => format!("{findings} of {baseline} gone: --prune-baseline takes them out"),
        });
    }
    lines
}

/// How many callees that block are named, and how many where the undecided are listed.
const BLOCKING: usize = 3;
const BLOCKING_LISTED: usize = 20;

/// The callees at which most trails are lost.
fn in_the_way(analysis: &Analysis, undecided_listed: bool) -> Option<String> {
    let most = if undecided_listed {
        BLOCKING_LISTED
    } else {
        BLOCKING
    };
    let named: Vec<String> = blocking(analysis)
        .into_iter()
        .filter(|(_, times)| undecided_listed || *times > 1)
        .take(most)
        .map(|(callee, times)| format!("{callee} ({times})"))
        .collect();
    (!named.is_empty()).then(|| format!("most often undecided at: {}", named.join(", ")))
}

/// The callees at which trails are lost, with how many are: most first, then by name.
pub fn blocking(analysis: &Analysis) -> Vec<(&str, usize)> {
    let mut times: BTreeMap<&str, usize> = BTreeMap::new();
    for acquisition in &analysis.acquisitions {
        if let Outcome::Unknown {
            callee: Some(callee),
            ..
        } = &acquisition.outcome
        {
            *times.entry(callee).or_default() += 1;
        }
    }
    let mut times: Vec<(&str, usize)> = times.into_iter().collect();
    times.sort_by_key(|(callee, times)| (std::cmp::Reverse(*times), *callee));
    times
}

fn suppressed(analysis: &Analysis) -> Option<String> {
    (analysis.suppressed > 0).then(|| {
        let findings = counted(analysis.suppressed, "finding");
        format!("{findings} suppressed by comments")
    })
}

/// What the findings have to be read with: what is silenced, and what was missing.
pub fn limits(analysis: &Analysis) -> Vec<String> {
    let suppressed = suppressed(analysis).into_iter();
    suppressed.chain(remarks(&analysis.problems)).collect()
}

/// Comments that silence findings, or should: what is wrong with them.
pub fn wrong_comments(problems: &[Problem]) -> Vec<Diagnostic> {
    of_comments(problems)
        .map(|problem| {
            let (file, line) = problem
                .place
                .rsplit_once(':')
                .unwrap_or((&problem.place, ""));
            let mut diagnostic =
                Diagnostic::new(Severity::new("notice", Tone::Notice), &problem.what)
                    .at(Location::new(file, line.parse().unwrap_or(1), 1));
            diagnostic.rule = Some(problem.kind.clone());
            diagnostic
        })
        .collect()
}

fn of_comments(problems: &[Problem]) -> impl Iterator<Item = &Problem> {
    problems.iter().filter(|problem| {
        matches!(
            problem.kind.as_str(),
            "stale-ignore" | "unknown-rule" | "ignore-without-reason" | "unknown-parameter"
        )
    })
}

/// What limited a check and which comments are wrong, a line each.
pub fn remarks(problems: &[Problem]) -> Vec<String> {
    let comments = of_comments(problems).map(|p| format!("{}: {}", p.place, p.what));
    missing(problems).into_iter().chain(comments).collect()
}

/// What could not be read, and the command that brings missing modules.
fn missing(problems: &[Problem]) -> Vec<String> {
    let mut lines = Vec::new();
    let modules: Vec<&str> = problems
        .iter()
        .filter(|problem| problem.kind == "missing-module")
        .map(|problem| problem.what.as_str())
        .collect();
    if !modules.is_empty() {
        let named = modules
            .iter()
            .take(NAMED)
            .copied()
            .collect::<Vec<_>>()
            .join(", ");
        let more = match modules.len().saturating_sub(NAMED) {
            0 => String::new(),
            n => format!(" and {n} more"),
        };
        lines.push(format!(
            "{} not in the module cache: {named}{more}; known by name only (go mod download brings them)",
            counted(modules.len(), "module")
        ));
    }
    let broken = problems
        .iter()
        .filter(|problem| problem.kind == "syntax")
        .count();
    if broken > 0 {
        lines.push(format!(
            "{} with syntax errors, checked where it parses",
            counted(broken, "file")
        ));
    }
    for problem in problems
        .iter()
        .filter(|p| p.kind == "unreadable" || p.kind == "no-go-files")
    {
        lines.push(format!(
            "{}: {}",
            problem.kind.replace('-', " "),
            problem.what
        ));
    }
    lines
}

/// `1 file`, `12 files`.
pub fn counted(number: usize, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", units::count(number as u64))
}
