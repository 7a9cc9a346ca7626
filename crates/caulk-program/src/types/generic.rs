//! Type arguments: filling them in, and finding them from the arguments of a call.
//!
//! Inference is that of <https://go.dev/ref/spec#Type_inference> without its exactness: what does not unify is left alone,
//! since caulk assumes code that compiles.

use rustc_hash::FxHashMap;

use super::kind::{Field, Interface, Signature, Term, Type, TypeId, TypeParamId};
use super::named::TypeParamDecl;
use crate::program::Program;

/// Nesting beyond this is left as it is.
const MAX_DEPTH: u32 = 40;

/// Type arguments by parameter.
pub(crate) type Substitution = FxHashMap<TypeParamId, TypeId>;

impl Program {
    /// The type with its type parameters replaced; parameters without an argument stay.
    pub(crate) fn substitute(&self, ty: TypeId, with: &Substitution) -> TypeId {
        if with.is_empty() {
            ty
        } else {
            self.substitute_below(ty, with, 0)
        }
    }

    fn substitute_below(&self, ty: TypeId, with: &Substitution, depth: u32) -> TypeId {
        if depth > MAX_DEPTH {
            return ty;
        }
        let sub = |ty: TypeId| self.substitute_below(ty, with, depth + 1);
        let list =
            |types: &[TypeId]| -> Box<[TypeId]> { types.iter().map(|ty| sub(*ty)).collect() };
        let replaced = match self.ty(ty) {
            Type::Unknown | Type::Basic(_) => return ty,
            Type::TypeParam(param) => return with.get(param).copied().unwrap_or(ty),
            Type::Named { args, .. } if args.is_empty() => return ty,
            Type::Named { decl, args } => Type::Named {
                decl: *decl,
                args: list(args),
            },
            Type::Pointer(to) => Type::Pointer(sub(*to)),
            Type::Slice(element) => Type::Slice(sub(*element)),
            Type::Array(element, len) => Type::Array(sub(*element), *len),
            Type::Map(key, value) => Type::Map(sub(*key), sub(*value)),
            Type::Chan(dir, element) => Type::Chan(*dir, sub(*element)),
            Type::Tuple(types) => Type::Tuple(list(types)),
            Type::Func(signature) => Type::Func(Signature {
                params: list(&signature.params),
                results: list(&signature.results),
                variadic: signature.variadic,
                type_params: signature.type_params.clone(),
            }),
            Type::Struct(fields) => Type::Struct(
                fields
                    .iter()
                    .map(|field| Field {
                        ty: sub(field.ty),
                        ..field.clone()
                    })
                    .collect(),
            ),
            Type::Interface(interface) => {
                let methods = interface
                    .methods
                    .iter()
                    .map(|(name, ty)| (name.clone(), sub(*ty)))
                    .collect();
                let terms = |union: &[Term]| {
                    union
                        .iter()
                        .map(|term| Term {
                            tilde: term.tilde,
                            ty: sub(term.ty),
                        })
                        .collect()
                };
                let embedded = interface
                    .embedded
                    .iter()
                    .map(|union| terms(union))
                    .collect();
                Type::Interface(Interface { methods, embedded }.into())
            }
        };
        self.types.intern(replaced)
    }

    /// The signature of a generic function with these type arguments filled in; the rest of them stays open.
    pub(crate) fn instantiate(&self, signature: &Signature, args: &Substitution) -> Signature {
        let fill = |types: &[TypeId]| types.iter().map(|ty| self.substitute(*ty, args)).collect();
        Signature {
            params: fill(&signature.params),
            results: fill(&signature.results),
            variadic: signature.variadic,
            type_params: signature
                .type_params
                .iter()
                .copied()
                .filter(|param| !args.contains_key(param))
                .collect(),
        }
    }

    /// The one type that all types of a type parameter's constraint are built like, if there is one; any other type's underlying type.
    pub(crate) fn core_type(&self, ty: TypeId) -> TypeId {
        match self.ty(ty) {
            Type::TypeParam(param) => {
                let terms = self.constraint_terms(*param);
                let mut cores = terms.iter().map(|term| self.underlying(term.ty));
                let Some(first) = cores.next() else {
                    return self.constraint(*param);
                };
                if cores.all(|core| core == first) {
                    first
                } else {
                    TypeId::UNKNOWN
                }
            }
            _ => self.underlying(ty),
        }
    }

    /// The types that a constraint lists, through embedded constraints; empty where it lists none.
    pub(crate) fn constraint_terms(&self, param: TypeParamId) -> Vec<Term> {
        let mut terms = Vec::new();
        let constraint = self.constraint(param);
        self.collect_terms(constraint, &mut terms, 0);
        terms
    }

    fn collect_terms(&self, constraint: TypeId, terms: &mut Vec<Term>, depth: u32) {
        if depth > 8 {
            return;
        }
        let Type::Interface(interface) = self.ty(self.underlying(constraint)) else {
            return;
        };
        for union in &interface.embedded {
            for term in union {
                if self.is_interface(term.ty) {
                    self.collect_terms(term.ty, terms, depth + 1);
                } else {
                    terms.push(term.clone());
                }
            }
        }
    }

    /// Type arguments of a generic function, from the types of its arguments.
    ///
    /// `known` are those written out. Arguments that are untyped constants count last, by their default types.
    pub(crate) fn infer(
        &self,
        signature: &Signature,
        mut known: Substitution,
        args: &[(TypeId, TypeId)],
    ) -> Substitution {
        // An argument that is itself a generic function has parameters to be found too.
        let of_args = args.iter().filter_map(|(_, arg)| match self.ty(*arg) {
            Type::Func(arg) => Some(arg.type_params.iter()),
            _ => None,
        });
        let open: Vec<TypeParamId> = signature
            .type_params
            .iter()
            .chain(of_args.flatten())
            .copied()
            .collect();
        let open = open.as_slice();
        let (untyped, typed): (Vec<_>, Vec<_>) = args
            .iter()
            .copied()
            .partition(|(_, arg)| self.is_untyped(*arg));
        for (param, arg) in typed {
            self.unify(param, arg, open, &mut known, 0);
        }
        self.infer_from_constraints(open, &mut known);
        let before = known.clone();
        for (param, arg) in untyped {
            let Type::TypeParam(id) = self.ty(param) else {
                continue;
            };
            if !open.contains(id) || before.contains_key(id) {
                continue;
            }
            let default = self.default_type(arg);
            let best = match known.get(id) {
                Some(earlier) if self.const_rank(*earlier) >= self.const_rank(default) => *earlier,
                _ => default,
            };
            known.insert(*id, best);
        }
        self.infer_from_constraints(open, &mut known);
        // An argument may itself hold a parameter that was found later.
        for _ in 0..open.len() {
            let filled: Substitution = known
                .iter()
                .map(|(param, ty)| (*param, self.substitute(*ty, &known)))
                .collect();
            if filled == known {
                break;
            }
            known = filled;
        }
        for param in open {
            known.entry(*param).or_insert(TypeId::UNKNOWN);
        }
        known
    }

    /// The signature with stand-ins for its type parameters, for a call whose arguments mention the parameters themselves: of a
    /// generic function from within itself.
    pub(crate) fn with_copied_params(&self, signature: &Signature) -> Signature {
        let copies = self.copies(&signature.type_params);
        let type_params =
            signature
                .type_params
                .iter()
                .filter_map(|param| match self.ty(*copies.get(param)?) {
                    Type::TypeParam(copy) => Some(*copy),
                    _ => None,
                });
        Signature {
            type_params: type_params.collect(),
            ..self.instantiate(signature, &copies)
        }
    }

    /// Stand-ins by type parameter.
    pub(crate) fn copies(&self, params: &[TypeParamId]) -> Substitution {
        let copy = |param: &TypeParamId| {
            let decl = TypeParamDecl {
                is_copy: true,
                ..self.names.param(*param)?.clone()
            };
            let copy = TypeParamId(self.names.params.intern(decl));
            Some((*param, self.types.intern(Type::TypeParam(copy))))
        };
        params.iter().filter_map(copy).collect()
    }

    /// Whether any of the types is made of one of the parameters.
    pub(crate) fn mention_any(&self, types: &[TypeId], params: &[TypeParamId]) -> bool {
        types.iter().any(|ty| self.mentions(*ty, params, 0))
    }

    fn const_rank(&self, ty: TypeId) -> u8 {
        use super::kind::Basic;
        match self.ty(ty) {
            Type::Basic(Basic::Int) => 1,
            Type::Basic(Basic::Int32) => 2,
            Type::Basic(Basic::Float64) => 3,
            Type::Basic(Basic::Complex128) => 4,
            _ => 0,
        }
    }

    fn infer_from_constraints(&self, open: &[TypeParamId], known: &mut Substitution) {
        for _ in 0..open.len() {
            let before = known.len();
            for param in open {
                let terms = self.constraint_terms(*param);
                let [term] = terms.as_slice() else {
                    self.infer_from_methods(*param, open, known);
                    continue;
                };
                match known.get(param).copied() {
                    Some(arg) => {
                        let arg = if term.tilde { self.core_type(arg) } else { arg };
                        self.unify(term.ty, arg, open, known, 0);
                    }
                    None => {
                        let ty = self.substitute(term.ty, known);
                        if !self.mentions(ty, open, 0) {
                            known.insert(*param, ty);
                        }
                    }
                }
            }
            if known.len() == before {
                break;
            }
        }
    }

    /// A known argument must have its constraint's methods: their types may tell other parameters.
    fn infer_from_methods(
        &self,
        param: TypeParamId,
        open: &[TypeParamId],
        known: &mut Substitution,
    ) {
        let Some(arg) = known.get(&param).copied() else {
            return;
        };
        let constraint = self.constraint(param);
        if !self.mentions(constraint, open, 0) {
            return;
        }
        for method in self.interface_methods(constraint) {
            if let Some(found) = self.method(arg, &method.name) {
                self.unify(method.signature, found.signature, open, known, 0);
            }
        }
    }

    fn mentions(&self, ty: TypeId, open: &[TypeParamId], depth: u32) -> bool {
        if depth > MAX_DEPTH {
            return false;
        }
        let any = |types: &[TypeId]| types.iter().any(|ty| self.mentions(*ty, open, depth + 1));
        match self.ty(ty) {
            Type::Unknown | Type::Basic(_) => false,
            Type::TypeParam(param) => open.contains(param),
            Type::Named { args, .. } => any(args),
            Type::Tuple(types) => any(types),
            Type::Pointer(inner)
            | Type::Slice(inner)
            | Type::Array(inner, _)
            | Type::Chan(_, inner) => any(&[*inner]),
            Type::Map(key, value) => any(&[*key, *value]),
            Type::Func(signature) => any(&signature.params) || any(&signature.results),
            Type::Struct(fields) => fields.iter().any(|f| any(&[f.ty])),
            Type::Interface(interface) => {
                interface.methods.iter().any(|(_, ty)| any(&[*ty]))
                    || interface
                        .embedded
                        .iter()
                        .flatten()
                        .any(|term| any(&[term.ty]))
            }
        }
    }

    /// Matches a parameter's type with an argument's, and notes what stands where an open parameter does.
    fn unify(
        &self,
        param: TypeId,
        arg: TypeId,
        open: &[TypeParamId],
        known: &mut Substitution,
        depth: u32,
    ) {
        if depth > MAX_DEPTH || arg.is_unknown() || param == arg {
            return;
        }
        let mut pairs: Vec<(TypeId, TypeId)> = Vec::new();
        match (self.ty(param), self.ty(arg)) {
            (Type::TypeParam(id), _) if open.contains(id) => {
                match known.get(id).copied() {
                    // What was found holds parameters itself: this argument may tell those.
                    Some(found) if found != param && self.mentions(found, open, 0) => {
                        self.unify(found, arg, open, known, depth + 1);
                    }
                    // A named type wins over the same type written out.
                    Some(found)
                        if !matches!(self.ty(found), Type::Named { .. })
                            && matches!(self.ty(arg), Type::Named { .. })
                            && self.underlying(arg) == found =>
                    {
                        known.insert(*id, arg);
                    }
                    Some(_) => {}
                    None => {
                        known.insert(*id, arg);
                    }
                }
                return;
            }
            (_, Type::TypeParam(id)) if open.contains(id) => {
                known.entry(*id).or_insert(param);
                return;
            }
            (Type::Named { decl: a, args: x }, Type::Named { decl: b, args: y }) => {
                if a == b {
                    pairs.extend(x.iter().copied().zip(y.iter().copied()));
                } else if self.is_interface(param) {
                    self.unify_methods(param, arg, open, known, depth);
                    return;
                } else {
                    return;
                }
            }
            (Type::Named { .. }, Type::Pointer(_)) if self.is_interface(param) => {
                self.unify_methods(param, arg, open, known, depth);
                return;
            }
            // One of them is named, the other written out: their structures are compared.
            (Type::Named { .. }, _) => {
                let structure = self.underlying(param);
                if structure != param {
                    self.unify(structure, arg, open, known, depth + 1);
                }
                return;
            }
            (_, Type::Named { .. }) => {
                let structure = self.underlying(arg);
                if structure != arg {
                    self.unify(param, structure, open, known, depth + 1);
                }
                return;
            }
            (Type::Pointer(a), Type::Pointer(b))
            | (Type::Slice(a), Type::Slice(b))
            | (Type::Array(a, _), Type::Array(b, _))
            | (Type::Chan(_, a), Type::Chan(_, b)) => pairs.push((*a, *b)),
            (Type::Map(a, b), Type::Map(c, d)) => pairs.extend([(*a, *c), (*b, *d)]),
            (Type::Func(a), Type::Func(b)) => {
                pairs.extend(a.params.iter().copied().zip(b.params.iter().copied()));
                pairs.extend(a.results.iter().copied().zip(b.results.iter().copied()));
            }
            (Type::Struct(a), Type::Struct(b)) => {
                pairs.extend(a.iter().map(|f| f.ty).zip(b.iter().map(|f| f.ty)));
            }
            (Type::Interface(a), Type::Interface(b)) => {
                for (name, ty) in &a.methods {
                    let other = b.methods.iter().find(|(other, _)| other == name);
                    pairs.extend(other.map(|(_, other)| (*ty, *other)));
                }
            }
            (Type::Tuple(a), Type::Tuple(b)) => {
                pairs.extend(a.iter().copied().zip(b.iter().copied()))
            }
            _ => return,
        }
        for (a, b) in pairs {
            self.unify(a, b, open, known, depth + 1);
        }
    }

    fn unify_methods(
        &self,
        interface: TypeId,
        arg: TypeId,
        open: &[TypeParamId],
        known: &mut Substitution,
        depth: u32,
    ) {
        for method in self.interface_methods(interface) {
            if let Some(found) = self.method(arg, &method.name) {
                self.unify(method.signature, found.signature, open, known, depth + 1);
            }
        }
    }
}
