//! Goroutines that send once more than is received: after `if err != nil { errs <- err }` without a `return`.

use caulk_program::{Builtin, Callee};
use caulk_syntax::{ExprKind, Node, StmtId, StmtKind};

use super::Blocked;
use super::served::View;
use crate::body::Function;
use crate::channels::made::{Op, Use, span_of};

impl View<'_> {
    /// A goroutine that may send twice where one is received, or one for each of those that a loop starts.
    pub(super) fn sends_again(
        &self,
        start: Node,
        sends: &[&Use],
        receives: &[&Use],
    ) -> Option<Blocked> {
        let [receive] = receives else {
            return None;
        };
        let again = sends.iter().any(|send| self.repeats(send, sends));
        if !again || sends.iter().any(|send| send.repeats) || receive.op != Op::Receive {
            return None;
        }
        // What comes first is received.
        let last = sends.last()?;
        let as_many = match self.started_in_loop(start) {
            true => self.goes_round_as_often(start, receive),
            false => !receive.repeats,
        };
        as_many
            .then(|| self.blocked(start, last, receive.span(self.function), false))
            .flatten()
    }

    /// Whether a loop receives once for each turn of the loop that starts a goroutine: both go over the same.
    fn goes_round_as_often(&self, start: Node, receive: &Use) -> bool {
        let function = self.function;
        let (Some(starts), Some(receives)) = (
            function.innermost_loop(start),
            function.innermost_loop(receive.node),
        ) else {
            return false;
        };
        let names = |round: StmtId| self.bounds(round);
        let (of_starts, of_receives) = (names(starts), names(receives));
        starts != receives
            && depends_on(function, receive.node) == function.branch_of(receives.into())
            && of_starts.is_some()
            && of_starts == of_receives
    }

    /// What says how many turns a loop has: the list that it goes over, or counts the elements of, or the number that it counts to.
    fn bounds(&self, round: StmtId) -> Option<Vec<u8>> {
        let function = self.function;
        let tree = function.tree();
        let of = match tree.stmt(round).kind {
            StmtKind::Range { x, .. } => x,
            StmtKind::For {
                cond: Some(cond), ..
            } => match tree.expr(tree.unparen(cond)).kind {
                ExprKind::Binary { y, .. } => y,
                _ => return None,
            },
            _ => return None,
        };
        let of = match tree.expr(tree.unparen(of)).kind {
            ExprKind::Call { args, .. }
                if matches!(function.callee(of), Callee::Builtin(Builtin::Len)) =>
            {
                *tree.exprs(args).first()?
            }
            _ => of,
        };
        let file = caulk_flow::file_of(self.module.program, function.typed.owner)?;
        let text = file.bytes();
        Some(tree.expr(of).span.of(&text).to_vec())
    }
}

/// The innermost condition that decides whether a place is reached: none of an `if` in whose head it stands.
fn depends_on(function: &Function, node: Node) -> Option<StmtId> {
    let tree = function.tree();
    let branch = function.branch_of(node)?;
    match tree.stmt(branch).kind {
        StmtKind::If { then, els, .. } => {
            let at = span_of(function, node);
            let mut arms = [Some(then), els].into_iter().flatten();
            match arms.any(|arm| tree.stmt(arm).span.encloses(at)) {
                true => Some(branch),
                false => depends_on(function, branch.into()),
            }
        }
        _ => Some(branch),
    }
}
