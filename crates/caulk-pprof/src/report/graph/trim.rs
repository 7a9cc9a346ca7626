//! Which nodes a report shows, and in which order (`newTrimmedGraph` of the reference).

use super::calls::Calls;
use super::edges::{CALLS_BY, CALLS_OF, KEPT, Role, edges};
use super::inlined::{Enough, inlined_calls, only_rise};
use super::order::{entropy_scores, sort_by_score, sort_by_value};
use super::redundant::remove_redundant;
use super::tags::{Tags, tags_of_places, tags_of_tree};
use super::tree::Tree;
use super::{Graph, NodeId, NodeValue, PlaceValues, place_values};
use crate::error::ReportError;
use crate::report::Subject;
use crate::report::places::Places;
use caulk_profile::arithmetic::truncate;

/// Which calls a report shows. The others are not looked for: that is what takes the time.
#[derive(Clone, Copy)]
pub(in crate::report) enum Wanted<'r> {
    /// None.
    None,
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
    /// Calls that the fraction took when the graph was complete.
    pub dropped_edges: usize,
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
    let PlaceValues {
        of_places: values,
        inlined,
    } = place_values(subject.profile, places, subject.columns());
    let mut cut = Cut::new(subject, &values);
    let mut shown = cut.shown(&values);
    let dropped_nodes = cut.drop_light_nodes(&mut shown, &values);
    let before_limit = shown.len();
    sort_by_value(&mut shown, &values, subject.config.sort, |node| {
        places.name(node)
    });
    cut.limit(&mut shown, &values, subject.limit());
    let known = Known {
        values: &values,
        inlined: &inlined,
    };
    let mut calls = calls_of_places(subject, places, known, &cut, &shown, wanted);
    let dropped_edges = cut.drop_light_edges(&mut calls, &shown);
    Trimmed {
        graph: Graph {
            places,
            tree: None,
            values,
            shown,
            calls,
            tags: Tags::default(),
        },
        before_limit,
        dropped_nodes,
        dropped_edges,
    }
}

/// As [`trim`], for a picture: nodes are ordered by how much there is to see at them, have tags,
/// and calls that only say what others say go.
pub(in crate::report) fn trim_picture<'p>(subject: &Subject, places: &'p Places) -> Trimmed<'p> {
    let values = place_values(subject.profile, places, subject.columns()).of_places;
    let mut cut = Cut::new(subject, &values);
    let mut shown = cut.shown(&values);
    let dropped_nodes = cut.drop_light_nodes(&mut shown, &values);
    let before_limit = shown.len();
    let mut tags = tags_of_places(subject, places, &shown);
    tags.drop_light(cut.node_cutoff);

    let name = |node: NodeId| places.name(node);
    let sort = |shown: &mut Vec<NodeId>, calls: &Calls| {
        let scores = entropy_scores(shown, &values, calls);
        sort_by_score(shown, &values, &scores, name);
    };
    let known = Known {
        values: &values,
        inlined: &[],
    };
    let mut calls = calls_of_places(subject, places, known, &cut, &shown, Wanted::All);
    sort(&mut shown, &calls);
    let mut dropped_edges = None;
    if subject.limit() > 0 {
        let limit = tags.limit(&shown, subject.limit());
        if cut.limit(&mut shown, &values, limit) {
            calls = calls_of_places(subject, places, known, &cut, &shown, Wanted::All);
            sort(&mut shown, &calls);
        } else {
            // They are dropped before they are counted.
            cut.drop_light_edges(&mut calls, &shown);
            dropped_edges = Some(0);
        }
    }
    let dropped_now = cut.drop_light_edges(&mut calls, &shown);
    let mut graph = Graph {
        places,
        tree: None,
        values,
        shown,
        calls,
        tags,
    };
    remove_redundant(&mut graph);
    Trimmed {
        graph,
        before_limit,
        dropped_nodes,
        dropped_edges: dropped_edges.unwrap_or(dropped_now),
    }
}

/// As [`trim`] or [`trim_picture`], with a node for each way of calls to a place.
pub(in crate::report) fn trim_tree<'p>(
    subject: &Subject,
    places: &'p Places,
    is_picture: bool,
) -> Result<Trimmed<'p>, ReportError> {
    let mut tree = Tree::new(subject, places)?;
    let values = std::mem::take(&mut tree.values);
    let mut cut = Cut::new(subject, &values);
    let mut shown = cut.shown(&values);
    let mut before = shown.clone();
    let dropped_nodes = cut.drop_light_nodes(&mut shown, &values);
    let before_limit = shown.len();
    if dropped_nodes > 0 {
        tree.keep(&before, &shown);
    }
    let mut tags = Tags::default();
    if is_picture {
        tags = tags_of_tree(subject, places, &tree, &shown);
        tags.drop_light(cut.node_cutoff);
    }
    let sort = |shown: &mut Vec<NodeId>, tree: &Tree| {
        let name = |node: NodeId| places.name(tree.place(node));
        if is_picture {
            let scores = entropy_scores(shown, &values, &tree.calls(&values));
            sort_by_score(shown, &values, &scores, name);
        } else {
            sort_by_value(shown, &values, subject.config.sort, name);
        }
    };
    sort(&mut shown, &tree);
    if subject.limit() > 0 {
        tree.cut_light_edges(&shown, &values, cut.edge_cutoff);
        let limit = if is_picture {
            tags.limit(&shown, subject.limit())
        } else {
            subject.limit()
        };
        before.clone_from(&shown);
        if cut.limit(&mut shown, &values, limit) {
            tree.keep(&before, &shown);
            sort(&mut shown, &tree);
        }
    }
    let mut calls = tree.calls(&values);
    let dropped_edges = cut.drop_light_edges(&mut calls, &shown);
    Ok(Trimmed {
        graph: Graph {
            places,
            tree: Some(tree),
            values,
            shown,
            calls,
            tags,
        },
        before_limit,
        dropped_nodes,
        dropped_edges,
    })
}

/// What is cut off a graph.
struct Cut {
    drops_negative: bool,
    /// Nodes below this are dropped.
    node_cutoff: i64,
    /// Calls below this are dropped.
    edge_cutoff: i64,
    /// Whether no node has been dropped, but those without values.
    is_all: bool,
}

impl Cut {
    fn new(subject: &Subject, values: &[NodeValue]) -> Cut {
        let config = subject.config;
        let drops_negative = config.drop_negative;
        let total = values
            .iter()
            .filter(|value| is_shown(value, drops_negative))
            .fold(0i64, |sum, value| sum.wrapping_add(value.flat));
        let cutoff = |fraction: f64| truncate(total as f64 * fraction).wrapping_abs();
        Cut {
            drops_negative,
            node_cutoff: cutoff(config.nodefraction),
            edge_cutoff: cutoff(config.edgefraction),
            is_all: true,
        }
    }

    /// The nodes that have values.
    fn shown(&self, values: &[NodeValue]) -> Vec<NodeId> {
        let nodes = 0..values.len() as NodeId;
        nodes
            .zip(values)
            .filter(|(_, value)| is_shown(value, self.drops_negative))
            .map(|(node, _)| node)
            .collect()
    }

    /// Drops the nodes below the fraction, and says how many there were.
    fn drop_light_nodes(&mut self, shown: &mut Vec<NodeId>, values: &[NodeValue]) -> usize {
        let before = shown.len();
        if self.node_cutoff > 0 {
            shown.retain(|&node| cum_size(values, node) >= self.node_cutoff);
        }
        let dropped = before - shown.len();
        self.is_all &= dropped == 0;
        dropped
    }

    /// Leaves the first nodes, 0 for all, and says whether any were dropped.
    fn limit(&mut self, shown: &mut Vec<NodeId>, values: &[NodeValue], limit: usize) -> bool {
        if limit == 0 {
            return false;
        }
        let before = shown.len();
        shown.truncate(limit);
        // The reference keeps what has a size of 0 or more; the size of the smallest integer is
        // negative.
        shown.retain(|&node| cum_size(values, node) >= 0);
        let has_dropped = shown.len() != before;
        self.is_all &= !has_dropped;
        has_dropped
    }

    /// Drops the calls below the fraction, of nodes that are shown, and says how many there were.
    fn drop_light_edges(&self, calls: &mut Calls, shown: &[NodeId]) -> usize {
        let is_light = |weight: i64| weight.wrapping_abs() < self.edge_cutoff;
        if !calls.iter().any(|edge| is_light(edge.weight)) {
            return 0;
        }
        let is_callee = membership(calls.node_count(), shown);
        calls.retain(|edge| {
            let is_of_shown = is_callee.get(edge.callee as usize) == Some(&true);
            !(is_of_shown && is_light(edge.weight))
        })
    }
}

fn is_shown(value: &NodeValue, drops_negative: bool) -> bool {
    let &NodeValue { flat, cum, .. } = value;
    let is_empty = flat == 0 && cum == 0;
    let is_negative = flat < 0 || (flat == 0 && cum < 0);
    !(is_empty || drops_negative && is_negative)
}

fn cum_size(values: &[NodeValue], node: NodeId) -> i64 {
    values
        .get(node as usize)
        .map_or(0, |value| value.cum.wrapping_abs())
}

/// By node, whether it is one of some.
pub(super) fn membership(count: usize, nodes: &[NodeId]) -> Vec<bool> {
    let mut is_member = vec![false; count];
    for &node in nodes {
        if let Some(flag) = is_member.get_mut(node as usize) {
            *flag = true;
        }
    }
    is_member
}

/// What is known of places before their calls are.
#[derive(Clone, Copy)]
struct Known<'v> {
    values: &'v [NodeValue],
    /// By location, at least what its inlined calls have.
    inlined: &'v [i64],
}

/// The calls between the places that are shown; where no place was dropped, between all.
fn calls_of_places(
    subject: &Subject,
    places: &Places,
    known: Known,
    cut: &Cut,
    shown: &[NodeId],
    wanted: Wanted,
) -> Calls {
    let columns = subject.columns();
    // Where sums cannot fall, a call that is always inlined is too light if all inlined ones are.
    let enough = match wanted {
        Wanted::OfInlined if only_rise(columns) => Some(Enough {
            weight: cut.edge_cutoff,
            inlined: known.inlined,
        }),
        _ => None,
    };
    let may_be_inlined = |node: NodeId| {
        let inlined = known.values.get(node as usize);
        let inlined = inlined.map_or(0, |value| value.inlined);
        places.is_ever_inlined(node) && enough.is_none_or(|enough| inlined >= enough.weight)
    };
    let mut roles: Vec<Role> = vec![if cut.is_all { KEPT } else { 0 }; places.len()];
    for &node in shown {
        let asks = match wanted {
            Wanted::OfInlined if may_be_inlined(node) => CALLS_OF,
            Wanted::None | Wanted::OfInlined => 0,
            Wanted::All => CALLS_OF | CALLS_BY,
            Wanted::Around(is_wanted) if is_wanted(places.name(node)) => CALLS_OF | CALLS_BY,
            Wanted::Around(_) => 0,
        };
        if let Some(role) = roles.get_mut(node as usize) {
            *role = KEPT | asks;
        }
    }
    let edges = match wanted {
        Wanted::OfInlined => inlined_calls(subject.profile, places, columns, &roles, enough),
        _ => edges(subject.profile, places, columns, &roles),
    };
    Calls::new(edges, places.len())
}
