//! What a walk's outcome means where more than its paths counts: main, what goes on elsewhere, variables of a package.

use caulk_program::{Callee, LocalId};
use caulk_syntax::{Descend, ExprId, ExprKind, Node, Span, StmtId, StmtKind};

use crate::engine::{Lost, PASSED_ON};
use crate::finding::{Confidence, ExitKind, Heat, Held, SettledBy, Step};
use crate::publish::described::Described;
use crate::publish::rounds::comes_again;
use crate::types::last_name;

impl Described<'_, '_> {
    pub(super) fn is_main(&self) -> bool {
        self.site.root.is_none() && self.function.is_main(self.module.program)
    }

    /// What is made once for the process ends with it.
    pub(super) fn runs_once_by_right(&self) -> bool {
        self.site.contract.once_is_ok && self.heat == Heat::Once && !self.is_ended_by_own_context()
    }

    /// A command under a context that the function makes: it is to end before the process does.
    fn is_ended_by_own_context(&self) -> bool {
        let function = self.function;
        let context = function.tree().arguments(self.site.call).first();
        let context = context.and_then(|first| function.local(*first));
        let made = context.and_then(|context| function.sole_value(self.module.program, context));
        made.is_some_and(|(made, _)| {
            let by = function.callee(made).func();
            by.is_some_and(|func| func.name.starts_with("context.With"))
        })
    }

    /// A registration, as far as source alone tells of one, or what nobody can release, that something goes on using behind the function.
    pub(super) fn is_read_on(&self) -> bool {
        let outcomes = &self.verdict.outcomes;
        let contract = &self.site.contract;
        let registered = contract.argument.is_some()
            || contract.rule == "unreleased-subscription"
                && contract.confidence == Confidence::Likely;
        (registered || contract.unreleasable)
            && !outcomes.owed.is_empty()
            && !outcomes.obstacles.is_empty()
    }

    /// Dropped by name, while a function of the package finds the like again in a context and releases it there.
    pub(super) fn is_found_again(&self) -> bool {
        let contract = &self.site.contract;
        if contract.found_again_by.is_empty() || !matches!(self.held, Held::Blank(_)) {
            return false;
        }
        let owners = self.module.program.owners(self.function.package);
        owners.into_iter().any(|owner| {
            let Some(function) = self.module.function(owner) else {
                return false;
            };
            let calls = function.info().calls();
            let names: Vec<&str> = calls.iter().map(|(_, callee)| last_name(callee)).collect();
            let finds = contract
                .found_again_by
                .iter()
                .any(|by| names.contains(&by.as_str()));
            finds && names.iter().any(|name| contract.release.releases(0, name))
        })
    }

    /// A `main` that ends with what its handlers use: they use it for as long as the process lives.
    pub(super) fn serves_to_the_end(&self) -> bool {
        let outcomes = &self.verdict.outcomes;
        let handed = outcomes.obstacles.values().any(|why| why == PASSED_ON);
        handed && outcomes.owed.iter().all(|lost| lost.kind == ExitKind::End)
    }

    /// A constructor that fails drops a context which nothing has been hung on: one made from
    /// `context.Background()` is registered nowhere. `go vet` says so all the same, and people put it right.
    pub(super) fn is_rootless_context(&self) -> bool {
        let outcomes = &self.verdict.outcomes;
        let handed_on =
            outcomes.settled.is_some() || outcomes.returned.is_some() || outcomes.unknown.is_some();
        let only_on_error = outcomes.owed.iter().all(|lost| lost.error == Some(true));
        self.site.contract.rule == "uncalled-cancel"
            && !outcomes.owed.is_empty()
            && handed_on
            && only_on_error
            && crate::engine::context::is_rootless(self.function, self.site.call)
            && !self.is_given_on()
    }

    /// Whether something has the context before it is dropped, and may wait for its end: a goroutine, or what a call begins with it.
    fn is_given_on(&self) -> bool {
        let function = self.function;
        let tree = function.tree();
        let context = function.target(self.site.call, 0);
        let Some(context) = context.and_then(|target| function.local(target)) else {
            return false;
        };
        let has = |call: ExprId| {
            let mut named = false;
            tree.walk(call, |node| {
                named |= matches!(node, Node::Expr(expr) if function.local(expr) == Some(context));
                Descend::Into
            });
            named
        };
        let starts = function.starts(self.module.program).iter();
        let begun = starts
            .filter(|(_, call)| has(*call))
            .map(|(go, _)| tree.stmt(*go).span.end)
            .min();
        let given = self.given_to_calls(context).min();
        let dropped = || {
            self.verdict
                .outcomes
                .owed
                .iter()
                .map(|lost| lost.span.start)
        };
        begun
            .zip(dropped().min())
            .is_some_and(|(begun, dropped)| begun < dropped)
            // A call that fails may have begun something before.
            || given.is_some_and(|given| dropped().any(|dropped| given < dropped))
    }

    /// Where calls end that have a context, apart from those that derive another.
    fn given_to_calls(&self, context: LocalId) -> impl Iterator<Item = u32> {
        let function = self.function;
        let tree = function.tree();
        let derives = |callee: &Callee| {
            let func = callee.func();
            func.is_some_and(|func| func.name.starts_with("context.With"))
        };
        let calls = function.info().calls().into_iter();
        let given = calls.filter(move |(call, callee)| {
            let arguments = tree.arguments(*call).iter();
            let mut arguments = arguments.map(|arg| function.local(tree.unparen(*arg)));
            !derives(callee) && arguments.any(|local| local == Some(context))
        });
        given.map(move |(call, _)| tree.expr(call).span.end)
    }

    /// Whether a call behind the one that makes a context has that, and may have begun what waits for its end.
    pub(super) fn is_begun_with(&self) -> bool {
        let function = self.function;
        let context = function.target(self.site.call, 0);
        let context = context.and_then(|target| function.local(target));
        context.is_some_and(|context| self.given_to_calls(context).next().is_some())
    }

    /// A writer that frees nothing, and is left as it is where something fails, or is finished elsewhere.
    pub(super) fn is_left_unfinished(&self) -> bool {
        let outcomes = &self.verdict.outcomes;
        let finished = !outcomes.releases.is_empty()
            || !outcomes.released.is_empty()
            || outcomes.settled.is_some()
            || outcomes.returned.is_some()
            || outcomes.unknown.is_some();
        let contract = &self.site.contract;
        let only_where_it_fails = outcomes.owed.iter().all(|lost| lost.error == Some(true));
        !outcomes.owed.is_empty()
            && (contract.finishes && (finished || only_where_it_fails)
                // Where making the rest fails nobody waits at the other end of a pipe.
                || contract.ended_with.is_some() && only_where_it_fails)
    }

    /// What nobody ends is meant to run to its end.
    pub(super) fn is_meant_to_run(&self) -> bool {
        let outcomes = &self.verdict.outcomes;
        self.site.contract.runs_to_its_end
            && outcomes.releases.is_empty()
            && outcomes.released.is_empty()
            && !self.is_wake_up_in_loop()
    }

    /// A package's variable that each request, or each turn of a loop without an end, assigns without a look at what it holds.
    pub(super) fn overwritten_per_request(&self) -> Option<Vec<Step>> {
        let outcomes = &self.verdict.outcomes;
        let at = outcomes
            .settled
            .filter(|(how, _)| *how == SettledBy::ProcessLifetime)?
            .1;
        let Held::Variable(name) = &self.held else {
            return None;
        };
        let is_certain = self.site.contract.confidence == Confidence::Certain;
        if !is_certain
            || self.heat != Heat::Request && !self.is_stored_in_rounds(at)
            || !outcomes.releases.is_empty()
            || self.is_guarded(name)
            || outcomes.stored_elsewhere
            || self.is_returned()
        {
            return None;
        }
        let next = match self.in_loop {
            true => "round",
            false => "request",
        };
        let note = format!("the next {next} overwrites {name} while still open");
        Some(vec![Step {
            location: self.location(at),
            note,
        }])
    }

    /// Whether a loop without an end, that goes round from there, acquires and stores at a place.
    fn is_stored_in_rounds(&self, at: Span) -> bool {
        let tree = self.function.tree();
        let round = self.function.innermost_loop(self.site.call);
        round.is_some_and(|round| {
            tree.is_endless_loop(round)
                && tree.stmt(round).span.encloses(at)
                && comes_again(self.function, self.site.root, at)
        })
    }

    /// Whether the caller gets what was acquired as well: it owns it, and the package's variable only shows where it is.
    fn is_returned(&self) -> bool {
        self.site
            .target(self.function)
            .and_then(|target| self.function.local(target))
            .is_some_and(|local| crate::inference::started::returns(self.function, local))
    }

    /// Whether the function looks at a variable before it acquires, or acquires in a literal, which
    /// may run only once.
    fn is_guarded(&self, name: &str) -> bool {
        let tree = self.function.tree();
        let Some(graph) = self
            .function
            .graph(None)
            .filter(|_| self.site.root.is_none())
        else {
            return true;
        };
        let Some(statement) = self.function.statement(self.site.call) else {
            return true;
        };
        let start = tree.stmt(statement).span.start;
        let mut looked_at = false;
        tree.walk(graph.body, |node| {
            if let Node::Expr(expr) = node
                && let ExprKind::Ident(ident) = tree.expr(expr).kind
            {
                looked_at |= ident.span.start < start && tree.name(ident) == name;
            }
            Descend::Into
        });
        looked_at
    }

    /// A loop that acquires again begins with a release under a condition: the first round has
    /// nothing to release, and the condition says so in a way that is not followed.
    pub(super) fn is_released_on_the_way_round(&self) -> bool {
        let outcomes = &self.verdict.outcomes;
        let tree = self.function.tree();
        let call = tree.expr(self.site.call).span;
        let Some(round) = self
            .function
            .innermost_loop(self.site.call)
            .map(|stmt| tree.stmt(stmt).span)
        else {
            return false;
        };
        !outcomes.owed.is_empty()
            && outcomes.owed.iter().all(|lost| self.is_acquired_anew(lost))
            && outcomes
                .releases
                .iter()
                .any(|release| round.encloses(*release) && release.end <= call.start)
    }

    /// Acquired in one case of a `switch` or `select` that a loop goes round, into a variable that lasts longer than a turn and
    /// that another case goes on with: which case comes in which turn is not for the source to say.
    pub(super) fn is_for_another_turn(&self) -> bool {
        let (function, tree) = (self.function, self.function.tree());
        let owed = &self.verdict.outcomes.owed;
        let goes_round = |lost: &Lost| lost.kind == ExitKind::NextIteration;
        let (Some(clause), Some(round)) = (
            function.branch_of(Node::Expr(self.site.call)),
            function.innermost_loop(self.site.call),
        ) else {
            return false;
        };
        let Some(local) = self.site.target(function).and_then(|to| function.local(to)) else {
            return false;
        };
        let round = tree.stmt(round).span;
        let declared = function.info().local_info(local).map(|local| local.span);
        let is_case = |stmt: StmtId| {
            matches!(
                tree.stmt(stmt).kind,
                StmtKind::Case { .. } | StmtKind::Comm { .. }
            )
        };
        let lasts = declared.is_some_and(|declared| !round.encloses(declared));
        if !lasts || !is_case(clause) || owed.is_empty() || !owed.iter().all(goes_round) {
            return false;
        }
        let Some(Node::Stmt(cases)) = function.parent(clause) else {
            return false;
        };
        let own = tree.stmt(clause).span;
        let mut goes_on = false;
        tree.walk(cases, |node| {
            if let Node::Expr(expr) = node
                && let ExprKind::Ident(_) = tree.expr(expr).kind
                && function.info().local(expr) == Some(local)
            {
                goes_on |= !own.encloses(tree.expr(expr).span);
            }
            Descend::Into
        });
        goes_on && round.encloses(own)
    }

    /// Whether a loop that loses the value comes to acquire again, by the same call or, where it stands in a case of a
    /// `select` or `switch`, by another: which case comes in which round is not for the source to say.
    fn is_acquired_anew(&self, lost: &Lost) -> bool {
        let tree = self.function.tree();
        let clause = self.function.branch_of(Node::Expr(self.site.call));
        let in_clause = || {
            clause.is_some_and(|clause| {
                let kind = tree.stmt(clause).kind;
                matches!(kind, StmtKind::Case { .. } | StmtKind::Comm { .. })
            })
        };
        let by_call = || {
            let calls = self.function.info().calls();
            let mut calls = calls.iter();
            calls.any(|(call, _)| lost.span.encloses(tree.expr(*call).span))
        };
        match lost.kind {
            ExitKind::NextIteration => true,
            ExitKind::Overwritten => in_clause() && by_call(),
            ExitKind::Return | ExitKind::End => false,
        }
    }
}
