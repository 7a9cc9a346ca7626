//! Profiles of a real Go program, from its folder to a verdict. Needs `go`.
#![allow(clippy::unwrap_used)]
#![allow(
    clippy::disallowed_methods,
    reason = "the program under test is run as a user would"
)]

use std::path::{Path, PathBuf};
use std::process::Command;

use caulk_case::{
    Case, CaseFolder, FileKind, LoadedSeries, Metrics, OrderedBy, PlainReader, ScalarName,
    SeriesProblem, Snapshot, SnapshotIndex, Stage,
};
use caulk_growth::{Options, Problem, Verdict, Veto, analyze};
use caulk_system::{OsFiles, TempFolder};

/// Keeps a buffer and a goroutine for every request; makes garbage besides. After every hundred requests it
/// writes a heap profile, and a second one without a collection in between.
const PROGRAM: &str = r#"package main

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"time"
)

var kept [][]byte
var garbage []byte
var never = make(chan int)

func handle() {
	kept = append(kept, make([]byte, 8192))
	garbage = make([]byte, 30000)
	go wait()
}

func wait() { <-never }

func write(folder, name, profile string, debug int) {
	file, err := os.Create(filepath.Join(folder, name))
	if err != nil {
		panic(err)
	}
	defer file.Close()
	if err := pprof.Lookup(profile).WriteTo(file, debug); err != nil {
		panic(err)
	}
}

func main() {
	runtime.MemProfileRate = 4096
	folder, start := os.Args[1], time.Now()
	for round := 0; round < 6; round++ {
		for request := 0; request < 100; request++ {
			handle()
		}
		runtime.GC()
		// Loose files are compared by time: even steps, however busy the machine is.
		time.Sleep(time.Until(start.Add(time.Duration(round+1) * 250 * time.Millisecond)))
		write(folder, fmt.Sprintf("heap.%d.pb.gz", round), "heap", 0)
		write(folder, fmt.Sprintf("stale.%d.pb.gz", round), "heap", 0)
		write(folder, fmt.Sprintf("heap.%d.txt", round), "heap", 1)
		write(folder, fmt.Sprintf("goroutine.%d.txt", round), "goroutine", 2)
		write(folder, fmt.Sprintf("goroutine.%d.pb.gz", round), "goroutine", 0)
	}
}
"#;

fn captured() -> TempFolder {
    let folder = TempFolder::new("caulk-case-").unwrap();
    std::fs::write(folder.path().join("main.go"), PROGRAM).unwrap();
    std::fs::write(
        folder.path().join("go.mod"),
        "module example.com/keeper\n\ngo 1.22\n",
    )
    .unwrap();
    let done = Command::new("go")
        .args(["run", ".", "."])
        .current_dir(folder.path())
        .output()
        .expect("go is needed for this test");
    assert!(
        done.status.success(),
        "{}",
        String::from_utf8_lossy(&done.stderr)
    );
    folder
}

/// The one series of these files.
fn from_files(paths: &[&Path]) -> LoadedSeries {
    let mut reader = PlainReader::default();
    reader.read(&OsFiles, paths, &mut |_, _| true);
    let read = reader.finish();
    assert_eq!(read.problems, []);
    let [series] = <[LoadedSeries; 1]>::try_from(read.series).unwrap();
    series
}

fn leaf(loaded: &LoadedSeries, stack: caulk_growth::StackId) -> String {
    let frames = loaded.stacks.frames(caulk_profile::StackId(stack.0));
    frames
        .map(|frame| frame.function.to_owned())
        .next()
        .unwrap_or_default()
}

/// A case of the captured heap profiles in this order.
fn case(folder: &Path, kind: FileKind, order: &[u32]) -> CaseFolder {
    let path = folder.join(format!("case-{order:?}-{kind:?}"));
    let mut case = CaseFolder::create(path, Case::new("caulk test", "keeper")).unwrap();
    for (position, number) in (0u32..).zip(order) {
        let snapshot = Snapshot {
            index: SnapshotIndex(0),
            stage: if position == 0 {
                Stage::Warmup
            } else {
                Stage::Round
            },
            load: None,
            time: None,
            seconds: f64::from(position),
            requests: Some(u64::from(position + 1) * 100),
            metrics: Metrics::default(),
            files: Vec::new(),
        };
        let read = |name: String| std::fs::read(folder.join(name)).unwrap();
        let raw = [
            (kind, read(kind.file_name(SnapshotIndex(*number)))),
            (
                FileKind::GoroutineDump,
                read(format!("goroutine.{number}.txt")),
            ),
        ];
        case.add_snapshot(snapshot, &raw).unwrap();
    }
    CaseFolder::open(&OsFiles, &case.path).unwrap()
}

#[test]
fn a_real_leak_is_seen_from_its_files() {
    let folder = captured();
    let files = OsFiles;
    let options = Options::default();

    // A case knows the requests: one buffer and one goroutine for each.
    for kind in [FileKind::Heap, FileKind::HeapText] {
        let loaded =
            LoadedSeries::from_case(&files, &case(folder.path(), kind, &[0, 1, 2, 3, 4, 5]));
        assert_eq!(loaded.problems, []);
        assert_eq!(loaded.snapshots.len(), 6);
        let growth = analyze(&loaded.series, &options);
        assert_eq!(growth.verdict, Some(Verdict::Leak), "{kind:?}: {growth:#?}");
        let largest = &growth.stacks[0];
        assert_eq!(leaf(&loaded, largest.id), "main.handle");
        let (rate, error) = (largest.bytes.rate.value, largest.bytes.rate.error.unwrap());
        assert!(
            (rate - 8192.0).abs() < 3.0 * error.max(40.0),
            "{kind:?}: {rate} ± {error}"
        );
        assert_eq!(loaded.scalars, [ScalarName::Goroutines]);
        assert_eq!(growth.scalars[0].finding.exactly, Some(1));
        assert_eq!(growth.scalars[0].metric.unwrap().rate.value, 1.0);
    }

    // Two plain files: it grew, and what grew is first.
    let two = [
        folder.path().join("heap.5.pb.gz"),
        folder.path().join("heap.0.pb.gz"),
    ];
    let two: Vec<&Path> = two.iter().map(PathBuf::as_path).collect();
    let loaded = from_files(&two);
    assert_eq!(loaded.used[0].ordered_by, OrderedBy::ProfileTime);
    assert!(
        loaded.files[0]
            .heap
            .as_ref()
            .unwrap()
            .ends_with("heap.0.pb.gz")
    );
    let growth = analyze(&loaded.series, &options);
    assert_eq!(growth.verdict, Some(Verdict::Grew));
    assert_eq!(leaf(&loaded, growth.stacks[0].id), "main.handle");
    assert_eq!(growth.stacks[0].finding.vetoes, [Veto::FewRounds]);

    // One file: what is held is ranked.
    let loaded = from_files(&two[..1]);
    let growth = analyze(&loaded.series, &options);
    assert_eq!(growth.verdict, Some(Verdict::Grew));
    assert_eq!(leaf(&loaded, growth.stacks[0].id), "main.handle");

    // The folder as it is: every second heap profile is a copy of the one before.
    for text in (0..6).map(|round| format!("heap.{round}.txt")) {
        std::fs::remove_file(folder.path().join(text)).unwrap();
    }
    for profile in (0..6).map(|round| format!("goroutine.{round}.pb.gz")) {
        std::fs::remove_file(folder.path().join(profile)).unwrap();
    }
    let loaded = from_files(&[folder.path()]);
    assert_eq!(loaded.series.points.len(), 12);
    assert!(
        loaded
            .problems
            .contains(&SeriesProblem::StaleCopies { copies: 6 })
    );
    assert_eq!(
        loaded
            .series
            .points
            .iter()
            .filter(|point| point.has_heap)
            .count(),
        6
    );
}

#[test]
fn several_instances_are_refused_and_a_restart_is_not() {
    let folder = captured();
    let load = |order: &[u32]| {
        LoadedSeries::from_case(&OsFiles, &case(folder.path(), FileKind::Heap, order))
    };
    let mixed = load(&[0, 3, 1, 4, 2, 5]);
    assert_eq!(
        mixed.problems,
        [SeriesProblem::SeveralInstances { falls: 2 }]
    );
    assert_eq!(analyze(&mixed.series, &Options::default()).verdict, None);
    // Of two the later one is left, and what it holds.
    let swapped = analyze(&load(&[3, 1]).series, &Options::default());
    assert_eq!((swapped.verdict, swapped.rounds), (Some(Verdict::Grew), 0));

    // The process that was watched longest is judged.
    let restarted = load(&[4, 5, 0, 1, 2, 3]);
    assert_eq!(restarted.problems, []);
    let growth = analyze(&restarted.series, &Options::default());
    assert!(growth.problems.contains(&Problem::Restarted {
        restarts: 1,
        snapshots: 2
    }));
    assert_eq!(growth.verdict, Some(Verdict::Leak));
}

#[test]
fn goroutine_profiles_alone_are_a_series_too() {
    let folder = captured();
    let paths: Vec<PathBuf> = (0..6)
        .map(|round| folder.path().join(format!("goroutine.{round}.pb.gz")))
        .collect();
    let paths: Vec<&Path> = paths.iter().map(PathBuf::as_path).collect();
    let loaded = from_files(&paths);
    assert_eq!(loaded.problems, []);
    assert!(matches!(
        loaded.scalars[..],
        [ScalarName::Goroutines, ScalarName::GoroutineStack(_)]
    ));
    let growth = analyze(&loaded.series, &Options::default());
    assert!(growth.verdict >= Some(Verdict::Growing), "{growth:#?}");
    assert_eq!(growth.scalars[1].metric.unwrap().last.value, 600.0);
}
