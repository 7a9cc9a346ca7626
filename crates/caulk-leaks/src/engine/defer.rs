//! `defer` and `go`: calls that run later, or beside.

use caulk_flow::{End, Event, Graph};
use caulk_program::{BodyOwner, Callee, Object};
use caulk_syntax::{Descend, ExprId, ExprKind, Node, Span, StmtId, StmtKind};

use super::closure::ClosureEffect;
use super::run::{Run, Start};
use super::state::{Deferred, Place, State, Status, Value};
use crate::finding::SettledBy;

impl Run<'_, '_> {
    pub(super) fn go(&mut self, state: &mut State, call: ExprId) {
        let function = self.function;
        let tree = function.tree();
        let call = tree.unparen(call);
        let ExprKind::Call { args, fun, .. } = tree.expr(call).kind else {
            return;
        };
        let span = self.span_of(call);
        if let Some(literal) = self.called_literal(state, call) {
            let values: Vec<_> = tree
                .exprs(args)
                .iter()
                .map(|arg| self.eval(state, *arg))
                .collect();
            match self.closure_effect(state, literal, &values) {
                ClosureEffect::Releases { .. } => {
                    self.taken_over(state, call, literal, &values);
                    self.settle_at(state, SettledBy::HandedOver, span);
                }
                ClosureEffect::Uses { .. } if self.writer_waits() => {
                    self.taken_over(state, call, literal, &values);
                    self.settle_at(state, SettledBy::HandedOver, span);
                }
                ClosureEffect::Uses { drained } => {
                    state.drained |= drained;
                    self.obstacle(
                        span,
                        "used by a goroutine: release it where the last that uses it ends",
                    );
                }
                ClosureEffect::Unknown(why) => self.lose_track(state, why, span),
                ClosureEffect::Nothing => {}
            }
            return;
        }
        // A goroutine that waits for the end and then releases: `go s.Wait()`.
        if matches!(self.eval(state, fun), Some(Value::Releaser)) {
            self.settle_at(state, SettledBy::HandedOver, span);
            return;
        }
        let owed = state.status == Status::Owed;
        self.call(state, call);
        if owed && let Status::Released(at) = state.status {
            state.status = Status::Settled(SettledBy::HandedOver, at);
        }
        if owed && state.status == Status::Owed && self.mentions(state, call) {
            self.obstacle(
                span,
                "used by a goroutine: release it where the last that uses it ends",
            );
        }
    }

    /// Whether a call starts a goroutine that goes round without an end: when what it is passed is released is for it to say.
    pub(super) fn is_left_to_goroutine(&self, call: ExprId, callee: &Callee) -> bool {
        let body = callee
            .func()
            .filter(|_| self.function.is_started(call))
            .and_then(|func| self.module.function(BodyOwner::Func(func.id?)));
        body.is_some_and(|body| {
            let tree = body.tree();
            let mut endless = false;
            if let Some(graph) = body.graph(None) {
                tree.walk(graph.body, |node| match node {
                    Node::Expr(expr)
                        if matches!(tree.expr(expr).kind, ExprKind::FuncLit { .. }) =>
                    {
                        Descend::Skip
                    }
                    Node::Stmt(stmt) => {
                        endless |= tree.is_endless_loop(stmt);
                        Descend::Into
                    }
                    Node::Expr(_) => Descend::Into,
                });
            }
            endless
        })
    }

    fn mentions(&mut self, state: &State, call: ExprId) -> bool {
        let tree = self.function.tree();
        let ExprKind::Call { args, fun, .. } = tree.expr(call).kind else {
            return false;
        };
        let receiver = match tree.expr(fun).kind {
            ExprKind::Selector { x, .. } => Some(x),
            _ => None,
        };
        tree.exprs(args)
            .iter()
            .copied()
            .chain(receiver)
            .any(|expr| {
                self.place(expr)
                    .is_some_and(|place| state.get(&place).is_some())
            })
    }

    /// The literal that a call runs: called where it stands, or kept in a variable.
    pub(super) fn called_literal(&self, state: &State, call: ExprId) -> Option<ExprId> {
        match self.function.callee(call) {
            Callee::Literal(literal) => Some(*literal),
            Callee::Local(local) => match state.get(&Place::of(*local)) {
                Some(Value::Closure(literal)) => Some(*literal),
                _ => None,
            },
            _ => None,
        }
    }

    pub(super) fn defer(&mut self, state: &mut State, stmt: StmtId) {
        let function = self.function;
        let tree = function.tree();
        let StmtKind::Defer(call) = tree.stmt(stmt).kind else {
            return;
        };
        let call = tree.unparen(call);
        let ExprKind::Call { args, .. } = tree.expr(call).kind else {
            return;
        };
        let known = state.defers.iter().any(|deferred| deferred.stmt() == stmt);
        // Each turn of a loop gives the literal what it holds.
        if let Some(literal) = self.called_literal(state, call) {
            let values: Vec<_> = tree
                .exprs(args)
                .iter()
                .map(|arg| self.eval(state, *arg))
                .collect();
            self.bind_params(state, literal, &values);
            if !known {
                state.defers.push(Deferred::Closure(stmt, literal));
            }
            return;
        }
        if known {
            return;
        }
        // What the call would do now it does at exit, to the value that it is bound to now.
        let mut then = state.clone();
        // What holds nothing yet may hold something by then.
        let waits = state.status == Status::Before && state.holders().next().is_some();
        if waits {
            then.status = Status::Owed;
        }
        self.trying += 1;
        self.call(&mut then, call);
        self.trying -= 1;
        match then.status {
            // Acquired and released by the deferred call itself, or by what ran before.
            Status::Released(_) | Status::Settled(..) if state.status != Status::Owed && !waits => {
            }
            Status::Released(_) | Status::Settled(..) => {
                // A helper may look for nil itself.
                let unchecked = self.is_own_method(state, call)
                    && state
                        .bindings()
                        .any(|(_, value)| matches!(value, Value::Error));
                if unchecked && self.trying == 0 {
                    self.out.early_defer.get_or_insert(tree.stmt(stmt).span);
                }
                state.defers.push(Deferred::Release(stmt));
            }
            Status::Unknown(why, _) => state.defers.push(Deferred::Unknown(stmt, why)),
            _ if self.is_for_later(state, call) => state.defers.push(Deferred::Later(stmt)),
            _ => {
                for arg in tree.exprs(args) {
                    if let Some(Value::Closure(literal)) = self
                        .place(*arg)
                        .and_then(|place| state.get(&place).cloned())
                    {
                        state.defers.push(Deferred::Closure(stmt, literal));
                        return;
                    }
                    if matches!(tree.expr(*arg).kind, ExprKind::FuncLit { .. }) {
                        state.defers.push(Deferred::Closure(stmt, *arg));
                        return;
                    }
                }
            }
        }
    }

    /// Whether a call releases what a variable holds that is made here, keeps its value, and holds nothing so far.
    fn is_for_later(&self, state: &State, call: ExprId) -> bool {
        let callee = self.function.callee(call);
        let receiver = callee.receiver();
        let local = receiver.and_then(|receiver| self.function.local(receiver));
        let waits =
            state.status == Status::Before && matches!(self.start, Some(Start::Call { .. }));
        waits
            && crate::contract::is_release_name(crate::types::last_name(callee))
            && local.is_some_and(|local| {
                !state.is_bound(local)
                    && self.function.is_fresh(local)
                    && self.function.definitions(self.module.program, local).len() <= 1
            })
    }

    /// A deferred literal that releases where a field says so, `if s.conn == nil { cancel() }`: what the field holds is not
    /// followed until the function assigns it, so none of its ways is known to be the one that is gone.
    pub(super) fn leave_to_fields(&self, states: &mut [State], literal: ExprId, span: Span) {
        let mut releases = Vec::new();
        for state in &*states {
            if let Status::Released(at) | Status::Settled(_, at) = state.status {
                releases.push(at);
            }
        }
        if releases.is_empty() {
            return;
        }
        for state in states {
            if state.status == Status::Owed && self.is_asked_of_field(state, literal, &releases) {
                let why = "a field decides whether a deferred function releases it";
                state.status = Status::Unknown(why.into(), span);
            }
        }
    }

    /// Whether a literal releases at one of these places, or returns before it, under a condition on a field of what is not
    /// the resource itself.
    fn is_asked_of_field(&self, state: &State, literal: ExprId, releases: &[Span]) -> bool {
        let tree = self.function.tree();
        let mut asked = false;
        tree.walk(literal, |node| {
            if let Node::Stmt(stmt) = node
                && let StmtKind::If { cond, then, .. } = tree.stmt(stmt).kind
            {
                let around = tree.stmt(stmt).span;
                let decides = releases.iter().any(|at| around.encloses(*at)) || self.returns(then);
                asked |= decides && self.reads_field(state, cond);
            }
            Descend::Into
        });
        asked
    }

    /// Whether a statement of a literal leaves it.
    fn returns(&self, stmt: StmtId) -> bool {
        let tree = self.function.tree();
        let mut returns = false;
        tree.walk(stmt, |node| {
            returns |= matches!(node, Node::Stmt(stmt)
                if matches!(tree.stmt(stmt).kind, StmtKind::Return(_)));
            Descend::Into
        });
        returns
    }

    /// Whether an expression reads a field of a variable that has nothing to do with the resource.
    fn reads_field(&self, state: &State, expr: ExprId) -> bool {
        let (tree, info) = (self.function.tree(), self.function.info());
        let mut reads = false;
        tree.walk(expr, |node| {
            if let Node::Expr(expr) = node
                && matches!(tree.expr(expr).kind, ExprKind::Selector { .. })
                && matches!(info.object(expr), Object::Field { .. })
                && !self.is_assigned_before_leaving(expr)
            {
                reads |= self
                    .function
                    .begins_with(expr)
                    .is_some_and(|local| !state.is_bound(local));
            }
            Descend::Into
        });
        reads
    }

    /// Whether the function has given the field something on every way to the statement that it is left by: what it says is known then.
    fn is_assigned_before_leaving(&self, field: ExprId) -> bool {
        let tree = self.function.tree();
        let (Some(leaving), Some(graph)) = (self.leaving, self.function.graph(self.root)) else {
            return false;
        };
        let (path, end) = (tree.selector_path(field), tree.stmt(leaving).span.start);
        let mut assigned = false;
        tree.walk(graph.body, |node| {
            if let Node::Stmt(stmt) = node
                && let StmtKind::Assign { lhs, .. } = tree.stmt(stmt).kind
                && tree.stmt(stmt).span.end <= end
            {
                let mut targets = tree.exprs(lhs).iter();
                assigned |= targets.any(|to| path.is_some() && tree.selector_path(*to) == path)
                    && is_passed(graph, stmt, leaving);
            }
            Descend::Into
        });
        assigned
    }

    /// Makes a deferred call with what its variable holds when the function is left.
    pub(super) fn call_deferred(&mut self, state: &mut State, stmt: StmtId) {
        if let StmtKind::Defer(call) = self.function.tree().stmt(stmt).kind {
            self.call(state, self.function.tree().unparen(call));
        }
    }

    /// Whether a call is of a method of the resource itself.
    fn is_own_method(&self, state: &State, call: ExprId) -> bool {
        let receiver = self.function.callee(call).receiver();
        let root = receiver
            .and_then(|receiver| self.place(receiver))
            .map(|place| place.root);
        root.is_some_and(|root| matches!(state.get(&Place::of(root)), Some(Value::At(_))))
    }
}

/// Whether every way to a `return` passes a statement.
fn is_passed(graph: &Graph, stmt: StmtId, leaving: StmtId) -> bool {
    let holder = graph
        .blocks()
        .find(|(_, block)| block.events.contains(&Event::Stmt(stmt)));
    let exit = graph
        .blocks()
        .find(|(_, block)| matches!(block.end, End::Return(at) if at == leaving));
    let (Some((holder, _)), Some((exit, _))) = (holder, exit) else {
        return false;
    };
    if holder == exit {
        return true;
    }
    let mut seen = std::collections::BTreeSet::from([graph.entry()]);
    let mut todo = vec![graph.entry()];
    while let Some(id) = todo.pop().filter(|id| *id != exit) {
        if id == holder {
            continue;
        }
        let next = graph.block(id).end.targets().into_iter();
        todo.extend(next.filter(|next| seen.insert(*next)));
    }
    !seen.contains(&exit)
}
