//! The order of nodes.

use std::cmp::Ordering;

use super::calls::Calls;
use super::edges::Edge;
use super::{NodeId, NodeValue};
use crate::config::Sort;
use caulk_profile::arithmetic::truncate;

/// The largest first, then by name, then by the other value. What the reference leaves to chance is
/// by position.
pub(super) fn sort_by_value<'n>(
    shown: &mut [NodeId],
    values: &[NodeValue],
    sort: Sort,
    name: impl Fn(NodeId) -> &'n [u8],
) {
    let value = |node: NodeId| values.get(node as usize).copied().unwrap_or_default();
    shown.sort_by(|&a, &b| {
        let flat = by_size(value(a).flat, value(b).flat);
        let cum = by_size(value(a).cum, value(b).cum);
        let (first, second) = match sort {
            Sort::Flat => (flat, cum),
            Sort::Cum => (cum, flat),
        };
        first
            .then_with(|| name(a).cmp(name(b)))
            .then(second)
            .then(a.cmp(&b))
    });
}

/// The highest score first, then by name, then by flat value. Scores are by node.
pub(super) fn sort_by_score<'n>(
    shown: &mut [NodeId],
    values: &[NodeValue],
    scores: &[i64],
    name: impl Fn(NodeId) -> &'n [u8],
) {
    let score = |node: NodeId| scores.get(node as usize).copied().unwrap_or(0);
    let flat = |node: NodeId| values.get(node as usize).map_or(0, |value| value.flat);
    shown.sort_by(|&a, &b| {
        by_size(score(a), score(b))
            .then_with(|| name(a).cmp(name(b)))
            .then_with(|| by_size(flat(a), flat(b)))
            .then(a.cmp(&b))
    });
}

fn by_size(a: i64, b: i64) -> Ordering {
    b.wrapping_abs().cmp(&a.wrapping_abs())
}

/// By node, how much there is to see at it: little where all comes from one caller and goes on to one
/// callee (`entropyScore` of the reference).
pub(super) fn entropy_scores(shown: &[NodeId], values: &[NodeValue], calls: &Calls) -> Vec<i64> {
    let mut scores = vec![0; values.len()];
    for &node in shown {
        let Some(value) = values.get(node as usize) else {
            continue;
        };
        let entropy = entropy(calls.of(node), 0) + entropy(calls.by(node).iter(), value.flat);
        if let Some(score) = scores.get_mut(node as usize) {
            *score = truncate(entropy * value.cum as f64).wrapping_add(value.flat);
        }
    }
    scores
}

/// Shannon's entropy of how the weight is spread over calls and the node itself, in bits; 1 without
/// calls. Negative weights count in the parts, but not in the whole.
fn entropy<'e>(edges: impl Iterator<Item = &'e Edge> + Clone, own: i64) -> f64 {
    if edges.clone().next().is_none() {
        return 1.0;
    }
    let total = edges
        .clone()
        .filter(|edge| edge.weight > 0)
        .fold(own, |sum, edge| sum.wrapping_add(edge.weight));
    if total == 0 {
        return 0.0;
    }
    let bits = |weight: i64| {
        let part = weight.wrapping_abs() as f64 / total as f64;
        -part * part.log2()
    };
    let mut sum = 0.0;
    for edge in edges {
        sum += bits(edge.weight);
    }
    if own > 0 {
        sum += bits(own);
    }
    sum
}
