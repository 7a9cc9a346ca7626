//! A goroutine that takes the resource over: its paths count as the function's own do.

use caulk_program::LocalId;
use caulk_syntax::{Descend, ExprId, ExprKind, Node, Span};

use super::run::{ExitAt, Run};
use super::state::{Deferred, State, Status, Value};

impl Run<'_, '_> {
    /// The function has left the resource to a goroutine: records the paths of its literal that
    /// lose it. Nothing is recorded where somebody else may release it as well.
    pub(super) fn taken_over(
        &mut self,
        state: &State,
        call: ExprId,
        literal: ExprId,
        args: &[Option<Value>],
    ) {
        // A goroutine that holds a cancel function commonly ends because the context has.
        if self.trying > 0
            || self.nesting > 0
            || self.release.is_call()
            || !self.is_left_to(state, call, literal)
        {
            return;
        }
        let function = self.function;
        let Some(graph) = function.graph(Some(literal)) else {
            return;
        };
        let mut inner = state.clone();
        self.bind_params(&mut inner, literal, args);
        inner.defers.clear();
        // When it runs, the checks made so far may no longer hold.
        inner.forget_facts();
        self.nesting += 1;
        let mut visits = Vec::new();
        for left in self.walk(graph, inner, &mut visits) {
            if matches!(left.exit, ExitAt::Never) {
                continue;
            }
            let (exit, visit) = (left.exit, left.visit);
            let leaves = self
                .run_defers(left.state)
                .into_iter()
                .find(|state| state.status == Status::Owed && !state.doubt);
            if let Some(state) = leaves {
                let span = self.exit_span_in(exit, Some(literal));
                if !args.is_empty() {
                    self.obstacle(
                        span,
                        "lost by a goroutine that knows it by another name: release it there",
                    );
                }
                self.lose_in_goroutine(exit, span, &state, visit, &visits);
            }
        }
        self.nesting -= 1;
    }

    /// Whether nothing but a literal, and what ran before the call that starts it, mentions what
    /// holds the resource.
    fn is_left_to(&self, state: &State, call: ExprId, literal: ExprId) -> bool {
        let function = self.function;
        let tree = function.tree();
        let own = tree.expr(call).span;
        let holders: Vec<LocalId> = state.holders().map(|place| place.root).collect();
        // What is deferred as a literal and mentions it is found below.
        let waits = |deferred: &Deferred| !matches!(deferred, Deferred::Closure(..));
        if state.holders().any(|place| !place.path.is_empty()) || state.defers.iter().any(waits) {
            return false;
        }
        let mut alone = true;
        let Some(graph) = function.graph(self.root) else {
            return false;
        };
        tree.walk(graph.body, |node| {
            let Node::Expr(expr) = node else {
                return Descend::Into;
            };
            let span: Span = tree.expr(expr).span;
            if expr == literal {
                return Descend::Skip;
            }
            if matches!(tree.expr(expr).kind, ExprKind::Ident(_))
                && function
                    .info()
                    .local(expr)
                    .is_some_and(|local| holders.contains(&local))
                && (span.start > own.end || function.root_of(expr) != self.root)
            {
                alone = false;
            }
            Descend::Into
        });
        alone
    }
}
