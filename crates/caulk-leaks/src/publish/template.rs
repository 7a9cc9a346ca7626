//! What an edit that ends a leak needs to know.

use caulk_program::{Object, TypeId};
use caulk_syntax::{Descend, ExprKind, Node, Span, SpecKind, StmtId, StmtKind};

use crate::body::{Function, Root};
use crate::contract::{Origin, Release};
use crate::finding::{ByteSpan, Exit, FixTemplate, Obstacle, ReleaseCall};
use crate::module::Module;
use crate::place::byte_span;
use crate::publish::described::Described;
use crate::sites::Site;
use crate::types;

/// The template of an acquisition.
pub(crate) fn template(described: &Described<'_, '_>) -> FixTemplate {
    let Described {
        function,
        file,
        site,
        verdict,
        module,
        ..
    } = *described;
    let tree = function.tree();
    let outcomes = &verdict.outcomes;
    let statement = outermost_statement(function, site);
    let statement_span = statement.map_or(tree.expr(site.call).span, |stmt| tree.stmt(stmt).span);
    let check = error_check(function, site, None);
    let obstacles = outcomes.obstacles.iter().map(|(span, why)| Obstacle {
        span: byte_span(*span),
        why: why.clone(),
    });
    let text = file.bytes();
    let taker = taker(module, function, &text, site);
    let missing = missing_arguments(module, function, site);
    let holder = holder_type(function, site);
    let other_taker = site
        .release
        .taken_by
        .first()
        .filter(|_| site.release.actions.is_empty() && taker.is_none());
    let mut released = holder;
    for field in site.release.path() {
        released = released.and_then(|ty| module.program.field_type(ty, field));
    }
    let only_lent = released.is_some_and(|ty| types::only_lends(module.program, ty, &site.release));
    let impossible = if site.contract.unreleasable {
        Some("the type that holds it has no release: it needs one first".to_owned())
    } else if let Some(taker) = other_taker {
        Some(format!(
            "{taker} of something else takes it back: call that where it is no longer needed"
        ))
    } else if only_lent && !is_closer(&site.release) {
        Some("is put into a variable of an interface that cannot release it".to_owned())
    } else if matches!(missing, Some(Missing::Other)) {
        Some("its release takes arguments that are not known".to_owned())
    } else if is_out_of_reach(module, function, site, released) {
        Some(
            "its release is not exported by the package of its type: it needs one first".to_owned(),
        )
    } else if waits_for_nobody(module, function, site) {
        Some("its release waits for a goroutine that may not have been started".to_owned())
    } else {
        None
    };
    let mut release = release_call(function, &text, site, taker);
    release.impossible = impossible;
    release.asserted = only_lent.then(|| "io.Closer".to_owned());
    // What is committed by a method of its own is not by its release.
    release.commits &= !holder.is_some_and(|ty| module.program.has_method(ty, "Commit"));
    if matches!(missing, Some(Missing::Context)) {
        release.arguments = "ctx".to_owned();
    }
    FixTemplate {
        release,
        held: described.held.clone(),
        result: (site.result, site.results),
        error_result: site.error,
        error_variable: error_variable(function, site),
        statement: byte_span(statement_span),
        after: byte_span(check.unwrap_or(statement_span)),
        body: body(function, site.root),
        in_loop: described.in_loop,
        test_variable: if file.is_test() {
            crate::sites::test_variable(module, function, site.root)
        } else {
            None
        },
        losing_exits: outcomes
            .owed
            .iter()
            .map(|lost| Exit {
                span: byte_span(lost.span),
                kind: lost.kind,
                with_error: lost.error == Some(true),
                failing_call: lost.failing_call.is_some(),
            })
            .collect(),
        // Where a path is not understood, or a callee takes it over when all goes well, the value may be in
        // other hands at the end. A response is commonly passed to functions that look at it and no more.
        handed_on: outcomes.returned.is_some()
            || (outcomes.unknown.is_some() && site.release.path().is_empty())
            || outcomes.depends_on_returned
            || outcomes
                .settled
                .is_some_and(|(how, _)| how != crate::finding::SettledBy::NeverReturns),
        handed_on_at: match site.release.path() {
            [] => outcomes
                .handed_on_at
                .iter()
                .map(|span| byte_span(*span))
                .collect(),
            _ => Vec::new(),
        },
        releases: outcomes
            .releases
            .iter()
            .chain(&outcomes.early_defer)
            .map(|span| byte_span(*span))
            .collect(),
        may_release: outcomes
            .may_release
            .iter()
            .map(|span| byte_span(*span))
            .collect(),
        obstacles: obstacles.collect(),
        keeper: None,
    }
}

/// What can take the value back where it has no release of its own, with the method for it: what handed it out, where
/// that is named by a path.
fn taker(
    module: &Module<'_>,
    function: &Function,
    text: &[u8],
    site: &Site,
) -> Option<(String, String)> {
    let tree = function.tree();
    let name = match site.release.actions.as_slice() {
        [] => site.release.taken_by.first()?,
        _ => return None,
    };
    let ExprKind::Call { fun, .. } = tree.expr(site.call).kind else {
        return None;
    };
    let ExprKind::Selector { x, .. } = tree.expr(tree.unparen(fun)).kind else {
        return None;
    };
    tree.selector_path(x)?;
    let text = || String::from_utf8(tree.expr(x).span.of(text).to_vec()).ok();
    let is_listed = matches!(site.contract.origin, Origin::Catalogue { .. });
    if (site.argument.is_some() || is_listed)
        && matches!(function.info().object(x), Object::Package(_))
    {
        return Some((text()?, name.clone()));
    }
    let method = module.program.method(function.info().type_of(x), name)?;
    let signature = module.program.func_type(method.signature)?;
    let takes_it_alone =
        matches!(signature.params[..], [only] if Some(only) == holder_type(function, site));
    (takes_it_alone && !signature.variadic)
        .then(|| Some((text()?, name.clone())))
        .flatten()
}

/// Whether the release method would wait for a goroutine which nobody has started.
fn waits_for_nobody(module: &Module<'_>, function: &Function, site: &Site) -> bool {
    let program = module.program;
    let release = || {
        let mut ty = holder_type(function, site)?;
        for field in site.release.path() {
            ty = program.field_type(ty, field)?;
        }
        let name = site.release.actions.first()?.method.as_deref()?;
        program.method(ty, name)?.func.id
    };
    let maker = function.callee(site.call).func().and_then(|func| func.id);
    maker.zip(release()).is_some_and(|(maker, release)| {
        crate::engine::idle::waits_for_what_may_not_run(module, function, maker, release)
    })
}

/// What a release method takes, where nothing says what to give it.
enum Missing {
    Context,
    Other,
}

fn missing_arguments(module: &Module<'_>, function: &Function, site: &Site) -> Option<Missing> {
    let program = module.program;
    let method = site.release.actions.first()?.method.as_deref()?;
    let mut ty = holder_type(function, site).filter(|_| site.release.arguments.is_empty())?;
    for field in site.release.path() {
        ty = program.field_type(ty, field)?;
    }
    let signature = program.func_type(program.method(ty, method)?.signature)?;
    let is_context = |ty| {
        program
            .named_name(ty)
            .is_some_and(|name| name == "context.Context")
    };
    match signature.params[..] {
        [] => None,
        [_] if signature.variadic => None,
        [only] if is_context(only) => Some(Missing::Context),
        _ => Some(Missing::Other),
    }
}

/// Whether its one release is the method of `io.Closer`.
fn is_closer(release: &Release) -> bool {
    let methods = release
        .actions
        .iter()
        .map(|action| action.method.as_deref());
    release.returns_error && release.arguments.is_empty() && methods.eq([Some("Close")])
}

fn release_call(
    function: &Function,
    text: &[u8],
    site: &Site,
    taker: Option<(String, String)>,
) -> ReleaseCall {
    let release = &site.release;
    let action = release.actions.first();
    let tree = function.tree();
    let arguments = match tree.expr(site.call).kind {
        ExprKind::Call { args, .. } => tree.exprs(args),
        _ => &[],
    };
    let context = site.contract.context_ends;
    let context = context.and_then(|index| arguments.get(index));
    ReleaseCall {
        path: release
            .path()
            .iter()
            .map(|field| format!(".{field}"))
            .collect(),
        method: match &taker {
            Some((_, method)) => Some(method.clone()),
            None => action.and_then(|action| action.method.clone()),
        },
        arguments: release.arguments.clone(),
        returns_error: release.returns_error,
        commits: release.commits,
        asserted: None,
        abort: release.abort.clone(),
        finishes: site.contract.finishes,
        context: context.map(|argument| byte_span(tree.expr(*argument).span)),
        by_context: action.is_none() && taker.is_none(),
        taker: taker.map(|(taker, _)| taker),
        owner: release.owner.clone(),
        restarted_by: release.restarted_by.clone(),
        with_error: release.with_error.clone(),
        impossible: None,
        ended_in_error: release.ended_in_error.clone(),
        written: site.contract.written.is_met(
            arguments
                .iter()
                .map(|argument| tree.expr(*argument).span.of(text)),
        ),
    }
}

/// Whether the release is a method that only the package of the type can call, which is not that of the function.
fn is_out_of_reach(
    module: &Module<'_>,
    function: &Function,
    site: &Site,
    released: Option<TypeId>,
) -> bool {
    let program = module.program;
    let Some(action) = site.release.actions.first() else {
        return false;
    };
    // What nobody has a name for is what the call gives.
    let given = || {
        let ty = function.info().type_of(site.call);
        let results = types::results(program, ty);
        results.get(site.result).copied().unwrap_or(ty)
    };
    let ty = released.unwrap_or_else(given);
    let named = program.named_of(program.deref(ty));
    let method = action.method.as_deref();
    method.is_some_and(|method| !caulk_syntax::is_exported(method))
        && named.is_some_and(|named| *named.package != *program.package(function.package).path())
}

/// The type of what the value is assigned to.
fn holder_type(function: &Function, site: &Site) -> Option<TypeId> {
    let target = site.target(function)?;
    let info = function.info();
    let declared = function
        .local(target)
        .and_then(|local| info.local_info(local));
    Some(declared.map_or_else(|| info.type_of(target), |local| local.ty))
}

fn body(function: &Function, root: Root) -> ByteSpan {
    function
        .graph(root)
        .map(|graph| byte_span(function.tree().stmt(graph.body).span))
        .unwrap_or_default()
}

/// The statement of a block that acquires: not one in the header of another.
fn outermost_statement(function: &Function, site: &Site) -> Option<StmtId> {
    let mut at = function.statement(site.call)?;
    loop {
        match function.parent(at) {
            Some(Node::Stmt(parent)) if is_header(function, parent, at) => at = parent,
            _ => return Some(at),
        }
    }
}

fn is_header(function: &Function, parent: StmtId, child: StmtId) -> bool {
    match function.tree().stmt(parent).kind {
        StmtKind::If { init, .. }
        | StmtKind::Switch { init, .. }
        | StmtKind::TypeSwitch { init, .. }
        | StmtKind::For { init, .. } => init == Some(child),
        _ => false,
    }
}

fn error_variable(function: &Function, site: &Site) -> Option<String> {
    let tree = function.tree();
    let index = site.error?;
    let name = match tree.stmt(function.statement(site.call)?).kind {
        StmtKind::Assign { lhs, .. } => tree.ident(*tree.exprs(lhs).get(index)?)?,
        StmtKind::Decl(decl) => {
            let mut specs = tree.specs(tree.gen_decl(decl).specs).iter();
            specs.find_map(|spec| match spec.kind {
                SpecKind::Value(value) if tree.exprs(value.values).contains(&site.call) => {
                    Some(tree.name(*tree.names(value.names).get(index)?))
                }
                _ => None,
            })?
        }
        _ => return None,
    };
    (name != "_").then(|| name.to_owned())
}

/// The `if` that looks at the acquisition's error: the statement behind the acquiring one, or
/// behind `skip` where that stands in between.
pub(crate) fn error_check(function: &Function, site: &Site, skip: Option<Span>) -> Option<Span> {
    let tree = function.tree();
    let error = error_variable(function, site)?;
    let statement = function.statement(site.call)?;
    let siblings = function.siblings(statement)?;
    let position = siblings.iter().position(|stmt| *stmt == statement)?;
    for &next in siblings.iter().skip(position + 1) {
        let stmt = tree.stmt(next);
        if skip.is_some_and(|skip| stmt.span == skip) {
            continue;
        }
        let StmtKind::If {
            init: None, cond, ..
        } = stmt.kind
        else {
            return assertion(function, next, &error);
        };
        let mut found = false;
        tree.walk(cond, |node| {
            if let Node::Expr(expr) = node
                && let ExprKind::Ident(name) = tree.expr(expr).kind
            {
                found |= tree.name(name) == error;
            }
            Descend::Into
        });
        return found.then_some(stmt.span);
    }
    None
}

/// `require.NoError(t, err)` right behind the acquisition.
fn assertion(function: &Function, stmt: StmtId, error: &str) -> Option<Span> {
    let tree = function.tree();
    matches!(tree.stmt(stmt).kind, StmtKind::Expr(_))
        .then(|| mentions(function, stmt, error))
        .filter(|mentions| *mentions)
        .map(|_| tree.stmt(stmt).span)
}

fn mentions(function: &Function, stmt: StmtId, name: &str) -> bool {
    let tree = function.tree();
    let mut found = false;
    tree.walk(stmt, |node| {
        if let Node::Expr(expr) = node
            && let ExprKind::Ident(ident) = tree.expr(expr).kind
        {
            found |= tree.name(ident) == name;
        }
        Descend::Into
    });
    found
}
