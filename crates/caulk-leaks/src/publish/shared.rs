//! What a field keeps and something else gets as well: a second place, the caller, a function that runs later. Any of
//! them may be who releases it.

use std::sync::Arc;

use caulk_program::{Builtin, Callee, LocalId};
use caulk_syntax::{Descend, ExprId, ExprKind, Node, StmtKind, UnaryOp};

use crate::body::Function;
use crate::contract::is_release_name;
use crate::inference::summary::{Param, ParamEffect, ParamQuery, may_release};
use crate::module::{Module, Reach};
use crate::sites::Site;

/// Whether the variable through which a field of a type gets what it keeps, or one `among` those that it keeps, is used in a
/// way that lets another release it.
pub(crate) fn is_shared(
    module: &Module<'_>,
    function: &Function,
    site: &Site,
    local: LocalId,
    owner: &str,
    among: bool,
) -> bool {
    let tree = function.tree();
    let Some(graph) = function.graph(None) else {
        return true;
    };
    let keeping = Keeping {
        module,
        function,
        site,
        owner,
        among,
    };
    let mut shared = false;
    tree.walk(graph.body, |node| {
        if let Node::Expr(expr) = node
            && matches!(tree.expr(expr).kind, ExprKind::Ident(_))
            && function.local(expr) == Some(local)
        {
            shared |= keeping.gives_away(expr);
        }
        Descend::Into
    });
    shared
}

struct Keeping<'a, 'p> {
    module: &'a Module<'p>,
    function: &'a Function,
    site: &'a Site,
    /// The full name of the type that has the field.
    owner: &'a str,
    /// Whether the field keeps several.
    among: bool,
}

impl Keeping<'_, '_> {
    /// Whether another has the value behind this use of its variable.
    fn gives_away(&self, used: ExprId) -> bool {
        let tree = self.function.tree();
        match self.function.parent(used) {
            Some(Node::Expr(parent)) => match tree.expr(parent).kind {
                ExprKind::Paren(_) => self.gives_away(parent),
                ExprKind::Unary { op, .. } => op == UnaryOp::Address,
                ExprKind::KeyValue { value, .. } if value == used => {
                    self.is_elsewhere(self.function.parent(parent))
                }
                ExprKind::CompositeLit { .. } => self.is_elsewhere(Some(parent.into())),
                ExprKind::Call { fun, .. } if fun == used => self.runs_later(parent),
                ExprKind::Call { args, .. } => match self.function.callee(parent) {
                    // A list that is another than the owner's.
                    Callee::Builtin(Builtin::Append) => {
                        let list = tree.exprs(args).first();
                        !list.is_some_and(|list| self.is_of_owner(*list))
                    }
                    callee => {
                        let at = tree.exprs(args).iter().position(|arg| *arg == used);
                        // What one of several is passed to may be why it is among them for a while.
                        (self.among || self.function.is_started(parent))
                            && at.is_some_and(|at| self.may_be_released_by(callee, at))
                    }
                },
                ExprKind::Selector { sel, .. } => self.is_released_later(parent, tree.name(sel)),
                _ => false,
            },
            Some(Node::Stmt(stmt)) => match tree.stmt(stmt).kind {
                StmtKind::Return(_) | StmtKind::Send { .. } => true,
                StmtKind::Assign { lhs, rhs, .. } => {
                    let at = tree.exprs(rhs).iter().position(|value| *value == used);
                    let target = at.and_then(|at| tree.exprs(lhs).get(at));
                    target.is_some_and(|target| self.is_another(*target))
                }
                _ => false,
            },
            None => false,
        }
    }

    /// Whether a function of the project releases what it is passed, or keeps it.
    fn may_be_released_by(&self, callee: &Callee, at: usize) -> bool {
        let (Callee::Static(func) | Callee::Method { func, .. }) = callee else {
            return false;
        };
        let Some(func) = func.id.filter(|id| self.module.is_own(*id)) else {
            return false;
        };
        let query = ParamQuery {
            func,
            param: Param::At(at),
            field: None,
            depth: 0,
            error: None,
            release: Arc::clone(&self.site.release),
            reach: Reach::FULL,
            apart: false,
        };
        match self.module.effect(query.clone()) {
            ParamEffect::ClosesSometimes | ParamEffect::ClosesOnFailure | ParamEffect::Keeps(_) => {
                true
            }
            _ => may_release(self.module, &query),
        }
    }

    /// Whether an expression is a field of the type that keeps it.
    fn is_of_owner(&self, expr: ExprId) -> bool {
        let tree = self.function.tree();
        matches!(tree.expr(tree.unparen(expr)).kind,
            ExprKind::Selector { x, .. } if self.is_owner(x))
    }

    /// Whether a literal is of another type than the one that keeps it: a map, a list, a second owner.
    fn is_elsewhere(&self, literal: Option<Node>) -> bool {
        let Some(Node::Expr(literal)) = literal else {
            return true;
        };
        !self.is_owner(literal)
    }

    fn is_owner(&self, expr: ExprId) -> bool {
        let ty = self.function.info().type_of(expr);
        self.module.program.named_name(ty).as_deref() == Some(self.owner)
    }

    /// Whether what is assigned to is another place than a field of the type that keeps it.
    fn is_another(&self, target: ExprId) -> bool {
        let tree = self.function.tree();
        match tree.expr(target).kind {
            ExprKind::Ident(name) => tree.name(name) != "_",
            ExprKind::Selector { x, sel } => !self.is_owner(x) && !self.borrows(x, tree.name(sel)),
            ExprKind::Index { x, .. } => !self.is_of_owner(x),
            _ => true,
        }
    }

    /// Whether a field only uses what it is given, and leaves the release to others: `cmd.Stdout`.
    fn borrows(&self, of: ExprId, field: &str) -> bool {
        let named = self
            .module
            .program
            .named_of(self.function.info().type_of(of));
        named.is_some_and(|named| {
            let catalogue = self.module.catalogue;
            catalogue.field_borrows(&named.package, &named.name, field)
        })
    }

    /// Whether a method that releases is handed on, or called by what runs when this is over.
    fn is_released_later(&self, method: ExprId, name: &str) -> bool {
        if !is_release_name(name) && !self.site.release.is_method(name) {
            return false;
        }
        match self.function.parent(method) {
            Some(Node::Expr(call))
                if matches!(self.function.tree().expr(call).kind,
                    ExprKind::Call { fun, .. } if fun == method) =>
            {
                self.runs_later(call)
            }
            _ => true,
        }
    }

    /// Whether a call is deferred, or stands in another function than the one that acquires.
    fn runs_later(&self, call: ExprId) -> bool {
        self.function.is_deferred(call) || self.function.root_of(call) != self.site.root
    }
}
