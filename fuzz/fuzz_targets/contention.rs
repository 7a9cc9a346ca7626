//! No bytes make the reader of contention profiles panic.
//!
//! `cargo +nightly fuzz run contention`

#![no_main]

use caulk_fuzz::following;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| following(&["contention"], bytes));
