//! The samples of a profile, read on several cores where there are many.

use std::ops::Range;

use super::decode::{IdIndex, check_string, malformed, string_id};
use super::wire::{Content, Fault, Walk};
use crate::parallel::{each, even_parts};
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
    // Two passes over the bytes: when it is known how many frames there are, each part is read into its
    // place of the columns, and nothing is moved.
    let parts = even_parts(marks.len(), LEAST_IN_A_PART / MARK_EVERY);
    let walk_of = |part: &Range<usize>| {
        let at = |mark: usize| marks.get(mark).copied().unwrap_or(bytes.len());
        Walk::within(bytes, at(part.start)..at(part.end))
    };
    let sizes = each(&parts, |part| Size::of(walk_of(part)));
    let sizes = sizes.into_iter().collect::<Result<Vec<Size>, Fault>>()?;
    let frame_count = sizes.iter().map(|size| size.frames).sum();
    end(frame_count)?;
    end(sizes.iter().map(|size| size.labels).sum())?;

    profile.frames = bytemuck::zeroed_vec(frame_count);
    profile.frame_ends = vec![0; count];
    profile.label_ends = vec![0; count];
    profile.values = (0..tables.width).map(|_| vec![0; count]).collect();
    let mut places = Vec::with_capacity(parts.len());
    let (mut first, mut first_frame) = (0, 0);
    let mut frames = profile.frames.as_mut_slice();
    let mut frame_ends = profile.frame_ends.as_mut_slice();
    let mut label_ends = profile.label_ends.as_mut_slice();
    let mut values: Vec<&mut [i64]> = profile.values.iter_mut().map(Vec::as_mut_slice).collect();
    for (part, size) in parts.iter().zip(&sizes) {
        let samples = count.min(part.end * MARK_EVERY) - first;
        let place = Place {
            first,
            first_frame: first_frame as u32,
            frames: take(&mut frames, size.frames),
            frame_ends: take(&mut frame_ends, samples),
            values: values
                .iter_mut()
                .map(|column| take(column, samples))
                .collect(),
            labels: Vec::with_capacity(size.labels),
            label_ends: take(&mut label_ends, samples),
            read: 0,
            frames_read: 0,
        };
        places.push((walk_of(part), place));
        first += samples;
        first_frame += size.frames;
    }
    let parts = each(places, |(walk, place)| place.read(walk, &tables));
    let mut labels: Vec<Label> = Vec::new();
    for part in parts {
        let (samples, read) = part?;
        if labels.is_empty() {
            labels = read;
            continue;
        }
        let before = labels.len() as u32;
        labels.extend_from_slice(&read);
        let ends = profile.label_ends.get_mut(samples);
        ends.unwrap_or_default()
            .iter_mut()
            .for_each(|end| *end += before);
    }
    profile.labels = labels;
    Ok(())
}

/// How much there is in some of the samples.
#[derive(Default)]
struct Size {
    frames: usize,
    /// Those without a value, which are dropped, included.
    labels: usize,
}

impl Size {
    fn of(mut walk: Walk) -> Result<Size, Fault> {
        let mut size = Size::default();
        while !walk.is_at_end() {
            let (2, content) = walk.field()? else {
                continue;
            };
            let mut sample = walk.expect_bytes(content)?;
            while !sample.is_at_end() {
                match sample.field()? {
                    (1, content) => size.frames += sample.count_varints(content),
                    (3, _) => size.labels += 1,
                    _ => {}
                }
            }
        }
        Ok(size)
    }
}

/// Takes the first so many of a slice.
fn take<'c, T>(slice: &mut &'c mut [T], count: usize) -> &'c mut [T] {
    slice.split_off_mut(..count).unwrap_or_default()
}

/// The place in the columns of some of the samples.
struct Place<'c> {
    /// Position among all samples of the first.
    first: usize,
    /// Position among all frames of the first.
    first_frame: u32,
    frames: &'c mut [LocationIndex],
    frame_ends: &'c mut [u32],
    values: Vec<&'c mut [i64]>,
    labels: Vec<Label>,
    label_ends: &'c mut [u32],
    /// How many of the samples were read.
    read: usize,
    frames_read: usize,
}

impl Place<'_> {
    /// Reads the samples; the range of them and their labels, whose ends count from the first of
    /// these.
    fn read(
        mut self,
        mut walk: Walk,
        tables: &Tables,
    ) -> Result<(Range<usize>, Vec<Label>), Fault> {
        while !walk.is_at_end() {
            if let (2, content) = walk.field()? {
                self.sample(walk.expect_bytes(content)?, tables)?;
            }
        }
        Ok((self.first..self.first + self.read, self.labels))
    }

    #[inline]
    fn sample(&mut self, mut walk: Walk, tables: &Tables) -> Result<(), Fault> {
        let mut value_count = 0;
        while !walk.is_at_end() {
            let (number, content) = walk.field()?;
            match number {
                1 => self.stack(&walk, content, tables.locations)?,
                2 => walk.each_varint(content, |value| {
                    let column = self.values.get_mut(value_count);
                    if let Some(slot) = column.and_then(|column| column.get_mut(self.read)) {
                        *slot = value as i64;
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
        let ends = self
            .frame_ends
            .get_mut(self.read)
            .zip(self.label_ends.get_mut(self.read));
        if let Some((frame_end, label_end)) = ends {
            *frame_end = self.first_frame + self.frames_read as u32;
            *label_end = self.labels.len() as u32;
        }
        self.read += 1;
        Ok(())
    }

    #[inline(always)]
    fn stack(&mut self, at: &Walk, content: Content, locations: &IdIndex) -> Result<(), Fault> {
        let (sample, room) = (self.position(), self.frames.len());
        let mut left = self.frames.get_mut(self.frames_read..).unwrap_or_default();
        let mut rest = content;
        // The lookup in the array takes longer than the rest, so it is not done where it is not
        // needed.
        if let (Some(count), Content::Bytes(packed)) = (locations.sequential, &mut rest) {
            let ids = bytemuck::cast_slice_mut::<LocationIndex, u32>(left);
            let read = packed.short_varints(ids);
            let (ids, others) = left.split_at_mut(read);
            let mut highest = 0;
            for id in ids {
                // What has the id 0 is beyond all others.
                id.0 = id.0.wrapping_sub(1);
                highest = highest.max(id.0);
            }
            if read > 0 && u64::from(highest) >= count {
                return at.each_varint(content, |id| match locations.get(id) {
                    Some(_) => Ok(()),
                    None => Err(missing_location(sample, id)),
                });
            }
            self.frames_read += read;
            left = others;
        }
        let mut slots = left.iter_mut();
        at.each_varint(rest, |id| match (locations.get(id), slots.next()) {
            (Some(location), Some(slot)) => {
                *slot = LocationIndex(location);
                Ok(())
            }
            _ => Err(missing_location(sample, id)),
        })?;
        self.frames_read = room - slots.len();
        Ok(())
    }

    /// Position among all samples of the one that is read.
    fn position(&self) -> usize {
        self.first + self.read
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
