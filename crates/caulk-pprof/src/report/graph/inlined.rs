//! Whether calls were inlined, where nothing else is asked about them.
//!
//! Of most frames nothing is asked, and of most others nothing new is learnt once their calls are known
//! to be heavy: they cost no more than a look at a table.

use std::ops::Range;

use super::edges::{CALLS_OF, Counted, Edge, Edges, KEPT, Role};
use super::values::Columns;
use super::{LEAST_SAMPLES_IN_A_PART, NodeId};
use crate::report::places::Places;
use caulk_profile::parallel::in_parts;
use caulk_profile::{LocationIndex, Profile};

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
    enough: Option<i64>,
) -> Vec<Edge> {
    let frames = Frames::new(profile, places, roles, enough);
    let is_asked = |step: &Step| step.known != NOTHING_IS_ASKED;
    if !frames.steps.iter().any(is_asked) {
        return Vec::new();
    }
    Edges::joined(in_parts(
        profile.sample_count(),
        LEAST_SAMPLES_IN_A_PART,
        |samples| frames.calls(columns, samples),
    ))
}

/// Whether sums of values never fall as more are added.
pub(super) fn only_rise(columns: Columns) -> bool {
    let add = |sum: i64, &value: &i64| sum.checked_add(value).filter(|_| value >= 0);
    columns.values.iter().try_fold(0, add).is_some()
}

/// Instead of a node: there is none that is kept.
const NO_NODE: NodeId = NodeId::MAX;
/// Instead of a caller: nothing is known.
const NO_CALLER: NodeId = NodeId::MAX - 1;
/// Instead of a caller: the frame is of no interest.
const NOTHING_IS_ASKED: NodeId = NodeId::MAX - 2;

/// What a location is on the way from the root to the leaf.
#[derive(Debug, Clone, Copy)]
struct Step {
    /// The caller whose calls of it have nothing new to tell.
    known: NodeId,
    /// The node that what is below is called by.
    node: NodeId,
}

/// The locations of stacks, as what calls and is called.
struct Frames<'g> {
    profile: &'g Profile,
    places: &'g Places,
    roles: &'g [Role],
    enough: Option<i64>,
    /// By location.
    steps: Vec<Step>,
}

/// What some samples tell.
struct Told {
    edges: Edges,
    /// By node, whether a call that was not inlined weighs enough. Then no other such call matters.
    has_plain: Vec<bool>,
    /// Whether frames that have nothing new to tell are skipped on this stack.
    skips: bool,
}

impl<'g> Frames<'g> {
    fn new(
        profile: &'g Profile,
        places: &'g Places,
        roles: &'g [Role],
        enough: Option<i64>,
    ) -> Self {
        let mut frames = Frames {
            profile,
            places,
            roles,
            enough,
            steps: Vec::new(),
        };
        for location in 0..profile.locations().len() as u32 {
            let nodes = places.of_location(LocationIndex(location));
            let has = |node: NodeId, role: Role| frames.role(node) & role != 0;
            let is_asked = nodes.iter().any(|&node| has(node, CALLS_OF));
            let kept = nodes.iter().copied().find(|&node| has(node, KEPT));
            frames.steps.push(Step {
                known: match is_asked {
                    true => NO_CALLER,
                    false => NOTHING_IS_ASKED,
                },
                node: kept.unwrap_or(NO_NODE),
            });
        }
        frames
    }

    fn role(&self, node: NodeId) -> Role {
        self.roles.get(node as usize).copied().unwrap_or(0)
    }

    fn calls(&self, columns: Columns, samples: Range<usize>) -> Edges {
        let mut told = Told {
            edges: Edges::new(self.roles.len()),
            has_plain: vec![false; self.roles.len()],
            skips: true,
        };
        let mut steps = self.steps.clone();
        for sample in samples {
            let Some(counted) = Counted::of(columns, sample) else {
                continue;
            };
            let stack = self.profile.stack(sample);
            let mut caller = NO_NODE;
            told.skips = true;
            // From the root: of equal calls the first counts.
            for (position, location) in stack.iter().enumerate().rev() {
                let Some(step) = steps.get_mut(location.index()) else {
                    continue;
                };
                // One branch, and that a rare one: which of both it is cannot be foreseen.
                let is_known = (step.known == caller) & told.skips;
                let has_news = (step.known != NOTHING_IS_ASKED) & !is_known;
                if has_news && self.count(stack, position, caller, counted, &mut told) {
                    step.known = caller;
                }
                if step.node != NO_NODE {
                    caller = step.node;
                }
            }
        }
        told.edges
    }

    /// Counts the calls that come to a frame from `caller`; whether they are known now, whatever
    /// follows. Where a call that was skipped may matter, the skipped ones are counted, and the rest
    /// of the stack is not skipped.
    fn count(
        &self,
        stack: &[LocationIndex],
        position: usize,
        caller: NodeId,
        counted: Counted,
        told: &mut Told,
    ) -> bool {
        let Some((&location, above)) = stack.get(position..).and_then(<[_]>::split_first) else {
            return false;
        };
        let mut are_known = self.enough.is_some();
        self.each_call(location, caller, |caller, callee, is_inlined| {
            // The same call may have been inlined further up, and skipped there: then that counts.
            let edge = told.edges.edge(caller, callee);
            if told.skips && edge.would_cease_to_be_inlined(counted, is_inlined) {
                told.skips = false;
                self.each_call_on(above, |caller, callee, is_inlined| {
                    told.edges.edge(caller, callee).count(counted, is_inlined);
                });
            }
            let edge = told.edges.edge(caller, callee);
            edge.count(counted, is_inlined);
            let is_heavy = self.enough.is_some_and(|enough| edge.weight >= enough);
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

    /// As [`Self::each_call`], for all frames of a stack.
    fn each_call_on(&self, stack: &[LocationIndex], mut take: impl FnMut(NodeId, NodeId, bool)) {
        let mut caller = NO_NODE;
        for &location in stack.iter().rev() {
            self.each_call(location, caller, &mut take);
            match self.steps.get(location.index()) {
                Some(step) if step.node != NO_NODE => caller = step.node,
                _ => {}
            }
        }
    }
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
            for enough in [0, 1, 10, 40] {
                let asked = inlined_calls(&profile, &places, columns, &roles, Some(enough));
                let heavy = |edges: &[Edge]| {
                    let heavy = edges.iter().filter(|edge| edge.weight >= enough);
                    heavy
                        .map(|edge| (edge.callee, edge.is_inline))
                        .collect::<BTreeSet<_>>()
                };
                assert_eq!(heavy(&all), heavy(&asked), "{seed} {enough}");
            }
            // No call that is always inlined weighs more than what is known before.
            let values = place_values(&profile, &places, columns);
            for edge in all.iter().filter(|edge| edge.is_inline) {
                let inlined = values[edge.callee as usize].inlined;
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
