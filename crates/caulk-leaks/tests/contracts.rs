//! What is believed of the functions of dependencies and of the project, and what follows from it.

#![allow(clippy::unwrap_used)]

use std::path::PathBuf;
use std::sync::Arc;

use caulk_leaks::{Analysis, Catalogue, ContractSource, Finding, Options, Outcome, check};
use caulk_program::{GoEnv, Program};
use caulk_system::MemoryFiles;

/// A module that requires `example.com/store`, whose source is in the module cache.
struct Project {
    main: String,
    store: String,
    project: &'static str,
}

impl Project {
    fn new(main: &str, store: &str) -> Project {
        let main = format!("package m\n\nimport \"example.com/store\"\n\n{main}");
        Project {
            main,
            store: store.to_owned(),
            project: "",
        }
    }

    fn check(&self) -> Analysis {
        let files = MemoryFiles::new()
            .with(
                "/m/go.mod",
                "module example.com/m\n\ngo 1.22\n\nrequire example.com/store v1.0.0\n",
            )
            .with("/m/m.go", &self.main)
            .with(
                "/cache/example.com/store@v1.0.0/go.mod",
                "module example.com/store\n",
            )
            .with("/cache/example.com/store@v1.0.0/store.go", &self.store);
        let files: Arc<dyn caulk_system::Files> = Arc::new(files);
        let variable = |name: &str| (name == "GOMODCACHE").then(|| "/cache".to_owned());
        let env = GoEnv::discover(&*files, &variable);
        let root = PathBuf::from("/m");
        let options = caulk_program::Options::new(env, root.clone());
        let program = Program::load(files, options, &[root.join("...")]);
        let table: toml::Table = toml::from_str(self.project).unwrap();
        let entries = match table.get("contract") {
            Some(toml::Value::Array(entries)) => entries
                .iter()
                .map(|entry| (7, entry.as_table().unwrap().clone()))
                .collect(),
            _ => Vec::new(),
        };
        check(
            &program,
            &Options {
                catalogue: Some(Arc::new(Catalogue::with_project(entries).unwrap())),
                ..Options::default()
            },
        )
    }

    /// Lines of the findings, without those that the head of the file adds.
    fn lines(&self) -> Vec<u32> {
        self.check()
            .findings
            .iter()
            .map(|finding| finding.location.line - 4)
            .collect()
    }

    fn only(&self) -> Finding {
        let analysis = self.check();
        let [finding] = analysis.findings.as_slice() else {
            panic!("{:#?}\n{:#?}", analysis.findings, analysis.acquisitions)
        };
        finding.clone()
    }
}

const STORE: &str = r#"package store

import (
	"io"
	"os"
)

type Store struct {
	path string
	log  *os.File
}

func Open(path string) (*Store, error) {
	s := &Store{path: path}
	if err := s.open(); err != nil {
		return nil, err
	}
	return s, nil
}

func OpenLog(path string) (*Store, error) {
	f, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	return newStore(path, f), nil
}

func newStore(path string, f *os.File) *Store { return &Store{path: path, log: f} }

func (s *Store) open() error { return nil }

func (s *Store) Path() string { return s.path }

func (s *Store) Close() error { return s.log.Close() }

func Size(f *os.File) int64 {
	info, err := f.Stat()
	if err != nil {
		return 0
	}
	return info.Size()
}

func Discard(f *os.File) { f.Close() }

var kept []*os.File

func Keep(f *os.File) { kept = append(kept, f) }

// Encrypt encrypts what is written. The resulting writer must be closed after the contents have been written.
func Encrypt(w io.Writer) (io.WriteCloser, error)

type Memory struct{ closed bool }

// OpenMemory opens a store in memory. The caller must call Close when done.
func OpenMemory() (*Memory, error) { return &Memory{}, nil }

func (m *Memory) Close() error {
	m.closed = true
	return nil
}

type Remote interface {
	Get() string
	Close() error
}

var connect func() Remote

// Dial connects. The caller is responsible for closing the returned store.
func Dial() (Remote, error) { return connect(), nil }

func Lookup() (Remote, error) { return connect(), nil }

type Poller struct{ stop chan struct{} }

func Poll() *Poller {
	p := &Poller{stop: make(chan struct{})}
	p.start()
	return p
}

func (p *Poller) start() { go p.loop() }

func (p *Poller) loop() { <-p.stop }

func (p *Poller) Stop() { close(p.stop) }

func Fatal(err error) {
	if err != nil {
		panic(err)
	}
	os.Exit(1)
}

func Again(f *os.File, n int) {
	if n > 0 {
		Again(f, n-1)
	}
}
"#;

#[test]
fn what_a_dependency_opens_and_its_method_closes_is_owed() {
    let finding = Project::new(
        "func f() string {\n\ts, err := store.OpenLog(\"a\")\n\tif err != nil {\n\t\treturn \"\"\n\t}\n\treturn s.Path()\n}\n",
        STORE,
    )
    .only();
    assert_eq!(finding.rule, "unclosed-resource");
    assert_eq!(finding.resource.type_name, "example.com/store.Store");
    assert_eq!(finding.resource.release, "Close");
    assert_eq!(finding.resource.contract_from, ContractSource::Source);
    assert_eq!(finding.message, "s from store.OpenLog is never closed");
}

#[test]
fn what_a_dependency_opens_and_the_caller_closes_is_not() {
    let project = Project::new(
        "func f() error {\n\ts, err := store.OpenLog(\"a\")\n\tif err != nil {\n\t\treturn err\n\t}\n\tdefer s.Close()\n\treturn nil\n}\n",
        STORE,
    );
    assert_eq!(project.lines(), []);
}

#[test]
fn what_holds_nothing_owes_nothing() {
    let project = Project::new(
        "func f() string {\n\ts, _ := store.Open(\"a\")\n\treturn s.Path()\n}\n\nfunc g() { store.OpenMemory() }\n",
        STORE,
    );
    assert_eq!(project.lines(), []);
}

#[test]
fn a_dependency_borrows_closes_or_keeps_what_it_is_passed() {
    let project = Project::new(
        "func f() int64 {\n\tf, err := os.Open(\"a\")\n\tif err != nil {\n\t\treturn 0\n\t}\n\treturn store.Size(f)\n}\n\nfunc g() {\n\tf, err := os.Open(\"a\")\n\tif err == nil {\n\t\tstore.Discard(f)\n\t}\n}\n\nfunc h() {\n\tf, err := os.Open(\"a\")\n\tif err == nil {\n\t\tstore.Keep(f)\n\t}\n}\n",
        STORE,
    );
    let project = Project {
        main: project
            .main
            .replace("\n\nfunc f", "\nimport \"os\"\nfunc f"),
        ..project
    };
    let analysis = project.check();
    let lines: Vec<u32> = analysis.findings.iter().map(|f| f.location.line).collect();
    assert_eq!(lines, [6], "{:#?}", analysis.findings);
    assert_eq!(analysis.coverage.decided, 3);
}

#[test]
fn recursion_in_a_dependency_comes_to_an_end() {
    let project = Project::new(
        "func f(n int) {\n\ts, err := store.OpenLog(\"a\")\n\tif err == nil {\n\t\tstore.Again(nil, n)\n\t\ts.Close()\n\t}\n}\n",
        STORE,
    );
    assert_eq!(project.lines(), []);
}

#[test]
fn documentation_makes_a_contract_where_source_does_not_decide() {
    let call = |name: &str| {
        format!(
            "func f() string {{\n\ts, err := store.{name}()\n\tif err != nil {{\n\t\treturn \"\"\n\t}}\n\treturn s.Get()\n}}\n"
        )
    };
    let finding = Project::new(&call("Dial"), STORE).only();
    assert_eq!(
        finding.resource.contract_from,
        ContractSource::Documentation
    );
    assert_eq!(finding.confidence, caulk_leaks::Confidence::Likely);
    assert_eq!(Project::new(&call("Lookup"), STORE).lines(), []);
}

#[test]
fn a_writer_over_another_is_finished_where_writing_succeeds() {
    let call = |rest: &str| {
        format!(
            "func f(text []byte) error {{\n\tw, err := store.Encrypt(os.Stdout)\n\tif err != nil {{\n\t\treturn err\n\t}}\n\tif _, err := w.Write(text); err != nil {{\n\t\treturn err\n\t}}\n\treturn {rest}\n}}\n"
        )
    };
    assert_eq!(Project::new(&call("w.Close()"), STORE).lines(), []);
    assert_eq!(Project::new(&call("nil"), STORE).lines(), [2]);
}

#[test]
fn a_goroutine_that_a_method_stops_is_owed() {
    let finding = Project::new("func f() {\n\tp := store.Poll()\n\t_ = p\n}\n", STORE).only();
    assert_eq!(finding.resource.release, "Stop");
    let stopped = Project::new(
        "func f() {\n\tp := store.Poll()\n\tdefer p.Stop()\n}\n",
        STORE,
    );
    assert_eq!(stopped.lines(), []);
}

#[test]
fn a_dependency_that_never_returns_ends_the_path() {
    let project = Project::new(
        "func f() {\n\ts, err := store.OpenLog(\"a\")\n\tif err != nil {\n\t\treturn\n\t}\n\tif s.Path() == \"\" {\n\t\tstore.Fatal(nil)\n\t}\n\ts.Close()\n}\n",
        STORE,
    );
    assert_eq!(project.lines(), []);
}

const LOOKUP: &str = "func f() string {\n\ts, err := store.Lookup()\n\tif err != nil {\n\t\treturn \"\"\n\t}\n\treturn s.Get()\n}\n";

#[test]
fn a_project_says_what_its_calls_owe() {
    let project = Project {
        project: "[[contract]]\npackage = \"example.com/store\"\nfunctions = [\"Lookup\"]\nrelease = [\"Close\"]\n",
        ..Project::new(LOOKUP, STORE)
    };
    let finding = project.only();
    assert_eq!(finding.resource.contract_from, ContractSource::Project);
    assert_eq!(finding.rule, "unclosed-resource");
}

#[test]
fn a_project_says_that_a_call_owes_nothing() {
    let project = Project {
        project: "[[contract]]\npackage = \"example.com/store\"\nfunctions = [\"OpenLog\"]\nfree = true\n",
        ..Project::new("func f() { store.OpenLog(\"a\") }\n", STORE)
    };
    assert_eq!(project.lines(), []);
}

#[test]
fn a_wrong_entry_says_what_is_wrong_with_it() {
    let fault = |text: &str| {
        let table: toml::Table = toml::from_str(text).unwrap();
        Catalogue::with_project([(12, table)]).unwrap_err()
    };
    let error = fault("package = \"p\"\nfunctions = [\"F\"]\nrelese = [\"Close\"]\n");
    assert_eq!(
        (error.line, error.message.as_str()),
        (12, "missing field `release`")
    );
    let fault = |text: &str| fault(text).message;
    assert_eq!(
        fault("package = \"p\"\nfunctions = [\"F\"]\nrelease = [\"Close\"]\nharms = 1\n"),
        "unknown key `harms`"
    );
    assert_eq!(
        fault("functions = [\"F\"]\nrelease = [\"Close\"]\n"),
        "missing key `package`"
    );
    assert_eq!(
        fault("package = \"p\"\nfunctions = [\"F\"]\nrelease = [\"Close\"]\nrule = \"x\"\n"),
        "there is no rule `x`"
    );
    assert_eq!(
        fault("package = \"p\"\nfunctions = [\"F\"]\nexits = false\n"),
        "`exits` can only be true"
    );
}

const DIRECTIVES: &str = r#"func f(keep func(*store.Store)) {
	s, err := store.OpenLog("a")
	if err != nil {
		return
	}
	take(s, keep)
}

func g(keep func(*store.Store)) {
	s, err := store.OpenLog("a")
	if err != nil {
		return
	}
	look(s, keep)
}

// take keeps it.
//
//caulk:owns s until the process ends
func take(s *store.Store, keep func(*store.Store)) { keep(s) }

//caulk:borrows s
//caulk:borrows t
func look(s *store.Store, keep func(*store.Store)) { keep(s) }
"#;

#[test]
fn directives_say_what_no_analysis_can_know() {
    let project = Project::new(DIRECTIVES, STORE);
    assert_eq!(project.lines(), [10]);
    let problems = project.check().problems;
    let texts: Vec<String> = problems
        .iter()
        .map(|problem| format!("{} {}: {}", problem.kind, problem.place, problem.what))
        .collect();
    assert_eq!(
        texts,
        ["unknown-parameter m.go:27: look has no parameter t"]
    );
    let without = Project::new(&DIRECTIVES.replace("//caulk:", "//"), STORE).check();
    assert!(
        without
            .acquisitions
            .iter()
            .all(|acquisition| matches!(acquisition.outcome, Outcome::Unknown { .. }))
    );
}

const SENDER: &str = r#"package store

import "net/http"

type Sender interface {
	Send(path string) (*http.Response, error)
}
"#;

const SENDS: &str = r#"import (
	"errors"
	"net/http"
)

// none stands where nobody is connected yet.
type none struct{}

func (none) Send(path string) (*http.Response, error) { return nil, errors.New(path) }

type engine struct{ sender store.Sender }

func start() *engine { return &engine{sender: none{}} }

func (e *engine) connect(sender store.Sender) { e.sender = sender }

func (e *engine) load(path string) (int, error) {
	resp, err := e.sender.Send(path)
	if err != nil {
		return 0, err
	}
	return resp.StatusCode, nil
}
"#;

#[test]
fn who_answers_behind_the_interface_of_a_dependency_is_not_among_the_projects_types_alone() {
    assert_eq!(Project::new(SENDS, SENDER).lines(), [18]);
}
