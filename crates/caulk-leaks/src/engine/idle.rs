//! Owners of a context that has nothing hung on it yet: until a method starts a goroutine there is
//! nothing that a forgotten cancel would keep.

use caulk_program::{BodyOwner, FuncId};
use caulk_syntax::{Descend, ExprId, ExprKind, Node, StmtKind};

use crate::engine::Function;
use crate::module::Module;

/// Whether a function that makes a context, by this call, only puts it away for later: the context
/// has no parent that would know of it, is stored and nothing else, and no goroutine is started.
pub(crate) fn only_stores(module: &Module<'_>, function: &Function, call: ExprId) -> bool {
    crate::engine::context::is_rootless(function, call)
        && !has_go_statement(function)
        && !calls_what_starts(module, function)
        && context_is_stored(function, call)
}

/// Whether a function starts a goroutine itself. What those of the standard library start ends by itself.
pub(crate) fn starts(module: &Module<'_>, id: FuncId) -> bool {
    !module.program.package(id.package).is_std()
        && module
            .function(BodyOwner::Func(id))
            .is_some_and(|function| has_go_statement(&function))
}

fn has_go_statement(function: &Function) -> bool {
    let tree = function.tree();
    let Some(block) = function.typed.block() else {
        return false;
    };
    let mut found = false;
    tree.walk(block, |node| {
        found |=
            matches!(node, Node::Stmt(stmt) if matches!(tree.stmt(stmt).kind, StmtKind::Go(_)));
        Descend::Into
    });
    found
}

fn calls_what_starts(module: &Module<'_>, function: &Function) -> bool {
    function
        .info()
        .calls()
        .iter()
        .filter_map(|(_, callee)| callee.func()?.id)
        .any(|id| starts(module, id))
}

/// Whether the context that a call makes goes into fields alone.
fn context_is_stored(function: &Function, call: ExprId) -> bool {
    let tree = function.tree();
    let Some(stmt) = function.statement(call) else {
        return false;
    };
    let StmtKind::Assign { lhs, .. } = tree.stmt(stmt).kind else {
        return false;
    };
    let Some(&target) = tree.exprs(lhs).first() else {
        return false;
    };
    if matches!(tree.expr(target).kind, ExprKind::Selector { .. }) {
        return true;
    }
    let (Some(context), Some(block)) = (function.local(target), function.typed.block()) else {
        return false;
    };
    let mut stored = true;
    tree.walk(block, |node| {
        if let Node::Expr(expr) = node
            && expr != target
            && matches!(tree.expr(expr).kind, ExprKind::Ident(_))
            && function.local(expr) == Some(context)
        {
            stored &= match function.parent(expr) {
                Some(Node::Expr(parent)) => match tree.expr(parent).kind {
                    ExprKind::KeyValue { value, .. } => value == expr,
                    ExprKind::CompositeLit { .. } => true,
                    _ => false,
                },
                Some(Node::Stmt(parent)) => match tree.stmt(parent).kind {
                    StmtKind::Assign { lhs, .. } => tree
                        .exprs(lhs)
                        .iter()
                        .all(|x| matches!(tree.expr(*x).kind, ExprKind::Selector { .. })),
                    _ => false,
                },
                None => false,
            };
        }
        Descend::Into
    });
    stored
}
