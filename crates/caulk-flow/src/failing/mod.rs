//! What becomes of what a function leaves behind where it fails: whether all who call it end the process with its error, or
//! the context that they passed it, or call it but once in a process.

mod graph;

use caulk_program::FuncId;
use rustc_hash::{FxHashMap, FxHashSet};
use serde::{Deserialize, Serialize};

use self::graph::Graph;
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
    /// The same, or they are called as often as there is something to do from the start: arguments of a command, entries of a configuration.
    /// Nobody else calls it: it is of a program.
    pub few: bool,
    /// As `once`, or the loops end with its error: it fails once in a process.
    pub fails_once: bool,
    /// It is the last that `main` or a command does, whether it fails or not.
    pub last: bool,
    /// The context that it was passed ends soon after it, whether it fails or not: with a request, or as a caller leaves.
    pub request: bool,
    /// Only tests call it, in a program that nobody else calls anything of, and it is no method, which an interface may lead to.
    pub tested: bool,
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

/// What is known of what runs, apart from who leads to whom.
pub(crate) trait Known {
    /// Whether a process begins with it.
    fn is_main(&self, target: &Target) -> bool;
    /// Whether it answers requests.
    fn is_request(&self, target: &Target) -> bool;
    /// Whether it is a test, which says nothing of anything.
    fn is_test(&self, target: &Target) -> bool;
    /// Whether it is of a program, and none but that calls it.
    fn is_of_application(&self, target: &Target) -> bool;
    /// The same, of a program whose root is a command.
    fn is_of_program(&self, target: &Target) -> bool;
    /// Whether others may call it, too.
    fn is_offered(&self, target: &Target) -> bool;
    /// Whether nobody runs it unless somebody names it.
    fn runs_by_name(&self, target: &Target) -> bool;
    /// Whether whoever runs it goes on behind a panic.
    fn recovers(&self, target: &Target) -> bool;
    /// What its callers in other builds say.
    fn before(&self, target: &Target) -> Option<Failing>;
}

/// Says of everything that runs what ends as it fails.
pub(crate) fn spread<'a>(
    steps: impl Iterator<Item = &'a Step>,
    known: &impl Known,
) -> FxHashMap<Target, Failing> {
    let mut graph = Graph::default();
    for step in steps {
        let (from, to) = (graph.node(&step.from), graph.node(&step.to));
        graph.edges.push((from, to, step));
    }
    let targets = graph.targets.iter();
    graph.before = targets.map(|target| known.before(target)).collect();
    let is_root = |target: &Target| {
        known.is_main(target)
            || *target == Target::Command
            || matches!(target, Target::Field(field) if is_run_by_command(&field.0, &field.1))
    };
    // What only tests run is one of them, unless others may run it too.
    graph.index();
    let tests: Vec<bool> = graph
        .targets
        .iter()
        .map(|target| known.is_test(target))
        .collect();
    let others = graph.targets.iter();
    let others: Vec<bool> = others
        .map(|target| is_root(target) || known.is_request(target) || known.is_offered(target))
        .collect();
    let elsewhere: Vec<bool> = graph
        .targets
        .iter()
        .map(|target| {
            is_root(target)
                || known.is_request(target)
                || known.is_offered(target)
                    && !(known.runs_by_name(target) && known.is_of_application(target))
        })
        .collect();
    let tested = graph.greatest_without(&elsewhere, &tests, &|_| None, &|_, holds| holds);
    let tests = graph.greatest_without(&others, &tests, &|_| None, &|_, holds| holds);
    let of_test = |node: usize| tests.get(node).copied().unwrap_or_default();
    graph.edges.retain(|(from, _, _)| !of_test(*from));
    // Methods too that nobody names, in a program: what runs in it runs without them.
    graph.leave_out_unused(&|target| {
        !known.is_request(target)
            && (known.runs_by_name(target)
                || known.is_offered(target) && known.is_of_program(target))
    });
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
        How::Called(OnError::Panics, _) => holds || !known.recovers(&step.from),
    });
    let is_alone = |step: &Step| !step.in_handler && step.how != How::Named;
    let runs_once = |step: &Step| !step.in_loop && is_alone(step);
    let once = graph.greatest(&roots, &|failing| failing.once, &|step, holds| {
        holds && runs_once(step)
    });
    let few = graph.greatest(&roots, &|failing| failing.few, &|step, holds| {
        holds && is_alone(step) && !step.in_endless
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
        .map(|(target, ends)| *ends || known.is_request(target))
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
        .map(|target| known.is_request(target))
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
            few: is(&few, node) && known.is_of_application(target),
            fails_once: is(&fails_once, node),
            last: is(&last, node),
            request: is(&request, node),
            tested: is(&tested, node),
        };
        (failing != Failing::default()).then(|| ((*target).clone(), failing))
    })
    .collect()
}
