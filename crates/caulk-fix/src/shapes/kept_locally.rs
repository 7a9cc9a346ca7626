//! A field of a value that the function makes, and hands on when all goes well: released before the exits that drop
//! the value with an error.

use caulk_syntax::{Descend, Node, StmtKind};

use super::obstacle::is_declared_plainly;
use super::{Proposal, exits};
use crate::refusal::Refusal;
use crate::site::{Site, span};

/// The edits, where the value that has the field is one of the function's own.
pub(super) fn propose(site: &Site<'_>, place: &str) -> Result<Option<Proposal>, Refusal> {
    let template = site.template();
    let Some((owner, _)) = place.split_once('.') else {
        return Ok(None);
    };
    let own = site.body_block().is_some_and(|body| {
        is_declared_plainly(site.scope.tree, body, owner)
            && !site.source.has_parameter(&site.scope, site.body(), owner)
    });
    let dropped = |exit: &caulk_leaks::Exit| {
        let statement = site.scope.statement(span(exit.span));
        let node = statement.and_then(|at| site.scope.node(at));
        exit.with_error && node.is_some_and(|node| site.scope.uses(node, owner).is_empty())
    };
    let straight = own
        && !template.in_loop
        && template.releases.is_empty()
        && template.may_release.is_empty()
        && template.losing_exits.iter().all(dropped)
        && !is_set_again(site, place);
    match straight {
        true => exits::propose(site).map(Some),
        false => Ok(None),
    }
}

/// Whether the field, or the value that has it, is assigned behind the acquisition.
fn is_set_again(site: &Site<'_>, place: &str) -> bool {
    let tree = site.scope.tree;
    let after = site.scope.span(site.acquiring).end;
    let Some(body) = site.body_block() else {
        return true;
    };
    let mut found = false;
    tree.walk(body, |node| {
        if let Node::Stmt(id) = node
            && tree.stmt(id).span.start >= after
            && let StmtKind::Assign { lhs, .. } = tree.stmt(id).kind
        {
            found |= tree.exprs(lhs).iter().any(|left| {
                let text = site.layout().text(tree.expr(*left).span);
                text == place
                    || place
                        .split_once('.')
                        .is_some_and(|(owner, _)| owner == text)
            });
        }
        Descend::Into
    });
    found
}
