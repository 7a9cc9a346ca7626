//! Timers that only wake who waits on a condition: `time.AfterFunc(d, cond.Broadcast)`. Each turn of a loop around the wait sets one more, and
//! none of them is of use once the wait is over.

use caulk_program::Object;
use caulk_syntax::{ExprId, ExprKind};

use crate::publish::described::Described;

impl Described<'_, '_> {
    /// Whether what a timer calls wakes those who wait on a condition, and a loop sets the timer in each of its turns.
    pub(super) fn is_wake_up_in_loop(&self) -> bool {
        let (function, call) = (self.function, self.site.call);
        let mut arguments = function.tree().arguments(call).iter();
        self.site.contract.runs_to_its_end
            && function.stands_alone(call)
            && function.in_loop(call)
            && arguments.any(|argument| self.is_wake_up(*argument))
    }

    /// Whether an expression is `cond.Broadcast` or `cond.Signal`, not called.
    fn is_wake_up(&self, expr: ExprId) -> bool {
        let (tree, info) = (self.function.tree(), self.function.info());
        let expr = tree.unparen(expr);
        let ExprKind::Selector { x, .. } = tree.expr(expr).kind else {
            return false;
        };
        let program = self.module.program;
        let ty = program.deref(info.type_of(x));
        matches!(info.object(expr), Object::Method(_))
            && program.named_name(ty).as_deref() == Some("sync.Cond")
    }
}
