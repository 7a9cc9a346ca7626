//! The whole: what is checked, and every question that can be asked of it.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use caulk_system::Files;
use rayon::prelude::*;

use crate::body::BodyOwner;
use crate::load::{FolderSources, PackageTable};
use crate::package::{Func, FuncId, Package, PackageId, ScopeEntry, SourceFile};
use crate::problem::{self, Problem};
use crate::resolve::{Build, Folders, GoEnv, ModFiles, Module, Platform, RootFolder, Roots};
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
        }
    }
}

/// What a catalogue knows of functions whose source is not on this machine.
pub trait KnownTypes: Send + Sync {
    /// The result types of a function by its canonical name, as Go types with full package paths, such as
    /// `*cloud.google.com/go/pubsub.Client` and `error`.
    fn results_of(&self, func: &str) -> Option<Vec<String>>;
}

/// Packages with what their names mean, read as they are asked for.
pub struct Program {
    pub(crate) files: Arc<dyn Files>,
    pub(crate) options: Options,
    pub(crate) folders: Folders,
    pub(crate) mod_files: ModFiles,
    pub(crate) builds: Vec<Build>,
    pub(crate) std_module: Arc<Module>,
    pub(crate) packages: PackageTable,
    pub(crate) sources: FolderSources,
    pub(crate) types: TypeTable,
    pub(crate) names: Names,
    pub(crate) local_types: Mutex<HashMap<NamedId, LocalType>>,
    pub(crate) kept_bodies: KeptBodies,
    patterns: Vec<PathBuf>,
    roots: Vec<RootFolder>,
    check: Vec<PackageId>,
    problems: Vec<Problem>,
}

impl Program {
    /// Finds the packages that `patterns` stand for: folders, Go files, or `DIR/...` for all folders below.
    pub fn load(files: Arc<dyn Files>, options: Options, patterns: &[PathBuf]) -> Program {
        Program::with_sources(files, options, patterns, FolderSources::default())
    }

    /// The same program over edited files: only folders with a file in `changed` are read again.
    ///
    /// `files` is what the program was loaded over with the edits laid on top.
    pub fn reload(&self, files: Arc<dyn Files>, changed: &[PathBuf]) -> Program {
        let sources = self.sources.without(changed);
        Program::with_sources(files, self.options.clone(), &self.patterns, sources)
    }

    /// Other files of the same tree, for another platform; what both take is parsed once.
    pub(crate) fn another_build(&self, options: Options, patterns: &[PathBuf]) -> Program {
        let sources = self.sources.of_another_build();
        Program::with_sources(self.files.clone(), options, patterns, sources)
    }

    fn with_sources(
        files: Arc<dyn Files>,
        options: Options,
        patterns: &[PathBuf],
        sources: FolderSources,
    ) -> Program {
        let folders = Folders::default();
        let roots = Roots::find(
            &*files,
            &options.env,
            &folders,
            &options.current_dir,
            patterns,
        );
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
            mod_files: ModFiles::default(),
            builds: roots.builds,
            std_module,
            packages: PackageTable::new(),
            sources,
            types: TypeTable::new(),
            names: Names::new(),
            local_types: Mutex::default(),
            kept_bodies: KeptBodies::default(),
            patterns: patterns.to_vec(),
            roots: roots.folders,
            check: Vec::new(),
            problems: roots.problems,
        };
        program.find_check_packages();
        program
    }

    fn find_check_packages(&mut self) {
        let this = &*self;
        let kinds: Vec<Vec<PackageId>> = {
            let folders: Vec<_> = this
                .roots
                .par_iter()
                .map(|root| this.root_sources(root))
                .collect();
            this.roots
                .iter()
                .zip(folders)
                .map(|(root, sources)| this.register_root(root, &sources))
                .collect()
        };
        let check: Vec<PackageId> = kinds.into_iter().flatten().collect();
        let found: Vec<Vec<Problem>> = check
            .par_iter()
            .map(|package| this.problems_of(this.package(*package)))
            .collect();
        let mut problems = std::mem::take(&mut self.problems);
        problems.extend(self.roots.iter().flat_map(|root| self.excluded_files(root)));
        problems.extend(found.into_iter().flatten());
        self.problems = problem::merge(problems);
        self.check = check;
    }

    /// What was missing or broken for the packages that are checked, sorted.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// The packages that were asked for, sorted by folder.
    pub fn check_packages(&self) -> &[PackageId] {
        &self.check
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

    /// Drops problems that another build of the same tree does not have.
    pub(crate) fn forget(&mut self, gone: impl Fn(&Problem) -> bool) {
        self.problems.retain(|problem| !gone(problem));
    }

    /// The folder that was asked for at this path.
    pub(crate) fn root(&self, dir: &Path) -> Option<&RootFolder> {
        let index = self
            .roots
            .binary_search_by(|root| root.dir.as_path().cmp(dir))
            .ok()?;
        self.roots.get(index)
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
            return match package.scope.get(func)? {
                ScopeEntry::Func(index) => Some(FuncId {
                    package: package.id,
                    index: *index,
                }),
                _ => None,
            };
        }
        let (path, receiver) = split_last(rest)?;
        let package = self.package(self.find_package(from, path)?);
        package
            .methods_of(receiver)
            .find(|method| method.name == func)?
            .reference
            .id
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
            .filter_map(|func| func.reference.id)
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
