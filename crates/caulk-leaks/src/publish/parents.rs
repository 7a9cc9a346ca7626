//! What ends a value besides its release: what it is made from, and the context that it hangs on.

use caulk_program::{LocalId, LocalKind};
use caulk_syntax::{Descend, ExprId, ExprKind, Node, StmtKind};

use crate::body::Function;
use crate::contract::Origin;
use crate::finding::ExitKind;
use crate::inference::own_use::is_looked_up;
use crate::inference::provenance::{self, Provenance};
use crate::module::{Module, Reach};
use crate::publish::described::Described;

impl Described<'_, '_> {
    /// What ends it at the latest, where that is what it was asked of: rows are closed with their transaction, which can do
    /// nothing else until then.
    pub(super) fn kept_by(&self) -> Option<&str> {
        let parent = self.site.contract.parent.as_deref()?;
        let callee = self.function.callee(self.site.call);
        let ty = self.function.info().type_of(callee.receiver()?);
        // A type that embeds it has its methods.
        let is_method = callee.func().is_some_and(|func| {
            let of = func.name.strip_prefix(parent);
            of.is_some_and(|method| method.starts_with('.'))
        });
        let is_parent = || self.module.program.named_name(ty).as_deref() == Some(parent);
        (is_method || is_parent()).then_some(parent)
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
    /// path, or is that of a test: the child goes with it. One that is derived in each round of a loop is kept until then, unless that
    /// is made, and cancelled, in each as well.
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
        if self.is_kept_to_the_end()
            && crate::engine::context::ends_with_test(self.module, self.function, parent)
        {
            return true;
        }
        let in_round = |call| self.function.innermost_loop(call);
        self.cancelled(parent).is_some_and(|made| {
            self.is_kept_to_the_end() || in_round(made) == in_round(self.site.call)
        })
    }

    /// Whether the request whose answer it is was made with a context that the function cancels whichever way it is left, or that of a request
    /// which it answers itself: the transport closes the connection then, read or not.
    pub(super) fn is_request_cancelled(&self) -> bool {
        let is_lost = !self.verdict.outcomes.owed.is_empty();
        if !self.site.contract.is_spent_when_read() || !is_lost || !self.is_kept_to_the_end() {
            return false;
        }
        let (module, function) = (self.module, self.function);
        let arguments = function.tree().arguments(self.site.call);
        let parts = crate::sites::made_of::parts(module, function, arguments);
        parts.iter().any(|part| {
            let ty = function.info().type_of(*part);
            crate::types::is_context(module.program, ty)
                && (self.cancelled(*part).is_some() || self.ends_with_answer(*part))
        })
    }

    /// Whether a context is that of the request that the function answers: `r.Context()`, or one that it was passed by what does.
    fn ends_with_answer(&self, context: ExprId) -> bool {
        let (module, function) = (self.module, self.function);
        let callee = function.callee(context);
        let of_request = crate::types::last_name(callee) == "Context"
            && callee
                .receiver()
                .is_some_and(|of| crate::engine::context::is_request(module, function, of));
        of_request
            || self.failing.request
                && crate::engine::context::is_of_caller(module, function, context)
    }

    /// The call that makes a context which the function cancels on every path.
    fn cancelled(&self, context: ExprId) -> Option<ExprId> {
        let context = self.function.local(context)?;
        let (module, function) = (self.module, self.function);
        crate::engine::context::cancelled(module, function, self.site.root, context, self.site.call)
    }

    /// Whether it is lost only where the function is left: what the next round forgets is kept until then.
    fn is_kept_to_the_end(&self) -> bool {
        let mut owed = self.verdict.outcomes.owed.iter();
        owed.all(|lost| matches!(lost.kind, ExitKind::Return | ExitKind::End))
    }

    /// Whether what it was made from is acquired in the same function, and released there on every path.
    fn is_parent_released(&self) -> bool {
        let parents = variables(self.module, self.function, self.site.call);
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
            {
                let mut targets = tree.exprs(lhs).iter().enumerate();
                made |= targets.any(|(result, target)| {
                    self.path_of(*target).as_ref() == Some(&parent)
                        && !self.is_looked_up(tree.exprs(rhs), result)
                });
            }
            Descend::Into
        });
        made
    }

    /// Whether values are of a call that gives what others have as well: `db, err := s.getDB(id)`, by its name, or by its
    /// source, which keeps it in a field: `conn, err := s.brokers.Connection(ctx)`.
    fn is_looked_up(&self, values: &[ExprId], result: usize) -> bool {
        let [call] = values else {
            return false;
        };
        let call = self.function.tree().unparen(*call);
        if !matches!(self.function.tree().expr(call).kind, ExprKind::Call { .. }) {
            return false;
        }
        let callee = self.function.callee(call);
        is_looked_up(crate::types::last_name(callee))
            || callee
                .receiver()
                .is_some_and(|keeper| self.is_given(keeper))
                && callee.func().and_then(|func| func.id).is_some_and(|id| {
                    provenance::of_result(self.module, id, result, Reach::FULL)
                        == Provenance::Foreign
                })
    }

    /// Whether an expression is of what the function was given, its receiver included. What keeps something and is made here
    /// ends here, and that with it.
    fn is_given(&self, expr: ExprId) -> bool {
        let given = self.path_of(expr);
        let info = self.function.info();
        let given = given.and_then(|(local, _)| info.local_info(local));
        given.is_some_and(|local| {
            matches!(local.kind, LocalKind::Param { .. } | LocalKind::Receiver)
        })
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
        let expr = tree.unparen(expr);
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
}

/// The variables that what a call makes lives in: `client` of `client.Doc(id).Snapshots(ctx)`, and the
/// connection that a stub was made over.
fn variables(module: &Module<'_>, function: &Function, call: ExprId) -> Vec<LocalId> {
    let tree = function.tree();
    let Some(root) = root(function, call) else {
        return Vec::new();
    };
    let mut found = vec![root];
    for (value, _) in function.definitions(module.program, root) {
        let arguments = value.iter().flat_map(|value| tree.arguments(*value));
        found.extend(arguments.filter_map(|arg| function.local(*arg)));
    }
    found
}

/// The variable at the root of a chain of calls and fields.
fn root(function: &Function, call: ExprId) -> Option<LocalId> {
    let tree = function.tree();
    let mut at = call;
    loop {
        at = match tree.expr(at).kind {
            ExprKind::Call { fun, .. } => fun,
            ExprKind::Selector { x, .. }
            | ExprKind::Paren(x)
            | ExprKind::Star(x)
            | ExprKind::Index { x, .. } => x,
            ExprKind::Ident(_) => return function.local(at),
            _ => return None,
        };
    }
}
