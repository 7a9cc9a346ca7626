//! The examples of every rule's page: what is reported, and what is not.

#![allow(clippy::unwrap_used)]

use std::path::{Path, PathBuf};
use std::sync::Arc;

use caulk_leaks::{Finding, Options, Rule, check, rules};
use caulk_program::{GoEnv, Program};
use caulk_system::{OsFiles, Overlay};

/// What the examples import, by the name that stands before the dot.
const IMPORTS: &[(&str, &str)] = &[
    ("bufio", "bufio"),
    ("context", "context"),
    ("errors", "errors"),
    ("exec", "os/exec"),
    ("fsnotify", "github.com/fsnotify/fsnotify"),
    ("gzip", "compress/gzip"),
    ("http", "net/http"),
    ("io", "io"),
    ("json", "encoding/json"),
    ("net", "net"),
    ("os", "os"),
    ("pubsub", "cloud.google.com/go/pubsub"),
    ("redis", "github.com/redis/go-redis/v9"),
    ("signal", "os/signal"),
    ("spanner", "cloud.google.com/go/spanner"),
    ("sql", "database/sql"),
    ("storage", "cloud.google.com/go/storage"),
    ("time", "time"),
    ("trace", "go.opentelemetry.io/otel/trace"),
    ("zstd", "github.com/klauspost/compress/zstd"),
];

/// The lines of the Go code below a heading.
fn code(rule: &Rule, heading: &str) -> Vec<&'static str> {
    let section = rule.section(heading);
    let (_, code) = section.split_once("```go\n").unwrap();
    code.split("```").next().unwrap().lines().collect()
}

/// What a check says of some code, on lines of the code. Tickers and timers matter before Go 1.23.
fn findings(code: &[&str]) -> Vec<Finding> {
    let text = code.join("\n");
    let used = |name: &str| {
        text.match_indices(&format!("{name}.")).any(|(at, _)| {
            let before = text[..at].chars().next_back();
            before.is_none_or(|c| !c.is_alphanumeric() && c != '.')
        })
    };
    let imports = IMPORTS.iter().filter(|(name, _)| used(name));
    let imports: Vec<String> = imports.map(|(_, path)| format!("\"{path}\"")).collect();
    // In one line, so that lines are easily counted.
    let source = format!("package page; import ({})\n{text}\n", imports.join("; "));

    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/no-such-folder");
    let file = |name: &str, text: &str| (root.join(name), Arc::from(text.as_bytes()));
    let edits = [
        file("go.mod", "module example.com/page\n\ngo 1.22\n"),
        file("page.go", &source),
    ];
    let files: Arc<dyn caulk_system::Files> =
        Arc::new(Overlay::new(Arc::new(OsFiles), edits.into()));
    let mut options = caulk_program::Options::new(GoEnv::of_process(&*files), root.clone());
    options.known_types = Some(caulk_leaks::known_types());
    let program = Program::load(files, options, &[PathBuf::from("./...")]);
    assert!(
        !program.problems().iter().any(|p| p.kind.name() == "syntax"),
        "{source}"
    );
    let options = Options {
        preview: true,
        ..Options::default()
    };
    let mut findings = check(&program, &options).findings;
    for finding in &mut findings {
        finding.location.line -= 1;
    }
    findings
}

#[test]
fn the_example_is_reported_on_its_line_and_the_others_are_not() {
    let mut wrong = Vec::new();
    for rule in rules() {
        let bad = code(rule, "Example");
        let wanted: Vec<(u32, &str)> = (1u32..)
            .zip(&bad)
            .filter(|(_, line)| line.ends_with("// reported"))
            .map(|(number, _)| (number, rule.name))
            .collect();
        assert!(!wanted.is_empty(), "{}", rule.name);
        let found = findings(&bad);
        let found: Vec<(u32, &str)> = found.iter().map(|f| (f.location.line, f.rule)).collect();
        if found != wanted {
            wrong.push(format!(
                "{}: example: wanted {wanted:?}, found {found:?}",
                rule.name
            ));
        }
        for heading in ["Use instead", "When it is no leak"] {
            let found = findings(&code(rule, heading));
            let found: Vec<String> = found
                .iter()
                .map(|f| format!("{}: {}", f.location.line, f.message))
                .collect();
            if !found.is_empty() {
                wrong.push(format!("{}: {heading}: {found:?}", rule.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
