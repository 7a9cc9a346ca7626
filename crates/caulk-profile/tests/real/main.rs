//! The crate against the profiles of a real Go program (`tests/capture`). Needs `go`.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, clippy::print_stdout)]

mod capture;
mod dumps;
#[path = "../hostile/forms.rs"]
mod forms;
mod legacy;
mod mutations;
#[path = "../hostile/oracle.rs"]
#[allow(dead_code)]
mod oracle;
mod reading;
mod reference;
