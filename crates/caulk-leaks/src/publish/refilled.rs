//! Fields that a method fills anew for another of the same value, which has just used what was there before: the pool that is made
//! again where a command failed.

use caulk_program::{BodyOwner, FuncId};
use caulk_syntax::{Descend, ExprId, ExprKind, Node, StmtKind};

use crate::body::Function;
use crate::contract::is_release_name;
use crate::publish::described::Described;
use crate::publish::forgotten::names_field;
use crate::publish::rounds::FAR;
use crate::types::last_name;

/// Methods that end something in another way than a release does, or wait for its end.
const ENDS: &[&str] = &["Wait", "Quit", "Logout", "Kill", "Abort", "Exit", "End"];

impl Described<'_, '_> {
    /// Whether a method that has used the field calls this one, which fills it, and nothing on the way releases what was there.
    pub(super) fn is_filled_after_use(&self, owner: &str, field: &str) -> bool {
        let function = self.function;
        // Who looks at the field first may have seen to what is there.
        let Some(id) = function
            .id()
            .filter(|_| self.mentions(function, field) == 1)
        else {
            return false;
        };
        self.calling(&[id]).iter().any(|(caller, call)| {
            let receiver = caller.info().receiver();
            let is_same = receiver.is_some() && self.called_on(caller, *call) == receiver;
            is_same
                && caller.id() != Some(id)
                && caller.root_of(*call).is_none()
                && !caller.is_deferred(*call)
                && self.is_used_before(caller, *call, field)
                && self.only_uses_field(caller, owner, field)
                && !self.releases_on_the_way(caller, owner, field, id)
        })
    }

    /// Whether a function calls methods of a field and does nothing else with it, that would tell whether there is something in it.
    fn only_uses_field(&self, function: &Function, owner: &str, field: &str) -> bool {
        let tree = function.tree();
        let Some(graph) = function.graph(None) else {
            return false;
        };
        let releases = |method: &str| self.site.release.is_method(method);
        let mut is_compared = false;
        tree.walk(graph.body, |node| {
            is_compared |= matches!(node, Node::Expr(expr)
                if matches!(tree.expr(expr).kind, ExprKind::Binary { x, y, .. }
                    if names_field(function, x, field) || names_field(function, y, field)));
            Descend::Into
        });
        !is_compared
            && !self.uses_in(function, owner, field).may_release(&releases)
            && !self.asks_receiver(function)
    }

    /// Whether a condition asks the owner by a method or a flag: it may say that what the field holds has ended.
    fn asks_receiver(&self, function: &Function) -> bool {
        let holder = function.info().receiver();
        holder.is_none_or(|holder| self.asks_about(function, holder, None))
    }

    /// Whether what a function calls of the package may release the field, or the one that fills it does.
    fn releases_on_the_way(
        &self,
        function: &Function,
        owner: &str,
        field: &str,
        filling: FuncId,
    ) -> bool {
        let filling = self.module.function(BodyOwner::Func(filling));
        self.may_release_in(function, owner, field)
            || filling.is_none_or(|filling| self.may_release_in(&filling, owner, field))
    }

    fn may_release_in(&self, function: &Function, owner: &str, field: &str) -> bool {
        let body = function.graph(None).map(|graph| graph.body);
        body.is_none_or(|body| {
            let whole = function.tree().stmt(body).span;
            self.is_released_within(function, whole, owner, field, FAR)
        })
    }

    /// Whether a method of the field is called on every way to a call, in a statement before it.
    fn is_used_before(&self, function: &Function, call: ExprId, field: &str) -> bool {
        let tree = function.tree();
        let place = tree.expr(call).span;
        function.info().calls().iter().any(|(used, callee)| {
            let name = last_name(callee);
            let is_use = callee
                .receiver()
                .is_some_and(|x| names_field(function, x, field))
                && !is_release_name(name)
                && !ENDS.contains(&name);
            let before = tree.expr(*used).span.end <= place.start;
            let Some(mut stmt) = function.statement(*used) else {
                return false;
            };
            let runs_here = !matches!(tree.stmt(stmt).kind, StmtKind::Defer(_) | StmtKind::Go(_));
            // What an `if` begins with runs wherever the `if` does.
            if let Some(Node::Stmt(around)) = function.parent(stmt)
                && matches!(tree.stmt(around).kind, StmtKind::If { init, .. } if init == Some(stmt))
            {
                stmt = around;
            }
            let leads_on = tree.stmt(stmt).span.encloses(place)
                || matches!(function.parent(stmt), Some(Node::Stmt(around))
                    if tree.stmt(around).span.encloses(place));
            is_use && before && runs_here && leads_on && function.root_of(*used).is_none()
        })
    }
}
