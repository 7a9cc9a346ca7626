//! What happens where control leaves: results are handed to the caller, deferred calls run.

use std::sync::Arc;

use caulk_program::{LocalId, LocalKind, Object};
use caulk_syntax::{ExprId, ExprKind, StmtId, StmtKind, UnaryOp};

use super::closure::ClosureEffect;
use super::run::{ExitAt, Left, Run, Start, Visit};
use super::state::{Fact, Place, State, Status, Value};
use crate::contract::Contract;

impl Run<'_, '_> {
    pub(super) fn returned_values(
        &mut self,
        state: &mut State,
        stmt: StmtId,
    ) -> Vec<Option<Value>> {
        let StmtKind::Return(list) = self.function.tree().stmt(stmt).kind else {
            return Vec::new();
        };
        let exprs = self.function.tree().exprs(list).to_vec();
        match exprs.as_slice() {
            [] => self
                .function
                .results(self.function.root_of(stmt))
                .iter()
                .map(|result| state.get(&Place::of(*result)).cloned())
                .collect(),
            [single] => {
                let mut values = self.eval_multi(state, *single);
                self.set_results(state, stmt, &exprs, &values);
                if values.is_empty() {
                    values.push(None);
                }
                values
            }
            many => {
                let values: Vec<_> = many.iter().map(|expr| self.eval(state, *expr)).collect();
                self.set_results(state, stmt, &exprs, &values);
                values
            }
        }
    }

    /// Deferred literals see the results of the `return` statement.
    fn set_results(
        &mut self,
        state: &mut State,
        stmt: StmtId,
        exprs: &[ExprId],
        values: &[Option<Value>],
    ) {
        let results = self.function.results(self.function.root_of(stmt)).to_vec();
        for (index, result) in results.iter().enumerate() {
            let fact = match exprs.get(index).filter(|_| exprs.len() == results.len()) {
                Some(expr) => self
                    .fact_of(state, *expr)
                    .filter(|fact| *fact != Fact::NeverFails)
                    .or_else(|| self.returned_error(state, stmt, exprs, index)),
                None => None,
            };
            state.bind(Place::of(*result), values.get(index).cloned().flatten());
            state.set_fact(*result, fact);
        }
    }

    pub(super) fn leave(&mut self, left: Left, visits: &[Visit]) {
        let Left {
            state,
            returned,
            exit,
            visit,
        } = left;
        self.out.not_copied |= returned.contains(&Some(Value::NotCopied));
        if let ExitAt::Return(stmt) = exit {
            self.note_others(&state, stmt);
        }
        if matches!(exit, ExitAt::Never) {
            self.out.never_returns |= state.status == Status::Owed;
            return;
        }
        let error = self.error_at(&state, exit, &returned);
        if let ExitAt::Return(stmt) = exit {
            self.note_nil(&state, stmt, error);
            if error != Some(true) {
                self.note_released(&state, &returned);
            }
        }
        self.leaving = match exit {
            ExitAt::Return(stmt) => Some(stmt),
            _ => None,
        };
        self.leaves_on_failure = self.leaving.is_some_and(|stmt| {
            let may_fail = self.out.failing_returns.contains(&stmt)
                || error.is_none()
                    && (self.is_left_to_stale_error(&state, stmt)
                        || self.may_fail_beside(stmt, &returned));
            may_fail && self.stays_owed_on_failure(&state, stmt)
        });
        let states = if matches!(exit, ExitAt::Midway) {
            vec![state]
        } else {
            self.run_defers(state)
        };
        for mut state in states {
            if let ExitAt::Return(stmt) = exit {
                // A flag decides in what is deferred, as where the caller says that it wants no stream: `if closeBody { … }`.
                if error == Some(false) {
                    self.note_released(&state, &returned);
                }
                // What a deferred call has released is of no use to the caller.
                self.hand_to_caller(&mut state, stmt, &returned);
            }
            self.record(state, exit, error, visit, visits);
        }
    }

    /// Notes which results are what has been released: data to whoever gets them. Beside an error nobody looks at it.
    fn note_released(&mut self, state: &State, returned: &[Option<Value>]) {
        if matches!(state.status, Status::Released(_)) {
            let values = returned.iter().enumerate();
            let held = values.filter(|(_, value)| value.as_ref().is_some_and(Value::holds));
            self.out
                .returns_released
                .extend(held.map(|(index, _)| index));
        }
    }

    /// Whether what is deferred leaves it open where the function returns an error: `if err != nil { f.Close() }` does not.
    fn stays_owed_on_failure(&mut self, state: &State, stmt: StmtId) -> bool {
        let mut failing = state.clone();
        let root = self.function.root_of(stmt);
        let error = self
            .function
            .error_result(self.module.program, root)
            .and_then(|index| self.function.results(root).get(index).copied());
        if let Some(error) = error {
            failing.set_fact(error, Some(Fact::NonNil));
        }
        self.trying += 1;
        let states = self.run_defers(failing);
        self.trying -= 1;
        states.iter().any(|state| state.status == Status::Owed)
    }

    /// Notes which results are someone else's where nothing is held.
    fn note_others(&mut self, state: &State, stmt: StmtId) {
        let tree = self.function.tree();
        let StmtKind::Return(list) = tree.stmt(stmt).kind else {
            return;
        };
        if state.status != Status::Before {
            return;
        }
        for (index, expr) in tree.exprs(list).iter().enumerate() {
            if self.out.returns_other.contains(&index) {
                continue;
            }
            let expr = tree.unparen(*expr);
            // Errors and plain values are nobody's.
            let program = self.module.program;
            let local = self.function.local(expr).filter(|local| {
                let info = self.function.info().local_info(*local);
                info.is_some_and(|local| {
                    !crate::types::is_error(program, local.ty) && !program.is_basic(local.ty)
                })
            });
            if self.is_of_others(expr) || local.is_some_and(|local| self.is_found(local)) {
                self.out.returns_other.insert(index);
            }
        }
    }

    /// Whether an expression is of the package or of whoever called, or a field of what is, or an entry.
    fn is_of_others(&self, expr: ExprId) -> bool {
        let tree = self.function.tree();
        let info = self.function.info();
        let mut expr = tree.unparen(expr);
        if let Object::PackageVar(name) = info.object(expr) {
            return !crate::types::is_standard_stream(name);
        }
        while let ExprKind::Index { x, .. } | ExprKind::Selector { x, .. } = tree.expr(expr).kind {
            expr = tree.unparen(x);
        }
        let local = self.function.local(expr);
        let info = local.and_then(|local| info.local_info(local));
        info.is_some_and(|local| {
            matches!(local.kind, LocalKind::Param { .. } | LocalKind::Receiver)
        })
    }

    /// Whether a variable may hold what was there before: what a field or an entry holds, or a context carries.
    fn is_found(&self, local: LocalId) -> bool {
        let (module, function) = (self.module, self.function);
        let tree = function.tree();
        let is_carried = |part: &ExprId| {
            let func = function.callee(*part).func();
            let name = func.map(|func| crate::types::simple_name(&func.name));
            name.is_some_and(|name| {
                let makes = ["New", "Start", "With"]
                    .iter()
                    .any(|verb| name.starts_with(verb));
                name.contains("FromContext") && !makes
            })
        };
        let given = function.definitions(module.program, local);
        given
            .iter()
            .filter(|(_, index)| *index == 0)
            .any(|&(value, _)| {
                let Some(value) = value else {
                    return false;
                };
                match tree.expr(value).kind {
                    ExprKind::Index { .. } | ExprKind::Selector { .. } => self.is_of_others(value),
                    // One that others have put back: `case w = <-p.ready`.
                    ExprKind::Unary {
                        op: UnaryOp::Receive,
                        x,
                    } => self.is_of_others(x),
                    ExprKind::Call { .. } | ExprKind::TypeAssert { .. } => {
                        let parts = crate::sites::made_of::parts(module, function, &[value]);
                        parts.iter().any(is_carried)
                    }
                    _ => false,
                }
            })
    }

    /// Notes which results are nil where nothing is held and the error is nil.
    fn note_nil(&mut self, state: &State, stmt: StmtId, error: Option<bool>) {
        let root = self.function.root_of(stmt);
        let fails = self.function.error_result(self.module.program, root);
        if state.status != Status::Before || fails.is_some() && error != Some(false) {
            return;
        }
        let results = self.function.results(root);
        for (index, result) in results.iter().enumerate() {
            if Some(index) != fails && state.fact(*result) == Some(Fact::Nil) {
                self.out.returns_nil.insert(index);
            }
        }
        let flag = results
            .last()
            .filter(|flag| state.fact(**flag) == Some(Fact::False))
            .map(|_| results.len() - 1);
        if fails.is_none() && results.iter().any(|r| state.fact(*r) == Some(Fact::Nil)) {
            self.out.nil_flags.insert(flag);
        }
    }

    fn hand_to_caller(&mut self, state: &mut State, stmt: StmtId, returned: &[Option<Value>]) {
        let waits = |contract: &Contract| contract.idle || !contract.acquired_after.is_empty();
        if state.status == Status::Before && self.contract.is_some_and(waits) {
            let mut values = returned.iter().enumerate();
            let held = values.find_map(|(index, value)| {
                let value = value.as_ref().filter(|value| value.holds())?;
                Some((index, value.clone()))
            });
            self.out.returned_idle = self.out.returned_idle.take().or(held);
        }
        if state.status != Status::Owed {
            return;
        }
        let returned = &self.without_users(stmt, returned);
        let span = self.function.tree().stmt(stmt).span;
        // Beside a function that releases it the value itself is only borrowed.
        if let Some(result) = self.returned_releaser(state, returned) {
            let mut values = returned.iter().enumerate();
            let held = values.find_map(|(index, value)| match value {
                Some(value @ (Value::At(_) | Value::Owner(_))) => Some((index, value.clone())),
                _ => None,
            });
            self.out.beside = self.out.beside.take().or(held);
            state.status = Status::Returned {
                result,
                value: Value::Releaser,
                span,
            };
            return;
        }
        if returned
            .iter()
            .flatten()
            .filter(|value| value.holds())
            .count()
            > 1
        {
            let why = "returned twice: by itself and in what owns it";
            state.status = Status::Unknown(Arc::from(why), span);
            return;
        }
        if self.returns_what_it_holds(state, stmt) {
            let why = "what it holds is returned without it";
            state.status = Status::Unknown(Arc::from(why), span);
            return;
        }
        let goes_itself = returned
            .iter()
            .any(|value| matches!(value, Some(Value::At(_) | Value::Owner(_))));
        for (index, value) in returned.iter().enumerate() {
            match value {
                Some(value @ (Value::At(_) | Value::Owner(_) | Value::Releaser)) => {
                    state.status = Status::Returned {
                        result: index,
                        value: value.clone(),
                        span,
                    };
                    return;
                }
                Some(Value::ReleasedIf { nil }) => {
                    self.out.depends_on_returned = true;
                    self.out.ends_with_returned |= !nil;
                    self.returned_released_if = Some(stmt).filter(|_| *nil);
                }
                Some(Value::View) => {
                    self.out.viewed.get_or_insert(index);
                    // Whoever gets it as well decides itself when it is done with the view.
                    if !goes_itself {
                        self.obstacle(span, "returns what reads from it or writes to it: let whoever gets that release both")
                    }
                }
                Some(Value::Closure(literal)) => {
                    let effect = self.closure_effect(state, *literal, &[]);
                    match effect {
                        // The caller still has it, beside a function that uses it: `unregister`.
                        ClosureEffect::Uses { .. }
                            if matches!(self.start, Some(Start::Param { .. })) =>
                        {
                            self.out.viewed.get_or_insert(index);
                            self.obstacle(span, "returns a function that uses it: release it once that has run for the last time");
                        }
                        // Nobody but the function that is returned can name it from here on, and that has been seen.
                        ClosureEffect::Uses { .. }
                            if self.contract.is_some_and(Contract::is_told)
                                && !self.release.is_call() =>
                        {
                            self.obstacle(span, "returns a function that uses it: let that release it, or return another that does");
                        }
                        ClosureEffect::Uses { .. } => {
                            state.status = Status::Unknown(
                                Arc::from("a function that uses it is returned"),
                                span,
                            );
                            return;
                        }
                        ClosureEffect::Unknown(why) => {
                            state.status = Status::Unknown(why, span);
                            return;
                        }
                        ClosureEffect::Releases { .. } => {
                            let why = "a function that starts what uses it is returned";
                            state.status = Status::Unknown(Arc::from(why), span);
                            return;
                        }
                        ClosureEffect::Nothing => {}
                    }
                }
                Some(Value::Handle) if !self.returns_data(stmt, index) => {
                    self.obstacle(
                        span,
                        "returns what is bound to it: let whoever gets that release both",
                    );
                }
                _ => {}
            }
        }
    }

    /// Whether the field of the resource is returned that holds all that is owed: `return session.DB`. A number is data.
    fn returns_what_it_holds(&self, state: &State, stmt: StmtId) -> bool {
        let tree = self.function.tree();
        let StmtKind::Return(list) = tree.stmt(stmt).kind else {
            return false;
        };
        tree.exprs(list).iter().any(|value| {
            let value = tree.unparen(*value);
            let ty = self.function.info().type_of(value);
            matches!(tree.expr(value).kind, ExprKind::Selector { x, sel }
                if self.is_held_in(tree.name(sel))
                    && matches!(self.value_at(state, x), Some(Value::At(0))))
                && !self.module.program.is_basic(ty)
        })
    }

    /// What is returned without those who hold the resource and do not release it. Who gets an error looks at what it says, and does
    /// not release what it was made of: `return StatusError{resp: resp}`; and what comes beside the resource itself and cannot release
    /// it, a client over its connection, leaves that to whoever gets both.
    fn without_users(&self, stmt: StmtId, returned: &[Option<Value>]) -> Vec<Option<Value>> {
        let program = self.module.program;
        let goes_itself = returned.contains(&Some(Value::At(0)));
        let results = self.function.results(self.function.root_of(stmt));
        let only_uses = |index: usize| {
            let info = results
                .get(index)
                .and_then(|result| self.function.info().local_info(*result));
            info.is_some_and(|local| {
                let cannot_release =
                    || !program.is_missing(local.ty) && !self.module.can_be_owned(local.ty);
                crate::types::is_error(program, local.ty) || goes_itself && cannot_release()
            })
        };
        let values = returned.iter().cloned().enumerate();
        values
            .map(|(index, value)| {
                value.filter(|value| !(matches!(value, Value::Owner(_)) && only_uses(index)))
            })
            .collect()
    }

    /// The result that is a function which releases the resource.
    fn returned_releaser(&mut self, state: &State, returned: &[Option<Value>]) -> Option<usize> {
        returned.iter().position(|value| match value {
            Some(Value::Releaser) => true,
            Some(Value::Closure(literal)) => {
                matches!(
                    self.closure_effect(state, *literal, &[]),
                    ClosureEffect::Releases { .. }
                ) && !self.only_starts(state, *literal)
            }
            _ => false,
        })
    }

    /// Whether a result of the function that a statement leaves is declared as plain data, or as an error.
    fn returns_data(&self, stmt: StmtId, index: usize) -> bool {
        let root = self.function.root_of(stmt);
        let result = self.function.results(root).get(index).copied();
        let info = result.and_then(|result| self.function.info().local_info(result));
        let program = self.module.program;
        info.is_some_and(|info| {
            crate::types::is_error(program, info.ty) || !crate::types::may_hold(program, info.ty)
        })
    }
}
