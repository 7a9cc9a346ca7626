//! The memory map that a legacy profile ends with: which file lay at which addresses.
//!
//! Entries have the form of `/proc/self/maps`, or a shorter one:
//! `40000-80000: /bin/x (@FF00) abc123`.

use std::sync::LazyLock;

use memchr::{memchr, memmem};
use regex::bytes::Regex;

use super::lines::{Lines, hex, trim};
use super::{Refusal, Symbols, group, regex, wrong_line};
use crate::{Location, Mapping, MappingIndex, ProfileBuilder, ReadError};

const STARTS: [&[u8]; 2] = [b"--- Memory map: ---", b"MAPPED_LIBRARIES:"];

/// Start, end and permissions, as every form of an entry has them first.
const RANGE: &str = concat!(
    r"^{space}*(?:0x)?([[:xdigit:]]+)(?:{space}|-)?{space}*(?:0x)?([[:xdigit:]]+):?",
    r"(?:{space}+([-rwxp]+))?"
);

/// Offset, device, inode and file follow.
static PROC_MAPS: LazyLock<Regex> = LazyLock::new(|| {
    let rest = concat!(
        r"(?:{space}+([[:xdigit:]]+))?{space}+[[:xdigit:]]+:[[:xdigit:]]+{space}+\d+",
        r"(?:{space}+([^{spaces}]+))?"
    );
    regex(&[RANGE, rest].concat())
});

/// File, offset and build id follow, each of which may be missing.
static BRIEF: LazyLock<Regex> = LazyLock::new(|| {
    let rest = concat!(
        r"(?:{space}+([^{spaces}]+))?(?:{space}+\(@([[:xdigit:]]+)\))?",
        r"(?:{space}+([[:xdigit:]]+))?"
    );
    regex(&[RANGE, rest].concat())
});

/// What a logger puts before a line: `… file:line] `.
static LOG_PREFIX: LazyLock<Regex> = LazyLock::new(|| regex(r"^[^\[\]]+:\d+\]{space}"));

/// A name such as `libc.so`, `libc.so.6` or `libc.so_1`.
static LIBRARY: LazyLock<Regex> = LazyLock::new(|| regex(r"[.]so$|[.]so[._]\d+"));

/// The work that the names of a map may make for each of its bytes: names that are compared, and
/// bytes of their values. No real map comes near.
const MOST_STEPS: u64 = 16;

/// Most pairs of an entry and a location that are compared.
const MOST_PAIRS: u64 = 1 << 32;

/// Whether a memory map follows the line.
pub(super) fn starts_at(line: &[u8]) -> bool {
    STARTS
        .iter()
        .any(|start| memmem::find(line, start).is_some())
}

/// Reads the memory map that starts somewhere below the line that is read now, or at it, and gives
/// the locations their mappings.
pub(super) fn read_section(
    lines: &mut Lines,
    builder: &mut ProfileBuilder,
    symbols: Symbols,
) -> Result<(), Refusal> {
    while !starts_at(lines.line()) && lines.advance() {}
    read_all(lines, builder, symbols)
}

/// Reads a memory map of all lines that are left, and gives the locations their mappings.
pub(super) fn read_all(
    lines: &mut Lines,
    builder: &mut ProfileBuilder,
    symbols: Symbols,
) -> Result<(), Refusal> {
    let mut names = Names::new(lines.left());
    let mut mappings = Vec::new();
    while lines.advance() {
        let line = lines.line();
        let line = LOG_PREFIX
            .find(line)
            .and_then(|prefix| line.get(prefix.end()..))
            .unwrap_or(line);
        let Some(line) = names.replace(line) else {
            let what = "the names of the memory map stand for too much text".to_owned();
            return Err(wrong_line(lines, what));
        };
        match parse_entry(&line, builder) {
            Entry::Mapping(mapping) => mappings.push(mapping),
            Entry::NotCode => {}
            Entry::Unknown => names.assign(&line),
        }
    }
    merge_adjacent(&mut mappings);
    put_program_first(&mut mappings, builder);
    attach(mappings, builder, symbols)
}

enum Entry {
    Mapping(Mapping),
    /// An entry of data.
    NotCode,
    Unknown,
}

fn parse_entry(line: &[u8], builder: &mut ProfileBuilder) -> Entry {
    let (found, file, offset, build_id) = match PROC_MAPS.captures(line) {
        Some(found) => (found, 5, 4, None),
        None => match BRIEF.captures(line) {
            Some(found) => (found, 4, 5, Some(6)),
            None => return Entry::Unknown,
        },
    };
    let permissions = group(&found, 3);
    if !permissions.is_empty() && !permissions.contains(&b'x') {
        return Entry::NotCode;
    }
    let offset = match group(&found, offset) {
        b"" => Some(0),
        digits => hex(digits),
    };
    let (Some(start), Some(limit), Some(offset)) =
        (hex(group(&found, 1)), hex(group(&found, 2)), offset)
    else {
        return Entry::Unknown;
    };
    Entry::Mapping(Mapping {
        start,
        limit,
        offset,
        file: builder.bytes(group(&found, file)),
        build_id: builder.bytes(build_id.map_or(b"", |at| group(&found, at))),
        ..Mapping::default()
    })
}

/// Names that lines such as `build=/path` give values, to be put where later lines have `$build`.
struct Names {
    /// With their `$`, in the order of the file: where several fit, the first does.
    values: Vec<(Vec<u8>, Vec<u8>)>,
    steps_left: u64,
}

impl Names {
    fn new(bytes: usize) -> Self {
        Names {
            values: Vec::new(),
            steps_left: MOST_STEPS.saturating_mul(bytes as u64),
        }
    }

    fn assign(&mut self, line: &[u8]) {
        let Some(at) = memchr(b'=', line) else { return };
        let (name, value) = line.split_at(at);
        let name = [b"$", trim(name)].concat();
        let value = trim(value.get(1..).unwrap_or(b"")).to_vec();
        self.values.push((name, value));
    }

    /// The line with values for names; `None` when that takes too much.
    fn replace(&mut self, line: &[u8]) -> Option<Vec<u8>> {
        let mut replaced = Vec::with_capacity(line.len());
        let mut rest = line;
        while let Some(at) = memchr(b'$', rest) {
            replaced.extend_from_slice(rest.get(..at)?);
            rest = rest.get(at..)?;
            let found = self
                .values
                .iter()
                .position(|(name, _)| rest.starts_with(name));
            let compared = found.unwrap_or(self.values.len()) as u64;
            let (taken, value) = match found.and_then(|at| self.values.get(at)) {
                Some((name, value)) => (name.len(), &value[..]),
                None => (1, &b"$"[..]),
            };
            self.steps_left = self.steps_left.checked_sub(compared + value.len() as u64)?;
            replaced.extend_from_slice(value);
            rest = rest.get(taken..)?;
        }
        replaced.extend_from_slice(rest);
        Some(replaced)
    }
}

/// Makes one of entries that are parts of one mapping.
fn merge_adjacent(mappings: &mut Vec<Mapping>) {
    mappings.dedup_by(|next, last| {
        if !is_adjacent(last, next) {
            return false;
        }
        last.limit = next.limit;
        for (last, next) in [
            (&mut last.file, next.file),
            (&mut last.build_id, next.build_id),
        ] {
            if next.0 != 0 {
                *last = next;
            }
        }
        true
    });
}

fn is_adjacent(last: &Mapping, next: &Mapping) -> bool {
    let agree = |a: u64, b: u64| a == 0 || b == 0 || a == b;
    let size = last.limit.wrapping_sub(last.start);
    let end_offset = last.offset.wrapping_add(size);
    agree(last.file.0.into(), next.file.0.into())
        && agree(last.build_id.0.into(), next.build_id.0.into())
        && last.limit == next.start
        && (last.offset == 0 || next.offset == 0 || end_offset == next.offset)
}

/// The first mapping is to be that of the program: the first that has the name of a file and not
/// that of a library.
fn put_program_first(mappings: &mut [Mapping], builder: &mut ProfileBuilder) {
    let strings = &builder.profile_mut().strings;
    let is_program = |mapping: &Mapping| {
        let file = without_deleted(strings.bytes(mapping.file));
        let file = trim(&file);
        !file.is_empty() && !file.starts_with(b"[") && !LIBRARY.is_match(file)
    };
    if let Some(program) = mappings.iter().position(is_program) {
        mappings.swap(0, program);
    }
}

/// The kernel marks files that are no longer there.
fn without_deleted(file: &[u8]) -> Vec<u8> {
    const MARK: &[u8] = b"(deleted)";
    let mut kept = Vec::with_capacity(file.len());
    let mut rest = file;
    while let Some(at) = memmem::find(rest, MARK) {
        kept.extend_from_slice(rest.get(..at).unwrap_or(b""));
        rest = rest.get(at + MARK.len()..).unwrap_or(b"");
    }
    kept.extend_from_slice(rest);
    kept
}

/// Gives the profile its mappings, and each location the first that it lies in.
///
/// As in the reference, an address that lies in none gets one that covers everything, but where
/// symbols are kept it gets none.
pub(super) fn attach(
    mut mappings: Vec<Mapping>,
    builder: &mut ProfileBuilder,
    symbols: Symbols,
) -> Result<(), Refusal> {
    /// Where Linux programs start.
    const PROGRAM_START: u64 = 0x40_0000;
    let profile = builder.profile_mut();
    if let [first, second, ..] = &mappings[..]
        && profile
            .strings
            .bytes(first.file)
            .starts_with(b"/anon_hugepage")
        && first.limit == second.start
    {
        mappings.remove(0);
    }
    if let Some(program) = mappings.first_mut()
        && program.start.wrapping_sub(program.offset) == PROGRAM_START
    {
        (program.start, program.offset) = (PROGRAM_START, 0);
    }
    let pairs = (mappings.len() as u64).saturating_mul(profile.locations.len() as u64);
    if pairs > MOST_PAIRS {
        let what = format!(
            "a memory map of {} entries is too large for {} locations",
            mappings.len(),
            profile.locations.len()
        );
        return Err(Refusal::Broken(ReadError::Malformed { what }));
    }
    let mut everything = None;
    for location in &mut profile.locations {
        location.mapping = find(&mut mappings, location)
            .or(everything)
            .filter(|_| location.address != 0);
        if location.mapping.is_none() && location.address != 0 && symbols == Symbols::Skip {
            everything = Some(MappingIndex(mappings.len() as u32));
            location.mapping = everything;
            mappings.push(Mapping {
                limit: u64::MAX,
                ..Mapping::default()
            });
        }
    }
    for (id, mapping) in (1..).zip(&mut mappings) {
        mapping.id = id;
    }
    profile.mappings = mappings;
    Ok(())
}

/// The first mapping with the address. Where there is none, one that starts above it may have lost
/// the part below its offset, which it then gets back.
fn find(mappings: &mut [Mapping], location: &Location) -> Option<MappingIndex> {
    let address = location.address;
    if address == 0 {
        return None;
    }
    let has = |mapping: &Mapping| mapping.start <= address && address < mapping.limit;
    if let Some(found) = mappings.iter().position(has) {
        return Some(MappingIndex(found as u32));
    }
    let had = |mapping: &Mapping| {
        let start = mapping.start.wrapping_sub(mapping.offset);
        mapping.offset != 0 && start <= address && address < mapping.start
    };
    let found = mappings.iter().position(had)?;
    if let Some(mapping) = mappings.get_mut(found) {
        mapping.start = mapping.start.wrapping_sub(mapping.offset);
        mapping.offset = 0;
    }
    Some(MappingIndex(found as u32))
}
