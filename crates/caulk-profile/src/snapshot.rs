//! What one profile says of the stacks of a table.

use smallvec::SmallVec;

use crate::labelled::Labelled;
use crate::{StackId, varint};

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
///
/// A series has many of these, so they are kept small: of a heap profile an entry takes some ten
/// bytes. They are read from the first to the last.
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
    /// The same by text label, for profiles that have any.
    pub labelled: Box<[Labelled]>,
    totals: Box<[i64]>,
    len: usize,
    /// Entry after entry: the stack as the difference to the one before, the object size, and each
    /// value as the difference to what is [expected](expected).
    entries: Box<[u8]>,
}

/// The values of one stack and object size in a [`Snapshot`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SnapshotEntry {
    /// The stack.
    pub stack: StackId,
    /// Bytes of each object, in a heap profile: the runtime keeps one bucket for each stack *and*
    /// size, and the chance of an object to be sampled depends on its size.
    pub object_size: Option<i64>,
    /// One value for each sample type.
    pub values: SmallVec<[i64; 4]>,
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
    pub fn entries(&self) -> impl ExactSizeIterator<Item = SnapshotEntry> {
        Entries {
            bytes: &self.entries,
            sample_types: &self.sample_types,
            left: self.len,
            stack: 0,
        }
    }

    /// The column of the sample type with this name.
    pub fn sample_type_named(&self, kind: &str) -> Option<usize> {
        self.sample_types
            .iter()
            .position(|sample_type| &*sample_type.kind == kind)
    }

    /// The sum of a column, wrapping as the profile format's own sums do; 0 for one that is not
    /// there.
    pub fn total(&self, sample_type: usize) -> i64 {
        self.totals.get(sample_type).copied().unwrap_or(0)
    }

    /// Sums up the rows of each stack and object size; `value` gives a sample's value in a column.
    pub(crate) fn from_rows(
        sample_types: Vec<SampleKind>,
        mut rows: Vec<Row>,
        value: impl Fn(usize, u32) -> i64,
    ) -> Snapshot {
        rows.sort_unstable();
        let mut bytes = Vec::with_capacity(rows.len() * 12);
        let mut totals = vec![0i64; sample_types.len()];
        let (mut len, mut before) = (0, 0);
        for rows in rows.chunk_by(|a, b| (a.stack, a.object_size) == (b.stack, b.object_size)) {
            let Some(&Row {
                stack, object_size, ..
            }) = rows.first()
            else {
                continue;
            };
            len += 1;
            varint::put(&mut bytes, u64::from(stack.0.wrapping_sub(before)));
            before = stack.0;
            varint::put_signed(&mut bytes, object_size);
            let mut previous = None;
            for (column, (sample_type, total)) in sample_types.iter().zip(&mut totals).enumerate() {
                let sum = rows
                    .iter()
                    .fold(0i64, |sum, row| sum.wrapping_add(value(column, row.sample)));
                let expected = expected(sample_type, previous, object_size);
                varint::put_signed(&mut bytes, sum.wrapping_sub(expected));
                *total = total.wrapping_add(sum);
                previous = Some((sample_type, sum));
            }
        }
        Snapshot {
            heap_sampling_rate: None,
            time_nanos: 0,
            duration_nanos: 0,
            labelled: Box::default(),
            totals: totals.into(),
            len,
            entries: bytes.into(),
            sample_types,
        }
    }
}

/// What a value most likely is: bytes that follow a count are the bytes of so many objects.
fn expected(
    sample_type: &SampleKind,
    previous: Option<(&SampleKind, i64)>,
    object_size: i64,
) -> i64 {
    match previous {
        Some((previous, count)) if &*previous.unit == "count" && &*sample_type.unit == "bytes" => {
            count.wrapping_mul(object_size)
        }
        _ => 0,
    }
}

struct Entries<'s> {
    bytes: &'s [u8],
    sample_types: &'s [SampleKind],
    left: usize,
    stack: u32,
}

impl Iterator for Entries<'_> {
    type Item = SnapshotEntry;

    fn next(&mut self) -> Option<SnapshotEntry> {
        self.left = self.left.checked_sub(1)?;
        self.stack = self
            .stack
            .wrapping_add(varint::take(&mut self.bytes) as u32);
        let object_size = varint::take_signed(&mut self.bytes);
        let mut previous = None;
        let value = |sample_type| {
            let expected = expected(sample_type, previous, object_size);
            let value = expected.wrapping_add(varint::take_signed(&mut self.bytes));
            previous = Some((sample_type, value));
            value
        };
        Some(SnapshotEntry {
            stack: StackId(self.stack),
            values: self.sample_types.iter().map(value).collect(),
            object_size: (object_size != 0).then_some(object_size),
        })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl ExactSizeIterator for Entries<'_> {}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(kinds: &[(&str, &str)]) -> Vec<SampleKind> {
        kinds
            .iter()
            .map(|&(kind, unit)| SampleKind {
                kind: kind.into(),
                unit: unit.into(),
            })
            .collect()
    }

    #[test]
    fn gives_back_what_was_put_in_in_order() {
        let columns: [&[i64]; 5] = [
            &[3, 4, i64::MAX, -1],
            &[192, 260, i64::MIN, 5],
            &[0, 1, 2, 3],
            &[i64::MIN, i64::MAX, 0, 1],
            &[1, 1, 1, 1],
        ];
        let types = kinds(&[
            ("objects", "count"),
            ("space", "bytes"),
            ("a", "count"),
            ("b", "nanoseconds"),
            ("c", "bytes"),
        ]);
        let row = |stack, object_size, sample| Row {
            stack: StackId(stack),
            object_size,
            sample,
        };
        let rows = vec![
            row(u32::MAX, i64::MIN, 2),
            row(7, 64, 0),
            row(0, 0, 3),
            row(7, 16, 1),
            row(7, 64, 1),
        ];
        let snapshot =
            Snapshot::from_rows(types, rows, |column, row| columns[column][row as usize]);
        let of = |stack, object_size, samples: &[usize]| SnapshotEntry {
            stack: StackId(stack),
            object_size,
            values: columns
                .iter()
                .map(|column| {
                    let values = samples.iter().map(|&sample| column[sample]);
                    values.fold(0, i64::wrapping_add)
                })
                .collect(),
        };
        let expected = [
            of(0, None, &[3]),
            of(7, Some(16), &[1]),
            of(7, Some(64), &[0, 1]),
            of(u32::MAX, Some(i64::MIN), &[2]),
        ];
        assert_eq!(snapshot.entries().collect::<Vec<_>>(), expected);
        assert_eq!(snapshot.entries().len(), 4);
        assert_eq!(snapshot.total(2), 3 + 1 + 1 + 2);
        assert_eq!(snapshot.total(9), 0);
    }

    #[test]
    fn an_entry_of_a_heap_profile_is_small() {
        let types = kinds(&[
            ("alloc_objects", "count"),
            ("alloc_space", "bytes"),
            ("inuse_objects", "count"),
            ("inuse_space", "bytes"),
        ]);
        let rows = (0..10_000)
            .map(|at| Row {
                stack: StackId(at * 3 / 2),
                object_size: 16 << (at % 9),
                sample: at,
            })
            .collect();
        // Objects as the runtime scales them up, and so bytes that are not quite so many objects.
        let snapshot = Snapshot::from_rows(types, rows, |column, at| {
            let size = f64::from(16 << (at % 9));
            let sampled = f64::from(1 + at % 97) / (0.001 * size);
            match column {
                0 => sampled as i64,
                1 => (sampled * size) as i64,
                2 => (sampled / 4.0) as i64,
                _ => (sampled / 4.0 * size) as i64,
            }
        });
        let each = snapshot.entries.len() as f64 / 10_000.0;
        assert!(each < 12.0, "{each}");
    }
}
