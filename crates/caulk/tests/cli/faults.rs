//! What can go wrong in a hunt: each fault has its message and exit code, no process is left behind,
//! and what was captured is kept.

use std::net::TcpListener;
use std::process::Stdio;
use std::sync::MutexGuard;

use crate::world::{Ran, World, alone, free_port, interrupt, is_alive, wait_until};

const PROGRAM: &str = r#"package main

import (
	"fmt"
	"net/http"
	"os"
	"strconv"
	"sync/atomic"
	"time"
)

var served atomic.Int64

func main() {
	os.WriteFile("program.pid", []byte(strconv.Itoa(os.Getpid())), 0o644)
	mode := os.Getenv("MODE")
	fmt.Fprintln(os.Stderr, "starting")
	switch mode {
	case "exits":
		fmt.Fprintln(os.Stderr, "no configuration: set SHOP_DB")
		os.Exit(7)
	case "sleeps":
		time.Sleep(time.Hour)
	}
	limit, err := strconv.ParseInt(os.Getenv("LIMIT"), 10, 64)
	if err != nil {
		limit = 60
	}
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		late := served.Add(1) > limit
		switch {
		case mode == "fails":
			w.WriteHeader(http.StatusServiceUnavailable)
		case mode == "hangs":
			<-r.Context().Done()
		case mode == "panics" && late:
			go bake()
		case mode == "exhausts" && late:
			fmt.Fprintln(os.Stderr, "fatal error: runtime: out of memory")
			os.Exit(2)
		}
	})
	if err := http.ListenAndServe(os.Getenv("LISTEN"), nil); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func bake() { panic("out of cookies") }
"#;

/// A program with a fault, and how it is hunted in.
struct Faulty {
    world: World,
    port: u16,
    _alone: MutexGuard<'static, ()>,
}

impl Faulty {
    fn new() -> Faulty {
        let alone = alone();
        let world = World::with(&[
            ("go.mod", "module example.com/shop\n\ngo 1.24\n"),
            ("main.go", PROGRAM),
        ]);
        Faulty {
            world,
            port: free_port(),
            _alone: alone,
        }
    }

    fn arguments(&self, mode: &str, requests: u64) -> Vec<String> {
        let (port, requests) = (self.port, requests.to_string());
        let load = format!("GET http://127.0.0.1:{port}/");
        let (mode, listen) = (format!("MODE={mode}"), format!("LISTEN=127.0.0.1:{port}"));
        [
            "hunt", "--env", &mode, "--env", &listen, "--load", &load, "-o", "case",
        ]
        .into_iter()
        .chain([
            "--requests",
            &requests,
            "--cooldown",
            "0",
            "--timeout",
            "60s",
        ])
        .map(str::to_owned)
        .collect()
    }

    /// Hunts with a load that is over soon.
    fn hunt(&self, mode: &str, more: &[&str]) -> Ran {
        self.hunt_with(self.arguments(mode, 150), more)
    }

    fn hunt_with(&self, arguments: Vec<String>, more: &[&str]) -> Ran {
        let all: Vec<&str> = arguments
            .iter()
            .map(String::as_str)
            .chain(more.iter().copied())
            .collect();
        let ran = self.world.run(&all);
        self.nothing_is_left();
        ran
    }

    #[track_caller]
    fn nothing_is_left(&self) {
        for name in ["program.pid", "companion.pid"] {
            if self.world.exists(name) {
                let pid = self.world.read(name).trim().parse().unwrap();
                assert!(!is_alive(pid), "{name} {pid} still runs");
            }
        }
    }

    fn snapshots(&self) -> usize {
        let case: serde_json::Value =
            serde_json::from_str(&self.world.read("case/case.json")).unwrap();
        case["snapshots"].as_array().unwrap().len()
    }
}

#[test]
fn a_build_error_is_told_in_the_compilers_own_lines() {
    let faulty = Faulty::new();
    faulty.world.write(
        "more.go",
        "package main\n\nfunc broken() { undefinedThing() }\n",
    );
    let ran = faulty.hunt("", &[]).expect(3).says_nothing_on_stdout();
    assert_eq!(
        ran.stderr,
        "building the program\n\
         caulk: failed to build example.com/shop:\n\
         # example.com/shop\n\
         ./more.go:3:17: undefined: undefinedThing\n"
    );
    assert!(!faulty.world.exists("case"));
}

#[test]
fn a_program_that_exits_at_once_has_the_last_word() {
    let ran = Faulty::new()
        .hunt("exits", &[])
        .expect(3)
        .says_nothing_on_stdout();
    assert_eq!(
        ran.stderr,
        "building the program\nstarting\n\
         caulk: failed to start example.com/shop: it ended at once, exit status 7; its last lines:\n\
         \x20   starting\n\
         \x20   no configuration: set SHOP_DB\n"
    );
}

#[test]
fn a_program_that_is_never_ready_is_not_waited_for_for_ever() {
    let faulty = Faulty::new();
    let ran = faulty
        .hunt("sleeps", &["--ready-timeout", "500ms"])
        .expect(3);
    let expected = format!(
        "caulk: failed to start example.com/shop: no answer from tcp://127.0.0.1:{} within [TIME]; its last lines:\n\
         \x20   starting\n",
        faulty.port
    );
    ran.says_nothing_on_stdout().stderr_has(&expected);
}

#[test]
fn a_port_that_is_taken_is_told_before_the_start() {
    let faulty = Faulty::new();
    let _listener = TcpListener::bind(("127.0.0.1", faulty.port)).unwrap();
    let expected = format!(
        "caulk: failed to start example.com/shop: port {} is already in use by another program\n",
        faulty.port
    );
    faulty
        .hunt("", &[])
        .expect(3)
        .says_nothing_on_stdout()
        .stderr_has(&expected);
    assert!(
        !faulty.world.exists("program.pid"),
        "the program was started"
    );
}

fn with_companion(faulty: &Faulty, script: &str) {
    let config = format!(
        "[[hunt.companion]]\nname = \"database\"\ncommand = [\"sh\", \"-c\", '{script}']\n"
    );
    faulty.world.write("caulk.toml", config);
}

#[test]
fn a_companion_that_does_not_start_is_named() {
    let faulty = Faulty::new();
    with_companion(&faulty, "echo no space left >&2; exit 4");
    faulty
        .hunt("", &[])
        .expect(3)
        .says_nothing_on_stdout()
        .stderr_has(
            "caulk: failed to start database: it ended at once, exit status 4; its last lines:\n\
         \x20   no space left\n",
        );
    assert!(
        !faulty.world.exists("program.pid"),
        "the program was started"
    );
}

#[test]
fn a_companion_that_dies_under_the_load_ends_the_hunt_and_the_case_is_kept() {
    let faulty = Faulty::new();
    let script = "echo $$ > companion.pid; while [ ! -e case/heap.0.pb.gz ]; do sleep 0.1; done; \
                  echo no space left >&2; exit 4";
    with_companion(&faulty, script);
    let ran = faulty
        .hunt_with(faulty.arguments("", 600), &["--rps", "40"])
        .expect(3);
    ran.says_nothing_on_stdout().stderr_has(
        "caulk: the companion database ended under the load, exit status 4; its last lines:\n\
         \x20   no space left\n\
         \x20   what was captured is in case\n",
    );
    assert!(faulty.snapshots() > 0);
}

#[test]
fn a_crash_under_the_load_is_a_finding() {
    let faulty = Faulty::new();
    let ran = faulty
        .hunt("panics", &[])
        .expect(1)
        .stdout_has(
            "DIED  the program ended under the load: exit status 2 (panic: out of cookies)\n",
        )
        .stdout_has("main.bake")
        .stdout_has("main.go:49");
    assert!(!ran.stdout.contains("STEADY"), "{ran:#?}");
    assert!(faulty.snapshots() > 1);
}

#[test]
fn a_crash_at_the_first_request_is_a_finding_too() {
    let ran = Faulty::new()
        .hunt("panics", &["--env", "LIMIT=0"])
        .expect(1)
        .stdout_has(
            "DIED  the program ended under the load: exit status 2 (panic: out of cookies)\n",
        );
    assert!(!ran.stdout.contains("heap/req"), "{ran:#?}");
}

#[test]
fn a_time_limit_that_is_too_short_is_told() {
    let faulty = Faulty::new();
    let listen = format!("LISTEN=127.0.0.1:{}", faulty.port);
    let load = format!("GET http://127.0.0.1:{}/", faulty.port);
    let arguments = [
        "hunt",
        "--env",
        &listen,
        "--load",
        &load,
        "--timeout",
        "1ms",
    ];
    faulty
        .world
        .run(&arguments)
        .expect(3)
        .says_nothing_on_stdout()
        .stderr_has("the time limit of [TIME] has passed: --timeout sets another");
}

#[test]
fn running_out_of_memory_is_a_finding() {
    let how = "exit status 2 (fatal error: runtime: out of memory)";
    let ran = Faulty::new()
        .hunt("exhausts", &["--format", "json"])
        .expect(1);
    let report: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert!(report["verdict"].is_null(), "{report:#}");
    assert_eq!(report["died"]["how"], how);
    assert_eq!(
        report["reason"],
        format!("the program ended under the load: {how}")
    );
}

#[test]
fn requests_that_fail_leave_it_undecided() {
    let faulty = Faulty::new();
    let failed = "requests failed (status 503): nothing grew, but what they should have done was not watched";
    faulty
        .hunt("fails", &[])
        .expect(4)
        .stdout_has("UNDECIDED  ")
        .stdout_has(failed);
    faulty
        .world
        .run(&["diagnose", "case"])
        .expect(4)
        .stdout_has(failed);
}

#[test]
fn a_program_that_answers_nothing_leaves_it_undecided() {
    let more = ["--request-timeout", "100ms", "--format", "json"];
    let ran = Faulty::new().hunt("hangs", &more).expect(4);
    let report: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert!(report["verdict"].is_null(), "{report:#}");
    let reason = report["reason"].as_str().unwrap();
    assert!(reason.contains("requests failed (no answer)"), "{reason}");
}

#[test]
fn a_load_command_that_fails_is_no_load() {
    let faulty = Faulty::new();
    let listen = format!("LISTEN=127.0.0.1:{}", faulty.port);
    let ran = faulty.world.run(&[
        "hunt",
        "--env",
        &listen,
        "--load-cmd",
        "echo no such host; exit 6",
    ]);
    ran.expect(3).says_nothing_on_stdout().stderr_has(
        "caulk: the load command fails, exit status 6, and does not say how many requests it sent; \
         its last lines:\n    no such host\n",
    );
    faulty.nothing_is_left();
}

#[test]
fn requests_that_nobody_counted_are_not_told() {
    let faulty = Faulty::new();
    let listen = format!("LISTEN=127.0.0.1:{}", faulty.port);
    let arguments = [
        "hunt",
        "--env",
        &listen,
        "--load-cmd",
        "sleep 0.1",
        "--cooldown",
        "0",
    ];
    let ran = faulty
        .world
        .run(&arguments)
        .expect(0)
        .stdout_has("per second");
    assert!(!ran.stdout.contains("request"), "{ran:#?}");
}

#[test]
fn a_program_of_the_users_own_needs_pprof() {
    let faulty = Faulty::new();
    faulty.world.go_build(".");
    let listen = format!("LISTEN=127.0.0.1:{}", faulty.port);
    let load = format!("GET http://127.0.0.1:{}/", faulty.port);
    faulty
        .world
        .run(&[
            "hunt",
            "--exec",
            "./program",
            "--env",
            &listen,
            "--load",
            &load,
        ])
        .expect(3)
        .says_nothing_on_stdout()
        .stderr_has("must serve net/http/pprof where the first load goes");
    faulty.nothing_is_left();
}

#[test]
fn a_service_that_does_not_answer_is_told_before_the_load() {
    let world = World::new();
    let port = free_port();
    let service = format!("http://127.0.0.1:{port}");
    let load = format!("GET {service}/");
    let ran = world
        .run(&["hunt", "--attach", &service, "--load", &load, "-o", "case"])
        .expect(3)
        .says_nothing_on_stdout();
    assert_eq!(
        ran.stderr,
        format!("attaching\ncaulk: failed to get {service}/debug/pprof/heap: connection refused\n")
    );
    assert!(!world.exists("case"));
}

#[test]
fn files_that_are_no_case_are_not_written_over() {
    let faulty = Faulty::new();
    faulty.world.write("case/heap.0.pb.gz", "mine");
    faulty
        .hunt("", &[])
        .expect(2)
        .stderr_has("case is there, and is not a case");
    assert_eq!(faulty.world.read("case/heap.0.pb.gz"), "mine");
}

#[test]
fn no_growth_is_steady() {
    let faulty = Faulty::new();
    faulty
        .hunt("", &[])
        .expect(0)
        .stdout_has("STEADY  nothing grows over")
        .stdout_has("would have been seen");
    assert!(faulty.snapshots() > 3);
}

#[test]
fn without_go_the_recorded_run_is_named() {
    let faulty = Faulty::new();
    let mut command = faulty
        .world
        .caulk(&["hunt", "--load", "GET http://127.0.0.1:1/"]);
    let ran = faulty.world.ran(command.env("PATH", "").output().unwrap());
    let ran = ran.expect(3).says_nothing_on_stdout();
    let last = ran.stderr.lines().last().unwrap();
    assert!(
        last.starts_with("caulk: failed to find the go command: it is not in PATH"),
        "{last}"
    );
    assert!(
        last.ends_with("caulk diagnose examples/secret-proxy/case"),
        "{last}"
    );
}

#[test]
fn ctrl_c_ends_all_that_was_started_and_keeps_the_case() {
    let faulty = Faulty::new();
    with_companion(
        &faulty,
        "echo $$ > companion.pid; sleep 100 & echo $! > helper.pid; wait",
    );
    let mut arguments = faulty.arguments("", 100_000);
    arguments.extend(["--rps", "50"].map(str::to_owned));
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let world = &faulty.world;
    let child = world
        .caulk(&arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    wait_until("a snapshot is there", || {
        world.exists("case/heap.0.pb.gz") || !is_alive(child.id())
    });
    interrupt(&child);
    let ran = world.ran(child.wait_with_output().unwrap()).expect(130);
    ran.says_nothing_on_stdout()
        .stderr_has("caulk: interrupted\n    what was captured is in case\n");
    faulty.nothing_is_left();
    let helper = world.read("helper.pid").trim().parse().unwrap();
    wait_until("what the companion started has ended", || !is_alive(helper));
    assert!(faulty.snapshots() > 0);
    world
        .run(&["diagnose", "case", "--format", "json"])
        .stdout_has("\"verdict\"");
}

#[test]
fn a_hunt_that_captures_nothing_leaves_nothing() {
    let faulty = Faulty::new();
    let temporary = faulty.world.path("tmp");
    std::fs::create_dir(&temporary).unwrap();
    let arguments = [
        "hunt",
        "--env",
        "MODE=exits",
        "--load",
        "GET http://127.0.0.1:1/",
    ];
    let mut command = faulty.world.caulk(&arguments);
    faulty
        .world
        .ran(command.env("TMPDIR", &temporary).output().unwrap())
        .expect(3);
    assert_eq!(crate::world::names(&temporary), [] as [String; 0]);
}
