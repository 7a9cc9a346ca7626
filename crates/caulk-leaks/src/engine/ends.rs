//! What the channels of time and of contexts say of a path: those of tickers are never closed, and a context that is done
//! holds nothing.

use caulk_program::{Callee, Type};
use caulk_syntax::{ExprId, ExprKind, StmtId, StmtKind};

use super::run::{Run, Start};
use super::state::{State, Status, Value};

impl Run<'_, '_> {
    /// Whether a range is over a channel of the package `time`, which is never closed: `range ticker.C`.
    pub(super) fn ranges_over_time(&self, stmt: StmtId) -> bool {
        let StmtKind::Range { x, .. } = self.function.tree().stmt(stmt).kind else {
            return false;
        };
        let program = self.module.program;
        let ty = program.underlying(self.function.info().type_of(x));
        let of_time = matches!(program.ty(ty), Type::Chan(_, element)
            if program.is_named(*element, "time.Time"));
        of_time && self.is_of_time(x, true)
    }

    /// Whether an expression is the channel of results of the watch that is followed: where it is closed, the watch has
    /// stopped itself.
    pub(super) fn is_results_of_watch(&self, state: &State, channel: ExprId) -> bool {
        let tree = self.function.tree();
        let is_watch = self
            .contract
            .is_some_and(|contract| contract.rule == "unstopped-watcher");
        let ExprKind::Call { fun, .. } = tree.expr(tree.unparen(channel)).kind else {
            return false;
        };
        matches!(tree.expr(tree.unparen(fun)).kind, ExprKind::Selector { x, sel }
            if is_watch && tree.name(sel) == "ResultChan"
                && self.place(x).is_some_and(|place| matches!(state.get(&place), Some(Value::At(0)))))
    }

    /// Whether an expression is a field of what came of that channel: `event.Object`.
    pub(super) fn is_of_event(&self, state: &State, expr: ExprId) -> bool {
        let tree = self.function.tree();
        matches!(tree.expr(tree.unparen(expr)).kind, ExprKind::Selector { x, .. }
            if matches!(self.value_at(state, x), Some(Value::Event)))
    }

    /// Whether an expression is a channel that the package `time` has made, here or where its variable gets its only values.
    fn is_of_time(&self, channel: ExprId, through_variable: bool) -> bool {
        let function = self.function;
        let tree = function.tree();
        let channel = tree.unparen(channel);
        match tree.expr(channel).kind {
            ExprKind::Selector { x, sel } => {
                let holder = self.module.program.named_name(function.info().type_of(x));
                tree.name(sel) == "C"
                    && matches!(holder.as_deref(), Some("time.Ticker" | "time.Timer"))
            }
            ExprKind::Call { .. } => matches!(function.callee(channel), Callee::Static(func)
                if matches!(&*func.name, "time.Tick" | "time.After")),
            ExprKind::Ident(_) if through_variable => {
                let Some(local) = function.local(channel) else {
                    return false;
                };
                let given = function.definitions(self.module.program, local);
                !given.is_empty()
                    && given
                        .iter()
                        .all(|(value, _)| value.is_some_and(|value| self.is_of_time(value, false)))
            }
            _ => false,
        }
    }

    /// `<-ctx.Done()` comes to its end, or `ctx.Err()` is there: the context that came with the cancel function is over.
    pub(super) fn context_is_done(&mut self, state: &mut State, call: ExprId, method: &str) {
        if state.status == Status::Owed && self.is_of_own_context(call, method) {
            self.end_at(state, self.span_of(call));
        } else if let Some(context) = self.asked_of(call, method) {
            self.request_is_done(state, context);
        }
    }

    /// The context that an expression asks by this method.
    fn asked_of(&self, call: ExprId, method: &str) -> Option<ExprId> {
        let of = self.asked(call, method)?;
        let ty = self.function.info().type_of(of);
        crate::types::is_context(self.module.program, ty).then_some(of)
    }

    /// What an expression asks by this method.
    pub(super) fn asked(&self, call: ExprId, method: &str) -> Option<ExprId> {
        let tree = self.function.tree();
        let ExprKind::Call { fun, .. } = tree.expr(tree.unparen(call)).kind else {
            return None;
        };
        let ExprKind::Selector { x, sel } = tree.expr(tree.unparen(fun)).kind else {
            return None;
        };
        (tree.name(sel) == method).then_some(x)
    }

    /// Whether an expression calls this method of the context that is made beside the cancel function which is followed, or of what has
    /// values on top of it.
    fn is_of_own_context(&self, call: ExprId, method: &str) -> bool {
        let is_cancel = self
            .contract
            .is_some_and(|contract| contract.rule == "uncalled-cancel");
        let Some(Start::Call { call: site, .. }) = self.start else {
            return false;
        };
        is_cancel
            && self.asked(call, method).is_some_and(|context| {
                super::context::is_made_by(self.module, self.function, context, site)
            })
    }
}
