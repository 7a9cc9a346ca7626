//! New findings and known ones: `--new-from-rev`, `--new-from-merge-base` and baselines.

use serde_json::Value;

use crate::world::{Ran, World};

const MODULE: &str = "module example.com/shop\n\ngo 1.24\n";

/// `Read` closes its file, `Leak` does not (line 21), and `Guard` closes it on both of its ways (line 30).
const STORE: &str = r#"package store

import "os"

func Read(name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = f.Stat()
	if err != nil {
		return err
	}
	println(f.Name())
	println(f.Fd())
	return nil
}

func Leak(name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	println(f.Name())
	return nil
}

func Guard(name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	println(f.Name())
	f.Close()
	return nil
}
"#;

/// A repository with one commit, tagged `start`.
fn shop() -> World {
    let world = World::with(&[("go.mod", MODULE), ("store/store.go", STORE)]);
    git(&world, &["init", "-q", "-b", "main"]);
    commit(&world);
    git(&world, &["tag", "start"]);
    world
}

#[track_caller]
fn git(world: &World, arguments: &[&str]) {
    let mut command = world.command("git");
    command.args(["-c", "user.name=n", "-c", "user.email=e@example.com"]);
    let output = command.args(arguments).output().unwrap();
    assert!(output.status.success(), "{output:?}");
}

fn commit(world: &World) {
    git(world, &["add", "-A"]);
    git(world, &["commit", "-qm", "one"]);
}

fn edit(world: &World, file: &str, from: &str, to: &str) {
    let text = world.read(file);
    assert!(text.contains(from), "no {from:?} in {text}");
    world.write(file, text.replacen(from, to, 1));
}

/// Function, line of the acquisition and line of the change of each finding.
fn new_in(world: &World, folder: &str, more: &[&str]) -> Vec<(String, u64, u64)> {
    let arguments = [&["check", "--format", "json"][..], more].concat();
    let mut command = world.caulk(&arguments);
    let output = command.current_dir(world.path(folder)).output().unwrap();
    let ran = world.ran(output);
    let json: Value = serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{ran:#?}"));
    let findings = json["findings"].as_array().unwrap().iter();
    findings
        .map(|finding| {
            let file = finding["location"]["file"].as_str().unwrap().to_owned();
            let line = |of: &str| finding[of]["line"].as_u64().unwrap_or(0);
            (file, line("location"), line("changed"))
        })
        .collect()
}

fn new(world: &World, more: &[&str]) -> Vec<(String, u64, u64)> {
    new_in(world, "", more)
}

fn at(file: &str, line: u64, changed: u64) -> (String, u64, u64) {
    (file.to_owned(), line, changed)
}

const SINCE: [&str; 2] = ["--new-from-rev", "start"];

#[test]
fn nothing_changed_is_nothing_new() {
    let world = shop();
    assert_eq!(new(&world, &[]).len(), 1);
    let ran = world.run(&[&["check"][..], &SINCE].concat()).expect(0);
    ran.stdout_has("no new findings in 3 functions")
        .stdout_has("1 finding not shown: in ");
    // Nor are lines that moved, or a function with another name.
    edit(&world, "store/store.go", "import", "// More.\n\nimport");
    edit(&world, "store/store.go", "func Leak", "func Leaks");
    assert_eq!(new(&world, &SINCE), []);
}

#[test]
fn a_removed_close_is_new_and_stands_at_the_change() {
    let world = shop();
    edit(&world, "store/store.go", "\tdefer f.Close()\n", "");
    assert_eq!(new(&world, &SINCE), [at("store/store.go", 6, 10)]);
    let github = [&["check", "--format", "github"][..], &SINCE].concat();
    let ran = world.run(&github).expect(1);
    let line = ran.stdout.lines().next().unwrap();
    assert!(
        line.starts_with("::warning file=store/store.go,line=10,endLine=10,col=2,"),
        "{line}"
    );
    assert!(line.contains("%0Aline 6: opened here"), "{line}");
    world
        .run(&[&["check"][..], &SINCE].concat())
        .expect(1)
        .stdout_has("store/store.go:6:12")
        .stdout_has("new by the change at store/store.go:10");
    // It does not matter whether it is committed.
    commit(&world);
    assert_eq!(new(&world, &SINCE), [at("store/store.go", 6, 10)]);
    assert_eq!(new(&world, &["--new-from-rev", "HEAD"]), []);
}

#[test]
fn a_new_early_return_is_new_and_stands_at_the_return() {
    let world = shop();
    let early = "\tprintln(f.Name())\n\tif f.Fd() == 7 {\n\t\treturn nil\n\t}\n\tf.Close()";
    edit(
        &world,
        "store/store.go",
        "\tprintln(f.Name())\n\tf.Close()",
        early,
    );
    assert_eq!(new(&world, &SINCE), [at("store/store.go", 30, 36)]);
}

#[test]
fn a_new_leak_among_equal_ones_is_told_from_them() {
    let world = shop();
    // In the same function, of the same variable, and with the old one's line before it.
    let twice = "func Leak(name string) error {\n\tf, err := os.Open(name)\n\tprintln(f.Name())\n\tf, err = os.Open(name)";
    edit(
        &world,
        "store/store.go",
        "func Leak(name string) error {\n\tf, err := os.Open(name)",
        twice,
    );
    assert_eq!(new(&world, &SINCE), [at("store/store.go", 23, 0)]);
}

#[test]
fn a_change_in_another_file_is_seen() {
    let world = shop();
    world.write(
        "store/use.go",
        "package store\n\nimport \"os\"\n\nfunc Use() {\n\tf, _ := os.Open(\"a\")\n\tend(f)\n}\n",
    );
    world.write(
        "store/end.go",
        "package store\n\nimport \"os\"\n\nfunc end(f *os.File) {\n\tf.Close()\n}\n",
    );
    commit(&world);
    git(&world, &["tag", "-f", "start"]);
    edit(&world, "store/end.go", "\tf.Close()", "\tprintln(f.Name())");
    assert_eq!(new(&world, &SINCE), [at("store/use.go", 6, 0)]);
}

#[test]
fn files_that_were_renamed_or_moved_are_not_new() {
    let world = shop();
    git(&world, &["mv", "store/store.go", "store/disk.go"]);
    edit(
        &world,
        "store/disk.go",
        "\tf.Close()\n\treturn nil",
        "\treturn nil",
    );
    assert_eq!(new(&world, &SINCE), [at("store/disk.go", 30, 35)]);
    // Git is not told of it: all lines are new, and what leaked before is known by what it is.
    std::fs::rename(world.path("store/disk.go"), world.path("store/other.go")).unwrap();
    assert_eq!(new(&world, &SINCE), [at("store/other.go", 30, 0)]);
    // Into another package.
    let world = shop();
    std::fs::create_dir(world.path("disk")).unwrap();
    git(&world, &["mv", "store/store.go", "disk/disk.go"]);
    assert_eq!(new(&world, &SINCE), []);
    assert_eq!(new(&world, &["--new-from-rev", "start", "./disk"]), []);
}

#[test]
fn files_that_are_new_untracked_or_gone() {
    let world = shop();
    world.write(
        "more/more.go",
        STORE.replace("package store", "package more"),
    );
    assert_eq!(new(&world, &SINCE), [at("more/more.go", 21, 0)]);
    git(&world, &["add", "more"]);
    assert_eq!(new(&world, &SINCE), [at("more/more.go", 21, 0)]);
    world.write("more/more.go", "package more\n");
    std::fs::remove_file(world.path("store/store.go")).unwrap();
    assert_eq!(new(&world, &SINCE), []);
}

#[test]
fn a_subfolder_is_checked_as_the_whole_is() {
    let world = shop();
    edit(&world, "store/store.go", "\tdefer f.Close()\n", "");
    assert_eq!(new_in(&world, "store", &SINCE), [at("store.go", 6, 10)]);
    let mut command = world.caulk(&[&["check", "--format", "github"][..], &SINCE].concat());
    let output = command.current_dir(world.path("store")).output().unwrap();
    world.ran(output).stdout_has("file=store/store.go,line=10,");
}

#[test]
fn a_branch_is_compared_with_where_it_parted() {
    let world = shop();
    git(&world, &["checkout", "-q", "-b", "topic"]);
    world.write(
        "more/more.go",
        STORE.replace("package store", "package more"),
    );
    commit(&world);
    git(&world, &["checkout", "-q", "main"]);
    // What main has since is not of this branch.
    edit(&world, "store/store.go", "func Leak", "func Leaking");
    commit(&world);
    git(&world, &["checkout", "-q", "topic"]);
    let expected = [at("more/more.go", 21, 0)];
    assert_eq!(new(&world, &["--new-from-merge-base", "main"]), expected);
    world
        .run(&["check", "--new-from-merge-base", "no-such"])
        .expect(2)
        .says_nothing_on_stdout()
        .stderr_has("caulk: failed to find the revision no-such\n");
}

#[test]
fn the_working_tree_is_not_touched() {
    let world = shop();
    edit(&world, "store/store.go", "\tdefer f.Close()\n", "");
    let status = |world: &World| -> Ran {
        let output = world
            .command("git")
            .args(["status", "--porcelain", "--ignored"])
            .output();
        world.ran(output.unwrap())
    };
    let (before, index) = (
        status(&world),
        std::fs::read(world.path(".git/index")).unwrap(),
    );
    new(&world, &SINCE);
    assert_eq!(std::fs::read(world.path(".git/index")).unwrap(), index);
    assert_eq!(status(&world), before);
}

#[test]
fn what_git_cannot_answer_is_2_and_has_a_way_out() {
    let world = shop();
    commit_again(&world);
    for wrong in ["no-such", "--help", ""] {
        let flag = format!("--new-from-rev={wrong}");
        world
            .run(&["check", &flag])
            .expect(2)
            .says_nothing_on_stdout()
            .stderr_has(&format!("caulk: failed to find the revision {wrong}\n"));
    }
    let address = format!("file://{}", world.path("").display());
    git(
        &world,
        &["clone", "-q", "--depth", "1", &address, "shallow"],
    );
    let mut command = world.caulk(&["check", "--new-from-rev", "HEAD~1"]);
    let output = command.current_dir(world.path("shallow")).output().unwrap();
    world
        .ran(output)
        .expect(2)
        .stderr_has("the clone is shallow (git fetch --unshallow brings the rest");

    let bare = World::with(&[("go.mod", MODULE), ("store/store.go", STORE)]);
    bare.run(&["check", "--new-from-rev", "HEAD"])
        .expect(2)
        .stderr_has("caulk: failed to find the git repository of [HERE]");
    let mut command = world.caulk(&["check", "--new-from-rev", "HEAD"]);
    let ran = world.ran(command.env("PATH", "").output().unwrap());
    ran.expect(2)
        .stderr_has("caulk: failed to run git: it is not in PATH\n");
    world
        .run(&["check", "--new-from-rev", "a", "--new-from-merge-base", "b"])
        .expect(2)
        .stderr_has("cannot be used with");
}

fn commit_again(world: &World) {
    edit(
        world,
        "store/store.go",
        "package store",
        "// Words.\npackage store",
    );
    commit(world);
}

// ---- baselines

fn with_baseline() -> World {
    let world = World::with(&[("go.mod", MODULE), ("store/store.go", STORE)]);
    world
        .run(&["check", "--write-baseline"])
        .expect(0)
        .stdout_has("1 finding written to caulk-baseline.json\n");
    world
}

const KNOWN: [&str; 3] = ["check", "--baseline", "caulk-baseline.json"];

#[test]
fn what_the_baseline_has_is_not_reported() {
    let world = with_baseline();
    let written = world.read("caulk-baseline.json");
    let json: Value = serde_json::from_str(&written).unwrap();
    assert_eq!(json["findings"][0]["file"], "store/store.go");
    assert_eq!(json["findings"][0]["rule"], "unclosed-file");
    world
        .run(&KNOWN)
        .expect(0)
        .stdout_has("1 finding not shown: known from caulk-baseline.json\n");
    // Lines that move change nothing, neither here nor in the file.
    edit(&world, "store/store.go", "import", "// More.\n\nimport");
    world.run(&KNOWN).expect(0);
    world.run(&["check", "--write-baseline"]).expect(0);
    assert_eq!(world.read("caulk-baseline.json"), written);
    // What is new is reported.
    edit(&world, "store/store.go", "\tdefer f.Close()\n", "");
    let ran = world
        .run(&KNOWN)
        .expect(1)
        .stdout_has("store/store.go:8:12");
    assert!(!ran.stdout.contains("store.go:22:"), "{ran:#?}");
    assert_eq!(new(&world, &KNOWN[1..]), [at("store/store.go", 8, 0)]);
}

#[test]
fn what_is_gone_is_told_and_pruned() {
    let world = with_baseline();
    edit(
        &world,
        "store/store.go",
        "\tprintln(f.Name())\n\treturn nil",
        "\treturn f.Close()",
    );
    world
        .run(&KNOWN)
        .expect(0)
        .stdout_has("1 finding of caulk-baseline.json is gone: --prune-baseline takes it out\n");
    // Only what was checked can be gone.
    world.write("other/other.go", "package other\n");
    for narrower in [&["./other"][..], &["--rule", "unclosed-client"]] {
        let ran = world.run(&[&KNOWN[..], narrower].concat()).expect(0);
        assert!(!ran.stdout.contains("gone"), "{ran:#?}");
    }
    world
        .run(&[&KNOWN[..], &["--prune-baseline"]].concat())
        .expect(0)
        .stdout_has("1 finding gone and taken out of caulk-baseline.json\n");
    assert_eq!(
        world.read("caulk-baseline.json"),
        "{\n  \"version\": 1,\n  \"findings\": []\n}\n"
    );
}

#[test]
fn a_file_that_is_gone_takes_its_findings_along() {
    let world = with_baseline();
    std::fs::remove_file(world.path("store/store.go")).unwrap();
    world.write("other/other.go", "package other\n");
    world
        .run(&KNOWN)
        .expect(0)
        .stdout_has("1 finding of caulk-baseline.json is gone");
}

#[test]
fn a_baseline_of_the_whole_holds_in_a_part_and_is_kept_there() {
    let world = with_baseline();
    world.write(
        "other/other.go",
        STORE.replace("package store", "package other"),
    );
    let mut command = world.caulk(&[
        "check",
        "--baseline",
        "../caulk-baseline.json",
        "--write-baseline",
    ]);
    let output = command.current_dir(world.path("other")).output().unwrap();
    world
        .ran(output)
        .expect(0)
        .stdout_has("1 finding written to ");
    let written = world.read("caulk-baseline.json");
    assert!(
        written.contains("\"store/store.go\"") && written.contains("\"other/other.go\""),
        "{written}"
    );
    world
        .run(&KNOWN)
        .expect(0)
        .stdout_has("2 findings not shown");
    let mut command = world.caulk(&["check", "--baseline", "../caulk-baseline.json"]);
    let output = command.current_dir(world.path("store")).output().unwrap();
    world
        .ran(output)
        .expect(0)
        .stdout_has("1 finding not shown");
}

#[test]
fn a_baseline_that_is_none_is_2() {
    let world = with_baseline();
    world
        .run(&["check", "--baseline", "no-such.json"])
        .expect(2)
        .says_nothing_on_stdout()
        .stderr_has("there is no baseline no-such.json; --write-baseline writes one");
    for (text, said) in [
        ("not JSON", "bad.json is no baseline"),
        ("{}", "bad.json is no baseline"),
        (
            "{\"version\": 9, \"findings\": []}",
            "bad.json is a baseline of version 9",
        ),
    ] {
        world.write("bad.json", text);
        world
            .run(&["check", "--baseline", "bad.json"])
            .expect(2)
            .stderr_has(said);
    }
    world
        .run(&["check", "--prune-baseline"])
        .expect(2)
        .stderr_has("--prune-baseline needs --baseline FILE");
}

// ---- caulk.toml

#[test]
fn the_configuration_says_what_the_flags_say() {
    let world = with_baseline();
    let check = |config: &str, more: &[&str]| {
        world.write("caulk.toml", config);
        world.run(&[&["check"][..], more].concat()).code
    };
    assert_eq!(check("", &[]), Some(1));
    assert_eq!(
        check("[check]\nbaseline = \"caulk-baseline.json\"\n", &[]),
        Some(0)
    );
    assert_eq!(check("[check]\nfail-on = \"high\"\n", &[]), Some(0));
    assert_eq!(
        check("[check]\nfail-on = \"high\"\n", &["--fail-on", "low"]),
        Some(1)
    );
    assert_eq!(check("[check]\nseverity = \"high\"\n", &[]), Some(0));
    assert_eq!(
        check("[check]\nrules = [\"unclosed-client\"]\n", &[]),
        Some(0)
    );
    assert_eq!(
        check(
            "[check]\nrules = [\"unclosed-client\"]\n",
            &["--rule", "unclosed-file"]
        ),
        Some(1)
    );
    assert_eq!(check("[check]\nconfidence = \"certain\"\n", &[]), Some(1));
    world.run(&["check", "--help"]).expect(0);
    world.write("caulk.toml", "[check]\nsevirity = \"high\"\n");
    world
        .run(&["check"])
        .expect(2)
        .stderr_has("caulk.toml")
        .stderr_has("sevirity");
    world.write("caulk.toml", "[check]\nrules = [\"no-such\"]\n");
    world
        .run(&["check"])
        .expect(2)
        .stderr_has("caulk: caulk.toml: there is no rule no-such");
    world.write("caulk.toml", "[check]\nmin-coverage = 900\n");
    world
        .run(&["check"])
        .expect(2)
        .stderr_has("caulk: caulk.toml: min-coverage is a number from 0 to 100\n");
}

#[test]
fn too_little_that_was_decided_is_inconclusive() {
    let unknown = "package a\n\nimport (\n\t\"os\"\n\n\t\"example.com/lost\"\n)\n\nfunc Keep() {\n\tf, _ := os.Open(\"a\")\n\tlost.Take(f)\n\tg, _ := os.Open(\"b\")\n\tg.Close()\n}\n";
    let world = World::with(&[("go.mod", MODULE), ("a.go", unknown)]);
    let check = |least: &str| world.run(&["check", "--min-coverage", least]).code;
    world
        .run(&["check"])
        .expect(0)
        .stdout_has("1 of 2 acquisitions decided");
    assert_eq!(
        (check("50"), check("51%"), check("100")),
        (Some(0), Some(4), Some(4))
    );
    assert_eq!(check("101"), Some(2));
    world.write("caulk.toml", "[check]\nmin-coverage = 80\n");
    world.run(&["check"]).expect(4);
    assert_eq!(check("10"), Some(0));
}

#[test]
fn tests_are_left_out_and_read_again() {
    let world = World::with(&[
        ("go.mod", MODULE),
        ("a.go", "package a\n"),
        ("a_test.go", &STORE.replace("package store", "package a")),
    ]);
    let check = |more: &[&str]| {
        world
            .run(&[&["check", "--fail-on", "low"][..], more].concat())
            .code
    };
    assert_eq!((check(&[]), check(&["--no-tests"])), (Some(1), Some(0)));
    world.write("caulk.toml", "[check]\ntests = false\n");
    assert_eq!((check(&[]), check(&["--tests"])), (Some(0), Some(1)));
    assert_eq!(check(&["--tests", "--no-tests"]), Some(0));
}
