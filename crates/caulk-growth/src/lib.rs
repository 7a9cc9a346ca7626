//! What grows, how fast, how sure, what grows together, per request. Plain numbers in, plain numbers
//! out: knows nothing of where profiles come from, of Go, of files or of processes.
//!
//! The way in is [`analyze`]; a hunt asks [`sure_enough`] after every round; the proof of a fix is
//! [`compare`]. Nothing here fails or panics, every number that comes out is finite, and the same
//! series gives the same answer.
//!
//! How sure: of simulated programs that do not leak 1 in 250 is called a leak; of leaks that have grown
//! by five times their sampling error 99 in 100 are found, from three rounds on; intervals of 95 % hold the
//! truth 9 times in 10 and more at any number of rounds. `tests/simulated` measures it and prints the tables.

mod analyze;
mod cluster;
mod compare;
mod cooldown;
mod counting;
mod decide;
mod growth;
mod heap;
mod interval;
mod judge;
mod options;
mod restart;
mod series;
mod shape;
mod stats;
mod totals;
mod values;
mod window;

pub use analyze::analyze;
pub use compare::{Comparison, MetricComparison, Outcome, ScalarComparison, compare};
pub use decide::{Decision, NeedMore, sure_enough};
pub use growth::{
    Axis, Cluster, Cooldown, CooldownReason, Estimate, Finding, Growth, Metric, Problem,
    ScalarGrowth, StackGrowth, Verdict, Veto,
};
pub use interval::Interval;
pub use options::Options;
pub use restart::longest_life;
pub use series::{
    Bucket, JoinKey, Load, Point, Sampling, Scalar, ScalarId, ScalarKind, Series, Stack, StackId,
    Stage,
};
pub use totals::{Grown, Total, TotalGrowth, TotalId, analyze_totals};
pub use values::Values;
