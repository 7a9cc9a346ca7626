//! Goroutines that are alike, counted over a series of dumps.

use std::collections::{BTreeMap, HashMap};

use caulk_profile::goroutine::{Dump, DumpFrame, DumpFrameId, Goroutine};

use crate::frames::Frame;
use crate::observed::{Ancestor, GoroutineGroup};

/// A group of goroutines alike in stack, creator and ancestors, with their number in each dump.
#[derive(Debug, Clone)]
pub struct GroupCounts {
    /// What they look like; its growth is not known yet.
    pub group: GoroutineGroup,
    /// How many there were; none where there was no dump.
    pub counts: Vec<Option<u64>>,
    /// For how many minutes the one that has waited longest has, in the last dump that has any of them.
    pub longest_minutes: Option<u64>,
}

impl GroupCounts {
    /// Adds those of another group over the same dumps; it goes on to look as it does.
    pub(crate) fn add(&mut self, other: &GroupCounts) {
        for (mine, theirs) in self.counts.iter_mut().zip(&other.counts) {
            if let (Some(mine), Some(theirs)) = (mine, theirs) {
                *mine = mine.saturating_add(*theirs);
            }
        }
        self.longest_minutes = self.longest_minutes.max(other.longest_minutes);
    }
}

/// Groups the goroutines of a series of dumps, in the order of first sight.
///
/// The state is no part of a group's identity: the same goroutine is now `running`, now in
/// `IO wait`. A group has the state that most of its goroutines were in.
#[must_use]
pub fn group_goroutines(dumps: &[Option<&Dump>]) -> Vec<GroupCounts> {
    let mut frames = FrameTable::default();
    let mut found: HashMap<Vec<u32>, usize> = HashMap::new();
    let mut groups: Vec<GroupCounts> = Vec::new();
    let mut states: Vec<BTreeMap<String, u64>> = Vec::new();
    let mut seen_in: Vec<usize> = Vec::new();

    for (index, dump) in dumps.iter().enumerate() {
        let Some(dump) = dump else { continue };
        frames.of_dump.clear();
        for goroutine in dump.goroutines() {
            let key = frames.key(goroutine);
            let at = *found.entry(key).or_insert_with(|| {
                let counts = dumps.iter().map(|d| d.map(|_| 0)).collect();
                groups.push(GroupCounts {
                    group: describe(goroutine),
                    counts,
                    longest_minutes: None,
                });
                seen_in.push(index);
                states.push(BTreeMap::new());
                groups.len() - 1
            });
            if let Some(Some(count)) = groups.get_mut(at).and_then(|g| g.counts.get_mut(index)) {
                *count = count.saturating_add(goroutine.count());
            }
            if let (Some(group), Some(seen_in)) = (groups.get_mut(at), seen_in.get_mut(at)) {
                let before = group.longest_minutes.filter(|_| *seen_in == index);
                group.longest_minutes = before.max(goroutine.wait_minutes());
                *seen_in = index;
            }
            if let Some(states) = states.get_mut(at) {
                *states.entry(goroutine.state().to_owned()).or_default() += goroutine.count();
            }
        }
    }

    for (group, states) in groups.iter_mut().zip(states) {
        let most = states
            .into_iter()
            .max_by(|a, b| a.1.cmp(&b.1).then_with(|| b.0.cmp(&a.0)));
        group.group.state = most.map(|(state, _)| state).unwrap_or_default();
    }
    groups
}

/// Numbers for frames that hold across dumps.
#[derive(Default)]
struct FrameTable {
    ids: HashMap<(String, String, u32), u32>,
    /// The numbers of the frames of the dump at hand, so that a name is looked up once for it.
    of_dump: HashMap<DumpFrameId, u32>,
}

/// Stands between the stacks of a key; no frame has this number.
const BETWEEN: u32 = u32::MAX;

impl FrameTable {
    fn key(&mut self, goroutine: Goroutine<'_>) -> Vec<u32> {
        let mut key: Vec<u32> = goroutine
            .stack()
            .frames()
            .map(|frame| self.id(frame))
            .collect();
        key.push(BETWEEN);
        key.extend(goroutine.created_by().map(|creator| self.id(creator.frame)));
        for ancestor in goroutine.ancestors() {
            key.push(BETWEEN);
            key.extend(ancestor.stack.frames().map(|frame| self.id(frame)));
            key.push(BETWEEN);
            key.extend(ancestor.created_by.map(|frame| self.id(frame)));
        }
        key
    }

    fn id(&mut self, frame: DumpFrame<'_>) -> u32 {
        if let Some(id) = self.of_dump.get(&frame.id) {
            return *id;
        }
        let next = u32::try_from(self.ids.len())
            .unwrap_or(BETWEEN - 1)
            .min(BETWEEN - 1);
        let name = (frame.function.to_owned(), frame.file.to_owned(), frame.line);
        let id = *self.ids.entry(name).or_insert(next);
        self.of_dump.insert(frame.id, id);
        id
    }
}

fn describe(goroutine: Goroutine<'_>) -> GoroutineGroup {
    GoroutineGroup {
        own: goroutine
            .stack()
            .frames()
            .map(|frame| named(frame, false))
            .collect(),
        created_by: goroutine
            .created_by()
            .map(|creator| named(creator.frame, false)),
        ancestors: goroutine
            .ancestors()
            .map(|ancestor| Ancestor {
                frames: ancestor
                    .stack
                    .frames()
                    .map(|frame| named(frame, true))
                    .collect(),
                created_by: ancestor.created_by.map(|frame| named(frame, false)),
            })
            .collect(),
        ..GoroutineGroup::default()
    }
}

fn named(frame: DumpFrame<'_>, after_call: bool) -> Frame {
    Frame {
        function: frame.function.to_owned(),
        file: frame.file.to_owned(),
        line: frame.line,
        after_call,
    }
}
