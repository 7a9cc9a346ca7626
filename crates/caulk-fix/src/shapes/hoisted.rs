//! A value that is acquired inside of a larger expression, `parse(open())`: the call moves into a statement of its own
//! above, where that changes neither what is evaluated nor in which order.

use caulk_leaks::Held;
use caulk_syntax::{AssignOp, BinaryOp, ExprId, ExprKind, Node, Span, StmtKind, UnaryOp};

use super::{Proposal, deferred};
use crate::anchor::Anchor;
use crate::bound::{is_data, is_error};
use crate::edit::Edit;
use crate::hold::Hold;
use crate::name::common_name;
use crate::refusal::Refusal;
use crate::site::{Site, span};
use crate::source::At;

/// Calls that change nothing and give the same before and after others.
const QUIET: [&str; 6] = [
    "len",
    "cap",
    "string",
    "context.Background",
    "context.TODO",
    "t.Context",
];

/// The edits, where a site has this shape.
pub(super) fn propose(site: &Site<'_>) -> Result<Option<Proposal>, Refusal> {
    let template = site.template();
    let call = span(site.finding.acquired_at().span);
    let (_, count) = template.result;
    if template.held != Held::Nothing
        || count != 1
        || template.handed_on
        || template.release.commits
        || template.release.method.is_none()
    {
        return Ok(None);
    }
    let layout = site.layout();
    let text = layout.text(call);
    let Some(statement) = statement_to_be(site, call) else {
        return Ok(None);
    };
    let place = site.scope.span(statement);
    if text.contains('\n') || !layout.opens_line(place.start) || !is_first(site, place, call) {
        return Ok(None);
    }
    let value = common_name(site);
    let release = site.release(&value)?;
    let taken_out = Edit::replace(call, value.clone());
    let named = format!("{value} := {text}");
    if !template.in_loop {
        let mut lines = vec![named];
        lines.extend(deferred::lines(site, &release));
        let hold = Hold::always(Anchor::Above(place));
        return Ok(Some(Proposal::sure(vec![
            hold.insert(layout, lines)?,
            taken_out,
        ])));
    }
    if !is_over_with(site, statement) {
        return Ok(None);
    }
    let above = layout.insert_above(place.start, &[named]);
    let below = layout.insert_below(place, &site.style.statement(&release));
    Ok(Some(Proposal::sure(vec![
        above.ok_or_else(Refusal::crowded)?,
        taken_out,
        below.ok_or_else(Refusal::crowded)?,
    ])))
}

/// The statement of a block above which the call can stand: it is evaluated there once and in any case, and nothing that
/// the statement makes of it outlives the function.
fn statement_to_be(site: &Site<'_>, call: Span) -> Option<At> {
    let tree = site.scope.tree;
    let mut inner = site.scope.expression_at(call)?;
    let root = loop {
        let at = site.scope.parent(inner)?;
        let Some(Node::Expr(id)) = site.scope.node(at) else {
            break at;
        };
        match tree.expr(id).kind {
            ExprKind::Binary {
                op: BinaryOp::LogicalAnd | BinaryOp::LogicalOr,
                y,
                ..
            } if tree.expr(y).span == site.scope.span(inner) => {
                return None;
            }
            ExprKind::Call { .. }
            | ExprKind::Selector { .. }
            | ExprKind::Paren(_)
            | ExprKind::Star(_)
            | ExprKind::Index { .. }
            | ExprKind::Binary { .. } => inner = at,
            _ => return None,
        }
    };
    let alone = site.scope.span(inner) == call;
    let holds = |id: ExprId| tree.expr(id).span == site.scope.span(inner);
    let ends_here = match site.scope.kind(root)? {
        // What is dropped as a whole may be kept by whoever made it.
        StmtKind::Expr(_) | StmtKind::Defer(_) => !alone,
        StmtKind::Return(_) => !alone && site.result_types().iter().all(|ty| is_data(ty)),
        // What is added up is a number.
        StmtKind::Assign {
            op: AssignOp::Compound(_),
            ..
        } => !alone,
        StmtKind::Assign { op, .. } => {
            let data = site.result_types().iter().all(|ty| is_data(ty));
            !alone && (gives_only_errors(site, root) || (op == AssignOp::Define && data))
        }
        StmtKind::If {
            init: None, cond, ..
        } => holds(cond),
        StmtKind::Switch {
            init: None,
            tag: Some(tag),
            ..
        } => holds(tag),
        StmtKind::Range { x, .. } => !alone && holds(x),
        _ => false,
    };
    if !ends_here {
        return None;
    }
    let header = |at: At| {
        let parent = site.scope.parent(at)?;
        match site.scope.kind(parent)? {
            StmtKind::If { init, .. }
            | StmtKind::Switch { init, .. }
            | StmtKind::TypeSwitch { init, .. } => {
                (init.is_some() && init == site.scope.stmt_id(at)).then_some(parent)
            }
            _ => None,
        }
    };
    let statement = header(root).unwrap_or(root);
    site.scope.siblings(statement).map(|_| statement)
}

/// Whether nothing with an effect is evaluated in the statement before the call.
fn is_first(site: &Site<'_>, statement: Span, call: Span) -> bool {
    let tree = site.scope.tree;
    let Some(root) = site
        .scope
        .statement(statement)
        .and_then(|at| site.scope.node(at))
    else {
        return false;
    };
    let mut first = true;
    tree.walk(root, |node| {
        if let Node::Expr(id) = node
            && tree.expr(id).span.end <= call.start
        {
            first &= match tree.expr(id).kind {
                ExprKind::Call { fun, .. } => {
                    let path = tree.selector_path(fun).unwrap_or_default();
                    QUIET.contains(&path.join(".").as_str())
                }
                ExprKind::Unary { op, .. } => op != UnaryOp::Receive,
                _ => true,
            };
        }
        caulk_syntax::Descend::Into
    });
    first
}

/// Whether nothing of the value is left behind a statement but an error, or a number.
fn is_over_with(site: &Site<'_>, statement: At) -> bool {
    match site.scope.kind(statement) {
        Some(
            StmtKind::Expr(_)
            | StmtKind::Assign {
                op: AssignOp::Compound(_),
                ..
            },
        ) => true,
        _ => gives_only_errors(site, statement),
    }
}

/// Whether a statement assigns errors and nothing else.
fn gives_only_errors(site: &Site<'_>, statement: At) -> bool {
    let tree = site.scope.tree;
    match site.scope.kind(statement) {
        Some(StmtKind::Assign { lhs, .. }) => tree
            .exprs(lhs)
            .iter()
            .all(|left| tree.is_blank(*left) || tree.ident(*left).is_some_and(is_error)),
        _ => false,
    }
}
