//! One walk for every kind of tree, so that the twins visit what the operating system's files would.

use std::path::{Path, PathBuf};

use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder};

use super::{EntryKind, FileError, Files};

/// Which folders a [`walk`] enters.
#[derive(Clone, Copy)]
pub struct WalkOptions<'a> {
    /// Leave out what `.gitignore` files say, those of the enclosing repository's upper folders included.
    pub gitignore: bool,
    /// Visit names that begin with a dot. `.git` itself is never entered.
    pub hidden: bool,
    /// Whether to enter a folder, asked with its path (never for the root). For what the caller's own rules leave out.
    pub enter: &'a dyn Fn(&Path) -> bool,
}

impl Default for WalkOptions<'_> {
    /// `.gitignore` honoured, hidden names left out, every other folder entered.
    fn default() -> Self {
        Self {
            gitignore: true,
            hidden: false,
            enter: &|_| true,
        }
    }
}

/// What a walk found.
#[derive(Debug, Default)]
pub struct Walked {
    /// Regular files, and links that lead to one; sorted by path, each beginning with the root as given.
    pub files: Vec<PathBuf>,
    /// Folders that could not be listed.
    pub problems: Vec<FileError>,
}

/// Every file below `root` (or `root` itself, where it is a file). Links to folders are not followed.
pub fn walk(files: &dyn Files, root: &Path, options: &WalkOptions) -> Walked {
    let mut walked = Walked::default();
    if files.is_file(root) {
        walked.files.push(root.to_owned());
        return walked;
    }
    // Rules are anchored at absolute folders, since those of the upper ones may decide as well.
    let absolute = files.canonicalize(root).unwrap_or_else(|_| root.to_owned());
    let mut rules = if options.gitignore {
        upper_rules(files, &absolute)
    } else {
        Vec::new()
    };
    // Folders relative to the root, each with how many of the rule files its ancestors gave it.
    let mut pending = vec![(PathBuf::new(), rules.len())];
    while let Some((folder, applying)) = pending.pop() {
        rules.truncate(applying);
        let entries = match files.read_dir(&root.join(&folder)) {
            Ok(entries) => entries,
            Err(error) => {
                walked.problems.push(error);
                continue;
            }
        };
        if options.gitignore && entries.iter().any(|entry| entry.name == ".gitignore") {
            rules.extend(rules_of(files, &absolute.join(&folder)));
        }
        let mut folders = Vec::new();
        for entry in entries {
            let hidden = entry.name.as_encoded_bytes().starts_with(b".");
            if entry.name == ".git" || (hidden && !options.hidden) {
                continue;
            }
            let below = folder.join(&entry.name);
            let is_folder = entry.kind == EntryKind::Folder;
            if ignored(&rules, &absolute.join(&below), is_folder) {
                continue;
            }
            let path = root.join(&below);
            match entry.kind {
                EntryKind::Folder if (options.enter)(&path) => folders.push((below, rules.len())),
                EntryKind::File => walked.files.push(path),
                EntryKind::Symlink if files.is_file(&path) => walked.files.push(path),
                _ => {}
            }
        }
        pending.extend(folders.into_iter().rev());
    }
    walked.files.sort();
    walked
}

/// The innermost rule file that says anything decides, as git has it.
fn ignored(rules: &[Gitignore], path: &Path, is_folder: bool) -> bool {
    for rules in rules.iter().rev() {
        match rules.matched(path, is_folder) {
            Match::None => {}
            Match::Ignore(_) => return true,
            Match::Whitelist(_) => return false,
        }
    }
    false
}

/// The repository's own excludes and the rule files of the folders above `root`, outermost first, where a repository
/// encloses it.
fn upper_rules(files: &dyn Files, root: &Path) -> Vec<Gitignore> {
    let Some(top) = root
        .ancestors()
        .find(|folder| files.exists(&folder.join(".git")))
    else {
        return Vec::new();
    };
    let mut uppers: Vec<&Path> = root
        .ancestors()
        .skip(1)
        .take_while(|folder| folder.starts_with(top))
        .collect();
    uppers.reverse();
    let own = rules_from(files, top, &top.join(".git/info/exclude"));
    let above = uppers
        .into_iter()
        .filter_map(|folder| rules_of(files, folder));
    own.into_iter().chain(above).collect()
}

fn rules_of(files: &dyn Files, folder: &Path) -> Option<Gitignore> {
    rules_from(files, folder, &folder.join(".gitignore"))
}

fn rules_from(files: &dyn Files, folder: &Path, file: &Path) -> Option<Gitignore> {
    let bytes = files.read(file).ok()?;
    let mut builder = GitignoreBuilder::new(folder);
    for line in String::from_utf8_lossy(&bytes).lines() {
        // A line that is no valid pattern is skipped, as git does.
        let _ = builder.add_line(None, line);
    }
    builder.build().ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::super::{MemoryFiles, OsFiles};
    use super::*;

    const TREE: &[(&str, &str)] = &[
        (".gitignore", "*.log\n/build/\n!keep.log\n"),
        (".hidden/x.go", ""),
        ("a/.gitignore", "gen_*.go\n"),
        ("a/gen_x.go", ""),
        ("a/y.go", ""),
        ("b/gen_z.go", ""),
        ("b/out.log", ""),
        ("b/keep.log", ""),
        ("build/w.go", ""),
        ("b/build/v.go", ""),
        ("skip/u.go", ""),
    ];

    const WANT: &[&str] = &["a/y.go", "b/build/v.go", "b/gen_z.go", "b/keep.log"];

    fn visited(files: &dyn Files, root: &Path) -> Vec<PathBuf> {
        let options = WalkOptions {
            enter: &|path| !path.ends_with("skip"),
            ..WalkOptions::default()
        };
        let walked = walk(files, root, &options);
        assert!(walked.problems.is_empty(), "{:?}", walked.problems);
        walked.files
    }

    #[test]
    fn both_twins_visit_the_same_files() {
        let folder = tempfile::tempdir().unwrap();
        let mut memory = MemoryFiles::new();
        for (path, text) in TREE {
            let real = folder.path().join(path);
            std::fs::create_dir_all(real.parent().unwrap()).unwrap();
            std::fs::write(&real, text).unwrap();
            memory.insert(Path::new("/t").join(path), text);
        }
        let want = |root: &Path| WANT.iter().map(|path| root.join(path)).collect::<Vec<_>>();
        assert_eq!(visited(&OsFiles, folder.path()), want(folder.path()));
        assert_eq!(visited(&memory, Path::new("/t")), want(Path::new("/t")));
    }

    #[test]
    fn rules_above_the_root_apply_within_a_repository() {
        let files = MemoryFiles::new()
            .with("/r/.git/info/exclude", "*.private.go\n")
            .with("/r/m/z.private.go", "")
            .with("/r/.gitignore", "/m/gen/\n")
            .with("/r/m/gen/x.go", "")
            .with("/r/m/y.go", "");
        assert_eq!(visited(&files, Path::new("/r/m")), [Path::new("/r/m/y.go")]);
    }

    #[test]
    fn a_missing_root_is_a_problem_and_a_file_is_itself() {
        let files = MemoryFiles::new().with("/m/a.go", "");
        let walked = walk(&files, Path::new("/n"), &WalkOptions::default());
        assert_eq!(walked.problems.len(), 1);
        assert_eq!(
            visited(&files, Path::new("/m/a.go")),
            [Path::new("/m/a.go")]
        );
    }
}
