//! Expressions and types.

use super::{ExprId, List, Name, SignatureId, StmtId};
use crate::span::{Pos, Span};
use crate::token::{BinaryOp, UnaryOp};

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

/// The text of a literal, as written. [`Tree::literal`](crate::Tree::literal) gives it.
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

/// What a comparison with `nil` asks; see [`Tree::nil_test`](crate::Tree::nil_test).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum NilTest {
    /// `x == nil`
    IsNil,
    /// `x != nil`
    NotNil,
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
        /// A [`StmtKind::Block`](crate::StmtKind::Block).
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
