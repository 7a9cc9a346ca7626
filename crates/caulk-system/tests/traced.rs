//! When a trace of questions to the file system still holds.
#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use caulk_system::{Files, Holds, MemoryFiles, OsFiles, Trace, Traced};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// A folder with a package and a module file.
struct Tree {
    folder: tempfile::TempDir,
}

impl Tree {
    fn new() -> Tree {
        let tree = Tree {
            folder: tempfile::tempdir().unwrap(),
        };
        fs::create_dir(tree.at("p")).unwrap();
        fs::write(tree.at("p/a.go"), "package p").unwrap();
        fs::write(tree.at("go.mod"), "module m").unwrap();
        tree
    }

    fn at(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    /// Asks what a check would.
    fn look(&self) -> Trace {
        let files = Traced::new(Arc::new(OsFiles));
        look(&files, self.folder.path());
        files.trace().unwrap()
    }

    fn holds(&self, trace: &Trace) -> bool {
        !matches!(trace.clone().holds(&OsFiles), Holds::No(_))
    }

    fn age(&self, path: &str) {
        let file = fs::File::options().write(true).open(self.at(path)).unwrap();
        file.set_modified(SystemTime::now() - DAY).unwrap();
    }
}

fn look(files: &dyn Files, root: &Path) {
    let _ = files.read_dir(&root.join("p"));
    let _ = files.read(&root.join("p/a.go"));
    let _ = files.read(&root.join("p/missing.go"));
    let _ = files.is_file(&root.join("go.work"));
    let _ = files.is_dir(&root.join("vendor"));
    let _ = files.canonicalize(root);
}

#[test]
fn nothing_changed() {
    let tree = Tree::new();
    let trace = tree.look();
    assert!(tree.holds(&trace));
    assert_eq!(trace.len(), 6);
}

type Change = fn(&Tree);

#[test]
fn each_change_is_noticed() {
    let changes: [(&str, Change); 7] = [
        ("another text of the same length", |tree| {
            fs::write(tree.at("p/a.go"), "package q").unwrap();
        }),
        ("the same, its time set back", |tree| {
            fs::write(tree.at("p/a.go"), "package q").unwrap();
            tree.age("p/a.go");
        }),
        ("a file more", |tree| {
            fs::write(tree.at("p/b.go"), "package p").unwrap();
        }),
        ("a file less", |tree| {
            fs::remove_file(tree.at("p/a.go")).unwrap();
        }),
        ("what was missing is there", |tree| {
            fs::write(tree.at("go.work"), "use .").unwrap();
        }),
        ("a folder that was missing is there", |tree| {
            fs::create_dir(tree.at("vendor")).unwrap();
        }),
        ("a folder where a file was", |tree| {
            fs::remove_file(tree.at("p/a.go")).unwrap();
            fs::create_dir(tree.at("p/a.go")).unwrap();
        }),
    ];
    for (what, change) in changes {
        let tree = Tree::new();
        tree.age("p/a.go");
        let trace = tree.look();
        change(&tree);
        assert!(!tree.holds(&trace), "{what}");
    }
}

#[test]
fn other_times_with_the_same_content_hold() {
    let tree = Tree::new();
    let trace = tree.look();
    fs::remove_file(tree.at("p/a.go")).unwrap();
    fs::write(tree.at("p/a.go"), "package p").unwrap();
    tree.age("p/a.go");
    assert!(tree.holds(&trace));
}

/// A change right after a look, within the grain of the file system's clock, has the same time and size.
#[test]
fn a_change_in_the_same_instant_is_noticed() {
    for _ in 0..200 {
        let tree = Tree::new();
        let trace = tree.look();
        fs::write(tree.at("p/a.go"), "package q").unwrap();
        assert!(!tree.holds(&trace));
    }
}

#[cfg(unix)]
#[test]
fn a_link_that_leads_elsewhere_is_noticed() {
    let tree = Tree::new();
    fs::write(tree.at("one.go"), "package one").unwrap();
    fs::write(tree.at("two.go"), "package two").unwrap();
    std::os::unix::fs::symlink("one.go", tree.at("link.go")).unwrap();
    let files = Traced::new(Arc::new(OsFiles));
    files.read(&tree.at("link.go")).unwrap();
    let trace = files.trace().unwrap();
    assert!(tree.holds(&trace));
    fs::remove_file(tree.at("link.go")).unwrap();
    std::os::unix::fs::symlink("two.go", tree.at("link.go")).unwrap();
    assert!(!tree.holds(&trace));
}

#[test]
fn a_file_that_changes_meanwhile_leaves_no_trace() {
    let tree = Tree::new();
    let files = Traced::new(Arc::new(OsFiles));
    files.read(&tree.at("p/a.go")).unwrap();
    fs::write(tree.at("p/a.go"), "package q").unwrap();
    files.read(&tree.at("p/a.go")).unwrap();
    assert_eq!(files.trace(), None);
}

#[test]
fn files_without_stamps_are_told_by_their_content() {
    let root = Path::new("/m");
    let before = MemoryFiles::new().with("/m/p/a.go", "package p");
    let files = Traced::new(Arc::new(before.clone()));
    look(&files, root);
    let trace = files.trace().unwrap();
    assert_eq!(trace.clone().holds(&before), Holds::Yes);
    let after = before.clone().with("/m/p/a.go", "package q");
    let Holds::No(changes) = trace.clone().holds(&after) else {
        panic!("another content");
    };
    assert_eq!(changes.contents, [Path::new("/m/p/a.go")]);
    assert!(changes.listings.is_empty() && !changes.others);
    assert_eq!(changes.rest.holds(&after), Holds::Yes);
    let more = before.with("/m/go.work", "");
    assert!(matches!(trace.holds(&more), Holds::No(changes) if changes.others));
}
