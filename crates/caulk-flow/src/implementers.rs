//! The methods that a call through an interface may reach.

use std::collections::{BTreeMap, BTreeSet};

use caulk_program::{FuncId, PackageId, Program, TypeId};

/// A call of a method that more types have says little of any one of them.
const MAX_IMPLEMENTERS: usize = 16;

/// The types of the packages that have methods, for finding who implements an interface.
pub(crate) struct Implementers<'a> {
    program: &'a Program,
    /// By the method's name: the type and its method.
    methods: BTreeMap<&'a str, Vec<(TypeId, FuncId)>>,
    /// Names of the types that others embed.
    embedded: BTreeSet<String>,
}

impl<'a> Implementers<'a> {
    pub fn of(program: &'a Program, packages: &BTreeSet<PackageId>) -> Implementers<'a> {
        let mut found = Implementers {
            program,
            methods: BTreeMap::new(),
            embedded: BTreeSet::new(),
        };
        for id in packages {
            let package = program.package(*id);
            for name in package.type_names() {
                let ty = program.find_type(*id, package.path(), name);
                for field in program.struct_fields(ty) {
                    if field.embedded {
                        found.embedded.extend(program.named_name(field.ty));
                    }
                }
                for func in package.methods_of(name) {
                    // The fakes of tests are not what a program runs.
                    let is_test = package.file_of(func).is_none_or(|file| file.is_test());
                    if let (false, Some(id)) = (is_test, func.reference.id) {
                        found.methods.entry(&func.name).or_default().push((ty, id));
                    }
                }
            }
        }
        found
    }

    /// The methods of this name that a value of the interface may have; none where there are many.
    pub fn find(&self, iface: TypeId, name: &str) -> Vec<FuncId> {
        let Some(wanted) = self.program.method(iface, name) else {
            return Vec::new();
        };
        let candidates = self
            .methods
            .get(name)
            .map(Vec::as_slice)
            .unwrap_or_default();
        let found: Vec<FuncId> = candidates
            .iter()
            .filter(|(ty, _)| self.may_implement(*ty, iface, name, wanted.signature))
            .map(|(_, id)| *id)
            .collect();
        if found.len() > MAX_IMPLEMENTERS {
            return Vec::new();
        }
        found
    }

    fn may_implement(&self, ty: TypeId, iface: TypeId, name: &str, signature: TypeId) -> bool {
        let same = self
            .program
            .method(ty, name)
            .is_some_and(|method| method.signature == signature);
        // What a type lacks, one that embeds it may have.
        let is_embedded = || {
            self.program
                .named_name(ty)
                .is_some_and(|name| self.embedded.contains(&name))
        };
        same && (self.program.implements(ty, iface) != Some(false) || is_embedded())
    }
}
