//! Values of constants: texts and numbers.

use caulk_syntax::{BinaryOp, ExprId, ExprKind, File};

use crate::package::{PackageId, ScopeEntry};
use crate::program::{Program, split_last};

/// Constants refer to one another no deeper in code that people write.
const MAX_DEPTH: u32 = 16;

impl Program {
    /// The value of a package-level string constant by its canonical name, as `from` would import its package: literals,
    /// and concatenations of them and of other constants.
    pub fn string_const(&self, from: PackageId, name: &str) -> Option<String> {
        self.string_const_within(from, name, MAX_DEPTH)
    }

    fn string_const_within(&self, from: PackageId, name: &str, depth: u32) -> Option<String> {
        let depth = depth.checked_sub(1)?;
        let (package, file, value) = self.declared_const(from, name)?;
        self.string_value(package, file, value, depth)
    }

    /// The value of a package-level constant that is a number, by its canonical name, as `from` would import its package; a duration
    /// in nanoseconds.
    pub fn number_const(&self, from: PackageId, name: &str) -> Option<f64> {
        self.number_const_within(from, name, MAX_DEPTH)
    }

    fn number_const_within(&self, from: PackageId, name: &str, depth: u32) -> Option<f64> {
        let depth = depth.checked_sub(1)?;
        if let Some(unit) = time_unit(name) {
            return Some(unit);
        }
        let (package, file, value) = self.declared_const(from, name)?;
        self.number_value(package, file, value, depth)
    }

    /// Where a package-level constant is declared, and its value there.
    fn declared_const(&self, from: PackageId, name: &str) -> Option<(PackageId, &File, ExprId)> {
        let (path, rest) = split_last(name)?;
        let package = self.package(self.find_package(from, path)?);
        let Some(ScopeEntry::Value(index)) = package.index.scope.get(rest) else {
            return None;
        };
        let declared = package.index.values.get(*index as usize)?;
        let file = &package.files().get(declared.file as usize)?.outline;
        let values = file.tree.exprs(declared.spec.values);
        let value = values.get(declared.index)?;
        declared.is_const.then_some((package.id, file, *value))
    }

    fn string_value(
        &self,
        package: PackageId,
        file: &File,
        expr: ExprId,
        depth: u32,
    ) -> Option<String> {
        let depth = depth.checked_sub(1)?;
        let tree = &file.tree;
        match tree.expr(expr).kind {
            ExprKind::BasicLit(_) => tree.string_value(expr),
            ExprKind::Paren(inner) => self.string_value(package, file, inner, depth),
            ExprKind::Binary {
                x,
                op: BinaryOp::Add,
                y,
                ..
            } => {
                let mut value = self.string_value(package, file, x, depth)?;
                value.push_str(&self.string_value(package, file, y, depth)?);
                Some(value)
            }
            _ => {
                self.string_const_within(package, &self.name_of_const(package, file, expr)?, depth)
            }
        }
    }

    fn number_value(
        &self,
        package: PackageId,
        file: &File,
        expr: ExprId,
        depth: u32,
    ) -> Option<f64> {
        let depth = depth.checked_sub(1)?;
        let tree = &file.tree;
        match tree.expr(expr).kind {
            ExprKind::BasicLit(literal) => tree.literal(literal).replace('_', "").parse().ok(),
            ExprKind::Paren(inner) => self.number_value(package, file, inner, depth),
            ExprKind::Binary { x, op, y, .. } => {
                let x = self.number_value(package, file, x, depth)?;
                let y = self.number_value(package, file, y, depth)?;
                arithmetic(op, x, y)
            }
            _ => {
                self.number_const_within(package, &self.name_of_const(package, file, expr)?, depth)
            }
        }
    }

    /// The canonical name of what an expression of a file names, where that is a constant.
    fn name_of_const(&self, package: PackageId, file: &File, expr: ExprId) -> Option<String> {
        let tree = &file.tree;
        match tree.expr(expr).kind {
            ExprKind::Ident(name) => {
                let path = self.package(package).path();
                Some(format!("{path}.{}", tree.name(name)))
            }
            ExprKind::Selector { x, sel } => {
                let local = tree.ident(x)?;
                let path = file.imports().find_map(|import| {
                    let path = import.path()?;
                    let name = import.name().unwrap_or_else(|| last_part(&path));
                    (name == local).then_some(path.clone())
                })?;
                Some(format!("{path}.{}", tree.name(sel)))
            }
            _ => None,
        }
    }
}

/// What an operator makes of two numbers.
pub fn arithmetic(op: BinaryOp, x: f64, y: f64) -> Option<f64> {
    match op {
        BinaryOp::Mul => Some(x * y),
        BinaryOp::Quo => Some(x / y),
        BinaryOp::Add => Some(x + y),
        BinaryOp::Sub => Some(x - y),
        _ => None,
    }
}

/// The constants of package `time`, of whose outline the values are left out.
pub fn time_unit(name: &str) -> Option<f64> {
    Some(match name {
        "time.Nanosecond" => 1.0,
        "time.Microsecond" => 1e3,
        "time.Millisecond" => 1e6,
        "time.Second" => 1e9,
        "time.Minute" => 60e9,
        "time.Hour" => 3600e9,
        _ => return None,
    })
}

fn last_part(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}
