//! Functions that wait for what a goroutine of theirs sends, which may end without having sent.

use caulk_program::Callee;
use caulk_syntax::{ExprKind, Node, StmtId, StmtKind};

use super::paths::Paths;
use super::served::View;
use super::{Blocked, Wait};
use crate::channels::made::{Actor, Op, Use, span_of};

impl View<'_> {
    /// The receives of the starter that may wait for ever.
    pub(super) fn unanswered(&self) -> Option<Blocked> {
        // A test ends before it matters.
        if crate::in_test::is_in_test(self.module, self.function) || self.is_lent() {
            return None;
        }
        let own = |used: &Use| used.actor == Actor::Starter;
        let receives = self.uses(|used| own(used) && used.op != Op::Close);
        let ends = |used: &Use| {
            used.op == Op::Close && !matches!(used.actor, Actor::Deferred(_))
                || used.op == Op::Send && !matches!(used.actor, Actor::Goroutine(_))
        };
        let senders = self.goroutines(|used| used.op == Op::Send);
        let ([receive], [start]) = (&receives[..], &senders[..]) else {
            return None;
        };
        let asked = receive.op == Op::Receive && receive.alone && receive.within.is_none();
        if !asked || !self.uses(ends).is_empty() {
            return None;
        }
        let function = self.function;
        let together = function.branch_of(*start) == self.condition_of(receive.node)
            && function.root_of(receive.node) == self.used.channel.root;
        let silent = together
            && self.answers_each(*start, receive)
            && !self.is_told_before(*start, receive)
            && self.may_not_send(*start);
        silent.then(|| Blocked {
            made: self.used.channel.made,
            ..Blocked::new(
                function,
                receive.node,
                Wait::Unanswered,
                self.used.channel.name.to_string(),
            )
        })
    }

    /// The innermost branch that a node stands in; not what is done before its condition is known: `if err := <-errs; …`.
    fn condition_of(&self, node: Node) -> Option<StmtId> {
        let (function, tree) = (self.function, self.function.tree());
        let branch = function.branch_of(node)?;
        match tree.stmt(branch).kind {
            StmtKind::If { then, .. }
                if span_of(function, node).start < tree.stmt(then).span.start =>
            {
                self.condition_of(branch.into())
            }
            _ => Some(branch),
        }
    }

    /// Whether the starter hears otherwise how far the goroutine has come before it receives.
    fn is_told_before(&self, start: Node, receive: &Use) -> bool {
        let at = receive.span(self.function).start;
        let told = self.progress(start);
        told.iter()
            .any(|node| *node != receive.node && span_of(self.function, *node).start < at)
    }

    /// Whether each receive waits for one send: neither is repeated, or both are, as often as there are elements.
    fn answers_each(&self, start: Node, receive: &Use) -> bool {
        let function = self.function;
        let counted = |node: Node| {
            let round = function.innermost_loop(node)?;
            (!function.tree().is_endless_loop(round)).then_some(round)
        };
        match (function.innermost_loop(start), receive.repeats) {
            (None, false) => true,
            (Some(round), true) => {
                counted(receive.node).is_some_and(|of_receive| of_receive != round)
                    && counted(start).is_some()
            }
            _ => false,
        }
    }

    /// Whether a goroutine may end without a send that its starter waits for.
    fn may_not_send(&self, start: Node) -> bool {
        let sends = self.uses(|used| used.actor == Actor::Goroutine(start) && used.op == Op::Send);
        let Some(first) = sends.first() else {
            return false;
        };
        let here = |send: &&Use| {
            send.root == first.root && send.is_beside(first) && self.is_run_by(send, start)
        };
        if !sends.iter().all(here) {
            return false;
        }
        let function = first.function(self.function);
        let paths = Paths::of(
            function,
            first.root,
            sends.iter().map(|send| send.node).collect(),
        );
        let rounds: Option<Vec<StmtId>> = sends
            .iter()
            .map(|send| function.innermost_loop(send.node))
            .collect();
        match rounds.as_deref() {
            // Of what it is given each is answered.
            Some([round]) => {
                matches!(function.tree().stmt(*round).kind, StmtKind::Range { .. })
                    && paths.leaves_loop((*round).into(), *round, &[]).is_some()
            }
            Some(_) => false,
            None => sends.iter().all(|send| !send.repeats) && paths.leaves_body(1),
        }
    }

    /// Whether a use stands in what the goroutine runs, and not in what that calls or defers.
    fn is_run_by(&self, used: &Use, start: Node) -> bool {
        let (function, tree) = (self.function, self.function.tree());
        let call = match start {
            Node::Stmt(stmt) => match tree.stmt(stmt).kind {
                StmtKind::Go(call) => tree.unparen(call),
                _ => return false,
            },
            Node::Expr(call) => call,
        };
        match (&used.callee, used.root) {
            (None, Some(literal)) => match tree.expr(call).kind {
                ExprKind::Call { fun, args, .. } => {
                    fun == literal || tree.exprs(args).contains(&literal)
                }
                _ => false,
            },
            (Some(callee), None) => match function.callee(call) {
                Callee::Static(func) | Callee::Method { func, .. } => func.id == callee.id(),
                _ => false,
            },
            _ => false,
        }
    }
}
