//! From the paths on a command line to folders of packages, each with the build it belongs to.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use caulk_system::{Files, normalize};

use super::build::{Build, VENDOR_SRC};
use super::environment::{GoEnv, GoWork};
use super::folders::Folders;
use super::modfile::ModFile;
use super::module::{MainModule, read_text};
use crate::problem::{Problem, ProblemKind};

/// How many imports of a tree below a GOPATH have to know it by another path than the one where it stands.
const SEVERAL: usize = 3;

/// How far below a folder that the go command passes over a module is looked for.
const MODULES_BELOW: u8 = 2;

/// Index into [`Roots::builds`].
pub(crate) type BuildIndex = usize;

/// The standard library's build comes first.
pub(crate) const STD_BUILD: BuildIndex = 0;

/// A folder that was asked for.
#[derive(Debug)]
pub(crate) struct RootFolder {
    pub dir: PathBuf,
    pub build: BuildIndex,
    /// Only these files were asked for; `None` for all.
    pub only: Option<Vec<PathBuf>>,
}

#[derive(Debug, Default)]
pub(crate) struct Roots {
    pub builds: Vec<Build>,
    /// In order of their paths, each once.
    pub folders: Vec<RootFolder>,
    pub problems: Vec<Problem>,
}

impl Roots {
    /// `patterns` are folders, Go files, or `DIR/...`; a plain folder stands for all below it where `recursive`.
    pub fn find(
        files: &dyn Files,
        env: &GoEnv,
        folders: &Folders,
        current_dir: &Path,
        patterns: &[PathBuf],
    ) -> Roots {
        let mut finder = Finder {
            files,
            env,
            folders,
            roots: Roots {
                builds: vec![Build::std()],
                ..Roots::default()
            },
            build_of: BTreeMap::new(),
            asked: BTreeMap::new(),
            dirs: Vec::new(),
            guessed: BTreeMap::new(),
            current_dir: files
                .canonicalize(current_dir)
                .unwrap_or_else(|_| current_dir.to_owned()),
        };
        for pattern in patterns {
            finder.pattern(current_dir, pattern);
        }
        finder.dirs = finder.asked.keys().cloned().collect();
        for (dir, only) in std::mem::take(&mut finder.asked) {
            let build = finder.build_for(&dir);
            finder.roots.folders.push(RootFolder { dir, build, only });
        }
        finder.roots
    }
}

/// Whether a folder is named for the examples in it, by its first word: `examples`, `_sample`, `demo-server`.
pub fn is_of_examples(folder: &str) -> bool {
    let name = folder.trim_start_matches('_').to_ascii_lowercase();
    let word = name.split(|c: char| !c.is_alphanumeric()).next();
    matches!(
        word.map(|word| word.strip_suffix('s').unwrap_or(word)),
        Some("example" | "sample" | "demo")
    )
}

/// Whether a folder that the go command passes over holds what others begin with.
fn is_to_be_followed(folder: &str) -> bool {
    is_of_examples(folder) || folder.to_ascii_lowercase().starts_with("_template")
}

struct Finder<'a> {
    files: &'a dyn Files,
    env: &'a GoEnv,
    folders: &'a Folders,
    roots: Roots,
    /// By the folder of the `go.mod`, `go.work` or tree.
    build_of: BTreeMap<PathBuf, BuildIndex>,
    asked: BTreeMap<PathBuf, Option<Vec<PathBuf>>>,
    /// The folders of `asked`.
    dirs: Vec<PathBuf>,
    /// Import paths of trees, as their files tell.
    guessed: BTreeMap<PathBuf, Option<(String, usize)>>,
    current_dir: PathBuf,
}

impl Finder<'_> {
    fn pattern(&mut self, current_dir: &Path, pattern: &Path) {
        let (path, recursive) = match pattern.file_name() {
            Some(name) if name == "..." => (pattern.parent().unwrap_or(Path::new("")), true),
            _ => (pattern, false),
        };
        let given = normalize(&current_dir.join(path));
        // Links are followed at the root alone, so that modules are found by where their files are.
        let path = self.files.canonicalize(&given).unwrap_or(given);
        if recursive && self.files.is_dir(&path) {
            self.walk(path);
        } else if self.files.is_dir(&path) {
            if self.folders.has_go_files(self.files, &path) {
                self.asked.insert(path, None);
            } else {
                self.roots
                    .problems
                    .push(Problem::new(ProblemKind::NoGoFiles, display(pattern)));
            }
        } else if self.files.is_file(&path) && path.extension().is_some_and(|e| e == "go") {
            if let Some(dir) = path.parent() {
                let only = self
                    .asked
                    .entry(dir.to_owned())
                    .or_insert_with(|| Some(Vec::new()));
                if let Some(only) = only {
                    only.push(path);
                }
            }
        } else {
            self.roots
                .problems
                .push(Problem::new(ProblemKind::Unreadable, display(pattern)));
        }
    }

    /// Asks for the packages in a folder and below it. In a folder that the go command passes over for the `_` of its name there may be
    /// modules of their own: these are asked for as others are, and so are examples, which people build by their path and copy.
    fn walk(&mut self, root: PathBuf) {
        // With each folder, how many levels further down a module is looked for where it is passed over.
        let mut stack = vec![(root, None)];
        while let Some((dir, passed_over)) = stack.pop() {
            let listing = self.folders.list(self.files, &dir);
            let passed_over = passed_over.filter(|_| !listing.has_go_mod);
            for (path, why) in &listing.unreadable {
                let path = path.strip_prefix(&self.current_dir).unwrap_or(path);
                self.roots.problems.push(Problem::unreadable(path, why));
            }
            if !listing.go_files.is_empty() && passed_over.is_none() {
                self.asked.insert(dir.clone(), None);
            }
            let below: Option<u8> = match passed_over {
                Some(0) => continue,
                Some(levels) => Some(levels - 1),
                None => None,
            };
            for name in listing.folders.iter().rev() {
                if name.starts_with('.')
                    || matches!(name.as_str(), "testdata" | "vendor" | "node_modules")
                    || name == "mod" && self.is_module_cache(&dir)
                {
                    continue;
                }
                let passed_over = match name.starts_with('_') && !is_to_be_followed(name) {
                    true => below.or(Some(MODULES_BELOW)),
                    false => below,
                };
                stack.push((dir.join(name), passed_over));
            }
        }
    }

    /// Whether the `mod` in a folder is a module cache that somebody keeps in the tree: it has folders named after hosts.
    fn is_module_cache(&self, dir: &Path) -> bool {
        let is_host = |name: &String| name.contains('.') && !name.starts_with('.');
        dir.file_name().is_some_and(|name| name == "pkg")
            && self
                .folders
                .list(self.files, &dir.join("mod"))
                .folders
                .iter()
                .any(is_host)
    }

    fn build_for(&mut self, dir: &Path) -> BuildIndex {
        if let Some(src) = self.env.goroot.as_ref().map(|root| root.join("src"))
            && dir.starts_with(&src)
            && !dir.starts_with(src.join("cmd"))
        {
            return STD_BUILD;
        }
        let module_dir = dir
            .ancestors()
            .find(|folder| self.folders.list(self.files, folder).has_go_mod)
            .map(Path::to_owned);
        match module_dir {
            Some(module_dir) => self.module_build(module_dir),
            None => self.tree_build(dir),
        }
    }

    fn module_build(&mut self, dir: PathBuf) -> BuildIndex {
        if let Some(index) = self.build_of.get(&dir) {
            return *index;
        }
        if let Some((work_dir, work)) = self.workspace(&dir) {
            let members: Vec<PathBuf> = work
                .use_dirs
                .iter()
                .map(|member| normalize(&work_dir.join(member)))
                .collect();
            if members.contains(&dir) {
                let mains: Vec<MainModule> = members
                    .iter()
                    .filter_map(|member| self.main_module(member))
                    .collect();
                let build = Build::modules(self.files, self.env, mains, Some((&work_dir, &work)));
                let index = self.add(build);
                for member in members {
                    self.build_of.insert(member, index);
                }
                return index;
            }
        }
        let mains = self.main_module(&dir).into_iter().collect();
        let index = self.add(Build::modules(self.files, self.env, mains, None));
        self.build_of.insert(dir, index);
        index
    }

    fn add(&mut self, build: Build) -> BuildIndex {
        self.roots.builds.push(build);
        self.roots.builds.len() - 1
    }

    fn main_module(&self, dir: &Path) -> Option<MainModule> {
        let text = read_text(self.files, &dir.join("go.mod"))?;
        let mut file = ModFile::parse(&text);
        let path = std::mem::take(&mut file.module);
        Some(MainModule {
            path,
            dir: dir.to_owned(),
            file,
        })
    }

    fn workspace(&self, dir: &Path) -> Option<(PathBuf, ModFile)> {
        let file = match &self.env.gowork {
            GoWork::Off => return None,
            GoWork::File(file) => file.clone(),
            GoWork::Nearest => dir
                .ancestors()
                .map(|a| a.join("go.work"))
                .find(|f| self.files.is_file(f))?,
        };
        let text = read_text(self.files, &file)?;
        Some((file.parent()?.to_owned(), ModFile::parse(&text)))
    }

    /// A folder below no `go.mod`: of a GOPATH, of a tree that looks like one (`…/src/…`), or of a repository.
    fn tree_build(&mut self, dir: &Path) -> BuildIndex {
        let src = self
            .env
            .gopath
            .iter()
            .map(|root| root.join("src"))
            .find(|src| dir.starts_with(src))
            .or_else(|| {
                let src = dir
                    .ancestors()
                    .filter(|a| a.file_name().is_some_and(|n| n == "src"));
                src.last().map(Path::to_owned)
            });
        let repository = dir.ancestors().find(|a| self.files.exists(&a.join(".git")));
        let guess = self.guess_around(dir, repository);
        let mut roots: Vec<(PathBuf, String)> = Vec::new();
        match (src, guess) {
            (Some(src), guess) => {
                // A repository that has moved, or is a fork, stands there by another path than its files know.
                let renamed = guess.filter(|(root, path, count)| {
                    let own = src.join(path);
                    let stands_at = root.strip_prefix(&src).ok();
                    stands_at.is_some_and(|at| *count >= SEVERAL || goes_by(path, at, *count))
                        && own != *root
                        && !self.files.exists(&own)
                });
                roots.extend(renamed.map(|(root, path, _)| (root, path)));
                roots.push((src, String::new()));
            }
            (None, Some((root, path, _))) => roots.push((root, path)),
            (None, None) => {
                let root = repository.unwrap_or(dir);
                roots.push((root.to_owned(), self.repository_path(root)));
            }
        }
        // Projects that brought their dependencies along as a GOPATH of their own.
        let is_within = |folder: &Path| roots.iter().any(|(root, _)| folder.starts_with(root));
        let vendored = dir
            .ancestors()
            .take_while(|folder| is_within(folder))
            .find(|folder| {
                self.has_folder(folder, "vendor") && self.has_folder(&folder.join("vendor"), "src")
            })
            .map(|folder| folder.join(VENDOR_SRC));
        roots.splice(0..0, vendored.map(|dir| (dir, String::new())));
        let key = roots.first().map_or(dir, |(root, _)| root).to_owned();
        if let Some(index) = self.build_of.get(&key) {
            return *index;
        }
        for src in self.env.gopath.iter().map(|path| path.join("src")) {
            if !roots.iter().any(|(root, _)| *root == src) {
                roots.push((src, String::new()));
            }
        }
        let index = self.add(Build::go_path(roots));
        self.build_of.insert(key, index);
        index
    }

    /// The tree that a folder is in, its import path by what its files import, and in how many imports that stands: of its
    /// repository, and without one of where caulk is run, or else of what it is told to look at.
    fn guess_around(
        &mut self,
        dir: &Path,
        repository: Option<&Path>,
    ) -> Option<(PathBuf, String, usize)> {
        let roots: Vec<PathBuf> = match repository {
            Some(root) => vec![root.to_owned()],
            None => {
                let roots = [Some(&*self.current_dir), common_folder(&self.dirs)];
                let above = roots
                    .into_iter()
                    .flatten()
                    .filter(|root| dir.starts_with(root));
                above.map(Path::to_owned).collect()
            }
        };
        roots.into_iter().find_map(|root| {
            let (path, count) = self.guess(&root)?;
            Some((root, path, count))
        })
    }

    /// The import path of a tree by what its files import.
    fn guess(&mut self, root: &Path) -> Option<(String, usize)> {
        if let Some(known) = self.guessed.get(root) {
            return known.clone();
        }
        let path = super::guess::import_path(self.files, self.folders, root, &self.dirs);
        self.guessed.insert(root.to_owned(), path.clone());
        path
    }

    fn has_folder(&self, dir: &Path, name: &str) -> bool {
        let listing = self.folders.list(self.files, dir);
        listing.folders.iter().any(|folder| folder == name)
    }

    /// Import path of a repository: its first remote's address without scheme and `.git`, else the folder's name.
    fn repository_path(&self, root: &Path) -> String {
        read_text(self.files, &root.join(".git").join("config"))
            .and_then(|config| config.lines().find_map(remote_path))
            .or_else(|| {
                root.file_name()
                    .map(|name| name.to_string_lossy().into_owned())
            })
            .unwrap_or_default()
    }
}

/// The folder that all these are in.
fn common_folder(dirs: &[PathBuf]) -> Option<&Path> {
    let first = dirs.first()?;
    first
        .ancestors()
        .find(|folder| dirs.iter().all(|dir| dir.starts_with(folder)))
}

/// `url = git@github.com:owner/name.git` to `github.com/owner/name`.
fn remote_path(line: &str) -> Option<String> {
    let (key, url) = line.split_once('=')?;
    if key.trim() != "url" {
        return None;
    }
    let url = url.trim();
    let address = url.split_once("://").map_or(url, |(_, rest)| rest);
    let address = address.rsplit_once('@').map_or(address, |(_, rest)| rest);
    let address = address
        .trim_end_matches('/')
        .trim_end_matches(".git")
        .replace(':', "/");
    let has_host = address
        .split('/')
        .next()
        .is_some_and(|host| host.contains('.'));
    has_host.then_some(address)
}

fn display(path: &Path) -> String {
    path.display().to_string()
}

/// Whether few imports are enough to say that a folder below `src` is known to its own files by another path: that is as long, and
/// two lead there, or it ends in the same name, written otherwise.
fn goes_by(path: &str, stands_at: &Path, imports: usize) -> bool {
    let plain = |name: &str| name.replace(['-', '_'], "").to_lowercase();
    let name = stands_at.file_name().unwrap_or_default().to_string_lossy();
    let last = path.rsplit('/').next().unwrap_or_default();
    path.split('/').count() == stands_at.components().count()
        && (imports >= 2 || last != name && plain(last) == plain(&name))
}
