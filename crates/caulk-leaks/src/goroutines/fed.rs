//! Workers of a value that wait for what the function sends which starts them: when that returns there is no more, and where
//! nobody closes the channel they wait for ever.

use caulk_flow::Graph;
use caulk_program::BodyOwner;
use caulk_syntax::{Descend, ExprId, ExprKind, Node, Span, StmtId, StmtKind, UnaryOp};
use smol_str::SmolStr;

use super::Run;
use super::endless::{self, looped};
use crate::body::Function;
use crate::channels::made::is_alone;
use crate::channels::places::kept_channel;
use crate::inference::filled::own_field;
use crate::module::Module;

/// The first line of the loop in which a goroutine waits for what its starter sends on a channel of the same value, and nobody
/// else does: that with a head, or any that each round begins by waiting in.
pub(super) fn by_starter(
    module: &Module<'_>,
    starter: &Function,
    run: &Run,
    head: Option<Span>,
) -> Option<Span> {
    let receiver = starter.info().receiver()?;
    if !run.has.contains(&receiver) || !starter.graph(None).is_some_and(Graph::returns) {
        return None;
    }
    let body = run.body(module, starter);
    let (function, root) = (body.function, body.root);
    let round = match head {
        Some(head) => looped(module, function, head)?,
        None => {
            let all = function.tree().block(function.graph(root)?.body).iter();
            let mut all = all.copied();
            all.find(|stmt| function.tree().is_endless_loop(*stmt))?
        }
    };
    let field = received(module, function, round)?;
    let own = starter.id()?;
    let sends = |function: &Function| sends_on(module, function, &field);
    let others = module.program.owners(starter.package).into_iter();
    let mut others = others.filter(|owner| *owner != BodyOwner::Func(own));
    let mut alone =
        || others.all(|owner| module.function(owner).is_none_or(|other| !sends(&other)));
    (sends(starter) && alone()).then(|| endless::head(function, round))
}

/// The field of the receiver that each round of a loop receives from, where nobody closes that.
fn received(module: &Module<'_>, function: &Function, round: StmtId) -> Option<SmolStr> {
    let tree = function.tree();
    let channel = match tree.stmt(round).kind {
        StmtKind::Range { x, .. } => x,
        StmtKind::For { body, .. } => {
            let first = *tree.block(body).first()?;
            first_receive(function, first)?
        }
        _ => return None,
    };
    let field = own_field(function, channel)?;
    let kept = kept_channel(module, function, channel)?;
    kept.uses.is_never_closed().then_some(field)
}

/// What a statement receives from by itself.
fn first_receive(function: &Function, stmt: StmtId) -> Option<ExprId> {
    let tree = function.tree();
    let mut found = None;
    tree.walk(stmt, |node| {
        if let Node::Expr(expr) = node {
            match tree.expr(expr).kind {
                ExprKind::FuncLit { .. } => return Descend::Skip,
                ExprKind::Unary {
                    op: UnaryOp::Receive,
                    x,
                } if is_alone(function, node) => {
                    found.get_or_insert(x);
                }
                _ => {}
            }
        }
        Descend::Into
    });
    found
}

/// Whether a function, or a literal in it, sends on a field of its receiver.
fn sends_on(module: &Module<'_>, function: &Function, field: &str) -> bool {
    let tree = function.tree();
    let mut sends = false;
    for root in caulk_flow::roots(module.program, &function.typed) {
        tree.walk(root, |node| {
            if let Node::Stmt(stmt) = node
                && let StmtKind::Send { chan, .. } = tree.stmt(stmt).kind
            {
                sends |= own_field(function, chan).as_deref() == Some(field);
            }
            Descend::Into
        });
    }
    sends
}
