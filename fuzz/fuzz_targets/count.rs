//! No bytes make the reader of Go's count profiles panic.
//!
//! `cargo +nightly fuzz run count`

#![no_main]

use caulk_fuzz::following;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| following(&["count"], bytes));
