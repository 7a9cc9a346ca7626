//! Which files there are to look at.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use caulk_system::{EntryKind, Files, normalize};
use flate2::read::MultiGzDecoder;
use std::io::Read;

use crate::folder::CaseFolder;
use crate::series::SeriesProblem;

use super::unreadable;

/// How deep below a folder profiles are looked for: `instance/kind/capture` has three levels.
const DEPTH: usize = 4;

/// Files below a folder after which the search ends.
const MOST_FILES: usize = 100_000;

/// Bytes that tell a profile from other files.
const START: usize = 4096;

/// Folders of a source tree, whose profiles are test data.
const PASSED_OVER: [&str; 3] = ["vendor", "node_modules", "testdata"];

/// A file that may be a profile.
#[derive(Debug)]
pub struct Found {
    pub path: PathBuf,
    /// It was named by itself: that it is no profile has to be said.
    pub named: bool,
}

/// Files as named, and the profiles of folders: those that lie in the folder itself, else those of the
/// folders below it.
pub fn find(files: &dyn Files, paths: &[&Path], problems: &mut Vec<SeriesProblem>) -> Vec<Found> {
    let mut found: Vec<Found> = Vec::new();
    for path in paths {
        if !files.is_dir(path) {
            found.push(Found {
                path: path.to_path_buf(),
                named: true,
            });
            continue;
        }
        let mut search = Search {
            files,
            problems,
            left: MOST_FILES,
        };
        let direct = search.folder(path, 0);
        found.extend(direct);
    }
    // A file may be named beside its folder.
    let mut seen = BTreeSet::new();
    found.retain(|found| seen.insert(normalize(&found.path)));
    found
}

struct Search<'a> {
    files: &'a dyn Files,
    problems: &'a mut Vec<SeriesProblem>,
    left: usize,
}

impl Search<'_> {
    fn folder(&mut self, folder: &Path, depth: usize) -> Vec<Found> {
        let entries = match self.files.read_dir(folder) {
            Ok(entries) => entries,
            Err(error) => {
                self.problems.push(unreadable(folder, error));
                return Vec::new();
            }
        };
        let mut found = Vec::new();
        let mut folders = Vec::new();
        for entry in entries {
            let path = folder.join(&entry.name);
            let name = entry.name.to_string_lossy();
            match entry.kind {
                EntryKind::Folder if name.starts_with('.') => {}
                EntryKind::Folder if PASSED_OVER.contains(&&*name) => {}
                EntryKind::Folder => folders.push(path),
                // A pipe or a device would keep us waiting; a link is followed if it leads to a file.
                EntryKind::Other => {}
                EntryKind::Symlink if !self.files.is_file(&path) => {}
                EntryKind::File | EntryKind::Symlink => {
                    let Some(left) = self.left.checked_sub(1) else {
                        continue;
                    };
                    self.left = left;
                    if left == 0 {
                        self.problems.push(SeriesProblem::TooManyFiles {
                            folder: folder.to_owned(),
                            files: MOST_FILES,
                        });
                    }
                    self.file(path, &mut found);
                }
            }
        }
        if !found.is_empty() || depth >= DEPTH {
            return found;
        }
        for below in folders {
            if CaseFolder::is_case(self.files, &below) {
                self.problems
                    .push(SeriesProblem::CaseBelow { folder: below });
            } else {
                found.extend(self.folder(&below, depth + 1));
            }
        }
        found
    }

    fn file(&mut self, path: PathBuf, found: &mut Vec<Found>) {
        match self.files.read_start(&path, START) {
            Ok(start) if may_be_profile(&path, &start) => found.push(Found { path, named: false }),
            Ok(_) => {}
            Err(error) => self.problems.push(unreadable(&path, error)),
        }
    }
}

/// Whether the beginning of a file is that of a profile, or its name says that it should be one.
fn may_be_profile(path: &Path, start: &[u8]) -> bool {
    if is_named_as_profile(path) {
        return true;
    }
    if start.starts_with(&[0x1f, 0x8b]) {
        let mut inflated = Vec::new();
        // The stream ends in the middle, or is broken: what came before that tells enough.
        let _ = MultiGzDecoder::new(start)
            .take(START as u64)
            .read_to_end(&mut inflated);
        return begins_as_profile(&inflated);
    }
    begins_as_profile(start)
}

/// Whether its name says that it should be one.
pub fn is_named_as_profile(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    [".pb.gz", ".pprof", ".pb", ".prof"]
        .iter()
        .any(|ending| name.ends_with(ending))
}

fn begins_as_profile(start: &[u8]) -> bool {
    is_text_form(start) || is_proto(start)
}

fn is_text_form(start: &[u8]) -> bool {
    let text = String::from_utf8_lossy(start);
    let Some(first) = text.lines().find(|line| !line.trim().is_empty()) else {
        return false;
    };
    let is_metrics = || {
        ["# HELP ", "# TYPE ", "go_", "process_"]
            .iter()
            .any(|begin| first.starts_with(begin))
    };
    first.starts_with("goroutine ")
        || first.starts_with("heap profile: ")
        || first.contains(" profile: total ")
        || first.starts_with("--- mutex")
        || first.starts_with("--- contention")
        || is_metrics()
        || (first.starts_with('{') && text.contains("\"profile"))
}

/// A profile begins with one of its fields: a message of a few bytes, or its period, time or duration.
fn is_proto(start: &[u8]) -> bool {
    let &[tag, length, ..] = start else {
        return false;
    };
    match (tag >> 3, tag & 7) {
        (1 | 11, 2) => length <= 8,
        (2..=5, 2) => true,
        (6, 2) => length == 0,
        (9 | 10 | 12, 0) => true,
        _ => false,
    }
}
