//! Text profiles of the heap: `heap` and `allocs` with `debug=1`, and those of C++ allocators.
//! Sampled counts are scaled to estimates here as Go's runtime does it for the protobuf form.

use std::sync::LazyLock;

use regex::bytes::{Captures, Regex};

use super::lines::{Lines, decimal, hex_numbers, is_blank_or_comment, shown, trim};
use super::locations::Locations;
use super::{Refusal, Symbols, frames, group, memory_map, memstats, wrong_line};
use crate::{Label, LabelValue, Profile, ProfileBuilder, ReadError, StringId};

static HEADER: LazyLock<Regex> = LazyLock::new(|| {
    super::regex(r"heap profile: *(\d+): *(\d+) *\[ *(\d+): *(\d+) *\] *@ *(heap[_a-z0-9]*)/?(\d*)")
});

/// Of heap growth and heap fragmentation, which nobody samples.
static HEADER_UNSAMPLED: LazyLock<Regex> = LazyLock::new(|| {
    super::regex(r"heap profile: *\d+: *\d+ *\[ *\d+: *\d+ *\] @ (?:growth|fragmentation)")
});

static SAMPLE: LazyLock<Regex> =
    LazyLock::new(|| super::regex(r"(-?\d+): *(-?\d+) *\[ *(\d+): *(\d+) *] @([ x0-9a-f]*)"));

pub(super) fn read(text: &[u8], symbols: Symbols) -> Result<Profile, Refusal> {
    let mut lines = Lines::new(text);
    lines.advance();
    let header = Header::parse(lines.line())?;
    // The reference leaves the allocations out where they say nothing more than what is in use.
    let keeps_all = symbols == Symbols::Keep && header.is_of_go;
    let with_allocations = keeps_all || header.has_allocations;

    let mut builder = ProfileBuilder::new();
    builder.period("space", "bytes", header.period);
    let types = [
        ("alloc_objects", "count"),
        ("alloc_space", "bytes"),
        ("inuse_objects", "count"),
        ("inuse_space", "bytes"),
    ];
    let types_in_use = [("objects", "count"), ("space", "bytes")];
    for &(kind, unit) in if with_allocations {
        &types[..]
    } else {
        &types_in_use[..]
    } {
        builder.sample_type(kind, unit);
    }
    let bytes_key = builder.string("bytes");

    let mut locations = Locations::new(symbols);
    let mut memory = memstats::Reader::default();
    while lines.advance() {
        let line = trim(lines.line());
        if is_blank_or_comment(line) {
            if let Some(comment) = line.strip_prefix(b"#") {
                memory.line(trim(comment));
            }
            continue;
        }
        if memory_map::starts_at(line) {
            break;
        }
        let bucket = Bucket::parse(line, with_allocations, &header)
            .map_err(|what| wrong_line(&lines, what))?;
        let notes = symbols.below(&mut lines);
        let value = LabelValue::Number {
            value: bucket.object_size,
            unit: StringId(0),
        };
        let label = Label {
            key: bytes_key,
            value,
        };
        // The runtime has no such label for a bucket that was never sampled, the reference does.
        let has_label = bucket.object_size != 0 || !keeps_all;
        let labels = if has_label {
            std::slice::from_ref(&label)
        } else {
            &[]
        };
        let stack = locations.stack(&mut builder, &bucket.addresses, &notes);
        builder.sample(&stack, &bucket.values, labels);
    }
    memory_map::read_section(&mut lines, &mut builder, symbols)?;
    if symbols == Symbols::Skip {
        frames::set(&mut builder);
    } else if let Some(memory) = memory.finish() {
        builder.memory(memory);
    }
    Ok(builder.finish())
}

struct Header {
    /// Mean bytes between two samples.
    period: i64,
    /// Whether counts are those of samples, and so to be scaled.
    is_sampled: bool,
    /// Whether the allocation totals differ from what is in use.
    has_allocations: bool,
    /// Whether Go's runtime wrote it.
    is_of_go: bool,
}

impl Header {
    /// `heap profile: 1: 2 [3: 4] @ heap/1048576`: totals of objects and bytes in use, in brackets
    /// those allocated, the form and its period.
    fn parse(line: &[u8]) -> Result<Header, Refusal> {
        let Some(found) = HEADER.captures(line) else {
            if !HEADER_UNSAMPLED.is_match(line) {
                return Err(Refusal::OtherForm(None));
            }
            return Ok(Header {
                period: 1,
                is_sampled: false,
                has_allocations: false,
                is_of_go: false,
            });
        };
        let wrong = |what: String| Refusal::OtherForm(Some(ReadError::Text { line: 1, what }));
        let period = match group(&found, 6) {
            b"" => 0,
            digits => decimal(digits)
                .ok_or_else(|| wrong(format!("the period {} is too large", shown(digits))))?,
        };
        let differs = |allocated, in_use| {
            let allocated = group(&found, allocated);
            allocated != group(&found, in_use) && allocated != b"0"
        };
        let form = group(&found, 5);
        let (period, is_sampled) = match form {
            b"heapz_v2" | b"heap_v2" => (period, true),
            b"heapprofile" => (1, false),
            // Go writes twice its rate.
            b"heap" => (period / 2, true),
            other => {
                let what = format!("{} is no known kind of heap profile", shown(other));
                return Err(wrong(what));
            }
        };
        Ok(Header {
            period,
            is_sampled,
            has_allocations: differs(3, 1) || differs(4, 2),
            is_of_go: form == b"heap",
        })
    }
}

/// One line: what was sampled of objects with one stack and, as Go has it, one size.
struct Bucket {
    /// For each sample type.
    values: Vec<i64>,
    object_size: i64,
    /// Leaf first.
    addresses: Vec<u64>,
}

impl Bucket {
    /// `1: 2 [3: 4] @ 0x5 0x6`
    fn parse(line: &[u8], with_allocations: bool, header: &Header) -> Result<Bucket, String> {
        let Some(found) = SAMPLE.captures(line) else {
            let expected = "COUNT: BYTES [COUNT: BYTES] @ 0xADDRESS …";
            return Err(format!("{} is not `{expected}`", shown(line)));
        };
        let mut bucket = Bucket {
            values: Vec::with_capacity(4),
            object_size: 0,
            addresses: Vec::new(),
        };
        if with_allocations {
            bucket.add(&found, 3, header)?;
        }
        bucket.add(&found, 1, header)?;
        bucket.addresses = hex_numbers(group(&found, 5))?;
        Ok(bucket)
    }

    /// Adds the count at a group of the line and the bytes at the next.
    fn add(&mut self, found: &Captures, at: usize, header: &Header) -> Result<(), String> {
        let number = |at| {
            let digits = group(found, at);
            decimal(digits).ok_or_else(|| format!("{} is more than 63 bits", shown(digits)))
        };
        let (count, bytes) = (number(at)?, number(at + 1)?);
        if count == 0 && bytes != 0 {
            return Err(format!("a count is 0, but its bytes are {bytes}"));
        }
        if count != 0 {
            self.object_size = bytes.wrapping_div(count);
        }
        let (count, bytes) = if header.is_sampled {
            scale(count, bytes, header.period)
        } else {
            (count, bytes)
        };
        self.values.extend([count, bytes]);
        Ok(())
    }
}

/// The estimate of what was allocated from what was sampled: sampling is a Poisson process over
/// bytes, so an object of size s is seen with probability 1 - exp(-s / rate)
/// (`scaleHeapSample` in Go's `runtime/pprof/protomem.go`).
pub(super) fn scale(count: i64, bytes: i64, rate: i64) -> (i64, i64) {
    if count == 0 || bytes == 0 {
        return (0, 0);
    }
    if rate <= 1 {
        return (count, bytes);
    }
    let size = bytes as f64 / count as f64;
    let factor = 1.0 / (1.0 - crate::arithmetic::exp(-size / rate as f64));
    let estimate = |raw: i64| crate::arithmetic::truncate(raw as f64 * factor);
    (estimate(count), estimate(bytes))
}
