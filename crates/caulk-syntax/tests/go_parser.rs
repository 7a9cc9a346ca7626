//! The tree is that of go/parser, on every file of the Go distribution.

#![allow(clippy::unwrap_used)]

mod oracle;

use std::path::{Path, PathBuf};

use caulk_syntax::{TokenKind, parse, tokens};
use oracle::dump::{Hash, Text, dump};
use oracle::{go_files, goroot, lines, module_cache, oracle, read};

/// What differs between us and go/parser on one file.
fn difference(file: &Path, verdict: &str) -> Option<String> {
    let src = read(file);
    let parsed = parse(&src);
    let (class, hash) = verdict.split_once(' ').unwrap();
    let accepted = class == "ok" || class == "generic";
    if accepted == parsed.has_errors() {
        let errors = parsed.file.errors.iter();
        let errors: Vec<_> = errors
            .chain(parsed.bodies.iter().flat_map(|b| &b.errors))
            .take(3)
            .collect();
        return Some(format!(
            "{}: go/parser says {class}; we: {errors:?}",
            file.display()
        ));
    }
    if class != "ok" {
        return None;
    }
    let mut ours = Hash::default();
    dump(&parsed, &src, &mut ours);
    if format!("{:016x}", ours.0) == hash {
        return None;
    }
    let mut ours = Text::default();
    dump(&parsed, &src, &mut ours);
    let theirs = oracle(&["-dump", file.to_str().unwrap()], "");
    let mut lines = ours.0.iter().map(String::as_str);
    let mut theirs = theirs.lines();
    loop {
        match (lines.next(), theirs.next()) {
            (None, None) => return Some(format!("{}: the hashes differ only", file.display())),
            (a, b) if a != b => {
                return Some(format!("{}: {a:?} should be {b:?}", file.display()));
            }
            _ => {}
        }
    }
}

fn compare(files: &[PathBuf]) {
    let verdicts = oracle(&[], &lines(files));
    let verdicts: Vec<&str> = verdicts.lines().collect();
    assert_eq!(verdicts.len(), files.len());
    let differences: Vec<String> = files
        .iter()
        .zip(verdicts)
        .filter_map(|(file, verdict)| difference(file, verdict))
        .collect();
    let shown = &differences[..differences.len().min(20)];
    assert!(
        differences.is_empty(),
        "{} files differ:\n{}",
        differences.len(),
        shown.join("\n")
    );
}

#[test]
fn standard_library() {
    let files = go_files(&goroot().join("src"));
    assert!(
        files.len() > 5000,
        "only {} files in the standard library",
        files.len()
    );
    compare(&files);
}

#[test]
fn compiler_tests() {
    compare(&go_files(&goroot().join("test")));
}

/// `cargo test -p caulk-syntax --test go_parser -- --ignored module_cache_files`
#[test]
#[ignore = "takes as long as the module cache is large"]
fn module_cache_files() {
    compare(&go_files(&module_cache()));
}

#[test]
fn letters_are_those_of_go() {
    let mut classes = Hash::default();
    use oracle::dump::Sink;
    for c in ('\u{80}'..=char::MAX).filter(|&c| c != '\u{feff}') {
        let is_name = |text: String| match tokens(text.as_bytes())[..] {
            [first, ..] => {
                first.kind == TokenKind::Ident && first.span.len() as usize == text.len()
            }
            [] => false,
        };
        let class = i64::from(is_name(c.to_string())) * 2 + i64::from(is_name(format!("x{c}")));
        classes.emit("", &[class], "");
    }
    assert_eq!(
        oracle(&["-letters"], "").trim(),
        format!("{:016x}", classes.0)
    );
}
