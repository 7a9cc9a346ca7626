//! `defer closeOnError(conn, err)`: what is deferred gets the error that there is where it is put off, not the one that the
//! function ends with, and so never releases anything.

use caulk_program::LocalId;
use caulk_syntax::{Descend, ExprId, Node, StmtId, StmtKind};

use super::call::Passed;
use super::run::Run;
use super::state::{Place, State, Value};
use crate::inference::summary::{Param, ParamEffect};

impl Run<'_, '_> {
    /// Whether a `return` hands out named results, among them an error that has been assigned since a deferred call, which is to
    /// release what it is passed where there is one, was given it.
    pub(super) fn is_left_to_stale_error(&mut self, state: &State, stmt: StmtId) -> bool {
        let function = self.function;
        let tree = function.tree();
        let is_naked = matches!(tree.stmt(stmt).kind, StmtKind::Return(list) if list.is_empty());
        if !is_naked || self.release.is_call() {
            return false;
        }
        let error = function
            .error_result(self.module.program, self.root)
            .and_then(|index| function.results(self.root).get(index).copied());
        let (Some(error), Some(graph)) = (error, function.graph(self.root)) else {
            return false;
        };
        let end = tree.stmt(stmt).span.start;
        let mut deferred = Vec::new();
        tree.walk(graph.body, |node| {
            if let Node::Stmt(put_off) = node
                && let StmtKind::Defer(call) = tree.stmt(put_off).kind
                && self.is_assigned_between(error, tree.stmt(put_off).span.end, end)
            {
                deferred.push(tree.unparen(call));
            }
            Descend::Into
        });
        deferred
            .into_iter()
            .any(|call| self.decides_by(state, call, error))
    }

    /// Whether a call of the project's own passes what holds the resource, beside an error, to what releases it on some paths.
    fn decides_by(&mut self, state: &State, call: ExprId, error: LocalId) -> bool {
        let function = self.function;
        let passed = function.tree().arguments(call);
        let is_error = |expr: &ExprId| function.local(*expr) == Some(error);
        let holds = |expr: &ExprId| {
            let local = function.local(*expr);
            local.is_some_and(|local| matches!(state.get(&Place::of(local)), Some(Value::At(0))))
        };
        let Some(index) = passed.iter().position(holds) else {
            return false;
        };
        let passed_on = Passed {
            param: Param::At(index),
            field: None,
            depth: 0,
            error: None,
        };
        passed.iter().any(is_error)
            && self.follow(function.callee(call), passed_on) == Some(ParamEffect::ClosesSometimes)
    }

    /// Whether a statement between two places assigns a variable.
    fn is_assigned_between(&self, local: LocalId, since: u32, end: u32) -> bool {
        let tree = self.function.tree();
        let definitions = self.function.definitions(self.module.program, local).iter();
        definitions
            .filter_map(|(value, _)| *value)
            .map(|value| tree.expr(value).span)
            .any(|span| span.start >= since && span.end <= end)
    }
}
