//! A `defer` inside a loop, which piles up until the function ends: the release moves to each exit of the
//! turn.

use caulk_syntax::{Node, StmtId, StmtKind};

use super::{Proposal, Proposed};
use crate::leaving::Stretch;
use crate::site::{Anchor, Refusal, Site, span};
use crate::source::At;

/// A turn with more exits is better served by a function of its own.
const MAX_EXITS: usize = 3;

/// Takes the `defer` out and releases before each exit of the turn that comes after it.
pub(super) fn propose(site: &Site<'_>) -> Proposed {
    let deferred = site.template().releases.iter().find_map(|release| {
        let at = site.scope.statement(span(*release))?;
        matches!(site.scope.kind(at), Some(StmtKind::Defer(_))).then_some(at)
    });
    let deferred = deferred.ok_or_else(|| Refusal::new("its deferred release cannot be found"))?;
    let value = site.value()?;
    let release = site.release(&value)?;
    if !is_plain(site, deferred, &release.call) {
        return Err(by_function("its deferred release does more than release"));
    }
    let body = enclosing_loop(site, deferred)
        .ok_or_else(|| by_function("the deferred release stands in no loop of its function"))?;
    let stretch = Stretch::around(&site.scope, Anchor::Below(site.scope.span(deferred)));
    let stretch = stretch.filter(|stretch| site.scope.node(stretch.at) == Some(Node::Stmt(body)));
    let stretch = stretch
        .ok_or_else(|| by_function("the deferred release stands in a branch of the turn"))?;
    let leaves = stretch
        .leaves(site.scope.span(deferred).end)
        .ok_or_else(|| by_function("the turn is left in a way that cannot be followed"))?;
    if leaves.len() > MAX_EXITS {
        return Err(Refusal::of(
            "the turn has … exits: move it into a function of its own",
            &leaves.len().to_string(),
        ));
    }

    let layout = site.layout();
    let removal = layout
        .remove_lines(site.scope.span(deferred))
        .ok_or_else(|| Refusal::new("its deferred release shares its line with other code"))?;
    let mut edits = vec![removal];
    for leave in leaves {
        edits.push(site.release_before(leave, &value, &release)?);
    }
    Ok(Proposal::sure(edits))
}

fn by_function(reason: &str) -> Refusal {
    Refusal::new(format!(
        "{reason}: move the turn into a function of its own"
    ))
}

/// Whether a `defer` is the release and nothing else.
fn is_plain(site: &Site<'_>, deferred: At, call: &str) -> bool {
    let text = site.layout().text(site.scope.span(deferred));
    let text = text.strip_prefix("defer").unwrap_or_default().trim();
    text == call
        || text == format!("func() {{ _ = {call} }}()")
        || text == format!("func() {{ {call} }}()")
}

/// The body of the innermost loop around a statement within its function.
fn enclosing_loop(site: &Site<'_>, at: At) -> Option<StmtId> {
    for around in site.scope.outwards(at) {
        match site.scope.node(around)? {
            Node::Expr(_) => return None,
            Node::Stmt(_) => match site.scope.kind(around)? {
                StmtKind::For { body, .. } | StmtKind::Range { body, .. } => {
                    return Some(body);
                }
                _ => {}
            },
        }
    }
    None
}
