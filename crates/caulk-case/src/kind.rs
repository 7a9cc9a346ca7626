//! Kinds of files.

/// What a file tells of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ProfileKind {
    /// Live and allocated memory by stack: `heap` and `allocs`.
    Heap,
    /// Goroutines by stack, or one by one.
    Goroutines,
    /// Goroutines that can never go on.
    LeakedGoroutines,
    /// Threads of the system.
    Threads,
    /// Who made others wait for a lock.
    Mutex,
    /// Who waited for locks and channels.
    Block,
    /// Figures of the process, as Prometheus scrapes them.
    Metrics,
}

impl ProfileKind {
    /// The name of the profile in `/debug/pprof/`, or `metrics`.
    pub fn name(self) -> &'static str {
        match self {
            ProfileKind::Heap => "heap",
            ProfileKind::Goroutines => "goroutine",
            ProfileKind::LeakedGoroutines => "goroutineleak",
            ProfileKind::Threads => "threadcreate",
            ProfileKind::Mutex => "mutex",
            ProfileKind::Block => "block",
            ProfileKind::Metrics => "metrics",
        }
    }
}
