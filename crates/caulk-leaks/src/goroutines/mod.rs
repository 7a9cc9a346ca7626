//! Goroutines that stay for ever.

pub(crate) mod blocked;
mod deaf;
pub(crate) mod endless;
pub(crate) mod found;
pub(crate) mod published;
mod staying;
mod stopped;

use std::sync::Arc;

use caulk_program::{BodyOwner, Callee, LocalId};
use caulk_syntax::{Descend, ExprId, ExprKind, Node, StmtId, StmtKind};

use crate::engine::{Function, Root};
use crate::module::Module;

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

/// What a goroutine runs: a literal of the function that starts it, or another function of the project.
struct Run {
    callee: Option<Arc<Function>>,
    root: Root,
    /// The variables of the starter that it has: captured, called on, or passed.
    has: Vec<LocalId>,
}

impl Run {
    fn of(module: &Module<'_>, function: &Function, call: ExprId) -> Option<Run> {
        let (func, has) = match function.callee(call) {
            Callee::Literal(literal) => {
                return Some(Run {
                    callee: None,
                    root: Some(*literal),
                    has: function.info().literal(*literal)?.captures.clone(),
                });
            }
            Callee::Method { func, receiver, .. } => {
                (func, function.local(*receiver).into_iter().collect())
            }
            Callee::Static(func) => {
                let tree = function.tree();
                let ExprKind::Call { args, .. } = tree.expr(call).kind else {
                    return None;
                };
                let args = tree.exprs(args).iter();
                (func, args.filter_map(|arg| function.local(*arg)).collect())
            }
            _ => return None,
        };
        let id = func.id.filter(|id| module.is_own(*id))?;
        Some(Run {
            callee: Some(module.function(BodyOwner::Func(id))?),
            root: None,
            has,
        })
    }

    /// The function whose body runs.
    fn body<'a>(&'a self, starter: &'a Function) -> &'a Function {
        self.callee.as_deref().unwrap_or(starter)
    }
}
