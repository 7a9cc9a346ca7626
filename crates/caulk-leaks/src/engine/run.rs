//! The walk over blocks and states, and what it finds at the exits.

use std::sync::Arc;

use caulk_flow::{BlockId, End, Event, Graph};
use caulk_program::LocalId;
use caulk_syntax::{ExprId, Span, StmtId, StmtKind};
use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use super::outcome::Outcomes;
use super::state::{Deferred, FieldPath, Part, Place, State, Status, Value};
use crate::body::{Function, Root};
use crate::contract::{Contract, Release};
use crate::finding::SettledBy;
use crate::module::{Module, Reach};

/// States per walk; on the Go standard library no function needs more than a tenth of it.
const MAX_STATES: usize = 6000;
/// Literals run within literals.
pub(super) const MAX_NESTING: usize = 6;

/// Where a walk starts to owe.
#[derive(Debug, Clone)]
pub(crate) enum Start {
    /// At a call, with these results: the resource and the error among so many.
    Call {
        call: ExprId,
        result: usize,
        error: Option<usize>,
        /// Another result that is the resource too.
        beside: Option<usize>,
        results: usize,
        /// Where the argument is made that is the resource, and no result is.
        argument: Option<Span>,
    },
    /// At a call that runs the literal which acquires, with the resource in this variable and the error at this
    /// index of the results; another of them may be a truth value, and this where it is acquired.
    Around {
        call: ExprId,
        local: LocalId,
        error: usize,
        says: Option<(usize, bool)>,
    },
    /// At the entry, in a parameter or in a field of it; another parameter may be the error.
    Param {
        local: LocalId,
        field: Option<FieldPath>,
        depth: usize,
        error: Option<LocalId>,
        /// It may not be there: nothing but a test, or a use, can tell.
        untested: bool,
    },
    /// At the entry, with this parameter as the error of an acquisition elsewhere.
    Error { local: LocalId },
    /// At the entry, in a variable whose values are made here, as if a field of it already held what `until` only
    /// acquires: who else knows the variable by then?
    Made {
        local: LocalId,
        field: Option<SmolStr>,
        until: ExprId,
    },
}

/// A condition, and what it was.
pub(super) type Turn = (Span, bool);

pub(super) struct Visit {
    block: BlockId,
    pub parent: Option<usize>,
    /// The condition that led here.
    pub turn: Option<Turn>,
    /// The acquisition happened in this visit.
    pub acquires: bool,
}

/// One walk.
pub(crate) struct Run<'a, 'p> {
    pub(super) module: &'a Module<'p>,
    pub(super) function: &'a Function,
    pub(super) root: Root,
    pub(super) reach: Reach,
    pub(super) release: &'a Arc<Release>,
    pub(super) contract: Option<&'a Contract>,
    pub(super) start: Option<Start>,
    pub(super) out: Outcomes,
    /// Whether the event under way acquired.
    pub(super) acquired_now: bool,
    pub(super) nesting: usize,
    /// Whether effects are only tried, not recorded.
    pub(super) trying: usize,
    /// Variables made here that something else keeps before the acquisition, and those that nothing does.
    pub(super) kept_before: FxHashMap<LocalId, bool>,
    states: usize,
    /// The return that is looked at.
    pub(super) leaving: Option<StmtId>,
    /// The return of the error of a callee that takes the resource over where that is nil.
    pub(super) returned_released_if: Option<StmtId>,
    /// It gives all results of a callee which leaves the resource to this function where it fails.
    pub(super) leaves_on_failure: bool,
    /// The function has a result that what is released can still be returned as.
    may_return_released: bool,
    /// Conditions that are asked before the acquisition and behind it.
    pub(super) conditions: Vec<usize>,
    /// A variable from elsewhere that has what is stored in a field of it, as one has that is made here.
    pub(super) keeper: Option<LocalId>,
    /// Facts are kept about captured variables alone: there are too many paths with all of them.
    pub(super) coarse: bool,
    /// Functions that lead back to this one are followed, but for the calls that do.
    pub(super) goes_round: bool,
}

/// A state that left a graph, and how.
pub(super) struct Left {
    pub state: State,
    /// The values of the `return` statement, where there is one.
    pub returned: Vec<Option<Value>>,
    pub exit: ExitAt,
    pub visit: usize,
}

#[derive(Clone, Copy)]
pub(super) enum ExitAt {
    Return(StmtId),
    End,
    /// Ended on the way: lost, settled, unknown.
    Midway,
    /// The process, the goroutine or the test ends, or nothing goes on.
    Never,
}

impl<'a, 'p> Run<'a, 'p> {
    pub fn new(
        module: &'a Module<'p>,
        function: &'a Function,
        root: Root,
        reach: Reach,
        release: &'a Arc<Release>,
        contract: Option<&'a Contract>,
    ) -> Run<'a, 'p> {
        Run {
            module,
            function,
            root,
            reach,
            release,
            contract,
            start: None,
            out: Outcomes::default(),
            acquired_now: false,
            nesting: 0,
            trying: 0,
            kept_before: FxHashMap::default(),
            states: 0,
            leaving: None,
            returned_released_if: None,
            leaves_on_failure: false,
            may_return_released: false,
            conditions: Vec::new(),
            keeper: None,
            coarse: false,
            goes_round: false,
        }
    }

    /// The same, followed on where it is stored in a field of a variable from elsewhere.
    pub fn kept_by(mut self, local: LocalId) -> Run<'a, 'p> {
        self.keeper = Some(local);
        self
    }

    /// The same, followed into functions that lead back to this one.
    pub fn round(mut self) -> Run<'a, 'p> {
        self.goes_round = true;
        self
    }

    /// Walks all paths from the entry.
    pub fn outcomes(mut self, start: Start) -> Outcomes {
        self.may_return_released = self.root.is_none()
            && matches!(start, Start::Call { .. } | Start::Around { .. })
            && self.function.results(None).iter().any(|result| {
                let info = self.function.info().local_info(*result);
                info.is_some_and(|info| self.module.can_be_owned(info.ty))
            });
        self.know_conditions(&start);
        self.walk_all(&start);
        if self.states > MAX_STATES {
            self.states = 0;
            self.coarse = true;
            self.out = Outcomes::default();
            self.walk_all(&start);
            self.out.coarse = true;
        }
        self.out.owed.sort_by_key(|lost| (lost.span, lost.kind));
        self.out
    }

    fn walk_all(&mut self, start: &Start) {
        let Some(graph) = self.function.graph(self.root) else {
            return;
        };
        let mut state = State::new();
        self.zero_results(&mut state, self.root);
        if let Start::Param {
            local,
            field,
            depth,
            error,
            untested,
        } = start
        {
            state.status = Status::Owed;
            state.untested = *untested;
            if let Some(error) = error {
                state.bind(Place::of(*error), Some(Value::Error));
            }
            let place = Place::of(*local);
            match field {
                None => state.bind(place, Some(Value::At(*depth))),
                Some(field) => {
                    let part = Part {
                        field: field.clone(),
                        depth: *depth,
                    };
                    let held = part.in_field(&field.outer);
                    state.bind_around(place.clone(), Value::Owner(Some(part)));
                    if let Some((place, held)) = place.field(&field.outer).zip(held) {
                        state.bind_around(place, held);
                    }
                }
            }
        }
        if let Start::Error { local } = start {
            state.status = Status::Owed;
            state.bind(Place::of(*local), Some(Value::Error));
        }
        if let Start::Made { local, field, .. } = start {
            state.status = Status::Owed;
            state.bind_around(Place::of(*local), Value::At(0).within(field.clone()));
        }
        self.start = Some(start.clone());
        let mut visits = Vec::new();
        for left in self.walk(graph, state, &mut visits) {
            self.leave(left, &visits);
        }
    }

    /// Named results begin as zero values.
    fn zero_results(&self, state: &mut State, root: Root) {
        for result in self.function.results(root) {
            let named = self
                .function
                .info()
                .local_info(*result)
                .is_some_and(|local| !local.name.is_empty());
            if named && self.is_tracked(*result) {
                state.set_fact(*result, self.zero(*result));
            }
        }
    }

    /// Whether facts about a variable are kept.
    pub(super) fn is_tracked(&self, local: LocalId) -> bool {
        // What a literal looks at decides what a deferred one releases.
        self.function.is_tracked(local) && (!self.coarse || self.function.is_captured(local))
    }

    /// Walks a graph from a state; gives every state that leaves it, its own defers not yet run.
    pub(super) fn walk(
        &mut self,
        graph: &Graph,
        state: State,
        visits: &mut Vec<Visit>,
    ) -> Vec<Left> {
        let mut seen: FxHashMap<(BlockId, State), ()> = FxHashMap::default();
        let mut todo = std::collections::VecDeque::new();
        let mut left = Vec::new();
        seen.insert((graph.entry(), state.clone()), ());
        visits.push(Visit {
            block: graph.entry(),
            parent: None,
            turn: None,
            acquires: false,
        });
        todo.push_back((visits.len() - 1, state));
        while let Some((visit, mut state)) = todo.pop_front() {
            self.states += 1;
            if self.states > MAX_STATES {
                self.unknown("more paths than are followed", Span::default());
                break;
            }
            let Some(block) = visits.get(visit).map(|visit| graph.block(visit.block)) else {
                continue;
            };
            let mut ended = false;
            for event in &block.events {
                self.acquired_now = false;
                self.event(&mut state, *event);
                if self.acquired_now
                    && let Some(visit) = visits.get_mut(visit)
                {
                    visit.acquires = true;
                }
                if self.is_over(&state) {
                    ended = true;
                    break;
                }
            }
            if ended {
                left.push(Left {
                    state,
                    returned: Vec::new(),
                    exit: ExitAt::Midway,
                    visit,
                });
                continue;
            }
            let mut next: Vec<(BlockId, State, Option<Turn>)> = Vec::new();
            self.acquired_now = false;
            match &block.end {
                End::Jump(to) => next.push((*to, state, None)),
                End::Branch { cond, yes, no } => {
                    self.eval(&mut state, *cond);
                    let span = self.function.tree().expr(*cond).span;
                    for (to, truth) in [(*yes, true), (*no, false)] {
                        let mut state = state.clone();
                        state.doubt |= state.untested;
                        if self.refine(&mut state, *cond, truth) {
                            next.push((to, state, Some((span, truth))));
                        }
                    }
                }
                End::Compare {
                    tag,
                    value,
                    yes,
                    no,
                } => {
                    self.eval(&mut state, *value);
                    let span = self.function.tree().expr(*value).span;
                    for (to, truth) in [(*yes, true), (*no, false)] {
                        let mut state = state.clone();
                        let place = (*tag, Some(*value));
                        if self.assume_condition(&mut state, place, truth)
                            && self.refine_equal(&mut state, *tag, *value, truth)
                        {
                            next.push((to, state, Some((span, truth))));
                        }
                    }
                }
                End::TypeSwitch { stmt, cases, other } => {
                    let clauses = cases.iter().map(|(case, to)| (Some(*case), *to));
                    for (case, to) in clauses.chain(other.map(|to| (None, to))) {
                        let mut state = state.clone();
                        if self.refine_type(&mut state, *stmt, case) {
                            next.push((to, state, None));
                        }
                    }
                }
                End::Select { cases, .. } => {
                    next.extend(cases.iter().map(|(_, to)| (*to, state.clone(), None)));
                    if cases.is_empty() {
                        left.push(Left {
                            state,
                            returned: Vec::new(),
                            exit: ExitAt::Never,
                            visit,
                        });
                    }
                }
                End::Range { stmt, body, done } => {
                    // Over what holds the resource there is a first element.
                    let first = self.ranges_over_resource(&state, *stmt)
                        || self.is_kept_in_rounds(&state, *stmt);
                    let endless =
                        self.ranges_without_end(&state, *stmt) || self.ranges_over_time(*stmt);
                    next.push((*body, state.clone(), None));
                    if !first && !endless {
                        if let StmtKind::Range { x, .. } = self.function.tree().stmt(*stmt).kind
                            && self.is_results_of_watch(&state, x)
                        {
                            self.end_at(&mut state, self.span_of(x));
                        }
                        next.push((*done, state, None));
                    }
                }
                End::Return(stmt) => {
                    let returned = self.returned_values(&mut state, *stmt);
                    let acquires = self.acquired_now;
                    if acquires && let Some(visit) = visits.get_mut(visit) {
                        visit.acquires = true;
                    }
                    left.push(Left {
                        state,
                        returned,
                        exit: ExitAt::Return(*stmt),
                        visit,
                    });
                    continue;
                }
                End::Fall => {
                    left.push(Left {
                        state,
                        returned: Vec::new(),
                        exit: ExitAt::End,
                        visit,
                    });
                    continue;
                }
                End::NoReturn(_) | End::Never => {
                    left.push(Left {
                        state,
                        returned: Vec::new(),
                        exit: ExitAt::Never,
                        visit,
                    });
                    continue;
                }
            }
            if self.acquired_now
                && let Some(visit) = visits.get_mut(visit)
            {
                visit.acquires = true;
            }
            for (to, state, turn) in next {
                if self.is_over(&state) {
                    left.push(Left {
                        state,
                        returned: Vec::new(),
                        exit: ExitAt::Midway,
                        visit,
                    });
                } else if seen.insert((to, state.clone()), ()).is_none() {
                    visits.push(Visit {
                        block: to,
                        parent: Some(visit),
                        turn,
                        acquires: false,
                    });
                    todo.push_back((visits.len() - 1, state));
                }
            }
        }
        left
    }

    /// Whether nothing that follows on the path matters. A caller wants to know in which error a
    /// released parameter ends, so those paths go on.
    fn is_over(&self, state: &State) -> bool {
        match state.status {
            Status::Before => {
                matches!(self.start, Some(Start::Param { .. } | Start::Made { .. }))
                    && self.nesting == 0
            }
            Status::Owed => false,
            Status::Released(_) => {
                self.nesting == 0
                    && !matches!(self.start, Some(Start::Param { .. }))
                    && !self.may_return_released
            }
            _ => true,
        }
    }

    fn event(&mut self, state: &mut State, event: Event) {
        match event {
            Event::Eval(expr) => {
                self.eval(state, expr);
            }
            Event::Stmt(stmt) => self.stmt(state, stmt),
            Event::Defer(stmt) => self.defer(state, stmt),
            Event::RangeNext(stmt) => self.range_next(state, stmt),
            Event::TypeCase { .. } => {}
        }
    }

    /// Runs what was deferred, last first, and gives the states that come out.
    pub(super) fn run_defers(&mut self, state: State) -> Vec<State> {
        let mut states = vec![state];
        loop {
            let mut again = false;
            let mut next = Vec::new();
            for mut state in states {
                let Some(deferred) = state.defers.pop() else {
                    next.push(state);
                    continue;
                };
                again = true;
                let span = self.function.tree().stmt(deferred.stmt()).span;
                match deferred {
                    Deferred::Release(_) => {
                        self.release_at(&mut state, span);
                        next.push(state);
                    }
                    Deferred::Unknown(_, why) => {
                        if state.status == Status::Owed {
                            state.status = Status::Unknown(why, span);
                        }
                        next.push(state);
                    }
                    Deferred::Later(stmt) => {
                        self.call_deferred(&mut state, stmt);
                        next.push(state);
                    }
                    Deferred::Closure(stmt, literal) => {
                        self.bind_lent(&mut state, stmt, literal);
                        let owed = state.status == Status::Owed;
                        let mut after = self.run_literal(state, literal);
                        if owed {
                            self.leave_to_fields(&mut after, literal, span);
                        }
                        next.extend(after);
                    }
                }
            }
            states = next;
            if !again {
                return states;
            }
        }
    }

    /// Runs a literal of this function in a state, its own defers included.
    pub(super) fn run_literal(&mut self, mut state: State, literal: ExprId) -> Vec<State> {
        let function = self.function;
        let Some(graph) = function.graph(Some(literal)) else {
            return vec![state];
        };
        if self.nesting >= MAX_NESTING {
            return vec![state];
        }
        self.nesting += 1;
        let outer = std::mem::take(&mut state.defers);
        self.zero_results(&mut state, Some(literal));
        let mut visits = Vec::new();
        let mut states = Vec::new();
        for mut left in self.walk(graph, state, &mut visits) {
            if matches!(left.exit, ExitAt::Never) {
                continue;
            }
            if left.state.status == Status::Owed
                && let Some(value) = left.returned.iter().flatten().find(|value| value.holds())
            {
                // It goes on in the caller's hands, under a name that is not followed.
                let _ = value;
                left.state.status = Status::Unknown(
                    Arc::from("returned from a function literal"),
                    self.span_of(literal),
                );
            }
            for mut state in self.run_defers(left.state) {
                state.defers.clone_from(&outer);
                if !states.contains(&state) {
                    states.push(state);
                }
            }
        }
        self.nesting -= 1;
        states
    }

    pub(super) fn place_text(&self, place: &Place) -> String {
        let mut text = self.name_of(place.root);
        for field in &place.path {
            text.push('.');
            text.push_str(field);
        }
        text
    }

    pub(super) fn span_of(&self, expr: ExprId) -> Span {
        self.function.tree().expr(expr).span
    }

    pub(super) fn name_of(&self, local: LocalId) -> String {
        self.function
            .info()
            .local_info(local)
            .map_or_else(String::new, |local| local.name.to_string())
    }

    /// Whether a variable belongs to a function around the one that is walked.
    pub(super) fn is_outer(&self, local: LocalId) -> bool {
        let owner = self
            .function
            .info()
            .local_info(local)
            .and_then(|local| local.function);
        self.root.is_some() && !self.function.is_within(owner, self.root)
    }

    pub(super) fn release_at(&mut self, state: &mut State, span: Span) {
        self.out.by_hand |= self.trying == 0 && state.status == Status::Owed;
        self.end_at(state, span);
    }

    /// It has come to its end by itself, or is released.
    pub(super) fn end_at(&mut self, state: &mut State, span: Span) {
        if state.status == Status::Owed {
            state.status = Status::Released(span);
            if self.trying == 0 {
                self.out.releases.insert(span);
            }
        }
    }

    pub(super) fn settle_at(&mut self, state: &mut State, how: SettledBy, span: Span) {
        if state.status == Status::Owed {
            state.status = Status::Settled(how, span);
        }
        self.let_go(state);
    }

    pub(super) fn lose_track(&mut self, state: &mut State, why: impl Into<Arc<str>>, span: Span) {
        // Whoever sees a variable before it holds anything, an option or a decoder, seldom keeps it.
        let matters = !matches!(self.start, Some(Start::Made { .. }));
        if matters && state.status == Status::Owed && !self.is_still_owned(state, span) {
            state.status = Status::Unknown(why.into(), span);
        }
        self.let_go(state);
    }

    /// Before anything is held, what has got to other hands is for those to release.
    pub(super) fn let_go(&self, state: &mut State) {
        let later = self
            .contract
            .is_some_and(|contract| contract.idle || !contract.acquired_after.is_empty());
        if later && state.status == Status::Before {
            state.reset();
        }
    }

    pub(super) fn obstacle(&mut self, span: Span, why: &str) {
        if self.trying == 0 {
            self.out
                .obstacles
                .entry(span)
                .or_insert_with(|| why.to_owned());
        }
    }
}
