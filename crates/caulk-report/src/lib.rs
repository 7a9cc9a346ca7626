//! Plain data for people and machines, and one small file per output format.
//!
//! A [`Report`] is a list of blocks: diagnostics with source snippets, tables, patches, paragraphs. The
//! renderers in [`render`] turn it into text; [`json`] holds the stable shapes that machines read. This
//! crate knows no Go, no profile and no leak: whoever has results turns them into blocks, and whoever
//! prints decides once, in [`terminal`], how wide and how colourful.

mod diagnostic;
pub mod json;
mod patch;
pub mod render;
mod report;
mod snippet;
mod table;
pub mod terminal;
pub mod units;

pub use diagnostic::{Diagnostic, Location, Severity, Step, Tone};
pub use patch::{Patch, PatchHunk, PatchLine};
pub use report::{Block, Figure, KeyValue, Paragraph, Report};
pub use snippet::{Label, Mark, Snippet, SourceLine};
pub use table::{Align, Cell, Column, Table};
