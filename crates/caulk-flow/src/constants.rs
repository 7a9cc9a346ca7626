//! What the variables and string constants of one body are, where it sets them once.

use std::collections::BTreeMap;

use caulk_program::{BodyOwner, LocalId, Object, PackageId, Program, TypedBody};
use caulk_syntax::{
    AssignOp, BinaryOp, DeclKeyword, Descend, ExprId, ExprKind, Node, SpecKind, StmtKind,
};

use crate::body::roots;

/// Definitions refer to one another no deeper in code that people write.
const MAX_DEPTH: u32 = 16;

/// The variables of a body that are set once, and its constants.
pub(crate) struct Constants<'a> {
    program: &'a Program,
    body: &'a TypedBody,
    package: PackageId,
    /// Nothing for a variable that is set more than once, or not from one expression.
    variables: BTreeMap<LocalId, Option<ExprId>>,
    /// Nothing for a name that several blocks declare.
    constants: BTreeMap<String, Option<ExprId>>,
}

impl<'a> Constants<'a> {
    pub fn of(program: &'a Program, body: &'a TypedBody) -> Constants<'a> {
        let package = match body.owner {
            BodyOwner::Func(id) => id.package,
            BodyOwner::Initializer(package, _) => package,
        };
        let mut constants = Constants {
            program,
            body,
            package,
            variables: BTreeMap::new(),
            constants: BTreeMap::new(),
        };
        for root in roots(program, body) {
            body.tree().walk(root, |node| {
                constants.note(node);
                Descend::Into
            });
        }
        constants
    }

    fn note(&mut self, node: Node) {
        let tree = self.body.tree();
        let Node::Stmt(stmt) = node else {
            return;
        };
        match tree.stmt(stmt).kind {
            StmtKind::Assign { lhs, op, rhs, .. } => {
                let (lhs, rhs) = (tree.exprs(lhs), tree.exprs(rhs));
                let single = lhs.len() == rhs.len() && !matches!(op, AssignOp::Compound(_));
                for (position, target) in lhs.iter().enumerate() {
                    let local = self
                        .body
                        .info
                        .defined_at(tree.expr(*target).span)
                        .or_else(|| self.body.info.local(*target));
                    let value = rhs.get(position).copied().filter(|_| single);
                    self.set(local, value);
                }
            }
            StmtKind::Decl(decl) => {
                let decl = tree.gen_decl(decl);
                for spec in tree.specs(decl.specs) {
                    let SpecKind::Value(value) = spec.kind else {
                        continue;
                    };
                    let values = tree.exprs(value.values);
                    for (position, name) in tree.names(value.names).iter().enumerate() {
                        let value = values.get(position).copied();
                        if decl.keyword == DeclKeyword::Const {
                            self.constants
                                .entry(tree.name(*name).to_owned())
                                .and_modify(|known| *known = None)
                                .or_insert(value);
                        } else if value.is_some() {
                            self.set(self.body.info.defined_at(name.span), value);
                        }
                    }
                }
            }
            _ => {}
        }
    }

    fn set(&mut self, local: Option<LocalId>, value: Option<ExprId>) {
        if let Some(local) = local {
            self.variables
                .entry(local)
                .and_modify(|known| *known = None)
                .or_insert(value);
        }
    }

    /// What a variable is set to, where that is one expression.
    pub fn definition(&self, local: LocalId) -> Option<ExprId> {
        self.variables.get(&local).copied().flatten()
    }

    /// The value of a string expression: literals, constants, variables that are set once to such,
    /// and concatenations.
    pub fn string(&self, expr: ExprId) -> Option<String> {
        self.string_within(expr, MAX_DEPTH)
    }

    fn string_within(&self, expr: ExprId, depth: u32) -> Option<String> {
        let depth = depth.checked_sub(1)?;
        let tree = self.body.tree();
        match tree.expr(expr).kind {
            ExprKind::BasicLit(_) => return tree.string_value(expr),
            ExprKind::Paren(inner) => return self.string_within(inner, depth),
            ExprKind::Binary {
                x,
                op: BinaryOp::Add,
                y,
                ..
            } => {
                let mut value = self.string_within(x, depth)?;
                value.push_str(&self.string_within(y, depth)?);
                return Some(value);
            }
            _ => {}
        }
        match self.body.info.object(expr) {
            Object::Local(local) => self.string_within(self.definition(*local)?, depth),
            Object::Const(name) => match self.constants.get(&**name) {
                Some(value) => self.string_within((*value)?, depth),
                None => self.package_constant(name),
            },
            // A constant of a package that is missing is not known to be one.
            _ => {
                let path = tree.selector_path(expr)?;
                let ["http", name] = *path else {
                    return None;
                };
                Some(name.strip_prefix("Method")?.to_ascii_uppercase())
            }
        }
    }

    fn package_constant(&self, name: &str) -> Option<String> {
        self.program.string_const(self.package, name).or_else(|| {
            // The shipped outline of the standard library has no values.
            let method = name.strip_prefix("net/http.Method")?;
            Some(method.to_ascii_uppercase())
        })
    }
}
