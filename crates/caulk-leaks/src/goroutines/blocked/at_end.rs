//! What is told only when a goroutine has come to its end.

use caulk_program::{Callee, FuncRef, LocalId};
use caulk_syntax::{Node, Span, StmtKind};

use super::served::{Used, View};
use crate::body::Function;
use crate::channels::made::{Actor, Op, span_of};

impl View<'_> {
    /// The calls that wait for a group which a goroutine counts off from.
    pub(super) fn waits_for_end(&self, start: Node) -> Vec<Node> {
        let (function, tree) = (self.function, self.function.tree());
        let calls = function.info().calls();
        let of_group = |wanted: &dyn Fn(Span, &FuncRef) -> bool| -> Vec<(LocalId, Node)> {
            let calls = calls.iter();
            let found = calls.filter_map(|(call, callee)| match callee {
                Callee::Method { func, receiver, .. } => {
                    let span = tree.expr(*call).span;
                    let group = function.local(*receiver)?;
                    wanted(span, func).then_some((group, Node::Expr(*call)))
                }
                _ => None,
            });
            found.collect()
        };
        let inside = span_of(function, start);
        let counted = of_group(&|at, func| inside.encloses(at) && func.name.ends_with(".Done"));
        let waited = of_group(&|_, func| self.waits_for_group(func));
        let waited = waited.into_iter().filter(|(group, _)| {
            let mut counted = counted.iter();
            counted.any(|(counted, _)| counted == group)
        });
        waited.map(|(_, wait)| wait).collect()
    }

    /// Receives of the starter from channels that nothing is given before the goroutine has come to its end: by others, which have
    /// waited for the group that it counts off from, or for the word of such a channel.
    pub(super) fn told_at_end(&self, start: Node) -> Vec<Node> {
        let function = self.function;
        let mut waits = self.waits_for_end(start);
        let others = self.others.iter();
        let mut open: Vec<&Used> = others
            .filter(|other| other.channel != self.used.channel)
            .collect();
        let mut nodes = Vec::new();
        loop {
            let (told, rest): (Vec<&Used>, Vec<&Used>) = open
                .into_iter()
                .partition(|other| is_given_behind(function, other, &waits));
            if told.is_empty() {
                return nodes;
            }
            open = rest;
            for used in told.iter().flat_map(|other| &other.uses) {
                match (used.op, used.actor) {
                    (Op::Receive | Op::Range, Actor::Starter) => nodes.push(used.node),
                    (Op::Receive, Actor::Goroutine(_)) if used.callee.is_none() => {
                        waits.push(used.node);
                    }
                    _ => {}
                }
            }
        }
    }
}

/// Whether all that gives a channel something, or closes it, are goroutines of the starter that have gone past one of these places.
fn is_given_behind(function: &Function, other: &Used, waits: &[Node]) -> bool {
    let gives = |op: Op| matches!(op, Op::Send | Op::Close | Op::Lent);
    let mut given = other.uses.iter().filter(|used| gives(used.op)).peekable();
    given.peek().is_some()
        && given.all(|used| {
            matches!(used.actor, Actor::Goroutine(_))
                && used.callee.is_none()
                && waits
                    .iter()
                    .any(|wait| is_behind(function, used.node, *wait))
        })
}

/// Whether a place is reached only past a statement that waits: one before it in a list of statements around it, or the case of
/// a `select` that it stands in.
fn is_behind(function: &Function, node: Node, wait: Node) -> bool {
    let tree = function.tree();
    let stmt = match wait {
        Node::Expr(expr) => function.statement(expr),
        Node::Stmt(stmt) => Some(stmt),
    };
    let Some(stmt) = stmt else {
        return false;
    };
    let is_simple = matches!(
        tree.stmt(stmt).kind,
        StmtKind::Expr(_) | StmtKind::Assign { .. }
    );
    let Some(list) = function.parent(stmt) else {
        return false;
    };
    is_simple
        && function.root_of(node) == function.root_of(wait)
        && span_of(function, list).encloses(span_of(function, node))
        && span_of(function, wait).end <= span_of(function, node).start
}
