//! The read end of a pipe in memory: whoever writes to the other end waits until somebody has read all of it, or closes it. It is
//! owed by who makes the pipe, and by who gets the end from a function that starts a goroutine which writes.

use std::sync::Arc;

use caulk_program::{FuncId, LocalId};
use caulk_syntax::{Descend, ExprId, ExprKind, Node, Span, StmtId, StmtKind};

use crate::body::runs::{HowRun, Pair, how_run, pairs};
use crate::body::{Function, Root};
use crate::contract::{Contract, ErrorAt, Origin, Release, is_release_name};
use crate::engine::Outcomes;
use crate::finding::{Confidence, Harm, Step};
use crate::module::Module;
use crate::place::location;
use crate::sites::Site;

/// What the caller of a function owes for a result that is such an end.
pub(crate) fn contract(
    module: &Module<'_>,
    function: &Function,
    result: usize,
) -> Option<Contract> {
    let id = function.id()?;
    let ty = function
        .info()
        .local_info(*function.results(None).get(result)?)?
        .ty;
    if !module.program.has_method(ty, "Close") {
        return None;
    }
    let returned = crate::inference::started::returned_locals(function, result);
    let ends = pipes(function);
    let (_, writer) = ends
        .into_iter()
        .map(|(_, ends)| ends)
        .find(|(reader, _)| returned.contains(reader))?;
    if !is_written_by_a_goroutine(function, writer) {
        return None;
    }
    let release = Release {
        returns_error: true,
        ..Release::any_of(["Close", "CloseWithError"])
    };
    Some(Contract {
        rule: crate::rules::static_name("unclosed-reader"),
        spent_when_read: true,
        harm: Harm {
            goroutines: true,
            memory: true,
            ..Harm::default()
        },
        cost: "1 goroutine that writes, and all that it can reach, until all is read".to_owned(),
        ..Contract::of(release, Confidence::Likely, origin(module, id))
    })
}

/// What is owed for the read end of a pipe: whoever writes to the other end waits until all is read, or until one end is closed.
pub(crate) fn read_end(module: &Module<'_>, function: &Function, call: ExprId) -> Option<Contract> {
    let (_, (_, writer)) = pipes(function)
        .into_iter()
        .find(|(pipe, _)| *pipe == call)
        .filter(|_| !crate::in_test::is_in_test(module, function))?;
    let mentions = function.mentions(module.program, writer);
    let writes = writes(function, &mentions);
    if writes.is_empty() || is_closed_by_another(module, function, &mentions) {
        return None;
    }
    let file = caulk_flow::file_of(module.program, function.typed.owner)?;
    let steps = writes.first().map(|write| Step {
        location: location(module.program, file, function.tree().expr(*write).span),
        note: "writes to the other end".to_owned(),
    });
    let release = Release {
        returns_error: true,
        with_error: Some("CloseWithError".to_owned()),
        ..Release::any_of(["Close", "CloseWithError"])
    };
    Some(Contract {
        rule: crate::rules::static_name("unclosed-pipe"),
        type_name: "io.PipeReader".to_owned(),
        error: ErrorAt::Never,
        spent_when_read: true,
        writer_waits: true,
        harm: Harm {
            goroutines: true,
            memory: true,
            ..Harm::default()
        },
        cost: "1 goroutine that writes for ever, and all that it can reach".to_owned(),
        ..Contract::of(
            release,
            Confidence::Likely,
            Origin::Source(steps.into_iter().collect()),
        )
    })
}

/// Keeps of the paths that lose a read end those on which somebody is left to wait: it was not read to its end, and somebody else
/// has begun to write, or is given what to write to.
pub(crate) fn keep_waited_for(
    module: &Module<'_>,
    function: &Function,
    site: &Site,
    outcomes: &mut Outcomes,
) {
    let pipes = pipes(function);
    let Some((_, (_, writer))) = pipes.into_iter().find(|(pipe, _)| *pipe == site.call) else {
        return;
    };
    let mentions = function.mentions(module.program, writer);
    let maker = actor(module, function, site.root);
    let start = |expr: ExprId| function.tree().expr(expr).span.start;
    outcomes.owed.retain(|lost| {
        let leaver = actor(module, function, literal_at(function, lost.span));
        let is_by_leaver =
            |mention: ExprId| actor(module, function, function.root_of(mention)) == leaver;
        let closes_too = |mention: &ExprId| closes(function, *mention) && is_by_leaver(*mention);
        let writes_apart = |write: &ExprId| {
            let failed =
                |(cond, truth): &(Span, bool)| *truth && says_it_failed(function, *write, *cond);
            let apart = !is_by_leaver(*write)
                || hands_on(module, function, *write) && !lost.turns.iter().any(failed);
            apart && (leaver != maker || start(*write) < lost.span.start)
        };
        !lost.drained
            && !mentions.iter().any(closes_too)
            && writes(function, &mentions).iter().any(writes_apart)
    });
    if !outcomes.owed.is_empty() && outcomes.viewed.is_some() {
        outcomes.owed.clear();
        outcomes.unknown = Some((Arc::from("what reads from it is returned"), Span::default()));
    }
}

/// Whether a mention of a write end gives it to what may write later: a goroutine, a field, what wraps it.
fn hands_on(module: &Module<'_>, function: &Function, mention: ExprId) -> bool {
    let (tree, program) = (function.tree(), module.program);
    let Some(Node::Expr(parent)) = function.parent(mention) else {
        return true;
    };
    match tree.expr(parent).kind {
        ExprKind::KeyValue { .. } | ExprKind::CompositeLit { .. } => true,
        ExprKind::Call { .. } => {
            let is_started = matches!(function.parent(parent), Some(Node::Stmt(stmt))
                if matches!(tree.stmt(stmt).kind, StmtKind::Go(_)));
            let results = program.results_of(function.info().type_of(parent));
            is_started
                || results
                    .into_iter()
                    .any(|ty| crate::types::can_be_bound(program, ty))
        }
        _ => false,
    }
}

/// Whether a condition says that the call which is passed a mention has failed, and so has kept nothing: the next that is asked.
fn says_it_failed(function: &Function, mention: ExprId, cond: Span) -> bool {
    let tree = function.tree();
    let asks = |stmt: StmtId| {
        matches!(tree.stmt(stmt).kind, StmtKind::If { cond: asked, .. }
            if tree.expr(asked).span == cond)
    };
    let Some(stmt) = function.statement(mention) else {
        return false;
    };
    let Some(Node::Stmt(around)) = function.parent(stmt) else {
        return false;
    };
    match tree.stmt(around).kind {
        StmtKind::Block(block) => {
            let mut next = tree.stmts(block.stmts).iter();
            next.find(|one| **one == stmt);
            next.next().is_some_and(|next| asks(*next))
        }
        _ => asks(around),
    }
}

/// The innermost literal around a place.
fn literal_at(function: &Function, span: Span) -> Root {
    let tree = function.tree();
    let literals = function.info().literals();
    literals
        .iter()
        .map(|literal| literal.expr)
        .filter(|literal| tree.expr(*literal).span.encloses(span))
        .max_by_key(|literal| tree.expr(*literal).span.start)
}

/// The mentions of a write end that do more than close it: it is written to, or handed on.
fn writes(function: &Function, mentions: &[ExprId]) -> Vec<ExprId> {
    let mut writes = mentions.to_vec();
    writes.retain(|mention| !closes(function, *mention));
    writes
}

/// `w.Close()`, `w.CloseWithError(err)`.
fn closes(function: &Function, mention: ExprId) -> bool {
    let tree = function.tree();
    matches!(function.parent(mention), Some(Node::Expr(parent))
        if matches!(tree.expr(parent).kind, ExprKind::Selector { sel, .. }
            if is_release_name(tree.name(sel)) || tree.name(sel) == "CloseWithError"))
}

/// Whether somebody closes the write end who does not write to it, and so does not wait: the function around a goroutine.
fn is_closed_by_another(module: &Module<'_>, function: &Function, mentions: &[ExprId]) -> bool {
    let actor = |mention: &ExprId| actor(module, function, function.root_of(*mention));
    let writers: Vec<Root> = writes(function, mentions).iter().map(actor).collect();
    let mut closing = mentions
        .iter()
        .filter(|mention| closes(function, **mention));
    closing.any(|mention| !writers.contains(&actor(mention)))
}

/// The literal that runs on its own and is this one, or holds it; none for the function itself.
fn actor(module: &Module<'_>, function: &Function, root: Root) -> Root {
    let mut literal = root?;
    loop {
        literal = match how_run(module, function, literal) {
            Some(HowRun::Deferred(stmt)) => function.root_of(stmt)?,
            Some(HowRun::Here) => function.root_of(literal)?,
            Some(HowRun::At(call)) => function.root_of(call)?,
            _ => return Some(literal),
        };
    }
}

/// The calls that make a pipe, each with the variables that get its two ends.
fn pipes(function: &Function) -> Vec<(ExprId, (LocalId, LocalId))> {
    let of_pipe = |pair: &Pair| {
        let func = function.callee(pair.call).func();
        func.is_some_and(|func| &*func.name == "io.Pipe")
    };
    let pipes = pairs(function).into_iter().filter(of_pipe);
    pipes
        .map(|pair| (pair.call, (pair.first, pair.second)))
        .collect()
}

fn is_written_by_a_goroutine(function: &Function, writer: LocalId) -> bool {
    let tree = function.tree();
    let mut found = false;
    let Some(graph) = function.graph(None) else {
        return false;
    };
    tree.walk(graph.body, |node| {
        if let Node::Stmt(stmt) = node
            && let StmtKind::Go(call) = tree.stmt(stmt).kind
        {
            tree.walk(call, |node| {
                found |= matches!(node, Node::Expr(expr)
                    if function.info().local(expr) == Some(writer));
                Descend::Into
            });
        }
        Descend::Into
    });
    found
}

fn origin(module: &Module<'_>, id: FuncId) -> Origin {
    let name = module.program.func(id).map(|func| func.name.to_string());
    let step = crate::inference::owned::declared_at(module, id).map(|location| Step {
        location,
        note: format!("{} writes to it in a goroutine", name.unwrap_or_default()),
    });
    Origin::Source(step.into_iter().collect())
}
