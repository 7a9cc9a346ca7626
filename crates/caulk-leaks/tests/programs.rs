//! How often what a program is made of runs: its own callers tell, where nobody else is meant to call it.

use std::sync::Arc;

use caulk_leaks::{Options, Severity, check};
use caulk_program::{GoEnv, Program};
use caulk_system::MemoryFiles;

const STORE: &str = r#"package store

import "os"

func Load(names []string) {
	for _, name := range names {
		load(name)
	}
}

func load(name string) {
	f, err := os.Open(name)
	if err != nil {
		return
	}
	f.Stat()
}

func Spare(name string) {
	f, err := os.Open(name)
	if err != nil {
		return
	}
	f.Stat()
}
"#;

const MAIN: &str = r#"package main

import (
	"os"

	"example.com/m/store"
)

func main() {
	store.Load(os.Args[1:])
}
"#;

/// What is lost in `load` and in `Spare`, of a module with these files beside `store`.
fn severities(others: &[(&str, &str)]) -> [Severity; 2] {
    let mut files = MemoryFiles::new()
        .with("/m/go.mod", "module example.com/m\n\ngo 1.24\n")
        .with("/m/store/store.go", STORE);
    for (path, text) in others {
        files.insert(path, *text);
    }
    let options = caulk_program::Options::new(GoEnv::default(), "/m".into());
    let program = Program::load(Arc::new(files), options, &["/m/...".into()]);
    let findings = check(&program, &Options::default()).findings;
    let [load, spare] = findings.as_slice() else {
        panic!("{findings:?}")
    };
    [load.severity, spare.severity]
}

#[test]
fn what_the_arguments_of_a_command_lose_is_low() {
    let of_command = severities(&[("/m/main.go", MAIN)]);
    assert_eq!(of_command, [Severity::Low, Severity::Medium]);
}

#[test]
fn a_module_without_a_root_may_offer_what_its_commands_do_not_call() {
    let beside = severities(&[("/m/cmd/m/main.go", MAIN)]);
    assert_eq!(beside, [Severity::Low, Severity::Medium]);
}

#[test]
fn others_may_call_what_a_library_has_whatever_its_examples_do() {
    let library = severities(&[("/m/m.go", "package m\n"), ("/m/cmd/m/main.go", MAIN)]);
    assert_eq!(library, [Severity::Medium, Severity::Medium]);
    let shown = severities(&[("/m/examples/m/main.go", MAIN)]);
    assert_eq!(shown, [Severity::Medium, Severity::Medium]);
}

#[test]
fn what_only_tests_of_a_program_call_is_low() {
    let test = r#"package store

import "testing"

func TestSpare(t *testing.T) {
	Spare("name")
}
"#;
    let tested = severities(&[("/m/main.go", MAIN), ("/m/store/store_test.go", test)]);
    assert_eq!(tested, [Severity::Low, Severity::Low]);
    let library = severities(&[("/m/m.go", "package m\n"), ("/m/store/store_test.go", test)]);
    assert_eq!(library, [Severity::Medium, Severity::Medium]);
}

#[test]
fn a_module_without_a_root_is_a_library_where_it_is_called_so() {
    let of = |module: &str, main: &str| {
        let store = STORE.to_owned();
        let main_text = MAIN.replace("example.com/m", module);
        let files = MemoryFiles::new()
            .with("/m/go.mod", format!("module {module}\n\ngo 1.24\n"))
            .with("/m/store/store.go", store)
            .with(format!("/m/cmd/{main}/main.go"), main_text);
        let options = caulk_program::Options::new(GoEnv::default(), "/m".into());
        let program = Program::load(Arc::new(files), options, &["/m/...".into()]);
        check(&program, &Options::default()).findings[0].severity
    };
    assert_eq!(of("example.com/go-m", "serve"), Severity::Medium);
    assert_eq!(of("example.com/go-m", "go-m"), Severity::Low);
    assert_eq!(of("example.com/m", "serve"), Severity::Low);
}
