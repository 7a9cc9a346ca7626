//! The samples of a profile, read on several cores where there are many.

use std::ops::Range;

use super::decode::{IdIndex, check_string, malformed, string_id};
use super::wire::{Content, Fault, Walk};
use crate::parallel::in_parts;
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
    let least = LEAST_IN_A_PART / MARK_EVERY;
    let parts = in_parts(marks.len(), least, |part| {
        let start = marks.get(part.start).copied().unwrap_or(bytes.len());
        let end = marks.get(part.end).copied().unwrap_or(bytes.len());
        let first = part.start * MARK_EVERY;
        let last = count.min(part.end * MARK_EVERY);
        Columns::read(Walk::within(bytes, start..end), first..last, &tables)
    });
    let mut parts = parts.into_iter();
    let mut all = match parts.next() {
        Some(first) => first?,
        None => return Ok(()),
    };
    for part in parts {
        all.append(part?)?;
    }
    profile.frames = all.frames;
    profile.frame_ends = all.frame_ends;
    profile.values = all.values;
    profile.labels = all.labels;
    profile.label_ends = all.label_ends;
    Ok(())
}

/// The columns of some of the samples.
struct Columns {
    /// Position among all samples of the first.
    first: usize,
    frames: Vec<LocationIndex>,
    frame_ends: Vec<u32>,
    values: Vec<Vec<i64>>,
    labels: Vec<Label>,
    label_ends: Vec<u32>,
}

impl Columns {
    fn read(mut walk: Walk, samples: Range<usize>, tables: &Tables) -> Result<Columns, Fault> {
        let count = samples.len();
        let mut columns = Columns {
            first: samples.start,
            frames: Vec::new(),
            frame_ends: Vec::with_capacity(count),
            values: (0..tables.width)
                .map(|_| Vec::with_capacity(count))
                .collect(),
            labels: Vec::new(),
            label_ends: Vec::with_capacity(count),
        };
        while !walk.is_at_end() {
            if let (2, content) = walk.field()? {
                columns.sample(walk.expect_bytes(content)?, tables)?;
            }
        }
        Ok(columns)
    }

    #[inline]
    fn sample(&mut self, mut walk: Walk, tables: &Tables) -> Result<(), Fault> {
        let mut value_count = 0;
        while !walk.is_at_end() {
            let (number, content) = walk.field()?;
            match number {
                1 => self.stack(&walk, content, tables.locations)?,
                2 => walk.each_varint(content, |value| {
                    if let Some(column) = self.values.get_mut(value_count) {
                        column.push(value as i64);
                    }
                    value_count += 1;
                    Ok(())
                })?,
                3 => {
                    let label = label(walk.expect_bytes(content)?, tables.string_count)?;
                    self.labels.extend(label);
                }
                _ => {}
            }
        }
        if value_count != tables.width {
            return Err(wrong_value_count(
                self.position(),
                value_count,
                tables.width,
            ));
        }
        self.frame_ends.push(end(self.frames.len())?);
        self.label_ends.push(end(self.labels.len())?);
        Ok(())
    }

    #[inline(always)]
    fn stack(&mut self, at: &Walk, content: Content, locations: &IdIndex) -> Result<(), Fault> {
        let sample = self.position();
        let frames = &mut self.frames;
        let mut push = |location: Option<u32>, id| match location {
            Some(location) => {
                frames.push(LocationIndex(location));
                Ok(())
            }
            None => Err(missing_location(sample, id)),
        };
        // The lookup in the array takes longer than the rest, so it is not done where it is not
        // needed.
        match locations.sequential {
            Some(count) => at.each_varint(content, |id| {
                let position = id.wrapping_sub(1);
                push((position < count).then_some(position as u32), id)
            }),
            None => at.each_varint(content, |id| push(locations.get(id), id)),
        }
    }

    /// Position among all samples of the one that is read.
    fn position(&self) -> usize {
        self.first + self.frame_ends.len()
    }

    fn append(&mut self, next: Columns) -> Result<(), Fault> {
        let (frames, labels) = (end(self.frames.len())?, end(self.labels.len())?);
        end(self.frames.len() + next.frames.len())?;
        end(self.labels.len() + next.labels.len())?;
        self.frames.extend_from_slice(&next.frames);
        self.frame_ends
            .extend(next.frame_ends.iter().map(|end| end + frames));
        for (column, next) in self.values.iter_mut().zip(&next.values) {
            column.extend_from_slice(next);
        }
        self.labels.extend_from_slice(&next.labels);
        self.label_ends
            .extend(next.label_ends.iter().map(|end| end + labels));
        Ok(())
    }
}

fn end(length: usize) -> Result<u32, Fault> {
    u32::try_from(length).map_err(|_| malformed("there are too many frames or labels"))
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
        let id = string_id(raw)?;
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
