//! Goroutines that range over a channel of a value which nothing ever closes, or receive from it again and again, and that only what
//! comes from it can end: a failing write, say. Where the value is left behind nothing more comes.

use std::collections::BTreeSet;

use caulk_program::{BodyOwner, Builtin, Callee, FuncId, LocalId};
use caulk_syntax::{Descend, Node, Span, StmtId, StmtKind};

use super::round::reads_directly;
use super::{Blocked, Many, Wait, outside_of_tests, place_of};
use crate::body::Function;
use crate::channels::made::{is_alone, sends, span_of};
use crate::channels::names::is_channel;
use crate::channels::places::kept_channel;
use crate::channels::uses::received_from;
use crate::contract::RELEASE_METHODS;
use crate::goroutines::endless::{endless_loop, released_type};
use crate::goroutines::{Body, Run, path};
use crate::module::Module;

/// The goroutines that a body starts of this kind.
pub(super) fn unclosed(module: &Module<'_>, function: &Function) -> Vec<Blocked> {
    outside_of_tests(module, function, |start, run| {
        started(module, function, start, run)
    })
}

fn started(module: &Module<'_>, function: &Function, start: Node, run: &Run) -> Option<Blocked> {
    let body = run.body(module, function);
    let of_receive = || {
        let (receive, channel) = body.received_again()?;
        let of = |local: &LocalId| Some(released_type(module, function, *local)?.1);
        let mut releases = run.has.iter().filter_map(of);
        let told = |release| sends_on(module, release, &channel);
        let is_untold = releases.next().is_some_and(|release| !told(release));
        is_untold.then_some((receive, body.function.tree().stmt(receive).span, channel))
    };
    let ranges = body.unclosed().map(|range| (Wait::Unclosed, range));
    let waits = ranges.or_else(|| Some((Wait::Fed, of_receive()?)));
    let (wait, (range, head, channel)) = waits?;
    let owned = run.has.iter().any(|local| {
        released_type(module, function, *local).is_some()
            || is_given_to_released(module, function, *local)
    });
    let blocked = Blocked {
        may_serve: !owned,
        many: Many::ByRequest,
        ..Blocked::new(function, start, wait, channel)
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

/// Whether a method sends on a channel in a field of this name: a last word, perhaps.
fn sends_on(module: &Module<'_>, method: FuncId, channel: &str) -> bool {
    let Some(function) = module.function(BodyOwner::Func(method)) else {
        return true;
    };
    let Some(graph) = function.graph(None) else {
        return true;
    };
    let field = channel.rsplit('.').next();
    let all = sends(&function, graph.body);
    all.iter().any(|(_, channel)| {
        let path = path(&function, *channel);
        path.is_none_or(|path| path.rsplit('.').next() == field)
    })
}

impl Body<'_> {
    /// The receive that each turn of an endless loop waits for, where the loop waits for nothing else and is not left for what is
    /// received; with the name of its channel.
    fn received_again(&self) -> Option<(StmtId, String)> {
        let (function, tree) = (self.function, self.function.tree());
        let graph = function.graph(self.root)?;
        let (mut channels, mut at) = (Vec::new(), None);
        let (mut values, mut counts) = (BTreeSet::new(), false);
        tree.walk(graph.body, |node| {
            let stmt = match node {
                Node::Stmt(stmt) => stmt,
                Node::Expr(expr) => {
                    counts |= *function.callee(expr) == Callee::Builtin(Builtin::Len);
                    return Descend::Into;
                }
            };
            let Some(channel) = received_from(tree, stmt) else {
                return Descend::Into;
            };
            channels.push(channel);
            if let StmtKind::Assign { lhs, .. } = tree.stmt(stmt).kind {
                values.extend(tree.exprs(lhs).iter().filter_map(|to| function.local(*to)));
            }
            if is_alone(function, node) && function.root_of(node) == self.root {
                at = at.or(Some(stmt));
            }
            Descend::Into
        });
        let at = at?;
        let round = function.innermost_loop(at)?;
        let name = path(function, *channels.first()?)?;
        let only = channels
            .iter()
            .all(|one| path(function, *one).as_ref() == Some(&name));
        let kept = kept_channel(self.module, function, *channels.first()?)?;
        let is_outermost = tree.is_endless_loop(round)
            && function.innermost_loop(round).is_none()
            && function.branch_of(round.into()).is_none();
        // What looks first whether there is something waits for nothing.
        let stays = only && is_outermost && !counts && kept.uses.is_never_closed();
        let ends = || endless_loop(self.module, function.package, function, graph).is_none();
        (stays && !self.leaves_for(round, &values) && ends()).then_some((at, kept.name))
    }

    /// Whether a loop is left where a condition looks at one of some variables.
    fn leaves_for(&self, round: StmtId, values: &BTreeSet<LocalId>) -> bool {
        let (function, tree) = (self.function, self.function.tree());
        let mut leaves = false;
        tree.walk(round, |node| {
            if let Node::Stmt(stmt) = node
                && matches!(
                    tree.stmt(stmt).kind,
                    StmtKind::Return(_) | StmtKind::Branch { .. }
                )
                && let Some(branch) = function.branch_of(node)
            {
                leaves |= match tree.stmt(branch).kind {
                    StmtKind::If { cond, .. } => reads_directly(function, cond, values),
                    // A case of what is received.
                    _ => matches!(tree.stmt(stmt).kind, StmtKind::Return(_)),
                };
            }
            Descend::Into
        });
        leaves
    }

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
