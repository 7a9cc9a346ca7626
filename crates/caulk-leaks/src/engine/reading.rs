//! A stream that is read until there is no more of it. Who has come to the end of a body gives back its connection, and so
//! does a read that fails.

use caulk_program::{Callee, LocalKind, Object};
use caulk_syntax::ExprId;

use super::call::Named;
use super::run::{Run, Start};
use super::state::{State, Status, Value};

/// Methods of what reads from something else.
const READS: &[&str] = &["Read", "Scan", "Decode", "Next", "Token", "ReadMessage"];

impl Run<'_, '_> {
    /// Whether it matters that the resource is read to its end.
    fn is_spent_when_read(&self) -> bool {
        match self.contract {
            Some(contract) => contract.is_spent_when_read(),
            // It may matter to the caller.
            None => matches!(self.start, Some(Start::Param { .. })) && !self.release.is_call(),
        }
    }

    /// What the results of a method say that reads from the resource, or from what reads from it.
    pub(super) fn read_by_method(
        &self,
        call: ExprId,
        name: Option<&Named<'_>>,
    ) -> Option<Vec<Option<Value>>> {
        let name = name.filter(|_| self.is_spent_when_read())?;
        if self.writer_waits() {
            let method = crate::types::simple_name(name.name);
            let in_turns = self.function.in_loop(call);
            match method {
                // Behind one value there may be no more, and where it is none the rest is left.
                "Decode" | "DecodeMsg" if !in_turns => {
                    return Some(self.in_error_result(call, Value::NotCopied));
                }
                "Decode" | "DecodeMsg" | "Next" => return Some(self.read_error(call, false)),
                "Read" => return Some(self.read_error(call, true)),
                _ => {}
            }
        }
        let any = match (name.package, name.name) {
            ("io" | "bufio" | "net/textproto", method) => {
                let method = crate::types::simple_name(method);
                method.starts_with("Read").then_some(true)
            }
            ("encoding/json" | "encoding/xml" | "encoding/gob", method) => {
                let method = crate::types::simple_name(method);
                let decodes = ["Decode", "Token", "RawToken"].contains(&method);
                // What one decodes after the other is seldom anything but what the other end writes.
                decodes.then(|| self.function.in_loop(call))
            }
            ("encoding/csv", "Reader.Read") | ("archive/tar", "Reader.Next") => Some(false),
            _ => None,
        }?;
        Some(self.read_error(call, any))
    }

    pub(super) fn read_error(&self, call: ExprId, any: bool) -> Vec<Option<Value>> {
        if !self.is_spent_when_read() {
            return Vec::new();
        }
        self.in_error_result(call, Value::ReadError { any })
    }

    /// Whether it is the read end of a pipe, whose writer waits until all is read.
    pub(super) fn writer_waits(&self) -> bool {
        self.contract.is_some_and(|contract| contract.writer_waits)
    }

    /// What the results of a call say that is passed the read end of a pipe, or what reads from it: to whoever writes to the other
    /// end it matters that all is read, and who gives no error has read all.
    pub(super) fn read_by_callee(
        &self,
        state: &mut State,
        call: ExprId,
        value: &Value,
        results: Vec<Option<Value>>,
    ) -> Vec<Option<Value>> {
        if !self.writer_waits()
            || state.status != Status::Owed
            || !matches!(value, Value::At(_) | Value::Owner(_) | Value::View)
            || self.makes_reader(call)
        {
            return results;
        }
        let says = |value: &Option<Value>| matches!(value, Some(Value::ReadError { .. }));
        if results.contains(&Some(Value::NotCopied)) {
            state.drained = false;
        } else if !state.drained && !results.iter().any(says) {
            if self.gives_error(call) {
                return self.in_error_result(call, Value::NotCopied);
            }
            state.drained = true;
        }
        results
    }

    /// Whether a call makes what goes on reading from what it is passed: `bufio.NewScanner(r)`.
    pub(super) fn makes_reader(&self, call: ExprId) -> bool {
        let program = self.module.program;
        let types = program.results_of(self.function.info().type_of(call));
        types
            .into_iter()
            .any(|ty| READS.iter().any(|method| program.has_method(ty, method)))
    }

    /// Whether a call that is false says that there is nothing left to read: `scanner.Scan()`.
    pub(super) fn scans(&self, callee: &Callee) -> bool {
        self.is_spent_when_read()
            && callee
                .func()
                .is_some_and(|func| &*func.name == "bufio.Scanner.Scan")
    }

    /// The context is over that the resource was asked for with: one that the acquiring call is passed, or, in what is called
    /// with the resource, one that comes beside it. What a context ends has come to its end then.
    pub(super) fn request_is_done(&mut self, state: &mut State, context: ExprId) {
        let ends = self.is_ended_by_context();
        if state.status != Status::Owed || !ends && !self.is_spent_when_read() {
            return;
        }
        let function = self.function;
        let Some(local) = function.local(context) else {
            return;
        };
        let is_asked = match self.start {
            Some(Start::Call { call, .. }) => {
                super::context::is_asked_with(self.module, function, call, local)
            }
            Some(Start::Param { .. }) => function
                .info()
                .local_info(local)
                .is_some_and(|info| matches!(info.kind, LocalKind::Param { .. })),
            _ => false,
        };
        if is_asked && ends {
            self.end_at(state, self.span_of(context));
        } else {
            state.drained |= is_asked;
        }
    }

    /// Whether what is acquired ends with the context that the acquiring call is passed: the transaction of `db.BeginTx(ctx, nil)`.
    fn is_ended_by_context(&self) -> bool {
        let index = self
            .contract
            .and_then(|contract| contract.context_ends)
            .filter(|_| !self.release.is_call());
        let Some((Start::Call { call, .. }, index)) = self.start.as_ref().zip(index) else {
            return false;
        };
        let context = self.function.tree().arguments(*call).get(index);
        context.is_some_and(|context| {
            !super::context::never_ends(self.module, self.function, *context)
        })
    }

    /// An error that is this one, `context.Canceled`, tells that the context is over with which what is acquired ends.
    pub(super) fn is_told_of_context(&mut self, state: &mut State, error: ExprId) {
        let tells = matches!(self.function.info().object(self.function.tree().unparen(error)), Object::PackageVar(name)
            if ["context.Canceled", "context.DeadlineExceeded"].contains(&&**name));
        if tells && self.is_ended_by_context() {
            self.end_at(state, self.span_of(error));
        }
    }
}
