//! Channels that a function gives to its caller, and that a goroutine which it starts sends on.

use std::sync::Arc;

use caulk_program::{BodyOwner, Callee, FuncId, LocalId, Type};
use caulk_syntax::{Descend, ExprId, ExprKind, Node, StmtId, StmtKind, UnaryOp};

use crate::body::Function;
use crate::channels::made::{Actor, Channel, Op, Use, channels, uses, uses_of_returned};
use crate::module::Module;
use crate::sites::stand_in;

/// A channel that a call gives.
pub(crate) struct Produced {
    pub channel: Channel,
    pub uses: Vec<Use>,
}

/// The channels that calls of a body give, each with every use of it.
pub(crate) fn produced(module: &Module<'_>, function: &Function) -> Vec<Produced> {
    let tree = function.tree();
    let gives = |ty| {
        crate::types::results(module.program, ty)
            .iter()
            .any(|ty| matches!(module.program.ty(*ty), Type::Chan(..)))
    };
    let calls = function.info().calls();
    let calls = calls
        .iter()
        .filter(|(call, _)| gives(function.info().type_of(*call)));
    let mut found = Vec::new();
    for (call, callee) in calls {
        let Some(id) = reached(module, function, callee) else {
            continue;
        };
        let types = crate::types::results(module.program, function.info().type_of(*call));
        // Another result may be what ends the goroutine.
        let alone = types.iter().all(|ty| {
            matches!(module.program.ty(*ty), Type::Chan(..))
                || crate::types::is_error(module.program, *ty)
        });
        if !alone || is_called_elsewhere(tree, function, *call) {
            continue;
        }
        for index in 0..types.len() {
            if let Some(taken) = taken(module, function, *call, index)
                && let Some(producer) = producer(module, id, index)
                && let Some(one) = given(module, function, *call, &taken, &producer)
            {
                found.push(one);
            }
        }
    }
    found
}

/// The function of the project that a call reaches: the one that it names, or the only one behind a method of an interface but for
/// what stands in for it in tests.
fn reached(module: &Module<'_>, function: &Function, callee: &Callee) -> Option<FuncId> {
    match callee {
        Callee::Static(func) | Callee::Method { func, .. } => {
            func.id.filter(|id| module.follows_own(function.id(), *id))
        }
        Callee::Interface {
            iface,
            through,
            name,
            ..
        } => {
            let mut all = module.implementers(function.package, *iface, through, name);
            all.retain(|(build, id)| !stand_in::declares(build, *id));
            match all[..] {
                [(build, id)] if std::ptr::eq(build, module) => Some(id),
                _ => None,
            }
        }
        _ => None,
    }
}

/// A call that a `go` or `defer` statement makes gives nothing to anybody here.
fn is_called_elsewhere(tree: &caulk_syntax::Tree, function: &Function, call: ExprId) -> bool {
    matches!(function.parent(call), Some(Node::Stmt(stmt))
        if matches!(tree.stmt(stmt).kind, StmtKind::Go(_) | StmtKind::Defer(_)))
}

/// What is done with a result of a call.
enum Taken {
    Nothing,
    By {
        local: LocalId,
        /// The condition that looks at the error beside it.
        failed: Option<ExprId>,
    },
    /// A range over it, or one receive.
    Once(Op, Node),
}

fn taken(module: &Module<'_>, function: &Function, call: ExprId, index: usize) -> Option<Taken> {
    let tree = function.tree();
    match function.parent(call)? {
        Node::Stmt(stmt) => match tree.stmt(stmt).kind {
            StmtKind::Expr(_) => Some(Taken::Nothing),
            StmtKind::Range { x, .. } if x == call => Some(Taken::Once(Op::Range, stmt.into())),
            StmtKind::Assign { lhs, rhs, .. } if tree.exprs(rhs) == [call] => {
                assigned(module, function, stmt, tree.exprs(lhs), index)
            }
            _ => None,
        },
        Node::Expr(parent) => match tree.expr(parent).kind {
            ExprKind::Unary {
                op: UnaryOp::Receive,
                ..
            } => Some(Taken::Once(Op::Receive, parent.into())),
            _ => None,
        },
    }
}

fn assigned(
    module: &Module<'_>,
    function: &Function,
    by: StmtId,
    lhs: &[ExprId],
    index: usize,
) -> Option<Taken> {
    let target = *lhs.get(index)?;
    if function.tree().is_blank(target) {
        return Some(Taken::Nothing);
    }
    let local = function.local(target)?;
    let error = lhs.last().filter(|last| **last != target);
    let failed = error
        .and_then(|last| function.local(*last))
        .and_then(|error| looked_at(function, error, by));
    let once = function.sole_value(module.program, local).is_some();
    once.then_some(Taken::By { local, failed })
}

/// The first condition behind a statement that compares a variable, as long as nothing assigns it again before.
pub(crate) fn looked_at(function: &Function, error: LocalId, by: StmtId) -> Option<ExprId> {
    let tree = function.tree();
    let start = tree.stmt(by).span.end;
    let mut first: Option<(u32, Option<ExprId>)> = None;
    let mut note = |at: u32, cond: Option<ExprId>| {
        if at >= start && first.is_none_or(|(known, _)| at < known) {
            first = Some((at, cond));
        }
    };
    tree.walk(function.typed.block()?, |node| {
        match node {
            Node::Stmt(stmt) => {
                if let StmtKind::Assign { lhs, .. } = tree.stmt(stmt).kind
                    && assigns(function, tree.exprs(lhs), error)
                {
                    note(tree.stmt(stmt).span.start, None);
                }
            }
            Node::Expr(expr) => {
                if let ExprKind::Binary { x, y, .. } = tree.expr(expr).kind
                    && (function.local(x) == Some(error) || function.local(y) == Some(error))
                {
                    note(tree.expr(expr).span.start, Some(expr));
                }
            }
        }
        Descend::Into
    });
    first?.1
}

fn assigns(function: &Function, targets: &[ExprId], local: LocalId) -> bool {
    targets.iter().any(|x| function.local(*x) == Some(local))
}

/// A function that makes a channel for its caller, with what its goroutines do with that.
struct Producer {
    function: Arc<Function>,
    channel: Channel,
    uses: Vec<Use>,
}

fn producer(module: &Module<'_>, id: FuncId, result: usize) -> Option<Producer> {
    let function = module.function(BodyOwner::Func(id))?;
    if let Some(inner) = only_calls(&function).filter(|inner| module.follows_own(Some(id), *inner))
    {
        return made_by(module, module.function(BodyOwner::Func(inner))?, result);
    }
    made_by(module, function, result)
}

/// The function whose results a function gives as its own, and does nothing else.
fn only_calls(function: &Function) -> Option<FuncId> {
    let tree = function.tree();
    let StmtKind::Block(block) = tree.stmt(function.typed.block()?).kind else {
        return None;
    };
    let [only] = tree.stmts(block.stmts) else {
        return None;
    };
    let StmtKind::Return(list) = tree.stmt(*only).kind else {
        return None;
    };
    let [call] = tree.exprs(list) else {
        return None;
    };
    function.callee(*call).func()?.id
}

fn made_by(module: &Module<'_>, function: Arc<Function>, result: usize) -> Option<Producer> {
    let returned = crate::inference::started::returned_locals(&function, result);
    let channel = channels(module, &function).into_iter().find(|channel| {
        channel.root.is_none() && channel.local.is_some_and(|local| returned.contains(&local))
    })?;
    let uses = uses_of_returned(module, &function, &channel)?;
    let by_goroutines = uses
        .iter()
        .all(|used| matches!(used.actor, Actor::Goroutine(_)));
    let sends = uses.iter().any(|used| used.op == Op::Send && used.alone);
    (by_goroutines && sends).then_some(Producer {
        function,
        channel,
        uses,
    })
}

fn given(
    module: &Module<'_>,
    function: &Function,
    call: ExprId,
    taken: &Taken,
    producer: &Producer,
) -> Option<Produced> {
    let root = function.root_of(call);
    let (local, failed) = match taken {
        Taken::By { local, failed } => (Some(*local), *failed),
        _ => (None, None),
    };
    let info = local.and_then(|local| function.info().local_info(local));
    if info.is_some_and(|info| info.function != root) {
        return None;
    }
    let channel = Channel {
        local,
        name: info.map_or_else(|| producer.channel.name.clone(), |info| info.name.clone()),
        made: function.tree().expr(call).span,
        room: producer.channel.room,
        root,
        failed,
    };
    let mut all = match taken {
        Taken::Nothing => Vec::new(),
        Taken::By { .. } => uses(module, function, &channel)?,
        Taken::Once(op, node) => vec![Use::of_starter(function, *op, *node)],
    };
    let sent = producer.uses.iter().cloned();
    all.extend(sent.filter_map(|used| match used.actor {
        Actor::Goroutine(go) => Some(used.started_by(call, &producer.function, go)),
        _ => None,
    }));
    Some(Produced { channel, uses: all })
}
