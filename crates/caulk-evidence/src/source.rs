//! What stands on a line of the source.

use caulk_leaks::Location;

/// Answers questions about the user's source. Files are relative to the module's root.
pub trait Source {
    /// The call that a frame of `function` at `line` was executing. With `after_call` the line is
    /// that of the next instruction: then it is the last call that ends at or before the line.
    fn call(&self, file: &str, function: &str, line: u32, after_call: bool) -> Option<Location>;

    /// The `go` statement on a line.
    fn go_statement(&self, file: &str, line: u32) -> Option<Location>;

    /// The statement on a line that keeps something in a map or a slice.
    fn store(&self, file: &str, function: &str, line: u32) -> Option<Store>;

    /// All statements of a function that keep something in a map or a slice that outlives the call.
    fn stores_in(&self, file: &str, function: &str) -> Vec<Store>;

    /// The text of a line without its indentation.
    fn line(&self, file: &str, line: u32) -> Option<Location>;
}

/// A statement that keeps what it is given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Store {
    /// The statement's target: `s.sessions[id]`, `s.log`.
    pub location: Location,
    /// What holds: `s.sessions`.
    pub holder: String,
    /// How it is held.
    pub kind: StoreKind,
}

/// How a statement keeps something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StoreKind {
    /// `holder[key] = value`.
    Insert,
    /// `holder = append(holder, value)`.
    Append,
}
