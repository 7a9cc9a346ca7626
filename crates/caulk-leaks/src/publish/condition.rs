//! What the turn of a path at a condition says, as somebody who reads along would put it.

use caulk_syntax::{BinaryOp, Descend, ExprId, ExprKind, Node, Span, StmtKind, UnaryOp};

use crate::place::{one_line, text};
use crate::publish::described::Described;
use crate::publish::template::error_check;

impl Described<'_, '_> {
    /// `x == nil` where `x != nil` does not hold, and where `x` is switched on and `nil` the case.
    pub(crate) fn condition(&self, span: Span, truth: bool) -> String {
        let expr = self.expression_at(span);
        if let Some(tag) = expr.and_then(|expr| self.switched_on(expr)) {
            let equals = if truth { "==" } else { "!=" };
            return format!("{} {equals} {}", self.words(tag), self.words(span));
        }
        if truth {
            return self.words(span);
        }
        let negated = expr.and_then(|expr| self.negated(expr));
        negated.unwrap_or_else(|| format!("not {}", self.words(span)))
    }

    /// Whether a condition asks no more than whether the acquisition failed: every way on which something is lost passes that.
    pub(super) fn is_own_error_check(&self, span: Span) -> bool {
        let tree = self.function.tree();
        let check = error_check(self.function, self.site, None);
        self.expression_at(span).is_some_and(|expr| {
            let is_comparison = matches!(
                tree.expr(expr).kind,
                ExprKind::Binary {
                    op: BinaryOp::Eql | BinaryOp::Neq,
                    ..
                }
            );
            is_comparison
                && matches!(self.function.parent(expr), Some(Node::Stmt(stmt))
                    if Some(tree.stmt(stmt).span) == check)
        })
    }

    /// What is compared with an expression that is a case of a switch.
    fn switched_on(&self, expr: ExprId) -> Option<Span> {
        let tree = self.function.tree();
        let outwards = std::iter::successors(self.function.parent(expr), |node| {
            self.function.parent(*node)
        });
        let mut around = outwards.map_while(|node| match node {
            Node::Stmt(stmt) => Some(tree.stmt(stmt).kind),
            _ => None,
        });
        match (around.next()?, around.next()?, around.next()?) {
            (StmtKind::Case { .. }, StmtKind::Block(_), StmtKind::Switch { tag, .. }) => {
                Some(tree.expr(tag?).span)
            }
            _ => None,
        }
    }

    fn words(&self, span: Span) -> String {
        one_line(&text(self.file, span))
    }

    /// The opposite of a comparison, or what a `!` stands before. Operands of `&&` and `||` are conditions of their own.
    fn negated(&self, expr: ExprId) -> Option<String> {
        let tree = self.function.tree();
        match tree.expr(tree.unparen(expr)).kind {
            ExprKind::Unary {
                op: UnaryOp::Not,
                x,
            } => Some(self.words(tree.expr(tree.unparen(x)).span)),
            ExprKind::Binary { x, op, y, .. } => {
                let opposite = match op {
                    BinaryOp::Eql => "!=",
                    BinaryOp::Neq => "==",
                    BinaryOp::Lss => ">=",
                    BinaryOp::Geq => "<",
                    BinaryOp::Gtr => "<=",
                    BinaryOp::Leq => ">",
                    _ => return None,
                };
                let (x, y) = (tree.expr(x).span, tree.expr(y).span);
                Some(format!("{} {opposite} {}", self.words(x), self.words(y)))
            }
            _ => None,
        }
    }

    fn expression_at(&self, span: Span) -> Option<ExprId> {
        let tree = self.function.tree();
        let mut found = None;
        for root in caulk_flow::roots(self.module.program, &self.function.typed) {
            tree.walk(root, |node| {
                if let Node::Expr(expr) = node
                    && tree.expr(expr).span == span
                {
                    found.get_or_insert(expr);
                }
                Descend::Into
            });
        }
        found
    }
}
