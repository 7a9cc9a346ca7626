//! Follows one resource through one function: forward over the control-flow graph, path by path,
//! with a bounded set of states.

mod assign;
mod call;
mod closure;
mod eval;
mod function;
mod refine;
mod run;
mod state;

pub(crate) use function::{Function, Root};
pub(crate) use run::{Lost, Outcomes, Run, Start, Verdict};
pub(crate) use state::Value;
