//! What is done with a channel, as far as one place tells it: sent on, closed, received from, and how the receiver goes on
//! where nothing comes.

use caulk_program::{Program, Type, TypeId, TypedBody};
use caulk_syntax::{
    BranchKind, Descend, ExprId, ExprKind, Name, Node, StmtId, StmtKind, Tree, UnaryOp,
};
use serde::{Deserialize, Serialize};

use crate::body::{Function, Parents};

/// What is done with a channel, by all that name it.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ChannelUses(u16);

impl ChannelUses {
    pub const NONE: ChannelUses = ChannelUses(0);
    pub const SENT: ChannelUses = ChannelUses(1);
    pub const CLOSED: ChannelUses = ChannelUses(2);
    /// Received from where nothing else lets the receiver go on for good.
    pub const RECEIVED: ChannelUses = ChannelUses(4);
    /// Received from in a `select` of which another clause leaves.
    const LEFT: ChannelUses = ChannelUses(8);
    /// Made with room.
    pub const ROOM: ChannelUses = ChannelUses(16);
    /// Given to, or given by, what is not followed.
    pub const OTHER: ChannelUses = ChannelUses(32);
    /// Left on the word of another channel of signals, not of a context.
    const QUIT: ChannelUses = ChannelUses(64);
    /// The same of a timer or a ticker.
    const CLOCK: ChannelUses = ChannelUses(128);
    /// Made with room for a few elements.
    pub const FEW: ChannelUses = ChannelUses(256);
    /// Left, as far as it is, for something that whoever sends may have to do with: another result, an error.
    const SERVED: ChannelUses = ChannelUses(512);
    pub const MADE: ChannelUses = ChannelUses(1024);
    /// Other modules can name it.
    pub const PUBLIC: ChannelUses = ChannelUses(2048);
    /// Received from in a method that others call, when and as often as they like.
    pub const CALLED: ChannelUses = ChannelUses(8192);
    /// Closed by whoever ranges over it, once that has ended: it ends no range.
    pub const CLOSED_BEHIND: ChannelUses = ChannelUses(4096);

    pub fn and(self, other: ChannelUses) -> ChannelUses {
        ChannelUses(self.0 | other.0)
    }

    fn has(self, any: ChannelUses) -> bool {
        self.0 & any.0 != 0
    }

    /// Whether nothing can ever be received from it.
    pub fn is_dead(self) -> bool {
        !self.has(Self::SENT.and(Self::PUBLIC)) && self.is_never_closed()
    }

    /// Whether there is none: nobody makes it, and it is given by nobody.
    pub fn is_nil(self) -> bool {
        let known = Self::MADE.and(Self::SENT).and(Self::OTHER);
        !self.has(
            known
                .and(Self::PUBLIC)
                .and(Self::CLOSED)
                .and(Self::CLOSED_BEHIND),
        )
    }

    /// Whether nobody ever closes it.
    pub fn is_never_closed(self) -> bool {
        self.has(Self::MADE) && !self.has(Self::CLOSED.and(Self::OTHER).and(Self::PUBLIC))
    }

    /// Whether all that receive from it may leave for good, and it has no room.
    pub fn is_left(self) -> bool {
        !self.has(Self::FEW.and(Self::ROOM)) && self.is_left_in_the_end()
    }

    /// The same, whatever room it has: whoever goes on sending fills it.
    fn is_left_in_the_end(self) -> bool {
        !self.has(Self::RECEIVED.and(Self::CALLED).and(Self::OTHER))
            && self.has(Self::LEFT)
            && self.has(Self::MADE)
    }

    /// Whether all that receive from it may leave for good, none of them for what those that send may have said, and it has no
    /// room.
    pub fn is_left_by_signal(self) -> bool {
        self.is_left() && !self.has(Self::SERVED)
    }

    /// The same, where it may have room for a few elements and nobody knows which is the last.
    pub fn is_left_with_few(self) -> bool {
        self.is_left_in_the_end() && !self.is_closed() && !self.has(Self::SERVED.and(Self::ROOM))
    }

    /// The same, whatever room it has.
    pub fn is_left_full(self) -> bool {
        self.is_left_in_the_end() && !self.has(Self::SERVED)
    }

    /// Whether some of them leave when there has been nothing for a while: they know that nobody is about to send.
    pub fn is_left_when_idle(self) -> bool {
        self.has(Self::CLOCK)
    }

    /// Whether only other modules receive from it, as far as is known, and it has no room.
    pub fn is_for_others(self) -> bool {
        let others = Self::RECEIVED.and(Self::CALLED).and(Self::LEFT);
        let others = others.and(Self::OTHER);
        self.has(Self::MADE)
            && self.has(Self::PUBLIC)
            && !self.has(others.and(Self::FEW).and(Self::ROOM))
    }

    /// Whether nobody receives from it but methods that others call, and it has no room.
    pub fn is_for_callers(self) -> bool {
        let others = Self::RECEIVED.and(Self::LEFT).and(Self::OTHER);
        self.has(Self::MADE)
            && self.has(Self::CALLED)
            && !self.has(others.and(Self::FEW).and(Self::ROOM).and(Self::PUBLIC))
    }

    /// Whether somebody closes it.
    pub fn is_closed(self) -> bool {
        self.has(Self::CLOSED.and(Self::CLOSED_BEHIND))
    }

    /// Whether some of them leave on the word of another channel, which may come when all has been sent.
    pub fn is_left_by_quit(self) -> bool {
        self.has(Self::QUIT.and(Self::CLOCK))
    }
}

/// How a receive goes on where nothing comes.
pub(super) fn received(
    program: &Program,
    body: &TypedBody,
    parents: &Parents,
    receive: ExprId,
) -> ChannelUses {
    let tree = body.tree();
    let clause = clause_of(tree, parents, receive.into());
    let clauses = clause
        .and_then(|clause| parents.get(clause.into()))
        .map(|list| match list {
            Node::Stmt(list) => match tree.stmt(list).kind {
                StmtKind::Block(block) => tree.stmts(block.stmts),
                _ => &[],
            },
            Node::Expr(_) => &[],
        });
    let others = clauses.unwrap_or_default().iter().filter(|other| {
        Some(**other) != clause
            && matches!(
                tree.stmt(**other).kind,
                StmtKind::Comm { comm: Some(_), .. }
            )
    });
    let once = clause.is_some_and(|clause| !is_in_loop(tree, parents, clause));
    let words = others
        .filter(|other| once || leaves(tree, **other, &|node| parents.get(node)))
        .map(|other| word(program, body, *other));
    match words.min_by_key(|word| word.0) {
        Some(word) => ChannelUses::LEFT.and(word),
        None => ChannelUses::RECEIVED,
    }
}

/// The clause of a `select` whose communication a receive is.
pub(crate) fn clause_of(tree: &Tree, parents: &Parents, receive: Node) -> Option<StmtId> {
    let mut at = receive;
    loop {
        at = match parents.get(at)? {
            Node::Stmt(stmt) => match tree.stmt(stmt).kind {
                StmtKind::Comm { comm, .. } => {
                    return (comm.map(Node::Stmt) == Some(at)).then_some(stmt);
                }
                StmtKind::Expr(_) | StmtKind::Assign { .. } => stmt.into(),
                _ => return None,
            },
            node @ Node::Expr(_) => node,
        };
    }
}

/// Whether a statement stands in a loop of its function.
fn is_in_loop(tree: &Tree, parents: &Parents, stmt: StmtId) -> bool {
    let mut at = Node::from(stmt);
    while let Some(around) = parents.get(at) {
        match around {
            Node::Expr(expr) if matches!(tree.expr(expr).kind, ExprKind::FuncLit { .. }) => break,
            Node::Stmt(stmt)
                if matches!(
                    tree.stmt(stmt).kind,
                    StmtKind::For { .. } | StmtKind::Range { .. }
                ) =>
            {
                return true;
            }
            _ => at = around,
        }
    }
    false
}

/// On whose word a clause leaves: nothing for a context, which ends without those that send.
fn word(program: &Program, body: &TypedBody, clause: StmtId) -> ChannelUses {
    let tree = body.tree();
    let Some(channel) = received_in(tree, clause) else {
        return ChannelUses::SERVED;
    };
    if let ExprKind::Call { fun, .. } = tree.expr(channel).kind
        && let ExprKind::Selector { x, sel } = tree.expr(fun).kind
        && tree.name(sel) == "Done"
        && let ty = body.info.type_of(x)
        && (ty.is_unknown()
            || program
                .named_name(ty)
                .is_some_and(|name| name.ends_with("context.Context")))
    {
        return ChannelUses::NONE;
    }
    let ty = program.ty(program.underlying(body.info.type_of(channel)));
    match ty {
        Type::Chan(_, element) if program.is_named(*element, "time.Time") => ChannelUses::CLOCK,
        Type::Chan(_, element) if is_signal(program, *element) => ChannelUses::QUIT,
        // What it says is that it is the end.
        Type::Chan(_, element) if program.is_basic(*element) && is_word_to_end(tree, channel) => {
            ChannelUses::QUIT
        }
        _ => ChannelUses::SERVED,
    }
}

/// Whether a channel is called after the end that it tells of: `quit`, `s.stopCh`.
fn is_word_to_end(tree: &Tree, channel: ExprId) -> bool {
    const ENDS: [&str; 4] = ["stop", "quit", "exit", "shutdown"];
    let name = match tree.expr(channel).kind {
        ExprKind::Ident(name) | ExprKind::Selector { sel: name, .. } => tree.name(name),
        _ => return false,
    };
    let name = name.to_ascii_lowercase();
    ENDS.iter().any(|end| name.contains(end))
}

/// Whether the elements of a channel say nothing: `struct{}`.
pub(crate) fn is_signal(program: &Program, element: TypeId) -> bool {
    matches!(program.ty(program.underlying(element)), Type::Struct(fields) if fields.is_empty())
}

/// Whether a clause leaves the `select`'s function, or the loops around it for good.
pub(crate) fn leaves(tree: &Tree, clause: StmtId, parent: &dyn Fn(Node) -> Option<Node>) -> bool {
    let mut found = false;
    tree.walk(clause, |node| match node {
        Node::Expr(expr) if matches!(tree.expr(expr).kind, ExprKind::FuncLit { .. }) => {
            Descend::Skip
        }
        Node::Stmt(stmt) => {
            found |= match tree.stmt(stmt).kind {
                StmtKind::Return(_) => true,
                StmtKind::Branch { kind, label } => {
                    kind == BranchKind::Goto
                        || kind == BranchKind::Break
                            && label.is_some_and(|label| ends_all(tree, stmt, label, parent))
                }
                _ => false,
            };
            Descend::Into
        }
        Node::Expr(_) => Descend::Into,
    });
    found
}

/// Whether a `break` leaves the outermost loop.
fn ends_all(tree: &Tree, at: StmtId, label: Name, parent: &dyn Fn(Node) -> Option<Node>) -> bool {
    let mut left = false;
    let mut node = Node::from(at);
    while let Some(around) = parent(node) {
        match around {
            Node::Expr(expr) if matches!(tree.expr(expr).kind, ExprKind::FuncLit { .. }) => break,
            Node::Stmt(stmt) => match tree.stmt(stmt).kind {
                StmtKind::Labeled { label: name, .. } if tree.name(name) == tree.name(label) => {
                    left = true;
                }
                StmtKind::For { .. } | StmtKind::Range { .. } if left => return false,
                _ => {}
            },
            Node::Expr(_) => {}
        }
        node = around;
    }
    left
}

/// The channel that a clause of a `select` receives from.
pub(crate) fn received_by(function: &Function, clause: StmtId) -> Option<ExprId> {
    received_in(function.tree(), clause)
}

fn received_in(tree: &Tree, clause: StmtId) -> Option<ExprId> {
    let StmtKind::Comm { comm, .. } = tree.stmt(clause).kind else {
        return None;
    };
    received_from(tree, comm?)
}

/// The channel that a statement receives from: `<-c`, `v, ok := <-c`.
pub(crate) fn received_from(tree: &Tree, stmt: StmtId) -> Option<ExprId> {
    let receive = match tree.stmt(stmt).kind {
        StmtKind::Expr(receive) => receive,
        StmtKind::Assign { rhs, .. } => *tree.exprs(rhs).first()?,
        _ => return None,
    };
    match tree.expr(tree.unparen(receive)).kind {
        ExprKind::Unary {
            op: UnaryOp::Receive,
            x,
        } => Some(tree.unparen(x)),
        _ => None,
    }
}
