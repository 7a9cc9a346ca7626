//! Statements: scopes, declarations, and the variables that they make.

use caulk_syntax::{
    AssignOp, DeclKeyword, ExprId, ExprKind, FieldList, GenDecl, SignatureId, SpecKind, StmtId,
    StmtKind, TypeSpec, ValueSpec,
};
use smol_str::SmolStr;

use super::chain::deeper;
use super::kind::{Basic, Signature, Type, TypeId};
use super::named::{NamedDecl, NamedOrigin};
use super::typer::{Entry, Typer};
use super::{LocalType, NamedId};
use crate::body::{LocalId, LocalKind, Object};

impl Typer<'_> {
    pub fn stmts(&mut self, stmts: &[StmtId]) {
        for stmt in stmts {
            self.stmt(*stmt);
        }
    }

    fn block(&mut self, block: StmtId) {
        let tree = self.tree;
        self.scoped(|typer| typer.stmts(tree.block(block)));
    }

    fn stmt(&mut self, stmt: StmtId) {
        let _ = deeper(|| self.stmt_of(stmt));
    }

    fn stmt_of(&mut self, stmt: StmtId) {
        let tree = self.tree;
        match tree.stmt(stmt).kind {
            StmtKind::Bad | StmtKind::Empty | StmtKind::Branch { .. } => {}
            StmtKind::Decl(decl) => self.local_decl(tree.gen_decl(decl)),
            StmtKind::Labeled { stmt, .. } => self.stmt(stmt),
            StmtKind::Expr(x)
            | StmtKind::Go(x)
            | StmtKind::Defer(x)
            | StmtKind::IncDec { x, .. } => {
                self.value(x, None);
            }
            StmtKind::Send { chan, value, .. } => {
                self.value(chan, None);
                self.value(value, None);
            }
            StmtKind::Assign { lhs, op, rhs, .. } => {
                self.assign(tree.exprs(lhs), op, tree.exprs(rhs));
            }
            StmtKind::Return(results) => {
                for result in tree.exprs(results) {
                    self.value(*result, None);
                }
            }
            StmtKind::Block(_) => self.block(stmt),
            StmtKind::If {
                init,
                cond,
                then,
                els,
            } => self.scoped(|typer| {
                typer.optional(init);
                typer.value(cond, None);
                typer.block(then);
                typer.optional(els);
            }),
            StmtKind::Switch { init, tag, body } => self.scoped(|typer| {
                typer.optional(init);
                if let Some(tag) = tag {
                    typer.value(tag, None);
                }
                for case in tree.block(body) {
                    typer.case(*case);
                }
            }),
            StmtKind::TypeSwitch { init, assign, body } => self.scoped(|typer| {
                typer.optional(init);
                typer.type_switch(assign, body);
            }),
            StmtKind::Case { .. } => self.case(stmt),
            StmtKind::Select(body) => {
                for case in tree.block(body) {
                    self.stmt(*case);
                }
            }
            StmtKind::Comm { comm, body, .. } => self.scoped(|typer| {
                typer.optional(comm);
                typer.stmts(tree.stmts(body));
            }),
            StmtKind::For {
                init,
                cond,
                post,
                body,
            } => self.scoped(|typer| {
                typer.optional(init);
                if let Some(cond) = cond {
                    typer.value(cond, None);
                }
                typer.optional(post);
                typer.block(body);
            }),
            StmtKind::Range {
                key,
                value,
                op,
                x,
                body,
                ..
            } => self.scoped(|typer| {
                typer.range(key, value, op, x);
                typer.block(body);
            }),
        }
    }

    fn optional(&mut self, stmt: Option<StmtId>) {
        if let Some(stmt) = stmt {
            self.stmt(stmt);
        }
    }

    fn case(&mut self, case: StmtId) {
        let tree = self.tree;
        if let StmtKind::Case { list, body, .. } = tree.stmt(case).kind {
            for expr in tree.exprs(list) {
                self.value(*expr, None);
            }
            self.scoped(|typer| typer.stmts(tree.stmts(body)));
        }
    }

    fn type_switch(&mut self, assign: StmtId, body: StmtId) {
        let tree = self.tree;
        let (symbol, x) = match tree.stmt(assign).kind {
            StmtKind::Assign { lhs, rhs, .. } => (
                tree.exprs(lhs).first().copied(),
                tree.exprs(rhs).first().copied(),
            ),
            StmtKind::Expr(x) => (None, Some(x)),
            _ => (None, None),
        };
        let operand = x.map_or(TypeId::UNKNOWN, |x| match tree.expr(tree.unparen(x)).kind {
            ExprKind::TypeAssert { x: inner, .. } => {
                let ty = self.value(inner, None);
                self.record_type(x, ty);
                ty
            }
            _ => self.value(x, None),
        });
        for case in tree.block(body) {
            let StmtKind::Case { list, body, .. } = tree.stmt(*case).kind else {
                continue;
            };
            let types: Vec<TypeId> = tree
                .exprs(list)
                .iter()
                .map(|ty| self.case_type(*ty))
                .collect();
            self.scoped(|typer| {
                if let Some(symbol) = symbol
                    && let ExprKind::Ident(name) = tree.expr(symbol).kind
                {
                    let ty = match types.as_slice() {
                        [only] if *only != Basic::UntypedNil.id() => *only,
                        _ => operand,
                    };
                    let text = typer.text(name);
                    typer.declare_local(text, name.span, ty, LocalKind::TypeSwitch);
                }
                typer.stmts(tree.stmts(body));
            });
        }
    }

    /// A type in a case of a type switch, or `nil`.
    fn case_type(&mut self, expr: ExprId) -> TypeId {
        let operand = self.operand(expr, None);
        match operand {
            super::typer::Operand::Value(ty) => ty,
            operand => {
                let ty = self.as_type(&operand);
                self.record_type(expr, ty);
                ty
            }
        }
    }

    fn range(
        &mut self,
        key: Option<ExprId>,
        value: Option<ExprId>,
        op: Option<AssignOp>,
        x: ExprId,
    ) {
        let over = self.value(x, None);
        let (key_type, value_type) = self.ranged(over);
        for (target, ty) in [(key, key_type), (value, value_type)] {
            let Some(target) = target else { continue };
            match self.tree.expr(target).kind {
                ExprKind::Ident(name) if op == Some(AssignOp::Define) => {
                    let text = self.text(name);
                    self.record_type(target, ty);
                    if text == "_" {
                        self.record_object(target, Object::Blank);
                    } else {
                        let local = self.declare_local(text, name.span, ty, LocalKind::Variable);
                        self.record_object(target, Object::Local(local));
                    }
                }
                _ => {
                    self.value(target, None);
                }
            }
        }
    }

    /// Types of the iteration variables (<https://go.dev/ref/spec#For_range>).
    fn ranged(&self, over: TypeId) -> (TypeId, TypeId) {
        let int = Basic::Int.id();
        let core = self.program.core_type(over);
        match self.ty(core) {
            Type::Slice(element) | Type::Array(element, _) => (int, *element),
            Type::Pointer(_) => (int, self.program.element_of(core)),
            Type::Map(key, value) => (*key, *value),
            Type::Chan(_, element) => (*element, TypeId::UNKNOWN),
            Type::Basic(Basic::String | Basic::UntypedString) => (int, Basic::Int32.id()),
            Type::Basic(_) => (self.program.default_type(over), TypeId::UNKNOWN),
            Type::Func(iterator) => {
                let yielded = iterator
                    .params
                    .first()
                    .and_then(|f| self.program.func_type(*f));
                let param = |i: usize| {
                    let params = yielded.map(|signature: &Signature| &signature.params);
                    params
                        .and_then(|p| p.get(i))
                        .copied()
                        .unwrap_or(TypeId::UNKNOWN)
                };
                (param(0), param(1))
            }
            _ => (TypeId::UNKNOWN, TypeId::UNKNOWN),
        }
    }

    fn assign(&mut self, lhs: &[ExprId], op: AssignOp, rhs: &[ExprId]) {
        let mut types: Vec<TypeId> = rhs.iter().map(|x| self.value(*x, None)).collect();
        if let ([only], true) = (types.as_slice(), lhs.len() > 1) {
            types = self.spread(*only, rhs.first().copied(), lhs.len());
        }
        if op != AssignOp::Define {
            for target in lhs {
                self.value(*target, None);
            }
            return;
        }
        // Every target is looked up before any is declared: `a, b := b, a` in an inner scope.
        let mut declared: Vec<(SmolStr, LocalId)> = Vec::new();
        for (i, target) in lhs.iter().enumerate() {
            let ExprKind::Ident(name) = self.tree.expr(*target).kind else {
                self.value(*target, None);
                continue;
            };
            let text = self.text(name);
            let in_this_scope = matches!(self.scopes.innermost(&text), Some(Entry::Local(_)));
            if text == "_" || in_this_scope {
                self.value(*target, None);
                continue;
            }
            let ty = types.get(i).copied().unwrap_or(TypeId::UNKNOWN);
            let ty = self.program.default_type(ty);
            let local = self.new_local(text.clone(), name.span, ty, LocalKind::Variable);
            self.record_object(*target, Object::Local(local));
            self.record_type(*target, ty);
            declared.push((text, local));
        }
        for (name, local) in declared {
            self.declare(name, Entry::Local(local));
        }
    }

    /// Types of several targets from one expression: a call's results, or a value and whether it was there.
    pub fn spread(&self, ty: TypeId, source: Option<ExprId>, wanted: usize) -> Vec<TypeId> {
        if let Type::Tuple(types) = self.ty(ty) {
            return types.to_vec();
        }
        let source = source.map(|source| self.tree.expr(self.tree.unparen(source)).kind);
        match source {
            Some(ExprKind::Index { .. } | ExprKind::TypeAssert { .. } | ExprKind::Unary { .. }) => {
                vec![ty, Basic::Bool.id()]
            }
            _ => vec![TypeId::UNKNOWN; wanted],
        }
    }

    fn local_decl(&mut self, decl: &GenDecl) {
        let tree = self.tree;
        let mut repeated: Option<ValueSpec> = None;
        for spec in tree.specs(decl.specs) {
            match spec.kind {
                SpecKind::Import(_) => {}
                SpecKind::Type(spec) => self.local_type_decl(&spec),
                SpecKind::Value(value) if decl.keyword == DeclKeyword::Const => {
                    let mut source = value;
                    match repeated {
                        Some(before) if value.ty.is_none() && value.values.is_empty() => {
                            source.ty = before.ty;
                            source.values = before.values;
                        }
                        _ => repeated = Some(value),
                    }
                    let names = tree.names(value.names);
                    let types: Vec<TypeId> = (0..names.len())
                        .map(|i| self.value_type(&source, i, true))
                        .collect();
                    for (name, ty) in names.iter().zip(types) {
                        let text = self.text(*name);
                        self.declare(text, Entry::Const(ty));
                    }
                }
                SpecKind::Value(value) => self.local_vars(&value),
            }
        }
    }

    fn local_vars(&mut self, spec: &ValueSpec) {
        let tree = self.tree;
        let names = tree.names(spec.names);
        let types = self.var_types(spec, names.len());
        for (i, name) in names.iter().enumerate() {
            let text = self.text(*name);
            let ty = types.get(i).copied().unwrap_or(TypeId::UNKNOWN);
            self.declare_local(text, name.span, ty, LocalKind::Variable);
        }
    }

    /// Types of the variables of a spec, in order; its values are looked at.
    pub fn var_types(&mut self, spec: &ValueSpec, count: usize) -> Vec<TypeId> {
        let tree = self.tree;
        let declared = spec.ty.map(|ty| self.type_expr(ty));
        let values = tree.exprs(spec.values);
        let mut types: Vec<TypeId> = values
            .iter()
            .map(|value| self.value(*value, None))
            .collect();
        if let Some(declared) = declared {
            return vec![declared; count];
        }
        if let ([only], true) = (types.as_slice(), count > 1) {
            types = self.spread(*only, values.first().copied(), count);
        }
        types
            .into_iter()
            .map(|ty| self.program.default_type(ty))
            .collect()
    }

    /// Type of one name of a `var` or `const` spec; of the values only its own is looked at.
    pub fn value_type(&mut self, spec: &ValueSpec, index: usize, is_const: bool) -> TypeId {
        if let Some(ty) = spec.ty {
            return self.type_expr(ty);
        }
        let tree = self.tree;
        let values = tree.exprs(spec.values);
        let ty = match values.get(index) {
            Some(value) if values.len() > 1 || index == 0 && tree.names(spec.names).len() == 1 => {
                self.value(*value, None)
            }
            _ => match values {
                [only] => {
                    let ty = self.value(*only, None);
                    let types = self.spread(ty, Some(*only), index + 1);
                    types.get(index).copied().unwrap_or(TypeId::UNKNOWN)
                }
                _ => TypeId::UNKNOWN,
            },
        };
        if is_const {
            ty
        } else {
            self.program.default_type(ty)
        }
    }

    fn local_type_decl(&mut self, spec: &TypeSpec) {
        let name = self.text(spec.name);
        if spec.assign.is_some() {
            let target = self.type_expr(spec.ty);
            self.declare(name, Entry::Type(target));
            return;
        }
        let decl = NamedDecl {
            package: self.program.named_path(self.package),
            name: name.clone(),
            origin: NamedOrigin::Local {
                package: self.package.id,
                file: self.file,
                offset: spec.name.span.start,
            },
        };
        let decl = NamedId(self.program.names.named.intern(decl));
        let ty = self.intern(Type::Named {
            decl,
            args: Box::new([]),
        });
        self.declare(name, Entry::Type(ty));
        let target = self.type_expr(spec.ty);
        let underlying = self.program.underlying(target);
        let mut types = self
            .program
            .local_types
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        types.insert(decl, LocalType { underlying });
    }

    /// The type of a function literal; its body is looked at where that is wanted.
    pub fn func_literal(&mut self, expr: ExprId, signature: SignatureId, body: StmtId) -> TypeId {
        let ty = self.signature(signature);
        let ty = self.intern(Type::Func(ty));
        self.record_type(expr, ty);
        let Some(literal) = self.enter_literal(expr) else {
            return ty;
        };
        let tree = self.tree;
        self.scoped(|typer| {
            let (params, results) = typer.declare_signature(signature, ty);
            if let Some(info) = typer
                .found
                .as_mut()
                .and_then(|found| found.literals.get_mut(literal))
            {
                info.params = params;
                info.results = results;
            }
            typer.stmts(tree.block(body));
        });
        self.literals.pop();
        ty
    }

    fn declare_signature(&mut self, id: SignatureId, ty: TypeId) -> (Vec<LocalId>, Vec<LocalId>) {
        let Type::Func(types) = self.ty(ty) else {
            return Default::default();
        };
        let signature = *self.tree.signature(id);
        let params =
            self.declare_fields(self.tree, Some(signature.params), &types.params, |index| {
                LocalKind::Param { index }
            });
        let results = self.declare_fields(self.tree, signature.results, &types.results, |index| {
            LocalKind::Result { index }
        });
        (params, results)
    }

    /// Declares parameters or results, one variable for each, also where they have no name.
    pub fn declare_fields(
        &mut self,
        tree: &caulk_syntax::Tree,
        list: Option<FieldList>,
        types: &[TypeId],
        kind: impl Fn(u32) -> LocalKind,
    ) -> Vec<LocalId> {
        let Some(list) = list else { return Vec::new() };
        let mut locals = Vec::with_capacity(types.len());
        let mut add = |typer: &mut Self, name: SmolStr, span| {
            let index = locals.len();
            let ty = types.get(index).copied().unwrap_or(TypeId::UNKNOWN);
            locals.push(typer.declare_local(name, span, ty, kind(index as u32)));
        };
        for field in tree.fields(list) {
            let names = tree.names(field.names);
            if names.is_empty() {
                add(
                    self,
                    SmolStr::new_static("_"),
                    caulk_syntax::Span::empty(field.span.start),
                );
            }
            for name in names {
                add(self, SmolStr::new(tree.name(*name)), name.span);
            }
        }
        locals
    }
}
