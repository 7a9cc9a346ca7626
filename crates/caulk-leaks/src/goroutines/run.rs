//! What a goroutine runs.

use std::sync::Arc;

use caulk_program::{BodyOwner, Callee, LocalId, Object};
use caulk_syntax::{Descend, ExprId, ExprKind, Node, StmtId, StmtKind};

use crate::body::runs::called_once;
use crate::body::{Function, Root};
use crate::module::Module;

/// What a goroutine runs: a literal of the function that starts it, or another function of the project.
pub(super) struct Run {
    /// The other function.
    pub callee: Option<Arc<Function>>,
    /// The literal.
    pub root: Root,
    /// The variables of the starter that it has: captured, called on, or passed.
    pub has: Vec<LocalId>,
}

impl Run {
    pub fn of(module: &Module<'_>, function: &Function, call: ExprId) -> Option<Run> {
        let (func, has) = match function.callee(call) {
            Callee::Literal(literal) => {
                return Some(Run {
                    callee: None,
                    root: Some(*literal),
                    has: function.info().literal(*literal)?.captures.clone(),
                });
            }
            Callee::Method { func, receiver, .. } => {
                (func, function.local(*receiver).into_iter().collect())
            }
            Callee::Static(func) => {
                if let Some(literal) = called_once(module, function, call) {
                    return Run::of_value(module, function, literal);
                }
                let args = function.tree().arguments(call).iter();
                (func, args.filter_map(|arg| function.local(*arg)).collect())
            }
            _ => return None,
        };
        let id = func.id.filter(|id| module.is_own(*id))?;
        Some(Run {
            callee: Some(module.function(BodyOwner::Func(id))?),
            root: None,
            has,
        })
    }

    /// The same of a function that is passed on to be run: a literal, or a function or a method of the starter's package.
    pub fn of_value(module: &Module<'_>, function: &Function, value: ExprId) -> Option<Run> {
        let tree = function.tree();
        let value = tree.unparen(value);
        if let ExprKind::FuncLit { .. } = tree.expr(value).kind {
            return Some(Run {
                callee: None,
                root: Some(value),
                has: function.info().literal(value)?.captures.clone(),
            });
        }
        let (Object::Func(func) | Object::Method(func)) = function.info().object(value) else {
            return None;
        };
        let id = func.id.filter(|id| module.is_own(*id))?;
        let callee = module.function(BodyOwner::Func(id))?;
        let of = match tree.expr(value).kind {
            ExprKind::Selector { x, .. } => function.local(x),
            _ => None,
        };
        (callee.package == function.package).then(|| Run {
            callee: Some(callee),
            root: None,
            has: of.into_iter().collect(),
        })
    }

    /// The same where it runs a function of the starter's package: the fields of its types can be told apart.
    pub fn in_package(module: &Module<'_>, function: &Function, call: ExprId) -> Option<Run> {
        let run = Run::of(module, function, call)?;
        let own = |callee: &Arc<Function>| callee.package == function.package;
        run.callee.as_ref().is_none_or(own).then_some(run)
    }

    /// What runs.
    pub fn body<'a>(&'a self, module: &'a Module<'a>, starter: &'a Function) -> Body<'a> {
        Body {
            module,
            function: self.callee.as_deref().unwrap_or(starter),
            root: self.root,
        }
    }
}

/// The body of a goroutine: a literal of a function, or all of a function.
pub(super) struct Body<'a> {
    pub module: &'a Module<'a>,
    pub function: &'a Function,
    pub root: Root,
}

impl<'a> Body<'a> {
    /// Its `select` statements, each with its clauses.
    pub fn selects(&self) -> Vec<(StmtId, &'a [StmtId])> {
        let (function, tree) = (self.function, self.function.tree());
        let mut found = Vec::new();
        let Some(graph) = function.graph(self.root) else {
            return found;
        };
        tree.walk(graph.body, |node| {
            if let Node::Stmt(select) = node
                && let StmtKind::Select(clauses) = tree.stmt(select).kind
                && function.root_of(node) == self.root
            {
                found.push((select, tree.block(clauses)));
            }
            Descend::Into
        });
        found
    }
}

/// `timer`, or `s.timer`.
pub(super) fn path(function: &Function, expr: ExprId) -> Option<String> {
    let tree = function.tree();
    match tree.expr(tree.unparen(expr)).kind {
        ExprKind::Ident(name) => Some(tree.name(name).to_owned()),
        ExprKind::Selector { x, sel } => Some(format!("{}.{}", path(function, x)?, tree.name(sel))),
        _ => None,
    }
}

/// The context that a channel is asked of: `ctx.Done()`.
pub(crate) fn context_of(
    module: &Module<'_>,
    function: &Function,
    channel: ExprId,
) -> Option<ExprId> {
    let tree = function.tree();
    let channel = tree.unparen(channel);
    let ExprKind::Call { fun, .. } = tree.expr(channel).kind else {
        return None;
    };
    let ExprKind::Selector { x, sel } = tree.expr(fun).kind else {
        return None;
    };
    let ty = function.info().type_of(x);
    let is_done = tree.name(sel) == "Done" && crate::types::is_context(module.program, ty);
    is_done.then_some(x)
}

/// Whether the caller of a function gives it a context.
pub(super) fn is_given_context(module: &Module<'_>, function: &Function) -> bool {
    let info = function.info();
    info.params().iter().any(|param| {
        let ty = info.local_info(*param).map(|local| local.ty);
        ty.is_some_and(|ty| crate::types::is_context(module.program, ty))
    })
}

/// Whether a context is asked below a statement whether it has ended.
pub(super) fn asks_context(module: &Module<'_>, function: &Function, below: StmtId) -> bool {
    let mut asks = false;
    function.tree().walk(below, |node| {
        if let Node::Expr(expr) = node {
            let asked = function.callee(expr).func();
            asks |= asked.is_some_and(|func| &*func.name == "context.Context.Err")
                || context_of(module, function, expr).is_some();
        }
        Descend::Into
    });
    asks
}
