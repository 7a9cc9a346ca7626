//! What was counted: sampled objects recovered from the profile's estimates, and the error and the
//! test that follow from counting.

use crate::series::{Bucket, Sampling};
use crate::stats::{fair_binomial_tail, student_tail};

/// Degrees of freedom of the prior for the dispersion in a test; see [`Track::p_of_growth`].
const PRIOR_DEGREES: f64 = 4.0;

/// The same of what was only ever seen to come, and hardly to go.
const PRIOR_DEGREES_OF_KEPT: f64 = 40.0;

/// The share of what came that may have gone where things are kept.
const KEPT: f64 = 0.05;

/// The chance that an object of this size is sampled: 1 − e^(−size/rate), since the runtime samples
/// allocated bytes as a Poisson process (`scaleHeapSample` in Go's `runtime/pprof/protomem.go`).
/// 1 where every object is recorded.
pub fn sampling_probability(object_bytes: f64, sampling: Sampling) -> f64 {
    match sampling {
        Sampling::EveryBytes(rate) if rate > 1 => {
            let p = -(-object_bytes.max(1.0) / rate as f64).exp_m1();
            // One object sampled in 10^9 is beyond any profile, and its inverse must stay finite.
            p.clamp(1e-9, 1.0)
        }
        _ => 1.0,
    }
}

/// The sampled objects behind an estimate. The runtime stores ⌊k / p⌋, so k is the one integer in
/// [n p, n p + p).
pub fn sampled_count(objects: i64, probability: f64) -> f64 {
    (objects.max(0) as f64 * probability - 1e-6).ceil().max(0.0)
}

/// The values of a [`Bucket`], point by point, for as long as its stack is looked at.
pub struct Counts {
    /// [`Bucket::objects`].
    pub objects: Vec<i64>,
    /// [`Bucket::bytes`].
    pub bytes: Vec<i64>,
    /// [`Bucket::allocated_objects`].
    pub allocated_objects: Vec<i64>,
}

impl Counts {
    pub fn of(bucket: &Bucket) -> Counts {
        Counts {
            objects: bucket.objects.iter().collect(),
            bytes: bucket.bytes.iter().collect(),
            allocated_objects: bucket.allocated_objects.iter().collect(),
        }
    }
}

/// Events counted at each point of a window: sampled objects of a stack, or a scalar.
#[derive(Clone, Debug, Default)]
pub struct Track {
    /// Where the points lie.
    pub x: Vec<f64>,
    /// The count at each.
    pub y: Vec<f64>,
    /// The variance of each increment where nothing grows and events are independent.
    pub increment_variance: Vec<f64>,
    /// The same of the whole growth, last less first. Less than the sum of the increments' where
    /// objects come and go: the growth cannot vary more than the levels at its ends do.
    pub growth_variance: f64,
    /// How many came and how many went over the window, where the profile says how much was allocated.
    pub turnover: Option<Turnover>,
}

/// Events that came and that went.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Turnover {
    pub came: f64,
    pub went: f64,
}

/// What came and went between two points, when the profile says how much was allocated.
fn turnover(allocated: (f64, f64), live: (f64, f64)) -> Option<Turnover> {
    let came = allocated.1 - allocated.0;
    let went = came - (live.1 - live.0);
    (came >= 0.0 && went >= 0.0).then_some(Turnover { came, went })
}

impl Turnover {
    fn add(self, other: Turnover) -> Turnover {
        Turnover {
            came: self.came + other.came,
            went: self.went + other.went,
        }
    }

    fn all(self) -> f64 {
        self.came + self.went
    }
}

impl Track {
    /// The sampled objects of one bucket at the points of a window.
    ///
    /// Under the hypothesis that nothing grows, the variance of an increment is at most that of two
    /// independent counts, k₁ + k₂, and, where the profile says how many objects were allocated, at most
    /// the number that came plus the number that went. The smaller one is used: objects that merely
    /// stay add no variance.
    pub fn of_counts(counts: &Counts, probability: f64, points: &[usize], x: &[f64]) -> Track {
        let at = |values: &[i64], point: usize| {
            sampled_count(values.get(point).copied().unwrap_or(0), probability)
        };
        let live: Vec<f64> = points
            .iter()
            .map(|&point| at(&counts.objects, point))
            .collect();
        let allocated: Option<Vec<f64>> = (!counts.allocated_objects.is_empty()).then(|| {
            points
                .iter()
                .map(|&point| at(&counts.allocated_objects, point))
                .collect()
        });
        let turned_over: Vec<Option<Turnover>> = match &allocated {
            Some(allocated) => pairs(allocated)
                .zip(pairs(&live))
                .map(|(a, l)| turnover(a, l))
                .collect(),
            None => vec![None; live.len().saturating_sub(1)],
        };
        let bounded = |levels: f64, turned_over: Option<Turnover>| match turned_over {
            Some(turned_over) => levels.min(turned_over.all()),
            None => levels,
        };
        let in_all = turned_over
            .iter()
            .copied()
            .try_fold(Turnover::default(), |sum, part| Some(sum.add(part?)));
        let ends = live.first().copied().unwrap_or(0.0) + live.last().copied().unwrap_or(0.0);
        Track {
            increment_variance: pairs(&live)
                .zip(&turned_over)
                .map(|((before, after), &turned_over)| bounded(before + after, turned_over))
                .collect(),
            growth_variance: bounded(ends, in_all),
            turnover: in_all,
            x: x.to_vec(),
            y: live,
        }
    }

    /// A figure that was counted exactly. What is there at two points is the same things as far as it is
    /// the same number: the variance is that of the changes seen.
    pub fn of_scalar(x: Vec<f64>, y: Vec<f64>) -> Track {
        let changes: Vec<f64> = pairs(&y)
            .map(|(before, after)| (after - before).abs())
            .collect();
        Track {
            growth_variance: changes.iter().sum(),
            increment_variance: changes,
            turnover: None,
            x,
            y,
        }
    }

    /// Adds the events of another track over the same points.
    pub fn add(&mut self, other: &Track) {
        if self.y.is_empty() {
            self.clone_from(other);
            return;
        }
        let sum = |mine: &mut Vec<f64>, theirs: &[f64]| {
            mine.iter_mut()
                .zip(theirs)
                .for_each(|(mine, theirs)| *mine += theirs);
        };
        sum(&mut self.y, &other.y);
        sum(&mut self.increment_variance, &other.increment_variance);
        self.growth_variance += other.growth_variance;
        self.turnover = self.turnover.zip(other.turnover).map(|(a, b)| a.add(b));
    }

    /// Last less first.
    pub fn growth(&self) -> f64 {
        self.y.last().copied().unwrap_or(0.0) - self.y.first().copied().unwrap_or(0.0)
    }

    /// From the first point to the last.
    pub fn span(&self) -> f64 {
        self.x.last().copied().unwrap_or(0.0) - self.x.first().copied().unwrap_or(0.0)
    }

    /// Each increment with the axis it covers.
    pub fn increments(&self) -> impl Iterator<Item = (f64, f64)> {
        pairs(&self.x)
            .zip(pairs(&self.y))
            .map(|((x1, x2), (y1, y2))| (x2 - x1, y2 - y1))
    }

    /// How much more the increments scatter around an even growth than counting explains: Pearson's
    /// χ² per degree of freedom (McCullagh and Nelder, Generalized Linear Models, 2nd ed., 4.5), with
    /// the degrees. 1 is a Poisson process, 0 a clock.
    pub fn dispersion(&self) -> (f64, f64) {
        let degrees = self.y.len() as f64 - 2.0;
        let span = self.span();
        if degrees < 1.0 || span <= 0.0 {
            return (1.0, 0.0);
        }
        // Counting needs at least one event to scatter.
        let variance = self.increment_variance.iter().sum::<f64>().max(1.0);
        let growth = self.growth();
        let chi_squared: f64 = self
            .increments()
            .filter(|&(dx, _)| dx > 0.0)
            .map(|(dx, dy)| {
                let share = dx / span;
                let off = dy - share * growth;
                // Not the rounding of the product.
                let off = if off.abs() < 1e-9 * growth.abs() {
                    0.0
                } else {
                    off
                };
                off * off / (share * variance)
            })
            .sum();
        (chi_squared / degrees, degrees)
    }

    /// The probability of this growth or a larger one where nothing grows. 1 for no growth.
    ///
    /// Two bounds, the larger of which counts. *Exact*: of all events that came or went, how
    /// many came is Binomial(n, 1/2) (the conditional test of two Poisson counts, Przyborowski and
    /// Wilenski, Biometrika 31, 1940). *Over-dispersed*: Student's t of the growth with the
    /// dispersion of the increments, moderated by a prior of four degrees of freedom at 1
    /// (Smyth, Stat. Appl. Genet. Mol. Biol. 3, 2004, with the prior fixed): with three to eight
    /// rounds the increments alone would say too little. What comes and goes varies with the load of the
    /// moment, and so its dispersion is doubted; what comes and stays has only the counting to vary by, and
    /// the prior holds with forty degrees, unless the increments themselves contradict it.
    pub fn p_of_growth(&self) -> f64 {
        let growth = self.growth();
        if growth <= 0.0 {
            return 1.0;
        }
        let variance = self.growth_variance.max(growth);
        let exact = fair_binomial_tail(0.5 * (variance + growth), variance);
        let (dispersion, degrees) = self.dispersion();
        if degrees < 1.0 {
            return exact;
        }
        let prior = match self.is_kept() && dispersion <= believable_dispersion(degrees) {
            true => PRIOR_DEGREES_OF_KEPT,
            false => PRIOR_DEGREES,
        };
        let moderated = (prior + degrees * dispersion) / (prior + degrees);
        let t = growth / (moderated * variance).sqrt();
        exact.max(student_tail(t, prior + degrees))
    }

    /// Whether what came stayed, as far as the profile says.
    pub fn is_kept(&self) -> bool {
        let kept = |turnover: Turnover| turnover.went <= KEPT * turnover.came;
        self.turnover.is_some_and(kept)
    }

    /// Whether nearly all that grew came in one of several rounds, where even growth would have done so
    /// once in eight times or less.
    pub fn happened_once(&self) -> bool {
        let growth = self.growth();
        let rounds = self.y.len().saturating_sub(1) as f64;
        let largest = self.increments().map(|(_, dy)| dy).fold(0.0, f64::max);
        growth > 0.0 && largest >= 0.8 * growth && rounds.powf(1.0 - growth) <= 0.125
    }

    /// The variance that counting gives the growth as an estimate of what the program does: the objects
    /// that leak stay sampled, so increments are independent and their variances add, relative 1/√k for
    /// k sampled objects of growth. What came and went in between counts too.
    pub fn counting_variance(&self) -> f64 {
        let moved: f64 = self.increments().map(|(_, dy)| dy.abs()).sum();
        if self.growth_variance > 0.0 {
            self.growth_variance.min(moved)
        } else {
            moved
        }
    }

    /// The integer number of events per unit of the axis that every increment keeps to, if there is
    /// one and no other number could be mistaken for it.
    ///
    /// `probability` is the chance of an event to be counted. An increment may be off by 2 % or one
    /// event (what is in flight at a capture), and by 2.6 standard errors of the sampling.
    pub fn exactly(&self, probability: f64) -> Option<u32> {
        let span = self.span();
        if self.y.len() < 4 || span <= 0.0 {
            return None;
        }
        let per = (self.growth() / (span * probability)).round();
        if !(1.0..=1e6).contains(&per) {
            return None;
        }
        let keeps = self
            .increments()
            .filter(|&(dx, _)| dx > 0.0)
            .all(|(dx, dy)| {
                let expected = per * dx * probability;
                let slack = (0.02 * expected).max(1.0)
                    + 2.6 * (expected * (1.0 - probability)).max(0.0).sqrt();
                (dy - expected).abs() <= slack && slack <= 0.15 * expected
            });
        keeps.then_some(per as u32)
    }
}

/// The dispersion that counting alone exceeds once in a hundred: the 99 % point of χ² per degree
/// (Wilson and Hilferty, PNAS 17, 1931).
fn believable_dispersion(degrees: f64) -> f64 {
    let spread = 2.0 / (9.0 * degrees);
    (1.0 - spread + 2.326 * spread.sqrt()).powi(3)
}

fn pairs(values: &[f64]) -> impl Iterator<Item = (f64, f64)> {
    values.iter().copied().zip(values.iter().copied().skip(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sampled_count_survives_the_profile() {
        for rate in [4096u64, 524_288] {
            for size in [16.0, 64.0, 1000.0, 4096.0, 65_536.0, 1_048_576.0] {
                let p = sampling_probability(size, Sampling::EveryBytes(rate));
                for k in [0u32, 1, 2, 3, 17, 97, 500, 1000] {
                    let stored = (f64::from(k) / p) as i64;
                    assert_eq!(sampled_count(stored, p), f64::from(k), "{rate} {size} {k}");
                }
            }
        }
    }

    #[test]
    fn two_sampled_buffers_and_ninety_seven_are_not_chance() {
        let track = Track {
            x: vec![5.0, 505.0],
            y: vec![2.0, 97.0],
            increment_variance: vec![99.0],
            growth_variance: 99.0,
            turnover: None,
        };
        assert!(track.p_of_growth() < 1e-20);
    }

    #[test]
    fn one_step_is_less_certain_than_even_growth() {
        let track = |y: [f64; 6]| Track::of_scalar((0..6).map(f64::from).collect(), y.to_vec());
        let even = track([0.0, 10.0, 20.0, 30.0, 40.0, 50.0]).p_of_growth();
        let step = track([0.0, 0.0, 0.0, 50.0, 50.0, 50.0]).p_of_growth();
        assert!(even < 1e-4 && step > 0.05, "{even} {step}");
    }

    #[test]
    fn exactly_one_per_request_is_recognised_and_nearly_one_is_not() {
        let x = vec![50.0, 120.0, 210.0, 290.0, 400.0];
        let track =
            |per: f64| Track::of_scalar(x.clone(), x.iter().map(|x| per * x + 7.0).collect());
        assert_eq!(track(1.0).exactly(1.0), Some(1));
        assert_eq!(track(5.0).exactly(1.0), Some(5));
        assert_eq!(track(0.5).exactly(1.0), None);
        assert_eq!(track(1.2).exactly(1.0), None);
    }
}
