use crate::{Block, Catalogue, Diagnostic, Figure, FlameGraph, Paragraph, Plot, Table};

/// What stands on one page: a verdict in words, then sections in reading order.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    /// The window's title.
    pub title: String,
    /// What the page is about, in a few words each: a program, its version, when it was watched.
    pub subject: Vec<String>,
    /// The verdict: its word, its sentence, its place. Snippets belong into the sections.
    pub verdict: Diagnostic,
    /// The figures that a reader wants first.
    pub facts: Vec<Figure>,
    /// What the verdict has to be read with.
    pub remarks: Vec<Paragraph>,
    /// The rest; each gets a heading and an entry in the page's contents.
    pub sections: Vec<Section>,
    /// What made the page, such as a program and its version.
    pub made_by: String,
}

/// A part of a page with a heading of its own.
#[derive(Debug, Clone, PartialEq)]
pub struct Section {
    /// The heading.
    pub heading: String,
    /// One sentence below it; may be empty.
    pub lead: String,
    /// What it holds, top to bottom.
    pub parts: Vec<Part>,
}

impl Section {
    /// A section without a lead.
    pub fn new(heading: impl Into<String>, parts: Vec<Part>) -> Self {
        Self {
            heading: heading.into(),
            lead: String::new(),
            parts,
        }
    }

    /// The same section with one sentence below its heading.
    pub fn with_lead(mut self, lead: impl Into<String>) -> Self {
        self.lead = lead.into();
        self
    }
}

/// One piece of a section.
#[derive(Debug, Clone, PartialEq)]
pub enum Part {
    /// What a report in text has, too.
    Block(Block),
    /// Figures with a caption.
    Table {
        /// What the table shows.
        caption: String,
        /// The figures.
        table: Table,
    },
    /// Plots side by side; the first is the largest.
    Plots(Vec<Plot>),
    /// Flame graphs of which one is shown at a time.
    Flames(Vec<FlameGraph>),
    /// Many of one kind, of which a reader chooses.
    Catalogue(Catalogue),
    /// Blocks that belong together and that can be linked to.
    Article {
        /// Its name in links, unique on the page: see [`crate::Cell::link`].
        name: String,
        /// The first is its head.
        blocks: Vec<Block>,
    },
    /// What is shown when it is asked for.
    Folded {
        /// What is in it.
        summary: String,
        /// The parts.
        parts: Vec<Part>,
    },
}

impl<B: Into<Block>> From<B> for Part {
    fn from(block: B) -> Self {
        Self::Block(block.into())
    }
}
