//! Values that something else keeps until it is given them back: what a method hands out and puts into a field of its
//! receiver, and another method takes out of that field again; a function that is returned for the same; a channel
//! among the arguments that only its maker reads.

use caulk_flow::End;
use caulk_program::{BodyOwner, Builtin, Callee, FuncId, LocalId, Object, TypeId};
use caulk_syntax::{Descend, ExprId, ExprKind, Node, Span, StmtKind, UnaryOp};
use smol_str::SmolStr;

use crate::body::Function;
use crate::catalogue::Catalogue;
use crate::catalogue::{CallEffect, PairEntry};
use crate::contract::RELEASE_METHODS;
use crate::contract::{Contract, Origin, Release, ReleaseAction};
use crate::finding::{Confidence, Harm, Step};
use crate::module::Module;

const RULE: &str = "unreleased-subscription";

/// Whether a method's name says that another takes back what it hands out.
pub(crate) fn gives(catalogue: &Catalogue, name: &str) -> bool {
    let method = crate::types::simple_name(name);
    let mut pairs = catalogue.pairs().iter();
    pairs.any(|pair| method.starts_with(&pair.gives))
}

/// What the caller of a method owes for a result that the receiver keeps as well.
pub(crate) fn contract(
    module: &Module<'_>,
    function: &Function,
    result: usize,
    ty: TypeId,
) -> Option<Contract> {
    let id = function.id()?;
    let receiver = function.info().receiver()?;
    by_function(module, function, receiver, result, ty).or_else(|| {
        let name = module.program.func(id)?.name.clone();
        let kept = kept_with(module, function, receiver, result);
        let takers = takers(module, function, &name, ty, &kept);
        let (field, first) = takers.first()?.clone();
        let taken_by: Vec<String> = takers
            .iter()
            .filter_map(|(_, taker)| Some(module.program.func(*taker)?.name.to_string()))
            .collect();
        // It may have a release of its own that does the same.
        let own = RELEASE_METHODS
            .iter()
            .copied()
            .chain(taken_by.iter().map(String::as_str))
            .filter(|name| module.program.has_method(ty, name));
        let release = Release {
            taken_by: taken_by.clone(),
            ..Release::any_of(own)
        };
        Some(subscription(release, origin(module, id, first, &field)))
    })
}

/// What a call of an interface's method owes, where one that is known to implement it hands out what it keeps.
pub(crate) fn of_implementers(
    module: &Module<'_>,
    caller: &Function,
    holder: TypeId,
    through: &[SmolStr],
    name: &SmolStr,
) -> Vec<Contract> {
    let known = module.implementers(caller.package, holder, through, name);
    known
        .into_iter()
        .filter(|(build, id)| build.is_own(*id))
        .find_map(|(build, id)| {
            let function = build.function(BodyOwner::Func(id))?;
            let result = *function.results(None).first()?;
            let ty = function.info().local_info(result)?.ty;
            let owed = contract(build, &function, 0, ty)?;
            let mut takers = owed.release.taken_by.iter();
            takers
                .any(|taker| module.program.has_method(holder, taker))
                .then(|| vec![owed])
        })
        .unwrap_or_default()
}

/// Where an argument of a call is made, and its type, where it is a channel that is made here and that nobody else knew of
/// before. Where only its maker reads it, it is of no use once that has returned; unless it is there to be closed.
pub(crate) fn argument(
    module: &Module<'_>,
    function: &Function,
    call: ExprId,
    index: usize,
    unread: bool,
) -> Option<(Span, TypeId)> {
    let tree = function.tree();
    let ExprKind::Call { args, .. } = tree.expr(call).kind else {
        return None;
    };
    let local = function.local(*tree.exprs(args).get(index)?)?;
    let channel = crate::channels::made::channels(module, function)
        .into_iter()
        .find(|channel| channel.local == Some(local))?;
    let root = function.root_of(call);
    let graph = function.graph(root).filter(|_| channel.root == root)?;
    let start = tree.expr(call).span.start;
    let (mut read, mut shared) = (false, false);
    tree.walk(graph.body, |node| {
        if let Node::Expr(expr) = node
            && matches!(tree.expr(expr).kind, ExprKind::Ident(_))
            && function.info().local(expr) == Some(local)
        {
            let reads = is_read(function, expr);
            read |= reads && function.root_of(expr) == root;
            let before = tree.expr(expr).span.start < start && !is_deferred(function, expr);
            shared |= before && !reads && !is_assigned(function, expr);
        }
        Descend::Into
    });
    let ty = function.info().local_info(local)?.ty;
    ((read || unread) && !shared).then_some((channel.made, ty))
}

/// Whether a mention of a channel receives from it.
fn is_read(function: &Function, channel: ExprId) -> bool {
    let tree = function.tree();
    match function.parent(channel) {
        Some(Node::Expr(parent)) => matches!(
            tree.expr(parent).kind,
            ExprKind::Unary {
                op: UnaryOp::Receive,
                ..
            }
        ),
        Some(Node::Stmt(parent)) => {
            matches!(tree.stmt(parent).kind, StmtKind::Range { x, .. } if x == channel)
        }
        None => false,
    }
}

/// Whether a mention stands in what is deferred: it happens behind what follows.
fn is_deferred(function: &Function, expr: ExprId) -> bool {
    let tree = function.tree();
    let mut at = function.parent(expr);
    while let Some(node) = at {
        if let Node::Stmt(stmt) = node
            && matches!(tree.stmt(stmt).kind, StmtKind::Defer(_))
        {
            return true;
        }
        at = function.parent(node);
    }
    false
}

fn is_assigned(function: &Function, expr: ExprId) -> bool {
    let tree = function.tree();
    matches!(function.parent(expr), Some(Node::Stmt(stmt))
        if matches!(tree.stmt(stmt).kind, StmtKind::Assign { lhs, .. } if tree.exprs(lhs).contains(&expr)))
}

pub(crate) fn subscription(release: Release, origin: Origin) -> Contract {
    Contract {
        rule: crate::rules::static_name(RULE),
        of_parent: true,
        main_is_ok: true,
        once_is_ok: true,
        harm: Harm {
            memory: true,
            ..Harm::default()
        },
        cost: "1 entry in what it is registered with, and all that it can reach".to_owned(),
        ..Contract::of(release, Confidence::Likely, origin)
    }
}

/// A function that takes out of a field of the receiver what the method has put there.
fn by_function(
    module: &Module<'_>,
    function: &Function,
    receiver: LocalId,
    result: usize,
    ty: TypeId,
) -> Option<Contract> {
    let signature = module.program.func_type(ty)?;
    if !signature.params.is_empty() {
        return None;
    }
    let returns_error = signature
        .results
        .last()
        .is_some_and(|ty| crate::types::is_error(module.program, *ty));
    let literal = returned_literal(function, result)?;
    let graph = function.graph(None)?;
    let mut put = Vec::new();
    let mut taken = Vec::new();
    let mut note = |change: Change| {
        let within = function.tree().expr(literal).span.encloses(change.span);
        match change.kind {
            Kind::Put(what) if !within && !what.is_empty() => put.push(change.field),
            Kind::Take if within => taken.push(change.field),
            _ => {}
        }
    };
    fields(module, function, graph.body.into(), receiver, &mut note);
    fields_by_helpers(module, function, literal, receiver, &mut note);
    let field = put.into_iter().find(|field| taken.contains(field))?;
    let id = function.id()?;
    let release = Release {
        actions: vec![ReleaseAction::parse("()")],
        returns_error,
        ..Release::default()
    };
    Some(Contract {
        optional: gives_nil(function, result),
        ..subscription(release, origin(module, id, id, &field))
    })
}

/// What other methods of the same receiver do to its fields for a method, with what they give it or are passed: those that a literal
/// passes a variable to, and that this variable comes from or goes to around it.
fn fields_by_helpers(
    module: &Module<'_>,
    function: &Function,
    literal: ExprId,
    receiver: LocalId,
    found: &mut dyn FnMut(Change),
) {
    let tree = function.tree();
    let helpers: Vec<(ExprId, FuncId)> = function
        .info()
        .calls()
        .into_iter()
        .filter(|(_, callee)| {
            let on = callee.receiver().and_then(|x| function.local(x));
            matches!(callee, Callee::Method { .. }) && on == Some(receiver)
        })
        .filter_map(|(call, callee)| Some((call, callee.func()?.id?)))
        .filter(|(_, id)| module.follows_own(function.id(), *id))
        .collect();
    let within = |call: ExprId| {
        let span = tree.expr(call).span;
        tree.expr(literal).span.encloses(span)
    };
    let passed = |call: ExprId| {
        let arguments = tree.arguments(call).iter();
        arguments.filter_map(|arg| function.local(*arg))
    };
    let of_literal = helpers.iter().filter(|(call, _)| within(*call));
    let values: Vec<LocalId> = of_literal.flat_map(|(call, _)| passed(*call)).collect();
    for (call, id) in &helpers {
        let concerns = |local: &LocalId| {
            let given = function.sole_value(module.program, *local);
            given.is_some_and(|(value, _)| tree.unparen(value) == *call)
                || passed(*call).any(|passed| passed == *local)
        };
        if !values.iter().any(concerns) {
            continue;
        }
        let span = tree.expr(*call).span;
        if let Some(helper) = module.function(BodyOwner::Func(*id))
            && let (Some(graph), Some(own)) = (helper.graph(None), helper.info().receiver())
        {
            fields(module, &helper, graph.body.into(), own, &mut |change| {
                found(Change { span, ..change });
            });
        }
    }
}

/// Whether a function also returns nil as this result.
fn gives_nil(function: &Function, result: usize) -> bool {
    let tree = function.tree();
    let mut gives = false;
    for (_, block) in function
        .graph(None)
        .into_iter()
        .flat_map(|graph| graph.blocks())
    {
        if let End::Return(stmt) = &block.end
            && let StmtKind::Return(list) = tree.stmt(*stmt).kind
            && let Some(expr) = tree.exprs(list).get(result)
        {
            gives |= *function.info().object(tree.unparen(*expr)) == Object::Nil;
        }
    }
    gives
}

/// The literal that a function returns as this result, everywhere where it returns a function at all.
fn returned_literal(function: &Function, result: usize) -> Option<ExprId> {
    let tree = function.tree();
    let mut literals = Vec::new();
    tree.walk(function.graph(None)?.body, |node| {
        match node {
            Node::Expr(expr) if matches!(tree.expr(expr).kind, ExprKind::FuncLit { .. }) => {
                return Descend::Skip;
            }
            Node::Stmt(stmt) => {
                if let StmtKind::Return(list) = tree.stmt(stmt).kind
                    && let Some(expr) = tree.exprs(list).get(result)
                {
                    let expr = tree.unparen(*expr);
                    if matches!(tree.expr(expr).kind, ExprKind::FuncLit { .. }) {
                        literals.push(expr);
                    }
                }
            }
            Node::Expr(_) => {}
        }
        Descend::Into
    });
    match literals.as_slice() {
        [literal] => Some(*literal),
        _ => None,
    }
}

/// The fields of its receiver that a method puts a result into, or files something under it.
fn kept_with(
    module: &Module<'_>,
    function: &Function,
    receiver: LocalId,
    result: usize,
) -> Vec<SmolStr> {
    let returned = crate::inference::started::returned_locals(function, result);
    let Some(graph) = function.graph(None) else {
        return Vec::new();
    };
    let mut kept = Vec::new();
    fields(
        module,
        function,
        graph.body.into(),
        receiver,
        &mut |change| {
            if let Kind::Put(what) = change.kind
                && what.iter().any(|expr| mentions(function, *expr, &returned))
            {
                kept.push(change.field);
            }
        },
    );
    kept
}

/// The methods of the same type that are called for taking back, are given a value of this type, and take it out of one
/// of these fields.
fn takers(
    module: &Module<'_>,
    function: &Function,
    name: &str,
    ty: TypeId,
    kept: &[SmolStr],
) -> Vec<(SmolStr, FuncId)> {
    let program = module.program;
    let pairs: Vec<&PairEntry> = module
        .catalogue
        .pairs()
        .iter()
        .filter(|pair| name.starts_with(&pair.gives))
        .collect();
    let receiver = function
        .info()
        .receiver()
        .and_then(|local| function.info().local_info(local));
    let Some(named) = receiver.and_then(|local| program.named_of(local.ty)) else {
        return Vec::new();
    };
    if pairs.is_empty() || kept.is_empty() {
        return Vec::new();
    }
    let wanted = program.type_string(ty);
    let package = program.package(function.package);
    package
        .methods_of(&named.name)
        .filter(|method| pairs.iter().any(|pair| is_pair(pair, name, &method.name)))
        .map(|method| package.id_of(method))
        .filter_map(|id| {
            let taker = module.function(BodyOwner::Func(id))?;
            let receiver = taker.info().receiver()?;
            let given = taker.info().params().iter().copied().find(|param| {
                let info = taker.info().local_info(*param);
                info.is_some_and(|info| program.type_string(info.ty) == wanted)
            })?;
            let body = taker.graph(None)?.body;
            let mut used = false;
            taker.tree().walk(body, |node| {
                used |= matches!(node, Node::Expr(expr) if taker.info().local(expr) == Some(given));
                Descend::Into
            });
            let mut field = None;
            fields(module, &taker, body.into(), receiver, &mut |change| {
                if matches!(change.kind, Kind::Take) && kept.contains(&change.field) {
                    field = Some(change.field);
                }
            });
            field.filter(|_| used).map(|field| (field, id))
        })
        .collect()
}

/// `Subscribe` and `Unsubscribe`; `SubscribeAll`, and `UnsubscribeAll` or `Unsubscribe`.
fn is_pair(pair: &PairEntry, gives: &str, takes: &str) -> bool {
    let Some(rest) = gives.strip_prefix(pair.gives.as_str()) else {
        return false;
    };
    pair.takes.iter().any(|prefix| {
        takes
            .strip_prefix(prefix.as_str())
            .is_some_and(|end| end.is_empty() || end == rest)
    })
}

/// Something that is done to what a field holds.
struct Change {
    field: SmolStr,
    kind: Kind,
    span: Span,
}

enum Kind {
    /// These go into it, or something is filed under them.
    Put(Vec<ExprId>),
    /// Something may be taken out of it.
    Take,
}

/// What code does to the maps, slices and lists in the fields of a receiver.
fn fields(
    module: &Module<'_>,
    function: &Function,
    code: Node,
    receiver: LocalId,
    found: &mut dyn FnMut(Change),
) {
    let tree = function.tree();
    let field = |expr: ExprId| field_of(function, expr, receiver);
    tree.walk(code, |node| {
        match node {
            Node::Stmt(stmt) => {
                if let StmtKind::Assign { lhs, rhs, .. } = tree.stmt(stmt).kind {
                    let rhs = tree.exprs(rhs);
                    for (index, target) in tree.exprs(lhs).iter().enumerate() {
                        let target = tree.unparen(*target);
                        let span = tree.expr(target).span;
                        let value = rhs.get(index).copied();
                        if let ExprKind::Index { x, indices, .. } = tree.expr(target).kind {
                            let Some(field) = field(x) else { continue };
                            let mut put = tree.exprs(indices).to_vec();
                            put.extend(value);
                            found(Change {
                                field,
                                kind: Kind::Put(put),
                                span,
                            });
                        } else if let Some(field) = field(target) {
                            let kind = match value.and_then(|value| appended(function, value)) {
                                Some(put) => Kind::Put(put),
                                None => Kind::Take,
                            };
                            found(Change { field, kind, span });
                        }
                    }
                }
            }
            Node::Expr(expr) => {
                if let ExprKind::Call { args, .. } = tree.expr(expr).kind {
                    let args = tree.exprs(args);
                    let span = tree.expr(expr).span;
                    match function.callee(expr) {
                        Callee::Builtin(Builtin::Delete) => {
                            if let Some(field) = args.first().and_then(|map| field(*map)) {
                                found(Change {
                                    field,
                                    kind: Kind::Take,
                                    span,
                                });
                            }
                        }
                        callee => {
                            if let Some(field) = callee.receiver().and_then(&field) {
                                for kind in done_to_collection(module, callee, args) {
                                    let field = field.clone();
                                    found(Change { field, kind, span });
                                }
                            }
                        }
                    }
                }
            }
        }
        Descend::Into
    });
}

/// What a method does to a collection that it is called on.
fn done_to_collection(module: &Module<'_>, callee: &Callee, args: &[ExprId]) -> Vec<Kind> {
    let known = callee.func().and_then(|func| {
        let (package, name) = crate::types::split_name(module.program, func);
        module.catalogue.effect(package, name)
    });
    match (known, crate::types::last_name(callee)) {
        // One of the standard library keeps what it is given, or gives it back.
        (Some(CallEffect::Keep), _) => vec![Kind::Put(args.to_vec()), Kind::Take],
        (Some(_), _) => Vec::new(),
        (None, "Append" | "Add" | "Store" | "Set" | "Put" | "Insert" | "Push" | "PushBack") => {
            vec![Kind::Put(args.to_vec())]
        }
        (None, "Delete" | "Remove") => vec![Kind::Take],
        (None, _) => Vec::new(),
    }
}

/// What `append(s, x, y)` adds; none where it adds another slice.
pub(super) fn appended(function: &Function, value: ExprId) -> Option<Vec<ExprId>> {
    let tree = function.tree();
    let value = tree.unparen(value);
    let ExprKind::Call { args, ellipsis, .. } = tree.expr(value).kind else {
        return None;
    };
    let is_append = *function.callee(value) == Callee::Builtin(Builtin::Append);
    (is_append && ellipsis.is_none()).then(|| tree.exprs(args).iter().skip(1).copied().collect())
}

/// The last field of a path that begins at the receiver: `subs` of `b.state.subs`.
fn field_of(function: &Function, expr: ExprId, receiver: LocalId) -> Option<SmolStr> {
    let tree = function.tree();
    let ExprKind::Selector { x, sel } = tree.expr(tree.unparen(expr)).kind else {
        return None;
    };
    let mut at = tree.unparen(x);
    while let ExprKind::Selector { x, .. } | ExprKind::Index { x, .. } = tree.expr(at).kind {
        at = tree.unparen(x);
    }
    (function.local(at) == Some(receiver)).then(|| SmolStr::new(tree.name(sel)))
}

/// Whether an expression mentions one of these variables, outside of function literals.
pub(super) fn mentions(function: &Function, expr: ExprId, locals: &[LocalId]) -> bool {
    let tree = function.tree();
    let mut found = false;
    tree.walk(expr, |node| {
        if let Node::Expr(expr) = node {
            if matches!(tree.expr(expr).kind, ExprKind::FuncLit { .. }) {
                return Descend::Skip;
            }
            found |= function
                .info()
                .local(expr)
                .is_some_and(|local| locals.contains(&local));
        }
        Descend::Into
    });
    found
}

/// From the method that keeps it to the one that lets it go.
pub(super) fn origin(module: &Module<'_>, keeps: FuncId, takes: FuncId, field: &SmolStr) -> Origin {
    let name = |id: FuncId| {
        let func = module.program.func(id);
        func.map(|func| func.name.to_string()).unwrap_or_default()
    };
    let step = |id: FuncId, note: String| {
        crate::inference::owned::declared_at(module, id).map(|location| Step { location, note })
    };
    let mut steps: Vec<Step> = Vec::new();
    steps.extend(step(keeps, format!("{} keeps it in {field}", name(keeps))));
    if takes != keeps {
        let note = format!("{} takes it out of {field}", name(takes));
        steps.extend(step(takes, note));
    }
    Origin::Source(steps.into())
}
