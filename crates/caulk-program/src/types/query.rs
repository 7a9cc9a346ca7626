//! Questions about types.

use smol_str::SmolStr;

use super::kind::{Field, Signature, Type, TypeId};
use super::named::NamedDecl;
use super::{NamedId, TypeParamDecl, TypeParamId};
use crate::body::FuncRef;
use crate::package::{FuncId, PackageId};
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
    pub fn ty(&self, id: TypeId) -> &Type {
        self.types.get(id)
    }

    /// Who a declared type is.
    pub fn named(&self, id: NamedId) -> Option<&NamedDecl> {
        self.names.named.get(id.0)
    }

    /// The declaration of a named type or of a pointer to one.
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

    /// Who a type parameter is.
    pub fn type_param(&self, id: TypeParamId) -> Option<&TypeParamDecl> {
        self.names.param(id)
    }

    /// What a pointer points to; any other type itself.
    pub fn deref(&self, ty: TypeId) -> TypeId {
        match self.ty(ty) {
            Type::Pointer(inner) => *inner,
            _ => ty,
        }
    }

    /// The results of a function type, or the members of a tuple; the type alone otherwise.
    pub fn results_of(&self, ty: TypeId) -> Vec<TypeId> {
        match self.ty(ty) {
            Type::Func(signature) => signature.results.to_vec(),
            Type::Tuple(types) => types.to_vec(),
            _ => vec![ty],
        }
    }

    /// The underlying type: that of a declaration with its type arguments filled in, any other type itself.
    pub fn underlying(&self, ty: TypeId) -> TypeId {
        ty
    }

    /// The signature of a declared function or method, without its receiver.
    pub fn signature(&self, _func: FuncId) -> TypeId {
        TypeId::UNKNOWN
    }

    /// The function type that a type is, or has as its underlying type.
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
    pub fn field_type(&self, _ty: TypeId, _name: &str) -> Option<TypeId> {
        None
    }

    /// The method of this name that can be called on a variable of the type, embedding and pointer receivers included.
    pub fn method(&self, _ty: TypeId, _name: &str) -> Option<Method> {
        None
    }

    /// Whether a method of this name can be called on a variable of the type.
    pub fn has_method(&self, ty: TypeId, name: &str) -> bool {
        self.method(ty, name).is_some()
    }

    /// Whether the type, or a pointer to it, has every method of the interface; `None` where either is unknown.
    pub fn implements(&self, _ty: TypeId, _interface: TypeId) -> Option<bool> {
        None
    }

    /// Whether the underlying type is an interface.
    pub fn is_interface(&self, ty: TypeId) -> bool {
        matches!(self.ty(self.underlying(ty)), Type::Interface(_))
    }

    /// A type declared by a package, by import path and name, as `from` would import it.
    ///
    /// Where the package or the declaration is missing, the type is known by its name alone.
    pub fn find_type(&self, _from: PackageId, _path: &str, _name: &str) -> TypeId {
        TypeId::UNKNOWN
    }
}
