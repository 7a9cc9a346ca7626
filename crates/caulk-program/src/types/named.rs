//! Declared types and type parameters: who they are, not yet what they are.

use std::sync::Arc;

use smol_str::SmolStr;

use super::kind::{NamedId, TypeParamId};
use crate::package::PackageId;

/// Identity of a declared type.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct NamedDecl {
    /// Import path of its package; empty for predeclared types.
    pub package: Arc<str>,
    /// Its name.
    pub name: SmolStr,
    /// Where it is declared.
    pub origin: NamedOrigin,
}

/// Where a declared type comes from.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum NamedOrigin {
    /// At the top level of a loaded package.
    Package {
        /// The package.
        package: PackageId,
        /// Index of its declaration there.
        decl: u32,
    },
    /// Within a function.
    Local {
        /// The package.
        package: PackageId,
        /// Index of the file in the package.
        file: u32,
        /// Byte offset of the declared name.
        offset: u32,
    },
    /// In a package whose source is missing or does not declare it: only path and name are known.
    Missing,
    /// Predeclared: `error`, `comparable`.
    Universe,
}

/// Identity of a type parameter.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TypeParamDecl {
    /// Its name.
    pub name: SmolStr,
    /// The package that declares it.
    pub package: PackageId,
    /// The declaration (function or type) it belongs to.
    pub owner: ParamOwner,
    /// Its position.
    pub index: u32,
    /// Whether it stands in for the declared one while a generic function calls itself.
    pub(crate) is_copy: bool,
}

/// What has type parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ParamOwner {
    /// A function, by its index in the package.
    Func(u32),
    /// A type or alias, by the index of its declaration.
    Type(u32),
    /// A type declared within a function, by file and offset of its name.
    Local(u32, u32),
}

impl NamedDecl {
    /// `path.Name`, or the bare name of a predeclared type.
    pub fn full_name(&self) -> String {
        if self.package.is_empty() {
            self.name.to_string()
        } else {
            [&*self.package, ".", &self.name].concat()
        }
    }

    /// Whether this is its [full name](NamedDecl::full_name).
    pub fn is_called(&self, full_name: &str) -> bool {
        let name = match self.package.is_empty() {
            true => Some(full_name),
            false => full_name
                .strip_prefix(&*self.package)
                .and_then(|rest| rest.strip_prefix('.')),
        };
        name == Some(self.name.as_str())
    }

    /// Whether its declaration can be read.
    #[inline]
    pub fn is_loaded(&self) -> bool {
        !matches!(self.origin, NamedOrigin::Missing)
    }
}

impl NamedId {
    pub(crate) const ERROR: NamedId = NamedId(0);
    pub(crate) const COMPARABLE: NamedId = NamedId(1);
}

/// Declarations of types and type parameters, interned.
pub(crate) struct Names {
    pub named: super::table::Interner<NamedDecl>,
    pub params: super::table::Interner<TypeParamDecl>,
}

impl Names {
    pub fn new() -> Names {
        let names = Names {
            named: super::table::Interner::new(),
            params: super::table::Interner::new(),
        };
        for name in ["error", "comparable"] {
            names.named.intern(NamedDecl {
                package: Arc::from(""),
                name: SmolStr::new_static(name),
                origin: NamedOrigin::Universe,
            });
        }
        names
    }

    pub fn param(&self, id: TypeParamId) -> Option<&TypeParamDecl> {
        self.params.get(id.0)
    }
}
