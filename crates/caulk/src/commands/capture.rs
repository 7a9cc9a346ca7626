//! `caulk capture`: snapshots of a running service into a case.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{anyhow, bail};
use caulk_case::{
    Case, CaseFolder, Load as CaseLoad, Metrics, Round, Snapshot, SnapshotIndex, Stage,
};
use caulk_report::{Block, Report, units};
use caulk_system::{Limits, Stopped};
use caulk_target::{
    CaptureError, Captured, Endpoint, EndpointOptions, Load, LoadSpec, Placeholders,
};
use clap::Args;
use serde::Serialize;

use crate::cli::OutputFormat;
use crate::config::LoadConfig;
use crate::context::{Context, shown};
use crate::exit::{Exit, Failure, Outcome};
use crate::load_flags::{self, LoadFlags, duration, header_parts};
use crate::progress::Progress;
use crate::recording;

/// Snapshots missed one after the other until the watch is given up.
const MOST_MISSED: u32 = 3;
/// Snapshots of a watch that has a load, unless --count says otherwise.
const ROUNDS: u32 = 8;

/// Take snapshots of a running service with net/http/pprof into a case
///
/// Nothing is asked for that stops the service for long: no collection is forced (--gc) and stacks
/// are not printed one by one (--stacks). Without --load only the traffic that it has is watched.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct CaptureArgs {
    /// The service, its /debug/pprof/, or another folder under which its profiles are
    #[arg(value_name = "URL", value_parser = load_flags::service_url)]
    pub url: String,
    /// Where to keep the snapshots; a case of the same service is continued
    #[arg(short, long, value_name = "CASE")]
    pub output: PathBuf,
    /// Time from one snapshot to the next [default: 30s; with --load, as soon as its requests are answered]
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub every: Option<Duration>,
    /// Snapshots to take [default: until Ctrl-C; 8 with --load]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub count: Option<u32>,
    /// Force a collection before each heap profile, which else is as of the last one
    #[arg(long)]
    pub gc: bool,
    /// Print every goroutine's stack instead of counting equal ones
    #[arg(long)]
    pub stacks: bool,
    /// Header of the requests for profiles or, after a --load, of that load; never written to the case
    #[arg(long, value_name = "'NAME: VALUE'")]
    pub header: Vec<String>,
    #[command(flatten)]
    pub load: LoadFlags,
    /// Requests between two snapshots
    #[arg(long, value_name = "N", default_value_t = 100, help_heading = "Load")]
    pub requests: u64,
    /// Requests under way at once
    #[arg(long, value_name = "N", default_value_t = 8, help_heading = "Load")]
    pub concurrency: usize,
    /// Requests per second [default: as fast as they are answered]
    #[arg(long, value_name = "RATE", help_heading = "Load")]
    pub rps: Option<f64>,
    /// Time limit of one request
    #[arg(long, value_name = "TIME", value_parser = duration, default_value = "10s", help_heading = "Load")]
    pub request_timeout: Duration,
}

const EXAMPLES: &str = "\
Examples:
  caulk capture http://127.0.0.1:6060 -o api.case --every 1m --count 10
  caulk capture https://api.internal/debug/pprof/ -o api.case --header 'Authorization: Bearer …'
  caulk capture http://127.0.0.1:6060 -o api.case --load 'POST http://127.0.0.1:8080/v0/cron' --gc";

pub fn run(args: CaptureArgs, matches: &clap::ArgMatches, context: &Context) -> Outcome {
    let (mut loads, headers) = load_flags::loads_and_headers(matches)?;
    load_flags::complete(&mut loads, &caulk_system::current_folder()?, &context.files)?;
    let headers = headers
        .iter()
        .map(|header| header_parts(header))
        .collect::<Result<_, _>>()?;
    let mut watch = Watch::new(&args, &loads, headers, context)?;
    let ended = watch.watch();
    watch.progress.finish();
    match ended {
        Ok(()) => watch.tell(),
        Err(failure) => Err(watch.with_place(failure)),
    }
}

/// A service that is watched.
struct Watch<'a> {
    context: &'a Context,
    progress: Progress,
    limits: Limits,
    endpoint: Endpoint,
    options: EndpointOptions,
    load: Option<Traffic>,
    every: Duration,
    count: Option<u32>,
    begun: Instant,
    /// There from the first snapshot on.
    case: Option<CaseFolder>,
    new_case: Case,
    output: PathBuf,
    /// Of the case's clock, when this watch began.
    before: Duration,
    /// Requests answered since the case began, where all were counted.
    answered: Option<u64>,
    taken: u32,
    warnings: Vec<String>,
}

/// Our own load between snapshots.
struct Traffic {
    load: Load,
    requests: u64,
    sent: u64,
    answered: u64,
    failed: u64,
}

impl<'a> Watch<'a> {
    fn new(
        args: &CaptureArgs,
        loads: &[LoadConfig],
        headers: Vec<(String, String)>,
        context: &'a Context,
    ) -> Result<Watch<'a>, Failure> {
        let endpoint = Endpoint::new(&args.url, headers);
        let target = without_user(endpoint.base());
        let mut places = Placeholders::new();
        let (requests, routes) = recording::requests(loads, &mut |text| Ok(places.expand(text)?))?;
        let load = match requests.is_empty() {
            true => None,
            false => Some(Traffic {
                load: Load::new(LoadSpec {
                    requests,
                    concurrency: args.concurrency.max(1),
                    rps: args.rps,
                    timeout: args.request_timeout,
                })
                .map_err(|error| anyhow!("failed to {error}"))?,
                requests: args.requests.max(1),
                sent: 0,
                answered: 0,
                failed: 0,
            }),
        };

        let mut case = existing(args, &target, context)?;
        let mut before = Duration::ZERO;
        // Without a load of ours, requests are not known; what was counted earlier stays as it is.
        let mut answered = load.is_some().then_some(0);
        let mut new_case = Case::new(concat!("caulk ", env!("CARGO_PKG_VERSION")), target);
        new_case.started = Some(jiff::Timestamp::now());
        if let Some(folder) = &mut case {
            let known = &mut folder.case;
            before = known.started.map_or(Duration::ZERO, |started| {
                jiff::Timestamp::now()
                    .duration_since(started)
                    .unsigned_abs()
            });
            if let Some(last) = known.snapshots.last() {
                answered = last.requests;
            }
            let new = routes.iter().filter(|route| !known.routes.contains(route));
            let new: Vec<_> = new.cloned().collect();
            known.routes.extend(new);
        }
        new_case.routes = routes;

        let has_load = load.is_some();
        Ok(Watch {
            context,
            progress: context.progress(true),
            limits: Limits::new(&context.cancel),
            endpoint,
            options: EndpointOptions {
                collect: args.gc,
                stacks: args.stacks,
                ..EndpointOptions::default()
            },
            load,
            every: args.every.unwrap_or(match has_load {
                true => Duration::ZERO,
                false => Duration::from_secs(30),
            }),
            count: args.count.or(has_load.then_some(ROUNDS)),
            begun: Instant::now(),
            case,
            new_case,
            output: args.output.clone(),
            before,
            answered,
            taken: 0,
            warnings: Vec::new(),
        })
    }

    fn watch(&mut self) -> Result<(), Failure> {
        for cost in self.options.costs() {
            self.progress.note(format!("each snapshot costs: {cost}"));
        }
        if self.count.is_none() {
            let (every, case) = (units::duration(self.every), shown(&self.output));
            self.progress
                .note(format!("one every {every} into {case}, until Ctrl-C"));
        }
        // A program that is continued to be watched is warm.
        let cold = self.case.is_none() && self.load.is_some();
        if cold {
            self.progress.phase("warming up");
            self.send(Stage::Warmup)?;
        }
        let mut stage = if cold { Stage::Warmup } else { Stage::Round };
        let mut due = self.every;
        let mut missed = 0;
        loop {
            match self.snapshot(stage) {
                Ok(()) => missed = 0,
                Err(Missed::Interrupted) => return Err(Failure::interrupted()),
                Err(Missed::NotKept(error)) => return Err(error.into()),
                Err(Missed::Unreached(error)) => {
                    missed += 1;
                    let failure = Failure::target(anyhow!("failed to {error}"));
                    if self.taken == 0 || missed >= MOST_MISSED {
                        return Err(failure);
                    }
                    self.warn(format!("a snapshot is missing: failed to {error}"));
                }
            }
            if self.count.is_some_and(|count| self.taken >= count) {
                return Ok(());
            }
            stage = Stage::Round;
            self.send(stage)?;
            let wait = due.saturating_sub(self.begun.elapsed());
            self.limits
                .sleep(wait)
                .map_err(|_| Failure::interrupted())?;
            // Times that have passed meanwhile are left out.
            while due <= self.begun.elapsed() && !self.every.is_zero() {
                due += self.every;
            }
        }
    }

    /// Seconds on the case's clock.
    fn now(&self) -> f64 {
        (self.before + self.begun.elapsed()).as_secs_f64()
    }

    fn warn(&mut self, warning: String) {
        if !self.warnings.contains(&warning) {
            self.progress.note(&warning);
            self.warnings.push(warning);
        }
    }

    fn snapshot(&mut self, stage: Stage) -> Result<(), Missed> {
        let of = self
            .count
            .map_or(String::new(), |count| format!(" of {count}"));
        self.progress
            .phase(format!("snapshot {}{of}", self.taken + 1));
        let seconds = self.now();
        let captured = self
            .endpoint
            .capture(&self.options, &self.limits)
            .map_err(missed)?;
        for problem in &captured.problems {
            self.warn(problem.clone());
        }
        self.keep(stage, seconds, captured)
            .map_err(|error| Missed::NotKept(anyhow!("failed to {error}")))
    }

    fn keep(
        &mut self,
        stage: Stage,
        seconds: f64,
        captured: Captured,
    ) -> Result<(), caulk_case::CaseError> {
        let mut case = match self.case.take() {
            Some(case) => case,
            None => {
                let mut case = self.new_case.clone();
                case.mem_profile_rate = sampling_rate(&captured.heap);
                CaseFolder::create(&self.output, case)?
            }
        };
        let vary = self.load.as_ref().map(|traffic| kind(&traffic.load));
        let snapshot = Snapshot {
            index: SnapshotIndex::default(),
            stage,
            load: vary,
            time: jiff::Timestamp::try_from(captured.at).ok(),
            seconds,
            requests: self.answered,
            metrics: Metrics::default(),
            files: Vec::new(),
        };
        let added = case.add_snapshot(snapshot, &recording::raw_files(captured));
        self.case = Some(case);
        added?;
        self.taken += 1;
        Ok(())
    }

    /// Sends a round of our own load, where there is one.
    fn send(&mut self, stage: Stage) -> Result<(), Failure> {
        let start_seconds = self.now();
        let Some(traffic) = &mut self.load else {
            return Ok(());
        };
        self.progress
            .detail(format!("sending {} requests", traffic.requests));
        let load = kind(&traffic.load);
        let vary = load == CaseLoad::Varied;
        let stats = traffic
            .load
            .run_round(traffic.requests, traffic.sent, vary, &self.limits)?;
        if stats.stopped == Some(Stopped::Cancelled) {
            return Err(Failure::interrupted());
        }
        traffic.sent += stats.sent();
        traffic.answered += stats.answered();
        traffic.failed += stats.failed() + errors(&stats);
        self.answered = self.answered.map(|answered| answered + stats.answered());
        let round = Round {
            stage,
            load: Some(load),
            start_seconds,
            end_seconds: self.now(),
            requests: stats.sent(),
            statuses: stats.statuses(),
            failures: stats
                .failures()
                .into_iter()
                .map(|(kind, n)| (kind.describe().to_owned(), n))
                .collect(),
            latency: recording::latency(&stats),
        };
        if let Some(first) = stats.first_failure.as_ref().filter(|_| stats.failed() > 0) {
            self.warn(format!("requests failed: {first}"));
        }
        let kept = match &mut self.case {
            Some(case) => case.add_round(round),
            None => {
                self.new_case.rounds.push(round);
                Ok(())
            }
        };
        kept.map_err(|error| anyhow!("failed to {error}").into())
    }

    /// What is in the case, and what to do with it.
    fn tell(&self) -> Outcome {
        let case = shown(&self.output);
        let failing = self.load.as_ref().is_some_and(Traffic::mostly_failed);
        if self.context.format(OutputFormat::Full) == OutputFormat::Json {
            self.context.print_json(&CaptureReport {
                version: 1,
                case,
                snapshots: self.taken,
                requests: self.load.as_ref().map(|traffic| traffic.sent),
                seconds: self.begun.elapsed().as_secs_f64(),
                warnings: &self.warnings,
            })?;
        } else {
            let mut report = Report::new();
            let mut lines = vec![format!(
                "{} in {}, in {case}",
                counted(self.taken),
                units::duration(self.begun.elapsed())
            )];
            if let (true, Some(traffic)) = (failing, &self.load) {
                lines.push(format!(
                    "most requests failed: {} of {}",
                    traffic.failed, traffic.sent
                ));
            }
            lines.push(format!("what grew: caulk diagnose {case}"));
            report.push(Block::Summary(lines));
            self.context.print(&report, OutputFormat::Concise)?;
        }
        Ok(if failing {
            Exit::Inconclusive
        } else {
            Exit::Clean
        })
    }

    /// A failure, with where the snapshots are that were taken before it.
    fn with_place(&self, failure: Failure) -> Failure {
        if self.taken == 0 {
            return failure;
        }
        let case = shown(&self.output);
        let taken = counted(self.taken);
        Failure {
            exit: failure.exit,
            error: anyhow!(
                "{:#}; {taken} in {case}: caulk diagnose {case}",
                failure.error
            ),
        }
    }
}

impl Traffic {
    fn mostly_failed(&self) -> bool {
        self.failed.saturating_mul(2) > self.sent
    }
}

/// Why a snapshot is not in the case.
enum Missed {
    Interrupted,
    Unreached(CaptureError),
    /// It could not be written.
    NotKept(anyhow::Error),
}

fn missed(error: CaptureError) -> Missed {
    match error.stopped() {
        Some(Stopped::Cancelled) => Missed::Interrupted,
        _ => Missed::Unreached(error),
    }
}

/// What `--format json` prints.
#[derive(Serialize)]
struct CaptureReport<'a> {
    version: u32,
    case: String,
    snapshots: u32,
    requests: Option<u64>,
    seconds: f64,
    warnings: &'a [String],
}

/// The case that is there already, if it is of the same service.
fn existing(
    args: &CaptureArgs,
    target: &str,
    context: &Context,
) -> anyhow::Result<Option<CaseFolder>> {
    let case = recording::case_in(&context.files, &args.output)?;
    if let Some(other) = case.as_ref().filter(|case| case.case.target != target) {
        bail!(
            "{} is a case of {}, not of {target}: give another folder with -o",
            args.output.display(),
            other.case.target
        );
    }
    Ok(case)
}

/// A URL without `user:password@`.
fn without_user(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return url.to_owned();
    };
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let host = authority.rsplit('@').next().unwrap_or(authority);
    format!("{scheme}://{host}{path}")
}

fn kind(load: &Load) -> CaseLoad {
    match load.can_vary() {
        true => CaseLoad::Varied,
        false => CaseLoad::Same,
    }
}

/// Answers that say that the request failed.
fn errors(stats: &caulk_target::RoundStats) -> u64 {
    stats.statuses().range(400..).map(|(_, count)| count).sum()
}

/// `runtime.MemProfileRate`, which a heap profile carries as its period.
fn sampling_rate(heap: &[u8]) -> Option<u64> {
    let profile = caulk_profile::read(heap, caulk_profile::Limits::default()).ok()?;
    u64::try_from(profile.period)
        .ok()
        .filter(|&period| period > 0)
}

fn counted(snapshots: u32) -> String {
    match snapshots {
        1 => "1 snapshot".to_owned(),
        n => format!("{n} snapshots"),
    }
}

#[cfg(test)]
mod tests {
    use super::without_user;

    #[test]
    fn a_password_in_the_url_is_not_kept() {
        assert_eq!(
            without_user("http://me:secret@h:1/debug/pprof"),
            "http://h:1/debug/pprof"
        );
        assert_eq!(without_user("https://h/a@b"), "https://h/a@b");
    }
}
