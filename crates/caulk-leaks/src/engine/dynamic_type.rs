//! What the dynamic type of the resource is said to be: by an assertion, by the clauses of a type switch.

use caulk_program::{LocalId, LocalKind, TypeId};
use caulk_syntax::{ExprId, ExprKind, StmtId, StmtKind};

use super::run::{Run, Start};
use super::state::{Place, State, Value};

/// What it says of the resource to be of a type.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Says {
    /// It always is: it has its own release method, so it is an `io.Closer`.
    Surely,
    /// It holds nothing then: the release of that type does nothing.
    Idle,
    /// It never is: a value of that type cannot be released.
    Never,
    /// Nothing: what else it is cannot be seen.
    Nothing,
}

impl Run<'_, '_> {
    /// `v, ok := x.(T)`.
    pub(super) fn asserted(
        &mut self,
        state: &mut State,
        x: ExprId,
        ty: ExprId,
    ) -> Vec<Option<Value>> {
        let value = self.eval(state, x);
        // `status, ok := err.(Status)`: there is an error where this is true.
        if matches!(value, Some(Value::Error | Value::DerivedError)) {
            return vec![Some(Value::DerivedError), Some(Value::DerivedError)];
        }
        let Some(Value::At(depth)) = value else {
            return vec![value];
        };
        let ty = self.function.info().type_of(ty);
        match self.says(depth, ty) {
            Says::Surely => vec![value, Some(Value::Acquired(true))],
            Says::Idle => vec![value, Some(Value::Acquired(false))],
            Says::Never | Says::Nothing => {
                self.out.asserted = true;
                vec![value]
            }
        }
    }

    fn says(&self, depth: usize, ty: TypeId) -> Says {
        let program = self.module.program;
        let is_whole = depth == self.release.path().len();
        let mut methods = self
            .release
            .actions
            .iter()
            .filter_map(|action| action.method.as_deref());
        if program.is_interface(ty) {
            let releases = is_whole && methods.any(|method| program.has_method(ty, method));
            return if releases {
                Says::Surely
            } else {
                Says::Nothing
            };
        }
        let known = self
            .contract
            .and_then(|contract| contract.dynamic_type.as_ref());
        let named = program.named_name(ty);
        if known.is_some() && named.as_ref() == known || named.is_some() && self.is_of_network(ty) {
            return Says::Surely;
        }
        if !is_whole || ty.is_unknown() || program.is_missing(ty) {
            return Says::Nothing;
        }
        let methods: Vec<&str> = methods.collect();
        let idle = |method: &&str| crate::inference::doc::does_nothing(self.module, ty, method);
        if methods.iter().any(idle) {
            Says::Idle
        } else if methods.is_empty() || methods.iter().any(|method| program.has_method(ty, method))
        {
            Says::Nothing
        } else {
            Says::Never
        }
    }

    /// Whether a type is the one that a connection or listener has in the network that it is made in: `net.Dial("udp", …)`.
    fn is_of_network(&self, ty: TypeId) -> bool {
        let Some(Start::Call { call, .. }) = self.start else {
            return false;
        };
        let made = crate::inference::never_fails::type_in_network(&self.function.typed, call);
        let program = self.module.program;
        made.is_some_and(|made| program.named_name(program.deref(ty)).as_deref() == Some(made))
    }

    /// A clause of a type switch, over the acquisition's error or the resource; none where no clause fits. False where it
    /// cannot be reached.
    pub(super) fn refine_type(
        &mut self,
        state: &mut State,
        stmt: StmtId,
        case: Option<StmtId>,
    ) -> bool {
        let tree = self.function.tree();
        let StmtKind::TypeSwitch { assign, body, .. } = tree.stmt(stmt).kind else {
            return true;
        };
        let Some(operand) = caulk_flow::type_switch_operand(tree, assign) else {
            return true;
        };
        let types = case.map_or(&[][..], |case| self.clause_types(case));
        match self.value_at(state, operand) {
            Some(Value::Error) if types.iter().any(|ty| self.is_nil(*ty)) => {
                types.len() > 1 || self.refine_acquired(state, true)
            }
            Some(Value::Error) if types.is_empty() && !self.has_nil_clause(body) => true,
            Some(Value::Error) => self.refine_acquired(state, false),
            Some(Value::At(depth)) => self.refine_dynamic_type(state, (assign, body), case, depth),
            Some(Value::Owner(_)) if case.is_some() => {
                let span = self.span_of(operand);
                self.lose_track(state, "looked at by a type switch", span);
                true
            }
            _ => true,
        }
    }

    /// The resource is of a type of this clause, and of none before it; the clause's variable holds it.
    fn refine_dynamic_type(
        &mut self,
        state: &mut State,
        (assign, body): (StmtId, StmtId),
        case: Option<StmtId>,
        depth: usize,
    ) -> bool {
        let info = self.function.info();
        let says = |run: &Self, ty: &ExprId| run.says(depth, info.type_of(*ty));
        let clauses = self.clauses(body);
        let at = case.and_then(|case| clauses.iter().position(|clause| *clause == case));
        let types = case.map_or(&[][..], |case| self.clause_types(case));
        // The default stands for what fits nowhere, wherever it is written.
        let before = match at {
            Some(at) if !types.is_empty() => clauses.get(..at).unwrap_or_default(),
            _ => clauses,
        };
        let fits_before = before
            .iter()
            .flat_map(|clause| self.clause_types(*clause))
            .any(|ty| says(self, ty) == Says::Surely);
        let never = |ty: &ExprId| !self.is_nil(*ty) && says(self, ty) == Says::Never;
        if fits_before || !types.is_empty() && types.iter().all(never) {
            return false;
        }
        if let Some(at) = at
            && let Some(local) = self.clause_variable(assign, at)
        {
            state.bind(Place::of(local), Some(Value::At(depth)));
        }
        match types {
            [only] if self.is_nil(*only) || says(self, only) == Says::Idle => {
                self.refine_acquired(state, false)
            }
            types => {
                let sure = types.iter().any(|ty| says(self, ty) == Says::Surely);
                state.unlikely |= types.iter().any(|ty| self.need_not_be(info.type_of(*ty)));
                self.out.asserted |= !sure;
                true
            }
        }
    }

    /// Whether what a parameter is passed, which can be released, need not implement an interface: it is none of those of streams.
    fn need_not_be(&self, ty: TypeId) -> bool {
        let program = self.module.program;
        let of_streams = ["Close", "Read", "Write", "Seek", "ReadAt", "WriteAt"];
        matches!(self.start, Some(Start::Param { .. }))
            && program.is_interface(ty)
            && !of_streams
                .iter()
                .any(|method| program.has_method(ty, method))
    }

    /// The variable that a type switch declares anew in this clause.
    fn clause_variable(&self, assign: StmtId, clause: usize) -> Option<LocalId> {
        let tree = self.function.tree();
        let StmtKind::Assign { lhs, .. } = tree.stmt(assign).kind else {
            return None;
        };
        let ExprKind::Ident(name) = tree.expr(*tree.exprs(lhs).first()?).kind else {
            return None;
        };
        let locals = self.function.info().locals();
        locals
            .filter(|(_, local)| local.kind == LocalKind::TypeSwitch && local.span == name.span)
            .map(|(local, _)| local)
            .nth(clause)
    }

    fn clauses(&self, body: StmtId) -> &[StmtId] {
        let tree = self.function.tree();
        match tree.stmt(body).kind {
            StmtKind::Block(block) => tree.stmts(block.stmts),
            _ => &[],
        }
    }

    fn clause_types(&self, clause: StmtId) -> &[ExprId] {
        let tree = self.function.tree();
        match tree.stmt(clause).kind {
            StmtKind::Case { list, .. } => tree.exprs(list),
            _ => &[],
        }
    }

    /// Whether a clause of a type switch stands for `nil`, so that the others stand for what is not.
    fn has_nil_clause(&self, body: StmtId) -> bool {
        let mut types = self
            .clauses(body)
            .iter()
            .flat_map(|clause| self.clause_types(*clause));
        types.any(|ty| self.is_nil(*ty))
    }
}
