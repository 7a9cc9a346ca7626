//! The import path of a tree that does not say it: what its files import that is in the tree itself.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use caulk_system::Files;

use super::folders::Folders;
use super::module::read_text;

/// Files that are looked into, and of one folder where there are many.
const MOST_FILES: usize = 400;
const MOST_OF_FOLDER: usize = 4;

/// The import path that stands for `root` in most of the imports of `dirs` that lead to a folder below it, and in how many:
/// `example.com/app` where `example.com/app/lib` is imported and there is a `lib`.
pub(crate) fn import_path(
    files: &dyn Files,
    folders: &Folders,
    root: &Path,
    dirs: &[PathBuf],
) -> Option<(String, usize)> {
    let mut imports: Vec<String> = Vec::new();
    // What the folders below it import, and what its own files call their package.
    let (mut from_below, mut package) = (BTreeSet::new(), None);
    let mut left = MOST_FILES;
    let dirs: Vec<&PathBuf> = dirs.iter().filter(|dir| dir.starts_with(root)).collect();
    let of_folder = MOST_OF_FOLDER.max(MOST_FILES / dirs.len().max(1));
    for dir in dirs {
        for name in folders
            .list(files, dir)
            .go_files
            .iter()
            .take(of_folder.min(left))
        {
            left -= 1;
            let Some(text) = read_text(files, &dir.join(name)) else {
                continue;
            };
            imports.extend(imported(&text).map(str::to_owned));
            if dir != root {
                from_below.extend(imported(&text).map(str::to_owned));
            } else if !name.ends_with("_test.go") {
                package = package.or_else(|| declared(&text).map(str::to_owned));
            }
        }
    }
    imports.sort();
    imports.dedup();
    let mut votes: BTreeMap<&str, usize> = BTreeMap::new();
    for import in &imports {
        // The longest way into the tree: `lib/errors`, not another's `errors`.
        let prefix = import.match_indices('/').find_map(|(at, _)| {
            let rest = import.get(at + 1..)?;
            folders
                .has_go_files(files, &root.join(rest))
                .then(|| import.get(..at))?
        });
        if let Some(prefix) = prefix {
            *votes.entry(prefix).or_default() += 1;
        }
    }
    let Some(most) = votes.values().max().copied() else {
        // Where nothing below it is imported, the tree may be one package and commands that use it.
        let package = package.filter(|name| name != "main")?;
        let mut named = from_below
            .into_iter()
            .filter(|path| path.rsplit('/').next() == Some(&*package));
        let only = named.next().filter(|_| named.next().is_none())?;
        return Some((only, 1));
    };
    votes
        .into_iter()
        .find(|(_, count)| *count == most)
        .map(|(prefix, count)| (prefix.to_owned(), count))
}

/// The package that a file says it is of.
fn declared(text: &str) -> Option<&str> {
    text.lines()
        .find_map(|line| line.strip_prefix("package "))
        .and_then(|rest| rest.split_whitespace().next())
}

/// The paths with a host that a file imports.
fn imported(text: &str) -> impl Iterator<Item = &str> {
    let declares = |line: &&str| {
        ["func ", "type ", "var ", "const "]
            .iter()
            .any(|keyword| line.starts_with(keyword))
    };
    text.lines()
        .take_while(move |line| !declares(line))
        .filter_map(|line| line.split('"').nth(1))
        .filter(|path| {
            path.split_once('/')
                .is_some_and(|(host, _)| host.contains('.') && !host.starts_with('.'))
        })
}
