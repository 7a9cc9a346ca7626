//! What a build has, written down: enough to know its packages in a later run without reading those that are the same.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use caulk_syntax::File;
use caulk_system::{Changes, Digest, Files, digest_of};
use serde::{Deserialize, Serialize};

use crate::package::{PackageId, PackageKey, PackageKind};
use crate::problem::Problem;
use crate::resolve::{BuildIndex, Listing, Module, Platform, RootFolder, Source, read_folder};

/// The packages of one build with their imports. In a program that is loaded with it they keep their ids.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Inventory {
    /// What the build is for.
    pub platform: Platform,
    /// The folders that were asked for.
    pub(crate) folders: BTreeMap<PathBuf, Folder>,
    pub(crate) modules: Vec<Module>,
    /// By id.
    pub(crate) packages: Vec<Registered>,
    /// Each package with those that it has looked for, as it would import them, but not those of the standard library.
    pub imports: BTreeSet<(PackageId, PackageId)>,
}

/// A folder that was asked for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Folder {
    pub build: BuildIndex,
    pub only: Option<Vec<PathBuf>>,
    /// All Go files in it.
    pub listed: Digest,
    /// The files that the build takes, with what they declare.
    pub files: Vec<(PathBuf, Digest)>,
    pub kinds: Vec<PackageKind>,
    pub problems: Vec<Problem>,
}

impl Folder {
    pub fn is_of(&self, root: &RootFolder) -> bool {
        self.build == root.build && self.only == root.only
    }
}

/// A package that someone has asked for.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Registered {
    pub key: PackageKey,
    /// Index in [`Inventory::modules`].
    pub module: usize,
    pub is_std: bool,
}

/// What an earlier run knows of the builds of a tree.
#[derive(Debug, Default)]
pub struct Known {
    /// One for each build.
    pub builds: Vec<Inventory>,
    /// What an edit has changed since.
    pub changed: Changed,
}

/// What an edit has changed.
#[derive(Debug, Default)]
pub struct Changed {
    /// Folders with files that were added, removed or edited.
    pub folders: BTreeSet<PathBuf>,
    /// Those of them that declare other things, or may do so.
    pub declaring: BTreeSet<PathBuf>,
    /// Files that were edited.
    pub files: BTreeSet<PathBuf>,
}

impl Inventory {
    /// The packages that are imported by this path, with their tests.
    pub fn packages_of(&self, path: &str) -> impl Iterator<Item = PackageId> {
        let packages = (0..).map(PackageId).zip(&self.packages);
        let of_path = packages.filter(move |(_, package)| &*package.key.path == path);
        of_path.map(|(id, _)| id)
    }

    /// The packages whose source lies in one of these folders.
    pub fn packages_in(&self, folders: &BTreeSet<PathBuf>) -> BTreeSet<PackageId> {
        let is_in = |source: &Source| match source {
            Source::Folder(dir) => folders.contains(dir),
            Source::Shipped => false,
        };
        (0..)
            .map(PackageId)
            .zip(&self.packages)
            .filter(|(_, package)| is_in(&package.key.source))
            .map(|(id, _)| id)
            .collect()
    }

    /// Whether a package was known here.
    pub fn has(&self, id: PackageId) -> bool {
        (id.0 as usize) < self.packages.len()
    }

    /// The digest of what a file of a folder that was asked for declares.
    fn declared(&self, folder: &Path, path: &Path) -> Option<Digest> {
        let mut files = self.folders.get(folder)?.files.iter();
        files
            .find(|(file, _)| file == path)
            .map(|(_, digest)| *digest)
    }

    /// Whether a folder holds packages, and packages of the standard library.
    fn packages_at(&self, folder: &Path) -> (bool, bool) {
        let is_here = |package: &&Registered| matches!(&package.key.source, Source::Folder(dir) if dir == folder);
        let mut here = self.packages.iter().filter(is_here);
        here.next()
            .map_or((false, false), |package| (true, package.is_std))
    }
}

/// The files and folders whose packages are others after some changes; none where these may matter to more than their
/// packages: to what imports lead to, say.
pub fn changed(files: &dyn Files, builds: &[&Inventory], changes: &Changes) -> Option<Changed> {
    if changes.others {
        return None;
    }
    let mut folders = BTreeSet::new();
    let mut declaring = BTreeSet::new();
    for path in &changes.contents {
        let is_go = path.extension().is_some_and(|extension| extension == "go");
        let folder = path.parent().filter(|_| is_go)?;
        folders.insert(folder.to_owned());
        let declared = builds.iter().find_map(|build| build.declared(folder, path));
        let now = || {
            let bytes = files.read(path).ok()?;
            Some(declarations(&caulk_syntax::outline(&bytes), &bytes))
        };
        if declared.is_none() || declared != now() {
            declaring.insert(folder.to_owned());
        }
    }
    let is_std = |dir: &PathBuf| builds.iter().any(|build| build.packages_at(dir).1);
    if folders.iter().any(is_std) {
        return None;
    }
    for dir in &changes.listings {
        let now = read_folder(files, dir);
        let asked = |name: &str| changes.rest.has(&dir.join(name));
        // A folder becomes a module or stops being one, or gets dependencies of its own.
        let is_other_ground = now.has_go_mod != asked("go.mod")
            || now.folders.iter().any(|name| name == "vendor")
                && !asked("vendor")
                && !asked("vendor/modules.txt")
            || dir.ends_with("vendor");
        if is_other_ground {
            return None;
        }
        let known = builds.iter().find_map(|build| build.folders.get(dir));
        match known {
            Some(_) if now.go_files.is_empty() => return None,
            Some(known) if known.listed == listed(&now) => {}
            Some(_) => {
                folders.insert(dir.clone());
                declaring.insert(dir.clone());
            }
            // Whether there are packages here decides what imports lead to.
            None if !now.go_files.is_empty() => return None,
            None if builds.iter().any(|build| build.packages_at(dir).0) => return None,
            None => {}
        }
    }
    Some(Changed {
        folders,
        declaring,
        files: changes.contents.iter().cloned().collect(),
    })
}

/// The digest of the names of Go files.
pub(crate) fn listed(listing: &Listing) -> Digest {
    digest_of(listing.go_files.iter().map(String::as_bytes))
}

/// Modules by index, each once.
#[derive(Default)]
pub(crate) struct Modules {
    pub all: Vec<Module>,
    index: BTreeMap<*const Module, usize>,
}

impl Modules {
    pub fn index_of(&mut self, module: &Arc<Module>) -> usize {
        *self.index.entry(Arc::as_ptr(module)).or_insert_with(|| {
            self.all.push((**module).clone());
            self.all.len() - 1
        })
    }
}

/// The digest of all of a file but what stands in the bodies of its functions.
pub(crate) fn declarations(outline: &File, text: &[u8]) -> Digest {
    let mut parts = Vec::new();
    let mut from = 0;
    for func in outline.funcs() {
        if let Some(body) = func.body {
            let (start, end) = (body.start as usize + 1, body.end as usize);
            parts.extend(text.get(from..start));
            from = end.saturating_sub(1).max(start);
        }
    }
    parts.extend(text.get(from..));
    for error in &outline.errors {
        parts.push(error.message.as_bytes());
    }
    digest_of(parts)
}
