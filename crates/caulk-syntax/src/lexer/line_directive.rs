//! `//line file:10` and `/*line file:10:3*/`: positions here ignore them, but a malformed one is an
//! error.

use super::Lexer;

/// Lines and columns beyond this are errors, as in Go's compiler.
const MAX_LINE: u64 = 1 << 30;

impl Lexer<'_> {
    /// Reports a malformed line directive in the comment from `start` to `end` (without `*/`).
    pub(super) fn check_line_directive(&mut self, start: usize, end: usize) {
        let text = self.src.get(start + 2..end).unwrap_or_default();
        let Some(text) = text.strip_prefix(b"line ") else {
            return;
        };
        let text = text.strip_suffix(b"\r").unwrap_or(text);
        let Some((rest, last)) = split_number(text) else {
            return;
        };
        let error_at = start + 2 + b"line ".len() + rest.len() + 1;
        let Some(last) = last else {
            return self.error(error_at, "invalid line number");
        };
        // With two numbers the first is the line, the second the column.
        let valid = |n: u64| n != 0 && n <= MAX_LINE;
        match split_number(rest) {
            Some((_, Some(line))) => {
                if !valid(last) {
                    self.error(error_at, "invalid column number");
                } else if !valid(line) {
                    self.error(error_at, "invalid line number");
                }
            }
            _ if !valid(last) => self.error(error_at, "invalid line number"),
            _ => {}
        }
    }
}

/// What stands before the last colon, and the number after it, if it is one.
fn split_number(text: &[u8]) -> Option<(&[u8], Option<u64>)> {
    let colon = memchr::memrchr(b':', text)?;
    let (rest, number) = text.split_at(colon);
    Some((rest, parse_number(number.get(1..).unwrap_or_default())))
}

/// A Go integer literal of any base, without a sign.
fn parse_number(text: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(text).ok()?;
    let lower = text.to_ascii_lowercase();
    let (base, digits) = match lower.as_bytes() {
        [b'0', b'x', ..] => (16, lower.get(2..)?),
        [b'0', b'o', ..] => (8, lower.get(2..)?),
        [b'0', b'b', ..] => (2, lower.get(2..)?),
        [b'0', _, ..] => (8, lower.get(1..)?),
        _ => (10, lower.as_str()),
    };
    if digits.starts_with('+') {
        return None;
    }
    u64::from_str_radix(digits, base).ok()
}
