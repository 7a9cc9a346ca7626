//! From what becomes of an acquisition to what is published of it.

pub(crate) mod along;
mod carried;
mod condition;
pub(crate) mod described;
pub(crate) mod fingerprint;
pub(crate) mod forgotten;
mod left_filled;
mod once;
mod parents;
mod policy;
mod refilled;
mod replaced;
mod rounds;
mod severity;
pub(crate) mod shared;
pub(crate) mod sibling;
mod skipped;
mod slight;
pub(crate) mod stated;
pub(crate) mod suppress;
pub(crate) mod template;
mod told;
mod turns;
mod unreceived;
mod wake_up;
