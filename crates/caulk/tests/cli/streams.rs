//! `caulk diagnose` of what is no plain file: pipes, devices, bombs.
#![cfg(unix)]

use std::io::Write;
use std::path::Path;
use std::process::Stdio;

use crate::world::{World, interrupt};

/// A recorded heap profile.
fn heap() -> Vec<u8> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    std::fs::read(root.join("examples/secret-proxy/case/heap.3.pb.gz")).unwrap()
}

fn make_pipe(world: &World) {
    let made = world.command("mkfifo").arg("heap.pb.gz").status().unwrap();
    assert!(made.success());
}

#[test]
fn a_pipe_says_what_a_file_of_its_name_does() {
    let (plain, piped) = (World::new(), World::new());
    plain.write("heap.pb.gz", heap());
    make_pipe(&piped);
    let pipe = piped.path("heap.pb.gz");
    let writer = std::thread::spawn(move || std::fs::write(pipe, heap()).unwrap());
    let arguments = ["diagnose", "heap.pb.gz", "--format", "json"];
    let (from_file, from_pipe) = (plain.run(&arguments), piped.run(&arguments));
    writer.join().unwrap();
    assert!(
        from_file.stdout.contains("culprits"),
        "{}",
        from_file.stdout
    );
    assert_eq!(from_pipe, from_file);
}

#[test]
fn waiting_for_a_pipe_or_for_input_can_be_ended() {
    let world = World::new();
    make_pipe(&world);
    for source in ["heap.pb.gz", "-"] {
        let mut child = world
            .caulk(&["diagnose", source])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // It stays open, and nothing comes.
        let input = child.stdin.take();
        std::thread::sleep(std::time::Duration::from_millis(300));
        interrupt(&child);
        let ran = world.ran(child.wait_with_output().unwrap()).expect(130);
        assert_eq!(ran.stderr, "caulk: interrupted\n", "{source}");
        drop(input);
    }
}

#[test]
fn a_profile_that_is_too_large_is_left_out_and_the_flag_named() {
    let world = World::new();
    let mut bomb = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    bomb.write_all(&vec![0; 10 << 20]).unwrap();
    world.write("bomb.pb.gz", bomb.finish().unwrap());
    world.write("plain.pb", vec![0; 2 << 20]);
    for source in ["bomb.pb.gz", "plain.pb", "/dev/zero"] {
        world
            .run(&["diagnose", "--max-profile-size", "1MB", source])
            .expect(2)
            .says_nothing_on_stdout()
            .stderr_has("larger than the limit of 1048576 bytes, which --max-profile-size raises");
    }
    world.write("heap.pb.gz", heap());
    let ran = world.run(&["diagnose", "--max-profile-size", "1kB", "heap.pb.gz"]);
    ran.expect(2)
        .stderr_has("larger than the limit of 1024 bytes");
    let ran = world.run(&["diagnose", "--max-profile-size", "much", "heap.pb.gz"]);
    ran.expect(2).stderr_has("say a number of bytes, or 4GB");
}
