//! The source road as the commands use it: load a tree, analyse it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use caulk_leaks::{Analysis, Before, Catalogue, Kept, Reused};
use caulk_program::{GoEnv, Known, Options, Program, load_builds_with};
use caulk_system::{Changes, Files, OsFiles, Overlay, WalkOptions};

use crate::stats::Phases;

/// The folder of a path's module.
pub fn module_root(files: &dyn Files, folder: &Path) -> Option<PathBuf> {
    folder
        .ancestors()
        .find(|folder| files.is_file(&folder.join("go.mod")))
        .map(Path::to_owned)
}

/// What is read, and how.
#[derive(Debug, Clone)]
pub struct Reading {
    /// Folders, files or patterns such as `./...`, relative to `root`.
    pub patterns: Vec<PathBuf>,
    pub build_tags: Vec<String>,
    pub goos: Option<String>,
    pub goarch: Option<String>,
    pub no_tests: bool,
    /// Files that the platform and its tags leave out are read too, in builds that take them.
    pub other_builds: bool,
    /// Rules in preview report too.
    pub preview: bool,
    /// What is known of calls, where the project adds to the shipped catalogue.
    pub catalogue: Option<Arc<Catalogue>>,
}

impl Default for Reading {
    /// All packages of the root, for this platform.
    fn default() -> Reading {
        Reading {
            patterns: vec![PathBuf::from("./...")],
            build_tags: Vec::new(),
            goos: None,
            goarch: None,
            no_tests: false,
            other_builds: false,
            preview: false,
            catalogue: None,
        }
    }
}

/// A tree that was analysed.
pub struct Analysed {
    /// What the paths of the analysis are relative to.
    pub root: PathBuf,
    pub analysis: Analysis,
    /// What it took.
    pub phases: Phases,
    files: Arc<dyn Files>,
    reading: Reading,
    /// The builds of the tree, each asked for files of its own; the first is that of the platform. Loaded
    /// when someone asks: the analysis alone may be known from an earlier run.
    builds: OnceLock<Vec<Program>>,
    last: Mutex<Last>,
}

/// Edited files, by their paths.
pub type Edited = BTreeMap<PathBuf, Arc<[u8]>>;

/// What the last analysis of a tree is to leave to the next.
#[derive(Default)]
struct Last {
    kept: Kept,
    /// The edits that were laid over the tree.
    edited: Edited,
}

impl Analysed {
    /// A tree with an analysis from an earlier run, of the same files.
    pub fn known(
        files: Arc<dyn Files>,
        root: &Path,
        reading: &Reading,
        analysis: Analysis,
        phases: Phases,
    ) -> Analysed {
        Analysed {
            root: root.to_owned(),
            analysis,
            phases,
            files,
            reading: reading.clone(),
            builds: OnceLock::new(),
            last: Mutex::default(),
        }
    }

    /// Leaves what was kept of the analysis to those of edits.
    pub fn keep(&mut self, kept: Kept) {
        self.last = Mutex::new(Last {
            kept,
            edited: Edited::new(),
        });
    }

    /// The analysis with edited files laid over the tree: what was found before is found again in packages that
    /// no edit since then can reach.
    pub fn again(&self, edited: &Edited) -> Analysis {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let Last {
            kept,
            edited: before,
        } = std::mem::take(&mut *last);
        let differs = |path: &&PathBuf| before.get(*path) != edited.get(*path);
        let changes = Changes {
            contents: edited
                .keys()
                .chain(before.keys())
                .filter(differs)
                .cloned()
                .collect(),
            ..Changes::default()
        };
        let files: Arc<dyn Files> = Arc::new(Overlay::new(self.files.clone(), edited.clone()));
        let start = match kept.changed(&*files, &changes) {
            Some(changed) => kept.after(changed),
            None => Default::default(),
        };
        let (analysed, kept, _) = analyse_again(files, &self.root, &self.reading, start);
        *last = Last {
            kept,
            edited: edited.clone(),
        };
        analysed.analysis
    }

    /// The tree as the platform's build sees it.
    pub fn program(&self) -> Option<&Program> {
        self.builds().first()
    }

    /// All builds of the tree.
    pub fn builds(&self) -> &[Program] {
        self.builds
            .get_or_init(|| builds(self.files.clone(), &self.root, &self.reading))
    }
}

/// Loads what `reading` names and analyses it. Never fails: what is missing or broken is among the
/// problems of the analysis.
pub fn analyse(files: Arc<dyn Files>, root: &Path, reading: &Reading) -> Analysed {
    let (mut analysed, kept, _) = analyse_again(files, root, reading, Default::default());
    analysed.keep(kept);
    analysed
}

/// The same where nothing is asked after it, of which nothing is kept.
pub fn analyse_once(files: Arc<dyn Files>, root: &Path, reading: &Reading) -> Analysed {
    let mut phases = Phases::start();
    let builds = builds(files.clone(), root, reading);
    phases.end("load");
    let programs: Vec<&Program> = builds.iter().collect();
    let analysis = caulk_leaks::check_builds(&programs, &leak_options(reading));
    phases.end("follow");
    Analysed {
        builds: OnceLock::from(builds),
        ..Analysed::known(files, root, reading, analysis, phases)
    }
}

/// The same after an edit: what an earlier run kept is used again, and what is kept for the next is given beside it.
pub fn analyse_again(
    files: Arc<dyn Files>,
    root: &Path,
    reading: &Reading,
    (known, before): (Known, Before),
) -> (Analysed, Kept, Reused) {
    let mut phases = Phases::start();
    let builds = builds_with(files.clone(), root, reading, &known);
    phases.end("load");
    let programs: Vec<&Program> = builds.iter().collect();
    let options = leak_options(reading);
    let (analysis, kept, reused) =
        caulk_leaks::check_builds_again(&programs, &options, known, before);
    phases.end("follow");
    let analysed = Analysed {
        builds: OnceLock::from(builds),
        ..Analysed::known(files, root, reading, analysis, phases)
    };
    (analysed, kept, reused)
}

/// Loads without analysing: the build of the platform, and others where they are wanted.
pub fn builds(files: Arc<dyn Files>, root: &Path, reading: &Reading) -> Vec<Program> {
    builds_with(files, root, reading, &Known::default())
}

fn builds_with(
    files: Arc<dyn Files>,
    root: &Path,
    reading: &Reading,
    known: &Known,
) -> Vec<Program> {
    let options = options(&*files, root, reading);
    let patterns = &reading.patterns;
    load_builds_with(files, options, patterns, reading.other_builds, known)
}

/// Loads without analysing.
pub fn load(files: Arc<dyn Files>, root: &Path, reading: &Reading) -> Program {
    let options = options(&*files, root, reading);
    Program::load(files, options, &reading.patterns)
}

fn options(files: &dyn Files, root: &Path, reading: &Reading) -> Options {
    let mut options = Options::new(GoEnv::of_process(files), root.to_owned());
    options.tests = !reading.no_tests;
    options.platform.tags.extend(
        reading
            .build_tags
            .iter()
            .filter(|tag| !tag.is_empty())
            .cloned(),
    );
    if let Some(goos) = &reading.goos {
        options.platform.goos.clone_from(goos);
    }
    if let Some(goarch) = &reading.goarch {
        options.platform.goarch.clone_from(goarch);
    }
    options.known_types = Some(caulk_leaks::known_types());
    // What its functions do with a resource is in the catalogue.
    options.std_outline = true;
    options
}

/// What to look for.
pub fn leak_options(reading: &Reading) -> caulk_leaks::Options {
    caulk_leaks::Options {
        preview: reading.preview,
        catalogue: reading.catalogue.clone(),
        ..caulk_leaks::Options::default()
    }
}

/// The operating system's files, shared.
pub fn os_files() -> Arc<dyn Files> {
    Arc::new(OsFiles)
}

/// The Go files below a folder, relative to it, with `/`.
pub fn go_files(files: &dyn Files, root: &Path) -> BTreeSet<String> {
    let walked = caulk_system::walk(files, root, &WalkOptions::default());
    walked
        .files
        .iter()
        .filter(|path| path.extension().is_some_and(|extension| extension == "go"))
        .filter_map(|path| slashed(path.strip_prefix(root).unwrap_or(path)))
        .collect()
}

/// A relative path with `/` between its parts; none where it is not UTF-8.
pub fn slashed(path: &Path) -> Option<String> {
    let parts: Option<Vec<&str>> = path
        .components()
        .map(|part| part.as_os_str().to_str())
        .collect();
    Some(parts?.join("/"))
}

/// The way from the top of the repository that holds `folder` down to it, with `/` behind each part; empty
/// where there is no repository.
pub fn below_repository(files: &dyn Files, folder: &Path) -> String {
    let top = folder
        .ancestors()
        .find(|above| files.exists(&above.join(".git")));
    let below = top.and_then(|top| slashed(folder.strip_prefix(top).ok()?));
    match below {
        Some(below) if !below.is_empty() => format!("{below}/"),
        _ => String::new(),
    }
}

/// The HTTP routes that a program registers, as method (empty for any) and pattern.
pub fn routes(program: &Program) -> Vec<(String, String)> {
    let mut seen = BTreeSet::new();
    caulk_flow::routes(program)
        .into_iter()
        .map(|route| (route.method.unwrap_or_default(), route.pattern))
        .filter(|route| seen.insert(route.clone()))
        .collect()
}

/// Whether a path that was loaded falls under a registered pattern: `/items/{id}` and `/items/:id`
/// stand for one part, `*rest` and a pattern that ends in `/` for all below it, `{$}` for nothing more.
pub fn matches_pattern(pattern: &str, path: &str) -> bool {
    let path = path.split('?').next().unwrap_or(path);
    let pattern = match pattern.strip_suffix("/{$}") {
        Some("") => "/",
        Some(exact) => exact,
        None => pattern,
    };
    let below = pattern.ends_with('/') && pattern != "/";
    let mut parts = path.trim_matches('/').split('/');
    let wanted = pattern.trim_matches('/');
    if wanted.is_empty() {
        return path.trim_matches('/').is_empty();
    }
    for want in wanted.split('/') {
        let Some(part) = parts.next() else {
            return false;
        };
        let any = want.starts_with('{') || want.starts_with(':');
        if want.ends_with("...}") || want.starts_with('*') {
            return true;
        }
        if !any && want != part {
            return false;
        }
    }
    below || parts.next().is_none()
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Arc;

    use caulk_system::{Files, MemoryFiles, Overlay};

    use super::{Edited, Reading, analyse, matches_pattern};

    /// What implements an interface is found again where its package is edited, though whoever calls it is not read again.
    #[test]
    fn an_edit_in_memory_is_checked_as_the_whole_tree_is() {
        let root = Path::new("/m");
        let keeper = "package keeper\n\nimport \"io\"\n\ntype Keeper struct{ r io.Reader }\n\nfunc (k *Keeper) Take(r io.Reader) error {\n\tk.r = r\n\treturn nil\n}\n";
        let sink = "package sink\n\nimport (\n\t\"io\"\n\t\"os\"\n)\n\ntype Sink interface{ Take(r io.Reader) error }\n\nfunc Send(s Sink, name string) error {\n\tf, err := os.Open(name)\n\tif err != nil {\n\t\treturn err\n\t}\n\treturn s.Take(f)\n}\n";
        let files = MemoryFiles::new()
            .with("/m/go.mod", "module example.com/m\n\ngo 1.26\n")
            .with("/m/keeper/keeper.go", keeper)
            .with("/m/sink/sink.go", sink);
        let files: Arc<dyn Files> = Arc::new(files);
        let analysed = analyse(files.clone(), root, &Reading::default());
        let keeper = keeper.replace("k.r = r", "k.r = r // for later");
        let edited = Edited::from([("/m/keeper/keeper.go".into(), keeper.into_bytes().into())]);
        let whole = Arc::new(Overlay::new(files, edited.clone()));
        let whole = analyse(whole, root, &Reading::default()).analysis;
        assert_eq!(whole.acquisitions.len(), 1);
        assert_eq!(analysed.again(&edited).acquisitions, whole.acquisitions);
    }

    #[test]
    fn patterns_of_the_common_routers() {
        for (pattern, path) in [
            ("/v0/cron", "/v0/cron"),
            ("/v0/cron", "/v0/cron?dry=1"),
            ("/items/{id}", "/items/{n}"),
            ("/items/:id/parts", "/items/7/parts"),
            ("/static/", "/static/a/b.css"),
            ("/files/{path...}", "/files/a/b"),
            ("/files/*path", "/files/a/b"),
            ("/items/{$}", "/items/"),
            ("/{$}", "/"),
            ("/", "/"),
        ] {
            assert!(matches_pattern(pattern, path), "{pattern} {path}");
        }
        for (pattern, path) in [
            ("/v0/cron", "/v0/run"),
            ("/items/{id}", "/items"),
            ("/items", "/items/7"),
            ("/", "/healthz"),
            ("/{$}", "/healthz"),
        ] {
            assert!(!matches_pattern(pattern, path), "{pattern} {path}");
        }
    }
}
