//! The call that acquires: what its results are from then on.

use caulk_syntax::ExprId;

use super::run::{Run, Start};
use super::state::{Place, State, Status, Value};

impl Run<'_, '_> {
    /// Whether an expression makes the argument that the acquisition is about.
    pub(super) fn is_argument(&self, expr: ExprId) -> bool {
        matches!(&self.start, Some(Start::Call { argument: Some(made), .. })
            if *made == self.span_of(expr))
    }

    pub(super) fn acquired(&mut self, state: &mut State, call: ExprId) -> Vec<Option<Value>> {
        if let Some(Start::Call {
            argument: Some(_), ..
        }) = &self.start
        {
            if state.status == Status::Before {
                state.status = Status::Owed;
                self.acquired_now = true;
                self.out.acquired = true;
            }
            return Vec::new();
        }
        if self.is_listed(state) && !self.is_pending(state, call) {
            // One more; what becomes of the one in the list is what is asked.
            return Vec::new();
        }
        self.acquire(state, call);
        let Some(Start::Call {
            result,
            error,
            beside,
            results,
            ..
        }) = self.start.clone()
        else {
            return Vec::new();
        };
        if state.status != Status::Owed {
            return Vec::new();
        }
        if self
            .contract
            .is_some_and(|contract| contract.idle || !contract.acquired_after.is_empty())
        {
            // What is held is known; that it is owed is for a method of it to say.
            state.status = Status::Before;
        }
        state.untested = error.is_none() && self.is_optional();
        (0..results)
            .map(|index| {
                if index == result || Some(index) == beside {
                    Some(Value::At(0))
                } else if Some(index) == error {
                    Some(self.error_value(call, index))
                } else {
                    let says = error.is_some() || self.is_optional();
                    says.then_some(Value::Companion)
                }
            })
            .collect()
    }

    /// A literal that this call ran has acquired into a variable of this function.
    pub(super) fn acquired_around(
        &mut self,
        state: &mut State,
        call: ExprId,
        local: caulk_program::LocalId,
        error: usize,
        says: Option<(usize, bool)>,
    ) -> Vec<Option<Value>> {
        self.acquire(state, call);
        if state.status != Status::Owed {
            return Vec::new();
        }
        state.bind(Place::of(local), Some(Value::At(0)));
        state.set_fact(local, None);
        self.obstacle(
            self.span_of(call),
            "acquired by a function literal that this call runs",
        );
        let mut results = vec![None; error];
        results.push(Some(Value::Error));
        if let Some((index, when)) = says
            && let Some(result) = results.get_mut(index)
        {
            *result = Some(Value::Acquired(when));
        }
        results
    }

    /// The second result of an acquisition says that it failed: an error, or a truth value.
    fn error_value(&self, call: ExprId, index: usize) -> Value {
        let program = self.module.program;
        let ty = program
            .results_of(self.function.info().type_of(call))
            .get(index)
            .copied();
        if ty.is_some_and(|ty| crate::types::is_bool(program, ty)) {
            Value::Acquired(true)
        } else {
            Value::Error
        }
    }
}
