use std::io::{self, Read, Write};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use super::exit::ExitStatus;
use super::{Command, ProcessError, group};
use crate::cancel::{Limits, POLL};

/// What a program that ran to its end left.
#[derive(Clone, Debug)]
pub struct Output {
    /// How it ended.
    pub status: ExitStatus,
    /// Its standard output, at most the first 256 MiB.
    pub stdout: Vec<u8>,
    /// Its standard error, at most the first 256 MiB.
    pub stderr: Vec<u8>,
}

const MOST_OUTPUT: u64 = 256 << 20;

/// How long to wait for the rest of the output when a grandchild still holds it open.
const OUTPUT_GRACE: Duration = Duration::from_secs(2);

/// Runs a program that speaks with the user, such as an editor: it has this process's standard streams, and the terminal.
pub fn run_attended(command: &Command) -> Result<ExitStatus, ProcessError> {
    let mut child = command.spawn(command.prepared())?;
    match child.wait() {
        Ok(status) => Ok(ExitStatus::of(status)),
        Err(source) => Err(ProcessError::Output {
            program: command.program(),
            source,
        }),
    }
}

/// Runs a program to its end and returns what it printed. When the limits end the wait, the program and all that it
/// started are ended too.
pub fn run(command: &Command, limits: &Limits) -> Result<Output, ProcessError> {
    let program = || command.program();
    limits.check().map_err(|stopped| ProcessError::Stopped {
        program: program(),
        stopped,
    })?;
    let mut child = command.start()?;
    if let (Some(mut stdin), Some(input)) = (child.stdin.take(), command.input.clone()) {
        // A program that ends without having read everything is no failure of ours.
        std::thread::spawn(move || stdin.write_all(&input));
    }
    let stdout = collect(child.stdout.take());
    let stderr = collect(child.stderr.take());
    let stopped = loop {
        if group::peek(&mut child).is_some() {
            break None;
        }
        if let Err(stopped) = limits.check() {
            break Some(stopped);
        }
        std::thread::sleep(POLL.min(Duration::from_millis(2)));
    };
    let before = group::end(&mut child, OUTPUT_GRACE);
    let status = group::reap(&mut child, before);
    if let Some(stopped) = stopped {
        return Err(ProcessError::Stopped {
            program: program(),
            stopped,
        });
    }
    let deadline = Instant::now() + OUTPUT_GRACE;
    let finish = |output: mpsc::Receiver<io::Result<Vec<u8>>>| {
        let left = deadline.saturating_duration_since(Instant::now());
        match output.recv_timeout(left) {
            Ok(bytes) => bytes,
            Err(_) => Err(io::Error::other(
                "it is still held open after the program's end",
            )),
        }
        .map_err(|source| ProcessError::Output {
            program: program(),
            source,
        })
    };
    Ok(Output {
        status,
        stdout: finish(stdout)?,
        stderr: finish(stderr)?,
    })
}

/// Reads a pipe to its end in a thread of its own, so that neither of two pipes can fill while the other is read.
fn collect<R: Read + Send + 'static>(pipe: Option<R>) -> mpsc::Receiver<io::Result<Vec<u8>>> {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        let Some(mut pipe) = pipe else {
            let _ = sender.send(Ok(bytes));
            return;
        };
        let read = pipe.by_ref().take(MOST_OUTPUT).read_to_end(&mut bytes);
        // What exceeds the limit is read and dropped, so that the program is not blocked.
        let drained = read.and_then(|_| io::copy(&mut pipe, &mut io::sink()));
        let _ = sender.send(drained.map(|_| bytes));
    });
    receiver
}

#[cfg(all(test, unix))]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::cancel::Stopped;

    #[test]
    fn both_streams_are_read_while_it_runs() {
        let line = "head -c 300000 /dev/zero; head -c 300000 /dev/zero >&2; exit 3";
        let output = run(&Command::shell(line), &Limits::default()).unwrap();
        assert_eq!(output.status.to_string(), "exit status 3");
        assert_eq!(
            (output.stdout.len(), output.stderr.len()),
            (300_000, 300_000)
        );
    }

    #[test]
    fn input_is_given_while_output_is_read() {
        let command = Command::new("cat").input(vec![b'x'; 300_000]);
        let output = run(&command, &Limits::default()).unwrap();
        assert_eq!(output.stdout.len(), 300_000);
        let ignored = Command::new("true").input(vec![b'x'; 300_000]);
        assert!(run(&ignored, &Limits::default()).unwrap().status.success());
    }

    #[test]
    fn a_timeout_ends_what_it_started_too() {
        let folder = tempfile::tempdir().unwrap();
        let pid = folder.path().join("pid");
        let line = format!("sleep 100 & echo $$ > {}; wait", pid.display());
        let limits = Limits::default().within(Duration::from_millis(500));
        let error = run(&Command::shell(line), &limits).unwrap_err();
        assert_eq!(error.stopped(), Some(Stopped::TimedOut));
        assert_eq!(error.to_string(), "wait for /bin/sh: timed out");
        let group = std::fs::read_to_string(pid)
            .unwrap()
            .trim()
            .parse()
            .unwrap();
        assert_eq!(crate::facts::group_members(group), []);
    }

    #[test]
    fn a_missing_program_is_told_apart() {
        let error = run(
            &Command::new("no-such-program-of-caulk"),
            &Limits::default(),
        )
        .unwrap_err();
        assert!(error.is_missing_program());
        let want = "start no-such-program-of-caulk: no such file or directory";
        assert_eq!(error.to_string(), want);
    }

    #[test]
    fn environment_and_folder_are_given() {
        let folder = tempfile::tempdir().unwrap();
        let command = Command::shell("echo $A-${HOME:-none}; pwd")
            .env("A", "1")
            .env_remove("HOME")
            .folder(folder.path());
        let output = run(&command, &Limits::default()).unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert_eq!(text, format!("1-none\n{}\n", folder.path().display()));
    }
}
