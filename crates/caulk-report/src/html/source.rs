use std::ops::Range;

use maud::{Markup, html};

use crate::render::{Shown, char_width, shared_indent, spread};
use crate::{Mark, Patch, PatchLine, Snippet, SourceLine};

/// Columns that a line may take before its end is cut off: what is longer was written by no person.
const ROOM: usize = 400;

/// Lines of a file with their numbers; what is said of a part of a line stands below it.
pub(super) fn snippet(snippet: &Snippet, own_file: Option<&str>) -> Markup {
    let lines = without_blank_ends(&snippet.lines);
    let indent = shared_indent(lines);
    let gutter = lines.iter().map(|line| line.number).max();
    let gutter = gutter.unwrap_or(0).to_string().len();
    let before = std::iter::once(None).chain(lines.iter().map(|line| Some(line.number)));
    html! {
        figure.source {
            @if own_file != Some(snippet.file.as_str()) { figcaption { code { (snippet.file) } } }
            pre tabindex="0" aria-label={ "Source of " (snippet.file) } {
                @for (line, before) in lines.iter().zip(before) {
                    @if before.is_some_and(|before| line.number > before.saturating_add(1)) {
                        span.gap { (format!("{:>gutter$}\n", "⋯")) }
                    }
                    (self::line(line, indent, gutter))
                }
            }
        }
    }
}

fn without_blank_ends(lines: &[SourceLine]) -> &[SourceLine] {
    let says = |line: &SourceLine| !line.labels.is_empty() || !line.text.trim().is_empty();
    let first = lines.iter().position(says).unwrap_or(0);
    let last = lines.iter().rposition(says).map_or(0, |last| last + 1);
    lines.get(first..last).unwrap_or_default()
}

fn line(line: &SourceLine, indent: usize, gutter: usize) -> Markup {
    let shown = Shown::new(line, indent, ROOM);
    let marked: Vec<(Range<usize>, &'static str)> = line
        .labels
        .iter()
        .map(|label| (shown.columns(&label.columns), mark_class(label.mark)))
        .collect();
    let labelled = if line.labels.is_empty() {
        "line"
    } else {
        "line labelled"
    };
    html! {
        span class=(labelled) {
            span.number { (format!("{:>gutter$}  ", line.number)) }
            @for (text, class) in pieces(&shown.text, &marked) {
                @match class {
                    Some(class) => mark class=(class) { (text) },
                    None => (text),
                }
            }
            "\n"
        }
        @for (label, (columns, class)) in line.labels.iter().zip(&marked) {
            @if !label.text.is_empty() {
                span class={ "remark " (class) } {
                    (" ".repeat(gutter + 2 + columns.start)) "╰ " (label.text) "\n"
                }
            }
        }
    }
}

fn mark_class(mark: Mark) -> &'static str {
    match mark {
        Mark::Dash => "begin",
        Mark::Caret => "end",
    }
}

/// A line cut where marks begin and end. Where two overlap the one that begins first is kept whole.
fn pieces<'t>(
    text: &'t str,
    marked: &[(Range<usize>, &'static str)],
) -> Vec<(&'t str, Option<&'static str>)> {
    let byte = |column: usize| {
        let mut at = 0;
        let of_column = text.char_indices().find(|(_, character)| {
            let begins = at;
            at += char_width(*character);
            begins >= column
        });
        of_column.map_or(text.len(), |(byte, _)| byte)
    };
    let mut marked: Vec<_> = marked.iter().collect();
    marked.sort_by_key(|(columns, _)| (columns.start, columns.end));
    let mut pieces = Vec::new();
    let mut done = 0;
    for (columns, class) in marked {
        let (start, end) = (byte(columns.start).max(done), byte(columns.end));
        if end > start {
            pieces.push((text.get(done..start).unwrap_or_default(), None));
            pieces.push((text.get(start..end).unwrap_or_default(), Some(*class)));
            done = end;
        }
    }
    pieces.push((text.get(done..).unwrap_or_default(), None));
    pieces.retain(|(text, _)| !text.is_empty());
    pieces
}

/// A change, as added and removed lines; the sign before a line says what its colour does.
pub(super) fn patch(patch: &Patch) -> Markup {
    html! {
        @for hunk in &patch.hunks {
            figure.source.change {
                figcaption { code { (hunk.file) ":" (hunk.line) } }
                pre tabindex="0" aria-label={ "Change in " (hunk.file) } {
                    @for line in &hunk.lines {
                        @match line {
                            PatchLine::Context(text) => span.line { " " (spread(text)) "\n" },
                            PatchLine::Removed(text) => del.line { "-" (spread(text)) "\n" },
                            PatchLine::Added(text) => ins.line { "+" (spread(text)) "\n" },
                        }
                    }
                }
            }
        }
    }
}
