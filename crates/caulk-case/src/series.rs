//! From a case, or from profile files that nobody numbered, to growth's plain input.

use std::path::{Path, PathBuf};

use caulk_growth::{Point, Series, Stage};
use caulk_profile::{StackId, StackTable};
use caulk_system::Files;

use crate::building::{Building, Loaded};
use crate::case::{FileKind, Metrics, SnapshotIndex};
use crate::folder::CaseFolder;
use crate::plain::{OrderedBy, PlainFiles, partner};

/// A series with the names behind its ids.
#[derive(Debug, Default)]
pub struct LoadedSeries {
    /// Growth's input. A [`caulk_growth::StackId`] is the number of a stack in `stacks`, a
    /// [`caulk_growth::ScalarId`] a position in `scalars`. Of a case, every snapshot is a point.
    pub series: Series,
    /// The stacks of all snapshots.
    pub stacks: StackTable,
    /// What each scalar is.
    pub scalars: Vec<ScalarName>,
    /// The snapshot of each point, for a case; empty for plain files.
    pub snapshots: Vec<SnapshotIndex>,
    /// The files of each point, for plain files; empty for a case.
    pub files: Vec<PointFiles>,
    /// How plain files were put in order; `None` for a case.
    pub ordered_by: Option<OrderedBy>,
    /// What was left out or wrong.
    pub problems: Vec<SeriesProblem>,
}

/// The plain files of one point.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PointFiles {
    /// The heap profile.
    pub heap: Option<PathBuf>,
    /// The goroutine profile or dump.
    pub goroutines: Option<PathBuf>,
}

/// What a scalar of a series is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ScalarName {
    /// All goroutines.
    Goroutines,
    /// The goroutines of one stack, from goroutine profiles (not from dumps, which say more).
    GoroutineStack(StackId),
    /// Open file descriptors before a collection.
    DescriptorsBeforeCollection,
    /// Open file descriptors after a collection.
    DescriptorsAfterCollection,
    /// Connected sockets.
    Connections,
    /// Resident bytes.
    ResidentBytes,
}

/// What was left out of a series, or is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SeriesProblem {
    /// A file could not be read.
    #[error("failed to {why} ({file})")]
    Unreadable {
        /// Its path.
        file: PathBuf,
        /// Why, as it reads after "failed to".
        why: String,
    },
    /// A file is a profile of something else.
    #[error("{file} is neither a heap nor a goroutine profile: left out")]
    OtherKind {
        /// Its path.
        file: PathBuf,
    },
    /// A heap profile is a difference over some time, not a snapshot.
    #[error("{file} is a difference over {seconds} s, not a snapshot: left out")]
    Difference {
        /// Its path.
        file: PathBuf,
        /// Over how long.
        seconds: u64,
    },
    /// A goroutine file belongs to no heap profile.
    #[error("{file} belongs to no heap profile here: left out")]
    Unpaired {
        /// Its path.
        file: PathBuf,
    },
    /// Heap profiles that are copies of the ones before.
    #[error(
        "{copies} heap profiles are copies of the one before (no collection in between): counted once"
    )]
    StaleCopies {
        /// How many.
        copies: u32,
    },
    /// The allocation totals go back and forth: several processes answered.
    #[error(
        "allocation totals fall {falls} times: the snapshots are of several instances, and cannot be compared; capture from one"
    )]
    SeveralInstances {
        /// How often they fall.
        falls: u32,
    },
    /// The allocation totals fall once: the process was restarted, or another one answered.
    #[error(
        "allocation totals fall once: the process was restarted, or another one answered; {left_out} snapshots of the shorter part left out"
    )]
    Restarted {
        /// Snapshots of the shorter part.
        left_out: u32,
    },
    /// The sampling rate differs between heap profiles.
    #[error("heap profiles have different sampling rates: no errors can be given")]
    RatesDiffer,
}

impl LoadedSeries {
    /// The series of a case. Every snapshot is a point of the series, in the case's order; where
    /// snapshots are of several instances, there are no points at all.
    pub fn from_case(files: &dyn Files, case: &CaseFolder) -> LoadedSeries {
        let mut building = Building::default();
        let mut points = Vec::with_capacity(case.case.snapshots.len());
        for snapshot in &case.case.snapshots {
            let heap = [FileKind::Heap, FileKind::HeapText]
                .into_iter()
                .find_map(|kind| building.case_file(files, case, snapshot.index, kind))
                .and_then(|(path, bytes)| building.heap(&path, &bytes));
            let mut metrics = snapshot.metrics;
            if metrics.goroutines.is_none() {
                metrics.goroutines = [
                    FileKind::GoroutineDump,
                    FileKind::GoroutineText,
                    FileKind::Goroutine,
                ]
                .into_iter()
                .find_map(|kind| building.case_file(files, case, snapshot.index, kind))
                .and_then(|(path, bytes)| building.goroutines(&path, &bytes))
                .map(|goroutines| goroutines.total);
            }
            points.push(Loaded {
                point: Point {
                    seconds: snapshot.seconds,
                    requests: snapshot.requests,
                    stage: snapshot.stage,
                    load: snapshot.load,
                    has_heap: heap.is_some(),
                },
                heap,
                metrics,
                goroutine_stacks: None,
            });
        }
        let mut loaded = building.finish(points);
        if !loaded.series.points.is_empty() {
            loaded.snapshots = case
                .case
                .snapshots
                .iter()
                .map(|snapshot| snapshot.index)
                .collect();
        }
        loaded
    }

    /// The series of profile files that nobody numbered, or of folders of them. Heap and goroutine
    /// profiles are told apart by content and paired by the number in their names, else by position.
    pub fn from_files(files: &dyn Files, paths: &[&Path]) -> LoadedSeries {
        let mut building = Building::default();
        let PlainFiles {
            heaps,
            goroutines,
            ordered_by,
        } = building.plain(files, paths);
        let by_heap = !heaps.is_empty();
        let ordered = if by_heap { &heaps } else { &goroutines };
        let first_nanos = ordered.first().map_or(0, |file| file.time_nanos);
        let mut points = Vec::with_capacity(ordered.len());
        let mut names = Vec::with_capacity(ordered.len());
        let mut paired = vec![false; goroutines.len()];
        for (position, file) in ordered.iter().enumerate() {
            let heap = by_heap
                .then(|| building.heap(&file.path, &file.bytes))
                .flatten();
            let partner = if by_heap {
                partner(file, position, heaps.len(), &goroutines)
            } else {
                Some(position)
            };
            if let Some(slot) = partner.and_then(|partner| paired.get_mut(partner)) {
                *slot = true;
            }
            let partner = partner.and_then(|partner| goroutines.get(partner));
            let counted =
                partner.and_then(|partner| building.goroutines(&partner.path, &partner.bytes));
            let nanos = file.time_nanos.saturating_sub(first_nanos);
            points.push(Loaded {
                point: Point {
                    seconds: nanos as f64 / 1e9,
                    requests: None,
                    stage: Stage::Round,
                    load: None,
                    has_heap: heap.is_some(),
                },
                heap,
                metrics: Metrics {
                    goroutines: counted.as_ref().map(|counted| counted.total),
                    ..Metrics::default()
                },
                goroutine_stacks: counted.and_then(|counted| counted.stacks),
            });
            names.push(PointFiles {
                heap: by_heap.then(|| file.path.clone()),
                goroutines: partner.map(|partner| partner.path.clone()),
            });
        }
        let unpaired = goroutines
            .iter()
            .zip(&paired)
            .filter(|(_, paired)| !**paired);
        building
            .problems
            .extend(unpaired.map(|(file, _)| SeriesProblem::Unpaired {
                file: file.path.clone(),
            }));
        let mut loaded = building.finish(points);
        if !loaded.series.points.is_empty() {
            loaded.files = names;
        }
        loaded.ordered_by = Some(ordered_by);
        loaded
    }
}
