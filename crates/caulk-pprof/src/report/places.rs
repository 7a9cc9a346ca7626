//! The places in a program that a report tells apart (`NodeInfo` and `Profile.Aggregate` of the
//! reference).

use std::io::Write;

use rustc_hash::FxHashMap;

use super::mappings::shown_file;
use super::paths::{base_name, clean, without_prefix};
use super::texts::{TextId, Texts};
use crate::config::{Config, Granularity};
use caulk_profile::{LocationIndex, Profile};

/// A place of a [`Places`].
pub(super) type PlaceId = u32;

/// What makes two frames the same place. What the report does not tell apart is empty or 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(super) struct Place {
    pub name: TextId,
    pub file: TextId,
    pub object_file: TextId,
    pub address: u64,
    pub line: i64,
    pub column: i64,
    pub start_line: i64,
}

/// What a report tells apart.
#[derive(Debug, Clone, Copy)]
pub(super) struct Identity<'c> {
    names: bool,
    files: bool,
    lines: bool,
    columns: bool,
    addresses: bool,
    inlines: bool,
    object_files: bool,
    /// `trim_path` and `source_path`.
    prefixes: Option<(&'c str, &'c str)>,
}

impl<'c> Identity<'c> {
    /// What the granularity tells apart, with the paths as the profile has them.
    pub fn new(config: &Config) -> Identity<'c> {
        let granularity = config.granularity.unwrap_or(Granularity::Functions);
        let inlines = !config.noinlines;
        let is_addresses = granularity == Granularity::Addresses;
        let is_lines = is_addresses || granularity == Granularity::Lines;
        Identity {
            names: granularity != Granularity::Files,
            files: granularity != Granularity::Functions,
            lines: is_lines,
            // With everything else, the reference leaves the columns.
            columns: is_lines && config.showcolumns || is_addresses && inlines,
            addresses: is_addresses,
            inlines,
            object_files: false,
            prefixes: None,
        }
    }

    /// Takes prefixes off source paths as the options say.
    pub fn with_prefixes_taken_off(self, config: &'c Config) -> Self {
        Identity {
            prefixes: Some((&config.trim_path, &config.source_path)),
            ..self
        }
    }

    /// Tells apart functions of the same name in several programs.
    pub fn with_object_files(self) -> Self {
        Identity {
            object_files: true,
            ..self
        }
    }
}

/// The distinct places of a profile, and those of each location.
pub(super) struct Places {
    texts: Texts,
    places: Vec<Place>,
    /// Printed names, one after the other.
    names: Vec<u8>,
    name_ends: Vec<usize>,
    /// Places of all locations, innermost inlined callee first.
    location_places: Vec<PlaceId>,
    location_ends: Vec<u32>,
    /// Whether a call of this place was inlined anywhere.
    is_ever_inlined: Vec<bool>,
}

impl Places {
    pub fn new(profile: &Profile, identity: Identity) -> Places {
        let mut places = Places {
            texts: Texts::new(),
            places: Vec::new(),
            names: Vec::new(),
            name_ends: Vec::new(),
            location_places: Vec::with_capacity(profile.locations().len()),
            location_ends: Vec::with_capacity(profile.locations().len()),
            is_ever_inlined: Vec::new(),
        };
        let functions = places.function_texts(profile, identity);
        let object_files: Vec<TextId> = profile
            .mappings()
            .iter()
            .map(|mapping| places.texts.intern(shown_file(profile, mapping)))
            .collect();
        let mut ids: FxHashMap<Place, PlaceId> = FxHashMap::default();
        for (index, location) in profile.locations().iter().enumerate() {
            let object_file = location
                .mapping
                .and_then(|at| object_files.get(at.index()))
                .copied()
                .unwrap_or_default();
            let address = if identity.addresses {
                location.address
            } else {
                0
            };
            let all_lines = profile.lines(LocationIndex(index as u32));
            let lines = match all_lines.last() {
                Some(outermost) if !identity.inlines => std::slice::from_ref(outermost),
                _ => all_lines,
            };
            if lines.is_empty() {
                let place = Place {
                    object_file,
                    address,
                    ..Place::default()
                };
                places.add_to_location(&mut ids, place, false);
            }
            for (depth, line) in lines.iter().enumerate() {
                let (name, file) = functions
                    .get(line.function.index())
                    .copied()
                    .unwrap_or_default();
                let mut place = Place {
                    name,
                    file,
                    address,
                    ..Place::default()
                };
                if identity.lines {
                    place.line = line.line;
                }
                if identity.columns {
                    place.column = line.column;
                }
                if identity.object_files || name == TextId::default() {
                    place.object_file = object_file;
                    place.start_line = profile.function(line.function).start_line;
                }
                places.add_to_location(&mut ids, place, depth + 1 < lines.len());
            }
            places
                .location_ends
                .push(places.location_places.len() as u32);
        }
        places
    }

    /// Name and file of each function.
    fn function_texts(&mut self, profile: &Profile, identity: Identity) -> Vec<(TextId, TextId)> {
        let strings = profile.strings();
        let mut texts = Vec::with_capacity(profile.functions().len());
        for function in profile.functions() {
            let mut name = TextId::default();
            let mut file = TextId::default();
            if identity.names {
                name = self.texts.intern(strings.bytes(function.name));
            }
            if identity.files {
                let mut path = strings.bytes(function.filename);
                if let Some((trim_path, source_path)) = identity.prefixes {
                    path = without_prefix(path, trim_path, source_path);
                }
                if !path.is_empty() {
                    file = self.texts.intern(&clean(path));
                }
            }
            texts.push((name, file));
        }
        texts
    }

    fn add_to_location(
        &mut self,
        ids: &mut FxHashMap<Place, PlaceId>,
        place: Place,
        is_inlined: bool,
    ) {
        let id = *ids.entry(place).or_insert_with_key(|place| {
            self.places.push(*place);
            write_name(&self.texts, place, &mut self.names);
            self.name_ends.push(self.names.len());
            self.is_ever_inlined.push(false);
            self.places.len() as PlaceId - 1
        });
        self.location_places.push(id);
        if let Some(flag) = self.is_ever_inlined.get_mut(id as usize) {
            *flag |= is_inlined;
        }
    }

    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// What the place is; nothing for an id of another table.
    pub fn get(&self, place: PlaceId) -> Place {
        self.places.get(place as usize).copied().unwrap_or_default()
    }

    pub fn text(&self, id: TextId) -> &[u8] {
        self.texts.get(id)
    }

    /// The name of a place as it is printed.
    pub fn name(&self, place: PlaceId) -> &[u8] {
        let index = place as usize;
        let start = match index.checked_sub(1) {
            Some(before) => self.name_ends.get(before).copied().unwrap_or(0),
            None => 0,
        };
        let end = self.name_ends.get(index).copied().unwrap_or(start);
        self.names.get(start..end).unwrap_or(&[])
    }

    /// The places of a location, innermost inlined callee first.
    #[inline]
    pub fn of_location(&self, location: LocationIndex) -> &[PlaceId] {
        let index = location.index();
        let start = match index.checked_sub(1) {
            Some(before) => self.location_ends.get(before).copied().unwrap_or(0),
            None => 0,
        };
        let end = self.location_ends.get(index).copied().unwrap_or(start);
        self.location_places
            .get(start as usize..end as usize)
            .unwrap_or(&[])
    }

    /// Whether a call of this place was inlined anywhere.
    pub fn is_ever_inlined(&self, place: PlaceId) -> bool {
        self.is_ever_inlined.get(place as usize) == Some(&true)
    }
}

/// The name of a place: address, function, file and line, what there is of them; or else the mapped
/// file.
fn write_name(texts: &Texts, place: &Place, out: &mut Vec<u8>) {
    let parts = name_parts(place, texts.get(place.name), texts.get(place.file), || {
        texts.get(place.object_file)
    });
    for (index, part) in parts.iter().enumerate() {
        if index > 0 {
            out.push(b' ');
        }
        out.extend_from_slice(part);
    }
}

/// The parts of a place's name, with another function name or file if the caller likes.
pub(super) fn name_parts<'t>(
    place: &Place,
    name: &[u8],
    file: &[u8],
    object_file: impl FnOnce() -> &'t [u8],
) -> Vec<Vec<u8>> {
    let mut parts = Vec::new();
    if place.address != 0 {
        parts.push(format!("{:016x}", place.address).into_bytes());
    }
    if !name.is_empty() {
        parts.push(name.to_vec());
    }
    if place.line != 0 {
        let mut position = file.to_vec();
        let written = match place.column {
            0 => write!(position, ":{}", place.line),
            column => write!(position, ":{}:{column}", place.line),
        };
        debug_assert!(written.is_ok(), "a vector takes all that is written");
        parts.push(position);
    } else if !file.is_empty() {
        parts.push(file.to_vec());
    } else if name.is_empty() {
        parts.push(match object_file() {
            [] => b"<unknown>".to_vec(),
            file => [b"[", base_name(file), b"]"].concat(),
        });
    }
    parts
}
