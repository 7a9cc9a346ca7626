//! Random Go functions before and after their fix, built and run: nothing is left open, nothing is used or
//! released too late, and everything else is as it was.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout
)]

mod batch;
#[path = "../support/checked.rs"]
mod checked;
mod generate;
mod random;

use batch::{Batch, Tally};

/// Any number does: it is another one than that of the long run, so that both see functions of their own.
const SERIES: u64 = 1;

#[test]
fn fixed_functions_release_what_they_hold() {
    let tally = Batch::new(SERIES, 0..300).judge();
    tally.assert_good();
}

/// The same for ten thousand, or for as many as `CAULK_RANDOM` says; of those from one number to another
/// (`2000..2100`) it shows all that are wrong.
#[test]
#[ignore = "takes minutes"]
fn ten_thousand_fixed_functions_release_what_they_hold() {
    let wanted = std::env::var("CAULK_RANDOM").unwrap_or_else(|_| "10000".to_owned());
    let (first, last) = wanted.split_once("..").unwrap_or(("0", &wanted));
    let number = |text: &str| -> u64 { text.parse().expect("CAULK_RANDOM is a number or a range") };
    let mut tally = Tally::default();
    for first in (number(first)..number(last)).step_by(500) {
        let items = first..(first + 500).min(number(last));
        tally.add(Batch::new(SERIES + 1, items).judge());
        println!("{tally}");
    }
    tally.assert_good();
}
