//! Declarations other than functions.

use super::{ExprId, FieldList, List, Literal, Name};
use crate::span::{Pos, Span};

/// The keyword of a [`GenDecl`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum DeclKeyword {
    /// `import`
    Import,
    /// `const`
    Const,
    /// `type`
    Type,
    /// `var`
    Var,
}

/// `import`, `const`, `type` or `var` with one spec, or with several in parentheses.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct GenDecl {
    /// Its bytes; starts with the keyword.
    pub span: Span,
    /// The keyword.
    pub keyword: DeclKeyword,
    /// `(`
    pub lparen: Option<Pos>,
    /// What is declared.
    pub specs: List<Spec>,
    /// `)`
    pub rparen: Option<Pos>,
}

/// One line of a [`GenDecl`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Spec {
    /// Its bytes.
    pub span: Span,
    /// What it declares.
    pub kind: SpecKind,
}

/// What a [`Spec`] declares.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SpecKind {
    /// `name "path"`
    Import(ImportSpec),
    /// `a, b T = x, y`, with `const` or `var`
    Value(ValueSpec),
    /// `T[P any] struct { … }`
    Type(TypeSpec),
}

/// `name "path"`
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ImportSpec {
    /// Local name, `.` or `_`.
    pub name: Option<Name>,
    /// The path as written, a string literal; absent where it is missing.
    pub path: Option<Literal>,
}

/// `a, b T = x, y`
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ValueSpec {
    /// What is declared.
    pub names: List<Name>,
    /// The type, where it is written.
    pub ty: Option<ExprId>,
    /// The values. In a `const` group an empty list (without a type) repeats the last one before it.
    pub values: List<ExprId>,
    /// Place of the spec in its group, from 0: the value of `iota`.
    pub iota: u32,
}

/// `T[P any] U`, `T[P any] = U`
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TypeSpec {
    /// The name of the type.
    pub name: Name,
    /// Type parameters.
    pub type_params: Option<FieldList>,
    /// `=` of an alias declaration.
    pub assign: Option<Pos>,
    /// What it is defined as.
    pub ty: ExprId,
}
