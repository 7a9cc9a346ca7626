//! A run of the program: loads it, captures it, stops it. What comes next is not its business.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::anyhow;
use caulk_case::{Case, CaseFolder, Metrics, Round, Snapshot, SnapshotIndex};
use caulk_case::{Load as CaseLoad, Stage};
use caulk_profile::goroutine::Dump;
use caulk_system::Limits;
use caulk_target::{Built, Captured, Death, Endpoint, EndpointOptions, Placeholders, Program};

use super::failures::{load_failed, no_agent, target_error};
use super::launch::{Launcher, RunLoad};
use super::setup::Setup;
use super::workshop::Workshop;
use crate::exit::Failure;
use crate::progress::Progress;
use crate::recording;

/// How long a program may take to end when it is asked to.
const STOP_WITHIN: Duration = Duration::from_secs(5);
/// How long a server may take to notice that its clients have left.
const SETTLE_WITHIN: Duration = Duration::from_secs(3);

/// A program that runs, with its companions, its load and its case.
pub struct Running {
    program: Option<Program>,
    endpoint: Option<Endpoint>,
    companions: Vec<Program>,
    load: RunLoad,
    /// Requests sent so far, the warm-up included.
    sent: u64,
    /// Requests that were answered so far.
    answered: u64,
    counted: bool,
    begun: Instant,
    case: CaseFolder,
    dumps: Vec<Option<Dump>>,
    warnings: Vec<String>,
    // Dropped last: it holds the temporary folder of `{tmp}`.
    _places: Placeholders,
}

/// What is left of a run.
pub struct Record {
    pub case: CaseFolder,
    /// The goroutine dump of each snapshot.
    pub dumps: Vec<Option<Dump>>,
    pub warnings: Vec<String>,
    pub death: Option<Death>,
}

/// How a round of load went.
pub enum RoundEnd {
    Whole,
    /// The program ended.
    Died,
    /// Time ran out, or nothing answers any more.
    CutShort,
}

impl Running {
    /// Starts the companions, then the program, and waits until all are ready.
    pub fn start(
        setup: &Setup,
        workshop: &Workshop,
        built: Option<&Built>,
        case_folder: &Path,
        progress: &Progress,
        limits: &Limits,
    ) -> Result<Running, Failure> {
        let mut launcher = Launcher::new(setup, workshop, progress, limits);
        let companions = launcher.companions()?;
        let (load, routes) = launcher.load()?;
        let program = launcher.program(built)?;
        let endpoint = launcher.endpoint()?;
        if let (None, Some(endpoint)) = (&program, &endpoint) {
            // A service that nobody started here is asked before it is loaded.
            endpoint
                .capture(&EndpointOptions::default(), limits)
                .map_err(no_agent)?;
        }
        let mut case = Case::new(
            concat!("caulk ", env!("CARGO_PKG_VERSION")),
            launcher.name(),
        );
        case.commands = launcher.commands(&load);
        case.routes = routes;
        case.mem_profile_rate = program.as_ref().map(|_| setup.mem_profile_rate);
        Ok(Running {
            program,
            endpoint,
            companions,
            load,
            sent: 0,
            answered: 0,
            counted: true,
            begun: Instant::now(),
            case: CaseFolder::create(case_folder, case)?,
            dumps: Vec::new(),
            warnings: Vec::new(),
            _places: launcher.into_places(),
        })
    }

    /// Sends requests.
    pub fn send(
        &mut self,
        requests: u64,
        vary: bool,
        stage: Stage,
        limits: &Limits,
    ) -> Result<RoundEnd, Failure> {
        let start = self.begun.elapsed().as_secs_f64();
        let number = u32::try_from(self.case.case.rounds.len()).unwrap_or(u32::MAX);
        let mut round = Round {
            stage,
            load: Some(if vary {
                CaseLoad::Varied
            } else {
                CaseLoad::Same
            }),
            start_seconds: start,
            end_seconds: start,
            requests,
            statuses: BTreeMap::new(),
            failures: BTreeMap::new(),
            latency: None,
        };
        let mut end = RoundEnd::Whole;
        match &self.load {
            RunLoad::Own(load) => {
                let stats = load.run_round(requests, self.sent, vary, limits)?;
                self.sent += stats.sent();
                self.answered += stats.answered();
                round.requests = stats.sent();
                round.statuses = stats.statuses();
                round.failures = stats
                    .failures()
                    .into_iter()
                    .map(|(kind, n)| (kind.describe().to_owned(), n))
                    .collect();
                round.latency = recording::latency(&stats);
                if stats.stopped.is_some() || stats.gave_up {
                    end = RoundEnd::CutShort;
                }
                if let (true, Some(first)) = (stats.failed() > 0, &stats.first_failure)
                    && self.warnings.is_empty()
                {
                    self.warnings.push(format!("requests failed: {first}"));
                }
            }
            RunLoad::Command(command) => {
                let done = command.run_round(number, limits).map_err(target_error)?;
                match done.requests {
                    Some(requests) => {
                        self.sent += requests;
                        self.answered += requests;
                        round.requests = requests;
                    }
                    None if !done.status.success() => return Err(load_failed(&done)),
                    None => {
                        self.counted = false;
                        round.requests = 0;
                    }
                }
                if !done.status.success() && self.warnings.is_empty() {
                    self.warnings
                        .push(format!("the load command fails, {}", done.status));
                }
            }
        }
        round.end_seconds = self.begun.elapsed().as_secs_f64();
        self.case.add_round(round)?;
        if let Some(program) = &mut self.program {
            if program.death().is_some() {
                return Ok(RoundEnd::Died);
            }
            // Connections that the load has closed are noticed a moment later.
            let _ = program.settle(SETTLE_WITHIN, limits);
        }
        self.check_companions()?;
        Ok(end)
    }

    fn check_companions(&mut self) -> Result<(), Failure> {
        for companion in &mut self.companions {
            if let Some(death) = companion.death() {
                let name = companion.name();
                let lines = death.lines.join("\n    ");
                return Err(Failure::target(anyhow!(
                    "the companion {name} ended under the load, {death}; its last lines:\n    {lines}"
                )));
            }
        }
        Ok(())
    }

    /// Takes a snapshot into the case.
    pub fn capture(
        &mut self,
        stage: Stage,
        vary: Option<bool>,
        limits: &Limits,
    ) -> Result<(), Failure> {
        let seconds = self.begun.elapsed().as_secs_f64();
        let captured = match (&self.program, &self.endpoint) {
            (Some(program), None) => match program.capture(limits) {
                Some(captured) => captured.map_err(target_error)?,
                None => {
                    return Err(Failure::target(anyhow!(
                        "the program has no agent and serves no profiles"
                    )));
                }
            },
            (_, Some(endpoint)) => {
                let options = EndpointOptions {
                    collect: true,
                    stacks: true,
                    ..EndpointOptions::default()
                };
                endpoint
                    .capture(&options, limits)
                    .map_err(|error| match &self.program {
                        Some(_) => no_agent(error),
                        None => target_error(error),
                    })?
            }
            (None, None) => {
                return Err(Failure::target(anyhow!("there is nothing to capture from")));
            }
        };
        for problem in &captured.problems {
            if !self.warnings.contains(problem) {
                self.warnings.push(problem.clone());
            }
        }
        if let Some(stats) = &captured.metrics.runtime
            && !stats.go_version.is_empty()
        {
            self.case.case.go_version = Some(stats.go_version.clone());
        }
        let dump = captured
            .goroutines
            .as_ref()
            .map(|dump| caulk_profile::goroutine::read(&dump.bytes));
        let snapshot = Snapshot {
            index: SnapshotIndex::default(),
            stage,
            load: vary.map(|vary| {
                if vary {
                    CaseLoad::Varied
                } else {
                    CaseLoad::Same
                }
            }),
            time: jiff::Timestamp::try_from(captured.at).ok(),
            seconds,
            requests: self.counted.then_some(self.answered),
            metrics: self.metrics(&captured),
            files: Vec::new(),
        };
        self.case
            .add_snapshot(snapshot, &recording::raw_files(captured))?;
        self.dumps.push(dump);
        Ok(())
    }

    fn metrics(&self, captured: &Captured) -> Metrics {
        let metrics = &captured.metrics;
        let facts = metrics
            .process
            .or_else(|| self.program.as_ref().and_then(Program::facts));
        let figure = |name: &str| {
            metrics
                .runtime
                .as_ref()
                .and_then(|s| s.figures.get(name).copied())
        };
        Metrics {
            goroutines: figure("goroutines"),
            fds_before_gc: metrics.descriptors_before.as_ref().map(|d| d.total),
            fds_after_gc: metrics.descriptors_after.as_ref().map(|d| d.total),
            connections: metrics.descriptors_before.as_ref().map(|d| d.sockets),
            rss_bytes: facts.and_then(|facts| facts.rss_bytes),
            cgroup_bytes: metrics.cgroup.as_ref().map(|c| c.current_bytes),
            heap_alloc_bytes: figure("heap_alloc_bytes"),
            heap_inuse_bytes: figure("heap_inuse_bytes"),
            heap_idle_bytes: figure("heap_idle_bytes")
                .map(|idle| idle.saturating_sub(figure("heap_released_bytes").unwrap_or(0))),
            stack_inuse_bytes: figure("stack_inuse_bytes"),
            sys_bytes: figure("sys_bytes"),
            ..Metrics::default()
        }
    }

    /// The case so far, and the dumps of its snapshots.
    pub fn so_far(&self) -> (&CaseFolder, &[Option<Dump>]) {
        (&self.case, &self.dumps)
    }

    /// Ends the program and its companions.
    pub fn stop(mut self) -> Record {
        let death = self.program.as_mut().and_then(Program::death);
        if let Some(program) = self.program.take() {
            program.stop(STOP_WITHIN);
        }
        for companion in self.companions.drain(..) {
            companion.stop(STOP_WITHIN);
        }
        Record {
            case: self.case,
            dumps: self.dumps,
            warnings: self.warnings,
            death,
        }
    }
}
