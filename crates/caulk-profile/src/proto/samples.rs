//! The samples of a profile, read on several cores where there are many.

use std::ops::Range;

use super::decode::{IdIndex, check_string, malformed, string_id};
use super::wire::{Content, Fault, Walk};
use crate::lists::Lists;
use crate::parallel::{each, even_parts};
use crate::stacks::{MOST_SHORT, Number, Stacks};
use crate::{Label, LabelValue, LocationIndex, Profile, StringId};

/// Samples between two places from which they can be read.
pub(super) const MARK_EVERY: usize = 1024;
/// Fewer samples than this are not worth a thread.
const LEAST_IN_A_PART: usize = 32 * MARK_EVERY;

/// What samples refer to.
struct Tables<'t> {
    locations: &'t IdIndex,
    string_count: usize,
    /// Number of sample types.
    width: usize,
}

/// Reads `count` samples, of which every [`MARK_EVERY`]th starts at one of `marks`, into the
/// columns of the profile.
pub(super) fn read(
    bytes: &[u8],
    marks: &[usize],
    count: usize,
    locations: &IdIndex,
    profile: &mut Profile,
) -> Result<(), Fault> {
    let tables = Tables {
        locations,
        string_count: profile.strings.len(),
        width: profile.sample_types.len(),
    };
    if tables.width == 0 && count != 0 {
        return Err(malformed("missing sample type information"));
    }
    // Each value takes a byte at least; memory is reserved for this many.
    if count.saturating_mul(tables.width) > bytes.len() {
        return Err(malformed(format!(
            "there are {} sample types, more than the samples have values",
            tables.width
        )));
    }
    if count == 0 {
        profile.values = vec![Vec::new(); tables.width];
        return Ok(());
    }
    profile.stacks = match profile.locations.len() {
        0..=MOST_SHORT => Stacks::Short(read_columns(bytes, marks, count, &tables, profile)?),
        _ => Stacks::Long(read_columns(bytes, marks, count, &tables, profile)?),
    };
    Ok(())
}

/// Reads the samples into the columns of the profile; their stacks.
fn read_columns<N: Number>(
    bytes: &[u8],
    marks: &[usize],
    count: usize,
    tables: &Tables,
    profile: &mut Profile,
) -> Result<Lists<N>, Fault> {
    let parts = even_parts(marks.len(), LEAST_IN_A_PART / MARK_EVERY);
    let walk_of = |part: &Range<usize>| {
        let at = |mark: usize| marks.get(mark).copied().unwrap_or(bytes.len());
        Walk::within(bytes, at(part.start)..at(part.end))
    };
    profile.values = (0..tables.width).map(|_| vec![0; count]).collect();
    let mut values: Vec<&mut [i64]> = profile.values.iter_mut().map(Vec::as_mut_slice).collect();
    let mut readings = Vec::with_capacity(parts.len());
    let mut first = 0;
    for part in &parts {
        let samples = count.min(part.end * MARK_EVERY) - first;
        let values = values.iter_mut().map(|column| take(column, samples));
        let reading = Reading {
            tables,
            first,
            values: values.collect(),
            stacks: Lists::<N>::with_capacity(samples),
            labels: Lists::with_capacity(samples),
            ids: [0; IDS_AT_ONCE],
        };
        readings.push((walk_of(part), reading));
        first += samples;
    }
    let mut stacks = Lists::default();
    for reading in each(readings, |(walk, reading)| reading.read(walk)) {
        let (read, labels) = reading?;
        stacks.append(read);
        profile.labels.append(labels);
    }
    Ok(stacks)
}

/// Takes the first so many of a slice.
fn take<'c, T>(slice: &mut &'c mut [T], count: usize) -> &'c mut [T] {
    slice.split_off_mut(..count).unwrap_or_default()
}

/// Ids of a stack that are read before they are looked at.
const IDS_AT_ONCE: usize = 64;

/// Some of the samples, on the way to the columns.
struct Reading<'r, N> {
    tables: &'r Tables<'r>,
    /// Position among all samples of the first.
    first: usize,
    values: Vec<&'r mut [i64]>,
    stacks: Lists<N>,
    labels: Lists<Label>,
    /// Scratch.
    ids: [u32; IDS_AT_ONCE],
}

impl<N: Number> Reading<'_, N> {
    /// Reads the samples; their stacks and labels.
    fn read(mut self, mut walk: Walk) -> Result<(Lists<N>, Lists<Label>), Fault> {
        while !walk.is_at_end() {
            if let (2, content) = walk.field()? {
                self.sample(walk.expect_bytes(content)?)?;
            }
        }
        Ok((self.stacks, self.labels))
    }

    #[inline]
    fn sample(&mut self, mut walk: Walk) -> Result<(), Fault> {
        let (tables, read) = (self.tables, self.stacks.len());
        let sample = self.first + read;
        let frames = self.stacks.next_items();
        let labels = self.labels.next_items();
        let mut value_count = 0;
        while !walk.is_at_end() {
            let (number, content) = walk.field()?;
            match number {
                1 => stack(
                    &walk,
                    content,
                    tables.locations,
                    sample,
                    &mut self.ids,
                    frames,
                )?,
                2 => walk.each_varint(content, |value| {
                    let column = self.values.get_mut(value_count);
                    if let Some(slot) = column.and_then(|column| column.get_mut(read)) {
                        *slot = value as i64;
                    }
                    value_count += 1;
                    Ok(())
                })?,
                3 => labels.extend(label(walk.expect_bytes(content)?, tables.string_count)?),
                _ => {}
            }
        }
        if value_count != tables.width {
            return Err(wrong_value_count(sample, value_count, tables.width));
        }
        self.stacks.end_items();
        self.labels.end_items();
        Ok(())
    }
}

/// Appends the locations of a stack to `frames`. `ids` is scratch.
#[inline(always)]
fn stack<N: Number>(
    at: &Walk,
    content: Content,
    locations: &IdIndex,
    sample: usize,
    ids: &mut [u32],
    frames: &mut Vec<N>,
) -> Result<(), Fault> {
    let mut rest = content;
    // The lookup in the array takes longer than the rest, so it is not done where it is not needed.
    if let (Some(count), Content::Bytes(packed)) = (locations.sequential, &mut rest) {
        let mut highest = None;
        loop {
            let read = packed.short_varints(ids);
            let read_ids = ids.get(..read).unwrap_or_default();
            // What has the id 0 is beyond all others.
            let indexes = read_ids.iter().map(|id| id.wrapping_sub(1));
            highest = highest.max(indexes.clone().max());
            frames.extend(indexes.map(|index| N::new(LocationIndex(index))));
            if read < ids.len() {
                break;
            }
        }
        if highest.is_some_and(|highest| u64::from(highest) >= count) {
            return at.each_varint(content, |id| match locations.get(id) {
                Some(_) => Ok(()),
                None => Err(missing_location(sample, id)),
            });
        }
    }
    at.each_varint(rest, |id| match locations.get(id) {
        Some(location) => {
            frames.push(N::new(LocationIndex(location)));
            Ok(())
        }
        None => Err(missing_location(sample, id)),
    })
}

#[cold]
fn wrong_value_count(sample: usize, count: usize, width: usize) -> Fault {
    malformed(format!(
        "sample {sample} has {count} values, but there are {width} sample types"
    ))
}

#[cold]
fn missing_location(sample: usize, id: u64) -> Fault {
    malformed(format!(
        "sample {sample} refers to location {id}, which is not there"
    ))
}

/// A label; `None` for one without a value, which the reference drops.
fn label(mut walk: Walk, string_count: usize) -> Result<Option<Label>, Fault> {
    let (mut key, mut text, mut value, mut unit) = (0, 0, 0, 0);
    while !walk.is_at_end() {
        match walk.field()? {
            (1, content) => key = walk.expect_varint(content)?,
            (2, content) => text = walk.expect_varint(content)?,
            (3, content) => value = walk.expect_varint(content)? as i64,
            (4, content) => unit = walk.expect_varint(content)?,
            _ => {}
        }
    }
    let string = |raw| -> Result<StringId, Fault> {
        let id = string_id(raw);
        check_string(id, string_count)?;
        Ok(id)
    };
    let key = string(key)?;
    Ok(if text != 0 {
        Some(Label {
            key,
            value: LabelValue::Text(string(text)?),
        })
    } else if value != 0 || unit != 0 {
        Some(Label {
            key,
            value: LabelValue::Number {
                value,
                unit: string(unit)?,
            },
        })
    } else {
        None
    })
}
