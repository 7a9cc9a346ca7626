//! Profiles drawn at random.

use proptest::prelude::*;

use crate::oracle::{Function, Label, Line, Location, Mapping, Proto, Sample, ValueType};

/// Ids as writers give them: 1, 2, 3, …; or in disorder and with gaps.
fn ids(most: usize) -> impl Strategy<Value = Vec<u64>> {
    let in_order = (0..most).prop_map(|count| (1..=count as u64).collect());
    let any = prop::collection::hash_set(prop_oneof![1..40u64, 1..u64::MAX], 0..most)
        .prop_map(|ids| ids.into_iter().collect());
    prop_oneof![in_order, any]
}

fn pick(ids: &[u64]) -> impl Strategy<Value = u64> + use<> {
    prop::sample::select(ids.to_vec())
}

/// Profiles that are as they should be, in every shape.
pub fn proto() -> impl Strategy<Value = Proto> {
    let strings = prop::collection::vec(".{0,12}", 0..12);
    let tables = (strings, ids(4), ids(8), ids(12), 0..5usize);
    tables.prop_flat_map(|(strings, mappings, functions, locations, width)| {
        let count = strings.len() as i64;
        let string = move || 0..=count;
        let value_type =
            move || (string(), string()).prop_map(|(kind, unit)| ValueType { kind, unit });
        let mapping = (any::<[u64; 3]>(), string(), string(), any::<[bool; 4]>()).prop_map(
            |([start, limit, offset], file, build_id, [a, b, c, d])| Mapping {
                start,
                limit,
                offset,
                file,
                build_id,
                has_functions: a,
                has_filenames: b,
                has_line_numbers: c,
                has_inline_frames: d,
                id: 0,
            },
        );
        let function = (string(), string(), string(), any::<i64>()).prop_map(
            |(name, system_name, filename, start_line)| Function {
                id: 0,
                name,
                system_name,
                filename,
                start_line,
            },
        );
        let most_lines = if functions.is_empty() { 1 } else { 4 };
        let function_ids = if functions.is_empty() {
            vec![1]
        } else {
            functions.clone()
        };
        let line = (pick(&function_ids), any::<i64>(), 0..200i64).prop_map(
            |(function_id, line, column)| Line {
                function_id,
                line,
                column,
            },
        );
        let mut mapping_ids = mappings.clone();
        mapping_ids.extend([0, 77]);
        let lines = prop::collection::vec(line, 0..most_lines);
        let location = (pick(&mapping_ids), any::<u64>(), lines, any::<bool>()).prop_map(
            |(mapping_id, address, line, is_folded)| Location {
                id: 0,
                mapping_id,
                address,
                line,
                is_folded,
            },
        );
        let label =
            (string(), string(), any::<i64>(), string()).prop_map(|(key, text, number, unit)| {
                Label {
                    key,
                    text,
                    number,
                    unit,
                }
            });
        let most_frames = if locations.is_empty() { 1 } else { 30 };
        let location_ids = if locations.is_empty() {
            vec![1]
        } else {
            locations.clone()
        };
        let sample = (
            prop::collection::vec(pick(&location_ids), 0..most_frames),
            prop::collection::vec(any::<i64>(), width),
            prop::collection::vec(label, 0..3),
        )
            .prop_map(|(location_id, value, label)| Sample {
                location_id,
                value,
                label,
            });
        let most_samples = if width == 0 { 1 } else { 20 };
        let tables = (
            prop::collection::vec(value_type(), width),
            prop::collection::vec(sample, 0..most_samples),
            prop::collection::vec(mapping, mappings.len()),
            prop::collection::vec(location, locations.len()),
            prop::collection::vec(function, functions.len()),
            prop::collection::vec(string(), 0..4),
        );
        let rest = (
            any::<[i64; 3]>(),
            prop::option::of(value_type()),
            string(),
            string(),
            string(),
        );
        (tables, rest).prop_map(move |(tables, rest)| {
            let (sample_type, sample, mut mapping, mut location, mut function, comment) = tables;
            let ([time_nanos, duration_nanos, period], period_type, frames, default, url) = rest;
            mapping
                .iter_mut()
                .zip(&mappings)
                .for_each(|(m, &id)| m.id = id);
            location
                .iter_mut()
                .zip(&locations)
                .for_each(|(l, &id)| l.id = id);
            function
                .iter_mut()
                .zip(&functions)
                .for_each(|(f, &id)| f.id = id);
            let mut string_table = vec![String::new()];
            string_table.extend(strings.iter().cloned());
            Proto {
                sample_type,
                sample,
                mapping,
                location,
                function,
                string_table,
                drop_frames: frames,
                keep_frames: frames / 2,
                time_nanos,
                duration_nanos,
                period_type,
                period,
                comment,
                default_sample_type: default,
                doc_url: url,
            }
        })
    })
}
