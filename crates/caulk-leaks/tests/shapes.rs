//! Every shape of `tests/shapes` gets its verdict; its `README.md` says what the comments mean.

#![allow(clippy::unwrap_used)]

mod support;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use caulk_leaks::{Analysis, Options, check};
use caulk_program::{GoEnv, Program};
use caulk_system::OsFiles;

use support::{Compared, Reported};

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

#[test]
fn every_shape_gets_its_verdict() {
    let analysis = analyse(2);
    let mut reported = Reported::of(&analysis);
    let mut files = Vec::new();
    go_files(&shapes(), &mut files);
    let mut compared = Compared::default();
    for path in files {
        let name = path
            .strip_prefix(shapes())
            .unwrap()
            .to_str()
            .unwrap()
            .replace('\\', "/");
        #[expect(clippy::disallowed_methods, reason = "a test reads its own fixtures")]
        let text = std::fs::read_to_string(&path).unwrap();
        let shown = |index: usize| format!("{name}:{}", index + 1);
        reported.compare(&name, &shown, &text, &mut compared);
    }
    let Compared {
        wrong,
        expectations,
        ..
    } = compared;
    assert!(
        wrong.is_empty(),
        "{} wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    assert!(
        expectations > 300,
        "only {expectations} expectations were read"
    );
}

#[test]
fn threads_do_not_change_the_answer() {
    let (one, many) = (analyse(1), analyse(8));
    assert_eq!(one.findings, many.findings);
    assert_eq!(one.acquisitions, many.acquisitions);
}
