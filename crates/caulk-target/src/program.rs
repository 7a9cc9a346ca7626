//! A program that runs: the one that is hunted in, or a companion that it needs.

mod environment;
mod ready;

use std::fmt;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use caulk_system::process::{
    Child, ChildOptions, Command, Exit, ExitStatus, ProcessError, Stream, spawn,
};
use caulk_system::{
    CgroupMemory, FileError, Limits, ProcessFacts, Stopped, TempFolder, group_members,
};

use crate::agent::{Agent, AgentError, SOCKET_VARIABLE, Stats};
use crate::capture::{CaptureError, Captured, capture};
pub use environment::Profiling;
pub use ready::{ReadyCheck, ReadyCheckError};

/// What is started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// A program that [`crate::build`] made.
    Binary {
        /// The executable.
        path: PathBuf,
        /// Its arguments.
        args: Vec<String>,
        /// Whether the agent was built in.
        agent: bool,
    },
    /// A command line for the shell.
    Shell(String),
}

/// How a program is started.
#[derive(Clone, Debug)]
pub struct Launch {
    /// What it is called in messages.
    pub name: String,
    /// What is started.
    pub what: What,
    /// The working folder.
    pub folder: PathBuf,
    /// Set beside the inherited environment.
    pub env: Vec<(String, String)>,
    /// What is asked of the Go runtime by `GODEBUG`; `None` leaves it alone.
    pub profiling: Option<Profiling>,
    /// All of these must answer before it counts as started.
    pub ready: Vec<ReadyCheck>,
    /// How long that may take.
    pub ready_timeout: Duration,
    /// A file for all that it prints.
    pub log: Option<PathBuf>,
}

/// Why a program did not start. It reads after "failed to".
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Something else already answers where the program should.
    #[error("start {name}: port {port} is already in use by another program")]
    PortTaken {
        /// The program.
        name: String,
        /// The port.
        port: u16,
    },
    /// It ended before it was ready.
    #[error("start {name}: it ended at once, {status}{}", quoted(lines))]
    Exited {
        /// The program.
        name: String,
        /// How it ended.
        status: ExitStatus,
        /// Its last lines.
        lines: Vec<String>,
    },
    /// It runs, but does not answer.
    #[error("start {name}: no answer from {check} within {} s{}", waited.as_secs(), quoted(lines))]
    NeverReady {
        /// The program.
        name: String,
        /// The check that did not pass.
        check: String,
        /// How long was waited.
        waited: Duration,
        /// Its last lines.
        lines: Vec<String>,
    },
    /// It runs and answers, but its agent does not.
    #[error(
        "reach the agent in {name}: the overlay had no effect, or the program does not get to its init functions"
    )]
    NoAgent {
        /// The program.
        name: String,
    },
    /// It could not be executed at all.
    #[error(transparent)]
    Process(#[from] ProcessError),
    /// No folder for the agent's socket.
    #[error(transparent)]
    Folder(#[from] FileError),
    /// Cancelled, or past the caller's deadline.
    #[error("start {name}: {stopped}")]
    Stopped {
        /// The program.
        name: String,
        /// Which limit.
        stopped: Stopped,
    },
}

/// The end of a program that we did not ask for. A finding, not a failure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Death {
    /// How it ended.
    pub status: ExitStatus,
    /// Whether memory ran out: the kernel killed it, or the Go runtime gave up.
    pub out_of_memory: bool,
    /// The first line of the crash, where it printed one (`panic: …`, `fatal error: …`).
    pub reason: Option<String>,
    /// The beginning of the crash, else its last lines.
    pub lines: Vec<String>,
}

impl fmt::Display for Death {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.status)?;
        match &self.reason {
            Some(reason) => write!(f, " ({reason})"),
            None => Ok(()),
        }
    }
}

/// A program that has answered its ready checks. It and all that it started end when this value is dropped.
#[derive(Debug)]
pub struct Program {
    name: String,
    child: Child,
    agent: Option<RunningAgent>,
    oom_kills_at_start: Option<u64>,
    ready_after: Duration,
}

#[derive(Debug)]
struct RunningAgent {
    agent: Agent,
    pid: u32,
    /// Holds the socket.
    _folder: TempFolder,
}

const POLL: Duration = Duration::from_millis(20);
const LAST_LINES: usize = 20;
const TAIL_BYTES: usize = 64 << 10;

/// A program without a ready check that lives this long has started.
const LONG_ENOUGH: Duration = Duration::from_millis(500);

/// The agent listens before the program's `main` begins.
const AGENT_TIME: Duration = Duration::from_secs(5);

const SIGN_OF_LIFE_TIME: Duration = Duration::from_millis(300);

/// How long a program that crashed may take to end.
const DYING_TIME: Duration = Duration::from_secs(5);

/// A system's limit for the path of a socket is 104 bytes or a little more.
const LONGEST_SOCKET_PATH: usize = 100;

impl Program {
    /// Starts a program and waits until it is ready.
    pub fn start(launch: &Launch, limits: &Limits) -> Result<Self, StartError> {
        let name = launch.name.clone();
        let stopped = |stopped| StartError::Stopped {
            name: name.clone(),
            stopped,
        };
        limits.check().map_err(stopped)?;
        for check in &launch.ready {
            if let Some(port) = check.port_in_use() {
                return Err(StartError::PortTaken { name, port });
            }
        }
        let (mut command, wants_agent) = match &launch.what {
            What::Binary { path, args, agent } => (Command::new(path).args(args), *agent),
            What::Shell(line) => (Command::shell(line), false),
        };
        command = command.folder(&launch.folder);
        for (key, value) in &launch.env {
            command = command.env(key, value);
        }
        if let Some(profiling) = &launch.profiling {
            command = command.env("GODEBUG", profiling.godebug(&launch.env));
        }
        let mut socket = None;
        if wants_agent {
            let folder = socket_folder()?;
            let path = folder.path().join("agent");
            command = command.env(SOCKET_VARIABLE, &path);
            socket = Some((folder, path));
        }
        let options = ChildOptions {
            tail_bytes: TAIL_BYTES,
            log: launch.log.clone(),
            notable: is_notable,
            notable_following: LAST_LINES - 1,
            ..ChildOptions::default()
        };
        let start = Instant::now();
        let child = spawn(&command, &options)?;
        let oom_kills_at_start = oom_kills();
        let ready_after = Duration::ZERO;
        let mut program = Self {
            name,
            child,
            agent: None,
            oom_kills_at_start,
            ready_after,
        };
        program.wait_until_ready(launch, limits)?;
        program.ready_after = start.elapsed();
        if let Some((folder, path)) = socket {
            let agent = Agent::at(&path);
            let stats = program.wait_for_agent(&agent, limits)?;
            let pid = stats.pid().unwrap_or(program.child.id());
            program.agent = Some(RunningAgent {
                agent,
                pid,
                _folder: folder,
            });
        }
        Ok(program)
    }

    /// What it is called in messages.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its process id (the shell's, for a command line).
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// How long it took until it was ready.
    pub fn ready_after(&self) -> Duration {
        self.ready_after
    }

    /// The agent in it, where one was built in.
    pub fn agent(&self) -> Option<&Agent> {
        self.agent.as_ref().map(|running| &running.agent)
    }

    /// The facts of the process; for a command line, of all that it started.
    pub fn facts(&self) -> Option<ProcessFacts> {
        match &self.agent {
            Some(running) => ProcessFacts::of(running.pid),
            None => ProcessFacts::sum(&group_members(self.child.id())),
        }
    }

    /// Takes a snapshot through the agent; `None` where there is none.
    pub fn capture(&self, limits: &Limits) -> Option<Result<Captured, CaptureError>> {
        let running = self.agent.as_ref()?;
        Some(capture(&running.agent, running.pid, limits))
    }

    /// Waits until the number of open descriptors stands still, at most for `most`: a server notices that its
    /// clients have left a moment later, and would be captured with connections that are on their way out.
    pub fn settle(&self, most: Duration, limits: &Limits) -> Result<(), Stopped> {
        const STILL: Duration = Duration::from_millis(100);
        let count = || self.facts().and_then(|facts| facts.descriptors);
        let start = Instant::now();
        let (mut last, mut since) = (count(), Instant::now());
        while start.elapsed() < most && since.elapsed() < STILL {
            limits.sleep(POLL)?;
            let now = count();
            if now != last {
                (last, since) = (now, Instant::now());
            }
        }
        Ok(())
    }

    /// How it ended, if it has; it was not asked to. One that is about to end, since it crashed a moment ago, is
    /// waited for.
    pub fn death(&mut self) -> Option<Death> {
        let status = match self.child.exit() {
            Some(status) => status,
            None if self.seems_gone() => {
                let dying = Limits::default().within(DYING_TIME);
                self.child.wait(&dying).ok()?
            }
            None => return None,
        };
        let lines = self.last_words(status);
        let reason = lines.first().filter(|line| is_crash(line)).cloned();
        let killed_for_memory = match (self.oom_kills_at_start, oom_kills()) {
            (Some(before), Some(now)) => now > before,
            _ => true,
        };
        let gave_up = reason.as_deref().is_some_and(is_out_of_memory);
        let out_of_memory = gave_up || (status.looks_out_of_memory() && killed_for_memory);
        Some(Death {
            status,
            out_of_memory,
            reason,
            lines,
        })
    }

    /// Whether it gives no sign of life. A process closes its connections, and prints every stack of a crash, some time
    /// before it has ended.
    fn seems_gone(&self) -> bool {
        match &self.agent {
            Some(running) => !running.agent.answers(SIGN_OF_LIFE_TIME),
            None if cfg!(target_os = "linux") => {
                let open = self.facts().and_then(|facts| facts.descriptors);
                open.is_none_or(|open| open.total == 0)
            }
            None => false,
        }
    }

    /// Its last lines, those of standard error where it wrote any.
    fn last_lines(&self) -> Vec<String> {
        let lines = self.child.tail(usize::MAX);
        let errors = lines.iter().any(|line| line.stream == Stream::Stderr);
        let mut texts: Vec<String> = lines
            .into_iter()
            .filter(|line| !errors || line.stream == Stream::Stderr)
            .map(|line| line.text)
            .collect();
        texts.drain(..texts.len().saturating_sub(LAST_LINES));
        texts
    }

    /// What a program that has ended said of it: the beginning of the crash, where it printed one, since the stacks of
    /// all goroutines may follow it; else its last lines.
    fn last_words(&self, status: ExitStatus) -> Vec<String> {
        let last = self.child.last_notable();
        match last.first() {
            Some(first) if is_crash(&first.text) && is_exit_of_crash(status) => {
                last.into_iter().map(|line| line.text).collect()
            }
            _ => self.last_lines(),
        }
    }

    /// What it said of a crash, a panic of a handler, or a limit that it hit, whenever that was.
    pub fn notable_lines(&self) -> Vec<String> {
        self.child
            .notable()
            .into_iter()
            .map(|line| line.text)
            .collect()
    }

    /// Asks it to end, waits up to `grace`, then ends it and all that it started.
    pub fn stop(mut self, grace: Duration) -> ExitStatus {
        self.child.terminate(grace)
    }

    fn wait_until_ready(&mut self, launch: &Launch, limits: &Limits) -> Result<(), StartError> {
        let start = Instant::now();
        let mut pending: Vec<&ReadyCheck> = launch.ready.iter().collect();
        loop {
            if let Some(status) = self.child.exit() {
                let (name, lines) = (self.name.clone(), self.last_words(status));
                return Err(StartError::Exited {
                    name,
                    status,
                    lines,
                });
            }
            limits.check().map_err(|stopped| StartError::Stopped {
                name: self.name.clone(),
                stopped,
            })?;
            while pending.first().is_some_and(|check| check.passes(limits)) {
                pending.remove(0);
            }
            let waited = start.elapsed();
            match pending.first() {
                None if !launch.ready.is_empty() || waited >= LONG_ENOUGH => return Ok(()),
                Some(check) if waited >= launch.ready_timeout => {
                    return Err(StartError::NeverReady {
                        name: self.name.clone(),
                        check: check.to_string(),
                        waited,
                        lines: self.last_lines(),
                    });
                }
                _ => std::thread::sleep(POLL),
            }
        }
    }

    fn wait_for_agent(&mut self, agent: &Agent, limits: &Limits) -> Result<Stats, StartError> {
        let start = Instant::now();
        loop {
            match agent.stats(&limits.within(AGENT_TIME)) {
                Ok(stats) => return Ok(stats),
                Err(AgentError::Socket(_)) if start.elapsed() < AGENT_TIME => {}
                Err(_) => {
                    return Err(StartError::NoAgent {
                        name: self.name.clone(),
                    });
                }
            }
            if let Some(status) = self.child.exit() {
                let (name, lines) = (self.name.clone(), self.last_words(status));
                return Err(StartError::Exited {
                    name,
                    status,
                    lines,
                });
            }
            limits.sleep(POLL).map_err(|stopped| StartError::Stopped {
                name: self.name.clone(),
                stopped,
            })?;
        }
    }
}

fn socket_folder() -> Result<TempFolder, FileError> {
    let folder = TempFolder::new("caulk-")?;
    if folder.path().as_os_str().len() + "/agent".len() <= LONGEST_SOCKET_PATH {
        return Ok(folder);
    }
    TempFolder::new_in(std::path::Path::new("/tmp"), "caulk-")
}

/// Counted for our own control group, which a child shares: one that has ended is in none.
fn oom_kills() -> Option<u64> {
    CgroupMemory::of(std::process::id()).and_then(|memory| memory.oom_kills)
}

fn is_crash(line: &str) -> bool {
    ["panic: ", "fatal error: ", "runtime: out of memory"]
        .iter()
        .any(|start| line.starts_with(start))
}

/// The Go runtime exits with 2 after a panic or a fatal error, or aborts where `GOTRACEBACK` says so. A line that only
/// looks like a crash's may come from a handler that recovered, long before.
fn is_exit_of_crash(status: ExitStatus) -> bool {
    const SIGABRT: i32 = 6;
    matches!(status.exit, Exit::Code(2) | Exit::Signal(SIGABRT))
}

fn is_out_of_memory(line: &str) -> bool {
    line.contains("out of memory") || line.contains("cannot allocate memory")
}

fn is_notable(line: &str) -> bool {
    is_crash(line) || line.contains("http: panic serving") || line.contains("too many open files")
}

/// Lines to follow a message, indented; nothing where there are none.
fn quoted(lines: &[String]) -> String {
    match lines {
        [] => String::new(),
        lines => format!("; its last lines:\n    {}", lines.join("\n    ")),
    }
}
