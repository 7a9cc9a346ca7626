//! The fixer on what the real check finds, checked again by it: nothing is left, nothing is new, and a second
//! run has nothing to do.

#![allow(clippy::unwrap_used)]

#[path = "support/checked.rs"]
mod checked;

use std::path::Path;

use caulk_fix::{Outcome, PlanOptions};
use caulk_system::{Files, OsFiles, create_folder, write_atomic};

use checked::Checked;

const SHAPES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/shapes");

/// Shapes whose resource is a type of their own that holds nothing, which the check knows.
const MADE_UP: [&str; 2] = ["committing_writer", "deferred"];

/// What each shape is called in a test file.
fn file_name(shape: &str) -> &'static str {
    if shape.starts_with("test_") {
        "p_test.go"
    } else {
        "p.go"
    }
}

/// A module with a package for each shape that `wanted` picks, of the files `which`.
fn module(which: &str, wanted: impl Fn(&str) -> bool) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let go_mod = b"module example.com/shapes\n\ngo 1.24\n";
    write_atomic(&folder.path().join("go.mod"), go_mod).unwrap();
    for shape in OsFiles.read_dir(Path::new(SHAPES)).unwrap() {
        let name = shape.name.to_str().unwrap();
        if wanted(name) {
            let bytes = OsFiles
                .read(&Path::new(SHAPES).join(name).join(which))
                .unwrap();
            create_folder(&folder.path().join(name)).unwrap();
            write_atomic(&folder.path().join(name).join(file_name(name)), &bytes).unwrap();
        }
    }
    folder
}

fn check(root: &Path) -> Checked {
    let options = caulk_leaks::Options {
        preview: true,
        ..caulk_leaks::Options::default()
    };
    Checked::new(root, options)
}

#[test]
fn what_the_check_finds_is_fixed_and_then_clean() {
    let folder = module("before.go", |name| !MADE_UP.contains(&name));
    let checked = check(folder.path());
    let plan = checked.plan(PlanOptions::default());
    for (finding, fix) in checked.findings.iter().zip(&plan.fixes) {
        assert_eq!(
            fix.outcome,
            Outcome::Fixed,
            "{} {}",
            finding.location,
            finding.message
        );
    }
    let fixed: Vec<&str> = plan
        .files
        .iter()
        .filter_map(|edit| edit.path.split('/').next())
        .collect();
    let shapes = OsFiles.read_dir(&checked.root).unwrap();
    for shape in shapes.iter().filter_map(|shape| shape.name.to_str()) {
        assert!(
            shape == "go.mod" || fixed.contains(&shape),
            "nothing is found in {shape}"
        );
    }
    for edit in &plan.files {
        write_atomic(&checked.root.join(&edit.path), &edit.after).unwrap();
    }
    let again = check(folder.path());
    let left: Vec<String> = again
        .findings
        .iter()
        .map(|finding| format!("{} {}", finding.location, finding.message))
        .collect();
    assert!(left.is_empty(), "{left:#?}");
}

/// What a person would write is what the check asks for.
#[test]
fn the_fixed_shapes_are_clean() {
    let folder = module("after.go", |_| true);
    let findings = check(folder.path()).findings;
    let left: Vec<String> = findings
        .iter()
        .map(|finding| format!("{} {}", finding.location, finding.message))
        .collect();
    assert!(left.is_empty(), "{left:#?}");
}

/// A release at the end of these functions would close what is still in use.
#[test]
fn what_is_still_in_use_is_not_closed() {
    let folder = tempfile::tempdir().unwrap();
    let hazards = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/hazards/hazards.go");
    let bytes = OsFiles.read(Path::new(hazards)).unwrap();
    let functions = bytes
        .split(|byte| *byte == b'\n')
        .filter(|line| line.starts_with(b"func "))
        .count();
    let go_mod = b"module example.com/hazards\n\ngo 1.24\n";
    write_atomic(&folder.path().join("go.mod"), go_mod).unwrap();
    write_atomic(&folder.path().join("hazards.go"), &bytes).unwrap();
    let checked = check(folder.path());
    let plan = checked.plan(PlanOptions::default());
    assert!(plan.files.is_empty());
    for (finding, fix) in checked.findings.iter().zip(&plan.fixes) {
        let refused = matches!(fix.outcome, Outcome::Refused(_));
        assert!(refused, "{} {}", finding.location, finding.message);
    }
    // All but the two helpers lose something.
    assert_eq!(checked.findings.len(), functions - 2);
}

#[test]
#[expect(clippy::disallowed_methods, reason = "folders of the test's own")]
fn a_release_that_another_package_keeps_to_itself_is_not_called() {
    let folder = tempfile::tempdir().unwrap();
    let runner = b"package runner

import \"os\"

type Runner struct{ f *os.File }

func New(name string) (*Runner, error) {
\tf, err := os.Open(name)
\tif err != nil {
\t\treturn nil, err
\t}
\treturn &Runner{f: f}, nil
}

func (r *Runner) Run() error { return r.f.Sync() }

func (r *Runner) close() error { return r.f.Close() }
";
    let user = b"package user

import \"example.com/m/runner\"

func Run(name string) error {
\tr, err := runner.New(name)
\tif err != nil {
\t\treturn err
\t}
\treturn r.Run()
}
";
    for (name, text) in [
        ("go.mod", b"module example.com/m\n\ngo 1.24\n".as_slice()),
        ("runner/runner.go", runner),
        ("user/user.go", user),
    ] {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        write_atomic(&path, text).unwrap();
    }
    let checked = check(folder.path());
    let plan = checked.plan(PlanOptions { take_review: true });
    assert_eq!(checked.findings.len(), 1);
    assert!(
        matches!(&plan.fixes[0].outcome, Outcome::Refused(why) if why.contains("not exported"))
    );
}

#[test]
fn a_channel_is_closed_where_its_only_sender_leaves() {
    let folder = tempfile::tempdir().unwrap();
    let case = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cases/closing/before.go");
    let before = OsFiles.read(Path::new(case)).unwrap();
    let go_mod = b"module example.com/closing\n\ngo 1.24\n";
    write_atomic(&folder.path().join("go.mod"), go_mod).unwrap();
    write_atomic(&folder.path().join("p.go"), &before).unwrap();
    let plan = check(folder.path()).plan(PlanOptions { take_review: true });
    let after = String::from_utf8_lossy(&plan.files[0].after);
    for edited in [
        "\tfinished := make(chan struct{})\n\tdefer close(finished)\n",
        "\tchanged := make(chan int, 1)\n\tdefer close(changed)\n",
    ] {
        assert_eq!(after.matches(edited).count(), 1, "{after}");
    }
}

/// Folders of `tests/cases`: `before.go` becomes `after.go`, and the comments `// refused: …` and `// review: …`
/// stand on the lines of findings that a person must decide, with a part of the reason.
#[test]
fn cases_are_fixed_as_they_say() {
    const CASES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cases");
    let folder = tempfile::tempdir().unwrap();
    // Tickers are left to the collector from Go 1.23 on.
    let go_mod = b"module example.com/cases\n\ngo 1.22\n";
    write_atomic(&folder.path().join("go.mod"), go_mod).unwrap();
    let mut cases = Vec::new();
    for case in OsFiles.read_dir(Path::new(CASES)).unwrap() {
        let name = case.name.to_str().unwrap().to_owned();
        let before = OsFiles
            .read(&Path::new(CASES).join(&name).join("before.go"))
            .unwrap();
        create_folder(&folder.path().join(&name)).unwrap();
        write_atomic(&folder.path().join(&name).join("p.go"), &before).unwrap();
        cases.push((name, String::from_utf8(before).unwrap()));
    }
    let checked = check(folder.path());
    let plan = checked.plan(PlanOptions::default());
    // Whoever applies them reads them in order.
    for (finding, fix) in checked.findings.iter().zip(&plan.fixes) {
        let starts = fix.edits.iter().map(|edit| edit.span.start);
        assert!(starts.is_sorted(), "{}: {:?}", finding.location, fix.edits);
    }
    for (name, before) in cases {
        let file = format!("{name}/p.go");
        let edit = plan.files.iter().find(|edit| edit.path == file);
        let after = edit.map_or(before.clone(), |edit| {
            String::from_utf8(edit.after.clone()).unwrap()
        });
        let golden = Path::new(CASES).join(&name).join("after.go");
        if std::env::var_os("CAULK_BLESS").is_some() {
            write_atomic(&golden, after.as_bytes()).unwrap();
        }
        let expected = String::from_utf8(OsFiles.read(&golden).unwrap()).unwrap();
        assert_eq!(after, expected, "{name}");
        let mut told: Vec<(u32, String)> = checked
            .findings
            .iter()
            .zip(&plan.fixes)
            .filter(|(finding, _)| finding.location.file == file)
            .filter_map(|(finding, fix)| match &fix.outcome {
                Outcome::Fixed => None,
                Outcome::FixedReview(why) => {
                    Some((finding.location.line, format!("review: {why}")))
                }
                Outcome::Refused(why) => Some((finding.location.line, format!("refused: {why}"))),
            })
            .collect();
        for (line, text) in (1..).zip(before.lines()) {
            let wanted = text.split_once("// ").map(|(_, comment)| comment);
            let is_wanted = |comment: &&str| {
                comment.starts_with("refused: ") || comment.starts_with("review: ")
            };
            if let Some(wanted) = wanted.filter(is_wanted) {
                let (kind, part) = wanted.split_once(": ").unwrap();
                let at = told.iter().position(|(at, why)| {
                    *at == line && why.starts_with(kind) && why.contains(part)
                });
                let at = at.unwrap_or_else(|| panic!("{name}:{line}: {wanted}: not in {told:?}"));
                told.remove(at);
            }
        }
        assert!(told.is_empty(), "{name}: {told:?}");
    }
}
