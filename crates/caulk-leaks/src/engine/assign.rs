//! Statements: assignments, declarations, sends, `go`, `defer`.

use std::sync::Arc;

use caulk_program::{Callee, LocalId, Object};
use caulk_syntax::{AssignOp, ExprId, ExprKind, SpecKind, StmtId, StmtKind};
use smol_str::SmolStr;

use super::closure::ClosureEffect;
use super::run::{Run, Start};
use super::state::{Deferred, Fact, Place, State, Status, Value};
use crate::finding::SettledBy;

impl Run<'_, '_> {
    pub(super) fn stmt(&mut self, state: &mut State, stmt: StmtId) {
        let function = self.function;
        let tree = function.tree();
        match tree.stmt(stmt).kind {
            StmtKind::Assign { lhs, op, rhs, .. } => {
                let (lhs, rhs) = (tree.exprs(lhs).to_vec(), tree.exprs(rhs).to_vec());
                if matches!(op, AssignOp::Compound(_)) {
                    for expr in rhs.iter().chain(&lhs) {
                        self.eval(state, *expr);
                    }
                    return;
                }
                self.assign_all(state, stmt, &lhs, &rhs);
            }
            StmtKind::Decl(decl) => {
                for spec in tree.specs(tree.gen_decl(decl).specs) {
                    let SpecKind::Value(spec) = spec.kind else {
                        continue;
                    };
                    let values = tree.exprs(spec.values).to_vec();
                    let names = tree.names(spec.names).to_vec();
                    let held = state.status == Status::Owed && state.holders().next().is_some();
                    let results = self.values_of(state, &values, names.len());
                    for (index, name) in names.iter().enumerate() {
                        let Some(local) = function.info().defined_at(name.span) else {
                            continue;
                        };
                        let fact = match values.get(index).filter(|_| values.len() == names.len()) {
                            Some(value) => self.fact_of(state, *value),
                            None if values.is_empty() => self.zero(local),
                            None => None,
                        };
                        self.set_local(state, local, results.get(index).cloned().flatten(), fact);
                    }
                    self.check_lost(state, stmt, held);
                }
            }
            StmtKind::Send { chan, value, .. } => {
                self.eval(state, chan);
                let value_kind = self.eval(state, value);
                self.hand_over(state, value, value_kind, SettledBy::Sent);
            }
            StmtKind::IncDec { x, .. } => {
                self.eval(state, x);
            }
            StmtKind::Go(call) => self.go(state, call),
            _ => {}
        }
    }

    /// The values right of an assignment to `targets` places.
    fn values_of(
        &mut self,
        state: &mut State,
        rhs: &[ExprId],
        targets: usize,
    ) -> Vec<Option<Value>> {
        match rhs {
            [single] if targets > 1 => match self.asserted_type(*single) {
                Some((x, ty)) => self.asserted(state, x, ty),
                None => self.eval_multi(state, *single),
            },
            many => many.iter().map(|expr| self.eval(state, *expr)).collect(),
        }
    }

    /// The operand and the type of `x.(T)`.
    fn asserted_type(&self, expr: ExprId) -> Option<(ExprId, ExprId)> {
        let tree = self.function.tree();
        match tree.expr(caulk_flow::unparen(tree, expr)).kind {
            ExprKind::TypeAssert {
                x, ty: Some(ty), ..
            } => Some((x, ty)),
            _ => None,
        }
    }

    /// `v, ok := x.(T)`: the resource has its own release method, so it is an `io.Closer`; what
    /// else it is cannot be seen.
    fn asserted(&mut self, state: &mut State, x: ExprId, ty: ExprId) -> Vec<Option<Value>> {
        let value = self.eval(state, x);
        // `status, ok := err.(Status)`: there is an error where this is true.
        if matches!(value, Some(Value::Error | Value::DerivedError)) {
            return vec![Some(Value::DerivedError), Some(Value::DerivedError)];
        }
        let Some(Value::At(depth)) = value else {
            return vec![value];
        };
        let program = self.module.program;
        let ty = self.function.info().type_of(ty);
        let releases = self.release.actions.iter().any(|action| {
            action
                .method
                .as_ref()
                .is_some_and(|method| program.has_method(ty, method))
        });
        if program.is_interface(ty) && releases && depth == self.release.path().len() {
            return vec![value, Some(Value::Acquired(true))];
        }
        let known = self
            .contract
            .and_then(|contract| contract.dynamic_type.as_ref());
        if known.is_some() && program.named_name(ty).as_ref() == known {
            return vec![value, Some(Value::Acquired(true))];
        }
        // One of a type whose release does nothing holds nothing.
        let is_idle = !program.is_interface(ty)
            && depth == self.release.path().len()
            && self.release.actions.iter().any(|action| {
                let method = action.method.as_deref();
                method.is_some_and(|method| {
                    crate::inference::doc::does_nothing(self.module, ty, method)
                })
            });
        if is_idle {
            return vec![value, Some(Value::Acquired(false))];
        }
        self.out.asserted = true;
        vec![value]
    }

    fn assign_all(&mut self, state: &mut State, stmt: StmtId, lhs: &[ExprId], rhs: &[ExprId]) {
        let held = state.status == Status::Owed && state.holders().next().is_some();
        let values = self.values_of(state, rhs, lhs.len());
        let facts: Vec<Option<Fact>> = lhs
            .iter()
            .enumerate()
            .map(|(index, _)| match rhs {
                [call] if lhs.len() > 1 => self.fact_of_result(*call, index),
                _ => rhs.get(index).and_then(|expr| self.fact_of(state, *expr)),
            })
            .collect();
        for (index, target) in lhs.iter().enumerate() {
            let value = values.get(index).cloned().flatten();
            let fact = facts.get(index).copied().flatten();
            let source = rhs.get(index).or(rhs.first()).copied();
            self.assign(state, *target, value, fact, source);
        }
        // A call that acquires anew in this very statement has dealt with the old value itself.
        if !self.acquired_now {
            self.check_lost(state, stmt, held);
        }
    }

    /// The assignment was to the last variable that held it.
    fn check_lost(&mut self, state: &mut State, stmt: StmtId, held: bool) {
        if held
            && state.status == Status::Owed
            && state.holders().next().is_none()
            && !state.has_pending_release()
            && !state
                .bindings()
                .any(|(_, value)| matches!(value, Value::View | Value::Handle))
        {
            let unclear = state
                .doubt
                .then(|| Arc::from("a condition on its error is not understood"))
                .or_else(|| state.pending_unknown());
            state.status = match unclear {
                Some(why) => Status::Unknown(why, self.function.tree().stmt(stmt).span),
                None => Status::Lost(stmt),
            };
        }
    }

    pub(super) fn zero(&self, local: LocalId) -> Option<Fact> {
        let ty = self.function.info().local_info(local)?.ty;
        if crate::types::is_bool(self.module.program, ty) {
            Some(Fact::False)
        } else {
            crate::types::is_nilable(self.module.program, ty).then_some(Fact::Nil)
        }
    }

    fn set_local(
        &mut self,
        state: &mut State,
        local: LocalId,
        value: Option<Value>,
        fact: Option<Fact>,
    ) {
        if let Some(Start::Made { local: made, .. }) = self.start
            && made == local
        {
            return;
        }
        let fact = fact.filter(|_| value.is_none() && self.is_tracked(local));
        state.bind(Place::of(local), value);
        state.set_fact(local, fact);
    }

    fn assign(
        &mut self,
        state: &mut State,
        target: ExprId,
        value: Option<Value>,
        fact: Option<Fact>,
        source: Option<ExprId>,
    ) {
        let function = self.function;
        let tree = function.tree();
        let target = caulk_flow::unparen(tree, target);
        let span = self.span_of(source.unwrap_or(target));
        match tree.expr(target).kind {
            ExprKind::Ident(_) => {
                if let Some(local) = function.local(target) {
                    self.set_local(state, local, value, fact);
                } else if matches!(function.info().object(target), Object::PackageVar(_)) {
                    // A client lives as long as what is bound to it. A `main` can close it when that is over.
                    let value = match value {
                        Some(Value::Handle) if !function.is_main(self.module.program) => {
                            Some(Value::Owner(None))
                        }
                        value => value,
                    };
                    self.hand_over_value(state, value, SettledBy::ProcessLifetime, span);
                }
            }
            ExprKind::Selector { x, sel } => {
                let name = SmolStr::new(tree.name(sel));
                self.eval(state, x);
                let Some(value) = value else {
                    if self.is_part(state, x, &name) {
                        // `resp.Body = …`: what it led to is out of reach.
                        if let Some(place) = self.place(x) {
                            state.bind(place, None);
                        }
                    } else if let Some(place) = self.place(target) {
                        state.bind(place, None);
                    }
                    return;
                };
                if self.field_borrows(function.info().type_of(x), &name) {
                    return;
                }
                if matches!(value, Value::At(0) | Value::Releaser) {
                    self.note_store(function.info().type_of(x), &name);
                }
                if matches!(value, Value::View) && self.is_part(state, x, &name) {
                    self.lose_track(state, "its part is replaced by what reads from it", span);
                    return;
                }
                match self.place(target) {
                    Some(place) if function.is_fresh(place.root) && !self.is_outer(place.root) => {
                        let field = place.path.first().cloned();
                        let around = Place::of(place.root);
                        if value.holds() && self.is_kept_before(place.root, field.as_ref()) {
                            self.settle_at(state, SettledBy::Stored, span);
                            return;
                        }
                        if value.holds() {
                            state.bind_around(around, Value::Owner(field));
                        } else if matches!(value, Value::View | Value::Handle) {
                            state.bind_around(around, value.clone());
                        }
                        state.bind(place, Some(value));
                    }
                    // The error of the acquisition, kept in a field, can still be looked at.
                    Some(place) if matches!(value, Value::Error) => state.bind(place, Some(value)),
                    Some(place)
                        if matches!(function.info().object(x), Object::Local(_))
                            && self.is_outer(place.root) =>
                    {
                        self.hand_over_value(state, Some(value), SettledBy::Stored, span);
                    }
                    _ => self.hand_over_value(state, Some(value), SettledBy::Stored, span),
                }
            }
            _ => {
                self.eval(state, target);
                self.hand_over_key(state, target);
                self.hand_over_value(state, value, SettledBy::Stored, span);
            }
        }
    }

    /// `s.workers[w] = true`: the key is kept where others find it.
    fn hand_over_key(&mut self, state: &mut State, target: ExprId) {
        let tree = self.function.tree();
        let ExprKind::Index { x, indices, .. } = tree.expr(target).kind else {
            return;
        };
        let [key] = tree.exprs(indices) else {
            return;
        };
        let key = *key;
        if self.function.local(x).is_none()
            && let Some(place) = self.place(key)
            && let Some(value @ (Value::At(_) | Value::Owner(_))) = state.get(&place).cloned()
        {
            self.hand_over(state, key, Some(value), SettledBy::Stored);
        }
    }

    /// Whether something else keeps a variable, that is made here, before the resource is acquired: `all[id] = s`.
    fn is_kept_before(&mut self, local: LocalId, field: Option<&SmolStr>) -> bool {
        let Some(Start::Call { call, .. }) = self.start else {
            return false;
        };
        if let Some(known) = self.kept_before.get(&local) {
            return *known;
        }
        let start = Start::Made {
            local,
            field: field.cloned(),
            until: call,
        };
        let run = Run::new(
            self.module,
            self.function,
            self.root,
            self.reach,
            self.release,
            self.contract,
        );
        let kept = run.outcomes(start).settled.is_some();
        self.kept_before.insert(local, kept);
        kept
    }

    /// Whether `x.name` is what the release of the resource goes through.
    fn is_part(&self, state: &State, x: ExprId, name: &str) -> bool {
        match self.place(x).and_then(|place| state.get(&place)) {
            Some(Value::At(depth)) => self.release.leads(*depth, name),
            _ => false,
        }
    }

    /// A value goes where it is no longer followed.
    pub(super) fn hand_over(
        &mut self,
        state: &mut State,
        expr: ExprId,
        value: Option<Value>,
        how: SettledBy,
    ) {
        self.hand_over_value(state, value, how, self.span_of(expr));
    }

    pub(super) fn hand_over_value(
        &mut self,
        state: &mut State,
        value: Option<Value>,
        how: SettledBy,
        span: caulk_syntax::Span,
    ) {
        match value {
            Some(Value::At(_) | Value::Owner(_) | Value::Releaser) => {
                self.settle_at(state, how, span)
            }
            Some(Value::Closure(literal)) => match self.closure_effect(state, literal, &[]) {
                ClosureEffect::Releases => self.settle_at(state, how, span),
                ClosureEffect::Uses => {
                    self.lose_track(state, "kept by a function literal that is stored", span)
                }
                ClosureEffect::Unknown(why) => self.lose_track(state, why, span),
                ClosureEffect::Nothing => {}
            },
            Some(Value::View) => self.lose_track(state, "what reads from it is stored", span),
            Some(Value::Handle) => self.obstacle(span, "stores what is bound to it"),
            _ => {}
        }
    }

    pub(super) fn range_next(&mut self, state: &mut State, stmt: StmtId) {
        let StmtKind::Range { key, value, x, .. } = self.function.tree().stmt(stmt).kind else {
            return;
        };
        let element = self.ranged(state, x);
        for (target, element) in [(key, None), (value, element)] {
            if let Some(local) = target.and_then(|target| self.function.local(target)) {
                state.bind(Place::of(local), element);
                state.set_fact(local, None);
            }
        }
    }

    /// How the elements of what is ranged over relate to the resource: those of a variable that holds it, or of a
    /// literal that lists it.
    fn ranged(&mut self, state: &State, x: ExprId) -> Option<Value> {
        let tree = self.function.tree();
        let ExprKind::CompositeLit { elts, .. } = tree.expr(caulk_flow::unparen(tree, x)).kind
        else {
            let place = self.place(x)?;
            return match state.get(&place).filter(|value| value.holds())? {
                Value::Listed => Some(Value::At(0)),
                value => Some(value.clone()),
            };
        };
        let mut before = state.clone();
        if let Some(Start::Call { call, .. }) = self.start
            && self.span_of(x).encloses(self.span_of(call))
        {
            // It is acquired in the list itself.
            before.reset();
        }
        self.trying += 1;
        let listed = tree
            .exprs(elts)
            .iter()
            .find_map(|elt| self.eval(&mut before, *elt).filter(Value::holds));
        self.trying -= 1;
        listed
    }

    /// Whether a range over what holds the resource comes to its first element.
    pub(super) fn ranges_over_resource(&mut self, state: &State, stmt: StmtId) -> bool {
        let StmtKind::Range { value, x, .. } = self.function.tree().stmt(stmt).kind else {
            return false;
        };
        let holds = state.status == Status::Owed && self.ranged(state, x).is_some();
        let target = value.and_then(|target| self.function.local(target));
        holds && target.is_some_and(|local| state.get(&Place::of(local)).is_none())
    }

    /// Whether each round of a range keeps the resource elsewhere: `for _, role := range roles { clients[role] = c }`.
    /// What is made for the elements is made because there are some.
    pub(super) fn is_kept_in_rounds(&self, state: &State, stmt: StmtId) -> bool {
        let tree = self.function.tree();
        let StmtKind::Range { body, .. } = tree.stmt(stmt).kind else {
            return false;
        };
        let StmtKind::Block(block) = tree.stmt(body).kind else {
            return false;
        };
        let is_it = |value: ExprId| {
            let place = self.place(value);
            let value = place.and_then(|place| state.get(&place).cloned());
            matches!(value, Some(Value::At(0) | Value::Owner(_)))
        };
        state.status == Status::Owed
            && tree
                .stmts(block.stmts)
                .iter()
                .any(|stmt| match tree.stmt(*stmt).kind {
                    StmtKind::Assign { lhs, rhs, .. } => {
                        let mut pairs = tree.exprs(lhs).iter().zip(tree.exprs(rhs));
                        pairs.any(|(target, value)| {
                            matches!(tree.expr(*target).kind, ExprKind::Index { .. })
                                && is_it(*value)
                        })
                    }
                    StmtKind::Send { value, .. } => is_it(value),
                    _ => false,
                })
    }

    /// Whether a range is over a channel of the resource that is never closed: `range ticker.C`.
    pub(super) fn ranges_without_end(&self, state: &State, stmt: StmtId) -> bool {
        let tree = self.function.tree();
        let channel = self
            .contract
            .and_then(|contract| contract.endless_channel.as_deref());
        let (Some(channel), StmtKind::Range { x, .. }) = (channel, tree.stmt(stmt).kind) else {
            return false;
        };
        let x = caulk_flow::unparen(tree, x);
        let value = match (channel, tree.expr(x).kind) {
            ("", ExprKind::Call { .. }) => {
                return matches!(&self.start, Some(Start::Call { call, .. }) if *call == x);
            }
            ("", _) => self.place(x),
            (_, ExprKind::Selector { x, sel }) if tree.name(sel) == channel => self.place(x),
            _ => None,
        };
        value.is_some_and(|place| matches!(state.get(&place), Some(Value::At(0))))
    }

    fn go(&mut self, state: &mut State, call: ExprId) {
        let function = self.function;
        let tree = function.tree();
        let call = caulk_flow::unparen(tree, call);
        let ExprKind::Call { args, fun, .. } = tree.expr(call).kind else {
            return;
        };
        let span = self.span_of(call);
        if let Some(literal) = self.called_literal(state, call) {
            let values: Vec<_> = tree
                .exprs(args)
                .iter()
                .map(|arg| self.eval(state, *arg))
                .collect();
            match self.closure_effect(state, literal, &values) {
                ClosureEffect::Releases => {
                    self.taken_over(state, call, literal, &values);
                    self.settle_at(state, SettledBy::HandedOver, span);
                }
                ClosureEffect::Uses => self.obstacle(span, "used by a goroutine"),
                ClosureEffect::Unknown(why) => self.lose_track(state, why, span),
                ClosureEffect::Nothing => {}
            }
            return;
        }
        // A goroutine that waits for the end and then releases: `go s.Wait()`.
        if matches!(self.eval(state, fun), Some(Value::Releaser)) {
            self.settle_at(state, SettledBy::HandedOver, span);
            return;
        }
        let owed = state.status == Status::Owed;
        self.call(state, call);
        if owed && let Status::Released(at) = state.status {
            state.status = Status::Settled(SettledBy::HandedOver, at);
        }
        if owed && state.status == Status::Owed && self.mentions(state, call) {
            self.obstacle(span, "used by a goroutine");
        }
    }

    fn mentions(&mut self, state: &State, call: ExprId) -> bool {
        let tree = self.function.tree();
        let ExprKind::Call { args, fun, .. } = tree.expr(call).kind else {
            return false;
        };
        let receiver = match tree.expr(fun).kind {
            ExprKind::Selector { x, .. } => Some(x),
            _ => None,
        };
        tree.exprs(args)
            .iter()
            .copied()
            .chain(receiver)
            .any(|expr| {
                self.place(expr)
                    .is_some_and(|place| state.get(&place).is_some())
            })
    }

    /// The literal that a call runs: called where it stands, or kept in a variable.
    pub(super) fn called_literal(&self, state: &State, call: ExprId) -> Option<ExprId> {
        match self.function.callee(call) {
            Callee::Literal(literal) => Some(*literal),
            Callee::Local(local) => match state.get(&Place::of(*local)) {
                Some(Value::Closure(literal)) => Some(*literal),
                _ => None,
            },
            _ => None,
        }
    }

    pub(super) fn defer(&mut self, state: &mut State, stmt: StmtId) {
        let function = self.function;
        let tree = function.tree();
        let StmtKind::Defer(call) = tree.stmt(stmt).kind else {
            return;
        };
        let call = caulk_flow::unparen(tree, call);
        let ExprKind::Call { args, .. } = tree.expr(call).kind else {
            return;
        };
        let known = state.defers.iter().any(|deferred| deferred.stmt() == stmt);
        // Each turn of a loop gives the literal what it holds.
        if let Some(literal) = self.called_literal(state, call) {
            let values: Vec<_> = tree
                .exprs(args)
                .iter()
                .map(|arg| self.eval(state, *arg))
                .collect();
            self.bind_params(state, literal, &values);
            if !known {
                state.defers.push(Deferred::Closure(stmt, literal));
            }
            return;
        }
        if known {
            return;
        }
        // What the call would do now it does at exit, to the value that it is bound to now.
        let mut then = state.clone();
        // What holds nothing yet may hold something by then.
        let waits = state.status == Status::Before && state.holders().next().is_some();
        if waits {
            then.status = Status::Owed;
        }
        self.trying += 1;
        self.call(&mut then, call);
        self.trying -= 1;
        match then.status {
            // Acquired and released by the deferred call itself, or by what ran before.
            Status::Released(_) | Status::Settled(..) if state.status != Status::Owed && !waits => {
            }
            Status::Released(_) | Status::Settled(..) => {
                // A helper may look for nil itself.
                let unchecked = self.is_own_method(state, call)
                    && state
                        .bindings()
                        .any(|(_, value)| matches!(value, Value::Error));
                if unchecked && self.trying == 0 {
                    self.out.early_defer.get_or_insert(tree.stmt(stmt).span);
                }
                state.defers.push(Deferred::Release(stmt));
            }
            Status::Unknown(why, _) => state.defers.push(Deferred::Unknown(stmt, why)),
            _ => {
                for arg in tree.exprs(args) {
                    if let Some(Value::Closure(literal)) = self
                        .place(*arg)
                        .and_then(|place| state.get(&place).cloned())
                    {
                        state.defers.push(Deferred::Closure(stmt, literal));
                        return;
                    }
                    if matches!(tree.expr(*arg).kind, ExprKind::FuncLit { .. }) {
                        state.defers.push(Deferred::Closure(stmt, *arg));
                        return;
                    }
                }
            }
        }
    }

    /// Whether a call is of a method of the resource itself.
    fn is_own_method(&self, state: &State, call: ExprId) -> bool {
        let receiver = self.function.callee(call).receiver();
        let root = receiver
            .and_then(|receiver| self.place(receiver))
            .map(|place| place.root);
        root.is_some_and(|root| matches!(state.get(&Place::of(root)), Some(Value::At(_))))
    }

    pub(super) fn unknown_callee(&self, call: ExprId) -> Arc<str> {
        let callee = self.function.callee(call);
        let text = match callee {
            Callee::Static(func) | Callee::Method { func, .. } => {
                format!("passed to {}, whose source is not followed", func.name)
            }
            Callee::Interface { func, .. } => {
                format!("passed to {}, a method of an interface", func.name)
            }
            Callee::Unknown { name, .. } if !name.is_empty() => {
                format!("passed to {name}, which is not known")
            }
            _ => "passed to a function value".to_owned(),
        };
        Arc::from(text)
    }
}
