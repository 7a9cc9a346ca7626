//! Process groups: a child leads one of its own, so that what it starts in turn ends with it, and the terminal's
//! Ctrl-C reaches us alone.

use std::process::{Child, Command};
use std::time::{Duration, Instant};

use super::exit::{Exit, ExitStatus};
use crate::cancel::POLL;

/// Makes the command's process the leader of a group of its own.
pub(super) fn lead_new_group(command: &mut Command) {
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(command, 0);
    #[cfg(not(unix))]
    let _ = command;
}

/// How the child ended, if it has. On Unix it is *not* reaped: as long as it is not, its id, and with it its
/// group's, cannot be given to another process, and signals to the group reach only ours.
#[cfg(unix)]
pub(super) fn peek(child: &mut Child) -> Option<ExitStatus> {
    use rustix::process::{WaitId, WaitIdOptions, waitid};

    let pid = pid_of(child)?;
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    let status = waitid(WaitId::Pid(pid), options).ok()??;
    let exit = match (status.exit_status(), status.terminating_signal()) {
        (Some(code), _) => Exit::Code(code),
        (None, Some(signal)) => Exit::Signal(signal),
        (None, None) => Exit::Unknown,
    };
    Some(ExitStatus {
        exit,
        requested: false,
    })
}

/// How the child ended, if it has.
#[cfg(not(unix))]
pub(super) fn peek(child: &mut Child) -> Option<ExitStatus> {
    child.try_wait().ok().flatten().map(ExitStatus::of)
}

/// Ends the child and all of its group: asks politely, waits up to `grace`, then kills. The child is left to be
/// reaped with what is returned: how it had ended before, if it had.
pub(super) fn end(child: &mut Child, grace: Duration) -> Option<ExitStatus> {
    let before = peek(child);
    if before.is_none() || !others(child).is_empty() {
        ask_to_end(child);
        let asked = Instant::now();
        while asked.elapsed() < grace && (peek(child).is_none() || !others(child).is_empty()) {
            std::thread::sleep(POLL);
        }
    }
    kill(child);
    before
}

/// Reaps a child that has been ended. `requested` is set in the result unless it had ended before.
pub(super) fn reap(child: &mut Child, before: Option<ExitStatus>) -> ExitStatus {
    let exit = child
        .wait()
        .map_or(Exit::Unknown, |status| ExitStatus::of(status).exit);
    before.unwrap_or(ExitStatus {
        exit,
        requested: true,
    })
}

/// The members of the group besides its leader.
fn others(child: &Child) -> Vec<u32> {
    let leader = child.id();
    let mut members = crate::facts::group_members(leader);
    members.retain(|&member| member != leader);
    members
}

#[cfg(unix)]
fn pid_of(child: &Child) -> Option<rustix::process::Pid> {
    rustix::process::Pid::from_raw(i32::try_from(child.id()).ok()?)
}

#[cfg(unix)]
fn signal(child: &Child, signal: rustix::process::Signal) {
    if let Some(pid) = pid_of(child) {
        // Fails only where no member is left.
        let _ = rustix::process::kill_process_group(pid, signal);
    }
}

fn ask_to_end(child: &mut Child) {
    #[cfg(unix)]
    signal(child, rustix::process::Signal::TERM);
    #[cfg(not(unix))]
    let _ = child.kill();
}

fn kill(child: &mut Child) {
    #[cfg(unix)]
    signal(child, rustix::process::Signal::KILL);
    #[cfg(not(unix))]
    let _ = child.kill();
}
