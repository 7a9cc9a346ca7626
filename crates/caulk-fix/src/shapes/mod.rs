//! One file per shape of leak: where its release goes.

mod buffer;
mod deferred;
mod exits;
mod header;
mod order;
mod turn;

use caulk_leaks::{Held, Obstacle};
use caulk_syntax::StmtKind;

use crate::edit::Edit;
use crate::site::{Refusal, Site, span};

/// Edits that should end a finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Proposal {
    pub(crate) edits: Vec<Edit>,
    /// What a person should look at before the edits are taken; none where they change nothing but the
    /// release.
    pub(crate) review: Option<String>,
}

impl Proposal {
    fn sure(edits: Vec<Edit>) -> Self {
        Self {
            edits,
            review: None,
        }
    }

    fn review(edits: Vec<Edit>, reason: impl Into<String>) -> Self {
        Self {
            edits,
            review: Some(reason.into()),
        }
    }
}

type Proposed = Result<Proposal, Refusal>;

/// The edits for the finding of a site.
pub(crate) fn propose(site: &Site<'_>) -> Proposed {
    let template = site.template();
    if let Some(obstacle) = template
        .obstacles
        .iter()
        .find(|obstacle| !outlived(site, obstacle))
    {
        return Err(Refusal::new(obstacle.why.clone()));
    }
    match site.finding.rule {
        "blocked-goroutine" => buffer::propose(site),
        "release-before-error-check" => order::propose(site),
        "defer-in-loop" => turn::propose(site),
        _ => release(site),
    }
}

/// Whether what needs the value is over by the time of its release: a goroutine that the function waits for;
/// or anything but a store where the cleanup of a test releases, since the test and its subtests have returned
/// by then.
fn outlived(site: &Site<'_>, obstacle: &Obstacle) -> bool {
    let statement = site.scope.statement_around(span(obstacle.span));
    let Some(kind) = site.scope.kind_of(statement) else {
        return false;
    };
    if matches!(kind, StmtKind::Go(_)) && statement.is_some_and(|started| site.waits_for(started)) {
        return true;
    }
    let stores = matches!(
        kind,
        StmtKind::Assign { .. } | StmtKind::Decl(_) | StmtKind::Send { .. }
    );
    let rebound = site.value().is_ok_and(|value| site.is_rebound(&value));
    let cleans_up = site.test().is_some() && !rebound && !site.template().handed_on;
    cleans_up && !stores
}

fn release(site: &Site<'_>) -> Proposed {
    let template = site.template();
    if let Held::Place(place) = &template.held {
        return Err(Refusal::new(format!(
            "it is kept in {place}: the owner of that should release it"
        )));
    }
    if !template.may_release.is_empty() && !site.may_end_twice() {
        return Err(Refusal::new(
            "a function that it is passed to releases it on some of its paths",
        ));
    }
    if let Some(hoisted) = header::propose(site)? {
        return Ok(hoisted);
    }
    let commits = template.release.commits;
    let aborts = template.release.abort.is_some();
    let cleanup_in_test = site.test().is_some() && !template.handed_on;
    if commits && !aborts {
        return exits::propose(site);
    }
    if template.in_loop && !cleanup_in_test && site.defers_release() {
        return turn::propose(site);
    }
    if template.handed_on || (template.in_loop && !cleanup_in_test) {
        return exits::propose(site);
    }
    if site.releases_by_hand() && !aborts {
        // The good path stays as it is: only the paths that miss the release get one. Where that cannot be
        // done, a second release at the end is harmless, unless the first was a change of hands.
        let twice = site.releases_itself() && site.may_end_twice();
        return exits::propose(site).or_else(|refusal| match twice {
            true => deferred::propose(site),
            false => Err(refusal),
        });
    }
    deferred::propose(site)
}
