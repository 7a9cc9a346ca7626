//! A ticker that nobody stops where its service is told to end.

use caulk_program::Type;
use caulk_syntax::{Descend, ExprId, ExprKind, Node, Span, StmtId, StmtKind, UnaryOp};

use crate::finding::Heat;
use crate::publish::described::Described;

impl Described<'_, '_> {
    /// A ticker that is lost only where a case of a `select` has received that it is time to end, of a context or of a channel without
    /// data that a field holds, in what nothing is seen to run more than once: a service loses one as it ends, mostly with its process.
    pub(super) fn is_lost_when_told_to_end(&self) -> bool {
        if self.site.contract.rule != "unstopped-ticker"
            || matches!(self.heat, Heat::Repeated | Heat::Request)
            || self.in_loop
            || !self.is_lost_on_leaving()
        {
            return false;
        }
        let told = self.clauses_of_an_end();
        self.verdict
            .outcomes
            .owed
            .iter()
            .all(|lost| told.iter().any(|clause| clause.encloses(lost.span)))
    }

    /// The cases that receive that it is time to end.
    fn clauses_of_an_end(&self) -> Vec<Span> {
        let tree = self.function.tree();
        let Some(graph) = self.function.graph(self.site.root) else {
            return Vec::new();
        };
        let mut found = Vec::new();
        tree.walk(graph.body, |node| {
            if let Node::Stmt(clause) = node
                && let StmtKind::Comm {
                    comm: Some(comm), ..
                } = tree.stmt(clause).kind
                && self.receives_an_end(comm)
            {
                found.push(tree.stmt(clause).span);
            }
            Descend::Into
        });
        found
    }

    fn receives_an_end(&self, comm: StmtId) -> bool {
        let tree = self.function.tree();
        let StmtKind::Expr(expr) = tree.stmt(comm).kind else {
            return false;
        };
        match tree.expr(tree.unparen(expr)).kind {
            ExprKind::Unary {
                op: UnaryOp::Receive,
                x,
            } => self.is_an_end(tree.unparen(x)),
            _ => false,
        }
    }

    /// `ctx.Done()`, or `s.quit`.
    fn is_an_end(&self, channel: ExprId) -> bool {
        let (module, function) = (self.module, self.function);
        match function.tree().expr(channel).kind {
            ExprKind::Selector { .. } => {
                let program = module.program;
                let of = program.ty(program.underlying(function.info().type_of(channel)));
                matches!(of, Type::Chan(_, element)
                    if matches!(program.ty(*element), Type::Struct(_)) && program.struct_fields(*element).is_empty())
            }
            _ => crate::goroutines::context_of(module, function, channel).is_some(),
        }
    }
}
