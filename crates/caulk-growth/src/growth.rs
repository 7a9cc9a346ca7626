//! The output: what grew, how fast, how sure.

use serde::Serialize;

use crate::interval::{Interval, Known};
use crate::series::{JoinKey, ScalarId, ScalarKind, StackId};

/// What a series shows. Every number in it is finite.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Growth {
    /// The word for it; `None` when there was no snapshot to judge.
    pub verdict: Option<Verdict>,
    /// What "per" means in every rate below.
    pub per: Axis,
    /// How many requests (seconds, snapshots) the rates were measured over.
    pub span: f64,
    /// Seconds from the first to the last snapshot used, cool-down not included.
    pub watched_seconds: f64,
    /// Rounds used: one less than the snapshots.
    pub rounds: u32,
    /// Live heap bytes.
    pub heap_bytes: Metric,
    /// Live heap objects.
    pub heap_objects: Metric,
    /// Each scalar of the series, in its order.
    pub scalars: Vec<ScalarGrowth>,
    /// Each stack whose objects changed, or, from one snapshot, that holds any: the largest growth in
    /// bytes first.
    pub stacks: Vec<StackGrowth>,
    /// What grows together, largest first. Made of the stacks and scalars that are leaking, or, when
    /// none is, of those that are growing or grew.
    pub clusters: Vec<Cluster>,
    /// The growth of heap bytes per [`Axis`] that would have been seen nine times in ten; `None` when
    /// nothing can be said (fewer than two snapshots, unknown sampling).
    pub smallest_visible_bytes: Option<f64>,
    /// What happened to the growth after the load ended, where a cool-down was captured.
    pub cooldown: Option<Cooldown>,
    /// Why a cool-down capture would decide; empty when the verdict does not hang on one.
    pub cooldown_reasons: Vec<CooldownReason>,
    /// What was wrong with the input.
    pub problems: Vec<Problem>,
}

impl Growth {
    /// A rate of this growth as one per second, by how long the watch was; `None` where that is not
    /// known.
    #[must_use]
    pub fn per_second(&self, rate: &Estimate) -> Option<Estimate> {
        match self.per {
            Axis::Second => Some(*rate),
            Axis::Request if self.watched_seconds > 0.0 => {
                Some(rate.times(self.span / self.watched_seconds))
            }
            _ => None,
        }
    }
}

/// The word for what was seen. It holds for the time that was watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Nothing grows, or what grew has stopped growing.
    Steady,
    /// One or two snapshots: more is held than before, but a warm-up would look the same.
    Grew,
    /// Something grows, and it is not sure that it will go on.
    Growing,
    /// Something grows with the load, round after round.
    Leak,
}

/// What rates are per.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Axis {
    /// Per completed request.
    Request,
    /// Per second, where requests are unknown or there were none.
    Second,
    /// Per snapshot, where the times are equal too.
    Snapshot,
}

/// A value with its error.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Estimate {
    /// The value.
    pub value: f64,
    /// Its standard error; `None` where counts are lost.
    pub error: Option<f64>,
    /// Where the truth lies with 95 % confidence: by counting, or from how the increments scatter, and
    /// wider than 1.96 standard errors where those are few. `None` where counts are lost.
    pub interval: Option<Interval>,
    /// How many counted or sampled objects it rests on.
    pub samples: u64,
}

impl Estimate {
    /// A value that is known without error.
    pub(crate) fn exact(value: f64, samples: u64) -> Estimate {
        Estimate::new(value, 0.0, Known::ByCounting, 0.0, samples)
    }

    /// A value with its standard error; see [`Interval::new`].
    pub(crate) fn new(value: f64, error: f64, known: Known, event: f64, samples: u64) -> Estimate {
        Estimate {
            value,
            error: Some(error),
            interval: Some(Interval::new(value, error, known, event)),
            samples,
        }
    }

    /// A value of which counts, and so the error, are lost.
    pub(crate) fn of_lost_counts(value: f64) -> Estimate {
        Estimate {
            value,
            ..Estimate::default()
        }
    }

    /// Another value with the same error.
    pub(crate) fn moved_to(&self, value: f64) -> Estimate {
        let by = value - self.value;
        Estimate {
            value,
            interval: self.interval.map(|Interval { low, high }| Interval {
                low: low + by,
                high: high + by,
            }),
            ..*self
        }
    }

    /// The same in another unit.
    #[must_use]
    pub fn times(&self, factor: f64) -> Estimate {
        Estimate {
            value: self.value * factor,
            error: self.error.map(|error| error * factor.abs()),
            interval: self.interval.map(|Interval { low, high }| {
                let (low, high) = (low * factor, high * factor);
                Interval {
                    low: low.min(high),
                    high: low.max(high),
                }
            }),
            samples: self.samples,
        }
    }
}

/// One figure over the series.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Metric {
    /// At the first snapshot used.
    pub first: Estimate,
    /// At the last snapshot under load.
    pub last: Estimate,
    /// Growth per [`Axis`].
    pub rate: Estimate,
    /// The probability of a growth like this, or a larger one, where nothing grows; 1 when there is no
    /// growth, or no way to tell.
    pub p: f64,
}

/// The growth of one scalar.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ScalarGrowth {
    /// The caller's name.
    pub id: ScalarId,
    /// What it counts.
    pub kind: ScalarKind,
    /// The figures; `None` when it was measured fewer than two times.
    pub metric: Option<Metric>,
    /// Whether it leaks.
    pub finding: Finding,
}

/// The growth of one stack.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StackGrowth {
    /// The caller's name.
    pub id: StackId,
    /// Live objects.
    pub objects: Metric,
    /// Live bytes.
    pub bytes: Metric,
    /// Share of the growth of all growing stacks, 0 to 1.
    pub share: f64,
    /// Whether it leaks.
    pub finding: Finding,
}

/// What is made of one stack or scalar.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Finding {
    /// The word for it.
    pub verdict: Verdict,
    /// The false-discovery rate at which this growth is called one (Benjamini–Hochberg), 0 to 1.
    pub q: f64,
    /// Exactly this many objects per request in every round.
    pub exactly: Option<u32>,
    /// Why it is not called a leak although it grew.
    pub vetoes: Vec<Veto>,
    /// Share of the growth that a cool-down still found, where there was one.
    pub still_held: Option<f64>,
}

/// Why growth is not called a leak.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Veto {
    /// Too few rounds to tell a leak from a warm-up.
    FewRounds,
    /// Below the size that matters.
    Small,
    /// Could be chance.
    Chance,
    /// Goes up and down.
    NoTrend,
    /// Slower in the second half than in the first.
    Slowing,
    /// Stopped before the end.
    Plateau,
    /// Grew by steps, and too few of them to say that another follows.
    FewSteps,
    /// Grows only while requests differ: a cache that fills would too.
    OnlyVaried,
    /// Fell back when the load ended.
    Released,
    /// Kept to be used again, and grows with the most that were needed at once.
    Reused,
}

/// Stacks and scalars that grow together: one resource.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Cluster {
    /// The stack that stands for it: the one with most bytes. `None` when it has only scalars.
    pub representative: Option<StackId>,
    /// Its stacks, the largest first.
    pub stacks: Vec<StackId>,
    /// Its scalars, in the series' order.
    pub scalars: Vec<ScalarId>,
    /// The key its members share, where the caller gave one.
    pub join: Option<JoinKey>,
    /// How many of the resource per [`Axis`]: the rate that its members' rates are multiples of.
    pub resources: Estimate,
    /// Heap objects per [`Axis`], of all members.
    pub objects: Estimate,
    /// Heap bytes per [`Axis`], of all members.
    pub bytes: Estimate,
    /// Exactly this many of the resource per request in every round.
    pub exactly: Option<u32>,
    /// The word for it: the strongest of its members'.
    pub verdict: Verdict,
}

/// What a cool-down capture found.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Cooldown {
    /// Seconds between the last snapshot under load and the last cool-down snapshot.
    pub seconds: f64,
    /// Share of the growth of the stacks with the surest verdict that was still held, 0 to 1; of the whole
    /// heap where there are none, and `None` when that had not grown.
    pub still_held: Option<f64>,
}

/// Why a cool-down capture would decide.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CooldownReason {
    /// What leaks is known to die by a clock.
    MayExpire,
    /// The growth is small: timers of a few hundred bytes a request look like this.
    SmallGrowth,
    /// Nothing that leaks does so regularly, such as an exact number per request.
    NotRegular,
}

/// What was wrong with the input.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Problem {
    /// No snapshot at all.
    NoSnapshots,
    /// Requests were not known at every snapshot, or did not change: rates are per second.
    NoRequests,
    /// Neither requests nor time changed: rates are per snapshot.
    NoTime,
    /// Time or requests went backwards at this many snapshots, which were left out.
    Backwards {
        /// How many.
        snapshots: u32,
    },
    /// The program was started anew this often: growth is that of the process that was watched longest.
    Restarted {
        /// How often.
        restarts: u32,
        /// How many snapshots are of the other processes.
        snapshots: u32,
    },
    /// The sampling rate is unknown: there are no errors, and nothing can be called a leak by its heap.
    CountsLost,
}
