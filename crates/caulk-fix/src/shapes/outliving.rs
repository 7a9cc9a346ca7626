//! A variable that outlives the branch, or the turn of a loop, that fills it: asked for before the exits behind the branch
//! that lose it, or released by the `defer` that stands above, once that looks at what the variable has at the end.

use caulk_syntax::{AssignOp, Descend, ExprId, ExprKind, Node, StmtId, StmtKind};

use super::{Proposal, behind, failing, on_error};
use crate::edit::Edit;
use crate::leaving::{Leave, MAX_DEPTH, ends};
use crate::refusal::Refusal;
use crate::site::{Site, span};
use crate::source::lists;

/// Parts of the names of functions that hand out what is nobody else's.
const OPENING: [&str; 8] = [
    "accept", "connect", "create", "dial", "listen", "new", "open", "temp",
];

/// The edits, where the variable is one of the function's own.
pub(super) fn propose(site: &Site<'_>) -> Result<Option<Proposal>, Refusal> {
    let Some(value) = site.value_name() else {
        return Ok(None);
    };
    match defer_above(site, value)? {
        Some(edit) => Ok(Some(Proposal::sure(vec![edit]))),
        None => asked_for(site, value),
    }
}

/// The `defer` of the same release above the acquisition, which has taken what the variable held then.
fn defer_above(site: &Site<'_>, value: &str) -> Result<Option<Edit>, Refusal> {
    let tree = site.scope.tree;
    let release = site.release(value)?;
    let start = site.scope.span(site.acquiring).start;
    let Some(body) = site.body_block() else {
        return Ok(None);
    };
    let text = format!("defer {}", release.call);
    let deferred = tree
        .block(body)
        .iter()
        .map(|id| tree.stmt(*id))
        .find(|stmt| {
            matches!(stmt.kind, StmtKind::Defer(_))
                && stmt.span.end <= start
                && site.layout().text(stmt.span) == text
        });
    let Some(deferred) = deferred.filter(|stmt| site.layout().opens_line(stmt.span.start)) else {
        return Ok(None);
    };
    let (indent, line_break) = (
        site.layout().indent(deferred.span.start),
        site.layout().line_break(deferred.span.start),
    );
    let inner = site.layout().deeper(indent);
    let closure = format!(
        "defer func() {{{line_break}{inner}{}{line_break}{indent}}}()",
        release.call
    );
    Ok(Some(Edit::replace(deferred.span, closure)))
}

/// A release before each exit, which asks behind the branch whether there is anything.
fn asked_for(site: &Site<'_>, value: &str) -> Result<Option<Proposal>, Refusal> {
    let template = site.template();
    let checked = behind::is_held_behind(site, value);
    let always = checked || is_filled_by_all(site, value);
    let known = site
        .body_block()
        .filter(|body| is_opened_alone(site, *body, value, always));
    let plain = template.releases.is_empty()
        && template.may_release.is_empty()
        && !template.in_loop
        && !template.release.commits
        && template.release.abort.is_none()
        && (checked || site.hold()?.condition.is_none());
    let Some(branch) = site
        .scope
        .parent(site.acquiring)
        .filter(|_| known.is_some() && plain)
    else {
        return Ok(None);
    };
    let branch = site.scope.span(branch);
    let release = site.release(value)?;
    let mut edits: Vec<Edit> = Vec::new();
    for exit in &template.losing_exits {
        let place = span(exit.span);
        let statement = site.scope.statement(place);
        let (Some(StmtKind::Return(_)), Some(id), true) = (
            site.scope.kind_of(statement),
            statement.and_then(|at| site.scope.stmt_id(at)),
            exit.failing_call || on_error::fails(site, exit),
        ) else {
            return Ok(None);
        };
        let release = match always || branch.encloses(place) {
            true => release.clone(),
            false => release.clone().where_held(value),
        };
        let further = match failing::propose(site, id, &release) {
            Some(looked_at) => looked_at?,
            None => vec![site.release_before(Leave::Return(id), value, &release)?],
        };
        for edit in further {
            if !edits.contains(&edit) {
                edits.push(edit);
            }
        }
    }
    Ok(Some(Proposal::sure(edits)))
}

/// Whether each branch of the statement of the outermost block that acquires fills the variable, or leaves.
fn is_filled_by_all(site: &Site<'_>, value: &str) -> bool {
    let body = site.body();
    let outermost = site
        .scope
        .outwards(site.acquiring)
        .take_while(|at| site.scope.span(*at) != body)
        .last();
    let id = outermost.and_then(|at| site.scope.stmt_id(at));
    id.is_some_and(|id| fills(site, id, value, Filled::Checked, MAX_DEPTH))
}

/// How a branch fills a variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Filled {
    /// It looks at the error that comes with the value.
    Checked,
    /// Whether there is a value is for the statements behind it to see.
    Anyhow,
}

/// Whether control comes behind a statement only once one of its branches has filled the variable.
pub(super) fn fills(site: &Site<'_>, id: StmtId, value: &str, how: Filled, depth: usize) -> bool {
    let tree = site.scope.tree;
    let Some(depth) = depth.checked_sub(1) else {
        return false;
    };
    let assigns = |id: &StmtId| matches!(tree.stmt(*id).kind, StmtKind::Assign { lhs, .. } if lists(tree, lhs, value));
    let checks = |id: &StmtId| matches!(tree.stmt(*id).kind, StmtKind::If { then, els: None, .. } if site.leaves(then));
    let fills_among = |list: &[StmtId]| {
        let filled = match how {
            Filled::Anyhow => list.iter().any(assigns),
            Filled::Checked => list
                .windows(2)
                .any(|pair| matches!(pair, [first, second] if assigns(first) && checks(second))),
        };
        let leaves = || list.last().is_some_and(|last| ends(tree, *last, MAX_DEPTH));
        filled
            || leaves()
            || list
                .iter()
                .any(|inner| fills(site, *inner, value, how, depth))
    };
    match tree.stmt(id).kind {
        // `if f, err = os.Open(name); err != nil {`
        StmtKind::If {
            init: Some(init),
            then,
            els: None,
            ..
        } => assigns(&init) && site.leaves(then),
        StmtKind::If {
            then,
            els: Some(els),
            ..
        } => [then, els]
            .iter()
            .all(|branch| fills(site, *branch, value, how, depth)),
        StmtKind::Block(_) => fills_among(tree.block(id)),
        StmtKind::Switch { body, .. } | StmtKind::TypeSwitch { body, .. } => {
            let clauses = tree.block(body).iter();
            let clauses = clauses.filter_map(|clause| match tree.stmt(*clause).kind {
                StmtKind::Case { list, body, .. } => Some((list.is_empty(), tree.stmts(body))),
                _ => None,
            });
            let (defaults, bodies): (Vec<bool>, Vec<&[StmtId]>) = clauses.unzip();
            defaults.contains(&true) && bodies.into_iter().all(fills_among)
        }
        _ => false,
    }
}

/// Whether a variable is declared in the function without a value, gets nothing but what is opened for it, and can be nil
/// where it is not `always` filled.
fn is_opened_alone(site: &Site<'_>, body: StmtId, value: &str, always: bool) -> bool {
    let tree = site.scope.tree;
    let mut opened = true;
    tree.walk(body, |node| {
        if let Node::Stmt(id) = node
            && let StmtKind::Assign { lhs, op, rhs, .. } = tree.stmt(id).kind
            && tree
                .exprs(lhs)
                .iter()
                .any(|left| tree.ident(*left) == Some(value))
        {
            opened &=
                op == AssignOp::Assign && matches!(tree.exprs(rhs), [only] if opens(site, *only));
        }
        Descend::Into
    });
    // What is asked for its release by a type assertion can be nil.
    let asked = site.template().release.asserted.is_some();
    opened
        && site
            .declared_without_value(body, value)
            .is_some_and(|ty| always || asked || can_be_nil(ty))
}

/// Whether a variable of a type, by its text, can be compared with nil.
pub(super) fn can_be_nil(ty: &str) -> bool {
    ["*", "io.", "net."]
        .iter()
        .any(|start| ty.starts_with(start))
}

/// Whether an expression is the call of a function that opens something, by its name.
pub(super) fn opens(site: &Site<'_>, id: ExprId) -> bool {
    let tree = site.scope.tree;
    let ExprKind::Call { fun, .. } = tree.expr(tree.unparen(id)).kind else {
        return false;
    };
    let path = tree.selector_path(fun).unwrap_or_default();
    path.last().is_some_and(|name| {
        let name = name.to_lowercase();
        OPENING.iter().any(|word| name.contains(word))
    })
}
