//! `--new-from-rev` and `--new-from-merge-base`: which findings a revision did not have.
//!
//! Both trees are checked. The old one is laid over the files on disk from git's objects, so that nothing is checked
//! out. A finding is an old one when the line that acquires is the same line as one that was reported before; where
//! that line itself was changed or moved, when it is what one that is gone was.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::anyhow;
use caulk_fix::diff::LineMap;
use caulk_leaks::{ByteSpan, Finding, Location};
use caulk_system::git::{self, ChangedFile};
use caulk_system::{Limits, Overlay};

use crate::exit::Failure;
use crate::source::{self, Analysed, Reading, slashed};

/// From when on findings are new.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum From {
    Revision(String),
    /// The commit where HEAD and this branch parted.
    MergeBase(String),
}

/// The findings of an older tree, and what was changed since.
pub struct Since {
    /// The commit, short.
    pub commit: String,
    old: Vec<Finding>,
    files: BTreeMap<String, Changes>,
}

/// What became of one file.
struct Changes {
    /// Its name before; none where it is new.
    old_name: Option<String>,
    lines: LineMap,
}

/// A finding that was not there.
pub struct New<'a> {
    pub finding: &'a Finding,
    /// The change that made it one, where that is not at the acquiring call.
    pub changed: Option<Location>,
}

/// Checks the older tree as `reading` says.
pub fn check(
    root: &Path,
    reading: &Reading,
    from: &From,
    limits: &Limits,
) -> Result<Since, Failure> {
    let failed = |error: git::GitError| match error {
        git::GitError::Stopped(_) => Failure::interrupted(),
        error => anyhow!("failed to {error}").into(),
    };
    let revision = match from {
        From::Revision(revision) => revision.clone(),
        From::MergeBase(branch) => git::merge_base(root, branch, limits).map_err(failed)?,
    };
    let since = git::since(root, &revision, &is_read, limits).map_err(failed)?;
    let old = source::analyse(
        as_it_was(&since.files),
        root,
        &reading_of(reading, root, &since.files),
    );
    let files = since
        .files
        .iter()
        .filter_map(|file| changes(root, file))
        .collect();
    Ok(Since {
        commit: since.commit.chars().take(12).collect(),
        old: old.analysis.findings,
        files,
    })
}

/// The files that an analysis reads.
fn is_read(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str());
    let is_go = path.extension().is_some_and(|extension| extension == "go");
    is_go || matches!(name, Some("go.mod" | "go.sum" | "go.work" | "modules.txt"))
}

/// The files on disk, with those that were changed as they were.
fn as_it_was(files: &[ChangedFile]) -> Arc<Overlay> {
    let before = files.iter().filter_map(|file| file.before.as_ref());
    let edits: BTreeMap<PathBuf, Arc<[u8]>> = before
        .map(|(path, bytes)| (path.clone(), Arc::from(bytes.as_slice())))
        .collect();
    let after = files.iter().filter_map(|file| file.after.clone());
    Arc::new(Overlay::new(source::os_files(), edits).without(after))
}

/// What was asked for, and beside it the folders that files came from.
fn reading_of(reading: &Reading, root: &Path, files: &[ChangedFile]) -> Reading {
    let mut reading = reading.clone();
    let moved = files.iter().filter_map(|file| {
        let (before, _) = file.before.as_ref()?;
        let after = file.after.as_ref()?;
        let folder = before.parent()?.strip_prefix(root).ok()?;
        (before.parent() != after.parent()).then(|| Path::new(".").join(folder))
    });
    let moved: BTreeSet<PathBuf> = moved.collect();
    reading.patterns.extend(moved);
    reading
}

fn changes(root: &Path, file: &ChangedFile) -> Option<(String, Changes)> {
    let name = |path: &Path| path.strip_prefix(root).ok().and_then(slashed);
    let after = file.after.as_deref()?;
    let new = source::os_files().read(after).ok()?;
    let old = file.before.as_ref();
    let changes = Changes {
        old_name: old.and_then(|(path, _)| name(path)),
        lines: LineMap::between(old.map_or(&[], |(_, bytes)| bytes), &new),
    };
    Some((name(after)?, changes))
}

impl Since {
    /// The findings that the older tree did not have.
    pub fn new_ones<'a>(&self, analysed: &Analysed, findings: &[&'a Finding]) -> Vec<New<'a>> {
        let mut old: Vec<Option<&Finding>> = self.old.iter().map(Some).collect();
        let mut take = |is: &dyn Fn(&Finding) -> bool| {
            let found = old.iter_mut().find(|old| old.is_some_and(is));
            found.and_then(Option::take).is_some()
        };
        let mut rest = Vec::new();
        for finding in findings {
            let at = &finding.location;
            match self.before(&at.file, at.line) {
                Some((file, line)) => {
                    let is_same = |old: &Finding| {
                        old.rule == finding.rule
                            && old.location.file == file
                            && old.location.line == line
                    };
                    if !take(&is_same) {
                        rest.push((*finding, false));
                    }
                }
                None => rest.push((*finding, true)),
            }
        }
        // A line that was not touched and not reported is no successor of another one.
        rest.retain(|(finding, is_touched)| {
            !(*is_touched && take(&|old: &Finding| old.identity == finding.identity))
        });
        rest.into_iter()
            .map(|(finding, is_touched)| New {
                finding,
                changed: match is_touched {
                    true => None,
                    false => self.change(analysed, finding),
                },
            })
            .collect()
    }

    /// Where a line stood before; none where it is new or changed.
    fn before<'s>(&'s self, file: &'s str, line: u32) -> Option<(&'s str, u32)> {
        match self.files.get(file) {
            None => Some((file, line)),
            Some(changes) => Some((changes.old_name.as_deref()?, changes.lines.before(line)?)),
        }
    }

    /// The change that lets a finding's resource go: a step of its path, else what was taken away or changed in its
    /// function, the nearest behind the acquisition.
    fn change(&self, analysed: &Analysed, finding: &Finding) -> Option<Location> {
        let is_changed = |at: &&Location| self.before(&at.file, at.line).is_none();
        let steps = finding.path.iter().map(|step| &step.location);
        if let Some(step) = steps.rev().find(is_changed) {
            return Some(step.clone());
        }
        let file = &finding.location.file;
        let changes = self.files.get(file)?;
        let bytes = source::os_files().read(&analysed.root.join(file)).ok()?;
        let body = finding.fix.body;
        let (first, last) = (line_of(&bytes, body.start), line_of(&bytes, body.end));
        let touched: Vec<u32> = changes
            .lines
            .touched()
            .filter(|line| (first..=last).contains(line))
            .collect();
        let behind = touched.iter().find(|line| **line >= finding.location.line);
        let line = behind.or(touched.last())?;
        Some(whole_line(file, &bytes, *line))
    }
}

fn line_of(bytes: &[u8], offset: u32) -> u32 {
    let before = bytes.get(..offset as usize).unwrap_or(bytes);
    let ends = before.iter().filter(|byte| **byte == b'\n').count();
    u32::try_from(ends + 1).unwrap_or(u32::MAX)
}

/// A line without the blanks around it.
fn whole_line(file: &str, bytes: &[u8], line: u32) -> Location {
    let mut start = 0;
    let mut lines = bytes.split(|byte| *byte == b'\n');
    for _ in 1..line {
        start += lines.next().map_or(0, |line| line.len() + 1);
    }
    let text = lines.next().unwrap_or_default();
    let indent = text.len() - text.trim_ascii_start().len();
    let end = start + text.trim_ascii_end().len().max(indent);
    let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    Location {
        file: file.to_owned(),
        line,
        column: number(indent + 1),
        end_line: line,
        end_column: number(end - start + 1),
        span: ByteSpan {
            start: number(start + indent),
            end: number(end),
        },
    }
}
