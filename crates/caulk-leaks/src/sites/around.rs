//! An acquisition in a function literal that an enclosing call runs, kept in a variable of the function around it:
//! `err := retry(func() error { resp, err = client.Do(req); return err })`. It is followed on from that call, whose
//! error says whether anything was acquired.

use caulk_program::{Callee, LocalId, LocalKind};
use caulk_syntax::{Descend, ExprId, ExprKind, Node, StmtKind};

use crate::engine::{Function, Outcomes, Root, Start};
use crate::module::Module;
use crate::sites::Site;

/// Where the resource is followed on: from which call, in which body, in which variable.
pub(crate) struct Around {
    pub root: Root,
    pub start: Start,
}

/// The call that runs the literal of an acquisition whose value is left to the function around it, if all that the
/// literal says of it is the variable and an error.
pub(crate) fn of(
    module: &Module<'_>,
    function: &Function,
    site: &Site,
    outcomes: &Outcomes,
) -> Option<Around> {
    let literal = site.root?;
    let mut left_to = outcomes.left_to.iter();
    let (Some(local), None) = (left_to.next(), left_to.next()) else {
        return None;
    };
    let all_said = !outcomes.unknown_otherwise
        && outcomes.owed.is_empty()
        && outcomes.settled.is_none()
        && outcomes.returned.is_none()
        && outcomes.released.iter().all(|error| *error == Some(true));
    if !all_said
        || function
            .error_result(module.program, Some(literal))
            .is_none()
    {
        return None;
    }
    let Some(Node::Expr(call)) = function.parent(literal) else {
        return None;
    };
    let ExprKind::Call { fun, .. } = function.tree().expr(call).kind else {
        return None;
    };
    let root = function.root_of(call);
    let info = function.info().local_info(*local)?;
    let is_variable = !matches!(info.kind, LocalKind::Param { .. } | LocalKind::Receiver);
    let error = error_of(module, function, call)?;
    (fun != literal
        && is_variable
        && info.function == root
        && !is_detached(function, call)
        && sets_nothing_else(module, function, literal, *local))
    .then_some(Around {
        root,
        start: Start::Around {
            call,
            local: *local,
            error,
        },
    })
}

/// The index of the error among the results of a call, the last of them.
fn error_of(module: &Module<'_>, function: &Function, call: ExprId) -> Option<usize> {
    let program = module.program;
    let ty = function.info().type_of(call);
    if !ty.is_unknown() {
        let results = program.results_of(ty);
        let is_error = crate::types::is_error(program, *results.last()?);
        return is_error.then(|| results.len() - 1);
    }
    // Of a function that is not at hand, which takes one that gives an error: its only result.
    let tree = function.tree();
    match tree.stmt(function.statement(call)?).kind {
        StmtKind::Assign { lhs, rhs, .. } => {
            (tree.exprs(lhs).len() == 1 && tree.exprs(rhs) == [call]).then_some(0)
        }
        _ => None,
    }
}

/// Whether a call runs at another time: deferred, or in a goroutine.
fn is_detached(function: &Function, call: ExprId) -> bool {
    let Some(Node::Stmt(stmt)) = function.parent(call) else {
        return false;
    };
    matches!(
        function.tree().stmt(stmt).kind,
        StmtKind::Go(_) | StmtKind::Defer(_)
    ) || matches!(function.callee(call), Callee::Literal(_))
}

/// Whether a literal assigns no other variable of the function around it but errors: another could say whether
/// anything is held.
fn sets_nothing_else(
    module: &Module<'_>,
    function: &Function,
    literal: ExprId,
    local: LocalId,
) -> bool {
    let tree = function.tree();
    let info = function.info();
    let captured = |expr: ExprId| {
        let target = function.local(expr)?;
        let literal = info.literal(literal)?;
        literal.captures.contains(&target).then_some(target)
    };
    let is_harmless = |target: LocalId| {
        target == local
            || info
                .local_info(target)
                .is_some_and(|target| crate::types::is_error(module.program, target.ty))
    };
    let mut nothing_else = true;
    tree.walk(literal, |node| {
        if let Node::Stmt(stmt) = node {
            match tree.stmt(stmt).kind {
                StmtKind::Assign { lhs, .. } => {
                    nothing_else &= tree
                        .exprs(lhs)
                        .iter()
                        .filter_map(|target| captured(*target))
                        .all(is_harmless);
                }
                StmtKind::IncDec { x, .. } => nothing_else &= captured(x).is_none_or(is_harmless),
                _ => {}
            }
        }
        Descend::Into
    });
    nothing_else
}
