//! Goroutines that gather: each turn of a loop without an end starts another that waits, first of all, for the end of something from
//! outside of the loop.

use caulk_program::{Callee, Object, Type};
use caulk_syntax::{Descend, ExprId, ExprKind, Node, StmtId, StmtKind};

use super::{Blocked, Wait};
use crate::body::Function;
use crate::channels::made::sends;
use crate::channels::uses::{is_signal, received_from};
use crate::goroutines::context_of;
use crate::module::Module;

/// The goroutines that a body starts of this kind.
pub(super) fn gathering(module: &Module<'_>, function: &Function) -> Vec<Blocked> {
    let starts = function.starts(module.program).iter().copied();
    starts
        .filter_map(|(go, call)| gathered(module, function, go, call))
        .collect()
}

fn gathered(module: &Module<'_>, function: &Function, go: StmtId, call: ExprId) -> Option<Blocked> {
    let tree = function.tree();
    let turns = function.innermost_loop(go)?;
    let StmtKind::For { cond, body, .. } = tree.stmt(turns).kind else {
        return None;
    };
    // A loop with a condition may have few turns, and what stands below another statement may not be one of each.
    if cond.is_some() || !tree.block(body).contains(&go) {
        return None;
    }
    let Callee::Literal(literal) = function.callee(call) else {
        return None;
    };
    let first = *tree.block(function.graph(Some(*literal))?.body).first()?;
    let channel = received_from(tree, first)?;
    let file = caulk_flow::file_of(module.program, function.typed.owner)?;
    let text = file.bytes();
    let text_of = |expr: ExprId| tree.expr(expr).span.of(&text);
    if !ends_only(module, function, channel)
        || hangs_on_turn(module, function, turns, channel)
        || is_sent_on(function, &|other| text_of(other) == text_of(channel))
    {
        return None;
    }
    let name = String::from_utf8_lossy(text_of(channel)).into_owned();
    Some(Blocked {
        waits: tree.stmt(first).span,
        leaves: tree.stmt(turns).span,
        ..Blocked::new(function, go, Wait::Gathered, name)
    })
}

/// Whether a channel is there to tell the end of something: of a context, or one that carries nothing and is only received from.
fn ends_only(module: &Module<'_>, function: &Function, channel: ExprId) -> bool {
    let program = module.program;
    let ty = program.ty(program.underlying(function.info().type_of(channel)));
    let is_named = matches!(
        function.tree().expr(channel).kind,
        ExprKind::Ident(_) | ExprKind::Selector { .. }
    );
    context_of(module, function, channel).is_some()
        || is_named && matches!(ty, Type::Chan(_, element) if is_signal(program, *element))
}

/// Whether a channel hangs on a variable that the loop declares or assigns.
fn hangs_on_turn(module: &Module<'_>, function: &Function, turns: StmtId, channel: ExprId) -> bool {
    let (tree, info) = (function.tree(), function.info());
    let turns = tree.stmt(turns).span;
    let mut hangs = false;
    tree.walk(channel, |node| {
        if let Node::Expr(expr) = node
            && let Object::Local(local) = *info.object(expr)
        {
            let is_made = |value: &Option<ExprId>| {
                value.is_none_or(|value| turns.encloses(tree.expr(value).span))
            };
            let mut given = function.definitions(module.program, local).iter();
            hangs |= info
                .local_info(local)
                .is_none_or(|local| turns.encloses(local.span))
                || given.any(|(value, _)| is_made(value));
        }
        Descend::Into
    });
    hangs
}

/// Whether the function sends on a channel of this name: a goroutine for each that it sends.
fn is_sent_on(function: &Function, named: &dyn Fn(ExprId) -> bool) -> bool {
    let graph = function.graph(None);
    graph.is_none_or(|graph| {
        let sends = sends(function, graph.body);
        sends.iter().any(|(_, channel)| named(*channel))
    })
}
