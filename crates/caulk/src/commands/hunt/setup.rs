//! What a hunt will do, put together from flags and `caulk.toml`; flags win.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::bail;
use caulk_system::Files;

use super::args::HuntArgs;
use crate::config::{self, CompanionConfig, HuntConfig, LoadConfig};
use crate::context::Context;
use crate::load_flags;
use crate::recording;

/// Everything that was asked for. Strings still hold `{port:NAME}` and `{tmp}`.
#[derive(Debug)]
pub struct Setup {
    /// The program.
    pub source: Source,
    /// Where packages are looked up and the program is started.
    pub folder: PathBuf,
    pub args: Vec<String>,
    pub env: BTreeMap<String, String>,
    pub ready: Option<String>,
    pub ready_timeout: Duration,
    pub load: LoadSource,
    pub companions: Vec<CompanionConfig>,
    pub requests: u64,
    pub concurrency: usize,
    pub rps: Option<f64>,
    pub request_timeout: Duration,
    pub timeout: Duration,
    pub cooldown: Duration,
    pub mem_profile_rate: u64,
    pub build_tags: String,
    pub fix: bool,
    pub allow_dirty: bool,
    pub output: Option<PathBuf>,
}

/// Where the program comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// Built from a folder or package.
    Package(String),
    /// Started by a command line.
    Exec(String),
    /// Runs already, and serves `net/http/pprof` there.
    Attach(String),
}

/// Where the load comes from.
#[derive(Debug, Clone)]
pub enum LoadSource {
    /// caulk's own generator.
    Own(Vec<LoadConfig>),
    /// A command line, one call a round.
    Command(String),
}

impl LoadSource {
    /// Whether requests can differ: one of them has a running number in it.
    pub fn can_vary(&self) -> bool {
        match self {
            LoadSource::Own(loads) => loads.iter().any(|load| {
                load.request.contains("{n}")
                    || load.data.as_deref().is_some_and(|d| d.contains("{n}"))
            }),
            LoadSource::Command(_) => false,
        }
    }
}

/// Puts flags and configuration together.
pub fn setup(args: HuntArgs, loads: Vec<LoadConfig>, context: &Context) -> anyhow::Result<Setup> {
    let current = caulk_system::current_folder()?;
    let named = args.target.as_deref().map(|target| current.join(target));
    let start = match &named {
        Some(folder) if context.files.is_dir(folder) => folder.clone(),
        Some(file) if context.files.is_file(file) => {
            bail!(
                "{} is a file: give the folder or the package of the program",
                file.display()
            )
        }
        _ => current.clone(),
    };
    if let Some(target) = &args.target
        && target.starts_with(['.', '/'])
        && !context.files.exists(&current.join(target))
    {
        bail!("{target}: there is no such folder");
    }
    let found = config::find(&context.files, &start)?;
    let (config, config_folder) = match found {
        Some(found) => (found.config.hunt.unwrap_or_default(), found.folder),
        None => (HuntConfig::default(), start.clone()),
    };

    if let Some(output) = &args.output {
        // A case of an earlier hunt is replaced.
        recording::case_in(&context.files, output)?;
    }
    let (source, folder) = source(&args, &config, &config_folder, &current, &start);
    let load = load(&args, loads, &config, &config_folder, context)?;
    Ok(Setup {
        source,
        folder,
        args: if args.args.is_empty() {
            config.args
        } else {
            args.args
        },
        env: environment(&args.env, config.env)?,
        ready: args.ready.or(config.ready),
        ready_timeout: time(args.ready_timeout, config.ready_timeout.as_deref(), 30)?,
        load,
        companions: config.companion,
        requests: args.requests.or(config.requests).unwrap_or(600).max(1),
        concurrency: args.concurrency.or(config.concurrency).unwrap_or(8).max(1),
        rps: rate(args.rps.or(config.rps))?,
        request_timeout: time(args.request_timeout, config.request_timeout.as_deref(), 10)?,
        timeout: time(args.timeout, config.timeout.as_deref(), 300)?,
        cooldown: time(args.cooldown, config.cooldown.as_deref(), 30)?,
        mem_profile_rate: args.mem_profile_rate,
        build_tags: args.build_tags.unwrap_or_default(),
        fix: args.fix,
        allow_dirty: args.allow_dirty,
        output: args.output,
    })
}

/// The program, and the folder from which it is named and started.
fn source(
    args: &HuntArgs,
    config: &HuntConfig,
    config_folder: &Path,
    current: &Path,
    start: &Path,
) -> (Source, PathBuf) {
    if let Some(url) = &args.attach {
        return (Source::Attach(url.clone()), current.to_owned());
    }
    if let Some(command) = &args.exec {
        return (Source::Exec(command.clone()), current.to_owned());
    }
    // A folder that has a caulk.toml of its own is the project; what it names is the program.
    let is_project = match &args.target {
        Some(target) => current.join(target) == start && start == config_folder,
        None => true,
    };
    match (&args.target, &config.exec, &config.package) {
        (_, Some(command), _) if is_project => {
            (Source::Exec(command.clone()), config_folder.to_owned())
        }
        (_, _, Some(package)) if is_project => {
            (Source::Package(package.clone()), config_folder.to_owned())
        }
        (Some(target), ..) => (Source::Package(target.clone()), current.to_owned()),
        (None, ..) => (Source::Package(".".to_owned()), start.to_owned()),
    }
}

fn load(
    args: &HuntArgs,
    loads: Vec<LoadConfig>,
    config: &HuntConfig,
    config_folder: &Path,
    context: &Context,
) -> anyhow::Result<LoadSource> {
    if let Some(command) = &args.load_cmd {
        return Ok(LoadSource::Command(command.clone()));
    }
    let current = caulk_system::current_folder()?;
    let (mut loads, folder) = if loads.is_empty() {
        (config.load.clone(), config_folder)
    } else {
        (loads, current.as_path())
    };
    if loads.is_empty() {
        if let Some(command) = &config.load_cmd {
            return Ok(LoadSource::Command(command.clone()));
        }
        bail!(
            "there is no load: give --load 'METHOD URL' or --load-cmd CMD, or let caulk init write a caulk.toml"
        );
    }
    load_flags::complete(&mut loads, folder, &context.files)?;
    Ok(LoadSource::Own(loads))
}

fn environment(
    flags: &[String],
    config: BTreeMap<String, String>,
) -> anyhow::Result<BTreeMap<String, String>> {
    let mut all = config;
    for flag in flags {
        let Some((name, value)) = flag.split_once('=') else {
            bail!("'{flag}' is not NAME=VALUE");
        };
        all.insert(name.to_owned(), value.to_owned());
    }
    Ok(all)
}

fn rate(rps: Option<f64>) -> anyhow::Result<Option<f64>> {
    match rps {
        Some(rps) if !rps.is_finite() || rps <= 0.0 => {
            bail!("{rps} is not a rate: requests per second are above 0")
        }
        rps => Ok(rps),
    }
}

fn time(flag: Option<Duration>, config: Option<&str>, default: u64) -> anyhow::Result<Duration> {
    match (flag, config) {
        (Some(time), _) => Ok(time),
        (None, Some(text)) => load_flags::duration(text).map_err(anyhow::Error::msg),
        (None, None) => Ok(Duration::from_secs(default)),
    }
}
