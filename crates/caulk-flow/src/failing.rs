//! What becomes of what a function leaves behind where it fails: whether all who call it end the process with its error, or
//! the context that they passed it.

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use crate::reach::{Step, Target};

/// What ends as a function returns an error, whoever calls it.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
pub struct Failing {
    /// The process: a command prints the error and exits.
    pub process: bool,
    /// The context that it was passed, if not the process: that of a request, or one that a caller cancels as it leaves.
    pub context: bool,
}

/// How a step leads to what may run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum How {
    /// It is named: other steps say who calls it.
    Named,
    /// A place holds it.
    Held,
    /// It is called, or passed to a call that runs it and fails as it does.
    Called(OnError, Passed),
}

/// What a call's error leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum OnError {
    GoesOn,
    /// The caller returns it, or panics.
    Returns,
    /// The process ends.
    Ends,
}

/// The context that a call is passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum Passed {
    /// None, or one that may last.
    Other,
    /// The one that the caller has.
    Own,
    /// One that ends with the caller.
    Ending,
}

/// Types of commands, which end with the error of the function that they run.
pub(crate) const COMMANDS: &[&str] = &[
    "github.com/spf13/cobra.Command",
    "github.com/urfave/cli.Command",
    "github.com/urfave/cli/v2.Command",
    "github.com/urfave/cli/v3.Command",
];

/// Fields with functions whose error ends a command.
fn is_command(holder: &str, field: &str) -> bool {
    let holder = holder.split("/v").next().unwrap_or(holder);
    let known = [
        "?",
        "github.com/spf13/cobra",
        "github.com/urfave/cli",
        "github.com/peterbourgon/ff",
    ];
    known.iter().any(|known| holder.starts_with(known))
        && [
            "RunE",
            "PreRunE",
            "PostRunE",
            "PersistentPreRunE",
            "Action",
            "Before",
            "Exec",
        ]
        .contains(&field)
}

/// Says of everything that runs what ends as it fails. `is_main` tells what the process begins with, `is_request` what answers requests, and
/// `is_test` what says nothing of anything.
pub(crate) fn spread<'a>(
    steps: impl Iterator<Item = &'a Step>,
    is_main: &dyn Fn(&Target) -> bool,
    is_request: &dyn Fn(&Target) -> bool,
    is_test: &dyn Fn(&Target) -> bool,
) -> FxHashMap<Target, Failing> {
    let mut graph = Graph::default();
    for step in steps {
        if (step.how != How::Named || step.in_handler) && !is_test(&step.from) {
            let (from, to) = (graph.node(&step.from), graph.node(&step.to));
            graph.edges.push((from, to, step));
        }
    }
    graph.index();
    let is_root = |target: &Target| {
        is_main(target)
            || *target == Target::Command
            || matches!(target, Target::Field(holder, field) if is_command(holder, field))
    };
    let roots: Vec<bool> = graph.targets.iter().map(|target| is_root(target)).collect();
    let process = graph.greatest(&roots, &|step, holds| match step.how {
        _ if step.in_handler => false,
        How::Named | How::Called(OnError::GoesOn, _) => false,
        How::Held | How::Called(OnError::Returns, _) => holds,
        How::Called(OnError::Ends, _) => true,
    });
    let roots: Vec<bool> = graph
        .targets
        .iter()
        .zip(&process)
        .map(|(target, ends)| *ends || is_request(target))
        .collect();
    let context = graph.greatest(&roots, &|step, holds| match step.how {
        _ if step.in_handler => true,
        How::Named
        | How::Called(OnError::GoesOn, _)
        | How::Called(OnError::Returns, Passed::Other) => false,
        How::Held | How::Called(OnError::Returns, Passed::Own) => holds,
        How::Called(OnError::Ends, _) | How::Called(OnError::Returns, Passed::Ending) => true,
    });
    let all = graph.targets.iter().zip(process.iter().zip(&context));
    all.filter(|(_, (process, context))| **process || **context)
        .map(|(target, (process, context))| {
            let failing = Failing {
                process: *process,
                context: *context,
            };
            ((*target).clone(), failing)
        })
        .collect()
}

/// Who may call whom, by number.
#[derive(Default)]
struct Graph<'a> {
    numbers: FxHashMap<&'a Target, usize>,
    targets: Vec<&'a Target>,
    edges: Vec<(usize, usize, &'a Step)>,
    /// The edges that lead to each, and those that lead from it.
    to: Vec<Vec<usize>>,
    from: Vec<Vec<usize>>,
}

impl<'a> Graph<'a> {
    fn node(&mut self, target: &'a Target) -> usize {
        let next = self.targets.len();
        let number = *self.numbers.entry(target).or_insert(next);
        if number == next {
            self.targets.push(target);
        }
        number
    }

    fn index(&mut self) {
        self.to = vec![Vec::new(); self.targets.len()];
        self.from = vec![Vec::new(); self.targets.len()];
        let is_given = |step: &Step| matches!(step.from, Target::Param(..) | Target::Called(..));
        for (index, (from, to, _)) in self.edges.iter().enumerate() {
            if let (Some(from), Some(to)) = (self.from.get_mut(*from), self.to.get_mut(*to)) {
                from.push(index);
                to.push(index);
            }
        }
        for edges in &mut self.to {
            // Who passes a function says what comes of its error; where no one does, who calls what was passed.
            let step = |edge: &usize| self.edges.get(*edge).map(|(_, _, step)| *step);
            let is_passed = |edge: &usize| {
                step(edge)
                    .is_some_and(|step| matches!(step.how, How::Called(..)) && !is_given(step))
            };
            if edges.iter().any(is_passed) {
                edges.retain(|edge| !step(edge).is_some_and(is_given));
            }
        }
    }

    /// The largest set in which all that leads to each of its members holds, given that set.
    fn greatest<'s>(&'s self, roots: &[bool], holds: &dyn Fn(&Step, bool) -> bool) -> Vec<bool> {
        let mut all = vec![true; self.targets.len()];
        let is = |set: &[bool], node: usize| set.get(node).copied().unwrap_or_default();
        let edges = |list: &'s [Vec<usize>], node: usize| -> &'s [usize] {
            list.get(node).map_or(&[], Vec::as_slice)
        };
        let mut todo: Vec<usize> = (0..self.targets.len()).collect();
        while let Some(node) = todo.pop() {
            if !is(&all, node) || is(roots, node) {
                continue;
            }
            let leading = edges(&self.to, node);
            let stays = !leading.is_empty()
                && leading.iter().all(|edge| {
                    let edge = self.edges.get(*edge);
                    edge.is_some_and(|(from, _, step)| holds(step, is(&all, *from)))
                });
            if !stays && let Some(slot) = all.get_mut(node) {
                *slot = false;
                let to = edges(&self.from, node).iter();
                todo.extend(to.filter_map(|edge| self.edges.get(*edge).map(|(_, to, _)| *to)));
            }
        }
        all
    }
}
