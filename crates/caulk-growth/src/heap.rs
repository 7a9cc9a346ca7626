//! The figures of one stack over a window.

use crate::counting::{Counts, Track, sampled_count, sampling_probability};
use crate::growth::{Estimate, Metric};
use crate::interval::Known;
use crate::series::{Bucket, Sampling, Stack};
use crate::stats::{random_walk_inflation, theil_sen};
use crate::window::Window;

/// Sampled objects of growth below which the slope is (last − first) / span: with many equal values the
/// median of pairs is too low.
const FEW_OBJECTS: f64 = 10.0;

/// An estimated quantity at each point, with the variances that counting gives it.
#[derive(Clone, Debug, Default)]
pub struct Quantity {
    pub values: Vec<f64>,
    first_variance: f64,
    last_variance: f64,
    /// Of last less first, by counting.
    counting_variance: f64,
    /// The part of it that the sampling alone makes: nothing where every object is recorded.
    sampling_variance: f64,
    /// What one sampled object stands for, of those that count most.
    event: f64,
}

/// One stack, or all of them, over a window.
#[derive(Clone, Debug, Default)]
pub struct HeapFacts {
    /// Sampled objects.
    pub track: Track,
    pub objects: Quantity,
    pub bytes: Quantity,
    /// Mean chance of an object to be sampled, over its buckets by sampled objects.
    pub probability: f64,
    /// Sampled objects at the cool-down point less those at the first; `None` without one.
    pub cooldown_growth: Option<f64>,
}

/// Growth in sampled objects up to the last point under load and up to the cool-down.
#[derive(Clone, Copy, Debug, Default)]
pub struct Held {
    growth: f64,
    /// `None` without a cool-down.
    cooldown_growth: Option<f64>,
}

impl Held {
    pub fn sum<'a>(stacks: impl Iterator<Item = &'a Held>) -> Held {
        stacks.fold(Held::default(), |sum, stack| Held {
            growth: sum.growth + stack.growth,
            cooldown_growth: match (sum.cooldown_growth, stack.cooldown_growth) {
                (Some(sum), Some(stack)) => Some(sum + stack),
                (sum, stack) => sum.or(stack),
            },
        })
    }

    /// Share of the growth that the cool-down still found, 0 to 1.
    pub fn share(&self) -> Option<f64> {
        (self.growth > 0.0).then(|| Some((self.cooldown_growth? / self.growth).clamp(0.0, 1.0)))?
    }
}

impl HeapFacts {
    pub fn of_stack(stack: &Stack, window: &Window, sampling: Sampling) -> HeapFacts {
        let mut facts = HeapFacts::default();
        let (mut expected, mut sampled) = (0.0, 0.0);
        let mut cooldown_growth = 0.0;
        for bucket in &stack.buckets {
            let size = object_bytes(bucket);
            let p = sampling_probability(size, sampling);
            let counts = Counts::of(bucket);
            let track = Track::of_counts(&counts, p, &window.points, &window.x);
            facts.track.add(&track);
            let at = |values: &[i64], point: usize| values.get(point).copied().unwrap_or(0).max(0);
            let values = |values: &[i64]| -> Vec<f64> {
                window
                    .points
                    .iter()
                    .map(|&point| at(values, point) as f64)
                    .collect()
            };
            // Where nothing was left to chance the level is exact.
            let level_share = if p > 0.999 { 0.0 } else { 1.0 };
            let counted = track.counting_variance();
            let (first, last) = (track.y.first(), track.y.last());
            let add = |quantity: &mut Quantity, values: Vec<f64>, each: f64| {
                quantity.add(&Quantity {
                    values,
                    first_variance: level_share * first.copied().unwrap_or(0.0) * each * each,
                    last_variance: level_share * last.copied().unwrap_or(0.0) * each * each,
                    counting_variance: counted * each * each,
                    sampling_variance: counted * (1.0 - p) * each * each,
                    event: each,
                });
            };
            add(&mut facts.objects, values(&counts.objects), 1.0 / p);
            add(&mut facts.bytes, values(&counts.bytes), size / p);
            let weight = track.y.iter().sum::<f64>();
            (expected, sampled) = (expected + p * weight, sampled + weight);
            if let Some(point) = window.cooldown {
                let held = sampled_count(at(&counts.objects, point), p);
                cooldown_growth += held - first.copied().unwrap_or(0.0);
            }
        }
        facts.probability = if sampled > 0.0 {
            expected / sampled
        } else {
            1.0
        };
        facts.cooldown_growth = window.cooldown.map(|_| cooldown_growth);
        facts
    }

    /// Adds another stack: counts add, and so do variances, since stacks are sampled independently.
    pub fn add(&mut self, other: &HeapFacts) {
        self.track.add(&other.track);
        self.objects.add(&other.objects);
        self.bytes.add(&other.bytes);
        if let Some(other) = other.cooldown_growth {
            self.cooldown_growth = Some(self.cooldown_growth.unwrap_or(0.0) + other);
        }
    }

    /// The growth, and what of it the cool-down found.
    pub fn held(&self) -> Held {
        Held {
            growth: self.track.growth(),
            cooldown_growth: self.cooldown_growth,
        }
    }

    /// `even` is whether to take the Theil–Sen slope; a staircase's slope is that from end to end.
    pub fn metrics(&self, counts_lost: bool, even: bool, p: f64) -> (Metric, Metric) {
        let even = even && (counts_lost || self.track.growth().abs() >= FEW_OBJECTS);
        let metric = |quantity: &Quantity| quantity.metric(&self.track, counts_lost, even, p);
        (metric(&self.objects), metric(&self.bytes))
    }
}

impl Quantity {
    fn add(&mut self, other: &Quantity) {
        if self.values.is_empty() {
            self.values.clone_from(&other.values);
        } else {
            self.values
                .iter_mut()
                .zip(&other.values)
                .for_each(|(mine, theirs)| *mine += theirs);
        }
        self.first_variance += other.first_variance;
        self.last_variance += other.last_variance;
        self.counting_variance += other.counting_variance;
        self.sampling_variance += other.sampling_variance;
        self.event = self.event.max(other.event);
    }

    /// Last less first.
    pub fn growth(&self) -> f64 {
        self.values.last().copied().unwrap_or(0.0) - self.values.first().copied().unwrap_or(0.0)
    }

    /// The variance of the growth as an estimate: that of counting, with the scatter of the increments
    /// about an even growth (the lack of fit), never less than what sampling alone leaves.
    ///
    /// Each degree of freedom of the scatter weighs as much as the counting: a moderated dispersion
    /// (as in [`Track::p_of_growth`]) with a prior of one degree.
    fn growth_variance(&self, x: &[f64]) -> f64 {
        let track = Track {
            x: x.to_vec(),
            y: self.values.clone(),
            ..Track::default()
        };
        let (span, growth) = (track.span(), self.growth());
        let degrees = x.len() as f64 - 2.0;
        if degrees < 1.0 || span <= 0.0 {
            return self.counting_variance;
        }
        let squares: f64 = track
            .increments()
            .filter(|&(dx, _)| dx > 0.0)
            .map(|(dx, dy)| (dy - dx / span * growth).powi(2) * span / dx)
            .sum();
        ((self.counting_variance + squares) / (1.0 + degrees)).max(self.sampling_variance)
    }

    fn metric(&self, track: &Track, counts_lost: bool, even: bool, p: f64) -> Metric {
        let estimate = |value: f64, error: f64, known: Known, event: f64, samples: f64| {
            if counts_lost {
                return Estimate::of_lost_counts(value);
            }
            Estimate::new(value, error, known, event, samples.max(0.0) as u64)
        };
        let level = |value: Option<&f64>, variance: f64, samples: Option<&f64>| {
            let value = value.copied().unwrap_or(0.0);
            let (error, samples) = (variance.max(0.0).sqrt(), samples.copied().unwrap_or(0.0));
            estimate(value, error, Known::ByCounting, 0.0, samples)
        };
        let span = track.span();
        let rate = if span <= 0.0 {
            estimate(0.0, 0.0, Known::ByCounting, 0.0, 0.0)
        } else {
            let (value, inflation) = match even {
                true => (
                    theil_sen(&track.x, &self.values),
                    random_walk_inflation(self.values.len()),
                ),
                false => (self.growth() / span, 1.0),
            };
            let variance = self.growth_variance(&track.x);
            let error = (variance.max(0.0) * inflation).sqrt() / span;
            let known = match self.values.len() {
                0..=2 => Known::ByCounting,
                // Those of the scatter and the one of counting.
                points => Known::FromScatter {
                    degrees: points as f64 - 1.0,
                },
            };
            estimate(value, error, known, self.event / span, track.growth())
        };
        Metric {
            first: level(self.values.first(), self.first_variance, track.y.first()),
            last: level(self.values.last(), self.last_variance, track.y.last()),
            rate,
            p,
        }
    }
}

/// The size of one object: as given, else from the point with most of them.
fn object_bytes(bucket: &Bucket) -> f64 {
    if bucket.object_bytes > 0 {
        return bucket.object_bytes as f64;
    }
    let most = bucket
        .objects
        .iter()
        .zip(&bucket.bytes)
        .max_by_key(|(objects, _)| *objects);
    match most {
        Some((objects, bytes)) if objects > 0 && bytes > 0 => bytes as f64 / objects as f64,
        _ => 1.0,
    }
}
