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
            "What it is: gRPC client connections, 80 % of the new heap (read buffer 32.8 kB/req",
            "4.00 goroutines/req; what most often keeps them: a client (or grpc.ClientConn) that is made anew",
            "also TLS connections, 14 % of the new heap",
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
}

#[test]
fn an_answer_that_is_not_closed_is_a_connection_too() {
    contains(
        &diagnosed(&[&example("feed-reader/case")], 1),
        &[
            "What it is: HTTP client connections, 94 % of the new heap (read and write buffers",
            "an answer whose body is never closed",
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
