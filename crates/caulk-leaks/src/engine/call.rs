//! Calls: acquiring, releasing, and what becomes of what is passed to them.

use std::sync::Arc;

use caulk_program::{Builtin, Callee, FuncRef, TypeId};
use caulk_syntax::{ExprId, ExprKind};
use smol_str::SmolStr;

use super::closure::ClosureEffect;
use super::known::{by_name, is_borrowing_interface};
use super::run::{Run, Start};
use super::state::{Place, State, Status, Value};
use crate::catalogue::CallEffect;
use crate::contract::{Origin, RELEASE_METHODS, is_release_name};
use crate::finding::SettledBy;
use crate::inference::summary::{Param, ParamEffect, ParamQuery};
use crate::module::Followed;
use crate::types::last_name;

/// What uses it may run as long as the process does.
pub(crate) const PASSED_ON: &str = "used by a function literal that is passed on";

/// A function by import path and name.
pub(super) struct Named<'a> {
    pub package: &'a str,
    pub name: &'a str,
}

/// Where a callee gets the resource.
pub(super) struct Passed {
    pub param: Param,
    /// The field that holds it there.
    pub field: Option<SmolStr>,
    /// How many fields down the path of its release the value is.
    pub depth: usize,
    /// The parameter that gets the error of the acquisition.
    pub error: Option<usize>,
}

impl Run<'_, '_> {
    /// Evaluates a call; gives the relations of its results.
    pub(super) fn call(&mut self, state: &mut State, call: ExprId) -> Vec<Option<Value>> {
        let function = self.function;
        let tree = function.tree();
        let ExprKind::Call { fun, args, .. } = tree.expr(call).kind else {
            return Vec::new();
        };
        let args = tree.exprs(args).to_vec();
        let callee = function.callee(call);
        if let Callee::Conversion(_) = callee {
            return args.iter().map(|arg| self.eval(state, *arg)).collect();
        }
        if let Callee::Builtin(builtin) = callee {
            if self.is_argument(call) {
                return vec![Some(Value::At(0))];
            }
            if *builtin == Builtin::Append
                && let Some(list) = self.own_list(call, &args)
            {
                return self.add_to_list(state, list, &args);
            }
            return self.builtin(state, *builtin, &args);
        }
        if let Some(literal) = self.called_literal(state, call) {
            let values = self.arguments(state, &args);
            self.call_literal(state, literal, &values);
            return Vec::new();
        }
        let receiver_expr = callee.receiver();
        let receiver = match receiver_expr {
            Some(receiver) => self.receiver(state, fun, receiver),
            None => None,
        };
        let called = match callee {
            Callee::Local(_) | Callee::Field { .. } | Callee::Value | Callee::Unknown { .. } => {
                self.eval(state, fun)
            }
            _ => None,
        };
        let values = self.arguments(state, &args);
        if let Some(Start::Call { call: site, .. }) = &self.start
            && *site == call
        {
            return self.acquired(state, call);
        }
        if let Some(Start::Around {
            call: site,
            local,
            error,
        }) = self.start
            && site == call
        {
            return self.acquired_around(state, call, local, error);
        }
        if let Some(Start::Made { until, .. }) = self.start
            && until == call
        {
            state.reset();
            return Vec::new();
        }
        let span = self.span_of(call);
        match called {
            Some(Value::Releaser) => {
                self.release_at(state, span);
                return Vec::new();
            }
            Some(Value::At(depth))
                if self.release.is_call() && depth == self.release.path().len() =>
            {
                self.release_at(state, span);
                return Vec::new();
            }
            _ => {}
        }
        let name = callee.func().map(|func| {
            let (package, name) = crate::types::split_name(self.module.program, func);
            Named { package, name }
        });
        let mut results = Vec::new();
        if let Some(receiver) = receiver {
            results = self.on_receiver(state, call, callee, name.as_ref(), receiver);
            if state.status.is_final() {
                return results;
            }
        }
        self.assertion(state, call, name.as_ref(), &args, &values);
        for (index, value) in values.iter().enumerate() {
            let Some(value) = value else { continue };
            // Through a method expression the receiver comes first: `(*os.File).Close(f)`.
            if index == 0
                && matches!(callee, Callee::Static(_))
                && name.as_ref().is_some_and(|name| name.name.contains('.'))
            {
                results = self.on_receiver(state, call, callee, name.as_ref(), value.clone());
                continue;
            }
            let from =
                self.on_argument(state, call, callee, name.as_ref(), (index, value), &values);
            if results.is_empty() {
                results = from;
            }
            if state.status.is_final() && !matches!(state.status, Status::Released(_)) {
                break;
            }
        }
        results
    }

    fn arguments(&mut self, state: &mut State, args: &[ExprId]) -> Vec<Option<Value>> {
        match args {
            // `f(g())` with several results of `g`.
            [single] => self.eval_multi(state, *single),
            many => many.iter().map(|arg| self.eval(state, *arg)).collect(),
        }
    }

    /// The receiver of a method call, through embedded fields.
    fn receiver(&mut self, state: &mut State, fun: ExprId, receiver: ExprId) -> Option<Value> {
        let value = self.eval(state, receiver);
        let through = match self.function.callee_of_fun(fun) {
            Some(Callee::Method { through, .. } | Callee::Interface { through, .. }) => {
                through.clone()
            }
            _ => Box::default(),
        };
        Some(self.through_embedded(value?, &through))
    }

    fn builtin(
        &mut self,
        state: &mut State,
        builtin: Builtin,
        args: &[ExprId],
    ) -> Vec<Option<Value>> {
        let values: Vec<_> = args.iter().map(|arg| self.eval(state, *arg)).collect();
        if builtin == Builtin::Append {
            if args.first().is_some_and(|slice| self.is_borrowing(*slice)) {
                return Vec::new();
            }
            for (arg, value) in args.iter().zip(values).skip(1) {
                self.hand_over(state, *arg, value, SettledBy::Stored);
            }
            return Vec::new();
        }
        if builtin == Builtin::Close
            && self.release.is_taken_by("close")
            && let ([Some(Value::At(0))], [channel]) = (values.as_slice(), args)
        {
            self.release_at(state, self.span_of(*channel));
            return Vec::new();
        }
        // `new(x)` points to a copy of x.
        if builtin == Builtin::New {
            return values;
        }
        Vec::new()
    }

    /// Whether an expression is a field that only borrows what is stored in it.
    fn is_borrowing(&self, expr: ExprId) -> bool {
        let tree = self.function.tree();
        match tree.expr(caulk_flow::unparen(tree, expr)).kind {
            ExprKind::Selector { x, sel } => {
                self.field_borrows(self.function.info().type_of(x), tree.name(sel))
            }
            _ => false,
        }
    }

    /// Whether an expression makes the argument that the acquisition is about.
    fn is_argument(&self, expr: ExprId) -> bool {
        matches!(&self.start, Some(Start::Call { argument: Some(made), .. })
            if *made == self.span_of(expr))
    }

    fn acquired(&mut self, state: &mut State, call: ExprId) -> Vec<Option<Value>> {
        if let Some(Start::Call {
            argument: Some(_), ..
        }) = &self.start
        {
            if state.status == Status::Before {
                state.status = Status::Owed;
                self.acquired_now = true;
                self.out.acquired = true;
            }
            return Vec::new();
        }
        if self.is_listed(state) && !self.is_pending(state, call) {
            // One more; what becomes of the one in the list is what is asked.
            return Vec::new();
        }
        self.acquire(state, call);
        let Some(Start::Call {
            result,
            error,
            beside,
            results,
            ..
        }) = self.start.clone()
        else {
            return Vec::new();
        };
        if state.status != Status::Owed {
            return Vec::new();
        }
        if self
            .contract
            .is_some_and(|contract| contract.idle || !contract.acquired_after.is_empty())
        {
            // What is held is known; that it is owed is for a method of it to say.
            state.status = Status::Before;
        }
        state.untested = error.is_none() && self.is_optional();
        (0..results)
            .map(|index| {
                if index == result || Some(index) == beside {
                    Some(Value::At(0))
                } else if Some(index) == error {
                    Some(self.error_value(call, index))
                } else {
                    let says = error.is_some() || self.is_optional();
                    says.then_some(Value::Companion)
                }
            })
            .collect()
    }

    /// A literal that this call ran has acquired into a variable of this function.
    fn acquired_around(
        &mut self,
        state: &mut State,
        call: ExprId,
        local: caulk_program::LocalId,
        error: usize,
    ) -> Vec<Option<Value>> {
        self.acquire(state, call);
        if state.status != Status::Owed {
            return Vec::new();
        }
        state.bind(Place::of(local), Some(Value::At(0)));
        state.set_fact(local, None);
        self.obstacle(
            self.span_of(call),
            "acquired by a function literal that this call runs",
        );
        let mut results = vec![None; error];
        results.push(Some(Value::Error));
        results
    }

    /// The second result of an acquisition says that it failed: an error, or a truth value.
    fn error_value(&self, call: ExprId, index: usize) -> Value {
        let program = self.module.program;
        let ty = program
            .results_of(self.function.info().type_of(call))
            .get(index)
            .copied();
        if ty.is_some_and(|ty| crate::types::is_bool(program, ty)) {
            Value::Acquired(true)
        } else {
            Value::Error
        }
    }

    fn on_receiver(
        &mut self,
        state: &mut State,
        call: ExprId,
        callee: &Callee,
        name: Option<&Named<'_>>,
        receiver: Value,
    ) -> Vec<Option<Value>> {
        let span = self.span_of(call);
        let method = last_name(callee).to_owned();
        match receiver {
            Value::At(depth) => {
                if state.status == Status::Before && self.wakes(callee, &method) {
                    state.status = Status::Owed;
                    if self.is_acquired_after(&method) && self.gives_error(call) {
                        // Where it fails nothing is held.
                        return self.in_error_result(call, Value::Error);
                    }
                }
                state.is_there();
                // What gives it up by another name, where it turns out to be what has that: `w.(aborter).Abort(err)`.
                let gives_up = depth == self.release.path().len()
                    && ["Abort", "CloseNow", "CloseWithError"].contains(&method.as_str());
                if self.is_release(depth, &method)
                    || self.may_be_release(depth, &method)
                    || gives_up
                {
                    self.release_at(state, span);
                    return Vec::new();
                }
                // The way to the release leads through a method: `out.GetStream().Close()`.
                if self.release.leads(depth, &method) {
                    return vec![Some(Value::At(depth + 1))];
                }
                if self.release.ends_on_error.contains(&method) {
                    return self.in_error_result(call, Value::ReleasedIf { nil: false });
                }
                let known =
                    name.and_then(|name| self.module.catalogue.effect(name.package, name.name));
                if let Some(effect @ (CallEffect::Close | CallEffect::Own | CallEffect::Pass)) =
                    known
                {
                    return self.apply_known(state, call, &Value::At(depth), effect);
                }
                let passed = Passed {
                    param: Param::Receiver,
                    field: None,
                    depth,
                    error: None,
                };
                // What a dependency's method does with its own receiver does not matter, unless it ends it in any case:
                // `program.Run()`.
                let matters = self.is_own(callee) || is_release_name(&method);
                let effect = self.follow(callee, passed);
                let results = match effect.filter(|e| matters || *e == ParamEffect::Closes) {
                    Some(effect) => self.apply(state, call, callee, effect),
                    None => self.handles(call, depth),
                };
                if self.release.ends_on_false.contains(&method) {
                    return vec![Some(Value::More)];
                }
                results
            }
            Value::Owner(field) => {
                if is_release_name(&method) {
                    self.release_at(state, span);
                    return Vec::new();
                }
                if field.is_none() && !method.is_empty() && self.is_own(callee) {
                    // Which of its fields holds it is not known.
                    self.lose_track(state, "held too deep in what has this method", span);
                    return Vec::new();
                }
                let passed = Passed {
                    param: Param::Receiver,
                    field,
                    depth: 0,
                    error: None,
                };
                match self.follow(callee, passed) {
                    Some(effect) => self.apply(state, call, callee, effect),
                    None => Vec::new(),
                }
            }
            // `db.Begin().Exec(q).Rollback()`: the methods of a transaction give it back.
            Value::Handle if self.is_release(0, &method) && self.is_of_same_type(callee) => {
                self.release_at(state, span);
                Vec::new()
            }
            Value::Handle => self.handles(call, 0),
            // Asked of a nil error this panics.
            Value::Error if method == "Error" => {
                self.refine_acquired(state, false);
                Vec::new()
            }
            Value::Releaser if method.is_empty() => {
                self.release_at(state, span);
                Vec::new()
            }
            _ => Vec::new(),
        }
    }

    /// Whether a method may release what is owed by the types of results alone, which do not say what else does: `sink.Cancel()`.
    fn may_be_release(&self, depth: usize, method: &str) -> bool {
        self.contract
            .is_some_and(|contract| contract.origin.is_guess())
            && depth == self.release.path().len()
            && RELEASE_METHODS.contains(&method)
    }

    /// Whether something is held from this call of a method on, and not before.
    fn wakes(&self, callee: &Callee, method: &str) -> bool {
        let Some(contract) = self.contract else {
            return false;
        };
        self.is_acquired_after(method)
            || self.is_owed_once_used()
            || contract.idle
                && callee.func().and_then(|func| func.id).is_some_and(|id| {
                    self.is_followed(callee) && crate::engine::idle::starts(self.module, id)
                })
    }

    /// Whether whatever is done with it may make it hold something, and nothing before that.
    fn is_owed_once_used(&self) -> bool {
        self.contract.is_some_and(|contract| {
            contract.idle && matches!(contract.origin, Origin::Habit | Origin::Custom)
        })
    }

    /// Whether a method is called on a value of the type that is owed.
    fn is_of_same_type(&self, callee: &Callee) -> bool {
        let ty = callee
            .receiver()
            .map(|receiver| self.function.info().type_of(receiver));
        let named = ty.and_then(|ty| self.module.program.named_name(ty));
        named.is_some_and(|named| {
            self.contract
                .is_some_and(|contract| contract.type_name == named)
        })
    }

    fn is_acquired_after(&self, method: &str) -> bool {
        self.contract
            .is_some_and(|contract| contract.acquired_after.iter().any(|name| name == method))
    }

    /// Whether the last result of a call is an error, as far as that is known.
    fn gives_error(&self, call: ExprId) -> bool {
        let program = self.module.program;
        let ty = self.function.info().type_of(call);
        let results = program.results_of(ty);
        ty.is_unknown()
            || results
                .last()
                .is_some_and(|ty| crate::types::is_error(program, *ty))
    }

    /// Results of a method of the resource that may be of no use once it is released.
    fn handles(&self, call: ExprId, depth: usize) -> Vec<Option<Value>> {
        if depth > 0 {
            return Vec::new();
        }
        let program = self.module.program;
        program
            .results_of(self.function.info().type_of(call))
            .into_iter()
            .map(|ty| crate::types::can_be_bound(program, ty).then_some(Value::Handle))
            .collect()
    }

    fn on_argument(
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
        let may_keep = ty == caulk_program::TypeId::VOID
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

    fn apply_known(
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

    fn is_followed(&self, callee: &Callee) -> bool {
        match callee {
            Callee::Static(func) | Callee::Method { func, .. } => func.id.is_some_and(|id| {
                self.module.follows(self.reach, self.function.id(), id) != Followed::No
            }),
            _ => false,
        }
    }

    /// Whether a callee is a function of the project.
    fn is_own(&self, callee: &Callee) -> bool {
        match callee {
            Callee::Static(func) | Callee::Method { func, .. } => {
                func.id.is_some_and(|id| self.module.is_own(id))
            }
            _ => false,
        }
    }

    /// Whether it may be nil although there is no error.
    pub(super) fn is_optional(&self) -> bool {
        self.contract.is_some_and(|contract| contract.optional)
    }

    /// Whether another result of the acquisition is passed as well.
    pub(super) fn is_told_by_companion(&self, state: &State, call: ExprId) -> bool {
        let tree = self.function.tree();
        let ExprKind::Call { args, .. } = tree.expr(call).kind else {
            return false;
        };
        tree.exprs(args)
            .iter()
            .any(|arg| self.is_companion(state, *arg))
    }

    pub(super) fn in_error_result(&self, call: ExprId, value: Value) -> Vec<Option<Value>> {
        // Where the callee is not at hand, what its results are assigned to says how many there are.
        let count = crate::sites::result_count(self.module, self.function, call);
        let mut results = vec![None; count.max(1)];
        if let Some(last) = results.last_mut() {
            *last = Some(value);
        }
        results
    }
}

impl super::function::Function {
    /// The callee of the call whose function expression this is.
    pub fn callee_of_fun(&self, fun: ExprId) -> Option<&Callee> {
        match self.parent(fun)? {
            caulk_syntax::Node::Expr(call) => Some(self.callee(call)),
            caulk_syntax::Node::Stmt(_) => None,
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
