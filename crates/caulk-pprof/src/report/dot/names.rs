//! Names as they stand in a picture.

use std::sync::LazyLock;

use regex::bytes::Regex;

use crate::report::paths::base_name;
use crate::report::places::{Place, Places, name_parts};

/// A text inside of quotes. Lines are set to the left.
pub(super) fn escape(text: &[u8]) -> Vec<u8> {
    let mut escaped = Vec::with_capacity(text.len());
    for &byte in text {
        match byte {
            b'\\' => escaped.extend_from_slice(b"\\\\"),
            b'"' => escaped.extend_from_slice(b"\\\""),
            b'\n' => escaped.extend_from_slice(b"\\l"),
            byte => escaped.push(byte),
        }
    }
    escaped
}

/// The name of a place, part by part on lines of their own.
pub(super) fn label_name(place: &Place, places: &Places) -> Vec<u8> {
    let name = escape(&shorten(places.text(place.name)));
    let name = replace(&name, b"::", b"\\n");
    // The type parameters that Go leaves out are no end of a part.
    let name = replace(&name, b"[...]", "[…]".as_bytes());
    let name = replace(&name, b".", b"\\n");
    let file = match places.text(place.file) {
        [] => &[],
        file => base_name(file),
    };
    let parts = name_parts(place, &name, file, || places.text(place.object_file));
    let mut label = parts.join(&b"\\n"[..]);
    label.extend_from_slice(b"\\n");
    label
}

fn replace(text: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut replaced = Vec::with_capacity(text.len());
    let mut end = 0;
    for start in memchr::memmem::find_iter(text, from) {
        replaced.extend_from_slice(text.get(end..start).unwrap_or(&[]));
        replaced.extend_from_slice(to);
        end = start + from.len();
    }
    replaced.extend_from_slice(text.get(end..).unwrap_or(&[]));
    replaced
}

/// A function's name without the path of its package, the version in that path, and arguments.
fn shorten(name: &[u8]) -> Vec<u8> {
    static VERSION: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r"(?-u)^(.*?)/v(?:[2-9]|[1-9][0-9]+)([./].*)$").ok());
    static LANGUAGES: LazyLock<Vec<Regex>> = LazyLock::new(|| {
        let go = r"(?-u)^(?:[\w\-.]+/)+([^.]+\..+)";
        let java = r"(?-u)^(?:[a-z]\w*\.)*([A-Z][\w$]*\.(?:<init>|[a-z][\w$]*(?:\$\d+)?))(?:\(|$)";
        let cpp = r"(?-u)^(?:[_a-zA-Z]\w*::)+(_*[A-Z]\w*::~?[_a-zA-Z]\w*(?:<.*>)?)";
        [go, java, cpp]
            .iter()
            .filter_map(|it| Regex::new(it).ok())
            .collect()
    });
    let name = name
        .strip_prefix(b"(anonymous namespace)::")
        .unwrap_or(name);
    let name = match VERSION.as_ref().and_then(|version| version.captures(name)) {
        Some(found) => {
            let part = |at| found.get(at).map_or(&[][..], |part| part.as_bytes());
            [part(1), part(2)].concat()
        }
        None => name.to_vec(),
    };
    let found = LANGUAGES
        .iter()
        .find_map(|language| language.captures(&name));
    match found.and_then(|found| found.get(1)) {
        Some(short) => short.as_bytes().to_vec(),
        None => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_shortened_as_in_the_reference() {
        let cases = [
            ("main.run", "main.run"),
            ("github.com/a/b.Do", "b.Do"),
            ("github.com/a/b/v3.Do", "b.Do"),
            ("k8s.io/api/v3/c.(*T).G", "c.(*T).G"),
            ("java.util.List.add(int)", "List.add"),
            ("java.util.List.<init>", "List.<init>"),
            ("(anonymous namespace)::Foo::bar", "Foo::bar"),
            ("ns::inner::Foo::bar<int>(x)", "Foo::bar<int>"),
            ("std::vector", "std::vector"),
            ("", ""),
        ];
        for (name, expected) in cases {
            let short = shorten(name.as_bytes());
            assert_eq!(String::from_utf8_lossy(&short), expected, "{name}");
        }
    }

    #[test]
    fn quotes_backslashes_and_lines_are_escaped() {
        assert_eq!(escape(b"a\"b\\c\nd"), b"a\\\"b\\\\c\\ld");
    }
}
