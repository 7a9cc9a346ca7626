use crate::{Diagnostic, Patch, Table};

/// What a command has to say, in reading order.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Report {
    /// Printed top to bottom. A diagnostic opens a section; the blocks after it, up to the next diagnostic
    /// or summary, read as belonging to it.
    pub blocks: Vec<Block>,
}

impl Report {
    /// An empty report.
    pub fn new() -> Self {
        Self::default()
    }

    /// Appends a block.
    pub fn push(&mut self, block: impl Into<Block>) {
        self.blocks.push(block.into());
    }
}

/// One piece of a report.
#[derive(Debug, Clone, PartialEq)]
pub enum Block {
    /// A verdict or finding with its place and source.
    Diagnostic(Box<Diagnostic>),
    /// Figures side by side.
    Table(Table),
    /// Running text, wrapped to the width.
    Paragraph(Paragraph),
    /// Short `value  label` pairs, as many on a line as fit.
    Figures(Vec<Figure>),
    /// `key: value` pairs, as many on a line as fit.
    KeyValues(Vec<KeyValue>),
    /// A proposed change.
    Patch(Patch),
    /// Closing lines, set off by an empty line; also printed by the concise format.
    Summary(Vec<String>),
}

/// Running text with an optional emphasised beginning.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Paragraph {
    /// Printed emphasised before the text, with nothing added between them but a space.
    pub lead: String,
    /// The text; wrapped at spaces.
    pub text: String,
}

impl Paragraph {
    /// A paragraph that opens with an emphasised `lead`, such as `Why this line:`.
    pub fn with_lead(lead: impl Into<String>, text: impl Into<String>) -> Self {
        Self {
            lead: lead.into(),
            text: text.into(),
        }
    }
}

impl From<&str> for Paragraph {
    fn from(text: &str) -> Self {
        Self {
            lead: String::new(),
            text: text.to_owned(),
        }
    }
}

impl From<String> for Paragraph {
    fn from(text: String) -> Self {
        Self {
            lead: String::new(),
            text,
        }
    }
}

/// A figure and what it is the figure of, such as `20.1 kB/req` and a function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Figure {
    /// The figure with its unit.
    pub value: String,
    /// What it belongs to.
    pub label: String,
}

/// A short named value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyValue {
    /// The name, without a colon.
    pub key: String,
    /// The value.
    pub value: String,
}

impl KeyValue {
    /// A pair of a key and its value.
    pub fn new(key: impl Into<String>, value: impl Into<String>) -> Self {
        Self {
            key: key.into(),
            value: value.into(),
        }
    }
}

impl From<Diagnostic> for Block {
    fn from(diagnostic: Diagnostic) -> Self {
        Self::Diagnostic(Box::new(diagnostic))
    }
}

impl From<Table> for Block {
    fn from(table: Table) -> Self {
        Self::Table(table)
    }
}

impl From<Paragraph> for Block {
    fn from(paragraph: Paragraph) -> Self {
        Self::Paragraph(paragraph)
    }
}

impl From<Patch> for Block {
    fn from(patch: Patch) -> Self {
        Self::Patch(patch)
    }
}
