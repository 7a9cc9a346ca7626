//! The outline of the standard library that is used where no Go installation is found, or where reading the installed one
//! would say nothing else.
//!
//! `std/outline.gz` is written by `cargo run -p caulk-program --example std_outline`: after a line that names the release,
//! each file is a line `\\x01PACKAGE\\x01FILE` and its text.

use std::io::Read;
use std::sync::OnceLock;

use rustc_hash::FxHashMap;

use crate::resolve::Platform;

/// The platforms (`GOOS` and `GOARCH`) whose files the outline has.
pub const OUTLINE_PLATFORMS: [(&str, &str); 6] = [
    ("linux", "amd64"),
    ("linux", "arm64"),
    ("darwin", "amd64"),
    ("darwin", "arm64"),
    ("windows", "amd64"),
    ("windows", "arm64"),
];

static PACKED: &[u8] = include_bytes!("../std/outline.gz");

/// Names and texts of the files of each package, which are parts of [`text`].
type Packages = FxHashMap<&'static str, Vec<(&'static str, &'static str)>>;

fn text() -> &'static str {
    static TEXT: OnceLock<String> = OnceLock::new();
    TEXT.get_or_init(|| {
        let mut text = String::new();
        // Were it damaged, what can be read of it would still be of use.
        let _ = flate2::read::GzDecoder::new(PACKED).read_to_string(&mut text);
        text
    })
}

fn packages() -> &'static Packages {
    static PACKAGES: OnceLock<Packages> = OnceLock::new();
    PACKAGES.get_or_init(|| {
        let mut packages = Packages::default();
        for file in text().split("\n\x01").skip(1) {
            let Some((header, text)) = file.split_once('\n') else {
                continue;
            };
            let Some((package, name)) = header.split_once('\x01') else {
                continue;
            };
            packages.entry(package).or_default().push((name, text));
        }
        packages
    })
}

/// Whether the outline has the files of a platform.
pub(crate) fn is_of_platform(platform: &Platform) -> bool {
    OUTLINE_PLATFORMS.contains(&(platform.goos.as_str(), platform.goarch.as_str()))
}

/// Whether the outline has a package.
pub(crate) fn has_package(path: &str) -> bool {
    packages().contains_key(path)
}

/// Names and texts of a package's files, for all platforms, sorted by name.
pub(crate) fn files(path: &str) -> &'static [(&'static str, &'static str)] {
    packages().get(path).map(Vec::as_slice).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_outline_is_of_the_newest_known_release() {
        let mut text = String::new();
        flate2::read::GzDecoder::new(PACKED)
            .read_to_string(&mut text)
            .expect("it is whole");
        let release = text.lines().next().unwrap_or_default();
        assert!(release.starts_with(&format!(
            "outline of go1.{}",
            crate::resolve::LATEST_GO_MINOR
        )));
        assert!(has_package("net/http") && has_package("database/sql"));
        assert!(PACKED.len() < 1 << 20, "{} bytes", PACKED.len());
    }
}
