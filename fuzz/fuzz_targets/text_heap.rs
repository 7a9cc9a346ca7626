//! No bytes make the reader of text heap profiles panic.
//!
//! `cargo +nightly fuzz run text_heap`

#![no_main]

use caulk_fuzz::following;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| following(&["text_heap"], bytes));
