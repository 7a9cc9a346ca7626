//! Receives that the starter leaves to a function which it calls: that may return without one.

use caulk_program::{Callee, LocalId, Type};
use caulk_syntax::{BinaryOp, Descend, ExprId, ExprKind, Node, Span, StmtId, StmtKind, UnaryOp};

use super::paths::{Paths, ending_loop_in};
use super::progress::waits_for_groups;
use super::returned_last;
use super::served::View;
use crate::body::Function;
use crate::channels::made::{Actor, Op, Use, Within, span_of};
use crate::channels::produced::looked_at;

impl View<'_> {
    /// Whether a function that the starter calls to receive may return without having done so.
    pub(super) fn may_skip(&self, start: Node, receive: &Use, receives: &[&Use]) -> bool {
        let Some(within) = &receive.within else {
            return false;
        };
        !self.function.in_loop(receive.node)
            && !self.asks(receive.node, receives)
            && !self.knows_more(start, receive.node)
            && self.paths_within(within, receive, receives).leaves_body(1)
    }

    /// Where the starter leaves behind a function that stops receiving while more is to be sent.
    pub(super) fn stops_within(
        &self,
        start: Node,
        receive: &Use,
        receives: &[&Use],
        independent: bool,
    ) -> Option<Span> {
        let within = receive.within.as_ref()?;
        let call = receive.node;
        if self.function.in_loop(call) || self.asks(call, receives) || self.knows_more(start, call)
        {
            return None;
        }
        let round = round_within(within, receive)?;
        let inner = within.receive(receive);
        let served = self.paths_within(within, receive, receives).counted;
        self.leaves_round(&inner, round, &served, independent)?;
        let mut paths = self.receiving(start, receives);
        paths.counted.retain(|node| *node != receive.node);
        if let Some(Node::Stmt(stmt)) = self.function.parent(receive.node)
            && matches!(self.function.tree().stmt(stmt).kind, StmtKind::Return(_))
        {
            return Some(self.function.tree().stmt(stmt).span);
        }
        paths.leaves_with_fewer(receive.node, 1)
    }

    /// Where the starter leaves with the error of a function that it calls to receive, and that may fail while more is to be sent.
    pub(super) fn fails_within(
        &self,
        start: Node,
        receive: &Use,
        receives: &[&Use],
        independent: bool,
    ) -> Option<Span> {
        let within = receive.within.as_ref()?;
        let (callee, Node::Expr(call)) = (&*within.function, receive.node) else {
            return None;
        };
        let called = self.function.callee(call).func()?.id;
        if called != callee.id() || within.root.is_some() || self.knows_more(start, call.into()) {
            return None;
        }
        let leaves = self.leaves_by_error_of(call, receives)?;
        let inner = within.receive(receive);
        let round = round_within(within, receive);
        let served = self.paths_within(within, receive, receives).counted;
        let exits = self.stops_early(&inner, round, &served, independent);
        exits
            .iter()
            .any(|exit| makes_error(callee, *exit))
            .then_some(leaves)
    }

    /// The end of the branch that is taken where a call has given an error, when nothing is received there:
    /// `if err != nil { return err }`.
    fn leaves_by_error_of(&self, call: ExprId, receives: &[&Use]) -> Option<Span> {
        let (function, tree) = (self.function, self.function.tree());
        let stmt = function.statement(call)?;
        let StmtKind::Assign { lhs, .. } = tree.stmt(stmt).kind else {
            return None;
        };
        let error = function.local(*tree.exprs(lhs).last()?)?;
        let ty = function.info().local_info(error)?.ty;
        let cond = looked_at(function, error, stmt)?;
        let ExprKind::Binary {
            op: BinaryOp::Neq, ..
        } = tree.expr(cond).kind
        else {
            return None;
        };
        let Some(Node::Stmt(branch)) = function.parent(cond) else {
            return None;
        };
        let StmtKind::If { then, .. } = tree.stmt(branch).kind else {
            return None;
        };
        let StmtKind::Block(block) = tree.stmt(then).kind else {
            return None;
        };
        let last = *tree.stmts(block.stmts).last()?;
        let arm = tree.stmt(then).span;
        let receives = receives
            .iter()
            .any(|receive| arm.encloses(span_of(function, receive.node)));
        let leaves = matches!(tree.stmt(last).kind, StmtKind::Return(_));
        (crate::types::is_error(self.module.program, ty) && leaves && !receives)
            .then(|| tree.stmt(last).span)
    }

    /// Whether what a call gives may say whether something was received: it decides how its caller goes on, or is an
    /// error behind which another receive stands.
    fn asks(&self, call: Node, receives: &[&Use]) -> bool {
        let (Node::Expr(expr), function) = (call, self.function) else {
            return true;
        };
        let program = self.module.program;
        match function.parent(call) {
            Some(Node::Stmt(stmt)) => match function.tree().stmt(stmt).kind {
                StmtKind::Expr(_) | StmtKind::Return(_) => false,
                StmtKind::Assign { .. } => {
                    let results = crate::types::results(program, function.info().type_of(expr));
                    let says = |ty| program.is_basic(ty) && !crate::types::is_error(program, ty);
                    results.into_iter().any(says)
                        || receives.iter().any(|receive| receive.node != call)
                }
                _ => true,
            },
            _ => true,
        }
    }

    /// The paths of the function that is called, with the receives that this call makes.
    fn paths_within<'w>(&self, within: &'w Within, receive: &Use, receives: &[&Use]) -> Paths<'w> {
        let function = &*within.function;
        let here = |used: &&&Use| used.node == receive.node;
        let of_call = receives.iter().filter(here);
        let mut counted: Vec<Node> = of_call
            .filter_map(|used| used.within.as_ref())
            .filter(|other| other.function.typed.owner == function.typed.owner)
            .map(|other| other.node)
            .collect();
        let enough = counted
            .iter()
            .filter_map(|node| ending_loop_in(function, None, *node))
            .collect();
        counted.extend(waits_for_groups(self.module, function));
        Paths {
            enough,
            ..Paths::of(function, None, counted)
        }
    }

    /// Whether a goroutine does no more with another channel than to receive from it: that tells nobody how far it has come.
    fn only_hears(&self, start: Node, channel: LocalId) -> bool {
        let mut others = self.others.iter();
        let other = others.find(|other| other.channel.local == Some(channel));
        other.is_some_and(|other| {
            let mut uses = other.uses.iter();
            uses.all(|used| used.actor != Actor::Goroutine(start) || used.op == Op::Receive)
        })
    }

    /// Whether the function that is called is passed something else by which it knows how far the goroutine has come:
    /// another channel that the goroutine uses, or a context while the goroutine ends one.
    fn knows_more(&self, start: Node, call: Node) -> bool {
        let (function, program) = (self.function, self.module.program);
        let tree = function.tree();
        let begun = span_of(function, start);
        let cancels = function.info().calls().iter().any(|(call, callee)| {
            matches!(callee, Callee::Local(_)) && begun.encloses(tree.expr(*call).span)
        });
        let mut shared = false;
        let passed = |node: Node| span_of(function, call).encloses(span_of(function, node));
        let mut named = Vec::new();
        let Some(graph) = function.graph(self.used.channel.root) else {
            return true;
        };
        tree.walk(graph.body, |node| {
            if let Node::Expr(expr) = node
                && let Some(local) = function.local(expr)
                && Some(local) != self.used.channel.local
            {
                if passed(node) {
                    named.push((local, function.info().type_of(expr)));
                } else if begun.encloses(tree.expr(expr).span) {
                    let is_channel =
                        matches!(program.ty(function.info().type_of(expr)), Type::Chan(..));
                    shared |= is_channel && !self.only_hears(start, local);
                }
            }
            Descend::Into
        });
        named.iter().any(|(_, ty)| {
            matches!(program.ty(*ty), Type::Chan(..)) && shared
                || cancels && crate::types::is_context(program, *ty)
        })
    }
}

impl Within {
    /// A receive that a call stands for, as the function that is called makes it.
    fn receive(&self, receive: &Use) -> Use {
        Use {
            node: self.node,
            root: self.root,
            callee: Some(self.function.clone()),
            ..receive.clone()
        }
    }
}

/// Whether a function makes an error where it returns at a place: `return fmt.Errorf(…)`.
fn makes_error(function: &Function, at: Span) -> bool {
    let tree = function.tree();
    returned_last(function, None, at).is_some_and(|last| match tree.expr(last).kind {
        ExprKind::Call { .. } => {
            let name = match function.callee(last) {
                Callee::Unknown { name, .. } => name.as_str(),
                callee => callee
                    .func()
                    .map_or("", |func| crate::types::simple_name(&func.name)),
            };
            name == "New" || ["Err", "Wrap"].iter().any(|made| name.contains(made))
        }
        ExprKind::Unary { op, .. } => op == UnaryOp::Address,
        _ => false,
    })
}

/// The loop of a function that is called in which it receives, if there is one.
fn round_within(within: &Within, receive: &Use) -> Option<StmtId> {
    match within.node {
        Node::Stmt(stmt) if receive.op == Op::Range => Some(stmt),
        node => within.function.innermost_loop(node),
    }
}
