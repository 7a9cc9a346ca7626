//! Functions whose source gives no error wherever it returns, as stubs and those that may fail one day do.

use caulk_program::{BodyOwner, Callee, FuncId, NamedOrigin, Object, TypedBody};
use caulk_syntax::{Descend, ExprId, ExprKind, Node, StmtKind};

use crate::module::Module;

/// Functions, one returning what the other does, that are looked into.
const DEPTH: u8 = 3;

/// Whether a call gives an error that is nil, as the functions of the project that it may reach are written today.
pub(crate) fn call(module: &Module<'_>, typed: &TypedBody, call: ExprId) -> bool {
    of_call(module, typed, call, DEPTH)
}

fn of_call(module: &Module<'_>, typed: &TypedBody, call: ExprId, depth: u8) -> bool {
    let Some(depth) = depth.checked_sub(1) else {
        return false;
    };
    let caller = match typed.owner {
        BodyOwner::Func(id) => Some(id),
        BodyOwner::Initializer(..) => None,
    };
    match typed.info.callee(caulk_flow::unparen(typed.tree(), call)) {
        Callee::Static(func) | Callee::Method { func, .. } => func
            .id
            .is_some_and(|id| module.follows_own(caller, id) && module.never_fails(id, depth)),
        Callee::Interface {
            iface,
            name,
            through,
            ..
        } => {
            let package = caulk_flow::package_of(&typed.owner);
            let named = module.program.named_of(*iface);
            let of_project = named.is_some_and(|named| match named.origin {
                NamedOrigin::Package { package, .. } => {
                    caulk_flow::is_followed(module.program, package)
                }
                _ => false,
            });
            let known = if of_project {
                module.implementers(package, *iface, through, name)
            } else {
                Vec::new()
            };
            !known.is_empty()
                && known.iter().all(|(module, id)| {
                    module.follows_own(caller, *id) && module.never_fails(*id, depth)
                })
        }
        _ => false,
    }
}

/// Whether a function gives nil as its last result, an error, in each of its statements that return.
pub(crate) fn function(module: &Module<'_>, id: FuncId, depth: u8) -> bool {
    let Some(typed) = module.program.body(BodyOwner::Func(id)) else {
        return false;
    };
    let results = typed.info.results();
    let last = results.last().and_then(|last| typed.info.local_info(*last));
    let is_error = last.is_some_and(|last| crate::types::is_error(module.program, last.ty));
    let Some(block) = typed.block().filter(|_| is_error) else {
        return false;
    };
    let tree = typed.tree();
    let (mut returns, mut may_fail) = (false, false);
    tree.walk(block, |node| match node {
        Node::Expr(expr) if matches!(tree.expr(expr).kind, ExprKind::FuncLit { .. }) => {
            Descend::Skip
        }
        Node::Stmt(stmt) if let StmtKind::Return(list) = tree.stmt(stmt).kind => {
            returns = true;
            let list = tree.exprs(list);
            may_fail |= list.last().is_none_or(|last| {
                let is_nil = || {
                    let last = caulk_flow::unparen(tree, *last);
                    list.len() == results.len() && *typed.info.object(last) == Object::Nil
                };
                may_fail || !is_nil() && !of_call(module, &typed, *last, depth)
            });
            Descend::Skip
        }
        _ => Descend::Into,
    });
    returns && !may_fail
}
