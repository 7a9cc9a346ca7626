//! The type of an expression (<https://go.dev/ref/spec#Expressions>), in code that is taken to compile.

use caulk_syntax::{BinaryOp, ExprId, ExprKind, List, LitKind, Name, UnaryOp};
use smol_str::SmolStr;

use super::chain::deeper;
use super::generic::Substitution;
use super::kind::{Basic, Type, TypeId};
use super::select::Selected;
use super::typer::{Operand, Typer};
use crate::body::Object;
use crate::program::Program;

impl Typer<'_> {
    /// The type of an expression that is a value. `hint` is the type of a composite literal whose own is elided.
    pub fn value(&mut self, expr: ExprId, hint: Option<TypeId>) -> TypeId {
        match self.operand(expr, hint) {
            Operand::Value(ty) | Operand::Type(ty) => ty,
            _ => TypeId::UNKNOWN,
        }
    }

    pub fn operand(&mut self, expr: ExprId, hint: Option<TypeId>) -> Operand {
        let operand = deeper(|| self.operand_of(expr, hint));
        let operand = operand.unwrap_or(Operand::Value(TypeId::UNKNOWN));
        match &operand {
            Operand::Value(ty) | Operand::Type(ty) => self.record_type(expr, *ty),
            _ => {}
        }
        operand
    }

    fn operand_of(&mut self, expr: ExprId, hint: Option<TypeId>) -> Operand {
        let kind = self.tree.expr(expr).kind;
        let value = Operand::Value;
        match kind {
            ExprKind::Bad | ExprKind::KeyValue { .. } => value(TypeId::UNKNOWN),
            ExprKind::Ident(name) => self.name(expr, name),
            ExprKind::BasicLit(literal) => value(literal_type(literal.kind).id()),
            ExprKind::Paren(inner) => {
                let operand = self.operand(inner, hint);
                if self.found.is_some() {
                    let object = self.object(inner).clone();
                    if object != Object::Unknown {
                        self.record_object(expr, object);
                    }
                }
                operand
            }
            ExprKind::CompositeLit { ty, elts, .. } => value(self.composite(ty, elts, hint)),
            ExprKind::FuncLit { signature, body } => {
                value(self.func_literal(expr, signature, body))
            }
            ExprKind::Selector { x, sel } => self.selector(expr, x, sel),
            ExprKind::Index { x, indices, .. } => self.index(expr, x, indices),
            ExprKind::Slice {
                x, low, high, max, ..
            } => {
                let x = self.value(x, None);
                for bound in [low, high, max].into_iter().flatten() {
                    self.value(bound, None);
                }
                value(self.sliced(x))
            }
            ExprKind::TypeAssert { x, ty, .. } => {
                self.value(x, None);
                value(ty.map_or(TypeId::UNKNOWN, |ty| self.type_expr(ty)))
            }
            ExprKind::Call {
                fun,
                args,
                ellipsis,
                ..
            } => value(self.call(expr, fun, args, ellipsis.is_some())),
            ExprKind::Star(x) => match self.operand(x, None) {
                Operand::Value(pointer) => match self.ty(self.program.core_type(pointer)) {
                    Type::Pointer(to) => value(*to),
                    _ => value(TypeId::UNKNOWN),
                },
                operand => {
                    let to = self.as_type(&operand);
                    Operand::Type(self.intern(Type::Pointer(to)))
                }
            },
            ExprKind::Unary { op, x } => value(self.unary(op, x, hint)),
            ExprKind::Binary { x, op, y, .. } => {
                let left = self.value(x, None);
                let right = self.value(y, None);
                value(self.binary(op, left, right))
            }
            ExprKind::Chain { first, rest } => {
                let mut ty = self.value(first, None);
                let tree = self.tree;
                for link in tree.chain_links(rest) {
                    let right = self.value(link.y, None);
                    ty = self.binary(link.op, ty, right);
                }
                value(ty)
            }
            ExprKind::ArrayType { .. }
            | ExprKind::StructType(_)
            | ExprKind::FuncType(_)
            | ExprKind::InterfaceType(_)
            | ExprKind::MapType { .. }
            | ExprKind::ChanType { .. }
            | ExprKind::Ellipsis(_) => {
                Operand::Type(self.written_type(kind).unwrap_or(TypeId::UNKNOWN))
            }
        }
    }

    fn unary(&mut self, op: UnaryOp, x: ExprId, hint: Option<TypeId>) -> TypeId {
        // In `[]*T{&{…}}` there is no literal without a type, but a hint does no harm.
        let inner_hint = hint.map(|hint| self.program.deref(hint));
        let operand = self.operand(x, inner_hint);
        let ty = match &operand {
            Operand::Value(ty) | Operand::Type(ty) => *ty,
            _ => TypeId::UNKNOWN,
        };
        match op {
            UnaryOp::Address => self.intern(Type::Pointer(ty)),
            UnaryOp::Receive => match self.ty(self.program.core_type(ty)) {
                Type::Chan(_, element) => *element,
                _ => TypeId::UNKNOWN,
            },
            _ => ty,
        }
    }

    fn binary(&self, op: BinaryOp, left: TypeId, right: TypeId) -> TypeId {
        match op {
            BinaryOp::Eql
            | BinaryOp::Neq
            | BinaryOp::Lss
            | BinaryOp::Leq
            | BinaryOp::Gtr
            | BinaryOp::Geq => Basic::UntypedBool.id(),
            // An untyped left operand of a shift that is no constant takes the type that its context wants, most often int.
            BinaryOp::Shl | BinaryOp::Shr => match self.ty(left) {
                Type::Basic(basic) if basic.is_untyped() && !self.program.is_untyped(right) => {
                    Basic::Int.id()
                }
                Type::Basic(Basic::UntypedFloat | Basic::UntypedRune) => Basic::UntypedInt.id(),
                _ => left,
            },
            _ => match (self.ty(left), self.ty(right)) {
                (Type::Basic(a), Type::Basic(b)) if a.is_untyped() && b.is_untyped() => {
                    if b.untyped_rank() > a.untyped_rank() {
                        right
                    } else {
                        left
                    }
                }
                (Type::Basic(a), _) if a.is_untyped() => right,
                _ if left.is_unknown() && !self.program.is_untyped(right) => right,
                _ => left,
            },
        }
    }

    fn sliced(&self, ty: TypeId) -> TypeId {
        let core = self.program.core_type(ty);
        let element = |array: TypeId| match self.ty(self.program.core_type(array)) {
            Type::Array(element, _) => Some(self.intern(Type::Slice(*element))),
            _ => None,
        };
        match self.ty(core) {
            Type::Basic(Basic::UntypedString) => Basic::String.id(),
            Type::Array(..) => element(core).unwrap_or(TypeId::UNKNOWN),
            Type::Pointer(to) => element(*to).unwrap_or(TypeId::UNKNOWN),
            // Type parameters of strings and byte slices slice to themselves or to strings.
            _ => ty,
        }
    }

    fn index(&mut self, expr: ExprId, x: ExprId, indices: List<ExprId>) -> Operand {
        let tree = self.tree;
        let indices = tree.exprs(indices);
        match self.operand(x, None) {
            Operand::Type(generic) => {
                let args: Box<[TypeId]> = indices.iter().map(|arg| self.type_expr(*arg)).collect();
                let ty = match self.ty(generic) {
                    Type::Named { decl, .. } => self.intern(Type::Named { decl: *decl, args }),
                    _ => generic,
                };
                self.record_object(expr, Object::Type(ty));
                Operand::Type(ty)
            }
            Operand::GenericAlias { package, decl } => {
                let args: Vec<TypeId> = indices.iter().map(|arg| self.type_expr(*arg)).collect();
                let package = self.program.package(package);
                let target = self.program.type_target(package, decl);
                let args = self.program.type_args(package, decl, &args);
                Operand::Type(self.program.substitute(target, &args))
            }
            Operand::Missing { path, name } => {
                for index in indices {
                    self.operand(*index, None);
                }
                if self.found.is_some() {
                    let object = self.object(x).clone();
                    self.record_object(expr, object);
                }
                Operand::Missing { path, name }
            }
            Operand::Value(ty) => {
                if let Type::Func(signature) = self.ty(ty)
                    && !signature.type_params.is_empty()
                {
                    let args: Vec<TypeId> =
                        indices.iter().map(|arg| self.type_expr(*arg)).collect();
                    let known: Substitution =
                        signature.type_params.iter().copied().zip(args).collect();
                    let instance = self.program.instantiate(signature, &known);
                    if self.found.is_some() {
                        let object = self.object(x).clone();
                        self.record_object(expr, object);
                    }
                    return Operand::Value(self.intern(Type::Func(instance)));
                }
                for index in indices {
                    self.value(*index, None);
                }
                Operand::Value(self.program.element_of(ty))
            }
            Operand::Package(_) | Operand::Builtin(_) => Operand::Value(TypeId::UNKNOWN),
        }
    }

    fn selector(&mut self, expr: ExprId, x: ExprId, sel: Name) -> Operand {
        let name = self.tree.name(sel);
        match self.operand(x, None) {
            Operand::Package(import) => self.qualified(expr, &import, name),
            Operand::Type(ty) => Operand::Value(self.method_expression(expr, ty, name)),
            // `pkg.Var.field` or `pkg.Type.Method` of a missing package.
            Operand::Missing { .. } => Operand::Value(TypeId::UNKNOWN),
            Operand::Value(ty) => match self.program.select(ty, name) {
                Some(Selected::Field { ty, through }) => {
                    self.record_object(
                        expr,
                        Object::Field {
                            name: SmolStr::new(name),
                            through,
                        },
                    );
                    Operand::Value(ty)
                }
                Some(Selected::Method(method)) => {
                    self.record_object(expr, Object::Method(method.func));
                    Operand::Value(method.signature)
                }
                Some(Selected::OfMissing { func, through }) => {
                    let known = self.known_type(&func.name);
                    let object = match known {
                        Some(_) => Object::Field {
                            name: SmolStr::new(name),
                            through,
                        },
                        None => Object::Method(func),
                    };
                    self.record_object(expr, object);
                    Operand::Value(known.unwrap_or(TypeId::UNKNOWN))
                }
                None => Operand::Value(TypeId::UNKNOWN),
            },
            Operand::GenericAlias { .. } | Operand::Builtin(_) => Operand::Value(TypeId::UNKNOWN),
        }
    }

    /// `T.Method`: a function whose first parameter is the receiver.
    fn method_expression(&mut self, expr: ExprId, ty: TypeId, name: &str) -> TypeId {
        match self.program.select(ty, name) {
            Some(Selected::Method(method)) => {
                self.record_object(expr, Object::Method(method.func));
                let Type::Func(signature) = self.ty(method.signature) else {
                    return TypeId::UNKNOWN;
                };
                let params = std::iter::once(ty)
                    .chain(signature.params.iter().copied())
                    .collect();
                self.intern(Type::Func(super::Signature {
                    params,
                    ..signature.clone()
                }))
            }
            Some(Selected::OfMissing { func, .. }) => {
                self.record_object(expr, Object::Method(func));
                TypeId::UNKNOWN
            }
            _ => TypeId::UNKNOWN,
        }
    }

    fn composite(
        &mut self,
        ty: Option<ExprId>,
        elts: List<ExprId>,
        hint: Option<TypeId>,
    ) -> TypeId {
        let tree = self.tree;
        let elts = tree.exprs(elts);
        let literal = match ty {
            Some(ty) => match tree.expr(ty).kind {
                ExprKind::ArrayType {
                    len: Some(len),
                    elt,
                } if matches!(tree.expr(len).kind, ExprKind::Ellipsis(None)) => {
                    let element = self.type_expr(elt);
                    // The length is counted where no index is written.
                    let counted = elts
                        .iter()
                        .all(|elt| !matches!(tree.expr(*elt).kind, ExprKind::KeyValue { .. }));
                    let len = counted.then_some(elts.len() as u64);
                    let array = self.intern(Type::Array(element, len));
                    self.record_type(ty, array);
                    array
                }
                _ => self.type_expr(ty),
            },
            None => hint.unwrap_or(TypeId::UNKNOWN),
        };
        let mut core = self.program.core_type(literal);
        if ty.is_none()
            && let Type::Pointer(to) = self.ty(core)
        {
            core = self.program.core_type(*to);
        }
        match self.ty(core) {
            Type::Struct(fields) => {
                for elt in elts {
                    match tree.expr(*elt).kind {
                        ExprKind::KeyValue { key, value, .. } => {
                            let name = tree.ident(key).unwrap_or("");
                            let field = fields.iter().find(|field| field.name == name);
                            let object = Object::Field {
                                name: SmolStr::new(name),
                                through: Box::new([]),
                            };
                            self.record_object(key, object);
                            if let Some(field) = field {
                                self.record_type(key, field.ty);
                            }
                            self.value(value, field.map(|field| field.ty));
                        }
                        _ => {
                            self.value(*elt, None);
                        }
                    }
                }
            }
            Type::Map(key_type, value_type) => {
                let (key_type, value_type) = (*key_type, *value_type);
                for elt in elts {
                    match tree.expr(*elt).kind {
                        ExprKind::KeyValue { key, value, .. } => {
                            self.value(key, Some(key_type));
                            self.value(value, Some(value_type));
                        }
                        _ => {
                            self.value(*elt, Some(value_type));
                        }
                    }
                }
            }
            Type::Slice(element) | Type::Array(element, _) => {
                let element = *element;
                for elt in elts {
                    match tree.expr(*elt).kind {
                        ExprKind::KeyValue { key, value, .. } => {
                            self.value(key, None);
                            self.value(value, Some(element));
                        }
                        _ => {
                            self.value(*elt, Some(element));
                        }
                    }
                }
            }
            _ => self.unknown_elements(elts),
        }
        literal
    }

    /// Elements of a literal whose type is not known: a key that is a name is most likely a field.
    fn unknown_elements(&mut self, elts: &[ExprId]) {
        let tree = self.tree;
        for elt in elts {
            match tree.expr(*elt).kind {
                ExprKind::KeyValue { key, value, .. } => {
                    match tree.ident(key) {
                        Some(name) => {
                            let name = SmolStr::new(name);
                            self.record_object(
                                key,
                                Object::Field {
                                    name,
                                    through: Box::new([]),
                                },
                            );
                        }
                        None => {
                            self.value(key, None);
                        }
                    }
                    self.value(value, None);
                }
                _ => {
                    self.value(*elt, None);
                }
            }
        }
    }
}

fn literal_type(kind: LitKind) -> Basic {
    match kind {
        LitKind::Int => Basic::UntypedInt,
        LitKind::Float => Basic::UntypedFloat,
        LitKind::Imag => Basic::UntypedComplex,
        LitKind::Char => Basic::UntypedRune,
        LitKind::String => Basic::UntypedString,
    }
}

impl Program {
    /// What `x[i]` yields.
    pub(crate) fn element_of(&self, ty: TypeId) -> TypeId {
        match self.ty(self.core_type(ty)) {
            Type::Slice(element) | Type::Array(element, _) | Type::Map(_, element) => *element,
            Type::Pointer(to) => match self.ty(self.core_type(*to)) {
                Type::Array(element, _) => *element,
                _ => TypeId::UNKNOWN,
            },
            Type::Basic(Basic::String | Basic::UntypedString) => Basic::Uint8.id(),
            // Terms of a type parameter may be built differently and still hold the same elements (`string | []byte`).
            _ => match self.ty(ty) {
                Type::TypeParam(param) => {
                    let terms = self.constraint_terms(*param);
                    terms
                        .first()
                        .map_or(TypeId::UNKNOWN, |term| self.element_of(term.ty))
                }
                _ => TypeId::UNKNOWN,
            },
        }
    }

    pub(crate) fn is_untyped(&self, ty: TypeId) -> bool {
        matches!(self.ty(ty), Type::Basic(basic) if basic.is_untyped())
    }

    /// The type that a variable gets from a value of this type.
    pub(crate) fn default_type(&self, ty: TypeId) -> TypeId {
        match self.ty(ty) {
            Type::Basic(Basic::UntypedNil) => TypeId::UNKNOWN,
            Type::Basic(basic) => basic.default_type().id(),
            _ => ty,
        }
    }
}
