//! What names and expressions mean.

mod bodies;
mod call;
mod chain;
mod constant;
mod decl;
mod expr;
mod generic;
mod imports;
mod kind;
mod known;
mod named;
mod print;
mod query;
mod scopes;
mod select;
mod stmt;
mod table;
mod type_expr;
mod typer;
mod universe;

pub use constant::{arithmetic, time_unit};
pub use kind::{
    Basic, ChanDir, Field, Interface, NamedId, Signature, Term, Type, TypeId, TypeParamId,
};
pub use named::{NamedDecl, NamedOrigin, ParamOwner, TypeParamDecl};
pub use query::Method;

pub(crate) use bodies::KeptBodies;
pub(crate) use named::Names;
pub(crate) use print::type_string;
pub(crate) use table::{Arena, TypeTable};

/// What is known of a type that is declared within a function.
#[derive(Clone, Debug)]
pub(crate) struct LocalType {
    pub underlying: TypeId,
}
