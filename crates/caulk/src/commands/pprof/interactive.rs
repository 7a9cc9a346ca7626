//! The shell: lines in, reports out.

use std::io::Write;

use caulk_pprof::{Action, Completer, Config, Shell, Surroundings};
use caulk_profile::Profile;

use super::lines::Lines;
use super::output::{self, Reader};
use super::tell;
use crate::context::Context;
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
    let mut lines = Lines::new(|| Completer::new(profile));
    loop {
        let Some(line) = lines.next(context)? else {
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
                    if context.cancel.is_cancelled() {
                        return Err(Failure::interrupted());
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
