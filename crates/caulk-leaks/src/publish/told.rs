//! A ticker that nobody stops where its service is told to end.

use caulk_program::Type;
use caulk_syntax::{Descend, ExprId, ExprKind, Node, Span, StmtId, StmtKind};

use crate::channels::uses::{is_signal, received_from};
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

    /// Lost as a function is left that was passed the signals which its process gets: a service, which runs until that ends.
    pub(super) fn is_lost_by_service(&self) -> bool {
        let function = self.function;
        let program = self.module.program;
        let is_of_signals = |param: &caulk_program::LocalId| {
            let info = function.info().local_info(*param);
            let element = info.map(|info| program.ty(program.underlying(info.ty)));
            matches!(element, Some(Type::Chan(_, of)) if program.named_name(*of).as_deref() == Some("os.Signal"))
        };
        function.params(None).iter().any(is_of_signals)
            && !self.in_loop
            && self.is_lost_on_leaving()
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
        matches!(tree.stmt(comm).kind, StmtKind::Expr(_))
            && received_from(tree, comm).is_some_and(|channel| self.is_an_end(channel))
    }

    /// `ctx.Done()`, or `s.quit`.
    fn is_an_end(&self, channel: ExprId) -> bool {
        let (module, function) = (self.module, self.function);
        match function.tree().expr(channel).kind {
            ExprKind::Selector { .. } => {
                let program = module.program;
                let of = program.ty(program.underlying(function.info().type_of(channel)));
                // What has a name may say something: the outline of a library leaves fields out.
                matches!(of, Type::Chan(_, element)
                    if program.named_of(*element).is_none() && is_signal(program, *element))
            }
            _ => crate::goroutines::context_of(module, function, channel).is_some(),
        }
    }
}
