//! Which sample type a report shows, in which unit, and its total.

use super::graph::{Columns, NodeValue};
use crate::combine::BASE_LABEL;
use crate::config::Config;
use crate::error::ReportError;
use crate::units;
use caulk_profile::arithmetic::truncate;
use caulk_profile::{LabelValue, Profile, StringId};

/// The sample type that is shown and how its values are printed.
pub(crate) struct Measure {
    index: usize,
    /// Name of the sample type.
    pub kind: StringId,
    /// Unit of the values in the profile.
    pub unit: String,
    /// The unit that values are printed in; may be `minimum` or `auto`.
    pub output_unit: String,
    ratio: f64,
    /// What 100 % is.
    pub total: i64,
}

impl Measure {
    pub fn new(profile: &Profile, config: &Config) -> Result<Measure, ReportError> {
        let index = column(profile, &config.sample_index)?;
        let sample_type = profile
            .sample_types()
            .get(index)
            .ok_or(ReportError::NoSamples)?;
        if config.divide_by == 0.0 {
            return Err(ReportError::ZeroDivisor);
        }
        let mut measure = Measure {
            index,
            kind: sample_type.kind,
            unit: profile.string(sample_type.unit).to_owned(),
            output_unit: config.unit.clone(),
            ratio: 1.0 / config.divide_by,
            total: 0,
        };
        measure.total = total(profile, measure.columns(profile, config));
        Ok(measure)
    }

    pub(super) fn columns<'p>(&self, profile: &'p Profile, config: &Config) -> Columns<'p> {
        Columns {
            values: profile.values(self.index),
            divisors: config.mean.then(|| profile.values(0)),
        }
    }

    /// The name of what is shown.
    pub(super) fn kind_name(&self, profile: &Profile, config: &Config) -> Vec<u8> {
        let kind = profile.strings().bytes(self.kind);
        if config.mean {
            [b"mean_", kind].concat()
        } else {
            kind.to_vec()
        }
    }

    /// Takes one unit for all rows, if the user did not: that of the smallest, or where the total
    /// is in another one a larger, so that the smallest may be as little as 0.01
    /// (`selectOutputUnit` of the reference).
    ///
    /// Where values are printed as integers, nothing may be less than 1.
    pub(super) fn choose_unit(
        &mut self,
        rows: impl Iterator<Item = NodeValue>,
        may_be_fraction: bool,
    ) {
        let mut rows = rows.peekable();
        if self.output_unit != "minimum" || rows.peek().is_none() {
            return;
        }
        let mut smallest = 0;
        for row in rows {
            let flat = row.flat_value().wrapping_abs();
            let size = if flat == 0 {
                row.cum_value().wrapping_abs()
            } else {
                flat
            };
            if size > 0 && (smallest == 0 || size < smallest) {
                smallest = size;
            }
        }
        let mut largest = self.total;
        if smallest == 0 {
            smallest = largest;
        }
        smallest = self.divided(smallest);
        largest = self.divided(largest);
        let unit_of = |value: i64| units::scale(value, &self.unit, "minimum").1;
        let hundredfold = smallest.wrapping_mul(100);
        let is_far = unit_of(smallest) != unit_of(largest) && hundredfold < largest;
        let unit = if is_far && may_be_fraction {
            unit_of(hundredfold)
        } else {
            unit_of(smallest)
        };
        self.output_unit = if unit.is_empty() {
            self.unit.clone()
        } else {
            unit.into_owned()
        };
    }

    /// Whether values are divided before they are shown.
    pub fn divides(&self) -> bool {
        self.ratio > 0.0 && self.ratio != 1.0
    }

    /// A value divided as the options ask.
    pub fn divided(&self, value: i64) -> i64 {
        if self.divides() {
            truncate(value as f64 * self.ratio)
        } else {
            value
        }
    }

    /// A value in the unit that values are printed in.
    pub fn in_output_unit(&self, value: i64) -> f64 {
        units::scale(value, &self.unit, &self.output_unit).0
    }

    /// The figures of a row about a node: its own value, the sum down to this row, its value with what it
    /// called.
    pub fn figures(&self, flat: i64, sum: i64, cum: i64) -> String {
        format!(
            "{:>10} {} {} {:>10} {}",
            self.label(flat),
            units::percentage(flat, self.total),
            units::percentage(sum, self.total),
            self.label(cum),
            units::percentage(cum, self.total),
        )
    }

    /// A value as it is printed.
    pub fn label(&self, value: i64) -> String {
        units::label(self.divided(value), &self.unit, &self.output_unit)
    }
}

/// The column that a name or number means; the default is what the profile says, or the last.
fn column(profile: &Profile, asked: &str) -> Result<usize, ReportError> {
    let types = profile.sample_types().iter();
    let types: Vec<&str> = types.map(|t| profile.string(t.kind)).collect();
    sample_index(&types, profile.string(profile.default_sample_type), asked)
}

/// The position among sample types that a name or number means.
pub(crate) fn sample_index(
    types: &[&str],
    default: &str,
    asked: &str,
) -> Result<usize, ReportError> {
    let Some(last) = types.len().checked_sub(1) else {
        return Err(ReportError::NoSamples);
    };
    let position = |kind: &str| types.iter().position(|known| *known == kind);
    if asked.is_empty() {
        let default = position(default).filter(|_| !default.is_empty());
        return Ok(default.unwrap_or(last));
    }
    if let Ok(index) = asked.parse::<i64>() {
        return match usize::try_from(index) {
            Ok(index) if index <= last => Ok(index),
            _ => Err(ReportError::SampleIndexRange {
                index: asked.to_owned(),
                last,
            }),
        };
    }
    let short = asked.strip_prefix("inuse_").unwrap_or(asked);
    types
        .iter()
        .position(|kind| *kind == asked || *kind == short)
        .ok_or_else(|| ReportError::SampleIndexName {
            name: asked.to_owned(),
            known: types.join(" "),
        })
}

/// The sum of the sizes of all values; where samples come from a base, of those only.
fn total(profile: &Profile, columns: Columns) -> i64 {
    let (mut all, mut base) = ((0i64, 0i64), (0i64, 0i64));
    let may_have_base = has_base_label(profile);
    for (sample, &value) in columns.values.iter().enumerate() {
        let divisor = columns
            .divisors
            .and_then(|column| column.get(sample).copied())
            .unwrap_or(0);
        let size = value.wrapping_abs();
        all = (all.0.wrapping_add(size), all.1.wrapping_add(divisor));
        if may_have_base && is_base(profile, sample) {
            base = (base.0.wrapping_add(size), base.1.wrapping_add(divisor));
        }
    }
    let (sum, divisor) = if base.0 > 0 { base } else { all };
    if divisor == 0 {
        sum
    } else {
        sum.wrapping_div(divisor)
    }
}

fn has_base_label(profile: &Profile) -> bool {
    profile.all_labels().any(|label| {
        matches!(label.value, LabelValue::Text(_)) && profile.string(label.key) == BASE_LABEL
    })
}

fn is_base(profile: &Profile, sample: usize) -> bool {
    profile
        .labels(sample)
        .iter()
        .any(|label| match label.value {
            LabelValue::Text(text) => {
                profile.string(text) == "true" && profile.string(label.key) == BASE_LABEL
            }
            LabelValue::Number { .. } => false,
        })
}
