//! The calls between the nodes that are kept.

use std::ops::Range;

use rustc_hash::FxHashMap;

use super::values::{Columns, mean};
use super::{LEAST_SAMPLES_IN_A_PART, NodeId};
use crate::report::places::Places;
use caulk_profile::Profile;
use caulk_profile::parallel::in_parts;

/// Calls from one kept node to another, those in between left out.
#[derive(Debug, Clone, Copy)]
pub(in crate::report) struct Edge {
    pub caller: NodeId,
    pub callee: NodeId,
    pub weight: i64,
    pub divisor: i64,
    /// Whether nodes in between were left out in any of the calls.
    pub is_residual: bool,
    /// Whether all calls were inlined.
    pub is_inline: bool,
    /// The last sample that was added, plus one.
    pub(super) seen_in: u32,
}

impl Edge {
    /// The weight, or its mean.
    pub fn weight_value(&self) -> i64 {
        mean(self.weight, self.divisor)
    }
}

/// What becomes of a node's calls: a set of [`KEPT`], [`CALLS_OF`] and [`CALLS_BY`].
pub(super) type Role = u8;

/// The node is shown; that of one which is not calls what is below it.
pub(super) const KEPT: Role = 1;
/// Calls of the node are wanted.
pub(super) const CALLS_OF: Role = 2;
/// Calls by the node are wanted.
pub(super) const CALLS_BY: Role = 4;

/// The calls between kept nodes of which the caller or the callee wants to know, by caller and then
/// callee. A call that is on a stack several times counts once.
pub(super) fn edges(
    profile: &Profile,
    places: &Places,
    columns: Columns,
    roles: &[Role],
) -> Vec<Edge> {
    if roles.iter().all(|role| role & (CALLS_OF | CALLS_BY) == 0) {
        return Vec::new();
    }
    let parts = in_parts(profile.sample_count(), LEAST_SAMPLES_IN_A_PART, |samples| {
        let mut edges = Edges::new(roles.len());
        edges.add(profile, places, columns, roles, samples);
        edges
    });
    let mut parts = parts.into_iter();
    let mut all = parts.next().unwrap_or_else(|| Edges::new(0));
    parts.for_each(|part| all.merge(part));
    let mut edges = all.edges;
    edges.sort_unstable_by_key(|edge| (edge.caller, edge.callee));
    edges
}

struct Edges {
    edges: Vec<Edge>,
    ids: FxHashMap<(NodeId, NodeId), u32>,
    /// Edges that were used lately, by a hash of their ends: asking the map for each frame would
    /// take most of the time. The length is a power of two.
    recent: Vec<u32>,
}

impl Edges {
    fn new(nodes: usize) -> Self {
        let slots = (nodes * 8).next_power_of_two().clamp(64, 1 << 15);
        Edges {
            edges: Vec::new(),
            ids: FxHashMap::default(),
            recent: vec![0; slots],
        }
    }

    fn add(
        &mut self,
        profile: &Profile,
        places: &Places,
        columns: Columns,
        roles: &[Role],
        samples: Range<usize>,
    ) {
        for sample in samples {
            let (value, divisor) = columns.of(sample);
            if value == 0 && divisor == 0 {
                continue;
            }
            let stamp = sample as u32 + 1;
            let mut caller = None;
            let mut is_residual = false;
            for &location in profile.stack(sample).iter().rev() {
                for (depth, &node) in places.of_location(location).iter().rev().enumerate() {
                    let role = roles.get(node as usize).copied().unwrap_or(0);
                    if role & KEPT == 0 {
                        is_residual = true;
                        continue;
                    }
                    if let Some((caller, caller_role)) = caller
                        && caller != node
                        && (role & CALLS_OF != 0 || caller_role & CALLS_BY != 0)
                    {
                        let edge = self.edge(caller, node);
                        if edge.seen_in != stamp {
                            edge.seen_in = stamp;
                            edge.weight = edge.weight.wrapping_add(value);
                            edge.divisor = edge.divisor.wrapping_add(divisor);
                            edge.is_residual |= is_residual;
                            edge.is_inline &= depth > 0;
                        }
                    }
                    caller = Some((node, role));
                    is_residual = false;
                }
            }
        }
    }

    /// The edge, a new one if there was none.
    #[inline]
    fn edge(&mut self, caller: NodeId, callee: NodeId) -> &mut Edge {
        let spread = caller.wrapping_mul(0x9e37_79b1) ^ callee.wrapping_mul(0x85eb_ca6b);
        let slot = (spread >> 12) as usize & (self.recent.len() - 1);
        let recent = self.recent[slot];
        let is_same = |edge: &Edge| edge.caller == caller && edge.callee == callee;
        let id = match self.edges.get(recent as usize) {
            Some(edge) if is_same(edge) => recent,
            _ => *self.ids.entry((caller, callee)).or_insert_with(|| {
                self.edges.push(Edge {
                    caller,
                    callee,
                    weight: 0,
                    divisor: 0,
                    is_residual: false,
                    is_inline: true,
                    seen_in: 0,
                });
                self.edges.len() as u32 - 1
            }),
        };
        self.recent[slot] = id;
        &mut self.edges[id as usize]
    }

    fn merge(&mut self, other: Edges) {
        for part in other.edges {
            let edge = self.edge(part.caller, part.callee);
            edge.weight = edge.weight.wrapping_add(part.weight);
            edge.divisor = edge.divisor.wrapping_add(part.divisor);
            edge.is_residual |= part.is_residual;
            edge.is_inline &= part.is_inline;
        }
    }
}
