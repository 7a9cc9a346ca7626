//! A goroutine that blocks for ever on the one value it sends, since nobody waits any more: room for that
//! value in the channel lets it end.

use caulk_syntax::{AssignOp, Descend, ExprId, ExprKind, Node, SpecKind, StmtId, StmtKind, Tree};

use super::{Proposal, Proposed};
use crate::edit::Edit;
use crate::site::{Refusal, Site, span};

/// Gives the channel a buffer of one.
pub(super) fn propose(site: &Site<'_>) -> Proposed {
    let tree = site.scope.tree;
    let place = span(site.finding.location.span);
    let started = site.scope.statement_around(place).and_then(|at| {
        site.scope
            .outwards(at)
            .find(|at| matches!(site.scope.kind(*at), Some(StmtKind::Go(_))))
    });
    let started = started.ok_or_else(|| Refusal::new("the go statement cannot be found"))?;
    let literal = match site.scope.kind(started) {
        Some(StmtKind::Go(call)) => site
            .scope
            .call(call)
            .and_then(|(fun, _)| literal_body(tree, fun)),
        _ => None,
    };
    let literal = literal
        .ok_or_else(|| Refusal::new("what the goroutine does is not written where it starts"))?;
    let channel = only_send(tree, literal)?;

    let function =
        site.scope
            .outwards(started)
            .skip(1)
            .find_map(|at| match site.scope.node(at)? {
                Node::Expr(id) => literal_body(tree, id),
                Node::Stmt(id) if site.scope.parent(at).is_none() => Some(id),
                Node::Stmt(_) => None,
            });
    let function =
        function.ok_or_else(|| Refusal::new("the function around it cannot be found"))?;
    let made = made(tree, function, channel).ok_or_else(|| {
        Refusal::new(format!(
            "{channel} is not made in this function: who reads it cannot be seen"
        ))
    })?;
    let in_turn = |at: u32| {
        site.scope.outwards(started).any(|around| {
            matches!(
                site.scope.kind(around),
                Some(StmtKind::For { .. } | StmtKind::Range { .. })
            ) && !site.scope.span(around).contains(at)
        })
    };
    if in_turn(tree.expr(made).span.start) {
        return Err(Refusal::new(format!(
            "several goroutines send on {channel}: its buffer must hold one value for each"
        )));
    }
    if !only_sent_once(tree, function, channel) {
        return Err(Refusal::new(format!(
            "{channel} is also sent to or handed on elsewhere: one place in its buffer may not be enough"
        )));
    }
    let end = tree.expr(made).span.end.saturating_sub(1);
    Ok(Proposal::sure(vec![Edit::insert(end, ", 1")]))
}

fn literal_body(tree: &Tree, id: ExprId) -> Option<StmtId> {
    match tree.expr(tree.unparen(id)).kind {
        ExprKind::FuncLit { body, .. } => Some(body),
        _ => None,
    }
}

/// The channel that a goroutine sends one value on, in no loop and with no other way out.
fn only_send(tree: &Tree, body: StmtId) -> Result<&str, Refusal> {
    let mut sends = Vec::new();
    let mut repeats = false;
    let mut receives = false;
    tree.walk(body, |node| {
        match node {
            Node::Stmt(id) => match tree.stmt(id).kind {
                StmtKind::Send { chan, .. } => sends.push(chan),
                StmtKind::For { .. } | StmtKind::Range { .. } => repeats = true,
                _ => {}
            },
            Node::Expr(id) => {
                receives |= matches!(
                    tree.expr(id).kind,
                    ExprKind::Unary {
                        op: caulk_syntax::UnaryOp::Receive,
                        ..
                    }
                );
            }
        }
        Descend::Into
    });
    match sends.as_slice() {
        [chan] if !repeats => tree
            .ident(*chan)
            .ok_or_else(|| Refusal::new("it blocks on a channel that is not a variable")),
        [] if receives => Err(Refusal::new(
            "it waits for a value that never comes: close the channel, or let it watch a context",
        )),
        [] => Err(Refusal::new(
            "it blocks in a place that an edit here cannot free",
        )),
        _ => Err(Refusal::new(
            "it sends more than one value: let each send watch a context as well",
        )),
    }
}

/// The call that makes the channel without a buffer.
fn made(tree: &Tree, function: StmtId, channel: &str) -> Option<ExprId> {
    let mut found = Vec::new();
    tree.walk(function, |node| {
        let Node::Stmt(id) = node else {
            return Descend::Into;
        };
        match tree.stmt(id).kind {
            StmtKind::Assign {
                lhs,
                op: AssignOp::Define | AssignOp::Assign,
                rhs,
                ..
            } => {
                let pairs = tree.exprs(lhs).iter().zip(tree.exprs(rhs));
                found.extend(
                    pairs
                        .filter(|(left, _)| tree.ident(**left) == Some(channel))
                        .map(|(_, right)| *right),
                );
            }
            StmtKind::Decl(decl) => {
                for spec in tree.specs(tree.gen_decl(decl).specs) {
                    let SpecKind::Value(value) = spec.kind else {
                        continue;
                    };
                    let pairs = tree.names(value.names).iter().zip(tree.exprs(value.values));
                    found.extend(
                        pairs
                            .filter(|(name, _)| tree.name(**name) == channel)
                            .map(|(_, right)| *right),
                    );
                }
            }
            _ => {}
        }
        Descend::Into
    });
    let [only] = found.as_slice() else {
        return None;
    };
    let ExprKind::Call { fun, args, .. } = tree.expr(*only).kind else {
        return None;
    };
    let unbuffered = match tree.exprs(args) {
        [ty] => matches!(tree.expr(*ty).kind, ExprKind::ChanType { .. }),
        _ => false,
    };
    (tree.ident(fun) == Some("make") && unbuffered).then_some(*only)
}

/// Whether a channel has one send, and every other use is a receive or a `close`.
fn only_sent_once(tree: &Tree, function: StmtId, channel: &str) -> bool {
    let is_it = |id: ExprId| tree.ident(id) == Some(channel);
    let mut uses = 0;
    let mut sends = 0;
    let mut understood = 0;
    tree.walk(function, |node| {
        match node {
            Node::Expr(id) => match tree.expr(id).kind {
                ExprKind::Ident(_) if is_it(id) => uses += 1,
                ExprKind::Unary {
                    op: caulk_syntax::UnaryOp::Receive,
                    x,
                } if is_it(x) => understood += 1,
                ExprKind::Call { fun, args, .. } if tree.ident(fun) == Some("close") => {
                    understood += tree.exprs(args).iter().filter(|arg| is_it(**arg)).count();
                }
                _ => {}
            },
            Node::Stmt(id) => match tree.stmt(id).kind {
                StmtKind::Send { chan, .. } if is_it(chan) => {
                    sends += 1;
                    understood += 1;
                }
                StmtKind::Range { x, .. } if is_it(x) => understood += 1,
                StmtKind::Assign { lhs, .. } => {
                    understood += tree.exprs(lhs).iter().filter(|left| is_it(**left)).count();
                }
                _ => {}
            },
        }
        Descend::Into
    });
    sends == 1 && uses == understood
}
