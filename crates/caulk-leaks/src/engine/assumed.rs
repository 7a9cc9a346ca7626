//! What a path assumes of conditions that its function asks more than once.

use caulk_program::LocalId;
use caulk_syntax::ExprId;

use super::run::{Run, Start};
use super::state::State;
use crate::body::conditions::Conditions;

impl Run<'_, '_> {
    /// Finds the conditions that matter for an acquisition.
    pub(super) fn know_conditions(&mut self, start: &Start) {
        let Start::Call { call, .. } = start else {
            return;
        };
        let (program, function) = (self.module.program, self.function);
        let conditions =
            function.conditions(self.root, || Conditions::of(program, function, self.root));
        self.conditions = conditions.around(self.span_of(*call));
    }

    /// Adds that a condition, or the equality of two expressions, holds or does not; false where the opposite is known.
    pub(super) fn assume_condition(
        &self,
        state: &mut State,
        place: (ExprId, Option<ExprId>),
        truth: bool,
    ) -> bool {
        if self.conditions.is_empty() || self.coarse {
            return true;
        }
        let Some(conditions) = self.function.known_conditions(self.root) else {
            return true;
        };
        let asked = conditions.asked(place);
        let Some(asked) = asked.filter(|asked| self.conditions.contains(&asked.key)) else {
            return true;
        };
        if conditions
            .about(asked.key)
            .iter()
            .any(|local| state.is_bound(*local) || state.is_loose(*local))
        {
            return true;
        }
        let holds = truth == asked.when_true;
        let mut others = conditions
            .others(asked.key)
            .filter(|other| holds && self.conditions.contains(other));
        others.all(|other| state.assume_condition(other, false))
            && state.assume_condition(asked.key, holds)
    }

    /// A variable is assigned, or what it leads to may be: `calls` where a call is passed it.
    pub(super) fn forget_conditions(&self, state: &mut State, local: LocalId, calls: bool) {
        if self.conditions.is_empty() || !state.has_conditions() {
            return;
        }
        if let Some(conditions) = self.function.known_conditions(self.root) {
            state.forget_conditions(|key| conditions.hangs_on(key, local, calls));
        }
    }
}
