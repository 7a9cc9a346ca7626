//! What `hunt --format json` and `diagnose --format json` print.

use serde::{Deserialize, Serialize};

use super::check;

/// The version of the shape below.
pub const VERSION: u32 = 1;

/// The whole output.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HuntReport {
    /// [`VERSION`].
    pub version: u32,
    /// What the series says; null where it cannot say: the program died before it was seen to
    /// grow, or most of its requests failed.
    pub verdict: Option<Verdict>,
    /// Why there is no verdict or not a surer one; may be empty.
    pub reason: String,
    /// How the program ended under the load; absent where it did not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub died: Option<Died>,
    /// Growth per request of each quantity that was measured.
    pub growth: Growth,
    /// Requests sent between the first and the last snapshot.
    pub requests: u64,
    /// Snapshots that the verdict rests on.
    pub snapshots: u64,
    /// What was loaded.
    pub routes: Vec<Route>,
    /// Routes the program is known to have that were not loaded.
    pub routes_not_covered: Vec<String>,
    /// Seconds watched, from the first to the last snapshot.
    pub horizon_s: f64,
    /// The smallest growth that would have been seen; for a `steady` verdict.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub smallest_visible_heap_bytes_per_request: Option<f64>,
    /// What grows, in plain words.
    #[serde(default)]
    pub explanation: Explanation,
    /// What grows together, in the same ratio: one resource with its parts; the largest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub together: Vec<Together>,
    /// Growth summed up by function, package or label, where that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<GrowthBy>,
    /// The goroutines of the last dump, alike ones together, the most suspect first; at most 50 groups, and
    /// none where there was no dump.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub goroutines: Vec<Goroutines>,
    /// The largest first.
    pub culprits: Vec<Culprit>,
    /// In the order they ran.
    pub phases: Vec<Phase>,
    /// What went wrong without ending the hunt.
    pub warnings: Vec<String>,
    /// What plain files were made of it; absent for a case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input: Option<Input>,
    /// The reports of the other programs and processes that the files are of, this being that of the surest
    /// growth; absent where there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<HuntReport>,
    /// The folder with what was captured; absent where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub case: Option<String>,
}

/// What a series of plain files was made of.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Input {
    /// What tells the series from others in the same files; empty where there is but one.
    pub series: String,
    /// Moments at which something was captured.
    pub points: u64,
    /// How often the program was restarted in between; the process that was watched longest is judged.
    pub restarts: u32,
    /// What was used.
    pub kinds: Vec<InputKind>,
    /// What was waited for locks and channels. It grows with the work done, and is no leak.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub waiting: Vec<Waiting>,
    /// Goroutines of which the runtime says that they can never go on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub leaked_goroutines: Option<u64>,
    /// Files that were not used.
    pub left_out: Vec<LeftOut>,
}

/// The files of one kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputKind {
    /// `heap`, `goroutine`, `goroutineleak`, `threadcreate`, `mutex`, `block` or `metrics`.
    pub kind: String,
    /// How many were used.
    pub files: u32,
    /// What put them in order: `profile-time`, `name-number`, `modification-time` or `as-given`.
    pub ordered_by: String,
}

/// What was waited between the first profile and the last; of a single one, since the start.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Waiting {
    /// `mutex` or `block`.
    pub kind: String,
    /// Seconds between the first profile and the last; null where not known.
    pub horizon_s: Option<f64>,
    /// Seconds waited, over all goroutines.
    pub waited_s: f64,
    /// How often.
    pub times: u64,
    /// Seconds waited per second in the first half; null where it cannot be told.
    pub rate_at_first: Option<f64>,
    /// The same in the second half.
    pub rate_at_last: Option<f64>,
    /// The function where most was waited; may be empty.
    pub function: String,
    /// Its part, from 0 to 1.
    pub share: f64,
}

/// A file that was not used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOut {
    /// Its path.
    pub file: String,
    /// Why.
    pub reason: String,
}

/// The end of a program that nobody asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Died {
    /// Its exit status, with the reason where that is known.
    pub how: String,
    /// The beginning of its crash, else its last lines.
    pub last_lines: Vec<String>,
}

/// The word of a verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Grows with the load, and is sure to.
    Leak,
    /// Grows, but it is not yet sure that it goes on.
    Growing,
    /// Grew between two snapshots, or holds what one shows.
    Grew,
    /// Did not grow above what could be seen.
    Steady,
}

/// Stacks and counts that grow in the same ratio: one resource.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Together {
    /// How many of the resource come: what the rates of its parts are multiples of.
    pub resources_per_request: Rate,
    /// Exactly so many in every round; absent where it is not exact.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exactly: Option<u32>,
    /// Objects of the heap, of all its parts.
    pub heap_objects_per_request: Rate,
    /// Bytes of the heap, of all its parts.
    pub heap_bytes_per_request: Rate,
    /// How many stacks it has.
    pub stacks: u64,
    /// How many of what was counted, such as goroutines, belong to it.
    pub counts: u64,
    /// The part with most bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub representative: Option<TogetherPart>,
    /// The word for it.
    pub verdict: Verdict,
}

/// A part of what grows together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TogetherPart {
    /// The function that allocates it.
    pub function: String,
    /// Its objects.
    pub heap_objects_per_request: Rate,
    /// Its bytes.
    pub heap_bytes_per_request: Rate,
}

/// Growth summed up by what stacks have in common.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GrowthBy {
    /// `function`, `package` or `label`.
    pub by: String,
    /// The largest growth first; what did not change is left out, and so is all beyond 200.
    pub rows: Vec<GrownBy>,
}

/// The growth of one function, package or label.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GrownBy {
    /// Its name; of a label `key=value`.
    pub name: String,
    /// The heap that it allocated itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flat: Option<GrownSum>,
    /// The heap of the stacks in which it occurs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cum: Option<GrownSum>,
    /// The goroutines with the label.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub goroutines: Option<GrownSum>,
}

/// How a sum of stacks, or a count, grows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GrownSum {
    /// Bytes, or goroutines.
    pub per_request: Rate,
    /// The same per second; absent where times are not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per_second: Option<Rate>,
    /// Objects of the heap.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub objects_per_request: Option<Rate>,
    /// The word for it.
    pub verdict: Verdict,
    /// The false-discovery rate over all of its kind at which it is called growth.
    pub chance: f64,
}

/// Goroutines alike in stack, creator and ancestors.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Goroutines {
    /// How many there are.
    pub count: u64,
    /// How many more than in the first dump; absent where there is one dump.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new: Option<i64>,
    /// As the dump has it, such as `chan send`; empty where it does not say.
    pub state: String,
    /// For how many minutes the one that has waited longest has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub longest_wait_minutes: Option<u64>,
    /// What they do, as a clause after "they".
    pub waits: String,
    /// How sure it is that they never go on, as a clause.
    pub for_ever: String,
    /// The resource that they belong to, as in the explanation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource: Option<String>,
    /// The frame that says most of where they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Frame>,
    /// Their `go` statement.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_by: Option<Frame>,
    /// The user's innermost frame among their ancestors.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub descends_from: Option<Frame>,
    /// From the innermost frame outwards.
    pub frames: Vec<Frame>,
}

/// What grows, in plain words, with what they rest on.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Explanation {
    /// What it is; empty where nothing grows, or nothing of it is known.
    pub text: String,
    /// The resources that the growing stacks and goroutines belong to, as far as they are known: the
    /// heaviest first, those that say what holds before those that say what is held.
    pub resources: Vec<ExplainedResource>,
    /// How sure the growth is, each a clause.
    pub certainty: Vec<String>,
    /// How often chance alone makes a growth like the surest one, with what else was looked at accounted
    /// for; absent where nothing grows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chance: Option<f64>,
    /// What would tell more, each a clause.
    pub next: Vec<String>,
}

/// A thing that a program has too many of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ExplainedResource {
    /// Such as `grpc-client-connection`.
    pub name: String,
    /// Such as `a gRPC client connection`.
    pub one: String,
    /// Such as `gRPC client connections`.
    pub many: String,
    /// What most often keeps it.
    pub kept_by: String,
    /// Its part of the growth of the heap, from 0 to 1.
    pub share: f64,
    /// Its bytes of the heap.
    pub heap_bytes_per_request: f64,
    /// Its goroutines.
    pub goroutines_per_request: f64,
    /// What of it is there, the heaviest first.
    pub parts: Vec<ExplainedPart>,
}

/// Something that belongs to a resource.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ExplainedPart {
    /// Such as `write buffer`.
    pub what: String,
    /// Bytes of the heap.
    pub heap_bytes_per_request: f64,
    /// Objects of the heap.
    pub heap_objects_per_request: f64,
    /// The functions that allocate it, the heaviest first.
    pub functions: Vec<String>,
}

/// Growth per request. A quantity that was not measured is absent.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Growth {
    /// Bytes of live heap.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heap_bytes_per_request: Option<Rate>,
    /// Live heap objects.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heap_objects_per_request: Option<Rate>,
    /// Goroutines.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub goroutines_per_request: Option<Rate>,
    /// Threads of the system.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub threads_per_request: Option<Rate>,
    /// Open connections.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connections_per_request: Option<Rate>,
    /// Open file descriptors.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fds_per_request: Option<Rate>,
    /// Bytes of resident memory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rss_bytes_per_request: Option<Rate>,
}

/// A measured rate.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Rate {
    /// The estimate.
    pub value: f64,
    /// Its standard error; absent where counts were lost by merging or averaging.
    pub standard_error: Option<f64>,
    /// Sampled objects or snapshots that it rests on.
    pub samples: u64,
    /// The interval that holds the truth 19 times in 20, low end and high end; absent where it is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval_95: Option<[f64; 2]>,
}

/// One kind of request that was sent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Route {
    /// Such as `POST`.
    pub method: String,
    /// Path and query, as given.
    pub url: String,
    /// Sent.
    pub requests: u64,
    /// Answered with an error status, or not at all.
    pub failed: u64,
    /// Median latency.
    pub p50_ms: f64,
    /// 99th percentile of the latency.
    pub p99_ms: f64,
}

/// One thing that grows, and the line that is to blame.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Culprit {
    /// One sentence.
    pub message: String,
    /// The acquiring expression, or without a resource the allocating one, relative to the module; absent
    /// where no line of the user's could be found.
    pub location: Option<check::Span>,
    /// What is acquired there, where it is a resource.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource: Option<check::Resource>,
    /// Its part of the growth of the heap, from 0 to 1.
    pub share: f64,
    /// Its own growth.
    pub growth: Growth,
    /// The stacks that show it, the largest first.
    pub stacks: Vec<Stack>,
    /// Why this line, in words.
    pub evidence: Vec<String>,
    /// Other lines that fit as well.
    pub also: Vec<check::Span>,
    /// What the source analysis says about the line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finding: Option<check::Finding>,
    /// The proposed fix.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fix: Option<check::Fix>,
    /// What the same load did to the fixed program.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proof: Option<Proof>,
}

/// A growing stack.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Stack {
    /// Where it was seen.
    pub kind: StackKind,
    /// Its growth.
    pub growth_per_request: Rate,
    /// From the innermost frame outwards.
    pub frames: Vec<Frame>,
}

/// What a stack was seen in, and so the unit of its growth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StackKind {
    /// Allocated there; grows in bytes.
    Heap,
    /// Goroutines that stand there; grows in goroutines.
    Goroutine,
}

/// One frame of a stack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Frame {
    /// As the runtime names it.
    pub function: String,
    /// As the profile names it; may be empty.
    pub file: String,
    /// From 1; 0 where it is not known.
    pub line: u32,
}

/// The fixed program under the same load.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Proof {
    /// Whether the growth is gone and the answers are as good as before.
    pub proved: bool,
    /// Why not; else empty.
    pub reason: String,
    /// As the program is.
    pub before: Measured,
    /// With the fix.
    pub after: Measured,
}

/// What one run under load showed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// Growth of the whole program.
    pub growth: Growth,
    /// Requests sent.
    pub requests: u64,
    /// Rounds of load.
    pub rounds: u64,
    /// Requests that failed.
    pub failed: u64,
    /// Median latency.
    pub p50_ms: f64,
    /// Growth of resident memory over the run.
    pub rss_growth_bytes: i64,
}

/// One part of a hunt.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Phase {
    /// Such as `build`, `warm-up`, `rounds`, `proof`.
    pub name: String,
    /// How long it took.
    pub duration_s: f64,
}
