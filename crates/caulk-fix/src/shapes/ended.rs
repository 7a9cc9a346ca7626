//! Rows that are read to their end: whether that was for an error is looked at where the function returns one.

use caulk_syntax::{ExprKind, Node, StmtId, StmtKind};

use crate::edit::Edit;
use crate::site::{Site, span};

/// The edits that look at the error behind the only loop that reads `value`; none where something looks at it
/// already, or the function cannot return it.
pub(super) fn propose(site: &Site<'_>, value: &str) -> Vec<Edit> {
    let template = site.template();
    let Some(method) = &template.release.ended_in_error else {
        return Vec::new();
    };
    let call = format!("{value}.{method}()");
    let text = site.layout().text(span(template.body));
    if template.handed_on || !site.returns_error() || text.contains(&format!("{value}.{method}(")) {
        return Vec::new();
    }
    match reading_loop(site, value) {
        Some(reading) => behind(site, reading, &call).unwrap_or_default(),
        None => Vec::new(),
    }
}

/// The only loop `for value.Next() { … }`, where nothing else asks for the next one.
fn reading_loop(site: &Site<'_>, value: &str) -> Option<StmtId> {
    let tree = site.scope.tree;
    let start = site.scope.span(site.acquiring).end;
    let mut loops = Vec::new();
    let mut steps = 0;
    let is_step = |id| {
        matches!(tree.expr(id).kind, ExprKind::Call { fun, .. }
            if tree.selector_path(fun).is_some_and(|path| path == [value, "Next"]))
    };
    tree.walk(site.body_block()?, |node| {
        match node {
            Node::Stmt(id) => {
                if let StmtKind::For {
                    init: None,
                    cond: Some(cond),
                    post: None,
                    ..
                } = tree.stmt(id).kind
                    && is_step(cond)
                    && tree.stmt(id).span.start >= start
                {
                    loops.push(id);
                }
            }
            Node::Expr(id) => steps += usize::from(is_step(id)),
        }
        caulk_syntax::Descend::Into
    });
    match loops.as_slice() {
        [only] if steps == 1 => Some(*only),
        _ => None,
    }
}

fn behind(site: &Site<'_>, reading: StmtId, call: &str) -> Option<Vec<Edit>> {
    let tree = site.scope.tree;
    let at = site.scope.statement(tree.stmt(reading).span)?;
    // A literal around the loop returns for itself.
    let own = site
        .scope
        .outwards(at)
        .take_while(|around| site.scope.span(*around) != site.body())
        .all(|around| matches!(site.scope.node(around), Some(Node::Stmt(_))));
    let (siblings, index) = site.scope.siblings(at)?;
    if !own {
        return None;
    }
    if let Some(next) = siblings.get(index + 1)
        && let StmtKind::Return(results) = tree.stmt(*next).kind
        && let Some((last, _)) = tree.exprs(results).split_last()
        && tree.ident(*last) == Some("nil")
    {
        return Some(vec![Edit::replace(tree.expr(*last).span, call)]);
    }
    let lines = site.checked_call(call, tree.stmt(reading).span).ok()?;
    let edit = site
        .layout()
        .insert_below(tree.stmt(reading).span, &lines)?;
    Some(vec![edit])
}
