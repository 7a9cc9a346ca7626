//! The state of finding out what an expression or a body means: where it stands, what is in scope, what was found.

use std::sync::Arc;

use caulk_syntax::{ExprId, Name, Span, Tree};
use smol_str::SmolStr;

use super::decl::Params;
use super::kind::{Type, TypeId};
use super::named::{NamedDecl, NamedOrigin};
use super::scopes::Scopes;
use crate::body::{BodyInfo, Builtin, Callee, FuncRef, Literal, Local, LocalId, LocalKind, Object};
use crate::package::{ImportTarget, Package, PackageId, ScopeEntry};
use crate::program::Program;

/// What a name stands for in a scope of a function.
#[derive(Clone, Debug)]
pub(crate) enum Entry {
    Local(LocalId),
    Const(TypeId),
    Type(TypeId),
}

/// What an expression is, beside its type.
#[derive(Clone, Debug)]
pub(crate) enum Operand {
    Value(TypeId),
    Type(TypeId),
    /// A generic alias without its arguments.
    GenericAlias {
        package: PackageId,
        decl: u32,
    },
    Package(Import),
    Builtin(Builtin),
    /// A name of a package that is missing, or that does not declare it: a function, type or variable.
    Missing {
        path: Arc<str>,
        name: SmolStr,
    },
}

/// A package as a file names it.
#[derive(Clone, Debug)]
pub(crate) enum Import {
    Package(PackageId),
    Unsafe,
    Missing(Arc<str>),
}

pub(crate) struct Typer<'p> {
    pub program: &'p Program,
    pub package: &'p Package,
    pub file: u32,
    pub tree: &'p Tree,
    pub scopes: Scopes,
    /// What was found, where it is wanted: only for bodies.
    pub found: Option<BodyInfo>,
    /// Indices in `found.literals` of the literals around this place, outermost first.
    pub literals: Vec<usize>,
}

impl<'p> Typer<'p> {
    pub fn new(program: &'p Program, package: &'p Package, file: u32, tree: &'p Tree) -> Typer<'p> {
        Typer {
            program,
            package,
            file,
            tree,
            scopes: Scopes::default(),
            found: None,
            literals: Vec::new(),
        }
    }

    pub fn intern(&self, ty: Type) -> TypeId {
        self.program.types.intern(ty)
    }

    pub fn ty(&self, id: TypeId) -> &'p Type {
        self.program.ty(id)
    }

    pub fn text(&self, name: Name) -> SmolStr {
        SmolStr::new(self.tree.name(name))
    }

    pub fn declare_type_params(&mut self, params: &Params) {
        for (name, param) in params {
            let ty = self.intern(Type::TypeParam(*param));
            self.declare(name.clone(), Entry::Type(ty));
        }
    }

    pub fn declare(&mut self, name: SmolStr, entry: Entry) {
        if name != "_" {
            self.scopes.declare(name, entry);
        }
    }

    pub fn scoped<R>(&mut self, inside: impl FnOnce(&mut Self) -> R) -> R {
        self.scopes.open();
        let result = inside(self);
        self.scopes.close();
        result
    }

    /// A new variable; it is in scope from here on.
    pub fn declare_local(
        &mut self,
        name: SmolStr,
        span: Span,
        ty: TypeId,
        kind: LocalKind,
    ) -> LocalId {
        let local = self.new_local(name.clone(), span, ty, kind);
        self.declare(name, Entry::Local(local));
        local
    }

    /// A new variable that is not in scope.
    pub fn new_local(&mut self, name: SmolStr, span: Span, ty: TypeId, kind: LocalKind) -> LocalId {
        let function = self.current_literal();
        let Some(found) = &mut self.found else {
            return LocalId(u32::MAX);
        };
        let local = LocalId(found.locals.len() as u32);
        if !span.is_empty() && kind != LocalKind::TypeSwitch {
            found.defined.insert(span.start, local);
        }
        found.locals.push(Local {
            name,
            span,
            ty,
            kind,
            function,
        });
        local
    }

    fn current_literal(&self) -> Option<ExprId> {
        let found = self.found.as_ref()?;
        found
            .literals
            .get(*self.literals.last()?)
            .map(|literal| literal.expr)
    }

    pub fn record_type(&mut self, expr: ExprId, ty: TypeId) {
        let Some(found) = &mut self.found else { return };
        let Some(index) = expr.index().checked_sub(found.first) else {
            return;
        };
        if found.types.len() <= index {
            found.types.resize(index + 1, TypeId::UNKNOWN);
        }
        if let Some(slot) = found.types.get_mut(index) {
            *slot = ty;
        }
    }

    pub fn record_object(&mut self, expr: ExprId, object: Object) {
        let Some(found) = &mut self.found else { return };
        let Some(index) = expr.index().checked_sub(found.first) else {
            return;
        };
        if found.objects.len() <= index {
            found.objects.resize(index + 1, Object::Unknown);
        }
        if let Some(slot) = found.objects.get_mut(index) {
            *slot = object;
        }
    }

    pub fn record_callee(&mut self, call: ExprId, callee: Callee) {
        if let Some(found) = &mut self.found {
            found.record_callee(call, callee);
        }
    }

    pub fn object(&self, expr: ExprId) -> &Object {
        self.found
            .as_ref()
            .map_or(&Object::Unknown, |found| found.object(expr))
    }

    /// Starts a literal; what is declared from here on belongs to it.
    pub fn enter_literal(&mut self, expr: ExprId) -> Option<usize> {
        let parent = self.current_literal();
        let found = self.found.as_mut()?;
        let index = found.literals.len();
        found.literals.push(Literal {
            expr,
            parent,
            params: Vec::new(),
            results: Vec::new(),
            captures: Vec::new(),
        });
        self.literals.push(index);
        Some(index)
    }

    fn note_use(&mut self, local: LocalId) {
        let Some(found) = &mut self.found else { return };
        let Some(owner) = found
            .locals
            .get(local.0 as usize)
            .map(|local| local.function)
        else {
            return;
        };
        for index in self.literals.iter().rev() {
            let Some(literal) = found.literals.get_mut(*index) else {
                break;
            };
            if owner == Some(literal.expr) {
                break;
            }
            if let Err(place) = literal.captures.binary_search(&local) {
                literal.captures.insert(place, local);
            }
        }
    }

    /// What a name means here, innermost scope first.
    pub fn name(&mut self, expr: ExprId, name: Name) -> Operand {
        let text = self.tree.name(name);
        if text == "_" {
            self.record_object(expr, Object::Blank);
            return Operand::Value(TypeId::UNKNOWN);
        }
        if let Some(entry) = self.scopes.get(text).cloned() {
            return match entry {
                Entry::Local(local) => {
                    self.note_use(local);
                    self.record_object(expr, Object::Local(local));
                    let found = self.found.as_ref();
                    let info = found.and_then(|found| found.local_info(local));
                    Operand::Value(info.map_or(TypeId::UNKNOWN, |info| info.ty))
                }
                Entry::Const(ty) => {
                    self.record_object(expr, Object::Const(Arc::from(text)));
                    Operand::Value(ty)
                }
                Entry::Type(ty) => {
                    self.record_object(expr, Object::Type(ty));
                    Operand::Type(ty)
                }
            };
        }
        if let Some(entry) = self.package.index.scope.get(text) {
            return self.package_entry(expr, self.package, *entry);
        }
        let predeclared = super::universe::predeclared(self.program, text);
        if let Some(import) = self.imported(text, predeclared.is_some()) {
            let path = self.import_path(&import);
            self.record_object(expr, Object::Package(path));
            return Operand::Package(import);
        }
        if let Some(operand) = self.dot_imported(expr, text) {
            return operand;
        }
        let (operand, object) =
            predeclared.unwrap_or((Operand::Value(TypeId::UNKNOWN), Object::Unknown));
        self.record_object(expr, object);
        operand
    }

    /// The function that an expression outside of bodies names.
    pub fn function_named(mut self, expr: ExprId) -> Option<FuncRef> {
        let first = super::bodies::first_expr(self.tree, expr.into());
        self.found = Some(BodyInfo {
            first,
            ..BodyInfo::default()
        });
        if let Operand::Missing { path, name } = self.operand(expr, None) {
            return Some(Self::missing_func(&path, &name));
        }
        match self.object(expr) {
            Object::Func(func) => Some(func.clone()),
            _ => None,
        }
    }

    fn import_path(&self, import: &Import) -> Arc<str> {
        match import {
            Import::Package(id) => self.program.package(*id).path.clone(),
            Import::Unsafe => Arc::from("unsafe"),
            Import::Missing(path) => path.clone(),
        }
    }

    /// A declaration of a package, this one or an imported one.
    pub fn package_entry(
        &mut self,
        expr: ExprId,
        package: &'p Package,
        entry: ScopeEntry,
    ) -> Operand {
        match entry {
            ScopeEntry::Func(index) => {
                let Some(func) = package.funcs().get(index as usize) else {
                    return Operand::Value(TypeId::UNKNOWN);
                };
                self.record_object(expr, Object::Func(package.reference(func)));
                Operand::Value(self.program.signature(package.id_of(func)))
            }
            ScopeEntry::Value(index) => {
                let Some(value) = package.index.values.get(index as usize) else {
                    return Operand::Value(TypeId::UNKNOWN);
                };
                let name = value.canonical(package);
                let object = if value.is_const {
                    Object::Const(name)
                } else {
                    Object::PackageVar(name)
                };
                self.record_object(expr, object);
                Operand::Value(self.program.value_type(package, index))
            }
            ScopeEntry::Type(decl) => {
                let is_alias = package
                    .index
                    .types
                    .get(decl as usize)
                    .is_some_and(|t| t.spec.assign.is_some());
                if is_alias && !self.program.type_decl_params(package, decl).is_empty() {
                    return Operand::GenericAlias {
                        package: package.id,
                        decl,
                    };
                }
                let ty = self.program.declared_type(package, decl);
                self.record_object(expr, Object::Type(ty));
                Operand::Type(ty)
            }
        }
    }

    /// `pkg.name`.
    pub fn qualified(&mut self, expr: ExprId, import: &Import, name: &str) -> Operand {
        let package = match import {
            Import::Package(id) => {
                let package = self.program.package(*id);
                if let Some(entry) = package.index.scope.get(name) {
                    return self.package_entry(expr, package, *entry);
                }
                package.path.clone()
            }
            Import::Unsafe => {
                let (operand, object) = super::universe::of_unsafe(name);
                self.record_object(expr, object);
                return operand;
            }
            Import::Missing(path) => path.clone(),
        };
        let canonical = Self::missing_func(&package, name).name;
        if let Some(known) = self.known_type(&canonical) {
            self.record_object(expr, Object::PackageVar(canonical));
            return Operand::Value(known);
        }
        Operand::Missing {
            path: package,
            name: SmolStr::new(name),
        }
    }

    fn dot_imported(&mut self, expr: ExprId, name: &str) -> Option<Operand> {
        for import in self.imports() {
            if import.name.as_deref() == Some(".")
                && let ImportTarget::Package(id) = self.program.import_target(self.package, import)
            {
                let package = self.program.package(*id);
                if let Some(entry) = package.index.scope.get(name) {
                    return Some(self.package_entry(expr, package, *entry));
                }
            }
        }
        None
    }

    /// The value of a name of a missing package as a type.
    pub fn missing_type(&self, path: &Arc<str>, name: &SmolStr) -> TypeId {
        self.program.intern_named(NamedDecl {
            package: path.clone(),
            name: name.clone(),
            origin: NamedOrigin::Missing,
        })
    }

    pub fn missing_func(path: &str, name: &str) -> FuncRef {
        FuncRef {
            name: crate::package::canonical(path, None, name),
            id: None,
        }
    }
}
