//! The conversation with the agent in the program; `agent/agent.go` is its other side.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use caulk_system::{Limits, SocketError, Stopped, ask_unix_socket};

/// The environment variable that tells the agent its socket.
pub(crate) const SOCKET_VARIABLE: &str = "CAULK_AGENT";

/// Why the agent did not answer. It reads after "failed to".
#[derive(Debug, thiserror::Error)]
pub enum AgentError {
    /// The connection failed: the program ended, or hangs.
    #[error(transparent)]
    Socket(#[from] SocketError),
    /// The program refused; its words.
    #[error("get {request} from the program: {reason}")]
    Refused {
        /// What was asked.
        request: String,
        /// Its answer.
        reason: String,
    },
    /// The answer broke off: the program ended meanwhile.
    #[error("get {0} from the program: the answer breaks off")]
    Cut(String),
}

impl AgentError {
    /// Which limit of the caller ended it, if one did.
    pub fn stopped(&self) -> Option<Stopped> {
        match self {
            Self::Socket(SocketError::Stopped(stopped)) => Some(*stopped),
            _ => None,
        }
    }
}

/// The agent of a running program.
#[derive(Clone, Debug)]
pub struct Agent {
    socket: PathBuf,
}

/// No answer is larger: a dump is cut by the runtime at 64 MiB, profiles are compressed.
const LARGEST_ANSWER: usize = 256 << 20;

/// A dump of a large program takes seconds, one of a program that swaps longer.
const LONGEST_ANSWER: Duration = Duration::from_secs(120);

impl Agent {
    pub(crate) fn at(socket: &Path) -> Self {
        Self {
            socket: socket.to_owned(),
        }
    }

    /// A profile of `runtime/pprof` by name, in the form of `debug`: 0 is gzipped protobuf, 1 and 2 are text.
    pub fn profile(&self, name: &str, debug: u8, limits: &Limits) -> Result<Vec<u8>, AgentError> {
        self.ask(&format!("profile {name} {debug}"), limits)
    }

    /// Collects garbage, to the end.
    pub fn collect(&self, limits: &Limits) -> Result<(), AgentError> {
        self.ask("gc", limits).map(|_| ())
    }

    /// The runtime's figures.
    pub fn stats(&self, limits: &Limits) -> Result<Stats, AgentError> {
        let answer = self.ask("stats", limits)?;
        Ok(Stats::parse(&String::from_utf8_lossy(&answer)))
    }

    /// Whether it answers, within `time`.
    pub(crate) fn answers(&self, time: Duration) -> bool {
        // Anything will do for an answer, a refusal as well.
        !matches!(
            self.ask("", &Limits::default().within(time)),
            Err(AgentError::Socket(_))
        )
    }

    fn ask(&self, request: &str, limits: &Limits) -> Result<Vec<u8>, AgentError> {
        let limits = limits.within(LONGEST_ANSWER);
        let line = format!("{request}\n");
        let mut answer = ask_unix_socket(&self.socket, line.as_bytes(), LARGEST_ANSWER, &limits)?;
        if let Some(reason) = answer.strip_prefix(b"error ") {
            let reason = String::from_utf8_lossy(reason).trim_end().to_owned();
            return Err(AgentError::Refused {
                request: request.to_owned(),
                reason,
            });
        }
        match answer
            .strip_prefix(b"ok\n")
            .and_then(|rest| rest.strip_suffix(b"\nend\n"))
        {
            Some(content) => {
                let length = content.len();
                answer.drain(..b"ok\n".len());
                answer.truncate(length);
                Ok(answer)
            }
            None => Err(AgentError::Cut(request.to_owned())),
        }
    }
}

/// Figures of the Go runtime at one moment, from `runtime.MemStats` and beside it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// By name; sizes end in `_bytes`. `heap_alloc_bytes`, `stack_inuse_bytes`, `sys_bytes`, `gc_cycles` and others.
    pub figures: BTreeMap<String, u64>,
    /// The version of Go that the program was built with.
    pub go_version: String,
}

impl Stats {
    /// Goroutines, the runtime's own left out.
    pub fn goroutines(&self) -> Option<u64> {
        self.figures.get("goroutines").copied()
    }

    /// The rate at which the heap is sampled, in bytes; 0 is not at all.
    pub fn mem_profile_rate(&self) -> Option<u64> {
        self.figures.get("mem_profile_rate").copied()
    }

    /// The program's process id.
    pub fn pid(&self) -> Option<u32> {
        self.figures
            .get("pid")
            .and_then(|&pid| u32::try_from(pid).ok())
    }

    fn parse(text: &str) -> Self {
        let mut stats = Self::default();
        for (name, value) in text.lines().filter_map(|line| line.split_once('=')) {
            if name == "go_version" {
                stats.go_version = value.to_owned();
            } else if let Ok(value) = value.parse() {
                stats.figures.insert(name.to_owned(), value);
            }
        }
        stats
    }
}
