//! Contexts that end by themselves.

use caulk_program::{Callee, LocalId, LocalKind, Object, Type};
use caulk_syntax::{Descend, ExprId, ExprKind, Node, Span, StmtKind};

use crate::body::runs::{HowRun, calls_argument, how_run};
use crate::body::{Function, Root};
use crate::finding::SettledBy;
use crate::module::{Module, Reach};
use crate::types::last_name;

/// Whether a context is cancelled when the function ends: one with a cancel function, a deadline, or
/// that of a request.
pub(crate) fn ends_here(module: &Module<'_>, function: &Function, context: ExprId) -> bool {
    let tree = function.tree();
    match tree.expr(tree.unparen(context)).kind {
        ExprKind::Call { .. } => is_ending(module, function, context),
        ExprKind::Ident(_) => function
            .local(context)
            .is_some_and(|local| assigned_ending(module, function, local)),
        _ => false,
    }
}

/// Whether a context may be one that others end: of a field, such as that of a test's suite, or given by a function
/// that is no `context.Background()`.
pub(crate) fn may_end(module: &Module<'_>, function: &Function, context: ExprId) -> bool {
    let tree = function.tree();
    let context = tree.unparen(context);
    match tree.expr(context).kind {
        ExprKind::Selector { .. } => {
            matches!(function.info().object(context), Object::Field { .. })
        }
        ExprKind::Call { .. } => !never_ends(module, function, context),
        ExprKind::Ident(_) => function.local(context).is_some_and(|local| {
            let given = function.definitions(module.program, local);
            !given.is_empty()
                && given.iter().all(|(value, _)| {
                    value.is_none_or(|value| !never_ends(module, function, value))
                })
        }),
        _ => false,
    }
}

/// Whether a context is known never to end: `context.Background()`, or what carries values on top of it.
pub(crate) fn never_ends(module: &Module<'_>, function: &Function, context: ExprId) -> bool {
    is_endless(module, function, context, VALUES)
}

/// Variables and calls that a context is looked for in, one behind the other.
const VALUES: u8 = 4;

fn is_endless(module: &Module<'_>, function: &Function, context: ExprId, depth: u8) -> bool {
    let Some(depth) = depth.checked_sub(1) else {
        return false;
    };
    let tree = function.tree();
    let context = tree.unparen(context);
    match tree.expr(context).kind {
        ExprKind::Call { .. } if is_background(function, context) => true,
        ExprKind::Call { args, .. } => {
            let parent = tree.exprs(args).first();
            parent.is_some_and(|parent| {
                only_adds(module, function, context, *parent)
                    && is_endless(module, function, *parent, depth)
            })
        }
        ExprKind::Ident(_) => {
            let Some(local) = function.local(context) else {
                return false;
            };
            // A parameter is assigned by the caller, whatever the function assigns it.
            let given = function.definitions(module.program, local);
            let declared = function.info().local_info(local);
            declared.is_some_and(|local| matches!(local.kind, LocalKind::Variable))
                && !given.is_empty()
                && given.iter().all(|(value, _)| {
                    value.is_some_and(|value| is_endless(module, function, value, depth))
                })
        }
        _ => false,
    }
}

/// Whether a context, where it is named on a way that leads through a call, is the first result of that, or what carries values on top
/// of it.
pub(crate) fn is_made_by(
    module: &Module<'_>,
    function: &Function,
    context: ExprId,
    call: ExprId,
) -> bool {
    leads_to(module, function, (context, 0), call, VALUES)
}

fn leads_to(
    module: &Module<'_>,
    function: &Function,
    (context, result): (ExprId, usize),
    made: ExprId,
    depth: u8,
) -> bool {
    let Some(depth) = depth.checked_sub(1) else {
        return false;
    };
    let tree = function.tree();
    let context = tree.unparen(context);
    if context == made {
        return result == 0;
    }
    match tree.expr(context).kind {
        ExprKind::Call { args, .. } => tree.exprs(args).first().is_some_and(|parent| {
            only_adds(module, function, context, *parent)
                && leads_to(module, function, (*parent, 0), made, depth)
        }),
        ExprKind::Ident(_) => function.local(context).is_some_and(|local| {
            let mut given = function.given_at(module.program, local, context);
            // What it is given where the call is not made, and what it has had before.
            let is_before = |value: ExprId| {
                !function.in_loop(made) && tree.expr(value).span.end <= tree.expr(made).span.start
            };
            if given.iter().any(|(value, _)| *value == Some(made)) {
                given.retain(|(value, _)| {
                    value.is_none_or(|value| {
                        value == made || !function.are_apart(value, made) && !is_before(value)
                    })
                });
            }
            !given.is_empty()
                && given.into_iter().all(|(value, result)| {
                    value.is_some_and(|value| {
                        leads_to(module, function, (value, result), made, depth)
                    })
                })
        }),
        _ => false,
    }
}

/// Whether a call gives a context that adds values to the one that it is passed, as far as types and its name tell: there
/// is nothing beside it that would end it.
fn only_adds(module: &Module<'_>, function: &Function, call: ExprId, parent: ExprId) -> bool {
    let (program, info) = (module.program, function.info());
    let is_context = |ty| crate::types::is_context(program, ty);
    let callee = function.callee(call);
    let name = callee
        .func()
        .map(|_| last_name(callee).to_ascii_lowercase());
    let ends = |name: String| {
        let words = [
            "signal",
            "cancel",
            "timeout",
            "deadline",
            "stop",
            "done",
            "interrupt",
        ];
        words.iter().any(|word| name.contains(word))
    };
    is_context(info.type_of(call))
        && is_context(info.type_of(parent))
        && name.is_some_and(|name| !ends(name))
}

fn is_background(function: &Function, call: ExprId) -> bool {
    match function.callee(call) {
        Callee::Static(func) => matches!(
            &*func.name,
            "context.Background"
                | "context.TODO"
                | "context.WithoutCancel"
                | "golang.org/x/net/context.Background"
                | "golang.org/x/net/context.TODO"
        ),
        _ => false,
    }
}

/// Whether a call derives a context from `context.Background()` or `context.TODO()`, which keep no
/// list of what was derived from them.
pub(crate) fn is_rootless(function: &Function, call: ExprId) -> bool {
    let tree = function.tree();
    let ExprKind::Call { args, .. } = tree.expr(call).kind else {
        return false;
    };
    tree.exprs(args)
        .first()
        .is_some_and(|parent| is_background(function, *parent))
}

/// Whether a context is that of a test, or begins as that: it ends with the test.
pub(crate) fn ends_with_test(module: &Module<'_>, function: &Function, context: ExprId) -> bool {
    let context = function.tree().unparen(context);
    is_of_test(function, context)
        || function.local(context).is_some_and(|local| {
            let given = function.definitions(module.program, local);
            let mut values = given.iter().filter_map(|(value, _)| *value);
            values.any(|value| is_of_test(function, value))
        })
}

/// Whether a call gives the context of a test: `t.Context()`, `suite.T().Context()`.
fn is_of_test(function: &Function, call: ExprId) -> bool {
    match function.callee(call) {
        Callee::Unknown { name, .. } if &**name == "Context" => {
            let tree = function.tree();
            let called = |expr: ExprId| match tree.expr(expr).kind {
                ExprKind::Call { fun, .. } => match tree.expr(fun).kind {
                    ExprKind::Selector { x, sel } => Some((x, tree.name(sel))),
                    _ => None,
                },
                _ => None,
            };
            let receiver = called(call).and_then(|(receiver, _)| called(receiver));
            receiver.is_some_and(|(_, name)| name == "T")
        }
        callee => callee.func().is_some_and(|func| {
            func.name.starts_with("testing.") && func.name.ends_with(".Context")
        }),
    }
}

fn is_ending(module: &Module<'_>, function: &Function, call: ExprId) -> bool {
    match function.callee(call) {
        _ if is_of_test(function, call) || comes_with_its_end(module, function, call) => true,
        Callee::Static(func) | Callee::Method { func, .. } => matches!(
            &*func.name,
            "context.WithCancel"
                | "context.WithTimeout"
                | "context.WithDeadline"
                | "context.WithCancelCause"
                | "context.WithTimeoutCause"
                | "context.WithDeadlineCause"
                | "net/http.Request.Context"
                | "os/signal.NotifyContext"
                | "golang.org/x/sync/errgroup.WithContext"
        ),
        _ => false,
    }
}

/// Whether a call gives a context and, beside it, a function without parameters: what else would that be for.
fn comes_with_its_end(module: &Module<'_>, function: &Function, call: ExprId) -> bool {
    let program = module.program;
    let Type::Tuple(results) = program.ty(function.info().type_of(call)) else {
        return false;
    };
    let [context, end] = **results else {
        return false;
    };
    crate::types::is_context(program, context)
        && matches!(program.ty(program.underlying(end)), Type::Func(signature)
            if signature.params.is_empty() && signature.results.is_empty())
}

fn assigned_ending(module: &Module<'_>, function: &Function, local: LocalId) -> bool {
    let given = function.definitions(module.program, local);
    let mut values = given.iter().filter_map(|(value, _)| *value);
    values.any(|value| is_ending(module, function, value))
}

/// Whether an expression is a context that the function was passed, as it came or with values added, or a request that is made with
/// one.
pub(crate) fn is_of_caller(module: &Module<'_>, function: &Function, expr: ExprId) -> bool {
    let tree = function.tree();
    let is_passed = |expr: ExprId| {
        let local = function.local(tree.unparen(expr));
        let info = local.and_then(|local| function.info().local_info(local));
        info.is_some_and(|info| {
            matches!(info.kind, LocalKind::Param { .. })
                && crate::types::is_context(module.program, info.ty)
        })
    };
    is_passed(expr)
        || function.local(tree.unparen(expr)).is_some_and(|local| {
            let given = function.definitions(module.program, local);
            !given.is_empty()
                && given.iter().all(|(value, _)| {
                    let mut args = value.iter().flat_map(|value| tree.arguments(*value));
                    args.any(|arg| is_passed(*arg))
                })
        })
}

/// Whether an expression is the request that the function was passed.
pub(crate) fn is_request(module: &Module<'_>, function: &Function, expr: ExprId) -> bool {
    let local = function.local(function.tree().unparen(expr));
    let info = local.and_then(|local| function.info().local_info(local));
    info.is_some_and(|info| {
        let name = module.program.named_name(module.program.deref(info.ty));
        matches!(info.kind, LocalKind::Param { .. }) && name.as_deref() == Some("net/http.Request")
    })
}

/// Whether an expression is a context that a field of the receiver, or of a parameter, holds.
pub(crate) fn is_of_receiver(module: &Module<'_>, function: &Function, expr: ExprId) -> bool {
    let tree = function.tree();
    let expr = tree.unparen(expr);
    let ExprKind::Selector { x, .. } = tree.expr(expr).kind else {
        return false;
    };
    let of = function
        .local(tree.unparen(x))
        .and_then(|local| function.info().local_info(local));
    let is_context = crate::types::is_context(module.program, function.info().type_of(expr));
    is_context
        && of.is_some_and(|of| matches!(of.kind, LocalKind::Receiver | LocalKind::Param { .. }))
}

/// Where goroutines that the function starts, or literals in it that it does not defer, are given a context, or one that is derived from it
/// there.
pub(crate) fn given_to_goroutines(
    module: &Module<'_>,
    function: &Function,
    context: LocalId,
) -> Vec<Span> {
    let tree = function.tree();
    let mut contexts = vec![context];
    let mut given = Vec::new();
    // What is derived from it stands behind it.
    for body in caulk_flow::roots(module.program, &function.typed) {
        tree.walk(body, |node| {
            let apart = match node {
                Node::Stmt(stmt) => {
                    if let StmtKind::Assign { lhs, rhs, .. } = tree.stmt(stmt).kind
                        && let Some(derived) = tree
                            .exprs(lhs)
                            .first()
                            .and_then(|target| function.local(*target))
                        && let [value] = tree.exprs(rhs)
                        && let ExprKind::Call { args, .. } = tree.expr(*value).kind
                        && tree.exprs(args).iter().any(|arg| {
                            function
                                .local(*arg)
                                .is_some_and(|arg| contexts.contains(&arg))
                        })
                    {
                        contexts.push(derived);
                    }
                    let runs = matches!(tree.stmt(stmt).kind, StmtKind::Go(_));
                    runs.then(|| tree.stmt(stmt).span)
                }
                Node::Expr(expr) => {
                    let is_literal = matches!(tree.expr(expr).kind, ExprKind::FuncLit { .. });
                    let runs = is_literal && !is_run_in_place(module, function, expr);
                    runs.then(|| tree.expr(expr).span)
                }
            };
            if let Some(apart) = apart {
                let mut has_it = false;
                tree.walk(node, |inner| {
                    if let Node::Expr(expr) = inner {
                        has_it |= function
                            .local(expr)
                            .is_some_and(|local| contexts.contains(&local))
                            && !is_asked_for_its_error(function, expr);
                    }
                    Descend::Into
                });
                given.extend(has_it.then_some(apart));
            }
            Descend::Into
        });
    }
    given
}

/// Whether a literal runs before what the function does next, or as that is left, and waits for nothing then: where it stands, deferred,
/// or called by a function of the project that it is passed to.
fn is_run_in_place(module: &Module<'_>, function: &Function, literal: ExprId) -> bool {
    match how_run(module, function, literal) {
        Some(HowRun::Deferred(_) | HowRun::Here | HowRun::At(_)) => true,
        Some(HowRun::CalledBack) => {
            matches!(function.parent(literal), Some(Node::Expr(call))
                if calls_argument(module, function, call, literal))
        }
        _ => false,
    }
}

/// `ctx.Err()`, `ctx.Value(key)`: who asks that does not wait.
fn is_asked_for_its_error(function: &Function, context: ExprId) -> bool {
    let tree = function.tree();
    matches!(function.parent(context), Some(Node::Expr(method))
        if matches!(tree.expr(method).kind, ExprKind::Selector { sel, .. }
            if ["Err", "Value", "Deadline"].contains(&tree.name(sel))))
}

/// Whether a call is passed a context, or something that is made with it: a request.
pub(crate) fn is_asked_with(
    module: &Module<'_>,
    function: &Function,
    call: ExprId,
    context: LocalId,
) -> bool {
    let tree = function.tree();
    let mut found = false;
    let mut todo = vec![(call, true)];
    while let Some((expr, through_variables)) = todo.pop() {
        tree.walk(expr, |node| {
            if let Node::Expr(expr) = node
                && let Some(local) = function.local(expr)
            {
                found |= local == context;
                if through_variables && !found {
                    let given = function.definitions(module.program, local);
                    let values = given.iter().filter_map(|(value, _)| *value);
                    todo.extend(values.map(|value| (value, false)));
                }
            }
            Descend::Into
        });
    }
    found
}

/// The call that makes a context which a function, or a literal of it, cancels on every path: by the function that came with it, or
/// by waiting for the group that it belongs to. Where a variable is given several, one behind the other, each derived from the one before,
/// the one that counts is what it has, or is derived from, where it is asked for.
pub(crate) fn cancelled(
    module: &Module<'_>,
    function: &Function,
    root: Root,
    context: LocalId,
    asked_for: ExprId,
) -> Option<ExprId> {
    let tree = function.tree();
    let is_cancelled = |call: ExprId, result: usize| {
        function.root_of(call) == root
            && match result {
                1 => is_of_group(function, call) && waits_for_group(function, call, root),
                _ => is_always_cancelled(module, function, call),
            }
    };
    let given = function.definitions(module.program, context);
    if let [(Some(call), result)] = given {
        return is_cancelled(*call, *result).then_some(*call);
    }
    let block = function.parent(function.statement(asked_for)?)?;
    let asked_for = tree.expr(asked_for).span;
    for (value, result) in given.iter().rev() {
        let call = (*value)?;
        let stmt = function.statement(call)?;
        let span = tree.stmt(stmt).span;
        if span.start >= asked_for.start || span.encloses(asked_for) {
            continue;
        }
        if function.parent(stmt) != Some(block) {
            return None;
        }
        if is_cancelled(call, *result) {
            return Some(call);
        }
        let parent = tree.arguments(call).first();
        if parent.and_then(|parent| function.local(*parent)) != Some(context) {
            return None;
        }
    }
    None
}

/// Whether what a call makes with a cancel function is cancelled on every path.
fn is_always_cancelled(module: &Module<'_>, function: &Function, call: ExprId) -> bool {
    let verdicts = module.verdicts(function.typed.owner, Reach::FULL);
    verdicts.iter().any(|(site, verdict)| {
        let outcomes = &verdict.outcomes;
        site.call == call
            && site.release.is_call()
            && outcomes.owed.is_empty()
            && outcomes.unknown.is_none()
            && (outcomes.released_at.is_some()
                || matches!(
                    outcomes.settled,
                    Some((SettledBy::HandedOver | SettledBy::ReleaseHandedOver, _))
                ))
    })
}

fn is_of_group(function: &Function, call: ExprId) -> bool {
    function
        .callee(call)
        .func()
        .is_some_and(|func| &*func.name == "golang.org/x/sync/errgroup.WithContext")
}

/// Whether the group that a call makes is waited for.
fn waits_for_group(function: &Function, call: ExprId, root: Root) -> bool {
    let tree = function.tree();
    let group = function.target(call, 0).and_then(|x| function.local(x));
    group.is_some()
        && function.info().calls().iter().any(|(call, callee)| {
            let (Callee::Method { .. } | Callee::Unknown { .. }) = callee else {
                return false;
            };
            let fun = match tree.expr(*call).kind {
                ExprKind::Call { fun, .. } => tree.unparen(fun),
                _ => return false,
            };
            matches!(tree.expr(fun).kind, ExprKind::Selector { x, sel }
                if tree.name(sel) == "Wait" && function.local(x) == group)
                && function.root_of(*call) == root
        })
}
