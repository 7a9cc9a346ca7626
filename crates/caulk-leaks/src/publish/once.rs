//! What a loop does but once, however often it turns: a timer that nothing sets again fires a single time, and a counter is zero in the first turn.

use caulk_program::{Callee, LocalId, Object};
use caulk_syntax::{BinaryOp, Descend, ExprId, ExprKind, Node, StmtId, StmtKind};

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

    /// Whether the acquisition stands under a condition that holds in the first turn of its loop alone, as long as each turn counts on: `if n == 0`,
    /// where the loop has `n++`, or `if f == nil`, where it has `f = …`.
    pub(super) fn comes_in_first_turn(&self) -> bool {
        let (function, tree) = (self.function, self.function.tree());
        let Some(turns) = function.innermost_loop(self.site.call) else {
            return false;
        };
        let call = tree.expr(self.site.call).span;
        let mut at = function.parent(Node::Expr(self.site.call));
        while let Some(node) = at {
            match node {
                Node::Stmt(stmt) if stmt == turns => return false,
                Node::Stmt(stmt)
                    if let StmtKind::If { cond, then, .. } = tree.stmt(stmt).kind
                        && tree.stmt(then).span.encloses(call)
                        && let Some(local) = self.not_yet_set(cond)
                        && self.is_set_in_turn(turns, local) =>
                {
                    return true;
                }
                _ => at = function.parent(node),
            }
        }
        false
    }

    /// The variable that a condition says to be as it was declared: `n == 0`, `f == nil`.
    fn not_yet_set(&self, cond: ExprId) -> Option<LocalId> {
        let (function, tree) = (self.function, self.function.tree());
        let ExprKind::Binary {
            x,
            op: BinaryOp::Eql,
            y,
            ..
        } = tree.expr(tree.unparen(cond)).kind
        else {
            return None;
        };
        let y = tree.unparen(y);
        let is_nothing = match tree.expr(y).kind {
            ExprKind::BasicLit(number) => tree.literal(number) == "0",
            _ => *function.info().object(y) == Object::Nil,
        };
        function.local(x).filter(|_| is_nothing)
    }

    /// Whether a variable that is declared before a loop is set, or counted on, in it, and not set back.
    fn is_set_in_turn(&self, turns: StmtId, local: LocalId) -> bool {
        let (function, tree) = (self.function, self.function.tree());
        let span = tree.stmt(turns).span;
        let declared = function.info().local_info(local).map(|local| local.span);
        if declared.is_none_or(|declared| span.encloses(declared)) {
            return false;
        }
        let (mut set, mut set_back) = (false, false);
        tree.walk(turns, |node| {
            if let Node::Stmt(stmt) = node {
                match tree.stmt(stmt).kind {
                    StmtKind::IncDec { x, increment, .. } if function.local(x) == Some(local) => {
                        set |= increment;
                        set_back |= !increment;
                    }
                    StmtKind::Assign { lhs, rhs, .. } => {
                        let place = tree
                            .exprs(lhs)
                            .iter()
                            .position(|x| function.local(*x) == Some(local));
                        let value = place.and_then(|place| tree.exprs(rhs).get(place));
                        set_back |= value.is_some_and(|value| {
                            let value = tree.unparen(*value);
                            *function.info().object(value) == Object::Nil
                                || matches!(tree.expr(value).kind, ExprKind::BasicLit(_))
                        });
                        set |= place.is_some();
                    }
                    _ => {}
                }
            }
            Descend::Into
        });
        set && !set_back
    }

    /// The timer of whose channel a statement receives.
    fn timer_of(&self, comm: StmtId) -> Option<LocalId> {
        let (function, tree) = (self.function, self.function.tree());
        let channel = crate::channels::uses::received_from(tree, comm)?;
        let ExprKind::Selector { x, .. } = tree.expr(channel).kind else {
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
