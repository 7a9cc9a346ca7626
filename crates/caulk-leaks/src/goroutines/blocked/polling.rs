//! Goroutines that ask again and again, with a sleep in between, until something is so, to tell a starter that waits no longer than a
//! while: nothing ends them when it has come back.

use caulk_syntax::{Descend, ExprId, ExprKind, Node, StmtId, StmtKind, UnaryOp};

use super::paths::Paths;
use super::served::View;
use super::{Blocked, Many, Wait};
use crate::channels::made::{Actor, Op, Use};
use crate::goroutines::asks_context;
use crate::goroutines::endless::head;

impl View<'_> {
    /// The goroutines that tell of what they have asked for on this channel alone.
    pub(super) fn polling(&self) -> Vec<Blocked> {
        if crate::in_test::is_in_test(self.module, self.function) || self.is_lent() {
            return Vec::new();
        }
        let tells = |used: &Use| matches!(used.op, Op::Close | Op::Send) && used.callee.is_none();
        let starts = self.goroutines(tells).into_iter();
        starts.filter_map(|start| self.asks_on(start)).collect()
    }

    fn asks_on(&self, start: Node) -> Option<Blocked> {
        let function = self.function;
        let own = self.uses(|used| !matches!(used.actor, Actor::Goroutine(_)));
        let [receive] = own[..] else {
            return None;
        };
        let by_it = |used: &Use| used.actor == Actor::Goroutine(start);
        let told = self.uses(by_it);
        let asks = receive.op == Op::Receive && receive.actor == Actor::Starter && !receive.alone;
        if !asks || function.in_loop(start) || receive.within.is_some() {
            return None;
        }
        let literal = told.first()?.root?;
        let round = self.asking_round(literal, &told)?;
        let leaves = Paths::of(function, self.used.channel.root, vec![receive.node])
            .leaves_with_fewer(start, 1)?;
        Some(Blocked {
            waits: head(function, round),
            leaves,
            many: Many::Unseen,
            ..Blocked::new(
                function,
                start,
                Wait::Polls,
                self.used.channel.name.to_string(),
            )
        })
    }

    /// The loop by which a literal asks, before or where it tells, and that nothing else can end.
    fn asking_round(&self, literal: ExprId, told: &[&Use]) -> Option<StmtId> {
        let (function, tree) = (self.function, self.function.tree());
        let body = function.graph(Some(literal))?.body;
        let mut rounds = Vec::new();
        tree.walk(body, |node| {
            if let Node::Stmt(stmt) = node
                && matches!(
                    tree.stmt(stmt).kind,
                    StmtKind::For {
                        init: None,
                        post: None,
                        ..
                    }
                )
                && function.root_of(node) == Some(literal)
            {
                rounds.push(stmt);
            }
            Descend::Into
        });
        let [round] = rounds[..] else {
            return None;
        };
        let begins = tree.stmt(round).span.start;
        let behind = told.iter().all(|used| used.span(function).start > begins);
        (behind && self.is_asking(round) && !asks_context(self.module, function, body))
            .then_some(round)
    }

    /// Whether a loop sleeps, asks something by a call, and looks at no clock, count, channel or variable that others set.
    fn is_asking(&self, round: StmtId) -> bool {
        let (function, tree) = (self.function, self.function.tree());
        let (mut sleeps, mut ends) = (false, false);
        tree.walk(round, |node| {
            match node {
                Node::Expr(expr) => match tree.expr(expr).kind {
                    ExprKind::FuncLit { .. } => ends = true,
                    ExprKind::Unary {
                        op: UnaryOp::Receive,
                        ..
                    } => ends = true,
                    ExprKind::Call { .. } => {
                        let name = function.callee(expr).func().map(|func| &*func.name);
                        sleeps |= name == Some("time.Sleep");
                        ends |= name.is_some_and(|name| CLOCKS.contains(&name))
                            || self.is_given_context(expr);
                    }
                    ExprKind::Ident(_) => ends |= self.is_set_by_others(expr, round),
                    _ => {}
                },
                Node::Stmt(stmt) => {
                    ends |= matches!(
                        tree.stmt(stmt).kind,
                        StmtKind::IncDec { .. } | StmtKind::Select(_) | StmtKind::Range { .. }
                    );
                }
            }
            Descend::Into
        });
        sleeps && !ends
    }

    /// Whether a call is given a context: it fails when that has ended.
    fn is_given_context(&self, call: ExprId) -> bool {
        let function = self.function;
        let mut arguments = function.tree().arguments(call).iter();
        arguments.any(|argument| {
            crate::types::is_context(self.module.program, function.info().type_of(*argument))
        })
    }

    /// Whether a variable of the function is set elsewhere than in a loop once that may have begun.
    fn is_set_by_others(&self, mention: ExprId, round: StmtId) -> bool {
        let (function, tree) = (self.function, self.function.tree());
        let Some(local) = function.local(mention) else {
            return false;
        };
        let round = tree.stmt(round).span;
        let all = function.definitions(self.module.program, local);
        all.iter()
            .any(|(value, _)| value.is_some_and(|value| tree.expr(value).span.start > round.end))
    }
}

/// What tells how late it is.
const CLOCKS: [&str; 6] = [
    "time.Now",
    "time.Since",
    "time.Until",
    "time.Time.Before",
    "time.Time.After",
    "time.Time.Sub",
];
