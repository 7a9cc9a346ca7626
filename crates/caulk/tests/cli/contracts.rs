//! What is believed of functions, why a line is reported or not, and what a project adds to it.

use crate::world::{Ran, World};

const STORE: &str = "package store

import \"os\"

type Store struct{ log *os.File }

// Open opens a store.
func Open(path string) (*Store, error) {
	f, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	return &Store{log: f}, nil
}

func (s *Store) Path() string { return s.log.Name() }

func (s *Store) Close() error { return s.log.Close() }

var Connect func() (*Store, error)
";

const MAIN: &str = "package m

import \"example.com/store\"

func Path() string {
	s, err := store.Open(\"a\")
	if err != nil {
		return \"\"
	}
	return s.Path()
}

func Kept() (*store.Store, error) {
	s, err := store.Open(\"b\")
	return s, err
}
";

/// A module with a dependency in the module cache.
fn world() -> World {
    World::with(&[
        (
            "m/go.mod",
            "module example.com/m\n\ngo 1.22\n\nrequire example.com/store v1.0.0\n",
        ),
        ("m/m.go", MAIN),
        (
            "cache/example.com/store@v1.0.0/go.mod",
            "module example.com/store\n",
        ),
        ("cache/example.com/store@v1.0.0/store.go", STORE),
    ])
}

fn run(world: &World, arguments: &[&str]) -> Ran {
    let mut command = world.caulk(arguments);
    command
        .current_dir(world.path("m"))
        .env("GOMODCACHE", world.path("cache"));
    world.ran(command.output().unwrap())
}

#[test]
fn a_dependency_that_opens_is_owed_without_configuration() {
    let ran = run(
        &world(),
        &["check", "--color", "never", "--format", "concise"],
    )
    .expect(1);
    assert!(
        ran.stdout
            .starts_with("m.go:6:12: s from store.Open is never closed [unclosed-resource]"),
        "{}",
        ran.stdout
    );
}

#[test]
fn explain_contract_tells_the_chain_from_the_call_to_the_resource() {
    let ran = run(&world(), &["explain", "--contract", "store.Open"]).expect(0);
    let cache = "[HERE]/cache/example.com/store@v1.0.0/store.go";
    assert_eq!(
        ran.stdout,
        format!(
            "example.com/store.Open
  func(string) (*example.com/store.Store, error)
  declared at {cache}:8
  result 1 is owed: Close() releases it [unclosed-resource]
    unreleased it keeps a descriptor until the collector finds it
    it costs 1 file descriptor until the collector runs
    certain, by its source
      {cache}:9: calls os.Create
      {cache}:13: returns it in log
      {cache}:18: Close releases log
      {cache}:9: which owes Close by the catalogue (files.toml:14)
"
        )
    );
    let ran = run(&world(), &["explain", "--contract", "(*store.Store).Close"]).expect(0);
    assert!(
        ran.stdout
            .contains("owes nothing: none of its results is something to release"),
        "{}",
        ran.stdout
    );
    let json = run(
        &world(),
        &["explain", "--contract", "os.Open", "--format", "json"],
    )
    .expect(0);
    let json: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(json["owed"][0]["from"], "catalogue");
    assert_eq!(json["owed"][0]["release"], "Close");
}

#[test]
fn explain_contract_names_what_is_alike() {
    let ran = run(&world(), &["explain", "--contract", "store.Opne"]).expect(2);
    assert_eq!(
        ran.stderr,
        "caulk: nothing is known of a function store.Opne; there is example.com/store.Open\n"
    );
    run(&world(), &["explain", "--contract", "Opne"])
        .expect(2)
        .stderr_has("nothing is known of a function Opne; write its package before it: PKG.Opne\n");
}

#[test]
fn explain_line_tells_why_it_is_reported_or_not() {
    let ran = run(&world(), &["explain", "m.go:6"]).expect(0);
    for part in [
        "m.go:6:12: example.com/store.Open acquires example.com/store.Store\n  lost on some path\n",
        "  reported: s from store.Open is never closed [unclosed-resource] medium, certain\n",
        "      m.go:6: acquired by example.com/store.Open\n",
        "      m.go:10: returns with s still open\n",
    ] {
        assert!(ran.stdout.contains(part), "no {part:?} in\n{}", ran.stdout);
    }
    let ran = run(&world(), &["explain", "./m.go:14:5"]).expect(0);
    assert!(
        ran.stdout.contains("  settled: returned at m.go:15\n"),
        "{}",
        ran.stdout
    );
    let ran = run(&world(), &["explain", "m.go:10"]).expect(0);
    assert!(
        ran.stdout
            .starts_with("m.go:10 acquires nothing; it calls\n\nexample.com/store.Store.Path\n"),
        "{}",
        ran.stdout
    );
    let ran = run(&world(), &["explain", "m.go:99"]).expect(2);
    assert_eq!(ran.stderr, "caulk: m.go has 16 lines\n");
    let ran = run(&world(), &["explain", "n.go:1"]).expect(2);
    assert_eq!(ran.stderr, "caulk: n.go: there is no such file\n");
}

#[test]
fn explain_knows_a_goroutine_by_where_it_starts_and_by_where_it_stays() {
    let world = World::with(&[
        ("m/go.mod", "module example.com/m\n\ngo 1.22\n"),
        (
            "m/m.go",
            "package m\n\nfunc Get(work func() int, stop <-chan bool) int {\n\tc := make(chan int)\n\tgo func() {\n\t\tone := work()\n\t\tprintln(one)\n\t\tc <- one\n\t}()\n\tselect {\n\tcase one := <-c:\n\t\treturn one\n\tcase <-stop:\n\t\treturn 0\n\t}\n}\n",
        ),
    ]);
    for line in ["m.go:5", "m.go:8"] {
        let ran = run(&world, &["explain", line]).expect(0);
        let told = "m.go:5:2: go acquires goroutine\n  lost on some path\n";
        assert!(ran.stdout.starts_with(told), "{}", ran.stdout);
    }
}

#[test]
fn explain_sees_the_tree_that_check_sees() {
    let world = world();
    let sink = "package sink

import (
	\"io\"
	\"os\"
)

type Sink interface{ Take(r io.Reader) (int64, error) }

func Send(s Sink, name string) (int64, error) {
	f, err := os.Open(name)
	if err != nil {
		return 0, err
	}
	return s.Take(f)
}
";
    let counter = "package counter

import \"io\"

type Counter struct{}

func (Counter) Take(r io.Reader) (int64, error) {
	return io.Copy(io.Discard, r)
}
";
    world.write("m/sink/sink.go", sink);
    world.write("m/counter/counter.go", counter);
    let found = "f from os.Open is never closed [unclosed-file] medium";
    let checked = run(&world, &["check", "-q", "sink", "counter"]).expect(1);
    assert!(checked.stdout.contains(found), "{}", checked.stdout);
    let explained = run(&world, &["explain", "sink/sink.go:11"]).expect(0);
    assert!(explained.stdout.contains(found), "{}", explained.stdout);
    // A file elsewhere is seen in its module, and goes by its place there.
    let elsewhere = world.path("m/sink/sink.go");
    let elsewhere = format!("{}:11", elsewhere.display());
    std::fs::create_dir_all(world.path("elsewhere")).unwrap();
    let output = world
        .caulk(&["explain", &elsewhere])
        .current_dir(world.path("elsewhere"))
        .output()
        .unwrap();
    let explained = String::from_utf8(output.stdout).unwrap();
    assert!(explained.starts_with("sink/sink.go:11:12: "), "{explained}");
    assert!(explained.contains(found), "{explained}");
}

#[test]
fn a_project_says_what_calls_owe() {
    let world = world();
    let entry = "[[contract]]\npackage = \"example.com/store\"\nfunctions = [\"Open\"]\n";
    world.write("m/caulk.toml", format!("{entry}free = true\n"));
    run(&world, &["check"]).expect(0);
    let ran = run(&world, &["explain", "--contract", "store.Open"]).expect(0);
    assert!(
        ran.stdout
            .contains("  owes nothing: caulk.toml:1 says that it owes nothing\n"),
        "{}",
        ran.stdout
    );
    world.write("m/caulk.toml", format!("\n{entry}relese = [\"Close\"]\n"));
    let ran = run(&world, &["check"]).expect(2);
    assert_eq!(
        ran.stderr,
        "caulk: caulk.toml:2: in this [[contract]]: missing field `release`\n"
    );
}

#[test]
fn the_callees_that_block_most_are_named() {
    let world = world();
    world.write(
        "m/n.go",
        "package m

import (
	\"example.com/gone\"
	\"example.com/store\"
)

func First() {
	s, err := store.Open(\"c\")
	if err == nil {
		gone.Keep(s)
	}
}

func Second() {
	s, err := store.Open(\"d\")
	if err == nil {
		gone.Keep(s)
	}
}
",
    );
    run(&world, &["check"])
        .expect(1)
        .stdout_has("coverage: 2 of 4 acquisitions decided; --undecided lists the other 2\n");
    run(&world, &["check", "--undecided"]).expect(1).stdout_has(
        "coverage: 2 of 4 acquisitions decided\nmost often undecided at: example.com/gone.Keep (2)\n",
    );
    let json = run(&world, &["check", "--format", "json"]).expect(1);
    let json: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(json["blocked_by"][0]["callee"], "example.com/gone.Keep");
    assert_eq!(json["blocked_by"][0]["acquisitions"], 2);
}

#[test]
fn a_real_dependency_owes_what_its_source_opens() {
    let example =
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/secret-proxy");
    // On a fresh machine nothing has built the example yet.
    let download = std::process::Command::new("go")
        .args(["mod", "download", "golang.org/x/net"])
        .current_dir(&example)
        .output()
        .expect("this test needs Go: `go` could not be run");
    assert!(download.status.success(), "{download:#?}");
    let world = World::new();
    let mut command = world.caulk(&[
        "explain",
        "--contract",
        "golang.org/x/net/nettest.NewLocalPacketListener",
    ]);
    let ran = world.ran(command.current_dir(example).output().unwrap());
    assert_eq!(ran.code, Some(0), "{ran:#?}");
    for part in [
        "  result 1 is owed: Close() releases it [unclosed-connection]\n",
        "    certain, by its source\n",
        ": calls net.ListenPacket\n",
    ] {
        assert!(ran.stdout.contains(part), "no {part:?} in\n{}", ran.stdout);
    }
}
