//! What one profile says of each text label: the sums of the samples that have it.

use std::collections::{BTreeMap, BTreeSet};

use crate::{LabelValue, Profile, StringId};

/// Labels beyond so many are not kept: one with the number of each request has no end.
const MOST_LABELS: usize = 10_000;

/// The sums of the samples with one label and object size.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Labelled {
    /// `key=value`.
    pub label: Box<str>,
    /// Bytes of each object, in a heap profile; 0 if not known.
    pub object_size: i64,
    /// One value for each sample type.
    pub values: Box<[i64]>,
}

/// The sums by label, in the order of labels and then sizes. A sample counts once for each of its labels.
pub(crate) fn labelled(profile: &Profile) -> Box<[Labelled]> {
    let is_text = |value: LabelValue| matches!(value, LabelValue::Text(_));
    if !profile.all_labels().any(|label| is_text(label.value)) {
        return Box::default();
    }
    let mut names: BTreeMap<(StringId, StringId), String> = BTreeMap::new();
    let mut sums: BTreeMap<((StringId, StringId), i64), Vec<i64>> = BTreeMap::new();
    let columns = profile.sample_types().len();
    for sample in profile.samples() {
        let texts = sample
            .labels()
            .iter()
            .filter_map(|label| match label.value {
                LabelValue::Text(text) => Some((label.key, text)),
                LabelValue::Number { .. } => None,
            });
        for label in texts.collect::<BTreeSet<_>>() {
            if names.len() >= MOST_LABELS && !names.contains_key(&label) {
                continue;
            }
            names.entry(label).or_insert_with(|| {
                format!("{}={}", profile.string(label.0), profile.string(label.1))
            });
            let size = sample.object_size().unwrap_or(0);
            let sums = sums
                .entry((label, size))
                .or_insert_with(|| vec![0; columns]);
            for (column, sum) in sums.iter_mut().enumerate() {
                let value = profile.values(column).get(sample.index()).copied();
                *sum = sum.wrapping_add(value.unwrap_or(0));
            }
        }
    }
    let mut found: Vec<Labelled> = sums
        .into_iter()
        .filter_map(|((label, object_size), values)| {
            Some(Labelled {
                label: names.get(&label)?.as_str().into(),
                object_size,
                values: values.into(),
            })
        })
        .collect();
    found.sort_by(|a, b| (&a.label, a.object_size).cmp(&(&b.label, b.object_size)));
    found.into()
}
