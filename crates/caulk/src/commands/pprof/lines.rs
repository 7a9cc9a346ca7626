//! The lines that are typed into the shell, or come from a pipe.

use std::io::BufRead;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::Duration;

use caulk_pprof::{Completer, PROMPT};

use crate::context::{Context, write_out};
use crate::exit::Failure;

/// Where lines come from.
pub enum Lines {
    /// A terminal, where they can be edited, completed and taken again.
    #[cfg(unix)]
    Terminal(Box<terminal::Editor>),
    /// Anything else. They are read beside, so that Ctrl-C ends the wait for one.
    Piped(Receiver<std::io::Result<String>>),
}

impl Lines {
    /// The lines of standard input. `completer` is made where a line can be completed.
    pub fn new(completer: impl FnOnce() -> Completer) -> Lines {
        #[cfg(unix)]
        if let Some(editor) = terminal::editor(completer) {
            return Lines::Terminal(Box::new(editor));
        }
        #[cfg(not(unix))]
        drop(completer);
        Lines::Piped(piped())
    }

    /// The next line, after the prompt; `None` at their end.
    pub fn next(&mut self, context: &Context) -> Result<Option<String>, Failure> {
        match self {
            #[cfg(unix)]
            Lines::Terminal(editor) => terminal::next(editor),
            Lines::Piped(lines) => {
                write_out(PROMPT.as_bytes())?;
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
        }
    }
}

fn piped() -> Receiver<std::io::Result<String>> {
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

#[cfg(unix)]
mod terminal {
    use std::io::IsTerminal;

    use caulk_pprof::{Completer, PROMPT};
    use rustyline::completion::Completer as Completes;
    use rustyline::error::ReadlineError;
    use rustyline::highlight::Highlighter;
    use rustyline::hint::Hinter;
    use rustyline::history::MemHistory;
    use rustyline::validate::Validator;
    use rustyline::{Behavior, CompletionType, Config, Context, Helper};

    use crate::exit::Failure;

    pub type Editor = rustyline::Editor<Completion, MemHistory>;

    /// An editor, where standard input is a terminal that can move its cursor. It writes to the
    /// terminal itself: standard output is for reports.
    pub fn editor(completer: impl FnOnce() -> Completer) -> Option<Editor> {
        let name = std::env::var("TERM").unwrap_or_default();
        let can_edit = !name.is_empty() && !name.eq_ignore_ascii_case("dumb");
        if !can_edit || !std::io::stdin().is_terminal() {
            return None;
        }
        let config = Config::builder()
            .behavior(Behavior::PreferTerm)
            .completion_type(CompletionType::List)
            .auto_add_history(true)
            .build();
        let mut editor = Editor::with_history(config, MemHistory::new()).ok()?;
        editor.set_helper(Some(Completion(completer())));
        Some(editor)
    }

    /// Ctrl-D ends the lines. Ctrl-C forgets what was typed; twice, it ends them, too.
    pub fn next(editor: &mut Editor) -> Result<Option<String>, Failure> {
        let mut was_interrupted = false;
        loop {
            match editor.readline(PROMPT) {
                Ok(line) => return Ok(Some(line)),
                Err(ReadlineError::Eof) => return Ok(None),
                Err(ReadlineError::Interrupted) if was_interrupted => return Ok(None),
                Err(ReadlineError::Interrupted) => was_interrupted = true,
                Err(ReadlineError::Signal(_)) => {}
                Err(error) => return Err(anyhow::Error::from(error).into()),
            }
        }
    }

    pub struct Completion(Completer);

    impl Completes for Completion {
        type Candidate = String;

        fn complete(
            &self,
            line: &str,
            position: usize,
            _: &Context<'_>,
        ) -> rustyline::Result<(usize, Vec<String>)> {
            Ok(self.0.complete(line.get(..position).unwrap_or(line)))
        }
    }

    impl Helper for Completion {}
    impl Highlighter for Completion {}
    impl Validator for Completion {}
    impl Hinter for Completion {
        type Hint = String;
    }
}
