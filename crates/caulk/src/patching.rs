//! The fixer as the commands use it: plans over a tree that was analysed, in the shapes of the report.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::anyhow;
use caulk_fix::diff::{self, HunkLine};
use caulk_fix::{ApplyOptions, Edits, FindingFix, FixPlan, Folder, Outcome, PlanOptions};
use caulk_leaks::Finding;
use caulk_report::json::check as json;
use caulk_report::{Patch, PatchHunk, PatchLine};
use caulk_system::{Cancel, Limits, OsFiles, Overlay};

use crate::exit::Failure;
use crate::source::{self, Analysed, Reading};

/// The fixes of some findings.
#[derive(Debug, Default)]
pub struct Patches {
    plan: FixPlan,
    /// The file and fingerprint of each finding, in the order of the plan's fixes.
    wanted: Vec<(String, String)>,
    /// The unedited bytes of the files that findings speak of.
    before: BTreeMap<String, Vec<u8>>,
}

/// Plans fixes of the `wanted` ones of an analysis' findings; `take_review` as in [`PlanOptions`].
pub fn plan(
    analysed: &Analysed,
    reading: &Reading,
    wanted: &[&Finding],
    take_review: bool,
) -> Patches {
    let findings = &analysed.analysis.findings;
    let selected: Vec<usize> = wanted
        .iter()
        .filter_map(|wanted| {
            findings
                .iter()
                .position(|f| f.fingerprint == wanted.fingerprint && f.location == wanted.location)
        })
        .collect();
    if selected.is_empty() {
        return Patches::default();
    }
    let root = &analysed.root;
    let workspace = Folder::new(&OsFiles, root);
    let mut checker = |edited: &BTreeMap<String, Arc<[u8]>>| {
        let edits: BTreeMap<PathBuf, Arc<[u8]>> = edited
            .iter()
            .map(|(file, bytes)| (root.join(file), Arc::clone(bytes)))
            .collect();
        let changed: Vec<PathBuf> = edits.keys().cloned().collect();
        let laid_over = Arc::new(Overlay::new(source::os_files(), edits));
        source::again(analysed, laid_over, reading, &changed).findings
    };
    let options = PlanOptions { take_review };
    let plan = caulk_fix::plan(findings, &selected, &workspace, &mut checker, options);
    let chosen = || selected.iter().filter_map(|at| findings.get(*at));
    let wanted = chosen()
        .map(|f| (f.location.file.clone(), f.fingerprint.clone()))
        .collect();
    let before = chosen()
        .filter_map(|f| {
            let bytes = caulk_fix::Workspace::read(&workspace, &f.location.file).ok()?;
            Some((f.location.file.clone(), bytes))
        })
        .collect();
    Patches {
        plan,
        wanted,
        before,
    }
}

/// What was written, and what was not and why.
#[derive(Debug, Default)]
pub struct Written {
    pub written: Vec<String>,
    pub left: Vec<(String, String)>,
}

impl Patches {
    fn of(&self, finding: &Finding) -> Option<&FindingFix> {
        let at = self.wanted.iter().position(|(file, fingerprint)| {
            *file == finding.location.file && *fingerprint == finding.fingerprint
        })?;
        self.plan.fixes.get(at)
    }

    /// What becomes of a finding; none where no fix of it was planned.
    pub fn outcome(&self, finding: &Finding) -> Option<json::Fix> {
        let fix = self.of(finding)?;
        let (outcome, reason) = match &fix.outcome {
            Outcome::Fixed => (json::FixOutcome::Fixed, ""),
            Outcome::FixedReview(reason) => (json::FixOutcome::FixedReview, reason.as_str()),
            Outcome::Refused(reason) => (json::FixOutcome::Refused, reason.as_str()),
        };
        let edits = fix
            .edits
            .iter()
            .map(|edit| json::Edit {
                file: finding.location.file.clone(),
                start: u64::from(edit.span.start),
                end: u64::from(edit.span.end),
                text: edit.text.clone(),
            })
            .collect();
        Some(json::Fix {
            outcome,
            reason: reason.to_owned(),
            edits,
        })
    }

    /// The hunks of one finding's edits alone.
    pub fn hunks(&self, finding: &Finding) -> Patch {
        let file = &finding.location.file;
        let (Some(fix), Some(before)) = (self.of(finding), self.before.get(file)) else {
            return Patch::default();
        };
        let mut edits = Edits::default();
        if edits.add(&fix.edits).is_err() {
            return Patch::default();
        }
        patch_of(file, before, &edits.apply(before))
    }

    /// The files as they would be, by absolute path.
    pub fn edits(&self, root: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
        self.plan
            .files
            .iter()
            .map(|edit| (root.join(&edit.path), edit.after.clone()))
            .collect()
    }

    /// Whether anything would change.
    pub fn changes(&self) -> bool {
        !self.plan.files.is_empty()
    }

    /// A patch that `git apply` takes.
    pub fn unified(&self) -> Vec<u8> {
        self.plan
            .files
            .iter()
            .flat_map(|edit| diff::unified(&edit.path, &edit.before, &edit.after))
            .collect()
    }

    /// Writes the files.
    pub fn write(&self, root: &Path, allow_dirty: bool, cancel: &Cancel) -> Written {
        let options = ApplyOptions { allow_dirty };
        let applied = caulk_fix::apply(&self.plan, root, &OsFiles, options, &Limits::new(cancel));
        Written {
            written: applied.written,
            left: applied.left,
        }
    }

    /// Writes the files; one that cannot be written is an error.
    pub fn apply(&self, root: &Path, allow_dirty: bool, cancel: &Cancel) -> Result<(), Failure> {
        match self.write(root, allow_dirty, cancel).left.first() {
            Some((file, reason)) => Err(anyhow!("{file} was not patched: {reason}").into()),
            None => Ok(()),
        }
    }
}

fn patch_of(file: &str, before: &[u8], after: &[u8]) -> Patch {
    let line = |line: HunkLine| match line {
        HunkLine::Context(text) => PatchLine::Context(text),
        HunkLine::Removed(text) => PatchLine::Removed(text),
        HunkLine::Added(text) => PatchLine::Added(text),
    };
    let hunks = diff::hunks(before, after, 0)
        .into_iter()
        .map(|hunk| PatchHunk {
            file: file.to_owned(),
            line: hunk.line,
            lines: hunk.lines.into_iter().map(line).collect(),
        })
        .collect();
    Patch { hunks }
}
