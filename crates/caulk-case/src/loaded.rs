//! A point of a series before its numbers are put side by side.

use caulk_growth::Point;
use caulk_profile::Snapshot;

use crate::case::Metrics;

/// One point with what was read for it.
#[derive(Debug)]
pub struct Loaded {
    pub point: Point,
    pub heap: Option<Snapshot>,
    pub metrics: Metrics,
    /// Goroutines by stack, from a goroutine profile.
    pub goroutine_stacks: Option<Snapshot>,
}
