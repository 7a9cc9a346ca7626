//! What a library reads of `profile.proto` is what is read here.
//!
//! `cargo +nightly fuzz run profile_differential`

#![no_main]

use caulk_fuzz::bodies;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| bodies::differential(bytes));
