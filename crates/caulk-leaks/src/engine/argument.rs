//! The resource as an argument: whether the callee borrows it, keeps it, or releases it.

use caulk_program::{Callee, FuncRef, Object, Program, TypeId};
use caulk_syntax::{ExprId, ExprKind, UnaryOp};

use super::call::{Named, PASSED_ON, Passed};
use super::closure::ClosureEffect;
use super::known::{by_name, is_borrowing_interface, is_of_log};
use super::run::{Run, Start};
use super::state::{State, Status, Value};
use crate::body::runs::{queues_argument, starts_argument};
use crate::catalogue::CallEffect;
use crate::finding::SettledBy;
use crate::inference::summary::{Param, ParamEffect};
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
            | Value::ReadError { .. }
            | Value::More
            | Value::Event
            | Value::Companion
            | Value::ReleasedIf { .. }
            | Value::LeftIfError { .. }
            | Value::Handle
            | Value::Listed => {
                return Vec::new();
            }
            Value::Closure(literal) => {
                if self.touches(state, *literal, &[]) {
                    self.let_go(state);
                }
                match self.closure_effect(state, *literal, &[]) {
                    ClosureEffect::Releases { itself: true } if runs_at_once(name) => {
                        self.release_at(state, span)
                    }
                    ClosureEffect::Releases { .. } => {
                        // A goroutine runs it, once.
                        if starts_argument(self.module, self.function, call)
                            || queues_argument(self.module, self.function, call, *literal)
                        {
                            self.taken_over(state, call, *literal, &[]);
                        }
                        self.settle_at(state, SettledBy::ReleaseHandedOver, span)
                    }
                    // A group runs it as `go` does; what others do with it is not known.
                    ClosureEffect::Uses { .. } if self.writer_waits() => {
                        if starts_argument(self.module, self.function, call) {
                            self.taken_over(state, call, *literal, &[]);
                        }
                        self.settle_at(state, SettledBy::HandedOver, span);
                    }
                    ClosureEffect::Uses { drained } => {
                        state.drained |= drained;
                        self.obstacle(span, PASSED_ON);
                    }
                    ClosureEffect::Unknown(why) => self.lose_track(state, why, span),
                    ClosureEffect::Nothing => {}
                }
                return Vec::new();
            }
            Value::Releaser => {
                if runs_at_once(name) {
                    self.release_at(state, span);
                }
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
        if index == 0 && self.copies_into_what_ends(name) {
            return self.in_error_result(call, Value::ReadError { any: true });
        }
        let known = name.and_then(|name| self.module.catalogue.effect(name.package, name.name));
        if let Some(effect) = known {
            return self.apply_known(state, call, value, effect);
        }
        if *value == Value::At(0) && self.is_stub_over(call, callee) {
            return self.apply_known(state, call, value, CallEffect::View);
        }
        if matches!(value, Value::View) {
            return self.pass_view(state, call, callee, name, index);
        }
        if self.is_option(call, callee) {
            return Vec::new();
        }
        // What is deep within it goes with it.
        if value.is_deep()
            && let Some(results) = self.follow_keeper(state, call, callee, index)
        {
            return results;
        }
        let (field, depth) = match value {
            Value::At(depth) => (None, *depth),
            Value::Owner(Some(part)) => (Some(part.field.clone()), part.depth),
            _ => (None, 0),
        };
        let std = name.is_some_and(|name| crate::types::is_std_path(name.package));
        let lent = std && !matches!(callee, Callee::Interface { .. });
        if matches!(value, Value::Owner(None)) && !lent {
            if let Some(results) = self.follow_wrapper(state, call, callee, index) {
                return results;
            }
            if let Some(results) = self.follow_keeper(state, call, callee, index) {
                return results;
            }
            if self.is_lent(call, callee, index, value) {
                return self.lend(state, call, value);
            }
            self.lose_track(state, self.unknown_callee(call), span);
            return Vec::new();
        }
        let param = self.param_at(callee, index);
        let passed = Passed {
            param,
            field,
            depth,
            error: values
                .iter()
                .position(|value| matches!(value, Some(Value::Error)))
                .filter(|_| param == Param::At(index)),
        };
        match self.effect_of_implementers(callee, &passed) {
            Some(ParamEffect::Borrows) => return Vec::new(),
            Some(effect @ (ParamEffect::LeavesSometimes(_) | ParamEffect::Returns { .. })) => {
                return self.apply(state, call, callee, effect);
            }
            _ => {}
        }
        if let Some(effect) = self.follow(callee, passed) {
            // What it does with a reader is not known, but it is no release where the parameter has none.
            if matches!(
                effect,
                ParamEffect::Unknown(_)
                    | ParamEffect::LeavesSometimes(_)
                    | ParamEffect::LeavesOnFailure { .. }
                    | ParamEffect::KeptOrLeft
            ) && matches!(value, Value::At(_))
                && self.is_lent(call, callee, index, value)
            {
                return self.lend(state, call, value);
            }
            return self.apply(state, call, callee, effect);
        }
        if lent {
            let effect = match self.puts_into_words(name) {
                true => CallEffect::Pass,
                false => CallEffect::Borrow,
            };
            return self.apply_known(state, call, value, effect);
        }
        if let Callee::Interface { .. } = callee
            && let Some(name) = name
            && is_borrowing_interface(name.package, name.name)
        {
            return Vec::new();
        }
        if self.is_line_of_log(call, callee, index) {
            return Vec::new();
        }
        if self.is_lent(call, callee, index, value) {
            return self.lend(state, call, value);
        }
        // A response that is parsed may be closed there, a stream, as its body is, is not.
        if depth == self.release.path().len()
            && let Some(effect) = by_name(callee, self.gives_at_most_an_error(call))
        {
            return self.apply_known(state, call, value, effect);
        }
        self.lose_track(state, self.unknown_callee(call), span);
        Vec::new()
    }

    /// Whether a call writes a line of a log, as methods of interfaces of that name do, and others that are given what to say
    /// before what is put into words: `glog.V(2).Infof("answer: %v", resp)`.
    fn is_line_of_log(&self, call: ExprId, callee: &Callee, index: usize) -> bool {
        let info = self.function.info();
        let is_said = || {
            let arguments = self.function.tree().arguments(call);
            let mut before = arguments.iter().take(index);
            before.any(|arg| crate::types::is_plain(self.module.program, info.type_of(*arg)))
        };
        is_of_log(last_name(callee))
            && match callee {
                Callee::Interface { .. } => info.type_of(call) == TypeId::VOID,
                _ => self.function.stands_alone(call) && is_said(),
            }
    }

    /// Whether a call makes a text of what it is given, by which others may know the resource: `fmt.Sprintf("%d\n", cmd.Process.Pid)`.
    fn puts_into_words(&self, name: Option<&Named<'_>>) -> bool {
        name.is_some_and(|name| name.package == "fmt" && name.name.starts_with("Sprint"))
            && self
                .contract
                .is_some_and(|contract| !contract.known_by.is_empty())
    }

    /// Whether a call copies into the resource, which is over where a write to it fails: `io.Copy(w, f)`, `reader.WriteTo(w)`.
    fn copies_into_what_ends(&self, name: Option<&Named<'_>>) -> bool {
        let copies = |name: &Named<'_>| match name.package {
            "io" => name.name.starts_with("Copy") || name.name == "WriterTo.WriteTo",
            "bytes" | "strings" | "bufio" => name.name.ends_with(".WriteTo"),
            _ => false,
        };
        name.is_some_and(copies)
            && self
                .release
                .ends_on_error
                .iter()
                .any(|method| method == "Write")
    }

    /// Whether what a call copies to takes everything: `io.Discard`, a buffer in memory, a hash.
    fn copies_to_what_takes_all(&self, call: ExprId) -> bool {
        let tree = self.function.tree();
        let ExprKind::Call { args, .. } = tree.expr(call).kind else {
            return false;
        };
        tree.exprs(args)
            .first()
            .is_some_and(|to| self.takes_all(*to, true))
    }

    /// Whether what is written to is in memory, as is what a compressor over that writes.
    fn takes_all(&self, to: ExprId, over: bool) -> bool {
        let tree = self.function.tree();
        let info = self.function.info();
        let program = self.module.program;
        let to = tree.unparen(to);
        // `gzip.NewWriter(&buf)`
        let made = self
            .function
            .local(to)
            .filter(|_| over && self.writer_waits())
            .and_then(|local| self.function.sole_value(program, local));
        if let Some((value, _)) = made {
            let maker = self.function.callee(value).func();
            let of_std = maker.is_some_and(|func| {
                let (package, _) = crate::types::split_name(program, func);
                crate::types::is_std_path(package)
            });
            let first = tree.arguments(value).first();
            if of_std && first.is_some_and(|first| self.takes_all(*first, false)) {
                return true;
            }
        }
        let to = match tree.expr(to).kind {
            ExprKind::Unary {
                op: UnaryOp::Address,
                x,
            } => tree.unparen(x),
            _ => to,
        };
        matches!(info.object(to), Object::PackageVar(name)
            if matches!(&**name, "io.Discard" | "io/ioutil.Discard")
                // Who writes to a terminal that is gone goes soon.
                || self.writer_waits() && matches!(&**name, "os.Stdout" | "os.Stderr"))
            || matches!(
                program
                    .named_name(program.deref(info.type_of(to)))
                    .as_deref(),
                Some("bytes.Buffer" | "strings.Builder" | "hash.Hash")
            )
    }

    /// What wraps the resource, and releases it with itself, is passed to a function of the project: what becomes of the one
    /// becomes of the other. What holds it and has no release is in what the function makes of that. None where that is not known.
    fn follow_wrapper(
        &mut self,
        state: &mut State,
        call: ExprId,
        callee: &Callee,
        index: usize,
    ) -> Option<Vec<Option<Value>>> {
        let arg = *self.function.tree().arguments(call).get(index)?;
        let (program, ty) = (self.module.program, self.function.info().type_of(arg));
        let has_release = crate::types::has_release(program, ty);
        let wraps = has_release && (program.is_interface(ty) || is_of_std(program, ty));
        let may_follow =
            self.release.path().is_empty() && !self.release.is_call() && self.is_own(callee);
        if !may_follow || has_release && !wraps {
            return None;
        }
        let passed = Passed {
            param: Param::At(index),
            field: None,
            depth: 0,
            error: None,
        };
        match self.follow(callee, passed)? {
            // Wrapped once more: `limited(encrypted(conn))`.
            ParamEffect::Returns {
                result,
                value: Value::At(0) | Value::Owner(_),
                closes_on_failure: false,
                leaves_on_failure: false,
                wrapped_on_some: false,
            } => {
                let mut results = vec![None; result];
                results.push(Some(Value::Owner(None)));
                Some(results)
            }
            ParamEffect::Unknown(_)
            | ParamEffect::LeavesSometimes(_)
            | ParamEffect::LeavesOnFailure { .. }
            | ParamEffect::KeptOrLeft
            | ParamEffect::Returns { .. } => None,
            effect => wraps.then(|| self.apply(state, call, callee, effect)),
        }
    }

    /// What holds the resource, passed to a function of the project that keeps it, whether it has a release or not:
    /// `workers.add(&worker{stop: cancel})`.
    fn follow_keeper(
        &mut self,
        state: &mut State,
        call: ExprId,
        callee: &Callee,
        index: usize,
    ) -> Option<Vec<Option<Value>>> {
        // What holds nothing yet is made whole by those who are to use it.
        if !self.is_own(callee) || matches!(self.start, Some(Start::Made { .. })) {
            return None;
        }
        let passed = Passed {
            param: self.param_at(callee, index),
            field: None,
            depth: 0,
            error: None,
        };
        match self.follow(callee, passed)? {
            effect @ ParamEffect::Keeps(_) => Some(self.apply(state, call, callee, effect)),
            // Kept on some ways, as where it is not there yet: what cannot be released is not released on any.
            ParamEffect::ClosesSometimes | ParamEffect::ClosesOnSuccess => {
                let why = "a callee keeps what holds it on some paths";
                self.lose_track(state, why, self.span_of(call));
                Some(Vec::new())
            }
            _ => None,
        }
    }

    /// The parameter that an argument is for.
    pub(super) fn param_at(&self, callee: &Callee, index: usize) -> Param {
        match callee {
            // Through a method expression the receiver comes first.
            Callee::Static(func) if self.has_receiver(func) => match index.checked_sub(1) {
                None => Param::Receiver,
                Some(index) => Param::At(index),
            },
            _ => Param::At(index),
        }
    }

    fn has_receiver(&self, func: &FuncRef) -> bool {
        func.id
            .and_then(|id| self.module.program.func(id))
            .is_some_and(|func| func.receiver.is_some())
    }

    /// A call with the acquisition's error may give an error that says the same.
    fn errors_from(&self, call: ExprId) -> Vec<Option<Value>> {
        let program = self.module.program;
        // What is passed nothing but an error, and is not at hand, says of it what it is: `CheckError(err) != nil`.
        let callee = self.function.callee(call);
        let is_checked = matches!(callee, Callee::Static(func) if func.id.is_none())
            && self.function.info().type_of(call).is_unknown()
            && self.function.tree().arguments(call).len() == 1;
        if is_checked {
            return vec![Some(Value::Error)];
        }
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
        if self.takes_plainly(call, index) {
            return Vec::new();
        }
        let std = name.is_some_and(|name| crate::types::is_std_path(name.package));
        if !std && !self.is_followed(callee) {
            if self.is_lent(call, callee, index, &Value::View) {
                return self.lend(state, call, &Value::View);
            }
            if let Some(effect) = by_name(callee, self.gives_at_most_an_error(call)) {
                return self.apply_known(state, call, &Value::View, effect);
            }
            self.lose_track(state, self.unknown_callee(call), self.span_of(call));
        }
        match std {
            true => Vec::new(),
            false => self.wrapped_again(call, callee, index),
        }
    }

    /// Whether a parameter is a number, a text or a truth value, whatever is passed for it.
    fn takes_plainly(&self, call: ExprId, index: usize) -> bool {
        let ExprKind::Call { fun, .. } = self.function.tree().expr(call).kind else {
            return false;
        };
        let program = self.module.program;
        let signature = program.func_type(self.function.info().type_of(fun));
        let ty = signature.and_then(|signature| signature.params.get(index));
        ty.is_some_and(|ty| crate::types::is_plain(program, *ty))
    }

    /// What a function of the project makes of what reads from the resource, and returns, reads from it as well.
    fn wrapped_again(&mut self, call: ExprId, callee: &Callee, index: usize) -> Vec<Option<Value>> {
        let program = self.module.program;
        let results = program.results_of(self.function.info().type_of(call));
        let binds = |ty: &TypeId| crate::types::can_be_bound(program, *ty);
        if !results.iter().any(binds) {
            return Vec::new();
        }
        let passed = Passed {
            param: self.param_at(callee, index),
            field: None,
            depth: 0,
            error: None,
        };
        match self.follow(callee, passed) {
            Some(ParamEffect::Returns { result, .. }) => {
                let mut values = vec![None; results.len()];
                if let Some(value) = values.get_mut(result) {
                    *value = Some(Value::View);
                }
                values
            }
            _ => Vec::new(),
        }
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
                if self.function.argument_count(call) > 1 && !self.copies_to_what_takes_all(call) {
                    return self.in_error_result(call, Value::NotCopied);
                }
                Vec::new()
            }
            CallEffect::Read => match value {
                Value::At(_) | Value::View => self.read_error(call, true),
                _ => Vec::new(),
            },
            CallEffect::Close => {
                self.release_at(state, span);
                Vec::new()
            }
            // Whoever keeps a stub cannot close what it is made over.
            CallEffect::Keep if *value == Value::View && self.is_connection_of_stubs() => {
                self.obstacle(
                    span,
                    "keeps what uses it: release both where that is dropped",
                );
                Vec::new()
            }
            CallEffect::Keep => {
                self.settle_at(state, SettledBy::HandedOver, span);
                Vec::new()
            }
            CallEffect::View => vec![Some(Value::View)],
            CallEffect::Pass => vec![Some(value.clone())],
            CallEffect::Own | CallEffect::Take => {
                let mut results = match effect {
                    CallEffect::Take => {
                        self.in_error_result(call, Value::ReleasedIf { nil: false })
                    }
                    _ => vec![None],
                };
                if let Some(first) = results.first_mut() {
                    *first = Some(match value {
                        Value::View => Value::View,
                        _ => Value::Owner(None),
                    });
                }
                results
            }
            CallEffect::Unknown => {
                self.lose_track(state, self.unknown_callee(call), span);
                Vec::new()
            }
        }
    }
}

/// Whether a type is declared by the standard library.
fn is_of_std(program: &Program, ty: TypeId) -> bool {
    let named = program.named_of(ty);
    named.is_some_and(|named| crate::types::is_std_path(&named.package))
}

/// Whether a function takes back, by its name, what has no method of its own to be released by: `Deallocate(data)`.
fn takes_back(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["free", "dealloc", "release", "unmap", "recycle", "giveback"]
        .iter()
        .any(|verb| name.starts_with(verb))
}

/// Whether a function runs the one that it is passed before it returns, unless it has run one before.
fn runs_at_once(name: Option<&Named<'_>>) -> bool {
    name.is_some_and(|name| name.package == "sync" && name.name == "Once.Do")
}
