//! Goroutines of a value that each turn of an endless loop makes, a connection say, and that only the end of something else ends: they
//! wait for a channel of the value which nothing closes, or for the end of what the value belongs to.

use caulk_syntax::{ExprId, ExprKind, Node, StmtId};

use super::{Blocked, Many, Wait, outside_of_tests, place_of};
use crate::body::Function;
use crate::channels::made::span_of;
use crate::channels::places::kept_channel;
use crate::channels::uses::{leaves, received_by};
use crate::goroutines::{Body, Run};
use crate::module::Module;

/// The goroutines that a body starts of this kind.
pub(super) fn by_turn(module: &Module<'_>, function: &Function) -> Vec<Blocked> {
    outside_of_tests(module, function, |start, run| {
        started(module, function, start, run)
    })
}

fn started(module: &Module<'_>, function: &Function, start: Node, run: &Run) -> Option<Blocked> {
    let tree = function.tree();
    let turns = function.innermost_loop(start)?;
    let callee = run.callee.as_ref()?;
    let is_of_turn = run.has.iter().any(|local| {
        let made = function.info().local_info(*local).map(|info| info.span);
        function.is_fresh(*local) && made.is_some_and(|made| tree.stmt(turns).span.encloses(made))
    });
    if !is_of_turn || !tree.is_endless_loop(turns) {
        return None;
    }
    let (select, channel) = run.body(module, function).waits_with_owner()?;
    Some(Blocked {
        within: place_of(module, callee, select.into()),
        leaves: span_of(function, start),
        many: Many::Unseen,
        ..Blocked::new(function, start, Wait::Lasting, channel)
    })
}

impl Body<'_> {
    /// The `select` of a method's loop that waits for channels of its value which nothing closes, and for the end of what that belongs to;
    /// with the first of the channels.
    fn waits_with_owner(&self) -> Option<(StmtId, String)> {
        let mut selects = self.selects().into_iter();
        selects.find_map(|(select, clauses)| {
            let goes_round = self.function.in_loop(select);
            let channel = goes_round.then(|| self.waits_for(clauses))??;
            Some((select, channel))
        })
    }

    fn waits_for(&self, clauses: &[StmtId]) -> Option<String> {
        let function = self.function;
        let (mut own, mut ends) = (None, false);
        for clause in clauses {
            let channel = received_by(function, *clause)?;
            if self.is_of_owner(channel) {
                ends |= leaves(function.tree(), *clause, &|node| function.parent(node));
                continue;
            }
            let kept = kept_channel(self.module, function, channel)?;
            let is_own = Some(kept.of) == function.info().receiver();
            if !is_own || !kept.uses.is_never_closed() {
                return None;
            }
            own = own.or(Some(kept.name));
        }
        own.filter(|_| ends)
    }

    /// Whether a channel is one of what a field of the receiver holds: `c.server.quit`.
    fn is_of_owner(&self, channel: ExprId) -> bool {
        let (function, tree) = (self.function, self.function.tree());
        let ExprKind::Selector { x, .. } = tree.expr(tree.unparen(channel)).kind else {
            return false;
        };
        let ExprKind::Selector { x, .. } = tree.expr(tree.unparen(x)).kind else {
            return false;
        };
        function.local(x).is_some() && function.local(x) == function.info().receiver()
    }
}
