//! Where a series is of more than one process: what was ever allocated only rises within one.

use std::ops::Range;

use crate::growth::Problem;
use crate::series::{Sampling, Series};

/// The points of the process that was watched longest, of two alike the later one, and what has to be said
/// of the others.
pub fn longest_life(series: &Series) -> (Range<usize>, Option<Problem>) {
    let mut lives: Vec<Range<usize>> = Vec::new();
    let mut start = 0;
    for at in restarts(series) {
        lives.push(start..at);
        start = at;
    }
    lives.push(start..series.points.len());
    let seen = |life: &Range<usize>| {
        let points = series.points.get(life.clone()).unwrap_or(&[]);
        points.iter().filter(|point| point.has_heap).count()
    };
    let restarts = lives.len().saturating_sub(1);
    let longest = lives.into_iter().max_by_key(seen).unwrap_or_default();
    let left_out = series.points.len().saturating_sub(longest.len());
    let problem = (restarts > 0).then_some(Problem::Restarted {
        restarts: restarts as u32,
        snapshots: left_out as u32,
    });
    (longest, problem)
}

/// Allocation totals of so many stacks do not fall by an accident of rounding.
const STACKS_THAT_FALL: usize = 3;

/// The points before which the program was started anew: all that was ever allocated is less than before,
/// or that of several stacks is.
fn restarts(series: &Series) -> Vec<usize> {
    // What a store merged or averaged may fall for its own reasons.
    if series.sampling == Sampling::Unknown {
        return Vec::new();
    }
    // Of each point: all that was allocated, and how many stacks fall there.
    let mut totals = vec![0i64; series.points.len()];
    let mut falls = vec![0usize; series.points.len()];
    for bucket in series.stacks.iter().flat_map(|stack| &stack.buckets) {
        let mut before = 0i64;
        let points = series.points.iter().zip(&bucket.allocated_objects);
        for ((point, now), (total, falls)) in points.zip(totals.iter_mut().zip(&mut falls)) {
            if !point.has_heap {
                continue;
            }
            *total = total.saturating_add(now);
            // The scale of objects of several sizes changes with their mix.
            *falls += usize::from(bucket.object_bytes > 0 && now < before.saturating_sub(1));
            before = now;
        }
    }
    let mut before = 0;
    let mut found = Vec::new();
    let points = series.points.iter().zip(totals.iter().zip(falls));
    for (at, (point, (&total, falls))) in points.enumerate() {
        if point.has_heap && (total < before || falls >= STACKS_THAT_FALL) {
            found.push(at);
        }
        if point.has_heap {
            before = total;
        }
    }
    found
}
