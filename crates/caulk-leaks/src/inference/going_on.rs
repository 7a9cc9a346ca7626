//! Whether a function starts a goroutine with a value that it makes, which goes on until that is released.

use caulk_program::{BodyOwner, Callee, LocalId, Type};
use caulk_syntax::{Descend, ExprId, ExprKind, Node, StmtId, StmtKind, UnaryOp};

use crate::body::Function;
use crate::module::Module;

/// Whether a function starts a goroutine with a value that it makes, which may go on until that is released.
pub(super) fn starts_with(module: &Module<'_>, function: &Function, local: LocalId) -> bool {
    started_with(module, function, local).any(|(stmt, call)| {
        !crate::inference::started::is_conditional(function, Node::Stmt(stmt))
            && goes_on(module, function, call, GOING_DEPTH)
    })
}

/// Whether a function starts a goroutine that has a value too, as far as its statements tell.
pub(super) fn shares(module: &Module<'_>, function: &Function, local: LocalId) -> bool {
    started_with(module, function, local).next().is_some()
}

/// The goroutines that a function starts with a value.
fn started_with(
    module: &Module<'_>,
    function: &Function,
    local: LocalId,
) -> impl Iterator<Item = (StmtId, ExprId)> {
    let all = function.starts(module.program).iter().copied();
    all.filter(move |(stmt, call)| mentions(function, *stmt, *call, local))
}

/// How many functions, one called by the other, are looked into for what makes a goroutine go on.
const GOING_DEPTH: u8 = 3;

/// Whether a call goes on for as long as nothing stops it, as far as source tells: it waits for a channel, or goes round in a
/// loop without a condition. What it only has to do once ends by itself.
fn goes_on(module: &Module<'_>, function: &Function, call: ExprId, depth: u8) -> bool {
    let callee = function.callee(call);
    if let Callee::Literal(literal) = callee {
        return waits_or_loops(module, function, Node::Expr(*literal), depth);
    }
    let followed = match callee {
        Callee::Static(func) | Callee::Method { func, .. } => func.id,
        _ => return true,
    };
    let Some(id) = followed.filter(|id| module.is_own(*id)) else {
        return true;
    };
    let Some(depth) = depth.checked_sub(1) else {
        return false;
    };
    module.function(BodyOwner::Func(id)).is_none_or(|body| {
        let graph = body.graph(None);
        graph.is_none_or(|graph| waits_or_loops(module, &body, Node::Stmt(graph.body), depth))
    })
}

fn waits_or_loops(module: &Module<'_>, function: &Function, code: Node, depth: u8) -> bool {
    let tree = function.tree();
    let mut found = false;
    tree.walk(code, |node| {
        match node {
            Node::Stmt(stmt) => match tree.stmt(stmt).kind {
                StmtKind::Go(_) => return Descend::Skip,
                StmtKind::Select { .. } => found = true,
                StmtKind::For { .. } => found |= tree.is_endless_loop(stmt),
                StmtKind::Range { x, .. } => {
                    let program = module.program;
                    let ty = program.underlying(function.info().type_of(x));
                    found |= matches!(program.ty(ty), Type::Chan(..));
                }
                _ => {}
            },
            Node::Expr(expr) => match tree.expr(expr).kind {
                ExprKind::Unary {
                    op: UnaryOp::Receive,
                    ..
                } => found = true,
                ExprKind::Call { .. } => {
                    found = found || keeps_calling(module, function, expr, depth);
                }
                _ => {}
            },
        }
        Descend::Into
    });
    found
}

/// Whether a call in a goroutine is what makes it go on.
fn keeps_calling(module: &Module<'_>, function: &Function, call: ExprId, depth: u8) -> bool {
    let callee = function.callee(call);
    let func = callee.func();
    if func
        .and_then(|func| func.id)
        .is_some_and(|id| module.is_own(id))
        && !matches!(callee, Callee::Interface { .. })
    {
        return is_about_a_value(module, function, call) && goes_on(module, function, call, depth);
    }
    if matches!(callee, Callee::Local(_) | Callee::Value) {
        return true;
    }
    let name = crate::types::last_name(callee);
    GOES_ON.iter().any(|verb| {
        name.get(..verb.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(verb))
    })
}

/// Whether a call is of a method of a variable, or is passed one that is no context: what the goroutine is there for.
fn is_about_a_value(module: &Module<'_>, function: &Function, call: ExprId) -> bool {
    let tree = function.tree();
    let ExprKind::Call { args, .. } = tree.expr(call).kind else {
        return false;
    };
    let receiver = function.callee(call).receiver();
    let mut values = tree.exprs(args).iter().copied().chain(receiver);
    values.any(|value| {
        let local = function
            .local(value)
            .and_then(|local| function.info().local_info(local));
        local.is_some_and(|local| {
            module.program.named_name(local.ty).as_deref() != Some("context.Context")
        })
    })
}

/// How names begin of what goes on until it is stopped.
const GOES_ON: &[&str] = &[
    "accept", "consume", "listen", "loop", "poll", "read", "receive", "recv", "run", "serve",
    "sleep", "start", "watch",
];

fn mentions(function: &Function, stmt: StmtId, call: ExprId, local: LocalId) -> bool {
    if let Callee::Literal(literal) = function.callee(call) {
        return function
            .info()
            .literal(*literal)
            .is_some_and(|literal| literal.captures.contains(&local));
    }
    let tree = function.tree();
    let mut found = false;
    tree.walk(stmt, |node| {
        if let Node::Expr(expr) = node {
            found |= function.local(expr) == Some(local);
        }
        Descend::Into
    });
    found
}
