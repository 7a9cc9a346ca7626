//! Functions whose truth value says whether an error that they are passed is nil, and that do something about it on the way:
//! `if report.failed(err) { return }`.

use caulk_program::{BodyOwner, FuncId, LocalId};
use caulk_syntax::{Descend, ExprId, ExprKind, NilTest, Node, StmtId, StmtKind};

use crate::body::Function;
use crate::module::Module;

/// What a function returns where this parameter, an error, is nil, if it returns the opposite wherever it is not.
pub(crate) fn where_nil(module: &Module<'_>, id: FuncId, index: usize) -> Option<bool> {
    let function = module.function(BodyOwner::Func(id))?;
    let error = *function.info().params().get(index)?;
    let [result] = function.results(None) else {
        return None;
    };
    let result = function.info().local_info(*result)?;
    let is_kept = function.definitions(module.program, error).is_empty();
    if !crate::types::is_bool(module.program, result.ty) || !is_kept {
        return None;
    }
    let body = function.tree().block(function.graph(None)?.body);
    by_comparison(&function, body, error).or_else(|| by_branch(&function, body, error))
}

/// `return err == nil`, and no other return.
fn by_comparison(function: &Function, body: &[StmtId], error: LocalId) -> Option<bool> {
    let [value] = returned(function, body)?[..] else {
        return None;
    };
    Some(test_of(function, value, error)? == NilTest::IsNil)
}

/// `if err == nil { return true }`, with `return false` wherever else it returns.
fn by_branch(function: &Function, body: &[StmtId], error: LocalId) -> Option<bool> {
    let tree = function.tree();
    let (at, then, test) = body.iter().enumerate().find_map(|(at, stmt)| {
        let StmtKind::If {
            init: None,
            cond,
            then,
            els: None,
        } = tree.stmt(*stmt).kind
        else {
            return None;
        };
        Some((at, then, test_of(function, cond, error)?))
    })?;
    let (before, behind) = (body.get(..at)?, body.get(at + 1..)?);
    let leaves = tree
        .block(then)
        .last()
        .is_some_and(|last| matches!(tree.stmt(*last).kind, StmtKind::Return(_)));
    let says = answer(function, &[then])?;
    let is_told =
        leaves && returned(function, before)?.is_empty() && answer(function, behind)? != says;
    is_told.then_some((test == NilTest::IsNil) == says)
}

fn test_of(function: &Function, cond: ExprId, error: LocalId) -> Option<NilTest> {
    let (on, test) = function.tree().nil_test(cond)?;
    (function.local(on) == Some(error)).then_some(test)
}

/// The one truth value that is returned wherever these statements return.
fn answer(function: &Function, code: &[StmtId]) -> Option<bool> {
    let tree = function.tree();
    let truth = |value: &ExprId| match tree.ident(tree.unparen(*value))? {
        "true" => Some(true),
        "false" => Some(false),
        _ => None,
    };
    let values = returned(function, code)?;
    let first = truth(values.first()?)?;
    let all = values.iter().all(|value| truth(value) == Some(first));
    all.then_some(first)
}

/// What is returned in these statements, each time one value; none where a return names none.
fn returned(function: &Function, code: &[StmtId]) -> Option<Vec<ExprId>> {
    let tree = function.tree();
    let (mut values, mut bare) = (Vec::new(), false);
    for stmt in code {
        tree.walk(*stmt, |node| match node {
            Node::Expr(expr) if matches!(tree.expr(expr).kind, ExprKind::FuncLit { .. }) => {
                Descend::Skip
            }
            Node::Stmt(stmt) if let StmtKind::Return(list) = tree.stmt(stmt).kind => {
                match tree.exprs(list) {
                    [value] => values.push(*value),
                    _ => bare = true,
                }
                Descend::Skip
            }
            _ => Descend::Into,
        });
    }
    (!bare).then_some(values)
}
