//! What `go tool pprof` does with profiles, byte for byte: its options, its filters, its reports.
//!
//! The crate knows the reference's rules (those of google/pprof in the Go distribution) and
//! nothing of series, growth or leaks. A profile goes one way through it:
//!
//! 1. [`combine`]: the profiles of several sources to one; [`subtract`] for a base.
//! 2. [`prepare`]: what the reference does to a profile when it has fetched it.
//! 3. [`generate`]: filters and report, as a [`Request`] and a [`Config`] ask.
//!
//! Nothing here prints: bytes and warnings are returned.

mod combine;
mod config;
mod generate;
mod pattern;
mod prepare;
mod report;
mod request;

pub use combine::{BaseOptions, CombineError, combine, subtract};
pub use config::{Config, Granularity, Sort};
pub use generate::{Generated, Surroundings, generate};
pub use pattern::{Pattern, PatternError};
pub use prepare::{Names, prepare};
pub use report::ReportError;
pub use request::{Command, Request};
