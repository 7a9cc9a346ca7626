//! A value that the function hands to a goroutine and does not touch again: released where the goroutine ends.

use std::collections::BTreeSet;

use caulk_leaks::{Exit, ExitKind};
use caulk_syntax::{AssignOp, Descend, ExprId, ExprKind, Node, StmtId, StmtKind};

use super::Proposal;
use crate::anchor::Anchor;
use crate::edit::Edit;
use crate::leaving::Leave;
use crate::refusal::Refusal;
use crate::site::{Site, span};

/// The edits, where a site has this shape.
pub(super) fn propose(site: &Site<'_>) -> Result<Option<Proposal>, Refusal> {
    let template = site.template();
    let [obstacle] = template.obstacles.as_slice() else {
        return Ok(None);
    };
    let tree = site.scope.tree;
    let Some(started) = site.scope.statement_around(span(obstacle.span)) else {
        return Ok(None);
    };
    let (Some(StmtKind::Go(call)), Some(value)) = (site.scope.kind(started), site.value_name())
    else {
        return Ok(None);
    };
    let Some((fun, args)) = site.scope.call(call) else {
        return Ok(None);
    };
    let ExprKind::FuncLit { signature, body } = tree.expr(tree.unparen(fun)).kind else {
        return Ok(None);
    };
    let after = site.scope.span(started).end;
    let only_there = !template.handed_on
        && template.releases.is_empty()
        && !site.is_rebound(value)
        && !template.release.commits
        && !template.release.by_context;
    let (before, rest): (Vec<&Exit>, Vec<&Exit>) = template
        .losing_exits
        .iter()
        .filter(|exit| !is_next_turn(site, exit))
        .partition(|exit| span(exit.span).start < after);
    let only_there = only_there && (!rest.is_empty() || before.is_empty());
    let acquired = site.scope.span(site.acquiring);
    let several = site.scope.outwards(started).any(|at| {
        matches!(
            site.scope.kind(at),
            Some(StmtKind::For { .. } | StmtKind::Range { .. })
        ) && !site.scope.span(at).encloses(acquired)
    });
    if !only_there
        || several
        || site.waits_for(started)
        || site.test().is_some()
        || is_used_behind(site, value, after)
    {
        return Ok(None);
    }
    // What is passed has the parameter's name there.
    let mut parameters = tree
        .fields(tree.signature(signature).params)
        .iter()
        .flat_map(|field| tree.names(field.names))
        .map(|name| tree.name(*name));
    let passed = args.iter().position(|arg| tree.ident(*arg) == Some(value));
    let name = match passed {
        Some(at) => parameters.nth(at),
        None => parameters
            .all(|parameter| parameter != value)
            .then_some(value)
            .filter(|value| {
                args.iter()
                    .all(|arg| site.scope.uses(*arg, value).is_empty())
            }),
    };
    // The goroutine may have a variable of its own by this name, or give it another value.
    let Some(name) = name.filter(|name| *name != "_" && !site.scope.assigns(body, name)) else {
        return Ok(None);
    };
    if gives_away(site, body, name) {
        return Ok(None);
    }
    let release = site.release(name)?;
    let lines = site.style.deferred(&release);
    let anchor = Anchor::BlockStart(tree.stmt(body).span.start + 1);
    let mut edits = vec![anchor.insert(site.layout(), &lines)?];
    for exit in before {
        let Some(edit) = before_the_start(site, exit, value)? else {
            return Ok(None);
        };
        edits.push(edit);
    }
    Ok(Some(Proposal::sure(edits)))
}

/// Whether the goroutine sends what a method of the value has given it, or leaves it in a variable that is not its own: a connection
/// over a client needs that as long.
fn gives_away(site: &Site<'_>, body: StmtId, value: &str) -> bool {
    let (tree, scope) = (site.scope.tree, &site.scope);
    let is_of_value = |x: &ExprId| {
        let call = scope.call(tree.unparen(*x));
        let path = call.and_then(|(fun, _)| tree.selector_path(fun));
        path.is_some_and(|path| path.len() > 1 && path.first() == Some(&value))
    };
    let mut made: BTreeSet<&str> = BTreeSet::new();
    let mut given_away = false;
    tree.walk(body, |node| {
        if let Node::Stmt(id) = node {
            match tree.stmt(id).kind {
                StmtKind::Assign { lhs, op, rhs, .. }
                    if tree.exprs(rhs).iter().any(is_of_value) =>
                {
                    let names = tree.exprs(lhs).iter().filter_map(|left| tree.ident(*left));
                    let names = names.filter(|name| !["_", "err"].contains(name));
                    match op {
                        AssignOp::Define => made.extend(names),
                        _ => given_away |= names.count() > 0,
                    }
                }
                StmtKind::Send { value: sent, .. } => {
                    given_away |= made.iter().any(|name| !scope.uses(sent, name).is_empty());
                }
                _ => {}
            }
        }
        Descend::Into
    });
    given_away
}

/// The release before a `return` that stands above the goroutine.
fn before_the_start(site: &Site<'_>, exit: &Exit, value: &str) -> Result<Option<Edit>, Refusal> {
    let hold = site.hold()?;
    let place = span(exit.span);
    let statement = site.scope.statement(place);
    let held = hold.condition.is_none() && place.start >= hold.anchor.offset();
    let (Some(StmtKind::Return(_)), true) = (site.scope.kind_of(statement), held) else {
        return Ok(None);
    };
    let Some(id) = statement.and_then(|at| site.scope.stmt_id(at)) else {
        return Ok(None);
    };
    let release = site.release(value)?;
    site.release_before(Leave::Return(id), value, &release)
        .map(Some)
}

fn is_next_turn(site: &Site<'_>, exit: &Exit) -> bool {
    exit.kind == ExitKind::NextIteration && span(exit.span) == site.scope.span(site.acquiring)
}

/// Whether the function itself uses the value behind `after`.
fn is_used_behind(site: &Site<'_>, value: &str, after: u32) -> bool {
    site.body_block().is_none_or(|body| {
        let uses = site.scope.uses(body, value);
        uses.iter().any(|place| place.start >= after)
    })
}
