//! Several profiles added up (`profile/merge.go` of the reference).
//!
//! What is the same in two profiles is found by content, not by id: functions by their names, file
//! and start line; mapped files by build id (or path), size and offset; locations by their place in
//! the mapped file and their lines; samples by stack and labels. The order is that of first use, and
//! nothing is kept that no sample uses.

use std::hash::{Hash, Hasher};
use std::ops::Range;

use hashbrown::HashTable;
use rustc_hash::{FxHashMap, FxHasher};

use crate::parallel::in_parts;
use crate::strings::Interner;
use crate::{
    Function, FunctionIndex, Label, LabelValue, Line, Location, LocationIndex, Mapping,
    MappingIndex, Profile, StringId, ValueType,
};

/// Fewer samples than this are not worth a thread.
const LEAST_SAMPLES_IN_A_PART: usize = 1 << 15;

/// Why profiles cannot be added up.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MergeError {
    /// There is none.
    #[error("no profiles to merge")]
    Nothing,
    /// They sample different events.
    #[error("incompatible period types {first} and {other}")]
    PeriodTypes {
        /// That of the first profile.
        first: String,
        /// That of the one that differs.
        other: String,
    },
    /// Their columns differ.
    #[error("incompatible sample types [{first}] and [{other}]")]
    SampleTypes {
        /// Those of the first profile.
        first: String,
        /// Those of the one that differs.
        other: String,
    },
    /// The sum has more strings, frames or labels than a profile can hold.
    #[error("the merged profile is too large")]
    TooLarge,
}

/// Adds profiles up. All must have the same sample types and period type.
///
/// Samples without any value are left out; values of samples with equal stacks and labels are
/// summed, wrapping. The time is the earliest, the duration the sum, the period the largest;
/// comments are united; which frames to drop and what is sampled is taken from the first profile.
pub fn merge(profiles: &[&Profile]) -> Result<Profile, MergeError> {
    let Some(first) = profiles.first() else {
        return Err(MergeError::Nothing);
    };
    for other in profiles {
        check_compatible(first, other)?;
    }
    let mut merger = Merger::default();
    merger.headers(profiles)?;
    for profile in profiles {
        merger.add(profile)?;
    }
    let merged = merger.merged;
    // What cancelled out goes, and so do the frames that only it had.
    if has_empty_samples(&merged) {
        return merge(&[&merged]);
    }
    Ok(merged)
}

/// Whether two profiles have the same sample types and period type.
pub(crate) fn check_compatible(first: &Profile, other: &Profile) -> Result<(), MergeError> {
    let names = |profile: &Profile, value_type: ValueType| {
        let bytes = |id| profile.strings.bytes(id).to_vec();
        (bytes(value_type.kind), bytes(value_type.unit))
    };
    let shown = |profile: &Profile, value_type: ValueType| {
        let (kind, unit) = (value_type.kind, value_type.unit);
        format!("&{{{} {} 0 0}}", profile.string(kind), profile.string(unit))
    };
    if names(first, first.period_type) != names(other, other.period_type) {
        return Err(MergeError::PeriodTypes {
            first: shown(first, first.period_type),
            other: shown(other, other.period_type),
        });
    }
    let all = |profile: &Profile| -> Vec<_> {
        let types = profile.sample_types.iter();
        types.map(|&t| names(profile, t)).collect()
    };
    if all(first) != all(other) {
        let shown = |profile: &Profile| {
            let types = profile.sample_types.iter().map(|&t| shown(profile, t));
            types.collect::<Vec<_>>().join(" ")
        };
        return Err(MergeError::SampleTypes {
            first: shown(first),
            other: shown(other),
        });
    }
    Ok(())
}

/// For each sample whether it has a value.
fn has_values(profile: &Profile) -> Vec<bool> {
    let mut has_value = vec![false; profile.sample_count()];
    for column in &profile.values {
        for (has_value, &value) in has_value.iter_mut().zip(column) {
            *has_value |= value != 0;
        }
    }
    has_value
}

fn has_empty_samples(profile: &Profile) -> bool {
    has_values(profile).contains(&false)
}

/// What makes two locations the same.
#[derive(Debug, PartialEq, Eq, Hash)]
struct LocationKey {
    mapping: Option<MappingIndex>,
    /// From the start of the mapped file, if there is one.
    address: u64,
    is_folded: bool,
    lines: Box<[(FunctionIndex, i64)]>,
    /// The reference compares the columns of outermost lines only.
    last_column: i64,
}

/// What makes two mapped files the same: size in whole pages, offset, and build id or path.
type MappingKey = (u64, u64, StringId);

/// A sample of the merged profile, by the hash of its stack and labels.
#[derive(Debug, Clone, Copy)]
struct KnownSample {
    hash: u64,
    index: u32,
}

#[derive(Default)]
struct Merger {
    merged: Profile,
    strings: Interner,
    functions: FxHashMap<Function, FunctionIndex>,
    mappings: FxHashMap<MappingKey, MappingIndex>,
    locations: FxHashMap<LocationKey, LocationIndex>,
    samples: HashTable<KnownSample>,
}

/// What the parts of one source are in the merged profile, as far as they were met.
struct Source<'p> {
    profile: &'p Profile,
    strings: Vec<Option<StringId>>,
    functions: Vec<Option<FunctionIndex>>,
    /// With what is to be added to addresses.
    mappings: Vec<Option<(MappingIndex, u64)>>,
    locations: Vec<Option<LocationIndex>>,
}

impl<'p> Source<'p> {
    fn new(profile: &'p Profile) -> Self {
        Source {
            profile,
            strings: vec![None; profile.strings.len()],
            functions: vec![None; profile.functions.len()],
            mappings: vec![None; profile.mappings.len()],
            locations: vec![None; profile.locations.len()],
        }
    }

    /// The stack of a sample as locations of the merged profile.
    fn stack(&self, sample: usize) -> impl ExactSizeIterator<Item = LocationIndex> {
        self.profile.stack(sample).iter().map(|location| {
            let merged = self.locations.get(location.index());
            merged.copied().flatten().unwrap_or_default()
        })
    }

    /// The labels of a sample in the merged profile, in an order in which equal labels are equal:
    /// texts before numbers, each by key, the values of a key as they are.
    fn labels(&self, sample: usize, labels: &mut Vec<Label>) {
        let string = |id: StringId| {
            let merged = self.strings.get(id.index());
            merged.copied().flatten().unwrap_or_default()
        };
        labels.clear();
        labels.extend(self.profile.labels(sample).iter().map(|label| Label {
            key: string(label.key),
            value: match label.value {
                LabelValue::Text(text) => LabelValue::Text(string(text)),
                LabelValue::Number { value, unit } => LabelValue::Number {
                    value,
                    unit: string(unit),
                },
            },
        }));
        if labels.len() > 1 {
            labels.sort_by_key(|label| {
                let is_number = matches!(label.value, LabelValue::Number { .. });
                (is_number, label.key)
            });
        }
    }

    fn hash(&self, sample: usize, labels: &mut Vec<Label>) -> u64 {
        let mut hasher = FxHasher::default();
        for location in self.stack(sample) {
            hasher.write_u32(location.0);
        }
        self.labels(sample, labels);
        labels.hash(&mut hasher);
        hasher.finish()
    }

    fn hashes(&self, samples: Range<usize>) -> Vec<u64> {
        let mut labels = Vec::new();
        samples
            .map(|sample| self.hash(sample, &mut labels))
            .collect()
    }
}

impl Merger {
    /// Everything but samples and what they use.
    fn headers(&mut self, profiles: &[&Profile]) -> Result<(), MergeError> {
        let Some(first) = profiles.first() else {
            return Ok(());
        };
        let mut types = Vec::with_capacity(first.sample_types.len());
        for &value_type in &first.sample_types {
            types.push(self.value_type(first, value_type)?);
        }
        self.merged.values = vec![Vec::new(); types.len()];
        self.merged.sample_types = types;
        self.merged.period_type = self.value_type(first, first.period_type)?;
        self.merged.drop_frames = self.string(first, first.drop_frames)?;
        self.merged.keep_frames = self.string(first, first.keep_frames)?;
        let (mut time, mut duration, mut period) = (0, 0i64, 0);
        for profile in profiles {
            if time == 0 || profile.time_nanos < time {
                time = profile.time_nanos;
            }
            duration = duration.wrapping_add(profile.duration_nanos);
            if period == 0 || period < profile.period {
                period = profile.period;
            }
            for &comment in &profile.comments {
                let comment = self.string(profile, comment)?;
                if !self.merged.comments.contains(&comment) {
                    self.merged.comments.push(comment);
                }
            }
            if self.merged.default_sample_type == StringId(0) {
                self.merged.default_sample_type =
                    self.string(profile, profile.default_sample_type)?;
            }
            if self.merged.doc_url == StringId(0) {
                self.merged.doc_url = self.string(profile, profile.doc_url)?;
            }
        }
        self.merged.time_nanos = time;
        self.merged.duration_nanos = duration;
        self.merged.period = period;
        Ok(())
    }

    fn add(&mut self, profile: &Profile) -> Result<(), MergeError> {
        let mut source = Source::new(profile);
        // The first mapping is the program itself and stays first, whatever uses it.
        if self.merged.mappings.is_empty() && !profile.mappings.is_empty() {
            self.mapping(&mut source, MappingIndex(0))?;
        }
        let has_value = has_values(profile);
        for (sample, _) in has_value.iter().enumerate().filter(|(_, has)| **has) {
            for location in profile.stack(sample).iter() {
                if source.locations.get(location.index()) == Some(&None) {
                    self.location(&mut source, location)?;
                }
            }
            for label in profile.labels(sample) {
                self.source_string(&mut source, label.key)?;
                self.source_string(
                    &mut source,
                    match label.value {
                        LabelValue::Text(text) => text,
                        LabelValue::Number { unit, .. } => unit,
                    },
                )?;
            }
        }
        let hashes = in_parts(profile.sample_count(), LEAST_SAMPLES_IN_A_PART, |samples| {
            source.hashes(samples)
        });
        let mut labels = Vec::new();
        for (sample, &hash) in hashes.iter().flatten().enumerate() {
            if has_value.get(sample) == Some(&true) {
                self.sample(&source, sample, hash, &mut labels)?;
            }
        }
        Ok(())
    }

    fn sample(
        &mut self,
        source: &Source,
        sample: usize,
        hash: u64,
        labels: &mut Vec<Label>,
    ) -> Result<(), MergeError> {
        source.labels(sample, labels);
        let merged = &mut self.merged;
        let is_same = |known: &KnownSample| {
            let index = known.index as usize;
            known.hash == hash
                && merged.labels(index) == labels
                && merged.stack(index).iter().eq(source.stack(sample))
        };
        let values = source
            .profile
            .values
            .iter()
            .map(|column| column.get(sample));
        let values = values.map(|value| value.copied().unwrap_or(0));
        if let Some(known) = self.samples.find(hash, is_same) {
            let index = known.index as usize;
            for (column, value) in merged.values.iter_mut().zip(values) {
                if let Some(sum) = column.get_mut(index) {
                    *sum = sum.wrapping_add(value);
                }
            }
            return Ok(());
        }
        let index = length(merged.sample_count())?;
        merged.stacks.push(source.stack(sample));
        merged.labels.push(labels);
        for (column, value) in merged.values.iter_mut().zip(values) {
            column.push(value);
        }
        let known = KnownSample { hash, index };
        self.samples.insert_unique(hash, known, |known| known.hash);
        Ok(())
    }

    fn location(&mut self, source: &mut Source, index: LocationIndex) -> Result<(), MergeError> {
        let profile = source.profile;
        let Some(location) = profile.locations.get(index.index()) else {
            return Ok(());
        };
        let (mapping, offset) = match location.mapping {
            Some(mapping) => self.mapping(source, mapping)?,
            None => (None, 0),
        };
        let mut lines = Vec::with_capacity(profile.lines(index).len());
        for line in profile.lines(index) {
            let function = self.function(source, line.function)?;
            lines.push(Line { function, ..*line });
        }
        let address = location.address.wrapping_add(offset);
        let start = mapping.and_then(|mapping| self.merged.mappings.get(mapping.index()));
        let key = LocationKey {
            mapping,
            address: address.wrapping_sub(start.map_or(0, |mapping| mapping.start)),
            is_folded: location.is_folded,
            lines: lines
                .iter()
                .map(|line| (line.function, line.line))
                .collect(),
            last_column: lines.last().map_or(0, |line| line.column),
        };
        let merged = match self.locations.get(&key) {
            Some(&merged) => merged,
            None => {
                let position = length(self.merged.locations.len())?;
                self.merged.locations.push(Location {
                    id: u64::from(position) + 1,
                    mapping,
                    address,
                    is_folded: location.is_folded,
                    first_line: length(self.merged.lines.len())?,
                    line_count: length(lines.len())?,
                });
                self.merged.lines.extend_from_slice(&lines);
                self.locations.insert(key, LocationIndex(position));
                LocationIndex(position)
            }
        };
        if let Some(slot) = source.locations.get_mut(index.index()) {
            *slot = Some(merged);
        }
        Ok(())
    }

    /// The mapping in the merged profile, and how far it lies from where the source has it.
    fn mapping(
        &mut self,
        source: &mut Source,
        index: MappingIndex,
    ) -> Result<(Option<MappingIndex>, u64), MergeError> {
        let slot = source.mappings.get(index.index());
        if let Some(Some((mapping, offset))) = slot {
            return Ok((Some(*mapping), *offset));
        }
        let Some(mapping) = source.profile.mappings.get(index.index()) else {
            return Ok((None, 0));
        };
        let mapping = Mapping {
            file: self.string(source.profile, mapping.file)?,
            build_id: self.string(source.profile, mapping.build_id)?,
            ..*mapping
        };
        let key = mapping_key(&mapping);
        let merged = match self.mappings.get(&key) {
            Some(&merged) => merged,
            None => {
                let position = length(self.merged.mappings.len())?;
                let id = u64::from(position) + 1;
                self.merged.mappings.push(Mapping { id, ..mapping });
                self.mappings.insert(key, MappingIndex(position));
                MappingIndex(position)
            }
        };
        let start = self.merged.mappings.get(merged.index());
        let start = start.map_or(mapping.start, |merged| merged.start);
        let offset = start.wrapping_sub(mapping.start);
        if let Some(slot) = source.mappings.get_mut(index.index()) {
            *slot = Some((merged, offset));
        }
        Ok((Some(merged), offset))
    }

    fn function(
        &mut self,
        source: &mut Source,
        index: FunctionIndex,
    ) -> Result<FunctionIndex, MergeError> {
        if let Some(Some(merged)) = source.functions.get(index.index()) {
            return Ok(*merged);
        }
        let function = source.profile.function(index);
        let key = Function {
            id: 0,
            name: self.string(source.profile, function.name)?,
            system_name: self.string(source.profile, function.system_name)?,
            filename: self.string(source.profile, function.filename)?,
            start_line: function.start_line,
        };
        let merged = match self.functions.get(&key) {
            Some(&merged) => merged,
            None => {
                let position = length(self.merged.functions.len())?;
                let id = u64::from(position) + 1;
                self.merged.functions.push(Function { id, ..key });
                self.functions.insert(key, FunctionIndex(position));
                FunctionIndex(position)
            }
        };
        if let Some(slot) = source.functions.get_mut(index.index()) {
            *slot = Some(merged);
        }
        Ok(merged)
    }

    fn value_type(
        &mut self,
        profile: &Profile,
        value_type: ValueType,
    ) -> Result<ValueType, MergeError> {
        Ok(ValueType {
            kind: self.string(profile, value_type.kind)?,
            unit: self.string(profile, value_type.unit)?,
        })
    }

    fn source_string(&mut self, source: &mut Source, id: StringId) -> Result<(), MergeError> {
        if source.strings.get(id.index()) != Some(&None) {
            return Ok(());
        }
        let merged = self.string(source.profile, id)?;
        if let Some(slot) = source.strings.get_mut(id.index()) {
            *slot = Some(merged);
        }
        Ok(())
    }

    fn string(&mut self, profile: &Profile, id: StringId) -> Result<StringId, MergeError> {
        self.strings
            .intern(&mut self.merged.strings, profile.strings.bytes(id))
            .ok_or(MergeError::TooLarge)
    }
}

/// Sizes are compared in whole pages. What has neither build id nor path is made up by a reader and
/// the same everywhere.
fn mapping_key(mapping: &Mapping) -> MappingKey {
    const PAGE: u64 = 0x1000;
    let size = mapping.limit.wrapping_sub(mapping.start);
    let size = size.wrapping_add(PAGE - 1);
    let name = if mapping.build_id == StringId(0) {
        mapping.file
    } else {
        mapping.build_id
    };
    (size - size % PAGE, mapping.offset, name)
}

fn length(length: usize) -> Result<u32, MergeError> {
    u32::try_from(length).map_err(|_| MergeError::TooLarge)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::ProfileBuilder;

    /// A profile of stacks (root first, `name:line:column`, `+` before an inlined call), each with
    /// its labels (`key=text`, `key=number/unit`) and values.
    fn profile(samples: &[(&str, &str, &[i64])]) -> Profile {
        let mut builder = ProfileBuilder::new();
        builder.sample_type("objects", "count");
        builder.sample_type("space", "bytes");
        builder.period("space", "bytes", 512);
        for (stack, labels, values) in samples {
            let mut frames = Vec::new();
            for place in stack.split_whitespace().rev() {
                let lines: Vec<Line> = place
                    .split('+')
                    .rev()
                    .map(|line| {
                        let parts: Vec<&str> = line.split(':').collect();
                        let number = |at: usize| parts.get(at).map_or(0, |n| n.parse().unwrap());
                        Line {
                            function: builder.function(parts[0], "a.go", 0),
                            line: number(1),
                            column: number(2),
                        }
                    })
                    .collect();
                frames.push(builder.location(None, 0, &lines));
            }
            let mut given = Vec::new();
            for label in labels.split_whitespace() {
                let (key, value) = label.split_once('=').unwrap();
                let value = match value.split_once('/') {
                    Some((number, unit)) => LabelValue::Number {
                        value: number.parse().unwrap(),
                        unit: builder.string(unit),
                    },
                    None => LabelValue::Text(builder.string(value)),
                };
                let key = builder.string(key);
                given.push(Label { key, value });
            }
            builder.sample(&frames, values, &given);
        }
        builder.finish()
    }

    fn rows(profile: &Profile) -> Vec<String> {
        let mut labels = Vec::new();
        profile
            .samples()
            .map(|sample| {
                let mut said = Vec::new();
                for location in sample.stack().iter().rev() {
                    let lines = profile.lines(location).iter().rev().map(|line| {
                        let name = profile.string(profile.function(line.function).name);
                        format!("{name}:{}:{}", line.line, line.column)
                    });
                    said.push(lines.collect::<Vec<_>>().join("+"));
                }
                profile.labels_by_key(sample.index(), &mut labels);
                for label in &labels {
                    let key = profile.string(label.key);
                    said.push(match label.value {
                        LabelValue::Text(text) => format!("{key}={}", profile.string(text)),
                        LabelValue::Number { value, unit } => {
                            format!("{key}={value}/{}", profile.string(unit))
                        }
                    });
                }
                format!("{} {} {}", said.join(" "), sample.value(0), sample.value(1))
            })
            .collect()
    }

    #[test]
    fn equal_samples_are_added_up_in_the_order_of_first_sight() {
        let first = profile(&[
            ("a:1 b:2", "x=1 n=8/bytes", &[1, 8]),
            ("a:1", "", &[0, 0]),
            ("a:1 c:3", "", &[2, 2]),
        ]);
        let second = profile(&[
            ("z:9", "", &[0, 1]),
            ("a:1 b:2", "n=8/bytes x=1", &[10, 80]),
            ("a:1 b:2", "n=8/kb x=1", &[5, 5]),
            ("a:1 c:3", "", &[i64::MAX, 1]),
        ]);
        let merged = merge(&[&first, &second]).unwrap();
        assert_eq!(
            rows(&merged),
            [
                "a:1:0 b:2:0 x=1 n=8/bytes 11 88".to_owned(),
                format!("a:1:0 c:3:0 {} 3", 2i64.wrapping_add(i64::MAX)),
                "z:9:0 0 1".to_owned(),
                "a:1:0 b:2:0 x=1 n=8/kb 5 5".to_owned(),
            ]
        );
        let names = merged.functions().iter().map(|f| merged.string(f.name));
        assert_eq!(names.collect::<Vec<_>>(), ["b", "a", "c", "z"]);
        let ids = merged.locations().iter().map(|location| location.id);
        assert_eq!(ids.collect::<Vec<_>>(), [1, 2, 3, 4]);
    }

    #[test]
    fn what_cancels_out_goes_with_its_frames() {
        let after = profile(&[("a b", "", &[3, 30]), ("a c", "", &[1, 10])]);
        let mut before = profile(&[("a b", "", &[3, 30])]);
        before.scale(-1.0);
        let grown = merge(&[&after, &before]).unwrap();
        assert_eq!(rows(&grown), ["a:0:0 c:0:0 1 10"]);
        assert_eq!(grown.locations().len(), 2);
        assert_eq!(grown.functions().len(), 2);
    }

    /// As in the reference, whose key of a location forgets the other columns.
    #[test]
    fn only_the_outermost_column_tells_locations_apart() {
        let first = profile(&[("a:1:5+b:2:6", "", &[1, 1])]);
        let second = profile(&[("a:1:5+b:2:7", "", &[2, 2]), ("a:1:6+b:2:6", "", &[4, 4])]);
        let merged = merge(&[&first, &second]).unwrap();
        assert_eq!(rows(&merged), ["a:1:5+b:2:6 3 3", "a:1:6+b:2:6 4 4"]);
    }

    #[test]
    fn addresses_follow_a_program_that_was_loaded_elsewhere() {
        let at = |start: u64| {
            let mut builder = ProfileBuilder::new();
            builder.sample_type("space", "bytes");
            let build_id = builder.string("abc");
            let mapping = builder.mapping(Mapping {
                start,
                limit: start + 0x1f00 + start % 0x100,
                build_id,
                ..Mapping::default()
            });
            let location = builder.location(Some(mapping), start + 0x10, &[]);
            builder.sample(&[location], &[1], &[]);
            builder.finish()
        };
        let merged = merge(&[&at(0x40_0000), &at(0x7f_0080)]).unwrap();
        assert_eq!(merged.mappings().len(), 1);
        assert_eq!(merged.locations().len(), 1);
        assert_eq!(merged.locations()[0].address, 0x40_0010);
        assert_eq!(merged.values(0), [2]);
    }

    #[test]
    fn headers_are_combined() {
        let with = |time, duration, period, comment: &str| {
            let mut builder = ProfileBuilder::new();
            builder.sample_type("space", "bytes");
            builder.comment("same");
            builder.comment(comment);
            builder.period("space", "bytes", period);
            builder.profile_mut().time_nanos = time;
            builder.profile_mut().duration_nanos = duration;
            builder.finish()
        };
        let merged = merge(&[
            &with(9, 1, 5, "a"),
            &with(7, 2, 8, "b"),
            &with(8, 4, 6, "a"),
        ]);
        let merged = merged.unwrap();
        let figures = (merged.time_nanos, merged.duration_nanos, merged.period);
        assert_eq!(figures, (7, 7, 8));
        assert_eq!(merged.comments().collect::<Vec<_>>(), ["same", "a", "b"]);
    }

    #[test]
    fn profiles_of_different_things_are_not_added_up() {
        let heap = profile(&[]);
        let mut other = ProfileBuilder::new();
        other.sample_type("samples", "count");
        other.period("space", "bytes", 1);
        assert_eq!(
            merge(&[&heap, &other.finish()]).unwrap_err().to_string(),
            "incompatible sample types [&{objects count 0 0} &{space bytes 0 0}] and \
             [&{samples count 0 0}]"
        );
        let mut other = profile(&[]);
        other.period_type = ValueType::default();
        assert_eq!(
            merge(&[&heap, &other]).unwrap_err().to_string(),
            "incompatible period types &{space bytes 0 0} and &{  0 0}"
        );
        assert_eq!(merge(&[]).unwrap_err(), MergeError::Nothing);
    }
}
