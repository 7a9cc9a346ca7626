//! From what grew to what to do about it: the join with the source, and the fix.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use caulk_case::Case;
use caulk_evidence::{AnchorKind, Anchors, Culprit, Explanation, Run, SyntaxSource, UserCode};
use caulk_growth::Growth;
use caulk_leaks::{Acquisition, Analysis, Finding, Heat};
use caulk_report::Patch;
use caulk_report::json::check::FixOutcome;
use caulk_syntax::ExprKind;
use caulk_system::{Cancel, Files};

use crate::context::Context;
use crate::diagnosis::{Blamed, Fix};
use crate::exit::Failure;
use crate::patching::{self, Patches};
use crate::source::{self, Analysed, Reading, module_root, slashed};

/// The user's module.
#[derive(Debug, Clone)]
pub struct Root {
    /// Its folder.
    pub folder: PathBuf,
    /// The folder of the program's main package; the module's own where it is not known.
    pub main: PathBuf,
}

impl Root {
    /// The module around a folder. `program` is the import path of the program's main package, where
    /// it is known; else the module's one main package is taken, where it has just one.
    pub fn around(context: &Context, folder: &Path, program: Option<&str>) -> Option<Root> {
        let root = module_root(&context.files, folder)?;
        let module = module_path(context, &root);
        let named = program
            .and_then(|program| program.strip_prefix(&module))
            .map(|below| root.join(below.trim_start_matches('/')));
        let main = named.unwrap_or_else(|| match main_folders(context, &root).as_slice() {
            [only] => root.join(only),
            _ => folder.to_owned(),
        });
        Some(Root { folder: root, main })
    }
}

/// The folders below a module's root that hold a package main, relative to it, with `/`.
pub fn main_folders(context: &Context, root: &Path) -> Vec<String> {
    let mut folders: Vec<String> = source::go_files(&context.files, root)
        .into_iter()
        .filter(|file| !file.ends_with("_test.go"))
        .filter(|file| {
            let bytes = context.files.read(&root.join(file)).unwrap_or_default();
            caulk_syntax::outline(&bytes).package_name() == "main"
        })
        .map(|file| {
            file.rsplit_once('/')
                .map_or(String::new(), |(folder, _)| folder.to_owned())
        })
        .collect();
    folders.dedup();
    folders
}

/// What is known once the source was asked.
#[derive(Default)]
pub struct Solved {
    pub root: PathBuf,
    pub culprits: Vec<Blamed>,
    pub unexplained: (f64, Vec<String>),
    /// What it is that grew.
    pub explanation: Explanation,
    pub new_goroutines: i64,
    /// Which functions are the user's own.
    pub code: UserCode,
    pub warnings: Vec<String>,
    routes: Vec<(String, String)>,
    patches: Patches,
}

/// Joins a run with the source below `root`, and plans the fixes of what is to blame.
pub fn solve(
    context: &Context,
    run: &Run,
    root: Option<Root>,
    build_tags: &str,
    growth: &Growth,
    grows: bool,
) -> Result<Solved, Failure> {
    let Some(root) = root else {
        let code = UserCode::default();
        let nowhere = SyntaxSource::new(|_| None);
        let anchors = Anchors {
            code: &code,
            source: &nowhere,
            acquisitions: &[],
        };
        let diagnosis = run.diagnose(growth, &anchors);
        return Ok(Solved {
            unexplained: unexplained(&diagnosis.joined),
            explanation: diagnosis.explanation,
            new_goroutines: diagnosis.new_goroutines,
            warnings: vec![
                "there is no source to look in: give its folder (--source DIR)".to_owned(),
            ],
            ..Solved::default()
        });
    };

    let reading = Reading {
        build_tags: build_tags.split(',').map(str::to_owned).collect(),
        no_tests: true,
        // What was seen to grow makes up for what a rule has not yet earned.
        preview: true,
        ..Reading::default()
    };
    let analysed = source::analyse(source::os_files(), &root.folder, &reading);
    let code = UserCode {
        module: module_path(context, &root.folder),
        main_folder: root
            .main
            .strip_prefix(&root.folder)
            .ok()
            .and_then(slashed)
            .unwrap_or_default(),
        files: source::go_files(&context.files, &root.folder),
    };
    let syntax = SyntaxSource::new(|file| context.files.read(&root.folder.join(file)).ok());
    let analysis = &analysed.analysis;
    let anchors = Anchors {
        code: &code,
        source: &syntax,
        acquisitions: &analysis.acquisitions,
    };
    let diagnosis = run.diagnose(growth, &anchors);

    let mut culprits = if grows {
        diagnosis.joined.culprits.clone()
    } else {
        Vec::new()
    };
    let mut blamed: Vec<Blamed> = culprits
        .drain(..)
        .map(|culprit| blame(culprit, &analysed))
        .collect();
    let wanted: Vec<&Finding> = blamed.iter().filter_map(|b| b.finding.as_ref()).collect();
    let patches = patching::plan(&analysed, &wanted, true);
    for blamed in &mut blamed {
        blamed.fix = blamed.finding.as_ref().and_then(|finding| {
            Some(Fix {
                json: patches.outcome(finding)?,
                patch: patches.hunks(finding),
            })
        });
        if blamed.fix.is_none() && matches!(blamed.culprit.anchor.kind, AnchorKind::Store(_)) {
            blamed.fix = Some(no_resource());
        }
    }
    Ok(Solved {
        explanation: diagnosis.explanation,
        unexplained: unexplained(&diagnosis.joined),
        new_goroutines: diagnosis.new_goroutines,
        culprits: blamed,
        warnings: Vec::new(),
        routes: analysed.program().map(source::routes).unwrap_or_default(),
        patches,
        code,
        root: root.folder.clone(),
    })
}

fn unexplained(joined: &caulk_evidence::Joined) -> (f64, Vec<String>) {
    let functions = joined
        .unexplained
        .iter()
        .map(|stack| stack.function.clone())
        .collect();
    (joined.unexplained_heap, functions)
}

/// What the source says of a culprit's place.
fn blame(culprit: Culprit, analysed: &Analysed) -> Blamed {
    let analysis = &analysed.analysis;
    let acquisition = match culprit.anchor.kind {
        AnchorKind::Acquisition(index) => analysis.acquisitions.get(index).cloned(),
        _ => None,
    };
    let finding = finding_at(&culprit, analysis).cloned();
    let better = acquisition
        .as_ref()
        .and_then(|acquisition| better(acquisition, analysed));
    Blamed {
        culprit,
        acquisition,
        finding,
        fix: None,
        better,
    }
}

/// The finding of the same place: of the acquiring call, or of the goroutine started or blocked there.
fn finding_at<'a>(culprit: &Culprit, analysis: &'a Analysis) -> Option<&'a Finding> {
    let place = &culprit.anchor.location;
    let exact = analysis.findings.iter().find(|finding| {
        let mut places = finding.places().into_iter();
        places.any(|at| at.file == place.file && at.span == place.span)
    });
    exact.or_else(|| {
        let AnchorKind::GoStatement = culprit.anchor.kind else {
            return None;
        };
        let blocked = culprit.blocked.as_ref();
        analysis
            .findings
            .iter()
            .filter(|f| f.rule == "blocked-goroutine")
            .find(|finding| {
                let at = &finding.location;
                let started =
                    at.file == place.file && place.line <= at.line && at.line <= place.end_line;
                let waits = blocked.is_some_and(|b| {
                    b.file.as_deref() == Some(at.file.as_str()) && b.frame.line == at.line
                });
                started || waits
            })
    })
}

/// A client that is opened for every request and is meant to be kept is better opened once: where
/// the type of the method has a constructor, there.
fn better(acquisition: &Acquisition, analysed: &Analysed) -> Option<String> {
    if acquisition.rule != "unclosed-client" || acquisition.heat < Heat::Unknown {
        return None;
    }
    let place = constructor(acquisition, analysed)
        .map_or("at start".to_owned(), |(name, place)| {
            format!("in {name} ({place})")
        });
    Some(format!(
        "one client made {place} and kept, instead of one for each request: a client may be used by many at once, and each new one dials again"
    ))
}

/// The function of the same package that returns the receiver's type: its name and place.
fn constructor(acquisition: &Acquisition, analysed: &Analysed) -> Option<(String, String)> {
    let (package, symbol) = acquisition
        .function
        .rsplit_once('/')
        .unwrap_or(("", &acquisition.function));
    let (base, method) = symbol.split_once('.')?;
    let receiver = method.strip_prefix("(*")?.split(')').next()?;
    let path = if package.is_empty() {
        base.to_owned()
    } else {
        format!("{package}/{base}")
    };
    let program = analysed.program()?;
    let ids = program.check_packages().iter();
    let package = ids
        .map(|id| program.package(*id))
        .find(|package| package.path() == path)?;
    package
        .funcs()
        .iter()
        .filter(|func| func.receiver.is_none())
        .find_map(|func| {
            let file = package.file_of(func)?;
            let tree = &file.outline.tree;
            let results = tree.signature(func.decl.signature).results?;
            let returns = tree.fields(results).iter().any(|field| {
                let ExprKind::Star(inner) = tree.expr(field.ty).kind else {
                    return false;
                };
                tree.ident(inner) == Some(receiver)
            });
            let at = file.line_column(func.decl.span.start);
            let shown = slashed(file.path.strip_prefix(&analysed.root).ok()?)?;
            returns.then(|| (func.name.to_string(), format!("{shown}:{}", at.line)))
        })
}

fn no_resource() -> Fix {
    Fix {
        json: caulk_report::json::check::Fix {
            outcome: FixOutcome::Refused,
            reason: "nothing was acquired that could be released; what may be dropped, and when, is yours to decide"
                .to_owned(),
            edits: Vec::new(),
        },
        patch: Patch::default(),
    }
}

/// The path in `go.mod`.
fn module_path(context: &Context, root: &Path) -> String {
    let text = context.files.read(&root.join("go.mod")).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let named = text
        .lines()
        .find_map(|line| line.trim().strip_prefix("module"));
    let plain = named
        .unwrap_or_default()
        .split("//")
        .next()
        .unwrap_or_default();
    plain.trim().trim_matches(['"', '`']).to_owned()
}

impl Solved {
    /// Whether there is a fix to prove.
    pub fn has_fix(&self) -> bool {
        self.culprits.iter().any(|blamed| {
            blamed
                .fix
                .as_ref()
                .is_some_and(|fix| fix.json.outcome != FixOutcome::Refused)
        })
    }

    /// The patched files, by absolute path.
    pub fn edits(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        self.patches.edits(&self.root)
    }

    /// Writes the patch.
    pub fn apply(&self, allow_dirty: bool, cancel: &Cancel) -> Result<(), Failure> {
        self.patches.apply(&self.root, allow_dirty, cancel)
    }

    /// Routes that the source registers and that no load was sent to.
    pub fn not_covered(&self, case: &Case) -> Vec<String> {
        let loaded = |method: &str, pattern: &str| {
            case.routes.iter().any(|route| {
                let same_method = method.is_empty() || method == route.method;
                same_method && source::matches_pattern(pattern, &route.path)
            })
        };
        self.routes
            .iter()
            .filter(|(method, pattern)| !case.routes.is_empty() && !loaded(method, pattern))
            .map(|(method, pattern)| format!("{method} {pattern}").trim().to_owned())
            .collect()
    }
}
