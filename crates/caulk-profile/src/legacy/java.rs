//! Profiles of Java programs: `heapz` and `contentionz` as text, and the symbols that these and a
//! binary CPU profile end with.

use std::sync::LazyLock;

use memchr::memmem;
use regex::bytes::Regex;
use rustc_hash::{FxHashMap, FxHashSet};

use super::lines::{Lines, decimal, go_number, hex, hex_numbers, shown, trim};
use super::{Refusal, Symbols, frames, group, heap, memory_map};
use crate::{FunctionIndex, Label, LabelValue, Line, Profile, ProfileBuilder, ReadError, StringId};

static ATTRIBUTE: LazyLock<Regex> = LazyLock::new(|| super::regex(r"([\w ]+)=([\w ]+)"));

static SAMPLE: LazyLock<Regex> =
    LazyLock::new(|| super::regex(r" *(\d+) +(\d+) +@ +([ x0-9a-f]*)"));

static LOCATION: LazyLock<Regex> =
    LazyLock::new(|| super::regex(r"^{space}*0x([[:xdigit:]]+){space}+(.*){space}*$"));

static FILE_AND_LINE: LazyLock<Regex> =
    LazyLock::new(|| super::regex(r"^(.*){space}+\((.+):(-?\d+)\)$"));

static LIBRARY: LazyLock<Regex> = LazyLock::new(|| super::regex(r"^(.*){space}+\((.*)\)$"));

/// The rate that the Java agent samples at, bytes.
const HEAP_RATE: i64 = 512 << 10;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Heap,
    Contention,
}

pub(super) fn read(text: &[u8]) -> Result<Profile, Refusal> {
    let mut rest = Rest { text, number: 0 };
    let kind = match rest.next_line().map(trim) {
        Some(b"--- heapz 1 ---") => Kind::Heap,
        Some(b"--- contentionz 1 ---") => Kind::Contention,
        _ => return Err(Refusal::OtherForm(None)),
    };
    let mut builder = ProfileBuilder::new();
    read_header(kind, &mut rest, &mut builder)?;
    let samples = read_samples(kind, &mut rest, builder.profile_mut().period)?;
    if !samples.is_empty() && builder.profile_mut().sample_types.is_empty() {
        let what = "its header has no resolution, so its samples have no type".to_owned();
        return Err(Refusal::Broken(ReadError::Malformed { what }));
    }
    let samples = samples
        .iter()
        .map(|sample| (&*sample.stack, sample.values, sample.object_size));
    finish(builder, samples, rest.text)
}

/// Text of which lines are taken while they end with a line feed and are as expected.
#[derive(Clone, Copy)]
struct Rest<'t> {
    text: &'t [u8],
    /// 1-based line that was taken last.
    number: usize,
}

impl<'t> Rest<'t> {
    fn next_line(&mut self) -> Option<&'t [u8]> {
        let end = memchr::memchr(b'\n', self.text)?;
        let line = self.text.get(..end)?;
        self.text = self.text.get(end + 1..)?;
        self.number += 1;
        Some(line)
    }

    /// Takes lines up to the first for which `take` gives false.
    fn take_while(
        &mut self,
        mut take: impl FnMut(&'t [u8], usize) -> Result<bool, Refusal>,
    ) -> Result<(), Refusal> {
        loop {
            let mut after = *self;
            let Some(line) = after.next_line() else {
                return Ok(());
            };
            let line = trim(line);
            if !line.is_empty() && !take(line, after.number)? {
                return Ok(());
            }
            *self = after;
        }
    }
}

fn wrong(line: usize, what: String) -> Refusal {
    Refusal::Broken(ReadError::Text { line, what })
}

/// The `name = value` lines.
fn read_header(kind: Kind, rest: &mut Rest, builder: &mut ProfileBuilder) -> Result<(), Refusal> {
    rest.take_while(|line, number| {
        let Some(found) = ATTRIBUTE.captures(line) else {
            return Ok(false);
        };
        let (name, value) = (trim(group(&found, 1)), trim(group(&found, 2)));
        let integer = || {
            let what = || format!("{} is not a number", shown(value));
            go_number(value).ok_or_else(|| wrong(number, what()))
        };
        match (kind, name) {
            (_, b"format") if value == b"java" => {}
            (_, b"resolution") => {
                let [objects, amount] = match kind {
                    Kind::Heap => ["inuse_objects", "inuse_space"],
                    Kind::Contention => ["contentions", "delay"],
                };
                builder.profile_mut().sample_types.clear();
                builder.profile_mut().values.clear();
                builder.sample_type(objects, "count");
                // Words of ASCII, as the pattern has it.
                builder.sample_type(amount, &String::from_utf8_lossy(value));
            }
            (Kind::Contention, b"sampling period") => {
                builder.period("contentions", "count", integer()?);
            }
            (Kind::Contention, b"ms since reset") => {
                builder.profile_mut().duration_nanos = integer()?.wrapping_mul(1_000_000);
            }
            _ => {
                let what = format!("{} is not known of a Java profile", shown(line));
                let error = ReadError::Text { line: number, what };
                return Err(Refusal::OtherForm(Some(error)));
            }
        }
        Ok(true)
    })
}

struct Sample {
    /// Addresses, leaf first.
    stack: Vec<u64>,
    values: [i64; 2],
    object_size: Option<i64>,
}

/// Lines such as `7048 1 @ 0x3 0x4`: the amount, the count, the stack.
fn read_samples(kind: Kind, rest: &mut Rest, period: i64) -> Result<Vec<Sample>, Refusal> {
    let mut samples = Vec::new();
    rest.take_while(|line, number| {
        let Some(found) = SAMPLE.captures(line) else {
            return Ok(false);
        };
        let stack = hex_numbers(group(&found, 3)).map_err(|what| wrong(number, what))?;
        let integer = |at| {
            let digits = group(&found, at);
            let what = || format!("{} is not a number", shown(digits));
            go_number(digits).ok_or_else(|| wrong(number, what()))
        };
        let (count, amount) = (integer(2)?, integer(1)?);
        let (values, object_size) = match kind {
            Kind::Heap => {
                let Some(size) = amount.checked_div(count) else {
                    return Err(wrong(number, "the count of a sample is 0".to_owned()));
                };
                let (count, amount) = heap::scale(count, amount, HEAP_RATE);
                ([count, amount], Some(size))
            }
            Kind::Contention => {
                let times = if period == 0 { 1 } else { period };
                let values = [count.wrapping_mul(times), amount.wrapping_mul(times)];
                (values, None)
            }
        };
        samples.push(Sample {
            stack,
            values,
            object_size,
        });
        Ok(true)
    })?;
    Ok(samples)
}

/// Makes the profile of samples (stack, values, object size) and the symbols of their addresses.
/// The addresses themselves are dropped: they are those of one run.
pub(super) fn finish<'s>(
    mut builder: ProfileBuilder,
    samples: impl Iterator<Item = (&'s [u64], [i64; 2], Option<i64>)> + Clone,
    symbols: &[u8],
) -> Result<Profile, Refusal> {
    let used: FxHashSet<u64> = samples
        .clone()
        .flat_map(|(stack, ..)| stack)
        .copied()
        .collect();
    let symbols = read_symbols(symbols, &used)?;
    let bytes_key = builder.string("bytes");
    let mut functions: FxHashMap<&[u8], FunctionIndex> = FxHashMap::default();
    let mut locations = FxHashMap::default();
    for (stack, values, object_size) in samples {
        let stack: Vec<_> = stack
            .iter()
            .map(|&address| {
                *locations.entry(address).or_insert_with(|| {
                    let Some(symbol) = symbols.by_address.get(&address) else {
                        return builder.location(None, address, &[]);
                    };
                    let function = *functions.entry(symbol.function).or_insert_with(|| {
                        let file = symbols.file_of.get(symbol.function).copied();
                        builder.function_of_bytes(symbol.function, file.unwrap_or(b""))
                    });
                    let line = Line {
                        function,
                        line: symbol.line,
                        column: 0,
                    };
                    builder.location(None, 0, &[line])
                })
            })
            .collect();
        let label = object_size.map(|value| Label {
            key: bytes_key,
            value: LabelValue::Number {
                value,
                unit: StringId(0),
            },
        });
        builder.sample(&stack, &values, label.as_slice());
    }
    memory_map::attach(Vec::new(), &mut builder, Symbols::Skip)?;
    for location in &mut builder.profile_mut().locations {
        location.address = 0;
    }
    frames::set(&mut builder);
    Ok(builder.finish())
}

struct Named<'t> {
    by_address: FxHashMap<u64, Symbol<'t>>,
    /// A function has the file that it was first seen with.
    file_of: FxHashMap<&'t [u8], &'t [u8]>,
}

struct Symbol<'t> {
    function: &'t [u8],
    line: i64,
}

/// Lines such as `0x3 com.example.Server.run (Server.java:12)`.
fn read_symbols<'t>(text: &'t [u8], used: &FxHashSet<u64>) -> Result<Named<'t>, Refusal> {
    let mut named = Named {
        by_address: FxHashMap::default(),
        file_of: FxHashMap::default(),
    };
    let mut lines = Lines::new(text);
    while lines.advance() {
        let line = trim(lines.line());
        let Some((_, [address, place])) = LOCATION.captures(line).map(|found| found.extract())
        else {
            continue;
        };
        let Some(address) = hex(address) else {
            let what = format!("the symbol {} has an address of over 64 bits", shown(line));
            return Err(Refusal::Broken(ReadError::Malformed { what }));
        };
        if !used.contains(&address) {
            continue;
        }
        let (function, file, line) = parse_place(place);
        named.file_of.entry(function).or_insert(file);
        named.by_address.insert(address, Symbol { function, line });
    }
    Ok(named)
}

/// Function, file and line.
fn parse_place(place: &[u8]) -> (&[u8], &[u8], i64) {
    if let Some((_, [function, file, line])) = FILE_AND_LINE.captures(place).map(|c| c.extract()) {
        let line = decimal(line).filter(|&line| line > 0).unwrap_or(0);
        (function, file, line)
    } else if let Some((_, [function, path])) = LIBRARY.captures(place).map(|c| c.extract()) {
        (function, base_name(path), 0)
    } else if memmem::find(place, b"generated stub/JIT").is_some() {
        (b"STUB", b"", 0)
    } else {
        // States of the virtual machine, such as GC.
        (place, b"", 0)
    }
}

/// The last element of a path, as Go's `filepath.Base` has it.
fn base_name(path: &[u8]) -> &[u8] {
    if path.is_empty() {
        return b".";
    }
    let end = path.iter().rposition(|&byte| byte != b'/');
    let Some(path) = end.and_then(|end| path.get(..=end)) else {
        return b"/";
    };
    path.rsplit(|&byte| byte == b'/').next().unwrap_or(path)
}
