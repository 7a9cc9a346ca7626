//! What a user names as input: files, folders, and patterns that the shell did not expand.

use std::path::{Path, PathBuf};

use anyhow::anyhow;
use caulk_system::{EntryKind, Files};
use globset::GlobBuilder;

use crate::context::shown;
use crate::exit::Failure;

/// Folders below the beginning of a pattern in which matches are looked for.
const MOST_FOLDERS: usize = 20_000;

/// The paths that are meant, each once. A path that is there is meant as it is, whatever is in its name; another that has
/// `*`, `?`, `[` or `{` in it is a pattern, in which `**` crosses folders. Matches come by name.
pub fn expand(files: &dyn Files, inputs: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    let mut paths: Vec<PathBuf> = Vec::new();
    for input in inputs {
        if files.exists(input) || input.as_os_str() == "-" {
            paths.push(input.clone());
        } else if is_pattern(input) {
            let found = matches(files, input)?;
            if found.is_empty() {
                return Err(anyhow!("{}: no file matches", shown(input)).into());
            }
            paths.extend(found);
        } else {
            return Err(anyhow!("{}: there is no such file or folder", shown(input)).into());
        }
    }
    let mut seen = std::collections::BTreeSet::new();
    paths.retain(|path| seen.insert(path.clone()));
    Ok(paths)
}

fn is_pattern(path: &Path) -> bool {
    path.to_string_lossy().contains(['*', '?', '[', '{'])
}

fn matches(files: &dyn Files, pattern: &Path) -> Result<Vec<PathBuf>, Failure> {
    let text = pattern.to_string_lossy();
    let matcher = GlobBuilder::new(&text)
        .literal_separator(true)
        .build()
        .map_err(|error| anyhow!("{text}: {}", error.kind()))?
        .compile_matcher();
    let begins: PathBuf = pattern
        .components()
        .take_while(|component| !is_pattern(component.as_ref()))
        .collect();
    // Without `**` nothing deeper than the pattern can match.
    let depth = match text.contains("**") {
        true => usize::MAX,
        false => pattern.components().count() - begins.components().count(),
    };
    let mut found = Vec::new();
    let mut pending = vec![(begins, depth)];
    let mut folders = 0;
    while let Some((folder, depth)) = pending.pop() {
        folders += 1;
        if folders > MOST_FOLDERS {
            return Err(anyhow!(
                "{text}: there are more than {MOST_FOLDERS} folders to look in; name a folder that is nearer"
            )
            .into());
        }
        let listed = if folder.as_os_str().is_empty() {
            Path::new(".")
        } else {
            folder.as_path()
        };
        // What cannot be listed has no matches, as in a shell.
        for entry in files.read_dir(listed).unwrap_or_default() {
            let path = folder.join(&entry.name);
            if matcher.is_match(&path) {
                found.push(path);
            } else if entry.kind == EntryKind::Folder && depth > 1 {
                pending.push((path, depth - 1));
            }
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use caulk_system::MemoryFiles;

    fn expanded(inputs: &[&str]) -> Result<Vec<String>, String> {
        let mut files = MemoryFiles::new();
        for path in [
            "heap.1.pb",
            "heap.2.pb",
            "a/heap.3.pb",
            "a/b/heap.4.pb",
            "odd[1].pb",
        ] {
            files.insert(path, "x");
        }
        let inputs: Vec<PathBuf> = inputs.iter().map(PathBuf::from).collect();
        match expand(&files, &inputs) {
            Ok(paths) => Ok(paths.iter().map(|p| p.display().to_string()).collect()),
            Err(failure) => Err(format!("{:#}", failure.error)),
        }
    }

    #[test]
    fn patterns_are_expanded_and_names_are_not() {
        assert_eq!(
            expanded(&["heap.*.pb"]).unwrap(),
            ["heap.1.pb", "heap.2.pb"]
        );
        assert_eq!(
            expanded(&["**/heap.*.pb"]).unwrap(),
            ["a/b/heap.4.pb", "a/heap.3.pb", "heap.1.pb", "heap.2.pb"]
        );
        assert_eq!(expanded(&["a/heap.[0-9].pb"]).unwrap(), ["a/heap.3.pb"]);
        assert_eq!(
            expanded(&["odd[1].pb", "heap.{1,2}.pb", "heap.1.pb"])
                .unwrap()
                .len(),
            3
        );
        assert_eq!(
            expanded(&["nope.*"]).unwrap_err(),
            "nope.*: no file matches"
        );
        assert_eq!(
            expanded(&["nope"]).unwrap_err(),
            "nope: there is no such file or folder"
        );
        assert!(
            expanded(&["heap.[.pb"])
                .unwrap_err()
                .starts_with("heap.[.pb: ")
        );
    }
}
