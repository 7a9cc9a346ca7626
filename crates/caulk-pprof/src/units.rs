//! Values with units, as the reference prints them (`internal/measurement`).

use std::borrow::Cow;

/// A unit: its name, the other names it goes by, and how many base units it is.
struct Unit {
    name: &'static str,
    aliases: &'static [&'static str],
    factor: f64,
}

/// Units that convert into each other, smallest first, with the one for what has no better.
struct UnitFamily {
    units: &'static [Unit],
    default_name: &'static str,
    default_factor: f64,
}

const fn unit(name: &'static str, aliases: &'static [&'static str], factor: f64) -> Unit {
    Unit {
        name,
        aliases,
        factor,
    }
}

const FAMILIES: [UnitFamily; 3] = [
    UnitFamily {
        units: &[
            unit("B", &["b", "byte"], 1.0),
            unit("kB", &["kb", "kbyte", "kilobyte"], (1u64 << 10) as f64),
            unit("MB", &["mb", "mbyte", "megabyte"], (1u64 << 20) as f64),
            unit("GB", &["gb", "gbyte", "gigabyte"], (1u64 << 30) as f64),
            unit("TB", &["tb", "tbyte", "terabyte"], (1u64 << 40) as f64),
            unit("PB", &["pb", "pbyte", "petabyte"], (1u64 << 50) as f64),
        ],
        default_name: "B",
        default_factor: 1.0,
    },
    UnitFamily {
        units: &[
            unit("ns", &["ns", "nanosecond"], 1.0),
            unit("us", &["μs", "us", "microsecond"], 1e3),
            unit("ms", &["ms", "millisecond"], 1e6),
            unit("s", &["s", "sec", "second"], 1e9),
            unit("hrs", &["hour", "hr"], 3600e9),
        ],
        default_name: "s",
        default_factor: 1e9,
    },
    UnitFamily {
        units: &[
            unit("n*GCU", &["nanogcu"], 1e-9),
            unit("u*GCU", &["microgcu"], 1e-6),
            unit("m*GCU", &["milligcu"], 1e-3),
            unit("GCU", &["gcu"], 1.0),
            unit("k*GCU", &["kilogcu"], 1e3),
            unit("M*GCU", &["megagcu"], 1e6),
            unit("G*GCU", &["gigagcu"], 1e9),
            unit("T*GCU", &["teragcu"], 1e12),
            unit("P*GCU", &["petagcu"], 1e15),
        ],
        default_name: "GCU",
        default_factor: 1.0,
    },
];

impl UnitFamily {
    fn find(&self, name: &str) -> Option<&'static Unit> {
        let name = name.to_lowercase();
        let singular = match name.strip_suffix('s') {
            Some(singular) if name.len() > 2 => singular,
            _ => &name,
        };
        self.units
            .iter()
            .find(|unit| unit.aliases.contains(&singular))
    }

    fn convert(&self, value: i64, from: &str, to: &str) -> Option<(f64, &'static str)> {
        let base = value as f64 * self.find(from)?.factor;
        let target = match to {
            "minimum" | "auto" => self
                .units
                .iter()
                .rev()
                .find(|unit| base / unit.factor >= 1.0),
            to => self.find(to),
        };
        Some(match target {
            Some(unit) => (base / unit.factor, unit.name),
            None => (base / self.default_factor, self.default_name),
        })
    }
}

/// Whether values of one unit can be told in the other.
pub(crate) fn are_convertible(one: &str, other: &str) -> bool {
    FAMILIES
        .iter()
        .any(|family| family.find(one).is_some() && family.find(other).is_some())
}

/// A value in another unit, or with `auto` or `minimum` in the largest in which it is at least 1.
/// The unit is empty where it would say nothing.
pub(crate) fn scale<'u>(value: i64, from: &str, to: &'u str) -> (f64, Cow<'u, str>) {
    if value < 0 && value != i64::MIN {
        let (scaled, unit) = scale(-value, from, to);
        return (-scaled, unit);
    }
    for family in &FAMILIES {
        if let Some((scaled, unit)) = family.convert(value, from, to) {
            return (scaled, Cow::Borrowed(unit));
        }
    }
    match to {
        "count" | "sample" | "unit" | "minimum" | "auto" => (value as f64, Cow::Borrowed("")),
        unit => (value as f64, Cow::Borrowed(unit)),
    }
}

/// How values of one unit become those of another, which is neither `auto` nor `minimum`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Scale<'u> {
    factors: Option<(f64, f64)>,
    /// The unit of the result; empty where it would say nothing.
    pub unit: &'u str,
}

impl<'u> Scale<'u> {
    pub fn new(from: &str, to: &'u str) -> Scale<'u> {
        for family in &FAMILIES {
            let Some(from) = family.find(from) else {
                continue;
            };
            let (factor, unit) = match family.find(to) {
                Some(to) => (to.factor, to.name),
                None => (family.default_factor, family.default_name),
            };
            return Scale {
                factors: Some((from.factor, factor)),
                unit,
            };
        }
        let says_nothing = matches!(to, "count" | "sample" | "unit" | "minimum" | "auto");
        Scale {
            factors: None,
            unit: if says_nothing { "" } else { to },
        }
    }

    pub fn apply(self, value: i64) -> f64 {
        match self.factors {
            Some((from, to)) => value as f64 * from / to,
            None => value as f64,
        }
    }
}

/// A value with its unit: two decimals at most, and `0` for what rounds to it.
pub(crate) fn label(value: i64, from: &str, to: &str) -> String {
    let (scaled, unit) = scale(value, from, to);
    let number = format!("{scaled:.2}");
    let number = number.strip_suffix(".00").unwrap_or(&number);
    if number == "0" || number == "-0" {
        "0".to_owned()
    } else {
        format!("{number}{unit}")
    }
}

/// A part of a total in percent, without its sign: at least two digits, six characters or more.
pub(crate) fn percentage(value: i64, total: i64) -> String {
    let ratio = if total == 0 {
        0.0
    } else {
        (value as f64 / total as f64).abs() * 100.0
    };
    if (99.95..=100.05).contains(&ratio) {
        "  100%".to_owned()
    } else if ratio >= 1.0 {
        format!("{ratio:5.2}%")
    } else {
        format!("{:>5}%", two_digits(ratio))
    }
}

/// C's `%.2g` for 0 to 1.
fn two_digits(value: f64) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    let scientific = format!("{value:.1e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let mantissa = mantissa.strip_suffix(".0").unwrap_or(mantissa);
    if exponent < -4 {
        return format!("{mantissa}e-{:02}", -exponent);
    }
    let digits = mantissa.len().saturating_sub(1).max(1) as i32;
    let decimals = (digits - 1 - exponent).max(0) as usize;
    format!("{value:.decimals$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_those_of_the_reference() {
        let cases = [
            (0, "bytes", "minimum", "0"),
            (1023, "bytes", "auto", "1023B"),
            (1024, "bytes", "auto", "1kB"),
            (-1536, "bytes", "auto", "-1.50kB"),
            (5 << 20, "bytes", "kb", "5120kB"),
            (1, "bytes", "GB", "0"),
            (1500, "microseconds", "auto", "1.50ms"),
            (0, "nanoseconds", "ms", "0"),
            (7_200_000_000_000, "ns", "minimum", "2hrs"),
            (90, "seconds", "minutes", "90s"),
            (12, "count", "minimum", "12"),
            (12, "count", "widgets", "12widgets"),
            (i64::MIN, "bytes", "auto", "-9223372036854775808B"),
            (2500, "megaGCU", "auto", "2.50G*GCU"),
        ];
        for (value, from, to, expected) in cases {
            assert_eq!(label(value, from, to), expected, "{value} {from} {to}");
        }
    }

    #[test]
    fn percentages_are_those_of_the_reference() {
        let cases = [
            (0, 0, "    0%"),
            (0, 10, "    0%"),
            (10, 10, "  100%"),
            (-5, 10, "50.00%"),
            (12345, 100, "12345.00%"),
            (1, 3, "33.33%"),
            (1, 200, "  0.5%"),
            (1, 801, " 0.12%"),
            (1, 1_000_000, "0.0001%"),
            (1, 10_000_000, "1e-05%"),
            (123, 1_000_000_000, "1.2e-05%"),
            (9996, 1_000_000, "    1%"),
            (94, 100_000, "0.094%"),
        ];
        for (value, total, expected) in cases {
            assert_eq!(percentage(value, total), expected, "{value} of {total}");
        }
    }
}
