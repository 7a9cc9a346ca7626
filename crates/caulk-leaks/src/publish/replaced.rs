//! Fields that are given something new while they hold what a use or a test has shown to be there, and to be open: the
//! connection that a client makes anew.

use caulk_program::LocalId;
use caulk_syntax::{Descend, ExprId, ExprKind, Node, Span, StmtKind};
use smol_str::SmolStr;

use crate::body::Function;
use crate::contract::Contract;
use crate::engine::{FieldPath, Run, Start};
use crate::finding::{Confidence, ExitKind, Finding, SettledBy, Severity, Step};
use crate::module::Reach;
use crate::publish::described::Described;
use crate::publish::forgotten::names_field;

/// A field that loses what it holds.
pub(crate) struct LostField {
    pub message: String,
    pub path: Vec<Step>,
    /// How much it matters at most.
    pub most: Severity,
}

impl<'p> Described<'_, 'p> {
    /// The field that the resource is stored in, where the one before it is still open.
    pub(crate) fn replaced_field(&self) -> Option<LostField> {
        let at = self.stored_at()?;
        let (ty, field) = self.verdict.outcomes.stored_in.clone()?;
        let holder = self.holder(at, &field)?;
        let named = self.module.program.named_of(ty)?;
        let release = &self.site.release;
        let uses = self
            .module
            .uses_of_field(self.function.package, &named.full_name(), &field)?;
        let is_released = match release.is_call() {
            true => uses.is_called() && self.is_begun_with(),
            false => uses.is_released(&|method| release.is_method(method)),
        };
        if !is_released || self.asks_for_state(holder, &field) || self.is_held_by_others(ty, &field)
        {
            return None;
        }
        let is_lost = !release.is_call()
            && (self.is_there_before(holder, &field) || self.is_made_anew(holder, at));
        let owner = named.full_name();
        if !is_lost
            && !self.is_filled_in_rounds(holder, &owner, &field)
            && (release.is_call() || !self.is_filled_after_use(&owner, &field))
        {
            return None;
        }
        let by = crate::place::short_name(&self.site.acquired_by);
        let place = format!("{}.{field}", named.name);
        Some(LostField {
            message: format!(
                "{place} is given another from {by} before the one that it holds is {}",
                self.done_word()
            ),
            path: vec![Step {
                location: self.location(at),
                note: format!("{place} is overwritten while {}", self.open_word()),
            }],
            most: Severity::High,
        })
    }

    /// Where the resource is stored in a field, where that is all that becomes of it and it has to be released by hand.
    pub(super) fn only_stored_at(&self) -> Option<Span> {
        self.stored_at().filter(|_| !self.site.release.is_call())
    }

    /// The same, also for what is released by calling it.
    fn stored_at(&self) -> Option<Span> {
        let outcomes = &self.verdict.outcomes;
        let (SettledBy::Stored, at) = outcomes.settled? else {
            return None;
        };
        let contract = &self.site.contract;
        let is_alone = outcomes.owed.is_empty()
            && outcomes.unknown.is_none()
            && outcomes.returned.is_none()
            && !outcomes.stored_elsewhere
            && self.site.root.is_none();
        // What only its own end, or a context's, is waited for is not lost.
        let may_end_by_itself = contract.is_spent_when_read()
            || contract.idle
            || contract.finishes
            || contract.runs_to_its_end
            || !contract.acquired_after.is_empty()
            || contract.end_on_receive.is_some()
            || self.site.release.actions.is_empty()
            || !self.site.release.path().is_empty();
        (is_alone && !may_end_by_itself && !self.is_ended_by_parent()).then_some(at)
    }

    /// Whether some path from the entry shows that there is something in the field, and gives it something else.
    fn is_there_before(&self, holder: LocalId, field: &SmolStr) -> bool {
        let start = Start::Param {
            local: holder,
            field: Some(FieldPath::of(field.clone())),
            depth: 0,
            error: None,
            untested: true,
        };
        let before = self.run(None).outcomes(start);
        before
            .owed
            .iter()
            .any(|lost| lost.replaced && !lost.unlikely)
    }

    /// Whether a loop comes to acquire again with the last one in the field, and does nothing with what has that before it
    /// stores the next, at this place.
    fn is_made_anew(&self, holder: LocalId, at: Span) -> bool {
        if !self.in_loop || self.is_called_between(holder, at) {
            return false;
        }
        let run = self.run(Some(&self.site.contract)).kept_by(holder);
        let rounds = run.outcomes(self.site.start());
        let mut owed = rounds.owed.iter();
        owed.any(|lost| lost.kind == ExitKind::NextIteration && !lost.unlikely)
    }

    /// Whether a method of a variable, or of what its fields hold, is called between the acquisition and a place.
    fn is_called_between(&self, holder: LocalId, at: Span) -> bool {
        let tree = self.function.tree();
        let acquired = tree.expr(self.site.call).span;
        self.function.info().calls().iter().any(|(call, callee)| {
            let span = tree.expr(*call).span;
            let of_holder = |x: ExprId| match tree.expr(tree.unparen(x)).kind {
                ExprKind::Selector { x, .. } => self.function.local(x) == Some(holder),
                _ => self.function.local(x) == Some(holder),
            };
            span.start >= acquired.end
                && span.end <= at.start
                && callee.receiver().is_some_and(of_holder)
        })
    }

    pub(super) fn run<'b>(&'b self, contract: Option<&'b Contract>) -> Run<'b, 'p> {
        let (module, function, release) = (self.module, self.function, &self.site.release);
        Run::new(module, function, None, Reach::FULL, release, contract)
    }

    /// A field that loses what it holds while that is open.
    pub fn lost_field(&self, lost: LostField) -> Finding {
        let severity = Severity::of(self.site.contract.harm, self.heat, self.in_loop);
        let rule = self.site.contract.rule;
        let mut finding = self.finding_of(rule, severity.min(lost.most), lost.message, lost.path);
        finding.confidence = Confidence::Likely;
        finding
    }

    /// The receiver or the parameter whose field is assigned by the statement around a place.
    pub(super) fn holder(&self, at: Span, field: &str) -> Option<LocalId> {
        let tree = self.function.tree();
        let mut found = None;
        tree.walk(self.function.graph(None)?.body, |node| {
            if let Node::Stmt(stmt) = node
                && let StmtKind::Assign { lhs, .. } = tree.stmt(stmt).kind
                && tree.stmt(stmt).span.encloses(at)
            {
                let mut targets = tree.exprs(lhs).iter();
                found = targets
                    .find_map(|target| self.holder_of(*target, field))
                    .or(found);
            }
            Descend::Into
        });
        let holder = found?;
        let info = self.function.info();
        let is_passed = info.receiver() == Some(holder) || info.params().contains(&holder);
        let ty = info.local_info(holder)?.ty;
        let program = self.module.program;
        // What is stored in a copy nobody else sees.
        let is_pointer = matches!(program.ty(ty), caulk_program::Type::Pointer(_));
        (is_passed && is_pointer).then_some(holder)
    }

    /// The variable whose field of this name an expression is.
    fn holder_of(&self, expr: ExprId, field: &str) -> Option<LocalId> {
        let tree = self.function.tree();
        match tree.expr(tree.unparen(expr)).kind {
            ExprKind::Selector { x, sel } if tree.name(sel) == field => self.function.local(x),
            _ => None,
        }
    }

    /// Whether a condition asks the owner, or what the field holds, by a method or a flag: it may say that this has ended.
    fn asks_for_state(&self, holder: LocalId, field: &SmolStr) -> bool {
        self.asks_about(self.function, holder, Some(field))
    }

    /// The same in any function, for what the owner alone may say where no field is named.
    pub(super) fn asks_about(
        &self,
        function: &Function,
        holder: LocalId,
        field: Option<&SmolStr>,
    ) -> bool {
        let tree = function.tree();
        let Some(graph) = function.graph(None) else {
            return true;
        };
        let program = self.module.program;
        let mut asks = false;
        tree.walk(graph.body, |node| {
            if let Node::Stmt(stmt) = node
                && let StmtKind::If { cond, .. } = tree.stmt(stmt).kind
            {
                tree.walk(cond, |node| {
                    if let Node::Expr(expr) = node
                        && let ExprKind::Selector { x, .. } = tree.expr(expr).kind
                    {
                        let of_holder = function.local(x) == Some(holder);
                        let is_called = matches!(function.parent(expr), Some(Node::Expr(call))
                            if matches!(tree.expr(call).kind, ExprKind::Call { fun, .. } if fun == expr));
                        let is_flag = crate::types::is_bool(program, function.info().type_of(expr));
                        asks |= of_holder && (is_called || is_flag)
                            || is_called && field.is_some_and(|field| {
                                    names_field(function, x, field)
                                        && function.begins_with(x) == Some(holder)
                                });
                    }
                    Descend::Into
                });
            }
            Descend::Into
        });
        asks
    }
}
