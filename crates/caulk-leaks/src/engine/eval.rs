//! Expressions: their effect on the state, and how their value relates to the resource.

use std::sync::Arc;

use caulk_program::{Builtin, Callee, LocalId, Object, Type, TypeId};
use caulk_syntax::{BinaryOp, ExprId, ExprKind, StmtId, StmtKind, UnaryOp};
use smol_str::SmolStr;

use super::run::Run;
use super::state::{Deferred, Fact, Place, State, Status, Value};
use crate::contract::Origin;

impl Run<'_, '_> {
    /// Evaluates an expression; gives the relation of its (first) value to the resource.
    pub(super) fn eval(&mut self, state: &mut State, expr: ExprId) -> Option<Value> {
        let function = self.function;
        let tree = function.tree();
        match tree.expr(expr).kind {
            ExprKind::Paren(x) | ExprKind::Star(x) => self.eval(state, x),
            ExprKind::Unary {
                op: UnaryOp::Receive,
                x,
            } => {
                self.eval(state, x);
                self.received(state, x, expr);
                self.context_is_done(state, x, "Done");
                None
            }
            ExprKind::Unary {
                op: UnaryOp::Address,
                x,
            } => {
                // Whoever has its address can assign it.
                if let Some(local) = function.local(x) {
                    state.set_fact(local, None);
                    self.forget_conditions(state, local, false);
                }
                // A mapping is known by where it begins as well: `&data[0]`.
                if let ExprKind::Index { x, .. } = tree.expr(tree.unparen(x)).kind
                    && self.release.actions.is_empty()
                {
                    return self.eval(state, x);
                }
                self.eval(state, x)
            }
            ExprKind::Ident(_) => {
                let local = function.local(expr)?;
                match state.get(&Place::of(local)) {
                    Some(Value::Listed) => {
                        self.use_list(state, expr);
                        None
                    }
                    value => value.cloned(),
                }
            }
            ExprKind::Selector { x, sel } => self.selector(state, expr, x, tree.name(sel)),
            ExprKind::Call { .. } => self.call(state, expr).into_iter().next().flatten(),
            ExprKind::TypeAssert { x, .. } => self.eval(state, x),
            ExprKind::Binary {
                x,
                op: BinaryOp::LogicalAnd | BinaryOp::LogicalOr,
                y,
                ..
            } => {
                self.eval(state, x);
                self.eval_perhaps(state, y);
                None
            }
            ExprKind::Binary { x, op, y, .. } => {
                let left = self.eval(state, x);
                let right = self.eval(state, y);
                self.compared(op, (x, left), (y, right))
            }
            ExprKind::Chain { first, rest } => {
                self.eval(state, first);
                for link in tree.chain_links(rest) {
                    self.eval_perhaps(state, link.y);
                }
                None
            }
            ExprKind::CompositeLit { elts, .. } => {
                let elts = tree.exprs(elts).to_vec();
                self.composite(state, expr, &elts)
            }
            ExprKind::FuncLit { .. } => {
                for local in self.function.loosened_by(expr) {
                    state.loosen(*local);
                }
                Some(Value::Closure(expr))
            }
            ExprKind::KeyValue { key, value, .. } => {
                self.eval(state, key);
                self.eval(state, value)
            }
            ExprKind::Index { x, indices, .. } => {
                let value = self.eval(state, x);
                for &index in tree.exprs(indices) {
                    self.eval(state, index);
                }
                match value {
                    Some(Value::Owner(_)) => Some(Value::View),
                    // Of the arguments that `...T` takes.
                    Some(Value::At(depth)) if self.is_element(x, expr) => Some(Value::At(depth)),
                    other => other.filter(|value| matches!(value, Value::View)),
                }
            }
            ExprKind::Slice {
                x, low, high, max, ..
            } => {
                for bound in [low, high, max].into_iter().flatten() {
                    self.eval(state, bound);
                }
                self.eval(state, x)
            }
            ExprKind::Unary { x, .. } => {
                let value = self.eval(state, x);
                match value {
                    Some(Value::Acquired(truth)) => Some(Value::Acquired(!truth)),
                    _ => None,
                }
            }
            ExprKind::Bad
            | ExprKind::BasicLit(_)
            | ExprKind::ArrayType { .. }
            | ExprKind::StructType(_)
            | ExprKind::FuncType(_)
            | ExprKind::InterfaceType(_)
            | ExprKind::MapType { .. }
            | ExprKind::ChanType { .. }
            | ExprKind::Ellipsis(_) => None,
        }
    }

    /// Whether `x[i]` is one of several values, and no byte of a resource that is a slice itself.
    fn is_element(&self, x: ExprId, indexed: ExprId) -> bool {
        let (program, info) = (self.module.program, self.function.info());
        matches!(program.ty(info.type_of(x)), Type::Slice(_))
            && !program.is_basic(info.type_of(indexed))
    }

    /// Evaluates an operand that a short circuit can skip: a release or a failure there does not count.
    fn eval_perhaps(&mut self, state: &mut State, expr: ExprId) {
        let mut taken = state.clone();
        self.eval(&mut taken, expr);
        let undone = matches!(taken.status, Status::Released(_) | Status::Before);
        if !(state.status == Status::Owed && undone) {
            *state = taken;
        }
    }

    /// Evaluates an expression that can have several values.
    pub(super) fn eval_multi(&mut self, state: &mut State, expr: ExprId) -> Vec<Option<Value>> {
        let inner = self.function.tree().unparen(expr);
        match self.function.tree().expr(inner).kind {
            ExprKind::Call { .. } => self.call(state, inner),
            // `event, ok := <-w.ResultChan()`
            ExprKind::Unary {
                op: UnaryOp::Receive,
                x,
            } if self.is_results_of_watch(state, x) => {
                vec![self.eval(state, expr), Some(Value::More)]
            }
            _ => vec![self.eval(state, expr)],
        }
    }

    /// The place that an expression names: a variable, or a field of one.
    pub(super) fn place(&self, expr: ExprId) -> Option<Place> {
        let tree = self.function.tree();
        match tree.expr(expr).kind {
            ExprKind::Paren(x) | ExprKind::Star(x) => self.place(x),
            ExprKind::Unary {
                op: UnaryOp::Address,
                x,
            } => self.place(x),
            ExprKind::Ident(_) => Some(Place::of(self.function.local(expr)?)),
            ExprKind::Selector { x, sel } => match self.function.info().object(expr) {
                Object::Field { .. } | Object::Unknown => {
                    self.place(x)?.field(&SmolStr::new(tree.name(sel)))
                }
                _ => None,
            },
            _ => None,
        }
    }

    fn selector(
        &mut self,
        state: &mut State,
        expr: ExprId,
        x: ExprId,
        name: &str,
    ) -> Option<Value> {
        if let Some(value) = self
            .place(expr)
            .and_then(|place| state.get(&place).cloned())
        {
            if value == Value::Listed {
                self.use_list(state, expr);
                return None;
            }
            return Some(value);
        }
        if matches!(
            self.function.info().object(expr),
            Object::Package(_) | Object::Func(_) | Object::PackageVar(_)
        ) {
            return None;
        }
        let value = self.eval(state, x)?;
        let value = match self.function.info().object(expr) {
            Object::Field { through, .. } => self.through_embedded(value, through),
            _ => value,
        };
        let is_method = matches!(self.function.info().object(expr), Object::Method(_));
        match value {
            Value::At(0) if self.is_error_field(name) => Some(Value::Error),
            Value::At(_) if self.is_known_by(name) => Some(Value::Owner(None)),
            // Whether it is a field or a method of a type whose source is missing cannot be seen.
            Value::At(depth) if self.release.leads(depth, name) => Some(Value::At(depth + 1)),
            Value::At(depth) if is_method || self.is_release(depth, name) => {
                Some(if self.is_release(depth, name) {
                    Value::Releaser
                } else {
                    Value::View
                })
            }
            // Whoever keeps a function of it may be who releases: `c.stop = other.stop`.
            Value::At(_) if self.is_own_function(expr) => Some(Value::View),
            // A part that has the same release, as what is embedded has, stands for the whole.
            Value::At(depth) => {
                // Of a part whose type is not known, what is asked for by name is what it is there for: `out.GetStream().Reader`.
                let is_unknown = depth > 0 && self.function.info().type_of(expr).is_unknown();
                (depth == self.release.path().len() && (is_unknown || self.is_releasable(expr)))
                    .then_some(value)
            }
            Value::Owner(field) if is_method => Some(if crate::contract::is_release_name(name) {
                Value::Releaser
            } else {
                Value::Owner(field)
            }),
            Value::Owner(Some(field)) if field == name => Some(Value::At(0)),
            Value::Owner(None) | Value::View => Some(Value::View),
            Value::Handle => {
                let (program, ty) = (self.module.program, self.function.info().type_of(expr));
                crate::types::may_hold(program, ty).then_some(Value::Handle)
            }
            _ => None,
        }
    }

    /// What is reached through embedded fields that the source does not name.
    pub(super) fn through_embedded(&self, value: Value, through: &[SmolStr]) -> Value {
        through.iter().fold(value, |value, name| match value {
            Value::At(depth) if self.release.leads(depth, name) => Value::At(depth + 1),
            Value::Owner(Some(field)) if field == *name => Value::At(0),
            other => other,
        })
    }

    /// Whether an expression is a field that holds a function, of a value that the project's source makes.
    fn is_own_function(&self, expr: ExprId) -> bool {
        let by_source = self
            .contract
            .is_some_and(|contract| matches!(contract.origin, Origin::Source(_)));
        let (program, info) = (self.module.program, self.function.info());
        let is_error_at_most = |results: &[TypeId]| {
            results.len() <= 1
                && results
                    .iter()
                    .all(|ty| crate::types::is_error(program, *ty))
        };
        by_source
            && matches!(info.object(expr), Object::Field { .. })
            && program
                .func_type(info.type_of(expr))
                .is_some_and(|ty| ty.params.is_empty() && is_error_at_most(&ty.results))
    }

    /// Whether the type of an expression has the method that releases.
    fn is_releasable(&self, expr: ExprId) -> bool {
        let ty = self.function.info().type_of(expr);
        self.release.actions.iter().any(|action| {
            let method = action.method.as_ref();
            method.is_some_and(|method| self.module.program.has_method(ty, method))
        })
    }

    /// Whether `value.name()` releases, for a value so many fields down.
    pub(super) fn is_release(&self, depth: usize, name: &str) -> bool {
        self.release.releases(depth, name)
    }

    /// Whether a field of the resource is the error of its acquisition.
    pub(super) fn is_error_field(&self, name: &str) -> bool {
        let field = self
            .contract
            .and_then(|contract| contract.error_field.as_deref());
        field == Some(name)
    }

    /// Whether a field of the resource holds what is owed, and nothing else of it does.
    pub(super) fn is_held_in(&self, name: &str) -> bool {
        let field = self
            .contract
            .and_then(|contract| contract.held_in.as_deref());
        field == Some(name)
    }

    /// Whether others may know the resource by this field of it.
    fn is_known_by(&self, name: &str) -> bool {
        self.contract
            .is_some_and(|contract| contract.known_by.iter().any(|field| field == name))
    }

    fn received(&mut self, state: &mut State, channel: ExprId, expr: ExprId) {
        let Some(field) = self
            .contract
            .and_then(|contract| contract.end_on_receive.as_deref())
        else {
            return;
        };
        let tree = self.function.tree();
        if let ExprKind::Selector { x, sel } = tree.expr(tree.unparen(channel)).kind
            && tree.name(sel) == field
            && matches!(self.eval(state, x), Some(Value::At(0)))
        {
            self.release_at(state, self.span_of(expr));
        }
    }

    fn compared(
        &self,
        op: BinaryOp,
        left: (ExprId, Option<Value>),
        right: (ExprId, Option<Value>),
    ) -> Option<Value> {
        let equal = match op {
            BinaryOp::Eql => true,
            BinaryOp::Neq => false,
            _ => return None,
        };
        let value = if self.is_nil(right.0) {
            left.1
        } else if self.is_nil(left.0) {
            right.1
        } else {
            return None;
        };
        match value? {
            Value::Error => Some(Value::Acquired(equal)),
            Value::At(_) => Some(Value::Acquired(!equal)),
            _ => None,
        }
    }

    pub(super) fn is_nil(&self, expr: ExprId) -> bool {
        let tree = self.function.tree();
        matches!(self.function.info().object(tree.unparen(expr)), Object::Nil)
    }

    fn composite(&mut self, state: &mut State, expr: ExprId, elts: &[ExprId]) -> Option<Value> {
        let tree = self.function.tree();
        let ty = self.function.info().type_of(expr);
        let mut held = None;
        for (index, &elt) in elts.iter().enumerate() {
            let (field, value) = match tree.expr(elt).kind {
                ExprKind::KeyValue { key, value, .. } => {
                    let named = match tree.expr(key).kind {
                        ExprKind::Ident(name) => Some(SmolStr::new(tree.name(name))),
                        _ => {
                            self.eval(state, key);
                            None
                        }
                    };
                    (named, value)
                }
                _ => (
                    self.module
                        .program
                        .struct_fields(ty)
                        .get(index)
                        .map(|field| field.name.clone()),
                    elt,
                ),
            };
            let value_kind = self.eval(state, value);
            if let Some(field) = &field
                && self.field_borrows(ty, field)
            {
                continue;
            }
            let value = match value_kind {
                Some(Value::At(0) | Value::Releaser) => Some(Value::Owner(field)),
                Some(Value::At(_) | Value::Owner(_)) => Some(Value::Owner(None)),
                Some(Value::Closure(literal)) => match self.closure_effect(state, literal, &[]) {
                    super::closure::ClosureEffect::Releases => Some(Value::Owner(None)),
                    super::closure::ClosureEffect::Uses { .. } => {
                        self.obstacle(self.span_of(value), "kept by a function literal: release it once that has run for the last time");
                        None
                    }
                    super::closure::ClosureEffect::Unknown(why) => {
                        self.lose_track(state, why, self.span_of(value));
                        None
                    }
                    super::closure::ClosureEffect::Nothing => None,
                },
                Some(other @ (Value::View | Value::Handle)) => Some(other),
                _ => None,
            };
            held = match (held, value) {
                (Some(Value::Owner(field)), _) => Some(Value::Owner(field)),
                (known, None) => known,
                (_, some) => some,
            };
        }
        held
    }

    /// Whether a field of a type only borrows what is stored in it.
    pub(super) fn field_borrows(&self, ty: caulk_program::TypeId, field: &str) -> bool {
        self.module.program.named_of(ty).is_some_and(|named| {
            self.module
                .catalogue
                .field_borrows(&named.package, &named.name, field)
        })
    }

    /// What is known of a value that has nothing to do with the resource.
    pub(super) fn fact_of(&self, state: &State, expr: ExprId) -> Option<Fact> {
        let tree = self.function.tree();
        let expr = tree.unparen(expr);
        let info = self.function.info();
        match tree.expr(expr).kind {
            ExprKind::Ident(name) => match info.object(expr) {
                Object::Nil => Some(Fact::Nil),
                Object::Local(local) => state.fact(*local),
                Object::Const(_) | Object::Unknown => match tree.name(name) {
                    "true" => Some(Fact::True),
                    "false" => Some(Fact::False),
                    "nil" => Some(Fact::Nil),
                    _ => self.is_constant_error(expr).then_some(Fact::NonNil),
                },
                // A sentinel: `ErrNotFound`.
                Object::PackageVar(_)
                    if crate::types::is_error(self.module.program, info.type_of(expr)) =>
                {
                    Some(Fact::NonNil)
                }
                _ => None,
            },
            ExprKind::Selector { .. } => match info.object(expr) {
                Object::PackageVar(name) => {
                    let last = name.rsplit('.').next().unwrap_or("");
                    let is_error = crate::types::is_error(self.module.program, info.type_of(expr))
                        || last.starts_with("Err")
                        || &**name == "io.EOF";
                    is_error.then_some(Fact::NonNil)
                }
                Object::Const(_) => self.is_constant_error(expr).then_some(Fact::NonNil),
                _ => None,
            },
            ExprKind::Unary {
                op: UnaryOp::Address,
                ..
            }
            | ExprKind::FuncLit { .. } => Some(Fact::NonNil),
            ExprKind::CompositeLit { .. } => Some(Fact::NonNil),
            ExprKind::Call { args, .. } => match info.callee(expr) {
                Callee::Builtin(Builtin::Make | Builtin::New) => Some(Fact::NonNil),
                callee if makes_error(callee) => Some(Fact::NonNil),
                callee => {
                    let func = callee.func()?;
                    match &*func.name {
                        "google.golang.org/grpc/status.Error" => Some(Fact::NonNil),
                        // These return when something went wrong, and then only. A `main` is read as it is
                        // written: what it opens is closed where it goes on behind its server.
                        "net/http.ListenAndServe"
                        | "net/http.ListenAndServeTLS"
                        | "net/http.Serve"
                        | "net/http.ServeTLS"
                        | "net/http.Server.ListenAndServe"
                        | "net/http.Server.ListenAndServeTLS"
                        | "net/http.Server.Serve"
                        | "net/http.Server.ServeTLS" => {
                            let in_main = self.function.is_main(self.module.program);
                            (!in_main).then_some(Fact::NonNil)
                        }
                        "github.com/pkg/errors.Wrap"
                        | "github.com/pkg/errors.Wrapf"
                        | "github.com/pkg/errors.WithStack"
                        | "github.com/pkg/errors.WithMessage" => tree
                            .exprs(args)
                            .first()
                            .and_then(|arg| self.fact_of(state, *arg)),
                        _ => (crate::types::is_error(self.module.program, info.type_of(expr))
                            && self.never_fails(state, expr))
                        .then_some(Fact::NeverFails),
                    }
                }
            },
            _ => None,
        }
    }

    /// Whether an expression is a constant that is an error: of a type made of a text or a number.
    fn is_constant_error(&self, expr: ExprId) -> bool {
        let info = self.function.info();
        matches!(info.object(expr), Object::Const(_))
            && self.module.program.has_method(info.type_of(expr), "Error")
    }

    /// What is known of one of several results of a call: a derived context is never nil.
    pub(super) fn fact_of_result(&self, state: &State, call: ExprId, index: usize) -> Option<Fact> {
        let call = self.function.tree().unparen(call);
        if let Some((x, ty)) = self.asserted_type(call) {
            let (program, typed) = (self.module.program, &self.function.typed);
            let never_fails =
                index == 1 && crate::inference::never_fails::assertion(program, typed, x, ty);
            return never_fails.then_some(Fact::NeverFails);
        }
        let is_context = self
            .function
            .callee(call)
            .func()
            .is_some_and(|func| index == 0 && func.name.starts_with("context.With"));
        if is_context {
            return Some(Fact::NonNil);
        }
        let ty = self.function.info().type_of(call);
        let is_last = if ty.is_unknown() {
            // Of a module that is not at hand.
            crate::sites::result_count(self.module, self.function, call) == index + 1
        } else {
            let results = crate::types::results(self.module.program, ty);
            results.last().is_some_and(|last| {
                results.len() == index + 1 && crate::types::is_error(self.module.program, *last)
            })
        };
        let is_error = index > 0 && is_last;
        (is_error && self.never_fails(state, call)).then_some(Fact::NeverFails)
    }

    /// Whether a call gives no error, as the source is today, where it matters whether it does.
    fn never_fails(&self, state: &State, call: ExprId) -> bool {
        state.status == Status::Owed
            && (crate::inference::never_fails::call(self.module, &self.function.typed, call)
                || self.asks_of_just_opened(state, call))
    }

    pub(super) fn acquire(&mut self, state: &mut State, call: ExprId) {
        let pending = self.is_pending(state, call);
        if state.status == Status::Owed && !pending && self.nesting == 0 {
            // Within one expression the value is still on its way to a variable.
            if let Some(stmt) = self.function.statement(call) {
                state.status = if self.outlives_round(state, call, stmt) {
                    Status::Unknown(Arc::from("two are held at a time"), self.span_of(call))
                } else if let Some(why) = state.pending_unknown() {
                    Status::Unknown(why, self.span_of(call))
                } else if state.doubt {
                    let why = "a condition on its error is not understood";
                    Status::Unknown(Arc::from(why), self.span_of(call))
                } else {
                    Status::Lost(stmt)
                };
                return;
            }
        }
        if self.trying == 0
            && pending
            && state.status == Status::Owed
            && let Some(defer) = state.defers.first()
        {
            self.out.defer_in_loop = Some(self.function.tree().stmt(defer.stmt()).span);
        }
        state.reset();
        state.status = Status::Owed;
        self.acquired_now = true;
        self.out.acquired = true;
    }

    /// Whether something deferred releases what was acquired in the round before.
    pub(super) fn is_pending(&self, state: &State, call: ExprId) -> bool {
        state.has_pending_release() || self.has_pending_literal(state, call)
    }

    /// Whether a deferred literal has taken the variable of this round with it.
    fn has_pending_literal(&self, state: &State, call: ExprId) -> bool {
        let Some(round) = self.function.innermost_loop(call) else {
            return false;
        };
        let round = self.function.tree().stmt(round).span;
        let info = self.function.info();
        state.defers.iter().any(|deferred| {
            let Deferred::Closure(_, literal) = deferred else {
                return false;
            };
            let holds = |local: &LocalId| state.holders().any(|place| place.root == *local);
            info.literal(*literal).is_some_and(|literal| {
                literal.params.iter().any(holds)
                    || literal.captures.iter().any(|local| {
                        holds(local)
                            && info
                                .local_info(*local)
                                .is_some_and(|local| round.encloses(local.span))
                    })
            })
        })
    }

    /// Whether something holds the resource of the round before that the round does not declare and
    /// the acquiring statement does not assign.
    fn outlives_round(&self, state: &State, call: ExprId, stmt: StmtId) -> bool {
        let tree = self.function.tree();
        let round = self
            .function
            .innermost_loop(call)
            .map(|stmt| tree.stmt(stmt).span);
        let targets: Vec<_> = match tree.stmt(stmt).kind {
            StmtKind::Assign { lhs, .. } => tree
                .exprs(lhs)
                .iter()
                .filter_map(|target| self.place(*target))
                .collect(),
            _ => Vec::new(),
        };
        state.holders().any(|place| {
            let declared = self
                .function
                .info()
                .local_info(place.root)
                .map(|local| local.span);
            let in_round = match (round, declared) {
                (Some(round), Some(declared)) => round.encloses(declared),
                _ => false,
            };
            let assigned = targets.iter().any(|target| {
                target.root == place.root
                    && (place.path.starts_with(&target.path)
                        || target.path.starts_with(&place.path))
            });
            !in_round && !assigned && self.keeper != Some(place.root)
        })
    }
}

/// Whether a callee makes an error by its name, as the packages that are called after them do: `errors.New`, `xerrors.Errorf`; also a
/// package's variable that holds one of these.
fn makes_error(callee: &Callee) -> bool {
    let name = match callee {
        Callee::PackageVar { name, .. } => name,
        callee => match callee.func() {
            Some(func) => &func.name,
            None => return false,
        },
    };
    name.rsplit_once('.').is_some_and(|(package, function)| {
        function == "Errorf" || package.ends_with("errors") && ["New", "Newf"].contains(&function)
    })
}
