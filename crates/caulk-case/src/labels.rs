//! Heap and goroutines by text label over a series.

use std::collections::BTreeMap;

use caulk_growth::Bucket;

use crate::buckets::{HeapColumns, bucket_of, pad};
use crate::loaded::Loaded;
use crate::series::LabelSeries;

/// What is gathered of one label.
#[derive(Default)]
struct Gathered {
    by_size: BTreeMap<i64, Bucket>,
    goroutines: Vec<Option<f64>>,
}

/// The series of each label that a profile has, in the order of their names.
pub fn label_series(points: &[Loaded]) -> Vec<LabelSeries> {
    let mut found: BTreeMap<&str, Gathered> = BTreeMap::new();
    for (at, loaded) in points.iter().enumerate() {
        let Some(heap) = &loaded.heap else { continue };
        let columns = HeapColumns::of(heap);
        for labelled in &heap.labelled {
            let gathered = found.entry(&labelled.label).or_default();
            let bucket = gathered
                .by_size
                .entry(labelled.object_size)
                .or_insert_with(|| bucket_of(labelled.object_size));
            columns.add(&labelled.values, at, bucket);
        }
    }
    let none_yet: Vec<Option<f64>> = points
        .iter()
        .map(|loaded| loaded.goroutine_stacks.as_ref().map(|_| 0.0))
        .collect();
    for (at, loaded) in points.iter().enumerate() {
        let Some(snapshot) = &loaded.goroutine_stacks else {
            continue;
        };
        let Some(column) = snapshot.sample_type_named("goroutine") else {
            continue;
        };
        for labelled in &snapshot.labelled {
            let counts = &mut found.entry(&labelled.label).or_default().goroutines;
            if counts.is_empty() {
                counts.clone_from(&none_yet);
            }
            if let Some(Some(count)) = counts.get_mut(at) {
                *count += labelled.values.get(column).copied().unwrap_or(0) as f64;
            }
        }
    }
    let series = found.into_iter().map(|(name, gathered)| {
        let mut buckets: Vec<Bucket> = gathered.by_size.into_values().collect();
        for bucket in &mut buckets {
            pad(bucket, points.len());
        }
        LabelSeries {
            name: name.to_owned(),
            buckets,
            goroutines: gathered.goroutines,
        }
    });
    series.collect()
}
