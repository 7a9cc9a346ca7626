//! What is built over something that a module has made whose source is not at hand, and whose own release ends that:
//! `&store{client: c}`, where `(*store).Close` calls `s.client.Disconnect`.

use caulk_program::{BodyOwner, Callee, FuncId, LocalId, Object, TypeId};
use caulk_syntax::{Descend, ExprId, ExprKind, Node};

use crate::body::Function;
use crate::contract::{Contract, is_release_name};
use crate::inference::{effort, opened, provenance};
use crate::module::Module;

/// What a function of the project owes that gives such a value, beside an error: the release by which that ends what it is built over.
pub(crate) fn contract(module: &Module<'_>, id: FuncId, types: &[TypeId]) -> Option<Contract> {
    let program = module.program;
    let [value, last] = types else {
        return None;
    };
    if !crate::types::is_error(program, *last) {
        return None;
    }
    let built = provenance::literal(module, id, 0)?;
    let maker = module.function(BodyOwner::Func(id))?;
    let concrete = maker.info().type_of(built.expr);
    let release = effort::release_method(module, concrete)?;
    let signature = program.func_type(program.signature(release))?;
    let name = &program.func(release)?.name;
    if !program.has_method(*value, name) {
        return None;
    }
    let release_of_value = module.function(BodyOwner::Func(release))?;
    let ended = ended_fields(&release_of_value);
    let is_ended = |(field, given): &(&str, ExprId)| {
        ended.iter().any(|name| name == field) && comes_from_elsewhere(module, &maker, *given)
    };
    given_fields(&maker, built.expr)
        .iter()
        .find(|given| is_ended(given))?;
    opened::released_by(program, signature, name)
}

/// The fields that a literal of a struct gives a value each by its name.
fn given_fields(maker: &Function, built: ExprId) -> Vec<(&str, ExprId)> {
    let tree = maker.tree();
    let built = match tree.expr(tree.unparen(built)).kind {
        ExprKind::Unary { x, .. } => tree.unparen(x),
        _ => tree.unparen(built),
    };
    let ExprKind::CompositeLit { elts, .. } = tree.expr(built).kind else {
        return Vec::new();
    };
    let elements = tree.exprs(elts).iter();
    elements
        .filter_map(|element| match tree.expr(*element).kind {
            ExprKind::KeyValue { key, value, .. } => Some((tree.ident(key)?, value)),
            _ => None,
        })
        .collect()
}

/// The fields of its own that a release method calls a release of.
fn ended_fields(release: &Function) -> Vec<String> {
    let tree = release.tree();
    let Some(owner) = release.info().receiver() else {
        return Vec::new();
    };
    let calls = release.info().calls();
    let ended = calls
        .iter()
        .filter(|(_, callee)| is_release_name(crate::types::last_name(callee)));
    ended
        .filter_map(|(_, callee)| {
            let of = tree.unparen(callee.receiver()?);
            match tree.expr(of).kind {
                ExprKind::Selector { x, sel } if release.local(x) == Some(owner) => {
                    Some(tree.name(sel).to_owned())
                }
                _ => None,
            }
        })
        .collect()
}

/// Whether a variable is given by one call alone, which gives an error beside it, of a module whose source is not at hand; and the function
/// does not release it when it is done.
fn comes_from_elsewhere(module: &Module<'_>, maker: &Function, given: ExprId) -> bool {
    let Some(local) = maker.local(given) else {
        return false;
    };
    let Some((call, 0)) = maker.sole_value(module.program, local) else {
        return false;
    };
    let is_of_package = match maker.callee(call) {
        Callee::Unknown { receiver, .. } => {
            receiver.is_some_and(|of| matches!(maker.info().object(of), Object::Package(_)))
        }
        Callee::Static(func) => func.id.is_none(),
        _ => false,
    };
    is_of_package
        && crate::sites::result_count(module, maker, call) == 2
        && !is_deferred_to_end(maker, local)
}

/// Whether a deferred call names a variable.
fn is_deferred_to_end(maker: &Function, local: LocalId) -> bool {
    let tree = maker.tree();
    let calls = maker.info().calls();
    let mut deferred = calls.iter().filter(|(call, _)| maker.is_deferred(*call));
    deferred.any(|(call, _)| {
        let mut names = false;
        tree.walk(*call, |node| {
            names |= matches!(node, Node::Expr(expr) if maker.local(expr) == Some(local));
            Descend::Into
        });
        names
    })
}
