//! Where the Go installation and its caches are, found as the go command finds them, without running it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use caulk_system::Files;

use super::version;

/// The settings of the go command that say where sources are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GoEnv {
    /// Root of the Go installation, where one was found.
    pub goroot: Option<PathBuf>,
    /// Minor number of that installation's release, from its `VERSION` file.
    pub goroot_minor: Option<u32>,
    /// Folder of extracted modules.
    pub gomodcache: Option<PathBuf>,
    /// Workspaces in the manner of before modules.
    pub gopath: Vec<PathBuf>,
    /// Flags that hold for every go command.
    pub goflags: Vec<String>,
    /// Which `go.work` is used.
    pub gowork: GoWork,
    /// `GOOS`, where it is set.
    pub goos: Option<String>,
    /// `GOARCH`, where it is set.
    pub goarch: Option<String>,
}

/// Which `go.work` file holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum GoWork {
    /// The nearest one above a module.
    #[default]
    Nearest,
    /// None at all.
    Off,
    /// This one.
    File(PathBuf),
}

impl GoEnv {
    /// Reads the settings of this process's environment, of `go env -w`, and of the `go` found on `PATH`.
    pub fn of_process(files: &dyn Files) -> GoEnv {
        GoEnv::discover(files, &|name| std::env::var(name).ok())
    }

    /// Reads the settings from an environment given by `lookup`.
    pub fn discover(files: &dyn Files, lookup: &dyn Fn(&str) -> Option<String>) -> GoEnv {
        let process = |name: &str| lookup(name).filter(|v| !v.is_empty());
        let written = written_settings(files, &process);
        let setting = |name: &str| process(name).or_else(|| written.get(name).cloned());

        let goroot = setting("GOROOT")
            .map(PathBuf::from)
            .filter(|root| files.is_dir(&root.join("src")))
            .or_else(|| goroot_on_path(files, &process("PATH")?));
        let gopath: Vec<PathBuf> = match setting("GOPATH") {
            Some(list) => std::env::split_paths(&list)
                .filter(|p| p.is_absolute())
                .collect(),
            None => home(&process)
                .map(|home| home.join("go"))
                .into_iter()
                .collect(),
        };
        let gomodcache = setting("GOMODCACHE")
            .map(PathBuf::from)
            .or_else(|| gopath.first().map(|first| first.join("pkg").join("mod")));
        let goroot_minor = goroot.as_deref().and_then(|root| {
            let text = files.read_to_string(&root.join("VERSION")).ok()?;
            version::go_minor(text.lines().next()?)
        });
        GoEnv {
            goroot,
            goroot_minor,
            gomodcache,
            gopath,
            goflags: setting("GOFLAGS")
                .map(|flags| flags.split_ascii_whitespace().map(str::to_owned).collect())
                .unwrap_or_default(),
            gowork: match setting("GOWORK").as_deref() {
                None => GoWork::Nearest,
                Some("off") => GoWork::Off,
                Some(file) => GoWork::File(PathBuf::from(file)),
            },
            goos: setting("GOOS"),
            goarch: setting("GOARCH"),
        }
    }

    /// Value of a flag in `GOFLAGS`, such as `mod` or `tags`; the last one wins.
    pub(crate) fn flag(&self, name: &str) -> Option<&str> {
        self.goflags.iter().rev().find_map(|flag| {
            flag.trim_start_matches('-')
                .strip_prefix(name)?
                .strip_prefix('=')
        })
    }

    /// Tags that `GOFLAGS` sets for every build.
    pub fn tags(&self) -> Vec<String> {
        self.flag("tags")
            .map(|tags| {
                tags.split(',')
                    .filter(|t| !t.is_empty())
                    .map(str::to_owned)
                    .collect()
            })
            .unwrap_or_default()
    }
}

fn home(lookup: &dyn Fn(&str) -> Option<String>) -> Option<PathBuf> {
    lookup(if cfg!(windows) { "USERPROFILE" } else { "HOME" }).map(PathBuf::from)
}

/// What `go env -w` has written: `NAME=value` lines.
fn written_settings(
    files: &dyn Files,
    lookup: &dyn Fn(&str) -> Option<String>,
) -> BTreeMap<String, String> {
    let file = match lookup("GOENV").as_deref() {
        Some("off") => return BTreeMap::new(),
        Some(file) => Some(PathBuf::from(file)),
        None => config_folder(lookup).map(|folder| folder.join("go").join("env")),
    };
    let Some(text) = file.and_then(|file| files.read_to_string(&file).ok()) else {
        return BTreeMap::new();
    };
    text.lines()
        .filter_map(|line| line.split_once('='))
        .filter(|(name, value)| !name.starts_with('#') && !value.trim().is_empty())
        .map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned()))
        .collect()
}

fn config_folder(lookup: &dyn Fn(&str) -> Option<String>) -> Option<PathBuf> {
    if cfg!(windows) {
        return lookup("AppData").map(PathBuf::from);
    }
    if cfg!(target_os = "macos") {
        return home(lookup).map(|home| home.join("Library").join("Application Support"));
    }
    lookup("XDG_CONFIG_HOME")
        .map(PathBuf::from)
        .or_else(|| home(lookup).map(|home| home.join(".config")))
}

fn goroot_on_path(files: &dyn Files, path: &str) -> Option<PathBuf> {
    let name = if cfg!(windows) { "go.exe" } else { "go" };
    std::env::split_paths(path)
        .map(|folder| folder.join(name))
        .filter(|program| files.is_file(program))
        .find_map(|program| {
            let program = files.canonicalize(&program).ok()?;
            let root = program.parent().and_then(Path::parent)?;
            files
                .is_dir(&root.join("src").join("runtime"))
                .then(|| root.to_owned())
        })
}
