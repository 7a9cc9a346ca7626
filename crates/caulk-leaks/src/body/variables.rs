//! Which variables of a body matter, and what can be told of each: found once, before the body is followed.

use std::collections::{BTreeMap, BTreeSet};

use caulk_flow::{End, Graph};
use caulk_program::{Builtin, Callee, FuncId, LocalId, LocalKind, Object, Program, TypedBody};
use caulk_syntax::{
    AssignOp, Descend, ExprId, ExprKind, Node, SpecKind, StmtId, StmtKind, UnaryOp,
};

use super::function::Root;
use super::parents::Parents;

/// Variables that at least two conditions look at, errors and flags that one looks at, results, and what is
/// returned and may still be nil: only facts about these can rule a path out or say how it ends.
pub(super) fn tracked(
    program: &Program,
    typed: &TypedBody,
    graphs: &BTreeMap<Root, Graph>,
    stmts: &[StmtId],
) -> BTreeSet<LocalId> {
    let tree = typed.tree();
    let mut seen: BTreeMap<LocalId, u32> = BTreeMap::new();
    for graph in graphs.values() {
        for (_, block) in graph.blocks() {
            let conditions: &[ExprId] = match &block.end {
                End::Branch { cond, .. } => &[*cond],
                End::Compare { tag, .. } => &[*tag],
                _ => &[],
            };
            for &cond in conditions {
                tree.walk(cond, |node| {
                    if let Node::Expr(expr) = node
                        && let Some(local) = typed.info.local(expr)
                    {
                        *seen.entry(local).or_default() += 1;
                    }
                    Descend::Into
                });
            }
        }
    }
    let results = typed
        .info
        .locals()
        .filter(|(_, local)| matches!(local.kind, LocalKind::Result { .. }));
    let is_flag = |local: &LocalId| {
        typed.info.local_info(*local).is_some_and(|local| {
            // What a module that is not at hand gives may be an error, as its name says.
            let is_named = || local.ty.is_unknown() && local.name.starts_with("err");
            crate::types::is_error(program, local.ty)
                || crate::types::is_bool(program, local.ty)
                || is_named()
        })
    };
    let often = seen
        .iter()
        .filter(|(local, count)| **count > 1 || is_flag(local))
        .map(|(local, _)| *local);
    results
        .map(|(id, _)| id)
        .chain(often)
        .chain(returned_unset(typed, stmts))
        .collect()
}

/// The literals that may run at any time, passed on, stored or goroutines, with the variables that they assign. Errors
/// are looked at where they are set.
pub(super) fn assigned_any_time(
    program: &Program,
    typed: &TypedBody,
    roots: &[Node],
    parents: &Parents,
) -> BTreeMap<ExprId, Vec<LocalId>> {
    let tree = typed.tree();
    let mut found = BTreeMap::new();
    for literal in typed.info.literals() {
        if runs_where_called(typed, roots, parents, literal.expr) {
            continue;
        }
        let mut assigned = Vec::new();
        tree.walk(literal.expr, |node| {
            if let Node::Stmt(stmt) = node
                && let StmtKind::Assign { lhs, .. } = tree.stmt(stmt).kind
            {
                let targets = tree.exprs(lhs).iter().filter_map(|x| typed.info.local(*x));
                assigned.extend(targets.filter(|local| {
                    let ty = typed.info.local_info(*local).map(|local| local.ty);
                    literal.captures.contains(local)
                        && !ty.is_some_and(|ty| crate::types::is_error(program, ty))
                }));
            }
            Descend::Into
        });
        if !assigned.is_empty() {
            found.insert(literal.expr, assigned);
        }
    }
    found
}

/// Whether a literal is called where it stands or deferred, or is kept in a variable that is only called.
pub(super) fn runs_where_called(
    typed: &TypedBody,
    roots: &[Node],
    parents: &Parents,
    literal: ExprId,
) -> bool {
    let tree = typed.tree();
    let is_called = |expr: ExprId| match parents.get(Node::Expr(expr)) {
        Some(Node::Expr(call)) => {
            let is_fun = matches!(tree.expr(call).kind, ExprKind::Call { fun, .. } if fun == expr);
            let in_goroutine = matches!(parents.get(Node::Expr(call)), Some(Node::Stmt(stmt))
                if matches!(tree.stmt(stmt).kind, StmtKind::Go(_)));
            is_fun && !in_goroutine
        }
        _ => false,
    };
    if is_called(literal) {
        return true;
    }
    let Some(Node::Stmt(stmt)) = parents.get(Node::Expr(literal)) else {
        return false;
    };
    let StmtKind::Assign { lhs, rhs, .. } = tree.stmt(stmt).kind else {
        return false;
    };
    let position = tree.exprs(rhs).iter().position(|x| *x == literal);
    let target = position.and_then(|index| tree.exprs(lhs).get(index).copied());
    let Some(ExprKind::Ident(name)) = target.map(|target| tree.expr(target).kind) else {
        return false;
    };
    let Some(local) = typed.info.defined_at(name.span) else {
        return false;
    };
    let mut only_called = true;
    for root in roots {
        tree.walk(*root, |node| {
            if let Node::Expr(expr) = node
                && typed.info.local(expr) == Some(local)
            {
                only_called &= is_called(expr);
            }
            Descend::Into
        });
    }
    only_called
}

/// Variables that are declared without a value and returned.
fn returned_unset(typed: &TypedBody, stmts: &[StmtId]) -> BTreeSet<LocalId> {
    let tree = typed.tree();
    let (mut unset, mut returned) = (BTreeSet::new(), BTreeSet::new());
    for stmt in stmts {
        match tree.stmt(*stmt).kind {
            StmtKind::Decl(decl) => {
                for spec in tree.specs(tree.gen_decl(decl).specs) {
                    if let SpecKind::Value(spec) = spec.kind
                        && spec.values.is_empty()
                    {
                        let names = tree.names(spec.names).iter();
                        unset.extend(names.filter_map(|n| typed.info.defined_at(n.span)));
                    }
                }
            }
            StmtKind::Return(list) => {
                returned.extend(tree.exprs(list).iter().filter_map(|x| typed.info.local(*x)));
            }
            _ => {}
        }
    }
    unset.intersection(&returned).copied().collect()
}

/// Variables all of whose values are composite literals, `new(T)` or zero values.
pub(super) fn fresh(typed: &TypedBody, stmts: &[StmtId]) -> BTreeSet<LocalId> {
    let tree = typed.tree();
    let local = |expr: ExprId| match tree.expr(expr).kind {
        ExprKind::Ident(name) => typed
            .info
            .local(expr)
            .or_else(|| typed.info.defined_at(name.span)),
        _ => None,
    };
    let mut fresh = BTreeSet::new();
    let mut stale = BTreeSet::new();
    for stmt in stmts {
        // Whoever has its address can assign it: `json.Unmarshal(b, &s)` keeps it ours, though.
        match tree.stmt(*stmt).kind {
            StmtKind::Assign { lhs, op, rhs, .. } => {
                let (lhs, rhs) = (tree.exprs(lhs), tree.exprs(rhs));
                for (index, &target) in lhs.iter().enumerate() {
                    let Some(target) = local(target) else {
                        continue;
                    };
                    let value = rhs.get(index).filter(|_| lhs.len() == rhs.len());
                    let made = value.is_some_and(|&value| is_made(typed, value));
                    let is_result = || {
                        typed
                            .info
                            .local_info(target)
                            .is_some_and(|local| matches!(local.kind, LocalKind::Result { .. }))
                    };
                    // A parameter led to something of the caller's before; a result begins as zero.
                    if made && (op != AssignOp::Assign || is_result()) {
                        fresh.insert(target);
                    } else if !made {
                        stale.insert(target);
                    }
                }
            }
            StmtKind::Decl(decl) => {
                for spec in tree.specs(tree.gen_decl(decl).specs) {
                    let SpecKind::Value(spec) = spec.kind else {
                        continue;
                    };
                    let values = tree.exprs(spec.values);
                    for (index, name) in tree.names(spec.names).iter().enumerate() {
                        let Some(target) = typed.info.defined_at(name.span) else {
                            continue;
                        };
                        match values.get(index) {
                            Some(&value) if is_made(typed, value) => fresh.insert(target),
                            None if values.is_empty() => fresh.insert(target),
                            _ => stale.insert(target),
                        };
                    }
                }
            }
            StmtKind::Range { key, value, .. } => {
                stale.extend([key, value].into_iter().flatten().filter_map(local));
            }
            _ => {}
        }
    }
    fresh.difference(&stale).copied().collect()
}

/// The declared functions that variables are assigned, where they are assigned nothing else.
pub(super) fn functions(
    typed: &TypedBody,
    stmts: &[StmtId],
) -> BTreeMap<LocalId, Option<BTreeSet<FuncId>>> {
    let tree = typed.tree();
    let mut found: BTreeMap<LocalId, Option<BTreeSet<FuncId>>> = BTreeMap::new();
    for stmt in stmts {
        if let StmtKind::Assign { lhs, rhs, .. } = tree.stmt(*stmt).kind {
            let (lhs, rhs) = (tree.exprs(lhs), tree.exprs(rhs));
            for (index, target) in lhs.iter().enumerate() {
                let ExprKind::Ident(name) = tree.expr(*target).kind else {
                    continue;
                };
                let local = typed
                    .info
                    .local(*target)
                    .or_else(|| typed.info.defined_at(name.span));
                let Some(local) = local else {
                    continue;
                };
                let value = rhs.get(index).filter(|_| lhs.len() == rhs.len());
                let func = value.and_then(|value| match typed.info.object(tree.unparen(*value)) {
                    Object::Func(func) => func.id,
                    _ => None,
                });
                let known = found.entry(local).or_insert_with(|| Some(BTreeSet::new()));
                match func {
                    Some(func) => {
                        if let Some(known) = known {
                            known.insert(func);
                        }
                    }
                    None => *known = None,
                }
            }
        }
    }
    found
}

fn is_made(typed: &TypedBody, value: ExprId) -> bool {
    let tree = typed.tree();
    match tree.expr(tree.unparen(value)).kind {
        ExprKind::CompositeLit { .. } => true,
        ExprKind::Unary {
            op: UnaryOp::Address,
            x,
        } => is_made(typed, x),
        ExprKind::Call { .. } => match typed.info.callee(tree.unparen(value)) {
            Callee::Builtin(Builtin::New) => true,
            // A command is the caller's own, whatever made it.
            Callee::Static(func) => {
                matches!(&*func.name, "os/exec.Command" | "os/exec.CommandContext")
            }
            _ => false,
        },
        ExprKind::Ident(_) => matches!(typed.info.object(value), Object::Nil),
        _ => false,
    }
}
