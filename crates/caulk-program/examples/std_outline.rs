//! Writes the outline of the standard library that caulk ships: `cargo run -p caulk-program --example std_outline`.
//!
//! It holds what other code can see of each package: exported declarations without comments, bodies and unexported fields,
//! and of unexported and internal ones those that the exported ones are made of. Run it with a new release of Go.
#![allow(clippy::print_stdout, clippy::indexing_slicing)]

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::io::Write;
use std::path::{Path, PathBuf};

use caulk_program::{GoEnv, OUTLINE_PLATFORMS, Platform};
use caulk_syntax::{
    Decl, DeclKeyword, Descend, ExprId, ExprKind, Field, File, FuncDecl, GenDecl, Import, Node,
    Span, Spec, SpecKind, Tree, is_exported,
};
use caulk_system::{EntryKind, Files, OsFiles, write_atomic};

type Failure = Box<dyn std::error::Error>;

struct Source {
    path: PathBuf,
    text: Vec<u8>,
    file: File,
    /// Import paths by the names that the file knows them by.
    imports: HashMap<String, String>,
    /// Declarations that are kept, each with the spec of it that is.
    kept: BTreeSet<(usize, usize)>,
}

/// File of the package, declaration in it, spec of the declaration.
type Place = (usize, usize, usize);

/// A package and a name in it.
type Mention = (String, String);

#[derive(Default)]
struct Package {
    sources: Vec<Source>,
    names: HashMap<String, Vec<Place>>,
    methods: HashMap<String, Vec<Place>>,
}

fn main() -> Result<(), Failure> {
    let files = OsFiles;
    let goroot = GoEnv::of_process(&files)
        .goroot
        .ok_or("no Go installation")?;
    let release = files.read_to_string(&goroot.join("VERSION"))?;
    let src = goroot.join("src");
    let mut packages = BTreeMap::new();
    find_packages(&files, &src, &src, &mut packages)?;
    keep_reachable(&mut packages);
    let text = written(release.lines().next().unwrap_or_default(), &packages);

    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(text.as_bytes())?;
    let packed = encoder.finish()?;
    let target = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("std")
        .join("outline.gz");
    println!(
        "{} packages, {} bytes, {} packed",
        packages.len(),
        text.len(),
        packed.len()
    );
    write_atomic(&target, &packed)?;
    Ok(())
}

fn find_packages(
    files: &OsFiles,
    src: &Path,
    dir: &Path,
    packages: &mut BTreeMap<String, Package>,
) -> Result<(), Failure> {
    let mut package = Package::default();
    for entry in files.read_dir(dir)? {
        let name = entry.name.to_string_lossy().into_owned();
        let path = dir.join(&name);
        if entry.kind == EntryKind::Folder {
            if name != "testdata" && !(dir == src && name == "cmd") {
                find_packages(files, src, &path, packages)?;
            }
        } else if name.ends_with(".go") && !name.ends_with("_test.go") {
            let text = files.read(&path)?;
            if OUTLINE_PLATFORMS
                .iter()
                .any(|platform| allows(*platform, &name, &text))
            {
                let file = caulk_syntax::outline(&text);
                let imports = file
                    .imports()
                    .filter_map(|import| Some((import_name(&import)?, import.path()?)))
                    .collect();
                package.sources.push(Source {
                    path,
                    text,
                    file,
                    imports,
                    kept: BTreeSet::new(),
                });
            }
        }
    }
    if !package.sources.is_empty() {
        index(&mut package);
        let path = dir.strip_prefix(src)?.to_string_lossy().replace('\\', "/");
        packages.insert(path, package);
    }
    Ok(())
}

fn allows((goos, goarch): (&str, &str), name: &str, text: &[u8]) -> bool {
    let platform = Platform {
        goos: goos.to_owned(),
        goarch: goarch.to_owned(),
        ..Platform::default()
    };
    platform.allows_name(name) && platform.allows_text(text)
}

/// The name that a file knows an import by; packages of the standard library are called as their paths end.
fn import_name(import: &Import<'_>) -> Option<String> {
    if let Some(name) = import.name() {
        return Some(name.to_owned());
    }
    let path = import.path()?;
    let is_version = |part: &&str| {
        part.strip_prefix('v')
            .is_some_and(|n| n.parse::<u32>().is_ok())
    };
    path.rsplit('/')
        .find(|part| !is_version(part))
        .map(str::to_owned)
}

fn index(package: &mut Package) {
    for (f, source) in package.sources.iter().enumerate() {
        let tree = &source.file.tree;
        for (d, decl) in source.file.decls.iter().enumerate() {
            match decl {
                Decl::Bad(_) => {}
                Decl::Func(func) => {
                    let name = tree.name(func.name).to_owned();
                    match receiver(tree, func) {
                        Some(receiver) => {
                            package.methods.entry(receiver).or_default().push((f, d, 0));
                        }
                        None if name == "init" => {}
                        None => package.names.entry(name).or_default().push((f, d, 0)),
                    }
                }
                Decl::Gen(decl) => {
                    for (s, spec) in tree.specs(decl.specs).iter().enumerate() {
                        let names = match spec.kind {
                            SpecKind::Import(_) => Vec::new(),
                            SpecKind::Type(spec) => vec![spec.name],
                            SpecKind::Value(spec) => tree.names(spec.names).to_vec(),
                        };
                        for name in names {
                            let name = tree.name(name).to_owned();
                            package.names.entry(name).or_default().push((f, d, s));
                        }
                    }
                }
            }
        }
    }
}

fn receiver(tree: &Tree, func: &FuncDecl) -> Option<String> {
    let mut ty = tree.fields(func.recv?).first()?.ty;
    loop {
        ty = match tree.expr(ty).kind {
            ExprKind::Star(inner) | ExprKind::Paren(inner) => inner,
            ExprKind::Index { x, .. } => x,
            ExprKind::Ident(name) => return Some(tree.name(name).to_owned()),
            _ => return None,
        };
    }
}

fn is_public(path: &str) -> bool {
    !path
        .split('/')
        .any(|part| matches!(part, "internal" | "vendor"))
}

/// Keeps the exported names of public packages and all that they mention.
fn keep_reachable(packages: &mut BTreeMap<String, Package>) {
    let exported = |(path, package): (&String, &Package)| -> Vec<Mention> {
        let names = package.names.keys().filter(|name| is_exported(name));
        names.map(|name| (path.clone(), name.clone())).collect()
    };
    let mut work: Vec<Mention> = packages
        .iter()
        .filter(|(path, _)| is_public(path))
        .flat_map(exported)
        .collect();
    let mut seen: HashSet<Mention> = work.iter().cloned().collect();
    while let Some((path, name)) = work.pop() {
        let Some(package) = packages.get_mut(&path) else {
            continue;
        };
        let mentioned = keep(package, &path, &name);
        work.extend(
            mentioned
                .into_iter()
                .filter(|mention| seen.insert(mention.clone())),
        );
    }
}

/// Keeps the declarations of a name with its exported methods, and returns the names that they mention.
fn keep(package: &mut Package, path: &str, name: &str) -> Vec<Mention> {
    let mut places = package.names.get(name).cloned().unwrap_or_default();
    for place in package.methods.get(name).into_iter().flatten() {
        let file = &package.sources[place.0].file;
        if let Decl::Func(func) = &file.decls[place.1]
            && is_exported(file.tree.name(func.name))
        {
            places.push(*place);
        }
    }
    let mut mentioned = Vec::new();
    for (f, d, s) in places {
        let source = &mut package.sources[f];
        source.kept.insert((d, s));
        let tree = &source.file.tree;
        let mut roots: Vec<Node> = Vec::new();
        match &source.file.decls[d] {
            Decl::Bad(_) => {}
            Decl::Func(func) => tree.signature_children(func.signature, |node| roots.push(node)),
            // A group of constants counts on, so all of it is kept.
            Decl::Gen(decl) if decl.keyword == DeclKeyword::Const => {
                tree.decl_children(decl, |node| roots.push(node));
                source
                    .kept
                    .extend((0..tree.specs(decl.specs).len()).map(|s| (d, s)));
            }
            Decl::Gen(decl) => roots = spec_roots(tree, &tree.specs(decl.specs)[s]),
        }
        for root in roots {
            add_mentions(tree, root, path, &source.imports, &mut mentioned);
        }
    }
    mentioned
}

/// The names below a node, but for what the written text leaves out.
fn add_mentions(
    tree: &Tree,
    root: Node,
    path: &str,
    imports: &HashMap<String, String>,
    mentioned: &mut Vec<Mention>,
) {
    tree.walk(root, |node| {
        let Node::Expr(expr) = node else {
            return Descend::Skip;
        };
        match tree.expr(expr).kind {
            ExprKind::Ident(name) => mentioned.push((path.to_owned(), tree.name(name).to_owned())),
            ExprKind::Selector { x, sel } => {
                if let Some(imported) = tree.ident(x).and_then(|name| imports.get(name)) {
                    let name = tree.name(sel);
                    mentioned.push((imported.clone(), name.to_owned()));
                    mentioned.push((format!("vendor/{imported}"), name.to_owned()));
                }
            }
            ExprKind::CompositeLit { ty: Some(ty), .. } if !counts_elements(tree, ty) => {
                add_mentions(tree, ty.into(), path, imports, mentioned);
                return Descend::Skip;
            }
            ExprKind::StructType(list) => {
                for field in tree
                    .fields(list)
                    .iter()
                    .filter(|field| is_kept(tree, field))
                {
                    add_mentions(tree, field.ty.into(), path, imports, mentioned);
                }
                return Descend::Skip;
            }
            _ => {}
        }
        Descend::Into
    });
}

/// The expressions of a spec that are written: a value only where there is no type.
fn spec_roots(tree: &Tree, spec: &Spec) -> Vec<Node> {
    match spec.kind {
        SpecKind::Import(_) => Vec::new(),
        SpecKind::Type(spec) => {
            let params = spec.type_params.iter().flat_map(|list| tree.fields(*list));
            params
                .map(|field| field.ty.into())
                .chain([spec.ty.into()])
                .collect()
        }
        SpecKind::Value(spec) => match spec.ty {
            Some(ty) => vec![ty.into()],
            None => tree
                .exprs(spec.values)
                .iter()
                .map(|value| Node::Expr(*value))
                .collect(),
        },
    }
}

/// Whether the length of a literal of this type is that of its elements.
fn counts_elements(tree: &Tree, ty: ExprId) -> bool {
    match tree.expr(ty).kind {
        ExprKind::ArrayType { len: Some(len), .. } => {
            matches!(tree.expr(len).kind, ExprKind::Ellipsis(None))
        }
        _ => false,
    }
}

/// Whether other packages can see a field or what is promoted through it.
fn is_kept(tree: &Tree, field: &Field) -> bool {
    let names = tree.names(field.names);
    names.is_empty() || names.iter().any(|name| is_exported(tree.name(*name)))
}

fn written(release: &str, packages: &BTreeMap<String, Package>) -> String {
    let mut text = format!("outline of {release}\n");
    for (path, package) in packages {
        // A package that exports nothing can still be imported.
        let is_bare = package.sources.iter().all(|source| source.kept.is_empty());
        for (i, source) in package.sources.iter().enumerate() {
            if !source.kept.is_empty() || is_bare && i == 0 && is_public(path) {
                let name = source
                    .path
                    .file_name()
                    .unwrap_or_default()
                    .to_string_lossy();
                text.push_str(&format!("\x01{path}\x01{name}\n{}", written_file(source)));
            }
        }
    }
    text
}

/// The text of a file with only what is kept.
fn written_file(source: &Source) -> String {
    let tree = &source.file.tree;
    let mut body = String::new();
    for (d, s) in &source.kept {
        match &source.file.decls[*d] {
            Decl::Bad(_) => {}
            Decl::Func(func) => {
                let end = func.body.map_or(func.span.end, |body| body.start);
                body.push_str(&without(source, Span::new(func.span.start, end), &[]));
            }
            Decl::Gen(decl) if decl.keyword == DeclKeyword::Const => {
                if *s == 0 {
                    body.push_str(&without(source, decl.span, &[]));
                }
            }
            Decl::Gen(decl) => {
                body.push_str(&written_spec(source, decl, &tree.specs(decl.specs)[*s]))
            }
        }
        body.push('\n');
    }
    let mut head = String::new();
    for line in source.file.go_build_lines() {
        head.push_str(&format!("{line}\n\n"));
    }
    head.push_str(&format!("package {}\n", source.file.package_name()));
    for import in source.file.imports() {
        let is_used = import_name(&import)
            .is_some_and(|name| name == "." || body.contains(&format!("{name}.")));
        if is_used {
            let text = String::from_utf8_lossy(import.span.of(&source.text)).into_owned();
            head.push_str(&format!("import {text}\n"));
        }
    }
    head + &body
}

fn written_spec(source: &Source, decl: &GenDecl, spec: &Spec) -> String {
    let tree = &source.file.tree;
    let mut span = spec.span;
    if let SpecKind::Value(value) = spec.kind
        && let Some(ty) = value.ty
    {
        span.end = tree.expr(ty).span.end;
    }
    let mut cuts: Vec<(Span, &str)> = Vec::new();
    for root in spec_roots(tree, spec) {
        tree.walk(root, |node| {
            let Node::Expr(expr) = node else {
                return Descend::Skip;
            };
            let expr = tree.expr(expr);
            match expr.kind {
                ExprKind::StructType(list) => {
                    for field in tree.fields(list) {
                        if !is_kept(tree, field) {
                            cuts.push((field.span, ""));
                        } else if let Some(tag) = field.tag {
                            cuts.push((tag.span, ""));
                        }
                    }
                }
                ExprKind::FuncLit { body, .. } => {
                    cuts.push((tree.stmt(body).span, "{}"));
                    return Descend::Skip;
                }
                ExprKind::CompositeLit {
                    ty: Some(ty),
                    lbrace,
                    ..
                } if !counts_elements(tree, ty) => {
                    cuts.push((Span::new(lbrace.offset(), expr.span.end), "{}"));
                    return Descend::Skip;
                }
                _ => {}
            }
            Descend::Into
        });
    }
    let keyword = if decl.keyword == DeclKeyword::Type {
        "type"
    } else {
        "var"
    };
    format!("{keyword} {}", without(source, span, &cuts))
}

/// The text of a span without comments, with cuts replaced, and no more white space than needed.
fn without(source: &Source, span: Span, cuts: &[(Span, &str)]) -> String {
    let comments = source
        .file
        .comments
        .all()
        .iter()
        .map(|comment| (comment.span, " "));
    let mut cuts: Vec<(Span, &str)> = comments
        .chain(cuts.iter().copied())
        .filter(|(cut, _)| span.encloses(*cut))
        .collect();
    cuts.sort_by_key(|(cut, _)| (cut.start, std::cmp::Reverse(cut.end)));
    let part = |start, end| String::from_utf8_lossy(Span::new(start, end).of(&source.text));
    let mut text = String::new();
    let mut at = span.start;
    for (cut, with) in cuts {
        if cut.start < at {
            continue;
        }
        text.push_str(&part(at, cut.start));
        text.push_str(with);
        at = cut.end;
    }
    text.push_str(&part(at, span.end));
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let lines: Vec<String> = lines
        .map(|line| line.split_ascii_whitespace().collect::<Vec<_>>().join(" "))
        .collect();
    lines.join("\n")
}
