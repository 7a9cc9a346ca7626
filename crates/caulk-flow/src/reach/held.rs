//! The functions that fields, parameters, results and variables hold: where a body puts them, and what an expression leads to.

use std::sync::Arc;

use caulk_program::{BodyOwner, Callee, LocalId, LocalKind, Object, TypeId};
use caulk_syntax::{ExprId, ExprKind, StmtId, StmtKind};
use smol_str::SmolStr;

use super::{Context, How, Reader, Target, interface, of_unknown_type};

impl Reader<'_> {
    pub(super) fn interface_method(
        &mut self,
        holder: TypeId,
        name: &SmolStr,
        through: &[SmolStr],
    ) -> Option<Target> {
        let iface = interface(self.program, holder, through)?;
        let key = self.program.type_string(iface);
        self.reached.interfaces.insert(key.clone(), iface);
        Some(Target::Method(Arc::new((key, name.clone()))))
    }

    /// A field that holds a function, by the type that declares it.
    pub(super) fn field(&self, selector: ExprId) -> Option<Target> {
        let tree = self.body.tree();
        let selector = tree.unparen(selector);
        let (ExprKind::Selector { x, .. }, Object::Field { name, through }) =
            (tree.expr(selector).kind, self.body.info.object(selector))
        else {
            return None;
        };
        let mut ty = self.body.info.type_of(x);
        for field in through {
            ty = self.program.field_type(ty, field)?;
        }
        Some(Target::Field(Arc::new((self.type_name(ty), name.clone()))))
    }

    pub(super) fn type_name(&self, ty: TypeId) -> String {
        self.program
            .named_name(ty)
            .unwrap_or_else(|| self.program.type_string(self.program.deref(ty)))
    }

    pub(super) fn param(&self, local: LocalId) -> Option<Target> {
        let local = self.body.info.local_info(local)?;
        match (self.body.owner, local.kind) {
            (BodyOwner::Func(id), LocalKind::Param { index }) if local.function.is_none() => {
                Some(Target::Param(id, index))
            }
            _ => None,
        }
    }

    /// What an expression of a function type leads to.
    pub(super) fn held(&mut self, expr: ExprId) -> Option<Target> {
        let tree = self.body.tree();
        let mut expr = tree.unparen(expr);
        while let (Callee::Conversion(_), [inner]) =
            (self.body.info.callee(expr), self.registrations.args(expr))
        {
            expr = tree.unparen(*inner);
        }
        match self.body.info.object(expr) {
            Object::Func(func) => return Some(Target::Body(BodyOwner::Func(func.id?))),
            Object::Method(func) => {
                if let Some(id) = func.id {
                    return Some(Target::Body(BodyOwner::Func(id)));
                }
                let ExprKind::Selector { x, sel } = tree.expr(expr).kind else {
                    return None;
                };
                let name = SmolStr::new(tree.name(sel));
                let iface = self.body.info.type_of(x);
                let method = self.program.method(iface, &name)?;
                return method
                    .of_interface
                    .then(|| self.interface_method(iface, &name, &method.through))?;
            }
            Object::Local(local) => return self.param(*local),
            Object::Field { .. } => return self.field(expr),
            Object::PackageVar(name) => return Some(Target::Variable(name.clone())),
            _ => {}
        }
        match tree.expr(expr).kind {
            ExprKind::FuncLit { .. } => Some(Target::Literal(self.body.owner, expr)),
            ExprKind::Call { .. } => match self.body.info.callee(expr) {
                Callee::Static(func) | Callee::Method { func, .. } => {
                    Some(Target::Returned(func.id?))
                }
                _ => None,
            },
            _ => None,
        }
    }

    /// Notes that a value is put where functions are called from.
    pub(super) fn put(&mut self, place: Target, value: ExprId) {
        let ty = self.body.info.type_of(value);
        let is_function = self.program.func_type(ty).is_some()
            || self.program.is_missing(ty) && self.gives_literal(value);
        if self.in_test || !is_function {
            return;
        }
        let held: Vec<Target> = match self.body.info.local(value) {
            Some(local) if self.param(local).is_none() => {
                let functions = self.functions_of(local).into_iter();
                functions.filter_map(|value| self.held(value)).collect()
            }
            _ => self.held(value).into_iter().collect(),
        };
        for to in held {
            self.put_one(place.clone(), to);
        }
    }

    /// Whether a value, of a type that is not at hand, is what a function of the project gives: one of its results may be a function.
    fn gives_literal(&self, value: ExprId) -> bool {
        let callee = self.body.info.callee(self.body.tree().unparen(value));
        matches!(callee, Callee::Static(func) if func.id.is_some())
    }

    fn put_one(&mut self, place: Target, to: Target) {
        if to == place {
            return;
        }
        if let Target::Param(id, index) = place
            && !matches!(to, Target::Literal(..) | Target::Body(_))
        {
            let called = Context::of(Target::Called(id, index));
            self.step(&called, to.clone(), false, How::Held);
        }
        self.step(&Context::of(place), to, false, How::Held);
    }

    /// Functions that a declared function returns will run where its result is put.
    pub(super) fn returned(&mut self, stmt: StmtId, context: &Context) {
        let tree = self.body.tree();
        if let StmtKind::Return(list) = tree.stmt(stmt).kind
            && let Target::Body(BodyOwner::Func(id)) = *context.from
        {
            for value in tree.exprs(list) {
                self.put(Target::Returned(id), *value);
            }
        }
    }

    pub(super) fn stored(&mut self, stmt: StmtId) {
        let tree = self.body.tree();
        let StmtKind::Assign { lhs, rhs, .. } = tree.stmt(stmt).kind else {
            return;
        };
        for (place, value) in tree.exprs(lhs).iter().zip(tree.exprs(rhs)) {
            let place = match self.body.info.object(*place) {
                Object::PackageVar(name) => Some(Target::Variable(name.clone())),
                Object::Field { .. } => self.field(*place),
                Object::Unknown => match tree.expr(tree.unparen(*place)).kind {
                    ExprKind::Selector { sel, .. } => Some(of_unknown_type(tree.name(sel))),
                    _ => None,
                },
                _ => None,
            };
            if let Some(place) = place {
                self.put(place, *value);
            }
        }
    }

    pub(super) fn composite(&mut self, literal: ExprId) {
        let tree = self.body.tree();
        let ExprKind::CompositeLit { elts, .. } = tree.expr(literal).kind else {
            return;
        };
        let ty = self.body.info.type_of(literal);
        let fields = self.program.struct_fields(ty);
        if fields.is_empty() {
            for element in tree.exprs(elts) {
                if let ExprKind::KeyValue { key, value, .. } = tree.expr(*element).kind
                    && let Some(name) = tree.ident(key)
                    && self.program.is_missing(ty)
                {
                    self.put(of_unknown_type(name), value);
                }
            }
            return;
        }
        let holder = self.type_name(ty);
        for (position, element) in tree.exprs(elts).iter().enumerate() {
            let (name, value) = match tree.expr(*element).kind {
                ExprKind::KeyValue { key, value, .. } => (tree.ident(key).map(SmolStr::new), value),
                _ => (
                    fields.get(position).map(|field| field.name.clone()),
                    *element,
                ),
            };
            if let Some(name) = name {
                self.put(Target::Field(Arc::new((holder.clone(), name))), value);
            }
        }
    }

    /// The variables that an initializer sets.
    pub(super) fn initialized(&mut self) {
        let BodyOwner::Initializer(package, index) = self.body.owner else {
            return;
        };
        let package = self.program.package(package);
        let Some(initializer) = package.initializers().get(index as usize) else {
            return;
        };
        let tree = self.body.tree();
        let names = tree.names(initializer.spec.names);
        for (name, value) in names.iter().zip(tree.exprs(initializer.spec.values)) {
            let name = format!("{}.{}", package.path(), tree.name(*name));
            self.put(Target::Variable(name.into()), *value);
        }
    }
}
