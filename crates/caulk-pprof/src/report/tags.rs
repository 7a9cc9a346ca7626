//! `-tags`: the labels of samples and how much each value has.

use rustc_hash::FxHashMap;

use super::{Subject, aligned};
use crate::units;
use caulk_profile::{Label, LabelValue};

/// What the samples with one label key have together, and those with each of its values as printed.
#[derive(Default)]
struct Key {
    name: Vec<u8>,
    total: i64,
    values: Vec<(Vec<u8>, i64)>,
    ids: FxHashMap<Vec<u8>, usize>,
}

impl Key {
    fn value(&mut self, name: Vec<u8>) -> usize {
        if let Some(&id) = self.ids.get(&name) {
            return id;
        }
        self.values.push((name.clone(), 0));
        self.ids.insert(name, self.values.len() - 1);
        self.values.len() - 1
    }
}

/// Appends to `out` what `go tool pprof -tags` prints.
pub(crate) fn tags(subject: &Subject, out: &mut Vec<u8>) {
    let mut keys = collect(subject);
    keys.sort_by(|a, b| a.name.cmp(&b.name));
    let measure = &subject.measure;
    let of_total = |value: i64| match measure.total {
        total @ 1.. => format!(" ({})", units::percentage(value, total)),
        _ => String::new(),
    };
    let mut text = Vec::new();
    for mut key in keys {
        text.extend_from_slice(&key.name);
        let (own, total) = (measure.label(key.total), measure.label(measure.total));
        let line = format!(":\t Total {own} of {total}{}\n", of_total(key.total));
        text.extend_from_slice(line.as_bytes());
        key.values.sort_by(|(a, a_value), (b, b_value)| {
            let by_size = b_value.wrapping_abs().cmp(&a_value.wrapping_abs());
            by_size.then_with(|| a.cmp(b))
        });
        for (name, value) in &key.values {
            let line = format!(" \t{}{}:\t ", measure.label(*value), of_total(*value));
            text.extend_from_slice(line.as_bytes());
            text.extend_from_slice(name);
            text.push(b'\n');
        }
        text.push(b'\n');
    }
    aligned::align(&text, out);
}

fn collect(subject: &Subject) -> Vec<Key> {
    let profile = subject.profile;
    let strings = profile.strings();
    let mut keys: Vec<Key> = Vec::new();
    let mut key_ids: FxHashMap<&[u8], usize> = FxHashMap::default();
    // Where the sums of a label are: of its key, and of its value there.
    let mut places: FxHashMap<Label, (usize, usize)> = FxHashMap::default();
    let columns = subject.columns();
    for (sample, &value) in columns.values.iter().enumerate() {
        for &label in profile.labels(sample) {
            let (key, slot) = *places.entry(label).or_insert_with(|| {
                let name = strings.bytes(label.key);
                let id = *key_ids.entry(name).or_insert_with(|| {
                    keys.push(Key {
                        name: name.to_vec(),
                        ..Key::default()
                    });
                    keys.len() - 1
                });
                let printed = match label.value {
                    LabelValue::Text(text) => strings.bytes(text).to_vec(),
                    LabelValue::Number { value, .. } => {
                        let unit = String::from_utf8_lossy(subject.label_units.of(name));
                        units::label(value, &unit, &subject.measure.output_unit).into_bytes()
                    }
                };
                let slot = keys.get_mut(id).map_or(0, |key| key.value(printed));
                (id, slot)
            });
            if let Some(key) = keys.get_mut(key) {
                key.total = key.total.wrapping_add(value);
                if let Some((_, sum)) = key.values.get_mut(slot) {
                    *sum = sum.wrapping_add(value);
                }
            }
        }
    }
    keys
}
