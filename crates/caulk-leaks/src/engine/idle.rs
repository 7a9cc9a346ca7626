//! Owners of a context that has nothing hung on it yet: until a method starts a goroutine there is
//! nothing that a forgotten cancel would keep.

use caulk_program::{BodyOwner, FuncId};
use caulk_syntax::{Descend, ExprId, ExprKind, Node, StmtKind, UnaryOp};

use crate::body::Function;
use crate::module::Module;

/// Whether a function that makes a context, by this call, only puts it away for later: the context is stored and nothing
/// else, and no goroutine is started, unless an option asks for it.
pub(crate) fn only_stores(module: &Module<'_>, function: &Function, call: ExprId) -> bool {
    !starts_anyway(module, function, call) && context_is_stored(function, call)
}

/// Whether a function starts a goroutine itself. What those of the standard library start ends by itself.
pub(crate) fn starts(module: &Module<'_>, id: FuncId) -> bool {
    !module.program.package(id.package).is_std()
        && module
            .function(BodyOwner::Func(id))
            .is_some_and(|function| has_go_statement(&function))
}

/// Whether a release waits for a goroutine of its value (`<-s.done`) that nobody has started, as far as the function that
/// makes the value and the one that would release it show: it would wait for ever.
pub(crate) fn waits_for_what_may_not_run(
    module: &Module<'_>,
    function: &Function,
    maker: FuncId,
    release: FuncId,
) -> bool {
    let starts_one = |function: &Function| {
        let calls = function.info().calls();
        has_go_statement(function)
            || calls.iter().any(|(_, callee)| {
                let id = callee.func().and_then(|func| func.id);
                id.is_some_and(|id| starts(module, id))
            })
    };
    let body = |id: FuncId| module.function(BodyOwner::Func(id));
    body(release).is_some_and(|release| receives_from_own_field(&release))
        && !starts_one(function)
        && body(maker).is_some_and(|maker| !starts_one(&maker))
}

/// Whether a method receives from a field of its receiver, come what may.
fn receives_from_own_field(function: &Function) -> bool {
    let tree = function.tree();
    let (Some(receiver), Some(block)) = (function.info().receiver(), function.typed.block()) else {
        return false;
    };
    let mut found = false;
    tree.walk(block, |node| match node {
        Node::Stmt(stmt) => match tree.stmt(stmt).kind {
            StmtKind::Select(_) | StmtKind::If { .. } | StmtKind::Go(_) => Descend::Skip,
            _ => Descend::Into,
        },
        Node::Expr(expr) => {
            if let ExprKind::Unary {
                op: UnaryOp::Receive,
                x,
            } = tree.expr(expr).kind
                && let ExprKind::Selector { x, .. } = tree.expr(tree.unparen(x)).kind
            {
                found |= function.local(x) == Some(receiver);
            }
            match tree.expr(expr).kind {
                ExprKind::FuncLit { .. } => Descend::Skip,
                _ => Descend::Into,
            }
        }
    });
    found
}

fn has_go_statement(function: &Function) -> bool {
    any_node(function, |node| is_go(function, node))
}

fn is_go(function: &Function, node: Node) -> bool {
    let tree = function.tree();
    matches!(node, Node::Stmt(stmt) if matches!(tree.stmt(stmt).kind, StmtKind::Go(_)))
}

/// Whether a goroutine is started in any case.
fn starts_anyway(module: &Module<'_>, function: &Function, call: ExprId) -> bool {
    let anyway =
        |node: Node| !crate::inference::started::is_conditional_after(function, node, call);
    let calls = function.info().calls();
    any_node(function, |node| is_go(function, node) && anyway(node))
        || calls.iter().any(|(call, callee)| {
            let id = callee.func().and_then(|func| func.id);
            id.is_some_and(|id| starts(module, id)) && anyway(Node::Expr(*call))
        })
}

fn any_node(function: &Function, is_it: impl Fn(Node) -> bool) -> bool {
    let mut found = false;
    if let Some(block) = function.typed.block() {
        function.tree().walk(block, |node| {
            found = found || is_it(node);
            Descend::Into
        });
    }
    found
}

/// Whether the context that a call makes goes into fields alone, as long as no condition asks for more.
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
    let derived = tree.stmt(stmt).span;
    let mut stored = true;
    tree.walk(block, |node| {
        // `ctx, cancel := context.WithCancel(ctx)`: the parent has the same name.
        if let Node::Expr(expr) = node
            && !derived.encloses(tree.expr(expr).span)
            && matches!(tree.expr(expr).kind, ExprKind::Ident(_))
            && function.local(expr) == Some(context)
            && !crate::inference::started::is_conditional_after(function, node, call)
        {
            stored &= match function.parent(expr) {
                Some(Node::Expr(parent)) => match tree.expr(parent).kind {
                    ExprKind::KeyValue { value, .. } => value == expr,
                    ExprKind::CompositeLit { .. } => true,
                    // `ctx.Done()`: who waits for it would have to be started.
                    ExprKind::Selector { x, .. } => x == expr,
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
