//! Functions that make errors: whose source gives one wherever it returns.

use caulk_program::{FuncId, Object, TypedBody};
use caulk_syntax::{ExprId, ExprKind, UnaryOp};

use crate::module::Module;

/// Functions, one returning what the other does, that are looked into.
const DEPTH: u8 = 3;

/// Whether a call gives an error, whatever it is passed, as the function that it calls is written.
pub(crate) fn call(module: &Module<'_>, typed: &TypedBody, call: ExprId) -> bool {
    of_call(module, typed, call, DEPTH)
}

fn of_call(module: &Module<'_>, typed: &TypedBody, call: ExprId, depth: u8) -> bool {
    depth.checked_sub(1).is_some_and(|depth| {
        let called = super::never_fails::own_callee(module, typed, call);
        called.is_some_and(|id| module.makes_errors(id, depth))
    })
}

/// Whether a function gives an error as its last result in each of its statements that return.
pub(crate) fn function(module: &Module<'_>, id: FuncId, depth: u8) -> bool {
    super::never_fails::every_error(module, id, depth, |typed, error| {
        is_error(module, typed, error, depth)
    })
}

fn is_error(module: &Module<'_>, typed: &TypedBody, error: ExprId, depth: u8) -> bool {
    let tree = typed.tree();
    let error = tree.unparen(error);
    match tree.expr(error).kind {
        ExprKind::Unary {
            op: UnaryOp::Address,
            ..
        }
        | ExprKind::CompositeLit { .. } => true,
        ExprKind::Call { .. } => {
            crate::engine::makes_error(typed.info.callee(error))
                || of_call(module, typed, error, depth)
        }
        ExprKind::Ident(_) | ExprKind::Selector { .. } => {
            let is_error = || crate::types::is_error(module.program, typed.info.type_of(error));
            matches!(typed.info.object(error), Object::PackageVar(_)) && is_error()
        }
        _ => false,
    }
}
