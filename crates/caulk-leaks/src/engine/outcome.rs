//! What the paths of a walk come to.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use caulk_program::{LocalId, TypeId};
use caulk_syntax::{ExprId, ExprKind, Span, StmtId, StmtKind};
use smol_str::SmolStr;

use super::run::{ExitAt, Run, Start, Visit};
use super::state::{Place, State, Status, Value};
use crate::body::Root;
use crate::contract::Contract;
use crate::finding::{ExitKind, SettledBy};

/// A path that loses the resource.
#[derive(Debug, Clone)]
pub(crate) struct Lost {
    pub kind: ExitKind,
    /// The statement that leaves, or the closing brace.
    pub span: Span,
    /// What the error result is known to be: not nil, nil.
    pub error: Option<bool>,
    /// The function that takes it over and leaves it where it fails, if all its results are returned here.
    pub failing_call: Option<String>,
    /// The conditions on the way, last first: span and truth.
    pub turns: Vec<(Span, bool)>,
    /// The variable that holds it there.
    pub held_by: Option<String>,
    /// The call that was passed it, and returns on some path without having released it.
    pub left_by: Option<Span>,
    /// What there is to read of it was read to its end, or as far as that went.
    pub drained: bool,
    /// Only where something happens that the source gives no reason to expect.
    pub unlikely: bool,
    /// It was in a field at the entry, where something else is by now.
    pub replaced: bool,
}

/// A release that a turn of a loop puts off to the end of the function.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PiledUp {
    /// The `defer`.
    pub at: Span,
    /// Where the next turn acquires, what there is to read of this one was read to its end.
    pub drained: bool,
    /// Something from before the turn holds this one then.
    pub held: bool,
}

/// What the paths of a walk come to.
#[derive(Debug, Clone, Default)]
pub(crate) struct Outcomes {
    /// By place; one for each exit.
    pub owed: Vec<Lost>,
    /// What the error result is known to be where it is released.
    pub released: BTreeSet<Option<bool>>,
    pub released_at: Option<Span>,
    /// Some path releases it by a call; on the others that do not owe it, it may only have come to its end.
    pub by_hand: bool,
    pub settled: Option<(SettledBy, Span)>,
    /// Statements behind which it is in other hands, or may be.
    pub handed_on_at: BTreeSet<Span>,
    /// The type and the field that it is stored in, where it is always the same.
    pub stored_in: Option<(TypeId, SmolStr)>,
    /// It is stored in several fields, or elsewhere too.
    pub stored_elsewhere: bool,
    pub returned: Option<(usize, Value)>,
    /// The same, where nothing is held yet: a method of it has to be called first.
    pub returned_idle: Option<(usize, Value)>,
    /// The result that is the resource, or holds it, beside one that is a function which releases it.
    pub beside: Option<(usize, Value)>,
    pub returned_at: Option<Span>,
    /// Statements that return all results of a callee which, where it fails, leaves it to the function that is left.
    pub failing_returns: BTreeSet<StmtId>,
    /// The error of a callee that takes it over or not is returned without a look at it.
    pub depends_on_returned: bool,
    /// An error is returned without a look at it that ends it: `return rows.Scan(&id)`.
    pub ends_with_returned: bool,
    /// The first result that reads from it or writes to it.
    pub viewed: Option<usize>,
    /// The type of the returned expression, which can be narrower than the result's.
    pub returned_type: Option<TypeId>,
    /// Some path returns it where it was not read to its end.
    pub returned_unread: bool,
    pub unknown: Option<(Arc<str>, Span)>,
    /// Results that on another path are something that is not made here: a parameter, a package's
    /// variable.
    pub returns_other: BTreeSet<usize>,
    /// Results that are it on a path that has released it.
    pub returns_released: BTreeSet<usize>,
    /// Results that are nil on some path that ends without an error.
    pub returns_nil: BTreeSet<usize>,
    /// Where a result is nil and there is no error among the results: the last of them, if it is false.
    pub nil_flags: BTreeSet<Option<usize>>,
    /// Where it begins, if that is a call of its own behind the one that makes it: `cmd.Start()`.
    pub begun_at: Option<Span>,
    /// Variables of the function around that hold it where a literal ends.
    pub left_to: BTreeSet<LocalId>,
    /// Where the literal ends with an error and one of those holds it: lost, unless the function around it looks there.
    pub left_failing: Vec<Lost>,
    /// It is not known for another reason than that.
    pub unknown_otherwise: bool,
    /// Statements that release, deferred or not.
    pub releases: BTreeSet<Span>,
    /// It is passed to a function that leads back to this one, on paths that are left out.
    pub calls_back: bool,
    /// Calls that release it on some paths, and do not say on which.
    pub may_release: BTreeSet<Span>,
    /// Reasons why it may be in use after the function ends.
    pub obstacles: BTreeMap<Span, String>,
    /// A deferred release that stands before the error is looked at.
    pub early_defer: Option<Span>,
    /// A deferred release within the loop that acquires.
    pub defer_in_loop: Option<PiledUp>,
    /// Some path asks for the resource's dynamic type.
    pub asserted: bool,
    /// Some path returns the error of copying it, which says whether all of it was.
    pub not_copied: bool,
    /// There were more states than are followed: what conditions say of variables was left out.
    pub coarse: bool,
    /// Some path acquires.
    pub acquired: bool,
    /// Some path ends the process, the goroutine or the test with it, or does not end.
    pub never_returns: bool,
    /// Some path returns although the error is not nil, or was not looked at.
    pub returns_with_error: bool,
}

impl Outcomes {
    /// The result that is false wherever what is owed is nil: `return nil, false`.
    pub fn nil_flag(&self) -> Option<usize> {
        match self.nil_flags.len() {
            1 => self.nil_flags.first().copied().flatten(),
            _ => None,
        }
    }
}

/// An acquisition and what the walk found.
#[derive(Debug, Clone)]
pub(crate) struct Verdict {
    pub outcomes: Outcomes,
}

impl Run<'_, '_> {
    pub(super) fn record(
        &mut self,
        state: State,
        exit: ExitAt,
        error: Option<bool>,
        visit: usize,
        visits: &[Visit],
    ) {
        if let Some((why, span)) = &state.left
            && matches!(state.status, Status::Owed | Status::Lost(_))
        {
            self.unknown_at(Arc::clone(why), *span);
        }
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
                    let otherwise = self.out.unknown_otherwise;
                    self.out.left_to.insert(outer.root);
                    self.unknown(&why, self.exit_span(exit));
                    self.out.unknown_otherwise = otherwise;
                    if error == Some(true) {
                        let left = std::mem::take(&mut self.out.left_failing);
                        let owed = std::mem::replace(&mut self.out.owed, left);
                        let span = self.exit_span(exit);
                        self.lose(ExitKind::Return, span, error, &state, visit, visits);
                        self.out.left_failing = std::mem::replace(&mut self.out.owed, owed);
                    }
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
            Status::Settled(how, span) => {
                self.out.handed_on_at.insert(span);
                self.settled(how, span);
            }
            Status::Returned {
                result,
                ref value,
                span,
            } => {
                let beside_an_error = error == Some(true)
                    && matches!(value, Value::At(0))
                    && !self.release.is_call()
                    && (self.returns_by_name(exit) || result == 0 && self.is_dropped_by_callers());
                if self.leaves_on_failure || beside_an_error {
                    self.lose(ExitKind::Return, span, Some(true), &state, visit, visits);
                }
                self.out.returned_unread |= !state.drained;
                let known = self.out.returned.take();
                self.out.returned = known
                    .filter(|(known, _)| *known <= result)
                    .or(Some((result, value.clone())));
                self.out.returned_at =
                    Some(self.out.returned_at.map_or(span, |known| known.min(span)));
                self.out.returned_type = self
                    .out
                    .returned_type
                    .or_else(|| self.type_returned(exit, result));
            }
            Status::Unknown(why, span) => {
                self.out.handed_on_at.insert(span);
                self.unknown_at(why, span);
            }
        }
    }

    /// Whether nobody who calls the function does anything with its first result where that fails.
    pub(super) fn is_dropped_by_callers(&self) -> bool {
        let id = self.function.id().filter(|_| self.root.is_none());
        let is_followed = matches!(self.start, Some(Start::Call { .. } | Start::Around { .. }));
        is_followed
            && id.is_some_and(|id| {
                let by_custom = self.contract.is_some_and(Contract::is_kept_open);
                crate::inference::beside_error::is_dropped(self.module, id, by_custom)
            })
    }

    /// Whether a `return` gives what is held beside an error that something else may have left since: `err = db.Ping(); return db, err`.
    pub(super) fn may_fail_beside(&self, stmt: StmtId, returned: &[Option<Value>]) -> bool {
        let StmtKind::Return(list) = self.function.tree().stmt(stmt).kind else {
            return false;
        };
        let [_, .., error] = self.function.tree().exprs(list) else {
            return false;
        };
        let is_error = |expr: ExprId| {
            let ty = self.function.info().type_of(expr);
            crate::types::is_error(self.module.program, ty)
        };
        matches!(self.start, Some(Start::Call { .. }))
            && matches!(returned.first(), Some(Some(Value::At(0))))
            && !matches!(
                returned.last(),
                Some(Some(Value::Error | Value::DerivedError))
            )
            && !self.release.is_call()
            && self.release.path().is_empty()
            && self.function.local(*error).is_some()
            && is_error(*error)
            && self.is_dropped_by_callers()
    }

    /// Whether an exit returns what the results hold, among them the file that nobody looks at beside an error. What is
    /// returned beside one by hand, an answer or a context with its cancel, is meant to be, as far as its callers do not show.
    fn returns_by_name(&self, exit: ExitAt) -> bool {
        let ExitAt::Return(stmt) = exit else {
            return false;
        };
        let is_named = matches!(self.function.tree().stmt(stmt).kind, StmtKind::Return(list)
            if list.is_empty());
        is_named && self.release.path().is_empty()
    }

    fn type_returned(&self, exit: ExitAt, result: usize) -> Option<TypeId> {
        let ExitAt::Return(stmt) = exit else {
            return None;
        };
        let tree = self.function.tree();
        let StmtKind::Return(list) = tree.stmt(stmt).kind else {
            return None;
        };
        let list = tree.exprs(list);
        if list.is_empty() {
            let result = *self.function.results(self.root).get(result)?;
            let ty = self.function.info().local_info(result)?.ty;
            return Some(ty).filter(|ty| !ty.is_unknown());
        }
        let expr = *list.get(result)?;
        let ty = self.function.info().type_of(expr);
        // A call that gives all the results.
        let ty = match list {
            [_] => crate::types::results(self.module.program, ty)
                .get(result)
                .copied()?,
            _ => ty,
        };
        let behind = crate::inference::made_type::of_value(
            self.module,
            self.function,
            expr,
            if list.len() == 1 { result } else { 0 },
        );
        behind.or(Some(ty)).filter(|ty| !ty.is_unknown())
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
        let replaced = self.is_replaced(state);
        let turns = || {
            let mut turns = Vec::new();
            let mut at = Some(visit);
            while let Some(visit) = at.and_then(|at| visits.get(at)) {
                if visit.acquires {
                    break;
                }
                turns.extend(visit.turn);
                at = visit.parent;
            }
            turns
        };
        let mut known = self.out.owed.iter_mut();
        if let Some(lost) = known.find(|lost| {
            (lost.span, lost.kind, lost.error, lost.replaced) == (span, kind, error, replaced)
        }) {
            // The way on which it is read to its end is not the one to show.
            if lost.drained && !state.drained {
                lost.drained = false;
                lost.turns = turns();
            }
            return;
        }
        let turns = turns();
        let held_by = state
            .bindings()
            .find(|(_, value)| matches!(value, Value::At(0)))
            .map(|(place, _)| self.place_text(place));
        self.out.owed.push(Lost {
            kind,
            span,
            error,
            failing_call: self.failing_call(state, span),
            turns,
            held_by,
            left_by: state.left.as_ref().map(|(_, span)| *span),
            drained: state.drained,
            unlikely: state.unlikely,
            replaced,
        });
    }

    /// Whether the field that held it at the entry, as a use or a test has shown, holds something else.
    fn is_replaced(&self, state: &State) -> bool {
        let Some(Start::Param {
            local,
            field: Some(field),
            ..
        }) = &self.start
        else {
            return false;
        };
        let place = Place::at(*local, field);
        !state.untested && place.is_some_and(|place| state.get(&place).is_none())
    }

    /// The function, as written, that is given it and whose results are returned at `span`, where it is lost for the
    /// reason that this fails.
    fn failing_call(&self, state: &State, span: Span) -> Option<String> {
        let tree = self.function.tree();
        let stmt = self.leaving.filter(|stmt| tree.stmt(*stmt).span == span)?;
        let StmtKind::Return(results) = tree.stmt(stmt).kind else {
            return None;
        };
        let [only] = tree.exprs(results) else {
            return None;
        };
        let ExprKind::Call { fun, .. } = tree.expr(tree.unparen(*only)).kind else {
            return None;
        };
        let fails = match state.status {
            Status::Returned { .. } => self.leaves_on_failure,
            _ => self.returned_released_if == Some(stmt),
        };
        fails.then(|| Some(tree.selector_path(fun)?.join(".")))?
    }

    /// A goroutine that has taken it over ends, or returns, with it.
    pub(super) fn lose_in_goroutine(
        &mut self,
        exit: ExitAt,
        span: Span,
        state: &State,
        visit: usize,
        visits: &[Visit],
    ) {
        let kind = if matches!(exit, ExitAt::End) {
            ExitKind::End
        } else {
            ExitKind::Return
        };
        self.lose(kind, span, None, state, visit, visits);
    }

    fn exit_span(&self, exit: ExitAt) -> Span {
        self.exit_span_in(exit, self.root)
    }

    /// The statement that leaves a function or a literal, or its closing brace.
    pub(super) fn exit_span_in(&self, exit: ExitAt, root: Root) -> Span {
        let tree = self.function.tree();
        match exit {
            ExitAt::Return(stmt) => tree.stmt(stmt).span,
            _ => {
                let span = self
                    .function
                    .graph(root)
                    .map_or(Span::default(), |graph| tree.stmt(graph.body).span);
                Span::new(span.end.saturating_sub(1), span.end)
            }
        }
    }

    fn acquiring_stmt(&self) -> Option<StmtId> {
        match &self.start {
            Some(Start::Call { call, .. } | Start::Around { call, .. }) => {
                self.function.statement(*call)
            }
            _ => None,
        }
    }

    pub(super) fn settled(&mut self, how: SettledBy, span: Span) {
        let known = self.out.settled.take();
        self.out.settled = known
            .filter(|(_, known)| *known <= span)
            .or(Some((how, span)));
    }

    /// It is stored in a field of this type.
    pub(super) fn note_store(&mut self, ty: TypeId, field: &SmolStr) {
        if self.trying > 0 {
            return;
        }
        let stored = (ty, field.clone());
        self.out.stored_elsewhere |= self
            .out
            .stored_in
            .as_ref()
            .is_some_and(|known| *known != stored);
        self.out.stored_in = Some(stored);
    }

    pub(super) fn unknown(&mut self, why: &str, span: Span) {
        self.unknown_at(Arc::from(why), span);
    }

    fn unknown_at(&mut self, why: Arc<str>, span: Span) {
        self.out.unknown_otherwise = true;
        let known = self.out.unknown.take();
        self.out.unknown = known
            .filter(|(_, known)| *known <= span)
            .or(Some((why, span)));
    }
}
