//! A switch inside a clause of another on the same value, which one of its clauses fits in any case.

use caulk_syntax::{Descend, ExprId, ExprKind, Node, StmtId, StmtKind, Tree, UnaryOp};

/// Whether the values of `clause`, of a switch on `outer`, are all among those of a switch on `tag` further in.
pub(crate) fn is_covered(
    tree: &Tree,
    outer: ExprId,
    clause: StmtId,
    tag: ExprId,
    clauses: &[StmtId],
) -> bool {
    let StmtKind::Case { list, .. } = tree.stmt(clause).kind else {
        return false;
    };
    let inner = || {
        clauses
            .iter()
            .flat_map(|clause| match tree.stmt(*clause).kind {
                StmtKind::Case { list, .. } => tree.exprs(list),
                _ => &[],
            })
    };
    !list.is_empty()
        && is_same(tree, outer, tag)
        && !may_change(tree, clause, tag)
        && tree
            .exprs(list)
            .iter()
            .all(|value| inner().any(|known| is_same(tree, *known, *value)))
}

/// Whether two expressions are written alike and give the same value, as long as nothing is assigned.
fn is_same(tree: &Tree, a: ExprId, b: ExprId) -> bool {
    let (a, b) = (tree.unparen(a), tree.unparen(b));
    match (tree.expr(a).kind, tree.expr(b).kind) {
        (ExprKind::Ident(a), ExprKind::Ident(b)) => tree.name(a) == tree.name(b),
        (ExprKind::BasicLit(a), ExprKind::BasicLit(b)) => tree.literal(a) == tree.literal(b),
        (ExprKind::Star(a), ExprKind::Star(b)) => is_same(tree, a, b),
        (ExprKind::Selector { x: a, sel: name }, ExprKind::Selector { x: b, sel: other }) => {
            tree.name(name) == tree.name(other) && is_same(tree, a, b)
        }
        (
            ExprKind::Index {
                x: a, indices: i, ..
            },
            ExprKind::Index {
                x: b, indices: j, ..
            },
        ) => {
            let (i, j) = (tree.exprs(i), tree.exprs(j));
            is_same(tree, a, b)
                && i.len() == j.len()
                && i.iter().zip(j).all(|(i, j)| is_same(tree, *i, *j))
        }
        _ => false,
    }
}

/// Whether a name of an expression is assigned on the way from the start of a statement to the expression, or may be through its
/// address.
fn may_change(tree: &Tree, stmt: StmtId, expr: ExprId) -> bool {
    let at = tree.expr(expr).span;
    // In a loop the way leads through what is further down.
    let mut end = at.start;
    tree.walk(stmt, |node| {
        if let Node::Stmt(stmt) = node
            && let StmtKind::For { .. } | StmtKind::Range { .. } = tree.stmt(stmt).kind
            && tree.stmt(stmt).span.encloses(at)
        {
            end = end.max(tree.stmt(stmt).span.end);
        }
        Descend::Into
    });
    let mut names = Vec::new();
    tree.walk(expr, |node| {
        if let Node::Expr(expr) = node
            && let ExprKind::Ident(name) = tree.expr(expr).kind
        {
            names.push(tree.name(name));
        }
        Descend::Into
    });
    let mut changes = false;
    let mut assigned = |target: ExprId| {
        changes |= tree.expr(target).span.start < end
            && root(tree, target).is_some_and(|root| names.contains(&root));
    };
    tree.walk(stmt, |node| {
        match node {
            Node::Stmt(stmt) => match tree.stmt(stmt).kind {
                StmtKind::Assign { lhs, .. } => tree.exprs(lhs).iter().for_each(|x| assigned(*x)),
                StmtKind::IncDec { x, .. } => assigned(x),
                StmtKind::Range { key, value, .. } => {
                    key.into_iter().chain(value).for_each(&mut assigned);
                }
                _ => {}
            },
            Node::Expr(expr) => {
                if let ExprKind::Unary {
                    op: UnaryOp::Address,
                    x,
                } = tree.expr(expr).kind
                {
                    assigned(x);
                }
            }
        }
        Descend::Into
    });
    changes
}

fn root(tree: &Tree, expr: ExprId) -> Option<&str> {
    match tree.expr(tree.unparen(expr)).kind {
        ExprKind::Ident(name) => Some(tree.name(name)),
        ExprKind::Selector { x, .. } | ExprKind::Index { x, .. } | ExprKind::Star(x) => {
            root(tree, x)
        }
        _ => None,
    }
}
