//! Growth of several stacks as one.
#![allow(clippy::unwrap_used)]

use caulk_growth::{
    Bucket, Options, Point, Sampling, Series, Stack, StackId, Stage, Total, Verdict, analyze,
    analyze_totals,
};

/// Stacks of 4 KiB objects that were sampled so often at each of the points; 2 s and 100 requests apart.
fn series(stacks: &[&[i64]]) -> Series {
    let p = 1.0 - (-1.0f64).exp();
    let published = |counts: &[i64], each: f64| -> Vec<i64> {
        let estimate = |count: &i64| (*count as f64 / p * each) as i64;
        counts.iter().map(estimate).collect()
    };
    let points = stacks.iter().map(|counts| counts.len()).max().unwrap_or(0);
    Series {
        points: (0..points)
            .map(|index| Point {
                seconds: 2.0 * index as f64,
                requests: Some(100 * index as u64),
                stage: Stage::Round,
                load: None,
                has_heap: true,
            })
            .collect(),
        sampling: Sampling::EveryBytes(4096),
        stacks: (0..)
            .zip(stacks)
            .map(|(id, counts)| Stack {
                id: StackId(id),
                buckets: vec![Bucket {
                    object_bytes: 4096,
                    objects: published(counts, 1.0).into(),
                    bytes: published(counts, 4096.0).into(),
                    allocated_objects: published(counts, 1.0).into(),
                }],
                may_expire: false,
                is_reused: false,
                join: None,
            })
            .collect(),
        ..Series::default()
    }
}

fn total(cum: &[u32], flat: &[u32]) -> Total {
    Total {
        cum: cum.to_vec(),
        flat: flat.to_vec(),
    }
}

const GROWS: &[i64] = &[20, 41, 58, 80, 101, 120, 139];
const GROWS_TOO: &[i64] = &[5, 16, 24, 35, 46, 54, 65];
const STAYS: &[i64] = &[70, 70, 70, 70, 70, 70, 70];

#[test]
fn a_total_of_one_stack_is_that_stack() {
    let series = series(&[GROWS, STAYS]);
    let options = Options::default();
    let stacks = analyze(&series, &options).stacks;
    let totals = analyze_totals(&series, &options, &[total(&[0], &[0]), total(&[1], &[])]);
    assert_eq!(totals[0].cum.bytes, stacks[0].bytes);
    assert_eq!(totals[0].flat.as_ref(), Some(&totals[0].cum));
    assert_eq!(totals[0].cum.finding.verdict, Verdict::Leak);
    assert_eq!(totals[1].cum.finding.verdict, Verdict::Steady);
    assert_eq!(
        (totals[1].cum.bytes.rate.value, &totals[1].flat),
        (0.0, &None)
    );
}

#[test]
fn growth_adds_up_and_errors_add_up_as_those_of_independent_counts_do() {
    let series = series(&[GROWS, GROWS_TOO, STAYS]);
    let growth = analyze_totals(
        &series,
        &Options::default(),
        &[total(&[0], &[]), total(&[1], &[]), total(&[0, 1, 2], &[1])],
    );
    let rate = |index: usize| growth[index].cum.bytes.rate;
    let sum = rate(0).value + rate(1).value;
    assert!((rate(2).value - sum).abs() < 0.05 * sum, "{growth:#?}");
    let (all, one) = (rate(2).error.unwrap(), rate(0).error.unwrap());
    assert!(all < one + rate(1).error.unwrap());
    // What it allocates itself is less than what is allocated below it.
    let flat = growth[2].flat.as_ref().unwrap();
    assert_eq!(flat.bytes.rate, rate(1));
    assert!(rate(2).interval.unwrap().holds(rate(2).value));
}

#[test]
fn small_growth_in_many_stacks_is_sure_where_they_are_one() {
    // Three sampled objects in each of twelve stacks: none of them is sure alone.
    let few: Vec<Vec<i64>> = (0..12)
        .map(|stack| (0..7).map(|at| (at + stack % 2) / 2).collect())
        .collect();
    let few: Vec<&[i64]> = few.iter().map(Vec::as_slice).collect();
    let series = series(&few);
    let all: Vec<u32> = (0..12).collect();
    let options = Options::default();
    let alone: Vec<Total> = all.iter().map(|index| total(&[*index], &[])).collect();
    let alone = analyze_totals(&series, &options, &alone);
    assert!(
        alone
            .iter()
            .all(|grown| grown.cum.finding.verdict == Verdict::Steady)
    );
    let together = analyze_totals(&series, &options, &[total(&all, &[])]);
    assert_eq!(together[0].cum.finding.verdict, Verdict::Leak);
}

#[test]
fn what_is_not_there_is_nothing() {
    let series = series(&[GROWS]);
    let totals = analyze_totals(
        &series,
        &Options::default(),
        &[total(&[], &[]), total(&[7], &[7])],
    );
    for total in totals {
        assert_eq!(total.cum.bytes.rate.value, 0.0);
        assert_eq!(total.cum.finding.verdict, Verdict::Steady);
    }
    assert!(analyze_totals(&Series::default(), &Options::default(), &[]).is_empty());
}
