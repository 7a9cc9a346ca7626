//! The package `main` that is meant by a folder or a pattern.

use std::path::{Path, PathBuf};

use caulk_system::{FileError, Files, Limits, OsFiles};

use crate::go::{GoError, GoTool};

/// A package `main` of a module that may be built with files laid over it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MainPackage {
    /// Its import path.
    pub import_path: String,
    /// Its folder, as `go` names it.
    pub folder: PathBuf,
    /// Its module's path; empty outside a module (`GO111MODULE=off`).
    pub module: String,
    /// Its module's root folder; the package's own outside a module.
    pub module_folder: PathBuf,
    /// Paths of the modules whose source is worked on here: its own, the others of a workspace, and those that its
    /// `go.mod` replaces by a folder.
    pub own_modules: Vec<String>,
}

/// Why no package could be chosen. It reads after "failed to".
#[derive(Debug, thiserror::Error)]
pub enum PackageError {
    /// The folder is not there.
    #[error(transparent)]
    Folder(#[from] FileError),
    /// `go` could not be asked.
    #[error(transparent)]
    Go(#[from] GoError),
    /// `go list` found the package broken; its own words.
    #[error("load package {package}: {reason}")]
    Broken {
        /// The import path.
        package: String,
        /// What `go list` says.
        reason: String,
    },
    /// Nothing that could be run.
    #[error("find a package main in {0}")]
    NoMain(String),
    /// More than one program: one must be chosen.
    #[error("choose between {} programs: {}", .0.len(), .0.join(", "))]
    Several(Vec<String>),
    /// A dependency's program: files of the module cache cannot be laid over.
    #[error("build {0}: it belongs to a dependency, not to a module on which you work")]
    NotOurs(String),
}

impl MainPackage {
    /// Finds the package and the toolchain that builds it.
    ///
    /// `what` is a folder, a file in it, or a package pattern as `go build` takes it, seen from `folder`. A folder that
    /// holds no package `main` itself is searched below.
    pub fn find(
        folder: &Path,
        what: &str,
        limits: &Limits,
    ) -> Result<(GoTool, Self), PackageError> {
        let mut named = folder.join(what);
        if OsFiles.is_file(&named) {
            // Overlays have no effect on a package that is given as files.
            named.pop();
        }
        let (folder, patterns): (&Path, &[&str]) = if OsFiles.is_dir(&named) {
            (&named, &[".", "./..."])
        } else {
            (folder, &[what])
        };
        let folder = OsFiles.canonicalize(folder)?;
        let go = GoTool::find(&folder, limits)?;
        let mut problem = None;
        for pattern in patterns {
            let listed = list(&go, pattern, limits)?;
            let mut mains: Vec<Listed> = Vec::new();
            for package in listed {
                match &package.error {
                    // A folder without Go files, when it is only searched.
                    Some(error) if package.name.is_empty() => {
                        problem.get_or_insert_with(|| broken(&package, error));
                    }
                    Some(error) if package.name == "main" => return Err(broken(&package, error)),
                    _ if package.name == "main" => mains.push(package),
                    _ => {}
                }
            }
            match mains.len() {
                0 => {}
                1 => {
                    let chosen = mains.swap_remove(0);
                    let package = chosen.into_main(&go, limits)?;
                    return Ok((go, package));
                }
                _ => {
                    let names = mains
                        .into_iter()
                        .map(|package| package.import_path)
                        .collect();
                    return Err(PackageError::Several(names));
                }
            }
        }
        Err(problem.unwrap_or_else(|| PackageError::NoMain(folder.display().to_string())))
    }
}

fn broken(package: &Listed, error: &ListedError) -> PackageError {
    let reason = match error.pos.is_empty() {
        true => error.err.clone(),
        false => format!("{}: {}", error.pos, error.err),
    };
    PackageError::Broken {
        package: package.import_path.clone(),
        reason,
    }
}

/// What `go list -json` says of a package.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Listed {
    dir: PathBuf,
    import_path: String,
    name: String,
    module: Option<ListedModule>,
    error: Option<ListedError>,
}

#[derive(Debug, Default, serde::Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct ListedModule {
    path: String,
    dir: PathBuf,
    main: bool,
}

#[derive(Debug, Default, serde::Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct ListedError {
    pos: String,
    err: String,
}

impl Listed {
    fn into_main(self, go: &GoTool, limits: &Limits) -> Result<MainPackage, PackageError> {
        let Some(module) = self.module else {
            return Ok(MainPackage {
                import_path: self.import_path,
                module: String::new(),
                module_folder: self.dir.clone(),
                folder: self.dir,
                own_modules: Vec::new(),
            });
        };
        // A module replaced by a folder outside the cache is worked on as well.
        if !module.main && module.dir.starts_with(&go.env().gomodcache) {
            return Err(PackageError::NotOurs(self.import_path));
        }
        let mut own_modules: Vec<String> = go
            .ask(&["list", "-m"], limits)?
            .lines()
            .map(str::to_owned)
            .collect();
        own_modules.push(module.path.clone());
        own_modules.extend(replaced_by_folders(go, &module.dir, limits)?);
        own_modules.sort();
        own_modules.dedup();
        Ok(MainPackage {
            import_path: self.import_path,
            folder: self.dir,
            module: module.path,
            module_folder: module.dir,
            own_modules,
        })
    }
}

/// What `go mod edit -json` says of a `go.mod`.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct GoMod {
    replace: Option<Vec<Replace>>,
}

#[derive(Debug, Default, serde::Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Replace {
    old: ModuleVersion,
    new: ModuleVersion,
}

#[derive(Debug, Default, serde::Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct ModuleVersion {
    path: String,
    version: String,
}

/// The modules that the module in `folder` takes from folders beside it.
fn replaced_by_folders(
    go: &GoTool,
    folder: &Path,
    limits: &Limits,
) -> Result<Vec<String>, GoError> {
    let file = folder.join("go.mod").display().to_string();
    let text = go.ask(&["mod", "edit", "-json", &file], limits)?;
    let parsed: GoMod = serde_json::from_str(&text).map_err(|error| GoError::Answer {
        command: "go mod edit".into(),
        reason: error.to_string(),
    })?;
    let replaced = parsed.replace.unwrap_or_default().into_iter();
    // A replacement without a version is a folder.
    Ok(replaced
        .filter(|by| by.new.version.is_empty())
        .map(|by| by.old.path)
        .collect())
}

fn list(go: &GoTool, pattern: &str, limits: &Limits) -> Result<Vec<Listed>, GoError> {
    let fields = "-json=Dir,ImportPath,Name,Module,Error";
    let text = go.ask(&["list", "-e", fields, "--", pattern], limits)?;
    serde_json::Deserializer::from_str(&text)
        .into_iter()
        .collect::<Result<_, _>>()
        .map_err(|error| GoError::Answer {
            command: "go list".into(),
            reason: error.to_string(),
        })
}
