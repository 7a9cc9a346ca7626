//! File names as the reports show them.

use std::borrow::Cow;

/// The last element of a path, as Go's `filepath.Base` has it.
pub(crate) fn base_name(path: &[u8]) -> &[u8] {
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

/// The shortest path that is lexically the same, as Go's `filepath.Clean` has it.
pub(super) fn clean(path: &[u8]) -> Cow<'_, [u8]> {
    let is_clean = |path: &[u8]| {
        path.strip_prefix(b"/")
            .unwrap_or(path)
            .split(|&byte| byte == b'/')
            .all(|part| !matches!(part, b"" | b"." | b".."))
    };
    if is_clean(path) {
        return Cow::Borrowed(path);
    }
    let is_rooted = path.first() == Some(&b'/');
    let mut parts: Vec<&[u8]> = Vec::new();
    for part in path.split(|&byte| byte == b'/') {
        match (part, parts.last()) {
            (b"" | b".", _) => {}
            (b"..", Some(&before)) if before != b".." => drop(parts.pop()),
            (b"..", _) if is_rooted => {}
            _ => parts.push(part),
        }
    }
    let joined = parts.join(&b"/"[..]);
    Cow::Owned(if is_rooted {
        [b"/", &joined[..]].concat()
    } else if joined.is_empty() {
        b".".to_vec()
    } else {
        joined
    })
}

/// The folder that a path lies in, as Go's `filepath.Dir` has it.
pub(super) fn parent(path: &[u8]) -> Vec<u8> {
    let end = path
        .iter()
        .rposition(|&byte| byte == b'/')
        .map_or(0, |slash| slash + 1);
    clean(path.get(..end).unwrap_or(&[])).into_owned()
}

/// A list of paths with colons between; nothing for an empty text.
pub(super) fn split_list(list: &str) -> impl Iterator<Item = &str> {
    list.split(':').filter(move |_| !list.is_empty())
}

/// A source path without what is taken off its front (`trimPath` of the reference): the first
/// prefix of `trim_path` that it has; or without such a list, everything up to a folder with the
/// name of one of `source_path`.
pub(super) fn without_prefix<'p>(path: &'p [u8], trim_path: &str, source_path: &str) -> &'p [u8] {
    if trim_path.is_empty() {
        for folder in split_list(source_path) {
            let wanted = [b"/", base_name(folder.as_bytes()), b"/"].concat();
            if let Some(found) = memchr::memmem::find(path, &wanted) {
                return path.get(found + wanted.len()..).unwrap_or(&[]);
            }
        }
    }
    for prefix in split_list(trim_path).chain(["/proc/self/cwd/./", "/proc/self/cwd/"]) {
        let prefix = prefix.strip_suffix('/').unwrap_or(prefix).as_bytes();
        let rest = path
            .strip_prefix(prefix)
            .and_then(|rest| rest.strip_prefix(b"/"));
        if let Some(rest) = rest {
            return rest;
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

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

    #[test]
    fn clean_paths_are_those_of_go() {
        let cases = [
            ("", "."),
            ("/", "/"),
            ("//a", "/a"),
            ("a/", "a"),
            ("a/./b/../c", "a/c"),
            ("../a/../..", "../.."),
            ("/../a", "/a"),
            ("a/..", "."),
            ("/a/b.go", "/a/b.go"),
        ];
        for (path, expected) in cases {
            let cleaned = clean(path.as_bytes());
            assert_eq!(String::from_utf8_lossy(&cleaned), expected, "{path}");
        }
    }

    #[test]
    fn folders_of_paths_are_those_of_go() {
        let cases = [
            ("", "."),
            (".", "."),
            ("/", "/"),
            ("/a", "/"),
            ("/a/b", "/a"),
            ("/a/b/", "/a/b"),
            ("a/b", "a"),
        ];
        for (path, expected) in cases {
            let folder = parent(path.as_bytes());
            assert_eq!(String::from_utf8_lossy(&folder), expected, "{path}");
        }
    }

    #[test]
    fn prefixes_are_taken_off_as_in_the_reference() {
        let cases = [
            ("/a/b/c.go", "", "", "/a/b/c.go"),
            ("/proc/self/cwd/./c.go", "", "", "c.go"),
            ("/remote/project/c.go", "", "/home/project", "c.go"),
            ("/remote/project/c.go", "", "/x:/home/project/", "c.go"),
            (
                "/remote/project/c.go",
                "/remote",
                "/home/project",
                "project/c.go",
            ),
            ("/remote2/c.go", "/remote", "", "/remote2/c.go"),
            ("/b/c.go", "/a/:/b/", "", "c.go"),
        ];
        for (path, trim_path, source_path, expected) in cases {
            let trimmed = without_prefix(path.as_bytes(), trim_path, source_path);
            assert_eq!(String::from_utf8_lossy(trimmed), expected, "{path}");
        }
    }
}
