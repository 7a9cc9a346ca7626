//! Another result of the acquiring call, whose release ends the resource as well: the other end of
//! a pipe.

use caulk_program::{LocalId, Object};
use caulk_syntax::{BranchKind, Descend, ExprId, ExprKind, Node, StmtId, StmtKind};

use crate::body::Function;
use crate::catalogue::CallEffect;
use crate::contract::is_release_name;
use crate::module::Module;

/// Whether somebody may release another result of a call: a method of it that releases is
/// mentioned, or it goes where such a method can be called.
pub(crate) fn may_be_released(
    module: &Module<'_>,
    function: &Function,
    call: ExprId,
    result: usize,
) -> bool {
    let tree = function.tree();
    let target = function
        .statement(call)
        .and_then(|stmt| match tree.stmt(stmt).kind {
            StmtKind::Assign { lhs, .. } => tree.exprs(lhs).get(result).copied(),
            _ => None,
        });
    let Some(target) = target else {
        return true;
    };
    // Kept in a field, it is out of sight.
    if !matches!(tree.expr(target).kind, ExprKind::Ident(_)) {
        return true;
    }
    let Some(local) = function.local(target) else {
        return false;
    };
    let mut found = false;
    for root in caulk_flow::roots(module.program, &function.typed) {
        tree.walk(root, |node| {
            if let Node::Expr(expr) = node
                && matches!(tree.expr(expr).kind, ExprKind::Ident(_))
                && function.info().local(expr) == Some(local)
            {
                found |= can_release(module, function, expr, local);
            }
            Descend::Into
        });
    }
    found
}

/// Whether this use can lead to a release.
fn can_release(module: &Module<'_>, function: &Function, used: ExprId, local: LocalId) -> bool {
    let tree = function.tree();
    let Some(parent) = function.parent(used) else {
        return true;
    };
    match parent {
        Node::Expr(parent) => match tree.expr(parent).kind {
            ExprKind::Selector { sel, .. } => {
                !matches!(function.info().object(parent), Object::Field { .. })
                    && is_release_name(tree.name(sel))
                    && !is_conditional(function, parent, local)
                    && !is_behind_end(module, function, parent, local)
            }
            ExprKind::Call { fun, args, .. } => {
                let index = tree.exprs(args).iter().position(|arg| *arg == used);
                let known = function.callee(parent).func().and_then(|func| {
                    let (package, name) = crate::types::split_name(module.program, func);
                    module.catalogue.effect(package, name)
                });
                if matches!(
                    known,
                    Some(CallEffect::Borrow | CallEffect::Drain | CallEffect::Read)
                ) {
                    return false;
                }
                let signature = module.program.func_type(function.info().type_of(fun));
                let param = index.and_then(|index| {
                    let signature = signature?;
                    signature.params.get(index).or(signature.params.last())
                });
                param.is_none_or(|ty| module.program.has_method(*ty, "Close"))
            }
            ExprKind::Binary { .. } | ExprKind::Paren(_) => false,
            _ => true,
        },
        Node::Stmt(parent) => match tree.stmt(parent).kind {
            StmtKind::Return(_) => false,
            StmtKind::Assign { lhs, .. } => !tree
                .exprs(lhs)
                .iter()
                .any(|target| function.local(*target) == Some(local)),
            _ => true,
        },
    }
}

/// Whether a goroutine or another literal only does so under a condition.
fn is_conditional(function: &Function, used: ExprId, local: LocalId) -> bool {
    is_apart(function, used, local) && function.branch_of(used.into()).is_some()
}

/// Whether another function than the one that declares a variable uses it: a goroutine or another literal.
fn is_apart(function: &Function, used: ExprId, local: LocalId) -> bool {
    let declared = function.info().local_info(local);
    function.root_of(used) != declared.and_then(|local| local.function)
}

/// Whether a literal releases it only once it has read to the end, which the release of the other is to bring.
fn is_behind_end(module: &Module<'_>, function: &Function, used: ExprId, local: LocalId) -> bool {
    let graph = function.graph(function.root_of(used));
    is_apart(function, used, local)
        && graph.is_some_and(|graph| {
            let mut statements = function.tree().block(graph.body).iter();
            statements.any(|stmt| reads_to_end(module, function, *stmt, local))
        })
}

/// Whether a statement goes on until what a variable holds has been read to its end: `io.Copy(w, pr)`, `for scanner.Scan() { … }`.
fn reads_to_end(module: &Module<'_>, function: &Function, stmt: StmtId, local: LocalId) -> bool {
    let tree = function.tree();
    let is_given = |call: ExprId| {
        let mut args = tree.arguments(call).iter();
        args.any(|arg| function.local(*arg) == Some(local))
    };
    if let StmtKind::For {
        cond: Some(cond),
        body,
        ..
    } = tree.stmt(stmt).kind
    {
        let scanner = Some(function.callee(tree.unparen(cond)))
            .filter(|callee| crate::types::last_name(callee) == "Scan")
            .and_then(|callee| function.local(callee.receiver()?))
            .and_then(|scanner| function.sole_value(module.program, scanner));
        return scanner.is_some_and(|(made, _)| is_given(made)) && !may_leave(function, body);
    }
    let mut drains = false;
    tree.walk(stmt, |node| match node {
        Node::Expr(expr) if matches!(tree.expr(expr).kind, ExprKind::FuncLit { .. }) => {
            Descend::Skip
        }
        Node::Expr(expr) => {
            let effect = function.callee(expr).func().and_then(|func| {
                let (package, name) = crate::types::split_name(module.program, func);
                module.catalogue.effect(package, name)
            });
            drains |= effect == Some(CallEffect::Drain) && is_given(expr);
            Descend::Into
        }
        Node::Stmt(_) => Descend::Into,
    });
    drains
}

/// Whether something in a loop may leave it.
fn may_leave(function: &Function, body: StmtId) -> bool {
    let tree = function.tree();
    let mut leaves = false;
    tree.walk(body, |node| {
        if let Node::Stmt(stmt) = node {
            leaves |= match tree.stmt(stmt).kind {
                StmtKind::Return(_) => true,
                StmtKind::Branch { kind, .. } => kind != BranchKind::Continue,
                _ => false,
            };
        }
        Descend::Into
    });
    leaves
}
