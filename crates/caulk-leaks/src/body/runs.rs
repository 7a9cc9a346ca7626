//! Who runs a function literal.

use std::sync::Arc;

use caulk_program::{BodyOwner, Callee, LocalId};
use caulk_syntax::{Descend, ExprId, ExprKind, Node, SpecKind, StmtId, StmtKind};

use crate::body::Function;
use crate::module::Module;

/// How a literal is run.
pub(crate) enum HowRun {
    /// In a goroutine of its own, started here.
    Goroutine(Node),
    Deferred(StmtId),
    /// By a function that it is passed to.
    CalledBack,
    /// Where it stands.
    Here,
    /// By a call of the variable that it is given to, and nowhere else.
    At(Node),
}

pub(crate) fn how_run(module: &Module<'_>, function: &Function, literal: ExprId) -> Option<HowRun> {
    let tree = function.tree();
    let call = match function.parent(literal)? {
        Node::Expr(call) => call,
        Node::Stmt(stmt) => {
            return by_variable(module, function, stmt, literal);
        }
    };
    let ExprKind::Call { fun, .. } = tree.expr(call).kind else {
        return None;
    };
    if fun != literal {
        let started = starts_argument(module, function, call) || fires(function, call).is_some();
        return Some(match function.parent(call) {
            _ if started => HowRun::Goroutine(call.into()),
            Some(Node::Stmt(stmt))
                if matches!(tree.stmt(stmt).kind, StmtKind::Go(_))
                    && called_once(module, function, call) == Some(literal) =>
            {
                HowRun::Goroutine(stmt.into())
            }
            _ => HowRun::CalledBack,
        });
    }
    match function.parent(call) {
        Some(Node::Stmt(stmt)) => match tree.stmt(stmt).kind {
            StmtKind::Go(_) => Some(HowRun::Goroutine(stmt.into())),
            StmtKind::Defer(_) => Some(HowRun::Deferred(stmt)),
            _ => Some(HowRun::Here),
        },
        _ => Some(HowRun::Here),
    }
}

/// The same of a literal that is given to a variable, where that is named but once.
fn by_variable(
    module: &Module<'_>,
    function: &Function,
    stmt: StmtId,
    literal: ExprId,
) -> Option<HowRun> {
    let tree = function.tree();
    let given = given(function, stmt).into_iter();
    let (local, _) = given
        .into_iter()
        .find(|(_, value)| *value == Some(literal))?;
    if literal_of(function, local) != Some(literal) {
        return None;
    }
    let named = function.mentions(module.program, local);
    let [named] = named[..] else {
        return None;
    };
    let inside = tree.expr(literal).span.encloses(tree.expr(named).span);
    let Node::Expr(call) = function.parent(named).filter(|_| !inside)? else {
        return None;
    };
    match tree.expr(call).kind {
        ExprKind::Call { fun, .. } if fun == named => Some(match function.parent(call) {
            Some(Node::Stmt(stmt)) => match tree.stmt(stmt).kind {
                StmtKind::Go(_) => HowRun::Goroutine(stmt.into()),
                StmtKind::Defer(_) => HowRun::Deferred(stmt),
                _ => HowRun::At(call.into()),
            },
            _ => HowRun::At(call.into()),
        }),
        ExprKind::Call { .. } if starts_argument(module, function, call) => {
            Some(HowRun::Goroutine(call.into()))
        }
        _ => None,
    }
}

/// The literal that a variable holds, where it is given one and nothing else.
pub(crate) fn literal_of(function: &Function, local: LocalId) -> Option<ExprId> {
    let tree = function.tree();
    let mut values = Vec::new();
    tree.walk(function.typed.block()?, |node| {
        if let Node::Stmt(stmt) = node {
            let of_it = given(function, stmt).into_iter();
            values.extend(of_it.filter_map(|(to, value)| (to == local).then_some(value)));
        }
        Descend::Into
    });
    match values[..] {
        [Some(value)] if matches!(tree.expr(value).kind, ExprKind::FuncLit { .. }) => Some(value),
        _ => None,
    }
}

/// Whether a call runs its argument in a goroutine: `g.Go(func() error { … })`.
pub(crate) fn starts_argument(module: &Module<'_>, function: &Function, call: ExprId) -> bool {
    match function.callee(call) {
        // Groups of goroutines all call it so.
        Callee::Unknown { name, .. } => name == "Go",
        callee => callee.func().is_some_and(|func| {
            let (package, name) = crate::types::split_name(module.program, func);
            module.catalogue.starts_goroutine(package, name)
        }),
    }
}

/// The literal that a call passes to a function of the project, which calls it once: `guarded(func() { … })`.
pub(crate) fn called_once(
    module: &Module<'_>,
    function: &Function,
    call: ExprId,
) -> Option<ExprId> {
    let tree = function.tree();
    let is_literal = |arg: &ExprId| matches!(tree.expr(*arg).kind, ExprKind::FuncLit { .. });
    let literal = tree.arguments(call).iter().copied().find(is_literal)?;
    let (callee, param) = taker(module, function, call, literal)?;
    let calls = callee.info().calls();
    let mut its = calls
        .iter()
        .filter(|(_, called)| **called == Callee::Local(param));
    let (at, _) = its.next()?;
    let once = its.next().is_none() && !callee.in_loop(*at);
    once.then_some(literal)
}

/// The function of the project that a call passes an argument to, and its parameter.
fn taker(
    module: &Module<'_>,
    function: &Function,
    call: ExprId,
    argument: ExprId,
) -> Option<(Arc<Function>, LocalId)> {
    let mut passed = function.tree().arguments(call).iter();
    let index = passed.position(|arg| *arg == argument)?;
    let own = function.callee(call).func()?.id;
    let callee = module.function(BodyOwner::Func(own.filter(|id| module.is_own(*id))?))?;
    let param = *callee.info().params().get(index)?;
    Some((callee, param))
}

/// Whether all that a function of the project does with a literal that a call passes to it is to send it on a channel: one of several
/// workers runs it, later.
pub(crate) fn queues_argument(
    module: &Module<'_>,
    function: &Function,
    call: ExprId,
    literal: ExprId,
) -> bool {
    let Some((callee, param)) = taker(module, function, call, literal) else {
        return false;
    };
    let tree = callee.tree();
    let mentions = callee.mentions(module.program, param);
    !mentions.is_empty()
        && mentions.into_iter().all(|named| {
            matches!(callee.parent(named), Some(Node::Stmt(stmt))
                if matches!(tree.stmt(stmt).kind, StmtKind::Send { value, .. } if value == named))
        })
}

/// Whether all that a function of the project does with a literal that a call passes to it is to call it, in its own body.
pub(crate) fn calls_argument(
    module: &Module<'_>,
    function: &Function,
    call: ExprId,
    literal: ExprId,
) -> bool {
    let Some((callee, param)) = taker(module, function, call, literal) else {
        return false;
    };
    let tree = callee.tree();
    callee
        .mentions(module.program, param)
        .into_iter()
        .all(|named| {
            let Some(Node::Expr(call)) = callee.parent(named) else {
                return false;
            };
            let is_called =
                matches!(tree.expr(call).kind, ExprKind::Call { fun, .. } if fun == named);
            let is_started = matches!(callee.parent(call), Some(Node::Stmt(stmt))
            if matches!(tree.stmt(stmt).kind, StmtKind::Go(_)));
            is_called && !is_started && callee.root_of(named).is_none()
        })
}

/// What a call runs in a goroutine of its own after a while, where nothing can keep it from doing so:
/// `time.AfterFunc(d, func() { … })`.
pub(crate) fn fires(function: &Function, call: ExprId) -> Option<ExprId> {
    let tree = function.tree();
    let is_dropped = matches!(function.parent(call), Some(Node::Stmt(stmt))
        if matches!(tree.stmt(stmt).kind, StmtKind::Expr(_)));
    let func = function.callee(call).func()?;
    (is_dropped && &*func.name == "time.AfterFunc")
        .then(|| tree.arguments(call).get(1).copied())
        .flatten()
}

/// Two variables that get what one call gives: `ctx, cancel := context.WithCancel(parent)`.
pub(crate) struct Pair {
    pub first: LocalId,
    pub second: LocalId,
    pub call: ExprId,
}

/// All of them in a function and its literals.
pub(crate) fn pairs(function: &Function) -> Vec<Pair> {
    let tree = function.tree();
    let mut found = Vec::new();
    let Some(block) = function.typed.block() else {
        return found;
    };
    tree.walk(block, |node| {
        if let Node::Stmt(stmt) = node
            && let StmtKind::Assign { lhs, rhs, .. } = tree.stmt(stmt).kind
            && let ([first, second], [call]) = (tree.exprs(lhs), tree.exprs(rhs))
            && let Some((first, second)) = function.local(*first).zip(function.local(*second))
        {
            found.push(Pair {
                first,
                second,
                call: *call,
            });
        }
        Descend::Into
    });
    found
}

/// The variables that a statement gives a value, each with the expression that is its own.
pub(crate) fn given(function: &Function, stmt: StmtId) -> Vec<(LocalId, Option<ExprId>)> {
    let tree = function.tree();
    let mut given = Vec::new();
    match tree.stmt(stmt).kind {
        StmtKind::Assign { lhs, rhs, .. } => {
            let (lhs, rhs) = (tree.exprs(lhs), tree.exprs(rhs));
            for (index, target) in lhs.iter().enumerate() {
                let value = rhs.get(index).copied().filter(|_| lhs.len() == rhs.len());
                given.extend(function.local(*target).map(|local| (local, value)));
            }
        }
        StmtKind::Decl(decl) => {
            for spec in tree.specs(tree.gen_decl(decl).specs) {
                let SpecKind::Value(spec) = spec.kind else {
                    continue;
                };
                let names = tree.names(spec.names).iter().zip(tree.exprs(spec.values));
                given.extend(names.filter_map(|(name, value)| {
                    let local = function.info().defined_at(name.span)?;
                    Some((local, Some(*value)))
                }));
            }
        }
        _ => {}
    }
    given
}
