//! What a caller owes for what it gets with a resource: by the resource itself, a field that holds it, or a function that releases it.

use std::sync::Arc;

use caulk_program::{BodyOwner, FuncId, NamedOrigin, PackageId, Program, TypeId};
use caulk_syntax::{Descend, ExprKind, Node};
use smol_str::SmolStr;

use super::owned::declared_at;
use crate::contract::{
    Contract, Origin, RELEASE_METHODS, RELEASES_OF_FIELDS, Release, ReleaseAction,
};
use crate::engine::{FieldPath, Value};
use crate::finding::{Confidence, Step};
use crate::inference::effort;
use crate::inference::summary::{
    Param, ParamEffect, ParamQuery, may_release, releases_if_it_succeeds,
};
use crate::module::{Module, Reach};

/// The contract of a resource returned as it is, or of a part of it.
pub(super) fn handed_on(contract: &Contract, depth: usize) -> Option<Contract> {
    // Who gets the read end of a pipe owes it by what the function is seen to write to the other.
    if contract.writer_waits {
        return None;
    }
    let mut contract = contract.clone();
    contract.release.actions = contract
        .release
        .actions
        .iter()
        .filter_map(|action| {
            Some(ReleaseAction {
                path: action.path.get(depth..)?.to_vec(),
                method: action.method.clone(),
            })
        })
        .collect();
    contract.held_in = contract.held_in.filter(|_| depth == 0);
    contract.context_ends = None;
    contract.parent = None;
    contract.ended_with = None;
    contract.origin = Origin::Convention;
    if contract.release.actions.is_empty() && contract.release.taken_by.is_empty() {
        return None;
    }
    Some(contract)
}

/// The contract of a function that releases, returned for the caller to call; the resource itself may be the result `beside` it.
pub(super) fn by_function(
    module: &Module<'_>,
    contract: &Contract,
    ty: TypeId,
    beside: Option<&(usize, Value)>,
) -> Option<Contract> {
    let signature = module.program.func_type(ty)?;
    if !signature.params.is_empty() {
        return None;
    }
    let mut actions = vec![ReleaseAction::parse("()")];
    let beside = match beside {
        None => None,
        Some((index, Value::At(0))) if contract.release.path().is_empty() => Some(*index),
        // Its own methods may release it too.
        Some(_) => return None,
    };
    if beside.is_some() {
        actions.extend(contract.release.actions.iter().cloned());
    }
    let last = signature.results.last();
    Some(Contract {
        rule: "uncalled-cancel",
        release: Release {
            actions,
            returns_error: last.is_some_and(|ty| crate::types::is_error(module.program, *ty)),
            ..Release::default()
        },
        beside,
        held_in: None,
        end_on_receive: None,
        context_ends: None,
        parent: None,
        ended_with: None,
        origin: Origin::Convention,
        ..contract.clone()
    })
}

/// The contract of a value without a release method, whose field holds the resource: one that all can name, that its `package` is
/// seen to release, or that nobody can.
fn by_field(
    module: &Module<'_>,
    contract: &Contract,
    ty: TypeId,
    field: &SmolStr,
    package: PackageId,
) -> Option<Contract> {
    let program = module.program;
    let releases = RELEASE_METHODS.iter().any(|name| ends(program, ty, name));
    if releases || program.is_interface(ty) {
        return None;
    }
    if !caulk_syntax::is_exported(field) {
        let owner = program.named_of(program.deref(ty))?.full_name();
        let uses = module.uses_of_field(package, &owner, field)?;
        let is_release = |method: &str| contract.release.is_method(method);
        if !uses.is_released(&is_release) {
            let held = program.field_type(ty, field)?;
            let release = Arc::new(contract.release.clone());
            let uses = uses.without_lent(&|func, index| only_uses(module, &release, func, index));
            let is_lost = is_declared_here(program, ty)
                && contract.is_kept_open()
                && has_release(program, held, &contract.release)
                && !uses.may_release(&is_release);
            let mut lost = contract.clone().unreleasable();
            for action in &mut lost.release.actions {
                action.path.insert(0, field.to_string());
            }
            return is_lost.then_some(lost);
        }
    }
    let mut contract = contract.clone();
    contract.held_in = None;
    contract.origin = Origin::Convention;
    // What is embedded lends its methods to the value, whose type does not say so where that of the field is not known.
    let is_embedded = crate::types::embeds(module.program, ty, field);
    let promoted = contract.release.actions.clone();
    for action in &mut contract.release.actions {
        action.method.as_ref()?;
        action.path.insert(0, field.to_string());
    }
    if is_embedded {
        contract.release.actions.extend(promoted);
    }
    Some(contract)
}

/// Whether a function only uses what it is passed, and is none that takes it back.
pub(crate) fn only_uses(
    module: &Module<'_>,
    release: &Arc<Release>,
    func: FuncId,
    index: usize,
) -> bool {
    let name = module.program.func(func).map(|func| &func.name);
    let mut takers = release.taken_by.iter();
    let takes_back = name.is_none_or(|name| takers.any(|taker| taker == name.as_str()));
    let Some(reach) = module.enter(Reach::FULL, func).filter(|_| !takes_back) else {
        return false;
    };
    let effect = module.effect(ParamQuery {
        func,
        param: Param::At(index),
        field: None,
        depth: 0,
        error: None,
        release: Arc::clone(release),
        reach,
        apart: false,
    });
    matches!(effect, ParamEffect::Borrows | ParamEffect::Drains { .. })
}

/// Whether a method of this name may release what has it: one that is told what to end, `Shutdown(id string)`, ends that.
fn ends(program: &Program, ty: TypeId, name: &str) -> bool {
    let method = program.method(ty, name);
    let method = method.filter(|method| !crate::types::is_unlock(&method.func));
    method.is_some_and(|method| {
        let signature = program.func_type(method.signature);
        signature.is_none_or(|signature| {
            let is_context = |ty: &TypeId| program.is_named(*ty, "context.Context");
            signature.params.iter().all(is_context)
        })
    })
}

/// Whether what a field holds has what is known to release it, as far as its type is at hand.
fn has_release(program: &Program, held: TypeId, release: &Release) -> bool {
    program.is_missing(held)
        || release.actions.iter().any(|action| {
            let mut methods = action.method.iter();
            !action.path.is_empty()
                || methods.any(|method| crate::types::has_callable(program, held, method))
        })
}

/// Whether a type is declared in a package that is followed, so that all uses of its fields are known.
fn is_declared_here(program: &Program, ty: TypeId) -> bool {
    let named = program.named_of(program.deref(ty));
    named.is_some_and(|named| match named.origin {
        NamedOrigin::Package { package, .. } => caulk_flow::is_followed(program, package),
        _ => false,
    })
}

/// The contract of a value whose field holds the resource: owed where a release method of its type
/// releases the field. A function of this package makes it.
pub(super) fn held(
    module: &Module<'_>,
    contract: &Contract,
    ty: TypeId,
    field: &FieldPath,
    package: PackageId,
    reach: Reach,
) -> Option<Contract> {
    let by_field = || by_field(module, contract, ty, field.only()?, package);
    if contract.unreleasable {
        return by_field();
    }
    let release = Arc::new(contract.release.clone());
    let releasing: Vec<(&str, Option<FuncId>)> = RELEASE_METHODS
        .iter()
        .chain(RELEASES_OF_FIELDS)
        .filter_map(|name| {
            let method = module.program.method(ty, name)?;
            let func = method.func.id.filter(|_| !method.of_interface);
            if method.through.first() == Some(&field.outer) {
                let own =
                    field.inner.is_none() && method.through.len() == 1 && release.path().is_empty();
                return (own && release.is_method(name)).then_some((*name, func));
            }
            let func = func.filter(|_| method.through.is_empty())?;
            let query = ParamQuery {
                func,
                param: Param::Receiver,
                field: Some(field.clone()),
                depth: 0,
                error: None,
                release: release.clone(),
                reach: module.enter(reach, func)?,
                apart: false,
            };
            may_release(module, &query).then_some((*name, Some(func)))
        })
        .collect();
    let releasing = if releasing.is_empty() && is_number(contract) {
        closes_a_number(module, ty)
    } else {
        releasing
    };
    let Some((_, first)) = releasing.first().copied() else {
        return by_field();
    };
    let others = first.map_or_else(Vec::new, |first| {
        others_that_release(module, &release, first, field, reach)
    });
    let names: Vec<&str> = releasing.iter().map(|(name, _)| *name).collect();
    let others: Vec<String> = others
        .into_iter()
        .filter(|name| !names.contains(&name.as_str()))
        .collect();
    let names = names.into_iter();
    Some(Contract {
        // A transaction is one, whoever holds it.
        rule: match contract.rule {
            transaction @ "unfinished-transaction" => transaction,
            _ => "unclosed-resource",
        },
        release: Release {
            returns_error: first.map_or(release.returns_error, |method| {
                returns_error(module, method)
            }),
            ..Release::any_of(names.chain(others.iter().map(String::as_str)))
        },
        held_in: Some(field.to_string()),
        end_on_receive: None,
        context_ends: None,
        parent: None,
        ended_with: None,
        main_is_ok: contract.main_is_ok,
        confidence: Confidence::Certain.min(contract.confidence),
        origin: first.map_or(Origin::Convention, |method| {
            released_by(module, method, field)
        }),
        ..contract.clone()
    })
}

/// Whether what is owed is a number, which methods of a value do not close as they close a field: by `unix.Close(f.Release())`.
fn is_number(contract: &Contract) -> bool {
    contract.release.actions.is_empty() && contract.type_name == "int"
}

/// The method that ends what a value of the type is, where that is seen to free something.
fn closes_a_number<'n>(module: &Module<'_>, ty: TypeId) -> Vec<(&'n str, Option<FuncId>)> {
    let close = module.program.method(ty, "Close");
    close
        .filter(|close| !close.of_interface && effort::frees(module, ty))
        .map(|close| ("Close", close.func.id))
        .into_iter()
        .collect()
}

/// Methods that have the receiver of a release method and release what its field holds on their way, under whatever name:
/// `Run` of a program. One that is called as a release is may look first whether there is anything left: `Cancel` behind `Close`.
fn others_that_release(
    module: &Module<'_>,
    release: &Arc<Release>,
    method: FuncId,
    field: &FieldPath,
    reach: Reach,
) -> Vec<String> {
    let package = module.program.package(method.package);
    let receiver = module
        .program
        .func(method)
        .and_then(|func| func.receiver.as_deref());
    package
        .methods_of(receiver.unwrap_or_default())
        .map(|method| (method.name.to_string(), package.id_of(method)))
        .filter(|(_, func)| names_own_field(module, *func, field))
        .filter(|(name, func)| {
            module.enter(reach, *func).is_some_and(|reach| {
                let query = ParamQuery {
                    func: *func,
                    param: Param::Receiver,
                    field: Some(field.clone()),
                    depth: 0,
                    error: None,
                    release: Arc::clone(release),
                    reach,
                    apart: false,
                };
                let looks_first = RELEASE_METHODS.contains(&name.as_str())
                    && module.effect(query.clone()) == ParamEffect::ClosesSometimes;
                looks_first || releases_if_it_succeeds(module, &query)
            })
        })
        .map(|(name, _)| name)
        .collect()
}

/// Whether a method calls a field of its receiver, or a method of it.
fn names_own_field(module: &Module<'_>, id: FuncId, field: &FieldPath) -> bool {
    let Some(function) = module.function(BodyOwner::Func(id)) else {
        return false;
    };
    let (Some(graph), Some(receiver)) = (function.graph(None), function.info().receiver()) else {
        return false;
    };
    let tree = function.tree();
    let mut found = false;
    tree.walk(graph.body, |node| {
        if let Node::Expr(expr) = node
            && let ExprKind::Selector { x, sel } = tree.expr(expr).kind
        {
            // That of an embedded field stands without it: `q.db` for `q.Query.db`.
            let named = Some(tree.name(sel));
            found |= function.local(x) == Some(receiver)
                && (named == Some(&field.outer) || named == field.inner.as_deref());
        }
        Descend::Into
    });
    found
}

/// The method that releases what a field holds, as the end of a chain.
pub(crate) fn released_by(
    module: &Module<'_>,
    method: FuncId,
    field: &impl std::fmt::Display,
) -> Origin {
    let name = module
        .program
        .func(method)
        .map(|func| func.name.to_string())
        .unwrap_or_default();
    let step = declared_at(module, method).map(|location| Step {
        location,
        note: format!("{name} releases {field}"),
    });
    Origin::Source(step.into_iter().collect())
}

/// Whether a method returns an error, alone or last.
pub(crate) fn returns_error(module: &Module<'_>, method: FuncId) -> bool {
    let signature = module.program.signature(method);
    module
        .program
        .func_type(signature)
        .and_then(|signature| signature.results.last().copied())
        .is_some_and(|ty| crate::types::is_error(module.program, ty))
}
