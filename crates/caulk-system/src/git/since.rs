use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::ask;
use crate::cancel::{Limits, Stopped};
use crate::files::normalize;
use crate::process::{Output, ProcessError};

/// How the files on disk differ from those of a revision.
#[derive(Clone, Debug)]
pub struct Since {
    /// The revision's commit, in hexadecimal.
    pub commit: String,
    /// The files that differ, changes that are not committed and untracked files included; ignored files are not.
    pub files: Vec<ChangedFile>,
}

/// A file that differs. Paths are absolute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangedFile {
    /// Where it was and what was in it; none where it is new.
    pub before: Option<(PathBuf, Vec<u8>)>,
    /// Where it is; none where it is gone.
    pub after: Option<PathBuf>,
}

/// Why git has no answer. It reads after "failed to".
#[derive(Debug, thiserror::Error)]
pub enum GitError {
    /// There is no git.
    #[error("run git: it is not in PATH")]
    NoGit,
    /// The folder is in no repository, or in one without a working tree.
    #[error("find the git repository of {}", .0.display())]
    NoRepository(PathBuf),
    /// No such revision.
    #[error("find the revision {name}{}", deepen(*.shallow))]
    NoRevision {
        /// As it was given.
        name: String,
        /// Whether the clone lacks a part of the history.
        shallow: bool,
    },
    /// The two have no commit in common.
    #[error("find a commit that HEAD and {name} have in common{}", deepen(*.shallow))]
    NoMergeBase {
        /// As it was given.
        name: String,
        /// Whether the clone lacks a part of the history.
        shallow: bool,
    },
    /// Interrupted, or out of time.
    #[error("wait for git: {0}")]
    Stopped(Stopped),
    /// Anything else, in git's words.
    #[error("ask git: {0}")]
    Failed(String),
}

fn deepen(shallow: bool) -> &'static str {
    if shallow {
        ": the clone is shallow (git fetch --unshallow brings the rest; in CI, fetch with full depth)"
    } else {
        ""
    }
}

impl From<ProcessError> for GitError {
    fn from(error: ProcessError) -> GitError {
        match error.stopped() {
            Some(stopped) => GitError::Stopped(stopped),
            None if error.is_missing_program() => GitError::NoGit,
            None => GitError::Failed(error.to_string()),
        }
    }
}

/// The commit where HEAD and a branch parted. A branch that is not here is looked for at `origin`.
pub fn merge_base(folder: &Path, branch: &str, limits: &Limits) -> Result<String, GitError> {
    top(folder, limits)?;
    let at_origin = format!("origin/{branch}");
    let found = match commit(folder, branch, limits) {
        Err(GitError::NoRevision { name, shallow }) => {
            let missing = |_| GitError::NoRevision { name, shallow };
            commit(folder, &at_origin, limits).map_err(missing)
        }
        found => found,
    }?;
    let output = ask(folder, ["merge-base", "HEAD", &found], None, limits)?;
    if output.status.success() {
        return Ok(line(&output.stdout));
    }
    Err(GitError::NoMergeBase {
        name: branch.to_owned(),
        shallow: is_shallow(folder, limits),
    })
}

/// The files of `wanted` names that differ from those of a revision in the repository that holds `folder`.
pub fn since(
    folder: &Path,
    revision: &str,
    wanted: &dyn Fn(&Path) -> bool,
    limits: &Limits,
) -> Result<Since, GitError> {
    let top = top(folder, limits)?;
    let commit = commit(folder, revision, limits)?;
    let raw = told(ask(
        &top,
        [
            "diff",
            "--raw",
            "-z",
            "--no-abbrev",
            "--find-renames",
            "--no-ext-diff",
            "--no-relative",
            &commit,
            "--",
        ],
        None,
        limits,
    )?)?;
    let others = ["ls-files", "-z", "--others", "--exclude-standard"];
    let untracked = told(ask(&top, others, None, limits)?)?;

    let mut changes = changes(&raw);
    let new = untracked
        .split(|byte| *byte == 0)
        .filter(|path| !path.is_empty());
    changes.extend(new.map(|path| Change {
        before: None,
        after: Some(path_of(path)),
    }));
    let is_wanted = |path: &PathBuf| wanted(path);
    for change in &mut changes {
        change.before = change.before.take().filter(|(path, _)| is_wanted(path));
        change.after = change.after.take().filter(is_wanted);
    }
    let blobs = blobs(&top, &changes, limits)?;
    let files = changes
        .into_iter()
        .filter_map(|change| {
            let before = change.before.and_then(|(path, blob)| {
                Some((normalize(&top.join(path)), blobs.get(&blob)?.clone()))
            });
            let after = change.after.map(|path| normalize(&top.join(path)));
            (before.is_some() || after.is_some()).then_some(ChangedFile { before, after })
        })
        .collect();
    Ok(Since { commit, files })
}

/// The top of the working tree, by the name that the folder has.
fn top(folder: &Path, limits: &Limits) -> Result<PathBuf, GitError> {
    let output = ask(
        folder,
        ["rev-parse", "--is-inside-work-tree", "--show-cdup"],
        None,
        limits,
    )?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let mut lines = text.lines();
    if !output.status.success() && !line(&output.stderr).contains("not a git repository") {
        // Such as a repository that belongs to somebody else.
        return told(output).map(|_| PathBuf::new());
    }
    if lines.next() != Some("true") {
        return Err(GitError::NoRepository(folder.to_owned()));
    }
    Ok(normalize(&folder.join(lines.next().unwrap_or_default())))
}

fn commit(folder: &Path, revision: &str, limits: &Limits) -> Result<String, GitError> {
    let commit = format!("{revision}^{{commit}}");
    let args = [
        "rev-parse",
        "--verify",
        "--quiet",
        "--end-of-options",
        &commit,
    ];
    let output = ask(folder, args, None, limits)?;
    let found = line(&output.stdout);
    if output.status.success() && !found.is_empty() {
        return Ok(found);
    }
    Err(GitError::NoRevision {
        name: revision.to_owned(),
        shallow: is_shallow(folder, limits),
    })
}

fn is_shallow(folder: &Path, limits: &Limits) -> bool {
    let output = ask(
        folder,
        ["rev-parse", "--is-shallow-repository"],
        None,
        limits,
    );
    output.is_ok_and(|output| line(&output.stdout) == "true")
}

fn line(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).trim().to_owned()
}

fn told(output: Output) -> Result<Vec<u8>, GitError> {
    if output.status.success() {
        return Ok(output.stdout);
    }
    let said = line(&output.stderr);
    Err(GitError::Failed(
        said.lines().next().unwrap_or_default().to_owned(),
    ))
}

/// A file before, as path and blob, and after; paths relative to the top.
struct Change {
    before: Option<(PathBuf, String)>,
    after: Option<PathBuf>,
}

/// Reads `git diff --raw -z`: `:MODE MODE BLOB BLOB STATUS`, then a path, or two where it was moved or copied.
fn changes(raw: &[u8]) -> Vec<Change> {
    let mut fields = raw.split(|byte| *byte == 0);
    let mut changes = Vec::new();
    while let Some(header) = fields.next() {
        let header = String::from_utf8_lossy(header);
        let words: Vec<&str> = header.trim_start_matches(':').split(' ').collect();
        let [old_mode, new_mode, blob, _, status] = words.as_slice() else {
            break;
        };
        let Some(first) = fields.next().map(path_of) else {
            break;
        };
        let second = match status.chars().next() {
            Some('R' | 'C') => fields.next().map(path_of),
            _ => None,
        };
        // Links and submodules are no files.
        let is_file = |mode: &str| mode.starts_with("100");
        let after = second.unwrap_or_else(|| first.clone());
        changes.push(Change {
            before: is_file(old_mode).then(|| (first, (*blob).to_owned())),
            after: is_file(new_mode).then_some(after),
        });
    }
    changes
}

/// The contents of the blobs that files had before.
fn blobs(
    top: &Path,
    changes: &[Change],
    limits: &Limits,
) -> Result<BTreeMap<String, Vec<u8>>, GitError> {
    let before = changes.iter().filter_map(|change| change.before.as_ref());
    let names: Vec<&str> = before.map(|(_, blob)| blob.as_str()).collect();
    if names.is_empty() {
        return Ok(BTreeMap::new());
    }
    let input = names.join("\n") + "\n";
    let args = ["cat-file", "--batch"];
    let output = told(ask(top, args, Some(input.into_bytes()), limits)?)?;
    let mut rest = output.as_slice();
    let mut blobs = BTreeMap::new();
    // `BLOB TYPE SIZE`, the content, and a line end; `BLOB missing` where it is not there.
    while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
        let (header, content) = rest.split_at(end);
        let content = content.get(1..).unwrap_or_default();
        let header = String::from_utf8_lossy(header).into_owned();
        let words: Vec<&str> = header.split(' ').collect();
        let size = match words.as_slice() {
            [_, _, size] => size.parse::<usize>().ok(),
            _ => None,
        };
        let Some(bytes) = size.and_then(|size| content.get(..size)) else {
            return Err(GitError::Failed(header));
        };
        if let Some(name) = words.first() {
            blobs.insert((*name).to_owned(), bytes.to_vec());
        }
        rest = content.get(bytes.len() + 1..).unwrap_or_default();
    }
    Ok(blobs)
}

#[cfg(unix)]
fn path_of(bytes: &[u8]) -> PathBuf {
    use std::os::unix::ffi::OsStringExt;
    OsString::from_vec(bytes.to_vec()).into()
}

#[cfg(not(unix))]
fn path_of(bytes: &[u8]) -> PathBuf {
    OsString::from(String::from_utf8_lossy(bytes).into_owned()).into()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    struct Repository(tempfile::TempDir);

    impl Repository {
        fn new() -> Repository {
            let repository = Repository(tempfile::tempdir().unwrap());
            repository.git(&["init", "-q", "-b", "main"]);
            repository
        }

        fn folder(&self) -> PathBuf {
            self.0.path().canonicalize().unwrap()
        }

        fn git(&self, args: &[&str]) {
            let who = ["-c", "user.name=n", "-c", "user.email=e@example.com"];
            let args = who.iter().chain(args);
            let output = ask(self.0.path(), args, None, &Limits::default()).unwrap();
            assert!(output.status.success(), "{output:?}");
        }

        fn write(&self, file: &str, text: &str) {
            let file = self.0.path().join(file);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, text).unwrap();
        }

        fn commit(&self) {
            self.git(&["add", "-A"]);
            self.git(&["commit", "-qm", "one"]);
        }

        /// What differs from a revision: where it was with its text, and where it is.
        fn since(&self, folder: &str, revision: &str) -> Vec<(String, String)> {
            let top = self.folder();
            let wanted = |path: &Path| path.extension().is_some_and(|e| e == "go");
            let since = since(&top.join(folder), revision, &wanted, &Limits::default()).unwrap();
            let name = |path: &Path| path.strip_prefix(&top).unwrap().display().to_string();
            let mut files: Vec<(String, String)> = since
                .files
                .iter()
                .map(|file| {
                    let before = file.before.as_ref().map(|(path, bytes)| {
                        format!("{}={}", name(path), String::from_utf8_lossy(bytes))
                    });
                    let after = file.after.as_deref().map(name);
                    (before.unwrap_or_default(), after.unwrap_or_default())
                })
                .collect();
            files.sort();
            files
        }
    }

    fn pair(before: &str, after: &str) -> (String, String) {
        (before.to_owned(), after.to_owned())
    }

    #[test]
    fn what_differs_is_found_whether_it_is_committed_or_not() {
        let repository = Repository::new();
        for file in ["kept.go", "a/changed.go", "gone.go", "a/notes.txt"] {
            repository.write(file, &format!("{file} as it was\n"));
        }
        let long: String = (0..40).map(|line| format!("line {line}\n")).collect();
        repository.write("b/moved.go", &long);
        repository.commit();
        repository.write("a/committed.go", "new");
        repository.commit();
        repository.write("a/changed.go", "changed");
        repository.write("a/notes.txt", "changed");
        repository.write("a [b]\n*.go", "untracked");
        repository.write(".gitignore", "ignored.go\n");
        repository.write("ignored.go", "ignored");
        std::fs::remove_file(repository.folder().join("gone.go")).unwrap();
        repository.git(&["mv", "b/moved.go", "a/moved.go"]);
        let expected = vec![
            pair("", "a [b]\n*.go"),
            pair("", "a/committed.go"),
            pair("a/changed.go=a/changed.go as it was\n", "a/changed.go"),
            pair(&format!("b/moved.go={long}"), "a/moved.go"),
            pair("gone.go=gone.go as it was\n", ""),
        ];
        assert_eq!(repository.since("", "HEAD~1"), expected);
        // From a folder further down it is the same.
        assert_eq!(repository.since("a", "HEAD~1"), expected);
        assert_eq!(repository.since("", "HEAD").len(), 4);
    }

    #[test]
    fn errors_name_the_way_out() {
        let said = |result: Result<Since, GitError>| result.unwrap_err().to_string();
        let all = |_: &Path| true;
        let limits = Limits::default();
        let bare = tempfile::tempdir().unwrap();
        let error = said(since(bare.path(), "HEAD", &all, &limits));
        assert!(error.starts_with("find the git repository of "), "{error}");

        let repository = Repository::new();
        let error = said(since(&repository.folder(), "HEAD", &all, &limits));
        assert_eq!(error, "find the revision HEAD");
        repository.write("a.go", "one");
        repository.commit();
        repository.write("a.go", "two");
        repository.commit();
        for wrong in ["no-such", "--help", "HEAD:a.go", ""] {
            let error = said(since(&repository.folder(), wrong, &all, &limits));
            assert_eq!(error, format!("find the revision {wrong}"));
        }

        let clone = tempfile::tempdir().unwrap();
        let address = format!("file://{}", repository.folder().display());
        let args = ["clone", "-q", "--depth", "1", &address, "clone"];
        ask(clone.path(), args, None, &limits).unwrap();
        let folder = clone.path().join("clone");
        let error = said(since(&folder, "HEAD~1", &all, &limits));
        assert!(error.contains("git fetch --unshallow"), "{error}");
        assert!(
            since(&folder, "HEAD", &all, &limits)
                .unwrap()
                .files
                .is_empty()
        );
    }

    #[test]
    fn a_merge_base_is_where_branches_parted() {
        let repository = Repository::new();
        let limits = Limits::default();
        repository.write("a.go", "one");
        repository.commit();
        repository.git(&["tag", "parted"]);
        repository.git(&["checkout", "-q", "-b", "topic"]);
        repository.write("b.go", "two");
        repository.commit();
        repository.git(&["checkout", "-q", "main"]);
        repository.write("c.go", "three");
        repository.commit();
        let folder = repository.folder();
        let parted = commit(&folder, "parted", &limits).unwrap();
        assert_eq!(merge_base(&folder, "topic", &limits).unwrap(), parted);
        // A branch that is only at the origin.
        let clone = tempfile::tempdir().unwrap();
        let address = folder.to_str().unwrap();
        ask(
            clone.path(),
            ["clone", "-q", address, "clone"],
            None,
            &limits,
        )
        .unwrap();
        let clone = clone.path().join("clone");
        assert_eq!(merge_base(&clone, "topic", &limits).unwrap(), parted);
        repository.git(&["checkout", "-q", "--orphan", "other"]);
        repository.commit();
        let error = merge_base(&folder, "main", &limits).unwrap_err();
        assert_eq!(
            error.to_string(),
            "find a commit that HEAD and main have in common"
        );
        let error = merge_base(&folder, "nowhere", &limits).unwrap_err();
        assert_eq!(error.to_string(), "find the revision nowhere");
    }
}
