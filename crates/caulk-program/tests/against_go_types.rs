//! Every call of real packages, compared with what `go/types` says of it.
//!
//! Last full sweep (Go 1.26.8, tests included; exact / unknown / wrong): standard library 254,896 / 0 / 0, etcd's server
//! 25,766 / 0 / 0, caddy 23,684 / 0 / 0, prometheus 96,319 / 0 / 0, samber/lo 14,602 / 0 / 0, golang-samples' root module
//! 14,005 / 0 / 0. caddy without its modules, tests left out: 13,956 / 1,767 / 292, the wrong ones interfaces, aliases and
//! conversions of packages that are not there.
//!
//! The sweep over other packages: `CAULK_CALLS_DIR=DIR CAULK_CALLS='PATTERN…' cargo test -p caulk-program
//! --test against_go_types -- --ignored --nocapture sweep`; with `CAULK_CALLS_NO_MODULES=1` caulk sees no module cache,
//! with `CAULK_CALLS_NO_GO=1` no Go installation, and `CAULK_CALLS_SAMPLES=N` shows more of what differs.
#![allow(clippy::unwrap_used, clippy::print_stderr, clippy::disallowed_methods)]

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use caulk_program::{Callee, GoEnv, Options, Program, TypedBody};
use caulk_system::OsFiles;
use rayon::prelude::*;

/// A call as the oracle or caulk sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Call {
    kind: String,
    name: String,
    result: String,
}

type Calls = HashMap<(PathBuf, u32, u32), Call>;

fn oracle(dir: &Path, patterns: &[&str]) -> Calls {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/calls");
    let program = Path::new(env!("CARGO_TARGET_TMPDIR")).join("calls");
    let build = Command::new("go")
        .args(["build", "-o", program.to_str().unwrap(), "."])
        .current_dir(&source)
        .status()
        .expect("this test needs the go command");
    assert!(build.success(), "failed to build tests/calls");
    let output = Command::new(&program)
        .arg(dir)
        .args(patterns)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines()
        .map(|line| {
            let fields: Vec<&str> = line.split('\t').collect();
            let [file, start, end, kind, name, result] = fields[..] else {
                panic!("{line}")
            };
            let key = (
                PathBuf::from(file),
                start.parse().unwrap(),
                end.parse().unwrap(),
            );
            let call = Call {
                kind: kind.into(),
                name: name.into(),
                result: result.into(),
            };
            (key, call)
        })
        .collect()
}

fn ours(program: &Program, into: &mut Calls) {
    for package in program.check_packages() {
        for owner in program.owners(*package) {
            let Some(typed) = program.body(owner) else {
                continue;
            };
            let file = match owner {
                caulk_program::BodyOwner::Func(id) => program.file_of(id).unwrap().path.clone(),
                caulk_program::BodyOwner::Initializer(package, index) => {
                    let package = program.package(package);
                    let file = package.initializers()[index as usize].file;
                    package.files()[file as usize].path.clone()
                }
            };
            for (call, callee) in typed.info.calls() {
                let span = typed.tree().expr(call).span;
                let result = typed.info.type_of(call);
                let result = without_lengths(&program.type_string(result));
                let (kind, name) = described(&typed, callee);
                let call = Call {
                    kind: kind.into(),
                    name,
                    result,
                };
                into.insert((file.clone(), span.start, span.end), call);
            }
        }
    }
}

fn described(typed: &TypedBody, callee: &Callee) -> (&'static str, String) {
    match callee {
        Callee::Static(func) => ("func", func.name.to_string()),
        Callee::Method { func, .. } => ("method", func.name.to_string()),
        Callee::Interface { func, .. } => ("interface", func.name.to_string()),
        Callee::Field { name, .. } => ("field", name.to_string()),
        Callee::Local(local) => (
            "local",
            typed.info.local_info(*local).unwrap().name.to_string(),
        ),
        Callee::Literal(_) => ("literal", String::new()),
        Callee::PackageVar { name, .. } => ("pkgvar", name.to_string()),
        Callee::Value => ("value", String::new()),
        Callee::Builtin(_) => ("builtin", String::new()),
        Callee::Conversion(_) => ("conversion", String::new()),
        Callee::Unknown { why, name, .. } => ("unknown", format!("{name}: {why}")),
    }
}

/// Lengths of arrays are constants, which caulk does not evaluate.
fn without_lengths(ty: &str) -> String {
    let mut out = String::with_capacity(ty.len());
    let mut rest = ty;
    while let Some(open) = rest.find('[') {
        let (before, after) = rest.split_at(open + 1);
        out.push_str(before);
        let digits = after.len() - after.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        rest = after;
        if digits > 0 && after[digits..].starts_with(']') {
            out.push('_');
            rest = &after[digits..];
        }
    }
    out + rest
}

#[derive(Debug, Default)]
struct Score {
    exact: usize,
    unknown: usize,
    wrong: usize,
    missing: usize,
}

impl Score {
    fn total(&self) -> usize {
        self.exact + self.unknown + self.wrong + self.missing
    }
}

fn compare(
    dir: &Path,
    patterns: &[&str],
    folders: &[PathBuf],
    change: impl FnOnce(&mut GoEnv),
) -> Score {
    let wanted = oracle(dir, patterns);
    let files = Arc::new(OsFiles);
    let mut env = GoEnv::of_process(&*files);
    change(&mut env);
    let options = Options::new(env, dir.to_owned());
    let started = std::time::Instant::now();
    let program = Program::load(files, options, folders);
    let mut found = Calls::new();
    ours(&program, &mut found);
    eprintln!("typed in {:?}", started.elapsed());
    for problem in program.problems().iter().take(20) {
        eprintln!("problem: {problem:?}");
    }

    let mut score = Score::default();
    let mut samples: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    let mut keys: Vec<_> = wanted.keys().collect();
    keys.sort();
    for key in keys {
        let want = &wanted[key];
        if want.kind == "invalid" || want.result.contains("invalid") {
            continue;
        }
        let verdict = match found.get(key) {
            None => "missing",
            Some(have) => judge(want, have),
        };
        match verdict {
            "exact" => score.exact += 1,
            "unknown" => score.unknown += 1,
            "wrong" => score.wrong += 1,
            _ => score.missing += 1,
        }
        if verdict != "exact" {
            let place = format!("{}:{}", key.0.display(), key.1);
            let text = std::fs::read(&key.0).unwrap();
            let text = String::from_utf8_lossy(&text[key.1 as usize..key.2 as usize]);
            let text: String = text.chars().take(60).collect();
            samples.entry(verdict).or_default().push(format!(
                "{place} `{}` want {want:?} have {:?}",
                text.replace('\n', " "),
                found.get(key)
            ));
        }
    }
    let limit = std::env::var("CAULK_CALLS_SAMPLES")
        .ok()
        .and_then(|n| n.parse().ok())
        .unwrap_or(25);
    for (verdict, samples) in samples {
        for sample in samples.iter().take(limit) {
            eprintln!("{verdict}: {sample}");
        }
    }
    eprintln!("{score:?} of {}", score.total());
    score
}

fn judge(want: &Call, have: &Call) -> &'static str {
    let result_unknown = have.result.contains("unknown");
    let same_callee = want.kind == have.kind && want.name == have.name;
    // go/types gives an untyped result the type that it is converted to in the end.
    let same_result = want.result == have.result
        || have
            .result
            .strip_prefix("untyped ")
            .is_some_and(|_| !want.result.contains('.'));
    match (same_callee, same_result) {
        (true, true) => "exact",
        (true, false) if result_unknown => "unknown",
        (false, _) if have.kind == "unknown" => "unknown",
        _ => "wrong",
    }
}

#[test]
fn calls_of_the_standard_library() {
    let goroot = GoEnv::of_process(&OsFiles)
        .goroot
        .expect("this test needs a Go installation");
    let patterns = [
        "net/http",
        "database/sql",
        "os",
        "archive/zip",
        "encoding/json",
        "text/template",
        "slices",
        "maps",
        "sync",
        "go/types",
        "os/exec",
        "net",
        "crypto/tls",
    ];
    let folders: Vec<PathBuf> = patterns
        .iter()
        .map(|p| goroot.join("src").join(p))
        .collect();
    let score = compare(&goroot.join("src"), &patterns, &folders, |_| {});
    assert!(score.total() > 15_000, "{score:?}");
    assert_eq!(score.missing, 0, "calls that were not seen");
    assert!(score.wrong * 1000 <= score.total(), "{score:?}");
    assert!(score.unknown * 1000 <= score.total(), "{score:?}");
}

#[test]
fn calls_of_a_program_where_no_go_is_installed() {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR"));
    let examples = crates.join("../../examples");
    for dir in [
        crates.join("tests/calls"),
        examples.join("feed-reader"),
        examples.join("job-queue"),
    ] {
        let dir = dir.canonicalize().unwrap();
        let score = compare(&dir, &["./..."], &[dir.join("...")], |env| {
            env.goroot = None
        });
        assert!(score.total() > 50, "{score:?}");
        assert_eq!(score.exact, score.total(), "{score:?}");
    }
}

/// Everything that is said of every call, in the order of bodies.
fn answers(program: &Program) -> Vec<String> {
    let packages = program.check_packages().iter();
    let owners: Vec<_> = packages
        .flat_map(|package| program.owners(*package))
        .collect();
    owners
        .par_iter()
        .map(|owner| {
            let Some(typed) = program.body(*owner) else {
                return String::new();
            };
            let calls = typed.info.calls();
            let calls = calls.iter().map(|(call, callee)| {
                let (kind, name) = described(&typed, callee);
                format!(
                    "{kind} {name} {}",
                    program.type_string(typed.info.type_of(*call))
                )
            });
            calls.collect::<Vec<_>>().join("\n")
        })
        .collect()
}

#[test]
fn any_number_of_threads_finds_the_same() {
    let env = GoEnv::of_process(&OsFiles);
    let src = env
        .goroot
        .clone()
        .expect("this test needs a Go installation")
        .join("src");
    let roots = ["database/sql", "net/http/httputil", "slices"].map(|path| src.join(path));
    let answers_with = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        let options = Options::new(env.clone(), src.clone());
        pool.install(|| {
            let program = Program::load(Arc::new(OsFiles), options, &roots);
            (answers(&program), program.problems().to_vec())
        })
    };
    let one = answers_with(1);
    assert!(one.0.iter().map(String::len).sum::<usize>() > 100_000);
    assert_eq!(one, answers_with(8));
}

#[test]
#[ignore = "takes minutes; run by hand with CAULK_CALLS_DIR and CAULK_CALLS"]
fn sweep() {
    let dir = PathBuf::from(std::env::var("CAULK_CALLS_DIR").unwrap());
    let patterns = std::env::var("CAULK_CALLS").unwrap_or_else(|_| "./...".into());
    let patterns: Vec<&str> = patterns.split_whitespace().collect();
    let score = compare(&dir, &patterns, &[dir.join("...")], |env| {
        if std::env::var_os("CAULK_CALLS_NO_MODULES").is_some() {
            env.gomodcache = None;
        }
        if std::env::var_os("CAULK_CALLS_NO_GO").is_some() {
            env.goroot = None;
        }
    });
    assert!(score.wrong * 1000 <= score.total(), "{score:?}");
}
