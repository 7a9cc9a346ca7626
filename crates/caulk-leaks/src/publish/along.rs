//! What a kept value ends along with: a function that comes beside it, or what it was made from.

use caulk_program::{LocalId, Type};
use caulk_syntax::{Descend, ExprId, ExprKind, Node, StmtKind};
use smol_str::SmolStr;

use crate::publish::described::Described;

impl Described<'_, '_> {
    /// Whether what a field of a type keeps ends with something else that may be released.
    pub(super) fn ends_along(&self, owner: &str) -> bool {
        self.has_function_beside()
            || self.is_made_from_released(owner)
            || self.is_within_released(owner)
    }

    /// Whether something is made with it that another field of the same type keeps, and that may be released: a client
    /// over a connection.
    fn is_within_released(&self, owner: &str) -> bool {
        let target = self.site.target(self.function);
        let Some(local) = target.and_then(|target| self.function.local(target)) else {
            return false;
        };
        let Some(graph) = self.function.graph(None) else {
            return false;
        };
        let tree = self.function.tree();
        let mut within = false;
        tree.walk(graph.body, |node| {
            if let Node::Expr(expr) = node
                && matches!(tree.expr(expr).kind, ExprKind::Ident(_))
                && self.function.local(expr) == Some(local)
            {
                let fields = self.fields_with(owner, expr);
                within |= fields
                    .iter()
                    .any(|field| self.may_be_released(owner, field));
            }
            Descend::Into
        });
        within
    }

    /// The fields of a type that are given what calls make of an argument.
    fn fields_with(&self, owner: &str, argument: ExprId) -> Vec<SmolStr> {
        let tree = self.function.tree();
        let mut at = argument;
        while let Some(Node::Expr(call)) = self.function.parent(at)
            && matches!(tree.expr(call).kind, ExprKind::Call { fun, .. } if fun != at)
        {
            at = call;
        }
        if at == argument {
            return Vec::new();
        }
        match self.function.parent(at) {
            Some(Node::Expr(element)) => match tree.expr(element).kind {
                ExprKind::KeyValue { key, .. } => match tree.expr(key).kind {
                    ExprKind::Ident(name) => vec![SmolStr::new(tree.name(name))],
                    _ => Vec::new(),
                },
                _ => Vec::new(),
            },
            Some(Node::Stmt(stmt)) => {
                let StmtKind::Assign { lhs, .. } = tree.stmt(stmt).kind else {
                    return Vec::new();
                };
                let fields = tree.exprs(lhs).iter().flat_map(|target| {
                    let local = self.function.local(*target);
                    let given =
                        local.map_or_else(Vec::new, |local| self.fields_given(owner, local));
                    self.field_of(owner, *target).into_iter().chain(given)
                });
                fields.collect()
            }
            None => Vec::new(),
        }
    }

    fn may_be_released(&self, owner: &str, field: &SmolStr) -> bool {
        let uses = self
            .module
            .uses_of_field(self.function.package, owner, field);
        uses.is_some_and(|uses| uses.may_release(&|_| false))
    }

    /// Whether the call that acquires gives a function too, and somebody holds that: `client, cleanup := newClient(t)`.
    fn has_function_beside(&self) -> bool {
        let program = self.module.program;
        let tree = self.function.tree();
        let results = program.results_of(self.function.info().type_of(self.site.call));
        let held = self
            .function
            .statement(self.site.call)
            .map(|stmt| tree.stmt(stmt).kind);
        let Some(StmtKind::Assign { lhs, .. }) = held else {
            return false;
        };
        results.iter().enumerate().any(|(index, ty)| {
            let is_function = matches!(program.ty(program.underlying(*ty)), Type::Func(..));
            let target = tree.exprs(lhs).get(index);
            let is_held = target.is_some_and(|target| !tree.is_blank(*target));
            index != self.site.result && is_function && is_held
        })
    }

    /// Whether it is made by a method of what another field of the same type keeps, and that may be released: a
    /// statement of a database.
    fn is_made_from_released(&self, owner: &str) -> bool {
        let Some(maker) = self.function.callee(self.site.call).receiver() else {
            return false;
        };
        let fields = match self.field_of(owner, maker) {
            Some(field) => vec![field],
            None => self
                .function
                .local(maker)
                .map_or_else(Vec::new, |local| self.fields_given(owner, local)),
        };
        fields
            .iter()
            .any(|field| self.may_be_released(owner, field))
    }

    /// The field of a type that an expression names.
    fn field_of(&self, owner: &str, expr: ExprId) -> Option<SmolStr> {
        let tree = self.function.tree();
        let ExprKind::Selector { x, sel } = tree.expr(tree.unparen(expr)).kind else {
            return None;
        };
        let ty = self.function.info().type_of(x);
        let is_owner = self.module.program.named_name(ty).as_deref() == Some(owner);
        is_owner.then(|| SmolStr::new(tree.name(sel)))
    }

    /// The fields of a type that are given a variable.
    fn fields_given(&self, owner: &str, local: LocalId) -> Vec<SmolStr> {
        let tree = self.function.tree();
        let mut fields = Vec::new();
        let Some(graph) = self.function.graph(None) else {
            return fields;
        };
        let is_it = |expr: &ExprId| self.function.local(*expr) == Some(local);
        tree.walk(graph.body, |node| {
            match node {
                Node::Stmt(stmt) => {
                    if let StmtKind::Assign { lhs, rhs, .. } = tree.stmt(stmt).kind {
                        let pairs = tree.exprs(lhs).iter().zip(tree.exprs(rhs));
                        let given = pairs.filter(|(_, value)| is_it(value));
                        fields
                            .extend(given.filter_map(|(target, _)| self.field_of(owner, *target)));
                    }
                }
                Node::Expr(literal) => {
                    if let ExprKind::CompositeLit { elts, .. } = tree.expr(literal).kind
                        && self
                            .module
                            .program
                            .named_name(self.function.info().type_of(literal))
                            .as_deref()
                            == Some(owner)
                    {
                        for element in tree.exprs(elts) {
                            if let ExprKind::KeyValue { key, value, .. } = tree.expr(*element).kind
                                && is_it(&value)
                                && let ExprKind::Ident(name) = tree.expr(key).kind
                            {
                                fields.push(SmolStr::new(tree.name(name)));
                            }
                        }
                    }
                }
            }
            Descend::Into
        });
        fields
    }
}
