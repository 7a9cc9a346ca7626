//! The calls between the nodes that are kept.

use std::ops::Range;

use rustc_hash::FxHashMap;

use super::values::{Columns, mean};
use super::{LEAST_SAMPLES_IN_A_PART, NodeId};
use crate::report::places::Places;
use caulk_profile::parallel::in_parts;
use caulk_profile::{LocationIndex, Profile};

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

    /// Whether a call of a sample would be the first that was not inlined.
    pub(super) fn would_cease_to_be_inlined(&self, counted: Counted, is_inlined: bool) -> bool {
        let was_seen = self.seen_in != 0 && self.seen_in != counted.stamp;
        was_seen && self.is_inline && !is_inlined
    }

    /// Counts a call of a sample, unless one was already; whether it did.
    #[inline(always)]
    pub(super) fn count(&mut self, counted: Counted, is_inlined: bool) -> bool {
        if self.seen_in == counted.stamp {
            return false;
        }
        self.seen_in = counted.stamp;
        self.weight = self.weight.wrapping_add(counted.value);
        self.divisor = self.divisor.wrapping_add(counted.divisor);
        self.is_inline &= is_inlined;
        true
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
    Edges::joined(in_parts(
        profile.sample_count(),
        LEAST_SAMPLES_IN_A_PART,
        |samples| {
            let mut edges = Edges::new(roles.len());
            edges.add(profile, places, columns, roles, samples);
            edges
        },
    ))
}

/// What a call counts for.
#[derive(Clone, Copy)]
pub(super) struct Counted {
    value: i64,
    divisor: i64,
    /// The sample, plus one.
    stamp: u32,
}

impl Counted {
    /// What those of a sample count for; `None` where that is nothing.
    #[inline]
    pub fn of(columns: Columns, sample: usize) -> Option<Counted> {
        let (value, divisor) = columns.of(sample);
        let counted = Counted {
            value,
            divisor,
            stamp: sample as u32 + 1,
        };
        (value != 0 || divisor != 0).then_some(counted)
    }
}

/// What a location is to the calls, so that most frames cost one look: its node and that node's role;
/// no role where no node of it is kept.
#[derive(Debug, Clone, Copy, Default)]
struct Step {
    node: NodeId,
    role: Role,
}

/// The location has several nodes, some of which are kept.
const SEVERAL: Role = 8;

fn steps(profile: &Profile, places: &Places, roles: &[Role]) -> Vec<Step> {
    let role_of = |node: NodeId| roles.get(node as usize).copied().unwrap_or(0);
    let step = |location: usize| match *places.of_location(LocationIndex(location as u32)) {
        [node] if role_of(node) & KEPT != 0 => Step {
            node,
            role: role_of(node),
        },
        ref several if several.iter().any(|&node| role_of(node) & KEPT != 0) => Step {
            role: SEVERAL,
            ..Step::default()
        },
        _ => Step::default(),
    };
    (0..profile.locations().len()).map(step).collect()
}

/// Where one is on a stack, on the way from the root to the leaf.
struct Way {
    counted: Counted,
    /// The last node that is kept, with its role.
    caller: Option<(NodeId, Role)>,
    /// Whether nodes since then are not.
    is_residual: bool,
}

/// The edges of some samples.
pub(super) struct Edges {
    edges: Vec<Edge>,
    ids: FxHashMap<(NodeId, NodeId), u32>,
    /// Edges that were used lately, by a hash of their ends: asking the map for each frame would
    /// take most of the time. The length is a power of two.
    recent: Vec<u32>,
}

impl Edges {
    pub fn new(nodes: usize) -> Self {
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
        let steps = steps(profile, places, roles);
        for sample in samples {
            let Some(counted) = Counted::of(columns, sample) else {
                continue;
            };
            let mut way = Way {
                counted,
                caller: None,
                is_residual: false,
            };
            for location in profile.stack(sample).iter().rev() {
                let Some(step) = steps.get(location.index()) else {
                    continue;
                };
                if step.role == 0 {
                    way.is_residual = true;
                } else if step.role & SEVERAL == 0 {
                    self.step(&mut way, step.node, step.role, false);
                } else {
                    for (depth, &node) in places.of_location(location).iter().rev().enumerate() {
                        let role = roles.get(node as usize).copied().unwrap_or(0);
                        if role & KEPT == 0 {
                            way.is_residual = true;
                        } else {
                            self.step(&mut way, node, role, depth > 0);
                        }
                    }
                }
            }
        }
    }

    /// Goes down to a node that is kept.
    #[inline(always)]
    fn step(&mut self, way: &mut Way, node: NodeId, role: Role, is_inlined: bool) {
        let caller = way.caller.replace((node, role));
        let is_residual = std::mem::take(&mut way.is_residual);
        if let Some((caller, caller_role)) = caller
            && caller != node
            && (role & CALLS_OF != 0 || caller_role & CALLS_BY != 0)
        {
            let edge = self.edge(caller, node);
            if edge.count(way.counted, is_inlined) {
                edge.is_residual |= is_residual;
            }
        }
    }

    /// The edge, a new one if there was none.
    #[inline]
    pub fn edge(&mut self, caller: NodeId, callee: NodeId) -> &mut Edge {
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

    /// Adds the edges of all samples up; by caller and then callee.
    pub fn joined(parts: Vec<Edges>) -> Vec<Edge> {
        let mut parts = parts.into_iter();
        let mut all = parts.next().unwrap_or_else(|| Edges::new(0));
        parts.for_each(|part| all.merge(part));
        let mut edges = all.edges;
        edges.sort_unstable_by_key(|edge| (edge.caller, edge.callee));
        edges
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
