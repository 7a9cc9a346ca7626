//! What the parser returns: a file's outline, and bodies of functions.

use crate::comments::{Comment, Comments};
use crate::span::{Pos, Span};
use crate::token::is_exported;
use crate::tree::{
    DeclKeyword, FieldList, GenDecl, ImportSpec, Name, SignatureId, Spec, SpecKind, StmtId, Tree,
};

/// Something that is not Go.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SyntaxError {
    /// Byte offset in the file.
    pub offset: u32,
    /// What is wrong, as Go's own tools would put it.
    pub message: String,
}

/// The package clause.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PackageClause {
    /// The keyword `package`.
    pub package: Pos,
    /// The name of the package.
    pub name: Name,
}

/// A declaration at the top of a file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Decl {
    /// Text that is no declaration; an error was reported.
    Bad(Span),
    /// A function or method.
    Func(FuncDecl),
    /// Imports, constants, types or variables.
    Gen(GenDecl),
}

impl Decl {
    /// Its bytes, without the documentation before it.
    pub fn span(&self) -> Span {
        match self {
            Decl::Bad(span) => *span,
            Decl::Func(func) => func.span,
            Decl::Gen(decl) => decl.span,
        }
    }
}

/// A function or method.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FuncDecl {
    /// Its bytes, body included; starts with `func`.
    pub span: Span,
    /// The receiver of a method: one field with at most one name, unless the code is wrong.
    pub recv: Option<FieldList>,
    /// Its name.
    pub name: Name,
    /// Type parameters, parameters and results.
    pub signature: SignatureId,
    /// From `{` to `}`; absent where the function is implemented elsewhere. [`body`](crate::body)
    /// parses it.
    pub body: Option<Span>,
}

/// A file without the bodies of its declared functions. Function literals in the values of
/// variables are part of it.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct File {
    /// The nodes that the declarations refer to.
    pub tree: Tree,
    /// The package clause, unless it is missing.
    pub package: Option<PackageClause>,
    /// Every declaration, in source order, imports included.
    pub decls: Vec<Decl>,
    /// Comments outside of the bodies of declared functions.
    pub comments: Comments,
    /// What is wrong outside of the bodies, in source order; text that is not UTF-8 is reported
    /// here wherever it stands.
    pub errors: Vec<SyntaxError>,
}

impl File {
    /// The name of the package; empty where it is missing.
    pub fn package_name(&self) -> &str {
        self.package
            .map_or("", |clause| self.tree.name(clause.name))
    }

    /// The text outside of the bodies of declared functions; what is not UTF-8 is replaced.
    pub fn text(&self) -> &str {
        &self.tree.text
    }

    /// Declared functions and methods, in source order.
    pub fn funcs(&self) -> impl Iterator<Item = &FuncDecl> {
        self.decls.iter().filter_map(|decl| match decl {
            Decl::Func(func) => Some(func),
            _ => None,
        })
    }

    /// Declarations other than functions, in source order.
    pub fn gen_decls(&self) -> impl Iterator<Item = &GenDecl> {
        self.decls.iter().filter_map(|decl| match decl {
            Decl::Gen(decl) => Some(decl),
            _ => None,
        })
    }

    /// The specs of every `import`, `const`, `type` and `var`, each with its keyword.
    pub fn specs(&self) -> impl Iterator<Item = (DeclKeyword, &Spec)> {
        self.gen_decls().flat_map(|decl| {
            self.tree
                .specs(decl.specs)
                .iter()
                .map(move |spec| (decl.keyword, spec))
        })
    }

    /// Imports, in source order.
    pub fn imports(&self) -> impl Iterator<Item = Import<'_>> {
        self.specs().filter_map(|(_, spec)| match &spec.kind {
            SpecKind::Import(import) => Some(Import {
                tree: &self.tree,
                span: spec.span,
                import,
            }),
            _ => None,
        })
    }

    /// The comments before the package clause.
    pub fn header_comments(&self) -> &[Comment] {
        match self.package {
            Some(clause) => self.comments.before(clause.package.offset()),
            None => self.comments.all(),
        }
    }

    /// The `//go:build` lines before the package clause, as written.
    pub fn go_build_lines(&self) -> impl Iterator<Item = &str> {
        self.header_comments()
            .iter()
            .map(|comment| self.comments.text(comment))
            .filter(|text| {
                text.strip_prefix("//go:build")
                    .is_some_and(|r| r.starts_with([' ', '\t']))
            })
    }

    /// Whether the file says that a program wrote it: a line
    /// `// Code generated … DO NOT EDIT.` before the package clause (<https://go.dev/s/generatedcode>).
    pub fn is_generated(&self) -> bool {
        self.header_comments().iter().any(|comment| {
            self.comments
                .text(comment)
                .trim_end_matches('\r')
                .strip_prefix("// Code generated ")
                .is_some_and(|rest| rest.ends_with(" DO NOT EDIT.") || rest == "DO NOT EDIT.")
        })
    }
}

/// One import of a [`File`].
#[derive(Clone, Copy, Debug)]
pub struct Import<'f> {
    tree: &'f Tree,
    /// The bytes of the spec.
    pub span: Span,
    /// The spec.
    pub import: &'f ImportSpec,
}

impl<'f> Import<'f> {
    /// The path, decoded; absent where it is missing or malformed.
    pub fn path(&self) -> Option<String> {
        let literal = self.import.path?;
        String::from_utf8(crate::unquote(self.tree.literal(literal))?).ok()
    }

    /// The local name, `.` or `_`, where there is one.
    pub fn name(&self) -> Option<&'f str> {
        self.import.name.map(|name| self.tree.name(name))
    }
}

impl FuncDecl {
    /// Whether it is a method.
    pub fn is_method(&self) -> bool {
        self.recv.is_some()
    }

    /// Whether its name is visible outside the package.
    pub fn is_exported(&self, tree: &Tree) -> bool {
        is_exported(tree.name(self.name))
    }
}

/// The body of one function, in a tree of its own.
#[derive(Clone, PartialEq, Debug)]
pub struct Body {
    /// The nodes of the body.
    pub tree: Tree,
    /// The body itself, a [`StmtKind::Block`](crate::StmtKind::Block).
    pub block: StmtId,
    /// Comments inside the body.
    pub comments: Comments,
    /// What is wrong, in source order.
    pub errors: Vec<SyntaxError>,
}

impl Body {
    /// Gives back room for nodes that did not come: for one that is kept.
    pub fn shrink(&mut self) {
        self.tree.shrink();
    }

    /// The statements of the body.
    pub fn statements(&self) -> &[StmtId] {
        self.tree.block(self.block)
    }
}

/// A file with all its bodies.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Parsed {
    /// The outline.
    pub file: File,
    /// The bodies, in the order of those functions of [`File::funcs`] that have one.
    pub bodies: Vec<Body>,
}

impl Parsed {
    /// Every declaration, in source order, with its body if it is a function that has one.
    pub fn decls(&self) -> impl Iterator<Item = (&Decl, Option<&Body>)> {
        let mut bodies = self.bodies.iter();
        self.file.decls.iter().map(move |decl| match decl {
            Decl::Func(func) if func.body.is_some() => (decl, bodies.next()),
            _ => (decl, None),
        })
    }

    /// Whether anything is wrong anywhere in the file.
    pub fn has_errors(&self) -> bool {
        !self.file.errors.is_empty() || self.bodies.iter().any(|body| !body.errors.is_empty())
    }
}
