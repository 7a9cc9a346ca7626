//! A file that was written: the error of its close can be that of a write, so that it joins the function's own.

use std::collections::BTreeSet;

use caulk_syntax::{AssignOp, SpecKind, StmtKind};

use crate::edit::Edit;
use crate::hold::Hold;
use crate::release::Release;
use crate::site::{Site, span};

/// The lines that defer a release whose error the function returns, and the edits that name its result; none
/// where the error does not matter, or no result can be named.
pub(super) fn propose(
    site: &Site<'_>,
    hold: &Hold,
    release: &Release,
) -> Option<(Vec<String>, Vec<Edit>)> {
    let template = site.template();
    let body = span(template.body);
    let in_body = site
        .scope
        .parent(site.acquiring)
        .is_some_and(|at| site.scope.span(at) == body);
    if !template.release.written
        || !template.release.returns_error
        || hold.condition.is_some()
        || site.test().is_some()
        || !site.returns_error()
        || release.is_rebound()
        || !in_body
    {
        return None;
    }
    let (error, edits) = named_result(site)?;
    let call = &release.call;
    let text = site.source.text();
    let joining = ["errors.Join", "multierr.Append"]
        .into_iter()
        .find(|function| text.contains(&format!("{function}(")));
    let mut lines = vec!["defer func() {".to_owned()];
    match joining {
        Some(function) => lines.push(format!("\t{error} = {function}({error}, {call})")),
        None => {
            let other = site.fresh("closeErr");
            lines.push(format!("\tif {other} := {call}; {error} == nil {{"));
            lines.push(format!("\t\t{error} = {other}"));
            lines.push("\t}".to_owned());
        }
    }
    lines.push("}()".to_owned());
    Some((lines, edits))
}

/// The name of the error result, and the edits that give it one.
fn named_result(site: &Site<'_>) -> Option<(String, Vec<Edit>)> {
    let (tree, signature) = site.source.signature(&site.scope, site.body())?;
    let signature = tree.signature(signature);
    let list = signature.results?;
    let fields = tree.fields(list);
    let last = fields.last()?;
    if let Some(name) = tree.names(last.names).last() {
        let name = tree.name(*name);
        let hidden = declared_above(site, name);
        return (name != "_" && !hidden).then(|| (name.to_owned(), Vec::new()));
    }
    // A name of a result must be no other's in the outermost block.
    let taken = tree
        .fields(signature.params)
        .iter()
        .flat_map(|field| tree.names(field.names))
        .any(|name| tree.name(*name) == "err");
    if taken
        || declared_above(site, "err")
        || site.template().error_variable.as_deref() != Some("err")
    {
        return None;
    }
    let mut edits: Vec<Edit> = fields
        .iter()
        .map(|field| {
            let is_last = std::ptr::eq(field, last);
            Edit::insert(field.span.start, if is_last { "err " } else { "_ " })
        })
        .collect();
    if list.open.is_none() {
        edits.insert(0, Edit::insert(last.span.start, "("));
        edits.push(Edit::insert(last.span.end, ")"));
    }
    Some(("err".to_owned(), edits))
}

/// Whether the outermost block declares `name` on its own before the acquisition, or the acquisition does.
fn declared_above(site: &Site<'_>, name: &str) -> bool {
    let tree = site.scope.tree;
    let Some((siblings, index)) = site.scope.siblings(site.acquiring) else {
        return true;
    };
    let (parameters, signature) = match site.source.signature(&site.scope, site.body()) {
        Some(found) => found,
        None => return true,
    };
    let mut known: BTreeSet<String> = parameters
        .fields(parameters.signature(signature).params)
        .iter()
        .flat_map(|field| parameters.names(field.names))
        .map(|name| parameters.name(*name).to_owned())
        .collect();
    for id in siblings.iter().take(index + 1) {
        match tree.stmt(*id).kind {
            StmtKind::Assign {
                lhs,
                op: AssignOp::Define,
                ..
            } => {
                let names: Vec<&str> = tree
                    .exprs(lhs)
                    .iter()
                    .filter_map(|left| tree.ident(*left))
                    .filter(|left| *left != "_")
                    .collect();
                let declares_more = names
                    .iter()
                    .any(|left| *left != name && !known.contains(*left));
                if names.contains(&name) && !declares_more {
                    return true;
                }
                known.extend(names.into_iter().map(str::to_owned));
            }
            StmtKind::Decl(decl) => {
                for spec in tree.specs(tree.gen_decl(decl).specs) {
                    if let SpecKind::Value(value) = spec.kind {
                        let names = tree.names(value.names);
                        if names.iter().any(|other| tree.name(*other) == name) {
                            return true;
                        }
                        known.extend(names.iter().map(|other| tree.name(*other).to_owned()));
                    }
                }
            }
            _ => {}
        }
    }
    false
}
