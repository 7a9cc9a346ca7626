//! The call that acquires: what its results are from then on, and what becomes of what was acquired before.

use std::sync::Arc;

use caulk_program::LocalId;
use caulk_syntax::{ExprId, ExprKind, Name, StmtId, StmtKind};

use super::outcome::PiledUp;
use super::run::{Run, Start};
use super::state::{Deferred, Place, State, Status, Value};

impl Run<'_, '_> {
    /// Whether an expression makes the argument that the acquisition is about.
    pub(super) fn is_argument(&self, expr: ExprId) -> bool {
        matches!(&self.start, Some(Start::Call { argument: Some(made), .. })
            if *made == self.span_of(expr))
    }

    /// Whether an expression is the value that the acquisition is about, written out: `&http.Transport{}`.
    pub(super) fn is_written_out(&self, expr: ExprId) -> bool {
        let tree = self.function.tree();
        matches!(self.start, Some(Start::Call { call, .. }) if call == expr)
            && !matches!(tree.expr(expr).kind, ExprKind::Call { .. })
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
        let is_list = self.contract.is_some_and(|contract| contract.listed);
        if is_list {
            let why = "a list: release each element where the list is given up";
            self.obstacle(self.span_of(call), why);
        }
        (0..results)
            .map(|index| {
                if index == result && is_list {
                    Some(Value::Listed)
                } else if index == result || Some(index) == beside {
                    Some(Value::At(0))
                } else if Some(index) == error && !self.has_errors_beside(call, index)
                    || self.is_error_beside(call, index)
                {
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
        local: LocalId,
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

    /// Whether one of several results is an error, wherever it stands: `info, userErr, sysErr, code := newInfo(r)`.
    fn is_error_beside(&self, call: ExprId, index: usize) -> bool {
        let program = self.module.program;
        let results = program.results_of(self.function.info().type_of(call));
        let ty = results.get(index);
        results.len() > 2 && ty.is_some_and(|ty| crate::types::is_error(program, *ty))
    }

    /// Whether a result is none, though it stands where one is as a rule, and others are: the code in the above.
    fn has_errors_beside(&self, call: ExprId, index: usize) -> bool {
        let results = self
            .module
            .program
            .results_of(self.function.info().type_of(call));
        !self.is_error_beside(call, index)
            && (0..results.len()).any(|other| self.is_error_beside(call, other))
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

    pub(super) fn acquire(&mut self, state: &mut State, call: ExprId) {
        let pending = self.is_pending(state, call);
        if state.status == Status::Owed && !pending && self.nesting == 0 {
            // Within one expression the value is still on its way to a variable.
            if let Some(stmt) = self.function.statement(call) {
                state.status = if self.outlives_round(state, call, stmt) {
                    Status::Unknown(Arc::from("two are held at a time"), self.span_of(call))
                } else if let Some(why) = state.pending_unknown() {
                    Status::Unknown(why, self.span_of(call))
                } else if state.doubt {
                    let why = "a condition on its error is not understood";
                    Status::Unknown(Arc::from(why), self.span_of(call))
                } else {
                    Status::Lost(stmt)
                };
                return;
            }
        }
        if self.trying == 0 && pending && state.status == Status::Owed {
            self.pile_up(state, call);
        }
        state.reset();
        state.status = Status::Owed;
        self.acquired_now = true;
        self.out.acquired = true;
    }

    /// Notes that a turn has put off its release to the end of the function; one that nobody needs any more before others.
    fn pile_up(&mut self, state: &State, call: ExprId) {
        let Some(defer) = state.defers.first() else {
            return;
        };
        let known = self.out.defer_in_loop;
        if known.is_none_or(|known| known.drained || known.held) {
            let stmt = self.function.statement(call);
            self.out.defer_in_loop = Some(PiledUp {
                at: self.function.tree().stmt(defer.stmt()).span,
                drained: state.drained,
                held: stmt.is_some_and(|stmt| self.outlives_round(state, call, stmt)),
            });
        }
    }

    /// Whether something deferred releases what was acquired in the round before.
    pub(super) fn is_pending(&self, state: &State, call: ExprId) -> bool {
        state.has_pending_release() || self.has_pending_literal(state, call)
    }

    /// Whether a deferred literal has taken the variable of this round with it.
    fn has_pending_literal(&self, state: &State, call: ExprId) -> bool {
        let Some(round) = self.function.innermost_loop(call) else {
            return false;
        };
        let round = self.function.tree().stmt(round).span;
        let info = self.function.info();
        state.defers.iter().any(|deferred| {
            let Deferred::Closure(_, literal) = deferred else {
                return false;
            };
            let holds = |local: &LocalId| state.holders().any(|place| place.root == *local);
            info.literal(*literal).is_some_and(|literal| {
                literal.params.iter().any(holds)
                    || literal.captures.iter().any(|local| {
                        holds(local)
                            && info
                                .local_info(*local)
                                .is_some_and(|local| round.encloses(local.span))
                    })
            })
        })
    }

    /// Variables that are declared anew in a round of a loop: what the last round put there is for the deferred literal that has it.
    pub(super) fn leave_to_round(&mut self, state: &mut State, names: &[Name]) {
        let Some(Start::Call { call, .. }) = self.start else {
            return;
        };
        let info = self.function.info();
        let is_declared = |local: Option<LocalId>| {
            local.is_some_and(|local| state.holders().any(|place| place.root == local))
        };
        if state.status == Status::Owed
            && names
                .iter()
                .any(|name| is_declared(info.defined_at(name.span)))
            && self.has_pending_literal(state, call)
        {
            if self.trying == 0 {
                self.pile_up(state, call);
            }
            state.reset();
        }
    }

    /// Whether something holds the resource of the round before that the round does not declare and
    /// the acquiring statement does not assign.
    fn outlives_round(&self, state: &State, call: ExprId, stmt: StmtId) -> bool {
        let tree = self.function.tree();
        let round = self
            .function
            .innermost_loop(call)
            .map(|stmt| tree.stmt(stmt).span);
        let targets: Vec<_> = match tree.stmt(stmt).kind {
            StmtKind::Assign { lhs, .. } => tree
                .exprs(lhs)
                .iter()
                .filter_map(|target| self.place(*target))
                .collect(),
            _ => Vec::new(),
        };
        state.holders().any(|place| {
            let declared = self
                .function
                .info()
                .local_info(place.root)
                .map(|local| local.span);
            let in_round = match (round, declared) {
                (Some(round), Some(declared)) => round.encloses(declared),
                _ => false,
            };
            let assigned = targets.iter().any(|target| {
                target.root == place.root
                    && (place.path.starts_with(&target.path)
                        || target.path.starts_with(&place.path))
            });
            !in_round && !assigned && self.keeper != Some(place.root)
        })
    }
}
