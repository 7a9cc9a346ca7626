//! Contexts that end by themselves.

use caulk_program::{Callee, LocalId, LocalKind};
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

/// Whether a context is known never to end: `context.Background()`, or what carries values on top of it.
pub(crate) fn never_ends(module: &Module<'_>, function: &Function, context: ExprId) -> bool {
    let tree = function.tree();
    let context = caulk_flow::unparen(tree, context);
    match tree.expr(context).kind {
        ExprKind::Call { args, .. } => match function.callee(context) {
            Callee::Static(func) => match &*func.name {
                "context.Background" | "context.TODO" => true,
                "context.WithValue" => tree
                    .exprs(args)
                    .first()
                    .is_some_and(|parent| never_ends(module, function, *parent)),
                _ => false,
            },
            _ => false,
        },
        ExprKind::Ident(_) => {
            let Some(local) = function.local(context) else {
                return false;
            };
            // A parameter is assigned by the caller, whatever the function assigns it.
            let values = values_of(module, function, local);
            let declared = function.info().local_info(local);
            declared.is_some_and(|local| matches!(local.kind, LocalKind::Variable))
                && !values.is_empty()
                && values.iter().all(|value| is_background(function, *value))
        }
        _ => false,
    }
}

fn is_background(function: &Function, call: ExprId) -> bool {
    match function.callee(call) {
        Callee::Static(func) => matches!(&*func.name, "context.Background" | "context.TODO"),
        _ => false,
    }
}

/// Whether a call derives a context from `context.Background()` or `context.TODO()`, which keep no
/// list of what was derived from them.
pub(crate) fn is_rootless(function: &Function, call: ExprId) -> bool {
    let tree = function.tree();
    let ExprKind::Call { args, .. } = tree.expr(call).kind else {
        return false;
    };
    tree.exprs(args)
        .first()
        .is_some_and(|parent| is_background(function, *parent))
}

fn is_ending(function: &Function, call: ExprId) -> bool {
    match function.callee(call) {
        // That of a test ends with the test: `t.Context()`.
        Callee::Static(func) | Callee::Method { func, .. }
            if func.name.starts_with("testing.") && func.name.ends_with(".Context") =>
        {
            true
        }
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
    values_of(module, function, local)
        .iter()
        .any(|value| is_ending(function, *value))
}

/// The expressions whose first value a variable is assigned.
pub(crate) fn values_of(module: &Module<'_>, function: &Function, local: LocalId) -> Vec<ExprId> {
    let tree = function.tree();
    let mut found = Vec::new();
    for root in caulk_flow::roots(module.program, &function.typed) {
        tree.walk(root, |node| {
            if let Node::Stmt(stmt) = node
                && let StmtKind::Assign { lhs, rhs, .. } = tree.stmt(stmt).kind
                && let Some(first) = tree.exprs(lhs).first()
                && function.local(*first) == Some(local)
                && let Some(value) = tree.exprs(rhs).first()
            {
                found.push(caulk_flow::unparen(tree, *value));
            }
            Descend::Into
        });
    }
    found
}
