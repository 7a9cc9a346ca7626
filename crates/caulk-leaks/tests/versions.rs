//! What does harm up to some version of Go.

#![allow(clippy::unwrap_used)]

use std::path::PathBuf;
use std::sync::Arc;

use caulk_leaks::{Options, check};
use caulk_program::{GoEnv, Program};
use caulk_system::MemoryFiles;

const LOOPS: &str = r#"package m

import "time"

func grouped(records chan string, flush func()) {
	for {
		timer := time.NewTimer(time.Minute)
		defer timer.Stop()
		select {
		case <-timer.C:
			flush()
		case _, ok := <-records:
			if !ok {
				return
			}
		}
	}
}

func polled(done chan struct{}, poll func()) {
	ticker := time.NewTicker(time.Minute)
	for {
		select {
		case <-ticker.C:
			poll()
		case <-done:
			return
		}
	}
}
"#;

/// The lines that are reported in a module of a version.
fn reported(version: &str) -> Vec<(String, u32)> {
    let root = PathBuf::from("/m");
    let files = MemoryFiles::new()
        .with(
            "/m/go.mod",
            format!("module example.com/m\n\ngo {version}\n"),
        )
        .with("/m/m.go", LOOPS);
    let files: Arc<dyn caulk_system::Files> = Arc::new(files);
    let env = GoEnv::discover(&*files, &|_| None);
    let options = caulk_program::Options::new(env, root.clone());
    let program = Program::load(files, options, &[root.join("...")]);
    let findings = check(&program, &Options::default()).findings.into_iter();
    findings
        .map(|finding| (finding.rule.to_owned(), finding.location.line))
        .collect()
}

/// The collector frees a ticker that nobody can reach, and no timer that a deferred call holds.
#[test]
fn what_a_defer_holds_is_not_collected() {
    let piled_up = ("defer-in-loop".to_owned(), 7);
    assert_eq!(
        reported("1.22"),
        [piled_up.clone(), ("unstopped-ticker".to_owned(), 21)]
    );
    assert_eq!(reported("1.23"), [piled_up]);
}
