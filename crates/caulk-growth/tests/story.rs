//! The story's two files, and small series whose answer is known.
#![allow(clippy::unwrap_used)]

use caulk_growth::{
    Axis, Bucket, CooldownReason, Decision, Load, NeedMore, Options, Outcome, Point, Problem,
    Sampling, Scalar, ScalarId, ScalarKind, Series, Stack, StackId, Stage, Values, Verdict, Veto,
    analyze, compare, sure_enough,
};

fn point(seconds: f64, requests: u64, stage: Stage) -> Point {
    Point {
        seconds,
        requests: Some(requests),
        stage,
        load: None,
        has_heap: true,
    }
}

fn stack(id: u32, object_bytes: u64, objects: Vec<i64>) -> Stack {
    let bytes = objects
        .iter()
        .map(|count| count * object_bytes as i64)
        .collect();
    Stack {
        id: StackId(id),
        buckets: vec![Bucket {
            object_bytes,
            objects: objects.into(),
            bytes,
            allocated_objects: Values::new(),
        }],
        may_expire: false,
        is_reused: false,
        join: None,
    }
}

fn goroutines(values: &[f64]) -> Scalar {
    Scalar {
        id: ScalarId(0),
        kind: ScalarKind::Goroutines,
        values: values.iter().copied().map(Some).collect(),
        may_expire: false,
        join: None,
    }
}

/// A leak of one 16 KiB object and four goroutines for every request, every object recorded.
fn leaking(rounds: u64) -> Series {
    let points: Vec<Point> = (0..=rounds)
        .map(|round| {
            let stage = if round == 0 {
                Stage::Warmup
            } else {
                Stage::Round
            };
            // Rounds of different sizes.
            let requests = 50 + round * 80 + (round % 3) * 7;
            point(round as f64 * 3.0, requests, stage)
        })
        .collect();
    let requests: Vec<i64> = points
        .iter()
        .map(|point| point.requests.unwrap() as i64)
        .collect();
    Series {
        stacks: vec![
            stack(7, 16_384, requests.iter().map(|count| count + 3).collect()),
            stack(8, 512, vec![40; points.len()]),
        ],
        scalars: vec![goroutines(
            &requests
                .iter()
                .map(|c| *c as f64 * 4.0 + 9.0)
                .collect::<Vec<_>>(),
        )],
        points,
        sampling: Sampling::EveryBytes(1),
    }
}

/// 512 KiB sampling: 1,089.33 kB in the first file are 2 sampled 64 KiB buffers, 51.59 MB in the second 97.
#[test]
fn the_storys_two_files_say_grew_17_to_826_give_or_take_84() {
    let scale = 1.0 / (1.0 - (-65_536.0f64 / 524_288.0).exp());
    let estimate = |sampled: f64| (sampled * scale) as i64;
    let bytes = |sampled: f64| (sampled * scale * 65_536.0) as i64;
    let series = Series {
        points: vec![point(0.0, 5, Stage::Round), point(60.0, 505, Stage::Round)],
        sampling: Sampling::EveryBytes(524_288),
        stacks: vec![Stack {
            id: StackId(1),
            buckets: vec![Bucket {
                object_bytes: 65_536,
                objects: vec![estimate(2.0), estimate(97.0)].into(),
                bytes: vec![bytes(2.0), bytes(97.0)].into(),
                allocated_objects: Values::new(),
            }],
            may_expire: false,
            is_reused: false,
            join: None,
        }],
        scalars: Vec::new(),
    };
    // 1,089.33 kB and 51.59 MB, as `go tool pprof -top` printed them.
    assert_eq!(bytes(2.0) * 100 / 1024, 108_933);
    assert_eq!(bytes(97.0) * 100 / 1024 / 1024, 5_159);
    let growth = analyze(&series, &Options::default());
    assert_eq!(growth.verdict, Some(Verdict::Grew));
    let buffers = &growth.stacks[0];
    assert_eq!(buffers.objects.first.value, 17.0);
    assert_eq!(buffers.objects.last.value, 825.0);
    assert_eq!(buffers.objects.last.error.unwrap().round(), 84.0);
    assert_eq!(buffers.objects.last.samples, 97);
    assert_eq!(buffers.finding.verdict, Verdict::Grew);
    assert!(buffers.objects.p < 1e-20);
    assert_eq!(growth.clusters[0].representative, Some(StackId(1)));
}

#[test]
fn one_snapshot_ranks_what_is_held_and_none_says_nothing() {
    let series = Series {
        points: vec![point(0.0, 5, Stage::Round)],
        sampling: Sampling::EveryBytes(1),
        stacks: vec![
            stack(1, 100, vec![5]),
            stack(2, 1000, vec![50]),
            stack(3, 10, vec![0]),
        ],
        scalars: vec![goroutines(&[12.0])],
    };
    let growth = analyze(&series, &Options::default());
    assert_eq!(growth.verdict, Some(Verdict::Grew));
    let ids: Vec<u32> = growth.stacks.iter().map(|stack| stack.id.0).collect();
    assert_eq!(ids, [2, 1]);
    assert!((growth.stacks[0].share - 50_000.0 / 50_500.0).abs() < 1e-12);
    assert_eq!(growth.smallest_visible_bytes, None);

    let nothing = analyze(&Series::default(), &Options::default());
    assert_eq!(nothing.verdict, None);
    assert_eq!(nothing.problems, [Problem::NoSnapshots]);
}

#[test]
fn one_object_a_request_in_every_round_is_a_sure_leak_after_three_rounds() {
    let growth = analyze(&leaking(3), &Options::default());
    assert_eq!(growth.verdict, Some(Verdict::Leak));
    assert_eq!(growth.per, Axis::Request);
    assert_eq!(growth.stacks[0].finding.exactly, Some(1));
    assert_eq!(growth.stacks[0].bytes.rate.value, 16_384.0);
    assert_eq!(growth.scalars[0].finding.exactly, Some(4));
    assert_eq!(growth.clusters.len(), 1);
    assert_eq!(growth.clusters[0].resources.value, 1.0);
    assert_eq!(growth.clusters[0].exactly, Some(1));
    assert_eq!(
        sure_enough(&growth, &Options::default()),
        Decision::Sure {
            verdict: Verdict::Leak
        }
    );
    assert_eq!(
        analyze(&leaking(2), &Options::default()).verdict,
        Some(Verdict::Growing)
    );
}

#[test]
fn small_growth_asks_for_a_cool_down_which_clears_or_confirms_it() {
    let mut series = leaking(5);
    series.scalars.clear();
    series.stacks = vec![stack(
        1,
        187,
        series
            .points
            .iter()
            .map(|point| point.requests.unwrap() as i64 * 2)
            .collect(),
    )];
    let growth = analyze(&series, &Options::default());
    assert_eq!(growth.verdict, Some(Verdict::Leak));
    assert_eq!(
        sure_enough(&growth, &Options::default()),
        Decision::Cooldown {
            reasons: vec![CooldownReason::SmallGrowth]
        }
    );

    let cooled = |held: i64| {
        let mut series = series.clone();
        series.points.push(point(45.0, 464, Stage::Cooldown));
        let bucket = &mut series.stacks[0].buckets[0];
        bucket.objects.push(held);
        bucket.bytes.push(held * 187);
        analyze(&series, &Options::default())
    };
    let fell_back = cooled(100);
    assert_eq!(fell_back.verdict, Some(Verdict::Steady));
    assert!(fell_back.stacks[0].finding.vetoes.contains(&Veto::Released));
    let stayed = cooled(928);
    assert_eq!(stayed.verdict, Some(Verdict::Leak));
    assert_eq!(stayed.cooldown.unwrap().still_held, Some(1.0));

    // What connections held under the load is let go of in the same time.
    let mut beside = series.clone();
    beside.points.push(point(45.0, 464, Stage::Cooldown));
    let points = beside.points.len() as i64;
    beside.stacks[0].buckets[0].objects.push(928);
    beside.stacks[0].buckets[0].bytes.push(928 * 187);
    let buffers = (1..points).map(|n| 4000 + 40 * n).chain([0]).collect();
    beside.stacks.push(stack(2, 4096, buffers));
    let beside = analyze(&beside, &Options::default());
    assert_eq!(beside.verdict, Some(Verdict::Leak));
    assert_eq!(beside.cooldown.unwrap().still_held, Some(1.0));

    assert_eq!(
        sure_enough(&stayed, &Options::default()),
        Decision::Sure {
            verdict: Verdict::Leak
        }
    );
}

#[test]
fn a_cache_that_fills_within_the_rounds_is_steady_and_one_still_filling_is_growing() {
    let cache = |full_at: i64| {
        let mut series = leaking(8);
        series.scalars.clear();
        series.stacks.truncate(1);
        let bucket = &mut series.stacks[0].buckets[0];
        let objects: Values = (bucket.objects.iter().map(|held| held.min(full_at))).collect();
        bucket.bytes = objects.iter().map(|held| held * 16_384).collect();
        bucket.objects = objects;
        analyze(&series, &Options::default())
    };
    for full_at in [160, 250, 400] {
        let growth = cache(full_at);
        assert_eq!(
            growth.verdict,
            Some(Verdict::Steady),
            "{full_at} {:?}",
            growth.stacks
        );
        assert_eq!(growth.stacks[0].finding.vetoes, [Veto::Plateau]);
    }
    assert_eq!(cache(550).verdict, Some(Verdict::Growing));
}

#[test]
fn a_cache_keyed_by_input_grows_under_varied_requests_only() {
    let mut series = leaking(8);
    series.scalars.clear();
    series.stacks.truncate(1);
    let bucket = &mut series.stacks[0].buckets[0];
    (bucket.objects, bucket.bytes) = (Values::new(), Values::new());
    let mut held = 10;
    for (index, point) in series.points.iter_mut().enumerate() {
        point.load = Some(if index % 2 == 1 {
            Load::Varied
        } else {
            Load::Same
        });
        held += if index % 2 == 1 { 80 } else { 0 };
        bucket.objects.push(held);
        bucket.bytes.push(held * 16_384);
    }
    let growth = analyze(&series, &Options::default());
    assert_eq!(growth.verdict, Some(Verdict::Growing));
    assert_eq!(growth.stacks[0].finding.vetoes, [Veto::OnlyVaried]);
}

#[test]
fn a_fix_is_proved_by_the_same_load() {
    let before = analyze(&leaking(6), &Options::default());
    let mut fixed = leaking(6);
    fixed.stacks[0].buckets[0].objects = vec![5, 4, 6, 5, 5, 4, 5].into();
    fixed.stacks[0].buckets[0].bytes = [5, 4, 6, 5, 5, 4, 5]
        .map(|n| n * 16_384)
        .into_iter()
        .collect();
    fixed.scalars = vec![goroutines(&[9.0, 11.0, 10.0, 9.0, 9.0, 12.0, 10.0])];
    let after = analyze(&fixed, &Options::default());
    assert_eq!(after.verdict, Some(Verdict::Steady));
    let proof = compare(&before, &after, &Options::default());
    assert_eq!(proof.outcome, Outcome::Gone);
    assert_eq!(proof.scalars[0].comparison.outcome, Outcome::Gone);
    assert_eq!(
        compare(&before, &before, &Options::default()).outcome,
        Outcome::Remains
    );
    assert_eq!(
        compare(&after, &before, &Options::default()).outcome,
        Outcome::Worse
    );
}

#[test]
fn merged_profiles_give_no_errors_and_no_leak() {
    let mut series = leaking(8);
    series.scalars.clear();
    series.sampling = Sampling::Unknown;
    let growth = analyze(&series, &Options::default());
    assert_eq!(growth.verdict, Some(Verdict::Growing));
    assert_eq!(growth.heap_bytes.rate.error, None);
    assert_eq!(growth.smallest_visible_bytes, None);
    assert_eq!(growth.problems, [Problem::CountsLost]);
}

#[test]
fn without_requests_rates_are_per_second() {
    let mut series = leaking(5);
    series
        .points
        .iter_mut()
        .for_each(|point| point.requests = None);
    let growth = analyze(&series, &Options::default());
    assert_eq!(growth.per, Axis::Second);
    assert_eq!(growth.span, 15.0);
    assert_eq!(growth.problems, [Problem::NoRequests]);
}

/// A slice of 200-byte elements to which every request appends one: one object, which doubles.
fn appended(rounds: u64, stops_at: f64) -> Series {
    let mut series = leaking(rounds);
    series.scalars.clear();
    let capacity = |requests: f64| 2f64.powf(requests.min(stops_at).log2().ceil()) as i64;
    let bytes: Vec<i64> = series
        .points
        .iter()
        .map(|point| 200 * capacity(point.requests.unwrap() as f64))
        .collect();
    series.stacks = vec![Stack {
        id: StackId(1),
        buckets: bytes
            .iter()
            .map(|&size| Bucket {
                object_bytes: size as u64,
                objects: bytes.iter().map(|now| i64::from(*now == size)).collect(),
                bytes: bytes
                    .iter()
                    .map(|now| if *now == size { size } else { 0 })
                    .collect(),
                allocated_objects: Values::new(),
            })
            .collect(),
        may_expire: false,
        is_reused: false,
        join: None,
    }];
    // Each size once, however many points have it.
    series.stacks[0].buckets.dedup();
    series
}

/// The runtime keeps the descriptor of a goroutine that has ended for the next one: each new peak of
/// goroutines at once adds to them, and nothing leaks.
#[test]
fn descriptors_of_goroutines_that_have_ended_are_no_leak() {
    let with = |goroutines_now: Option<fn(f64) -> f64>| {
        let mut series = leaking(8);
        let requests: Vec<f64> = (series.points.iter())
            .map(|point| point.requests.unwrap() as f64)
            .collect();
        let descriptors = requests.iter().map(|count| *count as i64).collect();
        series.stacks = vec![Stack {
            is_reused: true,
            ..stack(1, 416, descriptors)
        }];
        series.scalars = goroutines_now
            .map(|now| goroutines(&requests.iter().copied().map(now).collect::<Vec<_>>()))
            .into_iter()
            .collect();
        analyze(&series, &Options::default())
    };
    let ended = with(Some(|_| 2.0));
    assert_eq!(ended.verdict, Some(Verdict::Steady), "{ended:#?}");
    let alive = with(Some(|requests| requests + 2.0));
    assert_eq!(alive.verdict, Some(Verdict::Leak), "{alive:#?}");
    let unknown = with(None);
    assert_eq!(unknown.verdict, Some(Verdict::Growing), "{unknown:#?}");
    assert_eq!(unknown.stacks[0].finding.vetoes, [Veto::Reused]);
}

#[test]
fn a_slice_that_doubles_for_ever_is_a_leak_once_enough_steps_were_seen() {
    let judge = |series: &Series| analyze(series, &Options::default());
    let long = judge(&appended(40, f64::INFINITY));
    assert_eq!(long.verdict, Some(Verdict::Leak), "{long:#?}");
    assert!((100.0..400.0).contains(&long.stacks[0].bytes.rate.value));
    let short = judge(&appended(6, f64::INFINITY));
    assert_eq!(short.verdict, Some(Verdict::Growing));
    assert_eq!(
        sure_enough(&short, &Options::default()),
        Decision::NeedMore {
            why: NeedMore::NotYetSure {
                vetoes: short.stacks[0].finding.vetoes.clone()
            }
        }
    );
    let stopped = judge(&appended(40, 600.0));
    assert_eq!(stopped.verdict, Some(Verdict::Steady));
    assert!(stopped.stacks[0].finding.vetoes.contains(&Veto::Plateau));
}

#[test]
fn goroutines_that_sleep_ask_for_a_cool_down_although_they_are_exact() {
    let mut series = leaking(4);
    series.stacks.clear();
    let sleeping = Scalar {
        id: ScalarId(1),
        kind: ScalarKind::GoroutineGroup,
        may_expire: true,
        ..series.scalars[0].clone()
    };
    series.scalars.push(sleeping);
    let growth = analyze(&series, &Options::default());
    assert_eq!(growth.verdict, Some(Verdict::Leak));
    let Decision::Cooldown { reasons } = sure_enough(&growth, &Options::default()) else {
        panic!("{growth:#?}");
    };
    assert!(reasons.contains(&CooldownReason::MayExpire));
    // Watched for longer than such things last, they need none.
    series
        .points
        .iter_mut()
        .for_each(|point| point.seconds *= 10.0);
    let growth = analyze(&series, &Options::default());
    assert_eq!(
        sure_enough(&growth, &Options::default()),
        Decision::Sure {
            verdict: Verdict::Leak
        }
    );
}

#[test]
fn a_hunt_does_not_stop_at_steady_before_it_could_have_seen_a_leak() {
    let mut series = leaking(5);
    series.scalars.clear();
    // Ten 64 KiB buffers that come and go, sampled once in eight.
    series.sampling = Sampling::EveryBytes(524_288);
    let counts = [85, 119, 76, 136, 68, 110];
    series.stacks = vec![stack(1, 65_536, counts.to_vec())];
    let growth = analyze(&series, &Options::default());
    assert_eq!(growth.verdict, Some(Verdict::Steady));
    assert!(matches!(
        sure_enough(&growth, &Options::default()),
        Decision::NeedMore { why: NeedMore::TooCoarse { smallest_visible_bytes: Some(bytes) } }
            if bytes > 1000.0
    ));
    series.points.truncate(3);
    let growth = analyze(&series, &Options::default());
    assert!(matches!(
        sure_enough(&growth, &Options::default()),
        Decision::NeedMore {
            why: NeedMore::Rounds { have: 2, .. }
        }
    ));
}
