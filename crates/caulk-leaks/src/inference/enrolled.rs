//! A value whose maker enters it in a map or a list of something else, and whose own release takes it out again: until then
//! whoever has the list keeps it, and all that it can reach.

use caulk_program::{BodyOwner, Builtin, Callee, FuncId, LocalId, Object};
use caulk_syntax::{Descend, ExprId, ExprKind, Node, StmtKind, UnaryOp};
use smol_str::SmolStr;

use super::registered::{appended, mentions, origin, subscription};
use crate::body::Function;
use crate::contract::{Contract, RELEASE_METHODS, Release};
use crate::inference::summary::Param;
use crate::module::Module;

/// How many functions, one called by the other, are looked into for what is entered or taken out.
const DEPTH: u8 = 3;

/// A map or a list: the type and the name of the field that holds it, or the variable of a package.
type Book = (String, SmolStr);

/// What the caller of a function owes for a result that it makes and enters somewhere.
pub(crate) fn contract(
    module: &Module<'_>,
    function: &Function,
    result: usize,
) -> Option<Contract> {
    let id = function.id()?;
    let made = only_made(function, result)?;
    let program = module.program;
    let ty = function.info().local_info(made)?.ty;
    let books = entered(module, function, made, DEPTH);
    if books.is_empty() {
        return None;
    }
    RELEASE_METHODS.iter().find_map(|name| {
        let method = program
            .method(ty, name)
            .filter(|method| !method.of_interface)?;
        let release = method.func.id.filter(|id| module.is_own(*id))?;
        let taken = taken_out(module, release, DEPTH);
        let (_, field) = books.iter().find(|book| taken.contains(book))?;
        let returns = program.func_type(method.signature)?.results.last();
        let release_by = Release {
            returns_error: returns.is_some_and(|ty| crate::types::is_error(program, *ty)),
            ..Release::any_of([*name])
        };
        Some(subscription(release_by, origin(module, id, release, field)))
    })
}

/// The variable that a function returns as this result wherever it does not return nil, if each of its values is made there: what
/// is looked up first belongs to others as well.
fn only_made(function: &Function, result: usize) -> Option<LocalId> {
    let tree = function.tree();
    let mut made: Option<LocalId> = None;
    let mut is_other = false;
    tree.walk(function.graph(None)?.body, |node| {
        match node {
            Node::Expr(expr) if matches!(tree.expr(expr).kind, ExprKind::FuncLit { .. }) => {
                return Descend::Skip;
            }
            Node::Stmt(stmt) => {
                if let StmtKind::Return(list) = tree.stmt(stmt).kind {
                    let value = tree
                        .exprs(list)
                        .get(result)
                        .map(|value| value_of(function, *value));
                    match value {
                        Some(value) if *function.info().object(value) == Object::Nil => {}
                        Some(value) => match function.local(value) {
                            Some(local) if made.is_none_or(|known| known == local) => {
                                made = Some(local);
                            }
                            _ => is_other = true,
                        },
                        None => is_other = true,
                    }
                }
            }
            Node::Expr(_) => {}
        }
        Descend::Into
    });
    made.filter(|local| !is_other && function.is_fresh(*local))
}

/// An expression without parentheses and `&`.
fn value_of(function: &Function, expr: ExprId) -> ExprId {
    let tree = function.tree();
    let expr = tree.unparen(expr);
    match tree.expr(expr).kind {
        ExprKind::Unary {
            op: UnaryOp::Address,
            x,
        } => tree.unparen(x),
        _ => expr,
    }
}

/// Where a function, or one that it is passed to, enters a value.
fn entered(module: &Module<'_>, function: &Function, value: LocalId, depth: u8) -> Vec<Book> {
    let (Some(depth), Some(graph)) = (depth.checked_sub(1), function.graph(None)) else {
        return Vec::new();
    };
    let tree = function.tree();
    let is_it = |expr: &ExprId| mentions(function, *expr, &[value]);
    let mut books = Vec::new();
    tree.walk(graph.body, |node| {
        match node {
            Node::Expr(expr) => match tree.expr(expr).kind {
                ExprKind::FuncLit { .. } => return Descend::Skip,
                ExprKind::Call { args, .. } => {
                    let args = tree.exprs(args);
                    if let Some((id, param)) = passed(module, function, expr, args, value)
                        && let Some(callee) = module.function(BodyOwner::Func(id))
                    {
                        let local = match param {
                            Param::Receiver => callee.info().receiver(),
                            Param::At(index) => callee.info().params().get(index).copied(),
                        };
                        let of_callee = local.map(|local| entered(module, &callee, local, depth));
                        books.extend(of_callee.into_iter().flatten());
                    }
                }
                _ => {}
            },
            Node::Stmt(stmt) => {
                if let StmtKind::Assign { lhs, rhs, .. } = tree.stmt(stmt).kind
                    && let ([target], [source]) = (tree.exprs(lhs), tree.exprs(rhs))
                {
                    let target = tree.unparen(*target);
                    let (list, put) = match tree.expr(target).kind {
                        ExprKind::Index { x, indices, .. } => {
                            let mut put = tree.exprs(indices).to_vec();
                            put.push(*source);
                            (x, put)
                        }
                        _ => (target, appended(function, *source).unwrap_or_default()),
                    };
                    // What it has itself is no list of others.
                    if put.iter().any(is_it) && !is_it(&list) {
                        books.extend(book(module, function, list));
                    }
                }
            }
        }
        Descend::Into
    });
    books
}

/// The function of the project that a call passes a value to, as it stands, and as which parameter.
fn passed(
    module: &Module<'_>,
    function: &Function,
    call: ExprId,
    args: &[ExprId],
    value: LocalId,
) -> Option<(FuncId, Param)> {
    let callee = function.callee(call);
    let id = callee.func()?.id;
    let id = id.filter(|id| module.follows_own(function.id(), *id))?;
    let is_it = |expr: &ExprId| function.local(value_of(function, *expr)) == Some(value);
    if let Callee::Method { receiver, .. } = callee
        && is_it(receiver)
    {
        return Some((id, Param::Receiver));
    }
    Some((id, Param::At(args.iter().position(is_it)?)))
}

/// What a release, or a function of the project that it calls, takes something out of.
fn taken_out(module: &Module<'_>, id: FuncId, depth: u8) -> Vec<Book> {
    let (Some(depth), Some(function)) =
        (depth.checked_sub(1), module.function(BodyOwner::Func(id)))
    else {
        return Vec::new();
    };
    let Some(graph) = function.graph(None) else {
        return Vec::new();
    };
    let tree = function.tree();
    let mut books = Vec::new();
    tree.walk(graph.body, |node| {
        match node {
            Node::Expr(expr) => {
                if let ExprKind::Call { args, .. } = tree.expr(expr).kind {
                    let callee = function.callee(expr);
                    if *callee == Callee::Builtin(Builtin::Delete) {
                        let map = tree.exprs(args).first();
                        books.extend(map.and_then(|map| book(module, &function, *map)));
                    } else if let Some(id) = callee.func().and_then(|func| func.id)
                        && module.follows_own(function.id(), id)
                    {
                        books.extend(taken_out(module, id, depth));
                    }
                }
            }
            Node::Stmt(stmt) => {
                if let StmtKind::Assign { lhs, rhs, .. } = tree.stmt(stmt).kind
                    && let ([target], [source]) = (tree.exprs(lhs), tree.exprs(rhs))
                    && matches!(
                        tree.expr(tree.unparen(*source)).kind,
                        ExprKind::Call { .. } | ExprKind::Slice { .. }
                    )
                    && appended(&function, *source).is_none()
                {
                    books.extend(book(module, &function, *target));
                }
            }
        }
        Descend::Into
    });
    books
}

/// The map or list that an expression names.
fn book(module: &Module<'_>, function: &Function, expr: ExprId) -> Option<Book> {
    let tree = function.tree();
    let expr = tree.unparen(expr);
    if let Object::PackageVar(name) = function.info().object(expr) {
        return Some((name.to_string(), SmolStr::default()));
    }
    let ExprKind::Selector { x, sel } = tree.expr(expr).kind else {
        return None;
    };
    let holder = module.program.named_name(function.info().type_of(x))?;
    Some((holder, SmolStr::new(tree.name(sel))))
}
