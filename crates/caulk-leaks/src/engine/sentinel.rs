//! What it says of a path that an error is a certain one, or of a certain kind.

use caulk_program::{LocalId, Object};
use caulk_syntax::{ExprId, ExprKind, StmtKind};

use super::run::{Run, Start};
use super::state::{Fact, State, Status, Value};

impl Run<'_, '_> {
    /// `err == io.EOF`, `ok == true`, `mode == x`.
    pub(super) fn refine_sentinel(
        &mut self,
        state: &mut State,
        (x, y): (ExprId, ExprId),
        equal: bool,
    ) -> bool {
        if equal && self.says_empty(state, x, y) {
            return self.refine_acquired(state, false);
        }
        for (subject, other) in [(x, y), (y, x)] {
            if self.asks_of_what_kind(state, subject) && self.is_kind_of_failure(other) {
                if equal {
                    return self.refine_acquired(state, false);
                }
                // Who wants nothing but the error expects one, of this kind or of another.
                state.unlikely |=
                    state.status == Status::Owed && !state.succeeded && self.is_dropped();
                return true;
            }
            match self.value_at(state, subject) {
                // What was just acquired is none of the package's: `f != os.Stdin`, `h == windows.InvalidHandle`.
                Some(Value::At(0)) if self.is_of_a_package(other) => {
                    return !equal || state.status != Status::Owed;
                }
                Some(Value::Error) if equal => return self.refine_acquired(state, false),
                Some(Value::Acquired(when)) => {
                    if let Some(fact @ (Fact::True | Fact::False)) = self.fact_of(state, other) {
                        return self
                            .refine_acquired(state, (when == (fact == Fact::True)) == equal);
                    }
                }
                Some(Value::ReleasedIf { nil: false }) if equal => {
                    let span = self.span_of(subject);
                    self.release_at(state, span);
                    return true;
                }
                // A handshake that gives a connection has one answer: `resp.StatusCode == http.StatusUnauthorized` is another.
                None if equal && self.refuses(state, subject, other) => {
                    return self.refine_acquired(state, false);
                }
                Some(Value::ReadError { .. }) => {
                    state.drained |= equal && self.is_package_variable(other);
                }
                _ => {}
            }
            if let Some(local) = self.function.local(subject)
                && let Some(fact) = self.fact_of(state, other)
            {
                return match (fact, equal) {
                    (Fact::True, true) | (Fact::False, false) => {
                        self.assume(state, local, Fact::True)
                    }
                    (Fact::False, true) | (Fact::True, false) => {
                        self.assume(state, local, Fact::False)
                    }
                    (Fact::NonNil, true) => self.assume(state, local, Fact::NonNil),
                    _ => true,
                };
            }
        }
        true
    }

    /// Whether the status of the response that comes beside a connection is compared with one by which none is given.
    fn refuses(&self, state: &State, subject: ExprId, status: ExprId) -> bool {
        let tree = self.function.tree();
        let ExprKind::Selector { x, sel } = tree.expr(subject).kind else {
            return false;
        };
        let named = match tree.expr(status).kind {
            ExprKind::BasicLit(literal) => tree.literal(literal),
            ExprKind::Ident(name) | ExprKind::Selector { sel: name, .. } => tree.name(name),
            _ => return false,
        };
        let is_refusal = named.len() == 3 && named.starts_with(['3', '4', '5'])
            || named.starts_with("Status")
                && !["StatusSwitchingProtocols", "StatusOK"].contains(&named);
        tree.name(sel) == "StatusCode"
            && is_refusal
            && self
                .contract
                .is_some_and(|contract| contract.rule == "unclosed-connection")
            && matches!(self.value_at(state, x), Some(Value::Companion))
    }

    /// Whether a variable holds what the acquiring function gives another time: as long as it gives anything, it gives both.
    pub(super) fn is_made_alike(&self, local: LocalId) -> bool {
        let Some(Start::Call { call, .. }) = self.start else {
            return false;
        };
        let made_by = |call: ExprId| self.function.callee(call).func().map(|func| &func.name);
        let value = self.function.sole_value(self.module.program, local);
        value.is_some_and(|(value, index)| {
            index == 0
                && value != call
                && made_by(value).is_some()
                && made_by(value) == made_by(call)
        })
    }

    /// Whether an expression asks of what kind the acquisition's error is: `status.Code(err)`.
    fn asks_of_what_kind(&self, state: &State, expr: ExprId) -> bool {
        let tree = self.function.tree();
        match tree.expr(expr).kind {
            ExprKind::Call { args, .. } => match tree.exprs(args) {
                [error] => matches!(self.value_at(state, *error), Some(Value::Error)),
                _ => false,
            },
            _ => false,
        }
    }

    /// Whether an expression names a kind of error, and not that there is none: `codes.NotFound`.
    fn is_kind_of_failure(&self, expr: ExprId) -> bool {
        let tree = self.function.tree();
        match tree.expr(expr).kind {
            ExprKind::Ident(name) | ExprKind::Selector { sel: name, .. } => {
                let name = tree.name(name).to_ascii_lowercase();
                let is_constant = self.function.local(expr).is_none();
                is_constant
                    && ![
                        "ok", "nil", "none", "success", "noerr", "unset", "true", "false",
                    ]
                    .iter()
                    .any(|word| name.contains(word))
            }
            _ => false,
        }
    }

    /// Whether the acquiring statement names no variable for what is owed.
    fn is_dropped(&self) -> bool {
        let Some(Start::Call { call, result, .. }) = self.start else {
            return false;
        };
        let tree = self.function.tree();
        let stmt = self
            .function
            .statement(call)
            .map(|stmt| tree.stmt(stmt).kind);
        let Some(StmtKind::Assign { lhs, .. }) = stmt else {
            return false;
        };
        let target = tree
            .exprs(lhs)
            .get(result)
            .and_then(|target| tree.ident(*target));
        target == Some("_")
    }

    pub(super) fn is_package_variable(&self, expr: ExprId) -> bool {
        let expr = self.function.tree().unparen(expr);
        matches!(self.function.info().object(expr), Object::PackageVar(_))
    }

    /// Whether an expression names a variable or a constant of a package, in source that may not be at hand.
    fn is_of_a_package(&self, expr: ExprId) -> bool {
        let (tree, info) = (self.function.tree(), self.function.info());
        let expr = tree.unparen(expr);
        match info.object(expr) {
            Object::PackageVar(_) | Object::Const(_) => true,
            Object::Unknown => matches!(tree.expr(expr).kind, ExprKind::Selector { x, .. }
                if matches!(info.object(x), Object::Package(_))),
            _ => false,
        }
    }
}
