//! Conditions that know whether something was received.

use std::collections::BTreeSet;

use caulk_program::LocalId;
use caulk_syntax::{Descend, ExprId, Node, Span, StmtKind};

use crate::engine::Function;

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
    let endless = matches!(tree.stmt(round).kind, StmtKind::For { cond: None, .. });
    if !endless || tree.stmt(round).span.encloses(start) {
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
