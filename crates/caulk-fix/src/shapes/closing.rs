//! A goroutine that waits for the end of a channel on which only the function that starts it sends, if anybody does: that
//! closes it where it leaves.

use caulk_leaks::Held;
use caulk_syntax::{Descend, ExprKind, Node, StmtId, StmtKind, Tree, UnaryOp};

use super::Proposal;
use super::buffer::{function_around, made, started};
use super::told::received;
use crate::site::Site;

/// The edits, where a site has this shape.
pub(super) fn propose(site: &Site<'_>) -> Option<Proposal> {
    let Held::Place(channel) = &site.template().held else {
        return None;
    };
    if site.finding.rule != "blocked-goroutine" {
        return None;
    }
    let tree = site.scope.tree;
    let function = function_around(site, started(site)?)?;
    let (made, _) = made(site, function, channel)?;
    let made = site.scope.statement_around(tree.expr(made).span)?;
    let mut around = site.scope.outwards(made);
    let once = function_around(site, made) == Some(function)
        && !around.any(|at| {
            let kind = site.scope.kind(at);
            matches!(kind, Some(StmtKind::For { .. } | StmtKind::Range { .. }))
        });
    if !once || !Uses::of(tree, function, channel).end_with_function() {
        return None;
    }
    let below = site.scope.span(made);
    let lines = [format!("defer close({channel})")];
    let edit = site.layout().insert_below(below, &lines)?;
    let reason = "the goroutine goes on where this function leaves";
    Some(Proposal::review(vec![edit], reason))
}

/// What a function does with a channel.
#[derive(Default)]
struct Uses {
    all: usize,
    /// Those that are one of the following, or make it, or ask for its length.
    understood: usize,
    /// Sends of the function itself.
    own_sends: usize,
    ranges: usize,
    receives: usize,
    /// Receives that a `select` has beside others.
    beside_others: usize,
}

impl Uses {
    fn of(tree: &Tree, function: StmtId, channel: &str) -> Self {
        let mut uses = Uses::default();
        tree.walk(function, |node| {
            uses.note(tree, node, channel);
            Descend::Into
        });
        tree.walk(function, |node| {
            match node {
                Node::Expr(id) if matches!(tree.expr(id).kind, ExprKind::FuncLit { .. }) => {
                    return Descend::Skip;
                }
                Node::Stmt(id) => {
                    if let StmtKind::Send { chan, .. } = tree.stmt(id).kind {
                        uses.own_sends += usize::from(tree.ident(chan) == Some(channel));
                    }
                }
                Node::Expr(_) => {}
            }
            Descend::Into
        });
        uses
    }

    fn note(&mut self, tree: &Tree, node: Node, channel: &str) {
        let is_it = |id| tree.ident(id) == Some(channel);
        match node {
            Node::Expr(id) => match tree.expr(id).kind {
                ExprKind::Ident(_) if is_it(id) => self.all += 1,
                ExprKind::Unary {
                    op: UnaryOp::Receive,
                    x,
                } if is_it(x) => self.receives += 1,
                ExprKind::Call { fun, args, .. }
                    if matches!(tree.ident(fun), Some("len" | "cap")) =>
                {
                    let args = tree.exprs(args).iter();
                    self.understood += args.filter(|arg| is_it(**arg)).count();
                }
                _ => {}
            },
            Node::Stmt(id) => match tree.stmt(id).kind {
                StmtKind::Range { x, .. } if is_it(x) => self.ranges += 1,
                StmtKind::Assign { lhs, .. } => {
                    let left = tree.exprs(lhs).iter();
                    self.understood += left.filter(|left| is_it(**left)).count();
                }
                StmtKind::Select(cases) => {
                    let clauses = tree.block(cases);
                    let of_it = clauses.iter().filter_map(|clause| received(tree, *clause));
                    if clauses.len() > 1 {
                        self.beside_others += of_it.filter(|from| is_it(*from)).count();
                    }
                }
                _ => {}
            },
        }
    }

    /// Whether nobody needs it any more where the function leaves, and nothing else closes it.
    fn end_with_function(&self) -> bool {
        let waits = match self.own_sends {
            0 => self.ranges == 0 && self.receives == self.beside_others,
            _ => self.receives == 0,
        };
        let known = self.understood + self.own_sends + self.ranges + self.receives;
        waits && known == self.all
    }
}
