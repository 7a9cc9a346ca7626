//! What is started for the one value of its kind: behind a look at a variable of the package that says whether there is one, or by a
//! `sync.Once` of it.

use caulk_program::{Callee, Object, Program};
use caulk_syntax::{ExprId, Node, StmtId, StmtKind};
use std::sync::Arc;

use crate::body::Function;

/// Whether a statement of a function runs once in a process: those before it return where a variable of the package holds something,
/// which the function gives it otherwise. `if instance != nil { return instance }; instance = new(service); go instance.run()`
pub(super) fn is_started_once(program: &Program, function: &Function, start: StmtId) -> bool {
    if is_done_once(function, start) {
        return true;
    }
    let tree = function.tree();
    let Some(StmtKind::Block(block)) = function.graph(None).map(|graph| tree.stmt(graph.body).kind)
    else {
        return false;
    };
    let begins = tree.stmt(start).span.start;
    let all = tree.stmts(block.stmts);
    let before = all
        .iter()
        .filter(|stmt| tree.stmt(**stmt).span.end <= begins);
    let mut looked_at: Vec<Arc<str>> = Vec::new();
    for stmt in before {
        match tree.stmt(*stmt).kind {
            StmtKind::If {
                init: None,
                cond,
                then,
                ..
            } if returns(function, then) => looked_at.extend(held(program, function, cond)),
            _ => {}
        }
    }
    let gives = |stmt: &StmtId| match tree.stmt(*stmt).kind {
        StmtKind::Assign { lhs, .. } => tree.exprs(lhs).iter().any(|to| {
            variable(function, *to).is_some_and(|variable| looked_at.contains(&variable))
        }),
        _ => false,
    };
    function.root_of(start).is_none() && !function.in_loop(start) && all.iter().any(gives)
}

/// Whether a statement stands in what a `sync.Once` of a package does: `once.Do(func() { … })`.
fn is_done_once(function: &Function, start: StmtId) -> bool {
    let Some(Node::Expr(call)) = function
        .root_of(start)
        .and_then(|root| function.parent(root))
    else {
        return false;
    };
    let Callee::Method { func, receiver, .. } = function.callee(call) else {
        return false;
    };
    &*func.name == "sync.Once.Do" && variable(function, *receiver).is_some()
}

/// The variable of a package that holds something where a condition is true.
fn held(program: &Program, function: &Function, cond: ExprId) -> Option<Arc<str>> {
    let tree = function.tree();
    let cond = tree.unparen(cond);
    let is_flag =
        tree.ident(cond).is_some() && crate::types::is_bool(program, function.info().type_of(cond));
    let held = tree.not_nil(cond).or(is_flag.then_some(cond))?;
    variable(function, held)
}

fn variable(function: &Function, expr: ExprId) -> Option<Arc<str>> {
    match function.info().object(function.tree().unparen(expr)) {
        Object::PackageVar(name) => Some(name.clone()),
        _ => None,
    }
}

/// Whether a block ends with a return.
fn returns(function: &Function, block: StmtId) -> bool {
    let tree = function.tree();
    match tree.stmt(block).kind {
        StmtKind::Block(block) => tree
            .stmts(block.stmts)
            .last()
            .is_some_and(|last| matches!(tree.stmt(*last).kind, StmtKind::Return(_))),
        _ => false,
    }
}
