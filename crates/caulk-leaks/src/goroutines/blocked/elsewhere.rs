//! Sends on a channel that somebody gives, with no way out, where the same function sends on it with one elsewhere: it
//! knows that whoever receives may have left.

use caulk_program::{LocalId, LocalKind};
use caulk_syntax::{Node, Span, StmtId, StmtKind, is_exported};

use super::{Blocked, Wait};
use crate::body::Function;
use crate::channels::made::{channels, is_alone, sends};
use crate::channels::uses::{leaves, received_by};
use crate::goroutines::context_of;
use crate::inference::started::returns;
use crate::module::Module;

/// The sends of a body that wait where others of it do not.
pub(super) fn elsewhere(module: &Module<'_>, function: &Function) -> Vec<Blocked> {
    let Some(graph) = function.graph(None) else {
        return Vec::new();
    };
    let mut alone: Vec<(StmtId, LocalId)> = Vec::new();
    let mut beside: Vec<(LocalId, Span)> = Vec::new();
    for (send, channel) in sends(function, graph.body) {
        let Some(channel) = function.local(channel) else {
            continue;
        };
        if is_alone(function, send.into()) {
            alone.push((send, channel));
        } else if let Some(told) = way_out(module, function, send) {
            beside.push((channel, told));
        }
    }
    if alone.is_empty() || beside.is_empty() || crate::in_test::is_in_test(module, function) {
        return Vec::new();
    }
    let mut found: Vec<Blocked> = Vec::new();
    for (send, channel) in alone {
        let told = beside
            .iter()
            .find(|(other, _)| *other == channel)
            .filter(|_| is_for_others(module, function, channel));
        if let Some((_, told)) = told
            && let Some(local) = function.info().local_info(channel)
            && found.iter().all(|known| known.channel != local.name)
        {
            found.push(Blocked {
                leaves: *told,
                ..Blocked::new(function, send, Wait::Untold, local.name.to_string())
            });
        }
    }
    found
}

/// Whether others receive from a channel: whoever calls the function from outside gives it, or gets it as it is made, without
/// room.
pub(super) fn is_for_others(module: &Module<'_>, function: &Function, channel: LocalId) -> bool {
    let Some(local) = function.info().local_info(channel) else {
        return false;
    };
    if matches!(local.kind, LocalKind::Param { .. }) {
        let func = function.id().and_then(|id| module.program.func(id));
        return local.function.is_none() && func.is_some_and(|func| is_exported(&func.name));
    }
    returns(function, channel)
        && channels(module, function)
            .iter()
            .any(|made| made.local == Some(channel) && made.room == Some(0))
}

/// Another clause of the `select` that a send is made in, which leaves for good when a context ends.
fn way_out(module: &Module<'_>, function: &Function, send: StmtId) -> Option<Span> {
    let tree = function.tree();
    let Node::Stmt(clause) = function.parent(send)? else {
        return None;
    };
    let Node::Stmt(select) = function.parent(clause)? else {
        return None;
    };
    let StmtKind::Block(block) = tree.stmt(select).kind else {
        return None;
    };
    let once = !function.in_loop(send);
    let out = tree.stmts(block.stmts).iter().find(|other| {
        let asked = received_by(function, **other);
        asked.is_some_and(|channel| context_of(module, function, channel).is_some())
            && (once || leaves(tree, **other, &|node| function.parent(node)))
    })?;
    Some(tree.stmt(*out).span)
}
