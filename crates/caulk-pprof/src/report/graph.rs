//! The nodes of a report, their values and the calls between them
//! (`internal/graph` of the reference).

use std::ops::Range;

use rustc_hash::FxHashMap;

use super::paths::base_name;
use caulk_profile::parallel::in_parts;
use caulk_profile::{LocationIndex, Profile, StringId};

/// Fewer samples than this are not worth a thread.
const LEAST_SAMPLES_IN_A_PART: usize = 1 << 15;

/// A node of a [`NodeTable`].
pub(super) type NodeId = u32;

/// What makes two frames the same node: the function's name, or where there is none the mapped
/// file and the function's start line.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum NodeKey<'n> {
    Named(&'n [u8]),
    Unnamed {
        object_file: StringId,
        start_line: i64,
    },
}

/// The distinct nodes of a profile, and those of each location.
pub(super) struct NodeTable {
    names: Vec<Vec<u8>>,
    /// Nodes of all locations, innermost inlined callee first.
    location_nodes: Vec<NodeId>,
    location_ends: Vec<u32>,
    /// Whether a call of this node was inlined anywhere.
    is_ever_inlined: Vec<bool>,
}

impl NodeTable {
    /// The nodes by function.
    pub fn by_function(profile: &Profile, with_inlines: bool) -> Self {
        let names: Vec<&[u8]> = profile
            .functions()
            .iter()
            .map(|function| profile.strings().bytes(function.name))
            .collect();
        let mut table = NodeTable {
            names: Vec::new(),
            location_nodes: Vec::with_capacity(profile.locations().len()),
            location_ends: Vec::with_capacity(profile.locations().len()),
            is_ever_inlined: Vec::new(),
        };
        let mut ids: FxHashMap<NodeKey, NodeId> = FxHashMap::default();
        for (index, location) in profile.locations().iter().enumerate() {
            let mapping = location
                .mapping
                .and_then(|at| profile.mappings().get(at.index()));
            let object_file = mapping.map_or(StringId(0), |mapping| mapping.file);
            let lines = profile.lines(LocationIndex(index as u32));
            let shown = match lines.last() {
                Some(outermost) if !with_inlines => std::slice::from_ref(outermost),
                _ => lines,
            };
            if shown.is_empty() {
                let key = NodeKey::Unnamed {
                    object_file,
                    start_line: 0,
                };
                let node = table.node(profile, &mut ids, key);
                table.location_nodes.push(node);
            }
            for (depth, line) in shown.iter().enumerate() {
                let key = match names.get(line.function.index()) {
                    Some(name) if !name.is_empty() => NodeKey::Named(name),
                    _ => {
                        let start_line = profile.function(line.function).start_line;
                        NodeKey::Unnamed {
                            object_file,
                            start_line,
                        }
                    }
                };
                let node = table.node(profile, &mut ids, key);
                table.location_nodes.push(node);
                if depth + 1 < shown.len()
                    && let Some(flag) = table.is_ever_inlined.get_mut(node as usize)
                {
                    *flag = true;
                }
            }
            table.location_ends.push(table.location_nodes.len() as u32);
        }
        table
    }

    fn node<'n>(
        &mut self,
        profile: &Profile,
        ids: &mut FxHashMap<NodeKey<'n>, NodeId>,
        key: NodeKey<'n>,
    ) -> NodeId {
        *ids.entry(key).or_insert_with_key(|key| {
            self.names.push(printable_name(profile, key));
            self.is_ever_inlined.push(false);
            self.names.len() as NodeId - 1
        })
    }

    /// The name of a node as it is printed.
    pub fn name(&self, node: NodeId) -> &[u8] {
        self.names.get(node as usize).map_or(&[], Vec::as_slice)
    }

    fn len(&self) -> usize {
        self.names.len()
    }

    #[inline]
    fn of_location(&self, location: LocationIndex) -> &[NodeId] {
        let index = location.index();
        let start = match index.checked_sub(1) {
            Some(before) => self.location_ends.get(before).copied().unwrap_or(0),
            None => 0,
        };
        let end = self.location_ends.get(index).copied().unwrap_or(start);
        self.location_nodes
            .get(start as usize..end as usize)
            .unwrap_or(&[])
    }
}

fn printable_name(profile: &Profile, key: &NodeKey) -> Vec<u8> {
    match *key {
        NodeKey::Named(name) => name.to_vec(),
        NodeKey::Unnamed { object_file, .. } => match profile.strings().bytes(object_file) {
            [] => b"<unknown>".to_vec(),
            file => [b"[", base_name(file), b"]"].concat(),
        },
    }
}

/// The column that a report shows, and the one that it is divided by for means.
#[derive(Debug, Clone, Copy)]
pub(super) struct Columns<'p> {
    pub values: &'p [i64],
    pub divisors: Option<&'p [i64]>,
}

impl Columns<'_> {
    #[inline]
    fn of(&self, sample: usize) -> (i64, i64) {
        let at = |column: &[i64]| column.get(sample).copied().unwrap_or(0);
        (at(self.values), self.divisors.map_or(0, at))
    }
}

/// What a node has in all samples. Sums wrap, as the reference's do.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct NodeValue {
    pub flat: i64,
    pub flat_divisor: i64,
    pub cum: i64,
    pub cum_divisor: i64,
    /// The last sample that was added, plus one.
    seen_in: u32,
}

impl NodeValue {
    /// The flat value as it is printed.
    pub fn flat_value(&self) -> i64 {
        mean(self.flat, self.flat_divisor)
    }

    /// The cumulative value as it is printed.
    pub fn cum_value(&self) -> i64 {
        mean(self.cum, self.cum_divisor)
    }
}

fn mean(sum: i64, divisor: i64) -> i64 {
    if divisor == 0 {
        sum
    } else {
        sum.wrapping_div(divisor)
    }
}

/// The values of all nodes, in the order of their ids. A node that is on a stack several times
/// counts once; the leaf has the flat value.
///
/// Hiding nodes does not change the values of the others, so this holds for any set of kept nodes.
pub(super) fn node_values(
    profile: &Profile,
    nodes: &NodeTable,
    columns: Columns,
) -> Vec<NodeValue> {
    let parts = in_parts(profile.sample_count(), LEAST_SAMPLES_IN_A_PART, |samples| {
        node_values_of(profile, nodes, columns, samples)
    });
    let mut parts = parts.into_iter();
    let mut totals = parts.next().unwrap_or_default();
    for part in parts {
        for (total, value) in totals.iter_mut().zip(part) {
            total.flat = total.flat.wrapping_add(value.flat);
            total.flat_divisor = total.flat_divisor.wrapping_add(value.flat_divisor);
            total.cum = total.cum.wrapping_add(value.cum);
            total.cum_divisor = total.cum_divisor.wrapping_add(value.cum_divisor);
        }
    }
    totals
}

fn node_values_of(
    profile: &Profile,
    nodes: &NodeTable,
    columns: Columns,
    samples: Range<usize>,
) -> Vec<NodeValue> {
    let mut totals = vec![NodeValue::default(); nodes.len()];
    for sample in samples {
        let (value, divisor) = columns.of(sample);
        if value == 0 && divisor == 0 {
            continue;
        }
        let stamp = sample as u32 + 1;
        let stack = profile.stack(sample);
        for &location in stack {
            for &node in nodes.of_location(location) {
                if let Some(total) = totals.get_mut(node as usize)
                    && total.seen_in != stamp
                {
                    total.seen_in = stamp;
                    total.cum = total.cum.wrapping_add(value);
                    total.cum_divisor = total.cum_divisor.wrapping_add(divisor);
                }
            }
        }
        let leaf = stack
            .first()
            .and_then(|&location| nodes.of_location(location).first());
        if let Some(total) = leaf.and_then(|&leaf| totals.get_mut(leaf as usize)) {
            total.flat = total.flat.wrapping_add(value);
            total.flat_divisor = total.flat_divisor.wrapping_add(divisor);
        }
    }
    totals
}

/// How the calls of a node came to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Inlining {
    Never,
    Partly,
    Always,
}

/// What becomes of a node's calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    /// The node is hidden: its callees are called by its caller.
    Hidden,
    /// Its calls cannot have been inlined.
    Shown,
    /// Its calls are looked at.
    Asked,
}

/// For each node whether the calls of it were inlined, of those whose weight is not below the
/// cutoff. Calls go from kept node to kept node.
pub(super) fn inlining(
    profile: &Profile,
    nodes: &NodeTable,
    columns: Columns,
    is_kept: &[bool],
    edge_cutoff: i64,
) -> Vec<Inlining> {
    let role = |(&is_kept, &is_ever_inlined): (&bool, &bool)| match (is_kept, is_ever_inlined) {
        (false, _) => Role::Hidden,
        (true, false) => Role::Shown,
        (true, true) => Role::Asked,
    };
    let roles: Vec<Role> = is_kept
        .iter()
        .zip(&nodes.is_ever_inlined)
        .map(role)
        .collect();
    let mut edges = Edges::new(nodes.len());
    if roles.contains(&Role::Asked) {
        let parts = in_parts(profile.sample_count(), LEAST_SAMPLES_IN_A_PART, |samples| {
            let mut edges = Edges::new(nodes.len());
            edges.add(profile, nodes, columns, &roles, samples);
            edges
        });
        parts.into_iter().for_each(|part| edges.merge(part));
    }
    let mut has_call = vec![(false, false); nodes.len()];
    for edge in &edges.edges {
        if edge.weight.wrapping_abs() < edge_cutoff {
            continue;
        }
        if let Some((inline, plain)) = has_call.get_mut(edge.callee as usize) {
            *inline |= edge.is_inline;
            *plain |= !edge.is_inline;
        }
    }
    has_call
        .into_iter()
        .map(|has_call| match has_call {
            (false, _) => Inlining::Never,
            (true, true) => Inlining::Partly,
            (true, false) => Inlining::Always,
        })
        .collect()
}

/// Calls from one kept node to another, those in between left out.
#[derive(Debug, Clone, Copy)]
struct Edge {
    caller: NodeId,
    callee: NodeId,
    weight: i64,
    /// Whether all calls were inlined.
    is_inline: bool,
    /// The last sample that was added, plus one.
    seen_in: u32,
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
        nodes: &NodeTable,
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
            for &location in profile.stack(sample).iter().rev() {
                for (depth, &node) in nodes.of_location(location).iter().rev().enumerate() {
                    let role = roles.get(node as usize).copied().unwrap_or(Role::Hidden);
                    if role == Role::Hidden {
                        continue;
                    }
                    if role == Role::Asked
                        && let Some(caller) = caller
                        && caller != node
                    {
                        self.add_call(caller, node, value, depth > 0, stamp);
                    }
                    caller = Some(node);
                }
            }
        }
    }

    #[inline]
    fn add_call(
        &mut self,
        caller: NodeId,
        callee: NodeId,
        value: i64,
        is_inline: bool,
        stamp: u32,
    ) {
        let edge = self.edge(caller, callee);
        if edge.seen_in != stamp {
            edge.seen_in = stamp;
            edge.weight = edge.weight.wrapping_add(value);
            edge.is_inline &= is_inline;
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
            edge.is_inline &= part.is_inline;
        }
    }
}
