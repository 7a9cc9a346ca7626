//! Names of functions as the reports show them.

use std::borrow::Cow;

use caulk_profile::Profile;

/// Shortens the names of a profile's functions that a compiler has mangled.
pub(super) fn shorten(profile: &mut Profile) {
    profile.rename_functions(|function, strings| {
        let name = strings.bytes(function.name);
        let system_name = strings.bytes(function.system_name);
        if !name.is_empty() && name != system_name {
            return None;
        }
        match without_parameters(system_name) {
            Cow::Borrowed(shown) if shown == name => None,
            shown => Some(shown.into_owned()),
        }
    });
}

/// The reference takes a name with brackets or `::` for C++ and removes parameters and template
/// arguments. Generic Go names lose their receivers by it.
fn without_parameters(name: &[u8]) -> Cow<'_, [u8]> {
    let contains = |part: &[u8]| memchr::memmem::find(name, part).is_some();
    let has_bracket = name.iter().any(|byte| b"<>[]".contains(byte));
    // Java's `class.<init>` and Go's `foo.(*Bar[...]).Method` are exempt.
    if !(has_bracket || contains(b"::")) || contains(b".<") || contains(b"]).") {
        return Cow::Borrowed(name);
    }
    let name = without_matching(name, b'(', b')');
    Cow::Owned(without_matching(&name, b'<', b'>'))
}

/// Removes what is between outermost pairs of `open` and `close`, up to a `close` without its
/// `open`.
fn without_matching(name: &[u8], open: u8, close: u8) -> Vec<u8> {
    let mut kept = Vec::with_capacity(name.len());
    let mut nesting = 0usize;
    let mut outermost = 0;
    for (index, &byte) in name.iter().enumerate() {
        if byte == open {
            if nesting == 0 {
                outermost = index;
            }
            nesting += 1;
        } else if byte == close {
            let Some(outer) = nesting.checked_sub(1) else {
                kept.extend_from_slice(name.get(index..).unwrap_or(&[]));
                return kept;
            };
            nesting = outer;
        } else if nesting == 0 {
            kept.push(byte);
        }
    }
    if nesting > 0 {
        kept.extend_from_slice(name.get(outermost..).unwrap_or(&[]));
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generic_go_names_lose_their_receivers_as_in_the_reference() {
        let cases: [(&str, &str); 6] = [
            ("main.(*T).Do.Map[...].func1", "main..Do.Map[...].func1"),
            ("main.(*stack[...]).push", "main.(*stack[...]).push"),
            ("main.(*T).Do", "main.(*T).Do"),
            ("std::vector<int>::push(int)", "std::vector::push"),
            ("a::b)c(d)", "a::b)c(d)"),
            ("a::b(c(d)e", "a::b(c(d)e"),
        ];
        for (name, expected) in cases {
            let shown = without_parameters(name.as_bytes());
            assert_eq!(String::from_utf8_lossy(&shown), expected, "{name}");
        }
    }
}
