//! Speed of the parser on the Go standard library, on one core, with go/parser beside it. On Unix
//! the times are processor times, so that a busy machine disturbs them less.
//!
//! `cargo bench -p caulk-syntax`

#![allow(clippy::print_stdout)]

#[path = "../tests/oracle/mod.rs"]
mod oracle;

use std::hint::black_box;
use std::time::Duration;

use caulk_syntax::{outline, parse, tokens};
use oracle::{go_files, goroot, lines, read};

const ROUNDS: usize = 5;

fn main() {
    let files = go_files(&goroot().join("src"));
    let sources: Vec<Vec<u8>> = files.iter().map(|file| read(file)).collect();
    let bytes: usize = sources.iter().map(Vec::len).sum();
    println!(
        "{} files, {:.1} MB, best of {ROUNDS} rounds",
        files.len(),
        bytes as f64 / 1e6
    );
    let report = |what: &str, time: Duration| {
        println!(
            "{what:24} {:7.1} MB/s",
            bytes as f64 / 1e6 / time.as_secs_f64()
        );
    };
    let measure = |what: &str, read: &dyn Fn(&[u8])| {
        let round = || {
            let start = cpu_time();
            sources.iter().for_each(|src| read(src));
            cpu_time() - start
        };
        report(what, (0..ROUNDS).map(|_| round()).min().unwrap_or_default());
    };
    measure("tokens", &|src| drop(black_box(tokens(src))));
    measure("outline", &|src| drop(black_box(outline(src))));
    measure("outline and bodies", &|src| drop(black_box(parse(src))));
    let answer = oracle::oracle(&["-bench"], &lines(&files));
    let nanoseconds = answer
        .trim()
        .rsplit(' ')
        .next()
        .and_then(|n| n.parse().ok());
    report(
        "go/parser",
        Duration::from_nanos(nanoseconds.unwrap_or(u64::MAX)),
    );
}

#[cfg(unix)]
fn cpu_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

#[cfg(not(unix))]
fn cpu_time() -> Duration {
    use std::sync::LazyLock;
    use std::time::Instant;
    static STARTED: LazyLock<Instant> = LazyLock::new(Instant::now);
    STARTED.elapsed()
}
