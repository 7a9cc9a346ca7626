//! `caulk fix`: what it leaves alone, and how it proves what it writes.

use std::time::Duration;

use crate::world::World;

const GO_MOD: &str = "module example.com/shop\n\ngo 1.24\n";

/// A function that leaks a file.
fn leaking(package: &str, functions: &[&str]) -> String {
    let body = "f, err := os.Open(p)\n\tif err != nil {\n\t\treturn err\n\t}\n\t_, err = f.Stat()\n\treturn err\n";
    let functions: String = functions
        .iter()
        .map(|name| format!("\nfunc {name}(p string) error {{\n\t{body}}}\n"))
        .collect();
    format!("package {package}\n\nimport \"os\"\n{functions}")
}

pub fn shop() -> World {
    World::with(&[
        ("go.mod", GO_MOD),
        ("a/a.go", &leaking("a", &["One", "Two"])),
        ("b/b.go", &leaking("b", &["Three"])),
    ])
}

pub fn releases(world: &World, file: &str) -> usize {
    world.read(file).matches("defer f.Close()").count()
}

#[test]
fn each_finding_is_told_with_what_became_of_it() {
    let world = shop();
    world.write(
        "c/c.go",
        "package c\n\nimport \"os\"\n\nfunc Header(p string) int {\n\tif f, err := os.Open(p); f != nil && err == nil {\n\t\treturn 1\n\t}\n\treturn 0\n}\n",
    );
    let ran = world.run(&["fix"]).expect(1);
    assert_eq!(
        ran.stdout,
        "\
a/a.go:6:12: f from os.Open is never closed [unclosed-file] medium, fixed
a/a.go:15:12: f from os.Open is never closed [unclosed-file] medium, fixed
b/b.go:6:12: f from os.Open is never closed [unclosed-file] medium, fixed
c/c.go:6:15: f from os.Open is never closed; not fixed: it is acquired in the header of a statement: acquire it on a line above [unclosed-file] medium
3 findings fixed in 2 files
1 finding not fixed:
     1  it is acquired in the header of a statement: acquire it on a line above
"
    );
    let ran = world.run(&["fix", "./a", "./b"]).expect(0);
    assert_eq!(ran.stdout, "nothing to fix\n");
    assert_eq!(releases(&world, "a/a.go"), 2);
    let ran = world.run(&["fix", "-q"]).expect(1);
    assert_eq!(ran.stdout.lines().count(), 1, "{ran:#?}");
}

#[test]
fn what_was_fixed_is_shown_as_it_was() {
    let world = shop();
    let ran = world.run(&["fix", "--format", "full", "./a"]).expect(0);
    ran.stdout_has("  15 |  f, err := os.Open(p)\n")
        .stdout_has("  20 |  return err\n");
}

#[test]
fn what_matters_less_is_counted_where_nothing_is_fixed() {
    let world = World::with(&[("go.mod", GO_MOD), ("a/a_test.go", &leaking("a", &["One"]))]);
    let told = "nothing to fix\n1 finding of lower severity left alone (--severity low)\n";
    assert_eq!(world.run(&["fix"]).expect(0).stdout, told);
}

#[test]
fn what_was_not_written_is_not_told_as_fixed() {
    let world = shop();
    world.write("other.txt", "");
    let git = |arguments: &[&str]| {
        let mut command = world.command("git");
        command.args(["-c", "user.name=n", "-c", "user.email=e@example.com"]);
        assert!(command.args(arguments).status().unwrap().success());
    };
    git(&["init", "-q"]);
    git(&["add", "-A"]);
    git(&["commit", "-qm", "one"]);
    world.write("a/a.go", leaking("a", &["One", "Two"]) + "\n// Edited.\n");
    let ran = world.run(&["fix"]).expect(1);
    ran.stdout_has(
        "a/a.go:6:12: f from os.Open is never closed; not fixed: the file has changes that are not committed",
    )
    .stdout_has("1 finding fixed in 1 file\n2 findings not fixed:\n     2  the file has changes");
    assert_eq!(releases(&world, "a/a.go"), 0);
}

#[test]
fn what_check_does_not_report_is_left_alone() {
    let world = shop();
    world.write("caulk.toml", "[check]\nseverity = \"high\"\n");
    world.run(&["fix"]).expect(0);
    assert_eq!(releases(&world, "a/a.go"), 0, "they are of medium severity");
    world.write("caulk.toml", "[check]\nbaseline = \"known.json\"\n");
    world.run(&["check", "./a", "--write-baseline"]).expect(0);
    world
        .run(&["fix"])
        .expect(0)
        .stdout_has("2 findings not shown: known from known.json");
    let fixed = ["a/a.go", "b/b.go"].map(|file| releases(&world, file));
    assert_eq!(fixed, [0, 1]);
    world.run(&["fix", "--only", "a/a.go:6"]).expect(0);
    assert_eq!(releases(&world, "a/a.go"), 1, "who names a place means it");
    world
        .run(&["fix", "--baseline", "nope.json"])
        .expect(2)
        .stderr_has("caulk: there is no baseline nope.json");
}

/// What the project says of its own function.
const CONTRACT: &str = "[[contract]]\npackage = \"example.com/shop/a\"\nfunctions = [\"Dial\"]\nrelease = [\"Hang\"]\n";
const DIAL: &str = r#"
type Line struct{ f *os.File }

func (l *Line) Say() {}

func Dial(p string) (*Line, error) {
	f, err := os.Open(p)
	if err != nil {
		return nil, err
	}
	return &Line{f: f}, nil
}

func Four(p string) error {
	l, err := Dial(p)
	if err != nil {
		return err
	}
	l.Say()
	return nil
}
"#;

#[test]
fn an_edit_that_breaks_the_build_is_withdrawn_and_named() {
    let world = shop();
    // What the project says is wrong: it takes no argument.
    world.write(
        "caulk.toml",
        format!("{CONTRACT}release_arguments = \"1\"\n"),
    );
    let hang = "\nfunc (l *Line) Hang() error { return l.f.Close() }\n";
    world.write("a/a.go", leaking("a", &["One", "Two"]) + DIAL + hang);
    let ran = world.run(&["fix", "--verify", "--no-progress"]).expect(1);
    assert!(
        ran.stdout.contains("3 findings fixed in 2 files\n"),
        "{ran:#?}"
    );
    let ran = ran.stdout_has("not fixed: with the edit, go says: too many arguments in call");
    assert_eq!(ran.stderr, "");
    assert_eq!(releases(&world, "a/a.go"), 2);
    assert!(!world.read("a/a.go").contains("defer l.Hang"));
}

#[test]
fn what_does_not_build_as_it_is_says_so() {
    let world = shop();
    world.write("b/more.go", "package b\n\nvar x int = \"no\"\n");
    let ran = world.run(&["fix", "--verify"]).expect(0);
    let ran =
        ran.stdout_has("b is fixed without proof: it does not build as it is: cannot use \"no\"");
    assert!(
        ran.stderr.contains("building 2 packages as they are\n"),
        "{ran:#?}"
    );
    assert_eq!(releases(&world, "b/b.go"), 1);
}

#[test]
fn a_fix_with_which_a_test_fails_is_withdrawn() {
    let world = shop();
    let source = leaking("a", &["One", "Two"])
        + DIAL
        + "\nvar released int\n\nfunc (l *Line) Hang() error {\n\treleased++\n\treturn l.f.Close()\n}\n";
    world.write("a/a.go", &source);
    world.write(
        "a/a_test.go",
        r#"package a

import "testing"

func TestRelease(t *testing.T) {
	if err := Four("."); err != nil || released != 0 {
		t.Fatal("released", err)
	}
}

func TestBroken(t *testing.T) { t.Fatal("always") }
"#,
    );
    world.write("caulk.toml", CONTRACT);
    world
        .run(&["fix", "--verify=test", "--no-progress"])
        .expect(1)
        .stdout_has("not fixed: with the edit, TestRelease fails");
    // The others of its package are none the worse.
    assert_eq!(releases(&world, "a/a.go"), 2);
    assert!(!world.read("a/a.go").contains("defer l.Hang"));
    assert_eq!(releases(&world, "b/b.go"), 1);
    world.run(&["fix", "--verify", "--no-progress"]).expect(0);
}

#[test]
fn a_proof_that_cannot_be_had_writes_nothing() {
    let world = shop();
    let mut command = world.caulk(&["fix", "--verify", "--no-progress"]);
    let ran = world.ran(command.env("PATH", world.path("nothing")).output().unwrap());
    assert_eq!(
        ran.expect(3).stderr,
        "caulk: --verify needs Go, and there is no go in PATH: install it (https://go.dev/dl), or leave --verify out\n"
    );
    world.write("bin/go", "#!/bin/sh\nexec sleep 60\n");
    let made = world
        .command("chmod")
        .arg("+x")
        .arg(world.path("bin/go"))
        .status();
    assert!(made.unwrap().success());
    let path = format!(
        "{}:{}",
        world.path("bin").display(),
        std::env::var("PATH").unwrap()
    );
    let mut command = world.caulk(&["fix", "--verify", "--verify-timeout", "1s", "--no-progress"]);
    let ran = world.ran(command.env("PATH", &path).output().unwrap());
    ran.expect(3)
        .stderr_has("--verify-timeout; nothing was written");
    let mut command = world.caulk(&["fix", "--verify", "--no-progress"]);
    let child = command
        .env("PATH", &path)
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    std::thread::sleep(Duration::from_millis(1500));
    crate::world::interrupt(&child);
    let ran = world.ran(child.wait_with_output().unwrap()).expect(130);
    assert_eq!(ran.stderr, "caulk: interrupted\n");
    assert_eq!(releases(&world, "a/a.go") + releases(&world, "b/b.go"), 0);
}

#[test]
fn a_patch_fits_files_with_other_line_ends() {
    let world = shop();
    let windows = leaking("b", &["Three"]).replace('\n', "\r\n");
    world.write("b/b.go", windows.trim_end());
    let patch = world.run(&["fix", "--diff"]).expect(1).stdout;
    world.write("fix.patch", patch);
    let applied = world
        .command("git")
        .args(["apply", "--whitespace=nowarn", "fix.patch"])
        .status();
    assert!(applied.unwrap().success());
    assert!(world.read("b/b.go").contains("\r\n\tdefer f.Close()\r\n"));
    assert!(world.read("b/b.go").ends_with('}'));
    world
        .run(&["fix", "--diff"])
        .expect(0)
        .says_nothing_on_stdout();
}

#[test]
fn only_a_person_is_asked() {
    let world = shop();
    let ran = world.run(&["fix", "--interactive"]).expect(2);
    assert_eq!(
        ran.stderr,
        "caulk: --interactive needs a terminal: --diff prints the patch, and caulk fix alone writes it\n"
    );
    world.run(&["fix", "--interactive", "--diff"]).expect(2);
}

#[test]
fn a_client_for_each_request_could_be_shared_instead() {
    const HANDLER: &str = r#"package web

import (
	"net/http"

	"cloud.google.com/go/storage"
)

func Remove(w http.ResponseWriter, r *http.Request) {
	client, err := storage.NewClient(r.Context())
	if err != nil {
		return
	}
	client.Bucket("b").Object("o").Delete(r.Context())
}

func init() { http.HandleFunc("/", Remove) }
"#;
    let world = World::with(&[
        ("go.mod", "module example.com/web\n\ngo 1.24\n"),
        ("web.go", HANDLER),
    ]);
    let ran = world.run(&["fix", "--diff"]).expect(1);
    assert!(
        ran.stdout.contains("+\tdefer client.Close()\n"),
        "{}",
        ran.stdout
    );
    let other = "caulk: instead, at web.go:10:17: client is made anew for each request";
    assert!(ran.stderr.contains(other), "{}", ran.stderr);
}
