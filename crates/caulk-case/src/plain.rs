//! Profile files that nobody numbered: told apart by what they are, and put in order.

use std::path::{Path, PathBuf};

use caulk_profile::{Limits, goroutine};
use caulk_system::{EntryKind, Files};

use crate::folder::read_raw;
use crate::series::SeriesProblem;

/// What put plain files in order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OrderedBy {
    /// The time in each profile.
    ProfileTime,
    /// The number in each file's name.
    NameNumber,
    /// The order in which they were given, those of a folder by name.
    #[default]
    AsGiven,
}

/// A profile file and what its order can follow from.
#[derive(Debug)]
pub struct PlainFile {
    pub path: PathBuf,
    pub bytes: Vec<u8>,
    /// When it was taken, nanoseconds since 1970; 0 if it does not say.
    pub time_nanos: i64,
    /// The last number in its name, an extension such as `.gz` aside.
    number: Option<u64>,
}

/// Plain files by kind, each kind in order.
#[derive(Debug, Default)]
pub struct PlainFiles {
    pub heaps: Vec<PlainFile>,
    pub goroutines: Vec<PlainFile>,
    /// What put the heap profiles in order, or the goroutine profiles where there are no others.
    pub ordered_by: OrderedBy,
}

enum Kind {
    Heap { time_nanos: i64 },
    Goroutines { time_nanos: i64 },
}

impl PlainFiles {
    /// Reads files, and folders one level deep. In a folder, what is no profile is passed over in
    /// silence; a file that was named must be one.
    pub fn read(
        files: &dyn Files,
        paths: &[&Path],
        problems: &mut Vec<SeriesProblem>,
    ) -> PlainFiles {
        let mut found = PlainFiles::default();
        for path in paths {
            if !files.is_dir(path) {
                found.add(files, path, true, problems);
                continue;
            }
            match files.read_dir(path) {
                Ok(entries) => {
                    for entry in entries
                        .iter()
                        .filter(|entry| entry.kind != EntryKind::Folder)
                    {
                        found.add(files, &path.join(&entry.name), false, problems);
                    }
                }
                Err(error) => problems.push(unreadable(path, error)),
            }
        }
        let by_goroutines = sort(&mut found.goroutines);
        let by_heaps = sort(&mut found.heaps);
        found.ordered_by = if found.heaps.is_empty() {
            by_goroutines
        } else {
            by_heaps
        };
        found
    }

    fn add(
        &mut self,
        files: &dyn Files,
        path: &Path,
        named: bool,
        problems: &mut Vec<SeriesProblem>,
    ) {
        let bytes = match read_raw(files, path) {
            Ok(bytes) => bytes,
            Err(error) => {
                problems.push(unreadable(path, error));
                return;
            }
        };
        let (list, time_nanos) = match kind(path, &bytes) {
            Ok(Kind::Heap { time_nanos }) => (&mut self.heaps, time_nanos),
            Ok(Kind::Goroutines { time_nanos }) => (&mut self.goroutines, time_nanos),
            Err(problem) => {
                if named || looks_like_profile(path) {
                    problems.push(problem);
                }
                return;
            }
        };
        list.push(PlainFile {
            path: path.to_owned(),
            bytes,
            time_nanos,
            number: name_number(path),
        });
    }
}

/// Where a goroutine file belongs: to the heap profile of the same number, else, where there are as
/// many of one as of the other, to that at the same position.
pub fn partner(
    heap: &PlainFile,
    position: usize,
    heaps: usize,
    goroutines: &[PlainFile],
) -> Option<usize> {
    let same_number = |other: &PlainFile| heap.number.is_some() && other.number == heap.number;
    goroutines
        .iter()
        .position(same_number)
        .or_else(|| (heaps == goroutines.len()).then_some(position))
}

pub fn unreadable(path: &Path, error: impl std::fmt::Display) -> SeriesProblem {
    SeriesProblem::Unreadable {
        file: path.to_owned(),
        why: error.to_string(),
    }
}

fn kind(path: &Path, bytes: &[u8]) -> Result<Kind, SeriesProblem> {
    if bytes.starts_with(b"goroutine ") && goroutine::read(bytes).goroutines().len() > 0 {
        return Ok(Kind::Goroutines { time_nanos: 0 });
    }
    let profile =
        caulk_profile::read(bytes, Limits::default()).map_err(|error| unreadable(path, error))?;
    let time_nanos = profile.time_nanos;
    if profile.sample_type_named("inuse_space").is_none() {
        return match profile.sample_type_named("goroutine") {
            Some(_) => Ok(Kind::Goroutines { time_nanos }),
            None => Err(SeriesProblem::OtherKind {
                file: path.to_owned(),
            }),
        };
    }
    match u64::try_from(profile.duration_nanos) {
        Ok(nanos) if nanos > 0 => Err(SeriesProblem::Difference {
            file: path.to_owned(),
            seconds: nanos.div_ceil(1_000_000_000),
        }),
        _ => Ok(Kind::Heap { time_nanos }),
    }
}

fn looks_like_profile(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    [".pb.gz", ".pprof", ".pb", ".prof"]
        .iter()
        .any(|ending| name.ends_with(ending))
}

/// Sorts by time where every profile has one and no two are the same, else by the number in the name
/// where every name has one and no two are the same, else not at all.
fn sort(files: &mut [PlainFile]) -> OrderedBy {
    let all_differ = |keys: Option<Vec<i128>>| {
        keys.is_some_and(|mut keys| {
            keys.sort_unstable();
            keys.iter().zip(keys.iter().skip(1)).all(|(a, b)| a != b)
        })
    };
    let time = |file: &PlainFile| (file.time_nanos > 0).then_some(i128::from(file.time_nanos));
    let number = |file: &PlainFile| file.number.map(i128::from);
    if all_differ(files.iter().map(time).collect()) {
        files.sort_by_key(time);
        return OrderedBy::ProfileTime;
    }
    if all_differ(files.iter().map(number).collect()) {
        files.sort_by_key(number);
        return OrderedBy::NameNumber;
    }
    OrderedBy::AsGiven
}

/// The last run of digits in a file's name: 6 in `heap.6.pb.gz`, 12 in `heap-012.pprof`.
fn name_number(path: &Path) -> Option<u64> {
    let name = path.file_name()?.to_string_lossy();
    let digits = name
        .split(|c: char| !c.is_ascii_digit())
        .rfind(|part| !part.is_empty())?;
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_in_a_name_is_the_last_one() {
        for (name, number) in [
            ("heap.6.pb.gz", Some(6)),
            ("a/pprof.server.alloc_objects.012.pb.gz", Some(12)),
            ("heap", None),
            ("heap.99999999999999999999999.pb", None),
        ] {
            assert_eq!(name_number(Path::new(name)), number, "{name}");
        }
    }

    #[test]
    fn time_orders_before_numbers_and_numbers_before_nothing() {
        let file = |name: &str, time_nanos: i64| PlainFile {
            path: PathBuf::from(name),
            bytes: Vec::new(),
            time_nanos,
            number: name_number(Path::new(name)),
        };
        let order = |mut files: Vec<PlainFile>| {
            let by = sort(&mut files);
            let names: Vec<String> = files
                .iter()
                .map(|file| file.path.display().to_string())
                .collect();
            (by, names.join(" "))
        };
        assert_eq!(
            order(vec![file("heap.1", 20), file("heap.2", 10)]),
            (OrderedBy::ProfileTime, "heap.2 heap.1".into())
        );
        assert_eq!(
            order(vec![file("heap.10", 20), file("heap.9", 0)]),
            (OrderedBy::NameNumber, "heap.9 heap.10".into())
        );
        assert_eq!(
            order(vec![file("old", 5), file("new", 5)]),
            (OrderedBy::AsGiven, "old new".into())
        );
    }
}
