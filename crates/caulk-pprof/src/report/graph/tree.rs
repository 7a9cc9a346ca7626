//! The tree of calls: a node for each way of calls to a place (`newTree` of the reference).

use rustc_hash::FxHashMap;

use super::calls::Calls;
use super::edges::Edge;
use super::trim::membership;
use super::{NodeId, NodeValue};
use crate::error::ReportError;
use crate::report::Subject;
use crate::report::places::{PlaceId, Places};
use caulk_profile::Profile;

/// More nodes than this would not fit into memory.
const MOST_NODES: usize = 1 << 25;

/// Calling paths. Nodes come after the one that they are called by.
pub(in crate::report) struct Tree {
    places: Vec<PlaceId>,
    /// Where the node is in the whole tree.
    parents: Vec<Option<NodeId>>,
    /// What calls it, of the nodes that are left.
    callers: Vec<Option<NodeId>>,
    /// Whether all calls of the node were inlined.
    is_inline: Vec<bool>,
    /// Whether nodes between it and its caller are gone.
    is_residual: Vec<bool>,
    is_removed: Vec<bool>,
    /// By parent and place.
    children: FxHashMap<(Option<NodeId>, PlaceId), NodeId>,
    pub(super) values: Vec<NodeValue>,
}

impl Tree {
    pub fn new(subject: &Subject, places: &Places) -> Result<Tree, ReportError> {
        let columns = subject.columns();
        let mut tree = Tree {
            places: Vec::new(),
            parents: Vec::new(),
            callers: Vec::new(),
            is_inline: Vec::new(),
            is_residual: Vec::new(),
            is_removed: Vec::new(),
            children: FxHashMap::default(),
            values: Vec::new(),
        };
        for sample in 0..subject.profile.sample_count() {
            let (value, divisor) = columns.of(sample);
            if value == 0 && divisor == 0 {
                continue;
            }
            let mut parent = None;
            for location in subject.profile.stack(sample).iter().rev() {
                for (depth, &place) in places.of_location(location).iter().rev().enumerate() {
                    let node = tree.child(parent, place);
                    let index = node as usize;
                    if index >= MOST_NODES {
                        return Err(ReportError::LargeTree);
                    }
                    if let Some(total) = tree.values.get_mut(index) {
                        total.add_cum(value, divisor);
                    }
                    if let Some(is_inline) = tree.is_inline.get_mut(index) {
                        *is_inline &= depth > 0;
                    }
                    parent = Some(node);
                }
            }
            if let Some(total) = parent.and_then(|leaf| tree.values.get_mut(leaf as usize)) {
                total.add_flat(value, divisor);
            }
        }
        tree.is_removed = vec![false; tree.places.len()];
        tree.is_residual = vec![false; tree.places.len()];
        tree.callers = tree.parents.clone();
        Ok(tree)
    }

    fn child(&mut self, parent: Option<NodeId>, place: PlaceId) -> NodeId {
        *self.children.entry((parent, place)).or_insert_with(|| {
            self.places.push(place);
            self.parents.push(parent);
            self.is_inline.push(true);
            self.values.push(NodeValue::default());
            self.places.len() as NodeId - 1
        })
    }

    /// The nodes of a sample, from the root.
    pub fn path(&self, profile: &Profile, places: &Places, sample: usize) -> Vec<NodeId> {
        let mut path = Vec::new();
        let mut parent = None;
        for location in profile.stack(sample).iter().rev() {
            for &place in places.of_location(location).iter().rev() {
                let Some(&node) = self.children.get(&(parent, place)) else {
                    return path;
                };
                path.push(node);
                parent = Some(node);
            }
        }
        path
    }

    pub fn len(&self) -> usize {
        self.places.len()
    }

    pub fn place(&self, node: NodeId) -> PlaceId {
        self.places.get(node as usize).copied().unwrap_or(0)
    }

    /// What the node is called by in the whole tree.
    pub fn parent(&self, node: NodeId) -> Option<NodeId> {
        self.parents.get(node as usize).copied().flatten()
    }

    /// Removes those of some nodes that are not kept: what they called is called by their callers,
    /// if they have one.
    pub fn keep(&mut self, of: &[NodeId], kept: &[NodeId]) {
        let is_kept = membership(self.places.len(), kept);
        for &node in of {
            let index = node as usize;
            if is_kept.get(index) == Some(&false)
                && let Some(flag) = self.is_removed.get_mut(index)
            {
                *flag = true;
            }
        }
        for index in 0..self.callers.len() {
            let Some(caller) = self.callers.get(index).copied().flatten() else {
                continue;
            };
            let caller = caller as usize;
            if self.is_removed.get(caller) != Some(&true) {
                continue;
            }
            // It comes before: its own caller is one that is left.
            self.callers[index] = self.callers[caller];
            self.is_residual[index] = true;
            self.is_inline[index] &= self.is_inline[caller];
        }
    }

    /// Takes the callers of those nodes whose calls weigh little.
    pub fn cut_light_edges(&mut self, shown: &[NodeId], values: &[NodeValue], cutoff: i64) {
        for &node in shown {
            let index = node as usize;
            let is_light = values
                .get(index)
                .is_some_and(|value| value.cum.wrapping_abs() < cutoff);
            if let Some(caller) = self.callers.get_mut(index)
                && is_light
            {
                *caller = None;
            }
        }
    }

    /// The calls between the nodes that are left. All that a node has comes by its one call.
    pub fn calls(&self, values: &[NodeValue]) -> Calls {
        let mut edges = Vec::new();
        for (index, value) in values.iter().enumerate() {
            if self.is_removed.get(index) == Some(&true) {
                continue;
            }
            if let Some(caller) = self.callers.get(index).copied().flatten() {
                edges.push(Edge {
                    caller,
                    callee: index as NodeId,
                    weight: value.cum,
                    divisor: value.cum_divisor,
                    is_residual: self.is_residual.get(index) == Some(&true),
                    is_inline: self.is_inline.get(index) == Some(&true),
                    seen_in: 0,
                });
            }
        }
        edges.sort_unstable_by_key(|edge| (edge.caller, edge.callee));
        Calls::new(edges, values.len())
    }
}
