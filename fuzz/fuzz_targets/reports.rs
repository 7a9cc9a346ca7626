//! No profile makes a report of `go tool pprof` panic.
//!
//! `cargo +nightly fuzz run reports`

#![no_main]

use caulk_pprof::{Command, Config, Request, Surroundings, Symbolize, generate, prepare};
use caulk_profile::{Limits, read_as_pprof};
use libfuzzer_sys::fuzz_target;

const LIMITS: Limits = Limits {
    inflated_bytes: 1 << 24,
};

fuzz_target!(|bytes: &[u8]| {
    let Ok(mut profile) = read_as_pprof(bytes, LIMITS) else {
        return;
    };
    let surroundings = Surroundings {
        time_zone: jiff::tz::TimeZone::UTC,
    };
    prepare(&mut profile, Symbolize::default(), "");
    for command in [
        Command::Top,
        Command::TopProto,
        Command::Tree,
        Command::Callgrind,
        Command::Dot,
    ] {
        let request = Request::new(command);
        let _ = generate(&profile, &request, &Config::default(), &surroundings);
    }
});
