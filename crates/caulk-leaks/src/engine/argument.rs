//! The resource as an argument: whether the callee borrows it, keeps it, or releases it.

use std::sync::Arc;

use caulk_program::{Callee, FuncRef, TypeId};
use caulk_syntax::{ExprId, ExprKind};

use super::call::{Named, PASSED_ON, Passed};
use super::closure::ClosureEffect;
use super::known::{by_name, is_borrowing_interface};
use super::run::Run;
use super::state::{State, Status, Value};
use crate::catalogue::CallEffect;
use crate::finding::SettledBy;
use crate::inference::summary::{Param, ParamEffect, ParamQuery};
use crate::types::last_name;

impl Run<'_, '_> {
    pub(super) fn on_argument(
        &mut self,
        state: &mut State,
        call: ExprId,
        callee: &Callee,
        name: Option<&Named<'_>>,
        (index, value): (usize, &Value),
        values: &[Option<Value>],
    ) -> Vec<Option<Value>> {
        let span = self.span_of(call);
        match value {
            Value::Error | Value::DerivedError => return self.errors_from(call),
            Value::Acquired(_)
            | Value::NotCopied
            | Value::More
            | Value::Companion
            | Value::ReleasedIf { .. }
            | Value::Handle
            | Value::Listed => {
                return Vec::new();
            }
            Value::Closure(literal) => {
                if self.touches(state, *literal, &[]) {
                    self.let_go(state);
                }
                match self.closure_effect(state, *literal, &[]) {
                    ClosureEffect::Releases => {
                        self.settle_at(state, SettledBy::ReleaseHandedOver, span)
                    }
                    ClosureEffect::Uses => self.obstacle(span, PASSED_ON),
                    ClosureEffect::Unknown(why) => self.lose_track(state, why, span),
                    ClosureEffect::Nothing => {}
                }
                return Vec::new();
            }
            Value::Releaser => {
                self.settle_at(state, SettledBy::ReleaseHandedOver, span);
                return Vec::new();
            }
            Value::At(_) | Value::Owner(_) | Value::View => {}
        }
        if state.status == Status::Before
            && (self.is_owed_once_used() || self.is_acquired_after("Read"))
        {
            state.status = Status::Owed;
        }
        let taker = last_name(callee);
        if matches!(value, Value::At(0) | Value::Owner(None))
            && (self.release.is_taken_by(taker)
                || self.release.actions.is_empty() && takes_back(taker))
        {
            self.release_at(state, span);
            return Vec::new();
        }
        let known = name.and_then(|name| self.module.catalogue.effect(name.package, name.name));
        if let Some(effect) = known {
            return self.apply_known(state, call, value, effect);
        }
        if matches!(value, Value::View) {
            return self.pass_view(state, call, callee, name, index);
        }
        let (field, depth) = match value {
            Value::At(depth) => (None, *depth),
            Value::Owner(Some(field)) => (Some(field.clone()), 0),
            _ => (None, 0),
        };
        let std = name.is_some_and(|name| crate::types::is_std_path(name.package));
        let lent = std && !matches!(callee, Callee::Interface { .. });
        if matches!(value, Value::Owner(None)) && !lent {
            if self.is_lent(call, callee, index, value) {
                return self.lend(state, call, value);
            }
            self.lose_track(state, self.unknown_callee(call), span);
            return Vec::new();
        }
        let param = match callee {
            // Through a method expression the receiver comes first.
            Callee::Static(func) if self.has_receiver(func) => match index.checked_sub(1) {
                None => Param::Receiver,
                Some(index) => Param::At(index),
            },
            _ => Param::At(index),
        };
        let passed = Passed {
            param,
            field,
            depth,
            error: values
                .iter()
                .position(|value| matches!(value, Some(Value::Error)))
                .filter(|_| param == Param::At(index)),
        };
        if self.all_borrow(callee, &passed) {
            return Vec::new();
        }
        if let Some(effect) = self.follow(callee, passed) {
            // What it does with a reader is not known, but it is no release where the parameter has none.
            if matches!(effect, ParamEffect::Unknown(_))
                && matches!(value, Value::At(_))
                && self.is_lent(call, callee, index, value)
            {
                return self.lend(state, call, value);
            }
            return self.apply(state, call, callee, effect);
        }
        if lent {
            return self.apply_known(state, call, value, CallEffect::Borrow);
        }
        if let Callee::Interface { .. } = callee
            && let Some(name) = name
            && is_borrowing_interface(name.package, name.name)
        {
            return Vec::new();
        }
        if self.is_lent(call, callee, index, value) {
            return self.lend(state, call, value);
        }
        // A response that is parsed may be closed there, a stream is not.
        if self.release.path().is_empty()
            && let Some(effect) = by_name(callee)
        {
            return self.apply_known(state, call, value, effect);
        }
        self.lose_track(state, self.unknown_callee(call), span);
        Vec::new()
    }

    /// Whether a callee uses what is passed and cannot release it: the parameter's type is an interface without a
    /// release, `io.Reader`, and so say those who are known to implement the method.
    fn is_lent(&self, call: ExprId, callee: &Callee, index: usize, value: &Value) -> bool {
        let ExprKind::Call { fun, .. } = self.function.tree().expr(call).kind else {
            return false;
        };
        let program = self.module.program;
        let Some(signature) = program.func_type(self.function.info().type_of(fun)) else {
            return false;
        };
        let is_whole = match value {
            Value::At(depth) => *depth == self.release.path().len(),
            value => matches!(value, Value::Owner(_) | Value::View),
        };
        // What holds it goes where its own methods are called, later perhaps: `manager.Add(&detector{informers})`.
        let is_kept = |ty: &TypeId| {
            let named = program.named_of(*ty);
            matches!(value, Value::Owner(Some(_)))
                && !self.is_followed(callee)
                && named.is_some_and(|named| !crate::types::is_std_path(&named.package))
        };
        is_whole
            && signature.params.get(index).is_some_and(|ty| {
                crate::types::only_lends(program, *ty, self.release) && !is_kept(ty)
            })
            && self.implementers_borrow(callee, index)
    }

    fn implementers_borrow(&self, callee: &Callee, index: usize) -> bool {
        if !matches!(callee, Callee::Interface { .. }) {
            return true;
        }
        let passed = Passed {
            param: Param::At(index),
            field: None,
            depth: self.release.path().len(),
            error: None,
        };
        self.known_to_borrow(callee, &passed) != Some(false)
    }

    /// Whether those who implement a method of an interface of the project are known, and all use what they are passed
    /// during the call.
    fn all_borrow(&self, callee: &Callee, passed: &Passed) -> bool {
        self.known_to_borrow(callee, passed) == Some(true)
    }

    /// Whether those who implement a method of an interface borrow what they are passed; none where nobody is known.
    fn known_to_borrow(&self, callee: &Callee, passed: &Passed) -> Option<bool> {
        let Callee::Interface {
            iface,
            name,
            through,
            ..
        } = callee
        else {
            return None;
        };
        let package = self.function.package;
        let known = self.module.implementers(package, *iface, through, name);
        if known.is_empty() {
            return None;
        }
        let borrows = self.reach.one_less().is_some_and(|reach| {
            known.into_iter().all(|(build, func)| {
                let effect = build.effect(ParamQuery {
                    func,
                    param: passed.param,
                    field: passed.field.clone(),
                    depth: passed.depth,
                    error: None,
                    release: Arc::clone(self.release),
                    reach,
                });
                effect == ParamEffect::Borrows
            })
        });
        Some(borrows)
    }

    /// The callee uses the resource and cannot release it; what it returns may go on doing so.
    fn lend(&mut self, state: &mut State, call: ExprId, value: &Value) -> Vec<Option<Value>> {
        let program = self.module.program;
        let ty = self.function.info().type_of(call);
        let results = program.results_of(ty);
        // What has no result, or a result with a release of its own, may have been made to keep it.
        let may_keep = ty == TypeId::VOID
            || !matches!(value, Value::View)
                && results
                    .iter()
                    .any(|ty| crate::types::has_release(program, *ty));
        if may_keep {
            self.lose_track(state, self.unknown_callee(call), self.span_of(call));
            return Vec::new();
        }
        results
            .into_iter()
            .map(|ty| crate::types::can_be_bound(program, ty).then_some(Value::View))
            .collect()
    }

    fn has_receiver(&self, func: &FuncRef) -> bool {
        func.id
            .and_then(|id| self.module.program.func(id))
            .is_some_and(|func| func.receiver.is_some())
    }

    /// A call with the acquisition's error may give an error that says the same.
    fn errors_from(&self, call: ExprId) -> Vec<Option<Value>> {
        let program = self.module.program;
        program
            .results_of(self.function.info().type_of(call))
            .into_iter()
            .enumerate()
            .map(|(index, ty)| {
                // `status, ok := errors.AsType[Status](err)`: there is one where this is true.
                let says = crate::types::is_error(program, ty)
                    || index == 1 && crate::types::is_bool(program, ty);
                says.then_some(Value::DerivedError)
            })
            .collect()
    }

    /// What reads from the resource is passed on: only whoever keeps it matters.
    fn pass_view(
        &mut self,
        state: &mut State,
        call: ExprId,
        callee: &Callee,
        name: Option<&Named<'_>>,
        index: usize,
    ) -> Vec<Option<Value>> {
        let std = name.is_some_and(|name| crate::types::is_std_path(name.package));
        if !std && !self.is_followed(callee) {
            if self.is_lent(call, callee, index, &Value::View) {
                return self.lend(state, call, &Value::View);
            }
            if let Some(effect) = by_name(callee) {
                return self.apply_known(state, call, &Value::View, effect);
            }
            self.lose_track(state, self.unknown_callee(call), self.span_of(call));
        }
        Vec::new()
    }

    pub(super) fn apply_known(
        &mut self,
        state: &mut State,
        call: ExprId,
        value: &Value,
        effect: CallEffect,
    ) -> Vec<Option<Value>> {
        let span = self.span_of(call);
        match effect {
            CallEffect::Borrow => Vec::new(),
            CallEffect::Drain => {
                if !matches!(value, Value::At(_)) {
                    return Vec::new();
                }
                state.drained = true;
                // Where it is copied, writing may be what fails.
                if self.function.argument_count(call) > 1 {
                    return self.in_error_result(call, Value::NotCopied);
                }
                Vec::new()
            }
            CallEffect::Close => {
                self.release_at(state, span);
                Vec::new()
            }
            CallEffect::Keep => {
                self.settle_at(state, SettledBy::HandedOver, span);
                Vec::new()
            }
            CallEffect::View => vec![Some(Value::View)],
            CallEffect::Pass => vec![Some(value.clone())],
            CallEffect::Own => match value {
                Value::View => vec![Some(Value::View)],
                _ => vec![Some(Value::Owner(None))],
            },
            CallEffect::Unknown => {
                self.lose_track(state, self.unknown_callee(call), span);
                Vec::new()
            }
        }
    }
}

/// Whether a function takes back, by its name, what has no method of its own to be released by: `Deallocate(data)`.
fn takes_back(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["free", "dealloc", "release", "unmap", "recycle", "giveback"]
        .iter()
        .any(|verb| name.starts_with(verb))
}
