//! No bytes make the reader of threads panic.
//!
//! `cargo +nightly fuzz run threads`

#![no_main]

use caulk_fuzz::following;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| following(&["threads"], bytes));
