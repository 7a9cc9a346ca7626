//! Comments that silence findings, as the user of `check` meets them.

use crate::world::World;

const LEAK: &str = r#"package feed

import "os"

func Read() error {
	f, err := os.Open("a") // HERE
	if err != nil {
		return err
	}
	println(f.Name())
	return nil
}
"#;

fn world(comment: &str) -> World {
    World::with(&[
        ("go.mod", "module example.com/feed\n\ngo 1.24\n"),
        ("feed.go", &LEAK.replace("// HERE", comment)),
    ])
}

#[test]
fn a_silenced_finding_is_counted() {
    world("//caulk:ignore unclosed-file the process ends soon")
        .run(&["check"])
        .expect(0)
        .stdout_has("no findings in 1 function in 1 file\n1 finding suppressed by comments\n");
}

#[test]
fn a_comment_that_is_wrong_is_told_with_its_line_and_is_no_finding() {
    let world = world("//caulk:ignore unclosed-fil no reason at all");
    let said = "//caulk:ignore names unclosed-fil, which is no rule";
    world
        .run(&["check"])
        .expect(1)
        .stdout_has(&format!("notice  feed.go:6:1  {said}"));
    let ran = world.run(&["check", "--fail-on", "high"]).expect(0);
    ran.stdout_has("feed.go:6:1");
    world
        .run(&["check", "--format", "github"])
        .stdout_has(&format!("caulk: feed.go:6: {said}\n"));
    let json: serde_json::Value =
        serde_json::from_str(&world.run(&["check", "--format", "json"]).stdout).unwrap();
    assert_eq!(json["problems"][0]["kind"], "unknown-rule");
    assert_eq!(json["problems"][0]["where"], "feed.go:6");
}

#[test]
fn a_comment_about_a_parameter_that_is_not_there_is_told_too() {
    let source = LEAK.replace("func Read", "//caulk:owns g\nfunc Read");
    let world = World::with(&[
        ("go.mod", "module example.com/feed\n\ngo 1.24\n"),
        ("feed.go", &source),
    ]);
    world
        .run(&["check"])
        .expect(1)
        .stdout_has("notice  feed.go:5:1  Read has no parameter g [unknown-parameter]");
}
