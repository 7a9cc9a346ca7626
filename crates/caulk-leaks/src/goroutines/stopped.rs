//! Goroutines that wait for a timer or a ticker which somebody else stops: that does not close its channel, and so they
//! wait for ever.

mod kept;

use std::sync::Arc;

use caulk_program::Callee;
use caulk_syntax::{Descend, ExprId, ExprKind, Node, Span, StmtId, StmtKind, UnaryOp};
use kept::{CLOCKS, Kept};

use super::endless::endless_loop;
use super::staying::Staying;
use super::{Body, Run, path};
use crate::body::Function;
use crate::channels::made::is_alone;
use crate::channels::places::kept_channel;
use crate::channels::uses::received_by;
use crate::finding::{Acquisition, Confidence, Finding, Heat};
use crate::module::Module;

/// A goroutine that waits for a timer which is stopped.
pub(crate) struct Stopped {
    /// The `go` statement.
    pub start: StmtId,
    callee: Option<Arc<Function>>,
    waits: Span,
    /// `timer.C`.
    channel: String,
    /// Whether it waits again and again.
    again: bool,
}

/// The goroutines of a body that wait for a timer which others stop.
pub(crate) fn goroutines(module: &Module<'_>, function: &Function) -> Vec<Stopped> {
    let starts = function.starts(module.program).iter().copied();
    starts
        .filter_map(|(start, call)| {
            let run = Run::in_package(module, function, call)?;
            let body = run.body(module, function);
            let (waits, channel, again) = Waiter { body, start }.waits()?;
            Some(Stopped {
                start,
                waits,
                channel,
                again,
                callee: run.callee,
            })
        })
        .collect()
}

/// A goroutine with where it starts.
struct Waiter<'a> {
    body: Body<'a>,
    start: StmtId,
}

impl Waiter<'_> {
    /// Where it waits for a timer that others stop, the timer's channel, and whether it does so in a loop.
    fn waits(&self) -> Option<(Span, String, bool)> {
        let tree = self.body.function.tree();
        let graph = self.body.function.graph(self.body.root)?;
        // What stops or sets its timer itself knows when it waits.
        if self.calls_clock(
            self.body.function,
            |root| self.is_here(root),
            &["Stop", "Reset"],
            None,
        ) {
            return None;
        }
        let mut waits: Vec<(Span, ExprId, bool)> = Vec::new();
        tree.walk(graph.body, |node| {
            match node {
                Node::Expr(expr) => match tree.expr(expr).kind {
                    ExprKind::FuncLit { .. } => return Descend::Skip,
                    ExprKind::Unary {
                        op: UnaryOp::Receive,
                        x,
                    } if is_alone(self.body.function, node) => {
                        waits.push((tree.expr(expr).span, x, false));
                    }
                    _ => {}
                },
                Node::Stmt(stmt) => match tree.stmt(stmt).kind {
                    StmtKind::Range { x, .. } => waits.push((tree.expr(x).span, x, false)),
                    StmtKind::Select(clauses) => {
                        waits.extend(self.beside(clauses).map(|(at, x)| (at, x, true)));
                    }
                    _ => {}
                },
            }
            Descend::Into
        });
        waits.into_iter().find_map(|(at, channel, beside)| {
            let (timer, name) = self.clock(channel)?;
            let stopped = self.kept(timer).iter().any(|kept| match kept {
                Kept::Among(..) => self.is_stopped(kept),
                Kept::Local(_) => !beside && !self.tells() && self.is_stopped(kept),
                Kept::Field(..) | Kept::Var(_) => !beside && self.is_stopped(kept),
            });
            let again = self.body.function.innermost_loop(channel).is_some()
                || matches!(self.body.function.parent(channel), Some(Node::Stmt(_)));
            // Who can leave the loop may do so before the timer is stopped.
            let stays = || {
                endless_loop(
                    self.body.module,
                    self.body.function.package,
                    self.body.function,
                    graph,
                )
            };
            let stopped = stopped && (!again || stays().is_some());
            stopped.then_some((at, name, again))
        })
    }

    /// The one clause of a `select` that waits for a timer where all others wait for the end of the value itself: it
    /// outlives its timers.
    fn beside(&self, clauses: StmtId) -> Option<(Span, ExprId)> {
        let tree = self.body.function.tree();
        let StmtKind::Block(block) = tree.stmt(clauses).kind else {
            return None;
        };
        let mut timers = Vec::new();
        let clauses = tree.stmts(block.stmts);
        for clause in clauses {
            let channel = received_by(self.body.function, *clause)?;
            if self.clock(channel).is_some() {
                timers.push((tree.expr(channel).span, channel));
            } else {
                kept_channel(self.body.module, self.body.function, channel)?;
            }
        }
        match timers[..] {
            [timer] if clauses.len() > 1 => Some(timer),
            _ => None,
        }
    }

    /// The timer of a channel `timer.C`, or of a variable that holds it, and what the channel is called.
    fn clock(&self, channel: ExprId) -> Option<(ExprId, String)> {
        let tree = self.body.function.tree();
        let channel = tree.unparen(channel);
        match tree.expr(channel).kind {
            ExprKind::Ident(_) => {
                let local = self.body.function.local(channel)?;
                let value = self
                    .body
                    .function
                    .sole_value(self.body.module.program, local);
                let (value, _) = value?;
                matches!(tree.expr(value).kind, ExprKind::Selector { .. })
                    .then(|| self.clock(value))?
            }
            ExprKind::Selector { x, sel } if tree.name(sel) == "C" => {
                let ty = self
                    .body
                    .module
                    .program
                    .named_name(self.body.function.info().type_of(x))?;
                CLOCKS.contains(&ty.as_str()).then(|| {
                    let name = path(self.body.function, x).unwrap_or_else(|| "timer".to_owned());
                    (x, format!("{name}.C"))
                })
            }
            _ => None,
        }
    }

    /// Whether the goroutine tells somebody that it has waited, who may wait for that and let the timer run out. Its starter does not
    /// where it stops the timer when it returns and gives the channel to others.
    fn tells(&self) -> bool {
        let (function, tree) = (self.body.function, self.body.function.tree());
        // Whom a channel tells that is a variable of the starter, and is not received from there.
        let waits_here = |channel: Option<ExprId>| {
            let local = channel.and_then(|channel| function.local(channel));
            let Some(local) = local.filter(|_| self.body.root.is_some()) else {
                return true;
            };
            let mentions = function.mentions(self.body.module.program, local);
            mentions.into_iter().any(|mention| {
                !self.is_here(function.root_of(mention)) && is_received_from(function, mention)
            })
        };
        let mut tells = false;
        if let Some(graph) = self
            .body
            .function
            .graph(self.body.root)
            .filter(|graph| graph.returns())
        {
            tree.walk(graph.body, |node| {
                tells |= match node {
                    Node::Stmt(stmt) => match tree.stmt(stmt).kind {
                        StmtKind::Send { chan, .. } => waits_here(Some(chan)),
                        _ => false,
                    },
                    Node::Expr(expr) => {
                        matches!(tree.expr(expr).kind, ExprKind::Call { .. })
                            && match self.body.function.callee(expr) {
                                Callee::Builtin(caulk_program::Builtin::Close) => {
                                    waits_here(tree.arguments(expr).first().copied())
                                }
                                callee => callee
                                    .func()
                                    .is_some_and(|func| &*func.name == "sync.WaitGroup.Done"),
                            }
                    }
                };
                Descend::Into
            });
        }
        tells
    }
}

/// Whether a channel is received from where it is named: `<-done`, `for range done`.
fn is_received_from(function: &Function, channel: ExprId) -> bool {
    let tree = function.tree();
    match function.parent(channel) {
        Some(Node::Expr(around)) => matches!(
            tree.expr(around).kind,
            ExprKind::Unary {
                op: UnaryOp::Receive,
                ..
            }
        ),
        Some(Node::Stmt(stmt)) => matches!(tree.stmt(stmt).kind, StmtKind::Range { .. }),
        None => false,
    }
}

impl Stopped {
    pub fn described(
        &self,
        module: &Module<'_>,
        function: &Function,
        heat: Heat,
    ) -> Option<(Acquisition, Finding)> {
        let channel = &self.channel;
        let staying = Staying {
            rule: if self.again {
                super::endless::RULE
            } else {
                super::blocked::RULE
            },
            start: self.start,
            callee: self.callee.as_deref(),
            at: self.waits,
            at_loop: false,
            note: format!("waits for {channel}, which nothing closes"),
            variable: channel.clone(),
            release: "return".to_owned(),
            message: format!("goroutine waits for ever for {channel} when its timer is stopped"),
            confidence: Confidence::Certain,
            why: "the goroutine needs another way to be told to end: a channel that is closed, or a context",
        };
        staying.published(module, function, heat)
    }
}
