//! Responses whose client ends them soon by itself: its `Timeout` holds for the body as well, and its connection is closed then.

use caulk_program::{BodyOwner, Object};
use caulk_syntax::{ExprId, ExprKind, Tree};

use crate::body::Function;
use crate::module::Module;
use crate::sites::made_of::parts;
use crate::sites::waited::is_short_time;

/// Whether the client that a call is made with is written out beside it, with a short timeout.
pub(crate) fn is_short(module: &Module<'_>, function: &Function, call: ExprId) -> bool {
    let Some(client) = function.callee(call).receiver() else {
        return false;
    };
    if let Object::PackageVar(name) = function.info().object(function.tree().unparen(client)) {
        return of_package(module, function, name);
    }
    let parts = parts(module, function, &[client]);
    parts.iter().any(|part| ends_soon(module, function, *part))
}

/// The same of a variable of the package that the function stands in.
fn of_package(module: &Module<'_>, function: &Function, name: &str) -> bool {
    let package = module.program.package(function.package);
    let Some(name) = name.strip_prefix(package.path()) else {
        return false;
    };
    let name = name.trim_start_matches('.');
    let initializers = package.initializers().iter().enumerate();
    let mut values = initializers.filter_map(|(index, _)| {
        let owner = BodyOwner::Initializer(package.id(), u32::try_from(index).ok()?);
        let initializer = module.function(owner)?;
        let spec = &package.initializers().get(index)?.spec;
        let tree = initializer.tree();
        let mut given = tree.names(spec.names).iter().zip(tree.exprs(spec.values));
        let value = given.find(|(declared, _)| tree.name(**declared) == name);
        let value = value.map(|(_, value)| *value)?;
        Some((initializer, value))
    });
    values.next().is_some_and(|(initializer, value)| {
        let parts = parts(module, &initializer, &[value]);
        parts
            .iter()
            .any(|part| ends_soon(module, &initializer, *part))
    })
}

/// Whether an expression is `http.Client{Timeout: 5 * time.Second}`.
fn ends_soon(module: &Module<'_>, function: &Function, part: ExprId) -> bool {
    let tree = function.tree();
    let ExprKind::CompositeLit { elts, .. } = tree.expr(part).kind else {
        return false;
    };
    let named = module.program.named_name(function.info().type_of(part));
    named.as_deref() == Some("net/http.Client")
        && tree.exprs(elts).iter().any(|element| {
            timeout(tree, *element).is_some_and(|timeout| is_short_time(module, function, timeout))
        })
}

fn timeout(tree: &Tree, element: ExprId) -> Option<ExprId> {
    let ExprKind::KeyValue { key, value, .. } = tree.expr(element).kind else {
        return None;
    };
    let is_timeout =
        matches!(tree.expr(key).kind, ExprKind::Ident(name) if tree.name(name) == "Timeout");
    is_timeout.then_some(value)
}
