//! The join itself: every growing group and stack is assigned to an anchor, and anchors are ranked.

use std::collections::BTreeMap;

use crate::account::{Account, Blocked, Key, Reason, StackEvidence, Stacks, Weight, key};
use crate::anchor::{Anchor, AnchorKind, Anchors};
use crate::holders::merge_into_holders;
use crate::observed::{HeapStack, Observed};
use crate::reach::{assign_by_reach, suspicion};

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
            let (instances, reason) = (account.instances(), account.reason()?);
            let share_of_goroutines = part(account.weight.goroutines, all_goroutines);
            let share_of_heap = part(account.weight.bytes, all_bytes);
            Some(Culprit {
                anchor: account.anchor?,
                weight: account.weight,
                share_of_goroutines,
                share_of_heap,
                instances,
                blocked: account.blocked.map(|(_, blocked)| blocked),
                stacks: account.stacks.into_evidence(),
                reason,
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

    let mut stacks = Stacks::default();
    unassigned.iter().for_each(|stack| stacks.add(stack));
    let unexplained_bytes: f64 = unassigned.iter().map(|s| s.bytes).sum();
    Joined {
        culprits,
        unexplained_heap: part(unexplained_bytes, all_bytes),
        unexplained: stacks.into_evidence(),
    }
}
