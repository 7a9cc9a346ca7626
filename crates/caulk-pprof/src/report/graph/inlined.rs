//! Whether calls were inlined, where nothing else is asked about them.
//!
//! Of most frames nothing is asked. A frame of which something is looks for its caller itself, so that
//! the others cost no more than a look at a table.

use std::ops::Range;

use super::edges::{CALLS_OF, Counted, Edge, Edges, KEPT, Role};
use super::values::Columns;
use super::{LEAST_SAMPLES_IN_A_PART, NodeId};
use crate::report::places::Places;
use caulk_profile::parallel::in_parts;
use caulk_profile::{LocationIndex, Profile};

/// The calls of nodes that want them ([`CALLS_OF`]), by caller and then callee, with what they weigh
/// and whether all of them were inlined.
pub(super) fn inlined_calls(
    profile: &Profile,
    places: &Places,
    columns: Columns,
    roles: &[Role],
) -> Vec<Edge> {
    let stacks = Stacks::new(profile, places, roles);
    if !stacks.is_asked.contains(&true) {
        return Vec::new();
    }
    Edges::joined(in_parts(
        profile.sample_count(),
        LEAST_SAMPLES_IN_A_PART,
        |samples| stacks.calls(columns, samples),
    ))
}

/// Whether sums of values never fall as more are added.
pub(super) fn only_rise(columns: Columns) -> bool {
    let add = |sum: i64, &value: &i64| sum.checked_add(value).filter(|_| value >= 0);
    columns.values.iter().try_fold(0, add).is_some()
}

/// Where one looks for calls.
struct Stacks<'g> {
    profile: &'g Profile,
    places: &'g Places,
    roles: &'g [Role],
    /// By location, whether a node of it wants its calls.
    is_asked: Vec<bool>,
    /// By location, the node that what is below is called by, if it has one that is kept.
    callers: Vec<Option<NodeId>>,
}

impl<'g> Stacks<'g> {
    fn new(profile: &'g Profile, places: &'g Places, roles: &'g [Role]) -> Self {
        let mut stacks = Stacks {
            profile,
            places,
            roles,
            is_asked: Vec::new(),
            callers: Vec::new(),
        };
        for location in 0..profile.locations().len() as u32 {
            let nodes = places.of_location(LocationIndex(location));
            let mut kept = nodes.iter().filter(|&&node| stacks.role(node) & KEPT != 0);
            let is_asked = kept.clone().any(|&node| stacks.role(node) & CALLS_OF != 0);
            let caller = kept.next().copied();
            stacks.is_asked.push(is_asked);
            stacks.callers.push(caller);
        }
        stacks
    }

    fn role(&self, node: NodeId) -> Role {
        self.roles.get(node as usize).copied().unwrap_or(0)
    }

    fn calls(&self, columns: Columns, samples: Range<usize>) -> Edges {
        let mut edges = Edges::new(self.roles.len());
        for sample in samples {
            let Some(counted) = Counted::of(columns, sample) else {
                continue;
            };
            let stack = self.profile.stack(sample);
            // From the root: of equal calls the first counts.
            for (position, location) in stack.iter().enumerate().rev() {
                if self.is_asked.get(location.index()) == Some(&true) {
                    self.frame(
                        stack.get(position..).unwrap_or_default(),
                        counted,
                        &mut edges,
                    );
                }
            }
        }
        edges
    }

    /// Counts the calls that come to the first of some frames.
    fn frame(&self, stack: &[LocationIndex], counted: Counted, edges: &mut Edges) {
        let Some((&location, above)) = stack.split_first() else {
            return;
        };
        let caller_of = |at: &LocationIndex| self.callers.get(at.index()).copied().flatten();
        let mut caller = above.iter().find_map(caller_of);
        for (depth, &node) in self.places.of_location(location).iter().rev().enumerate() {
            let role = self.role(node);
            if role & KEPT == 0 {
                continue;
            }
            if let Some(caller) = caller.replace(node)
                && caller != node
                && role & CALLS_OF != 0
            {
                edges.edge(caller, node).count(counted, depth > 0);
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
            let asked = inlined_calls(&profile, &places, columns, &roles);
            let told = |edges: &[Edge]| edges.iter().map(told).collect::<Vec<_>>();
            assert_eq!(told(&all), told(&asked), "{seed}");
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
