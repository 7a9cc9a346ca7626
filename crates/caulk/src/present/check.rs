//! The rest of what `check` and `fix` print beside the findings themselves.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use caulk_leaks::{self as leaks, Acquisition, Analysis, Finding, Outcome, Problem};
use caulk_report::json::check::{Fix, FixOutcome};
use caulk_report::{Diagnostic, Location, Severity, Tone, units};

use super::finding;
use crate::cli::OutputFormat;

/// Up to this many findings are printed in full, more as one line each.
const FEW: usize = 12;

/// How many missing modules are named.
const NAMED: usize = 2;

/// How many files with syntax errors are named.
const BROKEN: usize = 3;

/// What to do with findings.
pub const NEXT: &str =
    "next: caulk fix --diff prints the patch, caulk explain FILE:LINE says why a line is reported";

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
    let mut diagnostic =
        Diagnostic::new(severity, message).at(finding::location(&acquisition.location));
    diagnostic.rule = Some(acquisition.rule.to_owned());
    diagnostic
}

/// The closing lines: findings by rule, what is hidden, coverage, what was missing. `new_only` says that findings which were
/// known before are left out.
pub fn summary(
    analysis: &Analysis,
    shown: &[&Finding],
    hidden: usize,
    new_only: bool,
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
        let new = if new_only { "new " } else { "" };
        lines.push(format!("no {new}findings in {read}"));
    } else {
        let mut rules: BTreeMap<&str, usize> = BTreeMap::new();
        for finding in shown {
            *rules.entry(finding.rule).or_default() += 1;
        }
        let mut rules: Vec<(&str, usize)> = rules.into_iter().collect();
        rules.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
        let rules: Vec<String> = rules
            .iter()
            .map(|(rule, n)| format!("{} {rule}", units::count(*n as u64)))
            .collect();
        lines.push(format!(
            "{}{} in {read}: {}",
            counted(shown.len(), "finding"),
            by_severity(shown),
            rules.join(", ")
        ));
    }
    lines.extend(lower(hidden, "not shown"));
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
        lines.extend(undecided_listed.then(|| in_the_way(analysis)).flatten());
    }
    lines.extend(missing(&analysis.problems));
    lines
}

/// How many findings are of each severity, where they differ.
fn by_severity(findings: &[&Finding]) -> String {
    let mut counts: BTreeMap<Reverse<leaks::Severity>, usize> = BTreeMap::new();
    for finding in findings {
        *counts.entry(Reverse(finding.severity)).or_default() += 1;
    }
    if counts.len() < 2 {
        return String::new();
    }
    let counts: Vec<String> = counts
        .iter()
        .map(|(Reverse(severity), n)| format!("{} {}", units::count(*n as u64), severity.word()))
        .collect();
    format!(" ({})", counts.join(", "))
}

/// What is `left_out` because it matters less.
pub fn lower(findings: usize, left_out: &str) -> Option<String> {
    (findings > 0).then(|| {
        let findings = counted(findings, "finding");
        format!("{findings} of lower severity {left_out} (--severity low)")
    })
}

/// Where findings are that are not on stdout.
pub fn in_files(shown: usize, all: usize, files: &[String]) -> String {
    let lower = match all.saturating_sub(shown) {
        0 => String::new(),
        n => format!(" and {} of lower severity", units::count(n as u64)),
    };
    format!(
        "{}{lower}, written to {}",
        counted(shown, "finding"),
        files.join(", ")
    )
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
            true => format!("{findings} gone and taken out of {baseline}"),
            false => {
                let (are, them) = if gone == 1 {
                    ("is", "it")
                } else {
                    ("are", "them")
                };
                format!("{findings} of {baseline} {are} gone: --prune-baseline takes {them} out")
            }
        });
    }
    lines
}

/// How many callees that block are named.
const BLOCKING: usize = 20;

/// The callees at which most trails are lost.
fn in_the_way(analysis: &Analysis) -> Option<String> {
    let named: Vec<String> = blocking(analysis)
        .into_iter()
        .take(BLOCKING)
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
    times.sort_by_key(|(callee, times)| (Reverse(*times), *callee));
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
        .into_iter()
        .map(|problem| {
            let (file, line) = place_of(problem);
            let mut diagnostic =
                Diagnostic::new(Severity::new("notice", Tone::Notice), &problem.what)
                    .at(Location::new(file, line, 1));
            diagnostic.rule = Some(problem.kind.clone());
            diagnostic
        })
        .collect()
}

/// As they stand in the files.
fn of_comments(problems: &[Problem]) -> Vec<&Problem> {
    let is_of_comment = |problem: &&Problem| {
        matches!(
            problem.kind.as_str(),
            "stale-ignore" | "unknown-rule" | "ignore-without-reason" | "unknown-parameter"
        )
    };
    let mut comments: Vec<&Problem> = problems.iter().filter(is_of_comment).collect();
    comments.sort_by_key(|problem| place_of(problem));
    comments
}

fn place_of(problem: &Problem) -> (&str, u32) {
    let place = problem.place.rsplit_once(':');
    let (file, line) = place.unwrap_or((&problem.place, ""));
    (file, line.parse().unwrap_or(1))
}

/// What limited a check and which comments are wrong, a line each.
pub fn remarks(problems: &[Problem]) -> Vec<String> {
    let comments = of_comments(problems).into_iter();
    let comments = comments.map(|p| format!("{}: {}", p.place, p.what));
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
        let named = some_of(&modules, NAMED);
        lines.push(format!(
            "{} not in the module cache, known by name only: {named} (go mod download brings them)",
            counted(modules.len(), "module")
        ));
    }
    let broken: Vec<&str> = problems
        .iter()
        .filter(|problem| problem.kind == "syntax")
        .map(|problem| problem.place.as_str())
        .collect();
    if !broken.is_empty() {
        lines.push(format!(
            "{} with syntax errors, checked where it parses: {}",
            counted(broken.len(), "file"),
            some_of(&broken, BROKEN)
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

/// `a, b and 7 more`.
fn some_of(names: &[&str], most: usize) -> String {
    let (named, rest) = names.split_at(names.len().min(most));
    match rest.len() {
        0 => named.join(", "),
        more => format!("{} and {more} more", named.join(", ")),
    }
}

/// `1 file`, `12 files`.
pub fn counted(number: usize, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", units::count(number as u64))
}
