//! Count profiles with `debug=1`: `goroutine`, `threadcreate` and those that programs define.

use super::lines::{
    Lines, go_number, hex, is_blank_or_comment, shown, split_decimal, split_hex, too_large,
};
use super::locations::Locations;
use super::{Refusal, Symbols, memory_map, quoted, wrong_line};
use crate::{Label, LabelValue, Profile, ProfileBuilder, ValueType};

/// The name of the profile, and the lines after the header `goroutine profile: total 33`.
pub(crate) fn header(text: &[u8]) -> Option<(&[u8], Lines<'_>)> {
    let mut lines = Lines::new(text);
    while lines.advance() && is_blank_or_comment(lines.line()) {}
    let header = lines.line();
    let total = header.iter().rposition(|byte| !byte.is_ascii_digit())? + 1;
    let (start, total) = header.split_at_checked(total)?;
    let name = start.strip_suffix(b" profile: total ")?;
    let is_name = !name.is_empty() && !name.iter().any(|byte| b"\t\n\x0c\r ".contains(byte));
    (is_name && !total.is_empty()).then_some((name, lines))
}

/// A line such as `25 @ 0x47e8ee 0x4159ae`.
pub(crate) struct Count {
    pub count: i64,
    /// Leaf first.
    pub addresses: Vec<u64>,
}

impl Count {
    /// Reads on after "the line".
    pub fn parse(line: &[u8]) -> Result<Count, String> {
        let not_one = || format!("{} is not `COUNT @ 0xADDRESS …`", shown(line));
        let (count, rest) = split_decimal(line);
        let mut rest = rest.strip_prefix(b" @").ok_or_else(not_one)?;
        let mut addresses = Vec::new();
        while !rest.is_empty() {
            let (digits, after) = split_hex(rest.strip_prefix(b" 0x").ok_or_else(not_one)?);
            if digits.is_empty() {
                return Err(not_one());
            }
            addresses.push(hex(digits).ok_or_else(|| too_large(digits))?);
            rest = after;
        }
        if count.is_empty() || addresses.is_empty() {
            return Err(not_one());
        }
        let count = go_number(count).ok_or_else(|| format!("{} is not a count", shown(count)))?;
        Ok(Count { count, addresses })
    }
}

pub(super) fn read(text: &[u8], symbols: Symbols) -> Result<Profile, Refusal> {
    let Some((name, mut lines)) = header(text) else {
        return Err(Refusal::OtherForm(None));
    };
    let mut builder = ProfileBuilder::new();
    let counted = ValueType {
        kind: builder.bytes(name),
        unit: builder.string("count"),
    };
    builder.sample_type_of(counted);
    builder.profile_mut().period_type = counted;
    builder.profile_mut().period = 1;
    let mut locations = Locations::new(symbols);
    while lines.advance() {
        let line = lines.line();
        if is_blank_or_comment(line) {
            continue;
        }
        if line.starts_with(b"---") {
            break;
        }
        let sample = Count::parse(line).map_err(|what| wrong_line(&lines, what))?;
        let notes = symbols.below(&mut lines);
        let labels: Vec<Label> = notes
            .labels
            .map_or(Vec::new(), quoted::labels)
            .iter()
            // The protobuf form cannot hold an empty value.
            .filter(|(_, value)| !value.is_empty())
            .map(|(key, value)| Label {
                key: builder.string(key),
                value: LabelValue::Text(builder.string(value)),
            })
            .collect();
        let stack = locations.stack(&mut builder, &sample.addresses, &notes);
        builder.sample(&stack, &[sample.count], &labels);
    }
    memory_map::read_section(&mut lines, &mut builder, symbols)?;
    if symbols == Symbols::Skip {
        super::frames::set(&mut builder);
    }
    Ok(builder.finish())
}
