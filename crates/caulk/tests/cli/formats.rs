//! The formats of `caulk check`, and where they go.

use std::process::Stdio;

use serde_json::Value;

use crate::world::World;

const MODULE: &str = "module example.com/shop\n\ngo 1.24\n";

/// One leak that is reported, in a file of this package: `http.Get` in line 6, the exit in line 11.
fn fetches(package: &str) -> String {
    format!(
        r#"package {package}

import "net/http"

func Fetch(url string) (int, error) {{
	é, err := http.Get(url)
	if err != nil {{
		return 0, err
	}}
	if é.StatusCode != 200 {{
		return é.StatusCode, nil
	}}
	return 0, é.Body.Close()
}}
"#
    )
}

/// A leak in `main`, which is of low severity.
const LOW: &str = r#"package main

import "os"

func main() {
	f, err := os.Open("a")
	if err != nil {
		panic(err)
	}
	println(f.Name())
}
"#;

fn shop() -> World {
    World::with(&[
        ("go.mod", MODULE),
        ("feed/feed.go", &fetches("feed")),
        ("main.go", LOW),
    ])
}

#[track_caller]
fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[test]
fn sarif_has_the_path_the_fix_and_a_fingerprint() {
    let world = shop();
    let ran = world.run(&["check", "--format", "sarif"]).expect(1);
    assert_eq!(ran.stderr, "");
    let log = json(&ran.stdout);
    let run = &log["runs"][0];
    let results = run["results"].as_array().unwrap();
    // What is low is in the file, as in JSON.
    assert_eq!(results.len(), 2, "{log:#}");
    let result = &results[0];
    assert_eq!(result["ruleId"], "unclosed-response-body");
    let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
    let rule = &run["tool"]["driver"]["rules"][index];
    assert_eq!(rule["id"], "unclosed-response-body");
    assert!(
        rule["help"]["markdown"]
            .as_str()
            .unwrap()
            .contains("## Why it is bad")
    );
    // Columns count characters: é is one.
    let place = &result["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "feed/feed.go");
    assert_eq!(place["region"]["startLine"], 6);
    assert_eq!(place["region"]["startColumn"], 12);
    assert_eq!(place["region"]["endColumn"], 25);
    let steps = result["codeFlows"][0]["threadFlows"][0]["locations"]
        .as_array()
        .unwrap();
    let lines: Vec<&Value> = steps
        .iter()
        .map(|step| &step["location"]["physicalLocation"]["region"]["startLine"])
        .collect();
    assert_eq!(lines.first(), Some(&&Value::from(6)));
    assert_eq!(lines.last(), Some(&&Value::from(11)));
    let change = &result["fixes"][0]["artifactChanges"][0];
    assert_eq!(change["artifactLocation"]["uri"], "feed/feed.go");
    let inserted = &change["replacements"][0]["insertedContent"]["text"];
    assert!(
        inserted.as_str().unwrap().contains("é.Body.Close()"),
        "{change:#}"
    );
}

#[test]
fn fingerprints_do_not_change_when_lines_move() {
    let world = shop();
    let prints = |world: &World, folder: &str| {
        let mut command = world.caulk(&["check", "--format", "sarif"]);
        let output = command.current_dir(world.path(folder)).output().unwrap();
        let log = json(std::str::from_utf8(&output.stdout).unwrap());
        let results = log["runs"][0]["results"].as_array().unwrap().clone();
        results
            .iter()
            .map(|result| {
                result["partialFingerprints"]["caulk/v1"]
                    .as_str()
                    .unwrap()
                    .to_owned()
            })
            .collect::<Vec<_>>()
    };
    let before = prints(&world, "");
    assert_eq!(before.len(), 2);
    let moved = fetches("feed").replace("import", "// More words.\n\nimport");
    world.write(
        "feed/feed.go",
        moved.replace("func Fetch", "var _ = 1\n\nfunc Fetch"),
    );
    assert_eq!(prints(&world, ""), before);
    // Nor when the file has another name, or the check begins further down.
    std::fs::rename(world.path("feed/feed.go"), world.path("feed/get.go")).unwrap();
    assert_eq!(prints(&world, ""), before);
    assert_eq!(prints(&world, "feed"), before[..1]);
    // Nor because of where the tree is.
    let elsewhere = shop();
    assert_eq!(prints(&elsewhere, ""), before);
}

#[test]
fn annotations_of_github_stand_at_the_line() {
    let ran = shop().run(&["check", "--format", "github"]).expect(1);
    let line = ran.stdout.lines().next().unwrap();
    assert!(
        line.starts_with("::warning file=feed/feed.go,line=6,endLine=6,col=12,endColumn=24,title=unclosed-response-body::"),
        "{line}"
    );
    assert!(line.contains("%0Aline 11: returns with "), "{line}");
    // What is low is not shown where a person reads.
    assert!(!ran.stdout.contains("main.go"), "{}", ran.stdout);
}

#[test]
fn paths_begin_at_the_top_of_the_repository() {
    let world = shop();
    let status = world.command("git").args(["init", "-q"]).status().unwrap();
    assert!(status.success());
    for (format, path) in [
        ("github", "file=feed/feed.go,"),
        ("sarif", "\"uri\": \"feed/feed.go\""),
        ("gitlab", "\"path\": \"feed/feed.go\""),
        ("junit", "file=\"feed/feed.go\""),
        ("concise", "feed.go:6:13: "),
    ] {
        let mut command = world.caulk(&["check", "--format", format]);
        let output = command.current_dir(world.path("feed")).output().unwrap();
        world.ran(output).expect(1).stdout_has(path);
    }
}

#[test]
fn several_reports_come_of_one_run() {
    let world = shop();
    let ran = world
        .run(&[
            "check",
            "--format",
            "github",
            "-o",
            "sarif=out.txt",
            "-o",
            "gitlab=q.json",
            "-o",
            "html=r.html",
        ])
        .expect(1);
    assert!(ran.stdout.starts_with("::warning "), "{}", ran.stdout);
    assert_eq!(json(&world.read("out.txt"))["version"], "2.1.0");
    assert_eq!(json(&world.read("q.json"))[0]["severity"], "major");
    assert!(world.read("r.html").starts_with("<!DOCTYPE html>"));

    // Without a format of its own a file takes the place of stdout, and its name says the format.
    let names = ["r.json", "r.sarif", "r.xml", "r.html", "r.txt"];
    let arguments: Vec<&str> = names.iter().flat_map(|name| ["-o", *name]).collect();
    world
        .run(&[&["check"][..], &arguments].concat())
        .expect(1)
        .says_nothing_on_stdout();
    assert_eq!(json(&world.read("r.json"))["version"], 1);
    assert_eq!(json(&world.read("r.sarif"))["version"], "2.1.0");
    assert!(
        world
            .read("r.xml")
            .contains("<testsuites name=\"caulk\" tests=\"1\" failures=\"1\"")
    );
    assert!(world.read("r.html").starts_with("<!DOCTYPE html>"));
    assert!(
        world
            .read("r.txt")
            .starts_with("medium  feed/feed.go:6:13  "),
        "{}",
        world.read("r.txt")
    );
    world
        .run(&["check", "-o", "no/such/folder.sarif"])
        .expect(2)
        .stderr_has("no/such/folder.sarif");
}

#[test]
fn formats_for_findings_are_those_of_check() {
    for format in ["sarif", "github", "gitlab", "junit"] {
        World::new()
            .run(&["doctor", "--format", format])
            .expect(2)
            .stderr_has(&format!(
                "--format {format} is for the findings of check alone"
            ));
    }
}

#[test]
fn quiet_is_one_line_for_each_finding_and_nothing_else() {
    let world = shop();
    let ran = world.run(&["check", "-q"]).expect(1);
    assert_eq!(ran.stderr, "");
    assert_eq!(ran.stdout.lines().count(), 1, "{}", ran.stdout);
    assert!(
        ran.stdout.starts_with("feed/feed.go:6:13: "),
        "{}",
        ran.stdout
    );
    assert!(
        ran.stdout.ends_with(" [unclosed-response-body] medium\n"),
        "{}",
        ran.stdout
    );
    let clean = World::with(&[("go.mod", MODULE), ("a.go", "package a\n")]);
    assert_eq!(clean.run(&["check", "-q"]).expect(0).stdout, "");
}

#[test]
fn a_function_with_many_exits_is_shown_with_some_of_them() {
    let exit = |n: usize| format!("\tif n == {n} {{\n\t\treturn\n\t}}\n");
    let exits: String = (0..20).map(exit).collect();
    let held = format!(
        "package held\n\nimport \"os\"\n\nfunc Hold(n int) {{\n\tf, err := os.Open(\"a\")\n\tif err != nil {{\n\t\treturn\n\t}}\n{exits}\tf.Close()\n}}\n"
    );
    let world = World::with(&[("go.mod", MODULE), ("held.go", &held)]);
    let ran = world.run(&["check"]).expect(1);
    let shown = ran.stdout.matches("returns with f still open").count();
    let more = format!("and {} more exits: caulk explain lists them", 20 - shown);
    assert!(shown < 10 && ran.stdout.contains(&more), "{}", ran.stdout);
    let explained = world.run(&["explain", "held.go:6"]).expect(0).stdout;
    assert_eq!(explained.matches("returns with f still open").count(), 20);
}

#[test]
fn a_severity_that_is_asked_for_holds_in_every_format() {
    let world = shop();
    let count = |severity: &str| {
        let ran = world.run(&["check", "--format", "json", "--severity", severity]);
        json(&ran.stdout)["findings"].as_array().unwrap().len()
    };
    assert_eq!((count("low"), count("medium"), count("high")), (2, 1, 0));
}

#[cfg(unix)]
#[test]
fn names_that_nobody_should_choose_break_no_format() {
    let world = World::with(&[("go.mod", MODULE)]);
    let hostile = "a\n::error::b,c:d%0A\"<&'>]]>\u{202e}é.go";
    world.write(&format!("feed/{hostile}"), fetches("feed"));
    let ran = world.run(&["check", "--format", "github"]).expect(1);
    let commands = ran.stdout.lines().filter(|line| line.starts_with("::"));
    assert_eq!(commands.count(), 1, "{}", ran.stdout);
    for (format, pointer) in [
        (
            "sarif",
            "/runs/0/results/0/locations/0/physicalLocation/artifactLocation/uri",
        ),
        ("gitlab", "/0/location/path"),
        ("json", "/findings/0/location/file"),
    ] {
        let ran = world.run(&["check", "--format", format]).expect(1);
        let value = json(&ran.stdout);
        let name = value.pointer(pointer).unwrap().as_str().unwrap();
        if format == "sarif" {
            assert!(name.starts_with("feed/a%0A%3A%3Aerror"), "{name}");
        } else {
            assert_eq!(name, format!("feed/{hostile}"));
        }
    }
    for format in ["junit", "text", "concise"] {
        let ran = world.run(&["check", "--format", format]).expect(1);
        assert!(
            !ran.stdout.lines().any(|line| line.starts_with("::error")),
            "{}",
            ran.stdout
        );
    }
}

#[test]
fn source_that_is_not_utf_8_is_checked_and_reported() {
    let world = World::with(&[("go.mod", MODULE)]);
    let mut source = b"package feed\n\n// \xff\xfe\n".to_vec();
    let rest = fetches("feed");
    source.extend(rest.split_once('\n').unwrap().1.as_bytes());
    world.write("feed/feed.go", source);
    for format in ["text", "json", "sarif", "github", "gitlab", "junit", "html"] {
        let ran = world.run(&["check", "--format", format]).expect(1);
        assert!(
            ran.stdout.contains("feed/feed.go"),
            "{format}: {}",
            ran.stdout
        );
        assert_eq!(ran.stderr, "");
    }
}

#[test]
fn an_empty_tree_is_an_error_in_every_format() {
    for format in ["text", "json", "sarif", "github", "gitlab", "junit", "html"] {
        World::new()
            .run(&["check", "--format", format])
            .expect(2)
            .says_nothing_on_stdout()
            .stderr_has("there are no Go files in ./...");
    }
}

#[test]
fn a_reader_of_findings_who_has_gone_is_no_error() {
    let world = shop();
    for format in ["text", "json", "sarif", "github", "gitlab", "junit", "html"] {
        // Gone before the program begins: it could write all of it into the pipe otherwise.
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let child = world
            .caulk(&["check", "--format", format])
            .stdout(writer)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let ran = world.ran(child.wait_with_output().unwrap());
        assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{format}");
    }
}

#[test]
fn a_file_has_no_colour_unless_it_is_asked_for() {
    let world = shop();
    let mut command = world.caulk(&["check", "--color", "auto", "-o", "text=r.txt"]);
    let ran = world.ran(command.env_remove("NO_COLOR").output().unwrap());
    assert!(!ran.stdout.contains('\u{1b}') && !world.read("r.txt").contains('\u{1b}'));
    let ran = world.run(&["check", "--color", "always"]).expect(1);
    assert!(ran.stdout.contains('\u{1b}'), "it was asked for");
}
