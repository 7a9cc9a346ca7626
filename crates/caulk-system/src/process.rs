//! Other programs: run to completion, or kept running as a child whose whole process group ends with it.

mod child;
mod exit;
mod group;
mod run;
mod watchdog;

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;

pub use child::{Child, ChildOptions, Line, Stream, spawn};
pub use exit::{Exit, ExitStatus};
pub use run::{Output, run, run_attended};

use crate::cancel::Stopped;
use crate::error::io_message;

/// What to start. The child inherits this process's environment, and gets no standard input unless it is run to
/// its end with [`Command::input`].
#[derive(Clone, Debug)]
pub struct Command {
    program: OsString,
    args: Vec<OsString>,
    env: Vec<(OsString, Option<OsString>)>,
    folder: Option<PathBuf>,
    input: Option<Vec<u8>>,
}

impl Command {
    /// A program by path, or by name to be found in `PATH`.
    pub fn new(program: impl AsRef<OsStr>) -> Self {
        let program = program.as_ref().to_owned();
        Self {
            program,
            args: Vec::new(),
            env: Vec::new(),
            folder: None,
            input: None,
        }
    }

    /// A command line for the system's shell (`/bin/sh -c`, on Windows `cmd /C`).
    pub fn shell(line: impl AsRef<OsStr>) -> Self {
        if cfg!(windows) {
            Self::new("cmd").arg("/C").arg(line)
        } else {
            Self::new("/bin/sh").arg("-c").arg(line)
        }
    }

    /// One more argument.
    #[must_use]
    pub fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.args.push(arg.as_ref().to_owned());
        self
    }

    /// More arguments.
    #[must_use]
    pub fn args<A: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = A>) -> Self {
        self.args
            .extend(args.into_iter().map(|arg| arg.as_ref().to_owned()));
        self
    }

    /// Sets an environment variable; the last of one name holds.
    #[must_use]
    pub fn env(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.env
            .push((name.as_ref().to_owned(), Some(value.as_ref().to_owned())));
        self
    }

    /// Removes an inherited environment variable.
    #[must_use]
    pub fn env_remove(mut self, name: impl AsRef<OsStr>) -> Self {
        self.env.push((name.as_ref().to_owned(), None));
        self
    }

    /// The working folder; this process's own where none is set.
    #[must_use]
    pub fn folder(mut self, folder: impl AsRef<Path>) -> Self {
        self.folder = Some(folder.as_ref().to_owned());
        self
    }

    /// What [`run`] gives it as standard input.
    #[must_use]
    pub fn input(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.input = Some(bytes.into());
        self
    }

    /// The program as it was given, for messages.
    pub fn program(&self) -> String {
        self.program.to_string_lossy().into_owned()
    }

    fn start(&self) -> Result<std::process::Child, ProcessError> {
        let mut command = self.prepared();
        command
            .stdin(match self.input {
                Some(_) => Stdio::piped(),
                None => Stdio::null(),
            })
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        group::lead_new_group(&mut command);
        self.spawn(command)
    }

    fn spawn(
        &self,
        mut command: std::process::Command,
    ) -> Result<std::process::Child, ProcessError> {
        command.spawn().map_err(|source| ProcessError::Start {
            program: self.program(),
            source,
        })
    }

    fn prepared(&self) -> std::process::Command {
        let mut command = std::process::Command::new(&self.program);
        command.args(&self.args);
        for (name, value) in &self.env {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        if let Some(folder) = &self.folder {
            command.current_dir(folder);
            // What asks for the working folder by name, as the shell and `go` do, must not get ours.
            command.env("PWD", folder);
        }
        command
    }
}

/// Why a program did not run to its end. It reads after "failed to".
#[derive(Debug, thiserror::Error)]
pub enum ProcessError {
    /// It could not be started.
    #[error("start {program}: {}", io_message(source))]
    Start {
        /// The program as given.
        program: String,
        /// Why.
        source: io::Error,
    },
    /// It was ended because the caller's limits were reached.
    #[error("wait for {program}: {stopped}")]
    Stopped {
        /// The program as given.
        program: String,
        /// Which limit.
        stopped: Stopped,
    },
    /// Its output could not be read or its log not written.
    #[error("read the output of {program}: {}", io_message(source))]
    Output {
        /// The program as given.
        program: String,
        /// Why.
        source: io::Error,
    },
}

impl ProcessError {
    /// Whether there is no such program (as opposed to one that fails).
    pub fn is_missing_program(&self) -> bool {
        matches!(self, Self::Start { source, .. } if source.kind() == io::ErrorKind::NotFound)
    }

    /// Which limit of the caller ended it, if one did.
    pub fn stopped(&self) -> Option<Stopped> {
        match self {
            Self::Stopped { stopped, .. } => Some(*stopped),
            _ => None,
        }
    }
}
