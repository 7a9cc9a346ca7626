//! The hands of a hunt: builds, starts, loads, captures and stops. What comes next is not its business.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::anyhow;
use caulk_case::{Case, CaseFolder, Metrics, Round, Snapshot, SnapshotIndex};
use caulk_case::{Load as CaseLoad, Stage};
use caulk_profile::goroutine::Dump;
use caulk_system::{Limits, TempFolder};
use caulk_target::{
    Build, Built, Captured, Death, Endpoint, EndpointOptions, GoFlags, GoTool, Launch, Load,
    LoadCommand, LoadSpec, MainPackage, Placeholders, Profiling, Program, ReadyCheck, What, build,
};

use super::failures::{load_failed, no_agent, package_error, target_error};
use super::setup::{LoadSource, Setup, Source};
use crate::exit::Failure;
use crate::load_flags::method_and_url;
use crate::progress::Progress;
use crate::recording;

/// How long a program may take to end when it is asked to.
const STOP_WITHIN: Duration = Duration::from_secs(5);
/// How long a server may take to notice that its clients have left.
const SETTLE_WITHIN: Duration = Duration::from_secs(3);

/// The program's build, kept between the two runs.
pub struct Workshop {
    work: TempFolder,
    pub go: Option<GoTool>,
    pub package: Option<MainPackage>,
    companions: BTreeMap<String, Built>,
}

impl Workshop {
    pub fn new() -> anyhow::Result<Workshop> {
        let work = TempFolder::new("caulk-hunt-")?;
        Ok(Workshop {
            work,
            go: None,
            package: None,
            companions: BTreeMap::new(),
        })
    }

    /// Finds the program's package and the toolchain.
    pub fn find(&mut self, setup: &Setup, limits: &Limits) -> Result<(), Failure> {
        let Source::Package(named) = &setup.source else {
            return Ok(());
        };
        let (go, package) =
            MainPackage::find(&setup.folder, named, limits).map_err(package_error)?;
        self.go = Some(go);
        self.package = Some(package);
        Ok(())
    }

    /// Builds the program with `edits` laid over it, and its companions where they are not yet.
    pub fn build(
        &mut self,
        setup: &Setup,
        edits: &BTreeMap<PathBuf, Vec<u8>>,
        limits: &Limits,
    ) -> Result<Built, Failure> {
        for companion in &setup.companions {
            self.build_companion(setup, companion, limits)?;
        }
        let (Some(go), Some(package)) = (&self.go, &self.package) else {
            return Err(Failure::target(anyhow!("there is no package to build")));
        };
        let flags = GoFlags {
            tags: setup.build_tags.clone(),
            more: Vec::new(),
        };
        let name = if edits.is_empty() {
            "as-is"
        } else {
            "with-fix"
        };
        let work = self.work.path().join(name);
        let asked = Build {
            package,
            flags: &flags,
            agent: true,
            edits,
            work: &work,
        };
        build(go, &asked, limits).map_err(target_error)
    }

    /// Builds the companions alone: where the program itself is the user's own binary.
    pub fn build_companions(&mut self, setup: &Setup, limits: &Limits) -> Result<(), Failure> {
        for companion in &setup.companions {
            self.build_companion(setup, companion, limits)?;
        }
        Ok(())
    }

    fn build_companion(
        &mut self,
        setup: &Setup,
        companion: &crate::config::CompanionConfig,
        limits: &Limits,
    ) -> Result<(), Failure> {
        let Some(named) = &companion.package else {
            return Ok(());
        };
        if self.companions.contains_key(&companion.name) {
            return Ok(());
        }
        let (go, package) =
            MainPackage::find(&setup.folder, named, limits).map_err(package_error)?;
        let flags = GoFlags {
            tags: setup.build_tags.clone(),
            more: Vec::new(),
        };
        let edits = BTreeMap::new();
        let work = self
            .work
            .path()
            .join(format!("companion-{}", self.companions.len()));
        let asked = Build {
            package: &package,
            flags: &flags,
            agent: false,
            edits: &edits,
            work: &work,
        };
        let built = build(&go, &asked, limits).map_err(target_error)?;
        self.companions.insert(companion.name.clone(), built);
        Ok(())
    }
}

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

enum RunLoad {
    Own(Load),
    Command(LoadCommand),
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
        let mut places = Placeholders::new();
        let mut expand = |text: &str| places.expand(text).map_err(Failure::from);

        let mut companions = Vec::new();
        for companion in &setup.companions {
            progress.detail(format!("starting {}", companion.name));
            let what = match (workshop.companions.get(&companion.name), &companion.command) {
                (Some(built), _) => What::Binary {
                    path: built.binary.clone(),
                    args: companion
                        .args
                        .iter()
                        .map(|a| expand(a))
                        .collect::<Result<_, _>>()?,
                    agent: false,
                },
                (None, Some(words)) => {
                    let words: Vec<String> =
                        words.iter().map(|w| expand(w)).collect::<Result<_, _>>()?;
                    let Some((program, args)) = words.split_first() else {
                        return Err(anyhow!(
                            "the command of the companion {} is empty",
                            companion.name
                        )
                        .into());
                    };
                    What::Binary {
                        path: program.into(),
                        args: args.to_vec(),
                        agent: false,
                    }
                }
                (None, None) => {
                    return Err(anyhow!(
                        "the companion {} has neither package nor command",
                        companion.name
                    )
                    .into());
                }
            };
            let launch = Launch {
                name: companion.name.clone(),
                what,
                folder: setup.folder.clone(),
                env: pairs(&companion.env, &mut expand)?,
                profiling: None,
                ready: checks(companion.ready.as_deref(), &mut expand)?,
                ready_timeout: setup.ready_timeout,
                log: None,
            };
            companions.push(Program::start(&launch, limits).map_err(target_error)?);
        }

        let (load, mut case) = prepare_load(setup, &mut expand)?;
        let ready = match (&setup.ready, &load) {
            (Some(_), _) => checks(setup.ready.as_deref(), &mut expand)?,
            (None, RunLoad::Own(_)) => first_port(setup, &mut expand)?,
            (None, RunLoad::Command(_)) => Vec::new(),
        };
        let env = setup
            .env
            .iter()
            .map(|(name, value)| Ok((name.clone(), expand(value)?)))
            .collect::<Result<Vec<_>, Failure>>()?;
        let name = match &setup.source {
            Source::Package(named) => workshop
                .package
                .as_ref()
                .map_or(named.clone(), |p| p.import_path.clone()),
            Source::Exec(command) => command.clone(),
            Source::Attach(url) => url.clone(),
        };
        case.target = name.clone();
        case.commands.start = std::iter::once(name.clone())
            .chain(setup.args.iter().cloned())
            .collect();
        case.commands.companions = setup.companions.iter().map(companion_words).collect();
        case.mem_profile_rate =
            (!matches!(setup.source, Source::Attach(_))).then_some(setup.mem_profile_rate);

        let what = match (&setup.source, built) {
            (Source::Attach(_), _) => None,
            (Source::Exec(command), _) => Some(What::Shell(expand(command)?)),
            (Source::Package(_), Some(built)) => Some(What::Binary {
                path: built.binary.clone(),
                args: setup
                    .args
                    .iter()
                    .map(|a| expand(a))
                    .collect::<Result<_, _>>()?,
                agent: true,
            }),
            (Source::Package(_), None) => {
                return Err(Failure::target(anyhow!("the program is not built")));
            }
        };
        progress.detail(format!("starting {name}"));
        let program = match what {
            None => None,
            Some(what) => {
                let launch = Launch {
                    name,
                    what,
                    folder: setup.folder.clone(),
                    env,
                    profiling: Some(Profiling {
                        mem_profile_rate: setup.mem_profile_rate,
                        ..Profiling::default()
                    }),
                    ready,
                    ready_timeout: setup.ready_timeout,
                    log: None,
                };
                Some(Program::start(&launch, limits).map_err(target_error)?)
            }
        };
        let endpoint = match &setup.source {
            Source::Attach(url) => Some(Endpoint::new(url, Vec::new())),
            Source::Exec(_) => pprof_of_load(setup, &mut expand)?,
            Source::Package(_) => None,
        };
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
            _places: places,
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

/// A companion as the case names it: its package or command, with its arguments.
fn companion_words(companion: &crate::config::CompanionConfig) -> Vec<String> {
    match (&companion.package, &companion.command) {
        (Some(package), _) => std::iter::once(package.clone())
            .chain(companion.args.iter().cloned())
            .collect(),
        (None, command) => command.clone().unwrap_or_default(),
    }
}

type Expand<'e> = dyn FnMut(&str) -> Result<String, Failure> + 'e;

fn pairs(
    env: &BTreeMap<String, String>,
    expand: &mut Expand<'_>,
) -> Result<Vec<(String, String)>, Failure> {
    env.iter()
        .map(|(name, value)| Ok((name.clone(), expand(value)?)))
        .collect()
}

fn checks(ready: Option<&str>, expand: &mut Expand<'_>) -> Result<Vec<ReadyCheck>, Failure> {
    let Some(ready) = ready else {
        return Ok(Vec::new());
    };
    Ok(vec![
        expand(ready)?
            .parse::<ReadyCheck>()
            .map_err(|error| anyhow!("failed to {error}"))?,
    ])
}

fn first_port(setup: &Setup, expand: &mut Expand<'_>) -> Result<Vec<ReadyCheck>, Failure> {
    let LoadSource::Own(loads) = &setup.load else {
        return Ok(Vec::new());
    };
    let Some(first) = loads.first() else {
        return Ok(Vec::new());
    };
    let (_, url) = method_and_url(&expand(&first.request)?)?;
    Ok(ReadyCheck::port_of(&url).into_iter().collect())
}

/// A binary of the user's own has no agent: its profiles are looked for where the load goes.
fn pprof_of_load(setup: &Setup, expand: &mut Expand<'_>) -> Result<Option<Endpoint>, Failure> {
    let LoadSource::Own(loads) = &setup.load else {
        return Ok(None);
    };
    let Some(first) = loads.first() else {
        return Ok(None);
    };
    let (_, url) = method_and_url(&expand(&first.request)?)?;
    let authority = url
        .split("://")
        .nth(1)
        .and_then(|rest| rest.split(['/', '?']).next());
    Ok(authority.map(|authority| Endpoint::new(&format!("http://{authority}"), Vec::new())))
}

fn prepare_load(setup: &Setup, expand: &mut Expand<'_>) -> Result<(RunLoad, Case), Failure> {
    let mut case = Case::new(concat!("caulk ", env!("CARGO_PKG_VERSION")), "");
    let loads = match &setup.load {
        LoadSource::Command(line) => {
            let line = expand(line)?;
            case.commands.load = vec![line.clone()];
            return Ok((
                RunLoad::Command(LoadCommand {
                    line,
                    folder: setup.folder.clone(),
                    env: Vec::new(),
                }),
                case,
            ));
        }
        LoadSource::Own(loads) => loads,
    };
    let (requests, routes) = recording::requests(loads, expand)?;
    case.routes = routes;
    let spec = LoadSpec {
        requests,
        concurrency: setup.concurrency,
        rps: setup.rps,
        timeout: setup.request_timeout,
    };
    Ok((
        RunLoad::Own(Load::new(spec).map_err(|error| anyhow!("failed to {error}"))?),
        case,
    ))
}
