//! What the files of a package declare.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock, RwLock};

use caulk_syntax::{
    Decl, DeclKeyword, ExprKind, FieldList, File, FuncDecl, GenDecl, Span, SpecKind, Tree,
    TypeSpec, ValueSpec,
};
use rustc_hash::FxHashSet;
use smol_str::SmolStr;

use super::{
    Func, FuncId, ImportDecl, Initializer, Package, ScopeEntry, TypeDecl, ValueDecl, canonical,
};
use crate::body::FuncRef;

/// Fills the index of a package from its files.
pub(crate) fn index(package: &mut Package) {
    let path = package.known_path();
    // Most files of a package import the same.
    let mut paths = FxHashSet::default();
    let files = package.files.clone();
    let decls = files.iter().flat_map(|source| &source.outline.decls);
    let is_func = |decl: &&Decl| matches!(decl, Decl::Func(_));
    package.funcs.reserve_exact(decls.filter(is_func).count());
    for (file, source) in files.iter().enumerate() {
        package.imports.push(imports(&source.outline, &mut paths));
        package.import_names.push(RwLock::default());
        let tree = &source.outline.tree;
        let mut indexer = Indexer {
            package,
            path: &path,
            file: file as u32,
            tree,
        };
        for decl in &source.outline.decls {
            match decl {
                Decl::Bad(_) => {}
                Decl::Func(decl) => indexer.func(decl),
                Decl::Gen(decl) => indexer.group(decl),
            }
        }
    }
    // They are kept as long as the program.
    package.values.shrink_to_fit();
    package.types.shrink_to_fit();
    resolve_alias_receivers(package, &path);
}

struct Indexer<'a> {
    package: &'a mut Package,
    path: &'a Arc<str>,
    file: u32,
    tree: &'a Tree,
}

impl Indexer<'_> {
    fn func(&mut self, decl: &FuncDecl) {
        let name = SmolStr::new(self.tree.name(decl.name));
        let receiver = decl.recv.map(|recv| receiver_type(self.tree, recv));
        let pointer_receiver = receiver.as_ref().is_some_and(|(_, pointer)| *pointer);
        let receiver = receiver.map(|(name, _)| name);
        let index = self.package.funcs.len() as u32;
        if let Some(receiver) = &receiver {
            self.package
                .methods
                .entry(receiver.clone())
                .or_default()
                .in_order
                .push(index);
        } else if name != "init" {
            self.declare(&name, ScopeEntry::Func(index));
        }
        let id = FuncId {
            package: self.package.id,
            index,
        };
        let canonical = canonical(self.path, receiver.as_deref(), &name);
        self.package.funcs.push(Func {
            reference: FuncRef {
                name: canonical,
                id: Some(id),
            },
            name,
            file: self.file,
            decl: *decl,
            receiver,
            pointer_receiver,
            signature: OnceLock::new(),
            type_params: OnceLock::new(),
            constraints: OnceLock::new(),
        });
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
        self.declare(&name, ScopeEntry::Type(self.package.types.len() as u32));
        self.package.types.push(TypeDecl {
            name,
            file: self.file,
            spec,
            type_params: OnceLock::new(),
            constraints: OnceLock::new(),
            target: OnceLock::new(),
        });
    }

    fn values(&mut self, spec: ValueSpec, is_const: bool) {
        for (index, name) in self.tree.names(spec.names).iter().enumerate() {
            let name = self.tree.name(*name);
            self.declare(name, ScopeEntry::Value(self.package.values.len() as u32));
            self.package.values.push(ValueDecl {
                file: self.file,
                is_const,
                index,
                spec,
                canonical: OnceLock::new(),
                ty: OnceLock::new(),
            });
        }
    }

    fn initializer(&mut self, spec: ValueSpec, span: Span) {
        if !spec.values.is_empty() {
            self.package.initializers.push(Initializer {
                file: self.file,
                spec,
                span,
            });
        }
    }

    /// The first declaration of a name counts; a second one is broken code.
    fn declare(&mut self, name: &str, entry: ScopeEntry) {
        if name != "_" {
            self.package
                .scope
                .entry(SmolStr::new(name))
                .or_insert(entry);
        }
    }
}

fn imports(outline: &File, paths: &mut FxHashSet<Arc<str>>) -> Vec<ImportDecl> {
    outline
        .imports()
        .filter_map(|import| {
            let path = import.path()?;
            let known = paths.get(&*path).cloned();
            let path = known.unwrap_or_else(|| {
                let path: Arc<str> = Arc::from(path);
                paths.insert(path.clone());
                path
            });
            Some(ImportDecl {
                name: import.name().map(SmolStr::new),
                path,
                span: import.span,
                target: OnceLock::new(),
            })
        })
        .collect()
}

/// Name of the type in `(r *T[P])`, and whether it is a pointer.
fn receiver_type(tree: &Tree, recv: FieldList) -> (SmolStr, bool) {
    let mut pointer = false;
    let mut ty = tree.fields(recv).first().map(|field| field.ty);
    while let Some(id) = ty {
        ty = match tree.expr(id).kind {
            ExprKind::Star(inner) => {
                pointer = true;
                Some(inner)
            }
            ExprKind::Paren(inner) => Some(inner),
            ExprKind::Index { x, .. } => Some(x),
            ExprKind::Ident(name) => return (SmolStr::new(tree.name(name)), pointer),
            _ => None,
        };
    }
    (SmolStr::new_static("_"), pointer)
}

/// `type A = B` and `type A = *B` of types of the same package: a method of `A` is one of `B`.
fn resolve_alias_receivers(package: &mut Package, path: &Arc<str>) {
    let mut aliases: HashMap<SmolStr, (SmolStr, bool)> = HashMap::new();
    for declared in package
        .types
        .iter()
        .filter(|declared| declared.spec.assign.is_some())
    {
        let Some(file) = package.files.get(declared.file as usize) else {
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
    for (index, func) in package.funcs.iter_mut().enumerate() {
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
            func.reference.name = canonical(path, Some(&receiver), &func.name);
            package
                .methods
                .entry(receiver.clone())
                .or_default()
                .in_order
                .push(index as u32);
            func.receiver = Some(receiver);
        }
    }
}
