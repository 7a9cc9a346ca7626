//! Calls between the functions of a program: who calls whom, and how often.

mod facts;
mod implement;
mod of_targets;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use caulk_program::{BodyOwner, FuncId, Module, PackageId, Program, TypeId, TypedBody};
use caulk_syntax::ExprId;
use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};
use smol_str::SmolStr;

pub use self::facts::CallFacts;
use self::facts::{NameHash, Read, read};
use self::of_targets::OfTargets;
use crate::body::{file_of, package_of};
use crate::components::components;
use crate::failing::{self, Failing, How, Known};
use crate::frequency::{self, Frequency};
use crate::implementers::Called;
use crate::purpose::{Applications, is_example};
use crate::reach::{self, Step, Target};

/// The call graph of the packages that are checked and of what they call in their own modules.
#[derive(Debug, Default)]
pub struct Calls {
    facts: CallFacts,
    /// Those that were read, in order.
    bodies: Vec<BodyOwner>,
    frequencies: BTreeMap<Target, Frequency>,
    failing: FxHashMap<Target, Failing>,
    components: FxHashMap<FuncId, u32>,
    implementers: BTreeMap<Called, Vec<FuncId>>,
    /// For the builds after this one: the files whose bodies were read, and how often what has a name in all builds runs.
    files: FxHashSet<PathBuf>,
    by_name: FxHashMap<Named, (Frequency, Failing)>,
}

/// What runs in one build, as other builds of the tree know it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Named {
    Func(NameHash),
    Param(NameHash, u32),
    Called(NameHash, u32),
}

impl Calls {
    /// Reads every body of the checked packages, and then of the functions of main modules that
    /// these call, and so on.
    pub fn of(program: &Program) -> Calls {
        Calls::with(program, CallFacts::default(), &|_| false, &[], &|_| true)
    }

    /// The same, where facts are known from an earlier run, and in some packages those of all bodies. The bodies of files that one of the builds
    /// `before` has read are not read again: what they call is known there, and how often what they declare runs is
    /// known by name. Each body that is read is shown to `visit`, which saves whoever needs something of all of them to find out
    /// what they mean once more, and says whether it will be asked for again.
    pub fn with(
        program: &Program,
        mut known: CallFacts,
        is_known: &(dyn Fn(PackageId) -> bool + Sync),
        before: &[&Calls],
        visit: &(dyn Fn(&TypedBody) -> bool + Sync),
    ) -> Calls {
        let known_bodies = known.bodies();
        let check: BTreeSet<PackageId> = program.check_packages().iter().copied().collect();
        let is_own = |package: PackageId| check.contains(&package) || is_followed(program, package);
        let is_new = |owner: &BodyOwner| {
            before.is_empty()
                || file_of(program, *owner).is_some_and(|file| {
                    let mut builds = before.iter();
                    !builds.any(|calls| calls.files.contains(&file.path))
                })
        };
        let mut todo: Vec<BodyOwner> = program
            .check_packages()
            .par_iter()
            .map(|package| match is_known(*package) {
                true => known.owners(*package),
                false => {
                    let mut owners = program.owners(*package);
                    owners.retain(is_new);
                    owners
                }
            })
            .flatten()
            .collect();
        let mut seen: BTreeSet<BodyOwner> = todo.iter().copied().collect();
        let mut reads: BTreeMap<BodyOwner, Read> = BTreeMap::new();
        let mut edges: BTreeMap<BodyOwner, Vec<FuncId>> = BTreeMap::new();
        while !todo.is_empty() {
            let mut found: Vec<(BodyOwner, Read)> = Vec::with_capacity(todo.len());
            todo.retain(|owner| match known.reads.remove(owner) {
                Some(read) => {
                    found.push((*owner, read));
                    false
                }
                None => true,
            });
            found.par_extend(
                todo.par_iter()
                    .map(|owner| (*owner, read(program, *owner, &is_own, visit))),
            );
            todo.clear();
            for (owner, mut read) in found {
                if !before.is_empty() {
                    read.forget_bodies(|body| {
                        seen.contains(body) || known.reads.contains_key(body) || is_new(body)
                    });
                }
                let callees = read.callees();
                let bodies = callees.iter().map(|callee| BodyOwner::Func(*callee));
                todo.extend(bodies.filter(|body| seen.insert(*body)));
                edges.insert(owner, callees);
                reads.insert(owner, read);
            }
        }
        known.reads = reads;
        known.note_files(program, &known_bodies);
        known.note_names(program);
        let components = components(&edges).into_iter().collect();
        // What is put together of the steps below takes much room.
        drop(edges);
        let mut calls = Calls {
            components,
            files: known.files.values().flatten().cloned().collect(),
            bodies: known.reads.keys().copied().collect(),
            facts: known,
            ..Calls::default()
        };
        calls.implement(program, before);
        calls.spread(program, before);
        calls
    }

    fn spread(&mut self, program: &Program, before: &[&Calls]) {
        // From the methods of interfaces that are called to those that implement them.
        let implementing: Vec<Step> = self
            .implementers
            .iter()
            .flat_map(|(called, methods)| {
                let called = Target::Method(Arc::new(called.clone()));
                methods.iter().map(move |method| Step {
                    from: called.clone(),
                    to: Target::Body(BodyOwner::Func(*method)),
                    in_loop: false,
                    in_endless: false,
                    in_handler: false,
                    how: How::Held,
                })
            })
            .collect();
        let reads = &self.facts.reads;
        let mut steps: BTreeMap<&Target, Vec<&Step>> = BTreeMap::new();
        let packages: BTreeSet<PackageId> = reads.keys().map(package_of).collect();
        let examples: FxHashSet<PackageId> = packages
            .into_iter()
            .filter(|package| is_example(program.package(*package)))
            .collect();
        let is_shown = |owner: &BodyOwner| !examples.contains(&package_of(owner));
        let of_bodies = reads.iter().flat_map(|(owner, read)| {
            // What an example shows others may call as often as they like.
            let shows = |step: &&Step| {
                !is_shown(owner) && matches!(&step.to, Target::Body(to) if is_shown(to))
            };
            read.steps.iter().filter(move |step| !shows(step))
        });
        for step in of_bodies.chain(&implementing) {
            steps.entry(&step.from).or_default().push(step);
        }
        let names = &self.facts.names;
        let known = |target: &Target| {
            let mut builds = before.iter();
            builds.find_map(|calls| match Named::of(names, target) {
                Some(named) => calls.by_name.get(&named).map(|(frequency, _)| frequency),
                None => calls
                    .frequencies
                    .get(target)
                    .filter(|_| has_one_name(target)),
            })
        };
        let own: BTreeMap<BodyOwner, Option<Frequency>> = reads
            .iter()
            .map(|(owner, read)| (*owner, read.own))
            .collect();
        self.frequencies = frequency::spread(&own, &steps, &|target| known(target).copied());
        let known = OfTargets {
            program,
            own: &own,
            frequencies: &self.frequencies,
            names,
            before,
            applications: Applications::of(program),
        };
        self.failing = failing::spread(steps.values().flatten().copied(), &known);
        if !before.is_empty() {
            // What no step of this build leads to, or from.
            let steps = || steps.values().flatten();
            let reached: FxHashSet<&Target> =
                steps().flat_map(|step| [&step.from, &step.to]).collect();
            let alone = reads.keys().map(|owner| Target::Body(*owner));
            let alone = alone.filter(|target| !reached.contains(target));
            let known = alone.filter_map(|target| Some((target.clone(), known.before(&target)?)));
            self.failing.extend(known);
        }
        for (target, frequency) in &self.frequencies {
            if let Some(named) = Named::of(names, target) {
                let failing = self.failing.get(target).copied().unwrap_or_default();
                let known = self.by_name.entry(named).or_insert((*frequency, failing));
                known.0 = known.0.max(*frequency);
            }
        }
    }

    /// Whether a body is one of the graph's.
    pub fn has_read(&self, owner: BodyOwner) -> bool {
        self.bodies.binary_search(&owner).is_ok()
    }

    /// The bodies of the graph, in order of their packages.
    pub fn owners(&self) -> impl Iterator<Item = BodyOwner> {
        self.bodies.iter().copied()
    }

    /// How often a function is likely to run.
    pub fn frequency(&self, func: FuncId) -> Frequency {
        self.frequency_of(&Target::Body(BodyOwner::Func(func)))
    }

    /// How often a function literal of a body is likely to run.
    pub fn literal_frequency(&self, owner: BodyOwner, literal: ExprId) -> Frequency {
        self.frequency_of(&Target::Literal(owner, literal))
    }

    /// What ends as a function returns an error, or a literal of it.
    pub fn failing(&self, owner: BodyOwner, literal: Option<ExprId>) -> Failing {
        let target = match literal {
            None => Target::Body(owner),
            Some(literal) => Target::Literal(owner, literal),
        };
        self.failing.get(&target).copied().unwrap_or_default()
    }

    /// How often the bodies of each package and the literals in them are likely to run, and what ends as they fail.
    pub fn frequencies(&self) -> BTreeMap<PackageId, Frequencies> {
        let mut all: BTreeMap<PackageId, Frequencies> = BTreeMap::new();
        for (target, frequency) in &self.frequencies {
            let (owner, literal) = match target {
                Target::Body(owner) => (owner, None),
                Target::Literal(owner, literal) => (owner, Some(*literal)),
                _ => continue,
            };
            let of_package = all.entry(package_of(owner)).or_default();
            of_package.push((*owner, literal, *frequency, self.failing(*owner, literal)));
        }
        all
    }

    /// The methods that a call of an interface's method may reach, by the [`interface_key`] of the interface; none where
    /// there are too many to say anything.
    pub fn implementers(&self, interface: &str, name: &SmolStr) -> &[FuncId] {
        let called = (interface.to_owned(), name.clone());
        let found = self.implementers.get(&called);
        found.map(Vec::as_slice).unwrap_or_default()
    }

    fn frequency_of(&self, target: &Target) -> Frequency {
        self.frequencies
            .get(target)
            .copied()
            .unwrap_or(Frequency::Unknown)
    }

    /// Numbers of the strongly connected components: two functions have the same where each
    /// reaches the other by calls and functions that have names.
    pub fn components(&self) -> &FxHashMap<FuncId, u32> {
        &self.components
    }

    /// What it is made of.
    pub fn facts(&self) -> &CallFacts {
        &self.facts
    }

    /// Drops what it was made of, which only a later run would want, but for what interfaces the builds after this one are to
    /// look for.
    pub fn forget_facts(&mut self) {
        let mut implementing = std::mem::take(&mut self.facts.implementing);
        for known in implementing.values_mut() {
            known.found.clear();
        }
        self.facts = CallFacts {
            implementing,
            ..CallFacts::default()
        };
    }

    /// What it was made of, for a later run.
    pub fn into_facts(mut self) -> CallFacts {
        // A type's id is good in this program alone.
        for read in self.facts.reads.values_mut() {
            for interface in &mut read.interfaces {
                interface.ty = None;
            }
        }
        self.facts
    }
}

/// How often bodies and literals in them are likely to run, and what ends as they fail.
pub type Frequencies = Vec<(BodyOwner, Option<ExprId>, Frequency, Failing)>;

/// What the interface is known by that a value leads to through embedded fields.
pub fn interface_key(program: &Program, holder: TypeId, through: &[SmolStr]) -> Option<String> {
    reach::interface(program, holder, through).map(|iface| program.type_string(iface))
}

impl Named {
    fn of(names: &BTreeMap<FuncId, NameHash>, target: &Target) -> Option<Named> {
        match target {
            Target::Body(BodyOwner::Func(id)) => names.get(id).copied().map(Named::Func),
            Target::Param(id, index) => Some(Named::Param(*names.get(id)?, *index)),
            Target::Called(id, index) => Some(Named::Called(*names.get(id)?, *index)),
            _ => None,
        }
    }
}

/// Whether what runs is called the same in all builds of a tree.
fn has_one_name(target: &Target) -> bool {
    matches!(
        target,
        Target::Field(_) | Target::Variable(_) | Target::Method(_)
    )
}

/// Whether the functions of a package are followed as those of the project are, wherever they are called from.
pub fn is_followed(program: &Program, package: PackageId) -> bool {
    let is_main = |module: &Module| module.is_main;
    !program.is_of_std(package) && program.module_of(package).is_some_and(is_main)
}
