//! Names of functions as the reports show them.

use std::borrow::Cow;

use crate::{Function, Profile};

/// The name of each function, in the order of the profile's functions.
pub(super) fn function_names(profile: &Profile, demangle: bool) -> Vec<Cow<'_, [u8]>> {
    let name = |function: &Function| {
        let name = profile.strings().bytes(function.name);
        let system_name = profile.strings().bytes(function.system_name);
        if !demangle || (!name.is_empty() && name != system_name) {
            return Cow::Borrowed(name);
        }
        without_parameters(system_name)
    };
    profile.functions().iter().map(name).collect()
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

/// The last element of a path, as Go's `filepath.Base` has it.
pub(super) fn base_name(path: &[u8]) -> &[u8] {
    let is_slash = |&byte: &u8| byte == b'/';
    let Some(last) = path.iter().rposition(|byte| !is_slash(byte)) else {
        return if path.is_empty() { b"." } else { b"/" };
    };
    let trimmed = path.get(..=last).unwrap_or(path);
    match trimmed.iter().rposition(is_slash) {
        Some(slash) => trimmed.get(slash + 1..).unwrap_or(trimmed),
        None => trimmed,
    }
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

    #[test]
    fn base_names_are_those_of_go() {
        let cases: [(&[u8], &[u8]); 6] = [
            (b"", b"."),
            (b"/", b"/"),
            (b"///", b"/"),
            (b"/a/b", b"b"),
            (b"/a/b//", b"b"),
            (b"c", b"c"),
        ];
        for (path, expected) in cases {
            assert_eq!(base_name(path), expected);
        }
    }
}
