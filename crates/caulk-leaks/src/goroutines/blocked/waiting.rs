//! Goroutines that wait for a close, or a signal, which does not come on some path.

use caulk_syntax::{Node, Span};

use super::Blocked;
use super::paths::{Paths, closing_brace};
use super::served::View;
use crate::channels::made::{Actor, Op, Use, span_of};

impl View<'_> {
    /// Goroutines that wait for a close, or a signal, which does not come on some path.
    pub(super) fn waiting(&self) -> Vec<Blocked> {
        let waits = |used: &Use| {
            used.alone
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
            .uses(|used| used.actor == Actor::Goroutine(start) && used.alone && used.op != Op::Send)
            .first()?;
        let signalled = |used: &Use| match used.op {
            Op::Close => true,
            Op::Send => !wait.until_closed,
            Op::Receive | Op::Range => false,
        };
        let own = self.uses(|used| !matches!(used.actor, Actor::Goroutine(_)));
        let held = own.iter().any(|used| used.actor == Actor::Holder);
        let elsewhere = self.uses(|used| {
            matches!(used.actor, Actor::Goroutine(by) if by != start || used.op == Op::Close)
                && (signalled(used) || used.op == Op::Receive && !wait.until_closed)
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
                function: self.function,
                root,
                counted: ends,
                enough: Vec::new(),
                told: Vec::new(),
                failed: self.used.channel.failed,
            };
            paths.leaves_with_fewer(start, 1)?
        };
        self.blocked(start, wait, leaves, false)
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
