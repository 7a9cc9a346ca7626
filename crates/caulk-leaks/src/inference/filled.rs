//! A value that acquires later: a method of its type fills a field with what it opens, and the release of the type closes
//! that. Whoever makes one owes the release once such a method was called, by itself or by what reads from the value.

use caulk_program::{BodyOwner, Callee, FuncId, LocalId, TypeId};
use caulk_syntax::{Descend, ExprId, ExprKind, Node, StmtKind};
use memchr::memmem;
use smol_str::SmolStr;

use crate::body::Function;
use crate::contract::{Contract, RELEASE_METHODS, is_release_name};
use crate::inference::provenance;
use crate::module::Module;

/// How many methods of a value, one called by the other, are looked into for what fills a field of it.
const DEPTH: usize = 3;

/// How the names begin of methods that take what there is one by one, and may come to its end.
const STEPS: &[&str] = &["Read", "Next", "Scan"];

/// A field that methods of a type fill, and what it owes from then on.
pub(crate) struct Filled {
    pub field: SmolStr,
    pub contract: Contract,
    /// The methods.
    pub by: Vec<String>,
    /// The type that is made, behind an interface perhaps.
    pub made: TypeId,
    /// Whether who makes it calls one of the methods.
    pub begun: bool,
}

/// The field of what a function makes, a literal of a type of the project, that is filled later.
pub(crate) fn of_result(
    module: &Module<'_>,
    function: &Function,
    result: usize,
    ty: TypeId,
) -> Option<Filled> {
    let id = function.id().filter(|id| module.is_own(*id))?;
    let made = provenance::literal(module, id, result);
    let ty = match module.program.is_interface(ty) {
        true => function.info().type_of(made.as_ref()?.expr),
        false => ty,
    };
    let release = release_of(module, ty).filter(|release| module.is_own(*release))?;
    let fields = closed_fields(module, release, DEPTH);
    let local = made.filter(|_| !fields.is_empty())?.local;
    if local.is_some_and(|local| gives_up(function, local)) {
        return None;
    }
    let methods = methods_beside(module, release);
    fields.into_iter().find_map(|field| {
        let (mut by, mut owed) = (Vec::new(), None);
        for (name, method) in &methods {
            match fills(module, *method, &field) {
                Fills::With(contract) => {
                    by.push(name.clone());
                    owed = Some(*contract);
                }
                Fills::Closes => return None,
                Fills::No => {}
            }
        }
        let contract = owed?;
        let by = with_callers(module, &methods, by);
        let begun = local.is_some_and(|local| begins(function, local, &by));
        Some(Filled {
            field,
            contract,
            by,
            made: ty,
            begun,
        })
    })
}

/// These methods, and those of the others that call one of them on their receiver.
pub(super) fn with_callers(
    module: &Module<'_>,
    methods: &[(String, FuncId)],
    mut by: Vec<String>,
) -> Vec<String> {
    for _ in 1..DEPTH {
        let callers = methods
            .iter()
            .filter(|(name, method)| !by.contains(name) && calls_one_of(module, *method, &by));
        let callers: Vec<String> = callers.map(|(name, _)| name.clone()).collect();
        by.extend(callers);
    }
    by
}

/// Whether a function calls one of these methods of a variable.
pub(super) fn begins(function: &Function, local: LocalId, methods: &[String]) -> bool {
    function.info().calls().iter().any(|(_, callee)| {
        let on = callee.receiver().and_then(|x| function.local(x));
        on == Some(local)
            && methods
                .iter()
                .any(|name| name == crate::types::last_name(callee))
    })
}

/// Whether a function defers the release of what it returns, or what ends it by another name.
pub(super) fn gives_up(function: &Function, local: LocalId) -> bool {
    let tree = function.tree();
    let Some(graph) = function.graph(None) else {
        return false;
    };
    let mut found = false;
    tree.walk(graph.body, |node| {
        if let Node::Stmt(stmt) = node
            && let StmtKind::Defer(call) = tree.stmt(stmt).kind
            && let callee = function.callee(call)
            && let Some(x) = callee.receiver()
        {
            found |= function.local(x) == Some(local);
        }
        Descend::Into
    });
    found
}

/// The release of a type in the source, its own, that is passed nothing.
fn release_of(module: &Module<'_>, ty: TypeId) -> Option<FuncId> {
    let program = module.program;
    let mut names = RELEASE_METHODS.iter();
    names
        .find_map(|name| program.method(ty, name))
        .filter(|method| !method.of_interface && method.through.is_empty())
        .filter(|method| {
            let signature = program.func_type(method.signature);
            signature.is_some_and(|signature| signature.params.is_empty())
        })
        .and_then(|method| method.func.id)
}

/// The other methods that have the receiver of a release, by name.
pub(super) fn methods_beside(module: &Module<'_>, release: FuncId) -> Vec<(String, FuncId)> {
    let package = module.program.package(release.package);
    let receiver = module
        .program
        .func(release)
        .and_then(|func| func.receiver.as_deref());
    package
        .methods_of(receiver.unwrap_or_default())
        .filter(|method| !is_release_name(&method.name))
        .map(|method| (method.name.to_string(), package.id_of(method)))
        .collect()
}

/// The fields of its receiver that a method releases, or one that it calls on the receiver.
fn closed_fields(module: &Module<'_>, method: FuncId, depth: usize) -> Vec<SmolStr> {
    let (Some(depth), Some(function)) = (
        depth.checked_sub(1),
        module.function(BodyOwner::Func(method)),
    ) else {
        return Vec::new();
    };
    let mut fields: Vec<SmolStr> = Vec::new();
    let mut helpers = Vec::new();
    for (_, callee) in function.info().calls() {
        let Some(x) = callee.receiver() else {
            continue;
        };
        if function.local(x).is_some() && function.local(x) == function.info().receiver() {
            helpers.extend(callee.func().and_then(|func| func.id));
        }
        let field =
            own_field(&function, x).filter(|_| is_release_name(crate::types::last_name(callee)));
        fields.extend(field);
    }
    for helper in helpers {
        fields.extend(closed_fields(module, helper, depth));
    }
    fields.sort();
    fields.dedup();
    fields
}

/// The field of the receiver that an expression names.
pub(crate) fn own_field(function: &Function, expr: ExprId) -> Option<SmolStr> {
    let tree = function.tree();
    match tree.expr(tree.unparen(expr)).kind {
        ExprKind::Selector { x, sel } => {
            let receiver = function.info().receiver()?;
            (function.local(x) == Some(receiver)).then(|| SmolStr::new(tree.name(sel)))
        }
        _ => None,
    }
}

enum Fills {
    With(Box<Contract>),
    /// It closes the field where it comes to its end.
    Closes,
    No,
}

/// Whether a method fills a field of its receiver with what a call gives that is known to owe it.
fn fills(module: &Module<'_>, method: FuncId, field: &str) -> Fills {
    let Some(func) = module.program.func(method) else {
        return Fills::No;
    };
    let body = module.program.file_of(method).zip(func.body_span());
    let names = format!(".{field}");
    if !body.is_some_and(|(file, body)| {
        memmem::find(body.of(&file.bytes()), names.as_bytes()).is_some()
    }) {
        return Fills::No;
    }
    let Some(function) = module.function(BodyOwner::Func(method)) else {
        return Fills::No;
    };
    let is_step = STEPS.iter().any(|verb| func.name.starts_with(verb));
    // Opened anew, the last one is still there.
    let closes = function.info().calls().iter().any(|(_, callee)| {
        let closed = callee.receiver().and_then(|x| own_field(&function, x));
        closed.as_deref() == Some(field) && is_release_name(crate::types::last_name(callee))
    });
    let Some(graph) = function.graph(None) else {
        return Fills::No;
    };
    let tree = function.tree();
    let mut given: Vec<ExprId> = Vec::new();
    tree.walk(graph.body, |node| {
        match node {
            Node::Stmt(stmt) => {
                if let StmtKind::Assign { lhs, rhs, .. } = tree.stmt(stmt).kind {
                    let (lhs, rhs) = (tree.exprs(lhs), tree.exprs(rhs));
                    let target = lhs
                        .iter()
                        .position(|x| own_field(&function, *x).as_deref() == Some(field));
                    let value = match (target, rhs) {
                        (Some(0), [call]) => Some(*call),
                        (Some(index), many) if many.len() == lhs.len() => many.get(index).copied(),
                        _ => None,
                    };
                    given.extend(value);
                }
            }
            Node::Expr(expr) => {
                if let ExprKind::FuncLit { .. } = tree.expr(expr).kind {
                    return Descend::Skip;
                }
            }
        }
        Descend::Into
    });
    let mut calls = given.into_iter().filter_map(|value| {
        let value = tree.unparen(value);
        match tree.expr(value).kind {
            ExprKind::Call { .. } => Some(value),
            // `rc, err := open(); s.rc = rc`
            _ => {
                let given = function.sole_value(module.program, function.local(value)?);
                given
                    .filter(|(_, result)| *result == 0)
                    .map(|(call, _)| call)
            }
        }
    });
    match calls.find_map(|call| known_contract(module, &function, call)) {
        _ if closes && is_step => Fills::Closes,
        Some(contract) => Fills::With(Box::new(contract)),
        None => Fills::No,
    }
}

/// What the first result of a call owes by the catalogue, or by its type; no source is followed for it, which may be the one
/// that asks.
fn known_contract(module: &Module<'_>, function: &Function, call: ExprId) -> Option<Contract> {
    let program = module.program;
    let callee = function.callee(call);
    let types = crate::types::results(program, function.info().type_of(call));
    let by_name = callee.func().and_then(|func| {
        let (package, name) = crate::types::split_name(program, func);
        module.catalogue.contract(package, name).cloned()
    });
    let is_plain = |contract: &Contract| {
        contract.results == [0] && !contract.idle && contract.acquired_after.is_empty()
    };
    by_name
        .or_else(|| {
            let unseen = callee.func().is_none() || matches!(callee, Callee::Interface { .. });
            let known =
                unseen.then(|| crate::inference::convention::of_types(module, &types, &|| None));
            known?.into_iter().next()
        })
        .filter(is_plain)
}

/// Whether a method calls one of these on its receiver.
fn calls_one_of(module: &Module<'_>, method: FuncId, names: &[String]) -> bool {
    let Some(function) = module.function(BodyOwner::Func(method)) else {
        return false;
    };
    let receiver = function.info().receiver();
    receiver.is_some()
        && function.info().calls().iter().any(|(_, callee)| {
            callee.receiver().and_then(|x| function.local(x)) == receiver
                && names
                    .iter()
                    .any(|name| name == crate::types::last_name(callee))
        })
}
