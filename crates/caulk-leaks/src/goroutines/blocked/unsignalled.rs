//! Goroutines that wait for a channel in a field on which nothing is ever sent, and which nothing closes.

use caulk_syntax::{Descend, ExprKind, Node, StmtKind, UnaryOp};

use super::{Blocked, Wait};
use crate::body::Function;
use crate::channels::made::{is_alone, span_of};
use crate::channels::places::kept_channel;
use crate::goroutines::{Body, Run};
use crate::module::Module;

/// The goroutines that a body starts of this kind.
pub(super) fn unsignalled(module: &Module<'_>, function: &Function) -> Vec<Blocked> {
    let starts = function.starts(module.program).iter().copied();
    starts
        .filter_map(|(stmt, call)| {
            let run = Run::in_package(module, function, call)?;
            let body = run.body(module, function);
            let (node, channel) = waits(&body)?;
            let blocked = Blocked::new(function, stmt, Wait::Unsignalled, channel);
            Some(match run.callee {
                Some(_) => blocked,
                None => Blocked {
                    waits: span_of(function, node),
                    made: span_of(function, node),
                    ..blocked
                },
            })
        })
        .collect()
}

/// The receive of a body that nothing ever ends, with the channel's name.
fn waits(body: &Body<'_>) -> Option<(Node, String)> {
    let function = body.function;
    let tree = function.tree();
    let mut found = None;
    tree.walk(function.graph(body.root)?.body, |node| {
        if let Node::Expr(expr) = node {
            match tree.expr(expr).kind {
                ExprKind::FuncLit { .. } => return Descend::Skip,
                ExprKind::Unary {
                    op: UnaryOp::Receive,
                    x,
                } if found.is_none() && is_alone(function, node) => {
                    found = kept_channel(body.module, function, x)
                        .filter(|channel| channel.uses.is_dead())
                        .map(|channel| (node, channel.name));
                }
                _ => {}
            }
        }
        if let Node::Stmt(stmt) = node
            && let StmtKind::Go(_) = tree.stmt(stmt).kind
        {
            return Descend::Skip;
        }
        Descend::Into
    });
    found
}
