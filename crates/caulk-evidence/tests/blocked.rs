//! Goroutines that wait in every way there is, as a real program prints them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods)]

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use caulk_case::{LoadedSeries, PlainReader};
use caulk_evidence::{Run, Stuck, UserCode, Wait};
use caulk_profile::goroutine;

/// What is said of the goroutines of each function of the program.
fn told(form: &str) -> BTreeMap<String, (u64, Wait, Stuck)> {
    let program = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/blocked/main.go");
    let output = Command::new("go").args(["run", program, form]).output();
    let output = output.expect("this test needs Go");
    assert!(output.status.success(), "{output:?}");
    let run = match form {
        "0" => {
            let mut reader = PlainReader::default();
            reader.read_bytes(Path::new("goroutine"), &output.stdout);
            Run::new(reader.finish().series.remove(0), &[])
        }
        _ => Run::new(
            LoadedSeries::default(),
            &[Some(goroutine::read(&output.stdout))],
        ),
    };
    run.alike()
        .iter()
        .filter_map(|alike| {
            let place = alike.place(&UserCode::default())?.function.clone();
            Some((place, (alike.count, alike.wait, alike.stuck)))
        })
        .collect()
}

#[test]
fn every_wait_is_named() {
    let told = told("2");
    for (function, wait, stuck) in [
        ("main.send", Wait::Send, Stuck::Likely),
        ("main.ranges", Wait::Receive, Stuck::Likely),
        ("main.receive", Wait::Receive, Stuck::Likely),
        ("main.selects", Wait::Select, Stuck::Likely),
        ("main.nilChannel", Wait::NilChannel, Stuck::Certain),
        ("main.noCases", Wait::NoCases, Stuck::Certain),
        ("main.group", Wait::WaitGroup, Stuck::Likely),
        ("main.lock", Wait::Lock, Stuck::Likely),
        ("main.readLock", Wait::Lock, Stuck::Likely),
        ("main.condition", Wait::Condition, Stuck::Likely),
        ("main.sleep", Wait::Sleep, Stuck::Likely),
        ("main.ticker", Wait::Receive, Stuck::Likely),
        ("main.read", Wait::Read, Stuck::Likely),
    ] {
        assert_eq!(told[function], (12, wait, stuck), "{function}");
    }
    assert_eq!(told["main.accept"], (1, Wait::Accept, Stuck::Expected));
    assert_eq!(told["main.main"].2, Stuck::Expected);
}

#[test]
fn counts_without_states_say_what_their_frames_do() {
    let told = told("1");
    for (function, wait) in [
        ("main.lock", Wait::Lock),
        ("main.readLock", Wait::Lock),
        ("main.group", Wait::WaitGroup),
        ("main.condition", Wait::Condition),
        ("main.sleep", Wait::Sleep),
        ("main.read", Wait::Read),
        ("main.send", Wait::Unknown),
    ] {
        assert_eq!(
            (told[function].0, told[function].1),
            (12, wait),
            "{function}"
        );
    }
    assert_eq!(told["main.accept"], (1, Wait::Accept, Stuck::Expected));
}

#[test]
fn a_profile_has_the_runtimes_own_frames_to_say_it() {
    let told = told("0");
    for (function, wait) in [
        ("main.send", Wait::Send),
        ("main.receive", Wait::Receive),
        ("main.ranges", Wait::Range),
        ("main.selects", Wait::Select),
        ("main.noCases", Wait::NoCases),
        ("main.group", Wait::WaitGroup),
        ("main.lock", Wait::Lock),
        ("main.condition", Wait::Condition),
        ("main.read", Wait::Read),
    ] {
        assert_eq!(
            (told[function].0, told[function].1),
            (12, wait),
            "{function}"
        );
    }
    assert_eq!(told["main.main"].2, Stuck::Expected);
}
