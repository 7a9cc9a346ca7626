//! What a caller may believe of a function: what it does with a parameter, which results are owned.

use std::sync::Arc;

use caulk_program::{BodyOwner, FuncId, TypeId};
use smol_str::SmolStr;

use crate::contract::{Contract, ErrorAt, Release, ReleaseAction};
use crate::engine::{Outcomes, Run, Start, Value};
use crate::finding::{Confidence, SettledBy};
use crate::module::Module;

/// Which parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Param {
    Receiver,
    /// By position; arguments of `...T` all go to the last.
    At(usize),
}

/// A question about one parameter of one function.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct ParamQuery {
    pub func: FuncId,
    pub param: Param,
    /// The field of the parameter that holds the resource; none where it is the parameter itself.
    pub field: Option<SmolStr>,
    /// How many fields down the path of the release the value is.
    pub depth: usize,
    /// The parameter that is passed the error of the acquisition: `decode(client.Do(q))`.
    pub error: Option<usize>,
    pub release: Arc<Release>,
}

/// What a function does with a resource that is passed to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ParamEffect {
    /// Uses it during the call.
    Borrows,
    /// Releases it on every path that returns.
    Closes,
    /// Takes it over in another way.
    Keeps(SettledBy),
    /// Releases it on some paths, and does not say on which.
    ClosesSometimes,
    /// Releases it where its error result is nil.
    ClosesOnSuccess,
    /// Releases it where its error result is not nil.
    ClosesOnFailure,
    /// Returns it, or what holds it or reads from it, as this result; where its error result is not nil it may have
    /// released it instead.
    Returns {
        result: usize,
        value: Value,
        closes_on_failure: bool,
    },
    /// The callee calls back to the caller.
    Recursive,
    /// Never returns with it.
    NeverReturns,
    /// Not known.
    Unknown(Arc<str>),
}

/// Which results of a function are owned by its caller.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Results {
    pub contracts: Vec<Contract>,
}

/// Follows a parameter through a function.
pub(crate) fn param_effect(module: &Module<'_>, query: &ParamQuery) -> ParamEffect {
    let unknown = |why: &str| ParamEffect::Unknown(Arc::from(why));
    let Some(function) = module.function(BodyOwner::Func(query.func)) else {
        return unknown("its body is not in Go");
    };
    let info = function.info();
    let local = match query.param {
        Param::Receiver => info.receiver(),
        Param::At(index) => info.params().get(index).or(info.params().last()).copied(),
    };
    let Some(local) = local else {
        return ParamEffect::Borrows;
    };
    if info
        .local_info(local)
        .is_none_or(|local| local.name.is_empty() || local.name == "_")
    {
        return ParamEffect::Borrows;
    }
    let start = Start::Param {
        local,
        field: query.field.clone(),
        depth: query.depth,
        error: query
            .error
            .and_then(|index| info.params().get(index).copied()),
    };
    let outcomes = Run::new(module, &function, None, &query.release, None).outcomes(start);
    effect_of(outcomes)
}

fn effect_of(outcomes: Outcomes) -> ParamEffect {
    let Outcomes {
        owed,
        released,
        settled,
        returned,
        unknown,
        viewed,
        asserted,
        ..
    } = outcomes;
    if let Some((why, _)) = unknown {
        return ParamEffect::Unknown(why);
    }
    let closes = !released.is_empty() || settled.is_some();
    if let Some((result, value)) = returned {
        // The paths that do not return it end in an error, of which the caller learns.
        let closes_on_failure =
            closes && settled.is_none() && released.iter().all(|error| *error == Some(true));
        return if closes && !closes_on_failure {
            ParamEffect::Unknown(Arc::from("it is returned on some paths only"))
        } else {
            ParamEffect::Returns {
                result,
                value,
                closes_on_failure,
            }
        };
    }
    match (owed.is_empty(), closes) {
        (true, true) => match settled {
            Some((how, _)) if released.is_empty() => ParamEffect::Keeps(how),
            _ => ParamEffect::Closes,
        },
        (true, false) => ParamEffect::NeverReturns,
        (false, false) => match viewed {
            Some(result) => ParamEffect::Returns {
                result,
                value: Value::View,
                closes_on_failure: false,
            },
            None => ParamEffect::Borrows,
        },
        (false, true) => {
            let owed_with_error = owed.iter().all(|exit| exit.error == Some(true));
            let owed_without = owed.iter().all(|exit| exit.error == Some(false));
            let released_with_error = released.iter().all(|error| *error == Some(true));
            let released_without = released.iter().all(|error| *error != Some(true));
            if owed_with_error && released_without {
                ParamEffect::ClosesOnSuccess
            } else if owed_without && released_with_error {
                ParamEffect::ClosesOnFailure
            } else if asserted {
                ParamEffect::Unknown(Arc::from("its dynamic type decides whether it is released"))
            } else if owed.iter().all(|exit| exit.error.is_none()) && settled.is_none() {
                ParamEffect::ClosesSometimes
            } else {
                ParamEffect::Unknown(Arc::from("it is released on some paths only"))
            }
        }
    }
}

/// Whether a function returns only where the parameter, an error, is nil.
pub(crate) fn asserts_nil(module: &Module<'_>, func: FuncId, index: usize) -> bool {
    let Some(function) = module.function(BodyOwner::Func(func)) else {
        return false;
    };
    let Some(local) = function.info().params().get(index).copied() else {
        return false;
    };
    let release = Arc::new(Release::default());
    let outcomes =
        Run::new(module, &function, None, &release, None).outcomes(Start::Error { local });
    !outcomes.owed.is_empty() && !outcomes.returns_with_error && outcomes.unknown.is_none()
}

/// Methods that are taken for the release of a type that holds a resource, the usual first.
const RELEASE_METHODS: &[&str] = &[
    "Close",
    "Stop",
    "Shutdown",
    "Release",
    "Disconnect",
    "Destroy",
    "Cleanup",
    "CloseNow",
    "Done",
    "Finish",
    "Unlock",
    "Cancel",
    "Kill",
    "Wait",
    "Free",
    "Dispose",
    "End",
    "close",
    "stop",
    "shutdown",
    "release",
    "cleanup",
    "destroy",
];

/// Whether a method's name says that it releases.
pub(crate) fn is_release_name(name: &str) -> bool {
    RELEASE_METHODS.contains(&name)
        || [
            "Close",
            "Stop",
            "Shutdown",
            "Release",
            "Disconnect",
            "Teardown",
            "TearDown",
            "Cleanup",
            "close",
            "stop",
            "shutdown",
        ]
        .iter()
        .any(|prefix| name.starts_with(prefix))
}

/// Which results of a function carry something that it acquired.
pub(crate) fn results(module: &Module<'_>, id: FuncId) -> Results {
    let mut contracts: Vec<Contract> = Vec::new();
    let Some(function) = module.function(BodyOwner::Func(id)) else {
        return Results::default();
    };
    let error = function.error_result(module.program, None);
    let verdicts = module.verdicts(BodyOwner::Func(id));
    for (site, verdict) in verdicts.iter() {
        if site.root.is_some() || verdict.outcomes.unknown.is_some() {
            continue;
        }
        let Some((result, value)) = verdict.outcomes.returned.clone() else {
            continue;
        };
        if verdict.outcomes.returns_other.contains(&result) {
            continue;
        }
        let Some(ty) = function
            .results(None)
            .get(result)
            .and_then(|local| function.info().local_info(*local))
            .map(|local| local.ty)
        else {
            continue;
        };
        let owed = match value {
            Value::At(depth) => handed_on(&site.contract, depth),
            Value::Owner(Some(field)) => {
                let concrete = verdict.outcomes.returned_type.unwrap_or(ty);
                held(module, &site.contract, concrete, &field)
            }
            Value::Releaser => {
                by_function(module, &site.contract, ty, verdict.outcomes.beside.as_ref())
            }
            _ => None,
        };
        let Some(mut contract) = owed else { continue };
        contract.results = vec![result];
        contract.error = error.map_or(ErrorAt::Never, ErrorAt::Index);
        contract.two_results = false;
        contract.type_name = module
            .program
            .type_string(ty)
            .trim_start_matches('*')
            .to_owned();
        contract.acquired_after = Vec::new();
        if !contracts
            .iter()
            .any(|known| known.results == contract.results)
        {
            contracts.push(contract);
        }
    }
    Results { contracts }
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
    contract.context_ends = None;
    contract.parent = None;
    if contract.release.actions.is_empty() {
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
        end_on_receive: None,
        context_ends: None,
        parent: None,
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
    for action in &mut contract.release.actions {
        action.method.as_ref()?;
        action.path.insert(0, field.to_string());
    }
    Some(contract)
}

/// The contract of a value whose field holds the resource: owed where a release method of its type
/// releases the field.
fn held(module: &Module<'_>, contract: &Contract, ty: TypeId, field: &SmolStr) -> Option<Contract> {
    let release = Arc::new(contract.release.clone());
    let by_method = RELEASE_METHODS.iter().find_map(|name| {
        let method = module.program.method(ty, name)?;
        if method.through.first() == Some(field) {
            let own = method.through.len() == 1 && release.path().is_empty();
            return (own && release.is_method(name)).then_some((name, release.returns_error));
        }
        let func = method
            .func
            .id
            .filter(|_| !method.of_interface && method.through.is_empty())?;
        let query = ParamQuery {
            func,
            param: Param::Receiver,
            field: Some(field.clone()),
            depth: 0,
            error: None,
            release: release.clone(),
        };
        match module.effect(query) {
            ParamEffect::Closes | ParamEffect::ClosesOnSuccess => {
                Some((name, returns_error(module, func)))
            }
            _ => None,
        }
    });
    let Some((method, returns_error)) = by_method else {
        return by_field(module, contract, ty, field);
    };
    Some(Contract {
        rule: "unclosed-resource",
        release: Release {
            returns_error,
            ..Release::method(method)
        },
        end_on_receive: None,
        context_ends: None,
        parent: None,
        main_is_ok: contract.main_is_ok,
        confidence: Confidence::Certain.min(contract.confidence),
        ..contract.clone()
    })
}

fn returns_error(module: &Module<'_>, func: FuncId) -> bool {
    let signature = module.program.func_type(module.program.signature(func));
    let last = signature.and_then(|signature| signature.results.last().copied());
    last.is_some_and(|ty| crate::types::is_error(module.program, ty))
}
