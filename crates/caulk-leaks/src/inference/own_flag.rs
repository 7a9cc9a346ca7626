//! Methods that release what they are of, unless it says itself that this is done: `if w.canceled { return }`.

use caulk_program::LocalId;
use caulk_syntax::{Descend, ExprKind, Node, Span};

use crate::body::Function;
use crate::engine::Lost;

/// Whether what a method is of is left open by it only where something of its own, asked last, says so.
pub(crate) fn decides(function: &Function, receiver: LocalId, owed: &[Lost]) -> bool {
    !owed.is_empty()
        && owed.iter().all(|exit| {
            let asked = exit.turns.first();
            asked.is_some_and(|(condition, _)| asks_only(function, receiver, *condition))
        })
}

/// Whether a condition names what the method is of, and no other variable.
fn asks_only(function: &Function, receiver: LocalId, condition: Span) -> bool {
    let tree = function.tree();
    let Some(block) = function.typed.block() else {
        return false;
    };
    let (mut names, mut others) = (false, false);
    tree.walk(block, |node| {
        if let Node::Expr(expr) = node
            && condition.encloses(tree.expr(expr).span)
            && let ExprKind::Ident(_) = tree.expr(expr).kind
            && let Some(local) = function.local(expr)
        {
            names |= local == receiver;
            others |= local != receiver;
        }
        Descend::Into
    });
    names && !others
}
