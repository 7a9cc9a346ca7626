//! Timers that nothing but a `select` knows: `case <-time.After(d)` leaves one running where another case comes first, in a loop
//! each time that it goes round.

use std::collections::BTreeSet;

use caulk_flow::{BlockId, End, Graph};
use caulk_program::Callee;
use caulk_syntax::{Descend, ExprId, ExprKind, Node, Span, StmtId, StmtKind, UnaryOp};

use crate::body::Function;
use crate::body::numbers::{number, written_number};
use crate::contract::Contract;
use crate::engine::{Lost, Outcomes, Verdict};
use crate::finding::ExitKind;
use crate::module::Module;

/// What becomes of a channel that is received from in the `select` that makes it; none where no other case may come first, or it is
/// over soon by itself.
pub(crate) fn verdict(
    module: &Module<'_>,
    function: &Function,
    call: ExprId,
    contract: &Contract,
) -> Option<Verdict> {
    let (clause, select) = clause_of(function, call).or_else(|| named(module, function, call))?;
    let graph = function.graph(function.root_of(call))?;
    let (at, cases) = find(graph, select)?;
    let (kind, other) = round_again(
        module,
        function,
        call,
        contract,
        (graph, at, &cases),
        clause,
    )
    .map(|other| (ExitKind::NextIteration, other))
    .or_else(|| {
        let other = left_behind(module, function, call, contract, &cases, clause)?;
        Some((ExitKind::Return, other))
    })?;
    let tree = function.tree();
    let span = match tree.stmt(other).kind {
        StmtKind::Comm {
            comm: Some(comm), ..
        } => tree.stmt(comm).span,
        _ => Span::default(),
    };
    let lost = Lost {
        failing_call: None,
        kind,
        span,
        error: None,
        turns: Vec::new(),
        held_by: None,
        left_by: None,
        // One at a time, and until it runs out.
        unlikely: kind == ExitKind::Return,
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

/// Another case of a loop that goes round and makes the next.
fn round_again(
    module: &Module<'_>,
    function: &Function,
    call: ExprId,
    contract: &Contract,
    (graph, at, cases): (&Graph, BlockId, &[(StmtId, BlockId)]),
    clause: StmtId,
) -> Option<StmtId> {
    let round = function.innermost_loop(call)?;
    // A loop that ends leaves few of them, which matters where each goes on for long.
    let lasts = || {
        duration_of(function, call, contract)
            .and_then(|duration| number(module.program, function, duration))
            .is_some_and(|nanos| nanos >= LONG)
    };
    if !function.tree().is_endless_loop(round) && !lasts() {
        return None;
    }
    cases.iter().find_map(|(case, to)| {
        let goes_round = || *to == at || graph.reachable(*to).get(at.index()) == Some(&true);
        (*case != clause && is_stream(function, *case) && goes_round()).then_some(*case)
    })
}

/// Another case that comes first, where the timer may run on for more than some seconds.
fn left_behind(
    module: &Module<'_>,
    function: &Function,
    call: ExprId,
    contract: &Contract,
    cases: &[(StmtId, BlockId)],
    clause: StmtId,
) -> Option<StmtId> {
    let duration = duration_of(function, call, contract)?;
    let is_long = number(module.program, function, duration).is_none_or(|nanos| nanos > SHORT);
    if !is_long || crate::in_test::is_in_test(module, function) {
        return None;
    }
    // A loop that looks at the time each time that it goes round may be left for its own reasons.
    let looks = function.in_loop(clause) && !function.in_loop(call);
    let waits = |case: StmtId| {
        let comm = function.tree().stmt(case).kind;
        case != clause && (looks || matches!(comm, StmtKind::Comm { comm: Some(_), .. }))
    };
    cases
        .iter()
        .map(|(case, _)| *case)
        .find(|case| waits(*case))
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

/// The first clause `case <-timeout:` that receives from the variable that holds what a call gives, where nothing else is done with that,
/// and its `select`.
fn named(module: &Module<'_>, function: &Function, call: ExprId) -> Option<(StmtId, StmtId)> {
    let tree = function.tree();
    let local = function.target(call, 0).and_then(|to| function.local(to))?;
    // A loop that makes the next one where this one has run out leaves one, when it ends.
    let mut given = function.definitions(module.program, local).iter();
    let again = given.any(|(value, _)| value.is_some_and(|value| function.in_loop(value)));
    if function.is_captured(local) || again {
        return None;
    }
    let root = function.root_of(call);
    let mut first = None;
    for mention in function.mentions(module.program, local) {
        let found = clause_of(function, tree.unparen(mention))?;
        if function.root_of(found.1) != root {
            return None;
        }
        first.get_or_insert(found);
    }
    first
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
    let nanos = duration.and_then(|at| written_number(module.program, function, at));
    // One that is made for no time is there to be set again.
    let waits = |nanos: f64| nanos > 0.0 || contract.end_on_receive.is_none();
    nanos.is_some_and(|nanos| nanos < SHORT && waits(nanos))
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
    number(module.program, function, duration).is_some_and(|nanos| nanos > 0.0 && nanos <= SHORT)
}

/// After how long what a call makes ends by itself, in nanoseconds: `context.WithTimeout(ctx, 2*time.Second)`,
/// `context.WithDeadline(ctx, time.Now().Add(timeout))`, or by the one duration that a function of the project is passed.
pub(crate) fn deadline(module: &Module<'_>, function: &Function, call: ExprId) -> Option<f64> {
    let (program, info, tree) = (module.program, function.info(), function.tree());
    let is_duration = |expr: &&ExprId| program.is_named(info.type_of(**expr), "time.Duration");
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
    number(program, function, duration?)
}

fn duration_of(function: &Function, call: ExprId, contract: &Contract) -> Option<ExprId> {
    let arguments = function.tree().arguments(call);
    arguments.get(contract.short_argument?).copied()
}

/// Ten seconds, in nanoseconds.
pub(crate) const SHORT: f64 = 10e9;

/// A minute, in nanoseconds.
const LONG: f64 = 60e9;
