use std::ffi::OsStr;
use std::path::Path;

use super::ask;
use crate::cancel::Limits;

/// How git sees one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FileStatus {
    /// Tracked, and the same as in the last commit.
    Clean,
    /// Tracked, with changes that are not committed (staged or not).
    Dirty,
    /// In a repository that does not track it (ignored files included).
    Untracked,
    /// In no repository, or git could not be asked: nothing is known.
    Unknown,
}

/// The status of `file`, which need not exist.
pub fn file_status(file: &Path, limits: &Limits) -> FileStatus {
    let Some((folder, name)) = split(file) else {
        return FileStatus::Unknown;
    };
    let arguments = [
        "status",
        "--porcelain",
        "--ignored",
        "--untracked-files=all",
        "--",
    ];
    match git(folder, &arguments, Some(name), limits) {
        Some(text) if text.is_empty() => {
            // Nothing to say: clean, unless no such file is known at all.
            match git(folder, &["ls-files", "--"], Some(name), limits) {
                Some(listed) if listed.is_empty() => FileStatus::Untracked,
                Some(_) => FileStatus::Clean,
                None => FileStatus::Unknown,
            }
        }
        Some(text) if text.starts_with("??") || text.starts_with("!!") => FileStatus::Untracked,
        Some(_) => FileStatus::Dirty,
        None => FileStatus::Unknown,
    }
}

fn split(file: &Path) -> Option<(&Path, &Path)> {
    let name = Path::new(file.file_name()?);
    let folder = file
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty());
    Some((folder.unwrap_or(Path::new(".")), name))
}

/// The output of a git command that succeeded.
fn git(folder: &Path, args: &[&str], path: Option<&Path>, limits: &Limits) -> Option<String> {
    let args = args.iter().map(OsStr::new);
    let path = path.map(Path::as_os_str);
    let output = ask(folder, args.chain(path), None, limits).ok()?;
    output
        .status
        .success()
        .then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_file_is_clean_dirty_or_untracked() {
        let limits = Limits::default();
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a[1].go");
        std::fs::write(&file, "one").unwrap();
        assert_eq!(file_status(&file, &limits), FileStatus::Unknown);

        let commit: &[&[&str]] = &[
            &["init", "-q"],
            &["add", "."],
            &[
                "-c",
                "user.name=n",
                "-c",
                "user.email=e@example.com",
                "commit",
                "-qm",
                "one",
            ],
        ];
        assert!(git(folder.path(), commit[0], None, &limits).is_some());
        assert_eq!(file_status(&file, &limits), FileStatus::Untracked);
        for args in &commit[1..] {
            assert!(
                git(folder.path(), args, None, &limits).is_some(),
                "{args:?}"
            );
        }
        assert_eq!(file_status(&file, &limits), FileStatus::Clean);
        std::fs::write(&file, "two").unwrap();
        assert_eq!(file_status(&file, &limits), FileStatus::Dirty);
        let new = folder.path().join("new.go");
        assert_eq!(file_status(&new, &limits), FileStatus::Untracked);
    }
}
