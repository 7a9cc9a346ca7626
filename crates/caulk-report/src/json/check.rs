//! What `check --format json` prints. `fix` and `hunt` embed the same objects.

use serde::{Deserialize, Serialize};

/// The version of the shape below.
pub const VERSION: u32 = 1;

/// The whole output.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CheckReport {
    /// [`VERSION`].
    pub version: u32,
    /// In order of file, line and column.
    pub findings: Vec<Finding>,
    /// What could not be read or resolved.
    pub problems: Vec<Problem>,
    /// How much of what was seen could be decided.
    pub coverage: Coverage,
    /// The functions at whose calls the others were lost track of, those that block most first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub blocked_by: Vec<Blocking>,
    /// Totals.
    pub summary: Summary,
}

impl CheckReport {
    /// An output without findings.
    pub fn new() -> Self {
        Self {
            version: VERSION,
            findings: Vec::new(),
            problems: Vec::new(),
            coverage: Coverage::default(),
            blocked_by: Vec::new(),
            summary: Summary::default(),
        }
    }
}

impl Default for CheckReport {
    fn default() -> Self {
        Self::new()
    }
}

/// One fault.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// The rule's name, such as `unclosed-client`.
    pub rule: String,
    /// How bad it is.
    pub severity: Severity,
    /// Why it matters little, as a fragment for people; of low severity alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub low_because: Option<String>,
    /// How sure it is.
    pub confidence: Confidence,
    /// One sentence.
    pub message: String,
    /// The acquiring call.
    pub location: Span,
    /// The change that made it a finding, where that is not at the acquiring call; only with `--new-from-rev` and
    /// `--new-from-merge-base`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changed: Option<Span>,
    /// What is held; absent where the fault is not about a resource.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource: Option<Resource>,
    /// The way from the acquisition to the exit that loses it.
    pub path: Vec<PathStep>,
    /// Only with `--fixes`, since it is computed by editing and checking again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fix: Option<Fix>,
    /// The same for the same fault after unrelated edits.
    pub fingerprint: String,
}

/// How bad a finding is: harm times frequency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Exit cleans up.
    Low,
    /// Rare, cheap, or healed by the collector.
    Medium,
    /// Holds much, and often.
    High,
}

/// How sure a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Confidence {
    /// Rests on a convention.
    Likely,
    /// Every step was decided from source or catalogue.
    Certain,
}

/// A piece of a file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Span {
    /// Relative to the folder that was checked, with `/`.
    pub file: String,
    /// First line.
    pub line: u32,
    /// First column.
    pub column: u32,
    /// Last line.
    pub end_line: u32,
    /// The column after the last byte.
    pub end_column: u32,
}

/// What is acquired and how it is given back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resource {
    /// Import path and name of the type.
    #[serde(rename = "type")]
    pub type_name: String,
    /// Import path and name of the function that acquires it.
    pub acquired_by: String,
    /// The method or function that releases it.
    pub release: String,
    /// The variable that holds it; empty where the result is discarded.
    pub variable: String,
    /// Who says that it is owed: `catalogue`, `caulk.toml`, `source`, `documentation` or `convention`.
    pub contract_from: String,
}

/// One step of a witness path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PathStep {
    /// Relative to the folder that was checked.
    pub file: String,
    /// From 1.
    pub line: u32,
    /// From 1, in bytes.
    pub column: u32,
    /// What happens there.
    pub note: String,
}

/// What `fix` would do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fix {
    /// Whether it can be fixed.
    pub outcome: FixOutcome,
    /// Why it is refused, or what to review; else empty.
    pub reason: String,
    /// In order, without overlap, all against the unchanged files.
    pub edits: Vec<Edit>,
}

/// The outcome of a finding's fix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FixOutcome {
    /// Ends the finding and changes nothing else.
    Fixed,
    /// Ends the finding, but behaviour could change: applied with `--unsafe` only.
    FixedReview,
    /// A person must decide.
    Refused,
}

/// The bytes `start..end` of a file become `text`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edit {
    /// Relative to the folder that was checked.
    pub file: String,
    /// Offset of the first byte.
    pub start: u64,
    /// Offset after the last byte.
    pub end: u64,
    /// The new text.
    pub text: String,
}

/// Something that was not read or not resolved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// A short kebab-case kind, such as `missing-module`.
    pub kind: String,
    /// What it is about.
    pub what: String,
    /// Where it was met, `file:line` or a file; may be empty.
    #[serde(rename = "where")]
    pub place: String,
}

/// How many acquisitions were seen, and how many decided as settled or owed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coverage {
    /// All that were seen.
    pub acquisitions: u64,
    /// Those whose outcome is known.
    pub decided: u64,
}

/// A function of which too little is known to say what becomes of what it is passed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Blocking {
    /// Import path and name.
    pub callee: String,
    /// How many acquisitions are undecided because of it.
    pub acquisitions: u64,
}

/// Totals of a run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// Files read.
    pub files: u64,
    /// Functions analysed.
    pub functions: u64,
    /// Findings reported.
    pub findings: u64,
}
