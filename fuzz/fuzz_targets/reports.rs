//! No profile and no options make a report of `go tool pprof` panic. The first bytes choose options.
//!
//! `cargo +nightly fuzz run reports`

#![no_main]

#[path = "../../crates/caulk-pprof/tests/hostile/bodies.rs"]
mod bodies;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Some((choice, profile)) = bytes.split_first_chunk() {
        bodies::reports(profile, u64::from_le_bytes(*choice));
    }
});
