//! Reading packages: each when it is first asked for, its files shared between the builds that see it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use crate::inventory::{Inventory, Modules, Registered};
use crate::package::{
    Answers, ImportDecl, ImportTarget, Indices, Package, PackageId, PackageKey, PackageKind,
    SourceFile,
};
use crate::problem::{Problem, ProblemKind};
use crate::program::Program;
use crate::resolve::{
    Folders, Found, Ground, Import, ModFiles, Module, RootFolder, STD_BUILD, Source, original_path,
};
use crate::std_outline;
use crate::texts::{Text, Texts};
use crate::types::Arena;

/// The files of one folder that belong to the build.
type Files = Arc<Vec<Arc<SourceFile>>>;

/// Read once, by whoever comes first.
type LazyFiles = Arc<OnceLock<Files>>;

/// Files by folder, with or without its tests: those that one build takes.
pub(crate) struct FolderSources {
    by_folder: Mutex<FxHashMap<(PathBuf, bool), LazyFiles>>,
    parsed: ParsedFiles,
    indices: Indices,
    texts: Arc<Texts>,
    pub listings: Arc<Folders>,
    pub mod_files: Arc<ModFiles>,
}

/// Files by path, parsed once for all builds that take them.
#[derive(Clone, Default)]
struct ParsedFiles {
    by_path: Arc<Mutex<FxHashMap<PathBuf, Arc<SourceFile>>>>,
}

impl ParsedFiles {
    fn lock(&self) -> MutexGuard<'_, FxHashMap<PathBuf, Arc<SourceFile>>> {
        self.by_path.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The file at a path, if `takes` its text.
    fn get(
        &self,
        path: PathBuf,
        texts: &Arc<Texts>,
        read: impl FnOnce(&Path) -> Option<Vec<u8>>,
        takes: impl FnOnce(&[u8]) -> bool,
    ) -> Option<Arc<SourceFile>> {
        let parsed = self.lock().get(&path).cloned();
        if let Some(file) = parsed {
            // Constraints stand before the first body.
            return takes(file.outline.text().as_bytes()).then_some(file);
        }
        let bytes = read(&path)?;
        if !takes(&bytes) {
            return None;
        }
        let outline = caulk_syntax::outline(&bytes);
        let text = texts.text(bytes.into());
        let file = Arc::new(SourceFile::new(path.clone(), outline, text));
        Some(self.lock().entry(path).or_insert(file).clone())
    }

    /// A file of the outline that is part of caulk.
    fn shipped(&self, path: PathBuf, text: &'static str) -> Arc<SourceFile> {
        if let Some(file) = self.lock().get(&path) {
            return file.clone();
        }
        let outline = caulk_syntax::outline(text.as_bytes());
        let file = Arc::new(SourceFile::new(path.clone(), outline, Text::Shipped(text)));
        self.lock().entry(path).or_insert(file).clone()
    }

    fn without(&self, changed: &[PathBuf]) -> ParsedFiles {
        let mut kept = self.lock().clone();
        for path in changed {
            kept.remove(path);
        }
        ParsedFiles {
            by_path: Arc::new(Mutex::new(kept)),
        }
    }
}

impl FolderSources {
    /// Nothing is read yet.
    pub fn over(files: Arc<dyn caulk_system::Files>) -> FolderSources {
        FolderSources {
            by_folder: Mutex::default(),
            parsed: ParsedFiles::default(),
            indices: Indices::default(),
            texts: Texts::new(files),
            listings: Arc::default(),
            mod_files: Arc::default(),
        }
    }

    /// For another build of the same files, which takes others of them.
    pub fn of_another_build(&self) -> FolderSources {
        FolderSources {
            by_folder: Mutex::default(),
            parsed: self.parsed.clone(),
            indices: self.indices.clone(),
            texts: self.texts.clone(),
            listings: self.listings.clone(),
            mod_files: self.mod_files.clone(),
        }
    }

    fn get(&self, dir: &Path, tests: bool, read: impl FnOnce() -> Files) -> Files {
        let cell = {
            let mut folders = self
                .by_folder
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            folders.entry((dir.to_owned(), tests)).or_default().clone()
        };
        cell.get_or_init(read).clone()
    }

    /// All but the folders of these files, which others are laid over.
    pub fn without(
        &self,
        changed: &[PathBuf],
        files: Arc<dyn caulk_system::Files>,
    ) -> FolderSources {
        let folders = self
            .by_folder
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let kept = folders
            .iter()
            .filter(|((dir, _), _)| !changed.iter().any(|file| file.parent() == Some(dir)))
            .map(|(key, cell)| (key.clone(), cell.clone()))
            .collect();
        FolderSources {
            by_folder: Mutex::new(kept),
            parsed: self.parsed.without(changed),
            indices: Indices::default(),
            texts: Texts::new(files),
            listings: Arc::default(),
            mod_files: Arc::default(),
        }
    }
}

/// Packages by id, loaded or not.
pub(crate) struct PackageTable {
    slots: Arena<Slot>,
    ids: Mutex<FxHashMap<PackageKey, PackageId>>,
    nothing: Package,
}

struct Slot {
    key: PackageKey,
    module: Arc<Module>,
    is_std: bool,
    package: OnceLock<Box<Package>>,
}

impl PackageTable {
    pub fn new() -> PackageTable {
        let key = PackageKey {
            build: STD_BUILD,
            path: Arc::from(""),
            source: Source::Shipped,
            kind: PackageKind::Primary,
        };
        PackageTable {
            slots: Arena::new(),
            ids: Mutex::default(),
            nothing: empty(PackageId(u32::MAX), &key, &Arc::default(), false),
        }
    }

    fn register(&self, key: PackageKey, module: &Arc<Module>, is_std: bool) -> PackageId {
        let mut ids = self.ids.lock().unwrap_or_else(PoisonError::into_inner);
        *ids.entry(key).or_insert_with_key(|key| {
            PackageId(self.slots.push(Slot {
                key: key.clone(),
                module: module.clone(),
                is_std,
                package: OnceLock::new(),
            }))
        })
    }

    /// Gives the packages that an earlier run knew the ids that they had there.
    pub fn register_known(&self, known: &Inventory) {
        let modules: Vec<Arc<Module>> = known.modules.iter().cloned().map(Arc::new).collect();
        for package in &known.packages {
            let module = modules.get(package.module).cloned().unwrap_or_default();
            self.register(package.key.clone(), &module, package.is_std);
        }
    }

    /// All that were registered, by id, with their modules.
    pub fn registered(&self) -> (Vec<Registered>, Vec<Module>) {
        let mut modules = Modules::default();
        let registered = (0..)
            .map_while(|index| self.slots.get(index))
            .map(|slot| Registered {
                key: slot.key.clone(),
                module: modules.index_of(&slot.module),
                is_std: slot.is_std,
            })
            .collect();
        (registered, modules.all)
    }

    fn slot(&self, id: PackageId) -> Option<&Slot> {
        self.slots.get(id.0)
    }

    pub fn get(&self, program: &Program, id: PackageId) -> &Package {
        match self.slots.get(id.0) {
            Some(slot) => {
                let read = || Box::new(program.read_package(id, slot));
                slot.package.get_or_init(read)
            }
            None => &self.nothing,
        }
    }
}

fn empty(id: PackageId, key: &PackageKey, module: &Arc<Module>, is_std: bool) -> Package {
    Package {
        id,
        path: key.path.clone(),
        name: SmolStr::default(),
        kind: key.kind.clone(),
        source: key.source.clone(),
        module: module.clone(),
        build: key.build,
        is_std,
        index: Arc::default(),
        answers: Answers::default(),
    }
}

/// The name that the folder's importable package has: that of most files that are no tests, `main` only where there is no other.
fn primary_name(files: &[Arc<SourceFile>]) -> SmolStr {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let of_tests = files.iter().all(|file| file.is_test());
    for file in files.iter().filter(|file| of_tests || !file.is_test()) {
        let name = file.outline.package_name();
        let name = if of_tests {
            name.strip_suffix("_test").unwrap_or(name)
        } else {
            name
        };
        *counts.entry(name).or_default() += 1;
    }
    let best = counts
        .into_iter()
        .filter(|(name, _)| !name.is_empty())
        .max_by_key(|(name, count)| (*name != "main", *count, std::cmp::Reverse(*name)));
    best.map(|(name, _)| SmolStr::new(name)).unwrap_or_default()
}

fn kind_of(file: &SourceFile, primary: &str) -> PackageKind {
    let name = file.outline.package_name();
    // A file whose package clause is broken most likely belongs to the others.
    if name == primary || name.is_empty() {
        return PackageKind::Primary;
    }
    match name.strip_suffix("_test") {
        Some(tested) if file.is_test() && tested == primary => PackageKind::ExternalTest,
        _ => PackageKind::Other(SmolStr::new(name)),
    }
}

impl Program {
    fn ground(&self) -> Ground<'_> {
        Ground {
            files: &*self.files,
            env: &self.options.env,
            folders: &self.folders,
            mod_files: &self.mod_files,
            std_is_shipped: self.std_is_shipped,
            shipped: &std_outline::has_package,
            std_module: &self.std_module,
        }
    }

    /// Reads the files of a folder that the build constraints allow.
    fn folder_files(&self, dir: &Path, tests: bool) -> Files {
        self.sources.get(dir, tests, || {
            let platform = &self.options.platform;
            let listing = self.folders.list(&*self.files, dir);
            let files = listing
                .go_files
                .iter()
                .filter(|name| platform.allows_name(name) && (tests || !name.ends_with("_test.go")))
                .map(|name| dir.join(name))
                .filter_map(|path| {
                    let read = |path: &Path| self.files.read(path).ok();
                    let takes = |text: &[u8]| platform.allows_text(text);
                    self.sources
                        .parsed
                        .get(path, &self.sources.texts, read, takes)
                })
                .collect();
            Arc::new(files)
        })
    }

    fn source_files(&self, path: &str, source: &Source, tests: bool) -> Files {
        match source {
            Source::Folder(dir) => self.folder_files(dir, tests),
            Source::Shipped => {
                let tests = false;
                self.sources.get(&Path::new("std").join(path), tests, || {
                    let platform = &self.options.platform;
                    let files = std_outline::files(path).iter();
                    let files = files.filter(|(name, text)| {
                        platform.allows_name(name) && platform.allows_text(text.as_bytes())
                    });
                    let files = files.map(|(name, text)| {
                        let path = Path::new("std").join(path).join(name);
                        self.sources.parsed.shipped(path, text)
                    });
                    Arc::new(files.collect())
                })
            }
        }
    }

    /// Whether the tests of a package are read.
    fn reads_tests(&self, build: usize, source: &Source) -> bool {
        let Source::Folder(dir) = source else {
            return false;
        };
        self.options.tests
            && self.root(dir).is_some()
            && (build == STD_BUILD
                || self
                    .builds
                    .get(build)
                    .is_some_and(|build| build.main_package(dir).is_some()))
    }

    pub(crate) fn root_sources(&self, root: &RootFolder) -> Files {
        self.folder_files(&root.dir, self.options.tests)
    }

    /// The files of a folder that was asked for; they are not read where they are known.
    pub(crate) fn root_files(&self, root: &RootFolder) -> Vec<PathBuf> {
        match self.known_folders.get(&root.dir) {
            Some(known) => known.files.iter().map(|(path, _)| path.clone()).collect(),
            None => {
                let files = self.root_sources(root);
                files.iter().map(|file| file.path.clone()).collect()
            }
        }
    }

    /// Files that were asked for by name, and that the build constraints leave out.
    pub(crate) fn excluded_files(&self, root: &RootFolder) -> Vec<Problem> {
        let Some(asked) = &root.only else {
            return Vec::new();
        };
        let files = self.root_files(root);
        asked
            .iter()
            .filter(|path| !files.contains(path))
            .map(|path| {
                let what = self.relative(path).display().to_string();
                Problem::new(ProblemKind::Excluded, what)
            })
            .collect()
    }

    /// Which packages a folder that was asked for has; its files are not read where they are known.
    pub(crate) fn root_kinds(&self, root: &RootFolder) -> Vec<PackageKind> {
        if let Some(known) = self.known_folders.get(&root.dir) {
            return known.kinds.clone();
        }
        let files = self.root_sources(root);
        let primary = primary_name(&files);
        let mut kinds: Vec<PackageKind> = Vec::new();
        for file in files.iter() {
            let kind = kind_of(file, &primary);
            if !kinds.contains(&kind) {
                kinds.push(kind);
            }
        }
        kinds
    }

    /// Gives ids to the packages of a folder that was asked for.
    pub(crate) fn register_root(
        &self,
        root: &RootFolder,
        kinds: Vec<PackageKind>,
    ) -> Vec<PackageId> {
        let Some(build) = self.builds.get(root.build) else {
            return Vec::new();
        };
        let (module, path, is_std) = match build.main_package(&root.dir) {
            Some((module, path)) => (module, path, false),
            None => {
                let src = self.std_module.dir.as_deref().unwrap_or(Path::new(""));
                let rest = root.dir.strip_prefix(src).unwrap_or(&root.dir);
                let path = rest.to_string_lossy().replace('\\', "/");
                (self.std_module.clone(), path, true)
            }
        };
        let path: Arc<str> = Arc::from(path);
        kinds
            .into_iter()
            .map(|kind| {
                let key = PackageKey {
                    build: root.build,
                    path: path.clone(),
                    source: Source::Folder(root.dir.clone()),
                    kind,
                };
                self.packages.register(key, &module, is_std)
            })
            .collect()
    }

    fn read_package(&self, id: PackageId, slot: &Slot) -> Package {
        let key = &slot.key;
        let files = self.source_files(
            &key.path,
            &key.source,
            self.reads_tests(key.build, &key.source),
        );
        let primary = primary_name(&files);
        let mut package = empty(id, key, &slot.module, slot.is_std);
        let files = files
            .iter()
            .filter(|file| kind_of(file, &primary) == key.kind)
            .cloned()
            .collect();
        package.index = self.sources.indices.get(&package.known_path(), files);
        package.answers = Answers::nothing(&package.index);
        package.name = match &key.kind {
            PackageKind::Primary => primary,
            PackageKind::ExternalTest => SmolStr::new(format!("{primary}_test")),
            PackageKind::Other(name) => name.clone(),
        };
        package
    }

    /// Finds a package by import path, as a file of `importer` sees it.
    pub(crate) fn import(&self, importer: &Package, path: &str) -> Option<PackageId> {
        match self.find_import(importer, path) {
            Import::Found(found) => Some(self.register_found(importer, found)),
            _ => None,
        }
    }

    fn find_import(&self, importer: &Package, path: &str) -> Import {
        let dir = match &importer.source {
            Source::Folder(dir) => Some(dir.as_path()),
            Source::Shipped => None,
        };
        match self.builds.get(importer.build) {
            Some(build) => build.import(&self.ground(), dir, path),
            None => Import::MissingPackage,
        }
    }

    fn register_found(&self, importer: &Package, found: Found) -> PackageId {
        let key = PackageKey {
            // The standard library imports nothing outside of it and is the same for every build.
            build: if found.is_std {
                STD_BUILD
            } else {
                importer.build
            },
            path: Arc::from(original_path(&found.path)),
            source: found.source,
            kind: PackageKind::Primary,
        };
        let is_std = found.is_std;
        let id = self.packages.register(key, &found.module, is_std);
        if !is_std {
            let lock = self.imports.lock();
            lock.unwrap_or_else(PoisonError::into_inner)
                .insert((importer.id, id));
        }
        id
    }

    /// The module of a package, which is not read for it.
    pub fn module_of(&self, id: PackageId) -> Option<&Module> {
        self.packages.slot(id).map(|slot| &*slot.module)
    }

    /// Whether a package is one of the standard library; it is not read for it.
    pub fn is_of_std(&self, id: PackageId) -> bool {
        self.packages.slot(id).is_some_and(|slot| slot.is_std)
    }

    /// What tells a package from others of the program, in any run; it is not read for it.
    pub fn place_of(&self, id: PackageId) -> String {
        self.packages
            .slot(id)
            .map(|slot| format!("{:?}", slot.key))
            .unwrap_or_default()
    }

    /// The folder that a package's files lie in; it is not read for it.
    pub fn folder_of(&self, id: PackageId) -> Option<&Path> {
        match &self.packages.slot(id)?.key.source {
            Source::Folder(dir) => Some(dir),
            Source::Shipped => None,
        }
    }

    /// What an import of a file leads to.
    pub(crate) fn import_target<'p>(
        &self,
        package: &'p Package,
        import: &'p ImportDecl,
    ) -> &'p ImportTarget {
        let targets = &package.answers.import_targets;
        let Some(target) = targets.get(import.number as usize) else {
            return &ImportTarget::Missing;
        };
        target.get_or_init(|| match &*import.path {
            "unsafe" => ImportTarget::Unsafe,
            "C" => ImportTarget::Missing,
            path => match self.import(package, path) {
                Some(id) => ImportTarget::Package(id),
                None => ImportTarget::Missing,
            },
        })
    }

    /// What is missing or broken for a package that is checked.
    pub(crate) fn problems_of(&self, package: &Package) -> Vec<Problem> {
        let mut problems = Vec::new();
        for (file, imports) in package.files().iter().zip(&package.index.imports) {
            if let Some(error) = file.outline.errors.first() {
                let line = file.line_column(error.offset).line;
                let what = format!("{}: {}", self.relative(&file.path).display(), error.message);
                problems.push(Problem::new(ProblemKind::Syntax, what).at(file.path.clone(), line));
            }
            for import in imports {
                let here = || (file.path.clone(), file.line_column(import.span.start).line);
                match self.find_import(package, &import.path) {
                    Import::Found(_) | Import::Pseudo => {}
                    Import::MissingModule {
                        module,
                        required_at,
                    } => {
                        let what = format!("{}@{}", module.path, module.version);
                        let (file, line) = required_at.unwrap_or_else(here);
                        problems
                            .push(Problem::new(ProblemKind::MissingModule, what).at(file, line));
                    }
                    Import::MissingPackage => {
                        let (file, line) = here();
                        let what = import.path.to_string();
                        problems
                            .push(Problem::new(ProblemKind::MissingPackage, what).at(file, line));
                    }
                }
            }
        }
        problems
    }
}
