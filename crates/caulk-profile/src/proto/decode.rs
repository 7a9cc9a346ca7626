//! From the protobuf encoding to columns, in one walk.
//!
//! Field numbers are those of `profile.proto`. Unknown fields are skipped.

use std::collections::BTreeMap;

use super::samples::Samples;
use super::wire::{Content, Fault, Walk};
use crate::{
    Function, FunctionIndex, Line, Location, Mapping, MappingIndex, Profile, ReadError, StringId,
    ValueType,
};

/// Decodes an inflated `profile.proto` and checks it as the reference does.
pub(crate) fn decode(bytes: &[u8]) -> Result<Profile, ReadError> {
    let decode = || -> Result<Profile, Fault> {
        let mut decoder = Decoder::new(bytes.len());
        let end = decoder.fields(bytes)?;
        if end < bytes.len() {
            // What is wrong there.
            Walk::starting(bytes, end).field()?;
        }
        decoder.finish()
    };
    decode().map_err(|fault| *fault)
}

/// After so many samples, the others are taken to be like them.
const ENOUGH_TO_EXPECT: usize = 1 << 10;

/// Decodes a `profile.proto` that comes in pieces.
pub(super) struct Decoder {
    tables: Tables,
    samples: Samples,
    /// Bytes so far.
    read: usize,
    /// How many there will be.
    expected: usize,
}

impl Decoder {
    /// Of about so many bytes, if one can believe what says so.
    pub fn new(expected: usize) -> Self {
        Decoder {
            tables: Tables::default(),
            samples: Samples::new(),
            read: 0,
            expected,
        }
    }

    /// Decodes the next fields, and says how many bytes they have: up to one that is cut off, or broken.
    pub fn fields(&mut self, bytes: &[u8]) -> Result<usize, Fault> {
        let mut walk = Walk::new(bytes);
        let mut end = 0;
        while !walk.is_at_end() {
            let Ok((number, content)) = walk.field() else {
                break;
            };
            end = walk.position();
            if number != 2 {
                self.tables.field(&walk, number, content)?;
                continue;
            }
            let sample_types = self.tables.profile.sample_types.len();
            self.samples
                .read(walk.expect_bytes(content)?, sample_types)?;
            if self.samples.count() == ENOUGH_TO_EXPECT {
                self.samples.reserve(self.left(self.read + walk.position()));
            }
        }
        self.read += end;
        Ok(end)
    }

    /// What is left, as a part of what was read, with a little more.
    fn left(&self, read: usize) -> f64 {
        self.expected.saturating_sub(read) as f64 / read as f64 * 1.02
    }

    /// The profile.
    pub fn finish(self) -> Result<Profile, Fault> {
        let string_count = self.tables.string_count;
        let (mut profile, locations) = self.tables.resolve()?;
        self.samples
            .finish(&locations, string_count, &mut profile)?;
        Ok(profile)
    }
}

#[cold]
pub(super) fn malformed(what: impl Into<String>) -> Fault {
    Box::new(ReadError::Malformed { what: what.into() })
}

/// Everything but the samples, with the ids of the file where an index will stand.
#[derive(Default)]
struct Tables {
    profile: Profile,
    string_count: usize,
    mapping_of_location: Vec<u64>,
    function_of_line: Vec<u64>,
}

impl Tables {
    #[inline]
    fn field(&mut self, at: &Walk, number: u64, content: Content) -> Result<(), Fault> {
        let profile = &mut self.profile;
        match number {
            1 => {
                let value_type = value_type(at.expect_bytes(content)?)?;
                profile.sample_types.push(value_type);
            }
            3 => profile.mappings.push(mapping(at.expect_bytes(content)?)?),
            4 => self.location(at.expect_bytes(content)?)?,
            5 => profile.functions.push(function(at.expect_bytes(content)?)?),
            6 => self.string(at.expect_bytes(content)?)?,
            7 => profile.drop_frames = string_id(at.expect_varint(content)?),
            8 => profile.keep_frames = string_id(at.expect_varint(content)?),
            9 if profile.time_nanos != 0 => return Err(Box::new(ReadError::Concatenated)),
            9 => profile.time_nanos = at.expect_varint(content)? as i64,
            10 => profile.duration_nanos = at.expect_varint(content)? as i64,
            11 => profile.period_type = value_type(at.expect_bytes(content)?)?,
            12 => profile.period = at.expect_varint(content)? as i64,
            13 => at.each_varint(content, |value| {
                profile.comments.push(string_id(value));
                Ok(())
            })?,
            14 => profile.default_sample_type = string_id(at.expect_varint(content)?),
            15 => profile.doc_url = string_id(at.expect_varint(content)?),
            _ => {}
        }
        Ok(())
    }

    fn string(&mut self, walk: Walk) -> Result<(), Fault> {
        // The table of a profile always has the empty string first.
        if self.string_count == 0 {
            if !walk.is_at_end() {
                return Err(malformed("the first string of the table is not empty"));
            }
        } else if self.profile.strings.push(walk.rest()).is_none() {
            return Err(malformed("there are over 4 GiB of strings"));
        }
        self.string_count += 1;
        Ok(())
    }

    fn location(&mut self, mut walk: Walk) -> Result<(), Fault> {
        let mut location = Location {
            first_line: self.next_line()?,
            ..Location::default()
        };
        let mut mapping = 0;
        while !walk.is_at_end() {
            match walk.field()? {
                (1, content) => location.id = walk.expect_varint(content)?,
                (2, content) => mapping = walk.expect_varint(content)?,
                (3, content) => location.address = walk.expect_varint(content)?,
                (4, content) => {
                    let (function, line) = line(walk.expect_bytes(content)?)?;
                    self.function_of_line.push(function);
                    self.profile.lines.push(line);
                }
                (5, content) => location.is_folded = walk.expect_varint(content)? != 0,
                _ => {}
            }
        }
        check_id("location", location.id)?;
        location.line_count = self.next_line()? - location.first_line;
        self.mapping_of_location.push(mapping);
        self.profile.locations.push(location);
        Ok(())
    }

    fn next_line(&self) -> Result<u32, Fault> {
        u32::try_from(self.profile.lines.len()).map_err(|_| malformed("there are too many lines"))
    }

    /// Puts indexes where the file has ids, and checks them.
    fn resolve(mut self) -> Result<(Profile, IdIndex), Fault> {
        self.check_strings()?;
        let profile = &mut self.profile;
        let mappings = IdIndex::new("mapping", profile.mappings.iter().map(|m| m.id))?;
        let functions = IdIndex::new("function", profile.functions.iter().map(|f| f.id))?;
        let locations = IdIndex::new("location", profile.locations.iter().map(|l| l.id))?;
        for (location, &mapping) in profile.locations.iter_mut().zip(&self.mapping_of_location) {
            location.mapping = mappings.get(mapping).map(MappingIndex);
        }
        for (index, (line, &id)) in profile
            .lines
            .iter_mut()
            .zip(&self.function_of_line)
            .enumerate()
        {
            let Some(function) = functions.get(id) else {
                let holder = profile
                    .locations
                    .partition_point(|l| l.first_line as usize <= index);
                let holder = holder
                    .checked_sub(1)
                    .and_then(|at| profile.locations.get(at));
                return Err(malformed(format!(
                    "a line of location {} refers to function {id}, which is not there",
                    holder.map_or(0, |location| location.id)
                )));
            };
            line.function = FunctionIndex(function);
        }
        Ok((self.profile, locations))
    }

    fn check_strings(&self) -> Result<(), Fault> {
        let profile = &self.profile;
        let single = [
            profile.drop_frames,
            profile.keep_frames,
            profile.default_sample_type,
            profile.doc_url,
        ];
        let types = profile.sample_types.iter().chain([&profile.period_type]);
        let highest = (single.into_iter())
            .chain(types.flat_map(|t| [t.kind, t.unit]))
            .chain(profile.comments.iter().copied())
            .chain(profile.mappings.iter().flat_map(|m| [m.file, m.build_id]))
            .chain(
                profile
                    .functions
                    .iter()
                    .flat_map(|f| [f.name, f.system_name, f.filename]),
            )
            .max();
        match highest {
            Some(id) => check_string(id, self.string_count),
            None => Ok(()),
        }
    }
}

pub(super) fn check_string(id: StringId, count: usize) -> Result<(), Fault> {
    if id.index() < count {
        return Ok(());
    }
    if id == NO_STRING {
        return Err(malformed("a string is referred to that cannot be there"));
    }
    Err(malformed(format!(
        "string {} is referred to, but there are {count} strings",
        id.0
    )))
}

/// In the place of a number that is none of a string. It may be replaced where the file has a field
/// twice; what is left of them is found when all is read.
const NO_STRING: StringId = StringId(u32::MAX);

pub(super) fn string_id(raw: u64) -> StringId {
    u32::try_from(raw).map_or(NO_STRING, StringId)
}

fn value_type(mut walk: Walk) -> Result<ValueType, Fault> {
    let mut value_type = ValueType::default();
    while !walk.is_at_end() {
        match walk.field()? {
            (1, content) => value_type.kind = string_id(walk.expect_varint(content)?),
            (2, content) => value_type.unit = string_id(walk.expect_varint(content)?),
            _ => {}
        }
    }
    Ok(value_type)
}

fn mapping(mut walk: Walk) -> Result<Mapping, Fault> {
    let mut mapping = Mapping::default();
    while !walk.is_at_end() {
        let (number, content) = walk.field()?;
        if !(1..=10).contains(&number) {
            continue;
        }
        let value = walk.expect_varint(content)?;
        match number {
            1 => mapping.id = value,
            2 => mapping.start = value,
            3 => mapping.limit = value,
            4 => mapping.offset = value,
            5 => mapping.file = string_id(value),
            6 => mapping.build_id = string_id(value),
            7 => mapping.has_functions = value != 0,
            8 => mapping.has_filenames = value != 0,
            9 => mapping.has_line_numbers = value != 0,
            _ => mapping.has_inline_frames = value != 0,
        }
    }
    check_id("mapping", mapping.id)?;
    Ok(mapping)
}

fn function(mut walk: Walk) -> Result<Function, Fault> {
    let mut function = Function::default();
    while !walk.is_at_end() {
        match walk.field()? {
            (1, content) => function.id = walk.expect_varint(content)?,
            (2, content) => function.name = string_id(walk.expect_varint(content)?),
            (3, content) => function.system_name = string_id(walk.expect_varint(content)?),
            (4, content) => function.filename = string_id(walk.expect_varint(content)?),
            (5, content) => function.start_line = walk.expect_varint(content)? as i64,
            _ => {}
        }
    }
    check_id("function", function.id)?;
    Ok(function)
}

/// The id of the line's function, and the line without it.
fn line(mut walk: Walk) -> Result<(u64, Line), Fault> {
    let mut function = 0;
    let mut line = Line::default();
    while !walk.is_at_end() {
        match walk.field()? {
            (1, content) => function = walk.expect_varint(content)?,
            (2, content) => line.line = walk.expect_varint(content)? as i64,
            (3, content) => line.column = walk.expect_varint(content)? as i64,
            _ => {}
        }
    }
    if function == 0 {
        return Err(malformed("a line has no function"));
    }
    Ok((function, line))
}

/// Checked at once, so that an entry of the tables takes some bytes of the file.
fn check_id(what: &str, id: u64) -> Result<(), Fault> {
    if id == 0 {
        Err(malformed(format!("found {what} with reserved id 0")))
    } else {
        Ok(())
    }
}

/// From the ids of a table to positions in it. Writers number from 1, so nothing or a plain array
/// serves almost always.
pub(super) struct IdIndex {
    /// The number of ids, if they are 1, 2, 3, … in the order of the table.
    pub sequential: Option<u64>,
    dense: Vec<u32>,
    sparse: BTreeMap<u64, u32>,
}

const ABSENT: u32 = u32::MAX;

impl IdIndex {
    fn new(what: &str, ids: impl ExactSizeIterator<Item = u64>) -> Result<IdIndex, Fault> {
        let mut index = IdIndex {
            sequential: Some(ids.len() as u64),
            dense: vec![ABSENT; ids.len() + 1],
            sparse: BTreeMap::new(),
        };
        for (position, id) in ids.enumerate() {
            let position = u32::try_from(position)
                .ok()
                .filter(|&position| position != ABSENT);
            let Some(position) = position else {
                return Err(malformed(format!("there are too many {what}s")));
            };
            if id != u64::from(position) + 1 {
                index.sequential = None;
            }
            let before = match usize::try_from(id)
                .ok()
                .and_then(|at| index.dense.get_mut(at))
            {
                Some(slot) => std::mem::replace(slot, position),
                None => index.sparse.insert(id, position).unwrap_or(ABSENT),
            };
            if before != ABSENT {
                return Err(malformed(format!("multiple {what}s with same id: {id}")));
            }
        }
        Ok(index)
    }

    #[inline(always)]
    pub fn get(&self, id: u64) -> Option<u32> {
        match usize::try_from(id).ok().and_then(|at| self.dense.get(at)) {
            Some(&ABSENT) => None,
            Some(&position) => Some(position),
            None => self.sparse.get(&id).copied(),
        }
    }
}
