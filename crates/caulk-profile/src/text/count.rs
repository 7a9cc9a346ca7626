//! Count profiles with `debug=1`: `goroutine`, `threadcreate` and those that programs define.

use super::block::{Item, each_item};
use super::{Locations, Symbols, quoted};
use crate::{Label, LabelValue, Profile, ProfileBuilder, ReadError};

/// The name of the profile, and the lines after the header `goroutine profile: total 33`.
pub(crate) fn header(text: &str) -> Option<(&str, impl Iterator<Item = (usize, &str)>)> {
    let mut lines = text
        .lines()
        .enumerate()
        .map(|(index, line)| (index + 1, line));
    let is_blank = |line: &str| line.trim().is_empty() || line.trim().starts_with('#');
    let (_, header) = lines.find(|(_, line)| !is_blank(line))?;
    let (name, total) = header.split_once(" profile: total ")?;
    let is_name = !name.is_empty() && !name.contains(char::is_whitespace);
    let is_total = !total.is_empty() && total.bytes().all(|byte| byte.is_ascii_digit());
    (is_name && is_total).then_some((name, lines))
}

pub(super) fn read(text: &str, symbols: Symbols) -> Result<Profile, ReadError> {
    let Some((name, lines)) = header(text) else {
        return Err(ReadError::Unrecognized);
    };
    let mut builder = ProfileBuilder::new();
    builder.period(name, "count", 1);
    builder.sample_type(name, "count");
    let mut locations = Locations::new(symbols);
    each_item(lines, |item| {
        let block = match item {
            Item::Block(block) => block,
            Item::Comment(_) => return Ok(()),
            Item::Other(_, line) if line.starts_with("---") => {
                return Err(ReadError::NotYet {
                    form: "the memory map of a text profile",
                });
            }
            Item::Other(line, _) => {
                let what = format!("not a sample of a {name} profile");
                return Err(ReadError::Text { line, what });
            }
        };
        let Ok(count) = block.values.parse::<i64>() else {
            let what = format!("{:?} is not a count", block.values);
            return Err(ReadError::Text {
                line: block.number,
                what,
            });
        };
        let labels = match (symbols, block.labels) {
            (Symbols::Keep, Some(text)) => quoted::labels(text),
            _ => Vec::new(),
        };
        let labels: Vec<Label> = labels
            .iter()
            // The protobuf form cannot hold an empty value.
            .filter(|(_, value)| !value.is_empty())
            .map(|(key, value)| Label {
                key: builder.string(key),
                value: LabelValue::Text(builder.string(value)),
            })
            .collect();
        let stack = locations.stack(&mut builder, &block);
        builder.sample(&stack, &[count], &labels);
        Ok(())
    })?;
    Ok(builder.finish())
}
