//! Goroutines that a function starts for a value which it makes, and then neither returns nor ends where it fails: they wait on a
//! channel of that.

use caulk_program::{BodyOwner, Builtin, Callee, FuncId, LocalId};
use caulk_syntax::{Descend, ExprId, ExprKind, Node, StmtId, StmtKind, Tree};

use super::paths::{Paths, is_defer, root_variable};
use super::{Blocked, Wait};
use crate::body::Function;
use crate::channels::made::span_of;
use crate::channels::uses::received_from;
use crate::contract::is_release_name;
use crate::goroutines::endless;
use crate::inference::started::{closes_field, returns, signals};
use crate::module::Module;

/// The goroutines of values that a function makes, and leaves behind where it fails.
pub(super) fn forsaken(module: &Module<'_>, function: &Function) -> Vec<Blocked> {
    let tree = function.tree();
    let mut found = Vec::new();
    let Some(graph) = function.graph(None) else {
        return found;
    };
    if function.error_result(module.program, None).is_none() {
        return found;
    }
    tree.walk(graph.body, |node| {
        if let Node::Stmt(stmt) = node
            && let StmtKind::Go(call) = tree.stmt(stmt).kind
            && function.branch_of(node).is_none()
            && !function.in_loop(node)
            && function.root_of(node).is_none()
        {
            found.extend(left_by_error(module, function, stmt, call));
        }
        Descend::Into
    });
    found
}

fn left_by_error(
    module: &Module<'_>,
    function: &Function,
    go: StmtId,
    call: ExprId,
) -> Option<Blocked> {
    let tree = function.tree();
    let (receiver, waiter) = run_by(function, tree.unparen(call))?;
    let value = root_variable(function, receiver)?;
    if !function.is_fresh(value) || function.results(None).contains(&value) {
        return None;
    }
    let waiter = Some(waiter).filter(|id| module.is_own(*id))?;
    let (field, until_closed) = waited_for(module, waiter)?;
    if !is_made_here(function, &field) {
        return None;
    }
    let begun = tree.stmt(go).span;
    let mut counted = Vec::new();
    let mut ended = false;
    for (node, at) in mentions(function, value) {
        if is_defer(function, at) {
            return None;
        }
        // Another goroutine may end this one.
        let runs =
            matches!(at, Node::Stmt(stmt) if matches!(tree.stmt(stmt).kind, StmtKind::Go(_)));
        if at != Node::Stmt(go)
            && (runs || !only_used(module, function, node, &field, until_closed))
        {
            ended |= closes(function, node, &field);
            counted.push(at);
        }
    }
    // Who ends it where all goes well has to do so elsewhere too.
    if !returns(function, value) && (!ended || crate::in_test::is_in_test(module, function)) {
        return None;
    }
    if counted
        .iter()
        .any(|node| span_of(function, *node).start < begun.start)
    {
        return None;
    }
    let leaves = Paths::of(function, None, counted).leaves_with_fewer(go.into(), 1)?;
    let file = caulk_flow::file_of(module.program, function.typed.owner)?;
    let name = crate::place::text(file, tree.expr(receiver).span);
    Some(Blocked {
        leaves,
        ..Blocked::new(function, go, Wait::Signal, format!("{name}.{field}"))
    })
}

/// The method that a goroutine runs, with what it is called on: the call itself, or the first in a literal.
fn run_by(function: &Function, call: ExprId) -> Option<(ExprId, FuncId)> {
    let tree = function.tree();
    match function.callee(call) {
        Callee::Method { func, receiver, .. } => Some((*receiver, func.id?)),
        Callee::Literal(literal) => {
            let body = function.graph(Some(*literal))?.body;
            let mut steps = tree.block(body).iter().map(|stmt| tree.stmt(*stmt).kind);
            let first = steps.find(|step| !matches!(step, StmtKind::Defer(_)))?;
            let StmtKind::Expr(run) = first else {
                return None;
            };
            match function.callee(tree.unparen(run)) {
                Callee::Method { func, receiver, .. } => Some((*receiver, func.id?)),
                _ => None,
            }
        }
        _ => None,
    }
}

/// Whether a mention of the value is to close this channel of it: `close(v.field)`.
fn closes(function: &Function, mention: ExprId, field: &str) -> bool {
    let tree = function.tree();
    let Some(Node::Expr(channel)) = function.parent(mention) else {
        return false;
    };
    let is_field = matches!(tree.expr(channel).kind, ExprKind::Selector { sel, .. } if tree.name(sel) == field);
    is_field
        && matches!(function.parent(channel), Some(Node::Expr(call))
            if *function.callee(call) == Callee::Builtin(Builtin::Close))
}

/// Whether the function makes the channel of a field itself: one that is given by others may be closed by them.
fn is_made_here(function: &Function, field: &str) -> bool {
    let tree = function.tree();
    let Some(block) = function.typed.block() else {
        return false;
    };
    let is_make = |value: ExprId| *function.callee(value) == Callee::Builtin(Builtin::Make);
    let mut made = false;
    tree.walk(block, |node| {
        made |= match node {
            Node::Expr(expr) => match tree.expr(expr).kind {
                ExprKind::KeyValue { key, value, .. } => {
                    matches!(tree.expr(key).kind, ExprKind::Ident(name) if tree.name(name) == field)
                        && is_make(value)
                }
                _ => false,
            },
            Node::Stmt(stmt) => match tree.stmt(stmt).kind {
                StmtKind::Assign { lhs, rhs, .. } => {
                    let pairs = tree.exprs(lhs).iter().zip(tree.exprs(rhs));
                    pairs.into_iter().any(|(target, value)| {
                        matches!(tree.expr(*target).kind, ExprKind::Selector { sel, .. } if tree.name(sel) == field)
                            && is_make(*value)
                    })
                }
                _ => false,
            },
        };
        Descend::Into
    });
    made
}

/// Where a variable is named, each with the statement or the literal around it that is in the function itself.
fn mentions(function: &Function, value: LocalId) -> Vec<(ExprId, Node)> {
    let tree = function.tree();
    let mut found = Vec::new();
    let Some(block) = function.typed.block() else {
        return found;
    };
    tree.walk(block, |node| {
        if let Node::Expr(expr) = node
            && matches!(tree.expr(expr).kind, ExprKind::Ident(_))
            && function.info().local(expr) == Some(value)
        {
            let mut at = node;
            while let Some(literal) = function.root_of(at) {
                at = literal.into();
            }
            let stmt = match at {
                Node::Expr(expr) => function.statement(expr).map(Node::Stmt),
                Node::Stmt(_) => None,
            };
            let whole = stmt.filter(|stmt| {
                is_defer(function, *stmt)
                    || matches!(*stmt, Node::Stmt(stmt)
                        if matches!(tree.stmt(stmt).kind, StmtKind::Return(_) | StmtKind::Go(_)))
            });
            found.push((expr, whole.unwrap_or(at)));
        }
        Descend::Into
    });
    found
}

/// Whether a mention of the value neither hands it on nor tells its goroutines to end: a field is read or assigned, or a
/// method is called that does no such thing.
fn only_used(
    module: &Module<'_>,
    function: &Function,
    mention: ExprId,
    field: &str,
    until_closed: bool,
) -> bool {
    let tree = function.tree();
    let mut at = match function.parent(mention) {
        Some(Node::Expr(at)) => at,
        Some(Node::Stmt(stmt)) => {
            return matches!(tree.stmt(stmt).kind, StmtKind::Assign { lhs, .. }
                if tree.exprs(lhs).contains(&mention));
        }
        None => return false,
    };
    if !matches!(tree.expr(at).kind, ExprKind::Selector { .. }) {
        return false;
    }
    while let Some(Node::Expr(parent)) = function.parent(at)
        && matches!(tree.expr(parent).kind, ExprKind::Selector { .. })
    {
        at = parent;
    }
    match function.parent(at) {
        Some(Node::Expr(call)) => match function.callee(call) {
            Callee::Method { func, .. } => {
                let name = crate::types::simple_name(&func.name);
                let ends = |id| match until_closed {
                    true => closes_field(module, id, field),
                    false => signals(module, id),
                };
                !is_release_name(name) && !func.id.is_some_and(ends)
            }
            Callee::Builtin(Builtin::Close) => false,
            _ => true,
        },
        Some(Node::Stmt(stmt)) => {
            !matches!(tree.stmt(stmt).kind, StmtKind::Send { chan, .. } if chan == at)
        }
        None => true,
    }
}

/// The field of its receiver that a method waits on for ever: its body ends with a loop that begins with a wait on that,
/// or ranges over it, and nothing else can end; and whether nothing but a close of it ends the loop.
fn waited_for(module: &Module<'_>, method: FuncId) -> Option<(String, bool)> {
    let function = module.function(BodyOwner::Func(method))?;
    let tree = function.tree();
    let receiver = function.info().receiver()?;
    let last = |block: StmtId, first: bool| match tree.stmt(block).kind {
        StmtKind::Block(list) if first => tree.stmts(list.stmts).first().copied(),
        StmtKind::Block(list) => tree.stmts(list.stmts).last().copied(),
        _ => None,
    };
    let field_of = |channel: ExprId| match tree.expr(tree.unparen(channel)).kind {
        ExprKind::Selector { x, sel } => {
            (function.local(x) == Some(receiver)).then(|| tree.name(sel).to_owned())
        }
        _ => None,
    };
    // Or what a variable was given of it, once and under a lock perhaps.
    let of_receiver = |channel: ExprId| {
        field_of(channel).or_else(|| {
            let (value, _) = function.sole_value(module.program, function.local(channel)?)?;
            field_of(value)
        })
    };
    let round = last(function.typed.block()?, false)?;
    let body = match tree.stmt(round).kind {
        StmtKind::Range { x, .. } => return Some((of_receiver(x)?, true)),
        StmtKind::For { body, .. } if tree.is_endless_loop(round) => body,
        _ => return None,
    };
    let first = last(body, true)?;
    let StmtKind::Select(clauses) = tree.stmt(first).kind else {
        let field = of_receiver(waits(tree, first)?)?;
        return Some((field, asks_whether_open(tree, first)));
    };
    let StmtKind::Block(clauses) = tree.stmt(clauses).kind else {
        return None;
    };
    let mut fields = Vec::new();
    for clause in tree.stmts(clauses.stmts) {
        let StmtKind::Comm { comm, .. } = tree.stmt(*clause).kind else {
            return None;
        };
        let channel = waits(tree, comm?)?;
        match of_receiver(channel) {
            Some(field) => fields.push(field),
            None if endless::is_endless_channel(module, &function, channel) => {}
            None => return None,
        }
    }
    Some((fields.into_iter().next()?, false))
}

/// Whether a statement receives, and whether the channel is open: `f, ok := <-calls`.
fn asks_whether_open(tree: &Tree, stmt: StmtId) -> bool {
    match tree.stmt(stmt).kind {
        StmtKind::If { init, .. } => init.is_some_and(|init| asks_whether_open(tree, init)),
        StmtKind::Assign { lhs, .. } => tree.exprs(lhs).len() == 2,
        _ => false,
    }
}

/// The channel that a statement waits on before it does anything else.
fn waits(tree: &Tree, stmt: StmtId) -> Option<ExprId> {
    match tree.stmt(stmt).kind {
        // `if f, ok := <-calls; !ok`
        StmtKind::If { init, .. } => received_from(tree, init?),
        _ => received_from(tree, stmt),
    }
}
