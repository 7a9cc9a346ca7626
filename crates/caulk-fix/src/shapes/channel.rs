//! A channel whose owner is hidden: `time.Tick(d)` becomes the channel of a ticker that can be stopped.

use caulk_syntax::{ExprKind, Node, Span, StmtKind};

use super::{Proposal, Proposed, deferred, restarted};
use crate::anchor::Anchor;
use crate::edit::Edit;
use crate::hold::Hold;
use crate::refusal::Refusal;
use crate::site::{Site, span};

/// Makes the owner above the statement, defers its release, and takes its channel where it was called.
/// `owner` is the function that makes one and the field that is the channel: `NewTicker.C`.
pub(super) fn propose(site: &Site<'_>, owner: &str) -> Proposed {
    let refused = || Refusal::of("use … and release it where it is no longer read", owner);
    let (constructor, field) = owner.split_once('.').ok_or_else(refused)?;
    if let Some(restarted) = restarted::propose(site, constructor, field)? {
        return Ok(restarted);
    }
    let layout = site.layout();
    let tree = site.scope.tree;
    let call = span(site.finding.location.span);
    let Some(ExprKind::Call { fun, args, .. }) =
        site.scope.expression(call).map(|id| tree.expr(id).kind)
    else {
        return Err(refused());
    };
    let ExprKind::Selector { x: package, .. } = tree.expr(fun).kind else {
        return Err(refused());
    };
    // A new channel for each turn is not the same as one for all of them.
    let statement = site
        .scope
        .outwards(site.acquiring)
        .find(|at| site.scope.siblings(*at).is_some())
        .ok_or_else(refused)?;
    let first_evaluated = match site.scope.kind(statement) {
        Some(StmtKind::Range { x, .. }) => tree.expr(x).span == call,
        Some(StmtKind::Assign { rhs, .. }) => {
            matches!(tree.exprs(rhs), [only] if tree.expr(*only).span == call)
        }
        Some(StmtKind::Expr(x)) => {
            matches!(tree.expr(x).kind, ExprKind::Unary { x, .. } if tree.expr(x).span == call)
        }
        _ => false,
    };
    let around: Vec<Span> = site
        .scope
        .outwards(statement)
        .skip(1)
        .take_while(|at| matches!(site.scope.node(*at), Some(Node::Stmt(_))))
        .filter(|at| {
            matches!(
                site.scope.kind(*at),
                Some(StmtKind::For { .. } | StmtKind::Range { .. })
            )
        })
        .map(|at| site.scope.span(at))
        .collect();
    let shared = match site.scope.kind(statement) {
        Some(StmtKind::Assign { lhs, .. }) => tree
            .exprs(lhs)
            .iter()
            .any(|left| tree.ident(*left).is_none_or(|name| leaves(site, name))),
        _ => false,
    };
    if !first_evaluated || shared || !around.is_empty() {
        return Err(refused());
    }
    let place = site.scope.span(statement);
    if !layout.opens_line(place.start) {
        return Err(Refusal::crowded());
    }
    let value = site.fresh("ticker");
    let made = Span::new(tree.expr(package).span.start, tree.expr(package).span.end);
    let arguments = tree.exprs(args);
    let (Some(from), Some(to)) = (arguments.first(), arguments.last()) else {
        return Err(refused());
    };
    let arguments = Span::new(tree.expr(*from).span.start, tree.expr(*to).span.end);
    let release = site.release_by("Stop", &value);
    let mut lines = vec![format!(
        "{value} := {}.{constructor}({})",
        layout.text(made),
        layout.text(arguments)
    )];
    lines.extend(deferred::lines(site, &release));
    let hold = Hold::always(Anchor::Above(place));
    let edits = vec![
        hold.insert(layout, lines)?,
        Edit::replace(call, format!("{value}.{field}")),
    ];
    match is_constant(site, arguments) {
        true => Ok(Proposal::sure(edits)),
        false => Ok(Proposal::review(
            edits,
            format!(
                "{constructor} panics where its duration is not positive, and the other never fires"
            ),
        )),
    }
}

/// Whether a variable is returned, or used by a function literal, which may run when the function has returned.
fn leaves(site: &Site<'_>, name: &str) -> bool {
    let tree = site.scope.tree;
    let Some(body) = site.body_block() else {
        return true;
    };
    let mut found = false;
    tree.walk(body, |node| {
        let apart = match node {
            Node::Stmt(id) => matches!(
                tree.stmt(id).kind,
                StmtKind::Return(_) | StmtKind::Go(_) | StmtKind::Defer(_)
            ),
            Node::Expr(id) => matches!(tree.expr(id).kind, ExprKind::FuncLit { .. }),
        };
        found |= apart && !site.scope.uses(node, name).is_empty();
        caulk_syntax::Descend::Into
    });
    found
}

/// Whether an argument is made of numbers and of names that begin with a capital letter: constants, as far as
/// their form says.
fn is_constant(site: &Site<'_>, argument: Span) -> bool {
    let text = site.layout().text(argument);
    let word =
        |character: char| character.is_alphanumeric() || character == '_' || character == '.';
    text.split(|character| !word(character))
        .filter(|part| !part.is_empty())
        .all(|part| {
            let last = part.rsplit('.').next().unwrap_or(part);
            let number = part.starts_with(|first: char| first.is_ascii_digit());
            number || part.starts_with("time.") || site.source.declares_constant(last)
        })
}
