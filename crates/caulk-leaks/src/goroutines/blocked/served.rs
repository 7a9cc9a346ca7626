//! Which goroutines wait on a channel that nobody serves any more.

use std::collections::BTreeSet;

use caulk_program::{Builtin, Callee, FuncRef, LocalId};
use caulk_syntax::{AssignOp, Descend, ExprId, ExprKind, Node, Span, StmtId, StmtKind, UnaryOp};

use super::paths::{Paths, closing_brace, ending_loop, root_variable};
use super::told::{told, told_by_context};
use super::{Blocked, Wait};
use crate::engine::Function;
use crate::inference::channel::{Actor, Channel, Op, Use, span_of};
use crate::inference::produced::Produced;
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
    found
}

struct View<'a> {
    module: &'a Module<'a>,
    function: &'a Function,
    used: &'a Used,
    others: &'a [Used],
}

impl<'a> View<'a> {
    fn uses(&self, wanted: impl Fn(&Use) -> bool) -> Vec<&'a Use> {
        self.used.uses.iter().filter(|used| wanted(used)).collect()
    }

    fn goroutines(&self, wanted: impl Fn(&Use) -> bool) -> Vec<Node> {
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

    fn of(&self, start: Node, op: Op) -> Vec<&'a Use> {
        self.uses(|used| used.actor == Actor::Goroutine(start) && used.op == op)
    }

    /// Whether a loop starts the goroutine again and again, all with the one channel.
    fn started_in_loop(&self, start: Node) -> bool {
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
            matches!(used.op, Op::Send | Op::Close) || matches!(used.actor, Actor::Deferred(_))
        }) {
            return Vec::new();
        }
        let Some(room) = self.used.channel.room else {
            return Vec::new();
        };
        let receivers = self.goroutines(is_receive);
        let senders = self.goroutines(|used| used.op == Op::Send && used.alone);
        match (own.is_empty(), receivers.is_empty()) {
            (false, true) => self.received_by_starter(&senders, &own, room),
            (true, false) => self.received_by_workers(&senders, &receivers, room),
            (true, true) => self.received_by_nobody(&senders, room),
            (false, false) => Vec::new(),
        }
    }

    fn received_by_starter(&self, senders: &[Node], receives: &[&Use], room: u32) -> Vec<Blocked> {
        let mut found: Vec<Blocked> = senders
            .iter()
            .filter_map(|start| self.sender_left(*start, senders, receives, room))
            .collect();
        if found.is_empty() {
            found.extend(self.one_too_many(senders, receives, room));
        }
        found
    }

    /// Senders on a channel that nothing receives from.
    fn received_by_nobody(&self, senders: &[Node], room: u32) -> Vec<Blocked> {
        if room > 0 {
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
    fn only_tells_test(&self, sends: &[&Use]) -> bool {
        crate::in_test::is_in_test(self.module, self.function)
            && sends.iter().all(|send| self.tells_error(send))
    }

    /// A sender whose starter leaves without a receive, or stops receiving.
    fn sender_left(
        &self,
        start: Node,
        senders: &[Node],
        receives: &[&Use],
        room: u32,
    ) -> Option<Blocked> {
        let sends = self.sends(start);
        let first = *sends.first()?;
        if self.only_tells_test(&sends) {
            return None;
        }
        let many = self.started_in_loop(start);
        let once = sends.len() == 1 && !first.repeats;
        if room == 0
            && many
            && let [one] = receives
            && !one.repeats
            && one.op != Op::Range
        {
            return self.blocked(start, first, one.span(self.function), false);
        } else if room == 0 && many {
            let leaves = self.leaves_turn(start, receives);
            if let Some(leaves) = leaves {
                return self.blocked(start, first, leaves, once);
            }
        } else if room == 0 && self.under_same_condition(start, receives) {
            let paths = self.receiving(start, receives);
            if let Some(leaves) = paths.leaves_with_fewer(start, 1) {
                return self.blocked(start, first, leaves, once);
            }
        }
        // After one receive there is more to send than there is room.
        let more = if many || sends.iter().any(|send| self.repeats(send, &sends)) {
            room == 0
        } else {
            u32::try_from(senders.len()).is_ok_and(|count| count > room + 1)
        };
        if !more || !(many || self.under_same_condition(start, receives)) {
            return None;
        }
        let independent = many || senders.len() > 1;
        let independent = independent || !self.ends_itself(&sends);
        let mut served: Vec<Node> = receives.iter().map(|receive| receive.node).collect();
        served.extend(self.progress(start));
        let leaves = receives.iter().find_map(|receive| {
            let round = self.receiving_round(start, receive)?;
            self.leaves_round(receive, round, &served, independent)
        })?;
        self.blocked(start, first, leaves, false)
    }

    /// Where the starter leaves the loop that starts the goroutine and receives from it, in the turn that starts it.
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
        self.receiving(start, receives)
            .leaves_with_fewer(start, 1)
            .filter(|leaves| round.encloses(*leaves))
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

    /// A sender all of whose receivers are goroutines that can stop receiving.
    fn received_by_workers(&self, senders: &[Node], receivers: &[Node], room: u32) -> Vec<Blocked> {
        let [start] = senders else {
            return Vec::new();
        };
        if room > 0 || receivers.contains(start) || self.started_in_loop(*start) {
            return Vec::new();
        }
        if receivers.iter().any(|worker| self.counts_off(*worker)) {
            return Vec::new();
        }
        let sends = self.sends(*start);
        let independent = !self.ends_itself(&sends);
        if !sends.iter().any(|send| self.repeats(send, &sends)) {
            return Vec::new();
        }
        let mut leaves = Vec::new();
        for worker in receivers {
            let receives =
                self.uses(|used| used.actor == Actor::Goroutine(*worker) && used.op != Op::Send);
            let one_place = receives.first().is_some_and(|first| {
                let here = |receive: &&&Use| receive.root == first.root && receive.is_beside(first);
                receives.iter().filter(here).count() == receives.len()
            });
            let served: Vec<Node> = receives.iter().map(|receive| receive.node).collect();
            let stops = receives.iter().find_map(|receive| {
                if receive.op == Op::Close {
                    return None;
                }
                let round = self.receiving_round(*worker, receive)?;
                self.leaves_round(receive, round, &served, independent)
            });
            match stops {
                Some(at) if one_place => {
                    leaves.push((at, receives.first().and_then(|r| r.callee.clone())))
                }
                _ => return Vec::new(),
            }
        }
        let Some((at, callee)) = leaves.first() else {
            return Vec::new();
        };
        // A place in another function is told by where that one is started.
        let leaves = match (callee, receivers.first()) {
            (Some(_), Some(worker)) => span_of(self.function, *worker),
            _ => *at,
        };
        sends
            .first()
            .and_then(|send| self.blocked(*start, send, leaves, false))
            .into_iter()
            .collect()
    }

    /// Goroutines that wait for a close, or a signal, which does not come on some path.
    fn waiting(&self) -> Vec<Blocked> {
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
        let elsewhere = self.uses(|used| {
            matches!(used.actor, Actor::Goroutine(by) if by != start || used.op == Op::Close)
                && (signalled(used) || used.op == Op::Receive && !wait.until_closed)
        });
        if !elsewhere.is_empty()
            || own
                .iter()
                .any(|used| matches!(used.op, Op::Receive | Op::Range))
            || self.used.channel.room.is_none() && !wait.until_closed
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
            if !wait.until_closed || !graph.returns() {
                return None;
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

    fn blocked(&self, start: Node, at: &Use, leaves: Span, single_send: bool) -> Option<Blocked> {
        let waits = match at.callee {
            Some(_) => span_of(self.function, start),
            None => at.span(self.function),
        };
        Some(Blocked {
            go: start,
            started: at.started.clone(),
            waits,
            wait: match at.op {
                Op::Send => Wait::Receive,
                _ if at.until_closed => Wait::Close,
                _ => Wait::Signal,
            },
            channel: self.used.channel.name.to_string(),
            made: self.used.channel.made,
            leaves,
            single_send,
        })
    }

    fn sends(&self, start: Node) -> Vec<&'a Use> {
        let mut sends = self.of(start, Op::Send);
        sends.retain(|send| send.alone);
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

    /// Whether a goroutine sends again after a send.
    fn repeats(&self, send: &Use, sends: &[&Use]) -> bool {
        let beside = sends.iter().filter(|other| other.is_beside(send));
        send.repeats
            || Paths {
                function: send.function(self.function),
                root: send.root,
                counted: beside.map(|send| send.node).collect(),
                enough: Vec::new(),
                told: Vec::new(),
                failed: None,
            }
            .reaches(send.node)
    }

    /// Whether a sender may stop by what it has sent: its receiver can know that nothing more comes.
    fn ends_itself(&self, sends: &[&Use]) -> bool {
        sends.iter().any(|send| {
            let function = send.function(self.function);
            let Some(round) = function.innermost_loop(send.node) else {
                return true;
            };
            let paths = Paths {
                function,
                root: send.root,
                counted: Vec::new(),
                enough: Vec::new(),
                told: Vec::new(),
                failed: self.used.channel.failed,
            };
            matches!(
                function.tree().stmt(round).kind,
                StmtKind::For { cond: None, .. }
            ) || paths.leaves_loop(send.node, round, &[]).is_some()
        })
    }

    /// Paths of the starter on which a receive lets the goroutine go on.
    fn receiving(&self, start: Node, receives: &[&Use]) -> Paths<'a> {
        let mut counted: Vec<Node> = receives.iter().map(|receive| receive.node).collect();
        let begun = span_of(self.function, start);
        // A range over what the call gives takes all of it.
        let over_call = receives.iter().filter_map(|receive| match receive.node {
            Node::Stmt(stmt) if receive.span(self.function).encloses(begun) => Some(stmt),
            _ => None,
        });
        let enough = counted
            .iter()
            .filter_map(|node| ending_loop(self.function, start, *node))
            .chain(over_call)
            .collect();
        let told = counted
            .iter()
            .filter_map(|node| told(self.function, begun, *node))
            .collect();
        counted.extend(self.progress(start));
        Paths {
            function: self.function,
            root: self.used.channel.root,
            counted,
            enough,
            told,
            failed: self.used.channel.failed,
        }
    }

    /// Receives of the starter that show how far the goroutine has come: from another channel that
    /// it sends on or closes; and the calls that wait for a group.
    fn progress(&self, start: Node) -> Vec<Node> {
        let mut nodes = Vec::new();
        for other in self.others {
            let by_it = other.uses.iter().any(|used| {
                used.actor == Actor::Goroutine(start) && matches!(used.op, Op::Send | Op::Close)
            });
            if other.channel == self.used.channel || !by_it {
                continue;
            }
            nodes.extend(
                other
                    .uses
                    .iter()
                    .filter(|used| {
                        used.actor == Actor::Starter && matches!(used.op, Op::Receive | Op::Range)
                    })
                    .map(|used| used.node),
            );
        }
        nodes.extend(self.told_by_others(start));
        nodes.extend(told_by_context(self.module, self.function, start));
        nodes.extend(
            self.function
                .info()
                .calls()
                .into_iter()
                .filter_map(|(call, callee)| {
                    let waits = matches!(callee, Callee::Method { func, .. }
                        if self.waits_for_group(func));
                    let here = self.function.root_of(call) == self.used.channel.root;
                    (waits && here).then_some(Node::Expr(call))
                }),
        );
        nodes
    }

    /// Receives of the starter from any variable that the goroutine's literal closes or sends on: one that is made
    /// again and again is none of the others.
    fn told_by_others(&self, start: Node) -> Vec<Node> {
        let function = self.function;
        let tree = function.tree();
        let mut ended = BTreeSet::new();
        let (mut received, mut of) = (Vec::new(), Vec::new());
        let begun = span_of(function, start);
        let Some(graph) = function.graph(self.used.channel.root) else {
            return Vec::new();
        };
        tree.walk(graph.body, |node| {
            let here = begun.encloses(span_of(function, node));
            match node {
                Node::Stmt(stmt) => {
                    if let StmtKind::Send { chan, .. } = tree.stmt(stmt).kind
                        && here
                    {
                        ended.extend(function.local(chan));
                    }
                }
                Node::Expr(expr) => match tree.expr(expr).kind {
                    ExprKind::Call { args, .. }
                        if here && *function.callee(expr) == Callee::Builtin(Builtin::Close) =>
                    {
                        let closed = tree.exprs(args).first();
                        ended.extend(closed.and_then(|closed| function.local(*closed)));
                    }
                    ExprKind::Unary {
                        op: UnaryOp::Receive,
                        x,
                    } if function.root_of(node) == self.used.channel.root => {
                        received.push(node);
                        of.push(function.local(x));
                    }
                    _ => {}
                },
            }
            Descend::Into
        });
        if let Some(local) = self.used.channel.local {
            ended.remove(&local);
        }
        let told = received.into_iter().zip(of);
        told.filter_map(|(node, of)| of.is_some_and(|of| ended.contains(&of)).then_some(node))
            .collect()
    }

    /// Whether a goroutine counts off what it receives from a group that is waited for: whoever tells it to leave may
    /// do so when everything has come in.
    fn counts_off(&self, worker: Node) -> bool {
        let function = self.function;
        let of = |wanted: &dyn Fn(ExprId, &FuncRef) -> bool| -> BTreeSet<LocalId> {
            let calls = function.info().calls().into_iter();
            calls
                .filter_map(|(call, callee)| match callee {
                    Callee::Method { func, receiver, .. } if wanted(call, func) => {
                        function.local(*receiver)
                    }
                    _ => None,
                })
                .collect()
        };
        let inside = span_of(function, worker);
        let counted = of(&|call, func| {
            inside.encloses(function.tree().expr(call).span) && func.name.ends_with(".Done")
        });
        let waited = of(&|_, func| self.waits_for_group(func));
        !counted.is_disjoint(&waited)
    }

    /// Whether a method waits for the goroutines of a group.
    fn waits_for_group(&self, func: &FuncRef) -> bool {
        let (package, name) = crate::types::split_name(self.module.program, func);
        self.module.catalogue.waits_for_group(package, name)
    }

    /// Whether the receives stand under the same conditions as the start of the goroutine:
    /// otherwise the conditions may go together.
    fn under_same_condition(&self, start: Node, receives: &[&Use]) -> bool {
        let Some(branch) = self.function.branch_of(start) else {
            return true;
        };
        let span = self.function.tree().stmt(branch).span;
        receives
            .iter()
            .all(|receive| span.encloses(receive.span(self.function)))
    }

    /// The loop that receives: the range itself, or the innermost loop around a receive that does
    /// not hold the start of the goroutine.
    fn receiving_round(&self, start: Node, receive: &Use) -> Option<StmtId> {
        if let (Op::Range, Node::Stmt(stmt)) = (receive.op, receive.node) {
            return Some(stmt);
        }
        let function = receive.function(self.function);
        if is_call(function, receive.node) {
            return None;
        }
        let round = function.innermost_loop(receive.node)?;
        let outside = receive.callee.is_none()
            && receive.actor == Actor::Starter
            && function
                .tree()
                .stmt(round)
                .span
                .encloses(span_of(self.function, start));
        (!outside).then_some(round)
    }

    /// Where a receiver leaves its loop before the channel is closed, and with none of the places
    /// behind that serve the sender. `independent` says that that does not stop by what it sent.
    fn leaves_round(
        &self,
        receive: &Use,
        round: StmtId,
        served: &[Node],
        independent: bool,
    ) -> Option<Span> {
        let function = receive.function(self.function);
        let counted: Vec<Node> = served
            .iter()
            .copied()
            .filter(|node| receive.op != Op::Range || *node != receive.node)
            .collect();
        let received = received(function, receive.node);
        let mut normal = Vec::new();
        conditions(function, round, &mut |cond| {
            let reads = reads_directly(function, cond, &received.values);
            let asks = reads_directly(function, cond, &received.open);
            if asks || reads && !independent {
                normal.push(function.tree().expr(cond).span);
            }
        });
        let paths = Paths {
            function,
            root: receive.root,
            counted,
            enough: Vec::new(),
            told: Vec::new(),
            failed: None,
        };
        paths.leaves_loop(receive.node, round, &normal)
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
fn is_call(function: &Function, node: Node) -> bool {
    matches!(node, Node::Expr(expr) if matches!(function.tree().expr(expr).kind, ExprKind::Call { .. }))
}

/// The variables that a receive assigns.
struct Received {
    values: BTreeSet<LocalId>,
    /// Whether the channel is still open.
    open: BTreeSet<LocalId>,
}

fn received(function: &Function, node: Node) -> Received {
    let tree = function.tree();
    let targets: Vec<ExprId> = match node {
        Node::Stmt(stmt) => match tree.stmt(stmt).kind {
            StmtKind::Range { key, .. } => key.into_iter().collect(),
            _ => Vec::new(),
        },
        Node::Expr(expr) => match function.parent(expr) {
            Some(Node::Stmt(stmt)) => match tree.stmt(stmt).kind {
                StmtKind::Assign { lhs, op, .. } if !matches!(op, AssignOp::Compound(_)) => {
                    tree.exprs(lhs).to_vec()
                }
                _ => Vec::new(),
            },
            _ => Vec::new(),
        },
    };
    let mut locals = targets.iter().map(|target| function.local(*target));
    Received {
        values: locals.next().flatten().into_iter().collect(),
        open: locals.flatten().collect(),
    }
}

/// The conditions of a loop's body, taken apart as in the control-flow graph.
fn conditions(function: &Function, round: StmtId, visit: &mut impl FnMut(ExprId)) {
    let tree = function.tree();
    tree.walk(round, |node| {
        let Node::Stmt(stmt) = node else {
            return Descend::Into;
        };
        if let StmtKind::If { cond, .. } = tree.stmt(stmt).kind {
            tree.walk(cond, |node| {
                if let Node::Expr(expr) = node {
                    visit(expr);
                }
                Descend::Into
            });
        }
        Descend::Into
    });
}

/// Whether a condition looks at a variable or a field of it, not at what a call makes of it.
fn reads_directly(function: &Function, cond: ExprId, locals: &BTreeSet<LocalId>) -> bool {
    let tree = function.tree();
    let mut reads = false;
    tree.walk(cond, |node| {
        let Node::Expr(expr) = node else {
            return Descend::Into;
        };
        match tree.expr(expr).kind {
            ExprKind::Call { .. } | ExprKind::FuncLit { .. } => Descend::Skip,
            _ => {
                reads |= root_variable(function, expr).is_some_and(|local| locals.contains(&local));
                Descend::Into
            }
        }
    });
    reads
}
