//! The profiles: captured from a real Go program, recorded from the examples, those that google/pprof
//! is tested with, and those made by hand.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::built;

/// A profile of the corpus.
pub struct Item {
    pub name: String,
    pub file: PathBuf,
    /// Another profile of the same kind, to merge with or to subtract.
    pub other: PathBuf,
    /// Whether it meets every command line, or, as one of many alike, one in four.
    pub is_full: bool,
}

impl Item {
    fn new(name: &str, file: PathBuf, other: PathBuf) -> Item {
        Item {
            name: name.to_owned(),
            file,
            other,
            is_full: true,
        }
    }
}

/// The corpus; what has to be written is written below `folder`.
pub fn corpus(folder: &Path) -> Vec<Item> {
    let mut items = captured(folder);
    items.extend(recorded());
    items.extend(of_the_module(folder));
    items.extend(made(folder));
    items
}

/// The repository's root.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Profiles of every kind, in every form, from the program that the reading tests use.
fn captured(folder: &Path) -> Vec<Item> {
    let program = folder.join("capture");
    let mut build = Command::new("go");
    build
        .args(["build", "-o"])
        .arg(&program)
        .arg(".")
        .current_dir(root().join("crates/caulk-profile/tests/capture"))
        .env("GOWORK", "off")
        .env("GOFLAGS", "");
    run(&mut build);
    let first = folder.join("captured");
    let second = folder.join("captured-again");
    for target in [&first, &second] {
        std::fs::create_dir(target).unwrap();
        let mut capture = Command::new(&program);
        capture.arg(target);
        capture.env("GODEBUG", "memprofilerate=4096");
        run(&mut capture);
    }
    // Where the tool is asked to read symbols again, it must not find any.
    std::fs::remove_file(&program).unwrap();
    let kinds = [
        "heap",
        "allocs",
        "goroutine",
        "mutex",
        "block",
        "threadcreate",
        "cpu",
    ];
    let mut items = Vec::new();
    for kind in kinds {
        for form in ["pb.gz", "txt"] {
            let file = format!("{kind}.{form}");
            if first.join(&file).exists() {
                items.push(Item::new(
                    &format!("captured/{file}"),
                    first.join(&file),
                    second.join(&file),
                ));
            }
        }
    }
    assert!(items.len() > kinds.len(), "too few profiles were captured");
    items
}

/// What hunts recorded in the examples.
fn recorded() -> Vec<Item> {
    let mut items = Vec::new();
    for example in [
        "feed-reader",
        "job-queue",
        "secret-proxy",
        "session-store",
        "warm-cache",
    ] {
        let case = root().join("examples").join(example).join("case");
        items.push(Item::new(
            &format!("recorded/{example}"),
            case.join("heap.3.pb.gz"),
            case.join("heap.0.pb.gz"),
        ));
    }
    items
}

/// The version is pinned: its files are part of what the count of pairs says.
const MODULE: &str = "github.com/google/pprof@v0.0.0-20251114195745-4902fdda35c8";

/// Profiles from the tests of google/pprof, legacy forms among them, each beside its like.
const OF_THE_MODULE: [(&str, &str); 21] = [
    (
        "profile/testdata/cppbench.heap",
        "profile/testdata/cppbench.heap",
    ),
    (
        "profile/testdata/cppbench.growth",
        "profile/testdata/cppbench.growth",
    ),
    (
        "profile/testdata/cppbench.cpu",
        "internal/driver/testdata/cppbench.cpu",
    ),
    (
        "profile/testdata/cppbench.contention",
        "internal/driver/testdata/cppbench.small.contention",
    ),
    (
        "internal/driver/testdata/cppbench.small.contention",
        "profile/testdata/cppbench.contention",
    ),
    (
        "profile/testdata/cppbench.thread",
        "profile/testdata/cppbench.thread.all",
    ),
    (
        "profile/testdata/cppbench.thread.all",
        "profile/testdata/cppbench.thread",
    ),
    (
        "profile/testdata/cppbench.thread.none",
        "profile/testdata/cppbench.thread",
    ),
    (
        "profile/testdata/gobench.heap",
        "profile/testdata/gobench.heap",
    ),
    (
        "profile/testdata/gobench.cpu",
        "profile/testdata/go.crc32.cpu",
    ),
    (
        "profile/testdata/go.crc32.cpu",
        "profile/testdata/gobench.cpu",
    ),
    (
        "profile/testdata/go.godoc.thread",
        "profile/testdata/go.godoc.thread",
    ),
    ("profile/testdata/java.heap", "profile/testdata/java.heap"),
    ("profile/testdata/java.cpu", "profile/testdata/java.cpu"),
    (
        "profile/testdata/java.contention",
        "profile/testdata/java.contention",
    ),
    (
        "internal/driver/testdata/cppbench.cpu",
        "profile/testdata/cppbench.cpu",
    ),
    (
        "internal/driver/testdata/cppbench.cpu_no_samples_type",
        "profile/testdata/cppbench.cpu",
    ),
    (
        "internal/driver/testdata/go.crc32.cpu",
        "profile/testdata/gobench.cpu",
    ),
    (
        "internal/report/testdata/sample.cpu",
        "internal/report/testdata/sample.cpu",
    ),
    (
        "internal/driver/testdata/cppbench.contention",
        "profile/testdata/cppbench.contention",
    ),
    (
        "internal/driver/testdata/go.nomappings.crash",
        "profile/testdata/go.godoc.thread",
    ),
];

fn of_the_module(folder: &Path) -> Vec<Item> {
    let mut download = Command::new("go");
    download
        .args(["mod", "download", "-json", MODULE])
        .current_dir(folder)
        .env("GOFLAGS", "-mod=mod");
    let json = run(&mut download);
    let found: serde_json::Value = serde_json::from_slice(&json).unwrap();
    let module = PathBuf::from(found["Dir"].as_str().unwrap());
    OF_THE_MODULE
        .iter()
        .map(|(file, other)| Item::new(file, module.join(file), module.join(other)))
        .collect()
}

fn made(folder: &Path) -> Vec<Item> {
    let write = |name: &str, profile: &caulk_profile::Profile| {
        let file = folder.join(format!("{}.pb.gz", name.replace([' ', '/'], "-")));
        caulk_profile::write(profile, std::fs::File::create(&file).unwrap()).unwrap();
        file
    };
    let mut items = Vec::new();
    for (is_full, profiles) in [(true, built::hand_made()), (false, built::random())] {
        let files: Vec<PathBuf> = profiles
            .iter()
            .map(|(name, profile)| write(name, profile))
            .collect();
        for (index, (name, _)) in profiles.iter().enumerate() {
            items.push(Item {
                name: format!("made/{}", name.replace(' ', "-")),
                file: files[index].clone(),
                other: files[(index + 1) % files.len()].clone(),
                is_full,
            });
        }
    }
    items
}

fn run(command: &mut Command) -> Vec<u8> {
    let output = match command.output() {
        Ok(output) => output,
        Err(error) => panic!("cannot run {command:?}: {error}; these tests need Go"),
    };
    assert!(
        output.status.success(),
        "{command:?} failed:\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    output.stdout
}
