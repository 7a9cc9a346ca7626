//! The value of an expression that is a number.

use caulk_program::{Callee, Object, Program};
use caulk_syntax::{Descend, ExprId, ExprKind, Node, SpecKind, StmtKind};

use crate::body::Function;

/// How deep an expression is looked into.
const DEPTH: u8 = 6;

/// The number that an expression is: written out, a constant, a variable that is given one once, or made of such; a duration in
/// nanoseconds.
pub(crate) fn number(program: &Program, function: &Function, expr: ExprId) -> Option<f64> {
    let constants = true;
    Numbers {
        program,
        function,
        constants,
    }
    .number(expr, DEPTH)
}

/// The same without the constants of packages, but for the units of time: `5 * time.Second`.
pub(crate) fn written_number(program: &Program, function: &Function, expr: ExprId) -> Option<f64> {
    let constants = false;
    Numbers {
        program,
        function,
        constants,
    }
    .number(expr, DEPTH)
}

struct Numbers<'a> {
    program: &'a Program,
    function: &'a Function,
    /// Whether the constants of packages count.
    constants: bool,
}

impl Numbers<'_> {
    fn number(&self, expr: ExprId, depth: u8) -> Option<f64> {
        let depth = depth.checked_sub(1)?;
        let (program, function) = (self.program, self.function);
        let tree = function.tree();
        let expr = tree.unparen(expr);
        match tree.expr(expr).kind {
            ExprKind::BasicLit(literal) => tree.literal(literal).replace('_', "").parse().ok(),
            ExprKind::Selector { .. } | ExprKind::Ident(_) => match function.info().object(expr) {
                Object::Const(name) if self.constants => {
                    program.number_const(function.package, name)
                }
                Object::Const(name) => caulk_program::time_unit(name),
                Object::Local(local) => match function.sole_value(program, *local) {
                    Some((value, 0)) => self.number(value, depth),
                    _ => None,
                },
                _ => None,
            }
            .or_else(|| self.number(declared_here(function, expr)?, depth)),
            ExprKind::Binary { x, op, y, .. } => {
                let (x, y) = (self.number(x, depth)?, self.number(y, depth)?);
                caulk_program::arithmetic(op, x, y)
            }
            ExprKind::Call { args, .. } => match (function.callee(expr), tree.exprs(args)) {
                (Callee::Conversion(_), [value]) => self.number(*value, depth),
                _ => None,
            },
            _ => None,
        }
    }
}

/// The value of a constant that the function declares.
fn declared_here(function: &Function, expr: ExprId) -> Option<ExprId> {
    let tree = function.tree();
    let ExprKind::Ident(name) = tree.expr(expr).kind else {
        return None;
    };
    if function.local(expr).is_some() {
        return None;
    }
    let mut values = Vec::new();
    tree.walk(function.graph(None)?.body, |node| {
        if let Node::Stmt(stmt) = node
            && let StmtKind::Decl(decl) = tree.stmt(stmt).kind
        {
            for spec in tree.specs(tree.gen_decl(decl).specs) {
                if let SpecKind::Value(spec) = spec.kind {
                    let names = tree.names(spec.names).iter();
                    let same = names.zip(tree.exprs(spec.values));
                    let same = same.filter(|(known, _)| tree.name(**known) == tree.name(name));
                    values.extend(same.map(|(_, value)| *value));
                }
            }
        }
        Descend::Into
    });
    match values.as_slice() {
        [value] => Some(*value),
        _ => None,
    }
}
