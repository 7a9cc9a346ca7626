//! No text makes the reader of goroutine dumps panic, and every goroutine is in one group.
//!
//! `cargo +nightly fuzz run goroutine_dump`

#![no_main]

use caulk_profile::{StackTable, goroutine};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &[u8]| {
    let dump = goroutine::read(text);
    let grouped: usize = dump
        .groups()
        .iter()
        .map(|group| group.goroutines.len())
        .sum();
    assert_eq!(grouped, dump.goroutines().len());
    StackTable::new().add_dump(&dump);
});
