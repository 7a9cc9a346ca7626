//! Who uses an argument during the call and cannot release it: by the type of the parameter, by those who implement a method, by
//! what a function is there for.

use std::sync::Arc;

use caulk_program::{Callee, LocalId, TypeId};
use caulk_syntax::{ExprId, ExprKind, Node, StmtKind};

use super::call::Passed;
use super::run::Run;
use super::state::{State, Value};
use crate::inference::summary::{Param, ParamEffect, ParamQuery};

impl Run<'_, '_> {
    /// Whether a call sets something up by one of the functions that a constructor is given: `for _, opt := range opts { opt(s) }`.
    pub(super) fn is_option(&self, call: ExprId, callee: &Callee) -> bool {
        let tree = self.function.tree();
        let ExprKind::Call { fun, .. } = tree.expr(call).kind else {
            return false;
        };
        let program = self.module.program;
        let says_so = |ty: TypeId| {
            let named = program.named_of(ty);
            named.is_some_and(|named| named.name.contains("Option") || named.name.ends_with("Opt"))
        };
        match callee {
            Callee::Local(local) => {
                says_so(self.function.info().type_of(fun)) || self.is_each_of_a_list(call, *local)
            }
            Callee::Value => says_so(self.function.info().type_of(fun)),
            Callee::Interface { iface, name, .. } => {
                says_so(*iface) && name.eq_ignore_ascii_case("apply")
            }
            _ => false,
        }
    }

    /// Whether a variable is each function of a list in turn, in a loop around a call.
    fn is_each_of_a_list(&self, call: ExprId, local: LocalId) -> bool {
        let tree = self.function.tree();
        let mut at = self.function.parent(call);
        while let Some(node) = at {
            if let Node::Stmt(stmt) = node
                && let StmtKind::Range {
                    value: Some(value), ..
                } = tree.stmt(stmt).kind
                && self.function.local(value) == Some(local)
            {
                return true;
            }
            at = self.function.parent(node);
        }
        false
    }

    /// Whether what a call gives is at most an error, as far as can be seen where the callee's source is not at hand.
    pub(super) fn gives_at_most_an_error(&self, call: ExprId) -> bool {
        let (program, tree) = (self.module.program, self.function.tree());
        let is_error = |ty: TypeId| crate::types::is_error(program, ty);
        let ty = self.function.info().type_of(call);
        if !ty.is_unknown() {
            return ty == TypeId::VOID || is_error(ty);
        }
        let Some(Node::Stmt(stmt)) = self.function.parent(call) else {
            return false;
        };
        match tree.stmt(stmt).kind {
            StmtKind::Expr(_) => true,
            // `_, err := frames.Write(conn, message)`
            StmtKind::Assign { lhs, .. } => match tree.exprs(lhs) {
                [dropped @ .., last] if dropped.iter().all(|left| tree.is_blank(*left)) => {
                    let local = self.function.local(*last);
                    let info = local.and_then(|local| self.function.info().local_info(local));
                    info.is_some_and(|local| is_error(local.ty) || local.name.contains("err"))
                }
                _ => false,
            },
            StmtKind::Return(list) if list.len() == 1 => {
                let results = self.function.results(self.function.root_of(stmt));
                let types = results
                    .iter()
                    .map(|local| self.function.info().local_info(*local));
                results.len() == 1 && types.flatten().all(|local| is_error(local.ty))
            }
            _ => false,
        }
    }

    /// Whether a callee uses what is passed and cannot release it: the parameter's type is an interface without a
    /// release, `io.Reader`, and so say those who are known to implement the method.
    pub(super) fn is_lent(
        &self,
        call: ExprId,
        callee: &Callee,
        index: usize,
        value: &Value,
    ) -> bool {
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
            && self.implementers_lend(callee, index)
    }

    /// Whether none of those who are known to implement a method keeps or releases what it is passed as a parameter that has
    /// no release: what else one does with it is no release either. A fake that keeps it, to be asked for it, is none of them.
    fn implementers_lend(&self, callee: &Callee, index: usize) -> bool {
        let passed = Passed {
            param: Param::At(index),
            field: None,
            depth: self.release.path().len(),
            error: None,
        };
        self.effects_of_implementers(callee, &passed)
            .iter()
            .all(|effect| {
                matches!(
                    effect,
                    ParamEffect::Borrows
                        | ParamEffect::Unknown(_)
                        | ParamEffect::LeavesSometimes(_)
                        | ParamEffect::LeavesOnFailure { .. }
                        | ParamEffect::KeptOrLeft
                )
            })
    }

    /// What a call of an interface's method does with the resource, where all that are known to implement it do the same:
    /// use it during the call, leave it open on some path, or return what holds it.
    pub(super) fn effect_of_implementers(
        &self,
        callee: &Callee,
        passed: &Passed,
    ) -> Option<ParamEffect> {
        let effects = self.effects_of_implementers(callee, passed);
        let leaves = |effect: &&ParamEffect| matches!(effect, ParamEffect::LeavesSometimes(_));
        let known = |effect: &ParamEffect| *effect == ParamEffect::Borrows || leaves(&effect);
        let first = effects.first()?;
        if matches!(first, ParamEffect::Returns { .. }) {
            return effects
                .iter()
                .all(|effect| effect == first)
                .then(|| first.clone());
        }
        if !effects.iter().all(known) {
            return None;
        }
        Some(effects.iter().find(leaves).unwrap_or(first).clone())
    }

    /// What a method of an interface does with the resource that it is called on, where all that are known to implement it see to
    /// its end: in a goroutine that they start, or by themselves.
    pub(super) fn ended_by_implementers(
        &self,
        callee: &Callee,
        passed: &Passed,
    ) -> Option<ParamEffect> {
        let effects = self.effects_of_implementers(callee, passed);
        let ends =
            |effect: &ParamEffect| matches!(effect, ParamEffect::Closes | ParamEffect::Keeps(_));
        effects
            .iter()
            .all(ends)
            .then(|| effects.into_iter().next())?
    }

    /// What each of those does with it who are known to implement a method of an interface. Who stands in for one in tests is
    /// passed nothing elsewhere.
    fn effects_of_implementers(&self, callee: &Callee, passed: &Passed) -> Vec<ParamEffect> {
        let Callee::Interface {
            iface,
            name,
            through,
            ..
        } = callee
        else {
            return Vec::new();
        };
        let package = self.function.package;
        let known = self.module.implementers(package, *iface, through, name);
        let in_test = known.is_empty() || crate::in_test::is_in_test(self.module, self.function);
        known
            .into_iter()
            .filter(|(build, func)| in_test || !crate::sites::stand_in::declares(build, *func))
            .map(|(build, func)| match self.reach.one_less() {
                Some(reach) => build.effect(ParamQuery {
                    func,
                    param: passed.param,
                    field: passed.field.clone(),
                    depth: passed.depth,
                    error: None,
                    release: Arc::clone(self.release),
                    reach,
                    apart: false,
                }),
                None => ParamEffect::Recursive,
            })
            .map(|effect| match effect {
                // Who else implements it may not read to the end.
                ParamEffect::Drains { .. } => ParamEffect::Borrows,
                effect => effect,
            })
            .collect()
    }

    /// Whether a call is of a function, or of an interface's method, that the project declares.
    fn is_of_project(&self, call: ExprId) -> bool {
        let callee = self.function.callee(call);
        match callee {
            Callee::Interface { iface, .. } => {
                let named = self.module.program.named_of(*iface);
                named.is_some_and(|named| named.is_loaded())
            }
            callee => self.is_own(callee),
        }
    }

    /// The callee uses the resource and cannot release it; what it returns may go on doing so.
    pub(super) fn lend(
        &mut self,
        state: &mut State,
        call: ExprId,
        value: &Value,
    ) -> Vec<Option<Value>> {
        let program = self.module.program;
        let ty = self.function.info().type_of(call);
        let results = program.results_of(ty);
        // What others send as the body of a request is closed with that, whatever the parameter's type.
        let closes_nothing = self.makes_reader(call)
            && !results
                .iter()
                .any(|ty| crate::types::has_release(program, *ty));
        if self.writer_waits() && !closes_nothing && !self.is_of_project(call) {
            self.lose_track(state, self.unknown_callee(call), self.span_of(call));
            return Vec::new();
        }
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
}
