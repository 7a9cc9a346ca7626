//! What a goroutine sends on a channel that has room for it, and nobody takes out again.

use caulk_syntax::Span;

use crate::finding::{SettledBy, Severity, Step};
use crate::publish::described::Described;
use crate::publish::replaced::LostField;

impl Described<'_, '_> {
    /// The channel that it is sent on, where its starter may leave before it receives: `left` tells where, of what is sent at a place.
    pub(crate) fn left_in_channel(&self, left: &dyn Fn(Span) -> Option<Span>) -> Option<LostField> {
        let outcomes = &self.verdict.outcomes;
        let (SettledBy::Sent, sent) = outcomes.settled? else {
            return None;
        };
        if !outcomes.owed.is_empty() || outcomes.unknown.is_some() || self.ends_with_context() {
            return None;
        }
        let leaves = left(sent)?;
        let step = |at: Span, note: &str| Step {
            location: self.location(at),
            note: note.to_owned(),
        };
        Some(LostField {
            message: format!(
                "{} is left in a channel when nobody waits for it any more",
                self.subject()
            ),
            path: vec![
                step(sent, "sent on a channel that has room for it"),
                step(leaves, "leaves without receiving it"),
            ],
            most: Severity::High,
        })
    }

    /// Whether the call is passed a context: as a rule it is the one whose end the starter leaves for.
    fn ends_with_context(&self) -> bool {
        let (function, program) = (self.function, self.module.program);
        let arguments = function.tree().arguments(self.site.call);
        let parts = crate::sites::made_of::parts(self.module, function, arguments);
        parts
            .iter()
            .any(|part| crate::types::is_context(program, function.info().type_of(*part)))
    }
}
