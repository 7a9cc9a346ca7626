//! No bytes make the reader of binary CPU profiles panic.
//!
//! `cargo +nightly fuzz run binary_cpu`

#![no_main]

use caulk_fuzz::following;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| following(&["binary_cpu_32", "binary_cpu_64", "java_cpu"], bytes));
