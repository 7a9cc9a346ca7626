//! What is put into fields where values of their types are made: one that each literal with anything in it gives something is
//! not nil, whatever else is asked of it.

use std::collections::BTreeSet;

use caulk_program::{Builtin, Callee, LocalId, LocalKind, Object, Program, TypedBody};
use caulk_syntax::{Descend, ExprId, ExprKind, Node, SpecKind, StmtId, StmtKind, UnaryOp};
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

/// The fields of a type that each literal gives something that is not nil, and those that something sets to nil.
#[derive(Debug, Default, Clone, Serialize, Deserialize)]
pub(super) struct Given {
    /// In order.
    by_all: Option<Box<[SmolStr]>>,
    emptied: BTreeSet<SmolStr>,
}

impl Given {
    pub fn add(&mut self, other: Given) {
        self.by_all = match (self.by_all.take(), other.by_all) {
            (Some(these), Some(those)) => {
                let mut both = these.into_vec();
                both.retain(|field| those.binary_search(field).is_ok());
                Some(both.into())
            }
            (these, those) => these.or(those),
        };
        self.emptied.extend(other.emptied);
    }

    /// Whether all that make a value of the type give a field something, and nothing takes it away.
    pub fn is_always(&self, field: &str) -> bool {
        let by_all = self.by_all.as_ref();
        by_all.is_some_and(|given| given.iter().any(|known| known == field))
            && !self.emptied.contains(field)
    }
}

/// What a literal of a struct of the body's own package gives its fields, by the full name of its type. An empty one stands for
/// nothing, or is filled later.
pub(super) fn by_literal(
    program: &Program,
    body: &TypedBody,
    expr: ExprId,
    begins_empty: &dyn Fn(LocalId) -> bool,
) -> Option<(String, Given)> {
    let tree = body.tree();
    let ExprKind::CompositeLit { elts, .. } = tree.expr(expr).kind else {
        return None;
    };
    let elements = tree.exprs(elts);
    let ty = body.info.type_of(expr);
    let of = program.named_of(ty).filter(|_| !elements.is_empty())?;
    if *of.package != *program.package(caulk_flow::package_of(&body.owner)).path() {
        return None;
    }
    let fields = program.struct_fields(ty);
    let given = elements.iter().enumerate().filter_map(|(at, element)| {
        let (name, value) = match tree.expr(*element).kind {
            ExprKind::KeyValue { key, value, .. } => (tree.ident(key)?, value),
            _ => (&*fields.get(at)?.name, *element),
        };
        is_something(body, value, begins_empty).then(|| SmolStr::new(name))
    });
    let given: BTreeSet<SmolStr> = given.collect();
    let given = Given {
        by_all: Some(given.into_iter().collect()),
        emptied: BTreeSet::new(),
    };
    (!fields.is_empty()).then(|| (of.full_name(), given))
}

/// The fields that a statement sets to nil, by the full names of their types.
pub(super) fn emptied(program: &Program, body: &TypedBody, stmt: StmtId) -> Vec<(String, Given)> {
    let tree = body.tree();
    let StmtKind::Assign { lhs, rhs, .. } = tree.stmt(stmt).kind else {
        return Vec::new();
    };
    let is_nil = |value: ExprId| *body.info.object(tree.unparen(value)) == Object::Nil;
    let pairs = tree.exprs(lhs).iter().zip(tree.exprs(rhs));
    let emptied = pairs.filter(|(_, value)| is_nil(**value));
    emptied
        .filter_map(|(target, _)| {
            let ExprKind::Selector { x, sel } = tree.expr(*target).kind else {
                return None;
            };
            let of = program.named_of(body.info.type_of(x))?;
            let given = Given {
                by_all: None,
                emptied: BTreeSet::from([SmolStr::new(tree.name(sel))]),
            };
            Some((of.full_name(), given))
        })
        .collect()
}

/// Whether an expression is not nil: what is made there, or what a call has given a variable that is declared with it.
fn is_something(body: &TypedBody, value: ExprId, begins_empty: &dyn Fn(LocalId) -> bool) -> bool {
    let tree = body.tree();
    let value = tree.unparen(value);
    match tree.expr(value).kind {
        ExprKind::Unary {
            op: UnaryOp::Address,
            ..
        }
        | ExprKind::CompositeLit { .. }
        | ExprKind::FuncLit { .. } => true,
        ExprKind::Call { .. } => !matches!(
            body.info.callee(value),
            Callee::Conversion(_) | Callee::Builtin(Builtin::Append)
        ),
        ExprKind::Ident(_) => body.info.local(value).is_some_and(|local| {
            let info = body.info.local_info(local);
            info.is_some_and(|info| matches!(info.kind, LocalKind::Variable))
                && !begins_empty(local)
        }),
        _ => false,
    }
}

/// The variables that a body declares without a value.
pub(super) fn empty_variables(body: &TypedBody, roots: &[Node]) -> BTreeSet<LocalId> {
    let tree = body.tree();
    let mut found = BTreeSet::new();
    for root in roots {
        tree.walk(*root, |node| {
            if let Node::Stmt(stmt) = node
                && let StmtKind::Decl(decl) = tree.stmt(stmt).kind
            {
                for spec in tree.specs(tree.gen_decl(decl).specs) {
                    if let SpecKind::Value(spec) = spec.kind
                        && tree.exprs(spec.values).is_empty()
                    {
                        let names = tree.names(spec.names).iter();
                        found.extend(names.filter_map(|name| body.info.defined_at(name.span)));
                    }
                }
            }
            Descend::Into
        });
    }
    found
}
