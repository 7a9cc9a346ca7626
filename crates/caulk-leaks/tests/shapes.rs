//! Every shape of `tests/shapes` gets its verdict; its `README.md` says what the comments mean.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use caulk_leaks::{Analysis, Options, check};
use caulk_program::{GoEnv, Program};
use caulk_system::OsFiles;

/// Wanted, and not found yet: package, line of the acquisition.
const NOT_YET: &[(&str, &str)] = &[
    ("p05_field", "index, err := os.Create(p + \".idx\")"),
    ("p10_own_type", "p := newPump()"),
    ("s35_cancel_discarded", "w.ctx, w.stop = context.WithCancel"),
    ("s38_ticker/asynctimerchan", "t := time.NewTicker(d)"),
    ("s40_spanner_and_streams", "s, err := conn.NewStream"),
];

fn shapes() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/shapes")
}

fn analyse(threads: usize) -> Analysis {
    let files: Arc<dyn caulk_system::Files> = Arc::new(OsFiles);
    let env = GoEnv::of_process(&*files);
    let options = caulk_program::Options::new(env, shapes());
    let program = Program::load(files, options, &[shapes().join("...")]);
    let options = Options {
        preview: true,
        threads: Some(threads),
        ..Options::default()
    };
    check(&program, &options)
}

/// Go files below a folder, the stand-ins for other modules left out.
fn go_files(dir: &Path, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> = dir
        .read_dir()
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            if path.file_name().unwrap() != "stubs" {
                go_files(&path, found);
            }
        } else if path.extension().is_some_and(|extension| extension == "go") {
            found.push(path);
        }
    }
}

/// The rule of a comment `// want leak /rule/`; any rule where it names none.
fn wanted(line: &str) -> Option<Option<&str>> {
    let (_, want) = line.split_once("// want ")?;
    Some(want.split('/').nth(1))
}

#[test]
fn every_shape_gets_its_verdict() {
    let analysis = analyse(2);
    let mut reported: BTreeMap<(String, usize), Vec<&str>> = BTreeMap::new();
    for finding in &analysis.findings {
        let place = (
            finding.location.file.clone(),
            finding.location.line as usize,
        );
        reported.entry(place).or_default().push(finding.rule);
    }
    let mut files = Vec::new();
    go_files(&shapes(), &mut files);
    let (mut wrong, mut decided) = (Vec::new(), 0);
    for path in files {
        let name = path
            .strip_prefix(shapes())
            .unwrap()
            .to_str()
            .unwrap()
            .replace('\\', "/");
        #[expect(clippy::disallowed_methods, reason = "a test reads its own fixtures")]
        let text = std::fs::read_to_string(&path).unwrap();
        for (index, line) in text.lines().enumerate() {
            let rules = reported
                .remove(&(name.clone(), index + 1))
                .unwrap_or_default();
            let not_yet = NOT_YET
                .iter()
                .any(|(package, text)| name.starts_with(package) && line.contains(text));
            let right = match wanted(line) {
                Some(_) if not_yet => rules.is_empty(),
                Some(rule) => {
                    !rules.is_empty()
                        && rules
                            .iter()
                            .all(|found| rule.is_none_or(|rule| rule == *found))
                }
                None => rules.is_empty(),
            };
            decided += usize::from(line.contains("// want ") || line.contains("// ok"));
            if !right {
                wrong.push(format!(
                    "{name}:{}: {} reported {rules:?}",
                    index + 1,
                    line.trim()
                ));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    assert!(decided > 300, "only {decided} expectations were read");
}

#[test]
fn threads_do_not_change_the_answer() {
    let (one, many) = (analyse(1), analyse(8));
    assert_eq!(one.findings, many.findings);
    assert_eq!(one.acquisitions, many.acquisitions);
}
