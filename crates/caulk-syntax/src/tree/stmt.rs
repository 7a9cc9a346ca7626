//! Statements.

use super::{ExprId, GenDeclId, List, Name, StmtId};
use crate::span::{Pos, Span};
use crate::token::AssignOp;

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
/// [`ExprKind`](crate::ExprKind).
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
