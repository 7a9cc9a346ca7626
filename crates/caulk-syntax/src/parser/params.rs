//! Parameters, results and type parameters.

use super::{Parser, ends_expression};
use crate::span::{Pos, Span};
use crate::token::TokenKind;
use crate::tree::{ExprId, ExprKind, Field, FieldList, List, Name, Signature, SignatureId};

/// Whether a parameter list is one of types: then there may be unions, and every parameter must
/// have a name.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum ParamKind {
    Params,
    Results,
    TypeParams,
}

impl ParamKind {
    fn closing(self) -> TokenKind {
        match self {
            ParamKind::TypeParams => TokenKind::Rbrack,
            ParamKind::Params | ParamKind::Results => TokenKind::Rparen,
        }
    }
}

/// A parameter before it is known whether a lone name is a name or a type.
#[derive(Clone, Copy, Default)]
pub(super) struct Param {
    pub name: Option<Name>,
    pub ty: Option<ExprId>,
}

impl Parser<'_> {
    /// `func(…) …` as a type; the keyword is looked at.
    pub(super) fn func_type(&mut self) -> SignatureId {
        let start = self.span.start;
        let func = self.expect(TokenKind::Func);
        if self.at(TokenKind::Lbrack) {
            let at = self.span.start;
            if self.type_params().is_some() {
                self.error(at, "function type must have no type parameters");
            }
        }
        self.signature(Some(func), start, None)
    }

    /// Parameters and results.
    pub(super) fn signature(
        &mut self,
        func: Option<Pos>,
        start: u32,
        type_params: Option<FieldList>,
    ) -> SignatureId {
        let params = self.params(ParamKind::Params);
        let results = self.results();
        let span = self.span_from(start);
        self.add_signature(Signature {
            span,
            func,
            type_params,
            params,
            results,
        })
    }

    fn results(&mut self) -> Option<FieldList> {
        if self.at(TokenKind::Lparen) {
            return Some(self.params(ParamKind::Results));
        }
        let ty = self.try_type()?;
        let span = self.expr_span(ty);
        let first = self.pending.fields.len();
        self.pending.fields.push(Field {
            span,
            names: List::EMPTY,
            ty,
            tag: None,
        });
        Some(FieldList {
            open: None,
            fields: self.finish_fields(first),
            close: None,
        })
    }

    /// Parameters or results in parentheses.
    pub(super) fn params(&mut self, kind: ParamKind) -> FieldList {
        let open = self.expect(TokenKind::Lparen);
        let fields = if self.at(TokenKind::Rparen) {
            List::EMPTY
        } else {
            self.param_list(kind, None, self.span.start)
        };
        let close = self.expect_present(TokenKind::Rparen);
        FieldList {
            open: Some(open),
            fields,
            close,
        }
    }

    /// `[P any, Q int|string]`; nothing, with an error, where the list is empty.
    pub(super) fn type_params(&mut self) -> Option<FieldList> {
        let open = self.expect(TokenKind::Lbrack);
        let fields = if self.at(TokenKind::Rbrack) {
            List::EMPTY
        } else {
            self.param_list(ParamKind::TypeParams, None, self.span.start)
        };
        let close = self.expect(TokenKind::Rbrack);
        if fields.is_empty() {
            self.error(close.offset(), "empty type parameter list");
            return None;
        }
        Some(FieldList {
            open: Some(open),
            fields,
            close: Some(close),
        })
    }

    /// Parameters up to the closing bracket, of which `first` has been read already; `start` is
    /// where the list begins.
    pub(super) fn param_list(
        &mut self,
        kind: ParamKind,
        first: Option<Param>,
        start: u32,
    ) -> List<Field> {
        let closing = kind.closing();
        let mut params = Vec::with_capacity(4);
        let mut first = first;
        while first.is_some() || !(self.at(closing) || self.at(TokenKind::Eof)) {
            let param = match first.take() {
                Some(Param { name, ty: Some(ty) }) => {
                    let ty = self.union(Some(ty));
                    Param { name, ty: Some(ty) }
                }
                Some(Param { name, ty: None }) => self.param(kind, name),
                None => self.param(kind, None),
            };
            if param.name.is_some() || param.ty.is_some() {
                params.push(param);
            }
            if !self.at_comma("parameter list", closing) {
                break;
            }
            self.advance();
        }
        self.name_params(kind, &mut params, start);
        self.check_dots(kind, &params);
        self.group_params(&params)
    }

    /// One parameter, of which `name` has been read already.
    fn param(&mut self, kind: ParamKind, name: Option<Name>) -> Param {
        use TokenKind as T;
        let is_type_param = kind == ParamKind::TypeParams;
        if name.is_none() && is_type_param && self.at(T::Tilde) {
            return Param {
                name: None,
                ty: Some(self.union(None)),
            };
        }
        let mut param = Param::default();
        if name.is_some() || self.at(T::Ident) {
            let name = name.unwrap_or_else(|| self.name());
            param.name = Some(name);
            match self.tok {
                T::Ident
                | T::Mul
                | T::Arrow
                | T::Func
                | T::Chan
                | T::Map
                | T::Struct
                | T::Interface
                | T::Lparen => param.ty = Some(self.ty()),
                T::Lbrack => {
                    let (is_named, ty) = self.array_or_instance(name);
                    param = Param {
                        name: is_named.then_some(name),
                        ty: Some(ty),
                    };
                }
                T::Ellipsis => {
                    param.ty = Some(self.dots());
                    return param;
                }
                T::Period => {
                    param = Param {
                        name: None,
                        ty: Some(self.qualified_type(name)),
                    }
                }
                T::Tilde if is_type_param => {
                    param.ty = Some(self.union(None));
                    return param;
                }
                T::Or if is_type_param => {
                    let ty = self.add_name(name);
                    return Param {
                        name: None,
                        ty: Some(self.union(Some(ty))),
                    };
                }
                _ => {}
            }
        } else {
            match self.tok {
                T::Mul
                | T::Arrow
                | T::Func
                | T::Lbrack
                | T::Chan
                | T::Map
                | T::Struct
                | T::Interface
                | T::Lparen => param.ty = Some(self.ty()),
                T::Ellipsis => {
                    param.ty = Some(self.dots());
                    return param;
                }
                _ => {
                    self.expected("')'");
                    self.skip_to(ends_expression);
                }
            }
        }
        match param.ty {
            Some(ty) if is_type_param && self.at(T::Or) => param.ty = Some(self.union(Some(ty))),
            _ => {}
        }
        param
    }

    /// `...T`
    fn dots(&mut self) -> ExprId {
        let start = self.span.start;
        self.expect(TokenKind::Ellipsis);
        let elt = self.ty();
        self.add(ExprKind::Ellipsis(Some(elt)), start)
    }

    /// Decides which lone names are names and which are types: all are types, unless one parameter
    /// has both; then those without a type share that of the next.
    fn name_params(&mut self, kind: ParamKind, params: &mut [Param], start: u32) {
        if params.is_empty() {
            return;
        }
        let is_type_param = kind == ParamKind::TypeParams;
        let lone = if params.len() == 1 {
            " or invalid array length"
        } else {
            ""
        };
        let named = params
            .iter()
            .filter(|p| p.name.is_some() && p.ty.is_some())
            .count();
        let typed = params.iter().filter(|p| p.ty.is_some()).count();
        if named == 0 {
            for param in params.iter_mut() {
                if let Some(name) = param.name.take() {
                    param.ty = Some(self.add_name(name));
                }
            }
            if is_type_param && typed == 0 {
                self.error(self.span.start, "missing type constraint");
            } else if is_type_param {
                self.error(start, format!("missing type parameter name{lone}"));
            }
            return;
        }
        if named == params.len() {
            return;
        }
        let mut wrong = None;
        let mut ty = None;
        for param in params.iter_mut().rev() {
            if param.ty.is_some() {
                ty = param.ty;
                if param.name.is_none() {
                    let at = ty.map_or(start, |ty| self.expr_span(ty).start);
                    wrong = Some(at);
                    param.name = Some(Name {
                        text: self.text(at),
                        span: Span::empty(at),
                    });
                }
            } else if ty.is_some() {
                param.ty = ty;
            } else {
                let at = param.name.map_or(start, |name| name.span.end);
                wrong = Some(at);
                param.ty = Some(self.tree.add_expr(ExprKind::Bad, Span::empty(at)));
            }
        }
        let Some(wrong) = wrong else { return };
        match (named == typed, is_type_param) {
            (true, true) => self.error(self.span.start, "missing type constraint"),
            (true, false) => self.error(self.span.start, "missing parameter type"),
            (false, true) => self.error(wrong, format!("missing type parameter name{lone}")),
            (false, false) => self.error(wrong, "missing parameter name"),
        }
    }

    /// `...T` may only be the type of the last parameter.
    fn check_dots(&mut self, kind: ParamKind, params: &[Param]) {
        let misplaced = params.iter().enumerate().find_map(|(i, param)| {
            let expr = self.tree.expr(param.ty?);
            let is_dots = matches!(expr.kind, ExprKind::Ellipsis(_));
            let allowed = kind == ParamKind::Params && i + 1 == params.len();
            (is_dots && !allowed).then_some(expr.span.start)
        });
        if let Some(at) = misplaced {
            self.error(
                at,
                match kind {
                    ParamKind::Params => "can only use ... with final parameter",
                    ParamKind::Results | ParamKind::TypeParams => "invalid use of ...",
                },
            );
        }
    }

    /// One field for all neighbours that share a type.
    fn group_params(&mut self, params: &[Param]) -> List<Field> {
        let first = self.pending.fields.len();
        for group in params.chunk_by(|a, b| a.ty == b.ty && b.name.is_some()) {
            let Some(ty) = group.first().and_then(|param| param.ty) else {
                continue;
            };
            let start = self.tree.names.len();
            self.tree
                .names
                .extend(group.iter().filter_map(|param| param.name));
            let names = List::new(start, self.tree.names.len() - start);
            let ty_span = self.expr_span(ty);
            let first_name = self.tree.names.get(start);
            let start = first_name.map_or(ty_span.start, |name| name.span.start);
            let span = Span::new(start, ty_span.end);
            self.pending.fields.push(Field {
                span,
                names,
                ty,
                tag: None,
            });
        }
        self.finish_fields(first)
    }
}
