//! Goroutines that stay for ever.

pub(crate) mod blocked;
mod deaf;
pub(crate) mod endless;
pub(crate) mod found;
pub(crate) mod published;
mod run;
mod staying;
mod stopped;

use caulk_syntax::{Descend, ExprId, Node, StmtId, StmtKind};

use crate::engine::Function;
use crate::module::Module;
use run::{Body, Run, context_of, path};

/// The `go` statements of a body, each with the call that it runs.
fn starts(module: &Module<'_>, function: &Function) -> Vec<(StmtId, ExprId)> {
    let tree = function.tree();
    let mut found = Vec::new();
    for root in caulk_flow::roots(module.program, &function.typed) {
        tree.walk(root, |node| {
            if let Node::Stmt(stmt) = node
                && let StmtKind::Go(call) = tree.stmt(stmt).kind
            {
                found.push((stmt, caulk_flow::unparen(tree, call)));
            }
            Descend::Into
        });
    }
    found
}
