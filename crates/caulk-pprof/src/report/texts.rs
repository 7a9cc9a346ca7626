//! Distinct byte strings in one arena.

use std::ops::Range;

use rustc_hash::FxHashMap;

/// A text of a [`Texts`]; 0 is always the empty one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub(super) struct TextId(u32);

/// Texts that are equal have the same id.
#[derive(Debug)]
pub(super) struct Texts {
    bytes: Vec<u8>,
    ranges: Vec<Range<usize>>,
    ids: FxHashMap<Box<[u8]>, TextId>,
}

impl Texts {
    pub fn new() -> Texts {
        let mut texts = Texts {
            bytes: Vec::new(),
            ranges: Vec::new(),
            ids: FxHashMap::default(),
        };
        texts.intern(b"");
        texts
    }

    /// The id of a text, which is added if it is new.
    pub fn intern(&mut self, text: &[u8]) -> TextId {
        if let Some(&id) = self.ids.get(text) {
            return id;
        }
        let id = TextId(self.ranges.len() as u32);
        let start = self.bytes.len();
        self.bytes.extend_from_slice(text);
        self.ranges.push(start..self.bytes.len());
        self.ids.insert(text.into(), id);
        id
    }

    /// The text, empty for an id of another arena.
    pub fn get(&self, id: TextId) -> &[u8] {
        let range = self.ranges.get(id.0 as usize).cloned().unwrap_or_default();
        self.bytes.get(range).unwrap_or(&[])
    }
}
