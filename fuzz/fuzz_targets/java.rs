//! No bytes make the reader of Java's profiles panic.
//!
//! `cargo +nightly fuzz run java`

#![no_main]

use caulk_fuzz::following;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| following(&["java"], bytes));
