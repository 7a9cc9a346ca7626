//! What `check --format sarif` prints is valid by the schema that OASIS publishes.
//!
//! A module of Go ships that schema, and another one validates by it: both are downloaded where they are not
//! at hand, which is why this is ignored unless asked for.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "tests start caulk and Go"
)]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn here() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/schema/validate")
}

fn go(arguments: &[&str]) -> Output {
    Command::new("go")
        .args(arguments)
        .current_dir(here())
        .env("GOFLAGS", "-mod=readonly")
        .output()
        .expect("this test needs Go")
}

/// The schema stands in the module's source, between backticks.
fn schema() -> String {
    let module = "github.com/owenrumney/go-sarif/v3";
    let downloaded = go(&["mod", "download", module]);
    assert!(downloaded.status.success(), "{downloaded:?}");
    let listed = go(&["list", "-m", "-f", "{{.Dir}}", module]);
    assert!(listed.status.success(), "{listed:?}");
    let folder = String::from_utf8(listed.stdout).unwrap();
    let source = Path::new(folder.trim()).join("pkg/report/v210/sarif/schema.go");
    let source = std::fs::read_to_string(source).unwrap();
    source.split('`').nth(1).unwrap().to_owned()
}

/// What is wrong with a document, a line each.
fn problems(folder: &Path, schema: &str, document: &[u8]) -> String {
    let (schema_file, file) = (folder.join("schema.json"), folder.join("log.sarif"));
    std::fs::write(&schema_file, schema).unwrap();
    std::fs::write(&file, document).unwrap();
    let output = go(&[
        "run",
        ".",
        schema_file.to_str().unwrap(),
        file.to_str().unwrap(),
    ]);
    assert_ne!(output.status.code(), Some(2), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

fn sarif(folder: &Path) -> Vec<u8> {
    let output = Command::new(env!("CARGO_BIN_EXE_caulk"))
        .args(["check", "--format", "sarif", "--preview"])
        .current_dir(folder)
        .output()
        .unwrap();
    assert!(matches!(output.status.code(), Some(0 | 1)), "{output:?}");
    output.stdout
}

#[test]
#[ignore = "downloads two modules of Go"]
fn sarif_is_valid_by_the_schema() {
    let folder = tempfile::tempdir().unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let schema = schema();

    // Findings of every kind, among them some with fixes.
    let log = sarif(&root.join("crates/caulk-leaks/tests/shapes"));
    let text = String::from_utf8(log.clone()).unwrap();
    for part in ["\"codeFlows\"", "\"fixes\"", "\"level\": \"error\""] {
        assert!(text.contains(part), "no {part}");
    }
    assert_eq!(problems(folder.path(), &schema, &log), "");

    // The schema is one that finds something.
    let broken = text.replace("\"ruleId\"", "\"ruleName\"");
    assert!(problems(folder.path(), &schema, broken.as_bytes()).contains("ruleName"));
    let broken = text.replace("\"startLine\": ", "\"startLine\": -");
    assert!(problems(folder.path(), &schema, broken.as_bytes()).contains("startLine"));

    // Nothing found, and a name that is no address.
    let world = folder.path().join("world");
    std::fs::create_dir(&world).unwrap();
    std::fs::write(world.join("a b#?%.go"), "package a\n\nfunc broken( {\n").unwrap();
    assert_eq!(problems(folder.path(), &schema, &sarif(&world)), "");
}
