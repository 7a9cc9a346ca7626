//! Filters of samples by their labels: `tagfocus` and `tagignore`.

use std::ops::Range;

use rustc_hash::FxHashMap;

use super::LabelUnits;
use super::label_range::{LabelRange, TooLarge};
use crate::error::ReportError;
use crate::pattern::Pattern;
use crate::units::Scale;
use caulk_profile::parallel::in_parts;
use caulk_profile::{Label, LabelValue, Profile, StringId};

/// Fewer samples than this are not worth a thread.
const LEAST_SAMPLES_IN_A_PART: usize = 1 << 15;

/// Which samples are meant.
pub(super) struct LabelFilter {
    /// The label that is looked at; all if there is none.
    key: Option<Vec<u8>>,
    condition: Condition,
}

enum Condition {
    /// A number of the label is in the range.
    Range(LabelRange),
    /// With a key, one of its texts matches one of the patterns; else each pattern matches some
    /// label, told as `key:text`.
    Texts(Vec<Pattern>),
}

impl LabelFilter {
    /// Reads the value of an option: an optional key with `=` behind it, and a range or patterns
    /// with commas between.
    pub fn new(
        option: &'static str,
        text: &str,
        warnings: &mut Vec<String>,
    ) -> Result<Option<LabelFilter>, ReportError> {
        if text.is_empty() {
            return Ok(None);
        }
        let (key, value) = match text.split_once('=') {
            Some((key, value)) => (key, value),
            None => ("", text),
        };
        let key = (!key.is_empty()).then(|| key.as_bytes().to_vec());
        let range = LabelRange::parse(value)
            .map_err(|TooLarge(number)| ReportError::LabelNumber { option, number })?;
        let condition = match range {
            Some(range) => {
                warnings.push(format!(
                    "{option}:Interpreted '{value}' as range, not regexp"
                ));
                Condition::Range(range)
            }
            None => {
                let pattern = |text| {
                    Pattern::new(text)
                        .map_err(|reason| ReportError::OptionPattern { option, reason })
                };
                let patterns: Result<Vec<_>, _> = value.split(',').map(pattern).collect();
                Condition::Texts(patterns?)
            }
        };
        Ok(Some(LabelFilter { key, condition }))
    }

    /// For each sample whether it is meant.
    pub fn matches(&self, profile: &Profile, units: &LabelUnits) -> Vec<bool> {
        let parts = in_parts(
            profile.sample_count(),
            LEAST_SAMPLES_IN_A_PART,
            |samples| match &self.condition {
                Condition::Range(range) => self.in_range(profile, units, range, samples),
                Condition::Texts(patterns) => self.by_text(profile, patterns, samples),
            },
        );
        parts.concat()
    }

    fn is_key(&self, key: &[u8]) -> bool {
        self.key.as_ref().is_none_or(|wanted| wanted == key)
    }

    fn in_range(
        &self,
        profile: &Profile,
        units: &LabelUnits,
        range: &LabelRange,
        samples: Range<usize>,
    ) -> Vec<bool> {
        // By key how its numbers compare with the range.
        let mut scales: FxHashMap<StringId, Option<Scale>> = FxHashMap::default();
        let mut is_in_range = |label: &Label| {
            let LabelValue::Number { value, .. } = label.value else {
                return false;
            };
            let scale = scales.entry(label.key).or_insert_with(|| {
                let key = profile.strings().bytes(label.key);
                let unit = String::from_utf8_lossy(units.of(key));
                self.is_key(key).then(|| range.scale_of(&unit)).flatten()
            });
            scale.is_some_and(|scale| range.contains(scale.apply(value)))
        };
        samples
            .map(|sample| profile.labels(sample).iter().any(&mut is_in_range))
            .collect()
    }

    fn by_text(&self, profile: &Profile, patterns: &[Pattern], samples: Range<usize>) -> Vec<bool> {
        // By key and text which patterns match, a row of bits each.
        let width = patterns.len().div_ceil(64);
        let mut rows: FxHashMap<(StringId, StringId), usize> = FxHashMap::default();
        let mut bits: Vec<u64> = Vec::new();
        let mut found = vec![0u64; width];
        let mut all = vec![0u64; width];
        for (index, _) in patterns.iter().enumerate() {
            set_bit(&mut all, index);
        }
        let mut is_meant = |sample: usize| {
            found.fill(0);
            for label in profile.labels(sample) {
                let LabelValue::Text(text) = label.value else {
                    continue;
                };
                let row = *rows.entry((label.key, text)).or_insert_with(|| {
                    let row = bits.len();
                    bits.resize(row + width, 0);
                    let bits = bits.get_mut(row..).unwrap_or(&mut []);
                    self.match_text(profile, patterns, label.key, text, bits);
                    row
                });
                let row = bits.get(row..row + width).unwrap_or(&[]);
                for (found, bits) in found.iter_mut().zip(row) {
                    *found |= bits;
                }
            }
            match self.key {
                Some(_) => found.iter().any(|&bits| bits != 0),
                None => found == all,
            }
        };
        samples.map(&mut is_meant).collect()
    }

    /// Sets the bits of the patterns that match a label.
    fn match_text(
        &self,
        profile: &Profile,
        patterns: &[Pattern],
        key: StringId,
        text: StringId,
        bits: &mut [u64],
    ) {
        let key = profile.strings().bytes(key);
        if !self.is_key(key) {
            return;
        }
        let text = profile.strings().bytes(text);
        let text = match self.key {
            Some(_) => text.to_vec(),
            None => [key, b":", text].concat(),
        };
        for (index, pattern) in patterns.iter().enumerate() {
            if pattern.is_match(&text) {
                set_bit(bits, index);
            }
        }
    }
}

fn set_bit(bits: &mut [u64], index: usize) {
    if let Some(word) = bits.get_mut(index / 64) {
        *word |= 1 << (index % 64);
    }
}
