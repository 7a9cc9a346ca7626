//! A tree whose files no single build takes: what is in the files of a further build rests on what was found in those that
//! it shares with the builds before it.

#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use caulk_leaks::{Analysis, Heat, Severity, check_builds};
use caulk_program::{GoEnv, Options, Program, load_builds};
use caulk_system::MemoryFiles;

const SHARED: &str = r#"package m

import (
	"log"
	"net/http"
	"os"
)

type stepper interface{ step() }

var steps []stepper

func serve(w http.ResponseWriter, r *http.Request) {
	work()
	steps[0].step()
}

func open() (*os.File, error) {
	return os.Open("x")
}

func done(f *os.File) {
	f.Close()
}

func fail() {
	log.Fatal("failed")
}
"#;

const LINUX: &str = "package m\n\nfunc work() {}\n";

const WINDOWS: &str = r#"package m

func work() {
	f, err := open()
	if err != nil {
		fail()
	}
	helper()
	done(f)
}

func helper() {
	f, err := open()
	if err != nil {
		return
	}
	f.Stat()
}
"#;

fn check(windows: &str) -> Analysis {
    let mut files = MemoryFiles::new();
    files.insert("/m/go.mod", "module example.com/m\n\ngo 1.24\n");
    files.insert("/m/shared.go", SHARED);
    files.insert("/m/work_linux.go", LINUX);
    files.insert("/m/work_windows.go", windows);
    let mut options = Options::new(GoEnv::default(), "/m".into());
    options.platform.goos = "linux".into();
    let builds = load_builds(Arc::new(files), options, &["/m/...".into()]);
    let builds: Vec<&Program> = builds.iter().collect();
    assert_eq!(builds.len(), 2);
    check_builds(&builds, &caulk_leaks::Options::default())
}

#[test]
fn functions_of_shared_files_acquire_release_and_end_as_they_do_in_the_first_build() {
    let analysis = check(WINDOWS);
    let [finding] = analysis.findings.as_slice() else {
        panic!("{:?}", analysis.findings)
    };
    let location = &finding.location;
    assert_eq!(
        (location.file.as_str(), location.line),
        ("work_windows.go", 13)
    );
}

#[test]
fn a_function_runs_as_often_as_the_one_of_its_name_in_the_first_build() {
    let analysis = check(WINDOWS);
    assert_eq!(analysis.findings[0].heat, Heat::Request);
    let apart = check(
        &WINDOWS
            .replace("func helper", "func other()\n\nfunc helper")
            .replace("\thelper()\n", ""),
    );
    assert_eq!(apart.findings[0].heat, Heat::Unknown);
}

#[test]
fn a_method_runs_as_often_as_the_first_build_calls_it_through_an_interface() {
    let analysis = check(
        r#"package m

import "os"

type windows struct{}

func (windows) step() {
	f, err := os.Open("x")
	if err != nil {
		return
	}
	f.Stat()
}

func work() {}
"#,
    );
    let [finding] = analysis.findings.as_slice() else {
        panic!("{:?}", analysis.findings)
    };
    assert_eq!(finding.heat, Heat::Request);
}

#[test]
fn what_a_function_fails_with_ends_what_the_one_of_its_name_ends_in_the_first_build() {
    let main = r#"package main

import "log"

func main() {
	for {
		if err := connect(); err != nil {
			log.Fatal(err)
		}
	}
}
"#;
    let opens = r#"package main

import "os"

func connect() error {
	f, err := os.Open("x")
	if err != nil {
		return err
	}
	if _, err := f.Write(nil); err != nil {
		return err
	}
	return f.Close()
}
"#;
    let severity = |main: &str| {
        let mut files = MemoryFiles::new();
        files.insert("/m/go.mod", "module example.com/m\n\ngo 1.24\n");
        files.insert("/m/main.go", main);
        let other = "package main\n\nfunc connect() error { return nil }\n";
        files.insert("/m/connect_linux.go", other);
        files.insert("/m/connect_windows.go", opens);
        let mut options = Options::new(GoEnv::default(), "/m".into());
        options.platform.goos = "linux".into();
        let builds = load_builds(Arc::new(files), options, &["/m/...".into()]);
        let builds: Vec<&Program> = builds.iter().collect();
        let analysis = check_builds(&builds, &caulk_leaks::Options::default());
        analysis.findings[0].severity
    };
    assert_eq!(severity(main), Severity::Low);
    assert_eq!(severity(&main.replace("Fatal", "Print")), Severity::Medium);
}

#[test]
fn modules_and_examples_below_a_folder_that_go_passes_over_are_checked() {
    const LOST: &str = "package main\n\nimport \"os\"\n\nfunc main() {\n\twork()\n}\n\nfunc work() {\n\tf, _ := os.Open(\"x\")\n\tf.Stat()\n}\n";
    let files = MemoryFiles::new()
        .with("/m/go.mod", "module example.com/m\n\ngo 1.24\n")
        .with("/m/m.go", "package m\n")
        .with("/m/_examples/loose/main.go", LOST)
        .with("/m/_tools/loose/main.go", LOST)
        .with(
            "/m/_tools/copy/go.mod",
            "module example.com/copy\n\ngo 1.24\n",
        )
        .with("/m/_tools/copy/cmd/main.go", LOST)
        .with("/m/_tools/copy/_old/main.go", LOST);
    let options = Options::new(GoEnv::default(), "/m".into());
    let program = Program::load(Arc::new(files), options, &["/m/...".into()]);
    let analysis = caulk_leaks::check(&program, &caulk_leaks::Options::default());
    let files: Vec<&str> = analysis
        .findings
        .iter()
        .map(|finding| finding.location.file.as_str())
        .collect();
    assert_eq!(
        files,
        ["_examples/loose/main.go", "_tools/copy/cmd/main.go"]
    );
}

#[test]
fn what_an_example_calls_once_others_may_call_often() {
    let library = "package m\n\nimport \"os\"\n\nfunc Size() int64 {\n\tf, err := os.Open(\"x\")\n\tif err != nil {\n\t\treturn 0\n\t}\n\tinfo, err := f.Stat()\n\tif err != nil {\n\t\treturn 0\n\t}\n\treturn info.Size()\n}\n";
    let severity = |folder: &str| {
        let main =
            "package main\n\nimport \"example.com/m\"\n\nfunc main() {\n\tprintln(m.Size())\n}\n";
        let main_file = format!("/m/{folder}/main.go");
        let files = MemoryFiles::new()
            .with("/m/go.mod", "module example.com/m\n\ngo 1.24\n")
            .with("/m/m.go", library)
            .with(&main_file, main);
        let options = Options::new(GoEnv::default(), "/m".into());
        let program = Program::load(Arc::new(files), options, &["/m/...".into()]);
        let analysis = caulk_leaks::check(&program, &caulk_leaks::Options::default());
        analysis.findings[0].severity
    };
    assert_eq!(severity("cmd/size"), Severity::Low);
    assert_eq!(severity("examples/size"), Severity::Medium);
    assert_eq!(severity("_examples/size"), Severity::Medium);
}
