//! From a case to a series.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use caulk_growth::Point;
use caulk_profile::{Limits, Snapshot, StackTable, goroutine};
use caulk_system::Files;

use crate::building::Building;
use crate::case::{FileKind, SnapshotIndex};
use crate::folder::{CaseFolder, read_raw};
use crate::loaded::Loaded;
use crate::series::{LoadedSeries, NotUsed, SeriesProblem};

impl LoadedSeries {
    /// The series of a case. Every snapshot is a point of the series, in the case's order; where
    /// snapshots are of several processes, there are no points at all.
    pub fn from_case(files: &dyn Files, case: &CaseFolder) -> LoadedSeries {
        Self::from_case_within(files, case, Limits::default())
    }

    /// The same, with other limits on what a profile may cost.
    pub fn from_case_within(files: &dyn Files, case: &CaseFolder, limits: Limits) -> LoadedSeries {
        let mut reading = Reading {
            limits,
            ..Reading::default()
        };
        let mut points = Vec::with_capacity(case.case.snapshots.len());
        for snapshot in &case.case.snapshots {
            let heap = [FileKind::Heap, FileKind::HeapText]
                .into_iter()
                .find_map(|kind| reading.case_file(files, case, snapshot.index, kind))
                .and_then(|(path, bytes)| reading.heap(&path, &bytes));
            let mut metrics = snapshot.metrics;
            if metrics.goroutines.is_none() {
                metrics.goroutines = [
                    FileKind::GoroutineDump,
                    FileKind::GoroutineText,
                    FileKind::Goroutine,
                ]
                .into_iter()
                .find_map(|kind| reading.case_file(files, case, snapshot.index, kind))
                .and_then(|(path, bytes)| reading.goroutines(&path, &bytes));
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
        let building = Building {
            stacks: Arc::new(reading.stacks),
            problems: reading.problems,
        };
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
}

/// What is gathered while the files of a case are read.
#[derive(Debug, Default)]
struct Reading {
    limits: Limits,
    stacks: StackTable,
    problems: Vec<SeriesProblem>,
}

impl Reading {
    /// The path and bytes of a snapshot's file, if it has one that can be read.
    fn case_file(
        &mut self,
        files: &dyn Files,
        case: &CaseFolder,
        index: SnapshotIndex,
        kind: FileKind,
    ) -> Option<(PathBuf, Vec<u8>)> {
        let path = case.path.join(&case.case.file(index, kind)?.name);
        match read_raw(files, &path) {
            Ok(bytes) => Some((path, bytes)),
            Err(error) => {
                self.unreadable(&path, error);
                None
            }
        }
    }

    fn heap(&mut self, path: &Path, bytes: &[u8]) -> Option<Snapshot> {
        let profile = match caulk_profile::read(bytes, self.limits) {
            Ok(profile) => profile,
            Err(error) => {
                self.unreadable(path, error);
                return None;
            }
        };
        if profile.sample_type_named("inuse_space").is_none() {
            self.problems.push(SeriesProblem::LeftOut {
                why: NotUsed::OtherKind,
                files: vec![path.to_owned()],
            });
            return None;
        }
        Some(self.stacks.add(&profile))
    }

    /// How many there are.
    fn goroutines(&mut self, path: &Path, bytes: &[u8]) -> Option<u64> {
        if bytes.starts_with(b"goroutine ") {
            return Some(goroutine::read(bytes).total());
        }
        match caulk_profile::read(bytes, self.limits) {
            Ok(profile) => {
                let column = profile.sample_type_named("goroutine")?;
                let sum = profile
                    .values(column)
                    .iter()
                    .fold(0, |a: i64, b| a.wrapping_add(*b));
                Some(u64::try_from(sum).unwrap_or(0))
            }
            Err(error) => {
                self.unreadable(path, error);
                None
            }
        }
    }

    fn unreadable(&mut self, path: &Path, error: impl std::fmt::Display) {
        self.problems.push(SeriesProblem::Unreadable {
            file: path.to_owned(),
            why: error.to_string(),
        });
    }
}
