use std::fmt;

use crate::Snippet;

/// A verdict or finding at a place in source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// The word it opens with.
    pub severity: Severity,
    /// Where it is; a verdict on a whole program may have no place.
    pub location: Option<Location>,
    /// One sentence without a final full stop.
    pub message: String,
    /// The name of the rule that speaks, if any.
    pub rule: Option<String>,
    /// Short remarks for the end of the line, such as `fixable`.
    pub tags: Vec<String>,
    /// Source with labels. The first normally shows the place of [`Self::location`].
    pub snippets: Vec<Snippet>,
    /// The way from the place to the harm, where labels do not tell it already.
    pub steps: Vec<Step>,
    /// Further remarks, each a paragraph.
    pub notes: Vec<String>,
}

impl Diagnostic {
    /// A diagnostic with nothing but its first line.
    pub fn new(severity: Severity, message: impl Into<String>) -> Self {
        Self {
            severity,
            location: None,
            message: message.into(),
            rule: None,
            tags: Vec::new(),
            snippets: Vec::new(),
            steps: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// The same diagnostic at a place.
    pub fn at(mut self, location: Location) -> Self {
        self.location = Some(location);
        self
    }
}

/// The word that a diagnostic opens with, and how loud it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Severity {
    /// Printed as it is: `LEAK`, `high`, `steady`.
    pub word: String,
    /// Chooses the colour.
    pub tone: Tone,
}

impl Severity {
    /// A severity from its word and tone.
    pub fn new(word: impl Into<String>, tone: Tone) -> Self {
        Self {
            word: word.into(),
            tone,
        }
    }
}

/// How loud a word is, independent of what it says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// Red: must be acted on.
    Alarm,
    /// Yellow: should be looked at.
    Warning,
    /// Cyan: for information.
    Notice,
    /// Green: all is well.
    Good,
}

/// A place in a file. Lines and columns are 1-based; columns count bytes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Location {
    /// The file as it should be printed, with `/` between its parts.
    pub file: String,
    /// The line, from 1.
    pub line: u32,
    /// The column in bytes, from 1.
    pub column: u32,
}

impl Location {
    /// A place from a file, a 1-based line and a 1-based byte column.
    pub fn new(file: impl Into<String>, line: u32, column: u32) -> Self {
        Self {
            file: file.into(),
            line,
            column,
        }
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

/// One step of the way from a cause to its effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Where it happens.
    pub location: Location,
    /// What happens, in a few words.
    pub note: String,
}
