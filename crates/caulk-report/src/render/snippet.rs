use std::ops::Range;

use anstyle::Style;

use super::painter::{Painter, style};
use super::width::{char_width, harmless, width, wrap};
use crate::{Label, Mark, Snippet, SourceLine};

/// Columns from one tab stop to the next.
const TAB: usize = 4;

/// Columns of a shortened line that are shown before its first label.
const LEAD_IN: usize = 16;

/// Source lines with their numbers, and below each the labels on it, one line per label. Indentation that
/// all lines of a snippet share is dropped, and a line too long for the terminal is cut around its labels.
pub(super) fn snippets(
    painter: &mut Painter,
    snippets: &[Snippet],
    own_file: Option<&str>,
    columns: usize,
) {
    let largest = snippets
        .iter()
        .flat_map(|snippet| &snippet.lines)
        .map(|line| line.number)
        .max();
    let gutter = largest.unwrap_or(0).to_string().len();
    for snippet in snippets {
        if own_file != Some(snippet.file.as_str()) {
            painter.spaces(2 + gutter);
            painter.styled(style::GUTTER, &format!(" > {}", snippet.file));
            painter.end_line();
        }
        let indent = shared_indent(&snippet.lines);
        for line in &snippet.lines {
            source_line(painter, line, indent, gutter, columns);
        }
    }
}

fn source_line(
    painter: &mut Painter,
    line: &SourceLine,
    indent: usize,
    gutter: usize,
    columns: usize,
) {
    let room = columns.saturating_sub(2 + gutter + 4).max(LEAD_IN * 2);
    let shown = Shown::new(line, indent, room);
    painter.plain("  ");
    painter.styled(style::GUTTER, &format!("{:>gutter$} |", line.number));
    painter.plain("  ");
    painter.plain(&shown.text);
    painter.end_line();

    for label in &line.labels {
        let marked = shown.columns(&label.columns);
        let (mark, mark_style) = match label.mark {
            Mark::Dash => ("-", style::DASH),
            Mark::Caret => ("^", style::CARET),
        };
        open_gutter(painter, gutter);
        painter.spaces(marked.start);
        painter.styled(mark_style, &mark.repeat(marked.len()));
        remark(painter, label, mark_style, &marked, gutter, room);
        painter.end_line();
    }
}

/// The label's text: behind its mark where there is room, else on lines of its own.
fn remark(
    painter: &mut Painter,
    label: &Label,
    mark_style: Style,
    marked: &Range<usize>,
    gutter: usize,
    room: usize,
) {
    if label.text.is_empty() {
        return;
    }
    if marked.end + 1 + width(&label.text) <= room {
        painter.plain(" ");
        painter.styled(mark_style, &label.text);
        return;
    }
    let start = marked.start.min(room / 3);
    for text in wrap(&label.text, room - start, 0) {
        painter.end_line();
        open_gutter(painter, gutter);
        painter.spaces(start);
        painter.styled(mark_style, &text);
    }
}

fn open_gutter(painter: &mut Painter, gutter: usize) {
    painter.spaces(2 + gutter);
    painter.styled(style::GUTTER, " |");
    painter.plain("  ");
}

/// Bytes of white space that all lines begin with.
pub(crate) fn shared_indent(lines: &[SourceLine]) -> usize {
    let mut shared: Option<&str> = None;
    for line in lines {
        let text = line.text.as_str();
        let indent = text.get(..text.len() - text.trim_start_matches([' ', '\t']).len());
        let indent = indent.unwrap_or_default();
        let common = shared.map_or(indent.len(), |shared| {
            shared
                .bytes()
                .zip(indent.bytes())
                .take_while(|(a, b)| a == b)
                .count()
        });
        shared = indent.get(..common);
    }
    shared.map_or(0, str::len)
}

/// A source line as it is printed, and where its bytes went.
pub(crate) struct Shown {
    /// What is printed, tabs being spaces.
    pub(crate) text: String,
    /// For each byte offset of a character, in order, the column it is printed in.
    stops: Vec<(usize, usize)>,
    /// Columns of the whole text.
    width: usize,
}

impl Shown {
    /// A line without its first bytes `indent`, cut where it takes more columns than `room`.
    pub(crate) fn new(line: &SourceLine, indent: usize, room: usize) -> Self {
        let mut whole = Self {
            text: String::new(),
            stops: Vec::new(),
            width: 0,
        };
        for (at, character) in line.text.char_indices().skip_while(|(at, _)| *at < indent) {
            whole.stops.push((at, whole.width));
            if character == '\t' {
                let stop = TAB - whole.width % TAB;
                whole.text.extend(std::iter::repeat_n(' ', stop));
                whole.width += stop;
            } else {
                let character = harmless(character);
                whole.text.push(character);
                whole.width += char_width(character);
            }
        }
        if whole.width <= room {
            whole
        } else {
            whole.cut(line, room)
        }
    }

    /// Only the part of the line that the first label needs, with an ellipsis where something is missing.
    fn cut(self, line: &SourceLine, room: usize) -> Self {
        let first = line
            .labels
            .first()
            .map_or(0..0, |label| self.columns(&label.columns));
        let from = if first.end < room {
            0
        } else {
            first.start.saturating_sub(LEAD_IN)
        };
        let shift = usize::from(from > 0);
        let to = from + room - shift - 1;

        let mut text = String::from(if from > 0 { "…" } else { "" });
        let mut column = 0;
        for character in self.text.chars() {
            let next = column + char_width(character);
            if column >= from && next <= to {
                text.push(character);
            }
            column = next;
        }
        if self.width > to {
            text.push('…');
        }
        let place = |column: usize| column.clamp(from, to) - from + shift;
        let stops = self
            .stops
            .iter()
            .map(|&(at, column)| (at, place(column)))
            .collect();
        Self {
            width: width(&text),
            text,
            stops,
        }
    }

    /// The columns in which the bytes of a label are printed; never empty.
    pub(crate) fn columns(&self, bytes: &Range<usize>) -> Range<usize> {
        let column = |byte: usize| {
            let at = self.stops.partition_point(|&(stop, _)| stop < byte);
            self.stops.get(at).map_or(self.width, |&(_, column)| column)
        };
        let start = column(bytes.start);
        start..column(bytes.end).max(start + 1)
    }
}
