//! What a caller may believe of a function's results: which of them it owns, and why.

use std::collections::BTreeSet;

use caulk_program::{BodyOwner, Callee, FuncId, Program, Type, TypeId};
use caulk_syntax::{Descend, ExprId, ExprKind, Node, Span, StmtKind};

use super::handed_on::{by_function, handed_on, held};
use crate::body::{Function, Root};
use crate::contract::{Contract, ErrorAt, Origin, Release};
use crate::engine::{FieldPath, Value, Verdict};
use crate::finding::{Confidence, Harm, Location, SettledBy, Step};
use crate::inference::opened;
use crate::inference::provenance::{self, Provenance};
use crate::module::{Followed, Module, Reach};
use crate::sites::Site;

/// Which results of a function are owned by its caller.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Results {
    pub contracts: Vec<Contract>,
    /// It acquires what it returns the like of, and deals with all of that itself.
    pub accounted: bool,
    /// It acquires what it returns the like of, and what becomes of that is not known.
    pub undecided: bool,
}

/// Whether a goroutine of the function has it, too, and may see to its end: there need be nothing left for whoever it is returned to.
fn is_shared_with_goroutine(module: &Module<'_>, function: &Function, site: &Site) -> bool {
    let target = site.target(function);
    let local = target.and_then(|target| function.local(target));
    local.is_some_and(|local| super::going_on::shares(module, function, local))
}

/// Which results of a function carry something that it acquired.
pub(crate) fn results(module: &Module<'_>, id: FuncId, reach: Reach) -> Results {
    let mut contracts: Vec<Contract> = Vec::new();
    if reach == Reach::FULL && gives_nothing(module, id) && module.is_idle(BodyOwner::Func(id)) {
        return Results::default();
    }
    let Some(function) = module.function(BodyOwner::Func(id)) else {
        return Results::default();
    };
    let verdicts = module.verdicts(BodyOwner::Func(id), reach);
    let mut add = |contract: Contract| {
        let mut known = contracts.iter_mut();
        match known.find(|known| known.results == contract.results) {
            // One function may release what is certain, and what is not.
            Some(known) if known.confidence < contract.confidence => *known = contract,
            // Beside a context, which may hold nothing, what the value keeps open is what counts.
            Some(known)
                if known.confidence == contract.confidence
                    && may_hold_nothing(known)
                    && !may_hold_nothing(&contract) =>
            {
                *known = contract;
            }
            Some(_) => {}
            None => contracts.push(contract),
        }
    };
    let (mut accounted, mut undecided_alike) = (false, false);
    // Types of what the function itself sees to: `t.Cleanup(func() { db.Close() })`.
    let mut answered_for: BTreeSet<&str> = BTreeSet::new();
    for (site, verdict) in verdicts.iter().filter(|(site, _)| site.root.is_none()) {
        let outcomes = &verdict.outcomes;
        // What a callee takes over can be in what it returns.
        let handed_over = match outcomes.settled {
            Some((SettledBy::HandedOver, _)) => true,
            Some((SettledBy::ReleaseHandedOver, at)) => is_of_use(&function, at),
            _ => false,
        };
        let is_alike = function.results(None).iter().any(|local| {
            let ty = function.info().local_info(*local).map(|local| local.ty);
            ty.and_then(|ty| module.program.named_name(ty)).as_ref() == Some(&site.type_name)
        });
        if is_alike && !handed_over && outcomes.unknown.is_none() && outcomes.returned.is_none() {
            accounted = true;
            answered_for.insert(site.type_name.as_str());
        }
        undecided_alike |= is_alike && outcomes.unknown.is_some();
        match given(module, &function, site, verdict, reach) {
            Given::Owed(contract) => add(*contract),
            Given::SeenTo => accounted = true,
            Given::Nothing => {}
        }
    }
    for (result, local) in function.results(None).iter().enumerate() {
        let known = function.info().local_info(*local).map(|local| local.ty);
        let is_answered_for = |ty: TypeId| {
            let name = module.program.named_name(ty);
            name.is_some_and(|name| answered_for.contains(name.as_str()))
        };
        if let Some(ty) = known.filter(|ty| !is_answered_for(*ty))
            && let Some(contract) =
                crate::inference::registered::contract(module, &function, result, ty)
                    .or_else(|| crate::inference::started::contract(module, &function, result, ty))
                    .or_else(|| made(module, &function, result, ty, reach))
                    .or_else(|| crate::inference::enrolled::contract(module, &function, result))
                    .or_else(|| crate::inference::piped::contract(module, &function, result))
                    .or_else(|| filled_later(module, &function, result, ty, reach))
                    .or_else(|| crate::inference::begun::contract(module, &function, result, ty))
        {
            add(as_result(module, &function, None, contract, result, None));
        }
    }
    let undecided = verdicts
        .iter()
        .any(|(_, verdict)| verdict.outcomes.unknown.is_some());
    Results {
        contracts,
        accounted: accounted && !undecided,
        undecided: undecided_alike || calls_undecided(module, &function, reach),
    }
}

/// What becomes, for whoever calls a function or a literal of one, of what that acquires.
pub(crate) enum Given {
    Nothing,
    /// It is returned, but has been released, or is by what ends with the function.
    SeenTo,
    /// The caller owes it.
    Owed(Box<Contract>),
}

/// What a function, or the literal that acquires, gives its caller of what it acquires.
pub(crate) fn given(
    module: &Module<'_>,
    function: &Function,
    site: &Site,
    verdict: &Verdict,
    reach: Reach,
) -> Given {
    let outcomes = &verdict.outcomes;
    if site.contract.holds_nothing {
        return match outcomes.returned {
            Some((_, Value::At(0))) => Given::SeenTo,
            _ => Given::Nothing,
        };
    }
    if outcomes.unknown.is_some() {
        return Given::Nothing;
    }
    let returned = outcomes.returned.clone();
    let is_idle = returned.is_none();
    // Whoever gets a client with a transport that nobody has used keeps it, as a rule.
    let idle = outcomes.returned_idle.clone();
    let idle = idle.filter(|_| !site.is_written_out());
    let Some((result, value)) = returned.or(idle) else {
        return Given::Nothing;
    };
    // Released on the way out of some paths, it is data to whoever gets it.
    if outcomes.returns_released.contains(&result) {
        return Given::SeenTo;
    }
    let Some(ty) = result_type(function, site.root, result)
        .filter(|_| !outcomes.returns_other.contains(&result))
    else {
        return Given::Nothing;
    };
    let is_handed_on = || opened::is_handed_on(module, &site.contract, function, site.root);
    let owed = match &value {
        Value::At(depth) => Some(*depth)
            .filter(|_| is_handed_on())
            .and_then(|depth| handed_on(&site.contract, depth)),
        Value::Owner(Some(part)) => {
            let concrete = outcomes.returned_type.unwrap_or(ty);
            let contract = match part.depth {
                0 => Some(site.contract.as_ref().clone()),
                depth => handed_on(&site.contract, depth),
            };
            contract.and_then(|contract| {
                let package = function.package;
                held(module, &contract, concrete, &part.field, package, reach)
            })
        }
        Value::Releaser => by_function(module, &site.contract, ty, outcomes.beside.as_ref()),
        Value::Owner(None) => as_file(module, &site.contract, ty),
        Value::Listed if is_handed_on() => handed_on(&site.contract, 0),
        _ => None,
    };
    let Some(mut owed) = owed.filter(|owed| can_be_called(module, ty, owed)) else {
        return Given::Nothing;
    };
    owed.listed = matches!(value, Value::Listed);
    owed.comes_read = matches!(value, Value::At(0)) && !outcomes.returned_unread;
    // What a helper has only made, the caller starts: a command.
    let is_begun = !is_idle || site.contract.acquired_after.is_empty();
    if is_begun {
        owed.acquired_after = Vec::new();
    } else if !matches!(value, Value::At(0)) {
        return Given::Nothing;
    }
    owed.optional |=
        outcomes.returns_nil.contains(&result) || is_shared_with_goroutine(module, function, site);
    let only_stores = site.contract.rule == "uncalled-cancel"
        && matches!(value, Value::Owner(_))
        && crate::engine::idle::only_stores(module, function, site.call);
    owed.idle = is_idle && is_begun
        || only_stores && crate::engine::context::is_rootless(function, site.call);
    if site.contract.rule == "uncalled-cancel" {
        owed.context_ends = parent_parameter(function, site, 0);
    }
    owed.idle_below = match site.contract.idle_below {
        _ if only_stores => owed.context_ends,
        Some(index) => parent_parameter(function, site, index),
        None => None,
    };
    if let Some(context) = context_of(function, site) {
        // What ends with a context of this function is gone by itself.
        if crate::engine::context::ends_here(module, function, context) {
            return Given::SeenTo;
        }
        owed.context_ends = parameter(function, site.root, context);
    }
    owed.dynamic_type = outcomes
        .returned_type
        .filter(|ty| !module.program.is_interface(*ty))
        .and_then(|ty| module.program.named_name(ty))
        .or(owed.dynamic_type);
    owed.origin = origin(module, function, site, verdict, &owed);
    let flag = outcomes.nil_flag();
    Given::Owed(Box::new(as_result(
        module, function, site.root, owed, result, flag,
    )))
}

/// The contract of a result of a function, or of a literal in it; `flag` is the result that says whether there is one.
fn as_result(
    module: &Module<'_>,
    function: &Function,
    root: Root,
    contract: Contract,
    result: usize,
    flag: Option<usize>,
) -> Contract {
    let error = function.error_result(module.program, root);
    let ty = result_type(function, root, result).unwrap_or(TypeId::UNKNOWN);
    let type_name = module.program.type_string(ty);
    Contract {
        results: vec![result],
        error: error.or(flag).map_or(ErrorAt::Never, ErrorAt::Index),
        two_results: false,
        type_name: type_name.trim_start_matches('*').to_owned(),
        made_with: Vec::new(),
        takes_over: None,
        nothing_of_nil: None,
        where_it_fails: false,
        ..contract
    }
}

/// The type of a result of a function, or of a literal in it.
fn result_type(function: &Function, root: Root, result: usize) -> Option<TypeId> {
    let local = function.results(root).get(result)?;
    Some(function.info().local_info(*local)?.ty)
}

/// Whether what is owed is nothing for some callers: a context below one that does not end.
fn may_hold_nothing(contract: &Contract) -> bool {
    contract.idle || contract.idle_below.is_some()
}

/// What the file owes that a descriptor, a number, was made into: `return os.NewFile(uintptr(fd), name), nil`.
fn as_file(module: &Module<'_>, contract: &Contract, ty: TypeId) -> Option<Contract> {
    let release = &contract.release;
    let is_number = release.actions.is_empty() && !release.taken_by.is_empty();
    let is_file = module.program.is_named(ty, "os.File");
    let file = module.catalogue.contract("os", "NewFile");
    let owed = file.filter(|_| is_number && is_file)?;
    Some(Contract {
        confidence: contract.confidence,
        ..owed.clone()
    })
}

/// Whether the result of what takes something over here is of use: a wrapper over it, and no `t.Cleanup`.
fn is_of_use(function: &Function, at: Span) -> bool {
    let tree = function.tree();
    let Some(graph) = function.graph(None) else {
        return false;
    };
    let mut innermost = None;
    tree.walk(graph.body, |node| {
        if let Node::Stmt(stmt) = node {
            if !tree.stmt(stmt).span.encloses(at) {
                return Descend::Skip;
            }
            innermost = Some(stmt);
        }
        Descend::Into
    });
    innermost.is_some_and(|stmt| !matches!(tree.stmt(stmt).kind, StmtKind::Expr(_)))
}

/// Whether nothing that a function returns can hold a resource or stand for one.
fn gives_nothing(module: &Module<'_>, id: FuncId) -> bool {
    let program = module.program;
    let func = program.func(id);
    // What a method gives its receiver may take back.
    let is_method = func.is_none_or(|func| func.receiver.is_some());
    let is_plain = |ty: &TypeId| {
        program.is_basic(*ty)
            || crate::types::is_error(program, *ty)
            || !module.can_be_released(*ty) && (!is_method || !crate::types::may_hold(program, *ty))
    };
    let signature = program.func_type(program.signature(id));
    signature.is_some_and(|signature| signature.results.iter().all(is_plain))
        && !func
            .is_some_and(|func| crate::inference::registered::gives(module.catalogue, &func.name))
}

/// Whether a function calls one that gives a result of a type of its own, and does not know what becomes of that.
fn calls_undecided(module: &Module<'_>, function: &Function, reach: Reach) -> bool {
    let names: Vec<String> = function
        .results(None)
        .iter()
        .filter_map(|local| function.info().local_info(*local))
        .filter(|local| module.can_be_owned(local.ty))
        .filter_map(|local| module.program.named_name(local.ty))
        .collect();
    if names.is_empty() {
        return false;
    }
    function.info().calls().iter().any(|(call, callee)| {
        let (Callee::Static(func) | Callee::Method { func, .. }) = callee else {
            return false;
        };
        let Some(id) = func.id.filter(|id| module.is_own(*id)) else {
            return false;
        };
        let types = module.program.results_of(function.info().type_of(*call));
        let is_alike = types
            .iter()
            .filter_map(|ty| module.program.named_name(*ty))
            .any(|name| names.contains(&name));
        is_alike
            && match module.follows(reach, function.id(), id) {
                Followed::Yes(reach) => module.results(id, reach).undecided,
                Followed::Recursive | Followed::No => false,
            }
    })
}

/// Methods that release whatever has them.
const MADE_RELEASES: &[&str] = &["Close", "Stop", "Shutdown", "Release", "Disconnect"];

/// The contract of a value that a function builds, with a release that does something, out of what nobody else
/// answers for.
fn made(
    module: &Module<'_>,
    function: &Function,
    result: usize,
    ty: TypeId,
    reach: Reach,
) -> Option<Contract> {
    let program = module.program;
    let names: Vec<&str> = MADE_RELEASES
        .iter()
        .copied()
        .filter(|name| program.has_method(ty, name))
        .collect();
    let name = names.first()?;
    // What comes with a function is released by that function.
    let with_function = function.results(None).iter().any(|local| {
        let info = function.info().local_info(*local);
        info.is_some_and(|info| program.func_type(info.ty).is_some())
    });
    let id = function.id().filter(|_| !with_function)?;
    let provenance = provenance::of_result(module, id, result, reach);
    if !matches!(provenance, Provenance::Made | Provenance::Unfinished) {
        return None;
    }
    let signature = program.method(ty, name).map(|method| method.signature)?;
    let returns = program.func_type(signature)?.results.last();
    let release = Release {
        returns_error: returns.is_some_and(|ty| crate::types::is_error(program, *ty)),
        ..Release::any_of(names.iter().copied())
    };
    let is_writer = program.has_method(ty, "Write");
    let is_number = provenance::is_number(program, ty);
    Some(Contract {
        rule: crate::rules::static_name(if is_writer {
            "unclosed-writer"
        } else {
            "unclosed-resource"
        }),
        finishes: provenance == Provenance::Unfinished,
        harm: Harm {
            goroutines: !is_writer && !is_number,
            memory: !is_number,
            descriptors: is_number,
            ..Harm::default()
        },
        ..Contract::of(release, Confidence::Likely, built_by(module, id))
    })
}

/// The contract of a value that a function makes, and a method of which acquires what its release gives back.
fn filled_later(
    module: &Module<'_>,
    function: &Function,
    result: usize,
    ty: TypeId,
    reach: Reach,
) -> Option<Contract> {
    let filled = crate::inference::filled::of_result(module, function, result, ty)?;
    let package = function.package;
    let owed = held(
        module,
        &filled.contract,
        filled.made,
        &FieldPath::of(filled.field.clone()),
        package,
        reach,
    )?;
    let can_begin = |name: &String| module.program.has_method(ty, name);
    if !filled.begun && !filled.by.iter().any(can_begin) {
        return None;
    }
    Some(Contract {
        acquired_after: if filled.begun { Vec::new() } else { filled.by },
        held_in: None,
        confidence: Confidence::Likely,
        ..owed
    })
}

/// Whether whoever gets a result can call one of what is known to release it, as far as the types on the way to that are known:
/// bytes cannot be closed, and what a type of the standard library holds as an `io.Writer` is not for whoever has that to close.
/// An interface with a release may release what is behind it in a way that is not seen, by `once.Do(c.close)`.
fn can_be_called(module: &Module<'_>, ty: TypeId, contract: &Contract) -> bool {
    let program = module.program;
    let mut methods = contract
        .release
        .actions
        .iter()
        .filter_map(|action| Some((&action.path, action.method.as_deref()?)))
        .peekable();
    methods.peek().is_none()
        || methods.any(|(path, method)| {
            let (mut held, mut lent) = (Some(ty), false);
            for field in path {
                if held.is_some_and(|held| is_data(program, held)) {
                    return false;
                }
                let named = held.and_then(|held| program.named_of(program.deref(held)));
                lent = named.is_some_and(|named| crate::types::is_std_path(&named.package));
                held = held.and_then(|held| program.field_type(held, field));
            }
            held.is_none_or(|held| {
                let lacks = is_data(program, held)
                    || lent && crate::types::only_lends(program, held, &contract.release)
                    || path.is_empty()
                        && program.is_interface(held)
                        && crate::types::has_release(program, held);
                !lacks || program.has_method(held, method)
            })
        })
}

/// Whether a type has no methods, and holds nothing that has: numbers, texts and lists of these.
fn is_data(program: &Program, ty: TypeId) -> bool {
    match program.ty(ty) {
        Type::Basic(_) => true,
        Type::Slice(of) | Type::Array(of, ..) => is_data(program, *of),
        _ => false,
    }
}

/// The function that builds a value, as the end of a chain.
fn built_by(module: &Module<'_>, id: FuncId) -> Origin {
    let step = declared_at(module, id).map(|location| Step {
        location,
        note: "builds it, with a release that does something".to_owned(),
    });
    Origin::Source(step.into_iter().collect())
}

/// The context that ends what a call acquires.
fn context_of(function: &Function, site: &Site) -> Option<ExprId> {
    let tree = function.tree();
    let ExprKind::Call { args, .. } = tree.expr(site.call).kind else {
        return None;
    };
    let index = site.contract.context_ends?;
    tree.exprs(args).get(index).copied()
}

/// The parameter that a context is derived from, where its parent, this argument, is one: the child ends with it.
fn parent_parameter(function: &Function, site: &Site, index: usize) -> Option<usize> {
    let tree = function.tree();
    let ExprKind::Call { args, .. } = tree.expr(site.call).kind else {
        return None;
    };
    parameter(function, site.root, *tree.exprs(args).get(index)?)
}

/// Which parameter of a function, or of a literal in it, an expression is.
fn parameter(function: &Function, root: Root, expr: ExprId) -> Option<usize> {
    let local = function.local(expr)?;
    let params = function.params(root);
    params.iter().position(|param| *param == local)
}

/// From the acquiring call to what releases it, then what the acquired function's own source says.
fn origin(
    module: &Module<'_>,
    function: &Function,
    site: &Site,
    verdict: &Verdict,
    owed: &Contract,
) -> Origin {
    let mut steps = Vec::new();
    let call = function.tree().expr(site.call).span;
    steps.extend(step(
        module,
        function,
        call,
        format!("calls {}", site.acquired_by),
    ));
    if let Some(at) = verdict.outcomes.returned_at {
        let note = match &verdict.outcomes.returned {
            Some((_, Value::Owner(Some(part)))) => format!("returns it in {}", part.field),
            _ => "returns it".to_owned(),
        };
        steps.extend(step(module, function, at, note));
    }
    if let Origin::Source(own) = &owed.origin {
        steps.extend(own.iter().cloned());
    }
    match &site.contract.origin {
        Origin::Source(inner) => steps.extend(inner.iter().cloned()),
        inner => steps.extend(step(module, function, call, reason(inner, site))),
    }
    Origin::Source(steps.into())
}

/// Where a chain ends: who says that the innermost call acquires.
fn reason(origin: &Origin, site: &Site) -> String {
    let releases = site.release.words();
    match origin {
        Origin::Documentation { sentence, .. } => {
            format!("which owes {releases} by its documentation: {sentence}")
        }
        origin => format!("which owes {releases} by {}", origin.who()),
    }
}

/// A place of a function, with what happens there.
pub(crate) fn step(
    module: &Module<'_>,
    function: &Function,
    span: Span,
    note: String,
) -> Option<Step> {
    let file = caulk_flow::file_of(module.program, function.typed.owner)?;
    Some(Step {
        location: crate::place::location(module.program, file, span),
        note,
    })
}

/// Where a function is declared.
pub(crate) fn declared_at(module: &Module<'_>, id: FuncId) -> Option<Location> {
    let file = module.program.file_of(id)?;
    let name = module.program.func(id)?.decl.name;
    Some(crate::place::location(module.program, file, name.span))
}
