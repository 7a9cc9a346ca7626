//! Expressions: their effect on the state, and how their value relates to the resource.

use caulk_program::{Object, Type, TypeId};
use caulk_syntax::{BinaryOp, ExprId, ExprKind, UnaryOp};
use smol_str::SmolStr;

use super::run::Run;
use super::state::{Place, State, Status, Value};
use crate::contract::Origin;

impl Run<'_, '_> {
    /// Evaluates an expression; gives the relation of its (first) value to the resource.
    pub(super) fn eval(&mut self, state: &mut State, expr: ExprId) -> Option<Value> {
        let value = self.value_of(state, expr);
        match self.is_written_out(expr) {
            true => self.acquired(state, expr).into_iter().next().flatten(),
            false => value,
        }
    }

    fn value_of(&mut self, state: &mut State, expr: ExprId) -> Option<Value> {
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
                self.is_results_of_watch(state, x).then_some(Value::Event)
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
            Value::Owner(part) if is_method => Some(if crate::contract::is_release_name(name) {
                Value::Releaser
            } else {
                Value::Owner(part)
            }),
            Value::Owner(Some(part)) => part.in_field(name),
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
            Value::Owner(Some(part)) => part.in_field(name).unwrap_or(Value::Owner(Some(part))),
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
        let channel = tree.unparen(channel);
        // `<-t.C`, `<-sub.Err()`
        let channel = match tree.expr(channel).kind {
            ExprKind::Call { fun, .. } if self.function.argument_count(channel) == 0 => {
                tree.unparen(fun)
            }
            _ => channel,
        };
        if let ExprKind::Selector { x, sel } = tree.expr(channel).kind
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
            // Methods of an embedded field are those of the whole.
            let name = field.clone();
            let is_promoted =
                || name.is_some_and(|name| crate::types::embeds(self.module.program, ty, &name));
            let value = match value_kind {
                Some(held @ (Value::At(_) | Value::Releaser)) => {
                    let whole = matches!(held, Value::At(0) | Value::Releaser);
                    if let Some(field) = field.as_ref().filter(|_| whole) {
                        self.note_store(ty, field);
                    }
                    Some(held.within(field))
                }
                Some(owner @ Value::Owner(_)) => Some(owner.within(field)),
                Some(Value::Closure(literal)) => match self.closure_effect(state, literal, &[]) {
                    super::closure::ClosureEffect::Releases { .. } => Some(Value::Owner(None)),
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
                // What also has it may be what releases it: `&Tx{Tx: tx, methods: wrap(tx)}`.
                (Some(Value::Owner(_)), Some(also @ Value::Owner(_)))
                    if (also == Value::Owner(None) || also.is_deep()) && is_promoted() =>
                {
                    Some(Value::Owner(None))
                }
                // One that is known says more than the method of another: `T{find: s.find, client: client}`.
                (Some(known), Some(nearer @ Value::Owner(Some(_))))
                    if !nearer.is_deep() && (known == Value::Owner(None) || known.is_deep()) =>
                {
                    Some(nearer)
                }
                (Some(Value::Owner(part)), _) => Some(Value::Owner(part)),
                (known, None) => known,
                (_, some) => some,
            };
        }
        held
    }

    /// Whether a field of a type only borrows what is stored in it.
    pub(super) fn field_borrows(&self, ty: TypeId, field: &str) -> bool {
        self.module.program.named_of(ty).is_some_and(|named| {
            self.module
                .catalogue
                .field_borrows(&named.package, &named.name, field)
        })
    }
}
