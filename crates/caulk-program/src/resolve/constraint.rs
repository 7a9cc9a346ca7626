//! Which files of a folder belong to a build: `//go:build`, `// +build` and file-name suffixes.
//!
//! The rules are those of `go/build` and `go/build/constraint` (documented in `go help buildconstraint`).

use serde::{Deserialize, Serialize};

/// The platform and tags a build is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Platform {
    /// Target operating system, as `GOOS` names it.
    pub goos: String,
    /// Target architecture, as `GOARCH` names it.
    pub goarch: String,
    /// Additional tags (`-tags`).
    pub tags: Vec<String>,
    /// Release tags `go1.1` up to `go1.N` hold for this `N`.
    pub go_minor: u32,
}

impl Default for Platform {
    fn default() -> Self {
        Platform {
            goos: host_os().to_owned(),
            goarch: host_arch().to_owned(),
            tags: Vec::new(),
            go_minor: LATEST_GO_MINOR,
        }
    }
}

/// The newest Go release whose standard library caulk ships an outline of.
pub(crate) const LATEST_GO_MINOR: u32 = 26;

fn host_os() -> &'static str {
    match std::env::consts::OS {
        "macos" => "darwin",
        other => other,
    }
}

fn host_arch() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        "x86" => "386",
        "powerpc64" => "ppc64le",
        "loongarch64" => "loong64",
        other => other,
    }
}

const KNOWN_OS: &[&str] = &[
    "aix",
    "android",
    "darwin",
    "dragonfly",
    "freebsd",
    "hurd",
    "illumos",
    "ios",
    "js",
    "linux",
    "nacl",
    "netbsd",
    "openbsd",
    "plan9",
    "solaris",
    "wasip1",
    "windows",
    "zos",
];

const UNIX_OS: &[&str] = &[
    "aix",
    "android",
    "darwin",
    "dragonfly",
    "freebsd",
    "hurd",
    "illumos",
    "ios",
    "linux",
    "netbsd",
    "openbsd",
    "solaris",
];

const KNOWN_ARCH: &[&str] = &[
    "386",
    "amd64",
    "amd64p32",
    "arm",
    "armbe",
    "arm64",
    "arm64be",
    "loong64",
    "mips",
    "mipsle",
    "mips64",
    "mips64le",
    "mips64p32",
    "mips64p32le",
    "ppc",
    "ppc64",
    "ppc64le",
    "riscv",
    "riscv64",
    "s390",
    "s390x",
    "sparc",
    "sparc64",
    "wasm",
];

/// Experiments that are on by default in the supported releases (`internal/buildcfg`).
const DEFAULT_EXPERIMENTS: &[&str] = &[
    "regabiwrappers",
    "regabiargs",
    "aliastypeparams",
    "swissmap",
    "spinbitmutex",
    "dwarf5",
    "greenteagc",
    "randomizedheapbase64",
    "sizespecializedmalloc",
];

impl Platform {
    /// Whether a single tag holds.
    pub fn has_tag(&self, tag: &str) -> bool {
        if tag == self.goos || tag == self.goarch || matches!(tag, "cgo" | "gc") {
            return true;
        }
        if tag == "unix" {
            return UNIX_OS.contains(&self.goos.as_str());
        }
        if (tag == "linux" && self.goos == "android")
            || (tag == "solaris" && self.goos == "illumos")
            || (tag == "darwin" && self.goos == "ios")
        {
            return true;
        }
        if let Some(minor) = tag.strip_prefix("go1.").and_then(|n| n.parse::<u32>().ok()) {
            return (1..=self.go_minor).contains(&minor);
        }
        if let Some(experiment) = tag.strip_prefix("goexperiment.") {
            return DEFAULT_EXPERIMENTS.contains(&experiment);
        }
        if let Some(feature) = tag
            .strip_prefix(self.goarch.as_str())
            .and_then(|f| f.strip_prefix('.'))
        {
            return matches!(
                (self.goarch.as_str(), feature),
                ("amd64", "v1")
                    | ("arm64", "v8.0")
                    | ("386", "sse2")
                    | ("ppc64" | "ppc64le", "power8")
            );
        }
        self.tags.iter().any(|t| t == tag)
    }

    /// Whether the file name's suffixes (`_linux`, `_amd64`, `_linux_amd64`, before `_test`) allow this platform.
    pub fn allows_name(&self, file_name: &str) -> bool {
        let stem = file_name.split('.').next().unwrap_or(file_name);
        // What stands before the first `_` is never a suffix, so that `linux.go` is for everyone.
        let Some((_, rest)) = stem.split_once('_') else {
            return true;
        };
        let mut parts: Vec<&str> = rest.split('_').collect();
        if parts.last() == Some(&"test") {
            parts.pop();
        }
        match parts.as_slice() {
            [.., os, arch] if KNOWN_OS.contains(os) && KNOWN_ARCH.contains(arch) => {
                self.has_tag(os) && self.has_tag(arch)
            }
            [.., last] if KNOWN_OS.contains(last) || KNOWN_ARCH.contains(last) => {
                self.has_tag(last)
            }
            _ => true,
        }
    }

    /// Whether the constraints in the head of a file's text allow this platform.
    pub fn allows_text(&self, text: &[u8]) -> bool {
        let head = Head::of(text);
        if let Some(expression) = head.go_build {
            // An expression that does not parse excludes nothing: the file is still looked at.
            return evaluate(expression, self).unwrap_or(true);
        }
        head.plus_build.iter().all(|line| {
            line.split_ascii_whitespace().any(|option| {
                option.split(',').all(|term| match term.strip_prefix('!') {
                    Some(tag) => !self.has_tag(tag),
                    None => self.has_tag(term),
                })
            })
        })
    }
}

/// The tags that a file's constraints name and do not negate, other than systems, architectures and what the toolchain
/// sets itself: those to be given with `-tags`.
pub(crate) fn tags_asked_for(text: &[u8]) -> Vec<String> {
    let head = Head::of(text);
    let lines = head.go_build.into_iter().chain(head.plus_build);
    let mut tags: Vec<String> = Vec::new();
    for line in lines {
        let mut before = ' ';
        for word in line.split_inclusive(|c: char| !is_tag_character(c)) {
            let tag = word.trim_end_matches(|c: char| !is_tag_character(c));
            let set_elsewhere = KNOWN_OS.contains(&tag)
                || KNOWN_ARCH.contains(&tag)
                || matches!(tag, "" | "unix" | "cgo" | "gc" | "gccgo")
                || tag.starts_with("go1.")
                || tag.starts_with("goexperiment.");
            if !set_elsewhere && before != '!' && !tags.iter().any(|known| known == tag) {
                tags.push(tag.to_owned());
            }
            before = word.chars().next_back().unwrap_or(' ');
        }
    }
    tags
}

fn is_tag_character(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '.'
}

/// The constraint lines that stand before the package clause.
#[derive(Default)]
struct Head<'a> {
    go_build: Option<&'a str>,
    plus_build: Vec<&'a str>,
}

impl<'a> Head<'a> {
    fn of(text: &'a [u8]) -> Head<'a> {
        let mut head = Head::default();
        // `// +build` lines count only where a blank line follows the comment block they stand in.
        let mut pending_plus = Vec::new();
        let mut in_block_comment = false;
        for line in text.split(|&b| b == b'\n') {
            let Ok(line) = std::str::from_utf8(line) else {
                if in_block_comment {
                    continue;
                }
                break;
            };
            let mut line = line.trim().trim_start_matches('\u{feff}');
            if in_block_comment {
                let Some(end) = line.find("*/") else { continue };
                in_block_comment = false;
                line = line.get(end + 2..).unwrap_or("").trim();
                if line.is_empty() {
                    continue;
                }
            }
            if line.is_empty() {
                head.plus_build.append(&mut pending_plus);
                continue;
            }
            if let Some(comment) = line.strip_prefix("//") {
                if let Some(expression) = comment.strip_prefix("go:build")
                    && expression.starts_with([' ', '\t'])
                {
                    head.go_build.get_or_insert(expression.trim());
                } else if let Some(options) = comment.trim_start().strip_prefix("+build")
                    && (options.is_empty() || options.starts_with([' ', '\t']))
                {
                    pending_plus.push(options.trim());
                }
                continue;
            }
            if let Some(rest) = line.strip_prefix("/*") {
                match rest.find("*/") {
                    None => in_block_comment = true,
                    Some(end) if rest.get(end + 2..).is_some_and(|r| !r.trim().is_empty()) => break,
                    Some(_) => {}
                }
                continue;
            }
            break;
        }
        head
    }
}

/// Nesting beyond this is not a constraint a person wrote.
const MAX_DEPTH: u32 = 100;

/// Value of a `//go:build` expression; `None` where it does not parse.
fn evaluate(expression: &str, platform: &Platform) -> Option<bool> {
    let mut parser = Expression {
        rest: expression,
        platform,
    };
    let value = parser.or(0)?;
    parser.rest.trim_start().is_empty().then_some(value)
}

struct Expression<'a> {
    rest: &'a str,
    platform: &'a Platform,
}

impl Expression<'_> {
    fn eat(&mut self, token: &str) -> bool {
        match self.rest.trim_start().strip_prefix(token) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn or(&mut self, depth: u32) -> Option<bool> {
        let mut value = self.and(depth)?;
        while self.eat("||") {
            value |= self.and(depth)?;
        }
        Some(value)
    }

    fn and(&mut self, depth: u32) -> Option<bool> {
        let mut value = self.not(depth)?;
        while self.eat("&&") {
            value &= self.not(depth)?;
        }
        Some(value)
    }

    fn not(&mut self, depth: u32) -> Option<bool> {
        if depth > MAX_DEPTH {
            return None;
        }
        if self.eat("!") {
            return Some(!self.not(depth + 1)?);
        }
        if self.eat("(") {
            let value = self.or(depth + 1)?;
            return self.eat(")").then_some(value);
        }
        let rest = self.rest.trim_start();
        let end = rest
            .find(|c: char| !is_tag_character(c))
            .unwrap_or(rest.len());
        let (tag, rest) = rest.split_at(end);
        if tag.is_empty() {
            return None;
        }
        self.rest = rest;
        Some(self.platform.has_tag(tag))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn linux() -> Platform {
        Platform {
            goos: "linux".into(),
            goarch: "amd64".into(),
            tags: vec!["integration".into()],
            go_minor: 26,
        }
    }

    #[test]
    fn file_names_name_platforms() {
        let p = linux();
        for name in [
            "a.go",
            "linux.go",
            "a_linux.go",
            "a_linux_amd64_test.go",
            "a_amd64.go",
            "a_unix.go",
            "x_test.go",
        ] {
            assert!(p.allows_name(name), "{name}");
        }
        for name in [
            "a_windows.go",
            "a_linux_arm64.go",
            "a_arm64_test.go",
            "a_darwin_amd64.go",
        ] {
            assert!(!p.allows_name(name), "{name}");
        }
    }

    #[test]
    fn go_build_lines() {
        let p = linux();
        let allows = |s: &str| p.allows_text(s.as_bytes());
        assert!(allows(
            "//go:build linux && (amd64 || arm64) && !windows\n\npackage p\n"
        ));
        assert!(allows(
            "// Copyright\n\n//go:build integration\npackage p\n"
        ));
        assert!(allows(
            "/* a\nlicence */\n\n//go:build unix && cgo && go1.21\n\npackage p\n"
        ));
        assert!(!allows("//go:build ignore\n\npackage main\n"));
        assert!(!allows("//go:build go1.99\n\npackage main\n"));
        assert!(
            allows("package p\n//go:build ignore\n"),
            "after the package clause it is a comment"
        );
        assert!(
            allows("//go:build linux &&\n\npackage p\n"),
            "broken constraints exclude nothing"
        );
        assert!(
            !allows("//go:build !linux\n// +build linux\n\npackage p\n"),
            "go:build wins"
        );
    }

    #[test]
    fn plus_build_lines() {
        let p = linux();
        let allows = |s: &str| p.allows_text(s.as_bytes());
        assert!(allows("// +build linux,amd64 darwin\n\npackage p\n"));
        assert!(!allows("// +build linux\n// +build !amd64\n\npackage p\n"));
        assert!(
            allows("// +build ignore\npackage p\n"),
            "no blank line follows: documentation"
        );
    }
}
