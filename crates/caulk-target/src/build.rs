//! Building a program with files laid over its source.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use caulk_system::{FileError, Files, Limits, OsFiles, Stopped, create_folder, write_atomic};

use crate::go::{GoError, GoTool, lines};
use crate::package::MainPackage;

const AGENT_SOURCE: &str = include_str!("../agent/agent.go");
const AGENT_PACKAGE: &str = "zz_caulk";

/// The user's choices of how their program is built, as the `go` command takes them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GoFlags {
    /// Build tags, separated by commas; empty for none.
    pub tags: String,
    /// Further flags of `go build`, each one argument.
    pub more: Vec<String>,
}

/// One build.
#[derive(Clone, Copy, Debug)]
pub struct Build<'a> {
    /// The program.
    pub package: &'a MainPackage,
    /// The user's flags.
    pub flags: &'a GoFlags,
    /// Whether the agent is built in, and the user's functions are kept from being inlined, so that profiles name
    /// them. Without it the program is built as it is (a companion).
    pub agent: bool,
    /// Whole files to be laid over the tree: absolute path and content.
    pub edits: &'a BTreeMap<PathBuf, Vec<u8>>,
    /// Where the binary and the files laid over are written; created where it is missing. Not the user's tree.
    pub work: &'a Path,
}

/// A program that has been built.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Built {
    /// The executable.
    pub binary: PathBuf,
    /// How long the build took.
    pub took: Duration,
}

/// Why there is no program. It reads after "failed to".
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The compiler or linker refused; its own lines.
    #[error("build {package}:\n{}", lines.join("\n"))]
    Compile {
        /// The import path.
        package: String,
        /// What `go build` printed.
        lines: Vec<String>,
    },
    /// `go` could not be run, or not to its end.
    #[error(transparent)]
    Go(#[from] GoError),
    /// The work folder could not be written.
    #[error(transparent)]
    File(#[from] FileError),
}

impl BuildError {
    /// Which limit of the caller ended it, if one did.
    pub fn stopped(&self) -> Option<Stopped> {
        match self {
            Self::Go(error) => error.stopped(),
            _ => None,
        }
    }
}

/// Builds the program with `go build -overlay`; nothing is written but in the work folder (and the build cache).
pub fn build(go: &GoTool, build: &Build, limits: &Limits) -> Result<Built, BuildError> {
    let start = Instant::now();
    create_folder(build.work)?;
    let mut replaced = user_overlay(go);
    for (path, bytes) in build.edits {
        replaced.insert(as_go_names(path), bytes.clone().into());
    }
    if build.agent {
        replaced.extend(agent_files(build.package));
    }
    let overlay = write_overlay(build.work, replaced)?;

    let name = if go.env().goos == "windows" {
        "program.exe"
    } else {
        "program"
    };
    let binary = build.work.join(name);
    let mut args = vec![
        "build".to_owned(),
        "-o".to_owned(),
        binary.display().to_string(),
    ];
    if let Some(overlay) = overlay {
        args.push(format!("-overlay={}", overlay.display()));
    }
    if build.agent {
        for module in &build.package.own_modules {
            args.push(format!("-gcflags={module}/...=-l"));
        }
    }
    if !build.flags.tags.is_empty() {
        args.push(format!("-tags={}", build.flags.tags));
    }
    args.extend(build.flags.more.iter().cloned());
    args.extend(["--".to_owned(), build.package.import_path.clone()]);

    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let output = go.run(&args, limits)?;
    if !output.status.success() {
        let mut said = lines(&output.stderr);
        if said.is_empty() {
            said.push(output.status.to_string());
        }
        return Err(BuildError::Compile {
            package: build.package.import_path.clone(),
            lines: said,
        });
    }
    Ok(Built {
        binary,
        took: start.elapsed(),
    })
}

/// What stands for a file of the tree: content of ours, or another file.
enum Replacement {
    Content(Vec<u8>),
    File(PathBuf),
}

impl From<Vec<u8>> for Replacement {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Content(bytes)
    }
}

/// The agent's files: a package of its own in the module, and a file in `main` that imports it. Outside a module,
/// where no such package can be imported, the agent itself stands in `main`.
fn agent_files(package: &MainPackage) -> Vec<(PathBuf, Replacement)> {
    let taken = |path: &Path| OsFiles.exists(path);
    let file = unused(
        |number| package.folder.join(format!("{AGENT_PACKAGE}{number}.go")),
        taken,
    );
    if package.module.is_empty() {
        let source = AGENT_SOURCE.replacen(
            &format!("\npackage {AGENT_PACKAGE}\n"),
            "\npackage main\n",
            1,
        );
        return vec![(file, source.into_bytes().into())];
    }
    let folder = unused(
        |number| {
            package
                .module_folder
                .join(format!("{AGENT_PACKAGE}{number}"))
        },
        taken,
    );
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    let import = format!("package main\n\nimport _ \"{}/{name}\"\n", package.module);
    vec![
        (
            folder.join("agent.go"),
            AGENT_SOURCE.as_bytes().to_vec().into(),
        ),
        (file, import.into_bytes().into()),
    ]
}

/// The first candidate that is not taken: a file of the same name would be silently replaced.
fn unused(candidate: impl Fn(String) -> PathBuf, taken: impl Fn(&Path) -> bool) -> PathBuf {
    let numbers = std::iter::once(String::new()).chain((2..100).map(|n: u32| n.to_string()));
    let mut last = candidate(String::new());
    for number in numbers {
        last = candidate(number);
        if !taken(&last) {
            break;
        }
    }
    last
}

/// The path with the links of its folder resolved, as `go` names files when it is asked from a resolved folder.
fn as_go_names(path: &Path) -> PathBuf {
    match (
        path.parent().map(|folder| OsFiles.canonicalize(folder)),
        path.file_name(),
    ) {
        (Some(Ok(folder)), Some(name)) => folder.join(name),
        _ => path.to_owned(),
    }
}

/// What the user's own `GOFLAGS=-overlay=…` replaces, since only one overlay is in force.
fn user_overlay(go: &GoTool) -> BTreeMap<PathBuf, Replacement> {
    let flags = &go.env().goflags;
    let given = flags
        .split_whitespace()
        .find_map(|flag| flag.trim_start_matches('-').strip_prefix("overlay="));
    let Some(path) = given else {
        return BTreeMap::new();
    };
    let Ok(text) = OsFiles.read(&go.folder().join(path)) else {
        return BTreeMap::new();
    };
    let parsed: Overlay = serde_json::from_slice(&text).unwrap_or_default();
    let absolute = |path: PathBuf| go.folder().join(path);
    parsed
        .replace
        .into_iter()
        .map(|(from, to)| {
            // An empty target deletes the file.
            let to = if to.as_os_str().is_empty() {
                to
            } else {
                absolute(to)
            };
            (absolute(from), Replacement::File(to))
        })
        .collect()
}

#[derive(Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Overlay {
    replace: BTreeMap<PathBuf, PathBuf>,
}

/// Writes the contents and the overlay file that names them; `None` where nothing is replaced.
fn write_overlay(
    work: &Path,
    replaced: BTreeMap<PathBuf, Replacement>,
) -> Result<Option<PathBuf>, FileError> {
    if replaced.is_empty() {
        return Ok(None);
    }
    let folder = work.join("overlay");
    create_folder(&folder)?;
    // `go` runs elsewhere, so the overlay names its own files absolutely.
    let folder = OsFiles.canonicalize(&folder)?;
    let mut overlay = Overlay::default();
    for (number, (path, replacement)) in replaced.into_iter().enumerate() {
        let target = match replacement {
            Replacement::File(target) => target,
            Replacement::Content(bytes) => {
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                let target = folder.join(format!("{number}-{name}"));
                write_atomic(&target, &bytes)?;
                target
            }
        };
        overlay.replace.insert(path, target);
    }
    let path = folder.join("overlay.json");
    let text = serde_json::to_vec_pretty(&overlay).unwrap_or_default();
    write_atomic(&path, &text)?;
    Ok(Some(path))
}
