//! The builds that a tree needs so that each of its files is seen: no single one takes both `a_linux.go` and
//! `a_windows.go`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use caulk_system::{FileError, Files};
use rayon::prelude::*;

use crate::inventory::Known;
use crate::problem::{Problem, ProblemKind};
use crate::program::{KnownBuild, Options, Program};
use crate::resolve::{Platform, RootFolder, taking};

/// A file that the first build leaves out, with its text.
struct LeftOut {
    path: PathBuf,
    text: Vec<u8>,
}

impl LeftOut {
    fn name(&self) -> &str {
        self.path
            .file_name()
            .and_then(|name| name.to_str())
            .unwrap_or_default()
    }

    fn is_taken_by(&self, platform: &Platform) -> bool {
        platform.allows_name(self.name()) && platform.allows_text(&self.text)
    }
}

/// The program for the platform of `options`, and after it one for each further platform that files below `patterns`
/// need: other systems and architectures, and tags that nothing sets. Each file is asked for in one program alone.
pub fn load_builds(files: Arc<dyn Files>, options: Options, patterns: &[PathBuf]) -> Vec<Program> {
    load_builds_with(files, options, patterns, true, &Known::default())
}

/// The same builds, or only the first where no others are wanted, without reading what is known of them from an earlier
/// run until something in it is asked for.
pub fn load_builds_with(
    files: Arc<dyn Files>,
    options: Options,
    patterns: &[PathBuf],
    others: bool,
    known: &Known,
) -> Vec<Program> {
    let known = |platform: &Platform| {
        let mut builds = known.builds.iter();
        let inventory = builds.find(|build| build.platform == *platform)?;
        Some(KnownBuild {
            inventory,
            changed: &known.changed.folders,
        })
    };
    let of_platform = known(&options.platform);
    let mut first = Program::load_known(files, options.clone(), patterns, of_platform);
    if !others {
        return vec![first];
    }
    let (left_out, unreadable) = first.left_out();
    first.add_problems(unreadable);
    let mut builds: Vec<(Platform, Vec<PathBuf>)> = Vec::new();
    for file in &left_out {
        match builds
            .iter_mut()
            .find(|(platform, _)| file.is_taken_by(platform))
        {
            Some((_, paths)) => paths.push(file.path.clone()),
            None => {
                if let Some(platform) = taking(&options.platform, file.name(), &file.text) {
                    builds.push((platform, vec![file.path.clone()]));
                }
            }
        }
    }
    let taken: BTreeSet<String> = builds
        .iter()
        .flat_map(|(_, paths)| paths)
        .map(|path| first.relative(path).display().to_string())
        .collect();
    first.forget(|problem| problem.kind == ProblemKind::Excluded && taken.contains(&problem.what));
    let others: Vec<Program> = builds
        .into_iter()
        .map(|(platform, paths)| {
            let known = known(&platform);
            let options = Options {
                platform,
                ..options.clone()
            };
            first.another_build(options, &paths, known)
        })
        .collect();
    std::iter::once(first).chain(others).collect()
}

impl Program {
    /// The Go files of the folders that were asked for, that the build constraints leave out, in order, and those that
    /// cannot be read, which no build takes.
    fn left_out(&self) -> (Vec<LeftOut>, Vec<Problem>) {
        let of_folders: Vec<Vec<Result<LeftOut, FileError>>> = self
            .roots()
            .par_iter()
            .map(|root| self.left_out_of(root))
            .collect();
        let (mut left_out, mut unreadable) = (Vec::new(), Vec::new());
        for file in of_folders.into_iter().flatten() {
            match file {
                Ok(file) => left_out.push(file),
                Err(error) => {
                    let path = self.relative(&error.path);
                    unreadable.push(Problem::unreadable(path, &error.reason()));
                }
            }
        }
        (left_out, unreadable)
    }

    fn left_out_of(&self, root: &RootFolder) -> Vec<Result<LeftOut, FileError>> {
        let taken = self.root_files(root);
        let is_taken = |path: &Path| taken.iter().any(|file| file == path);
        self.folders
            .list(&*self.files, &root.dir)
            .go_files
            .iter()
            .filter(|name| self.options.tests || !name.ends_with("_test.go"))
            .map(|name| root.dir.join(name))
            .filter(|path| root.only.as_ref().is_none_or(|only| only.contains(path)))
            .filter(|path| !is_taken(path))
            .map(|path| {
                let text = self.files.read(&path)?;
                Ok(LeftOut { path, text })
            })
            .collect()
    }
}
