//! Responses whose client ends them soon by itself: its `Timeout` holds for the body as well, and its connection is closed then.

use std::sync::Arc;

use caulk_program::{BodyOwner, FuncId, LocalKind, Object, PackageId, TypeId};
use caulk_syntax::{Descend, ExprId, ExprKind, Node, StmtKind, Tree};

use crate::body::Function;
use crate::body::numbers::number;
use crate::in_test::is_in_file_of_tests;
use crate::module::Module;
use crate::sites::made_of::parts;

/// In nanoseconds: a client that waits longer than a minute leaves its connections open for long.
const SHORT: f64 = 60e9;

/// Functions, variables of packages and fields that a client is looked for in, one behind the other.
const DEPTH: u8 = 4;

/// Whether the client that a call is made with has a short timeout: where it is written out, in what makes it, by an option.
pub(crate) fn is_short(module: &Module<'_>, function: &Function, call: ExprId) -> bool {
    let client = function.callee(call).receiver();
    client.is_some_and(|client| ends_soon(module, function, client, DEPTH))
}

/// Whether one of the things that a client is made of gives it a short timeout.
fn ends_soon(module: &Module<'_>, function: &Function, client: ExprId, depth: u8) -> bool {
    let Some(depth) = depth.checked_sub(1) else {
        return false;
    };
    let parts = parts(module, function, &[client]);
    let is_part = |of: ExprId| {
        let local = function.local(of);
        parts.contains(&of)
            || local.is_some() && parts.iter().any(|part| function.local(*part) == local)
    };
    let timeouts = timeouts(module, function);
    let mut of_it = timeouts.iter().filter(|timeout| is_part(timeout.client));
    of_it.any(|timeout| is_short_timeout(module, function, timeout.duration))
        || parts.iter().any(|part| {
            is_made_so(module, function, *part, depth)
                || is_client(module, function, *part) && is_given_so(module, function, *part, depth)
        })
}

/// Whether a call makes the client in a function of the project that sets a short timeout, its own or one that it is passed.
fn is_made_so(module: &Module<'_>, function: &Function, call: ExprId, depth: u8) -> bool {
    let id = function.callee(call).func().and_then(|func| func.id);
    let Some(id) = id.filter(|id| module.is_own(*id)) else {
        return false;
    };
    let Some(maker) = module.function(BodyOwner::Func(id)) else {
        return false;
    };
    let args = function.tree().arguments(call);
    let timeouts = timeouts(module, &maker);
    timeouts.iter().any(|timeout| {
        let passed = param_of(&maker, timeout.duration).and_then(|param| args.get(param));
        match passed {
            Some(passed) => is_short_timeout(module, function, *passed),
            None => is_short_timeout(module, &maker, timeout.duration),
        }
    }) || timeouts.is_empty()
        && returned(module, &maker)
            .into_iter()
            .any(|value| ends_soon(module, &maker, value, depth))
}

/// Whether all that give a client which the function does not make itself have it end soon: what a variable of a package begins with, or
/// is set to as the program starts, what the package puts into a field, what it passes for a parameter.
fn is_given_so(module: &Module<'_>, function: &Function, client: ExprId, depth: u8) -> bool {
    let tree = function.tree();
    let package = function.package;
    let given = match function.info().object(client) {
        Object::PackageVar(name) => {
            let path = name.rsplit_once('.').map(|(path, _)| path);
            let declaring = path.and_then(|path| module.program.find_package(package, path));
            declaring.map(|declaring| given_in(module, declaring, &Taker::Variable(name)))
        }
        Object::Local(_) => param_of(function, client)
            .zip(function.id())
            .map(|(param, id)| given_in(module, package, &Taker::Param(id, param))),
        Object::Field { .. } if let ExprKind::Selector { x, sel } = tree.expr(client).kind => {
            let holder = module.program.deref(function.info().type_of(x));
            let holder = module.program.named_name(holder);
            let field = tree.name(sel);
            holder.map(|holder| given_in(module, package, &Taker::Field(&holder, field)))
        }
        _ => None,
    };
    given.is_some_and(|given| {
        let mut given = given.iter();
        !given.as_slice().is_empty()
            && given.all(|(giver, value)| ends_soon(module, giver, *value, depth))
    })
}

/// What is given a client.
enum Taker<'a> {
    /// A variable of a package, by its full name.
    Variable(&'a str),
    /// A field, behind the full name of its type.
    Field(&'a str, &'a str),
    /// A parameter of a function.
    Param(FuncId, usize),
}

/// What is given something in the bodies of a package, those of tests apart.
fn given_in(
    module: &Module<'_>,
    package: PackageId,
    taker: &Taker<'_>,
) -> Vec<(Arc<Function>, ExprId)> {
    let mut found = Vec::new();
    for owner in module.program.owners(package) {
        let Some(function) = module.function(owner) else {
            continue;
        };
        if is_in_file_of_tests(module, &function) {
            continue;
        }
        let mut values = Vec::new();
        if let BodyOwner::Initializer(..) = owner {
            values.extend(begins_with(module, &function, taker));
        }
        for root in caulk_flow::roots(module.program, &function.typed) {
            function.tree().walk(root, |node| {
                given_by(module, &function, node, taker, &mut values);
                Descend::Into
            });
        }
        found.extend(values.into_iter().map(|value| (function.clone(), value)));
    }
    found
}

/// What a variable of a package is declared with.
fn begins_with(module: &Module<'_>, function: &Function, taker: &Taker<'_>) -> Option<ExprId> {
    let (Taker::Variable(known), BodyOwner::Initializer(package, index)) =
        (taker, function.typed.owner)
    else {
        return None;
    };
    let package = module.program.package(package);
    let name = known.strip_prefix(package.path())?.strip_prefix('.')?;
    let spec = &package.initializers().get(index as usize)?.spec;
    let tree = function.tree();
    let mut given = tree.names(spec.names).iter().zip(tree.exprs(spec.values));
    let value = given.find(|(declared, _)| tree.name(**declared) == name);
    value.map(|(_, value)| *value)
}

fn given_by(
    module: &Module<'_>,
    function: &Function,
    node: Node,
    taker: &Taker<'_>,
    values: &mut Vec<ExprId>,
) {
    let (tree, info) = (function.tree(), function.info());
    let is_of = |ty: TypeId, holder: &str| {
        let name = module.program.named_name(module.program.deref(ty));
        name.as_deref() == Some(holder)
    };
    let takes = |target: ExprId| match (taker, info.object(target), tree.expr(target).kind) {
        (Taker::Variable(known), Object::PackageVar(name), _) => **name == **known,
        (Taker::Field(holder, field), Object::Field { .. }, ExprKind::Selector { x, sel }) => {
            tree.name(sel) == *field && is_of(info.type_of(x), holder)
        }
        _ => false,
    };
    match node {
        Node::Stmt(stmt) => {
            if let StmtKind::Assign { lhs, rhs, .. } = tree.stmt(stmt).kind {
                let pairs = tree.exprs(lhs).iter().zip(tree.exprs(rhs));
                values.extend(pairs.filter(|(target, _)| takes(**target)).map(|(_, x)| *x));
            }
        }
        Node::Expr(expr) => match (taker, tree.expr(expr).kind) {
            (Taker::Field(holder, field), ExprKind::CompositeLit { elts, .. })
                if is_of(info.type_of(expr), holder) =>
            {
                values.extend(
                    tree.exprs(elts)
                        .iter()
                        .filter_map(|x| keyed(tree, *x, field)),
                );
            }
            (Taker::Param(id, param), ExprKind::Call { .. })
                if function.callee(expr).func().and_then(|func| func.id) == Some(*id) =>
            {
                values.extend(tree.arguments(expr).get(*param));
            }
            _ => {}
        },
    }
}

/// A timeout that a body sets.
struct Timeout {
    client: ExprId,
    duration: ExprId,
}

/// The timeouts that a body gives clients: `http.Client{Timeout: d}`, `client.Timeout = d`.
fn timeouts(module: &Module<'_>, function: &Function) -> Vec<Timeout> {
    let tree = function.tree();
    let mut found = Vec::new();
    for root in caulk_flow::roots(module.program, &function.typed) {
        tree.walk(root, |node| {
            match node {
                Node::Expr(client) => {
                    if let ExprKind::CompositeLit { elts, .. } = tree.expr(client).kind
                        && is_client(module, function, client)
                    {
                        let durations = tree.exprs(elts).iter();
                        let durations = durations.filter_map(|x| keyed(tree, *x, "Timeout"));
                        found.extend(durations.map(|duration| Timeout { client, duration }));
                    }
                }
                Node::Stmt(stmt) => {
                    if let StmtKind::Assign { lhs, rhs, .. } = tree.stmt(stmt).kind
                        && let ([target], [duration]) = (tree.exprs(lhs), tree.exprs(rhs))
                        && let ExprKind::Selector { x: client, sel } = tree.expr(*target).kind
                        && tree.name(sel) == "Timeout"
                        && is_client(module, function, client)
                    {
                        let duration = *duration;
                        found.push(Timeout { client, duration });
                    }
                }
            }
            Descend::Into
        });
    }
    found
}

fn is_client(module: &Module<'_>, function: &Function, expr: ExprId) -> bool {
    let ty = module.program.deref(function.info().type_of(expr));
    module.program.is_named(ty, "net/http.Client")
}

/// The value that an element of a literal has for a key.
fn keyed(tree: &Tree, element: ExprId, name: &str) -> Option<ExprId> {
    let ExprKind::KeyValue { key, value, .. } = tree.expr(element).kind else {
        return None;
    };
    (tree.ident(key) == Some(name)).then_some(value)
}

/// Which parameter of its function an expression is.
fn param_of(function: &Function, expr: ExprId) -> Option<usize> {
    let local = function.local(function.tree().unparen(expr))?;
    let info = function.info().local_info(local)?;
    match info.kind {
        LocalKind::Param { index, .. } if info.function.is_none() => Some(index as usize),
        _ => None,
    }
}

/// The first values that a function returns, in its own returns alone.
fn returned(module: &Module<'_>, function: &Function) -> Vec<ExprId> {
    let tree = function.tree();
    let Some(graph) = function.graph(None) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    tree.walk(graph.body, |node| {
        match node {
            Node::Stmt(stmt) => {
                if let StmtKind::Return(values) = tree.stmt(stmt).kind {
                    let first = tree.exprs(values).first().copied();
                    found.extend(first.filter(|first| is_client(module, function, *first)));
                }
            }
            Node::Expr(expr) => {
                if matches!(tree.expr(expr).kind, ExprKind::FuncLit { .. }) {
                    return Descend::Skip;
                }
            }
        }
        Descend::Into
    });
    found
}

/// Whether a duration is written out, or a constant, and a minute at the most.
fn is_short_timeout(module: &Module<'_>, function: &Function, duration: ExprId) -> bool {
    number(module.program, function, duration).is_some_and(|nanos| nanos > 0.0 && nanos <= SHORT)
}
