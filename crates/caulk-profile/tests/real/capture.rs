//! Builds and runs the Go program once, and hands out what it wrote.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use caulk_profile::{Limits, Profile};

/// The forms that each profile is written in.
pub const PROTO: &str = "pb.gz";
pub const TEXT: &str = "txt";

pub fn folder() -> &'static Path {
    static FOLDER: OnceLock<tempfile::TempDir> = OnceLock::new();
    FOLDER
        .get_or_init(|| {
            let folder = tempfile::tempdir().unwrap();
            let program = folder.path().join("capture");
            let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/capture");
            let mut build = Command::new("go");
            build
                .arg("build")
                .arg("-o")
                .arg(&program)
                .arg(".")
                .current_dir(source);
            build.env("GOWORK", "off").env("GOFLAGS", "");
            run(&mut build);
            let mut capture = Command::new(&program);
            capture.arg(folder.path());
            capture.env(
                "GODEBUG",
                "memprofilerate=4096,tracebackancestors=10,tracebacklabels=1",
            );
            run(&mut capture);
            folder
        })
        .path()
}

pub fn run(command: &mut Command) {
    let output = match command.output() {
        Ok(output) => output,
        Err(error) => panic!("cannot run {command:?}: {error}; these tests need Go"),
    };
    assert!(
        output.status.success(),
        "{command:?} failed:\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

pub fn path(name: &str, form: &str) -> PathBuf {
    folder().join(format!("{name}.{form}"))
}

pub fn bytes(name: &str, form: &str) -> Vec<u8> {
    std::fs::read(path(name, form)).unwrap()
}

pub fn profile(name: &str, form: &str) -> Profile {
    caulk_profile::read(&bytes(name, form), Limits::default()).unwrap()
}
