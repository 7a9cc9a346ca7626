//! What a function opens, by its name, and its type can close: `OpenStore() (*Store, error)` and a `Close`.

use caulk_program::{BodyOwner, Callee, FuncId, Program, Signature, TypeId};

use crate::body::{Function, Root};
use crate::contract::{Contract, Origin, Release};
use crate::finding::{Confidence, Harm};
use crate::inference::effort;
use crate::inference::provenance::{self, Provenance};
use crate::module::{Followed, Module, Reach};

/// How the names begin of functions that open what they return.
const OPENS: &[&str] = &[
    "Open", "open", "Reopen", "reopen", "Dial", "dial", "Connect", "connect",
];

/// What a call owes by the name of the function and the type of its result, where no source is followed.
pub(crate) fn by_name(module: &Module<'_>, name: &str, types: &[TypeId]) -> Option<Contract> {
    let [value, last] = types else {
        return None;
    };
    let program = module.program;
    if !says_so(name) || !crate::types::is_error(program, *last) {
        return None;
    }
    closed(module, program, *value)
}

/// Whether a function says by its name that it opens what it returns.
pub(crate) fn says_so(name: &str) -> bool {
    let name = crate::types::simple_name(name);
    OPENS.iter().any(|verb| {
        name.strip_prefix(verb)
            .is_some_and(|rest| !rest.starts_with(char::is_lowercase))
    })
}

/// Whether a function may hand on a contract: one that names alone tell, only under such a name, and none that rests on what
/// others do. A pool that opens what it has none of takes it back.
pub(crate) fn is_handed_on(
    module: &Module<'_>,
    contract: &Contract,
    by: &Function,
    root: Root,
) -> bool {
    let by_name = contract.origin == Origin::Convention && contract.rule == "unclosed-resource";
    // What others do where they give up says nothing of what becomes of it where all goes well.
    let by_failures = contract.origin == Origin::Habit && contract.where_it_fails;
    let func = by.id().filter(|_| root.is_none());
    contract.origin != Origin::Custom && !by_name && !by_failures
        || func
            .and_then(|func| module.program.func(func))
            .is_some_and(|func| says_so(&func.name))
}

/// The same, where the source of the function is followed and does not say: unless it shows that the result is someone
/// else's, or needs no release.
pub(crate) fn by_name_and_source(
    module: &Module<'_>,
    callee: FuncId,
    types: &[TypeId],
    reach: Reach,
) -> Option<Contract> {
    let name = module.program.func(callee)?.name.clone();
    let contract = by_name(module, &name, types)?;
    let origin = match provenance::of_result(module, callee, 0, reach) {
        Provenance::Made | Provenance::Holding => Origin::Source([].into()),
        Provenance::Unknown if may_open(module, callee, reach, DEPTH) => Origin::Convention,
        Provenance::Unknown
        | Provenance::Nothing
        | Provenance::Idle
        | Provenance::Unfinished
        | Provenance::Given
        | Provenance::Foreign => {
            return None;
        }
    };
    Some(Contract { origin, ..contract })
}

/// How many functions, one called by the other, are looked into for what opens something.
const DEPTH: u8 = 3;

/// Whether a function, or one that it calls, may acquire something, as far as source tells.
fn may_open(module: &Module<'_>, id: FuncId, reach: Reach, depth: u8) -> bool {
    let owner = BodyOwner::Func(id);
    let (Some(depth), Some(function)) = (depth.checked_sub(1), module.function(owner)) else {
        return true;
    };
    if !module.verdicts(owner, reach).is_empty() {
        return true;
    }
    let mut calls = function.info().calls().into_iter();
    calls.any(|(_, callee)| {
        let func = match callee {
            Callee::Builtin(_) | Callee::Conversion(_) => return false,
            Callee::Static(func) | Callee::Method { func, .. } => func,
            _ => return true,
        };
        let (package, _) = crate::types::split_name(module.program, func);
        let Some(called) = func.id.filter(|_| !crate::types::is_std_path(package)) else {
            return !crate::types::is_std_path(package);
        };
        called != id
            && match module.follows(reach, Some(id), called) {
                Followed::Yes(reach) => may_open(module, called, reach, depth),
                Followed::Recursive | Followed::No => true,
            }
    })
}

/// The contract of a type that closes: with nothing to tell it, or a context alone.
fn closed(module: &Module<'_>, program: &Program, value: TypeId) -> Option<Contract> {
    let named = program.named_of(value)?;
    // What the standard library opens is all known.
    if crate::types::is_std_path(&named.package) || !module.can_be_owned(value) {
        return None;
    }
    let close = program.method(value, "Close")?;
    let signature = program.func_type(close.signature)?;
    if effort::releases_nothing(module, value) {
        return None;
    }
    released_by(program, signature, "Close")
}

/// What is owed by convention where a method of this name and signature releases: one that is told nothing, or a context alone.
pub(super) fn released_by(
    program: &Program,
    signature: &Signature,
    name: &str,
) -> Option<Contract> {
    let arguments = match *signature.params {
        [] => "",
        [only] if program.is_named(only, "context.Context") => "context.Background()",
        _ => return None,
    };
    (signature.results.len() <= 1).then(|| Contract {
        harm: Harm {
            memory: true,
            ..Harm::default()
        },
        ..Contract::of(
            Release {
                arguments: arguments.to_owned(),
                returns_error: effort::tells_error(program, signature),
                ..Release::method(name)
            },
            Confidence::Likely,
            Origin::Convention,
        )
    })
}
