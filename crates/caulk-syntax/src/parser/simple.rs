//! Simple statements: expressions, sends, assignments and labels.

use super::Parser;
use crate::span::{Pos, Span};
use crate::token::{AssignOp, BinaryOp, TokenKind};
use crate::tree::{ExprId, ExprKind, List, StmtId, StmtKind};

/// What may stand in place of a simple statement.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Plain,
    /// A label is allowed.
    Labelled,
    /// A range clause is allowed.
    For,
}

/// A simple statement that is not in the tree yet: in the header of a control statement it may turn
/// out to be just an expression.
#[derive(Clone, Copy)]
pub(super) struct Simple {
    pub kind: StmtKind,
    pub span: Span,
}

/// `key, value := range x`
#[derive(Clone, Copy)]
pub(super) struct RangeClause {
    pub lhs: List<ExprId>,
    pub op: Option<AssignOp>,
    pub op_pos: Option<Pos>,
    pub range: Pos,
    pub x: ExprId,
}

#[derive(Clone, Copy)]
pub(super) enum SimpleOrRange {
    Simple(Simple),
    Range(RangeClause),
}

impl Parser<'_> {
    pub(super) fn simple_stmt(&mut self) -> Simple {
        let start = self.span.start;
        let lhs = self.expr_list(false);
        self.after_lhs(start, lhs, Place::Plain)
    }

    /// A simple statement or, after `name:`, any statement.
    pub(super) fn simple_or_labelled_stmt(&mut self) -> Simple {
        let start = self.span.start;
        let lhs = self.expr_list(false);
        self.after_lhs(start, lhs, Place::Labelled)
    }

    /// A simple statement or the range clause of a `for`.
    pub(super) fn simple_or_range(&mut self) -> SimpleOrRange {
        let start = self.span.start;
        if self.at(TokenKind::Range) {
            return SimpleOrRange::Range(self.range_clause(List::EMPTY, None));
        }
        let lhs = self.expr_list(false);
        let op = match self.tok {
            TokenKind::Define => AssignOp::Define,
            TokenKind::Assign => AssignOp::Assign,
            _ => return SimpleOrRange::Simple(self.after_lhs(start, lhs, Place::For)),
        };
        let op_pos = self.pos();
        self.advance();
        if self.at(TokenKind::Range) {
            return SimpleOrRange::Range(self.range_clause(lhs, Some((op, op_pos))));
        }
        SimpleOrRange::Simple(self.assignment(start, lhs, op, op_pos))
    }

    fn range_clause(&mut self, lhs: List<ExprId>, op: Option<(AssignOp, Pos)>) -> RangeClause {
        let range = self.expect(TokenKind::Range);
        let x = self.rhs();
        RangeClause {
            lhs,
            op: op.map(|(op, _)| op),
            op_pos: op.map(|(_, pos)| pos),
            range,
            x,
        }
    }

    fn assignment(&mut self, start: u32, lhs: List<ExprId>, op: AssignOp, op_pos: Pos) -> Simple {
        let rhs = self.expr_list(true);
        let kind = StmtKind::Assign {
            lhs,
            op,
            op_pos,
            rhs,
        };
        Simple {
            kind,
            span: self.span_from(start),
        }
    }

    /// What follows the expressions a simple statement begins with.
    fn after_lhs(&mut self, start: u32, lhs: List<ExprId>, place: Place) -> Simple {
        let op_pos = self.pos();
        if let Some(op) = assign_op(self.tok) {
            self.advance();
            return self.assignment(start, lhs, op, op_pos);
        }
        let x = self.only_expr(start, lhs, "1 expression");
        let kind = match self.tok {
            TokenKind::Colon => return self.after_label(start, x, place),
            TokenKind::Arrow => {
                self.advance();
                StmtKind::Send {
                    chan: x,
                    arrow: op_pos,
                    value: self.rhs(),
                }
            }
            TokenKind::Inc | TokenKind::Dec => {
                let increment = self.at(TokenKind::Inc);
                self.advance();
                StmtKind::IncDec {
                    x,
                    increment,
                    op_pos,
                }
            }
            _ => StmtKind::Expr(x),
        };
        Simple {
            kind,
            span: self.span_from(start),
        }
    }

    /// The first of the expressions, which should be the only one.
    pub(super) fn only_expr(&mut self, start: u32, list: List<ExprId>, expected: &str) -> ExprId {
        if list.len() > 1 {
            self.error(start, format!("expected {expected}"));
        }
        match self.tree.exprs(list).first() {
            Some(&x) => x,
            None => self.bad_expr(start),
        }
    }

    fn after_label(&mut self, start: u32, x: ExprId, place: Place) -> Simple {
        let colon = self.expect(TokenKind::Colon);
        let ExprKind::Ident(label) = self.tree.expr(x).kind else {
            return self.bad_label(start, colon);
        };
        if place != Place::Labelled {
            return self.bad_label(start, colon);
        }
        let stmt = self.stmt();
        let end = self.tree.stmt(stmt).span.end;
        Simple {
            kind: StmtKind::Labeled { label, colon, stmt },
            span: Span::new(start, end),
        }
    }

    fn bad_label(&mut self, start: u32, colon: Pos) -> Simple {
        self.error(colon.offset(), "illegal label declaration");
        Simple {
            kind: StmtKind::Bad,
            span: self.span_from(start),
        }
    }

    pub(super) fn add_simple(&mut self, simple: Simple) -> StmtId {
        self.tree.add_stmt(simple.kind, simple.span)
    }

    /// The expression that a simple statement in a header must be.
    pub(super) fn header_expr(&mut self, simple: Simple, expected: &str) -> ExprId {
        let found = match simple.kind {
            StmtKind::Expr(x) => return x,
            StmtKind::Assign { .. } => "assignment",
            _ => "simple statement",
        };
        self.error(
            simple.span.start,
            format!(
                "expected {expected}, found {found} (missing parentheses around composite literal?)"
            ),
        );
        self.tree.add_expr(ExprKind::Bad, simple.span)
    }
}

fn assign_op(kind: TokenKind) -> Option<AssignOp> {
    use TokenKind as T;
    let op = match kind {
        T::Assign => return Some(AssignOp::Assign),
        T::Define => return Some(AssignOp::Define),
        T::AddAssign => BinaryOp::Add,
        T::SubAssign => BinaryOp::Sub,
        T::MulAssign => BinaryOp::Mul,
        T::QuoAssign => BinaryOp::Quo,
        T::RemAssign => BinaryOp::Rem,
        T::AndAssign => BinaryOp::And,
        T::OrAssign => BinaryOp::Or,
        T::XorAssign => BinaryOp::Xor,
        T::ShlAssign => BinaryOp::Shl,
        T::ShrAssign => BinaryOp::Shr,
        T::AndNotAssign => BinaryOp::AndNot,
        _ => return None,
    };
    Some(AssignOp::Compound(op))
}
