//! Why a function is believed to owe what it does, and why a line is reported or not.

pub(crate) mod belief;
pub(crate) mod trace;
