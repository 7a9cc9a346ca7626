//! Many exits that lose a value which is handed on when all goes well: one deferred release for where the function
//! returns an error, whose result gets a name for that.

use caulk_leaks::Exit;
use caulk_syntax::StmtKind;

use super::commit::makes_error;
use super::obstacle::standing;
use super::{Proposal, Proposed};
use crate::edit::Edit;
use crate::layout::under;
use crate::refusal::Refusal;
use crate::release::Release;
use crate::site::{Site, span};

/// The edits. `else_` says why not where this is no such function.
pub(super) fn propose(
    site: &Site<'_>,
    value: &str,
    release: &Release,
    else_: impl Fn() -> Refusal,
) -> Proposed {
    let template = site.template();
    let hold = site.hold()?;
    // What it is passed to, or a release by hand, may have ended it where the error comes from.
    let may_be_over = !(template.releases.is_empty() && template.may_release.is_empty());
    let fits = template.losing_exits.iter().all(|exit| fails(site, exit))
        && !template.in_loop
        && hold.condition.is_none()
        && !site.is_rebound(value)
        && is_in_outermost(site)
        && standing(site).next().is_none()
        && (site.may_end_twice() || !may_be_over);
    if !fits {
        return Err(else_());
    }
    let (error, mut edits) = error_result(site).ok_or_else(else_)?;
    let mut lines = vec!["defer func() {".to_owned()];
    let guarded = under(&format!("{error} != nil"), site.style.statement(release));
    lines.extend(guarded.iter().map(|line| format!("\t{line}")));
    lines.push("}()".to_owned());
    edits.push(hold.insert(site.layout(), lines)?);
    Ok(Proposal::sure(edits))
}

/// Whether an exit returns an error for certain, or one that is made there or has the name of one.
pub(super) fn fails(site: &Site<'_>, exit: &Exit) -> bool {
    let tree = site.scope.tree;
    let statement = site.scope.statement(span(exit.span));
    let Some(StmtKind::Return(results)) = site.scope.kind_of(statement) else {
        return false;
    };
    let last = tree.exprs(results).last().copied();
    exit.with_error
        || last.is_some_and(|last| {
            makes_error(tree, last) || tree.ident(last).is_some_and(|name| name.starts_with("Err"))
        })
}

/// Whether the value is acquired in the outermost block of the function: elsewhere a deferred function may see another of
/// the same name.
fn is_in_outermost(site: &Site<'_>) -> bool {
    let parent = site.scope.parent(site.acquiring);
    parent.is_some_and(|at| site.scope.span(at) == site.body())
}

/// The name of the result that is an error, and the edits that give it one.
fn error_result(site: &Site<'_>) -> Option<(String, Vec<Edit>)> {
    if !site.returns_error() {
        return None;
    }
    let (tree, signature) = site.source.signature(&site.scope, site.body())?;
    let results = tree.fields(tree.signature(signature).results?);
    let (last, others) = results.split_last()?;
    if let Some(name) = tree.names(last.names).last().map(|name| tree.name(*name)) {
        return (name != "_").then(|| (name.to_owned(), Vec::new()));
    }
    let names = site
        .source
        .names_around(span(site.finding.acquired_at().span));
    let name = ["retErr", "resultErr", "finalErr"]
        .into_iter()
        .find(|name| !names.contains(name))?;
    let mut edits: Vec<Edit> = others
        .iter()
        .map(|field| Edit::insert(field.span.start, "_ ".to_owned()))
        .collect();
    let ty = tree.expr(last.ty).span;
    let is_bare = tree.signature(signature).span.end == ty.end;
    let text = match is_bare {
        true => format!("({name} error)"),
        false => format!("{name} error"),
    };
    edits.push(Edit::replace(ty, text));
    Some((name.to_owned(), edits))
}
