//! `caulk.toml`: what it may say, and where it is found.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, bail};
use caulk_leaks::Catalogue;
use caulk_system::Files;
use serde::Deserialize;
use toml::Spanned;

use crate::context::shown;
use crate::levels::{Level, Sureness};

/// The name of the file.
pub const FILE_NAME: &str = "caulk.toml";

/// The whole file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Config {
    /// How to hunt in the program of this folder.
    pub hunt: Option<HuntConfig>,
    /// What calls owe, beside what the shipped catalogue says: in the form of its entries.
    #[serde(default)]
    pub contract: Vec<Spanned<toml::Table>>,
    /// What `check` and `fix` look at and report.
    #[serde(default)]
    pub check: CheckConfig,
}

/// `[check]`: what the flags of these names say, for everybody who checks this tree.
#[derive(Debug, Default, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct CheckConfig {
    /// Only findings of these rules.
    #[serde(default)]
    pub rules: Vec<String>,
    /// The least severity that ends `check` with 1.
    pub fail_on: Option<Level>,
    /// The least share of decided acquisitions, in percent, with which `check` ends with 0.
    pub min_coverage: Option<f64>,
    /// The least severity that is reported.
    pub severity: Option<Level>,
    /// The least confidence that is reported.
    pub confidence: Option<Sureness>,
    /// Whether test files are read.
    pub tests: Option<bool>,
    /// Whether rules in preview report.
    #[serde(default)]
    pub preview: bool,
    /// Build tags.
    #[serde(default)]
    pub build_tags: Vec<String>,
    /// Known findings, relative to the folder of `caulk.toml`.
    pub baseline: Option<PathBuf>,
}

/// `[hunt]`: how the program is built, started and loaded. Every string may hold `{port:NAME}`, a
/// free loopback port that is the same for every use of the name, and `{tmp}`, a fresh folder.
#[derive(Debug, Default, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HuntConfig {
    /// The main package, relative to the folder of `caulk.toml`.
    pub package: Option<String>,
    /// Arguments of the program.
    #[serde(default)]
    pub args: Vec<String>,
    /// Environment added to the inherited one.
    #[serde(default)]
    pub env: BTreeMap<String, String>,
    /// What must answer before the load begins: `http://…`, `tcp://host:port` or `file:PATH`.
    pub ready: Option<String>,
    /// How long it may take until that answers, such as `"30s"`.
    pub ready_timeout: Option<String>,
    /// The command that starts the program, instead of building `package`.
    pub exec: Option<String>,
    /// The command that makes one round of load, instead of `load`.
    pub load_cmd: Option<String>,
    /// Requests in total for one run.
    pub requests: Option<u64>,
    /// Requests under way at once.
    pub concurrency: Option<usize>,
    /// Requests per second.
    pub rps: Option<f64>,
    /// Time limit of one request, such as `"5s"`.
    pub request_timeout: Option<String>,
    /// Time limit of the whole hunt, such as `"5m"`.
    pub timeout: Option<String>,
    /// How long to wait before a cool-down capture, such as `"30s"`.
    pub cooldown: Option<String>,
    /// The requests that make the load.
    #[serde(default)]
    pub load: Vec<LoadConfig>,
    /// Programs that must run beside it.
    #[serde(default)]
    pub companion: Vec<CompanionConfig>,
}

/// One kind of request. `{n}` in the URL or the data is a running number.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LoadConfig {
    /// `METHOD URL`.
    pub request: String,
    /// The body, or `@FILE`.
    pub data: Option<String>,
    /// `Name: value` each.
    #[serde(default)]
    pub headers: Vec<String>,
    /// How often it is sent beside the others.
    #[serde(default = "one")]
    pub weight: u32,
}

fn one() -> u32 {
    1
}

/// A program that the target needs: a Go main package or a command.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CompanionConfig {
    /// How messages call it.
    pub name: String,
    /// A Go main package, relative to the folder of `caulk.toml`.
    pub package: Option<String>,
    /// Or the program and its arguments.
    pub command: Option<Vec<String>>,
    /// Arguments of the package's program.
    #[serde(default)]
    pub args: Vec<String>,
    /// Environment added to the inherited one.
    #[serde(default)]
    pub env: BTreeMap<String, String>,
    /// What must answer before the program is started.
    pub ready: Option<String>,
}

/// A configuration with the folder it was found in.
#[derive(Debug)]
pub struct Found {
    /// The folder of the file.
    pub folder: PathBuf,
    /// What it says.
    pub config: Config,
    text: String,
}

impl Found {
    /// The shipped catalogue with the contracts of the file; none where it has none.
    pub fn catalogue(self) -> anyhow::Result<Option<Arc<Catalogue>>> {
        if self.config.contract.is_empty() {
            return Ok(None);
        }
        let text = &self.text;
        let entries = self.config.contract.into_iter().map(|entry| {
            let before = text.get(..entry.span().start).unwrap_or_default();
            let line = u32::try_from(before.matches('\n').count() + 1).unwrap_or(u32::MAX);
            (line, entry.into_inner())
        });
        let catalogue = Catalogue::with_project(entries).map_err(|error| {
            let path = crate::context::shown(&self.folder.join(FILE_NAME));
            anyhow::anyhow!(
                "{path}:{}: in this [[contract]]: {}",
                error.line,
                error.message
            )
        })?;
        Ok(Some(Arc::new(catalogue)))
    }
}

/// The catalogue as the nearest `caulk.toml` above a folder adds to it; none where it adds nothing.
pub fn catalogue(files: &dyn Files, start: &Path) -> anyhow::Result<Option<Arc<Catalogue>>> {
    match find(files, start)? {
        Some(found) => found.catalogue(),
        None => Ok(None),
    }
}

/// Looks for `caulk.toml` in `start` and the folders above it, up to the one that holds `.git`.
pub fn find(files: &dyn Files, start: &Path) -> anyhow::Result<Option<Found>> {
    for folder in start.ancestors() {
        let path = folder.join(FILE_NAME);
        if files.exists(&path) {
            let (config, text) = read(files, &path)?;
            return Ok(Some(Found {
                folder: folder.to_owned(),
                config,
                text,
            }));
        }
        if files.exists(&folder.join(".git")) {
            break;
        }
    }
    Ok(None)
}

/// What the nearest `caulk.toml` says of checks.
pub fn check(files: &dyn Files, start: &Path) -> anyhow::Result<CheckConfig> {
    let Some(found) = find(files, start)? else {
        return Ok(CheckConfig::default());
    };
    let check = found.config.check;
    let file = shown(&found.folder.join(FILE_NAME));
    if let Some(least) = check.min_coverage
        && !(0.0..=100.0).contains(&least)
    {
        bail!("{file}: min-coverage is a number from 0 to 100");
    }
    if let Some(rule) = check
        .rules
        .iter()
        .find(|rule| caulk_leaks::rule(rule).is_none())
    {
        bail!("{file}: there is no rule {rule}; caulk rules lists them");
    }
    Ok(CheckConfig {
        baseline: check.baseline.map(|file| found.folder.join(file)),
        ..check
    })
}

fn read(files: &dyn Files, path: &Path) -> anyhow::Result<(Config, String)> {
    let bytes = files.read(path)?;
    let text =
        std::str::from_utf8(&bytes).with_context(|| format!("{} is not UTF-8", path.display()))?;
    let config = toml::from_str(text)
        .map_err(|error| anyhow::anyhow!("{}: {}", path.display(), error.to_string().trim_end()))?;
    Ok((config, text.to_owned()))
}
