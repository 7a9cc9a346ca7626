//! The labels of all samples. Most samples have those of one shortly before: in a heap profile they are
//! sizes of objects, of which there are few.

use std::hash::Hasher;

use rustc_hash::FxHasher;

use crate::lists::Lists;
use crate::{Label, LabelValue};

/// A column of lists of labels. Equal lists are kept once, as far as they are met again soon.
#[derive(Debug, Clone, Default)]
pub(crate) struct Labels {
    lists: Lists<Label>,
    /// By sample, the position of its list.
    of_samples: Vec<u32>,
    /// Positions of lists that were met lately, by a hash of what is in them.
    recent: Vec<u32>,
}

/// Lists that are looked at before one is added.
const RECENT: usize = 1 << 10;

impl Labels {
    /// Makes room for so many samples.
    pub fn reserve(&mut self, samples: usize) {
        // What is not reserved now is when it is needed.
        let _ = self.of_samples.try_reserve_exact(samples);
    }

    /// The labels of a sample; none for one that is not there.
    #[inline]
    pub fn get(&self, sample: usize) -> &[Label] {
        let list = self.of_samples.get(sample);
        list.map_or(&[], |&list| self.lists.get(list as usize))
    }

    /// All lists, in the order of the first samples that have them.
    pub fn lists(&self) -> impl Iterator<Item = &Label> {
        self.lists.items()
    }

    /// Adds those of a sample.
    pub fn push(&mut self, labels: &[Label]) {
        if self.recent.is_empty() {
            self.recent = vec![u32::MAX; RECENT];
        }
        let Some(recent) = self.recent.get_mut(slot(labels)) else {
            return;
        };
        let is_known = (*recent as usize) < self.lists.len();
        if !is_known || self.lists.get(*recent as usize) != labels {
            // Samples are counted by as many bits.
            *recent = self.lists.len() as u32;
            self.lists.push(labels.iter().copied());
        }
        self.of_samples.push(*recent);
    }

    /// Adds those of other samples.
    pub fn append(&mut self, other: Labels) {
        let before = self.lists.len() as u32;
        self.lists.append(other.lists);
        let lists = other.of_samples.iter().map(|list| before + list);
        self.of_samples.extend(lists);
    }
}

/// Where among the recent ones a list may be.
fn slot(labels: &[Label]) -> usize {
    let mut hasher = FxHasher::default();
    hasher.write_usize(labels.len());
    for label in labels {
        hasher.write_u32(label.key.0);
        hasher.write_u64(match label.value {
            LabelValue::Text(text) => text.0.into(),
            LabelValue::Number { value, .. } => value as u64,
        });
    }
    hasher.finish() as usize % RECENT
}

/// Which lists are kept once makes no difference.
impl PartialEq for Labels {
    fn eq(&self, other: &Self) -> bool {
        let samples = self.of_samples.len();
        samples == other.of_samples.len()
            && (0..samples).all(|sample| self.get(sample) == other.get(sample))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::StringId;

    #[test]
    fn each_sample_has_its_labels_wherever_they_are_kept() {
        let of = |sample: usize| -> Vec<Label> {
            let label = |key: usize| Label {
                key: StringId(key as u32),
                value: LabelValue::Text(StringId((sample % 5) as u32)),
            };
            (0..sample % 3).map(label).collect()
        };
        let mut labels = Labels::default();
        (0..50).for_each(|sample| labels.push(&of(sample)));
        let mut others = Labels::default();
        (50..2_000).for_each(|sample| others.push(&of(sample)));
        labels.append(others);
        labels.push(&of(2_000));
        for sample in 0..=2_000 {
            assert_eq!(labels.get(sample), of(sample), "{sample}");
        }
        assert_eq!(labels.get(2_001), []);
        assert!(labels.lists().count() < 100);
    }
}
