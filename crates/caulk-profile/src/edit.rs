//! Changing a profile in place: other names, fewer lines at a location, other stacks and labels.

use std::ops::Range;

use crate::labels::Labels;
use crate::lists::Lists;
use crate::parallel::in_parts;
use crate::stacks::Stacks;
use crate::{
    Function, FunctionIndex, Label, LabelValue, Line, Location, LocationIndex, Mapping,
    MappingIndex, Profile, StringId, StringTable, ValueType,
};

/// Fewer samples than this are not worth a thread.
const LEAST_SAMPLES_IN_A_PART: usize = 1 << 15;

impl Profile {
    /// Adds a string, without looking for an equal one; the empty string when the table is full.
    pub fn add_string(&mut self, bytes: &[u8]) -> StringId {
        if bytes.is_empty() {
            return StringId(0);
        }
        self.strings.push(bytes).unwrap_or(StringId(0))
    }

    /// Adds a remark.
    pub fn add_comment(&mut self, text: &str) {
        let id = self.add_string(text.as_bytes());
        self.comments.push(id);
    }

    /// Gives a location one line instead of those it has.
    pub fn set_line(&mut self, location: LocationIndex, line: Line) {
        let Ok(first_line) = u32::try_from(self.lines.len()) else {
            return;
        };
        if let Some(location) = self.locations.get_mut(location.index()) {
            location.first_line = first_line;
            location.line_count = 1;
            self.lines.push(line);
        }
    }

    /// All mappings, to be changed.
    pub fn mappings_mut(&mut self) -> &mut [Mapping] {
        &mut self.mappings
    }

    /// Gives functions other names. `rename` has the new name, or `None` to keep the old one.
    pub fn rename_functions(
        &mut self,
        mut rename: impl FnMut(&Function, &StringTable) -> Option<Vec<u8>>,
    ) {
        for index in 0..self.functions.len() {
            let Some(function) = self.functions.get(index) else {
                return;
            };
            if let Some(name) = rename(function, &self.strings) {
                let name = self.add_string(&name);
                if let Some(function) = self.functions.get_mut(index) {
                    function.name = name;
                }
            }
        }
    }

    /// Leaves only some of a location's lines, by their positions in [`Profile::lines`], on every
    /// stack that has the location.
    pub fn keep_lines(&mut self, location: LocationIndex, kept: Range<usize>) {
        let Some(location) = self.locations.get_mut(location.index()) else {
            return;
        };
        let count = location.line_count as usize;
        let end = kept.end.min(count);
        let start = kept.start.min(end);
        // Both are at most the count, which is 32 bits wide.
        location.first_line += start as u32;
        location.line_count = (end - start) as u32;
    }

    /// Leaves only the lines of a location for which `is_kept` is true, on every stack that has the
    /// location. Returns how many are left.
    pub fn retain_lines(
        &mut self,
        location: LocationIndex,
        is_kept: impl Fn(&Line) -> bool,
    ) -> usize {
        let Some(location) = self.locations.get_mut(location.index()) else {
            return 0;
        };
        let first = location.first_line as usize;
        let all = first..first + location.line_count as usize;
        // No other location has lines of this range.
        let lines = self.lines.get_mut(all).unwrap_or(&mut []);
        let mut kept = 0;
        for index in 0..lines.len() {
            if lines.get(index).is_some_and(&is_kept) {
                lines.swap(kept, index);
                kept += 1;
            }
        }
        location.line_count = kept as u32;
        kept
    }

    /// An id that no function has, nor any after it.
    pub fn next_function_id(&self) -> u64 {
        let highest = self.functions.iter().map(|function| function.id).max();
        highest.unwrap_or(0).wrapping_add(1)
    }

    /// An id that no location has, nor any after it.
    pub fn next_location_id(&self) -> u64 {
        let highest = self.locations.iter().map(|location| location.id).max();
        highest.unwrap_or(0).wrapping_add(1)
    }

    /// Adds a function. That its id is a new one is the caller's matter.
    pub fn add_function(&mut self, function: Function) -> FunctionIndex {
        self.functions.push(function);
        FunctionIndex(self.functions.len() as u32 - 1)
    }

    /// Adds a location of one line that is of no mapping. That its id is a new one is the caller's
    /// matter.
    pub fn add_location(&mut self, id: u64, line: Line) -> LocationIndex {
        self.lines.push(line);
        self.locations.push(Location {
            id,
            first_line: self.lines.len() as u32 - 1,
            line_count: 1,
            ..Location::default()
        });
        LocationIndex(self.locations.len() as u32 - 1)
    }

    /// Gives every sample another stack: `rewrite` gets the sample and its stack, leaf first, and
    /// appends the new one. Samples for which it returns `false` are removed, with their values
    /// and labels. It is called in several threads.
    pub fn rewrite_stacks(
        &mut self,
        rewrite: impl Fn(usize, &[LocationIndex], &mut Vec<LocationIndex>) -> bool + Sync,
    ) {
        let columns = self.with_other_stacks(rewrite);
        self.set_columns(columns);
    }

    /// Takes the samples of a profile with the same tables, of which this was a copy, and rewrites
    /// their stacks: see [`rewrite_stacks`](Self::rewrite_stacks).
    pub fn set_samples(
        &mut self,
        source: &Profile,
        rewrite: impl Fn(usize, &[LocationIndex], &mut Vec<LocationIndex>) -> bool + Sync,
    ) {
        let columns = source.with_other_stacks(rewrite);
        self.set_columns(columns);
    }

    /// A copy of all but the samples.
    pub fn without_samples(&self) -> Profile {
        Profile {
            stacks: Stacks::default(),
            values: vec![Vec::new(); self.values.len()],
            labels: Labels::default(),
            strings: self.strings.clone(),
            sample_types: self.sample_types.clone(),
            locations: self.locations.clone(),
            lines: self.lines.clone(),
            functions: self.functions.clone(),
            mappings: self.mappings.clone(),
            comments: self.comments.clone(),
            memory: self.memory.clone(),
            ..*self
        }
    }

    fn set_columns(&mut self, columns: Columns) {
        self.stacks = Stacks::Long(columns.stacks);
        self.values = columns.values;
        self.labels = columns.labels;
    }

    fn with_other_stacks(
        &self,
        rewrite: impl Fn(usize, &[LocationIndex], &mut Vec<LocationIndex>) -> bool + Sync,
    ) -> Columns {
        let parts = in_parts(self.sample_count(), LEAST_SAMPLES_IN_A_PART, |samples| {
            self.columns_of(samples, &rewrite)
        });
        let mut parts = parts.into_iter();
        let mut columns = parts.next().unwrap_or_default();
        parts.for_each(|part| columns.append(part));
        columns
    }

    fn columns_of(
        &self,
        samples: Range<usize>,
        rewrite: impl Fn(usize, &[LocationIndex], &mut Vec<LocationIndex>) -> bool,
    ) -> Columns {
        let mut columns = Columns {
            values: vec![Vec::new(); self.values.len()],
            ..Columns::default()
        };
        let mut stack = Vec::new();
        for sample in samples {
            stack.clear();
            stack.extend(self.stack(sample).iter());
            if !rewrite(sample, &stack, columns.stacks.next_items()) {
                columns.stacks.drop_items();
                continue;
            }
            columns.stacks.end_items();
            for (kept, column) in columns.values.iter_mut().zip(&self.values) {
                kept.push(column.get(sample).copied().unwrap_or(0));
            }
            columns.labels.push(self.labels(sample));
        }
        columns
    }

    /// Removes the samples for which `is_kept` is false.
    pub fn retain_samples(&mut self, is_kept: impl Fn(usize) -> bool + Sync) {
        self.rewrite_stacks(|sample, stack, frames| {
            let keeps = is_kept(sample);
            if keeps {
                frames.extend_from_slice(stack);
            }
            keeps
        });
    }

    /// Gives every sample other labels: `rewrite` gets the sample and its labels and appends the
    /// new ones.
    pub fn rewrite_labels(&mut self, mut rewrite: impl FnMut(usize, &[Label], &mut Vec<Label>)) {
        let mut rewritten = Labels::default();
        let mut labels = Vec::new();
        for sample in 0..self.sample_count() {
            labels.clear();
            rewrite(sample, self.labels(sample), &mut labels);
            rewritten.push(&labels);
        }
        self.labels = rewritten;
    }

    /// Gives every sample a text label, in place of the texts that it has for this key.
    pub fn set_text_label(&mut self, key: &str, value: &str) {
        let label = Label {
            key: self.add_string(key.as_bytes()),
            value: LabelValue::Text(self.add_string(value.as_bytes())),
        };
        let is_replaced: Vec<bool> = (0..self.strings.len())
            .map(|index| self.strings.bytes(StringId(index as u32)) == key.as_bytes())
            .collect();
        self.rewrite_labels(|_, labels, kept| {
            kept.extend(labels.iter().filter(|label| {
                let is_text = matches!(label.value, LabelValue::Text(_));
                !(is_text && is_replaced.get(label.key.index()) == Some(&true))
            }));
            kept.push(label);
        });
    }

    /// Changes every value.
    pub fn map_values(&mut self, change: impl Fn(i64) -> i64) {
        let values = self.values.iter_mut().flatten();
        values.for_each(|value| *value = change(*value));
    }

    /// Leaves of each location only the line of the outermost function, with what that means for
    /// mappings (`has_inline_frames`).
    pub fn drop_inlined_lines(&mut self) {
        for mapping in &mut self.mappings {
            mapping.has_inline_frames = false;
        }
        for location in &mut self.locations {
            location.first_line += location.line_count.saturating_sub(1);
            location.line_count = location.line_count.min(1);
        }
    }

    /// Forgets the columns of all lines.
    pub fn clear_columns(&mut self) {
        self.lines.iter_mut().for_each(|line| line.column = 0);
    }

    /// Says otherwise what a column of values measures.
    pub fn set_sample_type(&mut self, column: usize, value_type: ValueType) {
        if let Some(slot) = self.sample_types.get_mut(column) {
            *slot = value_type;
        }
    }

    /// Where there is no mapping at all, adds an empty one that all locations are of.
    pub fn add_mapping_if_none(&mut self) {
        if !self.mappings.is_empty() {
            return;
        }
        self.mappings.push(Mapping {
            id: 1,
            ..Mapping::default()
        });
        for location in &mut self.locations {
            location.mapping = Some(MappingIndex(0));
        }
    }

    /// Leaves only some columns of values, in the order of `kept`, which has their positions.
    pub fn keep_sample_types(&mut self, kept: &[usize]) {
        let types = kept.iter().map(|&at| self.sample_types.get(at).copied());
        self.sample_types = types.map(Option::unwrap_or_default).collect();
        let none = vec![0; self.sample_count()];
        let column = |&at: &usize| self.values.get(at).unwrap_or(&none).clone();
        self.values = kept.iter().map(column).collect();
    }
}

/// All that there is of samples.
#[derive(Default)]
struct Columns {
    stacks: Lists<LocationIndex>,
    values: Vec<Vec<i64>>,
    labels: Labels,
}

impl Columns {
    /// Appends further samples.
    fn append(&mut self, next: Columns) {
        self.stacks.append(next.stacks);
        for (column, next) in self.values.iter_mut().zip(next.values) {
            column.extend(next);
        }
        self.labels.append(next.labels);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use crate::{Function, Label, LabelValue, Line, LocationIndex, Profile, ProfileBuilder};

    fn profile() -> Profile {
        let mut builder = ProfileBuilder::new();
        builder.sample_type("space", "bytes");
        let key = builder.string("size");
        let lines: Vec<Line> = ["inner", "outer"]
            .iter()
            .map(|name| Line {
                function: builder.function(name, "a.go", 0),
                line: 1,
                column: 0,
            })
            .collect();
        let location = builder.location(None, 1, &lines);
        for value in 1..4 {
            let label = Label {
                key,
                value: LabelValue::Text(builder.string(&format!("label {value}"))),
            };
            builder.sample(&[location], &[value], &[label]);
        }
        builder.finish()
    }

    #[test]
    fn a_removed_sample_takes_its_values_and_labels_along() {
        let mut profile = profile();
        profile.rewrite_stacks(|sample, stack, frames| {
            frames.extend_from_slice(stack);
            frames.push(LocationIndex(0));
            sample != 1
        });
        assert_eq!(profile.values(0), [1, 3]);
        assert_eq!(profile.stack(1).len(), 2);
        let LabelValue::Text(text) = profile.labels(1)[0].value else {
            panic!("the label is a text");
        };
        assert_eq!(profile.string(text), "label 3");
    }

    #[test]
    fn any_lines_may_be_kept() {
        let mut profile = profile();
        let outer = profile.lines(LocationIndex(0))[1].function;
        let is_outer = |line: &Line| line.function == outer;
        assert_eq!(profile.retain_lines(LocationIndex(0), is_outer), 1);
        assert_eq!(profile.lines(LocationIndex(0))[0].function, outer);
        assert_eq!(profile.retain_lines(LocationIndex(0), |_| false), 0);
        assert!(profile.lines(LocationIndex(0)).is_empty());
    }

    #[test]
    fn what_is_added_has_new_ids() {
        let mut profile = profile();
        let id = profile.next_function_id();
        let function = profile.add_function(Function {
            id,
            ..profile.functions()[0]
        });
        let line = Line {
            function,
            ..Line::default()
        };
        let location = profile.add_location(profile.next_location_id(), line);
        assert_eq!(profile.function(function).id, 3);
        assert_eq!(profile.locations()[location.index()].id, 2);
        assert_eq!(profile.lines(location), [line]);
    }

    #[test]
    fn kept_lines_and_new_names_show_on_every_stack() {
        let mut profile = profile();
        profile.keep_lines(LocationIndex(0), 1..9);
        profile.rename_functions(|function, strings| {
            (strings.get(function.name) == "outer").then(|| b"renamed".to_vec())
        });
        let lines = profile.lines(LocationIndex(0));
        assert_eq!(lines.len(), 1);
        assert_eq!(
            profile.string(profile.function(lines[0].function).name),
            "renamed"
        );
    }
}
