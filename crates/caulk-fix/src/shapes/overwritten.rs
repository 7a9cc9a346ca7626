//! A variable outside of the loop that gets a new value in each turn: what it still holds is released first.

use caulk_leaks::ExitKind;
use caulk_syntax::{AssignOp, Descend, Node, StmtKind};

use super::Proposal;
use crate::layout::under;
use crate::refusal::Refusal;
use crate::site::Site;

/// The edits, where a site has this shape and nothing else holds what is overwritten.
pub(super) fn propose(site: &Site<'_>) -> Result<Option<Proposal>, Refusal> {
    let template = site.template();
    let exits = &template.losing_exits;
    let next_turn = exits
        .iter()
        .all(|exit| exit.kind == ExitKind::NextIteration);
    let assigns = matches!(
        site.scope.kind(site.acquiring),
        Some(StmtKind::Assign {
            op: AssignOp::Assign,
            ..
        })
    );
    let Some(value) = site.value_name().filter(|_| {
        template.in_loop && next_turn && !exits.is_empty() && assigns && !template.handed_on
    }) else {
        return Ok(None);
    };
    if !starts_as_nil(site, value) || site.scope.siblings(site.acquiring).is_none() {
        return Ok(None);
    }
    let release = site.release(value)?;
    let lines = under(&format!("{value} != nil"), site.style.statement(&release));
    let place = site.scope.span(site.acquiring).start;
    let edit = site.layout().insert_above(place, &lines);
    Ok(Some(Proposal::sure(vec![
        edit.ok_or_else(Refusal::crowded)?,
    ])))
}

/// Whether `name` is declared in the function as a pointer without a value, and only the acquiring statement
/// assigns it.
fn starts_as_nil(site: &Site<'_>, name: &str) -> bool {
    let tree = site.scope.tree;
    let Some(body) = site.body_block() else {
        return false;
    };
    let acquiring = site.scope.span(site.acquiring);
    let mut others = 0;
    tree.walk(body, |node| {
        if let Node::Stmt(id) = node
            && let StmtKind::Assign { lhs, .. } = tree.stmt(id).kind
            && tree.stmt(id).span != acquiring
        {
            others += tree
                .exprs(lhs)
                .iter()
                .filter(|left| tree.ident(**left) == Some(name))
                .count();
        }
        Descend::Into
    });
    let ty = site.declared_without_value(body, name);
    ty.is_some_and(|ty| ty.starts_with('*')) && others == 0
}
