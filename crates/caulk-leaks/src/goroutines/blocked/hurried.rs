//! Sends that a goroutine hardly comes to: where a call has failed that never does, and where nobody has told it to leave:
//! `select { case <-ready: out <- v; case <-stop: }`, where its starter closes `stop` as it leaves. Nobody receives for no longer
//! than the moment between the two.

use caulk_program::{Builtin, Callee, LocalId};
use caulk_syntax::{ExprId, ExprKind, Node, StmtId, StmtKind};

use super::served::View;
use crate::body::Function;
use crate::channels::made::Use;
use crate::channels::uses::received_from;

impl View<'_> {
    /// Whether a send stands in a clause of a `select` that another clause leaves as soon as the starter does.
    pub(super) fn is_hurried(&self, start: Node, send: &Use) -> bool {
        let function = send.function(self.function);
        let tree = function.tree();
        let select = function
            .branch_of(send.node)
            .filter(|clause| matches!(tree.stmt(*clause).kind, StmtKind::Comm { .. }))
            .and_then(|clause| Some((clause, clauses_around(function, clause)?)));
        let Some((own, clauses)) = select.filter(|_| send.started.is_none()) else {
            return false;
        };
        let others = clauses.iter().filter(|clause| **clause != own);
        let mut told_by = others.filter_map(|clause| match tree.stmt(*clause).kind {
            StmtKind::Comm { comm, .. } => received_from(tree, comm?),
            _ => None,
        });
        told_by.any(|channel| {
            let local = match tree.expr(channel).kind {
                // `ctx.Done()`
                ExprKind::Call { .. } => function.callee(channel).receiver(),
                _ => Some(channel),
            };
            let local = local.and_then(|local| function.local(tree.unparen(local)));
            let of_starter = match &send.callee {
                None => local,
                Some(callee) => local.and_then(|local| self.passed(start, callee, local)),
            };
            of_starter.is_some_and(|local| ends_as_left(self, local))
        })
    }

    /// Whether a send comes only where what never fails has failed: `if err := flush(); err != nil { errs <- err }`.
    pub(super) fn is_of_no_failure(&self, send: &Use) -> bool {
        let function = send.function(self.function);
        let (tree, program) = (function.tree(), self.module.program);
        let branch = function.branch_of(send.node);
        let Some(StmtKind::If { cond, then, .. }) = branch.map(|stmt| tree.stmt(stmt).kind) else {
            return false;
        };
        let error = tree.not_nil(cond).and_then(|error| function.local(error));
        let given = error.map(|error| function.definitions(program, error));
        let never_fails =
            |call| crate::inference::never_fails::call(self.module, &function.typed, call);
        tree.stmt(then).span.encloses(send.span(self.function))
            && given.is_some_and(|given| {
                !given.is_empty()
                    && given
                        .iter()
                        .all(|(value, _)| value.is_some_and(never_fails))
            })
    }

    /// The variable that the starter passes to the function of a goroutine for a parameter of that.
    fn passed(&self, start: Node, callee: &Function, param: LocalId) -> Option<LocalId> {
        let tree = self.function.tree();
        let Node::Stmt(stmt) = start else {
            return None;
        };
        let StmtKind::Go(call) = tree.stmt(stmt).kind else {
            return None;
        };
        let index = callee.params(None).iter().position(|own| *own == param)?;
        self.function.local(*tree.arguments(call).get(index)?)
    }
}

/// The clauses of the `select` that a clause is one of.
fn clauses_around(function: &Function, clause: StmtId) -> Option<&[StmtId]> {
    let Some(Node::Stmt(block)) = function.parent(clause) else {
        return None;
    };
    Some(function.tree().block(block))
}

/// Whether a deferred call closes a channel of the starter, or cancels a context of it.
fn ends_as_left(view: &View<'_>, local: LocalId) -> bool {
    let function = view.function;
    let tree = function.tree();
    let cancel = function
        .sole_value(view.module.program, local)
        .and_then(|(made, _)| function.local(function.target(made, 1)?));
    let calls = function.info().calls();
    let mut deferred = calls.iter().filter(|(call, _)| function.is_deferred(*call));
    let is = |expr: &ExprId, wanted: LocalId| function.local(tree.unparen(*expr)) == Some(wanted);
    deferred.any(|(call, callee)| match callee {
        Callee::Builtin(Builtin::Close) => {
            tree.arguments(*call).first().is_some_and(|x| is(x, local))
        }
        Callee::Local(called) => Some(*called) == cancel,
        _ => false,
    })
}
