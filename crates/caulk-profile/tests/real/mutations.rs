//! Damaged profiles of every legacy form: what the reference refuses is refused, and what it reads
//! is read as the same.

use crate::legacy::{protobufs, seeds};
use crate::reference::difference;

/// What may stand in the place of a word.
const WORDS: [&str; 46] = [
    "0",
    "1",
    "-1",
    "010",
    "08",
    "0x1f",
    "0X1F",
    "1_000",
    "9223372036854775807",
    "9223372036854775808",
    "-9223372036854775808",
    "18446744073709551615",
    "18446744073709551616",
    "0x0",
    "0x1",
    "0xffffffffffffffff",
    "0x10000000000000000",
    "0x400000",
    "@",
    "[",
    "]",
    ":",
    "=",
    "$source",
    "$",
    "--- Memory map: ---",
    "MAPPED_LIBRARIES:",
    "---",
    "#",
    "--same as previous thread--",
    "--- Thread 1f (name: x/7) stack: ---",
    "---- no stack trace for",
    "format = java",
    "resolution = bytes",
    "cycles/second = 1000000007",
    "sampling period=100",
    "ms since reset = 5",
    "heap_v2/524288",
    "heap/1048576",
    "heapprofile",
    "growthz",
    "r-xp",
    "rw-p",
    "(@ff00)",
    "08:01 1234",
    "(deleted)",
];

/// What may stand anywhere.
const BYTES: [u8; 16] = [
    0, 1, 0x7f, 0x80, 0xff, b' ', b'\t', b'\r', b'\n', 0x0b, 0xa0, b'0', b'a', b'=', b'$', b'x',
];

/// A small generator, the same on every run.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit.max(1) as u64) as usize
    }

    fn one<'t, T>(&mut self, of: &'t [T]) -> &'t T {
        &of[self.below(of.len())]
    }
}

fn line_at(text: &[u8], at: usize) -> std::ops::Range<usize> {
    let start = text[..at]
        .iter()
        .rposition(|&b| b == b'\n')
        .map_or(0, |p| p + 1);
    let end = text[at..]
        .iter()
        .position(|&b| b == b'\n')
        .map_or(text.len(), |p| at + p + 1);
    start..end
}

fn word_at(text: &[u8], at: usize) -> std::ops::Range<usize> {
    let is_edge = |&byte: &u8| byte.is_ascii_whitespace() || b"[]:=-/".contains(&byte);
    let start = text[..at].iter().rposition(is_edge).map_or(0, |p| p + 1);
    let end = text[at..]
        .iter()
        .position(is_edge)
        .map_or(text.len(), |p| at + p);
    start..end
}

fn mutate(random: &mut Random, text: &mut Vec<u8>, other: &[u8]) {
    if text.is_empty() {
        return;
    }
    let at = random.below(text.len());
    match random.below(12) {
        0 => text[at] ^= 1 << random.below(8),
        1 => text[at] = *random.one(&BYTES),
        2 => text.insert(at, *random.one(&BYTES)),
        3 => {
            text.remove(at);
        }
        4 => text.truncate(at),
        5 => {
            text.splice(line_at(text, at), []);
        }
        6 => {
            let line = text[line_at(text, at)].to_vec();
            text.splice(at..at, line);
        }
        7 if !other.is_empty() => {
            let line = other[line_at(other, random.below(other.len()))].to_vec();
            let start = line_at(text, at).start;
            text.splice(start..start, line);
        }
        8 | 9 => {
            text.splice(word_at(text, at), random.one(&WORDS).bytes());
        }
        10 => {
            let start = line_at(text, at).start;
            let line = format!("{}\n", random.one(&WORDS));
            text.splice(start..start, line.bytes());
        }
        _ => {
            let end = text.len().min(at + 1 + random.below(16));
            text.splice(at..end, []);
        }
    }
}

fn rounds() -> usize {
    std::env::var("CAULK_MUTATIONS").map_or(5_000, |count| count.parse().unwrap())
}

/// Damages the seeds many times, each time in up to five places.
fn compare_damaged(seeds: &[(String, Vec<u8>)], damage: impl Fn(&mut Random, &mut Vec<u8>, &[u8])) {
    let rounds = rounds();
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let (mut read, mut differ) = (0, Vec::new());
    for round in 0..rounds {
        let (name, bytes) = random.one(seeds);
        let (name, mut bytes) = (name.clone(), bytes.clone());
        let other = random.one(seeds).1.clone();
        for _ in 0..=random.below(4) {
            damage(&mut random, &mut bytes, &other);
        }
        if let Some(difference) = difference(&bytes) {
            differ.push(format!(
                "{round} ({name}): {difference}\n{}",
                bytes.escape_ascii()
            ));
        } else if caulk_profile::read_as_pprof(&bytes, Default::default()).is_ok() {
            read += 1;
        }
    }
    println!("{rounds} damaged profiles, {read} of them read");
    let shown = differ
        .iter()
        .take(3)
        .map(String::as_str)
        .collect::<Vec<_>>();
    assert!(
        differ.is_empty(),
        "{} differ:\n{}",
        differ.len(),
        shown.join("\n\n")
    );
    assert!(read > rounds / 10, "{read} of {rounds} can be read");
}

#[test]
fn damaged_legacy_profiles_are_read_or_refused_as_pprof_does() {
    compare_damaged(&seeds(), mutate);
}

#[test]
fn damaged_protobuf_is_read_or_refused_as_pprof_does() {
    compare_damaged(&protobufs(), |random, bytes, _| {
        if bytes.is_empty() {
            return;
        }
        let at = random.below(bytes.len());
        match random.below(6) {
            0 => bytes[at] ^= 1 << random.below(8),
            1 => bytes[at] = *random.one(&[0, 1, 2, 0x7f, 0x80, 0xff]),
            2 => bytes[at] = bytes[at].wrapping_add(1),
            3 => bytes.insert(at, *random.one(&[0, 1, 0x0a, 0x12, 0x80, 0xff])),
            4 => {
                bytes.remove(at);
            }
            _ if random.below(20) == 0 => bytes.truncate(at),
            _ => {}
        }
    });
}
