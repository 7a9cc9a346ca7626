//! The control-flow graph of one body: basic blocks over the ids of its tree.
//!
//! Conditions are taken apart: a branch never has `&&`, `||`, `!` or parentheses at its root. The
//! graph of a function does not enter function literals; each has a graph of its own.

use caulk_syntax::{ExprId, StmtId};

/// A basic block of a [`Graph`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BlockId(pub(crate) u32);

/// A loop of a [`Graph`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LoopId(pub(crate) u32);

/// Control flow of one body.
#[derive(Debug, Clone)]
pub struct Graph {
    pub(crate) blocks: Vec<BasicBlock>,
    pub(crate) loops: Vec<Loop>,
    pub(crate) literals: Vec<ExprId>,
    /// The [`caulk_syntax::StmtKind::Block`] that it is the graph of.
    pub body: StmtId,
}

/// Straight-line code and how it ends.
#[derive(Debug, Clone, Default)]
pub struct BasicBlock {
    /// What happens, in order.
    pub events: Vec<Event>,
    /// How it ends.
    pub end: End,
    /// The innermost loop it belongs to.
    pub in_loop: Option<LoopId>,
}

/// A loop statement, or a loop made with `goto`.
#[derive(Debug, Clone, Copy)]
pub struct Loop {
    /// The `for` statement.
    pub stmt: StmtId,
    /// The loop around it.
    pub outer: Option<LoopId>,
    /// Whether the statement itself can end: it has a condition or ranges, or a `break` leaves it.
    pub ends: bool,
}

/// What happens within a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// An expression is evaluated: an expression statement, or a tag.
    Eval(ExprId),
    /// A statement without control flow of its own: assignment, declaration, send, `go`, `++`.
    Stmt(StmtId),
    /// A `defer` statement: its function and arguments are evaluated, the call runs at exit.
    Defer(StmtId),
    /// The variables of a `range` statement get their next values.
    RangeNext(StmtId),
    /// The variable of a type switch is bound in a clause.
    TypeCase {
        /// The type switch.
        switch: StmtId,
        /// The clause.
        case: StmtId,
    },
}

/// How a block ends.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum End {
    /// Goes on with another block.
    Jump(BlockId),
    /// Evaluates a condition.
    Branch {
        /// The condition.
        cond: ExprId,
        /// Where it is true.
        yes: BlockId,
        /// Where it is false.
        no: BlockId,
    },
    /// Compares the tag of a switch with the value of a case.
    Compare {
        /// The tag.
        tag: ExprId,
        /// The value.
        value: ExprId,
        /// Where they are equal.
        yes: BlockId,
        /// Where they are not.
        no: BlockId,
    },
    /// Chooses a clause of a type switch.
    TypeSwitch {
        /// The statement.
        stmt: StmtId,
        /// Clauses and where they start.
        cases: Vec<(StmtId, BlockId)>,
        /// Where no clause is chosen.
        other: Option<BlockId>,
    },
    /// Waits for one of several communications.
    Select {
        /// The statement.
        stmt: StmtId,
        /// Clauses and where they start.
        cases: Vec<(StmtId, BlockId)>,
    },
    /// Takes the next element of a range, or leaves.
    Range {
        /// The statement.
        stmt: StmtId,
        /// Where there is one.
        body: BlockId,
        /// Where there is none.
        done: BlockId,
    },
    /// A `return` statement.
    Return(StmtId),
    /// The closing brace of the body.
    Fall,
    /// A call that does not return; the statement's expression was evaluated before.
    NoReturn(ExprId),
    /// Blocks for ever, or cannot be reached.
    #[default]
    Never,
}

impl Graph {
    /// Where control enters.
    pub fn entry(&self) -> BlockId {
        BlockId(0)
    }

    /// A block; one that never continues where the id is of another graph.
    pub fn block(&self, id: BlockId) -> &BasicBlock {
        static NEVER: BasicBlock = BasicBlock {
            events: Vec::new(),
            end: End::Never,
            in_loop: None,
        };
        self.blocks.get(id.0 as usize).unwrap_or(&NEVER)
    }

    /// All blocks with their ids.
    pub fn blocks(&self) -> impl Iterator<Item = (BlockId, &BasicBlock)> {
        (0..).map(BlockId).zip(&self.blocks)
    }

    /// A loop.
    pub fn loop_(&self, id: LoopId) -> Option<&Loop> {
        self.loops.get(id.0 as usize)
    }

    /// Function literals that stand directly in this body, in source order.
    pub fn literals(&self) -> &[ExprId] {
        &self.literals
    }

    /// Blocks that can be reached from `from`, `from` itself only where it lies on a cycle.
    pub fn reachable(&self, from: BlockId) -> Vec<bool> {
        let mut seen = vec![false; self.blocks.len()];
        let mut todo = self.block(from).end.targets();
        while let Some(id) = todo.pop() {
            if let Some(flag) = seen.get_mut(id.0 as usize)
                && !*flag
            {
                *flag = true;
                todo.extend(self.block(id).end.targets());
            }
        }
        seen
    }

    /// Whether some path from the entry reaches a return or the closing brace.
    pub fn returns(&self) -> bool {
        let mut seen = self.reachable(self.entry());
        if let Some(first) = seen.first_mut() {
            *first = true;
        }
        self.blocks
            .iter()
            .zip(seen)
            .any(|(block, seen)| seen && matches!(block.end, End::Return(_) | End::Fall))
    }
}

impl BlockId {
    /// Place in the order of [`Graph::blocks`].
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

impl End {
    /// The blocks that can come next.
    pub fn targets(&self) -> Vec<BlockId> {
        match self {
            End::Jump(to) => vec![*to],
            End::Branch { yes, no, .. } | End::Compare { yes, no, .. } => vec![*yes, *no],
            End::TypeSwitch { cases, other, .. } => {
                cases.iter().map(|(_, to)| *to).chain(*other).collect()
            }
            End::Select { cases, .. } => cases.iter().map(|(_, to)| *to).collect(),
            End::Range { body, done, .. } => vec![*body, *done],
            End::Return(_) | End::Fall | End::NoReturn(_) | End::Never => Vec::new(),
        }
    }
}
