//! Goroutines that wait for a close, or a signal, which does not come on some path.

use caulk_program::Type;
use caulk_syntax::{ExprId, ExprKind, Node, Span, StmtId, StmtKind};

use super::lingers::is_given;
use super::paths::{Paths, closing_brace};
use super::served::View;
use super::{Blocked, Many, Wait};
use crate::channels::made::{Actor, Op, Use, span_of};
use crate::channels::uses::{clause_of, is_signal, received_by};
use crate::goroutines::context_of;

impl View<'_> {
    /// Goroutines that wait for a close, or a signal, which does not come on some path.
    pub(super) fn waiting(&self) -> Vec<Blocked> {
        let waits = |used: &Use| {
            self.waits_alone(used)
                && !used.repeats | used.until_closed
                && matches!(used.op, Op::Range | Op::Receive)
        };
        self.goroutines(waits)
            .into_iter()
            .filter_map(|start| self.left_waiting(start))
            .collect()
    }

    fn left_waiting(&self, start: Node) -> Option<Blocked> {
        let wait = *self
            .uses(|used| {
                used.actor == Actor::Goroutine(start)
                    && matches!(used.op, Op::Range | Op::Receive)
                    && self.waits_alone(used)
            })
            .first()?;
        let signalled = |used: &Use| match used.op {
            Op::Close => true,
            Op::Send | Op::Lent => !wait.until_closed,
            Op::Receive | Op::Range => false,
        };
        let own = self.uses(|used| !matches!(used.actor, Actor::Goroutine(_)));
        let held = own.iter().any(|used| used.actor == Actor::Holder);
        // What it sends itself before it receives is a token that it takes back: `lock <- true; defer func() { <-lock }()`.
        let elsewhere = self.uses(|used| {
            matches!(used.actor, Actor::Goroutine(by)
                if signalled(used) || by != start && used.op == Op::Receive && !wait.until_closed)
        });
        if !elsewhere.is_empty()
            || own
                .iter()
                .any(|used| matches!(used.op, Op::Receive | Op::Range))
            || (held || self.used.channel.room.is_none()) && !wait.until_closed
        {
            return None;
        }
        let ends: Vec<Node> = own
            .iter()
            .filter(|used| signalled(used))
            .map(|used| match used.actor {
                Actor::Deferred(stmt) => stmt.into(),
                _ => used.node,
            })
            .collect();
        let root = self.used.channel.root;
        let graph = self.function.graph(root)?;
        let leaves = if ends.is_empty() {
            if !graph.returns() {
                return None;
            }
            if held {
                return self.kept_waiting(start, wait, closing_brace(self.function, root)?);
            }
            closing_brace(self.function, root)?
        } else {
            let begun = span_of(self.function, start).start;
            // Closed already, or to be closed by what is deferred already.
            let before = ends
                .iter()
                .any(|end| span_of(self.function, *end).start < begun);
            let branch = self.function.branch_of(start);
            let sure = ends
                .iter()
                .any(|end| self.function.branch_of(*end) == branch);
            if before || !sure || self.ended_by_turn(start, &ends) {
                return None;
            }
            let paths = Paths {
                failed: self.used.channel.failed.into_iter().collect(),
                ..Paths::of(self.function, root, ends)
            };
            paths.leaves_with_fewer(start, 1)?
        };
        let blocked = self.blocked(start, wait, leaves, false)?;
        Some(match wait.alone {
            true => blocked,
            // What the caller has may end as soon as the starter comes back.
            false if !self.lasts_with(wait, &|from| self.is_of_receiver(from)) => Blocked {
                wait: Wait::Lasting,
                many: Many::Unseen,
                ..blocked
            },
            false => Blocked {
                wait: Wait::Lasting,
                ..blocked
            },
        })
    }

    /// Whether nothing lets a goroutine go on before the receiver of its starter ends, or what its caller gives it.
    pub(super) fn waits_alone(&self, used: &Use) -> bool {
        let of_others = |from: ExprId| {
            self.is_of_receiver(from) || used.op == Op::Receive && self.is_of_caller(from)
        };
        used.alone || self.lasts_with(used, &of_others)
    }

    /// Whether nothing lets a goroutine go on else but what others tell all that belong to them: `case <-s.quit:`.
    fn lasts_with(&self, used: &Use, is_of_others: &dyn Fn(ExprId) -> bool) -> bool {
        let function = self.function;
        if !matches!(used.op, Op::Receive | Op::Send)
            || used.callee.is_some()
            || used.within.is_some()
        {
            return false;
        }
        let tree = function.tree();
        let clause = clause_of(tree, function.parents(), used.node);
        let Some(clause) = clause else {
            return false;
        };
        let Some(Node::Stmt(list)) = function.parent(clause) else {
            return false;
        };
        let StmtKind::Block(block) = tree.stmt(list).kind else {
            return false;
        };
        let others: Vec<StmtId> = tree
            .stmts(block.stmts)
            .iter()
            .copied()
            .filter(|other| *other != clause)
            .collect();
        !others.is_empty()
            && others
                .iter()
                .all(|other| received_by(function, *other).is_some_and(is_of_others))
    }

    /// Whether a channel of signals is a field of the function's receiver, or given by a method of it or of a field of it.
    fn is_of_receiver(&self, channel: ExprId) -> bool {
        let function = self.function;
        let tree = function.tree();
        let program = self.module.program;
        let ty = program.underlying(function.typed.info.type_of(channel));
        if !matches!(program.ty(ty), Type::Chan(_, element) if is_signal(program, *element)) {
            return false;
        }
        let mut at = tree.unparen(channel);
        let mut below = false;
        loop {
            at = match tree.expr(at).kind {
                ExprKind::Call { fun, .. } => tree.unparen(fun),
                ExprKind::Selector { x, .. } => {
                    below = true;
                    tree.unparen(x)
                }
                _ => break,
            };
        }
        let info = function.info();
        below
            && function
                .local(at)
                .is_some_and(|local| info.receiver() == Some(local))
    }

    /// Whether a channel, or the context that gives it, is a parameter of the function.
    fn is_of_caller(&self, channel: ExprId) -> bool {
        let function = self.function;
        let of = context_of(self.module, function, channel).unwrap_or(channel);
        function
            .local(of)
            .is_some_and(|local| is_given(self.module, function, local))
    }

    /// A goroutine that serves what sends on the channel from elsewhere, and that nobody can end.
    fn kept_waiting(&self, start: Node, wait: &Use, leaves: Span) -> Option<Blocked> {
        Some(Blocked {
            may_serve: true,
            ..self.blocked(start, wait, leaves, false)?
        })
    }

    /// Whether a loop around the start of the goroutine makes the channel too, or ends it: what a turn leaves behind
    /// another may end.
    fn ended_by_turn(&self, start: Node, ends: &[Node]) -> bool {
        let mut at = start;
        while let Some(stmt) = self.function.innermost_loop(at) {
            let round = self.function.tree().stmt(stmt).span;
            let ended = |end: &Node| round.encloses(span_of(self.function, *end));
            if round.encloses(self.used.channel.made) || ends.iter().any(ended) {
                return true;
            }
            at = stmt.into();
        }
        false
    }
}
