//! Which points of a series are compared, and over what their growth is measured.

use std::ops::Range;

use crate::growth::{Axis, Problem};
use crate::series::{Load, Point, Stage};

/// The points that growth is measured over: the last warm-up point and all rounds.
#[derive(Clone, Debug)]
pub struct Window {
    /// Positions in the series.
    pub points: Vec<usize>,
    /// The last cool-down point after them.
    pub cooldown: Option<usize>,
    /// What growth is per.
    pub per: Axis,
    /// Where each point lies on that axis: requests since the program's start, seconds since the
    /// watch began, or a running number.
    pub x: Vec<f64>,
    /// The load between each point and the next.
    pub loads: Vec<Option<Load>>,
    /// Seconds from the first point to the last.
    pub seconds: f64,
    /// Seconds from the last point to the cool-down.
    pub cooldown_seconds: f64,
}

impl Window {
    /// The window of the points in `life`, which one process lived through.
    pub fn new(points: &[Point], life: Range<usize>) -> (Window, Vec<Problem>) {
        let mut problems = Vec::new();
        let (mut ordered, backwards) = in_order(points);
        ordered.retain(|(index, _)| life.contains(index));
        if points.is_empty() {
            problems.push(Problem::NoSnapshots);
        }
        if backwards > 0 {
            problems.push(Problem::Backwards {
                snapshots: backwards,
            });
        }
        let stage = |stage: Stage| {
            ordered
                .iter()
                .filter(move |(_, point)| point.stage == stage)
        };
        let rounds: Vec<(usize, Point)> = stage(Stage::Round).copied().collect();
        let mut used: Vec<(usize, Point)> = Vec::with_capacity(rounds.len() + 1);
        let first_round = rounds.first().map_or(usize::MAX, |&(index, _)| index);
        used.extend(
            stage(Stage::Warmup)
                .rfind(|(index, _)| *index < first_round)
                .copied(),
        );
        used.extend(rounds);
        let last = used.last().copied();
        let cooldown = stage(Stage::Cooldown)
            .rfind(|(index, _)| last.is_none_or(|(last, _)| *index > last))
            .copied();
        if used.is_empty() {
            // A cool-down alone is still a snapshot.
            used.extend(cooldown);
        }
        let cooldown = cooldown.filter(|(index, _)| used.iter().all(|(other, _)| other != index));

        let requests: Option<Vec<f64>> = used
            .iter()
            .map(|(_, point)| point.requests.map(|count| count as f64))
            .collect();
        let seconds: Vec<f64> = used.iter().map(|(_, point)| point.seconds).collect();
        let spans = |x: &[f64]| span(x) > 0.0;
        let (per, x) = match requests.filter(|x| spans(x)) {
            Some(requests) => (Axis::Request, requests),
            None if used.len() < 2 => (Axis::Request, vec![0.0; used.len()]),
            None if spans(&seconds) => {
                problems.push(Problem::NoRequests);
                (Axis::Second, seconds.clone())
            }
            None => {
                problems.push(Problem::NoTime);
                (Axis::Snapshot, (0..used.len()).map(|i| i as f64).collect())
            }
        };
        let window = Window {
            loads: used.iter().skip(1).map(|(_, point)| point.load).collect(),
            seconds: span(&seconds),
            cooldown_seconds: match (last, cooldown) {
                (Some((_, last)), Some((_, cooldown))) => cooldown.seconds - last.seconds,
                _ => 0.0,
            },
            points: used.iter().map(|&(index, _)| index).collect(),
            cooldown: cooldown.map(|(index, _)| index),
            per,
            x,
        };
        (window, problems)
    }

    /// The same window over the points that saw the heap.
    pub fn of_heap(&self, points: &[Point]) -> Window {
        let has_heap = |point: usize| points.get(point).is_some_and(|point| point.has_heap);
        let kept: Vec<usize> = (0..self.points.len())
            .filter(|&at| self.points.get(at).is_some_and(|&point| has_heap(point)))
            .collect();
        let pick = |at: &usize| Some((*self.points.get(*at)?, *self.x.get(*at)?));
        let (points, x) = kept.iter().filter_map(pick).unzip();
        let between = kept.iter().zip(kept.iter().skip(1));
        Window {
            points,
            x,
            // The load of several rounds together is known only where they agree.
            loads: between
                .map(|(&from, &to)| {
                    let loads = self.loads.get(from..to).unwrap_or(&[]);
                    loads
                        .first()
                        .copied()
                        .flatten()
                        .filter(|load| loads.iter().all(|other| *other == Some(*load)))
                })
                .collect(),
            cooldown: self.cooldown.filter(|&point| has_heap(point)),
            ..self.clone()
        }
    }

    /// Snapshots less one.
    pub fn rounds(&self) -> usize {
        self.points.len().saturating_sub(1)
    }

    /// How far the axis goes; more than 0 whenever there are two points.
    pub fn span(&self) -> f64 {
        span(&self.x)
    }
}

fn span(x: &[f64]) -> f64 {
    match (x.first(), x.last()) {
        (Some(first), Some(last)) => last - first,
        _ => 0.0,
    }
}

/// The points whose time and requests do not go backwards, and how many others there are.
fn in_order(points: &[Point]) -> (Vec<(usize, Point)>, u32) {
    let mut kept: Vec<(usize, Point)> = Vec::with_capacity(points.len());
    let mut backwards = 0;
    let (mut seconds, mut requests) = (f64::NEG_INFINITY, 0);
    for (index, point) in points.iter().enumerate() {
        let later = point.seconds.is_finite()
            && point.seconds.abs() < 1e15
            && point.seconds >= seconds
            && point.requests.is_none_or(|count| count >= requests);
        if later {
            seconds = point.seconds;
            requests = point.requests.unwrap_or(requests);
            // Clocks tell nanoseconds; less apart than that is no time at all.
            let nanoseconds = (point.seconds * 1e9).round();
            let point = Point {
                seconds: nanoseconds / 1e9,
                ..*point
            };
            kept.push((index, point));
        } else {
            backwards += 1;
        }
    }
    (kept, backwards)
}
