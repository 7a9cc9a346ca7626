//! Methods that are called on the resource, or on what holds it.

use caulk_program::{BodyOwner, Callee, FuncId};
use caulk_syntax::{ExprId, Node, Span, StmtKind};

use super::call::{Named, Passed};
use super::run::Run;
use super::state::{Part, State, Status, Value};
use crate::body::Function;
use crate::catalogue::CallEffect;
use crate::contract::{Origin, RELEASE_METHODS, is_release_name};
use crate::inference::summary::{Param, ParamEffect};
use crate::types::last_name;

impl Run<'_, '_> {
    pub(super) fn on_receiver(
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
                // A condition that calls it is looked at once more: `if cmd.Start() != nil`.
                let again = self.trying > 0
                    && state.status == Status::Owed
                    && self.is_acquired_after(&method);
                if again || state.status == Status::Before && self.wakes(callee, &method) {
                    state.status = Status::Owed;
                    if self.is_acquired_after(&method) {
                        if self.is_process() {
                            self.begun(span);
                        }
                        // Where it fails nothing is held; who does not wait gets what tells of the error later.
                        return match self.gives_error(call) {
                            true => self.in_error_result(call, Value::Error),
                            false => vec![Some(Value::Companion)],
                        };
                    }
                }
                state.is_there();
                // What gives it up by another name, where it turns out to be what has that: `w.(aborter).Abort(err)`.
                let gives_up = depth == self.release.path().len()
                    && ["Abort", "CloseNow", "CloseWithError"].contains(&method.as_str());
                if self.is_release(depth, &method)
                    || self.may_be_release(depth, callee)
                    || self.does_what_release_does(depth, callee)
                    || gives_up
                {
                    self.release_at(state, span);
                    return Vec::new();
                }
                if depth == self.release.path().len()
                    && let Some(results) = self.read_by_method(call, name)
                {
                    return results;
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
                let effect = self.ended_by_implementers(callee, &passed).or_else(|| {
                    let effect = self.follow(callee, passed);
                    effect.filter(|effect| matters || *effect == ParamEffect::Closes)
                });
                let results = match effect {
                    Some(effect) => self.apply(state, call, callee, effect),
                    None if self.accepts(&method) => Vec::new(),
                    None if is_builder(callee) || self.takes_its_place(call, callee) => {
                        vec![Some(Value::At(depth))]
                    }
                    None => self.handles(call, depth),
                };
                if self.release.ends_on_false.contains(&method) {
                    return vec![Some(Value::More)];
                }
                results
            }
            // `s.Unlock()` of a mutex that stands beside it, or another method of what else does. A release there may release both.
            Value::Owner(part)
                if callee.func().is_some_and(crate::types::is_unlock)
                    || !is_release_name(&method) && is_beside(callee, part.as_ref()) =>
            {
                Vec::new()
            }
            Value::Owner(part) => {
                if state.status == Status::Before && self.is_acquired_after(&method) {
                    state.status = Status::Owed;
                    return self.in_error_result(call, Value::Error);
                }
                let passed = Passed {
                    param: Param::Receiver,
                    depth: part.as_ref().map_or(0, |part| part.depth),
                    field: part.as_ref().map(|part| part.field.clone()),
                    error: None,
                };
                let releases = match is_release_name(&method) {
                    // `Stop`, and no `StopTimer`, which is named for what of its value it ends.
                    true => {
                        RELEASE_METHODS.contains(&method.as_str())
                            || !self.only_uses(callee, &passed)
                    }
                    false => !self.is_own(callee) && self.is_release(0, &method),
                };
                if releases {
                    self.release_at(state, span);
                    return Vec::new();
                }
                if part.is_none() && !method.is_empty() && self.is_own(callee) {
                    if self.calls_nothing(call, callee) {
                        return Vec::new();
                    }
                    // Which of its fields holds it is not known.
                    self.lose_track(state, "held too deep in what has this method", span);
                    return Vec::new();
                }
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
            // `token.Error()` of what a method gave with which it is acquired.
            Value::Companion
                if method == "Error"
                    && self
                        .contract
                        .is_some_and(|contract| !contract.acquired_after.is_empty()) =>
            {
                self.in_error_result(call, Value::Error)
            }
            // Asked of a nil error this panics.
            Value::Error if method == "Error" => {
                self.refine_acquired(state, false);
                Vec::new()
            }
            Value::View => {
                let results = self.read_by_method(call, name).unwrap_or_default();
                // `dec.UseNumber()` reads nothing.
                let sets = name.is_some_and(|name| crate::types::is_std_path(name.package))
                    && !self.gives_error(call);
                match sets {
                    true => results,
                    false => self.read_by_callee(state, call, &Value::View, results),
                }
            }
            Value::Releaser if method.is_empty() => {
                self.release_at(state, span);
                Vec::new()
            }
            _ => Vec::new(),
        }
    }

    /// Whether a method, whose name begins as that of a release does, is seen to leave alone what its receiver holds, and tells nobody to
    /// end: `stopTimer`.
    fn only_uses(&mut self, callee: &Callee, passed: &Passed) -> bool {
        let method = callee.func().and_then(|func| func.id);
        passed.field.is_some()
            && self.is_own(callee)
            && !method.is_some_and(|id| crate::inference::started::signals(self.module, id))
            && matches!(
                self.follow(callee, passed.clone()),
                Some(ParamEffect::Borrows | ParamEffect::Drains { .. })
            )
    }

    /// Whether a method does nothing to what its receiver holds, and gives nothing that may be of it: `track.Reset()`.
    fn calls_nothing(&self, call: ExprId, callee: &Callee) -> bool {
        let program = self.module.program;
        let results = program.results_of(self.function.info().type_of(call));
        let method = callee.func().and_then(|func| func.id);
        method.is_some_and(|id| crate::inference::effort::calls_nothing(self.module, id))
            && !results
                .iter()
                .any(|ty| crate::types::can_be_bound(program, *ty))
    }

    /// Whether a method is all that the release of its type calls: `FinishFor` of `func (s *Span) Finish() { s.FinishFor(standard) }`.
    fn does_what_release_does(&self, depth: usize, callee: &Callee) -> bool {
        let (Some(id), Some(receiver)) =
            (callee.func().and_then(|func| func.id), callee.receiver())
        else {
            return false;
        };
        if depth != self.release.path().len() || !self.is_followed(callee) {
            return false;
        }
        let ty = self.function.info().type_of(receiver);
        let actions = self.release.actions.iter();
        // `act` of `func (a *Accounts) Stop() { a.act(stopping) }` does what it is told.
        let called = last_name(callee);
        let says_so = |name: &&str| {
            is_release_name(called) || called.to_lowercase().contains(&name.to_lowercase())
        };
        let mut methods = actions
            .filter_map(|action| action.method.as_deref())
            .filter(says_so);
        methods.any(|name| {
            let method = self.module.program.method(ty, name);
            let method = method.and_then(|method| method.func.id);
            let body = method.and_then(|id| self.module.function(BodyOwner::Func(id)));
            body.is_some_and(|release| calls_alone(&release, id))
        })
    }

    /// Whether a method may release what is owed by the types of results alone, which do not say what else does: `sink.Cancel()`, but
    /// not `sink.Unlock()` of a mutex in it.
    fn may_be_release(&self, depth: usize, callee: &Callee) -> bool {
        self.contract
            .is_some_and(|contract| contract.origin.is_guess())
            && depth == self.release.path().len()
            && RELEASE_METHODS.contains(&last_name(callee))
            && !callee.func().is_some_and(crate::types::is_unlock)
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

    /// Whether it is a process, which begins where its command is started.
    fn is_process(&self) -> bool {
        self.contract
            .is_some_and(|contract| contract.rule == "unwaited-process")
    }

    /// What is made by one call begins with another: the first of them is where it does.
    fn begun(&mut self, at: Span) {
        let first = self.out.begun_at.filter(|known| known.start <= at.start);
        self.out.begun_at = first.or(Some(at));
    }

    /// Whether whatever is done with it may make it hold something, and nothing before that.
    pub(super) fn is_owed_once_used(&self) -> bool {
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

    pub(super) fn is_acquired_after(&self, method: &str) -> bool {
        self.contract
            .is_some_and(|contract| contract.acquired_after.iter().any(|name| name == method))
    }

    /// Whether the last result of a call is an error, as far as that is known.
    pub(super) fn gives_error(&self, call: ExprId) -> bool {
        let program = self.module.program;
        let ty = self.function.info().type_of(call);
        let results = program.results_of(ty);
        ty.is_unknown()
            || results
                .last()
                .is_some_and(|ty| crate::types::is_error(program, *ty))
    }

    /// Whether what a method gives, whose source is not at hand, takes the place of what it is called on: `page = page.Timeout(limit)`.
    fn takes_its_place(&self, call: ExprId, callee: &Callee) -> bool {
        let tree = self.function.tree();
        let is_at_hand = callee.func().is_some_and(|func| func.id.is_some());
        let Some(Node::Stmt(stmt)) = self.function.parent(call).filter(|_| !is_at_hand) else {
            return false;
        };
        let StmtKind::Assign { lhs, .. } = tree.stmt(stmt).kind else {
            return false;
        };
        let [target] = tree.exprs(lhs) else {
            return false;
        };
        let receiver = callee.receiver().and_then(|x| self.function.local(x));
        receiver.is_some() && self.function.local(*target) == receiver
    }

    /// Whether a method hands out what goes on without the resource: the connections of a listener.
    fn accepts(&self, method: &str) -> bool {
        let listens = |contract: &crate::contract::Contract| {
            contract.type_name.starts_with("net.") && contract.type_name.ends_with("Listener")
        };
        method.starts_with("Accept") && self.contract.is_some_and(listens)
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
}

/// Whether a method is one of an embedded field, where another holds the resource.
fn is_beside(callee: &Callee, part: Option<&Part>) -> bool {
    let (Callee::Method { through, .. } | Callee::Interface { through, .. }) = callee else {
        return false;
    };
    let embedded = through.first().zip(part);
    embedded.is_some_and(|(field, part)| *field != part.field.outer)
}

/// Whether a method, whose source is not at hand, sets something up and gives its receiver, as its name says: `buf.WithMaxSize(n)`.
fn is_builder(callee: &Callee) -> bool {
    let is_at_hand = callee.func().is_some_and(|func| func.id.is_some());
    let is_name = |name: &str| {
        let what = name.strip_prefix("With");
        what.is_some_and(|what| what.starts_with(|first: char| first.is_ascii_uppercase()))
    };
    !is_at_hand && !matches!(callee, Callee::Interface { .. }) && is_name(last_name(callee))
}

/// Whether a method does nothing but call another one of its receiver.
fn calls_alone(method: &Function, other: FuncId) -> bool {
    let tree = method.tree();
    let Some(graph) = method.graph(None) else {
        return false;
    };
    let [stmt] = *tree.block(graph.body) else {
        return false;
    };
    let call = match tree.stmt(stmt).kind {
        StmtKind::Expr(call) => call,
        StmtKind::Return(values) if let [call] = *tree.exprs(values) => call,
        _ => return false,
    };
    let callee = method.callee(tree.unparen(call));
    let of = callee
        .receiver()
        .and_then(|receiver| method.local(receiver));
    callee.func().and_then(|func| func.id) == Some(other)
        && of.is_some()
        && of == method.info().receiver()
}
