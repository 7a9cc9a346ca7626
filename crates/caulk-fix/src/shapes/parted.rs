//! Where ways meet in front of an exit that loses the value, and some of them have handed it on: the release belongs to
//! the others, at the end of the branch by which each of them comes.

use caulk_syntax::{Span, StmtId, StmtKind};

use super::over::may_be_handed_on;
use crate::edit::Edit;
use crate::leaving::{Leave, MAX_DEPTH, Stretch, ends};
use crate::refusal::Refusal;
use crate::release::Release;
use crate::site::{Site, span};

/// The releases for a way out that some come to with the value in other hands; none where no way does.
pub(super) fn propose(
    site: &Site<'_>,
    stretch: &Stretch<'_>,
    leave: Leave,
    value: &str,
    release: &Release,
) -> Option<Result<Vec<Edit>, Refusal>> {
    let place = leave.place(site.scope.tree);
    if !may_be_handed_on(site, place) {
        return None;
    }
    let edits = parting(site, stretch, leave, value)
        .and_then(|parting| in_branches(site, parting, release))
        .filter(|edits| !edits.is_empty());
    Some(edits.ok_or_else(|| {
        Refusal::of(
            "some of the ways to an exit that loses … have handed it on: release it on the others",
            value,
        )
    }))
}

/// The statement on the straight way to where control leaves in which all ways part that have handed the value on, if
/// nothing below it uses the value.
fn parting(site: &Site<'_>, stretch: &Stretch<'_>, leave: Leave, value: &str) -> Option<StmtId> {
    let (tree, scope) = (site.scope.tree, &site.scope);
    let place = leave.place(tree);
    let above: Vec<StmtId> = match leave {
        Leave::Return(id) | Leave::Branch(id) => {
            if !scope.uses(id, value).is_empty() {
                return None;
            }
            let (siblings, index) = scope.siblings(scope.statement(place)?)?;
            siblings.get(..index)?.to_vec()
        }
        Leave::Brace(_) | Leave::Below(_) => stretch.statements().to_vec(),
    };
    let held = site.hold().ok()?;
    let handed_on: Vec<Span> = site
        .template()
        .handed_on_at
        .iter()
        .map(|at| span(*at))
        .filter(|at| at.start < place.start && held.anchor.offset() <= at.start)
        .collect();
    // It may be handed on by another name: `h.register <- client`.
    let is_last = |id: &StmtId| {
        let whole = tree.stmt(*id).span;
        !scope.uses(*id, value).is_empty() || handed_on.iter().any(|at| whole.encloses(*at))
    };
    let parting = above.into_iter().rev().find(is_last)?;
    let whole = tree.stmt(parting).span;
    let all_within = handed_on.iter().all(|at| whole.encloses(*at));
    (all_within && held.condition.is_none() && held.anchor.offset() <= whole.start)
        .then_some(parting)
}

/// A release at the end of each branch that does not hand the value on; none where a branch may do either.
fn in_branches(site: &Site<'_>, parting: StmtId, release: &Release) -> Option<Vec<Edit>> {
    let (tree, layout) = (site.scope.tree, site.layout());
    let lines = site.style.statement(release);
    let mut edits = Vec::new();
    match tree.stmt(parting).kind {
        StmtKind::If { .. } => {
            let mut next = Some(parting);
            while let Some(id) = next {
                match tree.stmt(id).kind {
                    StmtKind::If { then, els, .. } => {
                        edits.extend(in_block(site, then, &lines)?);
                        if els.is_none() {
                            let end = tree.stmt(then).span.end;
                            edits.push(layout.insert_else(end, &lines)?);
                        }
                        next = els;
                    }
                    _ => {
                        edits.extend(in_block(site, id, &lines)?);
                        next = None;
                    }
                }
            }
        }
        StmtKind::Select(body) => {
            for clause in tree.block(body) {
                let StmtKind::Comm { colon, body, .. } = tree.stmt(*clause).kind else {
                    return None;
                };
                let whole = tree.stmt(*clause).span;
                match way(site, whole, tree.stmts(body))? {
                    Way::Elsewhere => {}
                    Way::On => {
                        let last = tree.stmts(body).last();
                        edits.push(match last {
                            Some(last) => layout.insert_below(tree.stmt(*last).span, &lines)?,
                            None => layout
                                .insert_at_block_start(colon.offset().checked_add(1)?, &lines)?,
                        });
                    }
                }
            }
        }
        _ => return None,
    }
    Some(edits)
}

fn in_block(site: &Site<'_>, block: StmtId, lines: &[String]) -> Option<Option<Edit>> {
    let tree = site.scope.tree;
    let StmtKind::Block(list) = tree.stmt(block).kind else {
        return None;
    };
    Some(
        match way(site, tree.stmt(block).span, tree.stmts(list.stmts))? {
            Way::Elsewhere => None,
            Way::On => Some(
                site.layout()
                    .insert_at_block_end(list.rbrace?.offset(), lines)?,
            ),
        },
    )
}

/// What a branch does with the value.
enum Way {
    /// It hands it on or releases it whenever it is taken, or control does not come to its end.
    Elsewhere,
    /// Control goes on with it.
    On,
}

/// The way of a branch with these statements; none where it hands the value on, or releases it, now and then.
fn way(site: &Site<'_>, whole: Span, statements: &[StmtId]) -> Option<Way> {
    let (tree, template) = (site.scope.tree, site.template());
    let mut settled = template
        .handed_on_at
        .iter()
        .chain(&template.releases)
        .chain(&template.may_release)
        .map(|at| span(*at))
        .filter(|at| whole.encloses(*at))
        .peekable();
    if settled.peek().is_none() {
        let leaves = statements
            .last()
            .is_some_and(|last| ends(tree, *last, MAX_DEPTH));
        return Some(if leaves { Way::Elsewhere } else { Way::On });
    }
    // In a statement of the branch itself, or in what a case waits for.
    let first = statements.first().map(|id| tree.stmt(*id).span.start);
    let is_sure = |at: Span| {
        let straight = |id: &StmtId| {
            tree.stmt(*id).span.encloses(at)
                && matches!(
                    tree.stmt(*id).kind,
                    StmtKind::Assign { .. } | StmtKind::Expr(_) | StmtKind::Send { .. }
                )
        };
        first.is_none_or(|first| at.end <= first) || statements.iter().any(straight)
    };
    settled.all(is_sure).then_some(Way::Elsewhere)
}
