//! `-raw`: everything in the profile, as text (`Profile.String` of the reference).

use caulk_profile::{Label, LabelValue, LocationIndex, Profile, StringTable};

use crate::go_time;
use crate::surroundings::Surroundings;

/// Appends a profile as text to `out`.
pub(crate) fn raw(profile: &Profile, surroundings: &Surroundings, out: &mut Vec<u8>) {
    let strings = profile.strings();
    let mut line = |parts: &[&[u8]]| {
        parts.iter().for_each(|part| out.extend_from_slice(part));
        out.push(b'\n');
    };
    for &comment in profile.comment_ids() {
        line(&[b"Comment: ", strings.bytes(comment)]);
    }
    let doc_url = strings.bytes(profile.doc_url);
    if !doc_url.is_empty() {
        line(&[b"Doc: ", doc_url]);
    }
    let period = profile.period_type;
    let (kind, unit) = (strings.bytes(period.kind), strings.bytes(period.unit));
    line(&[b"PeriodType: ", kind, b" ", unit]);
    line(&[format!("Period: {}", profile.period).as_bytes()]);
    if profile.time_nanos != 0 {
        let time = go_time::timestamp(profile.time_nanos, &surroundings.time_zone);
        line(&[b"Time: ", time.as_bytes()]);
    }
    if profile.duration_nanos != 0 {
        // The reference has room for four characters.
        let duration = go_time::duration(profile.duration_nanos);
        let start: String = duration.chars().take(4).collect();
        line(&[b"Duration: ", start.as_bytes()]);
    }
    line(&[b"Samples:"]);
    write_sample_types(profile, out);
    write_samples(profile, out);
    out.extend_from_slice(b"Locations\n");
    for index in 0..profile.locations().len() {
        write_location(profile, LocationIndex(index as u32), out);
    }
    out.extend_from_slice(b"Mappings\n");
    write_mappings(profile, out);
}

fn write_sample_types(profile: &Profile, out: &mut Vec<u8>) {
    let strings = profile.strings();
    let default = strings.bytes(profile.default_sample_type);
    let mut types = Vec::new();
    for sample_type in profile.sample_types() {
        let kind = strings.bytes(sample_type.kind);
        types.extend_from_slice(kind);
        types.push(b'/');
        types.extend_from_slice(strings.bytes(sample_type.unit));
        if kind == default {
            types.extend_from_slice(b"[dflt]");
        }
        types.push(b' ');
    }
    out.extend_from_slice(types.trim_ascii());
    out.push(b'\n');
}

fn write_samples(profile: &Profile, out: &mut Vec<u8>) {
    const INDENT: &[u8] = b"                ";
    let mut labels = Vec::new();
    let is_number = |label: &Label| matches!(label.value, LabelValue::Number { .. });
    for sample in profile.samples() {
        for column in 0..profile.sample_types().len() {
            out.extend_from_slice(format!(" {:>10}", sample.value(column)).as_bytes());
        }
        out.extend_from_slice(b": ");
        for location in sample.stack().iter() {
            let location = profile.locations().get(location.index());
            let id = location.map_or(0, |location| location.id);
            out.extend_from_slice(format!("{id} ").as_bytes());
        }
        out.push(b'\n');
        profile.labels_by_key(sample.index(), &mut labels);
        for labels in labels.chunk_by(|a, b| is_number(a) == is_number(b)) {
            out.extend_from_slice(INDENT);
            out.extend_from_slice(&label_list(profile.strings(), labels));
            out.push(b'\n');
        }
    }
}

/// The labels of one kind: each key with its values.
fn label_list(strings: &StringTable, labels: &[Label]) -> Vec<u8> {
    let is_same_key = |a: &Label, b: &Label| strings.bytes(a.key) == strings.bytes(b.key);
    let mut lists: Vec<Vec<u8>> = labels
        .chunk_by(is_same_key)
        .map(|labels| {
            let key = labels.first().map_or(&[][..], |l| strings.bytes(l.key));
            let has_unit = |label: &Label| match label.value {
                LabelValue::Number { unit, .. } => !strings.bytes(unit).is_empty(),
                LabelValue::Text(_) => false,
            };
            let have_units = labels.iter().any(has_unit);
            let value = |label: &Label| match label.value {
                LabelValue::Text(text) => strings.bytes(text).to_vec(),
                LabelValue::Number { value, unit } if have_units => {
                    [format!("{value} ").as_bytes(), strings.bytes(unit)].concat()
                }
                LabelValue::Number { value, .. } => value.to_string().into_bytes(),
            };
            let values: Vec<Vec<u8>> = labels.iter().map(value).collect();
            [key, b":[", &values.join(&b" "[..]), b"]"].concat()
        })
        .collect();
    lists.sort();
    lists.join(&b" "[..])
}

fn write_location(profile: &Profile, index: LocationIndex, out: &mut Vec<u8>) {
    let Some(location) = profile.locations().get(index.index()) else {
        return;
    };
    let strings = profile.strings();
    let mut start = format!("{:>6}: {:#x} ", location.id, location.address);
    let mapping = location
        .mapping
        .and_then(|mapping| profile.mappings().get(mapping.index()));
    if let Some(mapping) = mapping {
        start.push_str(&format!("M={} ", mapping.id));
    }
    if location.is_folded {
        start.push_str("[F] ");
    }
    let lines = profile.lines(index);
    if lines.is_empty() {
        out.extend_from_slice(start.as_bytes());
        out.push(b'\n');
    }
    for line in lines {
        let function = profile.function(line.function);
        let name = strings.bytes(function.name);
        let system_name = strings.bytes(function.system_name);
        out.extend_from_slice(start.as_bytes());
        out.extend_from_slice(name);
        out.push(b' ');
        out.extend_from_slice(strings.bytes(function.filename));
        let numbers = format!(":{}:{} s={}", line.line, line.column, function.start_line);
        out.extend_from_slice(numbers.as_bytes());
        if name != system_name {
            out.extend_from_slice(&[b"(", system_name, b")"].concat());
        }
        out.push(b'\n');
        start = " ".repeat(13);
    }
}

fn write_mappings(profile: &Profile, out: &mut Vec<u8>) {
    let strings = profile.strings();
    for mapping in profile.mappings() {
        let numbers = format!(
            "{}: {:#x}/{:#x}/{:#x} ",
            mapping.id, mapping.start, mapping.limit, mapping.offset
        );
        out.extend_from_slice(numbers.as_bytes());
        out.extend_from_slice(strings.bytes(mapping.file));
        out.push(b' ');
        out.extend_from_slice(strings.bytes(mapping.build_id));
        out.push(b' ');
        for (has, flag) in [
            (mapping.has_functions, "[FN]"),
            (mapping.has_filenames, "[FL]"),
            (mapping.has_line_numbers, "[LN]"),
            (mapping.has_inline_frames, "[IN]"),
        ] {
            if has {
                out.extend_from_slice(flag.as_bytes());
            }
        }
        out.push(b'\n');
    }
}
