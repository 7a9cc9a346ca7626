//! The order of profiles that nobody numbered, and which of them were taken together.

use std::path::PathBuf;

use super::file::{Form, PlainFile};
use crate::series::OrderedBy;

/// Files written closer together than this were unpacked or checked out, not captured.
const COPIED_NANOS: i64 = 100_000_000;

/// How far a file's modification may be from the time in it for modification times to be believed.
const BELIEVED_NANOS: i64 = 5_000_000_000;

/// How far apart what was taken together may be where there is but one moment to compare with.
const TOGETHER_NANOS: i64 = 10_000_000_000;

/// Files of equal numbers are of the same moment unless their own times say otherwise.
const BY_NUMBER_NANOS: u64 = 60_000_000_000;

/// Copies and forms of the same moment are this close.
const SAME_NANOS: i64 = 2_000_000_000;

/// Files of one kind in order, with the moment of each where that is known.
#[derive(Debug)]
pub struct Ordered {
    pub files: Vec<PlainFile>,
    pub by: OrderedBy,
    /// Nanoseconds since 1970 of each file; empty where not all are known.
    pub times: Vec<i64>,
}

/// Whether the modification times of files can be taken for the time of the capture: some files say
/// both, and they agree.
pub fn modification_is_believed<'a>(files: impl Iterator<Item = &'a PlainFile>) -> bool {
    let apart: Vec<i64> = files
        .filter_map(|file| Some(file.modified_nanos?.saturating_sub(file.time_nanos?)))
        .collect();
    !apart.is_empty() && apart.iter().all(|apart| apart.abs() <= BELIEVED_NANOS)
}

/// Puts files of one kind in order: by their own times, else by the numbers in their names, else by
/// their modification, else as they were given.
pub fn order(mut files: Vec<PlainFile>, believe_modified: bool) -> Ordered {
    let own = |file: &PlainFile| file.time_nanos;
    let modified = |file: &PlainFile| file.modified_nanos;
    let believed = |file: &PlainFile| own(file).or(modified(file).filter(|_| believe_modified));
    let rises = |times: &[i64], least: i64| {
        let gaps = times.iter().zip(times.iter().skip(1));
        gaps.clone().all(|(a, b)| b.saturating_sub(*a) >= least)
    };
    let all = |files: &[PlainFile], of: &dyn Fn(&PlainFile) -> Option<i64>| -> Option<Vec<i64>> {
        files.iter().map(of).collect()
    };
    let sorted = |times: Option<Vec<i64>>| {
        let mut times = times?;
        times.sort_unstable();
        Some(times)
    };
    let distinct =
        |times: Option<Vec<i64>>, least: i64| times.is_some_and(|times| rises(&times, least));

    if distinct(sorted(all(&files, &own)), 1) {
        files.sort_by_key(own);
        let times = all(&files, &own).unwrap_or_default();
        return Ordered {
            files,
            by: OrderedBy::ProfileTime,
            times,
        };
    }
    if let Some(keys) = number_keys(&files) {
        let mut keyed: Vec<(Vec<u64>, PlainFile)> = keys.into_iter().zip(files).collect();
        keyed.sort_by(|a, b| a.0.cmp(&b.0));
        let files: Vec<PlainFile> = keyed.into_iter().map(|(_, file)| file).collect();
        let times = all(&files, &believed).filter(|times| rises(times, 1));
        return Ordered {
            files,
            by: OrderedBy::NameNumber,
            times: times.unwrap_or_default(),
        };
    }
    let least = if believe_modified { 1 } else { COPIED_NANOS };
    let latest = |file: &PlainFile| own(file).or(modified(file));
    if files.len() > 1 && distinct(sorted(all(&files, &latest)), least) {
        files.sort_by_key(latest);
        let times = all(&files, &latest).unwrap_or_default();
        return Ordered {
            files,
            by: OrderedBy::ModificationTime,
            times,
        };
    }
    let times = all(&files, &believed).filter(|times| rises(times, 1));
    Ordered {
        files,
        by: OrderedBy::AsGiven,
        times: times.unwrap_or_default(),
    }
}

/// What files can be sorted by: all numbers of their names where those have as many each, else the last
/// one. None where two have the same.
pub fn number_keys(files: &[PlainFile]) -> Option<Vec<Vec<u64>>> {
    let distinct = |keys: Vec<Vec<u64>>| {
        let mut sorted: Vec<&Vec<u64>> = keys.iter().collect();
        sorted.sort_unstable();
        let differ = sorted
            .iter()
            .zip(sorted.iter().skip(1))
            .all(|(a, b)| a != b);
        differ.then_some(keys)
    };
    if files.iter().any(|file| file.numbers.is_empty()) {
        return None;
    }
    let many = files.first().map_or(0, |file| file.numbers.len());
    if files.iter().all(|file| file.numbers.len() == many) {
        let whole = files.iter().map(|file| file.numbers.clone()).collect();
        return distinct(whole);
    }
    let last = |file: &PlainFile| file.numbers.last().map(|last| vec![*last]);
    distinct(files.iter().filter_map(last).collect())
}

/// Leaves one file for each moment: of equal ones, and of several forms of the same, that of the form
/// which there is most of, so that a series is of one form. What only another form says is taken over.
/// Gives beside them the files that are the same again.
pub fn one_for_each_moment(mut files: Vec<PlainFile>) -> (Vec<PlainFile>, Vec<PathBuf>) {
    let count = |form: Form| files.iter().filter(|file| file.form == form).count();
    let most = files
        .iter()
        .map(|file| (count(file.form), std::cmp::Reverse(file.form)))
        .max();
    let main = most.map(|(_, form)| form.0);
    files.sort_by_key(|file| (Some(file.form) != main, file.form));
    let mut kept: Vec<PlainFile> = Vec::with_capacity(files.len());
    let mut copies = Vec::new();
    for file in files {
        match kept.iter_mut().find(|kept| is_same_moment(kept, &file)) {
            Some(kept) => {
                kept.time_nanos = kept.time_nanos.or(file.time_nanos);
                kept.metrics.complete(&file.metrics);
                if kept.form == file.form {
                    copies.push(file.path);
                }
            }
            None => kept.push(file),
        }
    }
    // As they were given: by name within a folder.
    kept.sort_by_key(|file| file.position);
    (kept, copies)
}

fn is_same_moment(kept: &PlainFile, file: &PlainFile) -> bool {
    if kept.form == file.form {
        let same_values = || match (&kept.values, &file.values) {
            (Some(a), Some(b)) => a == b,
            (None, None) => kept.metrics == file.metrics,
            _ => false,
        };
        // A file and its copy.
        return kept.time_nanos.is_some() && kept.time_nanos == file.time_nanos && same_values();
    }
    match (kept.time_nanos, file.time_nanos) {
        (Some(a), Some(b)) => a.abs_diff(b) <= SAME_NANOS.unsigned_abs(),
        _ => !kept.numbers.is_empty() && kept.numbers == file.numbers,
    }
}

/// A moment at which something was captured.
#[derive(Debug, Default)]
pub struct Moment {
    pub numbers: Vec<u64>,
    pub nanos: Option<i64>,
}

/// Where a file of another kind belongs among moments that are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// At this one.
    At(usize),
    /// At a moment of its own, before this one.
    Before(usize, Option<i64>),
}

/// Finds the moments of another kind's files: by the same numbers in their names, else by time, else,
/// where there are as many, by position. None where nothing says where they belong.
pub fn place(moments: &[Moment], other: &Ordered) -> Option<Vec<Place>> {
    by_number(moments, other)
        .or_else(|| by_time(moments, other))
        .or_else(|| {
            let as_many = moments.len() == other.files.len();
            as_many.then(|| (0..moments.len()).map(Place::At).collect())
        })
}

fn by_number(moments: &[Moment], other: &Ordered) -> Option<Vec<Place>> {
    let numbers: Vec<&[u64]> = moments.iter().map(|m| m.numbers.as_slice()).collect();
    let rise = numbers
        .iter()
        .zip(numbers.iter().skip(1))
        .all(|(a, b)| a <= b);
    if !rise || numbers.iter().any(|numbers| numbers.is_empty()) {
        return None;
    }
    let mut shared = false;
    let places: Option<Vec<Place>> = (0..other.files.len())
        .map(|at| {
            let file = other.files.get(at)?;
            let many = numbers.first().map_or(0, |numbers| numbers.len());
            if file.numbers.len() != many {
                return None;
            }
            let time = other.times.get(at).copied();
            // Where several moments have the same numbers, the first.
            let at = numbers.partition_point(|numbers| *numbers < file.numbers.as_slice());
            if numbers.get(at).is_none_or(|found| *found != file.numbers) {
                return Some(Place::Before(at, time));
            }
            shared = true;
            let known = moments.get(at).and_then(|moment| moment.nanos);
            let apart = known.zip(time).map_or(0, |(a, b)| a.abs_diff(b));
            (apart <= BY_NUMBER_NANOS).then_some(Place::At(at))
        })
        .collect();
    places.filter(|_| shared)
}

fn by_time(moments: &[Moment], other: &Ordered) -> Option<Vec<Place>> {
    let known: Vec<i64> = moments
        .iter()
        .map(|moment| moment.nanos)
        .collect::<Option<_>>()?;
    if other.times.len() != other.files.len() {
        return None;
    }
    let gaps = known.iter().zip(known.iter().skip(1));
    let mut gaps: Vec<i64> = gaps.map(|(a, b)| b.saturating_sub(*a)).collect();
    gaps.sort_unstable();
    let together = match (gaps.first(), gaps.get(gaps.len() / 2)) {
        (Some(least), Some(usual)) => (least / 2).max((usual / 4).min(TOGETHER_NANOS)),
        _ => TOGETHER_NANOS,
    };
    let together = together.unsigned_abs();
    let place = |time: &i64| {
        let apart = |at: &usize| {
            known
                .get(*at)
                .map_or(u64::MAX, |moment| moment.abs_diff(*time))
        };
        let nearest = (0..known.len()).min_by_key(apart);
        match nearest.filter(|nearest| apart(nearest) <= together) {
            Some(nearest) => Place::At(nearest),
            None => Place::Before(known.partition_point(|moment| moment < time), Some(*time)),
        }
    };
    Some(other.times.iter().map(place).collect())
}
