//! Goroutines that stay for ever.

pub(crate) mod blocked;
mod deaf;
pub(crate) mod endless;
pub(crate) mod found;
pub(crate) mod published;
mod run;
mod staying;
mod stopped;

use caulk_syntax::{Descend, ExprId, ExprKind, Node, StmtId, StmtKind};

use crate::engine::Function;
use crate::inference::runs::starts_argument;
use crate::module::Module;
use run::{Body, Run, context_of, path};

/// The goroutines that a body starts, by `go` or by a group of them, each with what it runs; all of the body's own package,
/// since the fields of its types can be told apart.
fn started(module: &Module<'_>, function: &Function) -> Vec<(Node, Run)> {
    let tree = function.tree();
    let by_go = starts(module, function).into_iter();
    let mut found: Vec<(Node, Run)> = by_go
        .filter_map(|(stmt, call)| Some((stmt.into(), Run::in_package(module, function, call)?)))
        .collect();
    let calls = function.info().calls();
    found.extend(calls.iter().filter_map(|(call, _)| {
        let ExprKind::Call { args, .. } = tree.expr(*call).kind else {
            return None;
        };
        let task = *tree.exprs(args).first()?;
        if !starts_argument(module, function, *call) {
            return None;
        }
        Some((Node::Expr(*call), Run::of_value(module, function, task)?))
    }));
    found
}

/// The `go` statements of a body, each with the call that it runs.
fn starts(module: &Module<'_>, function: &Function) -> Vec<(StmtId, ExprId)> {
    let tree = function.tree();
    let mut found = Vec::new();
    for root in caulk_flow::roots(module.program, &function.typed) {
        tree.walk(root, |node| {
            if let Node::Stmt(stmt) = node
                && let StmtKind::Go(call) = tree.stmt(stmt).kind
            {
                found.push((stmt, tree.unparen(call)));
            }
            Descend::Into
        });
    }
    found
}
