//! Places in a file: byte offsets, byte ranges, and lines.

use std::fmt;
use std::num::NonZeroU32;

/// A half-open range of byte offsets in a file. Offsets count from the start of the file, also in
/// a tree that holds a single function's body.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Span {
    /// Offset of the first byte.
    pub start: u32,
    /// Offset just after the last byte; never less than `start`.
    pub end: u32,
}

impl Span {
    /// The range `start..end`.
    pub const fn new(start: u32, end: u32) -> Span {
        Span { start, end }
    }

    /// The empty range at `offset`.
    pub const fn empty(offset: u32) -> Span {
        Span {
            start: offset,
            end: offset,
        }
    }

    /// Number of bytes.
    pub const fn len(self) -> u32 {
        self.end.saturating_sub(self.start)
    }

    /// Whether the range holds no byte.
    pub const fn is_empty(self) -> bool {
        self.end <= self.start
    }

    /// Whether `offset` is the offset of a byte of the range.
    pub const fn contains(self, offset: u32) -> bool {
        self.start <= offset && offset < self.end
    }

    /// Whether every byte of `other` lies in the range.
    pub const fn encloses(self, other: Span) -> bool {
        self.start <= other.start && other.end <= self.end
    }

    /// The bytes of `src` in the range; empty where the range lies outside of `src`.
    pub fn of(self, src: &[u8]) -> &[u8] {
        src.get(self.start as usize..self.end as usize)
            .unwrap_or_default()
    }
}

impl fmt::Debug for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}..{}", self.start, self.end)
    }
}

/// The byte offset of a token. As wide as a `u32` also inside an `Option`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Pos(NonZeroU32);

impl Pos {
    /// The position at `offset`.
    pub const fn new(offset: u32) -> Pos {
        Pos(NonZeroU32::MIN.saturating_add(offset))
    }

    /// Byte offset from the start of the file.
    pub const fn offset(self) -> u32 {
        self.0.get() - 1
    }
}

impl fmt::Debug for Pos {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "@{}", self.offset())
    }
}

/// A line and a column, both counted from 1; the column counts bytes, as Go's tools do.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct LineColumn {
    /// Line, from 1.
    pub line: u32,
    /// Column in bytes, from 1.
    pub column: u32,
}

/// Where the lines of a file start: converts between offsets and lines.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LineIndex {
    starts: Vec<u32>,
    len: u32,
}

impl LineIndex {
    /// Indexes the lines of `src`. Lines end with `\n`.
    pub fn new(src: &[u8]) -> LineIndex {
        let src = &src[..src.len().min(crate::MAX_FILE_BYTES)];
        let mut starts = vec![0];
        starts.extend(memchr::memchr_iter(b'\n', src).map(|at| at as u32 + 1));
        LineIndex {
            starts,
            len: src.len() as u32,
        }
    }

    /// Line and column of `offset`. An offset past the end is taken for the end.
    pub fn line_column(&self, offset: u32) -> LineColumn {
        let offset = offset.min(self.len);
        let line = self.starts.partition_point(|&start| start <= offset);
        let start = line
            .checked_sub(1)
            .and_then(|i| self.starts.get(i))
            .copied()
            .unwrap_or(0);
        LineColumn {
            line: line as u32,
            column: offset - start + 1,
        }
    }

    /// Line of `offset`, from 1.
    pub fn line(&self, offset: u32) -> u32 {
        self.line_column(offset).line
    }

    /// Offset of a line and column, if the file has that line; a column past the end of the line
    /// gives the offset of its end.
    pub fn offset(&self, at: LineColumn) -> Option<u32> {
        let line = self.line_span(at.line)?;
        Some(
            line.start
                .saturating_add(at.column.saturating_sub(1))
                .min(line.end),
        )
    }

    /// The bytes of a line (from 1), without its newline.
    pub fn line_span(&self, line: u32) -> Option<Span> {
        let index = line.checked_sub(1)? as usize;
        let start = *self.starts.get(index)?;
        let end = self
            .starts
            .get(index + 1)
            .map_or(self.len, |&next| next - 1);
        Some(Span::new(start, end))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_and_lines_convert_both_ways() {
        let src = b"package a\n\nvar x = 1\n";
        let index = LineIndex::new(src);
        assert_eq!(index.line_column(0), LineColumn { line: 1, column: 1 });
        assert_eq!(
            index.line_column(9),
            LineColumn {
                line: 1,
                column: 10
            }
        );
        assert_eq!(index.line_column(10), LineColumn { line: 2, column: 1 });
        assert_eq!(index.line_column(15), LineColumn { line: 3, column: 5 });
        assert_eq!(index.line_column(999), LineColumn { line: 4, column: 1 });
        for offset in 0..=src.len() as u32 {
            assert_eq!(index.offset(index.line_column(offset)), Some(offset));
        }
        assert_eq!(index.line_span(3), Some(Span::new(11, 20)));
        assert_eq!(index.line_span(0), None);
        assert_eq!(index.line_span(5), None);
    }
}
