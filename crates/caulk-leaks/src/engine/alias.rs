//! What else has the resource than the place that it is put into: who knows that place by another name, and a map whose key it is.

use caulk_program::{LocalId, Type};
use caulk_syntax::{AssignOp, Descend, ExprId, ExprKind, Node, StmtKind};

use super::run::{Run, Start};
use super::state::{Place, State, Value};
use crate::finding::SettledBy;

impl Run<'_, '_> {
    /// Who has the same by another name since before it was acquired: `failed := inst`, which a deferred literal releases
    /// unless it is nil by then.
    pub(super) fn bind_other_names(&self, state: &mut State, place: &Place, value: &Value) {
        let tree = self.function.tree();
        let is_pointer = |local: LocalId| {
            let info = self.function.info().local_info(local);
            info.is_some_and(|info| matches!(self.module.program.ty(info.ty), Type::Pointer(_)))
        };
        let Some(Start::Call { call, .. }) = self.start else {
            return;
        };
        let Some(graph) = self.function.graph(self.root) else {
            return;
        };
        if !is_pointer(place.root) {
            return;
        }
        let begins = tree.expr(call).span.start;
        let StmtKind::Block(block) = tree.stmt(graph.body).kind else {
            return;
        };
        for stmt in tree.stmts(block.stmts) {
            if let StmtKind::Assign {
                lhs,
                op: AssignOp::Define,
                rhs,
                ..
            } = tree.stmt(*stmt).kind
                && let ([other], [of]) = (tree.exprs(lhs), tree.exprs(rhs))
                && self.function.local(*of) == Some(place.root)
                && tree.stmt(*stmt).span.end < begins
                && let Some(other) = self.function.local(*other)
            {
                let mut same = place.clone();
                same.root = other;
                let holder = value.within(place.path.first().cloned());
                state.bind_around(Place::of(other), holder);
                state.bind(same, Some(value.clone()));
            }
        }
    }

    /// `s.workers[w] = true`: the key is kept where others find it.
    pub(super) fn hand_over_key(&mut self, state: &mut State, target: ExprId) {
        let tree = self.function.tree();
        let ExprKind::Index { x, indices, .. } = tree.expr(target).kind else {
            return;
        };
        let [key] = tree.exprs(indices) else {
            return;
        };
        let key = *key;
        if self
            .function
            .local(x)
            .is_none_or(|map| self.is_handed_on(map))
            && let Some(place) = self.place(key)
            && let Some(value @ (Value::At(_) | Value::Owner(_))) = state.get(&place).cloned()
        {
            self.hand_over(state, key, Some(value), SettledBy::Stored);
        }
    }

    /// Whether a variable is returned, or passed to a function that is declared somewhere.
    fn is_handed_on(&self, local: LocalId) -> bool {
        let (function, tree) = (self.function, self.function.tree());
        let is_it = |expr: &ExprId| function.local(*expr) == Some(local);
        let Some(graph) = function.graph(self.root) else {
            return false;
        };
        let mut handed = false;
        tree.walk(graph.body, |node| {
            handed |= match node {
                Node::Stmt(stmt) => matches!(tree.stmt(stmt).kind, StmtKind::Return(list)
                    if tree.exprs(list).iter().any(is_it)),
                Node::Expr(call) => {
                    matches!(tree.expr(call).kind, ExprKind::Call { .. })
                        && function.callee(call).func().is_some()
                        && tree.arguments(call).iter().any(is_it)
                }
            };
            Descend::Into
        });
        handed
    }
}
