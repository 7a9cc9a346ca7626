//! No bytes make the reader of memory maps panic.
//!
//! `cargo +nightly fuzz run memory_map`

#![no_main]

use caulk_fuzz::following;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| following(&["memory_map"], bytes));
