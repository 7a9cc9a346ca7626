//! The methods that a call through an interface may reach.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use caulk_program::{BodyOwner, FuncId, PackageId, Program, TypeId};
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

/// A call of a method that more types have says little of any one of them.
const MAX_IMPLEMENTERS: usize = 16;

/// The same of an interface of the project, which those who implement it are written for, or where none but the package itself can implement
/// it, as the commands of a program do: who calls it is known.
const MAX_IMPLEMENTERS_WITHIN: usize = 64;

/// A method of an interface, by the interface's type.
pub(crate) type Called = (String, SmolStr);

/// What the types of a package have to do with interfaces, whatever these are.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Methods {
    /// Names of the methods of its types.
    names: BTreeSet<SmolStr>,
    /// Names of the types that its types embed.
    embedded: BTreeSet<String>,
}

/// Who implements a method of an interface, package by package.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Implementing {
    /// A body that calls it, which tells the interface.
    pub by: BodyOwner,
    /// Of each package that has a method of this name, those that a value of the interface may have.
    pub found: BTreeMap<PackageId, Vec<Candidate>>,
}

/// A method that may implement one of an interface.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Candidate {
    func: FuncId,
    /// The method's type lacks others of the interface's; where something embeds this type, that may have them.
    if_embedded: Option<Arc<str>>,
}

impl Methods {
    pub fn has(&self, name: &str) -> bool {
        self.names.contains(name)
    }
}

/// The methods of the types of a package by name: the type and its method.
pub(crate) struct Types<'a> {
    program: &'a Program,
    by_name: BTreeMap<&'a str, Vec<(TypeId, FuncId)>>,
    /// The full names of those that lack methods of an interface.
    names: Mutex<FxHashMap<TypeId, Option<Arc<str>>>>,
}

impl<'a> Types<'a> {
    pub fn of(program: &'a Program, id: PackageId) -> (Types<'a>, Methods) {
        let mut found: BTreeMap<&str, Vec<(TypeId, FuncId)>> = BTreeMap::new();
        let mut methods = Methods::default();
        let package = program.package(id);
        for name in package.type_names() {
            let ty = program.find_type(id, package.path(), name);
            for field in program.struct_fields(ty) {
                if field.embedded {
                    methods.embedded.extend(program.named_name(field.ty));
                }
            }
            for func in package.methods_of(name) {
                // The fakes of tests are not what a program runs.
                let is_test = package.file_of(func).is_none_or(|file| file.is_test());
                if !is_test {
                    let methods = found.entry(&func.name).or_default();
                    methods.push((ty, package.id_of(func)));
                }
            }
        }
        methods.names = found.keys().map(|name| SmolStr::new(*name)).collect();
        let types = Types {
            program,
            by_name: found,
            names: Mutex::default(),
        };
        (types, methods)
    }

    /// The methods of this name that a value of the interface may have.
    pub fn implementing(&self, iface: TypeId, name: &str) -> Vec<Candidate> {
        let Some(wanted) = self.program.method(iface, name) else {
            return Vec::new();
        };
        let methods = self.by_name.get(name).map(Vec::as_slice);
        methods
            .unwrap_or_default()
            .iter()
            .filter_map(|(ty, func)| {
                if self.program.signature(*func) != wanted.signature {
                    return None;
                }
                // What a type lacks, one that embeds it may have.
                let if_embedded = match self.program.implements(*ty, iface) {
                    Some(false) => Some(self.name_of(*ty)?),
                    _ => None,
                };
                Some(Candidate {
                    func: *func,
                    if_embedded,
                })
            })
            .collect()
    }

    fn name_of(&self, ty: TypeId) -> Option<Arc<str>> {
        let mut names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        let name = || self.program.named_name(ty).map(Arc::from);
        names.entry(ty).or_insert_with(name).clone()
    }
}

/// The methods that a call of each may reach; none where there are many.
pub(crate) fn implementers<'a>(
    methods: &BTreeMap<PackageId, Methods>,
    candidates: impl Iterator<Item = (&'a Called, &'a BTreeMap<PackageId, Vec<Candidate>>)>,
    is_own: &dyn Fn(&str) -> bool,
) -> BTreeMap<Called, Vec<FuncId>> {
    let embedded: BTreeSet<&str> = methods
        .values()
        .flat_map(|methods| methods.embedded.iter().map(String::as_str))
        .collect();
    let is_embedded = |name: &Arc<str>| embedded.contains(&**name);
    let mut all = BTreeMap::new();
    for (called, found) in candidates {
        let found: Vec<FuncId> = found
            .values()
            .flatten()
            .filter(|candidate| candidate.if_embedded.as_ref().is_none_or(is_embedded))
            .map(|candidate| candidate.func)
            .collect();
        let (interface, name) = called;
        let most = match caulk_syntax::is_exported(name) && !is_own(interface) {
            true => MAX_IMPLEMENTERS,
            false => MAX_IMPLEMENTERS_WITHIN,
        };
        if !found.is_empty() && found.len() <= most {
            all.insert(called.clone(), found);
        }
    }
    all
}
