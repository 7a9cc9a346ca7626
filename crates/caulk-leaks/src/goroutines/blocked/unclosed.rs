//! Goroutines that range over a channel of a value which nothing ever closes, and that only what comes from it can end: a failing
//! write, say. Where the value is left behind nothing more comes.

use caulk_syntax::{Descend, Node, Span, StmtId, StmtKind};

use super::{Blocked, Many, Wait, outside_of_tests, place_of};
use crate::body::Function;
use crate::channels::made::span_of;
use crate::channels::places::kept_channel;
use crate::goroutines::endless::{endless_loop, released_type};
use crate::goroutines::{Body, Run};
use crate::module::Module;

/// The goroutines that a body starts of this kind.
pub(super) fn unclosed(module: &Module<'_>, function: &Function) -> Vec<Blocked> {
    outside_of_tests(module, function, |start, run| {
        started(module, function, start, run)
    })
}

fn started(module: &Module<'_>, function: &Function, start: Node, run: &Run) -> Option<Blocked> {
    let (range, head, channel) = run.body(module, function).unclosed()?;
    let owned = run
        .has
        .iter()
        .any(|local| released_type(module, function, *local).is_some());
    let blocked = Blocked {
        may_serve: !owned,
        many: Many::ByRequest,
        ..Blocked::new(function, start, Wait::Unclosed, channel)
    };
    Some(match &run.callee {
        Some(callee) => Blocked {
            within: place_of(module, callee, range.into()),
            ..blocked
        },
        None => Blocked {
            waits: head,
            leaves: span_of(function, start),
            ..blocked
        },
    })
}

impl Body<'_> {
    /// The range that every run of the body comes to, its head, and its channel.
    fn unclosed(&self) -> Option<(StmtId, Span, String)> {
        let (function, tree) = (self.function, self.function.tree());
        let graph = function.graph(self.root)?;
        let mut found = None;
        tree.walk(graph.body, |node| {
            if let Node::Stmt(stmt) = node
                && let StmtKind::Range { x, .. } = tree.stmt(stmt).kind
                && found.is_none()
                && function.root_of(stmt) == self.root
                && function.branch_of(node).is_none()
                && !function.in_loop(stmt)
                && let Some(channel) = kept_channel(self.module, function, x)
                && channel.uses.is_never_closed()
            {
                found = Some((stmt, tree.expr(x).span, channel.name));
            }
            Descend::Into
        });
        // One that nothing at all can end has no way to end.
        let ends = || endless_loop(self.module, function.package, function, graph).is_none();
        found.filter(|_| ends())
    }
}
