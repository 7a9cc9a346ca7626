//! Loops that ask something again and again, and go on when that is released: it gives an error ever after.

use caulk_program::{BodyOwner, Callee, FuncId, LocalId, TypeId};
use caulk_syntax::{ExprId, ExprKind};

use crate::body::{Function, Root};
use crate::contract::is_release_name;
use crate::module::Module;

/// What a body asks in its loops: each is what a method is called on that gives an error last.
fn asked(module: &Module<'_>, function: &Function, root: Root) -> Vec<ExprId> {
    let tree = function.tree();
    let calls = function.info().calls().into_iter();
    calls
        .filter_map(|(call, callee)| {
            let ExprKind::Call { fun, .. } = tree.expr(call).kind else {
                return None;
            };
            let ty = module.program.func_type(function.info().type_of(fun))?;
            let fails = crate::types::is_error(module.program, *ty.results.last()?);
            let here = function.root_of(call) == root && function.in_loop(call);
            (fails && here).then(|| callee.receiver()).flatten()
        })
        .collect()
}

/// Whether a release method releases something of a type that a body asks in its loops, for a value of the type `owner`.
pub(super) fn is_released_by(
    module: &Module<'_>,
    function: &Function,
    root: Root,
    release: FuncId,
    owner: TypeId,
) -> bool {
    let Some(method) = module.function(BodyOwner::Func(release)) else {
        return false;
    };
    let program = module.program;
    let types = asked(module, function, root)
        .into_iter()
        .map(|asked| program.deref(function.info().type_of(asked)))
        .filter(|ty| *ty != program.deref(owner) && program.named_of(*ty).is_some());
    let released: Vec<TypeId> = released(&method)
        .map(|(_, of)| program.deref(method.info().type_of(of)))
        .collect();
    types.into_iter().any(|ty| released.contains(&ty))
}

/// The variable that a literal asks in its loops and that the function around it releases, which comes to an end.
pub(super) fn released_here(
    module: &Module<'_>,
    function: &Function,
    literal: Root,
) -> Option<LocalId> {
    let mut asked = asked(module, function, literal)
        .into_iter()
        .filter_map(|asked| function.local(asked));
    asked.find(|local| {
        let made_in = function
            .info()
            .local_info(*local)
            .map(|local| local.function);
        let ends =
            made_in.and_then(|root| Some(root != literal && function.graph(root)?.returns()));
        ends == Some(true)
            && released(function).any(|(call, of)| {
                function.local(of) == Some(*local)
                    && !function.is_within(function.root_of(call), literal)
            })
    })
}

/// The calls of a body that release something, each with what that is.
fn released(function: &Function) -> impl Iterator<Item = (ExprId, ExprId)> + '_ {
    let calls = function.info().calls().into_iter();
    calls.filter_map(|(call, callee)| match callee {
        Callee::Method { func, receiver, .. } | Callee::Interface { func, receiver, .. } => {
            is_release_name(crate::types::simple_name(&func.name)).then_some((call, *receiver))
        }
        _ => None,
    })
}
