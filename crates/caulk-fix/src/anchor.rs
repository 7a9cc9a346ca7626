//! Where in a file a release goes.

use caulk_syntax::Span;

use crate::edit::Edit;
use crate::layout::Layout;
use crate::refusal::Refusal;

/// Where a release goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Anchor {
    /// Below a statement.
    Below(Span),
    /// At the start of the block that opens with a brace just before this offset.
    BlockStart(u32),
    /// Above a statement.
    Above(Span),
    /// In place of the `else` behind a branch that leaves: what follows that stands by itself.
    Else { statement: Span, gap: Span },
}

impl Anchor {
    pub(crate) fn insert(self, layout: Layout<'_>, lines: &[String]) -> Result<Edit, Refusal> {
        let edit = match self {
            Self::Below(statement) => layout.insert_below(statement, lines),
            Self::BlockStart(offset) => layout.insert_at_block_start(offset, lines),
            Self::Above(statement) => layout.insert_above(statement.start, lines),
            Self::Else { statement, gap } => layout.replace_else(statement.start, gap, lines),
        };
        edit.ok_or_else(Refusal::crowded)
    }

    /// From where on a release stands.
    pub(crate) fn offset(self) -> u32 {
        match self {
            Self::Below(statement) => statement.end,
            Self::BlockStart(offset) => offset,
            Self::Above(statement) => statement.start,
            Self::Else { gap, .. } => gap.start,
        }
    }
}
