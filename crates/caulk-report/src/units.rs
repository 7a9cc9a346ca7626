//! Figures with units, as a person writes them.
//!
//! Bytes are decimal, as the SI has it: 1 kB = 1,000 bytes, 1 MB = 1,000,000. (`go tool pprof` prints `kB`
//! for 1,024 bytes; its figures are 2.4 % smaller at kB and 4.9 % at MB.) A figure has three significant
//! digits, or as many as its error supports.

use std::time::Duration;

/// What a figure that is not finite prints as.
const NOT_A_FIGURE: &str = "n/a";

/// A decimal unit of bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ByteUnit {
    /// 1 byte.
    Byte,
    /// 10³ bytes.
    Kilo,
    /// 10⁶ bytes.
    Mega,
    /// 10⁹ bytes.
    Giga,
    /// 10¹² bytes.
    Tera,
}

impl ByteUnit {
    const ALL: [Self; 5] = [Self::Byte, Self::Kilo, Self::Mega, Self::Giga, Self::Tera];

    /// The unit in which `bytes` is at least 1 and, to three digits, below 1,000.
    pub fn for_bytes(bytes: f64) -> Self {
        let magnitude = bytes.abs();
        let fits = |unit: &Self| magnitude / unit.factor() < 999.5;
        Self::ALL.into_iter().find(fits).unwrap_or(Self::Tera)
    }

    /// How many bytes it stands for.
    pub fn factor(self) -> f64 {
        match self {
            Self::Byte => 1.0,
            Self::Kilo => 1e3,
            Self::Mega => 1e6,
            Self::Giga => 1e9,
            Self::Tera => 1e12,
        }
    }

    /// How it is written.
    pub fn symbol(self) -> &'static str {
        match self {
            Self::Byte => "B",
            Self::Kilo => "kB",
            Self::Mega => "MB",
            Self::Giga => "GB",
            Self::Tera => "TB",
        }
    }
}

/// `64500` is `64.5 kB`.
pub fn bytes(bytes: f64) -> String {
    bytes_in(bytes, ByteUnit::for_bytes(bytes))
}

/// `64500` in [`ByteUnit::Kilo`] is `64.5 kB`.
pub fn bytes_in(bytes: f64, unit: ByteUnit) -> String {
    if !bytes.is_finite() {
        return NOT_A_FIGURE.to_owned();
    }
    let value = bytes / unit.factor();
    let decimals = match unit {
        ByteUnit::Byte if value.fract() == 0.0 => 0,
        _ => three_digits(value),
    };
    format!("{} {}", fixed(value, decimals), unit.symbol())
}

/// A difference of bytes with its sign: `+46.2 MB`, `-1.00 kB`, `0 B`.
pub fn bytes_change(change: f64) -> String {
    let sign = if change > 0.0 { "+" } else { "" };
    format!("{sign}{}", bytes(change))
}

/// `3210` is `3,210`.
pub fn count(count: u64) -> String {
    grouped(&count.to_string())
}

/// `0.9421` is `94 %`. Shares that round to 0 or 100 without being so are `<1 %` and `>99 %`.
pub fn percent(share: f64) -> String {
    if !share.is_finite() {
        return NOT_A_FIGURE.to_owned();
    }
    let percent = share * 100.0;
    if percent > 0.0 && percent < 1.0 {
        "<1 %".to_owned()
    } else if percent > 99.0 && percent < 100.0 {
        ">99 %".to_owned()
    } else {
        format!("{} %", fixed(percent, 0))
    }
}

/// Two significant digits or whole units up to a minute (`1.5 ms`, `11 ms`, `48 s`), then minutes and seconds, then
/// hours and minutes.
pub fn duration(duration: Duration) -> String {
    let seconds = duration.as_secs_f64();
    if duration.is_zero() {
        "0 s".to_owned()
    } else if seconds < 1e-3 {
        let micros = seconds * 1e6;
        format!("{} µs", fixed(micros, if micros < 9.95 { 1 } else { 0 }))
    } else if seconds < 0.9995 {
        let millis = seconds * 1e3;
        format!("{} ms", fixed(millis, if millis < 9.95 { 1 } else { 0 }))
    } else if seconds < 59.5 {
        format!("{} s", fixed(seconds, if seconds < 9.95 { 1 } else { 0 }))
    } else if seconds < 3599.5 {
        let whole = seconds.round() as u64;
        format!("{} min {} s", whole / 60, whole % 60)
    } else {
        let minutes = (seconds / 60.0).round() as u64;
        format!("{} h {} min", count(minutes / 60), minutes % 60)
    }
}

/// A figure and, where it is known, its standard error, in the same unit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// The figure.
    pub value: f64,
    /// Its standard error.
    pub error: Option<f64>,
}

impl Estimate {
    /// `64.5 kB ± 0.4`.
    pub fn bytes(self) -> String {
        self.bytes_in(ByteUnit::for_bytes(self.value))
    }

    /// As [`Self::bytes`], in a unit shared with other figures: `0.05 kB ± 0.09`.
    pub fn bytes_in(self, unit: ByteUnit) -> String {
        match self.error.map(|error| error / unit.factor()) {
            Some(error) => {
                let decimals = error_digits(error);
                let value = fixed(self.value / unit.factor(), decimals);
                format!("{value} {} ± {}", unit.symbol(), fixed(error, decimals))
            }
            None => bytes_in(self.value, unit),
        }
    }

    /// Without a unit: `826 ± 84`; without an error, three decimals: `1.000`.
    pub fn number(self) -> String {
        match self.error {
            Some(error) => {
                let decimals = error_digits(error);
                format!(
                    "{} ± {}",
                    fixed(self.value, decimals),
                    fixed(error, decimals)
                )
            }
            None => fixed(self.value, 3),
        }
    }
}

/// Decimals that show three significant digits of `value`, at most three.
fn three_digits(value: f64) -> usize {
    match value.abs() {
        magnitude if magnitude >= 99.95 => 0,
        magnitude if magnitude >= 9.995 => 1,
        magnitude if magnitude >= 0.9995 => 2,
        0.0 => 0,
        _ => 3,
    }
}

/// Decimals that show one significant digit of an error, two where the first is a 1; at most six.
fn error_digits(error: f64) -> usize {
    if !error.is_finite() || error <= 0.0 {
        return 3;
    }
    let exponent = error.log10().floor();
    let leading = error / 10f64.powf(exponent);
    let digits = if leading < 1.95 {
        1.0 - exponent
    } else {
        -exponent
    };
    digits.clamp(0.0, 6.0) as usize
}

/// `value` with so many decimals, thousands grouped, and no sign on a zero.
pub(crate) fn fixed(value: f64, decimals: usize) -> String {
    if !value.is_finite() {
        return NOT_A_FIGURE.to_owned();
    }
    let text = format!("{value:.decimals$}");
    let is_zero = text.bytes().all(|byte| matches!(byte, b'-' | b'0' | b'.'));
    grouped(if is_zero {
        text.trim_start_matches('-')
    } else {
        &text
    })
}

/// Commas between groups of three digits of the whole part.
fn grouped(number: &str) -> String {
    let (sign, rest) = match number.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", number),
    };
    let (whole, fraction) = rest.split_at(rest.find('.').unwrap_or(rest.len()));
    let mut out = String::from(sign);
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out + fraction
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_have_three_digits_and_never_read_1000() {
        let cases = [
            (0.0, "0 B"),
            (999.0, "999 B"),
            (999.6, "1.00 kB"),
            (1000.0, "1.00 kB"),
            (64_500.0, "64.5 kB"),
            (999_949.0, "1.00 MB"),
            (46_200_000.0, "46.2 MB"),
            (-1_000.0, "-1.00 kB"),
            (3.2e15, "3,200 TB"),
            (f64::NAN, "n/a"),
        ];
        for (input, expected) in cases {
            assert_eq!(bytes(input), expected, "{input}");
        }
    }

    #[test]
    fn an_error_decides_the_digits() {
        let estimate = |value, error| Estimate {
            value,
            error: Some(error),
        };
        assert_eq!(estimate(64_512.0, 412.0).bytes(), "64.5 kB ± 0.4");
        assert_eq!(
            estimate(51.0, 88.0).bytes_in(ByteUnit::Kilo),
            "0.05 kB ± 0.09"
        );
        assert_eq!(estimate(826.0, 84.0).number(), "826 ± 84");
        assert_eq!(estimate(5.0, 0.0123).number(), "5.000 ± 0.012");
        assert_eq!(estimate(1.0, 0.0).number(), "1.000 ± 0.000");
        assert_eq!(estimate(-0.0001, 0.3).number(), "0.0 ± 0.3");
        assert_eq!(
            Estimate {
                value: 1.0,
                error: None
            }
            .number(),
            "1.000"
        );
    }

    #[test]
    fn counts_and_changes() {
        assert_eq!(count(0), "0");
        assert_eq!(count(999), "999");
        assert_eq!(count(1_234_567), "1,234,567");
        assert_eq!(bytes_change(46_200_000.0), "+46.2 MB");
        assert_eq!(bytes_change(-46_200_000.0), "-46.2 MB");
        assert_eq!(bytes_change(0.0), "0 B");
    }

    #[test]
    fn shares_do_not_round_to_none_or_all() {
        assert_eq!(percent(0.0), "0 %");
        assert_eq!(percent(0.0004), "<1 %");
        assert_eq!(percent(0.9421), "94 %");
        assert_eq!(percent(0.9999), ">99 %");
        assert_eq!(percent(1.0), "100 %");
    }

    #[test]
    fn durations() {
        let cases = [
            (0, "0 s"),
            (250, "250 µs"),
            (1_500, "1.5 ms"),
            (11_200, "11 ms"),
            (1_300_000, "1.3 s"),
            (48_000_000, "48 s"),
            (59_600_000, "1 min 0 s"),
            (123_000_000, "2 min 3 s"),
            (7_260_000_000, "2 h 1 min"),
        ];
        for (micros, expected) in cases {
            assert_eq!(
                duration(Duration::from_micros(micros)),
                expected,
                "{micros} µs"
            );
        }
    }
}
