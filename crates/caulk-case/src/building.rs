//! A series under construction: profiles in, growth's plain input out.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use caulk_growth::{
    Bucket, Point, Sampling, Scalar, ScalarId, ScalarKind, Series, Stack, StackId, Stage, Values,
};
use caulk_profile::{Limits, Snapshot, StackTable, goroutine};
use caulk_system::Files;

use crate::case::{FileKind, Metrics, SnapshotIndex};
use crate::folder::{CaseFolder, read_raw};
use crate::plain::{PlainFiles, unreadable};
use crate::series::{LoadedSeries, ScalarName, SeriesProblem};

/// Functions whose objects die by a clock.
const TIMERS: [&str; 8] = [
    "time.NewTimer",
    "time.newTimer",
    "time.After",
    "time.AfterFunc",
    "time.NewTicker",
    "context.WithDeadline",
    "context.WithDeadlineCause",
    "context.WithTimeout",
];

/// How deep below the allocation such a function may stand.
const TIMER_DEPTH: usize = 4;

/// One point with what was read for it.
#[derive(Debug)]
pub struct Loaded {
    pub point: Point,
    pub heap: Option<Snapshot>,
    pub metrics: Metrics,
    /// Goroutines by stack, from a goroutine profile.
    pub goroutine_stacks: Option<Snapshot>,
}

/// The goroutines of one file.
#[derive(Debug)]
pub struct Goroutines {
    pub total: u64,
    /// By stack, from a profile; a dump says more than stacks, and is read by whoever needs that.
    pub stacks: Option<Snapshot>,
}

/// What is gathered while points are read.
#[derive(Debug, Default)]
pub struct Building {
    pub stacks: StackTable,
    pub problems: Vec<SeriesProblem>,
}

impl Building {
    /// The path and bytes of a snapshot's file, if it has one that can be read.
    pub fn case_file(
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
                self.problems.push(unreadable(&path, error));
                None
            }
        }
    }

    pub fn plain(&mut self, files: &dyn Files, paths: &[&Path]) -> PlainFiles {
        PlainFiles::read(files, paths, &mut self.problems)
    }

    pub fn heap(&mut self, path: &Path, bytes: &[u8]) -> Option<Snapshot> {
        let profile = match caulk_profile::read(bytes, Limits::default()) {
            Ok(profile) => profile,
            Err(error) => {
                self.problems.push(unreadable(path, error));
                return None;
            }
        };
        if profile.sample_type_named("inuse_space").is_none() {
            self.problems.push(SeriesProblem::OtherKind {
                file: path.to_owned(),
            });
            return None;
        }
        Some(self.stacks.add(&profile))
    }

    pub fn goroutines(&mut self, path: &Path, bytes: &[u8]) -> Option<Goroutines> {
        if bytes.starts_with(b"goroutine ") {
            let dump = goroutine::read(bytes);
            return Some(Goroutines {
                total: dump.total(),
                stacks: None,
            });
        }
        match caulk_profile::read(bytes, Limits::default()) {
            Ok(profile) => {
                let column = profile.sample_type_named("goroutine")?;
                let snapshot = self.stacks.add(&profile);
                let total = u64::try_from(snapshot.total(column)).unwrap_or(0);
                Some(Goroutines {
                    total,
                    stacks: Some(snapshot),
                })
            }
            Err(error) => {
                self.problems.push(unreadable(path, error));
                None
            }
        }
    }

    pub fn finish(mut self, mut points: Vec<Loaded>) -> LoadedSeries {
        let one_process = self.drop_other_instances(&mut points);
        if !one_process {
            points.clear();
        }
        self.drop_stale_copies(&mut points);
        let sampling = self.sampling(&points);
        let stacks = self.heap_stacks(&points);
        let (names, scalars) = scalars(&points);
        LoadedSeries {
            series: Series {
                points: points.iter().map(|loaded| loaded.point).collect(),
                sampling,
                stacks,
                scalars,
            },
            stacks: self.stacks,
            scalars: names,
            problems: self.problems,
            ..LoadedSeries::default()
        }
    }

    /// Allocation totals only ever rise within one process. Where they fall once, the longer part is
    /// kept, and the other's points are emptied; where they fall more often, nothing can be compared.
    fn drop_other_instances(&mut self, points: &mut [Loaded]) -> bool {
        let totals: Vec<(usize, (i64, i64))> = points
            .iter()
            .enumerate()
            .filter_map(|(at, loaded)| Some((at, allocated(loaded.heap.as_ref()?)?)))
            .collect();
        let falls: Vec<usize> = totals
            .iter()
            .zip(totals.iter().skip(1))
            .filter(|((_, before), (_, after))| after.0 < before.0 || after.1 < before.1)
            .map(|(_, (at, _))| *at)
            .collect();
        match falls.as_slice() {
            [] => true,
            &[at] if totals.len() > 2 => {
                let after = totals.iter().filter(|(other, _)| *other >= at).count();
                let keep_end = 2 * after >= totals.len();
                let mut left_out = 0;
                for (other, loaded) in points.iter_mut().enumerate() {
                    if (other >= at) != keep_end {
                        left_out += 1;
                        loaded.heap = None;
                        loaded.point.has_heap = false;
                        loaded.metrics = Metrics::default();
                        loaded.goroutine_stacks = None;
                    }
                }
                self.problems.push(SeriesProblem::Restarted { left_out });
                true
            }
            more => {
                let falls = u32::try_from(more.len()).unwrap_or(u32::MAX);
                self.problems
                    .push(SeriesProblem::SeveralInstances { falls });
                false
            }
        }
    }

    /// A profile repeats the one before until a collection ends: with all totals equal it is a copy.
    /// A cool-down's is kept: nothing may have been allocated since, and that is its point.
    fn drop_stale_copies(&mut self, points: &mut [Loaded]) {
        let mut copies = 0;
        let mut before = None;
        for loaded in points {
            let Some(heap) = &loaded.heap else { continue };
            let totals = (allocated(heap), in_use(heap));
            if totals.0.is_some() && before == Some(totals) && loaded.point.stage != Stage::Cooldown
            {
                copies += 1;
                loaded.heap = None;
                loaded.point.has_heap = false;
            }
            before = Some(totals);
        }
        if copies > 0 {
            self.problems.push(SeriesProblem::StaleCopies { copies });
        }
    }

    fn sampling(&mut self, points: &[Loaded]) -> Sampling {
        let mut rates = points
            .iter()
            .filter_map(|loaded| Some(loaded.heap.as_ref()?.heap_sampling_rate));
        let Some(first) = rates.next() else {
            return Sampling::Unknown;
        };
        if rates.any(|rate| rate != first) {
            self.problems.push(SeriesProblem::RatesDiffer);
            return Sampling::Unknown;
        }
        first.map_or(Sampling::Unknown, Sampling::EveryBytes)
    }

    fn heap_stacks(&self, points: &[Loaded]) -> Vec<Stack> {
        let mut buckets: BTreeMap<(caulk_profile::StackId, i64), Bucket> = BTreeMap::new();
        for (at, loaded) in points.iter().enumerate() {
            let Some(heap) = &loaded.heap else { continue };
            let column = |kind| heap.sample_type_named(kind);
            let (objects, bytes) = (column("inuse_objects"), column("inuse_space"));
            let allocated = column("alloc_objects");
            for entry in heap.entries() {
                let size = entry.object_size.unwrap_or(0).max(0);
                let bucket = buckets
                    .entry((entry.stack, size))
                    .or_insert_with(|| Bucket {
                        object_bytes: size.unsigned_abs(),
                        ..Bucket::default()
                    });
                let add = |values: &mut Values, column: Option<usize>| {
                    let value = column.and_then(|column| entry.values.get(column));
                    values.pad(at);
                    values.push(value.copied().unwrap_or(0));
                };
                add(&mut bucket.objects, objects);
                add(&mut bucket.bytes, bytes);
                if allocated.is_some() {
                    add(&mut bucket.allocated_objects, allocated);
                }
            }
        }
        for bucket in buckets.values_mut() {
            bucket.objects.pad(points.len());
            bucket.bytes.pad(points.len());
            if !bucket.allocated_objects.is_empty() {
                bucket.allocated_objects.pad(points.len());
            }
        }
        let mut stacks: Vec<Stack> = Vec::new();
        for ((id, _), bucket) in buckets {
            let name = StackId(id.0);
            match stacks.last_mut() {
                Some(stack) if stack.id == name => stack.buckets.push(bucket),
                _ if self.is_ancestry(id) => {}
                _ => stacks.push(Stack {
                    id: name,
                    buckets: vec![bucket],
                    may_expire: self.is_timer(id),
                    join: None,
                }),
            }
        }
        stacks
    }

    fn is_timer(&self, id: caulk_profile::StackId) -> bool {
        self.stacks
            .frames(id)
            .take(TIMER_DEPTH)
            .any(|frame| TIMERS.contains(&frame.function))
    }

    /// What `tracebackancestors` itself allocates for each goroutine; above it stand only the runtime's
    /// allocators, where the profile shows them.
    fn is_ancestry(&self, id: caulk_profile::StackId) -> bool {
        self.stacks
            .frames(id)
            .take_while(|frame| frame.function.starts_with("runtime."))
            .any(|frame| frame.function == "runtime.saveAncestors")
    }
}

fn allocated(heap: &Snapshot) -> Option<(i64, i64)> {
    let objects = heap.sample_type_named("alloc_objects")?;
    let bytes = heap.sample_type_named("alloc_space")?;
    Some((heap.total(objects), heap.total(bytes)))
}

fn in_use(heap: &Snapshot) -> (i64, i64) {
    let total = |kind| {
        heap.sample_type_named(kind)
            .map_or(0, |column| heap.total(column))
    };
    (total("inuse_objects"), total("inuse_space"))
}

fn scalars(points: &[Loaded]) -> (Vec<ScalarName>, Vec<Scalar>) {
    type Figure = (ScalarName, ScalarKind, fn(&Metrics) -> Option<u64>);
    let figures: [Figure; 5] = [
        (ScalarName::Goroutines, ScalarKind::Goroutines, |metrics| {
            metrics.goroutines
        }),
        (
            ScalarName::DescriptorsBeforeCollection,
            ScalarKind::Descriptors,
            |metrics| metrics.fds_before_gc,
        ),
        (
            ScalarName::DescriptorsAfterCollection,
            ScalarKind::Descriptors,
            |metrics| metrics.fds_after_gc,
        ),
        (
            ScalarName::Connections,
            ScalarKind::Connections,
            |metrics| metrics.connections,
        ),
        (
            ScalarName::ResidentBytes,
            ScalarKind::ResidentBytes,
            |metrics| metrics.rss_bytes,
        ),
    ];
    let (mut names, mut scalars) = (Vec::new(), Vec::new());
    let mut add = |name: ScalarName, kind: ScalarKind, values: Vec<Option<f64>>| {
        scalars.push(Scalar {
            id: ScalarId(u32::try_from(names.len()).unwrap_or(u32::MAX)),
            kind,
            values,
            may_expire: false,
            join: None,
        });
        names.push(name);
    };
    for (name, kind, figure) in figures {
        let values: Vec<Option<f64>> = points
            .iter()
            .map(|loaded| figure(&loaded.metrics).map(|value| value as f64))
            .collect();
        if values.iter().any(Option::is_some) {
            add(name, kind, values);
        }
    }
    for (stack, values) in goroutine_stacks(points) {
        add(
            ScalarName::GoroutineStack(stack),
            ScalarKind::GoroutineGroup,
            values,
        );
    }
    (names, scalars)
}

/// Goroutines by stack at each point, of the stacks that ever had more than at first: there may be
/// thousands that come and go, and each would cost the others some certainty.
fn goroutine_stacks(points: &[Loaded]) -> BTreeMap<caulk_profile::StackId, Vec<Option<f64>>> {
    let counted: Vec<Option<&Snapshot>> = points
        .iter()
        .map(|loaded| loaded.goroutine_stacks.as_ref())
        .collect();
    let none_yet: Vec<Option<f64>> = counted
        .iter()
        .map(|snapshot| snapshot.map(|_| 0.0))
        .collect();
    let mut stacks: BTreeMap<caulk_profile::StackId, Vec<Option<f64>>> = BTreeMap::new();
    for (at, snapshot) in counted.iter().enumerate() {
        let Some(snapshot) = snapshot else { continue };
        let Some(column) = snapshot.sample_type_named("goroutine") else {
            continue;
        };
        for entry in snapshot.entries() {
            let values = stacks
                .entry(entry.stack)
                .or_insert_with(|| none_yet.clone());
            let count = entry.values.get(column).copied().unwrap_or(0) as f64;
            if let Some(Some(sum)) = values.get_mut(at) {
                *sum += count;
            }
        }
    }
    stacks.retain(|_, values| {
        let mut known = values.iter().copied().flatten();
        let first = known.next().unwrap_or(0.0);
        known.any(|value| value > first)
    });
    stacks
}
