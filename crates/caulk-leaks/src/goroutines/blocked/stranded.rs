//! Functions that others call and that send on a channel in a field, of which all receivers may have left on the word of
//! a context or a signal: whoever calls them then waits for ever.

use caulk_program::{LocalKind, Type};
use caulk_syntax::{Descend, ExprId, ExprKind, Node, Span, StmtId, StmtKind, UnaryOp, is_exported};

use super::{Blocked, Wait, of_same_package};
use crate::body::Function;
use crate::channels::made::{is_alone, sends};
use crate::channels::places::{KeptChannel, kept_channel};
use crate::module::Module;

/// The sends of a body that may wait for ever.
pub(super) fn stranded(module: &Module<'_>, function: &Function) -> Vec<Blocked> {
    let Some(graph) = function.graph(None) else {
        return Vec::new();
    };
    let own = sends(function, graph.body).into_iter().filter(|(send, _)| {
        function.root_of(*send).is_none() && is_alone(function, (*send).into())
    });
    let found = own
        .into_iter()
        .find_map(|(send, channel)| left(module, function, send, channel));
    // A test ends before it matters.
    let found = found.filter(|_| !crate::in_test::is_in_test(module, function));
    let by_others = |left: &Left| {
        let wanted = if left.in_the_end { 2 } else { 1 };
        is_offered(module, function) || callers_for_others(module, function) >= wanted
    };
    let found = found.filter(by_others);
    found.map(|left| left.blocked).into_iter().collect()
}

/// A send that may wait for ever.
struct Left {
    blocked: Blocked,
    /// There is room, which has to be filled first.
    in_the_end: bool,
}

/// Whether others than the package can call a function.
fn is_offered(module: &Module<'_>, function: &Function) -> bool {
    let func = function.id().and_then(|id| module.program.func(id));
    func.is_some_and(|func| is_exported(&func.name))
}

/// How many methods that others can call call this one of the same type.
fn callers_for_others(module: &Module<'_>, function: &Function) -> usize {
    let Some(id) = function.id() else {
        return 0;
    };
    let func = module.program.func(id);
    let Some(receiver) = func.and_then(|func| func.receiver.as_deref()) else {
        return 0;
    };
    let package = module.program.package(function.package);
    package
        .methods_of(receiver)
        .filter(|method| is_exported(&method.name))
        .filter_map(|method| of_same_package(module, function, package.id_of(method)))
        .filter(|method| !crate::in_test::is_in_test(module, method))
        .filter(|method| {
            method.info().calls().iter().any(|(call, callee)| {
                callee.func().and_then(|func| func.id) == Some(id)
                    && method.root_of(*call).is_none()
                    && !method.is_started(*call)
            })
        })
        .count()
}

/// A send on the channel of a value that the function is given, where it does not ask first whether that has ended.
fn left(module: &Module<'_>, function: &Function, send: StmtId, chan: ExprId) -> Option<Left> {
    let channel = kept_channel(module, function, chan)?;
    let of = function.info().local_info(channel.of)?;
    // What is in a variable another function has given, with its receivers.
    let produced = function.local(chan).is_some_and(|local| {
        let value = function.sole_value(module.program, local);
        value.is_some_and(|(call, _)| function.callee(call).func().is_some())
    });
    let given = produced || matches!(of.kind, LocalKind::Receiver | LocalKind::Param { .. });
    // Who is called once does not fill the room that there is, and a loop of the package knows when it may send.
    let knows = function.in_loop(send) && !produced && !is_offered(module, function);
    let again = of.kind == LocalKind::Receiver && carries(module, function, chan);
    let left = channel.uses.is_left_by_signal()
        || again && channel.uses.is_left_with_few()
        || produced && function.in_loop(send) && channel.uses.is_left_full();
    // Who has told the workers to leave knows it.
    let left = left && !(knows || produced && channel.uses.is_left_by_quit());
    let left = left && !channel.uses.is_left_when_idle();
    (given && left && !asks_first(module, function, send, &channel)).then(|| Left {
        blocked: Blocked::new(function, send, Wait::Stranded, channel.name.clone()),
        in_the_end: !channel.uses.is_left_by_signal(),
    })
}

/// Whether a channel carries more than that something happened, or failed, which may happen but once.
fn carries(module: &Module<'_>, function: &Function, chan: ExprId) -> bool {
    let program = module.program;
    let ty = program.ty(program.underlying(function.info().type_of(chan)));
    let Type::Chan(_, element) = ty else {
        return false;
    };
    !program.is_basic(*element)
        && !crate::types::is_error(program, *element)
        && !matches!(program.ty(program.underlying(*element)), Type::Struct(fields) if fields.is_empty())
}

/// Whether something before a send looks whether the value has ended: what is true or not of it, a context's error, or
/// another channel of it; or starts a goroutine of it.
fn asks_first(
    module: &Module<'_>,
    function: &Function,
    send: StmtId,
    channel: &KeptChannel,
) -> bool {
    let tree = function.tree();
    let Some(graph) = function.graph(None) else {
        return false;
    };
    let end = tree.stmt(send).span;
    let is_before = |span: Span| span.start < end.start;
    let mut asks = false;
    tree.walk(graph.body, |node| {
        match node {
            Node::Stmt(stmt) => match tree.stmt(stmt).kind {
                StmtKind::If { cond, .. } if is_before(tree.expr(cond).span) => {
                    asks |= looks(module, function, cond, channel);
                }
                // Whoever receives has only begun.
                StmtKind::Go(call) if is_before(tree.expr(call).span) => {
                    let callee = function.callee(tree.unparen(call));
                    let of = callee.receiver();
                    asks |= of.is_some_and(|of| is_of(function, of, channel));
                }
                _ => {}
            },
            Node::Expr(expr) => match tree.expr(expr).kind {
                ExprKind::Unary {
                    op: UnaryOp::Receive,
                    x,
                } if is_before(tree.expr(expr).span) => {
                    asks |= is_of(function, x, channel);
                }
                _ => {}
            },
        }
        Descend::Into
    });
    asks
}

/// Whether a condition looks at a number, a text or a truth of the value, or asks a context for its error.
fn looks(module: &Module<'_>, function: &Function, cond: ExprId, channel: &KeptChannel) -> bool {
    let tree = function.tree();
    let mut looks = false;
    tree.walk(cond, |node| {
        if let Node::Expr(expr) = node {
            looks |= match tree.expr(expr).kind {
                ExprKind::Call { .. } => {
                    function
                        .callee(expr)
                        .func()
                        .is_some_and(|func| &*func.name == "context.Context.Err")
                        || is_state(module, function, expr)
                            && function
                                .callee(expr)
                                .receiver()
                                .is_some_and(|receiver| is_of(function, receiver, channel))
                }
                ExprKind::Selector { .. } => {
                    is_state(module, function, expr) && is_of(function, expr, channel)
                }
                _ => false,
            };
        }
        Descend::Into
    });
    looks
}

fn is_state(module: &Module<'_>, function: &Function, expr: ExprId) -> bool {
    let program = module.program;
    let ty = program.underlying(function.info().type_of(expr));
    program.is_basic(ty)
}

/// Whether an expression is the value that the channel belongs to, or a field of it.
fn is_of(function: &Function, expr: ExprId, channel: &KeptChannel) -> bool {
    let tree = function.tree();
    let expr = tree.unparen(expr);
    let of = match tree.expr(expr).kind {
        ExprKind::Selector { x, .. } => tree.unparen(x),
        _ => expr,
    };
    function.local(of) == Some(channel.of)
}
