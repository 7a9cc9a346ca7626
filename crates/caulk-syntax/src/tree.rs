//! The syntax tree: expressions, types, statements and declarations in arenas.
//!
//! The shapes and names are those of Go's own `go/ast`, so that whoever knows one knows the other.
//! Types are expressions, as there. A node refers to others by small ids that are only good in the
//! tree they come from. A tree owns the text of its names, literals and comments and so outlives
//! the source it was read from.

use std::marker::PhantomData;
use std::num::NonZeroU32;
use std::sync::Arc;

use crate::span::{Pos, Span};
use crate::token::{AssignOp, BinaryOp, UnaryOp};

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
        pub struct $name(NonZeroU32);

        impl $name {
                    pub(crate) fn from_index(index: usize) -> $name {
                $name(NonZeroU32::MIN.saturating_add(index as u32))
            }

            /// Place in the arena, from 0: children come before their parents.
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

/// An expression or a type.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// Its bytes.
    pub span: Span,
}

/// The kind of a literal.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum LitKind {
    /// `12`
    Int,
    /// `1.5`
    Float,
    /// `2i`
    Imag,
    /// `'a'`
    Char,
    /// `"a"` or a raw string
    String,
}

/// The text of a literal, as written. [`Tree::literal`] gives it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Literal {
    pub(crate) text: u32,
    /// What it is.
    pub kind: LitKind,
    /// Its bytes.
    pub span: Span,
}

/// The direction of a channel type.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum ChanDir {
    /// `chan T`
    Both,
    /// `chan<- T`
    Send,
    /// `<-chan T`
    Recv,
}

/// What an expression or type is. Where a position is not given it is an end of the span: an
/// opening keyword, operator or bracket stands at its start, a closing bracket just before its end.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum ExprKind {
    /// Something that is not an expression; an error was reported.
    Bad,
    /// `x`
    Ident(Name),
    /// `1`, `"a"`
    BasicLit(Literal),
    /// `T{a, b: c}`
    CompositeLit {
        /// The type; absent where it is elided inside another literal.
        ty: Option<ExprId>,
        /// `{`
        lbrace: Pos,
        /// Elements, some of them [`ExprKind::KeyValue`].
        elts: List<ExprId>,
    },
    /// `func(…) … { … }`
    FuncLit {
        /// Parameters and results.
        signature: SignatureId,
        /// A [`StmtKind::Block`].
        body: StmtId,
    },
    /// `(x)`
    Paren(ExprId),
    /// `x.sel`
    Selector {
        /// What stands before the dot: a value, a type or a package.
        x: ExprId,
        /// The name after the dot.
        sel: Name,
    },
    /// `x[i]`, `x[T1, T2]`
    Index {
        /// What is indexed or instantiated.
        x: ExprId,
        /// `[`
        lbrack: Pos,
        /// One index, or one or more type arguments.
        indices: List<ExprId>,
    },
    /// `x[low:high:max]`
    Slice {
        /// What is sliced.
        x: ExprId,
        /// `[`
        lbrack: Pos,
        /// Before the first colon.
        low: Option<ExprId>,
        /// After the first colon.
        high: Option<ExprId>,
        /// After the second colon, which only then is there.
        max: Option<ExprId>,
    },
    /// `x.(T)`, `x.(type)`
    TypeAssert {
        /// The interface value.
        x: ExprId,
        /// `(`
        lparen: Pos,
        /// The type; absent in `x.(type)`.
        ty: Option<ExprId>,
    },
    /// `fun(args…)`; a conversion looks the same.
    Call {
        /// What is called.
        fun: ExprId,
        /// `(`
        lparen: Pos,
        /// Arguments; the first may be a type.
        args: List<ExprId>,
        /// `...` after the last argument.
        ellipsis: Option<Pos>,
    },
    /// `*x`: a dereference or a pointer type.
    Star(ExprId),
    /// `-x`, `&x`, `<-x`, …
    Unary {
        /// The operator; it starts the expression.
        op: UnaryOp,
        /// The operand.
        x: ExprId,
    },
    /// `x + y`
    Binary {
        /// Left operand.
        x: ExprId,
        /// The operator.
        op: BinaryOp,
        /// Where the operator stands.
        op_pos: Pos,
        /// Right operand.
        y: ExprId,
    },
    /// `a + b + c + …` with very many operands (generated code concatenates thousands of strings).
    /// It stands for the [`ExprKind::Binary`] nested to the left that it would otherwise be, and
    /// keeps trees shallow enough to be walked recursively.
    Chain {
        /// The leftmost operand.
        first: ExprId,
        /// The others, each with the operator before it; all operators bind equally.
        rest: List<ChainLink>,
    },
    /// `key: value` in a composite literal
    KeyValue {
        /// Left of the colon.
        key: ExprId,
        /// `:`
        colon: Pos,
        /// Right of the colon.
        value: ExprId,
    },
    /// `[]T`, `[n]T`, `[...]T`
    ArrayType {
        /// The length; absent for a slice type, [`ExprKind::Ellipsis`] for `[...]T`.
        len: Option<ExprId>,
        /// Element type.
        elt: ExprId,
    },
    /// `struct { … }`
    StructType(FieldList),
    /// `func(…) …`
    FuncType(SignatureId),
    /// `interface { … }`. A method is a field with one name and a [`ExprKind::FuncType`]; an
    /// embedded type or union is one without a name.
    InterfaceType(FieldList),
    /// `map[K]V`
    MapType {
        /// Key type.
        key: ExprId,
        /// Value type.
        value: ExprId,
    },
    /// `chan T`
    ChanType {
        /// Which operations it allows.
        dir: ChanDir,
        /// `<-`
        arrow: Option<Pos>,
        /// Element type.
        value: ExprId,
    },
    /// `...T` in a parameter list, `...` in an array type
    Ellipsis(Option<ExprId>),
}

/// An operator and its right operand in an [`ExprKind::Chain`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ChainLink {
    /// The operator.
    pub op: BinaryOp,
    /// Where the operator stands.
    pub op_pos: Pos,
    /// The operand after it.
    pub y: ExprId,
}

/// Fields between brackets: parameters, results, type parameters, struct fields, or the elements
/// of an interface.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FieldList {
    /// Opening bracket; absent for a single result without parentheses.
    pub open: Option<Pos>,
    /// The fields.
    pub fields: List<Field>,
    /// Closing bracket; absent for a single result without parentheses.
    pub close: Option<Pos>,
}

/// `a, b T` in any list of fields.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Field {
    /// Its bytes, without a comment.
    pub span: Span,
    /// The names that share the type; none for an embedded field, a result or parameter without a
    /// name, or an element of an interface that is not a method.
    pub names: List<Name>,
    /// The type.
    pub ty: ExprId,
    /// The tag of a struct field.
    pub tag: Option<Literal>,
}

/// Parameters and results.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Signature {
    /// From `func` (in an interface: from the parameters) to the end of the results.
    pub span: Span,
    /// The keyword `func`; absent for a method of an interface.
    pub func: Option<Pos>,
    /// Type parameters of a declared function or method.
    pub type_params: Option<FieldList>,
    /// Parameters.
    pub params: FieldList,
    /// Results; absent where there is none (`func f() ()` has an empty list).
    pub results: Option<FieldList>,
}

/// A statement.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Stmt {
    /// What it is.
    pub kind: StmtKind,
    /// Its bytes, without a closing semicolon.
    pub span: Span,
}

/// A statement that transfers control.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum BranchKind {
    /// `break`
    Break,
    /// `continue`
    Continue,
    /// `goto`
    Goto,
    /// `fallthrough`
    Fallthrough,
}

/// What a statement is. Where a position is not given it is an end of the span, as with
/// [`ExprKind`].
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum StmtKind {
    /// Something that is not a statement; an error was reported.
    Bad,
    /// `var x = 1`, `const c = 2`, `type T int` inside a function
    Decl(GenDeclId),
    /// `;`, or nothing before a `}` (then the span is empty)
    Empty,
    /// `label: stmt`
    Labeled {
        /// The label.
        label: Name,
        /// `:`
        colon: Pos,
        /// What it labels.
        stmt: StmtId,
    },
    /// `x`
    Expr(ExprId),
    /// `ch <- value`
    Send {
        /// The channel.
        chan: ExprId,
        /// `<-`
        arrow: Pos,
        /// What is sent.
        value: ExprId,
    },
    /// `x++`, `x--`
    IncDec {
        /// The operand.
        x: ExprId,
        /// Whether it is `++`.
        increment: bool,
        /// Where the operator stands.
        op_pos: Pos,
    },
    /// `a, b = x, y`, `a := x`, `a += x`
    Assign {
        /// Left-hand sides.
        lhs: List<ExprId>,
        /// Which kind of assignment.
        op: AssignOp,
        /// Where the operator stands.
        op_pos: Pos,
        /// Right-hand sides.
        rhs: List<ExprId>,
    },
    /// `go f(x)`
    Go(ExprId),
    /// `defer f(x)`
    Defer(ExprId),
    /// `return x, y`
    Return(List<ExprId>),
    /// `break`, `continue`, `goto`, `fallthrough`
    Branch {
        /// Which.
        kind: BranchKind,
        /// Where to; always there for `goto`.
        label: Option<Name>,
    },
    /// `{ … }`
    Block(Block),
    /// `if init; cond { … } else …`
    If {
        /// Before the semicolon.
        init: Option<StmtId>,
        /// The condition.
        cond: ExprId,
        /// A [`StmtKind::Block`].
        then: StmtId,
        /// A [`StmtKind::Block`] or [`StmtKind::If`].
        els: Option<StmtId>,
    },
    /// `switch init; tag { case … }`
    Switch {
        /// Before the semicolon.
        init: Option<StmtId>,
        /// What is compared; absent for `true`.
        tag: Option<ExprId>,
        /// A [`StmtKind::Block`] of [`StmtKind::Case`].
        body: StmtId,
    },
    /// `switch init; x := y.(type) { case … }`
    TypeSwitch {
        /// Before the semicolon.
        init: Option<StmtId>,
        /// `x := y.(type)`, or `y.(type)` as an expression statement.
        assign: StmtId,
        /// A [`StmtKind::Block`] of [`StmtKind::Case`].
        body: StmtId,
    },
    /// `case a, b: …` or `default: …` of a switch
    Case {
        /// Values or types; empty for `default`.
        list: List<ExprId>,
        /// `:`
        colon: Pos,
        /// The statements after the colon.
        body: List<StmtId>,
    },
    /// `select { case … }`
    Select(
        /// A [`StmtKind::Block`] of [`StmtKind::Comm`].
        StmtId,
    ),
    /// `case v := <-ch: …` or `default: …` of a select
    Comm {
        /// A send, or a receive as an expression or assignment; absent for `default`.
        comm: Option<StmtId>,
        /// `:`
        colon: Pos,
        /// The statements after the colon.
        body: List<StmtId>,
    },
    /// `for init; cond; post { … }`
    For {
        /// Before the first semicolon.
        init: Option<StmtId>,
        /// The condition; absent for an endless loop.
        cond: Option<ExprId>,
        /// After the second semicolon.
        post: Option<StmtId>,
        /// A [`StmtKind::Block`].
        body: StmtId,
    },
    /// `for key, value := range x { … }`
    Range {
        /// First iteration variable.
        key: Option<ExprId>,
        /// Second iteration variable.
        value: Option<ExprId>,
        /// `=` or `:=`, where there is one; [`AssignOp::Define`] declares the variables.
        op: Option<AssignOp>,
        /// Where `=` or `:=` stands.
        op_pos: Option<Pos>,
        /// The keyword `range`.
        range: Pos,
        /// What is ranged over.
        x: ExprId,
        /// A [`StmtKind::Block`].
        body: StmtId,
    },
}

/// Statements between braces; the span of the statement starts with `{`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Block {
    /// The statements.
    pub stmts: List<StmtId>,
    /// `}`; absent where it is missing.
    pub rbrace: Option<Pos>,
}

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
    /// An expression or type.
    pub fn expr(&self, id: ExprId) -> &Expr {
        self.exprs.get(id.index()).unwrap_or(&NO_EXPR)
    }

    /// A statement.
    pub fn stmt(&self, id: StmtId) -> &Stmt {
        self.stmts.get(id.index()).unwrap_or(&NO_STMT)
    }

    /// A signature.
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

    pub(crate) fn add_expr(&mut self, kind: ExprKind, span: Span) -> ExprId {
        let id = ExprId::from_index(self.exprs.len());
        self.exprs.push(Expr { kind, span });
        id
    }

    /// The elements of a list of expressions.
    pub fn exprs(&self, list: List<ExprId>) -> &[ExprId] {
        list.of(&self.expr_lists)
    }

    /// The elements of a list of statements.
    pub fn stmts(&self, list: List<StmtId>) -> &[StmtId] {
        list.of(&self.stmt_lists)
    }

    /// The operands of an [`ExprKind::Chain`] after the first.
    pub fn chain_links(&self, list: List<ChainLink>) -> &[ChainLink] {
        list.of(&self.chain_links)
    }

    /// The elements of a list of names.
    pub fn names(&self, list: List<Name>) -> &[Name] {
        list.of(&self.names)
    }

    /// The elements of a list of fields.
    pub fn fields(&self, list: FieldList) -> &[Field] {
        list.fields.of(&self.fields)
    }

    /// The specs of a declaration.
    pub fn specs(&self, list: List<Spec>) -> &[Spec] {
        list.of(&self.specs)
    }

    /// The text of a name; `_` where a name was missing.
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

    pub(crate) fn text_at(&self, text: u32, span: Span) -> &str {
        let start = text as usize;
        self.text
            .get(start..start + span.len() as usize)
            .unwrap_or_default()
    }

    /// The statements of a [`StmtKind::Block`]; none for any other statement.
    pub fn block(&self, id: StmtId) -> &[StmtId] {
        match self.stmt(id).kind {
            StmtKind::Block(block) => self.stmts(block.stmts),
            _ => &[],
        }
    }

    /// The name, if the expression is one.
    pub fn ident(&self, id: ExprId) -> Option<&str> {
        match self.expr(id).kind {
            ExprKind::Ident(name) => Some(self.name(name)),
            _ => None,
        }
    }

    /// Whether the expression is the blank identifier `_`.
    pub fn is_blank(&self, id: ExprId) -> bool {
        self.ident(id) == Some("_")
    }

    /// The expression without parentheses around it.
    pub fn unparen(&self, mut id: ExprId) -> ExprId {
        while let ExprKind::Paren(inner) = self.expr(id).kind {
            id = inner;
        }
        id
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
}
