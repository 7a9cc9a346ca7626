//! Which field or method `x.f` is: embedding, pointer receivers, interfaces, type parameters.
//!
//! The rules are those of <https://go.dev/ref/spec#Selectors>.

use std::ops::ControlFlow;
use std::sync::Arc;

use rustc_hash::FxHashSet;
use smol_str::SmolStr;

use super::generic::Substitution;
use super::kind::{NamedId, Type, TypeId};
use super::named::{NamedDecl, NamedOrigin};
use super::query::Method;
use crate::body::FuncRef;
use crate::package::canonical;
use crate::program::Program;

/// Structs are embedded no deeper in code that people write.
const MAX_EMBEDDING: usize = 12;

/// An interface embeds no more than these, at all depths, in code that people write.
const MAX_INTERFACES: usize = 200;

/// What a selector selects.
#[derive(Clone, Debug)]
pub(crate) enum Selected {
    Field {
        ty: TypeId,
        through: Box<[SmolStr]>,
    },
    Method(Method),
    /// A field or method of a type whose declaration is missing.
    OfMissing {
        func: FuncRef,
        through: Box<[SmolStr]>,
    },
}

/// A type on the way.
struct Step<'p> {
    ty: TypeId,
    /// The embedded field that leads to it, and the step that this is a field of.
    through: Option<(&'p SmolStr, usize)>,
}

/// The embedded fields passed on the way to a step, outermost first.
fn passed(steps: &[Step<'_>], at: usize) -> Vec<SmolStr> {
    let mut fields = Vec::new();
    let mut step = steps.get(at);
    while let Some((field, before)) = step.and_then(|step| step.through) {
        fields.push(field.clone());
        step = steps.get(before);
    }
    fields.reverse();
    fields
}

/// A type that is declared out of reach, with the embedded fields passed before it.
type Missing<'p> = (&'p NamedDecl, Vec<SmolStr>);

impl Program {
    /// Finds the field or method at the shallowest depth; `None` where there is none or more than one.
    pub(crate) fn select(&self, ty: TypeId, name: &str) -> Option<Selected> {
        let missing = match self.search(ty, name) {
            Ok(found) => return Some(found),
            Err(missing) => missing,
        };
        match missing.as_slice() {
            [(owner, through)] => Some(Selected::OfMissing {
                func: FuncRef {
                    name: canonical(&owner.full_name(), None, name),
                    id: None,
                },
                through: through.clone().into(),
            }),
            _ => None,
        }
    }

    /// The same in what can be read, or else the types on the way that are missing, each with the embedded fields passed before.
    pub(super) fn search(&self, ty: TypeId, name: &str) -> Result<Selected, Vec<Missing<'_>>> {
        if let ControlFlow::Break(found) = self.select_own(ty, name) {
            return found.ok_or_else(Vec::new);
        }
        let mut steps = vec![Step { ty, through: None }];
        // Few, and for most types just one.
        let mut seen: Vec<TypeId> = Vec::new();
        let mut missing = Vec::new();
        let mut level = 0..1;
        for _ in 0..MAX_EMBEDDING {
            let mut found: Vec<Selected> = Vec::new();
            for at in level.clone() {
                let Some(step) = steps.get(at) else { break };
                let mut ty = self.deref(step.ty);
                if seen.contains(&ty) {
                    continue;
                }
                seen.push(ty);
                if let Type::TypeParam(param) = self.ty(ty) {
                    ty = self.constraint(*param);
                }
                if let Type::Named { decl, args } = self.ty(ty) {
                    if let Some(mut method) = self.declared_method(*decl, args, name) {
                        method.through = passed(&steps, at).into();
                        found.push(Selected::Method(method));
                        continue;
                    }
                    if let Some(decl) = self.named(*decl)
                        && !decl.is_loaded()
                    {
                        missing.push((decl, passed(&steps, at)));
                        continue;
                    }
                }
                match self.ty(self.underlying(ty)) {
                    Type::Struct(fields) => {
                        for field in fields.iter() {
                            if field.name == name {
                                let through = passed(&steps, at).into();
                                found.push(Selected::Field {
                                    ty: field.ty,
                                    through,
                                });
                            } else if field.embedded {
                                steps.push(Step {
                                    ty: field.ty,
                                    through: Some((&field.name, at)),
                                });
                            }
                        }
                    }
                    Type::Interface(_) => {
                        if let Some(mut method) = self.interface_method(ty, name) {
                            method.through = passed(&steps, at).into();
                            found.push(Selected::Method(method));
                        } else {
                            let owners = self.missing_embedded(ty).into_iter();
                            missing.extend(owners.map(|owner| (owner, passed(&steps, at))));
                        }
                    }
                    _ => {}
                }
            }
            level = level.end..steps.len();
            match found.len() {
                0 if level.is_empty() => break,
                0 => {}
                1 => return found.pop().ok_or(missing),
                _ => return Err(Vec::new()),
            }
        }
        Err(missing)
    }

    /// The method that a type declares, or a field of its own, or that it has neither: most that are asked for, told without a search.
    fn select_own(&self, ty: TypeId, name: &str) -> ControlFlow<Option<Selected>> {
        let ty = self.deref(ty);
        match self.ty(ty) {
            Type::Named { decl, args } => {
                if let Some(method) = self.declared_method(*decl, args, name) {
                    return ControlFlow::Break(Some(Selected::Method(method)));
                }
                if self.named(*decl).is_some_and(|decl| !decl.is_loaded()) {
                    return ControlFlow::Continue(());
                }
            }
            Type::TypeParam(_) => return ControlFlow::Continue(()),
            _ => {}
        }
        let fields = match self.ty(self.underlying(ty)) {
            Type::Struct(fields) => fields,
            Type::Interface(_) => return ControlFlow::Continue(()),
            _ => return ControlFlow::Break(None),
        };
        let mut called_so = fields.iter().filter(|field| field.name == name);
        match (called_so.next(), called_so.next()) {
            (Some(field), None) => ControlFlow::Break(Some(Selected::Field {
                ty: field.ty,
                through: Box::new([]),
            })),
            (None, _) if !fields.iter().any(|field| field.embedded) => ControlFlow::Break(None),
            _ => ControlFlow::Continue(()),
        }
    }

    /// A method declared with the named type as receiver.
    fn declared_method(&self, decl: NamedId, args: &[TypeId], name: &str) -> Option<Method> {
        let named = self.named(decl)?;
        let NamedOrigin::Package {
            package,
            decl: index,
        } = named.origin
        else {
            return None;
        };
        let package = self.package(package);
        let func = package.method_of(&named.name, name)?;
        let signature = self.signature(package.id_of(func));
        let substitution = self.type_args(package, index, args);
        Some(Method {
            name: func.name.clone(),
            func: package.reference(func),
            signature: self.substitute(signature, &substitution),
            of_interface: false,
            through: Box::new([]),
        })
    }

    /// Type parameters of a declared type with their arguments.
    pub(crate) fn type_args(
        &self,
        package: &crate::package::Package,
        decl: u32,
        args: &[TypeId],
    ) -> Substitution {
        if args.is_empty() {
            return Substitution::default();
        }
        self.type_decl_params(package, decl)
            .iter()
            .map(|(_, param)| *param)
            .zip(args.iter().copied())
            .collect()
    }

    /// Every method of an interface, embedded ones included, in order of declaration; none for other types.
    pub(crate) fn interface_methods(&self, interface: TypeId) -> Vec<Method> {
        let mut methods = Vec::new();
        let mut seen = FxHashSet::default();
        self.collect_methods(interface, &mut methods, &mut seen);
        methods
    }

    fn collect_methods(
        &self,
        interface: TypeId,
        methods: &mut Vec<Method>,
        seen: &mut FxHashSet<TypeId>,
    ) {
        let mut add = |owner: TypeId, name: &SmolStr, signature: TypeId| {
            if methods.iter().all(|method| method.name != *name) {
                methods.push(self.method_of_interface(owner, name, signature));
            }
            ControlFlow::<()>::Continue(())
        };
        let _ = self.visit_methods(interface, seen, &mut add);
    }

    /// The method of this name among those of an interface, as [`Program::interface_methods`] gives it.
    fn interface_method(&self, interface: TypeId, name: &str) -> Option<Method> {
        let mut find = |owner: TypeId, method: &SmolStr, signature: TypeId| {
            if method == name {
                ControlFlow::Break(self.method_of_interface(owner, method, signature))
            } else {
                ControlFlow::Continue(())
            }
        };
        self.visit_methods(interface, &mut FxHashSet::default(), &mut find)
            .break_value()
    }

    /// Visits the methods of an interface, its own before those that it embeds, with the interface that writes each.
    fn visit_methods<B>(
        &self,
        interface: TypeId,
        seen: &mut FxHashSet<TypeId>,
        visit: &mut dyn FnMut(TypeId, &SmolStr, TypeId) -> ControlFlow<B>,
    ) -> ControlFlow<B> {
        let Type::Interface(written) = self.ty(self.underlying(interface)) else {
            return ControlFlow::Continue(());
        };
        for (name, signature) in &written.methods {
            visit(interface, name, *signature)?;
        }
        for union in &written.embedded {
            // Interfaces embed each other in a cycle only in broken code.
            if let [term] = &**union
                && term.ty != interface
                && seen.len() < MAX_INTERFACES
                && seen.insert(term.ty)
            {
                self.visit_methods(term.ty, seen, visit)?;
            }
        }
        ControlFlow::Continue(())
    }

    /// The full names of the interfaces without a declaration that an interface embeds, at whatever depth; one of which not even
    /// the name is known has none.
    fn missing_embedded(&self, interface: TypeId) -> Vec<&NamedDecl> {
        let mut missing = Vec::new();
        let mut seen = FxHashSet::default();
        let mut rest = vec![interface];
        while let Some(ty) = rest.pop() {
            if seen.len() >= MAX_INTERFACES || !seen.insert(ty) {
                continue;
            }
            if let Some(decl) = self.named_of(ty)
                && !decl.is_loaded()
            {
                missing.push(decl);
            } else if let Type::Interface(written) = self.ty(self.underlying(ty)) {
                let alone = written.embedded.iter().filter_map(|union| match &**union {
                    [term] if !term.tilde => Some(term.ty),
                    _ => None,
                });
                rest.extend(alone);
            }
        }
        missing
    }

    fn method_of_interface(&self, owner: TypeId, name: &SmolStr, signature: TypeId) -> Method {
        let canonical = match self.writer_of(owner) {
            Some(owner) => canonical(&owner.full_name(), None, name),
            None => Arc::from(name.as_str()),
        };
        Method {
            name: name.clone(),
            func: FuncRef {
                name: canonical,
                id: None,
            },
            signature,
            of_interface: true,
            through: Box::new([]),
        }
    }

    /// Whether every embedded part of an interface is known.
    pub(crate) fn interface_is_complete(&self, interface: TypeId, depth: u32) -> bool {
        if depth > 20 {
            return false;
        }
        match self.ty(self.underlying(interface)) {
            Type::Interface(written) => written.embedded.iter().all(|union| match &**union {
                [term] => self.interface_is_complete(term.ty, depth + 1),
                _ => true,
            }),
            Type::Unknown | Type::Named { .. } => false,
            _ => true,
        }
    }
}
