//! What a goroutine sends into a channel that has room for it, where its starter leaves without looking.

use caulk_syntax::{Node, Span};

use super::served::{Used, View};
use crate::body::Function;
use crate::channels::made::{Actor, Op, Use};
use crate::module::Module;

/// Where the starter of a goroutine leaves what that sends at a place in the channel: it alone receives, and is not bound to.
pub(crate) fn left_in_channel(
    module: &Module<'_>,
    function: &Function,
    sent: Span,
) -> Option<Span> {
    let used: Vec<Used> = super::made(module, function).collect();
    let is_send =
        |one: &Use| one.op == Op::Send && one.callee.is_none() && one.span(function).encloses(sent);
    let of = used.iter().find(|used| used.uses.iter().any(is_send))?;
    let view = View {
        module,
        function,
        used: of,
        others: &used,
    };
    let start = of.uses.iter().find_map(|one| match one.actor {
        Actor::Goroutine(start) if is_send(one) => Some(start),
        _ => None,
    })?;
    view.leaves_unreceived(start)
}

impl View<'_> {
    fn leaves_unreceived(&self, start: Node) -> Option<Span> {
        let is_receive = |used: &&Use| matches!(used.op, Op::Receive | Op::Range);
        let receives: Vec<&Use> = self.used.uses.iter().filter(is_receive).collect();
        let by_starter = |used: &&Use| used.actor == Actor::Starter;
        // Without room the goroutine itself hangs.
        let has_room = self.used.channel.room.is_some_and(|room| room > 0);
        if !has_room
            || self.is_lent()
            || receives.is_empty()
            || !receives.iter().all(by_starter)
            || self.started_in_loop(start)
            || !self.is_received_wherever_started(start, &receives)
        {
            return None;
        }
        self.receiving(start, &receives).leaves_with_fewer(start, 1)
    }
}
