//! `caulk doctor`: what caulk needs, what of it is there, and the way to the rest.

use std::path::Path;

use caulk_program::{GoEnv, ProblemKind};
use caulk_report::{Block, Diagnostic, Paragraph, Report, Severity, Tone, units};
use caulk_system::process::{Command, run as run_program};
use caulk_system::{Files, Limits, ProcessFacts};
use caulk_target::{DumpForm, Endpoint, EndpointOptions, GoTool};
use clap::Args;
use serde::Serialize;

use crate::cli::OutputFormat;
use crate::config;
use crate::context::{Context, shown};
use crate::exit::{Exit, Failure, Outcome};
use crate::load_flags::header_parts;
use crate::present::check::counted;
use crate::source::module_root;
use crate::source::{self, Reading};

/// Say what caulk needs, what is there, and how to get the rest
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct DoctorArgs {
    /// Also look at a running service with net/http/pprof
    #[arg(value_name = "URL", value_parser = crate::load_flags::service_url)]
    pub url: Option<String>,
    /// Print the stacks of the service to see whether they name their ancestors; this stops it for a moment
    #[arg(long, requires = "url")]
    pub stacks: bool,
    /// Header of the requests to the service; may repeat
    #[arg(long, value_name = "'NAME: VALUE'", requires = "url")]
    pub header: Vec<String>,
}

const EXAMPLES: &str = "\
Examples:
  caulk doctor
  caulk doctor http://127.0.0.1:6060
  caulk doctor --format json";

/// How long the toolchain and a service may take to answer.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(30);
/// How many missing modules are named.
const NAMED: usize = 5;

/// One thing that was looked at.
#[derive(Debug, Serialize)]
struct Check {
    name: &'static str,
    state: State,
    /// What was found.
    what: String,
    /// How to get what is missing; empty where nothing is.
    way_out: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum State {
    Good,
    /// Something can be done less well.
    Lacking,
    /// Something essential is not there.
    Missing,
}

impl Check {
    fn good(name: &'static str, what: impl Into<String>) -> Check {
        let (what, way_out) = (what.into(), String::new());
        Check {
            name,
            state: State::Good,
            what,
            way_out,
        }
    }

    fn lacking(name: &'static str, what: impl Into<String>, way_out: impl Into<String>) -> Check {
        let (what, way_out) = (what.into(), way_out.into());
        Check {
            name,
            state: State::Lacking,
            what,
            way_out,
        }
    }

    fn missing(name: &'static str, what: impl Into<String>, way_out: impl Into<String>) -> Check {
        Check {
            state: State::Missing,
            ..Check::lacking(name, what, way_out)
        }
    }
}

/// The name of the check whether a service answers.
const SERVICE: &str = "service";

#[derive(Serialize)]
struct DoctorReport<'a> {
    version: u32,
    checks: &'a [Check],
}

pub fn run(args: DoctorArgs, context: &Context) -> Outcome {
    let current = caulk_system::current_folder()?;
    let limits = Limits::new(&context.cancel).within(PATIENCE);
    let env = GoEnv::of_process(&context.files);
    let progress = context.progress(false);
    progress.phase("looking around");
    let mut checks = vec![
        go(&current, context, &limits),
        standard_library(&env),
        module_cache(&env, context),
        git(&limits),
        processes(),
    ];
    checks.extend(module(&current, context));
    checks.push(configuration(&current, context));
    if let Some(url) = &args.url {
        checks.extend(service(url, &args, &limits)?);
    }
    progress.finish();
    if context.cancel.is_cancelled() {
        return Err(Failure::interrupted());
    }

    match context.format(OutputFormat::Full) {
        OutputFormat::Json => {
            let report = DoctorReport {
                version: 1,
                checks: &checks,
            };
            context.print_json(&report)?;
        }
        format => context.print(&report(&checks), format)?,
    }
    let is_missing = |check: &&Check| check.state == State::Missing;
    let missing: Vec<&Check> = checks.iter().filter(is_missing).collect();
    Ok(match missing.as_slice() {
        [] => Exit::Clean,
        // As for every command that cannot reach what it is about.
        missing if missing.iter().any(|check| check.name == SERVICE) => Exit::Target,
        _ => Exit::Found,
    })
}

/// What is there, then what is not and the way to it.
fn report(checks: &[Check]) -> Report {
    let mut report = Report::new();
    let with = |state| checks.iter().filter(move |check| check.state == state);
    for check in with(State::Good) {
        let text = format!("{}: {}", check.name, check.what);
        report.push(Block::Paragraph(Paragraph::with_lead("ok", text)));
    }
    for (state, word, tone) in [
        (State::Lacking, "lacking", Tone::Warning),
        (State::Missing, "missing", Tone::Alarm),
    ] {
        for check in with(state) {
            let text = format!("{}: {}", check.name, check.what);
            let mut diagnostic = Diagnostic::new(Severity::new(word, tone), text);
            diagnostic.notes.push(check.way_out.clone());
            report.push(diagnostic);
        }
    }
    let last = match (with(State::Missing).count(), with(State::Lacking).count()) {
        (0, 0) => "all is there".to_owned(),
        (0, lacking) => format!("all that is essential is there, {lacking} lacking"),
        (missing, lacking) => format!("{missing} missing, {lacking} lacking"),
    };
    report.push(Block::Summary(vec![last]));
    report
}

fn go(folder: &Path, context: &Context, limits: &Limits) -> Check {
    // The toolchain names files as it was led to them: it must not be led through links.
    let folder = context
        .files
        .canonicalize(folder)
        .unwrap_or_else(|_| folder.to_owned());
    match GoTool::find(&folder, limits) {
        Ok(tool) => {
            let env = tool.env();
            let flags = match env.goflags.as_str() {
                "" => String::new(),
                flags => format!(", GOFLAGS={flags}"),
            };
            Check::good(
                "go",
                format!("{} in {}{flags}", env.goversion, env.goroot.display()),
            )
        }
        Err(error) => Check::missing(
            "go",
            format!("failed to {error}"),
            "hunt needs it to build the program; check, fix and diagnose do not. Get it from https://go.dev/dl",
        ),
    }
}

fn standard_library(env: &GoEnv) -> Check {
    const NAME: &str = "standard library";
    match &env.goroot {
        Some(root) => Check::good(NAME, format!("source in {}", root.join("src").display())),
        None => Check::lacking(
            NAME,
            "its source is not here",
            "check knows it by name only; set GOROOT, or put go into PATH",
        ),
    }
}

fn module_cache(env: &GoEnv, context: &Context) -> Check {
    const NAME: &str = "module cache";
    match &env.gomodcache {
        Some(folder) if context.files.is_dir(folder) => {
            Check::good(NAME, folder.display().to_string())
        }
        Some(folder) => Check::lacking(
            NAME,
            format!("{} is not there", folder.display()),
            "go mod download in your module makes it",
        ),
        None => Check::lacking(
            NAME,
            "there is no folder for it",
            "set HOME, GOPATH or GOMODCACHE",
        ),
    }
}

fn git(limits: &Limits) -> Check {
    const NAME: &str = "git";
    let way_out =
        "fix asks it whether files have uncommitted changes; install git, or say --allow-dirty";
    match run_program(&Command::new("git").arg("--version"), limits) {
        Ok(output) if output.status.success() => {
            let text = String::from_utf8_lossy(&output.stdout);
            let version = text.trim().trim_start_matches("git version ").to_owned();
            Check::good(NAME, version)
        }
        Ok(_) => Check::lacking(NAME, "git --version fails", way_out),
        Err(error) => Check::lacking(NAME, format!("failed to {error}"), way_out),
    }
}

fn processes() -> Check {
    const NAME: &str = "process facts";
    let facts = ProcessFacts::of(std::process::id());
    match facts {
        Some(facts) if facts.descriptors.is_some() && facts.rss_bytes.is_some() => {
            Check::good(NAME, "descriptors and resident memory can be read")
        }
        _ => Check::lacking(
            NAME,
            "open descriptors and resident memory of a program cannot be read",
            "hunt then counts heap and goroutines only; on Linux, mount /proc",
        ),
    }
}

/// The module of this folder, and whether what it needs is in the module cache.
fn module(folder: &Path, context: &Context) -> Vec<Check> {
    const NAME: &str = "module";
    let Some(root) = module_root(&context.files, folder) else {
        return vec![Check::lacking(
            NAME,
            "there is no go.mod here or above",
            "check, hunt and init want to be run inside a Go module",
        )];
    };
    let program = source::load(source::os_files(), &root, &Reading::default());
    let packages = program.check_packages().len();
    let mut checks = vec![Check::good(
        NAME,
        format!(
            "{}, {}",
            root.join("go.mod").display(),
            counted(packages, "package")
        ),
    )];
    let of = |kind: ProblemKind| -> Vec<&str> {
        let problems = program
            .problems()
            .iter()
            .filter(|problem| problem.kind == kind);
        problems.map(|problem| problem.what.as_str()).collect()
    };
    let modules = of(ProblemKind::MissingModule);
    let packages = of(ProblemKind::MissingPackage);
    if modules.is_empty() && packages.is_empty() {
        checks.push(Check::good("dependencies", "all are there"));
    } else {
        let absent: Vec<&str> = modules.iter().chain(&packages).copied().collect();
        let named = absent
            .iter()
            .take(NAMED)
            .copied()
            .collect::<Vec<_>>()
            .join(", ");
        let more = match absent.len().saturating_sub(NAMED) {
            0 => String::new(),
            n => format!(" and {n} more"),
        };
        let way_out = match modules.is_empty() {
            true => "check knows them by name only; go mod tidy adds what go.mod lacks",
            false => "check knows them by name only; go mod download brings them",
        };
        checks.push(Check::lacking(
            "dependencies",
            format!("not there: {named}{more}"),
            way_out,
        ));
    }
    checks
}

fn configuration(folder: &Path, context: &Context) -> Check {
    const NAME: &str = "caulk.toml";
    match config::find(&context.files, folder) {
        Ok(Some(found)) => {
            let path = shown(&found.folder.join(config::FILE_NAME));
            match found.config.hunt {
                Some(_) => Check::good(NAME, path),
                None => Check::lacking(
                    NAME,
                    format!("{path} has no [hunt]"),
                    "caulk hunt then wants --load; caulk init writes one",
                ),
            }
        }
        Ok(None) => Check::lacking(
            NAME,
            "there is none here or above",
            "caulk hunt then wants --load; caulk init writes one",
        ),
        Err(error) => Check::missing(
            NAME,
            format!("{error:#}"),
            "put it right, or let caulk init --force write it anew",
        ),
    }
}

/// What a running service can be made to tell.
fn service(url: &str, args: &DoctorArgs, limits: &Limits) -> anyhow::Result<Vec<Check>> {
    let headers = args
        .header
        .iter()
        .map(|header| header_parts(header))
        .collect::<Result<_, _>>()?;
    let endpoint = Endpoint::new(url, headers);
    let options = EndpointOptions {
        stacks: args.stacks,
        timeout: PATIENCE,
        ..EndpointOptions::default()
    };
    let captured = match endpoint.capture(&options, limits) {
        Ok(captured) => captured,
        Err(error) => {
            return Ok(vec![Check::missing(
                SERVICE,
                format!("failed to {error}"),
                "the service must import net/http/pprof and serve it there; hunt needs none of this",
            )]);
        }
    };
    let mut checks = vec![Check::good(SERVICE, format!("{} answers", endpoint.base()))];
    checks.push(rate(&captured.heap));
    checks.push(match &captured.goroutines {
        None => Check::lacking(
            "goroutines",
            captured.problems.join("; "),
            "what grows can then only be seen in the heap",
        ),
        Some(dump) if dump.form == DumpForm::Stacks => ancestors(&dump.bytes),
        Some(dump) => {
            let goroutines = caulk_profile::goroutine::read(&dump.bytes).total();
            Check::good(
                "goroutines",
                format!("{goroutines} alive; --stacks tells whether their ancestors are named"),
            )
        }
    });
    Ok(checks)
}

fn rate(heap: &[u8]) -> Check {
    const NAME: &str = "MemProfileRate";
    let period = caulk_profile::read(heap, caulk_profile::Limits::default())
        .map(|profile| profile.period)
        .unwrap_or_default();
    match u64::try_from(period) {
        Ok(0) | Err(_) => Check::lacking(
            NAME,
            "the heap is not sampled",
            "the program sets runtime.MemProfileRate to 0: leave it at its default",
        ),
        Ok(1) => Check::good(NAME, "every allocation is sampled"),
        Ok(rate) if rate <= 64 << 10 => Check::good(
            NAME,
            format!("one sample per {}", units::bytes(rate as f64)),
        ),
        Ok(rate) => Check::lacking(
            NAME,
            format!(
                "one sample per {}: small growth takes long to show",
                units::bytes(rate as f64)
            ),
            "start the service with GODEBUG=memprofilerate=4096",
        ),
    }
}

fn ancestors(dump: &[u8]) -> Check {
    let dump = caulk_profile::goroutine::read(dump);
    let all = dump.goroutines().count();
    let named = dump
        .goroutines()
        .filter(|g| g.ancestors().next().is_some())
        .count();
    match named {
        0 => Check::lacking(
            "ancestors",
            format!("none of {all} goroutines names the ones that led to it"),
            "start the service with GODEBUG=tracebackancestors=10",
        ),
        _ => Check::good(
            "ancestors",
            format!("{named} of {all} goroutines name theirs"),
        ),
    }
}
