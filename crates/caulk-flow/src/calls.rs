//! Calls between the functions of a program: who calls whom, and how often.

use std::collections::{BTreeMap, BTreeSet};

use caulk_program::{
    BodyOwner, FuncId, Package, PackageId, Program, SourceFile, TypeId, TypedBody,
};
use caulk_syntax::{ExprId, Node};
use rayon::prelude::*;
use smol_str::SmolStr;

use crate::components::components;
use crate::frequency::{self, Frequency};
use crate::implementers::Implementers;
use crate::reach::{self, Reached, Step, Target};

/// The call graph of the packages that are checked and of what they call in their own modules.
#[derive(Debug, Default)]
pub struct Calls {
    edges: BTreeMap<BodyOwner, Vec<FuncId>>,
    steps: BTreeMap<Target, Vec<Step>>,
    frequencies: BTreeMap<Target, Frequency>,
    components: BTreeMap<FuncId, u32>,
}

impl Calls {
    /// Reads every body of the checked packages, and then of the functions of main modules that
    /// these call, and so on.
    pub fn of(program: &Program) -> Calls {
        let mut calls = Calls::default();
        let mut own = BTreeMap::new();
        let mut interfaces = BTreeMap::new();
        let mut todo: Vec<BodyOwner> = program
            .check_packages()
            .par_iter()
            .map(|package| program.owners(*package))
            .flatten()
            .collect();
        let mut seen: BTreeSet<BodyOwner> = todo.iter().copied().collect();
        while !todo.is_empty() {
            let found: Vec<(BodyOwner, Read)> = todo
                .par_iter()
                .map(|owner| (*owner, read(program, *owner)))
                .collect();
            todo.clear();
            for (owner, read) in found {
                let mut callees = read.callees();
                callees.retain(|callee| {
                    let body = BodyOwner::Func(*callee);
                    let is_new = is_followed(program.package(callee.package)) && seen.insert(body);
                    if is_new {
                        todo.push(body);
                    }
                    is_new || seen.contains(&body)
                });
                calls.edges.insert(owner, callees);
                own.insert(owner, read.own);
                interfaces.extend(read.reached.interfaces);
                // Most lead into dependencies, which are not read: nothing comes of them.
                let leads_on = |step: &Step| match &step.to {
                    Target::Body(body) => seen.contains(body),
                    _ => true,
                };
                for step in read.reached.steps.into_iter().filter(leads_on) {
                    calls.add(step);
                }
            }
        }
        calls.implement(program, &interfaces);
        calls.components = components(&calls.edges);
        calls.frequencies = frequency::spread(&own, &calls.steps);
        calls
    }

    fn add(&mut self, step: Step) {
        self.steps.entry(step.from.clone()).or_default().push(step);
    }

    /// Leads from the methods of interfaces that are called to those that implement them.
    fn implement(&mut self, program: &Program, interfaces: &BTreeMap<String, TypeId>) {
        let packages: BTreeSet<PackageId> = self
            .edges
            .keys()
            .map(|owner| match owner {
                BodyOwner::Func(id) => id.package,
                BodyOwner::Initializer(package, _) => *package,
            })
            .collect();
        let implementers = Implementers::of(program, &packages);
        let called: BTreeSet<Target> = self
            .steps
            .values()
            .flatten()
            .map(|step| &step.to)
            .filter(|target| matches!(target, Target::Method(..)))
            .cloned()
            .collect();
        let found: Vec<Step> = called
            .into_par_iter()
            .flat_map_iter(|from| {
                let methods = match &from {
                    Target::Method(key, name) => interfaces
                        .get(key)
                        .map(|iface| implementers.find(*iface, name))
                        .unwrap_or_default(),
                    _ => Vec::new(),
                };
                methods.into_iter().map(move |method| Step {
                    from: from.clone(),
                    to: Target::Body(BodyOwner::Func(method)),
                    in_loop: false,
                    in_handler: false,
                })
            })
            .collect();
        for step in found {
            self.add(step);
        }
    }

    /// The bodies of the graph, in order of their packages.
    pub fn owners(&self) -> impl Iterator<Item = BodyOwner> {
        self.edges.keys().copied()
    }

    /// How often a function is likely to run.
    pub fn frequency(&self, func: FuncId) -> Frequency {
        self.frequency_of(&Target::Body(BodyOwner::Func(func)))
    }

    /// How often a function literal of a body is likely to run.
    pub fn literal_frequency(&self, owner: BodyOwner, literal: ExprId) -> Frequency {
        self.frequency_of(&Target::Literal(owner, literal))
    }

    /// The methods that a call of an interface's method, through embedded fields of `holder`, may reach; none where
    /// there are too many to say anything.
    pub fn implementers(
        &self,
        program: &Program,
        holder: TypeId,
        through: &[SmolStr],
        name: &SmolStr,
    ) -> Vec<FuncId> {
        let target = reach::interface(program, holder, through)
            .map(|iface| Target::Method(program.type_string(iface), name.clone()));
        let steps = target.and_then(|target| self.steps.get(&target));
        let implementing = steps
            .into_iter()
            .flatten()
            .filter_map(|step| match step.to {
                Target::Body(BodyOwner::Func(id)) => Some(id),
                _ => None,
            });
        implementing.collect()
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
}

/// What one body says.
#[derive(Default)]
struct Read {
    reached: Reached,
    own: Option<Frequency>,
}

impl Read {
    fn callees(&self) -> Vec<FuncId> {
        let callees: BTreeSet<FuncId> = self
            .reached
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

fn read(program: &Program, owner: BodyOwner) -> Read {
    let Some(body) = program.body(owner) else {
        return Read::default();
    };
    let in_test = file_of(program, owner).is_some_and(|file| file.is_test());
    let read = Read {
        reached: reach::reached(program, &body, in_test),
        own: frequency::own(program, &body, in_test),
    };
    program.keep_body(body);
    read
}

/// The file that a body stands in.
pub(crate) fn file_of(program: &Program, owner: BodyOwner) -> Option<&SourceFile> {
    match owner {
        BodyOwner::Func(id) => program.file_of(id).map(|file| &**file),
        BodyOwner::Initializer(package, index) => {
            let package = program.package(package);
            let initializer = package.initializers().get(index as usize)?;
            let file = package.files().get(initializer.file as usize)?;
            Some(&**file)
        }
    }
}

fn is_followed(package: &Package) -> bool {
    package.module().is_main && !package.is_std()
}

/// The nodes at the top of a body: its block, or the values of an initializer.
pub fn roots(program: &Program, body: &TypedBody) -> Vec<Node> {
    match (body.block(), body.owner) {
        (Some(block), _) => vec![block.into()],
        (None, BodyOwner::Initializer(package, index)) => program
            .package(package)
            .initializers()
            .get(index as usize)
            .map(|initializer| {
                body.tree()
                    .exprs(initializer.spec.values)
                    .iter()
                    .map(|expr| Node::Expr(*expr))
                    .collect()
            })
            .unwrap_or_default(),
        (None, BodyOwner::Func(_)) => Vec::new(),
    }
}
