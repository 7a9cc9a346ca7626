//! The shell: lines in, reports out.

use std::io::{BufRead, Write};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::Duration;

use caulk_pprof::{Action, Config, PROMPT, Shell, Surroundings};
use caulk_profile::Profile;

use super::output::{self, Reader};
use super::tell;
use crate::context::{Context, write_out};
use crate::exit::{Exit, Failure, Outcome};

/// Takes lines until they end.
pub fn run(
    profile: &Profile,
    config: &Config,
    surroundings: &Surroundings,
    context: &Context,
) -> Outcome {
    let mut shell = Shell::new(profile, config);
    say(&shell.greeting(profile, surroundings));
    let lines = piped_lines();
    loop {
        write_out(PROMPT.as_bytes())?;
        let Some(line) = next(&lines, context)? else {
            return Ok(Exit::Clean);
        };
        for action in shell.line(&line) {
            match action {
                Action::Tell(text) => say(&text),
                Action::Complain(problem) => tell(&problem),
                Action::Quit => return Ok(Exit::Clean),
                Action::Report(report, config) => {
                    let made = output::report(
                        profile,
                        &report,
                        &config,
                        surroundings,
                        Reader::Shell,
                        context,
                    );
                    if let Err(error) = made {
                        let failure = Failure::from(error);
                        if failure.is_broken_pipe() {
                            return Err(failure);
                        }
                        tell(&format!("{:#}", failure.error));
                    }
                }
            }
        }
    }
}

/// Text that has its own line ends, on stderr.
fn say(text: &str) {
    drop(std::io::stderr().write_all(text.as_bytes()));
}

/// The lines of standard input. They are read beside, so that Ctrl-C ends the wait for one.
fn piped_lines() -> Receiver<std::io::Result<String>> {
    let (sender, receiver) = mpsc::sync_channel(1);
    std::thread::spawn(move || {
        let mut input = std::io::stdin().lock();
        loop {
            let mut line = Vec::new();
            let read = input.read_until(b'\n', &mut line);
            let is_end = matches!(read, Ok(0));
            let line = read.map(|_| String::from_utf8_lossy(&line).into_owned());
            if is_end || sender.send(line).is_err() {
                return;
            }
        }
    });
    receiver
}

fn next(
    lines: &Receiver<std::io::Result<String>>,
    context: &Context,
) -> Result<Option<String>, Failure> {
    loop {
        match lines.recv_timeout(Duration::from_millis(20)) {
            Ok(line) => return Ok(Some(line?)),
            Err(RecvTimeoutError::Disconnected) => return Ok(None),
            Err(RecvTimeoutError::Timeout) if context.cancel.is_cancelled() => {
                return Err(Failure::interrupted());
            }
            Err(RecvTimeoutError::Timeout) => {}
        }
    }
}
