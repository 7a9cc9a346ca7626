//! Patterns of the catalogue: `*` within a name or a path segment, `**` for any number of segments.

/// Whether an import path matches, with or without its major version suffix.
pub(crate) fn path_matches(pattern: &str, path: &str) -> bool {
    let matches = |path: &str| {
        begins_alike(pattern, path)
            && ends_alike(pattern, path)
            && segments_match(Some(pattern), Some(path))
    };
    matches(path) || without_major_version(path).is_some_and(matches)
}

/// Whether a path begins as a pattern does before its first star. Nearly all that do not match differ early, and thousands are asked for.
fn begins_alike(pattern: &str, path: &str) -> bool {
    may_go_on(pattern.bytes(), path.bytes())
}

/// The same behind the last star.
fn ends_alike(pattern: &str, path: &str) -> bool {
    may_go_on(pattern.bytes().rev(), path.bytes().rev())
}

/// Whether two are equal up to a star: a slash before `**` may be left out.
fn may_go_on(pattern: impl Iterator<Item = u8>, mut path: impl Iterator<Item = u8>) -> bool {
    for expected in pattern {
        match path.next() {
            _ if expected == b'*' => return true,
            Some(byte) if byte == expected => {}
            byte => return byte.is_none() && expected == b'/',
        }
    }
    path.next().is_none()
}

fn segments_match(pattern: Option<&str>, mut path: Option<&str>) -> bool {
    let Some(pattern) = pattern else {
        return path.is_none();
    };
    let (head, rest) = first_segment(pattern);
    if head != "**" {
        return path.is_some_and(|path| {
            let (segment, others) = first_segment(path);
            name_matches(head, segment) && segments_match(rest, others)
        });
    }
    loop {
        if segments_match(rest, path) {
            return true;
        }
        match path {
            Some(more) => path = first_segment(more).1,
            None => return false,
        }
    }
}

fn first_segment(path: &str) -> (&str, Option<&str>) {
    match path.split_once('/') {
        Some((first, rest)) => (first, Some(rest)),
        None => (path, None),
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
    if !rest.contains('*') {
        return tail.ends_with(rest);
    }
    (0..=tail.len())
        .filter_map(|start| tail.get(start..))
        .any(|suffix| name_matches(rest, suffix))
}

/// The import path without `/v2` and the like at its end.
pub(crate) fn without_major_version(path: &str) -> Option<&str> {
    if !path.ends_with(|last: char| last.is_ascii_digit()) {
        return None;
    }
    let (base, last) = path.rsplit_once('/')?;
    is_major_version(last).then_some(base)
}

/// The import path without its major version, which may stand before the package's own folder; none where it has none.
pub(crate) fn unversioned(path: &str) -> Option<String> {
    if let Some(rest) = path.strip_prefix("gopkg.in/") {
        return behind_gopkg(rest);
    }
    if !path.split('/').any(is_major_version) {
        return None;
    }
    let parts = path.split('/').filter(|part| !is_major_version(part));
    Some(parts.collect::<Vec<_>>().join("/"))
}

/// What `gopkg.in/` with the rest of a path stands for: `ldap.v3` for `github.com/go-ldap/ldap`, `user/name.v1/folder` for
/// `github.com/user/name/folder` (<https://labix.org/gopkg.in>).
fn behind_gopkg(path: &str) -> Option<String> {
    let mut parts = path.split('/');
    let first = parts.next()?;
    let named = |part: &str| {
        let (name, version) = part.rsplit_once('.')?;
        is_major_version(version).then(|| name.to_owned())
    };
    let repository = match named(first) {
        Some(name) => format!("github.com/go-{name}/{name}"),
        None => format!("github.com/{first}/{}", named(parts.next()?)?),
    };
    let folders = parts.map(|part| format!("/{part}"));
    Some(std::iter::once(repository).chain(folders).collect())
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
        assert!(!path_matches("debug/*", "debug"));
        assert!(path_matches(
            "cloud.google.com/go/**",
            "cloud.google.com/go"
        ));
        assert!(path_matches("**/mocks", "mocks"));
        assert!(path_matches("**/mocks", "example.com/x/mocks/v2"));
        assert!(!path_matches("os", "os/exec"));
        assert!(!path_matches("os/exec", "os"));
        assert!(path_matches("gopkg.in/yaml", "gopkg.in/yaml/v3"));
        assert_eq!(
            unversioned("github.com/jackc/pgx/v5/pgxpool").as_deref(),
            Some("github.com/jackc/pgx/pgxpool")
        );
        assert_eq!(unversioned("cloud.google.com/go/kms/apiv1"), None);
        assert_eq!(
            unversioned("gopkg.in/ldap.v3").as_deref(),
            Some("github.com/go-ldap/ldap")
        );
        assert_eq!(
            unversioned("gopkg.in/gorilla/websocket.v1/examples").as_deref(),
            Some("github.com/gorilla/websocket/examples")
        );
        assert_eq!(unversioned("gopkg.in/gorilla"), None);
        assert!(name_matches("New*Client", "NewKeyClient"));
        assert!(!name_matches("New*Client", "NewKeyClientX"));
        assert!(name_matches("*.Fatal", "common.Fatal"));
    }
}
