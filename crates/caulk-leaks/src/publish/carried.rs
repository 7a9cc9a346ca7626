//! A span that goes on in a context, for another function of the package to end.

use caulk_syntax::{Descend, ExprId, ExprKind, Node, Span, StmtKind};

use crate::finding::{ExitKind, Held};
use crate::publish::described::Described;

/// What gives the span that a context carries.
const OF_CONTEXT: &[&str] = &["SpanFromContext", "GetSegment"];

impl Described<'_, '_> {
    /// Whether the context that came with the span is returned wherever the span is lost, or kept in a field, and a function of the
    /// package asks a context for its span: hooks before and after something. Who takes the context alone leaves the span to that.
    pub(super) fn is_carried_by_context(&self) -> bool {
        if self.site.contract.rule != "unended-span" {
            return false;
        }
        if matches!(self.held, Held::Blank(_)) {
            return true;
        }
        let (returned, kept) = self.contexts_handed_on();
        let is_carried = kept
            || self
                .verdict
                .outcomes
                .owed
                .iter()
                .all(|lost| lost.kind == ExitKind::Return && returned.contains(&lost.span));
        is_carried && self.package_asks_for_span()
    }

    /// The `return` statements that give the context, and whether a field is given it.
    fn contexts_handed_on(&self) -> (Vec<Span>, bool) {
        let tree = self.function.tree();
        let is_context = |value: &ExprId| {
            crate::engine::context::is_made_by(self.module, self.function, *value, self.site.call)
        };
        let is_field =
            |target: &ExprId| matches!(tree.expr(*target).kind, ExprKind::Selector { .. });
        let (mut returned, mut kept) = (Vec::new(), false);
        if let Some(graph) = self.function.graph(self.site.root) {
            tree.walk(graph.body, |node| {
                if let Node::Stmt(stmt) = node {
                    match tree.stmt(stmt).kind {
                        StmtKind::Return(values) if tree.exprs(values).iter().any(is_context) => {
                            returned.push(tree.stmt(stmt).span);
                        }
                        StmtKind::Assign { lhs, rhs, .. } => {
                            let mut pairs = tree.exprs(lhs).iter().zip(tree.exprs(rhs));
                            kept |=
                                pairs.any(|(target, value)| is_field(target) && is_context(value));
                        }
                        _ => {}
                    }
                }
                Descend::Into
            });
        }
        (returned, kept)
    }

    fn package_asks_for_span(&self) -> bool {
        let owners = self.module.program.owners(self.function.package);
        owners.into_iter().any(|owner| {
            let function = self.module.function(owner);
            function.is_some_and(|function| {
                let calls = function.info().calls();
                calls
                    .iter()
                    .any(|(_, callee)| OF_CONTEXT.contains(&crate::types::last_name(callee)))
            })
        })
    }
}
