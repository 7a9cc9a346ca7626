//! The Go toolchain of this machine.

use std::path::{Path, PathBuf};
use std::time::Duration;

use caulk_system::process::{Command, Output, ProcessError, run};
use caulk_system::{Limits, Stopped};

/// What `go env` says in the program's folder, where `go.mod`, `go.work`, `go env -w` and the environment decide.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "UPPERCASE", default)]
pub struct GoEnv {
    /// The toolchain's root folder.
    pub goroot: PathBuf,
    /// The module cache.
    pub gomodcache: PathBuf,
    /// The toolchain's version, as `go1.26.8`.
    pub goversion: String,
    /// Flags that every `go` command gets.
    pub goflags: String,
    /// The workspace file in use; empty without one.
    pub gowork: PathBuf,
    /// The operating system that is built for.
    pub goos: String,
    /// The processor architecture that is built for.
    pub goarch: String,
}

/// Why the Go toolchain could not be used. It reads after "failed to".
#[derive(Debug, thiserror::Error)]
pub enum GoError {
    /// There is no `go` in `PATH`.
    #[error("find the go command: it is not in PATH (see https://go.dev/dl)")]
    Missing,
    /// `go` could not be run, or not to its end.
    #[error(transparent)]
    Process(ProcessError),
    /// `go` ran and failed; these are its own words.
    #[error("run {command}: {}", lines.join("\n"))]
    Failed {
        /// The command, shortened.
        command: String,
        /// What it printed on standard error.
        lines: Vec<String>,
    },
    /// `go` answered what we do not understand.
    #[error("understand the answer of {command}: {reason}")]
    Answer {
        /// The command, shortened.
        command: String,
        /// What is wrong with it.
        reason: String,
    },
}

impl GoError {
    /// Which limit of the caller ended it, if one did.
    pub fn stopped(&self) -> Option<Stopped> {
        match self {
            Self::Process(error) => error.stopped(),
            _ => None,
        }
    }
}

/// The `go` command, asked from one folder.
#[derive(Clone, Debug)]
pub struct GoTool {
    folder: PathBuf,
    env: GoEnv,
}

/// `go` may fetch a toolchain or modules before it answers.
const LONGEST_QUESTION: Duration = Duration::from_secs(300);

impl GoTool {
    /// Finds `go` and asks for its settings in `folder`, which must be absolute and without symbolic links: `go` names
    /// the files of a package as it was led to them, and an overlay must name them in the same way.
    pub fn find(folder: &Path, limits: &Limits) -> Result<Self, GoError> {
        let mut tool = Self {
            folder: folder.to_owned(),
            env: GoEnv::default(),
        };
        let text = tool.ask(&["env", "-json"], limits)?;
        tool.env = serde_json::from_str(&text).map_err(|error| GoError::Answer {
            command: "go env".into(),
            reason: error.to_string(),
        })?;
        Ok(tool)
    }

    /// The settings in force.
    pub fn env(&self) -> &GoEnv {
        &self.env
    }

    /// The folder from which it is asked.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Runs a `go` command to its end, whatever its status.
    pub(crate) fn run(&self, args: &[&str], limits: &Limits) -> Result<Output, GoError> {
        let command = Command::new("go").args(args).folder(&self.folder);
        run(&command, limits).map_err(|error| match error.is_missing_program() {
            true => GoError::Missing,
            false => GoError::Process(error),
        })
    }

    /// The standard output of a `go` command that succeeded.
    pub(crate) fn ask(&self, args: &[&str], limits: &Limits) -> Result<String, GoError> {
        let output = self.run(args, &limits.within(LONGEST_QUESTION))?;
        if !output.status.success() {
            let lines = lines(&output.stderr);
            let command = format!("go {}", args.first().copied().unwrap_or_default());
            return Err(GoError::Failed { command, lines });
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }
}

/// The lines of a program's output that are not empty.
pub(crate) fn lines(bytes: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(bytes);
    text.lines()
        .map(str::trim_end)
        .filter(|line| !line.is_empty())
        .map(str::to_owned)
        .collect()
}
