use std::io::Read;
use std::time::Duration;

use caulk_target::{DumpForm, Endpoint, EndpointOptions, Program, What};

use super::support::{GO_MOD, Project, SERVER, limits};

fn inflated(bytes: &[u8]) -> Vec<u8> {
    let mut text = Vec::new();
    flate2::read::GzDecoder::new(bytes)
        .read_to_end(&mut text)
        .unwrap();
    text
}

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes
        .windows(text.len())
        .any(|window| window == text.as_bytes())
}

#[test]
fn what_a_request_leaves_behind_is_captured() {
    let mut project = Project::new(&[GO_MOD, ("main.go", SERVER)]);
    let program = project.start(".").unwrap();
    let load = project.load(&[("/leak", 1)]);
    load.run_round(10, 0, true, &limits()).unwrap();
    program.settle(Duration::from_secs(5), &limits()).unwrap();
    let before = program.capture(&limits()).unwrap().unwrap();
    load.run_round(100, 10, true, &limits()).unwrap();
    program.settle(Duration::from_secs(5), &limits()).unwrap();
    let after = program.capture(&limits()).unwrap().unwrap();

    let runtime = |captured: &caulk_target::Captured| captured.metrics.runtime.clone().unwrap();
    assert_eq!(runtime(&after).mem_profile_rate(), Some(4096));
    assert!(runtime(&after).go_version.starts_with("go1."));
    let goroutines = |captured| runtime(captured).goroutines().unwrap();
    assert_eq!(goroutines(&after) - goroutines(&before), 100);
    if cfg!(target_os = "linux") {
        let files =
            |captured: &caulk_target::Captured| captured.metrics.descriptors_after.unwrap().files;
        assert_eq!(files(&after) - files(&before), 100);
        assert!(after.metrics.process.unwrap().rss_bytes.unwrap() > 1 << 20);
    }
    let heap = inflated(&after.heap);
    assert!(
        contains(&heap, "main.leak"),
        "the user's function is in the heap profile"
    );

    let dump = after.goroutines.unwrap();
    assert_eq!((dump.form, dump.cut), (DumpForm::Stacks, false));
    let text = String::from_utf8(dump.bytes).unwrap();
    let alive = text
        .lines()
        .filter(|line| line.starts_with("main.leak.func1.1"))
        .count();
    assert_eq!(alive, 110);
    // The parent has ended; only ancestors lead from the goroutine to the handler's call.
    assert!(text.contains("[originating from goroutine"), "{text}");
    assert!(after.problems.is_empty(), "{:?}", after.problems);
    drop(program);
    project.assert_untouched();
}

#[test]
fn a_crash_under_load_is_a_finding() {
    let mut project = Project::new(&[GO_MOD, ("main.go", SERVER)]);
    let mut program = project.start(".").unwrap();
    assert_eq!(program.death(), None);
    let load = project.load(&[("/crash", 1)]);
    let stats = load.run_round(200, 0, true, &limits()).unwrap();
    assert_eq!(stats.answered(), 0);
    assert!(stats.gave_up && stats.failed() < 200);
    let death = program.death().unwrap();
    assert_eq!(death.to_string(), "exit status 2 (panic: the end)");
    assert!(!death.out_of_memory);
    assert!(
        death
            .lines
            .iter()
            .any(|line| line.contains("main.main.func")),
        "{death:?}"
    );
    assert!(program.capture(&limits()).unwrap().is_err());
}

#[cfg(target_os = "linux")]
#[test]
fn running_out_of_memory_is_told_apart_from_other_crashes() {
    let main = r#"package main

import "time"

var kept [][]byte

func main() {
	time.Sleep(time.Second)
	for {
		block := make([]byte, 64<<20)
		for i := range block {
			block[i] = 1
		}
		kept = append(kept, block)
	}
}
"#;
    let mut project = Project::new(&[GO_MOD, ("main.go", main)]);
    let built = project.build(".").unwrap();
    let mut launch = project.launch(&built);
    launch.ready.clear();
    let program = built.binary.display();
    launch.what = What::Shell(format!("ulimit -d 400000; exec {program}"));
    let mut limited = Program::start(&launch, &limits()).unwrap();
    let death = loop {
        match limited.death() {
            Some(death) => break death,
            None => limits().sleep(Duration::from_millis(20)).unwrap(),
        }
    };
    assert!(death.out_of_memory, "{death:?}");
    assert!(
        death.reason.as_deref().unwrap().contains("out of memory"),
        "{death:?}"
    );
}

#[test]
fn a_service_with_its_own_endpoint_is_captured_gently_unless_asked() {
    let main = SERVER.replacen(
        "\t\"net/http\"\n",
        "\t\"net/http\"\n\t_ \"net/http/pprof\"\n",
        1,
    );
    let mut project = Project::new(&[GO_MOD, ("main.go", &main)]);
    let program = project.start(".").unwrap();
    assert!(
        program.capture(&limits()).unwrap().is_ok(),
        "the agent stands beside it"
    );
    project
        .load(&[("/leak", 1)])
        .run_round(10, 0, true, &limits())
        .unwrap();

    let endpoint = Endpoint::new(&project.url("/"), vec![("X-Token".into(), "t".into())]);
    let gentle = endpoint
        .capture(&EndpointOptions::default(), &limits())
        .unwrap();
    let dump = gentle.goroutines.unwrap();
    assert_eq!(dump.form, DumpForm::Counts);
    assert!(contains(&dump.bytes, "goroutine profile: total"));
    assert!(!inflated(&gentle.heap).is_empty());

    let options = EndpointOptions {
        collect: true,
        stacks: true,
        ..EndpointOptions::default()
    };
    let thorough = endpoint.capture(&options, &limits()).unwrap();
    let dump = thorough.goroutines.unwrap();
    assert!(dump.form == DumpForm::Stacks && contains(&dump.bytes, "main.leak.func1.1"));
    assert!(options.costs().len() > EndpointOptions::default().costs().len());

    drop(program);
    let error = endpoint
        .capture(&options, &limits())
        .unwrap_err()
        .to_string();
    assert!(error.contains("connection refused"), "{error}");
}

#[test]
fn a_service_without_an_endpoint_is_told() {
    let mut project = Project::new(&[GO_MOD, ("main.go", SERVER)]);
    let _program = project.start(".").unwrap();
    let endpoint = Endpoint::new(&project.url(""), Vec::new());
    let error = endpoint
        .capture(&EndpointOptions::default(), &limits())
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("status 404: is net/http/pprof served there?"),
        "{error}"
    );
}

#[test]
fn a_dump_that_the_runtime_cuts_is_told_and_its_counts_are_taken() {
    let main = r#"package main

import (
	"os"
	"sync"
	"time"
)

var deeps sync.WaitGroup

func deep(depth int) {
	if depth > 0 {
		deep(depth - 1)
		return
	}
	deeps.Done()
	time.Sleep(time.Hour)
}

func main() {
	for range 25000 {
		deeps.Add(1)
		go deep(45)
	}
	deeps.Wait()
	os.WriteFile(os.Getenv("READY"), nil, 0o600)
	time.Sleep(time.Hour)
}
"#;
    let mut project = Project::new(&[GO_MOD, ("main.go", main)]);
    let built = project.build(".").unwrap();
    let mut launch = project.launch(&built);
    let ready = project.work().join("ready").display().to_string();
    launch.ready = vec![format!("file:{ready}").parse().unwrap()];
    launch.env.push(("READY".into(), ready));
    let program = Program::start(&launch, &limits()).unwrap();
    let captured = program.capture(&limits()).unwrap().unwrap();
    let dump = captured.goroutines.unwrap();
    assert_eq!((dump.cut, dump.bytes.len()), (true, 64 << 20));
    let counts = captured.goroutine_counts.unwrap();
    assert!(contains(&counts, "25000 @ ") || contains(&counts, "total 2500"));
    assert!(
        captured.problems[0].contains("64 MiB"),
        "{:?}",
        captured.problems
    );
}
