//! Profiles that nobody numbered, in every mix in which people have them: what is made of them, and
//! what is left out with which reason.
#![allow(clippy::unwrap_used)]
#![allow(
    clippy::disallowed_methods,
    reason = "modification times are set as a user's system would"
)]

mod service;

use std::path::Path;
use std::time::{Duration, SystemTime};

use caulk_case::{
    LoadedSeries, NotUsed, OrderedBy, PlainReader, PlainSeries, ProfileKind, ScalarName,
    SeriesProblem,
};
use caulk_growth::{Growth, Options, Problem, Verdict, analyze};
use caulk_system::{Files, MemoryFiles, OsFiles, TempFolder};

use service::{Process, dump, scrape};

fn read_from(files: &dyn Files, paths: &[&str]) -> PlainSeries {
    let paths: Vec<&Path> = paths.iter().map(Path::new).collect();
    let mut reader = PlainReader::default();
    reader.read(files, &paths, &mut |_, _| true);
    reader.finish()
}

fn read(files: &[(String, Vec<u8>)]) -> PlainSeries {
    let mut memory = MemoryFiles::new();
    for (path, bytes) in files {
        memory.insert(path, bytes);
    }
    read_from(&memory, &["/p"])
}

#[track_caller]
fn only(read: &PlainSeries) -> &LoadedSeries {
    let names: Vec<&str> = read.series.iter().map(|series| &*series.name).collect();
    assert_eq!(read.series.len(), 1, "{names:?} {:?}", read.problems);
    &read.series[0]
}

fn judged(series: &LoadedSeries) -> Growth {
    analyze(&series.series, &Options::default())
}

fn file(name: impl std::fmt::Display, bytes: impl Into<Vec<u8>>) -> (String, Vec<u8>) {
    (format!("/p/{name}"), bytes.into())
}

/// The reasons for which files were left out, with how many.
fn left_out(read: &PlainSeries) -> Vec<(&NotUsed, usize)> {
    let own = read.series.iter().flat_map(|series| &series.problems);
    let mut found = Vec::new();
    for problem in read.problems.iter().chain(own) {
        if let SeriesProblem::LeftOut { why, files } = problem {
            found.push((why, files.len()));
        }
    }
    found
}

fn kinds(series: &LoadedSeries) -> Vec<(ProfileKind, u32, OrderedBy)> {
    let used = series.used.iter();
    used.map(|used| (used.kind, used.files, used.ordered_by))
        .collect()
}

fn goroutines(series: &LoadedSeries) -> Vec<Option<f64>> {
    let at = series
        .scalars
        .iter()
        .position(|name| *name == ScalarName::Goroutines);
    series.series.scalars[at.unwrap()].values.clone()
}

#[test]
fn all_that_was_curled_into_one_folder_is_one_series() {
    let process = Process::new();
    let mut files = vec![
        file("README.md", "# notes\n"),
        file("go.mod", "module example.com/server\n"),
        file("server", b"\x7fELF not a profile".as_slice()),
        file("cpu.pprof", process.cpu(3)),
        file("delta.pprof", process.difference(4)),
        file("failed.pprof", ""),
        file("page.pprof", "404 page not found\n"),
    ];
    for round in 0..6 {
        let at = round * 10;
        files.extend([
            file(format!("heap.{round}.pprof"), process.heap(at)),
            file(format!("allocs.{round}.pprof"), process.heap(at)),
            file(format!("goroutine.{round}.txt"), dump(at)),
            file(
                format!("goroutine.{round}.pprof"),
                process.counts("goroutine", at + 1, at),
            ),
            file(
                format!("threads.{round}.pprof"),
                process.counts("threadcreate", at + 1, 9),
            ),
            file(
                format!("mutex.{round}.pprof"),
                process.waiting("sync.(*Mutex).Unlock", at + 2, at),
            ),
            file(format!("metrics.{round}.txt"), scrape(1.0, at + 1, 1000)),
        ]);
    }
    let read = read(&files);
    let series = only(&read);
    assert_eq!(series.series.points.len(), 6);
    assert_eq!(series.series.points[5].seconds, 50.0);
    assert_eq!(
        kinds(series),
        [
            (ProfileKind::Heap, 6, OrderedBy::ProfileTime),
            (ProfileKind::Goroutines, 6, OrderedBy::ProfileTime),
            (ProfileKind::Threads, 6, OrderedBy::ProfileTime),
            (ProfileKind::Mutex, 6, OrderedBy::ProfileTime),
            (ProfileKind::Metrics, 6, OrderedBy::NameNumber),
        ]
    );
    let dump = series.files[5].goroutines.as_ref().unwrap();
    assert!(
        dump.ends_with("goroutine.5.txt"),
        "dumps say more: {dump:?}"
    );
    assert_eq!(goroutines(series).last(), Some(&Some(51.0)));
    let growth = judged(series);
    assert_eq!(growth.verdict, Some(Verdict::Leak));
    assert!((growth.heap_bytes.rate.value - 65_536.0).abs() < 1.0);

    let reasons = left_out(&read);
    assert!(reasons.contains(&(&NotUsed::Cpu, 1)), "{reasons:?}");
    assert!(reasons.contains(&(&NotUsed::Difference { seconds: 5 }, 1)));
    assert!(reasons.contains(&(&NotUsed::Empty, 1)));
    // The page is named, since its name says that it should be a profile. What is beside is not.
    assert_eq!(reasons.iter().map(|(_, files)| files).sum::<usize>(), 4 + 6);
    assert!(
        reasons.contains(&(&NotUsed::Copy, 6)),
        "allocs are the heap again"
    );
}

#[test]
fn waiting_is_told_and_is_no_leak() {
    let process = Process::new();
    let files: Vec<_> = (0..5)
        .map(|round| {
            let waited = [0, 1, 2, 20, 60][round as usize];
            let bytes = process.waiting("sync.(*Mutex).Unlock", round * 10, waited);
            file(format!("{round}.pprof"), bytes)
        })
        .collect();
    let read = read(&files);
    let series = only(&read);
    assert_eq!(judged(series).verdict, None);
    let waiting = &series.contention[0];
    assert_eq!(waiting.kind, ProfileKind::Mutex);
    assert_eq!((waiting.waited, waiting.seconds), (60.0, Some(40.0)));
    let (first, last) = waiting.rates.unwrap();
    assert!(
        (first - 0.1).abs() < 1e-9 && (last - 2.9).abs() < 1e-9,
        "{waiting:?}"
    );
    assert_eq!(waiting.function, "main.handle");
}

#[test]
fn a_folder_is_a_kind_a_capture_or_an_instance() {
    let (one, mut two) = (Process::new(), Process::new());
    two.start = 2;
    two.leaks = 0;
    let rounds = || (0..5).map(|round| (round, round * 10));

    let by_kind: Vec<_> = rounds()
        .flat_map(|(round, at)| {
            [
                file(format!("heap/{round}.pprof"), one.heap(at)),
                file(format!("goroutine/{round}.txt"), dump(at)),
            ]
        })
        .collect();
    let read_kinds = read(&by_kind);
    assert_eq!(only(&read_kinds).series.points.len(), 5);

    let by_capture: Vec<_> = rounds()
        .flat_map(|(round, at)| {
            [
                file(format!("run-{round}/heap.pprof"), one.heap(at)),
                file(format!("run-{round}/goroutine.txt"), dump(at)),
            ]
        })
        .collect();
    let read_captures = read(&by_capture);
    let series = only(&read_captures);
    assert_eq!(series.series.points.len(), 5);
    assert_eq!(goroutines(series)[4], Some(41.0));

    let by_instance: Vec<_> = rounds()
        .flat_map(|(round, at)| {
            [
                file(format!("a/heap/{round}.pprof"), one.heap(at)),
                file(format!("b/heap/{round}.pprof"), two.heap(at)),
                file(format!("a/goroutine/{round}.txt"), dump(at)),
            ]
        })
        .collect();
    let read_instances = read(&by_instance);
    let verdicts: Vec<(&str, Option<Verdict>)> = read_instances
        .series
        .iter()
        .map(|series| (&*series.name, judged(series).verdict))
        .collect();
    assert_eq!(
        verdicts,
        [
            ("folder /p/a", Some(Verdict::Leak)),
            ("folder /p/b", Some(Verdict::Steady))
        ]
    );
}

#[test]
fn programs_are_told_apart_by_their_binaries() {
    let (server, mut worker) = (Process::new(), Process::new());
    worker.binary = "/app/worker";
    worker.build = "w1";
    worker.leaks = 0;
    let mut files: Vec<_> = (0..5)
        .flat_map(|round| {
            let at = round * 10;
            [
                file(format!("heap-{}.pprof", 2 * round), server.heap(at)),
                file(format!("heap-{}.pprof", 2 * round + 1), worker.heap(at + 1)),
            ]
        })
        .collect();
    files.push(file("metrics.txt", scrape(1.0, 5, 100)));
    let read = read(&files);
    let verdicts: Vec<(&str, Option<Verdict>)> = read
        .series
        .iter()
        .map(|series| (&*series.name, judged(series).verdict))
        .collect();
    assert_eq!(
        verdicts,
        [
            ("server (build b1)", Some(Verdict::Leak)),
            ("worker (build w1)", Some(Verdict::Steady))
        ]
    );
    assert_eq!(left_out(&read), [(&NotUsed::OfWhichProgram, 1)]);
}

#[test]
fn instances_behind_one_address_are_told_apart_and_never_mixed() {
    let (one, mut two) = (Process::new(), Process::new());
    (two.start, two.age, two.leaks) = (2, 5000, 0);
    let answers = [one, two, two, one, one, two, one, two, two, one];
    let mut files = Vec::new();
    for (round, process) in (0..).zip(answers) {
        files.push(file(
            format!("heap.{round}.pprof"),
            process.heap(round * 10),
        ));
        let count = process.counts("goroutine", round * 10, round);
        files.push(file(format!("goroutine.{round}.pprof"), count));
    }
    let read_mixed = read(&files);
    let found: Vec<(&str, usize, Option<Verdict>)> = read_mixed
        .series
        .iter()
        .map(|series| {
            (
                &*series.name,
                series.series.points.len(),
                judged(series).verdict,
            )
        })
        .collect();
    assert_eq!(
        found,
        [
            ("process 1 of 2", 5, Some(Verdict::Leak)),
            ("process 2 of 2", 5, Some(Verdict::Steady))
        ]
    );
    // Which of them a goroutine profile is of nobody knows.
    assert_eq!(left_out(&read_mixed), [(&NotUsed::OfWhichProcess, 10)]);

    // Where names tell, and the profiles agree, all is known.
    let named: Vec<_> = (0..)
        .zip(answers)
        .flat_map(|(round, process)| {
            let at = round * 10;
            let name = format!("api-{}", process.start);
            [
                file(format!("{name}.heap.{round}.pprof"), process.heap(at)),
                file(
                    format!("{name}.goroutine.{round}.pprof"),
                    process.counts("goroutine", at, at),
                ),
            ]
        })
        .collect();
    let read_named = read(&named);
    let names: Vec<&str> = read_named
        .series
        .iter()
        .map(|series| &*series.name)
        .collect();
    assert_eq!(names, ["api-1", "api-2"]);
    assert_eq!(left_out(&read_named), []);
    assert_eq!(goroutines(&read_named.series[0]).len(), 5);
}

#[test]
fn a_shuffle_that_nothing_explains_is_refused_with_the_reason() {
    let process = Process::new();
    let order = [0, 30, 10, 40, 20, 50];
    let files: Vec<_> = (0..)
        .zip(order)
        // The time in the profile is that of the capture, not that of what it says.
        .map(|(round, worth)| {
            let mut aged = process;
            aged.age += worth - round;
            file(format!("heap.{round}.pprof"), aged.heap(round))
        })
        .collect();
    let read = read(&files);
    assert_eq!(read.series.len(), 0);
    assert_eq!(
        read.problems,
        [SeriesProblem::SeveralInstances { falls: 2 }]
    );
    let words = read.problems[0].to_string();
    assert!(
        words.contains("capture from one, or put the files of each"),
        "{words}"
    );
}

#[test]
fn a_restarted_program_is_judged_by_its_longest_part() {
    let (before, mut after) = (Process::new(), Process::new());
    (after.start, after.age) = (2, -25);
    let mut files: Vec<_> = (0..3)
        .map(|round| file(format!("heap.{round}.pprof"), before.heap(round * 10)))
        .collect();
    files.extend((3..9).map(|round| file(format!("heap.{round}.pprof"), after.heap(round * 10))));
    let read = read(&files);
    let growth = judged(only(&read));
    assert_eq!(growth.verdict, Some(Verdict::Leak));
    assert!(growth.problems.contains(&Problem::Restarted {
        restarts: 1,
        snapshots: 3
    }));
}

#[test]
fn scrapes_are_a_series_of_one_process() {
    let files: Vec<_> = (0..10)
        .map(|round| {
            let start = if round < 2 { 100.0 } else { 200.0 };
            file(
                format!("metrics-{round}.prom"),
                scrape(start, 10 + 40 * round, 1_000_000 * (round + 1)),
            )
        })
        .chain([file(
            "federated.prom",
            "go_goroutines{instance=\"a\"} 1\ngo_goroutines{instance=\"b\"} 2\n",
        )])
        .collect();
    let read = read(&files);
    let series = only(&read);
    assert_eq!(
        series.problems,
        [SeriesProblem::OtherStarts {
            processes: 2,
            left_out: 2
        }]
    );
    assert_eq!(series.series.points.len(), 8);
    assert!(series.scalars.contains(&ScalarName::HeapBytes));
    assert_eq!(
        judged(series).verdict,
        Some(Verdict::Leak),
        "goroutines are counted"
    );
    assert!(matches!(left_out(&read)[..], [(NotUsed::Instances(_), 1)]));
}

#[test]
fn heap_figures_alone_are_never_surer_than_growing() {
    let process = |grows: bool| {
        let files: Vec<_> = (0..12)
            .map(|round: i64| {
                // Garbage of half a megabyte comes and goes.
                let garbage = [0, 400_000, 100_000, 500_000][round as usize % 4];
                let live = if grows { 2_000_000 * round } else { 5_000_000 };
                file(
                    format!("metrics-{round:02}.prom"),
                    scrape(1.0, 10, live + garbage),
                )
            })
            .collect();
        judged(only(&read(&files))).verdict
    };
    assert_eq!(process(true), Some(Verdict::Growing));
    assert_eq!(process(false), Some(Verdict::Steady));
}

#[test]
fn what_a_store_merged_has_no_error_bars_and_is_never_sure() {
    let process = Process::new();
    let mut files: Vec<_> = (0..8)
        .map(|round| {
            file(
                format!("inuse_space-{round}.pb.gz"),
                process.merged(round * 300, 300),
            )
        })
        .collect();
    files.push(file("inuse_space-hour.pb.gz", process.merged(9000, 3600)));
    let read = read(&files);
    let series = only(&read);
    assert!(series.bytes_only);
    assert!(
        series
            .problems
            .contains(&SeriesProblem::Merged { seconds: 300 })
    );
    let growth = judged(series);
    assert!(growth.problems.contains(&Problem::CountsLost));
    assert_eq!(growth.heap_bytes.rate.error, None);
    assert_eq!(growth.verdict, Some(Verdict::Growing));
    assert_eq!(
        left_out(&read),
        [(&NotUsed::OtherRange { seconds: 3600 }, 1)]
    );
}

#[test]
fn a_packed_dump_and_a_file_named_twice_are_read_as_one_would_think() {
    let packed = |text: String| {
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        std::io::Write::write_all(&mut packed, text.as_bytes()).unwrap();
        packed.finish().unwrap()
    };
    let mut memory = MemoryFiles::new();
    for round in 0..4 {
        memory.insert(format!("/p/dump-{round}.gz"), packed(dump(round * 10)));
    }
    let read = read_from(&memory, &["/p", "/p/dump-2.gz", "/p/./dump-3.gz"]);
    let series = only(&read);
    assert_eq!(goroutines(series), [1.0, 11.0, 21.0, 31.0].map(Some));
    assert_eq!(left_out(&read), []);
}

#[test]
fn a_listing_of_cloud_profiler_is_split_by_instance() {
    use base64::Engine;
    let (one, mut two) = (Process::new(), Process::new());
    (two.start, two.leaks) = (2, 0);
    let profile = |instance: &str, bytes: Vec<u8>| {
        let bytes = base64::engine::general_purpose::STANDARD.encode(bytes);
        format!(
            r#"{{"name":"projects/p/profiles/x","profileType":"HEAP","duration":"0s","profileBytes":"{bytes}",
            "deployment":{{"projectId":"p","target":"api","labels":{{"version":"v7"}}}},
            "labels":{{"instance":"{instance}"}},"startTime":"2026-01-02T03:04:05Z"}}"#
        )
    };
    let listed: Vec<String> = (0..5)
        .flat_map(|round| {
            let at = round * 60;
            [profile("i-1", one.heap(at)), profile("i-2", two.heap(at))]
        })
        .chain([profile("i-1", one.cpu(3))])
        .collect();
    let json = format!(
        r#"{{"profiles":[{}],"nextPageToken":""}}"#,
        listed.join(",")
    );
    let read = read(&[file("page-1.json", json)]);
    let verdicts: Vec<(&str, Option<Verdict>)> = read
        .series
        .iter()
        .map(|series| (&*series.name, judged(series).verdict))
        .collect();
    assert_eq!(
        verdicts,
        [
            ("api v7 i-1", Some(Verdict::Leak)),
            ("api v7 i-2", Some(Verdict::Steady))
        ]
    );
}

#[test]
fn leaked_goroutines_are_told_from_one_profile() {
    let bytes = Process::new().counts("goroutineleak", 0, 40);
    let read = read(&[file("leak.pprof", bytes)]);
    let leaked = only(&read).leaked_goroutines.clone().unwrap();
    assert_eq!((leaked.count, &*leaked.function), (43, "main.handle.func1"));
}

#[test]
fn text_without_numbers_is_in_the_order_in_which_it_was_written() {
    let folder = TempFolder::new("caulk-case-").unwrap();
    let captured = SystemTime::now() - Duration::from_secs(3600);
    for (round, name) in (0u32..).zip(["red", "amber", "green", "blue", "white"]) {
        let path = folder.path().join(name);
        std::fs::write(&path, dump(i64::from(round) * 10)).unwrap();
        let file = std::fs::File::options().write(true).open(&path).unwrap();
        file.set_modified(captured + Duration::from_secs(u64::from(round) * 30))
            .unwrap();
    }
    let read = read_from(&OsFiles, &[folder.path().to_str().unwrap()]);
    let series = only(&read);
    assert_eq!(series.used[0].ordered_by, OrderedBy::ModificationTime);
    assert_eq!(goroutines(series), [1.0, 11.0, 21.0, 31.0, 41.0].map(Some));
    assert_eq!(series.series.points[4].seconds, 120.0);
}

#[test]
fn more_dumps_than_heaps_are_all_used() {
    let process = Process::new();
    let mut files: Vec<_> = (0..7)
        .map(|round| file(format!("goroutine.{round}.txt"), dump(round * 10)))
        .collect();
    for round in [0, 6] {
        files.push(file(
            format!("heap.{round}.pprof"),
            process.heap(round * 10),
        ));
    }
    let read = read(&files);
    let series = only(&read);
    assert_eq!(series.series.points.len(), 7);
    let seconds: Vec<f64> = series
        .series
        .points
        .iter()
        .map(|point| point.seconds)
        .collect();
    assert_eq!(seconds, [0.0, 10.0, 20.0, 30.0, 40.0, 50.0, 60.0]);
    assert_eq!(judged(series).verdict, Some(Verdict::Leak));
}

#[test]
fn a_folder_with_profiles_of_its_own_is_not_searched_further() {
    let process = Process::new();
    let files = [
        file("heap.0.pprof", process.heap(0)),
        file("heap.1.pprof", process.heap(10)),
        file(
            "internal/testdata/old.pprof",
            Process {
                build: "x",
                ..process
            }
            .heap(0),
        ),
        file(
            "internal/other.pprof",
            Process {
                build: "x",
                ..process
            }
            .heap(0),
        ),
    ];
    let beside = read(&files);
    assert_eq!(only(&beside).series.points.len(), 2);
    // A case below is a series of its own.
    let files = [
        file("run/case.json", "{}"),
        file("run/heap.0.pb.gz", process.heap(0)),
    ];
    let read = read(&files);
    assert_eq!(read.series.len(), 0);
    assert!(
        matches!(&read.problems[..], [SeriesProblem::CaseBelow { folder }] if folder.ends_with("run"))
    );
}
