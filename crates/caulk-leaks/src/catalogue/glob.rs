//! Patterns of the catalogue: `*` within a name or a path segment, `**` for any number of segments.

/// Whether an import path matches, with or without its major version suffix.
pub(crate) fn path_matches(pattern: &str, path: &str) -> bool {
    let pattern: Vec<&str> = pattern.split('/').collect();
    let matches = |path: &str| segments_match(&pattern, &path.split('/').collect::<Vec<_>>());
    matches(path) || without_major_version(path).is_some_and(matches)
}

fn segments_match(pattern: &[&str], path: &[&str]) -> bool {
    match pattern.split_first() {
        None => path.is_empty(),
        Some((&"**", rest)) => {
            (0..=path.len()).any(|skip| segments_match(rest, path.get(skip..).unwrap_or(&[])))
        }
        Some((head, rest)) => path.split_first().is_some_and(|(first, others)| {
            name_matches(head, first) && segments_match(rest, others)
        }),
    }
}

/// Whether a name matches a pattern with any number of `*`.
pub(crate) fn name_matches(pattern: &str, name: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else {
        return pattern == name;
    };
    let Some(tail) = name.strip_prefix(head) else {
        return false;
    };
    if rest.is_empty() {
        return true;
    }
    (0..=tail.len())
        .filter_map(|start| tail.get(start..))
        .any(|suffix| name_matches(rest, suffix))
}

/// The import path without `/v2` and the like at its end.
pub(crate) fn without_major_version(path: &str) -> Option<&str> {
    let (base, last) = path.rsplit_once('/')?;
    is_major_version(last).then_some(base)
}

/// The import path without its major version, which may stand before the package's own folder; none where it has none.
pub(crate) fn unversioned(path: &str) -> Option<String> {
    if !path.split('/').any(is_major_version) {
        return None;
    }
    let parts = path.split('/').filter(|part| !is_major_version(part));
    Some(parts.collect::<Vec<_>>().join("/"))
}

/// Whether an element of an import path is `v2` and the like.
pub(crate) fn is_major_version(element: &str) -> bool {
    element
        .strip_prefix('v')
        .is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_stay_within_a_segment() {
        assert!(path_matches(
            "cloud.google.com/go/**",
            "cloud.google.com/go/kms/apiv1"
        ));
        assert!(path_matches("**/*pb", "example.com/x/kmspb"));
        assert!(!path_matches("debug/*", "debug/elf/internal"));
        assert!(path_matches("gopkg.in/yaml", "gopkg.in/yaml/v3"));
        assert_eq!(
            unversioned("github.com/jackc/pgx/v5/pgxpool").as_deref(),
            Some("github.com/jackc/pgx/pgxpool")
        );
        assert_eq!(unversioned("cloud.google.com/go/kms/apiv1"), None);
        assert!(name_matches("New*Client", "NewKeyClient"));
        assert!(!name_matches("New*Client", "NewKeyClientX"));
        assert!(name_matches("*.Fatal", "common.Fatal"));
    }
}
