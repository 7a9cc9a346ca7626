//! A child must not outlive us, even where we are killed and can end nothing ourselves.

#[cfg(unix)]
use std::process::{Child, Command, Stdio};

/// A shell that waits on a pipe from us. When we are gone the pipe closes, and it ends the group.
///
/// It must be dropped before the group's leader is reaped: as long as that is not, the group's id is not given to
/// other processes.
#[derive(Debug)]
pub(super) struct Watchdog {
    #[cfg(unix)]
    shell: Option<Child>,
}

#[cfg(unix)]
const SCRIPT: &str = "read line || { kill -s TERM -- -$0; sleep 2; kill -s KILL -- -$0; }";

impl Watchdog {
    /// Watches over a process group. Where no shell can be started there is no watch.
    #[cfg(unix)]
    pub fn over(group: u32) -> Self {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", SCRIPT, &group.to_string()]);
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        // Ctrl-C in the terminal is for us alone.
        super::group::lead_new_group(&mut command);
        Self {
            shell: command.spawn().ok(),
        }
    }

    /// There is no watch on this platform.
    #[cfg(not(unix))]
    pub fn over(_group: u32) -> Self {
        Self {}
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        #[cfg(unix)]
        if let Some(shell) = &mut self.shell {
            // The pipe is open until after this, so that the shell does not take its end for ours.
            let _ = shell.kill();
            let pipe = shell.stdin.take();
            let _ = shell.wait();
            drop(pipe);
        }
    }
}
