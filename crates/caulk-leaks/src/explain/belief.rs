//! What is believed of one function, and why: what its caller owes, and what it does with its arguments.

use std::sync::Arc;

use caulk_flow::Calls;
use caulk_program::{BodyOwner, FuncId, FuncRef, PackageId, Program, TypeId};

use crate::catalogue::CallEffect;
use crate::check::in_pool;
use crate::contract::RELEASE_METHODS;
use crate::contract::{Contract, Release};
use crate::finding::Location;
use crate::inference::noted::Notes;
use crate::inference::summary::{Param, ParamEffect, ParamQuery};
use crate::module::{Followed, Module, Reach};
use crate::options::Options;
use crate::sites::can_release;
use crate::sites::owed::{Called, contracts_of};

/// What is believed of a function.
#[derive(Debug, Clone)]
pub struct Belief {
    /// Canonical name: `os.Open`, `net/http.Client.Do`.
    pub function: String,
    /// Its type, where its declaration is at hand.
    pub signature: Option<String>,
    /// Where it is declared, where that is at hand.
    pub declared_at: Option<Location>,
    /// What its caller owes.
    pub owed: Vec<Contract>,
    /// Why its caller owes nothing, where that is so.
    pub owes_nothing: Option<String>,
    /// Who says that it never returns, where that is so.
    pub never_returns: Option<String>,
    /// What it does with the receiver and the arguments that can be resources.
    pub parameters: Vec<ParameterBelief>,
}

/// What a function does with a resource that is passed to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParameterBelief {
    /// Its name, or its number from 1 where it has none.
    pub name: String,
    /// Its type.
    pub type_name: String,
    /// What the function does with it, as a fragment.
    pub effect: String,
    /// Who says so.
    pub because: String,
}

/// What is believed of the function that a name stands for: `os.Open`, `net/http.Client.Do`,
/// `(*net/http.Client).Do`, or `store.Open` where a package called `store` is imported.
///
/// Names that are alike where there is none of this name.
pub fn explain_function(
    program: &Program,
    options: &Options,
    name: &str,
) -> Result<Belief, Vec<String>> {
    in_pool(options, || {
        let calls = Calls::of(program);
        let module = Module::of(program, options.catalogue(), &calls, None, Notes::default());
        let name: String = name.chars().filter(|c| !"(*)".contains(*c)).collect();
        for full in spelled_out(program, &name) {
            if let Some(func) = find(&module, &full) {
                return Ok(believe(&module, &func));
            }
        }
        Err(alike(&module, &name))
    })
}

/// Full names that a name may stand for: itself, and with the paths of packages that are called as its
/// first part.
fn spelled_out(program: &Program, name: &str) -> Vec<String> {
    let mut names = vec![name.to_owned()];
    if let Some((package, rest)) = name.split_once('.').filter(|(p, _)| !p.contains('/')) {
        let mut paths: Vec<&str> = program
            .check_packages()
            .iter()
            .flat_map(|id| {
                let package = program.package(*id);
                package.imported_paths().chain([package.path()])
            })
            .filter(|path| crate::place::short_name(&format!("{path}.F")) == format!("{package}.F"))
            .collect();
        paths.sort_unstable();
        paths.dedup();
        names.extend(paths.iter().map(|path| format!("{path}.{rest}")));
    }
    names
}

/// A function, or a method of an interface.
pub(crate) struct Subject {
    pub func: FuncRef,
    /// Types of its results.
    pub types: Vec<TypeId>,
    pub of_interface: bool,
}

impl Subject {
    fn declared(program: &Program, func: FuncRef) -> Subject {
        let signature = func.id.map(|id| program.signature(id));
        let types = signature
            .and_then(|signature| program.func_type(signature))
            .map(|signature| signature.results.to_vec());
        Subject {
            func,
            types: types.unwrap_or_default(),
            of_interface: false,
        }
    }
}

fn find(module: &Module<'_>, name: &str) -> Option<Subject> {
    let program = module.program;
    for package in program.check_packages() {
        if let Some(id) = program.find_func(*package, name) {
            let package = program.package(id.package);
            let func = package.reference(package.func(id)?);
            return Some(Subject::declared(program, func));
        }
        if let Some(method) = find_method(program, *package, name) {
            return Some(method);
        }
    }
    let (package, function) = crate::types::split_canonical(name);
    let catalogue = module.catalogue;
    let known = catalogue.contract(package, function).is_some()
        || catalogue.effect_entry(package, function).is_some()
        || catalogue.exit_entry(package, function).is_some()
        || catalogue.free_entry(package, function).is_some();
    // Of a package whose source is at hand it is known what there is.
    let at_hand = program
        .check_packages()
        .iter()
        .any(|from| program.find_package(*from, package).is_some());
    (known && !at_hand).then(|| {
        let func = FuncRef {
            name: Arc::from(name),
            id: None,
        };
        Subject::declared(program, func)
    })
}

/// A method of an interface, or one that a type gets by embedding.
fn find_method(program: &Program, from: PackageId, name: &str) -> Option<Subject> {
    let (ty, method) = name.rsplit_once('.')?;
    let (path, ty) = ty.rsplit_once('.')?;
    program.find_package(from, path)?;
    let ty = program.find_type(from, path, ty);
    let method = program.method(ty, method)?;
    if !method.of_interface {
        return Some(Subject::declared(program, method.func));
    }
    let signature = program.func_type(method.signature);
    Some(Subject {
        types: signature.map(|s| s.results.to_vec()).unwrap_or_default(),
        func: FuncRef {
            name: Arc::from(name),
            id: None,
        },
        of_interface: true,
    })
}

/// How many names that are alike are told.
const ALIKE: usize = 3;

/// Names of the same package, or of packages that are called the same, that are like a name.
fn alike(module: &Module<'_>, name: &str) -> Vec<String> {
    let program = module.program;
    let mut names = Vec::new();
    for full in spelled_out(program, name) {
        let (path, _) = crate::types::split_canonical(&full);
        for from in program.check_packages() {
            let Some(id) = program.find_package(*from, path) else {
                continue;
            };
            let package = program.package(id);
            let funcs = package
                .funcs()
                .iter()
                .filter(|func| package.module().is_main || caulk_syntax::is_exported(&func.name));
            names.extend(funcs.map(|func| func.canonical.to_string()));
            break;
        }
    }
    let mut ranked: Vec<(usize, String)> = names
        .into_iter()
        .map(|known| (distance(last_part(&known), last_part(name)), known))
        .filter(|(distance, _)| *distance <= last_part(name).len().div_ceil(2))
        .collect();
    ranked.sort();
    ranked.dedup();
    ranked
        .into_iter()
        .take(ALIKE)
        .map(|(_, name)| name)
        .collect()
}

fn last_part(name: &str) -> &str {
    let base = name.rfind('/').map_or(0, |slash| slash + 1);
    let rest = name.get(base..).unwrap_or(name);
    rest.split_once('.').map_or(rest, |(_, last)| last)
}

/// How many letters differ (Levenshtein), upper and lower case alike.
fn distance(a: &str, b: &str) -> usize {
    let (a, b) = (a.to_lowercase(), b.to_lowercase());
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, left) in a.chars().enumerate() {
        let mut diagonal = i;
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
        for (j, right) in b.iter().enumerate() {
            let above = row.get(j + 1).copied().unwrap_or_default();
            let before = row.get(j).copied().unwrap_or_default();
            let changed = diagonal + usize::from(left != *right);
            diagonal = above;
            if let Some(cell) = row.get_mut(j + 1) {
                *cell = changed.min(above + 1).min(before + 1);
            }
        }
    }
    row.last().copied().unwrap_or_default()
}

/// What is believed of a function.
pub(crate) fn believe(module: &Module<'_>, subject: &Subject) -> Belief {
    let program = module.program;
    let func = &subject.func;
    let signature = func.id.map(|id| program.signature(id));
    let called = Called {
        func,
        of_interface: subject.of_interface,
        types: &subject.types,
        // Without its declaration it is taken to be a constructor.
        count: if subject.types.is_empty() && signature.is_none() {
            2
        } else {
            subject.types.len()
        },
        reach: Reach::FULL,
        caller: None,
    };
    let mut owed = contracts_of(module, &called, &|| None);
    // A pattern of the catalogue can be wider than what has the method.
    owed.retain(|contract| {
        let of_result = |index: &usize| subject.types.get(*index).copied();
        contract
            .results
            .iter()
            .any(|index| of_result(index).is_none_or(|ty| can_release(module, ty, contract)))
    });
    Belief {
        function: func.name.to_string(),
        signature: signature.map(|signature| program.type_string(signature)),
        declared_at: func
            .id
            .and_then(|id| crate::inference::owned::declared_at(module, id)),
        owes_nothing: owed.is_empty().then(|| nothing(module, &called)),
        never_returns: never_returns(module, func),
        parameters: func
            .id
            .map(|id| parameters(module, func, id))
            .unwrap_or_default(),
        owed,
    }
}

/// Why a function owes nothing.
fn nothing(module: &Module<'_>, called: &Called<'_>) -> String {
    let (package, name) = crate::types::split_name(module.program, called.func);
    if let Some(origin) = module.catalogue.free_entry(package, name) {
        return format!("{} says that it owes nothing", origin.who());
    }
    if called.of_interface {
        return "it is a method of an interface: who implements it is not known here".to_owned();
    }
    let Some(id) = called.func.id else {
        return "its source is not at hand, and the catalogue does not say that it acquires"
            .to_owned();
    };
    let releasable = |ty: &&TypeId| module.can_be_owned(**ty);
    let Some(ty) = called.types.iter().find(releasable) else {
        return "none of its results is something to release".to_owned();
    };
    if module.program.package(id.package).is_std() && !module.is_own(id) {
        return "the catalogue knows what the standard library acquires, and does not list it"
            .to_owned();
    }
    let release = RELEASE_METHODS
        .iter()
        .find(|method| module.program.has_method(*ty, method));
    if let Some(release) = release
        && crate::inference::doc::does_nothing(module, *ty, release)
    {
        return format!(
            "{release} of {} does nothing",
            module.program.type_string(*ty)
        );
    }
    let Followed::Yes(reach) = module.follows(Reach::FULL, None, id) else {
        return "its source is not followed".to_owned();
    };
    let verdicts = module.verdicts(BodyOwner::Func(id), reach);
    let undecided = verdicts.iter().find_map(|(site, verdict)| {
        let (why, _) = verdict.outcomes.unknown.as_ref()?;
        Some(format!(
            "what it acquires by {} could not be decided: {why}",
            site.acquired_by
        ))
    });
    undecided.unwrap_or_else(|| {
        if module.function(BodyOwner::Func(id)).is_none() {
            "it is declared without a body".to_owned()
        } else {
            "its source was followed: nothing that it acquires is handed to its caller".to_owned()
        }
    })
}

fn never_returns(module: &Module<'_>, func: &FuncRef) -> Option<String> {
    let (package, name) = crate::types::split_name(module.program, func);
    if let Some(origin) = module.catalogue.exit_entry(package, name) {
        return Some(origin.who());
    }
    let id = func.id?;
    module.ends(id).then(|| "its source".to_owned())
}

fn parameters(module: &Module<'_>, func: &FuncRef, id: FuncId) -> Vec<ParameterBelief> {
    let program = module.program;
    let Some((receiver, names)) = crate::inference::directive::parameters(program, id) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    let types = program
        .func_type(program.signature(id))
        .map(|signature| signature.params.to_vec())
        .unwrap_or_default();
    let receiver_type = module
        .function(BodyOwner::Func(id))
        .and_then(|function| {
            let local = function.info().receiver()?;
            Some(function.info().local_info(local)?.ty)
        })
        .unwrap_or(TypeId::UNKNOWN);
    let receiver = receiver.map(|name| (Param::Receiver, name, receiver_type));
    let params = names
        .into_iter()
        .zip(types)
        .enumerate()
        .map(|(index, (name, ty))| (Param::At(index), name, ty));
    for (param, name, ty) in receiver.into_iter().chain(params) {
        let Some(release) = release_of(module, ty) else {
            continue;
        };
        let (effect, because) = effect(module, func, id, param, release);
        let number = match param {
            Param::Receiver => "receiver".to_owned(),
            Param::At(index) => format!("argument {}", index + 1),
        };
        found.push(ParameterBelief {
            name: if name.is_empty() { number } else { name },
            type_name: program.type_string(ty),
            effect,
            because,
        });
    }
    found
}

/// What would release an argument of this type: the methods that it has, or `Close` where it is an
/// interface, behind which there may be one.
fn release_of(module: &Module<'_>, ty: TypeId) -> Option<Release> {
    let program = module.program;
    let is_context = program.is_named(ty, "context.Context");
    if is_context || crate::types::is_error(program, ty) {
        return None;
    }
    if program.func_type(ty).is_some() {
        return module.can_be_owned(ty).then(|| Release {
            actions: vec![crate::contract::ReleaseAction::parse("()")],
            ..Release::default()
        });
    }
    let has = |name: &&&str| caulk_syntax::is_exported(name) && program.has_method(ty, name);
    let methods: Vec<&str> = RELEASE_METHODS.iter().filter(has).copied().collect();
    if !methods.is_empty() {
        return Some(Release::any_of(methods));
    }
    let is_stream = program.is_interface(ty)
        && ["Read", "Write"]
            .iter()
            .any(|method| program.has_method(ty, method));
    is_stream.then(|| Release::method("Close"))
}

fn effect(
    module: &Module<'_>,
    func: &FuncRef,
    id: FuncId,
    param: Param,
    release: Release,
) -> (String, String) {
    let (package, name) = crate::types::split_name(module.program, func);
    if let Some(declared) = module.declared(id, param) {
        return (
            in_words(&declared.effect()),
            "a comment above the function".to_owned(),
        );
    }
    if let Some((effect, origin)) = module.catalogue.effect_entry(package, name) {
        return (known_in_words(*effect).to_owned(), origin.who());
    }
    match module.follows(Reach::FULL, None, id) {
        Followed::Yes(reach) => {
            let effect = module.effect(ParamQuery {
                func: id,
                param,
                field: None,
                depth: 0,
                error: None,
                release: Arc::new(release),
                reach,
                apart: false,
            });
            (in_words(&effect), "its source".to_owned())
        }
        Followed::No if module.program.package(id.package).is_std() => (
            known_in_words(CallEffect::Borrow).to_owned(),
            "the rule that the standard library borrows what the catalogue does not list"
                .to_owned(),
        ),
        Followed::No | Followed::Recursive => (
            known_in_words(CallEffect::Unknown).to_owned(),
            "its source is not followed".to_owned(),
        ),
    }
}

fn known_in_words(effect: CallEffect) -> &'static str {
    match effect {
        CallEffect::Borrow => "used during the call; the caller still owes it",
        CallEffect::Drain => "read to its end; the caller still owes it",
        CallEffect::Read => "read from during the call; the caller still owes it",
        CallEffect::Close => "released",
        CallEffect::Keep => "taken over",
        CallEffect::View => {
            "used by the result, which does not release it; the caller still owes it"
        }
        CallEffect::Own => "owned by the result: whoever releases that releases it",
        CallEffect::Take => {
            "owned by the result: whoever releases that releases it; where the call fails it has released it"
        }
        CallEffect::Pass => "given back as the result",
        CallEffect::Unknown => "not known",
    }
}

fn in_words(effect: &ParamEffect) -> String {
    match effect {
        ParamEffect::Borrows => known_in_words(CallEffect::Borrow).to_owned(),
        ParamEffect::Drains { .. } => known_in_words(CallEffect::Drain).to_owned(),
        ParamEffect::Closes => "released".to_owned(),
        ParamEffect::Keeps(how) => format!("taken over: {}", how.word()),
        ParamEffect::ClosesSometimes => {
            "released on some paths; the caller still owes it".to_owned()
        }
        ParamEffect::ClosesOnSuccess => "released where the function succeeds".to_owned(),
        ParamEffect::ClosesOnFailure => "released where the function fails, if at all".to_owned(),
        ParamEffect::Returns { result, .. } => {
            format!("returned, in or as result {}", result + 1)
        }
        ParamEffect::Recursive => "not known: the function calls itself".to_owned(),
        ParamEffect::NeverReturns => "the function never returns with it".to_owned(),
        ParamEffect::LeavesSometimes(why) => {
            format!("left open where it returns on some path, on others not known: {why}")
        }
        ParamEffect::KeptOrLeft => {
            "kept on some paths, released on some, and left open on others".to_owned()
        }
        ParamEffect::LeavesOnFailure { releases: true, .. } => {
            "released on some paths, and left open on some where the function fails".to_owned()
        }
        ParamEffect::LeavesOnFailure { why, .. } => {
            format!("left open on some paths where the function fails, on others not known: {why}")
        }
        ParamEffect::Unknown(why) => format!("not known: {why}"),
    }
}

#[cfg(test)]
mod tests {
    use super::distance;

    #[test]
    fn letters_that_differ_are_counted() {
        assert_eq!(distance("Open", "open"), 0);
        assert_eq!(distance("OpenStroe", "OpenStore"), 2);
        assert_eq!(distance("", "abc"), 3);
    }
}
