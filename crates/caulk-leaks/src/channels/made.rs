//! The channels that a function makes, and who uses each in which way.

use std::collections::BTreeSet;
use std::sync::Arc;

use caulk_program::{BodyOwner, Builtin, Callee, ChanDir, FuncId, LocalId, Type, TypeId};
use caulk_syntax::{Descend, ExprId, ExprKind, Node, Span, StmtId, StmtKind, UnaryOp};
use smol_str::SmolStr;

use crate::body::numbers::number;
use crate::body::runs::{HowRun, given, how_run, literal_of};
use crate::body::{Function, Root};
use crate::module::Module;

/// A channel that a function makes, or is given by a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Channel {
    /// The variable that holds it; none where a call gives it and nothing keeps it.
    pub local: Option<LocalId>,
    pub name: SmolStr,
    /// The `make`, or the call.
    pub made: Span,
    /// How many elements it takes without a receiver; none where that is not known.
    pub room: Option<u32>,
    /// The function or literal that makes it.
    pub root: Root,
    /// The condition that says whether a call gave an error instead of it.
    pub failed: Option<ExprId>,
}

/// What is done with a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Op {
    Send,
    Receive,
    Range,
    Close,
    /// It is given to what cannot be looked into, and is not closed there.
    Lent,
}

/// Who does it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Actor {
    /// The function or literal that makes the channel.
    Starter,
    /// A goroutine that it starts: the `go` statement, or the call that starts it.
    Goroutine(Node),
    /// A literal that it defers.
    Deferred(StmtId),
    /// Whoever gets a literal that is returned, kept or passed on.
    Holder,
}

/// One use of a channel.
#[derive(Clone)]
pub(crate) struct Use {
    pub op: Op,
    /// The statement of a send or a range, the expression of a receive or a close.
    pub node: Node,
    pub actor: Actor,
    /// The function that a goroutine runs, where it is not a literal of the starter.
    pub callee: Option<Arc<Function>>,
    /// The literal that it stands in, of the starter or of the callee.
    pub root: Root,
    /// No other case of a `select` lets the goroutine go on.
    pub alone: bool,
    /// It stands in a loop, or in a literal that may be called again and again.
    pub repeats: bool,
    /// It goes on until the channel is closed: a range, or `v, ok := <-c` in a loop without an end of its own.
    pub until_closed: bool,
    /// Where the goroutine is started, if not in the function that the channel belongs to.
    pub started: Option<Started>,
    /// Where it stands in the function that the starter calls for it.
    pub within: Option<Within>,
}

/// A use in a function that is called.
#[derive(Clone)]
pub(crate) struct Within {
    pub function: Arc<Function>,
    pub node: Node,
    pub root: Root,
}

/// Where a function that is called starts a goroutine.
#[derive(Clone)]
pub(crate) struct Started {
    pub function: Arc<Function>,
    /// The `go` statement, or the call that starts it.
    pub go: Node,
}

impl Use {
    /// What the starter itself does.
    pub fn of_starter(function: &Function, op: Op, node: Node) -> Use {
        Use {
            op,
            node,
            actor: Actor::Starter,
            callee: None,
            root: function.root_of(node),
            alone: is_alone(function, node),
            repeats: function.in_loop(node),
            until_closed: op == Op::Range,
            started: None,
            within: None,
        }
    }

    /// The same of a goroutine that a function starts, for who calls that.
    pub fn started_by(self, call: ExprId, callee: &Arc<Function>, go: Node) -> Use {
        let started = self.started.unwrap_or_else(|| Started {
            function: callee.clone(),
            go,
        });
        Use {
            actor: Actor::Goroutine(call.into()),
            callee: self.callee.or_else(|| Some(callee.clone())),
            repeats: self.repeats || callee.in_loop(go),
            started: Some(started),
            ..self
        }
    }

    /// Whether another use stands in the same function.
    pub fn is_beside(&self, other: &Use) -> bool {
        match (&self.callee, &other.callee) {
            (None, None) => true,
            (Some(one), Some(other)) => one.typed.owner == other.typed.owner,
            _ => false,
        }
    }

    /// The function whose tree the use is of.
    pub fn function<'a>(&'a self, starter: &'a Function) -> &'a Function {
        self.callee.as_deref().unwrap_or(starter)
    }

    pub fn span(&self, starter: &Function) -> Span {
        span_of(self.function(starter), self.node)
    }
}

pub(crate) fn span_of(function: &Function, node: Node) -> Span {
    match node {
        Node::Expr(expr) => function.tree().expr(expr).span,
        Node::Stmt(stmt) => function.tree().stmt(stmt).span,
    }
}

/// The sends below a node, each with the expression that names its channel.
pub(crate) fn sends(function: &Function, below: impl Into<Node>) -> Vec<(StmtId, ExprId)> {
    let tree = function.tree();
    let mut found = Vec::new();
    tree.walk(below, |node| {
        if let Node::Stmt(stmt) = node
            && let StmtKind::Send { chan, .. } = tree.stmt(stmt).kind
        {
            found.push((stmt, chan));
        }
        Descend::Into
    });
    found
}

/// The channels that a body makes, each assigned once.
pub(crate) fn channels(module: &Module<'_>, function: &Function) -> Vec<Channel> {
    let tree = function.tree();
    let mut found: Vec<Channel> = Vec::new();
    let mut again: BTreeSet<LocalId> = BTreeSet::new();
    for root in caulk_flow::roots(module.program, &function.typed) {
        tree.walk(root, |node| {
            let Node::Stmt(stmt) = node else {
                return Descend::Into;
            };
            for (local, value) in given(function, stmt) {
                match value.and_then(|value| made(module, function, local, value)) {
                    Some(channel) if found.iter().all(|known| known.local != Some(local)) => {
                        found.push(channel)
                    }
                    _ => {
                        again.insert(local);
                    }
                }
            }
            Descend::Into
        });
    }
    found.retain(|channel| channel.local.is_none_or(|local| !again.contains(&local)));
    found
}

fn made(
    module: &Module<'_>,
    function: &Function,
    local: LocalId,
    value: ExprId,
) -> Option<Channel> {
    let tree = function.tree();
    let info = function.info().local_info(local)?;
    if !matches!(module.program.ty(info.ty), Type::Chan(..)) {
        return None;
    }
    let ExprKind::Call { args, .. } = tree.expr(value).kind else {
        return None;
    };
    if *function.callee(value) != Callee::Builtin(Builtin::Make) {
        return None;
    }
    let room = match tree.exprs(args).get(1) {
        None => Some(0),
        Some(size) => {
            number(module.program, function, *size).and_then(|size| size.to_string().parse().ok())
        }
    };
    Some(Channel {
        local: Some(local),
        name: info.name.clone(),
        made: tree.expr(value).span,
        room,
        root: info.function,
        failed: None,
    })
}

/// Every use of a channel; none where one is not understood.
pub(crate) fn uses(
    module: &Module<'_>,
    function: &Function,
    channel: &Channel,
) -> Option<Vec<Use>> {
    uses_of(module, function, channel, Beyond::Nothing)
}

/// Whether every use of a channel is understood, and nobody has it of whom is not known what they do with it.
pub(crate) fn is_understood(module: &Module<'_>, function: &Function, channel: &Channel) -> bool {
    uses(module, function, channel).is_some_and(|uses| all_known(&uses))
}

fn all_known(uses: &[Use]) -> bool {
    uses.iter().all(|used| used.op != Op::Lent)
}

/// Every use of a channel that the function returns.
pub(crate) fn uses_of_returned(
    module: &Module<'_>,
    function: &Function,
    channel: &Channel,
) -> Option<Vec<Use>> {
    uses_of(module, function, channel, Beyond::Returned)
}

/// The same where whatever else the function itself does with the channel is taken to be a receive: whoever it hands that to may
/// receive from it.
pub(crate) fn uses_until_handed_on(
    module: &Module<'_>,
    function: &Function,
    channel: &Channel,
) -> Option<Vec<Use>> {
    uses_of(module, function, channel, Beyond::HandedOn)
}

fn uses_of(
    module: &Module<'_>,
    function: &Function,
    channel: &Channel,
    beyond: Beyond,
) -> Option<Vec<Use>> {
    let mut uses = Vec::new();
    let scope = Scope {
        function,
        root: channel.root,
        goroutine: None,
        callee: None,
        run: None,
        made: Some(channel.made),
        again: false,
        beyond,
        depth: DEPTH,
    };
    collect(module, &scope, channel.local?, &mut uses)?;
    Some(uses)
}

/// How many functions a channel is followed through, each passing it to the next.
const DEPTH: u8 = 3;

/// Where the uses of one variable are looked for.
struct Scope<'a> {
    function: &'a Function,
    root: Root,
    /// The goroutine that runs the whole of `function`, where it is not the starter.
    goroutine: Option<Node>,
    callee: Option<Arc<Function>>,
    /// A literal that a variable holds, and the `go` statement that runs it with the channel.
    run: Option<(ExprId, StmtId)>,
    /// Where `function` makes it, if it does.
    made: Option<Span>,
    /// Whether `function` is called again and again with it.
    again: bool,
    beyond: Beyond,
    depth: u8,
}

impl Scope<'_> {
    /// Whether a loop comes to a place again and again with the one channel.
    fn goes_round(&self, at: Node) -> bool {
        let function = self.function;
        let rounds = function.loops_around(at);
        let mut rounds = rounds.map(|round| function.tree().stmt(round).span);
        rounds.any(|round| self.made.is_none_or(|made| !round.encloses(made)))
    }
}

/// What a function may do with a channel beyond what is followed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Beyond {
    Nothing,
    /// It returns it.
    Returned,
    /// It hands it on, to whoever it likes.
    HandedOn,
}

fn collect(
    module: &Module<'_>,
    scope: &Scope<'_>,
    channel: LocalId,
    uses: &mut Vec<Use>,
) -> Option<()> {
    let function = scope.function;
    let tree = function.tree();
    let mut idents = Vec::new();
    tree.walk(function.graph(scope.root)?.body, |node| {
        if let Node::Expr(expr) = node
            && matches!(tree.expr(expr).kind, ExprKind::Ident(_))
            && function.info().local(expr) == Some(channel)
        {
            idents.push(expr);
        }
        Descend::Into
    });
    for ident in idents {
        let hands_on = scope.beyond == Beyond::HandedOn && function.root_of(ident) == scope.root;
        let known = uses.len();
        let is_understood = note(module, scope, channel, ident, uses).is_some();
        if hands_on && !(is_understood && all_known(uses.get(known..).unwrap_or_default())) {
            uses.truncate(known);
            uses.push(Use::of_starter(function, Op::Receive, ident.into()));
        } else if !is_understood {
            return None;
        }
    }
    Some(())
}

/// Adds what one mention of a channel does with it.
fn note(
    module: &Module<'_>,
    scope: &Scope<'_>,
    channel: LocalId,
    ident: ExprId,
    uses: &mut Vec<Use>,
) -> Option<()> {
    let function = scope.function;
    match meaning(function, ident)? {
        Meaning::Nothing => {}
        // The process sends on it, as long as it runs or until that is stopped.
        Meaning::Notified
            if stops_signals(module, scope, channel) && !function.is_main(module.program) => {}
        Meaning::Notified => return None,
        Meaning::Returned
            if scope.beyond == Beyond::Returned && function.root_of(ident) == scope.root => {}
        Meaning::Returned => return None,
        Meaning::Passed { call, index } => passed(module, scope, call, index, uses)?,
        Meaning::Op(op, node) => {
            let run = match run_by(module, scope, node) {
                Some(run) => run,
                // A send ends nobody, whoever does it.
                None if op == Op::Send && scope.callee.is_none() => Run {
                    actor: Actor::Holder,
                    repeats: true,
                    go: None,
                },
                None => return None,
            };
            let started = run.go.zip(scope.callee.clone());
            uses.push(Use {
                op,
                node,
                actor: run.actor,
                callee: scope.callee.clone(),
                root: function.root_of(node),
                alone: is_alone(function, node),
                repeats: run.repeats,
                until_closed: op == Op::Range || asks_whether_open(function, node),
                started: started.map(|(go, function)| Started { function, go }),
                within: None,
            });
        }
    }
    Some(())
}

/// What a mention of a channel is.
enum Meaning {
    Nothing,
    /// Signals are sent on it: `signal.Notify(c)`.
    Notified,
    Op(Op, Node),
    Returned,
    Passed {
        call: ExprId,
        index: usize,
    },
}

fn meaning(function: &Function, channel: ExprId) -> Option<Meaning> {
    let tree = function.tree();
    match function.parent(channel)? {
        Node::Expr(parent) => match tree.expr(parent).kind {
            ExprKind::Unary {
                op: UnaryOp::Receive,
                ..
            } => Some(Meaning::Op(Op::Receive, parent.into())),
            ExprKind::Call { args, .. } => match function.callee(parent) {
                Callee::Builtin(Builtin::Len | Builtin::Cap) => Some(Meaning::Nothing),
                Callee::Builtin(Builtin::Close) => Some(Meaning::Op(Op::Close, parent.into())),
                Callee::Static(func) if &*func.name == "os/signal.Notify" => {
                    Some(Meaning::Notified)
                }
                Callee::Static(func) if &*func.name == "os/signal.Stop" => Some(Meaning::Nothing),
                _ => {
                    let index = tree.exprs(args).iter().position(|arg| *arg == channel)?;
                    Some(Meaning::Passed {
                        call: parent,
                        index,
                    })
                }
            },
            _ => None,
        },
        Node::Stmt(parent) => match tree.stmt(parent).kind {
            StmtKind::Range { x, .. } if x == channel => {
                Some(Meaning::Op(Op::Range, parent.into()))
            }
            StmtKind::Send { chan, .. } if chan == channel => {
                Some(Meaning::Op(Op::Send, parent.into()))
            }
            StmtKind::Assign { lhs, .. } if tree.exprs(lhs).contains(&channel) => {
                Some(Meaning::Nothing)
            }
            StmtKind::Return(_) => Some(Meaning::Returned),
            _ => None,
        },
    }
}

/// Whether a function itself ends that signals are sent on a channel.
fn stops_signals(module: &Module<'_>, scope: &Scope<'_>, channel: LocalId) -> bool {
    let (function, tree) = (scope.function, scope.function.tree());
    let calls = function.info().calls();
    calls.iter().any(|(call, callee)| {
        let ExprKind::Call { args, .. } = tree.expr(*call).kind else {
            return false;
        };
        let of = tree
            .exprs(args)
            .first()
            .and_then(|arg| function.local(*arg));
        let by_itself = || match run_by(module, scope, (*call).into()) {
            Some(run) => matches!(run.actor, Actor::Starter | Actor::Deferred(_)),
            None => false,
        };
        matches!(callee, Callee::Static(func) if &*func.name == "os/signal.Stop")
            && of == Some(channel)
            && by_itself()
    })
}

/// The channel is an argument of a call: its uses are those of the parameter.
fn passed(
    module: &Module<'_>,
    scope: &Scope<'_>,
    call: ExprId,
    index: usize,
    uses: &mut Vec<Use>,
) -> Option<()> {
    let function = scope.function;
    let depth = scope.depth.checked_sub(1)?;
    let starts = match function.parent(call)? {
        Node::Stmt(stmt) => match function.tree().stmt(stmt).kind {
            StmtKind::Go(_) => Some(stmt),
            _ => None,
        },
        Node::Expr(_) => None,
    };
    let (goroutine, repeats, again) = match starts {
        Some(go) if scope.goroutine.is_some() || function.root_of(go) != scope.root => return None,
        Some(go) => (Some(go.into()), false, scope.goes_round(go.into())),
        None => {
            let run = run_by(module, scope, call.into())?;
            match run.actor {
                Actor::Goroutine(_) if run.go.is_some() => return None,
                Actor::Goroutine(start) => {
                    let again = scope.goes_round(call.into()) || scope.goes_round(start);
                    (Some(start), run.repeats, again)
                }
                Actor::Starter => (None, false, scope.goes_round(call.into())),
                Actor::Deferred(_) | Actor::Holder => return None,
            }
        }
    };
    let (callee, param) = match function.callee(call) {
        Callee::Literal(literal) => {
            starts?;
            let param = *function.info().literal(*literal)?.params.get(index)?;
            return collect(module, scope, param, uses);
        }
        Callee::Local(local) if literal_of(function, *local).is_some() => {
            let literal = literal_of(function, *local)?;
            let go = starts.filter(|_| function.root_of(literal) == scope.root)?;
            let param = *function.info().literal(literal)?.params.get(index)?;
            let run = Some((literal, go));
            let callee = scope.callee.clone();
            let inner = Scope {
                run,
                callee,
                ..*scope
            };
            return collect(module, &inner, param, uses);
        }
        callee => {
            let Some(id) = followed(module, function, callee) else {
                let known =
                    || scope.goroutine.is_none() && only_sends(module, function, call, index);
                let told = starts.is_none() || known();
                return told.then(|| passed_on(module, scope, call, index, starts, uses))?;
            };
            let callee = module.function(BodyOwner::Func(id))?;
            let param = *callee.info().params().get(index)?;
            (callee, param)
        }
    };
    let inner = Scope {
        function: &callee,
        root: None,
        goroutine,
        callee: Some(callee.clone()),
        run: None,
        made: None,
        again: scope.again || again,
        beyond: Beyond::Nothing,
        depth,
    };
    let mut found = Vec::new();
    collect(module, &inner, param, &mut found)?;
    if goroutine.is_some() {
        uses.extend(found.into_iter().map(|used| Use {
            repeats: repeats || used.repeats,
            ..used
        }));
        return Some(());
    }
    // What the starter does in a function that it calls it does where it calls it, and so do the goroutines that are
    // started there.
    let root = function.root_of(call);
    for used in found {
        uses.push(match used.actor {
            Actor::Starter => Use {
                node: call.into(),
                within: Some(used.within.unwrap_or_else(|| Within {
                    function: callee.clone(),
                    node: used.node,
                    root: used.root,
                })),
                callee: scope.callee.clone(),
                root,
                repeats: used.repeats || function.in_loop(call),
                ..used
            },
            Actor::Goroutine(go) => used.started_by(call, &callee, go),
            Actor::Deferred(_) | Actor::Holder => return None,
        });
    }
    Some(())
}

/// The function of the project that is called, where it can be looked into.
fn followed(module: &Module<'_>, function: &Function, callee: &Callee) -> Option<FuncId> {
    match callee {
        Callee::Static(func) | Callee::Method { func, .. } => {
            func.id.filter(|id| module.follows_own(function.id(), *id))
        }
        _ => None,
    }
}

/// The channel is given to what cannot be looked into, and is only sent on there: `c chan<- T`. Who gets a context too may look at
/// that. What is given it again and again does not close it.
fn passed_on(
    module: &Module<'_>,
    scope: &Scope<'_>,
    call: ExprId,
    index: usize,
    starts: Option<StmtId>,
    uses: &mut Vec<Use>,
) -> Option<()> {
    let (function, program) = (scope.function, module.program);
    let ExprKind::Call { fun, args, .. } = function.tree().expr(call).kind else {
        return None;
    };
    let signature = program.func_type(function.info().type_of(fun));
    let takes = match signature {
        Some(signature) => *signature.params.get(index)?,
        // By its own type whoever gets it may do no more.
        None if is_missing(function.callee(call)) => {
            let passed = function.tree().exprs(args).get(index)?;
            function.info().type_of(*passed)
        }
        None => return None,
    };
    let ty = program.ty(program.underlying(takes));
    let run = match starts {
        Some(go) => Run {
            actor: Actor::Goroutine(go.into()),
            repeats: true,
            go: None,
        },
        None => run_by(module, scope, call.into())?,
    };
    let again = scope.again
        || scope.goes_round(call.into())
        || matches!(run.actor, Actor::Goroutine(start) if scope.goes_round(start));
    let op = match ty {
        Type::Chan(ChanDir::Send, _)
            if again
                || closes_itself(function, call, index)
                || only_sends(module, function, call, index) =>
        {
            Op::Send
        }
        Type::Chan(ChanDir::Both, _) if again => Op::Lent,
        _ => return None,
    };
    let is_context = |ty: TypeId| crate::types::is_context(program, ty);
    let mut arguments = function.tree().exprs(args).iter();
    let has_context = arguments.any(|arg| is_context(function.info().type_of(*arg)))
        || signature.is_some_and(|signature| signature.params.iter().any(|ty| is_context(*ty)));
    let started = run.go.zip(scope.callee.clone());
    let started = started.map(|(go, function)| Started { function, go });
    uses.push(Use {
        op,
        node: call.into(),
        actor: run.actor,
        callee: scope.callee.clone(),
        root: function.root_of(call),
        alone: match starts {
            Some(_) => sends_alone(module, function, call, index),
            None => !has_context,
        },
        repeats: true,
        until_closed: false,
        started,
        within: None,
    });
    Some(())
}

/// Whether a call goes to a function that is known by its name at most.
fn is_missing(callee: &Callee) -> bool {
    matches!(callee, Callee::Unknown { .. }) || callee.func().is_some_and(|func| func.id.is_none())
}

/// Whether a body closes the channel itself that it passes on: whoever gets it is not to do so.
fn closes_itself(function: &Function, call: ExprId, index: usize) -> bool {
    let tree = function.tree();
    let passed = tree.arguments(call).get(index);
    let channel = passed.and_then(|passed| function.local(*passed));
    let calls = function.info().calls();
    calls.iter().any(|(close, callee)| {
        let closed = tree.arguments(*close).first();
        **callee == Callee::Builtin(Builtin::Close)
            && function.root_of(*close) == function.root_of(call)
            && closed.and_then(|closed| function.local(*closed)) == channel
    })
}

/// Whether none of the methods of the project that a call may reach closes the channel that it is passed.
fn only_sends(module: &Module<'_>, function: &Function, call: ExprId, index: usize) -> bool {
    let reached = reached(module, function, call);
    let closes = |method: &Option<Arc<Function>>| {
        method.as_deref().is_none_or(|method| {
            let param = method.info().params().get(index).copied();
            let calls = method.info().calls();
            calls.iter().any(|(close, callee)| {
                let closed = method.tree().arguments(*close).first();
                **callee == Callee::Builtin(Builtin::Close)
                    && closed.and_then(|closed| method.local(*closed)) == param
            })
        })
    };
    !reached.is_empty() && !reached.iter().any(closes)
}

/// Whether one of these methods sends on it where nothing else lets it go on.
fn sends_alone(module: &Module<'_>, function: &Function, call: ExprId, index: usize) -> bool {
    let reached = reached(module, function, call).into_iter().flatten();
    reached.into_iter().any(|method| {
        let param = method.info().params().get(index).copied();
        let Some(graph) = method.graph(None) else {
            return false;
        };
        let all = sends(&method, graph.body).into_iter();
        let mut of_it = all.filter(|(_, channel)| method.local(*channel) == param);
        param.is_some() && of_it.any(|(send, _)| is_alone(&method, send.into()))
    })
}

/// The methods of the project that a call through an interface may reach, each with its body where that is there.
fn reached(module: &Module<'_>, function: &Function, call: ExprId) -> Vec<Option<Arc<Function>>> {
    let Callee::Interface {
        iface,
        name,
        through,
        ..
    } = function.callee(call)
    else {
        return Vec::new();
    };
    let known = module.implementers(function.package, *iface, through, name);
    known
        .iter()
        .map(|(build, id)| build.function(BodyOwner::Func(*id)))
        .collect()
}

/// Who runs a node.
struct Run {
    actor: Actor,
    /// It may run again and again.
    repeats: bool,
    /// Where a goroutine starts the one that runs it.
    go: Option<Node>,
}

fn run_by(module: &Module<'_>, scope: &Scope<'_>, node: Node) -> Option<Run> {
    let function = scope.function;
    let mut at = node;
    let mut repeats = false;
    let mut go = None;
    loop {
        repeats |= function.in_loop(at);
        let literal = function.root_of(at);
        if literal == scope.root {
            // What the starter does in a literal is not on the paths of its graph.
            if function.root_of(node) != scope.root && scope.goroutine.is_none() {
                return None;
            }
            let actor = scope.goroutine.map_or(Actor::Starter, Actor::Goroutine);
            return Some(Run { actor, repeats, go });
        }
        let literal = literal?;
        let how = match scope.run {
            Some((run, go)) if run == literal => HowRun::Goroutine(go.into()),
            _ => how_run(module, function, literal)?,
        };
        match how {
            HowRun::At(call) => at = call,
            HowRun::Goroutine(start) if scope.goroutine.is_some() => {
                go = Some(start);
                at = start;
            }
            HowRun::Goroutine(start) => {
                // What a goroutine starts in turn has another fate.
                let actor = Actor::Goroutine(start);
                let here = function.root_of(start) == scope.root;
                return here.then_some(Run { actor, repeats, go });
            }
            HowRun::Deferred(stmt) if function.root_of(stmt) == scope.root => {
                let actor = scope
                    .goroutine
                    .map_or(Actor::Deferred(stmt), Actor::Goroutine);
                return Some(Run { actor, repeats, go });
            }
            HowRun::Deferred(stmt) => at = stmt.into(),
            HowRun::CalledBack => {
                repeats = true;
                at = literal.into();
            }
            HowRun::Here => at = literal.into(),
        }
    }
}

/// Whether a receive asks whether the channel is still open, in a loop without an end of its own.
fn asks_whether_open(function: &Function, node: Node) -> bool {
    let tree = function.tree();
    let asks = matches!(function.parent(node), Some(Node::Stmt(stmt))
        if matches!(tree.stmt(stmt).kind, StmtKind::Assign { lhs, .. } if tree.exprs(lhs).len() == 2));
    asks && function
        .innermost_loop(node)
        .is_some_and(|round| tree.is_endless_loop(round))
}

/// Whether nothing but this operation lets the goroutine go on: it stands in no `select`, or in one
/// without another case.
pub(crate) fn is_alone(function: &Function, node: Node) -> bool {
    let tree = function.tree();
    let mut at = node;
    while let Some(Node::Expr(expr)) = function.parent(at) {
        at = expr.into();
    }
    let stmt = match at {
        Node::Stmt(stmt) => stmt,
        Node::Expr(_) => match function.parent(at) {
            Some(Node::Stmt(stmt)) => stmt,
            _ => return true,
        },
    };
    let Some(Node::Stmt(clause)) = function.parent(stmt) else {
        return true;
    };
    let StmtKind::Comm { comm, .. } = tree.stmt(clause).kind else {
        return true;
    };
    if comm != Some(stmt) {
        return true;
    }
    match function.parent(clause) {
        Some(Node::Stmt(body)) => match tree.stmt(body).kind {
            StmtKind::Block(block) => block.stmts.len() < 2,
            _ => true,
        },
        _ => true,
    }
}
