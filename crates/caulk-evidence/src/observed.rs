//! What was seen to grow, as plain data.

use crate::Frame;

/// All that was seen of one run of a program.
#[derive(Debug, Clone, Default)]
pub struct Observed {
    /// Groups of goroutines that are alike, with their growth; empty where there were no dumps.
    pub goroutines: Vec<GoroutineGroup>,
    /// Growing stacks of the heap profile.
    pub heap: Vec<HeapStack>,
}

/// Goroutines alike in stack, creator and ancestors.
#[derive(Debug, Clone, Default)]
pub struct GoroutineGroup {
    /// Their own stack, leaf first.
    pub own: Vec<Frame>,
    /// The `go` statement that started them.
    pub created_by: Option<Frame>,
    /// The stacks that their creator, its creator and so on had when they started the next one;
    /// nearest first. Filled where the program ran with `tracebackancestors`.
    pub ancestors: Vec<Ancestor>,
    /// What they wait for: `chan send`, `IO wait`.
    pub state: String,
    /// How many came per request (or, where requests are not known, between the first snapshot and
    /// the last).
    pub growth: f64,
    /// How many more there were at the end than at the beginning.
    pub new: i64,
}

/// One ancestor of a goroutine.
#[derive(Debug, Clone, Default)]
pub struct Ancestor {
    /// Its stack when it started the next one, leaf first.
    pub frames: Vec<Frame>,
    /// The `go` statement that started it.
    pub created_by: Option<Frame>,
}

impl GoroutineGroup {
    /// Where these goroutines began: the outermost function of their own stack.
    #[must_use]
    pub fn entry(&self) -> Option<&Frame> {
        self.own.last()
    }

    /// The entry functions of the group and of its ancestors.
    pub fn entries(&self) -> impl Iterator<Item = &Frame> {
        self.entry()
            .into_iter()
            .chain(self.ancestors.iter().filter_map(|a| a.frames.last()))
    }
}

/// A stack of the heap profile that grew.
#[derive(Debug, Clone, Default)]
pub struct HeapStack {
    /// Leaf first.
    pub frames: Vec<Frame>,
    /// Bytes in use that came per request (or in all, see [`GoroutineGroup::growth`]).
    pub bytes: f64,
    /// Standard error of `bytes`.
    pub bytes_error: f64,
    /// Objects in use that came per request.
    pub objects: f64,
    /// Objects allocated per request, kept or not; none where the profile does not carry it.
    pub allocated: Option<f64>,
}

/// Functions by which the runtime keeps its own books of goroutines: they grow with any
/// goroutine, whoever started it.
const BOOKKEEPING: [&str; 3] = ["runtime.malg", "runtime.saveAncestors", "runtime.allgadd"];

impl HeapStack {
    /// The outermost function that is not the runtime's: what the goroutine that allocated began
    /// with.
    #[must_use]
    pub fn root(&self) -> Option<&Frame> {
        self.frames
            .iter()
            .rev()
            .find(|frame| !frame.function.starts_with("runtime."))
    }

    /// Whether this is memory of the runtime's own for each goroutine.
    #[must_use]
    pub fn is_goroutine_bookkeeping(&self) -> bool {
        self.frames
            .iter()
            .any(|frame| BOOKKEEPING.contains(&frame.function.as_str()))
    }
}
