//! Text profiles of waiting: `block` and `mutex` with `debug=1`, and `contentionz` of C++.

use std::sync::LazyLock;

use regex::bytes::Regex;

use super::lines::{Lines, decimal, go_number, hex_numbers, is_blank_or_comment, shown, trim};
use super::locations::Locations;
use super::{Refusal, Symbols, frames, group, memory_map, wrong_line};
use crate::arithmetic::truncate;
use crate::{Profile, ProfileBuilder, ReadError};

static SAMPLE: LazyLock<Regex> = LazyLock::new(|| super::regex(r"(\d+) *(\d+) @([ x0-9a-f]*)"));

pub(super) fn read(text: &[u8], symbols: Symbols) -> Result<Profile, Refusal> {
    let mut lines = Lines::new(text);
    lines.advance();
    let is_mutex = lines.line().starts_with(b"--- mutex:");
    let is_of_go = is_mutex || lines.line().starts_with(b"--- contention:");
    if !is_of_go && !lines.line().starts_with(b"--- contentionz ") {
        return Err(Refusal::OtherForm(None));
    }
    let header = Header::read(&mut lines)?;

    let mut builder = ProfileBuilder::new();
    builder.period("contentions", "count", header.period);
    builder.sample_type("contentions", "count");
    builder.sample_type("delay", "nanoseconds");
    builder.profile_mut().duration_nanos = header.duration_nanos;
    // Since Go 1.17 the runtime has scaled what it prints of mutexes, which the reference does not
    // know: it counts all of them once more for each one sampled.
    let is_scaled = symbols == Symbols::Keep && is_mutex;
    let scale = if is_scaled { 1 } else { header.period };

    let mut locations = Locations::new(symbols);
    // The header ends at the first line that is no part of it, which may be a sample.
    loop {
        let line = trim(lines.line());
        if line.starts_with(b"---") {
            break;
        }
        if !is_blank_or_comment(line) {
            let wait = Wait::parse(line, &lines)?;
            let values = wait.values(scale, header.cycles_per_second);
            let notes = symbols.below(&mut lines);
            let stack = locations.stack(&mut builder, &wait.addresses, &notes);
            builder.sample(&stack, &values, &[]);
        }
        if !lines.advance() {
            break;
        }
    }
    memory_map::read_section(&mut lines, &mut builder, symbols)?;
    if symbols == Symbols::Skip || !is_of_go {
        frames::set(&mut builder);
    }
    Ok(builder.finish())
}

/// The `name = value` lines after the first.
struct Header {
    cycles_per_second: i64,
    /// Contentions for each one sampled.
    period: i64,
    duration_nanos: i64,
}

impl Header {
    /// Stops at the first line that is no `name = value`.
    fn read(lines: &mut Lines) -> Result<Header, Refusal> {
        let mut header = Header {
            cycles_per_second: 0,
            period: 1,
            duration_nanos: 0,
        };
        while lines.advance() {
            let line = trim(lines.line());
            if is_blank_or_comment(line) {
                continue;
            }
            if line.starts_with(b"---") {
                break;
            }
            let Some(at) = memchr::memchr(b'=', line) else {
                break;
            };
            let (name, value) = line.split_at(at);
            let (name, value) = (trim(name), trim(value.get(1..).unwrap_or(b"")));
            let number = || {
                go_number(value)
                    .ok_or_else(|| other_form(lines, format!("{} is not a number", shown(value))))
            };
            match name {
                b"cycles/second" => header.cycles_per_second = number()?,
                b"sampling period" => header.period = number()?,
                b"ms since reset" => header.duration_nanos = number()?.wrapping_mul(1_000_000),
                b"discarded samples" => {}
                // `format` and `resolution` are those of Java, whose reader is asked later.
                other => {
                    let what = format!("{} is not known of a contention profile", shown(other));
                    return Err(other_form(lines, what));
                }
            }
        }
        Ok(header)
    }
}

fn other_form(lines: &Lines, what: String) -> Refusal {
    Refusal::OtherForm(Some(ReadError::Text {
        line: lines.number(),
        what,
    }))
}

/// One line: how long and how often was waited with one stack.
struct Wait {
    cycles: i64,
    count: i64,
    /// Leaf first.
    addresses: Vec<u64>,
}

impl Wait {
    /// `2304 7 @ 0x5 0x6`
    fn parse(line: &[u8], lines: &Lines) -> Result<Wait, Refusal> {
        let Some(found) = SAMPLE.captures(line) else {
            let expected = "CYCLES COUNT @ 0xADDRESS …";
            let what = format!("{} is not `{expected}`", shown(line));
            return Err(other_form(lines, what));
        };
        let number = |at| {
            let digits = group(&found, at);
            let wrong = || wrong_line(lines, format!("{} is more than 63 bits", shown(digits)));
            decimal(digits).ok_or_else(wrong)
        };
        Ok(Wait {
            cycles: number(1)?,
            count: number(2)?,
            addresses: hex_numbers(group(&found, 3)).map_err(|what| wrong_line(lines, what))?,
        })
    }

    /// Contentions and their delay; nothing is scaled where the period makes no sense.
    fn values(&self, period: i64, cycles_per_second: i64) -> [i64; 2] {
        if period <= 0 {
            return [self.count, self.cycles];
        }
        let delay = if cycles_per_second > 0 {
            let per_nanosecond = cycles_per_second as f64 / 1e9;
            truncate(self.cycles as f64 * period as f64 / per_nanosecond)
        } else {
            self.cycles
        };
        [self.count.wrapping_mul(period), delay]
    }
}
