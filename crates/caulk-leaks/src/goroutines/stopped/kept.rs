//! Where a timer is kept, and who stops it there.

use caulk_program::{BodyOwner, Callee, LocalId, Object};
use caulk_syntax::{Descend, ExprId, ExprKind, Node, Span, StmtKind};
use smol_str::SmolStr;

use super::Waiter;
use crate::body::{Function, Root};
use crate::module::Module;

/// The types that have a channel `C` which `Stop` does not close.
pub(super) const CLOCKS: [&str; 2] = ["time.Timer", "time.Ticker"];

/// Where a timer is kept.
pub(super) enum Kept {
    /// In a variable of the function that starts the goroutine.
    Local(LocalId),
    /// In a field of a type, by the type's full name.
    Field(String, SmolStr),
    /// In a map or a slice in such a field.
    Among(String, SmolStr),
    /// In a variable of the package, by its full name.
    Var(SmolStr),
}

impl Waiter<'_> {
    /// Where a timer is kept that a goroutine names so.
    pub(super) fn kept(&self, timer: ExprId) -> Vec<Kept> {
        let tree = self.body.function.tree();
        let timer = tree.unparen(timer);
        if let Some((ty, name)) = self.field(timer) {
            return vec![Kept::Field(ty, name)];
        }
        if let Object::PackageVar(name) = self.body.function.info().object(timer) {
            return vec![Kept::Var(SmolStr::new(name))];
        }
        let Some(local) = self.body.function.local(timer) else {
            return Vec::new();
        };
        let info = self.body.function.info().local_info(local);
        // A variable of its own nobody else names.
        if self.body.root.is_none() || info.is_none_or(|info| info.function == self.body.root) {
            return Vec::new();
        }
        let mut kept = vec![Kept::Local(local)];
        for root in caulk_flow::roots(self.body.module.program, &self.body.function.typed) {
            tree.walk(root, |node| {
                if let Node::Stmt(stmt) = node
                    && let StmtKind::Assign { lhs, rhs, .. } = tree.stmt(stmt).kind
                {
                    for (target, value) in tree.exprs(lhs).iter().zip(tree.exprs(rhs)) {
                        if self.body.function.local(*value) == Some(local) {
                            kept.extend(self.place(*target));
                        }
                    }
                }
                Descend::Into
            });
        }
        kept
    }

    /// The field that something is assigned to, or an element of what a field holds.
    fn place(&self, target: ExprId) -> Option<Kept> {
        let tree = self.body.function.tree();
        match tree.expr(target).kind {
            ExprKind::Index { x, .. } => {
                let (ty, name) = self.field(x)?;
                Some(Kept::Among(ty, name))
            }
            _ => {
                let (ty, name) = self.field(target)?;
                Some(Kept::Field(ty, name))
            }
        }
    }

    fn field(&self, expr: ExprId) -> Option<(String, SmolStr)> {
        field(self.body.module, self.body.function, expr)
    }

    /// Whether somebody else stops a timer, and nobody sets it again.
    pub(super) fn is_stopped(&self, kept: &Kept) -> bool {
        match kept {
            Kept::Local(local) => {
                let stops = self.calls_clock(
                    self.body.function,
                    |root| !self.is_here(root),
                    &["Stop"],
                    Some(*local),
                );
                stops && !self.calls_clock(self.body.function, |_| true, &["Reset"], Some(*local))
            }
            Kept::Field(ty, name) => {
                let uses = self
                    .body
                    .module
                    .uses_of_field(self.body.function.package, ty, name);
                uses.is_some_and(|uses| uses.has_method("Stop") && !uses.has_method("Reset"))
                    && self.is_stopped_by_method(ty, name)
            }
            Kept::Among(ty, name) => self.is_stopped_by_method(ty, name),
            Kept::Var(name) => self.is_stopped_by_package(name),
        }
    }

    /// Whether a function of the package stops what a variable of it holds, and none sets that again; what tests do is theirs.
    fn is_stopped_by_package(&self, name: &SmolStr) -> bool {
        let module = self.body.module;
        let package = module.program.package(self.body.function.package);
        let (mut stopped, mut set) = (false, false);
        for func in package.funcs() {
            let Some(function) = module.function(BodyOwner::Func(package.id_of(func))) else {
                continue;
            };
            if crate::in_test::is_in_test(module, &function) {
                continue;
            }
            for (_, callee) in function.info().calls() {
                if let Callee::Method { func, receiver, .. } = callee
                    && matches!(function.info().object(function.tree().unparen(*receiver)), Object::PackageVar(of) if **of == **name)
                {
                    stopped |= is_clock(&func.name, &["Stop"]);
                    set |= is_clock(&func.name, &["Reset"]);
                }
            }
        }
        stopped && !set
    }

    /// Whether a method of a type stops what a field of it holds; what tests do is theirs.
    fn is_stopped_by_method(&self, ty: &str, name: &SmolStr) -> bool {
        let package = self.body.module.program.package(self.body.function.package);
        let (_, type_name) = ty.rsplit_once('.').unwrap_or_default();
        let methods = package.methods_of(type_name);
        let mut ids = methods.map(|method| package.id_of(method));
        ids.any(|id| {
            let method = self.body.module.function(BodyOwner::Func(id));
            method.is_some_and(|method| {
                self.stops_one(&method, ty, name)
                    && !crate::in_test::is_in_test(self.body.module, &method)
            })
        })
    }

    /// Whether a method stops what a field holds, or what it finds in it: `if t, ok := c.timers[key]; ok { t.Stop() }`.
    fn stops_one(&self, method: &Function, ty: &str, name: &SmolStr) -> bool {
        let tree = method.tree();
        let is_field = |expr: ExprId| {
            field(self.body.module, method, expr)
                .is_some_and(|(of, field)| of == ty && field == *name)
        };
        let mut taken: Vec<LocalId> = Vec::new();
        let Some(graph) = method.graph(None) else {
            return false;
        };
        tree.walk(graph.body, |node| {
            if let Node::Stmt(stmt) = node {
                match tree.stmt(stmt).kind {
                    StmtKind::Assign { lhs, rhs, .. } => {
                        if let ([target, ..], [value]) = (tree.exprs(lhs), tree.exprs(rhs))
                            && let ExprKind::Index { x, .. } = tree.expr(*value).kind
                            && is_field(x)
                        {
                            taken.extend(method.local(*target));
                        }
                    }
                    StmtKind::Range {
                        value: Some(value),
                        x,
                        ..
                    } if is_field(x) => taken.extend(method.local(value)),
                    _ => {}
                }
            }
            Descend::Into
        });
        method.info().calls().iter().any(|(_, callee)| {
            let Callee::Method { func, receiver, .. } = callee else {
                return false;
            };
            is_clock(&func.name, &["Stop"])
                && match tree.expr(tree.unparen(*receiver)).kind {
                    ExprKind::Index { x, .. } => is_field(x),
                    ExprKind::Selector { .. } => is_field(*receiver),
                    _ => method
                        .local(*receiver)
                        .is_some_and(|local| taken.contains(&local)),
                }
        })
    }

    pub(super) fn is_here(&self, root: Root) -> bool {
        root == self.body.root || self.body.function.is_within(root, self.body.root)
    }

    /// Whether a function calls one of these methods of timers, of this one where it is given, in those of its literals.
    pub(super) fn calls_clock(
        &self,
        function: &Function,
        is_looked_at: impl Fn(Root) -> bool,
        methods: &[&str],
        of: Option<LocalId>,
    ) -> bool {
        let begun = function.tree().stmt(self.start).span;
        let left = of.and_then(|_| self.left_at_once());
        function.info().calls().iter().any(|(call, callee)| {
            let Callee::Method { func, receiver, .. } = callee else {
                return false;
            };
            let at = function.tree().expr(*call).span;
            // What comes before it starts is done to another timer, and nothing comes behind a way out.
            let is_apart = of.is_some()
                && !self.body.function.is_deferred(*call)
                && (at.start < begun.start && function.innermost_loop(*call).is_none()
                    || function.root_of(*call) == function.root_of(self.start)
                        && left.is_some_and(|left| !left.encloses(at)));
            is_clock(&func.name, methods)
                && is_looked_at(function.root_of(*call))
                && of.is_none_or(|of| function.local(*receiver) == Some(of) && !is_apart)
        })
    }

    /// From where the goroutine starts to where its starter leaves at once, if it does so in any case.
    fn left_at_once(&self) -> Option<Span> {
        let function = &self.body.function;
        let tree = function.tree();
        let begun = tree.stmt(self.start).span;
        let Some(Node::Stmt(around)) = function.parent(self.start) else {
            return None;
        };
        let beside = match tree.stmt(around).kind {
            StmtKind::Block(block) => tree.stmts(block.stmts),
            StmtKind::Comm { body, .. } | StmtKind::Case { body, .. } => tree.stmts(body),
            _ => return None,
        };
        let left = beside.iter().find(|stmt| {
            tree.stmt(**stmt).span.start > begun.start
                && matches!(tree.stmt(**stmt).kind, StmtKind::Return(_))
        });
        left.map(|left| Span::new(begun.start, tree.stmt(*left).span.end))
    }
}

/// Whether a function is one of these methods of a timer or a ticker.
fn is_clock(name: &str, methods: &[&str]) -> bool {
    CLOCKS.iter().any(|clock| {
        let method = name.strip_prefix(clock);
        method
            .and_then(|method| method.strip_prefix('.'))
            .is_some_and(|method| methods.contains(&method))
    })
}

/// The field of one of the package's own types that an expression selects: the full name of the type, and its own.
fn field(module: &Module<'_>, function: &Function, expr: ExprId) -> Option<(String, SmolStr)> {
    let tree = function.tree();
    let expr = tree.unparen(expr);
    let ExprKind::Selector { x, .. } = tree.expr(expr).kind else {
        return None;
    };
    let Object::Field { name, through } = function.info().object(expr) else {
        return None;
    };
    let named = module.program.named_of(function.info().type_of(x))?;
    let package = module.program.package(function.package);
    (through.is_empty() && &*named.package == package.path())
        .then(|| (named.full_name(), name.clone()))
}
