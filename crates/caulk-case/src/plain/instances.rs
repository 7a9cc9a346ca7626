//! The processes of one program: instances that answered by turns are told apart, or refused.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use caulk_profile::Snapshot;

use crate::kind::ProfileKind;
use crate::processes::{Processes, tell_apart};
use crate::series::NotUsed;

use super::file::PlainFile;
use super::groups::{Group, KIND_WORDS, LeftOver};
use super::order::{Ordered, modification_is_believed, number_keys, one_for_each_moment, order};

/// Files of one process, or of what cannot be told from one: each kind in order.
#[derive(Debug)]
pub struct Part {
    pub name: String,
    pub kinds: BTreeMap<ProfileKind, Ordered>,
}

/// Splits the files of a program by process, where more than one answered.
pub fn split(group: Group, left_over: &mut LeftOver) -> Vec<Part> {
    let believe_modified = modification_is_believed(group.files.iter());
    let mut by_kind: BTreeMap<ProfileKind, Vec<PlainFile>> = BTreeMap::new();
    for file in group.files {
        by_kind.entry(file.kind).or_default().push(file);
    }
    let mut kinds: BTreeMap<ProfileKind, Ordered> = BTreeMap::new();
    for (kind, files) in by_kind {
        let (files, copies) = one_for_each_moment(files);
        left_over.extend(copies.into_iter().map(|path| (path, NotUsed::Copy)));
        let files = of_one_range(files, left_over);
        kinds.insert(kind, order(files, believe_modified));
    }
    let whole = Part {
        name: group.name,
        kinds,
    };
    match processes(&whole) {
        Some(processes) => by_process(whole, &processes, believe_modified, left_over),
        None => vec![whole],
    }
}

/// Sums over different ranges of time cannot be compared: those over the usual one are kept, and
/// snapshots before sums.
fn of_one_range(files: Vec<PlainFile>, left_over: &mut LeftOver) -> Vec<PlainFile> {
    let range = |file: &PlainFile| file.merged_nanos.map_or(0, |nanos| nanos / 1_000_000_000);
    let mut counts: BTreeMap<i64, usize> = BTreeMap::new();
    for file in &files {
        *counts.entry(range(file)).or_default() += 1;
    }
    let usual = match counts.contains_key(&0) {
        true => 0,
        false => counts
            .iter()
            .max_by_key(|(_, count)| **count)
            .map_or(0, |(range, _)| *range),
    };
    let (kept, others): (Vec<PlainFile>, Vec<PlainFile>) = files
        .into_iter()
        // A range that is cut into even parts may be off by the second.
        .partition(|file| (range(file) - usual).abs() <= usual / 50);
    left_over.extend(others.into_iter().map(|file| {
        let seconds = u64::try_from(range(&file)).unwrap_or(0);
        (file.path, NotUsed::OtherRange { seconds })
    }));
    kept
}

/// The processes of a part, each by what its files have in common; none where there is one, or nothing
/// tells.
enum Known {
    /// By the words in the names of files, which agree with what the profiles say.
    ByLabel(BTreeSet<String>),
    /// By the heap profiles' positions alone.
    ByHeap(Vec<Vec<usize>>),
}

fn processes(part: &Part) -> Option<Known> {
    let heaps = part.kinds.get(&ProfileKind::Heap);
    let labels: BTreeSet<String> = part
        .kinds
        .values()
        .flat_map(|ordered| &ordered.files)
        .map(|file| label(&file.path))
        .collect();
    let Some(heaps) = heaps else {
        return (labels.len() > 1 && collide(part)).then_some(Known::ByLabel(labels));
    };
    match told(&heaps.files) {
        Processes::One | Processes::Restarted(_) => None,
        told => {
            // What the names say is believed where it makes one process of each.
            let agree = labels.len() > 1
                && labels.iter().all(|wanted| {
                    let own = heaps
                        .files
                        .iter()
                        .filter(|file| label(&file.path) == *wanted);
                    matches!(told_of(own), Processes::One | Processes::Restarted(_))
                });
            match told {
                _ if agree => Some(Known::ByLabel(labels)),
                Processes::Several(processes) => Some(Known::ByHeap(processes)),
                _ => None,
            }
        }
    }
}

fn told(files: &[PlainFile]) -> Processes {
    told_of(files.iter())
}

fn told_of<'a>(files: impl Iterator<Item = &'a PlainFile>) -> Processes {
    let heaps: Vec<&Snapshot> = files.filter_map(|file| file.values.as_ref()).collect();
    tell_apart(&heaps)
}

/// Whether files of different names have the same numbers: two series, each numbered from the start.
fn collide(part: &Part) -> bool {
    part.kinds.values().any(|ordered| {
        let mut by_label: BTreeMap<String, Vec<&PlainFile>> = BTreeMap::new();
        for file in &ordered.files {
            by_label.entry(label(&file.path)).or_default().push(file);
        }
        let all_several = by_label.values().all(|files| files.len() > 1);
        let last = |file: &PlainFile| file.numbers.last().copied();
        let mut seen: BTreeSet<u64> = BTreeSet::new();
        let repeated = ordered
            .files
            .iter()
            .filter_map(last)
            .any(|number| !seen.insert(number));
        by_label.len() > 1 && all_several && repeated && number_keys(&ordered.files).is_none()
    })
}

fn by_process(
    whole: Part,
    known: &Known,
    believe_modified: bool,
    left_over: &mut LeftOver,
) -> Vec<Part> {
    let many = match known {
        Known::ByLabel(labels) => labels.len(),
        Known::ByHeap(processes) => processes.len(),
    };
    let mut parts: Vec<BTreeMap<ProfileKind, Vec<PlainFile>>> =
        (0..many).map(|_| BTreeMap::new()).collect();
    for (kind, ordered) in whole.kinds {
        for (position, file) in ordered.files.into_iter().enumerate() {
            let process = match known {
                Known::ByLabel(labels) => {
                    let own = label(&file.path);
                    labels.iter().position(|label| *label == own)
                }
                Known::ByHeap(processes) if kind == ProfileKind::Heap => processes
                    .iter()
                    .position(|process| process.contains(&position)),
                Known::ByHeap(_) => None,
            };
            match process.and_then(|process| parts.get_mut(process)) {
                Some(part) => part.entry(kind).or_default().push(file),
                None => left_over.push((file.path, NotUsed::OfWhichProcess)),
            }
        }
    }
    let names: Vec<String> = match known {
        Known::ByLabel(labels) => labels.iter().cloned().collect(),
        Known::ByHeap(processes) => (1..=processes.len())
            .map(|number| format!("process {number} of {many}"))
            .collect(),
    };
    parts
        .into_iter()
        .zip(names)
        .map(|(kinds, name)| {
            let words: Vec<&str> = [&*whole.name, &*name]
                .into_iter()
                .filter(|word| !word.is_empty())
                .collect();
            Part {
                name: words.join(", "),
                kinds: kinds
                    .into_iter()
                    .map(|(kind, files)| (kind, order(files, believe_modified)))
                    .collect(),
            }
        })
        .collect()
}

/// What names of files of one series have in common: the name without its kind, its ending and its
/// last number. `api-1` in `api-1.heap.3.pb.gz`.
fn label(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let mut words: Vec<&str> = name
        .split(['.', '_', ' '])
        .filter(|word| !word.is_empty())
        .collect();
    while words.len() > 1 && words.last().is_some_and(|last| ENDINGS.contains(last)) {
        words.pop();
    }
    let text = words.join(".");
    // The last run of digits numbers the capture.
    let text = match text.rfind(|c: char| c.is_ascii_digit()) {
        Some(end) => {
            let before = text.get(..=end).unwrap_or(&text);
            let start = before
                .rfind(|c: char| !c.is_ascii_digit())
                .map_or(0, |at| at + 1);
            let (head, tail) = (text.get(..start), text.get(end + 1..));
            format!("{}{}", head.unwrap_or(""), tail.unwrap_or(""))
        }
        None => text,
    };
    let words: Vec<&str> = text
        .split('.')
        .flat_map(|word| word.split_inclusive('-'))
        .filter(|word| {
            let plain = word.trim_matches('-').to_lowercase();
            !plain.is_empty() && !KIND_WORDS.contains(&&*plain)
        })
        .collect();
    words.concat().trim_matches('-').to_owned()
}

const ENDINGS: [&str; 8] = ["gz", "pb", "pprof", "prof", "txt", "json", "prom", "out"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_label_of_a_name_is_what_its_kind_and_number_leave() {
        for (name, found) in [
            ("api-1.heap.3.pb.gz", "api-1"),
            ("api-1.goroutine.3.txt", "api-1"),
            ("heap.3.pprof", ""),
            ("heap-3.pprof", ""),
            ("heap3", ""),
            ("goroutine-counts.12.txt", ""),
            ("worker_heap_12.pprof", "worker"),
            ("before.pprof", "before"),
        ] {
            assert_eq!(label(Path::new(name)), found, "{name}");
        }
    }
}
