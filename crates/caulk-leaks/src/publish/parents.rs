//! What a value is made from, and ends with.

use caulk_program::LocalId;
use caulk_syntax::{ExprId, ExprKind};

use crate::engine::Function;
use crate::module::Module;

/// The variables that what a call makes lives in: `client` of `client.Doc(id).Snapshots(ctx)`, and the
/// connection that a stub was made over.
pub(crate) fn variables(module: &Module<'_>, function: &Function, call: ExprId) -> Vec<LocalId> {
    let tree = function.tree();
    let Some(root) = root(function, call) else {
        return Vec::new();
    };
    let mut found = vec![root];
    for value in crate::engine::context::values_of(module, function, root) {
        if let ExprKind::Call { args, .. } = tree.expr(value).kind {
            found.extend(
                tree.exprs(args)
                    .iter()
                    .filter_map(|arg| function.local(*arg)),
            );
        }
    }
    found
}

/// The variable at the root of a chain of calls and fields.
fn root(function: &Function, call: ExprId) -> Option<LocalId> {
    let tree = function.tree();
    let mut at = call;
    loop {
        at = match tree.expr(at).kind {
            ExprKind::Call { fun, .. } => fun,
            ExprKind::Selector { x, .. }
            | ExprKind::Paren(x)
            | ExprKind::Star(x)
            | ExprKind::Index { x, .. } => x,
            ExprKind::Ident(_) => return function.local(at),
            _ => return None,
        };
    }
}
