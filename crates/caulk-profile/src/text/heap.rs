//! `heap` and `allocs` with `debug=1`: raw counts of sampled objects, which are scaled to
//! estimates here as the runtime does it for the protobuf form.

use super::block::{Block, Item, each_item};
use super::{Locations, Symbols, memstats};
use crate::{Label, LabelValue, Profile, ProfileBuilder, ReadError, StringId};

pub(super) fn read(text: &str, symbols: Symbols) -> Result<Profile, ReadError> {
    let mut lines = text
        .lines()
        .enumerate()
        .map(|(index, line)| (index + 1, line));
    let header = lines.next().map_or("", |(_, line)| line);
    let header = Header::parse(header)?;
    // The reference leaves the allocations out where they say nothing more than what is in use.
    let with_allocations = symbols == Symbols::Keep || header.has_allocations;

    let mut builder = ProfileBuilder::new();
    builder.period("space", "bytes", header.rate);
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
    each_item(lines, |item| {
        let block = match item {
            Item::Block(block) => block,
            Item::Comment(comment) => {
                memory.line(comment);
                return Ok(());
            }
            Item::Other(_, "--- Memory map: ---" | "MAPPED_LIBRARIES:") => {
                return Err(ReadError::NotYet {
                    form: "the memory map of a text profile",
                });
            }
            Item::Other(line, text) => return Err(not_a_sample(line, text)),
        };
        let counts = Counts::parse(&block)?;
        let (alloc_count, alloc_bytes) = scale(counts.alloc_count, counts.alloc_bytes, header.rate);
        let (count, bytes) = scale(counts.count, counts.bytes, header.rate);
        let values = [alloc_count, alloc_bytes, count, bytes];
        let values = if with_allocations {
            &values[..]
        } else {
            &values[2..]
        };
        let size = counts.object_size();
        let value = LabelValue::Number {
            value: size,
            unit: StringId(0),
        };
        let label = Label {
            key: bytes_key,
            value,
        };
        // The runtime has no such label for a bucket that was never sampled, the reference does.
        let has_label = size != 0 || symbols == Symbols::Skip;
        let labels = if has_label {
            std::slice::from_ref(&label)
        } else {
            &[]
        };
        let stack = locations.stack(&mut builder, &block);
        builder.sample(&stack, values, labels);
        Ok(())
    })?;
    if symbols == Symbols::Keep
        && let Some(memory) = memory.finish()
    {
        builder.memory(memory);
    }
    Ok(builder.finish())
}

fn not_a_sample(line: usize, text: &str) -> ReadError {
    let start: String = text.chars().take(60).collect();
    ReadError::Text {
        line,
        what: format!("not a sample of a heap profile: {start:?}"),
    }
}

struct Header {
    /// Mean bytes between two samples.
    rate: i64,
    /// Whether the allocation totals differ from what is in use.
    has_allocations: bool,
}

impl Header {
    /// `heap profile: 1: 2 [3: 4] @ heap/1048576`; the number at the end is twice the rate.
    fn parse(line: &str) -> Result<Header, ReadError> {
        let wrong = || ReadError::Text {
            line: 1,
            what: "the header of a heap profile is not as it should be".to_owned(),
        };
        let rest = line.split_once("heap profile:").ok_or_else(wrong)?.1;
        let (totals, form) = rest.split_once('@').ok_or_else(wrong)?;
        let mut numbers = totals
            .split([' ', ':', '[', ']'])
            .filter(|word| !word.is_empty());
        let mut next = || {
            numbers
                .next()
                .filter(|n| n.bytes().all(|b| b.is_ascii_digit()))
        };
        let (Some(count), Some(bytes), Some(alloc_count), Some(alloc_bytes)) =
            (next(), next(), next(), next())
        else {
            return Err(wrong());
        };
        let Some(("heap", rate)) = form.trim().split_once('/') else {
            return Err(ReadError::NotYet {
                form: "a heap profile that is not of the Go runtime",
            });
        };
        let rate: i64 = rate.trim().parse().map_err(|_| wrong())?;
        let has_allocations = (alloc_count != count && alloc_count != "0")
            || (alloc_bytes != bytes && alloc_bytes != "0");
        Ok(Header {
            rate: rate / 2,
            has_allocations,
        })
    }
}

/// The raw figures of one bucket.
struct Counts {
    count: i64,
    bytes: i64,
    alloc_count: i64,
    alloc_bytes: i64,
}

impl Counts {
    /// `1: 2 [3: 4]`
    fn parse(block: &Block) -> Result<Counts, ReadError> {
        let mut numbers = block
            .values
            .split([' ', ':', '[', ']'])
            .filter(|word| !word.is_empty());
        let mut next = || {
            numbers
                .next()
                .and_then(|word| word.parse::<i64>().ok())
                .ok_or_else(|| not_a_sample(block.number, block.values))
        };
        let counts = Counts {
            count: next()?,
            bytes: next()?,
            alloc_count: next()?,
            alloc_bytes: next()?,
        };
        if (counts.count == 0 && counts.bytes != 0)
            || (counts.alloc_count == 0 && counts.alloc_bytes != 0)
        {
            let what = "a count is 0, but its bytes are not".to_owned();
            return Err(ReadError::Text {
                line: block.number,
                what,
            });
        }
        Ok(counts)
    }

    fn object_size(&self) -> i64 {
        let size = |bytes: i64, count| bytes.checked_div(count);
        size(self.bytes, self.count)
            .or(size(self.alloc_bytes, self.alloc_count))
            .unwrap_or(0)
    }
}

/// The estimate of what was allocated from what was sampled: sampling is a Poisson process over
/// bytes, so an object of size s is seen with probability 1 - exp(-s / rate)
/// (`scaleHeapSample` in Go's `runtime/pprof/protomem.go`).
fn scale(count: i64, bytes: i64, rate: i64) -> (i64, i64) {
    if count == 0 || bytes == 0 {
        return (0, 0);
    }
    if rate <= 1 {
        return (count, bytes);
    }
    let size = bytes as f64 / count as f64;
    let factor = 1.0 / (1.0 - (-size / rate as f64).exp());
    let estimate = |raw: i64| crate::arithmetic::truncate(raw as f64 * factor);
    (estimate(count), estimate(bytes))
}
