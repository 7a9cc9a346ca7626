//! Every shape of leak, before and after, in the folders below `tests/shapes`. `CAULK_BLESS=1` writes what
//! the fixer makes of them; the result is compared, and given to the real `gofmt` and `go vet`.

#![allow(clippy::unwrap_used)]

mod support;

use std::path::Path;
use std::time::Duration;

use caulk_fix::{Outcome, PlanOptions};
use caulk_leaks::{ExitKind, Finding, Held};
use caulk_system::process::{Command, run};
use caulk_system::{Files, Limits, OsFiles, create_folder, write_atomic};
use support::{Leak, planned};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/shapes");

type Findings = fn(&str) -> Vec<Finding>;

/// Each folder, and what an analysis says of it.
const SHAPES: &[(&str, Findings)] = &[
    ("deferred", |src| {
        vec![Leak::of(src, "fetch", "client, err := NewClient(ctx)").finding()]
    }),
    ("discarding_style", second_file),
    ("discarding_style_on_lines", second_file),
    ("linter_comment", second_file),
    ("helper_style", |src| {
        vec![
            Leak::of(src, "second", "resp, err := http.Get(url)")
                .body_of_response()
                .finding(),
        ]
    }),
    ("discarded_result", |src| {
        vec![
            Leak::of(src, "ping", "_, err := http.Get(url)")
                .blank()
                .body_of_response()
                .finding(),
        ]
    }),
    ("discarded_in_header", |src| {
        vec![
            Leak::of(src, "ping", "_, err := http.Get(url)")
                .blank()
                .body_of_response()
                .finding(),
        ]
    }),
    ("discarded_cancel", |src| {
        let leak = Leak::of(
            src,
            "wait",
            "ctx, _ := context.WithTimeout(parent, time.Second)",
        );
        let leak = leak.release(None).blank();
        vec![leak.with(|fix| fix.error_variable = None).finding()]
    }),
    ("cancel_of_data", |src| {
        let load = Leak::of(
            src,
            "load",
            "ctx, _ := context.WithTimeout(parent, time.Second)",
        );
        let each = Leak::of(src, "each", "ctx, stop := context.WithCancel(parent)");
        vec![
            load.release(None).blank().finding(),
            each.release(None)
                .released_by("stop()")
                .with(|fix| fix.held = Held::Variable("stop".into()))
                .exit_after("ctx.Err()\n", "return nil", ExitKind::Return)
                .finding(),
        ]
    }),
    ("late_defer", |src| {
        let leak = Leak::of(src, "get", "resp, err := http.Get(url)").body_of_response();
        vec![leak.released_by("defer resp.Body.Close()").finding()]
    }),
    ("handed_on", |src| {
        let leak = Leak::of(src, "Open", "f, err := os.Open(path)");
        let leak = leak.exit_after("no log.", "return nil, err", ExitKind::Return);
        vec![leak.with(|fix| fix.handed_on = true).finding()]
    }),
    ("loop", |src| {
        let leak = Leak::of(src, "sizes", "f, err := os.Open(path)");
        let leak = leak
            .exit_after("f.Stat()", "return 0, err", ExitKind::Return)
            .exit_after("total += n", "return total, nil", ExitKind::Return);
        vec![leak.next_turn().finding()]
    }),
    ("loop_by_branch", |src| {
        vec![
            Leak::of(src, "names", "f, err := os.Open(path)")
                .next_turn()
                .finding(),
        ]
    }),
    ("loop_partly_released", |src| {
        let leak = Leak::of(src, "sizes", "f, err := os.Open(path)").next_turn();
        vec![leak.released_by("f.Close()").finding()]
    }),
    ("lost_after_its_block", |src| {
        let leak = Leak::of(src, "header", "f, err := os.Open(path)");
        let leak = leak
            .exit_after("f.Read(head)", "return nil, err", ExitKind::Return)
            .exit_after("n = read", "return head[:n], nil", ExitKind::Return);
        vec![leak.with(|fix| fix.handed_on = true).finding()]
    }),
    ("test_cleanup", |src| {
        let leak = Leak::of(
            src,
            "TestName",
            "f, err := os.CreateTemp(t.TempDir(), \"x\")",
        );
        let within = Leak::of(src, "TestConcurrently", "f, err := os.Open(t.Name())");
        let subtests = Leak::of(src, "TestSubtests", "f, err := os.Open(t.Name())");
        let subtests = subtests.obstacle(
            "t.Run(\"stat\"",
            "used by a function literal that is passed on",
        );
        let in_test = |fix: &mut caulk_leaks::FixTemplate| fix.test_variable = Some("t".into());
        vec![
            leak.with(in_test).finding(),
            subtests.with(in_test).finding(),
            within
                .in_literal("go func() {", "\n\t}()")
                .with(in_test)
                .finding(),
        ]
    }),
    ("early_defer", |src| {
        let leak = Leak::of(src, "get", "resp, err := http.Get(url)").body_of_response();
        let leak = leak
            .rule("release-before-error-check")
            .check("if err != nil");
        vec![leak.released_by("defer resp.Body.Close()").finding()]
    }),
    ("defer_in_loop", |src| {
        let leak = Leak::of(src, "concat", "f, err := os.Open(path)").rule("defer-in-loop");
        let leak = leak.released_by("defer f.Close()");
        vec![leak.with(|fix| fix.in_loop = true).finding()]
    }),
    ("result_channel", |src| {
        let leak = Leak::of(src, "wait", "go func() {\n\t\tdone <- work()\n\t}()");
        let leak = leak.rule("blocked-goroutine");
        vec![leak.with(|fix| fix.held = Held::Nothing).finding()]
    }),
    ("committing_writer", |src| {
        ["save", "saveCounted"]
            .into_iter()
            .map(|function| {
                let exit = if function == "save" {
                    "return nil"
                } else {
                    "return n, nil"
                };
                Leak::of(src, function, "w := NewWriter(ctx)")
                    .exit_after("w.Write", exit, ExitKind::Return)
                    .with(|fix| fix.release.commits = true)
                    .finding()
            })
            .collect()
    }),
    ("transaction", |src| {
        let leak = Leak::of(src, "move", "tx, err := db.Begin()").release(Some("Rollback"));
        let leak = leak
            .released_by("return tx.Commit()")
            .with(|fix| fix.release.abort = Some("Rollback".into()));
        vec![leak.finding()]
    }),
    ("unchecked_error", |src| {
        let without = Leak::of(src, "statusWithoutError", "resp, _ := http.Get(url)");
        vec![
            Leak::of(src, "status", "resp, err := http.Get(url)")
                .body_of_response()
                .finding(),
            without
                .body_of_response()
                .with(|fix| fix.error_variable = None)
                .finding(),
        ]
    }),
    ("comment_columns", |src| {
        let stop = Leak::of(src, "wait", "ctx, stop := context.WithTimeout(parent, d)");
        let late = Leak::of(src, "first", "c, cancel := context.WithCancel(a)");
        let held =
            |fix: &mut caulk_leaks::FixTemplate, name: &str| fix.held = Held::Variable(name.into());
        vec![
            stop.release(None).with(|fix| held(fix, "stop")).finding(),
            late.release(None)
                .released_by("defer cancel()")
                .with(|fix| held(fix, "cancel"))
                .finding(),
        ]
    }),
    ("missed_by_hand", |src| {
        let leak = Leak::of(src, "get", "resp, err := http.Get(url)").body_of_response();
        let leak = leak.released_by("resp.Body.Close()");
        vec![
            leak.exit_after("ReadAll", "return nil, err", ExitKind::Return)
                .finding(),
        ]
    }),
    ("two_in_one", |src| {
        vec![
            Leak::of(src, "copyFile", "in, err := os.Open(\n\t\tfrom,\n\t)").finding(),
            Leak::of(src, "copyFile", "out, err := os.Create(to)").finding(),
        ]
    }),
];

fn second_file(src: &str) -> Vec<Finding> {
    vec![Leak::of(src, "second", "f, err := os.Open(path)").finding()]
}

fn read(path: &Path) -> String {
    String::from_utf8(OsFiles.read(path).unwrap()).unwrap()
}

fn go(program: &str, args: &[&str], folder: &Path) -> (bool, String) {
    let command = Command::new(program).args(args).folder(folder);
    let output = run(
        &command,
        &Limits::default().within(Duration::from_secs(120)),
    )
    .unwrap_or_else(|error| panic!("{program} must be installed for this test: {error}"));
    let text = [output.stdout, output.stderr].concat();
    (
        output.status.success(),
        String::from_utf8_lossy(&text).into_owned(),
    )
}

#[test]
fn shapes_are_fixed_as_a_person_would() {
    for (name, findings) in SHAPES {
        let folder = Path::new(FOLDER).join(name);
        let before = read(&folder.join("before.go"));
        let found = findings(&before);
        let plan = planned(&before, &found, PlanOptions::default());
        for fix in &plan.fixes {
            assert_eq!(fix.outcome, Outcome::Fixed, "{name}");
        }
        let after = String::from_utf8(plan.files[0].after.clone()).unwrap();
        let golden = folder.join("after.go");
        if std::env::var_os("CAULK_BLESS").is_some() {
            write_atomic(&golden, after.as_bytes()).unwrap();
        }
        assert_eq!(after, read(&golden), "{name}");
    }
}

#[test]
fn every_folder_is_a_shape() {
    let folders = OsFiles.read_dir(Path::new(FOLDER)).unwrap();
    let mut names: Vec<&str> = SHAPES.iter().map(|(name, _)| *name).collect();
    names.sort_unstable();
    let found: Vec<_> = folders
        .iter()
        .map(|entry| entry.name.to_str().unwrap())
        .collect();
    assert_eq!(found, names);
}

#[test]
fn fixed_shapes_are_formatted_and_vetted() {
    let folder = tempfile::tempdir().unwrap();
    write_atomic(
        &folder.path().join("go.mod"),
        b"module example.com/shapes\n\ngo 1.24\n",
    )
    .unwrap();
    for (name, _) in SHAPES {
        let golden = OsFiles
            .read(&Path::new(FOLDER).join(name).join("after.go"))
            .unwrap();
        let package = folder.path().join(name);
        create_folder(&package).unwrap();
        write_atomic(&package.join("after.go"), &golden).unwrap();
    }
    let (formatted, listed) = go("gofmt", &["-l", "-d", "."], folder.path());
    assert!(formatted && listed.is_empty(), "{listed}");
    let (passed, output) = go("go", &["vet", "./..."], folder.path());
    assert!(passed, "{output}");
}
