//! From the protobuf encoding to columns: one walk for the tables, one for the samples.
//!
//! Field numbers are those of `profile.proto`. Unknown fields are skipped.

use rustc_hash::FxHashMap;

use super::wire::{Content, Walk};
use crate::{
    Function, FunctionIndex, Label, LabelValue, Line, Location, LocationIndex, Mapping,
    MappingIndex, Profile, ReadError, StringId, ValueType,
};

/// Decodes an inflated `profile.proto` and checks it as the reference does.
pub(crate) fn decode(bytes: &[u8]) -> Result<Profile, ReadError> {
    let mut tables = Tables::default();
    tables.walk(bytes)?;
    let sample_count = tables.sample_count;
    let (mut profile, locations) = tables.resolve()?;
    read_samples(bytes, sample_count, &locations, &mut profile)?;
    Ok(profile)
}

fn malformed(what: impl Into<String>) -> ReadError {
    ReadError::Malformed { what: what.into() }
}

/// Everything but the samples, with the ids of the file where an index will stand.
#[derive(Default)]
struct Tables {
    profile: Profile,
    string_count: usize,
    sample_count: usize,
    mapping_of_location: Vec<u64>,
    function_of_line: Vec<u64>,
}

impl Tables {
    fn walk(&mut self, bytes: &[u8]) -> Result<(), ReadError> {
        let mut walk = Walk::new(bytes);
        while !walk.is_at_end() {
            let (number, content) = walk.field()?;
            self.field(&walk, number, content)?;
        }
        Ok(())
    }

    #[inline]
    fn field(&mut self, at: &Walk, number: u64, content: Content) -> Result<(), ReadError> {
        let profile = &mut self.profile;
        match number {
            1 => {
                let value_type = value_type(at.expect_bytes(content)?)?;
                profile.sample_types.push(value_type);
                profile.values.push(Vec::new());
            }
            2 => {
                at.expect_bytes(content)?;
                self.sample_count += 1;
            }
            3 => profile.mappings.push(mapping(at.expect_bytes(content)?)?),
            4 => self.location(at.expect_bytes(content)?)?,
            5 => profile.functions.push(function(at.expect_bytes(content)?)?),
            6 => self.string(at.expect_bytes(content)?)?,
            7 => profile.drop_frames = string_id(at.expect_varint(content)?)?,
            8 => profile.keep_frames = string_id(at.expect_varint(content)?)?,
            9 if profile.time_nanos != 0 => return Err(ReadError::Concatenated),
            9 => profile.time_nanos = at.expect_varint(content)? as i64,
            10 => profile.duration_nanos = at.expect_varint(content)? as i64,
            11 => profile.period_type = value_type(at.expect_bytes(content)?)?,
            12 => profile.period = at.expect_varint(content)? as i64,
            13 => at.each_varint(content, |value| {
                profile.comments.push(string_id(value)?);
                Ok(())
            })?,
            14 => profile.default_sample_type = string_id(at.expect_varint(content)?)?,
            15 => profile.doc_url = string_id(at.expect_varint(content)?)?,
            _ => {}
        }
        Ok(())
    }

    fn string(&mut self, walk: Walk) -> Result<(), ReadError> {
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

    fn location(&mut self, mut walk: Walk) -> Result<(), ReadError> {
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
        location.line_count = self.next_line()? - location.first_line;
        self.mapping_of_location.push(mapping);
        self.profile.locations.push(location);
        Ok(())
    }

    fn next_line(&self) -> Result<u32, ReadError> {
        u32::try_from(self.profile.lines.len()).map_err(|_| malformed("there are too many lines"))
    }

    /// Puts indexes where the file has ids, and checks them.
    fn resolve(mut self) -> Result<(Profile, IdIndex), ReadError> {
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

    fn check_strings(&self) -> Result<(), ReadError> {
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

fn check_string(id: StringId, count: usize) -> Result<(), ReadError> {
    if id.index() < count {
        return Ok(());
    }
    Err(malformed(format!(
        "string {} is referred to, but there are {count} strings",
        id.0
    )))
}

fn string_id(raw: u64) -> Result<StringId, ReadError> {
    match u32::try_from(raw) {
        Ok(id) => Ok(StringId(id)),
        Err(_) => Err(malformed(format!(
            "string {} is referred to, which cannot be",
            raw as i64
        ))),
    }
}

fn value_type(mut walk: Walk) -> Result<ValueType, ReadError> {
    let mut value_type = ValueType::default();
    while !walk.is_at_end() {
        match walk.field()? {
            (1, content) => value_type.kind = string_id(walk.expect_varint(content)?)?,
            (2, content) => value_type.unit = string_id(walk.expect_varint(content)?)?,
            _ => {}
        }
    }
    Ok(value_type)
}

fn mapping(mut walk: Walk) -> Result<Mapping, ReadError> {
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
            5 => mapping.file = string_id(value)?,
            6 => mapping.build_id = string_id(value)?,
            7 => mapping.has_functions = value != 0,
            8 => mapping.has_filenames = value != 0,
            9 => mapping.has_line_numbers = value != 0,
            _ => mapping.has_inline_frames = value != 0,
        }
    }
    Ok(mapping)
}

fn function(mut walk: Walk) -> Result<Function, ReadError> {
    let mut function = Function::default();
    while !walk.is_at_end() {
        match walk.field()? {
            (1, content) => function.id = walk.expect_varint(content)?,
            (2, content) => function.name = string_id(walk.expect_varint(content)?)?,
            (3, content) => function.system_name = string_id(walk.expect_varint(content)?)?,
            (4, content) => function.filename = string_id(walk.expect_varint(content)?)?,
            (5, content) => function.start_line = walk.expect_varint(content)? as i64,
            _ => {}
        }
    }
    Ok(function)
}

/// The id of the line's function, and the line without it.
fn line(mut walk: Walk) -> Result<(u64, Line), ReadError> {
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
    Ok((function, line))
}

/// From the ids of a table to positions in it. Writers number from 1, so a plain array serves
/// almost always.
struct IdIndex {
    dense: Vec<u32>,
    sparse: FxHashMap<u64, u32>,
}

const ABSENT: u32 = u32::MAX;

impl IdIndex {
    fn new(what: &str, ids: impl ExactSizeIterator<Item = u64>) -> Result<IdIndex, ReadError> {
        let mut index = IdIndex {
            dense: vec![ABSENT; ids.len() + 1],
            sparse: FxHashMap::default(),
        };
        for (position, id) in ids.enumerate() {
            let position = u32::try_from(position)
                .ok()
                .filter(|&position| position != ABSENT);
            let Some(position) = position else {
                return Err(malformed(format!("there are too many {what}s")));
            };
            if id == 0 {
                return Err(malformed(format!("found {what} with reserved id 0")));
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
    fn get(&self, id: u64) -> Option<u32> {
        match usize::try_from(id).ok().and_then(|at| self.dense.get(at)) {
            Some(&ABSENT) => None,
            Some(&position) => Some(position),
            None => self.sparse.get(&id).copied(),
        }
    }
}

fn read_samples(
    bytes: &[u8],
    count: usize,
    locations: &IdIndex,
    profile: &mut Profile,
) -> Result<(), ReadError> {
    let width = profile.sample_types.len();
    if width == 0 && count != 0 {
        return Err(malformed("missing sample type information"));
    }
    // A sample takes a byte for each value at least, so this holds unless one of them is wrong.
    if count.saturating_mul(width) <= bytes.len() {
        profile
            .values
            .iter_mut()
            .for_each(|column| column.reserve_exact(count));
    }
    profile.frame_ends.reserve_exact(count);
    profile.label_ends.reserve_exact(count);

    let mut walk = Walk::new(bytes);
    while !walk.is_at_end() {
        if let (2, content) = walk.field()? {
            read_sample(walk.expect_bytes(content)?, locations, profile)?;
        }
    }
    Ok(())
}

#[inline]
fn read_sample(
    mut walk: Walk,
    locations: &IdIndex,
    profile: &mut Profile,
) -> Result<(), ReadError> {
    let mut value_count = 0;
    while !walk.is_at_end() {
        let (number, content) = walk.field()?;
        match number {
            1 => walk.each_varint(content, |id| match locations.get(id) {
                Some(location) => {
                    profile.frames.push(LocationIndex(location));
                    Ok(())
                }
                None => Err(malformed(format!(
                    "sample {} refers to location {id}, which is not there",
                    profile.frame_ends.len()
                ))),
            })?,
            2 => walk.each_varint(content, |value| {
                if let Some(column) = profile.values.get_mut(value_count) {
                    column.push(value as i64);
                }
                value_count += 1;
                Ok(())
            })?,
            3 => {
                let label = label(walk.expect_bytes(content)?, profile.strings.len())?;
                profile.labels.extend(label);
            }
            _ => {}
        }
    }
    let width = profile.sample_types.len();
    if value_count != width {
        return Err(malformed(format!(
            "sample {} has {value_count} values, but there are {width} sample types",
            profile.frame_ends.len()
        )));
    }
    let (Ok(frame_end), Ok(label_end)) = (
        u32::try_from(profile.frames.len()),
        u32::try_from(profile.labels.len()),
    ) else {
        return Err(malformed("there are too many frames or labels"));
    };
    profile.frame_ends.push(frame_end);
    profile.label_ends.push(label_end);
    Ok(())
}

/// A label; `None` for one without a value, which the reference drops.
fn label(mut walk: Walk, string_count: usize) -> Result<Option<Label>, ReadError> {
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
    let string = |raw| {
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
