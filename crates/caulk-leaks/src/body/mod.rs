//! A function's body, made ready to be followed: its graphs, what stands around each node, and what is known of each variable
//! whatever resource is followed.

pub(crate) mod conditions;
pub(crate) mod numbers;
pub(crate) mod recent;
pub(crate) mod runs;

mod constant;
mod definitions;
mod function;
mod parents;
mod variables;

pub(crate) use constant::is_constant;
pub(crate) use function::{Function, Root};
pub(crate) use parents::Parents;
