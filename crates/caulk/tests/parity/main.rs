//! `caulk pprof` beside `go tool pprof`: the same flags, sources and input give the same bytes on
//! stdout and the same exit code. Needs `go`.
//!
//! Each profile of the corpus meets each command line. `CAULK_PARITY='WORD&WORD'` runs the pairs whose name
//! has the words; what differs is kept below `target/tmp/parity` as `N.caulk` and `N.go`.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::print_stdout,
    missing_docs
)]

mod built;
mod corpus;
mod exceptions;
mod lines;
mod matrix;
mod tool;
