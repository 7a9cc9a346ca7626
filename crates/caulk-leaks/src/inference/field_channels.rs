//! What bodies do with channels that are kept in fields.

use caulk_program::{Builtin, Callee, LocalId, Object, Program, Type, TypeId, TypedBody};
use caulk_syntax::{
    BranchKind, Descend, ExprId, ExprKind, LitKind, Name, Node, StmtId, StmtKind, Tree, UnaryOp,
};
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::engine::{Function, Parents};
use crate::inference::field_uses::FieldUses;
use crate::module::Module;

/// What is done with the channel of a field, by all that name it.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ChannelUses(u16);

const SENT: u16 = 1;
const CLOSED: u16 = 2;
/// Received from where nothing else lets the receiver go on for good.
const RECEIVED: u16 = 4;
/// Received from in a `select` of which another clause leaves.
const LEFT: u16 = 8;
/// Made with room.
const ROOM: u16 = 16;
/// Passed on, copied, returned, or given from elsewhere.
const OTHER: u16 = 32;
/// Left on the word of another channel of signals, not of a context.
const QUIT: u16 = 64;
/// The same of a timer or a ticker.
const CLOCK: u16 = 128;
/// Left, as far as it is, for something that whoever sends may have to do with: another result, an error.
const SERVED: u16 = 512;
/// Made with room for a few elements.
const FEW: u16 = 256;

impl ChannelUses {
    pub fn add(&mut self, other: ChannelUses) {
        self.0 |= other.0;
    }

    pub fn is_none(self) -> bool {
        self.0 == 0
    }

    /// Nothing can ever be received from it.
    fn is_dead(self) -> bool {
        self.0 & (SENT | CLOSED | OTHER) == 0
    }

    /// Nobody ever closes it.
    fn is_never_closed(self) -> bool {
        self.0 & (CLOSED | OTHER) == 0
    }

    /// All that receive from it may leave for good, and it has no room.
    fn is_left(self) -> bool {
        self.0 & FEW == 0 && self.is_left_in_the_end()
    }

    /// The same, where it may have room for a few.
    fn is_left_in_the_end(self) -> bool {
        self.0 & (RECEIVED | ROOM | OTHER) == 0 && self.0 & LEFT != 0
    }

    /// The same, and none of them leaves for what those that send may have said.
    fn is_left_by_signal(self) -> bool {
        self.is_left() && self.0 & SERVED == 0
    }

    fn is_left_by_quit(self) -> bool {
        self.0 & (QUIT | CLOCK) != 0
    }
}

/// What is done with the channel of a field where that is named.
pub(super) fn use_of(
    program: &Program,
    body: &TypedBody,
    parents: &Parents,
    expr: ExprId,
) -> ChannelUses {
    let tree = body.tree();
    let ty = program.ty(program.underlying(body.info.type_of(expr)));
    if !matches!(ty, Type::Chan(..) | Type::Unknown) {
        return ChannelUses::default();
    }
    ChannelUses(match parents.get(expr.into()) {
        Some(Node::Expr(parent)) => match tree.expr(parent).kind {
            ExprKind::Unary {
                op: UnaryOp::Receive,
                ..
            } => received(program, body, parents, parent),
            ExprKind::Call { fun, .. } if fun != expr => match body.info.callee(parent) {
                Callee::Builtin(Builtin::Close) => CLOSED,
                Callee::Builtin(Builtin::Len | Builtin::Cap) => 0,
                _ => OTHER,
            },
            ExprKind::Binary { .. } => 0,
            _ => OTHER,
        },
        Some(Node::Stmt(stmt)) => match tree.stmt(stmt).kind {
            StmtKind::Send { chan, .. } if chan == expr => SENT,
            StmtKind::Range { x, .. } if x == expr => RECEIVED,
            StmtKind::Assign { lhs, rhs, .. } => {
                let (lhs, rhs) = (tree.exprs(lhs), tree.exprs(rhs));
                match lhs.iter().position(|target| *target == expr) {
                    Some(index) if lhs.len() == rhs.len() => given(body, rhs.get(index).copied()),
                    _ => OTHER,
                }
            }
            _ => OTHER,
        },
        None => OTHER,
    })
}

/// What the elements of a composite literal are given: each with the name of the field, none where that is not written.
pub(super) fn given_in(
    program: &Program,
    body: &TypedBody,
    element: ExprId,
) -> Option<(SmolStr, ChannelUses)> {
    let tree = body.tree();
    let (name, value) = match tree.expr(element).kind {
        ExprKind::KeyValue { key, value, .. } => match tree.expr(key).kind {
            ExprKind::Ident(name) => (SmolStr::new(tree.name(name)), value),
            _ => return None,
        },
        _ => (SmolStr::default(), element),
    };
    let ty = program.ty(program.underlying(body.info.type_of(value)));
    if !matches!(ty, Type::Chan(..) | Type::Unknown) {
        return None;
    }
    let given = if name.is_empty() {
        OTHER
    } else {
        given(body, Some(value))
    };
    Some((name, ChannelUses(given)))
}

/// What is known of a channel by what a field is given.
fn given(body: &TypedBody, value: Option<ExprId>) -> u16 {
    let tree = body.tree();
    let Some(value) = value.map(|value| caulk_flow::unparen(tree, value)) else {
        return OTHER;
    };
    match tree.expr(value).kind {
        ExprKind::Call { args, .. }
            if *body.info.callee(value) == Callee::Builtin(Builtin::Make) =>
        {
            let written = |size: &ExprId| match tree.expr(*size).kind {
                ExprKind::BasicLit(literal) if literal.kind == LitKind::Int => {
                    tree.literal(literal).parse::<u32>().ok()
                }
                _ => None,
            };
            match tree.exprs(args).get(1).map(written) {
                None | Some(Some(0)) => 0,
                Some(Some(1..=4)) => FEW,
                Some(_) => ROOM,
            }
        }
        ExprKind::Ident(name) if tree.name(name) == "nil" => 0,
        _ => OTHER,
    }
}

/// How a receive goes on where nothing comes.
fn received(program: &Program, body: &TypedBody, parents: &Parents, receive: ExprId) -> u16 {
    let tree = body.tree();
    let mut at = Node::from(receive);
    let clause = loop {
        match parents.get(at) {
            Some(Node::Stmt(stmt)) => match tree.stmt(stmt).kind {
                StmtKind::Comm { comm, .. } => {
                    break (comm.map(Node::Stmt) == Some(at)).then_some(stmt);
                }
                StmtKind::Expr(_) | StmtKind::Assign { .. } => at = stmt.into(),
                _ => break None,
            },
            Some(node @ Node::Expr(_)) => at = node,
            None => break None,
        }
    };
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
    let words: Vec<u16> = others
        .filter(|other| leaves(tree, **other, &|node| parents.get(node)))
        .map(|other| word(program, body, *other))
        .collect();
    match words.iter().min() {
        Some(word) => LEFT | word,
        None => RECEIVED,
    }
}

/// On whose word a clause leaves: nothing for a context, which ends without those that send.
fn word(program: &Program, body: &TypedBody, clause: StmtId) -> u16 {
    let tree = body.tree();
    let Some(channel) = received_in(tree, clause) else {
        return SERVED;
    };
    if let ExprKind::Call { fun, .. } = tree.expr(channel).kind
        && let ExprKind::Selector { x, sel } = tree.expr(fun).kind
        && tree.name(sel) == "Done"
        && program
            .named_name(body.info.type_of(x))
            .is_some_and(|name| name.ends_with("context.Context"))
    {
        return 0;
    }
    let ty = program.ty(program.underlying(body.info.type_of(channel)));
    match ty {
        Type::Chan(_, element) if program.named_name(*element).as_deref() == Some("time.Time") => {
            CLOCK
        }
        Type::Chan(_, element) if is_signal(program, *element) => QUIT,
        _ => SERVED,
    }
}

/// Whether the elements of a channel say nothing: `struct{}`.
fn is_signal(program: &Program, element: TypeId) -> bool {
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
    let receive = match tree.stmt(comm?).kind {
        StmtKind::Expr(receive) => receive,
        StmtKind::Assign { rhs, .. } => *tree.exprs(rhs).first()?,
        _ => return None,
    };
    match tree.expr(caulk_flow::unparen(tree, receive)).kind {
        ExprKind::Unary {
            op: UnaryOp::Receive,
            x,
        } => Some(caulk_flow::unparen(tree, x)),
        _ => None,
    }
}

/// A channel that is kept in a field of a variable.
pub(crate) struct FieldChannel {
    pub of: LocalId,
    pub name: SmolStr,
    uses: ChannelUses,
}

impl FieldChannel {
    /// Whether nothing can ever be received from it.
    pub fn is_dead(&self) -> bool {
        self.uses.is_dead()
    }

    /// Whether nobody ever closes it.
    pub fn is_never_closed(&self) -> bool {
        self.uses.is_never_closed()
    }

    /// Whether all that receive from it may leave for good, and it has no room.
    pub fn is_left(&self) -> bool {
        self.uses.is_left()
    }

    /// The same, and none of them leaves for what those that send may have said.
    pub fn is_left_by_signal(&self) -> bool {
        self.uses.is_left_by_signal()
    }

    /// The same, where it may have room for a few elements, which whoever goes on sending fills.
    pub fn is_left_in_the_end(&self) -> bool {
        self.uses.is_left_in_the_end() && self.uses.0 & SERVED == 0
    }

    /// Whether some of them leave when there has been nothing for a while: they know that nobody is about to send.
    pub fn is_left_when_idle(&self) -> bool {
        self.uses.0 & CLOCK != 0
    }

    /// Whether some of them leave on the word of another channel, which may come when all has been sent.
    pub fn is_left_by_quit(&self) -> bool {
        self.uses.is_left_by_quit()
    }
}

/// The channel of a field that only the type's own package can name, with what all of that does with it.
pub(crate) fn field_channel(
    module: &Module<'_>,
    function: &Function,
    channel: ExprId,
) -> Option<FieldChannel> {
    let tree = function.tree();
    let program = module.program;
    let channel = caulk_flow::unparen(tree, channel);
    let ExprKind::Selector { x, .. } = tree.expr(channel).kind else {
        return None;
    };
    let Object::Field { name, through } = function.info().object(channel) else {
        return None;
    };
    let exported = name.chars().next().is_none_or(char::is_uppercase);
    let ty = program.ty(program.underlying(function.info().type_of(channel)));
    if exported || !through.is_empty() || !matches!(ty, Type::Chan(..)) {
        return None;
    }
    let of = function.local(x)?;
    let named = program.named_of(function.info().type_of(x))?;
    let package = program.package(function.package);
    if &*named.package != package.path() {
        return None;
    }
    let uses = module.uses_of_field(function.package, &named.full_name(), name)?;
    Some(FieldChannel {
        of,
        name: name.clone(),
        uses: uses.channel,
    })
}

impl FieldUses {
    /// Adds what the elements of composite literals are given.
    pub(super) fn add_given(&mut self, program: &Program, body: &TypedBody, literal: ExprId) {
        let tree = body.tree();
        let ExprKind::CompositeLit { elts, .. } = tree.expr(literal).kind else {
            return;
        };
        for element in tree.exprs(elts) {
            let Some((name, given)) = given_in(program, body, *element) else {
                continue;
            };
            if !given.is_none()
                && let Some(of) = program.named_name(body.info.type_of(literal))
            {
                self.add_channel(name, of, given);
            }
        }
    }
}
