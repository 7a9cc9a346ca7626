//! The import path of a tree that does not say it: what its files import that is in the tree itself.

use std::collections::BTreeMap;
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
            if let Some(text) = read_text(files, &dir.join(name)) {
                imports.extend(imported(&text).map(str::to_owned));
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
    let most = votes.values().max().copied()?;
    votes
        .into_iter()
        .find(|(_, count)| *count == most)
        .map(|(prefix, count)| (prefix.to_owned(), count))
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
