//! What a caller may believe of a function: what it does with a parameter.

use std::sync::Arc;

use caulk_program::{BodyOwner, FuncId};

use crate::body::Function;
use crate::contract::Release;
use crate::engine::{FieldPath, Lost, Outcomes, Run, Start, Value};
use crate::finding::SettledBy;
use crate::module::{Module, Reach};

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
    pub field: Option<FieldPath>,
    /// How many fields down the path of the release the value is.
    pub depth: usize,
    /// The parameter that is passed the error of the acquisition: `decode(client.Do(q))`.
    pub error: Option<usize>,
    pub release: Arc<Release>,
    pub reach: Reach,
    /// Whether the calls that lead back to the function that is followed are taken for ones that do not return.
    pub apart: bool,
}

/// What a function does with a resource that is passed to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ParamEffect {
    /// Uses it during the call.
    Borrows,
    /// The same, and reads it to its end, where its error result is nil at least.
    Drains { on_error: bool },
    /// Releases it on every path that returns.
    Closes,
    /// Takes it over in another way.
    Keeps(SettledBy),
    /// Releases it on some paths, and does not say on which.
    ClosesSometimes,
    /// Releases it where its error result is nil.
    ClosesOnSuccess,
    /// Releases it nowhere but where its error result is not nil, perhaps not each time.
    ClosesOnFailure,
    /// Leaves it open on some of the paths on which its error result is not nil; what becomes of it on the others is not known,
    /// for this reason, or it is released on some of them.
    LeavesOnFailure { why: Arc<str>, releases: bool },
    /// Returns it, or what holds it or reads from it, as this result; where its error result is not nil it may have
    /// released it instead.
    Returns {
        result: usize,
        value: Value,
        closes_on_failure: bool,
        /// Where its error result is not nil it leaves it to the caller.
        leaves_on_failure: bool,
        /// On some path this result merely reads from it or writes to it: `gzip.NewWriter(f)`, which does not close the file.
        wrapped_on_some: bool,
    },
    /// The callee calls back to the caller.
    Recursive,
    /// Never returns with it.
    NeverReturns,
    /// Returns on some path and has left it open there; what becomes of it on the others is not known, for this reason.
    LeavesSometimes(Arc<str>),
    /// Keeps it on some path, releases it on some, and returns on some with neither. Nobody is told which: the function has no result.
    KeptOrLeft,
    /// Not known.
    Unknown(Arc<str>),
}

impl ParamEffect {
    /// Whether it is none that is known only to use it.
    pub fn may_end(&self) -> bool {
        !matches!(
            self,
            ParamEffect::Borrows | ParamEffect::Drains { .. } | ParamEffect::NeverReturns
        )
    }
}

/// Follows a parameter through a function.
pub(crate) fn param_effect(module: &Module<'_>, query: &ParamQuery) -> ParamEffect {
    let Some(function) = module.function(BodyOwner::Func(query.func)) else {
        return ParamEffect::Unknown(Arc::from("its body is not in Go"));
    };
    let Some(mut outcomes) = param_outcomes(module, &function, query) else {
        return ParamEffect::Borrows;
    };
    // A body of which reading has failed is over, as one that is read to its end.
    if !query.release.path().is_empty() && !outcomes.released.is_empty() {
        outcomes
            .owed
            .retain(|lost| !lost.drained || lost.error != Some(true));
    }
    match effect_of(&outcomes) {
        // What a method does with its own value is seldom the end of it.
        ParamEffect::Unknown(why)
            if query.param != Param::Receiver && is_left(&function, &outcomes) =>
        {
            ParamEffect::LeavesSometimes(why)
        }
        ParamEffect::Unknown(_)
            if query.param != Param::Receiver && is_kept_or_left(&function, &outcomes) =>
        {
            ParamEffect::KeptOrLeft
        }
        ParamEffect::Unknown(why)
            if (query.param != Param::Receiver || query.field.is_some())
                && is_left_where_it_fails(module, &function, &outcomes) =>
        {
            let releases = outcomes.settled.is_some() || !outcomes.released.is_empty();
            ParamEffect::LeavesOnFailure { why, releases }
        }
        ParamEffect::ClosesSometimes if is_done_already(module, &function, query, &outcomes) => {
            ParamEffect::Closes
        }
        effect => effect,
    }
}

/// Whether a method that releases what it is of, as its name says, leaves it only where that says itself that there is nothing to do.
fn is_done_already(
    module: &Module<'_>,
    function: &Function,
    query: &ParamQuery,
    outcomes: &Outcomes,
) -> bool {
    let func = module.program.func(query.func);
    query.param == Param::Receiver
        && func.is_some_and(|func| crate::contract::is_release_name(&func.name))
        && function
            .info()
            .receiver()
            .is_some_and(|receiver| super::own_flag::decides(function, receiver, &outcomes.owed))
}

/// Whether some path certainly leaves a parameter open, and the caller cannot be told: the function has no result. Which one is
/// taken its dynamic type does not decide where none releases it.
fn is_left(function: &Function, outcomes: &Outcomes) -> bool {
    let released = !outcomes.released.is_empty() || outcomes.settled.is_some();
    let known = outcomes.unknown.is_some() && !(outcomes.asserted && released);
    known && function.results(None).is_empty() && outcomes.owed.iter().any(|exit| !exit.unlikely)
}

fn is_kept_or_left(function: &Function, outcomes: &Outcomes) -> bool {
    outcomes.unknown.is_none()
        && !outcomes.asserted
        && outcomes.settled.is_some()
        && !outcomes.released.is_empty()
        && function.results(None).is_empty()
        && outcomes.owed.iter().any(|exit| !exit.unlikely)
}

/// Whether some path certainly leaves a parameter open where the function gives an error, as the exits above whatever is not known
/// of it do.
fn is_left_where_it_fails(module: &Module<'_>, function: &Function, outcomes: &Outcomes) -> bool {
    outcomes.unknown.is_some()
        && !outcomes.asserted
        && function.error_result(module.program, None).is_some()
        && outcomes
            .owed
            .iter()
            .any(|exit| exit.error == Some(true) && !exit.unlikely)
}

/// Whether a function, a release method as a rule, releases a parameter or a field of it on some path: on the others
/// there is nothing to release, or it failed.
pub(crate) fn may_release(module: &Module<'_>, query: &ParamQuery) -> bool {
    match module.effect(query.clone()) {
        ParamEffect::Closes | ParamEffect::ClosesOnSuccess => true,
        ParamEffect::Unknown(_) | ParamEffect::LeavesOnFailure { .. } => {
            let function = module.function(BodyOwner::Func(query.func));
            function
                .and_then(|function| param_outcomes(module, &function, query))
                .is_some_and(|outcomes| !outcomes.released.is_empty())
        }
        _ => false,
    }
}

/// Whether a function releases a parameter or a field of it wherever it does not fail. One that gives it to whoever asks does not,
/// although there is nothing to release where it finds none.
pub(crate) fn releases_if_it_succeeds(module: &Module<'_>, query: &ParamQuery) -> bool {
    let outcomes = module
        .function(BodyOwner::Func(query.func))
        .and_then(|function| param_outcomes(module, &function, query));
    outcomes.is_some_and(|outcomes| {
        outcomes.by_hand
            && outcomes.settled.is_none()
            && outcomes.returned.is_none()
            && outcomes.unknown.is_none()
            && outcomes.owed.iter().all(|exit| exit.error == Some(true))
    })
}

/// What becomes of a parameter; none where the function does not name it.
fn param_outcomes(
    module: &Module<'_>,
    function: &Function,
    query: &ParamQuery,
) -> Option<Outcomes> {
    let info = function.info();
    let local = match query.param {
        Param::Receiver => info.receiver(),
        Param::At(index) => info.params().get(index).or(info.params().last()).copied(),
    }?;
    let name = &info.local_info(local)?.name;
    if name.is_empty() || name == "_" {
        return None;
    }
    let start = || Start::Param {
        local,
        field: query.field.clone(),
        depth: query.depth,
        error: query
            .error
            .and_then(|index| info.params().get(index).copied()),
        untested: false,
    };
    let run = || Run::new(module, function, None, query.reach, &query.release, None);
    let outcomes = run().outcomes(start());
    // Each of its paths leads through a function that leads back to it.
    if outcomes.calls_back && !query.apart && effect_of(&outcomes) == ParamEffect::NeverReturns {
        return Some(run().round().outcomes(start()));
    }
    Some(outcomes)
}

fn effect_of(outcomes: &Outcomes) -> ParamEffect {
    let Outcomes {
        owed,
        released,
        settled,
        returned,
        unknown,
        viewed,
        asserted,
        by_hand,
        not_copied,
        ends_with_returned,
        ..
    } = outcomes;
    if let Some((why, _)) = unknown {
        return ParamEffect::Unknown(Arc::clone(why));
    }
    let closes = !released.is_empty() || settled.is_some();
    if let Some((result, value)) = returned {
        let (result, value) = (*result, value.clone());
        // The paths that do not return it end in an error, of which the caller learns.
        let closes_on_failure =
            closes && settled.is_none() && released.iter().all(|error| *error == Some(true));
        let leaves_on_failure = !closes
            && owed.iter().any(|exit| !exit.unlikely)
            && owed.iter().all(|exit| exit.error == Some(true));
        return if closes && !closes_on_failure {
            ParamEffect::Unknown(Arc::from("it is returned on some paths only"))
        } else {
            ParamEffect::Returns {
                result,
                value,
                closes_on_failure,
                leaves_on_failure,
                wrapped_on_some: *viewed == Some(result)
                    && !closes
                    && owed
                        .iter()
                        .any(|exit| exit.error != Some(true) && !exit.unlikely),
            }
        };
    }
    match (owed.is_empty(), closes) {
        (true, true) => match settled {
            Some((how, _)) if released.is_empty() => ParamEffect::Keeps(*how),
            _ => ParamEffect::Closes,
        },
        (true, false) => ParamEffect::NeverReturns,
        // Rows that are stepped to their end where there are none, and are open where one was found.
        (false, true) if !*by_hand && settled.is_none() => ParamEffect::Borrows,
        (false, false) => match viewed {
            Some(result) => ParamEffect::Returns {
                result: *result,
                value: Value::View,
                closes_on_failure: false,
                leaves_on_failure: false,
                wrapped_on_some: false,
            },
            None if *ends_with_returned => ParamEffect::ClosesOnFailure,
            None => drains(owed, *not_copied),
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
            } else if *asserted {
                ParamEffect::Unknown(Arc::from("its dynamic type decides whether it is released"))
            } else if released_with_error && settled.is_none() {
                ParamEffect::ClosesOnFailure
            } else if owed.iter().all(|exit| exit.error.is_none()) && settled.is_none() {
                ParamEffect::ClosesSometimes
            } else if settled.is_none()
                && owed
                    .iter()
                    .any(|exit| exit.error == Some(true) && !exit.unlikely)
            {
                ParamEffect::LeavesOnFailure {
                    why: Arc::from("it is released on some paths only"),
                    releases: true,
                }
            } else {
                ParamEffect::Unknown(Arc::from("it is released on some paths only"))
            }
        }
    }
}

/// What a function does that leaves what it is passed to the caller.
fn drains(owed: &[Lost], not_copied: bool) -> ParamEffect {
    let (failing, others): (Vec<&Lost>, Vec<&Lost>) =
        owed.iter().partition(|lost| lost.error == Some(true));
    let all = |paths: &[&Lost]| paths.iter().all(|lost| lost.drained);
    // What makes an error of an answer, which it reads, never returns without one.
    let usual = if others.is_empty() { &failing } else { &others };
    if usual.is_empty() || !all(usual) {
        return ParamEffect::Borrows;
    }
    ParamEffect::Drains {
        on_error: all(&failing) && !not_copied,
    }
}

/// Whether a function returns only where the parameter, an error, is nil.
pub(crate) fn asserts_nil(module: &Module<'_>, func: FuncId, index: usize, reach: Reach) -> bool {
    let Some(function) = module.function(BodyOwner::Func(func)) else {
        return false;
    };
    let Some(local) = function.info().params().get(index).copied() else {
        return false;
    };
    let release = Arc::new(Release::default());
    let outcomes =
        Run::new(module, &function, None, reach, &release, None).outcomes(Start::Error { local });
    !outcomes.owed.is_empty() && !outcomes.returns_with_error && outcomes.unknown.is_none()
}
