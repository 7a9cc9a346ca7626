//! Lines of bytes, and the words on them, as Go's `bufio` and `strings` split them.

use memchr::{memchr, memmem};

/// A text line by line. Lines end with `\n` or `\r\n`; after the last line feed there is none.
#[derive(Debug, Clone)]
pub(crate) struct Lines<'t> {
    rest: &'t [u8],
    line: &'t [u8],
    number: usize,
}

impl<'t> Lines<'t> {
    pub fn new(text: &'t [u8]) -> Self {
        Lines {
            rest: text,
            line: b"",
            number: 0,
        }
    }

    /// Goes to the next line; false where there is none.
    pub fn advance(&mut self) -> bool {
        let Some((line, rest)) = split_line(self.rest) else {
            self.line = b"";
            return false;
        };
        (self.line, self.rest) = (line, rest);
        self.number += 1;
        true
    }

    /// The line it is at; empty before the first and after the last.
    pub fn line(&self) -> &'t [u8] {
        self.line
    }

    /// 1-based number of the line, or of the last one.
    pub fn number(&self) -> usize {
        self.number
    }

    /// Bytes of the lines after this one.
    pub fn left(&self) -> usize {
        self.rest.len()
    }

    /// The line after this one.
    pub fn peek(&self) -> Option<&'t [u8]> {
        split_line(self.rest).map(|(line, _)| line)
    }
}

fn split_line(text: &[u8]) -> Option<(&[u8], &[u8])> {
    if text.is_empty() {
        return None;
    }
    let (line, rest) = match memchr(b'\n', text) {
        Some(end) => (text.get(..end)?, text.get(end + 1..)?),
        None => (text, &[][..]),
    };
    Some((line.strip_suffix(b"\r").unwrap_or(line), rest))
}

/// Without the white space at both ends. Bytes that are not UTF-8 are no white space.
pub(crate) fn trim(text: &[u8]) -> &[u8] {
    // Almost every line is ASCII at both ends.
    let is_plain = |byte: Option<&u8>| byte.is_none_or(u8::is_ascii_graphic);
    if is_plain(text.first()) && is_plain(text.last()) {
        return text;
    }
    let mut chunks = text.utf8_chunks();
    let start = match chunks.next() {
        Some(first) => first.valid().len() - first.valid().trim_start().len(),
        None => 0,
    };
    let text = text.get(start..).unwrap_or(b"");
    let after = match text.utf8_chunks().last() {
        Some(last) if last.invalid().is_empty() => {
            last.valid().len() - last.valid().trim_end().len()
        }
        _ => 0,
    };
    text.get(..text.len() - after).unwrap_or(b"")
}

pub(crate) fn is_blank_or_comment(line: &[u8]) -> bool {
    matches!(trim(line).first(), None | Some(b'#'))
}

/// The start of a line, to be shown in a message.
pub(super) fn shown(line: &[u8]) -> String {
    const MOST: usize = 60;
    let start = line.get(..4 * MOST).unwrap_or(line);
    let text = String::from_utf8_lossy(start);
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{:?}", format!("{}…", text.get(..end).unwrap_or(""))),
        None => format!("{text:?}"),
    }
}

/// All numbers of the form `0x1f` (lower case) in a text; an error names one of over 64 bits.
pub(super) fn hex_numbers(text: &[u8]) -> Result<Vec<u64>, String> {
    let mut numbers = Vec::new();
    let mut rest = text;
    while let Some((digits, after)) = next_hex(rest) {
        numbers.push(hex(digits).ok_or_else(|| too_large(digits))?);
        rest = after;
    }
    Ok(numbers)
}

pub(super) fn too_large(digits: &[u8]) -> String {
    format!("{} is more than 64 bits", shown(&[b"0x", digits].concat()))
}

/// The digits of the first hexadecimal number, and what follows it.
fn next_hex(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut rest = text;
    loop {
        rest = rest.get(memmem::find(rest, b"0x")? + 2..)?;
        let (digits, after) = split_hex(rest);
        if !digits.is_empty() {
            return Some((digits, after));
        }
    }
}

/// The hexadecimal digits (lower case) at the start.
pub(super) fn split_hex(text: &[u8]) -> (&[u8], &[u8]) {
    let is_digit = |byte: &u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    text.split_at(text.iter().take_while(|byte| is_digit(byte)).count())
}

pub(super) fn split_decimal(text: &[u8]) -> (&[u8], &[u8]) {
    text.split_at(text.iter().take_while(|byte| byte.is_ascii_digit()).count())
}

/// A number of hexadecimal digits in either case; `None` if it has over 64 bits.
pub(super) fn hex(digits: &[u8]) -> Option<u64> {
    u64::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

/// A decimal number, with or without a sign.
pub(super) fn decimal(text: &[u8]) -> Option<i64> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

/// A number as Go source has it: `0x1f`, `0o17` or `017`, `0b11`, `1_000`, with or without a sign.
pub(super) fn go_number(text: &[u8]) -> Option<i64> {
    let text = std::str::from_utf8(text).ok()?;
    let (sign, unsigned) = match text.as_bytes().first()? {
        b'-' => ("-", text.get(1..)?),
        b'+' => ("", text.get(1..)?),
        _ => ("", text),
    };
    let parts: Vec<&str> = unsigned.split('_').collect();
    // An underscore stands between digits, or between the prefix of the base and a digit.
    if parts.len() > 1 && parts.iter().any(|part| part.is_empty()) {
        return None;
    }
    let unsigned = parts.concat();
    let lower = unsigned.to_ascii_lowercase();
    let prefixes = [("0b", 2), ("0o", 8), ("0x", 16)];
    let with_prefix = prefixes
        .iter()
        .find_map(|&(prefix, radix)| Some((lower.strip_prefix(prefix)?, radix)))
        .filter(|(digits, _)| !digits.is_empty());
    let (digits, radix) = match (with_prefix, lower.strip_prefix('0')) {
        (Some(found), _) => found,
        (None, Some("")) => return Some(0),
        (None, Some(octal)) => (octal, 8),
        (None, None) => (&*lower, 10),
    };
    if !digits.starts_with(|first: char| first.is_digit(radix)) {
        return None;
    }
    i64::from_str_radix(&format!("{sign}{digits}"), radix).ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn lines_end_as_go_ends_them() {
        let mut lines = Lines::new(b"a\r\n\nb\r\r\nc\r");
        let mut all = Vec::new();
        while lines.advance() {
            all.push((lines.number(), lines.line()));
        }
        let expected: [(usize, &[u8]); 4] = [(1, b"a"), (2, b""), (3, b"b\r"), (4, b"c")];
        assert_eq!(all, expected);
        assert_eq!(lines.line(), b"");
    }

    #[test]
    fn white_space_is_unicodes_and_broken_bytes_are_none() {
        assert_eq!(trim("\u{a0}\u{2003} x y\u{85}\t".as_bytes()), b"x y");
        assert_eq!(trim(b"\xa0 x \x85"), b"\xa0 x \x85");
        assert_eq!(trim(b" \xa0 x\xff y \t"), b"\xa0 x\xff y");
        assert_eq!(trim(b" \t\x0b"), b"");
        assert_eq!(trim(b""), b"");
    }

    #[test]
    fn hexadecimal_numbers_are_found_anywhere() {
        assert_eq!(
            hex_numbers(b" 0x1f 0x0x2, x00x3g 0x").unwrap(),
            [0x1f, 0, 3]
        );
        assert_eq!(hex_numbers(b"0x0000000000000000f").unwrap(), [15]);
        assert!(hex_numbers(b"0x1 0x10000000000000000").is_err());
    }

    #[test]
    fn numbers_are_read_as_in_go_source() {
        for (text, number) in [
            ("12", Some(12)),
            ("-12", Some(-12)),
            ("+0X1f", Some(31)),
            ("010", Some(8)),
            ("0o17", Some(15)),
            ("0b11", Some(3)),
            ("1_000", Some(1000)),
            ("0x_1", Some(1)),
            ("0_7", Some(7)),
            ("0", Some(0)),
            ("00", Some(0)),
            ("-0", Some(0)),
            ("-9223372036854775808", Some(i64::MIN)),
            ("9223372036854775808", None),
            ("09", None),
            ("0x", None),
            ("_1", None),
            ("1_", None),
            ("1__0", None),
            ("", None),
            ("-", None),
            ("--1", None),
            ("0x-1", None),
            ("1.5", None),
        ] {
            assert_eq!(go_number(text.as_bytes()), number, "{text}");
        }
    }
}
