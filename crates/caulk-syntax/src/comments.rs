//! Comments, kept beside the tree.

use std::sync::Arc;

use crate::span::Span;

/// One comment, `//…` to the end of its line or `/*…*/`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Comment {
    pub(crate) text: u32,
    /// Its bytes, without the newline after a `//` comment.
    pub span: Span,
    /// Whether there is code before it on the line on which it starts.
    pub trails_code: bool,
    /// Lines between its end and what follows: 0 for the same line, 1 for the next, 2 for more.
    pub(crate) gap: u8,
    /// Offset of what follows: a comment, a token or the end.
    pub(crate) next: u32,
}

/// All comments of a file outside of function bodies, or of one body, in source order. They own
/// their text.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Comments {
    pub(crate) text: Arc<str>,
    pub(crate) list: Vec<Comment>,
}

impl Comments {
    /// Every comment, in source order.
    pub fn all(&self) -> &[Comment] {
        &self.list
    }

    /// The text of a comment, with its `//` or `/*…*/`.
    pub fn text(&self, comment: &Comment) -> &str {
        let start = comment.text as usize;
        self.text
            .get(start..start + comment.span.len() as usize)
            .unwrap_or_default()
    }

    /// The documentation of what starts at `offset` (a declaration, a spec, a field): the comments
    /// on the lines directly above it, without an empty line between.
    pub fn doc(&self, offset: u32) -> &[Comment] {
        let before = self.list.partition_point(|c| c.span.start < offset);
        let list = self.list.get(..before).unwrap_or_default();
        match list.last() {
            Some(last) if last.next == offset && last.gap == 1 && !last.trails_code => {}
            _ => return &[],
        }
        let follows = |pair: &[Comment]| match pair {
            [a, b] => a.next == b.span.start && a.gap <= 1 && !a.trails_code,
            _ => false,
        };
        let group = 1 + list
            .windows(2)
            .rev()
            .take_while(|pair| follows(pair))
            .count();
        list.get(list.len() - group..).unwrap_or_default()
    }

    /// The documentation of what starts at `offset` as plain text: comment markers and directives
    /// (`//go:noinline`, `//nolint`) taken off, one line per line.
    pub fn doc_text(&self, offset: u32) -> String {
        let mut out = String::new();
        for comment in self.doc(offset) {
            let text = self.text(comment);
            if let Some(line) = text.strip_prefix("//") {
                if !is_directive(line) {
                    out.push_str(line.strip_prefix(' ').unwrap_or(line).trim_end());
                    out.push('\n');
                }
            } else {
                let inner = text.strip_prefix("/*").unwrap_or(text);
                for line in inner.strip_suffix("*/").unwrap_or(inner).lines() {
                    out.push_str(line.trim_end());
                    out.push('\n');
                }
            }
        }
        out.trim_matches('\n').to_owned()
    }

    /// The first comment after `offset` on the line on which `offset` lies, if no code stands
    /// between: what gofmt calls a line comment. `offset` is the end of a statement or
    /// declaration; `src` is the file.
    pub fn trailing(&self, offset: u32, src: &[u8]) -> Option<&Comment> {
        let after = self.list.partition_point(|c| c.span.start < offset);
        let comment = self.list.get(after)?;
        let between = Span::new(offset, comment.span.start).of(src);
        between
            .iter()
            .all(|b| matches!(b, b' ' | b'\t' | b';' | b','))
            .then_some(comment)
    }

    /// The comments that end at or before `offset`. With the offset of the package clause: the
    /// head of the file, where build constraints stand.
    pub fn before(&self, offset: u32) -> &[Comment] {
        let end = self.list.partition_point(|c| c.span.end <= offset);
        self.list.get(..end).unwrap_or_default()
    }

    /// The comments that lie within `span`.
    pub fn within(&self, span: Span) -> &[Comment] {
        let start = self.list.partition_point(|c| c.span.start < span.start);
        let end = self.list.partition_point(|c| c.span.end <= span.end);
        self.list.get(start..end).unwrap_or_default()
    }
}

/// Whether a `//` comment with this text after the slashes is for tools, not for readers: a word
/// in lower-case letters and digits, a colon, and something, without spaces, as `go:embed`; or one
/// of the older `line `, `extern `, `export `.
fn is_directive(text: &str) -> bool {
    if ["line ", "extern ", "export "]
        .iter()
        .any(|word| text.starts_with(word))
    {
        return true;
    }
    let lower = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    text.split_once(':').is_some_and(|(tool, rest)| {
        !tool.is_empty() && tool.chars().all(lower) && rest.chars().next().is_some_and(lower)
    })
}
