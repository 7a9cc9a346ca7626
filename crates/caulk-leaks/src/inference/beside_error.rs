//! What a function returns beside an error, where all who call it look at the error first and give up.

use caulk_program::{BodyOwner, FuncId, LocalId};
use caulk_syntax::{Descend, ExprId, Node, StmtId, StmtKind};

use crate::body::Function;
use crate::module::Module;

/// Whether nobody does anything with the first result of a function where that fails. Who calls one that others can name is
/// not known.
pub(crate) fn is_dropped(module: &Module<'_>, id: FuncId) -> bool {
    let name = module.program.func(id).map(|func| &func.name);
    if name.is_none_or(|name| caulk_syntax::is_exported(name)) {
        return false;
    }
    let mut called = false;
    let owners = module.program.owners(id.package).into_iter();
    owners
        .filter(|owner| *owner != BodyOwner::Func(id))
        .all(|owner| {
            let Some(function) = module.function(owner) else {
                return true;
            };
            let calls = function.info().calls();
            let mut here = calls
                .iter()
                .filter(|(_, callee)| callee.func().is_some_and(|func| func.id == Some(id)))
                .peekable();
            called |= here.peek().is_some();
            here.all(|(call, _)| gives_up(&function, *call))
        })
        && called
}

/// Whether a call is followed by a test of its error, and by nothing that names its first result where there is one:
/// `f, err := open(); if err != nil { return err }`.
fn gives_up(function: &Function, call: ExprId) -> bool {
    let tree = function.tree();
    let Some(stmt) = function.statement(call) else {
        return false;
    };
    let StmtKind::Assign { lhs, rhs, .. } = tree.stmt(stmt).kind else {
        return false;
    };
    let ([value, .., error], [single]) = (tree.exprs(lhs), tree.exprs(rhs)) else {
        return false;
    };
    let Some(error) = function
        .local(*error)
        .filter(|_| tree.unparen(*single) == call)
    else {
        return false;
    };
    let Some(test) = test_behind(function, stmt) else {
        return false;
    };
    let StmtKind::If { cond, then, .. } = tree.stmt(test).kind else {
        return false;
    };
    let asked = tree.not_nil(cond).and_then(|x| function.local(x));
    let is_test = asked == Some(error);
    let StmtKind::Block(block) = tree.stmt(then).kind else {
        return false;
    };
    let ends = tree
        .stmts(block.stmts)
        .last()
        .is_some_and(|last| matches!(tree.stmt(*last).kind, StmtKind::Return(_)));
    let local = function.local(*value);
    is_test && ends && (local.is_none() || !names(function, then, local))
}

/// The `if` that a statement is the first part of, or that comes next in its block.
fn test_behind(function: &Function, stmt: StmtId) -> Option<StmtId> {
    let tree = function.tree();
    let Some(Node::Stmt(around)) = function.parent(stmt) else {
        return None;
    };
    match tree.stmt(around).kind {
        StmtKind::If { .. } => Some(around),
        StmtKind::Block(block) => {
            let mut all = tree.stmts(block.stmts).iter();
            all.find(|one| **one == stmt)?;
            all.next().copied()
        }
        _ => None,
    }
}

fn names(function: &Function, code: StmtId, local: Option<LocalId>) -> bool {
    let mut named = false;
    function.tree().walk(code, |node| {
        if let Node::Expr(expr) = node {
            named |= function.local(expr) == local;
        }
        Descend::Into
    });
    named
}
