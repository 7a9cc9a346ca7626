//! Several sources to one profile: sums, and differences to a base (`combineProfiles` and
//! `fetchProfiles` of the reference).

use caulk_profile::arithmetic::truncate;
use caulk_profile::{MergeError, Profile, StringId, ValueType, merge};

use crate::units;

/// The label that marks samples of a base, with the text `true`.
pub(crate) const BASE_LABEL: &str = "pprof::base";

/// Why profiles cannot be combined. Each reads as the tool's own message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CombineError {
    /// No sample type is in all of them.
    #[error("profiles have empty common sample type list")]
    NothingInCommon,
    /// A sample type that one of them has twice is not in another.
    #[error("{0:?} sample type is not found in profile")]
    SampleTypeMissing(String),
    /// Values in units that do not convert into each other.
    #[error("{what}: incompatible types: {first} {other}")]
    IncompatibleUnits {
        /// Whether of the samples or of the period.
        what: &'static str,
        /// The first.
        first: String,
        /// The one that differs.
        other: String,
    },
    /// They cannot be added up.
    #[error(transparent)]
    Merge(#[from] MergeError),
}

/// What becomes of a base.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct BaseOptions {
    /// Percentages are of the base, whose samples are marked for it (`-diff_base`).
    pub is_diff: bool,
    /// The profile is scaled to the base before it is subtracted.
    pub normalize: bool,
}

/// Adds up the profiles of several sources, as they were read. What only some of them measure is left
/// out, and each unit becomes the finest that one of them has. A single profile stays as it is.
pub fn combine(mut profiles: Vec<Profile>) -> Result<Profile, CombineError> {
    for profile in &mut profiles {
        profile.add_mapping_if_none();
    }
    keep_common_sample_types(&mut profiles)?;
    use_common_units(&mut profiles)?;
    if profiles.len() == 1
        && let Some(profile) = profiles.pop()
    {
        return Ok(profile);
    }
    Ok(merge(&profiles.iter().collect::<Vec<_>>())?)
}

/// Subtracts a base, both as [`combine`] gave them.
pub fn subtract(
    mut profile: Profile,
    mut base: Profile,
    options: BaseOptions,
) -> Result<Profile, CombineError> {
    if options.is_diff {
        base.set_text_label(BASE_LABEL, "true");
    }
    if options.normalize {
        profile.normalize(&base)?;
    }
    base.scale(-1.0);
    combine(vec![profile, base])
}

fn kind(profile: &Profile, value_type: ValueType) -> &[u8] {
    profile.strings().bytes(value_type.kind)
}

fn keep_common_sample_types(profiles: &mut [Profile]) -> Result<(), CombineError> {
    let Some(first) = profiles.first() else {
        return Ok(());
    };
    // Each occurrence counts, also in one and the same profile.
    let count = |wanted: &[u8]| {
        let of = |profile: &Profile| {
            let types = profile.sample_types().iter();
            types.filter(|&&t| kind(profile, t) == wanted).count()
        };
        profiles.iter().map(of).sum::<usize>()
    };
    let common: Vec<Vec<u8>> = first
        .sample_types()
        .iter()
        .map(|&value_type| kind(first, value_type))
        .filter(|&wanted| count(wanted) == profiles.len())
        .map(<[u8]>::to_vec)
        .collect();
    if common.is_empty() {
        return Err(CombineError::NothingInCommon);
    }
    for profile in profiles {
        keep_sample_types(profile, &common)?;
    }
    Ok(())
}

fn keep_sample_types(profile: &mut Profile, kept: &[Vec<u8>]) -> Result<(), CombineError> {
    let mut positions = Vec::with_capacity(kept.len());
    for wanted in kept {
        let mut types = profile.sample_types().iter();
        let Some(position) = types.position(|&t| kind(profile, t) == *wanted) else {
            let name = String::from_utf8_lossy(wanted).into_owned();
            return Err(CombineError::SampleTypeMissing(name));
        };
        positions.push(position);
    }
    let is_same = positions
        .iter()
        .copied()
        .eq(0..profile.sample_types().len());
    if is_same {
        return Ok(());
    }
    let default = profile.strings().bytes(profile.default_sample_type);
    if !kept.iter().any(|kept| kept == default) {
        let first = kept.first().map_or(&[][..], Vec::as_slice);
        profile.default_sample_type = profile.add_string(first);
    }
    profile.keep_sample_types(&positions);
    Ok(())
}

/// A sample type or period type by name, for as long as profiles are changed.
#[derive(Clone, PartialEq)]
struct NamedType {
    kind: String,
    unit: String,
}

impl NamedType {
    fn new(profile: &Profile, value_type: ValueType) -> Self {
        NamedType {
            kind: profile.string(value_type.kind).to_owned(),
            unit: profile.string(value_type.unit).to_owned(),
        }
    }

    fn shown(&self) -> String {
        format!("{{{} {} 0 0}}", self.kind, self.unit)
    }

    /// A last `s` makes no difference.
    fn is_compatible(&self, other: &NamedType) -> bool {
        let singular = |name: &str| name.strip_suffix('s').unwrap_or(name).to_owned();
        singular(&self.kind) == singular(&other.kind)
            && (self.unit == other.unit || units::are_convertible(&self.unit, &other.unit))
    }
}

/// The finest of the units; `None` if there is nothing to choose from.
fn finest(what: &'static str, types: &[NamedType]) -> Result<Option<String>, CombineError> {
    let [first, others @ ..] = types else {
        return Ok(None);
    };
    if others.is_empty() {
        return Ok(None);
    }
    let mut finest = first;
    for other in others {
        if !finest.is_compatible(other) {
            return Err(CombineError::IncompatibleUnits {
                what,
                first: finest.shown(),
                other: other.shown(),
            });
        }
        if units::scale(1, &other.unit, &finest.unit).0 < 1.0 {
            finest = other;
        }
    }
    Ok(Some(finest.unit.clone()))
}

fn use_common_units(profiles: &mut [Profile]) -> Result<(), CombineError> {
    let width = profiles.first().map_or(0, |p| p.sample_types().len());
    let named = |of: &dyn Fn(&Profile) -> ValueType| -> Vec<NamedType> {
        let types = profiles
            .iter()
            .map(|profile| NamedType::new(profile, of(profile)));
        types.collect()
    };
    let period_unit = finest("period type", &named(&|profile| profile.period_type))?;
    let mut sample_units = Vec::with_capacity(width);
    for column in 0..width {
        let of = |profile: &Profile| {
            let value_type = profile.sample_types().get(column);
            value_type.copied().unwrap_or_default()
        };
        sample_units.push(finest("sample types", &named(&of))?);
    }
    for profile in profiles {
        if let Some(unit) = &period_unit {
            let from = profile.string(profile.period_type.unit);
            let period = truncate(units::scale(profile.period, from, unit).0);
            let unit = reuse_string(profile, profile.period_type.unit, unit);
            profile.period = period;
            profile.period_type.unit = unit;
        }
        let mut ratios = vec![1.0; width];
        for (column, unit) in sample_units.iter().enumerate() {
            let (Some(unit), Some(&value_type)) = (unit, profile.sample_types().get(column)) else {
                continue;
            };
            if let Some(ratio) = ratios.get_mut(column) {
                *ratio = units::scale(1, profile.string(value_type.unit), unit).0;
            }
            let unit = reuse_string(profile, value_type.unit, unit);
            profile.set_sample_type(column, ValueType { unit, ..value_type });
        }
        profile.scale_each(&ratios);
    }
    Ok(())
}

fn reuse_string(profile: &mut Profile, id: StringId, text: &str) -> StringId {
    if profile.string(id) == text {
        id
    } else {
        profile.add_string(text.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use caulk_profile::ProfileBuilder;

    fn profile(types: &[(&str, &str)], values: &[i64]) -> Profile {
        let mut builder = ProfileBuilder::new();
        for (kind, unit) in types {
            builder.sample_type(kind, unit);
        }
        builder.sample(&[], values, &[]);
        builder.finish()
    }

    fn types(profile: &Profile) -> Vec<(&str, &str)> {
        let types = profile.sample_types().iter();
        types
            .map(|t| (profile.string(t.kind), profile.string(t.unit)))
            .collect()
    }

    #[test]
    fn what_all_measure_is_left_in_the_finest_unit() {
        let first = profile(
            &[("n", "count"), ("time", "ms"), ("size", "bytes")],
            &[1, 2, 3],
        );
        let second = profile(&[("size", "kb"), ("time", "us")], &[5, 70]);
        let sum = combine(vec![first, second]).unwrap();
        assert_eq!(types(&sum), [("time", "us"), ("size", "bytes")]);
        assert_eq!(sum.values(0), [2_070]);
        assert_eq!(sum.values(1), [3 + 5 * 1024]);
        assert_eq!(sum.string(sum.default_sample_type), "time");
    }

    #[test]
    fn a_difference_is_marked_or_not() {
        let heap = |value| profile(&[("size", "bytes")], &[value]);
        let plain = subtract(heap(7), heap(2), BaseOptions::default()).unwrap();
        assert_eq!(plain.values(0), [5]);
        let is_diff = BaseOptions {
            is_diff: true,
            normalize: true,
        };
        let marked = subtract(heap(7), heap(2), is_diff).unwrap();
        assert_eq!(marked.values(0), [2, -2]);
        assert_eq!(marked.string(marked.labels(1)[0].key), BASE_LABEL);
    }

    #[test]
    fn different_things_are_refused_in_the_words_of_the_tool() {
        let error = |first: &[(&str, &str)], second: &[(&str, &str)]| {
            let zeros = [0; 3];
            let profiles = vec![profile(first, &zeros), profile(second, &zeros)];
            combine(profiles).unwrap_err().to_string()
        };
        assert_eq!(
            error(&[("a", "count")], &[("b", "count")]),
            "profiles have empty common sample type list"
        );
        assert_eq!(
            error(&[("a", "bytes")], &[("a", "seconds")]),
            "sample types: incompatible types: {a bytes 0 0} {a seconds 0 0}"
        );
    }
}
