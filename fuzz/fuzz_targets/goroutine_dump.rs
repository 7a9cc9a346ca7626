//! No text makes the reader of goroutine dumps panic, and every goroutine is in one group.
//!
//! `cargo +nightly fuzz run goroutine_dump`

#![no_main]

use caulk_fuzz::bodies;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| bodies::goroutine_dump(bytes));
