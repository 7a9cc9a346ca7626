//! What the answer of a call in a condition says of a path, and what is asked to be safe alone.

use caulk_program::{Callee, Object};
use caulk_syntax::{ExprId, ExprKind};
use smol_str::SmolStr;

use super::known::{asks_for_nil, implies_error};
use super::run::{Run, Start};
use super::state::{Fact, State, Status, Value};
use crate::catalogue::ErrorTest;
use crate::module::Followed;

impl Run<'_, '_> {
    /// The error that an expression looks into: `err` in `errors.Cause(err)`, which is nil where that is.
    fn cause_in(&self, expr: ExprId) -> ExprId {
        let tree = self.function.tree();
        let ExprKind::Call { args, .. } = tree.expr(tree.unparen(expr)).kind else {
            return expr;
        };
        let callee = self.function.callee(tree.unparen(expr));
        let name = crate::types::last_name(callee);
        match tree.exprs(args) {
            [err] if matches!(name, "Cause" | "RootCause" | "Unwrap" | "UnwrapAll") => *err,
            _ => expr,
        }
    }

    /// What it says that a call is true, or false.
    pub(super) fn refine_call(
        &mut self,
        state: &mut State,
        call: ExprId,
        args: &[ExprId],
        truth: bool,
    ) -> bool {
        let callee = self.function.callee(call);
        let receiver = callee.receiver();
        let is_given = |arg: &ExprId| matches!(self.value_at(state, *arg), Some(Value::At(_)));
        if self.is_own(callee)
            && args.iter().any(is_given)
            && let Some(Value::ReleasedIf { nil }) = self.value_of_condition(state, call)
        {
            if nil == truth {
                self.release_at(state, self.span_of(call));
            }
            return true;
        }
        if let Some(receiver) = receiver
            && !truth
            && matches!(
                self.value_at(state, receiver),
                Some(Value::At(_) | Value::Owner(_))
            )
        {
            let method = crate::types::last_name(callee);
            if self.release.ends_on_false.iter().any(|name| name == method) {
                let span = self.span_of(call);
                self.end_at(state, span);
                return true;
            }
        }
        // `if !client.Closed() {`: where it is, there is nothing left to do.
        if let Some(receiver) = receiver
            && truth
            && args.is_empty()
            && self.release.path().is_empty()
            && matches!(crate::types::last_name(callee), "Closed" | "IsClosed")
            && matches!(self.value_at(state, receiver), Some(Value::At(_)))
        {
            let span = self.span_of(call);
            self.end_at(state, span);
            return true;
        }
        if let Some(receiver) = receiver
            && !truth
            && self.scans(callee)
            && matches!(self.value_at(state, receiver), Some(Value::View))
        {
            state.drained |= state.status == Status::Owed;
            return true;
        }
        let Some(func) = callee.func() else {
            return self.refine_unknown_call(state, args);
        };
        let (package, name) = crate::types::split_name(self.module.program, func);
        if let [arg] = args
            && asks_for_nil(name)
            && matches!(
                self.value_at(state, *arg),
                Some(Value::At(_) | Value::Owner(_))
            )
        {
            if truth {
                return self.refine_acquired(state, false);
            }
            state.is_there();
            return true;
        }
        let test = match self.module.catalogue.error_test(package, name) {
            None if implies_error(name) => Some(ErrorTest::TrueIfError),
            test => test,
        };
        if truth
            && (package, name) == ("errors", "Is")
            && let Some(error) = args.last()
        {
            self.is_told_of_context(state, *error);
        }
        let is_error = |arg: &ExprId| matches!(self.value_at(state, *arg), Some(Value::Error));
        if test.is_none()
            && let Some(index) = args.iter().position(is_error)
            && let Some(where_nil) = self.told_where_nil(callee, index)
        {
            return self.refine_acquired(state, truth == where_nil);
        }
        for arg in args {
            let arg = &self.cause_in(*arg);
            match (self.value_at(state, *arg), test) {
                (Some(Value::Error), Some(ErrorTest::TrueIfError)) => {
                    return !truth || self.refine_acquired(state, false);
                }
                (Some(Value::Error), Some(ErrorTest::TrueIfNil)) => {
                    return self.refine_acquired(state, truth);
                }
                (Some(Value::Error), _) => {
                    state.doubt = true;
                    return true;
                }
                (Some(Value::ReleasedIf { nil: false }), Some(ErrorTest::TrueIfError)) if truth => {
                    let span = self.span_of(*arg);
                    self.release_at(state, span);
                    return true;
                }
                (None | Some(Value::ReadError { .. }), Some(ErrorTest::TrueIfError)) if truth => {
                    state.drained |=
                        name == "Is" && package == "errors" && self.value_at(state, *arg).is_some();
                    if let Some(local) = self.function.local(*arg)
                        && self
                            .function
                            .info()
                            .local_info(local)
                            .is_some_and(|l| crate::types::is_error(self.module.program, l.ty))
                    {
                        return self.assume(state, local, Fact::NonNil);
                    }
                }
                _ => {}
            }
        }
        true
    }

    /// Whether an expression is a field that all that make a value of its type give something: that it is nil is asked to be safe.
    pub(super) fn is_always_given(&self, expr: ExprId) -> bool {
        let (program, info) = (self.module.program, self.function.info());
        let ExprKind::Selector { x, sel } = self.function.tree().expr(expr).kind else {
            return false;
        };
        let is_direct =
            matches!(info.object(expr), Object::Field { through, .. } if through.is_empty());
        let is_start = matches!(self.start, Some(Start::Call { .. } | Start::Around { .. }));
        let package = self.function.package;
        let Some(of) = program
            .named_of(info.type_of(x))
            .filter(|of| is_direct && is_start && *of.package == *program.package(package).path())
        else {
            return false;
        };
        let field = SmolStr::new(self.function.tree().name(sel));
        let uses = self.module.uses_of_field(package, &of.full_name(), &field);
        uses.is_some_and(|uses| uses.is_always_given())
    }

    /// What a call says where the error that it is passed at a place is nil, as the source of the one that is called shows.
    fn told_where_nil(&self, callee: &Callee, index: usize) -> Option<bool> {
        let id = callee.func()?.id?;
        match self.module.follows(self.reach, self.function.id(), id) {
            Followed::Yes(_) => self.module.told_where_nil(id, index),
            Followed::Recursive | Followed::No => None,
        }
    }

    /// A condition that asks a function which is not known about the acquisition's error.
    fn refine_unknown_call(&mut self, state: &mut State, args: &[ExprId]) -> bool {
        let asks = |arg: &ExprId| matches!(self.value_at(state, *arg), Some(Value::Error));
        if args.iter().any(asks) {
            state.doubt = true;
        }
        true
    }
}
