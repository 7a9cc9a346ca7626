//! Strings and labels as Go quotes them.

/// The pairs of `{"key":"value", "key":"value"}`, with or without a space after the colon. Reads
/// as far as it can.
pub(crate) fn labels(text: &[u8]) -> Vec<(String, String)> {
    let text = String::from_utf8_lossy(text);
    let mut labels = Vec::new();
    let mut rest = text.trim_start().strip_prefix('{').unwrap_or("");
    while let Some((key, after)) = string(rest) {
        let Some(after) = after.trim_start().strip_prefix(':') else {
            break;
        };
        let Some((value, after)) = string(after.trim_start()) else {
            break;
        };
        labels.push((key, value));
        rest = after
            .trim_start()
            .strip_prefix(',')
            .unwrap_or("")
            .trim_start();
    }
    labels
}

/// A string in double quotes at the start of the text, and what follows it.
fn string(text: &str) -> Option<(String, &str)> {
    let body = text.strip_prefix('"')?;
    let mut value = Vec::new();
    let mut chars = body.char_indices();
    while let Some((at, char)) = chars.next() {
        match char {
            '"' => {
                let value = String::from_utf8_lossy(&value).into_owned();
                return Some((value, body.get(at + 1..)?));
            }
            '\\' => {
                let escape = chars.next()?.1;
                let mut digits = |count: usize, radix: u32, first: u32| {
                    (0..count).try_fold(first, |number, _| {
                        Some(number * radix + chars.next()?.1.to_digit(radix)?)
                    })
                };
                match escape {
                    'x' => value.push(digits(2, 16, 0)? as u8),
                    'u' => push_char(&mut value, digits(4, 16, 0)?),
                    'U' => push_char(&mut value, digits(7, 16, 0)? << 4 | digits(1, 16, 0)?),
                    '0'..='7' => value.push(digits(2, 8, escape.to_digit(8)?)? as u8),
                    'a' => value.push(7),
                    'b' => value.push(8),
                    't' => value.push(b'\t'),
                    'n' => value.push(b'\n'),
                    'v' => value.push(11),
                    'f' => value.push(12),
                    'r' => value.push(b'\r'),
                    other => push_char(&mut value, other.into()),
                }
            }
            other => push_char(&mut value, other.into()),
        }
    }
    None
}

fn push_char(bytes: &mut Vec<u8>, code: u32) {
    let char = char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER);
    bytes.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_labels_of_profiles_and_of_headers() {
        let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        assert_eq!(
            labels(r#"{"path":"/a \"quoted\" {path}", "tenant":"t0"}"#.as_bytes()),
            [pair("path", r#"/a "quoted" {path}"#), pair("tenant", "t0")]
        );
        assert_eq!(
            labels(r#"{"a": "\u00e9\xff\n\101", "b": ""}]"#.as_bytes()),
            [pair("a", "é\u{fffd}\nA"), pair("b", "")]
        );
        assert_eq!(labels(r#"{"a": "cut"#.as_bytes()), []);
        assert_eq!(
            labels(r#"{"a": "\UFFFFFFFF"}"#.as_bytes()),
            [pair("a", "\u{fffd}")]
        );
        assert_eq!(labels("none".as_bytes()), []);
    }
}
