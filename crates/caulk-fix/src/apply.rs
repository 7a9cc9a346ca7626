//! A plan written to disk.

use std::path::Path;

use caulk_system::git::{FileStatus, file_status};
use caulk_system::{Files, Limits, write_atomic};

use crate::plan::FixPlan;

/// What may be overwritten.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ApplyOptions {
    /// Write also where a file has changes that are not committed.
    pub allow_dirty: bool,
}

/// What became of the files of a plan.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Applied {
    /// Written, each as a whole.
    pub written: Vec<String>,
    /// Left as they are, each with the reason as a fragment.
    pub left: Vec<(String, String)>,
}

/// Writes the files of a plan below `root`, each atomically. A file is left alone where its bytes are no
/// longer those that were planned for, or where git knows of changes in it that are not committed. Files that
/// git does not track, or that are in no repository, are written: they have no commit to differ from.
pub fn apply(
    plan: &FixPlan,
    root: &Path,
    files: &dyn Files,
    options: ApplyOptions,
    limits: &Limits,
) -> Applied {
    let mut applied = Applied::default();
    for edit in &plan.files {
        let path = root.join(&edit.path);
        let reason = match files.read(&path) {
            Ok(found) if found != edit.before => {
                Some("the file has changed since it was checked".to_owned())
            }
            Ok(_) if !options.allow_dirty && file_status(&path, limits) == FileStatus::Dirty => {
                Some("the file has changes that are not committed (--allow-dirty edits it beside them)".to_owned())
            }
            Ok(_) => write_atomic(&path, &edit.after)
                .err()
                .map(|error| format!("failed to {error}")),
            Err(error) => Some(format!("failed to {error}")),
        };
        match reason {
            None => applied.written.push(edit.path.clone()),
            Some(reason) => applied.left.push((edit.path.clone(), reason)),
        }
    }
    applied
}
