//! What holds for every command: help, wrong use, colour, pipes, completions, pages.

use std::process::Stdio;

use crate::world::{World, names};

const COMMANDS: [&str; 11] = [
    "hunt",
    "diagnose",
    "capture",
    "check",
    "fix",
    "explain",
    "rules",
    "pprof",
    "init",
    "doctor",
    "completions",
];

#[test]
fn every_command_shows_examples_in_its_help() {
    let world = World::new();
    for command in COMMANDS {
        let ran = world.run(&[command, "--help"]).expect(0);
        assert!(ran.stdout.contains("Example"), "{command}: {}", ran.stdout);
        assert!(
            ran.stdout.contains(&format!("caulk {command}")),
            "{command}: {}",
            ran.stdout
        );
        assert_eq!(ran.stderr, "", "{command}");
    }
    let all = world.run(&["--help"]).expect(0).stdout;
    for command in COMMANDS {
        assert!(
            all.contains(&format!("\n  {command} ")),
            "{command} is not in {all}"
        );
    }
}

#[test]
fn wrong_use_is_2_and_says_what_is_right() {
    let world = World::new();
    world
        .run(&["hunt", "--lood"])
        .expect(2)
        .says_nothing_on_stdout()
        .stderr_has("--load");
    world
        .run(&["hunter"])
        .expect(2)
        .says_nothing_on_stdout()
        .stderr_has("hunt");
    world
        .run(&["hunt"])
        .expect(2)
        .says_nothing_on_stdout()
        .stderr_has("caulk init");
    world
        .run(&[
            "capture",
            "http://127.0.0.1:1",
            "-o",
            "c",
            "--every",
            "soon",
        ])
        .expect(2)
        .says_nothing_on_stdout()
        .stderr_has("'soon' is not a duration");
}

#[test]
fn help_shows_the_running_number_as_it_is_typed() {
    let world = World::new();
    for command in ["hunt", "capture"] {
        for help in ["-h", "--help"] {
            let ran = world.run(&[command, help]).expect(0);
            let words: Vec<&str> = ran.stdout.split_whitespace().collect();
            let text = words.join(" ");
            assert!(text.contains("{n} is a running number"), "{text}");
            assert!(text.contains("may hold {n}"), "{text}");
        }
    }
    world
        .run(&["hunt", "--help"])
        .stdout_has(r#"'{"id": {n}}'"#);
}

#[test]
fn what_cannot_be_done_is_told_at_once() {
    let world = World::with(&[
        ("go.mod", "module example.com/shop\n\ngo 1.24\n"),
        ("main.go", "package main\n\nfunc main() {}\n"),
        (
            "caulk.toml",
            "[hunt]\npackage = \".\"\n\n[[hunt.load]]\nrequest = \"GET http://127.0.0.1:1/\"\n",
        ),
    ]);
    for (arguments, message) in [
        (
            &["hunt", "./nope"][..],
            "caulk: ./nope: there is no such folder\n",
        ),
        (
            &["hunt", "--rps", "0"],
            "caulk: 0 is not a rate: requests per second are above 0\n",
        ),
        (
            &["fix", "--only", "nope.go:3"],
            "caulk: nope.go: there is no such file\n",
        ),
        (
            &["check", "./nope/..."],
            "caulk: ./nope/...: there is no such file or folder\n",
        ),
        (
            &["explain", "main.go"],
            "caulk: main.go: which line? caulk explain main.go:LINE\n",
        ),
        (
            &["diagnose", "nope.pb.gz"],
            "caulk: nope.pb.gz: there is no such file or folder\n",
        ),
    ] {
        let ran = world.run(arguments).expect(2).says_nothing_on_stdout();
        assert_eq!(ran.stderr, message, "{arguments:?}");
    }
    // Without samples nothing could be seen to grow.
    world
        .run(&["hunt", "--mem-profile-rate", "0"])
        .expect(2)
        .stderr_has("--mem-profile-rate");
}

#[test]
fn a_program_beside_the_current_folder_is_fixed_too() {
    const LEAKS: &str = r#"package main

import "os"

func first(name string) (byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return 0, err
	}
	var b [1]byte
	_, err = f.Read(b[:])
	return b[0], err
}

func main() { first(os.Args[1]) }
"#;
    let world = World::with(&[
        ("shop/go.mod", "module example.com/shop\n\ngo 1.24\n"),
        ("shop/cmd/main.go", LEAKS),
        ("here/notes.txt", ""),
    ]);
    let absolute = world.path("shop/cmd/main.go:6");
    let absolute = absolute.to_string_lossy();
    for arguments in [
        &["fix", "--diff", "--only", "../shop/cmd/main.go:6"][..],
        &["fix", "--diff", "--only", &absolute],
        &["fix", "--diff", "--severity", "low", "../shop/..."],
    ] {
        let mut command = world.caulk(arguments);
        let output = command.current_dir(world.path("here")).output().unwrap();
        world
            .ran(output)
            .expect(1)
            .stdout_has("+++ b/cmd/main.go")
            .stdout_has("+\tdefer f.Close()");
    }
}

#[test]
fn a_program_beside_the_current_folder_is_checked_as_it_is_fixed() {
    let leaks = "package shop\n\nimport \"os\"\n\nfunc Name(name string) string {\n\tf, err := os.Open(name)\n\tif err != nil {\n\t\treturn \"\"\n\t}\n\treturn f.Name()\n}\n";
    let world = World::with(&[
        ("shop/go.mod", "module example.com/shop\n\ngo 1.24\n"),
        ("shop/cmd/shop.go", leaks),
        ("here/notes.txt", ""),
    ]);
    let check = |more: &[&str]| {
        let arguments = [&["check", "--fixes", "../shop/..."][..], more].concat();
        let mut command = world.caulk(&arguments);
        let output = command.current_dir(world.path("here")).output().unwrap();
        world.ran(output).expect(1)
    };
    check(&[]).stdout_has(
        "[HERE]/shop/cmd/shop.go:6:12  f from os.Open is never closed [unclosed-file] (fixable)",
    );
    let json: serde_json::Value =
        serde_json::from_str(&check(&["--format", "json"]).stdout).unwrap();
    assert_eq!(json["findings"][0]["location"]["file"], "cmd/shop.go");
    assert_eq!(json["findings"][0]["fix"]["outcome"], "fixed");
    check(&["--format", "sarif"]).stdout_has("\"uri\": \"cmd/shop.go\"");
}

#[test]
fn a_patch_that_is_empty_says_why() {
    // The goroutines may need the file after the function.
    let leaks = "package shop\n\nimport (\n\t\"log\"\n\t\"os\"\n)\n\nfunc Show(p string) error {\n\tf, err := os.Open(p)\n\tif err != nil {\n\t\treturn err\n\t}\n\tfor range 2 {\n\t\tgo func() {\n\t\t\tlog.Print(f.Stat())\n\t\t}()\n\t}\n\treturn nil\n}\n";
    let world = World::with(&[
        ("go.mod", "module example.com/shop\n\ngo 1.24\n"),
        ("shop.go", leaks),
    ]);
    let ran = world
        .run(&["fix", "--diff"])
        .expect(0)
        .says_nothing_on_stdout();
    assert!(
        ran.stderr.starts_with("caulk: shop.go:9:12: not fixed: "),
        "{ran:#?}"
    );
    assert_eq!(world.run(&["fix", "--diff", "-q"]).stderr, "");
}

#[test]
fn a_service_is_asked_by_http() {
    let world = World::new();
    for arguments in [
        &["capture", "ftp://127.0.0.1:1", "-o", "case"][..],
        &["doctor", "ftp://127.0.0.1:1"],
        &[
            "hunt",
            "--attach",
            "ftp://127.0.0.1:1",
            "--load",
            "GET http://127.0.0.1:1/",
        ],
    ] {
        world
            .run(arguments)
            .expect(2)
            .says_nothing_on_stdout()
            .stderr_has("a service is asked by http:// or https://, not ftp://");
    }
    world
        .run(&["capture", "http://", "-o", "case"])
        .expect(2)
        .stderr_has("there is no host in it");
}

#[test]
fn every_format_of_json_is_json() {
    let world = World::with(&[("main.go", "package main\n\nfunc main() {}\n")]);
    for arguments in [
        &["rules"][..],
        &["explain", "unclosed-client"],
        &["doctor"],
        &["check"],
        &["fix", "--diff"],
    ] {
        let ran = world.run(&[arguments, &["--format", "json"]].concat());
        let json: Result<serde_json::Value, _> = serde_json::from_str(&ran.stdout);
        assert!(json.is_ok(), "{arguments:?}: {}", ran.stdout);
    }
}

#[test]
fn a_profile_that_cannot_be_read_is_named_once() {
    let world = World::with(&[("empty.pb.gz", "")]);
    let ran = world
        .run(&["diagnose", "empty.pb.gz"])
        .expect(2)
        .says_nothing_on_stdout();
    assert_eq!(ran.stderr.matches("empty.pb.gz").count(), 1, "{ran:#?}");
}

#[test]
fn one_heap_profile_says_how_much_is_held() {
    let example = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/secret-proxy");
    let profile = format!("{example}/case/heap.3.pb.gz");
    World::new()
        .run(&["diagnose", &profile, "--source", example])
        .expect(4)
        .stdout_has("HELD  secret/secret.go:")
        .stdout_has("is never closed: 4.")
        .stdout_has(" MB held\n");
}

#[test]
fn a_reader_who_has_gone_is_no_error() {
    let world = World::new();
    for arguments in [
        &["rules"][..],
        &["completions", "bash"],
        &["man"],
        &["pprof", "-h"],
    ] {
        let mut child = world
            .caulk(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let ran = world.ran(child.wait_with_output().unwrap());
        assert_eq!(
            (ran.code, ran.stderr.as_str()),
            (Some(0), ""),
            "{arguments:?}"
        );
    }
}

#[test]
fn colour_is_as_asked_for() {
    let world = World::new();
    let colourful = |arguments: &[&str]| world.run(arguments).stdout.contains('\u{1b}');
    assert!(colourful(&["doctor", "--color", "always"]));
    assert!(!colourful(&["doctor", "--color", "never"]));
    assert!(!colourful(&["doctor"]), "it is no terminal");
}

#[test]
fn completions_know_every_command() {
    let world = World::new();
    for shell in ["bash", "zsh", "fish"] {
        let script = world.run(&["completions", shell]).expect(0).stdout;
        for command in COMMANDS {
            assert!(script.contains(command), "{shell}: {command}");
        }
        assert!(script.contains("load-cmd"), "{shell}");
    }
    let bash = world.run(&["completions", "bash"]).stdout;
    world.write("caulk.bash", &bash);
    let parsed = world
        .command("bash")
        .args(["-n", "caulk.bash"])
        .status()
        .unwrap();
    assert!(parsed.success());
}

#[test]
fn there_is_a_page_for_every_command() {
    let world = World::new();
    world.run(&["man", "pages"]).expect(0);
    let pages = names(&world.path("pages"));
    assert!(pages.contains(&"caulk.1".to_owned()), "{pages:?}");
    for command in COMMANDS {
        let page = world.read(&format!("pages/caulk-{command}.1"));
        assert!(
            page.contains(".TH CAULK") && page.contains("Example"),
            "{command}: {page}"
        );
    }
}

/// An analysis looks at nothing before it is done, and that may take long.
#[cfg(unix)]
#[test]
fn a_long_check_is_ended_by_ctrl_c() {
    let world = World::new();
    world.write("go.mod", "module example.com/long\n\ngo 1.24\n");
    let body = "\tf, err := os.Open(p)\n\tif err != nil {\n\t\treturn err\n\t}\n\t_, err = f.Stat()\n\treturn err\n";
    let functions: String = (0..100_000)
        .map(|n| format!("\nfunc F{n}(p string) error {{\n{body}}}\n"))
        .collect();
    world.write(
        "long.go",
        format!("package long\n\nimport \"os\"\n{functions}"),
    );
    for arguments in [
        &["check"][..],
        &["fix", "--diff"],
        &["explain", "long.go:6"],
    ] {
        let child = world
            .caulk(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        std::thread::sleep(std::time::Duration::from_millis(300));
        let asked = std::time::Instant::now();
        crate::world::interrupt(&child);
        let ran = world.ran(child.wait_with_output().unwrap()).expect(130);
        assert_eq!(ran.stderr, "caulk: interrupted\n", "{arguments:?}");
        assert!(asked.elapsed() < std::time::Duration::from_secs(5));
    }
}
