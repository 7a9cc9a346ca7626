//! Lists of a function's own that hold the resource with others of its kind: `files = append(files, f)`. Where the function
//! gives up and nobody has looked at the list, what is in it is lost.

use std::collections::BTreeSet;

use caulk_program::{Builtin, Callee, LocalId, LocalKind, Object, Type};
use caulk_syntax::{Descend, ExprId, ExprKind, Node, Span, StmtKind, UnaryOp};
use smol_str::SmolStr;

use super::run::{Run, Start};
use super::state::{Fact, Place, State, Status, Value};
use crate::finding::SettledBy;

impl Run<'_, '_> {
    /// The list that `list = append(list, …)` adds to, where nothing but this function knows it: a variable, or a field of
    /// what is made here.
    pub(super) fn own_list(&self, call: ExprId, args: &[ExprId]) -> Option<Place> {
        let tree = self.function.tree();
        let list = self.place(*args.first()?)?;
        let Some(Node::Stmt(stmt)) = self.function.parent(call) else {
            return None;
        };
        let StmtKind::Assign { lhs, .. } = tree.stmt(stmt).kind else {
            return None;
        };
        let [target] = tree.exprs(lhs) else {
            return None;
        };
        (self.is_own_place(&list) && self.place(*target).as_ref() == Some(&list)).then_some(list)
    }

    /// Whether nothing but this function knows a list, and what is in it is released itself.
    fn is_own_place(&self, list: &Place) -> bool {
        let is_direct = self.release.path().is_empty();
        is_direct
            && match list.path.len() {
                0 => self.is_own_list(list.root),
                1 => self.is_own_owner(list.root, list.path.first()),
                _ => false,
            }
    }

    /// Whether `list[i] = …` puts what was acquired into a list, or a map, of the function's own.
    pub(super) fn put_in_list(&mut self, state: &State, list: ExprId, at: Span) -> bool {
        let is_own = state.status == Status::Owed
            && self
                .place(list)
                .is_some_and(|place| self.is_own_place(&place) && !self.takes_one_of(&place));
        if is_own {
            self.note_entry(list);
            self.obstacle(
                at,
                "kept in a list: release each element where the list is given up",
            );
        }
        is_own
    }

    /// Whether the function takes single elements of a list, or some of them: those that it has put there before, as a rule, which a
    /// loop counts that knows nothing of the list.
    fn takes_one_of(&self, list: &Place) -> bool {
        let function = self.function;
        let tree = function.tree();
        let is_target = |index: ExprId| {
            matches!(function.parent(index), Some(Node::Stmt(stmt))
                if matches!(tree.stmt(stmt).kind, StmtKind::Assign { lhs, .. }
                    if tree.exprs(lhs).contains(&index)))
        };
        let mut takes = false;
        for root in caulk_flow::roots(self.module.program, &function.typed) {
            tree.walk(root, |node| {
                if let Node::Expr(expr) = node
                    && let ExprKind::Index { x, .. } | ExprKind::Slice { x, .. } =
                        tree.expr(expr).kind
                {
                    takes |= !is_target(expr) && self.place(x).as_ref() == Some(list);
                }
                Descend::Into
            });
        }
        takes
    }

    /// Whether a variable is made here, and nothing that runs later knows it.
    fn is_own_owner(&self, owner: LocalId, field: Option<&SmolStr>) -> bool {
        let function = self.function;
        let info = function.info().local_info(owner);
        info.is_some_and(|info| matches!(info.kind, LocalKind::Variable))
            && function.is_fresh(owner)
            && !self.is_outer(owner)
            && !self.is_shared(owner, field)
    }

    fn is_own_list(&self, list: LocalId) -> bool {
        let (function, program) = (self.function, self.module.program);
        let Some(info) = function.info().local_info(list) else {
            return false;
        };
        let is_plain = program.named_of(info.ty).is_none()
            && matches!(program.ty(info.ty), Type::Slice(_) | Type::Map(..));
        let is_made = |value: ExprId| {
            let tree = function.tree();
            let value = tree.unparen(value);
            match tree.expr(value).kind {
                ExprKind::CompositeLit { .. } => true,
                ExprKind::Call { args, .. } => match function.callee(value) {
                    Callee::Builtin(Builtin::Make) => true,
                    Callee::Builtin(Builtin::Append) => {
                        let first = tree.exprs(args).first();
                        first.is_some_and(|first| function.local(*first) == Some(list))
                    }
                    _ => false,
                },
                _ => matches!(function.info().object(value), Object::Nil),
            }
        };
        is_plain
            && matches!(info.kind, LocalKind::Variable)
            && !self.is_outer(list)
            && function
                .definitions(self.module.program, list)
                .iter()
                .all(|(value, _)| value.is_some_and(is_made))
            && !self.is_known_elsewhere(list, None)
    }

    /// Whether something may look at a variable, or a field of it, at another time than where it is named.
    pub(super) fn is_known_elsewhere(&self, local: LocalId, field: Option<&SmolStr>) -> bool {
        self.is_shared(local, field) || self.has_address_taken(local)
    }

    /// Whether a literal that runs at another time may look at it: no such literal is made where this acquires, and one that
    /// names other fields alone looks at those.
    fn is_shared(&self, local: LocalId, field: Option<&SmolStr>) -> bool {
        let matters = |literal: ExprId| {
            let apart = matches!(self.start, Some(Start::Call { call, .. })
                if self.function.are_apart(call, literal));
            !apart && !field.is_some_and(|field| self.names_others(literal, local, field))
        };
        let program = self.module.program;
        self.function.is_shared(program, local, &matters)
    }

    /// Whether a literal names a variable for other fields than this one alone.
    fn names_others(&self, literal: ExprId, local: LocalId, field: &str) -> bool {
        let (function, tree) = (self.function, self.function.tree());
        let mut others = true;
        tree.walk(literal, |node| {
            if let Node::Expr(expr) = node
                && function.info().local(expr) == Some(local)
            {
                others &= matches!(function.parent(expr), Some(Node::Expr(parent))
                    if matches!(tree.expr(parent).kind, ExprKind::Selector { sel, .. }
                        if tree.name(sel) != field
                            && matches!(function.info().object(parent), Object::Field { .. })));
            }
            Descend::Into
        });
        others
    }

    fn has_address_taken(&self, local: LocalId) -> bool {
        let function = self.function;
        let addressed = function.addressed.get_or_init(|| {
            let tree = function.tree();
            let mut found = BTreeSet::new();
            for root in caulk_flow::roots(self.module.program, &function.typed) {
                tree.walk(root, |node| {
                    if let Node::Expr(expr) = node
                        && let ExprKind::Unary {
                            op: UnaryOp::Address,
                            x,
                        } = tree.expr(expr).kind
                    {
                        found.extend(function.local(x));
                    }
                    Descend::Into
                });
            }
            found
        });
        addressed.contains(&local)
    }

    pub(super) fn add_to_list(
        &mut self,
        state: &mut State,
        list: &Place,
        args: &[ExprId],
    ) -> Vec<Option<Value>> {
        let mut listed = matches!(state.get(list), Some(Value::Listed));
        for &arg in args.iter().skip(1) {
            match self.eval(state, arg) {
                Some(Value::At(0)) if state.status == Status::Owed => {
                    listed = true;
                    if let Some(first) = args.first() {
                        self.note_entry(*first);
                    }
                    self.obstacle(
                        self.span_of(arg),
                        "kept in a list: release each element where the list is given up",
                    );
                }
                value => self.hand_over(state, arg, value, SettledBy::Stored),
            }
        }
        vec![listed.then_some(Value::Listed)]
    }

    /// Whether it is in a list of the function's own.
    pub(super) fn is_listed(&self, state: &State) -> bool {
        let mut bindings = state.bindings();
        state.status == Status::Owed && bindings.any(|(_, value)| *value == Value::Listed)
    }

    /// A list, or what has it in a field, is named: a loop that takes its elements one by one is followed, whoever else has it
    /// has what is in it.
    pub(super) fn use_list(&mut self, state: &mut State, list: ExprId) {
        let tree = self.function.tree();
        // Another field.
        if let Some(Node::Expr(parent)) = self.function.parent(list)
            && let ExprKind::Selector { .. } = tree.expr(parent).kind
            && let Object::Field { .. } = self.function.info().object(parent)
        {
            return;
        }
        let is_ranged_over = match self.function.parent(list) {
            Some(Node::Stmt(stmt)) => match tree.stmt(stmt).kind {
                StmtKind::Range {
                    value: Some(value),
                    x,
                    ..
                } => x == list && self.function.local(value).is_some(),
                _ => false,
            },
            _ => false,
        };
        if is_ranged_over || self.is_dropped_beside_error(state, list) {
            return;
        }
        match self.returned_as(list) {
            Some((result, span)) if state.status == Status::Owed => {
                state.status = Status::Returned {
                    result,
                    value: Value::Listed,
                    span,
                };
            }
            _ => self.settle_at(state, SettledBy::Stored, self.span_of(list)),
        }
    }

    /// The result that a list is, a variable, where it is returned with what was acquired here in it.
    fn returned_as(&self, list: ExprId) -> Option<(usize, Span)> {
        let tree = self.function.tree();
        let Some(Node::Stmt(stmt)) = self.function.parent(list) else {
            return None;
        };
        let StmtKind::Return(values) = tree.stmt(stmt).kind else {
            return None;
        };
        let local = self.function.local(list)?;
        let ty = self.function.info().local_info(local)?.ty;
        let program = self.module.program;
        let is_list = matches!(program.ty(program.underlying(ty)), Type::Slice(_));
        let is_acquired = matches!(self.start, Some(Start::Call { .. })) && self.root.is_none();
        let result = tree.exprs(values).iter().position(|one| *one == list)?;
        (is_list && is_acquired).then_some((result, tree.stmt(stmt).span))
    }

    /// Whether a list is the first of what is returned beside an error, and nobody looks at it then: `return files, err`.
    fn is_dropped_beside_error(&self, state: &State, list: ExprId) -> bool {
        let tree = self.function.tree();
        let Some(Node::Stmt(stmt)) = self.function.parent(list) else {
            return false;
        };
        let StmtKind::Return(values) = tree.stmt(stmt).kind else {
            return false;
        };
        let ([first, .., error], Some(_)) = (
            tree.exprs(values),
            self.function.error_result(self.module.program, self.root),
        ) else {
            return false;
        };
        *first == list
            && self.fact_of(state, *error) == Some(Fact::NonNil)
            && self.is_dropped_by_callers()
    }
}
