//! A release for the rest of the function: `defer` below the error check, `t.Cleanup` in a test, or the
//! `defer` that is there already, moved up.

use caulk_syntax::{AssignOp, ExprId, ExprKind, Node, SpecKind, StmtKind};

use super::{Proposal, Proposed, ended, exits, joined};
use crate::bound::refuse_if_needed;
use crate::edit::Edit;
use crate::hold::Hold;
use crate::name::named;
use crate::refusal::Refusal;
use crate::release::Release;
use crate::site::{Site, span};
use crate::source::At;

/// Defers the release from where the value is known to be held.
pub(super) fn propose(site: &Site<'_>) -> Proposed {
    let hold = site.hold()?;
    let named = named(site)?;
    let mut edits = named.edits;
    if let Some(late) = late_defer(site, &hold)? {
        match move_up(site, &hold, late) {
            Ok(moved) => edits.extend(moved),
            // It stays, and the exits above it release for themselves.
            Err(refusal) => return exits::propose(site).map_err(|_| refusal),
        }
        edits.extend(ended::propose(site, &named.value));
        return Ok(Proposal::sure(edits));
    }

    let template = site.template();
    let release = site.release(&named.value)?;
    // What can be undone is undone unless the function commits before, after which undoing does nothing.
    let abort = site.abort(&named.value)?;
    let unfinished = abort.is_some() && template.releases.is_empty();
    let release = abort.unwrap_or(release);
    if site.test().is_none() {
        refuse_if_needed(site)?;
    }
    if !unfinished && let Some(checked) = returned_at_once(site, &hold, &release) {
        edits.extend(checked);
        return Ok(Proposal::sure(edits));
    }
    let joined = match unfinished {
        true => None,
        false => joined::propose(site, &hold, &release),
    };
    let (lines, more) = joined.unwrap_or_else(|| (lines(site, &release), Vec::new()));
    edits.extend(more);
    edits.push(hold.insert(site.layout(), lines)?);
    edits.extend(ended::propose(site, &named.value));
    if unfinished {
        let reason = format!(
            "nothing in the function commits {}; the fix undoes it",
            named.value
        );
        return Ok(Proposal::review(edits, reason));
    }
    Ok(Proposal::sure(edits))
}

/// The check of an error that is only returned, right behind the acquisition, with the release between it and the return that
/// is then without one.
fn returned_at_once(site: &Site<'_>, hold: &Hold, release: &Release) -> Option<Vec<Edit>> {
    let (tree, layout) = (site.scope.tree, site.layout());
    let error = site.template().error_variable.as_deref()?;
    let (siblings, index) = site.scope.siblings(site.acquiring)?;
    let next = tree.stmt(*siblings.get(index + 1)?);
    let StmtKind::Return(results) = next.kind else {
        return None;
    };
    let (last, others) = tree.exprs(results).split_last()?;
    let plain = |id: &ExprId| {
        matches!(
            tree.expr(*id).kind,
            ExprKind::Ident(_) | ExprKind::BasicLit(_)
        )
    };
    let held = site.value_name().unwrap_or_default();
    let apart = |id: &ExprId| ![held, error].map(Some).contains(&tree.ident(*id));
    let is_it = hold.condition.is_some()
        && tree.ident(*last) == Some(error)
        && others.iter().all(|other| plain(other) && apart(other));
    if !is_it {
        return None;
    }
    let place = tree.expr(*last).span;
    let mut lines = vec![
        format!("if {error} != nil {{"),
        format!("\t{}", layout.text(next.span)),
        "}".to_owned(),
    ];
    let (above, last) = match site.template().release.written && release.is_direct() {
        true => (Vec::new(), release.call.clone()),
        false => (site.style.statement(release), "nil".to_owned()),
    };
    lines.extend(above);
    Some(vec![
        layout.insert_above(next.span.start, &lines)?,
        Edit::replace(place, last),
    ])
}

/// The lines that arrange for the release: `t.Cleanup` in a test, unless the variable changes, else `defer`.
pub(super) fn lines(site: &Site<'_>, release: &Release) -> Vec<String> {
    match (site.test(), release.plain_function()) {
        (Some(test), Some(function)) => vec![format!("{test}.Cleanup({function})")],
        (Some(test), None) if !release.is_rebound() => {
            match site.style.statement(release).as_slice() {
                [only] => vec![format!("{test}.Cleanup(func() {{ {only} }})")],
                several => std::iter::once(format!("{test}.Cleanup(func() {{"))
                    .chain(several.iter().map(|line| format!("\t{line}")))
                    .chain(["})".to_owned()])
                    .collect(),
            }
        }
        _ => site.style.deferred(release),
    }
}

/// A `defer` of the same release that comes after an exit has been missed.
fn late_defer(site: &Site<'_>, hold: &Hold) -> Result<Option<At>, Refusal> {
    for release in &site.template().releases {
        let Some(at) = site.scope.statement_around(span(*release)) else {
            continue;
        };
        let mut around = site.scope.outwards(at);
        let deferred = around.find(|at| matches!(site.scope.kind(*at), Some(StmtKind::Defer(_))));
        let Some(deferred) = deferred else {
            continue;
        };
        let plainly =
            span(*release) == site.scope.span(deferred) || !site.is_conditional(at, deferred);
        let same_list = site.scope.parent(deferred) == site.scope.parent(site.acquiring);
        if plainly && !same_list && serves_all_paths(site, deferred)? {
            return Ok(Some(deferred));
        }
        if !plainly || !same_list {
            return Err(Refusal::new(
                "a deferred release depends on a condition: release it on the other ways too, if that is not meant",
            ));
        }
        if site.scope.span(deferred).start >= hold.anchor.offset() {
            return Ok(Some(deferred));
        }
    }
    Ok(None)
}

/// Whether a `defer` in a branch can stand above it: it is the release and nothing else, the branch is the last of
/// the function, and no path hands the value on.
fn serves_all_paths(site: &Site<'_>, deferred: At) -> Result<bool, Refusal> {
    let template = site.template();
    let value = site.value()?;
    let text = site.layout().text(site.scope.span(deferred));
    let within = site
        .scope
        .outwards(deferred)
        .take_while(|at| site.scope.span(*at) != span(template.body));
    let straight = within.into_iter().all(|at| {
        !matches!(
            site.scope.kind(at),
            None | Some(StmtKind::For { .. } | StmtKind::Range { .. })
        )
    });
    let block = site
        .scope
        .parent(deferred)
        .and_then(|at| site.scope.stmt_id(at));
    Ok(straight
        && block.is_some_and(|block| site.leaves(block))
        && !template.handed_on
        && !template.in_loop
        && !site.is_rebound(&value)
        && text == format!("defer {}", site.release(&value)?.call))
}

/// Takes the `defer` from where it is to where the value is held.
fn move_up(site: &Site<'_>, hold: &Hold, late: At) -> Result<Vec<Edit>, Refusal> {
    let layout = site.layout();
    let same_list = site.scope.parent(late) == site.scope.parent(site.acquiring);
    if same_list && needs_later_names(site, hold, late) {
        return Err(Refusal::new(
            "its deferred release comes too late and uses what is declared in between",
        ));
    }
    let (lines, removal) = layout.take_lines(site.scope.span(late)).ok_or_else(|| {
        Refusal::new("its deferred release comes too late and shares its line with other code")
    })?;
    Ok(vec![hold.insert(layout, lines)?, removal])
}

/// Whether the statement uses a name that is declared between the anchor and where it stands.
fn needs_later_names(site: &Site<'_>, hold: &Hold, late: At) -> bool {
    let tree = site.scope.tree;
    let (Some((siblings, index)), Some(node)) = (site.scope.siblings(late), site.scope.node(late))
    else {
        return true;
    };
    let between = siblings
        .iter()
        .take(index)
        .map(|id| tree.stmt(*id))
        .filter(|stmt| stmt.span.start >= hold.anchor.offset());
    let uses = |name: &str| !site.scope.uses(node, name).is_empty();
    between.into_iter().any(|stmt| match stmt.kind {
        StmtKind::Assign {
            lhs,
            op: AssignOp::Define,
            ..
        } => tree
            .exprs(lhs)
            .iter()
            .any(|left| tree.ident(*left).is_some_and(uses)),
        StmtKind::Decl(decl) => tree.specs(tree.gen_decl(decl).specs).iter().any(|spec| {
            let names = match &spec.kind {
                SpecKind::Value(value) => tree.names(value.names),
                SpecKind::Type(ty) => std::slice::from_ref(&ty.name),
                SpecKind::Import(_) => &[],
            };
            names.iter().any(|name| uses(tree.name(*name)))
        }),
        _ => false,
    }) || matches!(node, Node::Expr(_))
}
