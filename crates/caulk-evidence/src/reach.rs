//! Who is to blame for stacks that show no frame of the user's, where there are no goroutine dumps.

use std::collections::{BTreeMap, BTreeSet};

use caulk_flow::Symbol;
use caulk_leaks::{Acquisition, Outcome};

use crate::account::{Account, Key, Reason, key};
use crate::anchor::{Anchor, AnchorKind, Anchors};
use crate::observed::{HeapStack, Observed};

/// Without dumps most of what grows shows library frames only. An acquiring call is to blame when
/// the profile itself shows that it calls into the libraries that grew, about as often as they
/// grew: the same profile carries what was allocated through the call's line, with the user's frames.
pub(crate) fn assign_by_reach<'o>(
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
        let libraries: BTreeSet<String> = stack
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
                        .filter(|library| c.libraries.contains(*library))
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
        account.reached += stack.bytes;
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
        candidate.libraries.extend(through);
        candidate.allocated = candidate
            .allocated
            .max(stack.allocated.unwrap_or(stack.objects));
    }
    candidates.into_values().collect()
}

/// How likely an acquisition leaks, by the source alone: 0 is owed, 1 undecided; none is settled.
pub(crate) fn suspicion(acquisition: &Acquisition) -> Option<u8> {
    match acquisition.outcome {
        Outcome::Owed(_) => Some(0),
        Outcome::Unknown { .. } => Some(1),
        Outcome::Settled(_) => None,
    }
}

/// What a function belongs to, coarsely: the package in the standard library, the module elsewhere
/// (host, owner, name, so far as the path has them). Nothing for the runtime itself.
fn library(function: &str) -> Option<String> {
    let mut package = Symbol::package_of(function);
    if package == "runtime" || package.starts_with("runtime/") || package.starts_with("internal/") {
        return None;
    }
    let host = package.split('/').next()?;
    if !host.contains('.') {
        return Some(package);
    }
    let owned = matches!(host, "github.com" | "gitlab.com" | "bitbucket.org");
    let parts = if owned { 3 } else { 2 };
    if let Some((end, _)) = package.match_indices('/').nth(parts - 1) {
        package.truncate(end);
    }
    Some(package)
}
