//! The binary form of CPU profiles: words of 32 or 64 bits in either byte order.
//!
//! After a header of five words come samples: a count, the number of addresses, the addresses,
//! leaf first. The sample with the count 0 and the one address 0 is the end. What follows it is a
//! memory map, or the symbols of a Java program.

use std::collections::BTreeMap;

use super::locations::{Locations, without_doubled_leaf};
use super::{Refusal, Symbols, frames, java, lines::Lines, memory_map};
use crate::{Profile, ProfileBuilder, ReadError};

const NANOS_PER_MICRO: i64 = 1000;

pub(super) fn read(bytes: &[u8], symbols: Symbols) -> Result<Profile, Refusal> {
    let orders = [(4, false), (4, true), (8, false), (8, true)];
    let found = orders.iter().find_map(|&(size, is_big_endian)| {
        let mut words = Words {
            bytes,
            at: 0,
            size,
            is_big_endian,
        };
        let header: Option<Vec<u64>> = (0..5).map(|_| words.next()).collect();
        match header?[..] {
            [0, 3, kind @ (0 | 1), period, 0] if period > 0 => Some((words, kind == 1, period)),
            _ => None,
        }
    });
    let Some((mut words, is_java, period)) = found else {
        return Err(Refusal::OtherForm(None));
    };
    let period = (period as i64).wrapping_mul(NANOS_PER_MICRO);
    let mut builder = ProfileBuilder::new();
    builder.period("cpu", "nanoseconds", period);
    builder.sample_type("samples", "count");
    builder.sample_type("cpu", "nanoseconds");
    let mut samples = read_samples(&mut words, !is_java, symbols)?;
    let rest = bytes.get(words.at..).unwrap_or(b"");
    if is_java {
        let samples = samples.iter();
        let samples = samples.map(|sample| (&*sample.stack, sample.values(period), None));
        return java::finish(builder, samples, rest);
    }
    remove_handler_frames(&mut samples);
    let mut locations = Locations::new(Symbols::Skip);
    for sample in &samples {
        let stack = sample.stack.iter();
        let stack = stack
            .map(|&address| locations.at(&mut builder, address))
            .collect();
        let stack = without_doubled_leaf(&builder, stack);
        builder.sample(&stack, &sample.values(period), &[]);
    }
    memory_map::read_all(&mut Lines::new(rest), &mut builder, Symbols::Skip)?;
    frames::set(&mut builder);
    Ok(builder.finish())
}

/// Where the words of a file are read.
struct Words<'b> {
    bytes: &'b [u8],
    at: usize,
    size: usize,
    is_big_endian: bool,
}

impl Words<'_> {
    fn next(&mut self) -> Option<u64> {
        let end = self.at.checked_add(self.size)?;
        let Some(word) = self.bytes.get(self.at..end) else {
            self.at = self.bytes.len();
            return None;
        };
        self.at = end;
        let add = |value: u64, &byte: &u8| value << 8 | u64::from(byte);
        Some(match self.is_big_endian {
            true => word.iter().fold(0, add),
            false => word.iter().rev().fold(0, add),
        })
    }

    /// Bytes that are left.
    fn left(&self) -> usize {
        self.bytes.len() - self.at
    }
}

struct Sample {
    count: u64,
    /// Addresses, leaf first.
    stack: Vec<u64>,
}

impl Sample {
    fn values(&self, period: i64) -> [i64; 2] {
        let count = self.count as i64;
        [count, count.wrapping_mul(period)]
    }
}

/// Reads samples to their end, or that of the file. All addresses but the leaf's are those of the
/// instruction after a call; those of the call are given if `adjusts`.
///
/// The reference takes any word for 32 bits wide when it looks whether a stack can be whole, and 0
/// for the addresses that are then missing.
fn read_samples(
    words: &mut Words,
    adjusts: bool,
    symbols: Symbols,
) -> Result<Vec<Sample>, Refusal> {
    let least_size = match symbols {
        Symbols::Keep => words.size,
        Symbols::Skip => 4,
    };
    let mut samples = Vec::new();
    while words.left() > 0 {
        let start = words.at;
        let cut = || {
            Refusal::OtherForm(Some(ReadError::BinaryCpu {
                offset: start,
                what: "the sample is cut off",
            }))
        };
        let count = words.next().ok_or_else(cut)?;
        let depth = words.next().ok_or_else(cut)?;
        let most = words.left() / least_size;
        let depth = usize::try_from(depth).ok().filter(|&depth| depth <= most);
        let depth = depth.ok_or_else(cut)?;
        let mut stack: Vec<u64> = (0..depth).map(|_| words.next().unwrap_or(0)).collect();
        if count == 0 && stack == [0] {
            break;
        }
        if adjusts {
            for address in stack.iter_mut().skip(1) {
                *address = address.wrapping_sub(1);
            }
        }
        samples.push(Sample { count, stack });
    }
    Ok(samples)
}

/// Takes out frames of the signal handler that counted: those next to the leaf, up to two, where
/// (almost) all samples have the same there.
fn remove_handler_frames(samples: &mut [Sample]) {
    let exceptions = samples.len() / 32;
    for _ in 0..2 {
        let mut counts: BTreeMap<u64, usize> = BTreeMap::new();
        for caller in samples.iter().filter_map(|sample| sample.stack.get(1)) {
            *counts.entry(*caller).or_default() += 1;
        }
        let is_everywhere = |&(_, count): &(&u64, &usize)| *count + exceptions >= samples.len();
        let Some((&handler, _)) = counts.iter().find(is_everywhere) else {
            return;
        };
        for sample in samples.iter_mut() {
            if sample.stack.get(1) == Some(&handler) {
                sample.stack.remove(1);
            }
        }
    }
}
