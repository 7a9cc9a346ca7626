//! Statements: assignments, declarations, sends.

use std::sync::Arc;

use caulk_program::{Callee, LocalId, LocalKind, Object, Type};
use caulk_syntax::{AssignOp, ExprId, ExprKind, SpecKind, StmtId, StmtKind};
use smol_str::SmolStr;

use super::closure::ClosureEffect;
use super::run::{Run, Start};
use super::state::{Fact, Place, State, Status, Value};
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
                    self.is_changed(state, &lhs);
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
                    self.leave_to_round(state, &names);
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
                self.is_changed(state, &[x]);
            }
            StmtKind::Go(call) => self.go(state, call),
            _ => {}
        }
    }

    /// What was known of the variables that these expressions begin with is known no more.
    fn is_changed(&self, state: &mut State, targets: &[ExprId]) {
        for target in targets {
            if let Some(local) = self.function.begins_with(*target) {
                self.forget_conditions(state, local, false);
            }
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
    pub(super) fn asserted_type(&self, expr: ExprId) -> Option<(ExprId, ExprId)> {
        let tree = self.function.tree();
        match tree.expr(tree.unparen(expr)).kind {
            ExprKind::TypeAssert {
                x, ty: Some(ty), ..
            } => Some((x, ty)),
            _ => None,
        }
    }

    fn assign_all(&mut self, state: &mut State, stmt: StmtId, lhs: &[ExprId], rhs: &[ExprId]) {
        let held = state.status == Status::Owed && state.holders().next().is_some();
        let values = self.values_of(state, rhs, lhs.len());
        let facts: Vec<Option<Fact>> = lhs
            .iter()
            .enumerate()
            .map(|(index, _)| match rhs {
                [call] if lhs.len() > 1 => self.fact_of_result(state, *call, index),
                _ => rhs.get(index).and_then(|expr| self.fact_of(state, *expr)),
            })
            .collect();
        for (index, target) in lhs.iter().enumerate() {
            let value = values.get(index).cloned().flatten();
            let fact = facts.get(index).copied().flatten();
            let source = rhs.get(index).or(rhs.first()).copied();
            self.assign(state, *target, value, fact, source);
        }
        self.is_changed(state, lhs);
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
        self.forget_conditions(state, local, false);
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
        let target = tree.unparen(target);
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
                        let untested = self.is_untested_field(state, &place);
                        state.empty(place);
                        let is_gone = !state
                            .bindings()
                            .any(|(_, value)| matches!(value, Value::At(_)));
                        if untested && is_gone {
                            // Nothing says that one was there.
                            state.reset();
                        }
                    }
                    return;
                };
                if self.field_borrows(function.info().type_of(x), &name) {
                    return;
                }
                if self.is_released_in(&value) {
                    self.note_store(function.info().type_of(x), &name);
                }
                if matches!(value, Value::View) && self.is_part(state, x, &name) {
                    self.lose_track(state, "its part is replaced by what reads from it", span);
                    return;
                }
                // `resp.Body = http.MaxBytesReader(w, resp.Body, n)`: to close the one is to close the other.
                if matches!(value, Value::Owner(_)) && self.is_part(state, x, &name) {
                    return;
                }
                // `client.KV = namespace.NewKV(client.KV, prefix)`: it stays with what it is of.
                if matches!(value, Value::View | Value::Handle)
                    && matches!(self.value_at(state, x), Some(Value::At(_)))
                {
                    return;
                }
                match self.place(target) {
                    Some(place)
                        if !self.is_outer(place.root)
                            && (function.is_fresh(place.root)
                                || self.is_copy(x)
                                || self.keeper == Some(place.root)) =>
                    {
                        let field = place.path.first().cloned();
                        let around = Place::of(place.root);
                        let is_copy =
                            self.is_copy(x) && !self.is_known_elsewhere(place.root, field.as_ref());
                        if value.holds()
                            && !is_copy
                            && self.keeper != Some(place.root)
                            && self.is_kept_before(place.root, field.as_ref())
                        {
                            self.settle_at(state, SettledBy::Stored, span);
                            return;
                        }
                        if value.holds() {
                            self.bind_other_names(state, &place, &value);
                        }
                        if value == Value::Listed {
                            state.bind_around(around, value.clone());
                        } else if value.holds() {
                            state.bind_around(around, value.within(field));
                        } else if matches!(value, Value::View | Value::Handle) {
                            state.bind_around(around, value.clone());
                        } else if self.is_releasing(state, &value) {
                            state.bind_around(around, Value::Owner(None));
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
            // `*clone = *resp`: a second name, until what it leads to is replaced: `clone.Body = nil`.
            ExprKind::Star(x)
                if let Some(local) = function.local(x)
                    && function.is_fresh(local) =>
            {
                state.bind(Place::of(local), value);
            }
            kind => {
                if let ExprKind::Index { x, .. } = kind
                    && value == Some(Value::At(0))
                    && self.put_in_list(state, x, span)
                {
                    self.assign(state, x, Some(Value::Listed), None, source);
                    return;
                }
                self.eval(state, target);
                self.hand_over_key(state, target);
                if let ExprKind::Index { x, .. } = kind
                    && matches!(value, Some(Value::At(0) | Value::Releaser))
                {
                    self.note_entry(x);
                }
                self.hand_over_value(state, value, SettledBy::Stored, span);
            }
        }
    }

    /// Whether whoever has a value releases the resource by it: the resource itself, a function that releases it, or what its
    /// release goes through: `r.body = resp.Body`.
    fn is_released_in(&self, value: &Value) -> bool {
        match value {
            Value::At(depth) => *depth == 0 || *depth == self.release.path().len(),
            Value::Releaser => true,
            _ => false,
        }
    }

    /// Whether a value is a function literal that releases the resource: who has it has that.
    fn is_releasing(&mut self, state: &State, value: &Value) -> bool {
        match value {
            Value::Closure(literal) => {
                matches!(
                    self.closure_effect(state, *literal, &[]),
                    ClosureEffect::Releases { .. }
                )
            }
            _ => false,
        }
    }

    /// Whether a place is the field that the walk started with, and it may be that nothing is in it.
    fn is_untested_field(&self, state: &State, place: &Place) -> bool {
        state.untested
            && matches!(&self.start, Some(Start::Param { local, field: Some(field), .. })
                if Place::at(*local, field).as_ref() == Some(place))
    }

    /// It is one of several that a field keeps: `s.conns[key] = conn`.
    pub(super) fn note_entry(&mut self, of: ExprId) {
        let tree = self.function.tree();
        if let ExprKind::Selector { x, sel } = tree.expr(tree.unparen(of)).kind {
            let name = SmolStr::new(tree.name(sel));
            self.note_store(self.function.info().type_of(x), &name);
        }
    }

    /// Whether an expression is a variable that is a struct and no pointer to one: what is stored in a field of it nobody else
    /// sees. Who else may look at a variable of the function is asked: it can be another's copy, `next := s.last`.
    fn is_copy(&self, expr: ExprId) -> bool {
        let program = self.module.program;
        let Some(id) = self.function.local(expr) else {
            return false;
        };
        let info = self.function.info().local_info(id);
        info.is_some_and(|local| {
            let is_struct = matches!(program.ty(program.underlying(local.ty)), Type::Struct(_));
            match local.kind {
                LocalKind::Param { .. } | LocalKind::Receiver => is_struct,
                LocalKind::Variable => is_struct && !self.is_known_elsewhere(id, None),
                LocalKind::Result { .. } | LocalKind::TypeSwitch => false,
            }
        })
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
        let settled = run.outcomes(start).settled;
        // A way that leads past the acquisition says nothing of it.
        let (at, again) = (self.span_of(call), self.function.in_loop(call));
        let kept = settled.is_some_and(|(_, kept)| kept.start < at.start || again);
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
                ClosureEffect::Releases { .. } => self.settle_at(state, how, span),
                ClosureEffect::Uses { .. } => {
                    self.lose_track(state, "kept by a function literal that is stored", span)
                }
                ClosureEffect::Unknown(why) => self.lose_track(state, why, span),
                ClosureEffect::Nothing => {}
            },
            Some(Value::View) => self.lose_track(state, "what reads from it is stored", span),
            Some(Value::Handle) => self.obstacle(
                span,
                "stores what is bound to it: release both where the owner is released",
            ),
            _ => {}
        }
    }

    pub(super) fn unknown_callee(&self, call: ExprId) -> Arc<str> {
        let callee = self.function.callee(call);
        let text = match callee {
            Callee::Static(func) | Callee::Method { func, .. } if self.is_followed(callee) => {
                format!("passed to {}, deep in what holds it", func.name)
            }
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
