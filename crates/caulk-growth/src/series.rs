//! The input: plain numbers, snapshot by snapshot.

use serde::{Deserialize, Serialize};

use crate::values::Values;

/// One program watched over time.
///
/// `points` are in order of time. Every list of values elsewhere in the series has one value per
/// point, in the same order; a list that is too short counts as zero (unknown for [`Scalar`]) from
/// there on.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Series {
    /// When the snapshots were taken, and how much work had been done by then.
    pub points: Vec<Point>,
    /// How the heap values were sampled.
    pub sampling: Sampling,
    /// The heap, by allocating stack.
    pub stacks: Vec<Stack>,
    /// What was counted exactly: goroutines, descriptors, connections, resident memory.
    pub scalars: Vec<Scalar>,
}

/// One snapshot's place in the series.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// Seconds since the watch began.
    pub seconds: f64,
    /// Requests completed since the program started, warm-up included.
    pub requests: Option<u64>,
    /// What the program was put through before this snapshot.
    pub stage: Stage,
    /// What load it was under; `None` when nobody knows.
    pub load: Option<Load>,
    /// Whether the heap was seen anew. Where it was not (no profile, or a copy of the one before, as a
    /// profile between two collections is), the stacks' values of this point are not used.
    pub has_heap: bool,
}

/// What the program was put through before a snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    /// Before the program is warm. Only the last of these is used, as the baseline.
    Warmup,
    /// After a round of load.
    Round,
    /// Some time after the last load: what expires has had time to.
    Cooldown,
}

/// Whether requests repeat.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Load {
    /// The same request again: a cache keyed by input does not grow.
    Same,
    /// Requests that differ: a cache keyed by input fills.
    Varied,
}

/// How heap values were sampled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Sampling {
    /// One sample per this many allocated bytes on average (`runtime.MemProfileRate`, the profile's
    /// `period`); 0 and 1 mean that every object was recorded.
    EveryBytes(u64),
    /// Merged, averaged or otherwise changed since: counts are lost and no error can be given.
    #[default]
    Unknown,
}

/// The caller's name for a stack; growth only hands it back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct StackId(pub u32);

/// The caller's name for what stacks and goroutine groups have in common, such as the user's line
/// that all of them descend from. Equal keys are one cluster; different keys never are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct JoinKey(pub u32);

/// One allocating stack.
#[derive(Clone, Debug, PartialEq)]
pub struct Stack {
    /// The caller's name for it.
    pub id: StackId,
    /// Its objects by size: the runtime keeps one bucket per stack *and* size.
    pub buckets: Vec<Bucket>,
    /// Its objects are known to die by a clock (a timer, a deadline), so that only a cool-down can
    /// tell whether they leak.
    pub may_expire: bool,
    /// Its objects are kept for the next goroutine when theirs has ended, as the runtime keeps the
    /// descriptors of goroutines and threads: there are as many as were ever needed at once, and each new
    /// peak adds to them. Whether goroutines leak is told by their own number.
    pub is_reused: bool,
    /// What it belongs to, when the caller knows.
    pub join: Option<JoinKey>,
}

/// Objects of one size from one stack, as the profile gives them: estimates already scaled up from
/// the sampled ones.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Bucket {
    /// Bytes of one object (the profile's `bytes` label). 0 when unknown: then bytes / objects.
    pub object_bytes: u64,
    /// Live objects at each point (`inuse_objects`).
    pub objects: Values,
    /// Live bytes at each point (`inuse_space`).
    pub bytes: Values,
    /// Objects allocated up to each point (`alloc_objects`); empty when unknown. With it, how many
    /// were freed between two points is known too, which makes a small leak beside a large steady
    /// base visible.
    pub allocated_objects: Values,
}

/// The caller's name for a scalar; growth only hands it back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ScalarId(pub u32);

/// A figure that was counted, not sampled.
#[derive(Clone, Debug, PartialEq)]
pub struct Scalar {
    /// The caller's name for it.
    pub id: ScalarId,
    /// What is counted.
    pub kind: ScalarKind,
    /// The value at each point; `None` where it was not measured.
    pub values: Vec<Option<f64>>,
    /// Known to end by a clock (a sleep, a deadline), as for [`Stack::may_expire`].
    pub may_expire: bool,
    /// What it belongs to, when the caller knows.
    pub join: Option<JoinKey>,
}

/// What a scalar counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScalarKind {
    /// All goroutines.
    Goroutines,
    /// The goroutines of one stack or one origin.
    GoroutineGroup,
    /// Threads of the system.
    Threads,
    /// Open file descriptors.
    Descriptors,
    /// Open connections.
    Connections,
    /// Resident bytes of the process. Reported, never decisive: resident memory is noisy and lags
    /// (Matias et al., ISSREW 2016, find heap usage the better metric).
    ResidentBytes,
    /// Heap bytes by the runtime's own figure, garbage that is not collected yet included: for a series
    /// without profiles. Never more than growing.
    HeapBytes,
}

impl ScalarKind {
    /// Whether growth of it may decide a verdict.
    pub fn decides(self) -> bool {
        self != ScalarKind::ResidentBytes
    }

    /// Whether it is a size, in bytes.
    pub fn is_bytes(self) -> bool {
        matches!(self, ScalarKind::ResidentBytes | ScalarKind::HeapBytes)
    }
}
