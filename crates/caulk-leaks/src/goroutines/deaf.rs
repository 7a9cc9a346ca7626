//! Goroutines that are told to end and go on: they hear it in a loop that nothing leaves. What is meant to leave it is
//! missing, or is a `break` that leaves no more than the `select`.

use std::sync::Arc;

use caulk_program::{LocalId, LocalKind, Type};
use caulk_syntax::{BranchKind, Descend, ExprId, ExprKind, Node, Span, StmtId, StmtKind, UnaryOp};

use super::endless::{endless_loop, ends_process};
use super::staying::Staying;
use super::{Body, Run, context_of, path};
use crate::body::Function;
use crate::channels::made::is_alone;
use crate::channels::uses::received_by;
use crate::finding::{Acquisition, Confidence, Finding, Heat};
use crate::module::Module;

/// What the names of channels say that tell somebody to end.
const ENDS: &[&str] = &[
    "done", "quit", "stop", "shutdown", "close", "closing", "exit", "cancel", "term", "kill", "end",
];

/// A goroutine that goes on after it is told to end.
pub(crate) struct Deaf {
    /// The `go` statement.
    pub start: StmtId,
    callee: Option<Arc<Function>>,
    /// Where it is told.
    hears: Span,
    /// By what.
    by: String,
}

/// The goroutines of a body that go on after they are told to end.
pub(crate) fn goroutines(module: &Module<'_>, function: &Function) -> Vec<Deaf> {
    let starts = function.starts(module.program).iter().copied();
    starts
        .filter_map(|(start, call)| {
            let run = Run::of(module, function, call)?;
            let (hears, by) = run.body(module, function).told(function)?;
            Some(Deaf {
                start,
                hears,
                by,
                callee: run.callee,
            })
        })
        .collect()
}

impl Body<'_> {
    /// Where a body that never ends is told to, and by what.
    fn told(&self, starter: &Function) -> Option<(Span, String)> {
        let tree = self.function.tree();
        let graph = self.function.graph(self.root)?;
        endless_loop(self.module, starter.package, self.function, graph)?;
        // It may end the whole process then.
        if ends_process(graph) {
            return None;
        }
        let mut found = None;
        tree.walk(graph.body, |node| {
            if found.is_some() {
                return Descend::Skip;
            }
            match node {
                Node::Expr(expr) => match tree.expr(expr).kind {
                    ExprKind::FuncLit { .. } => return Descend::Skip,
                    ExprKind::Unary {
                        op: UnaryOp::Receive,
                        x,
                    } if is_alone(self.function, node) => {
                        found = context_of(self.module, self.function, x)
                            .and_then(|context| self.in_loop(node, context))
                            .map(|by| (tree.expr(expr).span, by));
                    }
                    _ => {}
                },
                Node::Stmt(clause) => {
                    found = self.hears(clause).map(|by| (self.head(clause), by));
                }
            }
            Descend::Into
        });
        found
    }

    /// What tells to end in a clause of a `select`.
    fn hears(&self, clause: StmtId) -> Option<String> {
        let channel = received_by(self.function, clause)?;
        if let Some(context) = context_of(self.module, self.function, channel) {
            return self.in_loop(clause.into(), context);
        }
        let name = path(self.function, channel)?;
        let last = name.rsplit('.').next()?.to_ascii_lowercase();
        let tells = ENDS.iter().any(|word| last.contains(word)) && self.is_signal(channel);
        (tells && self.breaks_nothing(clause)).then(|| self.in_round(clause.into(), name))?
    }

    /// `ctx.Done()` where the context was there before the loop around this place, and stays the same.
    fn in_loop(&self, at: Node, context: ExprId) -> Option<String> {
        let tree = self.function.tree();
        let local = match tree.expr(context).kind {
            ExprKind::Ident(_) => self.function.local(context)?,
            // `s.ctx`
            ExprKind::Selector { x, .. } => self.function.local(x)?,
            _ => return None,
        };
        let info = self.function.info().local_info(local)?;
        let from_outside = info.function != self.root
            || matches!(info.kind, LocalKind::Param { .. } | LocalKind::Receiver);
        if !from_outside || self.is_assigned(local) {
            return None;
        }
        let name = path(self.function, context)?;
        self.in_round(at, format!("{name}.Done()"))
    }

    /// What tells to end, where the place is in a loop that is no other goroutine's.
    fn in_round(&self, at: Node, by: String) -> Option<String> {
        let round = self.function.innermost_loop(at)?;
        (self.function.root_of(at) == self.root && self.function.root_of(round) == self.root)
            .then_some(by)
    }

    /// Whether the body assigns a variable, or a field of it.
    fn is_assigned(&self, local: LocalId) -> bool {
        let tree = self.function.tree();
        let mut assigned = false;
        if let Some(graph) = self.function.graph(self.root) {
            tree.walk(graph.body, |node| {
                if let Node::Stmt(stmt) = node
                    && let StmtKind::Assign { lhs, .. } = tree.stmt(stmt).kind
                {
                    assigned |= tree.exprs(lhs).iter().any(|target| {
                        let target = match tree.expr(*target).kind {
                            ExprKind::Selector { x, .. } if is_context_name(tree, *target) => x,
                            _ => *target,
                        };
                        self.function.local(target) == Some(local)
                    });
                }
                Descend::Into
            });
        }
        assigned
    }

    /// Whether a channel carries nothing but that something happens.
    fn is_signal(&self, channel: ExprId) -> bool {
        let program = self.module.program;
        let ty = program.ty(program.underlying(self.function.info().type_of(channel)));
        match ty {
            Type::Chan(_, of) => {
                matches!(program.ty(program.underlying(*of)), Type::Struct(fields) if fields.is_empty())
                    || program.is_basic(*of)
            }
            _ => false,
        }
    }

    /// Whether a clause ends in a `break` without a label.
    fn breaks_nothing(&self, clause: StmtId) -> bool {
        let tree = self.function.tree();
        let StmtKind::Comm { body, .. } = tree.stmt(clause).kind else {
            return false;
        };
        let last = tree.stmts(body).last();
        last.is_some_and(|last| {
            matches!(
                tree.stmt(*last).kind,
                StmtKind::Branch {
                    kind: BranchKind::Break,
                    label: None
                }
            )
        })
    }

    /// The first line of a clause.
    fn head(&self, clause: StmtId) -> Span {
        let tree = self.function.tree();
        match tree.stmt(clause).kind {
            StmtKind::Comm {
                comm: Some(comm), ..
            } => tree.stmt(comm).span,
            _ => tree.stmt(clause).span,
        }
    }
}

fn is_context_name(tree: &caulk_syntax::Tree, selector: ExprId) -> bool {
    matches!(tree.expr(selector).kind, ExprKind::Selector { sel, .. }
        if tree.name(sel).to_ascii_lowercase().contains("ctx") || tree.name(sel).to_ascii_lowercase().contains("context"))
}

impl Deaf {
    pub fn described(
        &self,
        module: &Module<'_>,
        function: &Function,
        heat: Heat,
    ) -> Option<(Acquisition, Finding)> {
        let by = &self.by;
        let staying = Staying {
            rule: super::endless::RULE,
            start: self.start,
            callee: self.callee.as_deref(),
            at: self.hears,
            at_loop: false,
            note: "told to end here, and nothing leaves the loop".to_owned(),
            variable: by.clone(),
            release: "return".to_owned(),
            message: format!("goroutine goes on for ever when {by} tells it to end"),
            confidence: Confidence::Certain,
            why: "what else it has to do when it ends is not known: let the case that tells it to end return",
        };
        staying.published(module, function, heat)
    }
}
