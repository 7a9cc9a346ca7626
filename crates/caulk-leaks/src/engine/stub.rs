//! What a program wrote to call a service over a connection: it uses that, and has no way to close it.

use caulk_program::{Callee, Type};
use caulk_syntax::{ExprId, Node, StmtKind};

use super::run::Run;

/// The connection of gRPC, which every stub is made over.
const CONNECTION: &str = "google.golang.org/grpc.ClientConn";

impl Run<'_, '_> {
    /// Whether a call makes the stub of a service over the resource and nothing else: `pb.NewGreeterClient(conn)`. By its name and what
    /// it is passed, where the code that was generated is not at hand.
    pub(super) fn is_stub_over(&self, call: ExprId, callee: &Callee) -> bool {
        let Callee::Static(func) = callee else {
            return false;
        };
        let name = crate::types::simple_name(&func.name);
        let service = name
            .strip_prefix("New")
            .and_then(|name| name.strip_suffix("Client"));
        let program = self.module.program;
        let is_over_connection = || {
            let argument = self.function.tree().arguments(call).first();
            let ty = argument.map(|argument| self.function.info().type_of(*argument));
            self.is_connection_of_stubs() || ty.is_some_and(|ty| program.is_named(ty, CONNECTION))
        };
        if service.is_none_or(str::is_empty)
            || self.function.argument_count(call) != 1
            || !is_over_connection()
        {
            return false;
        }
        let ty = self.function.info().type_of(call);
        let releases = ["Close", "Stop", "Shutdown"];
        match ty.is_unknown() {
            true => !self.is_returned_as_pointer(call),
            false => {
                let closes = || releases.iter().any(|name| program.has_method(ty, name));
                program.is_interface(ty) && !closes()
            }
        }
    }

    /// Whether the resource is what stubs are made over.
    pub(super) fn is_connection_of_stubs(&self) -> bool {
        let contract = self.contract;
        contract.is_some_and(|contract| contract.type_name == CONNECTION)
    }

    /// Whether a call is returned as a pointer. Stubs are interfaces.
    fn is_returned_as_pointer(&self, call: ExprId) -> bool {
        let (function, tree) = (self.function, self.function.tree());
        let Some(Node::Stmt(stmt)) = function.parent(call) else {
            return false;
        };
        let StmtKind::Return(list) = tree.stmt(stmt).kind else {
            return false;
        };
        let index = tree.exprs(list).iter().position(|value| *value == call);
        let result = index.and_then(|index| function.results(function.root_of(stmt)).get(index));
        let local = result.and_then(|result| function.info().local_info(*result));
        local.is_some_and(|local| matches!(self.module.program.ty(local.ty), Type::Pointer(_)))
    }
}
