//! Goroutines that can block for ever on a send that nobody receives.

use caulk_flow::symbol_of;
use caulk_program::{Builtin, Callee, LocalId, SourceFile, Type};
use caulk_syntax::{Descend, ExprId, ExprKind, Node, Span, StmtId, StmtKind, UnaryOp};

use crate::engine::{Function, Root};
use crate::finding::{
    Acquisition, Confidence, ContractSource, ExitKind, Finding, FixTemplate, Harm, Heat, Held,
    Outcome, ReleaseCall, Resource, Step,
};
use crate::module::Module;
use crate::report::{byte_span, location, severity};

const RULE: &str = "blocked-goroutine";

/// A goroutine that sends on a channel which its starter can stop receiving from.
#[derive(Debug, Clone)]
pub(crate) struct Blocked {
    /// The `go` statement.
    pub go: StmtId,
    /// The send that blocks.
    pub send: StmtId,
    /// The channel's variable and where it is made.
    pub channel: String,
    pub made: Span,
    /// The case that leaves without receiving.
    pub leaves: Span,
    /// Whether one element of room would let every send go through.
    pub single_send: bool,
    pub root: Root,
}

/// The goroutines of a body that can block.
pub(crate) fn goroutines(module: &Module<'_>, function: &Function) -> Vec<Blocked> {
    let tree = function.tree();
    let mut found = Vec::new();
    for root in caulk_flow::roots(module.program, &function.typed) {
        tree.walk(root, |node| {
            if let Node::Stmt(stmt) = node
                && let StmtKind::Go(call) = tree.stmt(stmt).kind
            {
                found.extend(blocked(module, function, stmt, call));
            }
            Descend::Into
        });
    }
    found
}

fn blocked(module: &Module<'_>, function: &Function, go: StmtId, call: ExprId) -> Option<Blocked> {
    let tree = function.tree();
    let Callee::Literal(literal) = function.callee(caulk_flow::unparen(tree, call)) else {
        return None;
    };
    let ExprKind::FuncLit { body, .. } = tree.expr(*literal).kind else {
        return None;
    };
    let root = function.root_of(go);
    let (send, channel) = plain_send(function, body, *literal)?;
    let made = unbuffered(module, function, root, channel)?;
    let uses = uses(function, root, *literal, channel)?;
    // Someone who receives in another way cannot be seen to stop.
    let leaves = match uses.as_slice() {
        [
            Use::Select {
                leaves: Some(leaves),
            },
        ] => *leaves,
        _ => return None,
    };
    let single_send =
        sends(function, body, channel) == 1 && !function.in_loop(send) && !function.in_loop(go);
    let name = function.info().local_info(channel)?.name.to_string();
    Some(Blocked {
        go,
        send,
        channel: name,
        made,
        leaves,
        single_send,
        root,
    })
}

/// A send on a variable of the starter, outside of any `select`.
fn plain_send(function: &Function, body: StmtId, literal: ExprId) -> Option<(StmtId, LocalId)> {
    let tree = function.tree();
    let mut found = None;
    tree.walk(body, |node| {
        if let Node::Stmt(stmt) = node
            && let StmtKind::Send { chan, .. } = tree.stmt(stmt).kind
            && found.is_none()
            && !matches!(function.parent(stmt), Some(Node::Stmt(parent)) if matches!(tree.stmt(parent).kind, StmtKind::Comm { comm, .. } if comm == Some(stmt)))
            && let Some(local) = function.local(chan)
            && function.info().local_info(local).is_some_and(|local| local.function != Some(literal))
        {
            found = Some((stmt, local));
        }
        match node {
            Node::Expr(expr) if matches!(tree.expr(expr).kind, ExprKind::FuncLit { .. }) => Descend::Skip,
            _ => Descend::Into,
        }
    });
    found
}

fn sends(function: &Function, body: StmtId, channel: LocalId) -> usize {
    let tree = function.tree();
    let mut count = 0;
    tree.walk(body, |node| {
        if let Node::Stmt(stmt) = node
            && let StmtKind::Send { chan, .. } = tree.stmt(stmt).kind
            && function.local(chan) == Some(channel)
        {
            count += 1;
        }
        Descend::Into
    });
    count
}

/// Where the channel is made without room, in the function that starts the goroutine.
fn unbuffered(
    module: &Module<'_>,
    function: &Function,
    root: Root,
    channel: LocalId,
) -> Option<Span> {
    let tree = function.tree();
    let info = function.info().local_info(channel)?;
    if info.function != root || !matches!(module.program.ty(info.ty), Type::Chan(..)) {
        return None;
    }
    let mut made = None;
    let mut assigned = 0;
    let body = function.graph(root)?.body;
    tree.walk(body, |node| {
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
                && args.len() == 1
            {
                made = Some(tree.expr(*value).span);
            }
        }
        Descend::Into
    });
    made.filter(|_| assigned == 1)
}

/// How the starter uses the channel.
enum Use {
    /// A receive in a `select`; where another case leaves the function or the loop, its place.
    Select { leaves: Option<Span> },
}

/// Every use of the channel outside of the goroutine; none where one is not understood.
fn uses(function: &Function, root: Root, goroutine: ExprId, channel: LocalId) -> Option<Vec<Use>> {
    let tree = function.tree();
    let body = function.graph(root)?.body;
    let mut uses = Some(Vec::new());
    tree.walk(body, |node| {
        if node == Node::Expr(goroutine) {
            return Descend::Skip;
        }
        if let Node::Expr(expr) = node
            && matches!(tree.expr(expr).kind, ExprKind::Ident(_))
            && function.info().local(expr) == Some(channel)
            && !is_assigned(function, expr)
        {
            let found = use_of(function, root, expr);
            uses = uses.take().and_then(|mut uses: Vec<Use>| {
                uses.push(found?);
                Some(uses)
            });
        }
        Descend::Into
    });
    uses
}

/// Whether the expression stands on the left of the one assignment that makes the channel.
fn is_assigned(function: &Function, expr: ExprId) -> bool {
    let tree = function.tree();
    matches!(function.parent(expr), Some(Node::Stmt(stmt))
        if matches!(tree.stmt(stmt).kind, StmtKind::Assign { lhs, .. } if tree.exprs(lhs).contains(&expr)))
}

fn use_of(function: &Function, root: Root, channel: ExprId) -> Option<Use> {
    let tree = function.tree();
    let Node::Expr(receive) = function.parent(channel)? else {
        return None;
    };
    if !matches!(
        tree.expr(receive).kind,
        ExprKind::Unary {
            op: UnaryOp::Receive,
            ..
        }
    ) || function.root_of(receive) != root
    {
        return None;
    }
    let Node::Stmt(comm) = function.parent(receive)? else {
        return None;
    };
    let Node::Stmt(clause) = function.parent(comm)? else {
        return None;
    };
    if !matches!(tree.stmt(clause).kind, StmtKind::Comm { comm: Some(c), .. } if c == comm) {
        return None;
    }
    // A select that comes round again receives later.
    if function.in_loop(clause) {
        return None;
    }
    let Node::Stmt(block) = function.parent(clause)? else {
        return None;
    };
    let StmtKind::Block(block) = tree.stmt(block).kind else {
        return None;
    };
    let other = tree
        .stmts(block.stmts)
        .iter()
        .copied()
        .find(|other| *other != clause)?;
    Some(Use::Select {
        leaves: Some(tree.stmt(other).span),
    })
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
        release: format!("receive from {}", blocked.channel),
        variable: Some(blocked.channel.clone()),
        contract_from: ContractSource::Source,
        harm,
        cost: "1 goroutine, its stack, and all that it can reach".to_owned(),
    };
    let clause = Span::new(blocked.leaves.start, first_line_end(file, blocked.leaves));
    let path = vec![
        Step {
            location: location(module, file, tree.stmt(blocked.send).span),
            note: format!("sends on {}, which has no room", blocked.channel),
        },
        Step {
            location: location(module, file, clause),
            note: format!("goes on without receiving from {}", blocked.channel),
        },
    ];
    let in_loop = function.in_loop(blocked.go);
    let symbol = symbol_of(module.program, &function.typed, blocked.root);
    let declared = symbol_of(module.program, &function.typed, None);
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
        message: format!(
            "goroutine blocks for ever on {} <- when nobody receives",
            blocked.channel
        ),
        fingerprint: [RULE, &at.file, &declared, "go", &blocked.channel].join("\0"),
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
            obstacles: Vec::new(),
        },
    };
    (acquisition, Some(finding))
}

fn first_line_end(file: &SourceFile, span: Span) -> u32 {
    let text = span.of(&file.bytes);
    let len = text
        .iter()
        .position(|byte| *byte == b'\n')
        .unwrap_or(text.len());
    span.start + u32::try_from(len).unwrap_or(0)
}
