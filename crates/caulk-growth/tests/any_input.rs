//! Whatever the input: no panic, only finite numbers, the same answer twice.
#![allow(clippy::unwrap_used)]

use caulk_growth::{
    Bucket, Cluster, Estimate, Growth, Interval, JoinKey, Load, Metric, Options, Point, Sampling,
    Scalar, ScalarId, ScalarKind, Series, Stack, StackId, Stage, analyze, compare, sure_enough,
};
use proptest::prelude::*;

fn any_count() -> impl Strategy<Value = i64> {
    prop_oneof![0i64..50, 0i64..1_000_000, Just(0), Just(-7), any::<i64>()]
}

fn any_seconds() -> impl Strategy<Value = f64> {
    prop_oneof![
        0.0..100.0,
        Just(5.0),
        Just(f64::NAN),
        Just(f64::INFINITY),
        any::<f64>()
    ]
}

fn any_point() -> impl Strategy<Value = Point> {
    let stage = prop_oneof![
        1 => Just(Stage::Warmup),
        4 => Just(Stage::Round),
        1 => Just(Stage::Cooldown)
    ];
    let load = prop_oneof![Just(None), Just(Some(Load::Same)), Just(Some(Load::Varied))];
    let requests = prop_oneof![
        Just(None),
        (0u64..1000).prop_map(Some),
        any::<u64>().prop_map(Some)
    ];
    (
        any_seconds(),
        requests,
        stage,
        load,
        prop::bool::weighted(0.9),
    )
        .prop_map(|(seconds, requests, stage, load, has_heap)| Point {
            seconds,
            requests,
            stage,
            load,
            has_heap,
        })
}

fn any_bucket() -> impl Strategy<Value = Bucket> {
    let counts = || prop::collection::vec(any_count(), 0..12);
    let size = prop_oneof![Just(0u64), 1u64..100_000, any::<u64>()];
    (size, counts(), counts(), counts()).prop_map(
        |(object_bytes, objects, bytes, allocated_objects)| Bucket {
            object_bytes,
            objects: objects.into(),
            bytes: bytes.into(),
            allocated_objects: allocated_objects.into(),
        },
    )
}

fn any_series() -> impl Strategy<Value = Series> {
    let sampling = prop_oneof![
        Just(Sampling::Unknown),
        prop_oneof![Just(0u64), Just(1), Just(4096), Just(524_288), any::<u64>()]
            .prop_map(Sampling::EveryBytes)
    ];
    let join = || prop::option::of((0u32..3).prop_map(JoinKey));
    let stack = (
        prop::collection::vec(any_bucket(), 0..3),
        any::<bool>(),
        any::<bool>(),
        join(),
    )
        .prop_map(|(buckets, may_expire, is_reused, join)| Stack {
            id: StackId(0),
            buckets,
            may_expire,
            is_reused,
            join,
        });
    let kind = prop_oneof![
        Just(ScalarKind::Goroutines),
        Just(ScalarKind::GoroutineGroup),
        Just(ScalarKind::Connections),
        Just(ScalarKind::ResidentBytes)
    ];
    let scalar = (
        kind,
        prop::collection::vec(prop::option::of(any_seconds()), 0..12),
        join(),
    )
        .prop_map(|(kind, values, join)| Scalar {
            id: ScalarId(0),
            kind,
            values,
            may_expire: false,
            join,
        });
    let sorted = any::<bool>();
    let points = prop::collection::vec(any_point(), 0..12);
    (
        points,
        sorted,
        sampling,
        prop::collection::vec(stack, 0..6),
        prop::collection::vec(scalar, 0..4),
    )
        .prop_map(|(mut points, sorted, sampling, mut stacks, mut scalars)| {
            if sorted {
                points.sort_by(|a, b| a.seconds.total_cmp(&b.seconds));
                let mut requests: Vec<_> = points.iter().map(|point| point.requests).collect();
                requests.sort();
                points
                    .iter_mut()
                    .zip(requests)
                    .for_each(|(point, count)| point.requests = count);
            }
            stacks
                .iter_mut()
                .zip(0..)
                .for_each(|(stack, id)| stack.id = StackId(id));
            scalars
                .iter_mut()
                .zip(0..)
                .for_each(|(scalar, id)| scalar.id = ScalarId(id));
            Series {
                points,
                sampling,
                stacks,
                scalars,
            }
        })
}

fn numbers(growth: &Growth) -> Vec<f64> {
    let estimate = |e: &Estimate| {
        let Interval { low, high } = e.interval.unwrap_or_default();
        [e.value, e.error.unwrap_or(0.0), low, high]
    };
    let metric = |m: &Metric| {
        let of = [&m.first, &m.last, &m.rate].map(estimate);
        of.into_iter().flatten().chain([m.p]).collect::<Vec<f64>>()
    };
    let cluster = |c: &Cluster| [&c.resources, &c.objects, &c.bytes].map(estimate).concat();
    let mut numbers = vec![growth.span, growth.watched_seconds];
    numbers.extend(growth.smallest_visible_bytes);
    numbers.extend(metric(&growth.heap_bytes));
    numbers.extend(metric(&growth.heap_objects));
    numbers.extend(
        growth
            .cooldown
            .iter()
            .flat_map(|c| [c.seconds, c.still_held.unwrap_or(0.0)]),
    );
    numbers.extend(growth.clusters.iter().flat_map(cluster));
    for scalar in &growth.scalars {
        numbers.extend(scalar.metric.iter().flat_map(metric));
        numbers.extend([scalar.finding.q, scalar.finding.still_held.unwrap_or(0.0)]);
    }
    for stack in &growth.stacks {
        numbers.extend(metric(&stack.objects));
        numbers.extend(metric(&stack.bytes));
        numbers.extend([
            stack.share,
            stack.finding.q,
            stack.finding.still_held.unwrap_or(0.0),
        ]);
    }
    numbers
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(1500) })]

    #[test]
    fn every_number_is_finite_and_every_answer_repeats(
        series in any_series(),
        other in any_series(),
    ) {
        let options = Options::default();
        let growth = analyze(&series, &options);
        let bad: Vec<f64> = numbers(&growth).into_iter().filter(|n| !n.is_finite()).collect();
        prop_assert!(bad.is_empty(), "{bad:?} in {growth:?}");
        prop_assert_eq!(&growth, &analyze(&series, &options));
        let any_time = |p: &Point| p.seconds.is_finite() && p.seconds.abs() < 1e15;
        prop_assert!(growth.verdict.is_none() || series.points.iter().any(any_time));
        sure_enough(&growth, &options);
        compare(&growth, &analyze(&other, &options), &options);
    }
}
