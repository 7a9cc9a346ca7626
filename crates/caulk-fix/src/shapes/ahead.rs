//! What else needs the value begins behind every exit that loses it: a release before these exits, by hand, cannot come
//! too early.

use caulk_leaks::{ExitKind, Held, Obstacle};
use caulk_syntax::StmtKind;

use super::{Proposed, exits, wrapped};
use crate::site::{Site, span};

/// The edits; none where one of the obstacles may be met before an exit.
pub(super) fn propose(site: &Site<'_>, obstacles: &[&Obstacle]) -> Option<Proposed> {
    let template = site.template();
    let release = &template.release;
    let plain = matches!(template.held, Held::Variable(_))
        && release.owner.is_none()
        && !release.by_context
        && !release.commits
        && template.may_release.is_empty()
        && site.finding.rule != "unwaited-process"
        && wrapped(site).is_none();
    let ahead = obstacles.iter().all(|obstacle| is_behind(site, obstacle));
    (plain && ahead).then(|| exits::propose(site))
}

/// Whether every exit that loses the value is a `return` above an obstacle, and none can come after it in another turn
/// of a loop.
fn is_behind(site: &Site<'_>, obstacle: &Obstacle) -> bool {
    let acquired = site.scope.span(site.acquiring);
    let place = span(obstacle.span);
    let Some(statement) = site.scope.statement_around(place) else {
        return false;
    };
    let comes_again = site.scope.outwards(statement).any(|at| {
        let kind = site.scope.kind(at);
        matches!(
            kind,
            Some(StmtKind::For { .. } | StmtKind::Range { .. } | StmtKind::Labeled { .. })
        ) && !site.scope.span(at).encloses(acquired)
    });
    let exits = &site.template().losing_exits;
    let above = exits.iter().all(|exit| {
        exit.kind == ExitKind::Return
            && acquired.end <= span(exit.span).start
            && span(exit.span).end <= place.start
    });
    !exits.is_empty() && above && !comes_again
}
