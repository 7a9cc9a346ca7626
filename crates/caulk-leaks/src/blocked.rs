//! Goroutines that can block for ever: on a send that nobody receives, or a range that nobody ends.

use std::collections::BTreeSet;

use caulk_flow::{End, Event, symbol_of};
use caulk_program::{BodyOwner, Builtin, Callee, LocalId, SourceFile, Type};
use caulk_syntax::{Descend, ExprId, ExprKind, Node, Span, StmtId, StmtKind, UnaryOp};

use crate::engine::{Function, Root};
use crate::finding::{
    Acquisition, Confidence, ContractSource, ExitKind, Finding, FixTemplate, Harm, Heat, Held,
    Obstacle, Outcome, ReleaseCall, Resource, Step,
};
use crate::module::Module;
use crate::report::{byte_span, location, severity};

const RULE: &str = "blocked-goroutine";

/// A goroutine that waits on a channel which nobody serves any more.
#[derive(Debug, Clone)]
pub(crate) struct Blocked {
    /// The `go` statement.
    pub go: StmtId,
    /// Where it waits: a send, or a range. In another function it is the `go` statement itself.
    pub waits: Span,
    pub wait: Wait,
    pub channel: String,
    /// Where the channel is made.
    pub made: Span,
    /// Where its starter leaves.
    pub leaves: Span,
    /// Whether one element of room would let every send go through.
    pub single_send: bool,
    pub root: Root,
}

/// What a goroutine waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wait {
    /// That someone receives what it sends.
    Receive,
    /// That someone closes what it ranges over.
    Close,
}

/// The goroutines of a body that can block for ever.
pub(crate) fn goroutines(module: &Module<'_>, function: &Function) -> Vec<Blocked> {
    let tree = function.tree();
    let mut found = Vec::new();
    for root in caulk_flow::roots(module.program, &function.typed) {
        tree.walk(root, |node| {
            if let Node::Stmt(stmt) = node
                && let StmtKind::Go(call) = tree.stmt(stmt).kind
            {
                found.extend(blocked(
                    module,
                    function,
                    stmt,
                    caulk_flow::unparen(tree, call),
                ));
            }
            Descend::Into
        });
    }
    found
}

/// How a goroutine uses a channel of its starter.
struct Waiting {
    channel: LocalId,
    wait: Wait,
    at: Span,
    single: bool,
}

fn blocked(module: &Module<'_>, function: &Function, go: StmtId, call: ExprId) -> Option<Blocked> {
    let root = function.root_of(go);
    let waiting = waiting(module, function, go, call)?;
    let channel = waiting.channel;
    let made = made(module, function, root, channel)?;
    let uses = uses(function, root, go, channel)?;
    let (leaves, single_send) = match waiting.wait {
        Wait::Close => {
            let closed = uses
                .iter()
                .any(|used| matches!(used, Use::Closed | Use::Received(_)));
            if closed || !function.graph(root)?.returns() {
                return None;
            }
            (closing_brace(function, root)?, false)
        }
        Wait::Receive if made.has_room => return None,
        Wait::Receive => {
            if uses
                .iter()
                .any(|used| matches!(used, Use::Closed | Use::Sent))
            {
                return None;
            }
            let receives: Vec<Node> = uses
                .iter()
                .filter_map(|used| match used {
                    Use::Received(node) => Some(*node),
                    _ => None,
                })
                .collect();
            let many = started_in_loop(function, go, made.at);
            match receives.as_slice() {
                [] => return None,
                // Many send, one is received.
                [one] if many && !function.in_loop(*one) && !is_range(function, *one) => {
                    (node_span(function, *one), false)
                }
                _ if many || !same_branch(function, go, &receives) => return None,
                _ => (
                    leaves_without(function, root, go, &receives)?,
                    waiting.single,
                ),
            }
        }
    };
    let name = function.info().local_info(channel)?.name.to_string();
    Some(Blocked {
        go,
        waits: waiting.at,
        wait: waiting.wait,
        channel: name,
        made: made.at,
        leaves,
        single_send,
        root,
    })
}

/// The channel of the starter that a goroutine waits on.
fn waiting(module: &Module<'_>, function: &Function, go: StmtId, call: ExprId) -> Option<Waiting> {
    let tree = function.tree();
    let ExprKind::Call { args, .. } = tree.expr(call).kind else {
        return None;
    };
    match function.callee(call) {
        Callee::Literal(literal) => {
            let ExprKind::FuncLit { body, .. } = tree.expr(*literal).kind else {
                return None;
            };
            let own = |local: LocalId| {
                function
                    .info()
                    .local_info(local)
                    .is_none_or(|local| local.function == Some(*literal))
            };
            let (channel, wait, at) = first_wait(function, body, &|local| !own(local))?;
            let single = wait == Wait::Receive && sends(function, body, channel) == 1;
            let send_in_loop = single && wait_in_loop(function, body, channel);
            Some(Waiting {
                channel,
                wait,
                at,
                single: single && !send_in_loop,
            })
        }
        Callee::Static(func) | Callee::Method { func, .. } => {
            let id = func
                .id
                .filter(|id| module.follows_own(function.id(), *id))?;
            let callee = module.function(BodyOwner::Func(id))?;
            let body = callee.typed.block()?;
            let params = callee.info().params().to_vec();
            let (param, wait, _) = first_wait(&callee, body, &|local| params.contains(&local))?;
            let index = params.iter().position(|known| *known == param)?;
            let channel = function.local(*tree.exprs(args).get(index)?)?;
            let single = wait == Wait::Receive
                && sends(&callee, body, param) == 1
                && !wait_in_loop(&callee, body, param);
            Some(Waiting {
                channel,
                wait,
                at: tree.stmt(go).span,
                single,
            })
        }
        _ => None,
    }
}

/// The first send outside of any `select`, or range, over a channel that is wanted.
fn first_wait(
    function: &Function,
    body: StmtId,
    wanted: &dyn Fn(LocalId) -> bool,
) -> Option<(LocalId, Wait, Span)> {
    let tree = function.tree();
    let mut found = None;
    tree.walk(body, |node| {
        if let Node::Stmt(stmt) = node
            && found.is_none()
        {
            let waits = match tree.stmt(stmt).kind {
                StmtKind::Send { chan, .. } if !is_communication(function, stmt) => {
                    Some((chan, Wait::Receive))
                }
                StmtKind::Range { x, .. } => Some((x, Wait::Close)),
                _ => None,
            };
            if let Some((channel, wait)) = waits
                && let Some(local) = function.local(channel)
                && wanted(local)
            {
                found = Some((local, wait, tree.stmt(stmt).span));
            }
        }
        match node {
            Node::Expr(expr) if matches!(tree.expr(expr).kind, ExprKind::FuncLit { .. }) => {
                Descend::Skip
            }
            _ => Descend::Into,
        }
    });
    found
}

/// Whether a statement is what a clause of a `select` waits for.
fn is_communication(function: &Function, stmt: StmtId) -> bool {
    matches!(function.parent(stmt), Some(Node::Stmt(parent))
        if matches!(function.tree().stmt(parent).kind, StmtKind::Comm { comm, .. } if comm == Some(stmt)))
}

fn each_send(function: &Function, body: StmtId, channel: LocalId, mut visit: impl FnMut(StmtId)) {
    let tree = function.tree();
    tree.walk(body, |node| {
        if let Node::Stmt(stmt) = node
            && let StmtKind::Send { chan, .. } = tree.stmt(stmt).kind
            && function.local(chan) == Some(channel)
        {
            visit(stmt);
        }
        Descend::Into
    });
}

fn sends(function: &Function, body: StmtId, channel: LocalId) -> usize {
    let mut count = 0;
    each_send(function, body, channel, |_| count += 1);
    count
}

fn wait_in_loop(function: &Function, body: StmtId, channel: LocalId) -> bool {
    let mut found = false;
    each_send(function, body, channel, |stmt| {
        found |= function.in_loop(stmt)
    });
    found
}

/// Where a channel is made, and whether it has room.
struct Made {
    at: Span,
    has_room: bool,
}

/// The only assignment to a channel, a `make` in the function that starts the goroutine.
fn made(module: &Module<'_>, function: &Function, root: Root, channel: LocalId) -> Option<Made> {
    let tree = function.tree();
    let info = function.info().local_info(channel)?;
    if info.function != root || !matches!(module.program.ty(info.ty), Type::Chan(..)) {
        return None;
    }
    let mut made = None;
    let mut assigned = 0;
    tree.walk(function.graph(root)?.body, |node| {
        if let Node::Stmt(stmt) = node
            && let StmtKind::Assign { lhs, rhs, .. } = tree.stmt(stmt).kind
            && let Some(index) = tree
                .exprs(lhs)
                .iter()
                .position(|target| function.local(*target) == Some(channel))
        {
            assigned += 1;
            if let Some(value) = tree.exprs(rhs).get(index)
                && let ExprKind::Call { args, .. } = tree.expr(*value).kind
                && *function.callee(*value) == Callee::Builtin(Builtin::Make)
            {
                made = Some(Made {
                    at: tree.expr(*value).span,
                    has_room: args.len() > 1,
                });
            }
        }
        Descend::Into
    });
    made.filter(|_| assigned == 1)
}

/// How a channel is used beside the goroutine.
enum Use {
    /// Received from, by the starter itself: the receive, or the range.
    Received(Node),
    Sent,
    Closed,
}

/// Every use of the channel outside of the goroutine; none where one is not understood.
fn uses(function: &Function, root: Root, go: StmtId, channel: LocalId) -> Option<Vec<Use>> {
    let tree = function.tree();
    let mut uses = Some(Vec::new());
    tree.walk(function.graph(root)?.body, |node| {
        if node == Node::Stmt(go) {
            return Descend::Skip;
        }
        if let Node::Expr(expr) = node
            && matches!(tree.expr(expr).kind, ExprKind::Ident(_))
            && function.info().local(expr) == Some(channel)
        {
            let found = use_of(function, root, expr);
            uses = uses.take().and_then(|mut uses: Vec<Use>| {
                uses.extend(found?);
                Some(uses)
            });
        }
        Descend::Into
    });
    uses
}

/// `Some(None)` where a use does not matter.
fn use_of(function: &Function, root: Root, channel: ExprId) -> Option<Option<Use>> {
    let tree = function.tree();
    let here = function.root_of(channel) == root;
    match function.parent(channel)? {
        Node::Expr(parent) => match tree.expr(parent).kind {
            ExprKind::Unary {
                op: UnaryOp::Receive,
                ..
            } if here => Some(Some(Use::Received(parent.into()))),
            ExprKind::Call { .. } => match function.callee(parent) {
                Callee::Builtin(Builtin::Len | Builtin::Cap) => Some(None),
                Callee::Builtin(Builtin::Close) => Some(Some(Use::Closed)),
                _ => None,
            },
            _ => None,
        },
        Node::Stmt(parent) => match tree.stmt(parent).kind {
            StmtKind::Range { x, .. } if x == channel && here => {
                Some(Some(Use::Received(parent.into())))
            }
            // Another sender is a goroutine with a fate of its own.
            StmtKind::Send { chan, .. } if chan == channel => {
                Some(Some(Use::Sent).filter(|_| here))
            }
            StmtKind::Assign { lhs, .. } if tree.exprs(lhs).contains(&channel) => Some(None),
            _ => None,
        },
    }
}

fn is_range(function: &Function, node: Node) -> bool {
    matches!(node, Node::Stmt(stmt) if matches!(function.tree().stmt(stmt).kind, StmtKind::Range { .. }))
}

fn node_span(function: &Function, node: Node) -> Span {
    match node {
        Node::Expr(expr) => function.tree().expr(expr).span,
        Node::Stmt(stmt) => function.tree().stmt(stmt).span,
    }
}

fn closing_brace(function: &Function, root: Root) -> Option<Span> {
    let span = function.tree().stmt(function.graph(root)?.body).span;
    Some(Span::new(span.end.saturating_sub(1), span.end))
}

/// Whether a loop starts the goroutine again and again, all with the one channel.
fn started_in_loop(function: &Function, go: StmtId, made: Span) -> bool {
    function
        .innermost_loop(go)
        .is_some_and(|stmt| !function.tree().stmt(stmt).span.encloses(made))
}

/// Whether the receives stand under the same conditions as the `go` statement: otherwise the
/// conditions may go together.
fn same_branch(function: &Function, go: StmtId, receives: &[Node]) -> bool {
    let mut at = Node::Stmt(go);
    while let Some(parent) = function.parent(at) {
        if let Node::Stmt(stmt) = parent
            && matches!(
                function.tree().stmt(stmt).kind,
                StmtKind::If { .. } | StmtKind::Case { .. } | StmtKind::Comm { .. }
            )
        {
            let span = function.tree().stmt(stmt).span;
            return receives
                .iter()
                .all(|receive| span.encloses(node_span(function, *receive)));
        }
        if matches!(parent, Node::Expr(_)) {
            break;
        }
        at = parent;
    }
    true
}

/// The loop statement around a receive that does not hold the `go` statement and ends by itself:
/// it is taken to run as often as something is sent.
fn receiving_loop(function: &Function, go: StmtId, receive: Node) -> Option<StmtId> {
    let tree = function.tree();
    let mut found = None;
    let mut at = function.innermost_loop(receive);
    while let Some(stmt) = at {
        if tree.stmt(stmt).span.encloses(tree.stmt(go).span) {
            break;
        }
        if !matches!(tree.stmt(stmt).kind, StmtKind::For { cond: None, .. }) {
            found = Some(stmt);
        }
        at = function.innermost_loop(stmt);
    }
    found
}

/// What the clause of a `select` that receives, in a loop without an end of its own, sets: a
/// condition beside that `select` that looks at it knows whether something was received.
struct Told {
    round: Span,
    select: Span,
    set: BTreeSet<LocalId>,
}

impl Told {
    fn decides(&self, function: &Function, cond: ExprId) -> bool {
        let tree = function.tree();
        let mut found = false;
        tree.walk(cond, |node| {
            if let Node::Expr(expr) = node {
                found |= function
                    .info()
                    .local(expr)
                    .is_some_and(|local| self.set.contains(&local));
            }
            Descend::Into
        });
        let at = tree.expr(cond).span;
        found && self.round.encloses(at) && !self.select.encloses(at)
    }
}

fn told(function: &Function, go: StmtId, receive: Node) -> Option<Told> {
    let tree = function.tree();
    let round = function.innermost_loop(receive)?;
    let endless = matches!(tree.stmt(round).kind, StmtKind::For { cond: None, .. });
    if !endless || tree.stmt(round).span.encloses(tree.stmt(go).span) {
        return None;
    }
    let mut at = receive;
    let clause = loop {
        match function.parent(at)? {
            Node::Stmt(stmt) if matches!(tree.stmt(stmt).kind, StmtKind::Comm { .. }) => {
                break stmt;
            }
            parent => at = parent,
        }
    };
    let mut set = BTreeSet::new();
    tree.walk(clause, |node| {
        if let Node::Stmt(stmt) = node {
            match tree.stmt(stmt).kind {
                StmtKind::Assign { lhs, .. } => {
                    set.extend(tree.exprs(lhs).iter().filter_map(|x| function.local(*x)));
                }
                StmtKind::IncDec { x, .. } => set.extend(function.local(x)),
                _ => {}
            }
        }
        Descend::Into
    });
    let select = loop {
        match function.parent(at)? {
            Node::Stmt(stmt) if matches!(tree.stmt(stmt).kind, StmtKind::Select { .. }) => {
                break stmt;
            }
            parent => at = parent,
        }
    };
    Some(Told {
        round: tree.stmt(round).span,
        select: tree.stmt(select).span,
        set,
    })
}

/// An exit that is reached from the `go` statement without a receive.
fn leaves_without(function: &Function, root: Root, go: StmtId, receives: &[Node]) -> Option<Span> {
    let tree = function.tree();
    let graph = function.graph(root)?;
    let loops: Vec<StmtId> = receives
        .iter()
        .filter_map(|receive| receiving_loop(function, go, *receive))
        .collect();
    let loop_begins = |end: &End| match end {
        End::Range { stmt, .. } => loops.contains(stmt),
        End::Branch { cond, .. } => loops.iter().any(|stmt| {
            matches!(tree.stmt(*stmt).kind, StmtKind::For { cond: Some(whole), .. }
                if tree.expr(whole).span.encloses(tree.expr(*cond).span))
        }),
        _ => false,
    };
    let receives_in = |span: Span| {
        receives
            .iter()
            .any(|receive| span.encloses(node_span(function, *receive)))
    };
    let told: Vec<Told> = receives
        .iter()
        .filter_map(|receive| told(function, go, *receive))
        .collect();
    let knows_of_receive = |cond: ExprId| told.iter().any(|told| told.decides(function, cond));
    let event_receives = |event: &Event| match event {
        Event::Eval(expr) => {
            let span = tree.expr(*expr).span;
            // The operand of a range is evaluated where the range begins.
            let ranged = matches!(function.parent(*expr), Some(node) if receives.contains(&node) && is_range(function, node));
            ranged || receives_in(span)
        }
        Event::Stmt(stmt) | Event::Defer(stmt) => receives_in(tree.stmt(*stmt).span),
        Event::RangeNext(_) | Event::TypeCase { .. } => false,
    };
    let (start, position) = graph.blocks().find_map(|(id, block)| {
        let position = block
            .events
            .iter()
            .position(|event| *event == Event::Stmt(go))?;
        Some((id, position))
    })?;
    let mut seen = BTreeSet::new();
    let mut todo = vec![(start, position + 1)];
    let mut exits = Vec::new();
    while let Some((id, from)) = todo.pop() {
        let block = graph.block(id);
        if block.events.iter().skip(from).any(&event_receives) {
            continue;
        }
        match &block.end {
            End::Return(stmt) if !receives_in(tree.stmt(*stmt).span) => {
                exits.push(tree.stmt(*stmt).span)
            }
            End::Fall => exits.extend(closing_brace(function, root)),
            end if loop_begins(end) => {}
            End::Branch { cond, .. } if receives_in(tree.expr(*cond).span) => {}
            End::Branch { cond, .. } if knows_of_receive(*cond) => {}
            End::Compare { tag, .. } if receives_in(tree.expr(*tag).span) => {}
            end => {
                for next in end.targets() {
                    if seen.insert(next) {
                        todo.push((next, 0));
                    }
                }
            }
        }
    }
    exits.into_iter().min()
}

/// What is published of a blocked goroutine.
pub(crate) fn described(
    module: &Module<'_>,
    function: &Function,
    file: &SourceFile,
    blocked: &Blocked,
    heat: Heat,
) -> (Acquisition, Option<Finding>) {
    let tree = function.tree();
    let at = location(module, file, tree.stmt(blocked.go).span);
    let harm = Harm {
        goroutines: true,
        memory: true,
        ..Harm::default()
    };
    let resource = Resource {
        type_name: "goroutine".to_owned(),
        acquired_by: "go".to_owned(),
        release: match blocked.wait {
            Wait::Receive => format!("receive from {}", blocked.channel),
            Wait::Close => format!("close({})", blocked.channel),
        },
        variable: Some(blocked.channel.clone()),
        contract_from: ContractSource::Source,
        harm,
        cost: "1 goroutine, its stack, and all that it can reach".to_owned(),
    };

    let path = vec![
        Step {
            location: location(module, file, one_line(file, blocked.waits)),
            note: match blocked.wait {
                Wait::Receive => format!("sends on {}, which has no room", blocked.channel),
                Wait::Close => format!("ranges over {}", blocked.channel),
            },
        },
        Step {
            location: location(module, file, one_line(file, blocked.leaves)),
            note: match blocked.wait {
                Wait::Receive => format!("leaves senders on {} behind", blocked.channel),
                Wait::Close => format!("ends without closing {}", blocked.channel),
            },
        },
    ];
    let in_loop = function.in_loop(blocked.go);
    let symbol = symbol_of(module.program, &function.typed, blocked.root);
    let acquisition = Acquisition {
        location: at.clone(),
        resource: resource.clone(),
        rule: RULE,
        function: symbol.clone(),
        heat,
        in_loop,
        outcome: Outcome::Owed(path.clone()),
    };
    let finding = Finding {
        rule: RULE,
        severity: severity(harm, heat, in_loop),
        confidence: Confidence::Certain,
        message: match blocked.wait {
            Wait::Receive => {
                format!(
                    "goroutine blocks for ever on {} <- when nobody receives",
                    blocked.channel
                )
            }
            Wait::Close => {
                format!(
                    "goroutine ranges for ever over {}, which nobody closes",
                    blocked.channel
                )
            }
        },
        identity: crate::fingerprint::identity(module, function, RULE, "go", &blocked.channel),
        fingerprint: String::new(),
        location: at,
        resource,
        path,
        function: symbol,
        heat,
        fix: FixTemplate {
            // The release of a blocked send is room for it: the channel's `make` gets a capacity.
            release: ReleaseCall::default(),
            held: Held::Place(blocked.channel.clone()),
            error_variable: None,
            statement: byte_span(blocked.made),
            after: byte_span(blocked.made),
            body: function
                .graph(blocked.root)
                .map(|graph| byte_span(tree.stmt(graph.body).span))
                .unwrap_or_default(),
            in_loop: !blocked.single_send,
            test_variable: None,
            losing_exits: vec![crate::finding::Exit {
                span: byte_span(blocked.leaves),
                kind: ExitKind::End,
                with_error: false,
            }],
            handed_on: false,
            releases: Vec::new(),
            obstacles: match blocked.wait {
                Wait::Receive => Vec::new(),
                Wait::Close => vec![Obstacle {
                    span: byte_span(blocked.waits),
                    why: "who closes the channel is for its senders to decide".to_owned(),
                }],
            },
        },
    };
    (acquisition, Some(finding))
}

/// The first line of a place.
fn one_line(file: &SourceFile, span: Span) -> Span {
    let text = span.of(&file.bytes);
    let len = text
        .iter()
        .position(|byte| *byte == b'\n')
        .unwrap_or(text.len());
    Span::new(span.start, span.start + u32::try_from(len).unwrap_or(0))
}
