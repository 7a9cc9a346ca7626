//! Goroutines that send on a channel in a field of which all receivers may have left on the word of a context or a signal.

use std::collections::BTreeSet;

use caulk_program::{Builtin, Callee, FuncId};
use caulk_syntax::{Descend, ExprId, ExprKind, Node, Span, StmtId, StmtKind};

use super::{Blocked, Wait, of_same_package};
use crate::engine::{Function, Root};
use crate::goroutines::Run;
use crate::inference::channel::{is_alone, span_of};
use crate::inference::field_channels::field_channel;
use crate::module::Module;

/// How many methods, one called by the other, are looked into for a send.
const DEPTH: u8 = 2;

/// The goroutines that a body starts of this kind.
pub(super) fn abandoned(module: &Module<'_>, function: &Function) -> Vec<Blocked> {
    // A test ends before it matters.
    if crate::in_test::is_in_test(module, function) {
        return Vec::new();
    }
    let starts = crate::goroutines::starts(module, function).into_iter();
    starts
        .filter_map(|(stmt, call)| {
            let run = Run::in_package(module, function, call)?;
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
            let blocked = Blocked::new(function, stmt, Wait::Abandoned, sent.name);
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
        let Some(channel) = field_channel(self.module, function, chan) else {
            return;
        };
        let of = function.info().local_info(channel.of);
        if let Some(of) = of.filter(|_| channel.is_left_by_signal()) {
            self.send = Some(Sent {
                name: format!("{}.{}", of.name, channel.name),
                place: (depth == DEPTH).then(|| span_of(function, send.into())),
                by_quit: channel.is_left_by_quit(),
            });
        }
    }
}
