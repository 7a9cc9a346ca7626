//! Which nodes a report shows, and in which order (`newTrimmedGraph` of the reference).

use super::graph::{Columns, NodeId, NodeTable, NodeValue, node_values};
use crate::config::{Config, Sort};
use caulk_profile::Profile;
use caulk_profile::arithmetic::truncate;

/// The nodes that are left, in order.
pub(super) struct Trimmed {
    pub shown: Vec<NodeId>,
    /// By node id.
    pub values: Vec<NodeValue>,
    /// Nodes that the fraction left, before the count was limited.
    pub before_limit: usize,
    /// Nodes that the fraction took.
    pub dropped: usize,
    /// Below this weight an edge is hidden.
    pub edge_cutoff: i64,
}

impl Trimmed {
    /// By node id, whether it is shown.
    pub fn is_shown(&self) -> Vec<bool> {
        let mut is_shown = vec![false; self.values.len()];
        for &node in &self.shown {
            if let Some(flag) = is_shown.get_mut(node as usize) {
                *flag = true;
            }
        }
        is_shown
    }

    pub fn value(&self, node: NodeId) -> NodeValue {
        self.values.get(node as usize).copied().unwrap_or_default()
    }
}

/// Drops nodes without values, then those below the fraction, then all but the first `limit`
/// (0 for no limit).
pub(super) fn trim(
    profile: &Profile,
    nodes: &NodeTable,
    columns: Columns,
    config: &Config,
    limit: usize,
) -> Trimmed {
    let values = node_values(profile, nodes, columns);
    let value = |node: NodeId| values.get(node as usize).copied().unwrap_or_default();
    let mut shown: Vec<NodeId> = (0..values.len() as NodeId)
        .filter(|&node| {
            let NodeValue { flat, cum, .. } = value(node);
            let is_empty = flat == 0 && cum == 0;
            let is_negative = flat < 0 || (flat == 0 && cum < 0);
            !(is_empty || config.drop_negative && is_negative)
        })
        .collect();

    let total = shown
        .iter()
        .fold(0i64, |sum, &node| sum.wrapping_add(value(node).flat));
    let cutoff = |fraction: f64| truncate(total as f64 * fraction).wrapping_abs();
    let node_cutoff = cutoff(config.nodefraction);
    let before = shown.len();
    if node_cutoff > 0 {
        shown.retain(|&node| value(node).cum.wrapping_abs() >= node_cutoff);
    }
    let dropped = before - shown.len();
    let before_limit = shown.len();

    let by_size = |a: i64, b: i64| b.wrapping_abs().cmp(&a.wrapping_abs());
    shown.sort_by(|&a, &b| {
        let (left, right) = (value(a), value(b));
        let (first, second) = match config.sort {
            Sort::Flat => (by_size(left.flat, right.flat), by_size(left.cum, right.cum)),
            Sort::Cum => (by_size(left.cum, right.cum), by_size(left.flat, right.flat)),
        };
        first
            .then_with(|| nodes.name(a).cmp(nodes.name(b)))
            .then(second)
            .then(a.cmp(&b))
    });
    if limit > 0 && limit < shown.len() {
        shown.truncate(limit);
        // The reference keeps what has a size of 0 or more; the size of the smallest integer is
        // negative.
        shown.retain(|&node| value(node).cum.wrapping_abs() >= 0);
    }
    let edge_cutoff = cutoff(config.edgefraction);
    Trimmed {
        shown,
        values,
        before_limit,
        dropped,
        edge_cutoff,
    }
}
