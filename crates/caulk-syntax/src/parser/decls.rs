//! Declarations other than functions.

use super::params::ParamKind;
use super::{Parser, ends_expression};
use crate::token::TokenKind;
use crate::tree::{
    DeclKeyword, ExprId, FieldList, GenDecl, ImportSpec, List, Name, Spec, SpecKind, TypeSpec,
    ValueSpec,
};

/// The keyword of a declaration with specs.
pub(super) fn decl_keyword(kind: TokenKind) -> Option<DeclKeyword> {
    match kind {
        TokenKind::Import => Some(DeclKeyword::Import),
        TokenKind::Const => Some(DeclKeyword::Const),
        TokenKind::Type => Some(DeclKeyword::Type),
        TokenKind::Var => Some(DeclKeyword::Var),
        _ => None,
    }
}

impl Parser<'_> {
    /// `import`, `const`, `type` or `var`, which is looked at, and what it declares, with the
    /// semicolon.
    pub(super) fn gen_decl(&mut self) -> GenDecl {
        let start = self.span.start;
        let keyword = decl_keyword(self.tok).unwrap_or(DeclKeyword::Var);
        self.advance();
        let first = self.pending.specs.len();
        if !self.at(TokenKind::Lparen) {
            let spec = self.spec(keyword, 0);
            let mut span = self.span_from(start);
            span.end = spec.span.end.max(start);
            self.pending.specs.push(spec);
            let specs = self.finish_specs(first);
            return GenDecl {
                span,
                keyword,
                lparen: None,
                specs,
                rparen: None,
            };
        }
        let lparen = Some(self.expect(TokenKind::Lparen));
        let mut iota = 0;
        while !matches!(self.tok, TokenKind::Rparen | TokenKind::Eof) {
            let spec = self.spec(keyword, iota);
            self.pending.specs.push(spec);
            iota += 1;
        }
        let rparen = self.expect_present(TokenKind::Rparen);
        let span = self.span_from(start);
        self.expect_semicolon();
        GenDecl {
            span,
            keyword,
            lparen,
            specs: self.finish_specs(first),
            rparen,
        }
    }

    fn finish_specs(&mut self, first: usize) -> List<Spec> {
        super::finish(&mut self.pending.specs, &mut self.tree.specs, first)
    }

    fn spec(&mut self, keyword: DeclKeyword, iota: u32) -> Spec {
        let start = self.span.start;
        let kind = match keyword {
            DeclKeyword::Import => SpecKind::Import(self.import_spec()),
            DeclKeyword::Type => SpecKind::Type(self.type_spec()),
            DeclKeyword::Const | DeclKeyword::Var => {
                SpecKind::Value(self.value_spec(keyword, iota))
            }
        };
        let span = self.span_from(start);
        self.expect_semicolon();
        Spec { span, kind }
    }

    fn import_spec(&mut self) -> ImportSpec {
        let name = match self.tok {
            TokenKind::Ident => Some(self.name()),
            TokenKind::Period => {
                let name = Name {
                    text: self.text(self.span.start),
                    span: self.span,
                };
                self.advance();
                Some(name)
            }
            _ => None,
        };
        let path = self.string_literal();
        if path.is_none() {
            if self.tok.is_literal() {
                self.error(self.span.start, "import path must be a string");
                self.advance();
            } else {
                self.error(self.span.start, "missing import path");
                self.skip_to(ends_expression);
            }
        }
        ImportSpec { name, path }
    }

    fn value_spec(&mut self, keyword: DeclKeyword, iota: u32) -> ValueSpec {
        use TokenKind as T;
        let names = self.name_list();
        let ty = match (keyword, self.tok) {
            (_, T::Assign) => None,
            (DeclKeyword::Const, T::Eof | T::Semicolon | T::Rparen) => None,
            (DeclKeyword::Const, _) => self.try_type(),
            _ => Some(self.ty()),
        };
        let values = if self.eat(T::Assign) {
            self.expr_list(true)
        } else {
            List::EMPTY
        };
        ValueSpec {
            names,
            ty,
            values,
            iota,
        }
    }

    fn type_spec(&mut self) -> TypeSpec {
        let name = self.name();
        if !self.at(TokenKind::Lbrack) {
            return self.type_definition(name, None);
        }
        let lbrack = self.expect(TokenKind::Lbrack);
        if !self.at(TokenKind::Ident) {
            let ty = self.array_type(lbrack.offset(), None);
            return TypeSpec {
                name,
                type_params: None,
                assign: None,
                ty,
            };
        }
        let start = self.span.start;
        let x = self.length_or_type_param();
        let param = self.split_type_param(x, self.at(TokenKind::Comma));
        match param {
            Some(param) if param.ty.is_some() || !self.at(TokenKind::Rbrack) => {
                let fields = self.param_list(ParamKind::TypeParams, Some(param), start);
                let close = self.expect(TokenKind::Rbrack);
                let params = FieldList {
                    open: Some(lbrack),
                    fields,
                    close: Some(close),
                };
                self.type_definition(name, Some(params))
            }
            _ => {
                let ty = self.array_type(lbrack.offset(), Some(x));
                TypeSpec {
                    name,
                    type_params: None,
                    assign: None,
                    ty,
                }
            }
        }
    }

    /// The expression between the brackets after the name of a declared type, or only the name it
    /// starts with where a `[` follows: that cannot go on a constant expression.
    fn length_or_type_param(&mut self) -> ExprId {
        let name = self.name();
        let x = self.add_name(name);
        if self.at(TokenKind::Lbrack) {
            return x;
        }
        self.expr_level += 1;
        let left = self.primary(Some(x));
        let x = self.binary(Some(left), 1);
        self.expr_level -= 1;
        x
    }

    fn type_definition(&mut self, name: Name, type_params: Option<FieldList>) -> TypeSpec {
        let assign = self
            .at(TokenKind::Assign)
            .then(|| self.expect(TokenKind::Assign));
        TypeSpec {
            name,
            type_params,
            assign,
            ty: self.ty(),
        }
    }
}
