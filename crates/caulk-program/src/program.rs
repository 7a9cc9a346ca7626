//! The whole: what is checked, and every question that can be asked of it.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use caulk_system::{Digest, Files};
use rayon::prelude::*;
use rustc_hash::FxHashMap;

use crate::body::BodyOwner;
use crate::inventory::{self, Folder, Inventory};
use crate::load::{FolderSources, PackageTable};
use crate::package::{Func, FuncId, Package, PackageId, ScopeEntry, SourceFile};
use crate::problem::{self, Problem};
use crate::resolve::{
    Build, Folders, GoEnv, LATEST_GO_MINOR, ModFiles, Module, Platform, RootFolder, Roots,
    STD_BUILD,
};
use crate::std_outline;
use crate::types::{KeptBodies, LocalType, NamedId, Names, TypeId, TypeTable};

/// What a program is loaded for.
#[derive(Clone)]
pub struct Options {
    /// Platform and tags of the build.
    pub platform: Platform,
    /// Where Go and its caches are.
    pub env: GoEnv,
    /// What relative paths start from.
    pub current_dir: PathBuf,
    /// Whether test files of the packages that are checked are read too.
    pub tests: bool,
    /// What is known of functions whose source is missing.
    pub known_types: Option<Arc<dyn KnownTypes>>,
    /// Whether the shipped outline stands for an installed standard library of the same release: there is less to read, but
    /// no bodies of its functions. Not where packages of that installation are asked for.
    pub std_outline: bool,
}

impl Options {
    /// The options that a Go installation implies: its release, `GOOS`, `GOARCH`, and the tags of `GOFLAGS`.
    pub fn new(env: GoEnv, current_dir: PathBuf) -> Options {
        let mut platform = Platform::default();
        if let Some(goos) = &env.goos {
            platform.goos.clone_from(goos);
        }
        if let Some(goarch) = &env.goarch {
            platform.goarch.clone_from(goarch);
        }
        if let Some(minor) = env.goroot_minor {
            platform.go_minor = minor;
        }
        platform.tags = env.tags();
        Options {
            platform,
            env,
            current_dir,
            tests: true,
            known_types: None,
            std_outline: false,
        }
    }

    /// Whether the shipped outline says of the standard library what the installed one would.
    fn outline_is_enough(&self, roots: &Roots) -> bool {
        self.std_outline
            && self.env.goroot_minor == Some(LATEST_GO_MINOR)
            && std_outline::is_of_platform(&self.platform)
            && roots.folders.iter().all(|root| root.build != STD_BUILD)
    }
}

/// What a catalogue knows of functions, variables and fields whose source is not on this machine.
pub trait KnownTypes: Send + Sync {
    /// The result types of a function by its canonical name, as Go types with full package paths, such as
    /// `*cloud.google.com/go/pubsub.Client` and `error`.
    fn results_of(&self, func: &str) -> Option<Vec<String>>;

    /// The type of a variable of a package, or of a field of a type, by its canonical name: `example.com/m.Default`,
    /// `example.com/m.Client.Files`.
    fn type_of(&self, name: &str) -> Option<String>;
}

/// Packages with what their names mean, read as they are asked for.
pub struct Program {
    pub(crate) files: Arc<dyn Files>,
    pub(crate) options: Options,
    pub(crate) folders: Arc<Folders>,
    pub(crate) mod_files: Arc<ModFiles>,
    pub(crate) builds: Vec<Build>,
    pub(crate) std_module: Arc<Module>,
    /// Whether the standard library is read from the outline.
    pub(crate) std_is_shipped: bool,
    pub(crate) packages: PackageTable,
    pub(crate) sources: FolderSources,
    pub(crate) types: TypeTable,
    pub(crate) names: Names,
    pub(crate) local_types: Mutex<HashMap<NamedId, LocalType>>,
    pub(crate) kept_bodies: KeptBodies,
    /// Folders of an earlier run that are the same, by path.
    pub(crate) known_folders: BTreeMap<PathBuf, Folder>,
    /// What was found for an import, by who asked; not within the standard library.
    pub(crate) imports: Mutex<BTreeSet<(PackageId, PackageId)>>,
    /// Whether it was loaded with what an earlier run knows.
    knows_inventory: bool,
    patterns: Vec<PathBuf>,
    roots: Vec<RootFolder>,
    /// Indexes into `roots` by path.
    root_at: FxHashMap<PathBuf, usize>,
    problems_of_roots: Vec<Problem>,
    asked: OnceLock<Asked>,
}

/// The packages that were asked for, and what is wrong with them.
struct Asked {
    packages: Vec<PackageId>,
    problems: Vec<Problem>,
    /// Of the packages of each folder that was asked for.
    problems_by_root: Vec<Vec<Problem>>,
}

/// What an earlier run knows of a build, and the folders that have changed since.
pub(crate) struct KnownBuild<'a> {
    pub inventory: &'a Inventory,
    pub changed: &'a BTreeSet<PathBuf>,
}

impl Program {
    /// Finds the packages that `patterns` stand for: folders, Go files, or `DIR/...` for all folders below.
    pub fn load(files: Arc<dyn Files>, options: Options, patterns: &[PathBuf]) -> Program {
        let sources = FolderSources::over(files.clone());
        Program::with_sources(files, options, patterns, sources, None).read()
    }

    /// The same, without reading folders that are known and have not changed until something in them is asked for.
    pub(crate) fn load_known(
        files: Arc<dyn Files>,
        options: Options,
        patterns: &[PathBuf],
        known: Option<KnownBuild<'_>>,
    ) -> Program {
        let sources = FolderSources::over(files.clone());
        Program::with_sources(files, options, patterns, sources, known).read()
    }

    /// The same program over edited files: only folders with a file in `changed` are read again.
    ///
    /// `files` is what the program was loaded over with the edits laid on top.
    pub fn reload(&self, files: Arc<dyn Files>, changed: &[PathBuf]) -> Program {
        let sources = self.sources.without(changed, files.clone());
        let patterns = &self.patterns;
        Program::with_sources(files, self.options.clone(), patterns, sources, None).read()
    }

    /// Other files of the same tree, for another platform; what both take is parsed once. Its packages are read when they are
    /// asked for, so that nothing of it is held while those before it are checked.
    pub(crate) fn another_build(
        &self,
        options: Options,
        patterns: &[PathBuf],
        known: Option<KnownBuild<'_>>,
    ) -> Program {
        let sources = self.sources.of_another_build();
        Program::with_sources(self.files.clone(), options, patterns, sources, known)
    }

    fn with_sources(
        files: Arc<dyn Files>,
        options: Options,
        patterns: &[PathBuf],
        sources: FolderSources,
        known: Option<KnownBuild<'_>>,
    ) -> Program {
        let folders = sources.listings.clone();
        let roots = Roots::find(
            &*files,
            &options.env,
            &folders,
            &options.current_dir,
            patterns,
        );
        let std_is_shipped = options.env.goroot.is_none() || options.outline_is_enough(&roots);
        let std_module = Arc::new(Module {
            path: "std".to_owned(),
            version: String::new(),
            dir: options.env.goroot.as_ref().map(|root| root.join("src")),
            go_minor: Some(options.platform.go_minor),
            godebug: Vec::new(),
            is_main: false,
        });
        let mut program = Program {
            files,
            options,
            folders,
            mod_files: sources.mod_files.clone(),
            builds: roots.builds,
            std_module,
            std_is_shipped,
            packages: PackageTable::new(),
            sources,
            types: TypeTable::new(),
            names: Names::new(),
            local_types: Mutex::default(),
            kept_bodies: KeptBodies::default(),
            known_folders: BTreeMap::new(),
            imports: Mutex::default(),
            knows_inventory: false,
            patterns: patterns.to_vec(),
            root_at: roots
                .folders
                .iter()
                .map(|root| root.dir.clone())
                .zip(0..)
                .collect(),
            roots: roots.folders,
            problems_of_roots: roots.problems,
            asked: OnceLock::new(),
        };
        if let Some(known) = known {
            program.know(&known);
        }
        program
    }

    /// Takes over what is known of folders that have not changed, and the ids of all packages.
    fn know(&mut self, known: &KnownBuild<'_>) {
        let is_renumbered = |root: &RootFolder| {
            let folder = known.inventory.folders.get(&root.dir);
            folder.is_some_and(|folder| folder.build != root.build)
        };
        if self.roots.iter().any(is_renumbered) {
            return;
        }
        self.knows_inventory = true;
        self.packages.register_known(known.inventory);
        self.known_folders = self
            .roots
            .iter()
            .filter(|root| !known.changed.contains(&root.dir))
            .filter_map(|root| {
                let folder = known.inventory.folders.get(&root.dir)?;
                folder
                    .is_of(root)
                    .then(|| (root.dir.clone(), folder.clone()))
            })
            .collect();
        let changed = known.inventory.packages_in(known.changed);
        let imports = known.inventory.imports.iter();
        let imports = imports.filter(|(importer, _)| !changed.contains(importer));
        self.imports = Mutex::new(imports.copied().collect());
    }

    fn read(self) -> Program {
        self.asked();
        self
    }

    fn asked(&self) -> &Asked {
        self.asked.get_or_init(|| self.find_asked())
    }

    fn find_asked(&self) -> Asked {
        let found: Vec<(Vec<PackageId>, Vec<Problem>)> = {
            let kinds: Vec<_> = self
                .roots
                .par_iter()
                .map(|root| self.root_kinds(root))
                .collect();
            let packages: Vec<_> = self
                .roots
                .iter()
                .zip(kinds)
                .map(|(root, kinds)| (root, self.register_root(root, kinds)))
                .collect();
            packages
                .into_par_iter()
                .map(|(root, packages)| {
                    let problems = match self.known_folders.get(&root.dir) {
                        Some(known) => known.problems.clone(),
                        None => packages
                            .iter()
                            .flat_map(|package| self.problems_of(self.package(*package)))
                            .collect(),
                    };
                    (packages, problems)
                })
                .collect()
        };
        let mut problems = self.problems_of_roots.clone();
        problems.extend(self.roots.iter().flat_map(|root| self.excluded_files(root)));
        let mut all = Vec::new();
        let mut problems_by_root = Vec::new();
        for (packages, found) in found {
            all.extend(packages);
            problems.extend(found.iter().cloned());
            problems_by_root.push(found);
        }
        Asked {
            packages: all,
            problems: problem::merge(problems),
            problems_by_root,
        }
    }

    /// Whether it was loaded with what an earlier run knows of it, and packages have the ids that they had there.
    pub fn knows_inventory(&self) -> bool {
        self.knows_inventory
    }

    /// The folders that were not asked for in the same way in an earlier run, and those that were asked for there alone.
    pub fn asked_otherwise(&self, before: &Inventory) -> BTreeSet<PathBuf> {
        let is_same = |dir: &&PathBuf| match (before.folders.get(*dir), self.root(dir)) {
            (Some(folder), Some(root)) => folder.is_of(root),
            _ => false,
        };
        let roots = self.roots.iter().map(|root| &root.dir);
        let all = roots.chain(before.folders.keys());
        all.filter(|dir| !is_same(dir)).cloned().collect()
    }

    fn declarations(&self, root: &RootFolder) -> Vec<(PathBuf, Digest)> {
        let files = self.root_sources(root);
        let declarations =
            |file: &Arc<SourceFile>| inventory::declarations(&file.outline, &file.bytes());
        files
            .iter()
            .map(|file| (file.path.clone(), declarations(file)))
            .collect()
    }

    /// What there is, for a later run.
    pub fn inventory(&self) -> Inventory {
        let folders = self
            .roots
            .par_iter()
            .zip(&self.asked().problems_by_root)
            .map(|(root, problems)| {
                let folder = match self.known_folders.get(&root.dir) {
                    Some(known) => known.clone(),
                    None => Folder {
                        build: root.build,
                        only: root.only.clone(),
                        listed: inventory::listed(&self.folders.list(&*self.files, &root.dir)),
                        files: self.declarations(root),
                        kinds: self.root_kinds(root),
                        problems: problems.clone(),
                    },
                };
                (root.dir.clone(), folder)
            })
            .collect();
        let (packages, modules) = self.packages.registered();
        let imports = self.imports.lock();
        Inventory {
            platform: self.options.platform.clone(),
            folders,
            modules,
            packages,
            imports: imports.unwrap_or_else(PoisonError::into_inner).clone(),
        }
    }

    /// What was missing or broken for the packages that are checked, sorted.
    pub fn problems(&self) -> &[Problem] {
        &self.asked().problems
    }

    /// The packages that were asked for, sorted by folder.
    pub fn check_packages(&self) -> &[PackageId] {
        &self.asked().packages
    }

    /// Whether a file was asked for: a path to a single file selects that file of its package alone.
    pub fn is_asked_for(&self, file: &SourceFile) -> bool {
        let root = file.path.parent().and_then(|dir| self.root(dir));
        root.is_some_and(|root| {
            root.only
                .as_ref()
                .is_none_or(|only| only.contains(&file.path))
        })
    }

    /// The folders that were asked for, by path.
    pub(crate) fn roots(&self) -> &[RootFolder] {
        &self.roots
    }

    /// Takes in what was found to be missing or broken after the files had been read.
    pub(crate) fn add_problems(&mut self, found: Vec<Problem>) {
        if let Some(asked) = self.asked.get_mut() {
            asked.problems.extend(found);
            asked.problems = problem::merge(std::mem::take(&mut asked.problems));
        }
    }

    /// Drops problems that another build of the same tree does not have.
    pub(crate) fn forget(&mut self, gone: impl Fn(&Problem) -> bool) {
        if let Some(asked) = self.asked.get_mut() {
            asked.problems.retain(|problem| !gone(problem));
        }
    }

    /// The folder that was asked for at this path.
    pub(crate) fn root(&self, dir: &Path) -> Option<&RootFolder> {
        self.roots.get(*self.root_at.get(dir)?)
    }

    /// What the program was loaded for.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// The function with this id.
    pub fn func(&self, id: FuncId) -> Option<&Func> {
        self.package(id.package).func(id)
    }

    /// The file that declares a function.
    pub fn file_of(&self, id: FuncId) -> Option<&Arc<SourceFile>> {
        let package = self.package(id.package);
        package.file_of(package.func(id)?)
    }

    /// A function by its canonical name, as `from` would import its package.
    pub fn find_func(&self, from: PackageId, name: &str) -> Option<FuncId> {
        // The last element of an import path may have dots of its own: `nats.go.Connect`, `yaml.v3.Node.Decode`.
        let (rest, func) = split_last(name)?;
        if let Some(package) = self.find_package(from, rest) {
            let package = self.package(package);
            return match package.index.scope.get(func)? {
                ScopeEntry::Func(index) => Some(FuncId {
                    package: package.id,
                    index: *index,
                }),
                _ => None,
            };
        }
        let (path, receiver) = split_last(rest)?;
        let package = self.package(self.find_package(from, path)?);
        Some(package.id_of(package.method_of(receiver, func)?))
    }

    /// A package by import path, as `from` would import it.
    pub fn find_package(&self, from: PackageId, path: &str) -> Option<PackageId> {
        let importer = self.package(from);
        if importer.path() == path {
            return Some(from);
        }
        self.import(importer, path)
    }

    /// The bodies of a package: its functions', then its variables'.
    pub fn owners(&self, package: PackageId) -> Vec<BodyOwner> {
        let package = self.package(package);
        let funcs = package
            .funcs()
            .iter()
            .map(|func| package.id_of(func))
            .map(BodyOwner::Func);
        let initializers = (0..package.initializers().len())
            .map(|i| BodyOwner::Initializer(package.id(), i as u32));
        funcs.chain(initializers).collect()
    }

    /// A type in Go's notation with full package paths, such as `*net/http.Response`.
    pub fn type_string(&self, ty: TypeId) -> String {
        crate::types::type_string(self, ty)
    }

    /// A path relative to the folder that relative paths start from, where it lies below it.
    pub fn relative<'a>(&self, path: &'a Path) -> &'a Path {
        path.strip_prefix(&self.options.current_dir).unwrap_or(path)
    }

    /// The package with this id, read if it was not yet.
    pub fn package(&self, id: PackageId) -> &Package {
        self.packages.get(self, id)
    }
}

/// Splits `pkg/path.Name` before its last element.
pub(crate) fn split_last(name: &str) -> Option<(&str, &str)> {
    name.rsplit_once('.')
        .filter(|(_, last)| !last.is_empty() && !last.contains('/'))
}
