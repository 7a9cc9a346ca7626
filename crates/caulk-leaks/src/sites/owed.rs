//! What a call owes, by all that is known of whom it calls.

use caulk_program::{BodyOwner, Callee, FuncId, FuncRef, Program, Type, TypeId};
use caulk_syntax::{Descend, ExprId, ExprKind, Node, StmtKind};
use smol_str::SmolStr;

use super::stand_in;
use crate::body::Function;
use crate::catalogue::Catalogue;
use crate::contract::{Contract, ErrorAt, Origin};
use crate::finding::Confidence;
use crate::inference::convention::Looks;
use crate::inference::provenance::Provenance;
use crate::module::{Followed, Module, Reach};

/// A call, or a function as it would be called.
pub(crate) struct Called<'a> {
    pub func: &'a FuncRef,
    /// Whether it is a method of an interface.
    pub of_interface: bool,
    /// Types of its results.
    pub types: &'a [TypeId],
    /// How many results it has.
    pub count: usize,
    /// How far the function that calls it is followed, and which that is.
    pub reach: Reach,
    pub caller: Option<FuncId>,
}

/// What a call owes, as `caller` is known to call it.
pub(super) fn contracts_of_call(
    module: &Module<'_>,
    function: &Function,
    reach: Reach,
    (call, callee): (ExprId, &Callee),
    count: usize,
    caller: Option<FuncId>,
) -> Vec<Contract> {
    let Some(func) = callee.func() else {
        // Which function the value is cannot be seen; its results can.
        if crate::inference::convention::is_free_field(module, function, callee)
            || crate::inference::convention::is_dropped(function, call)
        {
            return Vec::new();
        }
        let types = crate::types::results(module.program, function.info().type_of(call));
        if let Some(contract) = by_result_type(module.program, module.catalogue, &types) {
            return vec![contract.clone()];
        }
        let looks_like = || {
            let ty = function.info().type_of(call);
            ty.is_unknown()
                .then(|| crate::inference::convention::looks_like(module, function, call))
                .flatten()
                .filter(|looks| matches!(looks, Looks::Rows | Looks::Answer | Looks::Watch))
        };
        let mut owed = crate::inference::convention::of_types(module, &types, &looks_like);
        if owed.is_empty() {
            owed.extend(crate::inference::own_use::contract_of_unknown(
                module, function, call, callee, count,
            ));
        }
        if owed.is_empty() && !crate::inference::convention::is_looked_up(function, call) {
            owed.extend(of_makers(module.program, module.catalogue, &types));
        }
        owed.retain(|contract| {
            !crate::inference::convention::is_unlikely(module, function, call, contract)
        });
        return owed;
    };
    let called = Called {
        func,
        of_interface: matches!(callee, Callee::Interface { .. }),
        types: &types_of_results(module, function, call, count),
        count,
        reach,
        caller,
    };
    let (package, name) = crate::types::split_name(module.program, func);
    if module.catalogue.free_entry(package, name).is_some()
        && module.catalogue.contract(package, name).is_none()
    {
        return Vec::new();
    }
    let mut contracts = known_contracts(module, function, reach, call, callee, &called);
    if contracts.is_empty() {
        let told = crate::inference::habit::contract(module, function, call, &called)
            .filter(|_| !is_cached_behind(module, function, callee))
            .or_else(|| by_subscription(module, function, &called))
            .or_else(|| crate::inference::own_use::contract(module, function, call, &called))
            .or_else(|| {
                crate::inference::habit::contract_of_type(module, function, call, &called)
                    .filter(|_| !is_kept_behind(module, function, callee, &called))
            })
            .or_else(|| {
                crate::inference::habit::contract_giving_up(module, function, call, &called)
                    .filter(|_| !is_cached_behind(module, function, callee))
            })
            .or_else(|| {
                iterator(module, function, &called)
                    .filter(|_| !is_kept_behind(module, function, callee, &called))
            })
            .or_else(|| {
                of_makers(module.program, module.catalogue, called.types)
                    .filter(|_| called.of_interface && says_that_it_makes(name))
                    .or_else(|| crate::inference::convention::of_files(module, &called))
                    .filter(|_| !is_kept_behind(module, function, callee, &called))
            });
        return told
            .into_iter()
            .filter(|contract| {
                !crate::inference::convention::is_unlikely(module, function, call, contract)
            })
            .collect();
    }
    if &*func.name == "io.Pipe" {
        contracts.extend(crate::inference::piped::read_end(module, function, call));
    }
    contracts
}

/// The types of the results of a call. Where they are not known, and it is passed one function that gives as many, and an error
/// last, it gives what that does: `retry.Do(func() (*http.Response, error) { … })`.
fn types_of_results(
    module: &Module<'_>,
    function: &Function,
    call: ExprId,
    count: usize,
) -> Vec<TypeId> {
    let (program, info) = (module.program, function.info());
    let results = crate::types::results(program, info.type_of(call));
    let ExprKind::Call { args, .. } = function.tree().expr(call).kind else {
        return results;
    };
    if count < 2 || !info.type_of(call).is_unknown() {
        return results;
    }
    let gives = |arg: &ExprId| {
        let given = &program.func_type(info.type_of(*arg))?.results;
        let fails = crate::types::is_error(program, *given.last()?);
        (given.len() == count && fails).then(|| given.to_vec())
    };
    let mut given = function.tree().exprs(args).iter().filter_map(gives);
    match (given.next(), given.next()) {
        (Some(only), None) => only,
        _ => results,
    }
}

/// Whether those behind an interface go on keeping what they give, whatever others of the program do with it.
fn is_kept_behind(
    module: &Module<'_>,
    function: &Function,
    callee: &Callee,
    called: &Called<'_>,
) -> bool {
    matches!(callee, Callee::Interface {
        iface,
        name,
        through,
        ..
    } if gives_what_is_kept(module, function, called.reach, *iface, through, name))
}

/// Whether all who implement the method of an interface put what they give into a field first, and give it from there: it is
/// there for the next who asks, whatever others of the program do with it.
fn is_cached_behind(module: &Module<'_>, function: &Function, callee: &Callee) -> bool {
    let Callee::Interface {
        iface,
        name,
        through,
        ..
    } = callee
    else {
        return false;
    };
    let mut behind = own_implementers(module, function, *iface, through, name).peekable();
    behind.peek().is_some()
        && behind.all(|(build, id)| {
            let method = build.function(BodyOwner::Func(id));
            method.is_some_and(|method| gives_field(&method))
        })
}

/// Whether a method returns a field of its receiver that it assigns.
fn gives_field(function: &Function) -> bool {
    let (tree, info) = (function.tree(), function.info());
    let Some(graph) = function.graph(None) else {
        return false;
    };
    let field = |expr: ExprId| match tree.expr(expr).kind {
        ExprKind::Selector { x, sel }
            if info.receiver().is_some() && function.local(x) == info.receiver() =>
        {
            Some(tree.name(sel))
        }
        _ => None,
    };
    let (mut assigned, mut given) = (Vec::new(), Vec::new());
    tree.walk(graph.body, |node| match node {
        Node::Stmt(stmt) => {
            match tree.stmt(stmt).kind {
                StmtKind::Assign { lhs, .. } => {
                    assigned.extend(tree.exprs(lhs).iter().filter_map(|left| field(*left)));
                }
                StmtKind::Return(list) => {
                    given.extend(tree.exprs(list).first().and_then(|first| field(*first)));
                }
                _ => {}
            }
            Descend::Into
        }
        Node::Expr(_) => Descend::Skip,
    });
    given.iter().any(|field| assigned.contains(field))
}

/// What a function of the project owes for an iterator, outside of tests, unless its source shows that it holds nothing. One
/// over what it is given may end with that.
fn iterator(module: &Module<'_>, function: &Function, called: &Called<'_>) -> Option<Contract> {
    let program = module.program;
    let contract = crate::inference::iterators::contract(module, function.package, called.types)?;
    let id = called.func.id.filter(|_| !called.of_interface);
    let holds_nothing = |id: FuncId| {
        let wraps = |ty: &TypeId| crate::types::has_release(program, *ty);
        let signature = program.func_type(program.signature(id));
        let origin = match module.follows(called.reach, called.caller, id) {
            Followed::Yes(reach) => crate::inference::provenance::of_result(module, id, 0, reach),
            Followed::Recursive | Followed::No => Provenance::Nothing,
        };
        let is_lent = origin == Provenance::Foreign
            && called.types.len() == 1
            && !crate::inference::provenance::is_literal(module, id, 0);
        matches!(
            origin,
            Provenance::Nothing | Provenance::Idle | Provenance::Unfinished
        ) || is_lent
            || signature.is_none_or(|signature| signature.params.iter().any(wraps))
    };
    (!crate::in_test::is_in_test(module, function) && !id.is_some_and(holds_nothing))
        .then_some(contract)
}

/// What a subscription owes by its name, outside of tests, unless the catalogue says that it owes nothing.
fn by_subscription(
    module: &Module<'_>,
    function: &Function,
    called: &Called<'_>,
) -> Option<Contract> {
    let (package, name) = crate::types::split_name(module.program, called.func);
    if crate::in_test::is_in_test(module, function)
        || module.catalogue.free_entry(package, name).is_some()
    {
        return None;
    }
    crate::inference::convention::of_subscription(module, called)
}

/// What a call owes by what is known of whom it calls.
fn known_contracts(
    module: &Module<'_>,
    function: &Function,
    reach: Reach,
    call: ExprId,
    callee: &Callee,
    called: &Called<'_>,
) -> Vec<Contract> {
    let ty = function.info().type_of(call);
    let mut contracts = contracts_of(module, called, &|| {
        ty.is_unknown()
            .then(|| crate::inference::convention::looks_like(module, function, call))
            .flatten()
    });
    contracts.retain(|contract| {
        can_be_released(module, function, called.types, contract)
            && !crate::inference::convention::is_unlikely(module, function, call, contract)
    });
    if contracts.iter().any(|contract| contract.origin.is_guess())
        && is_kept_behind(module, function, callee, called)
    {
        return Vec::new();
    }
    if contracts.is_empty()
        && let Callee::Interface {
            iface,
            name,
            through,
            ..
        } = callee
    {
        if crate::inference::registered::gives(module.catalogue, name) {
            return crate::inference::registered::of_implementers(
                module, function, *iface, through, name,
            );
        }
        let mut behind = of_implementers(module, function, reach, *iface, through, name);
        behind.retain(|contract| {
            has_release(module, called.types, contract)
                && !crate::inference::convention::is_unlikely(module, function, call, contract)
        });
        return behind;
    }
    contracts
}

/// Whether a function can release what is owed, or loses it for want of a way to: that matters to no test.
fn can_be_released(
    module: &Module<'_>,
    function: &Function,
    types: &[TypeId],
    contract: &Contract,
) -> bool {
    match contract.unreleasable {
        true => !crate::in_test::is_in_test(module, function),
        false => can_name_release(module, function, types, contract),
    }
}

/// Whether a function can name the field whose release is owed: those of other packages see exported ones alone.
fn can_name_release(
    module: &Module<'_>,
    function: &Function,
    types: &[TypeId],
    contract: &Contract,
) -> bool {
    let program = module.program;
    let Some(field) = contract.release.path().first() else {
        return true;
    };
    let result = contract
        .results
        .first()
        .and_then(|result| types.get(*result));
    let declared = result.and_then(|ty| program.named_of(program.deref(*ty)));
    let own = program.package(function.package).path();
    caulk_syntax::is_exported(field) || declared.is_none_or(|named| &*named.package == own)
}

/// Whether all in the project who implement a method give what they go on keeping: an entry of a map, what a field holds.
fn gives_what_is_kept(
    module: &Module<'_>,
    function: &Function,
    reach: Reach,
    iface: TypeId,
    through: &[SmolStr],
    name: &SmolStr,
) -> bool {
    let Some(reach) = reach.one_less() else {
        return false;
    };
    let mut origins = Vec::new();
    for (build, id) in own_implementers(module, function, iface, through, name) {
        // What it acquires may hold something of another's.
        if !build.results(id, reach).contracts.is_empty() {
            return false;
        }
        origins.push(crate::inference::provenance::of_result(build, id, 0, reach));
    }
    origins.contains(&Provenance::Foreign)
        && origins.iter().all(|origin| {
            matches!(
                origin,
                Provenance::Foreign | Provenance::Idle | Provenance::Nothing
            )
        })
}

/// Those in the project who implement a method of an interface, each in its build; what tests and generators make to stand in
/// for them does not count.
fn own_implementers<'m, 'p>(
    module: &'m Module<'p>,
    function: &Function,
    iface: TypeId,
    through: &[SmolStr],
    name: &SmolStr,
) -> impl Iterator<Item = (&'m Module<'p>, FuncId)> {
    let all = module.implementers(function.package, iface, through, name);
    all.into_iter()
        .filter(|(build, id)| build.is_own(*id) && !stand_in::declares(build, *id))
}

/// What a method of an interface of the project owes: whoever calls it does not know which of those who implement it answers, so
/// that what one gives is owed, unless another gives what is not the caller's, or more of them do what is not known.
fn of_implementers(
    module: &Module<'_>,
    function: &Function,
    reach: Reach,
    iface: TypeId,
    through: &[SmolStr],
    name: &SmolStr,
) -> Vec<Contract> {
    let mut agreed: Option<Vec<Contract>> = None;
    let (mut owing, mut unknown) = (0, 0);
    for (build, id) in own_implementers(module, function, iface, through, name) {
        // Behind an interface calls may go in circles: those who implement it are looked into by themselves.
        let Some(reach) = reach.one_less() else {
            return Vec::new();
        };
        let results = build.results(id, reach);
        if !results.contracts.is_empty() && !results.undecided {
            owing += 1;
            agreed.get_or_insert_with(|| results.contracts.clone());
            continue;
        }
        if let Some(told) =
            crate::inference::doc::contract(build, id).filter(|_| !results.accounted)
        {
            owing += 1;
            agreed.get_or_insert_with(|| vec![told]);
            continue;
        }
        match crate::inference::provenance::of_result(build, id, 0, reach) {
            // What it makes may hold something of another's.
            Provenance::Foreign if !crate::inference::provenance::is_literal(build, id, 0) => {
                return Vec::new();
            }
            Provenance::Nothing | Provenance::Idle if !results.accounted => {}
            _ => unknown += 1,
        }
    }
    if unknown > 2 * owing {
        return Vec::new();
    }
    let mut contracts = agreed.unwrap_or_default();
    for contract in &mut contracts {
        contract.confidence = Confidence::Likely;
    }
    contracts
}

/// Whether what a caller gets, an interface perhaps, has the release of a contract as far as its type is at hand, or hides it:
/// whoever implements it gives an `io.Reader` that has to be closed all the same.
fn has_release(module: &Module<'_>, types: &[TypeId], contract: &Contract) -> bool {
    contract.results.iter().all(|result| {
        types.get(*result).is_some_and(|ty| {
            contract.release.actions.iter().any(|action| {
                let method = action.method.as_deref();
                !action.path.is_empty()
                    || crate::types::is_reader(module.program, *ty)
                    || module.program.is_missing(*ty)
                    || method.is_none_or(|method| module.program.has_method(*ty, method))
            })
        })
    })
}

/// What a call owes: by the catalogue, by the source of what it calls, by its documentation, and by
/// convention, in this order. `looks_like` tells what the use of a result of unknown type tells.
pub(crate) fn contracts_of(
    module: &Module<'_>,
    called: &Called<'_>,
    looks_like: &dyn Fn() -> Option<Looks>,
) -> Vec<Contract> {
    let func = called.func;
    let (package, name) = crate::types::split_name(module.program, func);
    let fits = |contract: &Contract| !contract.two_results || called.count == 2;
    if let Some(contract) = module.catalogue.contract(package, name) {
        return Some(contract)
            .filter(|contract| fits(contract))
            .cloned()
            .into_iter()
            .collect();
    }
    if module.catalogue.free_entry(package, name).is_some() {
        return Vec::new();
    }
    if let Some(contract) = by_result_type(module.program, module.catalogue, called.types)
        .filter(|contract| fits(contract))
    {
        return vec![contract.clone()];
    }
    // The standard library's own are all known.
    if crate::types::is_std_path(package) && !func.id.is_some_and(|id| module.is_own(id)) {
        return Vec::new();
    }
    let convention = || {
        let owed = crate::inference::convention::of_types(module, called.types, looks_like);
        let opened = || crate::inference::opened::by_name(module, name, called.types);
        if owed.is_empty() {
            opened().into_iter().collect()
        } else {
            owed
        }
    };
    let opened = |id: FuncId, reach: Reach| -> Vec<Contract> {
        crate::inference::opened::by_name_and_source(module, id, called.types, reach)
            .into_iter()
            .collect()
    };
    let id = func.id.filter(|_| !called.of_interface);
    let followed = id.map_or(Followed::No, |id| {
        module.follows(called.reach, called.caller, id)
    });
    match (id, followed) {
        (Some(id), Followed::Yes(reach)) if module.is_own(id) => {
            let results = module.results(id, reach);
            if !results.contracts.is_empty() || results.accounted {
                return results.contracts.clone();
            }
            let mut owed = crate::inference::convention::of_source(module, called.types, id, reach);
            // A function that it calls, not known which, may have released it, as is usual with a response.
            owed.retain(|contract| !results.undecided || contract.rule == "unclosed-reader");
            if owed.is_empty() {
                owed = opened(id, reach);
            }
            if owed.is_empty() {
                owed.extend(crate::inference::made_in_c::contract(
                    module,
                    id,
                    called.types,
                    reach,
                ));
            }
            if owed.is_empty() {
                owed.extend(crate::inference::doc::contract(module, id));
            }
            if owed.is_empty() {
                owed.extend(crate::inference::built_over::contract(
                    module,
                    id,
                    called.types,
                ));
            }
            owed
        }
        (Some(id), Followed::Yes(reach)) => {
            let may_owe = called.types.iter().any(|ty| module.can_be_owned(*ty))
                || crate::inference::registered::gives(module.catalogue, name);
            if !may_owe {
                return Vec::new();
            }
            let results = module.results(id, reach);
            if !results.contracts.is_empty() || results.accounted || results.undecided {
                return results.contracts.clone();
            }
            if let Some(contract) = crate::inference::doc::contract(module, id) {
                return vec![contract];
            }
            let owed = crate::inference::convention::of_source(module, called.types, id, reach);
            if owed.is_empty() {
                opened(id, reach)
            } else {
                owed
            }
        }
        _ => convention(),
    }
}

/// Whether a method says by its name that each who asks gets one of its own: `NewConnection`.
fn says_that_it_makes(name: &str) -> bool {
    let name = crate::types::simple_name(name);
    ["New", "Create", "Make", "Build", "Dial", "Open", "Connect"]
        .iter()
        .any(|verb| name.starts_with(verb))
}

/// What a function that a variable or a field holds owes for what the catalogue knows functions to make: it is there to make one,
/// `dial func() (*grpc.ClientConn, error)`.
pub(crate) fn of_makers(
    program: &Program,
    catalogue: &Catalogue,
    types: &[TypeId],
) -> Option<Contract> {
    let [value, last] = types else {
        return None;
    };
    if !crate::types::is_error(program, *last) {
        return None;
    }
    let named = program.named_of(*value)?;
    let contract = catalogue.contract_of_makers(&named.package, &named.name)?;
    Some(Contract {
        // One of them may give no error, or something before it, where this one does not.
        results: vec![0],
        error: ErrorAt::Last,
        confidence: Confidence::Likely,
        origin: Origin::Convention,
        context_ends: None,
        ..contract.clone()
    })
}

/// The contract that a call's first result calls for by its type, beside an error: the catalogue names it, or what
/// the interface that it is embeds.
pub(crate) fn by_result_type<'c>(
    program: &Program,
    catalogue: &'c Catalogue,
    types: &[TypeId],
) -> Option<&'c Contract> {
    let [value, last] = types else {
        return None;
    };
    let of = |ty: TypeId| {
        let named = program.named_of(ty)?;
        catalogue.contract_of_type(&named.package, &named.name)
    };
    let embedded = || match program.ty(program.underlying(*value)) {
        Type::Interface(interface) => {
            let mut terms = interface.embedded.iter().flat_map(|terms| terms.iter());
            terms.find_map(|term| of(term.ty))
        }
        _ => None,
    };
    let contract = of(*value).or_else(embedded)?;
    crate::types::is_error(program, *last).then_some(contract)
}
