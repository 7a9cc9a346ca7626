//! What a hunt or a diagnosis found, before it is put into words.

use std::collections::BTreeSet;
use std::time::Duration;

use caulk_case::Case;
use caulk_evidence::{By, Culprit, Explanation, GrownBy, Run, UserCode};
use caulk_growth::{Growth, Verdict};
use caulk_leaks::Finding;
use caulk_report::{Patch, json::check, units};
use caulk_target::Death;

use crate::exit::Exit;
use crate::present::input::Input;

/// All that is said at the end.
pub struct Findings {
    /// What grew in the program as it is.
    pub growth: Growth,
    /// The run itself: its series, with the names behind its ids.
    pub run: Run,
    /// Which functions are the user's own.
    pub code: UserCode,
    /// What plain files the run was made of; none for a case.
    pub input: Option<Input>,
    /// The case of that run: its snapshots, rounds and routes.
    pub case: Case,
    /// The places to blame, the heaviest first.
    pub culprits: Vec<Blamed>,
    /// Part of the heap's growth that no place accounts for, 0 to 1, and what allocated it.
    pub unexplained: (f64, Vec<String>),
    /// What it is that grew.
    pub explanation: Explanation,
    /// Growth summed up, where that was asked for.
    pub grown_by: Option<(By, Vec<GrownBy>)>,
    /// New goroutines in all.
    pub new_goroutines: i64,
    /// The run with the fix, where there was one.
    pub proof: Option<Proof>,
    /// Routes that the source registers and that were not loaded.
    pub not_covered: Vec<String>,
    /// The program died under the load.
    pub died: Option<Died>,
    /// What went wrong without ending the hunt, and what could not be known.
    pub warnings: Vec<String>,
    /// How long each part took.
    pub phases: Vec<(String, Duration)>,
    /// Where the case is kept, as the user should read it.
    pub case_shown: Option<String>,
    /// The source's folder, as the user should read it; empty where it is the current one.
    pub source_shown: String,
    /// The patch was written to the user's files.
    pub applied: bool,
}

impl Findings {
    /// What can be said of the program: a growth that was seen stands, but one that died or did not
    /// do its work is not said to be steady.
    pub fn verdict(&self) -> Option<Verdict> {
        let watched = self.died.is_none() && !load_figures(&self.case).mostly_failed();
        self.growth
            .verdict
            .filter(|verdict| watched || *verdict != Verdict::Steady)
    }

    /// The code that says it to other programs.
    pub fn exit(&self) -> Exit {
        match self.verdict() {
            _ if self.died.is_some() => Exit::Found,
            Some(Verdict::Leak) if self.applied => Exit::Clean,
            Some(Verdict::Leak) => Exit::Found,
            Some(Verdict::Steady) => Exit::Clean,
            Some(Verdict::Growing | Verdict::Grew) | None => Exit::Inconclusive,
        }
    }
}

/// The end of a program that nobody asked for.
pub struct Died {
    /// Its exit status, with the reason where that is known.
    pub how: String,
    /// The beginning of its crash, else its last lines.
    pub lines: Vec<String>,
}

impl Died {
    pub fn of(death: &Death) -> Died {
        let mut how = death.to_string();
        // Where the runtime gave up, the reason says so itself.
        if death.out_of_memory && !how.contains("out of memory") {
            how.push_str(", out of memory");
        }
        Died {
            how,
            lines: death.lines.clone(),
        }
    }
}

/// A culprit with what the source says of its place.
pub struct Blamed {
    pub culprit: Culprit,
    /// The acquisition at the place, where it is one.
    pub acquisition: Option<caulk_leaks::Acquisition>,
    /// The finding at the place.
    pub finding: Option<Finding>,
    pub fix: Option<Fix>,
    /// Another way, for a person to write.
    pub better: Option<String>,
}

/// A fix that was planned for a culprit.
pub struct Fix {
    pub json: check::Fix,
    /// The hunks to show; empty where it is refused.
    pub patch: Patch,
}

/// The program with the fix under the same load.
pub struct Proof {
    /// Growth with the fix; none where it did not build or run.
    pub growth: Option<Growth>,
    pub case: Option<Case>,
    pub run: Option<Run>,
    /// Proved: the growth is gone and the answers are as good as before.
    pub proved: bool,
    /// Why not; empty where it is.
    pub reason: String,
}

/// The load of a run in a few figures.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct LoadFigures {
    /// Sent after the warm-up.
    pub requests: u64,
    pub rounds: u64,
    /// Answered with an error status, or not at all.
    pub failed: u64,
    /// Median of the rounds' medians, in seconds.
    pub p50_seconds: f64,
    /// Largest of the rounds' 99th percentiles, in seconds.
    pub p99_seconds: f64,
}

impl LoadFigures {
    /// Whether what the program should have done was not done, for the greater part.
    pub fn mostly_failed(&self) -> bool {
        self.failed.saturating_mul(2) > self.requests
    }
}

/// How most requests failed, as `533 of 533 requests failed (status 400)`; none where they did not.
pub fn mostly_failed(case: &Case) -> Option<String> {
    let load = load_figures(case);
    if !load.mostly_failed() {
        return None;
    }
    let statuses: BTreeSet<u16> = measured_rounds(case)
        .flat_map(|round| round.statuses.keys().copied())
        .filter(|status| *status >= 400)
        .collect();
    let answers = match statuses.len() {
        0 => "no answer".to_owned(),
        _ => {
            let statuses: Vec<String> = statuses.iter().map(u16::to_string).collect();
            format!("status {}", statuses.join(", "))
        }
    };
    Some(format!(
        "{} of {} requests failed ({answers})",
        units::count(load.failed),
        units::count(load.requests)
    ))
}

fn measured_rounds(case: &Case) -> impl Iterator<Item = &caulk_case::Round> {
    case.rounds
        .iter()
        .filter(|round| round.stage == caulk_case::Stage::Round)
}

/// The figures of the rounds after the warm-up.
pub fn load_figures(case: &Case) -> LoadFigures {
    let rounds: Vec<_> = measured_rounds(case).collect();
    let failed = |round: &caulk_case::Round| {
        let errors = round
            .statuses
            .iter()
            .filter(|(status, _)| **status >= 400)
            .map(|(_, n)| n);
        errors.chain(round.failures.values()).sum::<u64>()
    };
    let mut medians: Vec<f64> = rounds
        .iter()
        .filter_map(|round| Some(round.latency?.p50_seconds))
        .collect();
    medians.sort_by(f64::total_cmp);
    LoadFigures {
        requests: rounds.iter().map(|round| round.requests).sum(),
        rounds: rounds.len() as u64,
        failed: rounds.iter().map(|round| failed(round)).sum(),
        p50_seconds: medians.get(medians.len() / 2).copied().unwrap_or(0.0),
        p99_seconds: rounds
            .iter()
            .filter_map(|round| Some(round.latency?.p99_seconds))
            .fold(0.0, f64::max),
    }
}
