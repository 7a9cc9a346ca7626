//! Channels: which there are, by which names and in which places they are known, and what is done with each.

pub(crate) mod made;
pub(crate) mod names;
pub(crate) mod places;
pub(crate) mod produced;
pub(crate) mod uses;
