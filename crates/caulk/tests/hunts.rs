//! Real hunts in the example services, with the real Go toolchain: the right line, the proof, and
//! the source tree as it was.
//!
//! One hunt at a time: they measure. Three runs of each are `cargo test -p caulk --test hunts -- --ignored`.
#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Mutex, MutexGuard};

use serde_json::Value;

fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../examples")
        .canonicalize()
        .unwrap()
}

/// What `examples/expected.toml` says of an example.
fn expected(example: &str) -> toml::Table {
    let text = fs::read_to_string(examples().join("expected.toml")).unwrap();
    let all: toml::Table = text.parse().unwrap();
    all[example].as_table().unwrap().clone()
}

/// Every file below a folder with its bytes.
fn snapshot(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                files.insert(path.clone(), fs::read(&path).unwrap());
            }
        }
    }
    files
}

fn caulk(arguments: &[&str], folder: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_caulk"))
        .args(arguments)
        .current_dir(folder)
        .env("NO_COLOR", "1")
        .output()
        .unwrap()
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
        panic!(
            "{error}\nstdout: {}\nstderr: {}",
            text(&output.stdout),
            text(&output.stderr)
        )
    })
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Hunts run one after another: two at once would measure each other.
fn alone() -> MutexGuard<'static, ()> {
    static HUNTING: Mutex<()> = Mutex::new(());
    let go = Command::new("go").arg("version").output();
    assert!(
        go.is_ok_and(|o| o.status.success()),
        "these tests need Go: `go version` does not run"
    );
    HUNTING
        .lock()
        .unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// Hunts in an example and compares with what is expected of it; gives the report.
fn hunt(example: &str) -> Value {
    let _alone = alone();
    let folder = examples().join(example);
    let before = snapshot(&folder);
    let case = tempfile::tempdir().unwrap();
    let case_path = case.path().to_str().unwrap();
    let output = caulk(&["hunt", "--format", "json", "-o", case_path], &folder);
    let report = json(&output);
    let wanted = expected(example);
    let context = || format!("{example}: {report:#}\n{}", text(&output.stderr));

    assert_eq!(
        report["verdict"].as_str(),
        wanted["verdict"].as_str(),
        "{}",
        context()
    );
    assert!(
        snapshot(&folder) == before,
        "{example}: the source tree was touched"
    );
    if wanted["verdict"].as_str() == Some("steady") {
        assert_eq!(output.status.code(), Some(0), "{}", context());
        return report;
    }
    assert_eq!(output.status.code(), Some(1), "{}", context());
    let location = &report["culprits"][0]["location"];
    assert_eq!(
        location["file"].as_str(),
        wanted["file"].as_str(),
        "{}",
        context()
    );
    assert_eq!(
        location["line"].as_i64(),
        wanted["line"].as_integer(),
        "{}",
        context()
    );
    assert_eq!(
        location["column"].as_i64(),
        wanted["column"].as_integer(),
        "{}",
        context()
    );
    if let Some(rule) = wanted.get("rule") {
        assert_eq!(
            report["culprits"][0]["finding"]["rule"].as_str(),
            rule.as_str(),
            "{}",
            context()
        );
        assert_eq!(
            report["culprits"][0]["proof"]["proved"],
            Value::Bool(true),
            "{}",
            context()
        );
    }
    report
}

#[test]
fn secret_proxy_loses_a_client_per_request() {
    let report = hunt("secret-proxy");
    let goroutines = report["growth"]["goroutines_per_request"]["value"]
        .as_f64()
        .unwrap();
    assert!((goroutines - 5.0).abs() < 0.1, "{goroutines}");
    let after =
        &report["culprits"][0]["proof"]["after"]["growth"]["goroutines_per_request"]["value"];
    assert!(after.as_f64().unwrap().abs() < 0.1, "{after}");
}

#[test]
fn feed_reader_loses_a_body_when_the_upstream_fails() {
    hunt("feed-reader");
}

#[test]
fn job_queue_leaves_goroutines_behind() {
    hunt("job-queue");
}

#[test]
fn session_store_only_grows() {
    hunt("session-store");
}

#[test]
fn warm_cache_is_steady() {
    hunt("warm-cache");
}

#[test]
#[ignore = "three runs of five hunts take some minutes"]
fn three_runs_of_three_say_the_same() {
    for _ in 0..3 {
        for example in [
            "secret-proxy",
            "feed-reader",
            "job-queue",
            "session-store",
            "warm-cache",
        ] {
            hunt(example);
        }
    }
}

/// A copy of an example, so that a patch may be written into it.
fn copy(example: &str, into: &Path) {
    let from = examples().join(example);
    for (path, bytes) in snapshot(&from) {
        let to = into.join(path.strip_prefix(&from).unwrap());
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::write(to, bytes).unwrap();
    }
}

#[test]
fn with_fix_the_patch_is_written_and_the_program_still_builds() {
    let _alone = alone();
    let folder = tempfile::tempdir().unwrap();
    copy("job-queue", folder.path());
    let before = snapshot(folder.path());
    let case = tempfile::tempdir().unwrap();
    let kept = case.path().to_str().unwrap();
    let output = caulk(
        &["hunt", "--fix", "--format", "json", "-o", kept],
        folder.path(),
    );
    let report = json(&output);
    assert_eq!(
        output.status.code(),
        Some(0),
        "{report:#}\n{}",
        text(&output.stderr)
    );
    let after = snapshot(folder.path());
    let changed: Vec<_> = after
        .iter()
        .filter(|(path, bytes)| before.get(*path) != Some(bytes))
        .collect();
    assert_eq!(changed.len(), 1, "{changed:?}");
    let run = |program: &str, arguments: &[&str]| {
        Command::new(program)
            .args(arguments)
            .current_dir(folder.path())
            .output()
            .unwrap()
    };
    let built = run("go", &["build", "./..."]);
    assert!(built.status.success(), "{}", text(&built.stderr));
    let unformatted = run("gofmt", &["-l", "."]);
    assert!(
        unformatted.stdout.is_empty(),
        "{}",
        text(&unformatted.stdout)
    );
}

/// The recorded case of an example needs no Go.
fn diagnose(arguments: &[&str]) -> (Output, Value) {
    let output = Command::new(env!("CARGO_BIN_EXE_caulk"))
        .args(["diagnose", "--format", "json"])
        .args(arguments)
        .env("PATH", "")
        .output()
        .unwrap();
    let report = json(&output);
    (output, report)
}

fn assert_line(report: &Value, example: &str) {
    let wanted = expected(example);
    let location = &report["culprits"][0]["location"];
    assert_eq!(
        location["file"].as_str(),
        wanted["file"].as_str(),
        "{report:#}"
    );
    assert_eq!(
        location["line"].as_i64(),
        wanted["line"].as_integer(),
        "{report:#}"
    );
}

#[test]
fn recorded_cases_give_the_right_line_without_go() {
    for example in ["secret-proxy", "feed-reader", "job-queue", "session-store"] {
        let case = examples().join(example).join("case");
        let (output, report) = diagnose(&[case.to_str().unwrap()]);
        assert_eq!(report["verdict"], "leak", "{example}: {report:#}");
        assert_eq!(output.status.code(), Some(1));
        assert_line(&report, example);
    }
    let case = examples().join("warm-cache/case");
    let (output, report) = diagnose(&[case.to_str().unwrap()]);
    assert_eq!(
        (report["verdict"].as_str(), output.status.code()),
        (Some("steady"), Some(0))
    );
}

/// The heap profiles of the recorded case of `secret-proxy`, in order.
fn heap_profiles() -> Vec<String> {
    let case = examples().join("secret-proxy/case");
    let names = (0..).map(|n| case.join(format!("heap.{n}.pb.gz")));
    names
        .take_while(|path| path.exists())
        .map(|path| path.to_str().unwrap().to_owned())
        .collect()
}

#[test]
fn heap_profiles_alone_rank_the_right_line_first() {
    let source = examples().join("secret-proxy");
    let source = source.to_str().unwrap();
    let all = heap_profiles();
    assert!(all.len() >= 4, "{all:?}");
    let (first, last) = (all.first().unwrap().as_str(), all.last().unwrap().as_str());
    let every: Vec<&str> = all.iter().map(String::as_str).collect();
    for profiles in [every.as_slice(), &[first, last]] {
        let (_, report) = diagnose(&[profiles, &["--source", source]].concat());
        assert_line(&report, "secret-proxy");
    }
    let (output, report) = diagnose(&[first, last, "--source", source]);
    assert_eq!(
        (report["verdict"].as_str(), output.status.code()),
        (Some("grew"), Some(4))
    );
}
