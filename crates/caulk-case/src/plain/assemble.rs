//! From the files of one process, each kind in order, to a series: what was taken at the same moment is
//! one point.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use caulk_growth::{Point, Stage};
use caulk_profile::{Snapshot, StackTable};

use crate::building::Building;
use crate::case::Metrics;
use crate::contention::contention;
use crate::kind::ProfileKind;
use crate::loaded::Loaded;
use crate::series::{LeakedGoroutines, LoadedSeries, NotUsed, PointFiles, SeriesProblem, UsedKind};

use super::file::{Form, PlainFile};
use super::instances::Part;
use super::order::{Moment, Ordered, Place, place};

/// What was captured at one moment.
#[derive(Default)]
struct Captured {
    moment: Moment,
    heap: Option<PlainFile>,
    goroutines: Option<PlainFile>,
    metrics: Metrics,
    process_start: Option<f64>,
}

/// The series of a part; none where it has nothing but what waits, and that only once.
pub fn assemble(
    part: Part,
    stacks: &Arc<StackTable>,
    problems: &mut Vec<SeriesProblem>,
) -> Option<LoadedSeries> {
    let mut kinds = part.kinds;
    let main_folder = kinds
        .values()
        .flat_map(|ordered| &ordered.files)
        .map(|file| file.program.main_folder.clone())
        .find(|folder| !folder.is_empty());
    let mut used = Vec::new();
    let mut left_over: Vec<(PathBuf, NotUsed)> = Vec::new();
    let waits = [ProfileKind::Mutex, ProfileKind::Block]
        .into_iter()
        .filter_map(|kind| {
            let ordered = kinds.remove(&kind)?;
            used.push(used_kind(kind, &ordered));
            let values: Vec<&Snapshot> = ordered
                .files
                .iter()
                .filter_map(|file| file.values.as_ref())
                .collect();
            contention(kind, &values, &ordered.times, stacks)
        })
        .collect();
    let leaked = kinds
        .get(&ProfileKind::LeakedGoroutines)
        .and_then(|ordered| {
            let last = ordered.files.last()?.values.as_ref()?;
            leaked_goroutines(last, stacks)
        });

    let mut captured: Vec<Captured> = Vec::new();
    let mut merged = None;
    let order = [
        ProfileKind::Heap,
        ProfileKind::Goroutines,
        ProfileKind::Metrics,
        ProfileKind::Threads,
        ProfileKind::LeakedGoroutines,
    ];
    for kind in order {
        let Some(ordered) = kinds.remove(&kind) else {
            continue;
        };
        merged = merged.or(ordered.files.iter().find_map(|file| file.merged_nanos));
        let how = used_kind(kind, &ordered);
        match add(&mut captured, kind, ordered) {
            Ok(()) => used.push(how),
            Err(files) => {
                left_over.extend(files.into_iter().map(|file| (file.path, NotUsed::Unplaced)))
            }
        }
    }
    used.sort_by_key(|used| used.kind);
    let other_starts = drop_other_starts(&mut captured);
    let (seconds, form) = (seconds(&captured), form_of_goroutines(&captured));
    let mut files = Vec::with_capacity(captured.len());
    let mut points = Vec::with_capacity(captured.len());
    for (captured, seconds) in captured.into_iter().zip(seconds) {
        files.push(PointFiles {
            heap: captured.heap.as_ref().map(|file| file.path.clone()),
            goroutines: captured
                .goroutines
                .as_ref()
                .filter(|file| Some(file.form) == form)
                .map(|file| file.path.clone()),
        });
        let heap = captured.heap.and_then(|file| file.values);
        points.push(Loaded {
            point: Point {
                seconds,
                requests: None,
                stage: Stage::Round,
                load: None,
                has_heap: heap.is_some(),
            },
            heap,
            metrics: captured.metrics,
            goroutine_stacks: captured
                .goroutines
                .filter(|file| Some(file.form) == form)
                .and_then(|file| file.values),
        });
    }
    let bytes_only = points
        .iter()
        .filter_map(|loaded| loaded.heap.as_ref())
        .any(|heap| heap.sample_type_named("inuse_objects").is_none());
    let building = Building {
        stacks: Arc::clone(stacks),
        problems: SeriesProblem::of_files(left_over),
    };
    let mut loaded = building.finish(points);
    loaded.problems.extend(other_starts);
    if let Some(nanos) = merged {
        loaded.problems.push(SeriesProblem::Merged {
            seconds: u64::try_from(nanos / 1_000_000_000).unwrap_or(0),
        });
    }
    if !loaded.series.points.is_empty() {
        loaded.files = files;
    }
    loaded.name = part.name;
    loaded.main_folder = main_folder.unwrap_or_default();
    loaded.used = used;
    loaded.bytes_only = bytes_only;
    loaded.contention = waits;
    loaded.leaked_goroutines = leaked;
    if loaded.series.points.is_empty() && loaded.contention.is_empty() {
        problems.append(&mut loaded.problems);
        return None;
    }
    Some(loaded)
}

fn used_kind(kind: ProfileKind, ordered: &Ordered) -> UsedKind {
    UsedKind {
        kind,
        files: u32::try_from(ordered.files.len()).unwrap_or(u32::MAX),
        ordered_by: ordered.by,
    }
}

/// Adds the files of one kind to the moments they belong to; gives them back where nothing says where.
fn add(
    captured: &mut Vec<Captured>,
    kind: ProfileKind,
    ordered: Ordered,
) -> Result<(), Vec<PlainFile>> {
    let places = if captured.is_empty() {
        let times = (0..ordered.files.len()).map(|at| ordered.times.get(at).copied());
        times.map(|time| Place::Before(0, time)).collect()
    } else {
        let mut moments = Vec::with_capacity(captured.len());
        for captured in captured.iter() {
            moments.push(Moment {
                numbers: captured.moment.numbers.clone(),
                nanos: captured.moment.nanos,
            });
        }
        match place(&moments, &ordered) {
            Some(places) => places,
            None => return Err(ordered.files),
        }
    };
    let mut new: Vec<(usize, Captured)> = Vec::new();
    for (file, place) in ordered.files.into_iter().zip(places) {
        match place {
            Place::At(at) => {
                if let Some(moment) = captured.get_mut(at) {
                    moment.put(kind, file);
                }
            }
            Place::Before(before, nanos) => {
                let mut moment = Captured {
                    moment: Moment {
                        numbers: file.numbers.clone(),
                        nanos,
                    },
                    ..Captured::default()
                };
                moment.put(kind, file);
                new.push((before, moment));
            }
        }
    }
    new.sort_by_key(|(before, _)| *before);
    for (inserted, (before, moment)) in new.into_iter().enumerate() {
        captured.insert((before + inserted).min(captured.len()), moment);
    }
    Ok(())
}

impl Captured {
    fn put(&mut self, kind: ProfileKind, file: PlainFile) {
        self.metrics.complete(&file.metrics);
        self.process_start = self.process_start.or(file.process_start);
        match kind {
            ProfileKind::Heap => self.heap = Some(file),
            // What leaks for certain is shown by the other profile as well.
            ProfileKind::Goroutines | ProfileKind::LeakedGoroutines
                if self.goroutines.is_none() =>
            {
                self.goroutines = Some(file);
            }
            _ => {}
        }
    }
}

/// Scrapes say when their process started. Those of another one than most are left out: figures of
/// several processes cannot be compared.
fn drop_other_starts(captured: &mut Vec<Captured>) -> Option<SeriesProblem> {
    let same = |a: f64, b: f64| (a - b).abs() < SAME_START_SECONDS;
    let mut counts: Vec<(f64, usize)> = Vec::new();
    for start in captured.iter().filter_map(|c| c.process_start) {
        match counts.iter_mut().find(|(other, _)| same(*other, start)) {
            Some((_, count)) => *count += 1,
            None => counts.push((start, 1)),
        }
    }
    // Of equal ones the last: the process that runs now.
    let (kept, most) = counts.iter().copied().max_by_key(|(_, count)| *count)?;
    let left_out = counts.iter().map(|(_, count)| *count).sum::<usize>() - most;
    if left_out == 0 {
        return None;
    }
    for captured in captured.iter_mut() {
        if captured
            .process_start
            .is_some_and(|start| !same(start, kept))
        {
            captured.metrics = Metrics::default();
        }
    }
    // A moment of which nothing is left is none.
    captured.retain(|captured| {
        captured.heap.is_some()
            || captured.goroutines.is_some()
            || captured.metrics != Metrics::default()
    });
    let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    Some(SeriesProblem::OtherStarts {
        processes: number(counts.len()),
        left_out: number(left_out),
    })
}

/// The clock that start times are reckoned by may be set in between.
const SAME_START_SECONDS: f64 = 0.5;

/// Seconds since the first moment. A moment without a time lies evenly between those around it.
fn seconds(captured: &[Captured]) -> Vec<f64> {
    let nanos: Vec<Option<i64>> = captured.iter().map(|c| c.moment.nanos).collect();
    let first = nanos.iter().flatten().next().copied().unwrap_or(0);
    let known: Vec<(usize, f64)> = nanos
        .iter()
        .enumerate()
        .filter_map(|(at, nanos)| Some((at, (*nanos)?.saturating_sub(first) as f64 / 1e9)))
        .collect();
    (0..captured.len())
        .map(|at| {
            let next = known.partition_point(|(known, _)| *known < at);
            let after = known.get(next).copied();
            let before = next
                .checked_sub(1)
                .and_then(|before| known.get(before))
                .copied();
            match (before, after) {
                (_, Some((exact, seconds))) if exact == at => seconds,
                (Some((a, from)), Some((b, to))) => {
                    from + (to - from) * (at - a) as f64 / (b - a) as f64
                }
                (Some((_, seconds)), None) | (None, Some((_, seconds))) => seconds,
                (None, None) => 0.0,
            }
        })
        .collect()
}

/// The form in which goroutines are compared: the one of most moments, a dump before its profile.
fn form_of_goroutines(captured: &[Captured]) -> Option<Form> {
    let mut counts: BTreeMap<Form, usize> = BTreeMap::new();
    for file in captured.iter().filter_map(|c| c.goroutines.as_ref()) {
        *counts.entry(file.form).or_default() += 1;
    }
    let most = counts.values().copied().max()?;
    counts
        .into_iter()
        .find(|(_, count)| *count == most)
        .map(|(form, _)| form)
}

fn leaked_goroutines(last: &Snapshot, stacks: &StackTable) -> Option<LeakedGoroutines> {
    let column = last.sample_type_named("goroutineleak")?;
    let count =
        |entry: &caulk_profile::SnapshotEntry| entry.values.get(column).copied().unwrap_or(0);
    let largest = last.entries().max_by_key(count)?;
    let began = stacks
        .frames(largest.stack)
        .rev()
        .find(|frame| !frame.function.starts_with("runtime."));
    let count = u64::try_from(last.total(column))
        .ok()
        .filter(|count| *count > 0)?;
    Some(LeakedGoroutines {
        count,
        function: began.map_or("", |frame| frame.function).to_owned(),
    })
}
