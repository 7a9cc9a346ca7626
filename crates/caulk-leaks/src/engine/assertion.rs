//! Calls that say of an error what it is by returning: `require.NoError(t, err)`.

use caulk_program::Callee;
use caulk_syntax::{ExprId, ExprKind};

use super::call::Named;
use super::run::Run;
use super::state::{Fact, State, Value};
use crate::catalogue::{ErrorTest, SentenceEntry};
use crate::module::Followed;

impl Run<'_, '_> {
    /// `require.NoError(t, err)`, `check(err)`: what follows knows that there was no error.
    pub(super) fn assertion(
        &mut self,
        state: &mut State,
        call: ExprId,
        name: Option<&Named<'_>>,
        args: &[ExprId],
        values: &[Option<Value>],
    ) {
        let function = self.function;
        let callee = function.callee(call);
        if let Some((condition, truth)) = self.stated(call, name, args) {
            self.refine(state, condition, truth);
            return;
        }
        if let Some((x, y)) = self.equal_in_sentence(call)
            && self.says_empty(state, x, y)
        {
            self.refine_acquired(state, false);
            return;
        }
        if let Some((x, y)) = self.equated(call, name, args) {
            // What a variable holds may be nil: the table of a test says which errors are expected.
            let tells = |expr: ExprId| self.is_nil(expr) || self.is_package_variable(expr);
            if tells(x) || tells(y) || self.says_empty(state, x, y) {
                self.refine_equal(state, x, y, true);
            }
            return;
        }
        if let Some((subject, nil)) = self.sentence(call) {
            let value = self
                .place(subject)
                .and_then(|place| state.get(&place).cloned());
            self.state_error(state, subject, value, nil);
            return;
        }
        // `assert.Error(t, err)`: a test that goes on has failed where it does not hold.
        let is_statement = function.stands_alone(call);
        let stated = match (callee, name) {
            // A helper object whose type is not known: `check := require.New(t)`.
            (Callee::Unknown { name, .. }, None) if &**name == "NoError" => Some(true),
            (_, Some(name)) => match self.module.catalogue.error_test(name.package, name.name) {
                Some(ErrorTest::ReturnsIfNil) => Some(true),
                Some(ErrorTest::ReturnsIfError) => Some(false),
                Some(ErrorTest::TrueIfNil) if is_statement => Some(true),
                Some(ErrorTest::TrueIfError) if is_statement => Some(false),
                _ => None,
            },
            _ => return,
        };
        for (index, arg) in args.iter().enumerate() {
            let value = values.get(index).and_then(Option::as_ref);
            let nil = match stated {
                Some(nil) => nil,
                None if self.asserts_nil(callee, index, value) => true,
                None if self.states_failure(callee, args, value) => false,
                None => continue,
            };
            if nil && is_statement && matches!(value, Some(Value::At(_) | Value::Owner(_))) {
                // `assert.Nil(t, file)`: there is none to release.
                self.refine_acquired(state, false);
            }
            self.state_error(state, *arg, value.cloned(), nil);
        }
    }

    /// `AssertCommandError(t, expected, err)`: a helper of a test that by its name compares an error with what is expected.
    fn states_failure(&self, callee: &Callee, args: &[ExprId], value: Option<&Value>) -> bool {
        let Some(func) = callee.func() else {
            return false;
        };
        let name = crate::types::simple_name(&func.name).to_ascii_lowercase();
        let stated = ["assert", "require", "expect"]
            .iter()
            .find_map(|verb| name.strip_prefix(verb));
        let denies = |stated: &str| {
            ["no", "nil", "without"]
                .iter()
                .any(|word| stated.starts_with(word) || stated.contains(&format!("{word}err")))
        };
        matches!(value, Some(Value::Error))
            && args.len() > 2
            && stated.is_some_and(|stated| stated.contains("err") && !denies(stated))
            && crate::in_test::is_in_test(self.module, self.function)
    }

    /// The condition that an assertion states, `assert.True(t, os.IsNotExist(err))` or
    /// `Expect(os.IsNotExist(err)).To(BeTrue())`, and what it is. What a variable holds is for its own conditions to say.
    fn stated(
        &self,
        call: ExprId,
        name: Option<&Named<'_>>,
        args: &[ExprId],
    ) -> Option<(ExprId, bool)> {
        let catalogue = self.module.catalogue;
        let tree = self.function.tree();
        let test = name.and_then(|name| catalogue.error_test(name.package, name.name));
        let (conditions, truth) = match test {
            Some(ErrorTest::Holds) => (args, true),
            Some(ErrorTest::Denies) => (args, false),
            Some(_) => return None,
            None => self.sentence_of_truth(call)?,
        };
        let condition = conditions.iter().copied().find(|condition| {
            let condition = tree.unparen(*condition);
            matches!(
                tree.expr(condition).kind,
                ExprKind::Call { .. } | ExprKind::Unary { .. } | ExprKind::Binary { .. }
            ) && (crate::types::is_bool(
                self.module.program,
                self.function.info().type_of(condition),
            ) || self.compares_error(condition))
        })?;
        Some((condition, truth))
    }

    /// Whether a call makes a comparison of an error, which is no truth value of Go: `is.ErrorContains(err, "…")`.
    fn compares_error(&self, condition: ExprId) -> bool {
        let func = self.function.callee(condition).func();
        func.is_some_and(|func| {
            let (package, name) = crate::types::split_name(self.module.program, func);
            let test = self.module.catalogue.error_test(package, name);
            matches!(test, Some(ErrorTest::TrueIfNil | ErrorTest::TrueIfError))
        })
    }

    /// The two that a sentence states to be equal: `Expect(resp.StatusCode).To(Equal(204))`.
    fn equal_in_sentence(&self, call: ExprId) -> Option<(ExprId, ExprId)> {
        let spoken = self.spoken(call)?;
        let says = self
            .meanings(&spoken)
            .any(|entry| has(&entry.holds, spoken.verb) && has(&entry.equal, spoken.matcher));
        let offset = usize::from(spoken.subject.ends_with("Offset"));
        says.then_some((*spoken.of.get(offset)?, *spoken.wanted.first()?))
    }

    /// The two that a call states to be equal: `require.Equal(t, 204, resp.StatusCode)`.
    fn equated(
        &self,
        call: ExprId,
        name: Option<&Named<'_>>,
        args: &[ExprId],
    ) -> Option<(ExprId, ExprId)> {
        let catalogue = self.module.catalogue;
        let offset = match (name, self.function.callee(call)) {
            (Some(name), _) => {
                let test = catalogue.error_test(name.package, name.name);
                let is_method = name.name.contains('.');
                (test == Some(ErrorTest::Equates)).then_some(usize::from(!is_method))?
            }
            // A helper object whose type is not known.
            (None, Callee::Unknown { name, .. }) if &**name == "Equal" => 0,
            _ => return None,
        };
        Some((*args.get(offset)?, *args.get(offset + 1)?))
    }

    /// What a sentence is about that states a truth value, and which.
    fn sentence_of_truth(&self, call: ExprId) -> Option<(&[ExprId], bool)> {
        let spoken = self.spoken(call)?;
        self.meanings(&spoken).find_map(|entry| {
            let states = has(&entry.holds, spoken.verb);
            let is_true = has(&entry.truth, spoken.matcher);
            let says = (states || has(&entry.denies, spoken.verb))
                && (is_true || has(&entry.falsehood, spoken.matcher));
            says.then_some((spoken.of, is_true == states))
        })
    }

    /// The error that an assertion of the form `Expect(err).To(HaveOccurred())` is about, and whether it states that it is nil.
    fn sentence(&self, call: ExprId) -> Option<(ExprId, bool)> {
        let spoken = self.spoken(call)?;
        let Spoken {
            subject,
            of: spoken_of,
            verb: method,
            matcher,
            wanted,
            ..
        } = spoken;
        self.meanings(&spoken).find_map(|entry| {
            let states = has(&entry.holds, method);
            if !states && !has(&entry.denies, method) {
                return None;
            }
            // `Equal(nil)` fits nothing.
            let fits_nil = has(&entry.nil, matcher);
            if !fits_nil && (!has(&entry.error, matcher) || wanted.iter().any(|x| self.is_nil(*x)))
            {
                return None;
            }
            // That it is not this error says nothing of others.
            let tells = fits_nil || states || wanted.is_empty();
            let offset = usize::from(subject.ends_with("Offset"));
            let error = spoken_of.get(offset).copied()?;
            tells.then_some((error, fits_nil == states))
        })
    }

    /// The parts of `Expect(x).To(Equal(y))`.
    fn spoken(&self, call: ExprId) -> Option<Spoken<'_>> {
        let tree = self.function.tree();
        let ExprKind::Call { fun, args, .. } = tree.expr(call).kind else {
            return None;
        };
        let ExprKind::Selector { x, sel } = tree.expr(tree.unparen(fun)).kind else {
            return None;
        };
        let (subject, of) = self.named_call(x)?;
        let (matcher, wanted) = self.named_call(*tree.exprs(args).first()?)?;
        Some(Spoken {
            subject,
            call: x,
            of,
            verb: tree.name(sel),
            matcher,
            wanted,
        })
    }

    /// What the catalogue says of sentences with this subject.
    fn meanings(&self, spoken: &Spoken<'_>) -> impl Iterator<Item = &SentenceEntry> {
        let sentences = self.module.catalogue.sentences().iter();
        sentences.filter(|entry| {
            has(&entry.subject, spoken.subject) && self.is_of(spoken.call, &entry.package)
        })
    }

    /// The last name and the arguments of a call.
    fn named_call(&self, call: ExprId) -> Option<(&str, &[ExprId])> {
        let tree = self.function.tree();
        let ExprKind::Call { fun, args, .. } = tree.expr(tree.unparen(call)).kind else {
            return None;
        };
        let name = match tree.expr(tree.unparen(fun)).kind {
            ExprKind::Ident(name) | ExprKind::Selector { sel: name, .. } => tree.name(name),
            _ => return None,
        };
        Some((name, tree.exprs(args)))
    }

    /// Whether a call is of a package, as far as its callee is known.
    fn is_of(&self, call: ExprId, package: &str) -> bool {
        let tree = self.function.tree();
        let callee = self.function.callee(tree.unparen(call));
        callee.func().is_none_or(|func| {
            crate::types::split_name(self.module.program, func)
                .0
                .starts_with(package)
        })
    }

    /// Adds that an expression is a nil error, or one that is not.
    fn state_error(&mut self, state: &mut State, error: ExprId, value: Option<Value>, nil: bool) {
        match value {
            Some(Value::Error) => {
                self.refine_acquired(state, nil);
            }
            Some(Value::ReleasedIf { nil: when }) if when == nil => {
                self.release_at(state, self.span_of(error));
            }
            None => {
                if let Some(local) = self.function.local(error)
                    && self.is_tracked(local)
                    && self
                        .function
                        .info()
                        .local_info(local)
                        .is_some_and(|l| crate::types::is_error(self.module.program, l.ty))
                {
                    state.set_fact(local, Some(if nil { Fact::Nil } else { Fact::NonNil }));
                }
            }
            _ => {}
        }
    }

    /// Whether a helper of the module returns only where its parameter is nil.
    fn asserts_nil(&mut self, callee: &Callee, index: usize, value: Option<&Value>) -> bool {
        if !matches!(value, Some(Value::Error | Value::ReleasedIf { .. })) {
            return false;
        }
        let Some(id) = callee.func().and_then(|func| func.id) else {
            return false;
        };
        match self.module.follows(self.reach, self.function.id(), id) {
            Followed::Yes(reach) => self.module.asserts_nil(id, index, reach),
            Followed::Recursive | Followed::No => false,
        }
    }
}

/// A sentence that states something: `Expect(x).To(Equal(y))`.
struct Spoken<'a> {
    /// `Expect`, its call, and what it is given.
    subject: &'a str,
    call: ExprId,
    of: &'a [ExprId],
    /// `To`.
    verb: &'a str,
    /// `Equal`, and what that is given.
    matcher: &'a str,
    wanted: &'a [ExprId],
}

fn has(names: &[String], name: &str) -> bool {
    names.iter().any(|known| known == name)
}
