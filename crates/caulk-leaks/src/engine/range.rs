//! Ranges over what holds the resource.

use caulk_syntax::{ExprId, ExprKind, StmtId, StmtKind};

use super::run::{Run, Start};
use super::state::{Place, State, Status, Value};

impl Run<'_, '_> {
    pub(super) fn range_next(&mut self, state: &mut State, stmt: StmtId) {
        let StmtKind::Range { key, value, x, .. } = self.function.tree().stmt(stmt).kind else {
            return;
        };
        let element = self.ranged(state, x);
        for (target, element) in [(key, None), (value, element)] {
            if let Some(local) = target.and_then(|target| self.function.local(target)) {
                state.bind(Place::of(local), element);
                state.set_fact(local, None);
                self.forget_conditions(state, local, false);
            }
        }
    }

    /// How the elements of what is ranged over relate to the resource: those of a variable that holds it, of a
    /// literal that lists it, or of what a call makes of it.
    fn ranged(&mut self, state: &State, x: ExprId) -> Option<Value> {
        let tree = self.function.tree();
        if let ExprKind::Call { .. } = tree.expr(tree.unparen(x)).kind {
            if let Some(Start::Call { call, .. }) = self.start
                && self.span_of(x).encloses(self.span_of(call))
            {
                return None;
            }
            let mut before = state.clone();
            self.trying += 1;
            let listed = self.eval(&mut before, x).filter(Value::holds);
            self.trying -= 1;
            return listed;
        }
        let ExprKind::CompositeLit { elts, .. } = tree.expr(tree.unparen(x)).kind else {
            let place = self.place(x)?;
            return match state.get(&place).filter(|value| value.holds())? {
                Value::Listed => Some(Value::At(0)),
                value => Some(value.clone()),
            };
        };
        let mut before = state.clone();
        if let Some(Start::Call { call, .. }) = self.start
            && self.span_of(x).encloses(self.span_of(call))
        {
            // It is acquired in the list itself.
            before.reset();
        }
        self.trying += 1;
        let listed = tree
            .exprs(elts)
            .iter()
            .find_map(|elt| self.eval(&mut before, *elt).filter(Value::holds));
        self.trying -= 1;
        listed
    }

    /// Whether a range over what holds the resource comes to its first element.
    pub(super) fn ranges_over_resource(&mut self, state: &State, stmt: StmtId) -> bool {
        let StmtKind::Range { value, x, .. } = self.function.tree().stmt(stmt).kind else {
            return false;
        };
        let holds = state.status == Status::Owed && self.ranged(state, x).is_some();
        let target = value.and_then(|target| self.function.local(target));
        holds && target.is_some_and(|local| state.get(&Place::of(local)).is_none())
    }

    /// Whether each round of a range keeps the resource elsewhere: `for _, role := range roles { clients[role] = c }`.
    /// What is made for the elements is made because there are some.
    pub(super) fn is_kept_in_rounds(&self, state: &State, stmt: StmtId) -> bool {
        let tree = self.function.tree();
        let StmtKind::Range { body, .. } = tree.stmt(stmt).kind else {
            return false;
        };
        let StmtKind::Block(block) = tree.stmt(body).kind else {
            return false;
        };
        let is_it = |value: ExprId| {
            let place = self.place(value);
            let value = place.and_then(|place| state.get(&place).cloned());
            matches!(value, Some(Value::At(0) | Value::Owner(_)))
        };
        state.status == Status::Owed
            && tree
                .stmts(block.stmts)
                .iter()
                .any(|stmt| match tree.stmt(*stmt).kind {
                    StmtKind::Assign { lhs, rhs, .. } => {
                        let mut pairs = tree.exprs(lhs).iter().zip(tree.exprs(rhs));
                        pairs.any(|(target, value)| {
                            matches!(tree.expr(*target).kind, ExprKind::Index { .. })
                                && is_it(*value)
                        })
                    }
                    StmtKind::Send { value, .. } => is_it(value),
                    _ => false,
                })
    }

    /// Whether a range is over a channel of the resource that is never closed: `range ticker.C`.
    pub(super) fn ranges_without_end(&self, state: &State, stmt: StmtId) -> bool {
        let tree = self.function.tree();
        let channel = self
            .contract
            .and_then(|contract| contract.endless_channel.as_deref());
        let (Some(channel), StmtKind::Range { x, .. }) = (channel, tree.stmt(stmt).kind) else {
            return false;
        };
        let x = tree.unparen(x);
        let value = match (channel, tree.expr(x).kind) {
            ("", ExprKind::Call { .. }) => {
                return matches!(&self.start, Some(Start::Call { call, .. }) if *call == x);
            }
            ("", _) => self.place(x),
            (_, ExprKind::Selector { x, sel }) if tree.name(sel) == channel => self.place(x),
            _ => None,
        };
        value.is_some_and(|place| matches!(state.get(&place), Some(Value::At(0))))
    }
}
