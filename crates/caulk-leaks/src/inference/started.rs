//! A value whose constructor starts a goroutine for it that a release method of it stops: the goroutine
//! waits on a channel of the value, and the method closes that channel or sends on it.

use std::collections::BTreeSet;

use caulk_program::{
    BodyOwner, Builtin, Callee, FuncId, FuncRef, LocalId, LocalKind, Object, TypeId,
};
use caulk_syntax::{Descend, ExprId, ExprKind, Node, Span, StmtId, StmtKind, UnaryOp};
use smol_str::SmolStr;

use crate::body::Function;
use crate::contract::RELEASE_METHODS;
use crate::contract::{Contract, Origin, Release};
use crate::finding::{Confidence, Harm, Step};
use crate::inference::handed_on::{released_by, returns_error};
use crate::inference::owned::step;
use crate::inference::provenance;
use crate::module::Module;

/// How many methods of the value, one called by the other, are looked into.
pub(super) const DEPTH: u8 = 2;

/// What the caller of a function owes for a result that a goroutine was started for.
pub(crate) fn contract(
    module: &Module<'_>,
    function: &Function,
    result: usize,
    ty: TypeId,
) -> Option<Contract> {
    // Beside a function that cleans up the value itself is only borrowed.
    let has_cleanup = function.results(None).iter().any(|local| {
        let ty = function.info().local_info(*local).map(|local| local.ty);
        ty.is_some_and(|ty| module.program.func_type(ty).is_some())
    });
    if has_cleanup {
        return None;
    }
    let literal = function
        .id()
        .and_then(|id| provenance::literal(module, id, result));
    let made = Made {
        locals: returned_locals(function, result),
        channels: literal
            .as_ref()
            .map_or_else(Vec::new, |made| channels_in(function, made.expr)),
    };
    let mut starts = Vec::new();
    goroutines(module, function, &made, DEPTH, &mut starts);
    if starts.is_empty() {
        return None;
    }
    let of_local = made
        .locals
        .first()
        .and_then(|local| function.info().local_info(*local));
    let ty = match (of_local, literal) {
        (_, Some(made)) if made.local.is_none() => function.info().type_of(made.expr),
        (Some(local), _) => local.ty,
        (None, _) => ty,
    };
    let releases = releases(module, ty);
    if releases.is_empty() {
        return None;
    }
    starts
        .iter()
        .find_map(|start| stopped(module, function, start, &releases))
}

/// What is owed for a goroutine that a function starts, where a release stops it.
pub(super) fn stopped(
    module: &Module<'_>,
    function: &Function,
    start: &Start,
    releases: &[Stop],
) -> Option<Contract> {
    let stopping: Vec<&Stop> = releases
        .iter()
        .filter(|stop| start.waits_on.contains(&stop.field))
        .collect();
    let first = *stopping.first()?;
    let mut steps: Vec<Step> = Vec::new();
    steps.extend(step(
        module,
        function,
        start.span,
        format!("starts a goroutine that waits on {}", first.field),
    ));
    if let Origin::Source(released) = released_by(module, first.method, &first.field) {
        steps.extend(released.iter().cloned());
    }
    let mut names: Vec<&str> = stopping.iter().map(|stop| stop.name).collect();
    names.dedup();
    Some(Contract {
        harm: Harm {
            goroutines: true,
            ..Harm::default()
        },
        ..Contract::of(
            Release {
                returns_error: returns_error(module, first.method),
                ..Release::any_of(names)
            },
            Confidence::Likely,
            Origin::Source(steps.into()),
        )
    })
}

/// A value that a function makes.
pub(super) struct Made {
    /// The variables that hold it.
    locals: Vec<LocalId>,
    /// Variables with channels that fields of it hold too.
    channels: Vec<(LocalId, SmolStr)>,
}

impl Made {
    /// What a method is called on.
    pub fn receiver(local: LocalId) -> Made {
        Made {
            locals: vec![local],
            channels: Vec::new(),
        }
    }
}

/// The channels that variables hold and a literal of a struct gives its fields: `&pool{stop: stop}`.
fn channels_in(function: &Function, literal: ExprId) -> Vec<(LocalId, SmolStr)> {
    let tree = function.tree();
    let literal = match tree.expr(tree.unparen(literal)).kind {
        ExprKind::Unary {
            op: UnaryOp::Address,
            x,
        } => tree.unparen(x),
        _ => tree.unparen(literal),
    };
    let ExprKind::CompositeLit { elts, .. } = tree.expr(literal).kind else {
        return Vec::new();
    };
    let given = tree.exprs(elts).iter().filter_map(|elt| {
        let ExprKind::KeyValue { key, value, .. } = tree.expr(*elt).kind else {
            return None;
        };
        let ExprKind::Ident(field) = tree.expr(key).kind else {
            return None;
        };
        let local = function.local(value)?;
        let info = function.info().local_info(local)?;
        let is_made_here = matches!(info.kind, LocalKind::Variable);
        is_made_here.then(|| (local, SmolStr::new(tree.name(field))))
    });
    given.collect()
}

/// A goroutine that is started for the value, and the channel fields of the value that it waits on.
pub(super) struct Start {
    pub waits_on: Vec<SmolStr>,
    /// The statement, of the function or of a method of the value that it calls.
    pub span: Span,
}

/// The goroutines that a function starts for these variables: `go f()`, `group.Go(f)`, or a method of
/// theirs that does.
pub(super) fn goroutines(
    module: &Module<'_>,
    function: &Function,
    of: &Made,
    depth: u8,
    found: &mut Vec<Start>,
) {
    let Some(depth) = depth.checked_sub(1) else {
        return;
    };
    let tree = function.tree();
    let mut start = |runs: ExprId, span: Span, at: Node| {
        if is_conditional(function, at) {
            return;
        }
        let waits_on = waits(module, function, runs, of);
        if !waits_on.is_empty() {
            found.push(Start { waits_on, span });
        }
    };
    let mut helpers = Vec::new();
    for root in caulk_flow::roots(module.program, &function.typed) {
        tree.walk(root, |node| {
            match node {
                Node::Stmt(stmt) => {
                    if let StmtKind::Go(call) = tree.stmt(stmt).kind {
                        start(call, tree.stmt(stmt).span, node);
                        return Descend::Skip;
                    }
                }
                Node::Expr(expr) => {
                    if let ExprKind::FuncLit { .. } = tree.expr(expr).kind {
                        return Descend::Skip;
                    }
                    if let ExprKind::Call { args, .. } = tree.expr(expr).kind
                        && let Callee::Method { func, receiver, .. } = function.callee(expr)
                    {
                        let span = tree.expr(expr).span;
                        match tree.exprs(args) {
                            [task] if starts(module, func) => start(*task, span, node),
                            _ if is_one_of(function, *receiver, &of.locals) => {
                                helpers.extend(func.id.map(|id| (id, span)));
                            }
                            _ => {}
                        }
                    }
                }
            }
            Descend::Into
        });
    }
    for (id, span) in helpers {
        let mut inner = Vec::new();
        if let Some(helper) = module.function(BodyOwner::Func(id))
            && let Some(receiver) = helper.info().receiver()
        {
            goroutines(
                module,
                &helper,
                &Made::receiver(receiver),
                depth,
                &mut inner,
            );
        }
        found.extend(inner.into_iter().map(|start| Start { span, ..start }));
    }
}

/// Whether a method runs its argument in a goroutine.
fn starts(module: &Module<'_>, func: &FuncRef) -> bool {
    let (package, name) = crate::types::split_name(module.program, func);
    module.catalogue.starts_goroutine(package, name)
}

/// Whether something in a function happens under a condition: an option may leave the goroutine out.
pub(crate) fn is_conditional(function: &Function, at: Node) -> bool {
    is_left_out(function, at) || is_in_branch(function, at, None)
}

/// The same of something that comes after a call: in a branch that the call is not in.
pub(crate) fn is_conditional_after(function: &Function, at: Node, call: ExprId) -> bool {
    is_left_out(function, at) || is_in_branch(function, at, Some(call))
}

/// Whether what a function returns in the end it has returned before it comes here: `if n == 0 { return s }`.
fn is_left_out(function: &Function, at: Node) -> bool {
    let tree = function.tree();
    let Some(graph) = function.graph(None) else {
        return false;
    };
    let place = match at {
        Node::Stmt(stmt) => tree.stmt(stmt).span.start,
        Node::Expr(expr) => tree.expr(expr).span.start,
    };
    let (mut before, mut behind) = (Vec::new(), Vec::new());
    tree.walk(graph.body, |node| {
        if let Node::Stmt(stmt) = node
            && let StmtKind::Return(list) = tree.stmt(stmt).kind
            && let Some(local) = tree.exprs(list).first().and_then(|x| function.local(*x))
            && function.root_of(stmt).is_none()
        {
            let returns = if tree.stmt(stmt).span.start < place {
                &mut before
            } else {
                &mut behind
            };
            returns.push(local);
        }
        Descend::Into
    });
    before.iter().any(|local| behind.contains(local))
}

fn is_in_branch(function: &Function, at: Node, without: Option<ExprId>) -> bool {
    let tree = function.tree();
    let mut at = function.parent(at);
    while let Some(node) = at {
        if let Node::Stmt(stmt) = node
            && !without.is_some_and(|call| tree.stmt(stmt).span.encloses(tree.expr(call).span))
            && matches!(
                tree.stmt(stmt).kind,
                StmtKind::If { .. } | StmtKind::Case { .. } | StmtKind::Comm { .. }
            )
        {
            return true;
        }
        at = function.parent(node);
    }
    false
}

fn is_one_of(function: &Function, expr: ExprId, of: &[LocalId]) -> bool {
    function
        .local(expr)
        .is_some_and(|local| of.contains(&local))
}

/// Whether a function returns a variable, as any of its results.
pub(crate) fn returns(function: &Function, local: LocalId) -> bool {
    let mut results = 0..function.results(None).len();
    results.any(|result| returned_locals(function, result).contains(&local))
}

/// The variables that a function returns as this result.
pub(crate) fn returned_locals(function: &Function, result: usize) -> Vec<LocalId> {
    let tree = function.tree();
    let mut found = Vec::new();
    let Some(graph) = function.graph(None) else {
        return found;
    };
    found.extend(function.results(None).get(result));
    tree.walk(graph.body, |node| {
        if let Node::Expr(expr) = node
            && let ExprKind::FuncLit { .. } = tree.expr(expr).kind
        {
            return Descend::Skip;
        }
        if let Node::Stmt(stmt) = node
            && let StmtKind::Return(list) = tree.stmt(stmt).kind
            && let Some(expr) = tree.exprs(list).get(result)
        {
            let mut expr = tree.unparen(*expr);
            if let ExprKind::Unary {
                op: UnaryOp::Address,
                x,
            } = tree.expr(expr).kind
            {
                expr = x;
            }
            if let Some(local) = function.local(expr) {
                found.insert(0, local);
            }
        }
        Descend::Into
    });
    found
}

/// The channel fields of the value that a goroutine waits on.
fn waits(module: &Module<'_>, function: &Function, runs: ExprId, made: &Made) -> Vec<SmolStr> {
    let tree = function.tree();
    let runs = tree.unparen(runs);
    let mut fields = Vec::new();
    match tree.expr(runs).kind {
        ExprKind::FuncLit { .. } => received(function, Node::Expr(runs), made, &mut fields),
        ExprKind::Call { .. } => match function.callee(runs) {
            Callee::Literal(literal) => received(function, Node::Expr(*literal), made, &mut fields),
            Callee::Method { func, receiver, .. }
                if is_one_of(function, *receiver, &made.locals) =>
            {
                fields = func
                    .id
                    .map(|id| received_by(module, id))
                    .unwrap_or_default();
            }
            Callee::Static(func) => {
                let called = func.id.and_then(|id| module.function(BodyOwner::Func(id)));
                if let Some(called) = called
                    && let Some(graph) = called.graph(None)
                {
                    let of = Made {
                        locals: Vec::new(),
                        channels: passed(function, runs, made, &called),
                    };
                    received(&called, Node::Stmt(graph.body), &of, &mut fields);
                }
            }
            _ => {}
        },
        // A method value: `group.Go(s.loop)`.
        ExprKind::Selector { x, .. } => {
            if let Object::Method(func) = function.info().object(runs)
                && is_one_of(function, x, &made.locals)
            {
                fields = func
                    .id
                    .map(|id| received_by(module, id))
                    .unwrap_or_default();
            }
        }
        _ => {}
    }
    fields
}

/// The parameters of a called function that are passed channels of a value: `go serve(s.requests, stop)`.
fn passed(
    function: &Function,
    call: ExprId,
    made: &Made,
    called: &Function,
) -> Vec<(LocalId, SmolStr)> {
    let arguments = function.tree().arguments(call).iter();
    let params = called.info().params().iter();
    arguments
        .zip(params)
        .filter_map(|(argument, param)| Some((*param, field_of(function, *argument, made)?)))
        .collect()
}

/// The channel fields of its receiver that a method waits on, unless something else can end it too.
fn received_by(module: &Module<'_>, id: FuncId) -> Vec<SmolStr> {
    let mut fields = Vec::new();
    if let Some(function) = module.function(BodyOwner::Func(id))
        && let Some(graph) = function.graph(None)
        && let Some(receiver) = function.info().receiver()
    {
        received(
            &function,
            Node::Stmt(graph.body),
            &Made::receiver(receiver),
            &mut fields,
        );
    }
    fields
}

/// The channel fields of these variables that code receives from. None where it also waits for a
/// context to end: that may be what stops it.
fn received(function: &Function, code: Node, of: &Made, fields: &mut Vec<SmolStr>) {
    let tree = function.tree();
    let mut by_context = false;
    tree.walk(code, |node| {
        let channel = match node {
            Node::Expr(expr) => match tree.expr(expr).kind {
                ExprKind::Unary {
                    op: UnaryOp::Receive,
                    x,
                } => Some(x),
                _ => None,
            },
            Node::Stmt(stmt) => match tree.stmt(stmt).kind {
                StmtKind::Range { x, .. } => Some(x),
                _ => None,
            },
        };
        if let Some(channel) = channel.map(|channel| tree.unparen(channel)) {
            if let ExprKind::Call { .. } = tree.expr(channel).kind {
                by_context |= function
                    .callee(channel)
                    .func()
                    .is_some_and(|func| func.name.ends_with(".Done"));
            }
            fields.extend(field_of(function, channel, of));
        }
        Descend::Into
    });
    if by_context {
        fields.clear();
    }
}

/// The field that an expression selects of a value, or that holds the same.
fn field_of(function: &Function, expr: ExprId, of: &Made) -> Option<SmolStr> {
    let tree = function.tree();
    let expr = tree.unparen(expr);
    if let ExprKind::Selector { x, sel } = tree.expr(expr).kind {
        let is_own = is_one_of(function, x, &of.locals);
        return is_own.then(|| SmolStr::new(tree.name(sel)));
    }
    let local = function.local(expr)?;
    let mut channels = of.channels.iter();
    let kept = channels.find(|(channel, _)| *channel == local);
    kept.map(|(_, field)| field.clone())
}

/// A method that stops whoever waits on a field.
pub(super) struct Stop {
    pub name: &'static str,
    pub method: FuncId,
    pub field: SmolStr,
}

/// The releases of a type that tell what waits on a field of it to end.
pub(super) fn releases(module: &Module<'_>, ty: TypeId) -> Vec<Stop> {
    let mut found = Vec::new();
    for name in RELEASE_METHODS {
        let method = module
            .program
            .method(ty, name)
            .filter(|method| !method.of_interface && method.through.is_empty())
            .and_then(|method| method.func.id);
        let Some(method) = method else { continue };
        let mut fields = Vec::new();
        signalled(module, method, DEPTH, &mut fields);
        found.extend(fields.into_iter().map(|field| Stop {
            name,
            method,
            field,
        }));
    }
    found
}

/// Whether a method tells something of its receiver to end: it closes a channel field, or sends on one.
pub(crate) fn signals(module: &Module<'_>, method: FuncId) -> bool {
    let mut fields = Vec::new();
    signalled(module, method, DEPTH, &mut fields);
    !fields.is_empty()
}

/// Whether a method, or one that it calls of the same receiver, closes a channel of that.
pub(crate) fn closes_field(module: &Module<'_>, method: FuncId, field: &str) -> bool {
    closes_within(module, method, field, &mut BTreeSet::new())
}

fn closes_within(
    module: &Module<'_>,
    id: FuncId,
    field: &str,
    seen: &mut BTreeSet<FuncId>,
) -> bool {
    if !seen.insert(id) {
        return false;
    }
    let Some(function) = module.function(BodyOwner::Func(id)) else {
        return false;
    };
    let tree = function.tree();
    let receiver = function.info().receiver();
    let Some(of) = receiver.map(Made::receiver) else {
        return false;
    };
    function
        .info()
        .calls()
        .iter()
        .any(|(call, callee)| match callee {
            Callee::Builtin(Builtin::Close) => {
                let closed = tree.arguments(*call).first();
                closed
                    .and_then(|closed| field_of(&function, *closed, &of))
                    .is_some_and(|name| name == field)
            }
            Callee::Method {
                func, receiver: x, ..
            } if is_one_of(&function, *x, &of.locals) && !function.is_started(*call) => func
                .id
                .is_some_and(|id| closes_within(module, id, field, seen)),
            _ => false,
        })
}

/// The channel fields of its receiver that a method closes or sends on.
fn signalled(module: &Module<'_>, id: FuncId, depth: u8, fields: &mut Vec<SmolStr>) {
    let Some(depth) = depth.checked_sub(1) else {
        return;
    };
    let Some(function) = module.function(BodyOwner::Func(id)) else {
        return;
    };
    let (Some(graph), Some(receiver)) = (function.graph(None), function.info().receiver()) else {
        return;
    };
    let tree = function.tree();
    let of = Made::receiver(receiver);
    tree.walk(graph.body, |node| {
        match node {
            Node::Stmt(stmt) => {
                if let Some(channel) = sent(tree, stmt) {
                    fields.extend(field_of(&function, channel, &of));
                }
            }
            Node::Expr(expr) => {
                if let ExprKind::Call { args, .. } = tree.expr(expr).kind {
                    match function.callee(expr) {
                        Callee::Builtin(Builtin::Close) => {
                            let channel = tree.exprs(args).first();
                            fields.extend(
                                channel.and_then(|channel| field_of(&function, *channel, &of)),
                            );
                        }
                        Callee::Method {
                            func, receiver: x, ..
                        } if function.local(*x) == Some(receiver) => {
                            if let Some(id) = func.id {
                                signalled(module, id, depth, fields);
                            }
                        }
                        _ => {}
                    }
                }
            }
        }
        Descend::Into
    });
}

fn sent(tree: &caulk_syntax::Tree, stmt: StmtId) -> Option<ExprId> {
    match tree.stmt(stmt).kind {
        StmtKind::Send { chan, .. } => Some(chan),
        _ => None,
    }
}
