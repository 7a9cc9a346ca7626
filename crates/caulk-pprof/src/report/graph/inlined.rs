//! Whether calls were inlined, where nothing else is asked about them.
//!
//! Of most frames nothing is asked: they cost no more than a look at a small table. Of most others
//! nothing new is learnt once their calls are known to be heavy.

use rustc_hash::FxHashMap;

use super::NodeId;
use super::edges::{CALLS_OF, Counted, Edge, Edges, KEPT, Role};
use super::values::Columns;
use crate::report::places::Places;
use caulk_profile::{LocationIndex, Profile, Stack};

/// The calls of nodes that want them ([`CALLS_OF`]), by caller and then callee, with whether all of
/// them were inlined.
///
/// With `enough`, nothing is asked but which callees have a call that weighs as much, of those that
/// were inlined and of those that were not: weights may be too small otherwise. Only where no weight
/// can fall ([`only_rise`]).
pub(super) fn inlined_calls(
    profile: &Profile,
    places: &Places,
    columns: Columns,
    roles: &[Role],
    enough: Option<Enough>,
) -> Vec<Edge> {
    let frames = Frames::new(profile, places, roles, enough);
    if !frames.is_asked.contains(&true) {
        return Vec::new();
    }
    // In one thread: each of several would have to learn by itself which calls are heavy.
    Edges::joined(vec![frames.calls(columns)])
}

/// What a call must weigh to be asked about, and what may.
#[derive(Debug, Clone, Copy)]
pub(super) struct Enough<'v> {
    pub weight: i64,
    /// By location, at least what its inlined calls weigh.
    pub inlined: &'v [i64],
}

impl Enough<'_> {
    fn inlined_at(&self, location: usize) -> i64 {
        self.inlined.get(location).copied().unwrap_or(0)
    }
}

/// Whether sums of values never fall as more are added.
pub(super) fn only_rise(columns: Columns) -> bool {
    let add = |sum: i64, &value: &i64| sum.checked_add(value).filter(|_| value >= 0);
    columns.values.iter().try_fold(0, add).is_some()
}

/// Instead of a node: there is none that is kept.
const NO_NODE: NodeId = NodeId::MAX;
/// Instead of a caller: none of them.
const NO_CALLER: NodeId = NO_NODE - 1;
/// Instead of a caller: any of them.
const ANY_CALLER: NodeId = NO_NODE - 2;

/// The locations of stacks, as what calls and is called.
struct Frames<'g> {
    profile: &'g Profile,
    places: &'g Places,
    roles: &'g [Role],
    enough: Option<Enough<'g>>,
    /// By location, whether any of its calls is asked about.
    is_asked: Vec<bool>,
    /// By location, the node that what is below it on a stack is called by.
    callers: Vec<NodeId>,
    /// By location, what is called without being inlined, if it is asked about.
    called: Vec<Called>,
}

/// What a location is the call of, not being inlined.
#[derive(Debug, Clone, Copy)]
struct Called {
    /// [`NO_NODE`] where nothing is asked about it.
    node: NodeId,
    /// The caller that inlines it at other locations: the call of which was not says that not all were.
    /// [`NO_CALLER`] or [`ANY_CALLER`] where it is not one.
    inlined_by: NodeId,
}

/// What some samples tell.
struct Told {
    edges: Edges,
    /// By node, whether a call that was not inlined weighs enough. Then no other such call matters.
    has_plain: Vec<bool>,
}

impl<'g> Frames<'g> {
    fn new(
        profile: &'g Profile,
        places: &'g Places,
        roles: &'g [Role],
        enough: Option<Enough<'g>>,
    ) -> Self {
        let mut frames = Frames {
            profile,
            places,
            roles,
            enough,
            is_asked: Vec::new(),
            callers: Vec::new(),
            called: Vec::new(),
        };
        let inlined_by = frames.inlined_by();
        for location in 0..profile.locations().len() as u32 {
            let nodes = places.of_location(LocationIndex(location));
            let has = |node: NodeId, role: Role| frames.role(node) & role != 0;
            let is_asked = nodes.iter().any(|&node| has(node, CALLS_OF));
            let kept = nodes.iter().copied().find(|&node| has(node, KEPT));
            frames.is_asked.push(is_asked);
            frames.callers.push(kept.unwrap_or(NO_NODE));
            let called = frames.called(LocationIndex(location), &inlined_by);
            frames.called.push(called);
        }
        frames
    }

    /// By node, which caller it is inlined into at locations that weigh enough together.
    fn inlined_by(&self) -> Vec<NodeId> {
        let mut sums: FxHashMap<(NodeId, NodeId), i64> = FxHashMap::default();
        for location in 0..self.profile.locations().len() {
            let sum = self.enough.map_or(0, |enough| enough.inlined_at(location));
            let location = LocationIndex(location as u32);
            // Where the caller is one of another location, it may be any.
            self.each_call(location, ANY_CALLER, |caller, callee, is_inlined| {
                if is_inlined {
                    let sums = sums.entry((caller, callee)).or_default();
                    *sums = sums.saturating_add(sum);
                }
            });
        }
        let mut inlined_by = vec![NO_CALLER; self.roles.len()];
        for (&(caller, callee), &sum) in &sums {
            let by_any = sums
                .get(&(ANY_CALLER, callee))
                .filter(|_| caller != ANY_CALLER);
            let sum = sum.saturating_add(by_any.copied().unwrap_or(0));
            let is_enough = self.enough.is_none_or(|enough| sum >= enough.weight);
            if let Some(known) = inlined_by.get_mut(callee as usize)
                && is_enough
            {
                let is_only = *known == NO_CALLER;
                *known = if is_only { caller } else { ANY_CALLER };
            }
        }
        inlined_by
    }

    fn called(&self, location: LocationIndex, inlined_by: &[NodeId]) -> Called {
        let mut called = Called {
            node: NO_NODE,
            inlined_by: NO_CALLER,
        };
        self.each_call(location, ANY_CALLER, |caller, callee, is_inlined| {
            if caller == ANY_CALLER {
                let by = inlined_by.get(callee as usize).copied();
                called = Called {
                    node: callee,
                    inlined_by: by.filter(|_| !is_inlined).unwrap_or(ANY_CALLER),
                };
            }
        });
        called
    }

    fn role(&self, node: NodeId) -> Role {
        self.roles.get(node as usize).copied().unwrap_or(0)
    }

    fn calls(&self, columns: Columns) -> Edges {
        let mut told = Told {
            edges: Edges::new(self.roles.len()),
            has_plain: vec![false; self.roles.len()],
        };
        let mut is_asked = self.is_asked.clone();
        // By location, the caller whose calls of it have nothing new to tell.
        let mut known = vec![NO_CALLER; self.callers.len()];
        let mut asked = Vec::new();
        for sample in 0..self.profile.sample_count() {
            let Some(counted) = Counted::of(columns, sample) else {
                continue;
            };
            let stack = self.profile.stack(sample);
            // From the root: of equal calls the first counts.
            for &position in positions(stack, &is_asked, &mut asked).iter().rev() {
                let position = position as usize;
                let Some(location) = stack.get(position) else {
                    continue;
                };
                let index = location.index();
                let (Some(known), Some(&called)) = (known.get_mut(index), self.called.get(index))
                else {
                    continue;
                };
                let caller = self.caller(stack, position);
                // What is known of one caller holds for all then, but for the one that inlines it elsewhere.
                let is_of_all = |told: &Told| {
                    let has_plain = told.has_plain.get(called.node as usize) == Some(&true);
                    called.inlined_by != ANY_CALLER && (called.node == NO_NODE || has_plain)
                };
                let is_as_known =
                    *known != NO_CALLER && called.inlined_by != caller && is_of_all(&told);
                if *known == caller || is_as_known {
                    continue;
                }
                if self.count(stack, position, caller, counted, &mut told) {
                    *known = caller;
                    if called.inlined_by == NO_CALLER
                        && is_of_all(&told)
                        && let Some(is_asked) = is_asked.get_mut(index)
                    {
                        *is_asked = false;
                    }
                }
            }
        }
        told.edges
    }

    /// What calls the frame at a position.
    fn caller(&self, stack: Stack, position: usize) -> NodeId {
        let mut callers = (position + 1..stack.len()).filter_map(|at| {
            let caller = self.callers.get(stack.get(at)?.index());
            caller.copied().filter(|&caller| caller != NO_NODE)
        });
        callers.next().unwrap_or(NO_NODE)
    }

    /// Counts the calls that come to a frame from `caller`; whether they are known now, whatever
    /// follows. Where a call that was skipped may matter, all above are counted before.
    fn count(
        &self,
        stack: Stack,
        position: usize,
        caller: NodeId,
        counted: Counted,
        told: &mut Told,
    ) -> bool {
        let Some(location) = stack.get(position) else {
            return false;
        };
        let mut are_known = self.enough.is_some();
        self.each_call(location, caller, |caller, callee, is_inlined| {
            // The same call may have been inlined further up, and skipped there: then that counts.
            let mut edge = told.edges.edge(caller, callee);
            if edge.would_cease_to_be_inlined(counted, is_inlined) {
                self.each_call_above(stack, position, |caller, callee, is_inlined| {
                    told.edges.edge(caller, callee).count(counted, is_inlined);
                });
                edge = told.edges.edge(caller, callee);
            }
            edge.count(counted, is_inlined);
            let is_heavy = self
                .enough
                .is_some_and(|enough| edge.weight >= enough.weight);
            are_known &= match told.has_plain.get_mut(callee as usize) {
                Some(has_plain) if !edge.is_inline => {
                    *has_plain |= is_heavy;
                    *has_plain
                }
                _ => is_inlined && is_heavy,
            };
        });
        are_known
    }

    /// Hands the calls that come to a frame to `take`, the outermost first: caller, callee and whether
    /// it was inlined.
    fn each_call(
        &self,
        location: LocationIndex,
        mut caller: NodeId,
        mut take: impl FnMut(NodeId, NodeId, bool),
    ) {
        let nodes = self.places.of_location(location);
        for (depth, &node) in nodes.iter().rev().enumerate() {
            let role = self.role(node);
            if role & KEPT == 0 {
                continue;
            }
            let caller = std::mem::replace(&mut caller, node);
            if caller != NO_NODE && caller != node && role & CALLS_OF != 0 {
                take(caller, node, depth > 0);
            }
        }
    }

    /// As [`Self::each_call`], for all frames between the root and a position.
    fn each_call_above(
        &self,
        stack: Stack,
        position: usize,
        mut take: impl FnMut(NodeId, NodeId, bool),
    ) {
        let mut caller = NO_NODE;
        for location in stack.iter().skip(position + 1).rev() {
            self.each_call(location, caller, &mut take);
            match self.callers.get(location.index()) {
                Some(&node) if node != NO_NODE => caller = node,
                _ => {}
            }
        }
    }
}

/// The positions of the frames of which something is asked. There is no branch: whether it is one of them
/// cannot be foreseen.
fn positions<'a>(stack: Stack, is_asked: &[bool], positions: &'a mut Vec<u32>) -> &'a [u32] {
    if positions.len() < stack.len() {
        positions.resize(stack.len(), 0);
    }
    let (mut position, mut count) = (0, 0);
    stack.each(|location| {
        if let Some(slot) = positions.get_mut(count) {
            *slot = position;
        }
        count += usize::from(is_asked.get(location.index()) == Some(&true));
        position += 1;
    });
    positions.get(..count).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use caulk_profile::{Line, ProfileBuilder};

    use super::*;
    use crate::config::Config;
    use crate::report::graph::edges::edges;
    use crate::report::graph::values::place_values;
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

    fn told(edge: &Edge) -> (NodeId, NodeId, i64, bool) {
        (edge.caller, edge.callee, edge.weight, edge.is_inline)
    }

    #[test]
    fn calls_that_are_asked_about_are_those_of_the_whole_graph() {
        for seed in 0..300 {
            let profile = profile(seed);
            let places = Places::new(&profile, Identity::new(&Config::default()));
            let columns = Columns {
                values: profile.values(0),
                divisors: None,
            };
            let roles: Vec<Role> = (0..places.len() as u64)
                .map(|node| [0, KEPT, KEPT | CALLS_OF][((seed / 3 + node) % 3) as usize])
                .collect();
            let all = edges(&profile, &places, columns, &roles);
            let asked = inlined_calls(&profile, &places, columns, &roles, None);
            let told = |edges: &[Edge]| edges.iter().map(told).collect::<Vec<_>>();
            assert_eq!(told(&all), told(&asked), "{seed}");
            let values = place_values(&profile, &places, columns);
            for enough in [0, 1, 10, 40] {
                let some = Some(Enough {
                    weight: enough,
                    inlined: &values.inlined,
                });
                let asked = inlined_calls(&profile, &places, columns, &roles, some);
                let heavy = |edges: &[Edge]| {
                    let heavy = edges.iter().filter(|edge| edge.weight >= enough);
                    heavy
                        .map(|edge| (edge.callee, edge.is_inline))
                        .collect::<BTreeSet<_>>()
                };
                assert_eq!(heavy(&all), heavy(&asked), "{seed} {enough}");
            }
            // No call that is always inlined weighs more than what is known before.
            for edge in all.iter().filter(|edge| edge.is_inline) {
                let inlined = values.of_places[edge.callee as usize].inlined;
                assert!(edge.weight <= inlined, "{seed}: {edge:?}, {inlined}");
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
