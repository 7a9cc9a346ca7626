//! Function literals: what one does with the resource, whenever it is called.

use std::sync::Arc;

use caulk_program::{LocalId, Type};
use caulk_syntax::{Descend, ExprId, ExprKind, Node, StmtId, StmtKind};

use super::call::Passed;
use super::run::Run;
use super::state::{Place, State, Status, Value};
use crate::body::runs::{HowRun, how_run};
use crate::inference::summary::Param;

/// What a literal does with the resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ClosureEffect {
    /// It does not mention it.
    Nothing,
    /// It uses it and leaves it open, read to its end or not.
    Uses { drained: bool },
    /// It releases it or hands it on, on some path at least; `itself` where it does nothing but the first.
    Releases { itself: bool },
    /// Not known.
    Unknown(Arc<str>),
}

impl Run<'_, '_> {
    /// Tries a literal in a state, with these arguments.
    pub(super) fn closure_effect(
        &mut self,
        state: &State,
        literal: ExprId,
        args: &[Option<Value>],
    ) -> ClosureEffect {
        if state.status != Status::Owed || !self.touches(state, literal, args) {
            return ClosureEffect::Nothing;
        }
        let mut state = state.clone();
        self.bind_params(&mut state, literal, args);
        state.defers.clear();
        // When it will run, the checks made so far may no longer hold.
        state.forget_facts();
        let holds_whole = self.holds_whole(&state, literal);
        let before = state.clone();
        self.trying += 1;
        let states = self.run_literal(state, literal);
        self.trying -= 1;
        if states.is_empty() {
            // It never returns: `log.Fatal(http.Serve(l, nil))`, or a loop without an end.
            return ClosureEffect::Releases { itself: false };
        }
        let mut effect = ClosureEffect::Uses {
            drained: holds_whole && states.iter().all(|state| state.drained),
        };
        let mut releases = None;
        for state in states {
            if self.keeps_in_captured(&before, &state, literal) {
                return ClosureEffect::Releases { itself: false };
            }
            match state.status {
                Status::Released(_) => releases = releases.or(Some(true)),
                Status::Settled(..) | Status::Returned { .. } => releases = Some(false),
                Status::Unknown(why, _) => effect = ClosureEffect::Unknown(why),
                Status::Before | Status::Owed | Status::Lost(_) => {}
            }
        }
        releases.map_or(effect, |itself| ClosureEffect::Releases { itself })
    }

    /// Whether a literal only starts what uses the resource: all that it does with that is to leave it to a goroutine, or to a literal that
    /// it passes on, and nothing there is seen to release it. Who gets such a function may never call it.
    pub(super) fn only_starts(&mut self, state: &State, literal: ExprId) -> bool {
        let function = self.function;
        let tree = function.tree();
        let mut named = Vec::new();
        tree.walk(literal, |node| {
            if let Node::Expr(expr) = node
                && matches!(tree.expr(expr).kind, ExprKind::Ident(_))
                && let Some(local) = function.local(expr)
                && matches!(state.get(&Place::of(local)), Some(Value::At(_)))
            {
                named.push(expr);
            }
            Descend::Into
        });
        !named.is_empty()
            && named
                .into_iter()
                .all(|held| self.is_left_to_start(literal, held) && !self.is_named_to_release(held))
    }

    /// Whether an expression within a literal stands in a `go` statement, or in a literal that something else is passed, but for what runs
    /// it at once: `once.Do(func() { … })`.
    fn is_left_to_start(&self, literal: ExprId, expr: ExprId) -> bool {
        let (function, tree) = (self.function, self.function.tree());
        let mut at = function.parent(expr);
        while let Some(node) = at {
            match node {
                Node::Expr(at) if at == literal => return false,
                Node::Stmt(stmt) if matches!(tree.stmt(stmt).kind, StmtKind::Go(_)) => return true,
                Node::Expr(at) if matches!(tree.expr(at).kind, ExprKind::FuncLit { .. }) => {
                    let is_once = || {
                        matches!(function.parent(at), Some(Node::Expr(call))
                            if function.callee(call).func().is_some_and(|func| &*func.name == "sync.Once.Do"))
                    };
                    match how_run(self.module, function, at) {
                        Some(HowRun::Deferred(_) | HowRun::Here | HowRun::At(_)) => {}
                        Some(HowRun::CalledBack) if is_once() => {}
                        _ => return true,
                    }
                }
                _ => {}
            }
            at = function.parent(node);
        }
        false
    }

    /// `x.Close`, or `cancel()`, of the name of what is held, or a call that may release what it is passed.
    fn is_named_to_release(&mut self, held: ExprId) -> bool {
        let (function, tree) = (self.function, self.function.tree());
        let mut at = held;
        while let Some(Node::Expr(expr)) = function.parent(at) {
            match tree.expr(expr).kind {
                ExprKind::Selector { sel, .. } if self.release.is_method(tree.name(sel)) => {
                    return true;
                }
                ExprKind::Call { fun, .. } if fun == held => return self.release.is_call(),
                ExprKind::Call { fun, .. } => {
                    let callee = function.callee(expr);
                    let mut passed = tree.arguments(expr).iter();
                    let param = match passed.position(|arg| *arg == at) {
                        Some(index) => self.param_at(callee, index),
                        None if at == fun => Param::Receiver,
                        None => return false,
                    };
                    let passed = Passed {
                        param,
                        field: None,
                        depth: 0,
                        error: None,
                    };
                    let effect = self.follow(callee, passed);
                    return match param {
                        Param::Receiver => effect.is_some_and(|effect| effect.may_end()),
                        _ => effect.is_none_or(|effect| effect.may_end()),
                    };
                }
                ExprKind::FuncLit { .. } => return false,
                _ => at = expr,
            }
        }
        false
    }

    /// Whether a literal has put the resource into a field of what the function around it has: `once.Do(func() { s.file = file })`.
    fn keeps_in_captured(&self, before: &State, after: &State, literal: ExprId) -> bool {
        let Some(literal) = self.function.info().literal(literal) else {
            return false;
        };
        after.status == Status::Owed
            && after.bindings().any(|(place, value)| {
                matches!(value, Value::At(0))
                    && !place.path.is_empty()
                    && literal.captures.contains(&place.root)
                    && !before.bindings().any(|(known, _)| known == place)
            })
    }

    /// Whether a literal is given the resource itself, or uses it, and not what reads from it alone: who goes on with it then
    /// has left it to the literal.
    fn holds_whole(&self, state: &State, literal: ExprId) -> bool {
        self.function
            .info()
            .literal(literal)
            .is_some_and(|literal| {
                let known = literal.captures.iter().chain(&literal.params);
                known.into_iter().any(|local| {
                    let mut bindings = state.bindings();
                    bindings
                        .any(|(place, value)| place.root == *local && matches!(value, Value::At(_)))
                })
            })
    }

    /// Whether a literal uses a variable that is related to the resource, or is given one. To ask for what stays true once it
    /// is released is no use: `os.Remove(f.Name())`.
    pub(super) fn touches(&self, state: &State, literal: ExprId, args: &[Option<Value>]) -> bool {
        args.iter().any(Option::is_some)
            || self
                .function
                .info()
                .literal(literal)
                .is_some_and(|literal| {
                    literal.captures.iter().any(|local| {
                        state.is_bound(*local)
                            && !self.is_only_asked(literal.expr, *local)
                            && state.bindings().any(|(place, value)| {
                                place.root == *local
                                    && !matches!(
                                        value,
                                        Value::Error
                                            | Value::DerivedError
                                            | Value::Acquired(_)
                                            | Value::Companion
                                            | Value::ReadError { .. }
                                    )
                            })
                    })
                })
    }

    /// Whether all that a literal does with a variable is to ask for what it was made with.
    fn is_only_asked(&self, literal: ExprId, local: LocalId) -> bool {
        let function = self.function;
        let tree = function.tree();
        let mut only = true;
        tree.walk(literal, |node| {
            if let Node::Expr(expr) = node
                && matches!(tree.expr(expr).kind, ExprKind::Ident(_))
                && function.local(expr) == Some(local)
            {
                only &= self.is_asked(expr);
            }
            Descend::Into
        });
        only
    }

    /// `x.Name()` of the name `x`.
    fn is_asked(&self, x: ExprId) -> bool {
        let (function, tree) = (self.function, self.function.tree());
        let Some(Node::Expr(method)) = function.parent(x) else {
            return false;
        };
        let asks = matches!(tree.expr(method).kind, ExprKind::Selector { sel, .. }
            if ["Name", "Addr", "LocalAddr", "RemoteAddr"].contains(&tree.name(sel)));
        asks && matches!(function.parent(method), Some(Node::Expr(call))
            if matches!(tree.expr(call).kind, ExprKind::Call { fun, .. } if fun == method)
                && function.argument_count(call) == 0)
    }

    pub(super) fn bind_params(
        &mut self,
        state: &mut State,
        literal: ExprId,
        args: &[Option<Value>],
    ) {
        let Some(literal) = self.function.info().literal(literal) else {
            return;
        };
        for (param, value) in literal.params.iter().zip(args) {
            state.bind(Place::of(*param), value.clone());
        }
    }

    /// What a deferred literal was given by its address, before a field of it held the resource: `defer func(l *T) { … }(l)`.
    pub(super) fn bind_lent(&mut self, state: &mut State, stmt: StmtId, literal: ExprId) {
        let tree = self.function.tree();
        let info = self.function.info();
        let StmtKind::Defer(call) = tree.stmt(stmt).kind else {
            return;
        };
        let Some(literal) = info.literal(literal) else {
            return;
        };
        let args = tree.arguments(tree.unparen(call));
        for (param, arg) in literal.params.iter().zip(args) {
            let Some(lent) = self
                .function
                .local(*arg)
                .filter(|_| !state.is_bound(*param))
            else {
                continue;
            };
            let is_pointer = info
                .local_info(lent)
                .is_some_and(|local| matches!(self.module.program.ty(local.ty), Type::Pointer(_)));
            let given = || self.function.definitions(self.module.program, lent);
            if !is_pointer || !state.is_bound(lent) || given().len() > 1 {
                continue;
            }
            let within: Vec<_> = state
                .bindings()
                .filter(|(place, _)| place.root == lent)
                .cloned()
                .collect();
            for (mut place, value) in within {
                place.root = *param;
                state.bind_around(place, value);
            }
        }
    }

    /// Calls a literal here and now.
    pub(super) fn call_literal(
        &mut self,
        state: &mut State,
        literal: ExprId,
        args: &[Option<Value>],
    ) {
        self.bind_params(state, literal, args);
        let states = self.run_literal(state.clone(), literal);
        *state = self.join(state.clone(), states);
    }

    /// One state for several that come out of a call.
    fn join(&mut self, before: State, states: Vec<State>) -> State {
        let mut states = states.into_iter();
        let Some(mut joined) = states.next() else {
            // It never returns.
            let mut state = before;
            state.reset();
            state.bind_nothing();
            return state;
        };
        for state in states {
            if state == joined {
                continue;
            }
            let same_status =
                std::mem::discriminant(&state.status) == std::mem::discriminant(&joined.status);
            joined.keep_common(&state);
            if !same_status {
                joined.status = match (&joined.status, &state.status) {
                    (Status::Before, _) => state.status,
                    (_, Status::Before) => joined.status,
                    _ => Status::Unknown(
                        Arc::from("a function literal releases it on some paths only"),
                        caulk_syntax::Span::default(),
                    ),
                };
            }
        }
        joined
    }
}
