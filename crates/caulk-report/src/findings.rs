/// Findings in source, for the programs that show them elsewhere: a review, a dashboard, a build.
///
/// Lines and columns are 1-based; columns count characters (Unicode scalar values), which is what most of
/// those programs count.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FindingList {
    /// What found them.
    pub tool: Tool,
    /// All rules that may be named below, in order of their names.
    pub rules: Vec<RuleInfo>,
    /// In order of file, line and column.
    pub findings: Vec<ListedFinding>,
    /// What limited the check, a sentence each.
    pub remarks: Vec<String>,
}

/// The program that reports.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tool {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Where it can be read about.
    pub url: String,
}

/// What is known of a rule.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RuleInfo {
    /// Its name: `unclosed-client`.
    pub name: String,
    /// What it finds, as a fragment.
    pub summary: String,
    /// Its page, as Markdown.
    pub page: String,
}

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// For information.
    Low,
    /// Should be looked at.
    Medium,
    /// Must be acted on.
    High,
}

impl Level {
    /// `low`, `medium` or `high`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}

/// One fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedFinding {
    /// Name of its rule.
    pub rule: String,
    /// How bad.
    pub level: Level,
    /// How sure, in a word: `certain`.
    pub confidence: String,
    /// One sentence without a full stop.
    pub message: String,
    /// Where a reader should look first.
    pub place: Region,
    /// How it comes about, from the cause to the harm.
    pub path: Vec<Waypoint>,
    /// Edits that end it, where there are any.
    pub fix: Option<ListedFix>,
    /// The same for the same fault after unrelated edits; no two in a list are equal.
    pub fingerprint: String,
}

/// One step of the way from a cause to its effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waypoint {
    /// Where.
    pub place: Region,
    /// What happens there, in a few words.
    pub note: String,
}

/// A piece of a file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Region {
    /// Relative, with `/` between its parts.
    pub file: String,
    /// First line.
    pub line: u32,
    /// First column.
    pub column: u32,
    /// Last line.
    pub end_line: u32,
    /// The column after the last character.
    pub end_column: u32,
}

/// Edits that belong together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedFix {
    /// What they do.
    pub description: String,
    /// In order, without overlap, all against the unchanged files.
    pub edits: Vec<RegionEdit>,
}

/// What becomes of a piece of a file; nothing is taken away where it is empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegionEdit {
    /// What is replaced.
    pub place: Region,
    /// By what.
    pub text: String,
}
