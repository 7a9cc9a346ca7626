//! Follows one resource through one function: forward over the control-flow graph, path by path,
//! with a bounded set of states.

pub(crate) mod context;
pub(crate) mod idle;

mod acquire;
mod alias;
mod argument;
mod asked;
mod assertion;
mod assign;
mod assumed;
mod call;
mod callee;
mod closure;
mod defer;
mod dynamic_type;
mod ends;
mod eval;
mod exit;
mod facts;
mod handover;
mod just_opened;
mod known;
mod lent;
mod listed;
mod outcome;
mod range;
mod reading;
mod receiver;
mod refine;
mod returned_error;
mod run;
mod sentinel;
mod stale_error;
mod state;
mod still_owned;
mod stub;

pub(crate) use call::PASSED_ON;
pub(crate) use facts::makes_error;
pub(crate) use outcome::{Lost, Outcomes, PiledUp, Verdict};
pub(crate) use run::{Run, Start};
pub(crate) use state::{FieldPath, Value};
