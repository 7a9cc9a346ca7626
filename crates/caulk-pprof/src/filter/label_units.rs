//! In which unit the numbers of each label are (`NumLabelUnits` of the reference).

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::{FxHashMap, FxHashSet};

use caulk_profile::{LabelValue, Profile, StringId};

/// The unit of each label that has numbers: the first that is met, or what the label's name means.
#[derive(Debug, Clone, Default)]
pub(crate) struct LabelUnits {
    units: FxHashMap<Vec<u8>, Vec<u8>>,
}

impl LabelUnits {
    /// Looks at all labels of a profile. That a label has several units is added to `warnings`.
    pub fn new(profile: &Profile, warnings: &mut Vec<String>) -> LabelUnits {
        let strings = profile.strings();
        let mut units: FxHashMap<Vec<u8>, Vec<u8>> = FxHashMap::default();
        let mut ignored: BTreeMap<Vec<u8>, BTreeSet<Vec<u8>>> = BTreeMap::new();
        // Few pairs of key and unit follow each other in millions of labels.
        let mut seen: FxHashSet<(StringId, StringId)> = FxHashSet::default();
        let mut last = None;
        for label in profile.all_labels() {
            let LabelValue::Number { unit, .. } = label.value else {
                continue;
            };
            let pair = (label.key, unit);
            if last.replace(pair) == Some(pair) || !seen.insert(pair) {
                continue;
            }
            let key = strings.bytes(label.key);
            let unit = strings.bytes(unit);
            let known = units.entry(key.to_vec()).or_default();
            if unit.is_empty() {
                continue;
            }
            if known.is_empty() {
                *known = unit.to_vec();
            } else if known != unit {
                ignored
                    .entry(key.to_vec())
                    .or_default()
                    .insert(unit.to_vec());
            }
        }
        for (key, unit) in &mut units {
            if unit.is_empty() {
                *unit = match &key[..] {
                    b"alignment" | b"request" => b"bytes".to_vec(),
                    key => key.to_vec(),
                };
            }
        }
        for (key, others) in &ignored {
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            let others: Vec<String> = others.iter().map(|unit| text(unit)).collect();
            let used = units.get(key).map_or(String::new(), |unit| text(unit));
            warnings.push(format!(
                "For tag {} used unit {used}, also encountered unit(s) {}",
                text(key),
                others.join(", ")
            ));
        }
        LabelUnits { units }
    }

    /// The unit of a label's numbers; empty for one that has none.
    pub fn of(&self, key: &[u8]) -> &[u8] {
        self.units.get(key).map_or(&[], Vec::as_slice)
    }
}
