//! What is lost and keeps next to nothing, or is hardly lost: an entry in a parent's list, what a loop hands over unless it has no
//! turn, what has begun to serve.

use caulk_program::{Callee, LocalId, LocalKind, Object};
use caulk_syntax::{Descend, ExprId, ExprKind, Node, Span, StmtKind};

use crate::contract::Origin;
use crate::engine::context;
use crate::finding::{ExitKind, Heat, SettledBy};
use crate::publish::described::Described;

/// In nanoseconds.
const FIVE_MINUTES: f64 = 300e9;

impl Described<'_, '_> {
    /// A context that is cancelled by hand alone: without a timer, without a signal that it is registered for. All that is left of
    /// it is one entry among the children of its parent, and nothing at all where the parent is never cancelled. It matters
    /// where goroutines of the function wait for it, and where entries gather in a parent that stays.
    pub(super) fn is_entry_alone(&self) -> bool {
        let by = &self.site.acquired_by;
        (by.ends_with("context.WithCancel") || by.ends_with("context.WithCancelCause"))
            && !self.gathers_in_parent()
            && !self.is_waited_for_apart()
    }

    /// A timer that runs out, lost where the function is left: all that is left is its memory, until then. A context that ends by its own
    /// time, but where its maker says that this takes longer than some minutes, or a request may; one that each turn of a loop
    /// loses, where that is soon.
    pub(super) fn is_timer_alone(&self) -> bool {
        if self.site.acquired_by == "time.NewTimer" {
            return self.is_lost_on_leaving();
        }
        let (module, function) = (self.module, self.function);
        let contract = &self.site.contract;
        if contract.rule != "uncalled-cancel" || !contract.harm.is_time_alone() {
            return false;
        }
        let until = crate::sites::waited::deadline(module, function, self.site.call);
        let within = |most: f64| until.is_some_and(|nanos| nanos <= most);
        if self.is_lost_on_leaving() {
            // What is not told there is seconds, as a rule; a request may ask for anything.
            within(FIVE_MINUTES) || until.is_none() && self.heat != Heat::Request
        } else {
            within(crate::sites::waited::SHORT)
        }
    }

    /// Whether one is lost after the other below a parent that outlives them: in each turn of a loop, or below the context of a
    /// variable of the package. A field may be that of something that ends soon.
    fn gathers_in_parent(&self) -> bool {
        let (function, call) = (self.function, self.site.call);
        let tree = function.tree();
        if context::is_rootless(function, call) {
            return false;
        }
        let parent = tree.arguments(call).first().copied();
        let is_of_package = parent.is_some_and(|parent| {
            let object = function.info().object(tree.unparen(parent));
            matches!(object, Object::PackageVar(_))
        });
        self.in_loop && !self.is_lost_on_leaving()
            || is_of_package && matches!(self.heat, Heat::Repeated | Heat::Request)
    }

    /// Whether a goroutine, or a literal, has been given the context where it is lost.
    fn is_waited_for_apart(&self) -> bool {
        let (function, tree) = (self.function, self.function.tree());
        let stmt = function.statement(self.site.call);
        let Some(StmtKind::Assign { lhs, .. }) = stmt.map(|stmt| tree.stmt(stmt).kind) else {
            return false;
        };
        let Some(context) = tree.exprs(lhs).first().and_then(|x| function.local(*x)) else {
            return false;
        };
        let given = context::given_to_goroutines(self.module, function, context);
        let owed = &self.verdict.outcomes.owed;
        // What stands behind a way out has not been started there.
        let is_past = |at: Span| {
            let mut owed = owed.iter();
            owed.any(|lost| {
                let leaves = match lost.kind {
                    ExitKind::Return | ExitKind::End => true,
                    // A turn before may have started it.
                    ExitKind::Overwritten => !self.in_loop,
                    ExitKind::NextIteration => false,
                };
                !leaves || at.start < lost.span.end
            })
        };
        given.into_iter().any(|at| owed.is_empty() || is_past(at))
    }

    /// Lost by what is called as often as there is something to do from the start, by nobody else, and not in the turns of a loop that goes on
    /// for as long as something comes in.
    pub(super) fn is_lost_a_few_times(&self) -> bool {
        let package = self.module.program.package(self.function.package);
        (self.failing.few || caulk_flow::is_of_migrations(package))
            && (!self.in_loop || self.is_lost_on_leaving() || self.is_in_turns_over_a_list())
    }

    /// A process in a session of its own: it is to go on when this one has ended.
    pub(super) fn is_to_outlive(&self) -> bool {
        let (function, tree) = (self.function, self.function.tree());
        let Some(body) = function
            .typed
            .block()
            .filter(|_| self.site.contract.rule == "unwaited-process")
        else {
            return false;
        };
        let mut found = false;
        tree.walk(body, |node| {
            if let Node::Expr(expr) = node {
                found |= match tree.expr(expr).kind {
                    ExprKind::KeyValue { key, value, .. } => {
                        tree.ident(key) == Some("Setsid") && tree.ident(value) == Some("true")
                    }
                    ExprKind::Selector { sel, .. } => tree.name(sel) == "Setsid",
                    _ => false,
                };
            }
            Descend::Into
        });
        found
    }

    /// Lost where something fails in what a command line is made of, and not known to answer requests: as a rule the command says what
    /// failed and ends, also where a table of commands hides who calls it.
    pub(super) fn is_lost_by_failing_command(&self) -> bool {
        let package = self.module.program.package(self.function.package);
        self.heat != Heat::Request
            && self.is_lost_with_an_error()
            && caulk_flow::is_of_commands(package)
    }

    /// Handed over by each turn of a loop over what there is, and lost behind it: only where there is nothing.
    pub(super) fn is_handed_over_in_turns(&self) -> bool {
        let outcomes = &self.verdict.outcomes;
        let Some((SettledBy::HandedOver | SettledBy::Stored | SettledBy::Sent, at)) =
            outcomes.settled
        else {
            return false;
        };
        let tree = self.function.tree();
        let Some(graph) = self.function.graph(self.site.root) else {
            return false;
        };
        // Only a loop that stands on the way to every end of the function, and only what each turn of it does.
        let mut statements = tree.block(graph.body).iter();
        let Some(turns) = statements.find(|stmt| tree.stmt(**stmt).span.encloses(at)) else {
            return false;
        };
        let StmtKind::Range { body, .. } = tree.stmt(*turns).kind else {
            return false;
        };
        let all = tree.stmt(*turns).span;
        let in_each_turn = tree.block(body).iter().any(|stmt| {
            let stmt = *stmt;
            let is_simple = matches!(
                tree.stmt(stmt).kind,
                StmtKind::Expr(_)
                    | StmtKind::Assign { .. }
                    | StmtKind::Send { .. }
                    | StmtKind::Go(_)
            );
            is_simple && tree.stmt(stmt).span.encloses(at)
        });
        in_each_turn
            && !all.encloses(tree.expr(self.site.call).span)
            && !outcomes.owed.is_empty()
            && self.is_lost_on_leaving()
            && outcomes.owed.iter().all(|lost| lost.span.end > all.end)
    }

    /// A literal in what the function returns, or a method of it that is returned, goes on using it, wherever it is lost: whoever has that
    /// needs it.
    pub(super) fn is_used_by_what_is_returned(&self) -> bool {
        let (function, tree) = (self.function, self.function.tree());
        let target = self.site.target(function);
        let Some(held) = target.and_then(|target| function.local(target)) else {
            return false;
        };
        let Some(graph) = function.graph(self.site.root) else {
            return false;
        };
        let mut used: Vec<Span> = Vec::new();
        tree.walk(graph.body, |node| {
            if let Node::Stmt(stmt) = node
                && let StmtKind::Return(_) = tree.stmt(stmt).kind
            {
                let mut captured = false;
                tree.walk(stmt, |node| {
                    if let Node::Expr(expr) = node {
                        captured |= match tree.expr(expr).kind {
                            ExprKind::FuncLit { .. } => {
                                let literal = function.info().literal(expr);
                                literal.is_some_and(|x| x.captures.contains(&held))
                            }
                            ExprKind::Selector { x, .. } => {
                                function.local(x) == Some(held) && self.is_method_value(expr)
                            }
                            _ => false,
                        };
                    }
                    Descend::Into
                });
                used.extend(captured.then_some(tree.stmt(stmt).span));
            }
            Descend::Into
        });
        let owed = &self.verdict.outcomes.owed;
        !owed.is_empty() && owed.iter().all(|lost| used.contains(&lost.span))
    }

    /// `x.handle`, a method that is not called where it is named.
    fn is_method_value(&self, expr: ExprId) -> bool {
        let (function, tree) = (self.function, self.function.tree());
        let is_called = matches!(function.parent(expr), Some(Node::Expr(call))
            if matches!(tree.expr(call).kind, ExprKind::Call { fun, .. } if fun == expr));
        // Of a type that is not at hand a field may be one.
        let is_function = self
            .module
            .program
            .func_type(function.info().type_of(expr))
            .is_some();
        is_function && matches!(function.info().object(expr), Object::Method(_)) && !is_called
    }

    /// Made over a connection or a file that the function was passed and does not release itself, and lost where something fails: whoever
    /// passed that has it still, and this ends with it.
    pub(super) fn is_made_over_what_was_passed(&self) -> bool {
        let (module, function) = (self.module, self.function);
        let is_passed = |expr: &ExprId| {
            let local = function.local(*expr)?;
            let info = function.info().local_info(local)?;
            let has = |method: &str| module.program.has_method(info.ty, method);
            let is_lent = matches!(info.kind, LocalKind::Param { .. }) && info.function.is_none();
            (is_lent && has("Close") && (has("Read") || has("Write"))).then_some(local)
        };
        let is_released = |local: LocalId| {
            let calls = function.info().calls();
            calls.iter().any(|(_, callee)| {
                callee.receiver().and_then(|x| function.local(x)) == Some(local)
                    && crate::contract::is_release_name(crate::types::last_name(callee))
            })
        };
        let made_of = function.tree().arguments(self.site.call);
        let contract = &self.site.contract;
        matches!(contract.origin, Origin::Source(_))
            && ["unclosed-connection", "unclosed-resource"].contains(&contract.rule)
            && !self.in_loop
            && !self.verdict.outcomes.owed.is_empty()
            && self.is_lost_with_an_error()
            && made_of
                .iter()
                .filter_map(is_passed)
                .any(|local| !is_released(local))
    }

    /// It has begun to serve others under a name, and goes on with that where the function is left: until the process ends, unless
    /// a request or a loop has it begin again.
    pub(super) fn serves_from_now_on(&self) -> bool {
        let serves = &self.site.contract.serves_after;
        if serves.is_empty() || self.in_loop || self.heat == Heat::Request {
            return false;
        }
        let function = self.function;
        let tree = function.tree();
        let Some(local) = self.site.target(function).and_then(|x| function.local(x)) else {
            return false;
        };
        let begins = |(call, callee): &(_, &Callee)| {
            let of_it = callee
                .receiver()
                .and_then(|x| function.local(tree.unparen(x)));
            let name = crate::types::last_name(callee);
            let begins = of_it == Some(local) && serves.iter().any(|method| method == name);
            begins.then(|| tree.expr(*call).span)
        };
        let calls = function.info().calls();
        let Some(begin) = calls.iter().filter_map(begins).min() else {
            return false;
        };
        self.is_lost_on_leaving()
            && self
                .verdict
                .outcomes
                .owed
                .iter()
                .all(|lost| lost.error != Some(true) && lost.span.end > begin.end)
    }
}
