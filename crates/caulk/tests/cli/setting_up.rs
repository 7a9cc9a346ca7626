//! `caulk init` and `caulk doctor`.

use serde_json::Value;

use crate::world::{World, alone, free_port};

const GO_MOD: &str = "module example.com/shop\n\ngo 1.24\n";
const API: &str = r#"package main

import "net/http"

func main() {
	http.HandleFunc("/", func(http.ResponseWriter, *http.Request) {})
	http.ListenAndServe(":9123", nil)
}
"#;
const WORKER: &str = "package main\n\nfunc main() {}\n";

#[test]
fn init_writes_what_hunt_can_read_and_never_over_it() {
    let world = World::with(&[
        ("go.mod", GO_MOD),
        ("cmd/api/main.go", API),
        ("cmd/worker/main.go", WORKER),
    ]);
    world
        .run(&["init"])
        .expect(0)
        .stdout_has("wrote caulk.toml for ./cmd/api");
    let written = world.read("caulk.toml");
    assert!(written.contains("package = \"./cmd/api\""), "{written}");
    assert!(written.contains("# Others here: ./cmd/worker"), "{written}");
    assert!(written.contains("127.0.0.1:9123"), "{written}");
    assert!(
        written.contains("# The port stands in cmd/api/main.go:7."),
        "{written}"
    );

    world
        .run(&["init"])
        .expect(2)
        .stderr_has("caulk.toml is there already: --force replaces it");
    world.write("caulk.toml", "mine");
    world.run(&["init"]).expect(2);
    assert_eq!(world.read("caulk.toml"), "mine");
    world
        .run(&["init", "--force", "--package", "cmd/worker"])
        .expect(0);
    assert!(
        world
            .read("caulk.toml")
            .contains("package = \"./cmd/worker\"")
    );

    // Read by the command that it is for: the load is there, and what fails is the building.
    world.write(
        "cmd/worker/main.go",
        "package main\n\nfunc main() { missing() }\n",
    );
    world
        .run(&["hunt"])
        .expect(3)
        .stderr_has("undefined: missing");
}

#[test]
fn what_init_writes_is_enough_to_hunt() {
    let _alone = alone();
    let api = API.replace(":9123", &format!("127.0.0.1:{}", free_port()));
    let world = World::with(&[("go.mod", GO_MOD), ("main.go", &api)]);
    world.run(&["init"]).expect(0);
    let ran = world.run(&["hunt", "--requests", "120", "--cooldown", "0", "-o", "case"]);
    ran.expect(0).stdout_has("STEADY");
}

#[test]
fn init_says_what_it_needs() {
    let world = World::with(&[("notes.txt", "")]);
    world
        .run(&["init"])
        .expect(2)
        .stderr_has("there is no go.mod in");
    world.write("go.mod", GO_MOD);
    world
        .run(&["init"])
        .expect(2)
        .stderr_has("there is no main package below");
    world.write("cmd/api/main.go", API);
    world
        .run(&["init", "--package", "./cmd/no"])
        .expect(2)
        .stderr_has("./cmd/no is not a main package here; there are ./cmd/api");
    world
        .run(&["init", "nowhere"])
        .expect(2)
        .stderr_has("nowhere is not a folder");
}

#[test]
fn the_doctor_finds_what_is_there() {
    let world = World::with(&[("go.mod", GO_MOD), ("main.go", API)]);
    world.run(&["init"]).expect(0);
    let ran = world.run(&["doctor", "--format", "json"]).expect(0);
    let report: Value = serde_json::from_str(&ran.stdout).unwrap();
    let checks = report["checks"].as_array().unwrap();
    let state = |name: &str| {
        let check = checks.iter().find(|check| check["name"] == name).unwrap();
        check["state"].as_str().unwrap().to_owned()
    };
    for name in [
        "go",
        "standard library",
        "module",
        "dependencies",
        "caulk.toml",
    ] {
        assert_eq!(state(name), "good", "{name}: {report:#}");
    }
    world
        .run(&["doctor"])
        .expect(0)
        .stdout_has("ok go: go1.")
        .stdout_has("ok caulk.toml: caulk.toml");
}

#[test]
fn the_doctor_names_the_way_out() {
    let world = World::with(&[
        (
            "go.mod",
            "module example.com/shop\n\ngo 1.24\n\nrequire example.com/lost v1.2.3\n",
        ),
        (
            "main.go",
            "package main\n\nimport _ \"example.com/lost/a\"\n\nfunc main() {}\n",
        ),
        ("caulk.toml", "[hunt]\nrequets = 5\n"),
    ]);
    let mut command = world.caulk(&["doctor"]);
    command.env("PATH", world.path("nothing"));
    world
        .ran(command.output().unwrap())
        .expect(1)
        .stdout_has("missing  go: failed to find the go command: it is not in PATH")
        .stdout_has("https://go.dev/dl")
        .stdout_has("lacking  git")
        .stdout_has("not there: example.com/lost@v1.2.3")
        .stdout_has("go mod download brings them")
        .stdout_has("missing  caulk.toml")
        .stdout_has("requets");
    world
        .run(&["doctor", "http://127.0.0.1:1"])
        .expect(3)
        .stdout_has("missing  service: failed to get http://127.0.0.1:1/debug/pprof/heap");
}
