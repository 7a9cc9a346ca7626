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
