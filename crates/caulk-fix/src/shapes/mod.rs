//! One file per shape of leak: where its release goes.

mod ahead;
mod behind;
mod buffer;
mod channel;
mod closing;
mod commit;
mod context;
mod deferred;
mod discarded;
mod ended;
mod exits;
mod failing;
mod goroutine;
mod header;
mod hoisted;
mod joined;
mod keeper;
mod kept_locally;
mod obstacle;
mod on_error;
mod order;
mod outliving;
mod over;
mod overwritten;
mod parted;
mod process;
mod restarted;
mod selected;
mod statement;
mod told;
mod turn;
mod unchecked;

use caulk_leaks::{ExitKind, Held, Obstacle};
use caulk_syntax::{Descend, ExprId, ExprKind, Node};

use crate::bound::refuse_if_measured_later;
use crate::edit::Edit;
use crate::refusal::Refusal;
use crate::site::{Site, span};

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
    let mut proposal = proposed(site)?;
    // What a release is given, or asked for, may need an import.
    let asserted = site.template().release.asserted.as_deref();
    for name in ["context.Background", "context.With"]
        .into_iter()
        .chain(asserted)
    {
        let package = name.split('.').next().unwrap_or_default();
        if proposal.edits.iter().any(|edit| edit.text.contains(name)) {
            proposal.edits.extend(site.source.import(package)?);
        }
    }
    Ok(proposal)
}

fn proposed(site: &Site<'_>) -> Proposed {
    let template = site.template();
    if let Some(keeper) = &template.keeper {
        return keeper::propose(site, keeper);
    }
    if let Some(why) = &template.release.impossible {
        return Err(Refusal::new(why.clone()));
    }
    if let Some(ended) = goroutine::propose(site)? {
        return Ok(ended);
    }
    if let Some(told) = told::propose(site)? {
        return Ok(told);
    }
    if let Some(closed) = closing::propose(site) {
        return Ok(closed);
    }
    let standing: Vec<&Obstacle> = obstacle::standing(site).collect();
    if let Some(obstacle) = standing.first() {
        let refused = || Err(Refusal::new(obstacle.why.clone()));
        return ahead::propose(site, &standing).unwrap_or_else(refused);
    }
    match site.finding.rule {
        "blocked-goroutine" => buffer::propose(site),
        "release-before-error-check" => order::propose(site),
        "defer-in-loop" => turn::propose(site),
        "unwaited-process" => release(site).map(|proposal| process::reviewed(site, proposal)),
        _ => release(site),
    }
}

fn release(site: &Site<'_>) -> Proposed {
    let template = site.template();
    if let Held::Place(place) = &template.held {
        return kept_locally::propose(site, place)?.ok_or_else(|| {
            Refusal::of(
                "it is kept in …: the owner of that should release it",
                place,
            )
        });
    }
    if let Some(refusal) = discarded::refusal(site) {
        return Err(refusal);
    }
    if let Some(borrower) = obstacle::borrower(site) {
        return Err(Refusal::of(
            "… is lent it and may use it once the function has returned: release it where that is done",
            borrower,
        ));
    }
    if template.release.asserted.is_some()
        && let Ok(value) = site.value()
        && site
            .layout()
            .text(site.body())
            .contains(&format!("{value}{}.(", template.release.path))
    {
        return Err(Refusal::new(
            "it is asked for its release elsewhere in the function: do that above the exits that lose it",
        ));
    }
    match wrapped(site).filter(|_| template.release.taker.is_some()) {
        Some(Wrapped::Here(at)) if is_lost_ahead_of(site, at) => return exits::propose(site),
        Some(Wrapped::Here(_)) => {
            return Err(Refusal::new(
                "something else that releases it is made of it: release that",
            ));
        }
        Some(Wrapped::ByLiteral) => return exits::propose(site),
        None => {}
    }
    if site.finding.rule == "unended-span" {
        refuse_if_measured_later(site)?;
    }
    if !template.may_release.is_empty() && !site.may_end_twice() {
        return Err(Refusal::new(
            "a function that it is passed to releases it on some of its paths: let that release it on all, or on none",
        ));
    }
    if let Some(owner) = &template.release.owner {
        return channel::propose(site, owner);
    }
    if template.release.by_context {
        let cancelled = match template.in_loop || template.handed_on {
            true => None,
            false => context::cancelled(site)?,
        };
        return cancelled.map(Proposal::sure).ok_or_else(|| {
            Refusal::new("nothing but the end of its context releases it: cancel that")
        });
    }
    if let Some(named) = selected::propose(site)? {
        return Ok(named);
    }
    if let Some(hoisted) = header::propose(site)? {
        return Ok(hoisted);
    }
    if let Some(dropped) = statement::propose(site)? {
        return Ok(dropped);
    }
    if let Some(above) = hoisted::propose(site)? {
        return Ok(above);
    }
    if let Some(first) = overwritten::propose(site)? {
        return Ok(first);
    }
    if let Some(behind) = behind::propose(site)? {
        return Ok(behind);
    }
    let commits = template.release.commits;
    let aborts = template.release.abort.is_some();
    let cleanup_in_test = site.test().is_some() && !template.handed_on;
    if commits && !aborts {
        return commit::propose(site);
    }
    if template.in_loop && !cleanup_in_test && site.defers_release() {
        return turn::propose(site);
    }
    if template.handed_on || (template.in_loop && !cleanup_in_test) || site.is_labeled() {
        return exits::propose(site);
    }
    let mut exits_lose = template.losing_exits.iter();
    let overwritten = exits_lose.all(|exit| exit.kind == ExitKind::Overwritten);
    if overwritten && !template.losing_exits.is_empty() && !template.releases.is_empty() {
        // What the variable holds in the end is released already.
        return exits::propose(site).or_else(|_| deferred::propose(site));
    }
    let fails = template.losing_exits.iter().any(|exit| exit.with_error);
    if template.release.with_error.is_some() && fails {
        // Whoever reads from the other end must not take an error for the end.
        return exits::propose(site).or_else(|_| deferred::propose(site));
    }
    if site.is_cancel() && site.may_end_twice() && site.releases_by_hand() {
        // A second call does nothing, so that one place is enough.
        return deferred::propose(site).or_else(|_| exits::propose(site));
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

/// Where a file is made of a descriptor, which closes that as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wrapped {
    /// By this call of the function's own, or by the first of several.
    Here(ExprId),
    /// In a literal that is given the descriptor where all goes well.
    ByLiteral,
}

fn wrapped(site: &Site<'_>) -> Option<Wrapped> {
    let (tree, value) = (site.scope.tree, site.value().ok()?);
    let mut found = None;
    tree.walk(site.body_block()?, |node| {
        if let Node::Expr(id) = node
            && let ExprKind::Call { fun, .. } = tree.expr(id).kind
            && tree.selector_path(fun).as_deref() == Some(&["os", "NewFile"])
            && !site.scope.uses(id, &value).is_empty()
        {
            found = match (is_parameter(site, id, &value), found) {
                (true, found) => found.or(Some(Wrapped::ByLiteral)),
                (false, Some(Wrapped::Here(first))) => Some(Wrapped::Here(first)),
                (false, _) => Some(Wrapped::Here(id)),
            };
        }
        Descend::Into
    });
    found
}

/// Whether each exit that loses the descriptor leaves the function above the call that makes a file of it.
fn is_lost_ahead_of(site: &Site<'_>, wrapping: ExprId) -> bool {
    let wrapping = site.scope.tree.expr(wrapping).span;
    let mut exits = site.template().losing_exits.iter();
    exits.all(|exit| exit.kind == ExitKind::Return && span(exit.span).end <= wrapping.start)
}

/// Whether a name is one of the parameters of a literal around an expression: another value by that name.
fn is_parameter(site: &Site<'_>, x: ExprId, name: &str) -> bool {
    let (tree, scope) = (site.scope.tree, &site.scope);
    let around = scope.statement_around(tree.expr(x).span);
    around.is_some_and(|at| {
        scope.outwards(at).any(|at| {
            let Some(Node::Expr(id)) = scope.node(at) else {
                return false;
            };
            let ExprKind::FuncLit { body, .. } = tree.expr(id).kind else {
                return false;
            };
            site.source.has_parameter(scope, tree.stmt(body).span, name)
        })
    })
}
