//! What is inferred of functions from their source: what their callers owe, and what becomes of their arguments.

pub(crate) mod beside_error;
pub(crate) mod convention;
pub(crate) mod directive;
pub(crate) mod doc;
pub(crate) mod effort;
pub(crate) mod enrolled;
pub(crate) mod field_uses;
pub(crate) mod filled;
pub(crate) mod given;
mod going_on;
pub(crate) mod habit;
pub(crate) mod handed_on;
pub(crate) mod iterators;
pub(crate) mod made_in_c;
pub(crate) mod makes_errors;
pub(crate) mod never_fails;
pub(crate) mod noted;
pub(crate) mod opened;
mod own_flag;
pub(crate) mod own_use;
pub(crate) mod owned;
pub(crate) mod piped;
pub(crate) mod practice;
pub(crate) mod provenance;
pub(crate) mod registered;
pub(crate) mod started;
pub(crate) mod summary;
