//! What the release method of a type does, as far as its calls tell.

use caulk_program::{BodyOwner, Builtin, Callee, FuncId, Program, Signature, TypeId};
use caulk_syntax::ExprId;

use crate::body::Function;
use crate::contract::{RELEASE_METHODS, is_release_name};
use crate::module::Module;

/// The method of a type that releases it.
pub(super) fn release_method(module: &Module<'_>, ty: TypeId) -> Option<FuncId> {
    RELEASE_METHODS
        .iter()
        .find_map(|name| module.program.method(ty, name))
        .filter(|method| !method.of_interface && method.through.is_empty())
        .and_then(|method| method.func.id)
}

/// Whether what a release gives first is an error.
pub(super) fn tells_error(program: &Program, signature: &Signature) -> bool {
    let first = signature.results.first();
    first.is_some_and(|ty| crate::types::is_error(program, *ty))
}

/// Whether a type has a release in the source, and that ends or frees something.
pub(crate) fn frees(module: &Module<'_>, ty: TypeId) -> bool {
    release_method(module, ty)
        .is_some_and(|release| efforts(module, release).contains(&Effort::Releases))
}

/// Whether a type has a release in the source, its own or an embedded type's, and that calls nothing.
pub(crate) fn releases_nothing(module: &Module<'_>, ty: TypeId) -> bool {
    let program = module.program;
    let mut names = RELEASE_METHODS.iter();
    names
        .find_map(|name| program.method(ty, name))
        .filter(|method| !method.of_interface)
        .and_then(|method| method.func.id)
        .is_some_and(|release| calls_nothing(module, release))
}

/// Whether a method in the source neither ends, frees nor writes anything, nor calls what may.
pub(crate) fn calls_nothing(module: &Module<'_>, method: FuncId) -> bool {
    efforts(module, method).is_empty()
}

/// How many methods of a value, one called by the other, are looked into for what its release does.
const EFFORT_DEPTH: u8 = 2;

/// What a release method does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effort {
    /// It ends or frees something.
    Releases,
    /// It writes what was kept back.
    Writes,
    Unknown,
}

/// What a release method does, by each of its calls.
pub(super) fn efforts(module: &Module<'_>, id: FuncId) -> Vec<Effort> {
    efforts_within(module, id, EFFORT_DEPTH)
}

fn efforts_within(module: &Module<'_>, id: FuncId, depth: u8) -> Vec<Effort> {
    let Some(function) = module.function(BodyOwner::Func(id)) else {
        return vec![Effort::Unknown];
    };
    let effort = |callee: &Callee| match callee {
        Callee::Builtin(Builtin::Close) => Some(Effort::Releases),
        Callee::Builtin(_) | Callee::Conversion(_) => None,
        Callee::Field { .. } | Callee::Local(_) | Callee::Value => Some(Effort::Releases),
        callee => {
            match crate::types::last_name(callee) {
                // It makes another where it has none.
                "Put"
                    if callee
                        .func()
                        .is_some_and(|func| &*func.name == "sync.Pool.Put") =>
                {
                    None
                }
                "Write" | "Flush" | "WriteTo" => Some(Effort::Writes),
                "Kill" | "Wait" => Some(Effort::Releases),
                "Lock" | "Unlock" | "New" | "Errorf" | "Printf" | "Println" => None,
                name if is_release_name(name) || gives_back(name) => Some(Effort::Releases),
                _ => Some(Effort::Unknown),
            }
        }
    };
    // Another method of the same value does it: `w.reset()`.
    let own_efforts = |callee: &Callee| {
        let depth = depth.checked_sub(1)?;
        let of_value = function.local(callee.receiver()?) == function.info().receiver();
        let id = callee.func().and_then(|func| func.id);
        id.filter(|_| of_value && matches!(callee, Callee::Method { .. }))
            .map(|id| efforts_within(module, id, depth))
    };
    let calls = function.info().calls();
    calls
        .iter()
        .filter_map(|(_, callee)| {
            let effort = effort(callee)?;
            let receiver = callee.receiver();
            let is_own = receiver.is_some_and(|x| is_made_here(module, &function, x));
            (!is_own).then(|| own_efforts(callee).unwrap_or_else(|| vec![effort]))
        })
        .flatten()
        .collect()
}

/// Whether a variable holds only what a function made for the time that a method runs: `out, err := armor.Encode(w.buf)`.
fn is_made_here(module: &Module<'_>, function: &Function, expr: ExprId) -> bool {
    let Some(local) = function.local(expr) else {
        return false;
    };
    let given = function.definitions(module.program, local);
    !given.is_empty()
        && given.iter().all(|(value, _)| {
            value.is_some_and(|value| matches!(function.callee(value), Callee::Static(_)))
        })
}

/// Whether a name says that something goes back to a pool: `Put`, `freeBuffer`.
fn gives_back(name: &str) -> bool {
    ["Put", "put", "Free", "free", "Recycle", "recycle"]
        .iter()
        .any(|prefix| name.starts_with(prefix))
}
