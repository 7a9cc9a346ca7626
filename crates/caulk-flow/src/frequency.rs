//! How often functions are likely to run.

use std::collections::{BTreeMap, BTreeSet};

use caulk_program::{BodyOwner, Program, TypedBody};

use serde::{Deserialize, Serialize};

use crate::handler::is_handler;
use crate::reach::{Step, Target};

/// How often a function is likely to run, as far as what may call it tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Frequency {
    /// Declared by a test.
    Test,
    /// Reached only from `main`, `init` or the method that a command is run by.
    Once,
    /// Nothing is known of its callers.
    Unknown,
    /// Reached from a loop, or from a goroutine that is started in one.
    Repeated,
    /// Reached from a handler of requests.
    Request,
}

impl Frequency {
    /// That of what a step leads to.
    fn passed(self, step: &Step) -> Option<Frequency> {
        match self {
            // What is no test itself is there for more than its tests.
            Frequency::Test => None,
            _ if step.in_handler => Some(Frequency::Request),
            _ if step.in_loop => Some(self.max(Frequency::Repeated)),
            _ => Some(self),
        }
    }
}

/// What a body's own place and signature say.
pub(crate) fn own(program: &Program, body: &TypedBody, in_test: bool) -> Option<Frequency> {
    if in_test {
        return Some(Frequency::Test);
    }
    let BodyOwner::Func(id) = body.owner else {
        return Some(Frequency::Once);
    };
    let is_entry = program.func(id).is_some_and(|func| {
        let is_main = func.name == "main" && program.package(id.package).name() == "main";
        func.receiver.is_none() && (func.name == "init" || is_main)
    });
    if is_entry || crate::command::is_method_of_command(program, id) {
        return Some(Frequency::Once);
    }
    is_handler(program, body, body.info.params(), body.info.results()).then_some(Frequency::Request)
}

/// Carries the frequencies that bodies have of their own on to what they reach; `before` tells what is known of something already. What no
/// step leads to may run often or never: unknown.
pub(crate) fn spread(
    own: &BTreeMap<BodyOwner, Option<Frequency>>,
    steps: &BTreeMap<&Target, Vec<&Step>>,
    before: &dyn Fn(&Target) -> Option<Frequency>,
) -> BTreeMap<Target, Frequency> {
    let mut known: BTreeMap<Target, Frequency> = BTreeMap::new();
    let mut todo: Vec<Target> = Vec::new();
    let is_test = |target: &Target| match target {
        Target::Body(owner) | Target::Literal(owner, _) => {
            own.get(owner) == Some(&Some(Frequency::Test))
        }
        _ => false,
    };
    let reached: BTreeSet<&Target> = steps
        .iter()
        .filter(|(from, _)| !is_test(from) && !matches!(from, Target::Returned(_)))
        .flat_map(|(_, steps)| steps.iter().map(|step| &step.to))
        .collect();
    for (owner, frequency) in own {
        let target = Target::Body(*owner);
        let frequency = match frequency.or_else(|| before(&target)) {
            Some(frequency) => frequency,
            None if reached.contains(&target) => continue,
            None => Frequency::Unknown,
        };
        known.insert(target.clone(), frequency);
        todo.push(target);
    }
    for target in steps.keys() {
        if !known.contains_key(*target)
            && let Some(frequency) = before(target)
        {
            known.insert((*target).clone(), frequency);
            todo.push((*target).clone());
        }
    }
    // A frequency only rises, and there are five of them.
    while let Some(from) = todo.pop() {
        let Some(frequency) = known.get(&from).copied() else {
            continue;
        };
        // What returns a function says nothing of how often that runs.
        if matches!(from, Target::Returned(_)) {
            continue;
        }
        for step in steps.get(&from).into_iter().flatten() {
            let Some(passed) = frequency.passed(step) else {
                continue;
            };
            if known.get(&step.to).is_none_or(|current| *current < passed) {
                known.insert(step.to.clone(), passed);
                todo.push(step.to.clone());
            }
        }
    }
    known
}
