//! What a condition says about a path.

use caulk_program::{Builtin, Callee, LocalId, Object};
use caulk_syntax::{BinaryOp, Descend, ExprId, ExprKind, Node, StmtKind, Tree, UnaryOp};

use super::run::{Run, Start};
use super::state::{Fact, State, Status, Value};
use crate::finding::Confidence;

impl Run<'_, '_> {
    /// Adds that a condition was true (or false) to a state; false where that cannot be.
    pub(super) fn refine(&mut self, state: &mut State, cond: ExprId, truth: bool) -> bool {
        let function = self.function;
        let tree = function.tree();
        let cond = tree.unparen(cond);
        if self.says_it_holds_nothing(state, cond, truth) {
            state.doubt = true;
        }
        match tree.expr(cond).kind {
            ExprKind::Binary { x, op, y, .. }
                if let Some(there) = self.is_there_if(state, x, op, y) =>
            {
                if there != truth {
                    return self.refine_acquired(state, false);
                }
                state.is_there();
                true
            }
            _ if !self.assume_condition(state, (cond, None), truth) => false,
            ExprKind::Binary { x, op, y, .. } if self.is_length_of_nil(state, x, y) => match op {
                BinaryOp::Eql | BinaryOp::Leq => truth,
                BinaryOp::Neq | BinaryOp::Gtr => !truth,
                _ => true,
            },
            ExprKind::Binary {
                x,
                op: op @ (BinaryOp::Eql | BinaryOp::Neq),
                y,
                ..
            } => {
                let equal = (op == BinaryOp::Eql) == truth;
                self.refine_equal(state, x, y, equal)
            }
            ExprKind::Unary {
                op: UnaryOp::Not,
                x,
            } => self.refine(state, x, !truth),
            // Deeper conditions come from `switch` cases and assigned flags.
            ExprKind::Binary {
                x,
                op: BinaryOp::LogicalAnd,
                y,
                ..
            } if truth => self.refine(state, x, true) && self.refine(state, y, true),
            ExprKind::Binary {
                x,
                op: BinaryOp::LogicalOr,
                y,
                ..
            } if !truth => self.refine(state, x, false) && self.refine(state, y, false),
            ExprKind::Ident(_) => {
                if let Some(says) = self.truth_value(cond) {
                    return says == truth;
                }
                if truth && matches!(self.value_at(state, cond), Some(Value::DerivedError)) {
                    return self.refine_acquired(state, false);
                }
                match self.value_at(state, cond) {
                    Some(Value::Acquired(when)) => {
                        return self.refine_acquired(state, when == truth);
                    }
                    Some(Value::ReleasedIf { nil }) => {
                        if nil == truth {
                            self.release_at(state, self.span_of(cond));
                        }
                        self.clear(state, cond);
                        return true;
                    }
                    Some(Value::More) => {
                        if !truth {
                            self.end_at(state, self.span_of(cond));
                        }
                        return true;
                    }
                    _ => {}
                }
                if self.is_companion(state, cond) && self.is_optional() {
                    self.look_at_companion(state);
                }
                // `it, ok, err := find(key)`: there is none where it was not found.
                let ty = function.info().type_of(cond);
                if !truth
                    && self.is_companion(state, cond)
                    && crate::types::is_bool(self.module.program, ty)
                {
                    state.doubt |= state.status == Status::Owed;
                }
                let Some(local) = function.local(cond) else {
                    return true;
                };
                // Whether a deferred literal releases it is for whoever sets the flag by then.
                state.doubt |= self.nesting > 0 && state.is_loose(local);
                self.assume(state, local, if truth { Fact::True } else { Fact::False })
            }
            ExprKind::Call { args, .. } => {
                let args = tree.exprs(args).to_vec();
                self.refine_call(state, cond, &args, truth)
            }
            ExprKind::Selector { x, .. } => {
                // `if resp.Unmodified`: what else a value says of itself may say that there is no body in it.
                let is_guess = self
                    .contract
                    .is_some_and(|contract| contract.origin.is_guess());
                state.doubt |= is_guess
                    && state.status == Status::Owed
                    && !self.release.path().is_empty()
                    && matches!(self.value_at(state, x), Some(Value::At(0)));
                true
            }
            _ => true,
        }
    }

    /// Whether the length of what is nil is compared with zero: `len(results) == 0` behind `return nil, nil`.
    fn is_length_of_nil(&self, state: &State, x: ExprId, y: ExprId) -> bool {
        let tree = self.function.tree();
        let x = tree.unparen(x);
        let ExprKind::Call { args, .. } = tree.expr(x).kind else {
            return false;
        };
        let is_nil = |arg: &ExprId| {
            let local = self.function.local(*arg);
            local.and_then(|local| state.fact(local)) == Some(Fact::Nil)
        };
        *self.function.callee(x) == Callee::Builtin(Builtin::Len)
            && matches!(nothing(tree, y), Some(Nothing::Zero))
            && tree.exprs(args).iter().any(is_nil)
    }

    /// Whether a condition, true or false, may say that there is nothing in the resource: `len(res.Rows) == 0` is true, or
    /// `resp.Error != nil`. What is owed by convention alone may not be then.
    fn says_it_holds_nothing(&self, state: &State, cond: ExprId, truth: bool) -> bool {
        let is_guess = self.contract.is_some_and(|contract| {
            contract.confidence == Confidence::Likely && contract.release.path().is_empty()
        });
        if state.status != Status::Owed || !is_guess {
            return false;
        }
        let tree = self.function.tree();
        let info = self.function.info();
        let is_field = |expr: ExprId| {
            let expr = tree.unparen(expr);
            matches!(tree.expr(expr).kind, ExprKind::Selector { x, .. }
                if matches!(self.value_at(state, x), Some(Value::At(0))))
        };
        let is_length = |expr: ExprId| match tree.expr(tree.unparen(expr)).kind {
            ExprKind::Call { args, .. } => {
                *self.function.callee(expr) == Callee::Builtin(Builtin::Len)
                    && tree.exprs(args).iter().any(|arg| is_field(*arg))
            }
            _ => false,
        };
        let is_error = |expr: ExprId| {
            let named = match tree.expr(tree.unparen(expr)).kind {
                ExprKind::Selector { sel, .. } => tree.name(sel).starts_with("Err"),
                _ => false,
            };
            named || crate::types::is_error(self.module.program, info.type_of(expr))
        };
        let ExprKind::Binary { x, op, y, .. } = tree.expr(cond).kind else {
            return is_field(cond);
        };
        let (subject, op, other) = if is_field(x) || is_length(x) {
            (x, op, y)
        } else {
            (y, mirrored(op), x)
        };
        let is_nothing = self.is_nil(other) || nothing(tree, other).is_some();
        if !is_nothing || !is_field(subject) && !is_length(subject) {
            return false;
        }
        let is_set = match op {
            BinaryOp::Eql | BinaryOp::Leq => !truth,
            BinaryOp::Neq | BinaryOp::Gtr => truth,
            _ => return false,
        };
        is_set == (self.is_nil(other) && is_error(subject))
    }

    /// What the constants `true` and `false` say.
    fn truth_value(&self, expr: ExprId) -> Option<bool> {
        let tree = self.function.tree();
        match tree.expr(expr).kind {
            ExprKind::Ident(name) if self.function.local(expr).is_none() => match tree.name(name) {
                "true" => Some(true),
                "false" => Some(false),
                _ => None,
            },
            _ => None,
        }
    }

    pub(super) fn value_at(&self, state: &State, expr: ExprId) -> Option<Value> {
        let bound = self
            .place(expr)
            .and_then(|place| state.get(&place).cloned());
        bound.or_else(|| {
            let tree = self.function.tree();
            let ExprKind::Selector { x, sel } = tree.expr(tree.unparen(expr)).kind else {
                return None;
            };
            let name = tree.name(sel);
            let mut value = self.value_at(state, x)?;
            if let Object::Field { through, .. } = self.function.info().object(tree.unparen(expr)) {
                value = self.through_embedded(value, through);
            }
            match value {
                Value::At(0) if self.is_error_field(name) => Some(Value::Error),
                Value::At(0) if self.is_held_in(name) => Some(Value::View),
                Value::At(depth) => {
                    let leads = self.release.leads(depth, name);
                    leads.then_some(Value::At(depth + 1))
                }
                Value::Owner(Some(part)) => part.in_field(name),
                _ => None,
            }
        })
    }

    /// Whether a comparison of what stands for the resource with a number that never does, or with an empty text, says
    /// that it is there: `fd >= 0`, `id != ""`.
    fn is_there_if(&self, state: &State, x: ExprId, op: BinaryOp, y: ExprId) -> Option<bool> {
        let tree = self.function.tree();
        let (subject, op, bound) = match (nothing(tree, x), nothing(tree, y)) {
            (None, Some(bound)) => (x, op, bound),
            (Some(bound), None) => (y, mirrored(op), bound),
            _ => return None,
        };
        let says = match (op, bound) {
            (BinaryOp::Neq, _)
            | (BinaryOp::Gtr, Nothing::Zero | Nothing::MinusOne)
            | (BinaryOp::Geq, Nothing::Zero) => true,
            (BinaryOp::Eql, _)
            | (BinaryOp::Lss, Nothing::Zero)
            | (BinaryOp::Leq, Nothing::Zero | Nothing::MinusOne) => false,
            _ => return None,
        };
        matches!(self.value_at(state, subject), Some(Value::At(0))).then_some(says)
    }

    /// Adds that two expressions are equal (or are not).
    pub(super) fn refine_equal(
        &mut self,
        state: &mut State,
        x: ExprId,
        y: ExprId,
        equal: bool,
    ) -> bool {
        let tree = self.function.tree();
        let (x, y) = (tree.unparen(x), tree.unparen(y));
        // `rows.Next() == false`
        for (subject, other) in [(x, y), (y, x)] {
            if let Some(says) = self.truth_value(other) {
                return self.refine(state, subject, says == equal);
            }
        }
        if self.is_companion(state, x) || self.is_companion(state, y) {
            self.look_at_companion(state);
        }
        let (subject, nil) = if self.is_nil(y) {
            (x, true)
        } else if self.is_nil(x) {
            (y, true)
        } else {
            (x, false)
        };
        if !nil {
            return self.refine_sentinel(state, (x, y), equal);
        }
        if !equal && self.is_recovered(subject) {
            return false;
        }
        if !equal && self.is_set_at_end(state, subject) {
            self.release_at(state, self.span_of(subject));
            return true;
        }
        if !equal {
            self.context_is_done(state, subject, "Err");
        } else if self.is_of_event(state, subject) {
            self.end_at(state, self.span_of(subject));
            return true;
        }
        // What comes with it is nil where it is, as a rule.
        if equal && matches!(self.value_at(state, subject), Some(Value::Companion)) {
            state.unlikely |= state.status == Status::Owed;
        }
        let value = self.value_of_condition(state, subject);
        // That what has the field is there says nothing of the field.
        let of_owner = matches!(value, Some(Value::Owner(_)));
        match value {
            Some(Value::Error) => return self.refine_acquired(state, equal),
            Some(Value::DerivedError) => {
                if equal {
                    return self.refine_acquired(state, true);
                }
                state.doubt = true;
            }
            Some(Value::ReleasedIf { nil }) => {
                if nil == equal {
                    let span = self.span_of(subject);
                    self.release_at(state, span);
                }
                self.clear(state, subject);
                self.note(state, subject, equal);
                return true;
            }
            Some(Value::LeftIfError { why, unlikely }) => {
                if equal {
                    self.lose_track(state, why, self.span_of(subject));
                } else {
                    // Which of its ways a callee fails on is not for this function to say.
                    state.unlikely |= unlikely && state.status == Status::Owed;
                }
                self.clear(state, subject);
                self.note(state, subject, equal);
                return true;
            }
            Some(
                Value::At(_) | Value::Owner(_) | Value::View | Value::Releaser | Value::Closure(_),
            ) => {
                // What was acquired is not nil; where it is nil, it was not acquired.
                if equal {
                    return self.refine_acquired(state, false);
                }
                if !of_owner || !matches!(self.start, Some(Start::Param { .. })) {
                    state.is_there();
                }
                return true;
            }
            Some(Value::NotCopied) if self.writer_waits() => state.drained = equal,
            Some(Value::NotCopied) => state.drained &= equal,
            Some(Value::ReadError { any }) => state.drained |= any && !equal,
            // What is bound to it can be nil while it is held: a reply, a message.
            Some(
                Value::Acquired(_)
                | Value::More
                | Value::Event
                | Value::Companion
                | Value::Handle
                | Value::Listed,
            ) => {}
            None => {
                state.unlikely |=
                    equal && state.status == Status::Owed && self.is_always_given(subject);
            }
        }
        match self.function.local(subject) {
            Some(local) => {
                if equal && state.status == Status::Owed && self.is_made_alike(local) {
                    state.unlikely = true;
                }
                self.assume(state, local, if equal { Fact::Nil } else { Fact::NonNil })
            }
            None => true,
        }
    }

    /// Whether the equality of two expressions says that what was acquired holds nothing: `resp.StatusCode == 204`.
    pub(super) fn says_empty(&self, state: &State, x: ExprId, y: ExprId) -> bool {
        let Some(empty) = self
            .contract
            .and_then(|contract| contract.empty_where.as_ref())
        else {
            return false;
        };
        let tree = self.function.tree();
        let is_field = |expr: ExprId| {
            matches!(tree.expr(tree.unparen(expr)).kind, ExprKind::Selector { x, sel }
                if tree.name(sel) == empty.field && matches!(self.value_at(state, x), Some(Value::At(0))))
        };
        let is_one = |expr: ExprId| {
            let says = match tree.expr(tree.unparen(expr)).kind {
                ExprKind::BasicLit(literal) => tree.literal(literal),
                ExprKind::Ident(name) | ExprKind::Selector { sel: name, .. } => tree.name(name),
                _ => return false,
            };
            empty.is.iter().any(|is| is == says)
        };
        // `info.Status = resp.StatusCode`
        let is_copy = |expr: ExprId| {
            let mut given = self.assigned_to(expr).peekable();
            given.peek().is_some() && given.all(is_field)
        };
        let says = |expr: ExprId| is_field(expr) || is_copy(expr);
        is_one(y) && says(x) || is_one(x) && says(y)
    }

    /// What statements of the function assign to a variable, or a field of one, by its name.
    fn assigned_to(&self, place: ExprId) -> impl Iterator<Item = ExprId> {
        let tree = self.function.tree();
        let mut given = Vec::new();
        if let Some(path) = tree.selector_path(place)
            && let Some(graph) = self.function.graph(self.root)
        {
            tree.walk(graph.body, |node| {
                if let Node::Stmt(stmt) = node
                    && let StmtKind::Assign { lhs, rhs, .. } = tree.stmt(stmt).kind
                {
                    let pairs = tree.exprs(lhs).iter().zip(tree.exprs(rhs));
                    let of_place = pairs
                        .filter(|(left, _)| tree.selector_path(**left).as_ref() == Some(&path));
                    given.extend(of_place.map(|(_, value)| *value));
                }
                Descend::Into
            });
        }
        given.into_iter()
    }

    /// Whether an expression is the field of the resource that is set when that has ended.
    fn is_set_at_end(&self, state: &State, expr: ExprId) -> bool {
        let tree = self.function.tree();
        let field = self
            .contract
            .and_then(|contract| contract.ended_if_set.as_deref());
        let ExprKind::Selector { x, sel } = tree.expr(tree.unparen(expr)).kind else {
            return false;
        };
        field == Some(tree.name(sel)) && matches!(self.value_at(state, x), Some(Value::At(0)))
    }

    /// A condition on another result of the acquisition may say that there is nothing to release.
    fn look_at_companion(&self, state: &mut State) {
        if state.status == Status::Owed && (!state.succeeded || self.is_optional()) {
            state.doubt = true;
        }
    }

    /// Whether an expression is another result of the acquisition, or a field of one.
    pub(super) fn is_companion(&self, state: &State, expr: ExprId) -> bool {
        let tree = self.function.tree();
        let mut expr = tree.unparen(expr);
        while let ExprKind::Selector { x, .. } = tree.expr(expr).kind {
            expr = tree.unparen(x);
        }
        matches!(self.value_at(state, expr), Some(Value::Companion))
    }

    /// The value that a condition looks at; a call gives its (only) result.
    pub(super) fn value_of_condition(
        &mut self,
        state: &mut State,
        subject: ExprId,
    ) -> Option<Value> {
        let tree = self.function.tree();
        if matches!(tree.expr(subject).kind, ExprKind::Call { .. }) {
            // It ran when the condition was evaluated; here only its relation matters.
            let mut before = state.clone();
            if before.status.is_final() {
                return None;
            }
            self.trying += 1;
            let value = self.eval(&mut before, subject);
            self.trying -= 1;
            return value;
        }
        self.value_at(state, subject)
    }

    fn clear(&mut self, state: &mut State, subject: ExprId) {
        if let Some(place) = self.place(subject) {
            state.bind(place, None);
        }
    }

    fn note(&mut self, state: &mut State, subject: ExprId, is_nil: bool) {
        if let Some(local) = self.function.local(subject)
            && self.is_tracked(local)
        {
            state.set_fact(local, Some(if is_nil { Fact::Nil } else { Fact::NonNil }));
        }
    }

    /// The acquisition succeeded, or failed and holds nothing.
    pub(super) fn refine_acquired(&mut self, state: &mut State, succeeded: bool) -> bool {
        if succeeded {
            let errors = errors(state);
            state.error_is_known();
            for error in errors {
                if self.is_tracked(error) {
                    state.set_fact(error, Some(Fact::Nil));
                }
            }
        } else if state.status == Status::Owed {
            // The error stays known for conditions further down.
            let errors = errors(state);
            state.reset();
            for error in errors {
                if self.is_tracked(error) {
                    state.set_fact(error, Some(Fact::NonNil));
                }
            }
        }
        true
    }

    /// Whether a variable says that the channel of a ticker or a timer is open, which nobody closes: `_, ok := <-ticker.C`.
    fn is_told_by_clock(&self, local: LocalId) -> bool {
        let (function, program) = (self.function, self.module.program);
        let tree = function.tree();
        let received = function
            .sole_value(program, local)
            .filter(|(_, index)| *index == 1)
            .map(|(value, _)| tree.expr(tree.unparen(value)).kind);
        let Some(ExprKind::Unary {
            op: UnaryOp::Receive,
            x,
        }) = received
        else {
            return false;
        };
        let ExprKind::Selector { x, .. } = tree.expr(tree.unparen(x)).kind else {
            return false;
        };
        let of = program.named_name(program.deref(function.info().type_of(x)));
        matches!(of.as_deref(), Some("time.Ticker" | "time.Timer"))
    }

    /// Adds a fact; false where the opposite is known.
    pub(super) fn assume(&mut self, state: &mut State, local: LocalId, fact: Fact) -> bool {
        match (state.fact(local), fact) {
            (Some(Fact::Nil), Fact::NonNil)
            | (Some(Fact::NonNil), Fact::Nil)
            | (Some(Fact::True), Fact::False)
            | (Some(Fact::False), Fact::True) => false,
            (known, fact) => {
                let fails = matches!(fact, Fact::NonNil | Fact::False);
                state.unlikely |= known == Some(Fact::NeverFails) && fails
                    || fact == Fact::False
                        && state.status == Status::Owed
                        && self.is_told_by_clock(local);
                if self.is_tracked(local) {
                    state.set_fact(local, Some(fact));
                }
                true
            }
        }
    }
}

/// The variables that hold the acquisition's error.
fn errors(state: &State) -> Vec<LocalId> {
    state
        .bindings()
        .filter(|(place, value)| place.path.is_empty() && matches!(value, Value::Error))
        .map(|(place, _)| place.root)
        .collect()
}

/// What a number or a text is where it stands for no resource.
#[derive(Clone, Copy)]
enum Nothing {
    Zero,
    MinusOne,
    Text,
}

fn nothing(tree: &Tree, expr: ExprId) -> Option<Nothing> {
    match tree.expr(tree.unparen(expr)).kind {
        ExprKind::BasicLit(literal) => match tree.literal(literal) {
            "0" => Some(Nothing::Zero),
            "\"\"" | "``" => Some(Nothing::Text),
            _ => None,
        },
        ExprKind::Unary {
            op: UnaryOp::Minus,
            x,
        } => {
            let one = matches!(tree.expr(x).kind, ExprKind::BasicLit(literal) if tree.literal(literal) == "1");
            one.then_some(Nothing::MinusOne)
        }
        _ => None,
    }
}

/// The operator where the operands change places.
fn mirrored(op: BinaryOp) -> BinaryOp {
    match op {
        BinaryOp::Lss => BinaryOp::Gtr,
        BinaryOp::Gtr => BinaryOp::Lss,
        BinaryOp::Leq => BinaryOp::Geq,
        BinaryOp::Geq => BinaryOp::Leq,
        other => other,
    }
}
