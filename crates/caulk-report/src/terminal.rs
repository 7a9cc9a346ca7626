//! How wide and how colourful to print: decided here and nowhere else.

use std::env;
use std::io::{self, IsTerminal};

/// The width taken where there is no terminal to ask.
pub const DEFAULT_WIDTH: usize = 80;

/// Narrower terminals are treated as this wide, so that wrapped text stays readable.
const MIN_WIDTH: usize = 40;

/// Running text is not set wider than this on any terminal.
const MAX_WIDTH: usize = 120;

/// What `--color` says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ColorChoice {
    /// Colour where the stream is a terminal that shows it and `NO_COLOR` is not set.
    #[default]
    Auto,
    /// Colour in any case.
    Always,
    /// No colour in any case.
    Never,
}

/// What a stream can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terminal {
    /// Whether to print ANSI escape sequences.
    pub color: bool,
    /// In columns.
    pub width: usize,
}

impl Terminal {
    /// A stream without colour and of the default width, such as a pipe.
    pub const PLAIN: Self = Self {
        color: false,
        width: DEFAULT_WIDTH,
    };

    /// What standard output can show, given what `--color` says.
    pub fn stdout(choice: ColorChoice) -> Self {
        let is_terminal = io::stdout().is_terminal();
        let asked = terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
        Self::decide(choice, is_terminal, asked.filter(|_| is_terminal), |name| {
            env::var(name).ok()
        })
    }

    /// What standard error can show, given what `--color` says.
    pub fn stderr(choice: ColorChoice) -> Self {
        let is_terminal = io::stderr().is_terminal();
        let asked =
            terminal_size::terminal_size_of(io::stderr()).map(|(width, _)| usize::from(width.0));
        Self::decide(choice, is_terminal, asked.filter(|_| is_terminal), |name| {
            env::var(name).ok()
        })
    }

    /// The decision itself. `variable` looks up environment variables: `NO_COLOR` (not empty: no colour,
    /// <https://no-color.org>), `CLICOLOR_FORCE` (not `0`: colour without a terminal), `TERM=dumb` (no
    /// colour) and `COLUMNS` (the width, where the terminal does not say).
    pub fn decide(
        choice: ColorChoice,
        is_terminal: bool,
        terminal_width: Option<usize>,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Self {
        let set = |name: &str| variable(name).filter(|value| !value.is_empty());
        let color = match choice {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto if set("NO_COLOR").is_some() => false,
            ColorChoice::Auto if set("CLICOLOR_FORCE").is_some_and(|value| value != "0") => true,
            ColorChoice::Auto => is_terminal && set("TERM").as_deref() != Some("dumb"),
        };
        let width = terminal_width
            .or_else(|| set("COLUMNS").and_then(|value| value.trim().parse().ok()))
            .unwrap_or(DEFAULT_WIDTH)
            .clamp(MIN_WIDTH, MAX_WIDTH);
        Self { color, width }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decide(choice: ColorChoice, is_terminal: bool, variables: &[(&str, &str)]) -> Terminal {
        Terminal::decide(choice, is_terminal, None, |name| {
            variables
                .iter()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn auto_follows_the_terminal_and_no_color() {
        assert!(decide(ColorChoice::Auto, true, &[]).color);
        assert!(!decide(ColorChoice::Auto, false, &[]).color);
        assert!(!decide(ColorChoice::Auto, true, &[("NO_COLOR", "1")]).color);
        assert!(decide(ColorChoice::Auto, true, &[("NO_COLOR", "")]).color);
        assert!(!decide(ColorChoice::Auto, true, &[("TERM", "dumb")]).color);
        assert!(decide(ColorChoice::Auto, false, &[("CLICOLOR_FORCE", "1")]).color);
        assert!(!decide(ColorChoice::Auto, false, &[("CLICOLOR_FORCE", "0")]).color);
    }

    #[test]
    fn the_flag_wins_over_the_environment() {
        assert!(decide(ColorChoice::Always, false, &[("NO_COLOR", "1")]).color);
        assert!(!decide(ColorChoice::Never, true, &[("CLICOLOR_FORCE", "1")]).color);
    }

    #[test]
    fn width_is_sane_without_a_terminal() {
        assert_eq!(decide(ColorChoice::Auto, false, &[]).width, 80);
        assert_eq!(
            decide(ColorChoice::Auto, false, &[("COLUMNS", "100")]).width,
            100
        );
        assert_eq!(
            decide(ColorChoice::Auto, false, &[("COLUMNS", "wide")]).width,
            80
        );
        assert_eq!(
            decide(ColorChoice::Auto, false, &[("COLUMNS", "3")]).width,
            40
        );
    }
}
