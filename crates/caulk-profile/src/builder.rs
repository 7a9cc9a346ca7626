//! Building a profile sample by sample.

use rustc_hash::FxHashMap;

use crate::{
    Function, FunctionIndex, Label, Line, Location, LocationIndex, Mapping, MappingIndex, MemStats,
    Profile, StringId, ValueType,
};

/// Makes a [`Profile`]: strings and functions are interned, ids are given in order from 1.
///
/// What does not fit (more than 2³² strings, frames, …) is left out.
#[derive(Debug, Default)]
pub struct ProfileBuilder {
    profile: Profile,
    strings: FxHashMap<Box<[u8]>, StringId>,
    functions: FxHashMap<Function, FunctionIndex>,
}

impl ProfileBuilder {
    /// An empty profile.
    pub fn new() -> Self {
        Self::default()
    }

    /// The id of a string, which is added if it is new.
    pub fn string(&mut self, text: &str) -> StringId {
        self.bytes(text.as_bytes())
    }

    /// The id of a string that may not be UTF-8, which is added if it is new.
    pub fn bytes(&mut self, bytes: &[u8]) -> StringId {
        if bytes.is_empty() {
            return StringId(0);
        }
        if let Some(&id) = self.strings.get(bytes) {
            return id;
        }
        match self.profile.strings.push(bytes) {
            Some(id) => {
                self.strings.insert(bytes.into(), id);
                id
            }
            None => StringId(0),
        }
    }

    /// Adds a column of values. All sample types come before the first sample.
    pub fn sample_type(&mut self, kind: &str, unit: &str) -> usize {
        let value_type = ValueType {
            kind: self.string(kind),
            unit: self.string(unit),
        };
        self.sample_type_of(value_type)
    }

    pub(crate) fn sample_type_of(&mut self, value_type: ValueType) -> usize {
        self.profile.sample_types.push(value_type);
        self.profile
            .values
            .push(vec![0; self.profile.sample_count()]);
        self.profile.values.len() - 1
    }

    /// Adds a mapping; its id is given here.
    pub fn mapping(&mut self, mapping: Mapping) -> MappingIndex {
        let index = self.profile.mappings.len() as u32;
        self.profile.mappings.push(Mapping {
            id: u64::from(index) + 1,
            ..mapping
        });
        MappingIndex(index)
    }

    /// The function with this name, file and start line, added if it is new.
    pub fn function(&mut self, name: &str, filename: &str, start_line: i64) -> FunctionIndex {
        let (name, filename) = (self.string(name), self.string(filename));
        self.function_of(name, filename, start_line)
    }

    /// The function with this name and file, of which the start line is not known.
    pub(crate) fn function_of_bytes(&mut self, name: &[u8], filename: &[u8]) -> FunctionIndex {
        let (name, filename) = (self.bytes(name), self.bytes(filename));
        self.function_of(name, filename, 0)
    }

    fn function_of(
        &mut self,
        name: StringId,
        filename: StringId,
        start_line: i64,
    ) -> FunctionIndex {
        self.add_function(Function {
            id: 0,
            name,
            system_name: name,
            filename,
            start_line,
        })
    }

    /// The function that is the same but for its id, added if it is new; the id is given here.
    pub fn add_function(&mut self, function: Function) -> FunctionIndex {
        let key = Function { id: 0, ..function };
        if let Some(&index) = self.functions.get(&key) {
            return index;
        }
        let Ok(index) = u32::try_from(self.profile.functions.len()) else {
            return FunctionIndex(0);
        };
        self.functions.insert(key, FunctionIndex(index));
        self.profile.functions.push(Function {
            id: u64::from(index) + 1,
            ..key
        });
        FunctionIndex(index)
    }

    /// Adds a location with its lines, innermost callee first.
    pub fn location(
        &mut self,
        mapping: Option<MappingIndex>,
        address: u64,
        lines: &[Line],
    ) -> LocationIndex {
        let (Ok(index), Ok(first_line), Ok(line_count)) = (
            u32::try_from(self.profile.locations.len()),
            u32::try_from(self.profile.lines.len()),
            u32::try_from(lines.len()),
        ) else {
            return LocationIndex(0);
        };
        self.profile.lines.extend_from_slice(lines);
        self.profile.locations.push(Location {
            id: u64::from(index) + 1,
            mapping,
            address,
            is_folded: false,
            first_line,
            line_count,
        });
        LocationIndex(index)
    }

    pub(crate) fn locations(&self) -> &[Location] {
        &self.profile.locations
    }

    /// Adds a sample: its stack leaf first, its values in the order of the sample types (missing
    /// ones are 0, further ones ignored), its labels.
    pub fn sample(&mut self, stack: &[LocationIndex], values: &[i64], labels: &[Label]) {
        self.profile.stacks.push(stack.iter().copied());
        self.profile.labels.push(labels);
        for (index, column) in self.profile.values.iter_mut().enumerate() {
            column.push(values.get(index).copied().unwrap_or(0));
        }
    }

    /// Adds a remark.
    pub fn comment(&mut self, text: &str) {
        let id = self.string(text);
        self.profile.comments.push(id);
    }

    /// What is sampled, and how many of it lie between two samples.
    pub fn period(&mut self, kind: &str, unit: &str, period: i64) {
        self.profile.period_type = ValueType {
            kind: self.string(kind),
            unit: self.string(unit),
        };
        self.profile.period = period;
    }

    /// Sets the runtime's memory figures.
    pub fn memory(&mut self, memory: MemStats) {
        self.profile.memory = Some(Box::new(memory));
    }

    /// The profile so far, for its plain fields (times, default sample type, …).
    pub fn profile_mut(&mut self) -> &mut Profile {
        &mut self.profile
    }

    /// The finished profile.
    pub fn finish(self) -> Profile {
        self.profile
    }
}
