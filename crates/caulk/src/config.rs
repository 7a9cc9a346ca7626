//! `caulk.toml`: what it may say, and where it is found.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Context;
use caulk_system::Files;
use serde::Deserialize;

/// The name of the file.
pub const FILE_NAME: &str = "caulk.toml";

/// The whole file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Config {
    /// How to hunt in the program of this folder.
    pub hunt: Option<HuntConfig>,
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
}

/// Looks for `caulk.toml` in `start` and the folders above it, up to the one that holds `.git`.
pub fn find(files: &dyn Files, start: &Path) -> anyhow::Result<Option<Found>> {
    for folder in start.ancestors() {
        let path = folder.join(FILE_NAME);
        if files.exists(&path) {
            return Ok(Some(Found {
                folder: folder.to_owned(),
                config: read(files, &path)?,
            }));
        }
        if files.exists(&folder.join(".git")) {
            break;
        }
    }
    Ok(None)
}

fn read(files: &dyn Files, path: &Path) -> anyhow::Result<Config> {
    let bytes = files.read(path)?;
    let text =
        std::str::from_utf8(&bytes).with_context(|| format!("{} is not UTF-8", path.display()))?;
    toml::from_str(text)
        .map_err(|error| anyhow::anyhow!("{}: {}", path.display(), error.to_string().trim_end()))
}
