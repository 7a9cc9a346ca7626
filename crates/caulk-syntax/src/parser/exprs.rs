//! Expressions.

use super::{Parser, starts_statement};
use crate::span::{Pos, Span};
use crate::token::{BinaryOp, TokenKind, UnaryOp};
use crate::tree::{ChainLink, ChanDir, ExprId, ExprKind, List, LitKind, Name};

/// With more operators than this at one level an expression becomes an [`ExprKind::Chain`].
const MAX_NESTED_OPERATORS: usize = 64;

impl Parser<'_> {
    pub(super) fn expr(&mut self) -> ExprId {
        self.binary(None, 1)
    }

    /// An expression that a value is expected from.
    pub(super) fn rhs(&mut self) -> ExprId {
        let outer = std::mem::replace(&mut self.in_rhs, true);
        let x = self.expr();
        self.in_rhs = outer;
        x
    }

    /// `a, b, c`
    pub(super) fn expr_list(&mut self, in_rhs: bool) -> List<ExprId> {
        let outer = std::mem::replace(&mut self.in_rhs, in_rhs);
        let x = self.expr();
        let list = if self.at(TokenKind::Comma) {
            let first = self.pending.exprs.len();
            self.pending.exprs.push(x);
            while self.eat(TokenKind::Comma) {
                let x = self.expr();
                self.pending.exprs.push(x);
            }
            self.finish_exprs(first)
        } else {
            self.list_of_one(x)
        };
        self.in_rhs = outer;
        list
    }

    /// An expression whose operators outside of brackets bind at least as strongly as `min`; `left`
    /// is its leftmost operand, if that has been read already.
    pub(super) fn binary(&mut self, left: Option<ExprId>, min: u8) -> ExprId {
        let height = std::mem::take(&mut self.height);
        let mut x = left.unwrap_or_else(|| self.unary());
        while let Some(op) = self.binary_op() {
            let precedence = op.precedence();
            if precedence < min {
                break;
            }
            let first = self.pending.links.len();
            while let Some(op) = self.binary_op().filter(|op| op.precedence() == precedence) {
                let op_pos = if op == BinaryOp::Eql {
                    self.expect(TokenKind::Eql)
                } else {
                    let pos = self.pos();
                    self.advance();
                    pos
                };
                let y = self.binary(None, precedence + 1);
                self.push_link(op, op_pos, y);
            }
            x = self.finish_chain(x, first);
        }
        self.height = self.height.max(height);
        x
    }

    /// The binary operator that is looked at. Where a value is expected `=` is taken for `==`.
    #[inline]
    fn binary_op(&self) -> Option<BinaryOp> {
        use TokenKind as T;
        Some(match self.tok {
            T::Add => BinaryOp::Add,
            T::Sub => BinaryOp::Sub,
            T::Mul => BinaryOp::Mul,
            T::Quo => BinaryOp::Quo,
            T::Rem => BinaryOp::Rem,
            T::And => BinaryOp::And,
            T::Or => BinaryOp::Or,
            T::Xor => BinaryOp::Xor,
            T::Shl => BinaryOp::Shl,
            T::Shr => BinaryOp::Shr,
            T::AndNot => BinaryOp::AndNot,
            T::LogicalAnd => BinaryOp::LogicalAnd,
            T::LogicalOr => BinaryOp::LogicalOr,
            T::Eql => BinaryOp::Eql,
            T::Neq => BinaryOp::Neq,
            T::Lss => BinaryOp::Lss,
            T::Leq => BinaryOp::Leq,
            T::Gtr => BinaryOp::Gtr,
            T::Geq => BinaryOp::Geq,
            T::Assign if self.in_rhs => BinaryOp::Eql,
            _ => return None,
        })
    }

    pub(super) fn push_link(&mut self, op: BinaryOp, op_pos: Pos, y: ExprId) {
        self.pending.links.push(ChainLink { op, op_pos, y });
    }

    /// The operation of `first` with the pending links from `mark` on, associated to the left.
    pub(super) fn finish_chain(&mut self, first: ExprId, mark: usize) -> ExprId {
        let start = self.expr_span(first).start;
        let links = self.pending.links.len() - mark;
        if links > MAX_NESTED_OPERATORS {
            self.grow(1);
            let rest = super::finish(&mut self.pending.links, &mut self.tree.chain_links, mark);
            return self.add(ExprKind::Chain { first, rest }, start);
        }
        self.grow(links as u32);
        let mut x = first;
        for i in mark..self.pending.links.len() {
            let Some(&ChainLink { op, op_pos, y }) = self.pending.links.get(i) else {
                break;
            };
            let span = Span::new(start, self.expr_span(y).end.max(start));
            x = self
                .tree
                .add_expr(ExprKind::Binary { x, op, op_pos, y }, span);
        }
        self.pending.links.truncate(mark);
        x
    }

    fn unary(&mut self) -> ExprId {
        self.nested(|p| {
            use TokenKind as T;
            let start = p.span.start;
            let op = match p.tok {
                T::Add => UnaryOp::Plus,
                T::Sub => UnaryOp::Minus,
                T::Not => UnaryOp::Not,
                T::Xor => UnaryOp::Complement,
                T::And => UnaryOp::Address,
                T::Tilde => UnaryOp::Tilde,
                T::Arrow => UnaryOp::Receive,
                T::Mul => {
                    p.advance();
                    let x = p.unary();
                    return p.add(ExprKind::Star(x), start);
                }
                _ => return p.primary(None),
            };
            p.advance();
            let x = p.unary();
            if op == UnaryOp::Receive && matches!(p.tree.expr(x).kind, ExprKind::ChanType { .. }) {
                p.make_receive_only(x, start);
                return x;
            }
            p.add(ExprKind::Unary { op, x }, start)
        })
    }

    /// What `parse` reads, one level deeper.
    fn nested(&mut self, parse: impl FnOnce(&mut Self) -> ExprId) -> ExprId {
        let depth = self.depth;
        let x = if self.deepen() {
            parse(self)
        } else {
            self.bad_expr(self.span.start)
        };
        self.depth = depth;
        x
    }

    /// Gives the channel type `id` the `<-` that was read before it at `arrow`: `<-chan T` is one
    /// type, and in `<-chan<- T` the second arrow belongs to what the first channel carries.
    fn make_receive_only(&mut self, id: ExprId, arrow: u32) {
        let mut arrow = Pos::new(arrow);
        let mut id = id;
        loop {
            let ExprKind::ChanType {
                dir,
                arrow: own,
                value,
            } = self.tree.expr(id).kind
            else {
                return self.error(arrow.offset(), "expected channel type");
            };
            if dir == ChanDir::Recv {
                self.error(own.unwrap_or(arrow).offset(), "expected 'chan'");
            }
            if let Some(expr) = self.tree.exprs.get_mut(id.index()) {
                expr.kind = ExprKind::ChanType {
                    dir: ChanDir::Recv,
                    arrow: Some(arrow),
                    value,
                };
                expr.span.start = arrow.offset();
            }
            match (dir, own) {
                (ChanDir::Send, Some(own)) => arrow = own,
                _ => return,
            }
            id = value;
        }
    }

    /// An operand and the selectors, indices, calls and braces after it; `operand` is given if it
    /// has been read already.
    pub(super) fn primary(&mut self, operand: Option<ExprId>) -> ExprId {
        let mut x = operand.unwrap_or_else(|| self.operand());
        loop {
            x = match self.tok {
                TokenKind::Period => self.selector_or_assertion(x),
                TokenKind::Lparen => self.call(x),
                TokenKind::Lbrack => self.index_or_slice(x),
                TokenKind::Lbrace => {
                    if !self.may_be_literal(x) {
                        return x;
                    }
                    self.literal_value(Some(x))
                }
                _ => return x,
            };
            self.grow(1);
        }
    }

    fn operand(&mut self) -> ExprId {
        let start = self.span.start;
        let kind = match self.tok {
            TokenKind::Ident => {
                let name = Name {
                    text: self.text(start),
                    span: self.span,
                };
                self.advance();
                return self.add_name(name);
            }
            TokenKind::String => LitKind::String,
            TokenKind::Int => LitKind::Int,
            TokenKind::Float => LitKind::Float,
            TokenKind::Imag => LitKind::Imag,
            TokenKind::Char => LitKind::Char,
            TokenKind::Lparen => {
                self.advance();
                self.expr_level += 1;
                let x = self.rhs();
                self.expr_level -= 1;
                self.expect(TokenKind::Rparen);
                return self.add(ExprKind::Paren(x), start);
            }
            TokenKind::Func => return self.func_type_or_literal(),
            _ => return self.try_type().unwrap_or_else(|| self.missing_operand()),
        };
        let literal = self.literal(kind);
        self.add(ExprKind::BasicLit(literal), start)
    }

    #[cold]
    fn missing_operand(&mut self) -> ExprId {
        let start = self.span.start;
        self.expected("operand");
        self.skip_to(starts_statement);
        self.bad_expr(start)
    }

    fn func_type_or_literal(&mut self) -> ExprId {
        let start = self.span.start;
        let signature = self.func_type();
        if !self.at(TokenKind::Lbrace) {
            return self.add(ExprKind::FuncType(signature), start);
        }
        self.expr_level += 1;
        let body = self.block();
        self.expr_level -= 1;
        self.add(ExprKind::FuncLit { signature, body }, start)
    }

    fn selector_or_assertion(&mut self, x: ExprId) -> ExprId {
        let start = self.expr_span(x).start;
        self.advance();
        match self.tok {
            TokenKind::Ident => {
                let sel = self.name();
                self.add(ExprKind::Selector { x, sel }, start)
            }
            TokenKind::Lparen => {
                let lparen = self.expect(TokenKind::Lparen);
                let ty = if self.eat(TokenKind::Type) {
                    None
                } else {
                    Some(self.ty())
                };
                self.expect(TokenKind::Rparen);
                self.add(ExprKind::TypeAssert { x, lparen, ty }, start)
            }
            _ => {
                let missing = self.nothing();
                self.expected("selector or type assertion");
                // A brace closes what is around.
                if !self.at(TokenKind::Rbrace) {
                    self.advance();
                }
                let sel = Name {
                    text: self.text(missing.start),
                    span: missing,
                };
                self.add(ExprKind::Selector { x, sel }, start)
            }
        }
    }

    fn call(&mut self, fun: ExprId) -> ExprId {
        let start = self.expr_span(fun).start;
        let lparen = self.expect(TokenKind::Lparen);
        self.expr_level += 1;
        let first = self.pending.exprs.len();
        let mut ellipsis = None;
        while !matches!(self.tok, TokenKind::Rparen | TokenKind::Eof) && ellipsis.is_none() {
            let arg = self.rhs();
            self.pending.exprs.push(arg);
            if self.at(TokenKind::Ellipsis) {
                ellipsis = Some(self.expect(TokenKind::Ellipsis));
            }
            if !self.at_comma("argument list", TokenKind::Rparen) {
                break;
            }
            self.advance();
        }
        self.expr_level -= 1;
        self.expect_closing(TokenKind::Rparen, "argument list");
        let args = self.finish_exprs(first);
        self.add(
            ExprKind::Call {
                fun,
                lparen,
                args,
                ellipsis,
            },
            start,
        )
    }

    /// `x[i]`, `x[A, B]`, `x[low:high:max]`
    fn index_or_slice(&mut self, x: ExprId) -> ExprId {
        let start = self.expr_span(x).start;
        let lbrack = self.expect(TokenKind::Lbrack);
        if self.at(TokenKind::Rbrack) {
            self.expected("operand");
            let bad = self
                .tree
                .add_expr(ExprKind::Bad, Span::empty(self.span.start));
            self.advance();
            let indices = self.list_of_one(bad);
            return self.add(ExprKind::Index { x, lbrack, indices }, start);
        }
        self.expr_level += 1;
        let index = if self.at(TokenKind::Colon) {
            None
        } else {
            Some(self.rhs())
        };
        let kind = match (self.tok, index) {
            (TokenKind::Comma, Some(index)) => {
                let first = self.pending.exprs.len();
                self.pending.exprs.push(index);
                while self.eat(TokenKind::Comma) {
                    if !matches!(self.tok, TokenKind::Rbrack | TokenKind::Eof) {
                        let ty = self.ty();
                        self.pending.exprs.push(ty);
                    }
                }
                ExprKind::Index {
                    x,
                    lbrack,
                    indices: self.finish_exprs(first),
                }
            }
            (TokenKind::Colon, low) => self.slice_bounds(x, lbrack, low),
            (_, Some(index)) => ExprKind::Index {
                x,
                lbrack,
                indices: self.list_of_one(index),
            },
            (_, None) => ExprKind::Bad,
        };
        self.expr_level -= 1;
        self.expect(TokenKind::Rbrack);
        self.add(kind, start)
    }

    /// The rest of a slice expression; its first colon is looked at.
    fn slice_bounds(&mut self, x: ExprId, lbrack: Pos, low: Option<ExprId>) -> ExprKind {
        let first_colon = self.expect(TokenKind::Colon);
        let mut high = self.slice_bound();
        let mut max = None;
        if self.at(TokenKind::Colon) {
            let second_colon = self.expect(TokenKind::Colon);
            if high.is_none() {
                self.error(
                    first_colon.offset(),
                    "middle index required in 3-index slice",
                );
                high = Some(
                    self.tree
                        .add_expr(ExprKind::Bad, Span::empty(second_colon.offset())),
                );
            }
            max = self.slice_bound();
            if max.is_none() {
                self.error(
                    second_colon.offset(),
                    "final index required in 3-index slice",
                );
                max = Some(self.tree.add_expr(ExprKind::Bad, self.nothing()));
            }
        }
        ExprKind::Slice {
            x,
            lbrack,
            low,
            high,
            max,
        }
    }

    fn slice_bound(&mut self) -> Option<ExprId> {
        let absent = matches!(
            self.tok,
            TokenKind::Colon | TokenKind::Rbrack | TokenKind::Eof
        );
        (!absent).then(|| self.rhs())
    }

    /// Whether a `{` after `x` starts a composite literal, not a block.
    fn may_be_literal(&mut self, x: ExprId) -> bool {
        let ty = self.tree.unparen(x);
        let expr = self.tree.expr(ty);
        let is_literal = match expr.kind {
            ExprKind::Bad
            | ExprKind::Ident(_)
            | ExprKind::Selector { .. }
            | ExprKind::Index { .. } => self.expr_level >= 0,
            ExprKind::ArrayType { .. } | ExprKind::StructType(_) | ExprKind::MapType { .. } => true,
            _ => false,
        };
        if is_literal && ty != x {
            let at = expr.span.start;
            self.error(at, "cannot parenthesize type in composite literal");
        }
        is_literal
    }

    /// `{a, b: c}` after its type.
    fn literal_value(&mut self, ty: Option<ExprId>) -> ExprId {
        self.nested(|p| {
            let start = ty.map_or(p.span.start, |ty| p.expr_span(ty).start);
            let lbrace = p.expect(TokenKind::Lbrace);
            p.expr_level += 1;
            let first = p.pending.exprs.len();
            while !matches!(p.tok, TokenKind::Rbrace | TokenKind::Eof) {
                let element = p.element();
                p.pending.exprs.push(element);
                if !p.at_comma("composite literal", TokenKind::Rbrace) {
                    break;
                }
                p.advance();
            }
            p.expr_level -= 1;
            p.expect_closing(TokenKind::Rbrace, "composite literal");
            let elts = p.finish_exprs(first);
            p.add(ExprKind::CompositeLit { ty, lbrace, elts }, start)
        })
    }

    fn element(&mut self) -> ExprId {
        let start = self.span.start;
        let key = self.element_value();
        if !self.at(TokenKind::Colon) {
            return key;
        }
        let colon = self.expect(TokenKind::Colon);
        let value = self.element_value();
        self.add(ExprKind::KeyValue { key, colon, value }, start)
    }

    fn element_value(&mut self) -> ExprId {
        if self.at(TokenKind::Lbrace) {
            self.literal_value(None)
        } else {
            self.expr()
        }
    }
}
