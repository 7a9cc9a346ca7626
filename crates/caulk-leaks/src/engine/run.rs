//! The walk over blocks and states, and what it finds at the exits.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use caulk_flow::{BlockId, End, Event, Graph};
use caulk_program::{LocalId, LocalKind, Object, TypeId};
use caulk_syntax::{ExprId, Node, Span, StmtId, StmtKind};
use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use super::function::{Function, Root};
use super::state::{Deferred, Fact, Place, State, Status, Value};
use crate::contract::{Contract, Release};
use crate::finding::{ExitKind, SettledBy};
use crate::module::Module;

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
        results: usize,
    },
    /// At the entry, in a parameter or in a field of it.
    Param {
        local: LocalId,
        field: Option<SmolStr>,
        depth: usize,
    },
    /// At the entry, with this parameter as the error of an acquisition elsewhere.
    Error { local: LocalId },
}

/// A path that loses the resource.
#[derive(Debug, Clone)]
pub(crate) struct Lost {
    pub kind: ExitKind,
    /// The statement that leaves, or the closing brace.
    pub span: Span,
    /// What the error result is known to be: not nil, nil.
    pub error: Option<bool>,
    /// The conditions on the way, last first: span and truth.
    pub turns: Vec<(Span, bool)>,
    /// The variable that holds it there.
    pub held_by: Option<String>,
}

/// What the paths of a walk come to.
#[derive(Debug, Clone, Default)]
pub(crate) struct Outcomes {
    /// By place; one for each exit.
    pub owed: Vec<Lost>,
    /// What the error result is known to be where it is released.
    pub released: BTreeSet<Option<bool>>,
    pub released_at: Option<Span>,
    pub settled: Option<(SettledBy, Span)>,
    pub returned: Option<(usize, Value)>,
    pub returned_at: Option<Span>,
    /// The error of a callee that takes it over or not is returned without a look at it.
    pub depends_on_returned: bool,
    /// The first result that reads from it or writes to it.
    pub viewed: Option<usize>,
    /// The type of the returned expression, which can be narrower than the result's.
    pub returned_type: Option<TypeId>,
    pub unknown: Option<(Arc<str>, Span)>,
    /// Results that on another path are something that is not made here: a parameter, a package's
    /// variable.
    pub returns_other: BTreeSet<usize>,
    /// Statements that release, deferred or not.
    pub releases: BTreeSet<Span>,
    /// Reasons why it may be in use after the function ends.
    pub obstacles: BTreeMap<Span, String>,
    /// A deferred release that stands before the error is looked at.
    pub early_defer: Option<Span>,
    /// A deferred release within the loop that acquires.
    pub defer_in_loop: Option<Span>,
    /// Some path acquires.
    pub acquired: bool,
    /// Some path ends the process, the goroutine or the test with it, or does not end.
    pub never_returns: bool,
    /// Some path returns although the error is not nil, or was not looked at.
    pub returns_with_error: bool,
}

/// An acquisition and what the walk found.
#[derive(Debug, Clone)]
pub(crate) struct Verdict {
    pub outcomes: Outcomes,
}

/// A condition, and what it was.
type Turn = (Span, bool);

struct Visit {
    block: BlockId,
    parent: Option<usize>,
    /// The condition that led here.
    turn: Option<Turn>,
    /// The acquisition happened in this visit.
    acquires: bool,
}

/// One walk.
pub(crate) struct Run<'a, 'p> {
    pub(super) module: &'a Module<'p>,
    pub(super) function: &'a Function,
    pub(super) root: Root,
    pub(super) release: &'a Arc<Release>,
    pub(super) contract: Option<&'a Contract>,
    pub(super) start: Option<Start>,
    pub(super) out: Outcomes,
    /// Whether the event under way acquired.
    pub(super) acquired_now: bool,
    pub(super) nesting: usize,
    /// Whether effects are only tried, not recorded.
    pub(super) trying: usize,
    states: usize,
    /// Facts are kept about captured variables alone: there are too many paths with all of them.
    pub(super) coarse: bool,
}

/// A state that left a graph, and how.
pub(super) struct Left {
    pub state: State,
    /// The values of the `return` statement, where there is one.
    pub returned: Vec<Option<Value>>,
    pub exit: ExitAt,
    visit: usize,
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
        release: &'a Arc<Release>,
        contract: Option<&'a Contract>,
    ) -> Run<'a, 'p> {
        Run {
            module,
            function,
            root,
            release,
            contract,
            start: None,
            out: Outcomes::default(),
            acquired_now: false,
            nesting: 0,
            trying: 0,
            states: 0,
            coarse: false,
        }
    }

    /// Walks all paths from the entry.
    pub fn outcomes(mut self, start: Start) -> Outcomes {
        self.walk_all(&start);
        if self.states > MAX_STATES {
            self.states = 0;
            self.coarse = true;
            self.out = Outcomes::default();
            self.walk_all(&start);
        }
        self.out.owed.sort_by_key(|lost| (lost.span, lost.kind));
        self.out
    }

    fn walk_all(&mut self, start: &Start) {
        let Some(graph) = self.function.graph(self.root) else {
            return;
        };
        let mut state = State::new();
        if let Start::Param {
            local,
            field,
            depth,
        } = start
        {
            state.status = Status::Owed;
            let place = Place::of(*local);
            match field {
                None => state.bind(place, Some(Value::At(*depth))),
                Some(field) => {
                    state.bind_around(place.clone(), Value::Owner(Some(field.clone())));
                    if let Some(place) = place.field(field) {
                        state.bind_around(place, Value::At(*depth));
                    }
                }
            }
        }
        if let Start::Error { local } = start {
            state.status = Status::Owed;
            state.bind(Place::of(*local), Some(Value::Error));
        }
        self.start = Some(start.clone());
        let mut visits = Vec::new();
        for left in self.walk(graph, state, &mut visits) {
            self.leave(left, &visits);
        }
    }

    /// Whether facts about a variable are kept.
    pub(super) fn is_tracked(&self, local: LocalId) -> bool {
        // What a literal looks at decides what a deferred one releases.
        self.function.is_tracked(local) && (!self.coarse || self.function.is_captured(local))
    }

    /// Walks a graph from a state; gives every state that leaves it, its own defers not yet run.
    fn walk(&mut self, graph: &Graph, state: State, visits: &mut Vec<Visit>) -> Vec<Left> {
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
                        if self.refine_equal(&mut state, *tag, *value, truth) {
                            next.push((to, state, Some((span, truth))));
                        }
                    }
                }
                End::TypeSwitch { stmt, cases, other } => {
                    for (case, to) in cases {
                        let mut state = state.clone();
                        if self.refine_type(&mut state, *stmt, *case) {
                            next.push((*to, state, None));
                        }
                    }
                    next.extend(other.map(|to| (to, state, None)));
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
                    let first = self.ranges_over_resource(&state, *stmt);
                    next.push((*body, state.clone(), None));
                    if !first {
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
            Status::Before => matches!(self.start, Some(Start::Param { .. })) && self.nesting == 0,
            Status::Owed => false,
            Status::Released(_) => {
                self.nesting == 0 && !matches!(self.start, Some(Start::Param { .. }))
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

    fn returned_values(&mut self, state: &mut State, stmt: StmtId) -> Vec<Option<Value>> {
        let StmtKind::Return(list) = self.function.tree().stmt(stmt).kind else {
            return Vec::new();
        };
        let exprs = self.function.tree().exprs(list).to_vec();
        match exprs.as_slice() {
            [] => self
                .function
                .results(self.function.root_of(stmt))
                .iter()
                .map(|result| state.get(&Place::of(*result)).cloned())
                .collect(),
            [single] => {
                let mut values = self.eval_multi(state, *single);
                self.set_results(state, stmt, &exprs, &values);
                if values.is_empty() {
                    values.push(None);
                }
                values
            }
            many => {
                let values: Vec<_> = many.iter().map(|expr| self.eval(state, *expr)).collect();
                self.set_results(state, stmt, &exprs, &values);
                values
            }
        }
    }

    /// Deferred literals see the results of the `return` statement.
    fn set_results(
        &mut self,
        state: &mut State,
        stmt: StmtId,
        exprs: &[ExprId],
        values: &[Option<Value>],
    ) {
        let results = self.function.results(self.function.root_of(stmt)).to_vec();
        for (index, result) in results.iter().enumerate() {
            let fact = match exprs.get(index).filter(|_| exprs.len() == results.len()) {
                Some(expr) => self
                    .fact_of(state, *expr)
                    .or_else(|| self.assumed_error(&results, exprs, index)),
                None => None,
            };
            state.bind(Place::of(*result), values.get(index).cloned().flatten());
            state.set_fact(*result, fact);
        }
    }

    /// `return nil, fail(x)`: nobody returns nothing and no error.
    fn assumed_error(&self, results: &[LocalId], exprs: &[ExprId], index: usize) -> Option<Fact> {
        let tree = self.function.tree();
        let info = self.function.info();
        let is_error = info
            .local_info(*results.get(index)?)
            .is_some_and(|local| crate::types::is_error(self.module.program, local.ty));
        let others_nil = exprs.len() > 1
            && exprs
                .iter()
                .enumerate()
                .filter(|(i, _)| *i != index)
                .all(|(_, expr)| {
                    matches!(
                        info.object(caulk_flow::unparen(tree, *expr)),
                        caulk_program::Object::Nil
                    )
                });
        let is_call = matches!(
            tree.expr(*exprs.get(index)?).kind,
            caulk_syntax::ExprKind::Call { .. }
        );
        (is_error && others_nil && is_call).then_some(Fact::NonNil)
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
                    Deferred::Closure(_, literal) => next.extend(self.run_literal(state, literal)),
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

    fn leave(&mut self, left: Left, visits: &[Visit]) {
        let Left {
            mut state,
            returned,
            exit,
            visit,
        } = left;
        if let ExitAt::Return(stmt) = exit {
            self.note_others(&state, stmt);
            self.hand_to_caller(&mut state, stmt, &returned);
        }
        if matches!(exit, ExitAt::Never) {
            self.out.never_returns |= state.status == Status::Owed;
            return;
        }
        let error = self.error_at(&state, exit, &returned);
        let states = if matches!(exit, ExitAt::Midway) {
            vec![state]
        } else {
            self.run_defers(state)
        };
        for state in states {
            self.record(state, exit, error, visit, visits);
        }
    }

    /// Notes which results are someone else's where nothing is held.
    fn note_others(&mut self, state: &State, stmt: StmtId) {
        let tree = self.function.tree();
        let StmtKind::Return(list) = tree.stmt(stmt).kind else {
            return;
        };
        if state.status != Status::Before {
            return;
        }
        for (index, expr) in tree.exprs(list).iter().enumerate() {
            let expr = caulk_flow::unparen(tree, *expr);
            let foreign = match self.function.info().object(expr) {
                Object::PackageVar(_) => true,
                _ => self.place(expr).is_some_and(|place| {
                    self.function
                        .info()
                        .local_info(place.root)
                        .is_some_and(|local| {
                            matches!(local.kind, LocalKind::Param { .. } | LocalKind::Receiver)
                        })
                }),
            };
            if foreign {
                self.out.returns_other.insert(index);
            }
        }
    }

    fn hand_to_caller(&mut self, state: &mut State, stmt: StmtId, returned: &[Option<Value>]) {
        if state.status != Status::Owed {
            return;
        }
        let span = self.function.tree().stmt(stmt).span;
        for (index, value) in returned.iter().enumerate() {
            match value {
                Some(value @ (Value::At(_) | Value::Owner(_) | Value::Releaser)) => {
                    state.status = Status::Returned {
                        result: index,
                        value: value.clone(),
                        span,
                    };
                    return;
                }
                Some(Value::ReleasedIf { .. }) => self.out.depends_on_returned = true,
                Some(Value::View) => {
                    self.out.viewed.get_or_insert(index);
                    self.obstacle(span, "returns what reads from it or writes to it")
                }
                Some(Value::Closure(literal)) => {
                    let effect = self.closure_effect(state, *literal, &[]);
                    match effect {
                        super::closure::ClosureEffect::Releases => {
                            state.status = Status::Returned {
                                result: index,
                                value: Value::Releaser,
                                span,
                            };
                            return;
                        }
                        super::closure::ClosureEffect::Uses => {
                            state.status = Status::Unknown(
                                Arc::from("a function that uses it is returned"),
                                span,
                            );
                            return;
                        }
                        super::closure::ClosureEffect::Unknown(why) => {
                            state.status = Status::Unknown(why, span);
                            return;
                        }
                        super::closure::ClosureEffect::Nothing => {}
                    }
                }
                Some(Value::Handle) if !self.returns_data(stmt, index) => {
                    self.obstacle(span, "returns what is bound to it");
                }
                _ => {}
            }
        }
    }

    /// Whether a result of the function that a statement leaves is declared as plain data, or as an error.
    fn returns_data(&self, stmt: StmtId, index: usize) -> bool {
        let root = self.function.root_of(stmt);
        let result = self.function.results(root).get(index).copied();
        let info = result.and_then(|result| self.function.info().local_info(result));
        let program = self.module.program;
        info.is_some_and(|info| {
            crate::types::is_error(program, info.ty) || !crate::types::may_hold(program, info.ty)
        })
    }

    /// What the error result is known to be at an exit: not nil, nil.
    fn error_at(&self, state: &State, exit: ExitAt, returned: &[Option<Value>]) -> Option<bool> {
        let node: Node = match exit {
            ExitAt::Return(stmt) => stmt.into(),
            _ => return None,
        };
        let root = self.function.root_of(node);
        let index = self.function.error_result(self.module.program, root)?;
        let result = *self.function.results(root).get(index)?;
        if matches!(
            returned.get(index),
            Some(Some(Value::ReleasedIf { nil: true }))
        ) && matches!(state.status, Status::Released(_))
        {
            return Some(false);
        }
        match state.fact(result)? {
            Fact::NonNil => Some(true),
            Fact::Nil => Some(false),
            _ => None,
        }
    }

    fn record(
        &mut self,
        state: State,
        exit: ExitAt,
        error: Option<bool>,
        visit: usize,
        visits: &[Visit],
    ) {
        match state.status {
            Status::Before => self.out.returns_with_error = true,
            Status::Owed if state.doubt => self.unknown(
                "a condition on its error is not understood",
                self.exit_span(exit),
            ),
            Status::Owed => {
                self.out.returns_with_error |= !state.succeeded;
                if let Some(outer) = state.holders().find(|place| self.is_outer(place.root)) {
                    let name = self.name_of(outer.root);
                    let why = format!("assigned to {name} of the enclosing function");
                    self.unknown(&why, self.exit_span(exit));
                    return;
                }
                let kind = if matches!(exit, ExitAt::End) {
                    ExitKind::End
                } else {
                    ExitKind::Return
                };
                self.lose(kind, self.exit_span(exit), error, &state, visit, visits);
            }
            Status::Lost(stmt) => {
                let acquires = self.acquiring_stmt() == Some(stmt);
                let kind = if acquires {
                    ExitKind::NextIteration
                } else {
                    ExitKind::Overwritten
                };
                let span = self.function.tree().stmt(stmt).span;
                self.lose(kind, span, None, &state, visit, visits);
            }
            Status::Released(span) => {
                self.out.released.insert(error);
                self.out.released_at =
                    Some(self.out.released_at.map_or(span, |known| known.min(span)));
            }
            Status::Settled(how, span) => self.settled(how, span),
            Status::Returned {
                result,
                value,
                span,
            } => {
                let known = self.out.returned.take();
                self.out.returned = known
                    .filter(|(known, _)| *known <= result)
                    .or(Some((result, value)));
                self.out.returned_at =
                    Some(self.out.returned_at.map_or(span, |known| known.min(span)));
                self.out.returned_type = self
                    .out
                    .returned_type
                    .or_else(|| self.type_returned(exit, result));
            }
            Status::Unknown(why, span) => self.unknown_at(why, span),
        }
    }

    fn type_returned(&self, exit: ExitAt, result: usize) -> Option<TypeId> {
        let ExitAt::Return(stmt) = exit else {
            return None;
        };
        let tree = self.function.tree();
        let StmtKind::Return(list) = tree.stmt(stmt).kind else {
            return None;
        };
        let expr = *tree.exprs(list).get(result)?;
        Some(self.function.info().type_of(expr)).filter(|ty| !ty.is_unknown())
    }

    fn lose(
        &mut self,
        kind: ExitKind,
        span: Span,
        error: Option<bool>,
        state: &State,
        visit: usize,
        visits: &[Visit],
    ) {
        if self
            .out
            .owed
            .iter()
            .any(|lost| lost.span == span && lost.kind == kind && lost.error == error)
        {
            return;
        }
        let mut turns = Vec::new();
        let mut at = Some(visit);
        while let Some(visit) = at.and_then(|at| visits.get(at)) {
            if visit.acquires {
                break;
            }
            turns.extend(visit.turn);
            at = visit.parent;
        }
        let held_by = state
            .bindings()
            .find(|(_, value)| matches!(value, Value::At(0)))
            .map(|(place, _)| self.place_text(place));
        self.out.owed.push(Lost {
            kind,
            span,
            error,
            turns,
            held_by,
        });
    }

    pub(super) fn place_text(&self, place: &Place) -> String {
        let mut text = self.name_of(place.root);
        for field in &place.path {
            text.push('.');
            text.push_str(field);
        }
        text
    }

    fn exit_span(&self, exit: ExitAt) -> Span {
        let tree = self.function.tree();
        match exit {
            ExitAt::Return(stmt) => tree.stmt(stmt).span,
            _ => {
                let span = self
                    .function
                    .graph(self.root)
                    .map_or(Span::default(), |graph| tree.stmt(graph.body).span);
                Span::new(span.end.saturating_sub(1), span.end)
            }
        }
    }

    fn acquiring_stmt(&self) -> Option<StmtId> {
        match &self.start {
            Some(Start::Call { call, .. }) => self.function.statement(*call),
            _ => None,
        }
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
    }

    pub(super) fn lose_track(&mut self, state: &mut State, why: impl Into<Arc<str>>, span: Span) {
        if state.status == Status::Owed {
            state.status = Status::Unknown(why.into(), span);
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

    fn settled(&mut self, how: SettledBy, span: Span) {
        let known = self.out.settled.take();
        self.out.settled = known
            .filter(|(_, known)| *known <= span)
            .or(Some((how, span)));
    }

    fn unknown(&mut self, why: &str, span: Span) {
        self.unknown_at(Arc::from(why), span);
    }

    fn unknown_at(&mut self, why: Arc<str>, span: Span) {
        let known = self.out.unknown.take();
        self.out.unknown = known
            .filter(|(_, known)| *known <= span)
            .or(Some((why, span)));
    }
}
