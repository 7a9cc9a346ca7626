//! Calls of function literals of the same body, mostly by the variable that holds one: what a literal acquires and returns is owed
//! where it is called.

use std::sync::Arc;

use caulk_program::Callee;
use caulk_syntax::ExprId;

use super::Site;
use crate::body::Function;
use crate::body::runs::literal_of;
use crate::engine::Verdict;
use crate::inference::owned::{Given, given};
use crate::module::{Module, Reach};

/// The calls that get what a literal of the body acquires, as its acquisitions were followed.
pub(super) fn sites(
    module: &Module<'_>,
    function: &Function,
    reach: Reach,
    followed: &[(Site, Verdict)],
) -> Vec<Site> {
    let returned: Vec<(ExprId, Arc<crate::contract::Contract>)> = followed
        .iter()
        .filter_map(|(site, verdict)| {
            let literal = site.root?;
            match given(module, function, site, verdict, reach) {
                Given::Owed(contract) => Some((literal, Arc::new(*contract))),
                Given::SeenTo | Given::Nothing => None,
            }
        })
        .collect();
    if returned.is_empty() {
        return Vec::new();
    }
    let mut sites: Vec<Site> = Vec::new();
    for (call, callee) in function.info().calls() {
        let (name, literal) = match callee {
            Callee::Local(local) => {
                let info = function.info().local_info(*local);
                let name = info.map(|info| info.name.to_string());
                (name.unwrap_or_default(), literal_of(function, *local))
            }
            Callee::Literal(literal) => ("the function".to_owned(), Some(*literal)),
            _ => continue,
        };
        let is_known = followed.iter().any(|(site, _)| site.call == call);
        if is_known || function.is_started(call) || function.is_deferred(call) {
            continue;
        }
        for (_, contract) in returned.iter().filter(|(of, _)| Some(*of) == literal) {
            let results = super::result_count(module, function, call);
            for &result in &contract.results {
                if sites
                    .iter()
                    .any(|site| site.call == call && site.result == result)
                {
                    continue;
                }
                sites.push(Site {
                    call,
                    result,
                    results,
                    error: contract.error.index(results),
                    release: Arc::new(contract.release.clone()),
                    root: function.root_of(call),
                    acquired_by: name.clone(),
                    type_name: contract.type_name.clone(),
                    contract: Arc::clone(contract),
                    argument: None,
                });
            }
        }
    }
    sites
}
