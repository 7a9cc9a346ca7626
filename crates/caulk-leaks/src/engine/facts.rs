//! What is known of values that have nothing to do with the resource: that an error is one, that a call cannot fail.

use caulk_program::{Builtin, Callee, Object};
use caulk_syntax::{ExprId, ExprKind, UnaryOp};

use super::run::Run;
use super::state::{Fact, State, Status};
use crate::body::is_constant;

impl Run<'_, '_> {
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
                    let last = crate::types::simple_name(name);
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
                        _ if !crate::types::is_error(self.module.program, info.type_of(expr)) => {
                            None
                        }
                        // `err = retry(err)`
                        _ if self.is_made_of_error(state, expr)
                            || self.always_gives_error(state, expr) =>
                        {
                            Some(Fact::NonNil)
                        }
                        _ => self.never_fails(state, expr).then_some(Fact::NeverFails),
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
                || self.asks_of_just_opened(state, call)
                || self.prepares_what_stands_there(call))
    }

    /// Whether an expression is what `recover` gives, which is nil: no path that is followed is one of a panic.
    pub(super) fn is_recovered(&self, expr: ExprId) -> bool {
        let call = self.given_alone(expr);
        matches!(
            self.function.callee(call),
            Callee::Builtin(Builtin::Recover)
        )
    }

    /// Whether a call of a transaction, or beside another statement, prepares a statement whose text is constant: the database has taken
    /// what came before, and takes this as it does each time.
    fn prepares_what_stands_there(&self, call: ExprId) -> bool {
        let rule = self.contract.map_or("", |contract| contract.rule);
        let prepares = ["Prepare", "PrepareContext", "Preparex", "PreparexContext"];
        let callee = self.function.callee(call);
        ["unfinished-transaction", "unclosed-statement"].contains(&rule)
            && prepares.contains(&crate::types::last_name(callee))
            && self
                .function
                .tree()
                .arguments(call)
                .last()
                .is_some_and(|text| is_constant(&self.function.typed, self.given_alone(*text)))
    }

    /// What a variable is given, where that is all it is given; the expression itself where it is none.
    fn given_alone(&self, expr: ExprId) -> ExprId {
        let function = self.function;
        let given = function
            .local(expr)
            .and_then(|local| function.sole_value(self.module.program, local));
        given.map_or(expr, |(value, _)| value)
    }
}

/// Whether a callee makes an error by its name, as the packages that are called after them do: `errors.New`, `xerrors.Errorf`; also a
/// package's variable that holds one of these.
pub(crate) fn makes_error(callee: &Callee) -> bool {
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
