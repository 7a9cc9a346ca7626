//! Functions that only look up what they give: it is somebody else's, whatever others do with what they get.

use caulk_program::{BodyOwner, Callee};
use caulk_syntax::{AssignOp, Descend, ExprKind, Node, StmtKind};

use super::provenance;
use crate::body::Function;
use crate::module::{Followed, Module};
use crate::sites::owed::Called;

/// Whether the source of a callee shows that it gives what a field or a variable of the package holds, and does nothing on
/// the way that could count who has it.
pub(crate) fn only_looks_up(module: &Module<'_>, called: &Called<'_>) -> bool {
    let Some(id) = called.func.id.filter(|_| !called.of_interface) else {
        return false;
    };
    let Followed::Yes(reach) = module.follows(called.reach, called.caller, id) else {
        return false;
    };
    let Some(function) = module.function(BodyOwner::Func(id)) else {
        return false;
    };
    let info = function.info();
    // What is looked up in something that the caller passes may be the caller's.
    (info.receiver().is_some() || info.params().is_empty())
        && provenance::is_kept_elsewhere(module, id, 0, reach)
        && !may_count(module, &function)
}

/// Whether a function changes anything but its own variables, as far as its source tells: locks aside.
fn may_count(module: &Module<'_>, function: &Function) -> bool {
    let Some(graph) = function.graph(None) else {
        return true;
    };
    let (tree, mut changes) = (function.tree(), false);
    tree.walk(graph.body, |node| {
        match node {
            Node::Stmt(stmt) => match tree.stmt(stmt).kind {
                StmtKind::IncDec { x, .. } => changes |= function.local(x).is_none(),
                StmtKind::Assign { lhs, op, .. } if op != AssignOp::Define => {
                    let mut places = tree.exprs(lhs).iter();
                    changes |= places.any(|x| !tree.is_blank(*x) && function.local(*x).is_none());
                }
                StmtKind::Go(_) | StmtKind::Send { .. } => changes = true,
                _ => {}
            },
            Node::Expr(call) if matches!(tree.expr(call).kind, ExprKind::Call { .. }) => {
                changes |= match function.callee(call) {
                    Callee::Builtin(_) | Callee::Conversion(_) => false,
                    Callee::Static(func) | Callee::Method { func, .. } => {
                        let (package, name) = crate::types::split_name(module.program, func);
                        let is_add = crate::types::simple_name(name).starts_with("Add");
                        !crate::types::is_std_path(package) || is_add
                    }
                    _ => true,
                };
            }
            Node::Expr(_) => {}
        }
        Descend::Into
    });
    changes
}
