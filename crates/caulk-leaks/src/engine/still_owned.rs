//! What a function releases itself behind a call that is not known: whoever was called has not taken it over.

use caulk_flow::End;
use caulk_program::Callee;
use caulk_syntax::{ExprId, ExprKind, Node, Span, StmtId, StmtKind};

use super::run::{Run, Start};
use super::state::{State, Value};
use crate::contract::is_release_name;
use crate::types::last_name;

impl Run<'_, '_> {
    /// Whether the function releases the resource behind a call, wherever that call is passed without leaving, and nothing
    /// that the call gives is released instead.
    pub(super) fn is_still_owned(&self, state: &State, call: Span) -> bool {
        if matches!(self.start, Some(Start::Made { .. }) | None) {
            return false;
        }
        let calls = self.function.info().calls();
        let releases = calls.iter().any(|(release, callee)| {
            self.is_release_of(state, *release, callee)
                && self.stands_behind(*release, call)
                && self.is_of_the_same(*release, callee, call)
        });
        releases && !self.is_released_by_result(call) || self.is_returned_behind(state, call)
    }

    /// Whether a hook, a function that a variable or a field holds and which gives no more than an error, is passed the resource, and the
    /// function goes on to return that where there is none: `if err := p.created(conn); err != nil { return nil, err }`.
    fn is_returned_behind(&self, state: &State, at: Span) -> bool {
        let function = self.function;
        let tree = function.tree();
        let Some(call) = function.call_at(at) else {
            return false;
        };
        let is_hook = matches!(
            function.callee(call),
            Callee::Field { .. } | Callee::Local(_) | Callee::Value
        );
        let ty = function.info().type_of(call);
        // What takes a response apart commonly closes its body.
        if !is_hook
            || !self.release.path().is_empty()
            || !crate::types::is_error(self.module.program, ty)
        {
            return false;
        }
        let Some(graph) = function.graph(self.root) else {
            return false;
        };
        graph.blocks().any(|(_, block)| match block.end {
            End::Return(stmt) if tree.stmt(stmt).span.start > at.end => {
                let StmtKind::Return(list) = tree.stmt(stmt).kind else {
                    return false;
                };
                tree.exprs(list).iter().any(|x| self.has_in_it(state, *x))
            }
            _ => false,
        })
    }

    /// Whether an expression is the resource, or a literal that has it in a field.
    fn has_in_it(&self, state: &State, expr: ExprId) -> bool {
        let tree = self.function.tree();
        let expr = tree.unparen(expr);
        match tree.expr(expr).kind {
            ExprKind::Unary { x, .. } => self.has_in_it(state, x),
            ExprKind::KeyValue { value, .. } => self.has_in_it(state, value),
            ExprKind::CompositeLit { elts, .. } => tree
                .exprs(elts)
                .iter()
                .any(|element| self.has_in_it(state, *element)),
            _ => matches!(self.value_at(state, expr), Some(Value::At(0))),
        }
    }

    fn is_release_of(&self, state: &State, call: ExprId, callee: &Callee) -> bool {
        let at = |expr| match self.value_at(state, expr) {
            Some(Value::At(depth)) => Some(depth),
            _ => None,
        };
        let ExprKind::Call { fun, .. } = self.function.tree().expr(call).kind else {
            return false;
        };
        let method = callee.receiver().and_then(at);
        method.is_some_and(|depth| self.release.releases(depth, last_name(callee)))
            || self.release.is_call() && at(fun).is_some()
    }

    /// Whether a call runs on each way from another to the end of what both stand in, as long as nothing is left early.
    fn stands_behind(&self, release: ExprId, call: Span) -> bool {
        let function = self.function;
        let tree = function.tree();
        let deferred = |stmt: StmtId| matches!(tree.stmt(stmt).kind, StmtKind::Defer(_));
        let Some((mut around, mut last)) = self.list_around(release.into()) else {
            return false;
        };
        // `defer func() { … }()`
        if let Some(Node::Expr(literal)) = function.parent(around)
            && matches!(tree.expr(literal).kind, ExprKind::FuncLit { .. })
        {
            match function.statement(literal).filter(|stmt| deferred(*stmt)) {
                Some(defer) => match self.list_around(defer.into()) {
                    Some(found) => (around, last) = (found.0, defer),
                    None => return false,
                },
                None => return false,
            }
        }
        let around = tree.stmt(around).span;
        function.root_of(last) == self.root
            && around.encloses(call)
            && (deferred(last) || call.end <= tree.stmt(last).span.start)
    }

    /// Whether the variable that a release begins with is given nothing new behind a call.
    fn is_of_the_same(&self, release: ExprId, callee: &Callee, call: Span) -> bool {
        let tree = self.function.tree();
        let named = match tree.expr(release).kind {
            ExprKind::Call { fun, .. } => callee.receiver().unwrap_or(fun),
            _ => return false,
        };
        self.function.begins_with(named).is_some_and(|local| {
            let given = self.function.definitions(self.module.program, local);
            let before = |value: ExprId| tree.expr(value).span.start <= call.start;
            given.iter().all(|(value, _)| value.is_some_and(before))
        })
    }

    /// The list of statements that a node stands in, a block or a clause, with its statement there.
    fn list_around(&self, node: Node) -> Option<(StmtId, StmtId)> {
        let tree = self.function.tree();
        let mut last = match node {
            Node::Stmt(stmt) => stmt,
            Node::Expr(expr) => self.function.statement(expr)?,
        };
        loop {
            let Node::Stmt(parent) = self.function.parent(last)? else {
                return None;
            };
            match tree.stmt(parent).kind {
                StmtKind::Block(_) | StmtKind::Case { .. } | StmtKind::Comm { .. } => {
                    return Some((parent, last));
                }
                _ => last = parent,
            }
        }
    }

    /// Whether what a call gives is released: `codec := NewCodec(conn)` and `codec.Close()`.
    fn is_released_by_result(&self, at: Span) -> bool {
        let function = self.function;
        let tree = function.tree();
        let Some(call) = function.call_at(at) else {
            return true;
        };
        let Some(StmtKind::Assign { lhs, .. }) =
            function.statement(call).map(|stmt| tree.stmt(stmt).kind)
        else {
            return false;
        };
        let given: Vec<_> = tree
            .exprs(lhs)
            .iter()
            .filter_map(|x| function.local(*x))
            .collect();
        let calls = function.info().calls();
        calls.iter().any(|(_, callee)| {
            let receiver = callee.receiver().and_then(|x| self.function.begins_with(x));
            receiver.is_some_and(|local| given.contains(&local))
                && is_release_name(last_name(callee))
        })
    }
}
