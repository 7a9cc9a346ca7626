//! What a walk's outcome means where more than its paths counts: main, endless loops, parents that
//! end a resource, variables of a package.

use caulk_program::{Callee, LocalId, LocalKind, Object};
use caulk_syntax::{Descend, ExprId, ExprKind, Node, StmtKind, Tree};

use crate::contract::Origin;
use crate::engine::{Function, Lost, PASSED_ON};
use crate::finding::{Confidence, ExitKind, Heat, Held, SettledBy, Step};
use crate::inference::own_use::is_looked_up;
use crate::module::Reach;
use crate::publish::described::Described;

impl Described<'_, '_> {
    /// A deferred release in a loop that never ends releases nothing.
    pub(super) fn is_endless_defer(&self) -> bool {
        self.verdict.outcomes.defer_in_loop.is_some() && self.in_endless_loop()
    }

    /// Whether a deferred release stands in a loop that goes on for as long as something comes in: entries of an
    /// archive, connections, lines. How much is held when it ends is not for the function to say.
    pub(super) fn is_deferred_in_stream(&self) -> bool {
        if self.verdict.outcomes.defer_in_loop.is_none() || !self.verdict.outcomes.owed.is_empty() {
            return false;
        }
        let Some(stmt) = self.function.innermost_loop(self.site.call) else {
            return false;
        };
        let tree = self.function.tree();
        let StmtKind::For {
            init: None, cond, ..
        } = tree.stmt(stmt).kind
        else {
            return false;
        };
        let Some(cond) = cond.filter(|cond| !is_true(tree, *cond)) else {
            return true;
        };
        let ExprKind::Call { fun, .. } = tree.expr(caulk_flow::unparen(tree, cond)).kind else {
            return false;
        };
        matches!(tree.expr(fun).kind, ExprKind::Selector { sel, .. }
            if ["Next", "Scan", "More"].contains(&tree.name(sel)))
    }

    fn in_endless_loop(&self) -> bool {
        let Some(stmt) = self.function.innermost_loop(self.site.call) else {
            return false;
        };
        let tree = self.function.tree();
        match tree.stmt(stmt).kind {
            StmtKind::For { cond, .. } if cond.is_none_or(|cond| is_true(tree, cond)) => self
                .function
                .graph(self.site.root)
                .is_some_and(|graph| !graph.returns()),
            StmtKind::Range { x, .. } => {
                let ty = self.function.info().type_of(x);
                matches!(
                    self.module.program.ty(self.module.program.underlying(ty)),
                    caulk_program::Type::Chan(..)
                )
            }
            _ => false,
        }
    }

    pub(super) fn is_main(&self) -> bool {
        self.site.root.is_none() && self.function.is_main(self.module.program)
    }

    /// What is made once for the process ends with it.
    pub(super) fn runs_once_by_right(&self) -> bool {
        self.site.contract.once_is_ok && self.heat == Heat::Once
    }

    /// A registration, as far as source alone tells of one, that something goes on reading behind the function.
    pub(super) fn is_read_on(&self) -> bool {
        let outcomes = &self.verdict.outcomes;
        let contract = &self.site.contract;
        let registered = contract.argument.is_some()
            || contract.rule == "unreleased-subscription"
                && contract.confidence == Confidence::Likely;
        registered && !outcomes.owed.is_empty() && !outcomes.obstacles.is_empty()
    }

    /// Dropped by name, while a function of the package finds the like again in a context and releases it there.
    pub(super) fn is_found_again(&self) -> bool {
        let contract = &self.site.contract;
        if contract.found_again_by.is_empty() || !matches!(self.held, Held::Blank(_)) {
            return false;
        }
        let name_of = |callee: &Callee| match callee {
            Callee::Interface { name, .. } | Callee::Unknown { name, .. } => Some(name.to_string()),
            callee => {
                let func = callee.func()?;
                func.name.rsplit('.').next().map(str::to_owned)
            }
        };
        let owners = self.module.program.owners(self.function.package);
        owners.into_iter().any(|owner| {
            let Some(function) = self.module.function(owner) else {
                return false;
            };
            let names: Vec<String> = function
                .info()
                .calls()
                .iter()
                .filter_map(|(_, callee)| name_of(callee))
                .collect();
            let finds = contract.found_again_by.iter().any(|by| names.contains(by));
            finds && names.iter().any(|name| contract.release.releases(0, name))
        })
    }

    /// A `main` that ends with what its handlers use: they use it for as long as the process lives.
    pub(super) fn serves_to_the_end(&self) -> bool {
        let outcomes = &self.verdict.outcomes;
        let handed = outcomes.obstacles.values().any(|why| why == PASSED_ON);
        handed && outcomes.owed.iter().all(|lost| lost.kind == ExitKind::End)
    }

    /// What ends it at the latest, where that is what it was asked of: rows are closed with their transaction, which can do
    /// nothing else until then.
    pub(super) fn kept_by(&self) -> Option<&str> {
        let parent = self.site.contract.parent.as_deref()?;
        let receiver = self.function.callee(self.site.call).receiver()?;
        let ty = self.function.info().type_of(receiver);
        (self.module.program.named_name(ty)? == parent).then_some(parent)
    }

    /// A transaction whose context is cancelled in this function, or ends with the request; a stream of a client that this
    /// function closes.
    pub(super) fn is_ended_by_parent(&self) -> bool {
        let tree = self.function.tree();
        let ExprKind::Call { args, .. } = tree.expr(self.site.call).kind else {
            return false;
        };
        if self.site.contract.of_parent
            && (self.is_parent_made_here() || self.is_parent_released() || self.is_parent_lent())
        {
            return true;
        }
        if self.site.release.is_call() && self.is_parent_context_cancelled() {
            return true;
        }
        if let Some(result) = self.site.contract.ended_with
            && crate::publish::sibling::may_be_released(
                self.module,
                self.function,
                self.site.call,
                result,
            )
        {
            return true;
        }
        let Some(index) = self
            .site
            .contract
            .context_ends
            .filter(|_| !self.site.release.is_call())
        else {
            return false;
        };
        let Some(&context) = tree.exprs(args).get(index) else {
            return false;
        };
        crate::engine::context::ends_here(self.module, self.function, context)
            || crate::in_test::is_in_test(self.module, self.function)
                && crate::engine::context::may_end(self.module, self.function, context)
    }

    /// Whether the context that this one is derived from is made in the same function, and cancelled there on every
    /// path, or is that of a test: the child goes with it. One that is derived in each round of a loop is kept until then.
    fn is_parent_context_cancelled(&self) -> bool {
        let contract = &self.site.contract;
        let tree = self.function.tree();
        let ExprKind::Call { args, .. } = tree.expr(self.site.call).kind else {
            return false;
        };
        let index = match contract.origin {
            Origin::Catalogue { .. } => Some(0),
            _ => contract.context_ends,
        };
        let Some(&parent) = index.and_then(|index| tree.exprs(args).get(index)) else {
            return false;
        };
        let is_cancelled = || {
            let parent = self.function.local(parent);
            parent.is_some_and(|parent| {
                let (module, function) = (self.module, self.function);
                crate::engine::context::is_cancelled(module, function, self.site.root, parent)
            })
        };
        // What the next round forgets is kept until then.
        self.verdict
            .outcomes
            .owed
            .iter()
            .all(|lost| matches!(lost.kind, ExitKind::Return | ExitKind::End))
            && (is_cancelled()
                || crate::engine::context::ends_with_test(self.module, self.function, parent))
    }

    /// Whether what it was made from is acquired in the same function, and released there on every path.
    fn is_parent_released(&self) -> bool {
        let parents =
            crate::publish::parents::variables(self.module, self.function, self.site.call);
        if parents.is_empty() {
            return false;
        }
        let tree = self.function.tree();
        let verdicts = self.module.verdicts(self.function.typed.owner, Reach::FULL);
        verdicts.iter().any(|(site, verdict)| {
            let stmt = self
                .function
                .statement(site.call)
                .map(|stmt| tree.stmt(stmt).kind);
            let held = match stmt {
                Some(StmtKind::Assign { lhs, .. }) => tree.exprs(lhs).get(site.result).copied(),
                _ => None,
            };
            let outcomes = &verdict.outcomes;
            held.and_then(|held| self.function.local(held))
                .is_some_and(|held| parents.contains(&held))
                && outcomes.owed.is_empty()
                && outcomes.unknown.is_none()
                && outcomes.released_at.is_some()
        })
    }

    /// Whether what it was made from comes into being in the same function: then that is to be released, and this with it.
    fn is_parent_made_here(&self) -> bool {
        let receiver = self.function.callee(self.site.call).receiver();
        let Some(parent) = receiver.and_then(|receiver| self.path_of(receiver)) else {
            return false;
        };
        let tree = self.function.tree();
        let Some(graph) = self.function.graph(None) else {
            return false;
        };
        let mut made = false;
        tree.walk(graph.body, |node| {
            if let Node::Stmt(stmt) = node
                && let StmtKind::Assign { lhs, rhs, .. } = tree.stmt(stmt).kind
                && !self.is_looked_up(tree.exprs(rhs))
            {
                let mut targets = tree.exprs(lhs).iter();
                made |= targets.any(|target| self.path_of(*target).as_ref() == Some(&parent));
            }
            Descend::Into
        });
        made
    }

    /// Whether values are of a call that says by its name that it gives what others have as well: `db, err := s.getDB(id)`.
    fn is_looked_up(&self, values: &[ExprId]) -> bool {
        let [call] = values else {
            return false;
        };
        let call = caulk_flow::unparen(self.function.tree(), *call);
        let is_call = matches!(self.function.tree().expr(call).kind, ExprKind::Call { .. });
        is_call && is_looked_up(crate::types::last_name(self.function.callee(call)))
    }

    /// Whether it is made from what a call gives the function literal around: `withClient(func(c *Client) error { … })`.
    /// Whoever made that ends it, and this with it.
    fn is_parent_lent(&self) -> bool {
        let tree = self.function.tree();
        let receiver = self.function.callee(self.site.call).receiver();
        let parent = receiver
            .and_then(|receiver| self.path_of(receiver))
            .and_then(|(local, _)| self.function.info().local_info(local));
        let Some(literal) = parent
            .filter(|parent| matches!(parent.kind, LocalKind::Param { .. }))
            .and_then(|parent| parent.function)
        else {
            return false;
        };
        matches!(self.function.parent(literal), Some(Node::Expr(call))
            if matches!(tree.expr(call).kind, ExprKind::Call { fun, .. } if fun != literal))
    }

    /// A variable and the fields that lead on from it: `s.conn`.
    fn path_of(&self, expr: ExprId) -> Option<(LocalId, Vec<&str>)> {
        let tree = self.function.tree();
        let expr = caulk_flow::unparen(tree, expr);
        match tree.expr(expr).kind {
            ExprKind::Ident(_) => Some((self.function.local(expr)?, Vec::new())),
            ExprKind::Selector { x, sel } => {
                let (root, mut fields) = self.path_of(x)?;
                fields.push(tree.name(sel));
                Some((root, fields))
            }
            _ => None,
        }
    }

    /// A constructor that fails drops a context which nothing has been hung on: one made from
    /// `context.Background()` is registered nowhere.
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
    }

    /// A package's variable that each request assigns, without a look at what it holds.
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
            || self.heat != Heat::Request
            || !outcomes.releases.is_empty()
            || self.is_guarded(name)
        {
            return None;
        }
        let note = format!("the next request overwrites {name} while still open");
        Some(vec![Step {
            location: self.location(at),
            note,
        }])
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

    /// A cancel function that is called where something fails, and is left alone where all goes well, of a context that nothing
    /// ends: it is meant to live as long as what has it.
    pub(super) fn is_ended_on_failure(&self) -> bool {
        let outcomes = &self.verdict.outcomes;
        let tree = self.function.tree();
        let ExprKind::Call { args, .. } = tree.expr(self.site.call).kind else {
            return false;
        };
        let parent = tree.exprs(args).first();
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
    pub(super) fn is_ended_by_failing(&self) -> bool {
        let owed = &self.verdict.outcomes.owed;
        let only_on_error = owed
            .iter()
            .all(|lost| lost.kind == ExitKind::Return && lost.error == Some(true));
        let only_on_leaving = owed
            .iter()
            .all(|lost| matches!(lost.kind, ExitKind::Return | ExitKind::End));
        if owed.is_empty() {
            return false;
        }
        self.failing.last && only_on_leaving
            || only_on_error
                && (self.failing.process
                    || self.failing.fails_once
                    || self.failing.context && self.hangs_on_passed_context()
                    || self.keeps_context_alone())
    }

    /// Whether its source says that it keeps no more than goroutines, and it is made with a context from elsewhere: where something
    /// fails this ends sooner or later, and they with it.
    fn keeps_context_alone(&self) -> bool {
        let contract = &self.site.contract;
        let tree = self.function.tree();
        let ExprKind::Call { args, .. } = tree.expr(self.site.call).kind else {
            return false;
        };
        let (module, function) = (self.module, self.function);
        matches!(contract.origin, Origin::Source(_))
            && contract.rule == "unclosed-resource"
            && !contract.harm.descriptors
            && !contract.harm.connections
            && tree.exprs(args).iter().any(|arg| {
                crate::engine::context::is_of_caller(module, function, *arg)
                    || crate::engine::context::is_of_receiver(module, function, *arg)
            })
    }

    /// Whether it is made with a context that the function was passed, and ends with it: the call is passed one, and what it
    /// keeps is no descriptor.
    fn hangs_on_passed_context(&self) -> bool {
        let contract = &self.site.contract;
        let tree = self.function.tree();
        let ExprKind::Call { args, .. } = tree.expr(self.site.call).kind else {
            return false;
        };
        let ends = contract.context_ends.is_some()
            || contract.is_spent_when_read()
            || contract.rule == "unclosed-rows"
            || contract.rule == "unclosed-resource"
                && contract.harm.goroutines
                && !contract.harm.descriptors;
        ends && tree
            .exprs(args)
            .iter()
            .any(|arg| crate::engine::context::is_of_caller(self.module, self.function, *arg))
    }

    /// A context below the one that the function was passed, which ends with a request: it is kept until then.
    pub(super) fn ends_with_request(&self) -> bool {
        let tree = self.function.tree();
        let ExprKind::Call { args, .. } = tree.expr(self.site.call).kind else {
            return false;
        };
        let parent = tree.exprs(args).first();
        self.site.contract.rule == "uncalled-cancel"
            && self.failing.request
            && !self.in_loop
            && parent.is_some_and(|parent| {
                crate::engine::context::is_of_caller(self.module, self.function, *parent)
            })
    }

    /// A context below one that is kept nowhere, which no goroutine is given: nothing waits for it, and nothing knows of it.
    pub(super) fn holds_nothing_alone(&self) -> bool {
        let function = self.function;
        let tree = function.tree();
        let by = &self.site.acquired_by;
        if !(by.ends_with("context.WithCancel") || by.ends_with("context.WithCancelCause"))
            || !crate::engine::context::is_rootless(function, self.site.call)
        {
            return false;
        }
        let stmt = function.statement(self.site.call);
        let Some(StmtKind::Assign { lhs, .. }) = stmt.map(|stmt| tree.stmt(stmt).kind) else {
            return false;
        };
        let context = tree.exprs(lhs).first().and_then(|x| function.local(*x));
        context.is_some_and(|context| {
            !crate::engine::context::is_given_to_goroutine(self.module, function, context)
        })
    }

    /// A package's variable that somebody else in the package releases, maybe before each that is put there.
    pub(super) fn is_replaced_in_turn(&self) -> bool {
        let outcomes = &self.verdict.outcomes;
        let Some((SettledBy::ProcessLifetime, at)) = outcomes.settled else {
            return false;
        };
        let Some(variable) = self.variable_given(at) else {
            return false;
        };
        let names_it = |function: &Function, expr: ExprId| {
            let expr = caulk_flow::unparen(function.tree(), expr);
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

    /// A writer over a buffer in memory: what is left out is the end of what it writes, and nothing is held.
    pub(super) fn writes_to_memory(&self) -> bool {
        let tree = self.function.tree();
        let ExprKind::Call { args, .. } = tree.expr(self.site.call).kind else {
            return false;
        };
        let program = self.module.program;
        self.site.contract.rule == "unclosed-writer"
            && tree.exprs(args).iter().any(|arg| {
                let ty = self.function.info().type_of(*arg);
                matches!(
                    program.named_name(program.deref(ty)).as_deref(),
                    Some("bytes.Buffer" | "strings.Builder")
                )
            })
    }
}

/// `for true { … }` is written by those who come from other languages.
fn is_true(tree: &Tree, cond: ExprId) -> bool {
    matches!(tree.expr(caulk_flow::unparen(tree, cond)).kind, ExprKind::Ident(name) if tree.name(name) == "true")
}
