//! `caulk diagnose` on what people have lying about: a folder with other things beside the profiles,
//! patterns, standard input, several programs at once, and nothing at all.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde_json::Value;

use crate::world::World;

fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples")
}

fn copy(world: &World, from: &Path, to: &str) {
    let bytes = std::fs::read(from).unwrap_or_else(|_| panic!("{}", from.display()));
    world.write(to, bytes);
}

/// The source of an example in a folder of the world, without its case.
fn copy_source(world: &World, example: &str) {
    let root = examples().join(example);
    let mut pending = vec![root.clone()];
    while let Some(folder) = pending.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.ends_with("case") {
                continue;
            }
            if path.is_dir() {
                pending.push(path);
            } else {
                let below = path.strip_prefix(&root).unwrap().to_str().unwrap();
                copy(world, &path, below);
            }
        }
    }
}

fn heap(example: &str, number: usize) -> PathBuf {
    examples().join(format!("{example}/case/heap.{number}.pb.gz"))
}

fn json(stdout: &str) -> Value {
    serde_json::from_str(stdout).unwrap_or_else(|_| panic!("{stdout}"))
}

/// The person of the story stands in the program's own folder, where two profiles lie beside go.mod, the
/// README and the binary.
#[test]
fn two_curled_profiles_beside_the_source_give_the_line() {
    let world = World::new();
    copy_source(&world, "secret-proxy");
    copy(&world, &heap("secret-proxy", 0), "heap.0.pprof");
    copy(&world, &heap("secret-proxy", 3), "heap.6.pprof");
    world.write("README.md", "# secret-proxy\n");
    world.write("secret-proxy", b"\x7fELF\x02\x01\x01".as_slice());
    let ran = world
        .run(&["diagnose", "."])
        .expect(4)
        .stdout_has(
            "GREW  secret/secret.go:54:17  client from secretmanager.NewClient is never closed",
        )
        .stdout_has("From: 2 heap profiles, in the order of the times in them")
        .stdout_has("Two snapshots cannot tell a leak from a warm-up");
    assert!(!ran.stdout.contains("left out"), "{}", ran.stdout);
}

#[test]
fn a_pattern_and_standard_input_are_inputs_too() {
    let world = World::new();
    for number in 0..4 {
        copy(
            &world,
            &heap("job-queue", number),
            &format!("p/heap.{number}.pprof"),
        );
    }
    let source = examples().join("job-queue");
    let source = source.to_str().unwrap();
    let ran = world
        .run(&[
            "diagnose",
            "p/heap.*.pprof",
            "--source",
            source,
            "--format",
            "json",
        ])
        .expect(1);
    let report = json(&ran.stdout);
    assert_eq!(report["verdict"], "leak");
    assert_eq!(report["input"]["points"], 4);
    assert_eq!(report["input"]["kinds"][0]["kind"], "heap");
    assert_eq!(report["input"]["kinds"][0]["files"], 4);
    assert_eq!(report["input"]["kinds"][0]["ordered_by"], "profile-time");

    let mut child = world
        .caulk(&["diagnose", "-", "--source", source])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let bytes = std::fs::read(heap("job-queue", 3)).unwrap();
    child.stdin.take().unwrap().write_all(&bytes).unwrap();
    world
        .ran(child.wait_with_output().unwrap())
        .expect(4)
        .stdout_has("held")
        .stdout_has("From: 1 heap profile\n");
}

#[test]
fn two_programs_in_one_folder_are_diagnosed_each_by_itself() {
    let world = World::new();
    for number in 0..4 {
        copy(
            &world,
            &heap("job-queue", number),
            &format!("p/{}.pprof", 2 * number),
        );
        copy(
            &world,
            &heap("warm-cache", number),
            &format!("p/{}.pprof", 2 * number + 1),
        );
    }
    copy(
        &world,
        &examples().join("job-queue/case/goroutine.0.txt"),
        "p/dump.txt",
    );
    let source = examples().join("job-queue");
    let arguments = ["diagnose", "p", "--source", source.to_str().unwrap()];
    let ran = world
        .run(&[&arguments[..], &["--format", "json"]].concat())
        .expect(1);
    let report = json(&ran.stdout);
    assert_eq!(report["verdict"], "leak");
    assert_eq!(report["others"].as_array().unwrap().len(), 1);
    assert_eq!(report["others"][0]["culprits"], Value::Array(Vec::new()));
    let points = |report: &Value| report["input"]["points"].as_u64().unwrap();
    assert!(points(&report) >= 4 && points(&report["others"][0]) == 4);
    world
        .run(&arguments)
        .expect(1)
        .stdout_has("LEAK  internal/queue/queue.go:43:2  ");
}

#[test]
fn figures_of_one_moment_rank_nothing_and_say_so() {
    let scrape = "go_goroutines 41\ngo_memstats_heap_alloc_bytes 5e+06\n";
    World::with(&[("metrics.txt", scrape)])
        .run(&["diagnose", "metrics.txt"])
        .expect(4)
        .stdout_has("UNDECIDED  figures of one moment, and no stacks: there is nothing to rank")
        .stdout_has("From: 1 scrape");
}

#[test]
fn what_is_missing_is_said_in_one_line() {
    let world = World::with(&[
        ("empty/README.md", "# nothing here\n"),
        ("failed/heap.0.pprof", ""),
        ("failed/heap.1.pprof", "404 page not found\n"),
        ("case/case.json", "{}"),
    ]);
    for (input, wanted) in [
        (
            "empty",
            "empty: there is no profile; capture some: curl -s localhost:6060/debug/pprof/heap",
        ),
        ("failed", "404 page not found"),
        ("failed", "empty, as after a capture that failed"),
        ("nope.*", "nope.*: no file matches"),
        ("nope", "nope: there is no such file or folder"),
        ("case", "case: there is no snapshot in this case"),
    ] {
        let ran = world
            .run(&["diagnose", input])
            .expect(2)
            .says_nothing_on_stdout();
        assert!(ran.stderr.contains(wanted), "{input}: {}", ran.stderr);
        assert_eq!(ran.stderr.trim().lines().count(), 1, "{}", ran.stderr);
    }
    let ran = world.run(&["diagnose", "case", "empty"]).expect(2);
    assert!(ran.stderr.contains("caulk diagnose case"), "{}", ran.stderr);
}
