//! Goroutines that wait for a channel in a field on which nothing is ever sent, and which nothing closes.

use std::sync::Arc;

use caulk_program::{BodyOwner, Callee};
use caulk_syntax::{Descend, ExprKind, Node, StmtKind, UnaryOp};

use super::{Blocked, Wait};
use crate::engine::{Function, Root};
use crate::inference::channel::{is_alone, span_of};
use crate::inference::field_channels::field_channel;
use crate::module::Module;

/// The goroutines that a body starts of this kind.
pub(super) fn unsignalled(module: &Module<'_>, function: &Function) -> Vec<Blocked> {
    let starts = crate::goroutines::starts(module, function).into_iter();
    starts
        .filter_map(|(stmt, call)| {
            let (callee, root): (Option<Arc<Function>>, Root) = match function.callee(call) {
                Callee::Literal(literal) => (None, Some(*literal)),
                Callee::Method { func, .. } => {
                    let id = func.id.filter(|id| module.is_own(*id))?;
                    (Some(module.function(BodyOwner::Func(id))?), None)
                }
                _ => return None,
            };
            let body = callee.as_deref().unwrap_or(function);
            if body.package != function.package {
                return None;
            }
            let (node, channel) = waits(module, body, root)?;
            let begun = function.tree().stmt(stmt).span;
            let (waits, made) = match callee {
                Some(_) => (begun, begun),
                None => (span_of(function, node), span_of(function, node)),
            };
            Some(Blocked {
                go: stmt.into(),
                started: None,
                waits,
                wait: Wait::Unsignalled,
                channel,
                made,
                leaves: begun,
                single_send: false,
                may_serve: false,
            })
        })
        .collect()
}

/// The receive of a body that nothing ever ends, with the channel's name.
fn waits(module: &Module<'_>, function: &Function, root: Root) -> Option<(Node, String)> {
    let tree = function.tree();
    let mut found = None;
    tree.walk(function.graph(root)?.body, |node| {
        if let Node::Expr(expr) = node {
            match tree.expr(expr).kind {
                ExprKind::FuncLit { .. } => return Descend::Skip,
                ExprKind::Unary {
                    op: UnaryOp::Receive,
                    x,
                } if found.is_none() && is_alone(function, node) => {
                    found = field_channel(module, function, x)
                        .filter(|channel| channel.is_dead())
                        .and_then(|channel| {
                            let of = function.info().local_info(channel.of)?;
                            Some((node, format!("{}.{}", of.name, channel.name)))
                        });
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
