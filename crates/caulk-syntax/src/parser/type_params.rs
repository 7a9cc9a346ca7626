//! Telling type parameters from array lengths.
//!
//! `type T[P *C] …` is a generic type if what is between the brackets is a name and a constraint,
//! and an array type if it is an expression. The brackets are read as an expression first, and that
//! is taken apart.

use super::Parser;
use super::params::Param;
use crate::span::Span;
use crate::token::{BinaryOp, UnaryOp};
use crate::tree::{ExprId, ExprKind};

impl Parser<'_> {
    /// Splits an expression into the name of a type parameter and its constraint, where it can be
    /// read so: a lone name, or a name before what can only be a constraint. With `force`, when a
    /// comma follows, what could be a constraint is one.
    pub(super) fn split_type_param(&mut self, id: ExprId, force: bool) -> Option<Param> {
        let expr = *self.tree.expr(id);
        match expr.kind {
            ExprKind::Ident(name) => Some(Param {
                name: Some(name),
                ty: None,
            }),
            // P *C
            ExprKind::Binary {
                x,
                op: BinaryOp::Mul,
                op_pos,
                y,
            } => {
                let ExprKind::Ident(name) = self.tree.expr(x).kind else {
                    return None;
                };
                if !(force || self.is_constraint(y)) {
                    return None;
                }
                let span = Span::new(op_pos.offset(), expr.span.end);
                let ty = self.tree.add_expr(ExprKind::Star(y), span);
                Some(Param {
                    name: Some(name),
                    ty: Some(ty),
                })
            }
            // P A|B
            ExprKind::Binary {
                x,
                op: BinaryOp::Or,
                op_pos,
                y,
            } => {
                let left = self.split_type_param(x, force || self.is_constraint(y))?;
                let x = left.ty?;
                let span = Span::new(self.expr_span(x).start, expr.span.end);
                let kind = ExprKind::Binary {
                    x,
                    op: BinaryOp::Or,
                    op_pos,
                    y,
                };
                Some(Param {
                    name: left.name,
                    ty: Some(self.tree.add_expr(kind, span)),
                })
            }
            ExprKind::Chain { first, rest } => {
                let links = self.tree.chain_links(rest);
                if links.iter().any(|link| link.op != BinaryOp::Or) {
                    return None;
                }
                let force = force || links.iter().any(|link| self.is_constraint(link.y));
                let left = self.split_type_param(first, force)?;
                let first = left.ty?;
                let span = Span::new(self.expr_span(first).start, expr.span.end);
                let ty = self.tree.add_expr(ExprKind::Chain { first, rest }, span);
                Some(Param {
                    name: left.name,
                    ty: Some(ty),
                })
            }
            // P (C)
            ExprKind::Call {
                fun,
                lparen,
                args,
                ellipsis: None,
            } => {
                let ExprKind::Ident(name) = self.tree.expr(fun).kind else {
                    return None;
                };
                let &[arg] = self.tree.exprs(args) else {
                    return None;
                };
                if !(force || self.is_constraint(arg)) {
                    return None;
                }
                let span = Span::new(lparen.offset(), expr.span.end);
                let ty = self.tree.add_expr(ExprKind::Paren(arg), span);
                Some(Param {
                    name: Some(name),
                    ty: Some(ty),
                })
            }
            _ => None,
        }
    }

    /// Whether the expression can only be a type or constraint, not a value.
    fn is_constraint(&self, id: ExprId) -> bool {
        match self.tree.expr(id).kind {
            ExprKind::ArrayType { .. }
            | ExprKind::StructType(_)
            | ExprKind::FuncType(_)
            | ExprKind::InterfaceType(_)
            | ExprKind::MapType { .. }
            | ExprKind::ChanType { .. } => true,
            ExprKind::Binary { x, y, .. } => self.is_constraint(x) || self.is_constraint(y),
            ExprKind::Chain { first, rest } => {
                let links = self.tree.chain_links(rest);
                self.is_constraint(first) || links.iter().any(|link| self.is_constraint(link.y))
            }
            ExprKind::Unary { op, .. } => op == UnaryOp::Tilde,
            ExprKind::Paren(x) => self.is_constraint(x),
            _ => false,
        }
    }
}
