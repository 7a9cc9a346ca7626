//! The syntax tree: expressions, types, statements and declarations in arenas.
//!
//! The shapes and names are those of Go's own `go/ast`, so that whoever knows one knows the other.
//! Types are expressions, as there. A node refers to others by small ids that are only good in the
//! tree they come from. A tree owns the text of its names, literals and comments and so outlives
//! the source it was read from.

use std::marker::PhantomData;
use std::num::NonZeroU32;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::span::Span;
use crate::token::BinaryOp;

mod decl;
mod expr;
mod stmt;

pub use decl::{DeclKeyword, GenDecl, ImportSpec, Spec, SpecKind, TypeSpec, ValueSpec};
pub use expr::{
    ChainLink, ChanDir, Expr, ExprKind, Field, FieldList, LitKind, Literal, NilTest, Signature,
};
pub use stmt::{Block, BranchKind, Stmt, StmtKind};

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize)]
        pub struct $name(NonZeroU32);

        impl $name {
            #[inline]
            pub(crate) fn from_index(index: usize) -> $name {
                $name(NonZeroU32::MIN.saturating_add(index as u32))
            }

            /// Place in the arena, from 0: children come before their parents.
            #[inline]
            pub fn index(self) -> usize {
                self.0.get() as usize - 1
            }
        }
    )*};
}

ids! {
    /// An expression or type of a [`Tree`].
    ExprId
    /// A statement of a [`Tree`].
    StmtId
    /// The signature of a function, function type or literal of a [`Tree`].
    SignatureId
    /// A declaration with specs (`import`, `const`, `type`, `var`) of a [`Tree`].
    GenDeclId
}

/// A sequence of elements of a [`Tree`], in source order.
#[derive(PartialEq, Eq, Hash)]
pub struct List<T> {
    pub(crate) start: u32,
    pub(crate) len: u32,
    of: PhantomData<T>,
}

impl<T> Clone for List<T> {
    fn clone(&self) -> List<T> {
        *self
    }
}

impl<T> Copy for List<T> {}

impl<T> std::fmt::Debug for List<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "[{}; {}]", self.start, self.len)
    }
}

impl<T> Default for List<T> {
    fn default() -> List<T> {
        List::EMPTY
    }
}

impl<T> List<T> {
    pub(crate) const EMPTY: List<T> = List {
        start: 0,
        len: 0,
        of: PhantomData,
    };

    pub(crate) fn new(start: usize, len: usize) -> List<T> {
        List {
            start: start as u32,
            len: len as u32,
            of: PhantomData,
        }
    }

    /// Number of elements.
    pub fn len(self) -> usize {
        self.len as usize
    }

    /// Whether there is no element.
    pub fn is_empty(self) -> bool {
        self.len == 0
    }

    #[inline]
    fn of(self, all: &[T]) -> &[T] {
        let start = self.start as usize;
        all.get(start..start + self.len as usize)
            .unwrap_or_default()
    }
}

/// A name where it stands. [`Tree::name`] gives its text.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Name {
    pub(crate) text: u32,
    /// Its bytes; empty where a name was missing.
    pub span: Span,
}

/// Arenas of nodes and the text they refer to.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Tree {
    pub(crate) text: Arc<str>,
    pub(crate) exprs: Vec<Expr>,
    pub(crate) stmts: Vec<Stmt>,
    pub(crate) signatures: Vec<Signature>,
    pub(crate) gen_decls: Vec<GenDecl>,
    pub(crate) expr_lists: Vec<ExprId>,
    pub(crate) stmt_lists: Vec<StmtId>,
    pub(crate) chain_links: Vec<ChainLink>,
    pub(crate) names: Vec<Name>,
    pub(crate) fields: Vec<Field>,
    pub(crate) specs: Vec<Spec>,
}

// Parsing and walking are bound by memory: a node that grows costs every file.
const _: () = assert!(size_of::<Expr>() == 32 && size_of::<Stmt>() == 36);

// An id of another tree gets these rather than a panic.
static NO_EXPR: Expr = Expr {
    kind: ExprKind::Bad,
    span: Span::empty(0),
};
static NO_STMT: Stmt = Stmt {
    kind: StmtKind::Bad,
    span: Span::empty(0),
};
const NO_FIELDS: FieldList = FieldList {
    open: None,
    fields: List::EMPTY,
    close: None,
};
static NO_SIGNATURE: Signature = Signature {
    span: Span::empty(0),
    func: None,
    type_params: None,
    params: NO_FIELDS,
    results: None,
};
static NO_GEN_DECL: GenDecl = GenDecl {
    span: Span::empty(0),
    keyword: DeclKeyword::Var,
    lparen: None,
    specs: List::EMPTY,
    rparen: None,
};

impl Tree {
    /// How many expressions and types it has: their indices are below this.
    pub fn expr_count(&self) -> usize {
        self.exprs.len()
    }

    /// Its composite literals, inner before outer.
    pub fn composite_literals(&self) -> impl Iterator<Item = ExprId> {
        let numbered = self.exprs.iter().enumerate();
        numbered
            .filter(|(_, expr)| matches!(expr.kind, ExprKind::CompositeLit { .. }))
            .map(|(index, _)| ExprId::from_index(index))
    }

    /// An expression or type.
    #[inline]
    pub fn expr(&self, id: ExprId) -> &Expr {
        self.exprs.get(id.index()).unwrap_or(&NO_EXPR)
    }

    /// A statement.
    #[inline]
    pub fn stmt(&self, id: StmtId) -> &Stmt {
        self.stmts.get(id.index()).unwrap_or(&NO_STMT)
    }

    /// A signature.
    #[inline]
    pub fn signature(&self, id: SignatureId) -> &Signature {
        self.signatures.get(id.index()).unwrap_or(&NO_SIGNATURE)
    }

    /// A declaration inside a function.
    pub fn gen_decl(&self, id: GenDeclId) -> &GenDecl {
        self.gen_decls.get(id.index()).unwrap_or(&NO_GEN_DECL)
    }

    pub(crate) fn add_stmt(&mut self, kind: StmtKind, span: Span) -> StmtId {
        let id = StmtId::from_index(self.stmts.len());
        self.stmts.push(Stmt { kind, span });
        id
    }

    #[inline]
    pub(crate) fn add_expr(&mut self, kind: ExprKind, span: Span) -> ExprId {
        let id = ExprId::from_index(self.exprs.len());
        self.exprs.push(Expr { kind, span });
        id
    }

    /// The elements of a list of expressions.
    #[inline]
    pub fn exprs(&self, list: List<ExprId>) -> &[ExprId] {
        list.of(&self.expr_lists)
    }

    /// The elements of a list of statements.
    #[inline]
    pub fn stmts(&self, list: List<StmtId>) -> &[StmtId] {
        list.of(&self.stmt_lists)
    }

    /// The operands of an [`ExprKind::Chain`] after the first.
    #[inline]
    pub fn chain_links(&self, list: List<ChainLink>) -> &[ChainLink] {
        list.of(&self.chain_links)
    }

    /// The elements of a list of names.
    #[inline]
    pub fn names(&self, list: List<Name>) -> &[Name] {
        list.of(&self.names)
    }

    /// The elements of a list of fields.
    #[inline]
    pub fn fields(&self, list: FieldList) -> &[Field] {
        list.fields.of(&self.fields)
    }

    /// The specs of a declaration.
    #[inline]
    pub fn specs(&self, list: List<Spec>) -> &[Spec] {
        list.of(&self.specs)
    }

    /// The text of a name; `_` where a name was missing.
    #[inline]
    pub fn name(&self, name: Name) -> &str {
        match self.text_at(name.text, name.span) {
            "" => "_",
            text => text,
        }
    }

    /// The text of a literal as written, quotes included.
    pub fn literal(&self, literal: Literal) -> &str {
        self.text_at(literal.text, literal.span)
    }

    #[inline]
    pub(crate) fn text_at(&self, text: u32, span: Span) -> &str {
        let start = text as usize;
        self.text
            .get(start..start + span.len() as usize)
            .unwrap_or_default()
    }

    /// The statements of a [`StmtKind::Block`]; none for any other statement.
    #[inline]
    pub fn block(&self, id: StmtId) -> &[StmtId] {
        match self.stmt(id).kind {
            StmtKind::Block(block) => self.stmts(block.stmts),
            _ => &[],
        }
    }

    /// The name, if the expression is one.
    #[inline]
    pub fn ident(&self, id: ExprId) -> Option<&str> {
        match self.expr(id).kind {
            ExprKind::Ident(name) => Some(self.name(name)),
            _ => None,
        }
    }

    /// Whether the expression is the blank identifier `_`.
    #[inline]
    pub fn is_blank(&self, id: ExprId) -> bool {
        self.ident(id) == Some("_")
    }

    /// The expression without parentheses around it.
    #[inline]
    pub fn unparen(&self, mut id: ExprId) -> ExprId {
        while let ExprKind::Paren(inner) = self.expr(id).kind {
            id = inner;
        }
        id
    }

    /// What a condition `x == nil` or `x != nil` asks, in either order, and of which `x`; parentheses are looked through.
    pub fn nil_test(&self, cond: ExprId) -> Option<(ExprId, NilTest)> {
        let ExprKind::Binary { x, op, y, .. } = self.expr(self.unparen(cond)).kind else {
            return None;
        };
        let test = match op {
            BinaryOp::Eql => NilTest::IsNil,
            BinaryOp::Neq => NilTest::NotNil,
            _ => return None,
        };
        let (x, y) = (self.unparen(x), self.unparen(y));
        match (self.ident(x), self.ident(y)) {
            (_, Some("nil")) => Some((x, test)),
            (Some("nil"), _) => Some((y, test)),
            _ => None,
        }
    }

    /// `x` of a condition `x != nil`.
    pub fn not_nil(&self, cond: ExprId) -> Option<ExprId> {
        let (x, test) = self.nil_test(cond)?;
        (test == NilTest::NotNil).then_some(x)
    }

    /// The arguments of a call; none where the expression is no call.
    #[inline]
    pub fn arguments(&self, id: ExprId) -> &[ExprId] {
        match self.expr(id).kind {
            ExprKind::Call { args, .. } => self.exprs(args),
            _ => &[],
        }
    }

    /// Whether the statement is a loop that no condition ends: `for {`, or `for true {`.
    pub fn is_endless_loop(&self, id: StmtId) -> bool {
        match self.stmt(id).kind {
            StmtKind::For { cond, .. } => {
                cond.is_none_or(|cond| self.ident(self.unparen(cond)) == Some("true"))
            }
            _ => false,
        }
    }

    /// The names of `a.b.c` from left to right, if the expression is a name or a selection from
    /// one; parentheses are looked through.
    pub fn selector_path(&self, id: ExprId) -> Option<Vec<&str>> {
        let mut path = Vec::new();
        let mut id = id;
        loop {
            match self.expr(id).kind {
                ExprKind::Paren(inner) => id = inner,
                ExprKind::Selector { x, sel } => {
                    path.push(self.name(sel));
                    id = x;
                }
                ExprKind::Ident(name) => {
                    path.push(self.name(name));
                    path.reverse();
                    return Some(path);
                }
                _ => return None,
            }
        }
    }

    /// The value of a string literal expression, decoded.
    pub fn string_value(&self, id: ExprId) -> Option<String> {
        match self.expr(id).kind {
            ExprKind::BasicLit(literal) if literal.kind == LitKind::String => {
                crate::unquote(self.literal(literal)).and_then(|v| String::from_utf8(v).ok())
            }
            _ => None,
        }
    }

    /// Gives back room for nodes that did not come: outlines are kept, and some bodies.
    pub(crate) fn shrink(&mut self) {
        self.exprs.shrink_to_fit();
        self.stmts.shrink_to_fit();
        self.signatures.shrink_to_fit();
        self.gen_decls.shrink_to_fit();
        self.expr_lists.shrink_to_fit();
        self.stmt_lists.shrink_to_fit();
        self.chain_links.shrink_to_fit();
        self.names.shrink_to_fit();
        self.fields.shrink_to_fit();
        self.specs.shrink_to_fit();
    }
}
