//! Running both tools.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

/// The tool of the Go distribution, which `go` builds when it is first asked for.
fn reference() -> &'static Path {
    static TOOL: OnceLock<PathBuf> = OnceLock::new();
    TOOL.get_or_init(|| {
        // Asking for its help builds it; `-n` alone gives a path where nothing is yet.
        let output = Command::new("go").args(["tool", "pprof", "-h"]).output();
        assert!(output.is_ok(), "these tests need Go");
        let output = Command::new("go").args(["tool", "-n", "pprof"]).output();
        let path = String::from_utf8(output.unwrap().stdout).unwrap();
        PathBuf::from(path.trim())
    })
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tool {
    Reference,
    Caulk,
}

/// What a tool did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub stdout: Vec<u8>,
    pub stderr: String,
    pub code: Option<i32>,
}

/// Runs a tool with these arguments, in a folder, with this input.
pub fn run(tool: Tool, arguments: &[String], input: &str, home: &Path) -> Answer {
    let mut command = match tool {
        Tool::Reference => Command::new(reference()),
        Tool::Caulk => {
            let mut command = Command::new(env!("CARGO_BIN_EXE_caulk"));
            command.arg("pprof");
            command
        }
    };
    command
        .args(arguments)
        .current_dir(home)
        .env_clear()
        .envs(std::env::vars().filter(|(name, _)| name == "PATH"))
        .env("HOME", home)
        .env("TZ", "UTC")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_owned();
    let feeder = std::thread::spawn(move || drop(stdin.write_all(input.as_bytes())));
    let mut errors = child.stderr.take().unwrap();
    let complaints = std::thread::spawn(move || {
        let mut bytes = Vec::new();
        errors.read_to_end(&mut bytes).unwrap();
        bytes
    });
    let mut stdout = Vec::new();
    let mut output = child.stdout.take().unwrap();
    output.read_to_end(&mut stdout).unwrap();
    let status = child.wait().unwrap();
    feeder.join().unwrap();
    Answer {
        stdout: inflated(stdout),
        stderr: String::from_utf8_lossy(&complaints.join().unwrap()).into_owned(),
        code: status.code(),
    }
}

/// Go's deflate chooses its own blocks, so that compressed profiles are compared inflated.
fn inflated(bytes: Vec<u8>) -> Vec<u8> {
    if !bytes.starts_with(&[0x1f, 0x8b]) {
        return bytes;
    }
    let mut inflated = Vec::new();
    let mut decoder = flate2::read::MultiGzDecoder::new(bytes.as_slice());
    match decoder.read_to_end(&mut inflated) {
        Ok(_) => inflated,
        Err(_) => bytes,
    }
}
