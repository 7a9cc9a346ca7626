//! Plain data for people and machines, and one small file per output format.
//!
//! A [`Report`] is a list of blocks: diagnostics with source snippets, tables, patches, paragraphs. The
//! renderers in [`render`] turn it into text; [`json`] holds the stable shapes that machines read. A [`Page`]
//! has plots and flame graphs beside the blocks, and [`html`] makes one file of it. This
//! crate knows no Go, no profile and no leak: whoever has results turns them into blocks, and whoever
//! prints decides once, in [`terminal`], how wide and how colourful.

mod catalogue;
mod diagnostic;
mod findings;
mod flame;
pub mod html;
pub mod json;
mod page;
mod patch;
mod plot;
pub mod render;
mod report;
mod snippet;
mod table;
pub mod terminal;
pub mod units;

pub use catalogue::{Catalogue, CatalogueItem, Facet};
pub use diagnostic::{Diagnostic, Location, Severity, Step, Tone};
pub use findings::{
    FindingList, Level, ListedFinding, ListedFix, Region, RegionEdit, RuleInfo, Tool, Waypoint,
};
pub use flame::{FlameBox, FlameFrame, FlameGraph};
pub use page::{Page, Part, Section};
pub use patch::{Patch, PatchHunk, PatchLine};
pub use plot::{Axis, Fit, Plot, PlotLine, PlotPoint, Ticks, Unit};
pub use report::{Block, Figure, KeyValue, Paragraph, Report};
pub use snippet::{Label, Mark, Snippet, SourceLine};
pub use table::{Align, Cell, Column, Table};
