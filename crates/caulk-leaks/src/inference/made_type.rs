//! What type a result has that is declared as an interface, where the functions of the project that give it show that.

use caulk_flow::End;
use caulk_program::{BodyOwner, FuncId, TypeId};
use caulk_syntax::{ExprId, StmtKind};

use crate::body::Function;
use crate::module::Module;

/// Functions, one giving what the other returns, that are looked into.
const DEPTH: u8 = 4;

/// The type of what an expression, or one of the results of a call, holds: its own, or for an interface the one that all have which the
/// called function of the project returns. None where they differ or one cannot be seen.
pub(crate) fn of_value(
    module: &Module<'_>,
    function: &Function,
    expr: ExprId,
    result: usize,
) -> Option<TypeId> {
    of_expression(module, function, expr, result, DEPTH)
}

fn of_expression(
    module: &Module<'_>,
    function: &Function,
    expr: ExprId,
    result: usize,
    depth: u8,
) -> Option<TypeId> {
    let program = module.program;
    let expr = function.tree().unparen(expr);
    let types = crate::types::results(program, function.info().type_of(expr));
    let ty = *types.get(result)?;
    if !program.is_interface(ty) {
        return Some(ty).filter(|ty| !ty.is_unknown());
    }
    if let Some(local) = function.local(expr) {
        let (value, result) = function.sole_value(program, local)?;
        let depth = depth.checked_sub(1)?;
        return of_expression(module, function, value, result, depth);
    }
    let id = function.callee(expr).func()?.id?;
    returned(module, id, result, depth)
}

/// The one type that a function returns as a result, where it is not nil.
fn returned(module: &Module<'_>, id: FuncId, result: usize, depth: u8) -> Option<TypeId> {
    let depth = depth.checked_sub(1)?;
    let function = Some(id).filter(|id| module.is_own(*id));
    let function = module.function(BodyOwner::Func(function?))?;
    let graph = function.graph(None)?;
    let tree = function.tree();
    let mut only = None;
    for (_, block) in graph.blocks() {
        let End::Return(stmt) = &block.end else {
            continue;
        };
        let StmtKind::Return(list) = tree.stmt(*stmt).kind else {
            continue;
        };
        let ty = match tree.exprs(list) {
            [all] if result > 0 || function.results(None).len() > 1 => {
                of_expression(module, &function, *all, result, depth)?
            }
            list => {
                let expr = *list.get(result)?;
                if *function.info().object(tree.unparen(expr)) == caulk_program::Object::Nil {
                    continue;
                }
                of_expression(module, &function, expr, 0, depth)?
            }
        };
        if *only.get_or_insert(ty) != ty {
            return None;
        }
    }
    only
}
