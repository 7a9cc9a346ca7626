//! Calls over hidden nodes that only say what other calls say.

use std::collections::VecDeque;

use rustc_hash::FxHashSet;

use super::{Edge, Graph, NodeId};

/// Removes calls over hidden nodes whose callee is reached from the caller on another way, too: of
/// each node's from the lightest, as far as none is heavier than a plain call.
pub(super) fn remove_redundant(graph: &mut Graph) {
    let mut removed = FxHashSet::default();
    for &node in graph.shown.iter().rev() {
        for edge in graph.calls_of(node).iter().rev() {
            if !edge.is_residual {
                break;
            }
            if is_redundant(graph, edge, &removed) {
                removed.insert((edge.caller, edge.callee));
            }
        }
    }
    if !removed.is_empty() {
        graph
            .calls
            .retain(|edge| !removed.contains(&(edge.caller, edge.callee)));
    }
}

/// Whether the caller reaches the callee without this call and without those that were removed.
fn is_redundant(graph: &Graph, edge: &Edge, removed: &FxHashSet<(NodeId, NodeId)>) -> bool {
    let mut seen = FxHashSet::from_iter([edge.callee]);
    let mut queue = VecDeque::from([edge.callee]);
    while let Some(node) = queue.pop_front() {
        for call in graph.calls.of(node) {
            let ends = (call.caller, call.callee);
            if ends == (edge.caller, edge.callee)
                || removed.contains(&ends)
                || seen.contains(&call.caller)
            {
                continue;
            }
            if call.caller == edge.caller {
                return true;
            }
            seen.insert(call.caller);
            queue.push_back(call.caller);
        }
    }
    false
}
