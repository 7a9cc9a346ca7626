//! The values of literals.

/// The value of a rune or string literal as it is written, quotes included. Go strings are bytes,
/// and need not be UTF-8. Nothing if the literal is malformed.
pub fn unquote(literal: &str) -> Option<Vec<u8>> {
    let quote = literal.chars().next()?;
    let inner = literal.get(1..)?.strip_suffix(quote)?;
    match quote {
        '`' => Some(inner.bytes().filter(|&b| b != b'\r').collect()),
        '"' | '\'' => {
            let value = unescape(inner, quote)?;
            (quote == '"' || value.chars == 1).then_some(value.bytes)
        }
        _ => None,
    }
}

struct Unescaped {
    bytes: Vec<u8>,
    chars: usize,
}

fn unescape(mut rest: &str, quote: char) -> Option<Unescaped> {
    let mut out = Unescaped {
        bytes: Vec::with_capacity(rest.len()),
        chars: 0,
    };
    while let Some(c) = rest.chars().next() {
        rest = &rest[c.len_utf8()..];
        out.chars += 1;
        match c {
            '\n' => return None,
            _ if c == quote => return None,
            '\\' => rest = escape(rest, quote, &mut out.bytes)?,
            _ => out
                .bytes
                .extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    Some(out)
}

/// Appends the value of the escape sequence that `rest` starts with (after its backslash) to
/// `out`, and returns what follows.
fn escape<'s>(rest: &'s str, quote: char, out: &mut Vec<u8>) -> Option<&'s str> {
    let kind = *rest.as_bytes().first()?;
    let simple = match kind {
        b'a' => 0x07,
        b'b' => 0x08,
        b'f' => 0x0c,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'v' => 0x0b,
        b'\\' => b'\\',
        b'0'..=b'7' => {
            let value = u32::from_str_radix(digits(rest, 0, 3)?, 8).ok()?;
            out.push(u8::try_from(value).ok()?);
            return rest.get(3..);
        }
        b'x' => {
            out.push(u8::from_str_radix(digits(rest, 1, 2)?, 16).ok()?);
            return rest.get(3..);
        }
        b'u' | b'U' => {
            let len = if kind == b'u' { 4 } else { 8 };
            let value = u32::from_str_radix(digits(rest, 1, len)?, 16).ok()?;
            let c = char::from_u32(value)?;
            out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            return rest.get(1 + len..);
        }
        _ if char::from(kind) == quote => kind,
        _ => return None,
    };
    out.push(simple);
    rest.get(1..)
}

/// `len` hexadecimal digits of `text` from `start`; a sign, which `from_str_radix` would take, is none.
fn digits(text: &str, start: usize, len: usize) -> Option<&str> {
    let digits = text.get(start..start + len)?;
    digits
        .bytes()
        .all(|b| b.is_ascii_hexdigit())
        .then_some(digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_decode_to_bytes() {
        let value = |literal| unquote(literal).map(|v| String::from_utf8_lossy(&v).into_owned());
        assert_eq!(value(r#""a\tb\"\\""#).as_deref(), Some("a\tb\"\\"));
        assert_eq!(
            value(r#""\u00e9\U0001F600\303\251\xc3\xa9""#).as_deref(),
            Some("é😀éé")
        );
        assert_eq!(value("`a\\n\r\n`").as_deref(), Some("a\\n\n"));
        assert_eq!(value(r"'\''").as_deref(), Some("'"));
        assert_eq!(unquote(r#""\xff""#), Some(vec![0xff]));
    }

    #[test]
    fn malformed_literals_have_no_value() {
        for literal in [
            "",
            "\"",
            "\"a",
            "a\"",
            "'ab'",
            "''",
            r#""\q""#,
            r#""\u12""#,
            r#""\x+1""#,
            r#""\400""#,
            r#""\ud800""#,
            r#""\'""#,
            "\"\n\"",
            "\"a\"b\"",
            "`a",
        ] {
            assert_eq!(unquote(literal), None, "{literal}");
        }
    }
}
