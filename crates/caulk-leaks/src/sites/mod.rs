//! The calls of a body that acquire, and what becomes of each.

mod answered;
pub(crate) mod around;
mod behind;
mod in_memory;
pub(crate) mod made_of;
pub(crate) mod stand_in;
pub(crate) mod waited;

use std::sync::Arc;

use caulk_program::{BodyOwner, Callee, FuncId, FuncRef, LocalKind, Program, Type, TypeId};
use caulk_syntax::{ExprId, ExprKind, Node, Span, StmtKind};
use smol_str::SmolStr;

use crate::catalogue::Catalogue;
use crate::contract::{Contract, Release};
use crate::engine::{Function, Root, Run, Start, Verdict};
use crate::finding::{Confidence, ContractSource};
use crate::inference::convention::Looks;
use crate::inference::provenance::Provenance;
use crate::module::{Followed, Module, Reach};

/// An acquiring call.
#[derive(Debug, Clone)]
pub(crate) struct Site {
    pub call: ExprId,
    /// Which of its results is owed.
    pub result: usize,
    /// How many results it has.
    pub results: usize,
    /// Which of them is the error.
    pub error: Option<usize>,
    pub contract: Arc<Contract>,
    pub release: Arc<Release>,
    /// The function or literal that it stands in.
    pub root: Root,
    /// Canonical name of the acquiring function.
    pub acquired_by: String,
    /// The Go type that is owed.
    pub type_name: String,
    /// Where the argument is made that is owed instead of a result.
    pub argument: Option<Span>,
}

/// Follows every acquisition of a body.
pub(crate) fn verdicts(
    module: &Module<'_>,
    owner: BodyOwner,
    reach: Reach,
) -> Vec<(Site, Verdict)> {
    let Some(function) = module.function(owner) else {
        return Vec::new();
    };
    sites(module, &function, reach)
        .into_iter()
        .map(|mut site| {
            if site.contract.waited_in_loop
                && let Some(verdict) = crate::sites::waited::verdict(&function, site.call)
            {
                return (site, verdict);
            }
            let start = Start::Call {
                call: site.call,
                result: site.result,
                error: site.error,
                beside: site.contract.beside,
                results: site.results,
                argument: site.argument,
            };
            let follow = |root: Root, start: Start| {
                let (release, contract) = (&site.release, Some(&*site.contract));
                Run::new(module, &function, root, reach, release, contract).outcomes(start)
            };
            let mut outcomes = follow(site.root, start);
            if let Some(around) = crate::sites::around::of(module, &function, &site, &outcomes) {
                outcomes = follow(around.root, around.start);
                site.root = around.root;
            }
            if site.contract.where_it_fails {
                outcomes.owed.retain(|lost| lost.error == Some(true));
            }
            (site, Verdict { outcomes })
        })
        .collect()
}

/// The acquiring calls of a body, by place.
pub(crate) fn sites(module: &Module<'_>, function: &Function, reach: Reach) -> Vec<Site> {
    let mut sites = Vec::new();
    for (call, callee) in function.info().calls() {
        sites.extend(sites_of_call(module, function, reach, call, callee));
    }
    let tree = function.tree();
    sites.sort_by_key(|site| (tree.expr(site.call).span, site.result));
    sites
}

fn sites_of_call(
    module: &Module<'_>,
    function: &Function,
    reach: Reach,
    call: ExprId,
    callee: &Callee,
) -> Vec<Site> {
    let (acquired_by, package, name) = match callee.func() {
        Some(func) => {
            let (package, name) = crate::types::split_name(module.program, func);
            (func.name.to_string(), package, name)
        }
        None => match called_value(function, callee) {
            Some(name) => (name, "", ""),
            None => return Vec::new(),
        },
    };
    let count = result_count(module, function, call);
    let mut sites = Vec::new();
    for mut contract in contracts_of_call(module, function, reach, call, callee, count) {
        // A context that has no end keeps no list of those below it.
        contract.idle |= never_ends(module, function, call, contract.idle_below);
        let ends =
            contract.endless_context && !never_ends(module, function, call, contract.context_ends);
        if ends
            || !matters(module, function, &contract)
            || is_fire_and_forget(function, call, &contract)
            || contract.named_only && matches!(function.parent(call), Some(Node::Expr(_)))
            || crate::sites::waited::is_short(function, call, &contract)
            || contract.rule == "unclosed-response-body"
                && crate::sites::answered::is_made_up(module, function, call, &contract)
            || contract.rule == "unclosed-file"
                && crate::sites::in_memory::opens(module, function, call)
            || !contract.made_with.is_empty()
                && !crate::sites::made_of::has_call(module, function, call, &contract.made_with)
            || contract.takes_over.as_ref().is_some_and(|over| {
                !crate::sites::made_of::takes_over(module, function, reach, call, over)
            })
            || contract.waited_in_loop && crate::sites::waited::verdict(function, call).is_none()
        {
            continue;
        }
        if let Some(empty) = &mut contract.empty_where
            && crate::in_test::is_in_test(module, function)
            && crate::sites::answered::is_sent(module, function, call)
        {
            empty.is.append(&mut empty.is_when_sent);
        }
        let contract = Arc::new(contract);
        let release = Arc::new(contract.release.clone());
        let site = |result: usize, argument: Option<Span>, ty: TypeId| Site {
            call,
            result,
            results: count,
            error: contract.error.index(count),
            release: Arc::clone(&release),
            root: function.root_of(call),
            acquired_by: acquired_by.clone(),
            type_name: type_name(module, &contract, ty, package, name),
            contract: Arc::clone(&contract),
            argument,
        };
        if let Some(index) = contract.argument {
            let made = crate::inference::registered::argument(
                module,
                function,
                call,
                index,
                contract.unread,
            );
            sites.extend(made.map(|(made, ty)| site(0, Some(made), ty)));
            continue;
        }
        for &result in &contract.results {
            let ty = result_type(module, function, call, result);
            if result < count && can_release(module, ty, &contract) {
                sites.push(site(result, None, ty));
            }
        }
    }
    sites
}

/// The name of the variable or the field whose function is called.
fn called_value(function: &Function, callee: &Callee) -> Option<String> {
    match callee {
        Callee::Local(local) => {
            let local = function.info().local_info(*local)?;
            Some(local.name.to_string())
        }
        Callee::Field { name, .. } => Some(name.to_string()),
        Callee::Unknown { name, .. } if !name.is_empty() => Some(name.to_string()),
        Callee::PackageVar(name) => Some(name.to_string()),
        _ => None,
    }
}

/// A statement that starts goroutines and drops what stops them means them to run to the end.
fn is_fire_and_forget(function: &Function, call: ExprId, contract: &Contract) -> bool {
    let tree = function.tree();
    let is_statement = matches!(
        function.parent(call),
        Some(Node::Stmt(stmt)) if matches!(tree.stmt(stmt).kind, StmtKind::Expr(_))
    );
    is_statement
        && contract.confidence == Confidence::Likely
        && contract.origin.source() == ContractSource::Source
}

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

pub(super) fn contracts_of_call(
    module: &Module<'_>,
    function: &Function,
    reach: Reach,
    call: ExprId,
    callee: &Callee,
    count: usize,
) -> Vec<Contract> {
    let Some(func) = callee.func() else {
        // Which function the value is cannot be seen; its results can.
        if crate::inference::convention::is_free_field(module, function, callee)
            || crate::inference::convention::is_dropped(function, call)
        {
            return Vec::new();
        }
        let types = crate::types::results(module.program, function.info().type_of(call));
        let looks_like = || {
            let ty = function.info().type_of(call);
            ty.is_unknown()
                .then(|| crate::inference::convention::looks_like(module, function, call))
                .flatten()
                .filter(|looks| matches!(looks, Looks::Rows | Looks::Answer))
        };
        return crate::inference::convention::of_types(module, &types, &looks_like)
            .into_iter()
            .filter(|contract| {
                !crate::inference::convention::is_unlikely(module, function, call, contract)
            })
            .collect();
    };
    let ty = function.info().type_of(call);
    let called = Called {
        func,
        of_interface: matches!(callee, Callee::Interface { .. }),
        types: &crate::types::results(module.program, ty),
        count,
        reach,
        caller: function.id(),
    };
    let (package, name) = crate::types::split_name(module.program, func);
    if module.catalogue.free_entry(package, name).is_some()
        && module.catalogue.contract(package, name).is_none()
    {
        return Vec::new();
    }
    let contracts = known_contracts(module, function, reach, call, callee, &called);
    if contracts.is_empty() {
        let told = crate::inference::habit::contract(module, function, call, &called)
            .or_else(|| by_subscription(module, function, &called))
            .or_else(|| crate::inference::own_use::contract(module, function, call, &called));
        return told
            .into_iter()
            .filter(|contract| {
                !crate::inference::convention::is_unlikely(module, function, call, contract)
            })
            .collect();
    }
    contracts
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
        !crate::inference::convention::is_unlikely(module, function, call, contract)
    });
    if let Callee::Interface {
        iface,
        name,
        through,
        ..
    } = callee
        && contracts.iter().any(|contract| contract.origin.is_guess())
        && gives_what_is_kept(module, function, reach, *iface, through, name)
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
    let origins: Vec<Provenance> = own_implementers(module, function, iface, through, name)
        .map(|(build, id)| crate::inference::provenance::of_result(build, id, 0, reach))
        .collect();
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

/// What a method of an interface of the project owes where those who implement it agree.
fn of_implementers(
    module: &Module<'_>,
    function: &Function,
    reach: Reach,
    iface: TypeId,
    through: &[SmolStr],
    name: &SmolStr,
) -> Vec<Contract> {
    let mut agreed: Option<Vec<Contract>> = None;
    for (build, id) in own_implementers(module, function, iface, through, name) {
        // Behind an interface calls may go in circles: those who implement it are looked into by themselves.
        let Some(reach) = reach.one_less() else {
            return Vec::new();
        };
        let results = build.results(id, reach);
        if results.contracts.is_empty() || results.undecided {
            return Vec::new();
        }
        agreed.get_or_insert_with(|| results.contracts.clone());
    }
    let mut contracts = agreed.unwrap_or_default();
    for contract in &mut contracts {
        contract.confidence = Confidence::Likely;
    }
    contracts
}

/// Whether what a caller gets, an interface perhaps, has the release of a contract.
fn has_release(module: &Module<'_>, types: &[TypeId], contract: &Contract) -> bool {
    contract.results.iter().all(|result| {
        types.get(*result).is_some_and(|ty| {
            contract.release.actions.iter().any(|action| {
                let method = action.method.as_deref();
                !action.path.is_empty()
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
            let owed = match results.undecided {
                true => Vec::new(),
                false => crate::inference::convention::of_source(module, called.types, id, reach),
            };
            if owed.is_empty() {
                opened(id, reach)
            } else {
                owed
            }
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

/// Whether an unreleased one does harm with the Go version of the module; within a dependency that is
/// for the project's module to say.
fn matters(module: &Module<'_>, function: &Function, contract: &Contract) -> bool {
    let Some((_, until)) = contract.until else {
        return true;
    };
    if function.id().is_some_and(|id| !module.is_own(id)) {
        return true;
    }
    let own = module.program.package(function.package).module();
    let setting = contract.revived_by.as_deref().unwrap_or_default();
    if let Some((name, value)) = setting.split_once('=')
        && let Some(set) = own.godebug(name)
    {
        return set == value;
    }
    own.go_minor.is_none_or(|minor| minor < until)
}

/// Whether an argument of a call is a context that is known never to end.
fn never_ends(
    module: &Module<'_>,
    function: &Function,
    call: ExprId,
    argument: Option<usize>,
) -> bool {
    let tree = function.tree();
    let ExprKind::Call { args, .. } = tree.expr(call).kind else {
        return false;
    };
    let context = argument.and_then(|index| tree.exprs(args).get(index));
    context.is_some_and(|context| crate::engine::context::never_ends(module, function, *context))
}

/// How many results a call has: by its type, else by what they are assigned to.
pub(crate) fn result_count(module: &Module<'_>, function: &Function, call: ExprId) -> usize {
    let ty = function.info().type_of(call);
    if !ty.is_unknown() {
        return if ty == TypeId::VOID {
            0
        } else {
            module.program.results_of(ty).len()
        };
    }
    let tree = function.tree();
    let mut node = function.parent(call);
    while let Some(Node::Expr(expr)) = node {
        if !matches!(tree.expr(expr).kind, ExprKind::Paren(_)) {
            return 1;
        }
        node = function.parent(expr);
    }
    match node {
        Some(Node::Stmt(stmt)) => match tree.stmt(stmt).kind {
            StmtKind::Assign { lhs, rhs, .. } if rhs.len() == 1 => lhs.len(),
            StmtKind::Return(list) if list.len() == 1 => {
                function.results(function.root_of(stmt)).len().max(1)
            }
            // The values of a `var` cannot be told apart here; constructors have an error.
            StmtKind::Decl(_) => 2,
            _ => 1,
        },
        _ => 1,
    }
}

fn result_type(module: &Module<'_>, function: &Function, call: ExprId, result: usize) -> TypeId {
    let ty = function.info().type_of(call);
    module
        .program
        .results_of(ty)
        .get(result)
        .copied()
        .unwrap_or(TypeId::UNKNOWN)
}

/// Whether the type, where it is known, has what releases it.
pub(crate) fn can_release(module: &Module<'_>, ty: TypeId, contract: &Contract) -> bool {
    let program = module.program;
    let unknown = ty.is_unknown() || program.named_of(ty).is_some_and(|named| !named.is_loaded());
    let by_source = contract.origin.source() == ContractSource::Source;
    if unknown || by_source || !contract.release.path().is_empty() {
        return true;
    }
    contract.release.actions.is_empty()
        || contract.release.actions.iter().any(|action| {
            action
                .method
                .as_deref()
                .is_none_or(|method| crate::types::has_callable(program, ty, method))
        })
}

fn type_name(
    module: &Module<'_>,
    contract: &Contract,
    ty: TypeId,
    package: &str,
    name: &str,
) -> String {
    if let Some(name) = module.program.named_name(ty) {
        return name;
    }
    if contract.type_name != "*" {
        return contract.type_name.clone();
    }
    let function = name.rsplit('.').next().unwrap_or(name);
    let base = function
        .strip_prefix("New")
        .unwrap_or(function)
        .replace("REST", "");
    let base = base.split("With").next().unwrap_or("Client").to_owned();
    let base = if base.is_empty() {
        "Client".to_owned()
    } else {
        base
    };
    format!("{package}.{base}")
}

/// The variable of a type that ends tests: `t`.
pub(crate) fn test_variable(
    module: &Module<'_>,
    function: &Function,
    root: Root,
) -> Option<String> {
    let mut literal = root;
    loop {
        let params: Vec<_> = match literal {
            None => function.info().params().to_vec(),
            Some(expr) => function.info().literal(expr)?.params.clone(),
        };
        for param in params {
            let local = function.info().local_info(param)?;
            let is_test = module.program.named_name(local.ty).is_some_and(|name| {
                matches!(
                    name.as_str(),
                    "testing.T" | "testing.B" | "testing.TB" | "testing.F"
                )
            });
            if is_test && local.name != "_" && matches!(local.kind, LocalKind::Param { .. }) {
                return Some(local.name.to_string());
            }
        }
        literal = function.info().literal(literal?)?.parent;
    }
}
