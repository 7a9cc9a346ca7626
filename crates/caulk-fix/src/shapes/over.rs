//! Whether the value may be released already where control leaves.

use caulk_leaks::ByteSpan;
use caulk_syntax::{Node, Span, StmtKind};

use crate::leaving::{Leave, MAX_DEPTH, Stretch, ends};
use crate::site::{Site, span};
use crate::source::At;

/// Whether a release by hand stands on the straight way to where control leaves.
pub(super) fn is_released_before(site: &Site<'_>, stretch: &Stretch<'_>, leave: Leave) -> bool {
    let (around, offset): (Vec<At>, u32) = match leave {
        Leave::Return(id) | Leave::Branch(id) => {
            let place = site.scope.tree.stmt(id).span;
            let at = site.scope.statement(place);
            (
                at.map(|at| site.scope.outwards(at).collect())
                    .unwrap_or_default(),
                place.start,
            )
        }
        Leave::Brace(offset) => (vec![stretch.at], offset),
        Leave::Below(statement) => (vec![stretch.at], statement.end),
    };
    site.template().releases.iter().any(|release| {
        let release = span(*release);
        // `_ = f.Close()` is one as well.
        let at = site
            .scope
            .statement_around(release)
            .filter(|at| !matches!(site.scope.kind(*at), Some(StmtKind::Defer(_))));
        let list = at.and_then(|at| site.scope.parent(at));
        release.end <= offset && list.is_some_and(|list| around.contains(&list))
    })
}

/// Whether a function that is deferred above an offset releases the value in a branch.
pub(super) fn has_conditional_defer(site: &Site<'_>, offset: u32) -> bool {
    let tree = site.scope.tree;
    site.template().releases.iter().any(|release| {
        let release = span(*release);
        let Some(at) = site.scope.statement_around(release) else {
            return false;
        };
        let in_branch = |at: &At| match site.scope.kind(*at) {
            Some(StmtKind::If { then, els, .. }) => [Some(then), els]
                .into_iter()
                .flatten()
                .any(|branch| tree.stmt(branch).span.encloses(release)),
            Some(StmtKind::Case { .. } | StmtKind::Comm { .. }) => true,
            _ => false,
        };
        let around: Vec<At> = site.scope.outwards(at).collect();
        let deferred = around.iter().position(|at| {
            matches!(site.scope.kind(*at), Some(StmtKind::Defer(_)))
                && site.scope.span(*at).start < offset
        });
        deferred.is_some_and(|deferred| around.iter().take(deferred).any(in_branch))
    })
}

/// Whether control may come to a place by a branch that has released the value.
pub(super) fn may_be_over(site: &Site<'_>, place: Span) -> bool {
    comes_by(site, &site.template().releases, place)
}

/// Whether control may come to a place by a branch that has handed the value on.
pub(super) fn may_be_handed_on(site: &Site<'_>, place: Span) -> bool {
    comes_by(site, &site.template().handed_on_at, place)
}

/// Whether control may come to a place by way of one of these above it.
fn comes_by(site: &Site<'_>, ways: &[ByteSpan], place: Span) -> bool {
    let above = ways.iter().map(|way| span(*way));
    above
        .filter(|way| way.end <= place.start)
        .filter_map(|way| site.scope.statement_around(way))
        .any(|at| comes_to(site, at, place))
}

/// Whether control may come from a statement to a place below it.
fn comes_to(site: &Site<'_>, from: At, place: Span) -> bool {
    let tree = site.scope.tree;
    let holds = |at: At| site.scope.span(at).encloses(place);
    for at in site.scope.outwards(from) {
        if matches!(site.scope.node(at), Some(Node::Expr(_)))
            || matches!(site.scope.kind(at), Some(StmtKind::Defer(_)))
        {
            // It runs at another time.
            return false;
        }
        let Some((siblings, _)) = site.scope.siblings(at) else {
            continue;
        };
        if site.scope.parent(at).is_none_or(holds) {
            return true;
        }
        let Some(last) = siblings.last().filter(|last| ends(tree, **last, MAX_DEPTH)) else {
            continue;
        };
        let within_turn = || {
            let is_loop = |at: &At| {
                let kind = site.scope.kind(*at);
                matches!(kind, Some(StmtKind::For { .. } | StmtKind::Range { .. }))
            };
            site.scope.outwards(at).find(is_loop).is_some_and(holds)
        };
        if !matches!(tree.stmt(*last).kind, StmtKind::Branch { .. }) || within_turn() {
            return false;
        }
    }
    true
}
