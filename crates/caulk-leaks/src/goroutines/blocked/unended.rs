//! Goroutines that wait for the end of a context which their starter was given, where that has no end: some caller of the
//! starter gives `context.Background()`.

use caulk_program::{BodyOwner, Callee, FuncId, LocalId};
use caulk_syntax::{Descend, ExprId, ExprKind, Node, StmtKind, UnaryOp};

use super::{Blocked, Wait};
use crate::body::Function;
use crate::channels::made::Started;
use crate::channels::names::is_channel;
use crate::engine::context::never_ends;
use crate::goroutines::context_of;
use crate::module::Module;

/// How many functions a context is followed through, each passing it to the next.
const DEPTH: u8 = 3;

/// The goroutines that calls of a body start of this kind.
pub(super) fn unended(module: &Module<'_>, function: &Function) -> Vec<Blocked> {
    let mut found = Vec::new();
    for (call, callee) in function.info().calls() {
        let Some(id) = callee.func().and_then(|func| func.id) else {
            continue;
        };
        let endless = function
            .tree()
            .arguments(call)
            .iter()
            .position(|argument| never_ends(module, function, *argument));
        let Some(index) = endless.filter(|_| module.follows_own(function.id(), id)) else {
            continue;
        };
        if crate::in_test::is_in_test(module, function) {
            return Vec::new();
        }
        found.extend(waits(module, id, index, DEPTH).map(|waiter| Blocked {
            started: Some(waiter.started),
            ..Blocked::new(function, call, Wait::Unsignalled, waiter.name)
        }));
    }
    found
}

/// A goroutine that waits for the end of a context.
struct Waiter {
    started: Started,
    name: String,
}

/// The goroutine that a function, or one that it passes the context of a parameter to, starts to wait for its end.
fn waits(module: &Module<'_>, id: FuncId, index: usize, depth: u8) -> Option<Waiter> {
    let depth = depth.checked_sub(1)?;
    let function = module.function(BodyOwner::Func(id))?;
    let context = *function.info().params().get(index)?;
    if !function.definitions(module.program, context).is_empty() {
        return None;
    }
    let started = function.starts(module.program).iter().copied();
    let mut own = started.filter(|(_, call)| waits_first(module, &function, *call, context));
    if let Some((go, _)) = own.next() {
        let name = format!("{}.Done()", function.info().local_info(context)?.name);
        let go = go.into();
        return Some(Waiter {
            started: Started { function, go },
            name,
        });
    }
    let calls = function.info().calls();
    calls.into_iter().find_map(|(call, callee)| {
        let next = callee.func()?.id?;
        let arguments = function.tree().arguments(call).iter();
        let mut passed = arguments.map(|argument| function.local(*argument));
        let index = passed.position(|local| local == Some(context))?;
        let follows = module.follows_own(Some(id), next);
        follows.then(|| waits(module, next, index, depth))?
    })
}

/// Whether a goroutine waits for the end of a context before all else, to tell on a channel that somebody has made for this
/// once: it serves for no longer than that.
fn waits_first(module: &Module<'_>, function: &Function, call: ExprId, context: LocalId) -> bool {
    let tree = function.tree();
    let Callee::Literal(literal) = function.callee(call) else {
        return false;
    };
    let Some(graph) = function.graph(Some(*literal)) else {
        return false;
    };
    let StmtKind::Block(block) = tree.stmt(graph.body).kind else {
        return false;
    };
    let first = tree.stmts(block.stmts).first();
    let Some(StmtKind::Expr(first)) = first.map(|first| tree.stmt(*first).kind) else {
        return false;
    };
    let ExprKind::Unary {
        op: UnaryOp::Receive,
        x,
    } = tree.expr(tree.unparen(first)).kind
    else {
        return false;
    };
    let of = context_of(module, function, x).and_then(|of| function.local(of));
    let mut tells = false;
    tree.walk(graph.body, |node| {
        if let Node::Expr(expr) = node
            && let ExprKind::Ident(_) = tree.expr(expr).kind
            && function.local(expr).is_some()
        {
            let ty = function.info().type_of(expr);
            tells |= is_channel(module.program, ty);
        }
        Descend::Into
    });
    of == Some(context) && tells
}
