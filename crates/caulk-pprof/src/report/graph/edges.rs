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
///
/// With `enough`, the weight of a call that was not inlined, and reached so much, may be too small:
/// nothing is asked but whether it did. Only where no weight can fall ([`only_rise`]).
pub(super) fn edges(
    profile: &Profile,
    places: &Places,
    columns: Columns,
    roles: &[Role],
    enough: Option<i64>,
) -> Vec<Edge> {
    if roles.iter().all(|role| role & (CALLS_OF | CALLS_BY) == 0) {
        return Vec::new();
    }
    let parts = in_parts(profile.sample_count(), LEAST_SAMPLES_IN_A_PART, |samples| {
        let mut edges = Edges::new(roles.len());
        edges.add(profile, places, columns, roles, samples, enough);
        edges
    });
    let mut parts = parts.into_iter();
    let mut all = parts.next().unwrap_or_else(|| Edges::new(0));
    parts.for_each(|part| all.merge(part));
    let mut edges = all.edges;
    edges.sort_unstable_by_key(|edge| (edge.caller, edge.callee));
    edges
}

/// Whether sums of values never fall as more are added.
pub(super) fn only_rise(columns: Columns) -> bool {
    let add = |sum: i64, &value: &i64| sum.checked_add(value).filter(|_| value >= 0);
    columns.values.iter().try_fold(0, add).is_some()
}

/// What a location is to the calls, so that most frames cost one look: its node and that node's role;
/// no role where no node of it is kept.
#[derive(Debug, Clone, Copy, Default)]
struct Step {
    node: NodeId,
    role: Role,
    /// Calls by this node, plus one, have nothing new to tell.
    known_caller: u32,
}

/// The location has several nodes, some of which are kept.
const SEVERAL: Role = 8;

fn steps(profile: &Profile, places: &Places, roles: &[Role]) -> Vec<Step> {
    let role_of = |node: NodeId| roles.get(node as usize).copied().unwrap_or(0);
    let step = |location: usize| match *places.of_location(LocationIndex(location as u32)) {
        [node] if role_of(node) & KEPT != 0 => Step {
            node,
            role: role_of(node),
            known_caller: 0,
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
    /// The sample, plus one.
    stamp: u32,
    value: i64,
    divisor: i64,
    /// The last node that is kept, with its role.
    caller: Option<(NodeId, Role)>,
    /// Whether nodes since then are not.
    is_residual: bool,
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
        enough: Option<i64>,
    ) {
        let mut steps = steps(profile, places, roles);
        for sample in samples {
            let (value, divisor) = columns.of(sample);
            if value == 0 && divisor == 0 {
                continue;
            }
            let mut way = Way {
                stamp: sample as u32 + 1,
                value,
                divisor,
                caller: None,
                is_residual: false,
            };
            for &location in profile.stack(sample).iter().rev() {
                let Some(step) = steps.get_mut(location.index()) else {
                    continue;
                };
                if step.role == 0 {
                    way.is_residual = true;
                } else if step.role & SEVERAL == 0 {
                    let caller = way.caller.map_or(0, |(caller, _)| caller.wrapping_add(1));
                    if caller != 0 && caller == step.known_caller {
                        way.caller = Some((step.node, step.role));
                        way.is_residual = false;
                        continue;
                    }
                    let edge = self.step(&mut way, step.node, step.role, false);
                    if let (Some(edge), Some(enough)) = (edge, enough)
                        && edge.weight >= enough
                        && !edge.is_inline
                    {
                        step.known_caller = caller;
                    }
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
    fn step(&mut self, way: &mut Way, node: NodeId, role: Role, is_inlined: bool) -> Option<&Edge> {
        let caller = way.caller.replace((node, role));
        let is_residual = std::mem::take(&mut way.is_residual);
        if let Some((caller, caller_role)) = caller
            && caller != node
            && (role & CALLS_OF != 0 || caller_role & CALLS_BY != 0)
        {
            let edge = self.edge(caller, node);
            if edge.seen_in != way.stamp {
                edge.seen_in = way.stamp;
                edge.weight = edge.weight.wrapping_add(way.value);
                edge.divisor = edge.divisor.wrapping_add(way.divisor);
                edge.is_residual |= is_residual;
                edge.is_inline &= is_inlined;
            }
            return Some(edge);
        }
        None
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use caulk_profile::{Line, ProfileBuilder};

    use super::*;
    use crate::config::Config;
    use crate::report::places::Identity;

    /// Stacks over few functions, some of them inlined, with the numbers of a small generator.
    fn profile(mut state: u64) -> Profile {
        let mut below = |limit: u64| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (state >> 33) % limit
        };
        let mut builder = ProfileBuilder::new();
        builder.sample_type("space", "bytes");
        let functions: Vec<_> = (0..6)
            .map(|index| builder.function(&format!("f{index}"), "a.go", 0))
            .collect();
        let locations: Vec<_> = (0..12)
            .map(|address| {
                let lines: Vec<Line> = (0..1 + below(5) / 3)
                    .map(|_| Line {
                        function: functions[below(6) as usize],
                        line: 1,
                        column: 0,
                    })
                    .collect();
                builder.location(None, address, &lines)
            })
            .collect();
        for _ in 0..60 {
            let stack: Vec<_> = (0..below(9))
                .map(|_| locations[below(12) as usize])
                .collect();
            builder.sample(&stack, &[below(4) as i64], &[]);
        }
        builder.finish()
    }

    /// By callee, whether heavy calls of it were inlined, and whether others were not.
    fn flags(edges: &[Edge], cutoff: i64) -> BTreeMap<NodeId, (bool, bool)> {
        let mut flags: BTreeMap<NodeId, (bool, bool)> = BTreeMap::new();
        for edge in edges.iter().filter(|edge| edge.weight >= cutoff) {
            let (inlined, plain) = flags.entry(edge.callee).or_default();
            *inlined |= edge.is_inline;
            *plain |= !edge.is_inline;
        }
        flags
    }

    #[test]
    fn to_stop_when_it_is_enough_does_not_change_what_was_inlined() {
        for seed in 0..300 {
            let profile = profile(seed);
            let places = Places::new(&profile, Identity::new(&Config::default()));
            let columns = Columns {
                values: profile.values(0),
                divisors: None,
            };
            assert!(only_rise(columns));
            let roles: Vec<Role> = (0..places.len() as u64)
                .map(|node| [0, KEPT, KEPT | CALLS_OF][((seed / 3 + node) % 3) as usize])
                .collect();
            for cutoff in [0, 1, 10, 40] {
                let all = edges(&profile, &places, columns, &roles, None);
                let some = edges(&profile, &places, columns, &roles, Some(cutoff));
                assert_eq!(flags(&all, cutoff), flags(&some, cutoff), "{seed} {cutoff}");
            }
        }
    }

    #[test]
    fn sums_that_may_fall_or_overflow_do_not_only_rise() {
        for (values, rise) in [
            (&[0, 3, 5][..], true),
            (&[3, -1], false),
            (&[i64::MAX, 1], false),
        ] {
            let columns = Columns {
                values,
                divisors: None,
            };
            assert_eq!(only_rise(columns), rise);
        }
    }
}
