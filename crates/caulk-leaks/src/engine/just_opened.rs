//! What is asked of a file that has just been opened, or of its path, and is always answered: there is nobody yet who could have taken it
//! away. So is what a function asks of a file that it was passed. What is written to a file that was just made finds room there, as a rule.

use caulk_program::Callee;
use caulk_syntax::{Descend, ExprId, ExprKind, Node};

use super::run::{Run, Start};
use super::state::{State, Value};

impl Run<'_, '_> {
    /// Whether a call asks the resource for what an open file always tells, `f.Stat()`, `conn.File()` or `f.Seek(0, io.SeekStart)`, or asks about
    /// the path that it was made at: `os.Chmod(f.Name(), mode)`.
    pub(super) fn asks_of_just_opened(&self, state: &State, call: ExprId) -> bool {
        let rule = self.contract.map_or("", |contract| contract.rule);
        if !["unclosed-file", "unclosed-connection"].contains(&rule) && !self.is_passed_file() {
            return false;
        }
        let tree = self.function.tree();
        let args = tree.arguments(call);
        let callee = self.function.callee(call);
        let is_it = |expr: ExprId| {
            let expr = tree.unparen(expr);
            let of = match tree.expr(expr).kind {
                // `conn.(*net.UnixConn).File()`
                ExprKind::TypeAssert { x, .. } => x,
                _ => expr,
            };
            matches!(self.value_at(state, of), Some(Value::At(0)))
        };
        let is_made = || {
            let by = self.acquiring();
            let name = by.map(|by| crate::types::last_name(self.function.callee(by)));
            let name = name.unwrap_or_default();
            name.contains("Create")
                || name.contains("Listen")
                || name == "OpenFile" && by.is_some_and(|by| self.is_told_to_make(by))
        };
        if let Callee::Static(func) = callee {
            let of_path = match &*func.name {
                "os.Lstat" | "os.Stat" => true,
                "os.Chmod" => is_made(),
                "fmt.Fprint" | "fmt.Fprintf" | "fmt.Fprintln" | "io.WriteString" => {
                    return rule == "unclosed-file"
                        && args.first().copied().is_some_and(is_it)
                        && is_made();
                }
                _ => false,
            };
            return of_path
                && args
                    .first()
                    .is_some_and(|path| self.is_path_of(state, *path));
        }
        let method = crate::types::last_name(callee);
        // What a template is filled with was made for it.
        if method == "Execute" || method == "ExecuteTemplate" {
            return is_template(callee)
                && rule == "unclosed-file"
                && args.first().copied().is_some_and(is_it)
                && is_made();
        }
        callee.receiver().is_some_and(is_it)
            && match (method, args) {
                ("Stat" | "File" | "SyscallConn", []) => true,
                ("Chmod" | "Truncate", [_]) | ("Chown", [_, _]) | ("Sync", []) => is_made(),
                ("Write" | "WriteString", [_]) => rule == "unclosed-file" && is_made(),
                ("Seek", [offset, _]) => {
                    matches!(tree.expr(tree.unparen(*offset)).kind, ExprKind::BasicLit(number)
                        if tree.literal(number) == "0")
                }
                _ => false,
            }
    }

    /// Whether it is an `*os.File` that the function was passed.
    fn is_passed_file(&self) -> bool {
        let Some(Start::Param { local, field, .. }) = &self.start else {
            return false;
        };
        let (info, program) = (self.function.info(), self.module.program);
        let ty = info.local_info(*local).map(|local| program.deref(local.ty));
        field.is_none() && ty.and_then(|ty| program.named_name(ty)).as_deref() == Some("os.File")
    }

    /// Whether a call makes the file that it opens where there is none, or adds to it: `os.OpenFile(path, os.O_CREATE|os.O_WRONLY, mode)`.
    fn is_told_to_make(&self, open: ExprId) -> bool {
        let tree = self.function.tree();
        let mut makes = false;
        for arg in tree.arguments(open) {
            tree.walk(*arg, |node| {
                makes |= matches!(node, Node::Expr(expr)
                    if matches!(tree.expr(expr).kind, ExprKind::Selector { sel, .. } if ["O_APPEND", "O_CREATE"].contains(&tree.name(sel))));
                Descend::Into
            });
        }
        makes
    }

    /// Whether an expression is the path of the resource: `f.Name()`, or the variable that it was made with.
    fn is_path_of(&self, state: &State, path: ExprId) -> bool {
        let tree = self.function.tree();
        if let Some(of) = self.asked(path, "Name") {
            return matches!(self.value_at(state, of), Some(Value::At(0)));
        }
        let local = self.function.local(tree.unparen(path));
        let made_with = self.acquiring().map(|call| tree.arguments(call));
        local.is_some()
            && made_with.is_some_and(|args| {
                let mut args = args.iter();
                args.any(|arg| self.function.local(*arg) == local)
            })
    }

    fn acquiring(&self) -> Option<ExprId> {
        match &self.start {
            Some(Start::Call { call, .. }) => Some(*call),
            _ => None,
        }
    }
}

/// Whether a method is one of a template of the standard library.
fn is_template(callee: &Callee) -> bool {
    callee.func().is_some_and(|func| {
        ["html/template.", "text/template."]
            .iter()
            .any(|package| func.name.starts_with(package))
    })
}
