/// A proposed change, as hunks for a reader. It is not a patch file: context is what helps to read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Patch {
    /// In order of files and lines.
    pub hunks: Vec<PatchHunk>,
}

/// Neighbouring changed lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PatchHunk {
    /// The file as it should be printed.
    pub file: String,
    /// The 1-based number, in the unchanged file, of the first line that is removed or before which lines
    /// are added.
    pub line: u32,
    /// The lines.
    pub lines: Vec<PatchLine>,
}

/// One line of a hunk, without its line end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PatchLine {
    /// Stands in both.
    Context(String),
    /// Only in the old text.
    Removed(String),
    /// Only in the new text.
    Added(String),
}
