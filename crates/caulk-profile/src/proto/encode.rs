//! From columns to the protobuf encoding, with the bytes of the reference's own writer
//! (`profile/encode.go`): strings are numbered in the order of first use, what is 0 is left out, and
//! numbers are packed from the third on.

use crate::strings::Interner;
use crate::{Label, LabelValue, LocationIndex, Profile, StringId, StringTable, ValueType, varint};

/// The protobuf encoding of a profile, not compressed.
pub(crate) fn encode(profile: &Profile) -> Vec<u8> {
    let mut strings = Strings::new(profile);
    let mut out = Message::default();
    for &value_type in &profile.sample_types {
        let value_type = strings.value_type(value_type);
        out.message(1, |m| encode_value_type(m, value_type));
    }
    let mut labels = Vec::new();
    for sample in profile.samples() {
        out.message(2, |m| {
            m.numbers(1, sample.stack().iter().map(|at| location_id(profile, at)));
            let types = 0..profile.sample_types.len();
            m.numbers(2, types.map(|t| sample.value(t) as u64));
            profile.labels_by_key(sample.index(), &mut labels);
            for &label in &labels {
                let label = strings.label(label);
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
            m.number(5, strings.id(mapping.file));
            m.number(6, strings.id(mapping.build_id));
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
            m.number(2, strings.id(function.name));
            m.number(3, strings.id(function.system_name));
            m.number(4, strings.id(function.filename));
            m.number(5, function.start_line as u64);
        });
    }
    let drop_frames = strings.id(profile.drop_frames);
    let keep_frames = strings.id(profile.keep_frames);
    let period_type = strings.value_type(profile.period_type);
    let comments = profile.comments.iter().map(|&comment| strings.id(comment));
    let comments: Vec<u64> = comments.collect();
    let default_sample_type = strings.id(profile.default_sample_type);
    let doc_url = strings.id(profile.doc_url);
    for index in 0..strings.written.len() {
        out.bytes(6, strings.written.bytes(StringId(index as u32)));
    }
    out.number(7, drop_frames);
    out.number(8, keep_frames);
    out.number(9, profile.time_nanos as u64);
    out.number(10, profile.duration_nanos as u64);
    if period_type != ValueType::default() {
        out.message(11, |m| encode_value_type(m, period_type));
    }
    out.number(12, profile.period as u64);
    out.numbers(13, comments.into_iter());
    // The only field that is written when it is 0.
    out.field(14, default_sample_type);
    out.number(15, doc_url);
    out.buffer
}

/// The table that is written, and what the profile's strings are in it.
struct Strings<'p> {
    profile: &'p Profile,
    written: StringTable,
    interner: Interner,
    ids: Vec<Option<StringId>>,
}

impl<'p> Strings<'p> {
    fn new(profile: &'p Profile) -> Self {
        Strings {
            profile,
            written: StringTable::default(),
            interner: Interner::default(),
            ids: vec![None; profile.strings.len()],
        }
    }

    fn string(&mut self, id: StringId) -> StringId {
        if let Some(Some(written)) = self.ids.get(id.index()) {
            return *written;
        }
        let bytes = self.profile.strings.bytes(id);
        // The profile's own table held them all, so this one does.
        let written = self.interner.intern(&mut self.written, bytes);
        let written = written.unwrap_or_default();
        if let Some(slot) = self.ids.get_mut(id.index()) {
            *slot = Some(written);
        }
        written
    }

    fn id(&mut self, id: StringId) -> u64 {
        self.string(id).0.into()
    }

    fn value_type(&mut self, value_type: ValueType) -> ValueType {
        ValueType {
            kind: self.string(value_type.kind),
            unit: self.string(value_type.unit),
        }
    }

    fn label(&mut self, label: Label) -> Label {
        Label {
            key: self.string(label.key),
            value: match label.value {
                LabelValue::Text(text) => LabelValue::Text(self.string(text)),
                LabelValue::Number { value, unit } => LabelValue::Number {
                    value,
                    unit: self.string(unit),
                },
            },
        }
    }
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
    fn varint(&mut self, value: u64) {
        varint::put(&mut self.buffer, value);
    }

    fn field(&mut self, field: u64, value: u64) {
        self.varint(field << 3);
        self.varint(value);
    }

    fn number(&mut self, field: u64, value: u64) {
        if value != 0 {
            self.field(field, value);
        }
    }

    fn bytes(&mut self, field: u64, bytes: &[u8]) {
        self.varint(field << 3 | 2);
        self.varint(bytes.len() as u64);
        self.buffer.extend_from_slice(bytes);
    }

    fn numbers(&mut self, field: u64, values: impl ExactSizeIterator<Item = u64>) {
        if values.len() > 2 {
            self.message(field, |m| values.for_each(|value| m.varint(value)));
        } else {
            values.for_each(|value| self.field(field, value));
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
