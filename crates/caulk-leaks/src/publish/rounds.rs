//! Fields that a loop which goes round for ever has filled in each turn, by a method of what keeps them, and that nothing in the
//! loop releases: each turn loses what the one before has left there.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use caulk_flow::{BasicBlock, End, Event};
use caulk_program::{BodyOwner, FuncId, LocalId};
use caulk_syntax::{Descend, ExprId, ExprKind, Node, Span, StmtId};

use crate::body::{Function, Root};
use crate::publish::described::Described;
use crate::publish::forgotten::names_field;

/// How many calls away the loop may be.
pub(super) const FAR: usize = 3;

impl Described<'_, '_> {
    /// Whether such a loop leads here, with the same value whose field is filled in each turn.
    pub(super) fn is_filled_in_rounds(&self, holder: LocalId, owner: &str, field: &str) -> bool {
        let function = self.function;
        // Who looks at the field first may have seen to what is there.
        if function.info().receiver() != Some(holder) || self.mentions(function, field) != 1 {
            return false;
        }
        let mut filling: Vec<FuncId> = function.id().into_iter().collect();
        let mut seen: BTreeSet<FuncId> = filling.iter().copied().collect();
        for _ in 0..FAR {
            let callers = self.calling(&filling);
            if self.any_goes_round(&callers, owner, field) {
                return true;
            }
            let on = callers.iter().filter(|(caller, call)| {
                let receiver = self.called_on(caller, *call);
                receiver.is_some()
                    && receiver == caller.info().receiver()
                    && self.mentions(caller, field) == 0
            });
            filling = on
                .filter_map(|(caller, _)| caller.id())
                .filter(|id| seen.insert(*id))
                .collect();
        }
        false
    }

    /// Whether one of these calls stands in a loop without an end, on what is there before that, and nothing in the loop releases
    /// the field.
    fn any_goes_round(
        &self,
        callers: &[(Arc<Function>, ExprId)],
        owner: &str,
        field: &str,
    ) -> bool {
        callers.iter().any(|(caller, call)| {
            let Some(round) = caller.innermost_loop(*call) else {
                return false;
            };
            let tree = caller.tree();
            let span = tree.stmt(round).span;
            let is_before = self.called_on(caller, *call).is_some_and(|local| {
                let declared = caller.info().local_info(local).map(|local| local.span);
                declared.is_some_and(|declared| !span.encloses(declared))
            });
            is_before
                && tree.is_endless_loop(round)
                && comes_again(caller, caller.root_of(*call), tree.expr(*call).span)
                && (!self.names_within(caller, round, field)
                    && !self.is_released_within(caller, span, owner, field, FAR)
                    || self.always_fills(caller, *call)
                        && self.comes_again_past(caller, *call, round, owner, field))
        })
    }

    /// Whether a call fills the field whichever way it comes back: it gives nothing that would say that it did not.
    fn always_fills(&self, caller: &Function, call: ExprId) -> bool {
        let program = self.module.program;
        let id = caller.callee(call).func().and_then(|func| func.id);
        let signature = id.and_then(|id| program.func_type(program.signature(id)));
        signature.is_some_and(|signature| signature.results.is_empty())
    }

    /// Whether a way leads from a call in a loop back to it past whatever names the field or may release it.
    fn comes_again_past(
        &self,
        caller: &Function,
        call: ExprId,
        round: StmtId,
        owner: &str,
        field: &str,
    ) -> bool {
        let tree = caller.tree();
        let Some(graph) = caller.graph(caller.root_of(call)) else {
            return false;
        };
        let place = tree.expr(call).span;
        let touches = |span: Span| {
            !span.encloses(place)
                && (self.names_in(caller, round, span, field)
                    || self.is_released_within(caller, span, owner, field, FAR))
        };
        let span_of = |event: &Event| match event {
            Event::Eval(expr) => Some(tree.expr(*expr).span),
            Event::Stmt(stmt) => Some(tree.stmt(*stmt).span),
            _ => None,
        };
        let holds = |block: &BasicBlock| {
            let mut spans = block.events.iter().filter_map(span_of);
            spans.any(|span| span.encloses(place))
        };
        let is_touched = |block: &BasicBlock| {
            let asked: Vec<ExprId> = match &block.end {
                End::Branch { cond, .. } => vec![*cond],
                End::Compare { tag, value, .. } => vec![*tag, *value],
                _ => Vec::new(),
            };
            let asked = asked.into_iter().map(|x| tree.expr(x).span);
            let mut spans = block.events.iter().filter_map(span_of).chain(asked);
            spans.any(&touches)
        };
        let Some((start, from)) = graph.blocks().find(|(_, block)| holds(block)) else {
            return false;
        };
        if is_touched(from) {
            return false;
        }
        let mut todo = from.end.targets();
        let mut seen = BTreeSet::new();
        while let Some(at) = todo.pop() {
            if at == start {
                return true;
            }
            if seen.insert(at.index()) && !is_touched(graph.block(at)) {
                todo.extend(graph.block(at).end.targets());
            }
        }
        false
    }

    /// Whether a field is named in a part of a loop.
    fn names_in(&self, function: &Function, round: StmtId, part: Span, field: &str) -> bool {
        let tree = function.tree();
        let mut named = false;
        tree.walk(round, |node| {
            named |= matches!(node, Node::Expr(expr)
                if part.encloses(tree.expr(expr).span) && names_field(function, expr, field));
            Descend::Into
        });
        named
    }

    /// The calls of some functions, in their package.
    pub(super) fn calling(&self, called: &[FuncId]) -> Vec<(Arc<Function>, ExprId)> {
        let program = self.module.program;
        let names: Vec<&str> = called
            .iter()
            .filter_map(|id| Some(program.func(*id)?.name.as_ref()))
            .collect();
        // A look at the text of a file costs far less than the types of its functions.
        let mut named: BTreeMap<PathBuf, bool> = BTreeMap::new();
        let mut may_call = |owner: &BodyOwner| {
            let Some(file) = owner.func().and_then(|id| program.file_of(id)) else {
                return true;
            };
            *named.entry(file.path.to_path_buf()).or_insert_with(|| {
                let bytes = file.bytes();
                let text = String::from_utf8_lossy(&bytes);
                names.iter().any(|name| text.contains(&format!(".{name}(")))
            })
        };
        let mut owners = program.owners(self.function.package);
        owners.retain(|owner| may_call(owner));
        let functions = owners
            .into_iter()
            .filter_map(|owner| self.module.function(owner));
        let calls = |function: Arc<Function>| {
            let calls = function.info().calls();
            let here = calls.iter().filter(|(_, callee)| {
                let id = callee.func().and_then(|func| func.id);
                id.is_some_and(|id| called.contains(&id))
            });
            let here: Vec<ExprId> = here.map(|(call, _)| *call).collect();
            here.into_iter().map(move |call| (function.clone(), call))
        };
        functions.flat_map(calls).collect()
    }

    /// The variable that a method is called on.
    pub(super) fn called_on(&self, caller: &Function, call: ExprId) -> Option<LocalId> {
        caller
            .callee(call)
            .receiver()
            .and_then(|x| caller.local(caller.tree().unparen(x)))
    }

    /// How often a function names the field.
    pub(super) fn mentions(&self, function: &Function, field: &str) -> usize {
        let tree = function.tree();
        let mut mentions = 0;
        for root in caulk_flow::roots(self.module.program, &function.typed) {
            tree.walk(root, |node| {
                if let Node::Expr(expr) = node
                    && matches!(tree.expr(expr).kind, ExprKind::Selector { .. })
                {
                    mentions += usize::from(names_field(function, expr, field));
                }
                Descend::Into
            });
        }
        mentions
    }

    fn names_within(&self, function: &Function, round: StmtId, field: &str) -> bool {
        let mut named = false;
        function.tree().walk(round, |node| {
            named |= matches!(node, Node::Expr(expr) if names_field(function, expr, field));
            Descend::Into
        });
        named
    }

    /// Whether what is called in a part of a function, some calls away, may release the field.
    pub(super) fn is_released_within(
        &self,
        function: &Function,
        part: Span,
        owner: &str,
        field: &str,
        far: usize,
    ) -> bool {
        let tree = function.tree();
        let calls = function.info().calls();
        let called = calls.iter().filter_map(|(call, callee)| {
            let id = callee.func().and_then(|func| func.id)?;
            let here = part.encloses(tree.expr(*call).span);
            (here && id.package == self.function.package).then_some(id)
        });
        let releases = |method: &str| self.site.release.is_method(method);
        called
            .filter_map(|id| self.module.function(BodyOwner::Func(id)))
            .any(|called| {
                let graph = called.graph(None).map(|graph| graph.body);
                let whole = graph.map(|body| called.tree().stmt(body).span);
                self.uses_in(&called, owner, field).may_release(&releases)
                    || far > 0
                        && whole.is_some_and(|whole| {
                            self.is_released_within(&called, whole, owner, field, far - 1)
                        })
            })
    }
}

/// Whether a way leads from behind a place of a function, or of a literal in it, back to it.
pub(super) fn comes_again(function: &Function, root: Root, place: Span) -> bool {
    let Some(graph) = function.graph(root) else {
        return false;
    };
    let tree = function.tree();
    let holds = |event: &Event| match event {
        Event::Eval(expr) => tree.expr(*expr).span.encloses(place),
        Event::Stmt(stmt) => tree.stmt(*stmt).span.encloses(place),
        _ => false,
    };
    let mut blocks = graph.blocks();
    let holder = blocks.find(|(_, block)| block.events.iter().any(holds));
    holder.is_some_and(|(id, _)| {
        let reached = graph.reachable(id);
        reached.get(id.index()) == Some(&true)
    })
}
