//! Goroutines that stay for ever.

pub(crate) mod blocked;
pub(crate) mod endless;
pub(crate) mod published;
