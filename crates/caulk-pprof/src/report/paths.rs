//! File names as the reports show them.

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
