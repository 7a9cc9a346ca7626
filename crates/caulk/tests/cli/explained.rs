//! What grows, in plain words.

use std::path::{Path, PathBuf};

use crate::world::World;

fn example(path: &str) -> String {
    let root: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
    root.join(path).to_str().unwrap().to_owned()
}

fn diagnosed(arguments: &[&str], code: i32) -> String {
    let world = World::new();
    let arguments = [&["diagnose"], arguments].concat();
    let output = world.caulk(&arguments).output().unwrap();
    assert_eq!(output.status.code(), Some(code), "{output:?}");
    String::from_utf8(output.stdout)
        .unwrap()
        .replace("\n  ", " ")
}

#[track_caller]
fn contains(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "no {part:?} in:\n{text}");
    }
}

#[test]
fn a_client_that_is_never_closed_is_a_connection_with_its_buffers() {
    let case = example("secret-proxy/case");
    contains(
        &diagnosed(&[&case], 1),
        &[
            "What it is: gRPC client connections, 94 % of the new heap (read buffer 32.8 kB/req, TLS keys",
            "5.00 goroutines/req; what most often keeps them: a client (or grpc.ClientConn) that is made anew",
            "Grows together: exactly 1 per POST /v0/cron, each with 5 goroutines, 1 connection, at least 23 objects and 45.0 kB of the heap (11 stacks; the largest: bufio.NewReaderSize, 1 object of 32.8 kB)",
            "How sure: exactly 5 goroutines a request in each of 3 rounds",
            "(95 %)",
        ],
    );
    let json = diagnosed(&[&case, "--format", "json"], 1);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    let explanation = &json["explanation"];
    assert_eq!(
        explanation["resources"][0]["name"],
        "grpc-client-connection"
    );
    assert_eq!(
        explanation["resources"][0]["parts"][0]["what"],
        "read buffer"
    );
    assert_eq!(
        explanation["resources"][0]["parts"][0]["functions"][0],
        "bufio.NewReaderSize"
    );
    assert!(explanation["chance"].as_f64().unwrap() < 1e-6);
    assert_eq!(json["together"][0]["exactly"], 1);
    assert_eq!(
        json["together"][0]["representative"]["function"],
        "bufio.NewReaderSize"
    );
}

#[test]
fn an_answer_that_is_not_closed_is_a_connection_too() {
    contains(
        &diagnosed(&[&example("feed-reader/case")], 1),
        &[
            "What it is: HTTP client connections, 94 % of the new heap (read and write buffers",
            "an answer whose body is never closed",
            "Grows together: 0.53 ± 0.03 per request, each with 2 goroutines, 1 connection",
        ],
    );
}

#[test]
fn what_the_program_itself_keeps_is_its_own() {
    contains(
        &diagnosed(&[&example("session-store/case")], 1),
        &["What it is: values of the program's own, 79 % of the new heap (session.newSession"],
    );
}

#[test]
fn nothing_is_explained_where_nothing_grows() {
    let text = diagnosed(&[&example("warm-cache/case")], 0);
    assert!(
        !text.contains("What it is:") && !text.contains("How sure:"),
        "{text}"
    );
}

#[test]
fn two_profiles_say_what_they_hold_and_what_is_missing() {
    let heap = |number: u32| example(&format!("secret-proxy/case/heap.{number}.pb.gz"));
    let text = diagnosed(&[&heap(0), &heap(3)], 4);
    contains(
        &text,
        &[
            "What it is: gRPC client connections",
            "To know more: a goroutine dump with each heap profile",
            "GODEBUG=tracebackancestors=10",
            "number of requests at each snapshot",
        ],
    );
}

#[test]
fn one_goroutine_dump_names_the_line_that_goroutines_are_stuck_at() {
    let dump = example("job-queue/case/goroutine.3.txt");
    let source = example("job-queue");
    let text = diagnosed(&[&dump, "--source", &source], 4);
    contains(
        &text,
        &[
            "internal/queue/queue.go:43:2",
            "goroutine blocks for ever on done <-",
            "all 31 goroutines were started by it",
            "queue.(*Queue).Submit.func1 queue.go:45",
            "One snapshot shows what is held",
        ],
    );
}

#[test]
fn goroutine_dumps_alone_say_who_waits_for_what_and_how_many_came() {
    let dump = |number: u32| example(&format!("job-queue/case/goroutine.{number}.txt"));
    let text = diagnosed(&[&dump(0), &dump(3)], 4);
    contains(
        &text,
        &[
            "24 more goroutines that send on a channel that nobody receives from in queue.(*Queue).Submit.func1: 31 of 36",
            "31 alike: they send on a channel that nobody receives from, very likely for ever; started by queue.(*Queue).Submit queue.go:43",
            "+24",
        ],
    );
    let json = diagnosed(&[&dump(0), &dump(3), "--format", "json"], 4);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    let group = &json["goroutines"][0];
    assert_eq!((&group["count"], &group["new"]), (&31.into(), &24.into()));
    assert_eq!(group["state"], "chan send");
    assert_eq!(group["for_ever"], "very likely for ever");
    assert_eq!(group["created_by"]["line"], 43);
}

#[test]
fn growth_is_summed_up_by_what_was_asked_for() {
    let case = example("secret-proxy/case");
    let text = diagnosed(&[&case, "--by", "package"], 1);
    contains(
        &text,
        &[
            "flat/req",
            "cum/req",
            "95 %",
            "google.golang.org/grpc/internal/transport",
        ],
    );
    let json = diagnosed(&[&case, "--by", "function", "--format", "json"], 1);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    let rows = json["by"]["rows"].as_array().unwrap();
    let reader = rows
        .iter()
        .find(|row| row["name"] == "bufio.NewReaderSize")
        .unwrap();
    let rate = &reader["cum"]["per_request"];
    let (low, high) = (
        rate["interval_95"][0].as_f64().unwrap(),
        rate["interval_95"][1].as_f64().unwrap(),
    );
    assert!(low < rate["value"].as_f64().unwrap() && rate["value"].as_f64().unwrap() < high);
    assert!(
        reader["cum"]["per_second"]["value"].as_f64().unwrap() > rate["value"].as_f64().unwrap()
    );
    assert_eq!(reader["cum"]["verdict"], "leak");
}
