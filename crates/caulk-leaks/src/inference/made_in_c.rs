//! What wraps a value that C made: its release method gives that back to C, and no collector does.

use caulk_program::{BodyOwner, FuncId, TypeId};

use crate::body::Function;
use crate::contract::{Contract, Origin, Release};
use crate::finding::{Confidence, Harm};
use crate::inference::effort;
use crate::inference::provenance::{self, Provenance};
use crate::module::{Module, Reach};

/// What the names say of functions in C that make something.
const MAKES: &[&str] = &[
    "new", "create", "open", "init", "alloc", "dup", "connect", "load", "make",
];

/// What functions of the runtime have the collector release.
const COLLECTED: &[&str] = &["runtime.SetFinalizer", "runtime.AddCleanup"];

/// What a function of the project owes for what it makes by calls of C, where the type has a method that frees by such a call.
pub(crate) fn contract(
    module: &Module<'_>,
    id: FuncId,
    types: &[TypeId],
    reach: Reach,
) -> Option<Contract> {
    let program = module.program;
    let value = *types.first()?;
    let named = program.named_of(value)?;
    if *named.package != *program.package(id.package).path() {
        return None;
    }
    let release = effort::release_method(module, value)?;
    let signature = program.func_type(program.signature(release))?;
    let frees = module
        .function(BodyOwner::Func(release))
        .is_some_and(|release| calls(&release).iter().any(|name| name.starts_with("C.")));
    let maker = module.function(BodyOwner::Func(id)).filter(|_| frees)?;
    let called = calls(&maker);
    let makes = called.iter().any(|name| {
        let name = name.strip_prefix("C.").map(str::to_ascii_lowercase);
        name.is_some_and(|name| MAKES.iter().any(|verb| name.contains(verb)))
    });
    let is_collected = called.iter().any(|name| COLLECTED.contains(&name.as_str()));
    if !signature.params.is_empty()
        || !makes
        || is_collected
        || provenance::of_result(module, id, 0, reach) == Provenance::Foreign
    {
        return None;
    }
    let returns_error = effort::tells_error(program, signature);
    Some(Contract {
        harm: Harm {
            memory: true,
            ..Harm::default()
        },
        cost: "what C has allocated for it, which no collector frees".to_owned(),
        ..Contract::of(
            Release {
                returns_error,
                ..Release::method(&program.func(release)?.name)
            },
            Confidence::Certain,
            Origin::Source([].into()),
        )
    })
}

/// The names of the functions that a function calls.
fn calls(function: &Function) -> Vec<String> {
    let calls = function.info().calls();
    let functions = calls.iter().filter_map(|(_, callee)| callee.func());
    functions.map(|func| func.name.to_string()).collect()
}
