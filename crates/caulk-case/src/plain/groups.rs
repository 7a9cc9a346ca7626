//! Which files are of the same program, by where they lie and what they say of it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::kind::ProfileKind;
use crate::series::NotUsed;

use super::file::{Form, PlainFile, Program};

/// Words in the names of folders and files that name the kind of their profiles.
pub const KIND_WORDS: [&str; 22] = [
    "heap",
    "heaps",
    "inuse",
    "allocs",
    "alloc",
    "mem",
    "memory",
    "goroutine",
    "goroutines",
    "goroutineleak",
    "threadcreate",
    "threads",
    "mutex",
    "block",
    "metrics",
    "counts",
    "dump",
    "profile",
    "space",
    "objects",
    "contentions",
    "delay",
];

/// Files of one program, and what they have in common that others have not.
#[derive(Debug)]
pub struct Group {
    /// Such as `folder api-1`, `binary worker`; empty where there is but one.
    pub name: String,
    pub files: Vec<PlainFile>,
}

/// Files that belong to none, with the reason.
pub type LeftOver = Vec<(PathBuf, NotUsed)>;

/// Tells programs apart: by folder, where several folders have several snapshots of the same kind; by
/// the deployment that a store names; by binary and build.
pub fn split(files: Vec<PlainFile>) -> (Vec<Group>, LeftOver) {
    let mut left_over = Vec::new();
    let mut groups = Vec::new();
    for (folder, files) in by_folder(files) {
        for (origin, files) in by_key(files, |file| file.origin.clone()) {
            let mut programs = by_program(files, &mut left_over);
            for group in &mut programs {
                let words = [&*folder, &*origin, &*group.name];
                let words: Vec<&str> = words.into_iter().filter(|word| !word.is_empty()).collect();
                group.name = words.join(", ");
            }
            groups.append(&mut programs);
        }
    }
    (groups, left_over)
}

fn by_key<K: Ord>(
    files: Vec<PlainFile>,
    key: impl Fn(&PlainFile) -> K,
) -> BTreeMap<K, Vec<PlainFile>> {
    let mut found: BTreeMap<K, Vec<PlainFile>> = BTreeMap::new();
    for file in files {
        found.entry(key(&file)).or_default().push(file);
    }
    found
}

/// Folders that are an instance each. A folder may also hold one kind, or what was captured at one
/// moment: then those beside it belong with it.
fn by_folder(files: Vec<PlainFile>) -> Vec<(String, Vec<PlainFile>)> {
    let folders = together(by_key(files, |file| instance_folder(&file.path)));
    let one_moment_each = folders.values().all(|files| most_of_a_kind(files) < 2);
    let kinds_apart = {
        let mut seen = BTreeSet::new();
        let kinds = folders.values().flat_map(|files| kinds(files));
        kinds.into_iter().all(|kind| seen.insert(kind))
    };
    if folders.len() < 2 || kinds_apart || one_moment_each {
        let files: Vec<PlainFile> = folders.into_values().flatten().collect();
        return vec![(String::new(), files)];
    }
    named(folders)
}

/// Folders side by side with one moment in each are the captures of one series.
fn together(folders: BTreeMap<PathBuf, Vec<PlainFile>>) -> BTreeMap<PathBuf, Vec<PlainFile>> {
    let parent = |folder: &Path| folder.parent().map(Path::to_owned).unwrap_or_default();
    let mut captures: BTreeMap<PathBuf, usize> = BTreeMap::new();
    for (folder, files) in &folders {
        if most_of_a_kind(files) < 2 {
            *captures.entry(parent(folder)).or_default() += 1;
        }
    }
    let mut found: BTreeMap<PathBuf, Vec<PlainFile>> = BTreeMap::new();
    for (folder, files) in folders {
        let above = parent(&folder);
        let is_capture = most_of_a_kind(&files) < 2 && captures.get(&above).is_some_and(|n| *n > 1);
        let key = if is_capture { above } else { folder };
        found.entry(key).or_default().extend(files);
    }
    found
}

fn named(folders: BTreeMap<PathBuf, Vec<PlainFile>>) -> Vec<(String, Vec<PlainFile>)> {
    let name = |folder: &Path| {
        let folder = folder.strip_prefix(".").unwrap_or(folder);
        let shown = folder.display().to_string();
        let shown = if shown.is_empty() { "." } else { &shown };
        format!("folder {shown}")
    };
    folders
        .into_iter()
        .map(|(folder, files)| (name(&folder), files))
        .collect()
}

/// The folder of a file, or the one above where that is named after a kind.
fn instance_folder(path: &Path) -> PathBuf {
    let folder = path.parent().unwrap_or(Path::new(""));
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    match folder.parent() {
        Some(above) if KIND_WORDS.contains(&&*name.to_lowercase()) => above.to_owned(),
        _ => folder.to_owned(),
    }
}

fn kinds(files: &[PlainFile]) -> BTreeSet<ProfileKind> {
    files.iter().map(|file| file.kind).collect()
}

/// Files of the same kind and form, at most.
fn most_of_a_kind(files: &[PlainFile]) -> usize {
    let mut counts: BTreeMap<(ProfileKind, Form), usize> = BTreeMap::new();
    for file in files {
        *counts.entry((file.kind, file.form)).or_default() += 1;
    }
    counts.into_values().max().unwrap_or(0)
}

/// Binaries and their builds. Text does not name its binary: it belongs to the one there is, or to the one
/// whose `main` package lies in the same folder.
fn by_program(files: Vec<PlainFile>, left_over: &mut LeftOver) -> Vec<Group> {
    let programs: BTreeSet<Program> = files
        .iter()
        .filter(|file| file.program.is_named())
        .map(key)
        .collect();
    if programs.is_empty() {
        return by_main_folder(files);
    }
    // Where the main package of each program lies: known only where some profile shows a frame of it.
    let mut main_folders: BTreeMap<String, BTreeSet<Program>> = BTreeMap::new();
    for file in files.iter().filter(|file| file.program.is_named()) {
        let folders = main_folders.entry(file.program.main_folder.clone());
        folders.or_default().insert(key(file));
    }
    let of_text = |file: &PlainFile| -> Option<Program> {
        if let [only] = programs.iter().collect::<Vec<_>>()[..] {
            return Some(only.clone());
        }
        let folder = Some(&file.program.main_folder).filter(|folder| !folder.is_empty())?;
        match main_folders.get(folder)?.iter().collect::<Vec<_>>()[..] {
            [only] => Some(only.clone()),
            _ => None,
        }
    };
    let mut found: BTreeMap<Program, Vec<PlainFile>> = BTreeMap::new();
    for file in files {
        let program = match file.program.is_named() {
            true => Some(key(&file)),
            false => of_text(&file),
        };
        match program {
            Some(program) => found.entry(program).or_default().push(file),
            None => left_over.push((file.path, NotUsed::OfWhichProgram)),
        }
    }
    let several = found.len() > 1;
    let binaries: BTreeSet<String> = found.keys().map(|p| p.binary.clone()).collect();
    found
        .into_iter()
        .map(|(program, files)| {
            let build: String = program.build_id.chars().take(8).collect();
            let name = match several {
                true if binaries.len() > 1 && build.is_empty() => program.binary.clone(),
                true if binaries.len() > 1 => format!("{} (build {build})", program.binary),
                true => format!("build {build} of {}", program.binary),
                false => String::new(),
            };
            Group { name, files }
        })
        .collect()
}

fn key(file: &PlainFile) -> Program {
    Program {
        main_folder: String::new(),
        ..file.program.clone()
    }
}

/// Text alone: told apart by where the `main` package lies, where it is seen.
fn by_main_folder(files: Vec<PlainFile>) -> Vec<Group> {
    let folders: BTreeSet<&str> = files
        .iter()
        .map(|file| file.program.main_folder.as_str())
        .filter(|folder| !folder.is_empty())
        .collect();
    if folders.len() < 2 {
        return vec![Group {
            name: String::new(),
            files,
        }];
    }
    by_key(files, |file| file.program.main_folder.clone())
        .into_iter()
        .map(|(folder, files)| Group {
            name: match folder.as_str() {
                "" => "no frame of a main package".to_owned(),
                folder => format!("main package in {folder}"),
            },
            files,
        })
        .collect()
}
