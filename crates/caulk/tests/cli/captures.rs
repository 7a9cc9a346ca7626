//! `caulk capture` against a real server with `net/http/pprof`.

use std::process::{Child, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use caulk_system::{Cancel, HttpClient, HttpRequest, Limits};

use serde_json::Value;

use crate::world::{World, free_port, interrupt, names, wait_until};

const SERVER: &str = r#"package main

import (
	"fmt"
	"net/http"
	_ "net/http/pprof"
	"os"
	"sync"
)

var (
	mu   sync.Mutex
	kept [][]byte
)

func main() {
	http.HandleFunc("POST /v0/keep", func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		kept = append(kept, make([]byte, 64<<10))
	})
	secret := os.Getenv("SECRET")
	guarded := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if secret != "" && r.Header.Get("Authorization") != secret {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		http.DefaultServeMux.ServeHTTP(w, r)
	})
	fmt.Println(http.ListenAndServe(os.Getenv("LISTEN"), guarded))
}
"#;

/// The server, built once.
fn built() -> &'static World {
    static BUILT: OnceLock<World> = OnceLock::new();
    BUILT.get_or_init(|| {
        let world = World::with(&[
            ("go.mod", "module example.com/keeper\n\ngo 1.24\n"),
            ("main.go", SERVER),
        ]);
        world.go_build(".");
        world
    })
}

/// A server that runs until it is dropped.
struct Server {
    child: Child,
    url: String,
}

impl Server {
    fn start(secret: &str) -> Server {
        let port = free_port();
        let world = built();
        let child = world
            .command(world.path("program"))
            .env("LISTEN", format!("127.0.0.1:{port}"))
            .env("SECRET", secret)
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let server = Server {
            child,
            url: format!("http://127.0.0.1:{port}"),
        };
        wait_until("the server listens", || {
            std::net::TcpStream::connect(("127.0.0.1", port)).is_ok()
        });
        server
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

fn case(world: &World, name: &str) -> Value {
    serde_json::from_str(&world.read(&format!("{name}/case.json"))).unwrap()
}

#[test]
fn snapshots_between_rounds_of_load_are_a_case_that_shows_the_leak() {
    let (server, world) = (Server::start(""), World::new());
    let load = format!("POST {}/v0/keep", server.url);
    let arguments = ["capture", &server.url, "-o", "c", "--gc", "--load", &load];
    // One allocation in 512 kB is sampled: a round has to keep many times that.
    let ran = world
        .run(&[&arguments[..], &["--requests", "300", "--count", "6"]].concat())
        .expect(0)
        .stdout_has("what grew: caulk diagnose c")
        .stderr_has("gc=1: a full collection");
    let costs = ran.stderr.find("each snapshot costs").unwrap();
    assert!(
        costs < ran.stderr.find("snapshot 1 of 6").unwrap(),
        "{ran:#?}"
    );
    let case = case(&world, "c");
    let requests: Vec<u64> = case["snapshots"]
        .as_array()
        .unwrap()
        .iter()
        .map(|snapshot| snapshot["requests"].as_u64().unwrap())
        .collect();
    assert_eq!(requests, [300, 600, 900, 1200, 1500, 1800]);
    assert_eq!(case["mem_profile_rate"], 512 << 10);
    world
        .run(&["diagnose", "c"])
        .expect(1)
        .stdout_has("LEAK")
        .stdout_has("main.main.func1");
}

#[test]
fn by_default_nothing_is_asked_for_that_stops_the_service() {
    let (server, world) = (Server::start(""), World::new());
    let ran = world
        .run(&[
            "capture",
            &server.url,
            "-o",
            "c",
            "--every",
            "50ms",
            "--count",
            "2",
        ])
        .expect(0)
        .stderr_has("goroutine?debug=1");
    assert!(
        !ran.stderr.contains("gc=1") && !ran.stderr.contains("debug=2"),
        "{ran:#?}"
    );
    assert_eq!(
        names(&world.path("c")),
        [
            "case.json",
            "goroutine-counts.0.txt",
            "goroutine-counts.1.txt",
            "heap.0.pb.gz",
            "heap.1.pb.gz"
        ]
    );
}

#[test]
fn secrets_reach_the_service_and_not_the_case() {
    let (server, world) = (Server::start("Bearer s3cret"), World::new());
    world
        .run(&["capture", &server.url, "-o", "c", "--count", "1"])
        .expect(3)
        .stderr_has("status 403: it wants credentials (--header)");
    assert!(!world.exists("c"), "nothing was captured");
    let load = format!("POST {}/v0/keep", server.url);
    let header = ["--header", "Authorization: Bearer s3cret"];
    let arguments = [
        "capture",
        &server.url,
        "-o",
        "c",
        "--count",
        "1",
        "--requests",
        "3",
    ];
    world
        .run(&[&arguments[..], &header, &["--load", &load], &header].concat())
        .expect(0);
    for name in names(&world.path("c")) {
        let bytes = std::fs::read(world.path("c").join(&name)).unwrap();
        let shows = bytes.windows(6).any(|window| window == b"s3cret");
        assert!(!shows, "{name}");
    }
}

#[test]
fn a_case_is_continued_and_nothing_is_written_over() {
    let (server, world) = (Server::start(""), World::new());
    let capture = [
        "capture",
        &server.url,
        "--every",
        "10ms",
        "--count",
        "2",
        "-o",
    ];
    world.run(&[&capture[..], &["c"]].concat()).expect(0);
    let first = std::fs::read(world.path("c/heap.0.pb.gz")).unwrap();
    world.run(&[&capture[..], &["c"]].concat()).expect(0);
    let snapshots = case(&world, "c")["snapshots"].as_array().unwrap().clone();
    let seconds: Vec<f64> = snapshots
        .iter()
        .map(|s| s["seconds"].as_f64().unwrap())
        .collect();
    assert_eq!(seconds.len(), 4);
    assert!(seconds.is_sorted(), "{seconds:?}");
    assert_eq!(std::fs::read(world.path("c/heap.0.pb.gz")).unwrap(), first);

    let other = Server::start("");
    world
        .run(&["capture", &other.url, "-o", "c", "--count", "1"])
        .expect(2)
        .stderr_has(&format!(
            "c is a case of {}/debug/pprof, not of {}",
            server.url, other.url
        ));
    world.write("d/heap.0.pb.gz", "mine");
    world
        .run(&[&capture[..], &["d"]].concat())
        .expect(2)
        .stderr_has("d is there, and is not a case");
    assert_eq!(world.read("d/heap.0.pb.gz"), "mine");
}

#[test]
fn ctrl_c_leaves_a_valid_case_and_says_where() {
    let (server, world) = (Server::start(""), World::new());
    let child = world
        .caulk(&["capture", &server.url, "-o", "c", "--every", "100ms"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    wait_until("two snapshots are there", || world.exists("c/heap.1.pb.gz"));
    interrupt(&child);
    let ran = world.ran(child.wait_with_output().unwrap());
    let ran = ran
        .expect(130)
        .says_nothing_on_stdout()
        .stderr_has("one every [TIME] into c, until Ctrl-C")
        .stderr_has("in c: caulk diagnose c");
    assert!(ran.stderr.contains("caulk: interrupted; "), "{ran:#?}");
    let case = case(&world, "c");
    for snapshot in case["snapshots"].as_array().unwrap() {
        for file in snapshot["files"].as_array().unwrap() {
            assert!(
                world
                    .path("c")
                    .join(file["name"].as_str().unwrap())
                    .exists()
            );
        }
    }
    world
        .run(&["diagnose", "c", "--format", "json"])
        .stdout_has("\"verdict\"");
}

#[test]
fn a_service_that_goes_away_ends_it_with_what_was_captured() {
    let (mut server, world) = (Server::start(""), World::new());
    let child = world
        .caulk(&["capture", &server.url, "-o", "c", "--every", "50ms"])
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    wait_until("a snapshot is there", || world.exists("c/heap.0.pb.gz"));
    server.child.kill().unwrap();
    server.child.wait().unwrap();
    world
        .ran(child.wait_with_output().unwrap())
        .expect(3)
        .stderr_has("a snapshot is missing: failed to get")
        .stderr_has("in c: caulk diagnose c");
}

#[test]
fn what_is_no_profile_is_told() {
    let (server, world) = (Server::start(""), World::new());
    let elsewhere = format!("{}/v0/profiles", server.url);
    world
        .run(&["capture", &elsewhere, "-o", "c"])
        .expect(3)
        .stderr_has("status 404: is net/http/pprof served there?");
    world
        .run(&[
            "capture",
            "http://127.0.0.1:1",
            "-o",
            "c",
            "--header",
            "Authorization",
        ])
        .expect(2)
        .stderr_has("'Authorization' is not a header: write 'Name: value'");
    world
        .run(&["capture", "http://127.0.0.1:1", "-o", "c", "--data", "x"])
        .expect(2)
        .stderr_has("--data belongs to the --load before it");
}

/// What a person does without caulk: `curl` each profile into a folder, before and after some load.
#[test]
fn all_kinds_that_were_fetched_by_hand_are_one_series() {
    let (server, world) = (Server::start(""), World::new());
    let client = HttpClient::new();
    let limits = Limits::new(&Cancel::new());
    let request = |path: &str| HttpRequest {
        url: format!("{}{path}", server.url),
        headers: Vec::new(),
        timeout: Duration::from_secs(30),
        max_bytes: 1 << 26,
    };
    let fetch = |path: &str| {
        let request = request(&format!("/debug/pprof/{path}"));
        client.get(&request, &limits).unwrap().body
    };
    for round in 0..5 {
        // Growth is told by the time of the snapshots: a busy machine must not make a fast round of one and a slow one of another.
        let next = Instant::now() + Duration::from_millis(400);
        for _ in 0..60 {
            client.post(&request("/v0/keep"), b"", &limits).unwrap();
        }
        std::thread::sleep(next.saturating_duration_since(Instant::now()));
        for (path, name) in [
            ("heap?gc=1", "heap.N.pprof"),
            ("heap?debug=1", "heap.N.txt"),
            ("allocs", "allocs.N.pprof"),
            ("goroutine", "goroutine.N.pprof"),
            ("goroutine?debug=1", "goroutine-counts.N.txt"),
            ("goroutine?debug=2", "goroutine.N.txt"),
            ("threadcreate", "threadcreate.N.pprof"),
            ("threadcreate?debug=1", "threadcreate.N.txt"),
            ("mutex", "mutex.N.pprof"),
            ("block?debug=1", "block.N.txt"),
        ] {
            let name = format!("p/{}", name.replace('N', &round.to_string()));
            world.write(&name, fetch(path));
        }
    }
    world.write("p/cpu.pprof", fetch("profile?seconds=1"));
    world.write("p/delta.pprof", fetch("heap?seconds=1"));
    world.write("p/trace.out", fetch("trace?seconds=1"));
    let ran = world.run(&["diagnose", "p", "--format", "json"]).expect(1);
    let report: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(report["verdict"], "leak", "{report:#}");
    assert_eq!(report["input"]["points"], 5, "{report:#}");
    let kinds: Vec<(&str, u64)> = report["input"]["kinds"]
        .as_array()
        .unwrap()
        .iter()
        .map(|kind| {
            (
                kind["kind"].as_str().unwrap(),
                kind["files"].as_u64().unwrap(),
            )
        })
        .collect();
    let of = |kind: &str| {
        kinds
            .iter()
            .find(|(name, _)| *name == kind)
            .map(|(_, files)| *files)
    };
    for kind in ["heap", "goroutine", "threadcreate", "mutex", "block"] {
        assert_eq!(of(kind), Some(5), "{kind}: {report:#}");
    }
    let left_out = report["input"]["left_out"].to_string();
    for name in ["cpu.pprof", "delta.pprof"] {
        assert!(left_out.contains(name), "{left_out}");
    }
}
