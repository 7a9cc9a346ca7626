//! Progress on stderr: a line that changes in a terminal, a line per phase elsewhere.

use std::io::{IsTerminal, Write};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// Says what is being done.
pub struct Progress {
    kind: Kind,
}

enum Kind {
    /// A spinner in a terminal.
    Line(ProgressBar),
    /// One line for each phase, for logs.
    Log,
    Silent,
}

impl Progress {
    /// Progress as the flags and the terminal want it. `log` asks for a line per phase where
    /// stderr is no terminal; commands that take long want it, quick ones do not.
    pub fn new(wanted: bool, log: bool) -> Progress {
        let kind = if !wanted {
            Kind::Silent
        } else if std::io::stderr().is_terminal() {
            let bar = ProgressBar::new_spinner();
            if let Ok(style) = ProgressStyle::with_template("{spinner} {wide_msg} {elapsed}") {
                bar.set_style(style);
            }
            bar.enable_steady_tick(Duration::from_millis(120));
            Kind::Line(bar)
        } else if log {
            Kind::Log
        } else {
            Kind::Silent
        };
        Progress { kind }
    }

    /// A new phase begins.
    pub fn phase(&self, what: impl Into<String>) {
        match &self.kind {
            Kind::Line(bar) => bar.set_message(what.into()),
            // A reader of stderr who has gone does not end the work.
            Kind::Log => drop(writeln!(std::io::stderr(), "{}", what.into())),
            Kind::Silent => {}
        }
    }

    /// Something within the phase: shown only where a line can change.
    pub fn detail(&self, what: impl Into<String>) {
        if let Kind::Line(bar) = &self.kind {
            bar.set_message(what.into());
        }
    }

    /// The work is done: the changing line goes away.
    pub fn finish(&self) {
        if let Kind::Line(bar) = &self.kind {
            bar.finish_and_clear();
        }
    }

    /// A line that stays, above the changing one.
    pub fn note(&self, what: impl AsRef<str>) {
        match &self.kind {
            Kind::Line(bar) => bar.println(what.as_ref()),
            Kind::Log => drop(writeln!(std::io::stderr(), "{}", what.as_ref())),
            Kind::Silent => {}
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.finish();
    }
}
