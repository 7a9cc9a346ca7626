//! One table of functions, frames and stacks for many profiles, so that a series of a thousand
//! snapshots costs the stacks once and each snapshot only its values.

use std::borrow::Cow;
use std::hash::{BuildHasher, Hasher};

use hashbrown::{DefaultHashBuilder, HashMap, HashTable};

use crate::goroutine::Dump;
use crate::ids::index_type;
use crate::labelled::labelled;
use crate::snapshot::{Row, SampleKind, Snapshot};
use crate::{FunctionIndex, LocationIndex, Profile};

index_type! {
    /// A stack of a [`StackTable`]; equal stacks have equal ids.
    StackId
}
index_type! {
    /// A frame (function, file and line) of a [`StackTable`].
    FrameId
}
index_type! {
    /// A function (name and file) of a [`StackTable`].
    FunctionId
}

/// Functions, frames and stacks shared by many profiles. Ids are given in the order of first
/// sight, so the same profiles in the same order give the same ids.
///
/// Stacks are leaf first, as in the profiles. Inlined calls are frames of their own. Addresses,
/// columns and mappings are left out: two profiles of one program built twice share their stacks.
/// Type arguments in names of functions are `[...]`, as the text forms have them anyway.
#[derive(Debug, Default)]
pub struct StackTable {
    names: Vec<Box<str>>,
    functions: Vec<(u32, u32)>,
    function_ids: HashMap<(u32, u32), FunctionId>,
    frames: Vec<(FunctionId, i64)>,
    frame_ids: HashMap<(FunctionId, i64), FrameId>,
    stack_frames: Vec<FrameId>,
    stack_ends: Vec<usize>,
    /// Positions in `names` and stacks, found by their content. Hashes are seeded, so that nobody can
    /// write a profile whose stacks all have the same.
    name_ids: HashTable<u32>,
    stack_ids: HashTable<StackId>,
    hashes: DefaultHashBuilder,
}

/// A function of a [`StackTable`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SharedFunction<'t> {
    /// The name with its package, such as `net/http.(*conn).serve`; empty if not known.
    pub name: &'t str,
    /// The source file as the compiler wrote it; empty if not known.
    pub file: &'t str,
}

/// A frame of a [`StackTable`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame<'t> {
    /// The function's id.
    pub function_id: FunctionId,
    /// The function's name with its package.
    pub function: &'t str,
    /// The source file.
    pub file: &'t str,
    /// 1-based line of the call (of the leaf: of the allocation or wait), 0 if not known.
    pub line: i64,
}

impl StackTable {
    /// An empty table.
    pub fn new() -> Self {
        Self::default()
    }

    /// Number of stacks.
    pub fn len(&self) -> usize {
        self.stack_ends.len()
    }

    /// Whether there is no stack yet.
    pub fn is_empty(&self) -> bool {
        self.stack_ends.is_empty()
    }

    /// The frames of a stack, leaf first.
    pub fn stack(&self, id: StackId) -> &[FrameId] {
        self.stacks().get(id)
    }

    fn stacks(&self) -> Stacks<'_> {
        Stacks {
            frames: &self.stack_frames,
            ends: &self.stack_ends,
        }
    }

    /// The frames of a stack with their names, leaf first.
    pub fn frames(&self, id: StackId) -> impl DoubleEndedIterator<Item = Frame<'_>> {
        self.stack(id).iter().map(|&frame| self.frame(frame))
    }

    /// A frame.
    pub fn frame(&self, id: FrameId) -> Frame<'_> {
        let (function_id, line) = self.frames.get(id.index()).copied().unwrap_or_default();
        let function = self.function(function_id);
        Frame {
            function_id,
            function: function.name,
            file: function.file,
            line,
        }
    }

    /// A function.
    pub fn function(&self, id: FunctionId) -> SharedFunction<'_> {
        let text = |index: u32| self.names.get(index as usize).map_or("", |text| text);
        match self.functions.get(id.index()) {
            Some(&(name, file)) => SharedFunction {
                name: text(name),
                file: text(file),
            },
            None => SharedFunction { name: "", file: "" },
        }
    }

    /// All functions, in the order of their ids.
    pub fn functions(&self) -> impl ExactSizeIterator<Item = (FunctionId, SharedFunction<'_>)> {
        (0..self.functions.len()).map(|index| {
            let id = FunctionId(index as u32);
            (id, self.function(id))
        })
    }

    /// Adds a profile. Samples that differ only in labels other than `bytes` are added up; by text label
    /// they are in [`Snapshot::labelled`].
    pub fn add(&mut self, profile: &Profile) -> Snapshot {
        let functions: Vec<FunctionId> = (0..profile.functions().len())
            .map(|index| {
                let function = profile.function(FunctionIndex(index as u32));
                self.function_id(
                    profile.string(function.name),
                    profile.string(function.filename),
                )
            })
            .collect();
        let mut location_frames: Vec<FrameId> = Vec::with_capacity(profile.locations().len());
        let mut location_ends: Vec<usize> = Vec::with_capacity(profile.locations().len());
        for (index, location) in profile.locations().iter().enumerate() {
            let lines = profile.lines(LocationIndex(index as u32));
            for line in lines {
                let function = functions
                    .get(line.function.index())
                    .copied()
                    .unwrap_or_default();
                location_frames.push(self.frame_id(function, line.line));
            }
            if lines.is_empty() {
                let function = self.function_id(&format!("{:#x}", location.address), "");
                location_frames.push(self.frame_id(function, 0));
            }
            location_ends.push(location_frames.len());
        }

        let mut rows = Vec::with_capacity(profile.sample_count());
        let mut frames: Vec<FrameId> = Vec::new();
        for sample in profile.samples() {
            frames.clear();
            for location in sample.stack().iter() {
                let index = location.index();
                let start = index
                    .checked_sub(1)
                    .and_then(|before| location_ends.get(before));
                let start = start.copied().unwrap_or(0);
                let end = location_ends.get(index).copied().unwrap_or(start);
                frames.extend_from_slice(location_frames.get(start..end).unwrap_or(&[]));
            }
            rows.push(Row {
                stack: self.stack_id(&frames),
                object_size: sample.object_size().unwrap_or(0),
                sample: sample.index() as u32,
            });
        }
        let sample_types = profile
            .sample_types()
            .iter()
            .map(|sample_type| SampleKind {
                kind: profile.string(sample_type.kind).into(),
                unit: profile.string(sample_type.unit).into(),
            })
            .collect();
        let mut snapshot = Snapshot::from_rows(sample_types, rows, |column, row| {
            profile
                .values(column)
                .get(row as usize)
                .copied()
                .unwrap_or(0)
        });
        snapshot.heap_sampling_rate = profile.heap_sampling_rate();
        snapshot.time_nanos = profile.time_nanos;
        snapshot.duration_nanos = profile.duration_nanos;
        snapshot.labelled = labelled(profile);
        snapshot
    }

    /// Adds a goroutine dump: one value, the number of goroutines (`goroutine`, `count`).
    /// The creator is not part of the stack, as it is not in a goroutine profile either.
    pub fn add_dump(&mut self, dump: &Dump) -> Snapshot {
        let counts: Vec<u64> = dump
            .goroutines()
            .map(|goroutine| goroutine.count())
            .collect();
        let mut rows = Vec::with_capacity(counts.len());
        for (row, goroutine) in dump.goroutines().enumerate() {
            let frames = goroutine.stack().frames();
            let stack = self
                .intern(frames.map(|frame| (frame.function, frame.file, i64::from(frame.line))));
            rows.push(Row {
                stack,
                object_size: 0,
                sample: row as u32,
            });
        }
        let sample_types = vec![SampleKind {
            kind: "goroutine".into(),
            unit: "count".into(),
        }];
        Snapshot::from_rows(sample_types, rows, |_, row| {
            counts
                .get(row as usize)
                .map_or(0, |&count| i64::try_from(count).unwrap_or(i64::MAX))
        })
    }

    /// The id of a stack given as (function, file, line), leaf first.
    pub fn intern<'a>(
        &mut self,
        frames: impl IntoIterator<Item = (&'a str, &'a str, i64)>,
    ) -> StackId {
        let frames: Vec<FrameId> = frames
            .into_iter()
            .map(|(function, file, line)| {
                let function = self.function_id(function, file);
                self.frame_id(function, line)
            })
            .collect();
        self.stack_id(&frames)
    }

    fn name_id(&mut self, text: &str) -> u32 {
        let (names, hashes) = (&mut self.names, &self.hashes);
        let name = |names: &[Box<str>], id: u32| -> u64 {
            hashes.hash_one(names.get(id as usize).map_or("", |name| name))
        };
        let is_it = |id: &u32| names.get(*id as usize).is_some_and(|name| **name == *text);
        if let Some(&id) = self.name_ids.find(hashes.hash_one(text), is_it) {
            return id;
        }
        let id = names.len() as u32;
        names.push(text.into());
        self.name_ids
            .insert_unique(hashes.hash_one(text), id, |&id| name(names, id));
        id
    }

    fn function_id(&mut self, name: &str, file: &str) -> FunctionId {
        let name = without_type_arguments(name);
        let key = (self.name_id(&name), self.name_id(file));
        *self.function_ids.entry(key).or_insert_with(|| {
            self.functions.push(key);
            FunctionId(self.functions.len() as u32 - 1)
        })
    }

    fn frame_id(&mut self, function: FunctionId, line: i64) -> FrameId {
        *self.frame_ids.entry((function, line)).or_insert_with(|| {
            self.frames.push((function, line));
            FrameId(self.frames.len() as u32 - 1)
        })
    }

    fn stack_id(&mut self, frames: &[FrameId]) -> StackId {
        let hash = hash_of(&self.hashes, frames);
        let stacks = Stacks {
            frames: &self.stack_frames,
            ends: &self.stack_ends,
        };
        if let Some(&id) = self.stack_ids.find(hash, |&id| stacks.get(id) == frames) {
            return id;
        }
        let id = StackId(self.stack_ends.len() as u32);
        self.stack_frames.extend_from_slice(frames);
        self.stack_ends.push(self.stack_frames.len());
        let stacks = Stacks {
            frames: &self.stack_frames,
            ends: &self.stack_ends,
        };
        let hashes = &self.hashes;
        self.stack_ids
            .insert_unique(hash, id, |&id| hash_of(hashes, stacks.get(id)));
        id
    }
}

/// The stacks of a table, apart from what they are found by.
struct Stacks<'t> {
    frames: &'t [FrameId],
    ends: &'t [usize],
}

impl<'t> Stacks<'t> {
    fn get(&self, id: StackId) -> &'t [FrameId] {
        let start = match id.index().checked_sub(1) {
            Some(before) => self.ends.get(before).copied().unwrap_or(0),
            None => 0,
        };
        let Some(&end) = self.ends.get(id.index()) else {
            return &[];
        };
        self.frames.get(start..end).unwrap_or(&[])
    }
}

fn hash_of(hashes: &DefaultHashBuilder, frames: &[FrameId]) -> u64 {
    let mut hasher = hashes.build_hasher();
    let (pairs, rest) = frames.as_chunks::<2>();
    for [first, second] in pairs {
        hasher.write_u64(u64::from(first.0) << 32 | u64::from(second.0));
    }
    for frame in rest {
        hasher.write_u32(frame.0);
    }
    hasher.write_usize(frames.len());
    hasher.finish()
}

/// What the runtime prints for a generic function: everything between the first `[` and the last
/// `]` becomes `...`. Only the protobuf form has the shapes there.
fn without_type_arguments(name: &str) -> Cow<'_, str> {
    match (name.find('['), name.rfind(']')) {
        (Some(open), Some(close)) if open < close => {
            let (before, after) = (name.get(..open), name.get(close + 1..));
            Cow::Owned(format!(
                "{}[...]{}",
                before.unwrap_or(""),
                after.unwrap_or("")
            ))
        }
        _ => Cow::Borrowed(name),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::{Label, LabelValue, Line, ProfileBuilder, StringId};

    /// A heap profile of stacks (root first, `name:line`), object sizes and counts.
    fn heap(samples: &[(&str, i64, i64)]) -> Profile {
        let mut builder = ProfileBuilder::new();
        builder.sample_type("inuse_objects", "count");
        builder.sample_type("inuse_space", "bytes");
        builder.period("space", "bytes", 524_288);
        let key = builder.string("bytes");
        for &(stack, size, count) in samples {
            let mut frames = Vec::new();
            for frame in stack.split(' ').rev() {
                let (name, line) = frame.split_once(':').unwrap();
                let function = builder.function(name, "/src/a.go", 0);
                let line = Line {
                    function,
                    line: line.parse().unwrap(),
                    column: 0,
                };
                frames.push(builder.location(None, 0, &[line]));
            }
            let value = LabelValue::Number {
                value: size,
                unit: StringId(0),
            };
            builder.sample(&frames, &[count, count * size], &[Label { key, value }]);
        }
        builder.finish()
    }

    fn rows(table: &StackTable, snapshot: &Snapshot) -> Vec<(String, Option<i64>, Vec<i64>)> {
        let name = |frame: Frame| format!("{}:{}", frame.function, frame.line);
        snapshot
            .entries()
            .map(|entry| {
                let frames: Vec<String> = table.frames(entry.stack).map(name).collect();
                (frames.join(" "), entry.object_size, entry.values.to_vec())
            })
            .collect()
    }

    #[test]
    fn profiles_share_stacks_and_keep_object_sizes_apart() {
        let mut table = StackTable::new();
        let first = table.add(&heap(&[
            ("main:1 alloc:5", 64, 3),
            ("main:1 alloc:5", 16, 1),
        ]));
        let second = table.add(&heap(&[
            ("main:2 alloc:5", 64, 9),
            ("main:1 alloc:5", 64, 4),
            ("main:1 alloc:5", 64, 2),
        ]));
        assert_eq!(table.len(), 2);
        assert_eq!(
            rows(&table, &first),
            [
                ("alloc:5 main:1".to_owned(), Some(16), vec![1, 16]),
                ("alloc:5 main:1".to_owned(), Some(64), vec![3, 192]),
            ]
        );
        assert_eq!(
            rows(&table, &second),
            [
                ("alloc:5 main:1".to_owned(), Some(64), vec![6, 384]),
                ("alloc:5 main:2".to_owned(), Some(64), vec![9, 576]),
            ]
        );
        let space = second.sample_type_named("inuse_space").unwrap();
        assert_eq!(second.total(space), 960);
        assert_eq!(second.heap_sampling_rate, Some(524_288));
    }

    #[test]
    fn a_sample_counts_once_for_each_of_its_text_labels() {
        let mut builder = ProfileBuilder::new();
        builder.sample_type("goroutine", "count");
        let function = builder.function("main.work", "main.go", 0);
        let line = Line {
            function,
            line: 1,
            column: 0,
        };
        let location = builder.location(None, 0, &[line]);
        let text = |builder: &mut ProfileBuilder, key: &str, value: &str| Label {
            key: builder.string(key),
            value: LabelValue::Text(builder.string(value)),
        };
        let (a, b) = (
            text(&mut builder, "kind", "a"),
            text(&mut builder, "job", "1"),
        );
        builder.sample(&[location], &[3], &[a, b]);
        builder.sample(&[location], &[4], &[a, a]);
        builder.sample(&[location], &[5], &[]);
        let snapshot = StackTable::new().add(&builder.finish());
        let sums: Vec<(&str, i64)> = snapshot
            .labelled
            .iter()
            .map(|labelled| (&*labelled.label, labelled.values[0]))
            .collect();
        assert_eq!(sums, [("job=1", 3), ("kind=a", 7)]);
        assert_eq!(snapshot.total(0), 12);
    }

    #[test]
    fn a_stack_given_by_names_is_that_of_a_profile() {
        let mut table = StackTable::new();
        let snapshot = table.add(&heap(&[(
            "main.Run[go.shape.int]:1 main.(*T[go.shape.[]int]).f:5",
            8,
            1,
        )]));
        let stack = snapshot.entries().next().unwrap().stack;
        let frames = [
            ("main.(*T[...]).f", "/src/a.go", 5),
            ("main.Run[...]", "/src/a.go", 1),
        ];
        assert_eq!(table.intern(frames), stack);
        assert_eq!(table.len(), 1);
    }
}
