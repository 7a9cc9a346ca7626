//! From an import path to a folder, as one build sees it.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use caulk_system::Files;
use serde::{Deserialize, Serialize};

use super::environment::GoEnv;
use super::folders::Folders;
use super::modfile::{ModuleVersion, VendoredModule, parse_vendor_list};
use super::module::{
    MainModule, ModFiles, Module, Replacements, Requirements, Selected, read_text,
};

/// A set of modules that are built together: a main module, a workspace, a tree without `go.mod`, or the standard library.
#[derive(Debug)]
pub(crate) struct Build {
    pub kind: BuildKind,
    pub mains: Vec<MainModule>,
    main_modules: Vec<Arc<Module>>,
    replacements: Replacements,
    vendor: Option<Vendor>,
    /// What the packages of a tree's `vendor` folders belong to.
    vendored: Arc<Module>,
    direct: OnceLock<BTreeMap<String, Located>>,
    graph: OnceLock<BTreeMap<String, Located>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BuildKind {
    Std,
    Modules,
    /// A tree without `go.mod`: `vendor` folders, then the roots.
    GoPath,
}

#[derive(Debug)]
struct Vendor {
    dir: PathBuf,
    packages: HashMap<String, Arc<Module>>,
}

/// Where a tree without `go.mod` can have a GOPATH of its own, with the dependencies that it brings along.
pub(crate) const VENDOR_SRC: &str = "vendor/src";

/// A selected module; its folder is looked for when a package of it is.
#[derive(Debug)]
struct Located {
    selected: Selected,
    module: OnceLock<Arc<Module>>,
}

/// Where a package's source is.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Source {
    /// A folder of files.
    Folder(PathBuf),
    /// The outline of the standard library that caulk ships.
    Shipped,
}

/// An import path, found.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    pub path: String,
    pub source: Source,
    pub module: Arc<Module>,
    /// Whether it belongs to the standard library, whatever the build that imports it.
    pub is_std: bool,
}

/// What an import path leads to.
#[derive(Clone, Debug)]
pub(crate) enum Import {
    Found(Found),
    /// `C` and `unsafe` have no source.
    Pseudo,
    /// A module is selected, but its source is not on this machine.
    MissingModule {
        module: ModuleVersion,
        required_at: Option<(PathBuf, u32)>,
    },
    /// No module provides it, or the one that should does not have it.
    MissingPackage,
}

/// What all builds share.
pub(crate) struct Ground<'a> {
    pub files: &'a dyn Files,
    pub env: &'a GoEnv,
    pub folders: &'a Folders,
    pub mod_files: &'a ModFiles,
    /// Whether the standard library is read from the shipped outline.
    pub std_is_shipped: bool,
    /// Whether the shipped outline has a package.
    pub shipped: &'a dyn Fn(&str) -> bool,
    pub std_module: &'a Arc<Module>,
}

impl Ground<'_> {
    fn has_package(&self, dir: &Path) -> bool {
        self.folders.has_go_files(self.files, dir)
    }

    fn found(&self, path: &str, dir: PathBuf, module: &Arc<Module>) -> Import {
        Import::Found(Found {
            path: path.to_owned(),
            source: Source::Folder(dir),
            module: module.clone(),
            is_std: false,
        })
    }

    /// A package of the standard library; `from_std` says that it is imported from there, where vendored ones are seen too.
    fn std_package(&self, path: &str, from_std: bool) -> Option<Found> {
        let std = |path: &str, source| Found {
            path: path.to_owned(),
            source,
            module: self.std_module.clone(),
            is_std: true,
        };
        if self.std_is_shipped {
            if from_std {
                let vendored = format!("vendor/{path}");
                if (self.shipped)(&vendored) {
                    return Some(std(&vendored, Source::Shipped));
                }
            }
            if (self.shipped)(path) {
                return Some(std(path, Source::Shipped));
            }
        }
        let src = self.env.goroot.as_ref()?.join("src");
        let vendored = src.join("vendor").join(path);
        if from_std && self.has_package(&vendored) {
            return Some(std(&format!("vendor/{path}"), Source::Folder(vendored)));
        }
        let dir = src.join(path);
        (has_std_form(path) && self.has_package(&dir)).then(|| std(path, Source::Folder(dir)))
    }
}

/// Whether an import path may be one of the standard library: no dot in its first element, and not the go command's own
/// module, which lives beside it.
fn has_std_form(path: &str) -> bool {
    let first = path.split('/').next().unwrap_or("");
    !first.is_empty() && !first.contains('.') && first != "cmd"
}

impl Build {
    pub fn std() -> Build {
        Build::new(BuildKind::Std, Vec::new(), Replacements::default(), None)
    }

    /// A tree without `go.mod`: each root is a folder and the import path it stands for (empty below a GOPATH's `src`).
    pub fn go_path(roots: Vec<(PathBuf, String)>) -> Build {
        let mains = roots
            .into_iter()
            .map(|(dir, path)| MainModule {
                path,
                dir,
                file: Default::default(),
            })
            .collect();
        Build::new(BuildKind::GoPath, mains, Replacements::default(), None)
    }

    /// A main module, or the modules of a workspace with the replacements of its `go.work`.
    pub fn modules(
        files: &dyn Files,
        env: &GoEnv,
        mains: Vec<MainModule>,
        workspace: Option<(&Path, &super::modfile::ModFile)>,
    ) -> Build {
        let mut replacements = Replacements::default();
        if let Some((dir, file)) = workspace {
            replacements.add(dir, &file.replace);
        }
        for main in &mains {
            replacements.add(&main.dir, &main.file.replace);
        }
        let vendor_parent = workspace
            .map(|(dir, _)| dir)
            .or(mains.first().map(|m| m.dir.as_path()));
        let vendor = vendor_parent
            .filter(|_| env.flag("mod").is_none_or(|mode| mode == "vendor"))
            .and_then(|dir| Vendor::read(files, &dir.join("vendor")));
        Build::new(BuildKind::Modules, mains, replacements, vendor)
    }

    fn new(
        kind: BuildKind,
        mains: Vec<MainModule>,
        replacements: Replacements,
        vendor: Option<Vendor>,
    ) -> Build {
        let main_modules = mains
            .iter()
            .map(|main| {
                Arc::new(Module {
                    path: main.path.clone(),
                    version: String::new(),
                    dir: Some(main.dir.clone()),
                    go_minor: main.file.go,
                    godebug: main.file.godebug.clone(),
                    is_main: !main.dir.ends_with(VENDOR_SRC),
                })
            })
            .collect();
        Build {
            kind,
            mains,
            main_modules,
            replacements,
            vendor,
            vendored: Arc::default(),
            direct: OnceLock::new(),
            graph: OnceLock::new(),
        }
    }

    /// Module and import path of a folder of one of the main modules.
    pub fn main_package(&self, dir: &Path) -> Option<(Arc<Module>, String)> {
        self.mains
            .iter()
            .zip(&self.main_modules)
            .filter_map(|(main, module)| {
                let rest = dir.strip_prefix(&main.dir).ok()?;
                Some((
                    main.dir.as_os_str().len(),
                    module,
                    join_path(&main.path, rest),
                ))
            })
            .max_by_key(|(len, _, _)| *len)
            .map(|(_, module, path)| (module.clone(), path))
    }

    /// Finds the package that `path` names in a file of `importer_dir`.
    pub fn import(&self, ground: &Ground<'_>, importer_dir: Option<&Path>, path: &str) -> Import {
        if matches!(path, "C" | "unsafe") {
            return Import::Pseudo;
        }
        match self.kind {
            BuildKind::Std => ground
                .std_package(path, true)
                .map_or(Import::MissingPackage, Import::Found),
            BuildKind::GoPath => self.import_go_path(ground, importer_dir, path),
            BuildKind::Modules => self.import_module(ground, path),
        }
    }

    fn import_go_path(
        &self,
        ground: &Ground<'_>,
        importer_dir: Option<&Path>,
        path: &str,
    ) -> Import {
        if let Some(found) = ground.std_package(path, false) {
            return Import::Found(found);
        }
        let roots = || self.mains.iter().zip(&self.main_modules);
        if let Some(dir) = importer_dir {
            if path.starts_with("./") || path.starts_with("../") {
                let target = caulk_system::normalize(&dir.join(path));
                return match self.main_package(&target) {
                    Some((module, path)) if ground.has_package(&target) => {
                        ground.found(&path, target, &module)
                    }
                    _ => Import::MissingPackage,
                };
            }
            for main in &self.mains {
                for folder in dir
                    .ancestors()
                    .take_while(|folder| folder.starts_with(&main.dir))
                {
                    let vendored = folder.join("vendor").join(path);
                    if ground.has_package(&vendored) {
                        return ground.found(path, vendored, &self.vendored);
                    }
                }
            }
        }
        for (main, module) in roots() {
            if let Some(rest) = strip_module(path, &main.path) {
                let dir = main.dir.join(rest);
                if ground.has_package(&dir) {
                    return ground.found(path, dir, module);
                }
            }
        }
        importer_dir
            .and_then(|dir| self.import_renamed(ground, dir, path))
            .unwrap_or(Import::MissingPackage)
    }

    /// A package of the importer's own repository, where that has moved, or is a fork, and goes by its old path:
    /// what follows the name of its folder in the path is there.
    fn import_renamed(
        &self,
        ground: &Ground<'_>,
        importer_dir: &Path,
        path: &str,
    ) -> Option<Import> {
        let parts: Vec<&str> = path.split('/').collect();
        importer_dir.ancestors().find_map(|folder| {
            let name = folder.file_name()?.to_str()?;
            let at = parts
                .iter()
                .position(|part| *part == name)
                .filter(|at| *at > 0)?;
            let rest = parts.get(at + 1..).filter(|rest| !rest.is_empty())?;
            let dir = rest
                .iter()
                .fold(folder.to_owned(), |dir, part| dir.join(part));
            let (module, path) = self
                .main_package(&dir)
                .filter(|(module, _)| module.is_main)?;
            ground
                .has_package(&dir)
                .then(|| ground.found(&path, dir, &module))
        })
    }

    fn import_module(&self, ground: &Ground<'_>, path: &str) -> Import {
        // A main module may itself be a checkout of the standard library, whose module is called `std`.
        let mains = || self.mains.iter().zip(&self.main_modules);
        if mains().all(|(main, _)| main.path != "std")
            && let Some(found) = ground.std_package(path, false)
        {
            return Import::Found(found);
        }
        let main = mains()
            .filter_map(|(main, module)| {
                let prefix = if main.path == "std" { "" } else { &main.path };
                let rest = strip_module(path, prefix)?;
                [main.dir.join(rest), main.dir.join("vendor").join(path)]
                    .into_iter()
                    .take(if prefix.is_empty() { 2 } else { 1 })
                    .find(|dir| ground.has_package(dir))
                    .map(|dir| (prefix.len(), dir, module))
            })
            .max_by_key(|(len, _, _)| *len);
        if let Some((_, dir, module)) = main {
            return ground.found(path, dir, module);
        }
        if let Some(vendor) = &self.vendor {
            let dir = vendor.dir.join(path);
            if let Some(module) = vendor.packages.get(path)
                && ground.has_package(&dir)
            {
                return ground.found(path, dir, module);
            }
        }
        if self.requirements(ground).is_pruned() && self.mains.len() == 1 {
            let import = self.import_from(ground, self.direct(ground), path);
            // A tidy `go.mod` names every module that its packages need; only one that is not asks for the graph.
            if !matches!(import, Import::MissingPackage) {
                return import;
            }
        }
        self.import_from(ground, self.graph(ground), path)
    }

    /// The longest selected module path that leads to Go files wins.
    fn import_from(
        &self,
        ground: &Ground<'_>,
        modules: &BTreeMap<String, Located>,
        path: &str,
    ) -> Import {
        let mut missing = None;
        let prefixes = std::iter::successors(Some(path), |p| p.rfind('/').and_then(|i| p.get(..i)));
        for prefix in prefixes {
            let Some(located) = modules.get(prefix) else {
                continue;
            };
            let module = self.locate(ground, located);
            let rest = strip_module(path, prefix).unwrap_or("");
            match &module.dir {
                Some(dir) => {
                    let dir = if rest.is_empty() {
                        dir.clone()
                    } else {
                        dir.join(rest)
                    };
                    if ground.has_package(&dir) {
                        return ground.found(path, dir, module);
                    }
                }
                None => {
                    missing.get_or_insert(&located.selected);
                }
            }
        }
        match missing {
            Some(selected) => Import::MissingModule {
                module: selected.module.clone(),
                required_at: selected.required_at.clone(),
            },
            None => Import::MissingPackage,
        }
    }

    fn requirements<'a>(&'a self, ground: &'a Ground<'_>) -> Requirements<'a> {
        Requirements {
            files: ground.files,
            mod_files: ground.mod_files,
            cache: ground.env.gomodcache.as_deref(),
            mains: &self.mains,
            replacements: &self.replacements,
        }
    }

    fn direct(&self, ground: &Ground<'_>) -> &BTreeMap<String, Located> {
        self.direct
            .get_or_init(|| located(self.requirements(ground).direct()))
    }

    fn graph(&self, ground: &Ground<'_>) -> &BTreeMap<String, Located> {
        self.graph
            .get_or_init(|| located(self.requirements(ground).graph()))
    }

    fn locate<'a>(&self, ground: &Ground<'_>, located: &'a Located) -> &'a Arc<Module> {
        located.module.get_or_init(|| {
            let module = &located.selected.module;
            let dir = self
                .replacements
                .source(module, ground.env.gomodcache.as_deref())
                .filter(|dir| ground.files.is_dir(dir));
            let go_minor = dir
                .as_ref()
                .and_then(|dir| read_text(ground.files, &dir.join("go.mod")))
                .and_then(|text| super::modfile::ModFile::parse(&text).go);
            Arc::new(Module {
                path: module.path.clone(),
                version: module.version.clone(),
                dir,
                go_minor,
                godebug: Vec::new(),
                is_main: false,
            })
        })
    }
}

fn located(selected: BTreeMap<String, Selected>) -> BTreeMap<String, Located> {
    let located = |selected| Located {
        selected,
        module: OnceLock::new(),
    };
    selected
        .into_iter()
        .map(|(path, module)| (path, located(module)))
        .collect()
}

impl Vendor {
    fn read(files: &dyn Files, dir: &Path) -> Option<Vendor> {
        let text = read_text(files, &dir.join("modules.txt"))?;
        let mut packages = HashMap::new();
        for VendoredModule {
            module,
            go,
            packages: provided,
        } in parse_vendor_list(&text)
        {
            let shared = Arc::new(Module {
                dir: Some(dir.join(&module.path)),
                path: module.path,
                version: module.version,
                go_minor: go,
                godebug: Vec::new(),
                is_main: false,
            });
            packages.extend(
                provided
                    .into_iter()
                    .map(|package| (package, shared.clone())),
            );
        }
        Some(Vendor {
            dir: dir.to_owned(),
            packages,
        })
    }
}

/// What remains of an import path below a module path; an empty module path is the prefix of everything.
fn strip_module<'a>(path: &'a str, module: &str) -> Option<&'a str> {
    if module.is_empty() {
        return Some(path);
    }
    match path.strip_prefix(module)? {
        "" => Some(""),
        rest => rest.strip_prefix('/'),
    }
}

/// Import path of a folder `rest` below the folder of `module`.
fn join_path(module: &str, rest: &Path) -> String {
    let mut path = if module == "std" {
        String::new()
    } else {
        module.to_owned()
    };
    for part in rest.components() {
        if !path.is_empty() {
            path.push('/');
        }
        path.push_str(&part.as_os_str().to_string_lossy());
    }
    path
}
