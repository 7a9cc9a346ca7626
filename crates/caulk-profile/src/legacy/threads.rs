//! `threadz`: the stacks of all threads of a C++ program, as text.

use std::sync::LazyLock;

use regex::bytes::Regex;

use super::lines::{Lines, hex_numbers, is_blank_or_comment, shown, trim};
use super::locations::{Locations, without_doubled_leaf};
use super::{Refusal, Symbols, frames, memory_map, wrong_line};
use crate::{Profile, ProfileBuilder, ReadError};

static START: LazyLock<Regex> = LazyLock::new(|| super::regex(r"--- threadz \d+ ---"));

static THREAD: LazyLock<Regex> =
    LazyLock::new(|| super::regex(r"--- Thread [[:xdigit:]]+ \(name: .*/\d+\) stack: ---"));

pub(super) fn read(text: &[u8]) -> Result<Profile, Refusal> {
    let mut lines = Lines::new(text);
    while lines.advance() && is_blank_or_comment(lines.line()) {}
    let mut line = lines.line();
    if START.is_match(line) {
        while lines.advance() {
            line = lines.line();
            if memory_map::starts_at(line) || line.starts_with(b"-") {
                break;
            }
        }
    } else if !THREAD.is_match(line) {
        return Err(Refusal::OtherForm(None));
    }

    // A thread of the same stack as the one before counts there.
    let mut samples: Vec<(Vec<u64>, i64)> = Vec::new();
    while !memory_map::starts_at(line) && !line.starts_with(b"---- no stack trace for") {
        if !THREAD.is_match(line) {
            let what = format!(
                "{} where a thread or the memory map should start",
                shown(line)
            );
            return Err(Refusal::OtherForm(Some(ReadError::Text {
                line: lines.number(),
                what,
            })));
        }
        let stack;
        (line, stack) = read_stack(&mut lines)?;
        match (stack.is_empty(), samples.last_mut()) {
            (true, Some((_, count))) => *count += 1,
            (true, None) => {}
            (false, _) => samples.push((stack, 1)),
        }
    }

    let mut builder = ProfileBuilder::new();
    builder.period("thread", "count", 1);
    builder.sample_type("thread", "count");
    let mut locations = Locations::new(Symbols::Skip);
    for (addresses, count) in &samples {
        let stack = (addresses.iter().enumerate())
            .map(|(depth, address)| match depth {
                0 => *address,
                // That of the instruction after the call.
                _ => address.wrapping_sub(1),
            })
            .map(|address| locations.at(&mut builder, address))
            .collect();
        let stack = without_doubled_leaf(&builder, stack);
        builder.sample(&stack, &[*count], &[]);
    }
    memory_map::read_section(&mut lines, &mut builder, Symbols::Skip)?;
    frames::set(&mut builder);
    Ok(builder.finish())
}

/// The line after a thread's stack, or the last one, and the addresses of the stack; none where it
/// is the same as that of the thread before.
fn read_stack<'t>(lines: &mut Lines<'t>) -> Result<(&'t [u8], Vec<u64>), Refusal> {
    let mut line = &b""[..];
    let mut addresses = Vec::new();
    let mut is_same = false;
    while lines.advance() {
        line = trim(lines.line());
        if line.starts_with(b"---") {
            break;
        }
        if memchr::memmem::find(line, b"same as previous thread").is_some() {
            is_same = true;
        } else {
            addresses.extend(hex_numbers(line).map_err(|what| wrong_line(lines, what))?);
        }
    }
    if is_same {
        addresses.clear();
    }
    Ok((line, addresses))
}
