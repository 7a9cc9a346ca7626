//! Goroutines that wait for the end of a value to release something that the function which starts them releases itself.

use caulk_program::{Builtin, Callee, LocalId, LocalKind};
use caulk_syntax::{Descend, ExprId, ExprKind, Node, StmtId, StmtKind, UnaryOp};

use super::paths::{Paths, root_variable};
use super::{Blocked, Many, Wait};
use crate::body::runs::{Pair, pairs};
use crate::body::{Function, Root};
use crate::contract::is_release_name;
use crate::goroutines::{context_of, path};
use crate::module::Module;

/// The goroutines that a body starts of this kind.
pub(super) fn outlives(module: &Module<'_>, function: &Function) -> Vec<Blocked> {
    let tree = function.tree();
    let mut found = Vec::new();
    let Some(graph) = function.graph(None).filter(|graph| graph.returns()) else {
        return found;
    };
    tree.walk(graph.body, |node| {
        if let Node::Stmt(stmt) = node
            && let StmtKind::Go(call) = tree.stmt(stmt).kind
            && function.root_of(node).is_none()
            && let Callee::Literal(literal) = function.callee(tree.unparen(call))
        {
            found.extend(outlived(module, function, stmt, *literal));
        }
        Descend::Into
    });
    found
}

fn outlived(
    module: &Module<'_>,
    function: &Function,
    go: StmtId,
    literal: ExprId,
) -> Option<Blocked> {
    let tree = function.tree();
    let StmtKind::Block(block) = tree.stmt(function.graph(Some(literal))?.body).kind else {
        return None;
    };
    let mut steps = tree
        .stmts(block.stmts)
        .iter()
        .map(|stmt| tree.stmt(*stmt).kind);
    let first = steps.find(|step| !matches!(step, StmtKind::Defer(_)))?;
    let StmtKind::Expr(first) = first else {
        return None;
    };
    let ExprKind::Unary {
        op: UnaryOp::Receive,
        x: channel,
    } = tree.expr(tree.unparen(first)).kind
    else {
        return None;
    };
    let context = context_of(module, function, channel);
    let owner = root_variable(function, context.unwrap_or(channel))?;
    let is_field = matches!(
        tree.expr(tree.unparen(context.unwrap_or(channel))).kind,
        ExprKind::Selector { .. }
    );
    let kind = function.info().local_info(owner)?.kind;
    let is_given = matches!(kind, LocalKind::Receiver | LocalKind::Param { .. });
    if !is_given {
        return None;
    }
    let file = caulk_flow::file_of(module.program, function.typed.owner)?;
    let text = file.bytes();
    let name = |expr: ExprId| tree.expr(expr).span.of(&text);
    let of_starter = releases(function, None, Release::Sure);
    let of_literal = releases(function, Some(literal), Release::Undeferred);
    let both = of_literal
        .iter()
        .find(|released| of_starter.contains(released) && !is_owner(function, released, owner));
    let cancelled = cancelled(module, function, literal);
    let is_own = |made: &Made| is_field && keeps_nothing(module, function) && made.is_kept;
    let many = match both {
        // The starter's caller ends a context, perhaps as soon as the starter has come back.
        _ if context.is_some() && (both.is_some() || cancelled.iter().any(is_own)) => Many::Unseen,
        _ if !is_field && both.is_some() => return None,
        // What is kept in a value is released but once.
        Some((path, _)) if path.contains('.') => Many::ByRequest,
        Some(_) => Many::Likely,
        None if cancelled.iter().any(is_own) => Many::Likely,
        None if is_field && serves(function, &of_literal) => Many::ByRequest,
        // The context may have ended long before, with the one that it is made of.
        None if cancelled.iter().any(|made| made.of_given) && context.is_none() => Many::Unseen,
        None => return None,
    };
    if ends_owner(function, owner, &|expr| name(expr) == name(channel)) {
        return None;
    }
    let mut received = Vec::new();
    tree.walk(function.graph(None)?.body, |node| {
        if let Node::Expr(expr) = node
            && let ExprKind::Unary {
                op: UnaryOp::Receive,
                x,
            } = tree.expr(expr).kind
            && name(x) == name(channel)
        {
            received.push(node);
        }
        Descend::Into
    });
    let leaves = Paths::of(function, None, received).leaves_with_fewer(go.into(), 1)?;
    let channel = String::from_utf8_lossy(name(channel)).into_owned();
    Some(Blocked {
        waits: tree.expr(first).span,
        leaves,
        many,
        ..Blocked::new(function, go, Wait::Outlived, channel)
    })
}

/// A context that a function makes.
struct Made {
    /// Whether it is made of one that the function is given.
    of_given: bool,
    /// Whether the function does no more than ask it and pass it to what it calls itself.
    is_kept: bool,
}

/// The contexts that a literal ends and the function around it makes.
fn cancelled(module: &Module<'_>, function: &Function, literal: ExprId) -> Vec<Made> {
    let calls = function.info().calls();
    let cancels: Vec<LocalId> = calls
        .iter()
        .filter(|(call, _)| function.root_of(*call) == Some(literal))
        .filter_map(|(_, callee)| match callee {
            Callee::Local(cancel) => Some(*cancel),
            _ => None,
        })
        .collect();
    let (tree, info) = (function.tree(), function.info());
    let is_made = |pair: &Pair| {
        let ty = info.local_info(pair.first).map(|made| made.ty);
        function.root_of(pair.call).is_none()
            && cancels.contains(&pair.second)
            && ty.is_some_and(|ty| crate::types::is_context(module.program, ty))
    };
    let made = pairs(function).into_iter().filter(is_made);
    made.map(|pair| {
        let of = tree.arguments(pair.call).first();
        let of = of.and_then(|of| info.local_info(function.local(*of)?));
        Made {
            of_given: of.is_some_and(|of| matches!(of.kind, LocalKind::Param { .. })),
            is_kept: is_kept_here(function, pair.first),
        }
    })
    .collect()
}

/// Whether nothing that a function returns can hold a context.
fn keeps_nothing(module: &Module<'_>, function: &Function) -> bool {
    let program = module.program;
    let ty = function
        .id()
        .and_then(|id| program.func_type(program.signature(id)));
    ty.is_some_and(|ty| {
        ty.results.iter().all(|result| {
            crate::types::is_error(program, *result) || !crate::types::may_hold(program, *result)
        })
    })
}

/// Whether a function does no more with a variable than ask it and pass it to what it calls itself.
fn is_kept_here(function: &Function, local: LocalId) -> bool {
    let tree = function.tree();
    let mut kept = true;
    let Some(graph) = function.graph(None) else {
        return false;
    };
    tree.walk(graph.body, |node| {
        if let Node::Expr(expr) = node
            && matches!(tree.expr(expr).kind, ExprKind::Ident(_))
            && function.info().local(expr) == Some(local)
        {
            kept &= match function.parent(expr) {
                Some(Node::Expr(parent)) => match tree.expr(parent).kind {
                    ExprKind::Call { .. } => !function.is_started(parent),
                    ExprKind::Selector { .. } => true,
                    _ => false,
                },
                Some(Node::Stmt(stmt)) => {
                    matches!(tree.stmt(stmt).kind, StmtKind::Assign { lhs, .. }
                    if tree.exprs(lhs).contains(&expr))
                }
                None => false,
            };
        }
        Descend::Into
    });
    kept
}

/// Whether a function serves what its literal releases, and comes back when that ends: `go func() { <-s.quit; s.server.Stop() }();
/// return s.server.Serve(l)`.
fn serves(function: &Function, released: &[(String, String)]) -> bool {
    let calls = function.info().calls();
    calls.iter().any(|(call, callee)| {
        let Some(func) = callee.func() else {
            return false;
        };
        let name = crate::types::simple_name(&func.name);
        let of = callee.receiver().and_then(|of| path(function, of));
        let serves = ["Serve", "ListenAndServe", "Accept"];
        function.root_of(*call).is_none()
            && serves.iter().any(|serve| name.starts_with(serve))
            && of.is_some_and(|of| released.iter().any(|(path, _)| *path == of))
    })
}

/// Whether what is released is the value itself, or its end.
fn is_owner(function: &Function, released: &(String, String), owner: LocalId) -> bool {
    let info = function.info().local_info(owner);
    info.is_some_and(|info| info.name == released.0.as_str())
}

/// Which calls of a release method count.
#[derive(Clone, Copy)]
pub(super) enum Release {
    Any,
    Undeferred,
    /// By a `defer`, or under no condition.
    Sure,
}

/// What a function or a literal calls a release method of, each with that; of the function also in a literal that it defers.
pub(super) fn releases(function: &Function, root: Root, wanted: Release) -> Vec<(String, String)> {
    let tree = function.tree();
    let calls = function.info().calls();
    let by_defer = |call: ExprId| {
        matches!(function.parent(call), Some(Node::Stmt(stmt))
            if matches!(tree.stmt(stmt).kind, StmtKind::Defer(_)))
    };
    // The literal that the function defers, if the call stands in one, or in one that such a one defers.
    let deferred_in = |call: ExprId| {
        let mut at = function.root_of(call)?;
        loop {
            let Some(Node::Expr(run)) = function.parent(at) else {
                return None;
            };
            if !by_defer(run) {
                return None;
            }
            match function.root_of(run) {
                None => return Some(at),
                Some(around) => at = around,
            }
        }
    };
    let here = |call: ExprId| {
        function.root_of(call) == root || root.is_none() && deferred_in(call).is_some()
    };
    calls
        .iter()
        .filter(|(call, _)| here(*call))
        .filter_map(|(call, callee)| {
            let ExprKind::Call { fun, .. } = tree.expr(*call).kind else {
                return None;
            };
            let ExprKind::Selector { sel, .. } = tree.expr(fun).kind else {
                return None;
            };
            let by_defer = by_defer(*call) || function.root_of(*call) != root;
            let of = path(function, callee.receiver()?)?;
            let name = tree.name(sel);
            let counts = match wanted {
                Release::Any => true,
                Release::Undeferred => !by_defer,
                Release::Sure => by_defer || function.branch_of((*call).into()).is_none(),
            };
            (is_release_name(name) && counts).then(|| (of, name.to_owned()))
        })
        .collect()
}

/// Whether a function itself ends the value that the goroutine waits for.
fn ends_owner(function: &Function, owner: LocalId, is_channel: &dyn Fn(ExprId) -> bool) -> bool {
    let tree = function.tree();
    let closes = function.info().calls().iter().any(|(call, callee)| {
        **callee == Callee::Builtin(Builtin::Close)
            && matches!(tree.expr(*call).kind, ExprKind::Call { args, .. }
                if tree.exprs(args).first().is_some_and(|closed| is_channel(*closed)))
    });
    let ended = releases(function, None, Release::Any)
        .into_iter()
        .any(|released| is_owner(function, &released, owner));
    closes || ended
}
