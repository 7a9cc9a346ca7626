//! A release by hand before each exit that misses it: where the value is handed on when all goes well,
//! inside loops, and where the other paths release it already.

use caulk_leaks::{Exit, ExitKind};
use caulk_syntax::{ExprKind, Span, StmtKind};

use super::{Proposal, Proposed};
use crate::edit::Edit;
use crate::name::named;
use crate::release::Release;
use crate::site::{Refusal, Site, span};
use crate::source::At;

/// More exits than these are better served by a function of their own.
const MAX_EXITS: usize = 6;

/// Releases before every exit that loses the value.
pub(super) fn propose(site: &Site<'_>) -> Proposed {
    let template = site.template();
    if template.losing_exits.is_empty() {
        return Err(Refusal::new("no single exit could be named that loses it"));
    }
    if template.losing_exits.len() > MAX_EXITS {
        return Err(Refusal::new(format!(
            "{} exits lose it: move the work into a function of its own and defer the release there",
            template.losing_exits.len()
        )));
    }
    let named = named(site)?;
    let mut edits = named.edits;
    let release = site.release(&named.value);
    let abort = Release::abort(&named.value, &template.release, release.is_rebound());
    for exit in &template.losing_exits {
        let commits = template.release.commits;
        let edit = match &abort {
            Some(abort) => before(site, exit, &named.value, abort)?,
            None if commits && exit.with_error => {
                return Err(Refusal::new(format!(
                    "{} would save what is incomplete on the path with an error: cancel it there instead",
                    release.call
                )));
            }
            None if commits => checked(site, exit, &release)?,
            _ => before(site, exit, &named.value, &release)?,
        };
        edits.push(edit);
    }
    if site.may_pass_unheld() {
        return Err(Refusal::new(
            "the exits that lose it can also be reached without it: release it where it is acquired",
        ));
    }
    Ok(Proposal::sure(edits))
}

/// The release before one exit.
fn before(site: &Site<'_>, exit: &Exit, value: &str, release: &Release) -> Result<Edit, Refusal> {
    let layout = site.layout();
    let lines = site.style.statement(release);
    let place = span(exit.span);
    if is_brace(site, place) {
        return layout
            .insert_at_block_end(place.start, &lines)
            .ok_or_else(Refusal::crowded);
    }
    let at = exit_statement(site, place)?;
    let used = site
        .scope
        .node(at)
        .is_none_or(|node| match (exit.kind, site.scope.kind(at)) {
            (ExitKind::Overwritten, Some(StmtKind::Assign { rhs, .. })) => {
                let sides = site.scope.tree.exprs(rhs);
                sides
                    .iter()
                    .any(|side| !site.scope.uses(*side, value).is_empty())
            }
            _ => !site.scope.uses(node, value).is_empty(),
        });
    if used {
        return Err(Refusal::new(format!(
            "the statement that loses {value} still uses it"
        )));
    }
    layout
        .insert_above(place.start, &lines)
        .ok_or_else(Refusal::crowded)
}

/// The release before an exit without an error, its own error returned.
fn checked(site: &Site<'_>, exit: &Exit, release: &Release) -> Result<Edit, Refusal> {
    let no_error = || {
        Refusal::new(format!(
            "the error of {} must be handled, and there is no way to return it",
            release.call
        ))
    };
    let at = exit_statement(site, span(exit.span)).map_err(|_| no_error())?;
    let Some(StmtKind::Return(results)) = site.scope.kind(at) else {
        return Err(no_error());
    };
    let tree = site.scope.tree;
    let results = tree.exprs(results);
    match results.split_last() {
        Some((last, [])) if tree.ident(*last) == Some("nil") => {
            Ok(Edit::replace(tree.expr(*last).span, release.call.clone()))
        }
        Some((last, others)) if tree.ident(*last) == Some("nil") => {
            let simple = others.iter().all(|other| {
                matches!(
                    tree.expr(*other).kind,
                    ExprKind::Ident(_) | ExprKind::BasicLit(_)
                )
            });
            if !simple {
                return Err(no_error());
            }
            let layout = site.layout();
            let values = layout.text(Span::new(
                others
                    .first()
                    .map_or(0, |first| tree.expr(*first).span.start),
                tree.expr(*last).span.start,
            ));
            let lines = [
                format!("if err := {}; err != nil {{", release.call),
                format!("\treturn {values}err"),
                "}".to_owned(),
            ];
            layout
                .insert_above(span(exit.span).start, &lines)
                .ok_or_else(Refusal::crowded)
        }
        _ => Err(no_error()),
    }
}

fn is_brace(site: &Site<'_>, place: Span) -> bool {
    place.len() == 1 && place.of(site.source.bytes()) == b"}"
}

/// The statement at an exit, if one can stand before it.
fn exit_statement(site: &Site<'_>, place: Span) -> Result<At, Refusal> {
    site.scope
        .statement(place)
        .filter(|at| site.scope.siblings(*at).is_some())
        .ok_or_else(|| Refusal::new("an exit that loses it has no place for a release before it"))
}

impl Site<'_> {
    /// Whether a release of it stands in the function that is not deferred.
    pub(super) fn releases_by_hand(&self) -> bool {
        self.template().releases.iter().any(|release| {
            let at = self.scope.statement(span(*release));
            !at.is_some_and(|at| {
                self.scope
                    .outwards(at)
                    .any(|at| matches!(self.scope.kind(at), Some(StmtKind::Defer(_))))
            })
        })
    }

    /// Whether an exit could be reached where the variable holds nothing: the acquisition assigns an outer
    /// variable in a block that the exit does not stand in.
    fn may_pass_unheld(&self) -> bool {
        let declares = !matches!(
            self.scope.kind(self.acquiring),
            Some(StmtKind::Assign {
                op: caulk_syntax::AssignOp::Assign,
                ..
            })
        );
        if declares {
            return false;
        }
        let block = self
            .scope
            .parent(self.acquiring)
            .map(|at| self.scope.span(at));
        self.template()
            .losing_exits
            .iter()
            .any(|exit| !block.is_some_and(|block| block.encloses(span(exit.span))))
    }
}
