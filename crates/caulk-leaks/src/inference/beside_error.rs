//! What a function returns beside an error, where all who call it look at the error first and give up.

use caulk_program::{BodyOwner, Builtin, Callee, FuncId, LocalId, Object, SourceFile};
use caulk_syntax::{Descend, ExprId, ExprKind, Node, StmtId, StmtKind};

use crate::body::Function;
use crate::module::Module;

/// Whether nobody does anything with the first result of a function where that fails. Who calls one that others can name is
/// not known; where what it gives stays open for good, `by_custom`, they are taken to look at the error first, as everybody does, unless
/// somebody of the package does not.
pub(crate) fn is_dropped(module: &Module<'_>, id: FuncId, by_custom: bool) -> bool {
    let name = module.program.func(id).map(|func| &func.name);
    if name.is_none_or(|name| caulk_syntax::is_exported(name) && !by_custom) {
        return false;
    }
    let mut called = by_custom;
    let owners = module.program.owners(id.package).into_iter();
    let is_other = |owner: &BodyOwner| {
        let file = caulk_flow::file_of(module.program, *owner);
        *owner != BodyOwner::Func(id) && !(by_custom && file.is_some_and(SourceFile::is_test))
    };
    owners.filter(is_other).all(|owner| {
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
    }) && called
}

/// Whether a call is followed by a test of its error, and by nothing that may release its first result where there is one:
/// `f, err := open(); if err != nil { return err }`, `_, err := open()`.
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
    if tree.unparen(*single) != call {
        return false;
    }
    if tree.ident(*value) == Some("_") {
        return true;
    }
    let (Some(value), Some(error)) = (function.local(*value), function.local(*error)) else {
        return false;
    };
    for behind in behind(function, stmt) {
        match tree.stmt(behind).kind {
            StmtKind::If { cond, then, .. }
                if tree.not_nil(cond).and_then(|x| function.local(x)) == Some(error) =>
            {
                let last = tree.block(then).last();
                let ends = last.is_some_and(|last| match tree.stmt(*last).kind {
                    StmtKind::Return(_) => true,
                    StmtKind::Expr(call) => {
                        *function.callee(call) == Callee::Builtin(Builtin::Panic)
                    }
                    _ => false,
                });
                return ends && !names(function, then, value);
            }
            // `if resp != nil && resp.StatusCode == 404 {` may come first.
            StmtKind::If { .. } if only_looks_at(function, behind, value) => {}
            _ => return false,
        }
    }
    false
}

/// The `if` that a statement is the first part of, or the statements that come behind it in its block.
fn behind(function: &Function, stmt: StmtId) -> Vec<StmtId> {
    let tree = function.tree();
    let Some(Node::Stmt(around)) = function.parent(stmt) else {
        return Vec::new();
    };
    match tree.stmt(around).kind {
        StmtKind::If { .. } => vec![around],
        StmtKind::Block(block) => {
            let all = tree.stmts(block.stmts).iter();
            all.skip_while(|one| **one != stmt)
                .skip(1)
                .copied()
                .collect()
        }
        _ => Vec::new(),
    }
}

fn names(function: &Function, code: StmtId, local: LocalId) -> bool {
    mentions(function, code, local).next().is_some()
}

/// Whether code compares a variable with nil, or reads a field of it that is no `Body`, and does nothing else with it.
fn only_looks_at(function: &Function, code: StmtId, local: LocalId) -> bool {
    let tree = function.tree();
    mentions(function, code, local).all(|mention| match function.parent(mention) {
        Some(Node::Expr(parent)) => match tree.expr(parent).kind {
            ExprKind::Binary { .. } => tree.nil_test(parent).is_some(),
            ExprKind::Selector { sel, .. } => {
                let is_field = matches!(function.info().object(parent), Object::Field { .. });
                is_field && tree.name(sel) != "Body"
            }
            _ => false,
        },
        _ => false,
    })
}

fn mentions(
    function: &Function,
    code: StmtId,
    local: LocalId,
) -> impl Iterator<Item = ExprId> + use<> {
    let mut found = Vec::new();
    function.tree().walk(code, |node| {
        if let Node::Expr(expr) = node
            && function.info().local(expr) == Some(local)
        {
            found.push(expr);
        }
        Descend::Into
    });
    found.into_iter()
}
