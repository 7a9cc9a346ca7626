//! The source road as the commands use it: load a tree, analyse it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use caulk_leaks::Analysis;
use caulk_program::{GoEnv, Options, Program};
use caulk_system::{Files, OsFiles, WalkOptions};

/// What is read, and how.
#[derive(Debug, Clone, Default)]
pub struct Reading {
    /// Folders, files or patterns such as `./...`, relative to `root`.
    pub patterns: Vec<PathBuf>,
    pub build_tags: Vec<String>,
    pub goos: Option<String>,
    pub goarch: Option<String>,
    pub no_tests: bool,
}

/// A tree that was loaded and analysed.
pub struct Analysed {
    /// What the paths of the analysis are relative to.
    pub root: PathBuf,
    pub program: Program,
    pub analysis: Analysis,
}

/// Loads what `reading` names and analyses it. Never fails: what is missing or broken is among the
/// problems of the analysis.
pub fn analyse(files: Arc<dyn Files>, root: &Path, reading: &Reading) -> Analysed {
    let program = load(files, root, reading);
    let analysis = caulk_leaks::check(&program, &caulk_leaks::Options::default());
    Analysed { root: root.to_owned(), program, analysis }
}

/// Loads without analysing.
pub fn load(files: Arc<dyn Files>, root: &Path, reading: &Reading) -> Program {
    let mut options = Options::new(GoEnv::of_process(&*files), root.to_owned());
    options.tests = !reading.no_tests;
    options.platform.tags.extend(reading.build_tags.iter().filter(|tag| !tag.is_empty()).cloned());
    if let Some(goos) = &reading.goos {
        options.platform.goos.clone_from(goos);
    }
    if let Some(goarch) = &reading.goarch {
        options.platform.goarch.clone_from(goarch);
    }
    let everything = [PathBuf::from("./...")];
    let patterns: &[PathBuf] =
        if reading.patterns.is_empty() { &everything } else { &reading.patterns };
    Program::load(files, options, patterns)
}

/// The operating system's files, shared.
pub fn os_files() -> Arc<dyn Files> {
    Arc::new(OsFiles)
}

/// The Go files below a folder, relative to it, with `/`.
pub fn go_files(files: &dyn Files, root: &Path) -> BTreeSet<String> {
    let walked = caulk_system::walk(files, root, &WalkOptions::default());
    walked
        .files
        .iter()
        .filter(|path| path.extension().is_some_and(|extension| extension == "go"))
        .filter_map(|path| slashed(path.strip_prefix(root).unwrap_or(path)))
        .collect()
}

/// A relative path with `/` between its parts; none where it is not UTF-8.
pub fn slashed(path: &Path) -> Option<String> {
    let parts: Option<Vec<&str>> = path.components().map(|part| part.as_os_str().to_str()).collect();
    Some(parts?.join("/"))
}
