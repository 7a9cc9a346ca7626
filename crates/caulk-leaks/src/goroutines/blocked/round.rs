//! The loop that receives: where it stands, and where it is left too early.

use std::collections::BTreeSet;

use caulk_program::{LocalId, Object};
use caulk_syntax::{AssignOp, Descend, ExprId, ExprKind, Node, Span, StmtId, StmtKind};

use super::paths::{Paths, root_variable};
use super::served::{View, is_call};
use super::told::told_by_error;
use crate::body::Function;
use crate::channels::made::{Actor, Op, Use, span_of};
use crate::channels::names::is_channel;
use crate::module::Module;

impl View<'_> {
    /// The loop that receives: the range itself, or the innermost loop around a receive that does
    /// not hold the start of the goroutine.
    pub(super) fn receiving_round(&self, start: Node, receive: &Use) -> Option<StmtId> {
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
    pub(super) fn leaves_round(
        &self,
        receive: &Use,
        round: StmtId,
        served: &[Node],
        independent: bool,
    ) -> Option<Span> {
        let exits = self.stops_early(receive, Some(round), served, independent);
        exits.into_iter().min()
    }

    /// Whether some of these sends are made as often as nothing tells beforehand: they fill whatever room there is. Whoever the
    /// starter tells to end may do so while there still is some.
    pub(super) fn fills(&self, sends: &[&Use]) -> bool {
        let is_told = sends.iter().any(|send| self.is_told_to_end(send.actor));
        !is_told
            && sends.iter().any(|send| {
                let function = send.function(self.function);
                // What cannot be looked into sends as often as it likes.
                is_call(function, send.node)
                    || unbounded_round(self.module, function, send.node).is_some()
                        && self.is_followed(send, sends)
            })
    }

    /// Whether a goroutine waits for a word of the starter on another channel.
    fn is_told_to_end(&self, goroutine: Actor) -> bool {
        let others = self.others.iter();
        let mut others = others.filter(|other| other.channel != self.used.channel);
        others.any(|other| {
            let mut uses = other.uses.iter();
            let hears = uses.any(|used| used.actor == goroutine && used.op == Op::Receive);
            let mut uses = other.uses.iter();
            hears
                && uses.any(|used| {
                    !matches!(used.actor, Actor::Goroutine(_))
                        && matches!(used.op, Op::Send | Op::Close)
                })
        })
    }

    /// All that a receiver leaves by so, whether it receives in a loop or not.
    pub(super) fn stops_early(
        &self,
        receive: &Use,
        round: Option<StmtId>,
        served: &[Node],
        independent: bool,
    ) -> Vec<Span> {
        let function = receive.function(self.function);
        let body = function.graph(receive.root).map(|graph| graph.body);
        let Some(looked_at) = round.or(body) else {
            return Vec::new();
        };
        let counted: Vec<Node> = served
            .iter()
            .copied()
            .filter(|node| receive.op != Op::Range || *node != receive.node)
            .collect();
        let received = received(function, receive.node);
        let counted_in_round = counters(function, looked_at);
        let (mut normal, mut failed) = (Vec::new(), Vec::new());
        conditions(function, looked_at, &mut |cond| {
            let reads = reads_directly(function, cond, &received.values);
            let is_open = function
                .local(cond)
                .is_some_and(|local| received.open.contains(&local));
            let asks = reads_directly(function, cond, &received.open) && !is_open
                || reads_directly(function, cond, &counted_in_round);
            // What is sent with an error may be the last; what comes without is not.
            if reads && !asks && !independent && asks_for_error(self.module, function, cond) {
                failed.push(cond);
            } else if asks || reads && !independent {
                normal.push(function.tree().expr(cond).span);
            }
        });
        if receive.callee.is_none() {
            for start in self.goroutines(|used| used.op == Op::Send) {
                failed.extend(told_by_error(self.module, function, start));
            }
            normal.extend(
                round
                    .into_iter()
                    .flat_map(|round| served_if_left(function, round, &counted)),
            );
        }
        let paths = Paths {
            failed,
            ..Paths::of(function, receive.root, counted)
        };
        paths.exits_past(receive.node, round, &normal, &received.open)
    }
}

/// The innermost loop around a place that is not bounded by what there is, such as the elements of a slice.
pub(super) fn unbounded_round(
    module: &Module<'_>,
    function: &Function,
    at: Node,
) -> Option<StmtId> {
    let tree = function.tree();
    let mut rounds = function.loops_around(at);
    rounds.find(|round| match tree.stmt(*round).kind {
        StmtKind::For { cond, post, .. } => cond.is_none() || post.is_none(),
        StmtKind::Range { x, .. } => is_channel(module.program, function.info().type_of(x)),
        _ => false,
    })
}

/// The conditions behind a loop that ask what it has set before it was left, and then let the sender go on: `if failed != nil { for range c {} }`.
fn served_if_left(function: &Function, round: StmtId, served: &[Node]) -> Vec<Span> {
    let tree = function.tree();
    let span = tree.stmt(round).span;
    let mut set = BTreeSet::new();
    tree.walk(round, |node| {
        if let Node::Stmt(stmt) = node
            && let StmtKind::Assign { lhs, .. } = tree.stmt(stmt).kind
        {
            set.extend(tree.exprs(lhs).iter().filter_map(|to| function.local(*to)));
        }
        Descend::Into
    });
    let behind = served
        .iter()
        .filter(|node| span_of(function, **node).start >= span.end);
    let conditions = behind.filter_map(|node| match tree.stmt(function.branch_of(*node)?).kind {
        StmtKind::If { cond, .. } => Some(cond),
        _ => None,
    });
    conditions
        .filter(|cond| reads_directly(function, *cond, &set))
        .map(|cond| tree.expr(cond).span)
        .collect()
}

/// Whether a condition compares an error with nil.
fn asks_for_error(module: &Module<'_>, function: &Function, cond: ExprId) -> bool {
    let ExprKind::Binary { x, y, .. } = function.tree().expr(cond).kind else {
        return false;
    };
    let info = function.info();
    *info.object(y) == Object::Nil && crate::types::is_error(module.program, info.type_of(x))
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

/// The variables that a loop counts: what has been received may be known by them.
fn counters(function: &Function, round: StmtId) -> BTreeSet<LocalId> {
    let tree = function.tree();
    let mut found = BTreeSet::new();
    tree.walk(round, |node| {
        if let Node::Stmt(stmt) = node
            && let StmtKind::IncDec { x, .. } = tree.stmt(stmt).kind
        {
            found.extend(function.local(x));
        }
        Descend::Into
    });
    found
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
pub(super) fn reads_directly(
    function: &Function,
    cond: ExprId,
    locals: &BTreeSet<LocalId>,
) -> bool {
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
