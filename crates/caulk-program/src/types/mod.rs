//! What names and expressions mean.

mod kind;
mod named;
mod query;
mod table;

pub use kind::{
    Basic, ChanDir, Field, Interface, NamedId, Signature, Term, Type, TypeId, TypeParamId,
};
pub use named::{NamedDecl, NamedOrigin, ParamOwner, TypeParamDecl};
pub use query::Method;

pub(crate) use named::Names;
pub(crate) use table::{Arena, TypeTable};

use crate::body::{BodyOwner, TypedBody};
use crate::program::Program;

/// What is known of a type that is declared within a function.
#[derive(Clone, Debug)]
pub(crate) struct LocalType {
    pub underlying: TypeId,
}

pub(crate) fn type_body(_program: &Program, _owner: BodyOwner) -> Option<TypedBody> {
    None
}

pub(crate) fn type_string(_program: &Program, _ty: TypeId) -> String {
    String::new()
}
