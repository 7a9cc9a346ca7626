//! A profile as columns.

use crate::labels::Labels;
use crate::stacks::{Stack, Stacks};
use crate::{FunctionIndex, LocationIndex, MappingIndex, StringId, StringTable};

/// What a column of values measures: a type such as `inuse_space` and a unit such as `bytes`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ValueType {
    /// The name of what is measured.
    pub kind: StringId,
    /// The unit of the values.
    pub unit: StringId,
}

/// A function that lines refer to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Function {
    /// The id in the file, not 0 and unique among functions.
    pub id: u64,
    /// The name for people.
    pub name: StringId,
    /// The name for the linker; for Go the same as `name`.
    pub system_name: StringId,
    /// The source file.
    pub filename: StringId,
    /// The line of the `func` keyword, 0 if not known.
    pub start_line: i64,
}

/// One source line of a location.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Line {
    /// The function.
    pub function: FunctionIndex,
    /// 1-based, 0 if not known.
    pub line: i64,
    /// 1-based, 0 if not known.
    pub column: i64,
}

/// A code address. Its lines (more than one where calls were inlined) come from
/// [`Profile::lines`], the innermost callee first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Location {
    /// The id in the file, not 0 and unique among locations.
    pub id: u64,
    /// The mapped file that the address lies in.
    pub mapping: Option<MappingIndex>,
    /// The address of the call instruction (return address - 1), 0 if not known.
    pub address: u64,
    /// Whether several symbols share this address.
    pub is_folded: bool,
    pub(crate) first_line: u32,
    pub(crate) line_count: u32,
}

/// A file that was mapped into the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Mapping {
    /// The id in the file, not 0 and unique among mappings.
    pub id: u64,
    /// First address.
    pub start: u64,
    /// Address after the last.
    pub limit: u64,
    /// Offset in the file of the first address.
    pub offset: u64,
    /// The file's path.
    pub file: StringId,
    /// The build id.
    pub build_id: StringId,
    /// Whether locations of this mapping have function names.
    pub has_functions: bool,
    /// Whether they have file names.
    pub has_filenames: bool,
    /// Whether they have line numbers.
    pub has_line_numbers: bool,
    /// Whether inlined calls are listed.
    pub has_inline_frames: bool,
}

/// A label of a sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Label {
    /// The label's name.
    pub key: StringId,
    /// The label's value.
    pub value: LabelValue,
}

/// A label's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LabelValue {
    /// A text.
    Text(StringId),
    /// A number and its unit, which is empty if the file does not say.
    Number {
        /// The number.
        value: i64,
        /// The unit.
        unit: StringId,
    },
}

/// The figures of `runtime.MemStats` at the end of a text heap profile. Sizes are bytes.
///
/// The names are those of Go's `runtime.MemStats`. What a file does not have is 0.
#[derive(Debug, Clone, PartialEq, Default)]
#[expect(missing_docs, reason = "the names are those of runtime.MemStats")]
pub struct MemStats {
    pub alloc: u64,
    pub total_alloc: u64,
    pub sys: u64,
    pub mallocs: u64,
    pub frees: u64,
    pub heap_alloc: u64,
    pub heap_sys: u64,
    pub heap_idle: u64,
    pub heap_inuse: u64,
    pub heap_released: u64,
    pub heap_objects: u64,
    pub stack_inuse: u64,
    pub stack_sys: u64,
    pub mspan_inuse: u64,
    pub mspan_sys: u64,
    pub mcache_inuse: u64,
    pub mcache_sys: u64,
    pub buck_hash_sys: u64,
    pub gc_sys: u64,
    pub other_sys: u64,
    pub next_gc: u64,
    /// Nanoseconds since 1970 of the end of the last collection, 0 before the first.
    pub last_gc: u64,
    pub num_gc: u64,
    pub num_forced_gc: u64,
    pub gc_cpu_fraction: f64,
    /// Highest resident set size, 0 where the system does not tell.
    pub max_rss: u64,
}

/// A profile: samples as columns of values, stacks and labels as columns of lists.
///
/// Sample `i` has a stack ([`stack`](Self::stack), leaf first), one value per sample type
/// ([`values`](Self::values) is a whole column) and labels.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Profile {
    pub(crate) strings: StringTable,
    pub(crate) sample_types: Vec<ValueType>,
    pub(crate) stacks: Stacks,
    pub(crate) values: Vec<Vec<i64>>,
    pub(crate) labels: Labels,
    pub(crate) locations: Vec<Location>,
    pub(crate) lines: Vec<Line>,
    pub(crate) functions: Vec<Function>,
    pub(crate) mappings: Vec<Mapping>,
    pub(crate) comments: Vec<StringId>,
    pub(crate) memory: Option<Box<MemStats>>,
    /// What is sampled; both names are empty if the file does not say.
    pub period_type: ValueType,
    /// Events between two samples, in the unit of `period_type`.
    pub period: i64,
    /// When the profile was taken, nanoseconds since 1970, 0 if not known.
    pub time_nanos: i64,
    /// Over which time, nanoseconds, 0 if not known.
    pub duration_nanos: i64,
    /// Regular expression of frames to hide with all that they call.
    pub drop_frames: StringId,
    /// Regular expression of frames to keep although `drop_frames` matches.
    pub keep_frames: StringId,
    /// The sample type to show when none is asked for; empty means the last.
    pub default_sample_type: StringId,
    /// A link to documentation of this kind of profile.
    pub doc_url: StringId,
}

impl Profile {
    /// The strings that all ids of this profile refer to.
    pub fn strings(&self) -> &StringTable {
        &self.strings
    }

    /// A string of this profile.
    pub fn string(&self, id: StringId) -> &str {
        self.strings.get(id)
    }

    /// Replaces strings throughout: function and file names, labels, comments and all others. For
    /// taking paths and hosts out of a profile before it is shared. `replacement` gives the new
    /// text, or `None` to keep the old one; the empty string always stays.
    pub fn replace_strings(&mut self, mut replacement: impl FnMut(&str) -> Option<String>) {
        let mut replaced = StringTable::default();
        for index in 1..self.strings.len() {
            let id = StringId(index as u32);
            let pushed = match replacement(self.strings.get(id)) {
                Some(text) => replaced.push(text.as_bytes()),
                None => replaced.push(self.strings.bytes(id)),
            };
            if pushed.is_none() {
                // 4 GiB are full. An id must not come to mean another string.
                return;
            }
        }
        self.strings = replaced;
    }

    /// What each column of values measures.
    pub fn sample_types(&self) -> &[ValueType] {
        &self.sample_types
    }

    /// The column of the sample type with this name, such as `inuse_space`.
    pub fn sample_type_named(&self, kind: &str) -> Option<usize> {
        self.sample_types
            .iter()
            .position(|t| self.string(t.kind) == kind)
    }

    /// Number of samples.
    pub fn sample_count(&self) -> usize {
        self.stacks.len()
    }

    /// The values of all samples for one sample type; empty for a sample type that is not there.
    pub fn values(&self, sample_type: usize) -> &[i64] {
        self.values.get(sample_type).map_or(&[], Vec::as_slice)
    }

    /// The stack of a sample, leaf first; empty for a sample that is not there.
    #[inline]
    pub fn stack(&self, sample: usize) -> Stack<'_> {
        self.stacks.get(sample)
    }

    /// The labels of a sample, as the file orders them.
    #[inline]
    pub fn labels(&self, sample: usize) -> &[Label] {
        self.labels.get(sample)
    }

    /// The labels of a sample as the reports show them: texts before numbers, each in the order of
    /// their keys, the values of one key in the order of the file. They replace what `labels` has.
    pub fn labels_by_key(&self, sample: usize, labels: &mut Vec<Label>) {
        labels.clear();
        labels.extend_from_slice(self.labels(sample));
        if labels.len() > 1 {
            labels.sort_by_key(|label| {
                let is_number = matches!(label.value, LabelValue::Number { .. });
                (is_number, self.strings.bytes(label.key))
            });
        }
    }

    /// The labels that samples have, in the order of the samples. Those that several have may come once.
    pub fn all_labels(&self) -> impl Iterator<Item = &Label> {
        self.labels.lists()
    }

    /// All samples in the order of the file.
    pub fn samples(&self) -> impl Iterator<Item = Sample<'_>> {
        (0..self.sample_count()).map(|index| Sample {
            profile: self,
            index,
        })
    }

    /// All locations.
    pub fn locations(&self) -> &[Location] {
        &self.locations
    }

    /// The lines of a location, the innermost inlined callee first.
    pub fn lines(&self, location: LocationIndex) -> &[Line] {
        let Some(location) = self.locations.get(location.index()) else {
            return &[];
        };
        let first = location.first_line as usize;
        self.lines
            .get(first..first + location.line_count as usize)
            .unwrap_or(&[])
    }

    /// All functions.
    pub fn functions(&self) -> &[Function] {
        &self.functions
    }

    /// The function of a line; one without a name for an index of another profile.
    pub fn function(&self, index: FunctionIndex) -> Function {
        self.functions
            .get(index.index())
            .copied()
            .unwrap_or_default()
    }

    /// All mappings; the first is the program itself.
    pub fn mappings(&self) -> &[Mapping] {
        &self.mappings
    }

    /// Remarks on the profile.
    pub fn comments(&self) -> impl Iterator<Item = &str> {
        self.comments.iter().map(|&id| self.string(id))
    }

    /// The strings of the remarks.
    pub fn comment_ids(&self) -> &[StringId] {
        &self.comments
    }

    /// The runtime's memory figures, which only the text form of a heap profile has.
    pub fn memory(&self) -> Option<&MemStats> {
        self.memory.as_deref()
    }

    /// For a profile of heap allocations, the mean number of bytes between two sampled
    /// allocations (Go's `MemProfileRate`): 1 if every allocation was recorded. `None` for other
    /// profiles and where the rate is not known.
    pub fn heap_sampling_rate(&self) -> Option<u64> {
        let is_heap = self.string(self.period_type.kind) == "space"
            && self.string(self.period_type.unit) == "bytes";
        match u64::try_from(self.period) {
            Ok(rate) if is_heap && rate > 0 => Some(rate),
            _ => None,
        }
    }

    /// The size in bytes of the objects that a sample of a heap profile counts (label `bytes`).
    pub fn object_size(&self, sample: usize) -> Option<i64> {
        self.labels(sample)
            .iter()
            .find_map(|label| match label.value {
                LabelValue::Number { value, .. } if self.string(label.key) == "bytes" => {
                    Some(value)
                }
                _ => None,
            })
    }
}

/// One sample of a profile.
#[derive(Debug, Clone, Copy)]
pub struct Sample<'p> {
    profile: &'p Profile,
    index: usize,
}

impl<'p> Sample<'p> {
    /// The position among the samples.
    pub fn index(&self) -> usize {
        self.index
    }

    /// The value for a sample type, 0 for one that is not there.
    pub fn value(&self, sample_type: usize) -> i64 {
        self.profile
            .values(sample_type)
            .get(self.index)
            .copied()
            .unwrap_or(0)
    }

    /// The stack, leaf first.
    pub fn stack(&self) -> Stack<'p> {
        self.profile.stack(self.index)
    }

    /// The labels, as the file orders them.
    pub fn labels(&self) -> &'p [Label] {
        self.profile.labels(self.index)
    }

    /// The size in bytes of the objects counted, in a heap profile.
    pub fn object_size(&self) -> Option<i64> {
        self.profile.object_size(self.index)
    }
}
