//! Which nodes a report shows, and in which order (`newTrimmedGraph` of the reference).

use super::calls::Calls;
use super::edges::{CALLS_BY, CALLS_OF, KEPT, Role, edges};
use super::{Graph, NodeId, NodeValue, place_values};
use crate::config::Sort;
use crate::report::Subject;
use crate::report::places::Places;
use caulk_profile::arithmetic::truncate;

/// Which calls a report shows. The others are not looked for: that is what takes the time.
pub(in crate::report) enum Wanted<'r> {
    /// Those of nodes that may have been inlined.
    OfInlined,
    /// All calls.
    All,
    /// Those of and by the nodes with such a name.
    Around(&'r dyn Fn(&[u8]) -> bool),
}

/// What is left of a graph.
pub(in crate::report) struct Trimmed<'p> {
    pub graph: Graph<'p>,
    /// Nodes that the fraction left, before the count was limited.
    pub before_limit: usize,
    /// Nodes that the fraction took.
    pub dropped_nodes: usize,
}

/// Drops nodes without values, then those below the fraction, then all but the first of a limit,
/// and calls below a fraction.
///
/// Where nothing is dropped, the reference does not build its graph again: calls from and to nodes
/// without values stay.
pub(in crate::report) fn trim<'p>(
    subject: &Subject,
    places: &'p Places,
    wanted: Wanted,
) -> Trimmed<'p> {
    let Subject {
        profile, config, ..
    } = *subject;
    let columns = subject.columns();
    let values = place_values(profile, places, columns);
    let value = |node: NodeId| values.get(node as usize).copied().unwrap_or_default();
    let mut shown: Vec<NodeId> = (0..values.len() as NodeId)
        .filter(|&node| is_shown(value(node), config.drop_negative))
        .collect();
    let total = shown
        .iter()
        .fold(0i64, |sum, &node| sum.wrapping_add(value(node).flat));
    let cutoff = |fraction: f64| truncate(total as f64 * fraction).wrapping_abs();
    let (node_cutoff, edge_cutoff) = (cutoff(config.nodefraction), cutoff(config.edgefraction));

    let before = shown.len();
    if node_cutoff > 0 {
        shown.retain(|&node| value(node).cum.wrapping_abs() >= node_cutoff);
    }
    let before_limit = shown.len();
    let dropped_nodes = before - before_limit;
    let mut is_all = dropped_nodes == 0;

    let size = |node: NodeId, sort: Sort| match sort {
        Sort::Flat => value(node).flat.wrapping_abs(),
        Sort::Cum => value(node).cum.wrapping_abs(),
    };
    let (first, second) = match config.sort {
        Sort::Flat => (Sort::Flat, Sort::Cum),
        Sort::Cum => (Sort::Cum, Sort::Flat),
    };
    shown.sort_by(|&a, &b| {
        size(b, first)
            .cmp(&size(a, first))
            .then_with(|| places.name(a).cmp(places.name(b)))
            .then_with(|| size(b, second).cmp(&size(a, second)))
            .then(a.cmp(&b))
    });
    let limit = subject.limit();
    if limit > 0 {
        shown.truncate(limit);
        // The reference keeps what has a size of 0 or more; the size of the smallest integer is
        // negative. When it then builds nothing again, even that stays.
        let kept = |&node: &NodeId| value(node).cum.wrapping_abs() >= 0;
        if shown.iter().filter(|node| kept(node)).count() != before_limit {
            shown.retain(kept);
            is_all = false;
        }
    }

    let mut roles: Vec<Role> = vec![if is_all { KEPT } else { 0 }; values.len()];
    let mut is_in_report = vec![false; values.len()];
    for &node in &shown {
        let asks = match wanted {
            Wanted::OfInlined if places.is_ever_inlined(node) => CALLS_OF,
            Wanted::OfInlined => 0,
            Wanted::All => CALLS_OF | CALLS_BY,
            Wanted::Around(is_wanted) if is_wanted(places.name(node)) => CALLS_OF | CALLS_BY,
            Wanted::Around(_) => 0,
        };
        if let Some(role) = roles.get_mut(node as usize) {
            *role = KEPT | asks;
        }
        if let Some(flag) = is_in_report.get_mut(node as usize) {
            *flag = true;
        }
    }
    let mut calls = Calls::new(edges(profile, places, columns, &roles), values.len());
    calls.retain(|edge| {
        let is_light = edge.weight.wrapping_abs() < edge_cutoff;
        !(is_light && is_in_report.get(edge.callee as usize) == Some(&true))
    });
    let graph = Graph {
        places,
        values,
        shown,
        calls,
    };
    Trimmed {
        graph,
        before_limit,
        dropped_nodes,
    }
}

fn is_shown(value: NodeValue, drops_negative: bool) -> bool {
    let NodeValue { flat, cum, .. } = value;
    let is_empty = flat == 0 && cum == 0;
    let is_negative = flat < 0 || (flat == 0 && cum < 0);
    !(is_empty || drops_negative && is_negative)
}
