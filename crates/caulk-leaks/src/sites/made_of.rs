//! What a value is made of, as far as one function shows: what its variable may have been assigned where it is named, the elements of
//! a literal, the arguments of the call that gives it. Paths are not followed.

use caulk_program::{BodyOwner, Callee, LocalId};
use caulk_syntax::{Descend, ExprId, ExprKind, Node, StmtKind};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::body::Function;
use crate::contract::TakesOver;
use crate::module::{Module, Reach};

/// The expressions that these values may be made of, themselves included, in no order that matters.
pub(crate) fn parts(module: &Module<'_>, function: &Function, of: &[ExprId]) -> Vec<ExprId> {
    let tree = function.tree();
    let mut open = of.to_vec();
    let mut found = Vec::new();
    let (mut seen, mut locals) = (FxHashSet::default(), FxHashSet::default());
    while let Some(expr) = open.pop() {
        let expr = tree.unparen(expr);
        if !seen.insert(expr) {
            continue;
        }
        found.push(expr);
        match tree.expr(expr).kind {
            ExprKind::Ident(_) => {
                if let Some(local) = function.local(expr).filter(|local| locals.insert(*local)) {
                    let given = function.given_at(module.program, local, expr);
                    open.extend(given.iter().filter_map(|(value, _)| *value));
                    stored_in(module, function, local, &mut open);
                }
            }
            ExprKind::Unary { x, .. }
            | ExprKind::Star(x)
            | ExprKind::TypeAssert { x, .. }
            | ExprKind::Selector { x, .. }
            | ExprKind::Index { x, .. }
            | ExprKind::Slice { x, .. } => open.push(x),
            ExprKind::KeyValue { value, .. } => open.push(value),
            ExprKind::CompositeLit { elts, .. } => open.extend(tree.exprs(elts)),
            ExprKind::Call { args, .. } => {
                open.extend(tree.exprs(args));
                open.extend(function.callee(expr).receiver());
            }
            _ => {}
        }
    }
    found
}

/// Functions, one called by the other, that are looked into for a call.
const DEPTH: u8 = 2;

/// Whether an argument of a call is made with a call of one of these functions, here or in a function of the project
/// that gives it.
pub(crate) fn has_call(
    module: &Module<'_>,
    function: &Function,
    call: ExprId,
    names: &[String],
) -> bool {
    let ExprKind::Call { args, .. } = function.tree().expr(call).kind else {
        return false;
    };
    let parts = parts(module, function, function.tree().exprs(args));
    let made = parts.iter().map(|part| function.callee(*part));
    made.into_iter()
        .any(|callee| is_made_by(module, callee, names, DEPTH))
}

/// Whether an argument of a call is what functions of these packages give, and none of them is known to owe it.
pub(crate) fn takes_over(
    module: &Module<'_>,
    function: &Function,
    reach: Reach,
    call: ExprId,
    over: &TakesOver,
) -> bool {
    let tree = function.tree();
    let ExprKind::Call { args, .. } = tree.expr(call).kind else {
        return false;
    };
    let Some(mut given) = tree.exprs(args).get(over.argument).copied() else {
        return false;
    };
    given = converted(function, given);
    // One of several: `fds[0]`.
    if let ExprKind::Index { x, .. } = tree.expr(given).kind {
        given = tree.unparen(x);
    }
    let itself = [(Some(given), 0)];
    let values = match function.local(given) {
        Some(local) => function.definitions(module.program, local),
        None => &itself,
    };
    let is_given = |value: ExprId| {
        let value = converted(function, value);
        let callee = function.callee(value);
        let Some(func) = callee.func() else {
            return false;
        };
        let (package, _) = crate::types::split_name(module.program, func);
        over.from.iter().any(|from| from == package)
            && super::owed::contracts_of_call(
                module,
                function,
                reach,
                (value, callee),
                1,
                function.id(),
            )
            .is_empty()
    };
    !values.is_empty() && values.iter().all(|(value, _)| value.is_some_and(is_given))
}

/// What a value was before it was converted: `fd` of `uintptr(fd)`.
fn converted(function: &Function, mut value: ExprId) -> ExprId {
    let tree = function.tree();
    loop {
        value = tree.unparen(value);
        match tree.expr(value).kind {
            ExprKind::Call { args, .. }
                if matches!(function.callee(value), Callee::Conversion(_))
                    && let [arg] = *tree.exprs(args) =>
            {
                value = arg;
            }
            _ => return value,
        }
    }
}

fn is_made_by(module: &Module<'_>, callee: &Callee, names: &[String], depth: u8) -> bool {
    let Some(func) = callee.func() else {
        return false;
    };
    let name = crate::types::simple_name(&func.name);
    if names.iter().any(|known| known == name) {
        return true;
    }
    let (Some(depth), Some(id)) = (
        depth.checked_sub(1),
        func.id.filter(|id| module.is_own(*id)),
    ) else {
        return false;
    };
    module
        .function(BodyOwner::Func(id))
        .is_some_and(|function| {
            let calls = function.info().calls();
            calls
                .iter()
                .any(|(_, callee)| is_made_by(module, callee, names, depth))
        })
}

/// What fields of a variable are assigned, and what it ranges over.
fn stored_in(module: &Module<'_>, function: &Function, local: LocalId, found: &mut Vec<ExprId>) {
    let stored = function.stored.get_or_init(|| all_stored(module, function));
    found.extend(stored.get(&local).into_iter().flatten());
}

/// The same of each variable of a function.
fn all_stored(module: &Module<'_>, function: &Function) -> FxHashMap<LocalId, Vec<ExprId>> {
    let tree = function.tree();
    let mut stored: FxHashMap<LocalId, Vec<ExprId>> = FxHashMap::default();
    for root in caulk_flow::roots(module.program, &function.typed) {
        tree.walk(root, |node| {
            let Node::Stmt(stmt) = node else {
                return Descend::Into;
            };
            match tree.stmt(stmt).kind {
                StmtKind::Assign { lhs, rhs, .. } => {
                    let (lhs, rhs) = (tree.exprs(lhs), tree.exprs(rhs));
                    for (index, target) in lhs.iter().enumerate() {
                        if let ExprKind::Selector { x, .. } = tree.expr(*target).kind
                            && let Some(local) = function.local(x)
                        {
                            let value = rhs.get(index).or(rhs.first());
                            stored.entry(local).or_default().extend(value);
                        }
                    }
                }
                StmtKind::Range {
                    value: Some(value),
                    x,
                    ..
                } => {
                    if let Some(local) = function.local(value) {
                        stored.entry(local).or_default().push(x);
                    }
                }
                _ => {}
            }
            Descend::Into
        });
    }
    stored
}
