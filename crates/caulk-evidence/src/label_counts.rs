//! Goroutines by label, dump for dump.

use std::collections::{BTreeMap, BTreeSet};

use caulk_profile::goroutine::Dump;

/// Labels beyond so many are not looked at: a label with the number of each request has no end.
const MOST_LABELS: usize = 10_000;

/// How many goroutines had each label, at each dump; none where there was none.
pub(crate) type LabelCounts = BTreeMap<String, Vec<Option<u64>>>;

/// Counts the goroutines of dumps by label.
pub(crate) fn count_labels(dumps: &[Option<&Dump>]) -> LabelCounts {
    let none_yet: Vec<Option<u64>> = dumps.iter().map(|dump| dump.map(|_| 0)).collect();
    let mut counts = LabelCounts::new();
    for (index, dump) in dumps.iter().enumerate() {
        for goroutine in dump.iter().flat_map(|dump| dump.goroutines()) {
            // A key is set once; a repeated one would count the goroutine twice.
            let labels: BTreeSet<(&str, &str)> = goroutine.labels().collect();
            for (key, value) in labels {
                let name = format!("{key}={value}");
                if counts.len() >= MOST_LABELS && !counts.contains_key(&name) {
                    continue;
                }
                let counts = counts.entry(name).or_insert_with(|| none_yet.clone());
                if let Some(Some(count)) = counts.get_mut(index) {
                    *count = count.saturating_add(goroutine.count());
                }
            }
        }
    }
    counts
}
