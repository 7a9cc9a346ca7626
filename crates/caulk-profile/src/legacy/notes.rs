//! The comment lines that Go's runtime writes below a sample: its labels and its symbols.

use super::lines::{Lines, hex, trim};

/// What the comment lines below one sample say.
#[derive(Debug, Clone, Default)]
pub(crate) struct Notes<'t> {
    /// What follows `# labels: `.
    pub labels: Option<&'t [u8]>,
    /// Leaf first.
    pub symbols: Vec<Symbol<'t>>,
}

/// A symbol line: `#`, the address of the call, `function+0xoffset`, `file:line`, with tabs
/// between.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Symbol<'t> {
    pub pc: u64,
    pub function: &'t [u8],
    pub offset: u64,
    pub file: &'t [u8],
    pub line: i64,
}

impl<'t> Notes<'t> {
    /// Reads the labels and symbols below the line of a sample, up to the first line that is
    /// neither.
    pub fn below(lines: &mut Lines<'t>) -> Self {
        let mut notes = Notes::default();
        while let Some(comment) = lines.peek().and_then(|line| trim(line).strip_prefix(b"#")) {
            if let Some(symbol) = Symbol::parse(comment) {
                if !symbol.function.is_empty() {
                    notes.symbols.push(symbol);
                }
            } else if let Some(labels) = comment.strip_prefix(b" labels: ") {
                notes.labels = Some(labels);
            } else {
                break;
            }
            lines.advance();
        }
        notes
    }
}

impl<'t> Symbol<'t> {
    fn parse(comment: &'t [u8]) -> Option<Self> {
        let mut columns = comment
            .split(|&byte| byte == b'\t')
            .filter(|column| !column.is_empty());
        let pc = prefixed_hex(columns.next()?)?;
        let unnamed = Symbol {
            pc,
            function: b"",
            offset: 0,
            file: b"",
            line: 0,
        };
        let Some(function) = columns.next() else {
            return Some(unnamed);
        };
        let (function, offset) = match split_last(function, b'+') {
            Some((function, offset)) => (function, prefixed_hex(offset)?),
            None => (function, 0),
        };
        let place = columns.next().and_then(|place| split_last(place, b':'));
        let (file, line) = match place {
            Some((file, line)) => (file, std::str::from_utf8(line).ok()?.trim().parse().ok()?),
            None => (&b""[..], 0),
        };
        Some(Symbol {
            function,
            offset,
            file,
            line,
            ..unnamed
        })
    }
}

fn split_last(text: &[u8], separator: u8) -> Option<(&[u8], &[u8])> {
    let at = memchr::memrchr(separator, text)?;
    Some((text.get(..at)?, text.get(at + 1..)?))
}

fn prefixed_hex(word: &[u8]) -> Option<u64> {
    hex(word.strip_prefix(b"0x")?)
}
