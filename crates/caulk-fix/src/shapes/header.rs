//! A result discarded in the header of an `if`: `if _, err := open(); err != nil { … }`. The acquisition
//! moves above the `if`, so that its value can be released below.

use std::collections::BTreeSet;

use caulk_leaks::Held;
use caulk_syntax::{AssignOp, Node, Span, StmtId, StmtKind};

use super::statement::is_useless_when_dropped;
use super::{Proposal, deferred};
use crate::anchor::Anchor;
use crate::bound::refuse_if_needed;
use crate::edit::Edit;
use crate::hold::Hold;
use crate::name::named;
use crate::refusal::Refusal;
use crate::site::Site;

/// The edits, where a site has this shape and moving the acquisition changes nothing else.
pub(super) fn propose(site: &Site<'_>) -> Result<Option<Proposal>, Refusal> {
    let is_named = matches!(site.template().held, Held::Variable(_));
    if !is_named && !matches!(site.template().held, Held::Blank(_)) || site.template().in_loop {
        return Ok(None);
    }
    let Some(around) = site.scope.parent(site.acquiring) else {
        return Ok(None);
    };
    let Some(StmtKind::If {
        init: Some(init),
        cond,
        then,
        els,
    }) = site.scope.kind(around)
    else {
        return Ok(None);
    };
    if site.scope.node(site.acquiring) != Some(Node::Stmt(init)) {
        return Ok(None);
    }
    let further = els.filter(|els| matches!(site.scope.tree.stmt(*els).kind, StmtKind::If { .. }));
    if !is_named && is_useless_when_dropped(site) {
        return within(site, then, els).map(Some);
    }
    let serves_all = !site.template().handed_on && site.template().releases.is_empty();
    if is_named && (further.is_none() || !serves_all || site.hold().is_ok()) {
        return Ok(None);
    }
    if els.is_some() && further.is_none() {
        return Ok(None);
    }
    let stays = || {
        Refusal::new(match is_named {
            true => "it is acquired in the header of a statement: acquire it on a line above",
            false => "its result is discarded in the header of an if: give it a name above",
        })
    };
    let tree = site.scope.tree;
    let StmtKind::Assign {
        lhs,
        op: AssignOp::Define,
        ..
    } = tree.stmt(init).kind
    else {
        return Err(stays());
    };
    // A name declared above the `if` must not hide one that is used below it.
    let (siblings, index) = site.scope.siblings(around).ok_or_else(stays)?;
    let declared: BTreeSet<&str> = tree
        .exprs(lhs)
        .iter()
        .filter_map(|left| tree.ident(*left))
        .filter(|name| *name != "_")
        .collect();
    let below = siblings.get(index + 1..).unwrap_or_default();
    let hides = declared.iter().any(|name| {
        below
            .iter()
            .any(|id| !site.scope.uses(*id, name).is_empty())
    });
    if hides || !site.leaves(then) || !site.asks_for_error(cond) {
        return Err(stays());
    }

    let named = named(site)?;
    let layout = site.layout();
    let statement = site.scope.span(around);
    let header = site.scope.span(site.acquiring);
    if !layout.opens_line(statement.start) {
        return Err(stays());
    }
    let line = format!(
        "{}{}if ",
        layout.line_break(statement.start),
        layout.indent(statement.start)
    );
    let mut edits = named.edits;
    edits.push(Edit::remove(Span::new(statement.start, header.start)));
    edits.push(Edit::replace(
        Span::new(header.end, tree.expr(cond).span.start),
        line,
    ));
    let release = site.release(&named.value)?;
    let lines = deferred::lines(site, &release);
    if site.test().is_none() {
        refuse_if_needed(site)?;
    }
    edits.push(match further {
        // What follows `else` stands by itself, since the branch before it leaves.
        Some(further) => {
            let gap = Span::new(tree.stmt(then).span.end, tree.stmt(further).span.start);
            layout
                .replace_else(statement.start, gap, &lines)
                .ok_or_else(stays)?
        }
        None => Hold::always(Anchor::Below(statement)).insert(layout, lines)?,
    });
    Ok(Some(Proposal::sure(edits)))
}

/// Releases what is dropped at once, in the branch that has it.
fn within(site: &Site<'_>, then: StmtId, els: Option<StmtId>) -> Result<Proposal, Refusal> {
    let named = named(site)?;
    let release = site.release(&named.value)?;
    let lines = site.style.statement(&release);
    let layout = site.layout();
    let mut edits = named.edits;
    // A name that the header declares is not known below.
    let declares = edits.iter().any(|edit| edit.text == ":=");
    match (site.hold(), els) {
        (Ok(hold), _) if !declares => edits.push(hold.insert(layout, lines)?),
        (_, None) => {
            let end = site.scope.tree.stmt(then).span.end;
            edits.push(
                layout
                    .insert_else(end, &lines)
                    .ok_or_else(Refusal::crowded)?,
            );
        }
        (Ok(_), Some(_)) => {
            return Err(Refusal::new(
                "it is acquired in the header of a statement: acquire it on a line above",
            ));
        }
        (Err(refusal), Some(_)) => return Err(refusal),
    }
    Ok(Proposal::sure(edits))
}
