//! Whether there is an error where a function returns: one that it makes, hands on, or makes of another.

use caulk_program::{Callee, Object, Type};
use caulk_syntax::{Descend, ExprId, ExprKind, Node, StmtId, StmtKind, Tree};

use super::run::{ExitAt, Run, Start};
use super::state::{Fact, State, Status, Value};

/// Words in the names of functions that give an error back, or nothing.
const MAY_DROP: &[&str] = &["allow", "filter", "ignore", "skip", "unless"];

/// Functions that give what is behind an error, which may be nothing.
const BEHIND: &[&str] = &["cause", "unwrap"];

impl Run<'_, '_> {
    /// That there is an error among the values that a `return` gives, at the place of a result.
    pub(super) fn returned_error(
        &self,
        state: &State,
        stmt: StmtId,
        exprs: &[ExprId],
        index: usize,
    ) -> Option<Fact> {
        let results = self.function.results(self.function.root_of(stmt));
        let result = *results.get(index)?;
        let expr = *exprs.get(index)?;
        let info = self.function.info().local_info(result)?;
        if !crate::types::is_error(self.module.program, info.ty) {
            return None;
        }
        let is_there = self.is_concrete(expr)
            || self.is_guarded(stmt, expr)
            || self.is_made_of_error(state, expr)
            || self.always_gives_error(state, expr)
            || self.comes_alone(exprs, index);
        is_there.then_some(Fact::NonNil)
    }

    /// What the error result is known to be at an exit: not nil, nil.
    pub(super) fn error_at(
        &self,
        state: &State,
        exit: ExitAt,
        returned: &[Option<Value>],
    ) -> Option<bool> {
        let node: Node = match exit {
            ExitAt::Return(stmt) => stmt.into(),
            _ => return None,
        };
        let root = self.function.root_of(node);
        let Some(index) = self.function.error_result(self.module.program, root) else {
            return self.flag_at(state, root);
        };
        let result = *self.function.results(root).get(index)?;
        if matches!(
            returned.get(index),
            Some(Some(Value::ReleasedIf { nil: true }))
        ) && matches!(state.status, Status::Released(_))
        {
            return Some(false);
        }
        match state.fact(result)? {
            Fact::NonNil => Some(true),
            Fact::Nil => Some(false),
            _ => None,
        }
    }

    /// What a last result says that is a truth value, of a function that is given the resource: one that is false stands for an error.
    fn flag_at(&self, state: &State, root: crate::body::Root) -> Option<bool> {
        if !matches!(self.start, Some(Start::Param { .. })) {
            return None;
        }
        let result = *self.function.results(root).last()?;
        let ty = self.function.info().local_info(result)?.ty;
        if !crate::types::is_bool(self.module.program, ty) {
            return None;
        }
        match state.fact(result)? {
            Fact::True => Some(false),
            Fact::False => Some(true),
            _ => None,
        }
    }

    /// `return errno`: a value of a type that is no interface makes an error that is not nil.
    fn is_concrete(&self, expr: ExprId) -> bool {
        let program = self.module.program;
        let info = self.function.info();
        let ty = info.type_of(expr);
        !ty.is_unknown()
            && !matches!(info.object(expr), Object::Nil)
            && matches!(
                program.ty(program.underlying(ty)),
                Type::Basic(_) | Type::Struct(_) | Type::Pointer(_)
            )
    }

    /// `if err != nil { …; return nil, err }`, where facts about this variable are not kept.
    fn is_guarded(&self, stmt: StmtId, expr: ExprId) -> bool {
        let function = self.function;
        let tree = function.tree();
        let Some(error) = function.local(expr) else {
            return false;
        };
        let Some(Node::Stmt(body)) = function.parent(stmt) else {
            return false;
        };
        let Some(Node::Stmt(guard)) = function.parent(body) else {
            return false;
        };
        let StmtKind::If { cond, then, .. } = tree.stmt(guard).kind else {
            return false;
        };
        let asked = tree.not_nil(cond).and_then(|x| function.local(x));
        if then != body || asked != Some(error) {
            return false;
        }
        let mut assigned = false;
        tree.walk(body, |node| {
            if let Node::Stmt(stmt) = node
                && let StmtKind::Assign { lhs, .. } = tree.stmt(stmt).kind
            {
                assigned |= tree
                    .exprs(lhs)
                    .iter()
                    .any(|x| function.local(*x) == Some(error));
            }
            Descend::Into
        });
        !assigned
    }

    /// `return wrap(err)`, where there is an error: it makes another one of it, unless its name says that it may not. Nor do methods of
    /// a sentinel give anything but errors: `ErrClosed.Wrap(err)`.
    pub(super) fn is_made_of_error(&self, state: &State, expr: ExprId) -> bool {
        let tree = self.function.tree();
        let expr = tree.unparen(expr);
        let ExprKind::Call { fun, args, .. } = tree.expr(expr).kind else {
            return false;
        };
        // `var Wrap = errors.Wrap`
        let name = match self.function.callee(expr) {
            Callee::PackageVar { name, .. } => &**name,
            Callee::Unknown { name, .. } => name.as_str(),
            callee => match callee.func() {
                Some(func) => &*func.name,
                None => return false,
            },
        };
        let name = crate::types::simple_name(name).to_ascii_lowercase();
        if BEHIND.contains(&name.as_str()) || MAY_DROP.iter().any(|word| name.contains(word)) {
            return false;
        }
        let is_there = |arg: &ExprId| {
            let is_error = || {
                let ty = self.function.info().type_of(*arg);
                crate::types::is_error(self.module.program, ty)
            };
            is_error() && self.fact_of(state, *arg) == Some(Fact::NonNil)
                || self.is_made_of_error(state, *arg)
        };
        let of_sentinel = match tree.expr(tree.unparen(fun)).kind {
            ExprKind::Selector { x, .. } => self.is_sentinel(x) || self.is_made_of_error(state, x),
            _ => false,
        };
        of_sentinel || tree.exprs(args).iter().any(is_there)
    }

    /// Whether an expression is a package's variable that is an error, as its name says: of a type that is not at hand.
    fn is_sentinel(&self, expr: ExprId) -> bool {
        let info = self.function.info();
        let expr = self.function.tree().unparen(expr);
        matches!(info.object(expr), Object::PackageVar(name)
            if crate::types::simple_name(name).starts_with("Err"))
    }

    /// `return s.failed("closed")`: what the function says of itself, whose source gives an error wherever it returns.
    pub(super) fn always_gives_error(&self, state: &State, expr: ExprId) -> bool {
        state.status == Status::Owed
            && crate::inference::makes_errors::call(self.module, &self.function.typed, expr)
    }

    /// `return nil, fail(x)`: nobody returns nothing and no error.
    fn comes_alone(&self, exprs: &[ExprId], index: usize) -> bool {
        let tree = self.function.tree();
        let info = self.function.info();
        let is_nil = |expr: ExprId| matches!(info.object(expr), Object::Nil);
        let others: Vec<ExprId> = exprs
            .iter()
            .enumerate()
            .filter(|(i, _)| *i != index)
            .map(|(_, expr)| tree.unparen(*expr))
            .collect();
        let is_call = exprs
            .get(index)
            .is_some_and(|expr| matches!(tree.expr(*expr).kind, ExprKind::Call { .. }));
        is_call
            && others.iter().any(|expr| is_nil(*expr))
            && others
                .iter()
                .all(|expr| is_nil(*expr) || is_zero(tree, *expr))
    }
}

/// Whether an expression is a literal zero: `0`, `""`, `false`, `T{}`.
fn is_zero(tree: &Tree, expr: ExprId) -> bool {
    match tree.expr(expr).kind {
        ExprKind::BasicLit(literal) => matches!(tree.literal(literal), "0" | "\"\"" | "``"),
        ExprKind::Ident(name) => tree.name(name) == "false",
        ExprKind::CompositeLit { elts, .. } => elts.is_empty(),
        _ => false,
    }
}
