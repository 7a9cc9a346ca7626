//! The samples of a profile. They come before the tables that they refer to, and are read as they come:
//! what they refer to is looked up, or found missing, when the tables are there.

use rustc_hash::FxHashMap;

use super::decode::{IdIndex, check_string, malformed, string_id};
use super::wire::{Content, Fault, Walk};
use crate::labels::Labels;
use crate::lists::Lists;
use crate::stacks::{MOST_SHORT, Number, Stacks};
use crate::{Label, LabelValue, LocationIndex, Profile, StringId};

/// More values than this are only taken for those of a sample where as many sample types came before.
const MOST_VALUES: usize = 1 << 10;

/// The samples so far.
pub(super) struct Samples {
    count: usize,
    /// Frames are numbers of locations.
    stacks: Stacks,
    numbers: Numbers,
    values: Vec<Vec<i64>>,
    labels: Labels,
    known_labels: KnownLabels,
    /// The first sample that has another number of values than those before it, and that number.
    /// Nothing is kept from there on.
    odd_sample: Option<(usize, usize)>,
    /// Scratch: what a sample has.
    frames: Frames,
    row: Vec<i64>,
    row_labels: Vec<Label>,
}

/// Numbers of locations, by their ids. They are one less, as the positions of almost all locations are.
#[derive(Default)]
struct Numbers {
    highest: u32,
    /// Of the ids that are too large for that, by their numbers from [`Numbers::FIRST_LARGE`] on.
    large: Vec<u64>,
    of_large: FxHashMap<u64, u32>,
}

impl Numbers {
    const FIRST_LARGE: u32 = 1 << 31;

    fn of(&mut self, id: u64) -> u32 {
        let number = match u32::try_from(id.wrapping_sub(1)) {
            Ok(number) if number < Self::FIRST_LARGE => number,
            _ => *self.of_large.entry(id).or_insert_with(|| {
                self.large.push(id);
                // There are fewer than bytes of a profile.
                Self::FIRST_LARGE + (self.large.len() - 1) as u32
            }),
        };
        self.highest = self.highest.max(number);
        number
    }

    fn id(&self, number: u32) -> u64 {
        match number.checked_sub(Self::FIRST_LARGE) {
            Some(at) => self.large.get(at as usize).copied().unwrap_or(0),
            None => u64::from(number) + 1,
        }
    }
}

impl Samples {
    pub fn new() -> Self {
        Samples {
            count: 0,
            stacks: Stacks::Short(Lists::default()),
            numbers: Numbers::default(),
            values: Vec::new(),
            labels: Labels::default(),
            known_labels: KnownLabels::default(),
            odd_sample: None,
            frames: Frames::default(),
            row: Vec::new(),
            row_labels: Vec::new(),
        }
    }

    pub fn count(&self) -> usize {
        self.count
    }

    /// Makes room for `part` times as much as there is.
    pub fn reserve(&mut self, part: f64) {
        let more = |count: usize| (count as f64 * part) as usize;
        let samples = more(self.count);
        self.stacks
            .reserve(samples, more(self.stacks.frame_count()));
        self.labels.reserve(samples);
        for column in &mut self.values {
            // What is not reserved now is when it is needed.
            let _ = column.try_reserve_exact(samples);
        }
    }

    /// Reads a sample. So many sample types came before it.
    #[inline]
    pub fn read(&mut self, mut walk: Walk, sample_types: usize) -> Result<(), Fault> {
        self.frames.clear();
        self.row.clear();
        self.row_labels.clear();
        while !walk.is_at_end() {
            let (number, content) = walk.field()?;
            match number {
                1 => self.frames.add(&walk, content, &mut self.numbers)?,
                2 => walk.each_varint(content, |value| {
                    self.row.push(value as i64);
                    Ok(())
                })?,
                3 => {
                    let label = self.known_labels.label(walk.expect_bytes(content)?)?;
                    self.row_labels.extend(label);
                }
                _ => {}
            }
        }
        if self.count == 0 && self.row.len() <= sample_types.max(MOST_VALUES) {
            self.values = vec![Vec::new(); self.row.len()];
        }
        if self.odd_sample.is_none() && self.row.len() != self.values.len() {
            self.odd_sample = Some((self.count, self.row.len()));
        }
        if self.odd_sample.is_none() {
            self.stacks
                .push_up_to(self.numbers.highest, self.frames.as_slice());
            self.labels.push(&self.row_labels);
            for (column, &value) in self.values.iter_mut().zip(&self.row) {
                column.push(value);
            }
        }
        self.count += 1;
        Ok(())
    }

    /// Puts the samples into a profile that has everything else, of which `string_count` strings.
    pub fn finish(
        mut self,
        locations: &IdIndex,
        string_count: usize,
        profile: &mut Profile,
    ) -> Result<(), Fault> {
        let width = profile.sample_types.len();
        if self.count == 0 {
            profile.values = vec![Vec::new(); width];
            return Ok(());
        }
        if width == 0 {
            return Err(malformed("missing sample type information"));
        }
        if self.values.len() != width {
            self.odd_sample = Some(match self.odd_sample {
                Some((0, count)) => (0, count),
                _ => (0, self.values.len()),
            });
        }
        if let Some((sample, count)) = self.odd_sample {
            return Err(malformed(format!(
                "sample {sample} has {count} values, but there are {width} sample types"
            )));
        }
        check_string(self.known_labels.highest_string, string_count)?;
        let are_positions = locations
            .sequential
            .is_some_and(|count| u64::from(self.numbers.highest) < count);
        profile.stacks = match profile.locations.len() {
            _ if are_positions => self.stacks,
            0..=MOST_SHORT => Stacks::Short(self.located(locations)?),
            _ => Stacks::Long(self.located(locations)?),
        };
        profile.values = self.values;
        profile.labels = self.labels;
        Ok(())
    }

    /// The stacks with positions of locations in the place of their numbers.
    fn located<N: Number>(&self, locations: &IdIndex) -> Result<Lists<N>, Fault> {
        let mut located = Lists::with_capacity(self.stacks.len());
        for sample in 0..self.stacks.len() {
            let frames: &mut Vec<N> = located.next_items();
            for number in self.stacks.get(sample).iter() {
                let id = self.numbers.id(number.0);
                let Some(location) = locations.get(id) else {
                    return Err(malformed(format!(
                        "sample {sample} refers to location {id}, which is not there"
                    )));
                };
                frames.push(N::new(LocationIndex(location)));
            }
            located.end_items();
        }
        Ok(located)
    }
}

/// The numbers of a stack's locations, in a buffer that is not cleared from stack to stack.
#[derive(Default)]
struct Frames {
    buffer: Vec<u32>,
    count: usize,
}

impl Frames {
    fn clear(&mut self) {
        self.count = 0;
    }

    fn as_slice(&self) -> &[u32] {
        self.buffer.get(..self.count).unwrap_or_default()
    }

    /// Room for so many more.
    #[inline]
    fn room(&mut self, more: usize) -> &mut [u32] {
        let end = self.count + more;
        if self.buffer.len() < end {
            self.buffer.resize(end, 0);
        }
        self.buffer.get_mut(self.count..end).unwrap_or_default()
    }

    fn push(&mut self, number: u32) {
        if let Some(slot) = self.room(1).first_mut() {
            *slot = number;
            self.count += 1;
        }
    }

    /// Appends what a field of locations has.
    #[inline(always)]
    fn add(&mut self, at: &Walk, content: Content, numbers: &mut Numbers) -> Result<(), Fault> {
        let mut rest = content;
        if let Content::Bytes(packed) = &mut rest {
            let before = *packed;
            // Each takes a byte at least.
            let room = self.room(packed.rest().len());
            let mut highest = 0;
            let read = packed.short_varints(room, |id| {
                let number = id.wrapping_sub(1);
                highest = highest.max(number);
                number
            });
            // The id 0, which no location has, is beyond all others.
            if highest < Numbers::FIRST_LARGE {
                self.count += read;
                numbers.highest = numbers.highest.max(highest);
            } else {
                rest = Content::Bytes(before);
            }
        }
        at.each_varint(rest, |id| {
            self.push(numbers.of(id));
            Ok(())
        })
    }
}

/// Labels that were read lately, by their bytes. There are few in most profiles, and many samples.
struct KnownLabels {
    slots: Vec<((u64, usize), Option<Label>)>,
    /// Of those that labels refer to.
    highest_string: StringId,
}

impl Default for KnownLabels {
    fn default() -> Self {
        KnownLabels {
            // No label has no bytes.
            slots: vec![((0, 0), None); 1 << Self::BITS],
            highest_string: StringId(0),
        }
    }
}

impl KnownLabels {
    const BITS: u32 = 8;

    /// A label; `None` for one without a value, which the reference drops.
    #[inline]
    fn label(&mut self, walk: Walk) -> Result<Option<Label>, Fault> {
        let Some(bytes) = walk.few_bytes() else {
            return self.read(walk);
        };
        let slot = bytes.0.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (u64::BITS - Self::BITS);
        match self.slots.get(slot as usize) {
            Some((known, label)) if *known == bytes => Ok(*label),
            _ => {
                let label = self.read(walk)?;
                if let Some(slot) = self.slots.get_mut(slot as usize) {
                    *slot = (bytes, label);
                }
                Ok(label)
            }
        }
    }

    fn read(&mut self, mut walk: Walk) -> Result<Option<Label>, Fault> {
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
        let mut string = |raw| {
            let id = string_id(raw);
            self.highest_string = id.max(self.highest_string);
            id
        };
        let key = string(key);
        Ok(if text != 0 {
            let value = LabelValue::Text(string(text));
            Some(Label { key, value })
        } else if value != 0 || unit != 0 {
            let unit = string(unit);
            let value = LabelValue::Number { value, unit };
            Some(Label { key, value })
        } else {
            None
        })
    }
}
