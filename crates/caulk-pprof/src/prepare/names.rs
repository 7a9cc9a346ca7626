//! Names of functions as the reports show them.

use std::borrow::Cow;

use caulk_profile::Profile;

use super::Names;
use super::demangle::demangle;

/// Gives the functions of a profile the names that are shown. A name that differs from the linker's
/// is taken to be for people already, unless `force` says to begin from the linker's.
pub(super) fn show(profile: &mut Profile, names: Names, force: bool) {
    profile.rename_functions(|function, strings| {
        let name = strings.bytes(function.name);
        let system_name = strings.bytes(function.system_name);
        let is_for_people = !name.is_empty() && name != system_name;
        if is_for_people && (!force || system_name.is_empty()) {
            return None;
        }
        if names != Names::AsTheyAre
            && let Some(demangled) = demangle(system_name, names)
        {
            return (demangled.as_bytes() != name).then(|| demangled.into_bytes());
        }
        let shown = match names {
            Names::AsTheyAre if !force || name.is_empty() => return None,
            Names::AsTheyAre | Names::Full => Cow::Borrowed(system_name),
            Names::WithTemplates => without(system_name, &[(b'(', b')')]),
            Names::Short => without(system_name, &[(b'(', b')'), (b'<', b'>')]),
        };
        (*shown != *name).then(|| shown.into_owned())
    });
}

/// The reference takes a name with brackets or `::` for C++ and removes parameters and template
/// arguments. Generic Go names lose their receivers by it.
fn without<'n>(name: &'n [u8], brackets: &[(u8, u8)]) -> Cow<'n, [u8]> {
    let contains = |part: &[u8]| memchr::memmem::find(name, part).is_some();
    let has_bracket = name.iter().any(|byte| b"<>[]".contains(byte));
    // Java's `class.<init>` and Go's `foo.(*Bar[...]).Method` are exempt.
    if !(has_bracket || contains(b"::")) || contains(b".<") || contains(b"]).") {
        return Cow::Borrowed(name);
    }
    let mut name = name.to_vec();
    for &(open, close) in brackets {
        name = without_matching(&name, open, close);
    }
    Cow::Owned(name)
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
            let shown = without(name.as_bytes(), &[(b'(', b')'), (b'<', b'>')]);
            assert_eq!(String::from_utf8_lossy(&shown), expected, "{name}");
        }
    }
}
