use std::fmt;

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Exit {
    /// By itself, with this code.
    Code(i32),
    /// By this signal.
    Signal(i32),
    /// In a way that the system does not tell.
    Unknown,
}

/// How a process ended, and whether it was we who ended it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ExitStatus {
    /// Code or signal.
    pub exit: Exit,
    /// Whether this program had asked it to end before it did.
    pub requested: bool,
}

const SIGKILL: i32 = 9;

impl ExitStatus {
    /// Whether it ended by itself with code 0.
    pub fn success(self) -> bool {
        self.exit == Exit::Code(0)
    }

    /// Whether it was killed as the kernel kills when memory runs out: by `SIGKILL`, which we did not send.
    pub fn looks_out_of_memory(self) -> bool {
        self.exit == Exit::Signal(SIGKILL) && !self.requested
    }

    pub(crate) fn of(status: std::process::ExitStatus) -> Self {
        #[cfg(unix)]
        let signal = std::os::unix::process::ExitStatusExt::signal(&status);
        #[cfg(not(unix))]
        let signal = None;
        let exit = match (status.code(), signal) {
            (Some(code), _) => Exit::Code(code),
            (None, Some(signal)) => Exit::Signal(signal),
            (None, None) => Exit::Unknown,
        };
        Self {
            exit,
            requested: false,
        }
    }
}

impl fmt::Display for ExitStatus {
    /// `exit status 2`, `killed by SIGKILL, as the kernel does when memory runs out`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.exit {
            Exit::Code(code) => write!(f, "exit status {code}"),
            Exit::Unknown => f.write_str("unknown exit status"),
            Exit::Signal(signal) => {
                match signal_name(signal) {
                    Some(name) => write!(f, "killed by {name}")?,
                    None => write!(f, "killed by signal {signal}")?,
                }
                if self.looks_out_of_memory() {
                    f.write_str(", as the kernel does when memory runs out")?;
                }
                Ok(())
            }
        }
    }
}

/// The signals whose numbers are the same on every Unix.
fn signal_name(signal: i32) -> Option<&'static str> {
    Some(match signal {
        1 => "SIGHUP",
        2 => "SIGINT",
        3 => "SIGQUIT",
        4 => "SIGILL",
        5 => "SIGTRAP",
        6 => "SIGABRT",
        8 => "SIGFPE",
        SIGKILL => "SIGKILL",
        11 => "SIGSEGV",
        13 => "SIGPIPE",
        14 => "SIGALRM",
        15 => "SIGTERM",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn an_exit_is_told_in_words() {
        let status = |exit, requested| ExitStatus { exit, requested }.to_string();
        assert_eq!(status(Exit::Code(2), false), "exit status 2");
        assert_eq!(status(Exit::Signal(15), true), "killed by SIGTERM");
        assert_eq!(status(Exit::Signal(9), true), "killed by SIGKILL");
        assert_eq!(status(Exit::Signal(42), false), "killed by signal 42");
        assert!(status(Exit::Signal(9), false).contains("memory runs out"));
    }
}
