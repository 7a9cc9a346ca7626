//! A variable that the branches of a statement, or the turns of a loop, fill, and whose error is looked at behind them:
//! released from there on.

use caulk_leaks::ExitKind;
use caulk_syntax::{AssignOp, Descend, ExprId, ExprKind, Node, StmtId, StmtKind};

use super::outliving::{Filled, can_be_nil, fills, opens};
use super::{Proposal, deferred};
use crate::anchor::Anchor;
use crate::bound::refuse_if_needed;
use crate::layout::under;
use crate::leaving::MAX_DEPTH;
use crate::refusal::Refusal;
use crate::site::{Site, span};
use crate::source::lists;

/// The edits, where a site has this shape.
pub(super) fn propose(site: &Site<'_>) -> Result<Option<Proposal>, Refusal> {
    let template = site.template();
    let released = !template.releases.is_empty() || !template.may_release.is_empty();
    let plain = (!released || site.may_end_twice())
        && !template.handed_on
        && !template.release.commits
        && template.release.abort.is_none()
        && template.release.with_error.is_none();
    let Some((value, error)) = site
        .value_name()
        .zip(template.error_variable.as_deref())
        .filter(|_| plain)
    else {
        return Ok(None);
    };
    let Some(Check { above, check, next }) = check_behind(site, error) else {
        return Ok(None);
    };
    let end = site.scope.tree.stmt(check).span.end;
    let lost_behind = |exit: &caulk_leaks::Exit| {
        let leaves = matches!(exit.kind, ExitKind::Return | ExitKind::End);
        leaves && span(exit.span).start >= end
    };
    let mut exits = template.losing_exits.iter();
    if exits.len() == 0 || !exits.all(lost_behind) || !is_filled_above(site, value, end) {
        return Ok(None);
    }
    if site.test().is_none() {
        refuse_if_needed(site)?;
    }
    let release = site.release(value)?;
    let mut lines = deferred::lines(site, &release);
    let known = next.is_some_and(|next| uses_at_once(site, next, value))
        || fills(site, above, value, Filled::Anyhow, MAX_DEPTH);
    if !known {
        lines = under(&format!("{value} != nil"), lines);
    }
    let anchor = Anchor::Below(site.scope.tree.stmt(check).span);
    Ok(Some(Proposal::sure(vec![
        anchor.insert(site.layout(), &lines)?,
    ])))
}

/// Whether a variable that all branches of a statement fill is held from the check of their error on, and every exit that
/// loses it comes behind that.
pub(super) fn is_held_behind(site: &Site<'_>, value: &str) -> bool {
    let template = site.template();
    let error = template.error_variable.as_deref();
    error
        .and_then(|error| check_behind(site, error))
        .is_some_and(|found| {
            let end = site.scope.tree.stmt(found.check).span.end;
            let mut exits = template.losing_exits.iter();
            fills(site, found.above, value, Filled::Anyhow, MAX_DEPTH)
                && exits.all(|exit| span(exit.span).start >= end)
        })
}

/// A check of an error, and what stands around it.
struct Check {
    /// The statement that acquires somewhere inside.
    above: StmtId,
    check: StmtId,
    next: Option<StmtId>,
}

/// The check of `error` right behind the statement of the outermost block that acquires somewhere inside.
fn check_behind(site: &Site<'_>, error: &str) -> Option<Check> {
    let body = site.body();
    let parent = |at| site.scope.parent(at);
    let outermost = site
        .scope
        .outwards(site.acquiring)
        .find(|at| parent(*at).is_some_and(|around| site.scope.span(around) == body))?;
    let (siblings, index) = site.scope.siblings(outermost)?;
    let (above, check) = (*siblings.get(index)?, *siblings.get(index + 1)?);
    let StmtKind::If {
        init: None,
        cond,
        then,
        els: None,
    } = site.scope.tree.stmt(check).kind
    else {
        return None;
    };
    let is_it = outermost != site.acquiring
        && site.asks_for_error(cond)
        && site.leaves(then)
        && !is_declared_within(site, site.scope.stmt_id(outermost)?, error);
    is_it.then(|| Check {
        above,
        check,
        next: siblings.get(index + 2).copied(),
    })
}

/// Whether a statement declares another variable by the name of the error.
fn is_declared_within(site: &Site<'_>, statement: StmtId, error: &str) -> bool {
    let tree = site.scope.tree;
    let mut found = false;
    tree.walk(statement, |node| {
        if let Node::Stmt(id) = node {
            found |= match tree.stmt(id).kind {
                StmtKind::Assign {
                    lhs,
                    op: AssignOp::Define,
                    ..
                } => lists(tree, lhs, error),
                StmtKind::Decl(_) => site.layout().text(tree.stmt(id).span).contains(error),
                _ => false,
            };
        }
        Descend::Into
    });
    found
}

/// Whether a variable is declared without a value, and gets nothing but what is opened for it, above an offset.
fn is_filled_above(site: &Site<'_>, value: &str, end: u32) -> bool {
    let tree = site.scope.tree;
    let Some(body) = site.body_block() else {
        return false;
    };
    let acquirer = acquirer(site);
    let mut own = site
        .declared_without_value(body, value)
        .is_some_and(can_be_nil);
    tree.walk(body, |node| {
        if let Node::Stmt(id) = node
            && let StmtKind::Assign { lhs, op, rhs, .. } = tree.stmt(id).kind
            && lists(tree, lhs, value)
        {
            let opened = match tree.exprs(rhs) {
                [only] => {
                    opens(site, *only) || acquirer.is_some() && called_on(site, *only) == acquirer
                }
                _ => false,
            };
            own &= op == AssignOp::Assign && opened && tree.stmt(id).span.end <= end;
        }
        Descend::Into
    });
    own
}

/// The package, or the value, whose function acquires.
fn acquirer<'a>(site: &Site<'a>) -> Option<&'a str> {
    let call = site
        .scope
        .expression(span(site.finding.acquired_at().span))?;
    called_on(site, call)
}

fn called_on<'a>(site: &Site<'a>, call: ExprId) -> Option<&'a str> {
    let tree = site.scope.tree;
    let (fun, _) = site.scope.call(call)?;
    match tree.selector_path(fun)?.as_slice() {
        [on, _] => Some(on),
        _ => None,
    }
}

/// Whether a statement looks into the value whatever it is.
fn uses_at_once(site: &Site<'_>, statement: StmtId, value: &str) -> bool {
    let tree = site.scope.tree;
    let roots = match tree.stmt(statement).kind {
        StmtKind::Expr(x) => vec![x],
        StmtKind::Assign { rhs, .. } => tree.exprs(rhs).to_vec(),
        _ => Vec::new(),
    };
    let mut found = false;
    for root in roots {
        tree.walk(root, |node| {
            let Node::Expr(id) = node else {
                return Descend::Skip;
            };
            match tree.expr(id).kind {
                ExprKind::Selector { x, .. } => found |= tree.ident(x) == Some(value),
                // They may not be evaluated.
                ExprKind::FuncLit { .. } | ExprKind::Binary { .. } => return Descend::Skip,
                _ => {}
            }
            Descend::Into
        });
    }
    found
}
