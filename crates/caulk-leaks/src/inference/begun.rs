//! A value for which a method starts a goroutine that waits on a channel of it, or for a context, until its release tells that to
//! end: whoever makes one owes the release once it has called the method.

use caulk_program::{BodyOwner, Callee, FuncId, LocalId, TypeId};
use caulk_syntax::{Descend, ExprId, ExprKind, Node, StmtKind, UnaryOp};
use smol_str::SmolStr;

use crate::body::Function;
use crate::channels::names::is_channel;
use crate::contract::{Contract, RELEASE_METHODS};
use crate::inference::started::{Made, Start, Stop};
use crate::inference::{filled, provenance, started};
use crate::module::Module;

/// What the caller of a function owes for a result that it makes as a literal of a type of the project.
pub(crate) fn contract(
    module: &Module<'_>,
    function: &Function,
    result: usize,
    ty: TypeId,
) -> Option<Contract> {
    let id = function.id().filter(|id| module.is_own(*id))?;
    let made = provenance::literal(module, id, result)?;
    let releases = releases(module, function.info().type_of(made.expr));
    let methods = filled::methods_beside(module, releases.first()?.method);
    let (mut by, mut owed) = (Vec::new(), None);
    for (name, method) in &methods {
        if let Some(contract) = started_by(module, *method, &releases) {
            by.push(name.clone());
            owed.get_or_insert(contract);
        }
    }
    let owed = owed?;
    let by = filled::with_callers(module, &methods, by);
    let can_begin = |name: &String| module.program.has_method(ty, name);
    let is_begun =
        |local| filled::begins(function, local, &by) || filled::gives_up(function, local);
    (by.iter().any(can_begin) && !made.local.is_some_and(is_begun)).then_some(Contract {
        acquired_after: by,
        // What is started once runs as long as the program, as a rule.
        main_is_ok: true,
        once_is_ok: true,
        ..owed
    })
}

/// What is owed from the call of a method on, where that starts a goroutine of its receiver and returns at once.
fn started_by(module: &Module<'_>, method: FuncId, releases: &[Stop]) -> Option<Contract> {
    let function = module.function(BodyOwner::Func(method))?;
    let receiver = function.info().receiver()?;
    if waits(module, &function) {
        return None;
    }
    let mut starts = Vec::new();
    let value = Made::receiver(receiver);
    started::goroutines(module, &function, &value, started::DEPTH, &mut starts);
    starts.extend(with_context(module, &function, receiver));
    // What the method itself tells to end has ended with it: `defer close(s.done)`.
    let ends = |field: &SmolStr| started::closes_field(module, method, field);
    starts
        .iter()
        .filter(|start| !start.waits_on.iter().any(ends))
        .find_map(|start| started::stopped(module, &function, start, releases))
}

/// The releases of a type that tell a goroutine to end, by a channel of it or by a function that a field holds.
fn releases(module: &Module<'_>, ty: TypeId) -> Vec<Stop> {
    let mut found = started::releases(module, ty);
    for name in RELEASE_METHODS {
        let method = module.program.method(ty, name);
        let method = method.filter(|method| !method.of_interface && method.through.is_empty());
        if let Some(method) = method.and_then(|method| method.func.id) {
            let fields = called_fields(module, method, started::DEPTH);
            found.extend(fields.into_iter().map(|field| Stop {
                name,
                method,
                field,
            }));
        }
    }
    found
}

/// The fields of its receiver that a method, or one that it calls on the receiver, calls as functions.
fn called_fields(module: &Module<'_>, method: FuncId, depth: u8) -> Vec<SmolStr> {
    let (Some(depth), Some(function)) = (
        depth.checked_sub(1),
        module.function(BodyOwner::Func(method)),
    ) else {
        return Vec::new();
    };
    let receiver = function.info().receiver();
    let is_own = |x: ExprId| receiver.is_some() && function.local(x) == receiver;
    let mut fields = Vec::new();
    for (_, callee) in function.info().calls() {
        match callee {
            Callee::Field { receiver, name } if is_own(*receiver) => fields.push(name.clone()),
            Callee::Method { func, receiver, .. } if is_own(*receiver) => {
                let helper = func.id.map(|id| called_fields(module, id, depth));
                fields.extend(helper.into_iter().flatten());
            }
            _ => {}
        }
    }
    fields
}

/// The goroutines that a method starts with a context that only a function in a field of its receiver ends.
fn with_context(module: &Module<'_>, function: &Function, receiver: LocalId) -> Vec<Start> {
    let tree = function.tree();
    let mut found = Vec::new();
    for (call, callee) in function.info().calls() {
        let is_made = callee
            .func()
            .is_some_and(|func| &*func.name == "context.WithCancel");
        if !is_made || !crate::engine::context::is_rootless(function, call) {
            continue;
        }
        let (Some(context), Some(cancel)) = (function.target(call, 0), function.target(call, 1))
        else {
            continue;
        };
        let field = filled::own_field(function, cancel)
            .or_else(|| kept_in(module, function, function.local(cancel)?));
        let Some(field) = field else {
            continue;
        };
        let names_context = |expr: ExprId| match function.local(context) {
            Some(context) => function.local(expr) == Some(context),
            // The goroutine finds it where its value keeps it.
            None => function.local(expr) == Some(receiver),
        };
        for root in caulk_flow::roots(module.program, &function.typed) {
            tree.walk(root, |node| {
                let Node::Stmt(stmt) = node else {
                    return Descend::Into;
                };
                let StmtKind::Go(task) = tree.stmt(stmt).kind else {
                    return Descend::Into;
                };
                let mut has_it = false;
                tree.walk(task, |node| {
                    has_it |= matches!(node, Node::Expr(expr) if names_context(expr));
                    Descend::Into
                });
                if has_it && !started::is_conditional(function, node) {
                    found.push(Start {
                        waits_on: vec![field.clone()],
                        span: tree.stmt(stmt).span,
                    });
                }
                Descend::Skip
            });
        }
    }
    found
}

/// The field of the receiver that a variable is assigned to.
fn kept_in(module: &Module<'_>, function: &Function, local: LocalId) -> Option<SmolStr> {
    let tree = function.tree();
    let mut field = None;
    for root in caulk_flow::roots(module.program, &function.typed) {
        tree.walk(root, |node| {
            if let Node::Stmt(stmt) = node
                && let StmtKind::Assign { lhs, rhs, .. } = tree.stmt(stmt).kind
            {
                let mut pairs = tree.exprs(lhs).iter().zip(tree.exprs(rhs));
                let kept = pairs.find(|(_, value)| function.local(**value) == Some(local));
                let kept = kept.and_then(|(target, _)| filled::own_field(function, *target));
                field = field.take().or(kept);
            }
            Descend::Into
        });
    }
    field
}

/// Whether a function waits for others itself: what it has started may have ended when it returns.
fn waits(module: &Module<'_>, function: &Function) -> bool {
    let tree = function.tree();
    let Some(graph) = function.graph(None) else {
        return false;
    };
    let mut waits = false;
    tree.walk(graph.body, |node| {
        match node {
            Node::Stmt(stmt) => match tree.stmt(stmt).kind {
                StmtKind::Go(_) => return Descend::Skip,
                StmtKind::Select { .. } => waits = true,
                StmtKind::Range { x, .. } => {
                    waits |= is_channel(module.program, function.info().type_of(x));
                }
                _ => {}
            },
            Node::Expr(expr) => match tree.expr(expr).kind {
                ExprKind::FuncLit { .. } => return Descend::Skip,
                ExprKind::Unary {
                    op: UnaryOp::Receive,
                    ..
                } => waits = true,
                ExprKind::Call { .. } => {
                    waits |= crate::types::last_name(function.callee(expr)) == "Wait";
                }
                _ => {}
            },
        }
        Descend::Into
    });
    waits
}
