//! What one profile says of the stacks of a table.

use crate::StackId;

/// What a column of a [`Snapshot`] measures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SampleKind {
    /// Such as `inuse_space`.
    pub kind: Box<str>,
    /// Such as `bytes`.
    pub unit: Box<str>,
}

/// The values of one profile over the stacks of a [`StackTable`](crate::StackTable): one entry for
/// each stack and object size that the profile has, in the order of (stack, object size).
#[derive(Debug, Clone, PartialEq)]
pub struct Snapshot {
    /// What the values of an entry are, in their order.
    pub sample_types: Vec<SampleKind>,
    /// Mean bytes between two sampled allocations, for a heap profile: see
    /// [`Profile::heap_sampling_rate`](crate::Profile::heap_sampling_rate).
    pub heap_sampling_rate: Option<u64>,
    /// When it was taken, nanoseconds since 1970, 0 if not known.
    pub time_nanos: i64,
    /// Over which time, nanoseconds, 0 if not known.
    pub duration_nanos: i64,
    // A series has many of these: no slack, and nothing for what no entry has.
    stacks: Box<[StackId]>,
    /// By entry, 0 if not known; empty if known of none.
    object_sizes: Box<[i64]>,
    /// Entry after entry.
    values: Box<[i64]>,
}

/// The values of one stack and object size in a [`Snapshot`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SnapshotEntry<'s> {
    /// The stack.
    pub stack: StackId,
    /// Bytes of each object, in a heap profile: the runtime keeps one bucket for each stack *and*
    /// size, and the chance of an object to be sampled depends on its size.
    pub object_size: Option<i64>,
    /// One value for each sample type.
    pub values: &'s [i64],
}

/// One sample on its way into a [`Snapshot`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Row {
    pub stack: StackId,
    /// 0 if not known.
    pub object_size: i64,
    /// Position among the samples.
    pub sample: u32,
}

impl Snapshot {
    /// The entries, by stack and then object size.
    pub fn entries(&self) -> impl ExactSizeIterator<Item = SnapshotEntry<'_>> {
        self.stacks
            .iter()
            .enumerate()
            .map(|(index, &stack)| self.entry(index, stack))
    }

    /// The entries of one stack: one for each object size.
    pub fn of_stack(&self, stack: StackId) -> impl Iterator<Item = SnapshotEntry<'_>> {
        let first = self.stacks.partition_point(|&other| other < stack);
        let end = self.stacks.partition_point(|&other| other <= stack);
        (first..end).map(move |index| self.entry(index, stack))
    }

    fn entry(&self, index: usize, stack: StackId) -> SnapshotEntry<'_> {
        let width = self.sample_types.len();
        let object_size = self
            .object_sizes
            .get(index)
            .copied()
            .filter(|&size| size != 0);
        let values = self
            .values
            .get(index * width..(index + 1) * width)
            .unwrap_or(&[]);
        SnapshotEntry {
            stack,
            object_size,
            values,
        }
    }

    /// The column of the sample type with this name.
    pub fn sample_type_named(&self, kind: &str) -> Option<usize> {
        self.sample_types
            .iter()
            .position(|sample_type| &*sample_type.kind == kind)
    }

    /// The sum of a column, wrapping as the profile format's own sums do.
    pub fn total(&self, sample_type: usize) -> i64 {
        self.entries()
            .filter_map(|entry| entry.values.get(sample_type).copied())
            .fold(0, i64::wrapping_add)
    }

    /// Sums up the rows of each stack and object size; `value` gives a sample's value in a column.
    pub(crate) fn from_rows(
        sample_types: Vec<SampleKind>,
        mut rows: Vec<Row>,
        value: impl Fn(usize, u32) -> i64,
    ) -> Snapshot {
        rows.sort_unstable();
        let width = sample_types.len();
        let is_same = |a: &Row, b: &Row| (a.stack, a.object_size) == (b.stack, b.object_size);
        let entries = || rows.chunk_by(is_same);
        let sum = |entry: &[Row], column: usize| {
            entry
                .iter()
                .fold(0i64, |sum, row| sum.wrapping_add(value(column, row.sample)))
        };
        let first_rows = || entries().filter_map(|entry| entry.first());
        let has_sizes = rows.iter().any(|row| row.object_size != 0);
        let sized_rows = first_rows().filter(|_| has_sizes);
        Snapshot {
            heap_sampling_rate: None,
            time_nanos: 0,
            duration_nanos: 0,
            stacks: first_rows().map(|row| row.stack).collect(),
            object_sizes: sized_rows.map(|row| row.object_size).collect(),
            values: entries()
                .flat_map(|entry| (0..width).map(move |column| sum(entry, column)))
                .collect(),
            sample_types,
        }
    }
}
