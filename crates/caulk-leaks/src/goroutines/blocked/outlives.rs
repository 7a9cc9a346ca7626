//! Goroutines that wait for the end of a value to release something that the function which starts them releases itself.

use caulk_program::{Builtin, Callee, LocalId, LocalKind};
use caulk_syntax::{Descend, ExprId, ExprKind, Node, StmtId, StmtKind, UnaryOp};

use super::paths::Paths;
use super::{Blocked, Wait};
use crate::body::{Function, Root};
use crate::contract::is_release_name;
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
    let StmtKind::Expr(first) = tree.stmt(*tree.stmts(block.stmts).first()?).kind else {
        return None;
    };
    let ExprKind::Unary {
        op: UnaryOp::Receive,
        x: channel,
    } = tree.expr(tree.unparen(first)).kind
    else {
        return None;
    };
    let ExprKind::Selector { x: owner, .. } = tree.expr(channel).kind else {
        return None;
    };
    let owner = function.local(owner)?;
    let kind = function.info().local_info(owner)?.kind;
    if !matches!(kind, LocalKind::Receiver | LocalKind::Param { .. }) {
        return None;
    }
    let of_starter = releases(function, None, Release::Sure);
    let both = releases(function, Some(literal), Release::Undeferred)
        .into_iter()
        .any(|released| released.0 != owner && of_starter.contains(&released));
    let file = caulk_flow::file_of(module.program, function.typed.owner)?;
    let text = file.bytes();
    let name = |expr: ExprId| tree.expr(expr).span.of(&text);
    if !both || ends_owner(function, owner, &|expr| name(expr) == name(channel)) {
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
    let leaves = Paths {
        function,
        root: None,
        counted: received,
        enough: Vec::new(),
        told: Vec::new(),
        failed: None,
    }
    .leaves_with_fewer(go.into(), 1)?;
    let channel = String::from_utf8_lossy(name(channel)).into_owned();
    Some(Blocked {
        waits: tree.expr(first).span,
        leaves,
        ..Blocked::new(function, go, Wait::Outlived, channel)
    })
}

/// Which calls of a release method count.
#[derive(Clone, Copy)]
enum Release {
    Any,
    Undeferred,
    /// By a `defer`, or under no condition.
    Sure,
}

/// The variables of which a function or a literal calls a release method, each with that.
fn releases(function: &Function, root: Root, wanted: Release) -> Vec<(LocalId, String)> {
    let tree = function.tree();
    let calls = function.info().calls();
    let calls = calls
        .iter()
        .filter(|(call, _)| function.root_of(*call) == root);
    calls
        .filter_map(|(call, callee)| {
            let ExprKind::Call { fun, .. } = tree.expr(*call).kind else {
                return None;
            };
            let ExprKind::Selector { sel, .. } = tree.expr(fun).kind else {
                return None;
            };
            let by_defer = matches!(function.parent(*call), Some(Node::Stmt(stmt))
                if matches!(tree.stmt(stmt).kind, StmtKind::Defer(_)));
            let local = function.local(callee.receiver()?)?;
            let name = tree.name(sel);
            let counts = match wanted {
                Release::Any => true,
                Release::Undeferred => !by_defer,
                Release::Sure => by_defer || function.branch_of((*call).into()).is_none(),
            };
            (is_release_name(name) && counts).then(|| (local, name.to_owned()))
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
        .any(|(local, _)| local == owner);
    closes || ended
}
