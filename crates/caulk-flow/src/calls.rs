//! Calls between the functions of a program: who calls whom, and how often.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{Hash, Hasher};
use std::path::PathBuf;

use caulk_program::{BodyOwner, FuncId, Module, PackageId, Program, TypeId, TypedBody};
use caulk_syntax::ExprId;
use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet, FxHasher};
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::body::file_of;
use crate::components::components;
use crate::failing::{self, Failing, How};
use crate::frequency::{self, Frequency};
use crate::implementers::{Called, Candidate, Implementing, Methods, Types, implementers};
use crate::reach::{self, Step, Target};

/// The call graph of the packages that are checked and of what they call in their own modules.
#[derive(Debug, Default)]
pub struct Calls {
    facts: CallFacts,
    frequencies: BTreeMap<Target, Frequency>,
    failing: FxHashMap<Target, Failing>,
    components: BTreeMap<FuncId, u32>,
    implementers: BTreeMap<Called, Vec<FuncId>>,
    /// For the builds after this one: the files whose bodies were read, and how often what has a name in all builds runs.
    files: FxHashSet<PathBuf>,
    by_name: FxHashMap<Named, Frequency>,
}

/// What runs in one build, as other builds of the tree know it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Named {
    Func(NameHash),
    Param(NameHash, u32),
    Called(NameHash, u32),
}

/// Stands for the canonical name of a function.
type NameHash = u64;

/// What a call graph is made of, package by package. Those of a package hang on its source and on what the packages
/// declare that it imports, and theirs; not on what these do in their functions.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct CallFacts {
    reads: BTreeMap<BodyOwner, Read>,
    methods: BTreeMap<PackageId, Methods>,
    implementing: BTreeMap<Called, Implementing>,
    /// Of each package, the files whose bodies were read.
    files: BTreeMap<PackageId, BTreeSet<PathBuf>>,
    /// Of the functions that were read, and of those whose parameters are given functions.
    names: BTreeMap<FuncId, NameHash>,
}

/// What one body says.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Read {
    steps: Vec<Step>,
    pub own: Option<Frequency>,
    interfaces: Vec<Interface>,
}

/// An interface of [`Target::Method`].
#[derive(Debug, Serialize, Deserialize)]
struct Interface {
    key: String,
    /// Not known where the body was not read in this run.
    #[serde(skip)]
    ty: Option<TypeId>,
}

impl Calls {
    /// Reads every body of the checked packages, and then of the functions of main modules that
    /// these call, and so on.
    pub fn of(program: &Program) -> Calls {
        Calls::with(program, CallFacts::default(), &|_| false, &[], &|_| ())
    }

    /// The same, where facts are known from an earlier run, and in some packages those of all bodies. The bodies of files that one of the builds
    /// `before` has read are not read again: what they call is known there, and how often what they declare runs is
    /// known by name. Each body that is read is shown to `visit`, which saves whoever needs something of all of them to find out
    /// what they mean once more.
    pub fn with(
        program: &Program,
        mut known: CallFacts,
        is_known: &(dyn Fn(PackageId) -> bool + Sync),
        before: &[&Calls],
        visit: &(dyn Fn(&TypedBody) + Sync),
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
        let mut calls = Calls {
            components: components(&edges),
            files: known.files.values().flatten().cloned().collect(),
            facts: known,
            ..Calls::default()
        };
        calls.implement(program, before);
        calls.spread(program, before);
        calls
    }

    /// Finds what implements the methods of interfaces that are called here and in the builds before.
    fn implement(&mut self, program: &Program, before: &[&Calls]) {
        let CallFacts {
            reads,
            methods,
            implementing,
            ..
        } = &mut self.facts;
        let packages: BTreeSet<PackageId> = reads.keys().map(package_of).collect();
        methods.retain(|package, _| packages.contains(package));
        let new: Vec<PackageId> = packages
            .iter()
            .filter(|package| !methods.contains_key(package))
            .copied()
            .collect();
        let mut types: BTreeMap<PackageId, Types<'_>> = BTreeMap::new();
        let of_new: Vec<_> = new
            .into_par_iter()
            .map(|package| (package, Types::of(program, package)))
            .collect();
        for (package, (of_package, names)) in of_new {
            types.insert(package, of_package);
            methods.insert(package, names);
        }
        let called: BTreeSet<&Called> = reads
            .values()
            .flat_map(|read| &read.steps)
            .filter_map(|step| match &step.to {
                Target::Method(called) => Some(called),
                _ => None,
            })
            .collect();
        let rank = ranks(program, &packages);
        let callers = callers(reads, &rank);
        let mut all = BTreeMap::new();
        // What is to be asked of a package for each call, and whether its types are at hand for that.
        let mut asked: Vec<(&Called, BodyOwner, Vec<PackageId>)> = Vec::new();
        for called in called {
            let Some(by) = callers.get(called.0.as_str()).copied() else {
                continue;
            };
            let mut known = implementing
                .remove(called)
                .filter(|known| known.by == by)
                .unwrap_or(Implementing {
                    by,
                    found: BTreeMap::new(),
                });
            known
                .found
                .retain(|package, _| methods.contains_key(package));
            let having = methods.iter().filter(|(_, of)| of.has(&called.1));
            let missing: Vec<PackageId> = having
                .map(|(package, _)| *package)
                .filter(|package| !known.found.contains_key(package))
                .collect();
            if !missing.is_empty() {
                asked.push((called, by, missing));
            }
            all.insert(called.clone(), known);
        }
        let told_before: BTreeSet<&Called> = before
            .iter()
            .flat_map(|calls| calls.facts.implementing.keys())
            .filter(|called| !all.contains_key(*called))
            .collect();
        let told: Vec<(&Called, Vec<PackageId>)> = told_before
            .into_iter()
            .map(|called| {
                let having = methods.iter().filter(|(_, of)| of.has(&called.1));
                (called, having.map(|(package, _)| *package).collect())
            })
            .collect();
        let of_told = told.iter().flat_map(|(_, packages)| packages);
        let further: BTreeSet<PackageId> = asked
            .iter()
            .flat_map(|(_, _, packages)| packages)
            .chain(of_told)
            .filter(|package| !types.contains_key(package))
            .copied()
            .collect();
        let further: Vec<_> = further
            .into_par_iter()
            .map(|package| (package, Types::of(program, package).0))
            .collect();
        types.extend(further);
        let found: Vec<_> = asked
            .into_par_iter()
            .map(|(called, by, packages)| {
                let iface = interface_type(program, reads, by, &called.0);
                let implementing = |package: PackageId| {
                    let types = types.get(&package)?;
                    Some(types.implementing(iface?, &called.1))
                };
                let found: Vec<(PackageId, Vec<Candidate>)> = packages
                    .into_iter()
                    .map(|package| (package, implementing(package).unwrap_or_default()))
                    .collect();
                (called.clone(), found)
            })
            .collect();
        for (called, found) in found {
            if let Some(known) = all.get_mut(&called) {
                known.found.extend(found);
            }
        }
        *implementing = all;
        let told: Vec<(&Called, BTreeMap<PackageId, Vec<Candidate>>)> = told
            .into_par_iter()
            .map(|(called, packages)| {
                let implementing = |package: PackageId| {
                    let iface = declared_interface(program, package, &called.0)?;
                    Some((package, types.get(&package)?.implementing(iface, &called.1)))
                };
                (
                    called,
                    packages.into_iter().filter_map(implementing).collect(),
                )
            })
            .collect();
        let here = implementing
            .iter()
            .map(|(called, known)| (called, &known.found));
        let before = told.iter().map(|(called, found)| (*called, found));
        self.implementers = implementers(methods, here.chain(before));
        for found in self.implementers.values_mut() {
            found.sort_by_key(|func| (rank.get(&func.package), func.index));
        }
    }

    fn spread(&mut self, program: &Program, before: &[&Calls]) {
        // From the methods of interfaces that are called to those that implement them.
        let implementing: Vec<Step> = self
            .implementers
            .iter()
            .flat_map(|(called, methods)| {
                methods.iter().map(move |method| Step {
                    from: Target::Method(called.clone()),
                    to: Target::Body(BodyOwner::Func(*method)),
                    in_loop: false,
                    in_handler: false,
                    how: How::Held,
                })
            })
            .collect();
        let reads = &self.facts.reads;
        let mut steps: BTreeMap<&Target, Vec<&Step>> = BTreeMap::new();
        let of_bodies = reads.values().flat_map(|read| &read.steps);
        for step in of_bodies.chain(&implementing) {
            steps.entry(&step.from).or_default().push(step);
        }
        let names = &self.facts.names;
        let known = |target: &Target| {
            let mut builds = before.iter();
            builds.find_map(|calls| match Named::of(names, target) {
                Some(named) => calls.by_name.get(&named),
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
        let own_of = |target: &Target| match target {
            Target::Body(owner) => own.get(owner).copied().flatten(),
            _ => None,
        };
        let is_test = |target: &Target| match target {
            Target::Body(owner) | Target::Literal(owner, _) => {
                own.get(owner) == Some(&Some(Frequency::Test)) || takes_test(program, *owner)
            }
            _ => false,
        };
        self.failing = failing::spread(
            steps.values().flatten().copied(),
            &|target| match target {
                Target::Body(BodyOwner::Func(id)) => {
                    own_of(target) == Some(Frequency::Once)
                        && program.func(*id).is_some_and(|func| func.name == "main")
                }
                _ => false,
            },
            &|target| own_of(target) == Some(Frequency::Request),
            &is_test,
            &|target| match target {
                Target::Body(BodyOwner::Func(id)) => is_offered(program, *id),
                _ => false,
            },
            &|target| match target {
                Target::Body(BodyOwner::Func(id)) => is_library_function(program, *id),
                _ => false,
            },
        );
        for (target, frequency) in &self.frequencies {
            if let Some(named) = Named::of(names, target) {
                let known = self.by_name.entry(named).or_insert(*frequency);
                *known = (*known).max(*frequency);
            }
        }
    }

    /// Whether a body is one of the graph's.
    pub fn has_read(&self, owner: BodyOwner) -> bool {
        self.facts.reads.contains_key(&owner)
    }

    /// The bodies of the graph, in order of their packages.
    pub fn owners(&self) -> impl Iterator<Item = BodyOwner> {
        self.facts.reads.keys().copied()
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
    pub fn components(&self) -> &BTreeMap<FuncId, u32> {
        &self.components
    }

    /// What it is made of.
    pub fn facts(&self) -> &CallFacts {
        &self.facts
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
        Target::Field(..) | Target::Variable(_) | Target::Method(_)
    )
}

fn name_hash(program: &Program, id: FuncId) -> Option<NameHash> {
    let mut hasher = FxHasher::default();
    program.func(id)?.reference.name.hash(&mut hasher);
    Some(hasher.finish())
}

impl CallFacts {
    /// The files whose bodies were read, in order.
    pub fn files(&self) -> impl Iterator<Item = &PathBuf> {
        let files: BTreeSet<&PathBuf> = self.files.values().flatten().collect();
        files.into_iter()
    }

    fn note_files(&mut self, program: &Program, known: &BTreeMap<PackageId, Vec<BodyOwner>>) {
        let bodies = self.bodies();
        self.files.retain(|package, _| bodies.contains_key(package));
        for (package, owners) in bodies {
            if known.get(&package) != Some(&owners) {
                let files = owners.iter().filter_map(|owner| file_of(program, *owner));
                let paths = files.map(|file| file.path.clone()).collect();
                self.files.insert(package, paths);
            }
        }
    }

    fn note_names(&mut self, program: &Program) {
        let of_steps = self.reads.values().flat_map(|read| &read.steps);
        let targets = of_steps.flat_map(|step| [&step.from, &step.to]);
        let given = targets.filter_map(|target| match target {
            Target::Param(id, _) | Target::Called(id, _) => Some(*id),
            _ => None,
        });
        let read = self.reads.keys().filter_map(|owner| match owner {
            BodyOwner::Func(id) => Some(*id),
            BodyOwner::Initializer(..) => None,
        });
        let mut names = BTreeMap::new();
        for id in read.chain(given) {
            if let Some(name) = self
                .names
                .get(&id)
                .copied()
                .or_else(|| name_hash(program, id))
            {
                names.insert(id, name);
            }
        }
        self.names = names;
    }

    /// Leaves what holds in packages of which facts are known, apart from some bodies.
    pub fn keep(&mut self, is_known: &dyn Fn(PackageId) -> bool, edited: &BTreeSet<BodyOwner>) {
        let is_same = |owner: &BodyOwner| is_known(package_of(owner)) && !edited.contains(owner);
        self.reads.retain(|owner, _| is_same(owner));
        self.methods.retain(|package, _| is_known(*package));
        self.files.retain(|package, _| is_known(*package));
        self.names.retain(|id, _| is_known(id.package));
        self.implementing.retain(|_, known| is_same(&known.by));
        for known in self.implementing.values_mut() {
            known.found.retain(|package, _| is_known(*package));
        }
    }

    fn owners(&self, package: PackageId) -> Vec<BodyOwner> {
        let func = |index| BodyOwner::Func(FuncId { package, index });
        let initializer = |index| BodyOwner::Initializer(package, index);
        let funcs = self.reads.range(func(0)..=func(u32::MAX));
        let initializers = self.reads.range(initializer(0)..=initializer(u32::MAX));
        funcs.chain(initializers).map(|(owner, _)| *owner).collect()
    }

    /// The functions that reach one another, each with the first that it is in a circle with.
    pub fn circles(&self) -> BTreeMap<FuncId, FuncId> {
        let callees = |(owner, read): (&BodyOwner, &Read)| (*owner, read.callees());
        let components = components(&self.reads.iter().map(callees).collect());
        let mut members: BTreeMap<u32, Vec<FuncId>> = BTreeMap::new();
        for (id, component) in &components {
            members.entry(*component).or_default().push(*id);
        }
        let circles = members.values().filter(|members| members.len() > 1);
        circles
            .flat_map(|members| members.iter().map(|id| (*id, members[0])))
            .collect()
    }

    /// The bodies that were read of each package.
    pub fn bodies(&self) -> BTreeMap<PackageId, Vec<BodyOwner>> {
        let mut all: BTreeMap<PackageId, Vec<BodyOwner>> = BTreeMap::new();
        for owner in self.reads.keys() {
            all.entry(package_of(owner)).or_default().push(*owner);
        }
        all
    }
}

impl Read {
    /// Drops what leads to other bodies than those that `is_read` lets through.
    fn forget_bodies(&mut self, is_read: impl Fn(&BodyOwner) -> bool) {
        self.steps.retain(|step| match &step.to {
            Target::Body(body) => is_read(body),
            _ => true,
        });
    }

    fn callees(&self) -> Vec<FuncId> {
        let callees: BTreeSet<FuncId> = self
            .steps
            .iter()
            .filter_map(|step| match step.to {
                Target::Body(BodyOwner::Func(id)) => Some(id),
                _ => None,
            })
            .collect();
        callees.into_iter().collect()
    }
}

/// Whether others can call a function by its name, or a method by way of an interface of theirs.
fn is_offered(program: &Program, id: FuncId) -> bool {
    let func = program.func(id);
    func.is_some_and(|func| caulk_syntax::is_exported(&func.name))
}

/// Whether a function is there for whoever names it: no method, which an interface may lead to.
fn is_library_function(program: &Program, id: FuncId) -> bool {
    is_offered(program, id) && program.func(id).is_some_and(|func| func.receiver.is_none())
}

/// Whether a function is for tests alone, as its parameters say: a step of one that others share.
fn takes_test(program: &Program, owner: BodyOwner) -> bool {
    let BodyOwner::Func(id) = owner else {
        return false;
    };
    let signature = program.func_type(program.signature(id));
    signature.is_some_and(|signature| {
        let mut names = signature
            .params
            .iter()
            .filter_map(|param| program.named_name(program.deref(*param)));
        names.any(|name| matches!(name.as_str(), "testing.T" | "testing.B" | "testing.TB"))
    })
}

/// The package of a body.
pub fn package_of(owner: &BodyOwner) -> PackageId {
    match owner {
        BodyOwner::Func(id) => id.package,
        BodyOwner::Initializer(package, _) => *package,
    }
}

/// Packages in an order that is the same whatever their ids are.
fn ranks(program: &Program, packages: &BTreeSet<PackageId>) -> BTreeMap<PackageId, usize> {
    let mut places: Vec<(String, PackageId)> = packages
        .iter()
        .map(|package| (program.place_of(*package), *package))
        .collect();
    places.sort();
    let packages = places.into_iter().map(|(_, package)| package);
    packages.zip(0..).collect()
}

/// For each interface the body to learn its type from: the first that calls a method of it.
fn callers<'a>(
    reads: &'a BTreeMap<BodyOwner, Read>,
    rank: &BTreeMap<PackageId, usize>,
) -> BTreeMap<&'a str, BodyOwner> {
    let place = |owner: &BodyOwner| (rank.get(&package_of(owner)), *owner);
    let mut callers: BTreeMap<&str, BodyOwner> = BTreeMap::new();
    for (owner, read) in reads {
        for interface in &read.interfaces {
            let first = callers.entry(&interface.key).or_insert(*owner);
            if place(owner) < place(first) {
                *first = *owner;
            }
        }
    }
    callers
}

/// The interface of this key that a body calls a method of.
fn interface_type(
    program: &Program,
    reads: &BTreeMap<BodyOwner, Read>,
    owner: BodyOwner,
    key: &str,
) -> Option<TypeId> {
    let interfaces = &reads.get(&owner)?.interfaces;
    let known = interfaces.iter().find(|interface| interface.key == key)?.ty;
    known.or_else(|| {
        let body = program.body(owner)?;
        let reached = reach::reached(program, &body, false);
        reached.interfaces.get(key).copied()
    })
}

/// The interface of this key as a package would import it, where it has a name of its own.
fn declared_interface(program: &Program, from: PackageId, key: &str) -> Option<TypeId> {
    let (path, name) = key.rsplit_once('.')?;
    let is_name = name.chars().all(|c| c.is_alphanumeric() || c == '_');
    is_name.then(|| program.find_type(from, path, name))
}

fn read(
    program: &Program,
    owner: BodyOwner,
    is_own: &impl Fn(PackageId) -> bool,
    visit: &(dyn Fn(&TypedBody) + Sync),
) -> Read {
    let Some(body) = program.body(owner) else {
        return Read::default();
    };
    let in_test = file_of(program, owner).is_some_and(|file| file.is_test());
    let reached = reach::reached(program, &body, in_test);
    // Most lead into dependencies, which are not read: nothing comes of them.
    let leads_on = |step: &Step| match &step.to {
        Target::Body(body) => is_own(package_of(body)),
        _ => true,
    };
    let steps = reached.steps.into_iter().filter(leads_on).map(|mut step| {
        if let Target::Param(id, _) | Target::Called(id, _) = &step.from
            && !is_own(id.package)
        {
            step.from = Target::Dependency;
        }
        step
    });
    let interface = |(key, ty)| Interface { key, ty: Some(ty) };
    let read = Read {
        steps: steps.collect(),
        own: frequency::own(program, &body, in_test),
        interfaces: reached.interfaces.into_iter().map(interface).collect(),
    };
    visit(&body);
    program.keep_body(body);
    read
}

/// Whether the functions of a package are followed as those of the project are, wherever they are called from.
pub fn is_followed(program: &Program, package: PackageId) -> bool {
    let is_main = |module: &Module| module.is_main;
    !program.is_of_std(package) && program.module_of(package).is_some_and(is_main)
}
