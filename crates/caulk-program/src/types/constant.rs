//! Values of string constants.

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
        let (path, rest) = split_last(name)?;
        let package = self.package(self.find_package(from, path)?);
        let Some(ScopeEntry::Value(index)) = package.scope.get(rest) else {
            return None;
        };
        let declared = package.values.get(*index as usize)?;
        let file = &package.files.get(declared.file as usize)?.outline;
        let values = file.tree.exprs(declared.spec.values);
        let value = values.get(declared.index)?;
        declared
            .is_const
            .then(|| self.string_value(package.id, file, *value, depth))?
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
            ExprKind::Ident(name) => {
                let path = self.package(package).path();
                let name = format!("{path}.{}", tree.name(name));
                self.string_const_within(package, &name, depth)
            }
            ExprKind::Selector { x, sel } => {
                let local = tree.ident(x)?;
                let path = file.imports().find_map(|import| {
                    let path = import.path()?;
                    let name = import.name().unwrap_or_else(|| last_part(&path));
                    (name == local).then_some(path.clone())
                })?;
                let name = format!("{path}.{}", tree.name(sel));
                self.string_const_within(package, &name, depth)
            }
            _ => None,
        }
    }
}

fn last_part(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}
