//! A series under construction: profiles in, growth's plain input out.

use std::collections::BTreeMap;
use std::sync::Arc;

use caulk_growth::{Bucket, Sampling, Scalar, ScalarId, ScalarKind, Series, Stack, StackId, Stage};
use caulk_profile::{Snapshot, StackTable};

use crate::buckets::{HeapColumns, bucket_of, pad};
use crate::case::Metrics;
use crate::labels::label_series;
use crate::loaded::Loaded;
use crate::processes::{Processes, tell_apart};
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

/// Functions of the runtime that make what it uses again for the next goroutine or thread.
const DESCRIPTORS: [&str; 3] = ["runtime.malg", "runtime.allgadd", "runtime.allocm"];

/// How deep below the allocation such a function may stand.
const TIMER_DEPTH: usize = 4;

/// What points were read into, and what was wrong with them.
#[derive(Debug, Default)]
pub struct Building {
    pub stacks: Arc<StackTable>,
    pub problems: Vec<SeriesProblem>,
}

impl Building {
    pub fn finish(mut self, mut points: Vec<Loaded>) -> LoadedSeries {
        if !self.is_comparable(&points) {
            points.clear();
        }
        self.drop_stale_copies(&mut points);
        let sampling = self.sampling(&points);
        let stacks = self.heap_stacks(&points);
        let (names, scalars) = scalars(&points);
        let labels = label_series(&points);
        LoadedSeries {
            series: Series {
                points: points.iter().map(|loaded| loaded.point).collect(),
                sampling,
                stacks,
                scalars,
            },
            stacks: self.stacks,
            scalars: names,
            labels,
            problems: self.problems,
            ..LoadedSeries::default()
        }
    }

    /// Where profiles are of several processes at once, nothing can be compared. Those of one that was
    /// restarted are: growth takes the longest part of them.
    fn is_comparable(&mut self, points: &[Loaded]) -> bool {
        let heaps: Vec<&Snapshot> = points.iter().filter_map(|p| p.heap.as_ref()).collect();
        let problem = match tell_apart(&heaps) {
            Processes::One | Processes::Restarted(_) => return true,
            Processes::Several(processes) => SeriesProblem::SeveralProcesses {
                processes: u32::try_from(processes.len()).unwrap_or(u32::MAX),
            },
            Processes::Mixed { falls } => SeriesProblem::SeveralInstances { falls },
        };
        self.problems.push(problem);
        false
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
            let mut columns = HeapColumns::of(heap);
            // A store keeps bytes and objects apart: with bytes alone each of them counts as an object.
            let size_of_each = columns.objects.is_none().then_some(1);
            columns.objects = columns.objects.or(columns.bytes);
            for entry in heap.entries() {
                let size = size_of_each.or(entry.object_size).unwrap_or(0).max(0);
                let bucket = buckets
                    .entry((entry.stack, size))
                    .or_insert_with(|| bucket_of(size));
                columns.add(&entry.values, at, bucket);
            }
        }
        for bucket in buckets.values_mut() {
            pad(bucket, points.len());
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
                    is_reused: self.is_descriptor(id),
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

    /// What the runtime allocates to start a goroutine or a thread, and uses again when it has ended.
    fn is_descriptor(&self, id: caulk_profile::StackId) -> bool {
        self.is_of_runtime(id, &DESCRIPTORS)
    }

    /// What `tracebackancestors` itself allocates for each goroutine.
    fn is_ancestry(&self, id: caulk_profile::StackId) -> bool {
        self.is_of_runtime(id, &["runtime.saveAncestors"])
    }

    /// Whether one of these functions of the runtime allocated; above it stand only the runtime's allocators,
    /// where the profile shows them.
    fn is_of_runtime(&self, id: caulk_profile::StackId, functions: &[&str]) -> bool {
        self.stacks
            .frames(id)
            .take_while(|frame| frame.function.starts_with("runtime."))
            .any(|frame| functions.contains(&frame.function))
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
    let figures: [Figure; 6] = [
        (ScalarName::Goroutines, ScalarKind::Goroutines, |metrics| {
            metrics.goroutines
        }),
        (ScalarName::Threads, ScalarKind::Threads, |metrics| {
            metrics.threads
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
    // Without a profile the runtime's own figure is all that is known of the heap.
    let figure = |loaded: &Loaded| loaded.metrics.heap_alloc_bytes.map(|bytes| bytes as f64);
    let values: Vec<Option<f64>> = points.iter().map(figure).collect();
    if points.iter().all(|loaded| loaded.heap.is_none()) && values.iter().any(Option::is_some) {
        add(ScalarName::HeapBytes, ScalarKind::HeapBytes, values);
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
        // Seen once, all that is there counts.
        let once = known.clone().next().is_none();
        once || known.any(|value| value > first)
    });
    stacks
}
