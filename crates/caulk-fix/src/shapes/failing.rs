//! A `return` of all results of a call that takes the value over, and leaves it here where it fails: the results get
//! names, so that the error can be looked at first.

use caulk_syntax::{ExprKind, Span, StmtId, StmtKind};

use crate::edit::Edit;
use crate::layout::under;
use crate::name::{numbered, wanted};
use crate::refusal::Refusal;
use crate::release::Release;
use crate::site::{Site, span};

/// The edits; none where the statement is no such `return`.
pub(super) fn propose(
    site: &Site<'_>,
    statement: StmtId,
    release: &Release,
) -> Option<Result<Vec<Edit>, Refusal>> {
    let tree = site.scope.tree;
    let place = tree.stmt(statement).span;
    let mut exits = site.template().losing_exits.iter();
    if !exits.any(|exit| exit.failing_call && span(exit.span) == place) {
        return None;
    }
    let StmtKind::Return(results) = tree.stmt(statement).kind else {
        return None;
    };
    let [call] = tree.exprs(results) else {
        return None;
    };
    let call = tree.expr(*call);
    let types = site.result_types();
    let (error, others) = types.split_last()?;
    if error != "error" || !matches!(call.kind, ExprKind::Call { .. }) {
        return None;
    }
    Some(edits(site, place, call.span, others, release).ok_or_else(Refusal::crowded))
}

fn edits(
    site: &Site<'_>,
    place: Span,
    call: Span,
    others: &[String],
    release: &Release,
) -> Option<Vec<Edit>> {
    let layout = site.layout();
    let lines = site.style.statement(release);
    let keyword = Span::new(place.start, call.start);
    if !layout.opens_line(place.start) {
        return None;
    }
    if others.is_empty() {
        let mut branch: Vec<String> = lines.iter().map(|line| format!("\t{line}")).collect();
        branch.extend(["\treturn err", "}", "return nil"].map(str::to_owned));
        let mut below = layout.insert_below(place, &branch)?;
        let mut edits = vec![Edit::replace(keyword, "if err := ".to_owned())];
        let header = "; err != nil {";
        if below.span.start == call.end {
            below.text.insert_str(0, header);
        } else {
            edits.push(Edit::insert(call.end, header.to_owned()));
        }
        edits.push(below);
        return Some(edits);
    }
    let taken = site.source.names_around(place);
    let mut names: Vec<String> = Vec::new();
    for ty in others {
        let common = wanted(ty.trim_start_matches(['*', '[', ']']), false);
        let short = common.get(..1).unwrap_or("v").to_owned();
        let name = [common.clone(), short]
            .into_iter()
            .chain(numbered(&common))
            .find(|name| !taken.contains(name.as_str()) && !names.contains(name))?;
        names.push(name);
    }
    let names = names.join(", ");
    let mut below = under("err != nil", lines);
    below.push(format!("return {names}, err"));
    Some(vec![
        Edit::replace(keyword, format!("{names}, err := ")),
        layout.insert_below(place, &below)?,
    ])
}
