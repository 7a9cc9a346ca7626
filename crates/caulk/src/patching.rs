//! The fixer as the commands use it: plans over a tree that was analysed, in the shapes of the report.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::anyhow;
use caulk_fix::diff::{self, HunkLine, LineMap};
use caulk_fix::{ApplyOptions, Edit, Edits, FindingFix, FixPlan, Folder, Outcome, PlanOptions};
use caulk_leaks::Finding;
use caulk_report::json::check as json;
use caulk_report::{Patch, PatchHunk, PatchLine};
use caulk_system::{Cancel, Limits, OsFiles};

use crate::exit::Failure;
use crate::source::Analysed;

/// The fixes of some findings.
#[derive(Debug, Default)]
pub struct Patches {
    plan: FixPlan,
    /// The file and fingerprint of each finding, in the order of the plan's fixes.
    wanted: Vec<(String, String)>,
    /// The unedited bytes of the files that findings speak of.
    before: BTreeMap<String, Vec<u8>>,
    take_review: bool,
    /// Fixes that did not prove themselves, or were refused in another plan.
    withdrawn: Vec<Withdrawn>,
}

/// A fix that is not to be made.
#[derive(Debug)]
struct Withdrawn {
    file: String,
    fingerprint: String,
    reason: String,
    /// The reason without names.
    kind: String,
}

/// Edits that a person wrote, by the fingerprint of their finding.
pub type Written = BTreeMap<String, Vec<Edit>>;

/// Plans fixes of the `wanted` ones of an analysis' findings; `take_review` as in [`PlanOptions`].
pub fn plan(analysed: &Analysed, wanted: &[&Finding], take_review: bool) -> Patches {
    plan_with(analysed, wanted, take_review, &Written::new())
}

/// The same, with edits of some findings that a person wrote.
pub fn plan_with(
    analysed: &Analysed,
    wanted: &[&Finding],
    take_review: bool,
    written: &Written,
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
        let edited = edited
            .iter()
            .map(|(file, bytes)| (root.join(file), Arc::clone(bytes)))
            .collect();
        analysed.again(&edited).findings
    };
    let options = PlanOptions { take_review };
    let written = selected
        .iter()
        .filter_map(|at| Some((*at, written.get(&findings.get(*at)?.fingerprint)?.clone())))
        .collect();
    let plan = caulk_fix::plan_with(
        findings,
        &selected,
        &written,
        &workspace,
        &mut checker,
        options,
    );
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
        take_review,
        withdrawn: Vec::new(),
    }
}

/// What was written, and what was not and why.
#[derive(Debug, Default)]
pub struct Applied {
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
        if let Some(withdrawn) = self.withdrawn(finding) {
            return Some(json::Fix {
                outcome: json::FixOutcome::Refused,
                reason: withdrawn.reason.clone(),
                edits: Vec::new(),
            });
        }
        let fix = self.of(finding)?;
        let (outcome, reason) = match &fix.outcome {
            Outcome::Fixed => (json::FixOutcome::Fixed, ""),
            Outcome::FixedReview(reason) => (json::FixOutcome::FixedReview, reason.as_str()),
            Outcome::Refused(reason) => (json::FixOutcome::Refused, reason.as_str()),
        };
        let edits = caulk_fix::joined(&fix.edits)
            .into_iter()
            .map(|edit| json::Edit {
                file: finding.location.file.clone(),
                start: u64::from(edit.span.start),
                end: u64::from(edit.span.end),
                text: edit.text,
            })
            .collect();
        Some(json::Fix {
            outcome,
            reason: reason.to_owned(),
            edits,
        })
    }

    /// The reason of a refusal without names, so that the same reasons can be counted.
    pub fn reason_kind(&self, finding: &Finding) -> String {
        match (self.withdrawn(finding), self.of(finding)) {
            (Some(withdrawn), _) => withdrawn.kind.clone(),
            (None, Some(fix)) => fix.reason_kind.clone(),
            (None, None) => String::new(),
        }
    }

    fn withdrawn(&self, finding: &Finding) -> Option<&Withdrawn> {
        self.withdrawn.iter().rev().find(|withdrawn| {
            withdrawn.file == finding.location.file && withdrawn.fingerprint == finding.fingerprint
        })
    }

    /// The hunks of one finding's edits alone.
    pub fn hunks(&self, finding: &Finding) -> Patch {
        match self.alone(finding) {
            Some((before, after)) => patch_of(&finding.location.file, before, &after),
            None => Patch::default(),
        }
    }

    /// The edits of one finding alone as a patch, with lines around them.
    pub fn patch(&self, finding: &Finding) -> Vec<u8> {
        match self.alone(finding) {
            Some((before, after)) => diff::unified(&finding.location.file, before, &after),
            None => Vec::new(),
        }
    }

    /// The file of a finding before and after the edits of this one.
    fn alone(&self, finding: &Finding) -> Option<(&[u8], Vec<u8>)> {
        let (fix, before) = (self.of(finding)?, self.before.get(&finding.location.file)?);
        let mut edits = Edits::default();
        edits.add(&fix.edits).ok()?;
        Some((before, edits.apply(before)))
    }

    /// The unedited bytes of the file of a finding that was planned for.
    pub fn before(&self, finding: &Finding) -> &[u8] {
        self.unedited(&finding.location.file).unwrap_or_default()
    }

    /// The unedited bytes of a file with findings that were planned for.
    pub fn unedited(&self, file: &str) -> Option<&[u8]> {
        self.before.get(file).map(Vec::as_slice)
    }

    /// Takes over what another plan had to withdraw.
    pub fn take_withdrawn(&mut self, other: Patches) {
        self.withdrawn.extend(other.withdrawn);
    }

    /// Takes over what another plan refused, of findings that are not in this one.
    pub fn take_refused(&mut self, other: &Patches) {
        let fixes = other.wanted.iter().zip(&other.plan.fixes);
        for ((file, fingerprint), fix) in fixes {
            if let Outcome::Refused(reason) = &fix.outcome {
                self.withdrawn.push(Withdrawn {
                    file: file.clone(),
                    fingerprint: fingerprint.clone(),
                    reason: reason.clone(),
                    kind: fix.reason_kind.clone(),
                });
            }
        }
    }

    /// Says why the fix of a finding is not to be made. The files stay as they were planned.
    pub fn withdraw(&mut self, finding: &Finding, reason: String) {
        self.withdrawn.push(Withdrawn {
            file: finding.location.file.clone(),
            fingerprint: finding.fingerprint.clone(),
            // What a command said follows behind the colon.
            kind: reason.split(": ").next().unwrap_or_default().to_owned(),
            reason,
        });
    }

    /// How far a line of the file with all edits is from those of a finding, in lines of the unedited file;
    /// none where that is in another file, or not edited.
    pub fn distance(&self, finding: &Finding, file: &str, line: u32) -> Option<u32> {
        let fix = self.of(finding).filter(|fix| match fix.outcome {
            Outcome::Fixed => true,
            Outcome::FixedReview(_) => self.take_review,
            Outcome::Refused(_) => false,
        })?;
        let edited = self.plan.files.iter().find(|edited| edited.path == file)?;
        if finding.location.file != file {
            return None;
        }
        let map = LineMap::between(&edited.before, &edited.after);
        // A line that was put there stands behind one that was there.
        let line = (1..=line).rev().find_map(|line| map.before(line));
        let line_of = |offset: u32| {
            let before = edited.before.get(..offset as usize).unwrap_or_default();
            before.iter().filter(|byte| **byte == b'\n').count() as u32
        };
        let lines = fix.edits.iter().map(|edit| line_of(edit.span.start));
        lines.map(|at| at.abs_diff(line.unwrap_or(0))).min()
    }

    /// The files as they would be, by absolute path.
    pub fn edits(&self, root: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
        self.plan
            .files
            .iter()
            .map(|edit| (root.join(&edit.path), edit.after.clone()))
            .collect()
    }

    /// The file of a finding as its edits alone would make it, by absolute path.
    pub fn edit_of(&self, finding: &Finding, root: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
        let alone = self.alone(finding);
        alone
            .map(|(_, after)| (root.join(&finding.location.file), after))
            .into_iter()
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
    pub fn write(&self, root: &Path, allow_dirty: bool, cancel: &Cancel) -> Applied {
        let options = ApplyOptions { allow_dirty };
        let applied = caulk_fix::apply(&self.plan, root, &OsFiles, options, &Limits::new(cancel));
        Applied {
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
