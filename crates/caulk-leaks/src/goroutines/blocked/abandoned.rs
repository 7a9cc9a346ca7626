//! Goroutines that send on a channel in a field of which all receivers may have left on the word of a context or a signal.

use std::collections::BTreeSet;

use caulk_program::{Builtin, Callee, FuncId, Type};
use caulk_syntax::{Descend, ExprId, ExprKind, Node, StmtId, StmtKind};

use super::paths::{Paths, root_variable};
use super::round::unbounded_round;
use super::{Blocked, Many, Wait, of_same_package, outside_of_tests, place_of};
use crate::body::{Function, Root};
use crate::channels::made::{channels, is_alone, is_understood};
use crate::channels::places::{KeptChannel, kept_channel};
use crate::channels::uses::is_signal;
use crate::finding::Location;
use crate::goroutines::endless::released_type;
use crate::goroutines::path;
use crate::module::Module;

/// How many methods, one called by the other, are looked into for a send.
const DEPTH: u8 = 2;

/// The goroutines that a body starts of this kind.
pub(super) fn abandoned(module: &Module<'_>, function: &Function) -> Vec<Blocked> {
    outside_of_tests(module, function, |start, run| {
        let body = run.body(module, function);
        let mut search = Search {
            module,
            seen: BTreeSet::new(),
            send: None,
            asked: None,
            ends_others: false,
            counts_off: false,
        };
        search.look(
            body.function,
            body.root,
            DEPTH,
            starts_again(function, start),
        );
        let (sent, wait, many) = match (search.sent(), search.asked) {
            (Some(sent), _) => (sent, Wait::Abandoned, Many::Likely),
            (None, Some(asked)) => (asked, Wait::Asked, Many::Unseen),
            (None, None) => return None,
        };
        let blocked = Blocked::new(function, start, wait, sent.name);
        Some(Blocked {
            within: sent.place,
            many,
            ..blocked
        })
    })
}

/// Whether a loop without an end of its own starts a goroutine again and again.
fn starts_again(function: &Function, start: Node) -> bool {
    let round = function.innermost_loop(start);
    round.is_some_and(|round| function.tree().is_endless_loop(round))
}

fn is_called_here(function: &Function, literal: ExprId) -> bool {
    matches!(function.parent(literal), Some(Node::Expr(call))
        if matches!(function.tree().expr(call).kind, ExprKind::Call { fun, .. } if fun == literal))
}

/// Whether more and more sends on the same channel follow a send, so that they fill any room.
fn sends_again(module: &Module<'_>, function: &Function, send: StmtId, chan: ExprId) -> bool {
    let paths = Paths::of(function, function.root_of(send), vec![send.into()]);
    goes_on(module, function, send.into(), chan) && paths.reaches(send.into())
}

/// Whether a place is in a loop that nothing bounds, and in which a value stays the same: each turn may have a channel of its own.
fn goes_on(module: &Module<'_>, function: &Function, at: Node, of: ExprId) -> bool {
    let of = root_variable(function, of).and_then(|of| function.info().local_info(of));
    unbounded_round(module, function, at).is_some_and(|round| {
        let round = function.tree().stmt(round).span;
        of.is_some_and(|of| !round.encloses(of.span))
    })
}

/// Whether a channel is one of the value that a method is called on, and carries more than a number or a truth, which may be
/// meant to be sent but once.
fn is_of_receiver(module: &Module<'_>, function: &Function, chan: ExprId) -> bool {
    let program = module.program;
    let receiver = function.info().receiver();
    let ty = program.ty(program.underlying(function.info().type_of(chan)));
    receiver.is_some()
        && root_variable(function, chan) == receiver
        && matches!(ty, Type::Chan(_, element) if !program.is_basic(*element))
}

/// Whether a channel carries nothing: what is sent on it may be one of as many tokens as there is room for.
fn is_token(module: &Module<'_>, function: &Function, chan: ExprId) -> bool {
    let program = module.program;
    let ty = program.ty(program.underlying(function.info().type_of(chan)));
    matches!(ty, Type::Chan(_, element) if is_signal(program, *element))
}

/// A send that nobody may receive.
struct Sent {
    name: String,
    place: Option<Location>,
    /// The receivers may leave when all that send have been counted off.
    by_quit: bool,
}

struct Search<'a> {
    module: &'a Module<'a>,
    seen: BTreeSet<FuncId>,
    send: Option<Sent>,
    /// One that only methods receive which others call.
    asked: Option<Sent>,
    /// It closes a channel, or ends a context: by that the receivers may leave.
    ends_others: bool,
    /// It is counted off by a group: who waits for that may tell the receivers to leave.
    counts_off: bool,
}

impl Search<'_> {
    fn sent(&mut self) -> Option<Sent> {
        let counts_off = self.counts_off;
        self.send
            .take()
            .filter(|sent| !(self.ends_others || sent.by_quit && counts_off))
    }

    /// `again` says that the function is called again and again.
    fn look(&mut self, function: &Function, root: Root, depth: u8, again: bool) {
        let Some(graph) = function.graph(root) else {
            return;
        };
        let tree = function.tree();
        let (mut calls, mut ended) = (Vec::new(), false);
        let sent_before = self.send.is_some();
        let mut closed_here: Vec<Option<String>> = Vec::new();
        tree.walk(graph.body, |node| {
            match node {
                Node::Stmt(stmt) => match tree.stmt(stmt).kind {
                    StmtKind::Go(_) => return Descend::Skip,
                    StmtKind::Send { .. } => self.note(function, stmt, again),
                    _ => {}
                },
                Node::Expr(expr) => match tree.expr(expr).kind {
                    // Who runs what is passed on is not known.
                    ExprKind::FuncLit { .. } if !is_called_here(function, expr) => {
                        return Descend::Skip;
                    }
                    ExprKind::Call { fun, args, .. } => {
                        let callee = function.callee(expr);
                        let ty = function.info().type_of(fun);
                        if *callee == Callee::Builtin(Builtin::Close) {
                            let closed = tree.exprs(args).first();
                            closed_here.extend(closed.map(|closed| path(function, *closed)));
                        }
                        let ends = self.module.program.named_name(ty);
                        if ends.is_some_and(|name| name.ends_with("context.CancelFunc")) {
                            // Before it sends it takes the receivers away, and behind that it lets them go.
                            ended |= self.send.is_none() && !function.is_deferred(expr);
                            self.ends_others |= self.send.is_some() || function.is_deferred(expr);
                        }
                        if let Some(func) = callee.func() {
                            self.counts_off |= &*func.name == "sync.WaitGroup.Done";
                            let of = callee.receiver().unwrap_or(expr);
                            let again = goes_on(self.module, function, node, of);
                            calls.extend(func.id.map(|id| (id, again)));
                        }
                    }
                    _ => {}
                },
            }
            Descend::Into
        });
        self.ends_others |= ended && (sent_before || self.send.is_none());
        // To close what it sends on tells the receivers only that no more comes.
        let sent = self.send.as_ref().map(|sent| &sent.name);
        self.ends_others |= closed_here.iter().any(|closed| closed.as_ref() != sent);
        let Some(depth) = depth.checked_sub(1) else {
            return;
        };
        for (id, again) in calls {
            if self.seen.insert(id)
                && let Some(callee) = of_same_package(self.module, function, id)
            {
                self.look(&callee, None, depth, again);
            }
        }
    }

    fn note(&mut self, function: &Function, send: StmtId, again: bool) {
        let StmtKind::Send { chan, .. } = function.tree().stmt(send).kind else {
            return;
        };
        if self.send.is_some() || !is_alone(function, send.into()) {
            return;
        }
        let again = again && is_of_receiver(self.module, function, chan)
            || sends_again(self.module, function, send, chan);
        // Who may receive it in a variable may be who closes it, and that ends no send.
        let named = function.local(chan).is_some();
        let is_left = |channel: &KeptChannel| {
            let full = again && channel.uses.is_left_full();
            let full = full && !is_token(self.module, function, chan);
            (channel.uses.is_left_by_signal() || full) && !(named && channel.uses.is_closed())
        };
        // One whose every use is understood is judged by its paths.
        let is_local = function.local(chan).is_some_and(|local| {
            let made = channels(self.module, function).into_iter();
            let mut of_it = made.filter(|made| made.local == Some(local));
            of_it.any(|made| is_understood(self.module, function, &made))
        });
        let Some(channel) = kept_channel(self.module, function, chan).filter(|_| !is_local) else {
            return;
        };
        // Whoever has the value releases it, and asks it no more.
        let is_asked = || {
            let receiver = function.info().receiver();
            let released = receiver.and_then(|of| released_type(self.module, function, of));
            again && channel.uses.is_for_callers() && released.is_some()
        };
        let is_left = is_left(&channel);
        if !is_left && !is_asked() {
            return;
        }
        let sent = Some(Sent {
            place: place_of(self.module, function, send.into()),
            by_quit: channel.uses.is_left_by_quit(),
            name: channel.name,
        });
        match is_left {
            true => self.send = sent,
            false => self.asked = self.asked.take().or(sent),
        }
    }
}
