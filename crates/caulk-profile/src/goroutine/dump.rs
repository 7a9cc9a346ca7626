//! The goroutines of a dump, as columns.

use crate::ids::index_type;

index_type! {
    /// A frame of a [`Dump`]; equal frames have equal ids.
    DumpFrameId
}

/// A goroutine dump. Equal frames are stored once.
#[derive(Debug, Clone, Default)]
pub struct Dump {
    pub(super) strings: Vec<Box<str>>,
    pub(super) frames: Vec<FrameRecord>,
    pub(super) stack_frames: Vec<DumpFrameId>,
    pub(super) labels: Vec<(u32, u32)>,
    pub(super) ancestors: Vec<AncestorRecord>,
    pub(super) goroutines: Vec<GoroutineRecord>,
    /// What could not be read; what is before and after it is whole.
    pub problems: Vec<DumpProblem>,
}

/// Something in a dump that could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DumpProblem {
    /// The dump is cut off, as it is where the runtime's 64 MiB are full. The goroutine in which
    /// that happens is left out.
    #[error("the dump is cut off at byte {offset}; the goroutine there is left out")]
    CutOff {
        /// Length of the dump.
        offset: usize,
    },
    /// A line that has no place in a dump.
    #[error("line {line} of the dump has no place there: {text}")]
    UnexpectedLine {
        /// 1-based.
        line: usize,
        /// The start of the line.
        text: String,
    },
    /// More such lines than are worth listing.
    #[error("{lines} more lines of the dump have no place there")]
    MoreUnexpectedLines {
        /// How many.
        lines: u64,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct FrameRecord {
    pub function: u32,
    pub file: u32,
    pub line: u32,
    pub pc_offset: Option<u32>,
}

#[derive(Debug, Clone, Copy, Default)]
pub(super) struct TraceRecord {
    pub first: u32,
    pub end: u32,
    /// How many frames stand before the gap, if there is one.
    pub gap_after: Option<u32>,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct AncestorRecord {
    pub id: u64,
    pub trace: TraceRecord,
    pub created_by: Option<DumpFrameId>,
}

#[derive(Debug, Clone, Copy, Default)]
pub(super) struct GoroutineRecord {
    pub id: Option<u64>,
    pub count: u64,
    pub state: u32,
    pub wait_minutes: Option<u64>,
    pub locked: bool,
    pub labels: (u32, u32),
    pub trace: TraceRecord,
    pub created_by: Option<DumpFrameId>,
    pub created_in: Option<u64>,
    pub ancestors: (u32, u32),
}

impl Dump {
    /// The goroutines in the order of the dump. In the form `debug=1` each stands for
    /// [`count`](Goroutine::count) of them.
    pub fn goroutines(&self) -> impl ExactSizeIterator<Item = Goroutine<'_>> {
        self.goroutines
            .iter()
            .map(|record| Goroutine { dump: self, record })
    }

    /// Number of goroutines, each counted as often as it is there.
    pub fn total(&self) -> u64 {
        self.goroutines
            .iter()
            .fold(0, |sum, goroutine| sum.saturating_add(goroutine.count))
    }

    /// A frame of this dump.
    pub fn frame(&self, id: DumpFrameId) -> DumpFrame<'_> {
        let Some(record) = self.frames.get(id.index()) else {
            return DumpFrame {
                id,
                function: "",
                file: "",
                line: 0,
                pc_offset: None,
            };
        };
        DumpFrame {
            id,
            function: self.text(record.function),
            file: self.text(record.file),
            line: record.line,
            pc_offset: record.pc_offset,
        }
    }

    fn text(&self, index: u32) -> &str {
        self.strings.get(index as usize).map_or("", |text| text)
    }
}

/// A goroutine, or in the form `debug=1` several with the same stack and labels.
#[derive(Debug, Clone, Copy)]
pub struct Goroutine<'d> {
    dump: &'d Dump,
    record: &'d GoroutineRecord,
}

impl<'d> Goroutine<'d> {
    /// The runtime's number of it; `None` in the form `debug=1`.
    pub fn id(self) -> Option<u64> {
        self.record.id
    }

    /// How many goroutines this stands for: 1 in the form `debug=2`.
    pub fn count(self) -> u64 {
        self.record.count
    }

    /// What it does or waits for, such as `running`, `IO wait`, `chan receive`, with a suffix such
    /// as ` (leaked)`. Empty in the form `debug=1`.
    pub fn state(self) -> &'d str {
        self.dump.text(self.record.state)
    }

    /// For how many whole minutes it has been waiting, if at least one. The runtime's clock starts
    /// at the first collection after the wait began.
    pub fn wait_minutes(self) -> Option<u64> {
        self.record.wait_minutes
    }

    /// Whether it is bound to its thread.
    pub fn is_locked_to_thread(self) -> bool {
        self.record.locked
    }

    /// The labels that `pprof.Do` set, where the runtime prints them.
    pub fn labels(self) -> impl ExactSizeIterator<Item = (&'d str, &'d str)> {
        let (first, end) = self.record.labels;
        let labels = self
            .dump
            .labels
            .get(first as usize..end as usize)
            .unwrap_or(&[]);
        let dump = self.dump;
        labels
            .iter()
            .map(move |&(key, value)| (dump.text(key), dump.text(value)))
    }

    /// Its stack, leaf first.
    pub fn stack(self) -> Trace<'d> {
        Trace {
            dump: self.dump,
            record: self.record.trace,
        }
    }

    /// The root function of its stack: what the `go` statement started. `None` where the runtime
    /// left out the outer frames, and in an empty stack.
    pub fn entry(self) -> Option<DumpFrame<'d>> {
        let stack = self.stack();
        if stack.gap_after() == Some(stack.ids().len()) {
            None
        } else {
            stack.frames().last()
        }
    }

    /// Who started it; `None` for the main goroutine and in the form `debug=1`.
    pub fn created_by(self) -> Option<Creator<'d>> {
        let frame = self.dump.frame(self.record.created_by?);
        Some(Creator {
            frame,
            goroutine: self.record.created_in,
        })
    }

    /// The goroutines that it descends from, parent first, with their stacks at the moment of the
    /// `go` statement. Only with `GODEBUG=tracebackancestors=N`.
    pub fn ancestors(self) -> impl ExactSizeIterator<Item = Ancestor<'d>> {
        let (first, end) = self.record.ancestors;
        let ancestors = self
            .dump
            .ancestors
            .get(first as usize..end as usize)
            .unwrap_or(&[]);
        let dump = self.dump;
        ancestors.iter().map(move |record| Ancestor {
            id: record.id,
            stack: Trace {
                dump,
                record: record.trace,
            },
            created_by: record.created_by.map(|id| dump.frame(id)),
        })
    }
}

/// A stack of a dump.
#[derive(Debug, Clone, Copy)]
pub struct Trace<'d> {
    dump: &'d Dump,
    record: TraceRecord,
}

impl<'d> Trace<'d> {
    /// The frames, leaf first.
    pub fn frames(self) -> impl ExactSizeIterator<Item = DumpFrame<'d>> + DoubleEndedIterator {
        let dump = self.dump;
        self.ids().iter().map(move |&id| dump.frame(id))
    }

    /// The ids of the frames, leaf first: two stacks of a dump are equal if these are.
    pub fn ids(self) -> &'d [DumpFrameId] {
        let range = self.record.first as usize..self.record.end as usize;
        self.dump.stack_frames.get(range).unwrap_or(&[])
    }

    /// After how many frames the runtime left some out: it prints at most 50 inner and 50 outer
    /// ones, and of ancestors no outer ones. `None` if all are there.
    pub fn gap_after(self) -> Option<usize> {
        self.record.gap_after.map(|frames| frames as usize)
    }
}

/// One frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DumpFrame<'d> {
    /// Its id in the dump.
    pub id: DumpFrameId,
    /// The function with its package, such as `net/http.(*conn).serve`.
    pub function: &'d str,
    /// The source file as the compiler wrote it.
    pub file: &'d str,
    /// 1-based line. In an [`Ancestor`]'s stack it is that of the instruction *after* the call.
    pub line: u32,
    /// The program counter less the function's entry; the instruction after the call, but for the
    /// leaf. `None` for an inlined call.
    pub pc_offset: Option<u32>,
}

/// The `go` statement that started a goroutine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Creator<'d> {
    /// The function and line of the `go` statement.
    pub frame: DumpFrame<'d>,
    /// The goroutine that ran it (Go 1.21 and later).
    pub goroutine: Option<u64>,
}

/// A goroutine that another descends from.
#[derive(Debug, Clone, Copy)]
pub struct Ancestor<'d> {
    /// The runtime's number of it; it may have ended.
    pub id: u64,
    /// Its stack at the `go` statement, leaf first: the frame of the `go` statement itself leads.
    /// Lines are those of the instruction after the call, so the leading one is better taken from
    /// the descendant's [`created_by`](Goroutine::created_by), which is exact.
    pub stack: Trace<'d>,
    /// The `go` statement that started this ancestor.
    pub created_by: Option<DumpFrame<'d>>,
}
