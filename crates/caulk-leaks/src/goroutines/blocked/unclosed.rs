//! Goroutines that range over a channel of a value which nothing ever closes, and that only what comes from it can end: a failing
//! write, say. Where the value is left behind nothing more comes.

use caulk_program::LocalId;
use caulk_syntax::{Descend, Node, Span, StmtId, StmtKind};

use super::{Blocked, Many, Wait, outside_of_tests, place_of};
use crate::body::Function;
use crate::channels::made::span_of;
use crate::channels::names::is_channel;
use crate::channels::places::kept_channel;
use crate::contract::RELEASE_METHODS;
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
    let owned = run.has.iter().any(|local| {
        released_type(module, function, *local).is_some()
            || is_given_to_released(module, function, *local)
    });
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

/// Whether a channel that a function makes is given to a call that returns a value of the package which has a release method.
fn is_given_to_released(module: &Module<'_>, function: &Function, channel: LocalId) -> bool {
    let (program, tree) = (module.program, function.tree());
    let package = program.package(function.package);
    let info = function.info().local_info(channel);
    let is_made_here = info.is_some_and(|info| is_channel(program, info.ty));
    let calls = function.info().calls();
    is_made_here
        && calls.iter().any(|(call, _)| {
            let mut arguments = tree.arguments(*call).iter();
            let results = crate::types::results(program, function.info().type_of(*call));
            let named = results.first().and_then(|ty| program.named_of(*ty));
            arguments.any(|argument| function.local(*argument) == Some(channel))
                && named.is_some_and(|named| {
                    &*named.package == package.path()
                        && package
                            .methods_of(&named.name)
                            .any(|method| RELEASE_METHODS.contains(&method.name.as_str()))
                })
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
