//! Whether what the analysis warns of can still need the value by the time it is released.

use std::collections::BTreeSet;

use caulk_leaks::Obstacle;
use caulk_syntax::{Descend, ExprId, ExprKind, Node, SpecKind, StmtId, StmtKind, Tree};

use crate::bound::runs_at_once;
use crate::site::{Site, span};

/// Rounds in which variables that hold what is stored are found; a longer chain is not followed.
const MAX_ROUNDS: usize = 4;

/// What may still need the value by the time of a release at the end of the function.
pub(super) fn standing<'a>(site: &'a Site<'_>) -> impl Iterator<Item = &'a Obstacle> {
    let obstacles = site.template().obstacles.iter();
    obstacles.filter(|obstacle| !outlived(site, obstacle))
}

/// Whether what needs the value is over by the time of its release: a goroutine that the function waits for, a
/// call that is done with the function it is given, a local list that nobody else sees; or anything but a store
/// where the cleanup of a test releases, since the test and its subtests have returned by then.
fn outlived(site: &Site<'_>, obstacle: &Obstacle) -> bool {
    let place = span(obstacle.span);
    let statement = site.scope.statement_around(place);
    let Some(kind) = site.scope.kind_of(statement) else {
        return false;
    };
    if matches!(kind, StmtKind::Go(_)) && statement.is_some_and(|started| site.waits_for(started)) {
        return true;
    }
    let rebound = site.value().is_ok_and(|value| site.is_rebound(&value));
    let stays = !rebound && !site.template().handed_on;
    // What `main` leaves behind is over with it.
    if site.is_main() && stays && !site.template().in_loop {
        return true;
    }
    if site
        .scope
        .expression(place)
        .is_some_and(|call| is_given_a_function(site.scope.tree, call))
    {
        return true;
    }
    let stores = matches!(
        kind,
        StmtKind::Assign { .. } | StmtKind::Decl(_) | StmtKind::Send { .. }
    );
    if stores {
        return statement
            .and_then(|at| site.scope.stmt_id(at))
            .is_some_and(|id| stays_local(site, id));
    }
    site.test().is_some() && stays
}

/// Whether a call is given a function literal that it is done with when it returns. What runs something (a subtest, a
/// pool) may go on beside the function.
fn is_given_a_function(tree: &Tree, call: ExprId) -> bool {
    let ExprKind::Call { fun, args, .. } = tree.expr(call).kind else {
        return false;
    };
    let literal = |id: &ExprId| matches!(tree.expr(*id).kind, ExprKind::FuncLit { .. });
    let path = tree.selector_path(fun).unwrap_or_default();
    tree.exprs(args).iter().any(literal)
        && path
            .last()
            .is_some_and(|name| runs_at_once(name) && *name != "Run")
}

/// Whether what a statement stores in a local variable is looked at in this function only: nothing that holds it
/// is returned, sent, stored elsewhere, captured, or passed on.
fn stays_local(site: &Site<'_>, store: StmtId) -> bool {
    let tree = site.scope.tree;
    let Some(body) = site.body_block() else {
        return false;
    };
    let StmtKind::Assign { lhs, .. } = tree.stmt(store).kind else {
        return false;
    };
    let [Some(list)] = tree
        .exprs(lhs)
        .iter()
        .map(|left| tree.ident(*left))
        .collect::<Vec<_>>()[..]
    else {
        return false;
    };
    if !is_declared_plainly(tree, body, list) {
        return false;
    }
    let mut holding: BTreeSet<&str> = [list].into_iter().collect();
    for _ in 0..MAX_ROUNDS {
        let known = holding.len();
        tree.walk(body, |node| {
            if let Node::Stmt(id) = node {
                match tree.stmt(id).kind {
                    // A key is a number, or what somebody else looks it up by.
                    StmtKind::Range { value, x, .. } if holds(tree, x, &holding) => {
                        holding.extend(value.and_then(|name| tree.ident(name)));
                    }
                    StmtKind::Assign { lhs, rhs, .. }
                        if tree.exprs(rhs).iter().any(|x| holds(tree, *x, &holding)) =>
                    {
                        let names = tree.exprs(lhs).iter();
                        holding.extend(names.filter_map(|left| tree.ident(*left)));
                    }
                    _ => {}
                }
            }
            Descend::Into
        });
        if holding.len() == known {
            break;
        }
    }
    let mut leaves = false;
    tree.walk(body, |node| {
        match node {
            Node::Stmt(id) => match tree.stmt(id).kind {
                StmtKind::Return(results) => {
                    leaves |= tree
                        .exprs(results)
                        .iter()
                        .any(|x| holds(tree, *x, &holding));
                }
                StmtKind::Send { value, .. } => leaves |= holds(tree, value, &holding),
                StmtKind::Go(call) | StmtKind::Defer(call) => {
                    leaves |= mentions(tree, call, &holding);
                }
                StmtKind::Assign { lhs, rhs, .. } => {
                    let elsewhere = tree
                        .exprs(lhs)
                        .iter()
                        .any(|left| tree.ident(*left).is_none());
                    leaves |=
                        elsewhere && tree.exprs(rhs).iter().any(|x| holds(tree, *x, &holding));
                }
                _ => {}
            },
            Node::Expr(id) => match tree.expr(id).kind {
                ExprKind::FuncLit { .. } => leaves |= mentions(tree, id, &holding),
                ExprKind::Call { fun, args, .. } => {
                    let own = ["append", "len", "cap"];
                    let plain = tree.ident(fun).is_some_and(|name| own.contains(&name));
                    leaves |= !plain && tree.exprs(args).iter().any(|x| holds(tree, *x, &holding));
                }
                _ => {}
            },
        }
        Descend::Into
    });
    !leaves
}

/// The parameter that is lent the value in a field, `cmd.ExtraFiles = []*os.File{w}`, and that the function does not set to
/// work: whoever does needs the value then.
pub(super) fn borrower<'a>(site: &Site<'a>) -> Option<&'a str> {
    let tree = site.scope.tree;
    let body = site.body_block()?;
    let value = site.value_name()?;
    let holding = [value].into_iter().collect();
    let (mut lent, mut used) = (None, Vec::new());
    tree.walk(body, |node| {
        match node {
            Node::Stmt(id) => {
                if let StmtKind::Assign { lhs, rhs, .. } = tree.stmt(id).kind
                    && tree.exprs(rhs).iter().any(|x| holds(tree, *x, &holding))
                {
                    let fields = tree.exprs(lhs).iter();
                    let fields = fields.filter_map(|left| tree.selector_path(*left));
                    lent = lent.or_else(|| {
                        fields.filter(|path| path.len() == 2).find_map(|path| {
                            let of = *path.first()?;
                            site.source
                                .has_parameter(&site.scope, site.body(), of)
                                .then_some(of)
                        })
                    });
                }
            }
            Node::Expr(id) => {
                if let ExprKind::Call { fun, .. } = tree.expr(id).kind
                    && let Some([of, "Start" | "Run" | "Output" | "CombinedOutput"]) =
                        tree.selector_path(fun).as_deref()
                {
                    used.push(*of);
                }
            }
        }
        Descend::Into
    });
    lent.filter(|of| !used.contains(of))
}

/// Whether the function declares a variable of this name, once.
pub(super) fn is_declared_plainly(tree: &Tree, body: StmtId, name: &str) -> bool {
    let mut count = 0;
    tree.walk(body, |node| {
        if let Node::Stmt(id) = node {
            match tree.stmt(id).kind {
                StmtKind::Decl(decl) => {
                    for spec in tree.specs(tree.gen_decl(decl).specs) {
                        if let SpecKind::Value(value) = spec.kind {
                            let mut names = tree.names(value.names).iter();
                            count += usize::from(names.any(|other| tree.name(*other) == name));
                        }
                    }
                }
                StmtKind::Assign {
                    lhs,
                    op: caulk_syntax::AssignOp::Define,
                    ..
                } => {
                    let mut names = tree.exprs(lhs).iter();
                    count += usize::from(names.any(|left| tree.ident(*left) == Some(name)));
                }
                _ => {}
            }
        }
        Descend::Into
    });
    count == 1
}

/// Whether the value of an expression is, or is made of, one of these variables. What a method of theirs gives is
/// something else.
pub(super) fn holds(tree: &Tree, root: ExprId, names: &BTreeSet<&str>) -> bool {
    match tree.expr(tree.unparen(root)).kind {
        ExprKind::Ident(name) => names.contains(tree.name(name)),
        ExprKind::Index { x, .. } | ExprKind::Slice { x, .. } | ExprKind::Unary { x, .. } => {
            holds(tree, x, names)
        }
        ExprKind::Selector { x, .. } => holds(tree, x, names),
        ExprKind::Call { fun, args, .. } => {
            tree.ident(fun) == Some("append")
                && tree.exprs(args).iter().any(|arg| holds(tree, *arg, names))
        }
        ExprKind::CompositeLit { .. } => mentions(tree, root, names),
        _ => false,
    }
}

fn mentions(tree: &Tree, root: ExprId, names: &BTreeSet<&str>) -> bool {
    let mut found = false;
    tree.walk(root, |node| {
        if let Node::Expr(id) = node {
            found |= tree.ident(id).is_some_and(|name| names.contains(name));
        }
        Descend::Into
    });
    found
}
