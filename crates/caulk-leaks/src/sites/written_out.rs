//! Values that are written out and hold something from their first use on: `&http.Transport{}`.

use std::sync::Arc;

use caulk_program::{BodyOwner, NamedDecl, Program, TypedBody};
use caulk_syntax::{Descend, ExprId, ExprKind, Node, StmtKind, Tree, UnaryOp};

use super::Site;
use crate::body::Function;
use crate::catalogue::Catalogue;
use crate::contract::Contract;
use crate::module::Module;

/// Whether a body writes out a value that acquires by the catalogue. What a variable of a package holds lasts as long as the process.
pub(crate) fn acquires(program: &Program, catalogue: &Catalogue, body: &TypedBody) -> bool {
    values(program, catalogue, body).next().is_some()
}

/// The values that a body writes out and that acquire.
pub(super) fn sites(module: &Module<'_>, function: &Function) -> Vec<Site> {
    values(module.program, module.catalogue, &function.typed)
        .filter_map(|(literal, named, contract)| {
            site(module.program, function, literal, named, contract)
        })
        .collect()
}

fn values<'a>(
    program: &'a Program,
    catalogue: &'a Catalogue,
    body: &'a TypedBody,
) -> impl Iterator<Item = (ExprId, &'a NamedDecl, &'a Contract)> {
    let is_function = matches!(body.owner, BodyOwner::Func(_));
    let tree = Some(body.tree()).filter(|_| is_function);
    let literals = tree.into_iter().flat_map(Tree::composite_literals);
    literals.filter_map(|literal| {
        let named = program.named_of(body.info.type_of(literal))?;
        let contract = catalogue.contract_of_value(&named.package, &named.name)?;
        Some((literal, named, contract))
    })
}

fn site(
    program: &Program,
    function: &Function,
    literal: ExprId,
    named: &NamedDecl,
    contract: &Contract,
) -> Option<Site> {
    let value = address_of(function, literal);
    if contract
        .nothing_with
        .iter()
        .any(|field| sets(program, function, literal, value, field))
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

/// Whether a field is set where the value is written out, or later through its variable; `Request.Close` is that field of whatever
/// has a type of that name.
fn sets(
    program: &Program,
    function: &Function,
    literal: ExprId,
    value: ExprId,
    field: &str,
) -> bool {
    let tree = function.tree();
    let ExprKind::CompositeLit { elts, .. } = tree.expr(literal).kind else {
        return false;
    };
    let is_key = |elt: &ExprId| match tree.expr(*elt).kind {
        ExprKind::KeyValue { key, .. } => {
            matches!(tree.expr(key).kind, ExprKind::Ident(name) if tree.name(name) == field)
        }
        _ => false,
    };
    if tree.exprs(elts).iter().any(is_key) {
        return true;
    }
    let variable = function.target(value, 0);
    let variable = variable.and_then(|target| function.local(target));
    let (of, field) = match field.split_once('.') {
        Some((of, field)) => (Some(of), field),
        None => (None, field),
    };
    let is_of = |x: ExprId| match of {
        Some(of) => {
            let named = program.named_of(function.info().type_of(x));
            named.is_some_and(|named| &*named.name == of)
        }
        None => variable.is_some() && function.local(x) == variable,
    };
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
                    if tree.name(sel) == field && is_of(x))
            });
        }
        Descend::Into
    });
    later
}
