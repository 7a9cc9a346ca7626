//! What was discarded by name, although something goes on by it: messages that come for a subscription, or another result of the same
//! call that lives on. To release it at the end of the function would end that.

use caulk_leaks::Held;
use caulk_syntax::{Descend, ExprId, ExprKind, Node, StmtKind, Tree};

use crate::refusal::Refusal;
use crate::site::Site;

/// Why a discarded value cannot be released where the function ends; none where it can.
pub(super) fn refusal(site: &Site<'_>) -> Option<Refusal> {
    let is_named = match site.template().held {
        Held::Blank(_) => true,
        Held::Nothing => false,
        _ => return None,
    };
    // A channel that signals come on is of no use to anybody else.
    if site.finding.rule == "unreleased-subscription" && site.template().release.taker.is_none() {
        return Some(Refusal::new(
            "what comes for it would end with the function: keep it with what that is for, and release it there",
        ));
    }
    // A test ends them together.
    let in_test = site.template().test_variable.is_some();
    let beside = beside(site).filter(|_| is_named && !in_test)?;
    Some(Refusal::of(
        "it was given beside …, which lives on: keep it there, and release it with that",
        beside,
    ))
}

/// A variable that the acquiring statement gives another result, no error, and that outlives the function.
fn beside<'a>(site: &'a Site<'_>) -> Option<&'a str> {
    let tree = site.scope.tree;
    let StmtKind::Assign { lhs, .. } = site.scope.kind(site.acquiring)? else {
        return None;
    };
    let error = site.template().error_variable.as_deref();
    let mut names = tree.exprs(lhs).iter().filter_map(|left| tree.ident(*left));
    let body = site.body_block()?;
    names.find(|name| {
        let mut lives_on = false;
        tree.walk(body, |node| {
            if let Node::Stmt(id) = node {
                lives_on |= match tree.stmt(id).kind {
                    StmtKind::Return(list) => {
                        tree.exprs(list).iter().any(|x| is_it(tree, *x, name))
                    }
                    StmtKind::Assign { lhs, rhs, .. } => {
                        let stored = tree.exprs(lhs).iter().zip(tree.exprs(rhs));
                        stored.into_iter().any(|(left, right)| {
                            let is_field =
                                matches!(tree.expr(*left).kind, ExprKind::Selector { .. });
                            is_field && tree.ident(tree.unparen(*right)) == Some(name)
                        })
                    }
                    _ => false,
                };
            }
            Descend::Into
        });
        *name != "_" && Some(*name) != error && lives_on
    })
}

/// Whether an expression is a variable, or a literal that has it in a field.
fn is_it(tree: &Tree, x: ExprId, name: &str) -> bool {
    let x = tree.unparen(x);
    match tree.expr(x).kind {
        ExprKind::Unary { x, .. } => is_it(tree, x, name),
        ExprKind::CompositeLit { elts, .. } => tree
            .exprs(elts)
            .iter()
            .any(|element| is_it(tree, *element, name)),
        ExprKind::KeyValue { value, .. } => is_it(tree, value, name),
        _ => tree.ident(x) == Some(name),
    }
}
