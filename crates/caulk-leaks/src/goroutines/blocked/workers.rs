//! Sends to workers, goroutines that receive in a loop, all of which may have left by then: those of another goroutine, and
//! those of the function itself that has started them.

use caulk_program::{Builtin, Callee, LocalKind};
use caulk_syntax::{Descend, ExprId, Node, Span, StmtKind};

use super::paths::Paths;
use super::served::View;
use super::{Blocked, Wait};
use crate::body::runs::{HowRun, how_run};
use crate::channels::made::{Actor, Op, Use, span_of};
use crate::channels::uses::received_by;
use crate::goroutines::{context_of, is_given_context, path};

impl View<'_> {
    /// A sender all of whose receivers are goroutines that can stop receiving.
    pub(super) fn received_by_workers(
        &self,
        senders: &[Node],
        receivers: &[Node],
        room: Option<u32>,
    ) -> Vec<Blocked> {
        let [start] = senders else {
            return Vec::new();
        };
        if receivers.contains(start) || self.started_in_loop(*start) {
            return Vec::new();
        }
        if receivers.iter().any(|worker| self.counts_off(*worker)) {
            return Vec::new();
        }
        let sends = self.sends(*start);
        let independent = !self.ends_itself(&sends);
        let more = match room {
            Some(0) => sends.iter().any(|send| self.repeats(send, &sends)),
            _ => self.fills(&sends),
        };
        if !more {
            return Vec::new();
        }
        let leaves = receivers
            .iter()
            .map(|worker| self.stops_receiving(*worker, independent))
            .collect::<Option<Vec<Span>>>();
        let leaves = leaves.filter(|leaves| {
            let mut leaves = leaves.iter();
            !leaves.any(|at| self.told_when_all_is_sent(*start, *at))
        });
        let leaves = leaves.and_then(|leaves| leaves.first().copied());
        let blocked = sends
            .first()
            .zip(leaves)
            .and_then(|(send, leaves)| self.blocked(*start, send, leaves, false));
        blocked.into_iter().collect()
    }

    /// The sends of the starter to its workers that may wait for ever.
    pub(super) fn feeds(&self) -> Option<Blocked> {
        // A test ends before it matters.
        if crate::in_test::is_in_test(self.module, self.function) || self.is_lent() {
            return None;
        }
        let is_receive = |used: &Use| matches!(used.op, Op::Receive | Op::Range);
        let by_worker = |used: &Use| matches!(used.actor, Actor::Goroutine(_));
        let sends = self.uses(|used| used.op == Op::Send);
        let workers = self.goroutines(is_receive);
        let all_receive = self.uses(is_receive).iter().all(|used| by_worker(used));
        let send = sends.iter().find(|send| {
            send.repeats && self.is_own_send(send) && (send.alone || self.beside_caller(send))
        })?;
        if self.may_hold_all(send)
            || sends.iter().any(|send| by_worker(send))
            || workers.is_empty()
            || !all_receive
            || workers.iter().any(|worker| self.counts_off(*worker))
            || !workers.iter().all(|worker| self.stops_by_others(*worker))
        {
            return None;
        }
        Some(Blocked {
            made: self.used.channel.made,
            ..Blocked::new(
                self.function,
                send.node,
                Wait::Stranded,
                self.used.channel.name.to_string(),
            )
        })
    }

    /// Whether the channel is made with room for all that a loop sends: as many as something has elements, or the turns that it
    /// makes.
    fn may_hold_all(&self, send: &Use) -> bool {
        let (function, tree) = (self.function, self.function.tree());
        let made = function.call_at(self.used.channel.made);
        let size = made.and_then(|call| tree.arguments(call).get(1).copied());
        let Some(size) = size else {
            return false;
        };
        let is_count = |value: ExprId| *function.callee(value) == Callee::Builtin(Builtin::Len);
        let mut counts = false;
        let mut named = Vec::new();
        tree.walk(size, |node| {
            if let Node::Expr(expr) = node {
                counts |= is_count(expr);
                counts |= function.local(expr).is_some_and(|local| {
                    let given = function.definitions(self.module.program, local).iter();
                    given.filter_map(|(value, _)| *value).any(is_count)
                });
                named.extend(path(function, expr));
            }
            Descend::Into
        });
        let turns = function.innermost_loop(send.node);
        let turns = turns.and_then(|round| match tree.stmt(round).kind {
            StmtKind::For { cond, .. } => cond,
            StmtKind::Range { x, .. } => Some(x),
            _ => None,
        });
        if let Some(turns) = turns {
            tree.walk(turns, |node| {
                if let Node::Expr(expr) = node {
                    counts |= path(function, expr).is_some_and(|path| named.contains(&path));
                }
                Descend::Into
            });
        }
        counts
    }

    /// Whether the function itself sends: where it stands, or in a literal that it passes to a function which calls that back.
    fn is_own_send(&self, send: &Use) -> bool {
        match send.actor {
            Actor::Starter => send.within.is_none(),
            Actor::Holder => send.root.is_some_and(|literal| {
                let how = how_run(self.module, self.function, literal);
                matches!(how, Some(HowRun::CalledBack))
                    && self.function.root_of(literal) == self.used.channel.root
            }),
            _ => false,
        }
    }

    /// Whether nothing but the end of the caller's context lets a send go on: the workers may leave without that.
    fn beside_caller(&self, send: &Use) -> bool {
        let (function, tree) = (self.function, self.function.tree());
        let clause = function.parent(send.node);
        let list = clause.and_then(|clause| function.parent(clause));
        let (Some(clause @ Node::Stmt(_)), Some(Node::Stmt(list))) = (clause, list) else {
            return false;
        };
        let StmtKind::Block(block) = tree.stmt(list).kind else {
            return false;
        };
        let mut others = tree.stmts(block.stmts).iter();
        others.all(|other| {
            let channel = received_by(function, *other);
            let context = channel.and_then(|channel| context_of(self.module, function, channel));
            Node::Stmt(*other) == clause || context.is_some_and(|context| self.is_given(context))
        })
    }

    /// Whether a context is a parameter of the function, and stays that.
    fn is_given(&self, context: ExprId) -> bool {
        let Some(local) = self.function.local(context) else {
            return false;
        };
        let info = self.function.info().local_info(local);
        info.is_some_and(|info| {
            matches!(info.kind, LocalKind::Param { .. }) && info.function.is_none()
        }) && self
            .function
            .definitions(self.module.program, local)
            .is_empty()
    }

    /// Whether a worker may stop without that the function which started it has told it: by what it does itself, or by the
    /// context of the caller.
    fn stops_by_others(&self, worker: Node) -> bool {
        let Some((receive, leaves)) = self.stop(worker, false) else {
            return false;
        };
        let function = receive.function(self.function);
        let tree = function.tree();
        // What is sent may be the word to leave.
        let again = Paths::of(function, receive.root, vec![receive.node]);
        if receive.op == Op::Receive && !again.reaches(receive.node) {
            return false;
        }
        let mut told = None;
        if let Some(graph) = function.graph(receive.root) {
            tree.walk(graph.body, |node| {
                if let Node::Stmt(stmt) = node
                    && matches!(tree.stmt(stmt).kind, StmtKind::Comm { comm: Some(comm), .. }
                        if !tree.stmt(comm).span.encloses(span_of(function, receive.node)))
                    && tree.stmt(stmt).span.encloses(leaves)
                {
                    told = Some(received_by(function, stmt));
                }
                Descend::Into
            });
        }
        match told {
            None => true,
            Some(channel) => {
                channel.is_some_and(|channel| context_of(self.module, function, channel).is_some())
                    && is_given_context(self.module, self.function)
            }
        }
    }

    /// Where a worker leaves the one loop in which it receives, while more is to come.
    fn stops_receiving(&self, worker: Node, independent: bool) -> Option<Span> {
        let (receive, leaves) = self.stop(worker, independent)?;
        // A place in another function is told by where that one is started.
        Some(match receive.callee {
            Some(_) => span_of(self.function, worker),
            None => leaves,
        })
    }

    /// The same, with what it receives by there.
    fn stop(&self, worker: Node, independent: bool) -> Option<(&Use, Span)> {
        let receives =
            self.uses(|used| used.actor == Actor::Goroutine(worker) && used.op != Op::Send);
        let first = *receives.first()?;
        let one_place = receives
            .iter()
            .all(|receive| receive.root == first.root && receive.is_beside(first));
        let served: Vec<Node> = receives.iter().map(|receive| receive.node).collect();
        let mut receives = receives.iter().filter(|receive| receive.op != Op::Close);
        let leaves = receives.find_map(|receive| {
            let round = self.receiving_round(worker, receive)?;
            let leaves = self.leaves_round(receive, round, &served, independent)?;
            Some((*receive, leaves))
        })?;
        one_place.then_some(leaves)
    }
}
