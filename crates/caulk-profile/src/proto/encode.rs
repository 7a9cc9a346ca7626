//! From columns to the protobuf encoding.

use crate::{Label, LabelValue, LocationIndex, Profile, ValueType};

/// The protobuf encoding of a profile, not compressed. Fields that are 0 are left out, as the
/// format has it.
pub(crate) fn encode(profile: &Profile) -> Vec<u8> {
    let mut out = Message::default();
    for &value_type in &profile.sample_types {
        out.message(1, |m| encode_value_type(m, value_type));
    }
    for sample in profile.samples() {
        out.message(2, |m| {
            m.packed(1, sample.stack().iter().map(|&at| location_id(profile, at)));
            m.packed(
                2,
                (0..profile.sample_types.len()).map(|t| sample.value(t) as u64),
            );
            for &label in sample.labels() {
                m.message(3, |m| encode_label(m, label));
            }
        });
    }
    for mapping in &profile.mappings {
        out.message(3, |m| {
            m.number(1, mapping.id);
            m.number(2, mapping.start);
            m.number(3, mapping.limit);
            m.number(4, mapping.offset);
            m.number(5, mapping.file.0.into());
            m.number(6, mapping.build_id.0.into());
            m.number(7, mapping.has_functions.into());
            m.number(8, mapping.has_filenames.into());
            m.number(9, mapping.has_line_numbers.into());
            m.number(10, mapping.has_inline_frames.into());
        });
    }
    for (index, location) in profile.locations.iter().enumerate() {
        let mapping = location
            .mapping
            .and_then(|at| profile.mappings.get(at.index()));
        out.message(4, |m| {
            m.number(1, location.id);
            m.number(2, mapping.map_or(0, |mapping| mapping.id));
            m.number(3, location.address);
            for line in profile.lines(LocationIndex(index as u32)) {
                m.message(4, |m| {
                    m.number(1, profile.function(line.function).id);
                    m.number(2, line.line as u64);
                    m.number(3, line.column as u64);
                });
            }
            m.number(5, location.is_folded.into());
        });
    }
    for function in &profile.functions {
        out.message(5, |m| {
            m.number(1, function.id);
            m.number(2, function.name.0.into());
            m.number(3, function.system_name.0.into());
            m.number(4, function.filename.0.into());
            m.number(5, function.start_line as u64);
        });
    }
    for index in 0..profile.strings.len() {
        out.bytes(6, profile.strings.bytes(crate::StringId(index as u32)));
    }
    out.number(7, profile.drop_frames.0.into());
    out.number(8, profile.keep_frames.0.into());
    out.number(9, profile.time_nanos as u64);
    out.number(10, profile.duration_nanos as u64);
    if profile.period_type != ValueType::default() {
        out.message(11, |m| encode_value_type(m, profile.period_type));
    }
    out.number(12, profile.period as u64);
    out.packed(13, profile.comments.iter().map(|comment| comment.0.into()));
    out.number(14, profile.default_sample_type.0.into());
    out.number(15, profile.doc_url.0.into());
    out.buffer
}

fn location_id(profile: &Profile, index: LocationIndex) -> u64 {
    profile
        .locations
        .get(index.index())
        .map_or(0, |location| location.id)
}

fn encode_value_type(out: &mut Message, value_type: ValueType) {
    out.number(1, value_type.kind.0.into());
    out.number(2, value_type.unit.0.into());
}

fn encode_label(out: &mut Message, label: Label) {
    out.number(1, label.key.0.into());
    match label.value {
        LabelValue::Text(text) => out.number(2, text.0.into()),
        LabelValue::Number { value, unit } => {
            out.number(3, value as u64);
            out.number(4, unit.0.into());
        }
    }
}

#[derive(Default)]
struct Message {
    buffer: Vec<u8>,
}

impl Message {
    fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.buffer.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.buffer.push(value as u8);
    }

    fn number(&mut self, field: u64, value: u64) {
        if value != 0 {
            self.varint(field << 3);
            self.varint(value);
        }
    }

    fn bytes(&mut self, field: u64, bytes: &[u8]) {
        self.varint(field << 3 | 2);
        self.varint(bytes.len() as u64);
        self.buffer.extend_from_slice(bytes);
    }

    fn packed(&mut self, field: u64, values: impl Iterator<Item = u64>) {
        let mut values = values.peekable();
        if values.peek().is_some() {
            self.message(field, |m| values.for_each(|value| m.varint(value)));
        }
    }

    /// Writes what `content` writes, with its length before it.
    fn message(&mut self, field: u64, content: impl FnOnce(&mut Self)) {
        self.varint(field << 3 | 2);
        let start = self.buffer.len();
        content(self);
        let length = self.buffer.len() - start;
        self.varint(length as u64);
        self.buffer[start..].rotate_left(length);
    }
}
