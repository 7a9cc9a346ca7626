//! How much a leak matters: by what it holds and how often it is lost, and little where what is lost ends soon by itself.

use caulk_program::{Callee, Object};
use caulk_syntax::{Descend, ExprId, ExprKind, Node, StmtKind};

use crate::body::Function;
use crate::contract::Origin;
use crate::engine::Lost;
use crate::finding::{ExitKind, Heat, Held, SettledBy, Severity};
use crate::publish::described::Described;

/// What makes a leak matter little, and how that is told. In this order: the first that holds is named.
type Little = (fn(&Described<'_, '_>) -> bool, &'static str);

const LITTLE: &[Little] = &[
    (|x| x.site.contract.slight, "it holds little"),
    (|x| x.comes_read(), "it has been read to its end"),
    (
        |x| x.is_slight_everywhere(),
        "it comes to that only where what hardly fails has failed, or all has been read",
    ),
    (|x| x.is_stated(), "a comment says that it is left open"),
    (|x| x.is_generated(), "a program wrote this file"),
    (
        |x| x.has_no_body(),
        "the answer to a request for headers has no body",
    ),
    (|x| x.is_expected_to_be_none(), "there may be none"),
    (|x| x.is_cut_off_soon(), "the client's timeout ends it soon"),
    (|x| x.is_over_soon(), "it ends by itself soon"),
    (
        |x| x.kept_by().is_some(),
        "something that lives on holds it",
    ),
    (
        |x| x.is_request_cancelled(),
        "the end of its request closes the connection",
    ),
    (
        |x| x.is_ended_on_failure(),
        "it is meant to live as long as what has it",
    ),
    (
        |x| x.is_ended_by_failing(),
        "the process, or the context that it hangs on, ends with the error",
    ),
    (
        |x| x.is_lost_a_few_times(),
        "what calls it does so once, or a few times, in a process",
    ),
    (
        |x| x.is_to_outlive(),
        "it is to go on when this process has ended",
    ),
    (
        |x| x.is_lost_by_failing_command(),
        "the command ends with the error",
    ),
    (|x| x.ends_with_request(), "it ends with the request"),
    (
        |x| x.is_entry_alone(),
        "all that is left is an entry in its parent",
    ),
    (
        |x| x.is_rootless_context(),
        "nothing can cancel what it has no parent for",
    ),
    (|x| x.is_timer_alone(), "it runs out by itself"),
    (
        |x| x.is_wake_up_in_loop(),
        "it runs out by itself, and wakes one that waits",
    ),
    (
        |x| x.is_lost_when_told_to_end(),
        "its service is told to end",
    ),
    (
        |x| x.is_lost_by_service(),
        "its service ends with the process",
    ),
    (
        |x| x.is_half_written(),
        "its context ends it, and to close it would keep half of what was to be written",
    ),
    (|x| x.is_left_to_collector(), "the collector frees it"),
    (|x| x.is_carried_by_context(), "a context carries it on"),
    (
        |x| x.is_handed_over_in_turns(),
        "only a loop without a turn loses it",
    ),
    (
        |x| x.serves_from_now_on(),
        "it serves until the process ends",
    ),
    (
        |x| x.is_used_by_what_is_returned(),
        "what is returned goes on using it",
    ),
    (
        |x| x.is_made_over_what_was_passed(),
        "it ends with what it was made over, which its caller has",
    ),
    (
        |x| x.is_meant_to_last(),
        "it is to last as long as what it was begun with",
    ),
    (|x| x.is_replaced_in_turn(), "something else releases it"),
    (|x| x.writes_to_memory(), "it writes to memory"),
    (|x| x.is_one_of_few(), "nothing shows that there are many"),
    (
        |x| x.is_seen_roughly(),
        "more ways lead through the function than are followed one by one, and some release it",
    ),
    (|x| x.is_for_tests(), "it is for tests"),
    (|x| x.failing.tested, "only tests call it"),
];

impl Described<'_, '_> {
    /// How much it matters that it is lost, and why no more than little.
    pub(super) fn severity(&self) -> (Severity, Option<&'static str>) {
        let little = LITTLE.iter().find(|(is_so, _)| is_so(self));
        if let Some((_, why)) = little {
            return (Severity::Low, Some(why));
        }
        // A loop that a path leaves when it loses the value loses no more than one.
        let in_loop = self.in_loop && !self.is_lost_on_leaving();
        let severity = Severity::of(self.site.contract.harm, self.heat, in_loop);
        let outcomes = &self.verdict.outcomes;
        let is_kept_otherwise = outcomes.settled.is_some() || outcomes.returned.is_some();
        // What is kept when all goes well is lost as often as things go wrong.
        let severity =
            if is_kept_otherwise && outcomes.owed.iter().all(|lost| lost.error == Some(true)) {
                severity.min(Severity::Medium)
            } else {
                severity
            };
        (severity, Severity::low_by(self.heat))
    }

    fn comes_read(&self) -> bool {
        let contract = &self.site.contract;
        contract.comes_read && contract.is_spent_when_read()
    }

    /// Whether the ways that lose it may be none that can come, since others see to it and conditions were not looked at.
    fn is_seen_roughly(&self) -> bool {
        let outcomes = &self.verdict.outcomes;
        outcomes.coarse
            && (!outcomes.releases.is_empty()
                || outcomes.settled.is_some()
                || outcomes.returned.is_some())
    }

    fn is_for_tests(&self) -> bool {
        self.site.acquired_by.starts_with("net/http/httptest.")
    }

    /// Whether it is lost only where that is of no account.
    fn is_slight_everywhere(&self) -> bool {
        !self.verdict.outcomes.owed.is_empty() && self.of_account().next().is_none()
    }

    /// Where it is lost and that is of account: not where it was read to its end, or where copying into it failed, as a rule since it
    /// is over, and where nothing in the source leads one to expect to get.
    fn of_account(&self) -> impl Iterator<Item = &Lost> {
        let ends_by_itself = self.site.contract.is_spent_when_read()
            || self
                .site
                .release
                .ends_on_error
                .iter()
                .any(|method| method == "Write");
        self.verdict.outcomes.owed.iter().filter(move |lost| {
            let is_over = ends_by_itself && lost.drained;
            !is_over
                && !lost.unlikely
                && !crate::publish::stated::is_impossible(self.file, lost.span)
        })
    }

    /// An iterator over memory that the collector frees, where nothing shows that there are many.
    fn is_left_to_collector(&self) -> bool {
        let harm = self.site.contract.harm;
        self.site.contract.rule == "unstopped-iterator"
            && harm.healed
            && !(harm.goroutines || harm.connections || harm.descriptors)
            && self.heat == Heat::Unknown
            && !self.in_loop
    }

    /// Whether it is the answer to a request for headers.
    fn has_no_body(&self) -> bool {
        self.site.contract.rule == "unclosed-response-body"
            && crate::sites::answered::is_told_to_ask_for_headers(
                self.module,
                self.function,
                self.site.call,
            )
    }

    /// Discarded by name, where the source of what gives it gives none where nothing came: who does not even name it expects that.
    fn is_expected_to_be_none(&self) -> bool {
        let contract = &self.site.contract;
        matches!(self.held, Held::Blank(_))
            && contract.optional
            && matches!(contract.origin, Origin::Source(_))
    }

    /// It ends by itself after a short time that a constant tells.
    fn is_over_soon(&self) -> bool {
        let (call, contract) = (self.site.call, &self.site.contract);
        crate::sites::waited::is_short_by_constant(self.module, self.function, call, contract)
    }

    /// A response that its client ends soon, whether anybody reads it or not.
    fn is_cut_off_soon(&self) -> bool {
        self.site.contract.rule == "unclosed-response-body"
            && crate::sites::deadline::is_short(self.module, self.function, self.site.call)
    }

    /// Whether it is lost only where the function is left, at most once in a call of it.
    pub(super) fn is_lost_on_leaving(&self) -> bool {
        let outcomes = &self.verdict.outcomes;
        outcomes.defer_in_loop.is_none()
            && !outcomes.owed.is_empty()
            && outcomes
                .owed
                .iter()
                .all(|lost| matches!(lost.kind, ExitKind::Return | ExitKind::End))
    }

    /// Whether a comment beside it states that it is left open.
    fn is_stated(&self) -> bool {
        let tree = self.function.tree();
        let body = self.function.graph(self.site.root).map(|graph| graph.body);
        let statement = self.function.statement(self.site.call);
        body.zip(statement).is_some_and(|(body, statement)| {
            let (body, statement) = (tree.stmt(body).span, tree.stmt(statement).span);
            crate::publish::stated::is_left_open(self.file, body, statement)
        })
    }

    /// A function that ends what a method has begun and that nobody has a name for: it is to last as long as what it was begun with.
    fn is_meant_to_last(&self) -> bool {
        let contract = &self.site.contract;
        self.held == Held::Nothing
            && contract.rule == "uncalled-cancel"
            && matches!(contract.origin, Origin::Source(_))
            && self.function.callee(self.site.call).receiver().is_some()
    }

    /// Whether a program wrote the file: it is to be mended there, and may be written for what nobody asks of it.
    fn is_generated(&self) -> bool {
        self.file.is_generated()
    }

    /// A cancel function that is called where something fails, and is left alone where all goes well, of a context that nothing
    /// ends: it is meant to live as long as what has it.
    fn is_ended_on_failure(&self) -> bool {
        let outcomes = &self.verdict.outcomes;
        let tree = self.function.tree();
        let parent = tree.arguments(self.site.call).first();
        self.site.contract.rule == "uncalled-cancel"
            && self.site.acquired_by.ends_with("context.WithCancel")
            && outcomes.released.contains(&Some(true))
            && outcomes.owed.iter().all(|lost| lost.error == Some(false))
            && parent.is_some_and(|parent| {
                crate::engine::context::never_ends(self.module, self.function, *parent)
            })
    }

    /// Lost where the function is left, and the process ends with that, or, lost only where it fails, whoever calls it ends the
    /// process then, or the context that it was passed and which ends this too; or it runs once in a process, and may lose one.
    fn is_ended_by_failing(&self) -> bool {
        if self.verdict.outcomes.owed.is_empty() {
            return false;
        }
        let only_on_leaving = self
            .of_account()
            .all(|lost| matches!(lost.kind, ExitKind::Return | ExitKind::End));
        self.failing.last && only_on_leaving
            || self.is_lost_with_an_error()
                && (self.failing.process
                    || self.failing.fails_once
                    || self.failing.context && self.hangs_on_passed_context()
                    || self.keeps_context_alone())
    }

    /// Whether it is lost only where the function is left with an error.
    pub(super) fn is_lost_with_an_error(&self) -> bool {
        self.of_account()
            .all(|lost| lost.kind == ExitKind::Return && lost.error == Some(true))
    }

    /// Whether its source says that it keeps no more than goroutines, and it is made with a context from elsewhere: where something
    /// fails this ends sooner or later, and they with it.
    fn keeps_context_alone(&self) -> bool {
        let contract = &self.site.contract;
        let tree = self.function.tree();
        let (module, function) = (self.module, self.function);
        matches!(contract.origin, Origin::Source(_))
            && contract.rule == "unclosed-resource"
            && !contract.harm.descriptors
            && !contract.harm.connections
            && tree.arguments(self.site.call).iter().any(|arg| {
                crate::engine::context::is_of_caller(module, function, *arg)
                    || crate::engine::context::is_of_receiver(module, function, *arg)
            })
    }

    /// Whether it is made with a context that the function was passed, and ends with it: the call is passed one, and what it
    /// keeps is no descriptor.
    fn hangs_on_passed_context(&self) -> bool {
        let contract = &self.site.contract;
        let tree = self.function.tree();
        let ends = contract.context_ends.is_some()
            || contract.is_spent_when_read()
            || contract.rule == "unclosed-rows"
            || contract.rule == "unclosed-resource"
                && contract.harm.goroutines
                && !contract.harm.descriptors;
        ends && tree
            .arguments(self.site.call)
            .iter()
            .any(|arg| crate::engine::context::is_of_caller(self.module, self.function, *arg))
    }

    /// A context below the one that the function was passed, which ends with a request: it is kept until then.
    fn ends_with_request(&self) -> bool {
        let contract = &self.site.contract;
        // What holds no more than a context with a deadline, as its source says.
        let holds_context =
            matches!(contract.origin, Origin::Source(_)) && contract.harm.is_time_alone();
        let tree = self.function.tree();
        let args = tree.arguments(self.site.call);
        let parent = args.first();
        let (module, function) = (self.module, self.function);
        self.failing.request
            && !self.in_loop
            && match contract.rule {
                "uncalled-cancel" => parent.is_some_and(|parent| {
                    crate::engine::context::is_of_caller(module, function, *parent)
                }),
                _ => {
                    holds_context
                        && args.iter().any(|arg| {
                            crate::engine::context::is_of_caller(module, function, *arg)
                                || crate::engine::context::is_request(module, function, *arg)
                        })
                }
            }
    }

    /// A package's variable that somebody else in the package releases, maybe before each that is put there.
    fn is_replaced_in_turn(&self) -> bool {
        let outcomes = &self.verdict.outcomes;
        let Some((SettledBy::ProcessLifetime, at)) = outcomes.settled else {
            return false;
        };
        let Some(variable) = self.variable_given(at) else {
            return false;
        };
        // What is put there may hold it in a field: `current.file.Close()`.
        let names_it = |function: &Function, expr: ExprId| {
            let tree = function.tree();
            let mut expr = tree.unparen(expr);
            while let ExprKind::Selector { x, .. } = tree.expr(expr).kind
                && matches!(function.info().object(expr), Object::Field { .. })
            {
                expr = tree.unparen(x);
            }
            matches!(function.info().object(expr), Object::PackageVar(name) if *name == variable)
        };
        let owners = self.module.program.owners(self.function.package);
        outcomes.owed.is_empty()
            && owners.into_iter().any(|owner| {
                let Some(function) = self.module.function(owner) else {
                    return false;
                };
                let calls = function.info().calls();
                calls.iter().any(|(_, callee)| match callee {
                    Callee::PackageVar { name, .. } => {
                        *name == variable && self.site.release.is_call()
                    }
                    callee => callee.receiver().is_some_and(|receiver| {
                        names_it(&function, receiver)
                            && self.site.release.is_method(crate::types::last_name(callee))
                    }),
                })
            })
    }

    /// The package's variable that the statement at a place assigns.
    fn variable_given(&self, at: caulk_syntax::Span) -> Option<std::sync::Arc<str>> {
        let tree = self.function.tree();
        let graph = self.function.graph(self.site.root)?;
        let mut found = None;
        tree.walk(graph.body, |node| {
            if let Node::Stmt(stmt) = node
                && tree.stmt(stmt).span.encloses(at)
                && let StmtKind::Assign { lhs, .. } = tree.stmt(stmt).kind
            {
                let mut objects = tree
                    .exprs(lhs)
                    .iter()
                    .map(|x| self.function.info().object(*x));
                found = found.take().or(objects.find_map(|object| match object {
                    Object::PackageVar(name) => Some(name.clone()),
                    _ => None,
                }));
            }
            Descend::Into
        });
        found
    }

    /// A value that is written out, such as a transport of HTTP, where nothing is seen to make many of them.
    fn is_one_of_few(&self) -> bool {
        self.site.is_written_out()
            && !self.in_loop
            && !matches!(self.heat, Heat::Repeated | Heat::Request)
    }

    /// A writer whose release commits what was written, left where something fails: it holds what its context ends, and to release it there would
    /// keep a half.
    fn is_half_written(&self) -> bool {
        let contract = &self.site.contract;
        contract.rule == "unclosed-writer"
            && contract.release.commits
            && contract.context_ends.is_some()
            && !self.verdict.outcomes.owed.is_empty()
            && self.is_lost_with_an_error()
    }

    /// A writer over a buffer in memory: what is left out is the end of what it writes, and nothing is held.
    fn writes_to_memory(&self) -> bool {
        let tree = self.function.tree();
        let program = self.module.program;
        self.site.contract.rule == "unclosed-writer"
            && tree.arguments(self.site.call).iter().any(|arg| {
                let ty = self.function.info().type_of(*arg);
                matches!(
                    program.named_name(program.deref(ty)).as_deref(),
                    Some("bytes.Buffer" | "strings.Builder")
                )
            })
    }
}
