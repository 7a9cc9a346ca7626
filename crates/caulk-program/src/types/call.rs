//! Calls and conversions: whom they call, and what they yield.

use caulk_syntax::{ExprId, ExprKind, List};
use smol_str::SmolStr;

use super::generic::Substitution;
use super::kind::{Basic, Signature, Type, TypeId};
use super::select::Selected;
use super::typer::{Operand, Typer};
use crate::body::{Builtin, Callee, FuncRef, Object};

impl Typer<'_> {
    /// The type of a call: that of its result, a tuple of them, or [`TypeId::VOID`].
    pub fn call(&mut self, call: ExprId, fun: ExprId, args: List<ExprId>, spread: bool) -> TypeId {
        let tree = self.tree;
        let args = tree.exprs(args);
        let operand = self.operand(fun, None);
        match operand {
            Operand::Type(ty) => {
                for arg in args {
                    self.value(*arg, None);
                }
                self.record_callee(call, Callee::Conversion(ty));
                ty
            }
            Operand::Builtin(builtin) => {
                self.record_callee(call, Callee::Builtin(builtin));
                self.builtin(builtin, args)
            }
            Operand::Missing { path, name } => {
                self.arguments(args);
                let func = Self::missing_func(&path, &name);
                let ty = self.known_result(&func);
                self.record_callee(call, Callee::Static(func));
                ty
            }
            Operand::Value(ty) => {
                let signature = self.program.func_type(ty);
                let ty = match signature {
                    Some(signature) => {
                        let given = self.arguments(args);
                        if signature.type_params.is_empty() {
                            self.tuple(&signature.results)
                        } else {
                            let instance = self.instance(signature, &given, spread);
                            let results = self.tuple(&instance.results);
                            let instance = self.intern(Type::Func(instance));
                            self.record_type(fun, instance);
                            results
                        }
                    }
                    None => {
                        self.arguments(args);
                        TypeId::UNKNOWN
                    }
                };
                let callee = self.callee_of(fun);
                let known = match (&callee, ty.is_unknown()) {
                    (
                        Callee::Static(func)
                        | Callee::Method { func, .. }
                        | Callee::PackageVar {
                            func: Some(func), ..
                        },
                        true,
                    ) => self.known_result(func),
                    _ => ty,
                };
                self.record_callee(call, callee);
                known
            }
            Operand::GenericAlias { .. } | Operand::Package(_) => {
                self.arguments(args);
                self.record_callee(call, self.unknown_callee(fun));
                TypeId::UNKNOWN
            }
        }
    }

    /// Types of the arguments; `f(g())` spreads the results of `g`.
    fn arguments(&mut self, args: &[ExprId]) -> Vec<TypeId> {
        let mut types = Vec::with_capacity(args.len());
        for arg in args {
            types.push(self.value(*arg, None));
        }
        if let [only] = types.as_slice()
            && let Type::Tuple(spread) = self.ty(*only)
        {
            return spread.to_vec();
        }
        types
    }

    fn instance(&self, signature: &Signature, args: &[TypeId], spread: bool) -> Signature {
        let copied;
        let signature = if self.program.mention_any(args, &signature.type_params) {
            copied = self.program.with_copied_params(signature);
            &copied
        } else {
            signature
        };
        let mut pairs = Vec::with_capacity(args.len());
        for (i, arg) in args.iter().enumerate() {
            let last = signature.params.len().saturating_sub(1);
            let param = if signature.variadic && i >= last && !spread {
                signature.params.last().map(|slice| match self.ty(*slice) {
                    Type::Slice(element) => *element,
                    _ => *slice,
                })
            } else {
                signature.params.get(i).copied()
            };
            if let Some(param) = param {
                pairs.push((param, *arg));
            }
        }
        let found = self
            .program
            .infer(signature, Substitution::default(), &pairs);
        self.program.instantiate(signature, &found)
    }

    fn tuple(&self, results: &[TypeId]) -> TypeId {
        match results {
            [] => TypeId::VOID,
            [one] => *one,
            several => self.intern(Type::Tuple(several.into())),
        }
    }

    /// What the catalogue says of a function whose source is missing.
    fn known_result(&self, func: &FuncRef) -> TypeId {
        let known = self.program.options().known_types.as_ref();
        match known.and_then(|known| known.results_of(&func.name)) {
            Some(results) => {
                let types: Vec<TypeId> = results
                    .iter()
                    .map(|ty| self.program.parse_type(self.package.id, ty))
                    .collect();
                self.tuple(&types)
            }
            None => TypeId::UNKNOWN,
        }
    }

    /// What the catalogue says of a variable or a field whose declaration is missing.
    pub(super) fn known_type(&self, name: &str) -> Option<TypeId> {
        let known = self.program.options().known_types.as_ref()?;
        let ty = known.type_of(name)?;
        Some(self.program.parse_type(self.package.id, &ty))
    }

    /// Whom a value calls, from what its expression denotes.
    fn callee_of(&self, fun: ExprId) -> Callee {
        let tree = self.tree;
        let mut fun = tree.unparen(fun);
        if let ExprKind::Index { x, .. } = tree.expr(fun).kind
            && matches!(self.object(fun), Object::Func(_) | Object::Method(_))
        {
            fun = tree.unparen(x);
        }
        match (self.object(fun), tree.expr(fun).kind) {
            (Object::Func(func), _) => Callee::Static(func.clone()),
            (Object::Local(local), _) => Callee::Local(*local),
            (Object::PackageVar(name), kind) => Callee::PackageVar {
                name: name.clone(),
                func: match kind {
                    ExprKind::Ident(name) => self
                        .program
                        .declared_function(self.package, &self.text(name)),
                    _ => None,
                },
            },
            (Object::Field { name, .. }, ExprKind::Selector { x, .. }) => Callee::Field {
                receiver: x,
                name: name.clone(),
            },
            (Object::Method(func), ExprKind::Selector { x, sel }) => {
                self.method_callee(func, x, tree.name(sel))
            }
            (_, ExprKind::FuncLit { .. }) => Callee::Literal(fun),
            (_, ExprKind::Ident(_) | ExprKind::Selector { .. }) => self.unknown_callee(fun),
            _ => Callee::Value,
        }
    }

    fn method_callee(&self, func: &FuncRef, receiver: ExprId, name: &str) -> Callee {
        let is_type = matches!(self.object(self.tree.unparen(receiver)), Object::Type(_))
            || matches!(self.tree.expr(self.tree.unparen(receiver)).kind, ExprKind::Star(x) if matches!(self.object(x), Object::Type(_)));
        if is_type {
            return Callee::Static(func.clone());
        }
        let recv = self
            .found
            .as_ref()
            .map_or(TypeId::UNKNOWN, |found| found.type_of(receiver));
        match self.program.select(recv, name) {
            Some(Selected::Method(method)) if method.of_interface => Callee::Interface {
                func: method.func,
                iface: recv,
                name: method.name,
                receiver,
                through: method.through,
            },
            Some(Selected::Method(method)) => Callee::Method {
                func: method.func,
                recv,
                receiver,
                through: method.through,
            },
            Some(Selected::OfMissing { func, through }) => Callee::Method {
                func,
                recv,
                receiver,
                through,
            },
            _ => Callee::Method {
                func: func.clone(),
                recv,
                receiver,
                through: Box::new([]),
            },
        }
    }

    fn unknown_callee(&self, fun: ExprId) -> Callee {
        let tree = self.tree;
        let (why, name, receiver) = match tree.expr(tree.unparen(fun)).kind {
            ExprKind::Selector { x, sel } => {
                let of = self
                    .found
                    .as_ref()
                    .map_or(TypeId::UNKNOWN, |found| found.type_of(x));
                let why = if of.is_unknown() {
                    "the type of the receiver is not known"
                } else {
                    "the type has no such method"
                };
                (why, self.text(sel), Some(x))
            }
            ExprKind::Ident(name) => {
                let why = match self.object(fun) {
                    Object::Unknown => "the name is not declared",
                    _ => "not a function",
                };
                (why, self.text(name), None)
            }
            _ => ("not a function", SmolStr::default(), None),
        };
        Callee::Unknown {
            why,
            name,
            receiver,
        }
    }

    fn builtin(&mut self, builtin: Builtin, args: &[ExprId]) -> TypeId {
        // The first argument of these is a type; `new` takes a value too, since Go 1.26.
        if let (Builtin::Make | Builtin::New, Some((first, rest))) = (builtin, args.split_first()) {
            let operand = self.operand(*first, None);
            let ty = match operand {
                Operand::Value(value) if builtin == Builtin::New => {
                    self.program.default_type(value)
                }
                operand => self.as_type(&operand),
            };
            self.record_type(*first, ty);
            for arg in rest {
                self.value(*arg, None);
            }
            return if builtin == Builtin::New {
                self.intern(Type::Pointer(ty))
            } else {
                ty
            };
        }
        let types = self.arguments(args);
        let first = types.first().copied().unwrap_or(TypeId::UNKNOWN);
        match builtin {
            Builtin::Append => match self.ty(first) {
                Type::Basic(Basic::UntypedNil) => TypeId::UNKNOWN,
                _ => first,
            },
            Builtin::Cap | Builtin::Copy | Builtin::Len => Basic::Int.id(),
            Builtin::Clear
            | Builtin::Close
            | Builtin::Delete
            | Builtin::Panic
            | Builtin::Print
            | Builtin::Println => TypeId::VOID,
            Builtin::Complex => match types.iter().find(|ty| !self.program.is_untyped(**ty)) {
                Some(part) => match self.ty(self.program.underlying(*part)) {
                    Type::Basic(Basic::Float32) => Basic::Complex64.id(),
                    _ => Basic::Complex128.id(),
                },
                None => Basic::UntypedComplex.id(),
            },
            Builtin::Imag | Builtin::Real => match self.ty(self.program.underlying(first)) {
                Type::Basic(Basic::Complex64) => Basic::Float32.id(),
                Type::Basic(Basic::Complex128) => Basic::Float64.id(),
                _ => Basic::UntypedFloat.id(),
            },
            Builtin::Max | Builtin::Min => self.widest(&types),
            Builtin::Recover => self.program.types.empty_interface(),
            Builtin::UnsafeAdd => Basic::UnsafePointer.id(),
            Builtin::UnsafeSize => Basic::Uintptr.id(),
            Builtin::UnsafeString => Basic::String.id(),
            Builtin::UnsafeStringData => self.intern(Type::Pointer(Basic::Uint8.id())),
            Builtin::UnsafeSlice => match self.ty(self.program.core_type(first)) {
                Type::Pointer(element) => self.intern(Type::Slice(*element)),
                _ => TypeId::UNKNOWN,
            },
            Builtin::UnsafeSliceData => match self.ty(self.program.core_type(first)) {
                Type::Slice(element) => self.intern(Type::Pointer(*element)),
                _ => TypeId::UNKNOWN,
            },
            Builtin::Make | Builtin::New => TypeId::UNKNOWN,
        }
    }

    /// Type of `min` and `max`: that of the typed argument, or of the widest untyped one.
    fn widest(&self, types: &[TypeId]) -> TypeId {
        if let Some(typed) = types.iter().find(|ty| !self.program.is_untyped(**ty)) {
            return *typed;
        }
        let rank = |ty: &TypeId| match self.ty(*ty) {
            Type::Basic(basic) => basic.untyped_rank(),
            _ => None,
        };
        types
            .iter()
            .copied()
            .max_by_key(rank)
            .unwrap_or(TypeId::UNKNOWN)
    }
}
