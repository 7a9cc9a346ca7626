//! What an earlier `check` found is used again, and never shows in what is printed.

use std::fs;
use std::path::PathBuf;

use crate::world::{Ran, World, names};

const CHECK: &[&str] = &["check", "--format", "json", "--severity", "low"];

/// A module whose package `a` leaks by what `b` does, and `c` for itself.
fn world() -> World {
    World::with(&[
        ("go.mod", "module example.com/m\n\ngo 1.26\n"),
        (
            "a/a.go",
            "package a\n\nimport (\n\t\"os\"\n\n\t\"example.com/m/b\"\n)\n\nfunc Read(name string) error {\n\tf, err := os.Open(name)\n\tif err != nil {\n\t\treturn err\n\t}\n\tb.Use(f)\n\treturn nil\n}\n",
        ),
        ("b/b.go", BORROWS),
        (
            "c/c.go",
            "package c\n\nimport \"os\"\n\nfunc Read(name string) {\n\tf, err := os.Open(name)\n\tif err != nil {\n\t\treturn\n\t}\n\t_, _ = f.Stat()\n}\n",
        ),
    ])
}

const BORROWS: &str =
    "package b\n\nimport \"os\"\n\nfunc Use(f *os.File) {\n\t_, _ = f.Stat()\n}\n";
const CLOSES: &str = "package b\n\nimport \"os\"\n\nfunc Use(f *os.File) {\n\t_ = f.Close()\n}\n";

fn anew(world: &World) -> Ran {
    world.run(&[CHECK, &["--no-cache"]].concat())
}

/// Runs once more, and says whether the cache had the whole answer.
fn again(world: &World) -> (Ran, bool) {
    let mut ran = world.run(&[CHECK, &["--stats"]].concat());
    let hit = ran.stderr.contains("cache hit");
    let others = ["cache miss", "cache used for"];
    let is_other = others.iter().any(|other| ran.stderr.contains(other));
    assert!(hit || is_other, "{ran:#?}");
    ran.stderr.clear();
    (ran, hit)
}

fn entries(world: &World) -> Vec<PathBuf> {
    let folder = world.cache();
    let names = names(&folder).into_iter();
    names.map(|name| folder.join(name)).collect()
}

#[test]
fn the_same_bytes_come_out_cold_and_warm() {
    let world = world();
    let fresh = anew(&world).expect(1);
    assert!(!world.cache().exists(), "--no-cache writes nothing");
    for (run, expected) in [(1, false), (2, true), (3, true)] {
        assert_eq!(again(&world), (fresh_as(&fresh), expected), "run {run}");
    }
    assert_eq!(entries(&world).len(), 2);
}

fn fresh_as(fresh: &Ran) -> Ran {
    Ran {
        code: fresh.code,
        stdout: fresh.stdout.clone(),
        stderr: fresh.stderr.clone(),
    }
}

#[test]
fn an_edit_elsewhere_that_decides_is_seen() {
    let world = world();
    let leaking = anew(&world);
    again(&world);
    world.write("b/b.go", CLOSES);
    let fresh = anew(&world);
    assert_ne!(leaking, fresh);
    assert_eq!(again(&world), (fresh, false));
    world.write("b/b.go", BORROWS);
    assert_eq!(again(&world).0, leaking);
}

#[test]
fn files_that_come_and_go_are_seen() {
    let world = world();
    let before = anew(&world);
    again(&world);
    let text = world.read("c/c.go").replace("func Read", "func Read2");
    world.write("c/d.go", text);
    let more = anew(&world);
    assert_ne!(before, more);
    assert_eq!(again(&world), (more, false));
    fs::remove_file(world.path("c/d.go")).unwrap();
    assert_eq!(again(&world).0, before);
    world.write("go.work", "go 1.26\n\nuse .\n");
    assert!(!again(&world).1);
}

#[test]
fn flags_and_settings_have_entries_of_their_own() {
    let world = world();
    again(&world);
    for more in [
        &["--no-tests"][..],
        &["--preview"],
        &["--goos", "windows"],
        &["./a"],
    ] {
        let fresh = world.run(&[CHECK, more, &["--no-cache"]].concat());
        let ran = world.run(&[CHECK, more].concat());
        assert_eq!(ran, fresh, "{more:?}");
    }
    let set = |name: &str, value: &str| {
        let output = world
            .caulk(&[CHECK, &["--stats"]].concat())
            .env(name, value)
            .output();
        world.ran(output.unwrap()).stderr_has("cache miss")
    };
    set("GOFLAGS", "-tags=other");
    set("GOMODCACHE", "/nowhere");
}

#[test]
fn a_damaged_cache_changes_nothing() {
    let world = world();
    let fresh = anew(&world);
    again(&world);
    let damage = |how: &dyn Fn(&[u8]) -> Vec<u8>| {
        for entry in entries(&world) {
            fs::write(&entry, how(&fs::read(&entry).unwrap())).unwrap();
        }
        assert_eq!(again(&world), (fresh_as(&fresh), false));
        assert_eq!(again(&world), (fresh_as(&fresh), true));
    };
    damage(&|_| Vec::new());
    damage(&|_| b"caulk".to_vec());
    damage(&|whole| whole[..whole.len() / 2].to_vec());
    damage(&|whole| [whole, b"more"].concat());
    damage(&|whole| {
        let mut flipped = whole.to_vec();
        flipped[whole.len() / 2] ^= 1;
        flipped
    });
    for entry in entries(&world) {
        fs::remove_file(&entry).unwrap();
        fs::create_dir(&entry).unwrap();
    }
    assert_eq!(again(&world), (fresh_as(&fresh), false));
}

#[test]
fn a_cache_that_cannot_be_is_no_error() {
    let world = world();
    let fresh = anew(&world);
    let with = |cache: &str| {
        let output = world.caulk(CHECK).env("CAULK_CACHE", cache).output();
        world.ran(output.unwrap())
    };
    for cache in ["off", "not/absolute"] {
        assert_eq!(with(cache), fresh, "{cache}");
    }
    assert!(!world.exists("not"));
    // One that cannot be written is told of, in one line.
    let mut ran = with("/dev/null/cache");
    let told = "caulk: failed to keep the results for the next time: create /dev/null/cache: ";
    assert!(
        ran.stderr.starts_with(told) && ran.stderr.lines().count() == 1,
        "{ran:#?}"
    );
    ran.stderr.clear();
    assert_eq!(ran, fresh);
}

#[test]
fn a_full_disk_is_told_of_in_one_line() {
    let world = world();
    let fresh = anew(&world);
    fs::create_dir_all(world.cache()).unwrap();
    let mut shell = world.command("sh");
    // Files may not grow beyond nothing, as on a full disk.
    let limited = "ulimit -f 0; trap '' XFSZ; exec \"$@\"";
    shell.args(["-c", limited, "sh", env!("CARGO_BIN_EXE_caulk")]);
    let mut ran = world.ran(shell.args(CHECK).output().unwrap());
    assert_eq!(ran.stderr.lines().count(), 1, "{ran:#?}");
    assert!(
        ran.stderr
            .starts_with("caulk: failed to keep the results for the next time: write ")
    );
    ran.stderr.clear();
    assert_eq!(ran, fresh);
    assert!(entries(&world).is_empty(), "nothing half written is left");
}

#[test]
fn checks_at_once_share_a_cache() {
    let world = world();
    let fresh = anew(&world);
    for round in 0..3 {
        let running: Vec<_> = (0..6)
            .map(|threads: usize| {
                let mut command = world.caulk(CHECK);
                command.env("RAYON_NUM_THREADS", (1 + threads % 4).to_string());
                command.stdout(std::process::Stdio::piped());
                command.stderr(std::process::Stdio::piped());
                command.spawn().unwrap()
            })
            .collect();
        for child in running {
            let ran = world.ran(child.wait_with_output().unwrap());
            assert_eq!(ran, fresh, "round {round}");
        }
    }
    assert_eq!(entries(&world).len(), 2, "nothing unfinished is left");
}

#[test]
fn statistics_are_on_stderr_alone() {
    let world = world();
    let plain = anew(&world);
    let mut ran = world
        .run(&[CHECK, &["--no-cache", "--stats"]].concat())
        .stderr_has("read 3 files, 3 functions")
        .stderr_has("cache off")
        .stderr_has("stats: time [TIME] (load [TIME], follow [TIME], report [TIME])");
    ran.stderr.clear();
    assert_eq!(ran, plain);
}
