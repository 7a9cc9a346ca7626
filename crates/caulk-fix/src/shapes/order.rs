//! A `defer` that stands before the error check it should follow.

use caulk_syntax::StmtKind;

use super::{Proposal, Proposed};
use crate::refusal::Refusal;
use crate::site::{Site, span};

/// Moves the release below the check.
pub(super) fn propose(site: &Site<'_>) -> Proposed {
    let template = site.template();
    let hold = site.hold()?;
    if hold.condition.is_some() {
        return Err(Refusal::new("its error is never checked: check it first"));
    }
    let early = template.releases.iter().find_map(|release| {
        let at = site.scope.statement(span(*release))?;
        let is_defer = matches!(site.scope.kind(at), Some(StmtKind::Defer(_)));
        (is_defer && site.scope.span(at).start < hold.anchor.offset()).then_some(at)
    });
    let early = early.ok_or_else(|| Refusal::new("the early release is not a plain defer"))?;
    let layout = site.layout();
    let (lines, removal) = layout
        .take_lines(site.scope.span(early))
        .ok_or_else(|| Refusal::new("the early release shares its line with other code"))?;
    Ok(Proposal::sure(vec![removal, hold.insert(layout, lines)?]))
}
