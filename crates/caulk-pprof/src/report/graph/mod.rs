//! The nodes of a report, their values and the calls between them
//! (`internal/graph` of the reference).

mod calls;
mod edges;
mod inlined;
mod order;
mod redundant;
mod tags;
mod tree;
mod trim;
mod values;

use std::cmp::Ordering;

pub(super) use edges::Edge;
pub(super) use tags::{MOST_SHOWN, NodeTags, Tag};
pub(super) use trim::{Trimmed, Wanted, trim, trim_picture, trim_tree};
pub(super) use values::{Columns, NodeValue, PlaceValues, place_values};

use super::places::{Place, PlaceId, Places};
use calls::Calls;
use tags::Tags;
use tree::Tree;

/// Fewer samples than this are not worth a thread.
const LEAST_SAMPLES_IN_A_PART: usize = 1 << 15;

/// A node of a [`Graph`].
pub(super) type NodeId = u32;

/// Nodes and the calls between them. Each place is one node, unless there is a tree.
pub(super) struct Graph<'p> {
    places: &'p Places,
    /// The tree that the nodes are of.
    tree: Option<Tree>,
    /// By node.
    values: Vec<NodeValue>,
    /// The nodes that the report shows, in order. The calls may have others at their ends.
    shown: Vec<NodeId>,
    calls: Calls,
    tags: Tags,
}

impl Graph<'_> {
    /// The nodes that the report shows, in order.
    pub fn shown(&self) -> &[NodeId] {
        &self.shown
    }

    /// What the nodes that the report shows have.
    pub fn shown_values(&self) -> impl Iterator<Item = NodeValue> {
        self.shown.iter().map(|&node| self.value(node))
    }

    /// The sum of the flat values that are shown.
    pub fn shown_total(&self) -> i64 {
        self.shown_values()
            .fold(0, |sum, value| sum.wrapping_add(value.flat_value()))
    }

    /// What a node has; nothing for one that is not there.
    pub fn value(&self, node: NodeId) -> NodeValue {
        self.values.get(node as usize).copied().unwrap_or_default()
    }

    /// The tags of a node, if it has any.
    pub fn tags(&self, node: NodeId) -> Option<&NodeTags> {
        self.tags.of(node)
    }

    fn place_id(&self, node: NodeId) -> PlaceId {
        match &self.tree {
            Some(tree) => tree.place(node),
            None => node,
        }
    }

    /// The place of a node.
    pub fn place(&self, node: NodeId) -> Place {
        self.places.get(self.place_id(node))
    }

    /// In a tree of calls, the node above.
    pub fn parent(&self, node: NodeId) -> Option<NodeId> {
        self.tree.as_ref()?.parent(node)
    }

    /// The name of a node as it is printed.
    pub fn name(&self, node: NodeId) -> &[u8] {
        self.places.name(self.place_id(node))
    }

    /// The calls of a node, as they are printed.
    pub fn calls_of(&self, callee: NodeId) -> Vec<Edge> {
        let mut calls: Vec<Edge> = self.calls.of(callee).copied().collect();
        calls.sort_by(|left, right| self.print_order(left, right));
        calls
    }

    /// The calls by a node, as they are printed.
    pub fn calls_by(&self, caller: NodeId) -> Vec<Edge> {
        let mut calls = self.calls.by(caller).to_vec();
        calls.sort_by(|left, right| self.print_order(left, right));
        calls
    }

    /// Whether a node calls others.
    pub fn has_callees(&self, caller: NodeId) -> bool {
        !self.calls.by(caller).is_empty()
    }

    /// All calls by nodes that are shown, as they are printed.
    pub fn calls_by_shown(&self) -> Vec<Edge> {
        let shown = self.shown.iter();
        let mut calls: Vec<Edge> = shown
            .flat_map(|&node| self.calls.by(node))
            .copied()
            .collect();
        calls.sort_by(|left, right| self.print_order(left, right));
        calls
    }

    /// The heaviest first, then by names. What the reference leaves to chance is by position.
    fn print_order(&self, left: &Edge, right: &Edge) -> Ordering {
        let weight = |edge: &Edge| edge.weight.wrapping_abs();
        weight(right)
            .cmp(&weight(left))
            .then_with(|| self.name(left.caller).cmp(self.name(right.caller)))
            .then_with(|| self.name(left.callee).cmp(self.name(right.callee)))
            .then((left.caller, left.callee).cmp(&(right.caller, right.callee)))
    }

    /// How the calls of a node came to be.
    pub fn inlining(&self, callee: NodeId) -> Inlining {
        let mut has_inline = false;
        let mut has_plain = false;
        for edge in self.calls.of(callee) {
            has_inline |= edge.is_inline;
            has_plain |= !edge.is_inline;
        }
        match (has_inline, has_plain) {
            (false, _) => Inlining::Never,
            (true, true) => Inlining::Partly,
            (true, false) => Inlining::Always,
        }
    }
}

/// How the calls of a node came to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Inlining {
    Never,
    Partly,
    Always,
}
