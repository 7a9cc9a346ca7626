//! A timer for each turn of a loop, `case <-time.After(d)`: one for all of them, which each turn starts anew.

use caulk_syntax::{AssignOp, Descend, ExprId, ExprKind, Node, SpecKind, StmtId, StmtKind};

use super::{Proposal, deferred};
use crate::anchor::Anchor;
use crate::edit::Edit;
use crate::hold::Hold;
use crate::refusal::Refusal;
use crate::site::{Site, span};
use crate::source::At;

/// Makes the timer above the loop by `constructor`, and starts it above the select in each turn. What it waits for is its
/// `field`.
pub(super) fn propose(
    site: &Site<'_>,
    constructor: &str,
    field: &str,
) -> Result<Option<Proposal>, Refusal> {
    let Some(restart) = &site.template().release.restarted_by else {
        return Ok(None);
    };
    let tree = site.scope.tree;
    let layout = site.layout();
    let call = span(site.finding.acquired_at().span);
    let parts = site
        .scope
        .expression(call)
        .and_then(|id| site.scope.call(id));
    let Some((fun, [duration])) = parts else {
        return Ok(None);
    };
    let ExprKind::Selector { x: package, .. } = tree.expr(fun).kind else {
        return Ok(None);
    };
    let Some((select, outermost)) = select_in_loop(site) else {
        return Ok(None);
    };
    let Some(loop_id) = site.scope.stmt_id(outermost) else {
        return Ok(None);
    };
    let (turn, whole) = (site.scope.span(select), site.scope.span(outermost));
    if !means_the_same(site, *duration, loop_id)
        || !layout.opens_line(turn.start)
        || !layout.opens_line(whole.start)
    {
        return Ok(None);
    }
    let value = site.fresh("timer");
    let duration = layout.text(tree.expr(*duration).span);
    let package = layout.text(tree.expr(package).span);
    let mut lines = vec![format!("{value} := {package}.{constructor}({duration})")];
    lines.extend(deferred::lines(site, &site.release_by("Stop", &value)));
    // One that has fired must be read before it is started again.
    let start = [
        format!("if !{value}.Stop() {{"),
        "\tselect {".to_owned(),
        format!("\tcase <-{value}.{field}:"),
        "\tdefault:".to_owned(),
        "\t}".to_owned(),
        "}".to_owned(),
        format!("{value}.{restart}({duration})"),
    ];
    let start = layout.insert_above(turn.start, &start);
    Ok(Some(Proposal::sure(vec![
        above_loop(site, outermost, lines)?,
        start.ok_or_else(Refusal::crowded)?,
        Edit::replace(call, format!("{value}.{field}")),
    ])))
}

/// Puts lines above a loop, and above its label, which has an indentation of its own.
fn above_loop(site: &Site<'_>, outermost: At, lines: Vec<String>) -> Result<Edit, Refusal> {
    let layout = site.layout();
    let place = site.scope.span(outermost);
    let Some(StmtKind::Labeled { stmt, .. }) = site.scope.kind(outermost) else {
        return Hold::always(Anchor::Above(place)).insert(layout, lines);
    };
    let inner = site.scope.tree.stmt(stmt).span.start;
    if !layout.opens_line(inner) {
        return Err(Refusal::crowded());
    }
    let (indent, line_break) = (layout.indent(inner), layout.line_break(place.start));
    let text: String = lines
        .iter()
        .map(|line| format!("{indent}{line}{line_break}"))
        .collect();
    Ok(Edit::insert(layout.above_comments(place.start), text))
}

/// The select in whose case a site receives, where that stands in the body of a loop, and the outermost loop of the
/// function around it.
fn select_in_loop(site: &Site<'_>) -> Option<(At, At)> {
    let receives = site.acquiring;
    let clause = site.scope.parent(receives)?;
    let select = site.scope.parent(site.scope.parent(clause)?)?;
    let is_it = matches!(site.scope.kind(clause)?, StmtKind::Comm { comm, .. } if comm == site.scope.stmt_id(receives))
        && matches!(site.scope.kind(select)?, StmtKind::Select(_));
    site.scope.siblings(select).filter(|_| is_it)?;
    let body = site.body();
    let mut outermost = None;
    for at in site.scope.outwards(select) {
        if site.scope.span(at) == body {
            break;
        }
        match site.scope.kind(at)? {
            StmtKind::For { .. } | StmtKind::Range { .. } => outermost = Some(at),
            // Its label goes with it.
            StmtKind::Labeled { .. } if outermost == last_within(site, at) => outermost = Some(at),
            _ => {}
        }
    }
    let outermost = outermost?;
    site.scope.siblings(outermost)?;
    Some((select, outermost))
}

/// The statement that a label is of.
fn last_within(site: &Site<'_>, label: At) -> Option<At> {
    let StmtKind::Labeled { stmt, .. } = site.scope.kind(label)? else {
        return None;
    };
    site.scope.statement(site.scope.tree.stmt(stmt).span)
}

/// Whether an expression means above a loop what it means in it: it calls nothing, and nothing that it names is declared
/// there.
fn means_the_same(site: &Site<'_>, root: ExprId, around: StmtId) -> bool {
    let tree = site.scope.tree;
    let mut names = Vec::new();
    let mut calls = false;
    tree.walk(root, |node| {
        if let Node::Expr(id) = node {
            match tree.expr(id).kind {
                ExprKind::Call { fun, .. } => {
                    calls |= tree.selector_path(fun).as_deref() != Some(&["time", "Duration"]);
                }
                ExprKind::Ident(name) => names.push(tree.name(name)),
                ExprKind::FuncLit { .. } => calls = true,
                _ => {}
            }
        }
        Descend::Into
    });
    let mut declared = false;
    let is_it = |left: ExprId| tree.ident(left).is_some_and(|name| names.contains(&name));
    tree.walk(around, |node| {
        if let Node::Stmt(id) = node {
            declared |= match tree.stmt(id).kind {
                StmtKind::Assign {
                    lhs,
                    op: AssignOp::Define,
                    ..
                } => tree.exprs(lhs).iter().any(|left| is_it(*left)),
                StmtKind::Range { key, value, .. } => [key, value].into_iter().flatten().any(is_it),
                StmtKind::Decl(decl) => tree.specs(tree.gen_decl(decl).specs).iter().any(|spec| {
                    matches!(spec.kind, SpecKind::Value(value) if tree
                        .names(value.names)
                        .iter()
                        .any(|name| names.contains(&tree.name(*name))))
                }),
                _ => false,
            };
        }
        Descend::Into
    });
    !calls && !declared
}
