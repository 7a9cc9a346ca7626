//! What one file is: its kind, when it was taken, and of which program.

use std::path::{Path, PathBuf};

use caulk_profile::Snapshot;

use crate::case::Metrics;
use crate::kind::ProfileKind;
use crate::series::NotUsed;

/// In which form a file has what it has. Of the same moment in several forms the first is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Form {
    /// Goroutines one by one, with states and ancestors.
    Dump,
    /// `debug=1`, of goroutines.
    Counts,
    Proto,
    /// The same as a heap profile, with another default.
    Allocs,
    /// `debug=1`.
    Text,
    /// Metrics scraped.
    Scrape,
}

/// The program that a profile is of, as far as the profile says.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Program {
    /// The name of its binary.
    pub binary: String,
    /// Its build.
    pub build_id: String,
    /// The folders of its `main` package's files.
    pub main_folder: String,
}

impl Program {
    /// Whether the profile says which binary it is of.
    pub fn is_named(&self) -> bool {
        !self.binary.is_empty() || !self.build_id.is_empty()
    }
}

/// A profile, read. Its stacks are those of the table that it was read into.
#[derive(Debug)]
pub struct PlainFile {
    pub path: PathBuf,
    /// Its place among the files that were given.
    pub position: usize,
    pub kind: ProfileKind,
    pub form: Form,
    /// When it was taken, nanoseconds since 1970, as it says itself.
    pub time_nanos: Option<i64>,
    /// When the file was last written, nanoseconds since 1970.
    pub modified_nanos: Option<i64>,
    /// The numbers in its name.
    pub numbers: Vec<u64>,
    pub program: Program,
    /// A store's words for where it came from: deployment, version, instance.
    pub origin: String,
    /// Its values by stack; none of metrics, dumps, and where only the total is used.
    pub values: Option<Snapshot>,
    pub metrics: Metrics,
    /// When its process started, seconds since 1970.
    pub process_start: Option<f64>,
    /// Merged by a store over this many nanoseconds: values are sums, counts are lost.
    pub merged_nanos: Option<i64>,
}

/// What a file turned out to be.
pub type Identified = Result<Vec<PlainFile>, NotUsed>;

impl PlainFile {
    /// A file of which nothing is known but its name.
    pub fn of(path: &Path, kind: ProfileKind, form: Form) -> PlainFile {
        PlainFile {
            path: path.to_owned(),
            position: 0,
            kind,
            form,
            time_nanos: None,
            modified_nanos: None,
            numbers: numbers(path),
            program: Program::default(),
            origin: String::new(),
            values: None,
            metrics: Metrics::default(),
            process_start: None,
            merged_nanos: None,
        }
    }
}

/// The folder of a source file, as a profile names it.
pub fn folder_of(file: &str) -> &str {
    file.rsplit_once(['/', '\\'])
        .map_or("", |(folder, _)| folder)
}

/// The numbers in a file's name, its ending aside: 6 in `heap.6.pb.gz`, 2026, 1 and 31 in
/// `heap-2026-01-31.pprof`. A name without any may lie in a folder that has them.
fn numbers(path: &Path) -> Vec<u64> {
    let of = |name: Option<&std::ffi::OsStr>| -> Vec<u64> {
        let name = name.unwrap_or_default().to_string_lossy();
        name.split(|c: char| !c.is_ascii_digit())
            .filter_map(|digits| digits.parse().ok())
            .collect()
    };
    let own = of(path.file_name());
    if own.is_empty() {
        of(path.parent().and_then(Path::file_name))
    } else {
        own
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_of_a_name_are_those_of_its_own_or_its_folder() {
        for (name, found) in [
            ("heap.6.pb.gz", &[6][..]),
            ("a/pprof.server.alloc_objects.012.pb.gz", &[12]),
            ("run-3/heap-2026-01-31.pprof", &[2026, 1, 31]),
            ("run-3/heap.pprof", &[3]),
            ("heap", &[]),
            ("heap.99999999999999999999999.pb", &[]),
        ] {
            assert_eq!(numbers(Path::new(name)), found, "{name}");
        }
    }
}
