//! Which goroutines wait on a channel that nobody serves any more.

use caulk_syntax::{Descend, ExprKind, Node, Span, StmtKind};

use super::paths::Paths;
use super::{Blocked, Many, Wait};
use crate::body::Function;
use crate::channels::made::{Actor, Channel, Op, Use, span_of};
use crate::channels::produced::Produced;
use crate::goroutines::asks_context;
use crate::module::Module;

/// A channel with its uses, all of them understood.
pub(super) struct Used {
    pub channel: Channel,
    pub uses: Vec<Use>,
}

impl From<Produced> for Used {
    fn from(produced: Produced) -> Used {
        Used {
            channel: produced.channel,
            uses: produced.uses,
        }
    }
}

/// The goroutines that can block on one channel of a function.
pub(super) fn blocked(
    module: &Module<'_>,
    function: &Function,
    used: &Used,
    others: &[Used],
) -> Vec<Blocked> {
    let view = View {
        module,
        function,
        used,
        others,
    };
    let mut found = view.senders();
    found.extend(view.waiting());
    found.extend(view.feeds());
    found.extend(view.unanswered());
    found.extend(view.polling());
    found
}

pub(super) struct View<'a> {
    pub module: &'a Module<'a>,
    pub function: &'a Function,
    pub used: &'a Used,
    pub others: &'a [Used],
}

impl<'a> View<'a> {
    pub(super) fn uses(&self, wanted: impl Fn(&Use) -> bool) -> Vec<&'a Use> {
        self.used.uses.iter().filter(|used| wanted(used)).collect()
    }

    pub(super) fn goroutines(&self, wanted: impl Fn(&Use) -> bool) -> Vec<Node> {
        let mut starts: Vec<Node> = Vec::new();
        for used in self.uses(wanted) {
            if let Actor::Goroutine(start) = used.actor
                && !starts.contains(&start)
            {
                starts.push(start);
            }
        }
        starts.sort_by_key(|start| span_of(self.function, *start));
        starts
    }

    /// Whether somebody has it of whom is not known what they do with it.
    pub(super) fn is_lent(&self) -> bool {
        self.used.uses.iter().any(|used| used.op == Op::Lent)
    }

    fn of(&self, start: Node, op: Op) -> Vec<&'a Use> {
        self.uses(|used| used.actor == Actor::Goroutine(start) && used.op == op)
    }

    /// Whether a loop starts the goroutine again and again, all with the one channel.
    pub(super) fn started_in_loop(&self, start: Node) -> bool {
        self.function.innermost_loop(start).is_some_and(|stmt| {
            let span = self.function.tree().stmt(stmt).span;
            !span.encloses(self.used.channel.made)
        })
    }

    /// Goroutines whose send nobody receives.
    fn senders(&self) -> Vec<Blocked> {
        let is_receive = |used: &Use| matches!(used.op, Op::Receive | Op::Range);
        let own = self.uses(|used| !matches!(used.actor, Actor::Goroutine(_)));
        // A starter that sends or closes too, or receives when it ends, follows a protocol of its own.
        if own.iter().any(|used| {
            matches!(used.op, Op::Send | Op::Close) && !self.is_instead(used)
                || matches!(used.actor, Actor::Deferred(_))
        }) || self.is_lent()
        {
            return Vec::new();
        }
        let own: Vec<&Use> = own.into_iter().filter(|used| is_receive(used)).collect();
        let room = self.used.channel.room;
        let receivers = self.goroutines(is_receive);
        let senders = self.goroutines(|used| used.op == Op::Send && self.waits_alone(used));
        match (own.is_empty(), receivers.is_empty()) {
            (false, true) => self.received_by_starter(&senders, &own, room),
            (true, false) => self.received_by_workers(&senders, &receivers, room),
            (true, true) => self.received_by_nobody(&senders, room),
            (false, false) => Vec::new(),
        }
    }

    fn received_by_starter(
        &self,
        senders: &[Node],
        receives: &[&Use],
        room: Option<u32>,
    ) -> Vec<Blocked> {
        let mut found: Vec<Blocked> = senders
            .iter()
            .filter_map(|start| self.sender_left(*start, senders, receives, room))
            .collect();
        if let Some(room) = room
            && found.is_empty()
        {
            found.extend(self.one_too_many(senders, receives, room));
        }
        found
    }

    /// Senders on a channel that nothing receives from.
    fn received_by_nobody(&self, senders: &[Node], room: Option<u32>) -> Vec<Blocked> {
        if room != Some(0) {
            return Vec::new();
        }
        let at = self.used.channel.made;
        let left = senders.iter().filter_map(|start| {
            let sends = self.sends(*start);
            let first = *sends.first()?;
            let once = sends.len() == 1 && !first.repeats;
            (!self.only_tells_test(&sends))
                .then(|| self.blocked(*start, first, at, once))
                .flatten()
        });
        left.collect()
    }

    /// Whether these are sends that a test would only hear of where a call fails.
    pub(super) fn only_tells_test(&self, sends: &[&Use]) -> bool {
        crate::in_test::is_in_test(self.module, self.function)
            && sends.iter().all(|send| self.tells_error(send))
    }

    /// A sender whose starter leaves without a receive, or stops receiving.
    fn sender_left(
        &self,
        start: Node,
        senders: &[Node],
        receives: &[&Use],
        room: Option<u32>,
    ) -> Option<Blocked> {
        let sends = self.sends(start);
        let first = *sends.first()?;
        if self.only_tells_test(&sends) {
            return None;
        }
        let many = self.started_in_loop(start);
        let once = sends.len() == 1 && !first.repeats;
        if room == Some(0)
            && many
            && let [one] = receives
            && !one.repeats
            && one.op != Op::Range
        {
            return self.blocked(start, first, one.span(self.function), false);
        } else if room == Some(0) && many {
            let leaves = self.leaves_turn(start, receives);
            if let Some(leaves) = leaves {
                return Some(Blocked {
                    is_last: !self.is_in_turn(start, leaves),
                    ..self.blocked(start, first, leaves, once)?
                });
            }
        } else if room == Some(0)
            && (self.is_received_wherever_started(start, receives) || self.closed_instead(start))
        {
            let paths = self.receiving(start, receives);
            if let Some(leaves) = paths.leaves_with_fewer(start, 1) {
                return self.blocked(start, first, leaves, once);
            }
        }
        if !many
            && let Some(room) = room
            && self.under_same_condition(start, receives)
            && let Some(leaves) = self.one_of_several(start, &sends, receives, room)
        {
            return self.blocked(start, first, leaves, false);
        }
        if room == Some(0)
            && self.under_same_condition(start, receives)
            && let Some(blocked) = self.sends_again(start, &sends, receives)
        {
            return Some(blocked);
        }
        // After one receive there is more to send than there is room.
        let more = if many || sends.iter().any(|send| self.repeats(send, &sends)) {
            room == Some(0) || self.fills(&sends)
        } else {
            let count = u32::try_from(senders.len()).ok();
            count
                .zip(room)
                .is_some_and(|(count, room)| count > room.saturating_add(1))
        };
        if !more || !(many || self.under_same_condition(start, receives)) {
            return None;
        }
        let independent = many || senders.len() > 1;
        let independent = independent || !self.ends_itself(&sends);
        let mut served: Vec<Node> = receives.iter().map(|receive| receive.node).collect();
        served.extend(self.progress(start));
        let leaves = receives.iter().find_map(|receive| {
            let Some(round) = self.receiving_round(start, receive) else {
                return self
                    .stops_within(start, receive, receives, independent)
                    .or_else(|| self.fails_within(start, receive, receives, independent));
            };
            self.leaves_round(receive, round, &served, independent)
        })?;
        self.blocked(start, first, leaves, false)
    }

    /// Where the starter leaves after fewer receives than the goroutine sends one after the other.
    fn one_of_several(
        &self,
        start: Node,
        sends: &[&Use],
        receives: &[&Use],
        room: u32,
    ) -> Option<Span> {
        let in_turn = sends.iter().filter(|send| {
            let function = send.function(self.function);
            !send.repeats && function.branch_of(send.node).is_none()
        });
        let wanted = u32::try_from(in_turn.count()).ok()?.checked_sub(room)?;
        let again = |receive: &&Use| receive.repeats || receive.op == Op::Range;
        if wanted < 2 || receives.iter().any(again) {
            return None;
        }
        self.receiving(start, receives)
            .leaves_with_fewer(start, wanted)
    }

    /// Whether the starter closes the channel where it does not start this goroutine.
    fn closed_instead(&self, start: Node) -> bool {
        let closes = self.uses(|used| used.actor == Actor::Starter && used.op == Op::Close);
        closes
            .iter()
            .any(|close| self.in_other_arm(start, close.node))
    }

    /// Whether a use of the starter is to close the channel where it starts no goroutine that sends on it.
    fn is_instead(&self, used: &Use) -> bool {
        let senders = self.goroutines(|used| used.op == Op::Send);
        used.op == Op::Close
            && used.actor == Actor::Starter
            && senders
                .iter()
                .all(|start| self.in_other_arm(*start, used.node))
    }

    /// Whether two places are the two arms of one `if`.
    fn in_other_arm(&self, one: Node, other: Node) -> bool {
        let function = self.function;
        let branch = function.branch_of(one);
        let Some(StmtKind::If { then, .. }) = branch.map(|stmt| function.tree().stmt(stmt).kind)
        else {
            return false;
        };
        let then = function.tree().stmt(then).span;
        function.branch_of(other) == branch
            && then.encloses(span_of(function, one)) != then.encloses(span_of(function, other))
    }

    /// Where the starter leaves the loop that starts the goroutine and receives from it, and has not received.
    fn leaves_turn(&self, start: Node, receives: &[&Use]) -> Option<Span> {
        let function = self.function;
        let tree = function.tree();
        let round = tree.stmt(function.innermost_loop(start)?).span;
        let begun = span_of(function, start);
        let reached_anyway = |receive: &&Use| {
            let at = received_in(function, receive.node);
            round.encloses(receive.span(function))
                && receive.span(function).start > begun.start
                && function
                    .branch_of(at)
                    .is_none_or(|branch| tree.stmt(branch).span.encloses(begun))
        };
        if !receives.iter().all(reached_anyway) {
            return None;
        }
        // Behind the loop nobody receives any more.
        self.receiving(start, receives).leaves_with_fewer(start, 1)
    }

    /// Whether a place stands in the loop that starts a goroutine.
    fn is_in_turn(&self, start: Node, at: Span) -> bool {
        let round = self.function.innermost_loop(start);
        round.is_some_and(|round| self.function.tree().stmt(round).span.encloses(at))
    }

    /// The last of several goroutines that each send once, where fewer are received.
    fn one_too_many(&self, senders: &[Node], receives: &[&Use], room: u32) -> Option<Blocked> {
        let count = u32::try_from(senders.len()).ok()?;
        let (last, first) = (*senders.last()?, *senders.first()?);
        let wanted = count.checked_sub(room)?;
        let together = senders.iter().all(|start| {
            let sends = self.sends(*start);
            !self.function.in_loop(*start)
                && self.function.branch_of(*start) == self.function.branch_of(first)
                && sends.iter().all(|send| !self.repeats(send, &sends))
        });
        let begun = span_of(self.function, last).start;
        let after = receives
            .iter()
            .all(|receive| receive.span(self.function).start > begun);
        if receives
            .iter()
            .any(|receive| is_call(self.function, receive.node))
        {
            return None;
        }
        if count < 2
            || wanted == 0
            || !together
            || !after
            || !self.under_same_condition(last, receives)
        {
            return None;
        }
        let leaves = self
            .receiving(last, receives)
            .leaves_with_fewer(last, wanted)?;
        let send = *self.sends(last).first()?;
        self.blocked(last, send, leaves, false)
    }

    pub(super) fn blocked(
        &self,
        start: Node,
        at: &Use,
        leaves: Span,
        single_send: bool,
    ) -> Option<Blocked> {
        let waits = match at.callee {
            Some(_) => span_of(self.function, start),
            None => at.span(self.function),
        };
        Some(Blocked {
            go: start,
            started: at.started.clone(),
            waits,
            within: None,
            wait: match at.op {
                Op::Send if at.alone => Wait::Receive,
                Op::Send => Wait::Held,
                _ if at.until_closed => Wait::Close,
                _ => Wait::Signal,
            },
            channel: self.used.channel.name.to_string(),
            made: self.used.channel.made,
            leaves,
            single_send,
            may_serve: false,
            is_last: false,
            many: match at.op {
                Op::Send if !at.alone => Many::ByRequest,
                Op::Send
                    if self.may_have_room(at)
                        || self.is_hurried(start, at)
                        || self.is_of_no_failure(at) =>
                {
                    Many::Unseen
                }
                _ => Many::Likely,
            },
        })
    }

    /// Whether there may be room for all that is sent: nobody knows how much there is, or there is some, and the sender looks in between
    /// whether a context has ended.
    fn may_have_room(&self, send: &Use) -> bool {
        let function = send.function(self.function);
        let asks = || {
            let graph = function.graph(send.root);
            graph.is_some_and(|graph| asks_context(self.module, function, graph.body))
        };
        match self.used.channel.room {
            Some(0) => false,
            Some(_) => asks(),
            None => true,
        }
    }

    pub(super) fn sends(&self, start: Node) -> Vec<&'a Use> {
        let mut sends = self.of(start, Op::Send);
        sends.retain(|send| self.waits_alone(send));
        sends
    }

    /// Whether a send tells of an error, and comes only where there is one: `if err != nil { errs <- err }`.
    fn tells_error(&self, send: &Use) -> bool {
        let function = send.function(self.function);
        let tree = function.tree();
        let Some(branch) = function.branch_of(send.node) else {
            return false;
        };
        let StmtKind::If { cond, then, .. } = tree.stmt(branch).kind else {
            return false;
        };
        if !tree.stmt(then).span.encloses(send.span(self.function)) {
            return false;
        }
        let mut asks = false;
        tree.walk(cond, |node| {
            if let Node::Expr(expr) = node
                && function.local(expr).is_some()
            {
                let ty = function.info().type_of(expr);
                asks |= crate::types::is_error(self.module.program, ty);
            }
            Descend::Into
        });
        asks
    }

    /// Whether a goroutine sends again after a send, as far as its loops tell.
    pub(super) fn repeats(&self, send: &Use, sends: &[&Use]) -> bool {
        send.repeats || self.is_followed(send, sends)
    }

    /// Whether a send is reached from behind a send.
    pub(super) fn is_followed(&self, send: &Use, sends: &[&Use]) -> bool {
        let beside = sends.iter().filter(|other| other.is_beside(send));
        let beside = beside.map(|send| send.node).collect();
        Paths::of(send.function(self.function), send.root, beside).reaches(send.node)
    }

    /// Whether a sender may stop by what it has sent: its receiver can know that nothing more comes.
    pub(super) fn ends_itself(&self, sends: &[&Use]) -> bool {
        sends.iter().any(|send| {
            let function = send.function(self.function);
            // Nobody sees what it has sent there.
            if is_call(function, send.node) {
                return false;
            }
            let Some(round) = function.innermost_loop(send.node) else {
                return true;
            };
            let paths = Paths {
                failed: self.used.channel.failed.into_iter().collect(),
                ..Paths::of(function, send.root, Vec::new())
            };
            function.tree().is_endless_loop(round)
                || paths.leaves_loop(send.node, round, &[]).is_some()
        })
    }

    /// Whether no condition says at once that the goroutine is started and that the starter comes to its receives.
    pub(super) fn is_received_wherever_started(&self, start: Node, receives: &[&Use]) -> bool {
        self.under_same_condition(start, receives) || self.received_anyway(start, receives)
    }

    /// Whether the receives stand under the same conditions as the start of the goroutine, and so does what makes the channel:
    /// otherwise the conditions may go together.
    fn under_same_condition(&self, start: Node, receives: &[&Use]) -> bool {
        if !self.is_made_anyway(start) {
            return false;
        }
        let Some(branch) = self.function.branch_of(start) else {
            return true;
        };
        let span = self.function.tree().stmt(branch).span;
        receives
            .iter()
            .all(|receive| span.encloses(receive.span(self.function)))
    }

    /// Whether there is a channel wherever the goroutine is started, not only under a condition that the start does not stand under:
    /// `if wait { done = make(chan struct{}) }`.
    fn is_made_anyway(&self, start: Node) -> bool {
        let function = self.function;
        let made = function.call_at(self.used.channel.made);
        let branch = made.and_then(|made| function.branch_of(made.into()));
        branch.is_none_or(|branch| {
            let branch = function.tree().stmt(branch).span;
            branch.encloses(span_of(function, start))
        })
    }

    /// Whether a `select` receives whether the goroutine was started or not, and nothing leaves before it: then no
    /// condition goes together with the one that starts it.
    fn received_anyway(&self, start: Node, receives: &[&Use]) -> bool {
        let function = self.function;
        let tree = function.tree();
        let (Some(branch), [receive]) = (function.branch_of(start), receives) else {
            return false;
        };
        let Node::Stmt(select) = received_in(function, receive.node) else {
            return false;
        };
        let root = self.used.channel.root;
        if !matches!(tree.stmt(select).kind, StmtKind::Select { .. })
            || function.root_of(select) != root
            || function.parent(select) != function.parent(branch)
        {
            return false;
        }
        let (begin, end) = (tree.stmt(branch).span.start, tree.stmt(select).span.start);
        let mut leaves = false;
        if let Some(graph) = function.graph(root) {
            tree.walk(graph.body, |node| {
                if let Node::Stmt(stmt) = node {
                    let at = tree.stmt(stmt).span.start;
                    let is_exit = matches!(
                        tree.stmt(stmt).kind,
                        StmtKind::Return(_) | StmtKind::Branch { .. }
                    );
                    leaves |= is_exit && begin <= at && at < end;
                }
                Descend::Into
            });
        }
        begin < end && !leaves
    }
}

/// The `select` whose case a receive is, or the receive itself.
fn received_in(function: &Function, receive: Node) -> Node {
    let tree = function.tree();
    let mut at = receive;
    while let Some(parent) = function.parent(at) {
        match parent {
            Node::Stmt(stmt) => match tree.stmt(stmt).kind {
                StmtKind::Comm { comm, .. } if comm.map(Node::Stmt) != Some(at) => break,
                StmtKind::Comm { .. } | StmtKind::Expr(_) | StmtKind::Assign { .. } => at = parent,
                StmtKind::Block(_) => at = parent,
                StmtKind::Select { .. } => return parent,
                _ => break,
            },
            Node::Expr(_) => at = parent,
        }
    }
    receive
}

/// Whether a use is what a function does that is called.
pub(super) fn is_call(function: &Function, node: Node) -> bool {
    matches!(node, Node::Expr(expr) if matches!(function.tree().expr(expr).kind, ExprKind::Call { .. }))
}
