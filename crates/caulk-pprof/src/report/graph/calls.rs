//! Edges by their callers and by their callees.

use std::ops::Range;

use super::NodeId;
use super::edges::Edge;

/// The edges of a graph.
#[derive(Debug, Default)]
pub(in crate::report) struct Calls {
    /// By caller and then callee.
    edges: Vec<Edge>,
    /// By node, the end of its edges among those that are by caller.
    ends_by_caller: Vec<u32>,
    /// Positions of edges, by callee and then caller.
    by_callee: Vec<u32>,
    /// By node, the end of its edges among those that are by callee.
    ends_by_callee: Vec<u32>,
}

impl Calls {
    /// `edges` are by caller and then callee.
    pub fn new(edges: Vec<Edge>, nodes: usize) -> Calls {
        let mut by_callee: Vec<u32> = (0..edges.len() as u32).collect();
        let callee = |&edge: &u32| edges.get(edge as usize).map(|edge| edge.callee);
        by_callee.sort_by_key(callee);
        let ends_by_caller = ends(edges.iter().map(|edge| edge.caller), nodes);
        let ends_by_callee = ends(edges.iter().map(|edge| edge.callee), nodes);
        Calls {
            edges,
            ends_by_caller,
            by_callee,
            ends_by_callee,
        }
    }

    pub fn iter(&self) -> std::slice::Iter<'_, Edge> {
        self.edges.iter()
    }

    pub fn node_count(&self) -> usize {
        self.ends_by_caller.len()
    }

    /// The edges that a node is the caller of, by callee.
    pub fn by(&self, caller: NodeId) -> &[Edge] {
        self.edges
            .get(range(&self.ends_by_caller, caller))
            .unwrap_or(&[])
    }

    /// The edges that a node is the callee of, by caller.
    pub fn of(&self, callee: NodeId) -> impl Iterator<Item = &Edge> + Clone {
        let positions = self
            .by_callee
            .get(range(&self.ends_by_callee, callee))
            .unwrap_or(&[]);
        positions
            .iter()
            .filter_map(|&at| self.edges.get(at as usize))
    }

    /// Leaves only some edges; the number of those that went.
    pub fn retain(&mut self, keeps: impl FnMut(&Edge) -> bool) -> usize {
        let mut edges = std::mem::take(&mut self.edges);
        let before = edges.len();
        edges.retain(keeps);
        let removed = before - edges.len();
        *self = Calls::new(edges, self.ends_by_caller.len());
        removed
    }
}

fn ends(nodes: impl Iterator<Item = NodeId>, count: usize) -> Vec<u32> {
    let mut ends = vec![0; count];
    for node in nodes {
        if let Some(end) = ends.get_mut(node as usize) {
            *end += 1;
        }
    }
    let mut sum = 0;
    for end in &mut ends {
        sum += *end;
        *end = sum;
    }
    ends
}

fn range(ends: &[u32], node: NodeId) -> Range<usize> {
    let index = node as usize;
    let start = match index.checked_sub(1) {
        Some(before) => ends.get(before).copied().unwrap_or(0),
        None => 0,
    };
    let end = ends.get(index).copied().unwrap_or(start);
    start as usize..end as usize
}
