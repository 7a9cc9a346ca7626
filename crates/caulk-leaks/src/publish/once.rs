//! What a loop does but once, however often it turns: a timer that nothing sets again fires a single time.

use caulk_program::{Callee, LocalId};
use caulk_syntax::{ExprId, ExprKind, Node, StmtId, StmtKind, UnaryOp};

use crate::publish::described::Described;

impl Described<'_, '_> {
    /// Whether the acquisition stands in the clause of a `select` that a timer leads to, which is set again only where it was
    /// stopped before it had fired: `if timer.Stop() { timer.Reset(0) }`.
    pub(super) fn comes_with_timer(&self) -> bool {
        let function = self.function;
        let tree = function.tree();
        let mut at = Node::Expr(self.site.call);
        let clause = loop {
            match function.parent(at) {
                Some(Node::Stmt(stmt))
                    if let StmtKind::Comm { comm, .. } = tree.stmt(stmt).kind =>
                {
                    break comm;
                }
                Some(Node::Expr(expr))
                    if matches!(tree.expr(expr).kind, ExprKind::FuncLit { .. }) =>
                {
                    return false;
                }
                Some(parent) => at = parent,
                None => return false,
            }
        };
        let timer = clause.and_then(|comm| self.timer_of(comm));
        timer.is_some_and(|timer| self.is_set_once(timer))
    }

    /// The timer of whose channel a statement receives.
    fn timer_of(&self, comm: StmtId) -> Option<LocalId> {
        let (function, tree) = (self.function, self.function.tree());
        let received = match tree.stmt(comm).kind {
            StmtKind::Expr(expr) => expr,
            StmtKind::Assign { rhs, .. } => *tree.exprs(rhs).first()?,
            _ => return None,
        };
        let ExprKind::Unary {
            op: UnaryOp::Receive,
            x,
        } = tree.expr(tree.unparen(received)).kind
        else {
            return None;
        };
        let ExprKind::Selector { x, .. } = tree.expr(tree.unparen(x)).kind else {
            return None;
        };
        function.local(x)
    }

    /// Whether a variable holds one timer, and whatever sets that again has stopped it first.
    fn is_set_once(&self, timer: LocalId) -> bool {
        let (module, function) = (self.module, self.function);
        let is_timer = |call: ExprId| matches!(function.callee(call), Callee::Static(func) if &*func.name == "time.NewTimer");
        let made = function.sole_value(module.program, timer);
        made.is_some_and(|(call, _)| is_timer(call) && !function.in_loop(call))
            && function.info().calls().iter().all(|(call, callee)| {
                let of_it = callee.receiver().and_then(|x| function.local(x)) == Some(timer);
                !of_it
                    || crate::types::last_name(callee) != "Reset"
                    || self.is_stopped_first(*call, timer)
            })
    }

    /// Whether a call stands under a condition that is true only where the timer was stopped before it had fired.
    fn is_stopped_first(&self, call: ExprId, timer: LocalId) -> bool {
        let (function, tree) = (self.function, self.function.tree());
        let mut at = function.parent(call);
        while let Some(node) = at {
            if let Node::Stmt(stmt) = node
                && let StmtKind::If { cond, then, .. } = tree.stmt(stmt).kind
                && tree.stmt(then).span.encloses(tree.expr(call).span)
                && self.stops(cond, timer)
            {
                return true;
            }
            at = function.parent(node);
        }
        false
    }

    /// `timer.Stop()`, alone or with other conditions.
    fn stops(&self, cond: ExprId, timer: LocalId) -> bool {
        let (function, tree) = (self.function, self.function.tree());
        let cond = tree.unparen(cond);
        match tree.expr(cond).kind {
            ExprKind::Binary {
                x,
                op: caulk_syntax::BinaryOp::LogicalAnd,
                y,
                ..
            } => self.stops(x, timer) || self.stops(y, timer),
            ExprKind::Call { .. } => {
                let callee = function.callee(cond);
                crate::types::last_name(callee) == "Stop"
                    && callee.receiver().and_then(|x| function.local(x)) == Some(timer)
            }
            _ => false,
        }
    }
}
