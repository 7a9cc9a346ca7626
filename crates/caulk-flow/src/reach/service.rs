//! The methods that answer the calls of a service that is registered.

use caulk_program::{FuncId, NamedOrigin, TypeId};
use caulk_syntax::ExprId;

use super::Reader;
use crate::registration::bare;

impl Reader<'_> {
    /// The methods that answer calls, where a call registers a service: `RegisterXServer(s, impl)` of
    /// gRPC, `NewXHandler(impl)` of Connect, `NewXServer(impl)` of Twirp.
    pub(super) fn service(&self, call: ExprId) -> Vec<FuncId> {
        let info = &self.body.info;
        let Some(func) = info.callee(call).func() else {
            return Vec::new();
        };
        let name = bare(func);
        let is_connect = func
            .name
            .strip_suffix(name)
            .is_some_and(|package| package.ends_with("connect."));
        let between = |prefix: &str, suffix: &str| {
            name.strip_prefix(prefix)
                .and_then(|rest| rest.strip_suffix(suffix))
                .is_some_and(|service| !service.is_empty())
        };
        let is_twirp = || {
            let param = func.id.map(|id| self.program.signature(id));
            let param = param.and_then(|ty| self.program.func_type(ty)?.params.first().copied());
            let service = param.and_then(|ty| self.program.named_of(ty));
            service.is_some_and(|service| name == format!("New{}Server", service.name))
        };
        let implementation = match self.registrations.args(call) {
            [_, implementation] if between("Register", "Server") => *implementation,
            [implementation, ..] if is_connect && between("New", "Handler") => *implementation,
            [implementation, ..] if is_twirp() => *implementation,
            _ => return Vec::new(),
        };
        self.answering(info.type_of(implementation))
    }

    /// The methods of a type that take a context, or a stream, and may fail.
    fn answering(&self, ty: TypeId) -> Vec<FuncId> {
        let Some(named) = self.program.named_of(ty) else {
            return Vec::new();
        };
        let NamedOrigin::Package { package, .. } = named.origin else {
            return Vec::new();
        };
        let package = self.program.package(package);
        package
            .methods_of(&named.name)
            .map(|func| package.id_of(func))
            .filter(|id| {
                let signature = self.program.func_type(self.program.signature(*id));
                signature.is_some_and(|signature| {
                    let returns_error = signature
                        .results
                        .last()
                        .is_some_and(|last| self.program.is_named(*last, "error"));
                    let exported = self
                        .program
                        .func(*id)
                        .is_some_and(|func| func.name.starts_with(char::is_uppercase));
                    let is_context = |ty: &TypeId| self.program.is_named(*ty, "context.Context");
                    // What takes nothing but a context runs the service itself: `Run(ctx)`.
                    let takes_request = !signature.params.iter().all(is_context);
                    exported && returns_error && takes_request
                })
            })
            .collect()
    }
}
