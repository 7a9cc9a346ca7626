//! For a file that a build leaves out, a platform like that build's that takes it.

use super::constraint::{self, Platform};

/// Operating systems to try, the widespread ones first, so that few builds take most files.
const SYSTEMS: &[&str] = &[
    "linux",
    "windows",
    "darwin",
    "freebsd",
    "openbsd",
    "netbsd",
    "dragonfly",
    "solaris",
    "illumos",
    "aix",
    "android",
    "ios",
    "plan9",
    "js",
    "wasip1",
    "zos",
];

/// Architectures to try, in the same order.
const ARCHITECTURES: &[&str] = &[
    "amd64", "arm64", "386", "arm", "riscv64", "ppc64le", "s390x", "loong64", "mips64le", "mips64",
    "mipsle", "mips", "ppc64", "wasm",
];

/// The first platform that takes a file: `base` with another system, then another architecture, with the tags that the
/// file asks for where it needs them. None where no combination does (`//go:build !cgo`, a release to come).
pub(crate) fn taking(base: &Platform, file_name: &str, text: &[u8]) -> Option<Platform> {
    let asked = constraint::tags_asked_for(text);
    let mut with_tags = base.tags.clone();
    with_tags.extend(asked.into_iter().filter(|tag| !base.tags.contains(tag)));
    let tag_sets = if with_tags.len() == base.tags.len() {
        vec![with_tags]
    } else {
        vec![base.tags.clone(), with_tags]
    };
    for goarch in first_of(&base.goarch, ARCHITECTURES) {
        for goos in first_of(&base.goos, SYSTEMS) {
            for tags in &tag_sets {
                let platform = Platform {
                    goos: goos.to_owned(),
                    goarch: goarch.to_owned(),
                    tags: tags.clone(),
                    go_minor: base.go_minor,
                };
                if platform.allows_name(file_name) && platform.allows_text(text) {
                    return Some(platform);
                }
            }
        }
    }
    None
}

fn first_of<'a>(own: &'a str, others: &'a [&'a str]) -> impl Iterator<Item = &'a str> {
    std::iter::once(own).chain(others.iter().copied().filter(move |other| *other != own))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(name: &str, text: &str) -> Option<String> {
        let base = Platform {
            goos: "linux".into(),
            goarch: "amd64".into(),
            tags: Vec::new(),
            go_minor: 26,
        };
        let platform = taking(&base, name, text.as_bytes())?;
        Some(format!(
            "{}/{} {}",
            platform.goos,
            platform.goarch,
            platform.tags.join(",")
        ))
    }

    #[test]
    fn the_nearest_platform_takes_a_file() {
        for (name, text, platform) in [
            ("a_windows.go", "package p\n", "windows/amd64 "),
            ("a_windows_arm64_test.go", "package p\n", "windows/arm64 "),
            ("a.go", "//go:build !linux\n\npackage p\n", "windows/amd64 "),
            (
                "a.go",
                "//go:build integration && !unit\n\npackage p\n",
                "linux/amd64 integration",
            ),
            (
                "a.go",
                "// +build darwin,cgo freebsd\n\npackage p\n",
                "darwin/amd64 ",
            ),
            (
                "a_arm64.go",
                "//go:build !linux && e2e\n\npackage p\n",
                "windows/arm64 e2e",
            ),
        ] {
            assert_eq!(
                taken(name, text).as_deref(),
                Some(platform),
                "{name} {text}"
            );
        }
    }

    #[test]
    fn nothing_takes_what_contradicts_itself() {
        assert_eq!(
            taken("a.go", "//go:build linux && windows\n\npackage p\n"),
            None
        );
        assert_eq!(taken("a.go", "//go:build go1.99\n\npackage p\n"), None);
    }
}
