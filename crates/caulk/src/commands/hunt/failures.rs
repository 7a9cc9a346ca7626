//! What is said when the target does not do what a hunt needs of it.

use anyhow::anyhow;
use caulk_target::{CaptureError, CommandRound, GoError, PackageError};

use crate::exit::Failure;

/// A failure of the target. The crates' errors read after "failed to".
pub fn target_error(error: impl std::error::Error) -> Failure {
    Failure::target(anyhow!("failed to {error}"))
}

/// A load command that fails and does not say what it sent: nothing is known of the load.
pub fn load_failed(done: &CommandRound) -> Failure {
    let lines = done.lines.join("\n    ");
    Failure::target(anyhow!(
        "the load command fails, {}, and does not say how many requests it sent; its last lines:\n    {lines}",
        done.status
    ))
}

/// A program that is not built here is asked for its profiles where the load goes.
pub fn no_agent(error: CaptureError) -> Failure {
    match error {
        CaptureError::NoProfile { .. } => Failure::target(anyhow!(
            "failed to {error}; a program that caulk does not build must serve net/http/pprof where the first load goes"
        )),
        error => target_error(error),
    }
}

/// Where there is no Go at all, a run that was recorded can still be looked at.
pub fn package_error(error: PackageError) -> Failure {
    match error {
        PackageError::Go(GoError::Missing) => Failure::target(anyhow!(
            "failed to {error}; a recorded run needs no Go: caulk diagnose examples/secret-proxy/case"
        )),
        error => target_error(error),
    }
}
