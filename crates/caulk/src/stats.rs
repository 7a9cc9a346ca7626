//! What a check read and where its time went, for `--stats`: on stderr, since times are no results.

use std::collections::BTreeMap;
use std::io::Write;
use std::time::{Duration, Instant};

use caulk_leaks::{Analysis, Outcome, Reused};

/// How many reasons for undecided acquisitions are told.
const REASONS: usize = 10;

/// Phases with the time that each took.
#[derive(Debug, Clone)]
pub struct Phases {
    since: Instant,
    took: Vec<(&'static str, Duration)>,
}

impl Phases {
    /// The first phase begins.
    pub fn start() -> Phases {
        Phases {
            since: Instant::now(),
            took: Vec::new(),
        }
    }

    /// Other phases are over, and the next begins.
    pub fn add(&mut self, others: &Phases) {
        self.took.extend(others.took.iter().copied());
        self.since = Instant::now();
    }

    /// A phase is over, and the next begins.
    pub fn end(&mut self, name: &'static str) {
        self.took.push((name, self.since.elapsed()));
        self.since = Instant::now();
    }
}

/// What the cache had to do with a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CacheUse {
    /// It was not to be used, or there is none.
    Off,
    /// The whole answer was there.
    Hit,
    /// What was there holds for some packages.
    Part(Reused),
    /// Nothing was there, or so much has changed that nothing of it holds.
    Miss,
}

/// Writes it down, a line for each kind of fact.
pub fn print(analysis: &Analysis, cache: CacheUse, phases: &Phases) {
    let mut text = String::new();
    for line in lines(analysis, cache, phases) {
        text.push_str("stats: ");
        text.push_str(&line);
        text.push('\n');
    }
    // A reader of stderr who has gone does not end the work.
    drop(std::io::stderr().write_all(text.as_bytes()));
}

fn lines(analysis: &Analysis, cache: CacheUse, phases: &Phases) -> Vec<String> {
    let coverage = &analysis.coverage;
    let missing = |kind: &str| analysis.problems.iter().filter(|p| p.kind == kind).count();
    let mut lines = vec![
        format!(
            "read {} files, {} functions; missing {} modules, {} packages",
            coverage.files,
            coverage.functions,
            missing("missing-module"),
            missing("missing-package"),
        ),
        format!(
            "acquisitions {}, decided {}, undecided {}",
            coverage.acquisitions,
            coverage.decided,
            coverage.acquisitions - coverage.decided
        ),
    ];
    lines.extend(
        reasons(analysis)
            .into_iter()
            .map(|(why, count)| format!("undecided {count}: {why}")),
    );
    lines.push(match cache {
        CacheUse::Off => "cache off".to_owned(),
        CacheUse::Hit => "cache hit: nothing has changed since an earlier run".to_owned(),
        CacheUse::Part(Reused { packages, of }) => {
            format!(
                "cache used for {packages} of {of} packages: {} followed again",
                of - packages
            )
        }
        CacheUse::Miss => "cache miss".to_owned(),
    });
    let milliseconds = |time: &Duration| format!("{:.1} ms", time.as_secs_f64() * 1e3);
    let took: Vec<String> = phases
        .took
        .iter()
        .map(|(name, time)| format!("{name} {}", milliseconds(time)))
        .collect();
    let all = phases.took.iter().map(|(_, time)| *time).sum();
    lines.push(format!("time {} ({})", milliseconds(&all), took.join(", ")));
    lines
}

/// What most often keeps acquisitions from being decided: calls whose effect is not known name the callee.
fn reasons(analysis: &Analysis) -> Vec<(&str, usize)> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for acquisition in &analysis.acquisitions {
        if let Outcome::Unknown { why, .. } = &acquisition.outcome {
            *counts.entry(why).or_default() += 1;
        }
    }
    let mut reasons: Vec<(&str, usize)> = counts.into_iter().collect();
    reasons.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
    reasons.truncate(REASONS);
    reasons
}
