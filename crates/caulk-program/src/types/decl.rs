//! Declarations of packages: their types, found when asked for and kept.

use std::sync::Arc;

use caulk_syntax::{ExprKind, FieldList, Tree};
use smol_str::SmolStr;

use super::chain::{Step, once};
use super::kind::{NamedId, Signature, Type, TypeId, TypeParamId};
use super::named::{NamedDecl, NamedOrigin, ParamOwner, TypeParamDecl};
use super::typer::Typer;
use crate::body::FuncRef;
use crate::package::{Func, FuncId, Package, PackageKind, ScopeEntry};
use crate::program::Program;

/// Type parameters with their names.
pub(crate) type Params = [(SmolStr, TypeParamId)];

impl Program {
    /// A typer that stands in a file of a package, outside of any function.
    pub(crate) fn typer<'p>(&'p self, package: &'p Package, file: u32) -> Option<Typer<'p>> {
        let source = package.files().get(file as usize)?;
        Some(Typer::new(self, package, file, &source.outline.tree))
    }

    /// What a declared type name stands for: an alias its target, any other itself.
    pub(crate) fn declared_type(&self, package: &Package, decl: u32) -> TypeId {
        let Some(declared) = package.index.types.get(decl as usize) else {
            return TypeId::UNKNOWN;
        };
        if declared.spec.assign.is_some() {
            return self.type_target(package, decl);
        }
        self.intern_named(NamedDecl {
            package: self.named_path(package),
            name: declared.name.clone(),
            origin: NamedOrigin::Package {
                package: package.id,
                decl,
            },
        })
    }

    /// Path in the names of a package's types; external tests are a package of their own.
    pub(crate) fn named_path(&self, package: &Package) -> Arc<str> {
        match package.kind {
            PackageKind::ExternalTest => format!("{}_test", package.path).into(),
            _ => package.path.clone(),
        }
    }

    pub(crate) fn intern_named(&self, decl: NamedDecl) -> TypeId {
        let decl = NamedId(self.names.named.intern(decl));
        self.types.intern(Type::Named {
            decl,
            args: Box::new([]),
        })
    }

    /// What stands right of a type's name in its declaration.
    pub(crate) fn type_target(&self, package: &Package, decl: u32) -> TypeId {
        let Some(declared) = package.index.types.get(decl as usize) else {
            return TypeId::UNKNOWN;
        };
        let Some(target) = package.answers.targets.get(decl as usize) else {
            return TypeId::UNKNOWN;
        };
        once(
            target,
            Step::Type(package.id, decl),
            TypeId::UNKNOWN,
            || {
                let Some(mut typer) = self.typer(package, declared.file) else {
                    return TypeId::UNKNOWN;
                };
                typer.declare_type_params(self.type_decl_params(package, decl));
                typer.type_expr(declared.spec.ty)
            },
        )
    }

    /// Type parameters of a declared type.
    pub(crate) fn type_decl_params<'p>(&self, package: &'p Package, decl: u32) -> &'p Params {
        let Some(declared) = package.index.types.get(decl as usize) else {
            return &[];
        };
        let Some(generic) = package.answers.generic(declared.generic) else {
            return &[];
        };
        generic
            .params
            .get_or_init(|| match package.files().get(declared.file as usize) {
                Some(file) => self.declare_params(
                    package,
                    ParamOwner::Type(decl),
                    &file.outline.tree,
                    declared.spec.type_params,
                ),
                None => Box::new([]),
            })
    }

    pub(crate) fn declare_params(
        &self,
        package: &Package,
        owner: ParamOwner,
        tree: &Tree,
        list: Option<FieldList>,
    ) -> Box<Params> {
        let Some(list) = list else {
            return Box::new([]);
        };
        let names = tree
            .fields(list)
            .iter()
            .flat_map(|field| tree.names(field.names));
        names
            .enumerate()
            .map(|(index, name)| {
                let name = SmolStr::new(tree.name(*name));
                let decl = TypeParamDecl {
                    name: name.clone(),
                    package: package.id,
                    owner,
                    index: index as u32,
                    is_copy: false,
                };
                (name, TypeParamId(self.names.params.intern(decl)))
            })
            .collect()
    }

    /// The constraint of a type parameter, an interface.
    pub(crate) fn constraint(&self, param: TypeParamId) -> TypeId {
        let Some(decl) = self.names.param(param) else {
            return TypeId::UNKNOWN;
        };
        if !decl.is_copy {
            return self.declared_constraint(decl, param);
        }
        let original = TypeParamDecl {
            is_copy: false,
            ..decl.clone()
        };
        let original = TypeParamId(self.names.params.intern(original));
        let package = self.package(decl.package);
        let ParamOwner::Func(index) = decl.owner else {
            return TypeId::UNKNOWN;
        };
        let Some(func) = package.funcs().get(index as usize) else {
            return TypeId::UNKNOWN;
        };
        let params: Vec<TypeParamId> = self
            .func_params(package, func)
            .iter()
            .map(|(_, param)| *param)
            .collect();
        self.substitute(self.constraint(original), &self.copies(&params))
    }

    fn declared_constraint(&self, decl: &TypeParamDecl, param: TypeParamId) -> TypeId {
        let package = self.package(decl.package);
        let constraints = match decl.owner {
            ParamOwner::Func(index) => package.funcs().get(index as usize).and_then(|func| {
                Some(once(
                    &package.answers.generic(func.generic)?.constraints,
                    Step::Constraints(param),
                    Arc::from([]),
                    || {
                        let list = self
                            .file_tree(package, func.file)
                            .and_then(|tree| tree.signature(func.decl.signature).type_params);
                        self.constraints(package, func.file, self.func_params(package, func), list)
                    },
                ))
            }),
            ParamOwner::Type(index) => {
                package
                    .index
                    .types
                    .get(index as usize)
                    .and_then(|declared| {
                        Some(once(
                            &package.answers.generic(declared.generic)?.constraints,
                            Step::Constraints(param),
                            Arc::from([]),
                            || {
                                let params = self.type_decl_params(package, index);
                                self.constraints(
                                    package,
                                    declared.file,
                                    params,
                                    declared.spec.type_params,
                                )
                            },
                        ))
                    })
            }
            ParamOwner::Local(..) => None,
        };
        constraints
            .and_then(|all: Arc<[TypeId]>| all.get(decl.index as usize).copied())
            .unwrap_or(TypeId::UNKNOWN)
    }

    fn file_tree<'p>(&self, package: &'p Package, file: u32) -> Option<&'p Tree> {
        package
            .files()
            .get(file as usize)
            .map(|file| &file.outline.tree)
    }

    fn constraints(
        &self,
        package: &Package,
        file: u32,
        params: &Params,
        list: Option<FieldList>,
    ) -> Arc<[TypeId]> {
        let (Some(mut typer), Some(list)) = (self.typer(package, file), list) else {
            return Arc::from([]);
        };
        typer.declare_type_params(params);
        let tree = typer.tree;
        let mut constraints = Vec::new();
        for field in tree.fields(list) {
            let constraint = typer.constraint_expr(field.ty);
            constraints.extend(std::iter::repeat_n(
                constraint,
                tree.names(field.names).len(),
            ));
        }
        constraints.into()
    }

    /// Type parameters of a function, or those of its receiver's type by the names that the receiver gives them.
    pub(crate) fn func_params<'p>(&self, package: &'p Package, func: &'p Func) -> &'p Params {
        let Some(generic) = package.answers.generic(func.generic) else {
            return &[];
        };
        generic.params.get_or_init(|| {
            let Some(tree) = self.file_tree(package, func.file) else {
                return Box::new([]);
            };
            let own = tree.signature(func.decl.signature).type_params;
            let mut params = match &func.receiver {
                Some(receiver) => self.receiver_params(package, tree, func, receiver),
                None => Vec::new(),
            };
            params.extend(self.declare_params(package, ParamOwner::Func(func.index), tree, own));
            params.into()
        })
    }

    fn receiver_params(
        &self,
        package: &Package,
        tree: &Tree,
        func: &Func,
        receiver: &str,
    ) -> Vec<(SmolStr, TypeParamId)> {
        let Some(crate::package::ScopeEntry::Type(decl)) = package.index.scope.get(receiver) else {
            return Vec::new();
        };
        let names = func
            .decl
            .recv
            .map(|recv| receiver_param_names(tree, recv))
            .unwrap_or_default();
        let params = self.type_decl_params(package, *decl);
        names
            .into_iter()
            .zip(params)
            .map(|(name, (_, param))| (name, *param))
            .collect()
    }

    /// The function type of a declared function or method, without its receiver; type parameters of the receiver's type stay open.
    pub fn signature(&self, id: FuncId) -> TypeId {
        let package = self.package(id.package);
        let Some(func) = package.func(id) else {
            return TypeId::UNKNOWN;
        };
        let Some(signature) = package.answers.signatures.get(id.index as usize) else {
            return TypeId::UNKNOWN;
        };
        once(signature, Step::Signature(id), TypeId::UNKNOWN, || {
            let Some(mut typer) = self.typer(package, func.file) else {
                return TypeId::UNKNOWN;
            };
            let params = self.func_params(package, func);
            typer.declare_type_params(params);
            let own = params.len() - self.receiver_param_count(package, func).min(params.len());
            let own = params
                .iter()
                .rev()
                .take(own)
                .rev()
                .map(|(_, param)| *param)
                .collect();
            let signature = typer.signature(func.decl.signature);
            self.types.intern(Type::Func(Signature {
                type_params: own,
                ..signature
            }))
        })
    }

    fn receiver_param_count(&self, package: &Package, func: &Func) -> usize {
        match (&func.receiver, self.file_tree(package, func.file)) {
            (Some(receiver), Some(tree)) => {
                self.receiver_params(package, tree, func, receiver).len()
            }
            _ => 0,
        }
    }

    /// Type of the receiver of a method, its type's parameters as arguments.
    pub(crate) fn receiver_type(&self, package: &Package, func: &Func) -> TypeId {
        let Some(receiver) = &func.receiver else {
            return TypeId::UNKNOWN;
        };
        let Some(crate::package::ScopeEntry::Type(decl)) =
            package.index.scope.get(receiver.as_str())
        else {
            return TypeId::UNKNOWN;
        };
        let named = self.with_own_params(package, *decl);
        if func.pointer_receiver {
            self.types.intern(Type::Pointer(named))
        } else {
            named
        }
    }

    /// A declared type with its own parameters as arguments.
    pub(crate) fn with_own_params(&self, package: &Package, decl: u32) -> TypeId {
        let ty = self.declared_type(package, decl);
        let params = self.type_decl_params(package, decl);
        match self.ty(ty) {
            Type::Named { decl, args } if args.is_empty() && !params.is_empty() => {
                let args = params
                    .iter()
                    .map(|(_, p)| self.types.intern(Type::TypeParam(*p)))
                    .collect();
                self.types.intern(Type::Named { decl: *decl, args })
            }
            _ => ty,
        }
    }

    /// Type of a package-level variable or constant.
    pub(crate) fn value_type(&self, package: &Package, index: u32) -> TypeId {
        let Some(value) = package.index.values.get(index as usize) else {
            return TypeId::UNKNOWN;
        };
        let Some(ty) = package.answers.value_types.get(index as usize) else {
            return TypeId::UNKNOWN;
        };
        once(ty, Step::Value(package.id, index), TypeId::UNKNOWN, || {
            let Some(mut typer) = self.typer(package, value.file) else {
                return TypeId::UNKNOWN;
            };
            typer.value_type(&value.spec, value.index, value.is_const)
        })
    }

    /// The function that a variable of a package is declared with: `var open = os.Open`.
    pub(crate) fn declared_function(&self, package: &Package, name: &str) -> Option<FuncRef> {
        let Some(ScopeEntry::Value(index)) = package.index.scope.get(name) else {
            return None;
        };
        let value = package.index.values.get(*index as usize)?;
        let tree = &package.files().get(value.file as usize)?.outline.tree;
        let values = tree.exprs(value.spec.values);
        let function = *values.get(value.index)?;
        let is_named = match tree.expr(function).kind {
            ExprKind::Ident(_) => true,
            ExprKind::Selector { x, .. } => matches!(tree.expr(x).kind, ExprKind::Ident(_)),
            _ => false,
        };
        if value.is_const || !is_named || values.len() != tree.names(value.spec.names).len() {
            return None;
        }
        self.typer(package, value.file)?.function_named(function)
    }

    /// The underlying type: that of a declaration with its type arguments filled in, any other type itself.
    /// Unknown where the declaration is missing.
    pub fn underlying(&self, ty: TypeId) -> TypeId {
        let mut ty = ty;
        // A chain of declarations is long or cyclic only in broken code.
        for _ in 0..32 {
            match self.ty(ty) {
                Type::Named { decl, args } => ty = self.target_of(*decl, args),
                _ => return ty,
            }
        }
        TypeId::UNKNOWN
    }

    /// The declaration whose right side is written out: for `type A B`, that of `B`.
    pub(crate) fn writer_of(&self, ty: TypeId) -> Option<&NamedDecl> {
        let mut ty = ty;
        let mut writer = None;
        for _ in 0..32 {
            let Type::Named { decl, args } = self.ty(ty) else {
                break;
            };
            writer = self.named(*decl);
            ty = self.target_of(*decl, args);
        }
        writer
    }

    fn target_of(&self, decl: NamedId, args: &[TypeId]) -> TypeId {
        let Some(named) = self.named(decl) else {
            return TypeId::UNKNOWN;
        };
        match named.origin {
            NamedOrigin::Package { package, decl } => {
                let package = self.package(package);
                let target = self.type_target(package, decl);
                self.substitute(target, &self.type_args(package, decl, args))
            }
            NamedOrigin::Local { .. } => self.local_type(decl),
            NamedOrigin::Universe if decl == NamedId::ERROR => self.error_interface(),
            NamedOrigin::Universe => self.types.empty_interface(),
            NamedOrigin::Missing => TypeId::UNKNOWN,
        }
    }

    fn local_type(&self, decl: NamedId) -> TypeId {
        let types = self
            .local_types
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        types
            .get(&decl)
            .map_or(TypeId::UNKNOWN, |local| local.underlying)
    }

    fn error_interface(&self) -> TypeId {
        let string = super::Basic::String.id();
        let method = self.types.intern(Type::Func(Signature {
            params: Box::new([]),
            results: Box::new([string]),
            variadic: false,
            type_params: Box::new([]),
        }));
        let methods = vec![(SmolStr::new_static("Error"), method)];
        self.types.intern(Type::Interface(
            super::Interface {
                methods,
                embedded: Vec::new(),
            }
            .into(),
        ))
    }
}

/// The names in `(r *T[A, B])`.
fn receiver_param_names(tree: &Tree, recv: FieldList) -> Vec<SmolStr> {
    use caulk_syntax::ExprKind;
    let mut ty = tree.fields(recv).first().map(|field| field.ty);
    while let Some(id) = ty {
        ty = match tree.expr(id).kind {
            ExprKind::Star(inner) | ExprKind::Paren(inner) => Some(inner),
            ExprKind::Index { indices, .. } => {
                let names = tree
                    .exprs(indices)
                    .iter()
                    .map(|id| tree.ident(*id).unwrap_or("_"));
                return names.map(SmolStr::new).collect();
            }
            _ => None,
        };
    }
    Vec::new()
}
