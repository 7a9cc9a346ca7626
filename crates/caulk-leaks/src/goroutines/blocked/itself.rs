//! Goroutines that wait for their own end: they call the method that stops them, which waits until they have ended.

use caulk_program::{Builtin, Callee, FuncId, LocalId};
use caulk_syntax::{Descend, ExprId, ExprKind, Node, StmtId, StmtKind, Tree, UnaryOp};

use super::{Blocked, Wait, of_same_package};
use crate::body::Function;
use crate::channels::made::is_alone;
use crate::module::Module;

/// How many methods of the value, one called by the other, are looked into for a wait.
const DEPTH: u8 = 2;

/// The goroutines that a body starts of this kind.
pub(super) fn itself(module: &Module<'_>, function: &Function) -> Vec<Blocked> {
    let starts = function.starts(module.program).iter().copied();
    starts
        .filter_map(|(go, call)| {
            let Callee::Method { func, .. } = function.callee(call) else {
                return None;
            };
            let callee = of_same_package(module, function, func.id?)?;
            let waited = waits_for_itself(module, &callee)?;
            Some(Blocked::new(function, go, Wait::Itself, waited))
        })
        .collect()
}

/// What tells that a goroutine of a value has ended.
#[derive(PartialEq)]
enum Ended {
    /// A group in a field of the value is counted down.
    Counted(String),
    /// A channel in a field of the value is closed.
    Closed(String),
}

/// The method that a method calls of its own receiver, which waits for what that only tells when it ends.
fn waits_for_itself(module: &Module<'_>, function: &Function) -> Option<String> {
    let tree = function.tree();
    let receiver = function.info().receiver()?;
    let body = function.graph(None)?.body;
    let mut ends = Vec::new();
    let mut calls = Vec::new();
    tree.walk(body, |node| match node {
        Node::Stmt(stmt) => match tree.stmt(stmt).kind {
            StmtKind::Defer(call) => {
                ends.extend(ended_by(function, receiver, call));
                Descend::Skip
            }
            StmtKind::Go(_) => Descend::Skip,
            _ => Descend::Into,
        },
        Node::Expr(expr) => match tree.expr(expr).kind {
            ExprKind::FuncLit { .. } => Descend::Skip,
            ExprKind::Call { .. } => {
                calls.extend(method_of(function, receiver, expr));
                Descend::Into
            }
            _ => Descend::Into,
        },
    });
    if ends.is_empty() {
        return None;
    }
    calls.into_iter().find_map(|id| {
        let method = of_same_package(module, function, id)?;
        let waits = waits_for(module, &method, &ends, DEPTH);
        waits.then(|| {
            let name = module.program.func(id)?.name.clone();
            let receiver = function.info().local_info(receiver)?;
            Some(format!("{}.{name}", receiver.name))
        })?
    })
}

/// The own method of its receiver that a call calls.
fn method_of(function: &Function, receiver: LocalId, call: ExprId) -> Option<FuncId> {
    match function.callee(call) {
        Callee::Method {
            func, receiver: of, ..
        } if function.local(*of) == Some(receiver) => func.id,
        _ => None,
    }
}

/// The field of the receiver that an expression names.
fn field(function: &Function, receiver: LocalId, expr: ExprId) -> Option<String> {
    let tree = function.tree();
    let mut expr = tree.unparen(expr);
    if let ExprKind::Unary {
        op: UnaryOp::Address,
        x,
    } = tree.expr(expr).kind
    {
        expr = x;
    }
    match tree.expr(expr).kind {
        ExprKind::Selector { x, sel } if function.local(x) == Some(receiver) => {
            Some(tree.name(sel).to_owned())
        }
        _ => None,
    }
}

fn ended_by(function: &Function, receiver: LocalId, call: ExprId) -> Option<Ended> {
    match function.callee(call) {
        Callee::Method {
            func, receiver: of, ..
        } if &*func.name == "sync.WaitGroup.Done" => {
            field(function, receiver, *of).map(Ended::Counted)
        }
        Callee::Builtin(Builtin::Close) => {
            let channel = *function.tree().arguments(call).first()?;
            field(function, receiver, channel).map(Ended::Closed)
        }
        _ => None,
    }
}

/// Whether a method waits for one of these ends, under no condition, itself or in a method that it calls.
fn waits_for(module: &Module<'_>, function: &Function, ends: &[Ended], depth: u8) -> bool {
    let (Some(graph), Some(receiver)) = (function.graph(None), function.info().receiver()) else {
        return false;
    };
    let tree = function.tree();
    let mut waits = false;
    let mut calls = Vec::new();
    tree.walk(graph.body, |node| {
        if is_elsewhere(tree, node) {
            return Descend::Skip;
        }
        if let Node::Expr(expr) = node
            && function.branch_of(node).is_none()
        {
            let waited = match tree.expr(expr).kind {
                ExprKind::Call { .. } => {
                    calls.extend(method_of(function, receiver, expr));
                    match function.callee(expr) {
                        Callee::Method {
                            func, receiver: of, ..
                        } if &*func.name == "sync.WaitGroup.Wait" => {
                            field(function, receiver, *of).map(Ended::Counted)
                        }
                        _ => None,
                    }
                }
                ExprKind::Unary {
                    op: UnaryOp::Receive,
                    x,
                } if is_alone(function, node) => field(function, receiver, x).map(Ended::Closed),
                _ => None,
            };
            waits |= waited.is_some_and(|waited| ends.contains(&waited));
        }
        Descend::Into
    });
    let Some(depth) = depth.checked_sub(1) else {
        return waits;
    };
    waits
        || calls.into_iter().any(|id| {
            of_same_package(module, function, id)
                .is_some_and(|method| waits_for(module, &method, ends, depth))
        })
}

/// Whether something is run in another goroutine, or perhaps never.
fn is_elsewhere(tree: &Tree, node: Node) -> bool {
    match node {
        Node::Stmt(stmt) => is_go(tree, stmt),
        Node::Expr(expr) => matches!(tree.expr(expr).kind, ExprKind::FuncLit { .. }),
    }
}

fn is_go(tree: &Tree, stmt: StmtId) -> bool {
    matches!(tree.stmt(stmt).kind, StmtKind::Go(_))
}
