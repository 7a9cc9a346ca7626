//! Goroutines that a value starts for itself and that run on after it is released: they have no way
//! to end.

use std::collections::BTreeSet;
use std::sync::Arc;

use caulk_flow::{BlockId, End, Graph};
use caulk_program::{BodyOwner, Builtin, Callee, FuncId, LocalId, LocalKind, PackageId};
use caulk_syntax::{Descend, ExprId, ExprKind, Node, Span, StmtId, StmtKind, UnaryOp};

use super::fed;
use super::single::is_started_once;
use super::staying::Staying;
use super::{Body, Run, asked};
use crate::body::{Function, Root};
use crate::channels::names::is_channel;
use crate::channels::places::kept_channel;
use crate::channels::uses::{leaves, received_by};
use crate::contract::{RELEASE_METHODS, is_release_name};
use crate::engine::context::never_ends;
use crate::finding::{Acquisition, Confidence, Finding, Heat};
use crate::module::Module;

pub(super) const RULE: &str = "endless-goroutine";

/// A goroutine that has no way to end, of a value that has a release method.
pub(crate) struct Endless {
    /// The `go` statement.
    pub start: StmtId,
    pub root: Root,
    /// The loop that does not end, and the function that holds it where that is another one.
    endless: Span,
    callee: Option<Arc<Function>>,
    /// What it ranges over: the channel of a ticker.
    ticker: bool,
    /// Whether the release method, or the goroutine itself, stops a ticker.
    stops_ticker: bool,
    /// Whether the release method tells other goroutines of the value to end.
    ends_others: bool,
    /// Whether it asks, again and again, something that the release method releases.
    asks_released: bool,
    /// Whether it waits to be told to end by a channel that nothing ever comes from.
    never_told: bool,
    /// Whether it is started for a value that a library gives to whoever asks, as often as they do.
    of_library: bool,
    /// Whether it goes round by the clock alone, or is given a context and does not look at it.
    is_unasked: bool,
    /// Whether it waits for the signals that the process gets, of which one goroutine takes care in most programs.
    hears_signals: bool,
    /// Whether it has more of its starter than channels: it works for that one.
    holds_others: bool,
    /// Whether something stands behind the loop, which is written for the end of it.
    cuts_off: bool,
    /// Whether it ranges over a channel of its value that nothing closes, the release of the value neither.
    ranges_over_own: bool,
    /// Whether it waits for what its starter sends, which has no more of that when it returns.
    fed_by_starter: bool,
    owner: Owner,
}

/// Whose end the goroutine outlives.
enum Owner {
    /// That of a value with a release method.
    Value { type_name: String, release: FuncId },
    /// That of a variable of the function, a ticker that the function itself stops.
    Ticker(String),
    /// That of a variable of the function which it asks again and again, and which the function itself releases.
    Released(String),
    /// That of what the function makes and returns, which nothing releases.
    Made(String),
    /// That of the function that starts it, in a literal.
    Nobody,
}

impl Endless {
    /// Whether it belongs to a value that nobody can release.
    pub fn is_unreleased(&self) -> bool {
        matches!(self.owner, Owner::Made(_))
    }

    /// Whether a program has one of it, as far as can be told.
    pub fn is_slight(&self, heat: Heat) -> bool {
        self.hears_signals
            || heat != Heat::Request
                && (self.ranges_over_own || matches!(self.owner, Owner::Nobody))
    }

    /// Whether it is seen to be more than one of a kind: it is started again and again, or what it
    /// waits for is stopped, as if that ended it, or others are ended that the value has. What is started once may run as
    /// long as the process.
    pub fn is_left_behind(&self, heat: Heat) -> bool {
        match heat {
            Heat::Test => false,
            Heat::Once => {
                self.cuts_off || self.ranges_over_own && matches!(self.owner, Owner::Value { .. })
            }
            Heat::Unknown => {
                self.ticker && self.stops_ticker
                    || self.ends_others
                    || self.asks_released
                    || self.of_library
                    || self.never_told
                    || self.ranges_over_own
                    || self.fed_by_starter
                    || self.is_unreleased()
                    || matches!(self.owner, Owner::Released(_))
                    || self.is_unasked && matches!(self.owner, Owner::Nobody)
            }
            // What is done again and again may still begin it once.
            Heat::Repeated => {
                self.is_unasked
                    || self.ranges_over_own
                    || self.fed_by_starter
                    || self.hears_signals && self.holds_others
                    || !matches!(self.owner, Owner::Nobody)
            }
            Heat::Request => true,
        }
    }
}

/// The goroutines of a body that have no way to end.
pub(crate) fn goroutines(module: &Module<'_>, function: &Function) -> Vec<Endless> {
    let starts = function.starts(module.program).iter().copied();
    starts
        .filter_map(|(stmt, call)| endless(module, function, stmt, call))
        .collect()
}

fn endless(
    module: &Module<'_>,
    function: &Function,
    start: StmtId,
    call: ExprId,
) -> Option<Endless> {
    let run = Run::of(module, function, call)?;
    let body = run.body(module, function).function;
    let graph = body.graph(run.root)?;
    let without_end = endless_loop(module, function.package, body, graph);
    // What it does with something that never comes may leave the loop.
    let waiting = match without_end {
        None => fed::by_starter(module, function, &run, None),
        Some(_) => None,
    };
    let (span, ticker) = without_end.or(waiting.map(|span| (span, false)))?;
    let mut found = Endless {
        start,
        root: function.root_of(start),
        endless: span,
        ticker,
        stops_ticker: true,
        ends_others: false,
        asks_released: false,
        never_told: false,
        of_library: false,
        is_unasked: ticker
            || gives_context(module, function, call)
            || goes_by_clock(body, run.root),
        hears_signals: hears_signals(body, run.root),
        holds_others: run.has.iter().any(|local| {
            let info = function.info().local_info(*local);
            info.is_some_and(|info| !is_channel(module.program, info.ty))
        }),
        cuts_off: cuts_off(module, body, span),
        ranges_over_own: false,
        fed_by_starter: waiting.is_some(),
        owner: Owner::Ticker(String::new()),
        callee: run.callee.clone(),
    };
    let name = |local: &LocalId| Some(function.info().local_info(*local)?.name.to_string());
    let released = |local: LocalId| {
        let (name, release) = released_type(module, function, local)?;
        Some((local, name, release))
    };
    let kept = || {
        run.has
            .iter()
            .find_map(|local| released(holder(module, function, *local)?))
    };
    let value = run.has.iter().find_map(|local| released(*local));
    let may_ask = !ends_process(graph);
    if let Some((local, type_name, release)) = value.or_else(kept) {
        if waiting.is_some() {
            return None;
        }
        found.stops_ticker = stops_ticker(module, body)
            || module
                .function(BodyOwner::Func(release))
                .is_some_and(|method| stops_ticker(module, &method));
        found.ends_others =
            crate::inference::started::signals(module, release) || closes_channels(module, release);
        found.asks_released = may_ask
            && function.info().local_info(local).is_some_and(|info| {
                asked::is_released_by(module, body, run.root, release, info.ty)
            });
        found.of_library =
            is_given_by_library(module, function, local) && releases_others(module, release, DEPTH);
        found.never_told = may_ask && is_never_told(&run.body(module, function));
        found.ranges_over_own = may_ask && !ticker && ranges_over_own(module, body, span);
        found.owner = Owner::Value { type_name, release };
        return Some(found);
    }
    let stopped = run
        .has
        .iter()
        .find(|local| ticker && is_stopped_here(module, function, run.root, **local));
    let released = || {
        let literal = run.callee.is_none().then_some(run.root)?;
        asked::released_here(module, function, literal).filter(|_| may_ask)
    };
    found.owner = match (stopped, released()) {
        (Some(stopped), _) => Owner::Ticker(name(stopped)?),
        (None, Some(released)) => Owner::Released(name(&released)?),
        (None, None) => {
            let made = run.has.iter().find(|local| {
                super::staying::is_one_of_many(module, function, start.into(), **local)
            });
            match made {
                Some(made) => Owner::Made(name(made)?),
                // What it makes for itself is meant to live on without a release.
                // There is one of what is done once.
                None if is_started_once(module.program, function, start) && !found.cuts_off => {
                    return None;
                }
                None if run.has.iter().any(|local| function.is_fresh(*local)) => return None,
                None if fed::by_starter(module, function, &run, Some(span)).is_some() => {
                    found.fed_by_starter = true;
                    Owner::Nobody
                }
                None if run.callee.is_none() || gives_context(module, function, call) => {
                    found.ranges_over_own =
                        may_ask && !ticker && ranges_over_own(module, body, span);
                    Owner::Nobody
                }
                None => return None,
            }
        }
    };
    Some(found)
}

/// The variable in a field of which a function keeps the value of another: `c.conn = conn`.
fn holder(module: &Module<'_>, function: &Function, local: LocalId) -> Option<LocalId> {
    let tree = function.tree();
    let mentions = function.mentions(module.program, local).into_iter();
    let mut kept = mentions.filter_map(|mention| {
        let Node::Stmt(stmt) = function.parent(mention)? else {
            return None;
        };
        let StmtKind::Assign { lhs, rhs, .. } = tree.stmt(stmt).kind else {
            return None;
        };
        let mut pairs = tree.exprs(lhs).iter().zip(tree.exprs(rhs));
        let (target, _) = pairs.find(|(_, value)| **value == mention)?;
        match tree.expr(*target).kind {
            ExprKind::Selector { x, .. } => function.local(x),
            _ => None,
        }
    });
    kept.next()
}

/// Whether a body leaves on the word of a channel that nothing ever comes from.
fn is_never_told(body: &Body<'_>) -> bool {
    let (function, tree) = (body.function, body.function.tree());
    let mut clauses = body.selects().into_iter().flat_map(|(_, clauses)| clauses);
    clauses.any(|clause| {
        waits_for_nothing(body.module, function, *clause)
            && leaves(tree, *clause, &|node| function.parent(node))
    })
}

/// Whether a body sleeps, and waits for nothing else.
fn goes_by_clock(function: &Function, root: Root) -> bool {
    let Some(graph) = function.graph(root).filter(|graph| !ends_process(graph)) else {
        return false;
    };
    let tree = function.tree();
    let (mut sleeps, mut waits) = (false, false);
    tree.walk(graph.body, |node| {
        match node {
            Node::Expr(expr) => {
                let func = function.callee(expr).func();
                sleeps |= func.is_some_and(|func| &*func.name == "time.Sleep");
                waits |= matches!(
                    tree.expr(expr).kind,
                    ExprKind::Unary {
                        op: UnaryOp::Receive,
                        ..
                    }
                );
            }
            Node::Stmt(stmt) => {
                waits |= matches!(
                    tree.stmt(stmt).kind,
                    StmtKind::Select(_) | StmtKind::Send { .. }
                );
            }
        }
        Descend::Into
    });
    sleeps && !waits
}

/// Whether a call gives a context that may end: whoever gets it is meant to end with that.
fn gives_context(module: &Module<'_>, function: &Function, call: ExprId) -> bool {
    let mut arguments = function.tree().arguments(call).iter();
    arguments.any(|argument| {
        crate::types::is_context(module.program, function.info().type_of(*argument))
            && !never_ends(module, function, *argument)
    })
}

/// Whether a body may end the whole process.
pub(super) fn ends_process(graph: &Graph) -> bool {
    let reachable = graph.reachable(graph.entry());
    graph.blocks().any(|(id, block)| {
        matches!(block.end, End::NoReturn(_)) && reachable.get(id.index()) == Some(&true)
    })
}

/// Whether a method closes channels, be they those of others that belong to its value.
fn closes_channels(module: &Module<'_>, method: FuncId) -> bool {
    module
        .function(BodyOwner::Func(method))
        .is_some_and(|function| {
            let calls = function.info().calls();
            calls
                .iter()
                .any(|(_, callee)| **callee == Callee::Builtin(Builtin::Close))
        })
}

/// Whether a body ranges over a channel on which signals are sent.
fn hears_signals(function: &Function, root: Root) -> bool {
    let tree = function.tree();
    let mut hears = false;
    if let Some(graph) = function.graph(root) {
        tree.walk(graph.body, |node| {
            if let Node::Stmt(stmt) = node
                && let StmtKind::Range { x, .. } = tree.stmt(stmt).kind
            {
                hears |= is_notified(function, x);
            }
            Descend::Into
        });
    }
    hears
}

/// Whether signals are sent on a channel, a variable that its function makes and never closes: `signal.Notify(c)`.
fn is_notified(function: &Function, channel: ExprId) -> bool {
    let tree = function.tree();
    let Some(local) = function.local(channel) else {
        return false;
    };
    let (mut notified, mut ended) = (false, false);
    for (call, callee) in function.info().calls() {
        let of = tree.arguments(call).first();
        if of.and_then(|of| function.local(*of)) == Some(local) {
            let name = callee.func().map(|func| &*func.name);
            notified |= name == Some("os/signal.Notify");
            ended |= *callee == Callee::Builtin(Builtin::Close);
        }
    }
    notified && !ended
}

/// How many methods, one called by the other, are looked into for what they release.
const DEPTH: u8 = 2;

/// Whether a method releases something else: what has to be released is no part of the process for good.
fn releases_others(module: &Module<'_>, method: FuncId, depth: u8) -> bool {
    let Some(function) = module.function(BodyOwner::Func(method)) else {
        return false;
    };
    function.info().calls().iter().any(|(_, callee)| {
        let Some(func) = callee.func() else {
            return false;
        };
        let name = crate::types::simple_name(&func.name);
        let own = func
            .id
            .filter(|id| module.is_own(*id))
            .zip(depth.checked_sub(1));
        callee.receiver().is_some() && is_release_name(name)
            || own.is_some_and(|(id, depth)| releases_others(module, id, depth))
    })
}

/// Whether a value is made by a function that other modules can call, and returned.
fn is_given_by_library(module: &Module<'_>, function: &Function, value: LocalId) -> bool {
    let package = module.program.package(function.package);
    let path = package.path();
    let inside = path
        .split('/')
        .any(|part| ["internal", "cmd"].contains(&part));
    let exported = function
        .id()
        .and_then(|id| module.program.func(id))
        .is_some_and(|func| func.name.starts_with(char::is_uppercase));
    let returned = crate::inference::started::returns(function, value);
    exported
        && !inside
        && package.name() != "main"
        && function.info().receiver().is_none()
        && returned
}

/// Whether a goroutine's literal ranges over a ticker that a variable of the function holds, which ends and stops it.
fn is_stopped_here(
    module: &Module<'_>,
    function: &Function,
    literal: Root,
    ticker: LocalId,
) -> bool {
    let tree = function.tree();
    let Some(graph) = function.graph(literal) else {
        return false;
    };
    let mut ranges = false;
    tree.walk(graph.body, |node| {
        if let Node::Stmt(stmt) = node
            && let StmtKind::Range { x, .. } = tree.stmt(stmt).kind
            && ranges_over_ticker(module, function, stmt)
            && let ExprKind::Selector { x, .. } = tree.expr(tree.unparen(x)).kind
        {
            ranges |= function.local(x) == Some(ticker);
        }
        Descend::Into
    });
    let made_in = function
        .info()
        .local_info(ticker)
        .map(|local| local.function);
    ranges
        && made_in.is_some_and(|root| function.graph(root).is_some_and(Graph::returns))
        && function.info().calls().iter().any(|(call, callee)| {
            let Callee::Method { func, receiver, .. } = callee else {
                return false;
            };
            function.root_of(*call) != literal
                && function.local(*receiver) == Some(ticker)
                && ends_ticker(module, &func.name)
        })
}

/// Whether a method stops what has a channel that is never closed.
fn ends_ticker(module: &Module<'_>, name: &str) -> bool {
    module.catalogue.endless().any(|contract| {
        name.strip_prefix(contract.type_name.as_str())
            .and_then(|method| method.strip_prefix('.'))
            .is_some_and(|method| contract.release.is_method(method))
    })
}

/// The loop that a body goes round for ever, where no path leaves it; and whether it ranges over
/// the channel of a ticker. What returns before such a range is no way to end it.
pub(super) fn endless_loop(
    module: &Module<'_>,
    asker: PackageId,
    function: &Function,
    graph: &Graph,
) -> Option<(Span, bool)> {
    let from = |entry| endless_from(module, asker, function, graph, entry);
    from(graph.entry()).or_else(|| {
        let rounds = graph.blocks().filter(|(_, block)| {
            matches!(&block.end, End::Range { stmt, .. } if ranges_over_ticker(module, function, *stmt))
        });
        rounds
            .into_iter()
            .find_map(|(id, _)| from(id).filter(|(_, ticker)| *ticker))
    })
}

/// The same from one place of the body on.
fn endless_from(
    module: &Module<'_>,
    asker: PackageId,
    function: &Function,
    graph: &Graph,
    entry: BlockId,
) -> Option<(Span, bool)> {
    let tree = function.tree();
    let mut seen = BTreeSet::from([entry]);
    let mut todo = vec![entry];
    let mut loops: Vec<(Span, bool)> = Vec::new();
    while let Some(id) = todo.pop() {
        let block = graph.block(id);
        let targets = match &block.end {
            End::Return(_) | End::Fall => return None,
            End::Range { stmt, body, .. } if ranges_over_ticker(module, function, *stmt) => {
                loops.push((head(function, *stmt), true));
                vec![*body]
            }
            End::Range { stmt, body, .. }
                if function.package == asker && ranges_for_ever(module, function, *stmt) =>
            {
                loops.push((head(function, *stmt), false));
                vec![*body]
            }
            // What waits for a channel that nothing ever comes from is no way out.
            End::Select { cases, .. } => {
                let live = cases.iter().filter(|(clause, _)| {
                    function.package != asker || !waits_for_nothing(module, function, *clause)
                });
                live.map(|(_, block)| *block).collect()
            }
            end => end.targets(),
        };
        if let Some(round) = block.in_loop.and_then(|id| graph.loop_(id)) {
            // The graph knows itself that `range time.Tick(d)` goes round for ever.
            let ticker = ranges_over_ticker(module, function, round.stmt);
            if ticker || tree.is_endless_loop(round.stmt) {
                loops.push((head(function, round.stmt), ticker));
            }
        }
        todo.extend(targets.into_iter().filter(|next| seen.insert(*next)));
    }
    loops.into_iter().min_by_key(|(span, _)| *span)
}

/// Whether a clause of a `select` receives from a channel that nothing sends on or closes.
fn waits_for_nothing(module: &Module<'_>, function: &Function, clause: StmtId) -> bool {
    received_by(function, clause)
        .and_then(|channel| kept_channel(module, function, channel))
        .is_some_and(|channel| channel.uses.is_dead() || channel.uses.is_nil())
}

/// Whether a range is over a channel that nothing closes.
fn ranges_for_ever(module: &Module<'_>, function: &Function, stmt: StmtId) -> bool {
    match function.tree().stmt(stmt).kind {
        StmtKind::Range { x, .. } => {
            is_notified(function, x)
                || kept_channel(module, function, x)
                    .is_some_and(|channel| channel.uses.is_never_closed())
        }
        _ => false,
    }
}

/// Whether the loop with a head is followed by something in its block.
fn cuts_off(module: &Module<'_>, function: &Function, head: Span) -> bool {
    let tree = function.tree();
    looped(module, function, head).is_some_and(|round| {
        let Some(Node::Stmt(block)) = function.parent(round) else {
            return false;
        };
        match tree.stmt(block).kind {
            StmtKind::Block(block) => tree.stmts(block.stmts).last() != Some(&round),
            _ => false,
        }
    })
}

/// Whether the loop with a head ranges over a field of the receiver: nothing that its goroutine does ends it, and the release of the value
/// does not either.
fn ranges_over_own(module: &Module<'_>, function: &Function, head: Span) -> bool {
    let tree = function.tree();
    looped(module, function, head).is_some_and(|round| match tree.stmt(round).kind {
        StmtKind::Range { x, .. } => crate::inference::filled::own_field(function, x).is_some(),
        _ => false,
    })
}

/// The loop with a head.
pub(super) fn looped(module: &Module<'_>, function: &Function, at: Span) -> Option<StmtId> {
    let tree = function.tree();
    let mut found = None;
    for root in caulk_flow::roots(module.program, &function.typed) {
        tree.walk(root, |node| {
            if let Node::Stmt(stmt) = node
                && matches!(
                    tree.stmt(stmt).kind,
                    StmtKind::For { .. } | StmtKind::Range { .. }
                )
                && head(function, stmt) == at
            {
                found = Some(stmt);
            }
            Descend::Into
        });
    }
    found
}

/// The first line of a loop, as far as its body.
pub(super) fn head(function: &Function, stmt: StmtId) -> Span {
    let tree = function.tree();
    let span = tree.stmt(stmt).span;
    match tree.stmt(stmt).kind {
        StmtKind::For { body, .. } | StmtKind::Range { body, .. } => {
            Span::new(span.start, tree.stmt(body).span.start)
        }
        _ => span,
    }
}

/// Whether a range is over a channel that is never closed: the field `C` of a ticker, or what `time.Tick` gives.
fn ranges_over_ticker(module: &Module<'_>, function: &Function, stmt: StmtId) -> bool {
    let tree = function.tree();
    let StmtKind::Range { x, .. } = tree.stmt(stmt).kind else {
        return false;
    };
    is_endless_channel(module, function, x)
}

/// Whether a channel is one that is never closed.
pub(crate) fn is_endless_channel(
    module: &Module<'_>,
    function: &Function,
    channel: ExprId,
) -> bool {
    let tree = function.tree();
    let x = tree.unparen(channel);
    match tree.expr(x).kind {
        // `ch := t.C`, `ch := time.Tick(d)`
        ExprKind::Ident(_) => {
            let local = function.local(x);
            let value = local.and_then(|local| function.sole_value(module.program, local));
            value.is_some_and(|(value, _)| {
                let is_given = matches!(
                    tree.expr(value).kind,
                    ExprKind::Selector { .. } | ExprKind::Call { .. }
                );
                is_given && is_endless_channel(module, function, value)
            })
        }
        ExprKind::Selector { x, sel } => {
            let ty = module.program.named_name(function.info().type_of(x));
            module.catalogue.endless().any(|contract| {
                contract.endless_channel.as_deref() == Some(tree.name(sel))
                    && ty.as_ref() == Some(&contract.type_name)
            })
        }
        ExprKind::Call { .. } => function.callee(x).func().is_some_and(|func| {
            let (package, name) = crate::types::split_name(module.program, func);
            let contract = module.catalogue.contract(package, name);
            contract.is_some_and(|contract| contract.endless_channel.as_deref() == Some(""))
        }),
        _ => false,
    }
}

/// Whether a body stops what has a channel that is never closed, as if that ended who ranges over it.
fn stops_ticker(module: &Module<'_>, function: &Function) -> bool {
    function.info().calls().iter().any(|(_, callee)| {
        callee
            .func()
            .is_some_and(|func| ends_ticker(module, &func.name))
    })
}

/// The name of the type of a variable, and its release method: of a receiver, or of a value made here.
pub(super) fn released_type(
    module: &Module<'_>,
    function: &Function,
    local: LocalId,
) -> Option<(String, FuncId)> {
    let program = module.program;
    let info = function.info().local_info(local)?;
    if info.kind != LocalKind::Receiver && !function.is_fresh(local) {
        return None;
    }
    let named = program.named_of(info.ty)?;
    let package = program.package(function.package);
    if &*named.package != package.path() {
        return None;
    }
    let release = package
        .methods_of(&named.name)
        .filter(|method| RELEASE_METHODS.contains(&method.name.as_str()))
        .map(|method| package.id_of(method))
        .find(|id| Some(*id) != function.id() && releases_something(module, *id))?;
    Some((named.name.to_string(), release))
}

/// Whether a release method does anything: it calls something, or notes the end in a field, and is no `panic("not implemented")`.
fn releases_something(module: &Module<'_>, id: FuncId) -> bool {
    module
        .function(BodyOwner::Func(id))
        .is_some_and(|function| {
            let Some(graph) = function.graph(None) else {
                return false;
            };
            let tree = function.tree();
            let mut notes = false;
            tree.walk(graph.body, |node| {
                if let Node::Stmt(stmt) = node
                    && let StmtKind::Assign { lhs, .. } = tree.stmt(stmt).kind
                {
                    let mut targets = tree.exprs(lhs).iter();
                    notes |= targets
                        .any(|to| crate::inference::filled::own_field(&function, *to).is_some());
                }
                Descend::Into
            });
            graph.returns() && (notes || !function.info().calls().is_empty())
        })
}

/// What is published of a goroutine that has no way to end.
pub(crate) fn described(
    module: &Module<'_>,
    function: &Function,
    goroutine: &Endless,
    heat: Heat,
) -> Option<(Acquisition, Finding)> {
    let (variable, release) = match &goroutine.owner {
        Owner::Value { type_name, release } => {
            let method = module.program.func(*release)?;
            (type_name.clone(), format!("{type_name}.{}", method.name))
        }
        Owner::Ticker(name) => (name.clone(), format!("{name}.Stop")),
        Owner::Released(name) => (name.clone(), String::new()),
        Owner::Made(name) => (name.clone(), String::new()),
        Owner::Nobody => ("goroutine".to_owned(), String::new()),
    };
    let note = if goroutine.ticker {
        "the channel of a ticker is never closed"
    } else if goroutine.fed_by_starter {
        "nothing more comes when its starter has returned"
    } else {
        "nothing leaves this loop"
    };
    let message = match goroutine.owner {
        Owner::Made(_) => format!("goroutine of {variable} has no way to end, each has its own"),
        Owner::Released(_) => {
            format!("goroutine asks {variable} again and again for ever when that is released")
        }
        Owner::Nobody if heat == Heat::Request => {
            "goroutine has no way to end, and each request starts another".to_owned()
        }
        Owner::Nobody => "goroutine has no way to end, and each call starts another".to_owned(),
        _ if goroutine.ticker => {
            format!("goroutine ranges for ever over a ticker, which {release} cannot end")
        }
        _ => format!("goroutine has no way to end when {release} is called"),
    };
    let ends_with_another = matches!(goroutine.owner, Owner::Value { .. } | Owner::Ticker(_));
    let certain = goroutine.ticker && ends_with_another;
    let staying = Staying {
        rule: RULE,
        start: goroutine.start,
        callee: goroutine.callee.as_deref(),
        at: goroutine.endless,
        // A loop in a method is where the way out is to be built.
        at_loop: certain,
        note: note.to_owned(),
        variable,
        release: "return".to_owned(),
        message,
        confidence: if certain || matches!(goroutine.owner, Owner::Nobody) {
            Confidence::Certain
        } else {
            Confidence::Likely
        },
        why: "the type needs a way to tell its goroutine to end: a channel that its release method closes, which the goroutine watches",
    };
    staying.published(module, function, heat)
}
