//! What becomes of what a function leaves behind where it fails: whether all who call it end the process with its error, or
//! the context that they passed it, or call it but once in a process.

use caulk_program::{BodyOwner, FuncId};
use rustc_hash::{FxHashMap, FxHashSet};
use serde::{Deserialize, Serialize};

use crate::command::is_run_by_command;
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
    /// All who call it lead from `main` or a command, and none of them in a loop: it runs once in a process, and may end it or not.
    pub once: bool,
    /// The same, or the loops end with its error: it fails once in a process.
    pub fails_once: bool,
    /// It is the last that `main` or a command does, whether it fails or not.
    pub last: bool,
    /// The context that it was passed ends soon after it, whether it fails or not: with a request, or as a caller leaves.
    pub request: bool,
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
    /// The same, and the call is the last that the caller does, also where there is no error.
    Last,
    /// The process ends.
    Ends,
    /// The caller panics, which ends the process unless it answers a request.
    Panics,
    /// It is told to a function that may end the process; where that comes back, the caller returns or goes on.
    Told {
        to: FuncId,
        returns: bool,
    },
}

impl OnError {
    /// What it leads to where these functions end the process.
    fn resolved(self, ending: &FxHashSet<FuncId>) -> OnError {
        match self {
            OnError::Told { to, .. } if ending.contains(&to) => OnError::Ends,
            OnError::Told { returns: true, .. } => OnError::Returns,
            OnError::Told { returns: false, .. } => OnError::GoesOn,
            known => known,
        }
    }
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

/// Functions, one ending with the other, that are looked through for the end of the process.
const ENDING_DEPTH: u8 = 3;

/// Says of everything that runs what ends as it fails. `is_main` tells what the process begins with, `is_request` what answers requests,
/// `is_test` what says nothing of anything, `is_offered` what others may call, too, `is_unused` what nobody runs unless somebody
/// names it, `recovers` what goes on behind a panic, and `before` what the callers of other builds say.
#[expect(
    clippy::too_many_arguments,
    reason = "each tells what another kind of target is"
)]
pub(crate) fn spread<'a>(
    steps: impl Iterator<Item = &'a Step>,
    is_main: &dyn Fn(&Target) -> bool,
    is_request: &dyn Fn(&Target) -> bool,
    is_test: &dyn Fn(&Target) -> bool,
    is_offered: &dyn Fn(&Target) -> bool,
    is_unused: &dyn Fn(&Target) -> bool,
    recovers: &dyn Fn(&Target) -> bool,
    before: &dyn Fn(&Target) -> Option<Failing>,
) -> FxHashMap<Target, Failing> {
    let mut graph = Graph::default();
    for step in steps {
        let (from, to) = (graph.node(&step.from), graph.node(&step.to));
        graph.edges.push((from, to, step));
    }
    graph.before = graph.targets.iter().map(|target| before(target)).collect();
    let is_root = |target: &Target| {
        is_main(target)
            || *target == Target::Command
            || matches!(target, Target::Field(field) if is_run_by_command(&field.0, &field.1))
    };
    // What only tests run is one of them, unless others may run it too.
    graph.index();
    let tests: Vec<bool> = graph.targets.iter().map(|target| is_test(target)).collect();
    let others = graph.targets.iter();
    let others: Vec<bool> = others
        .map(|target| is_root(target) || is_request(target) || is_offered(target))
        .collect();
    let tests = graph.greatest_without(&others, &tests, &|_| None, &|_, holds| holds);
    let of_test = |node: usize| tests.get(node).copied().unwrap_or_default();
    graph.edges.retain(|(from, _, _)| !of_test(*from));
    graph.leave_out_unused(is_unused);
    let ending = graph.ending();
    let how = |step: &Step| match step.how {
        How::Called(on_error, passed) => How::Called(on_error.resolved(&ending), passed),
        how => how,
    };
    let leads = |step: &Step| step.how != How::Named || step.in_handler;
    graph.edges.retain(|(_, _, step)| leads(step));
    graph.index();
    graph.prefer_passed();
    let roots: Vec<bool> = graph.targets.iter().map(|target| is_root(target)).collect();
    let is_process = |failing: &Failing| failing.process;
    let process = graph.greatest(&roots, &is_process, &|step, holds| match how(step) {
        _ if step.in_handler => false,
        How::Named | How::Called(OnError::GoesOn | OnError::Told { .. }, _) => false,
        How::Held | How::Called(OnError::Returns | OnError::Last, _) => holds,
        How::Called(OnError::Ends, _) => true,
        How::Called(OnError::Panics, _) => holds || !recovers(&step.from),
    });
    let is_alone = |step: &Step| !step.in_handler && step.how != How::Named;
    let runs_once = |step: &Step| !step.in_loop && is_alone(step);
    let once = graph.greatest(&roots, &|failing| failing.once, &|step, holds| {
        holds && runs_once(step)
    });
    let is_fails_once = |failing: &Failing| failing.fails_once;
    let fails_once = graph.greatest(&roots, &is_fails_once, &|step, holds| {
        let goes_on = matches!(how(step), How::Called(OnError::GoesOn, _));
        holds && is_alone(step) && !(step.in_loop && goes_on)
    });
    let last = graph.greatest(&roots, &|failing| failing.last, &|step, holds| {
        let ends = matches!(step.how, How::Held | How::Called(OnError::Last, _));
        holds && ends && runs_once(step)
    });
    let roots: Vec<bool> = graph
        .targets
        .iter()
        .zip(&process)
        .map(|(target, ends)| *ends || is_request(target))
        .collect();
    let is_context = |failing: &Failing| failing.context;
    let context = graph.greatest(&roots, &is_context, &|step, holds| match how(step) {
        _ if step.in_handler => true,
        How::Named
        | How::Called(OnError::GoesOn | OnError::Told { .. }, _)
        | How::Called(OnError::Returns | OnError::Last, Passed::Other) => false,
        How::Held | How::Called(OnError::Returns | OnError::Last, Passed::Own) => holds,
        How::Called(OnError::Ends | OnError::Panics, _)
        | How::Called(OnError::Returns | OnError::Last, Passed::Ending) => true,
    });
    let requests: Vec<bool> = graph
        .targets
        .iter()
        .map(|target| is_request(target))
        .collect();
    let is_request = |failing: &Failing| failing.request;
    let request = graph.greatest(&requests, &is_request, &|step, holds| match step.how {
        _ if step.in_handler => true,
        How::Named | How::Called(_, Passed::Other) => false,
        How::Held | How::Called(_, Passed::Own) => holds,
        How::Called(_, Passed::Ending) => !step.in_loop,
    });
    let is = |set: &[bool], node: usize| set.get(node).copied().unwrap_or_default();
    let all = graph.targets.iter().enumerate();
    all.filter_map(|(node, target)| {
        let failing = Failing {
            process: is(&process, node),
            context: is(&context, node),
            once: is(&once, node),
            fails_once: is(&fails_once, node),
            last: is(&last, node),
            request: is(&request, node),
        };
        (failing != Failing::default()).then(|| ((*target).clone(), failing))
    })
    .collect()
}

/// Who may call whom, by number.
#[derive(Default)]
struct Graph<'a> {
    numbers: FxHashMap<&'a Target, usize>,
    targets: Vec<&'a Target>,
    edges: Vec<(usize, usize, &'a Step)>,
    /// What other builds know of each.
    before: Vec<Option<Failing>>,
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
        for (index, (from, to, _)) in self.edges.iter().enumerate() {
            if let (Some(from), Some(to)) = (self.from.get_mut(*from), self.to.get_mut(*to)) {
                from.push(index);
                to.push(index);
            }
        }
    }

    /// The functions that end the process at their end, or call another there that does.
    fn ending(&self) -> FxHashSet<FuncId> {
        let mut ending = FxHashSet::default();
        let ends: Vec<(&Target, &Target)> = self
            .edges
            .iter()
            .filter(|(_, _, step)| matches!(step.how, How::Called(OnError::Last, _)))
            .map(|(_, _, step)| (&step.from, &step.to))
            .collect();
        // Each turn finds those one call further away.
        for _ in 0..ENDING_DEPTH {
            for (from, to) in &ends {
                let is_end = match to {
                    Target::Exit => true,
                    Target::Body(BodyOwner::Func(id)) => ending.contains(id),
                    _ => false,
                };
                if is_end && let Target::Body(BodyOwner::Func(id)) = from {
                    ending.insert(*id);
                }
            }
        }
        ending
    }

    /// What nobody in the program uses says nothing of what others use as well.
    fn leave_out_unused(&mut self, may_be: &dyn Fn(&Target) -> bool) {
        self.index();
        let unnamed = self.targets.iter().zip(&self.to);
        let unnamed: Vec<bool> = unnamed
            .map(|(target, leading)| leading.is_empty() && may_be(target))
            .collect();
        let unused = self.greatest_without(&[], &unnamed, &|_| None, &|_, holds| holds);
        let is = |node: usize| unused.get(node).copied().unwrap_or_default();
        self.edges.retain(|(from, to, _)| !is(*from) || is(*to));
    }

    fn prefer_passed(&mut self) {
        let is_given = |step: &Step| matches!(step.from, Target::Param(..) | Target::Called(..));
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

    /// The largest set in which all that leads to each of its members holds, given that set; what other builds know of a member as well.
    fn greatest(
        &self,
        roots: &[bool],
        of_before: &dyn Fn(&Failing) -> bool,
        holds: &dyn Fn(&Step, bool) -> bool,
    ) -> Vec<bool> {
        let before = |node: usize| {
            let known = self.before.get(node).and_then(Option::as_ref);
            known.map(of_before)
        };
        self.greatest_without(&[], roots, &before, holds)
    }

    /// The same, with none of some nodes but the roots among them.
    fn greatest_without<'s>(
        &'s self,
        others: &[bool],
        roots: &[bool],
        before: &dyn Fn(usize) -> Option<bool>,
        holds: &dyn Fn(&Step, bool) -> bool,
    ) -> Vec<bool> {
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
            let known = before(node);
            let stays = !is(others, node)
                && known.unwrap_or(!leading.is_empty())
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
