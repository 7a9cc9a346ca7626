//! Comments behind code that gofmt sets in a column: a line put between two of them, or taken out, parts or
//! joins columns, and each is set anew.

use std::collections::BTreeMap;

use caulk_syntax::Span;

use crate::edit::{Edit, Edits};
use crate::layout::Layout;
use crate::source::Source;

/// Sets the comments beside the edits of a file as gofmt would. Columns that were not so before are left as
/// they are.
pub(crate) fn align(before: &Source, edits: &mut Edits) {
    if !edits.list().iter().any(|edit| beside_comment(before, edit)) {
        return;
    }
    let after = Source::new(edits.apply(before.bytes()));
    let (old, new) = (Columns::of(before), Columns::of(&after));
    let mut gaps = BTreeMap::new();
    let mut shift = 0i64;
    for edit in edits.list() {
        let start = (i64::from(edit.span.start) + shift).max(0) as u32;
        let end = start + edit.text.len() as u32;
        shift += edit.text.len() as i64 - i64::from(edit.span.len());
        for place in [
            start.saturating_sub(1),
            start,
            end,
            new.layout.next_line(end),
        ] {
            let run = new.run(place);
            let was_set = run.iter().all(|line| {
                let place = edits.place_before(line.gap.end);
                place.is_none_or(|place| is_set(&old.run(place)))
            });
            if was_set && !is_set(&run) {
                let column = column(&run);
                gaps.extend(run.iter().map(|line| (line.gap, column - line.code_width)));
            }
        }
    }
    // From the end, so that the places of those that are still to come do not move.
    for (gap, width) in gaps.into_iter().rev() {
        edits.replace_after(gap, &" ".repeat(width));
    }
}

fn beside_comment(before: &Source, edit: &Edit) -> bool {
    let layout = before.layout();
    let from = layout.line_start(edit.span.start);
    let to = layout.line_end(layout.next_line(edit.span.end));
    before
        .trailing_comments()
        .any(|comment| from <= comment.start && comment.start <= to)
}

/// A line with a comment behind its code.
struct Line {
    /// Characters before the gap, indentation not counted.
    code_width: usize,
    /// The white space between code and comment.
    gap: Span,
}

/// The comments behind code of a file.
struct Columns<'a> {
    layout: Layout<'a>,
    comments: Vec<Span>,
}

impl<'a> Columns<'a> {
    fn of(source: &'a Source) -> Self {
        let mut comments: Vec<Span> = source.trailing_comments().collect();
        comments.sort_unstable();
        Self {
            layout: source.layout(),
            comments,
        }
    }

    /// The lines with comments around the line of `offset` that are set in one column: neighbours of equal
    /// indentation.
    fn run(&self, offset: u32) -> Vec<Line> {
        let indent = self.layout.indent(offset);
        let fits = |at: u32| self.line(at).filter(|_| self.layout.indent(at) == indent);
        let mut start = self.layout.line_start(offset);
        if fits(start).is_none() {
            return Vec::new();
        }
        while let Some(above) = start.checked_sub(1).filter(|at| fits(*at).is_some()) {
            start = self.layout.line_start(above);
        }
        let mut run = Vec::new();
        while let Some(line) = fits(start) {
            run.push(line);
            let next = self.layout.next_line(start);
            if next <= start {
                break;
            }
            start = next;
        }
        run
    }

    fn line(&self, offset: u32) -> Option<Line> {
        let start = self.layout.line_start(offset);
        let end = self.layout.line_end(offset);
        let at = self
            .comments
            .partition_point(|comment| comment.start < start);
        let comment = self
            .comments
            .get(at)
            .filter(|comment| comment.start < end)?;
        let code = self.layout.text(Span::new(start, comment.start));
        let trimmed = code.trim_end_matches([' ', '\t']);
        Some(Line {
            code_width: trimmed.trim_start().chars().count(),
            gap: Span::new(start + trimmed.len() as u32, comment.start),
        })
    }
}

/// The column, from the end of the indentation, in which the comments of a run belong.
fn column(run: &[Line]) -> usize {
    run.iter().map(|line| line.code_width).max().unwrap_or(0) + 1
}

fn is_set(run: &[Line]) -> bool {
    let column = column(run);
    run.iter()
        .all(|line| line.code_width + line.gap.len() as usize == column)
}
