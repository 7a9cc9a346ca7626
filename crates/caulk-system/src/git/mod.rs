//! What is asked of git, by running it.

mod since;
mod status;

pub use since::{ChangedFile, GitError, Since, merge_base, since};
pub use status::{FileStatus, file_status};

use std::ffi::OsStr;
use std::path::Path;
use std::time::Duration;

use crate::cancel::Limits;
use crate::process::{Command, Output, ProcessError, run};

/// Longest that one question may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// What git says, whether it succeeds or not.
fn ask(
    folder: &Path,
    args: impl IntoIterator<Item: AsRef<OsStr>>,
    input: Option<Vec<u8>>,
    limits: &Limits,
) -> Result<Output, ProcessError> {
    let mut command = Command::new("git")
        // Asking must not write: `status` otherwise refreshes the index under a lock.
        .env("GIT_OPTIONAL_LOCKS", "0")
        // A path is a file's name here, whatever pattern characters it has.
        .env("GIT_LITERAL_PATHSPECS", "1")
        // Its messages are read.
        .env("LC_ALL", "C")
        .args(args)
        .folder(folder);
    if let Some(input) = input {
        command = command.input(input);
    }
    run(&command, &limits.within(PATIENCE))
}
