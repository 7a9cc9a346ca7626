//! Senders whose starter leaves before it has received, or handed the channel on to whoever may receive in its place: what
//! those do need not be known.

use caulk_program::Type;
use caulk_syntax::Node;

use super::Blocked;
use super::served::{Used, View};
use crate::body::Function;
use crate::channels::made::{Actor, Op, channels, is_understood, span_of, uses_until_handed_on};
use crate::module::Module;

/// The senders of this kind, on the channels that not every use is understood of.
pub(super) fn unhanded(module: &Module<'_>, function: &Function, others: &[Used]) -> Vec<Blocked> {
    let open = channels(module, function)
        .into_iter()
        .filter(|channel| channel.room == Some(0) && !is_understood(module, function, channel));
    let used = open.filter_map(|channel| {
        let uses = uses_until_handed_on(module, function, &channel)?;
        Some(Used { channel, uses })
    });
    let left = used.flat_map(|used| {
        View {
            module,
            function,
            used: &used,
            others,
        }
        .left_before()
    });
    left.collect()
}

impl View<'_> {
    fn left_before(&self) -> Vec<Blocked> {
        let own = self.uses(|used| !matches!(used.actor, Actor::Goroutine(_)));
        let by_itself = own.iter().all(|used| {
            matches!(used.op, Op::Receive | Op::Range) && matches!(used.actor, Actor::Starter)
        });
        let senders = self.goroutines(|used| used.op == Op::Send && used.alone);
        let receivers = self.goroutines(|used| used.op != Op::Send && used.op != Op::Close);
        if !by_itself || !receivers.is_empty() {
            return Vec::new();
        }
        let left = senders.into_iter().filter_map(|start| {
            let begun = span_of(self.function, start);
            let behind = own
                .iter()
                .all(|used| used.span(self.function).start >= begun.end);
            let sends = self.sends(start);
            let first = *sends.first()?;
            if !behind
                || self.started_in_loop(start)
                || self.shares_another(start)
                || self.only_tells_test(&sends)
                || !self.is_received_wherever_started(start, &own)
            {
                return None;
            }
            let paths = self.receiving(start, &own);
            let leaves = paths.leaves_with_fewer(start, 1)?;
            let once = sends.len() == 1 && !first.repeats;
            self.blocked(start, first, leaves, once)
        });
        left.collect()
    }

    /// Whether a goroutine has another channel, by which its starter may know how far it has come.
    fn shares_another(&self, start: Node) -> bool {
        let (function, program) = (self.function, self.module.program);
        let mut another = false;
        self.function.tree().walk(start, |node| {
            if let Node::Expr(expr) = node
                && let Some(local) = function.local(expr)
                && Some(local) != self.used.channel.local
            {
                another |= matches!(program.ty(function.info().type_of(expr)), Type::Chan(..));
            }
            caulk_syntax::Descend::Into
        });
        another
    }
}
