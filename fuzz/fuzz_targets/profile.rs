//! No bytes make the profile reader panic, and what is read is written back the same.
//!
//! `cargo +nightly fuzz run profile`

#![no_main]

use caulk_fuzz::bodies;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| bodies::any(bytes));
