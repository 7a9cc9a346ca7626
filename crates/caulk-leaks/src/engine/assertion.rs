//! Calls that say of an error what it is by returning: `require.NoError(t, err)`.

use caulk_program::Callee;
use caulk_syntax::{ExprId, Node, StmtKind};

use super::call::Named;
use super::run::Run;
use super::state::{Fact, State, Value};
use crate::catalogue::ErrorTest;
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
        // `assert.Error(t, err)`: a test that goes on has failed where it does not hold.
        let is_statement = matches!(
            function.parent(call),
            Some(Node::Stmt(stmt)) if matches!(function.tree().stmt(stmt).kind, StmtKind::Expr(_))
        );
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
                None => continue,
            };
            match value {
                Some(Value::Error) if nil => state.error_is_known(),
                Some(Value::Error) => state.reset(),
                Some(Value::ReleasedIf { nil: when }) if *when == nil => {
                    self.release_at(state, self.span_of(*arg))
                }
                None => {
                    if let Some(local) = self.function.local(*arg)
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
