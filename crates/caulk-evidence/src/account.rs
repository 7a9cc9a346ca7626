//! What is put down to one place: goroutines, bytes, objects, and the stacks that show them.

use std::collections::BTreeMap;

use crate::anchor::{Anchor, Anchors};
use crate::frames::Frame;
use crate::observed::{GoroutineGroup, HeapStack};

/// What came per request.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Weight {
    /// Goroutines.
    pub goroutines: f64,
    /// Goroutines in all, between the first snapshot and the last.
    pub new_goroutines: i64,
    /// Bytes of the heap.
    pub bytes: f64,
    /// Variance of `bytes`, in bytes².
    pub bytes_variance: f64,
    /// Objects of the heap.
    pub objects: f64,
}

/// Where goroutines are stuck.
#[derive(Debug, Clone, PartialEq)]
pub struct Blocked {
    /// The frame.
    pub frame: Frame,
    /// The user's file of the frame, relative to the module's root, where it is one.
    pub file: Option<String>,
    /// What the runtime says they wait for.
    pub state: String,
}

/// Stacks that grew and that have their innermost function in common.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct StackEvidence {
    /// The function that allocated, or in which the goroutine began.
    pub function: String,
    /// Bytes per request.
    pub bytes: f64,
    /// Objects per request.
    pub objects: f64,
    /// The heaviest of the stacks, leaf first.
    pub frames: Vec<Frame>,
}

/// Stacks, added up by their innermost function.
#[derive(Debug, Default)]
pub(crate) struct Stacks {
    by_function: BTreeMap<String, (StackEvidence, f64)>,
}

impl Stacks {
    pub(crate) fn add(&mut self, stack: &HeapStack) {
        if let Some(leaf) = stack.frames.first() {
            let evidence = StackEvidence {
                function: leaf.function.clone(),
                bytes: stack.bytes,
                objects: stack.objects,
                frames: stack.frames.clone(),
            };
            self.put(evidence, stack.bytes);
        }
    }

    fn put(&mut self, evidence: StackEvidence, heaviest: f64) {
        match self.by_function.get_mut(&evidence.function) {
            Some((known, weight)) => {
                known.bytes += evidence.bytes;
                known.objects += evidence.objects;
                if heaviest > *weight {
                    known.frames = evidence.frames;
                    *weight = heaviest;
                }
            }
            None => drop(
                self.by_function
                    .insert(evidence.function.clone(), (evidence, heaviest)),
            ),
        }
    }

    fn absorb(&mut self, other: Stacks) {
        for (evidence, heaviest) in other.by_function.into_values() {
            self.put(evidence, heaviest);
        }
    }

    /// The heaviest first.
    pub(crate) fn into_evidence(self) -> Vec<StackEvidence> {
        let mut list: Vec<StackEvidence> = self
            .by_function
            .into_values()
            .map(|(evidence, _)| evidence)
            .collect();
        list.sort_by(|a, b| {
            b.bytes
                .total_cmp(&a.bytes)
                .then_with(|| a.function.cmp(&b.function))
        });
        list
    }

    fn heaviest(&self) -> Option<&StackEvidence> {
        self.by_function
            .values()
            .map(|(evidence, _)| evidence)
            .max_by(|a, b| a.bytes.total_cmp(&b.bytes))
    }
}

/// What speaks for a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// New goroutines descend from it.
    Ancestry,
    /// It stands in the growing stacks themselves.
    OnStack,
    /// Nothing of it stands in what grew most, but it calls into the libraries that grew, about as
    /// often.
    Reach,
}

/// What is put down to one place.
#[derive(Debug, Default)]
pub(crate) struct Account {
    pub(crate) anchor: Option<Anchor>,
    pub(crate) weight: Weight,
    /// Growth of its groups of goroutines, by the function in which they begin.
    groups: BTreeMap<String, f64>,
    pub(crate) blocked: Option<(f64, Blocked)>,
    pub(crate) stacks: Stacks,
    /// The user's functions on the stacks, by (file, function), deepest first by weight of the stack.
    pub(crate) chain: Vec<(String, String)>,
    pub(crate) reason: Option<Reason>,
    /// Bytes of the weight that were put down to it by reach alone.
    pub(crate) reached: f64,
    pub(crate) ties: Vec<Anchor>,
}

/// Tells places apart: file, line and column.
pub(crate) type Key = (String, u32, u32);

pub(crate) fn key(anchor: &Anchor) -> Key {
    let location = &anchor.location;
    (location.file.clone(), location.line, location.column)
}

impl Account {
    pub(crate) fn name(&mut self, anchor: Anchor, reason: Reason) {
        self.reason = Some(self.reason.map_or(reason, |known| known.min(reason)));
        self.anchor.get_or_insert(anchor);
    }

    pub(crate) fn add_group(&mut self, group: &GoroutineGroup, anchors: &Anchors<'_>) {
        self.weight.goroutines += group.growth;
        self.weight.new_goroutines += group.new;
        let entry = group
            .entry()
            .map_or(String::new(), |frame| frame.function.clone());
        *self.groups.entry(entry).or_default() += group.growth;
        if self
            .blocked
            .as_ref()
            .is_none_or(|(weight, _)| group.growth > *weight)
        {
            let users = group.own.iter().find_map(|frame| {
                anchors
                    .code
                    .file_of(frame)
                    .map(|file| (frame, Some(file.to_owned())))
            });
            if let Some((frame, file)) =
                users.or_else(|| group.own.first().map(|frame| (frame, None)))
            {
                let blocked = Blocked {
                    frame: frame.clone(),
                    file,
                    state: group.state.clone(),
                };
                self.blocked = Some((group.growth, blocked));
            }
        }
    }

    pub(crate) fn add_stack(&mut self, stack: &HeapStack, anchors: &Anchors<'_>) {
        self.weight.bytes += stack.bytes;
        self.weight.bytes_variance += stack.bytes_error.powi(2);
        self.weight.objects += stack.objects;
        self.stacks.add(stack);
        for frame in &stack.frames {
            if let Some(file) = anchors.code.file_of(frame) {
                let function = (file.to_owned(), frame.function.clone());
                if !self.chain.contains(&function) {
                    self.chain.push(function);
                }
            }
        }
    }

    pub(crate) fn absorb(&mut self, other: Account) {
        self.weight.add(&other.weight);
        for (entry, growth) in other.groups {
            *self.groups.entry(entry).or_default() += growth;
        }
        self.stacks.absorb(other.stacks);
    }

    /// What speaks for the place: where most of it is there by reach, that.
    pub(crate) fn reason(&self) -> Option<Reason> {
        match self.reason? {
            Reason::OnStack if self.reached > self.weight.bytes / 2.0 => Some(Reason::Reach),
            reason => Some(reason),
        }
    }

    /// Instances per request: each instance has one goroutine of each kind, so the least of those
    /// that are not stragglers is the number of instances.
    pub(crate) fn instances(&self) -> f64 {
        let most = self.groups.values().copied().fold(0.0, f64::max);
        if most > 0.0 {
            return self
                .groups
                .values()
                .copied()
                .filter(|g| *g > most * 0.2)
                .fold(most, f64::min);
        }
        // Without goroutines: the objects of the heaviest stack.
        self.stacks.heaviest().map_or(0.0, |stack| stack.objects)
    }
}

impl Weight {
    fn add(&mut self, other: &Weight) {
        self.goroutines += other.goroutines;
        self.new_goroutines += other.new_goroutines;
        self.bytes += other.bytes;
        self.bytes_variance += other.bytes_variance;
        self.objects += other.objects;
    }
}
