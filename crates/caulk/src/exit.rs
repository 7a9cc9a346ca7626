//! What caulk's exit codes mean.

use std::process::ExitCode;

/// The exit codes, the same for every command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Nothing was found; nothing is left to do.
    Clean = 0,
    /// Findings at or above `--fail-on`, a leak, or changes that `--diff` shows.
    Found = 1,
    /// Wrong use, wrong configuration or unreadable input.
    Usage = 2,
    /// The target program could not be built, started or reached.
    Target = 3,
    /// Inconclusive: growing but not yet sure, most requests failed, or too little could be decided.
    Inconclusive = 4,
    /// Ended by Ctrl-C.
    Interrupted = 130,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit as u8)
    }
}

/// An error that carries the exit code it ends the program with.
#[derive(Debug)]
pub struct Failure {
    /// The code to end with.
    pub exit: Exit,
    /// What went wrong and the way out.
    pub error: anyhow::Error,
}

impl<E: Into<anyhow::Error>> From<E> for Failure {
    /// Errors are wrong use or unreadable input unless said otherwise.
    fn from(error: E) -> Failure {
        Failure {
            exit: Exit::Usage,
            error: error.into(),
        }
    }
}

impl Failure {
    /// The target program could not be built, started or reached.
    pub fn target(error: impl Into<anyhow::Error>) -> Failure {
        Failure {
            exit: Exit::Target,
            error: error.into(),
        }
    }

    /// Ctrl-C was pressed.
    pub fn interrupted() -> Failure {
        Failure {
            exit: Exit::Interrupted,
            error: anyhow::anyhow!("interrupted"),
        }
    }

    /// Whether the error says that whoever reads our output has gone: that is no error.
    pub fn is_broken_pipe(&self) -> bool {
        self.error.chain().any(|cause| {
            cause
                .downcast_ref::<std::io::Error>()
                .is_some_and(|e| e.kind() == std::io::ErrorKind::BrokenPipe)
        })
    }
}

/// What a command returns.
pub type Outcome = Result<Exit, Failure>;
