//! Changing a profile in place: other names, fewer lines at a location, other stacks and labels.

use std::ops::Range;

use crate::{
    Function, Label, LabelValue, LocationIndex, Mapping, MappingIndex, Profile, StringId,
    StringTable, ValueType,
};

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

    /// Gives every sample another stack: `rewrite` gets the sample and its stack, leaf first, and
    /// appends the new one. Samples for which it returns `false` are removed, with their values
    /// and labels.
    pub fn rewrite_stacks(
        &mut self,
        mut rewrite: impl FnMut(usize, &[LocationIndex], &mut Vec<LocationIndex>) -> bool,
    ) {
        let mut frames = Vec::with_capacity(self.frames.len());
        let mut frame_ends = Vec::with_capacity(self.frame_ends.len());
        let mut is_kept = Vec::with_capacity(self.frame_ends.len());
        for sample in 0..self.sample_count() {
            let before = frames.len();
            let keeps = rewrite(sample, self.stack(sample), &mut frames);
            let end = u32::try_from(frames.len()).ok().filter(|_| keeps);
            match end {
                Some(end) => frame_ends.push(end),
                None => frames.truncate(before),
            }
            is_kept.push(end.is_some());
        }
        self.frames = frames;
        self.frame_ends = frame_ends;
        if is_kept.contains(&false) {
            self.retain_columns(&is_kept);
        }
    }

    /// Removes the samples for which `is_kept` is false.
    pub fn retain_samples(&mut self, mut is_kept: impl FnMut(usize) -> bool) {
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
        let mut labels = Vec::with_capacity(self.labels.len());
        let mut label_ends = Vec::with_capacity(self.label_ends.len());
        for sample in 0..self.sample_count() {
            let before = labels.len();
            rewrite(sample, self.labels(sample), &mut labels);
            if u32::try_from(labels.len()).is_err() {
                labels.truncate(before);
            }
            label_ends.push(labels.len() as u32);
        }
        self.labels = labels;
        self.label_ends = label_ends;
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

    /// Removes the values and labels of samples; their stacks are gone already.
    fn retain_columns(&mut self, is_kept: &[bool]) {
        for column in &mut self.values {
            let mut kept = is_kept.iter();
            column.retain(|_| kept.next() == Some(&true));
        }
        let mut labels = Vec::with_capacity(self.labels.len());
        let mut label_ends = Vec::with_capacity(self.label_ends.len());
        for (sample, _) in is_kept.iter().enumerate().filter(|(_, kept)| **kept) {
            labels.extend_from_slice(self.labels(sample));
            label_ends.push(labels.len() as u32);
        }
        self.labels = labels;
        self.label_ends = label_ends;
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use crate::{Label, LabelValue, Line, LocationIndex, Profile, ProfileBuilder};

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
