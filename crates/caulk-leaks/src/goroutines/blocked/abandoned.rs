//! Goroutines that send on a channel in a field of which all receivers may have left on the word of a context or a signal.

use std::collections::BTreeSet;

use caulk_program::{Builtin, Callee, FuncId, Type};
use caulk_syntax::{Descend, ExprId, ExprKind, Node, Span, StmtId, StmtKind};

use super::paths::{Paths, root_variable};
use super::{Blocked, Wait, of_same_package};
use crate::engine::{Function, Root};
use crate::inference::channel::{channels, is_alone, span_of, uses};
use crate::inference::channel_places::{KeptChannel, kept_channel};
use crate::module::Module;

/// How many methods, one called by the other, are looked into for a send.
const DEPTH: u8 = 2;

/// The goroutines that a body starts of this kind.
pub(super) fn abandoned(module: &Module<'_>, function: &Function) -> Vec<Blocked> {
    // A test ends before it matters.
    if crate::in_test::is_in_test(module, function) {
        return Vec::new();
    }
    let starts = crate::goroutines::started(module, function).into_iter();
    starts
        .filter_map(|(start, run)| {
            let body = run.body(module, function);
            let mut search = Search {
                module,
                seen: BTreeSet::new(),
                send: None,
                ends_others: false,
                counts_off: false,
            };
            search.look(body.function, body.root, DEPTH);
            let sent = search.sent()?;
            let blocked = Blocked::new(function, start, Wait::Abandoned, sent.name);
            Some(Blocked {
                waits: sent
                    .place
                    .filter(|_| run.callee.is_none())
                    .unwrap_or(blocked.waits),
                ..blocked
            })
        })
        .collect()
}

fn is_called_here(function: &Function, literal: ExprId) -> bool {
    matches!(function.parent(literal), Some(Node::Expr(call))
        if matches!(function.tree().expr(call).kind, ExprKind::Call { fun, .. } if fun == literal))
}

/// Whether more and more sends on the same channel follow a send, so that they fill any room: in a loop that is not bounded
/// by what there is, such as the elements of a slice.
fn sends_again(module: &Module<'_>, function: &Function, send: StmtId, chan: ExprId) -> bool {
    let tree = function.tree();
    let of = root_variable(function, chan).and_then(|of| function.info().local_info(of));
    let stays = function.innermost_loop(send).is_some_and(|round| {
        let goes_on = match tree.stmt(round).kind {
            StmtKind::For { init, post, .. } => init.is_none() || post.is_none(),
            StmtKind::Range { x, .. } => {
                let ty = function.info().type_of(x);
                matches!(
                    module.program.ty(module.program.underlying(ty)),
                    Type::Chan(..)
                )
            }
            _ => false,
        };
        // Each turn may have a channel of its own.
        goes_on && of.is_some_and(|of| !tree.stmt(round).span.encloses(of.span))
    });
    let paths = Paths {
        function,
        root: function.root_of(send),
        counted: vec![send.into()],
        enough: Vec::new(),
        told: Vec::new(),
        failed: None,
    };
    stays && paths.reaches(send.into())
}

/// A send that nobody may receive.
struct Sent {
    name: String,
    /// Where it stands, if the goroutine itself does it.
    place: Option<Span>,
    /// The receivers may leave when all that send have been counted off.
    by_quit: bool,
}

struct Search<'a> {
    module: &'a Module<'a>,
    seen: BTreeSet<FuncId>,
    send: Option<Sent>,
    /// It closes a channel, or ends a context: by that the receivers may leave.
    ends_others: bool,
    /// It is counted off by a group: who waits for that may tell the receivers to leave.
    counts_off: bool,
}

impl Search<'_> {
    fn sent(self) -> Option<Sent> {
        let counts_off = self.counts_off;
        self.send
            .filter(|sent| !(self.ends_others || sent.by_quit && counts_off))
    }

    fn look(&mut self, function: &Function, root: Root, depth: u8) {
        let Some(graph) = function.graph(root) else {
            return;
        };
        let tree = function.tree();
        let (mut calls, mut ended) = (Vec::new(), false);
        let sent_before = self.send.is_some();
        tree.walk(graph.body, |node| {
            match node {
                Node::Stmt(stmt) => match tree.stmt(stmt).kind {
                    StmtKind::Go(_) => return Descend::Skip,
                    StmtKind::Send { .. } => self.note(function, stmt, depth),
                    _ => {}
                },
                Node::Expr(expr) => match tree.expr(expr).kind {
                    // Who runs what is passed on is not known.
                    ExprKind::FuncLit { .. } if !is_called_here(function, expr) => {
                        return Descend::Skip;
                    }
                    ExprKind::Call { fun, .. } => {
                        let callee = function.callee(expr);
                        let ty = function.info().type_of(fun);
                        self.ends_others |= *callee == Callee::Builtin(Builtin::Close);
                        let ends = self.module.program.named_name(ty);
                        if ends.is_some_and(|name| name.ends_with("context.CancelFunc")) {
                            // Before it sends it takes the receivers away, and behind that it lets them go.
                            ended |= self.send.is_none() && !function.is_deferred(expr);
                            self.ends_others |= self.send.is_some() || function.is_deferred(expr);
                        }
                        if let Some(func) = callee.func() {
                            self.counts_off |= &*func.name == "sync.WaitGroup.Done";
                            calls.extend(func.id);
                        }
                    }
                    _ => {}
                },
            }
            Descend::Into
        });
        self.ends_others |= ended && (sent_before || self.send.is_none());
        let Some(depth) = depth.checked_sub(1) else {
            return;
        };
        for id in calls {
            if self.seen.insert(id)
                && let Some(callee) = of_same_package(self.module, function, id)
            {
                self.look(&callee, None, depth);
            }
        }
    }

    fn note(&mut self, function: &Function, send: StmtId, depth: u8) {
        let StmtKind::Send { chan, .. } = function.tree().stmt(send).kind else {
            return;
        };
        if self.send.is_some() || !is_alone(function, send.into()) {
            return;
        }
        let again = sends_again(self.module, function, send, chan);
        // Who may receive it in a variable may be who closes it, and that ends no send.
        let named = function.local(chan).is_some();
        let is_left = |channel: &KeptChannel| {
            (channel.uses.is_left_by_signal() || again && channel.uses.is_left_full())
                && !(named && channel.uses.is_closed())
        };
        // One whose every use is understood is judged by its paths.
        let is_local = function.local(chan).is_some_and(|local| {
            let made = channels(self.module, function).into_iter();
            let mut of_it = made.filter(|made| made.local == Some(local));
            of_it.any(|made| uses(self.module, function, &made).is_some())
        });
        let channel = kept_channel(self.module, function, chan).filter(|_| !is_local);
        if let Some(channel) = channel.filter(is_left) {
            self.send = Some(Sent {
                name: channel.name,
                place: (depth == DEPTH).then(|| span_of(function, send.into())),
                by_quit: channel.uses.is_left_by_quit(),
            });
        }
    }
}
