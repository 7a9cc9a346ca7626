//! Iterators behind an interface of the project: whoever is given one closes it, as long as one of those who implement it frees
//! something when it is closed.

use caulk_program::{BodyOwner, Builtin, Callee, FuncId, PackageId, TypeId};
use smol_str::SmolStr;

use crate::contract::{Contract, ErrorAt, Origin, Release, is_release_name};
use crate::finding::{Confidence, Harm};
use crate::module::Module;

/// How the names end of what is made for each who asks: it stands somewhere.
pub(crate) const STANDS_SOMEWHERE: &[&str] = &["Iterator", "Iter", "Cursor", "Rows", "Scanner"];

/// What a call from a package owes by the types of its results: an iterator, alone or beside an error.
pub(crate) fn contract(
    module: &Module<'_>,
    package: PackageId,
    types: &[TypeId],
) -> Option<Contract> {
    let program = module.program;
    let (value, error) = match *types {
        [value] => (value, ErrorAt::Never),
        [value, error] if crate::types::is_error(program, error) => (value, ErrorAt::Last),
        _ => return None,
    };
    let named = program.named_of(value)?;
    let is_iterator = program.is_interface(value)
        && named.is_loaded()
        && !crate::types::is_std_path(&named.package)
        && STANDS_SOMEWHERE
            .iter()
            .any(|noun| named.name.ends_with(noun));
    let close = program.method(value, "Close").filter(|_| is_iterator)?;
    let signature = program.func_type(close.signature)?;
    if !signature.params.is_empty() {
        return None;
    }
    let name = SmolStr::new_static("Close");
    let mut behind = module.implementers(package, value, &[], &name).into_iter();
    let frees = behind.any(|(build, id)| {
        build.is_own(id) && !crate::sites::stand_in::declares(build, id) && frees(build, id, value)
    });
    frees.then(|| Contract {
        error,
        harm: Harm {
            memory: true,
            ..Harm::default()
        },
        ..Contract::of(
            Release {
                returns_error: !signature.results.is_empty(),
                ..Release::method("Close")
            },
            Confidence::Likely,
            Origin::Convention,
        )
    })
}

/// Whether a method that closes an iterator lets go of something else than another of its kind.
fn frees(module: &Module<'_>, id: FuncId, kind: TypeId) -> bool {
    let Some(function) = module.function(BodyOwner::Func(id)) else {
        return false;
    };
    let calls = function.info().calls();
    calls.iter().any(|(_, callee)| match callee {
        Callee::Builtin(builtin) => *builtin == Builtin::Close,
        Callee::Interface { iface, .. } if *iface == kind => false,
        callee => is_release_name(crate::types::last_name(callee)),
    })
}
