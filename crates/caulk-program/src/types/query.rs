//! Questions about types.

use smol_str::SmolStr;

use super::kind::{Field, Signature, Type, TypeId};
use super::named::{NamedDecl, NamedOrigin};
use super::select::Selected;
use super::{NamedId, TypeParamDecl, TypeParamId};
use crate::body::FuncRef;
use crate::package::{PackageId, ScopeEntry, SourceFile};
use crate::program::Program;

/// A method that a type has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Method {
    /// Its name.
    pub name: SmolStr,
    /// Where it is declared; for a method of an unnamed interface the name alone.
    pub func: FuncRef,
    /// Its function type, without receiver, type arguments filled in.
    pub signature: TypeId,
    /// Whether it is declared by an interface.
    pub of_interface: bool,
    /// Names of the embedded fields that it is promoted through, outermost first.
    pub through: Box<[SmolStr]>,
}

impl Program {
    /// The structure of a type.
    #[inline]
    pub fn ty(&self, id: TypeId) -> &Type {
        self.types.get(id)
    }

    /// Who a declared type is.
    #[inline]
    pub fn named(&self, id: NamedId) -> Option<&NamedDecl> {
        self.names.named.get(id.0)
    }

    /// The declaration of a named type or of a pointer to one.
    #[inline]
    pub fn named_of(&self, ty: TypeId) -> Option<&NamedDecl> {
        match self.ty(self.deref(ty)) {
            Type::Named { decl, .. } => self.named(*decl),
            _ => None,
        }
    }

    /// `path.Name` of a named type or of a pointer to one.
    pub fn named_name(&self, ty: TypeId) -> Option<String> {
        self.named_of(ty).map(NamedDecl::full_name)
    }

    /// Whether a named type, or what a pointer points to, is the one of this name: `context.Context`.
    pub fn is_named(&self, ty: TypeId, full_name: &str) -> bool {
        self.named_of(ty)
            .is_some_and(|named| named.is_called(full_name))
    }

    /// The file that declares a named type, or what a pointer to one points to, at the top level of a loaded package.
    pub fn file_declaring(&self, ty: TypeId) -> Option<&SourceFile> {
        let NamedOrigin::Package { package, decl } = self.named_of(ty)?.origin else {
            return None;
        };
        let package = self.package(package);
        let declared = package.index.types.get(decl as usize)?;
        package
            .files()
            .get(declared.file as usize)
            .map(|file| &**file)
    }

    /// Who a type parameter is.
    pub fn type_param(&self, id: TypeParamId) -> Option<&TypeParamDecl> {
        self.names.param(id)
    }

    /// What a pointer points to; any other type itself.
    #[inline]
    pub fn deref(&self, ty: TypeId) -> TypeId {
        match self.ty(ty) {
            Type::Pointer(inner) => *inner,
            _ => ty,
        }
    }

    /// The types of the values that a call of this type gives: the members of a tuple; the type alone otherwise.
    pub fn results_of(&self, ty: TypeId) -> Vec<TypeId> {
        match self.ty(ty) {
            Type::Tuple(types) => types.to_vec(),
            _ => vec![ty],
        }
    }

    /// The function type that a type is, or has as its underlying type.
    #[inline]
    pub fn func_type(&self, ty: TypeId) -> Option<&Signature> {
        match self.ty(self.underlying(ty)) {
            Type::Func(signature) => Some(signature),
            _ => None,
        }
    }

    /// The fields of a struct type or of a pointer to one, embedded ones included, without promoted ones.
    pub fn struct_fields(&self, ty: TypeId) -> &[Field] {
        match self.ty(self.underlying(self.deref(ty))) {
            Type::Struct(fields) => fields,
            _ => &[],
        }
    }

    /// Type of a field of a struct type or of a pointer to one, promoted ones included.
    pub fn field_type(&self, ty: TypeId, name: &str) -> Option<TypeId> {
        match self.select(ty, name)? {
            Selected::Field { ty, .. } => Some(ty),
            _ => None,
        }
    }

    /// The method of this name that can be called on a variable of the type, embedding and pointer receivers included.
    ///
    /// For a type whose declaration is missing there is no telling, so there is none.
    pub fn method(&self, ty: TypeId, name: &str) -> Option<Method> {
        match self.search(ty, name) {
            Ok(Selected::Method(method)) => Some(method),
            _ => None,
        }
    }

    /// Whether a method of this name can be called on a variable of the type.
    pub fn has_method(&self, ty: TypeId, name: &str) -> bool {
        self.method(ty, name).is_some()
    }

    /// Whether the type, or a pointer to it, has every method of the interface; `None` where either is unknown.
    pub fn implements(&self, ty: TypeId, interface: TypeId) -> Option<bool> {
        if !self.interface_is_complete(interface, 0) || self.is_missing(ty) {
            return None;
        }
        let methods = self.interface_methods(interface);
        Some(methods.iter().all(|wanted| {
            self.method(ty, &wanted.name).is_some_and(|found| {
                found.signature == wanted.signature
                    && (caulk_syntax::is_exported(&wanted.name)
                        || self.is_of_same_package(&found, wanted))
            })
        }))
    }

    /// Whether two methods that are not exported are declared in one package: else their names differ, though they look the same.
    fn is_of_same_package(&self, found: &Method, wanted: &Method) -> bool {
        let Some(id) = found.func.id else {
            return true;
        };
        let wanted = &wanted.func.name;
        let path = self.package(id.package).path();
        let here = wanted
            .strip_prefix(path)
            .is_some_and(|rest| rest.starts_with('.'));
        here || !wanted.contains('.')
    }

    /// Whether a type, or what it points to, is unknown or declared in a package that is missing.
    pub fn is_missing(&self, ty: TypeId) -> bool {
        let ty = self.deref(ty);
        ty.is_unknown() || self.named_of(ty).is_some_and(|decl| !decl.is_loaded())
    }

    /// Whether the underlying type is an interface.
    pub fn is_interface(&self, ty: TypeId) -> bool {
        matches!(self.ty(self.underlying(ty)), Type::Interface(_))
    }

    /// Whether a type is a predeclared one: a number, a text, a truth value.
    #[inline]
    pub fn is_basic(&self, ty: TypeId) -> bool {
        matches!(self.ty(ty), Type::Basic(_))
    }

    /// A type declared by a package, by import path and name, as `from` would import it.
    ///
    /// Where the package or the declaration is missing, the type is known by its name alone.
    pub fn find_type(&self, from: PackageId, path: &str, name: &str) -> TypeId {
        if let Some(package) = self.find_package(from, path) {
            let package = self.package(package);
            if let Some(ScopeEntry::Type(decl)) = package.index.scope.get(name) {
                return self.declared_type(package, *decl);
            }
        }
        self.intern_named(NamedDecl {
            package: path.into(),
            name: name.into(),
            origin: NamedOrigin::Missing,
        })
    }
}
