//! Modules of one build: the main ones, and which version of each other one is selected.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use caulk_system::{Files, normalize};
use serde::{Deserialize, Serialize};

use super::modfile::{ModFile, ModuleVersion, Replace};
use super::version;

/// From this Go version on, a `go.mod` lists everything its packages need, so that what *its* requirements require can be left out.
const PRUNED_SINCE: u32 = 17;
/// The language version of a `go.mod` without a `go` line.
const UNSTATED_GO: u32 = 16;

/// A module as one build sees it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Module {
    /// Module path, such as `cloud.google.com/go/pubsub`; `std` for the standard library.
    pub path: String,
    /// Selected version; empty for main modules and folders.
    pub version: String,
    /// Where its source is; `None` where it is not on this machine.
    pub dir: Option<PathBuf>,
    /// Minor number of its `go` line.
    pub go_minor: Option<u32>,
    /// Settings of the `godebug` lines of a main module: name, value.
    pub godebug: Vec<(String, String)>,
    /// Whether it is the user's own.
    pub is_main: bool,
}

impl Module {
    /// What a `godebug` line sets a setting to.
    pub fn godebug(&self, name: &str) -> Option<&str> {
        let setting = self.godebug.iter().find(|(setting, _)| setting == name)?;
        Some(&setting.1)
    }
}

/// A module of the user, with its `go.mod`.
#[derive(Debug)]
pub(crate) struct MainModule {
    pub path: String,
    pub dir: PathBuf,
    pub file: ModFile,
}

/// A selected module, before its source is looked for.
#[derive(Clone, Debug)]
pub(crate) struct Selected {
    pub module: ModuleVersion,
    /// Which main module's `go.mod`, and which line of it, asks for it; `None` where only a dependency does.
    pub required_at: Option<(PathBuf, u32)>,
}

/// Replacements with the folder their relative paths start from, first match first.
#[derive(Debug, Default)]
pub(crate) struct Replacements(Vec<(PathBuf, Replace)>);

impl Replacements {
    pub fn add(&mut self, base: &Path, replacements: &[Replace]) {
        // One for a certain version wins over one for all.
        let (certain, all): (Vec<_>, Vec<_>) = replacements
            .iter()
            .cloned()
            .partition(|r| !r.old.version.is_empty());
        self.0
            .extend(certain.into_iter().chain(all).map(|r| (base.to_owned(), r)));
    }

    fn find(&self, module: &ModuleVersion) -> Option<&(PathBuf, Replace)> {
        self.0
            .iter()
            .find(|(_, replace)| replace.applies_to(module))
    }

    /// Modules that are replaced by a folder can be imported even where nothing requires them.
    pub fn folders(&self) -> impl Iterator<Item = &ModuleVersion> {
        self.0
            .iter()
            .filter(|(_, replace)| replace.is_folder())
            .map(|(_, replace)| &replace.old)
    }

    /// Folder of a module's source, whether or not it is there.
    pub fn source(&self, module: &ModuleVersion, cache: Option<&Path>) -> Option<PathBuf> {
        match self.find(module) {
            Some((base, replace)) if replace.is_folder() => {
                Some(normalize(&base.join(&replace.new.path)))
            }
            Some((_, replace)) => Some(extracted(cache?, &replace.new)),
            None => Some(extracted(cache?, module)),
        }
    }

    fn mod_file(
        &self,
        requirements: &Requirements<'_>,
        module: &ModuleVersion,
    ) -> Option<Arc<ModFile>> {
        let Requirements {
            files, mod_files, ..
        } = *requirements;
        match self.find(module) {
            Some((base, replace)) if replace.is_folder() => {
                mod_files.read(files, &[base.join(&replace.new.path).join("go.mod")])
            }
            Some((_, replace)) => mod_files.cached(files, requirements.cache?, &replace.new),
            None => mod_files.cached(files, requirements.cache?, module),
        }
    }
}

/// `go.mod` files of dependencies, each read once for all builds.
#[derive(Debug, Default)]
pub(crate) struct ModFiles {
    by_path: Mutex<HashMap<PathBuf, Option<Arc<ModFile>>>>,
}

impl ModFiles {
    /// The first of the files that is there.
    fn read(&self, files: &dyn Files, paths: &[PathBuf]) -> Option<Arc<ModFile>> {
        let key = paths.first()?;
        let lock = || self.by_path.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = lock().get(key) {
            return known.clone();
        }
        let text = paths.iter().find_map(|path| read_text(files, path));
        let file = text.map(|text| Arc::new(ModFile::parse(&text)));
        lock().insert(key.clone(), file.clone());
        file
    }

    /// That of a module in the module cache; it may be there before its source is.
    fn cached(
        &self,
        files: &dyn Files,
        cache: &Path,
        module: &ModuleVersion,
    ) -> Option<Arc<ModFile>> {
        let downloaded = cache
            .join("cache")
            .join("download")
            .join(escape(&module.path))
            .join("@v")
            .join(format!("{}.mod", escape(&module.version)));
        self.read(
            files,
            &[downloaded, extracted(cache, module).join("go.mod")],
        )
    }
}

pub(crate) fn read_text(files: &dyn Files, path: &Path) -> Option<String> {
    files
        .read(path)
        .ok()
        .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
}

fn extracted(cache: &Path, module: &ModuleVersion) -> PathBuf {
    cache.join(format!(
        "{}@{}",
        escape(&module.path),
        escape(&module.version)
    ))
}

/// Module cache form of a path or version: file systems may ignore case, so `A` is written `!a`.
pub(crate) fn escape(path: &str) -> String {
    let mut escaped = String::with_capacity(path.len());
    for c in path.chars() {
        if c.is_ascii_uppercase() {
            escaped.push('!');
        }
        escaped.push(c.to_ascii_lowercase());
    }
    escaped
}

/// Everything that minimal version selection reads.
pub(crate) struct Requirements<'a> {
    pub files: &'a dyn Files,
    pub mod_files: &'a ModFiles,
    pub cache: Option<&'a Path>,
    pub mains: &'a [MainModule],
    pub replacements: &'a Replacements,
}

impl Requirements<'_> {
    /// The versions that the main modules name themselves. Where they are tidy and at least at Go 1.17, that is the whole answer.
    pub fn direct(&self) -> BTreeMap<String, Selected> {
        let mut selected = BTreeMap::new();
        for (main, module, line) in self.roots() {
            raise(&mut selected, module, Some((main.dir.join("go.mod"), line)));
        }
        for module in self.replacements.folders() {
            selected
                .entry(module.path.clone())
                .or_insert_with(|| Selected {
                    module: module.clone(),
                    required_at: None,
                });
        }
        selected
    }

    /// Whether [`Requirements::direct`] is to be trusted first.
    pub fn is_pruned(&self) -> bool {
        self.mains
            .iter()
            .all(|main| main.file.go.unwrap_or(UNSTATED_GO) >= PRUNED_SINCE)
    }

    /// Minimal version selection over the module graph (<https://go.dev/ref/mod#minimal-version-selection>),
    /// pruned as the go command prunes it. A `go.mod` that is not on this machine ends its branch.
    pub fn graph(&self) -> BTreeMap<String, Selected> {
        let mut selected = self.direct();
        let excluded: HashSet<&ModuleVersion> = self
            .mains
            .iter()
            .flat_map(|main| &main.file.exclude)
            .collect();
        let main_pruned = self.is_pruned();
        let mut seen: HashSet<(ModuleVersion, bool)> = HashSet::new();
        let mut queue: VecDeque<(ModuleVersion, bool)> = self
            .roots()
            .map(|(_, module, _)| (module.clone(), main_pruned))
            .collect();
        while let Some((module, pruned)) = queue.pop_front() {
            if !seen.insert((module.clone(), pruned)) {
                continue;
            }
            let Some(file) = self.replacements.mod_file(self, &module) else {
                continue;
            };
            let file_pruned = file.go.unwrap_or(UNSTATED_GO) >= PRUNED_SINCE;
            for require in &file.require {
                if excluded.contains(&require.module) {
                    continue;
                }
                raise(&mut selected, &require.module, None);
                if !pruned || !file_pruned {
                    queue.push_back((require.module.clone(), pruned && file_pruned));
                }
            }
        }
        for main in self.mains {
            selected.remove(&main.path);
        }
        selected
    }

    fn roots(&self) -> impl Iterator<Item = (&MainModule, &ModuleVersion, u32)> {
        self.mains
            .iter()
            .flat_map(|main| {
                main.file
                    .require
                    .iter()
                    .map(move |r| (main, &r.module, r.line))
            })
            .filter(|(main, module, _)| !main.file.exclude.contains(module))
    }
}

fn raise(
    selected: &mut BTreeMap<String, Selected>,
    module: &ModuleVersion,
    required_at: Option<(PathBuf, u32)>,
) {
    match selected.get_mut(&module.path) {
        None => {
            selected.insert(
                module.path.clone(),
                Selected {
                    module: module.clone(),
                    required_at,
                },
            );
        }
        Some(known) => {
            if version::compare(&module.version, &known.module.version).is_gt() {
                known.module = module.clone();
            }
            if known.required_at.is_none() {
                known.required_at = required_at;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn upper_case_is_escaped() {
        assert_eq!(
            escape("github.com/BurntSushi/toml"),
            "github.com/!burnt!sushi/toml"
        );
    }
}
