//! The folder of a case: written step by step, read back, and read with suspicion.
#![allow(clippy::unwrap_used)]
#![allow(
    clippy::disallowed_methods,
    reason = "what was written is looked at from outside"
)]

use std::path::Path;

use caulk_case::{
    Case, CaseError, CaseFolder, FileKind, Latency, Load, LoadedSeries, Metrics, PlainReader,
    Round, Route, SeriesProblem, Snapshot, SnapshotIndex, Stage,
};
use caulk_growth::analyze;
use caulk_system::{MemoryFiles, OsFiles, TempFolder};

fn snapshot(seconds: f64, requests: u64) -> Snapshot {
    Snapshot {
        index: SnapshotIndex(99),
        stage: Stage::Round,
        load: Some(Load::Varied),
        time: Some("2026-01-02T03:04:05Z".parse().unwrap()),
        seconds,
        requests: Some(requests),
        metrics: Metrics {
            goroutines: Some(12),
            fds_before_gc: Some(9),
            ..Metrics::default()
        },
        files: Vec::new(),
    }
}

#[test]
fn an_interrupted_watch_leaves_a_whole_case() {
    let folder = TempFolder::new("caulk-case-").unwrap();
    let path = folder.path().join("a/b");
    let mut case = Case::new("caulk 0.1.0", "./cmd/server");
    case.routes = vec![Route {
        method: "POST".into(),
        path: "/v0/cron?n={n}".into(),
        weight: 2,
    }];
    let mut writing = CaseFolder::create(&path, case).unwrap();
    for number in 0..3 {
        let round = Round {
            stage: Stage::Round,
            load: None,
            start_seconds: 0.5,
            end_seconds: 1.5,
            requests: 100,
            statuses: [(200, 98), (503, 1)].into(),
            failures: [("timeout".into(), 1)].into(),
            latency: Some(Latency {
                p50_seconds: 0.011,
                p90_seconds: 0.02,
                p99_seconds: 0.5,
            }),
        };
        writing.add_round(round).unwrap();
        let raw = [(
            FileKind::GoroutineDump,
            format!("dump {number}").into_bytes(),
        )];
        let index = writing
            .add_snapshot(snapshot(f64::from(number), 100), &raw)
            .unwrap();
        assert_eq!(index, SnapshotIndex(number));
        // Whoever opens it now, in whatever moment, finds all of this.
        let opened = CaseFolder::open(&OsFiles, &path).unwrap();
        assert_eq!(opened, writing);
        let dump = opened
            .read(&OsFiles, index, FileKind::GoroutineDump)
            .unwrap()
            .unwrap();
        assert_eq!(dump, format!("dump {number}").into_bytes());
        assert!(opened.read(&OsFiles, index, FileKind::Heap).is_none());
    }
    assert!(CaseFolder::is_case(&OsFiles, &path));
    assert!(!CaseFolder::is_case(&OsFiles, folder.path()));
    let mut names: Vec<String> = std::fs::read_dir(&path)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(
        names,
        [
            "case.json",
            "goroutine.0.txt",
            "goroutine.1.txt",
            "goroutine.2.txt"
        ]
    );
}

#[test]
fn the_json_is_stable() {
    let folder = TempFolder::new("caulk-case-").unwrap();
    let mut case =
        CaseFolder::create(folder.path(), Case::new("caulk 0.1.0", "./cmd/server")).unwrap();
    case.add_snapshot(snapshot(1.5, 60), &[(FileKind::Heap, vec![1])])
        .unwrap();
    let json = std::fs::read_to_string(folder.path().join("case.json")).unwrap();
    let expected = r#"{
  "version": 1,
  "tool": "caulk 0.1.0",
  "target": "./cmd/server",
  "commands": {},
  "snapshots": [
    {
      "index": 0,
      "phase": "round",
      "load": "varied",
      "time": "2026-01-02T03:04:05Z",
      "seconds": 1.5,
      "requests": 60,
      "metrics": {
        "goroutines": 12,
        "fds_before_gc": 9
      },
      "files": [
        {
          "kind": "heap",
          "name": "heap.0.pb.gz"
        }
      ]
    }
  ]
}
"#;
    assert_eq!(json, expected);
}

fn open(json: &str) -> Result<CaseFolder, CaseError> {
    CaseFolder::open(
        &MemoryFiles::new().with("/c/case.json", json),
        Path::new("/c"),
    )
}

#[test]
fn a_case_from_elsewhere_is_read_with_suspicion() {
    for name in ["../secret", "/etc/passwd", "a/b", "..", "", r"..\\x", "C:x"] {
        let json = format!(
            r#"{{"version": 1, "snapshots": [{{"index": 0, "phase": "round", "seconds": 0,
                "files": [{{"kind": "heap", "name": "{name}"}}]}}]}}"#
        );
        assert!(
            matches!(open(&json), Err(CaseError::NameLeadsOut { .. })),
            "{name}"
        );
    }
    let newer = open(r#"{"version": 7, "snapshots": []}"#).unwrap_err();
    assert!(newer.to_string().contains("format version 7"), "{newer}");
    let broken = open("{").unwrap_err();
    assert!(
        broken.to_string().starts_with("read /c/case.json: "),
        "{broken}"
    );
    assert!(matches!(
        CaseFolder::open(&MemoryFiles::new(), Path::new("/c")),
        Err(CaseError::File(error)) if error.is_missing()
    ));
    // What a later caulk of the same version adds is passed over.
    let case = open(r#"{"version": 1, "later": [1], "snapshots": []}"#).unwrap();
    assert_eq!(case.case.snapshots, []);
}

#[test]
fn files_that_are_missing_or_broken_are_problems_and_scalars_still_count() {
    let json = r#"{"version": 1, "snapshots": [
        {"index": 0, "phase": "round", "seconds": 0, "requests": 10, "metrics": {"goroutines": 15},
         "files": [{"kind": "heap", "name": "heap.0.pb.gz"}]},
        {"index": 1, "phase": "round", "seconds": 1, "requests": 110, "metrics": {"goroutines": 115},
         "files": [{"kind": "heap", "name": "heap.1.pb.gz"}]}]}"#;
    let files = MemoryFiles::new()
        .with("/c/case.json", json)
        .with("/c/heap.1.pb.gz", "no profile");
    let case = CaseFolder::open(&files, Path::new("/c/case.json")).unwrap();
    let loaded = LoadedSeries::from_case(&files, &case);
    assert_eq!(loaded.problems.len(), 2);
    assert!(
        loaded
            .problems
            .iter()
            .all(|p| matches!(p, SeriesProblem::Unreadable { .. }))
    );
    let growth = analyze(&loaded.series, &Default::default());
    assert_eq!(growth.verdict, Some(caulk_growth::Verdict::Grew));
    assert_eq!(growth.scalars[0].metric.unwrap().rate.value, 1.0);
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig {
        failure_persistence: None,
        ..proptest::prelude::ProptestConfig::with_cases(300)
    })]

    #[test]
    fn a_damaged_case_never_panics(
        flips in proptest::collection::vec((0usize..2000, proptest::num::u8::ANY), 0..6),
        cut in 0usize..2000,
        heap in proptest::collection::vec(proptest::num::u8::ANY, 0..200),
    ) {
        let mut json = br#"{"version": 1, "tool": "caulk", "snapshots": [
            {"index": 0, "phase": "warmup", "seconds": 0.5, "requests": 10, "metrics": {"goroutines": 5},
             "files": [{"kind": "heap", "name": "heap.0.pb.gz"}]},
            {"index": 1, "phase": "round", "seconds": 1e3, "requests": 90, "metrics": {"rss_bytes": 7},
             "files": [{"kind": "heap_text", "name": "heap.1.txt"}, {"kind": "goroutine_dump", "name": "g"}]},
            {"index": 4294967295, "phase": "cooldown", "seconds": 1, "requests": 90}]}"#.to_vec();
        for (at, byte) in flips {
            let at = at % json.len();
            json[at] = byte;
        }
        // Most are cut not at all.
        if cut < json.len() / 4 {
            json.truncate(4 * cut);
        }
        let text = [b"heap profile: 1: 2 [3: 4] @ heap/8192\n".as_slice(), &heap].concat();
        let files = MemoryFiles::new()
            .with("/c/case.json", &json)
            .with("/c/heap.0.pb.gz", &heap)
            .with("/c/heap.1.txt", text)
            .with("/c/g", [b"goroutine 1 [running]:\n".as_slice(), &heap].concat());
        if let Ok(case) = CaseFolder::open(&files, Path::new("/c")) {
            let loaded = LoadedSeries::from_case(&files, &case);
            analyze(&loaded.series, &Default::default());
        }
        let mut reader = PlainReader::default();
        reader.read(&files, &[Path::new("/c")], &mut |_, _| true);
        let loaded = reader.finish().series.into_iter().next().unwrap_or_default();
        analyze(&loaded.series, &Default::default());
    }
}
