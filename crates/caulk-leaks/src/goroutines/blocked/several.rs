//! Goroutines that have a channel each, in a list or a map of the function that starts them, where that leaves before it has
//! received from all: those that it has not come to wait for ever.

use std::collections::BTreeSet;

use caulk_program::{Builtin, Callee, LocalId, Type};
use caulk_syntax::{ExprId, ExprKind, Node, Span, StmtId, StmtKind, UnaryOp};

use super::paths::Paths;
use super::progress::waits_for_groups;
use super::{Blocked, Wait};
use crate::body::runs::{HowRun, how_run};
use crate::body::{Function, Root};
use crate::channels::made::{is_alone, span_of};
use crate::channels::names::is_channel;
use crate::module::Module;

/// The goroutines of this kind that a body starts.
pub(super) fn several(module: &Module<'_>, function: &Function) -> Vec<Blocked> {
    // A test ends before it matters.
    if crate::in_test::is_in_test(module, function) {
        return Vec::new();
    }
    let holds_channels = |ty| {
        let program = module.program;
        match program.ty(program.underlying(ty)) {
            Type::Slice(element) | Type::Map(_, element) => is_channel(program, *element),
            _ => false,
        }
    };
    let locals = function.info().locals();
    let lists = locals.filter(|(_, info)| holds_channels(info.ty));
    lists
        .filter_map(|(local, info)| {
            let mut list = List {
                module,
                function,
                root: info.function,
                made: None,
                sends: Vec::new(),
                receives: Vec::new(),
            };
            list.read(local)?;
            list.left()
        })
        .collect()
}

/// The channels of one variable, with all that is done with them.
struct List<'a> {
    module: &'a Module<'a>,
    function: &'a Function,
    /// The function or the literal whose variable it is.
    root: Root,
    /// Where one of its channels is made.
    made: Option<Span>,
    sends: Vec<Sent>,
    /// Each with the index that it is found by.
    receives: Vec<(ExprId, Option<ExprId>)>,
}

struct Sent {
    /// The `go` statement.
    start: Node,
    send: StmtId,
    channel: ExprId,
    index: ExprId,
}

impl List<'_> {
    /// Notes what is done with the channels; none where something is not understood.
    fn read(&mut self, list: LocalId) -> Option<()> {
        let tree = self.function.tree();
        let (value, _) = self.function.sole_value(self.module.program, list)?;
        self.is_make(value).then_some(())?;
        for mention in self.function.mentions(self.module.program, list) {
            match self.function.parent(mention)? {
                Node::Expr(parent) => match tree.expr(parent).kind {
                    ExprKind::Index { x, indices, .. } if x == mention => {
                        self.element(parent, *tree.exprs(indices).first()?)?;
                    }
                    ExprKind::Call { .. } => match self.function.callee(parent) {
                        Callee::Builtin(Builtin::Len) => {}
                        _ => return None,
                    },
                    _ => return None,
                },
                Node::Stmt(stmt) => match tree.stmt(stmt).kind {
                    StmtKind::Range { value, x, .. } if x == mention => {
                        if let Some(value) = value.filter(|value| !tree.is_blank(*value)) {
                            self.each(value)?;
                        }
                    }
                    _ => return None,
                },
            }
        }
        Some(())
    }

    /// What is done with one of the channels: `errs[i]`.
    fn element(&mut self, channel: ExprId, index: ExprId) -> Option<()> {
        let (function, tree) = (self.function, self.function.tree());
        match function.parent(channel)? {
            Node::Expr(receive) => self.received(receive, Some(index)),
            Node::Stmt(stmt) => match tree.stmt(stmt).kind {
                StmtKind::Assign { lhs, rhs, .. } => {
                    let mut pairs = tree.exprs(lhs).iter().zip(tree.exprs(rhs));
                    let (_, value) = pairs.find(|(target, _)| **target == channel)?;
                    // Without room for what is sent.
                    let bare = self.is_make(*value) && tree.arguments(*value).len() == 1;
                    self.made = Some(tree.expr(*value).span).filter(|_| bare);
                    self.made.map(|_| ())
                }
                StmtKind::Send { chan, .. }
                    if chan == channel && is_alone(function, stmt.into()) =>
                {
                    let how = how_run(self.module, function, function.root_of(stmt)?)?;
                    let HowRun::Goroutine(start) = how else {
                        return None;
                    };
                    self.sends.push(Sent {
                        start,
                        send: stmt,
                        channel,
                        index,
                    });
                    (function.root_of(start) == self.root).then_some(())
                }
                _ => None,
            },
        }
    }

    /// What is done with each of the channels in turn, as a loop gives it to a variable.
    fn each(&mut self, value: ExprId) -> Option<()> {
        let local = self.function.local(value)?;
        for mention in self.function.mentions(self.module.program, local) {
            if mention != value {
                match self.function.parent(mention)? {
                    Node::Expr(receive) => self.received(receive, None)?,
                    Node::Stmt(_) => return None,
                }
            }
        }
        Some(())
    }

    fn received(&mut self, receive: ExprId, index: Option<ExprId>) -> Option<()> {
        let is_receive = matches!(
            self.function.tree().expr(receive).kind,
            ExprKind::Unary {
                op: UnaryOp::Receive,
                ..
            }
        );
        self.receives.push((receive, index));
        (is_receive
            && is_alone(self.function, receive.into())
            && self.function.root_of(receive) == self.root)
            .then_some(())
    }

    fn is_make(&self, value: ExprId) -> bool {
        *self.function.callee(value) == Callee::Builtin(Builtin::Make)
    }

    /// One of the goroutines, where the loop that receives is left while others are to be received from.
    fn left(&self) -> Option<Blocked> {
        let (function, tree) = (self.function, self.function.tree());
        let (sent, [(receive, index)]) = (self.sends.first()?, &self.receives[..]) else {
            return None;
        };
        let round = function.innermost_loop(*receive)?;
        let starts = function.innermost_loop(sent.start)?;
        let file = caulk_flow::file_of(self.module.program, function.typed.owner)?;
        let text = |expr: ExprId| crate::place::text(file, tree.expr(expr).span);
        let behind = tree.expr(*receive).span.start > span_of(function, sent.start).end;
        // What one turn starts it may receive at once.
        let waits_for_others = match starts == round {
            true => index.is_some_and(|index| text(index) != text(sent.index)),
            false => behind,
        };
        let paths = Paths::of(function, self.root, waits_for_groups(self.module, function));
        let exits = paths.exits_past((*receive).into(), Some(round), &[], &BTreeSet::new());
        let leaves = exits.into_iter().min().filter(|_| waits_for_others)?;
        Some(Blocked {
            waits: tree.stmt(sent.send).span,
            made: self.made?,
            leaves,
            single_send: self.sends.len() == 1 && !function.in_loop(sent.send),
            ..Blocked::new(function, sent.start, Wait::Receive, text(sent.channel))
        })
    }
}
