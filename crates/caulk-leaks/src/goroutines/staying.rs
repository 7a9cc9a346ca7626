//! What is published of a goroutine that goes on for ever, and whose it is.

use caulk_program::{Callee, LocalId, Object};
use caulk_syntax::{Descend, ExprId, ExprKind, Node, Span, StmtId, StmtKind};

use crate::body::Function;
use crate::contract::RELEASE_METHODS;
use crate::finding::{
    Acquisition, Confidence, Finding, FixTemplate, Heat, Held, Obstacle, ReleaseCall, Step,
};
use crate::goroutines::published::{STARTED_HERE, Stuck, published};
use crate::inference::started::returned_locals;
use crate::module::Module;
use crate::place::{byte_span, location};

/// A goroutine that goes on for ever.
pub(super) struct Staying<'a> {
    pub rule: &'static str,
    /// The `go` statement.
    pub start: StmtId,
    /// What it runs, where that is another function.
    pub callee: Option<&'a Function>,
    /// The place in it that tells.
    pub at: Span,
    /// Whether it is reported there, and not where it starts.
    pub at_loop: bool,
    pub note: String,
    /// What it belongs to, or waits for.
    pub variable: String,
    pub release: String,
    pub message: String,
    pub confidence: Confidence,
    /// Why it is not fixed.
    pub why: &'static str,
}

impl Staying<'_> {
    pub fn published(
        self,
        module: &Module<'_>,
        function: &Function,
        heat: Heat,
    ) -> Option<(Acquisition, Finding)> {
        let own = caulk_flow::file_of(module.program, function.typed.owner)?;
        let holder = match self.callee {
            Some(callee) => caulk_flow::file_of(module.program, callee.typed.owner)?,
            None => own,
        };
        let root = function.root_of(self.start);
        let begun = function.tree().stmt(self.start).span;
        let started = location(module.program, own, begun);
        let tells = location(module.program, holder, self.at);
        let path = vec![
            Step {
                location: started.clone(),
                note: STARTED_HERE.to_owned(),
            },
            Step {
                location: tells.clone(),
                note: self.note,
            },
        ];
        let location = if self.at_loop { tells } else { started };
        let span = location.span;
        let body = function.graph(root);
        let body = body.map(|graph| byte_span(function.tree().stmt(graph.body).span));
        let stuck = Stuck {
            rule: self.rule,
            location,
            hangs_here: false,
            start: self.start.into(),
            root,
            variable: self.variable,
            release: self.release,
            message: self.message,
            confidence: self.confidence,
            path,
            fix: FixTemplate {
                release: ReleaseCall::default(),
                held: Held::Nothing,
                result: (0, 0),
                error_result: None,
                error_variable: None,
                statement: span,
                after: span,
                body: body.unwrap_or_default(),
                in_loop: true,
                test_variable: None,
                losing_exits: Vec::new(),
                handed_on: false,
                handed_on_at: Vec::new(),
                releases: Vec::new(),
                may_release: Vec::new(),
                keeper: None,
                obstacles: vec![Obstacle {
                    span,
                    why: self.why.to_owned(),
                }],
            },
        };
        Some(published(module, function, stuck, heat))
    }
}

/// Whether a goroutine that starts here belongs to a value of which a program may have many, and which nobody can release:
/// a library makes it for its users, or it is the receiver, of which each starts its own once. A program is no library.
pub(super) fn is_one_of_many(
    module: &Module<'_>,
    function: &Function,
    start: Node,
    local: LocalId,
) -> bool {
    let package = module.program.package(function.package);
    if package.name() == "main"
        || has_release(module, function, local)
        || is_kept(module, function, local)
    {
        return false;
    }
    match function.root_of(start) {
        None => {
            let func = function.id().and_then(|id| module.program.func(id));
            func.is_some_and(|func| func.name.starts_with(char::is_uppercase))
                && returned_locals(function, 0).contains(&local)
        }
        Some(literal) => {
            function.info().receiver() == Some(local)
                && is_exported(module, function, local)
                && matches!(function.parent(literal), Some(Node::Expr(call))
                    if is_done_once(function, call, local))
        }
    }
}

/// Whether others than the package can make values of a variable's type.
fn is_exported(module: &Module<'_>, function: &Function, local: LocalId) -> bool {
    let info = function.info().local_info(local);
    let named = info.and_then(|local| module.program.named_of(local.ty));
    named.is_some_and(|named| named.name.starts_with(char::is_uppercase))
}

/// Whether a function keeps a variable's value in a variable of a package: there is one of it.
fn is_kept(module: &Module<'_>, function: &Function, local: LocalId) -> bool {
    let tree = function.tree();
    let mut kept = false;
    for root in caulk_flow::roots(module.program, &function.typed) {
        tree.walk(root, |node| {
            if let Node::Stmt(stmt) = node
                && let StmtKind::Assign { lhs, rhs, .. } = tree.stmt(stmt).kind
            {
                let mut pairs = tree.exprs(lhs).iter().zip(tree.exprs(rhs));
                kept |= pairs.any(|(target, value)| {
                    function.local(*value) == Some(local)
                        && matches!(function.info().object(*target), Object::PackageVar(_))
                });
            }
            Descend::Into
        });
    }
    kept
}

/// Whether a call is `x.once.Do(…)` of this variable.
fn is_done_once(function: &Function, call: ExprId, of: LocalId) -> bool {
    let tree = function.tree();
    let Callee::Method { func, receiver, .. } = function.callee(call) else {
        return false;
    };
    let once = tree.unparen(*receiver);
    &*func.name == "sync.Once.Do"
        && matches!(tree.expr(once).kind, ExprKind::Selector { x, .. } if function.local(x) == Some(of))
}

/// Whether the type of a variable, one of the package's own, has a release method.
fn has_release(module: &Module<'_>, function: &Function, local: LocalId) -> bool {
    let program = module.program;
    let package = program.package(function.package);
    let named = function
        .info()
        .local_info(local)
        .and_then(|local| program.named_of(local.ty));
    named.is_some_and(|named| {
        &*named.package == package.path()
            && package
                .methods_of(&named.name)
                .any(|method| RELEASE_METHODS.contains(&method.name.as_str()))
    })
}
