//! Names of Rust: the scheme of today (`_R`), read by the crate `rustc-demangle`, and the one before
//! it, which looks like C++ and ends in a hash.

use crate::prepare::Names;

pub(super) fn demangle(name: &str, names: Names) -> Option<String> {
    if name.starts_with("_ZN") {
        return legacy(name);
    }
    let name = name.strip_prefix("_R").map(|_| name)?;
    let name = name.split('.').next().unwrap_or(name);
    let demangled = rustc_demangle::try_demangle(name).ok()?;
    let text = format!("{demangled:#}");
    if ["{invalid syntax}", "{recursion limit", "punycode{"]
        .iter()
        .any(|part| text.contains(part))
    {
        return None;
    }
    Some(match names {
        Names::Short => without_arguments(&text),
        _ => text,
    })
}

/// A name with nothing left between the brackets of generic arguments. Other brackets are around a
/// type, as in `<T as Trait>::f`.
fn without_arguments(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut depth = 0usize;
    let mut before = ' ';
    // Of the brackets that are open and shown, whether each is around arguments.
    let mut around = Vec::new();
    for c in text.chars() {
        match c {
            '<' if depth > 0 => depth += 1,
            '<' => {
                let is_name = before == ':' || before == '_' || before.is_alphanumeric();
                let is_arguments = is_name && !kept.ends_with("for");
                around.push(is_arguments);
                kept.push(c);
                depth = usize::from(is_arguments);
            }
            // An arrow is no bracket.
            '>' if before != '-' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    kept.push(c);
                    around.pop();
                }
            }
            c if depth == 0 => kept.push(c),
            _ => {}
        }
        before = c;
    }
    kept
}

/// The scheme before: lengths and identifiers with escapes, of which the last is a hash.
fn legacy(name: &str) -> Option<String> {
    const HASH: usize = "17h0123456789abcdefE".len();
    let name = match name.rsplit_once("E.") {
        Some((before, _)) => name.get(..before.len() + 1)?,
        None => name,
    };
    let name = name.strip_prefix("_ZN")?;
    let (mut name, hash) = name.split_at_checked(name.len().checked_sub(HASH)?)?;
    let digits = hash.strip_prefix("17h")?.strip_suffix('E')?;
    let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    let mut distinct = digits.as_bytes().to_vec();
    distinct.sort_unstable();
    distinct.dedup();
    if !digits.bytes().all(is_digit) || distinct.len() < 5 || name.is_empty() {
        return None;
    }
    let mut path = String::new();
    while !name.is_empty() {
        let digits = name.bytes().take_while(u8::is_ascii_digit).count();
        let mut length: usize = name.get(..digits)?.parse().ok()?;
        name = name.get(digits..)?;
        // Where an identifier begins with a digit or an underscore, one more stands before it.
        if let Some(rest) = name.strip_prefix('_') {
            name = rest;
            length = length.checked_sub(1)?;
        }
        let identifier;
        (identifier, name) = name.split_at_checked(length)?;
        if !path.is_empty() {
            path.push_str("::");
        }
        unescape(identifier, &mut path);
    }
    Some(path)
}

fn unescape(identifier: &str, out: &mut String) {
    let mut rest = match identifier.strip_prefix("_$") {
        Some(_) => identifier.get(1..).unwrap_or(""),
        None => identifier,
    };
    while let Some(first) = rest.chars().next() {
        let (text, after) = match first {
            '$' => match escape(rest) {
                Some((c, after)) => {
                    out.push(c);
                    rest = after;
                    continue;
                }
                None => (rest, ""),
            },
            '.' if rest.starts_with("..") => ("::", rest.get(2..).unwrap_or("")),
            _ => rest
                .split_at_checked(first.len_utf8())
                .unwrap_or((rest, "")),
        };
        out.push_str(text);
        rest = after;
    }
}

/// The character of an escape such as `$LT$` or `$u20$`, and what is behind it.
fn escape(text: &str) -> Option<(char, &str)> {
    let (code, rest) = text.strip_prefix('$')?.split_once('$')?;
    let c = match code {
        "SP" => '@',
        "BP" => '*',
        "RF" => '&',
        "LT" => '<',
        "GT" => '>',
        "LP" => '(',
        "RP" => ')',
        "C" => ',',
        _ => {
            let digits = code.strip_prefix('u').filter(|digits| digits.len() == 2)?;
            let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
            let value = u8::from_str_radix(digits, 16).ok()?;
            if !digits.bytes().all(is_digit) || !(0x20..0x80).contains(&value) {
                return None;
            }
            char::from(value)
        }
    };
    Some((c, rest))
}
