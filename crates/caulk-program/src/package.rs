//! A package: its files, and an index of what they declare.

mod index;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock, RwLock};

use caulk_syntax::{File, FuncDecl, LineColumn, LineIndex, Span, TypeSpec, ValueSpec};
use rustc_hash::FxBuildHasher;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

pub(crate) use index::{Index, Indices};

use crate::body::FuncRef;
use crate::resolve::{BuildIndex, Module, Source};
use crate::texts::Text;
use crate::types::{TypeId, TypeParamId};

/// A package of a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PackageId(pub(crate) u32);

/// A declared function or method.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct FuncId {
    /// The package that declares it.
    pub package: PackageId,
    /// Index in [`Package::funcs`].
    pub index: u32,
}

/// Which of the packages of one folder.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum PackageKind {
    /// The one that is imported, with the tests that are written inside it.
    Primary,
    /// Its external tests: package `p_test`.
    ExternalTest,
    /// Files of another package name that the build constraints do not keep apart.
    Other(SmolStr),
}

impl PackageKind {
    /// The path that a package of this kind is known by, where others import its folder's by `path`.
    pub(crate) fn known_path(&self, path: &Arc<str>) -> Arc<str> {
        match self {
            PackageKind::ExternalTest => Arc::from(format!("{path}_test")),
            _ => path.clone(),
        }
    }
}

/// A Go file, its bodies not yet parsed.
#[derive(Debug)]
pub struct SourceFile {
    /// Absolute path, or a path below `std/` for the shipped outline of the standard library.
    pub path: PathBuf,
    /// Its declarations.
    pub outline: File,
    text: Text,
    lines: OnceLock<LineIndex>,
}

impl SourceFile {
    pub(crate) fn new(path: PathBuf, outline: File, text: Text) -> SourceFile {
        SourceFile {
            path,
            outline,
            text,
            lines: OnceLock::new(),
        }
    }

    /// Its text, which is read again where it is not at hand; nothing where the file has changed meanwhile.
    pub fn bytes(&self) -> Arc<[u8]> {
        self.text.bytes(&self.path)
    }

    /// Where its lines start.
    pub fn lines(&self) -> &LineIndex {
        self.lines.get_or_init(|| LineIndex::new(&self.bytes()))
    }

    /// Line and column (1-based, in bytes) of an offset.
    pub fn line_column(&self, offset: u32) -> LineColumn {
        self.lines().line_column(offset)
    }

    /// Whether it is named `*_test.go`.
    pub fn is_test(&self) -> bool {
        is_test_name(&self.path)
    }

    /// Whether it says that a program wrote it.
    pub fn is_generated(&self) -> bool {
        self.outline.is_generated()
    }
}

pub(crate) fn is_test_name(path: &Path) -> bool {
    path.file_name()
        .and_then(|name| name.to_str())
        .is_some_and(|name| name.ends_with("_test.go"))
}

/// A declared function or method.
#[derive(Debug)]
pub struct Func {
    /// Its name, without package and receiver.
    pub name: SmolStr,
    /// Its canonical name.
    pub canonical: Arc<str>,
    /// Index in [`Package::funcs`].
    pub(crate) index: u32,
    /// Index in [`Package::files`].
    pub file: u32,
    /// The declaration; its ids are good in that file's outline.
    pub decl: FuncDecl,
    /// Name of the receiver's type, for a method.
    pub receiver: Option<SmolStr>,
    /// Whether the receiver is a pointer.
    pub pointer_receiver: bool,
    /// Index in [`Answers::generics`], where it or its receiver names type parameters.
    pub(crate) generic: Option<u32>,
}

impl Func {
    /// From `{` to `}`; absent where it is implemented elsewhere.
    pub fn body_span(&self) -> Option<Span> {
        self.decl.body
    }
}

/// A package-level `var` spec with values.
#[derive(Clone, Copy, Debug)]
pub struct Initializer {
    /// Index in [`Package::files`].
    pub file: u32,
    /// The spec; its ids are good in that file's outline.
    pub spec: ValueSpec,
    /// Its bytes.
    pub span: Span,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ScopeEntry {
    Type(u32),
    Value(u32),
    Func(u32),
}

#[derive(Debug)]
pub(crate) struct TypeDecl {
    pub name: SmolStr,
    pub file: u32,
    pub spec: TypeSpec,
    /// Index in [`Answers::generics`], where it has type parameters.
    pub generic: Option<u32>,
}

/// One name of a package-level `var` or `const`.
#[derive(Debug)]
pub(crate) struct ValueDecl {
    pub file: u32,
    pub is_const: bool,
    /// Position in `spec.names`.
    pub index: usize,
    /// The spec; for a constant without values, the one whose type and values it repeats.
    pub spec: ValueSpec,
    /// Once someone names it.
    pub canonical: OnceLock<Arc<str>>,
}

impl ValueDecl {
    /// Its canonical name.
    pub fn canonical(&self, package: &Package) -> Arc<str> {
        let make = || {
            let file = package.files().get(self.file as usize);
            let tree = file.map(|file| &file.outline.tree);
            let name = tree
                .and_then(|tree| Some(tree.name(*tree.names(self.spec.names).get(self.index)?)));
            canonical(&package.known_path(), None, name.unwrap_or_default())
        };
        self.canonical.get_or_init(make).clone()
    }
}

#[derive(Debug)]
pub(crate) struct ImportDecl {
    /// Local name as written, `.` and `_` included.
    pub name: Option<SmolStr>,
    pub path: Arc<str>,
    pub span: Span,
    /// Index in [`Answers::import_targets`].
    pub number: u32,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ImportTarget {
    Package(PackageId),
    Unsafe,
    /// Not on this machine, or `C`.
    Missing,
}

/// A loaded package.
#[derive(Debug)]
pub struct Package {
    pub(crate) id: PackageId,
    pub(crate) path: Arc<str>,
    pub(crate) name: SmolStr,
    pub(crate) kind: PackageKind,
    pub(crate) source: Source,
    pub(crate) module: Arc<Module>,
    pub(crate) build: BuildIndex,
    pub(crate) is_std: bool,
    pub(crate) index: Arc<Index>,
    pub(crate) answers: Answers,
}

/// What one build finds out of the declarations of a package when it is asked: an id of a type or of a package is good in its
/// program alone. By the places of declarations in the [`Index`].
#[derive(Debug, Default)]
pub(crate) struct Answers {
    /// Of functions.
    pub signatures: Box<[OnceLock<TypeId>]>,
    /// Of types, their parameters not substituted: an alias's target, or an underlying type.
    pub targets: Box<[OnceLock<TypeId>]>,
    /// Of variables and constants.
    pub value_types: Box<[OnceLock<TypeId>]>,
    pub generics: Box<[Generic]>,
    pub import_targets: Box<[OnceLock<ImportTarget>]>,
    /// By file: which of its imports a name stands for.
    pub import_names: Box<[ImportNames]>,
}

/// Which of the imports of a file a name stands for, as far as it was asked.
pub(crate) type ImportNames = RwLock<HashMap<SmolStr, Option<usize>, FxBuildHasher>>;

/// Type parameters of a function or a type.
#[derive(Debug, Default)]
pub(crate) struct Generic {
    pub params: OnceLock<Box<[(SmolStr, TypeParamId)]>>,
    pub constraints: OnceLock<Arc<[TypeId]>>,
}

impl Answers {
    /// Nothing yet.
    pub fn nothing(index: &Index) -> Answers {
        fn cells<T: Default>(count: usize) -> Box<[T]> {
            std::iter::repeat_with(T::default).take(count).collect()
        }
        Answers {
            signatures: cells(index.funcs.len()),
            targets: cells(index.types.len()),
            value_types: cells(index.values.len()),
            generics: cells(index.generics),
            import_targets: cells(index.imports.iter().map(Vec::len).sum()),
            import_names: cells(index.files.len()),
        }
    }

    pub fn generic(&self, index: Option<u32>) -> Option<&Generic> {
        self.generics.get(index? as usize)
    }
}

impl Package {
    /// Its id.
    pub fn id(&self) -> PackageId {
        self.id
    }

    /// Import path; that of the folder, also for its external tests.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The path that a reader and the runtime know it by: external tests are `path_test`.
    pub(crate) fn known_path(&self) -> Arc<str> {
        self.kind.known_path(&self.path)
    }

    /// Name in its package clauses.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Which of the packages of its folder it is.
    pub fn kind(&self) -> &PackageKind {
        &self.kind
    }

    /// Where its source is.
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// The module that it belongs to, with its Go version.
    pub fn module(&self) -> &Module {
        &self.module
    }

    /// Whether it is one of the standard library.
    pub fn is_std(&self) -> bool {
        self.is_std
    }

    /// Its files, sorted by path.
    pub fn files(&self) -> &[Arc<SourceFile>] {
        &self.index.files
    }

    /// The paths that one of its files imports, as written and in that order.
    pub fn imported_by(&self, file: &SourceFile) -> impl Iterator<Item = &str> {
        let mut files = self.index.files.iter();
        let index = files.position(|own| std::ptr::eq(&**own, file));
        let imports = index.and_then(|index| self.index.imports.get(index));
        imports.into_iter().flatten().map(|import| &*import.path)
    }

    /// Its functions and methods, by file and place.
    pub fn funcs(&self) -> &[Func] {
        &self.index.funcs
    }

    /// The id of one of its functions.
    pub fn id_of(&self, func: &Func) -> FuncId {
        FuncId {
            package: self.id,
            index: func.index,
        }
    }

    /// One of its functions as others name it.
    pub fn reference(&self, func: &Func) -> FuncRef {
        FuncRef {
            name: func.canonical.clone(),
            id: Some(self.id_of(func)),
        }
    }

    /// A function by its id.
    pub fn func(&self, id: FuncId) -> Option<&Func> {
        self.funcs()
            .get(id.index as usize)
            .filter(|_| id.package == self.id)
    }

    /// Its package-level variables with values, by file and place.
    pub fn initializers(&self) -> &[Initializer] {
        &self.index.initializers
    }

    /// The import paths in its files, in their order, repeated where files repeat them.
    pub fn imported_paths(&self) -> impl Iterator<Item = &str> {
        self.index
            .imports
            .iter()
            .flatten()
            .map(|import| &*import.path)
    }

    /// The file of a function.
    pub fn file_of(&self, func: &Func) -> Option<&Arc<SourceFile>> {
        self.files().get(func.file as usize)
    }

    /// The methods declared with a type of this name as receiver.
    pub fn methods_of(&self, type_name: &str) -> impl Iterator<Item = &Func> {
        let methods = self.index.methods.get(type_name);
        let indices = methods.map(|methods| methods.in_order.as_slice());
        indices
            .unwrap_or_default()
            .iter()
            .filter_map(|index| self.funcs().get(*index as usize))
    }

    /// The method of this name among these; the first where broken code declares several.
    pub fn method_of(&self, type_name: &str, name: &str) -> Option<&Func> {
        let methods = self.index.methods.get(type_name)?;
        if methods.in_order.len() <= FEW_METHODS {
            return self.methods_of(type_name).find(|func| func.name == name);
        }
        let name_of = |index: &u32| self.funcs().get(*index as usize).map(|func| &*func.name);
        let by_name = methods.by_name.get_or_init(|| {
            let mut sorted = methods.in_order.clone();
            sorted.sort_by_key(name_of);
            sorted
        });
        let at = by_name.partition_point(|index| name_of(index) < Some(name));
        let index = by_name
            .get(at)
            .filter(|index| name_of(index) == Some(name))?;
        self.funcs().get(*index as usize)
    }

    /// Names of its types, sorted.
    pub fn type_names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.index.types.iter().map(|t| t.name.as_str()).collect();
        names.sort_unstable();
        names
    }
}

/// So many are found as fast one after the other.
const FEW_METHODS: usize = 8;

/// The methods of a type, by their indices among the functions of its package.
#[derive(Debug, Default)]
pub(crate) struct Methods {
    /// In source order.
    pub in_order: Vec<u32>,
    /// Sorted by name, once someone asks.
    by_name: OnceLock<Vec<u32>>,
}

/// What a package is known by before its files are read.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct PackageKey {
    pub build: BuildIndex,
    pub path: Arc<str>,
    pub source: Source,
    pub kind: PackageKind,
}

/// Canonical name `path.Name` or `path.Type.Name`.
pub(crate) fn canonical(path: &str, receiver: Option<&str>, name: &str) -> Arc<str> {
    let name = match receiver {
        Some(receiver) => [path, ".", receiver, ".", name].concat(),
        None => [path, ".", name].concat(),
    };
    Arc::from(name)
}
