//! Real Go programs, built, started, loaded and captured by the real toolchain. Without `go` these tests fail.
#![allow(clippy::unwrap_used)]

mod builds;
mod captures;
mod loads;
mod starts;
mod support;
