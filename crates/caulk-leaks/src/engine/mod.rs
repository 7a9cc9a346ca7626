//! Follows one resource through one function: forward over the control-flow graph, path by path,
//! with a bounded set of states.

pub(crate) mod context;
pub(crate) mod idle;
pub(crate) mod recent;

mod acquire;
mod alias;
mod argument;
mod asked;
mod assertion;
mod assign;
mod call;
mod callee;
mod closure;
mod conditions;
mod defer;
mod definitions;
mod dynamic_type;
mod ends;
mod eval;
mod exit;
mod facts;
mod function;
mod handover;
mod just_opened;
mod known;
mod lent;
mod listed;
mod outcome;
mod parents;
mod range;
mod reading;
mod receiver;
mod refine;
mod run;
mod sentinel;
mod state;
mod still_owned;
mod variables;

pub(crate) use call::PASSED_ON;
pub(crate) use function::{Function, Root};
pub(crate) use outcome::{Lost, Outcomes, Verdict};
pub(crate) use parents::Parents;
pub(crate) use run::{Run, Start};
pub(crate) use state::Value;
