//! Numbers and truth values as Go's `strconv` reads and prints them.

/// Why a text is no number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NumberError {
    /// It does not look like one.
    Syntax,
    /// It does not fit.
    Range,
}

/// `strconv.ParseBool`.
pub(crate) fn boolean(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Some(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Some(false),
        _ => None,
    }
}

/// `strconv.ParseInt` with base 0: prefixes, and underscores between digits or after a prefix.
pub(crate) fn integer(text: &str) -> Result<i64, NumberError> {
    let (negative, digits) = signed(text);
    let lower = digits.to_ascii_lowercase();
    let (radix, digits) = if let Some(hex) = lower.strip_prefix("0x") {
        (16, hex)
    } else if let Some(binary) = lower.strip_prefix("0b") {
        (2, binary)
    } else if let Some(octal) = lower.strip_prefix("0o") {
        (8, octal)
    } else if let Some(octal) = lower.strip_prefix('0').filter(|rest| !rest.is_empty()) {
        (8, octal)
    } else {
        (10, lower.as_str())
    };
    let has_prefix = radix != 10;
    let misplaced =
        digits.contains("__") || digits.ends_with('_') || (digits.starts_with('_') && !has_prefix);
    if misplaced {
        return Err(NumberError::Syntax);
    }
    limited(negative, &digits.replace('_', ""), radix)
}

/// `strconv.Atoi`: decimal digits with an optional sign.
pub(crate) fn decimal(text: &str) -> Result<i64, NumberError> {
    let (negative, digits) = signed(text);
    limited(negative, digits, 10)
}

fn signed(text: &str) -> (bool, &str) {
    match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    }
}

fn limited(negative: bool, digits: &str, radix: u32) -> Result<i64, NumberError> {
    if digits.is_empty() || !digits.chars().all(|digit| digit.is_digit(radix)) {
        return Err(NumberError::Syntax);
    }
    let size = u64::from_str_radix(digits, radix).map_err(|_| NumberError::Range)?;
    let size = i128::from(size);
    i64::try_from(if negative { -size } else { size }).map_err(|_| NumberError::Range)
}

/// `strconv.ParseFloat`.
pub(crate) fn float(text: &str) -> Result<f64, NumberError> {
    let (negative, digits) = signed(text);
    if let Some(digits) = digits.strip_prefix("0x").or(digits.strip_prefix("0X")) {
        let size = hexadecimal_float(digits)?;
        return Ok(if negative { -size } else { size });
    }
    let value: f64 = text.parse().map_err(|_| NumberError::Syntax)?;
    let has_digits = text.bytes().any(|byte| byte.is_ascii_digit());
    if value.is_infinite() && has_digits {
        return Err(NumberError::Range);
    }
    Ok(value)
}

/// `1.8p-2`: hexadecimal digits, and how often they are doubled.
fn hexadecimal_float(text: &str) -> Result<f64, NumberError> {
    let text = text.to_ascii_lowercase();
    let (mantissa, exponent) = text.split_once('p').ok_or(NumberError::Syntax)?;
    let (whole, part) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = [whole, part].concat();
    if digits.is_empty() || !digits.chars().all(|digit| digit.is_ascii_hexdigit()) {
        return Err(NumberError::Syntax);
    }
    let exponent = i32::try_from(decimal(exponent)?).map_err(|_| NumberError::Range)?;
    let mut size = 0.0;
    for (place, digit) in digits
        .chars()
        .filter_map(|digit| digit.to_digit(16))
        .enumerate()
    {
        let place = i32::try_from(place).unwrap_or(i32::MAX);
        let above = i32::try_from(whole.len()).unwrap_or(i32::MAX);
        let doubled = above
            .saturating_sub(place)
            .saturating_sub(1)
            .saturating_mul(4);
        size += f64::from(digit) * 2f64.powi(doubled.saturating_add(exponent));
    }
    if size.is_infinite() {
        return Err(NumberError::Range);
    }
    Ok(size)
}

/// `%v` of a float: the shortest digits that read back as the same, with an exponent from 1e21 on
/// and below 1e-4.
pub(crate) fn shown_float(value: f64) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "+Inf" } else { "-Inf" }.to_owned();
    }
    let scientific = format!("{value:e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if value == 0.0 || (-4..21).contains(&exponent) {
        return format!("{value}");
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{mantissa}e{sign}{:02}", exponent.unsigned_abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_have_the_prefixes_of_go() {
        let (syntax, range) = (Err(NumberError::Syntax), Err(NumberError::Range));
        for (text, value) in [
            ("-1", Ok(-1)),
            ("+7", Ok(7)),
            ("0", Ok(0)),
            ("0x1F", Ok(31)),
            ("0b11", Ok(3)),
            ("010", Ok(8)),
            ("1_000", Ok(1000)),
            ("0x_f", Ok(15)),
            ("1__0", syntax),
            ("_1", syntax),
            ("-9223372036854775808", Ok(i64::MIN)),
            ("9223372036854775808", range),
            ("99999999999999999999", range),
            ("08", syntax),
            ("", syntax),
            ("--1", syntax),
            ("0x", syntax),
        ] {
            assert_eq!(integer(text), value, "{text}");
        }
        assert_eq!(decimal("010"), Ok(10));
        assert_eq!(decimal("0x10"), syntax);
        assert_eq!(decimal("1_0"), syntax);
    }

    #[test]
    fn floats_are_read_and_printed_as_in_go() {
        for (text, shown) in [
            ("0.005", "0.005"),
            ("1e30", "1e+30"),
            ("1e20", "100000000000000000000"),
            ("0.00001", "1e-05"),
            ("0.0001", "0.0001"),
            ("-2.50", "-2.5"),
            ("1", "1"),
            ("-0", "-0"),
            ("0x1p-2", "0.25"),
            ("-0x1.8P1", "-3"),
            ("0xff.fp0", "255.9375"),
            ("inf", "+Inf"),
            ("NaN", "NaN"),
        ] {
            assert_eq!(float(text).map(shown_float), Ok(shown.to_owned()), "{text}");
        }
        assert_eq!(float("1e999"), Err(NumberError::Range));
        assert_eq!(float("0x1p9999"), Err(NumberError::Range));
        assert_eq!(float("0x1"), Err(NumberError::Syntax));
        assert_eq!(float("0x.p1"), Err(NumberError::Syntax));
        assert_eq!(float("x"), Err(NumberError::Syntax));
        assert_eq!(float(""), Err(NumberError::Syntax));
    }
}
