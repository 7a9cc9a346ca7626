//! Runs the oracle, a small Go program around go/parser. Without a Go toolchain the tests fail.

// Each test program uses its own part of this.
#![allow(dead_code)]
#![allow(clippy::disallowed_methods, clippy::unwrap_used)]

pub mod dump;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

/// Output of a command, which must succeed.
fn run(command: &mut Command, input: &str) -> String {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{command:?} needs a Go toolchain: {error}"));
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_owned();
    let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    assert!(output.status.success(), "{command:?} failed");
    String::from_utf8(output.stdout).unwrap()
}

fn go_env(name: &str) -> PathBuf {
    PathBuf::from(run(Command::new("go").args(["env", name]), "").trim())
}

/// The root of the Go distribution.
pub fn goroot() -> PathBuf {
    go_env("GOROOT")
}

/// The cache of downloaded modules; it may not be there.
pub fn module_cache() -> PathBuf {
    go_env("GOMODCACHE")
}

/// Output of the oracle.
pub fn oracle(args: &[&str], input: &str) -> String {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    let program = PROGRAM.get_or_init(|| {
        let name = format!(
            "oracle-{}{}",
            std::process::id(),
            std::env::consts::EXE_SUFFIX
        );
        let program = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oracle");
        let mut build = Command::new("go");
        build
            .arg("build")
            .arg("-o")
            .arg(&program)
            .arg(".")
            .current_dir(source);
        run(build.env("GOWORK", "off").env("GOFLAGS", ""), "");
        program
    });
    run(Command::new(program).args(args), input)
}

/// The Go files below a folder, in order.
pub fn go_files(root: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap_or_else(|e| panic!("{folder:?}: {e}")) {
            let entry = entry.unwrap();
            let path = entry.path();
            if entry.file_type().unwrap().is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ext| ext == "go") && path.is_file() {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

/// Paths for the oracle's input.
pub fn lines(files: &[PathBuf]) -> String {
    files
        .iter()
        .map(|file| format!("{}\n", file.to_str().unwrap()))
        .collect()
}

pub fn read(file: &Path) -> Vec<u8> {
    std::fs::read(file).unwrap_or_else(|error| panic!("{file:?}: {error}"))
}
