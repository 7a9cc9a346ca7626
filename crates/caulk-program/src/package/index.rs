//! What the files of a package declare.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use caulk_syntax::{
    Decl, DeclKeyword, ExprKind, FieldList, File, FuncDecl, GenDecl, Span, SpecKind, Tree,
    TypeSpec, ValueSpec,
};
use rustc_hash::{FxBuildHasher, FxHashSet};
use smol_str::SmolStr;

use super::{
    Func, ImportDecl, Initializer, Methods, ScopeEntry, SourceFile, TypeDecl, ValueDecl, canonical,
};

/// What the files of a package declare: the same in every build that takes these files.
#[derive(Debug, Default)]
pub(crate) struct Index {
    pub files: Vec<Arc<SourceFile>>,
    /// By file, in source order.
    pub imports: Vec<Vec<ImportDecl>>,
    pub funcs: Vec<Func>,
    pub initializers: Vec<Initializer>,
    pub types: Vec<TypeDecl>,
    pub values: Vec<ValueDecl>,
    pub scope: HashMap<SmolStr, ScopeEntry, FxBuildHasher>,
    /// Methods by the name of their receiver's type, in source order.
    pub methods: HashMap<SmolStr, Methods, FxBuildHasher>,
    /// How many functions and types name type parameters.
    pub generics: usize,
}

impl Index {
    /// That of a package which is known by `path`.
    fn of(path: &Arc<str>, files: Vec<Arc<SourceFile>>) -> Index {
        let mut index = Index::default();
        // Most files of a package import the same.
        let mut paths = FxHashSet::default();
        let decls = files.iter().flat_map(|source| &source.outline.decls);
        let is_func = |decl: &&Decl| matches!(decl, Decl::Func(_));
        index.funcs.reserve_exact(decls.filter(is_func).count());
        let mut imports_before = 0;
        for (file, source) in files.iter().enumerate() {
            let mut imports = imports(&source.outline, &mut paths, imports_before);
            imports.shrink_to_fit();
            imports_before += imports.len();
            index.imports.push(imports);
            let mut indexer = Indexer {
                index: &mut index,
                path,
                file: file as u32,
                tree: &source.outline.tree,
            };
            for decl in &source.outline.decls {
                match decl {
                    Decl::Bad(_) => {}
                    Decl::Func(decl) => indexer.func(decl),
                    Decl::Gen(decl) => indexer.group(decl),
                }
            }
        }
        index.files = files;
        // They are kept as long as the program.
        index.values.shrink_to_fit();
        index.types.shrink_to_fit();
        index.scope.shrink_to_fit();
        resolve_alias_receivers(&mut index, path);
        index
    }
}

/// Indices that are known, for all builds of a tree: most of its packages have the same files in each.
#[derive(Clone, Default)]
pub(crate) struct Indices(Arc<Mutex<IndicesByPath>>);

/// By the path that the package is known by.
type IndicesByPath = HashMap<Arc<str>, Vec<Arc<Index>>>;

impl Indices {
    /// What these files declare in a package that is known by `path`.
    pub fn get(&self, path: &Arc<str>, files: Vec<Arc<SourceFile>>) -> Arc<Index> {
        let is_same = |index: &&Arc<Index>| {
            let mut pairs = index.files.iter().zip(&files);
            index.files.len() == files.len() && pairs.all(|(known, file)| Arc::ptr_eq(known, file))
        };
        let known = self.lock().get(path).cloned().unwrap_or_default();
        if let Some(index) = known.iter().find(is_same) {
            return index.clone();
        }
        let index = Arc::new(Index::of(path, files));
        let mut indices = self.lock();
        indices.entry(path.clone()).or_default().push(index.clone());
        index
    }

    fn lock(&self) -> MutexGuard<'_, IndicesByPath> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Indexer<'a> {
    index: &'a mut Index,
    path: &'a Arc<str>,
    file: u32,
    tree: &'a Tree,
}

impl Indexer<'_> {
    fn func(&mut self, decl: &FuncDecl) {
        let name = SmolStr::new(self.tree.name(decl.name));
        let receiver = decl.recv.map(|recv| receiver_type(self.tree, recv));
        let own = self.tree.signature(decl.signature).type_params.is_some();
        let is_generic = own
            || receiver
                .as_ref()
                .is_some_and(|receiver| receiver.is_generic);
        let pointer_receiver = receiver
            .as_ref()
            .is_some_and(|receiver| receiver.is_pointer);
        let receiver = receiver.map(|receiver| receiver.name);
        let number = self.index.funcs.len() as u32;
        if let Some(receiver) = &receiver {
            let methods = self.index.methods.entry(receiver.clone()).or_default();
            methods.in_order.push(number);
        } else if name != "init" {
            self.declare(&name, ScopeEntry::Func(number));
        }
        let generic = self.generic(is_generic);
        self.index.funcs.push(Func {
            canonical: canonical(self.path, receiver.as_deref(), &name),
            name,
            index: number,
            file: self.file,
            decl: *decl,
            receiver,
            pointer_receiver,
            generic,
        });
    }

    /// The number of a declaration among those that name type parameters.
    fn generic(&mut self, is_generic: bool) -> Option<u32> {
        is_generic.then(|| {
            self.index.generics += 1;
            self.index.generics as u32 - 1
        })
    }

    fn group(&mut self, decl: &GenDecl) {
        // A constant without type and values repeats those of the spec before it.
        let mut repeated: Option<ValueSpec> = None;
        for spec in self.tree.specs(decl.specs) {
            match spec.kind {
                SpecKind::Import(_) => {}
                SpecKind::Type(spec) => self.ty(spec),
                SpecKind::Value(value) if decl.keyword == DeclKeyword::Const => {
                    let mut source = value;
                    match repeated {
                        Some(before) if value.ty.is_none() && value.values.is_empty() => {
                            source.ty = before.ty;
                            source.values = before.values;
                        }
                        _ => repeated = Some(value),
                    }
                    self.values(source, true);
                }
                SpecKind::Value(value) => {
                    self.values(value, false);
                    self.initializer(value, spec.span);
                }
            }
        }
    }

    fn ty(&mut self, spec: TypeSpec) {
        let name = SmolStr::new(self.tree.name(spec.name));
        self.declare(&name, ScopeEntry::Type(self.index.types.len() as u32));
        let generic = self.generic(spec.type_params.is_some());
        self.index.types.push(TypeDecl {
            name,
            file: self.file,
            spec,
            generic,
        });
    }

    fn values(&mut self, spec: ValueSpec, is_const: bool) {
        for (index, name) in self.tree.names(spec.names).iter().enumerate() {
            let name = self.tree.name(*name);
            self.declare(name, ScopeEntry::Value(self.index.values.len() as u32));
            self.index.values.push(ValueDecl {
                file: self.file,
                is_const,
                index,
                spec,
                canonical: OnceLock::new(),
            });
        }
    }

    fn initializer(&mut self, spec: ValueSpec, span: Span) {
        if !spec.values.is_empty() {
            self.index.initializers.push(Initializer {
                file: self.file,
                spec,
                span,
            });
        }
    }

    /// The first declaration of a name counts; a second one is broken code.
    fn declare(&mut self, name: &str, entry: ScopeEntry) {
        if name != "_" {
            let scope = &mut self.index.scope;
            scope.entry(SmolStr::new(name)).or_insert(entry);
        }
    }
}

fn imports(outline: &File, paths: &mut FxHashSet<Arc<str>>, before: usize) -> Vec<ImportDecl> {
    let imports = outline.imports();
    let imports = imports.filter_map(|import| Some((import.path()?, import)));
    imports
        .zip(before..)
        .map(|((path, import), number)| {
            let known = paths.get(&*path).cloned();
            let path = known.unwrap_or_else(|| {
                let path: Arc<str> = Arc::from(path);
                paths.insert(path.clone());
                path
            });
            ImportDecl {
                name: import.name().map(SmolStr::new),
                path,
                span: import.span,
                number: number as u32,
            }
        })
        .collect()
}

/// The type in `(r *T[P])`.
struct Receiver {
    name: SmolStr,
    is_pointer: bool,
    /// It names type parameters.
    is_generic: bool,
}

fn receiver_type(tree: &Tree, recv: FieldList) -> Receiver {
    let mut receiver = Receiver {
        name: SmolStr::new_static("_"),
        is_pointer: false,
        is_generic: false,
    };
    let mut ty = tree.fields(recv).first().map(|field| field.ty);
    while let Some(id) = ty {
        ty = match tree.expr(id).kind {
            ExprKind::Star(inner) => {
                receiver.is_pointer = true;
                Some(inner)
            }
            ExprKind::Paren(inner) => Some(inner),
            ExprKind::Index { x, .. } => {
                receiver.is_generic = true;
                Some(x)
            }
            ExprKind::Ident(name) => {
                receiver.name = SmolStr::new(tree.name(name));
                None
            }
            _ => None,
        };
    }
    receiver
}

/// `type A = B` and `type A = *B` of types of the same package: a method of `A` is one of `B`.
fn resolve_alias_receivers(index: &mut Index, path: &Arc<str>) {
    let mut aliases: HashMap<SmolStr, (SmolStr, bool)> = HashMap::new();
    for declared in index
        .types
        .iter()
        .filter(|declared| declared.spec.assign.is_some())
    {
        let Some(file) = index.files.get(declared.file as usize) else {
            continue;
        };
        let tree = &file.outline.tree;
        let (ty, pointer) = match tree.expr(declared.spec.ty).kind {
            ExprKind::Star(inner) => (inner, true),
            _ => (declared.spec.ty, false),
        };
        if let Some(target) = tree.ident(ty) {
            aliases.insert(declared.name.clone(), (SmolStr::new(target), pointer));
        }
    }
    if aliases.is_empty() {
        return;
    }
    for (number, func) in index.funcs.iter_mut().enumerate() {
        let Some(mut receiver) = func.receiver.clone() else {
            continue;
        };
        // An alias of an alias of itself is broken code.
        for _ in 0..10 {
            let Some((target, pointer)) = aliases.get(&receiver) else {
                break;
            };
            func.pointer_receiver |= pointer;
            receiver = target.clone();
        }
        if func.receiver.as_ref() != Some(&receiver) {
            func.canonical = canonical(path, Some(&receiver), &func.name);
            let methods = index.methods.entry(receiver.clone()).or_default();
            methods.in_order.push(number as u32);
            func.receiver = Some(receiver);
        }
    }
}
