//! Fields that a function fills and releases itself, as nothing else does, and that it leaves filled on another way out.

use caulk_program::TypeId;
use caulk_syntax::Node;
use smol_str::SmolStr;

use crate::finding::{ExitKind, Severity, Step};
use crate::publish::described::Described;
use crate::publish::forgotten::names_field;
use crate::publish::replaced::LostField;

impl Described<'_, '_> {
    /// The field that the resource is stored in, where nothing but the end of the function releases that, and the function
    /// is left before.
    pub(crate) fn field_left_filled(&self) -> Option<LostField> {
        let at = self.only_stored_at()?;
        let (ty, field) = self.verdict.outcomes.stored_in.clone()?;
        let holder = self.holder(at, &field)?;
        let named = self.module.program.named_of(ty)?;
        if !self.is_released_at_the_end(&field) || !self.is_released_here_alone(ty, &field) {
            return None;
        }
        let run = self.run(Some(&self.site.contract)).kept_by(holder);
        let outcomes = run.outcomes(self.site.start());
        if outcomes.unknown.is_some() || outcomes.settled.is_some() {
            return None;
        }
        let mut owed = outcomes.owed.iter();
        let lost = owed.find(|lost| lost.kind == ExitKind::Return && !lost.unlikely)?;
        let by = crate::place::short_name(&self.site.acquired_by);
        let (place, done) = (format!("{}.{field}", named.name), self.done_word());
        Some(LostField {
            message: format!(
                "{place} from {by} is not {done} on every way out, and nothing else does that"
            ),
            path: vec![Step {
                location: self.location(lost.span),
                note: format!("returns with {place} {}", self.open_word()),
            }],
            most: Severity::High,
        })
    }

    /// Whether the function releases a field in a statement that it comes to where it is not left early.
    fn is_released_at_the_end(&self, field: &str) -> bool {
        let function = self.function;
        let Some(graph) = function.graph(None) else {
            return false;
        };
        function.info().calls().iter().any(|(call, callee)| {
            let of_field = |x| names_field(function, x, field);
            let statement = function.statement(*call);
            callee.receiver().is_some_and(of_field)
                && self.site.release.is_method(crate::types::last_name(callee))
                && statement.and_then(|stmt| function.parent(stmt)) == Some(Node::Stmt(graph.body))
        })
    }

    /// Whether no other function can release a field, or gets what it holds.
    fn is_released_here_alone(&self, ty: TypeId, field: &SmolStr) -> bool {
        let Some(named) = self.module.program.named_of(ty) else {
            return false;
        };
        let owner = named.full_name();
        let releases = |method: &str| self.site.release.is_method(method);
        let mut others = self.others_naming(field);
        self.is_own_field(ty, field)
            && !self.uses_in(self.function, &owner, field).escapes()
            && !others.any(|function| {
                self.uses_in(&function, &owner, field)
                    .may_release(&releases)
            })
            && !self.is_held_by_others(ty, field)
    }
}
