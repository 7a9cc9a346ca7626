//! String and rune literals.

use super::Lexer;

/// The end of the string or rune literal that starts at `start` with `quote`, and whether it is
/// terminated. It ends at a newline at the latest.
pub(super) fn quoted_end(src: &[u8], start: usize, quote: u8) -> (usize, bool) {
    let mut at = start + 1;
    while let Some(&b) = src.get(at) {
        if b == quote {
            return (at + 1, true);
        }
        match b {
            b'\n' => break,
            // What is escaped cannot end the literal, unless it is a newline.
            b'\\' if src.get(at + 1).is_some_and(|&b| b != b'\n') => at += 2,
            _ => at += 1,
        }
    }
    (at, false)
}

/// The end of the raw string that starts at `start`, and whether it is terminated.
pub(super) fn raw_end(src: &[u8], start: usize) -> (usize, bool) {
    let rest = src.get(start + 1..).unwrap_or_default();
    match memchr::memchr(b'`', rest) {
        Some(len) => (start + 1 + len + 1, true),
        None => (src.len(), false),
    }
}

impl Lexer<'_> {
    /// Reads the interpreted string that starts at `start` and returns its end.
    pub(super) fn string(&mut self, start: usize) -> usize {
        let (end, terminated) = quoted_end(self.src, start, b'"');
        if !terminated {
            self.error(start, "string literal not terminated");
        }
        self.check_escapes(start, end, b'"');
        end
    }

    /// Reads the rune literal that starts at `start` and returns its end.
    pub(super) fn rune(&mut self, start: usize) -> usize {
        let (end, terminated) = quoted_end(self.src, start, b'\'');
        if !terminated {
            self.error(start, "rune literal not terminated");
        } else if self.check_escapes(start, end, b'\'') {
            let inner = self.src.get(start + 1..end - 1).unwrap_or_default();
            if !is_one_char(inner) {
                self.error(start, "illegal rune literal");
            }
        }
        end
    }

    /// Reads the raw string that starts at `start` and returns its end.
    pub(super) fn raw_string(&mut self, start: usize) -> usize {
        let (end, terminated) = raw_end(self.src, start);
        if !terminated {
            self.error(start, "raw string literal not terminated");
        }
        end
    }

    /// Reports malformed escapes between `start` and `end`; whether there is none.
    fn check_escapes(&mut self, start: usize, end: usize, quote: u8) -> bool {
        let mut at = start;
        let mut good = true;
        while let Some(len) = memchr::memchr(b'\\', self.src.get(at..end).unwrap_or_default()) {
            let escape = at + len;
            match escape_len(self.src.get(escape + 1..end).unwrap_or_default(), quote) {
                Ok(len) => at = escape + 1 + len,
                Err(message) => {
                    self.error(escape + 1, message);
                    good = false;
                    at = escape + 2;
                }
            }
        }
        good
    }
}

/// Whether the contents of a rune literal, whose escapes are known to be good, are one character.
fn is_one_char(inner: &[u8]) -> bool {
    match inner {
        [b'\\', rest @ ..] => escape_len(rest, b'\'') == Ok(rest.len()),
        [_] => true,
        _ => {
            inner
                .utf8_chunks()
                .map(|chunk| chunk.valid().chars().count() + chunk.invalid().len())
                .sum::<usize>()
                == 1
        }
    }
}

/// Length of the escape sequence at the start of `rest`, which follows a backslash.
fn escape_len(rest: &[u8], quote: u8) -> Result<usize, &'static str> {
    let Some(&kind) = rest.first() else {
        return Err("escape sequence not terminated");
    };
    let (skip, len, base, max) = match kind {
        b'a' | b'b' | b'f' | b'n' | b'r' | b't' | b'v' | b'\\' => return Ok(1),
        _ if kind == quote => return Ok(1),
        b'0'..=b'7' => (0, 3, 8, 0xff),
        b'x' => (1, 2, 16, 0xff),
        b'u' => (1, 4, 16, char::MAX as u32),
        b'U' => (1, 8, 16, char::MAX as u32),
        _ => return Err("unknown escape sequence"),
    };
    let mut value = 0u32;
    for i in skip..skip + len {
        let digit = rest.get(i).and_then(|&b| char::from(b).to_digit(base));
        let Some(digit) = digit else {
            return Err("illegal character in escape sequence");
        };
        value = value.wrapping_mul(base).wrapping_add(digit);
    }
    if value > max || (0xd800..0xe000).contains(&value) {
        return Err("escape sequence is invalid Unicode code point");
    }
    Ok(skip + len)
}
