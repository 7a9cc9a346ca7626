//! Values that are written out and hold something from their first use on: `&http.Transport{}`.

use std::sync::Arc;

use caulk_program::BodyOwner;
use caulk_syntax::{Descend, ExprId, ExprKind, Node, StmtKind, UnaryOp};

use super::Site;
use crate::body::Function;
use crate::module::Module;

/// Those of a body of which the catalogue says that they acquire. What a variable of a package holds lasts as long as the process.
pub(super) fn sites(module: &Module<'_>, function: &Function) -> Vec<Site> {
    if matches!(function.typed.owner, BodyOwner::Initializer(..)) {
        return Vec::new();
    }
    let literals = function.tree().composite_literals();
    literals
        .filter_map(|literal| site(module, function, literal))
        .collect()
}

fn site(module: &Module<'_>, function: &Function, literal: ExprId) -> Option<Site> {
    let named = module.program.named_of(function.info().type_of(literal))?;
    let contract = module
        .catalogue
        .contract_of_value(&named.package, &named.name)?;
    let value = address_of(function, literal);
    if contract
        .nothing_with
        .iter()
        .any(|field| sets(function, literal, value, field))
    {
        return None;
    }
    Some(Site {
        call: value,
        result: 0,
        results: 1,
        error: None,
        release: Arc::new(contract.release.clone()),
        contract: Arc::new(contract.clone()),
        root: function.root_of(value),
        acquired_by: format!("{}{{}}", named.full_name()),
        type_name: named.full_name(),
        argument: None,
    })
}

/// `&T{}`, where a literal stands in one.
fn address_of(function: &Function, literal: ExprId) -> ExprId {
    let address = function.parent(literal).and_then(|parent| match parent {
        Node::Expr(expr) => Some(expr),
        Node::Stmt(_) => None,
    });
    let is_address = |expr: &ExprId| {
        let op = UnaryOp::Address;
        matches!(function.tree().expr(*expr).kind, ExprKind::Unary { op: is, .. } if is == op)
    };
    address.filter(is_address).unwrap_or(literal)
}

/// Whether a field is set where the value is written out, or later through its variable.
fn sets(function: &Function, literal: ExprId, value: ExprId, field: &str) -> bool {
    let tree = function.tree();
    let ExprKind::CompositeLit { elts, .. } = tree.expr(literal).kind else {
        return false;
    };
    let names = |key: ExprId| matches!(tree.expr(key).kind, ExprKind::Ident(name) if tree.name(name) == field);
    let here = tree
        .exprs(elts)
        .iter()
        .any(|elt| matches!(tree.expr(*elt).kind, ExprKind::KeyValue { key, .. } if names(key)));
    here || function
        .target(value, 0)
        .and_then(|target| function.local(target))
        .is_some_and(|variable| {
            let Some(graph) = function.graph(None) else {
                return false;
            };
            let mut later = false;
            tree.walk(graph.body, |node| {
                if let Node::Stmt(stmt) = node
                    && let StmtKind::Assign { lhs, .. } = tree.stmt(stmt).kind
                {
                    later |= tree.exprs(lhs).iter().any(|target| {
                        matches!(tree.expr(*target).kind, ExprKind::Selector { x, sel }
                            if tree.name(sel) == field && function.local(x) == Some(variable))
                    });
                }
                Descend::Into
            });
            later
        })
}
