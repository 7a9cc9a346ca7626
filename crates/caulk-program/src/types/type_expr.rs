//! Types as they are written.

use caulk_syntax::{ChanDir as SyntaxDir, ExprId, ExprKind, FieldList, LitKind, SignatureId};
use smol_str::SmolStr;

use super::kind::{ChanDir, Field, Interface, Signature, Term, Type, TypeId};
use super::typer::{Operand, Typer};

impl Typer<'_> {
    /// The type that an expression names.
    pub fn type_expr(&mut self, expr: ExprId) -> TypeId {
        let operand = self.operand(expr, None);
        let ty = self.as_type(&operand);
        self.record_type(expr, ty);
        ty
    }

    pub fn as_type(&self, operand: &Operand) -> TypeId {
        match operand {
            Operand::Type(ty) => *ty,
            Operand::Missing { path, name } => self.missing_type(path, name),
            Operand::Value(_)
            | Operand::GenericAlias { .. }
            | Operand::Package(_)
            | Operand::Builtin(_) => TypeId::UNKNOWN,
        }
    }

    /// A constraint: an interface, or `~T | U` as one.
    pub fn constraint_expr(&mut self, expr: ExprId) -> TypeId {
        let terms = self.union(expr);
        match &*terms {
            [term] if !term.tilde && self.program.is_interface(term.ty) => term.ty,
            [term] if !term.tilde && term.ty.is_unknown() => TypeId::UNKNOWN,
            _ => self.intern(Type::Interface(
                Interface {
                    methods: Vec::new(),
                    embedded: vec![terms],
                }
                .into(),
            )),
        }
    }

    fn union(&mut self, expr: ExprId) -> Box<[Term]> {
        use caulk_syntax::{BinaryOp, UnaryOp};
        let tree = self.tree;
        let mut operands = Vec::new();
        let mut stack = vec![expr];
        while let Some(expr) = stack.pop() {
            match tree.expr(expr).kind {
                ExprKind::Paren(inner) => stack.push(inner),
                ExprKind::Binary {
                    x,
                    op: BinaryOp::Or,
                    y,
                    ..
                } => stack.extend([y, x]),
                ExprKind::Chain { first, rest } => {
                    stack.extend(tree.chain_links(rest).iter().rev().map(|link| link.y));
                    stack.push(first);
                }
                ExprKind::Unary {
                    op: UnaryOp::Tilde,
                    x,
                } => operands.push((true, x)),
                _ => operands.push((false, expr)),
            }
        }
        operands
            .into_iter()
            .map(|(tilde, x)| Term {
                tilde,
                ty: self.type_expr(x),
            })
            .collect()
    }

    /// A type that is written out, if the expression is one.
    pub fn written_type(&mut self, kind: ExprKind) -> Option<TypeId> {
        let ty = match kind {
            ExprKind::ArrayType { len: None, elt } => Type::Slice(self.type_expr(elt)),
            ExprKind::ArrayType {
                len: Some(len),
                elt,
            } => {
                let element = self.type_expr(elt);
                Type::Array(element, self.literal_length(len))
            }
            ExprKind::MapType { key, value } => {
                Type::Map(self.type_expr(key), self.type_expr(value))
            }
            ExprKind::ChanType { dir, value, .. } => {
                let dir = match dir {
                    SyntaxDir::Both => ChanDir::Both,
                    SyntaxDir::Send => ChanDir::Send,
                    SyntaxDir::Recv => ChanDir::Receive,
                };
                Type::Chan(dir, self.type_expr(value))
            }
            ExprKind::FuncType(signature) => Type::Func(self.signature(signature)),
            ExprKind::StructType(fields) => Type::Struct(self.struct_fields(fields).into()),
            ExprKind::InterfaceType(elements) => Type::Interface(self.interface(elements).into()),
            ExprKind::Ellipsis(element) => {
                let element = element.map_or(TypeId::UNKNOWN, |e| self.type_expr(e));
                Type::Slice(element)
            }
            _ => return None,
        };
        Some(self.intern(ty))
    }

    fn literal_length(&mut self, len: ExprId) -> Option<u64> {
        match self.tree.expr(len).kind {
            ExprKind::BasicLit(literal) if literal.kind == LitKind::Int => {
                let text = self.tree.literal(literal).replace('_', "");
                match text.get(..2).map(str::to_ascii_lowercase).as_deref() {
                    Some("0x") => u64::from_str_radix(text.get(2..)?, 16).ok(),
                    Some("0b") => u64::from_str_radix(text.get(2..)?, 2).ok(),
                    Some("0o") => u64::from_str_radix(text.get(2..)?, 8).ok(),
                    _ => text.parse().ok(),
                }
            }
            ExprKind::Ellipsis(None) => None,
            _ => {
                // Names in it are uses; of a declaration nothing is recorded.
                if self.found.is_some() {
                    self.value(len, None);
                }
                None
            }
        }
    }

    fn struct_fields(&mut self, list: FieldList) -> Vec<Field> {
        let tree = self.tree;
        let mut fields = Vec::new();
        for field in tree.fields(list) {
            let ty = self.type_expr(field.ty);
            let names = tree.names(field.names);
            if names.is_empty() {
                fields.push(Field {
                    name: self.embedded_name(field.ty),
                    ty,
                    embedded: true,
                });
            }
            for name in names {
                fields.push(Field {
                    name: self.text(*name),
                    ty,
                    embedded: false,
                });
            }
        }
        fields
    }

    /// An embedded field is named as its type, without package, pointer and type arguments.
    fn embedded_name(&self, ty: ExprId) -> SmolStr {
        let mut ty = ty;
        loop {
            ty = match self.tree.expr(ty).kind {
                ExprKind::Star(inner) | ExprKind::Paren(inner) => inner,
                ExprKind::Index { x, .. } => x,
                ExprKind::Selector { sel, .. } => return self.text(sel),
                ExprKind::Ident(name) => return self.text(name),
                _ => return SmolStr::new_static("_"),
            };
        }
    }

    fn interface(&mut self, list: FieldList) -> Interface {
        let tree = self.tree;
        let mut interface = Interface::default();
        for field in tree.fields(list) {
            match (tree.names(field.names), tree.expr(field.ty).kind) {
                ([name], ExprKind::FuncType(_)) => {
                    let signature = self.type_expr(field.ty);
                    interface.methods.push((self.text(*name), signature));
                }
                _ => interface.embedded.push(self.union(field.ty)),
            }
        }
        // The order of methods makes no difference to identity.
        interface.methods.sort_by(|a, b| a.0.cmp(&b.0));
        interface
    }

    /// Parameters and results, without type parameters.
    pub fn signature(&mut self, id: SignatureId) -> Signature {
        let signature = *self.tree.signature(id);
        let params = self.field_types(signature.params);
        let results = signature
            .results
            .map(|list| self.field_types(list))
            .unwrap_or_default();
        let tree = self.tree;
        let variadic = tree
            .fields(signature.params)
            .last()
            .is_some_and(|field| matches!(tree.expr(field.ty).kind, ExprKind::Ellipsis(_)));
        Signature {
            params: params.into(),
            results: results.into(),
            variadic,
            type_params: Box::new([]),
        }
    }

    /// One type for each name, or for each field without names.
    fn field_types(&mut self, list: FieldList) -> Vec<TypeId> {
        let tree = self.tree;
        let mut types = Vec::new();
        for field in tree.fields(list) {
            let ty = self.type_expr(field.ty);
            types.extend(std::iter::repeat_n(
                ty,
                tree.names(field.names).len().max(1),
            ));
        }
        types
    }
}
