//! What a call graph is made of, body by body and package by package: what a later run takes over.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{Hash, Hasher};
use std::path::PathBuf;

use caulk_program::{BodyOwner, FuncId, PackageId, Program, TypeId, TypedBody};
use rustc_hash::FxHasher;
use serde::{Deserialize, Serialize};

use crate::body::{file_of, package_of};
use crate::components::components;
use crate::frequency::{self, Frequency};
use crate::implementers::{Called, Implementing, Methods};
use crate::reach::{self, Step, Target};

/// Stands for the canonical name of a function.
pub(super) type NameHash = u64;

/// What a call graph is made of, package by package. Those of a package hang on its source and on what the packages
/// declare that it imports, and theirs; not on what these do in their functions.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct CallFacts {
    pub(super) reads: BTreeMap<BodyOwner, Read>,
    pub(super) methods: BTreeMap<PackageId, Methods>,
    pub(super) implementing: BTreeMap<Called, Implementing>,
    /// Of each package, the files whose bodies were read.
    pub(super) files: BTreeMap<PackageId, BTreeSet<PathBuf>>,
    /// Of the functions that were read, and of those whose parameters are given functions.
    pub(super) names: BTreeMap<FuncId, NameHash>,
}

/// What one body says.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Read {
    pub steps: Vec<Step>,
    pub own: Option<Frequency>,
    pub interfaces: Vec<Interface>,
}

/// An interface of [`Target::Method`].
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Interface {
    pub key: String,
    /// Not known where the body was not read in this run.
    #[serde(skip)]
    pub ty: Option<TypeId>,
}

impl CallFacts {
    /// The files whose bodies were read, in order.
    pub fn files(&self) -> impl Iterator<Item = &PathBuf> {
        let files: BTreeSet<&PathBuf> = self.files.values().flatten().collect();
        files.into_iter()
    }

    pub(super) fn note_files(
        &mut self,
        program: &Program,
        known: &BTreeMap<PackageId, Vec<BodyOwner>>,
    ) {
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

    pub(super) fn note_names(&mut self, program: &Program) {
        let of_steps = self.reads.values().flat_map(|read| &read.steps);
        let targets = of_steps.flat_map(|step| [&step.from, &step.to]);
        let given = targets.filter_map(|target| match target {
            Target::Param(id, _) | Target::Called(id, _) => Some(*id),
            _ => None,
        });
        let read = self.reads.keys().filter_map(|owner| owner.func());
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

    pub(super) fn owners(&self, package: PackageId) -> Vec<BodyOwner> {
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
    pub(super) fn forget_bodies(&mut self, is_read: impl Fn(&BodyOwner) -> bool) {
        self.steps.retain(|step| match &step.to {
            Target::Body(body) => is_read(body),
            _ => true,
        });
    }

    pub(super) fn callees(&self) -> Vec<FuncId> {
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

/// Reads one body, as far as what it leads to is the project's own.
pub(super) fn read(
    program: &Program,
    owner: BodyOwner,
    is_own: &impl Fn(PackageId) -> bool,
    visit: &(dyn Fn(&TypedBody) -> bool + Sync),
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
    let mut steps: Vec<Step> = steps.collect();
    steps.shrink_to_fit();
    let interface = |(key, ty)| Interface { key, ty: Some(ty) };
    let read = Read {
        steps,
        own: frequency::own(program, &body, in_test),
        interfaces: reached.interfaces.into_iter().map(interface).collect(),
    };
    if visit(&body) {
        program.keep_body(body);
    }
    read
}

fn name_hash(program: &Program, id: FuncId) -> Option<NameHash> {
    let mut hasher = FxHasher::default();
    program.func(id)?.canonical.hash(&mut hasher);
    Some(hasher.finish())
}
