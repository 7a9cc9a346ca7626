//! Timers that nothing but a `select` knows: `case <-time.After(d)` in a loop leaves one running each time that another
//! case goes round.

use std::collections::BTreeSet;

use caulk_flow::{BlockId, End, Graph};
use caulk_program::{Callee, Object};
use caulk_syntax::{Descend, ExprId, ExprKind, Node, Span, SpecKind, StmtId, StmtKind, UnaryOp};

use crate::body::Function;
use crate::contract::Contract;
use crate::engine::{Lost, Outcomes, Verdict};
use crate::finding::ExitKind;
use crate::module::Module;

/// What becomes of a channel that is received from in the `select` that makes it; none where no other case goes round
/// a loop and makes the next.
pub(crate) fn verdict(
    module: &Module<'_>,
    function: &Function,
    call: ExprId,
    contract: &Contract,
) -> Option<Verdict> {
    let (clause, select) = clause_of(function, call)?;
    let tree = function.tree();
    let round = function.innermost_loop(call)?;
    // A loop that ends leaves few of them, which matters where each goes on for long.
    let lasts = || {
        duration_of(function, call, contract)
            .and_then(|duration| nanoseconds(module, function, duration))
            .is_some_and(|nanos| nanos >= LONG)
    };
    if !tree.is_endless_loop(round) && !lasts() {
        return None;
    }
    let root = function.root_of(call);
    let graph = function.graph(root)?;
    let (at, cases) = find(graph, select)?;
    let other = cases.into_iter().find(|(case, to)| {
        let goes_round = || *to == at || graph.reachable(*to).get(at.index()) == Some(&true);
        *case != clause && is_stream(function, *case) && goes_round()
    })?;
    let span = match tree.stmt(other.0).kind {
        StmtKind::Comm {
            comm: Some(comm), ..
        } => tree.stmt(comm).span,
        _ => Span::default(),
    };
    let lost = Lost {
        failing_call: None,
        kind: ExitKind::NextIteration,
        span,
        error: None,
        turns: Vec::new(),
        held_by: None,
        unlikely: false,
        drained: false,
        replaced: false,
    };
    Some(Verdict {
        outcomes: Outcomes {
            owed: vec![lost],
            acquired: true,
            ..Outcomes::default()
        },
    })
}

/// Whether a clause receives from a channel that has a name, as what comes again and again does: not from `ctx.Done()`.
fn is_stream(function: &Function, clause: StmtId) -> bool {
    let tree = function.tree();
    let StmtKind::Comm {
        comm: Some(comm), ..
    } = tree.stmt(clause).kind
    else {
        return false;
    };
    let mut streams = false;
    tree.walk(comm, |node| {
        if let Node::Expr(expr) = node
            && let ExprKind::Unary {
                op: UnaryOp::Receive,
                x,
            } = tree.expr(expr).kind
        {
            streams |= matches!(
                tree.expr(tree.unparen(x)).kind,
                ExprKind::Ident(_) | ExprKind::Selector { .. }
            );
        }
        Descend::Into
    });
    streams
}

/// The clause `case <-call:` that a call is waited for in, and its `select`.
fn clause_of(function: &Function, call: ExprId) -> Option<(StmtId, StmtId)> {
    let tree = function.tree();
    let Node::Expr(receive) = function.parent(call)? else {
        return None;
    };
    let is_receive = matches!(
        tree.expr(receive).kind,
        ExprKind::Unary {
            op: UnaryOp::Receive,
            ..
        }
    );
    let comm = function.statement(receive).filter(|_| is_receive)?;
    let Node::Stmt(clause) = function.parent(comm)? else {
        return None;
    };
    let StmtKind::Comm {
        comm: Some(known), ..
    } = tree.stmt(clause).kind
    else {
        return None;
    };
    let mut at = function.parent(clause)?;
    while let Node::Stmt(stmt) = at {
        if matches!(tree.stmt(stmt).kind, StmtKind::Select { .. }) {
            return (known == comm).then_some((clause, stmt));
        }
        at = function.parent(stmt)?;
    }
    None
}

/// The block that ends with a `select`, and its clauses.
fn find(graph: &Graph, select: StmtId) -> Option<(BlockId, Vec<(StmtId, BlockId)>)> {
    let mut seen = BTreeSet::from([graph.entry()]);
    let mut todo = vec![graph.entry()];
    while let Some(id) = todo.pop() {
        let end = &graph.block(id).end;
        if let End::Select { stmt, cases } = end
            && *stmt == select
        {
            return Some((id, cases.clone()));
        }
        todo.extend(end.targets().into_iter().filter(|to| seen.insert(*to)));
    }
    None
}

/// Whether what a call makes ends by itself before it does harm: its duration is written where it is called, and short.
pub(crate) fn is_short(
    module: &Module<'_>,
    function: &Function,
    call: ExprId,
    contract: &Contract,
) -> bool {
    let duration = duration_of(function, call, contract);
    let written_out = Duration {
        module,
        function,
        constants: false,
    };
    duration.is_some_and(|duration| {
        let nanos = written_out.nanoseconds(duration, DEPTH);
        // One that is made for no time is there to be set again.
        let waits = |nanos: f64| nanos > 0.0 || contract.end_on_receive.is_none();
        nanos.is_some_and(|nanos| nanos < SHORT && waits(nanos))
    })
}

/// The same where a constant of a package says how long it takes.
pub(crate) fn is_short_by_constant(
    module: &Module<'_>,
    function: &Function,
    call: ExprId,
    contract: &Contract,
) -> bool {
    let duration = duration_of(function, call, contract);
    duration.is_some_and(|duration| is_short_time(module, function, duration))
}

/// Whether a duration is written out, or a constant, and ten seconds at the most.
pub(crate) fn is_short_time(module: &Module<'_>, function: &Function, duration: ExprId) -> bool {
    nanoseconds(module, function, duration).is_some_and(|nanos| nanos > 0.0 && nanos <= SHORT)
}

/// How long a duration is that is written out, or a constant.
pub(crate) fn nanoseconds(
    module: &Module<'_>,
    function: &Function,
    duration: ExprId,
) -> Option<f64> {
    let constants = true;
    Duration {
        module,
        function,
        constants,
    }
    .nanoseconds(duration, DEPTH)
}

/// After how long what a call makes ends by itself, in nanoseconds: `context.WithTimeout(ctx, 2*time.Second)`,
/// `context.WithDeadline(ctx, time.Now().Add(timeout))`, or by the one duration that a function of the project is passed.
pub(crate) fn deadline(module: &Module<'_>, function: &Function, call: ExprId) -> Option<f64> {
    let (program, info, tree) = (module.program, function.info(), function.tree());
    let is_duration = |expr: &&ExprId| {
        program.named_name(info.type_of(**expr)).as_deref() == Some("time.Duration")
    };
    let from_now = |expr: &ExprId| {
        let callee = function.callee(tree.unparen(*expr));
        let adds = callee
            .func()
            .is_some_and(|func| &*func.name == "time.Time.Add");
        let now = callee.receiver().filter(|_| adds)?;
        let is_now = matches!(function.callee(tree.unparen(now)), Callee::Static(func)
            if &*func.name == "time.Now");
        tree.arguments(tree.unparen(*expr))
            .first()
            .copied()
            .filter(|_| is_now)
    };
    let passed = tree.arguments(call);
    let mut durations = passed.iter().filter(is_duration);
    let duration = match (durations.next(), durations.next()) {
        (Some(duration), None) => Some(*duration),
        (None, _) => passed.iter().find_map(from_now),
        _ => None,
    };
    nanoseconds(module, function, duration?)
}

fn duration_of(function: &Function, call: ExprId, contract: &Contract) -> Option<ExprId> {
    let arguments = function.tree().arguments(call);
    arguments.get(contract.short_argument?).copied()
}

/// Ten seconds, in nanoseconds.
pub(crate) const SHORT: f64 = 10e9;

/// A minute, in nanoseconds.
const LONG: f64 = 60e9;

/// How deep an expression for a duration is looked into.
const DEPTH: u8 = 6;

/// How a duration is read: as it is written out, `5 * time.Second`, or with what constants of packages give as well.
struct Duration<'a, 'p> {
    module: &'a Module<'p>,
    function: &'a Function,
    constants: bool,
}

impl Duration<'_, '_> {
    fn nanoseconds(&self, expr: ExprId, depth: u8) -> Option<f64> {
        let depth = depth.checked_sub(1)?;
        let (program, function) = (self.module.program, self.function);
        let tree = function.tree();
        let expr = tree.unparen(expr);
        match tree.expr(expr).kind {
            ExprKind::BasicLit(literal) => tree.literal(literal).replace('_', "").parse().ok(),
            ExprKind::Selector { .. } | ExprKind::Ident(_) => match function.info().object(expr) {
                Object::Const(name) if self.constants => {
                    program.number_const(function.package, name)
                }
                Object::Const(name) => caulk_program::time_unit(name),
                Object::Local(local) => match function.sole_value(program, *local) {
                    Some((value, 0)) => self.nanoseconds(value, depth),
                    _ => None,
                },
                _ => None,
            }
            .or_else(|| self.nanoseconds(declared_here(function, expr)?, depth)),
            ExprKind::Binary { x, op, y, .. } => {
                let (x, y) = (self.nanoseconds(x, depth)?, self.nanoseconds(y, depth)?);
                caulk_program::arithmetic(op, x, y)
            }
            ExprKind::Call { args, .. } => match (function.callee(expr), tree.exprs(args)) {
                (Callee::Conversion(_), [value]) => self.nanoseconds(*value, depth),
                _ => None,
            },
            _ => None,
        }
    }
}

/// The value of a constant that the function declares.
fn declared_here(function: &Function, expr: ExprId) -> Option<ExprId> {
    let tree = function.tree();
    let ExprKind::Ident(name) = tree.expr(expr).kind else {
        return None;
    };
    if function.local(expr).is_some() {
        return None;
    }
    let mut values = Vec::new();
    tree.walk(function.graph(None)?.body, |node| {
        if let Node::Stmt(stmt) = node
            && let StmtKind::Decl(decl) = tree.stmt(stmt).kind
        {
            for spec in tree.specs(tree.gen_decl(decl).specs) {
                if let SpecKind::Value(spec) = spec.kind {
                    let names = tree.names(spec.names).iter();
                    let same = names.zip(tree.exprs(spec.values));
                    let same = same.filter(|(known, _)| tree.name(**known) == tree.name(name));
                    values.extend(same.map(|(_, value)| *value));
                }
            }
        }
        Descend::Into
    });
    match values.as_slice() {
        [value] => Some(*value),
        _ => None,
    }
}
