//! What ends the process, or the goroutine: by its name, by a panic, or by what a function of the project does at its end.

use caulk_program::{Callee, LocalKind};
use caulk_syntax::{ExprId, ExprKind, StmtId, StmtKind};

use super::Outcomes;
use crate::failing::OnError;
use crate::registration::bare;

impl Outcomes<'_> {
    /// What a call that is passed an error leads to, for all that is known here: a function that is written out somewhere may end the process.
    pub(super) fn told(&self, call: ExprId, error: &str, returns: bool) -> Option<OnError> {
        let tree = self.body.tree();
        let call = tree.unparen(call);
        let is_error = |arg: &ExprId| {
            let text = match tree.expr(tree.unparen(*arg)).kind {
                // `err.Error()`
                ExprKind::Call { fun, .. } => match tree.expr(fun).kind {
                    ExprKind::Selector { x, .. } => x,
                    _ => *arg,
                },
                _ => *arg,
            };
            tree.ident(text) == Some(error)
        };
        let mut args = tree.arguments(call).iter();
        let to = self.body.info.callee(call).func()?.id?;
        args.any(is_error).then_some(OnError::Told { to, returns })
    }

    /// Whether a statement, the last of a function, ends the process: always, or where an error is there that was passed.
    pub(super) fn ends(&self, stmt: StmtId) -> bool {
        let tree = self.body.tree();
        let last = |block: StmtId| match tree.stmt(block).kind {
            StmtKind::Block(block) => tree.stmts(block.stmts).last().copied(),
            _ => Some(block),
        };
        match tree.stmt(stmt).kind {
            StmtKind::Expr(call) => self.is_fatal(call),
            StmtKind::If {
                then,
                els: Some(els),
                ..
            } => {
                let both = [last(then), last(els)];
                let panics = |stmt: StmtId| {
                    matches!(tree.stmt(stmt).kind, StmtKind::Expr(call)
                    if self.is_panic(call) || self.panics_with_log(call))
                };
                let ends = |stmt: &Option<StmtId>| stmt.is_some_and(|stmt| self.ends(stmt));
                both.iter().any(ends)
                    && both
                        .iter()
                        .all(|stmt| ends(stmt) || stmt.is_some_and(panics))
            }
            StmtKind::If { cond, then, .. } => {
                let asked = tree.not_nil(cond).and_then(|x| self.body.info.local(x));
                let local = asked.and_then(|local| self.body.info.local_info(local));
                local.is_some_and(|local| matches!(local.kind, LocalKind::Param { .. }))
                    && last(then).is_some_and(|stmt| self.ends(stmt))
            }
            _ => false,
        }
    }

    /// Whether a call is `panic(err)`.
    pub(super) fn is_panic(&self, call: ExprId) -> bool {
        let tree = self.body.tree();
        matches!(tree.expr(tree.unparen(call)).kind, ExprKind::Call { fun, .. }
            if tree.ident(fun) == Some("panic"))
    }

    /// Whether a call writes a line to a log and panics: `log.Panicf`. Who has that for an answer to an error has no other in mind than
    /// the end of the process.
    pub(super) fn panics_with_log(&self, call: ExprId) -> bool {
        let tree = self.body.tree();
        let ExprKind::Call { fun, .. } = tree.expr(tree.unparen(call)).kind else {
            return false;
        };
        let ExprKind::Selector { x, sel } = tree.expr(tree.unparen(fun)).kind else {
            return false;
        };
        let of = match tree.expr(tree.unparen(x)).kind {
            ExprKind::Selector { sel, .. } | ExprKind::Ident(sel) => tree.name(sel),
            _ => return false,
        };
        tree.name(sel).starts_with("Panic") && of.to_ascii_lowercase().contains("log")
    }

    /// Whether a call ends the process, as its name says: `os.Exit`, `log.Fatalf`, `cobra.CheckErr`.
    pub(super) fn is_fatal(&self, call: ExprId) -> bool {
        let tree = self.body.tree();
        let ExprKind::Call { fun, .. } = tree.expr(tree.unparen(call)).kind else {
            return false;
        };
        let name = match self.body.info.callee(call) {
            Callee::Unknown { name, .. } => name.to_string(),
            callee => match (callee.func(), tree.expr(fun).kind) {
                (Some(func), _) => bare(func).to_owned(),
                (None, ExprKind::Selector { sel, .. } | ExprKind::Ident(sel)) => {
                    tree.name(sel).to_owned()
                }
                _ => return false,
            },
        };
        let name = name.to_ascii_lowercase();
        // `panicIfFatalError(err)` and `isFatal(err)` ask.
        let asks = name.starts_with("is") || name.contains("iffatal");
        name.contains("fatal") && !asks
            || name.contains("exit")
            || ["checkerr", "checkerror"].contains(&name.as_str())
    }
}
