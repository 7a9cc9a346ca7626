//! What a caller may believe of a function's results: which of them it owns, and why.

use std::collections::BTreeSet;
use std::sync::Arc;

use caulk_program::{BodyOwner, Callee, FuncId, TypeId};
use caulk_syntax::{Descend, ExprId, ExprKind, Node, Span, StmtKind};
use smol_str::SmolStr;

use crate::contract::{Contract, ErrorAt, Origin, Release, ReleaseAction};
use crate::contract::{RELEASE_METHODS, RELEASES_OF_FIELDS};
use crate::engine::{Function, Value, Verdict};
use crate::finding::{Confidence, Harm, Location, SettledBy, Step};
use crate::inference::effort;
use crate::inference::opened;
use crate::inference::provenance::{self, Provenance};
use crate::inference::summary::{
    Param, ParamEffect, ParamQuery, may_release, releases_if_it_succeeds,
};
use crate::module::{Followed, Module, Reach};
use crate::sites::Site;

/// Which results of a function are owned by its caller.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Results {
    pub contracts: Vec<Contract>,
    /// It acquires what it returns the like of, and deals with all of that itself.
    pub accounted: bool,
    /// It acquires what it returns the like of, and what becomes of that is not known.
    pub undecided: bool,
}

/// Which results of a function carry something that it acquired.
pub(crate) fn results(module: &Module<'_>, id: FuncId, reach: Reach) -> Results {
    let mut contracts: Vec<Contract> = Vec::new();
    if reach == Reach::FULL && gives_nothing(module, id) && module.is_idle(BodyOwner::Func(id)) {
        return Results::default();
    }
    let Some(function) = module.function(BodyOwner::Func(id)) else {
        return Results::default();
    };
    let error = function.error_result(module.program, None);
    let verdicts = module.verdicts(BodyOwner::Func(id), reach);
    let mut add = |mut contract: Contract, result: usize, flag: Option<usize>, ty: TypeId| {
        contract.results = vec![result];
        contract.error = error.or(flag).map_or(ErrorAt::Never, ErrorAt::Index);
        contract.two_results = false;
        contract.type_name = module
            .program
            .type_string(ty)
            .trim_start_matches('*')
            .to_owned();
        contract.made_with = Vec::new();
        contract.takes_over = None;
        contract.where_it_fails = false;
        if !contracts
            .iter()
            .any(|known| known.results == contract.results)
        {
            contracts.push(contract);
        }
    };
    let result_type = |result: usize| {
        let local = function.results(None).get(result)?;
        Some(function.info().local_info(*local)?.ty)
    };
    let (mut accounted, mut undecided_alike) = (false, false);
    // Types of what the function itself sees to: `t.Cleanup(func() { db.Close() })`.
    let mut answered_for: BTreeSet<&str> = BTreeSet::new();
    for (site, verdict) in verdicts.iter().filter(|(site, _)| site.root.is_none()) {
        let outcomes = &verdict.outcomes;
        // What a callee takes over can be in what it returns.
        let handed_over = match outcomes.settled {
            Some((SettledBy::HandedOver, _)) => true,
            Some((SettledBy::ReleaseHandedOver, at)) => is_of_use(&function, at),
            _ => false,
        };
        let is_alike = function.results(None).iter().any(|local| {
            let ty = function.info().local_info(*local).map(|local| local.ty);
            ty.and_then(|ty| module.program.named_name(ty)).as_ref() == Some(&site.type_name)
        });
        if is_alike && !handed_over && outcomes.unknown.is_none() && outcomes.returned.is_none() {
            accounted = true;
            answered_for.insert(site.type_name.as_str());
        }
        undecided_alike |= is_alike && outcomes.unknown.is_some();
        if outcomes.unknown.is_some() {
            continue;
        }
        let returned = outcomes.returned.clone();
        let is_idle = returned.is_none();
        let Some((result, value)) = returned.or_else(|| outcomes.returned_idle.clone()) else {
            continue;
        };
        // Released on the way out of some paths, it is data to whoever gets it.
        if outcomes.returns_released.contains(&result) {
            accounted = true;
            continue;
        }
        let Some(ty) = result_type(result).filter(|_| !outcomes.returns_other.contains(&result))
        else {
            continue;
        };
        let owed = match &value {
            Value::At(_) if !opened::is_handed_on(module, &site.contract, id) => None,
            Value::At(depth) => handed_on(&site.contract, *depth),
            Value::Owner(Some(field)) => {
                let concrete = outcomes.returned_type.unwrap_or(ty);
                held(module, &site.contract, concrete, field, reach)
            }
            Value::Releaser => by_function(module, &site.contract, ty, outcomes.beside.as_ref()),
            _ => None,
        };
        let Some(mut owed) = owed.filter(|owed| can_be_called(module, ty, owed)) else {
            continue;
        };
        // What a helper has only made, the caller starts: a command.
        let is_begun = !is_idle || site.contract.acquired_after.is_empty();
        if is_begun {
            owed.acquired_after = Vec::new();
        } else if !matches!(value, Value::At(0)) {
            continue;
        }
        owed.optional |= outcomes.returns_nil.contains(&result);
        let only_stores = site.contract.rule == "uncalled-cancel"
            && matches!(value, Value::Owner(_))
            && crate::engine::idle::only_stores(module, &function, site.call);
        owed.idle = is_idle && is_begun
            || only_stores && crate::engine::context::is_rootless(&function, site.call);
        if site.contract.rule == "uncalled-cancel" {
            owed.context_ends = parent_parameter(&function, site, 0);
        }
        owed.idle_below = match site.contract.idle_below {
            _ if only_stores => owed.context_ends,
            Some(index) => parent_parameter(&function, site, index),
            None => None,
        };
        if let Some(context) = context_of(&function, site) {
            // What ends with a context of this function is gone by itself.
            if crate::engine::context::ends_here(module, &function, context) {
                accounted = true;
                continue;
            }
            let local = function.local(context);
            let mut params = function.info().params().iter();
            owed.context_ends = params.position(|param| Some(*param) == local);
        }
        owed.dynamic_type = outcomes
            .returned_type
            .filter(|ty| !module.program.is_interface(*ty))
            .and_then(|ty| module.program.named_name(ty))
            .or(owed.dynamic_type);
        owed.origin = origin(module, &function, site, verdict, &owed);
        add(owed, result, outcomes.nil_flag(), ty);
    }
    for (result, local) in function.results(None).iter().enumerate() {
        let known = function.info().local_info(*local).map(|local| local.ty);
        let is_answered_for = |ty: TypeId| {
            let name = module.program.named_name(ty);
            name.is_some_and(|name| answered_for.contains(name.as_str()))
        };
        if let Some(ty) = known.filter(|ty| !is_answered_for(*ty))
            && let Some(contract) =
                crate::inference::registered::contract(module, &function, result, ty)
                    .or_else(|| crate::inference::started::contract(module, &function, result, ty))
                    .or_else(|| made(module, &function, result, ty, reach))
                    .or_else(|| filled_later(module, &function, result, ty, reach))
        {
            add(contract, result, None, ty);
        }
    }
    let undecided = verdicts
        .iter()
        .any(|(_, verdict)| verdict.outcomes.unknown.is_some());
    Results {
        contracts,
        accounted: accounted && !undecided,
        undecided: undecided_alike || calls_undecided(module, &function, reach),
    }
}

/// Whether the result of what takes something over here is of use: a wrapper over it, and no `t.Cleanup`.
fn is_of_use(function: &Function, at: Span) -> bool {
    let tree = function.tree();
    let Some(graph) = function.graph(None) else {
        return false;
    };
    let mut innermost = None;
    tree.walk(graph.body, |node| {
        if let Node::Stmt(stmt) = node {
            if !tree.stmt(stmt).span.encloses(at) {
                return Descend::Skip;
            }
            innermost = Some(stmt);
        }
        Descend::Into
    });
    innermost.is_some_and(|stmt| !matches!(tree.stmt(stmt).kind, StmtKind::Expr(_)))
}

/// Whether nothing that a function returns can hold a resource or stand for one.
fn gives_nothing(module: &Module<'_>, id: FuncId) -> bool {
    let program = module.program;
    let func = program.func(id);
    // What a method gives its receiver may take back.
    let is_method = func.is_none_or(|func| func.receiver.is_some());
    let is_plain = |ty: &TypeId| {
        program.is_basic(*ty)
            || crate::types::is_error(program, *ty)
            || !module.can_be_released(*ty) && (!is_method || !crate::types::may_hold(program, *ty))
    };
    let signature = program.func_type(program.signature(id));
    signature.is_some_and(|signature| signature.results.iter().all(is_plain))
        && !func
            .is_some_and(|func| crate::inference::registered::gives(module.catalogue, &func.name))
}

/// Whether a function calls one that gives a result of a type of its own, and does not know what becomes of that.
fn calls_undecided(module: &Module<'_>, function: &Function, reach: Reach) -> bool {
    let names: Vec<String> = function
        .results(None)
        .iter()
        .filter_map(|local| function.info().local_info(*local))
        .filter(|local| module.can_be_owned(local.ty))
        .filter_map(|local| module.program.named_name(local.ty))
        .collect();
    if names.is_empty() {
        return false;
    }
    function.info().calls().iter().any(|(call, callee)| {
        let (Callee::Static(func) | Callee::Method { func, .. }) = callee else {
            return false;
        };
        let Some(id) = func.id.filter(|id| module.is_own(*id)) else {
            return false;
        };
        let types = module.program.results_of(function.info().type_of(*call));
        let is_alike = types
            .iter()
            .filter_map(|ty| module.program.named_name(*ty))
            .any(|name| names.contains(&name));
        is_alike
            && match module.follows(reach, function.id(), id) {
                Followed::Yes(reach) => module.results(id, reach).undecided,
                Followed::Recursive | Followed::No => false,
            }
    })
}

/// Methods that release whatever has them.
const MADE_RELEASES: &[&str] = &["Close", "Stop", "Shutdown", "Release", "Disconnect"];

/// The contract of a value that a function builds, with a release that does something, out of what nobody else
/// answers for.
fn made(
    module: &Module<'_>,
    function: &Function,
    result: usize,
    ty: TypeId,
    reach: Reach,
) -> Option<Contract> {
    let program = module.program;
    let names: Vec<&str> = MADE_RELEASES
        .iter()
        .copied()
        .filter(|name| program.has_method(ty, name))
        .collect();
    let name = names.first()?;
    // What comes with a function is released by that function.
    let with_function = function.results(None).iter().any(|local| {
        let info = function.info().local_info(*local);
        info.is_some_and(|info| program.func_type(info.ty).is_some())
    });
    let id = function.id().filter(|_| !with_function)?;
    let provenance = provenance::of_result(module, id, result, reach);
    if !matches!(provenance, Provenance::Made | Provenance::Unfinished) {
        return None;
    }
    let signature = program.method(ty, name).map(|method| method.signature)?;
    let returns = program.func_type(signature)?.results.last();
    let release = Release {
        returns_error: returns.is_some_and(|ty| crate::types::is_error(program, *ty)),
        ..Release::any_of(names.iter().copied())
    };
    let is_writer = program.has_method(ty, "Write");
    let is_number = provenance::is_number(program, ty);
    Some(Contract {
        rule: crate::rules::static_name(if is_writer {
            "unclosed-writer"
        } else {
            "unclosed-resource"
        }),
        finishes: provenance == Provenance::Unfinished,
        harm: Harm {
            goroutines: !is_writer && !is_number,
            memory: !is_number,
            descriptors: is_number,
            ..Harm::default()
        },
        ..Contract::of(release, Confidence::Likely, built_by(module, id))
    })
}

/// The contract of a value that a function makes, and a method of which acquires what its release gives back.
fn filled_later(
    module: &Module<'_>,
    function: &Function,
    result: usize,
    ty: TypeId,
    reach: Reach,
) -> Option<Contract> {
    let filled = crate::inference::filled::of_result(module, function, result, ty)?;
    let owed = held(module, &filled.contract, filled.made, &filled.field, reach)?;
    let can_begin = |name: &String| module.program.has_method(ty, name);
    if !filled.begun && !filled.by.iter().any(can_begin) {
        return None;
    }
    Some(Contract {
        acquired_after: if filled.begun { Vec::new() } else { filled.by },
        held_in: None,
        confidence: Confidence::Likely,
        ..owed
    })
}

/// Whether a result that is an interface with a release has one of those that are known to release what is behind it: its own
/// may do so in a way that is not seen, by `once.Do(c.close)`.
fn can_be_called(module: &Module<'_>, ty: TypeId, contract: &Contract) -> bool {
    let program = module.program;
    let of_value = contract.release.actions.iter();
    let mut methods = of_value
        .filter(|action| action.path.is_empty())
        .filter_map(|action| action.method.as_deref())
        .peekable();
    !program.is_interface(ty)
        || methods.peek().is_none()
        || !crate::types::has_release(program, ty)
        || methods.any(|method| program.has_method(ty, method))
}

/// The function that builds a value, as the end of a chain.
fn built_by(module: &Module<'_>, id: FuncId) -> Origin {
    let step = declared_at(module, id).map(|location| Step {
        location,
        note: "builds it, with a release that does something".to_owned(),
    });
    Origin::Source(step.into_iter().collect())
}

/// The context that ends what a call acquires.
fn context_of(function: &Function, site: &Site) -> Option<ExprId> {
    let tree = function.tree();
    let ExprKind::Call { args, .. } = tree.expr(site.call).kind else {
        return None;
    };
    let index = site.contract.context_ends?;
    tree.exprs(args).get(index).copied()
}

/// The parameter that a context is derived from, where its parent, this argument, is one: the child ends with it.
fn parent_parameter(function: &Function, site: &Site, index: usize) -> Option<usize> {
    let tree = function.tree();
    let ExprKind::Call { args, .. } = tree.expr(site.call).kind else {
        return None;
    };
    let parent = function.local(*tree.exprs(args).get(index)?)?;
    let params = function.info().params();
    params.iter().position(|param| *param == parent)
}

/// From the acquiring call to what releases it, then what the acquired function's own source says.
fn origin(
    module: &Module<'_>,
    function: &Function,
    site: &Site,
    verdict: &Verdict,
    owed: &Contract,
) -> Origin {
    let mut steps = Vec::new();
    let call = function.tree().expr(site.call).span;
    steps.extend(step(
        module,
        function,
        call,
        format!("calls {}", site.acquired_by),
    ));
    if let Some(at) = verdict.outcomes.returned_at {
        let note = match &verdict.outcomes.returned {
            Some((_, Value::Owner(Some(field)))) => format!("returns it in {field}"),
            _ => "returns it".to_owned(),
        };
        steps.extend(step(module, function, at, note));
    }
    if let Origin::Source(own) = &owed.origin {
        steps.extend(own.iter().cloned());
    }
    match &site.contract.origin {
        Origin::Source(inner) => steps.extend(inner.iter().cloned()),
        inner => steps.extend(step(module, function, call, reason(inner, site))),
    }
    Origin::Source(steps.into())
}

/// Where a chain ends: who says that the innermost call acquires.
fn reason(origin: &Origin, site: &Site) -> String {
    let releases = site.release.words();
    match origin {
        Origin::Documentation { sentence, .. } => {
            format!("which owes {releases} by its documentation: {sentence}")
        }
        origin => format!("which owes {releases} by {}", origin.who()),
    }
}

/// A place of a function, with what happens there.
pub(crate) fn step(
    module: &Module<'_>,
    function: &Function,
    span: Span,
    note: String,
) -> Option<Step> {
    let file = caulk_flow::file_of(module.program, function.typed.owner)?;
    Some(Step {
        location: crate::place::location(module.program, file, span),
        note,
    })
}

/// Where a function is declared.
pub(crate) fn declared_at(module: &Module<'_>, id: FuncId) -> Option<Location> {
    let file = module.program.file_of(id)?;
    let name = module.program.func(id)?.decl.name;
    Some(crate::place::location(module.program, file, name.span))
}

/// The contract of a resource returned as it is, or of a part of it.
fn handed_on(contract: &Contract, depth: usize) -> Option<Contract> {
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
fn by_function(
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

/// The contract of a value without a release method, whose visible field holds the resource.
fn by_field(
    module: &Module<'_>,
    contract: &Contract,
    ty: TypeId,
    field: &SmolStr,
) -> Option<Contract> {
    let releases = RELEASE_METHODS
        .iter()
        .any(|name| module.program.has_method(ty, name));
    if releases || !caulk_syntax::is_exported(field) || module.program.is_interface(ty) {
        return None;
    }
    let mut contract = contract.clone();
    contract.held_in = None;
    contract.origin = Origin::Convention;
    // What is embedded lends its methods to the value, whose type does not say so where that of the field is not known.
    let fields = module.program.struct_fields(ty).iter();
    let is_embedded = fields
        .clone()
        .any(|known| known.embedded && known.name == *field);
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

/// The contract of a value whose field holds the resource: owed where a release method of its type
/// releases the field.
fn held(
    module: &Module<'_>,
    contract: &Contract,
    ty: TypeId,
    field: &SmolStr,
    reach: Reach,
) -> Option<Contract> {
    let release = Arc::new(contract.release.clone());
    let releasing: Vec<(&str, Option<FuncId>)> = RELEASE_METHODS
        .iter()
        .chain(RELEASES_OF_FIELDS)
        .filter_map(|name| {
            let method = module.program.method(ty, name)?;
            let func = method.func.id.filter(|_| !method.of_interface);
            if method.through.first() == Some(field) {
                let own = method.through.len() == 1 && release.path().is_empty();
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
        return by_field(module, contract, ty, field);
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
        rule: "unclosed-resource",
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
    field: &SmolStr,
    reach: Reach,
) -> Vec<String> {
    let package = module.program.package(method.package);
    let receiver = module
        .program
        .func(method)
        .and_then(|func| func.receiver.as_deref());
    package
        .methods_of(receiver.unwrap_or_default())
        .filter_map(|method| Some((method.name.to_string(), method.reference.id?)))
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
fn names_own_field(module: &Module<'_>, id: FuncId, field: &str) -> bool {
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
            found |= tree.name(sel) == field && function.local(x) == Some(receiver);
        }
        Descend::Into
    });
    found
}

/// The method that releases what a field holds, as the end of a chain.
pub(crate) fn released_by(module: &Module<'_>, method: FuncId, field: &SmolStr) -> Origin {
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
