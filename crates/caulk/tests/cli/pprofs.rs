//! `caulk pprof` beside the tool whose place it takes.

use std::path::Path;
use std::process::Stdio;
use std::sync::OnceLock;

use crate::world::{World, names};

const PROGRAM: &str = r#"package main

import (
	"os"
	"runtime"
	"runtime/pprof"
)

var kept [][]byte

func keep(size int) { kept = append(kept, make([]byte, size)) }

func main() {
	runtime.MemProfileRate = 512
	for i := range 2000 {
		keep(64 << (i % 7))
	}
	runtime.GC()
	for name, debug := range map[string]int{"heap.pb.gz": 0, "heap.txt": 1} {
		file, err := os.Create(name)
		if err != nil {
			panic(err)
		}
		pprof.Lookup("heap").WriteTo(file, debug)
		file.Close()
	}
}
"#;

/// A folder with the heap profile of a program that really ran, in both forms.
fn captured() -> &'static World {
    static CAPTURED: OnceLock<World> = OnceLock::new();
    CAPTURED.get_or_init(|| {
        let world = World::with(&[
            ("go.mod", "module example.com/kept\n\ngo 1.24\n"),
            ("main.go", PROGRAM),
        ]);
        let program = world.go_build(".");
        assert!(world.command(program).status().unwrap().success());
        world
    })
}

/// Both tools with the same arguments; the bytes and the exit code must be the same.
fn compare(arguments: &[&str]) {
    let world = captured();
    let mut theirs = world.command("go");
    let theirs = theirs
        .args(["tool", "pprof"])
        .args(arguments)
        .output()
        .unwrap();
    let ours = world
        .caulk(&[&["pprof"], arguments].concat())
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert_eq!(
        text(&ours.stdout),
        text(&theirs.stdout),
        "{arguments:?}\n{}",
        text(&ours.stderr)
    );
    assert_eq!(ours.status.code(), theirs.status.code(), "{arguments:?}");
}

#[test]
fn the_bytes_are_those_of_the_tool() {
    for arguments in [
        &["-top", "heap.pb.gz"][..],
        &["--text", "--cum", "heap.pb.gz"],
        &["-top", "-nodecount", "2", "-unit=kb", "heap.pb.gz"],
        &["-top", "-alloc_space", "-divide_by=3.5", "heap.pb.gz"],
        &[
            "-top",
            "-sample_index=inuse_objects",
            "-trim=false",
            "heap.pb.gz",
        ],
        &["-top", "-inuse_space", "-alloc_objects", "heap.pb.gz"],
        &[
            "-top",
            "-nodefraction=0.3",
            "-compact_labels",
            "-noinlines",
            "heap.pb.gz",
        ],
        &["-top", "-symbolize=none", "heap.txt"],
        &["-top", "heap.pb.gz", "heap.pb.gz", "none.pb.gz"],
        &["-top", "-diff_base=heap.pb.gz", "heap.pb.gz", "heap.pb.gz"],
        &["-top", "-base=heap.pb.gz", "heap.pb.gz", "heap.pb.gz"],
        &["-top", "program", "heap.pb.gz"],
        &[
            "-top",
            "-add_comment=kept",
            "-tools=x",
            "-timeout=3",
            "heap.pb.gz",
        ],
    ] {
        compare(arguments);
    }
}

#[test]
fn flags_end_at_the_first_source() {
    compare(&["-top", "heap.pb.gz", "-cum"]);
    compare(&["--", "-top", "heap.pb.gz"]);
    compare(&["-top", "--", "-cum", "heap.pb.gz"]);
    captured()
        .run(&["pprof", "-top", "heap.pb.gz", "-cum"])
        .expect(0)
        .stderr_has("failed to read -cum: no such file or directory")
        .stderr_has("Fetched 1 source profiles out of 2");
}

#[test]
fn errors_are_2_and_print_nothing() {
    let world = captured();
    let whole = std::fs::read(world.path("heap.pb.gz")).unwrap();
    world.write("short.pb.gz", &whole[..whole.len() / 2]);
    world.write("empty.pb.gz", "");
    for (arguments, message) in [
        (
            &["-top", "none.pb.gz"][..],
            "failed to read none.pb.gz: no such file or directory",
        ),
        (
            &["-top", "short.pb.gz"],
            "short.pb.gz: failed to inflate the profile",
        ),
        (
            &["-top", "empty.pb.gz"],
            "empty.pb.gz: failed to read the profile: it is empty",
        ),
        (&["-top", "."], "failed to read .: is a directory"),
        (&["-top"], "no profile source specified"),
        (
            &["-top", "-nodecount=few", "heap.pb.gz"],
            "invalid value \"few\" for flag -nodecount: parse error",
        ),
        (
            &["-bogus", "heap.pb.gz"],
            "flag provided but not defined: -bogus",
        ),
        (
            &["-top", "-normalize", "heap.pb.gz"],
            "must have base profile to normalize by",
        ),
        (
            &["-top", "-base=none", "heap.pb.gz"],
            "failed to read none: no such file or directory",
        ),
        (
            &["-top", "-cum", "-flat", "heap.pb.gz"],
            "conflicting options set: [cum flat]",
        ),
        (
            &["-top", "-sample_index=no", "heap.pb.gz"],
            "sample_index \"no\" must be one of",
        ),
        (
            &["-top", "-divide_by=0", "heap.pb.gz"],
            "zero divisor specified",
        ),
    ] {
        compare(arguments);
        let ran = world.run(&[&["pprof"], arguments].concat());
        let ran = ran.expect(2).says_nothing_on_stdout().stderr_has(message);
        assert_eq!(ran.stderr.lines().count(), 1, "{ran:#?}");
    }
}

/// One tool with lines on its standard input, in a folder of its own.
fn shell(mut command: std::process::Command, script: &str, folder: &Path) -> std::process::Output {
    command
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    std::io::Write::write_all(&mut stdin, script.as_bytes()).unwrap();
    drop(stdin);
    child.wait_with_output().unwrap()
}

#[test]
fn the_shell_answers_a_pipe_as_the_tool_does() {
    let world = captured();
    let file = world.path("heap.pb.gz").to_str().unwrap().to_owned();
    for script in [
        "",
        "top",
        "top5\ntop 3 -cum\nq\ntop\n",
        "alloc_space\ntop2\nmean_inuse_space\ntop2\ntotal_inuse_space\ntop\n",
        "sort=cum //: by cum\nnodecount=2\ntop\ntop 4\ntop\n:\no\nhelp\nhelp top\n",
        "cum\nsort\nnodecount=x\nfoo\nfoo=1\nlist\ntop >\nsample_index 0\nhelp zzz\n",
        "unit=kb\ncompact_labels=no\ntop\ndivide_by=0\ntop\ndivide_by=1\ntop",
        "top >a\ntop 2 > b\noutput=c\ntop\noutput=\ntopproto\n",
    ] {
        let (ours, theirs) = (World::new(), World::new());
        let ran = shell(world.caulk(&["pprof", &file]), script, &ours.path(""));
        let mut tool = world.command("go");
        tool.args(["tool", "pprof", &file]);
        let expected = shell(tool, script, &theirs.path(""));
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        assert_eq!(text(&ran.stdout), text(&expected.stdout), "{script:?}");
        assert_eq!(ran.status.code(), Some(0), "{script:?}");
        let files = names(&ours.path(""));
        assert_eq!(files, names(&theirs.path("")), "{script:?}");
        for file in files.iter().filter(|name| !name.ends_with(".gz")) {
            assert_eq!(ours.read(file), theirs.read(file), "{file} of {script:?}");
        }
    }
}

#[test]
fn waiting_for_a_line_can_be_ended() {
    let world = captured();
    let mut child = world
        .caulk(&["pprof", "heap.pb.gz"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let open = child.stdin.take();
    std::thread::sleep(std::time::Duration::from_millis(500));
    crate::world::interrupt(&child);
    let ran = world.ran(child.wait_with_output().unwrap()).expect(130);
    assert_eq!(ran.stdout, "(pprof) ");
    drop(open);
}

#[cfg(unix)]
#[test]
fn a_report_that_nobody_reads_can_be_ended() {
    let world = World::new();
    let made = world.command("mkfifo").arg("out").status().unwrap();
    assert!(made.success());
    let file = captured().path("heap.pb.gz");
    let child = world
        .caulk(&["pprof", "-top", "-output=out", file.to_str().unwrap()])
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    std::thread::sleep(std::time::Duration::from_millis(500));
    crate::world::interrupt(&child);
    let ran = world.ran(child.wait_with_output().unwrap()).expect(130);
    assert_eq!(ran.stderr, "Generating report in out\ncaulk: interrupted\n");
}

/// `script` is a terminal that can be written to.
#[cfg(target_os = "linux")]
#[test]
fn lines_are_edited_and_completed_at_a_terminal() {
    use std::io::{Read, Write};

    let world = captured();
    let line = format!(
        "{} pprof heap.pb.gz >shown.txt",
        env!("CARGO_BIN_EXE_caulk")
    );
    // No test waits for ever.
    let mut command = world.command("timeout");
    command
        .args(["60", "script", "-qec", &line, "/dev/null"])
        .env("TERM", "xterm");
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut keys = child.stdin.take().unwrap();
    let mut screen = child.stdout.take().unwrap();
    let mut seen = String::new();
    // Each line begins with a word to the terminal.
    let prompt = "\x1b[?2004h";
    let mut type_after = |what: &str, count: usize, typed: &str| {
        while seen.matches(what).count() < count {
            let mut bytes = [0; 4096];
            let count = screen.read(&mut bytes).unwrap();
            assert!(count > 0, "{seen:?}");
            seen.push_str(&String::from_utf8_lossy(&bytes[..count]));
        }
        keys.write_all(typed.as_bytes()).unwrap();
    };
    type_after(prompt, 1, "alloc_objects\r");
    type_after(prompt, 2, "topp\x7f1\r");
    type_after(prompt, 3, "peek kee\t");
    type_after("main.keep", 1, "\r");
    type_after(prompt, 4, "topproto\x03");
    type_after(prompt, 5, "\x1b[A\x1b[A\r");
    type_after(prompt, 6, "\x04");
    assert!(child.wait().unwrap().success());
    let script = "alloc_objects\ntop1\npeek main.keep\ntop1\n";
    let piped = shell(
        world.caulk(&["pprof", "heap.pb.gz"]),
        script,
        &world.path(""),
    );
    let piped = String::from_utf8(piped.stdout).unwrap();
    assert_eq!(world.read("shown.txt"), piped.replace("(pprof) ", ""));
}

#[test]
fn a_picture_is_drawn_by_graphviz() {
    let world = captured();
    let stub = World::new();
    let script = "#!/bin/sh\necho \"drawn $1\"; head -c 7\n";
    stub.write("bin/dot", script);
    let made = world
        .command("chmod")
        .arg("+x")
        .arg(stub.path("bin/dot"))
        .status()
        .unwrap();
    assert!(made.success());
    let draw = |path: std::path::PathBuf| {
        let mut command = world.caulk(&["pprof", "-svg", "heap.pb.gz"]);
        world.ran(command.env("PATH", path).output().unwrap())
    };
    draw(stub.path("nothing"))
        .expect(2)
        .says_nothing_on_stdout()
        .stderr_has("failed to execute dot. Is Graphviz installed? Error: ");
    let path = format!("{}:/usr/bin:/bin", stub.path("bin").display());
    let drawn = draw(path.into()).expect(0);
    assert_eq!(drawn.stdout, "drawn -Tsvg\ndigraph");
}

#[test]
fn what_is_not_there_says_so() {
    for (arguments, message) in [
        (
            &["-http=:0", "heap.pb.gz"][..],
            "-http is not in caulk: go tool pprof has it",
        ),
        (
            &["-web", "heap.pb.gz"],
            "-web is not in caulk: go tool pprof has it",
        ),
        (
            &["-top", "program"],
            "program: it is a program, not a profile",
        ),
    ] {
        let ran = captured().run(&[&["pprof"], arguments].concat());
        ran.expect(2).says_nothing_on_stdout().stderr_has(message);
    }
}

#[test]
fn sums_of_heaps_are_warned_of() {
    let note = "their sums count what is in several of them several times";
    let run = |arguments: &[&str]| captured().run(arguments).expect(0).stderr;
    assert!(run(&["pprof", "-top", "heap.pb.gz", "heap.pb.gz"]).contains(note));
    assert_eq!(run(&["pprof", "-top", "heap.pb.gz"]), "");
}

#[test]
fn a_profile_may_be_as_large_as_is_said() {
    let ran = captured().run(&["pprof", "-top", "-max_profile_size=1kB", "heap.pb.gz"]);
    ran.expect(2)
        .stderr_has("it is larger than the limit of 1024 bytes");
}

#[test]
fn a_report_can_go_into_a_file() {
    let world = captured();
    let plain = world.run(&["pprof", "-top", "heap.pb.gz"]).stdout;
    let ran = world
        .run(&["pprof", "-top", "-output=top.txt", "heap.pb.gz"])
        .expect(0);
    assert_eq!(
        ran.says_nothing_on_stdout().stderr,
        "Generating report in top.txt\n"
    );
    assert_eq!(world.read("top.txt"), plain);
}

#[cfg(unix)]
#[test]
fn a_pipe_is_read_and_waiting_for_one_can_be_ended() {
    let world = captured();
    let made = world.command("mkfifo").arg("pipe").status().unwrap();
    assert!(made.success());
    let child = world
        .caulk(&["pprof", "-top", "pipe"])
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    std::thread::sleep(std::time::Duration::from_millis(300));
    crate::world::interrupt(&child);
    let ran = world.ran(child.wait_with_output().unwrap()).expect(130);
    assert_eq!(ran.stderr, "caulk: interrupted\n");

    let file = std::fs::File::open(Path::new(&world.path("heap.pb.gz"))).unwrap();
    let output = world
        .caulk(&["pprof", "-top", "/dev/stdin"])
        .stdin(file)
        .output()
        .unwrap();
    let plain = world.run(&["pprof", "-top", "heap.pb.gz"]).stdout;
    assert_eq!(world.ran(output).stdout, plain);

    let file = std::fs::File::open(Path::new(&world.path("heap.pb.gz"))).unwrap();
    let mut dash = world.caulk(&["pprof", "-top", "-"]);
    assert_eq!(world.ran(dash.stdin(file).output().unwrap()).stdout, plain);
}

#[cfg(unix)]
#[test]
fn what_is_no_profile_is_an_error_of_one_line_that_names_it() {
    use std::io::Write;

    let world = World::with(&[
        ("empty", ""),
        ("page.pb.gz", "<!DOCTYPE html>\n<title>Sign in</title>\n"),
        ("answer.pb.gz", "404 page not found\n"),
        ("mutex.txt", "--- mutex:\ncycles/second=1\n5 @ 0x5\n"),
        ("folder/heap.pb.gz", ""),
    ]);
    let mut bomb = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    bomb.write_all(&vec![0; 10 << 20]).unwrap();
    world.write("bomb.pb.gz", bomb.finish().unwrap());
    for (source, why) in [
        ("empty", "empty: failed to read the profile: it is empty"),
        (
            "page.pb.gz",
            "page.pb.gz: failed to read the profile: it is a web page, not a profile",
        ),
        (
            "answer.pb.gz",
            "answer.pb.gz: failed to read the profile: unrecognized format; it begins with \"404 page not found\"",
        ),
        (
            "mutex.txt",
            "mutex.txt: failed to read the profile: line 3: \"5 @ 0x5\" is not `CYCLES COUNT @ 0xADDRESS …`",
        ),
        ("folder", "failed to read folder: is a directory"),
        (
            "bomb.pb.gz",
            "bomb.pb.gz: failed to read the profile: it is larger than the limit of 1048576 bytes (-max_profile_size raises it)",
        ),
        (
            "/dev/zero",
            "/dev/zero: failed to read the profile: it is larger than the limit of 1048576 bytes (-max_profile_size raises it)",
        ),
    ] {
        let ran = world
            .run(&["pprof", "-top", "-max_profile_size=1MB", source])
            .expect(2);
        assert_eq!(
            ran.says_nothing_on_stdout().stderr,
            format!("caulk: {why}\n")
        );
    }
}
