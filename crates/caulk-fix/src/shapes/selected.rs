//! A timer or ticker that only a case of a `select` knows: `case <-time.NewTimer(d).C`. It gets a name above the `select`, and
//! whichever of the cases is taken stops it.

use caulk_leaks::Held;
use caulk_syntax::{ExprKind, Span, StmtKind};

use super::Proposal;
use crate::edit::Edit;
use crate::refusal::Refusal;
use crate::site::{Site, span};

/// What makes one, the name for it, and whether it may fire again.
const MADE_BY: [(&str, &str, bool); 2] =
    [("NewTimer", "timer", false), ("NewTicker", "ticker", true)];

/// The edits, where a site has this shape.
pub(super) fn propose(site: &Site<'_>) -> Result<Option<Proposal>, Refusal> {
    let (layout, tree) = (site.layout(), site.scope.tree);
    let call = span(site.finding.acquired_at().span);
    let made = site.scope.expression(call).map(|id| tree.expr(id).kind);
    let Some(ExprKind::Call { fun, .. }) = made.filter(|_| site.template().held == Held::Nothing)
    else {
        return Ok(None);
    };
    let ExprKind::Selector { sel, .. } = tree.expr(fun).kind else {
        return Ok(None);
    };
    let Some((_, name, again)) = MADE_BY.iter().find(|(by, ..)| *by == tree.name(sel)) else {
        return Ok(None);
    };
    let mut around = site.scope.outwards(site.acquiring);
    let Some(clause) =
        around.find(|at| matches!(site.scope.kind(*at), Some(StmtKind::Comm { .. })))
    else {
        return Ok(None);
    };
    let Some(StmtKind::Comm {
        comm: Some(waits),
        colon,
        ..
    }) = site.scope.kind(clause)
    else {
        return Ok(None);
    };
    // `<-time.NewTimer(d).C`, and nothing beside it that is evaluated before.
    let is_waited_for = tree.stmt(waits).span.encloses(call)
        && layout
            .text(Span::new(call.end, colon.offset()))
            .trim_end()
            .ends_with(".C");
    let select = around.find_map(|at| match site.scope.kind(at)? {
        StmtKind::Select(body) => Some((at, body)),
        _ => None,
    });
    let Some((select, body)) = select.filter(|_| is_waited_for) else {
        return Ok(None);
    };
    let place = site.scope.span(select);
    if site.scope.siblings(select).is_none() || !layout.opens_line(place.start) {
        return Ok(None);
    }
    let Some(function) = site.body_block() else {
        return Ok(None);
    };
    let mut value = (*name).to_owned();
    for number in 2.. {
        if site.scope.uses(function, &value).is_empty() {
            break;
        }
        value = format!("{name}{number}");
    }
    let line = [format!("{value} := {}", layout.text(call))];
    let stop = [format!("{value}.Stop()")];
    let mut edits = vec![
        layout
            .insert_above(place.start, &line)
            .ok_or_else(Refusal::crowded)?,
        Edit::replace(call, value),
    ];
    for case in tree.block(body) {
        let StmtKind::Comm { comm, colon, .. } = tree.stmt(*case).kind else {
            continue;
        };
        if comm != Some(waits) || *again {
            let at = colon.offset().saturating_add(1);
            let edit = layout.insert_at_block_start(at, &stop);
            edits.push(edit.ok_or_else(Refusal::crowded)?);
        }
    }
    Ok(Some(Proposal::sure(edits)))
}
