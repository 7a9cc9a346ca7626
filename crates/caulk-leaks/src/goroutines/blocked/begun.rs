//! What a function that starts a goroutine says of it to who calls it: it fails only where it has started none.

use caulk_syntax::{ExprId, Node, StmtKind};

use super::gives_nil_last;
use super::paths::Paths;
use super::served::View;
use crate::channels::made::Started;
use crate::channels::produced::looked_at;

impl View<'_> {
    /// The condition that asks whether the call failed which starts a goroutine, where it gives no error once it has started it:
    /// `err := flush(c, done)`.
    pub(super) fn fails_unstarted(&self, start: Node) -> Option<ExprId> {
        let Node::Expr(call) = start else {
            return None;
        };
        let by_it = self.sends(start).into_iter();
        let started = by_it.filter_map(|used| used.started.as_ref()).next()?;
        let (function, tree) = (self.function, self.function.tree());
        let stmt = function.statement(call)?;
        let StmtKind::Assign { lhs, .. } = tree.stmt(stmt).kind else {
            return None;
        };
        let error = function.local(*tree.exprs(lhs).last()?)?;
        let ty = function.info().local_info(error)?.ty;
        let is_error = crate::types::is_error(self.module.program, ty);
        (is_error && succeeds_behind(started))
            .then(|| looked_at(function, error, stmt))
            .flatten()
    }
}

/// Whether a function gives no error wherever it returns behind the start of a goroutine.
fn succeeds_behind(started: &Started) -> bool {
    let function = &started.function;
    let paths = Paths::of(function, function.root_of(started.go), Vec::new());
    let exits = paths.exits_with_fewer(started.go, 1);
    let mut nil = exits
        .iter()
        .map(|exit| gives_nil_last(function, paths.root, *exit));
    !exits.is_empty() && paths.root.is_none() && nil.all(|nil| nil == Some(true))
}
