//! Goroutines of a value that are told to end where they wait, and not where they send: on a channel in a field of which
//! all receivers may have left by then.

use caulk_program::{Callee, LocalId, LocalKind, Type};
use caulk_syntax::{Descend, ExprId, ExprKind, Node, Span, StmtId, StmtKind};

use super::{Blocked, Many, Wait, outside_of_tests, place_of};
use crate::body::Function;
use crate::body::runs::given;
use crate::channels::made::{is_alone, span_of};
use crate::channels::places::{KeptChannel, kept_channel};
use crate::channels::uses::{is_signal, leaves, received_by};
use crate::goroutines::{Body, Run, path};
use crate::module::Module;

/// The goroutines that a body starts of this kind.
pub(super) fn untold(module: &Module<'_>, function: &Function) -> Vec<Blocked> {
    outside_of_tests(module, function, |start, run| {
        started(module, function, start, run)
    })
}

fn started(module: &Module<'_>, function: &Function, start: Node, run: &Run) -> Option<Blocked> {
    let (send, channel, told) = run.body(module, function).untold()?;
    let blocked = Blocked {
        many: match channel.uses.is_for_others() {
            true => Many::Unseen,
            false => Many::Likely,
        },
        ..Blocked::new(function, start, Wait::Untold, channel.name)
    };
    Some(match &run.callee {
        Some(callee) => Blocked {
            within: place_of(module, callee, send.into()),
            ..blocked
        },
        None => Blocked {
            waits: span_of(function, send.into()),
            leaves: told,
            ..blocked
        },
    })
}

impl Body<'_> {
    /// The send, its channel, and the clause by which the goroutine is told to end.
    fn untold(&self) -> Option<(StmtId, KeptChannel, Span)> {
        let tree = self.function.tree();
        let graph = self.function.graph(self.root)?;
        let (mut sends, mut clauses) = (Vec::new(), Vec::new());
        tree.walk(graph.body, |node| {
            if let Node::Stmt(stmt) = node {
                match tree.stmt(stmt).kind {
                    StmtKind::Send { chan, .. } if is_alone(self.function, node) => {
                        sends.push((stmt, chan));
                    }
                    StmtKind::Comm { .. } if self.function.root_of(node) == self.root => {
                        clauses.push(stmt);
                    }
                    _ => {}
                }
            }
            Descend::Into
        });
        for (send, chan) in sends {
            if clauses.is_empty() {
                return None;
            }
            let Some(channel) = kept_channel(self.module, self.function, chan) else {
                continue;
            };
            if !channel.uses.is_left() && !channel.uses.is_for_others() {
                continue;
            }
            let told = clauses
                .iter()
                .find(|clause| self.tells_to_end(**clause, &channel, send));
            if let Some(told) = told {
                return Some((send, channel, tree.stmt(*told).span));
            }
        }
        None
    }

    /// Whether a clause ends the goroutine when the value that the channel belongs to, or a context, says so; in the loop
    /// that the send is made in.
    fn tells_to_end(&self, clause: StmtId, channel: &KeptChannel, send: StmtId) -> bool {
        let tree = self.function.tree();
        let Some(from) = received_by(self.function, clause) else {
            return false;
        };
        let quits = match tree.expr(tree.unparen(from)).kind {
            ExprKind::Selector { x, .. } => {
                self.function.local(x) == Some(channel.of)
                    && path(self.function, from).as_ref() != Some(&channel.name)
            }
            // `quit <-chan struct{}`
            ExprKind::Ident(_) => self.is_given_signal(from),
            ExprKind::Call { fun, .. } => {
                matches!(tree.expr(fun).kind, ExprKind::Selector { sel, .. } if tree.name(sel) == "Done")
            }
            _ => false,
        };
        let mut at = self.function.innermost_loop(clause);
        let mut together = false;
        while let Some(round) = at {
            together |= self.runs_in(send, tree.stmt(round).span);
            at = self.function.innermost_loop(round);
        }
        quits && together && leaves(tree, clause, &|node| self.function.parent(node))
    }

    /// Whether a channel of signals is a parameter of the body.
    fn is_given_signal(&self, channel: ExprId) -> bool {
        let program = self.module.program;
        let info = self
            .function
            .local(channel)
            .and_then(|local| self.function.info().local_info(local));
        info.is_some_and(|info| {
            let ty = program.ty(program.underlying(info.ty));
            info.function == self.root
                && matches!(info.kind, LocalKind::Param { .. })
                && matches!(ty, Type::Chan(_, element) if is_signal(program, *element))
        })
    }

    /// Whether a send is made in a loop of the body: it stands there, or in a literal that is called there by its variable.
    fn runs_in(&self, send: StmtId, round: Span) -> bool {
        let (function, tree) = (self.function, self.function.tree());
        let literal = function.root_of(send);
        if literal == self.root {
            return round.encloses(tree.stmt(send).span);
        }
        let holder = literal.and_then(|literal| self.holder(literal));
        holder.is_some_and(|holder| {
            function.info().calls().iter().any(|(call, callee)| {
                **callee == Callee::Local(holder)
                    && function.root_of(*call) == self.root
                    && round.encloses(tree.expr(*call).span)
                    && !matches!(function.parent(*call), Some(Node::Stmt(stmt))
                        if matches!(tree.stmt(stmt).kind, StmtKind::Go(_) | StmtKind::Defer(_)))
            })
        })
    }

    /// The variable that a literal is given to.
    fn holder(&self, literal: ExprId) -> Option<LocalId> {
        let Node::Stmt(stmt) = self.function.parent(literal)? else {
            return None;
        };
        let given = given(self.function, stmt).into_iter();
        let mut of_it = given.filter(|(_, value)| *value == Some(literal));
        Some(of_it.next()?.0)
    }
}
