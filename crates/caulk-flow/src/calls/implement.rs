//! Which methods a call of an interface's method may reach, here and in the builds before.

use std::collections::{BTreeMap, BTreeSet};

use caulk_program::{BodyOwner, PackageId, Program, TypeId};
use rayon::prelude::*;

use super::Calls;
use super::facts::{CallFacts, Read};
use crate::body::package_of;
use crate::implementers::{Called, Candidate, Implementing, Types, implementers};
use crate::reach::{self, Target};

impl Calls {
    /// Finds what implements the methods of interfaces that are called here and in the builds before.
    pub(super) fn implement(&mut self, program: &Program, before: &[&Calls]) {
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
                Target::Method(called) => Some(&**called),
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
        let paths: BTreeSet<&str> = packages
            .iter()
            .map(|package| program.package(*package).path())
            .collect();
        let is_own = |interface: &str| {
            interface
                .rsplit_once('.')
                .is_some_and(|(package, _)| paths.contains(package))
        };
        self.implementers = implementers(methods, here.chain(before), &is_own);
        for found in self.implementers.values_mut() {
            found.sort_by_key(|func| (rank.get(&func.package), func.index));
        }
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
