//! Contexts that end by themselves.

use caulk_program::{Callee, LocalId};
use caulk_syntax::{Descend, ExprId, ExprKind, Node, StmtKind};

use crate::engine::Function;
use crate::module::Module;

/// Whether a context is cancelled when the function ends: one with a cancel function, a deadline, or
/// that of a request.
pub(crate) fn ends_here(module: &Module<'_>, function: &Function, context: ExprId) -> bool {
    let tree = function.tree();
    match tree.expr(caulk_flow::unparen(tree, context)).kind {
        ExprKind::Call { .. } => is_ending(function, context),
        ExprKind::Ident(_) => function
            .local(context)
            .is_some_and(|local| assigned_ending(module, function, local)),
        _ => false,
    }
}

fn is_ending(function: &Function, call: ExprId) -> bool {
    match function.callee(call) {
        Callee::Static(func) | Callee::Method { func, .. } => matches!(
            &*func.name,
            "context.WithCancel"
                | "context.WithTimeout"
                | "context.WithDeadline"
                | "context.WithCancelCause"
                | "context.WithTimeoutCause"
                | "context.WithDeadlineCause"
                | "net/http.Request.Context"
                | "os/signal.NotifyContext"
                | "golang.org/x/sync/errgroup.WithContext"
        ),
        _ => false,
    }
}

fn assigned_ending(module: &Module<'_>, function: &Function, local: LocalId) -> bool {
    let tree = function.tree();
    let mut found = false;
    for root in caulk_flow::roots(module.program, &function.typed) {
        tree.walk(root, |node| {
            if let Node::Stmt(stmt) = node
                && let StmtKind::Assign { lhs, rhs, .. } = tree.stmt(stmt).kind
                && let Some(first) = tree.exprs(lhs).first()
                && function.local(*first) == Some(local)
                && let Some(value) = tree.exprs(rhs).first()
            {
                found |= is_ending(function, caulk_flow::unparen(tree, *value));
            }
            Descend::Into
        });
    }
    found
}
