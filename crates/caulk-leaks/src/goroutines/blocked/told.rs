//! What tells the starter of a goroutine how far that has come.

use std::collections::BTreeSet;

use caulk_program::{Callee, LocalId};
use caulk_syntax::{Descend, ExprId, ExprKind, Node, Span, StmtKind, UnaryOp};

use crate::body::Function;
use crate::body::runs::pairs;
use crate::channels::made::span_of;
use crate::module::Module;

/// What the clause of a `select` that receives, in a loop without an end of its own, sets: a
/// condition beside that `select` that looks at it knows whether something was received.
pub(super) struct Told {
    round: Span,
    select: Span,
    set: BTreeSet<LocalId>,
}

impl Told {
    pub fn decides(&self, function: &Function, cond: ExprId) -> bool {
        let tree = function.tree();
        let mut found = false;
        tree.walk(cond, |node| {
            if let Node::Expr(expr) = node {
                found |= function
                    .info()
                    .local(expr)
                    .is_some_and(|local| self.set.contains(&local));
            }
            Descend::Into
        });
        let at = tree.expr(cond).span;
        found && self.round.encloses(at) && !self.select.encloses(at)
    }
}

pub(super) fn told(function: &Function, start: Span, receive: Node) -> Option<Told> {
    let tree = function.tree();
    let round = function.innermost_loop(receive)?;
    if !tree.is_endless_loop(round) || tree.stmt(round).span.encloses(start) {
        return None;
    }
    let mut at = receive;
    let clause = loop {
        match function.parent(at)? {
            Node::Stmt(stmt) if matches!(tree.stmt(stmt).kind, StmtKind::Comm { .. }) => {
                break stmt;
            }
            parent => at = parent,
        }
    };
    let mut set = BTreeSet::new();
    tree.walk(clause, |node| {
        if let Node::Stmt(stmt) = node {
            match tree.stmt(stmt).kind {
                StmtKind::Assign { lhs, .. } => {
                    set.extend(tree.exprs(lhs).iter().filter_map(|x| function.local(*x)));
                }
                StmtKind::IncDec { x, .. } => set.extend(function.local(x)),
                _ => {}
            }
        }
        Descend::Into
    });
    let select = loop {
        match function.parent(at)? {
            Node::Stmt(stmt) if matches!(tree.stmt(stmt).kind, StmtKind::Select { .. }) => {
                break stmt;
            }
            parent => at = parent,
        }
    };
    Some(Told {
        round: tree.stmt(round).span,
        select: tree.stmt(select).span,
        set,
    })
}

/// The conditions that ask for an error which a goroutine leaves in a variable of its starter when it ends: `err = dec.Decode(); return`.
pub(super) fn told_by_error(module: &Module<'_>, function: &Function, start: Node) -> Vec<ExprId> {
    let (tree, info) = (function.tree(), function.info());
    let begun = span_of(function, start);
    let is_left = |target: &ExprId| {
        let local = function.local(*target)?;
        let known = info.local_info(local)?;
        let is_error = crate::types::is_error(module.program, known.ty);
        (is_error && !begun.encloses(known.span)).then_some(local)
    };
    let (mut left, mut asked) = (BTreeSet::new(), Vec::new());
    if let Some(block) = function.typed.block() {
        tree.walk(block, |node| {
            match node {
                Node::Stmt(stmt) => {
                    if let StmtKind::Assign { lhs, .. } = tree.stmt(stmt).kind
                        && begun.encloses(tree.stmt(stmt).span)
                    {
                        left.extend(tree.exprs(lhs).iter().filter_map(is_left));
                    }
                }
                Node::Expr(cond) => {
                    if !begun.encloses(tree.expr(cond).span)
                        && let Some((of, _)) = tree.nil_test(cond)
                    {
                        asked.extend(function.local(of).map(|local| (local, cond)));
                    }
                }
            }
            Descend::Into
        });
    }
    asked.retain(|(local, _)| left.contains(local));
    asked.into_iter().map(|(_, cond)| cond).collect()
}

/// Where the end of a context is waited for that the goroutine itself ends: `ctx, cancel := context.WithCancel(…)`, and
/// the goroutine calls `cancel`.
pub(super) fn told_by_context(module: &Module<'_>, function: &Function, start: Node) -> Vec<Node> {
    let tree = function.tree();
    let begun = span_of(function, start);
    let ended: BTreeSet<LocalId> = function
        .info()
        .calls()
        .iter()
        .filter(|(call, _)| begun.encloses(tree.expr(*call).span))
        .filter_map(|(_, callee)| match callee {
            Callee::Local(cancel) => Some(*cancel),
            _ => None,
        })
        .collect();
    let Some(block) = function.typed.block().filter(|_| !ended.is_empty()) else {
        return Vec::new();
    };
    let made = pairs(function).into_iter().filter(|made| {
        ended.contains(&made.second) && only_cancel_ends(module, function, made.call)
    });
    let contexts: BTreeSet<LocalId> = made.map(|made| made.first).collect();
    let mut waits = Vec::new();
    tree.walk(block, |node| {
        if let Node::Expr(expr) = node
            && let ExprKind::Unary {
                op: UnaryOp::Receive,
                x,
            } = tree.expr(expr).kind
            && let Callee::Method { receiver, .. } | Callee::Interface { receiver, .. } =
                function.callee(tree.unparen(x))
        {
            waits.push((node, function.local(*receiver)));
        }
        Descend::Into
    });
    let waits = waits.into_iter();
    waits
        .filter_map(|(node, of)| of.is_some_and(|of| contexts.contains(&of)).then_some(node))
        .collect()
}

/// Whether the context that a call makes has no deadline.
fn only_cancel_ends(module: &Module<'_>, function: &Function, call: ExprId) -> bool {
    function.callee(call).func().is_some_and(|func| {
        let (package, name) = crate::types::split_name(module.program, func);
        let contract = module.catalogue.contract(package, name);
        contract.is_some_and(|made| made.rule == "uncalled-cancel" && !made.harm.healed)
    })
}
