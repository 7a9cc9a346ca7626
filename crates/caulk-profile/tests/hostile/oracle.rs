//! `profile.proto` read by a library, to compare with.

use std::collections::BTreeMap;

use caulk_profile::{LabelValue, LocationIndex, Profile};

#[derive(Clone, PartialEq, prost::Message)]
pub struct Proto {
    #[prost(message, repeated, tag = "1")]
    pub sample_type: Vec<ValueType>,
    #[prost(message, repeated, tag = "2")]
    pub sample: Vec<Sample>,
    #[prost(message, repeated, tag = "3")]
    pub mapping: Vec<Mapping>,
    #[prost(message, repeated, tag = "4")]
    pub location: Vec<Location>,
    #[prost(message, repeated, tag = "5")]
    pub function: Vec<Function>,
    #[prost(string, repeated, tag = "6")]
    pub string_table: Vec<String>,
    #[prost(int64, tag = "7")]
    pub drop_frames: i64,
    #[prost(int64, tag = "8")]
    pub keep_frames: i64,
    #[prost(int64, tag = "9")]
    pub time_nanos: i64,
    #[prost(int64, tag = "10")]
    pub duration_nanos: i64,
    #[prost(message, optional, tag = "11")]
    pub period_type: Option<ValueType>,
    #[prost(int64, tag = "12")]
    pub period: i64,
    #[prost(int64, repeated, tag = "13")]
    pub comment: Vec<i64>,
    #[prost(int64, tag = "14")]
    pub default_sample_type: i64,
    #[prost(int64, tag = "15")]
    pub doc_url: i64,
}

#[derive(Clone, Copy, PartialEq, prost::Message)]
pub struct ValueType {
    #[prost(int64, tag = "1")]
    pub kind: i64,
    #[prost(int64, tag = "2")]
    pub unit: i64,
}

#[derive(Clone, PartialEq, prost::Message)]
pub struct Sample {
    #[prost(uint64, repeated, tag = "1")]
    pub location_id: Vec<u64>,
    #[prost(int64, repeated, tag = "2")]
    pub value: Vec<i64>,
    #[prost(message, repeated, tag = "3")]
    pub label: Vec<Label>,
}

#[derive(Clone, Copy, PartialEq, prost::Message)]
pub struct Label {
    #[prost(int64, tag = "1")]
    pub key: i64,
    #[prost(int64, tag = "2")]
    pub text: i64,
    #[prost(int64, tag = "3")]
    pub number: i64,
    #[prost(int64, tag = "4")]
    pub unit: i64,
}

#[derive(Clone, Copy, PartialEq, prost::Message)]
pub struct Mapping {
    #[prost(uint64, tag = "1")]
    pub id: u64,
    #[prost(uint64, tag = "2")]
    pub start: u64,
    #[prost(uint64, tag = "3")]
    pub limit: u64,
    #[prost(uint64, tag = "4")]
    pub offset: u64,
    #[prost(int64, tag = "5")]
    pub file: i64,
    #[prost(int64, tag = "6")]
    pub build_id: i64,
    #[prost(bool, tag = "7")]
    pub has_functions: bool,
    #[prost(bool, tag = "8")]
    pub has_filenames: bool,
    #[prost(bool, tag = "9")]
    pub has_line_numbers: bool,
    #[prost(bool, tag = "10")]
    pub has_inline_frames: bool,
}

#[derive(Clone, PartialEq, prost::Message)]
pub struct Location {
    #[prost(uint64, tag = "1")]
    pub id: u64,
    #[prost(uint64, tag = "2")]
    pub mapping_id: u64,
    #[prost(uint64, tag = "3")]
    pub address: u64,
    #[prost(message, repeated, tag = "4")]
    pub line: Vec<Line>,
    #[prost(bool, tag = "5")]
    pub is_folded: bool,
}

#[derive(Clone, Copy, PartialEq, prost::Message)]
pub struct Line {
    #[prost(uint64, tag = "1")]
    pub function_id: u64,
    #[prost(int64, tag = "2")]
    pub line: i64,
    #[prost(int64, tag = "3")]
    pub column: i64,
}

#[derive(Clone, Copy, PartialEq, prost::Message)]
pub struct Function {
    #[prost(uint64, tag = "1")]
    pub id: u64,
    #[prost(int64, tag = "2")]
    pub name: i64,
    #[prost(int64, tag = "3")]
    pub system_name: i64,
    #[prost(int64, tag = "4")]
    pub filename: i64,
    #[prost(int64, tag = "5")]
    pub start_line: i64,
}

/// What a profile says, one line for each thing, from what the library read.
pub fn describe_proto(proto: &Proto) -> Vec<String> {
    let text = |index: i64| {
        let text = usize::try_from(index)
            .ok()
            .and_then(|index| proto.string_table.get(index));
        text.cloned().unwrap_or_default()
    };
    let mapping_ids: BTreeMap<u64, ()> = proto.mapping.iter().map(|m| (m.id, ())).collect();
    let mut said = Vec::new();
    for t in &proto.sample_type {
        said.push(format!("type {:?} {:?}", text(t.kind), text(t.unit)));
    }
    for sample in &proto.sample {
        said.push(format!(
            "sample {:?} {:?}",
            sample.location_id, sample.value
        ));
        for label in &sample.label {
            let key = text(label.key);
            if label.text != 0 {
                said.push(format!("label {key:?} {:?}", text(label.text)));
            } else if label.number != 0 || label.unit != 0 {
                said.push(format!(
                    "label {key:?} {} {:?}",
                    label.number,
                    text(label.unit)
                ));
            }
        }
    }
    for m in &proto.mapping {
        said.push(format!(
            "mapping {} {} {} {} {:?} {:?} {} {} {} {}",
            m.id,
            m.start,
            m.limit,
            m.offset,
            text(m.file),
            text(m.build_id),
            m.has_functions,
            m.has_filenames,
            m.has_line_numbers,
            m.has_inline_frames
        ));
    }
    for l in &proto.location {
        let mapping = if mapping_ids.contains_key(&l.mapping_id) {
            l.mapping_id
        } else {
            0
        };
        said.push(format!(
            "location {} {mapping} {} {}",
            l.id, l.address, l.is_folded
        ));
        for line in &l.line {
            said.push(format!(
                "line {} {} {}",
                line.function_id, line.line, line.column
            ));
        }
    }
    for f in &proto.function {
        said.push(format!(
            "function {} {:?} {:?} {:?} {}",
            f.id,
            text(f.name),
            text(f.system_name),
            text(f.filename),
            f.start_line
        ));
    }
    for &comment in &proto.comment {
        said.push(format!("comment {:?}", text(comment)));
    }
    said.push(format!(
        "{} {} {} {:?} {:?} {:?} {:?}",
        proto.time_nanos,
        proto.duration_nanos,
        proto.period,
        text(proto.drop_frames),
        text(proto.keep_frames),
        text(proto.default_sample_type),
        text(proto.doc_url)
    ));
    said
}

/// The same from what we read.
pub fn describe(profile: &Profile) -> Vec<String> {
    let text = |id| profile.string(id).to_owned();
    let mut said = Vec::new();
    for t in profile.sample_types() {
        said.push(format!("type {:?} {:?}", text(t.kind), text(t.unit)));
    }
    for sample in profile.samples() {
        let id = |at: LocationIndex| profile.locations()[at.index()].id;
        let ids: Vec<u64> = sample.stack().iter().map(id).collect();
        let values: Vec<i64> = (0..profile.sample_types().len())
            .map(|index| sample.value(index))
            .collect();
        said.push(format!("sample {ids:?} {values:?}"));
        for label in sample.labels() {
            let key = text(label.key);
            said.push(match label.value {
                LabelValue::Text(value) => format!("label {key:?} {:?}", text(value)),
                LabelValue::Number { value, unit } => {
                    format!("label {key:?} {value} {:?}", text(unit))
                }
            });
        }
    }
    for m in profile.mappings() {
        said.push(format!(
            "mapping {} {} {} {} {:?} {:?} {} {} {} {}",
            m.id,
            m.start,
            m.limit,
            m.offset,
            text(m.file),
            text(m.build_id),
            m.has_functions,
            m.has_filenames,
            m.has_line_numbers,
            m.has_inline_frames
        ));
    }
    for (index, l) in profile.locations().iter().enumerate() {
        let mapping = l.mapping.map_or(0, |at| profile.mappings()[at.index()].id);
        said.push(format!(
            "location {} {mapping} {} {}",
            l.id, l.address, l.is_folded
        ));
        for line in profile.lines(LocationIndex(index as u32)) {
            let function = profile.function(line.function).id;
            said.push(format!("line {function} {} {}", line.line, line.column));
        }
    }
    for f in profile.functions() {
        said.push(format!(
            "function {} {:?} {:?} {:?} {}",
            f.id,
            text(f.name),
            text(f.system_name),
            text(f.filename),
            f.start_line
        ));
    }
    for comment in profile.comments() {
        said.push(format!("comment {comment:?}"));
    }
    said.push(format!(
        "{} {} {} {:?} {:?} {:?} {:?}",
        profile.time_nanos,
        profile.duration_nanos,
        profile.period,
        text(profile.drop_frames),
        text(profile.keep_frames),
        text(profile.default_sample_type),
        text(profile.doc_url)
    ));
    said
}
