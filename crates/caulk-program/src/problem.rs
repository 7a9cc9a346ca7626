//! What could not be found or read: counted facts beside a result, never a failure.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// Kind of a [`Problem`]; [`ProblemKind::name`] is its stable name in output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum ProblemKind {
    /// A required module is not in the module cache.
    MissingModule,
    /// No module provides an imported package.
    MissingPackage,
    /// A path that was asked for, or what is below it, cannot be read.
    Unreadable,
    /// A folder that was asked for has no Go files.
    NoGoFiles,
    /// A file that was asked for by name does not belong to this build: its constraints or name leave it out, or it is a test.
    Excluded,
    /// A file that does not parse as a whole; what does parse is used.
    Syntax,
}

impl ProblemKind {
    /// Stable name, as it stands in JSON.
    pub fn name(self) -> &'static str {
        match self {
            ProblemKind::MissingModule => "missing-module",
            ProblemKind::MissingPackage => "missing-package",
            ProblemKind::Unreadable => "unreadable",
            ProblemKind::NoGoFiles => "no-go-files",
            ProblemKind::Excluded => "excluded",
            ProblemKind::Syntax => "syntax",
        }
    }
}

/// Something that was missing or broken, with how often it was met.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Problem {
    /// What kind.
    pub kind: ProblemKind,
    /// The module with its version, package, path or message.
    pub what: String,
    /// The file that asks for it or has it.
    pub file: Option<PathBuf>,
    /// 1-based line in that file.
    pub line: Option<u32>,
    /// How many places ran into it.
    pub count: u32,
}

impl Problem {
    pub(crate) fn new(kind: ProblemKind, what: String) -> Problem {
        Problem {
            kind,
            what,
            file: None,
            line: None,
            count: 1,
        }
    }

    pub(crate) fn unreadable(path: &Path, why: &str) -> Problem {
        Problem::new(
            ProblemKind::Unreadable,
            format!("{}: {why}", path.display()),
        )
    }

    pub(crate) fn at(mut self, file: PathBuf, line: u32) -> Problem {
        self.file = Some(file);
        self.line = Some(line);
        self
    }
}

/// Sorted, with the counts of equal ones added up.
pub(crate) fn merge(mut problems: Vec<Problem>) -> Vec<Problem> {
    problems.sort();
    problems.dedup_by(|later, first| {
        let same = later.kind == first.kind && later.what == first.what;
        if same {
            first.count = first.count.saturating_add(later.count);
        }
        same
    });
    problems
}
