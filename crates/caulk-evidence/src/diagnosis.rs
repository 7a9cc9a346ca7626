//! From a series and its goroutine dumps to growth and culprits.

use std::collections::BTreeMap;
use std::ops::Range;

use caulk_case::{LoadedSeries, ScalarName};
use caulk_growth::{
    Estimate, Growth, Options, Scalar, ScalarGrowth, ScalarId, ScalarKind, Stack, StackGrowth,
    StackId, Verdict, analyze, longest_life,
};
use caulk_profile::goroutine::Dump;

use crate::anchor::Anchors;
use crate::explain::{Explanation, explain};
use crate::frames::{Frame, UserCode};
use crate::groups::{GroupCounts, group_goroutines};
use crate::join::{Joined, join};
use crate::label_counts::{LabelCounts, count_labels};
use crate::observed::{GoroutineGroup, HeapStack, Observed};
use crate::waiting::{Alike, alike};

/// A run of a program: its series, with the groups of its goroutines among the scalars.
#[derive(Debug)]
pub struct Run {
    loaded: LoadedSeries,
    groups: Vec<GroupCounts>,
    /// Where the groups begin among the series' scalars.
    first_group: usize,
    has_dumps: bool,
    has_ancestors: bool,
    alike: Vec<Alike>,
    label_counts: LabelCounts,
}

/// What a run shows.
#[derive(Debug)]
pub struct Diagnosis {
    /// Who is to blame.
    pub joined: Joined,
    /// Of how many new goroutines it is known where they come from: all that grew.
    pub new_goroutines: i64,
    /// What it is that grew.
    pub explanation: Explanation,
}

impl Run {
    /// `dumps` holds the goroutine dump of each point of the series, where there is one.
    #[must_use]
    pub fn new(mut loaded: LoadedSeries, dumps: &[Option<Dump>]) -> Run {
        let dumps: Vec<Option<&Dump>> = dumps.iter().map(Option::as_ref).collect();
        let mut groups = group_goroutines(&dumps);
        let has_dumps = dumps.iter().any(Option::is_some);
        let has_ancestors = groups.iter().any(|group| !group.group.ancestors.is_empty());
        let mut counted = groups.clone();
        counted.extend(of_profiles(&loaded));
        let alike = alike(&counted);
        let label_counts = count_labels(&dumps);
        // A group that is never larger than at the beginning has not grown: there may be thousands
        // of those that come and go, and each would cost the others some certainty.
        groups.retain(|group| {
            let mut counts = group.counts.iter().flatten();
            let first = counts.next().copied().unwrap_or(0);
            group.counts.iter().flatten().any(|count| *count > first)
        });
        let first_group = loaded.series.scalars.len();
        for (offset, group) in groups.iter().enumerate() {
            // Counts of goroutines are far below 2^52.
            let values = group
                .counts
                .iter()
                .map(|count| count.map(|count| count as f64))
                .collect();
            loaded.series.scalars.push(Scalar {
                id: scalar_id(first_group + offset),
                kind: ScalarKind::GoroutineGroup,
                values,
                may_expire: is_sleep(&group.group.state),
                join: None,
            });
        }
        Run {
            loaded,
            groups,
            first_group,
            has_dumps,
            has_ancestors,
            alike,
            label_counts,
        }
    }

    pub(crate) fn label_counts(&self) -> &LabelCounts {
        &self.label_counts
    }

    /// Looks at the lines where goroutines wait, which may say more than their state: `source` gives a file
    /// of the user's module.
    pub fn look_at_lines(&mut self, code: &UserCode, source: &dyn Fn(&str) -> Option<Vec<u8>>) {
        for alike in &mut self.alike {
            let line = alike.place(code).and_then(|frame| {
                let bytes = source(code.file_of(frame)?)?;
                let text = String::from_utf8_lossy(&bytes);
                let line = text.lines().nth(frame.line.checked_sub(1)? as usize)?;
                Some(line.to_owned())
            });
            if let Some(line) = line {
                alike.words = alike.wait.words_at(&line);
            }
        }
    }

    /// All goroutines of the last dump, alike ones together, the most suspect first.
    #[must_use]
    pub fn alike(&self) -> &[Alike] {
        &self.alike
    }

    /// Whether there is a goroutine dump.
    #[must_use]
    pub fn has_dumps(&self) -> bool {
        self.has_dumps
    }

    /// Whether the dumps say which goroutines others descend from.
    #[must_use]
    pub fn has_ancestors(&self) -> bool {
        self.has_ancestors
    }

    /// The series, and the names behind its ids.
    #[must_use]
    pub fn loaded(&self) -> &LoadedSeries {
        &self.loaded
    }

    /// What grew, without asking who is to blame.
    #[must_use]
    pub fn growth(&self, options: &Options) -> Growth {
        analyze(&self.loaded.series, options)
    }

    /// Who is to blame for what grew: `growth` is that of this run.
    #[must_use]
    pub fn diagnose(&self, growth: &Growth, anchors: &Anchors<'_>) -> Diagnosis {
        let observed = self.observed(growth);
        let new_goroutines = observed.goroutines.iter().map(|group| group.new).sum();
        Diagnosis {
            joined: join(&observed, anchors),
            new_goroutines,
            explanation: explain(&observed, anchors.code),
        }
    }

    /// What grew, with its frames; of a single snapshot, what is held.
    #[must_use]
    pub fn grown(&self, growth: &Growth) -> Observed {
        let stacks = growth.stacks.iter().filter_map(|stack| {
            let (bytes, objects) = came(stack, growth);
            (bytes.value > 0.0 || objects.value > 0.0).then(|| HeapStack {
                frames: self.frames(stack.id),
                bytes: bytes.value,
                bytes_error: bytes.error.unwrap_or(0.0),
                objects: objects.value,
                allocated: None,
            })
        });
        Observed {
            goroutines: self.new_goroutines(growth),
            heap: stacks.collect(),
        }
    }

    /// What grew and what did not.
    fn observed(&self, growth: &Growth) -> Observed {
        let mut observed = Observed {
            goroutines: self.new_goroutines(growth),
            ..Observed::default()
        };
        let (life, _) = longest_life(&self.loaded.series);
        let heaps = self.heaps(&life);
        let mut quiet: BTreeMap<StackId, &Stack> = self
            .loaded
            .series
            .stacks
            .iter()
            .map(|stack| (stack.id, stack))
            .collect();
        for stack in &growth.stacks {
            let values = quiet.remove(&stack.id);
            let (bytes, objects) = came(stack, growth);
            observed.heap.push(HeapStack {
                frames: self.frames(stack.id),
                bytes: bytes.value,
                bytes_error: bytes.error.unwrap_or(0.0),
                objects: objects.value,
                allocated: values.and_then(|stack| allocated(stack, heaps?, growth.span)),
            });
        }
        // What did not change was still allocated through someone's line.
        for (id, stack) in quiet {
            observed.heap.push(HeapStack {
                frames: self.frames(id),
                allocated: heaps.and_then(|heaps| allocated(stack, heaps, growth.span)),
                ..HeapStack::default()
            });
        }
        observed
    }

    fn new_goroutines(&self, growth: &Growth) -> Vec<GoroutineGroup> {
        if growth.rounds == 0 {
            let suspects = self.alike.iter().filter(|alike| alike.is_suspect());
            return suspects.map(held_group).collect();
        }
        let mut groups = Vec::new();
        // Growth is that of the process that was watched longest.
        let (life, _) = longest_life(&self.loaded.series);
        for scalar in &growth.scalars {
            let stack = self.goroutine_stack(scalar);
            if let Some(group) = stack.filter(|_| growth.rounds > 0) {
                groups.push(group);
                continue;
            }
            let Some(counted) = (scalar.id.0 as usize)
                .checked_sub(self.first_group)
                .and_then(|index| self.groups.get(index))
            else {
                continue;
            };
            let grows = scalar.finding.verdict != Verdict::Steady;
            if let Some(metric) = scalar.metric.filter(|_| grows) {
                let mut group = counted.group.clone();
                group.growth = metric.rate.value;
                group.new = counted.added(&life);
                groups.push(group);
            }
        }
        groups
    }

    /// The first and the last point of a process at which the heap was seen.
    fn heaps(&self, life: &Range<usize>) -> Option<(usize, usize)> {
        let points = &self.loaded.series.points;
        let seen = |at: &usize| points.get(*at).is_some_and(|point| point.has_heap);
        let first = life.clone().find(seen)?;
        Some((first, life.clone().rfind(seen)?))
    }

    /// Goroutines of a stack that grew, from profiles, which know neither state nor creator.
    fn goroutine_stack(&self, scalar: &ScalarGrowth) -> Option<GoroutineGroup> {
        let name = self.loaded.scalars.get(scalar.id.0 as usize)?;
        let (ScalarName::GoroutineStack(stack), Some(metric)) = (name, scalar.metric) else {
            return None;
        };
        let grows = scalar.finding.verdict != Verdict::Steady;
        grows.then(|| GoroutineGroup {
            own: self.frames(StackId(stack.0)),
            growth: metric.rate.value,
            new: (metric.last.value - metric.first.value) as i64,
            ..GoroutineGroup::default()
        })
    }

    fn frames(&self, id: StackId) -> Vec<Frame> {
        frames(&self.loaded, id)
    }
}

fn frames(loaded: &LoadedSeries, id: StackId) -> Vec<Frame> {
    let id = caulk_profile::StackId(id.0);
    let frames = loaded.stacks.frames(id);
    frames
        .map(|frame| Frame {
            function: frame.function.to_owned(),
            file: frame.file.to_owned(),
            line: u32::try_from(frame.line).unwrap_or(0),
            after_call: false,
        })
        .collect()
}

/// Bytes and objects that came from a stack. One snapshot shows no growth: then all that is held counts.
fn came(stack: &StackGrowth, growth: &Growth) -> (Estimate, Estimate) {
    match (growth.rounds, stack.finding.verdict) {
        (0, _) => (stack.bytes.last, stack.objects.last),
        (_, Verdict::Steady) => Default::default(),
        _ => (stack.bytes.rate, stack.objects.rate),
    }
}

impl GroupCounts {
    /// How many more there were at the last dump of a process than at the first.
    fn added(&self, life: &Range<usize>) -> i64 {
        let counts = self.counts.get(life.clone()).unwrap_or(&[]);
        let mut counts = counts.iter().flatten();
        let first = counts.next().copied().unwrap_or(0);
        let last = counts.next_back().copied().unwrap_or(first);
        i64::try_from(last)
            .unwrap_or(i64::MAX)
            .saturating_sub_unsigned(first)
    }
}

/// The goroutines of profiles by stack, which know neither state nor creator.
fn of_profiles(loaded: &LoadedSeries) -> impl Iterator<Item = GroupCounts> {
    let named = loaded.scalars.iter().zip(&loaded.series.scalars);
    named.filter_map(|(name, scalar)| {
        let ScalarName::GoroutineStack(stack) = name else {
            return None;
        };
        // Counts are whole, and never negative.
        let count = |value: &Option<f64>| value.map(|value| value as u64);
        Some(GroupCounts {
            group: GoroutineGroup {
                own: frames(loaded, StackId(stack.0)),
                ..GoroutineGroup::default()
            },
            counts: scalar.values.iter().map(count).collect(),
            longest_minutes: None,
        })
    })
}

/// Of a single dump, all that is there.
fn held_group(alike: &Alike) -> GoroutineGroup {
    GoroutineGroup {
        growth: alike.count as f64,
        new: i64::try_from(alike.count).unwrap_or(i64::MAX),
        ..alike.group.clone()
    }
}

fn scalar_id(index: usize) -> ScalarId {
    ScalarId(u32::try_from(index).unwrap_or(u32::MAX))
}

/// Goroutines that sleep end by a clock.
fn is_sleep(state: &str) -> bool {
    state.starts_with("sleep")
}

/// Objects allocated by a stack per request (or what else rates are per).
fn allocated(stack: &Stack, (first, last): (usize, usize), span: f64) -> Option<f64> {
    let mut total = 0.0;
    for bucket in &stack.buckets {
        let first = bucket.allocated_objects.get(first)?;
        let last = bucket.allocated_objects.get(last)?;
        total += last.saturating_sub(first) as f64;
    }
    (span > 0.0).then(|| total / span)
}
