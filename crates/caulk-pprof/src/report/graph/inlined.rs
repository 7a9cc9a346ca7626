//! Whether calls were inlined, where nothing else is asked about them.
//!
//! Of most frames nothing is asked, and of most others nothing new is learnt once their calls are known
//! to be heavy. A frame that has something to tell looks for its caller itself, so that all others cost
//! no more than a look at a table.

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
/// With `enough`, the weight of a call that weighs as much may be too small: nothing is asked but
/// whether it does. Only where no weight can fall ([`only_rise`]).
pub(super) fn inlined_calls(
    profile: &Profile,
    places: &Places,
    columns: Columns,
    roles: &[Role],
    enough: Option<i64>,
) -> Vec<Edge> {
    let frames = Frames::new(profile, places, roles);
    if frames.known.iter().all(|&known| known == NOTHING_IS_ASKED) {
        return Vec::new();
    }
    Edges::joined(in_parts(
        profile.sample_count(),
        LEAST_SAMPLES_IN_A_PART,
        |samples| frames.calls(columns, samples, enough),
    ))
}

/// Whether sums of values never fall as more are added.
pub(super) fn only_rise(columns: Columns) -> bool {
    let add = |sum: i64, &value: &i64| sum.checked_add(value).filter(|_| value >= 0);
    columns.values.iter().try_fold(0, add).is_some()
}

/// Instead of a location: the frame is of no interest.
const NOTHING_IS_ASKED: LocationIndex = LocationIndex(u32::MAX);
/// Instead of a location: no call is known.
const NO_CALLER: LocationIndex = LocationIndex(u32::MAX - 1);
/// Instead of a location: what calls the root.
const ABOVE_ROOT: LocationIndex = LocationIndex(u32::MAX - 2);

/// The locations of stacks, as what calls and is called.
struct Frames<'g> {
    profile: &'g Profile,
    places: &'g Places,
    roles: &'g [Role],
    /// By location, the location whose calls of it have nothing new to tell.
    known: Vec<LocationIndex>,
    /// By location, the node that what is below is called by, if it has one that is kept.
    callers: Vec<Option<NodeId>>,
}

impl<'g> Frames<'g> {
    fn new(profile: &'g Profile, places: &'g Places, roles: &'g [Role]) -> Self {
        let mut frames = Frames {
            profile,
            places,
            roles,
            known: Vec::new(),
            callers: Vec::new(),
        };
        for location in 0..profile.locations().len() as u32 {
            let nodes = places.of_location(LocationIndex(location));
            let has = |node: NodeId, role: Role| frames.role(node) & role != 0;
            let is_asked = nodes.iter().any(|&node| has(node, CALLS_OF));
            let caller = nodes.iter().copied().find(|&node| has(node, KEPT));
            frames.known.push(match is_asked {
                true => NO_CALLER,
                false => NOTHING_IS_ASKED,
            });
            frames.callers.push(caller);
        }
        frames
    }

    fn role(&self, node: NodeId) -> Role {
        self.roles.get(node as usize).copied().unwrap_or(0)
    }

    fn calls(&self, columns: Columns, samples: Range<usize>, enough: Option<i64>) -> Edges {
        let mut edges = Edges::new(self.roles.len());
        let mut all_known = self.known.clone();
        for sample in samples {
            let Some(counted) = Counted::of(columns, sample) else {
                continue;
            };
            let stack = self.profile.stack(sample);
            let mut caller = ABOVE_ROOT;
            let mut skips = true;
            // From the root: of equal calls the first counts.
            for (position, &location) in stack.iter().enumerate().rev() {
                if let Some(known) = all_known.get_mut(location.index()) {
                    // One branch, and that a rare one: which of both it is cannot be foreseen.
                    let is_known = (*known == caller) & skips;
                    let has_news = (*known != NOTHING_IS_ASKED) & !is_known;
                    if has_news
                        && self.count(stack, position, counted, enough, &mut skips, &mut edges)
                    {
                        *known = caller;
                    }
                }
                caller = location;
            }
        }
        edges
    }

    /// Counts the calls that come to a frame; whether they are known now, whatever the rest of the
    /// stack. Where a call that was skipped may matter, the skipped ones are counted, and `skips`
    /// says that the rest of the stack is not to be skipped.
    fn count(
        &self,
        stack: &[LocationIndex],
        position: usize,
        counted: Counted,
        enough: Option<i64>,
        skips: &mut bool,
        edges: &mut Edges,
    ) -> bool {
        let is_caller_kept = stack
            .get(position + 1)
            .is_some_and(|&above| self.caller(above).is_some());
        let mut are_known = is_caller_kept && enough.is_some();
        self.each_call(stack, position, |caller, callee, is_inlined| {
            // The same call may have been inlined further up, and skipped there: then that counts.
            if *skips
                && edges
                    .edge(caller, callee)
                    .would_cease_to_be_inlined(counted, is_inlined)
            {
                *skips = false;
                for above in (position + 1..stack.len()).rev() {
                    self.each_call(stack, above, |caller, callee, is_inlined| {
                        edges.edge(caller, callee).count(counted, is_inlined);
                    });
                }
            }
            let edge = edges.edge(caller, callee);
            edge.count(counted, is_inlined);
            let is_settled = is_inlined || !edge.is_inline;
            are_known &= is_settled && enough.is_some_and(|enough| edge.weight >= enough);
        });
        are_known
    }

    fn caller(&self, location: LocationIndex) -> Option<NodeId> {
        self.callers.get(location.index()).copied().flatten()
    }

    /// Hands the calls that come to a frame to `take`, the outermost first: caller, callee and whether
    /// it was inlined.
    fn each_call(
        &self,
        stack: &[LocationIndex],
        position: usize,
        mut take: impl FnMut(NodeId, NodeId, bool),
    ) {
        let Some((&location, above)) = stack.get(position..).and_then(<[_]>::split_first) else {
            return;
        };
        let mut caller = above.iter().find_map(|&above| self.caller(above));
        let nodes = self.places.of_location(location);
        for (depth, &node) in nodes.iter().rev().enumerate() {
            let role = self.role(node);
            if role & KEPT == 0 {
                continue;
            }
            if let Some(caller) = caller.replace(node)
                && caller != node
                && role & CALLS_OF != 0
            {
                take(caller, node, depth > 0);
            }
        }
    }
}

#[cfg(test)]
mod tests {
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
                        .map(|edge| (edge.caller, edge.callee, edge.is_inline))
                        .collect::<Vec<_>>()
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
