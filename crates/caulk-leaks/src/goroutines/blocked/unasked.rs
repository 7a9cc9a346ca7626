//! Goroutines that send again and again on a channel for whoever calls their starter, and that do not look at the context which it
//! is given: whoever receives leaves when that ends, and they wait for ever.

use caulk_program::Callee;
use caulk_syntax::{ExprId, Node};

use super::elsewhere::is_for_others;
use super::{Blocked, Many, Wait};
use crate::body::Function;
use crate::channels::made::{is_alone, sends, span_of};
use crate::goroutines::{asks_context, is_given_context};
use crate::module::Module;

/// The goroutines that a body starts of this kind.
pub(super) fn unasked(module: &Module<'_>, function: &Function) -> Vec<Blocked> {
    if !is_given_context(module, function) || crate::in_test::is_in_test(module, function) {
        return Vec::new();
    }
    let starts = function.starts(module.program).iter().copied();
    let literals = starts.filter_map(|(go, call)| match function.callee(call) {
        Callee::Literal(literal) => Some((go, *literal)),
        _ => None,
    });
    literals
        .filter(|(go, _)| function.root_of(*go).is_none())
        .filter_map(|(go, literal)| {
            let (send, name) = sent(module, function, literal)?;
            Some(Blocked {
                waits: span_of(function, send),
                many: Many::Unseen,
                ..Blocked::new(function, go, Wait::Unasked, name)
            })
        })
        .collect()
}

/// The first send that a literal makes again and again on such a channel, and the channel's name; none where it asks a context whether that
/// has ended.
fn sent(module: &Module<'_>, function: &Function, literal: ExprId) -> Option<(Node, String)> {
    let body = function.graph(Some(literal))?.body;
    let (send, channel) = sends(function, body)
        .into_iter()
        .find_map(|(send, channel)| {
            let channel = function.local(channel)?;
            let waits = function.root_of(send) == Some(literal)
                && function.in_loop(send)
                && is_alone(function, send.into());
            (waits && is_for_others(module, function, channel)).then_some((send, channel))
        })?;
    let name = function.info().local_info(channel)?.name.to_string();
    (!asks_context(module, function, body)).then(|| (send.into(), name))
}
