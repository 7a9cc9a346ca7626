//! Ranges of numbers with units, such as `32kb:`, `:64kb` and `4mb:8mb`.

use crate::units::{self, Scale};

/// The numbers from one to another, both included.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct LabelRange {
    least: f64,
    most: f64,
    unit: String,
}

/// A number is too large to be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TooLarge(pub String);

impl LabelRange {
    /// Reads a range; `None` for what is none.
    pub fn parse(text: &str) -> Result<Option<LabelRange>, TooLarge> {
        let Some((first, rest)) = Measurement::find(text) else {
            return Ok(None);
        };
        let value = first.value()?;
        let (value, unit) = units::scale(value, first.unit, first.unit);
        let unit = unit.into_owned();
        let (least, most) = match Measurement::find(rest) {
            None if first.is_all_of(text, "", "") => (value, value),
            None if first.is_all_of(text, "", ":") => (value, f64::INFINITY),
            None if first.is_all_of(text, ":", "") => (f64::NEG_INFINITY, value),
            None => return Ok(None),
            Some((last, _)) => {
                if text.split_once(':') != Some((first.text, last.text)) {
                    return Ok(None);
                }
                let (most, other_unit) = units::scale(last.value()?, last.unit, &unit);
                if other_unit != unit {
                    return Ok(None);
                }
                (value, most)
            }
        };
        Ok(Some(LabelRange { least, most, unit }))
    }

    /// How numbers of a unit compare with it; `None` if they do not.
    pub fn scale_of(&self, unit: &str) -> Option<Scale<'_>> {
        let scale = Scale::new(unit, &self.unit);
        (scale.unit == self.unit).then_some(scale)
    }

    pub fn contains(&self, value: f64) -> bool {
        self.least <= value && value <= self.most
    }
}

/// A number and the letters behind it.
#[derive(Debug, Clone, Copy)]
struct Measurement<'t> {
    text: &'t str,
    number: &'t str,
    unit: &'t str,
}

impl<'t> Measurement<'t> {
    /// The first in a text, and what is behind it.
    fn find(text: &'t str) -> Option<(Measurement<'t>, &'t str)> {
        let first_digit = text.find(|c: char| c.is_ascii_digit())?;
        let (before, from_digit) = text.split_at_checked(first_digit)?;
        let sign = usize::from(before.ends_with(['+', '-']));
        let digits = length_while(from_digit, |c| c.is_ascii_digit());
        let letters = length_while(from_digit.get(digits..)?, |c| c.is_ascii_alphabetic());
        let start = first_digit - sign;
        let number_end = first_digit + digits;
        let end = number_end + letters;
        let found = Measurement {
            text: text.get(start..end)?,
            number: text.get(start..number_end)?,
            unit: text.get(number_end..end)?,
        };
        Some((found, text.get(end..)?))
    }

    fn value(&self) -> Result<i64, TooLarge> {
        self.number
            .parse()
            .map_err(|_| TooLarge(self.number.to_owned()))
    }

    fn is_all_of(&self, text: &str, before: &str, after: &str) -> bool {
        let middle = text
            .strip_prefix(before)
            .and_then(|t| t.strip_suffix(after));
        middle == Some(self.text)
    }
}

fn length_while(text: &str, is_part: impl Fn(char) -> bool) -> usize {
    text.find(|c| !is_part(c)).unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn ranges_are_read_as_the_reference_reads_them() {
        let contains = |range: &str, value: i64, unit: &str| {
            let range = LabelRange::parse(range).unwrap().unwrap();
            range
                .scale_of(unit)
                .is_some_and(|scale| range.contains(scale.apply(value)))
        };
        assert!(contains("32kb", 32 << 10, "bytes"));
        assert!(!contains("32kb", 33 << 10, "bytes"));
        assert!(contains(":64kb", -5, "bytes") && contains("4mb:", 4, "mb"));
        assert!(contains("12kb:64mb", 12, "kb") && !contains("12kb:64mb", 65, "mb"));
        assert!(contains("-5:+5", 5, "") && !contains("-5:+5", 6, "count"));
        assert!(!contains("5", 5, "bytes"));
        for other in [
            "abc", "5:6:7", "5kb:6s", "a5", "5 6", "::5", "5::", "5,6", ":",
        ] {
            assert_eq!(LabelRange::parse(other).unwrap(), None, "{other}");
        }
        let huge = LabelRange::parse("99999999999999999999").unwrap_err();
        assert_eq!(huge, TooLarge("99999999999999999999".to_owned()));
    }
}
