//! What a function owes by its own use of a value: one that it releases where it ends well, or on one of the ways on which it
//! fails, it owes on the others too.

use caulk_program::{Callee, LocalId, LocalKind, Object, TypeId, TypedBody};
use caulk_syntax::{ExprId, ExprKind, Node, StmtId, StmtKind};
use smol_str::SmolStr;

use crate::body::Function;
use crate::contract::{Contract, ErrorAt, Origin};
use crate::finding::{Confidence, Harm};
use crate::inference::habit::RELEASES;
use crate::inference::provenance::{self, Provenance};
use crate::module::{Followed, Module};
use crate::sites::owed::Called;

/// Methods that release what they are called on in whatever state it is; a `Stop` can be what is asked for.
pub(crate) const ALWAYS_RELEASE: &[&str] = &[
    "Close",
    "Release",
    "Disconnect",
    "Destroy",
    "Free",
    "Unsubscribe",
];

/// How the names begin of methods before which nothing may be held.
pub(crate) const BEGINS: &[&str] = &[
    "Open", "Start", "Connect", "Dial", "Listen", "Begin", "Init", "Run", "Serve", "Login", "Lock",
    "TryLock", "Acquire",
];

/// Of these, those that say that something is held from then on: what is run to its end, or told to begin, need not be.
const OPENS: &[&str] = &["Open", "Start", "Connect", "Dial", "Listen"];

/// How the names begin of functions that give what others have as well.
const LOOKS_UP: &[&str] = &["get", "find", "lookup", "load", "current", "peek", "with"];

/// What is made over a stream, and is of no use to release where that fails.
const OVER_A_STREAM: &[&str] = &[
    "Writer", "Encoder", "Reader", "Decoder", "Builder", "Buffer",
];

/// Whether a function of this name gives what others have as well.
pub(crate) fn is_looked_up(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    LOOKS_UP.iter().any(|verb| lower.starts_with(verb))
        && !super::iterators::STANDS_SOMEWHERE
            .iter()
            .any(|noun| name.ends_with(noun))
}

/// What a call owes by what its function does with its first result on another path.
pub(crate) fn contract(
    module: &Module<'_>,
    function: &Function,
    call: ExprId,
    called: &Called<'_>,
) -> Option<Contract> {
    let (package, name) = crate::types::split_name(module.program, called.func);
    if crate::types::is_std_path(package) || module.catalogue.free_entry(package, name).is_some() {
        return None;
    }
    let name = crate::types::simple_name(name);
    let is_anothers = |error: ErrorAt, is_begun: bool| match is_begun {
        // What is begun here, and released where that goes well, is this function's, whatever it was made from.
        true => is_accounted(module, called),
        false => is_someone_elses(module, called, error),
    };
    by_use(
        module,
        function,
        call,
        name,
        called.types,
        called.count,
        &is_anothers,
    )
}

/// The same of a method of a value of a type that is not known, or of a function in a field.
pub(crate) fn contract_of_unknown(
    module: &Module<'_>,
    function: &Function,
    call: ExprId,
    callee: &Callee,
    count: usize,
) -> Option<Contract> {
    let (Callee::Unknown { name, .. } | Callee::Field { name, .. }) = callee else {
        return None;
    };
    let types = crate::types::results(module.program, function.info().type_of(call));
    by_use(module, function, call, name, &types, count, &|_, _| false)
}

/// What a call of a function of this name owes, unless what it gives is another's, which is asked with what it says by an error,
/// and whether a method of what it gives begins something.
fn by_use(
    module: &Module<'_>,
    function: &Function,
    call: ExprId,
    name: &str,
    types: &[TypeId],
    count: usize,
    is_anothers: &dyn Fn(ErrorAt, bool) -> bool,
) -> Option<Contract> {
    let program = module.program;
    let error = match types {
        [_, .., last] if crate::types::is_error(program, *last) => ErrorAt::Last,
        _ if count == 2 => ErrorAt::Last,
        _ if count == 1 => ErrorAt::Never,
        _ => return None,
    };
    if is_looked_up(name)
        || OVER_A_STREAM.iter().any(|noun| name.contains(noun))
        || crate::in_test::is_in_test(module, function)
    {
        return None;
    }
    // `session.InBuf()`: a part of what it is asked of.
    let has_arguments =
        matches!(function.tree().expr(call).kind, ExprKind::Call { args, .. } if !args.is_empty());
    if !has_arguments && error == ErrorAt::Never && function.callee(call).receiver().is_some() {
        return None;
    }
    let local = assigned(module, function, call)?;
    let value = types.first().copied().unwrap_or(TypeId::UNKNOWN);
    let (method, where_it_fails) = released(module, function, call, local, value)?;
    let begun = begun_by(function, local);
    let is_begun = begun.iter().any(|method| opens(method));
    if is_anothers(error, is_begun) || is_written_to(function, local) {
        return None;
    }
    Some(Contract {
        error,
        acquired_after: begun,
        where_it_fails,
        harm: Harm {
            memory: true,
            ..Harm::default()
        },
        ..Contract::of(
            crate::inference::habit::release_of(module, value, &method),
            Confidence::Likely,
            Origin::OwnUse,
        )
    })
}

/// Whether a body releases something that a variable of it holds.
pub(crate) fn may_owe(body: &TypedBody) -> bool {
    let tree = body.tree();
    let mut calls = body.info.calls().into_iter();
    calls.any(|(call, _)| {
        let ExprKind::Call { fun, args, .. } = tree.expr(call).kind else {
            return false;
        };
        args.is_empty()
            && matches!(tree.expr(fun).kind, ExprKind::Selector { x, sel }
                if RELEASES.contains(&tree.name(sel)) && body.info.local(x).is_some())
    })
}

/// The variable that a call gives its first value, and nothing else does.
fn assigned(module: &Module<'_>, function: &Function, call: ExprId) -> Option<LocalId> {
    let local = function.local(function.target(call, 0)?)?;
    let is_var = matches!(function.info().local_info(local)?.kind, LocalKind::Variable);
    let alone = is_var && function.sole_value(module.program, local).is_some();
    alone.then_some(local)
}

/// The method by which a function releases a value, on the way that it takes if all goes well or only where it gives up.
fn released(
    module: &Module<'_>,
    function: &Function,
    call: ExprId,
    local: LocalId,
    ty: TypeId,
) -> Option<(SmolStr, bool)> {
    let tree = function.tree();
    let block = function.parent(function.statement(call)?)?;
    let root = function.root_of(call);
    let known = !ty.is_unknown() && !module.program.is_missing(ty);
    let calls = function.info().calls();
    let releases = calls.into_iter().filter_map(|(release, _)| {
        let method = method_of(function, release, local)?;
        let ExprKind::Call { args, .. } = tree.expr(release).kind else {
            return None;
        };
        if !args.is_empty()
            || !RELEASES.contains(&method)
            || known && !crate::types::has_callable(module.program, ty, method)
            || function.root_of(release) != root
        {
            return None;
        }
        let deferred = matches!(function.parent(release), Some(Node::Stmt(stmt))
            if matches!(tree.stmt(stmt).kind, StmtKind::Defer(_)));
        if !deferred && !ALWAYS_RELEASE.contains(&method) {
            return None;
        }
        let way = if is_on_the_way(function, release, block) {
            Some(false)
        } else {
            gives_up(module, function, release).then_some(true)
        };
        Some((SmolStr::new(method), way?))
    });
    releases.min_by_key(|(_, where_it_fails)| *where_it_fails)
}

/// Methods that are called on what a call gives and before which that may hold nothing.
pub(super) fn begun_with(module: &Module<'_>, function: &Function, call: ExprId) -> Vec<String> {
    let local = assigned(module, function, call);
    let calls = function.info().calls();
    let methods = calls
        .iter()
        .filter_map(|(call, _)| method_of(function, *call, local?));
    let mut found: Vec<String> = methods
        .filter(|method| super::practice::begins(method))
        .map(str::to_owned)
        .collect();
    found.sort();
    found.dedup();
    found
}

/// Methods that are called on a variable and before which what it holds may hold nothing.
fn begun_by(function: &Function, local: LocalId) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for (call, _) in function.info().calls() {
        if let Some(method) = method_of(function, call, local)
            && BEGINS.iter().any(|verb| method.starts_with(verb))
            && !found.iter().any(|known| known == method)
        {
            found.push(method.to_owned());
        }
    }
    found
}

/// Whether a method says by its name that its value holds something from then on.
fn opens(method: &str) -> bool {
    OPENS.iter().any(|verb| method.starts_with(verb))
}

/// Whether the source of a callee shows that it deals itself with all that it gives the like of.
fn is_accounted(module: &Module<'_>, called: &Called<'_>) -> bool {
    let id = called.func.id.filter(|_| !called.of_interface);
    id.is_some_and(|id| match module.follows(called.reach, called.caller, id) {
        Followed::Yes(reach) => module.results(id, reach).accounted,
        Followed::Recursive | Followed::No => false,
    })
}

/// Whether what a call gives is written to.
pub(super) fn is_given_to_be_written(
    module: &Module<'_>,
    function: &Function,
    call: ExprId,
) -> bool {
    let local = assigned(module, function, call);
    local.is_some_and(|local| is_written_to(function, local))
}

/// Whether a variable is written to: what is lost of a writer where that fails is of no use.
fn is_written_to(function: &Function, local: LocalId) -> bool {
    let tree = function.tree();
    let mut calls = function.info().calls().into_iter();
    calls.any(|(call, callee)| {
        let by_method = method_of(function, call, local)
            .is_some_and(|method| method.starts_with("Write") || method.starts_with("Encode"));
        let ExprKind::Call { args, .. } = tree.expr(call).kind else {
            return false;
        };
        let copies = callee.func().is_some_and(|func| {
            ["io.Copy", "io.Write", "fmt.Fprint"]
                .iter()
                .any(|name| func.name.starts_with(name))
        });
        let first = tree.exprs(args).first();
        by_method || copies && first.is_some_and(|first| function.local(*first) == Some(local))
    })
}

/// The method of a variable that a call calls.
fn method_of(function: &Function, call: ExprId, local: LocalId) -> Option<&str> {
    let tree = function.tree();
    let ExprKind::Call { fun, .. } = tree.expr(call).kind else {
        return None;
    };
    let ExprKind::Selector { x, sel } = tree.expr(fun).kind else {
        return None;
    };
    (function.local(x) == Some(local)).then(|| tree.name(sel))
}

/// Whether an expression is evaluated wherever a block is run to its end.
fn is_on_the_way(function: &Function, expr: ExprId, block: Node) -> bool {
    let tree = function.tree();
    let mut node = Node::Expr(expr);
    while let Some(parent) = function.parent(node) {
        if parent == block {
            return true;
        }
        if let Node::Stmt(stmt) = parent {
            let is_simple = match tree.stmt(stmt).kind {
                StmtKind::Expr(_)
                | StmtKind::Assign { .. }
                | StmtKind::Defer(_)
                | StmtKind::Return(_) => true,
                // `if err := x.Close(); err != nil`
                StmtKind::If { init, .. } => init.map(Node::Stmt) == Some(node),
                _ => false,
            };
            if !is_simple {
                return false;
            }
        }
        node = parent;
    }
    false
}

/// Whether what follows an expression in its block returns an error.
fn gives_up(module: &Module<'_>, function: &Function, expr: ExprId) -> bool {
    let tree = function.tree();
    let Some(index) = function.error_result(module.program, function.root_of(expr)) else {
        return false;
    };
    let Some(statement) = function.statement(expr) else {
        return false;
    };
    let Some(Node::Stmt(block)) = function.parent(statement) else {
        return false;
    };
    let StmtKind::Block(inner) = tree.stmt(block).kind else {
        return false;
    };
    let is_branch = matches!(function.parent(block), Some(Node::Stmt(stmt))
        if matches!(tree.stmt(stmt).kind, StmtKind::If { .. }));
    is_branch
        && matches!(tree.stmts(inner.stmts).last(), Some(last) if returns_error(function, *last, index))
}

fn returns_error(function: &Function, stmt: StmtId, index: usize) -> bool {
    let tree = function.tree();
    let StmtKind::Return(list) = tree.stmt(stmt).kind else {
        return false;
    };
    let error = tree.exprs(list).get(index).copied();
    error.is_some_and(|error| !matches!(function.info().object(error), Object::Nil))
}

/// Whether the source of a callee shows that others have what it gives, or answer for it.
pub(super) fn is_kept_by_another(module: &Module<'_>, called: &Called<'_>) -> bool {
    let id = called.func.id.filter(|_| !called.of_interface);
    id.is_some_and(|id| match module.follows(called.reach, called.caller, id) {
        Followed::Yes(reach) => {
            // What it makes may hold something of another's.
            let is_foreign = || {
                provenance::of_result(module, id, 0, reach) == Provenance::Foreign
                    && !provenance::is_literal(module, id, 0)
            };
            module.results(id, reach).accounted || is_foreign()
        }
        Followed::Recursive | Followed::No => false,
    })
}

/// Whether the source of a callee shows that its result is someone else's, or needs no release; of what cannot fail it has
/// to show that it is not.
fn is_someone_elses(module: &Module<'_>, called: &Called<'_>, error: ErrorAt) -> bool {
    let Some(id) = called.func.id.filter(|_| !called.of_interface) else {
        return false;
    };
    let Followed::Yes(reach) = module.follows(called.reach, called.caller, id) else {
        return false;
    };
    if module.results(id, reach).accounted {
        return true;
    }
    match provenance::of_result(module, id, 0, reach) {
        Provenance::Nothing
        | Provenance::Idle
        | Provenance::Unfinished
        | Provenance::Given
        | Provenance::Foreign => true,
        Provenance::Unknown => error == ErrorAt::Never,
        Provenance::Made | Provenance::Holding => false,
    }
}
