//! The join itself: every growing group and stack is assigned to an anchor, and anchors are ranked.

use std::collections::{BTreeMap, BTreeSet};

use caulk_leaks::{Acquisition, Outcome};

use crate::anchor::{Anchor, AnchorKind, Anchors};
use crate::frames::{Frame, package_of};
use crate::observed::{GoroutineGroup, HeapStack, Observed};
use crate::source::Store;

/// Anchors below this share of both the goroutines and the heap are noise beside the others.
const SMALLEST_SHARE: f64 = 0.05;

/// A place to blame, with what speaks for it.
#[derive(Debug, Clone)]
pub struct Culprit {
    /// The place.
    pub anchor: Anchor,
    /// What came per request through it.
    pub weight: Weight,
    /// Part of all new goroutines, 0 to 1.
    pub share_of_goroutines: f64,
    /// Part of all new bytes of the heap, 0 to 1.
    pub share_of_heap: f64,
    /// Instances left per request: connections, goroutines, entries. 0 where it cannot be told.
    pub instances: f64,
    /// Where its goroutines wait: the user's frame, or else the innermost one.
    pub blocked: Option<Blocked>,
    /// The stacks that grew, heaviest first.
    pub stacks: Vec<StackEvidence>,
    /// What speaks for this place.
    pub reason: Reason,
    /// Other places that fit as well.
    pub ties: Vec<Anchor>,
}

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

/// A stack that grew, in short.
#[derive(Debug, Clone, PartialEq)]
pub struct StackEvidence {
    /// The function that allocated, or in which the goroutine began.
    pub function: String,
    /// Bytes per request.
    pub bytes: f64,
    /// Objects per request.
    pub objects: f64,
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

/// The answer of the join.
#[derive(Debug, Clone, Default)]
pub struct Joined {
    /// Places to blame, the heaviest first.
    pub culprits: Vec<Culprit>,
    /// Part of the new bytes of the heap that no place accounts for, 0 to 1.
    pub unexplained_heap: f64,
    /// The heaviest stacks that no place accounts for.
    pub unexplained: Vec<StackEvidence>,
}

#[derive(Debug, Default)]
struct Account {
    anchor: Option<Anchor>,
    weight: Weight,
    /// Growth of its groups of goroutines, by the function in which they begin.
    groups: BTreeMap<String, f64>,
    blocked: Option<(f64, Blocked)>,
    stacks: BTreeMap<String, (f64, f64)>,
    /// The user's functions on the stacks, by (file, function), deepest first by weight of the stack.
    chain: Vec<(String, String)>,
    reason: Option<Reason>,
    ties: Vec<Anchor>,
}

type Key = (String, u32, u32);

fn key(anchor: &Anchor) -> Key {
    let location = &anchor.location;
    (location.file.clone(), location.line, location.column)
}

/// Joins what grew with what the source says.
#[must_use]
pub fn join(observed: &Observed, anchors: &Anchors<'_>) -> Joined {
    let mut accounts: BTreeMap<Key, Account> = BTreeMap::new();
    let mut entries: BTreeMap<&str, BTreeMap<Key, f64>> = BTreeMap::new();

    for group in observed
        .goroutines
        .iter()
        .filter(|group| group.growth > 0.0)
    {
        let Some(anchor) = anchors.of_goroutines(group) else {
            continue;
        };
        let key = key(&anchor);
        for entry in group.entries() {
            *entries
                .entry(&entry.function)
                .or_default()
                .entry(key.clone())
                .or_default() += group.growth;
        }
        let account = accounts.entry(key).or_default();
        account.add_group(group, anchors);
        account.name(anchor, Reason::Ancestry);
    }

    let mut unassigned: Vec<&HeapStack> = Vec::new();
    let mut bookkeeping = Weight::default();
    for stack in observed.heap.iter().filter(|stack| stack.bytes > 0.0) {
        if stack.is_goroutine_bookkeeping() {
            bookkeeping.bytes += stack.bytes;
            bookkeeping.bytes_variance += stack.bytes_error.powi(2);
            bookkeeping.objects += stack.objects;
        } else if let Some(account) =
            started(stack, &entries, anchors).and_then(|key| accounts.get_mut(&key))
        {
            account.add_stack(stack, anchors);
        } else if let Some(anchor) = anchors.of_stack(&stack.frames) {
            let account = accounts.entry(key(&anchor)).or_default();
            account.add_stack(stack, anchors);
            account.name(anchor, Reason::OnStack);
        } else if let Some(key) = stack
            .root()
            .and_then(|root| heaviest(entries.get(root.function.as_str())))
        {
            if let Some(account) = accounts.get_mut(&key) {
                account.add_stack(stack, anchors);
            }
        } else {
            unassigned.push(stack);
        }
    }

    share_out(&bookkeeping, &mut accounts);
    let unassigned = assign_by_reach(observed, unassigned, anchors, &mut accounts);
    merge_into_holders(&mut accounts, anchors);
    rank(observed, accounts, &unassigned)
}

/// The `go` statement of the goroutines in which a stack begins, where those pile up: what they have
/// allocated is held because they never end. An acquisition that is owed on the way comes first.
fn started(
    stack: &HeapStack,
    entries: &BTreeMap<&str, BTreeMap<Key, f64>>,
    anchors: &Anchors<'_>,
) -> Option<Key> {
    let root = stack.root()?;
    anchors.code.file_of(root)?;
    let key = heaviest(entries.get(root.function.as_str()))?;
    let owed = anchors
        .of_stack(&stack.frames)
        .is_some_and(|anchor| match anchor.kind {
            AnchorKind::Acquisition(index) => {
                anchors.acquisitions.get(index).and_then(suspicion) == Some(0)
            }
            _ => false,
        });
    (!owed).then_some(key)
}

fn heaviest(weights: Option<&BTreeMap<Key, f64>>) -> Option<Key> {
    weights?
        .iter()
        .max_by(|a, b| a.1.total_cmp(b.1).then_with(|| b.0.cmp(a.0)))
        .map(|(key, _)| key.clone())
}

impl Account {
    fn name(&mut self, anchor: Anchor, reason: Reason) {
        self.reason = Some(self.reason.map_or(reason, |known| known.min(reason)));
        self.anchor.get_or_insert(anchor);
    }

    fn add_group(&mut self, group: &GoroutineGroup, anchors: &Anchors<'_>) {
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

    fn add_stack(&mut self, stack: &HeapStack, anchors: &Anchors<'_>) {
        self.weight.bytes += stack.bytes;
        self.weight.bytes_variance += stack.bytes_error.powi(2);
        self.weight.objects += stack.objects;
        if let Some(leaf) = stack.frames.first() {
            let known = self.stacks.entry(leaf.function.clone()).or_default();
            known.0 += stack.bytes;
            known.1 += stack.objects;
        }
        for frame in &stack.frames {
            if let Some(file) = anchors.code.file_of(frame) {
                let function = (file.to_owned(), frame.function.clone());
                if !self.chain.contains(&function) {
                    self.chain.push(function);
                }
            }
        }
    }

    fn absorb(&mut self, other: Account) {
        self.weight.add(&other.weight);
        for (entry, growth) in other.groups {
            *self.groups.entry(entry).or_default() += growth;
        }
        for (function, (bytes, objects)) in other.stacks {
            let known = self.stacks.entry(function).or_default();
            known.0 += bytes;
            known.1 += objects;
        }
    }

    /// Instances per request: each instance has one goroutine of each kind, so the least of those
    /// that are not stragglers is the number of instances.
    fn instances(&self) -> f64 {
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
        self.stacks
            .values()
            .max_by(|a, b| a.0.total_cmp(&b.0))
            .map_or(0.0, |(_, objects)| *objects)
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

/// The runtime's own memory for goroutines goes to whoever started them, by their number.
fn share_out(bookkeeping: &Weight, accounts: &mut BTreeMap<Key, Account>) {
    let all: f64 = accounts.values().map(|a| a.weight.goroutines).sum();
    if all <= 0.0 {
        return;
    }
    for account in accounts.values_mut() {
        let part = account.weight.goroutines / all;
        account.weight.bytes += bookkeeping.bytes * part;
        account.weight.bytes_variance += bookkeeping.bytes_variance * part;
        account.weight.objects += bookkeeping.objects * part;
    }
}

/// Without dumps most of what grows shows library frames only. An acquiring call is to blame when
/// the profile itself shows that it calls into the libraries that grew, about as often as they
/// grew: the same profile carries what was allocated through the call's line, with the user's frames.
fn assign_by_reach<'o>(
    observed: &'o Observed,
    unassigned: Vec<&'o HeapStack>,
    anchors: &Anchors<'_>,
    accounts: &mut BTreeMap<Key, Account>,
) -> Vec<&'o HeapStack> {
    if unassigned.is_empty() {
        return unassigned;
    }
    let candidates = reaching(observed, anchors);
    let mut left = Vec::new();
    for stack in unassigned {
        let libraries: BTreeSet<&str> = stack
            .frames
            .iter()
            .filter_map(|frame| library(&frame.function))
            .collect();
        let mut fitting: Vec<(&Candidate, usize)> = candidates
            .iter()
            .filter(|c| c.allocated >= stack.objects.min(1.0) * 0.5)
            .map(|c| {
                (
                    c,
                    libraries
                        .iter()
                        .filter(|library| c.libraries.contains(**library))
                        .count(),
                )
            })
            .filter(|(_, shared)| *shared > 0)
            .collect();
        fitting.sort_by(|(a, shared_a), (b, shared_b)| {
            (a.rank, shared_b, &a.key).cmp(&(b.rank, shared_a, &b.key))
        });
        let Some((best, shared)) = fitting.first() else {
            left.push(stack);
            continue;
        };
        let account = accounts.entry(best.key.clone()).or_default();
        account.add_stack(stack, anchors);
        account.name(best.anchor.clone(), Reason::Reach);
        for (tie, _) in fitting
            .iter()
            .skip(1)
            .filter(|(c, s)| c.rank == best.rank && s == shared)
        {
            if !account.ties.contains(&tie.anchor) {
                account.ties.push(tie.anchor.clone());
            }
        }
    }
    left
}

struct Candidate {
    key: Key,
    anchor: Anchor,
    /// 0: owed in the source; 1: the source cannot say.
    rank: u8,
    libraries: BTreeSet<String>,
    /// Objects allocated per request through the line, of the stack with most.
    allocated: f64,
}

fn reaching(observed: &Observed, anchors: &Anchors<'_>) -> Vec<Candidate> {
    let mut candidates: BTreeMap<Key, Candidate> = BTreeMap::new();
    for stack in &observed.heap {
        let Some(anchor) = anchors.of_stack(&stack.frames) else {
            continue;
        };
        let AnchorKind::Acquisition(index) = anchor.kind else {
            continue;
        };
        let Some(rank) = anchors.acquisitions.get(index).and_then(suspicion) else {
            continue;
        };
        let key = key(&anchor);
        let candidate = candidates.entry(key.clone()).or_insert_with(|| Candidate {
            key,
            anchor,
            rank,
            libraries: BTreeSet::new(),
            allocated: 0.0,
        });
        let through = stack
            .frames
            .iter()
            .filter_map(|frame| library(&frame.function));
        candidate.libraries.extend(through.map(str::to_owned));
        candidate.allocated = candidate
            .allocated
            .max(stack.allocated.unwrap_or(stack.objects));
    }
    candidates.into_values().collect()
}

fn suspicion(acquisition: &Acquisition) -> Option<u8> {
    match acquisition.outcome {
        Outcome::Owed(_) => Some(0),
        Outcome::Unknown { .. } => Some(1),
        Outcome::Settled(_) => None,
    }
}

/// What a function belongs to, coarsely: the package in the standard library, the module elsewhere
/// (host, owner, name, so far as the path has them). Nothing for the runtime itself.
fn library(function: &str) -> Option<&str> {
    let package = package_of(function);
    if package == "runtime" || package.starts_with("runtime/") || package.starts_with("internal/") {
        return None;
    }
    let host = package.split('/').next()?;
    if !host.contains('.') {
        return Some(package);
    }
    let owned = matches!(host, "github.com" | "gitlab.com" | "bitbucket.org");
    let parts = if owned { 3 } else { 2 };
    let end = package
        .match_indices('/')
        .nth(parts - 1)
        .map_or(package.len(), |(at, _)| at);
    package.get(..end)
}

/// Memory that a map or a slice holds is lost where it is put in, not where it was made: what was
/// allocated on the way to a store becomes part of the store.
fn merge_into_holders(accounts: &mut BTreeMap<Key, Account>, anchors: &Anchors<'_>) {
    let plain: Vec<Key> = accounts
        .iter()
        .filter(|(_, account)| {
            account.weight.goroutines <= 0.0
                && matches!(
                    account.anchor.as_ref().map(|a| &a.kind),
                    Some(AnchorKind::Expression)
                )
        })
        .map(|(key, _)| key.clone())
        .collect();
    for key in plain {
        let Some(chain) = accounts.get(&key).map(|account| account.chain.clone()) else {
            continue;
        };
        let Some(holder) =
            seen_holder(accounts, &chain).or_else(|| written_holder(&chain, anchors))
        else {
            continue;
        };
        let Some(account) = accounts.remove(&key) else {
            continue;
        };
        let target = accounts.entry(self::key(&holder)).or_default();
        for function in &account.chain {
            if !target.chain.contains(function) {
                target.chain.push(function.clone());
            }
        }
        target.absorb(account);
        target.name(holder, Reason::OnStack);
    }
}

/// A store that was seen to grow and shares one of the user's functions with the chain; of several
/// the heaviest.
fn seen_holder(accounts: &BTreeMap<Key, Account>, chain: &[(String, String)]) -> Option<Anchor> {
    accounts
        .values()
        .filter(|account| {
            account
                .chain
                .iter()
                .any(|function| chain.contains(function))
        })
        .filter_map(|account| {
            let anchor = account.anchor.as_ref()?;
            matches!(anchor.kind, AnchorKind::Store(_)).then_some((account.weight.bytes, anchor))
        })
        .max_by(|a, b| {
            a.0.total_cmp(&b.0)
                .then_with(|| b.1.location.cmp(&a.1.location))
        })
        .map(|(_, anchor)| anchor.clone())
}

/// A store that the functions of the chain are written to make, deepest first. A map grows in
/// steps, so within a short run the insert itself may not show.
fn written_holder(chain: &[(String, String)], anchors: &Anchors<'_>) -> Option<Anchor> {
    chain.iter().find_map(|(file, function)| {
        let store: Store = anchors
            .source
            .stores_in(file, function)
            .into_iter()
            .next()?;
        Some(Anchor {
            location: store.location.clone(),
            function: function.clone(),
            kind: AnchorKind::Store(store),
        })
    })
}

fn rank(
    observed: &Observed,
    accounts: BTreeMap<Key, Account>,
    unassigned: &[&HeapStack],
) -> Joined {
    let all_goroutines: f64 = observed
        .goroutines
        .iter()
        .map(|g| g.growth)
        .filter(|growth| *growth > 0.0)
        .sum();
    let all_bytes: f64 = observed
        .heap
        .iter()
        .map(|s| s.bytes)
        .filter(|bytes| *bytes > 0.0)
        .sum();
    let part = |of: f64, all: f64| {
        if all > 0.0 {
            (of / all).clamp(0.0, 1.0)
        } else {
            0.0
        }
    };

    let mut culprits: Vec<Culprit> = accounts
        .into_values()
        .filter_map(|account| {
            let instances = account.instances();
            let share_of_goroutines = part(account.weight.goroutines, all_goroutines);
            let share_of_heap = part(account.weight.bytes, all_bytes);
            Some(Culprit {
                anchor: account.anchor?,
                weight: account.weight,
                share_of_goroutines,
                share_of_heap,
                instances,
                blocked: account.blocked.map(|(_, blocked)| blocked),
                stacks: evidence(account.stacks),
                reason: account.reason?,
                ties: account.ties,
            })
        })
        .filter(|c| c.share_of_goroutines >= SMALLEST_SHARE || c.share_of_heap >= SMALLEST_SHARE)
        .collect();
    let score = |c: &Culprit| c.share_of_heap.max(c.share_of_goroutines);
    culprits.sort_by(|a, b| {
        score(b)
            .total_cmp(&score(a))
            .then_with(|| a.anchor.location.cmp(&b.anchor.location))
    });

    let mut stacks: BTreeMap<String, (f64, f64)> = BTreeMap::new();
    for stack in unassigned {
        if let Some(leaf) = stack.frames.first() {
            let known = stacks.entry(leaf.function.clone()).or_default();
            known.0 += stack.bytes;
            known.1 += stack.objects;
        }
    }
    let unexplained_bytes: f64 = unassigned.iter().map(|s| s.bytes).sum();
    Joined {
        culprits,
        unexplained_heap: part(unexplained_bytes, all_bytes),
        unexplained: evidence(stacks),
    }
}

fn evidence(stacks: BTreeMap<String, (f64, f64)>) -> Vec<StackEvidence> {
    let mut list: Vec<StackEvidence> = stacks
        .into_iter()
        .map(|(function, (bytes, objects))| StackEvidence {
            function,
            bytes,
            objects,
        })
        .collect();
    list.sort_by(|a, b| {
        b.bytes
            .total_cmp(&a.bytes)
            .then_with(|| a.function.cmp(&b.function))
    });
    list
}
