//! A file as lines: where one begins and ends, how it is indented, and edits of whole lines.

use caulk_syntax::Span;

use crate::edit::Edit;

/// A body on one line is set on several by gofmt where it is longer than this.
const MAX_ONE_LINE: usize = 100;

/// The lines of a file, found from any byte offset. Offsets past the end are taken for the end.
#[derive(Clone, Copy)]
pub(crate) struct Layout<'a> {
    src: &'a [u8],
}

impl<'a> Layout<'a> {
    pub(crate) fn new(src: &'a [u8]) -> Self {
        Self { src }
    }

    /// Offset of the first byte of the line that holds `offset`.
    pub(crate) fn line_start(self, offset: u32) -> u32 {
        let before = self.src.get(..offset as usize).unwrap_or(self.src);
        before
            .iter()
            .rposition(|&byte| byte == b'\n')
            .map_or(0, |at| at as u32 + 1)
    }

    /// Offset just after the last byte of the line that holds `offset`, its line end not counted.
    pub(crate) fn line_end(self, offset: u32) -> u32 {
        let newline = self.newline_at(offset);
        match newline.checked_sub(1) {
            Some(before) if before >= offset && self.byte(before) == Some(b'\r') => before,
            _ => newline,
        }
    }

    /// Offset of the first byte of the next line, or of the end.
    pub(crate) fn next_line(self, offset: u32) -> u32 {
        (self.newline_at(offset) + 1).min(self.src.len() as u32)
    }

    /// The white space that the line of `offset` begins with.
    pub(crate) fn indent(self, offset: u32) -> &'a str {
        let start = self.line_start(offset);
        let line = self.text(Span::new(start, self.line_end(start)));
        let text = line.trim_start_matches([' ', '\t']);
        &line[..line.len() - text.len()]
    }

    /// One further step of indentation, in the manner of `indent`.
    pub(crate) fn deeper(self, indent: &str) -> String {
        if !indent.is_empty() && indent.bytes().all(|byte| byte == b' ') {
            format!("{indent}    ")
        } else {
            format!("{indent}\t")
        }
    }

    /// How the line of `offset` ends, or the one before it where it is the last.
    pub(crate) fn line_break(self, offset: u32) -> &'static str {
        let mut newline = self.newline_at(offset);
        if newline as usize >= self.src.len() {
            newline = self.line_start(offset).saturating_sub(1);
        }
        let before = newline.checked_sub(1).and_then(|at| self.byte(at));
        if before == Some(b'\r') { "\r\n" } else { "\n" }
    }

    /// The text of a span; empty where it is not UTF-8.
    pub(crate) fn text(self, span: Span) -> &'a str {
        std::str::from_utf8(span.of(self.src)).unwrap_or_default()
    }

    /// The text of the line of `offset`, without white space around it.
    pub(crate) fn line(self, offset: u32) -> &'a str {
        let start = self.line_start(offset);
        self.text(Span::new(start, self.line_end(start))).trim()
    }

    /// Whether nothing but white space stands before `offset` on its line.
    pub(crate) fn opens_line(self, offset: u32) -> bool {
        self.text(Span::new(self.line_start(offset), offset))
            .trim()
            .is_empty()
            && self
                .src
                .get(self.line_start(offset) as usize..offset as usize)
                .is_some()
    }

    /// Whether nothing but white space and a comment stands after `offset` on its line.
    pub(crate) fn closes_line(self, offset: u32) -> bool {
        let rest = self.text(Span::new(offset, self.line_end(offset)));
        rest.trim().is_empty() || rest.trim_start().starts_with("//")
    }

    /// Puts the lines of a statement below another one, with the indentation of the line on which that
    /// begins.
    pub(crate) fn insert_below(self, statement: Span, lines: &[String]) -> Option<Edit> {
        let end = statement.end;
        if !self.closes_line(end) {
            return Some(Edit::insert(end, format!("; {}", self.beside(end, lines)?)));
        }
        let indent = self.indent(statement.start);
        let line_break = self.line_break(end);
        let text: String = lines
            .iter()
            .map(|line| format!("{line_break}{indent}{line}"))
            .collect();
        Some(Edit::insert(self.line_end(end), text))
    }

    /// Puts the lines of a statement at the start of the block that opens with a brace just before `start`.
    pub(crate) fn insert_at_block_start(self, start: u32, lines: &[String]) -> Option<Edit> {
        if !self.closes_line(start) {
            return Some(Edit::insert(
                start,
                format!(" {};", self.beside(start, lines)?),
            ));
        }
        let indent = self.deeper(self.indent(start));
        let line_break = self.line_break(start);
        let text: String = lines
            .iter()
            .map(|line| format!("{line_break}{indent}{line}"))
            .collect();
        Some(Edit::insert(self.line_end(start), text))
    }

    /// Puts the lines of a statement above the one that starts at `start`, and above the comments that
    /// belong to it.
    pub(crate) fn insert_above(self, start: u32, lines: &[String]) -> Option<Edit> {
        if !self.opens_line(start) {
            return Some(Edit::insert(
                start,
                format!("{}; ", self.beside(start, lines)?),
            ));
        }
        let indent = self.indent(start);
        let line_break = self.line_break(start);
        let text: String = lines
            .iter()
            .map(|line| format!("{indent}{line}{line_break}"))
            .collect();
        Some(Edit::insert(self.above_comments(start), text))
    }

    /// Puts the lines of a statement in an `else` behind the block of an `if` that ends at `end`.
    pub(crate) fn insert_else(self, end: u32, lines: &[String]) -> Option<Edit> {
        if !self.closes_line(end) {
            return None;
        }
        let indent = self.indent(end);
        let line_break = self.line_break(end);
        let inner = self.deeper(indent);
        let body: String = lines
            .iter()
            .map(|line| format!("{line_break}{inner}{line}"))
            .collect();
        Some(Edit::insert(
            end,
            format!(" else {{{body}{line_break}{indent}}}"),
        ))
    }

    /// Puts the lines of a statement in place of the `else` of the `if` at `start`, so that what follows it stands by itself.
    pub(crate) fn replace_else(self, start: u32, gap: Span, lines: &[String]) -> Option<Edit> {
        if self.text(gap).trim() != "else" || !self.opens_line(start) {
            return None;
        }
        let next = format!("{}{}", self.line_break(start), self.indent(start));
        let mut between: String = lines.iter().map(|line| format!("{next}{line}")).collect();
        between.push_str(&next);
        Some(Edit::replace(gap, between))
    }

    /// Puts the lines of a statement before the brace at `brace` that closes a block.
    pub(crate) fn insert_at_block_end(self, brace: u32, lines: &[String]) -> Option<Edit> {
        if !self.opens_line(brace) {
            let before = self
                .text(Span::new(self.line_start(brace), brace))
                .trim_end();
            let at = self.line_start(brace) + before.len() as u32;
            let sign = if before.ends_with('{') { " " } else { "; " };
            let room = if at == brace { " " } else { "" };
            let text = self.beside(at, lines)?;
            return Some(Edit::insert(at, format!("{sign}{text}{room}")));
        }
        let indent = self.deeper(self.indent(brace));
        let line_break = self.line_break(brace);
        let text: String = lines
            .iter()
            .map(|line| format!("{indent}{line}{line_break}"))
            .collect();
        Some(Edit::insert(self.line_start(brace), text))
    }

    /// Takes the lines of a statement out, the comments above it included, and an empty line beside it that
    /// would be left without reason. None where the statement shares its lines with other code.
    pub(crate) fn remove_lines(self, statement: Span) -> Option<Edit> {
        let end = statement.end;
        if !self.opens_line(statement.start) || !self.closes_line(end) {
            return None;
        }
        let start = self.above_comments(statement.start);
        let next = self.next_line(end);
        let before = start.checked_sub(1).map(|at| self.line(at));
        let opens_block = before.is_some_and(|line| line.ends_with(['{', ':', '(']));
        let after = self.line(next);
        let at_end = next as usize >= self.src.len();
        if after.is_empty() && !at_end && (before == Some("") || opens_block) {
            return Some(Edit::remove(Span::new(start, self.next_line(next))));
        }
        if before == Some("") && after.starts_with(['}', ')']) {
            return Some(Edit::remove(Span::new(self.line_start(start - 1), next)));
        }
        Some(Edit::remove(Span::new(start, next)))
    }

    /// The lines of a statement and of the comments above and behind it, without the indentation they share,
    /// and the edit that takes them out; as [`Self::remove_lines`] has it.
    pub(crate) fn take_lines(self, statement: Span) -> Option<(Vec<String>, Edit)> {
        let removal = self.remove_lines(statement)?;
        let start = self.above_comments(statement.start);
        let text = self.text(Span::new(start, self.line_end(statement.end)));
        let indent = self.indent(statement.start);
        let lines = text
            .split('\n')
            .map(|line| line.trim_end_matches('\r'))
            .map(|line| line.strip_prefix(indent).unwrap_or(line).to_owned())
            .collect();
        Some((lines, removal))
    }

    /// The start of the first of the comment lines that stand directly above the line of `start`, or of that
    /// line itself.
    pub(crate) fn above_comments(self, start: u32) -> u32 {
        let mut at = self.line_start(start);
        while let Some(above) = at.checked_sub(1) {
            if !self.line(above).starts_with("//") {
                break;
            }
            at = self.line_start(above);
        }
        at
    }

    /// The lines of a statement as they can stand on the line of `offset` beside other code: only one line, and
    /// only while gofmt would leave the whole as it is.
    fn beside(self, offset: u32, lines: &[String]) -> Option<&str> {
        let [only] = lines else {
            return None;
        };
        let length = self.line(offset).len() + only.len();
        (length < MAX_ONE_LINE).then_some(only.as_str())
    }

    fn newline_at(self, offset: u32) -> u32 {
        let len = self.src.len() as u32;
        let rest = self.src.get(offset as usize..).unwrap_or_default();
        rest.iter()
            .position(|&byte| byte == b'\n')
            .map_or(len, |at| offset + at as u32)
    }

    fn byte(self, offset: u32) -> Option<u8> {
        self.src.get(offset as usize).copied()
    }
}

/// Lines that run under a condition only.
pub(crate) fn under(condition: &str, lines: Vec<String>) -> Vec<String> {
    let inner = lines.into_iter().map(|line| format!("\t{line}"));
    std::iter::once(format!("if {condition} {{"))
        .chain(inner)
        .chain(["}".to_owned()])
        .collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::edit::Edits;

    fn edited(src: &str, edit: impl FnOnce(Layout<'_>) -> Option<Edit>) -> String {
        let mut edits = Edits::default();
        edits
            .add(&[edit(Layout::new(src.as_bytes())).unwrap()])
            .unwrap();
        String::from_utf8(edits.apply(src.as_bytes())).unwrap()
    }

    fn end_of(src: &str, what: &str) -> u32 {
        (src.find(what).unwrap() + what.len()) as u32
    }

    fn start_of(src: &str, what: &str) -> u32 {
        src.find(what).unwrap() as u32
    }

    fn span_of(src: &str, what: &str) -> Span {
        Span::new(start_of(src, what), end_of(src, what))
    }

    #[test]
    fn a_line_below_keeps_indent_and_line_ends() {
        let src = "{\r\n\tx := f() // note\r\n\tuse(x)\r\n}";
        let after = edited(src, |l| {
            l.insert_below(span_of(src, "x := f()"), &["defer x()".into()])
        });
        assert_eq!(
            after,
            "{\r\n\tx := f() // note\r\n\tdefer x()\r\n\tuse(x)\r\n}"
        );
    }

    #[test]
    fn code_on_the_same_line_stays_in_order() {
        let src = "{ x := f(); use(x) }";
        let after = edited(src, |l| {
            l.insert_below(span_of(src, "x := f()"), &["defer x()".into()])
        });
        assert_eq!(after, "{ x := f(); defer x(); use(x) }");
        let after = edited(src, |l| {
            l.insert_at_block_end(end_of(src, "use(x) "), &["x()".into()])
        });
        assert_eq!(after, "{ x := f(); use(x); x() }");
        let after = edited(src, |l| {
            l.insert_above(start_of(src, "use"), &["x()".into()])
        });
        assert_eq!(after, "{ x := f(); x(); use(x) }");
    }

    #[test]
    fn comments_stay_with_their_statement() {
        let src = "{\n\ta()\n\n\t// give up\n\treturn\n}\n";
        let after = edited(src, |l| {
            l.insert_above(start_of(src, "return"), &["x()".into()])
        });
        assert_eq!(after, "{\n\ta()\n\n\tx()\n\t// give up\n\treturn\n}\n");
    }

    #[test]
    fn a_removed_line_leaves_no_double_gap() {
        let src = "{\n\ta()\n\n\tdefer x()\n\n\tb()\n}\n";
        let after = edited(src, |l| l.remove_lines(span_of(src, "defer x()")));
        assert_eq!(after, "{\n\ta()\n\n\tb()\n}\n");
        let src = "{\n\tdefer x()\n\n\tb()\n}\n";
        let after = edited(src, |l| l.remove_lines(span_of(src, "defer x()")));
        assert_eq!(after, "{\n\tb()\n}\n");
        let src = "{\n\ta()\n\n\tdefer x()\n}\n";
        let after = edited(src, |l| l.remove_lines(span_of(src, "defer x()")));
        assert_eq!(after, "{\n\ta()\n}\n");
        let src = "{\n\ta()\n\tdefer x() // why\n\tb()\n}\n";
        let after = edited(src, |l| l.remove_lines(span_of(src, "defer x()")));
        assert_eq!(after, "{\n\ta()\n\tb()\n}\n");
    }

    #[test]
    fn any_offset_is_taken() {
        for src in ["", "\n", "\r\n", "a\r", "\t\u{e9}x\n"] {
            let layout = Layout::new(src.as_bytes());
            for offset in 0..8 {
                layout.insert_below(Span::new(offset, offset + 2), &["x".into()]);
                layout.insert_above(offset, &["x".into()]);
                layout.insert_at_block_end(offset, &["x".into()]);
                layout.remove_lines(Span::new(offset, offset + 1));
            }
        }
    }
}
