//! Goroutines that wait for a timer or a ticker which somebody else stops: that does not close its channel, and so they
//! wait for ever.

use std::sync::Arc;

use caulk_program::{BodyOwner, Callee, LocalId, Object};
use caulk_syntax::{Descend, ExprId, ExprKind, Node, Span, StmtId, StmtKind, UnaryOp};
use smol_str::SmolStr;

use super::Run;
use super::endless::endless_loop;
use super::staying::Staying;
use crate::engine::{Function, Root};
use crate::finding::{Acquisition, Confidence, Finding, Heat};
use crate::inference::channel::is_alone;
use crate::inference::field_channels::{field_channel, received_by};
use crate::inference::provenance::values_of;
use crate::module::Module;

/// The types that have a channel `C` which `Stop` does not close.
const CLOCKS: [&str; 2] = ["time.Timer", "time.Ticker"];

/// A goroutine that waits for a timer which is stopped.
pub(crate) struct Stopped {
    /// The `go` statement.
    pub start: StmtId,
    callee: Option<Arc<Function>>,
    waits: Span,
    /// `timer.C`.
    channel: String,
    /// Whether it waits again and again.
    again: bool,
}

/// The goroutines of a body that wait for a timer which others stop.
pub(crate) fn goroutines(module: &Module<'_>, function: &Function) -> Vec<Stopped> {
    let starts = super::starts(module, function).into_iter();
    starts
        .filter_map(|(start, call)| {
            let run = Run::of(module, function, call)?;
            let body = Body {
                module,
                function: run.body(function),
                root: run.root,
                start,
            };
            if body.function.package != function.package {
                return None;
            }
            let (waits, channel, again) = body.waits()?;
            Some(Stopped {
                start,
                waits,
                channel,
                again,
                callee: run.callee,
            })
        })
        .collect()
}

/// What a goroutine runs.
struct Body<'a> {
    module: &'a Module<'a>,
    function: &'a Function,
    root: Root,
    start: StmtId,
}

/// Where a timer is kept.
enum Kept {
    /// In a variable of the function that starts the goroutine.
    Local(LocalId),
    /// In a field of a type, by the type's full name.
    Field(String, SmolStr),
    /// In a map or a slice in such a field.
    Among(String, SmolStr),
}

impl Body<'_> {
    /// Where it waits for a timer that others stop, the timer's channel, and whether it does so in a loop.
    fn waits(&self) -> Option<(Span, String, bool)> {
        let tree = self.function.tree();
        let graph = self.function.graph(self.root)?;
        // What stops or sets its timer itself knows when it waits.
        if self.calls_clock(
            self.function,
            |root| self.is_here(root),
            &["Stop", "Reset"],
            None,
        ) {
            return None;
        }
        let mut waits: Vec<(Span, ExprId, bool)> = Vec::new();
        tree.walk(graph.body, |node| {
            match node {
                Node::Expr(expr) => match tree.expr(expr).kind {
                    ExprKind::FuncLit { .. } => return Descend::Skip,
                    ExprKind::Unary {
                        op: UnaryOp::Receive,
                        x,
                    } if is_alone(self.function, node) => {
                        waits.push((tree.expr(expr).span, x, false));
                    }
                    _ => {}
                },
                Node::Stmt(stmt) => match tree.stmt(stmt).kind {
                    StmtKind::Range { x, .. } => waits.push((tree.expr(x).span, x, false)),
                    StmtKind::Select(clauses) => {
                        waits.extend(self.beside(clauses).map(|(at, x)| (at, x, true)));
                    }
                    _ => {}
                },
            }
            Descend::Into
        });
        waits.into_iter().find_map(|(at, channel, beside)| {
            let (timer, name) = self.clock(channel)?;
            let stopped = self.kept(timer).iter().any(|kept| match kept {
                Kept::Among(..) => self.is_stopped(kept),
                Kept::Local(_) => !beside && !self.tells() && self.is_stopped(kept),
                Kept::Field(..) => !beside && self.is_stopped(kept),
            });
            let again = self.function.innermost_loop(channel).is_some()
                || matches!(self.function.parent(channel), Some(Node::Stmt(_)));
            // Who can leave the loop may do so before the timer is stopped.
            let stays = || endless_loop(self.module, self.function.package, self.function, graph);
            let stopped = stopped && (!again || stays().is_some());
            stopped.then_some((at, name, again))
        })
    }

    /// The one clause of a `select` that waits for a timer where all others wait for the end of the value itself: it
    /// outlives its timers.
    fn beside(&self, clauses: StmtId) -> Option<(Span, ExprId)> {
        let tree = self.function.tree();
        let StmtKind::Block(block) = tree.stmt(clauses).kind else {
            return None;
        };
        let mut timers = Vec::new();
        let clauses = tree.stmts(block.stmts);
        for clause in clauses {
            let channel = received_by(self.function, *clause)?;
            if self.clock(channel).is_some() {
                timers.push((tree.expr(channel).span, channel));
            } else {
                field_channel(self.module, self.function, channel)?;
            }
        }
        match timers[..] {
            [timer] if clauses.len() > 1 => Some(timer),
            _ => None,
        }
    }

    /// The timer of a channel `timer.C`, or of a variable that holds it, and what the channel is called.
    fn clock(&self, channel: ExprId) -> Option<(ExprId, String)> {
        let tree = self.function.tree();
        let channel = caulk_flow::unparen(tree, channel);
        match tree.expr(channel).kind {
            ExprKind::Ident(_) => {
                let local = self.function.local(channel)?;
                match values_of(self.module, self.function, local)[..] {
                    [(Some(value), 0)]
                        if matches!(tree.expr(value).kind, ExprKind::Selector { .. }) =>
                    {
                        self.clock(value)
                    }
                    _ => None,
                }
            }
            ExprKind::Selector { x, sel } if tree.name(sel) == "C" => {
                let ty = self
                    .module
                    .program
                    .named_name(self.function.info().type_of(x))?;
                CLOCKS.contains(&ty.as_str()).then(|| {
                    let name = path(self.function, x).unwrap_or_else(|| "timer".to_owned());
                    (x, format!("{name}.C"))
                })
            }
            _ => None,
        }
    }

    /// Where a timer is kept that a goroutine names so.
    fn kept(&self, timer: ExprId) -> Vec<Kept> {
        let tree = self.function.tree();
        let timer = caulk_flow::unparen(tree, timer);
        if let Some((ty, name)) = self.field(timer) {
            return vec![Kept::Field(ty, name)];
        }
        let Some(local) = self.function.local(timer) else {
            return Vec::new();
        };
        let info = self.function.info().local_info(local);
        // A variable of its own nobody else names.
        if self.root.is_none() || info.is_none_or(|info| info.function == self.root) {
            return Vec::new();
        }
        let mut kept = vec![Kept::Local(local)];
        for root in caulk_flow::roots(self.module.program, &self.function.typed) {
            tree.walk(root, |node| {
                if let Node::Stmt(stmt) = node
                    && let StmtKind::Assign { lhs, rhs, .. } = tree.stmt(stmt).kind
                {
                    for (target, value) in tree.exprs(lhs).iter().zip(tree.exprs(rhs)) {
                        if self.function.local(*value) == Some(local) {
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
        let tree = self.function.tree();
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
        field(self.module, self.function, expr)
    }

    /// Whether somebody else stops a timer, and nobody sets it again.
    fn is_stopped(&self, kept: &Kept) -> bool {
        match kept {
            Kept::Local(local) => {
                let stops = self.calls_clock(
                    self.function,
                    |root| !self.is_here(root),
                    &["Stop"],
                    Some(*local),
                );
                stops && !self.calls_clock(self.function, |_| true, &["Reset"], Some(*local))
            }
            Kept::Field(ty, name) => {
                let uses = self.module.uses_of_field(self.function.package, ty, name);
                uses.is_some_and(|uses| uses.has_method("Stop") && !uses.has_method("Reset"))
                    && self.is_stopped_by_method(ty, name)
            }
            Kept::Among(ty, name) => self.is_stopped_by_method(ty, name),
        }
    }

    /// Whether a method of a type stops what a field of it holds; what tests do is theirs.
    fn is_stopped_by_method(&self, ty: &str, name: &SmolStr) -> bool {
        let package = self.module.program.package(self.function.package);
        let (_, type_name) = ty.rsplit_once('.').unwrap_or_default();
        let methods = package.methods_of(type_name);
        let mut ids = methods.filter_map(|method| method.reference.id);
        ids.any(|id| {
            let method = self.module.function(BodyOwner::Func(id));
            method.is_some_and(|method| {
                self.stops_one(&method, ty, name)
                    && !crate::in_test::is_in_test(self.module, &method)
            })
        })
    }

    /// Whether a method stops what a field holds, or what it finds in it: `if t, ok := c.timers[key]; ok { t.Stop() }`.
    fn stops_one(&self, method: &Function, ty: &str, name: &SmolStr) -> bool {
        let tree = method.tree();
        let is_field = |expr: ExprId| {
            field(self.module, method, expr).is_some_and(|(of, field)| of == ty && field == *name)
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
                && match tree.expr(caulk_flow::unparen(tree, *receiver)).kind {
                    ExprKind::Index { x, .. } => is_field(x),
                    ExprKind::Selector { .. } => is_field(*receiver),
                    _ => method
                        .local(*receiver)
                        .is_some_and(|local| taken.contains(&local)),
                }
        })
    }

    /// Whether the goroutine tells anybody that it has waited: who waits for that lets the timer run out.
    fn tells(&self) -> bool {
        let tree = self.function.tree();
        let mut tells = false;
        if let Some(graph) = self
            .function
            .graph(self.root)
            .filter(|graph| graph.returns())
        {
            tree.walk(graph.body, |node| {
                tells |= match node {
                    Node::Stmt(stmt) => matches!(tree.stmt(stmt).kind, StmtKind::Send { .. }),
                    Node::Expr(expr) => {
                        matches!(tree.expr(expr).kind, ExprKind::Call { .. })
                            && match self.function.callee(expr) {
                                Callee::Builtin(caulk_program::Builtin::Close) => true,
                                callee => callee
                                    .func()
                                    .is_some_and(|func| &*func.name == "sync.WaitGroup.Done"),
                            }
                    }
                };
                Descend::Into
            });
        }
        tells
    }

    fn is_here(&self, root: Root) -> bool {
        root == self.root || self.function.is_within(root, self.root)
    }

    /// Whether a function calls one of these methods of timers, of this one where it is given, in those of its literals.
    fn calls_clock(
        &self,
        function: &Function,
        is_looked_at: impl Fn(Root) -> bool,
        methods: &[&str],
        of: Option<LocalId>,
    ) -> bool {
        let begun = function.tree().stmt(self.start).span;
        function.info().calls().iter().any(|(call, callee)| {
            let Callee::Method { func, receiver, .. } = callee else {
                return false;
            };
            // What comes before it starts is done to another timer.
            let is_before = of.is_some()
                && function.tree().expr(*call).span.start < begun.start
                && !self.function.is_deferred(*call)
                && function.innermost_loop(*call).is_none();
            is_clock(&func.name, methods)
                && is_looked_at(function.root_of(*call))
                && of.is_none_or(|of| function.local(*receiver) == Some(of) && !is_before)
        })
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
    let expr = caulk_flow::unparen(tree, expr);
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

/// `timer`, or `s.timer`.
fn path(function: &Function, expr: ExprId) -> Option<String> {
    let tree = function.tree();
    match tree.expr(caulk_flow::unparen(tree, expr)).kind {
        ExprKind::Ident(name) => Some(tree.name(name).to_owned()),
        ExprKind::Selector { x, sel } => Some(format!("{}.{}", path(function, x)?, tree.name(sel))),
        _ => None,
    }
}

impl Stopped {
    pub fn described(
        &self,
        module: &Module<'_>,
        function: &Function,
        heat: Heat,
    ) -> Option<(Acquisition, Finding)> {
        let channel = &self.channel;
        let staying = Staying {
            rule: if self.again {
                super::endless::RULE
            } else {
                super::blocked::RULE
            },
            start: self.start,
            callee: self.callee.as_deref(),
            at: self.waits,
            at_loop: false,
            note: format!("waits for {channel}, which nothing closes"),
            variable: channel.clone(),
            release: "return".to_owned(),
            message: format!("goroutine waits for ever for {channel} when its timer is stopped"),
            confidence: Confidence::Certain,
            why: "the goroutine needs another way to be told to end",
        };
        staying.published(module, function, heat)
    }
}
