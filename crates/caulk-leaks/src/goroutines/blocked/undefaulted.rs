//! Goroutines that look whether a context has ended, and wait for that instead: the `select` has no other case, and what stands behind it
//! is never reached.

use caulk_syntax::{Node, StmtId, StmtKind};

use super::{Blocked, Many, Wait, outside_of_tests, place_of};
use crate::body::Function;
use crate::channels::made::span_of;
use crate::channels::uses::received_by;
use crate::goroutines::{Body, Run, context_of, path};
use crate::module::Module;

/// The goroutines that a body starts of this kind.
pub(super) fn undefaulted(module: &Module<'_>, function: &Function) -> Vec<Blocked> {
    outside_of_tests(module, function, |start, run| {
        started(module, function, start, run)
    })
}

fn started(module: &Module<'_>, function: &Function, start: Node, run: &Run) -> Option<Blocked> {
    let (select, context) = run.body(module, function).looks_and_waits()?;
    let blocked = Blocked {
        many: Many::ByRequest,
        ..Blocked::new(function, start, Wait::Signal, format!("{context}.Done()"))
    };
    Some(match &run.callee {
        Some(callee) => Blocked {
            within: place_of(module, callee, select.into()),
            ..blocked
        },
        None => Blocked {
            waits: span_of(function, select.into()),
            ..blocked
        },
    })
}

impl Body<'_> {
    /// The `select` whose only case returns when a context ends, and behind which there is more to do; with the context's name.
    fn looks_and_waits(&self) -> Option<(StmtId, String)> {
        let (function, tree) = (self.function, self.function.tree());
        let mut selects = self.selects().into_iter();
        selects.find_map(|(select, clauses)| {
            let [clause] = *clauses else {
                return None;
            };
            let StmtKind::Comm { body, .. } = tree.stmt(clause).kind else {
                return None;
            };
            let last = tree.stmts(body).last().map(|last| tree.stmt(*last).kind);
            let returns = matches!(last, Some(StmtKind::Return(_)));
            if !returns || !has_more_behind(function, select) {
                return None;
            }
            let context = context_of(self.module, function, received_by(function, clause)?)?;
            Some((select, path(function, context)?))
        })
    }
}

/// Whether a statement is not the last of its list.
fn has_more_behind(function: &Function, stmt: StmtId) -> bool {
    function
        .siblings(stmt)
        .is_some_and(|list| list.last() != Some(&stmt))
}
