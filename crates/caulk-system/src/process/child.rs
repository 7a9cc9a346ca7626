use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::exit::ExitStatus;
use super::watchdog::Watchdog;
use super::{Command, ProcessError, group};
use crate::cancel::{Limits, POLL, Stopped};

/// What is kept of a child's output.
#[derive(Clone, Debug)]
pub struct ChildOptions {
    /// How many bytes of its last lines are kept.
    pub tail_bytes: usize,
    /// A file that gets all of it, both streams about in the order they came, replacing an older one.
    pub log: Option<PathBuf>,
    /// Where the log ends, in bytes; the tail goes on.
    pub log_limit: u64,
    /// Lines to be kept beside the tail whatever comes after them: the first 50, and the last one with what follows it.
    pub notable: fn(&str) -> bool,
    /// How many lines that follow the last notable one on the same stream are kept with it.
    pub notable_following: usize,
}

impl Default for ChildOptions {
    fn default() -> Self {
        Self {
            tail_bytes: 64 << 10,
            log: None,
            log_limit: 256 << 20,
            notable: |_| false,
            notable_following: 0,
        }
    }
}

/// One of a child's output streams.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// A line that a child printed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Where.
    pub stream: Stream,
    /// Without its line end; longer ones than 8 KiB are cut into several. Invalid UTF-8 is replaced.
    pub text: String,
}

/// A running program. Its process group ends with it: when it is terminated, when this value is dropped, and (on
/// Unix) when this process is killed.
#[derive(Debug)]
pub struct Child {
    program: String,
    process: std::process::Child,
    printed: Arc<Mutex<Printed>>,
    readers: Vec<JoinHandle<()>>,
    watchdog: Option<Watchdog>,
    ended: Option<ExitStatus>,
}

/// How long a dropped child may take to end by itself.
const DROP_GRACE: Duration = Duration::from_millis(500);

/// How long output may still arrive once the child has ended.
const OUTPUT_GRACE: Duration = Duration::from_millis(500);

const LONGEST_LINE: usize = 8 << 10;
const MOST_NOTABLE: usize = 50;

/// Starts a program in a process group of its own and drains its output.
pub fn spawn(command: &Command, options: &ChildOptions) -> Result<Child, ProcessError> {
    let program = command.program();
    let log = match &options.log {
        Some(path) => Some(File::create(path).map_err(|source| ProcessError::Output {
            program: program.clone(),
            source,
        })?),
        None => None,
    };
    let mut process = command.start()?;
    let watchdog = Some(Watchdog::over(process.id()));
    let printed = Arc::new(Mutex::new(Printed {
        lines: VecDeque::new(),
        bytes: 0,
        notable: Vec::new(),
        last_notable: Vec::new(),
        log,
        log_left: options.log_limit,
        options: options.clone(),
    }));
    let mut readers = Vec::new();
    if let Some(pipe) = process.stdout.take() {
        readers.push(drain(pipe, Stream::Stdout, Arc::clone(&printed)));
    }
    if let Some(pipe) = process.stderr.take() {
        readers.push(drain(pipe, Stream::Stderr, Arc::clone(&printed)));
    }
    Ok(Child {
        program,
        process,
        printed,
        readers,
        watchdog,
        ended: None,
    })
}

impl Child {
    /// The program as it was given.
    pub fn program(&self) -> &str {
        &self.program
    }

    /// Its process id, which is its process group's as well.
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// How it ended, or `None` while it runs.
    pub fn exit(&mut self) -> Option<ExitStatus> {
        if self.ended.is_some() {
            return self.ended;
        }
        let status = group::peek(&mut self.process)?;
        // Its last words may still be on their way to us.
        let deadline = Instant::now() + OUTPUT_GRACE;
        while self.readers.iter().any(|reader| !reader.is_finished()) && Instant::now() < deadline {
            std::thread::sleep(POLL);
        }
        // Not remembered in `ended`: that means that the group is gone as well.
        Some(status)
    }

    /// Waits until it ends by itself.
    pub fn wait(&mut self, limits: &Limits) -> Result<ExitStatus, Stopped> {
        loop {
            if let Some(status) = self.exit() {
                return Ok(status);
            }
            limits.check()?;
            std::thread::sleep(POLL);
        }
    }

    /// Ends it and all of its process group: `SIGTERM`, up to `grace` to comply, then `SIGKILL`.
    pub fn terminate(&mut self, grace: Duration) -> ExitStatus {
        if let Some(status) = self.ended {
            return status;
        }
        let before = group::end(&mut self.process, grace);
        self.watchdog = None;
        let status = group::reap(&mut self.process, before);
        self.ended = Some(status);
        status
    }

    /// Its last lines, oldest first, at most `most`.
    pub fn tail(&self, most: usize) -> Vec<Line> {
        let printed = lock(&self.printed);
        let skip = printed.lines.len().saturating_sub(most);
        printed.lines.iter().skip(skip).cloned().collect()
    }

    /// The lines that the options call notable, oldest first.
    pub fn notable(&self) -> Vec<Line> {
        lock(&self.printed).notable.clone()
    }

    /// The last notable line and the lines that followed it; empty where there is none.
    pub fn last_notable(&self) -> Vec<Line> {
        lock(&self.printed).last_notable.clone()
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        self.terminate(DROP_GRACE);
    }
}

#[derive(Debug)]
struct Printed {
    lines: VecDeque<Line>,
    bytes: usize,
    notable: Vec<Line>,
    /// The last notable line and what followed it on its stream, as far as that is kept.
    last_notable: Vec<Line>,
    log: Option<File>,
    log_left: u64,
    options: ChildOptions,
}

impl Printed {
    fn log(&mut self, bytes: &[u8]) {
        let Some(log) = &mut self.log else { return };
        let fits = usize::try_from(self.log_left)
            .unwrap_or(usize::MAX)
            .min(bytes.len());
        let written = log.write_all(bytes.get(..fits).unwrap_or_default());
        self.log_left -= fits as u64;
        if self.log_left == 0 || written.is_err() {
            self.log = None;
        }
    }

    fn keep_notable(&mut self, line: &Line) {
        if (self.options.notable)(&line.text) {
            if self.notable.len() < MOST_NOTABLE {
                self.notable.push(line.clone());
            }
            self.last_notable = vec![line.clone()];
        } else if let Some(first) = self.last_notable.first()
            && first.stream == line.stream
            && self.last_notable.len() <= self.options.notable_following
        {
            self.last_notable.push(line.clone());
        }
    }

    fn push(&mut self, stream: Stream, bytes: &[u8]) {
        let bytes = bytes.strip_suffix(b"\r").unwrap_or(bytes);
        let line = Line {
            stream,
            text: String::from_utf8_lossy(bytes).into_owned(),
        };
        self.keep_notable(&line);
        self.bytes += line.text.len();
        self.lines.push_back(line);
        while self.bytes > self.options.tail_bytes {
            match self.lines.pop_front() {
                Some(oldest) => self.bytes -= oldest.text.len(),
                None => break,
            }
        }
    }
}

/// Whatever a reader left behind when it failed is still worth showing.
fn lock(printed: &Mutex<Printed>) -> MutexGuard<'_, Printed> {
    printed.lock().unwrap_or_else(PoisonError::into_inner)
}

fn drain<R: Read + Send + 'static>(
    mut pipe: R,
    stream: Stream,
    printed: Arc<Mutex<Printed>>,
) -> JoinHandle<()> {
    std::thread::spawn(move || {
        let mut buffer = vec![0; 16 << 10];
        let mut partial = Vec::new();
        loop {
            let count = match pipe.read(&mut buffer) {
                Ok(0) => break,
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(_) => break,
            };
            let mut printed = lock(&printed);
            let bytes = buffer.get(..count).unwrap_or_default();
            printed.log(bytes);
            for piece in bytes.split_inclusive(|&byte| byte == b'\n') {
                partial.extend_from_slice(piece);
                let whole = partial.strip_suffix(b"\n");
                if let Some(line) = whole {
                    printed.push(stream, line);
                    partial.clear();
                } else if partial.len() >= LONGEST_LINE {
                    printed.push(stream, &partial);
                    partial.clear();
                }
            }
        }
        if !partial.is_empty() {
            lock(&printed).push(stream, &partial);
        }
    })
}

#[cfg(all(test, unix))]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn start(line: &str, options: &ChildOptions) -> Child {
        spawn(&Command::shell(line), options).unwrap()
    }

    fn soon() -> Limits {
        Limits::default().within(Duration::from_secs(20))
    }

    #[test]
    fn the_tail_is_bounded_and_the_log_has_it_all() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("log");
        let options = ChildOptions {
            tail_bytes: 30,
            log: Some(log.clone()),
            notable: |line| line.contains("fatal"),
            notable_following: 1,
            ..ChildOptions::default()
        };
        let line = "echo fatal: one; echo fatal: two; echo why; echo where; for i in 1 2 3 4 5 6 7 8 9; do echo line $i; done; printf end";
        let mut child = start(line, &options);
        let status = child.wait(&soon()).unwrap();
        assert!(status.success());
        let tail: Vec<_> = child.tail(3).into_iter().map(|line| line.text).collect();
        assert_eq!(tail, ["line 8", "line 9", "end"]);
        assert!(child.tail(100).len() <= 6);
        let texts =
            |lines: Vec<Line>| -> Vec<String> { lines.into_iter().map(|line| line.text).collect() };
        assert_eq!(texts(child.notable()), ["fatal: one", "fatal: two"]);
        assert_eq!(texts(child.last_notable()), ["fatal: two", "why"]);
        let logged = std::fs::read_to_string(log).unwrap();
        assert!(
            logged.contains("fatal: one\n") && logged.ends_with("line 9\nend"),
            "{logged}"
        );
    }

    #[test]
    fn a_polite_request_is_enough_where_it_is_heard() {
        let line = "trap 'echo bye; exit 7' TERM; echo ready; while :; do sleep 0.05; done";
        let mut child = start(line, &ChildOptions::default());
        while child.tail(1).is_empty() {
            soon().sleep(Duration::from_millis(10)).unwrap();
        }
        assert_eq!(child.exit(), None);
        let status = child.terminate(Duration::from_secs(10));
        assert_eq!(status.to_string(), "exit status 7");
        assert!(status.requested);
    }

    #[test]
    fn a_deaf_group_is_killed_when_dropped() {
        let line = "trap '' TERM; sh -c 'trap \"\" TERM; echo ready; while :; do sleep 0.1; done'";
        let child = start(line, &ChildOptions::default());
        while child.tail(1).is_empty() {
            soon().sleep(Duration::from_millis(10)).unwrap();
        }
        let group = child.id();
        let members = crate::facts::group_members(group).len();
        assert!(members >= 2 || cfg!(not(target_os = "linux")), "{members}");
        drop(child);
        // A killed process is in the group until the kernel is done with it.
        let soon = soon();
        while !crate::facts::group_members(group).is_empty() {
            soon.sleep(Duration::from_millis(10)).unwrap();
        }
    }

    #[test]
    fn a_kill_that_we_did_not_ask_for_looks_like_lack_of_memory() {
        let mut child = start("kill -9 $$", &ChildOptions::default());
        let status = child.wait(&soon()).unwrap();
        assert!(status.looks_out_of_memory(), "{status}");
        assert_eq!(child.terminate(Duration::ZERO), status);
    }

    /// Stands for a caulk that is killed; run by the test below alone.
    #[test]
    #[ignore = "waits to be killed"]
    #[allow(clippy::print_stdout, reason = "it speaks to the test by its output")]
    fn a_parent_that_waits_to_be_killed() {
        let child = start("sleep 100 & sleep 100", &ChildOptions::default());
        println!("group {}", child.id());
        Limits::default().sleep(Duration::from_secs(60)).unwrap();
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn children_end_when_their_parent_is_killed() {
        let this = std::env::current_exe().unwrap();
        let name = "process::child::tests::a_parent_that_waits_to_be_killed";
        let parent = Command::new(this).args([name, "--exact", "--ignored", "--nocapture"]);
        let mut parent = spawn(&parent, &ChildOptions::default()).unwrap();
        let soon = soon();
        let group = loop {
            let said = parent.tail(10);
            let said = said.iter().find_map(|line| line.text.split_once("group "));
            match said {
                Some((_, group)) => break group.parse().unwrap(),
                None => soon.sleep(Duration::from_millis(10)).unwrap(),
            }
        };
        assert!(crate::facts::group_members(group).len() >= 2);
        let kill = Command::new("kill").args(["-KILL", &parent.id().to_string()]);
        super::super::run(&kill, &soon).unwrap();
        parent.wait(&soon).unwrap();
        while !crate::facts::group_members(group).is_empty() {
            soon.sleep(Duration::from_millis(10)).unwrap();
        }
    }
}
