//! Goroutines that wait for the end of what their starter is given, a context or a channel, to guard what the starter works on: when
//! it comes back by itself there is nothing left to guard, and they wait on.

use std::collections::BTreeMap;
use std::sync::Arc;

use caulk_program::{Builtin, Callee, LocalId, LocalKind, Type};
use caulk_syntax::{Descend, ExprId, ExprKind, Node, Span, StmtId, StmtKind};

use super::outlives::{Release as Sure, releases};
use super::paths::{Paths, root_variable};
use super::served::Used;
use super::{Blocked, Many, Wait, outside_of_tests};
use crate::body::Function;
use crate::channels::made::{Actor, Op, Use};
use crate::channels::names::is_channel;
use crate::channels::uses::{received_by, received_from};
use crate::contract::{RELEASE_METHODS, Release, is_release_name};
use crate::goroutines::{Run, context_of, path};
use crate::inference::summary::{Param, ParamQuery, may_release};
use crate::module::{Module, Reach};

/// The goroutines that a body starts of this kind.
pub(super) fn lingers(module: &Module<'_>, function: &Function, used: &[Used]) -> Vec<Blocked> {
    if function.graph(None).is_none_or(|graph| !graph.returns()) {
        return Vec::new();
    }
    outside_of_tests(module, function, |start, run| {
        let Node::Stmt(go) = start else {
            return None;
        };
        Guard::of(module, function, go, run)?.lingering(used)
    })
}

/// A goroutine that waits first of all.
struct Guard<'a> {
    module: &'a Module<'a>,
    function: &'a Function,
    go: StmtId,
    literal: ExprId,
    /// What it waits for: the first of these that comes lets it go on.
    awaited: Vec<ExprId>,
    waits: Span,
    /// What it does then.
    steps: Vec<StmtId>,
}

impl<'a> Guard<'a> {
    fn of(
        module: &'a Module<'a>,
        function: &'a Function,
        go: StmtId,
        run: &Run,
    ) -> Option<Guard<'a>> {
        let tree = function.tree();
        let literal = run.root.filter(|_| run.callee.is_none())?;
        if function.root_of(go).is_some() || function.in_loop(go) {
            return None;
        }
        let all = tree.block(function.graph(Some(literal))?.body);
        let first = all
            .iter()
            .position(|stmt| !matches!(tree.stmt(*stmt).kind, StmtKind::Defer(_)))?;
        let (deferred, rest) = all.split_at(first);
        let (wait, behind) = rest.split_first()?;
        let mut guard = Guard {
            module,
            function,
            go,
            literal,
            awaited: Vec::new(),
            waits: tree.stmt(*wait).span,
            steps: behind.to_vec(),
        };
        match tree.stmt(*wait).kind {
            StmtKind::Select(clauses) => {
                for clause in tree.block(clauses) {
                    guard.awaited.push(received_by(function, *clause)?);
                    guard.steps.push(*clause);
                }
            }
            _ => guard.awaited.push(received_from(tree, *wait)?),
        }
        let given = guard.awaited.iter().all(|channel| guard.is_given(*channel));
        // Somebody may wait for what tells that it has ended.
        let tells = deferred.iter().chain(&guard.steps);
        let tells = tells.into_iter().any(|step| guard.tells_its_end(*step));
        (given && !guard.awaited.is_empty() && !tells).then_some(guard)
    }

    /// Whether a channel, or its context, is one that the starter is given and keeps.
    fn is_given(&self, channel: ExprId) -> bool {
        let function = self.function;
        let of = context_of(self.module, function, channel).unwrap_or(channel);
        // A channel that is passed for this alone is one that the caller ends when it has been served.
        let lasts = of != channel || function.local(of).is_none();
        lasts
            && root_variable(function, of)
                .is_some_and(|local| is_given(self.module, function, local))
    }

    /// Whether a step tells others that the goroutine is done.
    fn tells_its_end(&self, step: StmtId) -> bool {
        let tree = self.function.tree();
        let call = match tree.stmt(step).kind {
            StmtKind::Defer(call) | StmtKind::Expr(call) => tree.unparen(call),
            _ => return false,
        };
        match self.function.callee(call) {
            Callee::Builtin(Builtin::Close) => true,
            callee => callee
                .func()
                .is_some_and(|func| &*func.name == "sync.WaitGroup.Done"),
        }
    }

    fn lingering(&self, used: &[Used]) -> Option<Blocked> {
        let channel = *self.awaited.first()?;
        let leaves = match self.released_by_starter() {
            Some(from) => self.leaves_behind(from)?,
            None if self.works_for_starter(used) || self.knows_end() => {
                self.leaves_behind(self.go.into())?
            }
            None => return None,
        };
        Some(Blocked {
            waits: self.waits,
            leaves,
            many: Many::Unseen,
            ..Blocked::new(self.function, self.go, Wait::Lingers, self.text(channel)?)
        })
    }

    /// Where the starter comes back from a place without having received what the goroutine waits for.
    fn leaves_behind(&self, from: Node) -> Option<Span> {
        let (function, tree) = (self.function, self.function.tree());
        let mut received = Vec::new();
        let names: Vec<Option<String>> = self.awaited.iter().map(|one| self.text(*one)).collect();
        tree.walk(function.graph(None)?.body, |node| {
            let channel = match node {
                Node::Stmt(stmt) => received_from(tree, stmt),
                Node::Expr(_) => None,
            };
            if let Some(channel) = channel
                && function.root_of(node).is_none()
                && names.contains(&self.text(channel))
            {
                received.push(node);
            }
            Descend::Into
        });
        Paths::of(function, None, received).leaves_with_fewer(from, 1)
    }

    fn text(&self, expr: ExprId) -> Option<String> {
        let file = caulk_flow::file_of(self.module.program, self.function.typed.owner)?;
        let text = self.function.tree().expr(expr).span;
        let text = String::from_utf8_lossy(text.of(&file.bytes())).into_owned();
        Some(text)
    }

    /// Where the starter has released, itself, what the goroutine is there to release.
    fn released_by_starter(&self) -> Option<Node> {
        let (function, tree) = (self.function, self.function.tree());
        let passed = self.passed();
        let begun = tree.stmt(self.go).span;
        let (mut of_guard, mut of_starter) = (Vec::new(), Vec::new());
        for (call, callee) in function.info().calls() {
            let Some(of) = self.released(call, callee) else {
                continue;
            };
            match function.root_of(call) {
                Some(root) if root == self.literal => {
                    let given = function.local(of).and_then(|local| passed.get(&local));
                    of_guard.push(*given.unwrap_or(&of));
                }
                None if tree.expr(call).span.start > begun.end => of_starter.push((call, of)),
                _ => {}
            }
        }
        // The guard may end the value that it waits for, which its starter owns no more than others do.
        of_guard.retain(|of| !self.is_awaited(*of) || function.local(*of).is_none());
        let paths: Vec<String> = of_guard
            .iter()
            .filter_map(|of| path(function, *of))
            .collect();
        let both = of_starter
            .into_iter()
            .find(|(_, of)| path(function, *of).is_some_and(|of| paths.contains(&of)));
        let at_end = || {
            let sure = releases(function, None, Sure::Sure);
            let both = sure.iter().any(|(path, _)| paths.contains(path));
            both.then_some(self.go.into())
        };
        both.map(|(call, _)| call.into()).or_else(at_end)
    }

    /// What the parameters of the goroutine's literal are passed.
    fn passed(&self) -> BTreeMap<LocalId, ExprId> {
        let (function, tree) = (self.function, self.function.tree());
        let StmtKind::Go(call) = tree.stmt(self.go).kind else {
            return BTreeMap::new();
        };
        let params = function.info().literal(self.literal).map(|one| &one.params);
        let params = params.into_iter().flatten().copied();
        params
            .zip(tree.arguments(tree.unparen(call)).iter().copied())
            .collect()
    }

    /// What a call releases: that which has the method, or that which is passed.
    fn released(&self, call: ExprId, callee: &Callee) -> Option<ExprId> {
        let tree = self.function.tree();
        let ExprKind::Call { fun, .. } = tree.expr(call).kind else {
            return None;
        };
        if let ExprKind::Selector { sel, .. } = tree.expr(fun).kind
            && let Some(of) = callee.receiver()
        {
            return is_release_name(tree.name(sel)).then_some(of);
        }
        let Callee::Static(func) = callee else {
            return None;
        };
        let func = func.id.filter(|id| self.module.is_own(*id))?;
        let [passed] = tree.arguments(call) else {
            return None;
        };
        let query = ParamQuery {
            func,
            param: Param::At(0),
            field: None,
            depth: 0,
            error: None,
            release: Arc::new(Release::any_of(RELEASE_METHODS.iter().copied())),
            reach: Reach::FULL,
            apart: false,
        };
        may_release(self.module, &query).then_some(*passed)
    }

    /// Whether all that the goroutine does with variables of its starter is to serve those that work for it: it has to do with channels
    /// that are made there and that nobody else has, and with nothing that others may know.
    fn works_for_starter(&self, used: &[Used]) -> bool {
        let (function, tree) = (self.function, self.function.tree());
        let program = self.module.program;
        let (mut serves, mut only) = (false, true);
        for step in &self.steps {
            tree.walk(*step, |node| {
                let Node::Expr(expr) = node else {
                    return Descend::Into;
                };
                let Some(local) = function.info().local(expr) else {
                    return Descend::Into;
                };
                let info = function.info().local_info(local);
                let Some(info) = info.filter(|info| info.function.is_none()) else {
                    return Descend::Into;
                };
                let is_own = !matches!(info.kind, LocalKind::Receiver | LocalKind::Param { .. });
                if is_channel(program, info.ty) && is_own {
                    let known = used.iter().find(|one| one.channel.local == Some(local));
                    serves = true;
                    only &= known.is_some_and(|known| self.is_of_starter(known));
                } else if !self.is_awaited(expr) {
                    only &= is_own && self.is_plain(info.ty);
                }
                Descend::Into
            });
        }
        serves && only
    }

    /// Whether the starter itself, or another goroutine of it, tells the end of a value that this one works on: `close(s.exited)`.
    fn knows_end(&self) -> bool {
        let (function, tree) = (self.function, self.function.tree());
        let calls = function.info().calls();
        let told = calls.iter().filter_map(|(call, callee)| {
            let closes = **callee == Callee::Builtin(Builtin::Close);
            let closed = tree.arguments(*call).first().filter(|_| closes)?;
            let elsewhere = function.root_of(*call) != Some(self.literal);
            let is_field = function.local(*closed).is_none();
            root_variable(function, *closed).filter(|_| elsewhere && is_field)
        });
        let told: Vec<LocalId> = told.collect();
        let mut works = false;
        for step in &self.steps {
            tree.walk(*step, |node| {
                if let Node::Expr(expr) = node {
                    let of = function.callee(expr).receiver();
                    let of = of.and_then(|of| function.local(of));
                    works |= of.is_some_and(|of| told.contains(&of)) && !self.is_awaited(expr);
                }
                Descend::Into
            });
        }
        works
    }

    /// Whether a mention is of what is waited for: `ctx.Err()`.
    fn is_awaited(&self, expr: ExprId) -> bool {
        let local = self.function.local(expr);
        let mut awaited = self.awaited.iter();
        awaited.any(|one| {
            let of = context_of(self.module, self.function, *one).unwrap_or(*one);
            local.is_some() && root_variable(self.function, of) == local
        })
    }

    /// Whether a variable's type is one that counts goroutines or holds them up, or a plain value.
    fn is_plain(&self, ty: caulk_program::TypeId) -> bool {
        let program = self.module.program;
        let name = program.named_name(ty);
        program.is_basic(ty)
            || crate::types::is_error(program, ty)
            || matches!(program.ty(ty), Type::Pointer(to) if self.is_plain(*to))
            || name.is_some_and(|name| name.starts_with("sync."))
    }

    /// Whether nobody has a channel but the starter and the goroutines that it starts, and the starter waits for no word of this one.
    fn is_of_starter(&self, known: &Used) -> bool {
        let go = Actor::Goroutine(self.go.into());
        let by_guard = |op: Op| {
            known
                .uses
                .iter()
                .any(|used| used.actor == go && used.op == op)
        };
        let by_others = known
            .uses
            .iter()
            .any(|used| used.actor != go && matches!(used.op, Op::Send | Op::Close));
        let told = by_guard(Op::Send) || by_guard(Op::Close);
        let is_kept = |used: &Use| used.op != Op::Lent && used.actor != Actor::Holder;
        known.uses.iter().all(is_kept) && (!told || by_others)
    }
}

/// Whether a variable is what a function is given by its caller, and keeps as it is.
pub(super) fn is_given(module: &Module<'_>, function: &Function, local: LocalId) -> bool {
    let info = function.info().local_info(local);
    let is_given = info.is_some_and(|info| {
        info.function.is_none()
            && matches!(info.kind, LocalKind::Receiver | LocalKind::Param { .. })
    });
    is_given && function.definitions(module.program, local).is_empty()
}
