//! Labels as frames: `tagroot` and `tagleaf` (`tagroot.go` of the reference).

use rustc_hash::FxHashMap;

use super::warn_unless;
use crate::config::Config;
use crate::units;
use caulk_profile::{Function, Label, LabelValue, Line, LocationIndex, Profile, StringId};

/// Puts a frame for each label key that the options name around every stack; `None` if they name
/// none. A frame's name has the label's values with commas between, its file is the key.
pub(crate) fn add_label_frames(
    profile: &Profile,
    config: &Config,
    warnings: &mut Vec<String>,
) -> Option<Profile> {
    let mut roots = keys(profile, &config.tagroot);
    let mut leaves = keys(profile, &config.tagleaf);
    if roots.is_empty() && leaves.is_empty() {
        return None;
    }
    let mut added = Added::new(profile);
    let (mut has_root, mut has_leaf) = (false, false);
    let width = roots.len() + leaves.len();
    let mut frames = Vec::with_capacity(profile.sample_count() * width);
    for sample in 0..profile.sample_count() {
        // Functions are numbered as they are met: roots come before leaves.
        for key in &mut roots {
            frames.push(key.location(sample, &mut added, &config.unit));
            has_root |= !key.labels.is_empty();
        }
        for key in &mut leaves {
            frames.push(key.location(sample, &mut added, &config.unit));
            has_leaf |= !key.labels.is_empty();
        }
    }
    warn_unless(roots.is_empty() || has_root, "TagRoot", warnings);
    warn_unless(leaves.is_empty() || has_leaf, "TagLeaf", warnings);
    let mut with_frames = added.profile;
    with_frames.set_samples(profile, |sample, stack, rewritten| {
        let added = frames.get(sample * width..(sample + 1) * width);
        let added = added.and_then(|added| added.split_at_checked(roots.len()));
        let (roots, leaves) = added.unwrap_or_default();
        rewritten.extend_from_slice(leaves);
        rewritten.extend_from_slice(stack);
        rewritten.extend_from_slice(roots);
        true
    });
    Some(with_frames)
}

/// The keys of an option, in the order of a stack: that nearest to the root comes last.
fn keys<'k>(profile: &'k Profile, option: &'k str) -> Vec<Key<'k>> {
    let keys = option.split(',').filter(|key| !key.is_empty()).rev();
    keys.map(|key| Key::new(profile, key)).collect()
}

/// The profile with the functions and locations that are added, and those by name and file.
struct Added {
    profile: Profile,
    next_function_id: u64,
    next_location_id: u64,
    locations: FxHashMap<(Vec<u8>, Vec<u8>), LocationIndex>,
}

impl Added {
    fn new(profile: &Profile) -> Added {
        Added {
            profile: profile.without_samples(),
            next_function_id: profile.next_function_id(),
            next_location_id: profile.next_location_id(),
            locations: FxHashMap::default(),
        }
    }

    fn location(&mut self, name: Vec<u8>, file: &[u8]) -> LocationIndex {
        let key = (name, file.to_vec());
        if let Some(&location) = self.locations.get(&key) {
            return location;
        }
        let function = Function {
            id: self.next_function_id,
            name: self.profile.add_string(&key.0),
            filename: self.profile.add_string(file),
            ..Function::default()
        };
        let line = Line {
            function: self.profile.add_function(function),
            ..Line::default()
        };
        let location = self.profile.add_location(self.next_location_id, line);
        self.next_function_id = self.next_function_id.wrapping_add(1);
        self.next_location_id = self.next_location_id.wrapping_add(1);
        self.locations.insert(key, location);
        location
    }
}

/// A label key that becomes frames.
struct Key<'k> {
    profile: &'k Profile,
    name: &'k str,
    /// By string of the profile, whether it is this key.
    is_name: Vec<bool>,
    /// Those of the last sample, texts before numbers.
    labels: Vec<Label>,
    /// The frame of samples without this label, and of those with one.
    without: Option<LocationIndex>,
    with: FxHashMap<Label, LocationIndex>,
}

impl<'k> Key<'k> {
    fn new(profile: &'k Profile, name: &'k str) -> Key<'k> {
        let strings = profile.strings();
        let is_name = |index: usize| strings.bytes(StringId(index as u32)) == name.as_bytes();
        Key {
            profile,
            name,
            is_name: (0..strings.len()).map(is_name).collect(),
            labels: Vec::new(),
            without: None,
            with: FxHashMap::default(),
        }
    }

    /// The frame of a sample.
    fn location(&mut self, sample: usize, added: &mut Added, unit: &str) -> LocationIndex {
        self.labels.clear();
        let is_name = |label: &&Label| self.is_name.get(label.key.index()) == Some(&true);
        let labels = self.profile.labels(sample).iter().filter(is_name);
        self.labels.extend(labels);
        self.labels
            .sort_by_key(|label| matches!(label.value, LabelValue::Number { .. }));
        let known = match self.labels[..] {
            [] => self.without,
            [only] => self.with.get(&only).copied(),
            _ => None,
        };
        if let Some(location) = known {
            return location;
        }
        let location = added.location(self.values(unit), self.name.as_bytes());
        match self.labels[..] {
            [] => self.without = Some(location),
            [only] => drop(self.with.insert(only, location)),
            _ => {}
        }
        location
    }

    /// The values of the labels, with commas between.
    fn values(&self, unit: &str) -> Vec<u8> {
        let strings = self.profile.strings();
        let has_unit = |label: &Label| match label.value {
            LabelValue::Number { unit, .. } => !strings.bytes(unit).is_empty(),
            LabelValue::Text(_) => false,
        };
        let have_units = self.labels.iter().any(has_unit);
        let value = |label: &Label| match label.value {
            LabelValue::Text(text) => strings.bytes(text).to_vec(),
            LabelValue::Number { value, unit: from } => {
                let to = if have_units { unit } else { "" };
                units::label(value, self.profile.string(from), to).into_bytes()
            }
        };
        let values: Vec<Vec<u8>> = self.labels.iter().map(value).collect();
        values.join(&b","[..])
    }
}
