//! Goroutines that range over a channel which a call has given together with an error that nobody has looked at: where the call
//! fails it has given none, and a range over that never ends.

use caulk_program::{Callee, LocalId, Type};
use caulk_syntax::{Descend, ExprId, Node, StmtId, StmtKind};

use super::{Blocked, Wait};
use crate::body::Function;
use crate::goroutines::Run;
use crate::module::Module;

/// The goroutines that a body starts of this kind.
pub(super) fn failed(module: &Module<'_>, function: &Function) -> Vec<Blocked> {
    let starts = function.starts(module.program).iter().copied();
    starts
        .filter_map(|(start, call)| {
            let channel = ranged_over(module, function, call)?;
            let made = given_before(module, function, start, channel)?;
            let name = function.info().local_info(channel)?.name.to_string();
            Some(Blocked {
                made: function.tree().stmt(made).span,
                leaves: function.tree().stmt(made).span,
                ..Blocked::new(function, start, Wait::Failed, name)
            })
        })
        .collect()
}

/// The variable of the starter that a goroutine ranges over before all else: a literal does, or the function that it is passed to.
fn ranged_over(module: &Module<'_>, function: &Function, call: ExprId) -> Option<LocalId> {
    let run = Run::of(module, function, call)?;
    let body = run.body(module, function);
    let tree = body.function.tree();
    let first = *tree.block(body.function.graph(body.root)?.body).first()?;
    let StmtKind::Range { x, .. } = tree.stmt(first).kind else {
        return None;
    };
    let ranged = body.function.local(x)?;
    if run.callee.is_none() {
        let info = function.info();
        let own = match function.callee(call) {
            Callee::Literal(literal) => info.literal(*literal)?.params.clone(),
            _ => return None,
        };
        return match own.iter().position(|param| *param == ranged) {
            Some(index) => function.local(*function.tree().arguments(call).get(index)?),
            None => Some(ranged),
        };
    }
    let params = body.function.info().params();
    let index = params.iter().position(|param| *param == ranged)?;
    function.local(*function.tree().arguments(call).get(index)?)
}

/// The statement that gives a channel together with an error, at which nothing looks before the goroutine is started.
fn given_before(
    module: &Module<'_>,
    function: &Function,
    start: StmtId,
    channel: LocalId,
) -> Option<StmtId> {
    let tree = function.tree();
    let before = function
        .siblings(start)?
        .iter()
        .take_while(|stmt| **stmt != start);
    let mut made = None;
    for stmt in before {
        if let StmtKind::Assign { lhs, rhs, .. } = tree.stmt(*stmt).kind
            && let ([.., error], [_]) = (tree.exprs(lhs), tree.exprs(rhs))
            && let Some(error) = function.local(*error)
            && crate::types::is_error(module.program, function.info().local_info(error)?.ty)
            && tree
                .exprs(lhs)
                .iter()
                .any(|to| function.local(*to) == Some(channel))
        {
            made = Some((*stmt, error));
        } else if let Some((_, error)) = made
            && (mentions(function, *stmt, error) || mentions(function, *stmt, channel))
        {
            made = None;
        }
    }
    let ty = function.info().local_info(channel)?.ty;
    let is_channel = matches!(module.program.ty(ty), Type::Chan(..));
    made.filter(|_| is_channel).map(|(stmt, _)| stmt)
}

/// Whether a statement names a variable.
fn mentions(function: &Function, stmt: StmtId, local: LocalId) -> bool {
    let mut found = false;
    function.tree().walk(stmt, |node| {
        if let Node::Expr(expr) = node {
            found |= function.info().local(expr) == Some(local);
        }
        Descend::Into
    });
    found
}
