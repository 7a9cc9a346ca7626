//! What is the same in every run.

use caulk_program::{Object, TypedBody};
use caulk_syntax::{ExprId, ExprKind};

/// Whether an expression is a literal or a constant by name, maybe with a sign.
pub(crate) fn is_constant(typed: &TypedBody, expr: ExprId) -> bool {
    let tree = typed.tree();
    let expr = tree.unparen(expr);
    match tree.expr(expr).kind {
        ExprKind::BasicLit(_) => true,
        ExprKind::Unary { x, .. } => is_constant(typed, x),
        _ => matches!(typed.info.object(expr), Object::Const(_)),
    }
}
