//! Growth summed up by function, package and label.
#![allow(clippy::unwrap_used)]

use caulk_case::{LabelSeries, LoadedSeries};
use caulk_evidence::{By, GrownBy, Run};
use caulk_growth::{
    Bucket, Options, Point, Sampling, Series, Stack, StackId, Stage, Values, Verdict,
};
use caulk_profile::{StackTable, goroutine};

fn points(count: usize) -> Vec<Point> {
    let point = |index: usize| Point {
        seconds: index as f64,
        requests: Some(100 * index as u64),
        stage: Stage::Round,
        load: None,
        has_heap: true,
    };
    (0..count).map(point).collect()
}

/// One stack that grows by 100 objects of 64 bytes a round: a recursion, called from another package.
fn recursion() -> LoadedSeries {
    let mut stacks = StackTable::new();
    let walk = "example.com/m/tree.(*Node).walk";
    let id = stacks.intern([
        ("strings.Clone", "strings.go", 1),
        (walk, "tree.go", 7),
        (walk, "tree.go", 7),
        (walk, "tree.go", 7),
        ("example.com/m/server.handle", "server.go", 3),
    ]);
    let values = |each: i64| -> Values { (0..6).map(|at| 100 * each * at).collect() };
    LoadedSeries {
        series: Series {
            points: points(6),
            sampling: Sampling::EveryBytes(1),
            stacks: vec![Stack {
                id: StackId(id.0),
                buckets: vec![Bucket {
                    object_bytes: 64,
                    objects: values(1),
                    bytes: values(64),
                    allocated_objects: values(1),
                }],
                may_expire: false,
                is_reused: false,
                join: None,
            }],
            scalars: Vec::new(),
        },
        stacks: stacks.into(),
        ..LoadedSeries::default()
    }
}

fn rate(grown: &GrownBy) -> f64 {
    grown.cum.as_ref().unwrap().bytes.rate.value
}

#[test]
fn recursion_counts_once() {
    let run = Run::new(recursion(), &[]);
    let functions = run.grown_by(By::Function, &Options::default());
    let names: Vec<&str> = functions.iter().map(|grown| grown.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "strings.Clone",
            "example.com/m/server.handle",
            "example.com/m/tree.(*Node).walk"
        ]
    );
    for function in &functions {
        assert!((rate(function) - 64.0).abs() < 1e-9, "{function:?}");
        assert_eq!(
            function.cum.as_ref().unwrap().finding.verdict,
            Verdict::Leak
        );
        assert_eq!(function.flat.is_some(), function.name == "strings.Clone");
    }
    let packages = run.grown_by(By::Package, &Options::default());
    let names: Vec<&str> = packages.iter().map(|grown| grown.name.as_str()).collect();
    assert_eq!(
        names,
        ["strings", "example.com/m/server", "example.com/m/tree"]
    );
}

#[test]
fn goroutines_are_counted_by_label() {
    let dump = |jobs: usize| {
        let text: String = (0..jobs + 2)
            .map(|id| {
                let label = if id < jobs { "job" } else { "idle" };
                format!(
                    "goroutine {} [chan receive labels:{{\"kind\": \"{label}\"}}]:\nmain.work()\n\t/src/main.go:9 +0x1d\n\n",
                    id + 1
                )
            })
            .collect();
        Some(goroutine::read(text.as_bytes()))
    };
    let loaded = LoadedSeries {
        series: Series {
            points: points(5),
            ..Series::default()
        },
        ..LoadedSeries::default()
    };
    let dumps: Vec<_> = [0, 50, 100, 150, 200].into_iter().map(dump).collect();
    let run = Run::new(loaded, &dumps);
    let labels = run.grown_by(By::Label, &Options::default());
    let [jobs] = labels.as_slice() else {
        panic!("{labels:#?}");
    };
    let (metric, finding) = jobs.goroutines.as_ref().unwrap();
    assert_eq!(jobs.name, "kind=job");
    assert!((metric.rate.value - 0.5).abs() < 1e-9);
    assert_eq!(finding.verdict, Verdict::Leak);
}

#[test]
fn profiles_with_labels_are_summed_up_by_them() {
    let values = |each: i64| -> Values { (0..6).map(|at| 100 * each * at).collect() };
    let label = |name: &str, leaks: i64| LabelSeries {
        name: name.to_owned(),
        buckets: vec![Bucket {
            object_bytes: 64,
            objects: values(leaks),
            bytes: values(64 * leaks),
            allocated_objects: values(1),
        }],
        goroutines: (0..6)
            .map(|at| Some(f64::from(50 * at) * leaks as f64))
            .collect(),
    };
    let mut loaded = recursion();
    loaded.labels = vec![label("tenant=a", 1), label("tenant=b", 0)];
    let run = Run::new(loaded, &[]);
    let labels = run.grown_by(By::Label, &Options::default());
    let [tenant] = labels.as_slice() else {
        panic!("{labels:#?}");
    };
    assert_eq!(tenant.name, "tenant=a");
    assert!((rate(tenant) - 64.0).abs() < 1e-9);
    let (goroutines, finding) = tenant.goroutines.as_ref().unwrap();
    assert!((goroutines.rate.value - 0.5).abs() < 1e-9);
    assert_eq!(finding.verdict, Verdict::Leak);
}
