//! What a callee does with the resource, by its summary.

use std::sync::Arc;

use caulk_program::{Callee, FuncId};
use caulk_syntax::{BinaryOp, ExprId, ExprKind, Node, StmtKind, UnaryOp};

use super::call::Passed;
use super::run::{Run, Start};
use super::state::{State, Value};
use crate::contract::Contract;
use crate::finding::{Confidence, SettledBy};
use crate::inference::summary::{ParamEffect, ParamQuery};
use crate::module::{Followed, Reach};

impl Run<'_, '_> {
    /// The summary of a callee whose source is followed.
    pub(super) fn follow(&mut self, callee: &Callee, passed: Passed) -> Option<ParamEffect> {
        if let Callee::Local(local) = callee {
            // A variable that holds one of several functions: they must agree.
            let functions: Vec<FuncId> = self
                .function
                .functions_of(*local)?
                .iter()
                .copied()
                .collect();
            let effect = |id| match self.effect_of(id, &passed) {
                Some(ParamEffect::Drains { .. }) => Some(ParamEffect::Borrows),
                effect => effect,
            };
            let mut effects = functions.into_iter().map(effect);
            let first = effects.next()??;
            return effects
                .all(|effect| effect.as_ref() == Some(&first))
                .then_some(first);
        }
        let id = match callee {
            Callee::Static(func)
            | Callee::Method { func, .. }
            | Callee::PackageVar {
                func: Some(func), ..
            } => func.id?,
            _ => return None,
        };
        self.effect_of(id, &passed)
    }

    fn effect_of(&self, id: FuncId, passed: &Passed) -> Option<ParamEffect> {
        if let Some(declared) = self.module.declared(id, passed.param) {
            return Some(declared.effect());
        }
        match self.module.follows(self.reach, self.function.id(), id) {
            Followed::No => None,
            Followed::Recursive if !self.goes_round || self.function.id() == Some(id) => {
                Some(ParamEffect::Recursive)
            }
            Followed::Recursive => {
                match self.module.effect(self.query(id, passed, self.reach, true)) {
                    ParamEffect::NeverReturns => Some(ParamEffect::Recursive),
                    effect => Some(effect),
                }
            }
            Followed::Yes(reach) => Some(self.module.effect(self.query(id, passed, reach, false))),
        }
    }

    fn query(&self, func: FuncId, passed: &Passed, reach: Reach, apart: bool) -> ParamQuery {
        ParamQuery {
            func,
            param: passed.param,
            field: passed.field.clone(),
            depth: passed.depth,
            error: passed.error,
            release: Arc::clone(self.release),
            reach,
            apart,
        }
    }

    pub(super) fn apply(
        &mut self,
        state: &mut State,
        call: ExprId,
        callee: &Callee,
        effect: ParamEffect,
    ) -> Vec<Option<Value>> {
        let span = self.span_of(call);
        match effect {
            ParamEffect::Borrows => Vec::new(),
            ParamEffect::Drains { on_error } => {
                state.drained = true;
                if on_error {
                    return Vec::new();
                }
                self.in_error_result(call, Value::NotCopied)
            }
            // Who is given a cancel function decides when to call it.
            ParamEffect::ClosesSometimes if self.release.is_call() => {
                self.settle_at(state, SettledBy::HandedOver, span);
                Vec::new()
            }
            ParamEffect::ClosesSometimes if self.is_told_by_companion(state, call) => {
                self.lose_track(state, "another result says whether it is released", span);
                Vec::new()
            }
            // What is owed by convention alone is not held against a callee that may release it.
            ParamEffect::ClosesSometimes
                if self
                    .contract
                    .is_some_and(|contract| contract.confidence == Confidence::Likely) =>
            {
                self.lose_track(state, "a callee releases it on some paths", span);
                Vec::new()
            }
            // `defer closeOnError(&err, f)`: what the function ends in decides.
            ParamEffect::ClosesSometimes if self.passes_address_of_error(call) => {
                self.lose_track(state, "an error decides whether it is released", span);
                Vec::new()
            }
            // `run(iter, true)`: the flag may be what releases it.
            ParamEffect::ClosesSometimes if self.passes_true(call) => {
                self.lose_track(state, "a flag decides whether it is released", span);
                Vec::new()
            }
            // `go rotate(f)` has the file for as long as it goes round, and puts another in its place.
            ParamEffect::ClosesSometimes if self.is_left_to_goroutine(call, callee) => {
                self.settle_at(state, SettledBy::HandedOver, span);
                Vec::new()
            }
            ParamEffect::ClosesSometimes => {
                if self.trying == 0 {
                    self.out.may_release.insert(span);
                }
                Vec::new()
            }
            ParamEffect::Closes => {
                self.release_at(state, span);
                Vec::new()
            }
            ParamEffect::Keeps(how) => {
                self.settle_at(state, how, span);
                Vec::new()
            }
            ParamEffect::ClosesOnSuccess => {
                self.in_error_result(call, Value::ReleasedIf { nil: true })
            }
            ParamEffect::ClosesOnFailure => {
                self.in_error_result(call, Value::ReleasedIf { nil: false })
            }
            ParamEffect::Returns {
                result,
                value,
                closes_on_failure,
                leaves_on_failure,
                wrapped_on_some,
            } => {
                let is_certain = self
                    .contract
                    .is_some_and(|contract| contract.confidence == Confidence::Certain);
                if wrapped_on_some && is_certain && !self.release.is_call() {
                    let why = "what is returned does not release it on some path";
                    state.leave(Arc::from(why), span);
                    self.obstacle(
                        span,
                        "what is returned may be it or wrap it: let that release both",
                    );
                    return Vec::new();
                }
                if leaves_on_failure
                    && !self.release.is_call()
                    && let Some(Node::Stmt(stmt)) = self.function.parent(call)
                {
                    self.out.failing_returns.insert(stmt);
                }
                let mut results = if closes_on_failure {
                    self.in_error_result(call, Value::ReleasedIf { nil: false })
                } else {
                    Vec::new()
                };
                results.resize(results.len().max(result + 1), None);
                if let Some(slot) = results.get_mut(result) {
                    *slot = Some(value);
                }
                results
            }
            // What the paths without recursion do, the others do too.
            ParamEffect::Recursive
                if matches!(self.start, Some(Start::Call { .. } | Start::Around { .. })) =>
            {
                self.lose_track(state, "passed to a function that calls back", span);
                Vec::new()
            }
            ParamEffect::Recursive | ParamEffect::NeverReturns => {
                self.out.calls_back |= effect == ParamEffect::Recursive;
                state.reset();
                Vec::new()
            }
            // One who may be given it by convention alone, or for whenever it is time, has not got it to lose.
            ParamEffect::LeavesSometimes(_)
                if !self.release.is_call()
                    && self
                        .contract
                        .is_none_or(|contract| contract.confidence == Confidence::Certain) =>
            {
                if let ParamEffect::LeavesSometimes(why) = effect {
                    state.leave(why, span);
                }
                Vec::new()
            }
            // A goroutine has it alone.
            ParamEffect::KeptOrLeft
                if self.function.is_started(call)
                    && !self.release.is_call()
                    && self.contract.is_some_and(Contract::is_told) =>
            {
                state.leave(Arc::from(KEPT_OR_LEFT), span);
                Vec::new()
            }
            ParamEffect::KeptOrLeft => {
                self.lose_track(state, passed_to(callee, Arc::from(KEPT_OR_LEFT)), span);
                Vec::new()
            }
            ParamEffect::LeavesOnFailure { why, releases }
                if !self.release.is_call()
                    && matches!(self.start, Some(Start::Call { .. } | Start::Around { .. }))
                    && self.is_looked_at(call)
                    && self.contract.is_some_and(Contract::is_told) =>
            {
                let why = passed_to(callee, why);
                let unlikely = releases;
                self.in_error_result(call, Value::LeftIfError { why, unlikely })
            }
            // Whoever returns what a callee says, which releases it otherwise, has nothing to do with it any more.
            ParamEffect::LeavesOnFailure {
                why,
                releases: true,
            } if !self.release.is_call()
                && self.is_returned(call)
                && self.contract.is_some_and(Contract::is_told) =>
            {
                state.leave(passed_to(callee, why), span);
                Vec::new()
            }
            ParamEffect::Unknown(why)
            | ParamEffect::LeavesSometimes(why)
            | ParamEffect::LeavesOnFailure { why, .. } => {
                self.lose_track(state, passed_to(callee, why), span);
                Vec::new()
            }
        }
    }

    /// Whether the last result of a call, its error, is compared with nil where it is assigned: `if err := f(); err != nil`.
    fn is_looked_at(&self, call: ExprId) -> bool {
        let function = self.function;
        let tree = function.tree();
        let Some(stmt) = function.statement(call) else {
            return false;
        };
        let StmtKind::Assign { lhs, rhs, .. } = tree.stmt(stmt).kind else {
            return false;
        };
        let ([.., error], [value]) = (tree.exprs(lhs), tree.exprs(rhs)) else {
            return false;
        };
        let Some(local) = function.local(*error).filter(|_| *value == call) else {
            return false;
        };
        let compares = |cond: ExprId| match tree.expr(tree.unparen(cond)).kind {
            ExprKind::Binary {
                x,
                op: BinaryOp::Neq | BinaryOp::Eql,
                ..
            } => function.local(x) == Some(local),
            _ => false,
        };
        match function.parent(stmt) {
            Some(Node::Stmt(around)) => match tree.stmt(around).kind {
                StmtKind::If { cond, .. } => compares(cond),
                StmtKind::Block(block) => {
                    let mut next = tree
                        .stmts(block.stmts)
                        .iter()
                        .skip_while(|one| **one != stmt);
                    matches!(next.nth(1).map(|next| tree.stmt(*next).kind), Some(StmtKind::If { cond, .. }) if compares(cond))
                }
                _ => false,
            },
            _ => false,
        }
    }

    /// Whether a function returns what a call gives, and nothing else.
    fn is_returned(&self, call: ExprId) -> bool {
        let tree = self.function.tree();
        match self.function.parent(call) {
            Some(Node::Stmt(stmt)) => {
                matches!(tree.stmt(stmt).kind, StmtKind::Return(results) if tree.exprs(results) == [call])
            }
            _ => false,
        }
    }

    /// Whether an argument of a call is the address of an error.
    fn passes_address_of_error(&self, call: ExprId) -> bool {
        let tree = self.function.tree();
        let ExprKind::Call { args, .. } = tree.expr(call).kind else {
            return false;
        };
        tree.exprs(args).iter().any(|arg| {
            matches!(tree.expr(tree.unparen(*arg)).kind,
                ExprKind::Unary { op: UnaryOp::Address, x }
                    if crate::types::is_error(self.module.program, self.function.info().type_of(x)))
        })
    }

    /// Whether an argument of a call is `true`.
    fn passes_true(&self, call: ExprId) -> bool {
        let tree = self.function.tree();
        let ExprKind::Call { args, .. } = tree.expr(call).kind else {
            return false;
        };
        tree.exprs(args).iter().any(|arg| {
            matches!(tree.expr(tree.unparen(*arg)).kind, ExprKind::Ident(name) if tree.name(name) == "true")
        })
    }
}

const KEPT_OR_LEFT: &str = "it is released on some paths only";

/// Why it is not known what becomes of what a callee is passed.
fn passed_to(callee: &Callee, why: Arc<str>) -> Arc<str> {
    match callee.func() {
        Some(func) => Arc::from(format!("passed to {}: {why}", func.name)),
        None => why,
    }
}
