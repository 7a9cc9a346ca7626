//! A writer whose close commits what was written: closed where all went well, with its error returned, and
//! never where something failed. There its context is cancelled, unless leaving it unfinished costs nothing.

use caulk_leaks::{Exit, ExitKind};
use caulk_syntax::{ExprId, ExprKind, Span, StmtKind, Tree};

use super::{Proposal, Proposed, context};
use crate::edit::Edit;
use crate::leaving::{Leave, Stretch};
use crate::name::named;
use crate::refusal::Refusal;
use crate::release::Release;
use crate::site::{Site, span};

/// Closes before the exits without an error.
pub(super) fn propose(site: &Site<'_>) -> Proposed {
    let template = site.template();
    let named = named(site)?;
    let release = site.release(&named.value)?;
    let mut edits = named.edits;
    let mut fails = false;
    let mut turns = false;
    let mut done: Vec<Span> = Vec::new();
    let held = site
        .hold()
        .ok()
        .and_then(|hold| Stretch::around(&site.scope, hold.anchor))
        .map(|stretch| stretch.span());
    for exit in &template.losing_exits {
        fails |= exit.with_error;
        if exit.with_error || done.contains(&span(exit.span)) {
            continue;
        }
        done.push(span(exit.span));
        match exit.kind {
            ExitKind::NextIteration | ExitKind::Overwritten => turns = true,
            // Its variable is not known there any more.
            _ if held.is_some_and(|held| !held.encloses(span(exit.span))) => turns = true,
            ExitKind::Return | ExitKind::End => {
                let (finish, unsure) = finished(site, exit, &named.value, &release)?;
                fails |= unsure;
                edits.extend(finish);
            }
        }
    }
    if turns {
        edits.extend(each_turn(site, &release)?);
    }
    if done.is_empty() && fails && template.release.finishes {
        return Err(incomplete(&release));
    }
    if fails && !template.release.finishes {
        if template.handed_on || template.in_loop {
            return Err(incomplete(&release));
        }
        edits.extend(context::cancelled(site)?.ok_or_else(|| incomplete(&release))?);
    }
    if edits.is_empty() || done.is_empty() && !fails {
        return Err(Refusal::new(
            "no single exit could be named that loses it: release it where it is last needed",
        ));
    }
    Ok(Proposal::sure(edits))
}

fn incomplete(release: &Release) -> Refusal {
    Refusal::of(
        "… would save what is incomplete on the path with an error: cancel it there instead",
        &release.call,
    )
}

/// The release before an exit that may be without an error, its own error returned; and whether the exit may
/// have one of its own, which then goes first.
fn finished(
    site: &Site<'_>,
    exit: &Exit,
    value: &str,
    release: &Release,
) -> Result<(Vec<Edit>, bool), Refusal> {
    let layout = site.layout();
    let place = span(exit.span);
    let lines = site.checked_call(&release.call, place)?;
    let statement = site
        .scope
        .statement(place)
        .filter(|at| site.scope.siblings(*at).is_some());
    let Some(at) = statement else {
        // The brace that ends the body.
        let body = site.body();
        let edit = (exit.kind == ExitKind::End)
            .then(|| layout.insert_at_block_end(body.end.saturating_sub(1), &lines))
            .flatten();
        return edit
            .map(|edit| (vec![edit], false))
            .ok_or_else(Refusal::crowded);
    };
    let above = |lines: &[String]| {
        layout
            .insert_above(place.start, lines)
            .ok_or_else(Refusal::crowded)
    };
    let Some(StmtKind::Return(results)) = site.scope.kind(at) else {
        return Ok((vec![above(&lines)?], false));
    };
    let tree = site.scope.tree;
    let results = tree.exprs(results);
    let Some((last, others)) = results.split_last() else {
        return match (site.result_types().is_empty(), site.error_result(place)) {
            (true, _) => Ok((vec![above(&lines)?], false)),
            // An error that is there already goes first.
            (false, Some(error)) => {
                let lines = [
                    format!("if {error} == nil {{"),
                    format!("\t{error} = {}", release.call),
                    "}".to_owned(),
                ];
                Ok((vec![above(&lines)?], true))
            }
            (false, None) => Err(Refusal::of(
                "the error of … must be handled before a return that names no results",
                &release.call,
            )),
        };
    };
    if !site.returns_error() {
        return Ok((vec![above(&lines)?], false));
    }
    let used = results
        .iter()
        .any(|result| !site.scope.uses(*result, value).is_empty());
    if used && !makes_error(tree, *last) && site.result_types().len() > 1 {
        return Err(Refusal::of(
            "the statement that loses … still uses it",
            value,
        ));
    }
    match (tree.ident(*last), others) {
        (Some("nil"), []) => Ok((
            vec![Edit::replace(tree.expr(*last).span, release.call.clone())],
            false,
        )),
        (Some("nil"), _) => {
            let plain = |id: &ExprId| {
                matches!(
                    tree.expr(*id).kind,
                    ExprKind::Ident(_) | ExprKind::BasicLit(_)
                )
            };
            let lines = match others.iter().all(plain) {
                true => {
                    let values = Span::new(
                        tree.expr(*others.first().unwrap_or(last)).span.start,
                        tree.expr(*last).span.start,
                    );
                    vec![
                        format!("if err := {}; err != nil {{", release.call),
                        format!("\treturn {}err", layout.text(values)),
                        "}".to_owned(),
                    ]
                }
                false => lines,
            };
            Ok((vec![above(&lines)?], false))
        }
        // An error that may be nil goes first.
        (Some(error), _) => {
            let mut guarded = vec![
                format!("if {error} != nil {{"),
                format!("\t{}", layout.text(place)),
                "}".to_owned(),
            ];
            if others.is_empty() {
                let call = Edit::replace(tree.expr(*last).span, release.call.clone());
                return Ok((vec![above(&guarded)?, call], true));
            }
            guarded.extend(lines);
            Ok((vec![above(&guarded)?], true))
        }
        (None, _) if makes_error(tree, *last) => Ok((Vec::new(), true)),
        (None, []) if site.result_types().len() == 1 => {
            let guarded = [
                format!(
                    "if err := {}; err != nil {{",
                    layout.text(tree.expr(*last).span)
                ),
                "\treturn err".to_owned(),
                "}".to_owned(),
            ];
            let call = Edit::replace(tree.expr(*last).span, release.call.clone());
            Ok((vec![above(&guarded)?, call], true))
        }
        // What is returned is made after the writer is closed.
        (None, _) => Ok((vec![above(&lines)?], false)),
    }
}

/// Whether an expression makes an error, as far as the name of its function says.
pub(super) fn makes_error(tree: &Tree, id: ExprId) -> bool {
    match tree.expr(id).kind {
        ExprKind::Call { fun, .. } => {
            let path = tree.selector_path(fun).unwrap_or_default();
            let name = path.last().copied().unwrap_or_default();
            let starts = ["Errorf", "Wrap", "WithMessage", "WithStack", "NewError"];
            starts.iter().any(|start| name.starts_with(start))
                || path.first().is_some_and(|package| package.contains("err"))
        }
        ExprKind::Unary { .. } | ExprKind::CompositeLit { .. } => true,
        ExprKind::Selector { sel, .. } => tree.name(sel).starts_with("Err"),
        _ => false,
    }
}

/// The release at the end of each turn of a loop.
fn each_turn(site: &Site<'_>, release: &Release) -> Result<Vec<Edit>, Refusal> {
    let layout = site.layout();
    let hold = site.hold()?;
    let leaves = Stretch::around(&site.scope, hold.anchor)
        .and_then(|stretch| stretch.leaves(hold.anchor.offset()))
        .ok_or_else(|| Refusal::new("the turn is left in a way that cannot be followed"))?;
    let mut edits = Vec::new();
    for leave in leaves {
        let edit = match leave {
            Leave::Return(_) => continue,
            Leave::Branch(id) => {
                let place = site.scope.tree.stmt(id).span;
                layout.insert_above(place.start, &site.checked_call(&release.call, place)?)
            }
            Leave::Brace(offset) => {
                let lines = site.checked_call(&release.call, Span::empty(offset))?;
                layout.insert_at_block_end(offset, &lines)
            }
            Leave::Below(statement) => {
                layout.insert_below(statement, &site.checked_call(&release.call, statement)?)
            }
        };
        edits.push(edit.ok_or_else(Refusal::crowded)?);
    }
    Ok(edits)
}
