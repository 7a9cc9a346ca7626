//! `caulk check` over every module of a folder, by default the module cache and the tests of the Go
//! distribution: it ends with an answer, and with the same one whatever the number of threads.
//!
//! ```text
//! CAULK_SWEEP=DIR cargo test -p caulk --release --test sweep -- --ignored --nocapture
//! ```
#![allow(clippy::disallowed_methods, clippy::print_stdout, clippy::expect_used)]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

#[test]
#[ignore = "hours of processor time over a large module cache; CONTRIBUTING names its command"]
fn every_module_is_checked_alike_by_any_number_of_threads() {
    let roots: Vec<PathBuf> = match std::env::var_os("CAULK_SWEEP") {
        Some(folders) => std::env::split_paths(&folders).collect(),
        None => vec![
            Path::new(&go_env("GOROOT")).join("test"),
            go_env("GOMODCACHE").into(),
        ],
    };
    let mut modules = Vec::new();
    for root in &roots {
        if !holds_module_below(root, &mut modules) {
            modules.push(root.clone());
        }
    }
    let (mut findings, mut wrong) = (0, Vec::new());
    for (at, module) in modules.iter().enumerate() {
        if at % 50 == 49 {
            println!(
                "{} of {} modules, {findings} findings",
                at + 1,
                modules.len()
            );
        }
        let (one, four) = (check(module, 1), check(module, 4));
        if let Some(fault) = fault(&one).or_else(|| fault(&four)) {
            wrong.push(format!("{}: {fault}", module.display()));
        } else if one.stdout != four.stdout {
            wrong.push(format!("{}: answers differ", module.display()));
        }
        findings += String::from_utf8_lossy(&one.stdout).lines().count();
    }
    println!("{} modules, {findings} findings", modules.len());
    assert!(!modules.is_empty());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Collects the topmost folders with a `go.mod` at or below `folder`; whether there are any. The module
/// cache's own store of archives is none of them.
fn holds_module_below(folder: &Path, modules: &mut Vec<PathBuf>) -> bool {
    if folder.join("go.mod").is_file() {
        modules.push(folder.to_owned());
        return true;
    }
    let mut below: Vec<PathBuf> = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.is_dir() && !path.ends_with("cache"))
        .collect();
    below.sort();
    let mut any = false;
    for path in below {
        any |= holds_module_below(&path, modules);
    }
    any
}

fn check(module: &Path, threads: usize) -> Output {
    Command::new(env!("CARGO_BIN_EXE_caulk"))
        .args(["check", "--no-cache", "-q", "--severity", "low"])
        .current_dir(module)
        .env("RAYON_NUM_THREADS", threads.to_string())
        .output()
        .expect("caulk runs")
}

/// What is wrong with a run, if it is not an answer.
fn fault(ran: &Output) -> Option<String> {
    let stderr = String::from_utf8_lossy(&ran.stderr);
    let answered = matches!(ran.status.code(), Some(0 | 1));
    (!answered || stderr.contains("panicked")).then(|| {
        let last = stderr.lines().last().unwrap_or_default();
        format!("{}: {last}", ran.status)
    })
}

fn go_env(name: &str) -> String {
    let ran = Command::new("go")
        .args(["env", name])
        .output()
        .expect("go is installed");
    String::from_utf8_lossy(&ran.stdout).trim().to_owned()
}
