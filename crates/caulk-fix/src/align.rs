//! Comments behind code that gofmt sets in a column: a line put between two of them, or taken out, parts or
//! joins columns, and each is set anew.

use caulk_syntax::Span;

use crate::edit::{Edit, Edits};
use crate::layout::Layout;
use crate::source::Source;

/// The edits to add to `edits` of a file so that the comments beside them stand as gofmt would set them.
/// Columns that were not so before are left as they are.
pub(crate) fn repairs(before: &Source, edits: &Edits) -> Vec<Edit> {
    if !edits.list().iter().any(|edit| beside_comment(before, edit)) {
        return Vec::new();
    }
    let after = Source::new(edits.apply(before.bytes()));
    let (old, new) = (Columns::of(before), Columns::of(&after));
    let mut repairs = Vec::new();
    let mut shift = 0i64;
    for edit in edits.list() {
        let start = (i64::from(edit.span.start) + shift).max(0) as u32;
        let end = start + edit.text.len() as u32;
        shift += edit.text.len() as i64 - i64::from(edit.span.len());
        for place in [start, end, new.layout.next_line(end)] {
            let run = new.run(place);
            let was_set = run.iter().all(|line| {
                let place = edits.place_before(line.gap.end);
                place.is_none_or(|place| Columns::is_set(&old.run(place)))
            });
            if was_set && !Columns::is_set(&run) {
                repairs.extend(set(&run, edits));
            }
        }
    }
    repairs
}

fn beside_comment(before: &Source, edit: &Edit) -> bool {
    let layout = before.layout();
    let from = layout.line_start(edit.span.start);
    let to = layout.line_end(layout.next_line(edit.span.end));
    before
        .trailing_comments()
        .any(|comment| from <= comment.start && comment.start <= to)
}

/// The edits that set a run of lines in one column.
fn set(run: &[Line], edits: &Edits) -> Vec<Edit> {
    let column = run.iter().map(|line| line.code_width).max().unwrap_or(0) + 1;
    run.iter()
        .filter(|line| line.code_width + line.gap.len() as usize != column)
        .filter_map(|line| {
            let start = edits.place_before(line.gap.start)?;
            let end = edits.place_before(line.gap.end)?;
            let kept = end.checked_sub(start) == Some(line.gap.len());
            kept.then(|| Edit::replace(Span::new(start, end), " ".repeat(column - line.code_width)))
        })
        .collect()
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

    fn is_set(run: &[Line]) -> bool {
        let column = run.iter().map(|line| line.code_width).max().unwrap_or(0) + 1;
        run.iter()
            .all(|line| line.code_width + line.gap.len() as usize == column)
    }
}
