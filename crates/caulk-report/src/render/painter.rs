use anstyle::{AnsiColor, Style};

use super::width::printable;
use crate::Tone;

/// The styles of text output, by what they mean.
pub(super) mod style {
    use super::{AnsiColor, Style};

    pub(crate) const STRONG: Style = Style::new().bold();
    pub(crate) const FAINT: Style = Style::new().dimmed();
    pub(crate) const GUTTER: Style = AnsiColor::Blue.on_default();
    pub(crate) const DASH: Style = AnsiColor::Cyan.on_default();
    pub(crate) const CARET: Style = AnsiColor::Red.on_default().bold();
    pub(crate) const ADDED: Style = AnsiColor::Green.on_default();
    pub(crate) const REMOVED: Style = AnsiColor::Red.on_default();
    pub(crate) const HUNK: Style = AnsiColor::Cyan.on_default();
}

/// The style of a severity's word.
pub(super) fn tone(tone: Tone) -> Style {
    match tone {
        Tone::Alarm => AnsiColor::Red.on_default().bold(),
        Tone::Warning => AnsiColor::Yellow.on_default().bold(),
        Tone::Notice => AnsiColor::Cyan.on_default().bold(),
        Tone::Good => AnsiColor::Green.on_default().bold(),
    }
}

/// Collects output, with or without colour.
pub(super) struct Painter {
    out: String,
    color: bool,
}

impl Painter {
    pub(super) fn new(color: bool) -> Self {
        Self {
            out: String::new(),
            color,
        }
    }

    /// Appends text, made harmless.
    pub(super) fn plain(&mut self, text: &str) {
        self.out.push_str(&printable(text));
    }

    /// Appends text in a style, made harmless.
    pub(super) fn styled(&mut self, style: Style, text: &str) {
        if self.color && !text.is_empty() && style != Style::new() {
            self.out.push_str(&style.render().to_string());
            self.out.push_str(&printable(text));
            self.out.push_str(&style.render_reset().to_string());
        } else {
            self.plain(text);
        }
    }

    pub(super) fn spaces(&mut self, count: usize) {
        self.out.extend(std::iter::repeat_n(' ', count));
    }

    /// Ends the line, without leaving spaces at its end.
    pub(super) fn end_line(&mut self) {
        self.out.truncate(self.out.trim_end_matches(' ').len());
        self.out.push('\n');
    }

    pub(super) fn is_empty(&self) -> bool {
        self.out.is_empty()
    }

    pub(super) fn finish(self) -> String {
        self.out
    }
}
