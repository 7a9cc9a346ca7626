//! Types, and what they are made of: fields, methods, unions.

use super::params::{Param, ParamKind};
use super::{Parser, ends_expression};
use crate::token::{BinaryOp, TokenKind, UnaryOp};
use crate::tree::{ChanDir, ExprId, ExprKind, Field, FieldList, List, Name};

impl Parser<'_> {
    /// A type; an error if there is none.
    pub(super) fn ty(&mut self) -> ExprId {
        if let Some(ty) = self.try_type() {
            return ty;
        }
        let start = self.span.start;
        self.expected("type");
        self.skip_to(ends_expression);
        self.bad_expr(start)
    }

    /// A type, if there is one here.
    pub(super) fn try_type(&mut self) -> Option<ExprId> {
        let depth = self.depth;
        let ty = self.try_type_at_depth();
        self.depth = depth;
        ty
    }

    fn try_type_at_depth(&mut self) -> Option<ExprId> {
        if !self.deepen() {
            return None;
        }
        let start = self.span.start;
        let kind = match self.tok {
            TokenKind::Ident => {
                let name = self.name();
                return Some(self.qualified_type(name));
            }
            TokenKind::Lbrack => {
                self.advance();
                return Some(self.array_type(start, None));
            }
            TokenKind::Mul => {
                self.advance();
                ExprKind::Star(self.ty())
            }
            TokenKind::Lparen => {
                self.advance();
                let inner = self.ty();
                self.expect(TokenKind::Rparen);
                ExprKind::Paren(inner)
            }
            TokenKind::Func => ExprKind::FuncType(self.func_type()),
            TokenKind::Map => {
                self.advance();
                self.expect(TokenKind::Lbrack);
                let key = self.ty();
                self.expect(TokenKind::Rbrack);
                ExprKind::MapType {
                    key,
                    value: self.ty(),
                }
            }
            TokenKind::Chan => {
                self.advance();
                let arrow = self
                    .at(TokenKind::Arrow)
                    .then(|| self.expect(TokenKind::Arrow));
                let dir = if arrow.is_some() {
                    ChanDir::Send
                } else {
                    ChanDir::Both
                };
                ExprKind::ChanType {
                    dir,
                    arrow,
                    value: self.ty(),
                }
            }
            TokenKind::Arrow => {
                let arrow = Some(self.expect(TokenKind::Arrow));
                self.expect(TokenKind::Chan);
                ExprKind::ChanType {
                    dir: ChanDir::Recv,
                    arrow,
                    value: self.ty(),
                }
            }
            TokenKind::Struct => ExprKind::StructType(self.struct_type()),
            TokenKind::Interface => ExprKind::InterfaceType(self.interface_type()),
            _ => return None,
        };
        Some(self.add(kind, start))
    }

    /// `name`, `name.sel`
    pub(super) fn type_name(&mut self, name: Name) -> ExprId {
        let x = self.add_name(name);
        if !self.eat(TokenKind::Period) {
            return x;
        }
        let sel = self.name();
        self.add(ExprKind::Selector { x, sel }, name.span.start)
    }

    /// `name`, `name.sel`, either with type arguments
    pub(super) fn qualified_type(&mut self, name: Name) -> ExprId {
        let ty = self.type_name(name);
        if self.at(TokenKind::Lbrack) {
            self.type_instance(ty)
        } else {
            ty
        }
    }

    /// `[A, B]` after the generic type `x`.
    pub(super) fn type_instance(&mut self, x: ExprId) -> ExprId {
        let start = self.expr_span(x).start;
        let lbrack = self.expect(TokenKind::Lbrack);
        let first = self.pending.exprs.len();
        self.expr_level += 1;
        self.type_arguments();
        self.expr_level -= 1;
        let missing = self.nothing();
        let rbrack = self.expect_closing(TokenKind::Rbrack, "type argument list");
        if self.pending.exprs.len() == first {
            self.error(rbrack.offset(), "expected type argument list");
            let bad = self.tree.add_expr(ExprKind::Bad, missing);
            self.pending.exprs.push(bad);
        }
        let indices = self.finish_exprs(first);
        self.add(ExprKind::Index { x, lbrack, indices }, start)
    }

    /// Types between commas up to a `]`, which stay pending.
    pub(super) fn type_arguments(&mut self) {
        while !matches!(self.tok, TokenKind::Rbrack | TokenKind::Eof) {
            let ty = self.ty();
            self.pending.exprs.push(ty);
            if !self.at_comma("type argument list", TokenKind::Rbrack) {
                break;
            }
            self.advance();
        }
    }

    /// What follows the `[` at `start` of an array or slice type; `len` is the length, if it has
    /// been read already.
    pub(super) fn array_type(&mut self, start: u32, len: Option<ExprId>) -> ExprId {
        let len = len.or_else(|| self.array_length());
        if self.at(TokenKind::Comma) {
            self.error(self.span.start, "unexpected comma; expecting ]");
            self.advance();
        }
        self.expect(TokenKind::Rbrack);
        let elt = self.ty();
        self.add(ExprKind::ArrayType { len, elt }, start)
    }

    fn array_length(&mut self) -> Option<ExprId> {
        self.expr_level += 1;
        let start = self.span.start;
        let len = match self.tok {
            TokenKind::Rbrack => None,
            TokenKind::Ellipsis => {
                self.advance();
                Some(self.add(ExprKind::Ellipsis(None), start))
            }
            _ => Some(self.rhs()),
        };
        self.expr_level -= 1;
        len
    }

    fn struct_type(&mut self) -> FieldList {
        self.expect(TokenKind::Struct);
        let open = Some(self.expect(TokenKind::Lbrace));
        let first = self.pending.fields.len();
        while matches!(
            self.tok,
            TokenKind::Ident | TokenKind::Mul | TokenKind::Lparen
        ) {
            let field = self.struct_field();
            self.pending.fields.push(field);
        }
        let fields = self.finish_fields(first);
        let close = self.expect_present(TokenKind::Rbrace);
        FieldList {
            open,
            fields,
            close,
        }
    }

    fn struct_field(&mut self) -> Field {
        let start = self.span.start;
        let mut names = List::EMPTY;
        let ty = match self.tok {
            TokenKind::Ident => {
                let first = self.tree.names.len();
                let name = self.name();
                match self.tok {
                    TokenKind::Period => self.qualified_type(name),
                    TokenKind::String | TokenKind::Semicolon | TokenKind::Rbrace => {
                        self.add_name(name)
                    }
                    TokenKind::Lbrack => {
                        let (is_named, ty) = self.array_or_instance(name);
                        if is_named {
                            names = self.one_name(name);
                        }
                        ty
                    }
                    _ => {
                        self.tree.names.push(name);
                        while self.eat(TokenKind::Comma) {
                            let name = self.name();
                            self.tree.names.push(name);
                        }
                        names = List::new(first, self.tree.names.len() - first);
                        self.ty()
                    }
                }
            }
            TokenKind::Mul => {
                self.advance();
                let base = self.embedded_base();
                self.add(ExprKind::Star(base), start)
            }
            _ => self.parenthesized_embedded(),
        };
        let tag = self.string_literal();
        let span = self.span_from(start);
        self.expect_semicolon();
        Field {
            span,
            names,
            ty,
            tag,
        }
    }

    /// What follows the `*` of an embedded field.
    fn embedded_base(&mut self) -> ExprId {
        if self.at(TokenKind::Lparen) {
            return self.parenthesized_embedded();
        }
        let name = self.name();
        self.qualified_type(name)
    }

    /// `(T)` or `(*T)` as an embedded field, which is an error.
    fn parenthesized_embedded(&mut self) -> ExprId {
        self.error(self.span.start, "cannot parenthesize embedded type");
        self.advance();
        let start = self.span.start;
        let is_pointer = self.eat(TokenKind::Mul);
        let name = self.name();
        let mut ty = self.qualified_type(name);
        if is_pointer {
            ty = self.add(ExprKind::Star(ty), start);
        }
        self.eat(TokenKind::Rparen);
        ty
    }

    fn one_name(&mut self, name: Name) -> List<Name> {
        let start = self.tree.names.len();
        self.tree.names.push(name);
        List::new(start, 1)
    }

    /// What follows `x` before a `[`: `x []E` and `x [n]E` are a name and its type, `x[A, B]` is an
    /// instance. Tells which, and the type.
    pub(super) fn array_or_instance(&mut self, x: Name) -> (bool, ExprId) {
        let lbrack = self.expect(TokenKind::Lbrack);
        let first = self.pending.exprs.len();
        let mut trailing_comma = None;
        if !self.at(TokenKind::Rbrack) {
            self.expr_level += 1;
            loop {
                let arg = self.rhs();
                self.pending.exprs.push(arg);
                let comma = self.span.start;
                if !self.eat(TokenKind::Comma) {
                    break;
                }
                if self.at(TokenKind::Rbrack) {
                    trailing_comma = Some(comma);
                    break;
                }
            }
            self.expr_level -= 1;
        }
        self.expect(TokenKind::Rbrack);
        let args = self.pending.exprs.get(first..).unwrap_or_default();
        let (len, elt) = match *args {
            [] => (None, Some(self.ty())),
            [len] => (Some(len), self.try_type()),
            _ => (None, None),
        };
        if let Some(elt) = elt {
            if let Some(comma) = trailing_comma {
                self.error(comma, "unexpected comma; expecting ]");
            }
            self.pending.exprs.truncate(first);
            return (
                true,
                self.add(ExprKind::ArrayType { len, elt }, lbrack.offset()),
            );
        }
        let indices = self.finish_exprs(first);
        let x_id = self.add_name(x);
        (
            false,
            self.add(
                ExprKind::Index {
                    x: x_id,
                    lbrack,
                    indices,
                },
                x.span.start,
            ),
        )
    }

    fn interface_type(&mut self) -> FieldList {
        self.expect(TokenKind::Interface);
        let open = Some(self.expect(TokenKind::Lbrace));
        let first = self.pending.fields.len();
        loop {
            let start = self.span.start;
            let (names, ty) = match self.tok {
                TokenKind::Ident => match self.method_or_embedded() {
                    (names, ty) if names.is_empty() => (names, self.union(Some(ty))),
                    method => method,
                },
                TokenKind::Tilde => (List::EMPTY, self.union(None)),
                _ => match self.try_type() {
                    Some(ty) => (List::EMPTY, self.union(Some(ty))),
                    None => break,
                },
            };
            let span = self.span_from(start);
            self.expect_semicolon();
            self.pending.fields.push(Field {
                span,
                names,
                ty,
                tag: None,
            });
        }
        let fields = self.finish_fields(first);
        let close = self.expect_present(TokenKind::Rbrace);
        FieldList {
            open,
            fields,
            close,
        }
    }

    /// An element of an interface that starts with a name: a method, or the first term of an
    /// embedded union.
    fn method_or_embedded(&mut self) -> (List<Name>, ExprId) {
        let name = self.name();
        match self.tok {
            TokenKind::Lparen => self.method(name),
            TokenKind::Lbrack => self.generic_method_or_instance(name),
            TokenKind::Period => (List::EMPTY, self.qualified_type(name)),
            _ => (List::EMPTY, self.add_name(name)),
        }
    }

    fn method(&mut self, name: Name) -> (List<Name>, ExprId) {
        let start = self.span.start;
        let signature = self.signature(None, start, None);
        let names = self.one_name(name);
        (names, self.add(ExprKind::FuncType(signature), start))
    }

    /// `m[T any]()`, which is an error in an interface, or `E[A, B]`.
    fn generic_method_or_instance(&mut self, name: Name) -> (List<Name>, ExprId) {
        let lbrack = self.expect(TokenKind::Lbrack);
        self.expr_level += 1;
        let arg = self.expr();
        self.expr_level -= 1;
        let goes_on = matches!(self.tok, TokenKind::Comma | TokenKind::Rbrack);
        if let (ExprKind::Ident(param), false) = (self.tree.expr(arg).kind, goes_on) {
            let first = Param {
                name: Some(param),
                ty: None,
            };
            self.param_list(ParamKind::TypeParams, Some(first), lbrack.offset());
            self.expect(TokenKind::Rbrack);
            self.error(
                lbrack.offset(),
                "interface method must have no type parameters",
            );
            return self.method(name);
        }
        let first = self.pending.exprs.len();
        self.pending.exprs.push(arg);
        if self.at_comma("type argument list", TokenKind::Rbrack) {
            self.expr_level += 1;
            self.advance();
            self.type_arguments();
            self.expr_level -= 1;
        }
        self.expect_closing(TokenKind::Rbrack, "type argument list");
        let indices = self.finish_exprs(first);
        let x = self.add_name(name);
        (
            List::EMPTY,
            self.add(ExprKind::Index { x, lbrack, indices }, name.span.start),
        )
    }

    /// `A | ~B | C`, of which `first` has been read already.
    pub(super) fn union(&mut self, first: Option<ExprId>) -> ExprId {
        let first = first.unwrap_or_else(|| self.union_term());
        if !self.at(TokenKind::Or) {
            return first;
        }
        let mark = self.pending.links.len();
        while self.at(TokenKind::Or) {
            let op_pos = self.expect(TokenKind::Or);
            let y = self.union_term();
            self.push_link(BinaryOp::Or, op_pos, y);
        }
        self.finish_chain(first, mark)
    }

    fn union_term(&mut self) -> ExprId {
        let start = self.span.start;
        if self.eat(TokenKind::Tilde) {
            let x = self.ty();
            return self.add(
                ExprKind::Unary {
                    op: UnaryOp::Tilde,
                    x,
                },
                start,
            );
        }
        if let Some(ty) = self.try_type() {
            return ty;
        }
        self.expected("~ term or type");
        self.skip_to(ends_expression);
        self.bad_expr(start)
    }
}
