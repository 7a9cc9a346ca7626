//! What shows the starter of a goroutine how far that has come.

use std::collections::BTreeSet;

use caulk_program::{Builtin, Callee, FuncRef, LocalId};
use caulk_syntax::{Descend, ExprId, ExprKind, Node, Span, StmtKind, UnaryOp};

use super::paths::{Paths, ending_loop};
use super::served::View;
use super::told::{told, told_by_context, told_by_error};
use crate::body::Function;
use crate::channels::made::{Actor, Op, Use, is_alone, sends, span_of};
use crate::channels::uses::{clause_of, received_by};
use crate::module::Module;

impl<'a> View<'a> {
    /// Paths of the starter on which a receive lets the goroutine go on.
    pub(super) fn receiving(&self, start: Node, receives: &[&Use]) -> Paths<'a> {
        let sure = receives
            .iter()
            .filter(|receive| !self.may_skip(start, receive, receives));
        let mut counted: Vec<Node> = sure.map(|receive| receive.node).collect();
        let begun = span_of(self.function, start);
        // A range over what the call gives takes all of it.
        let over_call = receives.iter().filter_map(|receive| match receive.node {
            Node::Stmt(stmt) if receive.span(self.function).encloses(begun) => Some(stmt),
            _ => None,
        });
        let enough = counted
            .iter()
            .filter(|node| !leaves_behind(self.function, **node))
            .filter_map(|node| ending_loop(self.function, start, *node))
            .chain(over_call)
            .collect();
        let told = counted
            .iter()
            .filter_map(|node| told(self.function, begun, *node))
            .collect();
        counted.extend(self.progress(start));
        Paths {
            enough,
            told,
            failed: self.failed(start),
            ..Paths::of(self.function, self.used.channel.root, counted)
        }
    }

    /// The conditions that say whether there is an error instead of the channel, or that the goroutine was not started, or has ended.
    pub(super) fn failed(&self, start: Node) -> Vec<ExprId> {
        let mut failed = told_by_error(self.module, self.function, start);
        failed.extend(self.used.channel.failed);
        failed.extend(self.fails_unstarted(start));
        failed
    }

    /// Receives of the starter that show how far the goroutine has come: from another channel that
    /// it sends on or closes; and the calls that wait for a group.
    pub(super) fn progress(&self, start: Node) -> Vec<Node> {
        let mut nodes = Vec::new();
        for other in self.others {
            let by_it = other.uses.iter().any(|used| {
                used.actor == Actor::Goroutine(start)
                    && matches!(used.op, Op::Send | Op::Close | Op::Lent)
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
        nodes.extend(self.told_at_end(start));
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
        let sent = sends(function, start).into_iter();
        let mut ended: BTreeSet<LocalId> = sent
            .filter_map(|(_, channel)| function.local(channel))
            .collect();
        let (mut received, mut of) = (Vec::new(), Vec::new());
        let begun = span_of(function, start);
        let Some(graph) = function.graph(self.used.channel.root) else {
            return Vec::new();
        };
        tree.walk(graph.body, |node| {
            let here = begun.encloses(span_of(function, node));
            if let Node::Expr(expr) = node {
                match tree.expr(expr).kind {
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
                }
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
    pub(super) fn counts_off(&self, worker: Node) -> bool {
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

    /// Whether a receiver leaves, at a place, only on the word of a channel that the starter gives it behind a wait for a group
    /// that the sender counts off from: nothing is sent any more by then.
    pub(super) fn told_when_all_is_sent(&self, sender: Node, leaves: Span) -> bool {
        let function = self.function;
        let Some(word) = told_by(function, leaves) else {
            return false;
        };
        let waits = self.waits_for_end(sender).into_iter();
        let Some(waited) = waits.map(|wait| span_of(function, wait).end).min() else {
            return false;
        };
        let given = words(function, word);
        !given.is_empty()
            && given.iter().all(|node| {
                span_of(function, *node).start > waited
                    && function.root_of(*node) == self.used.channel.root
            })
    }

    /// Whether a method waits for the goroutines of a group.
    pub(super) fn waits_for_group(&self, func: &FuncRef) -> bool {
        waits_for_group(self.module, func)
    }
}

fn waits_for_group(module: &Module<'_>, func: &FuncRef) -> bool {
    let (package, name) = crate::types::split_name(module.program, func);
    module.catalogue.waits_for_group(package, name)
}

/// The calls of a function that wait for a group of goroutines.
pub(super) fn waits_for_groups(module: &Module<'_>, function: &Function) -> Vec<Node> {
    let calls = function.info().calls();
    let calls = calls.iter().filter(|(_, callee)| {
        matches!(callee, Callee::Method { func, .. } if waits_for_group(module, func))
    });
    calls.map(|(call, _)| Node::Expr(*call)).collect()
}

/// The channel of the clause of a `select` around a place.
fn told_by(function: &Function, at: Span) -> Option<LocalId> {
    let tree = function.tree();
    let mut word = None;
    tree.walk(function.typed.block()?, |node| {
        if let Node::Stmt(stmt) = node
            && matches!(tree.stmt(stmt).kind, StmtKind::Comm { .. })
            && tree.stmt(stmt).span.encloses(at)
        {
            word = received_by(function, stmt).and_then(|channel| function.local(channel));
        }
        Descend::Into
    });
    word
}

/// Where something is sent on a channel, or it is closed.
fn words(function: &Function, channel: LocalId) -> Vec<Node> {
    let Some(block) = function.typed.block() else {
        return Vec::new();
    };
    let sends = sends(function, block).into_iter();
    let sends = sends.map(|(send, of)| (Node::from(send), of));
    let calls = function.info().calls().into_iter();
    let closes = calls
        .filter(|(_, callee)| **callee == Callee::Builtin(Builtin::Close))
        .filter_map(|(call, _)| {
            let of = function.tree().arguments(call).first()?;
            Some((Node::from(call), *of))
        });
    let given = sends.chain(closes);
    given
        .filter(|(_, of)| function.local(*of) == Some(channel))
        .map(|(node, _)| node)
        .collect()
}

/// Whether a receive is one of the clauses of a `select` and returns: a loop around it that comes to its own end has not
/// received.
fn leaves_behind(function: &Function, receive: Node) -> bool {
    let tree = function.tree();
    let Some(clause) = clause_of(tree, function.parents(), receive) else {
        return false;
    };
    let StmtKind::Comm { body, .. } = tree.stmt(clause).kind else {
        return false;
    };
    let last = tree.stmts(body).last();
    !is_alone(function, receive)
        && last.is_some_and(|last| matches!(tree.stmt(*last).kind, StmtKind::Return(_)))
}
