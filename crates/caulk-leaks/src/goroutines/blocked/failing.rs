//! Goroutines of a value that a release method ends, but for where something else fails that it releases first:
//! `if err := c.conn.Close(); err != nil { return err }; close(c.quit)`.

use caulk_program::{BodyOwner, Builtin, Callee};
use caulk_syntax::{Descend, ExprId, ExprKind, Node, Span, StmtKind};

use super::paths::Paths;
use super::{Blocked, Many, Wait, outside_of_tests, returned_last};
use crate::body::Function;
use crate::channels::uses::{leaves, received_by};
use crate::goroutines::endless::released_type;
use crate::goroutines::{Body, Run};
use crate::module::Module;

/// The goroutines that a body starts of this kind.
pub(super) fn failing(module: &Module<'_>, function: &Function) -> Vec<Blocked> {
    outside_of_tests(module, function, |start, run| {
        started(module, function, start, run)
    })
}

fn started(module: &Module<'_>, function: &Function, start: Node, run: &Run) -> Option<Blocked> {
    let released = |local: &_| released_type(module, function, *local);
    let (_, release) = run.has.iter().find_map(released)?;
    let body = run.body(module, function);
    let method = module.function(BodyOwner::Func(release))?;
    let field = ended_by(&body)
        .into_iter()
        .find(|field| leaves_untold(&method, field))?;
    let of = module.program.func(release)?;
    Some(Blocked {
        many: Many::Unseen,
        ..Blocked::new(
            function,
            start,
            Wait::Failing,
            format!("{}.{}", of.receiver.as_deref().unwrap_or_default(), field),
        )
    })
}

/// The fields on whose word a goroutine leaves its loop.
fn ended_by(body: &Body<'_>) -> Vec<String> {
    let (function, tree) = (body.function, body.function.tree());
    let mut found = Vec::new();
    if let Some(graph) = function.graph(body.root) {
        tree.walk(graph.body, |node| {
            if let Node::Stmt(clause) = node
                && let Some(channel) = received_by(function, clause)
                && leaves(tree, clause, &|node| function.parent(node))
            {
                found.extend(field(function, channel));
            }
            Descend::Into
        });
    }
    found
}

/// The field of a variable that an expression names.
fn field(function: &Function, expr: ExprId) -> Option<String> {
    let tree = function.tree();
    match tree.expr(tree.unparen(expr)).kind {
        ExprKind::Selector { x, sel } => {
            function.local(x)?;
            Some(tree.name(sel).to_owned())
        }
        _ => None,
    }
}

/// Whether a release method closes the channel of a field, but not where it returns the error of something else.
fn leaves_untold(method: &Function, name: &str) -> bool {
    let tree = method.tree();
    let calls = method.info().calls();
    let closes: Vec<Node> = calls
        .iter()
        .filter(|(call, callee)| {
            let closed = tree.arguments(*call).first();
            **callee == Callee::Builtin(Builtin::Close)
                && method.root_of(*call).is_none()
                && closed.and_then(|closed| field(method, *closed)).as_deref() == Some(name)
        })
        .map(|(call, _)| Node::Expr(*call))
        .collect();
    if closes.is_empty() {
        return false;
    }
    let paths = Paths::of(method, None, closes);
    paths
        .exits_of_body(1)
        .into_iter()
        .any(|exit| fails_with_another(method, exit))
}

/// Whether a method returns, at a place, the error of something that it has just looked at: `if err != nil { return err }`.
fn fails_with_another(method: &Function, exit: Span) -> bool {
    let tree = method.tree();
    let Some(last) = returned_last(method, None, exit) else {
        return false;
    };
    let branch = method.branch_of(last.into());
    let looked_at = branch.and_then(|branch| match tree.stmt(branch).kind {
        StmtKind::If { cond, .. } => method.local(tree.not_nil(cond)?),
        _ => None,
    });
    looked_at.is_some() && looked_at == method.local(last)
}
