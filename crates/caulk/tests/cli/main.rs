//! The command line as its users meet it: what goes in, what comes out on stdout and stderr, and
//! the exit code.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods)]

mod asked;
mod captures;
mod contracts;
mod diagnoses;
mod documented;
mod edited;
mod explained;
mod faults;
mod fixes;
mod formats;
mod general;
mod newness;
mod pages;
mod paths;
mod pprofs;
mod remembered;
mod services;
mod setting_up;
mod silenced;
mod streams;
mod world;
