//! Calls: what is called, with what, and what becomes of the resource by it.

use caulk_program::{Builtin, Callee};
use caulk_syntax::{ExprId, ExprKind};

use super::run::{Run, Start};
use super::state::{FieldPath, State, Status, Value};
use crate::finding::SettledBy;
use crate::inference::summary::Param;
use crate::module::Followed;

/// What uses it may run as long as the process does.
pub(crate) const PASSED_ON: &str =
    "used by a function literal that is passed on: release it once that has run for the last time";

/// A function by import path and name.
pub(super) struct Named<'a> {
    pub package: &'a str,
    pub name: &'a str,
}

/// Where a callee gets the resource.
#[derive(Clone)]
pub(super) struct Passed {
    pub param: Param,
    /// The field that holds it there.
    pub field: Option<FieldPath>,
    /// How many fields down the path of its release the value is.
    pub depth: usize,
    /// The parameter that gets the error of the acquisition.
    pub error: Option<usize>,
}

impl Run<'_, '_> {
    /// Evaluates a call; gives the relations of its results.
    pub(super) fn call(&mut self, state: &mut State, call: ExprId) -> Vec<Option<Value>> {
        let function = self.function;
        let tree = function.tree();
        let ExprKind::Call { fun, args, .. } = tree.expr(call).kind else {
            return Vec::new();
        };
        let args = tree.exprs(args).to_vec();
        let callee = function.callee(call);
        if state.has_conditions() && *callee != Callee::Builtin(Builtin::Len) {
            for passed in args.iter().copied().chain(callee.receiver()) {
                let is_address =
                    matches!(tree.expr(tree.unparen(passed)).kind, ExprKind::Unary { .. });
                // A number or a text is passed as it is.
                let is_copied = self
                    .module
                    .program
                    .is_basic(function.info().type_of(passed));
                if let Some(local) = self.function.begins_with(passed).filter(|_| !is_copied) {
                    self.forget_conditions(state, local, !is_address);
                }
            }
        }
        if let Callee::Conversion(_) = callee {
            let is_plain =
                crate::types::is_plain(self.module.program, function.info().type_of(call));
            let values = args.iter().map(|arg| self.eval(state, *arg));
            // What a number is made of, whose type is not known, it does not hold on to: `uint64(*output.ContentLength)`.
            return values
                .map(|value| value.filter(|value| !(is_plain && *value == Value::View)))
                .collect();
        }
        if let Callee::Builtin(builtin) = callee {
            if self.is_argument(call) {
                return vec![Some(Value::At(0))];
            }
            if *builtin == Builtin::Append
                && let Some(list) = self.own_list(call, &args)
            {
                return self.add_to_list(state, &list, &args);
            }
            return self.builtin(state, *builtin, &args);
        }
        let acquires = matches!(self.start, Some(Start::Call { call: site, .. }) if site == call);
        // What a literal gives is what it is asked for where its call acquires.
        if let Some(literal) = self.called_literal(state, call).filter(|_| !acquires) {
            let values = self.arguments(state, &args);
            self.call_literal(state, literal, &values);
            return Vec::new();
        }
        let receiver_expr = callee.receiver();
        let receiver = match receiver_expr {
            Some(receiver) => self.receiver(state, fun, receiver),
            None => None,
        };
        if receiver.is_none()
            && let Some(part) = receiver_expr
            && self.ends_what_is_held(state, part, callee)
        {
            self.release_at(state, self.span_of(call));
            return Vec::new();
        }
        let called = match callee {
            Callee::Local(_) | Callee::Field { .. } | Callee::Value | Callee::Unknown { .. } => {
                self.eval(state, fun)
            }
            _ => None,
        };
        let values = self.arguments(state, &args);
        if acquires {
            return self.acquired(state, call);
        }
        if let Some(Start::Around {
            call: site,
            local,
            error,
            says,
        }) = self.start
            && site == call
        {
            return self.acquired_around(state, call, local, error, says);
        }
        if let Some(Start::Made { until, .. }) = self.start
            && until == call
        {
            state.reset();
            return Vec::new();
        }
        let span = self.span_of(call);
        match called {
            Some(Value::Releaser) => {
                self.release_at(state, span);
                return Vec::new();
            }
            Some(Value::At(depth))
                if self.release.is_call() && depth == self.release.path().len() =>
            {
                self.release_at(state, span);
                return Vec::new();
            }
            _ => {}
        }
        let name = callee.func().map(|func| {
            let (package, name) = crate::types::split_name(self.module.program, func);
            Named { package, name }
        });
        let mut results = Vec::new();
        if let Some(receiver) = receiver {
            results = self.on_receiver(state, call, callee, name.as_ref(), receiver);
            if state.status.is_final() {
                return results;
            }
        }
        self.assertion(state, call, name.as_ref(), &args, &values);
        for (index, value) in values.iter().enumerate() {
            let Some(value) = value else { continue };
            // Through a method expression the receiver comes first: `(*os.File).Close(f)`.
            if index == 0
                && matches!(callee, Callee::Static(_))
                && name.as_ref().is_some_and(|name| name.name.contains('.'))
            {
                results = self.on_receiver(state, call, callee, name.as_ref(), value.clone());
                continue;
            }
            let from =
                self.on_argument(state, call, callee, name.as_ref(), (index, value), &values);
            let from = self.read_by_callee(state, call, value, from);
            put_first_who_holds(&mut results, from);
            if state.status.is_final() && !matches!(state.status, Status::Released(_)) {
                break;
            }
        }
        self.add_derived_error(call, &values, &mut results);
        results
    }

    /// `convert(open(path))`: what is passed the value and its error, and gives the value back, gives an error made of that.
    fn add_derived_error(
        &self,
        call: ExprId,
        values: &[Option<Value>],
        results: &mut Vec<Option<Value>>,
    ) {
        let is_held = results.iter().flatten().any(Value::holds);
        if !is_held || !values.contains(&Some(Value::Error)) {
            return;
        }
        let program = self.module.program;
        let types = crate::types::results(program, self.function.info().type_of(call));
        let last = types.len().saturating_sub(1);
        let gives_error = types
            .get(last)
            .is_some_and(|ty| crate::types::is_error(program, *ty));
        if gives_error && results.get(last).is_none_or(Option::is_none) {
            results.resize(types.len(), None);
            if let Some(error) = results.last_mut() {
                *error = Some(Value::DerivedError);
            }
        }
    }

    fn arguments(&mut self, state: &mut State, args: &[ExprId]) -> Vec<Option<Value>> {
        match args {
            // `f(g())` with several results of `g`.
            [single] => self.eval_multi(state, *single),
            many => many.iter().map(|arg| self.eval(state, *arg)).collect(),
        }
    }

    /// The receiver of a method call, through embedded fields.
    fn receiver(&mut self, state: &mut State, fun: ExprId, receiver: ExprId) -> Option<Value> {
        let value = self.eval(state, receiver);
        let through = match self.function.callee_of_fun(fun) {
            Some(Callee::Method { through, .. } | Callee::Interface { through, .. }) => {
                through.clone()
            }
            _ => Box::default(),
        };
        Some(self.through_embedded(value?, &through))
    }

    /// Whether a release is called on the very field of the resource that holds what is owed: `store.db.Close()`.
    fn ends_what_is_held(&mut self, state: &mut State, part: ExprId, callee: &Callee) -> bool {
        let tree = self.function.tree();
        let ExprKind::Selector { x, sel } = tree.expr(tree.unparen(part)).kind else {
            return false;
        };
        self.is_held_in(tree.name(sel))
            && crate::contract::is_release_name(crate::types::last_name(callee))
            && matches!(self.eval(state, x), Some(Value::At(0)))
    }

    fn builtin(
        &mut self,
        state: &mut State,
        builtin: Builtin,
        args: &[ExprId],
    ) -> Vec<Option<Value>> {
        let values: Vec<_> = args.iter().map(|arg| self.eval(state, *arg)).collect();
        if builtin == Builtin::Append {
            if args.first().is_some_and(|slice| self.is_borrowing(*slice)) {
                return Vec::new();
            }
            let held = values.first().cloned().flatten();
            for (arg, value) in args.iter().zip(values).skip(1) {
                if matches!(value, Some(Value::At(0) | Value::Releaser))
                    && let Some(list) = args.first()
                {
                    self.note_entry(*list);
                }
                self.hand_over(state, *arg, value, SettledBy::Stored);
            }
            // What is in the list is in the longer one.
            return vec![held.filter(Value::holds)];
        }
        if builtin == Builtin::Close
            && self.release.is_taken_by("close")
            && let ([Some(Value::At(0))], [channel]) = (values.as_slice(), args)
        {
            self.release_at(state, self.span_of(*channel));
            return Vec::new();
        }
        // `new(x)` points to a copy of x.
        if builtin == Builtin::New {
            return values;
        }
        Vec::new()
    }

    /// Whether an expression is a field that only borrows what is stored in it.
    fn is_borrowing(&self, expr: ExprId) -> bool {
        let tree = self.function.tree();
        match tree.expr(tree.unparen(expr)).kind {
            ExprKind::Selector { x, sel } => {
                self.field_borrows(self.function.info().type_of(x), tree.name(sel))
            }
            _ => false,
        }
    }

    pub(super) fn is_followed(&self, callee: &Callee) -> bool {
        match callee {
            Callee::Static(func) | Callee::Method { func, .. } => func.id.is_some_and(|id| {
                self.module.follows(self.reach, self.function.id(), id) != Followed::No
            }),
            _ => false,
        }
    }

    /// Whether a callee is a function of the project.
    pub(super) fn is_own(&self, callee: &Callee) -> bool {
        match callee {
            Callee::Static(func) | Callee::Method { func, .. } => {
                func.id.is_some_and(|id| self.module.is_own(id))
            }
            _ => false,
        }
    }

    /// Whether it may be nil although there is no error.
    pub(super) fn is_optional(&self) -> bool {
        self.contract.is_some_and(|contract| contract.optional)
    }

    /// Whether another result of the acquisition is passed as well.
    pub(super) fn is_told_by_companion(&self, state: &State, call: ExprId) -> bool {
        let tree = self.function.tree();
        let ExprKind::Call { args, .. } = tree.expr(call).kind else {
            return false;
        };
        tree.exprs(args)
            .iter()
            .any(|arg| self.is_companion(state, *arg))
    }

    pub(super) fn in_error_result(&self, call: ExprId, value: Value) -> Vec<Option<Value>> {
        // Where the callee is not at hand, what its results are assigned to says how many there are.
        let count = crate::sites::result_count(self.module, self.function, call);
        let mut results = vec![None; count.max(1)];
        if let Some(last) = results.last_mut() {
            *last = Some(value);
        }
        results
    }
}

impl crate::body::Function {
    /// The callee of the call whose function expression this is.
    pub fn callee_of_fun(&self, fun: ExprId) -> Option<&Callee> {
        match self.parent(fun)? {
            caulk_syntax::Node::Expr(call) => Some(self.callee(call)),
            caulk_syntax::Node::Stmt(_) => None,
        }
    }
}

/// Results as one argument after the other gives them: what holds the resource before what only reads from it.
fn put_first_who_holds(results: &mut Vec<Option<Value>>, from: Vec<Option<Value>>) {
    if results.is_empty() {
        *results = from;
        return;
    }
    for (known, value) in results.iter_mut().zip(from) {
        let held = value.as_ref().is_some_and(Value::holds);
        if held && !known.as_ref().is_some_and(Value::holds) {
            *known = value;
        }
    }
}
