//! Goroutines that stay for ever.

mod asked;
pub(crate) mod blocked;
mod deaf;
pub(crate) mod endless;
mod fed;
pub(crate) mod found;
pub(crate) mod published;
mod run;
mod single;
mod staying;
mod stopped;

use caulk_syntax::Node;

use crate::body::Function;
use crate::body::runs::{fires, starts_argument};
use crate::module::Module;
pub(crate) use run::context_of;
use run::{Body, Run, asks_context, is_given_context, path};

/// The goroutines that a body starts, by `go` or by a group of them, each with what it runs; all of the body's own package,
/// since the fields of its types can be told apart.
fn started(module: &Module<'_>, function: &Function) -> Vec<(Node, Run)> {
    let tree = function.tree();
    let by_go = function.starts(module.program).iter().copied();
    let mut found: Vec<(Node, Run)> = by_go
        .filter_map(|(stmt, call)| Some((stmt.into(), Run::in_package(module, function, call)?)))
        .collect();
    let calls = function.info().calls();
    found.extend(calls.iter().filter_map(|(call, _)| {
        let task = match starts_argument(module, function, *call) {
            true => *tree.arguments(*call).first()?,
            false => fires(function, *call)?,
        };
        Some((Node::Expr(*call), Run::of_value(module, function, task)?))
    }));
    found
}
